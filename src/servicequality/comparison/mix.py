"""A change split into mix and rate, and rates standardised to one mix."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from servicequality.checks import column, confidence_level
from servicequality.comparison.sides import SIDES, Sides, read_sides, with_shared_keys
from servicequality.comparison.simpson import pooled, warning
from servicequality.core import Computation, Grouping, Metric, key_column, key_types, names_of, of_frame, of_frames
from servicequality.errors import InputError, ParameterError
from servicequality.model import as_frame
from servicequality.shapes import Attainment, FixedShape
from servicequality.shapes.base import FloatArray
from servicequality.stats import direct_standardise, kitagawa

_SIZE = "rows of the cell"
_SPLIT = ("share_before", "share_after", "before", "after", "mix", "rate", "change")
_STANDARDISED: dict[str, pl.DataType] = {
    "metric": pl.String(),
    **dict.fromkeys(("value", "low", "high", "se", "crude"), pl.Float64()),
    "n": pl.Int64(),
    "reason": pl.String(),
    "notes": pl.String(),
}


@of_frames
def mix_and_rate(before: Any, after: Any, metric: Metric, *, by: str | Sequence[str]) -> Computation:
    """Split the change of a figure into the effect of the mix of groups and that of the groups' figures (Kitagawa 1955).

    Args:
        before: any dataframe; a lazy side makes a lazy answer.
        after: the other side.
        metric: a share, a mean, a rate or a net score: a ratio of two sums.
        by: the groups whose mix may have changed.

    Returns:
        A row a group, sorted by it, and the row `part = "total"` at the end: `by…, part, share_before, share_after,
        before, after, mix, rate, change, notes`. Over the groups, mix and rate add up to the change of the whole exactly.
        The mix of one group depends on the level of all figures; only the total of mix has a meaning of its own.

    Raises:
        InputError: a column is missing, rows lie outside their domain, or a side has no rows.
        ParameterError: the metric is not a ratio of two sums, or by names no column.
    """
    keys = named_keys(by, "by")
    _needs_pair(metric)
    grouping = Grouping.of(by=keys, every=None, at=None, timezone=None, weight=None, cluster=None)

    def answer() -> pl.DataFrame:
        (sides,) = read_sides(before, after, [metric], grouping=grouping, level=0.95)
        below = [_below(sides, label) for label in SIDES]
        for label, size in zip(SIDES, below, strict=True):
            if not size.sum() > 0:
                raise InputError(f"{metric.name}: no rows count {label}; without them there is no mix to compare with")
        values = sides.both("value")
        above = [np.nan_to_num(value) * size for value, size in zip(values, below, strict=True)]
        parts = kitagawa(above[1], below[1], above[0], below[0])
        shares = [size / size.sum() for size in below]
        totals = [pooled(sides, label) for label in SIDES]
        groups = [*shares, *values, parts.mix, parts.rate, parts.mix + parts.rate]
        whole = [1.0, 1.0, *totals, parts.mix.sum(), parts.rate.sum(), float(parts.total)]
        rows = sides.rows.select(map(column, keys)).with_columns(
            pl.lit("group").alias("part"),
            *(pl.Series(name, part, nan_to_null=True) for name, part in zip(_SPLIT, groups, strict=True)),
            pl.lit(None, pl.String).alias("notes"),
        )
        note = warning(values[1] - values[0], totals[1] - totals[0])
        last = {"part": "total", **dict(zip(_SPLIT, whole, strict=True)), "notes": note}
        return pl.concat([rows, pl.DataFrame([last]).cast({"notes": pl.String})], how="diagonal")

    def schema() -> dict[str, pl.DataType]:
        own = {"part": pl.String(), **dict.fromkeys(_SPLIT, pl.Float64()), "notes": pl.String()}
        return {**key_types((before, after), [metric], grouping), **own}

    return Computation(answer, schema)


@of_frame
def standardise(
    frame: Any,
    metric: Metric,
    *,
    by: str | Sequence[str],
    over: str | Sequence[str],
    standard: Any = None,
    level: float = 0.95,
) -> Computation:
    """Figures of groups as they would be if all had the same mix: direct standardisation.

    Args:
        frame: any dataframe; a lazy one gives a lazy answer.
        metric: a share, a mean, a rate or a net score.
        by: the groups to be made comparable.
        over: the strata whose mix differs between them.
        standard: the mix: a dataframe of the columns of `over` and `weight`, read with the frame. All groups
            together by default.
        level: two-sided confidence.

    Returns:
        A row a group, sorted: `by…, metric, value, low, high, se, crude, n, reason, notes`. A group without rows in a
        stratum of the standard is null, with the reason: its figure there is unknown.

    Raises:
        InputError: a column is missing, rows lie outside their domain, or the standard's weights are not numbers of 0 or
            more.
        ParameterError: the metric is not a ratio of two sums, or by and over share a column.
    """
    keys, strata = named_keys(by, "by"), named_keys(over, "over")
    if both := set(keys) & set(strata):
        raise ParameterError(f"by and over both name {sorted(both)}: a column is either compared or adjusted for")
    _needs_pair(metric)
    confidence_level(level)
    grouping = Grouping.of(by=[*keys, *strata], every=None, at=None, timezone=None, weight=None, cluster=None)

    def answer() -> pl.DataFrame:
        groups_of, strata_of = list(map(column, keys)), list(map(column, strata))
        cells = metric.partial(frame, by=[*keys, *strata])
        figures = metric.finish(cells, level=level).select(*map(column, (*keys, *strata)), "value", "se", "n")
        size = _pair(metric)[1].cast(pl.Float64).alias(_SIZE)
        own = [pl.col(key_column(name)).alias(name) for name in (*keys, *strata)]
        figures = figures.join(cells.sums.select(*own, size), on=[*groups_of, *strata_of], nulls_equal=True)
        if standard is None:
            weights = figures.group_by(map(column, strata)).agg(pl.col(_SIZE).sum().alias("weight"))
        else:
            weights = _standard(standard, strata)
        tables = with_shared_keys([weights.lazy(), figures.lazy()], strata)
        weights, figures = pl.collect_all(tables)
        weights = weights.filter(pl.col("weight") > 0).sort(strata_of, nulls_last=True)
        groups = figures.select(map(column, keys)).unique().sort(groups_of, nulls_last=True)
        grid = groups.join(weights, how="cross").join(
            figures, on=[*groups_of, *strata_of], how="left", nulls_equal=True
        )
        shape = (groups.height, weights.height)
        value, se, weight = (
            grid[name].cast(pl.Float64).fill_null(float("nan")).to_numpy().reshape(shape)
            for name in ("value", "se", "weight")
        )
        known = np.isfinite(value).all(axis=1)
        result, error, low, high = np.full((4, len(known)), np.nan)
        square = np.nan_to_num(se[known]) ** 2
        result[known], error[known], limits = direct_standardise(value[known], square, weight[known], level=level)
        low[known], high[known] = limits
        doubtful = np.isnan(se).any(axis=1)
        low[doubtful], high[doubtful], error[doubtful] = np.nan, np.nan, np.nan
        names = weights.select(
            pl.concat_str([column(name).cast(pl.String).fill_null("null") for name in strata], separator=", ")
        ).to_series()
        absent = [names.filter(pl.Series(np.isnan(row))).to_list() for row in value]
        crude = metric.finish(metric.merge([cells], by=keys)).select(
            *map(column, keys), pl.col("value").alias("crude"), "n"
        )
        figures = pl.DataFrame(
            [
                pl.Series(name, np.clip(part, *metric.bounds), nan_to_null=True)
                for name, part in (("value", result), ("low", low), ("high", high))
            ]
        ).with_columns(pl.Series("se", error, nan_to_null=True))
        reasons = [f"no rows in {'; '.join(gone[:3])}" if gone else None for gone in absent]
        lone = [
            "a stratum of one row has no error" if one and ok else None for one, ok in zip(doubtful, known, strict=True)
        ]
        texts = [pl.Series("reason", reasons, pl.String), pl.Series("notes", lone, pl.String)]
        rows = pl.concat([groups, figures, pl.DataFrame(texts)], how="horizontal").with_columns(
            metric=pl.lit(metric.name)
        )
        rows = rows.join(crude, on=groups_of, how="left", nulls_equal=True, maintain_order="left")
        return rows.select(*map(column, keys), *_STANDARDISED)

    def schema() -> dict[str, pl.DataType]:
        types = key_types((frame,), [metric], grouping)
        return {**{key: types[key] for key in keys}, **_STANDARDISED}

    return Computation(answer, schema)


def named_keys(names: str | Sequence[str], role: str) -> list[str]:
    """The columns of a role, of which there is one at least."""
    keys = names_of(names)
    if not keys:
        raise ParameterError(f"{role} names no column; give the groups to look at")
    return keys


def _needs_pair(metric: Metric) -> None:
    if not isinstance(metric.shape, FixedShape) or not metric.shape.mixes():
        raise ParameterError(
            f"{metric.name}: only a ratio of two sums (a share, a mean, a rate, a net score) has a mix; "
            "for a quantile or a curve compare group by group"
        )
    if isinstance(metric.shape, Attainment) and metric.shape.bounds_only:
        raise ParameterError(
            f"{metric.name}: bounds have no value while rows are pending, so there is nothing to split; use another estimate"
        )


def _pair(metric: Metric) -> tuple[pl.Expr, pl.Expr]:
    shape = metric.shape
    assert isinstance(shape, FixedShape)  # `_needs_pair` was asked
    pair = shape.stored(metric.name).pair()
    assert pair is not None  # as above
    return pair


def _below(sides: Sides, label: str) -> FloatArray:
    """The denominator of each group on one side, 0 where it has no rows."""
    shape = sides.metric.shape
    assert isinstance(shape, FixedShape)  # `_needs_pair` was asked
    pair = shape.map(lambda leaf, _: pl.col(f"sum {leaf} {label}")).pair()
    assert pair is not None  # as above
    return sides.rows.select(pair[1].cast(pl.Float64).fill_null(0.0)).to_series().to_numpy()


def _standard(standard: Any, strata: Sequence[str]) -> pl.DataFrame:
    weights: pl.DataFrame = as_frame(standard).lazy().collect()
    if absent := [name for name in (*strata, "weight") if name not in weights.columns]:
        raise InputError(
            f"the standard has no column {', '.join(map(repr, absent))}; it has {', '.join(weights.columns)}"
        )
    weight = weights["weight"]
    if not weight.dtype.is_numeric() or weight.null_count() or not (weight >= 0).all() or not weight.sum() > 0:
        raise InputError(
            f"the standard's weights must be numbers of 0 or more, not all 0; got {weight.head(5).to_list()}"
        )
    if weights.select(map(column, strata)).is_duplicated().any():
        raise InputError(f"the standard names a stratum of {', '.join(strata)} twice; add its weights up first")
    return weights.select(*map(column, strata), pl.col("weight").cast(pl.Float64))
