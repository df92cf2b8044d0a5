"""Net scores: published intervals, the likelihood itself as oracle, laws, coverage."""

import itertools

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import optimize
from scipy import stats as oracle
from scipy.special import stdtrit

from servicequality.errors import ParameterError, ServiceQualityWarning
from servicequality.stats import (
    net_difference_interval,
    net_difference_test,
    net_interval,
    net_variance,
    newcombe,
    t_interval,
    wilson,
)
from simulation import assert_share

answers = st.tuples(st.integers(0, 400), st.integers(0, 400), st.integers(0, 400)).filter(lambda a: sum(a) >= 2)
METHODS = ["adjusted_wald", "score", "mover"]


def trinomial(promoters, passives, detractors):
    return promoters, detractors, promoters + passives + detractors


def recode(promoters, passives, detractors):
    return np.repeat([1.0, 0.0, -1.0], [promoters, passives, detractors])


@given(answers)
def test_variance_is_that_of_the_recoded_answers(count):
    assert float(net_variance(*trinomial(*count))) == pytest.approx(recode(*count).var(), abs=1e-12)


@given(answers)
def test_wald_and_t_are_those_of_the_recoded_answers(count):
    x = recode(*count)
    assume(x.std() > 0)
    half = 1.959963984540054 * x.std() / np.sqrt(len(x))
    expected = np.clip([x.mean() - half, x.mean() + half], -1, 1)
    assert net_interval(*trinomial(*count), method="wald") == pytest.approx(expected, abs=1e-12)
    expected = np.clip(oracle.t.interval(0.95, len(x) - 1, x.mean(), oracle.sem(x)), -1, 1)
    assert net_interval(*trinomial(*count), method="t") == pytest.approx(expected, abs=1e-9)


def test_adjusted_wald_by_hand():
    # 180 promoters, 90 passives, 30 detractors: 3/4 more at each end, 3/2 more in the middle.
    p, q, n = 180.75 / 303, 30.75 / 303, 303
    half = 1.959963984540054 * np.sqrt((p + q - (p - q) ** 2) / n)
    assert net_interval(180, 30, 300, method="adjusted_wald") == pytest.approx((p - q - half, p - q + half), abs=1e-12)
    wider = half / 1.959963984540054 * stdtrit(302, 0.975)  # the default: t of n + 2 degrees of freedom
    assert net_interval(180, 30, 300) == pytest.approx((p - q - wider, p - q + wider), abs=1e-12)


def constrained_score(promoters, passives, detractors, delta):
    """The score statistic squared, its shares found by maximising the likelihood numerically."""
    n = promoters + passives + detractors

    def loss(down):
        shares = np.array([down + delta, 1 - delta - 2 * down, down])
        counts = np.array([promoters, passives, detractors])
        return -np.sum(counts[counts > 0] * np.log(np.maximum(shares[counts > 0], 1e-300)))

    least, most = max(0.0, -delta), (1 - delta) / 2
    down = optimize.minimize_scalar(loss, bounds=(least, most), method="bounded", options={"xatol": 1e-13}).x
    return ((promoters - detractors) / n - delta) ** 2 * n / (2 * down + delta - delta**2)


@pytest.mark.parametrize("count", [(3, 5, 4), (20, 10, 6), (291, 476, 395), (1, 0, 9), (7, 20, 0), (0, 9, 4)])
def test_score_limits_invert_the_constrained_likelihood(count):
    for limit in net_interval(*trinomial(*count), method="score"):
        assert constrained_score(*count, float(limit)) == pytest.approx(oracle.chi2.ppf(0.95, 1), rel=1e-4)


def test_score_published_and_recomputed():
    assert net_interval(3, 4, 12, method="score") == pytest.approx((-0.473551, 0.337903), abs=2e-6)
    assert net_interval(291, 395, 1162, method="score") == pytest.approx((-0.1331651, -0.0454530), abs=1e-5)
    # With one answer only, the score interval is where z² = n (1 - delta) / (1 + delta).
    z2 = oracle.norm.ppf(0.975) ** 2
    assert net_interval(20, 0, 20, method="score") == pytest.approx(((20 - z2) / (20 + z2), 1.0), abs=1e-12)


@given(st.integers(0, 60), st.integers(1, 60))
def test_without_passives_the_score_interval_is_wilson_stretched(promoters, n):
    promoters = min(promoters, n)
    low, high = wilson(promoters, n)
    expected = np.array([2 * low - 1, 2 * high - 1])
    assert net_interval(promoters, n - promoters, n, method="score") == pytest.approx(expected, abs=1e-9)
    # Both shares then are one share seen twice: MOVER with correlation -1 says the same.
    if 0 < promoters < n:
        assert net_interval(promoters, n - promoters, n, method="mover") == pytest.approx(expected, abs=1e-7)


@given(answers)
def test_the_score_test_rejects_outside_its_limits_and_nowhere_inside(count):
    from servicequality.stats.net import _constrained_variance

    plus, minus, n = (np.asarray(x, dtype=np.float64) for x in trinomial(*count))
    low, high = net_interval(plus, minus, n, method="score")
    delta = np.linspace(-0.9999, 0.9999, 1501)
    value = (plus - minus) / n
    inside = (value - delta) ** 2 * n <= 3.841458820694124 * _constrained_variance(plus, minus, n, delta)
    clear = (np.abs(delta - low) > 1e-6) & (np.abs(delta - high) > 1e-6)
    assert (inside == ((low <= delta) & (delta <= high)))[clear].all()


@pytest.mark.parametrize("method", METHODS)
class TestEveryMethod:
    @given(count=answers, level=st.floats(0.5, 0.999))
    def test_contains_the_value_and_mirrors(self, method, count, level):
        up, down, n = trinomial(*count)
        low, high = net_interval(up, down, n, method=method, level=level)
        assert -1 <= low <= (up - down) / n <= high <= 1
        other_low, other_high = net_interval(down, up, n, method=method, level=level)
        assert (-other_high, -other_low) == pytest.approx(np.array([low, high]), abs=1e-9)

    @given(count=answers, level=st.floats(0.5, 0.99))
    def test_a_higher_level_contains_a_lower_one(self, method, count, level):
        inner = net_interval(*trinomial(*count), method=method, level=level)
        outer = net_interval(*trinomial(*count), method=method, level=level + 0.009)
        assert outer[0] <= inner[0] + 1e-12
        assert outer[1] >= inner[1] - 1e-12

    @given(count=answers)
    def test_more_answers_of_the_same_mix_narrow(self, method, count):
        up, down, n = np.array(trinomial(*count))[:, None] * np.array([1, 4])
        low, high = net_interval(up, down, n, method=method)
        assert high[1] - low[1] <= high[0] - low[0]

    def test_groups_at_once_equal_groups_one_by_one(self, method):
        counts = np.array([c for c in itertools.product(range(5), repeat=3) if sum(c)])
        up, down, n = counts[:, 0], counts[:, 1], counts.sum(axis=1)
        low, high = net_interval(up, down, n, method=method)
        one_by_one = [net_interval(*map(int, row), method=method) for row in zip(up, down, n, strict=True)]
        np.testing.assert_array_equal(np.column_stack([low, high]), np.array(one_by_one))

    def test_fractional_counts(self, method):
        low, high = net_interval(5.25, 1.5, 9.75, method=method)
        assert -1 < low < 3.75 / 9.75 < high < 1


def test_degrees_of_freedom_widen():
    narrow, wide = net_interval(20, 6, 36), net_interval(20, 6, 36, df=5)
    assert wide[0] < narrow[0] < narrow[1] < wide[1]
    x = recode(20, 10, 6)
    assert net_interval(20, 6, 36, method="wald", df=5) == pytest.approx(
        np.array(t_interval(x.mean(), x.std() / 6, df=5)), abs=1e-12
    )


def test_all_answers_agree():
    for method in METHODS:
        low, high = net_interval(20, 0, 20, method=method)
        assert low < high == 1
    for method in ("wald", "t"):
        with pytest.warns(ServiceQualityWarning, match="zero width in 1 of 2 groups"):
            low, high = net_interval([20, 3], [0, 1], [20, 9], method=method)
        assert low[0] == high[0] == 1


def test_difference_by_hand():
    x, y = recode(36, 16, 8), recode(19, 11, 15)
    se = np.sqrt(x.var() / 60 + y.var() / 45)
    difference = x.mean() - y.mean()
    z = 1.959963984540054
    groups = (36, 8, 60, 19, 15, 45)
    low, high = net_difference_interval(*groups, method="wald")
    assert (low, high) == pytest.approx((difference - z * se, difference + z * se))
    got_se, p_value = net_difference_test(*groups, method="wald")
    assert float(got_se) == pytest.approx(se)
    assert float(p_value) == pytest.approx(2 * oracle.norm.sf(difference / se))


@pytest.mark.parametrize("method", ["adjusted_wald", "mover"])
@given(first=answers, second=answers)
def test_difference_contains_itself_and_is_antisymmetric(method, first, second):
    a, b = trinomial(*first), trinomial(*second)
    low, high = net_difference_interval(*a, *b, method=method)
    value = (a[0] - a[1]) / a[2] - (b[0] - b[1]) / b[2]
    assert -2 <= low <= value + 1e-12
    assert value - 1e-12 <= high <= 2
    other_low, other_high = net_difference_interval(*b, *a, method=method)
    assert (-other_high, -other_low) == pytest.approx(np.array([low, high]), abs=1e-12)


@given(answers, answers)
def test_p_value_and_interval_agree(first, second):
    groups = (*trinomial(*first), *trinomial(*second))
    low, high = net_difference_interval(*groups)
    p_value = float(net_difference_test(*groups)[1])
    value = (groups[0] - groups[1]) / groups[2] - (groups[3] - groups[4]) / groups[5]
    assume(abs(p_value - 0.05) > 1e-9 and low != value and high != value)
    assert (p_value < 0.05) == (low > 0 or high < 0)


def test_difference_is_close_to_newcombe_where_nobody_is_negative():
    # The same recovery on other limits: close, not equal.
    limits = net_difference_interval(56, 0, 70, 48, 0, 80, method="mover")
    assert limits == pytest.approx(np.array(newcombe(56, 70, 48, 80)), abs=0.02)


@pytest.mark.parametrize("method", ["adjusted_wald", "score"])
@pytest.mark.parametrize("shares", [(0.5, 0.3, 0.2), (0.8, 0.15, 0.05), (0.1, 0.5, 0.4)])
def test_covers(simulate, method, shares):
    truth = shares[0] - shares[2]

    def batch(rng):
        draws = rng.multinomial(40, shares, size=20_000)
        low, high = net_interval(draws[:, 0], draws[:, 2], 40, method=method)
        return (low <= truth) & (truth <= high)

    assert_share(simulate(7, batch), 0.94, 0.96)


@pytest.mark.parametrize("n", [(40, 60), (300, 200)])
def test_differences_cover(simulate, n):
    def batch(rng):
        a, b = rng.multinomial(n[0], [0.5, 0.3, 0.2], 20_000), rng.multinomial(n[1], [0.4, 0.3, 0.3], 20_000)
        low, high = net_difference_interval(a[:, 0], a[:, 2], n[0], b[:, 0], b[:, 2], n[1])
        return (low <= 0.2) & (high >= 0.2)

    assert_share(simulate(8, batch), 0.945, 0.955)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((0, 0, 0), {}, "n must be above 0"),
        ((-1, 0, 5), {}, "up must be 0 or more; got -1"),
        ((1, -2, 5), {}, "down must be 0 or more; got -2"),
        ((4, 3, 5), {}, r"up \+ down must be at most n; got 7"),
        ((1, 0, 1), {"method": "wald"}, "n must be at least 2"),
        ((1, 0, 1), {"method": "t"}, "n must be above 1"),
        ((1, 0, 3), {"method": "normal"}, "method must be one of 'adjusted_t'.*got 'normal'"),
        ((1, 0, 3), {"level": 0}, "level must be between"),
        ((float("nan"), 0, 3), {}, "up must be finite"),
    ],
)
def test_a_call_without_an_answer_raises(arguments, options, message):
    with pytest.raises(ParameterError, match=message):
        net_interval(*arguments, **options)


def test_a_difference_without_an_answer_raises():
    with pytest.raises(ParameterError, match="n must be at least 2"):
        net_difference_interval(3, 1, 9, 1, 0, 1, method="wald")
    with pytest.raises(ParameterError, match="method must be one of 'adjusted_wald', 'wald', 'mover'; got 'score'"):
        net_difference_interval(3, 1, 9, 1, 0, 3, method="score")
    with pytest.raises(ParameterError, match="method must be one of 'adjusted_wald', 'wald'; got 'mover'"):
        net_difference_test(3, 1, 9, 1, 0, 3, method="mover")
    with pytest.raises(ParameterError, match="se must be above 0"):
        net_difference_test(9, 0, 9, 3, 0, 3, method="wald")
    with pytest.warns(ServiceQualityWarning, match="zero width"):
        net_difference_interval(9, 0, 9, 3, 0, 3, method="wald")
