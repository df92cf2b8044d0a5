"""What is wrong with an export is said with its file, line, table and column; hostile texts pass every map unchanged."""

import datetime as dt
import json
from pathlib import Path

import polars as pl
import pytest

from servicequality import Records, sources
from servicequality.errors import InputError, ParameterError
from sources.desks import zendesk_pages
from sources.roundtrips import desk

HEAD = "ticket_id,created_at,resolved_at,team\n"
ROW = "1,2024-01-01T00:00:00Z,,a\n"


def refused(path: object, message: str, name: str = "tickets", **options: object) -> str:
    with pytest.raises(InputError, match=message) as caught:
        sources.read(name, path, **options)  # type: ignore[arg-type]
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEAD + ROW + "2,01/02/2024 10:00,,a\n", r"tickets.csv, line 3, column 'created_at'"),
        (HEAD + ROW + "2,2024-13-01,,a\n", r"not ISO 8601.*\n  from tickets.csv, line 3, column 'created_at'"),
        (HEAD + ROW + "2,2024-01-01T00:00:00,,a\n", r"have no time zone.*\n  from tickets.csv, line 3"),
        (HEAD + ROW + "2,,,a\n", r"values are missing.*\n  from tickets.csv, line 3, column 'created_at'"),
        (HEAD + ROW + ROW, r"2 rows share 1 ids.*\n  from tickets.csv, line 2, column 'ticket_id'"),
        (HEAD + ROW + '2,2024-13-01,,"two\nlines"\n', r"from tickets.csv, row 2, column 'created_at'"),
        (HEAD.replace("created_at", "created") + ROW, "tickets.csv has no column 'created_at'.*did you mean 'created'"),
        (
            HEAD + ROW + "2,2024-01-01,,a,b,c\n",
            "tickets.csv cannot be read as .csv: .*; line 3 has 6 fields, the head has 4",
        ),
        (HEAD + ROW + '2,2024-01-01T00:00:00Z,,"a\n', r"cannot be read as .csv"),
        ("", "tickets.csv cannot be read as .csv: empty CSV"),
    ],
)
def test_a_csv_file(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "tickets.csv"
    path.write_text(text, encoding="utf-8")
    assert "tickets.csv" in refused(path, message)


def test_mixed_encodings(tmp_path: Path) -> None:
    path = tmp_path / "tickets.csv"
    path.write_bytes((HEAD + ROW).encode() + "2,2024-01-01T00:00:00Z,,Käse\n".encode("cp1252"))
    refused(path, r"tickets.csv, line 3: the byte 0xe4 is not UTF-8")
    lines = tmp_path / "tickets.ndjson"
    lines.write_bytes(b'{"id": 1}\n' + '{"id": "ä"}\n'.encode("cp1252"))
    refused(lines, r"tickets.ndjson, line 2: the byte 0xe4 is not UTF-8")
    path.write_bytes(b"\xef\xbb\xbf" + (HEAD + ROW).encode())  # a byte order mark is none of the name
    assert sources.read("tickets", path).tickets.collect().height == 1


def test_truncated_json(tmp_path: Path) -> None:
    zendesk_pages(tmp_path)
    page = tmp_path / "audits_1.json"
    page.write_text(page.read_text()[:-30])
    refused(tmp_path, r"audits_1.json, line 1: this is no JSON .*was the file cut off\?", "zendesk.api")
    lines = tmp_path / "tickets.ndjson"
    lines.write_text('{"ticket_id": 1, "created_at": "2024-01-01T00:00:00Z"}\n{"ticket_id": 2, "crea')
    refused(lines, r"tickets.ndjson, line 2: this is no JSON .*was the file cut off\?")
    lines.unlink()
    page.write_text('{"audits": 3}')
    refused(tmp_path, "audits_1.json: expected a list of rows under 'audits'; got 3", "zendesk.api")


def test_a_broken_parquet_file(tmp_path: Path) -> None:
    (tmp_path / "tickets.parquet").write_bytes(b"no parquet at all")
    refused(tmp_path / "tickets.parquet", "tickets.parquet cannot be read as .parquet")


def test_a_page_with_a_renamed_column(tmp_path: Path) -> None:
    for number, head in ((1, HEAD), (2, HEAD.replace("created_at", "created"))):
        (tmp_path / f"tickets_{number}.csv").write_text(head + ROW.replace("1,", f"{number},", 1))
    refused(tmp_path, "tickets_2.csv has no column 'created_at'")


def test_a_line_of_the_second_page(tmp_path: Path) -> None:
    (tmp_path / "tickets_1.csv").write_text(HEAD + ROW)
    (tmp_path / "tickets_2.csv").write_text(HEAD + "2,2024-01-01T00:00:00Z,,a\n3,yesterday,,a\n")
    refused(tmp_path, r"from tickets_2.csv, line 3, column 'created_at'")


def test_a_half_empty_export(tmp_path: Path) -> None:
    zendesk_pages(tmp_path)
    (tmp_path / "audits_1.json").write_text('{"audits": []}')
    records = sources.read("zendesk.api", tmp_path)
    assert records.tickets.collect().height == 2
    assert records.changes.collect().height == 0
    (tmp_path / "audits_1.json").unlink()
    records = sources.read("zendesk.api", tmp_path)
    assert records.responses is None
    assert ("audits", "the table") in records.placed.filter(outcome="absent").select("source", "reason").rows()
    (tmp_path / "tickets_1.json").unlink()
    refused(
        tmp_path, "has no file tickets.csv, .parquet, .ndjson or .json; it has groups.json, users.json", "zendesk.api"
    )


def test_readings_that_fail(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(
        'title = "x"\n[tables.t]\n[tickets]\nfrom = "t"\nticket_id = "id"\ncreated_at = "at"\n'
        'handle_seconds = { column = "spent", reads = "hh:mm" }\n'
    )
    table = tmp_path / "t.csv"
    table.write_text("id,at,spent\n1,2024-01-01T00:00:00Z,01:30\n2,2024-01-01T00:00:00Z,ninety\n")
    refused(
        tmp_path,
        r"t.csv, line 3, column 'spent': 1 of 2 are not hours and minutes such as 01:30, such as 'ninety'",
        own,
    )  # type: ignore[arg-type]
    options = {"datetime": "%d/%m/%Y %H:%M", "timezone": "UTC"}
    table.write_text("id,at,spent\n1,31/01/2024 10:00,\n2,01/31/2024 10:00,\n")
    refused(tmp_path, r"t.csv, line 3, column 'at': 1 of 2 are not written as '%d/%m/%Y %H:%M'", own, **options)  # type: ignore[arg-type]


def test_frames_and_other_things() -> None:
    rows = pl.DataFrame({"ticket_id": ["1", "2"], "created_at": [dt.datetime(2024, 1, 1)] * 2})  # noqa: DTZ001
    refused({"tickets": rows}, r"without a time zone.*\n  from the frame 'tickets', column 'created_at'")
    refused({"tickets": rows.lazy().select("nothing")}, "the frame 'tickets' cannot be read")
    refused({"tickets": 3}, "expected a Polars DataFrame")
    refused("/nowhere/at.csv", "no file at")
    with pytest.raises(ParameterError, match="takes a folder, a mapping of frames"):
        sources.read("zendesk.fivetran", 3)
    refused({}, "tables has no frame 'ticket'", "zendesk.fivetran")
    refused(Path(__file__), "expected a file that ends in .csv")


HOSTILE = [
    "^a.*$", "*", "", " ", "null", "NULL", "'; drop table tickets; --", '"quoted"', "two\nlines", "tab\there",
    "comma,semi;colon", "\\u0041\\n", "ünïcödé \U0001f600", "a" * 5_000, "{}", '{"a": 1}', "[1]", "·place", "_ticket",
    "true", "-1", "1e999", "\u202eltr", "=1+1",
]  # fmt: skip


def hostile_desk() -> Records:
    """A desk whose teams, people and categories have hostile names."""
    tables = {name: desk(120).tables[name].collect() for name in ("tickets", "responses", "changes")}
    names = pl.Series("names", HOSTILE)

    def hostile(frame: pl.DataFrame, *columns: str) -> pl.DataFrame:
        drawn = names.gather(pl.int_range(frame.height, eager=True) % len(HOSTILE))
        return frame.with_columns(pl.when(pl.col(one).is_not_null()).then(drawn).alias(one) for one in columns)

    return Records(
        tickets=hostile(tables["tickets"], "team", "agent_id", "category"),
        responses=tables["responses"],
        changes=hostile(tables["changes"].filter(field="agent"), "value"),
    )


@pytest.mark.parametrize("name", [one.name for one in sources.maps() if one.exports])
@pytest.mark.parametrize("kind", ["csv", "ndjson", "parquet"])
def test_hostile_texts_come_back_unchanged(name: str, kind: str, tmp_path: Path) -> None:
    records = hostile_desk()
    sources.export(records, name, tmp_path, kind=kind)  # type: ignore[arg-type]
    back = sources.read(name, tmp_path)
    before, after = (one.tickets.collect().sort("ticket_id") for one in (records, back))
    before = before.filter(pl.col("ticket_id").is_in(after["ticket_id"].implode()))
    lost = {"jira.fivetran": {"team"}, "intercom.fivetran": {"team", "category"}, "chatwoot.postgres": {"category"}}
    for role in (
        {"team", "agent_id", "category"}
        - lost.get(name, set())
        - ({"team", "agent_id"} if name == "event_log" else set())
    ):
        assert after[role].to_list() == before[role].to_list(), role
    if back.changes is not None and name not in {"chatwoot.postgres", "event_log"}:  # these keep no such row as it is
        wanted = records.changes.collect().sort("ticket_id", "at")["value"].to_list()
        got = back.changes.filter(field="agent").collect().sort("ticket_id", "at")["value"].to_list()
        assert got == wanted


@pytest.mark.parametrize("name", [one.name for one in sources.maps() if not one.exports])
def test_hostile_words_are_no_error(name: str, tmp_path: Path) -> None:
    if name == "zendesk.api":
        zendesk_pages(tmp_path)
        pages = {path: json.loads(path.read_text()) for path in tmp_path.glob("*.json")}
        for path, page in pages.items():
            for i, row in enumerate(row for key, rows in page.items() if isinstance(rows, list) for row in rows):
                row |= {"status": HOSTILE[i], "role": HOSTILE[i], "name": HOSTILE[i], "priority": HOSTILE[-i - 1]} | {
                    HOSTILE[i]: 1
                }
            path.write_text(json.dumps(page))
        assert sources.read(name, tmp_path).tickets.collect()["status"].to_list() == HOSTILE[:2]
    elif name == "freshdesk.api":
        rows = [
            {"id": i, "created_at": "2024-01-01T00:00:00Z", "status": text, "type": text, "stats": text}
            for i, text in enumerate(HOSTILE)
        ]
        (tmp_path / "tickets.json").write_text(json.dumps(rows))
        records = sources.read(name, tmp_path)
        assert records.tickets.collect()["category"].to_list() == HOSTILE
    else:
        rows = {
            "sys_id": [str(i) for i in range(len(HOSTILE))],
            "opened_at": ["2024-01-01 00:00:00"] * len(HOSTILE),
            "category": HOSTILE,
        }
        records = sources.read(name, {"incident": pl.DataFrame(rows | {"assignment_group": HOSTILE})})
        assert records.tickets.collect()["category"].to_list() == [text or None for text in HOSTILE]
