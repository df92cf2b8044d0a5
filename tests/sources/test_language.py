"""The language of maps, rule by rule, on frames of a few rows."""

import datetime as dt
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from servicequality import sources

BASE = """
title = "A schema"
timezone = "UTC"
[tables.t]
[tickets]
from = "t"
ticket_id = "id"
created_at = "at"
"""
AT = "2024-03-04T09:00:00Z"


def read(folder: Path, text: str, tables: dict[str, Any], **options: Any) -> sources.SourcedRecords:
    (folder / "own.toml").write_text(text, encoding="utf-8")
    return sources.read(folder / "own.toml", tables, **options)


def values(
    folder: Path, value: str, column: list[Any], *, role: str = "category", more: str = "", **tables: Any
) -> list[Any]:
    """What a value makes of a column `x` of the table `t`."""
    rows = pl.DataFrame({"id": [str(i) for i in range(len(column))], "at": [AT] * len(column), "x": column})
    records = read(folder, f"{BASE}{role} = {value}\n{more}", {"t": rows, **tables})
    return records.tickets.collect()[role].to_list()


@pytest.mark.parametrize(
    ("value", "column", "made"),
    [
        ('"x"', ["a", None], ["a", None]),
        ('{ value = "b" }', ["a", None], ["b", "b"]),
        ('{ first_of = ["x", "id"] }', ["a", None], ["a", "1"]),
        ('{ row = "no " }', ["a", "b"], ["no 1", "no 2"]),
        ('{ column = "x", words = { a = "A" } }', ["a", "b", None], ["A", "b", None]),
        ('{ column = "x", words = { a = "A" }, others = "null" }', ["a", "b", None], ["A", None, None]),
        ('{ column = "x", words = { "2" = "open" } }', [2, 3], ["open", "3"]),
        ('{ column = "x", words = { "2" = "open" } }', [2.0, None], ["open", None]),
        ('{ column = "x", words = { true = "yes" } }', [True, False], ["yes", "false"]),
        ('{ column = "x", field = "a.b" }', ['{"a": {"b": "c"}}', "{}", "no JSON", None], ["c", None, None, None]),
        ('{ column = "x", field = "a.b" }', [{"a": {"b": "c"}}, {"a": {"b": None}}], ["c", None]),
        ('{ column = "x", field = "z" }', [{"a": 1}], [None]),
        (
            '{ case = [{ when = { column = "x", is = ["a", "b"] }, give = { value = "1" } }] }',
            ["a", "c", None],
            ["1", None, None],
        ),
        ('{ case = [{ when = { column = "x", is_not = "a" }, give = "x" }] }', ["a", "c", None], [None, "c", None]),
        (
            '{ case = [{ when = { column = "x", known = false }, give = { value = "none" } }, { give = "x" }] }',
            ["a", None],
            ["a", "none"],
        ),
        (
            '{ case = [{ when = { column = "x", flag = true }, give = { value = "1" } }] }',
            ["T", "yes", "0", None],
            ["1", "1", None, None],
        ),
        (
            '{ case = [{ when = { column = "x", flag = false }, give = { value = "1" } }] }',
            [True, False, None],
            [None, "1", "1"],
        ),
        (
            '{ case = [{ when = { column = "x", same_as = "id" }, give = { value = "1" } }] }',
            ["0", "5", None],
            ["1", None, None],
        ),
        ('{ case = [{ when = { column = "x", differs_from = "id" }, give = { value = "1" } }] }', [0, 5], [None, "1"]),
        (
            '{ case = [{ when = [{ column = "x", known = true }, { column = "id", is = "1" }], give = "x" }] }',
            ["a", "b"],
            [None, "b"],
        ),
        # Values of several types are all texts.
        ('{ first_of = [{ value = 1 }, "x"] }', ["a"], ["1"]),
    ],
)
def test_a_value(value: str, column: list[Any], made: list[Any], tmp_path: Path) -> None:
    assert values(tmp_path, value, column) == made


@pytest.mark.parametrize(
    ("reads", "column", "made"),
    [
        ("seconds", ["90"], [90.0]),
        ("minutes", [1.5, None], [90.0, None]),
        ("hours", ["0.5"], [1800.0]),
        ("milliseconds", [1500], [1.5]),
        ("hh:mm", ["01:30", "100:00", "00:00:30"], [5400.0, 360_000.0, 30.0]),
    ],
)
def test_a_length_of_time(reads: str, column: list[Any], made: list[Any], tmp_path: Path) -> None:
    assert values(tmp_path, f'{{ column = "x", reads = "{reads}" }}', column, role="handle_seconds") == made


@pytest.mark.parametrize(
    ("reads", "column", "made"),
    [
        ("unix seconds", [0, "60.5"], [(1970, 1, 1), (1970, 1, 1, 0, 1, 0, 500_000)]),
        ("unix milliseconds", [86_400_000], [(1970, 1, 2)]),
        ("end of day", ["2024-02-28", "2024-02-29T10:00:00Z"], [(2024, 2, 29), (2024, 3, 1)]),
        ("end of day", [dt.date(2024, 12, 31)], [(2025, 1, 1)]),
    ],
)
def test_an_instant(reads: str, column: list[Any], made: list[Any], tmp_path: Path) -> None:
    several = [str(one) for one in column] if len({type(one) for one in column}) > 1 else column
    expected = [None if one is None else dt.datetime(*one, tzinfo=dt.UTC) for one in made]
    assert values(tmp_path, f'{{ column = "x", reads = "{reads}" }}', several, role="due_at") == expected


def test_a_look_up_takes_several_steps(tmp_path: Path) -> None:
    one = pl.DataFrame({"key": [1, 2, 2, None], "next": ["a", "b", "c", "d"]})
    other = pl.DataFrame({"key": ["a", "c"], "name": ["A", "C"]})
    value = '{ column = "x", look_up = ["one.key -> next", "other.key -> name"] }'
    more = "[tables.one]\n[tables.other]\n"
    # Of a key that is there twice the last row counts; a null finds nothing.
    assert values(tmp_path, value, ["1", "2", "3", None], more=more, one=one, other=other) == ["A", "C", None, None]


def test_the_first_of_its_ticket(tmp_path: Path) -> None:
    text = BASE + (
        '[tables.m]\n[responses]\nfrom = "m"\nticket_id = "t"\nat = "at"\nauthor = { value = "agent" }\n'
        'opening = { case = [{ when = { column = "t", first_by = "at" }, give = { value = true } }, '
        "{ give = { value = false } }] }\n"
    )
    at = ["2024-01-02T00:00:00Z", "2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z", "2024-01-05T00:00:00Z"]
    messages = pl.DataFrame({"t": ["1", "1", "1", "2"], "at": at})
    records = read(tmp_path, text, {"t": pl.DataFrame({"id": ["1"], "at": [AT]}), "m": messages})
    assert records.responses.collect()["opening"].to_list() == [False, True, False, True]


LOG = """
title = "A log"
timezone = "UTC"
[tables.log]
[tickets]
from = "log"
one_row_a = "id"
order = "at"
ticket_id = "id"
created_at = { column = "at", pick = "first" }
status = "state"
team = { column = "team", pick = "last known" }
[changes]
from = "log"
changes_only = true
ticket_id = "id"
at = "at"
melt = { status = "state", team = "team" }
"""
ROWS = pl.DataFrame(
    {
        "id": ["1", "2", "1", "1", "1"],
        "at": [f"2024-01-0{day}T00:00:00Z" for day in (2, 1, 1, 3, 4)],
        "state": ["open", "new", "new", "open", None],
        "team": ["a", "b", "a", None, "c"],
    }
)


@pytest.mark.parametrize("empties", [False, True])
def test_a_log_melts_into_changes(empties: bool, tmp_path: Path) -> None:
    text = LOG.replace("changes_only", f"empties = {str(empties).lower()}\nchanges_only")
    records = read(tmp_path, text, {"log": ROWS})
    tickets = records.tickets.collect().sort("ticket_id")
    assert tickets.select("created_at", "status", "team").row(0) == (dt.datetime(2024, 1, 1, tzinfo=dt.UTC), None, "c")
    changes = records.changes.filter(ticket_id="1").collect().select("field", "previous", "value").rows()
    emptied = [("team", "a", None), ("team", None, "c")] if empties else [("team", "a", "c")]
    # The row of the third day says nothing new of the status, and of the team nothing, or that it was taken away.
    assert changes == [("status", None, "new"), ("status", "new", "open"), ("team", None, "a"), *emptied]


def test_rows_in_order_never_step_back(tmp_path: Path) -> None:
    text = LOG.replace("[tables.log]", '[tables.log]\nin_order = "at"\nwithin = "id"')
    records = read(tmp_path, text, {"log": ROWS})
    changes = records.changes.filter(ticket_id="1", field="status").collect()
    assert changes["value"].to_list() == ["open", "new", "open"]
    assert changes["at"].dt.day().to_list() == [2, 2, 3]
    assert records.placed.filter(outcome="moved")["n"].to_list() == [1, 1]


def test_rows_are_left_out_by_the_first_reason_that_holds(tmp_path: Path) -> None:
    text = BASE.replace(
        "[tables.t]",
        '[tables.t]\nleave_out = [{ reason = "test", when = { column = "x", is = "test" } }, '
        '{ reason = "odd", when = { column = "x", known = true } }]',
    )
    rows = pl.DataFrame({"id": ["1", "2", "3"], "at": [AT] * 3, "x": ["test", "else", None]})
    records = read(tmp_path, text, {"t": rows})
    assert records.tickets.collect()["ticket_id"].to_list() == ["3"]
    account = records.placed.select("outcome", "reason", "n").rows()
    assert account == [
        ("read", None, 3),
        ("placed", None, 1),
        ("left out", "test", 1),
        ("left out", "odd", 1),
        ("made", None, 1),
    ]


def test_other_columns_come_along_where_the_map_says_so(tmp_path: Path) -> None:
    rows = pl.DataFrame({"id": ["1"], "at": [AT], "^a.*$": [1], "·1": ["x"], "_b": [None]})
    records = read(tmp_path, BASE.replace('from = "t"', 'from = "t"\nkeep_others = true'), {"t": rows})
    kept = records.tickets.collect()
    assert kept.select(pl.col(r"^\^a.*$"), "·1", "_b").row(0) == (1, "x", None)


def test_columns_of_other_versions(tmp_path: Path) -> None:
    text = BASE.replace("[tables.t]", '[tables.t]\nalso_called = { at = ["created", "opened"] }')
    records = read(tmp_path, text, {"t": pl.DataFrame({"id": ["1"], "opened": [AT]})})
    assert records.tickets.collect()["created_at"].count() == 1


def test_one_has_the_callers_own_names(tmp_path: Path) -> None:
    rows = pl.DataFrame({"number": ["1"], "^at$": [AT]})
    records = read(tmp_path, BASE, {"mine": rows}, names={"t": "mine"}, columns={"t": {"id": "number", "at": "^at$"}})
    assert records.tickets.collect()["ticket_id"].to_list() == ["1"]
