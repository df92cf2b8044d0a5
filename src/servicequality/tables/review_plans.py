"""A sample of tickets to review, drawn at random within each agent or group."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from servicequality.checks import column, shown, values_of
from servicequality.columns import Instant, Row
from servicequality.core import Computation, TableInput, define_table, of_frame, result_rows
from servicequality.errors import InputError, ParameterError
from servicequality.model import Records, TableLike

__all__ = ["review_sample"]


@define_table(
    title="Tickets to review",
    label="review sample",
    unit="tickets",
    better="neither",
    bounds=(1, float("inf")),
    grain="ticket",
    formula=r"n_h = \min(k, N_h)\ \text{at random},\quad w = N_h/n_h",
    references=("Horvitz and Thompson 1952", "Cochran 1977"),
    aliases=(
        "QA sample",
        "random sample of tickets",
        "stratified sample",
        "which tickets to review",
        "calibration sample",
    ),
)
@of_frame
def review_sample(
    tickets: Records | pl.LazyFrame | TableLike,
    ended: Instant | None = "resolved_at",
    ticket: Row = "ticket_id",
    *,
    each: int,
    seed: int,
    by: str | Sequence[str] = "agent_id",
) -> Computation:
    """Which tickets to review: so many of each agent, drawn at random, each with the weight that it stands for.

    Columns: `by` …, `rank` (the order of the draw; the first of them are a sample too), those of every result (`value` is
    the weight, `n` how many tickets the agent has), and the `ticket`. An agent with fewer tickets than `each` is reviewed
    whole. One without an eligible ticket has one row with a reason. The draw depends on `seed` and on the tickets, and not
    on the order of the rows.

    Equal numbers an agent make agents comparable and the team's plain average wrong: join the weights to the reviews, as
    ``sample.select("ticket_id", weight="value")``, and with ``evaluate(weight="weight")`` every ticket counts alike.

    When it lies:
        Of tickets that somebody left out before the draw nothing is known. If reviewers swap a hard ticket for an easy one,
        the weights no longer hold.

    Why your vendor shows another number:
        The newest tickets, those with a low rating, or those that a filter found: none of them stand for the others. The
        team's score is a plain average of the reviews.

    Example:
        sample = sq.tables.review_sample(rows, by="team", each=2, seed=7).collect()
        print(sample.select("team", "rank", "ticket_id", "value", "n"))
    """
    for name, value, least in (("each", each, 1), ("seed", seed, 0)):
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise ParameterError(f"review_sample: {name} is a whole number of {least} or more; got {shown(value)}")
    source = TableInput(tickets, review_sample.spec, table="tickets", by=by, ended=ended, ticket=ticket)
    keys = source.by

    def compute() -> pl.DataFrame:
        eligible = pl.lit(value=True) if ended is None else column(ended).is_not_null()
        rows = source.checked().select(*keys, _ticket=ticket, _eligible=eligible).collect(engine="streaming")
        # The draw is of the tickets in the order of their names, whatever order the rows came in.
        drawn = rows.filter(pl.col("_eligible") & pl.col("_ticket").is_not_null()).sort(
            *keys, "_ticket", nulls_last=True
        )
        _refuse_repeated(drawn, ticket)
        chance = np.random.default_rng(seed).random(drawn.height)
        drawn = drawn.with_columns(pl.Series("_chance", chance)).sort(*keys, "_chance", nulls_last=True)
        groups = rows.select(keys).unique() if keys else pl.DataFrame({"_one": [1]})
        on = keys or ["_one"]
        drawn = drawn if keys else drawn.with_columns(_one=pl.lit(1))
        place, size = pl.int_range(pl.len(), dtype=pl.Int64).over(on) + 1, pl.len().over(on).cast(pl.Int64)
        drawn = drawn.with_columns(rank=place, n=size).filter(pl.col("rank") <= each)
        sample = groups.lazy().join(drawn.lazy(), on=on, how="left", nulls_equal=True).collect()
        sample = sample.with_columns(pl.col("rank").fill_null(1), pl.col("n").fill_null(0)).sort(
            *keys, "rank", nulls_last=True
        )
        weight = sample.select(pl.when(pl.col("n") > 0).then(pl.col("n") / pl.min_horizontal("n", each))).to_series()
        named = result_rows(
            sample.select(*keys, "rank"),
            metric="review_sample",
            unit="tickets",
            value=weight,
            n=sample["n"],
            reason="no eligible tickets",
        )
        return named.with_columns(sample["_ticket"].alias(ticket))

    return source.answer(compute, keys={"rank": pl.Int64()}, more={ticket: source.schema[ticket]})


def _refuse_repeated(tickets: pl.DataFrame, ticket: str) -> None:
    repeated = tickets.filter(pl.col("_ticket").is_duplicated())["_ticket"].unique(maintain_order=True)
    if len(repeated):
        raise InputError(
            f"review_sample: column {shown(ticket)} has {len(repeated)} tickets in several rows: {values_of(repeated, 3)}; "
            "give a row a ticket"
        )
