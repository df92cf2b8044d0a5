"""The base class of all records."""

import datetime as dt

import polars as pl

from servicequality.checks import zone_aware
from servicequality.errors import InputError
from servicequality.model.schema import schema_of

__all__ = ["Record"]


class Record:
    """What every record shares: instants are aware, and whole-number ids become text."""

    __slots__ = ()

    def __post_init__(self) -> None:
        for name, dtype in schema_of(type(self)).items():
            value = getattr(self, name)
            if isinstance(value, dt.datetime):
                zone_aware(f"{type(self).__name__}.{name}", value, refusal=InputError)
            if dtype == pl.String and isinstance(value, int) and not isinstance(value, bool):
                object.__setattr__(self, name, str(value))
