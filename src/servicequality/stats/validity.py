"""Whether dimensions are distinct and answers credible: HTMT, correlations, ends of scales, straight lines."""

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from servicequality.errors import ParameterError, ServiceQualityWarning
from servicequality.stats._checks import FloatArray, Interval, critical_value, floats, interval, require, two_sided_tail
from servicequality.stats._kernel import kernel
from servicequality.stats.crossproducts import correlation, covariance, covariances, resampled_covariances


@kernel
def correlation_interval(r: ArrayLike, n: ArrayLike, *, controlled: ArrayLike = 0, level: float = 0.95) -> Interval:
    """Limits of a correlation, tanh(artanh r ± z / √(n - controlled - 3)) (Fisher 1921).

    Args:
        r: a correlation, or a partial one.
        n: rows, more than controlled + 3.
        controlled: variables that a partial correlation holds fixed.
        level: two-sided confidence.

    Raises:
        ParameterError: r outside [-1, 1], too few rows, a level outside (0, 1), or a value that is not finite.
    """
    r_, n_, held = floats(r=r, n=n, controlled=controlled)
    require(np.abs(r_) <= 1, "r", r_, "within -1 and 1", "give a correlation")
    require(n_ - held > 3, "n", n_, "above controlled + 3", "too few rows: leave such groups out of the call")
    half = critical_value(level) / np.sqrt(n_ - held - 3)
    perfect = np.abs(r_) == 1
    centre = np.arctanh(np.where(perfect, 0.0, r_))
    return interval(
        np.where(perfect, r_, np.tanh(centre - half)), np.where(perfect, r_, np.tanh(centre + half))
    )  # fmt: skip


@kernel
def htmt(covariance: ArrayLike, dimensions: Sequence[object]) -> FloatArray:
    """Heterotrait-monotrait ratio of each pair of dimensions (Henseler, Ringle and Sarstedt 2015), shape (…, d, d).

    The mean correlation of items across two dimensions, over the geometric mean of the mean correlations within each. It
    estimates the correlation of what the two measure; near 1, respondents do not distinguish them. Correlations keep their
    signs: an item that has to be reversed is not reversed here.

    Args:
        covariance: of the items (or their correlations), shape (…, k, k).
        dimensions: the dimension of each item. The d dimensions come in the order in which they first appear.

    Raises:
        ParameterError: a dimension of one item, an item without variance, a dimension whose items do not correlate
            positively in the mean, or dimensions that do not fit.
    """
    ratio = _htmt(correlation(covariance), dimensions)
    undefined = np.isnan(ratio).any(axis=(-1, -2))
    require(
        ~undefined, "mean correlation within a dimension", np.zeros(undefined.shape), "above 0",
        "its items do not go together, so that no other dimension can be distinguished from it",
    )  # fmt: skip
    return ratio


@kernel
def htmt_interval(
    answers: ArrayLike, dimensions: Sequence[object], *, level: float = 0.95, resamples: int = 1000, seed: int = 0
) -> Interval:
    """Percentile limits of ``htmt`` over samples of the respondents with replacement, shape (d, d) each.

    Args:
        answers: shape (respondents, items); who missed an item is left out.
        dimensions: the dimension of each item.
        level: two-sided confidence.
        resamples: how many samples are drawn.
        seed: of the random numbers.

    Warns:
        ServiceQualityWarning: samples in which the ratio is undefined, which are left out.

    Raises:
        ParameterError: as ``htmt`` and ``resampled_covariances``; undefined in more than one sample of twenty.
    """
    htmt(covariance(answers), dimensions)
    return htmt_limits(resampled_covariances(answers, resamples=resamples, seed=seed), dimensions, level=level)


@kernel
def htmt_limits(drawn: ArrayLike, dimensions: Sequence[object], *, level: float = 0.95) -> Interval:
    """Percentile limits of ``htmt`` from resampled covariances, which may serve several questions.

    Args:
        drawn: shape (resamples, k, k), as ``resampled_covariances`` gives them.
        dimensions: the dimension of each item.
        level: two-sided confidence.

    Warns:
        ServiceQualityWarning: samples in which the ratio is undefined, which are left out.

    Raises:
        ParameterError: dimensions that do not fit; undefined in more than one sample of twenty.
    """
    s = covariances(drawn, "drawn")
    live = (np.diagonal(s, axis1=-2, axis2=-1) > 0).all(axis=-1)
    return percentile_limits(_htmt(correlation(s[live]), dimensions), of=len(s), level=level)


def percentile_limits(values: FloatArray, *, of: int, level: float) -> Interval:
    """Quantiles over the first axis, of what is defined in all of ``of`` resamples or in nearly all of them.

    Warns:
        ServiceQualityWarning: some resamples are undefined.

    Raises:
        ParameterError: more than one in twenty is undefined, or a level outside (0, 1).
    """
    tail = two_sided_tail(level)
    defined = values[~np.isnan(values).any(axis=tuple(range(1, values.ndim)))]
    left_out = of - len(defined)
    if left_out > of / 20:
        raise ParameterError(
            f"undefined in {left_out} of {of} resamples: too few respondents differ in their answers for limits"
        )
    if left_out:
        warnings.warn(f"undefined in {left_out} of {of} resamples, left out", ServiceQualityWarning, stacklevel=3)
    low, high = np.quantile(defined, [tail, 1 - tail], axis=0)
    return interval(low, high)


@kernel
def end_shares(answers: ArrayLike, scale: tuple[float, float]) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Share of each item's answers at the lower end of its scale (floor) and at the upper (ceiling), and their number.

    Items that most people answer at an end cannot distinguish these people, nor show a change.

    Args:
        answers: shape (respondents, items); NaN is a missing answer and does not count.
        scale: the lower and the upper end.

    Returns:
        Floor shares, ceiling shares and answers, each of shape (items,).

    Raises:
        ParameterError: an item that nobody answered, an answer off the scale, a scale without length, or no matrix.
    """
    low, high = scale
    if not low < high:
        raise ParameterError(f"scale must be (lower end, upper end) such as (1, 7); got {scale!r}")
    table = _answers(answers)
    known = ~np.isnan(table)
    inside = ~known | ((table >= low) & (table <= high))
    require(
        inside, "answers", table, f"within {low:g} and {high:g}", "check the scale, and code missing answers as NaN"
    )
    n = known.sum(axis=0).astype(np.float64)
    require(n > 0, "answers to an item", n, "at least 1", "nobody answered it: leave it out")
    return (table == low).sum(axis=0) / n, (table == high).sum(axis=0) / n, n


@kernel
def straight_lined(answers: ArrayLike) -> NDArray[np.bool_]:
    """Who gave one and the same answer to every item of a block, shape (respondents,).

    Look at answers as they were given, before any reversal: with negative items in the block, one answer to all
    contradicts itself; without, it may still be an honest opinion. Respondents who missed an item are not straight-lined.

    Args:
        answers: the answers, a row a respondent and a column an item; NaN is missing.

    Raises:
        ParameterError: fewer than two items, or no matrix.
    """
    table = _answers(answers)
    if table.shape[1] < 2:
        raise ParameterError(f"answers must be of at least 2 items; got {table.shape[1]}: one answer is not a line")
    return np.asarray((table == table[:, :1]).all(axis=1))


def _answers(answers: ArrayLike) -> FloatArray:
    table = np.asarray(answers, dtype=np.float64)
    if table.ndim != 2:
        raise ParameterError(f"answers must have a row a respondent and a column an item; got shape {table.shape}")
    return table


def _htmt(r: FloatArray, dimensions: Sequence[object]) -> FloatArray:
    """The ratios, NaN where the mean correlation within a dimension is not positive."""
    try:
        names = list(dict.fromkeys(dimensions))
    except TypeError:
        raise ParameterError(f"dimensions must hold one name an item, such as a text; got {dimensions!r:.60}") from None
    if len(dimensions) != r.shape[-1]:
        raise ParameterError(f"dimensions must name one for each of {r.shape[-1]} items; got {len(dimensions)}")
    member = np.array([[name == own for own in dimensions] for name in names], dtype=np.float64)
    sizes = member.sum(axis=1)
    if len(names) < 2 or (sizes < 2).any():
        few = {str(name): int(size) for name, size in zip(names, sizes, strict=True)}
        raise ParameterError(f"dimensions must be at least 2 of at least 2 items each; got {few}")
    sums = member @ r @ member.T
    own = np.diagonal(sums, axis1=-2, axis2=-1)
    within = (own - sizes) / (sizes * (sizes - 1))
    within = np.where(within > 1e-12, within, np.nan)
    ratio = sums / np.outer(sizes, sizes) / np.sqrt(within[..., :, None] * within[..., None, :])
    ratio[..., range(len(names)), range(len(names))] = np.where(np.isnan(within), np.nan, 1.0)
    return np.asarray(ratio, dtype=np.float64)
