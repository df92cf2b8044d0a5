"""How much comes and goes: counts beside plain Python, and instants at the edge of a window."""

from datetime import timedelta

import pytest

from metrics.oracle import NOON, Oracle, Row, agrees, type_7, value
from servicequality import backlog, backlog_age, clearance_ratio, inflow, net_flow, outflow, ticket_volume
from servicequality.core import Metric
from servicequality.errors import ParameterError

DAY, TICK = timedelta(days=1), timedelta(microseconds=1)


def came(rows: list[Row], column: str) -> float:
    return float(sum(row[column] is not None and NOON - DAY <= row[column] < NOON for row in rows))


def ages(rows: list[Row]) -> list[float]:
    present = [r for r in rows if r["created_at"] is not None and r["created_at"] <= NOON]
    still = [r for r in present if r["resolved_at"] is None or r["resolved_at"] > NOON]
    return [(NOON - r["created_at"]).total_seconds() for r in still]


ORACLES: list[tuple[Metric, Oracle]] = [
    (backlog_age(as_of=NOON), lambda rows: type_7(ages(rows), 50)),
    (backlog_age(as_of=NOON, statistic="p90"), lambda rows: type_7(ages(rows), 90)),
    (ticket_volume(), lambda rows: float(sum(r["created_at"] is not None for r in rows))),
    (inflow(since=NOON - DAY, until=NOON), lambda rows: came(rows, "created_at")),
    (outflow(since=NOON - DAY, until=NOON), lambda rows: came(rows, "resolved_at")),
    (net_flow(since=NOON - DAY, until=NOON), lambda rows: came(rows, "created_at") - came(rows, "resolved_at")),
    (
        clearance_ratio(since=NOON - DAY, until=NOON),
        lambda rows: came(rows, "resolved_at") / came(rows, "created_at") if came(rows, "created_at") else None,
    ),
    (
        inflow(since=NOON),
        lambda rows: float(sum(r["created_at"] is not None and r["created_at"] >= NOON for r in rows)),
    ),
    (
        backlog(as_of=NOON),
        lambda rows: float(
            sum(
                r["created_at"] is not None
                and r["created_at"] <= NOON
                and (r["resolved_at"] is None or r["resolved_at"] > NOON)
                for r in rows
            )
        ),
    ),
]


@pytest.mark.parametrize(("metric", "oracle"), ORACLES, ids=lambda case: getattr(case, "name", ""))
def test_oracle(metric: Metric, oracle: Oracle) -> None:
    agrees(metric, oracle)


def test_a_window_holds_its_start_and_not_its_end() -> None:
    metric = inflow(since=NOON, until=NOON + DAY)
    assert value(metric, created_at=[NOON - TICK, NOON, NOON + DAY - TICK, NOON + DAY]) == 2


def test_a_census_counts_a_ticket_created_at_the_instant_and_not_one_ended_at_it() -> None:
    created, ended = [NOON, NOON + TICK, NOON - DAY, NOON - DAY], [None, None, NOON, NOON + TICK]
    assert value(backlog(as_of=NOON), created_at=created, resolved_at=ended) == 2


def test_an_age_is_that_of_open_tickets_alone() -> None:
    created, ended = [NOON - DAY, NOON, NOON - 3 * DAY, NOON + TICK], [None, None, NOON, None]
    assert value(backlog_age(as_of=NOON), created_at=created, resolved_at=ended) == 43_200
    with pytest.raises(ParameterError, match="statistic must be one of 'median', 'p75'"):
        backlog_age(as_of=NOON, statistic="mean")  # type: ignore[arg-type]


def test_a_window_that_ends_before_it_starts() -> None:
    with pytest.raises(ParameterError, match="since must lie before until, got"):
        inflow(since=NOON, until=NOON)


def test_windows_add_up() -> None:
    created = [NOON - DAY + timedelta(hours=7 * i) for i in range(12)]
    halves = [inflow(since=NOON - DAY, until=NOON), inflow(since=NOON, until=NOON + 4 * DAY)]
    assert sum(value(half, created_at=created) or 0 for half in halves) == 12
