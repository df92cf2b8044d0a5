"""Charts of hostile names, one group, five hundred groups and nothing: what is drawn, what is said, what is refused."""

import re
import xml.dom.minidom
from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

import servicequality as sq
from report.chart_inputs import AS_OF, CHARTS, HOSTILE, START, by_team, csat, desk, halves, links, profile, weekly
from servicequality import report, tables
from servicequality.comparison import compare, funnel
from servicequality.errors import InputError, ParameterError

MANY = tuple(f"group {number}" for number in range(500))


def texts(content: Any) -> list[str]:
    """Every text of a specification but those of fields and data types."""
    if isinstance(content, str):
        return [content]
    parts = content.values() if isinstance(content, dict) else content if isinstance(content, list) else ()
    return [text for part in parts for text in texts(part)]


def rows_of(chart: Any) -> list[dict[str, Any]]:
    """The rows that a chart draws."""
    return next(iter(chart.to_dict(validate=False)["datasets"].values()))


def told(chart: Any, *, validate: bool = False) -> str:
    """The title, the lines below it and the alt text."""
    content = chart.to_dict(validate=validate)
    title = content["title"]
    return " ".join((*title["text"], *title["subtitle"], content["description"]))


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_of_hostile_names_holds_no_letter_that_a_picture_cannot(name: str) -> None:
    chart = CHARTS[name](HOSTILE, 12)
    content = texts(chart.to_dict(validate=False))
    assert max(map(len, content)) < 2_000
    assert not [text for text in content if re.search("[\0\a\x1b\u202e]", text)]
    assert chart.description


@pytest.mark.parametrize("name", ["group_chart", "time_chart"])
def test_hostile_names_are_drawn_as_text(name: str) -> None:
    drawn = report.svg(CHARTS[name](HOSTILE, 12))
    assert "<script" not in drawn
    assert "&lt;/script" in drawn
    xml.dom.minidom.parseString(drawn)
    assert re.search(r'<svg role="img" aria-label="[^"]+"', drawn)


def test_names_that_are_cut_alike_stay_apart() -> None:
    rows = rows_of(report.group_chart(by_team(HOSTILE)))
    names = [row["name"] for row in rows]
    assert len(set(names)) == len(HOSTILE)
    assert {"(none)", "(none) (2)", "(blank)", "(blank) (2)"} <= set(names)


@pytest.mark.parametrize("name", sorted(CHARTS.keys() - {"funnel_chart"}))
def test_one_group_is_drawn(name: str) -> None:
    assert "nan" not in told(CHARTS[name](("alone",), 60), validate=True).lower()


def test_the_rest_of_five_hundred_groups_is_one_line() -> None:
    chart = report.group_chart(by_team(MANY, 2))
    rows = rows_of(chart)
    assert len(rows) == 21
    assert (rows[-1]["name"], rows[-1]["told"]) == ("480 more", "0 to 100%, n=960")
    assert len(rows_of(report.group_chart(by_team(MANY, 2), most=3))) == 4
    held = rows_of(report.attainment_chart(by_team(MANY, 2)))
    assert held[-1]["name"] == "480 more"
    causes = rows_of(report.pareto_chart(tables.pareto(desk(MANY, 2), "team")))
    assert (causes[-1]["name"], causes[-1]["told"]) == ("488 more", "97.6% (976)")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("time_chart", "488 more groups are not drawn"),
        ("survival_chart", "494 more groups are not drawn"),
        ("change_chart", "488 more groups are not drawn"),
        ("backlog_chart", "2,000 came"),
        ("funnel_chart", "500 units"),
        ("lag_chart", "more drivers are not drawn"),
    ],
)
def test_a_chart_of_five_hundred_groups_says_what_it_leaves_out(name: str, words: str) -> None:
    chart = CHARTS[name](MANY[:40] if name == "lag_chart" else MANY, 4)
    assert words in told(chart) or any(words in text for text in texts(chart.to_dict(validate=False)))


def test_undefined_figures_stand_in_words() -> None:
    empty = desk(("a", "b"), 4).with_columns(score=pl.lit(None, pl.Int64))
    rows = rows_of(report.group_chart(sq.evaluate(empty, csat(), by="team")))
    assert [row["told"] for row in rows] == ["no answers, n=0"] * 2
    changed = report.change_chart(compare(empty[:4], empty[4:], csat()))
    assert "no answers" in " ".join(texts(changed.to_dict(validate=False)))


EMPTY = desk(("a",)).clear()
UNKNOWN = pl.lit(None, pl.Float64)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: report.group_chart(by_team(("a",)).clear()), "the result has no rows"),
        (lambda: report.group_chart(pl.DataFrame({"value": [1.0]})), "expected a result of evaluate; the frame has no"),
        (lambda: report.group_chart(pl.concat([by_team(("a",))] * 2)), "a group comes several times"),
        (lambda: report.group_chart(sq.evaluate(desk(("a",)), [csat(), sq.nps(detractor_max=2, promoter_min=4)])), "name one"),
        (lambda: report.group_chart(by_team(("a",)), metric="csatt"), "did you mean 'csat'"),
        (lambda: report.time_chart(weekly(("a",)).with_columns(value=UNKNOWN)), "no row has a value"),
        (lambda: report.survival_chart(EMPTY, sq.resolution_time()), "no row has a duration"),
        (lambda: report.attainment_chart(sq.evaluate(desk(("a",)), sq.resolution_time_observed_only())), "expected shares"),
        (lambda: report.backlog_chart(sq.flow(EMPTY, every="1w", as_of=AS_OF)), "there is no period"),
        (lambda: report.backlog_chart(pl.DataFrame({"period": [1]})), "backlog_chart: no column 'opening'"),
        (lambda: report.volume_chart(profile(desk(("a",))).clear()), "no hour has a value"),
        (lambda: report.volume_chart(pl.DataFrame({"weekday": [8], "hour": [0], "value": [1]})), "weekday lies from 1"),
        (lambda: report.volume_chart(pl.concat([profile(desk(("a",)))] * 2)), "comes several times"),
        (lambda: report.funnel_chart(funnel(by_team(("a",)), by="team")), r"no unit has limits \(a funnel needs two"),
        (lambda: report.change_chart(compare(*halves(("a",)), csat()).clear()), "no figure was compared"),
        (lambda: report.pareto_chart(tables.pareto(EMPTY, "team")), "no cause has a share"),
        (lambda: report.budget_chart(desk(("a",)).clear(), at="created_at", objective=0.9), "no stretch of time has events"),
        (lambda: report.budget_chart({"at": [START], "bad": [2], "total": [1]}, objective=0.9), "1 rows have counts below 0"),
        (lambda: report.lag_chart(links(("a",)).with_columns(r=UNKNOWN)), "no correlation is known"),
        (lambda: report.lag_chart(pl.DataFrame({"driver": ["a"]})), "lag_chart: no column 'lag'"),
    ],
)  # fmt: skip
def test_what_cannot_be_drawn_is_refused_in_words(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: report.group_chart(by_team(("a",)), most=0), "most must be a whole number from 1 to 100, got 0"),
        (lambda: report.group_chart(by_team(("a",)), metric=3), "metric takes a text"),
        (lambda: report.survival_chart(desk(("a",)), csat()), "expected a metric of durations with running rows"),
        (lambda: report.survival_chart(desk(("a",)), sq.resolution_time(), until=0), "until must be a number of seconds"),
        (lambda: report.budget_chart(desk(("a",)), at="created_at", objective=1), "objective must lie strictly between"),
        (lambda: report.budget_chart(desk(("a",)), at="created_at", objective=0.9, expected=5), "expected must be at least"),
        (lambda: report.png(report.group_chart(by_team(("a",))), scale=0), "scale must be a number above 0"),
        (lambda: report.svg("chart"), "expected an Altair chart, got 'chart'"),
        (lambda: report.svg(report.group_chart(by_team(("a",))), theme="blue"), "theme"),
    ],
)  # fmt: skip
def test_options_that_do_not_fit_are_refused(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        call()
