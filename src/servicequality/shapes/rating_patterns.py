"""Ratings as patterns: how many items were rated alike, written from one row a rating."""

# A million ratings become the few hundred patterns that occur. Agreement depends on these alone, and their counts add up.
# A pattern is written as JSON, so that no name of a category or reviewer is taken for another one.

from typing import NamedTuple

import numpy as np
import polars as pl

from servicequality.checks import holds_flags, holds_numbers, holds_texts, shown, values_of
from servicequality.errors import InputError
from servicequality.shapes.wholes import Rows
from servicequality.stats._checks import BoolArray, IntArray
from servicequality.stats.ordering import stable_order, stable_runs

_TEXTS = pl.List(pl.String)
PATTERN = pl.Struct(
    {
        "numbers": pl.List(pl.Float64),
        "texts": _TEXTS,
        "reviewers": _TEXTS,
        "lowest": pl.Float64,
        "highest": pl.Float64,
        "categories": _TEXTS,
    }
)
"""The ratings of an item, numbers or texts, in ascending order or in that of their reviewers where these are kept; the ends
of the scale that its rows state; and the categories that the type of the ratings declares. The text omits what does
not apply."""


def rating_patterns(rows: Rows, names: dict[str, str], *, of_reviewers: bool) -> pl.DataFrame:
    """How many items of each group have each pattern: `group`, `pattern` and `n`, sorted.

    Args:
        rows: one row a rating: `group`, `item`, `rating`, `reviewer`, and `lowest` and `highest`, null where not stated.
        names: what the caller calls the columns `item`, `rating` and `reviewer`.
        of_reviewers: whether a pattern says who gave which rating.

    Raises:
        InputError: ratings are neither numbers, texts nor truth values, or not finite; a reviewer rated an item twice; an
            item was rated on two scales; or reviewers whom a pattern names are neither texts nor single values.
    """
    kind = rows.frame.schema["rating"]
    frame = rows.frame.with_columns(_readable(rows.frame["rating"], names))
    numeric = frame.schema["rating"] == pl.Float64
    if of_reviewers:
        frame = frame.with_columns(_labels(frame["reviewer"], names))
    item, reviewer = _numbers(frame["item"]), _numbers(frame["reviewer"], ascending=of_reviewers)
    unit = frame["group"].to_numpy().astype(np.int64) * (item.max(initial=0) + 1) + item
    order, first = _by_unit(unit, reviewer)
    _refuse_twice(rows.frame, order, first, reviewer, names)
    if not of_reviewers:
        order, first = _by_unit(unit, _numbers(frame["rating"], ascending=True))
    frame = frame[order]
    if numeric:
        _refuse_two_scales(frame, first)
    items = (
        frame.lazy()
        .with_columns(unit=pl.Series(np.cumsum(first)))
        .group_by("unit", maintain_order=True)
        .agg(*(["rating", "reviewer"] if of_reviewers else ["rating"]), pl.col("group", "lowest", "highest").first())
    )
    holds = {"numbers" if numeric else "texts": pl.col("rating")}
    if of_reviewers:
        holds["reviewers"] = pl.col("reviewer")
    if numeric and not (frame["lowest"].is_null() & frame["highest"].is_null()).all():
        holds |= {end: pl.col(end).cast(pl.Float64) for end in ("lowest", "highest")}
    if isinstance(kind, pl.Enum):
        holds["categories"] = pl.lit(kind.categories.to_list(), _TEXTS)
    pattern = pl.struct(one.alias(name) for name, one in holds.items()).struct.json_encode()
    counted = items.select("group", pattern=pattern).group_by("group", "pattern").agg(n=pl.len().cast(pl.Int64))
    return counted.sort("group", "pattern").collect(engine="streaming")


class PatternRatings(NamedTuple):
    """What patterns say.

    Attributes:
        frame: a row a rating of a pattern: `group`, `pattern` (its number), `n` (the items that have it), `rating` (Float64
            or String), `reviewer` (null where the pattern names none), `lowest` and `highest`.
        declared: the categories that the type of the ratings declares, one list each where parts declare others.
    """

    frame: pl.DataFrame
    declared: list[list[str] | None]


def pattern_ratings(patterns: Rows, names: dict[str, str]) -> PatternRatings:
    """The ratings of patterns.

    Args:
        patterns: what `rating_patterns` gives, or the sum of several.
        names: what the caller calls the columns `item`, `rating` and `reviewer`.

    Raises:
        InputError: parts hold numbers and texts.
    """
    of = patterns.frame.select("group", "n", pl.col("pattern").str.json_decode(PATTERN)).unnest("pattern")
    of = of.with_row_index("pattern")
    numeric, textual = of["numbers"].null_count() < of.height, of["texts"].null_count() < of.height
    if numeric and textual:
        raise InputError(
            f"column {shown(names['rating'])} holds numbers in one part and texts in another; cast them to one type"
        )
    listed = ["rating"] if of["reviewers"].null_count() else ["rating", "reviewer"]
    columns = {"rating": "texts" if textual else "numbers", "reviewer": "reviewers"}
    columns |= {name: name for name in ("lowest", "highest")}
    frame = of.select("group", "pattern", "n", **{name: pl.col(of) for name, of in columns.items()}).explode(listed)
    if "reviewer" not in listed:
        frame = frame.with_columns(reviewer=pl.lit(None, pl.String))
    return PatternRatings(frame, of["categories"].unique(maintain_order=True).to_list())


def several_scales() -> InputError:
    """What is said of ratings that cannot be compared."""
    return InputError(
        "ratings of different scales stand in one group and cannot be compared; "
        'group them with by="category", or name the categories'
    )


def _readable(ratings: pl.Series, names: dict[str, str]) -> pl.Series:
    """The ratings as finite Float64 or as String."""
    kind, name = ratings.dtype, shown(names["rating"])
    if holds_numbers(kind) or holds_flags(kind):
        numbers = ratings.cast(pl.Float64) + 0.0  # -0.0 is 0
        if not numbers.is_finite().all():
            raise InputError(f"column {name} holds NaN or infinity; make a missing rating null")
        return numbers
    if holds_texts(kind):
        return ratings.cast(pl.String)
    raise InputError(f"column {name} holds {kind}, expected numbers, texts or truth values; cast it first")


def _labels(reviewers: pl.Series, names: dict[str, str]) -> pl.Series:
    """The names of reviewers as texts, which are the same in every part."""
    kind = reviewers.dtype
    if kind.is_temporal():
        return reviewers.to_physical().cast(pl.String)
    if kind.is_float() or kind.is_decimal():
        return reviewers.cast(pl.String).str.replace(r"\.0+$", "")
    if holds_texts(kind) or holds_numbers(kind) or holds_flags(kind):
        return reviewers.cast(pl.String)
    raise InputError(
        f"column {shown(names['reviewer'])} holds {kind}, expected texts, numbers or instants that name a reviewer; cast it "
        "first"
    )


def _numbers(values: pl.Series, *, ascending: bool = False) -> IntArray:
    """The place of each value among those that differ, in ascending order or in that of the rows."""
    frame = pl.DataFrame({"value": values})
    different = frame.unique().sort("value") if ascending else frame.unique(maintain_order=True)
    places = frame.join(
        different.with_row_index("place"), on="value", how="left", nulls_equal=True, maintain_order="left"
    )
    return places["place"].to_numpy().astype(np.int64)


def _by_unit(unit: IntArray, within: IntArray) -> tuple[IntArray, BoolArray]:
    """The rows of each unit side by side, in the order of a number within it, and which are the first of their unit."""
    order = stable_order(within, int(within.max(initial=0)) + 1)
    units, first = stable_runs(unit[order], int(unit.max(initial=0)) + 1)
    return order[units], first


def _refuse_twice(
    rows: pl.DataFrame, order: IntArray, first: BoolArray, reviewer: IntArray, names: dict[str, str]
) -> None:
    """Raise InputError with some items that a reviewer rated twice, if there are any.

    Args:
        rows: the ratings.
        order: their order by item and reviewer.
        first: which of them are then the first of their item.
        reviewer: the number of each one's reviewer.
        names: what the caller calls the columns.
    """
    ordered = reviewer[order]
    again = np.zeros(len(first), np.bool_)
    again[1:] = ~first[1:] & (ordered[1:] == ordered[:-1])
    if again.any():
        times = (again[1:] & ~again[:-1]).sum()
        repeated = rows[order[again]]
        values = "; ".join(f"{shown(names[one])} {values_of(repeated[one], 3)}" for one in ("item", "reviewer"))
        raise InputError(
            f"{times} times a reviewer rated an item twice, such as {values}; keep one rating each, or name in by= what "
            "distinguishes them, such as the category"
        )


def _refuse_two_scales(rows: pl.DataFrame, first: BoolArray) -> None:
    """Raise InputError where the rows of an item, which lie side by side, state different scales."""
    ends = rows.select(pl.col("lowest", "highest").ne_missing(pl.col("lowest", "highest").shift()))
    if (ends.select(pl.any_horizontal(pl.all())).to_series().to_numpy() & ~first).any():
        raise several_scales()
