"""Review coverage, sample sizes of reviews, and estimates for all tickets from those reviewed."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from servicequality import stats
from servicequality.checks import column, confidence_level, holds_flags
from servicequality.columns import Flag, Instant, Row
from servicequality.core import (
    RESULT,
    Computation,
    Grouping,
    define_table,
    of_frame,
    require_columns,
    result_rows,
    shared_type,
)
from servicequality.errors import InputError, ParameterError
from servicequality.model import as_frame

__all__ = ["failed_tickets", "review_coverage", "review_sample_size"]


@define_table(
    title="Review coverage",
    unit="share",
    better="higher",
    bounds=(0, 1),
    grain="ticket",
    formula=r"\#\{\text{eligible and reviewed}\}/\#\{\text{eligible}\}",
    references=("COPC CX Standard",),
    aliases=("QA coverage", "review rate", "share of tickets reviewed", "how much is reviewed"),
)
@of_frame
def review_coverage(
    tickets: Any,
    ticket: Row = "ticket_id",
    ended: Instant | None = "resolved_at",
    *,
    reviews: Any,
    by: str | Sequence[str] = (),
) -> Computation:
    """Share of eligible tickets that were reviewed, whoever reviewed them and how often: a census, so it has no limits.

    Tickets that have ended are eligible; `ended=None` makes all of them so. Reviews of tickets that are not among them are
    counted in the notes.

    When it lies:
        A high share of easy tickets is worse than a low share drawn at random. It does not tell whose tickets were
        reviewed: compute it by agent.

    Why your vendor shows another number:
        Reviews over tickets, so that two reviews of one ticket count twice; open or spam tickets in the denominator;
        reviews started and not finished.

    Example:
        print(sq.tables.review_coverage(rows, reviews=desk.reviews).select("metric", "value", "n").collect())
        by_team = sq.tables.review_coverage(rows, reviews=desk.reviews, by="team")
        print(by_team.select("team", "value", "n").collect())
    """
    looked_at = as_frame(reviews).lazy()
    require_columns(looked_at.collect_schema(), [ticket], role="review_coverage: reviews")

    def answer(frame: pl.LazyFrame, keys: list[str]) -> pl.DataFrame:
        eligible = pl.lit(value=True) if ended is None else pl.col(ended).is_not_null()
        frame, others = with_shared_ids(frame, looked_at, ticket)
        seen = others.select(pl.col(ticket)).drop_nulls().unique().with_columns(_seen=pl.lit(value=True))
        marked = frame.join(seen, on=ticket, how="left").with_columns(pl.col("_seen").fill_null(value=False))
        sums = [
            (eligible & pl.col("_seen")).sum().cast(pl.Int64).alias("_hits"),
            eligible.sum().cast(pl.Int64).alias("_n") if ended is not None else pl.len().cast(pl.Int64).alias("_n"),
            (~eligible & pl.col("_seen")).sum().cast(pl.Int64).alias("_early"),
        ]
        stray = seen.join(frame.select(ticket), on=ticket, how="anti").select(pl.len())
        counts, strangers = pl.collect_all([_grouped(marked, keys, sums), stray], engine="streaming")
        n = counts["_n"].to_numpy()
        value = np.divide(counts["_hits"].to_numpy(), n, out=np.full(len(n), np.nan), where=n > 0)
        return result_rows(
            counts.select(keys),
            metric="review_coverage",
            unit="share",
            value=value,
            n=n,
            reason="no eligible tickets",
            notes=[_remarks(early, strangers.item()) for early in counts["_early"].to_list()],
        )

    needed = [ticket] if ended is None else [ticket, ended]
    return _answered("review_coverage", tickets, needed, answer, by)


@define_table(
    title="Reviews needed",
    unit="count",
    better="neither",
    bounds=(0, float("inf")),
    grain="ticket",
    formula=r"\Big\lceil \frac{n_0}{1 + (n_0 - 1)/N} \Big\rceil,\quad n_0 = z^2\, p (1 - p)/m^2",
    references=("Cochran 1977",),
    aliases=("QA sample size", "how many reviews", "sample plan", "reviews per agent"),
)
@of_frame
def review_sample_size(
    tickets: Any,
    ended: Instant | None = "resolved_at",
    *,
    expected: float = 0.9,
    margin: float = 0.05,
    level: float = 0.95,
    by: str | Sequence[str] = (),
) -> Computation:
    """How many of the eligible tickets to review, drawn at random, to know a share to within a margin; rounded up.

    `expected` is the share that you think to find (0.5 if you have no idea, which needs most). The number of tickets is
    finite: knowing a small team's tickets takes most of them.

    When it lies:
        It plans for a share of reviews, such as the pass rate, and for tickets drawn at random. For tickets picked by hand
        no number is large enough.

    Why your vendor shows another number:
        A fixed quota such as four reviews an agent and month, which leaves a margin of some 30 points; no correction for the
        finite number of tickets.

    Example:
        print(sq.tables.review_sample_size(rows, by="team").select("team", "value", "n").collect())
    """
    confidence_level(level)
    if not (0 < expected < 1 and 0 < margin < 1):
        raise ParameterError(
            f"review_sample_size: expected and margin are shares strictly between 0 and 1; got {expected!r} and {margin!r}"
        )

    def answer(frame: pl.LazyFrame, keys: list[str]) -> pl.DataFrame:
        rows = pl.len() if ended is None else pl.col(ended).is_not_null().sum()
        counts = _grouped(frame, keys, [rows.cast(pl.Int64).alias("_n")]).collect(engine="streaming")
        n = counts["_n"].to_numpy().astype(np.float64)
        value = np.full(len(n), np.nan)
        infinite = max(float(stats.proportion_n(expected, margin, level=level)), 1.0)
        value[n > 0] = np.ceil(stats.finite_population_n(infinite, n[n > 0]) - 1e-9)
        return result_rows(
            counts.select(keys),
            metric="review_sample_size",
            unit="count",
            value=value,
            n=n,
            reason="no eligible tickets",
        )

    return _answered("review_sample_size", tickets, [] if ended is None else [ended], answer, by)


@define_table(
    title="Failed tickets",
    unit="count",
    better="lower",
    bounds=(0, float("inf")),
    grain="ticket",
    formula=r"N\,k/n,\quad \text{limits: the least and the most } K \text{ that } k \text{ of } n \text{ do not refute}",
    references=("Katz 1953", "Cochran 1977"),
    aliases=("bad tickets", "hypergeometric estimate", "defects in the population", "failures among all tickets"),
)
@of_frame
def failed_tickets(
    tickets: Any,
    ticket: Row = "ticket_id",
    ended: Instant | None = "resolved_at",
    *,
    scores: Any,
    failed: Flag = "critical_failed",
    level: float = 0.95,
    by: str | Sequence[str] = (),
) -> Computation:
    """How many of all eligible tickets fail, from the reviewed ones: with exact limits for a sample of a finite number.

    `scores` are rows of `review_scores`, or any with the ticket and a flag; a ticket that any of its reviews failed is one
    failed ticket. Rows `n` are reviewed tickets.

    When it lies:
        It assumes that the reviewed tickets were drawn at random. Reviews started by complaints tell nothing about the others.

    Why your vendor shows another number:
        The failures found, without those that nobody looked for.

    Example:
        scores = sq.review_scores(desk.reviews)
        agreement = sq.tables.failed_tickets(rows, scores=scores)
        print(agreement.select("metric", "value", "low", "high", "n").collect())
    """
    confidence_level(level)
    looked_at = as_frame(scores).lazy()
    schema = looked_at.collect_schema()
    require_columns(schema, [ticket, failed], role="failed_tickets: scores")
    if not holds_flags(schema[failed]):
        raise InputError(f"failed_tickets: column {failed!r} holds {schema[failed]}, expected true or false (Boolean)")

    def answer(frame: pl.LazyFrame, keys: list[str]) -> pl.DataFrame:
        frame, others = with_shared_ids(frame, looked_at, ticket)
        seen = (
            others.drop_nulls([ticket, failed])
            .group_by(ticket)
            .agg(pl.col(failed).cast(pl.Boolean).any().alias("_failed"))
        )
        eligible = pl.lit(value=True) if ended is None else pl.col(ended).is_not_null()
        marked = frame.filter(eligible).join(seen, on=ticket, how="left")
        sums = [
            pl.len().cast(pl.Int64).alias("_all"),
            pl.col("_failed").is_not_null().sum().cast(pl.Int64).alias("_n"),
            pl.col("_failed").sum().cast(pl.Int64).alias("_k"),
        ]
        counts = _grouped(marked, keys, sums).collect(engine="streaming")
        size, n, k = (counts[name].to_numpy().astype(np.float64) for name in ("_all", "_n", "_k"))
        value, low, high = (np.full(len(n), np.nan) for _ in range(3))
        some = n > 0
        value[some] = size[some] * k[some] / n[some]
        low[some], high[some] = stats.hypergeometric_interval(k[some], n[some], size[some], level=level)
        # Limits are whole tickets, and the value need not be: 14.9 failed where 15 are all that can be.
        low, high = np.fmin(low, value), np.fmax(high, value)
        return result_rows(
            counts.select(keys),
            metric="failed_tickets",
            unit="count",
            value=value,
            low=low,
            high=high,
            level=level,
            method="hypergeometric, exact",
            n=n,
            n_missing=size - n,
            reason="no ticket was reviewed",
        )

    return _answered("failed_tickets", tickets, [ticket] if ended is None else [ticket, ended], answer, by)


def with_shared_ids(first: pl.LazyFrame, second: pl.LazyFrame, name: str) -> tuple[pl.LazyFrame, pl.LazyFrame]:
    """Both frames with the tickets' names in one type.

    Raises:
        InputError: one holds numbers and the other texts, or the like.
    """
    types = [frame.collect_schema()[name] for frame in (first, second)]
    if (shared := shared_type(types)) is None:
        raise InputError(
            f"column {name!r} holds {types[0]} in the tickets and {types[1]} beside them; cast one, so that they can match"
        )
    cast = column(name).cast(shared)
    return first.with_columns(cast), second.with_columns(cast)


def _answered(name: str, data: Any, needed: list[str], answer: Any, by: str | Sequence[str]) -> Computation:
    frame: pl.LazyFrame = as_frame(data).lazy()
    keys = list(Grouping.of(by=by, every=None, at=None, timezone=None, weight=None, cluster=None).by)
    schema = frame.collect_schema()
    require_columns(schema, [*needed, *keys], role=name)
    return Computation(lambda: answer(frame, keys), lambda: {key: schema[key] for key in keys} | RESULT)


def _grouped(frame: pl.LazyFrame, keys: list[str], sums: list[pl.Expr]) -> pl.LazyFrame:
    return frame.group_by(keys).agg(sums).sort(keys, nulls_last=True) if keys else frame.select(sums)


def _remarks(early: int, strangers: int) -> str | None:
    remarks = [f"{early} reviewed and not eligible"] if early else []
    remarks += [f"{strangers} reviewed that are not among the tickets"] if strangers else []
    return "; ".join(remarks) or None
