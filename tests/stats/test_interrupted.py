"""Interrupted series and difference in differences against statsmodels; false alarms of both by simulation."""

import numpy as np
import pytest

from servicequality.errors import ParameterError
from servicequality.stats import difference_in_differences, interrupted_series
from simulation import assert_share


def series(rng, n, rho, size):
    """Series whose neighbouring errors are alike."""
    errors = rng.normal(size=(size, n + 50))
    for t in range(1, n + 50):
        errors[:, t] += rho * errors[:, t - 1]
    return errors[:, 50:]


def test_level_and_slope_are_statsmodels_gls():
    from statsmodels.regression.linear_model import GLS

    y = 50 + 0.3 * np.arange(60) + series(np.random.default_rng(1), 60, 0.5, 1)[0]
    y[30:] += 4 - 0.2 * np.arange(30)
    result = interrupted_series(y, 30)
    t = np.arange(60)
    design = np.column_stack((np.ones(60), t, t >= 30, np.maximum(t - 30, 0)))
    theirs = GLS(y, design, sigma=result.rho ** np.abs(np.subtract.outer(t, t))).fit()
    assert (result.level_change, result.se) == pytest.approx((theirs.params[2], theirs.bse[2]), rel=1e-9)
    assert (result.slope_change, result.slope_se) == pytest.approx((theirs.params[3], theirs.bse[3]), rel=1e-9)
    assert (result.low, result.high) == pytest.approx(tuple(theirs.conf_int()[2]), rel=1e-9)
    assert result.p == pytest.approx(theirs.pvalues[2], rel=1e-9)


def test_gaps_are_those_of_statsmodels_gls():
    from statsmodels.regression.linear_model import GLS

    y = 50 + 0.3 * np.arange(60) + series(np.random.default_rng(1), 60, 0.5, 1)[0]
    t = np.delete(np.arange(60), [0, 7, 8, 9, 30, 41])
    gappy = np.full(60, np.nan)
    gappy[t] = y[t]
    result = interrupted_series(gappy, 30)
    design = np.column_stack((np.ones(54), t, t >= 30, np.maximum(t - 30, 0)))
    theirs = GLS(y[t], design, sigma=result.rho ** np.abs(np.subtract.outer(t, t))).fit()
    assert (result.level_change, result.se) == pytest.approx((theirs.params[2], theirs.bse[2]), rel=1e-9)
    assert (result.low, result.high) == pytest.approx(tuple(theirs.conf_int()[2]), rel=1e-9)
    errors = y[t] - design @ np.linalg.lstsq(design, y[t], rcond=None)[0]
    near = np.diff(t) == 1
    alike = (errors[1:] * errors[:-1])[near].mean() / (errors @ errors / 53)  # of neighbours without a gap between
    assert result.rho == pytest.approx((54 * alike + 5) / 49)


def test_gaps_raise_no_more_false_alarms(simulate):
    def batch(rng):
        many = series(rng, 80, 0.5, 400)
        many[rng.random(many.shape) < 0.1] = np.nan
        return [interrupted_series(y, 40).p < 0.05 for y in many]

    assert_share(simulate(5, batch), 0.05, 0.08)  # as without gaps


def test_neighbours_that_are_alike_raise_few_false_alarms(simulate):
    drawn = simulate(2, lambda rng: [interrupted_series(y, 40).p < 0.05 for y in series(rng, 80, 0.5, 400)])
    assert_share(drawn, 0.05, 0.08)  # least squares that takes no notice of them: one in four


def test_difference_in_differences_is_hc0():
    from statsmodels.regression.linear_model import OLS

    rng = np.random.default_rng(3)
    cells = [rng.normal(mean, 1 + mean / 5, n) for mean, n in ((14, 12), (20, 15), (19, 30), (22, 9))]
    effect, se, _ = difference_in_differences(
        *(cell.mean() for cell in cells), squares=[cell.var() / len(cell) for cell in cells]
    )
    treated, late = np.repeat([1, 1, 0, 0], [12, 15, 30, 9]), np.repeat([1, 0, 1, 0], [12, 15, 30, 9])
    design = np.column_stack((np.ones(66), treated, late, treated * late))
    theirs = OLS(np.concatenate(cells), design).fit(cov_type="HC0")
    assert (effect, se) == pytest.approx((theirs.params[3], theirs.bse[3]), rel=1e-9)


def test_difference_in_differences_is_covered(simulate):
    def batch(rng):
        many = rng.normal([[[0]], [[1]], [[5]], [[3]]], 2, (4, 2_000, 60))  # truth: (0 - 1) - (5 - 3) = -3
        _, _, (low, high) = difference_in_differences(*many.mean(axis=2), squares=many.var(axis=2) / 60)
        return (low <= -3) & (high >= -3)

    assert_share(simulate(3, batch), 0.94, 0.95)  # of HC0 and the normal quantile, 240 rows


def test_faults_of_the_call():
    y = np.random.default_rng(4).normal(size=60)
    with pytest.raises(ParameterError, match=r"needs 40 points .* got 39: take shorter periods or a longer history"):
        interrupted_series(y[:39], 20)
    with pytest.raises(ParameterError, match="two points on either side, from 2 to 58; got 59"):
        interrupted_series(y, 59)
    with pytest.raises(ParameterError, match="y must vary about its lines"):
        interrupted_series(np.ones(60), 30)
    with pytest.raises(ParameterError, match="y must be finite"):
        interrupted_series([*y[:50], np.inf], 20)
    with pytest.raises(ParameterError, match="needs 40 points"):
        interrupted_series(np.where(np.arange(60) < 39, y, np.nan), 20)  # gaps do not count
    with pytest.raises(ParameterError, match="from 3 to 57; got 2"):
        interrupted_series([np.nan, *y[:2], np.nan, *y[:54], np.nan, 1.0], 2)
    with pytest.raises(ParameterError, match="y has no two neighbouring points"):
        interrupted_series(np.where(np.arange(100) % 2, np.nan, np.resize(y, 100)), 20)
    with pytest.raises(ParameterError, match="y must have one axis"):
        interrupted_series(y.reshape(2, 30), 20)
    with pytest.raises(ParameterError, match="squares must hold four errors"):
        difference_in_differences(1, 2, 3, 4, squares=[1, 2])
