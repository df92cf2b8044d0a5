"""What decides a verdict: limits by the shape of the figure, censuses by their value, and how many rows it takes."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

import servicequality as sq
from servicequality import Objective, Scorecard, stats
from servicequality.columns import Amount, Seconds
from servicequality.errors import InputError, ParameterError
from servicequality.shapes import Shape, mean

START = datetime(2026, 1, 5, tzinfo=UTC)  # a Monday
WEEK = timedelta(weeks=1)
CSAT = sq.csat("rating", scale=(1, 5))


@sq.define(title="Mean rating", unit="points", better="higher", formula="", bounds=(1, 5))
def mean_rating(rating: Amount = "rating") -> Shape:
    """The mean of answers from 1 to 5."""
    return mean(pl.col(rating), of=pl.col(rating).is_not_null())


@sq.define(title="Mean duration", unit="s", better="lower", formula="", bounds=(0, np.inf))
def mean_duration(seconds: Seconds = "seconds") -> Shape:
    """The mean of durations."""
    return mean(pl.col(seconds), of=pl.col(seconds).is_not_null())


def week(**columns: Any) -> pl.DataFrame:
    """Rows of one week."""
    frame = pl.DataFrame(columns)
    return frame.with_columns(pl.lit(START).alias("at"))


def row(frame: pl.DataFrame, objective: Objective, **options: Any) -> dict[str, Any]:
    card = Scorecard([objective], period="week")
    return card.evaluate(frame, as_of=START + WEEK, at="at", **options).row(0, named=True)


def test_two_good_answers_meet_nothing() -> None:
    few = row(week(rating=[5, 5]), Objective(CSAT, at_least=0.1))
    assert (few["verdict"], few["reason"]) == ("undecided", "fewer than 5 rows decide nothing")
    assert few["n_needed"] == pytest.approx(5)
    assert row(week(rating=[5] * 5), Objective(CSAT, at_least=0.5))["verdict"] == "met"


@pytest.mark.parametrize("metric", [sq.nps("score"), mean_rating()])
def test_four_equal_answers_decide_no_score(metric: sq.Metric) -> None:
    frame = week(score=[10] * 4, rating=[5] * 4)
    objective = Objective(metric, at_least=metric.bounds[0] + 0.01)
    assert row(frame, objective)["reason"] == "fewer than 5 rows decide nothing"
    assert row(pl.concat([frame] * 5), objective)["verdict"] == "met"


def test_each_shape_has_its_limits() -> None:
    rng = np.random.default_rng(8)
    rating, score = rng.integers(1, 6, 60), rng.integers(0, 11, 60)
    frame = week(rating=rating, score=score, seconds=rng.lognormal(5, 1, 60))
    up, down = (score >= 9).sum(), (score <= 6).sum()
    unit = (rating - 1) / 4
    expected = {
        CSAT: ("clopper-pearson", stats.share_decision_limits((rating >= 4).sum(), 60)),
        sq.nps("score"): (
            "adjusted wald with t, or beta",
            [100 * x for x in stats.net_decision_limits(60, up, down)],
        ),
        mean_rating(): (
            "half an answer, or beta",
            [1 + 4 * x for x in stats.bounded_decision_limits(60, unit.mean(), unit.var())],
        ),
    }
    for metric, (method, (low, high)) in expected.items():
        got = row(frame, Objective(metric, at_least=metric.bounds[0]))
        assert (got["method"], got["low"], got["high"]) == (method, pytest.approx(low), pytest.approx(high))


def test_weights_and_clusters_decide_with_what_they_leave_of_the_rows() -> None:
    rng = np.random.default_rng(9)
    frame = week(rating=rng.choice([1, 5], 80), w=rng.lognormal(0, 1, 80), team=rng.integers(0, 12, 80))
    for options in ({"weight": "w"}, {"cluster": "team"}):
        figure = sq.evaluate(frame, CSAT, **options).row(0, named=True)
        n = figure["n_eff"]
        low, high = stats.share_decision_limits(figure["value"] * n, n)
        got = row(frame, Objective(CSAT, at_least=0.5), **options)
        assert (got["low"], got["high"]) == (pytest.approx(low), pytest.approx(high))
        assert got["method"] == "clopper-pearson, n_eff"


def test_a_mean_of_durations_is_not_judged_below_a_hundred_rows() -> None:
    seconds = np.random.default_rng(3).exponential(60, 120)
    metric = mean_duration()
    few = row(week(seconds=seconds[:99]), Objective(metric, at_most=600.0))
    assert few["verdict"] == "undecided"
    assert few["reason"] == "a mean of amounts is not compared with a target below 100 rows"
    many = row(week(seconds=seconds), Objective(metric, at_most=600.0))
    assert many["verdict"] == "met"
    assert many["notes"].endswith("heavy tails make wrong verdicts more often than one in twenty")


def test_a_count_is_met_or_missed_by_itself() -> None:
    frame = week(created_at=[START] * 3)
    assert row(frame, Objective(sq.ticket_volume(), at_most=3))["verdict"] == "met"
    missed = row(frame, Objective(sq.ticket_volume(), at_most=2))
    assert (missed["verdict"], missed["n_needed"], missed["summary"]) == ("missed", None, "3, target at most 2: missed")


def tickets() -> pl.DataFrame:
    rng = np.random.default_rng(1)
    created = np.sort(rng.uniform(0, 28, 400))
    ended = created + rng.exponential(9, 400)
    return pl.DataFrame(
        {
            "ticket_id": np.arange(400),
            "created_at": [START + timedelta(days=day) for day in created],
            "resolved_at": [START + timedelta(days=day) if day <= 28 else None for day in ended],
            "team": rng.choice(["north", "south"], 400),
        }
    )


def test_the_backlog_is_counted_at_each_weeks_end_over_all_tickets() -> None:
    frame, as_of = tickets(), START + 4 * WEEK
    card = Scorecard(
        [
            Objective(lambda t: sq.backlog(as_of=t), at_most=105, name="backlog"),
            Objective(lambda t: sq.backlog(as_of=t), at_most=60, by="team", name="by team"),
            Objective(lambda t: sq.backlog_age(as_of=t), at_most=5 * 86_400, name="age"),
        ],
        period="week",
    )
    answer = card.evaluate(frame, as_of=as_of, at="created_at")
    backlog = answer.filter(objective="backlog")
    ends = [START + k * WEEK for k in range(1, 5)]
    by_hand = [
        frame.filter(
            (pl.col("created_at") <= end) & (pl.col("resolved_at").is_null() | (pl.col("resolved_at") > end))
        ).height
        for end in ends
    ]
    assert backlog["value"].to_list() == by_hand
    assert backlog["verdict"].to_list() == ["met" if n <= 105 else "missed" for n in by_hand]
    assert len(set(backlog["verdict"])) == 2
    assert backlog["outlook"].null_count() == 4
    teams = answer.filter(objective="by team").group_by("period").agg(pl.col("value").sum()).sort("period")
    assert teams["value"].to_list() == by_hand
    ages = answer.filter(objective="age")["value"].to_list()
    assert ages == [sq.backlog_age(as_of=end).estimate(frame).value for end in ends]
    assert answer.equals(card.evaluate(frame.lazy(), as_of=as_of, at="created_at").collect())


def test_the_census_of_a_running_week_is_taken_now_and_decides_nothing() -> None:
    as_of = START + 3 * WEEK + timedelta(days=2)
    card = Scorecard([Objective(lambda t: sq.backlog(as_of=t), at_most=105)], period="week")
    last = card.evaluate(tickets(), as_of=as_of, at="created_at").row(-1, named=True)
    assert (last["verdict"], last["reason"]) == ("undecided", "the period is not over")
    assert last["value"] == sq.backlog(as_of=as_of).estimate(tickets()).value


def test_a_backlog_of_one_instant_is_refused_and_rows_that_know_one_instant_are_counted_once() -> None:
    with pytest.raises(ParameterError, match="give a function of the instant, such as lambda as_of: backlog"):
        Objective(sq.backlog(as_of=START), at_most=3)
    clocks = pl.DataFrame({"outcome": ["missed_open", "met", "missed_open"], "due_at": [START, START + WEEK, START]})
    result = Scorecard([Objective(sq.overdue_count(), at_most=1)], period="week").evaluate(
        clocks, as_of=START + 2 * WEEK, at="due_at"
    )
    assert result.select("period", "value", "verdict").rows() == [(START + WEEK, 2.0, "missed")]


def test_no_tickets_have_no_census_and_a_first_row_long_ago_is_named() -> None:
    card = Scorecard([Objective(lambda t: sq.backlog(as_of=t), at_most=3)], period="week")
    assert card.evaluate(tickets().clear(), as_of=START + WEEK, at="created_at").is_empty()
    ancient = tickets().with_columns(created_at=pl.lit(datetime(101, 1, 1, tzinfo=UTC)))
    with pytest.raises(InputError, match=r"column 'created_at': the first row lies at 0100-12-2\d"):
        card.evaluate(ancient, as_of=START + WEEK, at="created_at")


def test_a_target_that_is_near_is_too_close_to_call() -> None:
    near = row(week(rating=[5] * 91 + [1] * 9), Objective(CSAT, at_least=0.905))
    assert near["n_needed"] > 50 * 100
    assert near["summary"].endswith("; too close to the target to call (now 100 rows)")
    further = row(week(rating=[5] * 85 + [1] * 15), Objective(CSAT, at_least=0.8))
    assert 100 < further["n_needed"] < 500
    assert further["summary"].endswith("rows would decide if it stays so (now 100)")
