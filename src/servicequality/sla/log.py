"""Rows of many tickets by time, and the search for the last one at an instant."""

# The search is a bisection of all rows at once: as many steps as the longest history has bits, whatever the number of tickets.

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

__all__ = ["Codes", "Flags", "Log", "Times", "last_at_most"]

Times: TypeAlias = NDArray[np.int64]
Codes: TypeAlias = NDArray[np.intp]
Flags: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Log:
    """Rows sorted by ticket, then by time.

    Attributes:
        first: Where the rows of each ticket begin; one more than tickets.
        at: When each row happened, in microseconds.
    """

    first: Codes
    at: Times

    @classmethod
    def of(cls, rows: pl.DataFrame, tickets: int) -> "Log":
        """The log of a sorted frame with `_ticket` and `_at`."""
        counts = np.bincount(rows["_ticket"].to_numpy(), minlength=tickets)
        return cls(np.append(0, np.cumsum(counts)).astype(np.intp), rows["_at"].to_numpy())

    def last(self, ticket: Codes, at: Times) -> Codes:
        """The row that was the ticket's last one at the instant, inclusive; the one before its first if there is none."""
        return last_at_most(self.at, self.first[ticket], self.first[ticket + 1], at)

    def of_tickets(self, chosen: Flags) -> tuple["Log", Flags | None]:
        """The log without the rows of other tickets, and which rows are kept; None is all."""
        if chosen.all():
            return self, None
        counts = np.diff(self.first)
        kept = np.repeat(chosen, counts)
        return Log(np.append(0, np.cumsum(np.where(chosen, counts, 0))).astype(np.intp), self.at[kept]), kept


def last_at_most(keys: NDArray[Any], low: Codes, high: Codes, bound: NDArray[Any]) -> Codes:
    """In each range of rows, the last whose key is at most the bound, or `low - 1`; keys ascend within a range."""
    low, high = low.copy(), high.copy()
    for _ in range(int((high - low).max(initial=0)).bit_length()):
        middle = (low + high) >> 1
        open_ = low < high
        below = open_ & (np.take(keys, middle, mode="clip") <= bound)
        np.copyto(low, middle + 1, where=below)
        np.copyto(high, middle, where=open_ & ~below)
    return low - 1
