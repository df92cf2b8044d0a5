"""Events find their ticket and their place. Lives here: numbers of text ids, the order of a log. Never: what events mean."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

__all__ = ["one_after_another", "with_tickets"]

_NONE = 2**32 - 1
_BLOCK = 1 << 17  # the rows that are looked up at once: what they need stays in the processor's cache


def with_tickets(events: pl.LazyFrame, tickets: pl.LazyFrame) -> pl.LazyFrame:
    """The events that belong to one of the tickets, in their order, with its number `_ticket` and `_created`.

    `tickets` are those of `known_tickets`, whole, so that a number is a place among them. Of an id that several bear, one
    is found.
    """
    heads = tickets.select(pl.col("ticket_id").alias("_id"), pl.col("_created").alias("_born"))
    number = pl.map_batches(["ticket_id", "_id"], _numbers, return_dtype=pl.UInt32)
    # Not `pl.Expr.gather`: in Polars 2.1 that panics below a join that needs no more rows.
    created = pl.map_batches(["_born", "_ticket"], lambda pair: pair[0].gather(pair[1]), return_dtype=pl.Int64)
    # Side by side, so that one expression sees both columns of ids; the shorter frame is filled up with nulls.
    return (
        pl.concat([events.drop("_ticket", "_created", strict=False), heads], how="horizontal_extend")
        .with_columns(number.alias("_ticket"))
        .with_columns(created.alias("_created"))
        .filter(pl.col("_ticket").is_not_null())
        .drop("_id", "_born")
    )


def one_after_another(rows: pl.LazyFrame, *, by: str = "_ticket") -> pl.LazyFrame:
    """Rows ordered by the whole number `by`, then by `_at`, then as they came in; all their columns are carried along."""
    return rows.map_batches(
        lambda frame: frame.rechunk()[_order(frame[by], frame["_at"])],
        predicate_pushdown=False,
        projection_pushdown=False,
        slice_pushdown=False,
    )


def _numbers(columns: Sequence[pl.Series]) -> pl.Series:
    """The place of each id among the tickets' ids, null if it has none.

    Each ticket has one slot of a table, by the hash of its id, and the last of those that share one keeps it. An id that finds
    itself at its slot has its ticket; the few others are looked up by a join among the few tickets that lost theirs. A
    join of all would do more: it is ready for ids that several tickets bear.
    """
    wanted, heads = columns
    tickets = heads.drop_nulls().rechunk()
    # Nulls stand in front, where ids are sorted, and at the end, where the frame of the tickets is filled up.
    begin = int(heads.is_not_null().arg_max() or 0) if heads.null_count() else 0
    bits = len(tickets).bit_length() + 2
    places, slots = np.arange(len(tickets), dtype=np.uint32), _slots(tickets, bits)
    table = np.zeros(1 << bits, np.uint32)
    table[slots] = places
    found = np.full(len(wanted), _NONE, np.uint32)
    for start in range(0, len(wanted) if len(tickets) else 0, _BLOCK):
        ids = wanted.slice(start, _BLOCK)
        held = table[_slots(ids, bits)]
        right = (tickets.gather(held) == ids).fill_null(value=False).to_numpy()
        found[start : start + _BLOCK][right] = held[right]
    lost = places[table[slots] != places]
    if len(lost) and len(rest := np.flatnonzero(found == _NONE)):
        others = pl.LazyFrame({"id": tickets.gather(lost), "place": lost}).unique("id", keep="any")
        looked_up = pl.LazyFrame({"id": wanted.gather(rest)}).join(others, on="id", how="left", maintain_order="left")
        found[rest] = looked_up.select(pl.col("place").fill_null(_NONE)).collect(engine="in-memory")["place"].to_numpy()
    numbers = pl.Series(found)
    return (numbers + np.uint32(begin)).zip_with(numbers != _NONE, pl.Series([None], dtype=pl.UInt32))


def _slots(ids: pl.Series, bits: int) -> npt.NDArray[np.uint64]:
    return np.asarray(ids.hash().to_numpy() >> np.uint64(64 - bits))


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
