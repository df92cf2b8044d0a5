"""The records: their schemas, their documentation, and the way to a frame and back."""

import dataclasses
import datetime as dt
import inspect
import operator
import re
from typing import Annotated, Literal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from servicequality.errors import DefinitionError, InputError
from servicequality.model import (
    TABLES,
    Agent,
    Change,
    Record,
    Response,
    Review,
    SurveyAnswer,
    Ticket,
    from_frame,
    schema_of,
    to_frame,
)
from servicequality.model.tables import UNIQUE

RECORDS = list(TABLES.values())
NOON = dt.datetime(2024, 5, 6, 12, tzinfo=dt.UTC)
ZONES = st.sampled_from([dt.UTC, dt.timezone(dt.timedelta(hours=-5)), dt.timezone(dt.timedelta(minutes=345))])


def values_of(dtype: pl.DataType) -> st.SearchStrategy[object]:
    if isinstance(dtype, pl.Enum):
        return st.sampled_from(dtype.categories.to_list())
    if isinstance(dtype, pl.Datetime):
        return st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2200, 1, 1), timezones=ZONES)  # noqa: DTZ001
    return {
        pl.String(): st.text(max_size=8),
        pl.Float64(): st.floats(allow_nan=False, allow_infinity=False),
        pl.Int64(): st.integers(-(2**63), 2**63 - 1),
        pl.Boolean(): st.booleans(),
    }[dtype]


def rows_of(kind: type[Record]) -> st.SearchStrategy[list[Record]]:
    made = {
        field.name: values if "None" not in str(field.type) else st.none() | values
        for field in dataclasses.fields(kind)
        for values in [values_of(schema_of(kind)[field.name])]
    }
    unique = "agent_id" if kind is Agent else UNIQUE.get(kind)
    by_id = None if unique is None else operator.attrgetter(unique)
    return st.lists(st.builds(kind, **made).map(in_order), max_size=6, unique_by=by_id)


def in_order(row: Record) -> Record:
    """An agent's validity does not end before it begins."""
    if isinstance(row, Agent) and row.valid_from and row.valid_to and row.valid_to < row.valid_from:
        return dataclasses.replace(row, valid_from=row.valid_to, valid_to=row.valid_from)
    return row


@pytest.mark.parametrize("kind", RECORDS)
@given(data=st.data())
def test_round_trip(kind: type[Record], data: st.DataObject) -> None:
    rows = data.draw(rows_of(kind))
    frame = to_frame(rows)
    assert from_frame(kind, frame) == rows
    if rows:
        assert frame.schema == schema_of(kind)
        assert_frame_equal(to_frame(from_frame(kind, frame)), frame)


@pytest.mark.parametrize("kind", RECORDS)
def test_every_field_is_documented_in_order(kind: type[Record]) -> None:
    doc = inspect.getdoc(kind) or ""
    documented = re.findall(r"^ {4}(\w+): .+[.;]", doc, flags=re.MULTILINE)
    assert documented == [field.name for field in dataclasses.fields(kind)]
    for field in dataclasses.fields(kind):
        line = re.search(rf"^ {{4}}{field.name}: (.+)$", doc, flags=re.MULTILINE)
        assert line is not None
        if field.name.endswith("_at") or field.name == "at":
            assert "(instant)" in line[1]
        if field.name.endswith("_seconds"):
            assert "(seconds)" in line[1]


@pytest.mark.parametrize("kind", RECORDS)
def test_records_are_frozen_slotted_and_keyword_only(kind: type[Record]) -> None:
    assert kind.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert not hasattr(object.__new__(kind), "__dict__")
    assert all(field.kw_only for field in dataclasses.fields(kind))
    with pytest.raises(TypeError, match="positional"):
        kind("T1")  # type: ignore[call-arg]


def test_the_required_fields_are_those_of_the_design() -> None:
    required = {
        name: [field.name for field in dataclasses.fields(kind) if field.default is dataclasses.MISSING]
        for name, kind in TABLES.items()
    }
    assert required == {
        "tickets": ["ticket_id", "created_at"],
        "responses": ["ticket_id", "at", "author"],
        "changes": ["ticket_id", "at", "field", "value"],
        "answers": ["respondent_id", "question", "score"],
        "reviews": ["review_id", "category", "rating"],
        "incidents": ["incident_id", "started_at"],
        "sessions": ["session_id", "at"],
        "contacts": ["contact_id", "at", "outcome"],
        "agents": ["agent_id"],
        "agent_time": ["agent_id", "at"],
        "accounts": ["account_id", "started_at"],
        "deployments": ["deployment_id", "at"],
    }


def test_schema_follows_the_annotations() -> None:
    schema = schema_of(Response)
    assert schema["ticket_id"] == pl.String
    assert schema["at"] == pl.Datetime("us", "UTC")
    assert schema["author"] == pl.Enum(["customer", "agent", "bot", "system"])
    assert schema["public"] == pl.Boolean
    assert schema["handle_seconds"] == pl.Float64
    schema["at"] = pl.Int8()
    assert schema_of(Response)["at"] == pl.Datetime("us", "UTC"), "a caller's change must not reach the next caller"


def test_schema_of_annotated_and_of_foreign_annotations() -> None:
    @dataclasses.dataclass
    class Odd:
        size: Annotated[int | None, "count"]
        kind: Literal["a", "b"] | None

    assert schema_of(Odd) == pl.Schema({"size": pl.Int64(), "kind": pl.Enum(["a", "b"])})

    @dataclasses.dataclass
    class Wrong:
        when: dt.timedelta

    with pytest.raises(DefinitionError, match=r"Wrong\.when is annotated .*timedelta.*; expected str, float"):
        schema_of(Wrong)


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(InputError, match=r"Ticket\.created_at must be .* time zone, got 2024-05-06T12:00:00"):
        Ticket(ticket_id="1", created_at=dt.datetime(2024, 5, 6, 12))  # noqa: DTZ001


def test_whole_number_ids_become_text() -> None:
    assert Ticket(ticket_id=17, created_at=NOON).ticket_id == "17"  # type: ignore[arg-type]


def test_instants_of_any_zone_become_utc() -> None:
    here = dt.timezone(dt.timedelta(hours=9))
    frame = to_frame([Ticket(ticket_id="1", created_at=dt.datetime(2024, 1, 1, tzinfo=here))])
    assert frame["created_at"][0] == dt.datetime(2023, 12, 31, 15, tzinfo=dt.UTC)


def test_records_of_two_kinds_make_no_frame() -> None:
    ticket, change = Ticket(ticket_id="1", created_at=NOON), Change(ticket_id="1", at=NOON, field="status", value="x")
    with pytest.raises(InputError, match=r"records of one kind.*got Ticket, Change"):
        to_frame([ticket, change])


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (Response(ticket_id="1", at=NOON, author="robot"), r"Response\.author must hold Enum"),  # type: ignore[arg-type]
        (Review(review_id="1", category="c", rating="good"), r"Review\.rating must hold Float64"),  # type: ignore[arg-type]
    ],
)
def test_a_value_against_its_annotation_is_named(row: Record, message: str) -> None:
    with pytest.raises(InputError, match=message):
        to_frame([row])


def test_no_rows_make_an_empty_table() -> None:
    assert to_frame([]).shape == (0, 0)
    assert from_frame(SurveyAnswer, to_frame([])) == []
