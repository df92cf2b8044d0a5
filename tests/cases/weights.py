"""From the cases of weights.json to public calls: names are translated, nothing is computed here."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from servicequality.columns import Number
from servicequality.core import Metric, define
from servicequality.errors import ServiceQualityWarning
from servicequality.shapes import Shape, mean, share
from servicequality.weights import calibrate, evaluate_adjusted, post_stratify, rake, trim

Rows = Sequence[Mapping[str, Any]]


def column(frame: pl.DataFrame) -> dict[str, Any]:
    return {"weights": frame["new"].to_list(), "converged": True}


def raked(rows: Rows, margins: Mapping[str, Any]) -> dict[str, Any]:
    return column(rake(rows, margins, weight="weight", name="new"))


def post_stratified(rows: Rows, by: Sequence[str], population: Rows) -> dict[str, Any]:
    return column(post_stratify(rows, population, by=by, weight="weight", name="new"))


def calibrated(rows: Rows, auxiliary: str, population: Mapping[str, float]) -> dict[str, Any]:
    totals = {auxiliary: population["total"]}
    with warnings.catch_warnings():  # of negative weights
        warnings.simplefilter("ignore", ServiceQualityWarning)
        return column(calibrate(rows, totals, size=population["size"], weight="weight", name="new"))


def trimmed(weights: Sequence[float], redistribute: Any, lower: Any = None, upper: Any = None) -> dict[str, Any]:
    frame = pl.DataFrame({"adjusted_weight": weights})
    return column(trim(frame, upper=upper, lower=lower, redistribute=redistribute, name="new"))


def margins_of(adjust: Mapping[str, Any]) -> dict[str, Any]:
    """An adjustment of the cases as the options of a call."""
    if adjust["kind"] == "rake":
        return {"margins": adjust["margins"]}
    if adjust["kind"] == "post_stratify":
        by = tuple(adjust["by"])
        cells = {tuple(row[name] for name in by): row["count"] for row in adjust["population"]}
        return {"margins": {by: cells if len(by) > 1 else {key[0]: count for key, count in cells.items()}}}
    assert adjust["kind"] == "calibrate_linear"
    population = adjust["population"]
    return {"margins": {adjust["auxiliary"]: population["total"]}, "size": population["size"], "distance": "linear"}


def weighted(metric: Metric) -> Callable[..., dict[str, Any]]:
    def run(rows: Rows, value: str, adjust: Mapping[str, Any], variance: Mapping[str, Any]) -> dict[str, Any]:
        groups = variance["group"] if variance["kind"] == "jackknife" else None
        frame = pl.DataFrame(rows).rename({value: "y"})
        options = margins_of(adjust)
        answer = evaluate_adjusted(frame, metric, **options, weight="weight", jackknife=groups)
        return answer.row(0, named=True)

    return run


@define(title="Share", unit="share", better="higher", bounds=(0, 1), formula="k/n")
def share_of_ones(y: Number = "y") -> Shape:
    """Share of ones."""
    return share(pl.col(y) == 1, of=pl.col(y).is_not_null())


@define(title="Mean", unit="points", better="higher", bounds=(-np.inf, np.inf), formula="m")
def mean_of_scores(y: Number = "y") -> Shape:
    """Mean of the numbers."""
    return mean(pl.col(y), of=pl.col(y).is_not_null())


ADAPTERS = {
    "rake": raked,
    "post_stratify": post_stratified,
    "calibrate_linear": calibrated,
    "trim_weights": trimmed,
    "weighted_share_raked": weighted(share_of_ones()),
    "weighted_mean_raked": weighted(mean_of_scores()),
}
