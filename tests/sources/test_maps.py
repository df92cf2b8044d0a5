"""Maps that ship and maps of one's own: what is listed, and what is wrong with a file, by its line."""

import datetime as dt
import json
import tomllib
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from servicequality import cli, sources
from servicequality.errors import InputError, ParameterError
from servicequality.model import TABLES, schema_of
from servicequality.sources.shipped import load_map

GOOD = """title = "A schema"

[tables.t]
may_lack = ["team"]

[tickets]
from = "t"
ticket_id = "id"
created_at = "at"
team = "team"
"""


def test_the_maps_that_ship_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    names = [one.name for one in sources.maps()]
    assert names == sorted(names)
    assert {"tickets", "event_log", "zendesk.fivetran", "zendesk.api", "jira.fivetran"} <= set(names)
    assert {"freshdesk.api", "intercom.fivetran", "servicenow.tables", "chatwoot.postgres", "zammad.postgres"} <= set(
        names
    )
    assert cli.main(["sources"]) == 0
    listed = capsys.readouterr().out
    assert all(name in listed for name in names)
    assert cli.main(["sources", "zendesk.fivetran"]) == 0
    shown = capsys.readouterr().out
    assert "ticket_field_history" in shown
    assert "recorded work" in shown  # what an export cannot hold
    assert cli.main(["sources", "zendsk.fivetran"]) == 2
    assert "did you mean 'zendesk.fivetran'?" in capsys.readouterr().err


def test_every_role_of_a_map_is_one() -> None:
    for one in sources.maps():
        assert one.schema, f"{one.name} names no version of its schema"
        assert set(one.records) <= set(TABLES)
    assert "made_sla" not in schema_of(TABLES["tickets"])  # a vendor's verdict is a column of its own, no role


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ('title = "A schema"', "title = ", "line 1", "is not a TOML file"),
        ('title = "A schema"', "title = 3", "line 1:", "title must be a text, got 3"),
        ('title = "A schema"', 'titel = "A schema"', "line 1:", "'titel' is not a key.*did you mean 'title'"),
        ('may_lack = ["team"]', "may_lack = [3]", "line 4:", "must be a text or a list of texts"),
        ('may_lack = ["team"]', 'optional = "yes"', "line 4:", "tables.t.optional must be true or false"),
        ('may_lack = ["team"]', 'rows = "tickets"', "line 4:", "'rows' is not a key of a table"),
        ('may_lack = ["team"]', 'in_order = "at"', "line 3:", "go together"),
        ('from = "t"', 'from = "u"', "line 7:", "there is no table 'u'"),
        ('from = "t"\n', "", "line 6:", "needs `from`"),
        ('ticket_id = "id"\n', "", "line 6:", "tickets need ticket_id"),
        ('team = "team"', 'solved_at = "x"', "line 10:", "'solved_at' is not a role of tickets.*did you mean 'resolved_at'"),
        ('team = "team"', "team = 3", "line 10:", "tickets.team takes a column, or a table"),
        ('team = "team"', 'team = { colum = "x" }', "line 10:", "'colum' is not a key of a value"),
        ('team = "team"', 'team = { column = "x", value = "y" }', "line 10:", "needs one of column, .*got column, value"),
        ('team = "team"', 'team = { value = [1] }', "line 10:", "value must be a text, a number"),
        ('team = "team"', 'team = { who = "x" }', "line 10:", r"`who` needs \[people\]"),
        ('team = "team"', 'team = { column = "x", look_up = "u.id" }', "line 10:", "written 'table.key -> column'"),
        ('team = "team"', 'team = { column = "x", look_up = "u.id -> n" }', "line 10:", "there is no table 'u'"),
        ('team = "team"', 'team = { column = "x", reads = "days" }', "line 10:", "reads must be one of 'seconds', 'minutes'"),
        ('team = "team"', 'team = { column = "x", words = { a = 1 } }', "line 10:", "must be a text, got 1"),
        ('team = "team"', 'team = { case = [{ when = { column = "x" }, give = "y" }] }', "line 10:", "one of is, is_not"),
        ('team = "team"', 'team = { case = [{ when = { column = "x", is = "a" } }] }', "line 10:", "needs `give`"),
        ('team = "team"', "changes_only = true", "line 10:", "goes with melt"),
        ('team = "team"', 'leave_out = [{ reason = "x" }]', "line 10:", "leave_out needs `reason`"),
        ('team = "team"', '[statuses]\nover = ["x"]', "line 11:", "'over' is not a set of statuses"),
        ('team = "team"', '[persons]\n"1" = "robot"', "line 11:", "a person is one of customer, agent, bot, system"),
        ('team = "team"', '[[export]]\nto = "x"\nfrom = "tickets"\ncolumns = {}', "line 11:", "there is no table 'x'"),
        ('team = "team"', '[[export]]\nto = "t"\nfrom = "ticket"\ncolumns = {}', "line 12:", "there is no table 'ticket'"),
        ('title = "A schema"', 'title = "A schema"\ntimezone = "Mars/Phobos"', "line 2:", "Mars/Phobos"),
        ("[tickets]", "[ticket]", "line 6:", "'ticket' is not a key.*did you mean 'tickets'"),
    ],
)  # fmt: skip
def test_a_wrong_map_says_what_and_where(old: str, new: str, line: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(GOOD.replace(old, new), encoding="utf-8")
    with pytest.raises(ParameterError, match=message) as caught:
        sources.read(path, {"t": pl.DataFrame({"id": ["1"], "at": ["2024-01-01"]})})
    assert line in str(caught.value)
    assert "own.toml" in str(caught.value)


def test_a_good_map_is_read(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(GOOD, encoding="utf-8")
    rows = pl.DataFrame({"id": ["1"], "at": ["2024-01-01T12:00:00"]})
    records = sources.read(str(path), rows, timezone="Europe/Berlin")
    assert records.map == "own"
    assert records.tickets.collect()["created_at"][0].astimezone(dt.UTC) == dt.datetime(2024, 1, 1, 11, tzinfo=dt.UTC)


def test_a_map_that_is_not_there() -> None:
    with pytest.raises(ParameterError, match=r"there is no map 'zendesk'.*did you mean 'zendesk"):
        sources.read("zendesk", {})
    with pytest.raises(ParameterError, match="cannot be read"):
        sources.read("none.toml", {})
    with pytest.raises(ParameterError, match="takes the name of a map"):
        sources.read(3, {})  # type: ignore[arg-type]


def test_a_file_that_is_not_utf_8(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_bytes(GOOD.encode() + "\n# für".encode("cp1252"))
    with pytest.raises(ParameterError, match="line 12: the file is not UTF-8"):
        sources.read(tmp_path / "own.toml", {})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"columns": {"tiket": {}}}, "columns names the table 'tiket'.*did you mean 'tickets'"),
        ({"columns": {"tickets": {"created": "x"}}}, "columns names 'created' of tickets.*did you mean 'created_at'"),
        ({"names": {"x": "y"}}, "names names the table 'x'"),
        ({"persons": {"1": "robot"}}, "'1' must be one of customer, agent, bot, system"),
        ({"timezone": "Mars"}, "timezone must be an IANA name"),
        ({"tables": {"tickts": []}}, "tables holds 'tickts'.*did you mean 'tickets'"),
    ],
)
def test_an_override_that_means_nothing(options: dict[str, object], message: str) -> None:
    rows = pl.DataFrame({"ticket_id": ["1"], "created_at": ["2024-01-01T00:00Z"]})
    tables = options.pop("tables", {"tickets": rows})
    with pytest.raises(ParameterError, match=message):
        sources.read("tickets", tables, **options)  # type: ignore[arg-type]


def test_a_map_without_export_does_not_write(tmp_path: Path) -> None:
    from servicequality import Records

    records = Records(tickets=pl.DataFrame({"ticket_id": ["1"], "created_at": ["2024-01-01T00:00Z"]}))
    with pytest.raises(ParameterError, match=r"'zendesk.api' has no \[\[export\]\].*these can: .*zendesk.fivetran"):
        sources.export(records, "zendesk.api", tmp_path)
    with pytest.raises(ParameterError, match="kind must be one of 'csv', 'parquet', 'ndjson'"):
        sources.export(records, "tickets", tmp_path, kind="xls")  # type: ignore[arg-type]
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        sources.export(records, "tickets", tmp_path / "file")
    with pytest.raises(InputError, match="the records hold no tables"):
        sources.export(Records(), "tickets", tmp_path)


TOML = (
    '""', '"x"', "1", "-1", "1e308", "nan", "true", "[]", "{}", "[[1]]", '["a", 1]', "2026-01-01", "12:00:00", "{ a = 1 }",
    "[{ a = 1 }]", '[{ reason = "x", when = 3 }]', '{ column = "x" }', "{ case = [1] }", '{ first_of = "x" }',
    '{ words = 3, column = "x" }', '{ case = [{ when = 3, give = "x" }] }', '{ column = "a", look_up = [3] }',
    "{ value = 1979-05-27 }", "{ case = 3 }", "{ first_of = [] }",
)  # fmt: skip
EVERY = """title = "x"
schema = "x"
timezone = "UTC"
datetime = "%Y"
missing = [""]
cannot_hold = ["x"]
tables = { t = { names = ["u"], optional = true, key = ["id"] } }
tickets = { from = "t", ticket_id = "id", created_at = "at" }
people = { from = "t", id = "id", kind = "kind" }
schedules = { from = "t", key = "id", zone = "z", name = "n", opens = "o", closes = "c" }
holidays = { from = "t", key = "id", first = "f", last = "l" }
persons = { a = "bot" }
statuses = { ended = ["x"] }
export = [{ to = "t", from = "tickets", columns = { id = "ticket_id" } }]
"""
KEYS = [line.partition(" =")[0] for line in EVERY.splitlines()]
INNER = {
    "tables": ("t",),
    "tickets": (
        "from",
        "ticket_id",
        "also",
        "melt",
        "leave_out",
        "needs",
        "keep_others",
        "one_row_a",
        "order",
        "distinct",
    ),
    "people": ("from", "kind"),
    "statuses": ("ended",),
    "persons": ("a",),
}


def broken_maps() -> Iterator[str]:
    lines = dict(zip(KEYS, EVERY.splitlines(), strict=True))
    for key in KEYS:
        for value in TOML:
            yield "\n".join((lines | {key: f"{key} = {value}"}).values())
    for key, names in INNER.items():
        table = tomllib.loads(lines[key])[key]
        for name in names:
            rest = ", ".join(
                f"{one} = {json.dumps(other)}" for one, other in table.items() if one != name and isinstance(other, str)
            )
            for value in TOML:
                yield "\n".join((lines | {key: f"{key} = {{ {rest}{', ' if rest else ''}{name} = {value} }}"}).values())
    for key in (
        "names",
        "optional",
        "also_called",
        "may_lack",
        "page",
        "each",
        "key",
        "newest",
        "in_order",
        "leave_out",
    ):
        for value in TOML:
            yield "\n".join((lines | {"tables": f"tables = {{ t = {{ {key} = {value} }} }}"}).values())


def test_any_type_in_any_key_is_an_error_of_ours(tmp_path: Path) -> None:
    path, refused = tmp_path / "own.toml", 0
    path.write_text(EVERY)
    load_map(path)
    for text in broken_maps():
        path.write_text(text, encoding="utf-8")
        try:
            load_map(path)
        except ParameterError as error:
            refused += "own.toml" in str(error)
    assert refused > 500
