"""Keys of any type become codes: one a group, whatever the type, nulls included."""

import datetime as dt

import polars as pl
import pytest

import servicequality as sq
from servicequality.core.engine.numbering import CODE, with_codes

DAY = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
KEYS = {
    "text": pl.Series(["b", "a", None, "b", "", "a"]),
    "enum": pl.Series(["b", "a", None, "b", "c", "a"], dtype=pl.Enum(["c", "a", "unused", "b"])),
    "categorical": pl.Series(["b", "a", None, "b", "c", "a"], dtype=pl.Categorical),
    "flag": pl.Series([True, False, None, True, True, False]),
    "tiny": pl.Series([127, -128, None, 127, 0, -128], dtype=pl.Int8),
    "wide": pl.Series([2**62, -(2**62), None, 2**62, 0, 5]),
    "unsigned": pl.Series([2**64 - 1, 0, None, 2**64 - 1, 1, 0], dtype=pl.UInt64),
    "number": pl.Series([1.5, float("nan"), None, 1.5, float("inf"), float("nan")]),
    "date": pl.Series([DAY.date(), None, None, DAY.date(), dt.date(1970, 1, 1), None]),
    "instant": pl.Series([DAY, None, None, DAY, DAY + dt.timedelta(days=31), None]),
    "nothing": pl.Series([None] * 6, dtype=pl.String),
    "null": pl.Series([None] * 6),
}


@pytest.mark.parametrize("keys", [[name] for name in KEYS] + [["text", "wide", "instant"], list(KEYS)])
def test_rows_and_groups_agree(keys: list[str]) -> None:
    frame = pl.DataFrame(KEYS).with_row_index("row")
    check(frame, keys)


def test_every_nan_is_one_key_whatever_its_bits() -> None:
    bits = pl.Series("k", [0x7FF8 << 48, -(0x0008 << 48), 0, None]).reinterpret(dtype=pl.Float64)
    frame = pl.DataFrame({"k": bits, "part": [1, 2, 3, 4], "row": [0, 1, 2, 3]})
    assert frame["k"].is_nan().to_list() == [True, True, False, None]
    plan, groups = with_codes(frame.lazy(), [pl.col("row")], frame.select("k", "part"), ["k", "part"])
    assert sorted(plan.collect()[CODE].to_list()) == groups[CODE].to_list()
    rows = frame.with_columns(
        at=pl.lit(DAY) + pl.duration(days=pl.col("part")), kind=pl.lit("a"), seconds=pl.col("row") + 1.0
    )
    metrics = [sq.latency(), sq.activity_breadth(kind="kind")]
    result = sq.evaluate(rows, metrics, by="k", every="1d", at="at")
    assert result["value"].null_count() == 0
    assert result.filter(metric="latency")["value"].sort().to_list() == [1.0, 2.0, 3.0, 4.0]


def test_more_combinations_than_codes_are_joined() -> None:
    n = 1_500
    frame = pl.DataFrame({"row": range(n), "code": [str(i) for i in range(n)], "other": [i % 997 for i in range(n)]})
    check(frame, ["code", "other"])


def test_without_keys_all_rows_are_one_group() -> None:
    plan, groups = with_codes(pl.LazyFrame({"row": [1, 2, 3]}), [pl.col("row")], pl.DataFrame({"n": [3]}), [])
    assert plan.collect()[CODE].to_list() == [0, 0, 0]
    assert groups[CODE].to_list() == [0]


def check(frame: pl.DataFrame, keys: list[str]) -> None:
    """Two rows have one code exactly when their keys are equal, and each group has the code of its rows."""
    groups = frame.lazy().group_by(keys).agg(pl.col("row")).collect()
    plan, coded = with_codes(frame.lazy(), [pl.col("row")], groups, keys)
    table = plan.collect().group_by(CODE).agg(pl.col("row").sort()).sort(CODE)
    assert coded[CODE].is_sorted()
    assert table.equals(coded.select(pl.col(CODE).cast(table.schema[CODE]), pl.col("row").list.sort()))
