"""Accounts among the agents whose replies look automated."""

import polars as pl

from servicequality.checks import holds_texts
from servicequality.events.numbering import one_after_another

__all__ = ["reply_habits"]

FEWEST = 20
"""Replies from which on an account is judged: half of fewer can be quick by chance."""

QUICK_SECONDS = 10
"""A reply after the customer's message that nobody reads and writes in less; people in a chat take half a minute and more."""

QUICK_SHARE = 0.5
"""Of the replies: a person sends one or the other within seconds, with a text at hand, and not every second one."""

REST_SECONDS = 6 * 3600
"""A person who writes until late and from early on again has a gap of at least this in between."""

AWAKE_SECONDS = 24 * 3600
"""A stretch of replies without a rest that is longer is no person's: a double shift and a day on call are shorter."""

AWAKE_SHARE = 0.1
"""Of the replies that lie in such stretches: one night through, in an emergency, is less; a bot rests when nobody writes."""

SAME_SHARE = 0.5
"""Of the replies that carry one and the same text: people have texts at hand, and change them or write beside them."""

TEXT = "text"
"""The column of the messages' texts; it is no role, and is looked at where the messages carry it along."""

CLOCK_HOURS = 22
"""Of the 24 hours of the clock in which the account writes, so that many replies at one time of the day are no sign."""

_NEVER = -(2**62)
_SECOND, _HOUR = 1_000_000, 3_600_000_000


def reply_habits(rows: pl.LazyFrame) -> pl.LazyFrame:
    """How an account replies: one row for each that has at least `FEWEST` public replies, sorted by `author_id` (text).

    Columns: `author_id`, `replies`, `is_quick` (at least `QUICK_SHARE` of them within `QUICK_SECONDS` of the customer's last
    message before, or of the ticket's creation), `is_uniform` (at least `SAME_SHARE` of them carry one and the same text,
    in the column `TEXT` where there is one; blanks are none) and `is_sleepless` (it writes in `CLOCK_HOURS` hours of the
    clock, and `AWAKE_SHARE` of its replies lie in stretches of more than `AWAKE_SECONDS` in which no gap reaches
    `REST_SECONDS`). On the generated desk every person writes in 11 hours of the clock, in stretches of 9 hours at most, and
    gives no reply within 30 seconds; the bot gives all of them within three.

    Args:
        rows: messages with their `author` decided, and `_ticket`, `_at` and `_created`; whoever has no `author_id` is left
            out, and so is what is not public, automated, or the text that opened the ticket.
    """
    public = pl.col("public").fill_null(value=True)
    opening = pl.col("opening").fill_null(pl.col("_at") == pl.col("_created"))
    human = (pl.col("author") == "agent") & ~pl.col("automated").fill_null(value=False)
    named = pl.col("author_id").cast(pl.String).cast(pl.Categorical)
    schema = rows.collect_schema()
    written = TEXT in schema and holds_texts(schema[TEXT])
    text = pl.col(TEXT).cast(pl.String).str.strip_chars() if written else pl.lit(None, pl.String)
    kept = rows.select(
        "_ticket",
        "_created",
        pl.col("_at").fill_null(_NEVER),
        pl.when(human & public & ~opening).then(named).alias("author_id"),
        pl.when(text != "").then(text.hash()).alias("_text"),
        _asks=((pl.col("author") == "customer") & public).fill_null(value=False),
    )
    told = kept.filter(pl.col("_asks") | pl.col("author_id").is_not_null())
    first = (pl.col("_ticket") != pl.col("_ticket").shift()).fill_null(value=True)
    since = pl.when("_asks").then("_at").when(first).then("_created").forward_fill()
    delay = pl.col("_at") - since
    replies = (
        one_after_another(told)
        .with_columns(_quick=delay.is_between(0, QUICK_SECONDS * _SECOND))
        .filter(~pl.col("_asks"))
        .with_columns(_account=pl.col("author_id").to_physical())
        .select("_account", "_at", "_quick", "_text", "author_id")
    )
    return _judged(one_after_another(replies, by="_account"))


def _judged(replies: pl.LazyFrame) -> pl.LazyFrame:
    """The habits, of replies by account and time."""
    same = (pl.col("_account") == pl.col("_account").shift()).fill_null(value=False)
    rested = ~same | (pl.col("_at") - pl.col("_at").shift() >= REST_SECONDS * _SECOND)
    hour = pl.lit(1, pl.Int32) * pl.lit(2, pl.Int32).pow(pl.col("_at") // _HOUR % 24)
    stretches = (
        replies.with_columns(_stretch=rested.cum_sum(), _hours=hour.cast(pl.Int32))
        .group_by("_account", "_stretch")
        .agg(
            pl.col("author_id").first(),
            replies=pl.len().cast(pl.Int64),
            quick=pl.col("_quick").sum(),
            hours=pl.col("_hours").bitwise_or(),
            span=pl.col("_at").max() - pl.col("_at").min(),
        )
    )
    sleepless = pl.col("span") > AWAKE_SECONDS * _SECOND
    accounts = stretches.group_by("_account").agg(
        pl.col("author_id").first().cast(pl.String),
        pl.col("replies").sum(),
        quick=pl.col("quick").sum(),
        hours=pl.col("hours").bitwise_or().bitwise_count_ones(),
        awake=pl.col("replies").filter(sleepless).sum(),
    )
    texts = replies.drop_nulls("_text").group_by("_account", "_text").len()
    alike = texts.group_by("_account").agg(pl.col("len").max().alias("alike"))
    return (
        accounts.filter(pl.col("replies") >= FEWEST)
        .join(alike, on="_account", how="left")
        .select(
            "author_id",
            "replies",
            is_quick=pl.col("quick") >= QUICK_SHARE * pl.col("replies"),
            is_uniform=(pl.col("alike") >= SAME_SHARE * pl.col("replies")).fill_null(value=False),
            is_sleepless=(pl.col("hours") >= CLOCK_HOURS) & (pl.col("awake") >= AWAKE_SHARE * pl.col("replies")),
        )
        .sort("author_id")
    )
