"""Ticket numbers for text ids, and the order of a log's rows."""

import numpy as np
import numpy.typing as npt
import polars as pl

from servicequality.stats.ordering import stable_runs

__all__ = ["TicketNumbers", "beside_above", "one_after_another", "row_order", "with_tickets"]

_NONE = 2**32 - 1
_FEW_FALLS = 64  # places where a log steps back in time
_FEWEST = 12  # bits of the smallest table: few ids of a small one share a slot


class TicketNumbers:
    """Finds the number of a ticket by its id: each id of a log is hashed and compared with one other, seldom with more.

    A ticket has a slot of a table, by the hash of its id, and the last of those that share one keeps it; those that lost
    theirs have slots of a smaller table by another hash, and so on. An id that finds itself at its slot has its ticket. A
    join would do more: it allows for ids that several tickets share, of which one is found here.

    Args:
        tickets: those of `known_tickets`, whole, so that a number is a place among them. A ticket without an id has a
            number, and no event finds it.
    """

    def __init__(self, tickets: pl.DataFrame) -> None:
        self._ids = tickets["ticket_id"].rechunk()
        self._born = tickets["_created"].to_numpy()
        self._tables: list[npt.NDArray[np.uint32]] = []
        rest = np.flatnonzero(self._ids.is_not_null().to_numpy()).astype(np.uint32)
        while len(rest):
            ids = self._ids[rest]
            slots = self._slots(ids, len(self._tables), bits := max(len(rest).bit_length() + 2, _FEWEST))
            self._tables.append(table := np.zeros(1 << bits, np.uint32))
            table[slots] = rest
            lost = np.flatnonzero(table[slots] != rest)
            rest = rest[lost][(self._ids[table[slots[lost]]] != ids[lost]).to_numpy()]

    def number(self) -> pl.Expr:
        """The number of the ticket of each `ticket_id`, null if there is none; elementwise."""
        return pl.col("ticket_id").map_batches(self._numbers, return_dtype=pl.UInt32, is_elementwise=True)

    def created(self) -> pl.Expr:
        """When the ticket of each `_ticket` was created, in microseconds; elementwise."""
        return pl.col("_ticket").map_batches(
            lambda ticket: pl.Series(self._born[ticket.to_numpy()]), return_dtype=pl.Int64, is_elementwise=True
        )

    def _numbers(self, ids: pl.Series) -> pl.Series:
        codes = np.full(len(ids), _NONE, np.uint32)
        rest: npt.NDArray[np.int64] | slice = slice(None)
        for place, table in enumerate(self._tables):
            held = table.take(self._slots(ids, place, len(table).bit_length() - 1))
            same = self._ids[held] == ids
            right = (same.fill_null(value=False) if same.null_count() else same).to_numpy()
            codes[rest] = np.where(right, held, _NONE)
            lost = np.flatnonzero(~right)
            if not len(lost):
                break
            rest, ids = lost if isinstance(rest, slice) else rest[lost], ids[lost]
        numbers = pl.Series(codes)
        return numbers.zip_with(numbers != _NONE, pl.Series([None], dtype=pl.UInt32))

    @staticmethod
    def _slots(ids: pl.Series, seed: int, bits: int) -> npt.NDArray[np.int64]:
        # Signed, as numpy wants its indices, or it converts them.
        return (ids.hash(seed).to_numpy() >> np.uint64(64 - bits)).view(np.int64)


def with_tickets(events: pl.LazyFrame, numbers: TicketNumbers) -> pl.LazyFrame:
    """The events that belong to one of the tickets, in their order, with its number `_ticket` and `_created`."""
    return (
        events.drop("_ticket", "_created", strict=False)
        .with_columns(numbers.number().alias("_ticket"))
        .filter(pl.col("_ticket").is_not_null())
        .with_columns(numbers.created().alias("_created"))
    )


def one_after_another(rows: pl.LazyFrame, *, by: str = "_ticket") -> pl.LazyFrame:
    """Rows ordered by the whole number `by`, then by `_at`, then as they came in; all their columns are carried along."""
    return rows.map_batches(
        lambda frame: frame.rechunk()[row_order(frame[by], frame["_at"])[0]],
        predicate_pushdown=False,
        projection_pushdown=False,
        slice_pushdown=False,
    )


def beside_above(rows: pl.LazyFrame, value: str) -> pl.LazyFrame:
    """Beside each row what the row above it has in `value`, as `one_after_another` orders them; no row is moved.

    Adds `_above`, null in the first row of each ticket, and whether a row `_is_last`. `value` is nowhere null.
    """

    def beside(frame: pl.DataFrame) -> pl.DataFrame:
        order, first = row_order(frame["_ticket"], frame["_at"])
        values = frame[value].to_numpy()[order]
        begins, ends = np.ones((2, len(order)), np.bool_)
        above = np.zeros_like(values)
        above[order[1:]] = values[:-1]
        begins[order] = first
        ends[order[:-1]] = first[1:]
        column = pl.Series("_above", above).zip_with(pl.Series(~begins), pl.Series([None], dtype=frame.schema[value]))
        return frame.with_columns(column, pl.Series("_is_last", ends))

    schema = rows.collect_schema()
    return rows.map_batches(
        beside,
        schema={**schema, "_above": schema[value], "_is_last": pl.Boolean()},
        predicate_pushdown=False,
        projection_pushdown=False,
        slice_pushdown=False,
    )


def row_order(number: pl.Series, at: pl.Series) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """The rows by number, then by time, then as they came in, and which of those are the first of their number.

    Most logs are kept in the order of time, if only within each ticket; the others are first put in it.
    """
    numbers, times = number.to_numpy(), at.to_numpy()
    codes = int(numbers.max(initial=0)) + 1
    falls = np.count_nonzero(times[1:] < times[:-1])
    if 0 < falls <= _FEW_FALLS:  # tables one after the other, each in the order of time: numpy merges them
        row = times.argsort(kind="stable")
        order, first = stable_runs(numbers[row], codes)
        return row[order], first
    order, first = stable_runs(numbers, codes)
    if falls:
        ordered = times[order]
        if ((ordered[1:] < ordered[:-1]) & ~first[1:]).any():
            rows = pl.DataFrame({"at": at}).with_row_index("row").lazy().sort("at", maintain_order=True)
            row = rows.collect()["row"].to_numpy()
            order, first = stable_runs(numbers[row], codes)
            order = row[order]
    return order, first
