"""The one-factor model: factor_analyzer and the normal likelihood as oracles, laws, improper solutions, bad input."""

import warnings

import numpy as np
import pytest
from factor_analyzer import FactorAnalyzer

from servicequality.errors import ParameterError
from servicequality.stats import correlation, covariance, mcdonald_omega, omega_of_loadings, one_factor


def items(rows: int, loadings: tuple[float, ...], seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    lam = np.array(loadings)
    answers = rng.normal(size=(rows, 1)) * lam + rng.normal(size=(rows, lam.size)) * np.sqrt(1 - lam**2)
    return np.clip(np.round(4 + 1.2 * answers), 1, 7)


def discrepancy(s, loadings, residuals):
    """What maximum likelihood makes small: log |Σ| + tr(S Σ⁻¹)."""
    model = np.outer(loadings, loadings) + np.diag(residuals)
    return np.linalg.slogdet(model)[1] + np.trace(s @ np.linalg.inv(model))


@pytest.mark.parametrize(
    ("seed", "loadings"), [(1, (0.8, 0.7, 0.6, 0.5)), (2, (0.9, 0.2, 0.5, 0.7, 0.4, 0.6)), (3, (0.6,) * 9)]
)
def test_loadings_are_those_of_factor_analyzer(seed, loadings):
    answers = items(300, loadings, seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = FactorAnalyzer(n_factors=1, rotation=None, method="ml").fit(answers).loadings_[:, 0]
    theirs = theirs * np.sign(theirs.sum())
    r = correlation(covariance(answers))
    assert one_factor(r).loadings == pytest.approx(theirs, abs=2e-4)
    ours = one_factor(r)
    assert discrepancy(r, ours.loadings, ours.residuals) <= discrepancy(r, theirs, 1 - theirs**2) + 1e-12


@pytest.mark.parametrize("seed", range(6))
def test_nothing_nearby_is_likelier(seed):
    s = covariance(items(60, (0.8, 0.7, 0.6, 0.5, 0.4), seed))
    fitted = one_factor(s)
    best = discrepancy(s, fitted.loadings, fitted.residuals)
    rng = np.random.default_rng(seed)
    for size in (1e-1, 1e-3):
        for _ in range(50):
            moved = fitted.loadings * (1 + size * rng.normal(size=5)), fitted.residuals * (1 + size * rng.random(5))
            assert discrepancy(s, *moved) >= best - 1e-12
    # The model keeps every variance, which is a condition of the maximum.
    assert fitted.loadings**2 + fitted.residuals == pytest.approx(np.diag(s))


def test_a_model_that_holds_is_found_again_and_omega_is_its_reliability():
    lam, psi = np.array([0.9, 1.4, 0.5, 0.8]), np.array([0.3, 0.9, 1.1, 0.4])
    s = np.outer(lam, lam) + np.diag(psi)
    fitted = one_factor(s)
    assert fitted.loadings == pytest.approx(lam)
    assert fitted.residuals == pytest.approx(psi)
    assert not fitted.improper
    assert mcdonald_omega(s) == pytest.approx(lam.sum() ** 2 / s.sum())


def test_three_items_have_loadings_by_hand():
    s = covariance(items(200, (0.8, 0.7, 0.6), seed=4))
    assert one_factor(s).loadings[0] == pytest.approx(np.sqrt(s[0, 1] * s[0, 2] / s[1, 2]))


def test_units_change_raw_omega_alone():
    s = covariance(items(150, (0.8, 0.7, 0.6, 0.5), seed=5))
    units = np.array([1.0, 10.0, 0.1, 3.0])
    other = s * np.outer(units, units)
    assert one_factor(other).loadings == pytest.approx(one_factor(s).loadings * units)
    assert mcdonald_omega(other, standardised=True) == pytest.approx(float(mcdonald_omega(s, standardised=True)))
    assert mcdonald_omega(other) != pytest.approx(float(mcdonald_omega(s)))
    assert mcdonald_omega(s * 7) == pytest.approx(float(mcdonald_omega(s)))


def test_an_item_that_points_the_other_way_keeps_its_sign():
    answers = items(200, (0.8, 0.7, 0.6, 0.5), seed=6)
    answers[:, 2] = 8 - answers[:, 2]
    fitted = one_factor(covariance(answers))
    assert fitted.loadings[2] < 0 < fitted.loadings[0]


def test_groups_are_fitted_at_once():
    stack = np.stack([covariance(items(50, (0.8, 0.7, 0.6, 0.5), seed)) for seed in range(8)])
    assert mcdonald_omega(stack.reshape(2, 4, 4, 4)).ravel() == pytest.approx([float(mcdonald_omega(s)) for s in stack])


def test_items_that_share_nothing_are_fitted_all_the_same():
    # Valleys of their likelihood are nearly flat and lead to improper solutions.
    rng = np.random.default_rng(7)
    stack = np.stack([covariance(rng.integers(1, 8, (100, 5))) for _ in range(200)])
    fitted = one_factor(stack)
    assert 0 < fitted.improper.mean() < 1
    assert ((mcdonald_omega(stack) >= 0) & (mcdonald_omega(stack) < 1)).all()


def test_an_improper_solution_is_flagged():
    r = np.array([[1, 0.8, 0.8], [0.8, 1, 0.5], [0.8, 0.5, 1]])  # the first would have a loading of 1.13
    fitted = one_factor(r)
    assert fitted.improper
    assert fitted.residuals[0] == pytest.approx(0.005)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: one_factor(np.eye(2)), "at least 3 items; got 2"),
        (lambda: one_factor(np.diag([1.0, 1.0, 0.0])), "an item without variance"),
        (lambda: one_factor(np.ones((3, 3))), "an item is a copy or a sum of others"),
        (lambda: omega_of_loadings(0.5, 0.5), "one value an item along the last axis"),
        (lambda: omega_of_loadings([0.5, 0.5], [0.5, -0.1]), "residuals must be 0 or more"),
        (lambda: omega_of_loadings([0, 0], [0, 0]), "nothing varies"),
    ],
)
def test_bad_calls_say_what_is_wrong(call, message):
    with pytest.raises(ParameterError, match=message):
        call()
