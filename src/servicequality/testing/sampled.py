"""Laws of weights and clusters: what they may change, and what not. Never here: plain results, states."""

import numpy as np
import polars as pl

from servicequality.core import Metric, evaluate
from servicequality.shapes import FixedShape, Quantile
from servicequality.testing.comparing import Law, close, grows, same, value
from servicequality.testing.readings import honest
from servicequality.testing.strategies import CLUSTER, KEY, WEIGHT


def equal_weights_weigh_nothing(metric: Metric, frame: pl.DataFrame) -> None:
    """Weights that are all 1 give the unweighted value; another constant too, or that multiple of a count or total.

    Limits of shapes of fixed width are those of the rows themselves.
    """
    plain = evaluate(frame, metric, by=KEY)
    for constant in (1.0, 0.1, 3.0):
        heavy = evaluate(frame.with_columns(pl.lit(constant).alias(WEIGHT)), metric, by=KEY, weight=WEIGHT)
        grown = plain["value"] * (constant if grows(metric) else 1.0)
        kept = ["n", "n_missing", "n_pending", "reason"]
        same(heavy.select("value", *kept), plain.select(grown, *kept), of=metric, rows=frame)
        if isinstance(metric.shape, FixedShape):  # one weighted row says nothing of its weight, and has no limits
            limits = ["low", "high", "n_eff"]
            several = plain["n"] > 1
            same(heavy.filter(several).select(limits), plain.filter(several).select(limits), of=metric, rows=frame)


def a_weight_stands_for_rows(metric: Metric, frame: pl.DataFrame) -> None:
    """Whole weights give the value of the rows repeated so often; a quantile interpolates between rows, and is left out."""
    if isinstance(metric.shape, Quantile):
        return
    whole = frame.with_columns(pl.col(WEIGHT).ceil())
    repeated = whole[np.repeat(np.arange(whole.height), whole[WEIGHT].cast(pl.Int64).to_numpy())]
    close(value(metric, whole, weight=WEIGHT), value(metric, repeated), of=metric, rows=frame)


def weighted_results_are_in_order(metric: Metric, frame: pl.DataFrame) -> None:
    """Weights and clusters leave low <= value <= high, the bounds and the counts of rows as they were."""
    plain = evaluate(frame, metric, by=KEY)
    clusters = (None, CLUSTER) if isinstance(metric.shape, FixedShape) else (None,)
    for weight, cluster in ((weight, cluster) for weight in (None, WEIGHT) for cluster in clusters):
        result = evaluate(frame, metric, by=KEY, weight=weight, cluster=cluster)
        honest(result, metric)
        same(
            result.select(KEY, "n", "n_missing", "n_pending"),
            plain.select(KEY, "n", "n_missing", "n_pending"),
            of=metric,
            rows=frame,
        )


def a_row_is_a_cluster_of_its_own(metric: Metric, frame: pl.DataFrame) -> None:
    """Clusters change limits, never a value: with a cluster a row, and with any clusters."""
    if not isinstance(metric.shape, FixedShape):
        return
    plain = evaluate(frame, metric, by=KEY)
    kept = [KEY, "value", "n", "n_missing", "n_pending", "reason"]
    for clusters in (
        frame.with_row_index(CLUSTER + "_row"),
        frame.with_columns(pl.col(CLUSTER).alias(CLUSTER + "_row")),
    ):
        result = evaluate(clusters, metric, by=KEY, cluster=CLUSTER + "_row")
        same(result.select(kept), plain.select(kept), of=metric, rows=frame)


LAWS: tuple[Law, ...] = (
    equal_weights_weigh_nothing,
    a_weight_stands_for_rows,
    weighted_results_are_in_order,
    a_row_is_a_cluster_of_its_own,
)
