"""`compare`: what changed between two sets of rows, and whether chance explains it."""

from collections.abc import Iterable, Sequence
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
import polars as pl

from servicequality.checks import choice, column, confidence_level
from servicequality.comparison.changes import ChangeEstimate, change_of
from servicequality.comparison.overlap import refuse_overlap
from servicequality.comparison.paired import read_pairs, refuse_pairs
from servicequality.comparison.sides import Sides, clashes, read_sides
from servicequality.comparison.simpson import turned_round
from servicequality.core import Computation, Grouping, Metric, key_types, named_metrics, of_frames
from servicequality.errors import ParameterError
from servicequality.shapes.base import FloatArray
from servicequality.stats import benjamini_hochberg, holm, smallest_detectable_change
from servicequality.stats._checks import critical_value

Adjustment: TypeAlias = Literal["benjamini_hochberg", "holm", "none"]

_NUMBERS = (
    "before", "after", "change", "low", "high", "p_value", "q_value", "ratio", "ratio_low", "ratio_high",
    "smallest_detectable", "n_needed",
)  # fmt: skip
COLUMNS: dict[str, pl.DataType] = {
    "metric": pl.String(),
    **dict.fromkeys(_NUMBERS, pl.Float64()),
    "level": pl.Float64(),
    "method": pl.String(),
    "test": pl.String(),
    "ratio_method": pl.String(),
    "unit": pl.String(),
    "n_before": pl.Int64(),
    "n_after": pl.Int64(),
    "reason": pl.String(),
    "notes": pl.String(),
}
"""The columns of a comparison, after its keys."""


@of_frames
def compare(
    before: Any,
    after: Any,
    metrics: Metric | Iterable[Metric],
    *,
    by: str | Sequence[str] = (),
    at: str | None = None,
    level: float = 0.95,
    power: float = 0.8,
    detect: float | None = None,
    weight: str | None = None,
    cluster: str | None = None,
    paired: str | None = None,
    adjust: Adjustment = "benjamini_hochberg",
) -> Computation:
    """Compare metrics over two sets of rows: the change with its limits, and the change that could have been detected.

    Limits follow the shape. Shares take Newcombe's (1998), net scores adjust both sides (Rocks 2016), means and ratios
    are Welch's, rates are tested exactly given the sum of both counts, and any two figures with limits of their own are
    joined by MOVER (Zou and Donner 2008): quantiles, shares of survival curves. The p-value of a censored quantile is the
    log-rank test's. Durations have a ratio too: of geometric means (Welch on logarithms) for means, Hodges and Lehmann's
    for quantiles of finished rows, of restricted means for curves.

    Args:
        before: any dataframe, or a mapping of grain to dataframe, as for `evaluate`. If either side is lazy, so is the
            answer, and nothing is read before it is collected.
        after: the other side, in the same form.
        metrics: what to compare, each under a name of its own.
        by: key columns; each group is compared with itself.
        at: the column of the instant that decides a row's side. Sides that overlap in it are refused. Without it, for grains
            whose rows have an id (tickets, reviews, incidents, sessions, accounts), the same row on both sides is refused.
        level: two-sided confidence.
        power: probability with which `smallest_detectable` and `n_needed` are to be found.
        detect: the change worth finding, in the metric's unit, for `n_needed`; the one observed by default.
        weight: column of weights.
        cluster: column of clusters, within which rows are not independent; the two sides' clusters are taken to be so.
        paired: column of what is on both sides (a customer, an agent): one unit is one observation, and only units with
            rows on both sides count.
        adjust: how q-values are made of all p-values of the call: Benjamini and Hochberg's (the share of findings that
            are false), Holm's (the chance of any), or none.

    Returns:
        Columns `by…, metric, before, after, change, low, high, p_value, q_value, ratio, ratio_low, ratio_high,
        smallest_detectable, n_needed, level, method, test, ratio_method, unit, n_before, n_after, reason, notes`, sorted
        by keys, metrics in their order. `change` is after - before. `smallest_detectable` is the change that these rows
        would find with probability `power`; `n_needed` counts rows on each side. What is undefined is null, with the
        reason.

    Raises:
        InputError: a column is missing, rows lie outside their domain, or before and after overlap (lazy: rows are looked
            at when the answer is collected).
        ParameterError: an option does not fit.
    """
    chosen = named_metrics(metrics)
    confidence_level(level)
    choice("adjust", adjust, get_args(Adjustment))
    if detect is not None and not (_is_number(detect) and 0 < abs(detect) < np.inf):
        raise ParameterError(f"detect is a change other than 0 in the metric's unit, got {detect!r}")
    if not (_is_number(power) and 0 < power < 1):
        raise ParameterError(f"power must be strictly between 0 and 1, such as 0.8; got {power!r}")
    if paired is not None and (weight is not None or cluster is not None):
        raise ParameterError("paired= makes one unit one observation: it goes with neither weight= nor cluster=")
    grouping = Grouping.of(by=by, every=None, at=None, timezone=None, weight=weight, cluster=cluster)
    if taken := [key for key in grouping.keys if key in COLUMNS or clashes(key)]:
        raise ParameterError(f"by names {taken[0]!r}, which is a column of every comparison; rename the frame's column")
    if paired is not None:
        refuse_pairs(chosen)

    def answer() -> pl.DataFrame:
        refuse_overlap(before, after, chosen, at=at, paired=paired)
        compared: Iterable[tuple[Sides, ChangeEstimate]]
        if paired is None:
            sides = read_sides(before, after, chosen, grouping=grouping, level=level)
            compared = ((side, change_of(side.metric.shape, side)) for side in sides)
        else:
            compared = read_pairs(before, after, chosen, paired=paired, grouping=grouping, level=level)
        rows = pl.concat([_rows(side, change, power=power, detect=detect) for side, change in compared])
        order = {metric.name: place for place, metric in enumerate(chosen)}
        place = pl.col("metric").replace_strict(order, return_dtype=pl.Int64)
        rows = rows.sort([*map(column, grouping.keys), place], nulls_last=True, maintain_order=True)
        return rows.with_columns(_adjusted(rows["p_value"], adjust).alias("q_value")).select(
            *map(column, grouping.keys), *COLUMNS
        )

    def schema() -> dict[str, pl.DataType]:
        return {**key_types((before, after), chosen, grouping), **COLUMNS}

    return Computation(answer, schema)


def _rows(sides: Sides, change: ChangeEstimate, *, power: float, detect: float | None) -> pl.DataFrame:
    """The answer's rows of one metric."""
    before, after = sides.both("value")
    difference, ratio = after - before, change.ratio
    se, seen, needed = _power(sides, change, difference, power=power, detect=detect)
    blank = np.full_like(before, np.nan)
    numbers = {
        "before": before,
        "after": after,
        "change": difference,
        "low": change.low,
        "high": change.high,
        "p_value": change.p,
        "q_value": blank,
        "ratio": blank if ratio.value is None else ratio.value,
        "ratio_low": blank if ratio.low is None else ratio.low,
        "ratio_high": blank if ratio.high is None else ratio.high,
        "smallest_detectable": seen,
        "n_needed": needed,
        "level": np.full_like(before, sides.level),
    }
    columns = [
        pl.Series(name, np.where(np.isfinite(part), part, np.nan), nan_to_null=True) for name, part in numbers.items()
    ]
    zero = (before == 0) & (ratio.method is not None)
    turned = turned_round(sides)
    notes = [
        "; ".join(
            text
            for text in (
                change.notes,
                turned,
                ratio.notes,
                "before is 0: no ratio" if none else None,
                "neither side varies: no test" if still else None,
                *(f"{side}: {note}" for side, note in zip(("before", "after"), own, strict=True) if note),
            )
            if text
        )
        or None
        for none, still, own in zip(
            zero, (se == 0), zip(sides.rows["notes before"], sides.rows["notes after"], strict=True), strict=True
        )
    ]
    return pl.concat(
        [
            sides.rows.select(map(column, sides.keys)),
            pl.DataFrame([*columns, pl.Series("notes", notes, pl.String)]),
            sides.rows.select(
                pl.col("n before").fill_null(0).alias("n_before"),
                pl.col("n after").fill_null(0).alias("n_after"),
                reason=pl.when(pl.col("value before").is_null() | pl.col("value after").is_null()).then(
                    pl.concat_str(_reason("before"), _reason("after"), separator="; ", ignore_nulls=True)
                ),
            ),
        ],
        how="horizontal",
    ).with_columns(
        metric=pl.lit(sides.metric.name),
        method=pl.lit(change.method),
        test=pl.lit(change.test),
        ratio_method=pl.lit(ratio.method, pl.String),
        unit=pl.lit(sides.metric.unit),
    ).select(*map(column, sides.keys), *(pl.col(name).cast(dtype) for name, dtype in COLUMNS.items()))  # fmt: skip


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _reason(side: str) -> pl.Expr:
    reason = pl.col(f"reason {side}").fill_null("no rows")
    return pl.when(pl.col(f"value {side}").is_null()).then(pl.format(f"{side}: {{}}", reason))


def _power(
    sides: Sides, change: ChangeEstimate, difference: FloatArray, *, power: float, detect: float | None
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Standard error of the change, the change that it lets see, and the rows a side that would show the one asked for."""
    z = float(critical_value(sides.level))
    counts = sides.both("n")
    seen, needed = np.full((2, len(difference)), np.nan)
    if change.se is not None:
        se = change.se
        # Pairs have one error for both sides; more rows on each shrink it alike.
        variance = se**2 * np.minimum(*counts)
    else:
        errors = []
        for side in ("before", "after"):
            own = sides.column("se", side)
            half = (sides.column("high", side) - sides.column("low", side)) / 2 / z
            # Rows that all agree have no error of their own, but limits that know better.
            errors.append(np.where(np.isfinite(own) & (own > 0), own, half))
        se = np.hypot(*errors)
        variance = errors[0] ** 2 * counts[0] + errors[1] ** 2 * counts[1]
    ok = np.isfinite(se)
    seen[ok] = smallest_detectable_change(se[ok], power=power, level=sides.level)
    detectable = np.abs(difference) if detect is None else np.full_like(difference, abs(detect))
    some = ok & (detectable > 0)
    factor = float(smallest_detectable_change(1.0, power=power, level=sides.level))
    needed[some] = variance[some] * (factor / detectable[some]) ** 2
    return se, seen, needed


def _adjusted(p: pl.Series, adjust: Adjustment) -> pl.Series:
    if adjust == "none":
        return p
    values = p.to_numpy().astype(np.float64)
    known = np.isfinite(values)
    out = np.full_like(values, np.nan)
    if known.any():
        out[known] = (benjamini_hochberg if adjust == "benjamini_hochberg" else holm)(values[known])
    return pl.Series(out, nan_to_null=True)
