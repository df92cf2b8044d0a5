"""Shares of a scale of any length: top box, bottom box, net score."""

from collections.abc import Sequence

import polars as pl

from servicequality.columns import Score, answered
from servicequality.core import define
from servicequality.errors import ParameterError
from servicequality.metrics.satisfaction.scales import (
    ScaleEnds,
    in_box,
    points_of,
    scale_of,
    usual_points,
    within_scale,
)
from servicequality.shapes import NetMethod, ProportionMethod, Shape, balance, share

__all__ = ["bottom_box", "net_score", "top_box"]


@define(
    title="Top box",
    unit="share",
    better="higher",
    bounds=(0, 1),
    grain="answer",
    formula=r"\#\{x \ge b\}/n",
    references=("Wilson 1927",),
    aliases=("top two box", "t2b"),
)
def top_box(
    score: Score = "score",
    *,
    scale: ScaleEnds,
    points: int | None = None,
    interval: ProportionMethod = "wilson",
    missing: Sequence[int] = (),
) -> Shape:
    """Share of answers in the top points of the scale: two, or one of a two-point scale; beyond 11 points, state them.

    When it lies:
        Where nearly everybody sits in the box, it no longer tells good from excellent.

    Why your vendor shows another number:
        The number of points in the box is rarely stated.
    """
    ends = scale_of("top_box", scale)
    least = ends[1] - points_of("top_box", ends, points) + 1
    return share(pl.col(score) >= least, of=answered(score, missing), method=interval)


@define(
    title="Bottom box",
    unit="share",
    better="lower",
    bounds=(0, 1),
    grain="answer",
    formula=r"\#\{x \le b\}/n",
    references=("Wilson 1927",),
    aliases=("bottom two box", "b2b", "dissatisfied share"),
)
def bottom_box(
    score: Score = "score",
    *,
    scale: ScaleEnds,
    points: int | None = None,
    interval: ProportionMethod = "wilson",
    missing: Sequence[int] = (),
) -> Shape:
    """Share of answers in the bottom points of the scale: two, or one of a two-point scale; beyond 11 points, state them.

    When it lies:
        The angriest customers leave without answering.

    Why your vendor shows another number:
        The number of points in the box is rarely stated.
    """
    ends = scale_of("bottom_box", scale)
    most = ends[0] + points_of("bottom_box", ends, points) - 1
    return share(pl.col(score) <= most, of=answered(score, missing), method=interval)


@define(
    title="Net score",
    unit="points",
    better="higher",
    bounds=(-100, 100),
    grain="answer",
    formula=r"100\,(T - B)/n",
    references=("Rocks 2016",),
    aliases=("net satisfaction", "net agreement"),
)
def net_score(
    score: Score = "score",
    *,
    scale: ScaleEnds,
    top: Sequence[int] | None = None,
    bottom: Sequence[int] | None = None,
    interval: NetMethod = "adjusted_t",
    missing: Sequence[int] = (),
) -> Shape:
    """Share in the top box less share in the bottom box, per 100 answers.

    Each box has two points, or one of a two-point scale; beyond 11 points, state both.

    When it lies:
        A divided and an indifferent public have the same score.

    Why your vendor shows another number:
        Other boxes, or a net score over those who took a side.
    """
    ends = low, high = scale_of("net_score", scale)
    if top is None or bottom is None:
        points = usual_points("net_score", "top= and bottom=", ends)
    above = within_scale("net_score", "top", ends, range(high - points + 1, high + 1) if top is None else top)
    below = within_scale("net_score", "bottom", ends, range(low, low + points) if bottom is None else bottom)
    if both := sorted(set(above) & set(below)):
        raise ParameterError(f"net_score: {both} lie in top and bottom; make the boxes disjoint")
    answer, of = pl.col(score), answered(score, missing)
    return balance(in_box(answer, above), in_box(answer, below), of=of, per=100, method=interval)
