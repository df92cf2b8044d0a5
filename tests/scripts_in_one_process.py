"""Scripts as from their command line, one after the other in a process of their own."""

import contextlib
import io
import os
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
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
