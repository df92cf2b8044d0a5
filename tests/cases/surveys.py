"""From the cases of surveys.json to public calls: names and units are translated, nothing is computed here.

Cases give NPS counts as [detractors, passives, promoters], and its variance and standard error on the scale -1 to 1.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

import servicequality as sq
from cases.statistics import Numbers, Result, average, linearised, ones
from servicequality import stats
from servicequality.core import Estimate, Metric
from servicequality.stats.net import NetDifferenceMethod, NetMethod
from servicequality.stats.proportion import ProportionMethod

ONE_TO_FIVE = (1, 5)


def figures(metric: Metric, data: Any) -> tuple[Estimate, dict[str, float]]:
    """The estimate of a metric, and the sums that it rests on by their names."""
    metric = metric.named("case")
    frame = pl.DataFrame({"score": data}) if isinstance(data, list) else data
    estimate = metric.estimate(frame)
    sums = metric.partial(frame).sums.row(0, named=True)
    return estimate, {name.removesuffix(":case"): value for name, value in sums.items()}


def told(estimate: Estimate) -> Result:
    return {"value": estimate.value, "reason": estimate.reason, "notes": estimate.notes}


def pair(limits: tuple[Any, Any], per: float = 1.0) -> list[float]:
    return [per * float(limit) for limit in limits]


def nps_score(scores: list[Any]) -> Result:
    got, sums = figures(sq.nps("score"), scores)
    if got.value is None:
        return told(got)
    up, down, n = sums["positive"], sums["negative"], sums["n"]
    assert got.se is not None
    return {
        "nps": got.value,
        "var": float(stats.net_variance(up, down, n)),
        "se": got.se / 100,
        "counts": [down, n - up - down, up],
    }


def nps_ci(counts: Sequence[int], method: NetMethod, confidence: float = 0.95) -> Result:
    down, _, up = counts
    low_high = stats.net_interval(up, down, sum(counts), method=method, level=confidence)
    return {"ci": pair(low_high, 100), "value": pair(low_high, 100), "notes": None}


def nps_diff_ci(x: Sequence[int], y: Sequence[int], method: NetDifferenceMethod) -> Result:
    first, second = (x[2], x[0], sum(x)), (y[2], y[0], sum(y))
    se, p_value = stats.net_difference_test(*first, *second, method="wald" if method == "wald" else "adjusted_wald")
    return {
        "diff": 100 * ((x[2] - x[0]) / sum(x) - (y[2] - y[0]) / sum(y)),
        "se": float(se),
        "ci": pair(stats.net_difference_interval(*first, *second, method=method), 100),
        "p_value": float(p_value),
    }


def nps_weighted(scores: list[int], weights: list[float]) -> Result:
    got = sq.nps("score").estimate(pl.DataFrame({"score": scores, "w": weights}), weight="w")
    weight = np.asarray(weights, dtype=np.float64)
    n_eff = float(stats.kish_n_eff(weight.sum(), weight @ weight))
    signs = [(score >= 9) - (score <= 6) for score in scores]
    return {
        "nps": got.value,
        "se": linearised(weight * signs, weight, len(weights)),
        "n_eff": n_eff,
        "deff": got.n / n_eff,
    }


def proportion_ci(count: int, nobs: int, method: ProportionMethod = "wilson") -> Result:
    got = ones().estimate(pl.DataFrame({"y": [i < count for i in range(nobs)]}, schema={"y": pl.Boolean}))
    if got.value is None:
        return told(got)
    return {"ci": pair(stats.proportion_interval(count, nobs, method=method))}


def proportion_diff_ci(x1: int, n1: int, x2: int, n2: int) -> Result:
    return {"ci": pair(stats.newcombe(x1, n1, x2, n2))}


def weighted_wilson(indicator: list[int], weights: list[float]) -> Result:
    got = ones().estimate(pl.DataFrame({"y": [bool(value) for value in indicator], "w": weights}), weight="w")
    weight = np.asarray(weights, dtype=np.float64)
    n_eff = stats.kish_n_eff(weight.sum(), weight @ weight)
    assert got.value is not None
    return {"share": got.value, "n_eff": float(n_eff), "ci": pair(stats.wilson(got.value * n_eff, n_eff))}


def mean_ci_fpc(mean: float, sd: float, n: int, population: int) -> Result:
    # The case's tool takes the factor of a share for a mean too.
    finite: dict[str, Any] = {"population": population, "correction": "(N-n)/(N-1)"}
    squares = sd**2 * (n - 1)
    se = stats.mean_se(n, squares, **finite)
    return {"se": float(se), "ci": pair(stats.mean_interval(n, mean, squares, **finite))}


def by_stratum(values: Numbers, strata: Sequence[str], totals: Mapping[str, int]) -> list[np.ndarray]:
    return [np.array([v for v, s in zip(values, strata, strict=True) if s == name]) for name in totals]


def stratified_mean(values: Numbers, strata: Sequence[str], totals: Mapping[str, int]) -> Result:
    groups = by_stratum(values, strata, totals)
    means, variances = [group.mean() for group in groups], [group.var(ddof=1) for group in groups]
    value, se = stats.stratified_mean(means, variances, [group.size for group in groups], list(totals.values()))
    return {"mean": float(value), "se": float(se)}


def poststratify(values: Numbers, strata: Sequence[str], totals: Mapping[str, int]) -> Result:
    sizes = [group.size for group in by_stratum(values, strata, totals)]
    weights = dict(zip(totals, stats.poststratification_weights(sizes, list(totals.values())), strict=True))
    frame = pl.DataFrame({"x": values, "w": [weights[name] for name in strata]})
    return {"mean": average().estimate(frame, weight="w").value, "weights": weights}


def topbox_share(scores: list[Any], boxes: Sequence[int], scale: Sequence[int] = ONE_TO_FIVE) -> Result:
    got, sums = figures(sq.csat("score", scale=(scale[0], scale[1]), box=boxes), scores)
    return {"count": sums["hits"], "n": got.n, "share": got.value}


def rating_net(scores: list[Any], top: Sequence[int], bottom: Sequence[int]) -> Result:
    return {"net": sq.net_score("score", scale=ONE_TO_FIVE, top=top, bottom=bottom).estimate(scores).value}


def rating_mean(scores: list[Any], versions: list[str] | None = None) -> Result:
    if versions is not None:
        frame = pl.DataFrame({"score": scores, "version": versions})
        return told(sq.ces("score", version="v2", of_version="version").estimate(frame))
    got = sq.csat_mean("score", scale=ONE_TO_FIVE).estimate(scores)
    return {"mean": got.value, "n": got.n}


def rating_mean_from_counts(counts: Mapping[str, int]) -> Result:
    scores = [int(score) for score, count in counts.items() for _ in range(count)]
    return {"mean": sq.ces("score", version="v2").estimate(scores).value}


def response_rate_simple(completed: int, delivered: int) -> Result:
    rows = range(max(completed, delivered))
    frame = pl.DataFrame(
        {"score": [5 if i < completed else None for i in rows], "sent": [0 if i < delivered else None for i in rows]}
    ).with_columns(delivered_at=pl.from_epoch("sent").dt.replace_time_zone("UTC"))
    return {"rate": sq.response_rate("score").estimate(frame).value}


def response_rate_aapor(**cases: int) -> Result:
    frame = pl.DataFrame({"disposition": [kind for kind, count in cases.items() for _ in range(count)]})
    rates = ("RR1", "RR2", "RR3", "RR4", "RR5", "RR6", "COOP1", "REF1", "CON1")
    _, sums = figures(sq.aapor_response_rate(rate="RR3"), frame)
    return {
        "e": sums["known"] / (sums["known"] + sums["ineligible"]),
        **{rate: sq.aapor_response_rate(rate=rate).estimate(frame).value for rate in rates},
    }


ADAPTERS: dict[str, Callable[..., Result]] = {
    "mean.ci_fpc": mean_ci_fpc,
    "nps.ci": nps_ci,
    "nps.diff_ci": nps_diff_ci,
    "nps.score": nps_score,
    "nps.weighted": nps_weighted,
    "proportion.ci": proportion_ci,
    "proportion.diff_ci": proportion_diff_ci,
    "proportion.weighted_wilson": weighted_wilson,
    "rating.mean": rating_mean,
    "rating.mean_from_counts": rating_mean_from_counts,
    "rating.net": rating_net,
    "response_rate.aapor": response_rate_aapor,
    "response_rate.simple": response_rate_simple,
    "topbox.share": topbox_share,
    "weights.poststratify": poststratify,
    "weights.stratified_mean": stratified_mean,
}
