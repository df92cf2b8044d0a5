"""A service that needs several parts: by hand, its limits simulated, in every call, and parts that cannot be."""

import math
from datetime import UTC, datetime
from typing import Any

import numpy as np
import polars as pl
import pytest

import servicequality as sq
from servicequality import stats
from servicequality.errors import InputError, ParameterError
from servicequality.stats._checks import critical_value
from simulation import Simulate, assert_share

MONTHS = {"since": datetime(2026, 1, 1, tzinfo=UTC), "until": datetime(2026, 4, 1, tzinfo=UTC), "every": "1mo"}
BILLING = pl.DataFrame(
    {
        "service": ["billing", "billing"],
        "started_at": [datetime(2026, 1, 31, 23, 30, tzinfo=UTC), datetime(2026, 2, 9, 9, tzinfo=UTC)],
        "restored_at": [datetime(2026, 2, 1, 0, 10, tzinfo=UTC), datetime(2026, 2, 9, 13, tzinfo=UTC)],
        "planned": [False, False],
    }
)
PARTS = pl.DataFrame(
    {
        "service": ["api", "login", "search"],
        "value": [0.999, 0.9995, 0.998],
        "low": [0.99, 0.99, 0.99],
        "high": [1.0, 1.0, 0.999],
        "level": [0.95] * 3,
    }
)


def test_a_series_needs_all_of_its_parts() -> None:
    result = sq.series_availability().estimate(PARTS)
    assert (result.value, result.n) == (pytest.approx(0.999 * 0.9995 * 0.998), 3)
    assert result.value == pytest.approx(float(stats.series_availability(PARTS["value"])))
    below, above = (
        math.sqrt(sum(math.log(one["value"] / one[end]) ** 2 for one in PARTS.to_dicts())) for end in ("low", "high")
    )
    whole = math.log(result.value)
    assert (result.low, result.high) == pytest.approx((math.exp(whole - below), min(math.exp(whole + above), 1.0)))
    one = sq.series_availability().estimate(PARTS.head(1))
    assert [one.low, one.high] == pytest.approx([0.99, 1.0])
    assert sq.series_availability(low=None, high=None).estimate(PARTS).low is None
    assert sq.series_availability().estimate(PARTS.clear()).reason == "no parts"


def test_a_part_without_a_value_a_limit_or_a_minute_up() -> None:
    unknown = sq.series_availability().estimate(
        PARTS.with_columns(value=pl.Series([0.9, None, 0.9]), low=None, high=None)
    )
    assert (unknown.value, unknown.n, unknown.n_missing, unknown.reason) == (None, 2, 1, "a part has no value")
    unbounded = sq.series_availability().estimate(PARTS.with_columns(low=pl.Series([0.9, None, 0.9])))
    assert (unbounded.low, unbounded.notes) == (None, "a part has no limits, and so the product has none")
    assert unbounded.high > unbounded.value
    down = sq.series_availability().estimate(PARTS.with_columns(value=pl.Series([0.999, 0.0, 0.998]), low=0.0))
    assert (down.value, down.low, down.high) == (0.0, None, None)
    assert "a part is 0" in down.notes
    least = sq.series_availability().estimate(PARTS.with_columns(low=0.0))
    assert least.low == 0.0


def test_limits_of_parts_are_stretched_to_the_level_that_is_requested() -> None:
    result = sq.evaluate(PARTS, sq.series_availability(), level=0.8).row(0, named=True)
    plain = sq.evaluate(PARTS, sq.series_availability()).row(0, named=True)
    ratio = float(critical_value(0.8) / critical_value(0.95))
    value = plain["value"]
    assert math.log(value / result["low"]) == pytest.approx(ratio * math.log(value / plain["low"]))
    assert "stretched to this one" in result["notes"]
    assert plain["notes"] is None
    as_given = sq.evaluate(PARTS, sq.series_availability(level=None), level=0.8).row(0, named=True)
    assert as_given["low"] == pytest.approx(plain["low"])


def test_a_series_of_months_is_evaluated_compared_and_judged() -> None:
    rows = sq.uptime(BILLING, **MONTHS, by="service", keys=["billing", "search"])
    months = sq.evaluate(rows, sq.availability(), by="service", every="1mo", at="period")
    whole = sq.evaluate(months, sq.series_availability(), every="1mo", at="period")
    assert whole["value"].to_list() == pytest.approx([1 - 0.5 / 744, 1 - (4 + 1 / 6) / 672, 1.0])
    assert whole["n"].to_list() == [2, 2, 2]
    card = sq.Scorecard([sq.Objective(sq.series_availability(), at_least=0.999)], period="month")
    verdicts = card.evaluate(months, at="period", as_of=MONTHS["until"])
    assert verdicts["verdict"].to_list() == ["met", "missed", "met"]
    change = sq.compare(PARTS, PARTS.with_columns(value=pl.col("low")), sq.series_availability()).row(0, named=True)
    assert change["change"] == pytest.approx(0.99**3 - PARTS["value"].product())
    assert change["low"] < change["change"] < change["high"]
    alone = sq.series_availability().where(pl.col("service") != "search").estimate(PARTS)
    assert alone.value == pytest.approx(0.999 * 0.9995)
    with pytest.raises(ParameterError, match="needs all rows of a group at once"):
        sq.series_availability().partial(PARTS)
    with pytest.raises(ParameterError, match="takes neither weights nor clusters"):
        sq.evaluate(PARTS.with_columns(w=1.0), sq.series_availability(), weight="w")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"value": 99.9}, r"3 rows outside numbers from 0 to 1: column 'value' such as 99\.9"),
        ({"low": 0.9999}, "3 rows with a lower limit above the value: column 'low' such as 0.9999"),
        ({"high": 0.5}, "3 rows with an upper limit below the value: column 'high' such as 0.5"),
        ({"level": 1.0}, "3 rows with limits of the level 0 or 1: column 'level'"),
        ({"value": "all"}, "column 'value' holds String, expected numbers"),
    ],
)
def test_parts_that_cannot_be(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        sq.series_availability().estimate(PARTS.with_columns(**{name: pl.lit(value) for name, value in change.items()}))
    with pytest.raises(InputError, match="no column 'service'"):
        sq.series_availability().estimate(PARTS.drop("service"))


def test_limits_of_a_series_hold_its_availability(simulate: Simulate) -> None:
    """Three parts of eight failures each, whose own availabilities are 0.99, 0.98 and 0.995.

    A part's limits are exact, but its share of downtime is a ratio of two sums of eight, which on average is 8 / 7 of the
    truth; what a single part's limits allow for adds up over parts, and the limits of the whole hold 93 of 100.
    """
    true = np.array([0.99, 0.98, 0.995])

    def batch(rng: np.random.Generator) -> np.ndarray:
        up, down = (rng.gamma(8, mean, (1_000, 3)) for mean in (true, 1 - true))
        low, high = stats.availability_interval(up, down, 8)
        parts = {
            "series": np.repeat(np.arange(1_000), 3),
            "value": (up / (up + down)).ravel(),
            "service": ["a"] * 3_000,
        }
        rows = {**parts, "low": low.ravel(), "high": high.ravel()}
        result = sq.evaluate(rows, sq.series_availability(level=None), by="series")
        return result.select(pl.lit(true.prod()).is_between("low", "high")).to_series().to_numpy()

    assert_share(simulate(1, batch), 0.925, 0.94)
