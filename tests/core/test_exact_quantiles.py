"""Exact quantiles of frames in memory, which are gone through column by column, and of lazy ones, which are read once."""

import numpy as np
import polars as pl
import pytest

import servicequality as sq
from servicequality.columns import Seconds, answered
from servicequality.shapes import Shape, quantile


@sq.define(title="Time", unit="s", better="lower", formula=r"x_{(p)}")
def time_quantile(seconds: Seconds, *, p: float) -> Shape:
    """A quantile of the durations."""
    return quantile(pl.col(seconds), p, of=answered(seconds))


METRICS = [
    time_quantile(column, p=p).named(f"{column} {p}") for column in ("wait", "work") for p in (0.0, 0.1, 0.5, 0.9, 1.0)
]


def rows_of(n: int, *, codes: int, other: int) -> pl.DataFrame:
    rng = np.random.default_rng(n)
    frame = pl.DataFrame(
        {
            "code": rng.integers(0, codes, n).astype(str),
            "other": rng.integers(0, other, n) * 10_007,  # too wide apart to be codes of their own
            "wait": rng.lognormal(5, 2, n),
            "work": rng.integers(0, 50, n),
        }
    )
    return frame.with_columns(pl.when(pl.int_range(n) % 7 > 0).then(name).alias(name) for name in ("wait", "work"))


@pytest.mark.parametrize(
    ("keys", "codes", "other"),
    [([], 1, 1), (["code"], 5, 1), (["code", "other"], 3, 4), (["code", "other"], 1_500, 1_500)],
)
def test_both_are_those_of_numpy(keys: list[str], codes: int, other: int) -> None:
    frame = rows_of(5_000, codes=codes, other=other)
    result = sq.evaluate(frame, METRICS, by=keys)
    assert sq.evaluate(frame.lazy(), METRICS, by=keys).collect().equals(result)
    groups = frame.partition_by(keys, as_dict=True) if keys else {(): frame}
    assert result.height == len(groups) * len(METRICS)
    for row in result.sample(min(result.height, 60), seed=1).to_dicts():
        column, p = row["metric"].split()
        numbers = groups[tuple(row[key] for key in keys)][column].drop_nulls().to_numpy()
        assert row["n"] == len(numbers)
        truth = float(np.quantile(numbers, float(p))) if len(numbers) else None
        assert row["value"] == (None if truth is None else pytest.approx(truth, rel=1e-12))
