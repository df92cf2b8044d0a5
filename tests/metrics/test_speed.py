"""How long customers wait: each metric beside plain Python, ties and limits at equality, and what open rows do."""

import pytest

from metrics.oracle import Oracle, Row, agrees, curve, mean, share, type_7, value, within
from servicequality import (
    agent_wait_time,
    agent_wait_time_observed_only,
    first_response_time,
    first_response_time_observed_only,
    handle_time,
    handle_time_observed_only,
    hold_time,
    hold_time_observed_only,
    requester_wait_time,
    requester_wait_time_observed_only,
    resolution_time,
    resolution_time_observed_only,
    response_time,
    response_time_observed_only,
    time_in_status,
    time_in_status_observed_only,
)
from servicequality.core import Metric

ENDS = {"answered": "event", "ended_without": "other", "open": "open", None: "open"}


def times(rows: list[Row], metric: Metric) -> list[tuple[float, str]]:
    """(duration, how it ended) from the metric's two columns."""
    seconds, end = (bound.name for bound in metric.inputs)
    ends = ENDS | {"resolved": "other", True: "event", False: "open"}
    return [(row[seconds], ends[row[end]]) for row in rows if row[seconds] is not None]


def event_quantile(result: list[tuple[float, str]], p: float) -> float | None:
    """The first time by which a share p has had the event."""
    return next((at for at, incidence, _ in curve(result) if incidence >= p - 1e-9), None)


def kaplan_meier_quantile(result: list[tuple[float, str]], p: float) -> float | None:
    """The same without competing ends; the middle of the step where the curve is flat at 1 - p, as `quantile.survfit`."""
    steps = curve(result)
    first = next((i for i, (_, _, running) in enumerate(steps) if running <= 1 - p + 1e-9), None)
    if first is None or abs(steps[first][2] - (1 - p)) > 1e-9:
        return None if first is None else steps[first][0]
    after = next((at for at, _, running in steps[first + 1 :] if running < steps[first][2] - 1e-9), steps[-1][0])
    return (steps[first][0] + after) / 2


def restricted_mean(result: list[tuple[float, str]], horizon: float) -> float | None:
    """The area under the curve up to the horizon; unknown where nobody is watched so long."""
    joined = [(at, "open" if end == "open" else "event") for at, end in result]
    steps = curve(joined)
    if not steps or (steps[-1][0] < horizon and steps[-1][2] > 1e-9):
        return None
    area, before, running = 0.0, 0.0, 1.0
    for at, _, after in steps:
        area += running * (min(at, horizon) - min(before, horizon))
        before, running = at, after
    return area + running * max(0.0, horizon - before)


COMPETING = (first_response_time, response_time)
CENSORED = (resolution_time, requester_wait_time, agent_wait_time, hold_time, handle_time, time_in_status)
FINISHED = (
    first_response_time_observed_only,
    response_time_observed_only,
    resolution_time_observed_only,
    requester_wait_time_observed_only,
    agent_wait_time_observed_only,
    hold_time_observed_only,
    handle_time_observed_only,
    time_in_status_observed_only,
)


def ended(rows: list[Row], metric: Metric) -> list[float]:
    return [at for at, end in times(rows, metric) if end == "event"]


def oracles() -> list[tuple[Metric, Oracle]]:
    table: list[tuple[Metric, Oracle]] = []
    for definition in COMPETING:
        p90 = definition(statistic="p90")
        table.append((p90, lambda rows, m=p90: event_quantile(times(rows, m), 0.9)))  # type: ignore[misc]
    for definition in CENSORED:
        median = definition()
        table.append((median, lambda rows, m=median: kaplan_meier_quantile(times(rows, m), 0.5)))  # type: ignore[misc]
    for definition in (*COMPETING, *CENSORED):
        limit, horizon = definition(limit=60.0), definition(horizon=3600.0)
        table.append((limit, lambda rows, m=limit: within(times(rows, m), 60.0)))  # type: ignore[misc]
        table.append((horizon, lambda rows, m=horizon: restricted_mean(times(rows, m), 3600.0)))  # type: ignore[misc]
    for definition in FINISHED:
        p75, average, limit = definition(statistic="p75"), definition(statistic="mean"), definition(limit=60.0)
        table.append((p75, lambda rows, m=p75: type_7(ended(rows, m), 75)))  # type: ignore[misc]
        table.append((average, lambda rows, m=average: mean(ended(rows, m))))  # type: ignore[misc]
        table.append((limit, lambda rows, m=limit: share(at <= 60 for at in ended(rows, m))))  # type: ignore[misc]
    return table


@pytest.mark.parametrize(("metric", "oracle"), oracles(), ids=lambda case: getattr(case, "name", ""))
def test_oracle(metric: Metric, oracle: Oracle) -> None:
    agrees(metric, oracle)


def resolved(metric: Metric, seconds: list[float], observed: list[bool]) -> float | None:
    return value(metric, resolution_seconds=seconds, resolution_observed=observed)


def test_a_limit_is_met_at_equality() -> None:
    assert resolved(resolution_time(limit=60.0), [60.0], [True]) == 1
    assert resolved(resolution_time(limit=59.999), [60.0], [True]) == 0
    assert resolved(resolution_time_observed_only(limit=60.0), [60.0], [True]) == 1


def test_events_come_before_censorings_at_ties() -> None:
    assert resolved(resolution_time(limit=60.0), [60.0, 60.0], [True, False]) == 0.5


def test_open_tickets_count_and_finished_ones_alone_flatter() -> None:
    seconds, observed = [1.0, 2.0, 3.0, 90.0, 90.0, 90.0, 90.0], [True] * 3 + [False] * 4
    assert resolved(resolution_time(), seconds, observed) is None
    assert resolved(resolution_time_observed_only(), seconds, observed) == 2.0
    frame = {"resolution_seconds": seconds, "resolution_observed": observed}
    result = resolution_time().estimate(frame)
    assert result.reason == "not reached: too few rows have ended for this quantile"
    assert result.notes == "4 of 7 still open"


def test_a_ticket_ended_without_an_answer_is_a_competing_end() -> None:
    seconds, end = [10.0, 20.0, 30.0, 40.0], ["answered", "ended_without", "ended_without", "answered"]
    frame = {"first_response_seconds": seconds, "first_response_end": end}
    assert value(first_response_time(statistic=0.25), **frame) == 10.0
    assert value(first_response_time(), **frame) == 40.0
    assert value(first_response_time(statistic="p75"), **frame) is None
    assert value(first_response_time(limit=25.0), **frame) == 0.25


def test_the_median_of_a_flat_step_is_its_middle() -> None:
    assert resolved(resolution_time(), [1.0, 2.0, 3.0, 4.0], [True] * 4) == 2.5
