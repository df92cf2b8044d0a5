"""From the cases of surveys.json on reliability to public calls: names are translated, nothing is computed here."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from cases.statistics import Result
from servicequality import stats
from servicequality.errors import ParameterError
from servicequality.stats.crossproducts import Missing


def covariance(
    items: Sequence[Sequence[float | None]], reverse: Sequence[int], scale: Sequence[int], missing: Missing
) -> np.ndarray:
    answers = np.array(items, dtype=float)
    for item in reverse:
        answers[:, item - 1] = sum(scale) - answers[:, item - 1]
    return stats.covariance(answers, missing=missing)


def alpha(
    items: Sequence[Sequence[float | None]],
    reverse: Sequence[int] = (),
    scale: Sequence[int] = (1, 5),
    missing: Missing = "listwise",
) -> Result:
    s = covariance(items, reverse, scale, missing)
    if not s.any():
        with_reason = _refused(stats.cronbach_alpha, s)
        return {"value": None, "reason": with_reason}
    value = float(stats.cronbach_alpha(s))
    if len(s) < 3:
        return {"value": value, "alpha": value, "notes": None}
    return {
        "alpha": value,
        "alpha_std": float(stats.cronbach_alpha(s, standardised=True)),
        "mean_inter_item_r": float(stats.mean_inter_item_correlation(s)),
        "ase": float(stats.alpha_se(s, len(items))),
        "alpha_if_dropped": stats.alpha_if_dropped(s).tolist(),
        "item_total_r": stats.item_total_correlation(s).tolist(),
        "item_rest_r": stats.item_rest_correlation(s).tolist(),
        "lambda2_std": float(stats.guttman_lambda2(s, standardised=True)),
        "lambda6_std": float(stats.guttman_lambda6(s, standardised=True)),
    }


def _refused(kernel: Callable[[Any], Any], given: Any) -> str:
    try:
        kernel(given)
    except ParameterError as error:
        return str(error)
    raise AssertionError("a value where there is none")


def alpha_ci(alpha: float, n: int, k: int) -> Result:
    return {"ci": [float(limit) for limit in stats.feldt_interval(alpha, n, k)]}


def omega_loadings(loadings: Sequence[float], residuals: Sequence[float]) -> Result:
    return {"omega": float(stats.omega_of_loadings(loadings, residuals))}


def omega_ml(items: Sequence[Sequence[float]], reverse: Sequence[int], scale: Sequence[int]) -> Result:
    s = covariance(items, reverse, scale, "listwise")
    return {
        "omega_raw": float(stats.mcdonald_omega(s)),
        "omega_std": float(stats.mcdonald_omega(s, standardised=True)),
        "loadings_std": stats.one_factor(stats.correlation(s)).loadings.tolist(),
    }


def difference(**parts: float) -> Result:
    return {"reliability": float(stats.difference_reliability(**parts))}


def linear_combination(**parts: Any) -> Result:
    return {"reliability": float(stats.combination_reliability(**parts))}


def spearman_brown(r: float) -> Result:
    return {"reliability": float(stats.spearman_brown(r))}


ADAPTERS: Mapping[str, Callable[..., Result]] = {
    "reliability.alpha": alpha,
    "reliability.alpha_ci": alpha_ci,
    "reliability.difference": difference,
    "reliability.linear_combination": linear_combination,
    "reliability.omega_loadings": omega_loadings,
    "reliability.omega_ml": omega_ml,
    "reliability.spearman_brown": spearman_brown,
}
