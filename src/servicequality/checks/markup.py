"""Small pieces of HTML for notebooks: escaped texts and plain tables in the colours of what stands around them."""

import html
from collections.abc import Iterable, Sequence

__all__ = ["html_block", "html_table", "html_text"]

_JOINERS = "\u200c\u200d"  # of Persian words and of emoji: not printable by themselves
_LONGEST = 600  # characters of a cell
_BLOCK = "color:inherit;background:none;max-width:60em;overflow-x:auto"
_TABLE = "border-collapse:collapse;color:inherit;background:none;margin:0.3em 0"
_CELL = "padding:0.15em 0.7em;border-bottom:1px solid rgba(128,128,128,0.35);vertical-align:top"


def html_text(text: object, longest: int = _LONGEST) -> str:
    """A text inside HTML: escaped, without control characters, cut where it is long.

    Args:
        text: what to show.
        longest: how many characters of it.
    """
    whole = str(text)
    kept = whole if len(whole) <= longest else f"{whole[: longest - 1]}…"
    plain = (
        letter if letter.isprintable() or letter in _JOINERS else " " if letter.isspace() else "\ufffd"
        for letter in kept
    )
    return html.escape("".join(plain), quote=True)


def html_table(
    head: Sequence[object], rows: Iterable[Sequence[object]], *, numbers: Iterable[int] = (), more: int = 0
) -> str:
    """A plain table.

    Args:
        head: the names of its columns; none for a table of names and values, whose first column is bold.
        rows: the texts of its cells; None is an empty one.
        numbers: places of the columns that stand to the right.
        more: how many further rows there are, which the last line says.
    """
    right = set(numbers)

    def cell(kind: str, place: int, text: object) -> str:
        side = "right" if place in right else "left"
        scope = ' scope="col"' if kind == "th" and head else ' scope="row"' if kind == "th" else ""
        # Each cell is isolated, so that a name written from right to left does not turn its neighbours around.
        shown = "" if text is None else html_text(text)
        return f'<{kind}{scope} dir="auto" style="{_CELL};text-align:{side}">{shown}</{kind}>'

    lines = [f"<tr>{''.join(cell('th', place, text) for place, text in enumerate(head))}</tr>"] if head else []
    for row in rows:
        kinds = ["th" if not head and place == 0 else "td" for place in range(len(row))]
        cells = (cell(kind, place, text) for place, (kind, text) in enumerate(zip(kinds, row, strict=True)))
        lines.append(f"<tr>{''.join(cells)}</tr>")
    if more:
        lines.append(f'<tr><td colspan="{max(len(head), 1)}" style="{_CELL}">… and {more:,} more rows</td></tr>')
    return f'<table style="{_TABLE}">{"".join(lines)}</table>'


def html_block(title: object, *parts: str, notes: Iterable[object] = ()) -> str:
    """A title, pieces of HTML that are made already, and notes below them.

    Args:
        title: the title; an empty one is left out.
        parts: the pieces.
        notes: texts below.
    """
    head = f"<div><strong>{html_text(title)}</strong></div>" if title else ""
    below = "".join(f'<div style="opacity:0.8">{html_text(note, 1_000)}</div>' for note in notes)
    return f'<div class="servicequality" style="{_BLOCK}">{head}{"".join(parts)}{below}</div>'
