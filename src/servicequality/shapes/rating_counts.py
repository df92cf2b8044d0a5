"""From one row a rating to the counts from which agreement is computed."""

# A million ratings become the few hundred patterns of counts that occur, and nothing grows with pairs of reviewers.

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from servicequality.checks import holds_flags, holds_numbers, holds_texts, shown, values_of
from servicequality.errors import InputError, ParameterError
from servicequality.shapes.base import FloatArray
from servicequality.shapes.wholes import Rows

MOST = 256
"""Categories beyond which ratings are a measurement: every one of them is a column of counts."""


class Ratings(NamedTuple):
    """Ratings ready to be counted.

    Attributes:
        frame: `group`, `item`, `rating` (Float64 or String) and `reviewer`, and `lowest` and `highest`, the ends of the
            scale, null where the rows do not state them.
        groups: how many groups there are.
        names: what the caller calls the columns `item`, `rating` and `reviewer`.
        categories: every category, in order.
        given: whether the caller named the categories, or their type did.
        ordered: whether they have an order: texts only where somebody gave it.
    """

    frame: pl.DataFrame
    groups: int
    names: dict[str, str]
    categories: list[Any]
    given: bool
    ordered: bool

    @property
    def numeric(self) -> bool:
        """Whether ratings are numbers."""
        return self.frame.schema["rating"] == pl.Float64

    @property
    def scores(self) -> FloatArray:
        """The categories' places on their scale: the numbers themselves, or 0, 1, 2 … of texts."""
        places = self.categories if self.numeric else range(len(self.categories))
        return np.array(places, dtype=np.float64)


class Panel(NamedTuple):
    """The ratings of one group.

    Attributes:
        counts: ratings by pattern and category.
        times: items of each pattern.
        scores: the categories' places on their scale.
    """

    counts: FloatArray
    times: FloatArray
    scores: FloatArray

    @property
    def each(self) -> FloatArray:
        """Ratings of an item, by pattern."""
        return np.asarray(self.counts.sum(axis=1))

    @property
    def items(self) -> int:
        """Items with two ratings or more."""
        return int(self.times[self.each > 1].sum())

    @property
    def ratings(self) -> int:
        """Ratings of those items."""
        several = self.each > 1
        return int((self.times * self.each)[several].sum())

    @property
    def used(self) -> int:
        """Categories that those items were given."""
        return int((self.counts[self.each > 1].sum(axis=0) > 0).sum())


def ratings_of(rows: Rows, names: dict[str, str], categories: Sequence[Any] | None) -> Ratings:
    """The ratings with their categories.

    Those are the ones given, or those of an Enum, or the whole points of the scale that the rows state, with every rating
    that occurs.

    Args:
        rows: the rows, with `item`, `rating`, `reviewer`, `lowest` and `highest`.
        names: what the caller calls the columns.
        categories: the categories, where the caller names them.

    Raises:
        InputError: ratings are neither numbers, texts nor truth values, lie outside the categories, or are too many to be
            categories; or a reviewer rated an item twice.
        ParameterError: the categories are not of the ratings' kind.
    """
    frame, name = rows.frame, shown(names["rating"])
    kind = frame.schema["rating"]
    if isinstance(kind, pl.Enum) and categories is None:
        categories = kind.categories.to_list()
    if holds_numbers(kind) or holds_flags(kind):
        frame = frame.with_columns(pl.col("rating").cast(pl.Float64))
    elif holds_texts(kind):
        frame = frame.with_columns(pl.col("rating").cast(pl.String))
    else:
        raise InputError(f"column {name} holds {kind}, expected numbers, texts or truth values; cast it first")
    frame = _numbered(frame)
    _refuse_twice(frame, rows.frame, names)
    occurring = frame["rating"].unique().to_list()
    if frame.schema["rating"] == pl.Float64 and not frame["rating"].is_finite().all():
        raise InputError(f"column {name} holds NaN or infinity; make a missing rating null")
    if categories is not None:
        known = _given(categories, frame.schema["rating"])
        if strange := sorted(set(occurring) - set(known)):
            raise InputError(
                f"column {name} holds {', '.join(map(shown, strange[:5]))}, outside the categories "
                f"{', '.join(map(shown, known))}; correct the rows, or name every category"
            )
        return Ratings(frame, rows.groups, names, known, given=True, ordered=True)
    numeric = frame.schema["rating"] == pl.Float64
    if numeric and len(occurring) <= MOST:
        occurring += _points(frame)
    return Ratings(frame, rows.groups, names, sorted(set(occurring)), given=False, ordered=numeric)


def panels(ratings: Ratings) -> list[Panel]:
    """The counts of each group.

    Raises:
        InputError: a rating lies outside its own scale, the ratings of a group have several scales, or there are more than
            256 categories.
    """
    refuse_many(ratings)
    every, mine = ratings.categories, own_categories(ratings)
    slots = [f"count {place}" for place in range(len(every))]
    counted = [
        (pl.col("rating") == value).sum().cast(pl.Int64).alias(slot) for value, slot in zip(every, slots, strict=True)
    ]
    items = ratings.frame.lazy().group_by("group", "item").agg(counted)
    patterns = items.group_by("group", *slots).agg(times=pl.len().cast(pl.Int64)).sort("group", *slots)
    table = patterns.collect(engine="streaming")
    counts = table.select(slots).cast(pl.Float64).to_numpy().reshape(table.height, len(slots))
    times = table["times"].cast(pl.Float64).to_numpy()
    edges = np.searchsorted(table["group"].to_numpy(), np.arange(ratings.groups + 1))
    return [
        Panel(counts[start:end][:, mine[group]], times[start:end], ratings.scores[mine[group]])
        for group, (start, end) in enumerate(pairwise(edges))
    ]


def own_categories(ratings: Ratings) -> NDArray[np.bool_]:
    """Which categories each group has: all that were given, or those that occur in it and those of its own scale."""
    every = np.ones((ratings.groups, len(ratings.categories)), dtype=np.bool_)
    if ratings.given:
        return every
    place = dict(zip(ratings.categories, range(len(ratings.categories)), strict=True))
    seen = ratings.frame.select("group", "rating").unique()
    own = np.zeros_like(every)
    places = np.array([place[rating] for rating in seen["rating"].to_list()], dtype=np.int64)
    own[seen["group"].to_numpy(), places] = True
    if not ratings.numeric:
        return own
    ends = ratings.frame.group_by("group").agg(
        pl.col("lowest").min(),
        pl.col("highest").max(),
        several=(pl.col("lowest").n_unique() > 1) | (pl.col("highest").n_unique() > 1),
    )
    _refuse_scales(ratings, ends)
    low, high = np.full((2, ratings.groups, 1), np.nan)
    where = ends["group"].to_numpy()
    low[where, 0], high[where, 0] = (ends[name].cast(pl.Float64).to_numpy() for name in ("lowest", "highest"))
    scores = ratings.scores
    with np.errstate(invalid="ignore"):
        stated: NDArray[np.bool_] = (scores >= low) & (scores <= high) & ((scores - low) % 1 == 0)
    return own | stated


def refuse_many(ratings: Ratings) -> None:
    """Raise InputError for more categories than can be counted."""
    if len(ratings.categories) > MOST:
        raise InputError(
            f"column {shown(ratings.names['rating'])} holds {len(ratings.categories)} different ratings, and {MOST} are the "
            "most that can be categories; round them, or use icc, which takes numbers as they are"
        )


def require_order(ratings: Ratings, option: str) -> None:
    """Raise ParameterError for an order or distance of texts that nobody ordered."""
    if not ratings.ordered:
        raise ParameterError(
            f"{option} needs an order of the categories, and column {shown(ratings.names['rating'])} holds texts; name them "
            "in their order with categories="
        )


def _numbered(frame: pl.DataFrame) -> pl.DataFrame:
    """Items and reviewers by number: what they hold is only told apart."""
    for name in ("item", "reviewer"):
        names = frame.select(name).unique(maintain_order=True).with_row_index("number")
        places = frame.select(name).join(names, on=name, how="left", nulls_equal=True, maintain_order="left")["number"]
        frame = frame.with_columns(places.alias(name))
    return frame


def _refuse_twice(frame: pl.DataFrame, rows: pl.DataFrame, names: dict[str, str]) -> None:
    """Raise InputError with the first items that a reviewer rated twice, if there are any."""
    again = frame.select(pl.struct("group", "item", "reviewer").is_duplicated()).to_series()
    if again.any():
        times = frame.filter(again).select(pl.struct("group", "item", "reviewer").n_unique()).item()
        told = rows.filter(again)
        shown_values = "; ".join(f"{shown(names[one])} {values_of(told[one], 3)}" for one in ("item", "reviewer"))
        raise InputError(
            f"{times} times a reviewer rated an item twice, such as {shown_values}; keep one rating each, or name in by= what "
            "distinguishes them, such as the category"
        )


def _given(categories: Sequence[Any], kind: pl.DataType) -> list[Any]:
    numeric = kind == pl.Float64
    known = [float(value) if numeric and isinstance(value, int | float) else value for value in categories]
    expected: type = float if numeric else str
    if not known or not all(isinstance(value, expected) for value in known) or len(set(known)) < len(known):
        raise ParameterError(
            f"categories must be different {'numbers' if numeric else 'texts'}, as the ratings are; "
            f"got {shown(list(categories))}"
        )
    return sorted(known) if numeric else known


def _points(frame: pl.DataFrame) -> list[float]:
    """The whole points of every scale that rows state."""
    low, high = (pl.col(name).cast(pl.Float64) for name in ("lowest", "highest"))
    stated = frame.select(low, high).unique().filter((high - low).is_between(0, MOST))
    whole = stated.select(pl.int_ranges(0, (high - low).floor().cast(pl.Int64) + 1).alias("step"), low).explode("step")
    points: list[float] = whole.select(pl.col("lowest") + pl.col("step")).to_series().unique().to_list()
    return points


def _refuse_scales(ratings: Ratings, ends: pl.DataFrame) -> None:
    if ends["several"].any():
        raise InputError(
            "ratings of different scales stand in one group and cannot be compared; "
            'group them with by="category", or name the categories'
        )
    rating = pl.col("rating")
    outside = ratings.frame.filter((rating < pl.col("lowest")) | (rating > pl.col("highest")))["rating"]
    if len(outside):
        raise InputError(
            f"{len(outside)} row{'s' if len(outside) > 1 else ''} rated outside their own scale: column "
            f"{shown(ratings.names['rating'])} such as {values_of(outside)}; correct the rows"
        )
