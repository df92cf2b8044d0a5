"""The zone of tolerance as metrics of respondents and their answers."""

from dataclasses import replace
from typing import Annotated, TypeAlias

import polars as pl

from servicequality.columns import Column, Number, answered
from servicequality.core import define
from servicequality.servqual.instruments import FIVE
from servicequality.servqual.metrics import Points, average
from servicequality.shapes import Shape, ratio

__all__ = ["service_adequacy", "service_superiority", "zone_position", "zone_share", "zone_width"]

Dimensions: TypeAlias = str | tuple[str, ...]

Adequacy = Annotated[
    Dimensions, Column(kind="number", named="adequacy_{}", several=True, meaning="dimension, for its MSA")
]
Superiority = Annotated[
    Dimensions, Column(kind="number", named="superiority_{}", several=True, meaning="dimension, for its MSS")
]
Width = Annotated[
    Dimensions, Column(kind="number", named="zone_width_{}", several=True, meaning="dimension, for its zone's width")
]

Counted = Annotated[str, Column(kind="integer", low=0, meaning="how many of a respondent's answers")]

_NONE = "no answer has a zone"
_PAPERS = ("Zeithaml, Berry & Parasuraman 1993", "Parasuraman, Zeithaml & Berry 1994")


@define(
    title="Measure of service adequacy",
    label="service adequacy",
    unit="points of the scale",
    better="higher",
    grain="zone",
    formula=r"\frac{1}{D}\sum_d \overline{P_d - A_d}",
    references=_PAPERS,
    aliases=("MSA", "adequacy gap", "perception minus minimum"),
)
def service_adequacy(dimension: Adequacy = FIVE, *, scale: Points | None = None) -> Shape:
    """Perception less the level that would just do, in points of the scale: of one dimension, or the mean of several.

    When it lies:
        A mean above 0 goes with many who were let down: `zone_share` of those below says how many.

    Why your vendor shows another number:
        "Adequate", "minimum" and "acceptable" are read as three levels; or the mean of items in place of dimensions.
    """
    return average("adequacy", dimension, scale=scale, gap=True)


@define(
    title="Measure of service superiority",
    label="service superiority",
    unit="points of the scale",
    better="higher",
    grain="zone",
    formula=r"\frac{1}{D}\sum_d \overline{P_d - D_d}",
    references=_PAPERS,
    aliases=("MSS", "superiority gap", "perception minus desired"),
)
def service_superiority(dimension: Superiority = FIVE, *, scale: Points | None = None) -> Shape:
    """Perception less the level that is wished for, in points of the scale: of one dimension, or the mean of several.

    When it lies:
        Wishes are at the top of the scale, so that it is negative nearly everywhere and tells little about what to improve.

    Why your vendor shows another number:
        It is SERVQUAL's gap by another standard: "excellent companies would" is not "I wish".
    """
    return average("superiority", dimension, scale=scale, gap=True)


@define(
    title="Width of the zone of tolerance",
    label="zone width",
    unit="points of the scale",
    better="neither",
    grain="zone",
    formula=r"\frac{1}{D}\sum_d \overline{D_d - A_d}",
    references=_PAPERS,
    aliases=("tolerance zone", "desired minus minimum"),
)
def zone_width(dimension: Width = FIVE, *, scale: Points | None = None) -> Shape:
    """The desired level less the level that would just do, in points of the scale: how much is tolerated.

    When it lies:
        Respondents who put the minimum above their wish make it narrower; `zone_of_tolerance` counts them.

    Why your vendor shows another number:
        Such respondents were dropped, or their two answers swapped.
    """
    return average("zone_width", dimension, scale=scale, gap=True)


@define(
    title="Share of answers in the zone",
    label="in the zone of tolerance",
    unit="share",
    better="higher",
    bounds=(0, 1),
    grain="zone",
    formula=r"\#\{A \le P \le D\} / \#\{A \le D\}",
    references=_PAPERS,
    aliases=("within tolerance", "zone of tolerance share"),
)
def zone_share(inside: Counted = "in_zone_overall", answers: Counted = "zone_answers_overall") -> Shape:
    """Share of the answers that lie in their own zone, ends included; give `below_zone_…` or `above_zone_…` for the others.

    A respondent gives many answers, so that the limits take the respondents for the sample and not the answers.

    When it lies:
        A wide zone holds nearly everything: look at its width too.

    Why your vendor shows another number:
        Mean perception compared with mean minimum and mean wish: one dot in one bar, whatever the spread. Answers whose
        minimum lies above the wish have no zone; here they are left out and counted.
    """
    held = ratio(pl.col(inside), pl.col(answers), of=answered(inside) & answered(answers) & (pl.col(answers) > 0))
    wrong = {"more answers in the zone than there are": pl.col(inside) > pl.col(answers)}
    return replace(held, bounds=(0.0, 1.0), empty=_NONE, refused=wrong)


@define(
    title="Position in the zone",
    label="position in the zone of tolerance",
    unit="zone widths",
    better="higher",
    grain="zone",
    formula=r"\overline{(P - A)/(D - A)}",
    references=_PAPERS,
    aliases=("zone position", "relative position"),
)
def zone_position(position: Number = "position_overall", answers: Counted = "position_answers_overall") -> Shape:
    """Where perceptions lie between what would just do (0) and what is wished for (1), over the answers that have such a zone.

    When it lies:
        One point above a zone of one point counts as much as five above one of five; a few narrow zones dominate the mean.

    Why your vendor shows another number:
        The quotient of two means in place of the mean of quotients, which is defined even where no zone is.
    """
    known = answered(position) & answered(answers) & (pl.col(answers) > 0)
    return replace(ratio(pl.col(position), pl.col(answers), of=known), empty=_NONE)
