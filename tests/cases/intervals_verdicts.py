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
    found = stats.hodges_lehmann(a, b, level=level)
    limits = {
        name: limit if np.isfinite(limit) else None for name, limit in zip(("lower", "upper"), found[1:3], strict=True)
    }
    return {"estimate": found.shift, **limits}


def covariance(x: Numbers, y: Numbers) -> Result:
    found = stats.covariance(np.column_stack([x, y]))
    return {
        "var_x": found[0, 0],
        "var_y": found[1, 1],
        "covariance": found[0, 1],
        "correlation": stats.correlation(found)[0, 1],
    }


ADAPTERS: Mapping[str, Callable[..., Result]] = {
    "verdict_share": verdict_share,
    "hodges_lehmann": hodges_lehmann,
    "covariance": covariance,
}
