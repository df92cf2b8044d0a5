"""What an export of the generated desk at an instant holds: tickets, responses and changes as tables."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from servicequality.datasets import effects as e
from servicequality.datasets.demand import Demand
from servicequality.datasets.log import instants, look_up
from servicequality.datasets.work import History

__all__ = ["changes_table", "disguised", "numbered", "responses_table", "tickets_table"]

Integers = NDArray[np.int64]

NOTE = len(e.CHANNELS)  # the channel of an internal note
BOT = "agent-bot"


def numbered(prefix: str, count: int) -> pl.Series:
    """Ids such as `r-0042`: one width, so that their order as text is their order as numbers."""
    digits = pl.int_range(count, eager=True).cast(pl.String).str.zfill(len(str(max(count - 1, 0))))
    return prefix + digits


def tickets_table(
    demand: Demand, history: History, changes: pl.DataFrame, ids: pl.Series, names: dict[str, pl.Series], as_of: int
) -> pl.DataFrame:
    """Stamps and states as they stood at `as_of`; `changes` are the coded ones up to then."""
    status = _latest(changes, e.STATUS, len(ids))
    ended = status >= e.SOLVED
    # A ticket ended and reopened by then has been resolved before, but is not resolved now.
    resolved = np.where(ended, _latest_end(changes, len(ids)), e.NEVER)
    excluded = np.where(history.closed <= as_of, demand.excluded, -1)
    return pl.DataFrame(
        {
            "ticket_id": ids,
            "created_at": instants(demand.created, as_of),
            "first_response_at": instants(history.answered, as_of),
            "first_resolved_at": instants(history.first_resolved, as_of),
            "resolved_at": instants(resolved, as_of),
            "closed_at": instants(history.closed, as_of),
            "due_at": instants(demand.created + e.DUE_SECONDS[demand.priority], e.NEVER),
            "status": look_up(status, e.STATUSES),
            "priority": look_up(demand.priority, e.PRIORITIES),
            "channel": look_up(demand.channel, e.CHANNELS),
            "team": look_up(_latest(changes, e.TEAM, len(ids)), e.TEAMS),
            "agent_id": look_up(_latest(changes, e.AGENT, len(ids)), names["agent"]),
            "requester_id": names["requester"].gather(demand.requester),
            "account_id": names["account"].gather(demand.account),
            "account_value": demand.account_value,
            "product": look_up(demand.product, e.PRODUCTS),
            "category": look_up(demand.category, e.CATEGORIES),
            "opened_by": _authors(np.where(demand.by_agent, e.BY_AGENT, e.BY_CUSTOMER)),
            "excluded": look_up(excluded, e.EXCLUDED),
        }
    ).filter(pl.col("created_at").is_not_null())


def responses_table(
    demand: Demand, messages: pl.DataFrame, ids: pl.Series, names: dict[str, pl.Series]
) -> pl.DataFrame:
    """The messages of the log, by ticket and instant; work is recorded on an agent's replies alone."""
    ticket = messages["ticket"].to_numpy()
    author = messages["author"].to_numpy()
    person = messages["author_id"].to_numpy()
    people = pl.concat([names["requester"], names["agent"]])
    person = np.where(author == e.BY_AGENT, person + len(names["requester"]), person)
    return pl.DataFrame(
        {
            "ticket_id": ids.gather(ticket),
            "at": instants(messages["at"].to_numpy(), e.NEVER),
            "author": _authors(author),
            "author_id": look_up(person, people),
            "public": messages["public"],
            "automated": messages["automated"],
            "opening": messages["opening"],
            "channel": look_up(np.where(messages["public"], demand.channel[ticket], NOTE), (*e.CHANNELS, "note")),
            "handle_seconds": messages["handle"].fill_nan(None),
        }
    )


def disguised(responses: pl.DataFrame) -> pl.DataFrame:
    """The bot's messages as those of an agent, as a help desk exports them that gave it an agent's account."""
    bot = pl.col("author") == "bot"
    return responses.with_columns(
        author=pl.when(bot).then(pl.lit("agent", responses.schema["author"])).otherwise("author"),
        author_id=pl.when(bot).then(pl.lit(BOT)).otherwise("author_id"),
        automated=pl.col("automated") & ~bot,
    )


def changes_table(changes: pl.DataFrame, ids: pl.Series, names: dict[str, pl.Series]) -> pl.DataFrame:
    """The changes of the log, by ticket and instant."""
    words = (e.STATUSES, e.TEAMS, e.TIERS, e.HANDOFFS)
    vocabulary = pl.concat([*map(pl.Series, words), names["agent"]])
    # In the order of e.FIELDS, where each field's values begin in the vocabulary.
    begin = np.cumsum([0, *map(len, words)])
    field = changes["field"].to_numpy()
    return pl.DataFrame(
        {
            "ticket_id": ids.gather(changes["ticket"]),
            "at": instants(changes["at"].to_numpy(), e.NEVER),
            "field": look_up(field, e.FIELDS),
            "value": look_up(changes["value"].to_numpy() + begin[field], vocabulary),
        }
    )


def _latest(changes: pl.DataFrame, field: int, n: int) -> Integers:
    """The last value of a field for each ticket, -1 where there is none."""
    rows = changes.filter(pl.col("field") == field)
    out = np.full(n, -1)
    out[rows["ticket"].to_numpy()] = rows["value"].to_numpy()  # of repeated indices numpy keeps the last
    return out


def _latest_end(changes: pl.DataFrame, n: int) -> Integers:
    """The last move from not ended to ended: to be closed after being solved is none."""
    rows = changes.filter(pl.col("field") == e.STATUS)
    ticket, value = rows["ticket"].to_numpy(), rows["value"].to_numpy()
    closing = value == e.CLOSED
    closing[1:] &= (value[:-1] != e.SOLVED) | (ticket[:-1] != ticket[1:])
    ends = (value == e.SOLVED) | closing
    out = np.full(n, e.NEVER)
    out[ticket[ends]] = rows["at"].to_numpy()[ends]
    return out


def _authors(codes: NDArray[np.generic]) -> pl.Series:
    return pl.Series(e.AUTHORS, dtype=pl.Enum(e.AUTHORS)).gather(codes)
