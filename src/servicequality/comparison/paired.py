"""Before and after of the same customers, agents or products: paired rows. Never here: independent sides."""

# A figure is a ratio of sums, and each unit's contribution to its change is known: its linearised residual after less that
# before. So one unit is one observation, however many rows it has, and what makes a unit good on both sides cancels.

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from servicequality.checks import column
from servicequality.comparison.changes import ChangeEstimate
from servicequality.comparison.sides import SIDES, Sides, with_shared_keys
from servicequality.core import Grouping, Metric, Plan, Sampling, by_grain, key_column, sum_column
from servicequality.errors import InputError, ParameterError
from servicequality.shapes import FixedShape
from servicequality.stats import t_interval, t_test


def refuse_pairs(metrics: Sequence[Metric]) -> None:
    """Raise ParameterError for a metric whose figure cannot be paired."""
    for metric in metrics:
        if not isinstance(metric.shape, FixedShape) or not metric.shape.mixes():
            raise ParameterError(
                f"{metric.name}: pairs need a figure that is a ratio of sums (a share, a mean, a rate, a net score); "
                "leave paired= out for quantiles, survival, counts and totals"
            )


def read_pairs(
    before: Any, after: Any, metrics: Sequence[Metric], *, paired: str, grouping: Grouping, level: float
) -> Iterator[tuple[Sides, ChangeEstimate]]:
    """The figures of the units that are on both sides, and their change with Student's limits over units."""
    keys = grouping.keys
    by_unit = replace(grouping, by=(*grouping.by, paired), sampling=Sampling())
    for (first, group), (second, _) in zip(by_grain(before, metrics), by_grain(after, metrics), strict=True):
        plan = Plan(tuple(group), by_unit)
        states = []
        for data in with_shared_keys([plan.prepared(side) for side in (first, second)], by_unit.keys):
            state = plan.sums(data).rename({key_column(name): name for name in by_unit.keys})
            if state[paired].null_count():
                raise InputError(f"column {paired!r} has nulls: a row without it has no partner; drop such rows first")
            states.append(state)
        for metric in group:
            yield _of(metric, states, keys, paired, level)


def _of(
    metric: Metric, states: Sequence[pl.DataFrame], keys: Sequence[str], unit: str, level: float
) -> tuple[Sides, ChangeEstimate]:
    shape, name = metric.shape, metric.name
    assert isinstance(shape, FixedShape)  # checked by the caller
    leaves = [sum_column(name, leaf) for leaf in shape.leaves()]
    own, by = [column(name) for name in (unit, *keys)], [column(name) for name in keys]
    some = [state.filter(pl.col(sum_column(name, "n")) > 0).select(*own, *leaves) for state in states]
    alone = len(pl.concat([side.select(own) for side in some]).unique())
    pairs = [
        side.join(other, on=own, how="semi", nulls_equal=True) for side, other in zip(some, some[::-1], strict=True)
    ]
    figures, residuals = [], []
    for label, side in zip(SIDES, pairs, strict=True):
        stored = shape.stored(name)
        pair = stored.pair()
        assert pair is not None  # checked by the caller
        above, below = (part.cast(pl.Float64) for part in pair)
        whole = [part.sum().over(by) if keys else part.sum() for part in (above, below)]
        scale = getattr(shape, "per", 1.0)
        residual = scale * (above - whole[0] / whole[1] * below) / whole[1]
        residuals.append(side.select(*own, residual.alias(label)))
        sums = [pl.col(leaf).sum() for leaf in leaves]
        small = side.group_by(by).agg(sums) if keys else side.select(sums)
        value = small.select(
            *by,
            stored.value().alias(f"value {label}"),
            pl.col(sum_column(name, "n")).alias(f"n {label}"),
        )
        figures.append(value)
    joint = residuals[0].join(residuals[1], on=own, nulls_equal=True)
    gap = pl.col("after") - pl.col("before")
    spread = [pl.len().cast(pl.Float64).alias("units"), (gap * gap).sum().alias("square")]
    errors = joint.group_by(by).agg(spread) if keys else joint.select(spread)
    if keys:
        rows = figures[0].join(figures[1], on=by, nulls_equal=True).join(errors, on=by, nulls_equal=True)
        rows = rows.sort(by, nulls_last=True)
    else:
        rows = pl.concat([*figures, errors], how="horizontal")
    blank = [pl.lit(None, pl.Float64).alias(f"{figure} {label}") for figure in ("low", "high", "se") for label in SIDES]
    texts = [pl.lit(None, pl.String).alias(f"{text} {label}") for text in ("reason", "notes") for label in SIDES]
    counts = [pl.col(f"n {label}").alias(f"n_eff {label}") for label in SIDES]
    waiting = [pl.lit(None, pl.Int64).alias(f"n_pending {label}") for label in SIDES]
    rows = rows.with_columns(*blank, *texts, *counts, *waiting)
    sides = Sides(metric=metric, keys=keys, rows=rows, level=level)
    units, square = rows["units"].to_numpy(), rows["square"].to_numpy()
    change = np.subtract(*reversed(sides.both("value")))
    ok = (units > 1) & np.isfinite(change)
    se, low, high, p = np.full((4, len(units)), np.nan)
    se[ok] = np.sqrt(units[ok] / (units[ok] - 1) * square[ok])
    low[ok], high[ok] = t_interval(change[ok], se[ok], df=units[ok] - 1, level=level)
    tested = ok & (se > 0)
    p[tested] = t_test(change[tested], se[tested], df=units[tested] - 1)
    left_out = alone - len(joint)
    note = f"{len(joint)} pairs" + (f"; {left_out} without a partner are left out" if left_out else "")
    return sides, ChangeEstimate(low=low, high=high, p=p, method="paired t", test="paired t", se=se, notes=note)
