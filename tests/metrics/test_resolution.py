"""Was it settled, by whom, and did it hold: rates beside plain Python, and what a count of one does."""

import pytest

from metrics.oracle import Oracle, agrees, mean, share, value, within
from servicequality import (
    escalation_rate,
    interactions_per_ticket,
    reassignment_rate,
    reopen_rate,
    reopens_per_ticket,
    resolution_rate,
)
from servicequality.core import Metric

ORACLES: list[tuple[Metric, Oracle]] = [
    (
        resolution_rate(),
        lambda rows: share(r["resolution_observed"] for r in rows if r["resolution_observed"] is not None),
    ),
    (
        resolution_rate(limit=60.0),
        lambda rows: within(
            [
                (r["resolution_seconds"], "event" if r["resolution_observed"] else "open")
                for r in rows
                if r["resolution_seconds"] is not None
            ],
            60.0,
        ),
    ),
    (
        reopen_rate(),
        lambda rows: share(
            r["reopen_count"] >= 1 for r in rows if r["reopen_count"] is not None and r["first_resolution_observed"]
        ),
    ),
    (
        reopens_per_ticket(),
        lambda rows: mean(
            [r["reopen_count"] for r in rows if r["reopen_count"] is not None and r["first_resolution_observed"]]
        ),
    ),
    (reassignment_rate(), lambda rows: share(r["reassignments"] >= 1 for r in rows if r["reassignments"] is not None)),
    (escalation_rate(), lambda rows: share(r["escalations"] >= 1 for r in rows if r["escalations"] is not None)),
    (
        interactions_per_ticket(),
        lambda rows: mean(
            [
                r["public_agent_messages"] + r["customer_messages"]
                for r in rows
                if r["public_agent_messages"] is not None and r["customer_messages"] is not None
            ]
        ),
    ),
]


@pytest.mark.parametrize(("metric", "oracle"), ORACLES, ids=lambda case: getattr(case, "name", ""))
def test_oracle(metric: Metric, oracle: Oracle) -> None:
    agrees(metric, oracle)


def test_a_ticket_reopened_three_times_is_one_reopened_ticket_and_three_reopenings() -> None:
    facts = {"reopen_count": [3, 0, 0, 1], "first_resolution_observed": [True, True, False, True]}
    assert value(reopen_rate(), **facts) == pytest.approx(2 / 3)
    assert value(reopens_per_ticket(), **facts) == pytest.approx(4 / 3)


def test_young_open_tickets_are_neither_successes_nor_failures() -> None:
    facts = {"resolution_observed": [True, True, False, False], "resolution_seconds": [50.0, 70.0, 70.0, 1.0]}
    assert value(resolution_rate(), **facts) == 0.5
    assert value(resolution_rate(limit=60.0), **facts) == pytest.approx(1 / 3)
