"""The line of a TOML text on which a key stands."""

import re
from collections.abc import Sequence

__all__ = ["line_of"]

_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(r"""^\s*((?:"[^"]*"|'[^']*'|[\w-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[\w-]+))*)\s*=""")
_NAME = re.compile(r""""([^"]*)"|'([^']*)'|([\w-]+)""")


def line_of(text: str, where: Sequence[str | int]) -> int:
    """The line of the key, or of the longest part of its path that has one; from 1.

    Args:
        text: the TOML text.
        where: the path of the key: names of tables and keys, and places in lists of tables.
    """
    best, line = 0, 1
    prefix: list[str | int] = []
    counts: dict[tuple[str, ...], int] = {}
    for number, written in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(written):
            names = _names(header[2])
            prefix = list(names)
            if header[1] == "[[":
                counts[tuple(names)] = counts.get(tuple(names), -1) + 1
            if tuple(names) in counts:
                prefix.append(counts[tuple(names)])
            path = prefix
        elif key := _KEY.match(written):
            path = [*prefix, *_names(key[1])]
        else:
            continue
        shared = _shared(path, where)
        if shared > best and shared == len(path):
            best, line = shared, number
    return line


def _names(written: str) -> list[str]:
    return ["".join(parts) for parts in _NAME.findall(written)]


def _shared(path: Sequence[str | int], where: Sequence[str | int]) -> int:
    """How many names from the start both have."""
    return next(
        (i for i, (one, other) in enumerate(zip(path, where, strict=False)) if one != other), min(len(path), len(where))
    )
