"""Intraclass correlation: how much of the spread of numbers lies between items. Never here: categories (`agreement`)."""

from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from servicequality.checks import choice
from servicequality.errors import ParameterError
from servicequality.stats._checks import FloatArray, floats, require, two_sided_tail
from servicequality.stats._kernel import kernel

IccForm: TypeAlias = Literal["ICC(1)", "ICC(A,1)", "ICC(C,1)", "ICC(k)", "ICC(A,k)", "ICC(C,k)"]
FORMS: tuple[IccForm, ...] = ("ICC(1)", "ICC(A,1)", "ICC(C,1)", "ICC(k)", "ICC(A,k)", "ICC(C,k)")


class Intraclass(NamedTuple):
    """Intraclass correlations with their limits, one entry a group."""

    value: FloatArray
    low: FloatArray
    high: FloatArray


@kernel
def icc(ratings: ArrayLike, *, form: IccForm = "ICC(A,1)", level: float = 0.95) -> Intraclass:
    """Intraclass correlation of a complete table of ratings (McGraw and Wong 1996; Shrout and Fleiss 1979).

    Args:
        ratings: items (rows) by raters (columns).
        form: see `icc_of_mean_squares`.
        level: two-sided confidence.

    Raises:
        ParameterError: a missing rating, fewer than two items or raters, an unknown form, or ratings without spread.
    """
    (table,) = floats(ratings=_numbers(ratings))
    if table.ndim != 2 or min(table.shape) < 2:
        raise ParameterError(f"ratings must be a matrix of two items by two raters or more; got shape {table.shape}")
    n, k = table.shape
    about = table - table.mean()
    rows, columns = about.mean(axis=1), about.mean(axis=0)
    between, by_rater = k * float(rows @ rows) / (n - 1), n * float(columns @ columns) / (k - 1)
    if form in ("ICC(1)", "ICC(k)"):
        error = float(((about - rows[:, None]) ** 2).sum()) / (n * (k - 1))
    else:
        error = float(((about - rows[:, None] - columns) ** 2).sum()) / ((n - 1) * (k - 1))
    return icc_of_mean_squares(n, k, items=between, raters=by_rater, error=error, form=form, level=level)


@kernel
def icc_oneway(sizes: ArrayLike, sums: ArrayLike, squares: ArrayLike) -> float:
    """One-way intraclass correlation of groups of any size, ICC(1) by analysis of variance (Donner 1986).

    It is the correlation behind a design effect of 1 + (m - 1) icc.

    Args:
        sizes: rows of each group, 1 or more.
        sums: sum of each group's numbers about any origin; one near the data keeps the digits.
        squares: sum of their squares about the same origin.

    Raises:
        ParameterError: fewer than two groups, no group of two rows, or numbers without spread.
    """
    m, total, square = floats(sizes=sizes, sums=sums, squares=squares)
    require(m >= 1, "sizes", m, "1 or more", "leave empty groups out of the call")
    n, rows = m.size, float(m.sum())
    if n < 2 or rows <= n:
        raise ParameterError(f"two groups and a group of two rows are needed; got {n} groups of {rows:g} rows")
    within = float(np.maximum(square - total**2 / m, 0).sum()) / (rows - n)
    between = float(((total**2 / m).sum() - total.sum() ** 2 / rows) / (n - 1))
    size = (rows - float((m**2).sum()) / rows) / (n - 1)
    below = between + (size - 1) * within
    if not below > 0:
        raise ParameterError("all numbers are the same: without spread a correlation is undefined")
    return (between - within) / below


@kernel
def icc_of_mean_squares(
    n: ArrayLike,
    k: ArrayLike,
    *,
    items: ArrayLike,
    raters: ArrayLike,
    error: ArrayLike,
    form: IccForm = "ICC(A,1)",
    level: float = 0.95,
) -> Intraclass:
    """Intraclass correlation from the mean squares of an analysis of variance, with limits by F (McGraw and Wong 1996).

    Args:
        n: items, at least 2.
        k: ratings of each item, at least 2.
        items: mean square between items.
        raters: mean square between raters; only the forms of absolute agreement read it.
        error: mean square within items for ICC(1) and ICC(k), else what items and raters leave.
        form: ``ICC(1)`` raters differ from item to item; ``ICC(A,1)`` the same raters, a rater's leniency counts as
            disagreement; ``ICC(C,1)`` it does not; with ``k`` the mean of k raters is judged in place of one.
            Shrout and Fleiss call them ICC1, ICC2, ICC3, and ICC1k, ICC2k, ICC3k.
        level: two-sided confidence.

    Raises:
        ParameterError: n or k below 2, an unknown form, no spread at all, or a value that is not finite.
    """
    choice("form", form, FORMS)
    n_, k_, between, by_rater, left = floats(n=n, k=k, items=items, raters=raters, error=error)
    require((n_ >= 2) & (k_ >= 2), "n and k", np.minimum(n_, k_), "at least 2", "two items and two raters are needed")
    absolute = form in ("ICC(A,1)", "ICC(A,k)")
    leniency = k_ / n_ * (by_rater - left) if absolute else np.zeros_like(left)
    single = between + (k_ - 1) * left + leniency
    require(
        (between > 0) | (left > 0) | (absolute & (by_rater > 0)), "ratings", single, "of some spread",
        "without spread a correlation is undefined",
    )  # fmt: skip
    value = (between - left) / single
    if absolute:
        low, high = _absolute_limits(n_, k_, between, by_rater, left, value, two_sided_tail(level))
    else:
        freedom = n_ * (k_ - 1) if form in ("ICC(1)", "ICC(k)") else (n_ - 1) * (k_ - 1)
        low, high = _f_limits(n_, k_, between, left, freedom, two_sided_tail(level))
    if form.endswith("k)"):
        # The mean of k ratings, by Spearman and Brown: also of the limits.
        average = between if not absolute else between + leniency / k_
        with np.errstate(divide="ignore", invalid="ignore"):
            value = (between - left) / average
            low, high = (k_ * limit / (1 + (k_ - 1) * limit) for limit in (low, high))
        require(np.isfinite(value), "items", between, "above 0", "items that do not differ have no such correlation")
    return Intraclass(*(np.asarray(number, dtype=np.float64) for number in (value, low, high)))


def _f_limits(
    n: FloatArray, k: FloatArray, between: FloatArray, left: FloatArray, freedom: FloatArray, tail: float
) -> tuple[FloatArray, FloatArray]:
    from scipy.special import fdtri

    upper, lower = fdtri(n - 1, freedom, 1 - tail), fdtri(freedom, n - 1, 1 - tail)
    low = (between - upper * left) / (between + (k - 1) * upper * left)
    high = (lower * between - left) / (lower * between + (k - 1) * left)
    return low, high


def _absolute_limits(
    n: FloatArray,
    k: FloatArray,
    between: FloatArray,
    by_rater: FloatArray,
    left: FloatArray,
    value: FloatArray,
    tail: float,
) -> tuple[FloatArray, FloatArray]:
    from scipy.special import fdtri

    # Satterthwaite's degrees of freedom; multiplied through by the error, which may be 0.
    a, b = k * value * by_rater, (n * (1 + (k - 1) * value) - k * value) * left
    with np.errstate(divide="ignore", invalid="ignore"):
        freedom = (k - 1) * (n - 1) * (a + b) ** 2 / ((n - 1) * a**2 + b**2)
    sure = ~np.isfinite(freedom)  # no error and raters alike: every rating of an item is the same
    freedom = np.where(sure, 1.0, freedom)
    upper, lower = fdtri(n - 1, freedom, 1 - tail), fdtri(freedom, n - 1, 1 - tail)
    rest = k * by_rater + (k * n - k - n) * left
    with np.errstate(divide="ignore", invalid="ignore"):
        low = n * (between - upper * left) / (upper * rest + n * between)
        high = n * (lower * between - left) / (rest + n * lower * between)
    return np.where(sure, value, low), np.where(sure, value, high)


def _numbers(ratings: ArrayLike) -> FloatArray:
    """The ratings as floats; None and NaN are missing, and a complete table has none."""
    table = np.asarray(ratings, dtype=np.float64)
    if gaps := int(np.isnan(table).sum()):
        raise ParameterError(
            f"{gaps} of {table.size} ratings are missing, and the intraclass correlation needs a complete table: leave "
            "such items out, or use Krippendorff's alpha of the interval scale"
        )
    return table
