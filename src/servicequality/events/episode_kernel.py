"""The episodes of a story: the kernel that cuts what happened to tickets into pieces and finds each piece's start."""

# Only changes are put in order. A piece of a ticket ends with a move to an ended status; a message finds its piece by the
# instants of its ticket's ends, and what it adds to is written to the piece's place in an array.

from typing import NamedTuple, get_args

import numpy as np
import numpy.typing as npt
import polars as pl

from servicequality.events.numbering import row_order
from servicequality.model import Author

AUTHOR = pl.Enum(get_args(Author))

# What can happen in the story of a ticket's episodes: messages, statuses, what is said.
ASKED, BOT, HUMAN, ENDS, RUNS, LEFT, HANDED, YES, NO, UNSAID, REQUESTED = range(11)
OUT = 16
"""A status that excludes the ticket: it is added to what happened."""

_NEVER = 2**63 - 1
_COLUMNS = {
    "_ticket": pl.UInt32(),
    **dict.fromkeys(("_start", "_stop", "sequence", "bot_replies", "human_replies"), pl.Int64()),
    **dict.fromkeys(("_first_bot", "_first_human", "_handoff", "_requested", "_reopened", "_next"), pl.Int64()),
    **dict.fromkeys(("human_after_bot", "confirmed"), pl.Boolean()),
    "_by": AUTHOR,
    "handoff_reason": pl.String(),
    "_status_out": pl.Boolean(),
}

Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def episodes_of(story: pl.LazyFrame) -> pl.LazyFrame:
    """The episodes of a story, in the order of tickets and time; instants are in microseconds.

    Args:
        story: `_ticket`, `_at`, `_what`, and of changes `_by` and `_value`: first the openings, then the messages, then the
            changes, each in the order that decides among equal instants.
    """
    return story.map_batches(
        _episodes, schema=_COLUMNS, predicate_pushdown=False, projection_pushdown=False, slice_pushdown=False
    )


class _Rows(NamedTuple):
    """Messages as they came, or changes in order: their ticket, instant, what happened, and piece."""

    ticket: npt.NDArray[np.uint32]
    at: Integers
    what: npt.NDArray[np.uint8]
    piece: Integers


class _Starts(NamedTuple):
    """Where the episode of each piece starts: the instant, and the row of the message or of the change; the last if none."""

    at: Integers
    message: Integers
    change: Integers

    def messages_after(self, rows: _Rows, chosen: Integers) -> Integers:
        """Those of the chosen messages that come after their piece's start."""
        piece, at = rows.piece[chosen], rows.at[chosen]
        since = self.at[piece]
        after: Flags = (at > since) | ((at == since) & (chosen > self.message[piece]))
        return chosen[after]

    def changes_after(self, rows: _Rows, chosen: Integers) -> Flags:
        """Which of the chosen changes come after their piece's start: messages come before changes at equal instants."""
        piece = rows.piece[chosen]
        by_message = rows.at[chosen] >= self.at[piece]
        return np.where(self.change[piece] < len(rows.at), chosen > self.change[piece], by_message)


def _episodes(story: pl.DataFrame) -> pl.DataFrame:
    story = story.rechunk()
    marked = story["_what"].to_numpy()
    n_messages = int(np.count_nonzero((marked & np.uint8(OUT - 1)) <= HUMAN))
    order = n_messages + row_order(story["_ticket"][n_messages:], story["_at"][n_messages:])[0]
    ticket, at = story["_ticket"].to_numpy(), story["_at"].to_numpy()
    size = 1 + int(ticket.max(initial=0))
    own, state = ticket[order], marked[order]
    what = state & np.uint8(OUT - 1)

    # The pieces of a ticket: one for each end, and one that lasts.
    over = what == ENDS
    end = np.flatnonzero(over)
    ends = np.bincount(own[end], minlength=size)
    first_end = np.cumsum(ends) - ends
    changes = _Rows(own, at[order], what, own + (np.cumsum(over) - over))
    when = changes.at[end]
    sent = ticket[:n_messages]
    messages = _Rows(
        sent,
        at[:n_messages],
        marked[:n_messages],
        sent + _ends_before(at[:n_messages], first_end[sent], ends[sent], when),
    )
    n_pieces = size + len(end)
    stop = np.full(n_pieces, _NEVER)
    stop[changes.piece[end]] = when
    closing = np.zeros(n_pieces, np.int64)
    closing[changes.piece[end]] = order[end]

    moves = np.flatnonzero((what >= ENDS) & (what <= LEFT))
    reopened = _reopenings(own, what, moves)
    starts = _starts(messages, changes, reopened, n_pieces)
    has = starts.at < _NEVER
    piece = np.flatnonzero(has)
    of = np.repeat(np.arange(size, dtype=np.uint32), ends + 1)  # the ticket of each piece

    bots = starts.messages_after(messages, np.flatnonzero(messages.what == BOT))
    humans = starts.messages_after(messages, np.flatnonzero(messages.what == HUMAN))
    first_bot, first_human = (_earliest(messages, rows, n_pieces) for rows in (bots, humans))
    handed = np.flatnonzero(what == HANDED)
    handed = handed[has[changes.piece[handed]] & starts.changes_after(changes, handed)]
    handoff = _first(changes.piece[handed], handed, n_pieces, len(own))
    handoff_at = np.append(changes.at, _NEVER)[handoff]
    helped = np.zeros(n_pieces, np.bool_)
    helped[messages.piece[_after_bot(messages, bots, humans, first_bot, handoff_at)]] = True

    # What is said after an end belongs to the episode before, and so does the reopening that begins the next one.
    latest = np.maximum.accumulate(np.where(has, np.arange(n_pieces), -1))
    previous = np.append(-1, latest[:-1])
    previous[(previous >= 0) & (of[previous] != of)] = -1

    def owner(rows: Integers) -> Integers:
        inside = has[changes.piece[rows]] & starts.changes_after(changes, rows)
        return np.where(inside, changes.piece[rows], previous[changes.piece[rows]])

    words, requests = np.flatnonzero((what >= YES) & (what <= UNSAID)), np.flatnonzero(what == REQUESTED)
    said = np.full(n_pieces + 1, UNSAID, np.uint8)  # the last place is that of no episode
    said[owner(words)] = what[words]  # of repeated places numpy keeps the last
    request = _first(owner(requests), requests, n_pieces + 1, len(own))[:-1]
    again = _first(previous[changes.piece[reopened]], reopened, n_pieces + 1, len(own))[:-1]
    status = np.zeros(size, np.uint8)
    status[own[moves]] = state[moves]

    tickets = of[piece]
    leads = np.ones(len(piece), np.bool_)  # the ticket's first episode
    leads[1:] = tickets[1:] != tickets[:-1]
    place = np.arange(len(piece))
    following = np.append(np.where(leads[1:], _NEVER, starts.at[piece][1:]), np.full(min(len(piece), 1), _NEVER))
    begun = np.append(changes.at, _NEVER)
    stopped = stop[piece] < _NEVER
    reason = handoff[piece]
    return pl.DataFrame(
        {
            "_ticket": tickets,
            "_start": starts.at[piece],
            "_stop": _instants(stop[piece]),
            "sequence": place - np.maximum.accumulate(np.where(leads, place, 0)) + 1,
            "bot_replies": np.bincount(messages.piece[bots], minlength=n_pieces)[piece],
            "human_replies": np.bincount(messages.piece[humans], minlength=n_pieces)[piece],
            "_first_bot": _instants(first_bot[piece]),
            "_first_human": _instants(first_human[piece]),
            "_handoff": _instants(handoff_at[piece]),
            "_requested": _instants(begun[request[piece]]),
            "_reopened": _instants(begun[again[piece]]),
            "_next": _instants(following),
            "human_after_bot": helped[piece],
            "confirmed": _where(said[piece] != UNSAID, said[piece] == YES),
            "_by": _where(stopped, story["_by"][closing[piece]]),
            "handoff_reason": _where(reason < len(own), story["_value"][np.append(order, 0)[reason]]).cast(pl.String),
            "_status_out": _where(status[tickets] > 0, status[tickets] >= OUT),
        },
        schema=_COLUMNS,
    )


def _ends_before(at: Integers, first: Integers, count: Integers, ends: Integers) -> Integers:
    """How many ends of all tickets lie before each message: those of earlier tickets, and its own ticket's earlier ones.

    Args:
        at: the instants of the messages.
        first: the place of the first end of the message's ticket.
        count: how many ends the ticket has.
        ends: the instants of the ends by ticket and time.
    """
    low, high, ends = first.copy(), first + count, np.append(ends, _NEVER)
    for _ in range(int(count.max(initial=0)).bit_length()):  # halved at each step
        middle = (low + high) >> 1
        earlier = (ends[middle] < at) & (middle < high)
        low = np.where(earlier, middle + 1, low)
        high = np.where(earlier, high, middle)
    return low


def _starts(messages: _Rows, changes: _Rows, reopened: Integers, n_pieces: int) -> _Starts:
    """The first question of the customer or reopening of each piece."""
    asked = np.flatnonzero(messages.what == ASKED)
    since = _earliest(messages, asked, n_pieces)
    message = _first_at(messages, asked, since)
    again = _earliest(changes, reopened, n_pieces)
    change = np.where(
        again < since, _first(changes.piece[reopened], reopened, n_pieces, len(changes.at)), len(changes.at)
    )
    return _Starts(np.minimum(since, again), np.where(again < since, len(messages.at), message), change)


def _earliest(rows: _Rows, chosen: Integers, n_pieces: int) -> Integers:
    """The first instant of the chosen rows in each piece, never if there is none."""
    earliest = np.full(n_pieces, _NEVER)
    np.minimum.at(earliest, rows.piece[chosen], rows.at[chosen])
    return earliest


def _first(piece: Integers, rows: Integers, n_pieces: int, none: int) -> Integers:
    """The first of the rows of each piece, which come in their order; `none` if there is none."""
    first = np.full(n_pieces, none)
    first[piece[::-1]] = rows[::-1]  # of repeated places numpy keeps the last
    return first


def _first_at(rows: _Rows, chosen: Integers, instant: Integers) -> Integers:
    """The first of the chosen rows of each piece that came at the piece's instant; the number of rows if none did."""
    at_once = chosen[rows.at[chosen] == instant[rows.piece[chosen]]]
    return _first(rows.piece[at_once], at_once, len(instant), len(rows.at))


def _after_bot(messages: _Rows, bots: Integers, humans: Integers, first_bot: Integers, handoff: Integers) -> Integers:
    """Those of the persons' messages that came after the bot's first reply or the hand-off of their piece."""
    acted = np.minimum(first_bot, handoff)
    # A hand-off comes after all messages of its instant.
    row = np.where(first_bot <= handoff, _first_at(messages, bots, first_bot), len(messages.at))
    piece, at = messages.piece[humans], messages.at[humans]
    after: Flags = (at > acted[piece]) | ((at == acted[piece]) & (humans > row[piece]))
    return humans[after]


def _reopenings(ticket: npt.NDArray[np.uint32], what: npt.NDArray[np.uint8], moves: Integers) -> Integers:
    """The rows that move a ticket out of its ended statuses: the status above decides, and of a first row the log's word.

    Args:
        ticket: the ticket of each change.
        what: what happened.
        moves: the rows that say a status.
    """
    kind, own = what[moves], ticket[moves]
    was_ended = kind == LEFT
    was_ended[1:] = np.where(own[1:] == own[:-1], kind[:-1] == ENDS, was_ended[1:])
    left: Flags = was_ended & (kind != ENDS)
    return moves[left]


def _instants(at: Integers) -> pl.Series:
    return _where(at < _NEVER, at)


def _where(holds: Flags, values: npt.NDArray[np.generic] | pl.Series) -> pl.Series:
    """The values, null where it does not hold."""
    series = pl.Series(values)
    return series.zip_with(pl.Series(holds), pl.Series([None], dtype=series.dtype))
