"""How far pending rows can still move a figure: the lowest and the highest value that they allow."""

# No statistics: the figure is computed twice, as if every pending row ended so as to make it small, and so as to make it
# large.

from functools import reduce
from operator import add

import numpy as np
import polars as pl

from servicequality.core import BIN, ROWS, Metric, float_bits, read_histogram, sum_column, table_shape
from servicequality.shapes import DelayedSurvival, FixedShape, Survival, Table
from servicequality.stats.survival_segments import totals

LOWEST, HIGHEST, UNBOUNDED = "lowest", "highest", "unbounded"
"""The columns: both ends, infinite where there is no bound and null where none is known, and why."""

_FAR = 1e300
"""When rows end that never do: seconds after which no duration is one."""
_ANY_LEVEL = 0.9  # limits are read with the value, and not looked at
_LATE = "rows that came under watch late: how far those that still run can move it is not known"


def may_move(state: pl.DataFrame, metric: Metric) -> pl.Series:
    """How many rows of each group of sums can still move the figure; null if that is not known."""
    stored, rows = metric.shape.stored(metric.name), pl.col(sum_column(metric.name, ROWS))
    parts = [part for part in (stored.pending(rows), stored.running()) if part is not None]
    moving = reduce(add, parts).cast(pl.Int64) if parts else pl.lit(None, pl.Int64)
    return state.with_columns(moving.alias("n_pending"))["n_pending"]


def extremes(state: pl.DataFrame, metric: Metric, *, weighted: bool) -> pl.DataFrame:
    """`lowest`, `highest` and `unbounded` of sums, row by row."""
    shape = metric.shape
    assert isinstance(shape, FixedShape)  # the caller sorts metrics by shape
    own = shape.stored(metric.name, weighted=weighted).extremes()
    ends = unknown(shape.unbounded)
    if own is not None:
        ends = [end.cast(pl.Float64).alias(name) for end, name in zip(own, (LOWEST, HIGHEST), strict=True)]
        ends.append(pl.lit(None, pl.String).alias(UNBOUNDED))
    return state.with_columns(ends).select(LOWEST, HIGHEST, UNBOUNDED)


def table_extremes(state: pl.DataFrame, groups: pl.DataFrame, metric: Metric) -> pl.DataFrame:
    """`lowest`, `highest` and `unbounded` of a value table that keeps all bits, a row for each of `groups`."""
    shape = metric.shape
    if not isinstance(shape, Survival) or isinstance(shape, DelayedSurvival):
        why = _LATE if isinstance(shape, Survival) else shape.unbounded
        return groups.with_columns(unknown(why)).select(LOWEST, HIGHEST, UNBOUNDED)
    ends = _shares(state, shape, groups) if shape.p is None and shape.horizon is None else None
    if ends is None:
        ends = _read_twice(state, metric, groups)
    return ends.with_columns(pl.lit(None, pl.String).alias(UNBOUNDED))


def unknown(why: str) -> list[pl.Expr]:
    """The three columns where it is not known how far pending rows can move a figure, and why."""
    blank = pl.lit(None, pl.Float64)
    return [blank.alias(LOWEST), blank.alias(HIGHEST), pl.lit(why).alias(UNBOUNDED)]


def _shares(state: pl.DataFrame, shape: Survival, groups: pl.DataFrame) -> pl.DataFrame:
    """Ended within a limit, or not: counts alone, and so exact."""
    limit = shape.limit if shape.limit is not None else shape.beyond
    assert limit is not None  # the caller asks for shares alone
    bits = pl.select(float_bits(pl.lit(limit, pl.Float64), 52)).item()
    n, events, other = (pl.col(leaf).cast(pl.Float64) for leaf in ("n", "events", "ended_otherwise"))
    # A row that runs at the limit has not ended within it.
    counted = {"n": n, "ended": events * (pl.col(BIN) <= bits), "running": (n - events - other) * (pl.col(BIN) < bits)}
    keys = groups.columns
    sums = state.select(*keys, *(rule.alias(name) for name, rule in counted.items()))
    sums = sums.group_by(keys).agg(pl.col(*counted).sum())
    n, ended, running = (pl.col(name) for name in counted)
    ends = (ended, ended + running) if shape.limit is not None else (n - ended - running, n - ended)
    here = groups.join(sums, on=keys, how="left", nulls_equal=True, maintain_order="left")
    return here.select(
        pl.when(n > 0).then(end / n).alias(name) for end, name in zip(ends, (LOWEST, HIGHEST), strict=True)
    )


def _read_twice(state: pl.DataFrame, metric: Metric, groups: pl.DataFrame) -> pl.DataFrame:
    """A quantile or a mean up to a horizon: read where all that run end at once, and where they never do."""
    shape, table = table_shape(metric), read_histogram(state, metric, groups, exact=True).table
    filled = np.diff(table.offsets) > 0
    offsets, at, sums = table.offsets[np.append(True, filled)], table.at, table.sums
    assert sums is not None  # a table of curves holds sums
    gone, lost = sums["events"], sums["ended_otherwise"]
    running = sums["n"] - gone - lost
    at_once = {"n": sums["n"], "events": gone + running, "ended_otherwise": lost}
    last, waiting = offsets[1:], totals(running, offsets)
    never = {
        "n": np.insert(gone + lost, last, waiting),
        "events": np.insert(gone, last, waiting),
        "ended_otherwise": np.insert(lost, last, 0.0),
    }
    tables = (
        Table(offsets, at, at_once),
        Table(offsets + np.arange(len(offsets)), np.insert(at, last, _FAR), never),
    )
    lowest, highest = (shape.read(table, level=_ANY_LEVEL).value for table in tables)
    assert lowest is not None  # a table's reading holds its value
    assert highest is not None  # as above
    # The quantile lies among rows that may last for ever, or is not reached if they do: there is no upper bound.
    unbounded = np.isfinite(lowest) & ~(highest < _FAR / 4)
    ends = {LOWEST: lowest, HIGHEST: np.where(unbounded, np.inf, highest)}
    whole = {name: np.full(len(filled), np.nan) for name in ends}
    for name, column in ends.items():
        whole[name][filled] = column
    return pl.DataFrame([pl.Series(name, column, nan_to_null=True) for name, column in whole.items()])
