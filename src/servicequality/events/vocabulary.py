"""The statuses that a desk's rows have, beside those that a call names."""

from collections.abc import Collection
from difflib import get_close_matches

import polars as pl

from servicequality.events.as_of import changes_of
from servicequality.model import Records

__all__ = ["UNUSED", "statuses_of", "unused"]

UNUSED = {name: f"status of {name}= that no row has" for name in ("ended", "paused", "excluded")}
"""What is said of a status that a parameter of the call names."""


_ALIKE, _SHOWN = 0.6, 5


def statuses_of(records: Records, *further: str) -> list[str]:
    """Every status as the rows spell it, the most frequent first; also the words of further columns of the tickets."""
    parts = [
        records.tickets.select(pl.col(name).alias("word"))
        for name in ("status", *further)
        if records.tickets is not None and records.has("tickets", name)
    ]
    if (changes := changes_of(records)) is not None:
        moves = changes.filter(pl.col("field") == "status")
        told = [name for name in ("value", "previous") if records.has("changes", name)]
        parts += [moves.select(pl.col(name).alias("word")) for name in told]
    if not parts:
        return []
    words = pl.concat(parts).drop_nulls().group_by("word").agg(pl.len()).sort("len", "word", descending=[True, False])
    return words.collect(engine="streaming")["word"].to_list()


def unused(
    parameter: str, chosen: Collection[str], there: Collection[str], named: Collection[str], table: str
) -> pl.LazyFrame:
    """A finding, as `counted` gives it, for each chosen status that no row has, with statuses that are there.

    These are the ones that are spelt nearly like it, then the most frequent that no set names, or else the most frequent.

    Args:
        parameter: what the statuses were given as.
        chosen: the statuses, of any case.
        there: those of the rows, the most frequent first.
        named: the statuses of all sets, in lower case.
        table: the table that the finding is about.
    """
    spelt: dict[str, str] = {}
    for word in there:
        spelt.setdefault(word.lower(), word)
    wanted = [word.lower() for word in chosen]
    lost = [word for word in wanted if word not in spelt]
    strange = [word for word in spelt if word not in named]
    near = [[*get_close_matches(word, spelt, n=_SHOWN, cutoff=_ALIKE), *strange] or list(spelt) for word in lost]
    shown = [", ".join([spelt[word] for word in dict.fromkeys(words)][:_SHOWN]) or None for words in near]
    return pl.LazyFrame(
        {
            "table": [table] * len(lost),
            "finding": [UNUSED[parameter]] * len(lost),
            "about": lost,
            "count": [1] * len(lost),
            "examples": shown,
            "of": [len(wanted)] * len(lost),
        },
        schema=_SCHEMA,
    )


_SCHEMA = {
    "table": pl.String,
    "finding": pl.String,
    "about": pl.String,
    "count": pl.Int64,
    "examples": pl.String,
    "of": pl.Int64,
}
