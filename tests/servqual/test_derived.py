"""Derived importance: the kernels by name, known drivers first, and bad calls told."""

import numpy as np
import polars as pl
import pytest

from servicequality.errors import InputError, ParameterError
from servicequality.servqual import derived_importance, importance_performance

COLUMNS = ["a", "b", "c"]


def rows(n: int = 400) -> pl.DataFrame:
    rng = np.random.default_rng(1)
    a, b, c = rng.normal(size=(3, n))
    return pl.DataFrame({"a": a, "b": b, "c": c, "y": 2 * a + b + rng.normal(size=n)})


def test_correlations_are_correlations() -> None:
    frame = rows()
    result = derived_importance(frame, "y", COLUMNS, method="correlation")
    assert result["importance"].to_list() == pytest.approx([np.corrcoef(frame[x], frame["y"])[0, 1] for x in COLUMNS])


def test_regression_is_least_squares_of_standardised_columns() -> None:
    z = rows().select((pl.all() - pl.all().mean()) / pl.all().std()).to_numpy()
    result = derived_importance(rows(), "y", COLUMNS, method="regression")
    assert result["importance"].to_list() == pytest.approx(np.linalg.lstsq(z[:, :3], z[:, 3], rcond=None)[0].tolist())


def test_parts_add_up_to_what_is_explained_and_rank_what_was_put_in() -> None:
    result = derived_importance(rows(), "y", {"first": "a", "second": "b", "none": "c"}, resamples=200)
    assert result.sort("importance", descending=True)["dimension"].to_list() == ["first", "second", "none"]
    x, y = rows().select(COLUMNS).to_numpy(), rows()["y"].to_numpy()
    design = np.column_stack([np.ones(len(y)), x])
    left = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
    assert result["importance"].sum() == pytest.approx(1 - left.var() / y.var())  # together they are R²
    assert (result["low"] <= result["importance"]).all()
    assert (result["importance"] <= result["high"]).all()
    mapped = importance_performance(result.with_columns(performance=pl.Series([5.0, 3.0, 4.0])))
    assert mapped.height == 3


def test_rows_that_lack_something_are_counted() -> None:
    holed = rows().with_columns(a=pl.when(pl.int_range(400) >= 25).then("a"))
    assert derived_importance(holed, "y", COLUMNS, method="correlation").select("n", "n_missing").row(0) == (375, 25)


def test_refusals() -> None:
    with pytest.raises(ParameterError, match="method must be one of 'correlation', 'regression', 'lmg'; got 'shap'"):
        derived_importance(rows(), "y", COLUMNS, method="shap")  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="two columns or more, other than the outcome 'y'"):
        derived_importance(rows(), "y", ["a", "y"])
    with pytest.raises(ParameterError, match="5 complete rows, and 3 dimensions need 6"):
        derived_importance(rows(5), "y", COLUMNS)
    with pytest.raises(InputError, match="'a' holds String, expected numbers"):
        derived_importance(rows().with_columns(pl.col("a").cast(pl.String)), "y", COLUMNS)
    holed = rows().with_columns(a=pl.when(pl.int_range(400) == 7).then(float("nan")).otherwise("a"))
    with pytest.raises(InputError, match="1 row outside numbers: column 'a' such as nan"):
        derived_importance(holed, "y", COLUMNS)
    with pytest.raises(ParameterError, match="column 'c' does not vary"):
        derived_importance(rows().with_columns(c=pl.lit(1.0)), "y", COLUMNS, method="correlation")
