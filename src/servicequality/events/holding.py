"""How long nobody held a ticket that was not ended."""

from collections.abc import Collection

import polars as pl

from servicequality.events.as_of import changes_of, known_events, microseconds, seconds
from servicequality.events.hours import Hours, beside, clock
from servicequality.events.numbering import TicketNumbers, one_after_another
from servicequality.events.per_ticket import any_of, of_present, total
from servicequality.events.statuses import StatusSets
from servicequality.model import Records
from servicequality.worktime import Schedules

__all__ = ["unassigned_facts"]

_BEFORE_ALL = -(2**62)


def unassigned_facts(
    records: Records,
    tickets: pl.DataFrame,
    numbers: TicketNumbers,
    moves: pl.LazyFrame,
    known: int,
    sets: StatusSets,
    schedule: Hours | None,
    names: Collection[str],
) -> pl.LazyFrame:
    """`unassigned_seconds` and its twin of every ticket, of that what is asked, in the order of the tickets' numbers.

    The time of its life in which it was in no ended status and no agent held it. Where no status is logged, a stamp of the
    resolution or the close ends it. `tickets` are whole, with the key of their schedule.
    """
    changes = changes_of(records)
    assert changes is not None  # there are moves
    before = pl.col("previous") if records.has("changes", "previous") else pl.lit(None, pl.String)
    agents = known_events(changes.filter(pl.col("field") == "agent"), numbers, known).select(
        "_ticket", "_at", pl.col("value").is_not_null().alias("_held"), before.is_not_null().alias("_was_held")
    )
    agents = one_after_another(agents)
    ended = sets.bit("ended")
    begins = (pl.col("_ticket") != pl.col("_ticket").shift()).fill_null(value=True)
    heads = tickets.lazy().select(
        "_ticket", "_created", pl.coalesce(*map(microseconds, ("resolved_at", "closed_at"))).alias("_end")
    )
    born = heads.join(agents.filter(begins).select("_ticket", "_was_held"), on="_ticket", how="left").join(
        moves.filter("_begins").select("_ticket", ((pl.col("_before") & ended) != 0).alias("_was_over")),
        on="_ticket",
        how="left",
    )
    stamped = born.filter(pl.col("_was_over").is_null() & pl.col("_end").is_not_null())
    story = pl.concat(
        [
            born.select(
                "_ticket",
                pl.lit(_BEFORE_ALL).alias("_at"),
                pl.col("_was_held").fill_null(value=False).alias("_held"),
                pl.col("_was_over").fill_null(value=False).alias("_over"),
            ),
            agents.select("_ticket", "_at", "_held", pl.lit(None, pl.Boolean).alias("_over")),
            moves.select(
                "_ticket",
                "_at",
                pl.lit(None, pl.Boolean).alias("_held"),
                ((pl.col("_after") & ended) != 0).alias("_over"),
            ),
            stamped.select("_ticket", pl.col("_end").alias("_at"), pl.lit(None, pl.Boolean).alias("_held"), _over=True),
        ]
    )
    # Each ticket begins with a row that says both, so that nothing is carried over from the one above.
    spells = (
        one_after_another(story)
        .with_columns(pl.col("_held", "_over").forward_fill(), numbers.created().alias("_created"))
        .with_columns(pl.max_horizontal("_at", "_created").alias("_at"))
        .with_columns(
            pl.when(pl.col("_ticket") == pl.col("_ticket").shift(-1))
            .then(pl.col("_at").shift(-1))
            .fill_null(known)
            .alias("_stop"),
            (~pl.col("_held") & ~pl.col("_over")).alias("_waits"),
        )
    )
    spells = beside(spells, tickets)
    lengths = {"unassigned_seconds": pl.col("_stop") - pl.col("_at")}
    if schedule is not None:
        lengths["unassigned_working_seconds"] = clock(schedule, pl.col("_stop")) - clock(schedule, pl.col("_at"))
    sums = {name: total(pl.when("_waits").then(length).otherwise(0).fill_null(0)) for name, length in lengths.items()}
    derived = {name: seconds(pl.col(name)) for name in lengths}
    if isinstance(schedule, Schedules):
        name = "unassigned_working_seconds"
        sums["_unclocked_spell"] = any_of(lengths[name].is_null())
        derived[name] = pl.when(~pl.col("_unclocked_spell")).then(derived[name])
    return of_present(spells, sums, names, derived)
