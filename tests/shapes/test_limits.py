"""Limits of single shapes at their edges: what one row, no spread and few rows leave to say."""

from collections.abc import Callable
from typing import Literal

import numpy as np
import polars as pl
import pytest

from servicequality import average_speed_of_answer, csat, evaluate, nps, resolution_time_observed_only
from servicequality.columns import Amount, answered
from servicequality.core import Metric, define
from servicequality.shapes import Shape, geometric_mean, mean, ratio


@pytest.mark.parametrize("interval", ["wald", "t"])
def test_one_answer_has_no_spread_and_does_not_stop_the_other_groups(interval: Literal["wald", "t"]) -> None:
    frame = pl.DataFrame({"team": ["a", "b", "b", "c", "c"], "score": [9, 9, 3, 9, 9]})
    result = evaluate(frame, nps(interval=interval), by="team")
    assert result["value"].to_list() == [100, 0, 100]
    assert result["low"].to_list() == [None, -100, 100]  # of two that agree these methods make no width at all
    assert result["high"].to_list() == [None, 100, 100]


def test_limits_of_a_quantile_hold_the_value_that_lies_between_two_rows() -> None:
    # Both rows lie above the 99th percentile with probability 0.0001, and one of them with 0.0199 < 0.025: rank 2.
    frame = pl.DataFrame({"resolution_seconds": [100.0, 200.0], "resolution_observed": [True, True]})
    row = evaluate(frame, resolution_time_observed_only(statistic="p99")).row(0, named=True)
    assert (row["value"], row["low"], row["high"]) == (199.0, 199.0, None)


def test_the_level_of_a_quantile_is_the_one_reached() -> None:
    frame = pl.DataFrame({"resolution_seconds": [float(i) for i in range(1, 7)], "resolution_observed": [True] * 6})
    row = evaluate(frame, resolution_time_observed_only()).row(0, named=True)
    assert (row["low"], row["value"], row["high"]) == (1.0, 3.5, 6.0)
    assert row["level"] == pytest.approx(1 - 2 / 2**6)


def test_limits_without_width_say_so() -> None:
    for metric in (nps(interval="wald"), csat(scale=(0, 10), interval="wald")):
        estimate = metric.estimate([10] * 5)
        assert estimate.low == estimate.high == estimate.value
        assert "no width" in str(estimate.notes)
    assert nps().estimate([10] * 5).notes is None


class TestLimitsWithinTheRange:
    """A mean that cannot be negative has no negative limit, and its limits hold the truth as often as before."""

    def test_a_definition_cuts_the_limits_of_means_and_ratios_to_its_range(self) -> None:
        def metric(shape: Callable[[str], Shape], bounds: tuple[float, float]) -> Metric:
            @define(title="Waits", unit="s", better="lower", bounds=bounds, formula="m")
            def waits(wait: Amount = "wait") -> Shape:
                """Mean wait."""
                return shape(wait)

            return waits()

        shapes: dict[str, Callable[[str], Shape]] = {
            "mean": lambda wait: mean(pl.col(wait), of=answered(wait)),
            "ratio": lambda wait: ratio(pl.col(wait), pl.lit(1.0) + 0 * pl.col(wait), of=answered(wait)),
        }
        rng, samples, size = np.random.default_rng(5), 2_000, 4
        frame = pl.DataFrame(
            {"sample": np.repeat(np.arange(samples), size), "wait": rng.exponential(60.0, samples * size)}
        )
        for name, shape in shapes.items():
            free, cut = (
                evaluate(frame, metric(shape, (low, float("inf"))), by="sample") for low in (-float("inf"), 0.0)
            )
            assert (free["low"] < 0).mean() > 0.2, name
            assert cut["low"].equals(free["low"].clip(0.0)), name
            assert cut.drop("low").equals(free.drop("low")), name
            held = [((table["low"] <= 60.0) & (table["high"] >= 60.0)).mean() for table in (free, cut)]
            assert held[0] == held[1] > 0.8, name

    def test_the_metrics_of_the_catalogue_are_cut(self) -> None:
        waits = pl.DataFrame({"wait_seconds": [0.0, 0.0, 0.0, 90.0], "outcome": ["answered"] * 4})
        found = average_speed_of_answer().estimate(waits)
        assert (found.low, found.value) == (0.0, 22.5)
        weighted = evaluate(waits.with_columns(w=pl.lit(2.0)), average_speed_of_answer(), weight="w")
        assert weighted["low"].item() == 0.0

    def test_logarithms_and_moved_limits_are_left_alone(self) -> None:
        rows = pl.DataFrame({"time_seconds": [0.5, 0.25, 0.125, 0.5]})

        @define(title="Times", unit="s", better="lower", bounds=(0, float("inf")), formula="g")
        def times(seconds: Amount = "time_seconds") -> Shape:
            """Geometric mean of times below a second, whose logarithms are negative."""
            return geometric_mean(pl.col(seconds), of=answered(seconds))

        found = times().estimate(rows)
        assert 0 < found.low < found.value < found.high < 1
