"""A small metric of each shape, and of each thing that a shape can be asked for: bodies for `define`."""

from datetime import UTC, datetime
from typing import Any

import polars as pl

from servicequality.columns import (
    Amount,
    Category,
    Disposition,
    End,
    Flag,
    Instant,
    Number,
    Occurrences,
    Outcome,
    Proportion,
    Row,
    Score0To10,
    Score0To100,
    Seconds,
    answered,
)
from servicequality.shapes import (
    Shape,
    agreement_of_many,
    agreement_of_two,
    attainment,
    balance,
    count,
    draining,
    effective_kinds,
    elasticity,
    eligible_share,
    geometric_mean,
    intraclass_correlation,
    mean,
    mean_of_means,
    per_day,
    per_name,
    product_of,
    quantile,
    rate,
    ratio,
    share,
    survival,
    time_between,
    total_of,
    up_share,
)


def own_share(score: Score0To10 = "score") -> Shape:
    """Answers above 5."""
    return share(pl.col(score) > 5, of=answered(score))


def own_open_share(hit: Flag = "hit", waits: Flag = "waits") -> Shape:
    """Hits, some of which may still come."""
    return share(pl.col(hit), of=answered(hit), pending=pl.col(waits))


def own_balance(score: Score0To10 = "score") -> Shape:
    """Answers above 8 less answers below 7."""
    return balance(pl.col(score) > 8, pl.col(score) < 7, of=answered(score), per=100)


def own_eligible_share(case: Disposition = "case") -> Shape:
    """Interviews among the eligible, as many of the unknown among them as of the known."""
    known = pl.col(case).is_in(["I", "R"])
    unknown, ineligible = pl.col(case) == "U", pl.col(case) == "NE"
    return eligible_share(
        pl.col(case) == "I", known=known, unknown=unknown, ineligible=ineligible, counted="proportional"
    )


def own_attainment(outcome: Outcome = "outcome") -> Shape:
    """Met among the judged, beside the pending."""
    judged = pl.col(outcome).is_in(["met", "missed", "missed_open"])
    unknown = pl.col(outcome).is_null()
    return attainment(pl.col(outcome) == "met", of=judged, pending=pl.col(outcome) == "pending", unknown=unknown)


def own_attainment_bounds(outcome: Outcome = "outcome") -> Shape:
    """How far the share met can still move."""
    of, pending = answered(outcome) & (pl.col(outcome) != "cancelled"), pl.col(outcome) == "pending"
    unknown = pl.col(outcome).is_null()
    return attainment(pl.col(outcome) == "met", of=of, pending=pending, unknown=unknown, bounds_only=True)


def own_due_attainment(age: Seconds = "age", hit: Flag = "hit") -> Shape:
    """Hits among the rows that are a minute old; a younger hit is known."""
    known = answered(age) & answered(hit)
    ripe = known & (pl.col(age) >= 60)
    return attainment(pl.col(hit), of=ripe, pending=known & ~ripe, unknown=~known, early_met=pl.col(hit))


def own_count(hit: Flag = "hit") -> Shape:
    """Rows that hit."""
    return count(answered(hit) & pl.col(hit))


def own_open_count(hit: Flag = "hit", waits: Flag = "waits") -> Shape:
    """Rows that hit, beside rows that may."""
    return count(answered(hit) & pl.col(hit), pending=pl.col(waits))


def own_mean(number: Number = "number") -> Shape:
    """The mean about another origin than 0."""
    return mean(pl.col(number), of=answered(number), origin=1_000.0)


def own_open_mean(score: Score0To100 = "score", waits: Flag = "waits") -> Shape:
    """The mean of scores, some of which are still to come."""
    return mean(pl.col(score), of=answered(score), bounds=(0, 100), pending=pl.col(waits))


def own_geometric_mean(size: Amount = "size") -> Shape:
    """The geometric mean."""
    return geometric_mean(pl.col(size), of=answered(size), origin=10.0)


def own_mean_of_means(first: Score0To10 = "first", second: Score0To10 = "second") -> Shape:
    """The mean of two means, each over those who answered."""
    return mean_of_means([pl.col(first).cast(pl.Float64), pl.col(second).cast(pl.Float64)])


def own_quantile(number: Number = "number") -> Shape:
    """The first decile of numbers of either sign."""
    return quantile(pl.col(number), 0.1, of=answered(number))


def own_ratio(number: Number = "number", size: Amount = "size") -> Shape:
    """A number for each unit of size."""
    return ratio(pl.col(number), pl.col(size), of=answered(number) & answered(size))


def own_open_ratio(number: Number = "number", size: Amount = "size", waits: Flag = "waits") -> Shape:
    """A number for each unit of size, beside rows that are still to come."""
    known = answered(number) & answered(size) & answered(waits)
    return ratio(pl.col(number), pl.col(size), of=known & ~pl.col(waits), pending=known & pl.col(waits))


def own_rate(events: Amount = "events", time: Amount = "time") -> Shape:
    """Events for each unit of time."""
    return rate(pl.col(events).floor(), pl.col(time), of=answered(events) & answered(time) & (pl.col(time) > 0))


def own_rate_of_periods(events: Amount = "events", time: Amount = "time") -> Shape:
    """Events for each unit of time, where a row is a period whose scatter is seen."""
    of = answered(events) & answered(time) & (pl.col(time) > 0)
    return rate(pl.col(events).floor(), pl.col(time), of=of, periods=True)


def own_open_rate(events: Amount = "events", waits: Flag = "waits") -> Shape:
    """Events a row, where one more may come."""
    return rate(pl.col(events).floor(), pl.lit(1.0), of=answered(events), pending=pl.col(waits))


def own_time_between(events: Occurrences = "events", time: Amount = "time") -> Shape:
    """Time for each event."""
    return time_between(pl.col(time), pl.col(events), of=answered(events) & answered(time) & (pl.col(time) > 0))


def own_up_share(up: Seconds = "up", down: Seconds = "down", outages: Occurrences = "outages") -> Shape:
    """Time up among time up and down."""
    of = answered(up) & answered(down) & answered(outages)
    return up_share(pl.col(up), pl.col(down), pl.col(outages), of=of)


def own_nines(up: Seconds = "up", down: Seconds = "down", outages: Occurrences = "outages") -> Shape:
    """The same in nines."""
    of = answered(up) & answered(down) & answered(outages)
    return up_share(pl.col(up), pl.col(down), pl.col(outages), of=of, nines=True)


def own_total(number: Number = "number") -> Shape:
    """All of it."""
    return total_of(pl.col(number), of=answered(number))


def own_open_total(size: Amount = "size", waits: Flag = "waits") -> Shape:
    """All of it, beside rows that may bring up to 10."""
    return total_of(pl.col(size), of=answered(size) & ~pl.col(waits), pending=pl.col(waits), each=(0, 10))


def curve(seconds: str, end: str, **figure: Any) -> Shape:
    """A figure of the curve of waits that are answered, end otherwise, or are open."""
    of = answered(seconds) & answered(end)
    return survival(pl.col(seconds), pl.col(end) == "answered", of=of, **figure)


def own_survival_median(seconds: Seconds = "seconds", end: End = "end") -> Shape:
    """The median time to the answer."""
    return curve(seconds, end, p=0.5)


def own_survival_within(seconds: Seconds = "seconds", end: End = "end") -> Shape:
    """The share answered within an hour, where another end forestalls the answer."""
    return curve(seconds, end, limit=3600.0, competing=pl.col(end) == "ended_without")


def own_survival_beyond(seconds: Seconds = "seconds", end: End = "end") -> Shape:
    """The share not answered within a minute."""
    return curve(seconds, end, beyond=60.0)


def own_survival_mean(seconds: Seconds = "seconds", end: End = "end") -> Shape:
    """The mean time to either end, up to a day."""
    return curve(seconds, end, horizon=86_400.0, competing=pl.col(end) == "ended_without")


def own_delayed_survival(seconds: Seconds = "seconds", end: End = "end", entry: Seconds = "entry") -> Shape:
    """The median of waits that were watched from a later instant on."""
    return curve(seconds, end, p=0.5, entry=pl.col(entry))


def own_stratified_survival(seconds: Seconds = "seconds", end: End = "end", tier: Category = "tier") -> Shape:
    """The share answered within an hour, by tiers that are pooled."""
    return curve(seconds, end, limit=3600.0, stratum=pl.col(tier))


def own_product(first: Proportion = "first", low: Proportion = "low", high: Proportion = "high") -> Shape:
    """The product of shares with limits, in whatever order they are."""
    return product_of(pl.col(first), pl.col(low), pl.col(high), of=answered(first))


def own_effective_kinds(kind: Category = "kind") -> Shape:
    """How many kinds there are."""
    return effective_kinds(pl.col(kind), of=answered(kind))


def own_rows_per_name(kind: Category = "kind", hit: Flag = "hit") -> Shape:
    """Hits for each kind."""
    return per_name(pl.col(kind), pl.col(hit), of=answered(kind))


def own_rows_per_day(at: Instant = "at") -> Shape:
    """Rows a day of two days."""
    since, until = datetime(2026, 3, 28, tzinfo=UTC), datetime(2026, 3, 30, tzinfo=UTC)
    inside = (pl.col(at).dt.convert_time_zone("UTC") >= since) & (pl.col(at).dt.convert_time_zone("UTC") < until)
    return per_day(inside, since=since, until=until)


def own_draining(
    at: Instant = "at", net: Number = "net", still: Amount = "still", complete: Flag = "complete"
) -> Shape:
    """When it is gone."""
    of = answered(at) & answered(net) & answered(still) & answered(complete)
    return draining(pl.col(at), pl.col(net), pl.col(still), complete=pl.col(complete), of=of, periods=2)


def own_elasticity(x: Amount = "x", y: Amount = "y") -> Shape:
    """How y grows with x."""
    legal = answered(x) & answered(y) & (pl.col(x) > 0) & (pl.col(y) > 0)
    return elasticity(pl.col(y), pl.col(x), of=legal)


def own_agreement(item: Row = "item", rating: Row = "rating", reviewer: Row = "reviewer") -> Shape:
    """How far many agree."""
    of = answered(item) & answered(rating) & answered(reviewer)
    return agreement_of_many(pl.col(item), pl.col(rating), pl.col(reviewer), of=of, coefficient="krippendorff_alpha")


def own_agreement_of_two(item: Row = "item", rating: Row = "rating", reviewer: Row = "reviewer") -> Shape:
    """How far two agree."""
    of = answered(item) & answered(rating) & (pl.col(reviewer) < 2)
    return agreement_of_two(pl.col(item), pl.col(rating), pl.col(reviewer), of=of, reviewers=("0", "1"))


def own_correlation(item: Row = "item", rating: Row = "rating", reviewer: Row = "reviewer") -> Shape:
    """How much lies between items."""
    of = answered(item) & answered(rating) & answered(reviewer)
    columns = pl.col(item), pl.col(rating), pl.col(reviewer)
    return intraclass_correlation(*columns, of=of, form="ICC(A,1)", leave_out=True)


BODIES = [body for name, body in [*globals().items()] if name.startswith("own_")]
