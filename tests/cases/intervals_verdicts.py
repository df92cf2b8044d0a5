"""Cases of verdicts, shifts and covariances: names are translated, nothing is computed here."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from servicequality import stats

Numbers = Sequence[float]
Result = dict[str, Any]


def verdict_share(successes: float, n: float, target: float, direction: Literal["at_least", "at_most"]) -> Result:
    low, high = stats.share_decision_limits(successes, n)
    return {"verdict": str(stats.target_verdict(low, high, target, direction=direction, n=n))}


def hodges_lehmann(a: Numbers, b: Numbers, level: float) -> Result:
    result = stats.hodges_lehmann(a, b, level=level)
    limits = {
        name: limit if np.isfinite(limit) else None for name, limit in zip(("lower", "upper"), result[1:3], strict=True)
    }
    return {"estimate": result.shift, **limits}


def covariance(x: Numbers, y: Numbers) -> Result:
    result = stats.covariance(np.column_stack([x, y]))
    return {
        "var_x": result[0, 0],
        "var_y": result[1, 1],
        "covariance": result[0, 1],
        "correlation": stats.correlation(result)[0, 1],
    }


ADAPTERS: Mapping[str, Callable[..., Result]] = {
    "verdict_share": verdict_share,
    "hodges_lehmann": hodges_lehmann,
    "covariance": covariance,
}
