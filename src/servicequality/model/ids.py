"""Which ids of a service desk keep the type in which they came."""

from collections.abc import Mapping

import polars as pl

from servicequality.model.schema import schema_of
from servicequality.model.tables import TABLES

__all__ = ["id_types"]

# People on the agents' side, whom several roles name. A log of changes names them by its values, which are texts.
_AGENTS = ("agent_id", "author_id", "actor_id", "reviewer_id")


def id_types(
    frames: Mapping[str, pl.DataFrame | pl.LazyFrame], columns: Mapping[str, Mapping[str, str]]
) -> dict[str, pl.DataType]:
    """For each id that every table holds in one type, of whole numbers or categories, that type; all others become texts.

    Args:
        frames: the tables as they were given.
        columns: for each table, the column of each role that is named otherwise.
    """
    came: dict[str, set[pl.DataType]] = {}
    for name, frame in frames.items():
        schema = frame.collect_schema()
        for role in _ids(TABLES[name]):
            dtype = schema.get(columns.get(name, {}).get(role, role), pl.Null())
            if dtype != pl.Null:
                came.setdefault(_one(role), set()).add(dtype)
    kept = {role: types.pop() for role, types in came.items() if len(types) == 1}
    kept = {
        role: dtype for role, dtype in kept.items() if dtype.is_integer() or isinstance(dtype, pl.Categorical | pl.Enum)
    }
    if "changes" in frames:
        kept.pop(_one("agent_id"), None)
    every = {role for record in TABLES.values() for role in _ids(record)}
    return {role: kept[_one(role)] for role in every if _one(role) in kept}


def _ids(record: type) -> list[str]:
    return [role for role in schema_of(record) if role.endswith("_id")]


def _one(role: str) -> str:
    return "agent_id" if role in _AGENTS else role
