"""The check of a table against its schema, and the list of its faults."""

import functools
import zoneinfo
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar, cast

import polars as pl

from servicequality.checks import column, refusing_misfits, shown
from servicequality.errors import InputError, ParameterError
from servicequality.model.coercion import advice_on_type, coerced, explain, is_blank, never_fails, shown_values
from servicequality.model.operations import Agent
from servicequality.model.record import Record
from servicequality.model.roles import assign_roles, suggest
from servicequality.model.schema import nullable_fields, required_fields, schema_of, stored_type
from servicequality.model.tables import TABLES, UNIQUE
from servicequality.model.validity import validity_faults

__all__ = ["check_timezone", "conform", "faults_and_frame", "refuse"]


FrameT = TypeVar("FrameT", pl.DataFrame, pl.LazyFrame)

_EPOCH = pl.Series([0]).cast(pl.Datetime("us", "UTC"))


@refusing_misfits
def conform(
    frame: FrameT,
    record: type[Record],
    *,
    columns: Mapping[str, str] | None = None,
    timezone: str | None = None,
) -> FrameT:
    """A table with every role of `record` under its name and in its type, then the caller's other columns as they were.

    - Roles that are absent and not required become null columns; a frame without any columns is an empty table.
    - Ids: whole numbers become text. Words of a fixed list: case and outer space are ignored. Truth: also the texts
      ``true`` and ``false``, 0 and 1. Numbers: also as text; NaN and infinity are faults. Blank text is missing,
      unless the role is a text. Durations become seconds.
    - Instants: microseconds, in `timezone` or else UTC. ISO 8601 text, with or without a zone, is read. What has no
      zone is local time of `timezone`, a date is its midnight; of an hour that occurs twice the earlier is taken,
      and a time that the clock skips is a fault. No other format is guessed.

    Args:
        frame: eager, or lazy and then it stays lazy.
        record: the dataclass of the table, such as `Ticket`.
        columns: the caller's column for each role that is named otherwise: ``{"created_at": "opened_at"}``. It
            outranks a column that has the role's name, and takes its place.
        timezone: the IANA zone in which instants without a zone were written, and in which all are kept.

    Raises:
        InputError: All faults in one message: missing columns, types that never fit, and, in an eager frame, values
            that do not fit, nulls in required columns, duplicate ids, and agents of two kinds at one time. In a lazy frame
            a column that has to be converted raises for its values at collect; nulls and duplicates are left to `check`,
            and the times of agents to the calls that read them.
        ParameterError: `columns` names no role, or `timezone` no zone.
    """
    check_timezone(timezone)
    if not (isinstance(record, type) and issubclass(record, Record) and record is not Record):
        raise ParameterError(f"record must be the dataclass of a table, such as Ticket; got {shown(record)}")
    if not isinstance(frame, pl.DataFrame | pl.LazyFrame):
        raise InputError(f"expected a Polars frame; got {type(frame).__name__}: as_frame makes one of other tables")
    faults, conformed = faults_and_frame(frame, record, columns or {}, timezone)
    refuse(faults)
    return cast("FrameT", conformed)


def refuse(faults: list[str]) -> None:
    """Raise one `InputError` with every fault, if there is any."""
    if faults:
        head = "1 fault in the data" if len(faults) == 1 else f"{len(faults)} faults in the data"
        raise InputError("\n- ".join([f"{head}:", *faults]))


def check_timezone(timezone: str | None) -> None:
    """Raise `ParameterError` unless `timezone` is None or a zone of the IANA database."""
    try:
        if timezone is not None:
            zoneinfo.ZoneInfo(timezone)
            _EPOCH.dt.convert_time_zone(timezone)  # Polars keeps a database of its own
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError, TypeError, AttributeError, pl.exceptions.PolarsError):
        raise ParameterError(
            f"timezone must be an IANA name such as 'Europe/Berlin' or 'UTC'; got {shown(timezone)}"
        ) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Role:
    """One role with its column: where the values come from, what they must be, and their name in messages."""

    table: str
    name: str
    column: str
    source: pl.DataType
    target: pl.DataType
    zone: str | None

    @property
    def value(self) -> pl.Expr | None:
        return coerced(column(self.column), self.source, self.target, self.zone)

    @property
    def where(self) -> str:
        return f"{self.table}.{self.name}" + ("" if self.column == self.name else f" (column {shown(self.column)})")

    def type_fault(self) -> str:
        return f"{self.where} {advice_on_type(self.source, self.target, self.column)}"

    def value_faults(self, raw: pl.Series, value: pl.Series, record: type[Record]) -> Iterator[str]:
        """What the values of an eager column have against them."""
        wrong = self.conversion_faults(raw, value, whole=f"{len(raw)} values")
        yield from wrong
        if not wrong and self.name not in nullable_fields(record) and value.null_count():
            rows = value.is_null().arg_true()
            yield (
                f"{self.where}: {len(rows)} of {len(value)} values are missing, in rows {shown_values(rows)}; "
                "every row needs one: fill them in or drop these rows"
            )
        if self.name == UNIQUE.get(record) and value.n_unique() < len(value):
            again = value.filter(value.is_duplicated() & value.is_not_null())
            if len(again):
                yield (
                    f"{self.where}: {len(again)} rows share {again.n_unique()} ids: {shown_values(again)}; "
                    f"keep one row of each id first, such as .unique({self.column!r}, keep='last')"
                )

    def conversion_faults(self, raw: pl.Series, value: pl.Series, *, whole: str) -> list[str]:
        """What did not become the role's type, by its cause."""
        if value.null_count() == raw.null_count():
            return []
        raw, value = (
            raw.alias("raw"),
            value.alias("value"),
        )  # Polars reads a Series' name as a pattern in its own methods
        offenders = raw.filter(value.is_null() & raw.is_not_null() & ~is_blank(raw, self.target))
        causes = explain(offenders, self.target, self.zone, self.column)
        return [f"{self.where}: {count} of {whole} {why}" for count, why in causes]

    def checked(self, value: pl.Expr) -> pl.Expr:
        """For a lazy frame: the value, or its fault raised when the rows come by."""
        if never_fails(self.source, self.target):
            return value
        dtype = stored_type(self.target, self.zone)
        convert = functools.partial(_convert_or_raise, self, value)
        return column(self.column).map_batches(convert, return_dtype=dtype, is_elementwise=True)


def _convert_or_raise(role: _Role, value: pl.Expr, raw: pl.Series) -> pl.Series:
    converted = raw.to_frame(role.column).select(value).to_series()
    refuse(role.conversion_faults(raw, converted, whole=f"a batch of {len(raw)} values"))
    return converted


def faults_and_frame(
    frame: pl.DataFrame | pl.LazyFrame,
    record: type[Record],
    columns: Mapping[str, str],
    timezone: str | None,
    ids: Mapping[str, pl.DataType] | None = None,
    *,
    table: str | None = None,
) -> tuple[list[str], pl.DataFrame | pl.LazyFrame]:
    """Every fault of a table, and the table as `conform` gives it (to be thrown away if there are faults).

    The roles of `ids` have those types, and are not text.
    """
    table = table or next((name for name, kind in TABLES.items() if kind is record), record.__name__)
    schema = {name: (ids or {}).get(name, dtype) for name, dtype in schema_of(record).items()}
    try:
        given = frame.collect_schema()
    except (pl.exceptions.PolarsError, OSError) as error:
        first = str(error).partition("\n")[0]
        return [f"{table}: the lazy frame cannot be read: {shown(first)[1:-1]}"], frame
    nulls = {name: pl.lit(None, dtype=stored_type(dtype, timezone)) for name, dtype in schema.items()}
    if not given:
        empty = pl.DataFrame(schema={name: stored_type(dtype, timezone) for name, dtype in schema.items()})
        return [], empty.lazy() if isinstance(frame, pl.LazyFrame) else empty
    assigned, faults = assign_roles(table, given.names(), list(schema), columns)
    spare = [name for name in given if name not in assigned.values()]
    absent = [name for name in required_fields(record) if name not in assigned and name not in columns]
    if absent:
        faults.append(suggest(table, absent, spare or given.names()))

    roles = [
        _Role(table=table, name=name, column=source, source=given[source], target=schema[name], zone=timezone)
        for name, source in assigned.items()
    ]
    faults += [role.type_fault() for role in roles if role.value is None]
    values = {role: value for role in roles if (value := role.value) is not None}
    extras = [column(name) for name in spare if name not in schema]
    if isinstance(frame, pl.LazyFrame):
        checked = {role.name: role.checked(value) for role, value in values.items()}
        return faults, frame.select(*[value.alias(name) for name, value in (nulls | checked).items()], *extras)
    plain = {role.name: value for role, value in values.items()}
    conformed = frame.lazy().select(*[value.alias(name) for name, value in (nulls | plain).items()], *extras).collect()
    for role in values:
        faults += role.value_faults(frame[role.column], conformed[role.name], record)
    if record is Agent and not faults:
        faults += validity_faults(conformed, "agent_id", table)
    return faults, conformed
