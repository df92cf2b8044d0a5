"""Scorecards: the four sentences, verdicts at their borders, pending rows, cadences, looking often, and bad input."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from servicequality import (
    Objective,
    Scorecard,
    backlog_age,
    csat,
    csat_mean,
    evaluate,
    first_response_time,
    nps,
    resolution_time,
    resolution_time_observed_only,
    sla_attainment,
    stats,
)
from servicequality.core import Plan
from servicequality.errors import InputError, ParameterError

START = datetime(2026, 1, 1, tzinfo=UTC)
AS_OF = datetime(2026, 7, 1, tzinfo=UTC)
HOUR = 3600.0
CSAT = csat("rating", scale=(1, 5))
AT = {"ticket": "created_at", "answer": "answered_at", "clock": "due_at"}


def answers(good: int, n: int, month: int = 1, **more: object) -> pl.DataFrame:
    """A month of answers, `good` of n satisfied."""
    at = [datetime(2026, month, 1 + i % 28, tzinfo=UTC) for i in range(n)]
    return pl.DataFrame({"answered_at": at, "rating": [5] * good + [1] * (n - good), **more})


def tickets(rows: int = 2_000) -> pl.DataFrame:
    """Two quarters; in the second, resolution takes half as long."""
    rng = np.random.default_rng(4)
    days = rng.uniform(0, 181, rows)
    late = days >= 90
    life = rng.lognormal(np.log(np.where(late, 20, 40) * HOUR), 1)
    answered = rng.lognormal(np.log(120), 1, rows)
    age = (AS_OF - START).total_seconds() - days * 86_400
    return pl.DataFrame(
        {
            "created_at": [START + timedelta(days=day) for day in days],
            "priority": rng.choice(["high", "low"], rows),
            "team": rng.choice(["north", "south"], rows),
            "first_response_seconds": np.minimum(answered, age),
            "first_response_end": np.where(answered <= age, "answered", "open"),
            "resolution_seconds": np.minimum(life, age),
            "resolution_observed": life <= age,
        }
    )


def judge(frame: pl.DataFrame, objective: Objective, as_of: datetime = AS_OF, **options: object) -> pl.DataFrame:
    return Scorecard([objective], **options).evaluate(frame, as_of=as_of, at=AT)


def test_quantiles_of_many_groups_and_periods_are_judged() -> None:
    rows = tickets().with_columns(resolved_at=pl.lit(None, pl.Datetime("us", "UTC")))
    for metric in (resolution_time_observed_only(), lambda as_of: backlog_age(as_of=as_of)):
        answer = judge(rows, Objective(metric, at_most=1.0, by="team"))
        assert answer.select("team", "period").is_unique().sum() == answer.height == 12
        assert answer["value"].null_count() == 0
        assert answer["lowest"].to_list() == answer["highest"].to_list()


def test_the_four_sentences_take_one_line_each() -> None:
    card = Scorecard(
        [
            Objective(first_response_time(limit=4 * HOUR).where(pl.col("priority") == "high"), at_least=0.95),
            Objective(CSAT, at_least=0.90),
            Objective(first_response_time(), at_most=300),
            Objective(resolution_time(), change=-0.20, period="quarter"),
        ],
    )
    frames = {"ticket": tickets(), "answer": answers(190, 200, 1)}
    result = card.evaluate(frames, as_of=AS_OF, at=AT)
    by_name = {
        name: result.filter(pl.col("objective") == name) for name in result["objective"].unique(maintain_order=True)
    }
    assert list(by_name) == [
        "first response within 4 h at least 95%, each month",
        "CSAT at least 90%, each month",
        "first response time at most 5 min, each month",
        "resolution time down 20%, each quarter",
    ]
    assert [rows.height for rows in by_name.values()] == [6, 1, 6, 2]
    assert result["verdict"].to_list()[:6] == ["met"] * 6
    quarter = result.row(-1, named=True)
    assert (quarter["verdict"], quarter["period"].month) == ("met", 4)
    assert quarter["change"] == pytest.approx(quarter["value"] / quarter["baseline"] - 1)
    assert quarter["change_high"] <= -0.2
    assert result.row(-2, named=True)["reason"].startswith("no figure above 0 in the period before")


@pytest.mark.parametrize(
    ("good", "n", "verdict"),
    [(195, 200, "met"), (160, 200, "missed"), (181, 200, "undecided"), (180, 200, "undecided")],
)
def test_a_share_is_held_against_its_exact_limits(good: int, n: int, verdict: str) -> None:
    row = judge(answers(good, n), Objective(CSAT, at_least=0.9)).row(0, named=True)
    low, high = stats.clopper_pearson(good, n, level=0.9)
    assert row["verdict"] == verdict == str(stats.target_verdict(low, high, 0.9))
    assert (row["low"], row["high"], row["level"], row["n"]) == (pytest.approx(low), pytest.approx(high), 0.9, n)
    if good == 181:
        needed = row["n_needed"]
        for rows, sign in ((needed * 0.999, -1), (needed * 1.001, 1)):
            assert sign * (stats.share_decision_limits(rows * good / n, rows)[0] - 0.9) > 0
        assert row["summary"].startswith(
            "91% (86 to 94%), target at least 90%: undecided, since the target lies within the limits"
        )
        assert row["summary"].endswith("rows would decide if it stays so (now 200)")
    if good == 180:  # exactly on target: no number of rows decides
        assert row["n_needed"] is None
    mirrored = judge(answers(n - good, n), Objective(csat("rating", scale=(1, 5)), at_most=0.1)).row(0, named=True)
    assert mirrored["verdict"] == verdict


def test_a_period_that_is_not_over_is_undecided() -> None:
    rows = answers(199, 200)
    for as_of, verdict in (
        (datetime(2026, 1, 31, 23, tzinfo=UTC), "undecided"),
        (datetime(2026, 2, 1, tzinfo=UTC), "met"),
    ):
        row = judge(rows, Objective(CSAT, at_least=0.9), as_of).row(0, named=True)
        assert row["verdict"] == verdict
        assert row["reason"] == (None if verdict == "met" else "the period is not over")


def clocks(met: int, missed: int, pending: int) -> pl.DataFrame:
    counts = {"met": met, "missed": missed, "pending": pending}
    outcome = [name for name, count in counts.items() for _ in range(count)]
    return pl.DataFrame({"outcome": outcome, "due_at": [START] * len(outcome)})


@pytest.mark.parametrize(
    ("counts", "message", "lowest", "highest"),
    [
        ((98, 2, 0), None, 0.98, 0.98),
        ((60, 5, 35), "open: the pending rows can still turn it", 0.6, 0.95),
        ((60, 25, 15), "missed however the pending rows end", 0.6, 0.75),
        ((95, 2, 3), "met however the pending rows end", 0.95, 0.98),
    ],
)
def test_what_pending_clocks_still_allow(
    counts: tuple[int, int, int], message: str | None, lowest: float, highest: float
) -> None:
    objective = Objective(lambda as_of: sla_attainment(as_of=as_of), at_least=0.9)
    row = judge(clocks(*counts), objective).row(0, named=True)
    assert (row["lowest"], row["highest"]) == (pytest.approx(lowest), pytest.approx(highest))
    assert row["outlook"] == message
    assert row["n_pending"] == counts[2]


def test_what_running_tickets_still_allow_of_a_limit() -> None:
    frame = pl.DataFrame(
        {
            "created_at": [START] * 10,
            "resolution_seconds": [1.0, 2, 3, 4, 5, 6, 7, 9, 4, 10],
            "resolution_observed": [True] * 6 + [False, False, False, True],
        }
    )
    # Within 7: six ended, one runs below 7; the one at 7 and the one at 9 have not ended within it.
    row = judge(frame, Objective(resolution_time(limit=7.0), at_least=0.5)).row(0, named=True)
    assert (row["lowest"], row["highest"]) == (pytest.approx(0.6), pytest.approx(0.7))
    assert row["outlook"] == "met however the pending rows end"
    # Of the median: 4.5 if the three end at once, 5.5 if they never do.
    row = judge(frame, Objective(resolution_time(), at_most=5.0)).row(0, named=True)
    assert (row["lowest"], row["highest"]) == (4.5, 5.5)
    assert row["outlook"] == "open: the pending rows can still turn it"


def test_every_cadence_and_group_comes_from_one_scan_and_is_what_evaluate_says(monkeypatch: pytest.MonkeyPatch) -> None:
    scans: list[int] = []
    summed = Plan.sums
    monkeypatch.setattr(Plan, "sums", lambda *a, **k: scans.append(1) or summed(*a, **k))
    rng = np.random.default_rng(2)
    rows = pl.concat([answers(80, 100, month) for month in range(1, 7)]).with_columns(
        team=pl.Series(rng.choice(["a", "b"], 600)), score=pl.Series(rng.integers(0, 11, 600))
    )
    card = Scorecard(
        [
            Objective(CSAT, at_least=0.9, by="team", period="week"),
            Objective(CSAT, at_least=0.9, period="quarter", name="the same by quarter"),
            Objective(nps("score"), at_least=0),
        ]
    )
    result = card.evaluate(rows, as_of=AS_OF, at="answered_at", timezone="Europe/Berlin")
    assert scans == [1]
    for place, (metric, by, every) in enumerate([(CSAT, ["team"], "1w"), (CSAT, [], "1q"), (nps("score"), [], "1mo")]):
        part = result.filter(pl.col("objective") == result["objective"].unique(maintain_order=True)[place])
        table = evaluate(rows, metric, by=by, every=every, at="answered_at", timezone="Europe/Berlin", level=0.9)
        shown = [*by, "period", "value", "n"]
        assert_frame_equal(part.select(shown), table.select(shown))
    assert result["team"].null_count() == result.height - result.filter(pl.col("every") == "week").height


def test_tables_are_rolled_up_too() -> None:
    frame = tickets(400)
    card = Scorecard(
        [
            Objective(resolution_time(), at_most=40 * HOUR, by="team"),
            Objective(resolution_time(), at_most=40 * HOUR, period="quarter"),
        ]
    )
    result = card.evaluate(frame, as_of=AS_OF, at="created_at")
    quarters = evaluate(frame, resolution_time(), every="1q", at="created_at", level=0.9)
    assert result.filter(every="quarter").select("value", "low", "high").equals(quarters.select("value", "low", "high"))
    months = evaluate(frame, resolution_time(), by="team", every="1mo", at="created_at", level=0.9)
    assert result.filter(every="month")["value"].equals(months["value"])


def test_clusters_widen_what_is_held_against_a_target() -> None:
    rows = answers(1_850, 2_000).with_columns(agent=pl.Series(np.arange(2_000) // 400))
    card = Scorecard([Objective(CSAT, at_least=0.9)])
    plain = card.evaluate(rows, as_of=AS_OF, at=AT).row(0, named=True)
    clustered = card.evaluate(rows, as_of=AS_OF, at=AT, cluster="agent").row(0, named=True)
    assert (plain["verdict"], clustered["verdict"]) == ("met", "undecided")
    assert "only 5 effective clusters" in clustered["notes"]
    lone = card.evaluate(rows.with_columns(agent=pl.lit(1)), as_of=AS_OF, at=AT, cluster="agent").row(0, named=True)
    assert (lone["verdict"], lone["reason"]) == ("undecided", "the figure has no limits: too few rows, or one cluster")


def test_people_who_look_daily_get_wider_limits_and_may_judge_a_running_period() -> None:
    now = datetime(2026, 1, 20, tzinfo=UTC)
    row = judge(answers(290, 300), Objective(CSAT, at_least=0.9), now, mode="anytime").row(0, named=True)
    low, high = stats.robbins_interval(290, 300, level=0.95)
    assert (row["low"], row["high"], row["level"]) == (pytest.approx(low), pytest.approx(high), 0.95)
    assert (row["verdict"], row["method"]) == ("met", "anytime, robbins")
    assert "the period is not over" in row["notes"]
    few = judge(answers(60, 99), Objective(csat_mean("rating", scale=(1, 5)), at_least=4), mode="anytime")
    assert (
        few["reason"].item()
        == "no limits at any time: shares have them, and means from 100 rows on; judge at the period's end"
    )
    scores = answers(150, 300).with_columns(score=pl.Series([10] * 200 + [0] * 100))
    net = judge(scores, Objective(nps("score"), at_least=0), mode="anytime").row(0, named=True)
    n, mean = 300, 1 / 3
    expected = stats.anytime_mean_interval(n, mean, 1 - mean**2)
    assert (net["low"], net["high"]) == pytest.approx(tuple(100 * float(limit) for limit in expected))
    median = judge(tickets(300), Objective(resolution_time(), at_most=1.0), mode="anytime")
    assert set(median["verdict"]) == {"undecided"}
    with pytest.raises(ParameterError, match="takes neither weight= nor cluster="):
        Scorecard([Objective(CSAT, at_least=0.9)], mode="anytime").evaluate(scores, as_of=AS_OF, at=AT, weight="score")


def test_a_benchmark_stands_beside_and_decides_nothing() -> None:
    objective = Objective(CSAT, at_least=0.9, benchmark=0.8, benchmark_source="survey of 2025")
    row = judge(answers(175, 200), objective).row(0, named=True)
    assert (row["verdict"], row["benchmark"], row["against_benchmark"]) == ("undecided", 0.8, "better")
    slow = Objective(first_response_time(), at_most=300, benchmark=60.0)
    assert set(judge(tickets(), slow)["against_benchmark"]) == {"worse"}


def test_a_period_before_of_zero_gives_no_change() -> None:
    rows = pl.concat([answers(0, 50, 1), answers(20, 50, 2), answers(40, 50, 3)])
    result = judge(rows, Objective(CSAT, change=0.1))
    assert result["verdict"].to_list() == ["undecided", "undecided", "met"]
    assert (
        result["reason"].to_list()[:2]
        == ["no figure above 0 in the period before: a change against it has no meaning"] * 2
    )
    assert result["baseline"].to_list() == [None, 0.0, 0.4]
    assert "up 100%" in result["summary"][2]
    gap = judge(pl.concat([answers(20, 50, 1), answers(40, 50, 3)]), Objective(CSAT, change=0.1))
    assert gap["baseline"].to_list() == [None, None]


def test_everything_open_is_undecided_with_the_reason() -> None:
    frame = tickets(50).with_columns(resolution_observed=False)
    result = judge(frame, Objective(resolution_time(), at_most=HOUR))
    assert set(result["verdict"]) == {"undecided"}
    assert result["reason"][0] == "not reached: too few rows have ended for this quantile"
    assert result["summary"][0].startswith("undefined: not reached")


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ({"at_least": 90}, r"csat: a target must lie within 0 to 1 \(share\), got 90; 90 % is 0.9"),
        ({"at_most": -0.1}, "within 0 to 1"),
        ({}, "exactly one of at_least, at_most and change, got none"),
        ({"at_least": 0.9, "change": 0.1}, r"got \['at_least', 'change'\]"),
        ({"at_least": float("nan")}, "at_least must be a finite number, got nan"),
        ({"at_least": "0.9"}, "at_least must be a finite number, got '0.9'"),
        ({"change": -1.0}, "above -1 and not 0"),
        ({"change": 0.0}, "above -1 and not 0"),
        ({"at_least": 0.9, "period": "day"}, "period must be one of 'week', 'month', 'quarter'; got 'day'"),
        ({"at_least": 0.9, "benchmark": 85}, "the benchmark 85 lies outside 0 to 1"),
    ],
)
def test_a_target_that_cannot_be_is_refused(target: dict[str, float], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        Objective(CSAT, **target)


def test_other_faults_of_the_call() -> None:
    good = Objective(CSAT, at_least=0.9)
    with pytest.raises(
        ParameterError, match=r"nps.* a figure that is never negative; got 0.1 of a figure from -100 to 100"
    ):
        Objective(nps("score"), change=0.1)
    with pytest.raises(ParameterError, match="is not a metric; call the definition first"):
        Objective("csat", at_least=0.9)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match=r"the function that gives the objective's metric fails for as_of=.*: int"):
        Objective(int, at_least=0.9)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="two objectives are called 'CSAT at least"):
        Scorecard([good, good])
    with pytest.raises(ParameterError, match="a scorecard is a list of Objective"):
        Scorecard([])
    with pytest.raises(ParameterError, match="mode must be one of 'period_end', 'anytime'; got 'daily'"):
        Scorecard([good], mode="daily")  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="as_of must be a datetime with a time zone"):
        Scorecard([good]).evaluate(answers(1, 2), as_of=AS_OF.replace(tzinfo=None), at=AT)
    with pytest.raises(ParameterError, match="at names no instant for rows of the grain 'answer'"):
        Scorecard([good]).evaluate(answers(1, 2), as_of=AS_OF, at={"ticket": "created_at"})
    with pytest.raises(ParameterError, match="by names 'target', which is a column of every scorecard"):
        Scorecard([Objective(CSAT, at_least=0.9, by="target")]).evaluate(
            answers(1, 2).with_columns(target=1), as_of=AS_OF, at=AT
        )
    with pytest.raises(InputError, match="no column 'team'"):
        Scorecard([Objective(CSAT, at_least=0.9, by="team")]).evaluate(answers(1, 2), as_of=AS_OF, at=AT)


TOML = """
period = "month"

[[objective]]
name = "High priority answered within four hours"
metric = "first_response_time"
options = { limit = 14400 }
where = { priority = ["high", "urgent"] }
at_least = 0.95
by = ["team"]

[[objective]]
metric = "csat"
options = { rating = "rating", scale = [1, 5] }
at_least = 0.9
benchmark = 0.8
benchmark_source = "survey of 2025"

[[objective]]
metric = "sla_attainment"
at_least = 0.9
period = "quarter"
"""


def test_a_scorecard_from_toml_is_the_one_from_python() -> None:
    csat_column = next(iter(csat.spec.inputs))
    card = Scorecard.from_toml(TOML.replace('rating = "rating"', f'{csat_column} = "rating"'))
    frames = {"ticket": tickets(), "answer": answers(190, 200), "clock": clocks(98, 2, 0)}
    result = card.evaluate(frames, as_of=AS_OF, at=AT)
    high = pl.col("priority").is_in(["high", "urgent"])
    same = Scorecard(
        [
            Objective(
                first_response_time(limit=14400).where(high), at_least=0.95, by=["team"],
                name="High priority answered within four hours",
            ),
            Objective(CSAT, at_least=0.9, benchmark=0.8, benchmark_source="survey of 2025"),
            Objective(lambda now: sla_attainment(as_of=now), at_least=0.9, period="quarter"),
        ]
    ).evaluate(frames, as_of=AS_OF, at=AT)  # fmt: skip
    assert result.equals(same)
    assert result["verdict"].to_list()[-2:] == ["met", "met"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("period = ", "a scorecard is a TOML text; this is not TOML"),
        ("period = 'month'", r"has an \[\[objective\]\] for each promise, or a template; this has none"),
        ("cadence = 'month'", "the scorecard: 'cadence' is not part of it; there are period, mode, objective"),
        ("[[objective]]\nmetric='happiness'\nat_least=1", "metric must be a name of the catalogue, got 'happiness'"),
        ("[[objective]]\nmetric='nps'\ntarget=1", "objective 1: 'target' is not part of it"),
        ("[[objective]]\nmetric='nps'\nat_least=200", "objective 1: nps: a target must lie within -100 to 100"),
        ("[[objective]]\nmetric='nps'\noptions=3\nat_least=0", "objective 1: options is a table"),
        ("[[objective]]\nmetric='nps'\noptions={scale=3}\nat_least=0", "objective 1: nps: .*scale"),
        ("[[objective]]\nmetric='nps'\nwhere={a=[]}\nat_least=0", "objective 1: where.a is a text, a number"),
    ],
)  # fmt: skip
def test_a_faulty_toml_says_where(text: str, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        Scorecard.from_toml(text)
