"""What `presence` reads: contacts as conversations and agent time as stretches, checked, in microseconds."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import polars as pl

from servicequality.checks import column, listed, shown, values_of
from servicequality.columns import Column
from servicequality.core import Bound, check_types, check_values, require_columns
from servicequality.errors import InputError, ParameterError
from servicequality.model import as_frame

__all__ = ["ContactTable", "TimeTable"]

_SECONDS = Column(kind="number", low=0, meaning="a duration in seconds")
_INSTANT = Column(kind="instant", meaning="a zone-aware instant")
_END = Column(kind="category", choices=("answered", "abandoned", "waiting"), meaning="what became of the contact")
_LONGEST = 3e11
"""Seconds in ten thousand years: more is another unit, and no instant comes so late."""
_TOO_LONG = f"of more than {_LONGEST:.1g} seconds"
_UTC = pl.Datetime("us", "UTC")


class Table:
    """A table of the call with its columns, whose types fit.

    Attributes:
        schema: its columns as they came.
    """

    def __init__(self, data: Any, name: str, keys: Sequence[str], columns: Mapping[str, Column]) -> None:
        """Take a table.

        Args:
            data: any dataframe.
            name: which table it is, as a message calls it.
            keys: its key columns.
            columns: the other columns that are read, with what they may hold.

        Raises:
            InputError: a column is missing or of a wrong type.
            ParameterError: a column is not given by its name.
        """
        rows = as_frame(data).lazy()
        self.schema: pl.Schema = rows.collect_schema()
        require_columns(self.schema, [*keys, *columns], role=f"presence: {name}")
        if bad := [key for key in keys if self.schema[key].is_nested()]:
            raise InputError(f"column {shown(bad[0])} holds {self.schema[bad[0]]}, which is no key")
        self._bounds = [Bound.of(key, domain, {}) for key, domain in columns.items()]
        check_types(self.schema, self._bounds)
        types = {"number": pl.Float64(), "instant": _UTC, "category": pl.String()}
        narrow = {
            key: types[domain.kind]
            for key, domain in columns.items()
            if domain.kind == "number" or self.schema[key] == pl.Null
        }
        self._rows = rows.with_columns(column(key).cast(dtype) for key, dtype in narrow.items())
        self._keys = keys

    def zone(self, at: str) -> str | None:
        """The time zone of the instants."""
        zone: str | None = getattr(self.schema[at], "time_zone", None)
        return zone

    def _keyed(self, types: Mapping[str, pl.DataType]) -> list[pl.Expr]:
        """The keys, under names that no column of the caller can meet."""
        return [column(key).cast(types[key]).alias(f"key:{place}") for place, key in enumerate(self._keys)]


class ContactTable(Table):
    """Contacts, of which the answered ones are conversations."""

    def __init__(
        self, data: Any, keys: Sequence[str], *, at: str, wait: str, talk: str, wrap: str | None, outcome: str
    ) -> None:
        lengths = [talk] if wrap is None else [talk, wrap]
        super().__init__(
            data, "contacts", keys, {at: _INSTANT, **dict.fromkeys([wait, *lengths], _SECONDS), outcome: _END}
        )
        self._at, self._wait, self._lengths, self._outcome = at, wait, lengths, outcome

    def spans(self, types: Mapping[str, pl.DataType]) -> pl.DataFrame:
        """One row an answered contact: `key:…`, `start`, `end`, and `timed`, whether both are known; else they are its offer.

        Raises:
            InputError: values lie outside their domain, or an answered contact has no instant.
        """
        answered = column(self._outcome).cast(pl.String) == "answered"
        seconds = [column(name) for name in (self._wait, *self._lengths)]
        check_values(
            self._rows,
            self._bounds,
            [
                ("answered at no known instant", answered & column(self._at).is_null()),
                *((_TOO_LONG, amount > _LONGEST) for amount in seconds),
            ],
        )
        timed = pl.all_horizontal(amount.is_not_null() for amount in seconds)
        wait, *lengths = ((1e6 * amount).round().cast(pl.Int64) for amount in seconds)
        start = _microseconds(self._at) + pl.when(timed).then(wait).otherwise(0)
        length = pl.when(timed).then(pl.sum_horizontal(lengths)).otherwise(0)
        rows = self._rows.filter(answered)
        spans: pl.DataFrame = rows.select(*self._keyed(types), start=start, end=start + length, timed=timed).collect(
            engine="streaming"
        )
        return spans


class Amounts(NamedTuple):
    """Columns of agent time; None where there is none."""

    paid: str | None
    available: str | None
    busy: str | None


class TimeTable(Table):
    """Agent time, each row a stretch that lasts from its instant for the longest of its durations."""

    def __init__(self, data: Any, keys: Sequence[str], amounts: Amounts, *, at: str) -> None:
        given = [name for name in amounts if name is not None]
        if not given:
            raise ParameterError("agent_time has neither paid nor available time: name a column of it")
        frame = as_frame(data)
        columns = frame.lazy().collect_schema().names()
        if absent := [key for key in keys[1:] if key not in columns]:
            raise InputError(
                f"presence: by names {shown(absent[0])}, which agent_time does not have (it has {listed(columns)}); join it to "
                "agent_time, or give the contacts alone"
            )
        super().__init__(frame, "agent_time", keys, {at: _INSTANT, **dict.fromkeys(given, _SECONDS)})
        self._at, self._amounts, self._given = at, amounts, given

    def spans(self, types: Mapping[str, pl.DataType]) -> pl.DataFrame:
        """One row a stretch: `key:…`, `start`, `end`, and the microseconds `paid`, `available`, `busy` as far as they are read.

        Raises:
            InputError: values lie outside their domain, a stretch has no agent or no instant, or stretches of an agent overlap.
        """
        check_values(
            self._rows,
            self._bounds,
            [
                ("of no agent", column(self._keys[0]).is_null()),
                ("at no known instant", column(self._at).is_null()),
                *((_TOO_LONG, column(name) > _LONGEST) for name in self._given),
            ],
        )
        start = _microseconds(self._at)
        length = pl.max_horizontal((1e6 * column(name)).round().cast(pl.Int64) for name in self._given)
        amounts = {
            role: (1e6 * column(name)).round() for role, name in self._amounts._asdict().items() if name is not None
        }
        keyed = self._keyed(types)
        plan = self._rows.select(*keyed, start=start, end=start + length.fill_null(0), **amounts)
        rows: pl.DataFrame = plan.collect(engine="streaming")
        self._refuse_overlaps(rows)
        return rows

    def _refuse_overlaps(self, rows: pl.DataFrame) -> None:
        whose = "key:0"  # the agent
        long = rows.filter(pl.col("end") > pl.col("start")).sort(whose, "start")
        early = long.filter(pl.col("start") < pl.col("end").shift(1).over(whose))
        if early.height:
            agents, at = early[whose], early["start"].cast(_UTC).dt.to_string("iso:strict")
            raise InputError(
                f"agent_time: {early.height} of {rows.height} stretches begin before the agent's last one is over: column "
                f"{shown(self._at)} such as {values_of(at, 1)} of {shown(self._keys[0])} {values_of(agents, 1)}; "
                "merge them or correct their times"
            )


def _microseconds(at: str) -> pl.Expr:
    return column(at).cast(_UTC).dt.epoch("us")
