"""Who is customer, agent, bot or system: the kind of every id, and the accounts on the agents' side."""

from collections.abc import Mapping

import polars as pl

from servicequality.model import TABLES, schema_of
from servicequality.sources.conversions import as_text
from servicequality.sources.language import SourceMap
from servicequality.sources.plan import made_of, naming_table
from servicequality.sources.prepared import Prepared

__all__ = ["agents_of", "kinds_of", "people_of"]

_AGENTS = {"agent": "human", "bot": "bot", "system": "system"}
"""What an author on the agents' side is called in a table of agents."""


def people_of(source_map: SourceMap, tables: Mapping[str, Prepared]) -> pl.DataFrame | None:
    """Every person that the map or its tables name: `id` and `kind` as texts, and team, tier, valid_from, valid_to if known.

    Those that the map names come first: they outrank what its tables say of them. None if the map has no people at all.

    Args:
        source_map: the map.
        tables: its tables.
    """
    named = {"id": list(source_map.persons), "kind": list(source_map.persons.values())}
    frames = [pl.DataFrame(named, schema={"id": pl.String, "kind": pl.String})]
    for part in source_map.people:
        if tables[part.source].frame is not None:
            with naming_table(tables[part.source].base.place, source_map):
                made = made_of(part, source_map, tables, None).frame
                texts = {name: as_text(pl.col(name), made.schema[name]) for name in ("id", "kind")}
                frames.append(made.with_columns(**texts))
    people = pl.concat(frames, how="diagonal_relaxed").filter(pl.col("id").is_not_null())
    others = people.filter(~pl.col("id").is_in(list(source_map.persons)))
    return None if people.is_empty() else pl.concat([frames[0], others], how="diagonal_relaxed")


def kinds_of(people: pl.DataFrame | None) -> pl.DataFrame | None:
    """The one kind of each id, the first that is known.

    Args:
        people: what `people_of` gives.
    """
    if people is None:
        return None
    return people.select("id", "kind").unique("id", keep="first", maintain_order=True)


def agents_of(people: pl.DataFrame | None) -> pl.DataFrame | None:
    """The people on the agents' side as a table of agents; None if there are none, or no such table.

    Args:
        people: what `people_of` gives.
    """
    if people is None or "agents" not in TABLES:
        return None
    agents = people.filter(pl.col("kind").is_in(list(_AGENTS)))
    known = [pl.col(name) for name in schema_of(TABLES["agents"]) if name in agents.columns and name != "kind"]
    rows = agents.select(pl.col("id").alias("agent_id"), pl.col("kind").replace_strict(_AGENTS), *known)
    return None if rows.is_empty() else rows.unique(maintain_order=True)
