"""The flow table: what entered, left and stayed open, by period and group, in time linear in the tickets."""

import datetime as dt
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl
from polars import selectors as cs

from servicequality.checks import column, holds_texts, listed, shown
from servicequality.core import Computation, of_frame
from servicequality.errors import InputError, ParameterError, ServiceQualityError
from servicequality.events.as_of import changes_of, known_at, words
from servicequality.events.periods import Periods, check_every
from servicequality.model import Records, TableLike, as_frame
from servicequality.model.coercion import advice_on_type, coerced, explain, is_blank
from servicequality.model.roles import closest
from servicequality.model.validation import check_timezone
from servicequality.stats.counting import NEVER, SpellCounter, count_events, count_resumed

__all__ = ["flow"]

Integers = npt.NDArray[np.int64]

_COUNTS = (
    "opening", "inflow", "outflow", "closing", "net_in", "net_out", "created", "reopened", "n_excluded", "n_reversed",
)  # fmt: skip
_START, _OUT, _CODE, _TICKET, _AGAIN = "_start", "_excluded", "_code", "_ticket", "_again"
_STAMPS = cs.matches(r"^_stop_\d+$")
_ROWS = 1 << 18  # the rows whose missing stops are filled at once: 4 MB
_UTC = pl.Datetime("us", "UTC")


@of_frame
def flow(
    tickets: Records | pl.LazyFrame | TableLike,
    *,
    every: str,
    as_of: dt.datetime,
    by: str | Sequence[str] | None = (),
    timezone: str | None = None,
    created: str = "created_at",
    stopped: str | Sequence[str] = ("resolved_at", "closed_at"),
    ended: tuple[str, ...] = ("solved", "resolved", "closed"),
    excluded: tuple[str, ...] = ("merged", "spam", "deleted", "test"),
) -> Computation:
    """What entered, left and stayed open in each period, one row a group and period, without holes.

    A period is ``[start, end)`` on the clock of `timezone`: a local day has 23 or 25 hours when the clock changes. The
    first holds the first creation of all, the last holds `as_of`, for every group alike. `as_of` is inclusive, and what
    happened after it is not known yet: the last `closing` is the census at `as_of`, ``created <= as_of < ended``.

    `Records` with changes are counted from their log of statuses: every move into an ended or excluded state and out of
    one. Tickets without a status in the log, and tables, are counted from stamps.

    Columns: `by` …, ``period`` (its start), and the counts (Int64) ``opening`` and ``closing`` (open when it starts and
    when it ends), ``inflow`` = ``created`` + ``reopened``, ``outflow`` (moves to an ended state), ``net_in`` and
    ``net_out`` (tickets open at this end and not at the last, and the reverse). ``opening + inflow - outflow =
    closing`` is checked. ``reopened`` is null from stamps, which keep the last end alone. Tickets that are left out are
    counted in the period of their creation: ``n_excluded`` (their column ``excluded`` names one of the reasons of
    `excluded`) and ``n_reversed`` (they ended before they were created). ``complete`` is false for a period that was
    not over at `as_of`.

    Args:
        tickets: `Records`, or any table with one row a ticket.
        every: the period's length: a number and ``m``, ``h``, ``d``, ``w`` (from Monday), ``mo``, ``q`` or ``y``.
        as_of: the instant up to which the rows are known, with a time zone.
        by: columns whose values make the groups; all columns are taken as they stand now. Enums are the quickest, any
            other type costs one join to be numbered.
        timezone: the zone of the periods and of instants that state none; by default that of `created`.
        created: the column that says when a ticket came.
        stopped: columns that say when it ended; the first that is known at `as_of` does. Absent ones are passed over.
        ended: statuses that end a ticket in the changes of `Records`; case is ignored.
        excluded: reasons in the column ``excluded``, and statuses, for which a ticket does not count; case is ignored.

    Returns:
        A LazyFrame for a LazyFrame or `Records`, else a DataFrame; sorted by `by` and period, empty if nothing had been
        created at `as_of`.

    Raises:
        InputError: A column is missing or holds no instants, or a creation is null.
        ParameterError: `every`, `as_of`, `by` or `timezone` cannot be read.
    """
    known = known_at(as_of)
    check_timezone(timezone)
    check_every(every)
    out, reasons = words("ended", ended), words("excluded", excluded)
    frame = tickets.tickets if isinstance(tickets, Records) else as_frame(tickets).lazy()
    if frame is None:
        raise InputError("expected records with tickets; got none: say Records(tickets=...), one row a ticket")
    schema = frame.collect_schema()
    if "excluded" in schema and not holds_texts(schema["excluded"]):
        raise InputError(f"column 'excluded' holds {schema['excluded']}, expected texts such as 'spam'; cast it first")
    keys = _keys(by, schema)
    for parameter, names in (("created", created), ("stopped", stopped)):
        several = list(names) if parameter == "stopped" and isinstance(names, list | tuple) else [names]
        if not all(isinstance(name, str) for name in several):
            raise ParameterError(f"{parameter} must name a column of instants; got {shown(names)}")
    stops = [name for name in ([stopped] if isinstance(stopped, str) else stopped) if name in schema]
    if created not in schema or not stops:
        lost = (
            f"{shown(created)}, when a ticket came" if created not in schema else f"one of {stopped!r}, when it ended"
        )
        raise InputError(
            f"expected the column {lost}; the columns are {listed(map(shown, schema))}: name it in the call"
        )
    zone = timezone or getattr(schema[created], "time_zone", None) or "UTC"
    roles = {_START: created} | {f"_stop_{i}": name for i, name in enumerate(stops)}
    # Inside, keys have names that are not patterns and that no other column has.
    inside = {f"_key_{place}": key for place, key in enumerate(keys)}
    columns = [
        *(column(key).alias(name) for name, key in inside.items()),
        *(_instant(name, schema[name], timezone).alias(role) for role, name in roles.items()),
    ]
    # A value that cannot be read would pass for a ticket still open: the column goes along to be compared.
    parsed = {role: name for role, name in roles.items() if not _aware(schema[name])}
    columns += [column(name).alias(role + "_given") for role, name in parsed.items()]
    if "excluded" in schema:
        reason = pl.col("excluded").cast(pl.String).str.to_lowercase()
        columns.append(reason.is_in(reasons).fill_null(value=False).alias(_OUT))

    plan = frame.select(columns)
    if isinstance(tickets, Records) and (changes := changes_of(tickets)) is not None:
        plan = _spells(frame.select(pl.col("ticket_id").alias("_id"), *columns), changes, known, out, reasons)
    result = {key: schema[key] for key in keys} | {"period": pl.Datetime("us", zone)}
    result |= dict.fromkeys(_COUNTS, pl.Int64()) | {"complete": pl.Boolean()}

    def count() -> pl.DataFrame:
        table = plan.collect()
        _refuse_unread(table, parsed, timezone)
        return _flow(table, list(inside), Periods(every, known, zone), created).rename(inside)

    return Computation(count, lambda: result)


def _spells(
    tickets: pl.LazyFrame, changes: pl.LazyFrame, known: int, ended: frozenset[str], excluded: frozenset[str]
) -> pl.LazyFrame:
    """One row for each time that a ticket was open, in order: from its creation or a reopening to the end that follows.

    A ticket without a status in the log keeps its stamps; one that ended before its creation keeps that end alone.
    """
    tickets = tickets.with_row_index(_TICKET)
    status = pl.col("value").cast(pl.String).str.to_lowercase()
    log = (
        changes.filter(pl.col("field") == "status", pl.col("at").dt.timestamp("us") <= known)
        .select(
            pl.col("ticket_id").alias("_id"),
            pl.col("at").dt.timestamp("us").alias("_at"),
            status.is_in(ended | excluded).fill_null(value=False).alias("_ends"),
            status.is_in(excluded).fill_null(value=False).alias("_excludes"),
        )
        .join(tickets.select("_id", _TICKET, _START), on="_id", maintain_order="left")
        .sort(_TICKET, "_at", maintain_order=True)
    )
    before = pl.when(_same_ticket(1)).then(pl.col("_ends").shift()).fill_null(value=False)
    told = log.group_by(_TICKET).agg(
        pl.lit(value=True).alias("_told"),
        pl.col("_excludes").any(),
        (pl.col("_at").filter("_ends").min() < pl.col(_START).first()).fill_null(value=False).alias("_backwards"),
    )
    turns = log.filter(pl.col("_ends") != before).select(_TICKET, "_at", "_ends", pl.lit(value=True).alias(_AGAIN))
    first = tickets.select(_TICKET, pl.col(_START).alias("_at"), _ends=False, **{_AGAIN: False})
    # Ends and reopenings take turns, so the row below a start is the end that follows it.
    spells = (
        pl.concat([first, turns])
        .sort(_TICKET, _AGAIN, "_at", maintain_order=True)
        .with_columns(_next=pl.when(_same_ticket(-1)).then(pl.col("_at").shift(-1)))
        .filter(~pl.col("_ends"))
    )
    return (
        spells.join(tickets, on=_TICKET, how="left", maintain_order="left")
        .join(told, on=_TICKET, how="left", maintain_order="left")
        .filter(~(pl.col(_AGAIN) & pl.col("_backwards")))
        .with_columns(
            pl.col("_at").alias(_START),
            pl.when("_told").then("_next").otherwise(_first_known(known)).alias("_stop_0"),
            pl.col(_OUT) & ~pl.col("_excludes").fill_null(value=False),
        )
        .drop(_STAMPS - cs.by_name("_stop_0"))
    )


def _same_ticket(n: int) -> pl.Expr:
    return pl.col(_TICKET) == pl.col(_TICKET).shift(n)


def _keys(by: str | Sequence[str] | None, schema: pl.Schema) -> list[str]:
    keys = [] if by is None else [by] if isinstance(by, str) else list(by) if isinstance(by, tuple) else by
    if not (isinstance(keys, list) and all(isinstance(key, str) for key in keys)):
        raise ParameterError(f"by must be a column's name, or several in a list; got {shown(by)}")
    if unknown := [key for key in keys if key not in schema]:
        raise ParameterError(
            f"by must name columns of the tickets; got {shown(unknown[0])}{closest(unknown[0], schema.names())}: "
            f"the columns are {listed(map(shown, schema))}"
        )
    if odd := [key for key in keys if schema[key].base_type() in (pl.Object, pl.List, pl.Array, pl.Struct)]:
        raise InputError(
            f"column {shown(odd[0])} holds {schema[odd[0]]}: by needs single values, such as texts or numbers"
        )
    taken = [key for key in keys if key in ("period", *_COUNTS, "complete") or keys.count(key) > 1]
    if taken:
        raise ParameterError(f"by names {shown(taken[0])} twice or as the result does; rename the column first")
    return keys


def _aware(dtype: pl.DataType) -> bool:
    return isinstance(dtype, pl.Datetime) and dtype.time_zone is not None and dtype.time_unit == "us"


def _instant(name: str, source: pl.DataType, timezone: str | None) -> pl.Expr:
    """The instants of a column in microseconds; a column that holds them already is not copied."""
    if isinstance(source, pl.Datetime) and source.time_zone is not None and source.time_unit == "us":
        return column(name).to_physical()
    expr = coerced(column(name), source, _UTC, timezone)
    if expr is None:
        raise InputError(f"column {shown(name)} {advice_on_type(source, _UTC, name)}")
    return expr.to_physical()


def _refuse_unread(table: pl.DataFrame, parsed: dict[str, str], timezone: str | None) -> None:
    for role, name in parsed.items():
        given = table[role + "_given"]
        offenders = given.filter(table[role].is_null() & given.is_not_null() & ~is_blank(given, _UTC))
        causes = [f"{n} of {len(given)} {why}" for n, why in explain(offenders, _UTC, timezone, name)]
        if causes:
            raise InputError(f"column {shown(name)}: " + "; ".join(causes))


def _flow(table: pl.DataFrame, keys: list[str], periods: Periods, created: str) -> pl.DataFrame:
    missing = table[_START].null_count()
    if missing:
        raise InputError(
            f"column {shown(created)} is null in {missing} of {table.height} rows; a ticket that came at no known instant "
            "has no period: filter the rows out or correct them"
        )
    groups, table = _groups(table, keys)
    first = table[_START].min()
    if not isinstance(first, int) or first > periods.known:
        nothing = np.empty((0, 0), np.int64)
        return _frame(groups.clear(), np.empty(0, np.int64), periods, dict.fromkeys(_COUNTS, nothing))
    edges = periods.edges(first)
    # For the counting the last period ends where knowledge does.
    until = np.append(edges[:-1], min(edges[-1], periods.known + 1))
    left_out = np.zeros((groups.height, len(until) - 1), np.int64)
    if _OUT in table.columns and (out := table[_OUT]).any():
        gone, table = table.filter(out), table.filter(~out)
        if _AGAIN in gone.columns:
            gone = gone.filter(~pl.col(_AGAIN))
        left_out = count_events(gone[_START].to_numpy(), until, _codes(gone), groups.height)
    counter = SpellCounter(until, groups.height)
    for at in range(0, table.height, _ROWS):
        rows = table.slice(at, _ROWS)
        counter.add(rows[_START].to_numpy(), _stops(rows, periods.known), _codes(rows))
    reopened, resumed = None, np.zeros_like(left_out)
    if _AGAIN in table.columns:
        again = table.filter(_AGAIN)
        reopened = count_events(again[_START].to_numpy(), until, _codes(again), groups.height)
        owners = table[_TICKET].to_numpy()
        resumed = count_resumed(
            table[_START].to_numpy(), _stops(table, periods.known), owners, until, _codes(table), groups.height
        )
    counts = _balance(counter, resumed, edges, periods.zone)
    if reopened is not None:
        counts |= {"created": counts["inflow"] - reopened, "reopened": reopened}
    return _frame(groups, edges, periods, counts | {"n_excluded": left_out, "n_reversed": counter.reversed})


def _stops(rows: pl.DataFrame, known: int) -> Integers:
    first = rows["_stop_0"]
    latest = first.max() if "_stop_1" in rows.columns else None
    if first.null_count() or (isinstance(latest, int) and latest > known):
        first = rows.select(_first_known(known).fill_null(NEVER)).to_series()
    return first.to_numpy()


def _first_known(known: int) -> pl.Expr:
    """The first stamp that is there and not in the future: one to come does not hide one that has been."""
    return pl.coalesce(pl.when(known >= _STAMPS).then(_STAMPS))


def _codes(rows: pl.DataFrame) -> npt.NDArray[np.integer] | None:
    return rows[_CODE].to_numpy() if _CODE in rows.columns else None


def _groups(table: pl.DataFrame, keys: list[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The groups that there may be, and the table with the number of each row's group, if there are groups."""
    if not keys:
        return pl.DataFrame(height=1), table
    only = table[keys[0]]
    if len(keys) == 1 and isinstance(only.dtype, pl.Enum) and not only.null_count():
        return only.dtype.categories.cast(only.dtype).to_frame(keys[0]), table.with_columns(
            only.to_physical().alias(_CODE)
        )
    groups = table.lazy().select(keys).unique().collect()
    numbered = groups.lazy().with_row_index(_CODE)
    codes = table.lazy().select(keys).join(numbered, on=keys, how="left", nulls_equal=True, maintain_order="left")
    return groups, table.with_columns(codes.select(_CODE).collect())


def _balance(counter: SpellCounter, resumed: Integers, edges: Integers, zone: str) -> dict[str, Integers]:
    """The counts that hang together, each of the shape (groups, periods): what came and went explains what is open."""
    inflow, outflow = counter.arrivals, counter.departures
    net_in, net_out = inflow - counter.brief - resumed, outflow - counter.brief - resumed
    closing = np.cumsum(net_in - net_out, axis=1)
    opening = np.zeros_like(closing)
    opening[:, 1:] = closing[:, :-1]
    wrong = (opening + inflow - outflow != closing) | (closing < 0) | (net_in < 0) | (net_out < 0)
    wrong[:, -1] |= closing[:, -1] != counter.still_open
    if wrong.any():
        group, period = np.argwhere(wrong)[0]
        start = pl.Series([edges[period]]).cast(pl.Datetime("us", zone))[0]
        raise ServiceQualityError(
            f"internal error: the flow of the period that starts at {start} (group {group}) does not add up: opening "
            f"{opening[group, period]} + inflow {inflow[group, period]} - outflow {outflow[group, period]}, closing "
            f"{closing[group, period]}, {counter.still_open[group]} open at the end; please report it"
        )
    return {
        "opening": opening,
        "inflow": inflow,
        "outflow": outflow,
        "closing": closing,
        "net_in": net_in,
        "net_out": net_out,
        "created": inflow,
    }


def _frame(groups: pl.DataFrame, edges: Integers, periods: Periods, counts: dict[str, Integers]) -> pl.DataFrame:
    """The groups that came to anything, sorted, by every period. A count that is not known is null."""
    something = counts["inflow"].any(axis=1) | counts["n_excluded"].any(axis=1) | counts["n_reversed"].any(axis=1)
    some = groups.with_row_index(_CODE).filter(pl.Series(something, dtype=pl.Boolean))
    some = some.sort(groups.columns) if groups.columns else some
    rows = some[_CODE].to_numpy()
    n_periods = counts["inflow"].shape[1]
    starts = pl.Series(np.tile(edges[:-1], len(rows)), dtype=pl.Int64).cast(pl.Datetime("us", periods.zone))
    return some.drop(_CODE)[np.repeat(np.arange(len(rows)), n_periods)].with_columns(
        starts.alias("period"),
        *(
            pl.Series(name, counts[name][rows].reshape(-1), dtype=pl.Int64)
            if name in counts
            else pl.lit(None, pl.Int64).alias(name)
            for name in _COUNTS
        ),
        pl.Series("complete", np.tile(edges[1:] <= periods.known + 1, len(rows)), dtype=pl.Boolean),
    )
