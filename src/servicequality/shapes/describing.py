"""How the limits of each shape are made and where they are too short, in words. Never here: limits themselves."""

from functools import singledispatch
from typing import NamedTuple

import numpy as np

from servicequality.errors import DefinitionError
from servicequality.shapes.agreement import AgreementOfMany, AgreementOfTwo
from servicequality.shapes.amounts import Tally, Total
from servicequality.shapes.base import Shape
from servicequality.shapes.composites import MeanOfMeans
from servicequality.shapes.daily_counts import PerDay
from servicequality.shapes.diversity import EffectiveKinds
from servicequality.shapes.drain_times import Draining
from servicequality.shapes.durations import StratifiedSurvival, Survival
from servicequality.shapes.growth import Elasticity
from servicequality.shapes.intraclass import IntraclassCorrelation
from servicequality.shapes.means import GeometricMean, Mean
from servicequality.shapes.named_counts import PerName
from servicequality.shapes.products import Product
from servicequality.shapes.quantiles import Quantile
from servicequality.shapes.rates import PeriodRate, Rate, Ratio
from servicequality.shapes.shares import Attainment, Balance, EligibleShare, Share
from servicequality.shapes.uptimes import TimeBetween, UpShare
from servicequality.stats.bounded import HALF_ANSWER

_RARE_MISSES = (
    "Where misses or hits are rare, fewer than about five of them, limits at 95 % hold the truth in 90 to 93 of 100 "
    "samples."
)
_ALIKE = "One row, or rows that are all alike, have none."
_SKEWED = "Limits of few rows with a long tail are too short."


class Description(NamedTuple):
    """What a reader should know of limits.

    Attributes:
        limits: what they are, in a sentence or two.
        short: where they hold the truth less often than they say; empty where that is not known of them.
    """

    limits: str
    short: str = ""


@singledispatch
def description(shape: Shape) -> Description:
    """How the limits of a shape are made, and where they fall short of their level.

    Raises:
        DefinitionError: nothing is registered for a shape of this class.
    """
    raise DefinitionError(f"nothing says how limits of {type(shape).__name__} are made; register it with description")


@description.register(Tally)
@description.register(Total)
def _censuses(shape: Tally | Total) -> Description:
    return Description("None: it counts what is there, and nothing was sampled.")


@description.register
def _shares(shape: Share) -> Description:
    return Description("Wilson's (1927), of the rows that count.", _RARE_MISSES)


@description.register
def _attained(shape: Attainment) -> Description:
    if shape.bounds_only:
        return Description(
            "Wilson's lower limit if all pending rows fail, and its upper limit if all succeed.", _RARE_MISSES
        )
    return Description(
        "Wilson's (1927), of the rows that are decided; rows still open do not widen them.", _RARE_MISSES
    )


@description.register
def _eligible(shape: EligibleShare) -> Description:
    text = (
        "How many rows of unknown eligibility are eligible is taken as known, and no doubt about it is in the limits."
    )
    return Description("Wilson's (1927), of the rows that are taken for eligible.", text)


@description.register
def _balances(shape: Balance) -> Description:
    text = "Those of three answers more, 3/4 at each end and 3/2 in the middle (Rocks 2016), with Student's t."
    return Description(text)


@description.register
def _means(shape: Mean) -> Description:
    if shape.bounds is not None and np.isfinite(shape.bounds).all():
        more = "half an answer" if shape.added == HALF_ANSWER else f"{shape.added:g} of an answer"
        return Description(
            f"Student's, of the answers and {more} more at each end of the scale, so that answers that all agree have "
            "limits too.",
            "Rare answers at one end may be missing from a sample of fewer than fifty, and limits at 95 % hold the truth "
            "in as few as 88 of 100 samples; a note says so.",
        )
    if shape.bounds == (0.0, np.inf):
        return Description(
            "Below, the mean less Student's t times its error; above, the mean times the exponential of t error / mean. "
            f"{_ALIKE}",
            "Long tails make limits too short: of lognormal amounts with a sigma of 1.5, limits at 95 % hold the truth in "
            "81 of 100 samples of five rows, and in 92 of 100 samples of five hundred. A note says so below fifty rows.",
        )
    return Description(f"Student's. {_ALIKE}", _SKEWED)


@description.register
def _geometric(shape: GeometricMean) -> Description:
    return Description(f"Student's of the logarithms, read back. {_ALIKE}")


@description.register
def _means_of_means(shape: MeanOfMeans) -> Description:
    own = _means(shape)
    return Description(
        f"About the value, with the error of the rows that have all the numbers. {own.limits}", own.short
    )


@description.register
def _ratios(shape: Ratio) -> Description:
    return Description(
        f"Student's, with the linearised error of a quotient of sums (Cochran 1977), cut to the range of the value. {_ALIKE}",
        _SKEWED,
    )


@description.register
def _rates(shape: Rate) -> Description:
    return Description(
        "Garwood's (1936), which are exact for events of Poisson's.",
        "Events that come in clumps scatter more than Poisson's, and limits are then too short: of twelve periods with five "
        "events each and 3.5 times Poisson's variance, limits at 95 % hold the truth in 73 of 100 samples.",
    )


@description.register
def _period_rates(shape: PeriodRate) -> Description:
    return Description(
        "Garwood's (1936); from four periods on widened by as much as the periods scatter more than Poisson's "
        "(quasi-Poisson).",
        "Fewer than four periods do not show how far they scatter, and limits are then too short where events come in "
        "clumps; a note says so.",
    )


@description.register
def _times_between(shape: TimeBetween) -> Description:
    return Description(
        "Chi-square limits of events that come at random; without an event a lower one alone, with the whole error on its "
        "side.",
        "Failures that come in bursts scatter more than that, and limits are then too short.",
    )


@description.register
def _up_shares(shape: UpShare) -> Description:
    return Description(
        "Of the process behind the window, from F(2n, 2n) of n outages, which takes times up and down for exponential "
        "(Birolini 2017). The window itself is known: a target is met or missed by the value.",
        "Outages that come in bursts, or last now a minute and now a day, scatter more than exponential times, and limits "
        "are then too short.",
    )


@description.register
def _quantiles(shape: Quantile) -> Description:
    if shape.p in (0.0, 1.0):
        return Description("The number itself on the inner side; nothing bounds the other.")
    return Description(
        "Two of the values themselves, by rank (order statistics); `level` says what they reach. Too few rows have none."
    )


@description.register
def _curves(shape: Survival) -> Description:
    return Description(
        "Of a share within a limit, those of the beta product with mid-p (Fay and Brittain 2016); of a quantile, its band "
        "without mid-p inverted; of a mean up to a horizon, Wilson's on its share of the horizon.",
        "The upper limit of a high quantile is often not known while many rows run. Rows lost from sight because they take "
        "long are in no limits.",
    )


@description.register
def _pooled(shape: StratifiedSurvival) -> Description:
    return Description(
        "The log-log band of the pooled share.",
        "Where few rows have ended, or few have not, these limits are too short.",
    )


@description.register
def _effective_kinds(shape: EffectiveKinds) -> Description:
    return Description(
        "About the jackknifed entropy, with the jackknife's variance and that of nearly equal shares (Zahl 1977), widened to "
        "hold the value. One row has none, and one kind no upper one."
    )


@description.register(PerName)
@description.register(PerDay)
def _counted_rows(shape: PerName | PerDay) -> Description:
    return Description(
        "Garwood's (1936), which are exact for events of Poisson's: how many there could be on another day like this one.",
        "Events that come in clumps scatter more than Poisson's, and limits are then too short.",
    )


@description.register
def _draining(shape: Draining) -> Description:
    return Description(
        "A range of outcomes and no confidence interval: it holds the time with the chance `level` if the mean and the spread "
        "of the last periods are taken as known.",
        "The doubt about the mean of so few periods is not in it; a note says where that mean could be 0.",
    )


@description.register
def _elasticities(shape: Elasticity) -> Description:
    return Description(
        "Student's, of a least-squares slope of logarithms. Fewer than three rows have none.",
        "Consecutive rows are not independent, and limits are then too short.",
    )


@description.register
def _agreements(shape: AgreementOfMany) -> Description:
    if shape.coefficient == "percent_agreement":
        return Description("Wilson's (1927), of the items with two ratings or more.", _RARE_MISSES)
    return Description(
        "Student's, with the error of the items linearised (Gwet 2014).",
        "Of few items, or where one category prevails, limits are too short.",
    )


@description.register
def _pairs(shape: AgreementOfTwo) -> Description:
    return Description(
        "Normal, with the large-sample error away from 0 (Fleiss, Cohen and Everitt 1969).",
        "Of few items, or where one category prevails, limits are too short.",
    )


@description.register
def _correlations(shape: IntraclassCorrelation) -> Description:
    return Description(
        "Those of F (McGraw and Wong 1996), which take the spreads between and within items for normal.",
        "Ratings of few points, crowded at one end, are not normal.",
    )


@description.register
def _products(shape: Product) -> Description:
    return Description(
        "Those of the parts, joined on the scale of logarithms (MOVER: Zou & Donner 2008). A part without limits leaves it "
        "none on that side.",
        "Where parts have failed only a few times the limits promise too much: of three parts with eight failures each, "
        "limits made of 95 % limits hold the truth in 93 of 100 cases.",
    )
