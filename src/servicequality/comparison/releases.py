"""The effect of a release: difference in differences, and interrupted time series."""

# Both estimate the change beyond what was expected. Whether anything else happened at the same time, only the reader knows.

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from servicequality.checks import column, confidence_level, shown, zone_aware
from servicequality.comparison.sides import SIDES, Side, Sides, read_sides
from servicequality.core import (
    MAX_GAPS,
    PERIOD,
    Computation,
    Gaps,
    Grouping,
    Metric,
    check_max_gaps,
    evaluate,
    is_result,
    key_types,
    named_metrics,
    of_frame,
    of_frames,
    refuse_many,
    series_types,
    side_by_side,
)
from servicequality.errors import InputError, ParameterError
from servicequality.model import as_frame
from servicequality.shapes import FixedShape
from servicequality.shapes.base import FloatArray
from servicequality.stats import difference_in_differences as double_difference
from servicequality.stats import interrupted_series as interruption
from servicequality.stats import t_test

_NEEDS_TREND = "the effect is the release's only if both groups would have changed alike without it"
_CHANGES = ("change_treated", "change_control", "effect", "low", "high", "se", "p_value")
_DOUBLED: dict[str, pl.DataType] = {
    "metric": pl.String(),
    **dict.fromkeys(_CHANGES, pl.Float64()),
    "n": pl.Int64(),
    "reason": pl.String(),
    "notes": pl.String(),
}
_BREAK = ("level_change", "low", "high", "se", "p_value", "slope_change", "rho")
_INTERRUPTED: dict[str, pl.DataType] = {
    "metric": pl.String(),
    **dict.fromkeys(_BREAK, pl.Float64()),
    **dict.fromkeys((f"n_{label}" for label in SIDES), pl.Int64()),
    "reason": pl.String(),
    "notes": pl.String(),
}


@of_frames
def difference_in_differences(
    before: Any,
    after: Any,
    metrics: Metric | Iterable[Metric],
    *,
    treated: str,
    by: str | Sequence[str] = (),
    level: float = 0.95,
    weight: str | None = None,
    cluster: str | None = None,
) -> Computation:
    """How much more those who got the release changed than those who did not.

    The error is least squares' HC0 (White 1980); with weights or clusters each figure brings its own.

    Args:
        before: any dataframe, rows from before the release; a lazy side makes a lazy answer.
        after: rows from after it.
        metrics: ratios of two sums (shares, means, rates, net scores).
        treated: boolean column: the row belongs to those who got the release.
        by: key columns.
        level: two-sided confidence, normal.
        weight: column of weights.
        cluster: column of clusters.

    Returns:
        `by…, metric, change_treated, change_control, effect, low, high, se, p_value, n, reason, notes`, sorted by keys.

    Raises:
        InputError: a column is missing, or `treated` is not Boolean or has nulls.
        ParameterError: a metric is not a ratio of two sums, or an option does not fit.
    """
    chosen = named_metrics(metrics)
    confidence_level(level)
    for metric in chosen:
        if not isinstance(metric.shape, FixedShape) or not metric.shape.mixes():
            raise ParameterError(
                f"{metric.name}: a difference of differences needs a share, a mean, a rate or a net score"
            )
    keys = [by] if isinstance(by, str) else list(by)
    if treated in keys:
        raise ParameterError(f"{treated!r} says who got the release: leave it out of by")
    grouping = Grouping.of(by=[*keys, treated], every=None, at=None, timezone=None, weight=weight, cluster=cluster)

    def answer() -> pl.DataFrame:
        parts = []
        for sides in read_sides(before, after, chosen, grouping=grouping, level=level):
            dtype = sides.rows.schema[treated]
            if dtype != pl.Boolean or sides.rows[treated].null_count():
                raise InputError(
                    f"column {treated!r} holds {dtype}, expected true for those who got the release, else false"
                )
            parts.append(_doubled(sides, keys, treated, level))
        order = {metric.name: place for place, metric in enumerate(chosen)}
        place = pl.col("metric").replace_strict(order, return_dtype=pl.Int64)
        return pl.concat(parts).sort([*map(column, keys), place], nulls_last=True, maintain_order=True)

    def schema() -> dict[str, pl.DataType]:
        types = key_types((before, after), chosen, grouping)
        return {**{key: types[key] for key in keys}, **_DOUBLED}

    return Computation(answer, schema)


def _doubled(sides: Sides, keys: Sequence[str], treated: str, level: float) -> pl.DataFrame:
    flat = sides.rows.with_columns(
        *(pl.Series(f"square {label}", _squares(sides, label), nan_to_null=True) for label in SIDES)
    )
    own = [column(key) for key in keys]
    figures = [f"{figure} {label}" for figure in ("value", "square", "n") for label in SIDES]
    cells = [
        flat.filter(column(treated) == got).select(*own, *(pl.col(name).alias(f"{name} {got}") for name in figures))
        for got in (True, False)
    ]
    if keys:
        both = cells[0].join(cells[1], on=own, how="full", coalesce=True, nulls_equal=True)
    else:
        both = pl.concat([part if part.height else part.clear(1) for part in cells], how="horizontal")

    def cell(figure: str, label: str, got: bool) -> FloatArray:
        return both[f"{figure} {label} {got}"].cast(pl.Float64).fill_null(float("nan")).to_numpy()

    order = [("after", True), ("before", True), ("after", False), ("before", False)]
    values, squares = (np.array([cell(figure, *place) for place in order]) for figure in ("value", "square"))
    known = np.isfinite(values).all(axis=0) & np.isfinite(squares).all(axis=0)
    effect, se, low, high, p = np.full((5, both.height), np.nan)
    effect[known], se[known], limits = double_difference(*values[:, known], squares=squares[:, known], level=level)
    low[known], high[known] = limits
    tested = known & (se > 0)
    p[tested] = t_test(effect[tested], se[tested])
    n = np.sum([np.nan_to_num(cell("n", *place)) for place in order], axis=0)
    columns = (values[0] - values[1], values[2] - values[3], effect, low, high, se, p)
    groups = ("treated, after", "treated, before", "not treated, after", "not treated, before")
    absent = [[name for name, bad in zip(groups, row, strict=True) if bad] for row in ~np.isfinite(values + squares).T]
    reasons = [f"no figure with an error of the rows {'; '.join(names)}" if names else None for names in absent]
    return (
        pl.concat(
            [
                both.select(own),
                pl.DataFrame(
                    [pl.Series(name, part, nan_to_null=True) for name, part in zip(_CHANGES, columns, strict=True)]
                ),
                pl.DataFrame([pl.Series("n", n).cast(pl.Int64), pl.Series("reason", reasons, pl.String)]),
            ],
            how="horizontal",
        )
        .with_columns(metric=pl.lit(sides.metric.name), notes=pl.lit(_NEEDS_TREND))
        .select(*own, *_DOUBLED)
    )


def _squares(sides: Sides, side: Side) -> FloatArray:
    """Squared errors of one side's figures; of plain rows with divisor n, as HC0 has it."""
    shape = sides.metric.shape
    assert isinstance(shape, FixedShape)  # checked by the caller
    if sides.sampled:
        return np.square(sides.column("se", side))
    sums = {leaf: sides.column(f"sum {leaf}", side) for leaf in shape.leaves()}
    n = sums["n"]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(n > 0, getattr(shape, "per", 1.0) ** 2 * shape.spread(sums) / n, np.nan)


@of_frame
def interrupted_series(
    frame: Any,
    metrics: Metric | str | Iterable[Metric | str],
    *,
    at: str | Mapping[str, str] | None = None,
    every: str,
    released: dt.datetime,
    as_of: dt.datetime,
    timezone: str | None = None,
    level: float = 0.95,
    max_gaps: float = MAX_GAPS,
) -> Computation:
    """By how much a figure left its trend when something was released (Prais and Winsten 1954).

    One line before and one after; neighbouring periods may be correlated. It needs at least 40 periods with a figure;
    otherwise there is no result, but a reason. Rows without an instant are set aside, with a note.

    Args:
        frame: any dataframe, or a mapping of grain to dataframe; a lazy one gives a lazy answer. Or a result of `evaluate` by
            period, of one group.
        metrics: any metrics; of a result its metrics or their names.
        at: the column of the instant that decides a row's period, or a mapping of grain to it; None for a result.
        every: length of a period, in Polars' words ("1d", "1w").
        released: the first instant with the release. A period that holds it inside counts as before.
        as_of: the instant up to which the rows are known: a period that is not over by then is left out.
        timezone: the zone whose days and weeks count; None for a result.
        level: two-sided confidence, Student's with n - 4 degrees of freedom.
        max_gaps: share of the periods that may lack a figure; with more there is no result.

    Returns:
        A row a metric: `metric, level_change, low, high, se, p_value, slope_change, rho, n_before, n_after, reason, notes`;
        the slope is per period, and `n_before` and `n_after` count periods with a figure.

    Raises:
        InputError: a column or metric is missing, rows lie outside their domain, or the result has several groups.
        ParameterError: an instant without a time zone, or an option that does not fit.
    """
    for name, instant in (("released", released), ("as_of", as_of)):
        zone_aware(name, instant)
    confidence_level(level)
    check_max_gaps(max_gaps)
    listed = [metrics] if isinstance(metrics, Metric | str) else list(metrics)
    if listed and (all(isinstance(one, str) for one in listed) or (at is None and _holds_result(frame))):
        names = [one if isinstance(one, str) else one.name for one in listed]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise ParameterError(f"metrics names {shown(twice)} twice")
        Grouping.of(by=(), every=every, at=PERIOD, timezone=None, weight=None, cluster=None)
        table = _result(frame, at, timezone)
    else:
        chosen: list[Metric] = named_metrics(listed)  # type: ignore[arg-type]  # which refuses what is no metric
        names = [metric.name for metric in chosen]
        table = evaluate(frame, chosen, every=every, at=at, timezone=timezone, level=level).lazy()

    def answer() -> pl.DataFrame:
        series = side_by_side(table.collect(), names, PERIOD)
        studies = (series.select(PERIOD, value=column(name)) for name in names)
        return pl.concat(
            [
                _interrupted(study, name, every, released, as_of, level, max_gaps)
                for name, study in zip(names, studies, strict=True)
            ]
        )

    return Computation(answer, lambda: _INTERRUPTED)


def _holds_result(frame: Any) -> bool:
    """Whether a frame holds a result of `evaluate`; a mapping of grain to frame does not."""
    return not isinstance(frame, Mapping) and is_result(as_frame(frame).lazy().collect_schema())


def _result(frame: Any, at: object, timezone: object) -> pl.LazyFrame:
    """The result in which metrics are named.

    Raises:
        InputError: the frame is none.
        ParameterError: an option that belongs to rows.
    """
    rows: pl.LazyFrame = as_frame(frame).lazy()
    if not is_result(schema := rows.collect_schema()):
        raise InputError(
            f"metrics are named in a result of evaluate, and the frame has the columns {', '.join(schema) or 'of none'}; "
            "to compute one from rows give the metric itself, such as nps()"
        )
    if at is not None or timezone is not None:
        raise ParameterError(
            "at= and timezone= make periods of rows; a result of evaluate has its periods: leave them out"
        )
    series_types(rows, ["value"], at=PERIOD, role="interrupted_series")
    return rows


def _interrupted(
    table: pl.DataFrame,
    metric: str,
    every: str,
    released: dt.datetime,
    as_of: dt.datetime,
    level: float,
    max_gaps: float,
) -> pl.DataFrame:
    aside = table[PERIOD].null_count()
    dated = table.filter(pl.col(PERIOD).is_not_null()).sort(PERIOD)
    if getattr(dated.schema[PERIOD], "time_zone", None) is None:
        raise InputError(
            "an interrupted series needs instants with a time zone to tell before from after; "
            f"the column holds {dated.schema[PERIOD]}"
        )
    over = dated.filter(pl.col(PERIOD).dt.offset_by(every).dt.convert_time_zone("UTC") <= as_of.astimezone(dt.UTC))
    numbers = dict.fromkeys(_BREAK, float("nan"))
    counts, reason, notes = (0, 0), None, "1 figure of rows without a time set aside" if aside else None
    if over.is_empty():
        reason = "no row has a time: there are no periods" if aside and dated.is_empty() else "no period is over"
    else:
        refuse_many(over[PERIOD], every)
        grid = pl.datetime_range(over[PERIOD][0], over[PERIOD][-1], every, eager=True).alias(PERIOD)
        series = grid.to_frame().join(over.cast({PERIOD: grid.dtype}), on=PERIOD, how="left").sort(PERIOD)
        begins, first = series[PERIOD].dt.convert_time_zone("UTC"), released.astimezone(dt.UTC)
        late = (begins >= first).to_numpy()
        start = len(late) - int(late.sum())
        y = series["value"].cast(pl.Float64).to_numpy()
        known = np.isfinite(y)
        counts = (int((known & ~late).sum()), int((known & late).sum()))
        reason, notes = Gaps.of(known, max_gaps, notes)
        if start and start < len(series) and begins[start] != first:
            within = f"the release lies within the period of {series[PERIOD][start - 1]}, which counts as before"
            notes = "; ".join(filter(None, (within, notes)))
        if reason is None:
            try:
                effect = interruption(y, start, level=level)
            except ParameterError as error:
                reason = str(error)
            else:
                numbers = dict(
                    zip(
                        numbers,
                        (
                            effect.level_change,
                            effect.low,
                            effect.high,
                            effect.se,
                            effect.p,
                            effect.slope_change,
                            effect.rho,
                        ),
                        strict=True,
                    )
                )
    columns = [pl.Series(name, np.array([number]), nan_to_null=True) for name, number in numbers.items()]
    counted = [pl.Series(f"n_{label}", [count], pl.Int64) for label, count in zip(SIDES, counts, strict=True)]
    texts = [pl.Series("reason", [reason], pl.String), pl.Series("notes", [notes], pl.String)]
    return pl.DataFrame([pl.Series("metric", [metric]), *columns, *counted, *texts])
