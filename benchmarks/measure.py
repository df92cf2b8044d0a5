"""How the benchmarks measure. Lives here: timing side by side, peak memory, printing. Never: a contender."""

import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import polars as pl

Calls = Mapping[str, Callable[[], object]]

PEAKS = int(os.environ.get("BENCHMARK_PEAKS", "1000"))
"""Of how many contenders the memory is measured: each takes a process that imports every package. The tests ask for one."""


def race(calls: Calls, runs: int) -> dict[str, float]:
    """Median seconds of each call. Every round runs all of them in turn, so that a drifting machine hits all alike."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for call in calls.values():
        call()
    for _ in range(runs):
        for name, call in calls.items():
            begin = time.perf_counter()
            call()
            times[name].append(time.perf_counter() - begin)
    return {name: statistics.median(taken) for name, taken in times.items()}


def growth(call: Callable[[], object]) -> float:
    """How many MB resident memory rises at most in a call above what the process held before (Linux).

    Not `ru_maxrss`, which a process inherits from the one that started it.
    """
    process = Path("/proc/self")
    (process / "clear_refs").write_text("5")  # the peak starts anew
    before = _peak_kb(process)
    call()
    return (_peak_kb(process) - before) / 1024


def _peak_kb(process: Path) -> int:
    return next(int(line.split()[1]) for line in (process / "status").read_text().splitlines() if "VmHWM" in line)


def peaks(script: str, names: Iterable[str], frame: pl.DataFrame) -> dict[str, float]:
    """`growth` of each contender in a process of its own, which `script --peak name file` prints; NaN after `PEAKS`."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rows.parquet"
        frame.write_parquet(file)
        grown = dict.fromkeys(names, math.nan)
        for name in list(grown)[:PEAKS]:
            command = [sys.executable, script, "--peak", name, str(file)]
            grown[name] = float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        return grown


def show(title: str, times: Mapping[str, float], floor: str, memory: Mapping[str, float]) -> None:
    """One line a contender: milliseconds, how many times the floor, and the memory above the data's own."""
    print(f"\n{title}\n{'':34}{'ms':>10}{'x ' + floor:>16}{'peak MB':>10}")
    for name, taken in times.items():
        print(f"{name:34}{taken * 1e3:10.1f}{taken / times[floor]:16.2f}{memory[name]:10.0f}")
