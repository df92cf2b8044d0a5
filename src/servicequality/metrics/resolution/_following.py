"""Whether something followed within a window, where some rows were not watched that long."""

from dataclasses import replace
from typing import Literal, get_args

import polars as pl

from servicequality.checks import choice
from servicequality.columns import answered
from servicequality.errors import ParameterError
from servicequality.shapes import Shape, attainment, share, survival

Estimate = Literal["matured", "bounds", "pending_aware", "so_far"]
"""What is done with rows that were not watched for the whole window."""

WEEK = 7 * 86_400.0

_LATER = "with something that came later than they were watched"


def came_back(seconds: str, observed: str, age: str, *, window: float, estimate: Estimate) -> Shape:
    """Share of rows to which it happened in (0, window].

    Args:
        seconds: column of the time to the event, or to the instant of knowledge.
        observed: column that says whether it was the event.
        age: column of the time to the instant of knowledge: how long the row was watched.
        window: seconds, above 0.
        estimate: `matured` judges the rows watched for the window, chosen by age and never by outcome; `bounds` gives limits
            over every way the others can end; `pending_aware` is 1 - S(window) of Kaplan-Meier; `so_far` takes silence for no.
    """
    return _judged(None, seconds, observed, age, window=window, estimate=estimate, good=False)


def held(settled: pl.Expr, seconds: str, observed: str, age: str, *, window: float, estimate: Estimate) -> Shape:
    """Share of rows that were settled and to which nothing happened in (0, window]; a null in `settled` is missing."""
    return _judged(settled, seconds, observed, age, window=window, estimate=estimate, good=True)


def _judged(
    settled: pl.Expr | None, seconds: str, observed: str, age: str, *, window: float, estimate: Estimate, good: bool
) -> Shape:
    if not 0 < window < float("inf"):
        raise ParameterError(f"window must be a positive number of seconds, got {window!r}; a week is 7 * 86_400")
    choice("estimate", estimate, get_args(Estimate))
    known = answered(seconds) & answered(observed) & answered(age)
    came = pl.col(observed) & (pl.col(seconds) > 0) & (pl.col(seconds) <= window)
    failed, time, ended = came, pl.col(seconds), pl.col(observed)
    if settled is not None:
        known = known & settled.is_not_null()
        failed, ended = came | ~settled, ended | ~settled
        time = pl.when(settled).then(time).otherwise(0.0)
    ripe = pl.col(age) >= window
    hit = ~failed if good else failed
    shape: Shape
    if estimate == "matured":
        young = known & ~ripe
        gone = young & failed  # it has come back already, and waits to be judged
        early_met, early_missed = (None if good else gone), (gone if good else None)
        shape = attainment(
            hit, of=known & ripe, pending=young, unknown=~known, early_met=early_met, early_missed=early_missed
        )
    elif estimate == "bounds":
        open_ = known & ~ripe & ~failed
        shape = attainment(hit & ~open_, of=known, pending=open_, unknown=~known, bounds_only=True)
    elif estimate == "pending_aware":
        limit, beyond = (None, window) if good else (window, None)
        shape = replace(survival(time, ended, of=known, limit=limit, beyond=beyond), better=None)
    else:
        shape = share(hit, of=known, pending=known & ~ripe & ~failed)
    return replace(shape, refused={_LATER: pl.col(seconds) > pl.col(age)})
