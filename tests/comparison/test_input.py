"""Comparisons of what hardly can be compared: lone tickets, empty sides, keys of other types or names, odd options."""

from typing import Any

import numpy as np
import polars as pl
import pytest

import servicequality as sq
from servicequality import compare
from servicequality.errors import InputError, ParameterError

NPS = sq.nps("score")
BEFORE = pl.DataFrame({"score": [1, 9, 10, 3], "team": ["a", "b", "a", "b"], "k": [1, 2, 1, 2]})
AFTER = BEFORE.head(3)


def ticket(seconds: float) -> pl.DataFrame:
    return pl.DataFrame({"resolution_seconds": [seconds], "resolution_observed": [True]})


@pytest.mark.parametrize("rows", [1, 3])
def test_a_curve_at_0_against_one_at_1_has_no_test(rows: int) -> None:
    """One ticket in time against one that is late: p was 0."""
    sides = (pl.concat([ticket(seconds)] * rows) for seconds in (10.0, 20.0))
    row = compare(*sides, sq.resolution_time(limit=15.0)).row(0, named=True)
    assert (row["before"], row["after"], row["change"], row["p_value"]) == (1.0, 0.0, -1.0, None)


@pytest.mark.parametrize("key", ["before", "after", "p_value", "metric", "n before", "sum n after"])
def test_a_key_that_is_a_column_of_the_answer_is_refused(key: str) -> None:
    frames = (frame.rename({"team": key}) for frame in (BEFORE, AFTER))
    with pytest.raises(ParameterError, match=f"'{key}', which is a column of every"):
        compare(*frames, NPS, by=key)


@pytest.mark.parametrize("dtype", [pl.String, pl.Float64])
def test_keys_of_two_types_are_named(dtype: Any) -> None:
    with pytest.raises(InputError, match=r"column 'k' holds Int64 before and .* after; cast one of them"):
        compare(BEFORE, AFTER.cast({"k": dtype}), NPS, by="k")


@pytest.mark.parametrize(("key", "dtype"), [("k", pl.Int8), ("k", pl.UInt64), ("team", pl.Categorical)])
def test_keys_that_say_the_same_in_another_width_meet(key: str, dtype: Any) -> None:
    expected = compare(BEFORE, AFTER, NPS, by=key)
    result = compare(BEFORE, AFTER.cast({key: dtype}), NPS, by=key)
    assert result.drop(key).equals(expected.drop(key))
    assert result[key].to_list() == expected[key].to_list()


def test_an_empty_side_is_undefined_with_a_reason() -> None:
    row = compare(BEFORE.clear(), AFTER, NPS).row(0, named=True)
    assert (row["change"], row["p_value"], row["n_before"], row["reason"]) == (None, None, 0, "before: no answers")
    by_team = compare(BEFORE, AFTER.clear(), NPS, by="team")
    assert by_team["reason"].to_list() == ["after: no rows"] * 2
    nothing = pl.DataFrame({"score": [None, None], "team": [None, None]})
    assert compare(BEFORE, nothing, NPS, by="team").height == 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"detect": "x"}, "detect is a change"),
        ({"detect": np.inf}, "detect is a change"),
        ({"power": "x"}, "power must be"),
    ],
)
def test_odd_options_are_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        compare(BEFORE, AFTER, NPS, **options)
