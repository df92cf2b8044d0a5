"""Adjusted p-values and printed digits: published examples, scipy and loops as oracles, laws."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from servicequality.errors import ParameterError
from servicequality.stats import benjamini_hochberg, holm, largest_remainder, round_to_se

families = st.lists(st.floats(0, 1), min_size=1, max_size=30)

# Benjamini and Hochberg 1995, section 4.1: four comparisons are found at 5 %, three by Bonferroni-like procedures.
BH_1995 = [
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0,
]  # fmt: skip


def test_benjamini_hochberg_1995():
    assert (benjamini_hochberg(BH_1995) <= 0.05).sum() == 4
    assert (holm(BH_1995) <= 0.05).sum() == 3


@given(families)
def test_benjamini_hochberg_agrees_with_scipy(p):
    np.testing.assert_allclose(benjamini_hochberg(p), false_discovery_control(p), atol=1e-12)


@given(families)
def test_holm_by_its_definition(p):
    order = sorted(range(len(p)), key=lambda i: p[i])
    highest, expected = 0.0, [0.0] * len(p)
    for step, i in enumerate(order):
        highest = max(highest, p[i] * (len(p) - step))
        expected[i] = min(highest, 1.0)
    np.testing.assert_allclose(holm(p), expected, atol=1e-12)


@pytest.mark.parametrize("adjust", [benjamini_hochberg, holm])
@given(p=families)
def test_adjusting_keeps_order_and_never_lowers(adjust, p):
    adjusted = adjust(p)
    assert (adjusted >= np.array(p) - 1e-15).all()
    assert (adjusted <= 1).all()
    assert (np.diff(adjusted[np.argsort(p, kind="stable")]) >= 0).all()


@pytest.mark.parametrize("adjust", [benjamini_hochberg, holm])
def test_families_along_the_last_axis_are_apart(adjust):
    table = np.random.default_rng(0).uniform(size=(4, 7))
    np.testing.assert_array_equal(adjust(table), [adjust(row) for row in table])
    assert adjust([]).shape == (0,)


def test_digits_follow_the_standard_error():
    rounded, unit = round_to_se([38.8889, 47.83, 47.83, -1234.5, 0.000123456], [13.2, 0.62, 1, 999, 0.0000021])
    assert rounded.tolist() == [40, 47.8, 48, -1200, 0.000123]
    assert unit.tolist() == [10, 0.1, 1, 100, 0.000001]


@pytest.mark.parametrize("exponent", range(-20, 21))
def test_a_power_of_ten_is_its_own_unit(exponent):
    se = float(f"1e{exponent}")
    assert round_to_se(0, se)[1] == pytest.approx(se, rel=1e-15)
    assert round_to_se(0, 9.999999 * se)[1] == pytest.approx(se, rel=1e-15)


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6))
def test_rounding_moves_at_most_half_a_unit_and_prints_short(value, se):
    rounded, unit = (float(x) for x in round_to_se(value, se))
    assert unit <= se * (1 + 1e-12) < 10 * unit * (1 + 1e-9)
    assert abs(rounded - value) <= unit / 2 * (1 + 1e-6)
    digits = max(0, -round(np.log10(unit)))
    assert rounded == round(rounded, digits)


@given(st.lists(st.integers(0, 1_000), min_size=1, max_size=12).filter(any), st.sampled_from([1, 7, 100, 1000]))
def test_largest_remainder_by_its_definition(parts, units):
    exact = [Fraction(part * units, sum(parts)) for part in parts]
    expected = [int(x) for x in exact]
    remainders = sorted(range(len(parts)), key=lambda i: (expected[i] - exact[i], i))
    for i in remainders[: units - sum(expected)]:
        expected[i] += 1
    got = largest_remainder(parts, units=units)
    assert got.sum() == units
    assert got.dtype == np.int64
    # Floats may break an exact tie between remainders the other way: then the same sizes are given out.
    assert sum(abs(Fraction(int(g)) - x) for g, x in zip(got, exact, strict=True)) == sum(
        abs(e - x) for e, x in zip(expected, exact, strict=True)
    )


def test_largest_remainder_examples():
    assert largest_remainder([1, 1, 1]).tolist() == [34, 33, 33]
    assert largest_remainder([57, 43]).tolist() == [57, 43]
    assert largest_remainder([[1, 1, 1], [0.2, 0.3, 0.5]], units=10).tolist() == [[4, 3, 3], [2, 3, 5]]
    assert Decimal(int(largest_remainder([2, 1], units=1000)[0])) / 10 == Decimal("66.7")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: benjamini_hochberg([0.5, 1.5]), r"p must be in \[0, 1\]; got 1.5"),
        (lambda: holm([0.5, float("nan")]), "p must be finite; got nan"),
        (lambda: holm(0.5), "p must be an array"),
        (lambda: round_to_se(1, 0), "se must be above 0"),
        (lambda: largest_remainder([0, 0]), "sum of parts must be above 0"),
        (lambda: largest_remainder([1, -1]), "parts must be 0 or more"),
        (lambda: largest_remainder(1), "parts must be an array"),
        (lambda: largest_remainder([1], units=0), "units must be 1 or more"),
    ],
)
def test_a_call_without_an_answer_raises(call, message):
    with pytest.raises(ParameterError, match=message):
        call()
