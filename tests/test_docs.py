"""Every Python example of the README and the docs runs, top to bottom, and prints what the page says that it prints."""

import contextlib
import io
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
GALLERY = ROOT / "docs" / "gallery.md"  # runs where its pictures are compared, in test_pictures.py
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted({*(ROOT / "docs").rglob("*.md")} - {GALLERY})]

FENCE = re.compile(r"^(?P<indent> *)```(?P<info>\S.*)\n(?P<body>(?:.*\n)*?)(?P=indent)```[ ]*$", re.MULTILINE)
NO_RUN = re.compile(r'python no-run="(?P<reason>[^"\n]+)"')


@dataclass(frozen=True)
class Example:
    """A block of Python, the line where it begins, and what it is said to print (None where the page does not say)."""

    code: str
    line: int
    output: str | None = None


def examples(page: str) -> Iterator[Example]:
    """The examples of a page. A `text` block straight after a `python` block is its output."""
    result = [*FENCE.finditer(page)]
    for fence, following in zip_longest(result, result[1:]):
        if fence["info"] == "python":
            line = page.count("\n", 0, fence.start("body"))
            adjacent = following is not None and not page[fence.end() : following.start()].strip()
            told = following is not None and adjacent and following["info"] == "text"
            output = textwrap.dedent(following["body"]) if told and following is not None else None
            yield Example(textwrap.dedent(fence["body"]), line, output)
        elif fence["info"].startswith("python") and not NO_RUN.fullmatch(fence["info"]):
            raise ValueError(f'```{fence["info"]}: write ```python, or say why not: ```python no-run="a reason"')


def run(example: Example, page: str, namespace: dict[str, Any]) -> str:
    """What an example prints. Its lines keep their numbers, so that a traceback points into the page."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile("\n" * example.line + example.code, page, "exec"), namespace)
    return printed.getvalue()


def lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.rstrip().splitlines()]


@pytest.mark.usefixtures("one_desk")
@pytest.mark.parametrize("path", [pytest.param(path, id=path.relative_to(ROOT).as_posix()) for path in PAGES])
def test_page(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, Any] = {"__name__": "__page__"}
    for example in examples(path.read_text(encoding="utf-8")):
        printed = run(example, str(path), namespace)
        if example.output is not None:
            assert lines(printed) == lines(example.output), f"{path}:{example.line + 1} prints\n{printed}"


def test_an_example_keeps_its_line_and_finds_its_output() -> None:
    example, output = "```python\nprint('a ')\n```\n", "```text\na\n```\n"
    page = f"# Page\n\n{example}\n{output}\n- x\n\n  ```python\n  x = 1\n  ```\n\nWords, then no output.\n\n{output}"
    first, second = examples(page)
    assert first == Example("print('a ')\n", 3, "a\n")
    assert second == Example("x = 1\n", 13, None)
    assert lines(run(first, "page", {})) == lines("a\n")


def test_an_example_that_is_not_run_needs_a_reason() -> None:
    assert [*examples('```python no-run="needs a cluster"\nspark\n```\n')] == []
    with pytest.raises(ValueError, match="say why not"):
        [*examples("```python title='x'\npass\n```\n")]
