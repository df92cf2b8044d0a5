"""One figure for a person: how it prints, and what it can be asked of."""

import json
import math
import re
from dataclasses import fields
from datetime import UTC, datetime
from typing import NamedTuple

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from servicequality import (
    Estimate,
    backlog,
    csat,
    csat_mean,
    defect_density,
    first_response_time,
    nps,
    qa_pass_rate,
    resolution_time,
    resolution_time_observed_only,
    servqual_gap,
    sla_attainment,
)
from servicequality.catalogue.searching import written
from servicequality.core import Metric
from servicequality.core.display import (
    error_of,
    format_level,
    format_limits,
    format_shares,
    format_stated,
    format_value,
)
from servicequality.core.labels import label_of
from servicequality.errors import InputError, ParameterError
from servicequality.stats.rounding import half_up

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_nps_prints_as_people_write_it() -> None:
    scores = [10] * 585 + [3] * 227
    assert str(nps().estimate(scores)) == "NPS 44 (95 % CI 38 to 50, n=812)"


def test_the_fields_of_a_figure_are_plain_values() -> None:
    figure = nps().estimate([10] * 585 + [3] * 227 + [None])
    content = figure.to_dict()
    assert json.loads(json.dumps(content, allow_nan=False)) == content
    assert [*content] == [field.name for field in fields(figure)]
    assert (content["metric"], content["unit"], content["label"]) == ("nps", "points", "NPS")
    assert (content["n"], content["n_missing"], content["n_pending"]) == (812, 1, None)
    assert content["value"] == pytest.approx(100 * (585 - 227) / 812)
    assert {type(value) for value in content.values()} == {str, int, float, type(None)}
    undefined = nps().estimate([]).to_dict()
    assert (undefined["value"], undefined["reason"]) == (None, "no answers")
    json.dumps(undefined, allow_nan=False)


def test_a_figure_is_a_number_where_it_has_one() -> None:
    figure = nps().estimate([10] * 585 + [3] * 227)
    assert float(figure) == figure.value
    with pytest.raises(InputError, match=r"nps has no value to convert: no answers; look whether \.value is None"):
        float(nps().estimate([]))


def test_a_figure_takes_the_formats_of_numbers() -> None:
    figure, undefined = nps().estimate([10] * 585 + [3] * 227), nps().estimate([])
    assert f"{figure:.1f} {figure:>8.2f}|{figure:+.0f}" == "44.1    44.09|+44"
    assert f"{figure}" == str(figure)
    assert (f"{undefined:.1f}", f"{undefined:6.1f}", f"{undefined:<4}", f"{undefined:*^5.0f}") == (
        "–",
        "     –",
        "–   ",
        "**–**",
    )
    for either in (figure, undefined):
        with pytest.raises(ParameterError, match=r"nps: 'x' is no format of a number .*; say \"\.1f\""):
            format(either, "x")


@pytest.mark.parametrize(
    ("result", "text"),
    [
        (nps().estimate([10] * 585 + [3] * 227), "<nps 44.1 [37.8, 50.1] points, n=812>"),
        (csat(scale=(1, 5)).estimate([5] * 700 + [1] * 500), "<csat 58.3 [55.5, 61.1] %, n=1200>"),
        (nps().estimate([]), "<nps undefined: no answers, n=0>"),
        (nps().named("n" * 90).estimate([9, 3]), f"<{'n' * 50}… 0 [-100, 100] points, n=2>"),
    ],
)
def test_a_short_repr(result: Estimate, text: str) -> None:
    assert repr(result) == text
    assert len(text) < 80


@pytest.mark.parametrize(
    ("result", "text"),
    [
        (csat(scale=(1, 5)).estimate([5] * 7 + [1] * 5), "CSAT 7 of 12 (95 % CI 32 to 81%, n=12)"),
        (csat(scale=(1, 5)).estimate([5] * 700 + [1] * 500), "CSAT 58% (95 % CI 56 to 61%, n=1200)"),
        (csat(scale=(1, 5)).estimate([]), "CSAT undefined: no answers (n=0)"),
        (csat_mean(scale=(1, 5)).estimate([4]), "mean CSAT 4.0 (95 % CI 1.0 to 5.0, n=1)"),
    ],
)
def test_printing(result: object, text: str) -> None:
    assert str(result) == text


def test_open_rows_are_named() -> None:
    times = pl.DataFrame(
        {"resolution_seconds": [3600.0] * 3 + [7200.0], "resolution_observed": [True, True, False, False]}
    )
    estimate = resolution_time().estimate(times)
    assert (estimate.n, estimate.n_pending, estimate.notes) == (4, None, "2 of 4 still open")
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
    result = sla_attainment(as_of=NOON, estimate="bounds").estimate(clocks)
    assert result.value is None
    assert result.reason == "pending rows leave it open: see the limits"
    assert result.notes == "1 of 2 still open; without sampling error 0.5 to 1"
    assert (result.n, result.n_pending) == (2, 0)


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


class Tenfold(NamedTuple):
    """Rows of which the second lot is a hundred times as many, so that the standard error is a tenth."""

    metric: Metric
    rows: pl.DataFrame
    unit: float = 1.0


TENFOLD = {
    "share": Tenfold(csat(scale=(1, 5)), pl.DataFrame({"score": [5, 5, 1, 1, 1] * 40}), 100.0),
    "points": Tenfold(nps(), pl.DataFrame({"score": [10, 9, 3, 1, 7] * 40})),
    "mean": Tenfold(csat_mean(scale=(1, 5)), pl.DataFrame({"score": [5, 4, 3, 1, 1] * 40})),
    "rate": Tenfold(
        defect_density(),
        pl.DataFrame({"defects": [3.0, 1.0, 4.0] * 20, "size": [2.0, 2.0, 2.0] * 20}),
    ),
    "quantile": Tenfold(
        resolution_time(),
        pl.DataFrame({"resolution_seconds": [1.0 + i for i in range(90)], "resolution_observed": [True] * 90}),
    ),
}


@pytest.mark.parametrize("name", TENFOLD)
def test_ten_times_as_sure_is_one_digit_more(name: str) -> None:
    metric, rows, unit = TENFOLD[name]
    shown = {}
    for times in (1, 100):
        result = metric.estimate(pl.concat([rows] * times))
        error = unit * error_of(result.se, result.value, result.low, result.high)
        decimals = max(0, -math.floor(math.log10(error)))
        figure = str(result).removeprefix(result.label).split()[0].rstrip("%")
        assert len(figure.partition(".")[2]) == decimals, (figure, error)
        limits = str(result).partition("CI ")[2].partition(",")[0]
        assert {len(number.partition(".")[2]) for number in re.findall(r"[\d.]+", limits)} == {decimals}
        shown[times] = decimals
    assert shown[100] - shown[1] == 1


def test_an_error_of_four_tenths_is_one_digit_less_than_of_four_hundredths() -> None:
    for unit, size in (("points", 1.0), ("share", 0.01), ("s", 3600.0)):
        texts = [format_value(37.123456 * size, unit=unit, se=error * size) for error in (4.0, 0.4, 0.04)]
        numbers = ["".join(sign for sign in text if sign in "0123456789.") for text in texts]
        assert numbers == ["37", "37.1", "37.12"], unit


def test_what_nobody_measured_tells_its_error_by_its_limits() -> None:
    assert error_of(None, 10.0, 8.0, 12.0) == 1.0
    assert error_of(0.0, 10.0, 8.0, 12.0) == 1.0
    assert error_of(None, 10.0, 8.0, None) == 1.0
    assert error_of(None, 10.0, None, None) is None
    assert error_of(None, 10.0, 10.0, 10.0) is None
    assert error_of(None, 10.0, 8.0, 30.0) == 1.0  # the nearer limit, where they are skewed
    assert error_of(None, 10.0, 10.0, 14.0) == 2.0
    assert error_of(None, None, 8.0, 12.0) == 1.0
    assert error_of(2.0, 10.0, 8.0, 12.0) == 2.0


def test_a_figure_and_its_limits_have_one_unit_and_no_negative_nothing() -> None:
    assert format_value(161_000.0, unit="s", se=16_000.0) == "45 h"
    assert format_limits(120_000.0, 230_000.0, unit="s", se=16_000.0, beside=161_000.0) == "33 to 64 h"
    assert format_value(-0.3, unit="points", se=2.0) == "0"


def test_stated_numbers_keep_their_digits() -> None:
    texts = [
        format_stated(x, unit=unit) for x, unit in ((0.95, "share"), (0.999, "share"), (300.0, "s"), (4.5, "points"))
    ]
    assert texts == ["95%", "99.9%", "5 min", "4.5"]


@given(
    st.lists(st.integers(0, 1_000), min_size=1, max_size=12).filter(any),
    st.integers(0, 2),
    st.booleans(),
)
def test_printed_shares_add_up_and_each_is_right_within_its_last_digit(
    counts: list[int], decimals: int, complete: bool
) -> None:
    whole = sum(counts) + (0 if complete else 7)
    exact = [100 * count / whole for count in counts]
    shown = [float(text) for text in format_shares([count / whole for count in counts], decimals=decimals)]
    unit = 10.0**-decimals
    assert all(abs(a - b) < unit + 1e-9 for a, b in zip(shown, exact, strict=True))
    if complete:
        assert sum(shown) == pytest.approx(100, abs=1e-6)


def test_shares_that_are_none() -> None:
    assert format_shares([0.5, None, 0.5]) == ["50", "–", "50"]
    assert format_shares([]) == []
    for bad in ([0.6, 0.6], [-0.1, 0.5]):
        with pytest.raises(ParameterError, match="shares of one whole lie from 0 to 1"):
            format_shares(bad)


def test_limits_share_one_unit_and_name_an_open_side() -> None:
    assert format_limits(3_000.0, 90_000.0, unit="s") == "0.83 to 25.0 h"
    assert format_limits(None, 60.0, unit="s") == "60.0 s or less"
    assert format_limits(0.5, None, unit="share") == "50.0% or more"
    assert format_limits(None, None, unit="share") == ""


def test_the_label_is_the_specs_unless_the_metric_is_another() -> None:
    assert nps().estimate([9]).label == "NPS"
    assert nps().named("gold_nps").estimate([9]).label == "gold nps"


def test_an_undefined_figure_prints_the_limits_that_it_has() -> None:
    clocks = pl.DataFrame(
        {
            "outcome": ["met", "pending"],
            "due_at": [NOON, NOON],
            "elapsed_seconds": [1.0, 1.0],
            "target_seconds": [2.0, 2.0],
        }
    )
    assert str(sla_attainment(as_of=NOON, estimate="bounds").estimate(clocks)) == (
        "SLA attainment, bounds undefined: pending rows leave it open: see the limits (95 % CI 9 to 100%, n=2)"
    )


@pytest.mark.parametrize(
    ("level", "text"),
    [(0.95, "95 %"), (0.998, "99.8 %"), (0.9995, "99.95 %"), (0.5, "50 %"), (0.975, "97.5 %"), (0.9999999, "99.999990 %"),
     (0.95318834, "95 %"), (0.999612345, "99.96 %")],
)  # fmt: skip
def test_a_level_is_never_rounded_up_to_certainty(level: float, text: str) -> None:
    assert format_level(level) == text


def test_the_level_asked_for_stands_beside_the_limits() -> None:
    assert "(99.8 % CI " in str(nps().estimate([10, 9, 3, 1] * 20, level=0.998))


@pytest.mark.parametrize(
    ("metric", "text"),
    [
        (first_response_time(limit=4 * 3600), "first response within 4 h"),
        (first_response_time(limit=90), "first response within 90 s"),
        (resolution_time(statistic="p90"), "resolution time, p90"),
        (resolution_time_observed_only(limit=4 * 3600), "resolution within 4 h, observed only"),
        (resolution_time("resolution_working_seconds"), "resolution time in working time"),
        (csat(scale=(1, 5), interval="agresti_coull"), "CSAT, Agresti-Coull interval"),
        (csat(scale=(1, 7), box=(5, 7)), "CSAT, box 5 to 7"),
        (first_response_time(horizon=10 * 86_400), "first response time up to 10 d"),
        (qa_pass_rate(passing=80), "QA pass rate"),
        (sla_attainment(as_of=NOON), "SLA attainment"),
        (servqual_gap(dimension="empathy"), "SERVQUAL gap, empathy"),
        (nps().named("gold_nps"), "gold nps"),
    ],
)
def test_labels_are_words(metric: Metric, text: str) -> None:
    assert written(metric.name) == text
    assert label_of(metric.name, definition=metric.spec.name, label=metric.spec.label) == text


@pytest.mark.parametrize(
    ("value", "unit", "se", "text"),
    [
        (0.845, "share", 0.012, "85%"),  # 84.5 rounds to 84 by the even digit
        (0.285, "share", 0.012, "29%"),  # 100 times the float is 28.499999999999996
        (100 * 0.285, "points", 2.0, "29"),
        (2.675, "points", 0.01, "2.68"),
        (-2.5, "points", 2.0, "-3"),
        (1.5, "count", None, "2"),
        (2.5, "count", None, "3"),
        (1e308, "points", None, "1e+308"),
    ],
)
def test_halves_go_up_by_the_digits_that_people_see(value: float, unit: str, se: float | None, text: str) -> None:
    assert format_value(value, unit=unit, se=se) == text


@given(st.integers(0, 10**6), st.integers(1, 4))
def test_half_up_is_that_of_whole_numbers(thousandths: int, decimals: int) -> None:
    whole = (thousandths * 10**decimals * 2 + 10_000) // 20_000
    assert half_up(thousandths / 10_000, decimals) * 10**decimals == whole
