"""The log-rank test against a loop over times, lifelines and statsmodels; its false alarms by simulation."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from servicequality.errors import ParameterError
from servicequality.stats import log_rank, log_rank_between, log_ratio_interval
from servicequality.stats.logrank import Tables
from servicequality.stats.survival import kaplan_meier
from servicequality.stats.survival_table import risk_table
from simulation import assert_share

row = st.tuples(st.integers(1, 9), st.booleans(), st.integers(0, 8)).map(lambda r: (r[0], r[1], min(r[2], r[0] - 1)))
rows = st.lists(row, max_size=15)


def tables(*groups, entry=False) -> Tables:
    made = []
    for group in groups:
        time, seen, start = np.array(group, dtype=float).reshape(-1, 3).T
        made.append(risk_table(time, seen, entry=start if entry else None))
    offsets = np.cumsum([0, *(len(table.time) for table in made)])
    columns = [np.concatenate([getattr(table, name) for table in made]) for name in ("time", "events", "censored")]
    return Tables(offsets, *columns, np.concatenate([table.entered for table in made]) if entry else None)


def by_hand(first, second, entry):
    """Observed, expected and variance of the first side, a time after the other."""
    observed = expected = variance = 0.0
    for t in sorted({time for time, seen, _ in first + second if seen}):
        at = [[r for r in side if r[0] >= t and (not entry or r[2] < t or r[2] == 0)] for side in (first, second)]
        n1, n = len(at[0]), len(at[0]) + len(at[1])
        d1, d = (sum(r[0] == t and r[1] for r in side) for side in (first, first + second))
        observed, expected = observed + d1, expected + d * n1 / n
        if n > 1:
            variance += d * (n - d) / (n - 1) * n1 / n * (1 - n1 / n)
    return observed, expected, variance


@given(st.lists(st.tuples(rows, rows), min_size=1, max_size=4), st.booleans())
def test_every_comparison_is_the_loop(pairs, entry):
    result = log_rank(tables(*(a for a, _ in pairs), entry=entry), tables(*(b for _, b in pairs), entry=entry))
    for group, (first, second) in enumerate(pairs):
        observed, expected, variance = by_hand(first, second, entry)
        got = result.observed[group], result.expected[group], result.variance[group]
        np.testing.assert_allclose(got, (observed, expected, variance), atol=1e-9)
        assert np.isnan(result.chi2[group]) == np.isnan(result.p[group]) == (variance < 1e-12)


def test_threads_change_no_bit():
    rng = np.random.default_rng(6)
    groups = [[np.column_stack((*drawn(rng, n), np.zeros(n))) for n in (5_000, 0, 9, 70_000, 20_000)] for _ in range(2)]
    one, two = (tables(*side) for side in groups)
    for a, b in zip(log_rank(one, two)[:5], log_rank(one, two, threads=3)[:5], strict=True):
        np.testing.assert_array_equal(a, b)
    alone = [log_rank(tables(a), tables(b)) for a, b in zip(*groups, strict=True)]
    np.testing.assert_array_equal(log_rank(one, two).chi2, [each.chi2[0] for each in alone])


def drawn(rng, n, scale=10.0):
    life, watched = rng.exponential(scale, n), rng.exponential(15, n)
    return np.round(np.minimum(life, watched), 1) + 0.1, life <= watched


def test_lifelines_and_statsmodels_say_the_same():
    from lifelines.statistics import logrank_test, multivariate_logrank_test
    from statsmodels.duration.survfunc import survdiff

    rng = np.random.default_rng(1)
    (t1, e1), (t2, e2), (t3, e3) = drawn(rng, 200), drawn(rng, 150, 14.0), drawn(rng, 90)
    groups = [np.column_stack((t, e, np.zeros_like(t))) for t, e in ((t1, e1), (t2, e2), (t3, e3))]
    result = log_rank(tables(groups[0]), tables(groups[1]))
    between = log_rank_between(tables(*groups))
    time, event = np.concatenate((t1, t2, t3)), np.concatenate((e1, e2, e3))
    which = np.repeat([0, 1, 2], [200, 150, 90])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = logrank_test(t1, t2, e1, e2)
        many = multivariate_logrank_test(time, which, event)
        chi2, p = survdiff(time, event, which)
    assert (result.chi2[0], result.p[0]) == pytest.approx((theirs.test_statistic, theirs.p_value), rel=1e-9)
    assert (between.chi2, between.p) == pytest.approx((many.test_statistic, many.p_value), rel=1e-9)
    assert (between.chi2, between.p) == pytest.approx((chi2, p), rel=1e-9)
    assert between.df == 2


def test_two_groups_between_are_the_pair():
    rng = np.random.default_rng(2)
    first, second = (np.column_stack((*drawn(rng, 5_000), np.zeros(5_000))) for _ in range(2))
    pair, between = log_rank(tables(first), tables(second)), log_rank_between(tables(first, second))
    np.testing.assert_allclose((between.chi2, between.p), (pair.chi2[0], pair.p[0]), rtol=1e-9)
    np.testing.assert_allclose(between.variance[0, 0], pair.variance[0], rtol=1e-9)


def test_counts_of_merged_tables_give_the_test_of_all_rows():
    rng = np.random.default_rng(3)
    first, second = (np.column_stack((*drawn(rng, 60), np.zeros(60))) for _ in range(2))
    whole, doubled = tables(first), tables(np.concatenate((first, first)))
    assert np.array_equal(doubled.events, 2 * whole.events)
    merged = Tables(whole.offsets, whole.time, 2 * whole.events, 2 * whole.censored)
    assert log_rank(merged, tables(second)).chi2 == log_rank(doubled, tables(second)).chi2


def test_one_curve_is_called_two_in_five_of_a_hundred(simulate):
    def batch(rng):
        sides = [tables(*(np.column_stack((*drawn(rng, 40), np.zeros(40))) for _ in range(1_500))) for _ in range(2)]
        return log_rank(*sides).p < 0.05

    assert_share(simulate(4, batch), 0.045, 0.055)


def test_restricted_means_of_one_curve_have_a_ratio_of_one(simulate):
    """The ratio of two restricted means up to 8, each of 60 rows of which two in five are still running."""

    def batch(rng):
        sides = []
        for _ in range(2):
            table = tables(*(np.column_stack((*drawn(rng, 60), np.zeros(60))) for _ in range(1_000)))
            sides.append(kaplan_meier(table.offsets, table.time, table.events, table.censored).restricted_mean(8.0))
        low, high = log_ratio_interval(sides[0].value, sides[0].se, sides[1].value, sides[1].se)
        return (low <= 1) & (high >= 1)

    assert_share(simulate(5, batch), 0.935, 0.95)


def test_faults_of_the_call():
    one = tables([(1, 1, 0)])
    with pytest.raises(ParameterError, match="both sides must have the same groups; got 1 and 2"):
        log_rank(one, tables([(1, 1, 0)], [(1, 1, 0)]))
    with pytest.raises(ParameterError, match="needs two of them; got 1"):
        log_rank_between(one)
    with pytest.raises(ParameterError, match="time must be strictly increasing"):
        log_rank(Tables([0, 2], [2, 1], [1, 1], [0, 0]), one)
    everything_open = log_rank(tables([(3, 0, 0)] * 5), tables([(2, 0, 0)] * 5))
    assert np.isnan(everything_open.p[0])
    assert np.isnan(log_rank_between(tables([(3, 0, 0)] * 5, [(2, 0, 0)] * 5)).p)
