"""What the charts share: colours, sizes, the import of Altair, titles, axes, labels."""

import textwrap
from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple, overload

import polars as pl

from servicequality.core import require_columns
from servicequality.errors import InputError, ParameterError
from servicequality.model import as_frame
from servicequality.report import figures

if TYPE_CHECKING:
    import altair as alt

__all__ = [
    "CONTRAST", "DASH", "FULL", "GREY", "GROUP", "LONGEST", "MAIN", "NONE", "PALE", "PERCENT", "PLAIN", "ROW_HEIGHT", "SIGNED",
    "WIDTH", "Unit", "altair", "axis", "capital", "faint", "heading", "label", "labels", "level_of", "measured",
    "measures_told", "panels", "stacked", "unit_of", "zero_line",
]  # fmt: skip

# Near Okabe and Ito's blue and vermilion (2008): apart for every kind of colour vision, and at least 3 to 1 against
# white and against the dark ground alike, so that one chart is drawn on both. Texts take the theme's own colour.
MAIN = "#1B7FBF"
CONTRAST = "#D55E00"
GREY = "#7A8087"
PALE = 0.45
"""Opacity of a mark that stands behind another."""
DASH = [5, 4]

WIDTH = 300
"""Width of a plot beside its axis, in pixels: with the axis, what a telephone shows."""
FULL = 340
"""Width of a plot without an axis at its side."""
ROW_HEIGHT = 34
"""Height of a row of dimensions, in pixels."""

NONE = "(none)"
GROUP = "servicequality_group"
"""What the column of groups is called in a chart, whatever its own name."""

_TITLE, _SUBTITLE = 46, 66  # characters of a line
LONGEST = 60  # characters of a name
_JOINERS = "\u200c\u200d"  # of Persian words and of emoji: not printable by themselves
_LINES = 6
_TOLD = 15  # figures in an alt text

PLAIN = "format(datum.value, ',.12~g')"
"""Labels of an axis of numbers: whole, with marks between thousands."""
PERCENT = f"{PLAIN} + '%'"
SIGNED = "datum.value == 0 ? '0' : format(datum.value, '+.2~f')"
"""Labels of an axis of differences."""


def altair() -> Any:
    """The module that draws, or an error that says how to get it."""
    try:
        return import_module("altair")
    except ImportError as error:
        raise ParameterError(
            "charts need altair, which is not installed: pip install 'servicequality[plot]'"
        ) from error


class Unit(NamedTuple):
    """The unit in which a reader sees figures.

    Attributes:
        factor: what a figure is multiplied by.
        title: the unit as the title of an axis; None where the labels have it.
        mark: what stands behind each label.
        scale: the scale of durations, for `figures`.
    """

    factor: float
    title: str | None
    mark: str
    scale: tuple[float, str] | None

    def axis(self, **options: Any) -> dict[str, Any]:
        """An axis in this unit."""
        text = PLAIN + (f" + '{self.mark}'" if self.mark else "")
        return axis(options.pop("title", self.title), **{"labelExpr": text, **options})

    def figures(self, *names: str) -> list[pl.Expr]:
        """Columns of figures in this unit, finite or null."""
        numbers = [pl.col(name).cast(pl.Float64) for name in names]
        return [pl.when(number.is_finite()).then(number * self.factor) for number in numbers]


def unit_of(rows: Sequence[figures.Row]) -> Unit:
    """The unit that suits the figures of one metric."""
    scale = figures.scale_of(rows)
    if scale is not None:
        return Unit(1 / scale[0], scale[1], "", scale)
    if rows and rows[0]["unit"] == "share":
        return Unit(100.0, None, "%", None)
    return Unit(1.0, label(figures.unit_of(rows, None)) or None, "", None)


def label(text: object, longest: int = LONGEST) -> str:
    """A text that a chart may hold: on one line, without control characters, cut where it is long."""
    whole = str(text)
    kept = whole if len(whole) <= longest else f"{whole[: longest - 1]}…"
    return "".join(
        letter if letter.isprintable() or letter in _JOINERS else " " if letter.isspace() else "\ufffd"
        for letter in kept
    )


def labels(names: Iterable[str | tuple[str | None, ...] | None], longest: int = LONGEST) -> list[str]:
    """Names as a chart holds them: null in words, and different ones different even where they are shown alike.

    Args:
        names: a name a row, or the parts of one.
        longest: characters of each.
    """
    given = list(names)
    shown: dict[object, str] = {}
    taken: set[str] = set()
    for one in dict.fromkeys(given):
        parts = one if isinstance(one, tuple) else (one,)
        whole = ", ".join(NONE if part is None else part for part in parts)
        name = plain = label(whole, longest) if whole.strip() else "(blank)"
        number = 1
        while name in taken:
            number += 1
            name = f"{plain} ({number})"
        taken.add(name)
        shown[one] = name
    return [shown[one] for one in given]


def capital(words: str) -> str:
    """Words as the beginning of a title."""
    shown = label(words)
    return shown[:1].upper() + shown[1:]


def heading(title: str, *notes: str | None) -> dict[str, Any]:
    """A title and notes below it, in lines that fit."""
    told = "; ".join(note for note in notes if note)
    return {
        "text": _wrapped(title, _TITLE) or [""],
        "subtitle": _wrapped(told, _SUBTITLE),
        "anchor": "start",
        "frame": "bounds",
    }


def level_of(frame: Any) -> str:
    """What limits are called: by the level of the frame where it has one."""
    rows = as_frame(frame).lazy()
    known = rows.collect_schema().get("level", pl.Null()).is_float()
    levels = rows.select(pl.col("level").drop_nulls().unique()).collect()["level"].to_list() if known else []
    # Limits of quantiles reach a level of their own; as one figure it would be said of all.
    return f"{100 * levels[0]:.10g}% confidence intervals" if len(levels) == 1 else "confidence intervals"


@overload
def panels(chart: "alt.LayerChart", by: None, title: dict[str, Any]) -> "alt.LayerChart": ...
@overload
def panels(chart: "alt.LayerChart", by: str | None, title: dict[str, Any]) -> "alt.LayerChart | alt.FacetChart": ...
def panels(chart: "alt.LayerChart", by: str | None, title: dict[str, Any]) -> "alt.LayerChart | alt.FacetChart":
    """One chart with its title, or one panel a group below it, in the order of the rows."""
    alt = altair()
    head = alt.TitleParams(**title)
    if by is None:
        return chart.properties(title=head)
    header = alt.Header(title=None, labelAnchor="start", labelFontWeight="bold", labelLimit=WIDTH)
    return chart.facet(facet=alt.Facet(f"{GROUP}:N", header=header, sort=None), columns=1).properties(title=head)


def stacked(charts: Sequence[Any], title: dict[str, Any], told: str, *, one_axis: bool) -> "alt.VConcatChart":
    """Charts one below the other under one title, with one alt text; on one axis of x, or each on its own."""
    drawing = altair()
    x = "shared" if one_axis else "independent"
    chart: alt.VConcatChart = drawing.vconcat(*charts, spacing=10).resolve_scale(x=x)
    return chart.properties(title=drawing.TitleParams(**title), description=told)


def axis(title: str | None, **options: Any) -> dict[str, Any]:
    """An axis that can be read: its title, its labels whole, no labels over one another."""
    return {"title": title, "labelLimit": 130, "labelOverlap": True, "tickCount": 5, **options}


def faint(color: str = MAIN) -> dict[str, Any]:
    """A mark that stands behind another."""
    return {"color": color, "opacity": PALE}


def zero_line(rows: pl.DataFrame) -> Any:
    """A line at zero, to be a layer: one a panel, not one a row, which would stand over one another."""
    alt = altair()
    counted = alt.Chart(rows).transform_aggregate(rows="count()")
    return counted.mark_rule(color=GREY, strokeWidth=1.5).encode(x=alt.datum(0))


def measured(frame: Any, measures: Sequence[str], *, by: str | None, of: str) -> pl.DataFrame:
    """The rows of some measures of a tidy frame, one row a dimension (and group) and measure, in the frame's order.

    Raises:
        InputError: a column or a measure is missing, a dimension comes twice, or every value is null.
    """
    rows = as_frame(frame).lazy()
    names = ["dimension", "measure", "value", "low", "high"]
    require_columns(rows.collect_schema(), [*names, *([] if by is None else [by])], role=f"the chart draws {of}")
    group = [] if by is None else [pl.col(by).cast(pl.String).fill_null(NONE).alias(GROUP)]
    chosen: pl.DataFrame = rows.select(*names, *group).filter(pl.col("measure").is_in(list(measures))).collect()
    if absent := [measure for measure in measures if measure not in chosen["measure"].to_list()]:
        raise InputError(f"the frame has no {', '.join(map(repr, absent))} among its measures; the chart draws {of}")
    if chosen.select(pl.exclude("value", "low", "high")).is_duplicated().any():
        raise InputError("a dimension comes several times: name the column of the groups with by=, or filter one group")
    if chosen["value"].is_null().all():
        raise InputError("nothing to draw: every value is null; the column `reason` says why")
    texts = [name for name in ("dimension", GROUP) if name in chosen.columns]
    return chosen.with_columns(pl.Series(name, labels(chosen[name].cast(pl.String)), pl.String) for name in texts)


def measures_told(title: str, rows: pl.DataFrame, *more: str) -> str:
    """The alt text of a tidy frame: each dimension's value with its limits."""
    names = [name for name in (GROUP, "dimension", *more) if name in rows.columns]
    parts = [rows[name].to_list() for name in (*names, "value", "low", "high")]
    told = [_figure_told(line[: len(names)], *line[len(names) :]) for line in zip(*parts, strict=True)]
    more_lines = f"; and {len(told) - _TOLD} more" if len(told) > _TOLD else ""
    return f"{title}. {'; '.join(told[:_TOLD])}{more_lines}."


def _figure_told(names: Sequence[object], value: float | None, low: float | None, high: float | None) -> str:
    limits = f" ({low:.2f} to {high:.2f})" if low is not None and high is not None else ""
    return f"{' '.join(map(str, names))} {'undefined' if value is None else f'{value:.2f}'}{limits}"


def _wrapped(text: str, width: int) -> list[str]:
    lines = textwrap.wrap(label(text, 10 * width), width)
    return lines if len(lines) <= _LINES else [*lines[: _LINES - 1], f"{lines[_LINES - 1][: width - 1]}…"]
