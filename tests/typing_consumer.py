"""What a user's type checker sees: checked by mypy strict and pyright strict, never run."""

from datetime import UTC, datetime
from typing import assert_type

import polars as pl

import servicequality as sq
from servicequality import comparison, control, drivers, model, servqual, sla
from servicequality.columns import Row, Seconds
from servicequality.core import Computation, Definition, Spec, State, of_frame
from servicequality.shapes import Shape, share
from servicequality.worktime import ALWAYS_OPEN, Schedules


@sq.define(title="Quick replies", unit="share", better="higher", formula="k/n")
def quick(seconds: Seconds = "seconds", *, limit: float = 60.0) -> Shape:
    """Replies within the limit."""
    return share(pl.col(seconds) <= limit, of=pl.col(seconds).is_not_null())


frame = pl.DataFrame({"score": [9, 10, 3], "team": ["a", "b", "b"]})

unknown: object = sq.mttr  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]

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
assert_type(metric.estimate([{"score": 9}]), sq.Estimate)
assert_type(float(metric.estimate(frame)), float)
assert_type(format(metric.estimate(frame), ".1f"), str)
assert_type(metric.estimate(frame).to_dict(), dict[str, str | float | int | None])
assert_type(metric.partial(frame, by="team"), State)
assert_type(metric.partial(frame.lazy()), State)
assert_type(metric.merge([metric.partial(frame)]), State)
lazy, now = frame.lazy(), datetime(2026, 1, 1, tzinfo=UTC)

# A function of a frame: eager for an eager frame and for other dataframes, lazy for lazy frames, alone or by grain.
assert_type(sq.evaluate(frame, [metric], by=["team"]), pl.DataFrame)
assert_type(sq.evaluate({"score": [9]}, metric), pl.DataFrame)
assert_type(sq.evaluate([{"score": 9}, {}], metric), pl.DataFrame)
assert_type(sq.evaluate([sq.Ticket(ticket_id="a", created_at=now)], metric), pl.DataFrame)
assert_type(sq.evaluate({"answer": [{"score": 9}], "ticket": frame}, metric), pl.DataFrame)
assert_type(sq.evaluate(lazy, metric), pl.LazyFrame)
assert_type(sq.evaluate({"answer": lazy}, metric), pl.LazyFrame)
assert_type(control.xmr(frame, at="score"), pl.DataFrame)
assert_type(control.p_chart(lazy, at="score", runs=False), pl.LazyFrame)
assert_type(comparison.standardise(frame, metric, by="team", over="score"), pl.DataFrame)
assert_type(comparison.standardise(lazy, metric, by="team", over="score"), pl.LazyFrame)
assert_type(comparison.funnel(frame, by="team"), pl.DataFrame)
assert_type(comparison.funnel(lazy, by="team"), pl.LazyFrame)
assert_type(drivers.link(frame, "score", "team", every="1d"), pl.DataFrame)
assert_type(drivers.link(lazy, "score", "team", every="1d"), pl.LazyFrame)
assert_type(control.xmr(sq.evaluate(frame, metric), metric="nps"), pl.DataFrame)
assert_type(sq.evaluate({"answer": frame}, metric, every="1d", at={"answer": "at"}), pl.DataFrame)
assert_type(sq.nps_breakdown(), tuple[sq.Metric, sq.Metric, sq.Metric])
assert_type(sq.overview([sq.Ticket(ticket_id="a", created_at=now)], as_of=now, by="team"), pl.DataFrame)
assert_type(sq.facts([sq.Ticket(ticket_id="a", created_at=now)], as_of=now), pl.LazyFrame)
assert_type(servqual.importance_performance(frame, crosshair="median"), pl.DataFrame)
assert_type(servqual.importance_performance(lazy), pl.LazyFrame)
assert_type(sq.review_scores(frame, scale=(1, 5)), pl.DataFrame)
assert_type(sq.review_scores(lazy), pl.LazyFrame)
assert_type(sq.follow_ups(frame, as_of=now), pl.DataFrame)
assert_type(sq.follow_ups(lazy, as_of=now), pl.LazyFrame)
assert_type(sq.presence(frame, frame, since=now, until=now), pl.DataFrame)
assert_type(sq.presence(None, agent_time=frame, since=now, until=now, every="1w"), pl.DataFrame)
assert_type(sq.presence(lazy, since=now, until=now), pl.LazyFrame)
assert_type(sla.overdue(frame), pl.DataFrame)
assert_type(sla.due_clocks(lazy, as_of=now), pl.LazyFrame)
assert_type(model.conform(frame, model.Ticket), pl.DataFrame)
assert_type(model.conform(lazy, model.Ticket), pl.LazyFrame)
control.xmr(frame, att="score")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
sla.at_risk(lazy, within="1h")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]
sq.evaluate(frame)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]

# Of two frames: lazy if either is.
assert_type(sq.compare(frame, frame, metric), pl.DataFrame)
assert_type(sq.compare(lazy, frame, metric), pl.LazyFrame)
assert_type(sq.compare({"answer": frame}, {"answer": lazy}, metric), pl.LazyFrame)
assert_type(comparison.mix_and_rate(frame, lazy, metric, by="team"), pl.LazyFrame)
assert_type(comparison.superiority(lazy, lazy, "score"), pl.LazyFrame)
sq.compare(frame, frame, "nps")  # type: ignore[arg-type]  # pyright: ignore[reportCallIssue, reportArgumentType]

# Tables of the catalogue: records are lazy.
records = sq.Records(tickets=frame)
assert_type(sq.tables.pareto(frame, "cause"), pl.DataFrame)
assert_type(sq.tables.pareto(lazy, since=now), pl.LazyFrame)
assert_type(sq.tables.pareto(records), pl.LazyFrame)
assert_type(sq.tables.pareto.spec, Spec)
assert_type(sq.tables.prioritise(frame, frame, as_of=now), pl.DataFrame)
assert_type(sq.tables.prioritise(frame, records, as_of=now), pl.LazyFrame)
assert_type(sq.flow(frame, every="1d", as_of=now), pl.DataFrame)
assert_type(sq.flow(records, every="1d", as_of=now), pl.LazyFrame)
assert_type(sq.status_spells(records, as_of=now), pl.LazyFrame)
sq.tables.pareto(frame, cause=3)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]


@sq.define_table(title="Rows", unit="count", better="neither", formula="n")
@of_frame
def rows(data: pl.LazyFrame, column: Row = "id", *, least: int = 0) -> Computation:
    """Rows of a frame."""
    return Computation(lambda: data.select(column).head(least).collect(), lambda: {column: pl.String()})


assert_type(rows(frame), pl.DataFrame)
assert_type(rows(lazy, "name", least=3), pl.LazyFrame)
rows(lazy, most=3)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]

# Objects that hold frames, and a method.
scale = servqual.SERVQUAL_1991
assert_type(servqual.score(frame, scale).overall, pl.DataFrame)
assert_type(servqual.score(lazy, scale), servqual.Scores[pl.LazyFrame])
assert_type(servqual.zone_of_tolerance(frame, scale), servqual.Zone[pl.DataFrame])
assert_type(servqual.zone_of_tolerance(lazy, scale).counts, pl.LazyFrame)
assert_type(servqual.alpha(frame, scale), pl.DataFrame)
assert_type(servqual.alpha(lazy, scale, by="team"), pl.LazyFrame)
assert_type(servqual.htmt(servqual.item_sums(frame, scale)), pl.DataFrame)
assert_type(servqual.htmt(servqual.item_sums(lazy, scale)), pl.LazyFrame)
servqual.score(frame)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]

# Calendars: expressions for columns, values for instants.
noon, desks = now, Schedules({"eu": ALWAYS_OPEN})
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
assert_type(card.evaluate(frame, as_of=now, at="day"), pl.DataFrame)
assert_type(card.evaluate(lazy, as_of=now, at="day"), pl.LazyFrame)
assert_type(card.evaluate({"answer": lazy}, as_of=now, at={"answer": "day"}), pl.LazyFrame)
card.evaluate(frame, as_of="today", at="day")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]

sq.csat("score")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
sq.nps("score", interval="wilson")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def titles(*definitions: Definition[...]) -> list[str]:
    return [definition.spec.title for definition in definitions]


assert_type(titles(sq.nps, sq.csat, quick), list[str])
