"""Laws of weights and clusters: what they may change, and what not."""

import numpy as np
import polars as pl

from servicequality.core import evaluate
from servicequality.shapes import FixedShape, Quantile
from servicequality.testing.comparing import Law, Trial, value
from servicequality.testing.readings import honest
from servicequality.testing.strategies import CLUSTER, KEY, WEIGHT

_COUNTS = ["n", "n_missing", "n_excluded", "n_pending"]


def equal_weights_weigh_nothing(trial: Trial) -> None:
    """Weights that are all 1 give the unweighted value; another constant too, or that multiple of a count or total."""
    for constant in (1.0, 0.1):
        weighted = trial.frame.with_columns(pl.lit(constant).alias(WEIGHT))
        weighed = evaluate(weighted, trial.metric, by=KEY, weight=WEIGHT)
        grown = trial.by_key["value"] * (constant if trial.grows else 1.0)
        kept = [*_COUNTS, "reason"]
        trial.same(weighed.select("value", *kept), trial.by_key.select(grown, *kept))
        if isinstance(trial.metric.shape, FixedShape):  # one weighted row says nothing of its weight, and has no limits
            several, limits = trial.by_key["n"] > 1, ["low", "high", "n_eff"]
            trial.same(weighed.filter(several).select(limits), trial.by_key.filter(several).select(limits))


def a_weight_stands_for_rows(trial: Trial) -> None:
    """Whole weights give the value of the rows repeated so often; a quantile interpolates between rows, and is left out."""
    if isinstance(trial.metric.shape, Quantile):
        return
    whole = trial.frame.with_columns(pl.col(WEIGHT).ceil())
    repeated = whole[np.repeat(np.arange(whole.height), whole[WEIGHT].cast(pl.Int64).to_numpy())]
    trial.close(value(trial.metric, whole, weight=WEIGHT), value(trial.metric, repeated))


def weighted_results_are_in_order(trial: Trial) -> None:
    """Weights and clusters leave low <= value <= high, the bounds and the counts of rows as they were."""
    results = [evaluate(trial.frame, trial.metric, by=KEY, weight=WEIGHT)]
    if isinstance(trial.metric.shape, FixedShape):
        honest(trial.clustered, trial.metric)
        trial.same(trial.clustered.select(KEY, *_COUNTS), trial.by_key.select(KEY, *_COUNTS))
        results.append(evaluate(trial.frame, trial.metric, by=KEY, weight=WEIGHT, cluster=CLUSTER))
    # Rows of weight 0 are excluded, and a group may hold nothing else.
    counted = evaluate(trial.frame.filter(pl.col(WEIGHT) > 0), trial.metric, by=KEY)
    light = trial.frame.group_by(KEY).agg((trial.asked & (pl.col(WEIGHT) == 0)).sum().cast(pl.Int64).alias("light"))
    expected = counted.select(KEY, *_COUNTS).join(light, on=KEY, nulls_equal=True, maintain_order="left")
    expected = expected.with_columns(n_excluded=pl.col("n_excluded") + pl.col("light")).drop("light")
    for result in results:
        honest(result, trial.metric)
        watched = result.select(KEY, *_COUNTS).join(counted.select(KEY), on=KEY, how="semi", nulls_equal=True)
        trial.same(watched, expected)


def a_row_is_a_cluster_of_its_own(trial: Trial) -> None:
    """Clusters change limits, never a value: with a cluster a row, and with any clusters."""
    if not isinstance(trial.metric.shape, FixedShape):
        return
    alone = evaluate(trial.frame.with_row_index("law_row"), trial.metric, by=KEY, cluster="law_row")
    kept = [KEY, "value", *_COUNTS, "reason"]
    for result in (alone, trial.clustered):
        trial.same(result.select(kept), trial.by_key.select(kept))


LAWS: tuple[Law, ...] = (
    equal_weights_weigh_nothing,
    a_weight_stands_for_rows,
    weighted_results_are_in_order,
    a_row_is_a_cluster_of_its_own,
)
