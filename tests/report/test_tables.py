"""Tables print what `evaluate` gave: every figure, its limits, its reason, within the width, and nothing is rounded before."""

import datetime as dt
import re

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import servicequality as sq
from servicequality.errors import InputError, ParameterError
from servicequality.report import listing, table
from servicequality.report.layout import Style, aligned

ANSWERS = pl.DataFrame(
    {
        "team": ["a"] * 40 + ["b"] * 40 + ["c"] * 3,
        "score": [10] * 30 + [3] * 10 + [9] * 20 + [0] * 20 + [None] * 3,
        "at": [dt.datetime(2024, 1 + i % 3, 5, tzinfo=dt.UTC) for i in range(83)],
    }
)
METRICS = [sq.nps(), sq.csat(scale=(0, 10)), sq.top_box(scale=(0, 10))]


def test_one_row_a_key_one_column_a_metric_limits_below() -> None:
    text = table(sq.evaluate(ANSWERS, METRICS, by="team"))
    head, units, rule, *body = text.splitlines()
    assert head.split() == ["NPS", "CSAT", "top", "box"]
    assert units.split() == ["team", "points", "%", "%"]
    assert set(rule) == {"─", " "}
    assert body[0].split() == ["a", "50", "75", "75"]
    assert re.fullmatch(r" +\d+ to \d+ +\d+ to \d+ +\d+ to \d+", body[1])
    assert body[2].split()[0] == "b"
    assert body[-2].split() == ["c", "–", "–", "–"]
    assert body[-1] == "– no answers"


def test_limits_beside_or_not_at_all() -> None:
    result = sq.evaluate(ANSWERS, sq.nps(), by="team")
    beside = table(result, limits="beside").splitlines()
    assert re.fullmatch(r"a +50 +\d+ to \d+", beside[3])
    assert "to" not in table(result, limits="none").split()


def test_without_keys_each_metric_has_a_line_and_the_truth_stands_beside() -> None:
    text = table(sq.evaluate(ANSWERS, METRICS), truth={"nps": 31.5})
    lines = text.splitlines()
    assert lines[0].split() == ["value", "limits", "rows", "truth"]
    assert lines[2].startswith("NPS")
    assert lines[2].split()[-1] == "32"  # to the digits that the standard error supports
    assert lines[3].split()[-1] == "–"


def test_months_weeks_and_other_periods_are_named() -> None:
    for every, name, first in (
        ("1mo", "month", "2024-01"),
        ("1w", "week", "2024-01-01"),
        ("1d", "period", "2024-01-05"),
    ):
        text = table(sq.evaluate(ANSWERS, sq.nps(), every=every, at="at"))
        assert [line.split()[0] for line in text.splitlines()[1:4]] == [name, "──────────"[: len(first)], first]


def test_a_column_of_durations_has_one_unit_and_aligned_points() -> None:
    waits = pl.DataFrame(
        {"team": ["a"] * 9 + ["b"] * 9, "resolution_seconds": [900.0] * 9 + [36_000.0] * 9}
    ).with_columns(resolution_observed=True)
    result = sq.evaluate(waits, sq.resolution_time(), by="team")
    lines = table(result, limits="none").splitlines()
    assert lines[2].split() == ["team", "hours"]
    assert [line.split() for line in lines[4:]] == [["a", "0.25"], ["b", "10.0"]]
    assert lines[4].index(".") == lines[5].index(".")


def test_few_rows_print_as_a_count_and_notes_as_footnotes() -> None:
    few = pl.DataFrame({"score": [5, 4, 1], "w": [1.0, 1.0, 1.0]})
    assert "2 of 3" in table(sq.evaluate(few, sq.csat(scale=(1, 5))))
    result = sq.evaluate(few, sq.csat(scale=(1, 5))).with_columns(notes=pl.lit("to be read with care"))
    assert table(result).splitlines()[-1] == "* to be read with care"


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_wide_results_go_on_further_pages_and_lose_nothing(width: int) -> None:
    metrics = [sq.nps().named(f"metric {i:02}") for i in range(20)]
    text = table(sq.evaluate(ANSWERS, metrics, by="team"), width=width)
    assert max(map(len, text.splitlines())) <= width
    assert [f"metric {i:02}" for i in range(20) if " ".join(text.split()).count(f"metric {i:02}") != 1] == []
    assert text.count("team") > 1


def test_colour_changes_no_width() -> None:
    result = sq.evaluate(ANSWERS, METRICS, by="team")
    coloured = table(result, style=Style(colour=True))
    assert "\x1b[2m" in coloured
    assert re.sub(r"\x1b\[\d+m", "", coloured) == table(result)


def test_lazy_results_and_results_of_states_print_alike() -> None:
    eager = sq.evaluate(ANSWERS, sq.nps(), by="team")
    assert table(sq.evaluate(ANSWERS.lazy(), sq.nps(), by="team")) == table(eager)
    assert table(sq.nps().finish(sq.nps().partial(ANSWERS, by="team"))) == table(eager)
    assert table(eager.clear()) == "no rows"


CAUSES = pl.DataFrame(
    {"category": ["login"] * 3 + ["invoice"] * 2 + ["app"] * 2 + [None], "created_at": [ANSWERS["at"][0]] * 8}
)


def test_shares_of_one_whole_add_up_where_they_are_printed_and_nowhere_else() -> None:
    outcome = sq.tables.pareto(CAUSES)
    assert "2 of 7" in table(outcome.drop("rank"))
    whole = table(outcome.drop("rank"), whole="pareto")
    shown = [int(line.split()[1]) for line in whole.splitlines() if line.split()[0] in ("login", "invoice", "app")]
    assert (shown, sum(shown)) == ([43, 29, 28], 100)  # each by itself would be 43, 29 and 29
    assert outcome["value"].to_list() == pytest.approx([3 / 7, 2 / 7, 2 / 7])
    for metric, result in (
        ("csat", outcome),
        ("pareto", outcome.select("metric", pl.all().exclude("metric", "rank", "category"))),
    ):
        with pytest.raises(ParameterError, match="is not a column of shares by a key"):
            table(result, whole=metric)


def test_many_causes_have_the_digits_of_the_least_sure() -> None:
    many = pl.concat([CAUSES] * 3_000)
    whole = table(sq.tables.pareto(many).drop("rank"), limits="none", whole="pareto")
    shown = [line.split()[1] for line in whole.splitlines() if line.split()[0] in ("login", "invoice", "app")]
    assert shown == ["42.8", "28.6", "28.6"]  # by themselves 42.9, 28.6 and 28.6


def test_a_listing_of_shares_adds_up() -> None:
    frame = pl.DataFrame(
        {"channel": ["a", "b", "c"], "share": [1 / 3, 1 / 3, 1 / 3], "amount": [-0.0, 123_456.7, None]}
    )
    lines = listing(frame, shares="share").splitlines()
    assert lines[1].split() == ["channel", "%", "amount"]
    assert [line.split() for line in lines[3:]] == [["a", "34", "0"], ["b", "33", "123,457"], ["c", "33", "–"]]
    with pytest.raises(ParameterError, match="add up to 1 at most; got 40 to 60, in all 100"):
        listing(pl.DataFrame({"x": ["a", "b"], "share": [40.0, 60.0]}), shares="share")


def test_bad_calls_say_what_to_do() -> None:
    with pytest.raises(InputError, match="expected a result of evaluate; the frame has no column metric"):
        table(ANSWERS)
    result = sq.evaluate(ANSWERS, sq.nps())
    with pytest.raises(ParameterError, match="limits must be one of 'below', 'beside', 'none'; got 'above'"):
        table(result, limits="above")
    with pytest.raises(ParameterError, match="at least 40"):
        table(result, width=10)


@given(st.lists(st.floats(-1e6, 1e6).map(lambda number: f"{number:,.{int(abs(number)) % 4}f}"), min_size=1, max_size=9))
def test_points_stand_one_under_the_other(texts: list[str]) -> None:
    put = aligned(texts)
    width = max(map(len, put))
    assert [text.strip() for text in put] == texts
    points = {line.rjust(width).index(".") for line in put if "." in line}
    assert len(points) <= 1


def test_a_listing_prints_every_row_and_bars_in_proportion() -> None:
    frame = pl.DataFrame({"week": [dt.date(2024, 1, 1), dt.date(2024, 1, 8)], "open": [100, 25], "note": ["x", None]})
    lines = listing(frame, bar="open").splitlines()
    assert [line.count("█") for line in lines[2:]] == [16, 4]
    assert lines[3].split()[:2] == ["2024-01-08", "25"]
    assert lines[3].endswith("–")


def test_any_dataframe_and_any_cell_prints() -> None:
    rows = pl.DataFrame(
        {
            "at": pl.Series([2**62, None], dtype=pl.Int64).cast(pl.Datetime("us", "UTC")),
            "hour": [dt.time(9, 30), None],
            "tags": [["a"], None],
            "k": [1, 2],
        }
    )
    text = listing(rows, bar="k")
    assert str(2**62) in text
    assert "09:30" in text
    assert "['a']" in text
    assert listing(rows.select("k").to_pandas()) == listing(rows.select("k"))
    result = sq.evaluate(pl.DataFrame({"score": [1, 9]}), sq.nps())
    assert table(result.to_arrow()) == table(result)
    with pytest.raises(InputError, match=r"listing: shares: column 'tags' holds List\(String\), expected numbers"):
        listing(rows, shares="tags")
    with pytest.raises(InputError, match="column 'value' holds String, not numbers"):
        table(result.with_columns(pl.col("value").cast(pl.String)))


def test_bars_are_of_counts_alone() -> None:
    frame = pl.DataFrame({"k": ["a", "b", "c", "d", "e"], "n": [4.0, float("nan"), float("inf"), -2.0, None]})
    bars = [line.count("█") for line in listing(frame, bar="n").splitlines()]
    assert [one > 0 for one in bars][-5:] == [True, False, False, False, False]
