"""Charts of one line a group: its name and its figures in words, and below them the figures as marks."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from servicequality.core import is_result, of_metric
from servicequality.errors import InputError, ParameterError
from servicequality.report import figures
from servicequality.report.charts import style
from servicequality.report.results import Row, cell_texts, keys_of, period_texts, rows_of
from servicequality.report.tables import period_name

if TYPE_CHECKING:
    import altair as alt

__all__ = [
    "BELOW", "Grouped", "alt_text", "group_labels", "grouped", "lined", "most_of", "place", "with_lines", "with_rest",
]  # fmt: skip

STEP = 40
"""Height of a line, in pixels."""
BELOW = 8
"""How far below the middle of its line a mark stands."""
_LETTER = 5.8  # width of a letter, in pixels
_NARROWEST = 84
_TOLD = 12  # lines in an alt text


class Grouped(NamedTuple):
    """Groups of a result, the largest where there are many.

    Attributes:
        rows: the figures of each group, in the order in which they are drawn.
        names: what each group is called.
        left_out: the figures of the groups that are not drawn.
        by: what the groups are of, in words.
    """

    rows: list[Row]
    names: list[str]
    left_out: list[Row]
    by: str


def most_of(most: object) -> int:
    """How many groups a chart draws.

    Raises:
        ParameterError: it is no whole number from 1 to 100.
    """
    if isinstance(most, bool) or not isinstance(most, int) or not 1 <= most <= 100:
        raise ParameterError(f"most must be a whole number from 1 to 100, got {most!r}")
    return most


def grouped(
    frame: pl.DataFrame, needed: Sequence[str], *, metric: str | None, most: int, keys: Sequence[str] | None = None
) -> Grouped:
    """The groups of one metric: in the order of keys that have one, else by value, undefined ones last.

    Raises:
        InputError: no rows, several metrics of which none is named, or two rows of one group.
    """
    own = keys_of(frame) if keys is None else list(keys)
    if metric is not None or is_result(frame.schema):
        frame = of_metric(frame, metric, ())
    if len(frame["metric"].unique()) > 1:
        raise InputError("the result holds several metrics; name one with metric=")
    if frame.is_empty():
        raise InputError("nothing to draw: the result has no rows")
    rows = rows_of(frame, needed)
    names = group_labels(frame, own) if own else [style.label(rows[0]["metric"])]
    if len(set(names)) < len(names):
        raise InputError("a group comes several times: keep one row for each, or name the metric with metric=")
    kept = sorted(range(len(rows)), key=lambda place: -(rows[place]["n"] or 0))[:most]
    if not (len(own) == 1 and _has_order(frame.schema[own[0]])):
        kept.sort(key=lambda place: _last(rows[place]["value"]))
    else:
        kept.sort()
    rest = set(range(len(rows))) - set(kept)
    by = style.label(" and ".join(period_name(frame[key]) if key == "period" else key.replace("_", " ") for key in own))
    return Grouped([rows[at] for at in kept], [names[at] for at in kept], [rows[at] for at in sorted(rest)], by)


def group_labels(frame: pl.DataFrame, keys: Sequence[str], longest: int = style.LONGEST) -> list[str]:
    """What each row's group is called in a chart; null in words."""
    parts: list[list[str | None]] = []
    for key in keys:
        texts = period_texts(frame[key]) if frame[key].dtype.is_temporal() else cell_texts(frame[key])
        parts.append([None if null else text for null, text in zip(frame[key].is_null(), texts, strict=True)])
    return style.labels(zip(*parts, strict=True), longest)


def figure_text(row: Row, unit: style.Unit) -> str:
    """A figure with its limits and rows; why it is undefined, if it is."""
    counts = f"n={row['n'] or 0:,}" + (f", {row['n_pending']:,} open" if row.get("n_pending") else "")
    if row["value"] is None:
        return f"{undefined(row)}, {counts}"
    limits = figures.limits(row, unit.scale).replace("%", "")
    shown = figures.value(row, unit.scale).replace("%", "")
    mark = "" if " of " in shown else unit.mark
    around = f" ({limits}{unit.mark})" if limits else ""
    return f"{shown}{mark}{around} {counts}"


def undefined(row: Row) -> str:
    """Why a figure is not there."""
    return style.label(row["reason"] or "undefined")


def texts(rows: pl.DataFrame) -> list[Any]:
    """The layers of words: names at the left, figures at the right, above the marks of their line.

    Args:
        rows: a row a line, with `place`, `name` and `told`.
    """
    alt = style.altair()
    longest = max(map(len, rows["told"].to_list()), default=0)
    right = min(longest * _LETTER, style.FULL - _NARROWEST)
    base = alt.Chart(rows).encode(y=place())
    named = base.mark_text(align="left", dy=-10, limit=style.FULL - right - 8, fontWeight="bold")
    told = base.mark_text(align="right", dy=-10, limit=right, opacity=0.85)
    return [
        named.encode(x=alt.value(0), text="name:N"),
        told.encode(x=alt.value("width"), text="told:N"),
    ]


def rest_text(rows: Sequence[Row], unit: style.Unit) -> str:
    """Where the groups lie that are not drawn one by one, and how many rows they have."""
    known = [row["value"] for row in rows if row["value"] is not None]
    counts = f"n={sum(row['n'] or 0 for row in rows):,}"
    if not known:
        return f"all undefined, {counts}"
    low, high = (figures.value({**rows[0], "value": end, "n": 0, "se": None, "low": None, "high": None}, unit.scale)
                 for end in (min(known), max(known)))  # fmt: skip
    return f"{low.removesuffix('%')} to {high.removesuffix('%')}{unit.mark}, {counts}"


def with_rest(groups: Grouped, unit: style.Unit) -> pl.DataFrame:
    """A row a line: `place, name, told, value, low, high, rest`, the last for the groups that are not drawn one by one."""
    names, told = list(groups.names), [figure_text(row, unit) for row in groups.rows]
    figure = {name: [row[name] for row in groups.rows] for name in ("value", "low", "high")}
    rest = [False] * len(names)
    if groups.left_out:
        known = [row["value"] for row in groups.left_out if row["value"] is not None]
        names.append(f"{len(groups.left_out):,} more")
        told.append(rest_text(groups.left_out, unit))
        rest.append(True)
        for name, end in (("value", None), ("low", min(known, default=None)), ("high", max(known, default=None))):
            figure[name].append(end)
    columns = {name: pl.Series(name, numbers, pl.Float64) for name, numbers in figure.items()}
    frame = pl.DataFrame({"place": range(len(names)), "name": names, "told": told, **columns, "rest": rest})
    return frame.with_columns(unit.figures(*columns))


def alt_text(title: str, rows: pl.DataFrame, unit: style.Unit) -> str:
    """What the lines say, for those who do not see them."""
    title = f"{title}, in {unit.title}" if unit.title else title
    lines = [f"{name} {told}" for name, told in zip(rows["name"].to_list(), rows["told"].to_list(), strict=True)]
    more = f"; and {len(lines) - _TOLD} more lines" if len(lines) > _TOLD else ""
    return f"{title}. {'; '.join(lines[:_TOLD])}{more}."


def place() -> Any:
    """The line of a row, as a position."""
    alt = style.altair()
    return alt.Y("place:O", axis=None, scale=alt.Scale(paddingInner=0, paddingOuter=0))


def lined(layers: Sequence[Any], rows: pl.DataFrame) -> "alt.LayerChart":
    """The marks with their words above them, without a title."""
    drawing = style.altair()
    chart: alt.LayerChart = drawing.layer(*layers, *texts(rows))
    return chart.properties(width=style.FULL, height=drawing.Step(STEP))


def with_lines(layers: Sequence[Any], rows: pl.DataFrame, title: dict[str, Any], told: str) -> "alt.LayerChart":
    """The marks with their words, a title, and an alt text."""
    return style.panels(lined(layers, rows), None, title).properties(description=told)


def _has_order(dtype: pl.DataType) -> bool:
    return dtype.is_numeric() or dtype.is_temporal() or isinstance(dtype, pl.Enum)


def _last(value: float | None) -> tuple[bool, float]:
    return value is None, 0.0 if value is None else -value
