"""Logs of many batches: what small frames, which are one batch, cannot show."""

import datetime as dt

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from servicequality.events import facts
from servicequality.events.statuses import StatusSets
from servicequality.model import Records

START = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
LATER = START + dt.timedelta(days=1)
STATUSES = ("New", "open", "PENDING", "hold", "Solved", "closed", "odd", None)


@pytest.fixture(scope="module")
def log() -> pl.DataFrame:
    """Half a million changes of 50,000 tickets in the order of time, five at each instant of a ticket on average."""
    rng = np.random.default_rng(7)
    rows = 500_000
    return pl.DataFrame(
        {
            "ticket_id": pl.Series([f"t{n:05}" for n in range(50_000)]).gather(rng.integers(0, 50_000, rows)),
            "at": pl.Series(np.sort(rng.integers(0, 2, rows)) * 3_600_000_000).cast(pl.Duration("us")) + START,
            "field": ["status"] * rows,
            "value": pl.Series(STATUSES, dtype=pl.String).gather(rng.integers(0, len(STATUSES), rows)),
        }
    )


def told(log: pl.DataFrame) -> pl.DataFrame:
    ids = log["ticket_id"].unique().sort()
    tickets = pl.DataFrame({"ticket_id": ids, "created_at": [START] * len(ids)})
    return facts(Records(tickets=tickets, changes=log), as_of=LATER, paused=("hold",)).collect()


def test_at_equal_instants_the_order_of_the_input_holds(log: pl.DataFrame) -> None:
    last = log.group_by("ticket_id").agg(pl.col("value").last().alias("status")).sort("ticket_id")
    assert_frame_equal(told(log).select("ticket_id", "status"), last)


def test_a_log_that_is_known_to_be_in_order_says_the_same(log: pl.DataFrame) -> None:
    # Whole tickets shuffled: each keeps the order of its own rows, while the log as a whole is in no order.
    shuffled = log.sort(pl.col("ticket_id").hash(3), maintain_order=True)
    assert not shuffled["at"].is_sorted()
    assert_frame_equal(told(log.with_columns(pl.col("at").set_sorted())), told(shuffled))


def test_ended_now_is_what_the_last_status_says(log: pl.DataFrame) -> None:
    rows = told(log)
    ended = rows["status"].str.to_lowercase().is_in(["solved", "closed"]).fill_null(value=False)
    assert rows.select(pl.col("resolved_at").is_not_null()).to_series().to_list() == ended.to_list()


def test_a_status_is_read_alike_in_every_batch(log: pl.DataFrame) -> None:
    named = {
        "ended": frozenset({"solved", "closed"}),
        "paused": frozenset({"hold"}),
        "requester_wait": frozenset({"new", "open", "hold"}),
        "agent_wait": frozenset({"pending"}),
        "agent_work": frozenset({"new", "open"}),
        "new": frozenset({"new"}),
        "closed": frozenset({"closed"}),
    }
    sets = StatusSets(**named)
    masks = {
        status: sum(sets.bit(name) for name, of in named.items() if status is not None and status.lower() in of)
        for status in STATUSES
    }
    read = log.lazy().select("value", mask=sets.mask(pl.col("value"))).unique().collect()
    assert dict(read.iter_rows()) == masks
    for none in (log.clear(), log.head(3).with_columns(value=pl.lit(None, pl.String))):
        assert none.select(sets.mask(pl.col("value"))).to_series().to_list() == [0] * none.height
