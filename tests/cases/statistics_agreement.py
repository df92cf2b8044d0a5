"""From the cases of statistics.json to the kernels of agreement and of samples: names and units are translated."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from cases.statistics import Numbers, Result, limits
from servicequality import stats


def cohen_kappa(table: Sequence[Numbers], weights: Any = None) -> Result:
    result = stats.cohen_kappa(table, weights=weights or "none")
    return {"kappa": result.value, "se": result.se, "lower": result.low, "upper": result.high}


def fleiss_kappa(counts: Sequence[Numbers]) -> Result:
    return {"kappa": stats.fleiss_kappa(counts).value}


def gwet_ac1(table: Sequence[Numbers]) -> Result:
    counts, times = stats.counts_of_pairs(table)
    return {"ac1": stats.gwet_ac1(counts, times=times).value}


def krippendorff(data: Sequence[Sequence[float | None]], metric: Any) -> Result:
    """Raters by units, as the package takes them."""
    ratings = np.array(data, dtype=np.float64).T
    values = np.unique(ratings[~np.isnan(ratings)])
    counts = (ratings[:, :, None] == values).sum(axis=1)
    return {"alpha": stats.krippendorff_alpha(counts, scale=metric, scores=values).value}


def icc_oneway(groups: Sequence[Numbers]) -> Result:
    sizes, sums = [len(group) for group in groups], [sum(group) for group in groups]
    return {"icc": stats.icc_oneway(sizes, sums, [sum(x * x for x in group) for group in groups])}


def qa_sample_size(N: float, p: float, margin: float, level: float = 0.95) -> Result:  # noqa: N803  (the case's name)
    """Whole reviews: the kernels do not round up."""
    return {"n": int(np.ceil(stats.finite_population_n(stats.proportion_n(p, margin, level=level), N)))}


def hypergeom_ci(k: float, n: float, N: float, level: float = 0.95) -> Result:  # noqa: N803  (the case's name)
    return limits(*stats.hypergeometric_interval(k, n, N, level=level))


ADAPTERS: dict[str, Callable[..., Result]] = {
    "cohen_kappa": cohen_kappa,
    "fleiss_kappa": fleiss_kappa,
    "gwet_ac1": gwet_ac1,
    "hypergeom_ci": hypergeom_ci,
    "icc_oneway": icc_oneway,
    "krippendorff": krippendorff,
    "qa_sample_size": qa_sample_size,
}
