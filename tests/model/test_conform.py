"""One place coerces: names, types, and every fault at once."""

import dataclasses
import datetime as dt
import re
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from servicequality.errors import InputError, ParameterError
from servicequality.model import (
    Change,
    HelpSession,
    Record,
    Response,
    Review,
    SurveyAnswer,
    Ticket,
    as_frame,
    conform,
    schema_of,
)


def tickets(created_at: Any, **columns: Any) -> pl.DataFrame:
    """A frame of tickets whose other roles are well."""
    values = pl.Series("created_at", created_at)
    return pl.DataFrame({"ticket_id": [f"T{i}" for i in range(len(values))], "created_at": values, **columns})


def utc(*parts: int) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=dt.UTC)  # type: ignore[misc, arg-type]


NOON = utc(2024, 1, 1, 12)

# The other types


def column(record: type[Record], role: str, values: Any, dtype: Any = None) -> pl.Series:
    """`values` as they come out of `role`, eagerly, and the same lazily."""
    n = len(values)
    valid: dict[pl.DataType, Any] = {pl.String(): [str(i) for i in range(n)], pl.Datetime("us", "UTC"): [NOON] * n}
    required = {
        field.name: valid.get(schema_of(record)[field.name], [None] * n)
        for field in dataclasses.fields(record)
        if field.default is dataclasses.MISSING
    }
    frame = pl.DataFrame({**required, role: pl.Series(role, values, dtype=dtype, strict=False)})
    eager, lazy = conform(frame, record), conform(frame.lazy(), record).collect()
    assert_frame_equal(eager, lazy)
    return eager[role]


@pytest.mark.parametrize(
    ("record", "role", "dtype", "values", "expected"),
    [
        (Ticket, "ticket_id", pl.Int64, [1, 20], ["1", "20"]),
        (Ticket, "ticket_id", pl.UInt64, [2**64 - 1], ["18446744073709551615"]),
        (Ticket, "agent_id", pl.Float64, [17.0, None], ["17", None]),
        (Ticket, "agent_id", pl.Categorical, ["a", None], ["a", None]),
        (Ticket, "status", pl.String, [" Open", ""], [" Open", ""]),
        (Response, "author", pl.String, ["Agent", " BOT ", None, ""], ["agent", "bot", None, None]),
        (Response, "author", pl.Categorical, ["SYSTEM"], ["system"]),
        (Response, "author", pl.Enum(["customer", "agent"]), ["agent"], ["agent"]),
        (Response, "public", pl.String, ["true", "FALSE", "1", "0", "", None], [True, False, True, False, None, None]),
        (Response, "public", pl.Int8, [1, 0, None], [True, False, None]),
        (Response, "public", pl.Float64, [1.0, 0.0], [True, False]),
        (Response, "handle_seconds", pl.Duration("ms"), [dt.timedelta(minutes=1.5)], [90.0]),
        (SurveyAnswer, "score", pl.String, ["9", " 6.5 ", "", None], [9.0, 6.5, None, None]),
        (SurveyAnswer, "score", pl.Int8, [9, None], [9.0, None]),
        (SurveyAnswer, "score", pl.Decimal(10, 2), [1.25], [1.25]),
        (SurveyAnswer, "score", pl.Null, [None], [None]),
        (HelpSession, "views", pl.UInt32, [3], [3]),
        (HelpSession, "views", pl.Float64, [3.0], [3]),
        (HelpSession, "views", pl.String, [" 3", ""], [3, None]),
        (Change, "value", pl.Null, [None], [None]),
    ],
)
def test_values_become_the_roles_type(
    record: Any, role: str, dtype: Any, values: list[Any], expected: list[Any]
) -> None:
    came = column(record, role, values, dtype)
    assert came.dtype == schema_of(record)[role]
    assert came.to_list() == expected


@pytest.mark.parametrize(
    ("record", "role", "values", "message"),
    [
        (
            SurveyAnswer,
            "score",
            ["ten", "9"],
            r"answers\.score: 1 of .*2 values are not finite numbers: 'ten'; correct",
        ),
        (SurveyAnswer, "score", [float("nan"), 1.0], r"answers\.score: 1 of 2 values are not finite numbers: nan"),
        (SurveyAnswer, "score", [float("inf"), 1.0], r"not finite numbers: inf"),
        (SurveyAnswer, "score", ["nan", "1"], r"not finite numbers: 'nan'"),
        (Ticket, "agent_id", [1.5, 2.0], r"tickets\.agent_id: 1 of 2 values are not texts or whole-number ids: 1\.5"),
        (
            Response,
            "author",
            ["robot", "agent"],
            r"are not words of customer, agent, bot, system: 'robot'; map them first",
        ),
        (Response, "public", ["yes", "true"], r"are not truth values \(true, false, 1, 0\): 'yes'"),
        (Response, "public", [2, 1], r"are not truth values \(true, false, 1, 0\): 2"),
        (HelpSession, "views", [1.5, 2.0], r"sessions\.views: 1 of 2 values are not whole numbers: 1\.5"),
        (HelpSession, "solved", [utc(2024, 1, 1)] * 2, r"solved holds Datetime.*, but truth values .* are needed"),
        (Ticket, "status", [True, False], r"status holds Boolean, but texts or whole-number ids are needed: convert"),
        (Review, "rating", [True, False], r"reviews\.rating holds Boolean, but finite numbers are needed"),
        (Review, "at", [[1], [2]], r"reviews\.at holds List\(Int64\), but instants are needed"),
    ],
)
def test_values_that_do_not_fit_are_shown(record: Any, role: str, values: list[Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        column(record, role, values)


def test_only_the_first_distinct_offenders_are_shown() -> None:
    frame = pl.DataFrame({"respondent_id": range(9), "question": ["q"] * 9, "score": list("aabcdefgh")})
    with pytest.raises(InputError, match=r"9 of 9 values .*: 'a', 'b', 'c', 'd', 'e', …; correct"):
        conform(frame, SurveyAnswer)


# Names


def test_columns_are_renamed_extras_kept_and_absent_roles_null() -> None:
    theirs = pl.DataFrame({"number": [1], "opened_at": ["2024-01-02T03:04Z"], "tier": ["gold"], "Status": ["open"]})
    before = theirs.clone()
    frame = conform(theirs, Ticket, columns={"ticket_id": "number", "created_at": "opened_at"})
    assert frame.columns == [*schema_of(Ticket), "tier", "Status"]
    assert pl.Schema({name: frame.schema[name] for name in schema_of(Ticket)}) == schema_of(Ticket)
    assert frame["status"].null_count() == 1
    assert frame["tier"].to_list() == ["gold"]
    assert_frame_equal(theirs, before)


def test_one_column_may_play_two_roles_and_a_mapped_column_outranks_its_namesake() -> None:
    theirs = tickets([utc(2024, 1, 1)], resolved_at=[utc(2024, 1, 2)], solved=[utc(2024, 1, 3)])
    frame = conform(theirs, Ticket, columns={"resolved_at": "solved", "closed_at": "solved"})
    assert frame["resolved_at"][0] == frame["closed_at"][0] == utc(2024, 1, 3)
    assert frame.columns == list(schema_of(Ticket))


@pytest.mark.parametrize(
    ("record", "theirs", "suggestion"),
    [
        (Ticket, ["number", "opened_at"], "{'tickets': {'ticket_id': 'number', 'created_at': 'opened_at'}}"),
        (Ticket, ["Case ID", "Created"], "{'tickets': {'ticket_id': 'Case ID', 'created_at': 'Created'}}"),
        (Ticket, ["ticketid", "creatd_at"], "{'tickets': {'ticket_id': 'ticketid', 'created_at': 'creatd_at'}}"),
        (
            Change,
            ["ticket_id", "timestamp", "field", "new_value"],
            "{'changes': {'at': 'timestamp', 'value': 'new_value'}}",
        ),
        (SurveyAnswer, ["respid", "question", "NPS"], "{'answers': {'respondent_id': 'respid', 'score': 'NPS'}}"),
        (HelpSession, ["session_id", "zzz"], "{'sessions': {'at': 'your column'}}"),
    ],
)
def test_a_missing_role_is_named_with_the_likely_column(record: Any, theirs: list[str], suggestion: str) -> None:
    with pytest.raises(InputError, match="missing") as caught:
        conform(pl.DataFrame({name: ["x"] for name in theirs}), record)
    assert f"columns={suggestion}; unused columns: " in str(caught.value)


def test_a_mapped_column_that_is_not_there() -> None:
    message = (
        r"tickets\.created_at: the column 'opnd' that columns=\{'tickets': \{'created_at': 'opnd'\}\} names is "
        r"not there \(did you mean 'opened'\?\); the columns are 'ticket_id', 'opened'"
    )
    with pytest.raises(InputError, match=message):
        conform(pl.DataFrame({"ticket_id": ["1"], "opened": ["2024-01-01"]}), Ticket, columns={"created_at": "opnd"})


def test_a_role_that_does_not_exist_is_the_calls_fault() -> None:
    with pytest.raises(
        ParameterError, match=r"names 'create_at'; the roles of tickets are .*did you mean 'created_at'"
    ):
        conform(tickets([utc(2024, 1, 1)]), Ticket, columns={"create_at": "x"})


# Rows


def test_missing_values_in_required_columns_are_faults_of_an_eager_frame() -> None:
    frame = pl.DataFrame({"ticket_id": ["a", None, "c"], "created_at": ["2024-01-02T03:04Z", "", None]})
    with pytest.raises(InputError) as caught:
        conform(frame, Ticket)
    assert "2 faults in the data:" in str(caught.value)
    assert "tickets.ticket_id: 1 of 3 values are missing, in rows 1; every row needs one" in str(caught.value)
    assert "tickets.created_at: 2 of 3 values are missing, in rows 1, 2; every row needs one" in str(caught.value)


def test_unanswered_scores_and_emptied_fields_are_no_faults() -> None:
    answers = pl.DataFrame({"respondent_id": ["a"], "question": ["q"], "score": [None]})
    assert conform(answers, SurveyAnswer)["score"].to_list() == [None]


def test_duplicate_ids_are_faults_where_an_id_names_a_row() -> None:
    twice = pl.DataFrame({"number": [7, 8, 7, 7], "at": [utc(2024, 1, 1)] * 4})
    with pytest.raises(
        InputError,
        match=r"tickets\.ticket_id \(column 'number'\): 3 rows share 1 ids: '7'; keep one row of each id first, "
        r"such as \.unique\('number', keep='last'\)",
    ):
        conform(twice, Ticket, columns={"ticket_id": "number", "created_at": "at"})
    with pytest.raises(InputError, match=r"sessions\.session_id \(column 'number'\): 3 rows share 1 ids"):
        conform(twice, HelpSession, columns={"session_id": "number"})
    changes = twice.with_columns(field=pl.lit("status"), value=pl.lit("open"))
    assert conform(changes, Change, columns={"ticket_id": "number"}).height == 4


@pytest.mark.parametrize("lazy", [False, True])
def test_an_empty_frame_and_one_without_columns(lazy: bool) -> None:
    for empty in (
        pl.DataFrame(),
        tickets([utc(2024, 1, 1)]).clear(),
        pl.DataFrame({"ticket_id": [], "created_at": []}),
    ):
        conformed = conform(empty.lazy() if lazy else empty, Ticket)
        assert isinstance(conformed, pl.LazyFrame if lazy else pl.DataFrame)
        frame = conformed.lazy().collect()
        assert frame.schema == schema_of(Ticket)
        assert frame.height == 0


def test_optional_columns_of_nulls_take_their_type() -> None:
    nulls = {name: [None] for name in list(schema_of(Ticket))[2:]}
    frame = conform(tickets([utc(2024, 1, 1)], **nulls), Ticket)
    assert frame.schema == schema_of(Ticket)
    assert frame.height == 1


def test_a_conformed_frame_conforms_unchanged() -> None:
    once = conform(tickets(["2024-01-02 03:04", "2024-06-02"]), Ticket, timezone="America/New_York")
    assert_frame_equal(conform(once, Ticket, timezone="America/New_York"), once)


def test_all_faults_come_at_once() -> None:
    frame = pl.DataFrame(
        {
            "ticket_id": ["a", "a", "b"],
            "resolved_at": ["2024-01-02 03:04", "31/12/2024", "2024-01-02T03:04Z"],
            "account_value": ["rich", "1", "2"],
            "due_at": [1, 2, 3],
            "opened_by": ["agent", "robot", None],
        }
    )
    with pytest.raises(InputError) as caught:
        conform(frame, Ticket, columns={"closed_at": "shut_at"})
    lines = str(caught.value).splitlines()
    assert lines[0] == "8 faults in the data:"
    starts = [line.removeprefix("- ").split(" ")[0].rstrip(":") for line in lines[1:]]
    assert sorted(starts) == sorted(
        ["tickets", "tickets.closed_at", "tickets.due_at", "tickets.ticket_id", "tickets.resolved_at",
         "tickets.resolved_at", "tickets.account_value", "tickets.opened_by"]
    )  # fmt: skip


# Laziness


def test_a_lazy_frame_is_not_collected_and_its_values_are_checked_at_collect() -> None:
    def never(_: pl.DataFrame) -> pl.DataFrame:
        raise AssertionError("collected")

    source = pl.LazyFrame({"ticket_id": ["1"], "created_at": ["x"]})
    schema = source.collect_schema()
    conform(source.map_batches(never, schema=schema), Ticket)

    lazy = conform(source, Ticket)
    assert isinstance(lazy, pl.LazyFrame)
    for engine in ("streaming", "in-memory"):
        with pytest.raises(
            InputError, match=r"tickets\.created_at: 1 of a batch of 1 values are not ISO 8601 instants: 'x'"
        ):
            lazy.collect(engine=engine)  # type: ignore[call-overload]
    assert lazy.select("ticket_id").collect().to_dicts() == [{"ticket_id": "1"}], "an unused column is not read"


@pytest.mark.parametrize(
    ("role", "values", "message"),
    [
        ("account_value", [float("nan")], "account_value: 1 of a batch of 1 values are not finite numbers: nan"),
        ("agent_id", [1.5], "agent_id: 1 of a batch of 1 values are not texts or whole-number ids: 1.5"),
        ("opened_by", ["robot"], "opened_by: 1 of a batch of 1 values are not words of customer"),
        ("due_at", ["31/12/2024"], "due_at: 1 of a batch of 1 values are not ISO 8601 instants"),
    ],
)
def test_no_value_of_a_lazy_frame_becomes_null_in_silence(role: str, values: list[Any], message: str) -> None:
    lazy = conform(tickets([NOON], **{role: values}).lazy(), Ticket)
    with pytest.raises(InputError, match=re.escape(message)):
        lazy.collect()


def test_faults_of_types_and_names_come_before_a_lazy_frame_is_collected() -> None:
    with pytest.raises(
        InputError, match=r"2 faults in the data:\n- .*'created_at' missing.*\n- tickets\.due_at holds Int64"
    ):
        conform(pl.LazyFrame({"ticket_id": ["1"], "due_at": [1]}), Ticket)


def test_a_lazy_frame_conforms_as_its_eager_twin() -> None:
    frame = as_frame({"ticket_id": [1, 2], "created_at": ["2024-01-02T03:04Z", "2024-01-03"], "public": ["a", "b"]})
    lazy = conform(frame.lazy(), Ticket, timezone="Asia/Kolkata")
    eager = conform(frame, Ticket, timezone="Asia/Kolkata")
    assert lazy.collect_schema() == eager.schema
    assert_frame_equal(lazy.collect(), eager)
