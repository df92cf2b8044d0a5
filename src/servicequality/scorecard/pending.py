"""How far pending rows can still move a figure. Lives here: the lowest and the highest that they allow. Never: a verdict.

No statistics: the figure is worked out for the rows that are there, once as if every pending row ended so as to make it
small, and once so as to make it large.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl

from servicequality.core import Metric
from servicequality.core.finishing import finish_table
from servicequality.core.states import BIN, STRATUM, float_bits, value_prefix
from servicequality.shapes import DelayedSurvival, FixedShape, Survival, TableShape

LOWEST, HIGHEST, UNBOUNDED = "lowest", "highest", "unbounded"
"""The columns: both ends, infinite where there is no bound and null where none is known, and why."""

_FAR = 1e300
"""When rows end that never do: seconds after which no duration is one."""
_LATE = "rows that came under watch late: how far those that still run can move it is not known"


def extremes(state: pl.DataFrame, metric: Metric) -> pl.DataFrame:
    """`lowest`, `highest` and `unbounded` of a state of fixed width, row by row."""
    shape = metric.shape
    assert isinstance(shape, FixedShape)  # the caller sorts metrics by shape
    own = shape.stored(_prefix(state, metric)).extremes()
    ends = _unknown(shape.unbounded)
    if own is not None:
        ends = [end.cast(pl.Float64).alias(name) for end, name in zip(own, (LOWEST, HIGHEST), strict=True)]
        ends.append(pl.lit(None, pl.String).alias(UNBOUNDED))
    return state.with_columns(ends).select(LOWEST, HIGHEST, UNBOUNDED)


def table_extremes(state: pl.DataFrame, metric: Metric, keys: Sequence[str]) -> pl.DataFrame:
    """The keys, `lowest`, `highest` and `unbounded` of a state that is a table."""
    shape = metric.shape
    assert isinstance(shape, TableShape)  # as above
    if not isinstance(shape, Survival) or isinstance(shape, DelayedSurvival):
        why = _LATE if isinstance(shape, Survival) else shape.unbounded
        return state.select(keys).unique().with_columns(*_unknown(why))
    figures = _shares(state, shape, metric, keys) if shape.p is None and shape.horizon is None else None
    if figures is None:
        figures = _read_twice(state, shape, metric, keys)
    return figures.with_columns(pl.lit(None, pl.String).alias(UNBOUNDED))


def _prefix(state: pl.DataFrame, metric: Metric) -> str:
    return value_prefix(metric.name, weighted=f"{metric.name}.weight_squares" in state.columns)


def _unknown(why: str) -> list[pl.Expr]:
    blank = pl.lit(None, pl.Float64)
    return [blank.alias(LOWEST), blank.alias(HIGHEST), pl.lit(why).alias(UNBOUNDED)]


def _shares(state: pl.DataFrame, shape: Survival, metric: Metric, keys: Sequence[str]) -> pl.DataFrame:
    """Ended within a limit, or not: counts alone, and so exact."""
    limit = shape.limit if shape.limit is not None else shape.beyond
    assert limit is not None  # the caller asks for shares alone
    prefix, bits = _prefix(state, metric), pl.select(float_bits(pl.lit(limit, pl.Float64), 52)).item()
    n, events, other = (pl.col(f"{prefix}.{leaf}").cast(pl.Float64) for leaf in ("n", "events", "ended_otherwise"))
    ended = events.filter(pl.col(BIN) <= bits).sum()
    # A row that runs at the limit has not ended within it.
    running = (n - events - other).filter(pl.col(BIN) < bits).sum()
    ends = (ended, ended + running) if shape.limit is not None else (n.sum() - ended - running, n.sum() - ended)
    some = pl.when(n.sum() > 0)
    return state.group_by(keys).agg(
        some.then(ends[0] / n.sum()).alias(LOWEST), some.then(ends[1] / n.sum()).alias(HIGHEST)
    )


def _read_twice(state: pl.DataFrame, shape: Survival, metric: Metric, keys: Sequence[str]) -> pl.DataFrame:
    """A quantile or a mean up to a horizon: read where all that run end at once, and where they never do."""
    name = metric.name
    prefixes = list(dict.fromkeys((name, _prefix(state, metric))))

    def running(prefix: str) -> pl.Expr:
        return pl.col(f"{prefix}.n") - pl.col(f"{prefix}.events") - pl.col(f"{prefix}.ended_otherwise")

    at_once = state.with_columns(
        (pl.col(f"{prefix}.events") + running(prefix)).alias(f"{prefix}.events") for prefix in prefixes
    )
    over = state.with_columns((pl.col(f"{prefix}.n") - running(prefix)).alias(f"{prefix}.n") for prefix in prefixes)
    far = pl.select(float_bits(pl.lit(_FAR), 52)).item()
    moved = state.with_columns(
        pl.lit(far, pl.Int64).alias(BIN),
        *(pl.lit(0, state.schema[column]).alias(column) for column in state.columns if column.startswith(f"{name}.")),
    ).with_columns(
        pl.Series(f"{prefix}.{leaf}", state.select(running(prefix)).to_series())
        for prefix in prefixes
        for leaf in ("n", "events")
    )  # fmt: skip
    groups = [*keys, *([STRATUM] if STRATUM in state.columns else []), BIN]
    never = pl.concat([over, moved]).group_by(groups).agg(pl.all().sum())
    ends = [
        finish_table(each, metric, keys=keys, level=0.9, exact=True).select(*keys, pl.col("value").alias(end))
        for each, end in ((at_once, LOWEST), (never, HIGHEST))
    ]
    both = ends[0].join(ends[1], on=list(keys), nulls_equal=True)
    # The quantile lies among rows that may last for ever, or is not reached if they do: there is no upper bound.
    unbounded = pl.col(LOWEST).is_not_null() & (pl.col(HIGHEST).is_null() | (pl.col(HIGHEST) >= _FAR / 4))
    return both.with_columns(pl.when(unbounded).then(np.inf).otherwise(HIGHEST).alias(HIGHEST))
