"""The messages of a ticket. Lives here: which one counts as what, and their sums. Never: statuses, stamps."""

import polars as pl

from servicequality.events.known import known_events
from servicequality.model import Records

__all__ = ["message_facts", "messages"]


def messages(records: Records, tickets: pl.LazyFrame, known: int) -> pl.LazyFrame | None:
    """Every message that was known, with what it counts as: `_human`, `_public`, `_opening`, `_customer`.

    A message whose visibility is not recorded is public; one of which nothing says whether it opened the ticket did
    so if it is as old as the ticket; a message of an unknown author is nobody's.
    """
    if records.responses is None:
        return None
    rows = records.responses.with_columns(
        _human=(pl.col("author") == "agent").fill_null(value=False) & ~pl.col("automated").fill_null(value=False),
        _customer=(pl.col("author") == "customer").fill_null(value=False),
        _public=pl.col("public").fill_null(value=True),
    )
    return known_events(rows, tickets, known).with_columns(
        _opening=pl.col("opening").fill_null(pl.col("_at") == pl.col("_created"))
    )


def message_facts(messages: pl.LazyFrame, *, notes_count: bool = True) -> pl.LazyFrame:
    """One row for each ticket with messages: the counts, `_reply` and `_first_work` in microseconds.

    `_agents_known` says whether every agent message names its author. Without `notes_count`, a message of the channel
    `note` is no first reply.
    """
    public_agent = pl.col("_human") & pl.col("_public")
    reply = public_agent & ~pl.col("_opening")
    first_reply = (
        reply if notes_count else reply & (pl.col("channel").str.to_lowercase() != "note").fill_null(value=True)
    )
    customer = pl.col("_customer") & pl.col("_public")
    flagged = messages.with_columns(
        _public_agent=public_agent,
        _reply=reply,
        _first_reply=first_reply,
        _customer=customer,
        _followup=customer & ~pl.col("_opening"),
        _work=pl.col("_human") & ~pl.col("_opening"),
        _agent=pl.when("_human").then("author_id"),
    )
    at = pl.col("_at")
    return flagged.group_by("_ticket").agg(
        pl.when("_first_reply").then(at).min().alias("_reply"),
        pl.when("_work").then(at).min().alias("_first_work"),
        pl.col("_public_agent").sum().cast(pl.Int64).alias("public_agent_messages"),
        pl.col("_reply").sum().cast(pl.Int64).alias("agent_replies"),
        pl.col("_customer").sum().cast(pl.Int64).alias("customer_messages"),
        pl.col("_followup").sum().cast(pl.Int64).alias("_followups"),
        pl.col("_human").sum().cast(pl.Int64).alias("_agent_messages"),
        pl.col("_agent").count().cast(pl.Int64).alias("_named"),
        pl.col("_agent").drop_nulls().n_unique().cast(pl.Int64).alias("agents"),
        pl.when(pl.col("handle_seconds").count() > 0).then(pl.col("handle_seconds").sum()).alias("handle_seconds"),
    )
