"""Which open case comes first, and why. Never here: deadlines by policy (`sla`)."""

import math
from collections.abc import Sequence
from datetime import datetime

import polars as pl

from servicequality.columns import Amount, Category, Instant, Number
from servicequality.core import Computation, TableInput, define_table, of_frames
from servicequality.errors import InputError, ParameterError
from servicequality.metrics.churn._lives import YEAR, lives
from servicequality.metrics.windows import instant, moment
from servicequality.model import Records, TableLike
from servicequality.tables.churn import band_cuts, band_number

__all__ = ["prioritise"]

_ANSWER = {
    "rank": pl.Int64(),
    "ticket_id": pl.String(),
    "account_id": pl.String(),
    "value": pl.Float64(),
    "due_seconds": pl.Float64(),
    "risk": pl.Float64(),
    "points": pl.Float64(),
    "reasons": pl.String(),
}


@define_table(
    title="Priority of open cases",
    unit="points from 0 to 1",
    better="neither",
    bounds=(0, 1),
    grain="ticket",
    data=2,
    formula=r"(w_v R_\text{value} + w_d R_\text{due} + w_r R_\text{risk}) / (w_v + w_d + w_r)",
    references=("Conover 1999",),
    aliases=(
        "which ticket first",
        "case prioritisation",
        "prioritize",
        "next best case",
        "triage order",
        "queue order",
    ),
)
@of_frames
def prioritise(
    tickets: Records | pl.LazyFrame | TableLike,
    accounts: Records | pl.LazyFrame | TableLike,
    ticket: Category = "ticket_id",
    account: Category = "account_id",
    resolved: Instant = "resolved_at",
    due: Instant = "due_at",
    value: Amount = "value",
    satisfaction: Number = "satisfaction",
    started: Instant = "started_at",
    churned: Instant = "churned_at",
    *,
    as_of: datetime,
    weights: Sequence[float] = (1.0, 1.0, 1.0),
    by: str | Sequence[str] = (),
) -> Computation:
    """The open cases in an order: by what the account is worth, by the time to the deadline, and by the risk of losing it.

    The open ones are those not resolved by `as_of`; rows are the facts, and the accounts as known then. Each of the three
    gives a case a place among the open ones, from 0 (last) to 1 (first), equals sharing the middle of their places; `points`
    is the mean of the three, weighted by `weights` (value, due, risk). So no unit counts more because its numbers are
    larger. What is not known gives 0, as the reasons then state.

    Columns: `rank`, `ticket_id`, `account_id`, `value` (the account's), `due_seconds` (to the deadline, below 0 when overdue),
    `risk` (how many customers of the account's third of satisfaction left for each year; of all customers where its
    satisfaction is not known), `points` and `reasons`, a text. Equal points share a rank, the reasons tell with how many, and
    such cases are in the order of their ids. With `by` (a team, a queue) the cases of each group have an order of their
    own; the risk of an account is estimated from all accounts.

    When it lies:
        The order is a proposal made of three numbers: it knows nothing of what the case is about. It puts small customers
        last every time, and their waits grow; only the deadline takes waiting into account. The risk of leaving is
        estimated from satisfaction alone.

    Why your vendor shows another number:
        A learned score without reasons, a fixed order of priorities, revenue first and the deadline only among equals.

    Example:
        order = sq.tables.prioritise(rows, desk.accounts, as_of=as_of).head(4).collect()
        print(order.select("rank", "ticket_id", "value", "due_seconds", "risk", "points"))
        for reasons in order["reasons"]:
            print(reasons)
    """
    given = _weights(weights)
    now = pl.lit(instant("as_of", as_of))
    source = TableInput(
        tickets, prioritise.spec, table="tickets", by=by, ticket=ticket, account=account, resolved=resolved, due=due
    )
    keys = source.by
    if clash := next((key for key in keys if key in _ANSWER), None):
        raise ParameterError(f"prioritise: by names {clash!r}, which is a column of the answer; rename the column")
    seen = lives(started, churned, as_of=as_of, since=None)
    customers = TableInput(
        accounts,
        prioritise.spec,
        table="accounts",
        refused=seen.refused,
        account=account,
        value=value,
        satisfaction=satisfaction,
        started=started,
        churned=churned,
    )

    def compute() -> pl.DataFrame:
        worth = customers.checked().select(
            pl.col(account).cast(pl.String).alias("account_id"),
            pl.col(value).cast(pl.Float64).alias("value"),
            pl.col(satisfaction).cast(pl.Float64).alias("_score"),
            _left=seen.watched & seen.left,
            _years=pl.when(seen.watched).then(seen.seconds / YEAR),
        )
        known = worth.collect(engine="streaming")
        if known["account_id"].is_duplicated().any():
            again = known.filter(pl.col("account_id").is_duplicated())["account_id"].unique().sort()
            raise InputError(
                f"prioritise: {len(again)} accounts have several rows, such as {again[0]!r}; keep one row of each"
            )
        waiting = source.checked().filter(pl.col(resolved).is_null() | (moment(resolved) > now))
        cases = waiting.select(
            *keys,
            pl.col(ticket).cast(pl.String).alias("ticket_id"),
            pl.col(account).cast(pl.String).alias("account_id"),
            due_seconds=(moment(due) - now).dt.total_microseconds() / 1e6,
        ).join(_risks(known).lazy(), on="account_id", how="left")
        return _ordered(cases.collect(engine="streaming").sort("ticket_id"), keys, given)

    return Computation(compute, lambda: {**{key: source.schema[key] for key in keys}, **_ANSWER})


def _weights(weights: Sequence[float]) -> tuple[float, ...]:
    given = tuple(weights)
    if len(given) != 3 or not all(0 <= weight < math.inf for weight in given) or not sum(given) > 0:
        raise ParameterError(
            f"weights must be three numbers of 0 or more, not all 0, for value, due and risk; got {weights!r}"
        )
    return given


def _risks(accounts: pl.DataFrame) -> pl.DataFrame:
    """Each account's value, and how many of its third of satisfaction left for each year of a customer."""
    cuts = band_cuts(accounts["_score"], None)
    banded = accounts.with_columns(band_number(pl.col("_score"), cuts).alias("_band"))
    own, every = pl.col("_left").sum(), pl.col("_years").sum()
    rates = banded.group_by("_band").agg(pl.when(every > 0).then(own / every).alias("risk"))
    overall = banded.select(pl.when(every > 0).then(own / every)).item()
    like = pl.col("_band").is_not_null()
    return (
        banded.join(rates, on="_band", how="left", nulls_equal=True)
        .with_columns(pl.when(like).then("risk").otherwise(pl.lit(overall, pl.Float64)), like.alias("_like"))
        .select("account_id", "value", "risk", "_like")
    )


def _ordered(cases: pl.DataFrame, keys: Sequence[str], weights: tuple[float, ...]) -> pl.DataFrame:
    """The cases with their points, ranks and reasons, the first one of each group first."""

    def within(figure: pl.Expr) -> pl.Expr:
        return figure.over(keys) if keys else figure

    def place(urgency: pl.Expr) -> pl.Expr:
        """From 0 for the least urgent of those known to 1, and 0 for the unknown; one known case alone is first."""
        known = within(urgency.count())
        ranked = (within(urgency.rank("average")) - 1) / pl.max_horizontal(known - 1, 1)
        return pl.when(urgency.is_not_null()).then(pl.when(known > 1).then(ranked).otherwise(1.0)).otherwise(0.0)

    urgent = (pl.col("value"), -pl.col("due_seconds"), pl.col("risk"))
    total = sum(weights)
    points = pl.sum_horizontal(place(one) * (weight / total) for one, weight in zip(urgent, weights, strict=True))
    # Sums of the same places in another order differ in the last bits: they are equal points all the same.
    cases = cases.with_columns(points.round(12).alias("points"))
    tied = pl.len().over(*keys, "points") - 1
    dearer = (within(pl.col("value").rank("min", descending=True)) - 1).cast(pl.Int64)
    reasons = pl.concat_str(
        pl.when(pl.col("value").is_null())
        .then(pl.lit("nobody knows what the account is worth"))
        .otherwise(
            pl.format(
                "worth {}, {} of {} open cases are worth more", pl.col("value").round(2), dearer, within(pl.len())
            )
        ),
        _deadline(pl.col("due_seconds")),
        pl.when(pl.col("risk").is_null())
        .then(pl.lit("nothing is known of its risk"))
        .otherwise(
            pl.format(
                "customers {} leave at {} a year",
                pl.when("_like").then(pl.lit("as satisfied")).otherwise(pl.lit("of all kinds")),
                pl.col("risk").round(2),
            )
        ),
        pl.when(tied > 0).then(pl.format("tied with {} more, in the order of their ids", tied)),
        separator="; ",
        ignore_nulls=True,
    )
    return (
        cases.with_columns(
            within(pl.col("points").rank("min", descending=True)).cast(pl.Int64).alias("rank"), reasons.alias("reasons")
        )
        .sort(*keys, "rank", "ticket_id", nulls_last=True)
        .select(*keys, *(pl.col(name).cast(dtype) for name, dtype in _ANSWER.items()))
    )


def _deadline(left: pl.Expr) -> pl.Expr:
    """How far the deadline is, in words."""
    size = left.abs()
    span = (
        pl.when(size < 3_600)
        .then(pl.format("{} min", (size / 60).round(0).cast(pl.Int64)))
        .when(size < 2 * 86_400)
        .then(pl.format("{} h", (size / 3_600).round(1)))
        .otherwise(pl.format("{} days", (size / 86_400).round(1)))
    )
    return (
        pl.when(left.is_null())
        .then(pl.lit("without a deadline"))
        .when(left < 0)
        .then(pl.format("overdue by {}", span))
        .otherwise(pl.format("due in {}", span))
    )
