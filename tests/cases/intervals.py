"""From the cases of intervals.json to the figures that a user gets, without naming a method. Never here: a computation."""

from collections.abc import Callable, Sequence
from typing import Any

import polars as pl

import servicequality as sq
from cases.statistics import Numbers, Result, average, ones
from servicequality import servqual, stats
from servicequality.core import Estimate, Metric

SCORES = {1: 10, 0: 8, -1: 2}
"""An answer from 0 to 10 for a promoter, a passive and a detractor."""


def estimate(
    metric: Metric,
    level: float,
    *,
    weights: Numbers | None = None,
    clusters: Sequence[Any] | None = None,
    **columns: Sequence[Any],
) -> Estimate:
    design = {"weight": None if weights is None else [float(weight) for weight in weights], "cluster": clusters}
    given = {name: column for name, column in design.items() if column is not None}
    return metric.estimate(pl.DataFrame({**columns, **given}), level=level, **{name: name for name in given})  # type: ignore[arg-type]


def told(name: str, got: Estimate) -> Result:
    return {name: got.value, "lower": got.low, "upper": got.high, "n_eff": got.n_eff, "se": got.se}


def bounded_mean(
    x: Numbers,
    low: int,
    high: int,
    level: float,
    weights: Numbers | None = None,
    population: int | None = None,
) -> Result:
    if population is not None:  # no metric knows how many rows there are that nobody drew
        mean = sum(x) / len(x)
        squares = sum((value - mean) ** 2 for value in x)
        limits = stats.bounded_mean_interval(
            len(x), mean, squares, low=low, high=high, level=level, population=population
        )
        return {"mean": mean, "lower": float(limits[0]), "upper": float(limits[1])}
    return told("mean", estimate(sq.csat_mean(scale=(low, high)), level, weights=weights, score=x))


def gap_mean(x: Numbers, low: float, high: float, level: float) -> Result:
    metric = servqual.servqual_gap("case", scale=(1, 1 + high))
    assert low == -high
    return told("mean", estimate(metric, level, gap_case=[float(value) for value in x]))


def share(values: Sequence[int], level: float, **design: Any) -> Result:
    return told("share", estimate(ones(), level, y=[bool(value) for value in values], **design))


def net_promoters(values: Sequence[int], level: float, **design: Any) -> Result:
    return told("nps", estimate(sq.nps(), level, score=[SCORES[value] for value in values], **design))


def cluster_mean(
    values: Numbers, clusters: Sequence[Any], level: float, low: int | None = None, high: int | None = None
) -> Result:
    if low is None or high is None:
        return told("mean", estimate(average(), level, x=values, clusters=clusters))
    return told("mean", estimate(sq.csat_mean(scale=(low, high)), level, score=values, clusters=clusters))


def amount_mean(x: Numbers, level: float) -> Result:
    metric = sq.resolution_time_observed_only(statistic="mean")
    return told("mean", estimate(metric, level, resolution_seconds=x, resolution_observed=[True] * len(x)))


def rate_periods(events: Numbers, exposure: Numbers, level: float) -> Result:
    return told("rate", estimate(sq.incident_rate(), level, incidents=events, exposure=exposure))


def nps_counts(promoters: int, passives: int, detractors: int, level: float) -> Result:
    return net_promoters([1] * promoters + [0] * passives + [-1] * detractors, level)


ADAPTERS: dict[str, Callable[..., Result]] = {
    "amount_mean": amount_mean,
    "bounded_mean": bounded_mean,
    "cluster_mean": cluster_mean,
    "cluster_nps": net_promoters,
    "cluster_share": share,
    "gap_mean": gap_mean,
    "nps_adjusted_t": nps_counts,
    "rate_periods": rate_periods,
    "weighted_nps": net_promoters,
    "weighted_share": share,
}
