"""The words of an Apdex (Apdex Alliance, Technical Specification 1.1, 2007). Never: the index, which is a metric."""

from typing import NamedTuple

from servicequality.errors import ParameterError

SMALL_GROUP = 100
_RATINGS = ((0.94, "Excellent"), (0.85, "Good"), (0.70, "Fair"), (0.50, "Poor"), (0.0, "Unacceptable"))


class ApdexRating(NamedTuple):
    """How a report writes an Apdex.

    Attributes:
        rounded: the index with two digits.
        rating: Excellent, Good, Fair, Poor or Unacceptable, from the rounded index.
        small_group: whether there were fewer than 100 samples, which a report marks with a star.
    """

    rounded: float
    rating: str
    small_group: bool


def apdex_rating(index: float, n: int) -> ApdexRating:
    """The rating of an index from `n` samples.

    Raises:
        ParameterError: an index outside [0, 1], or no samples.
    """
    if not 0 <= index <= 1:
        raise ParameterError(f"an Apdex lies from 0 to 1; got {index!r}")
    if n < 1:
        raise ParameterError(f"an Apdex of no samples has no rating; got n={n}")
    rounded = round(index, 2)
    return ApdexRating(rounded, next(word for least, word in _RATINGS if rounded >= least), n < SMALL_GROUP)
