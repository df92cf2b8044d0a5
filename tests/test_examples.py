"""Every example runs, and every column map in `examples/` can be read."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from servicequality.report.column_map import ColumnMap

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.name)
def test_a_program_runs_and_prints_a_table(path: Path, tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-W", "error", path],
        capture_output=True,
        encoding="utf-8",
        cwd=tmp_path,
        check=False,
        env=os.environ | {"PYTHONIOENCODING": "utf-8"},
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "───" in ended.stdout


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.toml")), ids=lambda path: path.name)
def test_a_column_map_says_how_it_is_used(path: Path) -> None:
    assert f"--map examples/{path.name}" in path.read_text(encoding="utf-8")
    assert {"ticket_id", "created_at"} <= ColumnMap.load(path).tickets.keys()
