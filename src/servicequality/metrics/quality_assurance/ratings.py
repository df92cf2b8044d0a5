"""From one row per rating to the counts from which agreement is computed."""

# One streaming scan counts each item's ratings by category and then the patterns of counts: a million ratings become the few
# hundred patterns that occur, and nothing grows with pairs of reviewers.

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from servicequality.checks import holds_flags, holds_numbers, holds_texts
from servicequality.core import Grouping, require_columns
from servicequality.errors import InputError, ParameterError

FloatArray = NDArray[np.float64]

MOST = 256
"""Categories beyond which ratings are a measurement: every one of them is a column of counts."""

_LOW, _HIGH = "scale_min", "scale_max"


class Columns(NamedTuple):
    """Where the ratings lie."""

    item: str
    rating: str
    reviewer: str
    by: list[str]

    @property
    def complete(self) -> pl.Expr:
        """Row rule: an item, a reviewer and a rating."""
        return pl.all_horizontal(pl.col(self.item, self.rating, self.reviewer).is_not_null())


class Ratings(NamedTuple):
    """Ratings ready to be counted.

    Attributes:
        name: who asks, for messages.
        frame: the rows, ratings as Float64 or String.
        columns: where they lie.
        categories: every category, in order.
        given: whether the caller named the categories, or their type did.
        ordered: whether they have an order: texts only where somebody gave it.
    """

    name: str
    frame: pl.LazyFrame
    columns: Columns
    categories: list[Any]
    given: bool
    ordered: bool

    @property
    def numeric(self) -> bool:
        """Whether ratings are numbers."""
        return self.frame.collect_schema()[self.columns.rating] == pl.Float64

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
        gaps: rows without a rating, an item or a reviewer.
    """

    counts: FloatArray
    times: FloatArray
    scores: FloatArray
    gaps: int

    @property
    def each(self) -> FloatArray:
        """Ratings of an item, by pattern."""
        return np.asarray(self.counts.sum(axis=1))

    @property
    def items(self) -> int:
        """Items with two ratings or more."""
        return int(self.times[self.each > 1].sum())

    @property
    def alone(self) -> int:
        """Items rated once, which can neither agree nor disagree."""
        return int(self.times[self.each == 1].sum())

    @property
    def used(self) -> int:
        """Categories that items with two ratings or more were given."""
        return int((self.counts[self.each > 1].sum(axis=0) > 0).sum())


def ratings_of(
    name: str,
    frame: pl.LazyFrame,
    columns: tuple[str, str, str],
    *,
    by: str | Sequence[str],
    categories: Sequence[Any] | None,
) -> Ratings:
    """The ratings, with their columns checked and their categories known.

    Categories are those given, or those of an Enum, or the whole points of `scale_min` to `scale_max` where the frame has
    these columns, with every rating that occurs.

    Raises:
        InputError: a column is missing; ratings are neither numbers, texts nor truth values, lie outside the categories, or
            are too many to be categories.
        ParameterError: `by` names a column twice, or one of the columns that say what was rated.
    """
    item, rating, reviewer = columns
    keys = Grouping.of(by=by, every=None, at=None, timezone=None, weight=None, cluster=None).by
    schema = frame.collect_schema()
    require_columns(schema, (item, rating, reviewer, *keys), role=name)
    if clash := [key for key in keys if key in columns]:
        raise ParameterError(
            f"{name}: by={clash[0]!r} would separate the ratings that are to be compared; leave it out of by"
        )
    kind = schema[rating]
    if holds_numbers(kind) or holds_flags(kind):
        frame = frame.with_columns(pl.col(rating).cast(pl.Float64))
    elif holds_texts(kind):
        frame = frame.with_columns(pl.col(rating).cast(pl.String))
    else:
        raise InputError(
            f"{name}: column {rating!r} holds {kind}, expected numbers, texts or truth values; cast it first"
        )
    if isinstance(kind, pl.Enum) and categories is None:
        categories = kind.categories.to_list()
    placed = Columns(item, rating, reviewer, list(keys))
    seen = frame.filter(placed.complete).select(pl.col(rating).unique()).collect(engine="streaming")[rating]
    occurring = seen.to_list()
    if seen.dtype == pl.Float64 and not seen.is_finite().all():
        raise InputError(f"{name}: column {rating!r} holds NaN or infinity; make a missing rating null")
    if categories is not None:
        known = _given(name, categories, seen.dtype)
        if strange := sorted(set(occurring) - set(known)):
            raise InputError(
                f"{name}: column {rating!r} holds {', '.join(map(repr, strange[:5]))}, outside the categories "
                f"{', '.join(map(repr, known))}; correct the rows, or name every category"
            )
        return Ratings(name, frame, placed, known, given=True, ordered=True)
    if seen.dtype == pl.Float64 and {_LOW, _HIGH} <= {*schema} and len(occurring) <= MOST:
        occurring += _points(frame)
    known = sorted(set(occurring))
    return Ratings(name, frame, placed, known, given=False, ordered=seen.dtype == pl.Float64)


def panels(ratings: Ratings) -> tuple[pl.DataFrame, list[Panel]]:
    """The keys of each group in their order, and its counts; without keys there is one group, even of nothing.

    Raises:
        InputError: a reviewer rated an item twice, a rating lies outside its own scale, the ratings of a group have several
            scales, or there are more than 256 categories.
    """
    name, frame, columns, every = ratings.name, ratings.frame, ratings.columns, ratings.categories
    if len(every) > MOST:
        raise InputError(
            f"{name}: column {columns.rating!r} holds {len(every)} different ratings, and {MOST} are the most that can be "
            "categories; round them, or use icc, which takes numbers as they are"
        )
    rating, keys = pl.col(columns.rating), columns.by
    slots = [f"_count_{place}" for place in range(len(every))]
    counted = [(rating == value).sum().cast(pl.Int64).alias(slot) for value, slot in zip(every, slots, strict=True)]
    patterns = (
        frame.filter(columns.complete)
        .group_by([*keys, columns.item])
        .agg(*counted, (pl.col(columns.reviewer).n_unique() < pl.len()).alias("_twice"))
        .group_by([*keys, *slots])
        .agg(pl.len().cast(pl.Int64).alias("_times"), pl.col("_twice").any())
    )
    sums = [(~columns.complete).sum().cast(pl.Int64).alias("_gaps"), *_scale(ratings)]
    whole = frame.group_by(keys).agg(sums).sort(keys, nulls_last=True) if keys else frame.select(sums)
    table, groups = pl.collect_all([patterns, whole], engine="streaming")
    _refuse_scales(ratings, groups)
    if table["_twice"].any():
        refuse_twice(ratings)
    table = table.sort([*keys, *slots], nulls_last=True)
    counts = table.select(slots).cast(pl.Float64).to_numpy().reshape(table.height, len(slots))
    times = table["_times"].cast(pl.Float64).to_numpy()
    by_group = []
    for place, (start, end) in enumerate(pairwise(offsets_of(groups, table, keys))):
        mine: NDArray[np.bool_] = np.ones(len(every), dtype=np.bool_)
        if not ratings.given:  # another group's categories are none of this one's
            mine = np.asarray((counts[start:end] > 0).any(axis=0))
            if "_lowest" in groups.columns and groups["_lowest"][place] is not None:
                low, high = groups["_lowest"][place], groups["_highest"][place]
                mine = mine | (ratings.scores >= low) & (ratings.scores <= high) & ((ratings.scores - low) % 1 == 0)
        by_group.append(
            Panel(counts[start:end][:, mine], times[start:end], ratings.scores[mine], groups["_gaps"][place])
        )
    return groups.select(keys), by_group


def refuse_twice(ratings: Ratings) -> None:
    """Raise InputError with the first items that a reviewer rated twice, if there are any."""
    item, _, reviewer, keys = ratings.columns
    again = (
        ratings.frame.filter(ratings.columns.complete)
        .group_by([*keys, item, reviewer])
        .agg(pl.len().alias("_rated"))
        .filter(pl.col("_rated") > 1)
        .select(item, reviewer)
        .sort(item, reviewer)
        .collect(engine="streaming")
    )
    if again.height:
        shown = "; ".join(map(repr, zip(*(again.head(3)[name].to_list() for name in (item, reviewer)), strict=True)))
        raise InputError(
            f"{ratings.name}: {again.height} times a reviewer rated an item twice, such as {shown} by {item!r} and "
            f"{reviewer!r}; keep one rating each, or name in by= what distinguishes them, such as the category"
        )


def _given(name: str, categories: Sequence[Any], kind: pl.DataType) -> list[Any]:
    if not isinstance(categories, tuple | list | range):
        raise ParameterError(f"{name}: categories must be a list or tuple of ratings, got {categories!r:.80}")
    known = [float(value) if kind == pl.Float64 and isinstance(value, int | float) else value for value in categories]
    expected: type = float if kind == pl.Float64 else str
    if not known or not all(isinstance(value, expected) for value in known) or len(set(known)) < len(known):
        raise ParameterError(
            f"{name}: categories must be different {'numbers' if expected is float else 'texts'}, as the ratings are; "
            f"got {list(categories)!r}"
        )
    return sorted(known) if expected is float else known


def _points(frame: pl.LazyFrame) -> list[float]:
    """The whole points of every scale that rows state."""
    low, high = (pl.col(name).cast(pl.Float64) for name in (_LOW, _HIGH))
    stated = frame.select(low, high).unique().filter((high - low).is_between(0, MOST)).collect(engine="streaming")
    return [
        float(point)
        for least, most in zip(stated[_LOW].to_list(), stated[_HIGH].to_list(), strict=True)
        for point in np.arange(least, most + 1e-9)
    ]


def _scale(ratings: Ratings) -> list[pl.Expr]:
    """What the rows of a group say of their scale."""
    if ratings.given or not ratings.numeric or not {_LOW, _HIGH} <= {*ratings.frame.collect_schema()}:
        return []
    low, high = (pl.col(name).cast(pl.Float64) for name in (_LOW, _HIGH))
    rating = pl.col(ratings.columns.rating)
    return [
        low.min().alias("_lowest"),
        high.max().alias("_highest"),
        ((low.min() < low.max()) | (high.min() < high.max())).alias("_several"),
        ((rating < low) | (rating > high)).sum().alias("_outside"),
    ]


def _refuse_scales(ratings: Ratings, groups: pl.DataFrame) -> None:
    if "_several" not in groups.columns:
        return
    if groups["_several"].fill_null(value=False).any():
        raise InputError(
            f"{ratings.name}: ratings of different scales ({_LOW} to {_HIGH}) stand in one group and cannot be compared; "
            'group them with by="category", or name the categories'
        )
    if outside := int(groups["_outside"].sum()):
        rating, low, high = pl.col(ratings.columns.rating), pl.col(_LOW), pl.col(_HIGH)
        shown = ratings.frame.filter((rating < low) | (rating > high)).select(rating).head(5).collect().to_series()
        raise InputError(
            f"{ratings.name}: {outside} row{'s' if outside > 1 else ''} rated outside {_LOW} to {_HIGH}: column "
            f"{ratings.columns.rating!r} such as {', '.join(map(repr, shown.to_list()))}; correct the rows"
        )


def offsets_of(groups: pl.DataFrame, table: pl.DataFrame, keys: list[str]) -> NDArray[np.int64]:
    """Where the patterns of each group begin and end in the table."""
    if not keys:
        return np.array([0, table.height])
    lengths = groups.select(keys).join(
        table.group_by(keys).agg(pl.len().cast(pl.Int64).alias("_patterns")),
        on=keys,
        how="left",
        nulls_equal=True,
        maintain_order="left",
    )["_patterns"]
    return np.concatenate(([0], np.cumsum(lengths.fill_null(0).to_numpy())))
