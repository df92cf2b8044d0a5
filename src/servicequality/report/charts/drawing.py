"""Charts as SVG, PNG and PDF, without a network: the themes, and what no picture may hold."""

import html
import re
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from servicequality.checks import choice, first_line, shown
from servicequality.errors import ParameterError
from servicequality.report.charts import style

if TYPE_CHECKING:
    import altair as alt

__all__ = ["Theme", "pdf", "png", "svg"]

Theme: TypeAlias = Literal["light", "dark", "inherit"]

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML cannot hold. The drawing library ends the whole process by a null byte."""

_OF_MARKS = re.compile(r' (?:role|aria-[a-z]+)="[^"]*"')

# Ground, text, lines of the grid, lines of axes. "inherit" takes the colour of the text around it.
_COLOURS: Mapping[str, tuple[str | None, str, str, str]] = {
    "light": ("#FFFFFF", "#1A1A1A", "#E3E6E9", "#9AA0A6"),
    "dark": ("#15181C", "#E8EAED", "#2F353B", "#7A8087"),
    "inherit": (None, "currentColor", "rgba(128,128,128,0.25)", "rgba(128,128,128,0.7)"),
}


def svg(chart: "alt.TopLevelMixin", *, theme: Theme = "light") -> str:
    """A chart as SVG text with its alt text, safe to put into a page whatever its names contain.

    Args:
        chart: an Altair chart.
        theme: "light", "dark", or "inherit": no ground, and texts in the colour of those around the picture.

    Raises:
        ParameterError: vl-convert, which draws it, is not installed, or the chart cannot be drawn.
    """
    choice("theme", theme, tuple(_COLOURS))
    spec = _themed(chart, theme)
    drawn: str = _converted("svg", spec)
    return _described(drawn, spec.get("description"))


def png(chart: "alt.TopLevelMixin", *, theme: Literal["light", "dark"] = "light", scale: float = 2.0) -> bytes:
    """A chart as the bytes of a PNG file.

    Args:
        chart: an Altair chart; its alt text is `chart.description`.
        theme: "light" or "dark".
        scale: pixels of the picture for each of the chart's.

    Raises:
        ParameterError: as for `svg`, or a scale that is not above 0 and at most 10.
    """
    choice("theme", theme, ("light", "dark"))
    if isinstance(scale, bool) or not isinstance(scale, int | float) or not 0 < scale <= 10:
        raise ParameterError(f"scale must be a number above 0 and at most 10, got {shown(scale)}")
    drawn: bytes = _converted("png", _themed(chart, theme), scale=float(scale))
    return drawn


def pdf(chart: "alt.TopLevelMixin", *, theme: Literal["light", "dark"] = "light") -> bytes:
    """A chart as the bytes of a PDF file.

    Args:
        chart: an Altair chart.
        theme: "light" or "dark".

    Raises:
        ParameterError: as for `svg`.
    """
    choice("theme", theme, ("light", "dark"))
    drawn: bytes = _converted("pdf", _themed(chart, theme))
    return drawn


def _converted(kind: str, spec: dict[str, Any], **options: Any) -> Any:
    try:
        library = import_module("vl_convert")
    except ImportError as error:
        raise ParameterError(
            f"{kind} needs vl-convert-python, which is not installed: pip install 'servicequality[plot]'"
        ) from error
    version = "_".join(style.altair().SCHEMA_VERSION.split(".")[:2])
    try:
        return getattr(library, f"vegalite_to_{kind}")(spec, vl_version=version, **options)
    except ValueError as error:
        raise ParameterError(f"the chart cannot be drawn: {first_line(error)}") from error


def _themed(chart: "alt.TopLevelMixin", theme: str) -> dict[str, Any]:
    """The chart's specification with the colours of a theme; what the chart itself configures stays."""
    alt = style.altair()
    if not isinstance(chart, alt.TopLevelMixin):
        raise ParameterError(f"expected an Altair chart, got {shown(chart)}")
    try:
        with alt.data_transformers.enable("default", consolidate_datasets=True, max_rows=None):
            spec = _clean(chart.to_dict(validate=False))  # what draws it reads it with care, and more quickly
    except (TypeError, ValueError) as error:  # an invalid specification, or data of no such kind
        raise ParameterError(f"the chart cannot be drawn: {first_line(error)}") from error
    ground, text, grid, domain = _COLOURS[theme]
    small = {
        "labelColor": text,
        "titleColor": text,
        "labelFontSize": 11,
        "titleFontSize": 11,
        "titleFontWeight": "normal",
    }
    own: dict[str, Any] = {
        "background": ground,
        "font": "sans-serif",
        "title": {"color": text, "subtitleColor": text, "fontSize": 13, "subtitleFontSize": 11, "subtitlePadding": 4,
                  "offset": 10},
        "axis": {**small, "gridColor": grid, "domainColor": domain, "tickColor": domain},
        "header": {"labelColor": text, "titleColor": text, "labelFontSize": 12},
        "legend": small,
        "text": {"color": text, "fontSize": 11},
        "rule": {"color": text},
        "tick": {"color": text},
        "view": {"stroke": None},
    }  # fmt: skip
    return {"padding": 10, **spec, "config": _merged(own, spec.get("config", {}))}


def _merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Two configurations, the second of which wins."""
    both = {**under, **over}
    nested = [name for name in under if isinstance(under[name], Mapping) and isinstance(over.get(name), Mapping)]
    return both | {name: {**under[name], **over[name]} for name in nested}


def _clean(content: Any) -> Any:
    """A specification without letters that no picture may hold."""
    if isinstance(content, str):
        return _FORBIDDEN.sub("\ufffd", content)
    if isinstance(content, Mapping):
        return {_clean(name): _clean(value) for name, value in content.items()}
    if isinstance(content, list | tuple):
        return [_clean(value) for value in content]
    return content


def _described(drawn: str, description: str | None) -> str:
    """The picture as one image with an alt text, in place of a text for every mark."""
    if not description:
        return drawn
    drawn = _OF_MARKS.sub("", drawn)
    told = html.escape(description, quote=True)
    return drawn.replace("<svg ", f'<svg role="img" aria-label="{told}" ', 1)
