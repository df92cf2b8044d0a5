"""Every benchmark runs at a tiny size with its answers asserted equal. Nothing here is timed."""

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

import pytest

from scripts_in_one_process import BENCHMARKS, prepare, printed

TINY = {
    "agreement": ["--rows", "300", "--runs", "1"],
    "evaluate": ["--rows", "20000", "--runs", "1", "--keys", "enum"],
    "survival": ["--rows", "20000", "--runs", "1"],
    "logrank": ["--rows", "400", "--groups", "4", "--runs", "1"],
    "quantile_state": ["--rows", "1000", "--runs", "1"],
    "imports": ["--runs", "1"],
    "events": ["--rows", "1000", "--runs", "1"],
    "clocks": ["--rows", "1000", "--runs", "1"],
    "overview": ["--rows", "1000", "--runs", "1"],
    "small_calls": ["--runs", "1"],
    "parts": ["--rows", "5000", "--runs", "1"],
    "from_events": ["--rows", "1000", "--runs", "1"],
    "flow": ["--rows", "1000", "--runs", "1"],
    "pareto": ["--rows", "1000", "--runs", "1"],
    "servqual": ["--rows", "200", "--runs", "1", "--answers", "whole numbers"],
    "worktime": ["1000"],
}


@pytest.fixture(scope="module")
def other_process() -> Iterator[ProcessPoolExecutor]:
    """A process that runs scripts one after the other: the packages that they race against take seconds to import."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn, initializer=prepare) as executor:
        yield executor


def test_every_benchmark_is_run_here() -> None:
    assert {path.stem for path in BENCHMARKS.glob("*.py")} - {"measure"} == set(TINY)


@pytest.mark.parametrize("name", TINY)
def test_runs_and_its_contenders_agree(name: str, other_process: ProcessPoolExecutor) -> None:
    assert other_process.submit(printed, str(BENCHMARKS / f"{name}.py"), *TINY[name]).result()
