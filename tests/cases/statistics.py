"""From the cases of statistics.json to public calls: names and units are translated, nothing is computed here."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from servicequality import resolution_time_observed_only, sla_attainment, stats
from servicequality.columns import Flag, Number
from servicequality.core import define, evaluate
from servicequality.shapes import Shape, mean, share
from servicequality.sla import due_clocks
from servicequality.stats.counting import window_flow
from servicequality.stats.net import NetDifferenceMethod, NetMethod
from servicequality.stats.proportion import ProportionMethod
from servicequality.stats.survival import Curves, aalen_johansen, kaplan_meier
from servicequality.stats.survival_table import risk_table

Numbers = Sequence[float]
Result = dict[str, Any]


EPOCH = datetime(2024, 1, 1, tzinfo=UTC)


def limits(low: Any, high: Any) -> Result:
    return {"lower": unbounded(low), "upper": unbounded(high)}


def unbounded(value: Any) -> float | None:
    """A kernel's NaN is the cases' null."""
    return None if np.isnan(value) else float(value)


def proportion(method: ProportionMethod) -> Callable[..., Result]:
    def run(k: float, n: float, level: float = 0.95) -> Result:
        return limits(*stats.proportion_interval(k, n, method=method, level=level))

    return run


def newcombe(k1: float, n1: float, k2: float, n2: float) -> Result:
    return {"difference": k1 / n1 - k2 / n2, **limits(*stats.newcombe(k1, n1, k2, n2))}


def nps(promoters: int, passives: int, detractors: int, method: NetMethod = "adjusted_wald") -> Result:
    n = promoters + passives + detractors
    low, high = stats.net_interval(promoters, detractors, n, method=method)
    return {"nps": 100 * (promoters - detractors) / n, **limits(100 * low, 100 * high)}


def nps_difference(method: NetDifferenceMethod) -> Callable[..., Result]:
    def run(a: Numbers, b: Numbers) -> Result:
        first, second = (a[0], a[2], sum(a)), (b[0], b[2], sum(b))
        low, high = stats.net_difference_interval(*first, *second, method=method)
        difference = (a[0] - a[2]) / sum(a) - (b[0] - b[2]) / sum(b)
        return {"difference": 100 * difference, **limits(100 * low, 100 * high)}

    return run


def mean_t(x: Numbers) -> Result:
    return mean_t_counts(x, [1] * len(x))


def mean_t_counts(values: Numbers, counts: Numbers) -> Result:
    x, w = np.asarray(values), np.asarray(counts)
    n, total, squares = w.sum(), w @ x, w @ x**2
    low, high = stats.mean_interval(n, total / n, stats.squared_deviations(n, total, squares))
    return {"mean": float(total / n), **limits(low, high)}


def quantile_ci(x: Numbers, p: float) -> Result:
    lower, upper, _ = stats.quantile_ranks(len(x), p)
    at = [None, *sorted(x)]  # rank 0 is "cannot be bounded"
    return {"lower": at[int(lower)], "upper": at[int(upper)]}


def quantile_min_n(p: float) -> Result:
    return {"n": int(stats.wilks_n(p))}


def poisson_rate_ci(events: float, exposure: float) -> Result:
    return limits(*stats.poisson_rate_interval(events, exposure))


def nps_sample_size(p_promoter: float, p_detractor: float, margin_points: float) -> Result:
    return {"n": float(stats.net_n(p_promoter, p_detractor, margin_points / 100))}


def two_proportion_n(p1: float, p2: float) -> Result:
    return {"n": float(stats.two_proportion_n(p1, p2))}


def manski_bounds(k: int, n: int, invited: int) -> Result:
    return limits(*stats.manski_bounds(k, invited - n, invited))


def sla_bounds_ci(met: int, pending: int, n: int) -> Result:
    return limits(*stats.manski_interval(met, pending, n))


def proportion_target(k: int, n: int, target: float) -> Result:
    low, high = stats.wilson(k, n, level=0.9)  # one-sided 95 % each way
    return {**limits(low, high), "decision": str(stats.target_verdict(low, high, target))}


def adjusted(kernel: Callable[[Any], Any]) -> Callable[..., Result]:
    return lambda p: {"adjusted": kernel(p).tolist()}


def round_to_se(value: float, se: float) -> Result:
    rounded, unit = stats.round_to_se(value, se)
    return {"rounded": float(rounded), "unit": float(unit)}


def curves(durations: Numbers, observed: Numbers, entry: Numbers | None = None) -> Curves:
    table = risk_table(durations, observed, entry=entry)
    return kaplan_meier(
        [0, len(table.time)], table.time, table.events, table.censored, entered=table.entered
    )  # fmt: skip


def km_survival(at: Numbers, **rows: Numbers) -> Result:
    readings = [curves(**rows).survival_at(limit, interval="loglog") for limit in at]
    return {
        "survival": [unbounded(reading.value[0]) for reading in readings],
        "lower": [unbounded(reading.low[0]) for reading in readings],
        "upper": [unbounded(reading.high[0]) for reading in readings],
    }


def km_quantile(p: float = 0.5, **rows: Numbers) -> Result:
    reading = curves(**rows).quantile(p, interval="loglog")
    return {"estimate": unbounded(reading.value[0]), **limits(reading.low[0], reading.high[0])}


def km_rmst(tau: float, **rows: Numbers) -> Result:
    reading = curves(**rows).restricted_mean(tau, interval="normal")
    return {
        "rmst": unbounded(reading.value[0]),
        "se": unbounded(reading.se[0]),
        **limits(reading.low[0], reading.high[0]),
    }


def cumulative_incidence(durations: Numbers, state: Sequence[int], cause: int, at: Numbers) -> Result:
    assert cause == 1  # the event of interest; 2 competes
    table = risk_table(durations, state)
    joint = aalen_johansen([0, len(table.time)], table.time, table.events, table.competing, table.censored)
    return {"cif": [unbounded(joint.incidence_at(limit).value[0]) for limit in at]}


def sla_km(elapsed: Numbers, stopped: Sequence[bool], target: Numbers) -> Result:
    share = [time / allowed for time, allowed in zip(elapsed, target, strict=True)]
    reading = curves(share, stopped).incidence_at(1.0, interval="loglog")
    return {"attainment": unbounded(reading.value[0]), **limits(reading.low[0], reading.high[0])}


@define(title="Share of ones", unit="share", better="neither", formula="k/n")
def ones(flag: Flag = "y") -> Shape:
    """Rows that are true, among all rows that are true or false."""
    return share(pl.col(flag), of=pl.col(flag).is_not_null())


@define(title="Mean of a column", unit="points", better="neither", formula=r"\bar{x}")
def average(number: Number = "x") -> Shape:
    """Arithmetic mean of the rows that hold a number."""
    return mean(pl.col(number), of=pl.col(number).is_not_null())


def linearised(y: Any, x: Any, m: int) -> float:
    """The linearised standard error of a ratio of the sums of y and x over m rows or clusters."""
    y, x = np.asarray(y, dtype=np.float64), np.asarray(x, dtype=np.float64)
    return float(stats.ratio_se(y.sum(), x.sum(), y @ y, x @ y, x @ x, m))


def weighted_proportion(y: Numbers, w: Numbers) -> Result:
    weight, hits = np.asarray(w, dtype=np.float64), np.asarray(w) * np.asarray(y)
    n_eff = stats.kish_n_eff(weight.sum(), weight @ weight)
    return {"p": float(hits.sum() / weight.sum()), "se": linearised(hits, weight, len(w)), "n_eff": float(n_eff)}


def cluster_proportion(clusters: Numbers, k: Sequence[int], n: Sequence[int], quantile: str) -> Result:
    assert quantile == "z"  # t(G - 1) is `cluster_mean`
    total = sum(n)
    p, se = sum(k) / total, linearised(k, n, len(clusters))
    deff = float(stats.design_effect(se, np.sqrt(p * (1 - p) / total)))
    low, high = stats.wilson(p * total / deff, total / deff)
    return {"p": p, "se": se, "n_eff": total / deff, "deff": deff, **limits(low, high)}


def cluster_mean(values: Numbers, clusters: Numbers) -> Result:
    _, place = np.unique(clusters, return_inverse=True)
    sums, sizes = np.bincount(place, weights=values), np.bincount(place)
    mean, se = float(np.mean(values)), linearised(sums, sizes, len(sizes))
    low, high = stats.t_interval(mean, se, df=len(sizes) - 1)
    return {"mean": mean, "se": se, **limits(low, high)}


def closed_only(durations: Numbers, observed: Sequence[int]) -> Result:
    rows = pl.DataFrame({"resolution_seconds": durations, "resolution_observed": [bool(seen) for seen in observed]})
    classic = resolution_time_observed_only
    return {word: classic(statistic=word).estimate(rows).value for word in ("mean", "median")}


def suppress(counts: Sequence[int], k: int) -> Result:
    rows = pl.DataFrame({"cell": range(len(counts)), "y": True}).select(pl.all().repeat_by(pl.Series(counts)).explode())
    return {"counts": evaluate(rows, [ones()], by=["cell"], min_n=k)["n"].to_list()}


def flow(created: Numbers, closed: Sequence[float | None], t0: float, t1: float) -> Result:
    stops = np.array([np.inf if stop is None else stop for stop in closed])
    result = window_flow(np.array(created, dtype=np.float64), stops, start=t0, end=t1)
    return {**result._asdict(), "L": result.mean_open}


def sla_states(created: Numbers, stopped: Sequence[float | None], target: Numbers, now: float) -> Result:
    def at(hours: float | None) -> datetime | None:
        return None if hours is None else EPOCH + timedelta(hours=hours)

    due = [start + allowed for start, allowed in zip(created, target, strict=True)]
    tickets = pl.DataFrame(
        {
            "created_at": [at(t) for t in created],
            "resolved_at": [at(t) for t in stopped],
            "due_at": [at(t) for t in due],
        }
    )
    as_of = EPOCH + timedelta(hours=now)
    clocks = due_clocks(tickets, as_of=as_of)
    n = dict(clocks["outcome"].cast(pl.String).value_counts().rows())
    met, open_, pending = n["met"], n["missed_open"], n["pending"]
    matured = sla_attainment(as_of=as_of).estimate(clocks)
    decided = clocks.filter(pl.col("outcome") != "pending")
    stops = clocks.filter(pl.col("stopped_at").is_not_null())
    return {
        "n": clocks.height, "met": met, "breached": n["missed"] + open_, "breached_open": open_, "pending": pending,
        "worst": met / clocks.height, "best": (met + pending) / clocks.height,
        "decided_only": met / decided.height, "closed_only": met / stops.height,
        "matured": matured.value, "n_matured": matured.n,
    }  # fmt: skip


ADAPTERS: dict[str, Callable[..., Result]] = {
    "flow": flow,
    "sla_states": sla_states,
    "bh": adjusted(stats.benjamini_hochberg),
    "closed_only": closed_only,
    "clopper_pearson": proportion("clopper_pearson"),
    "cluster_mean": cluster_mean,
    "cluster_proportion": cluster_proportion,
    "cumulative_incidence": cumulative_incidence,
    "holm": adjusted(stats.holm),
    "jeffreys": proportion("jeffreys"),
    "km_quantile": km_quantile,
    "km_rmst": km_rmst,
    "km_survival": km_survival,
    "manski_bounds": manski_bounds,
    "mean_t": mean_t,
    "mean_t_counts": mean_t_counts,
    "newcombe": newcombe,
    "nps": nps,
    "nps_difference": nps_difference("mover"),
    "nps_difference_adjusted": nps_difference("adjusted_wald"),
    "nps_sample_size": nps_sample_size,
    "poisson_rate_ci": poisson_rate_ci,
    "proportion_target": proportion_target,
    "quantile_ci": quantile_ci,
    "quantile_min_n": quantile_min_n,
    "round_to_se": round_to_se,
    "sla_bounds_ci": sla_bounds_ci,
    "sla_km": sla_km,
    "suppress": suppress,
    "two_proportion_n": two_proportion_n,
    "weighted_proportion": weighted_proportion,
    "wilson": proportion("wilson"),
}
