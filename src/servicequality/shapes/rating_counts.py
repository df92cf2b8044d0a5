"""From patterns of ratings to the counts from which agreement is computed."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from servicequality.checks import shown, values_of
from servicequality.errors import InputError, ParameterError
from servicequality.shapes.base import FloatArray
from servicequality.shapes.rating_patterns import pattern_ratings, several_scales
from servicequality.shapes.wholes import Rows
from servicequality.stats._checks import IntArray

MOST = 256
"""Categories beyond which ratings are a measurement: every one of them is a column of counts."""


class Ratings(NamedTuple):
    """Ratings of patterns, ready to be counted.

    Attributes:
        frame: a row a rating of a pattern, as `pattern_ratings` gives them.
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

    @property
    def places(self) -> IntArray:
        """The place of each rating among the categories."""
        places = self.frame["rating"].replace_strict(self.categories, range(len(self.categories)))
        return places.cast(pl.Int64).to_numpy()  # of no categories they are of no type


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


def ratings_of(patterns: Rows, names: dict[str, str], categories: Sequence[Any] | None) -> Ratings:
    """The ratings of patterns with their categories.

    Those are the ones given, or those of an Enum, or the whole points of the scale that the rows state, with every rating
    that occurs.

    Args:
        patterns: what `rating_patterns` gives, or the sum of several.
        names: what the caller calls the columns `item`, `rating` and `reviewer`.
        categories: the categories, where the caller names them.

    Raises:
        InputError: ratings lie outside the categories, or parts differ in the type of their ratings.
        ParameterError: the categories are not of the ratings' kind.
    """
    frame, declared = pattern_ratings(patterns, names)
    name, numeric = shown(names["rating"]), frame.schema["rating"] == pl.Float64
    if categories is None and len(declared) > 1:
        raise InputError(
            f"column {name} has other categories in one part than in another; cast it to one type, or name them with "
            "categories="
        )
    if categories is None and declared:
        categories = declared[0]
    occurring = frame["rating"].unique().to_list()
    if categories is not None and occurring:
        known = _given(categories, numeric=numeric)
        if strange := sorted(set(occurring) - set(known)):
            raise InputError(
                f"column {name} holds {', '.join(map(shown, strange[:5]))}, outside the categories "
                f"{', '.join(map(shown, known))}; correct the rows, or name every category"
            )
        return Ratings(frame, patterns.groups, names, known, given=True, ordered=True)
    if numeric and len(occurring) <= MOST:
        occurring += _points(frame)
    return Ratings(frame, patterns.groups, names, sorted(set(occurring)), given=False, ordered=numeric)


def panels(ratings: Ratings) -> list[Panel]:
    """The counts of each group.

    Raises:
        InputError: a rating lies outside its own scale, the ratings of a group have several scales, or there are more than
            256 categories.
    """
    refuse_many(ratings)
    mine = own_categories(ratings)
    patterns = ratings.frame.unique("pattern", keep="first", maintain_order=True)
    counts = np.zeros((patterns.height, len(ratings.categories)))
    np.add.at(counts, (ratings.frame["pattern"].to_numpy(), ratings.places), 1)
    times = patterns["n"].cast(pl.Float64).to_numpy()
    edges = np.searchsorted(patterns["group"].to_numpy(), np.arange(ratings.groups + 1))
    return [
        Panel(counts[start:end][:, mine[group]], times[start:end], ratings.scores[mine[group]])
        for group, (start, end) in enumerate(pairwise(edges))
    ]


def own_categories(ratings: Ratings) -> NDArray[np.bool_]:
    """Which categories each group has: all that were given, or those that occur in it and those of its own scale."""
    every = np.ones((ratings.groups, len(ratings.categories)), dtype=np.bool_)
    if ratings.given:
        return every
    own = np.zeros_like(every)
    own[ratings.frame["group"].to_numpy(), ratings.places] = True
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
    low[where, 0], high[where, 0] = (ends[name].to_numpy() for name in ("lowest", "highest"))
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


def _given(categories: Sequence[Any], *, numeric: bool) -> list[Any]:
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
    low, high = pl.col("lowest"), pl.col("highest")
    stated = frame.select(low, high).unique().filter((high - low).is_between(0, MOST))
    whole = stated.select(pl.int_ranges(0, (high - low).floor().cast(pl.Int64) + 1).alias("step"), low).explode("step")
    points: list[float] = whole.select(pl.col("lowest") + pl.col("step")).to_series().unique().to_list()
    return points


def _refuse_scales(ratings: Ratings, ends: pl.DataFrame) -> None:
    if ends["several"].any():
        raise several_scales()
    rating = pl.col("rating")
    outside = ratings.frame.filter((rating < pl.col("lowest")) | (rating > pl.col("highest")))
    if rows := outside["n"].sum():
        raise InputError(
            f"{rows} row{'s' if rows > 1 else ''} rated outside their own scale: column "
            f"{shown(ratings.names['rating'])} such as {values_of(outside['rating'])}; correct the rows"
        )
