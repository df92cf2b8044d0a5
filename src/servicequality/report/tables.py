"""`table`: results of `evaluate` as text. Never here: other frames (`listing`)."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Literal

import polars as pl

from servicequality.catalogue.searching import written
from servicequality.checks import choice, in_calendar, refusing_misfits
from servicequality.core import decimals_of, format_shares
from servicequality.errors import ParameterError
from servicequality.report import figures
from servicequality.report.layout import PLAIN, Block, Style, aligned, lay_out
from servicequality.report.results import Row, cell_texts, keys_of, period_texts, result_frame, rows_of

__all__ = ["period_name", "table", "wrapped_head"]

_NARROWEST = 40
_HEAD = 11
"""A head is wrapped at this width, or at that of its column where that is wider."""


@refusing_misfits
def table(
    result: pl.DataFrame | pl.LazyFrame,
    *,
    limits: Literal["below", "beside", "none"] = "below",
    whole: str | Sequence[str] = (),
    truth: Mapping[str, float | None] | None = None,
    width: int = 80,
    style: Style = PLAIN,
) -> str:
    """A result of `evaluate` as a table: one row a key, one column a metric, each figure with its limits.

    A column has one unit, in its head, and as many digits as the standard errors support. A result without keys lists one
    metric a line. Columns beyond `width` follow on further pages. An undefined figure is a dash; its reason is below the
    table, like notes.

    Args:
        result: what `evaluate` gave; rows and columns in its order. A lazy one is read here.
        limits: where to print the limits: under the figure, at its side, or nowhere.
        whole: metrics whose figures are shares of one whole (causes, say): they are printed so that the column adds up.
        truth: what is known to be true, by metric; a column of its own in a result without keys.
        width: characters on a line.
        style: colours; none by default.

    Returns:
        Lines of text without a final newline.

    Raises:
        InputError: the frame is not a result of `evaluate`.
        ParameterError: an unknown `limits`, a width below 40, or a `whole` that is not a column of shares of one whole.
    """
    choice("limits", limits, ("below", "beside", "none"))
    if width < _NARROWEST:
        raise ParameterError(f"width must be at least {_NARROWEST} characters, got {width}")
    frame = result_frame(result)
    if frame.is_empty():
        return "no rows"
    keys = keys_of(frame)
    rows = rows_of(frame)
    for metric in [whole] if isinstance(whole, str) else whole:
        _add_up(rows, metric, keys)
    text = _keyed(frame, rows, keys, limits, width, style) if keys else _listed(rows, limits, truth or {}, width, style)
    return "\n".join([text, *(style.dim(line) for line in _footnotes(rows, width))])


def period_name(periods: pl.Series) -> str:
    """What periods are called that begin like these: months, weeks, else periods."""
    known = periods.alias("periods").drop_nulls().unique().sort()
    if not isinstance(known.dtype, pl.Date | pl.Datetime) or not in_calendar(known).all():
        return "period"
    if known.len() and all(len(text) == len("2024-01") for text in period_texts(known)):
        return "month"
    days = known.dt.date()
    weekly = (days.dt.weekday() == 1).all() and (days.diff().drop_nulls().dt.total_days() % 7 == 0).all()
    return "week" if known.len() > 1 and weekly else "period"


def _add_up(rows: list[Row], metric: str, keys: Sequence[str]) -> None:
    """Put the text of each share of one whole into its row."""
    own = [row for row in rows if row["metric"] == metric]
    if not keys or not own or any(row["unit"] != "share" for row in own):
        raise ParameterError(f"whole names {metric!r}, which is not a column of shares by a key")
    # One number of digits for all, or they would not add up: that of the figure that is least sure.
    error = max((figures.error(row) or 0.0 for row in own), default=0.0)
    decimals = decimals_of(100 * error) if error else 0
    for row, text in zip(own, format_shares([row["value"] for row in own], decimals=decimals), strict=True):
        row["part"] = text


def _keyed(frame: pl.DataFrame, rows: list[Row], keys: Sequence[str], limits: str, width: int, style: Style) -> str:
    texts = {
        key: period_texts(frame[key]) if frame[key].dtype.is_temporal() else cell_texts(frame[key]) for key in keys
    }
    places = list(zip(*texts.values(), strict=True))
    lines = list(dict.fromkeys(places))
    names = {key: period_name(frame[key]) if key == "period" else key.replace("_", " ") for key in keys}
    key_blocks = [Block((names[key],), [line[i] for line in lines], side="left") for i, key in enumerate(keys)]
    blocks = []
    for metric in dict.fromkeys(row["metric"] for row in rows):
        own = {place: row for place, row in zip(places, rows, strict=True) if row["metric"] == metric}
        blocks.append(_figures(written(metric), [own.get(line) for line in lines], limits))
    if limits == "below":
        key_blocks = [Block(block.head, block.cells, [""] * len(lines), side="left") for block in key_blocks]
    return lay_out(key_blocks, blocks, width=width, style=style)


def _figures(label: str, rows: Sequence[Row | None], limits: str) -> Block:
    """One metric's column; a key that it has no row for stays empty."""
    known = [row for row in rows if row is not None]
    scale = figures.scale_of(known)
    marked = any(row["notes"] for row in known)
    values = aligned([row.get("part") or figures.value(row, scale) if row else "" for row in rows])
    if marked:
        values = [text + ("*" if row and row["notes"] else " ") for text, row in zip(values, rows, strict=True)]
    doubt = ["" if row is None or limits == "none" else figures.limits(row, scale) for row in rows]
    below: list[str] = []
    if limits == "beside" and any(doubt):
        first, second = max(map(len, values)), max(map(len, doubt))
        values = [f"{text:>{first}}  {limit:<{second}}" for text, limit in zip(values, doubt, strict=True)]
    elif limits == "below":
        below = doubt
    widest = max(map(len, (*values, *below)), default=0)
    head = (*wrapped_head(label, widest), figures.unit_of(known, scale))
    return Block(tuple(line for line in head if line), values, below)


def wrapped_head(label: str, widest: int) -> tuple[str, ...]:
    """A head in lines that do not make its column much wider than what stands under it."""
    return tuple(textwrap.wrap(label, max(_HEAD, widest))) or ("",)


def _listed(rows: list[Row], limits: str, truth: Mapping[str, float | None], width: int, style: Style) -> str:
    """One metric a line: there are no keys that could make rows."""
    lines = [figures.line(row, truth=truth.get(row["metric"])) for row in rows]
    values = [line[0] + ("*" if row["notes"] else "") for line, row in zip(lines, rows, strict=True)]
    blocks = [Block(("value",), values)]
    if limits != "none":
        blocks.append(Block(("limits",), [line[1] for line in lines]))
    blocks.append(Block(("rows",), [f"{row['n']:,}" if row["n"] is not None else figures.UNKNOWN for row in rows]))
    if any(row["n_pending"] for row in rows):
        blocks.append(Block(("open",), [f"{row['n_pending']:,}" if row["n_pending"] else "" for row in rows]))
    if truth:
        blocks.append(Block(("truth",), [line[2] for line in lines]))
    return lay_out(
        [Block(("",), [written(row["metric"]) for row in rows], side="left")], blocks, width=width, style=style
    )


def _footnotes(rows: Sequence[Row], width: int) -> list[str]:
    reasons = dict.fromkeys(row["reason"] or "undefined" for row in rows if row["value"] is None)
    notes = dict.fromkeys(row["notes"] for row in rows if row["notes"])
    lines = [*(f"{figures.UNKNOWN} {reason}" for reason in reasons), *(f"* {note}" for note in notes)]
    return [line for text in lines for line in textwrap.wrap(text, width, subsequent_indent="  ")]
