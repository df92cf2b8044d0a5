"""Results as CSV, JSON and Parquet: read back as they were, and nothing that a spreadsheet or a page would run."""

import csv
import datetime as dt
import io
import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import servicequality as sq
from report.chart_inputs import HOSTILE, by_team, weekly
from servicequality.errors import InputError, ParameterError
from servicequality.report import to_csv, to_json, write

FORMULAS = ["=1+1", "+1", "-1+2", "@SUM(A1)", "\t=1", "\r=1", " =1", "\u200b=1", "＝1", "\n=cmd()", "\0=1"]


def cells(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


def test_a_result_is_read_back_from_each_form(tmp_path: Path) -> None:
    result = weekly(("a", "b"))
    for kind in ("csv", "json", "parquet"):
        write(result.lazy(), tmp_path / f"result.{kind}")
    assert_frame_equal(pl.read_parquet(tmp_path / "result.parquet"), result)
    read = pl.read_csv(tmp_path / "result.csv", try_parse_dates=True)
    assert_frame_equal(read.select("team", "value", "n"), result.select("team", "value", "n"))
    assert read["period"].dt.convert_time_zone("UTC").to_list() == result["period"].to_list()
    content = json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))
    assert (content["schema"], content["schema_version"]) == ("servicequality/result", 1)
    assert [column["name"] for column in content["columns"]] == result.columns
    rows = content["rows"]
    assert [row["value"] for row in rows] == result["value"].to_list()
    assert [dt.datetime.fromisoformat(row["period"]) for row in rows] == result["period"].to_list()


def test_no_text_begins_as_a_formula_and_numbers_stay_numbers() -> None:
    frame = pl.DataFrame({"=name": FORMULAS, "value": [-1.5] * len(FORMULAS)})
    head, *rows = cells(to_csv(frame))
    assert head == ["'=name", "value"]
    for (text, number), given in zip(rows, FORMULAS, strict=True):
        assert text == "'" + given.replace("\0", "\ufffd")
        assert float(number) == -1.5
    semicolons = to_csv(pl.DataFrame({"a": ["x;=cmd()", 'say "so"']})).splitlines()
    assert semicolons[1:] == ['"x;=cmd()"', '"say ""so"""']


def test_hostile_names_come_back_from_json_and_run_nowhere() -> None:
    result = by_team(HOSTILE)
    text = to_json(result)
    assert "<" not in text
    assert [row["team"] for row in json.loads(text)["rows"]] == result["team"].to_list()
    assert not [letter for letter in to_csv(result) if ord(letter) < 32 and letter != "\n"]


def test_values_of_every_kind_have_a_place() -> None:
    noon = dt.datetime(2026, 3, 29, 12, tzinfo=ZoneInfo("Europe/Berlin"))
    frame = pl.DataFrame(
        {
            "float": [float("nan")],
            "at": [noon],
            "day": [noon.date()],
            "long": [dt.timedelta(hours=1)],
            "flag": [True],
            "list": [[1.5, float("inf")]],
            "struct": [{"a": noon.date(), "b": None}],
            "kind": pl.Series(["x"], dtype=pl.Categorical),
            "none": [None],
            "bytes": [b"\xff"],
            "late": pl.Series([2**62]).cast(pl.Datetime("us", "UTC")),
        }
    )
    (row,) = json.loads(to_json(frame))["rows"]
    assert (row["float"], row["at"], row["day"], row["flag"]) == (
        None,
        "2026-03-29T12:00:00.000000+02:00",
        "2026-03-29",
        True,
    )
    assert (row["list"], row["struct"], row["none"]) == ([1.5, None], {"a": "2026-03-29", "b": None}, None)
    assert (row["long"], row["kind"], row["late"]) == ("PT1H", "x", str(2**62))
    line = dict(zip(*cells(to_csv(frame)), strict=True))
    assert (line["at"], line["flag"], line["none"]) == ("2026-03-29T12:00:00.000000+02:00", "true", "")
    assert cells(to_csv(frame.clear())) == [frame.columns]


def test_an_estimate_is_one_row() -> None:
    estimate = sq.nps().estimate([9, 10, 1])
    (row,) = json.loads(to_json(estimate))["rows"]
    assert row == estimate.to_dict()
    assert cells(to_csv(estimate))[0] == list(row)


@pytest.mark.parametrize(
    ("result", "path", "error", "message"),
    [
        (by_team(("a",)), "result.xlsx", ParameterError, r"path must end with \.csv, \.json, \.parquet"),
        (by_team(("a",)), "absent/result.csv", InputError, "cannot be written"),
        (by_team(("a",)), "absent/result.parquet", InputError, "cannot be written"),
        (by_team(("a",)), "a\0b.json", InputError, "cannot be written"),
        (3, "result.csv", InputError, "got 3|expected"),
    ],
)
def test_what_cannot_be_written(result: Any, path: str, error: type[Exception], message: str, tmp_path: Path) -> None:
    with pytest.raises(error, match=message):
        write(result, tmp_path / path)
    with pytest.raises(ParameterError, match="path takes"):
        write(result, 3)  # type: ignore[arg-type]
