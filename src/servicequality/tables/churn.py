"""Churn by bands of satisfaction or engagement, side by side."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl

from servicequality.checks import confidence_level
from servicequality.columns import Instant, Number
from servicequality.core import RESULT, Computation, Spec, TableInput, define_table, evaluate, of_frame, result_rows
from servicequality.errors import ParameterError
from servicequality.metrics.churn._lives import YEAR, lives
from servicequality.metrics.churn.rates import churn_rate
from servicequality.model import Records, TableLike
from servicequality.shapes.base import FloatArray
from servicequality.stats import clopper_pearson, poisson_rate_interval
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
        found = sq.tables.churn_by_satisfaction(rows, as_of=as_of, cuts=(3, 4))
        print(found.select("band", "range", "metric", "value", "low", "high", "n").collect())
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
        found = sq.tables.churn_by_engagement(rows, as_of=as_of)
        print(found.select("band", "range", "metric", "value", "low", "high", "n").collect())
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
    shares = None if limit is None else churn_rate(started, churned, as_of=as_of, since=since, limit=limit)
    source = TableInput(accounts, spec, table="accounts", by=by, refused=seen.refused, **columns)
    keys = source.by
    if clash := next((key for key in keys if key in ("band", "range", *columns.values())), None):
        raise ParameterError(
            f"{spec.name}: by names {clash!r}, which the table itself reads or makes; rename the column"
        )

    def compute() -> pl.DataFrame:
        watched = source.checked().filter(seen.watched)
        rows = watched.select(
            *keys, score, started, churned, _left=seen.left, _time=(seen.seconds - seen.entry) / YEAR
        ).collect(engine="streaming")
        ends = band_cuts(rows[score], cuts)
        rows = rows.with_columns(band_number(pl.col(score).cast(pl.Float64), ends).alias("band"))
        every = pl.DataFrame({"band": [*range(1, len(ends) + 2), None]}, schema={"band": pl.Int64})
        groups = rows.select(keys).unique().sort(keys, nulls_last=True) if keys else pl.DataFrame()
        grid = groups.join(every, how="cross") if keys else every
        own = [*keys, "band"]
        counts = rows.group_by(own).agg(n=pl.len(), left=pl.col("_left").sum(), time=pl.col("_time").sum())
        sums = grid.join(counts, on=own, how="left", nulls_equal=True, maintain_order="left")
        sums = sums.with_columns(pl.col("n", "left", "time").fill_null(0))
        sums = sums.filter(pl.col("band").is_not_null() | (pl.col("n") > 0))
        each = sums.partition_by(keys, maintain_order=True) if keys else [sums]
        parts = [part for group in each for part in _rates(group, keys, level)]
        if shares is not None and parts:
            parts.append(evaluate(rows, shares.named("churn_rate"), by=own, level=level).drop("period"))
        if not parts:
            return pl.DataFrame(schema={**{key: source.schema[key] for key in keys}, **_OWN, **RESULT, **_MORE})
        ranges = _ranges(ends)
        band = pl.col("band").replace_strict(ranges, default="unknown", return_dtype=pl.String)
        of_all = pl.col("metric") == "churn_trend"
        whole = pl.concat(parts, how="vertical_relaxed").with_columns(
            pl.when(of_all).then(pl.lit("all")).otherwise(band).alias("range")
        )
        return whole.sort(*own, of_all, pl.col("metric").cast(pl.Enum(_ORDER)), nulls_last=True)

    return source.answer(compute, keys=_OWN, more=_MORE)


def _ranges(ends: Sequence[float]) -> dict[int, str]:
    """What each band holds, in words."""
    if not ends:
        return {1: "all scores"}
    between = [f"{low:g} to below {high:g}" for low, high in pairwise(ends)]
    return dict(enumerate([f"below {ends[0]:g}", *between, f"{ends[-1]:g} or more"], start=1))


def _rates(sums: pl.DataFrame, keys: Sequence[str], level: float) -> list[pl.DataFrame]:
    """Rates by band of one group, their ratios to the highest band's, and the trend over all bands."""
    left, time = (sums[name].cast(pl.Float64).to_numpy() for name in ("left", "time"))
    bands = sums["band"].is_not_null().to_numpy()
    low, high = np.full((2, len(left)), np.nan)
    some = time > 0
    low[some], high[some] = poisson_rate_interval(left[some], time[some], level=level)
    rate = np.divide(left, time, out=np.full_like(time, np.nan), where=some)
    rates = result_rows(
        sums.select(*keys, "band"),
        metric="churn_per_year",
        unit="per year",
        value=rate,
        low=low,
        high=high,
        se=np.divide(np.sqrt(left), time, out=np.full_like(time, np.nan), where=some),
        level=level,
        method="garwood",
        n=sums["n"],
        reason="no time as a customer",
        notes=[f"{gone:.0f} left in {span:.1f} customer years" for gone, span in zip(left, time, strict=True)],
    )
    best = int(np.flatnonzero(bands)[-1])
    others = np.flatnonzero(np.arange(len(left)) != best)
    ratio, below, above = _ratios(left[others], time[others], left[best], time[best], level)
    ratios = result_rows(
        sums.select(*keys, "band")[others],
        metric="churn_ratio",
        unit="times the highest band",
        value=ratio,
        low=below,
        high=above,
        level=level,
        method="exact conditional",
        n=sums["n"].to_numpy()[others] + sums["n"].to_numpy()[best],
        reason="nobody left in the highest band, or it was not watched",
    )
    fit = poisson_trend(left[bands], time[bands], level=level)
    trend = result_rows(
        sums.head(1).select(*keys, pl.lit(None, pl.Int64).alias("band")),
        metric="churn_trend",
        unit="times for each band",
        value=fit.ratio,
        low=fit.low,
        high=fit.high,
        level=level,
        method="poisson regression",
        n=int(sums["n"].to_numpy()[bands].sum()),
        n_missing=int(sums["n"].to_numpy()[~bands].sum()),
        reason="all who left are in one outer band, or there is one band",
        notes=None if np.isnan(fit.p_value) else f"p = {fit.p_value:.2g} for no trend",
    )
    return [rates, ratios, trend]


def _ratios(
    left: FloatArray, time: FloatArray, best_left: float, best_time: float, level: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Rates over the best band's: given how many left in both, the share that left in one is binomial."""
    ratio, low, high = np.full((3, len(left)), np.nan)
    some = (time > 0) & (left + best_left > 0) & (best_time > 0)
    if best_left > 0:
        ratio[some] = left[some] / time[some] / (best_left / best_time)
    below, above = clopper_pearson(left[some], left[some] + best_left, level=level)
    with np.errstate(divide="ignore"):
        low[some], high[some] = (share / (1 - share) * best_time / time[some] for share in (below, above))
    high[np.isinf(high)] = np.nan
    return ratio, low, high
