"""From the cases on Apdex to public calls: names and units are translated, nothing is computed here."""

from collections.abc import Callable, Sequence
from typing import Any

import polars as pl

import servicequality as sq
from cases.statistics import Result
from servicequality import stats


def apdex_score(
    counts: Sequence[int] | None = None, times: list[float | None] | None = None, t: float = 2.0, f: float | None = None
) -> Result:
    if counts is not None:
        satisfied, tolerating, frustrated = counts
        times = [t] * satisfied + [2 * t] * tolerating + [9 * t] * frustrated
    rows = pl.DataFrame({"seconds": times}, schema={"seconds": pl.Float64})
    got = sq.apdex("seconds", threshold=t, frustrated_after=f).estimate(rows)
    if got.value is None:
        return {"value": None, "reason": got.reason}
    message = stats.apdex_rating(got.value, got.n)
    return {
        "apdex": got.value,
        "n": got.n,
        "rounded": message.rounded,
        "rating": message.rating,
        "small_group": message.small_group,
    }


ADAPTERS: dict[str, Callable[..., Any]] = {"apdex.score": apdex_score}
