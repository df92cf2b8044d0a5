"""Limits of single shapes at their edges: what one row, no spread and few rows leave to say."""

from collections.abc import Callable
from typing import Literal

import numpy as np
import polars as pl
import pytest

import servicequality as sq
from servicequality import (
    average_speed_of_answer,
    csat,
    csat_mean,
    evaluate,
    incident_rate,
    nps,
    resolution_time_observed_only,
)
from servicequality.columns import Amount, answered
from servicequality.core import Metric, define
from servicequality.errors import DefinitionError, ParameterError
from servicequality.shapes import Shape, geometric_mean, mean, rate, ratio


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
            held = [((table["low"] <= 60.0) & (table["high"] >= 60.0)).mean() for table in (free, cut)]
            if name == "ratio":
                assert cut.drop("low").equals(free.drop("low"))
                assert held[0] == held[1] > 0.8
            else:  # amounts that cannot be negative have a longer upper end, that of the logarithm
                half = free["high"] - free["value"]
                np.testing.assert_allclose(cut["high"], free["value"] * np.exp(half / free["value"]))
                assert held[1] > held[0] + 0.02 > 0.8

    def test_the_metrics_of_the_catalogue_are_cut(self) -> None:
        waits = pl.DataFrame({"wait_seconds": [0.0, 0.0, 0.0, 90.0], "outcome": ["answered"] * 4})
        result = average_speed_of_answer().estimate(waits)
        assert (result.low, result.value) == (0.0, 22.5)
        weighted = evaluate(waits.with_columns(w=pl.lit(2.0)), average_speed_of_answer(), weight="w")
        assert weighted["low"].item() == 0.0

    def test_logarithms_and_moved_limits_are_left_alone(self) -> None:
        rows = pl.DataFrame({"time_seconds": [0.5, 0.25, 0.125, 0.5]})

        @define(title="Times", unit="s", better="lower", bounds=(0, float("inf")), formula="g")
        def times(seconds: Amount = "time_seconds") -> Shape:
            """Geometric mean of times below a second, whose logarithms are negative."""
            return geometric_mean(pl.col(seconds), of=answered(seconds))

        result = times().estimate(rows)
        assert 0 < result.low < result.value < result.high < 1


class TestMeansWithoutSpread:
    @pytest.mark.parametrize(
        ("seconds", "weight"),
        [
            ([5.0] * 4, None),
            ([0.1] * 7, None),
            ([1e9 - 1e-3, 1e9 + 1e-3, 1e9, 1e9], None),
            ([1e6 - 1, 1e6 + 1, 1e6, 1e6], [1.0, 2.0, 3.0, 4.0]),
        ],
    )
    def test_what_sums_cannot_carry_is_null_and_never_0(self, seconds: list[float], weight: list[float] | None) -> None:
        frame = pl.DataFrame({"resolution_seconds": seconds, "resolution_observed": [True] * len(seconds)})
        options = {} if weight is None else {"weight": "w"}
        frame = frame if weight is None else frame.with_columns(w=pl.Series(weight))
        result = resolution_time_observed_only(statistic="mean").estimate(frame, **options)  # type: ignore[arg-type]
        assert result.value == pytest.approx(np.mean(seconds))
        assert (result.low, result.high) == (None, None)
        assert "do not differ" in str(result.notes)

    def test_one_row_has_a_mean_and_no_limits(self) -> None:
        rows = pl.DataFrame({"resolution_seconds": [7.0], "resolution_observed": [True]})
        result = resolution_time_observed_only(statistic="mean").estimate(rows)
        assert (result.value, result.low, result.high) == (7.0, None, None)
        assert "one row has no spread" in str(result.notes)


class TestRates:
    def test_periods_that_scatter_widen_the_limits_and_segments_do_not(self) -> None:
        rows = pl.DataFrame({"incidents": [3, 9, 1, 12, 0, 4], "exposure": [1.0] * 6})
        wide, plain = incident_rate().estimate(rows), incident_rate(interval="poisson").estimate(rows)
        assert (wide.method, plain.method) == ("quasi-poisson", "garwood")
        assert wide.low < plain.low < plain.high < wide.high  # type: ignore[operator]
        assert "scatter" in str(wide.notes)
        few = incident_rate().estimate(rows.head(3))
        assert few.method == "garwood"
        assert "fewer than 4 periods" in str(few.notes)

    def test_no_event_in_a_sample_has_an_upper_limit(self) -> None:
        rows = pl.DataFrame({"incidents": [0] * 6, "exposure": [2.0] * 6, "team": [0, 0, 1, 1, 2, 2]})
        result = incident_rate().estimate(rows, cluster="team")
        n_eff = 6 / (1 + 0.1 * (12 / 6 - 1))
        assert (result.low, result.high) == (0.0, pytest.approx(-np.log(0.025) / (2 * n_eff)))

    def test_an_unknown_interval_is_named(self) -> None:
        with pytest.raises(ParameterError, match="interval must be one of 'quasi_poisson', 'poisson'"):
            incident_rate(interval="normal")  # type: ignore[arg-type]

    def test_a_period_is_not_pending(self) -> None:
        with pytest.raises(DefinitionError, match="leave periods= or pending= out"):
            rate(pl.col("a"), pl.col("b"), of=pl.lit(value=True), periods=True, pending=pl.col("open"))


def test_a_score_that_crowds_at_its_end_says_that_rare_answers_may_be_missing() -> None:
    few, many = csat_mean(scale=(1, 5)).estimate([5] * 40), csat_mean(scale=(1, 5)).estimate([1, 5] * 20)
    assert "rare answers" in str(few.notes)
    assert few.low < few.high == 5.0  # type: ignore[operator]
    assert many.notes is None


def test_a_geometric_mean_has_no_limit_beyond_all_numbers() -> None:
    rows = pl.DataFrame({"task_seconds": [1e-40, 1e45], "task_end": ["completed", "completed"]})
    row = sq.evaluate(rows, sq.time_on_task_observed_only(), level=0.9999).row(0, named=True)
    assert (row["value"], row["high"]) == (pytest.approx(10**2.5), None)
