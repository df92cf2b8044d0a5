"""Sample sizes of reviews, and estimates for all tickets from those reviewed."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from servicequality import stats
from servicequality.checks import confidence_level, holds_flags
from servicequality.columns import Flag, Instant, Row
from servicequality.core import (
    RESULT,
    Computation,
    Grouping,
    define_table,
    of_frame,
    require_columns,
    result_rows,
)
from servicequality.errors import InputError, ParameterError
from servicequality.events.matching import with_shared_ids
from servicequality.model import as_frame

__all__ = ["failed_tickets", "review_sample_size"]


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


def _answered(name: str, data: Any, needed: list[str], answer: Any, by: str | Sequence[str]) -> Computation:
    frame: pl.LazyFrame = as_frame(data).lazy()
    keys = list(Grouping.of(by=by, every=None, at=None, timezone=None, weight=None, cluster=None).by)
    schema = frame.collect_schema()
    require_columns(schema, [*needed, *keys], role=name)
    return Computation(lambda: answer(frame, keys), lambda: {key: schema[key] for key in keys} | RESULT)


def _grouped(frame: pl.LazyFrame, keys: list[str], sums: list[pl.Expr]) -> pl.LazyFrame:
    return frame.group_by(keys).agg(sums).sort(keys, nulls_last=True) if keys else frame.select(sums)
