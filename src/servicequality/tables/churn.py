"""Churn by bands of satisfaction or engagement, side by side."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl

from servicequality.checks import column, confidence_level, unused_prefix
from servicequality.columns import Instant, Number
from servicequality.core import (
    ROWS,
    Computation,
    Metric,
    Spec,
    TableInput,
    define_table,
    evaluate,
    key_column,
    of_frame,
    plan,
    result_rows,
    sum_column,
)
from servicequality.errors import ParameterError
from servicequality.metrics.churn._lives import lives
from servicequality.metrics.churn.rates import churn_per_year, churn_rate
from servicequality.model import Records, TableLike
from servicequality.shapes.base import FloatArray
from servicequality.stats import rate_ratio_interval
from servicequality.stats.trend import poisson_trend

__all__ = ["churn_by_engagement", "churn_by_satisfaction"]

By = str | Sequence[str]

_COUNT = (0.0, float("inf"))
_OWN, _MORE = {"band": pl.Int64()}, {"range": pl.String()}
_ORDER = ("churn_per_year", "churn_ratio", "churn_rate", "churn_trend")


@define_table(
    title="Churn by satisfaction",
    unit="per year",
    better="lower",
    bounds=_COUNT,
    grain="account",
    formula=r"d_b / T_b,\quad (d_b/T_b) / (d_B/T_B),\quad d_b \sim \text{Poisson}(T_b e^{\alpha + \beta b})",
    references=("Garwood 1936", "Clopper & Pearson 1934", "Clayton & Hills 1993"),
    aliases=(
        "do unhappy customers leave",
        "churn by CSAT",
        "churn by NPS",
        "unhappy and gone",
        "detractor churn",
    ),
)
@of_frame
def churn_by_satisfaction(
    accounts: Records | pl.LazyFrame | TableLike,
    satisfaction: Number = "satisfaction",
    started: Instant = "started_at",
    churned: Instant = "churned_at",
    *,
    as_of: datetime,
    cuts: Sequence[float] | None = None,
    since: datetime | None = None,
    limit: float | None = None,
    by: By = (),
    level: float = 0.95,
) -> Computation:
    """How often customers leave in each band of satisfaction, and whether the more satisfied leave less.

    Leavers are counted per customer year, so that those who joined late or are still there count for the time in which
    they could have left. Rows, sorted by `band` (1 is the lowest; null is all):

    - `churn_per_year`: leavers for each customer and year (exact Poisson limits); a band null, `unknown`, holds the customers
      without a score.
    - `churn_ratio`: that rate over the rate of the highest band (exact, given how many left in both).
    - `churn_rate`, with `limit`: the share of the band that leaves within so many seconds (Kaplan-Meier).
    - `churn_trend`: by how much the rate is multiplied from one band to the next one (Poisson regression on the band's
      number); below 1, higher bands leave less. Its note gives the p-value of no trend.

    `cuts` are the lower ends of all bands but the first; without them the customers are cut into thirds, as far as equal
    scores allow. The column `range` holds the scores of a band. With `by` each group has its own rows; the bands are those of
    all customers together, so that groups are cut alike.

    When it lies:
        Who was asked before leaving, and answered? A score given in anger on the way out follows the decision. Use the
        score that was known at `since`. It cannot tell whether service made the difference.

    Why your vendor shows another number:
        Leavers over customers of a band, however long each was followed; promoters and detractors among those who answered,
        without the silent, who leave most; correlations over weeks instead of customers.

    Example:
        bands = sq.tables.churn_by_satisfaction(rows, as_of=as_of, cuts=(3, 4))
        print(bands.select("band", "range", "metric", "value", "low", "high", "n").collect())
    """
    return _by_band(
        accounts,
        churn_by_satisfaction.spec,
        {"satisfaction": satisfaction, "started": started, "churned": churned},
        as_of=as_of,
        cuts=cuts,
        since=since,
        limit=limit,
        by=by,
        level=level,
    )


@define_table(
    title="Churn by engagement",
    unit="per year",
    better="lower",
    bounds=_COUNT,
    grain="account",
    formula=r"d_b / T_b,\quad (d_b/T_b) / (d_B/T_B),\quad d_b \sim \text{Poisson}(T_b e^{\alpha + \beta b})",
    references=("Garwood 1936", "Clopper & Pearson 1934", "Clayton & Hills 1993"),
    aliases=("engagement versus churn", "usage and churn", "do inactive customers leave", "adoption and retention"),
)
@of_frame
def churn_by_engagement(
    accounts: Records | pl.LazyFrame | TableLike,
    engagement: Number = "engagement",
    started: Instant = "started_at",
    churned: Instant = "churned_at",
    *,
    as_of: datetime,
    cuts: Sequence[float] | None = None,
    since: datetime | None = None,
    limit: float | None = None,
    by: By = (),
    level: float = 0.95,
) -> Computation:
    """How often customers leave in each band of engagement, and whether those who use more leave less.

    The same table as churn by satisfaction, over another column: `churn_per_year`, `churn_ratio`, `churn_trend`, and
    `churn_rate` with `limit`. Without `cuts` the customers are cut into thirds of their use.

    When it lies:
        Customers who have decided to leave use it less: falling use is the first step of leaving, not its cause. Take the
        use before `since`. Large customers use more because they are large.

    Why your vendor shows another number:
        A score of its own making instead of use; use up to the day of leaving; leavers over customers of a band, however
        long each was followed.

    Example:
        bands = sq.tables.churn_by_engagement(rows, as_of=as_of)
        print(bands.select("band", "range", "metric", "value", "low", "high", "n").collect())
    """
    return _by_band(
        accounts,
        churn_by_engagement.spec,
        {"engagement": engagement, "started": started, "churned": churned},
        as_of=as_of,
        cuts=cuts,
        since=since,
        limit=limit,
        by=by,
        level=level,
    )


def band_cuts(scores: pl.Series, cuts: Sequence[float] | None) -> list[float]:
    """The lower ends of all bands but the first: those given, or the thirds of the scores."""
    if cuts is not None:
        return [float(cut) for cut in cuts]
    thirds = [scores.quantile(p, "linear") for p in (1 / 3, 2 / 3)] if scores.count() else []
    low = scores.min()
    return sorted({float(cut) for cut in thirds if cut is not None and cut != low})


def band_number(score: pl.Expr, cuts: Sequence[float]) -> pl.Expr:
    """The band that a score lies in, from 1; null without a score."""
    return pl.when(score.is_not_null()).then(
        1 + pl.sum_horizontal((score >= cut).cast(pl.Int64) for cut in cuts or [np.inf])
    )


def _rising(cuts: Any) -> bool:
    """Whether these are numbers, one at least, each above the last."""
    given = list(cuts) if isinstance(cuts, Iterable) else []
    numbers = all(isinstance(cut, int | float | np.number) and not isinstance(cut, bool) for cut in given)
    return bool(given) and numbers and all(a < b for a, b in pairwise(given))


def _by_band(
    accounts: Any,
    spec: Spec,
    columns: dict[str, str],
    *,
    as_of: datetime,
    cuts: Sequence[float] | None,
    since: datetime | None,
    limit: float | None,
    by: By,
    level: float,
) -> Computation:
    confidence_level(level)
    if cuts is not None and not _rising(cuts):
        raise ParameterError(f"cuts must be rising numbers such as (3, 4), the lower ends of the bands; got {cuts!r}")
    score, started, churned = columns.values()
    seen = lives(started, churned, as_of=as_of, since=since)
    source = TableInput(accounts, spec, table="accounts", by=by, refused=seen.refused, **columns)
    keys = source.by
    if clash := next((key for key in keys if key in (*_OWN, *_MORE, *columns.values())), None):
        raise ParameterError(
            f"{spec.name}: by names {clash!r}, which the table itself reads or makes; rename the column"
        )
    # Names that no key has: a column of the caller may be called "band".
    prefix = unused_prefix(keys)
    reads = {f"{prefix}score": score, f"{prefix}started": started, f"{prefix}churned": churned}
    own_score, *instants = reads
    rate = churn_per_year(*instants, as_of=as_of, since=since)
    share = None if limit is None else churn_rate(*instants, as_of=as_of, since=since, limit=limit)

    def compute() -> pl.DataFrame:
        watched = source.checked().filter(seen.watched)
        read = watched.select(*map(column, keys), *(column(name).alias(own) for own, name in reads.items()))
        rows = read.collect(engine="streaming")
        ends = band_cuts(rows[own_score], cuts)
        rows = rows.with_columns(band_number(pl.col(own_score).cast(pl.Float64), ends).alias("band"))
        parts = _side_by_side(rows, rate, keys, len(ends) + 1, level)
        if share is not None:
            parts.append(evaluate(rows, share.named("churn_rate"), by=[*keys, "band"], level=level).drop("period"))
        band = pl.col("band").replace_strict(_ranges(ends), default="unknown", return_dtype=pl.String)
        of_all = pl.col("metric") == "churn_trend"
        whole = pl.concat(parts, how="vertical_relaxed").with_columns(
            pl.when(of_all).then(pl.lit("all")).otherwise(band).alias("range")
        )
        order = [*map(column, keys), pl.col("band"), of_all, pl.col("metric").cast(pl.Enum(_ORDER))]
        return whole.sort(order, nulls_last=True)

    return source.answer(compute, keys=_OWN, more=_MORE)


def _ranges(ends: Sequence[float]) -> dict[int, str]:
    """What each band holds, in words."""
    if not ends:
        return {1: "all scores"}
    between = [f"{low:g} to below {high:g}" for low, high in pairwise(ends)]
    return dict(enumerate([f"below {ends[0]:g}", *between, f"{ends[-1]:g} or more"], start=1))


def _side_by_side(
    rows: pl.DataFrame, rate: Metric, keys: Sequence[str], bands: int, level: float
) -> list[pl.DataFrame]:
    """The rates of all bands of each group, their ratios to the highest band's, and the trend over the bands."""
    by_band = plan(rate, by=[*keys, "band"])
    sums = _in_all_bands(by_band.sums(by_band.prepared(rows)), [key_column(key) for key in keys], bands, rate)
    left, time, n = (
        sums[sum_column(rate.name, leaf)].cast(pl.Float64).to_numpy() for leaf in ("events", "exposure", "n")
    )
    notes = [f"{gone:.0f} left in {span:.1f} customer years" for gone, span in zip(left, time, strict=True)]
    rates = by_band.figures(sums, [rate], level=level).with_columns(pl.Series("notes", notes, dtype=pl.String))
    of_rate = rates.select(*map(column, keys), "band")
    number = of_rate["band"].fill_null(0).to_numpy()
    known, highest = number > 0, np.flatnonzero(number == bands)
    best = highest[np.cumsum(number == 1) - 1]  # of each row, the highest band of its group
    others = number != bands
    ratio, low, high = _ratios(left[others], time[others], left[best][others], time[best][others], level)
    ratios = result_rows(
        of_rate.filter(others),
        metric="churn_ratio",
        unit="times the highest band",
        value=ratio,
        low=low,
        high=high,
        level=level,
        method="exact conditional",
        n=(n + n[best])[others],
        reason="nobody left in the highest band, or it was not watched",
    )
    counted = np.where(time > 0, left, 0.0)  # who left at once is in a band without any time, which shows no rate
    fit = poisson_trend(counted[known].reshape(-1, bands), time[known].reshape(-1, bands), level=level)
    n_known = n[known].reshape(-1, bands).sum(axis=1)
    trend = result_rows(
        of_rate[highest].with_columns(pl.lit(None, pl.Int64).alias("band")),
        metric="churn_trend",
        unit="times for each band",
        value=fit.ratio,
        low=fit.low,
        high=fit.high,
        level=level,
        method="poisson regression",
        n=n_known,
        n_missing=np.bincount(np.cumsum(number == 1) - 1, n, len(highest)) - n_known,
        reason="all who left are in one outer band, or there is one band",
        notes=[None if np.isnan(p_value) else f"p = {p_value:.2g} for no trend" for p_value in fit.p_value],
    )
    return [rates, ratios, trend]


def _in_all_bands(sums: pl.DataFrame, keys: Sequence[str], bands: int, rate: Metric) -> pl.DataFrame:
    """The sums of each group in each band, 0 where nobody is; customers without a score come last, if there are any."""
    band = key_column("band")
    every = pl.DataFrame({band: [*range(1, bands + 1), None]}, schema={band: pl.Int64})
    grid = sums.select(keys).unique(maintain_order=True).join(every, how="cross") if keys else every
    whole = grid.join(sums, on=[*keys, band], how="left", nulls_equal=True, maintain_order="left")
    whole = whole.with_columns(pl.exclude(*keys, band).fill_null(0))
    return whole.filter(pl.col(band).is_not_null() | (pl.col(sum_column(rate.name, ROWS)) > 0))


def _ratios(
    left: FloatArray, time: FloatArray, best_left: FloatArray, best_time: FloatArray, level: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Rates over those of the best bands, with limits that are exact given how many left in both; NaN is unbounded."""
    ratio, low, high = np.full((3, len(left)), np.nan)
    some = (time > 0) & (left + best_left > 0) & (best_time > 0)
    low[some], high[some] = rate_ratio_interval(left[some], time[some], best_left[some], best_time[some], level=level)
    high[np.isinf(high)] = np.nan
    some &= best_left > 0
    ratio[some] = left[some] / time[some] / (best_left[some] / best_time[some])
    return ratio, low, high
