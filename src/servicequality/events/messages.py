"""The messages of a ticket: which one counts as what, and their sums."""

from collections.abc import Collection

import polars as pl

from servicequality.events.as_of import known_events
from servicequality.events.kinds import who
from servicequality.events.numbering import TicketNumbers
from servicequality.events.per_ticket import any_of, count, distinct, earliest, of_present, total
from servicequality.model import Records

__all__ = ["message_facts", "messages"]


def messages(records: Records, numbers: TicketNumbers, known: int) -> pl.LazyFrame | None:
    """Every message that was known, with what it counts as: `_human`, `_bot`, `_customer`, `_public`, `_opening`.

    A message whose visibility is not recorded is public; one without a mark for the opening text is that text if it is as
    old as the ticket; a message of an unknown author is nobody's. What `author` says is outranked by the agents (`who`).
    """
    if records.responses is None:
        return None
    rows = records.responses.with_columns(who(records, "author", "author_id")).with_columns(
        _human=(pl.col("author") == "agent").fill_null(value=False) & ~pl.col("automated").fill_null(value=False),
        _bot=(pl.col("author") == "bot").fill_null(value=False),
        _customer=(pl.col("author") == "customer").fill_null(value=False),
        _public=pl.col("public").fill_null(value=True),
    )
    return known_events(rows, numbers, known).with_columns(
        _opening=pl.col("opening").fill_null(pl.col("_at") == pl.col("_created"))
    )


def message_facts(messages: pl.LazyFrame, names: Collection[str], *, notes_count: bool = True) -> pl.LazyFrame:
    """What the messages of each ticket come to, of that what is asked, in the order of the tickets' numbers.

    `_reply` and `_first_work` are instants in microseconds; `_named` counts the agents' messages that name their author.
    Without `notes_count`, a message of the channel `note` is no first reply. All are null of a ticket without messages.
    """
    human, public, opening = pl.col("_human"), pl.col("_public"), pl.col("_opening")
    reply = human & public & ~opening
    first_reply = (
        reply if notes_count else reply & (pl.col("channel").str.to_lowercase() != "note").fill_null(value=True)
    )
    customer = pl.col("_customer") & public
    channel = pl.when(customer).then(pl.col("channel").cast(pl.String).str.to_lowercase())
    agent = pl.when(human).then("author_id")
    handled = pl.col("handle_seconds")
    return of_present(
        messages,
        {
            "_reply": earliest(first_reply),
            "_first_work": earliest(human & ~opening),
            "public_agent_messages": count(human & public),
            "agent_replies": count(reply),
            "internal_notes": count(human & ~public),
            "customer_messages": count(customer),
            "customer_channels": distinct(channel.cast(pl.Categorical).to_physical()),
            "_followups": count(customer & ~opening),
            "_agent_messages": count(human),
            "_named": count(agent.is_not_null()),
            "agents": distinct(agent.cast(pl.String).cast(pl.Categorical).to_physical()),
            "handle_seconds": total(handled.fill_null(0), pl.Float64),
            "_is_handled": any_of(handled.is_not_null()),
        },
        names,
        {"handle_seconds": pl.when("_is_handled").then("handle_seconds")},
    )
