"""The long form of a simulation begins with the short one, and allows less."""

import numpy as np
import pytest

import simulation


def test_further_batches_follow_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    def batch(rng: np.random.Generator) -> np.ndarray:
        return rng.random((5, 2)) < 0.5

    monkeypatch.setattr(simulation, "BATCHES", 1)
    short = simulation.simulate(3, batch)
    monkeypatch.setattr(simulation, "BATCHES", 4)
    long = simulation.simulate(3, batch)
    assert (short.shape, long.shape) == ((5, 2), (20, 2))
    assert long[:5].tolist() == short.tolist() == batch(np.random.default_rng(3)).tolist()
    assert len({part.tobytes() for part in np.split(long, 4)}) == 4


def test_what_a_short_form_lets_pass_a_long_one_does_not() -> None:
    """93 of 100 may be 95 %: four standard errors are 0.087. 3,720 of 4,000 are not: four of them are 0.014."""
    held = np.repeat([1.0, 0.0], [93, 7])
    simulation.assert_share(held, 0.95, 0.95)
    with pytest.raises(
        AssertionError, match=r"0\.9300 of 4000 draws; claimed are 0\.95 to 0\.95, so 0\.9362 to 0\.9638"
    ):
        simulation.assert_share(np.tile(held, 40), 0.95, 0.95)
    simulation.assert_share(np.tile(held, 40), 0.92, 0.95)
    with pytest.raises(AssertionError, match="claimed are 0 to"):
        simulation.assert_share(np.tile(1 - held, 40), 0, 0.05)


def test_points_of_one_draw_count_as_one() -> None:
    """Ten draws of many points each, which go together, are ten: their own spread says how far they lie apart."""
    alarms = np.array([0.0, 0.2] * 5)
    simulation.assert_share(alarms, 0.2, 0.2)
    with pytest.raises(AssertionError, match=r"so 0\.1735 to"):
        simulation.assert_share(alarms, 0.3, 0.3)
