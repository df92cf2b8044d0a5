"""From the cases of statistics.json on scales and importance to public calls: names and units are translated."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from cases.statistics import Numbers, Result, limits
from servicequality import stats


def cronbach(items: Sequence[Numbers]) -> Result:
    alpha = stats.cronbach_alpha(stats.covariance(items))
    return {"alpha": float(alpha), **limits(*stats.feldt_interval(alpha, len(items), len(items[0])))}


def gap_reliability(sd_p: float, sd_e: float, rel_p: float, rel_e: float, r_pe: float) -> Result:
    return {"reliability": float(stats.difference_reliability(sd_p**2, sd_e**2, rel_p, rel_e, r_pe))}


def htmt(items_a: Sequence[Numbers], items_b: Sequence[Numbers]) -> Result:
    s = stats.covariance(np.hstack([items_a, items_b]))
    return {"htmt": float(stats.htmt(s, ["a"] * len(items_a[0]) + ["b"] * len(items_b[0]))[0, 1])}


def lmg(X: Sequence[Numbers], y: Numbers) -> Result:  # noqa: N803 (the case's own name)
    s = stats.covariance(np.column_stack([X, y]))
    shares = stats.lmg_shares(s)
    return {"r2": float(shares.sum()), "shares": shares.tolist()}


def partial_corr(x: Numbers, y: Numbers, z: Sequence[Numbers]) -> Result:
    r = stats.partial_correlations(stats.covariance(np.column_stack([x, y, z])))[0, 1]
    return {"r": float(r), **limits(*stats.correlation_interval(r, len(x), controlled=len(z[0])))}


ADAPTERS: Mapping[str, Callable[..., Result]] = {
    "cronbach": cronbach,
    "gap_reliability": gap_reliability,
    "htmt": htmt,
    "lmg": lmg,
    "partial_corr": partial_corr,
}
