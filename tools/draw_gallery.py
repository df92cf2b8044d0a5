"""Draw the pictures of the gallery and the tutorial, and put each with its alt text below the code that makes it.

Run: python tools/draw_gallery.py. The pictures are committed; a test draws one anew, and compares what all were drawn from.
"""

import contextlib
import hashlib
import json
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import altair as alt

from servicequality.report import svg

ROOT = Path(__file__).parent.parent
PAGES = (ROOT / "docs" / "gallery.md", ROOT / "docs" / "tutorial.md")
THEMES = ("light", "dark")

_BLOCK = re.compile(r"^```python\n(?P<code>.*?)^```\n(?P<pictures>(?:\n!\[[^\n]*\n)*)", re.MULTILINE | re.DOTALL)
_CALL = re.compile(r"^chart = report\.(?P<name>\w+)\(", re.MULTILINE)
_MARK = re.compile(r"<!-- drawn from (?P<source>[^ ]+) -->")


class Drawing(NamedTuple):
    """A chart of the page, and the end of the block that makes it."""

    name: str
    chart: Any
    end: int


def pictures_of(path: Path) -> Path:
    """The folder of a page's pictures."""
    return ROOT / "docs" / "assets" / path.stem


def drawings(path: Path) -> Iterator[Drawing]:
    """Run a page's code, top to bottom, in a folder of its own, and give each chart that it makes."""
    namespace: dict[str, Any] = {"__name__": "__page__"}
    taken: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as folder, _within(folder), contextlib.redirect_stdout(None):
        for block in _BLOCK.finditer(path.read_text(encoding="utf-8")):
            exec(compile(block["code"], str(path), "exec"), namespace)
            if call := _CALL.search(block["code"]):
                taken[call["name"]] = taken.get(call["name"], 0) + 1
                number = f"_{taken[call['name']]}" if taken[call["name"]] > 1 else ""
                yield Drawing(f"{call['name']}{number}", namespace["chart"], block.end("code"))


def source(chart: Any) -> str:
    """What a picture is drawn from, as a short text: the schema, and a digest of the chart with numbers of six digits."""
    spec = chart.to_dict(validate=False)
    sets = spec.pop("datasets", {})
    for unimportant in ("$schema", "config", "usermeta"):
        spec.pop(unimportant, None)
    text = json.dumps(_rounded([spec, *sets.values()]), sort_keys=True)
    for place, name in enumerate(sets):  # names of data are digests of numbers that were not rounded
        text = text.replace(name, f"data {place}")
    return f"{alt.SCHEMA_VERSION}:{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def drawn(chart: Any, theme: Any) -> str:
    """The picture, with what it was drawn from."""
    return f"{svg(chart, theme=theme)}\n<!-- drawn from {source(chart)} -->\n"


def source_of(picture: Path) -> str:
    """What a picture says that it was drawn from."""
    found = _MARK.search(picture.read_text(encoding="utf-8"))
    return found["source"] if found else ""


def with_pictures(path: Path, made: list[Drawing]) -> str:
    """The text of a page with each picture, light and dark, below its code."""
    page = path.read_text(encoding="utf-8")
    parts, start = [], 0
    by_end = {one.end: one for one in made}
    for block in _BLOCK.finditer(page):
        parts.append(page[start : block.start("pictures")])
        start = block.end("pictures")
        if one := by_end.get(block.end("code")):
            told = one.chart.description.replace("[", "(").replace("]", ")")
            parts += [f"\n![{told}](assets/{path.stem}/{one.name}-{theme}.svg#only-{theme})\n" for theme in THEMES]
    return "".join((*parts, page[start:]))


def _rounded(content: Any) -> Any:
    if isinstance(content, float):
        return float(f"{content:.6g}")
    if isinstance(content, dict):
        return {name: _rounded(value) for name, value in content.items()}
    return [_rounded(value) for value in content] if isinstance(content, list) else content


@contextlib.contextmanager
def _within(folder: str) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


if __name__ == "__main__":
    for written in PAGES:
        every, folder = list(drawings(written)), pictures_of(written)
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("*.svg"):
            old.unlink()
        for one in every:
            for theme in THEMES:
                picture = drawn(one.chart, theme)
                (folder / f"{one.name}-{theme}.svg").write_text(picture, encoding="utf-8", newline="\n")
        written.write_text(with_pictures(written, every), encoding="utf-8", newline="\n")
