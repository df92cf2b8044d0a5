"""Interrupted time series and difference in differences, with their standard errors."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from servicequality.errors import ParameterError
from servicequality.stats._checks import (
    FloatArray,
    IntArray,
    Interval,
    critical_value,
    floats,
    gappy,
    interval,
    require,
)
from servicequality.stats._kernel import kernel
from servicequality.stats.mean import t_test

_FEWEST = 40  # points below which the correlation of neighbours cannot be estimated well enough to correct for it
_COLUMNS = 4


class Interrupted(NamedTuple):
    """The change of level and of slope at the interruption.

    Attributes:
        level_change: by how much the series lies above the line that it followed before, at the first point after.
        se: its standard error.
        low: lower limit.
        high: upper limit.
        p: two-sided p-value of "no change of level".
        slope_change: change of the slope, per point.
        slope_se: its standard error.
        rho: correlation of neighbouring errors that was allowed for.
    """

    level_change: float
    se: float
    low: float
    high: float
    p: float
    slope_change: float
    slope_se: float
    rho: float


@kernel
def interrupted_series(y: ArrayLike, start: int, *, level: float = 0.95) -> Interrupted:
    """Change of level and slope of an evenly spaced series, neighbours allowed to be alike (Prais and Winsten 1954).

    Least squares on 1, t, [t >= start], (t - start)⁺; the residuals' correlation r = sum e_t e_(t-1) / sum e² is
    corrected for small samples, rho = (n r + 5) / (n - 5), cut to ±0.95; then generalised least squares with
    y_t - rho y_(t-1) and the first point times sqrt(1 - rho²). Limits are Student's with n - 4 degrees of freedom.
    A point after a gap stands k steps from the one before: it is less correlated with it, rho^k, and its difference is
    divided by sqrt((1 - rho^2k) / (1 - rho²)), as generalised least squares has it. r is then of the pairs without a gap.

    Args:
        y: the series, one number a point, at least 40 of them; NaN is a gap.
        start: index from 0, gaps included, of the first point after the interruption; at least 2 points lie on either side.
        level: two-sided confidence.

    Raises:
        ParameterError: fewer than 40 points, an interruption too near an end, a series without errors, a level outside
            (0, 1), or an infinite value.
    """
    series = gappy("y", y)
    at = np.flatnonzero(np.isfinite(series))
    values, n = series[at], len(at)
    if n < _FEWEST:
        raise ParameterError(
            f"an interrupted series needs {_FEWEST} points to tell a change from neighbours that are alike; got {n}: "
            "take shorter periods or a longer history"
        )
    if not at[1] < start <= at[-2]:
        raise ParameterError(f"start must leave two points on either side, from {at[1] + 1} to {at[-2]}; got {start!r}")
    t = at.astype(np.float64)
    design = np.column_stack((np.ones(n), t, t >= start, np.maximum(t - start, 0.0)))
    errors = values - design @ _fit(design, values)
    square = float(errors @ errors)
    if square <= 1e-24 * float(values @ values + 1):
        raise ParameterError("y must vary about its lines: a series without errors has no test")
    steps = np.diff(at)
    near = steps == 1
    if not near.any():
        raise ParameterError("y has no two neighbouring points, of which the correlation could be told")
    alike = float(errors[1:][near] @ errors[:-1][near]) / square * (n - 1) / near.sum()
    rho = float(np.clip((n * alike + 5) / (n - 5), -0.95, 0.95))
    x, z = _whitened(design, rho, steps), _whitened(values[:, None], rho, steps)[:, 0]
    coefficients = _fit(x, z)
    left = z - x @ coefficients
    covariance = float(left @ left) / (n - _COLUMNS) * np.linalg.inv(x.T @ x)
    change, se = float(coefficients[2]), float(np.sqrt(covariance[2, 2]))
    half = float(critical_value(level, n - _COLUMNS)) * se
    p = float(t_test(change, se, df=n - _COLUMNS))
    return Interrupted(
        change, se, change - half, change + half, p, float(coefficients[3]), float(np.sqrt(covariance[3, 3])), rho
    )


@kernel
def difference_in_differences(
    after: ArrayLike,
    before: ArrayLike,
    control_after: ArrayLike,
    control_before: ArrayLike,
    *,
    squares: ArrayLike,
    level: float = 0.95,
) -> tuple[FloatArray, FloatArray, Interval]:
    """(after - before) of those who got it, less (after - before) of those who did not, with its error and limits.

    With each variance's divisor n (squares = variance / n) the error is least squares' HC0 (White 1980).

    Args:
        after: figure of the treated group after.
        before: the same before.
        control_after: figure of the other group after.
        control_before: the same before.
        squares: squared standard errors of the four figures, in this order along the first axis, 0 or more.
        level: two-sided confidence of normal limits.

    Raises:
        ParameterError: not four squares, a negative one, a level outside (0, 1), or a value that is not finite.
    """
    a, b, c, d = floats(after=after, before=before, control_after=control_after, control_before=control_before)
    (errors,) = floats(squares=squares)
    if errors.ndim == 0 or errors.shape[0] != 4:
        raise ParameterError(f"squares must hold four errors along the first axis; got the shape {errors.shape}")
    require(errors >= 0, "squares", errors, "0 or more", "give squared standard errors")
    effect = np.asarray((a - b) - (c - d), dtype=np.float64)
    se = np.asarray(np.sqrt(errors.sum(axis=0)), dtype=np.float64)
    half = critical_value(level) * se
    return effect, se, interval(effect - half, effect + half)


def _fit(design: FloatArray, values: FloatArray) -> FloatArray:
    return np.asarray(np.linalg.lstsq(design, values, rcond=None)[0], dtype=np.float64)


def _whitened(columns: FloatArray, rho: float, steps: IntArray) -> FloatArray:
    """Columns less what the row before tells of them, so many steps earlier, in errors of one size; the first row alone."""
    out, reach = columns.copy(), (rho**steps)[:, None]
    out[1:] = (columns[1:] - reach * columns[:-1]) * np.sqrt((1 - rho**2) / (1 - reach**2))
    out[0] *= np.sqrt(1 - rho**2)
    return out
