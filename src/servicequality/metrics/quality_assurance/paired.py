"""Counts for two named reviewers, and mean squares of numeric ratings."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import polars as pl

from servicequality.errors import InputError, ParameterError
from servicequality.metrics.quality_assurance.ratings import MOST, FloatArray, Ratings, offsets_of, refuse_twice


class Pair(NamedTuple):
    """The items of a group by both reviewers' categories; `alone` were rated by one of the two only."""

    table: FloatArray
    alone: int


class Squares(NamedTuple):
    """The analysis of variance of a group's ratings.

    Attributes:
        n: items with a rating of every reviewer.
        k: ratings of each.
        items: mean square between items.
        raters: mean square between reviewers; NaN where the reviewers differ from item to item.
        within: mean square within items.
        left_out: items that lack a rating.
        agreement: share of pairs of ratings of an item that are equal.
    """

    n: int
    k: int
    items: float
    raters: float
    within: float
    left_out: int
    agreement: float


def reviewers_of(ratings: Ratings) -> list[str]:
    """Everybody who rated, in order."""
    reviewers = ratings.frame.filter(ratings.columns.complete).select(pl.col(ratings.columns.reviewer).unique().sort())
    return reviewers.collect(engine="streaming").to_series().to_list()


def confusions(ratings: Ratings, reviewers: Sequence[str] | None) -> tuple[pl.DataFrame, list[Pair]]:
    """The keys of each group in their order, and its table of two reviewers' ratings.

    Raises:
        InputError: there are not exactly two reviewers and none are named, or one of them rated an item twice.
        ParameterError: `reviewers` does not name two of them.
    """
    name, columns, every = ratings.name, ratings.columns, ratings.categories
    first, second = _two(ratings, reviewers)
    if len(every) > MOST:
        raise InputError(
            f"{name}: column {columns.rating!r} holds {len(every)} different ratings, and {MOST} are the most that can be "
            "categories; round them, or use icc, which takes numbers as they are"
        )
    rating, reviewer, keys = pl.col(columns.rating), pl.col(columns.reviewer), columns.by
    # The place of the category, from 1; 0 where there is no rating. Sums of Booleans are cheaper than a look-up.
    place = sum(((rating == value).cast(pl.Int64) * at for at, value in enumerate(every, start=1)), pl.lit(0, pl.Int64))
    by = {"_a": reviewer == first, "_b": reviewer == second}
    counted = (
        ratings.frame.filter(columns.complete & (by["_a"] | by["_b"]))
        .group_by([*keys, columns.item])
        .agg(
            *((place * rule).sum().alias(side) for side, rule in by.items()),
            *(rule.sum().alias(f"{side}_ratings") for side, rule in by.items()),
        )
        .group_by([*keys, "_a", "_b"])
        .agg(
            pl.len().cast(pl.Int64).alias("_items"),
            (pl.max_horizontal("_a_ratings", "_b_ratings") > 1).any().alias("_twice"),
        )
        .sort([*keys, "_a", "_b"], nulls_last=True)
    )
    whole = ratings.frame.select(keys).unique().sort(keys, nulls_last=True) if keys else pl.LazyFrame()
    table, groups = pl.collect_all([counted, whole], engine="streaming")
    if table["_twice"].any():
        refuse_twice(ratings)
    a, b, items = (table[column].to_numpy() for column in ("_a", "_b", "_items"))
    pairs = []
    for start, end in pairwise(offsets_of(groups, table, keys)):
        cells = np.zeros((len(every) + 1, len(every) + 1))
        cells[a[start:end], b[start:end]] = items[start:end]
        pairs.append(Pair(cells[1:, 1:], int(cells[0].sum() + cells[:, 0].sum())))
    return groups, pairs


def _two(ratings: Ratings, reviewers: Sequence[str] | None) -> tuple[str, str]:
    name, column = ratings.name, ratings.columns.reviewer
    everybody = reviewers_of(ratings)
    if reviewers is None:
        if len(everybody) != 2:
            raise InputError(
                f"{name}: column {column!r} names {len(everybody)} reviewers, and Cohen's kappa compares two; say which with "
                "reviewers=, or use fleiss_kappa or krippendorff_alpha, which take any number"
            )
        return everybody[0], everybody[1]
    pair = () if isinstance(reviewers, str) or not isinstance(reviewers, Iterable) else tuple(reviewers)
    if len(pair) != 2 or pair[0] == pair[1]:
        raise ParameterError(f"{name}: reviewers must name two reviewers, got {reviewers!r}")
    if absent := [who for who in pair if who not in everybody]:
        shown = ", ".join(map(repr, everybody[:5]))
        raise ParameterError(f"{name}: nobody in column {column!r} is called {absent[0]!r}; there are {shown}")
    return pair[0], pair[1]


def mean_squares(ratings: Ratings, *, same_reviewers: bool, leave_out: bool) -> tuple[pl.DataFrame, list[Squares]]:
    """The keys of each group in their order, and its analysis of variance.

    Args:
        ratings: numbers.
        same_reviewers: whether every item was rated by the same people, or by as many others.
        leave_out: whether items that lack a rating are left out; else they are an error.

    Raises:
        InputError: ratings are not numbers, an item lacks a rating, or a reviewer rated an item twice.
    """
    name, columns, keys = ratings.name, ratings.columns, ratings.columns.by
    if not ratings.numeric:
        raise InputError(
            f"{name}: column {columns.rating!r} holds texts, and the correlation needs numbers; cast it first"
        )
    groups_by = keys or ["_all"]
    complete = ratings.frame.filter(columns.complete).with_columns(_all=pl.lit(0))
    origin = complete.select(pl.col(columns.rating).mean()).collect(engine="streaming").item()
    about = pl.col(columns.rating) - (0.0 if origin is None else origin)  # squares about 0 would lose digits
    alike, full = pl.col("_alike"), pl.col("_k") == pl.col("_whole")
    items = (
        complete.group_by([*groups_by, columns.item, columns.rating])
        .agg(pl.len().cast(pl.Int64).alias("_alike"))
        .group_by([*groups_by, columns.item])
        .agg(
            (alike * about).sum().alias("_sum"),
            (alike * about**2).sum().alias("_squares"),
            alike.sum().alias("_k"),
            (alike * (alike - 1)).sum().alias("_agreeing"),
        )
    )
    team = (
        complete.select(*groups_by, columns.reviewer)
        .unique()
        .group_by(groups_by)
        .agg(pl.len().cast(pl.Int64).alias("_whole"))
    )
    most = items.group_by(groups_by).agg(pl.col("_k").max().alias("_whole"))
    marked = items.join(team if same_reviewers else most, on=groups_by, nulls_equal=True)
    pairs = pl.col("_k") * (pl.col("_k") - 1)
    totals = marked.group_by(groups_by).agg(
        pl.col("_whole").first().alias("k"),
        full.sum().cast(pl.Int64).alias("n"),
        (~full).sum().cast(pl.Int64).alias("left_out"),
        pl.when(full).then("_sum").sum().alias("total"),
        (pl.when(full).then("_sum") ** 2).sum().alias("of_items"),
        pl.when(full).then("_squares").sum().alias("squares"),
        pl.when(full & (pairs > 0)).then(pl.col("_agreeing") / pairs).mean().alias("agreement"),
    )
    rated = complete.group_by([*groups_by, columns.item, columns.reviewer]).agg(pl.len().alias("_times"))
    whole = ratings.frame.with_columns(_all=pl.lit(0)).select(groups_by).unique()
    sums, groups, twice = pl.collect_all(
        [totals, whole, rated.select((pl.col("_times") > 1).any())], engine="streaming"
    )
    if twice.item():
        refuse_twice(ratings)
    if not leave_out and (lacking := int(sums["left_out"].sum())):
        raise InputError(
            f"{name}: {lacking} of {lacking + int(sums['n'].sum())} items lack a rating, and the correlation needs a complete "
            "table; leave them out with incomplete='leave_out', or use krippendorff_alpha(scale='interval')"
        )
    if same_reviewers:
        if sums["left_out"].sum():
            kept = marked.filter(full).select(*groups_by, columns.item)
            complete = complete.join(kept, on=[*groups_by, columns.item], how="semi", nulls_equal=True)
        by_rater = complete.group_by([*groups_by, columns.reviewer]).agg(about.sum().alias("_sum"))
        of_raters = by_rater.group_by(groups_by).agg((pl.col("_sum") ** 2).sum().alias("of_raters"))
        sums = sums.join(of_raters.collect(engine="streaming"), on=groups_by, how="left", nulls_equal=True)
    groups = groups.sort(groups_by, nulls_last=True) if keys or groups.height else pl.DataFrame({"_all": [0]})
    table = groups.join(sums, on=groups_by, how="left", nulls_equal=True, maintain_order="left")
    return groups.select(keys), [_squares(row) for row in _numbers(table)]


def _numbers(table: pl.DataFrame) -> list[dict[str, float]]:
    """The totals of each group; a group without ratings has none."""
    columns = ["k", "n", "left_out", "total", "of_items", "squares", "agreement", "of_raters"]
    present = {name: table[name].cast(pl.Float64).to_numpy() for name in columns if name in table.columns}
    return [
        {name: float(present[name][at]) if name in present else np.nan for name in columns}
        for at in range(table.height)
    ]


def _squares(of: dict[str, float]) -> Squares:
    n, k = of["n"], of["k"]
    if not (n > 1 and k > 1):
        some = n if n > 0 else 0.0
        return Squares(
            int(some), int(k) if k > 0 else 0, np.nan, np.nan, np.nan, int(np.nan_to_num(of["left_out"])), np.nan
        )
    middle = of["total"] ** 2 / (n * k)
    between = max(of["of_items"] / k - middle, 0.0)
    inside = max(of["squares"] - of["of_items"] / k, 0.0)
    lenience = max(of["of_raters"] / n - middle, 0.0)
    return Squares(
        int(n),
        int(k),
        between / (n - 1),
        lenience / (k - 1),
        inside / (n * (k - 1)),
        int(of["left_out"]),
        of["agreement"],
    )
