"""What was done about dissatisfied answers: followed up, and won back."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, get_args

import polars as pl

from servicequality.checks import choice
from servicequality.columns import Flag, Score, Seconds, answered
from servicequality.core import define
from servicequality.errors import ParameterError
from servicequality.metrics.satisfaction.scales import (
    ScaleEnds,
    in_box,
    satisfied_box,
    scale_of,
    usual_points,
    within_scale,
)
from servicequality.shapes import Shape, attainment

__all__ = ["follow_up_rate", "recovery_rate"]

Estimate = Literal["matured", "bounds"]
"""What is done with answers that are not old enough."""

_DAYS = 3 * 86_400.0
_MONTHS = 90 * 86_400.0


@define(
    title="Follow-up rate",
    unit="share",
    better="higher",
    bounds=(0, 1),
    grain="rated answer",
    formula=r"\#\{\text{a person wrote in } (0, w]\}/\#\{\text{dissatisfied}, \text{age} \ge w\}",
    references=("Markey, Reichheld & Dullweber 2009", "Wilson 1927"),
    aliases=("closed loop rate", "close the loop", "detractor follow-up", "low scores followed up"),
)
def follow_up_rate(
    score: Score = "score",
    seconds: Seconds = "follow_up_seconds",
    observed: Flag = "follow_up_observed",
    age: Seconds = "answer_age_seconds",
    *,
    scale: ScaleEnds,
    within: float = _DAYS,
    box: Sequence[int] | None = None,
    estimate: Estimate = "matured",
) -> Shape:
    """Share of the dissatisfied answers after which a person wrote to the customer in public, in (0, `within`] seconds.

    Dissatisfied are the bottom two points of the scale, of a two-point scale the bottom one, or those of `box`. Rows are
    those of `answer_follow_ups`; answers younger than `within` are pending, even those that have been followed up.
    `estimate="bounds"` gives limits over every way in which they can end.

    When it lies:
        Any message counts, also the one that was due anyway, and a template counts like a call. What was done by telephone
        is not in the messages.

    Why your vendor shows another number:
        A task that was closed in place of a message that was sent; every low answer, whatever its age; detractors (0 to 6)
        in place of a box.
    """
    low = _dissatisfied("follow_up_rate", scale_of("follow_up_rate", scale), box)
    wide = _window("within", within)
    known = answered(score) & answered(seconds) & answered(observed) & answered(age)
    came = pl.col(observed) & (pl.col(seconds) > 0) & (pl.col(seconds) <= wide)
    return _judged(
        came,
        in_box(pl.col(score), low),
        known,
        score,
        age,
        wide,
        estimate,
        {"with something that came later than they were watched": pl.col(seconds) > pl.col(age)},
    )


@define(
    title="Recovery rate",
    unit="share",
    better="higher",
    bounds=(0, 1),
    grain="rated answer",
    formula=r"\#\{\text{a later answer in the box}\}/\#\{\text{dissatisfied}, \text{age} \ge w\}",
    references=("McCollough, Berry & Yadav 2000", "Wilson 1927"),
    aliases=("service recovery", "recovered detractors", "won back", "turned around"),
)
def recovery_rate(
    score: Score = "score",
    later: Score = "best_later_score",
    age: Seconds = "answer_age_seconds",
    *,
    scale: ScaleEnds,
    watched: float = _MONTHS,
    box: Sequence[int] | None = None,
    satisfied: Sequence[int] | None = None,
    estimate: Estimate = "matured",
) -> Shape:
    """Share of the dissatisfied answers whose customer later gave an answer in the satisfied box.

    Only answers at least `watched` seconds old are judged, so that there was time for a later one; the others are pending.
    A customer who never answered again is not recovered. Dissatisfied are the bottom two points of the scale, or those of
    `box`; satisfied the top two, or those of `satisfied`. Rows are those of `answer_follow_ups`.

    When it lies:
        Those who left do not answer again, and those who were asked again are those who stayed. Extreme answers are followed
        by milder ones by chance alone: compare with low answers that nobody followed up.

    Why your vendor shows another number:
        Over those who answered twice; any higher score in place of one in the box; the change of the mean.
    """
    ends = scale_of("recovery_rate", scale)
    low, high = _dissatisfied("recovery_rate", ends, box), satisfied_box("recovery_rate", ends, satisfied)
    if set(low) & set(high):
        raise ParameterError(
            f"recovery_rate: box {low} and satisfied {high} share a point; leave one between them or none"
        )
    wide = _window("watched", watched)
    back = in_box(pl.col(later), high).fill_null(value=False)
    return _judged(back, in_box(pl.col(score), low), answered(score) & answered(age), score, age, wide, estimate, {})


def _judged(
    hit: pl.Expr,
    unhappy: pl.Expr,
    known: pl.Expr,
    score: str,
    age: str,
    window: float,
    estimate: Estimate,
    refused: dict[str, pl.Expr],
) -> Shape:
    """Share of hits among the dissatisfied answers that are old enough; the satisfied ones are left out."""
    choice("estimate", estimate, get_args(Estimate))
    content = answered(score) & ~unhappy
    rows, ripe = known & unhappy, pl.col(age) >= window
    unknown = ~known & ~content
    young = rows & ~ripe
    shape: Shape
    if estimate == "matured":
        shape = attainment(hit, of=rows & ripe, pending=young, unknown=unknown, early_met=young & hit)
    else:
        shape = attainment(hit, of=rows, pending=young & ~hit, unknown=unknown, bounds_only=True)
    return replace(shape.excluding(content), refused=refused)


def _dissatisfied(name: str, scale: ScaleEnds, box: Sequence[int] | None) -> list[int]:
    if box is not None:
        return within_scale(name, "box", scale, box)
    points = usual_points(name, f"box=, such as box=range({scale[0]}, {scale[0] + 20})", scale)
    return list(range(scale[0], scale[0] + points))


def _window(name: str, seconds: float) -> float:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds < float("inf"):
        raise ParameterError(f"{name} must be a positive number of seconds, got {seconds!r}; a day is 86_400")
    return float(seconds)
