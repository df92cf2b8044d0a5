"""The ratings of an Apdex in words (Apdex Alliance, Technical Specification 1.1, 2007)."""

from typing import NamedTuple

from servicequality.errors import ParameterError
from servicequality.stats._checks import number, whole
from servicequality.stats._kernel import kernel
from servicequality.stats.rounding import half_up

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


@kernel
def apdex_rating(index: float, n: int) -> ApdexRating:
    """The rating of an index from `n` samples. The index is rounded half up on its decimal digits: 0.845 is 0.85, Good.

    Args:
        index: the Apdex, from 0 to 1.
        n: the samples that it is of.

    Raises:
        ParameterError: an index outside [0, 1], or no samples.
    """
    index_, samples = number("index", index), whole("n", n)
    if not 0 <= index_ <= 1:
        raise ParameterError(f"an Apdex lies from 0 to 1; got {index!r}")
    if samples < 1:
        raise ParameterError(f"an Apdex of no samples has no rating; got n={n}")
    rounded = float(half_up(index_, 2))
    return ApdexRating(rounded, next(word for least, word in _RATINGS if rounded >= least), samples < SMALL_GROUP)
