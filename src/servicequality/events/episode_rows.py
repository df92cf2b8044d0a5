"""One row an outcome episode: what a customer asked, who answered, how it ended, and what came after."""

import datetime as dt
from collections.abc import Collection

import polars as pl

from servicequality.checks import column, refusing_misfits
from servicequality.errors import InputError
from servicequality.events.as_of import (
    STAMPS,
    Heads,
    changes_of,
    instant,
    known_at,
    known_events,
    known_tickets,
    needed,
    over_tickets,
    seconds,
    words,
)
from servicequality.events.assignments import HELD
from servicequality.events.episode_kernel import (
    ASKED,
    AUTHOR,
    BOT,
    ENDS,
    HANDED,
    HUMAN,
    LEFT,
    NO,
    OUT,
    REQUESTED,
    RUNS,
    UNSAID,
    YES,
    episodes_of,
)
from servicequality.events.hours import Hours, hours, key_columns, with_keys, worked
from servicequality.events.kinds import who
from servicequality.events.messages import messages
from servicequality.events.numbering import TicketNumbers
from servicequality.events.openings import customer_openings
from servicequality.events.statuses import codes
from servicequality.events.ticket_facts import ENDED, EXCLUDED
from servicequality.events.ticket_rows import as_known
from servicequality.model import Records

__all__ = ["episodes"]

_SPANS = {"episode": "_stop", "bot_response": "_first_bot", "handoff": "_handoff"}
"""Durations from the start of an episode, and what each runs to, unless the end comes first."""
_COLUMNS = (
    "episode_id", "ticket_id", "sequence", "started_at", "ended_at", "eligible", "bot_replies", "human_replies",
    "first_bot_at", "first_human_at", "human_after_bot", "handoff_at", "handoff_reason", "human_requested_at",
    "requested_human", "confirmed", "ended_by", "reopened_at", "next_started_at", "observed",
    *(f"{name}_seconds" for name in _SPANS), "bot_response_observed", "handoff_observed", "human_request_seconds",
    "return_seconds", "return_observed", "ended_age_seconds",
)  # fmt: skip
_FIELDS = ("status", "handoff", "confirmed", "human_requested")


@refusing_misfits
def episodes(
    records: Records,
    *,
    as_of: dt.datetime,
    ended: tuple[str, ...] = ENDED,
    excluded: tuple[str, ...] = EXCLUDED,
    schedule: Hours | None = None,
) -> pl.LazyFrame:
    """Every outcome episode that had begun by `as_of`: one row an episode, whoever answered, a bot or a person.

    An episode starts with the opening of a ticket that its customer opened. After an end the first public message of the
    customer starts the next one, even if the status stays as it is, and so does a reopening; a "thank you" after the
    solution is an episode too. It ends at the next change to an ended status. What happens between an end and the next
    start belongs to no episode, but for the customer's word and a request for a person, which belong to the one before.
    A ticket that a bot or a person opened has no episode until its customer writes. A ticket whose `opened_by` is null was
    opened by the customer, unless a public message of a person or a bot is its opening text. Stamps are not read.

    Hand-offs, confirmations and requests for a person are changes of the fields ``handoff`` (the value is the reason),
    ``confirmed`` ("true" or "false") and ``human_requested`` (any value but "false").

    Columns, sorted by `ticket_id` and `sequence`:

    - `episode_id` (ticket and sequence, as a text), `ticket_id`, `sequence` (from 1), `started_at`, `ended_at` (null while
      it runs), `observed` (it has ended), `eligible` (false where the ticket is excluded: it stays a row).
    - `bot_replies`, `human_replies`: public messages in it that are not the ticket's opening text; automated messages of
      persons are none. `first_bot_at`, `first_human_at`; `human_after_bot`: a person replied after a reply or a hand-off of
      the bot.
    - `handoff_at`, `handoff_reason`: the first hand-off in it.
    - `requested_human`, `human_requested_at`: the customer asked for a person, in it or after it until the next one.
    - `confirmed`: the customer's last word on whether it is solved, in it or after it until the next one; null without one.
      A rating is none, nor is it that the customer closes the ticket.
    - `ended_by`: bot, human, system or customer, as the change's `actor` or the table of agents says; null if neither does.
    - `reopened_at`: the first move out of the ended statuses after it, `next_started_at`: when the next one began.
    - `episode_seconds`: to the end or to `as_of`. `bot_response_seconds`, `handoff_seconds`: from the start to the first
      reply of the bot, to the hand-off, else to the end or `as_of`; `…_observed` says whether it came.
    - `ended_age_seconds`: from the end to `as_of`; `return_seconds`: from the end to the next start, else to `as_of`;
      `return_observed` says which. `human_request_seconds`: from the end to the request for a person, 0 if it came before,
      null without one. All are null while the episode runs.

    Then the ticket's own columns, without its stamps. With a schedule, the durations from the start have twins in its time,
    such as `handoff_working_seconds`.

    Args:
        records: the tickets, their responses and their changes.
        as_of: the instant of knowledge, inclusive; with a time zone.
        ended: statuses in which a ticket is ended.
        excluded: reasons in the tickets' column `excluded`, or statuses, that make an episode ineligible.
        schedule: the hours that count in the working time; of `Schedules`, those of the ticket, as in `facts`.

    Raises:
        ParameterError: `as_of` has no time zone, or a set of statuses is not a tuple of texts.
        InputError: The records hold no tickets, no responses or no changes.
    """
    known = known_at(as_of)
    over = words("ended", ended)
    records, out = needed(records, "episodes"), words("excluded", excluded)
    schedule = hours(schedule, records)
    twins = [] if schedule is None else [f"{name}_working_seconds" for name in _SPANS]
    made = {*_COLUMNS, *STAMPS, *twins}
    own = [name for name in known_tickets(records, known).collect_schema() if name not in made and name[:1] != "_"]
    for table, rows in (("responses", records.responses), ("changes", records.changes)):
        if rows is None:
            raise InputError(f"expected records with {table}; got none: episodes need Records({table}=...)")

    def plan(read: Heads, names: Collection[str] | None) -> pl.LazyFrame:
        wanted = [*_COLUMNS, *twins, *own] if names is None else names
        tickets = with_keys(
            read({*wanted, "opened_by", "excluded", "status", *key_columns(schedule)}), schedule, records, known
        )
        numbers = TicketNumbers(tickets)
        rows = episodes_of(_story(records, tickets, numbers, known, over, out))
        fields = [field for field, name in HELD.items() if name in wanted]
        heads = as_known(tickets, numbers, records, known, fields).drop(*_COLUMNS[2:], strict=False)
        rules = {**_rules(records, known, out), **({} if schedule is None else _working(schedule, known))}
        # Both are in the order of the tickets' numbers, and each number is there: one walk through them.
        return rows.join_asof(heads, on="_ticket", check_sortedness=False).select(
            rules[name].alias(name) if name in rules else column(name) for name in wanted
        )

    return over_tickets(records, known, plan)


def _rules(records: Records, known: int, out: frozenset[str]) -> dict[str, pl.Expr]:
    """The columns that are made of what `episodes_of` finds; instants there are in microseconds."""
    stop, observed = pl.col("_stop"), pl.col("_stop").is_not_null()
    id_and_place = (pl.col("ticket_id").cast(pl.String), pl.col("sequence").cast(pl.String))
    at = {
        "started_at": "_start",
        "ended_at": "_stop",
        "first_bot_at": "_first_bot",
        "first_human_at": "_first_human",
        "handoff_at": "_handoff",
        "human_requested_at": "_requested",
        "reopened_at": "_reopened",
        "next_started_at": "_next",
    }
    return {
        "episode_id": pl.concat_str(*id_and_place, separator="/"),
        **{name: instant(pl.col(source), records) for name, source in at.items()},
        "eligible": ~(_among("excluded", out) | pl.coalesce("_status_out", _among("status", out))),
        "requested_human": pl.col("_requested").is_not_null(),
        "ended_by": pl.col("_by").cast(pl.String).replace("agent", "human"),
        "observed": observed,
        **{f"{name}_seconds": seconds(_until(source, known) - pl.col("_start")) for name, source in _SPANS.items()},
        "bot_response_observed": pl.col("_first_bot").is_not_null(),
        "handoff_observed": pl.col("_handoff").is_not_null(),
        "human_request_seconds": pl.when(observed).then(seconds((pl.col("_requested") - stop).clip(lower_bound=0))),
        "return_seconds": pl.when(observed).then(seconds(pl.col("_next").fill_null(known) - stop)),
        "return_observed": pl.when(observed).then(pl.col("_next").is_not_null()),
        "ended_age_seconds": seconds(known - stop),
    }


def _among(name: str, values: frozenset[str]) -> pl.Expr:
    return codes(pl.col(name), dict.fromkeys(values, 1)) == 1


def _working(schedule: Hours, known: int) -> dict[str, pl.Expr]:
    start = pl.col("_start")
    return {
        f"{name}_working_seconds": worked(schedule, start, _until(source, known)) for name, source in _SPANS.items()
    }


def _until(source: str, known: int) -> pl.Expr:
    return pl.coalesce(source, "_stop", pl.lit(known))


# What a value can be, one bit each.
_TRUE, _FALSE, _OVER = 1, 2, 4


def _story(
    records: Records,
    tickets: pl.DataFrame,
    numbers: TicketNumbers,
    known: int,
    ended: frozenset[str],
    out: frozenset[str],
) -> pl.LazyFrame:
    """All events that affect an episode, one row each: `_ticket`, `_at`, `_what`, and of changes `_by` and `_value`.

    Messages come before changes at equal instants.
    """
    mail = messages(records, numbers, known)
    assert mail is not None  # `episodes` looked
    public, opening, bot = pl.col("_public"), pl.col("_opening"), pl.col("_bot")
    # A bot may answer in the second in which a ticket is created: only a mark makes its message the opening text.
    marked = pl.col("opening").fill_null(value=False)
    texts = mail.filter(public & ((pl.col("_human") & opening) | (bot & marked)))
    opened = customer_openings(tickets, texts).with_columns(_what=_byte(ASKED))
    sent = mail.select(
        "_ticket",
        "_at",
        pl.when(public & pl.col("_customer"))
        .then(_byte(ASKED))
        .when(public & bot & ~marked)
        .then(_byte(BOT))
        .when(public & pl.col("_human") & ~opening)
        .then(_byte(HUMAN))
        .alias("_what"),
    ).filter(pl.col("_what").is_not_null())
    return pl.concat([opened, sent, _changes(records, numbers, known, ended, out)], how="diagonal")


def _changes(
    records: Records, numbers: TicketNumbers, known: int, ended: frozenset[str], out: frozenset[str]
) -> pl.LazyFrame:
    changes, carried = changes_of(records), records.has("changes", "previous")
    assert changes is not None  # `episodes` looked
    bits = ((_TRUE, {"true"}), (_FALSE, {"false"}), (_OVER, ended), (OUT, out))
    texts = {text: sum(bit for bit, own in bits if text in own) for _, those in bits for text in those}
    field = {name: pl.col("_field") == place for place, name in enumerate(_FIELDS)}
    left = codes(pl.col("previous"), dict.fromkeys(ended, 1)) == 1 if carried else pl.lit(value=False)
    nobody = records.agents is None and not records.has("changes", "actor")
    moved = pl.when(_has(_OVER)).then(_byte(ENDS)).when(left).then(_byte(LEFT)).otherwise(_byte(RUNS))
    told = pl.when(_has(_TRUE)).then(_byte(YES)).when(_has(_FALSE)).then(_byte(NO)).otherwise(_byte(UNSAID))
    what = (
        pl.when(field["status"])
        .then(moved | (pl.col("_code") & _byte(OUT)))
        .when(field["handoff"])
        .then(_byte(HANDED))
        .when(field["confirmed"])
        .then(told)
        .when(~_has(_FALSE))
        .then(_byte(REQUESTED))
    )
    rows = (
        changes.with_columns(pl.col("field").cast(pl.Enum(_FIELDS), strict=False).to_physical().alias("_field"))
        .filter(pl.col("_field").is_not_null())
        .select(
            "ticket_id",
            "at",
            "_field",
            # Few different texts: as categories they are carried like numbers.
            pl.col("value").cast(pl.Categorical).alias("_value"),
            (pl.lit(None, AUTHOR) if nobody else who(records, "actor", "actor_id")).alias("_by"),
            *(["previous"] if carried else []),
        )
        .with_columns(codes(pl.col("_value"), texts).alias("_code"))
        .with_columns(what.alias("_what"))
        .filter(pl.col("_what").is_not_null())
    )
    return known_events(rows, numbers, known).select("_ticket", "_at", "_what", "_by", "_value")


def _has(bit: int) -> pl.Expr:
    return (pl.col("_code") & _byte(bit)) != _byte(0)


def _byte(number: int) -> pl.Expr:
    return pl.lit(number, pl.UInt8)
