"""Where the outside cases and data lie, how many workers there are, and which tests simulate."""

import functools
import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import drawing  # noqa: F401  # loads the profile of hypothesis
import simulation

ROOT = Path(__file__).resolve().parent.parent


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Share the whole suite out among a worker a core, unless something else is said (`-n 0`); a part of it runs here."""
    if hasattr(config, "workerinput"):  # this is one of the workers
        return
    whole = config.args_source is not config.ArgsSource.ARGS
    if whole and getattr(config.option, "numprocesses", 0) is None and not config.getoption("collectonly"):
        config.option.numprocesses, config.option.dist = "auto", "worksteal"


@pytest.fixture
def simulate() -> simulation.Simulate:
    """Draw a batch and, in `nox -s simulations`, many more of it: `simulate(seed, batch)`."""
    return simulation.simulate


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that simulates, so that `-m simulation` runs these alone."""
    for item in items:
        if "simulate" in getattr(item, "fixturenames", ()):
            item.add_marker("simulation")


def pytest_collection_finish() -> None:
    """Take modules and tests, which live to the end, out of every later search for garbage: it was a sixth of the time."""
    _first_example()  # hypothesis looks for who holds its random numbers, which it would not find among what is frozen
    gc.collect()
    gc.freeze()


@given(st.none())
def _first_example(_nothing: None) -> None:
    pass


def pytest_sessionfinish() -> None:
    """Put them back, so that what is left open at the end is seen."""
    gc.unfreeze()


@pytest.fixture(scope="module")
def one_desk() -> Iterator[None]:
    """Simulate each desk once, however many examples begin with it: the same arguments give the same frames."""
    from servicequality import datasets
    from servicequality.datasets import desk

    with pytest.MonkeyPatch.context() as patch:
        once = functools.cache(datasets.service_desk_with_truth)
        for module in (datasets, desk):
            patch.setattr(module, "service_desk_with_truth", once)
        yield


def _outside(variable: str, default: str) -> Path:
    path = Path(os.environ.get(variable, ROOT / default))
    if not path.is_dir():
        pytest.skip(f"{path} is absent: set {variable} to the folder to run this test")
    return path


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Real exports and surveys, which stay outside the repository."""
    return _outside("SERVICEQUALITY_DATA", "../shared/data")


@pytest.fixture(scope="session")
def cases_dir() -> Path:
    """Numeric cases that the library must meet."""
    return _outside("SERVICEQUALITY_CASES", "../shared/cases")
