"""The front door: every kind of table comes in as a Polars frame, and nothing else does."""

import datetime as dt
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from polars.testing import assert_frame_equal

from servicequality.errors import InputError
from servicequality.model import Ticket, as_frame

NOON = dt.datetime(2024, 5, 6, 12, tzinfo=dt.UTC)
EXPECTED = pl.DataFrame({"ticket_id": ["a", None, "c"], "score": [9.0, None, 6.5]})


class Capsule:
    """A stranger's dataframe that has nothing but an Arrow stream."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self._frame = frame

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self._frame.__arrow_c_stream__(requested_schema)


class SparkLike:
    """A frame that gives an Arrow table away as PySpark's does, and whose `collect` gives rows."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self._frame = frame

    def toArrow(self) -> Any:  # noqa: N802
        return self._frame.to_arrow()

    def collect(self) -> list[Any]:
        raise AssertionError("rows are not wanted")


@dataclass(slots=True)
class Visit:
    """A dataclass that is no record of ours."""

    page: str
    seconds: int | None


KINDS: dict[str, Callable[[pl.DataFrame], Any]] = {
    "polars": lambda frame: frame,
    "pandas": lambda frame: pd.DataFrame(frame.to_dict(as_series=False)),
    "pandas with its own index": lambda frame: pd.DataFrame(frame.to_dict(as_series=False), index=[5, 5, 7]),
    "pyarrow": lambda frame: frame.to_arrow(),
    "narwhals": nw.from_native,
    "narwhals lazy": lambda frame: nw.from_native(frame.lazy()),
    "capsule": Capsule,
    "spark": SparkLike,
    "mapping of lists": lambda frame: frame.to_dict(as_series=False),
    "mapping of series": lambda frame: frame.to_dict(as_series=True),
    "mappings": lambda frame: frame.to_dicts(),
    "tuple of mappings": lambda frame: tuple(frame.to_dicts()),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_table_comes_in(kind: str) -> None:
    assert_frame_equal(as_frame(KINDS[kind](EXPECTED)), EXPECTED)


def test_duckdb_relations_come_in() -> None:
    """In a process of its own: duckdb reports at exit what it leaks, after pytest's last line."""
    program = (
        "import duckdb; from servicequality.model import as_frame; "
        "rows = duckdb.sql(\"select * from (values ('a', 9.0), (null, null), ('c', 6.5)) as t(ticket_id, score)\"); "
        "print(as_frame(rows).cast({'score': float}).rows())"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == str(EXPECTED.rows())


def test_ibis_tables_come_in() -> None:
    ibis = pytest.importorskip("ibis", reason="ibis is not installed")
    assert_frame_equal(as_frame(ibis.memtable(EXPECTED.to_arrow())), EXPECTED)


def test_lazy_stays_lazy_and_eager_is_the_callers_own() -> None:
    lazy = EXPECTED.lazy()
    assert as_frame(lazy) is lazy
    assert as_frame(EXPECTED) is EXPECTED


def test_records_come_in() -> None:
    frame = as_frame([Ticket(ticket_id="1", created_at=NOON)])
    assert frame["ticket_id"].to_list() == ["1"]
    assert frame.schema["created_at"] == pl.Datetime("us", "UTC")


def test_dataclasses_of_ones_own_come_in() -> None:
    rows = [Visit("a", 1), Visit("b", None)]
    assert_frame_equal(as_frame(rows), pl.DataFrame({"page": ["a", "b"], "seconds": [1, None]}))
    assert rows == [Visit("a", 1), Visit("b", None)]


def test_keys_that_a_mapping_lacks_are_null_and_nested_values_stay() -> None:
    rows: list[dict[str, Any]] = [{"a": 1}, {"b": "x", "c": {"d": [1]}}]
    frame = as_frame(rows)
    assert frame.to_dicts() == [{"a": 1, "b": None, "c": None}, {"a": None, "b": "x", "c": {"d": [1]}}]
    assert rows == [{"a": 1}, {"b": "x", "c": {"d": [1]}}]


@pytest.mark.parametrize("nothing", [[], (), {}])
def test_nothing_is_a_frame_without_columns(nothing: Any) -> None:
    assert as_frame(nothing).shape == (0, 0)


def test_a_column_without_a_name_keeps_it() -> None:
    frame = pl.DataFrame({"": [1], "b": [2]})
    for given in (frame.to_arrow(), frame.to_pandas(), {"": [1], "b": [2]}):
        assert as_frame(given).columns == ["", "b"]


def test_pandas_categories_missing_values_and_instants() -> None:
    instants = pd.to_datetime(["2024-01-01", None, "2024-07-01"])
    theirs = pd.DataFrame(
        {
            "category": pd.Categorical(["x", None, "y"]),
            "text": np.array(["a", np.nan, "b"], dtype=object),
            "number": [1.0, np.nan, 2.0],
            "count": pd.array([1, None, 2], dtype="Int64"),
            "at": instants.tz_localize("Europe/Berlin"),
        }
    )
    before = theirs.copy()
    frame = as_frame(theirs)
    assert frame.null_count().row(0) == (1, 1, 1, 1, 1)
    assert frame["category"].cast(pl.String).to_list() == ["x", None, "y"]
    assert frame["text"].to_list() == ["a", None, "b"]
    assert frame["count"].to_list() == [1, None, 2]
    assert frame["at"][0] == dt.datetime(2023, 12, 31, 23, tzinfo=dt.UTC)
    pd.testing.assert_frame_equal(theirs, before)


def test_numbers_of_two_kinds_and_late_values_are_read() -> None:
    assert as_frame({"score": [9, 6.5]})["score"].to_list() == [9.0, 6.5]
    late = [{"score": None}] * 150 + [{"score": 3}]
    assert as_frame(late)["score"][150] == 3


@pytest.mark.parametrize(
    ("stranger", "message"),
    [
        (5, r"expected a Polars DataFrame or LazyFrame, .*; got int$"),
        ("tickets.csv", r"got str$"),
        (None, r"got NoneType$"),
        ([1, 2], r"got list: its rows must be dataclasses or mappings, one is int"),
        ([{"a": 1}, 2], r"one is int"),
        ([Ticket], r"one is type"),
        (
            [Ticket(ticket_id="1", created_at=NOON), {"ticket_id": "2"}],
            r"of several kinds, Ticket, dict; make one table",
        ),
        ([{"a": 1}, Visit("x", 1)], r"of several kinds, dict, Visit; make one table of each kind"),
        ([{"a": 1, "b": [9]}, {"a": 2, "b": 9}], r"got list: column 'b' mixes kinds of values; make it one kind first"),
        ([{1: 9}], r"a column has the name 1, which is no text"),
        (pl.Series("a", [1]), r"got polars\..*Series: one column is not a table: name it with \.to_frame\(\)"),
        (pd.Series([1], name="a"), r"Series: one column is not a table"),
        (pa.chunked_array([[1]]), r"got pyarrow.*ChunkedArray"),
        ({"a": [1], "b": [1, 2]}, r"got dict: .*height"),
    ],
)
def test_what_is_no_table_is_named(stranger: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        as_frame(stranger)


def test_a_pandas_column_of_several_kinds_is_named() -> None:
    theirs = pd.DataFrame({"fine": [1, 2], "mixed": np.array([1, "a"], dtype=object)})
    with pytest.raises(InputError, match=r"column 'mixed' mixes kinds of values; make it one kind first"):
        as_frame(theirs)


def test_two_pandas_columns_of_one_name_are_refused() -> None:
    with pytest.raises(InputError, match="non-unique"):
        as_frame(pd.DataFrame([[1, 2]], columns=["a", "a"]))


def test_a_naive_instant_among_aware_ones_is_refused() -> None:
    naive = dt.datetime(2024, 5, 6)  # noqa: DTZ001
    with pytest.raises(InputError, match=r"got dict: column 'at' mixes kinds of values; make it one kind first"):
        as_frame({"at": [NOON, naive], "fine": [1, 2]})
    with pytest.raises(InputError, match=r"got list: .*supertype of datetime\[μs, UTC\] and datetime\[μs\]"):
        as_frame([{"at": NOON}, {"at": naive}])


def test_pandas_without_pyarrow_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(*_: object, **__: object) -> pl.DataFrame:
        raise ModuleNotFoundError("pa.Table requires 'pyarrow' module to be installed")

    monkeypatch.setattr(pl, "DataFrame", type("Absent", (pl.DataFrame,), {"__init__": absent}))
    with pytest.raises(InputError, match=r"needs pyarrow to be read: pip install 'servicequality\[arrow\]'"):
        as_frame(pd.DataFrame({"a": [1]}))


@pytest.mark.parametrize(
    "table",
    [
        {"seconds": [60.0, dt.timedelta(minutes=1)]},
        {"seconds": [dt.timedelta(minutes=1), 60]},
        [{"seconds": 60}, {"seconds": dt.timedelta(minutes=1)}],
        [{"seconds": NOON}, {"seconds": 1.5}],
        [Visit("a", 1), Visit("b", NOON.date())],  # type: ignore[arg-type]
    ],
)
def test_instants_among_numbers_are_not_counted_in_microseconds(table: Any) -> None:
    with pytest.raises(InputError, match="column 'seconds' mixes kinds of values; make it one kind first"):
        as_frame(table)


def test_dataclasses_without_their_fields_are_named() -> None:
    blank = [object.__new__(Visit)]
    with pytest.raises(InputError, match="a Visit has no value in its field 'page'; give it one, or None"):
        as_frame(blank)


@pytest.mark.parametrize(
    "scalar", [pd.NA, pd.Timestamp(NOON), pd.DataFrame({"a": [1]}).groupby("a"), pd.Categorical(["a"])]
)
def test_things_of_pandas_that_are_no_table(scalar: Any) -> None:
    with pytest.raises(InputError, match=r"expected a Polars DataFrame .*; got pandas"):
        as_frame(scalar)


def test_a_column_that_breaks_the_reader_is_named() -> None:
    for broken in (np.zeros((1, 2)).view(np.matrix), [pl.Series([1]), 1]):
        with pytest.raises(InputError, match="column 'odd' mixes kinds of values"):
            as_frame({"even": [2, 4], "odd": broken})
