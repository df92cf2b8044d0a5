"""Cases about comparing two groups, about looking often, and about mix: names are translated, nothing is computed here."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from servicequality import stats
from servicequality.stats.logrank import Tables, log_rank
from servicequality.stats.survival import kaplan_meier
from servicequality.stats.survival_table import risk_table

Numbers = Sequence[float]
Result = dict[str, Any]


def limits(low: Any, high: Any) -> Result:
    return {"lower": bounded(low), "upper": bounded(high)}


def bounded(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None


def tables(durations: Numbers, observed: Numbers) -> Tables:
    table = risk_table(durations, observed)
    return Tables([0, len(table.time)], table.time, table.events, table.censored)


def logrank(t1: Numbers, e1: Numbers, t2: Numbers, e2: Numbers) -> Result:
    test = log_rank(tables(t1, e1), tables(t2, e2))
    return {"chi2": bounded(test.chi2[0]), "p": bounded(test.p[0])}


def moments(x: Any) -> tuple[float, float, int]:
    """Mean, standard error and degrees of freedom."""
    rows = np.asarray(x, dtype=float)
    return rows.mean(), float(stats.mean_se(len(rows), ((rows - rows.mean()) ** 2).sum())), len(rows) - 1


def ratio_geometric_welch(x: Numbers, y: Numbers) -> Result:
    a, b = moments(np.log(x)), moments(np.log(y))
    low, high = stats.welch_interval(*a, *b)
    return {"ratio": math.exp(a[0] - b[0]), **limits(np.exp(low), np.exp(high))}


def ratio_of_means_log(x: Numbers, y: Numbers) -> Result:
    a, b = moments(x), moments(y)
    return {"ratio": a[0] / b[0], **limits(*stats.log_ratio_interval(*a[:2], *b[:2]))}


def shift_hodges_lehmann(x: Numbers, y: Numbers) -> Result:
    result = stats.hodges_lehmann(np.log(x), np.log(y))
    return {"ratio": math.exp(result.shift), **limits(np.exp(result.low), np.exp(result.high))}


def prob_superiority(x: Numbers, y: Numbers) -> Result:
    result = stats.brunner_munzel(x, y)
    return {"theta": result.probability, **result._asdict()}


def rate_ratio(x1: float, t1: float, x2: float, t2: float) -> Result:
    return {"ratio": (x1 / t1) / (x2 / t2), **limits(*stats.rate_ratio_interval(x1, t1, x2, t2))}


def did(pre_t: Numbers, post_t: Numbers, pre_c: Numbers, post_c: Numbers) -> Result:
    cells = [np.asarray(cell, dtype=float) for cell in (post_t, pre_t, post_c, pre_c)]
    squares = [cell.var() / len(cell) for cell in cells]
    effect, se, ends = stats.difference_in_differences(*(cell.mean() for cell in cells), squares=squares)
    return {"effect": float(effect), "se": float(se), **limits(*ends)}


def its_prais_winsten(y: Numbers, t0: int) -> Result:
    result = stats.interrupted_series(y, t0)
    return {**result._asdict(), "lower": result.low, "upper": result.high}


def robbins_binomial_cs(k: int, n: int, alpha: float = 0.05) -> Result:
    return limits(*stats.robbins_interval(k, n, level=1 - alpha))


def normal_mixture_bound(v: float, alpha: float, v_opt: float) -> Result:
    result = stats.normal_mixture_bound(v, level=1 - alpha, best_at=v_opt)
    return {"bound": float(result.bound), "rho": float(result.rho)}


def kitagawa(k1: Numbers, n1: Numbers, k0: Numbers, n0: Numbers) -> Result:
    result = stats.kitagawa(k1, n1, k0, n0)
    return {"total": float(result.total), "rate": float(result.rate.sum()), "mix": float(result.mix.sum())}


def direct_standardise(k: Numbers, n: Numbers, weights: Numbers) -> Result:
    rate, size = np.divide(k, n), np.asarray(n, dtype=float)
    value, se, ends = stats.direct_standardise(rate, rate * (1 - rate) / size, weights)
    return {"rate": float(value), "se": float(se), **limits(*ends)}


def mh_risk_difference(k1: Numbers, n1: Numbers, k0: Numbers, n0: Numbers) -> Result:
    result = stats.mantel_haenszel(k1, n1, k0, n0)
    return {
        "risk_difference": bounded(result.difference),
        "odds_ratio": bounded(result.odds_ratio),
        **limits(result.difference_low, result.difference_high),
    }


def sla_km_stratified(strata: Sequence[Mapping[str, Any]]) -> Result:
    curves = []
    for stratum in strata:
        used = [elapsed / stratum["target"] for elapsed in stratum["elapsed"]]
        table = risk_table(used, stratum["stopped"])
        curve = kaplan_meier([0, len(table.time)], table.time, table.events, table.censored)
        curves.append(curve.incidence_at(1.0, interval="loglog"))
    sizes = [len(stratum["elapsed"]) for stratum in strata]
    pooled = stats.pool_strata(
        [0, len(sizes)], [curve.value[0] for curve in curves], [curve.se[0] for curve in curves], sizes
    )
    return {
        "attainment": bounded(pooled.value[0]),
        "se": bounded(pooled.se[0]),
        **limits(pooled.low[0], pooled.high[0]),
    }


ADAPTERS: dict[str, Callable[..., Result]] = {
    "did": did,
    "direct_standardise": direct_standardise,
    "its_prais_winsten": its_prais_winsten,
    "kitagawa": kitagawa,
    "logrank": logrank,
    "mh_risk_difference": mh_risk_difference,
    "normal_mixture_bound": normal_mixture_bound,
    "prob_superiority": prob_superiority,
    "rate_ratio": rate_ratio,
    "ratio_geometric_welch": ratio_geometric_welch,
    "ratio_of_means_log": ratio_of_means_log,
    "robbins_binomial_cs": robbins_binomial_cs,
    "shift_hodges_lehmann": shift_hodges_lehmann,
    "sla_km_stratified": sla_km_stratified,
}
