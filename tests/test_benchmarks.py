"""Every benchmark runs at a tiny size with its answers asserted equal. Nothing here is timed."""

import contextlib
import io
import multiprocessing
import os
import runpy
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"

TINY = {
    "agreement": ["--rows", "2000", "--runs", "1"],
    "evaluate": ["--rows", "20000", "--runs", "1", "--keys", "enum"],
    "survival": ["--rows", "20000", "--runs", "1"],
    "logrank": ["--rows", "2000", "--groups", "4", "--runs", "1"],
    "quantile_state": ["--rows", "1000", "--runs", "1"],
    "imports": ["--runs", "1"],
    "events": ["--rows", "1000", "--runs", "1"],
    "clocks": ["--rows", "1000", "--runs", "1"],
    "small_calls": ["--runs", "1"],
    "parts": ["--rows", "20000", "--runs", "1"],
    "flow": ["--rows", "1000", "--runs", "1"],
    "pareto": ["--rows", "1000", "--runs", "1"],
    "servqual": ["--rows", "1000", "--runs", "1", "--answers", "whole numbers"],
    "worktime": ["1000"],
}
fresh_interpreter = subprocess.run


def printed(script: str, *arguments: str) -> str:
    """What a script prints, run as from its command line, but in this process."""
    output, before = io.StringIO(), sys.argv
    sys.argv = [script, *arguments]
    try:
        with contextlib.redirect_stdout(output):
            runpy.run_path(script, run_name="__main__")
    finally:
        sys.argv = before
    return output.getvalue()


def started(command: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
    """A process that a benchmark starts: a script, for the memory that it takes, runs in this process instead."""
    if command[1] == "-c":
        return fresh_interpreter(command, **options)
    return subprocess.CompletedProcess(command, 0, printed(*command[1:]))


def prepare() -> None:
    """Let scripts find each other, and measure the memory of one contender."""
    sys.path.insert(0, str(BENCHMARKS))
    os.environ["BENCHMARK_PEAKS"] = "1"
    subprocess.run = started  # type: ignore[assignment]


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
