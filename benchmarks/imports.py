"""What `import servicequality` costs above importing polars and numpy, in fresh interpreters in turn.

Run: python benchmarks/imports.py [--runs 15]
"""

import argparse
import os
import statistics
import subprocess
import sys

TIMED = "import time; begin = time.perf_counter(); import polars, numpy{}; print(time.perf_counter() - begin)"


def seconds(also: str) -> float:
    command = [sys.executable, "-c", TIMED.format(also)]
    # As anybody runs it: compiled once, and not anew by each interpreter.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return float(subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout)


def measure(runs: int) -> tuple[float, float]:
    """Median seconds of polars and numpy alone, and with us."""
    pairs = [(seconds(""), seconds(", servicequality")) for _ in range(runs)]
    alone, with_us = zip(*pairs, strict=True)
    return statistics.median(alone), statistics.median(with_us)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=15)
    runs = parser.parse_args().runs
    before, after = measure(runs)
    print(f"polars and numpy {before:.3f} s, with servicequality {after:.3f} s: {after - before:+.3f} s, {runs} runs")
