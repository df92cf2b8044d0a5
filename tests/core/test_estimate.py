"""One figure for a person: how it prints, and what it can be asked of."""

from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest

from servicequality import backlog, csat, csat_mean, nps, resolution_time, sla_attainment
from servicequality.core.display import format_limits, format_value

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_nps_prints_as_people_write_it() -> None:
    scores = [10] * 585 + [3] * 227
    assert str(nps().estimate(scores)) == "NPS 44 (95% CI 38 to 50, n=812)"


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (csat(scale=(1, 5)).estimate([5] * 7 + [1] * 5), "CSAT 7 of 12 (95% CI 32 to 81%, n=12)"),
        (csat(scale=(1, 5)).estimate([5] * 700 + [1] * 500), "CSAT 58% (95% CI 56 to 61%, n=1200)"),
        (csat(scale=(1, 5)).estimate([]), "CSAT undefined: no answers (n=0)"),
        (csat_mean(scale=(1, 5)).estimate([4]), "mean CSAT 4.00 (n=1)"),
    ],
)
def test_printing(found: object, text: str) -> None:
    assert str(found) == text


def test_open_rows_are_named() -> None:
    times = pl.DataFrame(
        {"resolution_seconds": [3600.0] * 3 + [7200.0], "resolution_observed": [True, True, False, False]}
    )
    assert str(resolution_time().estimate(times)).endswith("n=4, 2 open)")
    assert backlog(as_of=NOON).estimate({"created_at": [NOON], "resolved_at": [None]}).value == 1


def test_bounds_without_a_value_say_why() -> None:
    clocks = pl.DataFrame(
        {
            "outcome": ["met", "pending"],
            "due_at": [NOON, NOON],
            "elapsed_seconds": [1.0, 1.0],
            "target_seconds": [2.0, 2.0],
        }
    )
    found = sla_attainment(as_of=NOON, estimate="bounds").estimate(clocks)
    assert found.value is None
    assert found.reason == "pending rows leave it open: see the limits"
    assert found.notes == "without sampling error 0.5 to 1"
    assert (found.n, found.n_pending) == (2, 1)


@pytest.mark.parametrize(
    ("value", "unit", "se", "n", "text"),
    [
        (None, "s", None, None, "–"),
        (0.5833, "share", 0.1, 12, "58%"),
        (7 / 12, "share", 0.14, 12, "7 of 12"),
        (7 / 12, "share", 0.014, 1200, "58%"),
        (0.98765, "share", 0.0012, 10_000, "98.8%"),
        (90_000.0, "s", None, 40, "25.0 h"),
        (200_000.0, "s", None, 40, "2.31 d"),
        (90.0, "s", None, 40, "90.0 s"),
        (12_345.0, "count", None, 40, "12,345"),
        (0.0, "points", None, 40, "0"),
    ],
)
def test_digits_follow_the_standard_error(
    value: float | None, unit: str, se: float | None, n: int | None, text: str
) -> None:
    assert format_value(value, unit=unit, se=se, n=n) == text


def test_limits_share_one_unit_and_name_an_open_side() -> None:
    assert format_limits(3_000.0, 90_000.0, unit="s") == "0.83 to 25.0 h"
    assert format_limits(None, 60.0, unit="s") == "60.0 s or less"
    assert format_limits(0.5, None, unit="share") == "50.0% or more"
    assert format_limits(None, None, unit="share") == ""


@pytest.mark.parametrize(
    "data",
    [
        [9, 10, 3, None],
        (9, 10, 3, None),
        pl.Series([9, 10, 3, None]),
        pl.Series("other name", [9, 10, 3, None]),
        np.array([9, 10, 3]),
        {"score": [9, 10, 3, None]},
        [{"score": 9}, {"score": 10}, {"score": 3}, {"score": None}],
        pl.DataFrame({"score": [9, 10, 3, None]}),
        pl.LazyFrame({"score": [9, 10, 3, None]}),
    ],
    ids=["list", "tuple", "series", "named series", "array", "mapping", "records", "frame", "lazy frame"],
)
def test_anything_that_holds_answers(data: object) -> None:
    found = nps().estimate(data)
    assert (found.value, found.n) == (pytest.approx(100 / 3), 3)


def test_pandas_columns_and_frames() -> None:
    pd = pytest.importorskip("pandas")
    assert nps().estimate(pd.Series([9, 10, 3])).n == 3
    assert nps().estimate(pd.DataFrame({"score": [9.0, None]})).n_missing == 1


def test_the_label_is_the_specs_unless_the_metric_is_another() -> None:
    assert nps().estimate([9]).label == "NPS"
    assert nps().named("gold_nps").estimate([9]).label == "gold nps"
