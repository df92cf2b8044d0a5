"""The rules by which the sums of a ticket become its facts, as expressions."""

# Columns that begin with an underscore are instants in Int64 microseconds, or counts on their way; none of them is returned.

import polars as pl

from servicequality.events.as_of import STAMPS, instant, microseconds, seconds
from servicequality.events.hours import Hours, worked
from servicequality.events.statuses import StatusSets
from servicequality.events.ticket_rows import FirstResponse
from servicequality.model import Records

__all__ = ["assignees", "closing", "durations", "first_contact", "ratings", "resolution", "response", "touches"]

_UNSAID = "ended, but nothing says when"
_NO_END = "neither status changes nor a stamp nor a status tells"
_NO_CLOSE = "neither status changes nor a stamp tell of a close"
_NO_REPLY = "neither messages nor a stamp tell"
_NO_ASSIGNMENT = "no log tells of assignments"


def resolution(records: Records, sets: StatusSets) -> list[pl.Expr]:
    """`_first_resolution`, `_resolution`, `_is_ended`, `_end_unknown` (why it is not known when), and the moves.

    A move to a closed status, or the timestamp of a close, counts as the resolution if nothing else tells of one.
    """
    logged = pl.col("_ends").is_not_null()
    solved, closed, first_solved = (microseconds(stamp) for stamp in ("resolved_at", "closed_at", "first_resolved_at"))
    if not records.has("tickets", "resolved_at"):
        # Of a ticket that was closed, the one resolution that a stamp tells.
        solved = pl.coalesce(solved, pl.when(closed.is_not_null()).then(first_solved))
    last_stamp = pl.coalesce(solved, closed)
    first_stamp = pl.coalesce(first_solved, last_stamp)
    # Born ended: the log begins with a status that was an ended one before, so that the first end is not in it.
    born = pl.col("_born_ended").fill_null(value=False)
    status_ended = pl.col("status").str.to_lowercase().is_in(sorted(sets.ended)).fill_null(value=False)
    unsaid = ~logged & status_ended & ~pl.col("_has_end_stamp")
    first_end, last_end = pl.col("_first_end"), pl.col("_last_end")
    by_close = pl.col("_last_closing") == last_end
    if any(records.has("tickets", stamp) for stamp in ("resolved_at", "first_resolved_at")):
        # A log that tells of a close alone leaves the resolution to the stamp, if that lies in the same spell of work.
        stamped = pl.coalesce(first_solved, solved)
        within = (stamped >= pl.col("_created")) & (stamped <= first_end)
        first_end = pl.when(within & (pl.col("_first_closing") == first_end)).then(stamped).otherwise(first_end)
        since = pl.max_horizontal("_created", "_last_reopen")
        stands = by_close & ~((solved >= since) & (solved <= last_end)).fill_null(value=False)
        last_end = pl.when(by_close & ~stands).then(solved).otherwise(last_end)
        by_close = stands
    first = pl.when(logged & ~born).then(first_end).otherwise(first_stamp)
    last = pl.when(~logged).then(last_stamp).when("_ended").then(pl.coalesce(last_end, last_stamp))
    by_close = (
        pl.when(logged & last_end.is_not_null()).then(by_close.fill_null(value=False)).otherwise(solved.is_null())
    )
    is_ended: pl.Expr = pl.when(logged).then("_ended").otherwise(last_stamp.is_not_null() | unsaid)
    unknown: pl.Expr = pl.when(unsaid | (born & first.is_null())).then(pl.lit(_UNSAID))
    moves: dict[str, pl.Expr] = {
        "resolution_count": pl.col("_ends") + born.cast(pl.Int64),
        "reopen_count": pl.coalesce("_reopens", "_own_reopen_count"),
    }
    if records.changes is None and not any(records.has("tickets", stamp) for stamp in STAMPS[1:]):
        # Without a log, a status and a column of stamps, nothing tells an open ticket from an ended one.
        blind = ~pl.col("_has_end_stamp") & pl.col("status").is_null()
        unknown = pl.when(blind).then(pl.lit(_NO_END)).otherwise(unknown)
        is_ended = pl.when(~blind).then(is_ended)
    elif records.changes is not None:
        # A ticket of which a live log tells nothing has not moved, unless a stamp says that it ended.
        moves = {name: count.fill_null(pl.when(~is_ended).then(0)) for name, count in moves.items()}
    return [
        first.alias("_first_resolution"),
        last.alias("_resolution"),
        is_ended.alias("_is_ended"),
        unknown.alias("_end_unknown"),
        pl.when(last.is_not_null()).then(by_close).alias("resolved_by_close"),
        instant(pl.col("_first_reopen"), records).alias("reopened_at"),
        *(count.alias(name) for name, count in moves.items()),
    ]


def closing(records: Records, sets: StatusSets) -> list[pl.Expr]:
    """`_close` and `_close_unknown`: the close that holds, and why it is not known when."""
    logged, stamp = pl.col("_ends").is_not_null(), microseconds("closed_at")
    last = pl.coalesce(pl.when("_closed").then("_last_close"), stamp)
    close = pl.when(~logged).then(stamp).when("_ended").then(last)
    status_closed = pl.col("status").str.to_lowercase().is_in(sorted(sets.closed)).fill_null(value=False)
    untold: pl.Expr = pl.when(close.is_null() & status_closed).then(pl.lit(_UNSAID))
    if records.changes is None and not records.has("tickets", "closed_at"):
        blind = stamp.is_null() & pl.col("status").is_null()
        untold = pl.when(blind).then(pl.lit(_NO_CLOSE)).otherwise(untold)
    return [close.alias("_close"), untold.alias("_close_unknown")]


def response(records: Records, variant: FirstResponse) -> list[pl.Expr]:
    """`_response`, `_response_start`, `_response_unknown` and `_action`."""
    stamp = microseconds("first_response_at")
    written = pl.col("_agent_messages").is_not_null()
    at = pl.when(written).then("_reply").otherwise(stamp)
    unknown: pl.Expr = pl.lit(None, dtype=pl.String)
    if records.responses is None and not records.has("tickets", "first_response_at"):
        unknown = pl.lit(_NO_REPLY)
    if variant == "frappe":
        halt = pl.when(pl.col("_ends").is_not_null()).then("_first_halt").otherwise("_first_resolution")
        at = pl.min_horizontal(at, halt)
    return [
        at.alias("_response"),
        pl.max_horizontal("_created", "_turn").alias("_response_start"),
        pl.when(at.is_null()).then(unknown).alias("_response_unknown"),
        pl.min_horizontal("_first_work", "_first_started").alias("_action"),
    ]


def assignees(records: Records) -> list[pl.Expr]:
    """`_assigned`, when an agent first held the ticket, and `_assigned_last`; and the agents."""
    logged = ("_last_agent", "_prior_agent") if records.changes is not None else ()
    nobody = pl.when(pl.lit(value=False)).then("agent_id")  # in the type of the agents
    had = pl.col("_prior_agent").is_not_null()

    def since(at: str) -> pl.Expr:
        return pl.max_horizontal("_created", pl.when(pl.col(at).is_not_null()).then(at))

    first = pl.when(had).then("_created").when(pl.col("_first_assigned").is_not_null()).then(since("_first_assigned"))
    last = pl.when(pl.col("_last_assigned").is_not_null()).then(since("_last_assigned")).when(had).then("_created")
    return [
        first.alias("_assigned"),
        last.alias("_assigned_last"),
        (pl.coalesce("_prior_agent", "_first_agent") if logged else nobody).alias("first_agent_id"),
        pl.coalesce(*logged, "agent_id").alias("last_agent_id"),
    ]


def durations(records: Records, known: int, schedule: Hours | None) -> list[pl.Expr]:
    """Every instant with its seconds, also in the schedule's time, whether they end with the event, and why there are none."""
    response, end = pl.col("_response"), pl.col("_resolution")
    answered, is_ended = response.is_not_null(), pl.col("_is_ended")
    # An open ticket's first resolution is known or still to come; only its last one is missing because it is ended.
    lost = pl.when(is_ended.fill_null(value=True) & end.is_null()).then("_end_unknown")
    first_lost = pl.when(pl.col("_first_resolution").is_null()).then("_end_unknown")
    no_action = (
        pl.lit("no log tells") if records.responses is None and records.changes is None else pl.lit(None, pl.String)
    )
    # An agent of whom the log does not tell held it since nobody knows when.
    untold = pl.lit(value=True) if records.changes is None else pl.col("agent_id").is_not_null()
    unassigned: pl.Expr = pl.when(untold & pl.col("_assigned").is_null()).then(pl.lit(_NO_ASSIGNMENT))
    unstarted = pl.coalesce(unassigned, pl.when(pl.col("_assigned").is_null()).then(pl.lit("it was never assigned")))
    return [
        *_pair(
            "first_response",
            response,
            end,
            "_response_start",
            pl.coalesce("_response_unknown", lost),
            records,
            known,
            schedule,
        ),
        pl.when(answered)
        .then(pl.lit("answered"))
        .when(pl.col("_response_unknown").is_null() & is_ended)
        .then(pl.lit("ended_without"))
        .when(pl.col("_response_unknown").is_null() & ~is_ended)
        .then(pl.lit("open"))
        .alias("first_response_end"),
        *_pair("first_resolution", pl.col("_first_resolution"), None, "_created", first_lost, records, known, schedule),
        instant(pl.col("_first_resolution"), records).alias("first_resolved_at"),
        *_pair("resolution", end, None, "_created", lost, records, known, schedule, at="resolved_at"),
        *_pair(
            "close",
            pl.col("_close"),
            None,
            "_created",
            pl.col("_close_unknown"),
            records,
            known,
            schedule,
            at="closed_at",
        ),
        *_pair(
            "first_assignment",
            pl.col("_assigned"),
            end,
            "_created",
            pl.coalesce(unassigned, lost),
            records,
            known,
            schedule,
            at="first_assigned_at",
        ),
        instant(pl.col("_assigned_last"), records).alias("last_assigned_at"),
        *_pair(
            "assignment_to_resolution",
            end,
            None,
            "_assigned",
            lost,
            records,
            known,
            schedule,
            at="",
            unstarted=unstarted,
        ),
        *_pair(
            "first_action", pl.col("_action"), end, "_created", pl.coalesce(no_action, lost), records, known, schedule
        ),
    ]


def _pair(
    name: str,
    event: pl.Expr,
    competing: pl.Expr | None,
    start: str,
    unknown: pl.Expr,
    records: Records,
    known: int,
    schedule: Hours | None,
    *,
    at: str | None = None,
    unstarted: pl.Expr | None = None,
) -> list[pl.Expr]:
    """The instant of an event, unless `at` is empty, with its durations; `unstarted` says why there is no start."""
    stop = pl.coalesce(event, *([] if competing is None else [competing]), pl.lit(known))
    late = pl.lit("it lies before the start")
    reason: pl.Expr = pl.when(stop < pl.col(start)).then(late).when(event.is_null()).then(unknown)
    if unstarted is not None:
        reason = pl.coalesce(unstarted, reason)
    twins = {} if schedule is None else {"working_seconds": worked(schedule, pl.col(start), stop)}
    times = {"seconds": seconds(stop - pl.col(start)), **twins}
    return [
        *([] if at == "" else [instant(event, records).alias(at or f"{name}_at")]),
        *(pl.when(reason.is_null()).then(time).alias(f"{name}_{twin}") for twin, time in times.items()),
        pl.when(reason.is_null()).then(event.is_not_null()).alias(f"{name}_observed"),
        reason.alias(f"{name}_reason"),
    ]


def touches(records: Records, sets: StatusSets, schedule: Hours | None) -> list[pl.Expr]:
    """Counts that are 0, and not unknown, for a ticket without rows in a table that exists."""
    written = (
        "public_agent_messages", "agent_replies", "internal_notes", "customer_messages", "customer_channels",
        "_followups", "_agent_messages",
    )  # fmt: skip
    logged = ("agent_reassignments", "team_reassignments", "handoffs", "escalations")
    moves = {
        "reassignments": pl.coalesce("reassignments", "_own_reassignments"),
        **{name: pl.col(name) for name in logged},
    }
    if records.changes is not None:
        moves = {name: count.fill_null(0) for name, count in moves.items()}
    agents = (
        pl.when(pl.col("_agent_messages") == pl.col("_named"))
        .then("agents")
        .when(pl.col("_agent_messages") == 1)
        .then(1)
        .when(pl.col("_agent_messages").is_null() & (records.responses is not None))
        .then(0)
    )
    logged_teams = pl.when(pl.col("_teams") > 0).then("_teams")
    teams = pl.coalesce(logged_teams, pl.when(pl.col("team").is_not_null()).then(1)).cast(pl.Int64)
    held = ["hold_seconds", *([] if schedule is None else ["hold_working_seconds"])]
    hold = [] if sets.paused else [pl.lit(None, pl.Float64).alias(name) for name in held]
    # Nobody knows since when an agent held it of whom the log does not tell, nor how long an end without a date was away.
    told = (pl.col("_assigned").is_not_null() | pl.col("agent_id").is_null()) & pl.col("_end_unknown").is_null()
    idle = ["unassigned_seconds", *([] if schedule is None else ["unassigned_working_seconds"])]
    return [
        *(pl.col(name).fill_null(0) for name in (written if records.responses is not None else ())),
        *(count.alias(name) for name, count in moves.items()),
        pl.coalesce("handle_seconds", "_own_handle_seconds").alias("handle_seconds"),
        agents.cast(pl.Int64).alias("agents"),
        teams.alias("teams"),
        *hold,
        *(pl.when(told).then(name).alias(name) for name in idle),
    ]


def ratings(records: Records) -> list[pl.Expr]:
    """How often it was rated, when first and last, and whether the last rating turned from the first."""
    rated, change = pl.col("_ratings").fill_null(0), pl.col("last_rating") - pl.col("first_rating")
    turn = pl.when(change > 0).then(pl.lit("up")).when(change < 0).then(pl.lit("down")).otherwise(pl.lit("same"))
    return [
        instant(pl.col("_first_rated"), records).alias("first_rated_at"),
        instant(pl.col("_last_rated"), records).alias("last_rated_at"),
        pl.when(rated > 1).then(turn).alias("rating_turn"),
        pl.col("_ratings").alias("rating_count"),
    ]


def first_contact() -> list[pl.Expr]:
    """The meanings of resolved at first contact: false for an open ticket, null where messages are not known."""
    ended = pl.col("_is_ended")
    once = (pl.col("resolution_count") == 1) & (pl.col("agents") == 1)
    return [
        (ended & (pl.col("public_agent_messages") == 1)).alias("one_touch"),
        (ended & (pl.col("public_agent_messages") == 2)).alias("two_touch"),
        (ended & (pl.col("public_agent_messages") > 2)).alias("multi_touch"),
        (ended & (pl.col("escalations") == 0) & (pl.col("team_reassignments") == 0)).alias("first_tier_resolution"),
        (ended & (pl.col("_followups") == 0)).alias("no_customer_followup"),
        (ended & once).alias("closed_once_one_teammate"),
    ]
