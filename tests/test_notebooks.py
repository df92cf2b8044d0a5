"""Every notebook in `examples/` runs, cell by cell, and each cell shows what it ends with."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

NOTEBOOKS = sorted((Path(__file__).resolve().parent.parent / "examples" / "notebooks").glob("*.py"))
CELL = re.compile(r"^# %%(?P<kind> \[markdown\])?$", re.MULTILINE)


def cells(text: str) -> Iterator[tuple[int, str]]:
    """The line and the code of each cell that is no text."""
    marks = [*CELL.finditer(text)]
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    for mark, end in zip(marks, ends, strict=True):
        if mark["kind"] is None:
            yield text.count("\n", 0, mark.start()), text[mark.start() : end]


def shown(code: str, line: int, path: Path, namespace: dict[str, Any]) -> Any:
    """What a cell's last line is, run as a notebook runs it."""
    tree = ast.parse("\n" * line + code, str(path))
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, str(path), "exec"), namespace)
    if last is None:
        return None
    assert isinstance(last, ast.Expr)
    return eval(compile(ast.Expression(last.value), str(path), "eval"), namespace)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_shows_each_cell(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# %% [markdown]\n# # ")
    namespace: dict[str, Any] = {"__name__": "__notebook__"}
    drawn = [shown(code, line, path, namespace) for line, code in cells(text)]
    made = [result._repr_html_() for result in drawn if result is not None]
    assert len(made) >= 5
    assert not [
        content for content in made if "<script" in content or "http" in content.replace("http://www.w3.org", "")
    ]
    assert any(content.find('role="img"') > 0 for content in made)


def test_there_are_three() -> None:
    assert [path.stem for path in NOTEBOOKS] == ["reliability", "support_desk", "survey"]
