"""`listing`: any small frame as text. Never here: limits (`table`)."""

from collections.abc import Sequence

import polars as pl

from servicequality.checks import holds_numbers, refusing_misfits, shown
from servicequality.core import format_shares, require_columns
from servicequality.errors import InputError
from servicequality.model import as_frame
from servicequality.report.figures import UNKNOWN
from servicequality.report.layout import PLAIN, Block, Style, aligned, lay_out
from servicequality.report.results import cell_texts, period_texts
from servicequality.report.tables import wrapped_head

__all__ = ["listing"]

_BAR = 16


@refusing_misfits
def listing(
    frame: pl.DataFrame | pl.LazyFrame,
    *,
    bar: str | None = None,
    shares: str | Sequence[str] = (),
    width: int = 80,
    style: Style = PLAIN,
) -> str:
    """A small frame as aligned columns, such as the table of `flow`; numbers to the right, the rest to the left.

    Args:
        frame: what to print; every row is. A lazy one is read here.
        bar: a column of counts that is drawn as bars as well, on its right.
        shares: columns of shares of one whole each: printed in per cent, so that they add up to 100.
        width: characters on a line.
        style: colours; none by default.

    Returns:
        Lines of text without a final newline.

    Raises:
        InputError: a column of counts or shares is missing, or holds no numbers.
        ParameterError: shares that are below 0, or add up to more than 1.
    """
    small: pl.DataFrame = as_frame(frame).lazy().collect()
    parts = [shares] if isinstance(shares, str) else list(shares)
    for role, names in (("bar", [] if bar is None else [bar]), ("shares", parts)):
        require_columns(small.schema, names, role=f"listing: {role}")
        if bad := [name for name in names if not holds_numbers(small.schema[name])]:
            raise InputError(f"listing: {role}: column {shown(bad[0])} holds {small.schema[bad[0]]}, expected numbers")
    blocks = []
    for name in small.columns:
        column = small[name]
        head = wrapped_head(name.replace("_", " "), 0)
        if name in parts:
            blocks.append(Block((*head, "%"), format_shares(column.to_list())))
        elif column.dtype.is_integer():
            cells = [UNKNOWN if number is None else f"{number:,}" for number in column.to_list()]
            blocks.append(Block(head, cells))
        elif column.dtype.is_float():
            blocks.append(Block(head, aligned([_number(x) for x in column.to_list()])))
        elif column.dtype.is_temporal():
            blocks.append(Block(head, period_texts(column), side="left"))
        else:
            blocks.append(Block(head, cell_texts(column), side="left"))
        if name == bar:
            blocks.append(Block(("",), _bars(column), side="left"))
    return lay_out(blocks[:1], blocks[1:], width=width, style=style)


def _number(number: float | None) -> str:
    """Four digits, all of those before the point, and no sign where there is nothing."""
    if number is None:
        return UNKNOWN
    return f"{number:,.0f}" if abs(number) >= 10_000 else f"{number + 0.0:,.4g}"


def _bars(counts: pl.Series) -> list[str]:
    """A bar for each count above 0, as long as its part of the largest; none for what is no count."""
    known = [count if count is not None and 0 < count < float("inf") else 0.0 for count in counts.to_list()]
    most = max(known, default=0.0)
    return ["" if not count else "█" * max(1, round(_BAR * count / most)) for count in known]
