"""A selection of facts: the columns asked, as in the whole table, and nothing else read."""

from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from events.histories import at, crowd, records_of
from servicequality.events import facts, reply_waits
from servicequality.model import Records
from servicequality.worktime import ALWAYS_OPEN


@pytest.mark.parametrize(
    ("variant", "left_out"),
    [
        ("after_handoff", ()),
        ("public_reply", ("responses",)),
        ("public_reply", ("responses", "changes")),
    ],
)
def test_every_column_alone_is_that_of_the_whole(variant: Any, left_out: tuple[str, ...]) -> None:
    records = records_of(crowd(40, 11))
    records = Records(**{name: table for name, table in records.tables.items() if name not in left_out})
    options: dict[str, Any] = {
        "as_of": at(120),
        "paused": ("hold",),
        "schedule": ALWAYS_OPEN,
        "first_response": variant,
    }
    whole = facts(records, **options).collect()
    alone = pl.collect_all([facts(records, **options).select(name) for name in whole.columns])
    assert_frame_equal(pl.concat(alone, how="horizontal"), whole)
    some = ("resolved_at", "ticket_id", "agent_replies")
    assert_frame_equal(facts(records, **options).select(some).collect(), whole.select(some))


def test_what_is_not_needed_is_not_read() -> None:
    def refuse(rows: pl.DataFrame) -> pl.DataFrame:
        raise AssertionError

    records = records_of(crowd(5, 2))
    assert records.changes is not None
    assert records.responses is not None
    silent = records.replace(responses=records.responses.map_batches(refuse, validate_output_schema=False))
    told = facts(silent, as_of=at(90))
    assert told.select("ticket_id", "reopen_count").collect().height == 5
    assert told.filter(pl.col("reopen_count") >= 0).select("resolved_at").collect().height == 5
    with pytest.raises(AssertionError):
        told.select("agent_replies").collect()


@pytest.mark.parametrize("engine", ["streaming", "in-memory"])
def test_a_query_on_facts_is_that_on_the_collected_table(engine: Any) -> None:
    told = facts(records_of(crowd(60, 5)), as_of=at(120))
    whole = told.collect()
    waits = reply_waits(records_of(crowd(60, 5)), as_of=at(120))
    some = ("reply_wait_end", "channel", "ticket_id")
    assert_frame_equal(waits.select(some).collect(engine=engine), waits.collect().select(some))
    for query in (
        lambda rows: rows.filter(pl.col("reopen_count") > 0).select("ticket_id", "resolved_at"),
        lambda rows: rows.head(7),
        lambda rows: rows.select("agent_replies").head(3),
        lambda rows: rows.filter(pl.col("agents") > 0).head(4),
        lambda rows: rows.select(pl.len()),
        lambda rows: rows.join(rows.select("ticket_id", again="resolution_seconds"), on="ticket_id").sort("ticket_id"),
    ):
        assert_frame_equal(query(told).collect(engine=engine), query(whole.lazy()).collect())
