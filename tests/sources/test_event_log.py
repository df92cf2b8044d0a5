"""An event log that its map reads says what `Records.from_events` says of it."""

import polars as pl
import pytest

from servicequality import Records, sources

LOG = pl.DataFrame(
    {
        "ticket_id": ["1", "1", "1", "1", "2", "2"],
        "at": [f"2024-01-0{day}T08:00:00Z" for day in (1, 1, 1, 2, 1, 3)],
        "status": ["Completed", "Received", "Waiting", "Completed", "Received", "Received"],
        "team": ["b", "a", "a", "b", "x", "y"],
        "category": ["k", None, None, None, "z", None],
        "message": ["", "help", None, "done", " ", "hello"],
        "author": ["agent", "customer", "agent", "agent", "agent", "agent"],
        "actor": ["u", "c", "u", "u", "u", "v"],
        "sequence": [30, 4, 20, 40, 1, 2],
    }
)
ROLES = {name: name for name in ("at", "status", "team", "message", "author", "actor", "sequence")}


@pytest.mark.parametrize("flag", [False, True])
@pytest.mark.parametrize("texts", [False, True])
def test_both_ways_say_the_same(flag: bool, texts: bool) -> None:
    log = LOG.with_columns(message=pl.Series([False, True, None, True, False, True])) if flag else LOG
    ours = Records.from_events(log, ticket="ticket_id", columns={"category": "category"}, timezone="UTC", **ROLES)
    by_map = sources.read("event_log", log.with_columns(pl.all().cast(pl.String)) if texts else log)
    for table, columns in (
        ("tickets", ["ticket_id", "created_at", "category"]),
        ("changes", ["field", "ticket_id", "at", "previous", "value", "actor_id"]),
        ("responses", ["ticket_id", "at", "author", "author_id"]),
    ):
        rows = [
            one.tables[table].select(columns).collect().sort(columns[:3], maintain_order=True).rows()
            for one in (ours, by_map)
        ]
        assert rows[0] == rows[1], table
