"""SERVQUAL, SERVPERF and their weighted forms as metrics of scored respondents."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, TypeAlias

import polars as pl

from servicequality.columns import Column
from servicequality.core import define
from servicequality.errors import ParameterError
from servicequality.servqual.instruments import FIVE
from servicequality.servqual.scale import OVERALL
from servicequality.shapes import Mean, Shape, mean_of_means
from servicequality.stats.bounded import EIGHTH_ANSWER, HALF_ANSWER

__all__ = [
    "servperf",
    "servqual_expectation",
    "servqual_gap",
    "servqual_perception",
    "stated_importance",
    "weighted_servperf",
    "weighted_servqual_gap",
]

_NONE = "no respondent has a score in it"
_GAP = "a dimension has no scores"

Dimensions: TypeAlias = str | tuple[str, ...]
"""One dimension, for its own mean; or several, for the mean of their means."""

Points: TypeAlias = tuple[float, float]
"""Lowest and highest answer of the instrument."""

Gap = Annotated[Dimensions, Column(kind="number", named="gap_{}", several=True, meaning="dimension, for its gap")]
Expectation = Annotated[
    Dimensions,
    Column(kind="number", named="expectation_{}", several=True, meaning="dimension, for its expectation"),
]
Perception = Annotated[
    Dimensions, Column(kind="number", named="perception_{}", several=True, meaning="dimension, for its perception")
]
Performance = Annotated[
    Dimensions, Column(kind="number", named="servperf_{}", several=True, meaning="dimension, for its performance")
]
Importance = Annotated[
    str, Column(kind="number", named="importance_{}", low=0, high=1, meaning="dimension, for its share of the points")
]
WeightedGap = Annotated[str, Column(kind="number", named="weighted_gap_{}", meaning="dimension, or overall")]
WeightedPerformance = Annotated[
    str, Column(kind="number", named="weighted_servperf_{}", meaning="dimension, or overall")
]


@define(
    title="SERVQUAL gap",
    unit="points of the scale",
    better="higher",
    grain="respondent",
    formula=r"\frac{1}{D}\sum_d \overline{P_d - E_d}",
    references=("Parasuraman, Zeithaml & Berry 1988", "Parasuraman, Berry & Zeithaml 1991"),
    aliases=("gap five", "perception minus expectation", "service quality gap", "servqual"),
)
def servqual_gap(dimension: Gap = FIVE, *, scale: Points | None = None) -> Shape:
    """Perception less expectation, in points of the scale: of one dimension, or the mean of several dimensions' gaps.

    The rows are scored respondents, as `servicequality.servqual.score` makes them. With several dimensions each mean
    is over its own respondents; the limits are over those who have all of them. With `scale`, the lowest and the highest
    answer, the limits are Student's of an eighth of an answer more at each end of the range of gaps (of the other scores: half
    an answer at each end of the scale), which have a width where all agree; `score` gives the instrument's. Else Student's.

    When it lies:
        Expectations sit near the top of the scale, so that the gap mostly repeats the perception with a sign, and cannot
        be positive where it matters. A gap of -1 from 7 to 6 and one from 4 to 3 are not the same service. Differences of
        two correlated answers are less reliable than either of them: look at both sides beside the gap. Cronbach's alpha
        is `servqual.alpha`, and that of gaps `servqual.difference_reliability`.

    Why your vendor shows another number:
        The mean of 22 items in place of five dimensions gives reliability and empathy more weight than the others. The
        negatively worded items of 1988 left unturned, or turned in perceptions alone. Expectation less perception, which
        changes the sign. Means of all expectations and all perceptions, whoever left one of the two blank.
    """
    return average("gap", dimension, scale=scale, gap=True)


@define(
    title="SERVQUAL expectation",
    unit="points of the scale",
    better="neither",
    grain="respondent",
    formula=r"\frac{1}{D}\sum_d \overline{E_d}",
    references=("Parasuraman, Zeithaml & Berry 1988", "Teas 1993"),
    aliases=("expected service", "expectations"),
)
def servqual_expectation(dimension: Expectation = FIVE, *, scale: Points | None = None) -> Shape:
    """What respondents expect of an excellent company, for those whose gap is known.

    When it lies:
        Nobody asks for less than excellence: answers crowd at the top of the scale and say little. Asked after the visit,
        the expectation has already learnt from it.

    Why your vendor shows another number:
        "Should", "will" and "excellent companies" are three different expectations. Respondents without a perception
        counted in, so that the gap is not the difference of the two means that are shown.
    """
    return average("expectation", dimension, scale=scale)


@define(
    title="SERVQUAL perception",
    unit="points of the scale",
    better="higher",
    grain="respondent",
    formula=r"\frac{1}{D}\sum_d \overline{P_d}",
    references=("Parasuraman, Zeithaml & Berry 1988",),
    aliases=("perceived service", "perceptions"),
)
def servqual_perception(dimension: Perception = FIVE, *, scale: Points | None = None) -> Shape:
    """What respondents say of the service they had, for those whose gap is known, so that gap = perception - expectation.

    When it lies:
        Only those answer who had the service and stayed to tell. Respondents who skipped the expectations are not in it;
        `servperf` counts them.

    Why your vendor shows another number:
        A percentage of the scale in place of its points, or respondents without an expectation counted in.
    """
    return average("perception", dimension, scale=scale)


@define(
    title="SERVPERF",
    label="SERVPERF",
    unit="points of the scale",
    better="higher",
    grain="respondent",
    formula=r"\frac{1}{D}\sum_d \overline{P_d}",
    references=("Cronin & Taylor 1992", "Cronin & Taylor 1994"),
    aliases=("performance only", "perceived performance"),
)
def servperf(dimension: Performance = FIVE, *, scale: Points | None = None) -> Shape:
    """Perceived performance alone, of everybody who answered the perceptions: of one dimension, or the mean of several.

    When it lies:
        It forecasts satisfaction better than the gap, but does not say what people expect: a 5 may be a triumph in one
        country and a complaint in another. Means of different groups differ by their use of the scale too. A mean of items
        that do not measure one thing means little: check with `servqual.alpha`, which is Cronbach's alpha.

    Why your vendor shows another number:
        The mean of 22 items in place of five dimensions, or a percentage of the scale in place of its points.
    """
    return average("servperf", dimension, scale=scale)


@define(
    title="Stated importance",
    unit="share",
    better="neither",
    bounds=(0, 1),
    grain="respondent",
    formula=r"\overline{w_d},\quad w_d = p_d / \textstyle\sum p",
    references=("Parasuraman, Berry & Zeithaml 1991",),
    aliases=("point allocation", "importance weights", "constant sum"),
)
def stated_importance(dimension: Importance) -> Shape:
    """The share of their points that respondents give to a dimension.

    When it lies:
        Points are forced: what one dimension gains the others lose. What people say is important and what moves their
        satisfaction are two things; `derived_importance` looks at the second.

    Why your vendor shows another number:
        Ratings of importance in place of points, on which everything is important; or points not divided by what the
        respondent's own add up to.
    """
    return replace(average("importance", dimension), bounds=(0.0, 1.0))


@define(
    title="Weighted SERVQUAL gap",
    unit="points of the scale",
    better="higher",
    grain="respondent",
    formula=r"\overline{\textstyle\sum_d w_d (P_d - E_d)}",
    references=("Parasuraman, Zeithaml & Berry 1988", "Parasuraman, Berry & Zeithaml 1991"),
    aliases=("weighted gap", "importance weighted gap"),
)
def weighted_servqual_gap(dimension: WeightedGap = OVERALL, *, scale: Points | None = None) -> Shape:
    """Each respondent's gaps, weighted by the respondent's own points, overall or one dimension's contribution to it.

    Points are divided by what the respondent's own add up to, so that the result stays on the scale of the answers and
    20 points for each of five dimensions change nothing. The contributions of the dimensions add up to the whole.

    When it lies:
        Weights seldom change a ranking, and add the error of five more answers. A respondent who leaves one dimension
        blank has no weighted gap at all.

    Why your vendor shows another number:
        Mean points times mean gap: the mean of products is not the product of means. Points not divided by 100, which
        multiplies every gap by twenty or so; a division by five on top of it.
    """
    return average("weighted_gap", dimension, scale=scale, gap=True)


@define(
    title="Weighted SERVPERF",
    label="weighted SERVPERF",
    unit="points of the scale",
    better="higher",
    grain="respondent",
    formula=r"\overline{\textstyle\sum_d w_d P_d}",
    references=("Cronin & Taylor 1992",),
    aliases=("importance weighted performance",),
)
def weighted_servperf(dimension: WeightedPerformance = OVERALL, *, scale: Points | None = None) -> Shape:
    """Perceived performance, weighted by the respondent's own points, overall or one dimension's contribution to it.

    When it lies:
        The weighted form was no better at forecasting than the plain one in the paper that proposed both.

    Why your vendor shows another number:
        Mean points times mean performance, or points not divided by what the respondent's own add up to.
    """
    return average("weighted_servperf", dimension, scale=scale)


def average(measure: str, dimension: Dimensions, *, scale: Points | None = None, gap: bool = False) -> Shape:
    """The mean of one score, or the mean of the means of several; `gap` says that it is the difference of two answers."""
    names: Sequence[str] = (dimension,) if isinstance(dimension, str) else dimension
    if not names or len(set(names)) < len(names):
        raise ParameterError(f"name a dimension, or several different ones in a tuple, got {dimension!r}")
    bounds = None if scale is None else _range(measure, names, scale, gap=gap)
    added = EIGHTH_ANSWER if gap else HALF_ANSWER
    scores = [pl.col(f"{measure}_{name}") for name in names]
    if len(scores) > 1:
        return replace(mean_of_means(scores, bounds=bounds, added=added), empty=_GAP, undefined=_GAP)
    # A score that is not known is null already: `mean` would look a second time.
    squares = scores[0] * scores[0]
    n = scores[0].is_not_null()
    return Mean(n=n, amount=scores[0], squares=squares, bounds=bounds, added=added, empty=_NONE)


def _range(measure: str, names: Sequence[str], scale: Points, *, gap: bool) -> tuple[float, float]:
    """What a score can be, from the lowest and the highest answer of the scale."""
    if not (isinstance(scale, tuple) and len(scale) == 2 and scale[0] < scale[1]):
        raise ParameterError(f"scale must be (lowest, highest), such as (1, 7), got {scale!r}")
    low, high = (float(end) for end in scale)
    if gap:
        return low - high, high - low
    # One dimension's contribution to a weighted score is its share of the points times an answer.
    part = measure == "weighted_servperf" and tuple(names) != (OVERALL,)
    return (min(low, 0.0), max(high, 0.0)) if part else (low, high)
