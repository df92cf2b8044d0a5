"""Every example runs, and every column map in `examples/` can be read."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from servicequality.report.column_map import ColumnMap

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"


OF_A_LOG = EXAMPLES / "service_levels.py"
OF_MANY = EXAMPLES / "own_data.py"  # test_own_data


@pytest.mark.parametrize("path", sorted({*EXAMPLES.glob("*.py")} - {OF_A_LOG, OF_MANY}), ids=lambda path: path.name)
def test_a_program_runs_and_prints_a_table(path: Path, tmp_path: Path) -> None:
    assert "───" in printed_by(path, cwd=tmp_path)


def test_a_policy_stands_beside_the_logs_own_verdict(data_dir: Path, tmp_path: Path) -> None:
    printed = printed_by(OF_A_LOG, (data_dir / "servicenow_incident_events.parquet").resolve(), cwd=tmp_path)
    assert "63.42% of the incidents kept their promise" in printed


def printed_by(*command: Path, cwd: Path) -> str:
    ended = subprocess.run(
        [sys.executable, "-W", "error", *command],
        capture_output=True,
        encoding="utf-8",
        cwd=cwd,
        check=False,
        env=os.environ | {"PYTHONIOENCODING": "utf-8"},
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.toml")), ids=lambda path: path.name)
def test_a_column_map_says_how_it_is_used(path: Path) -> None:
    assert f"--map examples/{path.name}" in path.read_text(encoding="utf-8")
    assert {"ticket_id", "created_at"} <= ColumnMap.load(path).tickets.keys()
