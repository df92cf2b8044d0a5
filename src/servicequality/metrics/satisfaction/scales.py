"""Scales, and the points of a box on them."""

from collections.abc import Sequence

import polars as pl

from servicequality.columns import one_of
from servicequality.errors import ParameterError

ScaleEnds = tuple[int, int]
"""Lowest and highest point of a scale."""

_LONGEST = 11
"""Up to so many points (0 to 10) "the top two" has a meaning of its own; of 0 to 100 it would be 99 and 100."""


def scale_of(name: str, scale: object) -> ScaleEnds:
    """The scale, if it runs from a lower to a higher whole number; `name` is the metric that asks."""
    ends = tuple(scale) if isinstance(scale, tuple | list) else ()
    if len(ends) != 2 or not all(_is_whole(end) for end in ends) or not ends[0] < ends[1]:
        raise ParameterError(f"{name}: scale must be (lowest, highest), such as (1, 5), got {scale!r}")
    return int(ends[0]), int(ends[1])


def satisfied_box(name: str, scale: ScaleEnds, box: Sequence[int] | None) -> list[int]:
    """The points of the satisfied box: those given, or the usual ones at the top."""
    high = scale[1]
    if box is None:
        points = usual_points(name, f"box=, such as box=range({high - 19}, {high + 1})", scale)
        return list(range(high - points + 1, high + 1))
    return within_scale(name, "box", scale, box)


def usual_points(name: str, which: str, scale: ScaleEnds) -> int:
    """How many points a box has that nobody stated: two, or one of a two-point scale.

    Raises:
        ParameterError: the scale is so long that the box must be given; `which` says how.
    """
    length = scale[1] - scale[0] + 1
    if length > _LONGEST:
        raise ParameterError(
            f"{name}: a scale of {length:,} points ({scale[0]} to {scale[1]}) has no usual box; state it with {which}"
        )
    return 1 if length == 2 else 2


def points_of(name: str, scale: ScaleEnds, points: object) -> int:
    """How many points a box at an end of the scale has: those given, or the usual ones."""
    if points is None:
        return usual_points(name, "points=", scale)
    length = scale[1] - scale[0] + 1
    if not isinstance(points, int) or isinstance(points, bool) or not 1 <= points <= length:
        raise ParameterError(
            f"{name}: points must be a whole number from 1 to {length:,}, for the scale {scale[0]} to {scale[1]}; "
            f"got {points!r}"
        )
    return points


def within_scale(name: str, what: str, scale: ScaleEnds, points: object) -> list[int]:
    """The points in their order, if there are any and all lie on the scale."""
    stated = list(points) if isinstance(points, Sequence) and not isinstance(points, str) else []
    if not stated or any(not _is_whole(point) or not scale[0] <= point <= scale[1] for point in stated):
        raise ParameterError(
            f"{name}: {what} must hold points of the scale {scale[0]} to {scale[1]}, got {stated or points!r}"
        )
    return sorted(set(stated))


def in_box(answer: pl.Expr, box: Sequence[int]) -> pl.Expr:
    """Row rule: the answer is one of the box's points, which stand in their order."""
    if len(box) == box[-1] - box[0] + 1:
        return (answer >= box[0]) & (answer <= box[-1])
    return one_of(answer, box)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def check_cuts(metric: str, *, detractor_max: int | None = None, promoter_min: int | None = None) -> None:
    """Refuse cuts of the Net Promoter Score that leave a group without an answer, or make two groups overlap.

    Raises:
        ParameterError: a cut lies outside 0 to 10, or the detractors' not below the promoters'.
    """
    low, high = 0 if detractor_max is None else detractor_max, 10 if promoter_min is None else promoter_min
    if 0 <= low < high <= 10:
        return
    if detractor_max is None or promoter_min is None:
        cut = f"promoter_min={promoter_min} must lie from 1 to 10" if detractor_max is None else ""
        raise ParameterError(f"{metric}: {cut or f'detractor_max={detractor_max} must lie from 0 to 9'}")
    raise ParameterError(
        f"{metric}: detractor_max={detractor_max} must lie below promoter_min={promoter_min}, both from 0 to 10"
    )
