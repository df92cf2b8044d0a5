"""`SourcedRecords`: records with the account of where their rows are from."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from servicequality.model import Records

__all__ = ["SourcedRecords"]


@dataclass(frozen=True, slots=True, init=False, eq=False, repr=False)
class SourcedRecords(Records):
    """Records that a map has made of the tables of a schema; in all else they are `Records`.

    Attributes:
        placed: What became of the rows: `records` (the table of records), `source` (the table of the schema), `outcome`,
            `reason`, `n`. Of each part the rows "read" are those "placed" and those "left out", each with its reason; "made"
            counts the rows of records that they became. "not known" counts placed rows whose author the schema does not
            know, or whose word the map does not place; "moved" counts rows stamped earlier than the
            row above where these are in order; "absent" names tables and columns that were not there.
        statuses: What the schema's statuses mean, as arguments: ``facts(records, as_of=…, **records.statuses)``.
        map: The name of the map.
    """

    placed: pl.DataFrame
    statuses: Mapping[str, tuple[str, ...]]
    map: str
