"""Events find their ticket and their place. Lives here: numbers of text ids, the order of a log. Never: what events mean."""

import numpy as np
import numpy.typing as npt
import polars as pl

__all__ = ["TicketNumbers", "one_after_another", "with_tickets"]

_NONE = 2**32 - 1


class TicketNumbers:
    """Finds the number of a ticket by its id, which is read and hashed once a row and compared with one other.

    A ticket has a slot of a table, by the hash of its id, and the last of those that share one keeps it; those that lost
    theirs have slots of a smaller table by another hash, and so on. An id that finds itself at its slot has its ticket. A
    join would do more: it is ready for ids that several tickets bear, of which one is found here.

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
            ids = self._ids.gather(rest)
            slots = self._slots(ids, len(self._tables), bits := len(rest).bit_length() + 2)
            self._tables.append(table := np.zeros(1 << bits, np.uint32))
            table[slots] = rest
            lost = np.flatnonzero(table[slots] != rest)
            rest = rest[lost][(self._ids.gather(table[slots[lost]]) != ids.gather(lost)).to_numpy()]

    def number(self) -> pl.Expr:
        """The number of the ticket of each `ticket_id`, null if there is none; elementwise."""
        return pl.col("ticket_id").map_batches(self._numbers, return_dtype=pl.UInt32, is_elementwise=True)

    def created(self) -> pl.Expr:
        """When the ticket of each `_ticket` was created, in microseconds; elementwise."""
        return pl.col("_ticket").map_batches(
            lambda ticket: pl.Series(self._born[ticket.to_numpy()]), return_dtype=pl.Int64, is_elementwise=True
        )

    def _numbers(self, ids: pl.Series) -> pl.Series:
        found = np.full(len(ids), _NONE, np.uint32)
        rest = np.arange(len(ids), dtype=np.uint32)
        for place, table in enumerate(self._tables):
            held = table[self._slots(ids, place, len(table).bit_length() - 1)]
            right = (self._ids.gather(held) == ids).fill_null(value=False).to_numpy()
            found[rest[right]] = held[right]
            lost = np.flatnonzero(~right)
            if not len(lost):
                break
            rest, ids = rest[lost], ids.gather(lost)
        numbers = pl.Series(found)
        return numbers.zip_with(numbers != _NONE, pl.Series([None], dtype=pl.UInt32))

    @staticmethod
    def _slots(ids: pl.Series, seed: int, bits: int) -> npt.NDArray[np.uint64]:
        return np.asarray(ids.hash(seed).to_numpy() >> np.uint64(64 - bits))


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
        lambda frame: frame.rechunk()[_order(frame[by], frame["_at"])],
        predicate_pushdown=False,
        projection_pushdown=False,
        slice_pushdown=False,
    )


def _order(number: pl.Series, at: pl.Series) -> npt.NDArray[np.int64]:
    """The rows by number, then by time, then as they came in.

    Number and row share one whole number, whose sort is stable and compares nothing else.
    Most logs are kept in the order of time, if only within each ticket; the others are first put in it.
    """
    numbers = number.to_numpy()
    order = _stable(numbers)
    times = at.to_numpy()
    if (times[1:] < times[:-1]).any() and _disorderly(numbers[order], times[order]):
        rows = pl.DataFrame({"at": at}).with_row_index("row").lazy().sort("at", maintain_order=True)
        row = rows.collect()["row"].to_numpy()
        order = row[_stable(numbers[row])]
    return order


def _disorderly(number: npt.NDArray[np.integer], times: npt.NDArray[np.int64]) -> bool:
    return bool(((times[1:] < times[:-1]) & (number[1:] == number[:-1])).any())


def _stable(number: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
    bits = len(number).bit_length()
    if int(number.max(initial=0)).bit_length() + bits > 63:
        return np.argsort(number, kind="stable")
    return np.sort((number.astype(np.int64) << bits) | np.arange(len(number))) & ((1 << bits) - 1)
