"""Columns of any type in any table of any map: records, or an error of ours that names the table."""

import datetime as dt
import decimal
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from servicequality import Records, sources
from servicequality.errors import ServiceQualityError
from servicequality.sources.needed import columns_of
from servicequality.sources.shipped import load_map

N = 3
NOW = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
COLUMNS: list[Any] = [
    ["a", None, "c"],
    ["1", "2", "2"],
    ["true", "false", "x"],
    ['{"a": 1}', "[]", "["],
    ["2024-01-01T00:00:00Z", "2024-01-01", ""],
    [1, 2, None],
    [-1, 2**62, 0],
    [1.5, float("nan"), float("inf")],
    [True, False, None],
    [NOW, None, NOW],
    pl.Series([NOW.replace(tzinfo=None)] * N, dtype=pl.Datetime("ns")),
    pl.Series([2**60, -(2**60), 0]).cast(pl.Datetime("us", "UTC")),
    [dt.date(2024, 1, 1), dt.date(9999, 12, 31), None],
    [dt.time(1), None, dt.time(2)],
    [dt.timedelta(1), None, dt.timedelta(-1)],
    [[1], [], None],
    [["a"], [], None],
    [[{"a": 1}], [], None],
    [{"a": 1, "b": {"c": None}}, None, {"a": 2, "b": None}],
    [b"\xff\x00", b"", None],
    pl.Series(["a", "b", None], dtype=pl.Categorical),
    pl.Series(["a", "b", None], dtype=pl.Enum(["a", "b"])),
    [decimal.Decimal("1.5"), None, decimal.Decimal(2)],
    pl.Series([None] * N, dtype=pl.Null),
    pl.Series([1, 2, None], dtype=pl.UInt8),
    pl.Series([[1, 2]] * N, dtype=pl.Array(pl.Int64, 2)),
]
OPTIONS: list[dict[str, Any]] = [
    {},
    {"datetime": "%d/%m/%Y"},
    {"timezone": "Europe/Berlin"},
    {"missing": ["a", ""]},
    {"persons": {"1": "bot", "a": "agent"}},
]


@pytest.mark.parametrize("name", [one.name for one in sources.maps()])
def test_columns_of_any_type(name: str) -> None:
    rng, named = np.random.default_rng(7), columns_of(load_map(name))
    good = pl.Series(["1", "2", "3"]), pl.Series([NOW] * N)
    outcomes = []
    for _ in range(30):
        tables = {}
        for table, columns in named.items():
            # Mostly texts or nothing: else nearly every draw stops at its first column.
            drawn = {
                one: pl.Series(COLUMNS[rng.integers(len(COLUMNS))] if rng.random() < 0.04 else [None] * N, strict=False)
                for one in columns
            }
            if rng.random() < 0.8:  # else nearly every draw stops at an id
                drawn |= {
                    one: good[0]
                    for one in columns
                    if one in ("id", "ticket_id", "sys_id", "no", "issue_id", "conversation_id", "contact_id", "o_id")
                }
                drawn |= {
                    one: good[1]
                    for one in columns
                    if one in ("created_at", "created", "opened_at", "at", "updated", "time")
                }
            if rng.random() < 0.9:
                tables[table] = pl.DataFrame(drawn)
        try:
            records = sources.read(name, tables, **OPTIONS[rng.integers(len(OPTIONS))])
        except ServiceQualityError as error:
            outcomes.append(type(error).__name__)
        else:
            outcomes.append("read")
            assert isinstance(records, Records)
    assert {"read", "InputError"} <= set(outcomes), outcomes


@pytest.mark.parametrize("name", [one.name for one in sources.maps() if one.exports])
def test_an_empty_desk_comes_back_empty(name: str, tmp_path: Path) -> None:
    empty = Records(tickets=pl.DataFrame(), responses=pl.DataFrame(), changes=pl.DataFrame(), answers=pl.DataFrame())
    for kind in ("parquet", "csv"):
        sources.export(empty, name, tmp_path / kind, kind=kind)  # type: ignore[arg-type]
        back = sources.read(name, tmp_path / kind)
        assert back.tickets.collect().height == 0
