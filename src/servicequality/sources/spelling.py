"""The names that a column may have: the caller's, or those of the map and of other versions of the schema."""

from collections.abc import Mapping, Sequence

from servicequality.sources.language import SourceTable

__all__ = ["Spelt", "spellings", "spelt_here"]

Spelt = Mapping[str, tuple[str, ...]]
"""The map's name of each column to the names that it may have."""


def spellings(name: str, table: SourceTable, own: Mapping[str, str | None]) -> tuple[str, ...]:
    """The names that a column may have, the likeliest first; none where the caller says that it is not there."""
    if name in own and own[name] is None:
        return ()
    return (own[name] or "",) if name in own else (name, *table.also_called.get(name, ()))


def spelt_here(spelt: Spelt, names: Sequence[str]) -> dict[str, str]:
    """The name that each column has in a table, or the first that it might have had."""
    here = {one: next((name for name in several if name in names), None) for one, several in spelt.items()}
    return {one: name or next(iter(spelt[one]), f"· no {one}") for one, name in here.items()}
