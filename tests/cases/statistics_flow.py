"""From the cases of statistics.json about flow to public calls: names are translated, nothing is computed here."""

from collections.abc import Callable, Sequence
from typing import Any

from servicequality import stats


def drain_quantile(backlog: float, drift: float, sd: float, q: Sequence[float]) -> dict[str, Any]:
    # Without spread the backlog is gone after the mean time.
    mean = float(stats.drain_quantile(backlog, drift, 0.0, 0.5))
    return {"mean": mean, "quantiles": stats.drain_quantile(backlog, drift, sd, q).tolist()}


def nb_spike_threshold(mean: float, phi: float, alpha: float = 0.001) -> dict[str, Any]:
    return {"threshold": int(stats.nb_spike_threshold(mean, phi, alpha))}


ADAPTERS: dict[str, Callable[..., Any]] = {
    "drain_quantile": drain_quantile,
    "nb_spike_threshold": nb_spike_threshold,
}
