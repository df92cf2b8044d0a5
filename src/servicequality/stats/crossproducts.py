"""Sums, cross-products and covariances of a matrix of answers, and their resamples."""

# Every figure about a scale follows from one matrix of covariances of all items, so one pass over the answers is enough.
# Sums add up: parts of a survey merge to the whole.

from dataclasses import dataclass
from typing import Literal, Self, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from servicequality.checks import choice
from servicequality.errors import ParameterError
from servicequality.stats._checks import FloatArray, floats, require, whole
from servicequality.stats._kernel import kernel

Missing: TypeAlias = Literal["listwise", "pairwise"]

# Whole numbers below this are exact in float32, and so are their sums in any order.
_EXACT = 2.0**24
_BLOCK = 1 << 16  # small blocks make threads of BLAS wait for each other more than they work
_AT_ONCE = 1 << 22  # numbers that a block of resamples holds


@dataclass(frozen=True, slots=True, eq=False)
class CrossProducts:
    """Counts, sums and cross-products of k items about an origin; those of two parts add up to those of the whole.

    Leading axes are groups. Where all respondents answered all items (or the others were left out), ``n`` has a number a
    group and ``sums`` k. Where each pair of items has respondents of its own, both are matrices: ``n[i, j]`` counts who
    answered i and j, and ``sums[i, j]`` sums item i over them.

    Attributes:
        n: respondents, shape (…) or (…, k, k).
        sums: Σ (x - origin), shape (…, k) or (…, k, k).
        products: Σ (x - origin)(y - origin), shape (…, k, k).
    """

    n: FloatArray
    sums: FloatArray
    products: FloatArray

    def __add__(self, other: Self) -> Self:
        """The cross-products of both parts together. Both must be about the same origins."""
        return type(self)(self.n + other.n, self.sums + other.sums, self.products + other.products)

    def mean(self, origin: ArrayLike = 0.0) -> FloatArray:
        """Mean of each item, over all who answered it.

        Args:
            origin: what the sums are about: one number, or one an item.

        Raises:
            ParameterError: an item that nobody answered.
        """
        n, sums = self._broadcast()
        count, total = (np.diagonal(np.broadcast_to(x, self.products.shape), axis1=-2, axis2=-1) for x in (n, sums))
        require(count >= 1, "n", count, "at least 1", "nobody answered: leave such groups out of the call")
        return np.asarray(np.asarray(origin, dtype=np.float64) + total / count, dtype=np.float64)

    def covariance(self) -> FloatArray:
        """Sample covariances with divisor n - 1, shape (…, k, k).

        Raises:
            ParameterError: fewer than two respondents for an item, or for a pair of items.
        """
        n, sums = self._broadcast()
        require(n >= 2, "n", n, "at least 2", "one respondent has no spread: leave such groups out of the call")
        centred = self.products - sums * np.swapaxes(sums, -1, -2) / n
        spread = np.diagonal(centred, axis1=-2, axis2=-1)
        # A constant item's spread is rounding: 0 is what it is.
        squares = np.diagonal(self.products, axis1=-2, axis2=-1)
        live = spread > 1e-13 * squares
        return np.asarray(np.where(live[..., :, None] & live[..., None, :], centred / (n - 1), 0.0), dtype=np.float64)

    def _broadcast(self) -> tuple[FloatArray, FloatArray]:
        by_pair = np.ndim(self.n) == self.products.ndim
        if by_pair:
            return self.n, self.sums
        return np.asarray(self.n)[..., None, None], self.sums[..., :, None]


@kernel
def cross_products(
    answers: ArrayLike, *, missing: Missing = "listwise", origin: ArrayLike = 0.0, weight: ArrayLike | None = None
) -> CrossProducts:
    """Counts, sums and cross-products of a matrix of answers, in one pass over blocks of rows.

    Whole numbers of the size of answers are summed without any rounding.

    Args:
        answers: shape (respondents, items); NaN is a missing answer.
        missing: ``listwise`` leaves out who missed an item; ``pairwise`` takes for each pair of items all who answered
            both, so that each covariance rests on respondents of its own.
        origin: what the sums are about, one number or one an item. One near the data keeps the digits: the middle of
            the scale, or each item's mean where items are of unlike size.
        weight: how often each respondent counts, 0 or more; 1 if none is given.

    Raises:
        ParameterError: no matrix, no numbers, an infinite answer, a negative weight, an origin that does not fit, answers
            whose squares are too large for a float, or an unknown option.
    """
    choice("missing", missing, ("listwise", "pairwise"))
    table = _matrix(answers)
    about = _origins(origin, table.shape[1])
    times = None if weight is None else _weights(weight, len(table))
    k = table.shape[1]
    by_pair = missing == "pairwise" and table.dtype.kind == "f" and bool(np.isnan(table).any())
    shape = (k, k) if by_pair else ()
    n, sums, products = np.zeros(shape), np.zeros((*shape[:1], k)), np.zeros((k, k))
    kind, rows = _arithmetic(table, about, plain=times is None)
    for begin in range(0, len(table), rows):
        # One row an item, so that a column of a frame stays one run of memory.
        block = np.array(table[begin : begin + rows].T, dtype=kind, order="C")
        if about.any():
            block -= about[:, None].astype(kind)
        w = None if times is None else times[begin : begin + rows]
        answered = ~np.isnan(block) if table.dtype.kind == "f" else np.True_
        if by_pair:
            mask, block = np.asarray(answered, dtype=kind), np.where(answered, block, kind(0))
            left, seen = (block, mask) if w is None else (block * w, mask * w)
            n += seen @ mask.T
            sums += left @ mask.T
        else:
            if not np.all(answered):
                complete = np.all(answered, axis=0)
                block, w = block[:, complete], None if w is None else w[complete]
            left = block if w is None else block * w
            n += block.shape[1] if w is None else w.sum()
            sums += left @ np.ones(left.shape[1], dtype=kind)
        with np.errstate(over="ignore", invalid="ignore"):
            products += left @ block.T
    require(np.isfinite(products), "answers", products, "small enough to be squared", "give them in a larger unit")
    return CrossProducts(n, sums, products)


@kernel
def covariance(answers: ArrayLike, *, missing: Missing = "listwise") -> FloatArray:
    """Sample covariances of the items of a matrix of answers, shape (k, k).

    Args:
        answers: the answers, a row a respondent and a column an item; NaN is missing.
        missing: how answers that are missing leave the sums, as for ``cross_products``.

    Raises:
        ParameterError: as ``cross_products``; fewer than two respondents for an item, or for a pair of items.
    """
    table = _matrix(answers)
    known = np.isfinite(table)
    count = known.sum(axis=0)
    # Each item about its own mean: a rating beside a revenue would lose its variance about one origin for both.
    scaled = np.divide(table, np.maximum(count, 1), out=np.zeros(table.shape), where=known)
    origin = scaled.sum(axis=0)
    if table.dtype.kind != "f":
        origin = np.round(origin)
    return cross_products(table, missing=missing, origin=origin).covariance()


@kernel
def composite_covariance(covariance: ArrayLike, weights: ArrayLike) -> FloatArray:
    """Covariances of sums of items, W S Wᵀ: of dimension scores, of gaps, of a total.

    Args:
        covariance: of the items, shape (…, k, k).
        weights: a row a composite, shape (d, k): 1/4 for the mean of four items; 1 and -1 for a difference.

    Raises:
        ParameterError: matrices that do not fit, or a value that is not finite.
    """
    s = covariances(covariance)
    (w,) = floats(weights=weights)
    if w.ndim != 2 or w.shape[1] != s.shape[-1]:
        raise ParameterError(f"weights must have a row a composite and {s.shape[-1]} columns; got shape {w.shape}")
    return np.asarray(w @ s @ w.T, dtype=np.float64)


@kernel
def resampled_covariances(answers: ArrayLike, *, resamples: int = 1000, seed: int = 0) -> FloatArray:
    """Covariances of samples of the respondents with replacement (Efron 1979), shape (resamples, k, k).

    Whole respondents are drawn, so that what one person's answers have in common stays together.

    Args:
        answers: shape (respondents, items); who missed an item is left out.
        resamples: how many samples are drawn.
        seed: of the random numbers; the same seed gives the same samples.

    Raises:
        ParameterError: fewer than two complete respondents, resamples < 1, or as ``cross_products``.
    """
    table = _matrix(answers).astype(np.float64)
    table = table[~np.isnan(table).any(axis=1)]
    n, k = table.shape
    if n < 2:
        raise ParameterError(f"answers must come from at least 2 complete respondents; got {n}: nothing to draw from")
    whole("resamples", resamples, least=1)
    whole("seed", seed, least=0)
    table -= table.mean(axis=0)
    random = np.random.default_rng(seed)
    covariances = np.empty((resamples, k, k))
    at_once = max(1, _AT_ONCE // (n * k))
    for begin in range(0, resamples, at_once):
        here = covariances[begin : begin + at_once]
        drawn = random.integers(0, n, size=(len(here), n)) + n * np.arange(len(here))[:, None]
        times = np.bincount(drawn.ravel(), minlength=len(here) * n).reshape(len(here), 1, n)
        left = times * table.T
        here[:] = CrossProducts(np.full(len(here), n, dtype=np.float64), left.sum(axis=2), left @ table).covariance()
    return covariances


def covariances(values: ArrayLike, name: str = "covariance") -> FloatArray:
    """A stack of covariance matrices, checked: square, symmetric, without negative variances.

    Raises:
        ParameterError: otherwise, or for a value that is not finite.
    """
    (matrix,) = floats(**{name: values})
    if matrix.ndim < 2 or matrix.shape[-1] != matrix.shape[-2] or not matrix.shape[-1]:
        raise ParameterError(f"{name} must be a square matrix, or a stack of them; got shape {matrix.shape}")
    variance = np.diagonal(matrix, axis1=-2, axis2=-1)
    require(variance >= 0, f"diagonal of {name}", variance, "0 or more", "a variance is never negative")
    apart = np.abs(matrix - np.swapaxes(matrix, -1, -2)).max(axis=(-1, -2))
    largest = np.abs(matrix).max(axis=(-1, -2))
    require(apart <= 1e-9 * largest, f"asymmetry of {name}", apart, "0", "give covariances, not raw answers")
    return matrix


@kernel
def correlation(covariance: ArrayLike) -> FloatArray:
    """Correlations from covariances, shape (…, k, k).

    Args:
        covariance: covariances of the items, shape (…, k, k).

    Raises:
        ParameterError: an item without variance, or no covariance matrix.
    """
    s = covariances(covariance)
    variance = np.diagonal(s, axis1=-2, axis2=-1)
    require(
        variance > 0, "variance", variance, "above 0", "an item without variance correlates with nothing: leave it out"
    )
    sd = np.sqrt(variance)
    r = np.clip(s / (sd[..., :, None] * sd[..., None, :]), -1.0, 1.0)
    r[..., range(s.shape[-1]), range(s.shape[-1])] = 1.0
    return np.asarray(r, dtype=np.float64)


def _matrix(answers: ArrayLike) -> NDArray[np.generic]:
    table = np.asarray(answers)
    if table.ndim != 2 or not table.shape[1]:
        raise ParameterError(
            f"answers must be a matrix of numbers with a row a respondent and a column an item; "
            f"got shape {table.shape} of {table.dtype}"
        )
    if table.dtype.kind == "f":
        infinite = np.isinf(table)
        require(~infinite, "answers", np.asarray(table, dtype=np.float64), "finite, or NaN where missing", "mend them")
    return table


def _weights(weight: ArrayLike, rows: int) -> FloatArray:
    (times,) = floats(weight=weight)
    if times.shape != (rows,):
        raise ParameterError(f"weight must hold one number a respondent ({rows}); got shape {times.shape}")
    require(times >= 0, "weight", times, "0 or more", "leave out who is not to count")
    return times


def _origins(origin: ArrayLike, items: int) -> FloatArray:
    """What the sums of each item are about."""
    (about,) = floats(origin=origin)
    if about.shape not in ((), (1,), (items,)):
        raise ParameterError(f"origin must be one number, or one an item ({items}); got shape {about.shape}")
    return np.asarray(np.broadcast_to(about, (items,)))


def _arithmetic(table: NDArray[np.generic], origin: FloatArray, *, plain: bool) -> tuple[type[np.floating], int]:
    """Float32 where nothing can be rounded, in blocks that keep it so; else float64."""
    if not plain or not table.size or table.dtype.kind == "f" or (origin != np.round(origin)).any():
        return np.float64, _BLOCK
    largest = max(abs(float(table.min())), abs(float(table.max())), float(np.abs(origin).max()))
    if largest > _EXACT:  # an item that float32 cannot hold
        return np.float64, _BLOCK
    ends = np.array([table.min(axis=0), table.max(axis=0)], dtype=np.float64)
    furthest = max(float(np.abs(ends - origin).max()), 1.0)
    rows = int(_EXACT // furthest**2)
    return (np.float32, min(rows, _BLOCK)) if rows >= _BLOCK // 32 else (np.float64, _BLOCK)
