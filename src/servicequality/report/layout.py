"""Columns of text: widths, alignment, wrapping, colour; and what a page says while it is made."""

import textwrap
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal, TypeAlias

__all__ = ["GAP", "PLAIN", "Announce", "Block", "Style", "aligned", "heading", "lay_out", "paragraph"]

GAP = 2

Announce: TypeAlias = Callable[[str], AbstractContextManager[object]]
"""Called with what a step does: a context in which it is done, such as one that says so if it takes long."""


@dataclass(frozen=True, slots=True)
class Style:
    """How words are highlighted on a terminal; without colour they are left as they are."""

    colour: bool = False

    def bold(self, text: str) -> str:
        """Titles and heads."""
        return f"\x1b[1m{text}\x1b[0m" if self.colour and text.strip() else text

    def dim(self, text: str) -> str:
        """What is printed next to a figure and should not outshine it."""
        return f"\x1b[2m{text}\x1b[0m" if self.colour and text.strip() else text


PLAIN = Style()


@dataclass(frozen=True, slots=True)
class Block:
    """One column: its head, and its cells.

    Attributes:
        head: the lines above the rule.
        cells: one text a row.
        below: one text a row that stands under the cell, dim; empty if there are none.
        side: where the texts stand.
    """

    head: tuple[str, ...]
    cells: Sequence[str]
    below: Sequence[str] = ()
    side: Literal["left", "right"] = "right"

    @property
    def width(self) -> int:
        """Characters that the column needs."""
        return max(map(len, (*self.head, *self.cells, *self.below)), default=0)


def aligned(texts: Sequence[str]) -> list[str]:
    """Numbers with their decimal points one under the other; a text without a point ends where whole numbers end."""
    tails = [len(text) - text.index(".") if "." in text and text[-1].isdigit() else 0 for text in texts]
    longest = max(tails, default=0)
    return [text + " " * (longest - tail) for text, tail in zip(texts, tails, strict=True)]


def lay_out(keys: Sequence[Block], blocks: Sequence[Block], *, width: int, style: Style = PLAIN) -> str:
    """Blocks side by side under one rule; those that do not fit follow on a further page, with the keys again."""
    pages: list[list[Block]] = [[]]
    taken = used = sum(block.width + GAP for block in keys)
    for block in blocks:
        if pages[-1] and taken + block.width > width:
            pages.append([])
            taken = used
        pages[-1].append(block)
        taken += block.width + GAP
    return "\n\n".join(_page([*keys, *page], style) for page in pages)


def heading(text: str, *, style: Style = PLAIN) -> str:
    """A title, set apart from what stands around it."""
    return f"▌ {style.bold(text)}"


def paragraph(text: str, *, width: int, indent: str = "") -> str:
    """Words in lines of this width."""
    return textwrap.fill(" ".join(text.split()), width=width, initial_indent=indent, subsequent_indent=indent)


def _page(blocks: Sequence[Block], style: Style) -> str:
    depth = max(len(block.head) for block in blocks)
    lines = []
    for level in range(depth):
        # Heads stand on the rule: a shorter one begins further down.
        row = [
            block.head[level - depth + len(block.head)] if level >= depth - len(block.head) else "" for block in blocks
        ]
        lines.append([style.bold(_set(text, block)) for text, block in zip(row, blocks, strict=True)])
    lines.append([style.dim("─" * block.width) for block in blocks])
    for row_number in range(max(len(block.cells) for block in blocks)):
        lines.append([_set(block.cells[row_number], block) for block in blocks])
        under = [block.below[row_number] if block.below else "" for block in blocks]
        if any(text.strip() for text in under):
            lines.append([style.dim(_set(text, block)) for text, block in zip(under, blocks, strict=True)])
    return "\n".join((" " * GAP).join(line).rstrip() for line in lines)


def _set(text: str, block: Block) -> str:
    return text.rjust(block.width) if block.side == "right" else text.ljust(block.width)
