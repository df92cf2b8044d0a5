"""Default limits of survival curves: against fractions one end at a time, laws of binomials and ranks, and every edge."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.stats import beta, binom, t

from servicequality.stats import quantile_ranks
from servicequality.stats.survival import Curves, RiskTable, aalen_johansen, kaplan_meier, risk_table

row = st.tuples(st.integers(1, 9), st.integers(0, 2))
filled_group = st.lists(row, min_size=1, max_size=25)
delayed_group = st.lists(st.tuples(row, st.integers(0, 8)), min_size=1, max_size=25).map(
    lambda rows: [(time, state, min(entry, time - 1)) for (time, state), entry in rows]
)


def table_of(rows, *, one_cause=False) -> RiskTable:
    states = [min(r[1], 1) if one_cause else r[1] for r in rows]
    entry = [r[2] for r in rows] if len(rows[0]) == 3 else None
    return risk_table([r[0] for r in rows], states, entry=entry)


def km(*tables: RiskTable) -> Curves:
    offsets = np.cumsum([0] + [len(table.time) for table in tables])
    time, events, censored = (np.concatenate([table[i] for table in tables]) for i in (0, 1, 3))
    entered = None if tables[0].entered is None else np.concatenate([table.entered for table in tables])
    return kaplan_meier(offsets, time, events, censored, entered=entered)


def aj(table: RiskTable) -> Curves:
    return aalen_johansen([0, len(table.time)], *table[:4], entered=table.entered)


def moments(rows, limit):
    """Moments of the lower and the upper part of the share ended, by the recursion over times, in fractions."""
    rows = [(*r, 0) if len(r) == 2 else r for r in rows]
    f, f2, fs, s, s2, alive = Fraction(0), Fraction(0), Fraction(0), Fraction(1), Fraction(1), Fraction(1)
    for u in sorted({r[0] for r in rows if r[1] and r[0] <= limit}):
        y = sum((entry < u or entry == 0) and u <= time for time, _, entry in rows)
        d1, d = (sum(r[0] == u and r[1] in causes for r in rows) for causes in ((1,), (1, 2)))
        if not alive:
            break
        alive *= 1 - Fraction(d, y)
        pair = (y + 1) * (y + 2)
        f2 += 2 * fs * Fraction(d1, y + 1) + s2 * Fraction(d1 * (d1 + 1), pair)
        fs = fs * Fraction(y - d + 1, y + 1) + s2 * Fraction(d1 * (y - d + 1), pair)
        f += s * Fraction(d1, y + 1)
        s, s2 = s * Fraction(y - d + 1, y + 1), s2 * Fraction((y - d + 1) * (y - d + 2), pair)
    y = sum(
        (entry < limit or entry == 0) and (time > limit or (time == limit and not state)) for time, state, entry in rows
    )
    y = y if alive else 0
    upper = f + s / (y + 1), f2 + 2 * fs / (y + 1) + 2 * s2 / ((y + 1) * (y + 2))
    return (f, f2), upper


def cdf(part, x):
    """The distribution function of one part at x in (0, 1)."""
    mean, square = part
    if mean in (0, 1):
        return 1.0 - float(mean)
    size = mean * (1 - mean) / (square - mean**2) - 1
    return float(beta.cdf(x, float(size * mean), float(size * (1 - mean))))


def root(distribution, chance):
    """Where a distribution function reaches a chance; the ends of [0, 1] where it jumps there."""
    if distribution(1e-12) >= chance:
        return 0.0
    if distribution(1 - 1e-12) <= chance:
        return 1.0
    return brentq(lambda x: distribution(x) - chance, 1e-12, 1 - 1e-12, xtol=1e-14, rtol=1e-14)


@settings(max_examples=60)
@given(delayed_group | filled_group, st.floats(0.5, 10) | st.integers(1, 9), st.sampled_from([0.5, 0.9, 0.95, 0.999]))
def test_shares_are_the_text_in_fractions(rows, limit, level):
    tail = (1 - level) / 2
    for curve, of in (
        (km(table_of(rows, one_cause=True)), [(r[0], min(r[1], 1), *r[2:]) for r in rows]),
        (aj(table_of(rows)), rows),
    ):
        if not curve.identified(float(limit))[0]:
            continue
        lower, upper = moments(of, limit)
        reading, plain = (
            curve.incidence_at(float(limit), level=level, interval=name) for name in ("mid_p", "beta_product")
        )

        def mixture(x, lower=lower, upper=upper):
            return (cdf(lower, x) + cdf(upper, x)) / 2

        value = reading.value[0]
        ends = root(mixture, tail), root(mixture, 1 - tail)
        assert reading.low[0] == pytest.approx(min(ends[0], value), rel=1e-7, abs=1e-9)
        assert reading.high[0] == pytest.approx(max(ends[1], value), rel=1e-7, abs=1e-9)
        exact = root(lambda x, p=lower: cdf(p, x), tail), root(lambda x, p=upper: cdf(p, x), 1 - tail)
        assert plain.low[0] == pytest.approx(min(exact[0], value), rel=1e-7, abs=1e-9)
        assert plain.high[0] == pytest.approx(max(exact[1], value), rel=1e-7, abs=1e-9)
        rest = curve.survival_at(float(limit), level=level)
        np.testing.assert_allclose([rest.low[0], rest.high[0]], [1 - reading.high[0], 1 - reading.low[0]], atol=1e-15)


@settings(max_examples=60)
@given(delayed_group | filled_group, st.sampled_from([0.1, 0.5, 0.9]), st.sampled_from([0.5, 0.8, 0.95]))
def test_quantiles_are_the_first_times_of_the_text(rows, p, level):
    tail = (1 - level) / 2
    for curve, of in (
        (km(table_of(rows, one_cause=True)), [(r[0], min(r[1], 1), *r[2:]) for r in rows]),
        (aj(table_of(rows)), rows),
    ):
        times = [0.0, *curve.time]
        parts = [moments(of, time) for time in times]
        low = next((u for u, (_, part) in zip(times, parts, strict=True) if 1 - cdf(part, p) >= tail), np.nan)
        high = next((u for u, (part, _) in zip(times, parts, strict=True) if 1 - cdf(part, p) >= 1 - tail), np.nan)
        reading = curve.quantile(p, level=level)
        value = reading.value[0]
        expected = [np.nan if low == 0 else low, high] if len(rows) > 1 else [np.nan, np.nan]
        expected = [min(expected[0], value), max(expected[1], value)]
        np.testing.assert_array_equal([reading.low[0], reading.high[0]], expected)


@given(filled_group, st.floats(0.5, 10), st.sampled_from([0.8, 0.95]))
def test_without_censoring_shares_are_mid_p_clopper_pearson_beside_competing_ends_too(rows, limit, level):
    rows = [(time, max(state, 1)) for time, state in rows]
    n, tail = len(rows), (1 - level) / 2
    for curve, k in (
        (km(table_of(rows, one_cause=True)), sum(r[0] <= limit for r in rows)),
        (aj(table_of(rows)), sum(r[0] <= limit and r[1] == 1 for r in rows)),
    ):
        reading = curve.incidence_at(limit, level=level)
        low, high = reading.low[0], reading.high[0]
        if k == 0:
            assert low == 0
        else:
            assert binom.sf(k, n, low) + binom.pmf(k, n, low) / 2 == pytest.approx(tail, rel=1e-8)
        if k == n:
            assert high == 1
        else:
            assert binom.cdf(k - 1, n, high) + binom.pmf(k, n, high) / 2 == pytest.approx(tail, rel=1e-8)
        exact = curve.incidence_at(limit, level=level, interval="beta_product")
        if 0 < k < n:
            assert exact.low[0] == pytest.approx(beta.ppf(tail, k, n - k + 1), rel=1e-9)
            assert exact.high[0] == pytest.approx(beta.ppf(1 - tail, k + 1, n - k), rel=1e-9)


@given(
    st.lists(st.integers(0, 12), min_size=2, max_size=60),
    st.sampled_from([0.05, 0.25, 0.5, 0.9]),
    st.sampled_from([0.8, 0.9, 0.95, 0.99]),
)
def test_without_censoring_quantiles_have_the_limits_of_order_statistics(times, p, level):
    reading = km(risk_table(times, np.ones(len(times)))).quantile(p, level=level)
    lower, upper, _ = quantile_ranks(len(times), p, level=level)
    ordered, value = sorted(times), reading.value[0]
    expected = [ordered[int(rank) - 1] if rank else np.nan for rank in (lower, upper)]
    assert not expected[0] > value
    np.testing.assert_array_equal([reading.low[0], reading.high[0]], [expected[0], max(expected[1], value)])


@given(filled_group, st.floats(0.5, 10))
def test_where_no_end_competes_both_curves_have_the_same_limits(rows, limit):
    table = table_of(rows, one_cause=True)
    for name in ("mid_p", "beta_product"):
        one, other = (curve.incidence_at(limit, interval=name) for curve in (km(table), aj(table)))
        for a, b in zip(one, other, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


def test_the_edges_of_a_share():
    quiet = km(risk_table([5, 6, 7, 8, 9, 3, 2], np.zeros(7)))  # four watched at 6, one of them last seen then
    assert [quiet.incidence_at(6.0).low[0], quiet.incidence_at(6.0).high[0]] == [0, pytest.approx(1 - 0.05 ** (1 / 4))]
    over = km(risk_table([1, 2, 3, 4], np.ones(4))).incidence_at(9.0)
    assert [over.low[0], over.high[0]] == [pytest.approx(0.05 ** (1 / 4)), 1]
    # After a curve has come down to 0, rows that join tell it nothing.
    twice = km(risk_table([1, 5, 6], [1, 1, 0], entry=[0, 2, 2])).incidence_at(5.5)
    assert [figure[0] for figure in twice[:3]] == [1, pytest.approx(0.05), 1]
    none = km(risk_table([], []), risk_table([3.0], [0])).incidence_at(4.0)
    assert np.isnan(none).all()


def test_limits_keep_their_digits_in_two_million_rows():
    """The law of mid-p Clopper and Pearson at both ends of the curve of two million rows, one event a row."""
    n = 2_000_000
    alone = kaplan_meier([0, n], np.arange(n), np.ones(n), np.zeros(n))
    beside = aalen_johansen([0, n], np.arange(n), np.ones(n), np.zeros(n), np.zeros(n))
    # Beside competing ends the variance is a sum whose last terms take back all but 1e-5 of it, two rows before the end.
    for curve, digits in ((alone, 1e-8), (beside, 1e-4)):
        for k in (1, 1_000, n // 2, n - 3):
            reading, rest = curve.incidence_at(float(k - 1)), curve.survival_at(float(k - 1))
            for x, successes in ((reading.low[0], k), (rest.low[0], n - k)):
                chance = binom.sf(successes, n, x) + binom.pmf(successes, n, x) / 2
                assert chance == pytest.approx(0.025, rel=digits)
    lower, upper, _ = quantile_ranks(n, 0.9)
    for curve in (alone, beside):
        reading = curve.quantile(0.9)
        assert [reading.low[0] + 1, reading.high[0] + 1] == [lower, upper]


def test_weights_of_a_fraction_of_a_row_are_read_row_by_row():
    """Fractional counts may undo what held a row before, so that halving the table would miss the first time."""
    rng = np.random.default_rng(3)
    tables = []
    for _ in range(300):
        n = int(rng.integers(2, 12))
        weight = rng.lognormal(0, 1, n)
        tables.append(
            risk_table(rng.integers(1, 6, n), rng.random(n) < 0.7, weight=weight * weight.sum() / (weight**2).sum())
        )
    curve = km(*tables)
    reading = curve.quantile(0.05)
    left = curve.products.present - curve.products.gone
    lower, _ = curve.products.parts(np.arange(len(left)), left)
    a, b = lower.parameters()
    holds = (lower.mean > 0) & (beta.sf(0.05, a, b) >= 0.975)
    for group, (start, end) in enumerate(zip(curve.offsets[:-1], curve.offsets[1:], strict=True)):
        hits = np.flatnonzero(holds[start:end])
        expected = curve.time[start + hits[0]] if hits.size and curve.rows[group] > 1 else np.nan
        assert np.isnan(expected) == np.isnan(reading.high[group])
        assert np.isnan(expected) or reading.high[group] == max(expected, reading.value[group])


def test_a_restricted_mean_is_wilson_on_its_share_of_the_horizon():
    curve = km(risk_table([2.0, 3.5, 4.0, 4.5, 6.0, 9.0, 12.0, 15.0], np.ones(8)))
    value, low, high, se = (figure[0] for figure in curve.restricted_mean(8.0, level=0.9))
    share, error, critical = value / 8, se / 8, t.ppf(0.95, 7)
    for limit in (low / 8, high / 8):  # the score equation: the error at the limit is that of as many rows
        size = share * (1 - share) / error**2
        assert abs(share - limit) == pytest.approx(critical * np.sqrt(limit * (1 - limit) / size), rel=1e-9)


def test_the_edges_of_a_restricted_mean():
    spread = risk_table([1, 2, 3, 4, 5, 7, 4, 2.5], [1, 1, 1, 1, 1, 1, 0, 0])
    same, one, quiet = (
        risk_table([4] * 5, [1] * 5),
        risk_table([4], [1]),
        risk_table([12, 15, 11, 20, 8], [0, 1, 1, 0, 0]),
    )
    curve = km(spread, same, one, quiet)
    np.testing.assert_array_equal(curve.runs_out(10.0), [True, True, True, False])
    np.testing.assert_array_equal(curve.runs_out(4.0), [False, False, False, False])
    reading = curve.restricted_mean(10.0)
    assert reading.value.tolist() == [4.125, 4, 4, 10]
    # No error is seen: as many rows as there are; and up to 1 - 0.05^(1/5) of them might have lasted from 4 to 10.
    k, square = 2.0, t.ppf(0.975, 4) ** 2
    half = np.sqrt(square * (k * 0.6 + square / 4))
    centre = k + square / 2
    assert reading.low[1] == pytest.approx(10 * (centre - half) / (5 + square))
    more = 6 * (1 - 0.05 ** (1 / 5))
    assert reading.high[1] == pytest.approx(min(10 * (centre + half) / (5 + square) + more, 10))
    assert np.isnan([reading.low[2], reading.high[2]]).all()  # one row
    square = t.ppf(0.975, 4) ** 2
    assert reading.low[3] == pytest.approx(10 * 4 / (4 + square))  # nothing ended, four were watched to the horizon
    assert reading.high[3] == 10


def test_a_mean_needs_all_to_have_ended():
    rng = np.random.default_rng(8)
    times = rng.exponential(4, 30)
    curve = km(
        risk_table(times, np.ones(30)), risk_table([2, 2], [1, 1]), risk_table([3], [1]), risk_table([3, 4], [1, 0])
    )
    value, low, high, se = curve.mean()
    assert value[0] == pytest.approx(times.mean())
    assert se[0] == pytest.approx(times.std() / 30**0.5)
    reach = t.ppf(0.975, 29) * se[0]
    assert [low[0], high[0]] == [pytest.approx(value[0] - reach), pytest.approx(value[0] * np.exp(reach / value[0]))]
    np.testing.assert_array_equal(value[1:], [2, 3, np.nan])
    assert np.isnan(low[1:]).all()
    assert np.isnan(high[1:]).all()
