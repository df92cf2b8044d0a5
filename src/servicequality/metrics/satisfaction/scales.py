"""Scales and the points of a box on them. Never here: a definition."""

from collections.abc import Sequence

from servicequality.errors import ParameterError

Scale = tuple[int, int]
"""Lowest and highest point of a scale."""


def scale_of(name: str, scale: Scale) -> Scale:
    """The scale, if it runs from a lower to a higher point; `name` is the metric that asks."""
    low, high = scale if isinstance(scale, tuple) and len(scale) == 2 else (0, 0)
    if not low < high:
        raise ParameterError(f"{name}: scale must be (lowest, highest), such as (1, 5), got {scale!r}")
    return low, high


def satisfied_box(name: str, scale: Scale, box: Sequence[int] | None) -> list[int]:
    """The points of the satisfied box: those given, or the top two (of a two-point scale, the top one)."""
    low, high = scale
    return within_scale(
        name, "box", scale, box if box is not None else (high,) if high - low == 1 else (high - 1, high)
    )


def within_scale(name: str, what: str, scale: Scale, points: Sequence[int]) -> list[int]:
    """The points in their order, if there are any and all lie on the scale."""
    if not points or any(point < scale[0] or point > scale[1] for point in points):
        raise ParameterError(
            f"{name}: {what} must hold points of the scale {scale[0]} to {scale[1]}, got {list(points)}"
        )
    return sorted(set(points))
