"""What `estimate` takes in the place of a frame: one column of answers, in anything that holds it."""

from collections import deque
from datetime import UTC, datetime
from typing import Any

import numpy as np
import polars as pl
import pytest

from servicequality import nps
from servicequality.errors import InputError

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "data",
    [
        [9, 10, 3, None],
        (9, 10, 3, None),
        pl.Series([9, 10, 3, None]),
        pl.Series("other name", [9, 10, 3, None]),
        np.array([9, 10, 3]),
        [9, 10.0, 3, None],
        deque([9, 10, 3, None]),
        np.ma.array([9, 10, 3, 5], mask=[0, 0, 0, 1]),
        {"score": [9, 10, 3, None]},
        [{"score": 9}, {"score": 10}, {"score": 3}, {"score": None}],
        pl.DataFrame({"score": [9, 10, 3, None]}),
        pl.LazyFrame({"score": [9, 10, 3, None]}),
    ],
    ids=[
        "list",
        "tuple",
        "series",
        "named series",
        "array",
        "numbers",
        "deque",
        "masked array",
        "mapping",
        "records",
        "frame",
        "lazy frame",
    ],
)
def test_anything_that_holds_answers(data: object) -> None:
    result = nps().estimate(data)
    assert (result.value, result.n) == (pytest.approx(100 / 3), 3)


def test_pandas_columns_and_frames() -> None:
    pd = pytest.importorskip("pandas")
    assert nps().estimate(pd.Series([9, 10, 3])).n == 3
    assert nps().estimate(pd.DataFrame({"score": [9.0, None]})).n_missing == 1


def test_arrays_of_pandas_and_arrow() -> None:
    pd, pa = pytest.importorskip("pandas"), pytest.importorskip("pyarrow")
    numbers = [9, 10, None]
    for column in (
        pd.array(numbers),
        pd.Series(numbers, dtype="Int64").values,
        pa.array(numbers),
        pa.chunked_array([numbers]),
    ):
        result = nps().estimate(column)
        assert (result.value, result.n, result.n_missing) == (100, 2, 1)


class Unreadable(np.ndarray[Any, Any]):
    """An array whose type cannot be asked for."""

    @property
    def dtype(self) -> Any:
        raise AttributeError("no type")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([pl.Series([1]), 1], r"nps: the values for 'score' are of mixed types \(Series such as .*, int such as 1\)"),
        ([1, pl.Series([1])], r"mixed types \(int such as 1, Series such as "),
        ([np.array([1]), 2], r"mixed types \(ndarray such as array\(\[1\]\), int such as 2\); give numbers alone"),
        ([9, None, "ten"], r"mixed types \(int such as 9, str such as 'ten'\); give numbers alone"),
        ([1, NOON], r"mixed types \(int such as 1, datetime such as "),
        (
            np.zeros((1, 2)).view(np.matrix),
            r"nps: the array for 'score' has the shape \(1, 2\); a column has one dimension",
        ),
        (np.array(9), r"has the shape \(\); a column has one dimension"),
        (
            np.array([9, 3], "m8[s]"),
            r"the ndarray for 'score' cannot be read as a column \(.*\); give a list of numbers",
        ),
        (np.array([9, 3]).view(Unreadable), r"the Unreadable for 'score' cannot be read as a column \(no type\)"),
        (np.int64(9), r"the int64 for 'score' cannot be read as a column"),
    ],
)
def test_what_is_no_column_is_named(data: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        nps("score").estimate(data)
