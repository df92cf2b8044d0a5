"""What the charts share: colours, sizes, the import of Altair, and the reading of tidy frames."""

import io
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, overload

import polars as pl

from servicequality.core import require_columns
from servicequality.errors import InputError, ParameterError
from servicequality.model import as_frame

if TYPE_CHECKING:
    import altair as alt

__all__ = ["CONTRAST", "GREY", "MAIN", "PALE", "ROW_HEIGHT", "altair", "axis", "heading", "measured", "svg"]

# Okabe and Ito's blue and orange: apart for every kind of colour vision, and in grey print (2008).
MAIN = "#0072B2"
CONTRAST = "#E69F00"
GREY = "#595959"
PALE = "#C9CED3"

ROW_HEIGHT = 34
"""Height of a row of dimensions, in pixels."""


def altair() -> Any:
    """The module that draws, or an error that says how to get it."""
    try:
        return import_module("altair")
    except ImportError as error:
        raise ParameterError(
            "charts need altair, which is not installed: pip install 'servicequality[plot]'"
        ) from error


def svg(chart: "alt.TopLevelMixin") -> str:
    """A chart as SVG text, safe to put into a page whatever its names contain.

    Args:
        chart: an Altair chart.

    Raises:
        ParameterError: vl-convert, which draws it, is not installed.
    """
    try:
        import_module("vl_convert")
    except ImportError as error:
        raise ParameterError(
            "svg needs vl-convert-python, which is not installed: pip install 'servicequality[plot]'"
        ) from error
    text = io.StringIO()
    chart.save(text, format="svg")
    return text.getvalue()


SIGNED = "datum.value == 0 ? '0' : format(datum.value, '+.2~f')"
"""Labels of an axis of differences."""

GROUP = "servqual_group"
"""What the column of groups is called in a chart, whatever its own name."""


def measured(frame: Any, measures: Sequence[str], *, by: str | None, of: str) -> pl.DataFrame:
    """The rows of some measures of a tidy frame, one row a dimension (and group) and measure, in the frame's order.

    Raises:
        InputError: a column or a measure is missing, a dimension comes twice, or every value is null.
    """
    rows = as_frame(frame).lazy()
    names = ["dimension", "measure", "value", "low", "high"]
    require_columns(rows.collect_schema(), [*names, *([] if by is None else [by])], role=f"the chart draws {of}")
    group = [] if by is None else [pl.col(by).cast(pl.String).fill_null("(none)").alias(GROUP)]
    figures: pl.DataFrame = rows.select(*names, *group).filter(pl.col("measure").is_in(list(measures))).collect()
    if absent := [measure for measure in measures if measure not in figures["measure"].to_list()]:
        raise InputError(f"the frame has no {', '.join(map(repr, absent))} among its measures; the chart draws {of}")
    if figures.select(pl.exclude("value", "low", "high")).is_duplicated().any():
        raise InputError("a dimension comes several times: name the column of the groups with by=, or filter one group")
    if figures["value"].is_null().all():
        raise InputError("nothing to draw: every value is null; the column `reason` says why")
    return figures


def zero_line(rows: pl.DataFrame) -> Any:
    """A line at zero, to be a layer: one a panel, not one a row, which would stand over one another."""
    alt = altair()
    counted = alt.Chart(rows).transform_aggregate(rows="count()")
    return counted.mark_rule(color=GREY, strokeWidth=1.5).encode(x=alt.datum(0))


def heading(frame: Any, title: str, note: str) -> dict[str, Any]:
    """A title, and below it what the lines are; `{interval}` in the note becomes the level of the frame."""
    rows = as_frame(frame).lazy()
    known = rows.collect_schema().get("level", pl.Null()).is_float()
    levels = rows.select(pl.col("level").drop_nulls().unique()).collect()["level"].to_list() if known else []
    interval = f"{100 * levels[0]:g}% confidence intervals" if len(levels) == 1 else "confidence intervals"
    return {"text": title, "subtitle": note.format(interval=interval), "anchor": "start", "subtitleColor": GREY}


@overload
def panels(chart: "alt.LayerChart", by: None, title: dict[str, Any]) -> "alt.LayerChart": ...
@overload
def panels(chart: "alt.LayerChart", by: str | None, title: dict[str, Any]) -> "alt.LayerChart | alt.FacetChart": ...
def panels(chart: "alt.LayerChart", by: str | None, title: dict[str, Any]) -> "alt.LayerChart | alt.FacetChart":
    """One chart with its title, or one panel a group below it."""
    alt = altair()
    head = alt.TitleParams(**title)
    if by is None:
        return chart.properties(title=head)
    header = alt.Header(title=None, labelAnchor="start", labelFontWeight="bold")
    return chart.facet(facet=alt.Facet(f"{GROUP}:N", header=header), columns=1).properties(title=head)


def axis(title: str | None, **options: Any) -> dict[str, Any]:
    """An axis that can be read: its title, its labels whole, a faint grid."""
    return {
        "title": title,
        "labelLimit": 260,
        "gridColor": "#ECEEF0",
        "domainColor": PALE,
        "tickColor": PALE,
        **options,
    }
