"""What came after a resolution: the next contact of the same requester, the reopening."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from servicequality.checks import column, holds_instants, listed, shown, unused_prefix
from servicequality.core import of_frame
from servicequality.errors import InputError, ParameterError
from servicequality.events.as_of import known_at, seconds
from servicequality.model import as_frame

__all__ = ["follow_ups"]

_NEVER = np.iinfo(np.int64).max
_OPEN = "it is not resolved"
_NOBODY = "nothing says who asked"
_REVERSED = "it was resolved before it was created"
_NO_LOG = "no log tells of reopenings"
_STEPS = ("_who", "_created", "_last", "_first", "_reopened", "_next", "_return")
"""Columns on the way to the answer."""


@of_frame
def follow_ups(tickets: Any, *, as_of: dt.datetime, same: Sequence[str] = ("requester_id",)) -> pl.LazyFrame:
    """The facts, with what came after each ticket was resolved, as known at `as_of`.

    Added columns:

    - `next_contact_at`: when another ticket of the same requester was created, the first one after this ticket's last
      resolution and not at that very instant; null until then.
    - `next_contact_seconds`: from the last resolution to that contact, or to `as_of`; `next_contact_observed` says
      which, `next_contact_reason` why there is none: the ticket is open, or nothing says who asked.
    - `resolution_age_seconds`: from the last resolution to `as_of`: how long a contact could have come.
    - `return_at`, `return_seconds`, `return_observed`, `return_reason`, `first_resolution_age_seconds`: the same for the
      *first* resolution, after which a reopening or another ticket of the same requester is a return, whichever came first.
    - `reopening_seconds`, `reopening_observed`: from the first resolution to the first reopening, or to `as_of`.

    Ages and seconds are on the same clock, so that a window W judges a row only where its age is W or more.

    Args:
        tickets: one row a ticket, as `facts` gives them: `created_at`, `resolved_at` and the columns of `same`. Without
            `first_resolution_at`, `reopened_at` and `reopen_count` the returns and reopenings are null. Lazy stays lazy.
        as_of: the instant of knowledge, inclusive, with a time zone; that of the facts.
        same: columns that must be equal for a contact to be about the same thing; ("requester_id", "category") asks for
            the same category too. A ticket without one of them has no known next contact.

    Raises:
        ParameterError: `as_of` has no time zone, or `same` names no column.
        InputError: a column is missing or holds no zone-aware instants.
    """
    known = known_at(as_of)
    if not isinstance(same, list | tuple) or not same or not all(isinstance(name, str) for name in same):
        raise ParameterError(f"same must be a tuple of columns such as ('requester_id',); got {shown(same)}")
    frame: pl.LazyFrame = as_frame(tickets).lazy()
    schema = frame.collect_schema()
    _check(schema, same)
    prefix = unused_prefix(schema)
    aside = {name: prefix + name for name in _STEPS if name in schema}
    frame = frame.rename(aside)
    zone = schema["created_at"].time_zone if isinstance(schema["created_at"], pl.Datetime) else "UTC"
    absent = [name for name in ("first_resolution_at", "reopened_at") if name not in schema]
    # Log columns that nobody gave: nothing is known of reopenings then.
    blank = [pl.lit(None, pl.Datetime("us", zone)).alias(name) for name in absent]
    blank += [] if "reopen_count" in schema else [pl.lit(None, pl.Int64).alias("reopen_count")]
    born = pl.col("created_at").dt.timestamp("us")
    persons = pl.map_batches([column(aside.get(str(name), str(name))) for name in same], _codes, return_dtype=pl.Int64)
    frame = frame.with_columns(blank).with_columns(
        pl.when(born <= known).then(persons).alias("_who"),
        born.alias("_created"),
        _until(known, "resolved_at").alias("_last"),
        _until(known, "first_resolution_at").alias("_first"),
        _until(known, "reopened_at").alias("_reopened"),
    )
    frame = frame.with_columns(
        _next(pl.col("_last")).alias("_next"),
        pl.min_horizontal(_next(pl.col("_first")), "_reopened").alias("_return"),
    )
    untold = pl.when(pl.col("reopen_count").is_null()).then(pl.lit(_NO_LOG))
    added = [
        *_pair("next_contact", "_next", "_last", known, zone, reason=_reason("_last")),
        _age("resolution_age_seconds", "_last", known),
        *_pair("return", "_return", "_first", known, zone, reason=pl.coalesce(_reason("_first"), untold)),
        _age("first_resolution_age_seconds", "_first", known),
        *_pair("reopening", "_reopened", "_first", known, None, reason=pl.coalesce(_lacking("_first"), untold)),
    ]
    ours = [*_STEPS, *absent, *([] if "reopen_count" in schema else ["reopen_count"])]
    return frame.with_columns(added).drop(ours).rename({other: name for name, other in aside.items()})


def _check(schema: pl.Schema, same: Sequence[str]) -> None:
    if missing := [name for name in ("created_at", "resolved_at", *same) if name not in schema]:
        raise InputError(f"no column {listed(map(shown, missing))}; the frame has {listed(map(shown, schema.names()))}")
    for name in ("created_at", "resolved_at", "first_resolution_at", "reopened_at"):
        dtype = schema.get(name, pl.Null())
        if not holds_instants(dtype):
            raise InputError(f"column {name!r} holds {dtype}, expected zone-aware instants")
    if nested := [name for name in same if schema[name].is_nested()]:
        raise InputError(
            f"column {shown(nested[0])} holds {schema[nested[0]]}, expected texts or numbers that tell who asked"
        )


def _until(known: int, column: str) -> pl.Expr:
    """An instant in microseconds, null if it was not known yet."""
    at = pl.col(column).cast(pl.Datetime("us", "UTC"), strict=False).dt.timestamp("us")
    return pl.when(at <= known).then(at)


def _lacking(ended: str) -> pl.Expr:
    at = pl.col(ended)
    late = pl.when(at < pl.col("_created")).then(pl.lit(_REVERSED))
    return pl.when(at.is_null()).then(pl.lit(_OPEN)).otherwise(late)


def _reason(ended: str) -> pl.Expr:
    """Why nothing can be said of the time after an end."""
    return pl.coalesce(_lacking(ended), pl.when(pl.col("_who").is_null()).then(pl.lit(_NOBODY)))


def _pair(name: str, event: str, start: str, known: int, zone: str | None, *, reason: pl.Expr) -> list[pl.Expr]:
    happened = pl.col(event) > pl.col(start)
    stop = pl.when(happened).then(event).otherwise(known)
    columns = [
        pl.when(reason.is_null()).then(seconds(stop - pl.col(start))).alias(f"{name}_seconds"),
        pl.when(reason.is_null()).then(happened.fill_null(value=False)).alias(f"{name}_observed"),
    ]
    if zone is None:
        return columns
    at = pl.when(reason.is_null() & happened).then(event).cast(pl.Datetime("us", zone))
    return [at.alias(f"{name}_at"), *columns, reason.alias(f"{name}_reason")]


def _age(name: str, start: str, known: int) -> pl.Expr:
    return pl.when(pl.col(start) >= pl.col("_created")).then(seconds(known - pl.col(start))).alias(name)


def _codes(columns: Sequence[pl.Series]) -> pl.Series:
    """A whole number for each combination of values, null where one of them is null."""
    codes: pl.Series | None = None
    for values in columns:
        own = values.to_physical().cast(pl.String).cast(pl.Categorical).to_physical().cast(pl.Int64)
        # A rank is at most the number of rows, and a code has 32 bits: together they fit.
        codes = own if codes is None else codes.rank("dense").cast(pl.Int64) * 2**32 + own
    assert codes is not None  # `follow_ups` sees to one column at least
    return codes


def _next(ended: pl.Expr) -> pl.Expr:
    return pl.map_batches([pl.col("_who"), pl.col("_created"), ended], _following, return_dtype=pl.Int64)


def _following(columns: Sequence[pl.Series]) -> pl.Series:
    """For each row the first creation after its end by the same person.

    Creations and ends of all persons stand in one order; looking back from its end, each row's next creation is the
    nearest one below. Two stable sorts by one key each make that order; creations come first, so that at one instant
    an end is not followed by a creation.
    """
    who, created, ended = columns
    rows = len(who)
    nobody = who.is_null()
    moments = pl.DataFrame(
        {
            "who": pl.concat([who, who]),
            "at": pl.concat([created, ended]),
            "row": pl.int_range(2 * rows, eager=True),
            "present": pl.concat([created.is_not_null() & ~nobody, ended.is_not_null() & ~nobody]),
        }
    ).filter("present")
    moments = moments.sort("at", maintain_order=True).sort("who", maintain_order=True)
    person, at, row = (moments[name].to_numpy() for name in ("who", "at", "row"))
    place = np.where(row < rows, np.arange(len(row)), len(row))
    below = np.minimum.accumulate(place[::-1])[::-1]
    end = np.flatnonzero(row >= rows)
    below, row = below[end], row[end] - rows
    followed = below < len(person)
    row, end, below = row[followed], end[followed], below[followed]
    followed = person[below] == person[end]
    following = np.full(rows, _NEVER, dtype=np.int64)
    following[row[followed]] = at[below[followed]]
    return pl.Series(following).set(pl.Series(following == _NEVER), None)
