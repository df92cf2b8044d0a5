"""The drawn page's picture is what the code draws, and shows what the page says."""

import importlib.util
from pathlib import Path
from typing import Any

import altair as alt
import numpy as np
import pytest

from servicequality.report import charts

ROOT = Path(__file__).resolve().parent.parent


def loaded(name: str) -> Any:
    """The tool of that name."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    return tool


def drawn_by(name: str) -> Any:
    """The tool of that name, whose picture is the committed one."""
    tool = loaded(name)
    assert tool.PICTURE.read_text(encoding="utf-8") == tool.picture(), f"run python tools/{name}.py"
    return tool


def test_kaplan_meier_recovers_the_truth_where_closed_tickets_fail() -> None:
    drawing = drawn_by("draw_survival")

    result = drawing.curves()
    days = np.linspace(0.1, 3, 50)

    def at(name: str, part: int = 1) -> np.ndarray:
        curve = result[name]
        return np.append(1.0, curve[part])[np.searchsorted(curve[0], days, side="right")]

    truth, low, high = at("truth"), at("Kaplan-Meier", 2), at("Kaplan-Meier", 3)
    assert ((low <= truth) & (truth <= high)).all()
    closed = at("closed tickets alone")
    assert (closed[days > 1] < low[days > 1]).all()


def test_limits_hold_the_truth_of_small_samples_and_of_nobody_who_kept_silent() -> None:
    drawing = drawn_by("draw_limits")

    truth, (before, now, answered) = drawing.panels()
    misses = [drawing.missed(truth, panel).sum() for panel in (before, now, answered)]
    assert misses[1] < misses[0]
    assert misses[1] <= 0.05 * len(now.mean)
    assert drawing.missed(truth, answered)[2:].all()  # more answers do not help
    assert (before.low == before.high).any()
    assert (now.low < now.high).all()


@pytest.mark.parametrize("name", ["gallery", "tutorial"])
def test_a_page_shows_what_its_code_draws(name: str) -> None:
    tool, path = loaded("draw_gallery"), ROOT / "docs" / f"{name}.md"
    made = list(tool.drawings(path))
    assert tool.with_pictures(path, made) == path.read_text(encoding="utf-8"), "run python tools/draw_gallery.py"
    committed = {one.stem: tool.source_of(one) for one in tool.pictures_of(path).glob("*.svg")}
    assert committed.keys() == {f"{one.name}-{theme}" for one in made for theme in tool.THEMES}
    if {source.partition(":")[0] for source in committed.values()} != {alt.SCHEMA_VERSION}:
        pytest.skip("the pictures were drawn by another version of Altair")
    expected = {f"{one.name}-{theme}": tool.source(one.chart) for one in made for theme in tool.THEMES}
    assert committed == expected, "run python tools/draw_gallery.py"
    first = made[0]
    for theme in tool.THEMES:
        picture = (tool.pictures_of(path) / f"{first.name}-{theme}.svg").read_text(encoding="utf-8")
        assert picture == tool.drawn(first.chart, theme)


def test_every_chart_stands_in_the_gallery() -> None:
    page = (ROOT / "docs" / "gallery.md").read_text(encoding="utf-8")
    assert [name for name in charts.__all__ if f"`{name}`" not in page] == []
