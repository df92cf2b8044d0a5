"""Every benchmark runs at a tiny size with its answers asserted equal. Nothing here is timed."""

import os
import subprocess
import sys
from pathlib import Path

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


def test_every_benchmark_is_run_here() -> None:
    assert {path.stem for path in BENCHMARKS.glob("*.py")} - {"measure"} == set(TINY)


@pytest.mark.parametrize("name", TINY)
def test_runs_and_its_contenders_agree(name: str) -> None:
    command = [sys.executable, BENCHMARKS / f"{name}.py", *TINY[name]]
    environment = os.environ | {"BENCHMARK_PEAKS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    assert done.stdout
