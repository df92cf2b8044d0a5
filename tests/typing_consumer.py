"""What a user's type checker sees: checked by mypy strict and pyright strict, never run."""

from typing import assert_type

import polars as pl

import servicequality as sq
from servicequality.columns import Seconds
from servicequality.core import Definition
from servicequality.shapes import Shape, share


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
assert_type(metric.partial(frame, by="team"), pl.DataFrame)
assert_type(metric.partial(frame.lazy()), pl.LazyFrame)
assert_type(metric.merge([metric.partial(frame)]), pl.DataFrame)
assert_type(sq.evaluate(frame, [metric], by=["team"]), pl.DataFrame)
assert_type(sq.evaluate(frame.lazy(), metric), pl.LazyFrame)
sq.csat("score")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
sq.nps("score", interval="wilson")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def titles(*definitions: Definition[...]) -> list[str]:
    return [definition.spec.title for definition in definitions]


assert_type(titles(sq.nps, sq.csat, quick), list[str])
