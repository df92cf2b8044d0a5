"""What a user's type checker sees: checked by mypy strict and pyright strict, never run."""

from datetime import UTC, datetime
from typing import assert_type

import polars as pl

import servicequality as sq
from servicequality import comparison, control, drivers
from servicequality.columns import Seconds
from servicequality.core import Definition, State
from servicequality.shapes import Shape, share
from servicequality.worktime import ALWAYS_OPEN, Schedules


@sq.define(title="Quick replies", unit="share", better="higher", formula="k/n")
def quick(seconds: Seconds = "seconds", *, limit: float = 60.0) -> Shape:
    """Replies within the limit."""
    return share(pl.col(seconds) <= limit, of=pl.col(seconds).is_not_null())


frame = pl.DataFrame({"score": [9, 10, 3], "team": ["a", "b", "b"]})

assert_type(quick(limit=120.0), sq.Metric)
assert_type(quick.spec.title, str)
quick(limit="120")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
quick(limits=120.0)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]

metric = sq.nps("score", promoter_min=9)
assert_type(metric, sq.Metric)
assert_type(metric.where(pl.col("team") == "a").named("NPS of a"), sq.Metric)
assert_type(metric.expr(), pl.Expr)
assert_type(metric.estimate([9, 10]), sq.Estimate)
assert_type(metric.estimate(frame).value, float | None)
assert_type(metric.partial(frame, by="team"), State)
assert_type(metric.partial(frame.lazy()), State)
assert_type(metric.merge([metric.partial(frame)]), State)
assert_type(sq.evaluate(frame, [metric], by=["team"]), pl.DataFrame)
assert_type(sq.evaluate(frame.lazy(), metric), pl.LazyFrame)
assert_type(sq.evaluate({"answer": frame.lazy()}, metric), pl.LazyFrame)
assert_type(sq.compare(frame, frame, metric), pl.DataFrame)
assert_type(sq.compare(frame.lazy(), frame, metric), pl.LazyFrame)
assert_type(sq.compare({"answer": frame}, {"answer": frame.lazy()}, metric), pl.LazyFrame)
assert_type(comparison.mix_and_rate(frame, frame.lazy(), metric, by="team"), pl.LazyFrame)
assert_type(comparison.standardise(frame, metric, by="team", over="score"), pl.DataFrame)
assert_type(comparison.superiority(frame.lazy(), frame.lazy(), "score"), pl.LazyFrame)
assert_type(comparison.funnel(frame.lazy(), by="team"), pl.LazyFrame)
assert_type(control.xmr(frame, at="score"), pl.DataFrame)
assert_type(control.p_chart(frame.lazy(), at="score", runs=False), pl.LazyFrame)
assert_type(drivers.link(frame.lazy(), "score", "team", every="1d"), pl.LazyFrame)
noon, desks = datetime(2026, 1, 1, 12, tzinfo=UTC), Schedules({"eu": ALWAYS_OPEN})
assert_type(ALWAYS_OPEN.between(start=noon, end=noon), float)
assert_type(ALWAYS_OPEN.between("opened", noon), pl.Expr)
assert_type(ALWAYS_OPEN.between(noon, end=pl.col("closed")), pl.Expr)
assert_type(ALWAYS_OPEN.add(noon, seconds=60), datetime | None)
assert_type(ALWAYS_OPEN.add(noon, "seconds"), pl.Expr)
assert_type(ALWAYS_OPEN.add("opened", 60.0), pl.Expr)
assert_type(ALWAYS_OPEN.next_open(instant=noon), datetime | None)
assert_type(ALWAYS_OPEN.prev_close(pl.col("opened")), pl.Expr)
assert_type(ALWAYS_OPEN.is_open(noon), bool)
assert_type(ALWAYS_OPEN.is_open("opened"), pl.Expr)
assert_type(ALWAYS_OPEN.clock(noon), int)
assert_type(desks.between(noon, noon, key="eu"), float | None)
assert_type(desks.between("opened", noon, key="desk"), pl.Expr)
assert_type(desks.add(noon, 60, key="eu"), datetime | None)
assert_type(desks.add(start="opened", seconds=60, key=pl.col("desk")), pl.Expr)
assert_type(desks.next_open(noon, key="eu"), datetime | None)
assert_type(desks.is_open("opened", key="desk"), pl.Expr)
assert_type(desks.clock(noon, key="eu"), int | None)
ALWAYS_OPEN.is_open(60)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
desks.clock("opened", key=3)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
card = sq.Scorecard([sq.Objective(metric, at_least=30)])
assert_type(card.evaluate(frame, as_of=datetime(2026, 1, 1, tzinfo=UTC), at="day"), pl.DataFrame)
assert_type(card.evaluate(frame.lazy(), as_of=datetime(2026, 1, 1, tzinfo=UTC), at="day"), pl.LazyFrame)
sq.csat("score")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
sq.nps("score", interval="wilson")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def titles(*definitions: Definition[...]) -> list[str]:
    return [definition.spec.title for definition in definitions]


assert_type(titles(sq.nps, sq.csat, quick), list[str])
