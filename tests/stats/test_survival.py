"""Survival kernels against an obvious estimator in fractions, published tables, laws and simulated coverage."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from servicequality.errors import ParameterError
from servicequality.stats.survival import Curves, RiskTable, aalen_johansen, kaplan_meier, risk_table
from servicequality.stats.survival_segments import LONG, accumulate
from simulation import assert_share

# Freireich et al. 1963: remission in weeks under 6-MP (state 0: still in remission) and under placebo.
SIX_MP = [6, 6, 6, 7, 10, 13, 16, 22, 23, 6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
SIX_MP_STATE = [1] * 9 + [0] * 12
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]

row = st.tuples(st.integers(1, 12), st.integers(0, 2))
group = st.lists(row, max_size=12)
filled_group = st.lists(row, min_size=1, max_size=25)
delayed_group = st.lists(st.tuples(row, st.integers(0, 11)), min_size=1, max_size=25).map(
    lambda rows: [(time, state, min(entry, time - 1)) for (time, state), entry in rows]
)


def columns(rows):
    return np.array([r[0] for r in rows], dtype=float), np.array([r[1] for r in rows], dtype=int)


def stacked(tables: list[RiskTable]) -> tuple[np.ndarray, RiskTable]:
    offsets = np.cumsum([0] + [len(table.time) for table in tables])
    entered = None if tables[0].entered is None else np.concatenate([table.entered for table in tables])
    counts = (np.concatenate([np.asarray(table[i]) for table in tables]) for i in range(4))
    return offsets, RiskTable(*counts, entered)


def km(*tables: RiskTable) -> Curves:
    offsets, table = stacked(list(tables))
    return kaplan_meier(offsets, table.time, table.events, table.censored, entered=table.entered)


def aj(*tables: RiskTable) -> Curves:
    offsets, table = stacked(list(tables))
    return aalen_johansen(offsets, table.time, table.events, table.competing, table.censored, entered=table.entered)


def only(table: RiskTable) -> RiskTable:
    """Both kinds of end as one event."""
    return table._replace(events=table.events + table.competing, competing=np.zeros_like(table.time))


def swapped(table: RiskTable) -> RiskTable:
    return table._replace(events=table.competing, competing=table.events)


def by_hand(rows):
    """Time -> (S, Greenwood's sum, F1, variance of F1), straight from the definitions, in fractions."""
    rows = [(*r, 0) if len(r) == 2 else r for r in rows]
    free, greenwood, ended, steps, out = Fraction(1), Fraction(0), Fraction(0), [], {}
    for t in sorted({r[0] for r in rows}):
        n = sum((entry < t or entry == 0) and t <= time for time, _, entry in rows)
        d1, d2 = (sum(r[:2] == (t, cause) for r in rows) for cause in (1, 2))
        d = d1 + d2
        before, ended = free, ended + (free * Fraction(d1, n) if n else 0)
        if n:
            free *= 1 - Fraction(d, n)
            greenwood += Fraction(d, n * (n - d)) if n > d else 0
            steps.append((n, d, d1, before, ended))
        variance = Fraction(0)
        for m, gone, gone1, at_start, then in steps:
            gap = ended - then
            variance += at_start**2 * Fraction(gone1 * (m - gone1), m**3) - 2 * gap * at_start * Fraction(gone1, m**2)
            variance += gap**2 * Fraction(gone, m * (m - gone)) if m > gone else 0
        out[t] = (free, greenwood, ended, variance)
    return out


@given(filled_group)
def test_the_curves_are_the_definitions_in_fractions(rows):
    table = risk_table(*columns(rows))
    either, first = km(only(table)), aj(table)
    for i, (t, (free, greenwood, ended, variance)) in enumerate(by_hand(rows).items()):
        assert either.time[i] == t
        assert either.survival[i] == pytest.approx(float(free), abs=1e-14)
        assert either.se[i] == pytest.approx(float(free) * float(greenwood) ** 0.5, abs=1e-14)
        assert first.incidence[i] == pytest.approx(float(ended), abs=1e-14)
        assert first.se[i] ** 2 == pytest.approx(float(variance), rel=1e-11, abs=1e-15)


@given(delayed_group)
def test_delayed_entry_is_strict(rows):
    times, states = columns(rows)
    table = risk_table(times, states, entry=[r[2] for r in rows])
    either, first = km(only(table)), aj(table)
    for t, (free, _, ended, _) in by_hand(rows).items():
        at = np.searchsorted(table.time, t)
        assert either.survival[at] == pytest.approx(float(free), abs=1e-14)
        assert first.incidence[at] == pytest.approx(float(ended), abs=1e-14)


@given(filled_group)
def test_the_causes_and_the_rest_add_up(rows):
    table = risk_table(*columns(rows))
    total = aj(table).incidence + aj(swapped(table)).incidence + km(only(table)).survival
    np.testing.assert_allclose(total, 1, rtol=0, atol=1e-14)


@given(filled_group, st.sampled_from([0.1, 0.25, 0.5, 0.9]), st.floats(0.5, 13))
def test_without_competing_ends_the_two_estimators_agree(rows, p, limit):
    table = only(risk_table(*columns(rows)))
    one, other = km(table), aj(table)
    for a, b in zip(one.incidence_at(limit), other.incidence_at(limit), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)
    for a, b in zip(one.quantile(p)[1:3], other.quantile(p)[1:3], strict=True):
        np.testing.assert_array_equal(a, b)


@given(st.lists(st.integers(0, 30), min_size=1, max_size=40))
def test_without_censoring_it_is_the_empirical_distribution(times):
    curve = km(risk_table(times, np.ones(len(times))))
    np.testing.assert_allclose(curve.incidence, [np.mean(np.array(times) <= t) for t in curve.time], atol=1e-14)
    np.testing.assert_allclose(curve.se**2, curve.survival * (1 - curve.survival) / len(times), rtol=1e-10, atol=1e-15)
    assert curve.quantile(0.5).value[0] == np.median(times)
    mean = curve.restricted_mean(31.0)
    assert mean.value[0] == pytest.approx(np.mean(times), rel=1e-13, abs=1e-13)
    assert mean.se[0] == pytest.approx(np.std(times) / len(times) ** 0.5, rel=1e-9, abs=1e-9)


@given(filled_group, filled_group)
def test_merged_tables_are_the_table_of_the_merged_rows(left, right):
    parts = [risk_table(*columns(rows)) for rows in (left, right)]
    whole = risk_table(*columns(left + right))
    time, place = np.unique(np.concatenate([part.time for part in parts]), return_inverse=True)
    merged = (np.bincount(place, np.concatenate([part[i] for part in parts])) for i in (1, 2, 3))
    for a, b in zip((time, *merged), whole[:4], strict=True):
        np.testing.assert_array_equal(a, b)


@given(st.lists(group, min_size=1, max_size=6), st.integers(0, 5))
def test_no_group_knows_of_the_others(groups, which):
    which %= len(groups)
    tables = [risk_table(*columns(rows)) for rows in groups]
    for estimator in (lambda *t: km(*map(only, t)), aj):
        together, alone = estimator(*tables), estimator(tables[which])
        rows = slice(*together.offsets[which : which + 2])
        for name in ("at_risk", "survival", "incidence", "se"):
            np.testing.assert_array_equal(getattr(together, name)[rows], getattr(alone, name))
        readings = [(c.incidence_at(5.5), c.survival_at(5.5), c.quantile(0.3)) for c in (together, alone)]
        if not together.competing:
            readings = [(*r, c.restricted_mean(5.5)) for r, c in zip(readings, (together, alone), strict=True)]
        for many, one in zip(*readings, strict=True):
            np.testing.assert_allclose([f[which] for f in many], [f[0] for f in one], rtol=1e-14, atol=0)


def test_long_and_short_groups_accumulate_alike():
    rng = np.random.default_rng(5)
    lengths = [3, LONG, 0, LONG + 1, 3, 0, 2 * LONG, 1, LONG + 1]
    offsets = np.cumsum([0, *lengths])
    values = rng.uniform(0.5, 1.5, offsets[-1])
    for ufunc, plain in ((np.add, np.cumsum), (np.multiply, np.cumprod)):
        pieces = np.split(values, offsets[1:-1])
        np.testing.assert_array_equal(accumulate(ufunc, values, offsets), np.concatenate([plain(x) for x in pieces]))
        backwards = np.concatenate([plain(x[::-1])[::-1] for x in pieces])
        np.testing.assert_array_equal(accumulate(ufunc, values, offsets, reverse=True), backwards)


@given(filled_group, st.sampled_from([0.001, 60.0, 86_400.0]))
def test_a_change_of_unit_changes_only_the_unit(rows, factor):
    times, states = columns(rows)
    one, other = (km(only(risk_table(t, states))) for t in (times, times * factor))
    np.testing.assert_array_equal(one.survival_at(6.0).value, other.survival_at(6.0 * factor).value)
    for a, b in zip(one.quantile(0.5)[:3], other.quantile(0.5)[:3], strict=True):
        np.testing.assert_allclose(a * factor, b, rtol=1e-12)
    for a, b in zip(one.restricted_mean(6.0), other.restricted_mean(6.0 * factor), strict=True):
        np.testing.assert_allclose(a * factor, b, rtol=1e-9, atol=1e-9 * factor)


@given(filled_group)
def test_a_weight_of_two_is_the_row_twice(rows):
    doubled = risk_table(*columns(rows), weight=2)
    for a, b in zip(doubled[:4], risk_table(*columns(rows + rows))[:4], strict=True):
        np.testing.assert_array_equal(a, b)


@given(delayed_group, st.floats(0.01, 3))
def test_weights_have_no_unit_and_the_last_fall_to_zero_is_exact(rows, weight):
    times, states = columns(rows)
    entries = [r[2] for r in rows]
    plain, weighted = (km(only(risk_table(times, states, entry=entries, weight=w))) for w in (1, weight))
    np.testing.assert_allclose(weighted.survival, plain.survival, rtol=1e-12, atol=0)
    np.testing.assert_array_equal(weighted.survival == 0, plain.survival == 0)


@given(filled_group, st.sampled_from([0.5, 0.8, 0.95, 0.99]), st.floats(0.5, 14), st.floats(0.05, 0.95))
def test_limits_hold_their_value_and_widen_with_the_level(rows, level, limit, p):
    table = risk_table(*columns(rows))
    for curve in (km(only(table)), aj(table)):
        readings = [(curve.incidence_at(limit, level=q), curve.quantile(p, level=q)) for q in (level, 0.999)]
        if not curve.competing:
            readings = [
                (*r, curve.restricted_mean(limit, level=q)) for r, q in zip(readings, (level, 0.999), strict=True)
            ]
        for narrow, wide in zip(*readings, strict=True):
            for reading in (narrow, wide):
                ordered = [x for x in (reading.low[0], reading.value[0], reading.high[0]) if not np.isnan(x)]
                assert ordered == sorted(ordered)
            assert not wide.low[0] > narrow.low[0]
            assert not wide.high[0] < narrow.high[0]


def test_freireich_six_mp():
    curve = km(risk_table(SIX_MP, SIX_MP_STATE))
    at = np.searchsorted(curve.time, [6, 7, 10, 13, 16, 22, 23])
    np.testing.assert_array_equal(curve.at_risk[at], [21, 17, 15, 12, 11, 7, 6])
    np.testing.assert_allclose(curve.survival[at], [0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448], atol=5e-4)
    np.testing.assert_allclose(curve.se[at], [0.0764, 0.0869, 0.0963, 0.1068, 0.1141, 0.1282, 0.1346], atol=5e-5)
    value, low, high, _ = curve.quantile(0.5)
    assert (value[0], low[0]) == (23, 13)
    assert np.isnan(high[0])  # not reached, and never the last follow-up
    assert curve.restricted_mean(35.0).value[0] == pytest.approx(23.287394957983185)


def test_freireich_placebo_median_with_limits():
    curve = km(risk_table(PLACEBO, np.ones(21)))
    assert [figure[0] for figure in curve.quantile(0.5, interval="loglog")[:3]] == [8, 4, 11]
    assert [figure[0] for figure in curve.quantile(0.5)[:3]] == [8, 4, 12]  # the 6th and the 16th of 21


def test_midpoint_only_on_an_exact_flat():
    assert km(risk_table([1, 2, 3, 4], [1, 1, 1, 1])).quantile(0.5).value[0] == 2.5
    assert km(risk_table([1, 2, 3, 4, 5], [1, 1, 1, 1, 1])).quantile(0.5).value[0] == 3
    # A censoring on the flat does not end it; a flat at the end reaches to the last time, as in R.
    assert km(risk_table([1, 2, 2.5, 4], [1, 1, 0, 1])).quantile(0.5).value[0] == 3
    assert km(risk_table([1, 2, 3, 4], [1, 1, 0, 0])).quantile(0.5).value[0] == 3
    # 1/3 three times over is 1 - 2/3 but for the last bit.
    assert km(risk_table([1, 2, 3], [1, 1, 1])).quantile(2 / 3).value[0] == 2.5


def test_aalen_johansen_takes_the_first_time_and_may_never_reach():
    curve = aj(risk_table([1, 2, 3, 4], [1, 1, 2, 2]))
    assert curve.quantile(0.5).value[0] == 2
    assert np.isnan(curve.quantile(0.6).value[0])
    assert curve.incidence_at(100.0).value[0] == 0.5  # nobody is left: it stays


def test_the_log_log_band_stands_still_at_both_ends():
    curve = km(risk_table([2, 5], [1, 1]))
    for limit, share in ((1.0, 1.0), (5.0, 0.0), (9.0, 0.0)):
        assert [figure[0] for figure in curve.survival_at(limit, interval="loglog")] == [share, share, share, 0.0]


def test_a_limit_is_inclusive_and_events_precede_censorings():
    curve = km(risk_table([3, 3, 5], [1, 0, 0]))
    assert curve.survival_at(3.0).value[0] == pytest.approx(2 / 3)
    assert curve.survival_at(np.nextafter(3.0, 0)).value[0] == 1


def test_nothing_is_said_beyond_the_last_look():
    curve = km(risk_table([1, 2, 3], [1, 0, 0]), risk_table([1, 2, 3], [1, 0, 1]), risk_table([], []))
    np.testing.assert_array_equal(curve.identified(3.0), [True, True, False])
    np.testing.assert_array_equal(curve.identified(3.5), [False, True, False])
    for reading in (curve.incidence_at(3.5), curve.restricted_mean(3.5)):
        for figure in reading:
            np.testing.assert_array_equal(np.isnan(figure), [True, False, True])
    np.testing.assert_array_equal(np.isnan(curve.quantile(0.5).value), [True, False, True])
    np.testing.assert_array_equal(np.isnan(curve.incidence_at([3.0, 9.0, 1.0]).value), [False, False, True])


def test_the_last_event_is_the_upper_limit_of_the_log_log_band_where_nothing_earlier_is():
    alone, tied = risk_table([4], [1]), risk_table([4] * 40, [1] * 40)
    open_end = risk_table([1, 4], [1, 0])
    reading = km(alone, tied, open_end).quantile(0.5, interval="loglog")
    np.testing.assert_array_equal(reading.low[:2], [4, 4])
    np.testing.assert_array_equal(reading.high, [4, 4, np.nan])


def test_coverage_of_the_limits_by_name(simulate):
    def batch(rng):
        lives, looks = rng.exponential(1, (3_000, 60)), rng.uniform(0.2, 3, (3_000, 60))
        curve = km(*map(risk_table, np.minimum(lives, looks), lives <= looks))
        truths = (
            (curve.survival_at(0.8, interval="loglog"), np.exp(-0.8)),
            (curve.quantile(0.5, interval="loglog"), np.log(2)),
            (curve.quantile(0.75, interval="loglog"), np.log(4)),
            (curve.restricted_mean(1.0, interval="normal"), 1 - np.exp(-1)),
        )
        return np.column_stack([(reading.low <= truth) & ~(reading.high < truth) for reading, truth in truths])

    for held in simulate(20240501, batch).T:
        assert_share(held, 0.94, 0.965)


def test_the_limits_of_an_extreme_quantile_are_as_weak_as_the_docstring_says(simulate):
    """A 90 % quantile of ten rows: the largest is below it in 35 of 100 samples, and yet it is the upper limit."""

    def batch(rng):
        curve = km(*(risk_table(rng.exponential(1, 10), np.ones(10)) for _ in range(2000)))
        reading = curve.quantile(0.9, interval="loglog")
        return (reading.low <= np.log(10)) & ~(reading.high < np.log(10))

    assert_share(simulate(7, batch), 0.62, 0.65)


def test_coverage_beside_a_competing_cause(simulate):
    def batch(rng):
        size = 3_000, 80
        life, cause, look = rng.exponential(1 / 1.5, size), rng.random(size) < 1 / 3, rng.uniform(0.2, 3, size)
        curve = aj(*map(risk_table, np.minimum(life, look), np.where(life <= look, np.where(cause, 2, 1), 0)))
        shares = [curve.incidence_at(limit, interval="loglog") for limit in (0.2, 1.0)]
        truths = [(share, 2 / 3 * (1 - np.exp(-1.5 * limit))) for share, limit in zip(shares, (0.2, 1.0), strict=True)]
        truths.append((curve.quantile(0.4, interval="loglog"), -np.log(1 - 0.6) / 1.5))
        return np.column_stack([(reading.low <= truth) & ~(reading.high < truth) for reading, truth in truths])

    for held in simulate(11, batch).T:
        assert_share(held, 0.94, 0.965)


def test_two_million_rows_in_one_group_keep_their_digits():
    n = 2_000_000
    curve = kaplan_meier([0, n], np.arange(n), np.ones(n), np.zeros(n))
    np.testing.assert_allclose(curve.survival, np.arange(n - 1, -1, -1) / n, rtol=1e-10)
    assert curve.quantile(0.5).value[0] == (n - 1) / 2


ONES = np.ones(2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: kaplan_meier([0, 2], [2.0, 1.0], ONES, ONES), r"time must be strictly increasing.*got 1 \(1 of 2"),
        (lambda: kaplan_meier([0, 2], [1.0, 1.0], ONES, ONES), "time must be strictly increasing"),
        (lambda: kaplan_meier([0, 2], [1.0, np.nan], ONES, ONES), "time must be finite; got nan"),
        (lambda: kaplan_meier([0, 2], [1.0, 2.0], [1, -1], ONES), "events must be 0 or more; got -1"),
        (lambda: kaplan_meier([0, 2], [1.0, 2.0], ONES, [np.inf, 1]), "censored must be finite; got inf"),
        (lambda: kaplan_meier([0, 3], [1.0, 2.0], ONES, ONES), "time must have the 3 rows that offsets end with"),
        (lambda: kaplan_meier([0, 2], [1.0, 2.0], ONES, [1.0]), "censored must have the 2 rows"),
        (lambda: kaplan_meier([1, 2], [1.0, 2.0], ONES, ONES), "offsets must start at 0"),
        (lambda: kaplan_meier([0, 2, 1, 2], [1.0, 2.0], ONES, ONES), "offsets must start at 0 and never fall"),
        (lambda: kaplan_meier([], [], [], []), "offsets must start at 0"),
        (lambda: kaplan_meier([0, 2], [1.0, 2.0], ONES, ONES, entered=[3, 1]), "nobody leaves who is not at risk"),
        (lambda: aalen_johansen([0, 2], [1.0, 2.0], ONES, [-2, 0], ONES), "competing must be 0 or more; got -2"),
        (lambda: km(risk_table([1], [1])).quantile(1.0), "p must be strictly between 0 and 1; got 1"),
        (lambda: km(risk_table([1], [1])).quantile(0.5, level=95), "level must be between 0 and 1.*got 95"),
        (lambda: km(risk_table([1], [1])).survival_at([1.0, 2.0]), "limit must be one number or one for each of 1"),
        (lambda: km(risk_table([1], [1])).survival_at(np.nan), "limit must be finite"),
        (lambda: km(risk_table([1], [1])).restricted_mean(0), "horizon must be above 0; got 0"),
        (lambda: aj(risk_table([1], [1])).restricted_mean(1), "needs kaplan_meier curves"),
        (lambda: aj(risk_table([1], [1])).mean(), "needs kaplan_meier curves"),
        (lambda: km(risk_table([1], [1])).incidence_at(1.0, interval="log"), "'beta_product', 'loglog'; got 'log'"),
        (lambda: km(risk_table([1], [1])).quantile(0.5, interval="mid_p"), "'beta_product', 'loglog'; got 'mid_p'"),
        (lambda: km(risk_table([1], [1])).restricted_mean(1.0, interval="t"), "'wilson', 'normal'; got 't'"),
        (lambda: kaplan_meier([0, 2], [-1, 2.0], ONES, ONES).restricted_mean(1), "times of 0 or more.* -1"),
        (lambda: risk_table([1, -2], [1, 0]), "durations must be 0 or more; got -2"),
        (lambda: risk_table([1, 2], [1, 3]), "state must be 0 .*; got 3"),
        (lambda: risk_table([1, 2], [1, 1, 1]), "must broadcast to one shape"),
        (lambda: risk_table([1, 2], [1, 1], entry=[0, 2]), "entry must be before the row's own duration; got 2"),
        (lambda: risk_table([1, 2], [1, 1], weight=[1, -1]), "weight must be 0 or more; got -1"),
        (lambda: risk_table(1.0, 1), "durations must be one array"),
    ],
)
def test_bad_calls_say_what_is_wrong(call, message):
    with pytest.raises(ParameterError, match=message):
        call()
