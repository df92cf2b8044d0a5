"""From the cases of statistics.json about what came after: names and units are translated, nothing is computed here."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from servicequality import first_contact_resolution, follow_ups

EPOCH = datetime(2024, 1, 1, tzinfo=UTC)
DAY = 86_400.0


def fcr(
    resolved_at: Sequence[float], recontact_at: Sequence[float | None], window: float, now: float
) -> dict[str, Any]:
    """Days become instants; a recontact becomes a ticket of the same requester that is not resolved yet."""
    firsts = [(str(i), at, at) for i, at in enumerate(resolved_at)]
    nexts = [(str(i), at, None) for i, at in enumerate(recontact_at) if at is not None]
    tickets = pl.DataFrame(
        {
            "requester_id": [who for who, _, _ in firsts + nexts],
            "created_at": [EPOCH + timedelta(days=at) for _, at, _ in firsts + nexts],
            "resolved_at": [None if at is None else EPOCH + timedelta(days=at) for _, _, at in firsts + nexts],
            "one_touch": True,
        }
    )
    rows = follow_ups(tickets, as_of=EPOCH + timedelta(days=now))

    def read(estimate: Any) -> Any:
        metric = first_contact_resolution(definition="one_touch", window=window * DAY, estimate=estimate)
        return metric.estimate(rows)

    mature = read("matured")
    return {
        "n_mature": mature.n,
        "mature": mature.value,
        "naive": read("so_far").value,
        "km": read("pending_aware").value,
    }


ADAPTERS: dict[str, Callable[..., dict[str, Any]]] = {"fcr": fcr}
