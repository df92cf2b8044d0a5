"""Golden episodes at the boundary of each rule of automation, times by hand, and bad input."""

import re
from collections.abc import Callable

import polars as pl
import pytest

import servicequality as sq
from metrics.bot_episodes import (
    DAY,
    WEEK,
    Row,
    episode,
    flag,
    frame,
    returned,
    young,
)
from servicequality import Metric
from servicequality.errors import InputError, ParameterError

QUIET = sq.autonomous_resolution_rate(confirmed="assumed", quiet=DAY)
DURABLE = sq.durable_resolution_rate(window=WEEK)
FALSE = sq.false_containment_rate(window=WEEK)


@pytest.mark.parametrize(
    ("metric", "row", "expected"),
    [
        (QUIET, young(DAY), True),  # mature at the end + quiet
        (QUIET, young(DAY - 1), "pending"),
        (QUIET, returned(DAY), False),  # (end, end + quiet]
        (QUIET, returned(DAY + 1), True),
        (QUIET, returned(0.0), True),  # at the very instant of the end it is no return
        (QUIET, young(DAY - 1, handoff_observed=True), "pending"),  # chosen by date, never by outcome
        (DURABLE, young(WEEK), True),
        (DURABLE, young(WEEK - 1), "pending"),
        (DURABLE, young(WEEK - 1) | {"return_seconds": 60.0, "return_observed": True}, "pending"),
        (DURABLE, returned(WEEK), False),
        (DURABLE, returned(WEEK + 1), True),
        (FALSE, returned(WEEK), True),
        (FALSE, returned(WEEK + 1), False),
        (FALSE, young(WEEK - 1), "pending"),
        (FALSE, young(WEEK - 1, human_replies=1), None),  # not contained, whatever its age
        (FALSE, episode(human_request_seconds=0.0), True),  # asked in it, and ended without a person
        (FALSE, episode(human_request_seconds=WEEK), True),
        (FALSE, episode(human_request_seconds=WEEK + 1), False),
        (QUIET, episode(requested_human=True), False),
        (QUIET, episode(requested_human=True, confirmed=True), True),  # the word outranks silence
        (QUIET, episode(ended_by=None), True),
        (QUIET, episode(ended_by="customer"), True),
        (QUIET, episode(ended_by="human"), False),
        (QUIET, episode(bot_replies=0, handoff_observed=True), False),
        (sq.autonomous_resolution_rate(confirmed="required"), young(0.0, confirmed=True), True),
        (sq.autonomous_resolution_rate(confirmed="required"), young(0.0), False),
        (sq.autonomous_resolution_rate(definition="fin"), returned(20 * DAY, confirmed=True), False),
        (sq.autonomous_resolution_rate(definition="zendesk"), returned(3 * DAY), False),
        (sq.autonomous_resolution_rate(definition="zendesk"), returned(3 * DAY + 1), True),
        (sq.autonomous_resolution_rate(definition="zendesk", verified="verified"), episode(verified=None), False),
        (sq.autonomous_resolution_rate(definition="captain"), episode(confirmed=False), True),
        (sq.involvement_rate(), episode(bot_replies=0, handoff_observed=True), True),
        (sq.involvement_rate(), episode(eligible=False), None),
        (sq.involvement_rate(), episode(observed=False), "pending"),
        (sq.containment_rate(), episode(bot_replies=0), None),
        (sq.handoff_rate(reasons=["usage_limit"]), episode(handoff_observed=True, handoff_reason="Usage_Limit"), False),
        (sq.handoff_rate(reasons=["usage_limit"]), episode(handoff_observed=True), True),
    ],
)
def test_the_edge_of_each_rule(metric: Metric, row: Row, expected: object) -> None:
    assert flag(metric, row) == expected


# Times, depth, cost


def test_times_of_the_bot_are_those_of_a_plain_count_where_nothing_runs() -> None:
    seconds = [5.0, 1.0, 9.0, 4.0]
    rows = pl.DataFrame({"bot_response_seconds": seconds, "handoff_seconds": [60.0, 90.0, 50.0, 70.0]}).with_columns(
        eligible=True, observed=True, bot_replies=1, handoff_observed=pl.Series([True, False, False, True]),
        bot_response_observed=True,
    )  # fmt: skip
    assert sq.bot_response_time().estimate(rows).value == 4.0  # the least t with F1(t) >= 1/2
    assert sq.bot_response_time(limit=4.0).estimate(rows).value == pytest.approx(0.5)
    # Two of four were handed off, after 60 and 70 seconds: the other two ended without.
    assert sq.time_to_handoff(limit=60.0).estimate(rows).value == pytest.approx(0.25)
    assert sq.time_to_handoff(limit=1e6).estimate(rows).value == pytest.approx(0.5)
    assert sq.time_to_handoff(statistic="p75").estimate(rows).value is None
    assert sq.time_to_handoff_observed_only().estimate(rows).value == pytest.approx(65.0)
    assert sq.time_to_handoff_observed_only(statistic="mean").estimate(rows).value == pytest.approx(65.0)
    assert sq.time_to_handoff_observed_only(limit=60.0).estimate(rows).value == pytest.approx(0.5)


def test_an_episode_that_runs_still_counts_in_a_time() -> None:
    rows = pl.DataFrame(
        {
            "eligible": [True, True, True, False, True],
            "observed": [True, False, True, True, False],
            "bot_replies": [1, 1, 1, 1, 0],
            "handoff_observed": [True, False, True, True, False],
            "handoff_seconds": [10.0, 50.0, 60.0, 5.0, 70.0],
        }
    )
    estimate = sq.time_to_handoff(limit=55.0).estimate(rows)
    assert estimate.value == pytest.approx(1 / 3)  # the second ran for 50 seconds: nothing is known of it at 55
    assert (estimate.n, estimate.n_excluded, estimate.n_missing) == (3, 2, 0)


def test_depth_and_cost_by_hand() -> None:
    rows = frame(
        episode(bot_replies=3, cost=0.5), episode(bot_replies=0, handoff_observed=True, cost=2.0),
        returned(60.0, bot_replies=6, cost=1.5), episode(bot_replies=0), young(60.0, bot_replies=9, cost=7.0),
        episode(observed=False, bot_replies=9), episode(eligible=False),
    )  # fmt: skip
    depth = sq.conversation_depth().estimate(rows)
    assert depth.value == pytest.approx((3 + 0 + 6 + 9) / 4)
    assert (depth.n, depth.n_pending, depth.n_excluded) == (4, 1, 2)
    cost = sq.cost_per_resolution().estimate(rows)
    assert cost.value == pytest.approx(4.0)  # 0.5 + 2.0 + 1.5, of which one held
    assert (cost.n, cost.n_pending, cost.n_excluded) == (3, 2, 2)
    none = sq.cost_per_resolution().estimate(frame(returned(60.0)))
    assert none.value is None
    assert none.reason == "nothing to divide by"


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (sq.autonomous_resolution_rate, "say what confirms a resolution: confirmed='required' or 'assumed'"),
        (
            lambda: sq.autonomous_resolution_rate(confirmed="assumed", definition="fin"),
            "say what confirms a resolution",
        ),
        (lambda: sq.autonomous_resolution_rate(confirmed="asumed"), "did you mean 'assumed'"),
        (
            lambda: sq.autonomous_resolution_rate(definition="finn"),
            "definition must be one of 'fin', 'zendesk', 'captain'",
        ),
        (lambda: sq.autonomous_resolution_rate(confirmed="required", quiet=60), "quiet= is the silence of"),
        (
            lambda: sq.autonomous_resolution_rate(confirmed="assumed", quiet=0),
            "quiet must be a positive number of seconds",
        ),
        (lambda: sq.autonomous_resolution_rate("e", verified="v", confirmed="assumed"), "verified= is the check of"),
        (
            lambda: sq.durable_resolution_rate(window=float("inf")),
            "window must be a positive number of seconds, got inf",
        ),
        (lambda: sq.durable_resolution_rate(estimate="so_far"), "estimate must be one of 'matured', 'bounds'"),
        (lambda: sq.false_containment_rate(window="7d"), "window must be a positive number of seconds, got '7d'"),
        (lambda: sq.handoff_rate(reasons="usage_limit"), "reasons must be a tuple of texts"),
        (lambda: sq.handoff_rate(reasons=(1,)), "reasons must be a tuple of texts"),
        (lambda: sq.time_to_handoff(statistic="mean"), "statistic must be one of"),
    ],
)
def test_bad_options_are_told(call: Callable[[], Metric], told: str) -> None:
    with pytest.raises(ParameterError, match=re.escape(told)):
        call()


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(InputError, match="with something that came later than they were watched"):
        QUIET.estimate(frame(episode(return_seconds=31 * DAY)))
    with pytest.raises(InputError, match="return_seconds"):
        QUIET.estimate(frame(episode()).drop("return_seconds"))
