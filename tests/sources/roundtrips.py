"""A generated desk, written in the shape of a map and read again: which facts are the same, and which are not."""

import datetime as dt
import functools
from pathlib import Path

import polars as pl

from servicequality import facts, sources
from servicequality.datasets import service_desk
from servicequality.model import Records

AS_OF = dt.datetime(2024, 7, 1, tzinfo=dt.UTC)


@functools.cache
def desk(n_tickets: int = 400) -> Records:
    return service_desk(n_tickets, seed=7)


def facts_of(records: Records) -> pl.DataFrame:
    return facts(records, as_of=AS_OF, paused=("hold",)).collect()


def different_facts(records: Records, name: str, folder: Path, **overrides: object) -> dict[str, int]:
    """The facts that the way there and back has changed, each with the number of tickets."""
    sources.export(records, name, folder)
    back = sources.read(name, folder, **overrides)
    return differences(facts_of(records), facts_of(back))


def differences(before: pl.DataFrame, after: pl.DataFrame) -> dict[str, int]:
    assert before["ticket_id"].to_list() == after["ticket_id"].to_list()
    lost = {}
    for name in before.columns:
        if name not in after.columns:
            lost[name] = before.height
            continue
        one, other = before[name].alias("one"), after[name].alias("other")
        if one.dtype != other.dtype:
            one, other = one.cast(pl.String), other.cast(pl.String)
        if n := (pl.DataFrame([one, other]).select(pl.col("one").ne_missing(pl.col("other")).sum()).item()):
            lost[name] = n
    return lost
