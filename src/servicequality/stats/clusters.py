"""Variance, effective rows and degrees of freedom of a mean of clustered or weighted rows."""

from typing import NamedTuple

import numpy as np

from servicequality.stats._checks import FloatArray

ASSUMED_ICC = 0.1
"""Intra-cluster correlation that is assumed where all rows agree, so that none can be seen."""
_FEWEST_DF = 4.0
_LOST = 1e-12  # of the terms of a difference: what is below that is rounding


class Worth(NamedTuple):
    """What a sample is worth, an entry a group.

    Attributes:
        square: the squared standard error.
        n_eff: rows of a plain sample that would tell as much.
        df: degrees of freedom of Student's quantile.
    """

    square: FloatArray
    n_eff: FloatArray
    df: FloatArray


def effective_clusters(n: FloatArray, squares: FloatArray) -> FloatArray:
    """How many clusters of one size would tell as much: N² / Σ n² (Carter, Schnepel and Steigerwald 2017, at ICC 0).

    Args:
        n: rows, or their weights, of all clusters.
        squares: sum over the clusters of the square of theirs.
    """
    return n / squares * n


def residual_square(y: FloatArray, x: FloatArray, yy: FloatArray, xy: FloatArray, xx: FloatArray) -> FloatArray:
    """Σ (y - R x)² / (Σ x)² over clusters, R = Σ y / Σ x, from the sums of clusters and of their products."""
    ratio = y / x
    residual = yy - 2 * ratio * xy + ratio**2 * xx
    # A difference of nearly equal sums: what is below rounding is zero.
    return np.asarray(np.where(residual < _LOST * (yy + ratio**2 * xx), 0.0, residual) / x**2, dtype=np.float64)


def clustered_worth(
    residual: FloatArray,
    spread: FloatArray,
    *,
    effective: FloatArray,
    rows: FloatArray,
    clusters: FloatArray,
    row_squares: FloatArray,
    kish: FloatArray,
) -> Worth:
    """The worth of clustered rows: t with the effective number of clusters (Carter, Schnepel and Steigerwald 2017).

    Args:
        residual: as `residual_square` gives it.
        spread: variance of one row, divisor N; 0 where all rows agree.
        effective: effective number of clusters, above 1.
        rows: rows of a weight above 0.
        clusters: clusters that have such rows, at least 2.
        row_squares: sum over the clusters of the square of their number of such rows.
        kish: effective number of rows by their weights alone; the rows where nothing is weighted.
    """
    alike = kish / (1 + ASSUMED_ICC * (row_squares / rows - 1))
    df = np.minimum(clusters - 1, np.maximum(effective - 1, _FEWEST_DF))
    return _worth(residual, spread, effective=effective, rows=rows, alike=alike, df=df)


def weighted_worth(residual: FloatArray, spread: FloatArray, *, kish: FloatArray, rows: FloatArray) -> Worth:
    """The worth of weighted rows, each a cluster of its own; the arguments as in `clustered_worth`."""
    return _worth(residual, spread, effective=kish, rows=rows, alike=kish, df=np.maximum(kish - 1, 1.0))


def _worth(
    residual: FloatArray,
    spread: FloatArray,
    *,
    effective: FloatArray,
    rows: FloatArray,
    alike: FloatArray,
    df: FloatArray,
) -> Worth:
    square = residual * (effective / (effective - 1))
    differ = spread > 0
    # Clusters of one mean show no error, though their rows differ: they are read as plain rows.
    square = np.where(differ & (square == 0), spread / rows, square)
    n_eff = np.where(differ, np.minimum(rows, spread / np.where(square > 0, square, 1.0)), alike)
    return Worth(np.asarray(square), np.asarray(n_eff), np.asarray(df))
