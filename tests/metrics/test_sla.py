"""Were promises kept: attainment beside plain Python, and deadlines at equality."""

from datetime import timedelta

import pytest

from metrics.oracle import NOON, Oracle, agrees, curve, share, value, within
from servicequality import at_risk_count, breach_severity, overdue_count, sla_attainment
from servicequality.core import Metric
from servicequality.errors import ParameterError
from servicequality.metrics.sla import breach_rate

LATER = NOON + timedelta(microseconds=1)

ORACLES: list[tuple[Metric, Oracle]] = [
    (
        sla_attainment(as_of=NOON),
        lambda rows: share(
            r["outcome"] == "met"
            for r in rows
            if r["outcome"] in ("met", "missed", "missed_open") and r["due_at"] is not None and r["due_at"] <= NOON
        ),
    ),
    (
        sla_attainment(as_of=NOON, estimate="bounds"),
        lambda rows: (
            None
            if any(r["outcome"] == "pending" for r in rows)
            else share(r["outcome"] == "met" for r in rows if r["outcome"] in ("met", "missed", "missed_open"))
        ),
    ),
    (
        sla_attainment(as_of=NOON, estimate="pending_aware", policy=None),
        lambda rows: within(
            [
                (r["elapsed_seconds"] / r["target_seconds"], "event" if r["outcome"] in ("met", "missed") else "open")
                for r in rows
                if r["outcome"] not in (None, "cancelled") and r["elapsed_seconds"] is not None and r["target_seconds"]
            ],
            1.0,
        ),
    ),
    (
        breach_rate(as_of=NOON),
        lambda rows: share(
            r["outcome"] != "met"
            for r in rows
            if r["outcome"] in ("met", "missed", "missed_open") and r["due_at"] is not None and r["due_at"] <= NOON
        ),
    ),
    (
        breach_severity(statistic=0.75),
        lambda rows: reached(
            [
                (r["overrun_seconds"], "event" if r["outcome"] == "missed" else "open")
                for r in rows
                if r["outcome"] in ("missed", "missed_open") and r["overrun_seconds"] is not None
            ],
            0.75,
        ),
    ),
    (overdue_count(), lambda rows: sum(r["outcome"] == "missed_open" for r in rows)),
    (
        at_risk_count(within=50.0),
        lambda rows: sum(
            r["outcome"] == "pending" and r["remaining_seconds"] is not None and r["remaining_seconds"] <= 50
            for r in rows
        ),
    ),
]


def reached(times: list[tuple[float, str]], p: float) -> float | None:
    """The first time by which at most 1 - p still run; on an exact flat the middle of it, as R has it."""
    steps = curve(times)
    flat = [at for at, _, running in steps if abs(running - (1 - p)) <= 1e-9]
    below = [at for at, _, running in steps if running < 1 - p - 1e-9]
    if flat and below:
        return (flat[0] + below[0]) / 2
    return (flat or below or [None])[0]


@pytest.mark.parametrize(("metric", "oracle"), ORACLES, ids=lambda case: getattr(case, "name", ""))
def test_oracle(metric: Metric, oracle: Oracle) -> None:
    agrees(metric, oracle)


CLOCK = {"elapsed_seconds": [1.0, 1.0], "target_seconds": [1.0, 1.0]}


def test_a_clock_due_at_the_very_instant_is_mature() -> None:
    at = {"outcome": ["met", "missed"], "due_at": [NOON, LATER], **CLOCK}
    assert value(sla_attainment(as_of=NOON), **at) == 1
    assert value(sla_attainment(as_of=LATER), **at) == 0.5


def test_early_successes_wait_for_their_deadline_as_failures_do() -> None:
    at = {"outcome": ["met", "missed_open"], "due_at": [LATER, NOON], **CLOCK}
    assert value(sla_attainment(as_of=NOON), **at) == 0


def test_bounds_hold_every_way_the_pending_can_end() -> None:
    frame = {
        "outcome": ["met"] * 6 + ["missed"] * 2 + ["pending"] * 2 + ["cancelled", None],
        "due_at": [NOON] * 12,
        "elapsed_seconds": [1.0] * 12,
        "target_seconds": [2.0] * 12,
    }
    result = sla_attainment(as_of=NOON, estimate="bounds").estimate(frame)
    assert (result.n, result.n_pending, result.n_missing, result.value) == (10, 0, 1, None)
    assert result.notes == "2 of 10 still open; without sampling error 0.6 to 0.8"
    assert result.low is not None
    assert result.high is not None
    assert result.low < 0.6 < 0.8 < result.high


def test_a_target_met_at_equality_counts_in_the_curve() -> None:
    clocks = {
        "outcome": ["met", "missed"],
        "due_at": [NOON] * 2,
        "elapsed_seconds": [60.0, 61.0],
        "target_seconds": [60.0] * 2,
    }
    assert value(sla_attainment(as_of=NOON, estimate="pending_aware", policy=None), **clocks) == 0.5


def test_late_clocks_that_still_run_count_with_what_they_have_overrun() -> None:
    outcome, overrun = ["missed", "missed", "missed_open", "met"], [10.0, 20.0, 15.0, None]
    assert value(breach_severity(), outcome=outcome, overrun_seconds=overrun) == 20
    stopped = {"outcome": outcome[:2], "overrun_seconds": overrun[:2]}
    assert value(breach_severity(), **stopped) == 15


def test_a_severity_that_nobody_has_reached_is_unknown() -> None:
    result = breach_severity().estimate({"outcome": ["missed_open"] * 3, "overrun_seconds": [1.0, 2.0, 3.0]})
    assert result.value is None
    assert result.reason is not None


def test_exactly_the_time_left_is_at_risk() -> None:
    rows = {"outcome": ["pending", "pending", "missed_open"], "remaining_seconds": [60.0, 61.0, None]}
    assert value(at_risk_count(within=60), **rows) == 1


@pytest.mark.parametrize("within", [-1, float("nan")])
def test_a_time_left_that_is_none(within: float) -> None:
    with pytest.raises(ParameterError, match="within must be a number of seconds, 0 or more"):
        at_risk_count(within=within)
