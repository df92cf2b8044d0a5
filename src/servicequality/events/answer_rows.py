"""One row an answer: whether a person wrote back, and how the same customer answered later."""

import datetime as dt
from collections.abc import Collection

import polars as pl

from servicequality.checks import refusing_misfits, shown
from servicequality.errors import InputError, ParameterError
from servicequality.events.as_of import Heads, instant, known_at, microseconds, needed, over_tickets, seconds
from servicequality.events.messages import messages
from servicequality.events.numbering import TicketNumbers
from servicequality.model import Records

__all__ = ["answer_follow_ups"]

_NOWHERE = "the answer names no ticket of the records"


@refusing_misfits
def answer_follow_ups(records: Records, *, question: str, as_of: dt.datetime) -> pl.LazyFrame:
    """Every answer to a question that was given by `as_of`, with what followed it: the closed loop.

    Columns: `respondent_id`, `ticket_id`, `answered_at`, `score`, then

    - `follow_up_at`: the first public message of a person on the agents' side on the answer's ticket that came after the
      answer, not at that very instant; automated ones are none. `follow_up_seconds` runs from the answer to it, or to
      `as_of`; `follow_up_observed` says which. `follow_up_reason` says why both are null: the answer names no ticket.
    - `answer_age_seconds`: from the answer to `as_of`: how long a follow-up could have come.
    - `best_later_score`: the highest score that the same respondent gave to the same question later; null without one.

    Answers without a score or without an instant are left out. Sorted by `answered_at`, `respondent_id` and `ticket_id`.

    Args:
        records: the tickets, their responses and the answers.
        question: the question of `SurveyAnswer`, such as ``"csat"``.
        as_of: the instant of knowledge, inclusive; with a time zone.

    Raises:
        ParameterError: `as_of` has no time zone, or `question` is no text.
        InputError: The records hold no tickets, no responses or no answers.
    """
    known = known_at(as_of)
    records = needed(records, "answer_follow_ups")
    if not isinstance(question, str):
        raise ParameterError(f"question must be a question of the answers, such as 'csat'; got {shown(question)}")
    for table, rows in (("responses", records.responses), ("answers", records.answers)):
        if rows is None:
            raise InputError(f"expected records with {table}; got none: follow-ups need Records({table}=...)")
    answers = records.answers
    assert answers is not None  # looked at above

    def plan(read: Heads, _names: Collection[str] | None) -> pl.LazyFrame:
        numbers = TicketNumbers(read())
        mail = messages(records, numbers, known)
        assert mail is not None  # looked at above
        given = (
            answers.filter((pl.col("question") == question) & pl.col("score").is_not_null())
            .with_columns(microseconds("answered_at").alias("_at"), numbers.number().alias("_ticket"))
            .filter((pl.col("_at") <= known).fill_null(value=False))
        )
        replies = mail.filter(pl.col("_human") & pl.col("_public")).select(
            "_ticket", "_at", pl.col("_at").alias("_reply")
        )
        followed = given.sort("_at", maintain_order=True).join_asof(
            replies.sort("_at"),
            on="_at",
            by="_ticket",
            strategy="forward",
            allow_exact_matches=False,
            check_sortedness=False,
        )
        placed = pl.col("_ticket").is_not_null()
        stop = pl.col("_reply").fill_null(known)
        return (
            followed.join(_best_later(given), on=["respondent_id", "_at"], how="left", maintain_order="left")
            .sort("_at", "respondent_id", "ticket_id", maintain_order=True)
            .select(
                "respondent_id",
                "ticket_id",
                "answered_at",
                "score",
                pl.when(placed).then(instant(pl.col("_reply"), records)).alias("follow_up_at"),
                pl.when(placed).then(seconds(stop - pl.col("_at"))).alias("follow_up_seconds"),
                pl.when(placed).then(pl.col("_reply").is_not_null()).alias("follow_up_observed"),
                pl.when(~placed).then(pl.lit(_NOWHERE)).alias("follow_up_reason"),
                seconds(known - pl.col("_at")).alias("answer_age_seconds"),
                "best_later_score",
            )
        )

    return over_tickets(records, known, plan)


def _best_later(given: pl.LazyFrame) -> pl.LazyFrame:
    """The highest score of each respondent after each instant of an answer: `respondent_id`, `_at`, `best_later_score`."""
    return (
        given.filter(pl.col("respondent_id").is_not_null())
        .group_by("respondent_id", "_at")
        .agg(pl.col("score").max().alias("_best"))
        .sort("_at", descending=True)
        .select(
            "respondent_id",
            "_at",
            pl.col("_best").cum_max().shift().over("respondent_id").alias("best_later_score"),
        )
    )
