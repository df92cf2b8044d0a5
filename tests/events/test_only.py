"""`facts(only=...)`: the columns asked, as in the whole table, and nothing else read."""

import datetime as dt
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from events.histories import at, crowd, records_of
from servicequality.errors import ParameterError
from servicequality.events import facts
from servicequality.model import Records
from servicequality.worktime import ALWAYS_OPEN

LATER = dt.datetime(2026, 3, 3, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("variant", "left_out"),
    [
        ("frappe", ()),
        ("after_handoff", ()),
        ("zammad", ("changes",)),
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
    alone = pl.collect_all([facts(records, **options, only=(name,)) for name in whole.columns])
    assert_frame_equal(pl.concat(alone, how="horizontal"), whole)
    some = ("resolved_at", "ticket_id", "agent_replies")
    assert_frame_equal(facts(records, **options, only=some).collect(), whole.select(some))


def test_what_is_not_needed_is_not_read() -> None:
    def refuse(rows: pl.DataFrame) -> pl.DataFrame:
        raise AssertionError

    records = records_of(crowd(5, 2))
    assert records.changes is not None
    assert records.responses is not None
    silent = records.replace(responses=records.responses.map_batches(refuse, validate_output_schema=False))
    assert facts(silent, as_of=at(90), only=("ticket_id", "reopen_count")).collect().height == 5
    with pytest.raises(AssertionError):
        facts(silent, as_of=at(90), only=("agent_replies",)).collect()


@pytest.mark.parametrize(
    ("only", "message"),
    [
        (("ticket_id", "reopen_cuont"), "only names 'reopen_cuont'.*reopen_count.*which facts does not have"),
        (("first_resolved_at",), "only names 'first_resolved_at'"),
        ("ticket_id", r"only must be a tuple of columns such as \('ticket_id', 'resolved_at'\); got 'ticket_id'"),
        ((), "only must be a tuple of columns"),
    ],
)
def test_only_names_columns(only: Any, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        facts(records_of(crowd(2, 1)), as_of=LATER, only=only)
