"""Limits of single shapes at their edges: what one row, no spread and few rows leave to say."""

from typing import Literal

import polars as pl
import pytest

from servicequality import csat, evaluate, nps, resolution_time_observed_only


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
