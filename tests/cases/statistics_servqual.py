"""From the cases of statistics.json on SERVQUAL to public calls: names are translated, nothing is computed here."""

from collections.abc import Callable, Mapping, Sequence

import polars as pl

from cases.statistics import Numbers, Result
from servicequality.core import Metric
from servicequality.servqual import Scale, score, servqual_gap, weighted_servqual_gap, zone_of_tolerance

WIDE = (-1000.0, 1000.0)  # the cases do not state their scale


def one_item_each(dimensions: int) -> Scale:
    names = {str(i): [i] for i in range(1, dimensions + 1)}
    return Scale("case", names, low=WIDE[0], high=WIDE[1], whole=False)


def limits(metric: Metric, respondents: pl.DataFrame) -> Result:
    """Student's limits, which a score has whose scale is not known."""
    got = metric.estimate(respondents)
    return {"mean": got.value, "lower": got.low, "upper": got.high}


def paired_gap(perception: Numbers, expectation: Numbers) -> Result:
    scores = score(pl.DataFrame({"E1": expectation, "P1": perception}), one_item_each(1))
    return limits(servqual_gap("1"), scores.respondents)


def weighted_gap(gaps: Sequence[Numbers], weights: Sequence[Numbers]) -> Result:
    columns = {f"P{i}": list(values) for i, values in enumerate(zip(*gaps, strict=True), start=1)}
    columns |= {f"E{i}": [0.0] * len(gaps) for i in range(1, len(columns) + 1)}
    columns |= {f"W{i}": list(values) for i, values in enumerate(zip(*weights, strict=True), start=1)}
    scores = score(pl.DataFrame(columns), one_item_each(len(gaps[0])), importance="W")
    return limits(weighted_servqual_gap(), scores.respondents)


def zone(perceived: Numbers, adequate: Numbers, desired: Numbers) -> Result:
    zones = zone_of_tolerance({"A1": adequate, "D1": desired, "P1": perceived}, one_item_each(1)).dimensions
    value = dict(zip(zones["measure"], zones["value"], strict=True))
    return {
        "msa": value["adequacy"],
        "mss": value["superiority"],
        "zone": value["zone_width"],
        "in_zone": value["in_zone"],
    }


ADAPTERS: Mapping[str, Callable[..., Result]] = {
    "paired_gap": paired_gap,
    "weighted_gap": weighted_gap,
    "zone_of_tolerance": zone,
}
