"""Why a verdict is undecided, and what a figure is compared with: the period before, a benchmark."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from servicequality.core import PERIOD
from servicequality.scorecard.objective import Objective
from servicequality.scorecard.verdicts import FIRST_LOOK, Limits, judged
from servicequality.shapes.deciding import Decision
from servicequality.stats.deciding import FEWEST

WITHIN = "the target lies within the limits"


def reasons_of(
    rows: pl.DataFrame,
    against: Limits,
    verdicts: np.ndarray[Any, np.dtype[np.str_]],
    over: Sequence[bool],
    objective: Objective,
    limits: Limits,
    *,
    anytime: bool,
) -> list[str | None]:
    """Why a row is undecided; None where it is not."""
    reasons: list[str | None] = []
    for place, (own, done) in enumerate(zip(rows["reason"], over, strict=True)):
        reason = None
        if own is not None:
            reason = own
        elif not done and not anytime:
            reason = "the period is not over"
        elif objective.direction == "change" and not np.isfinite(against.value[place]):
            reason = "no figure above 0 in the period before: a change against it has no meaning"
        elif verdicts[place] == "undecided":
            bounded = np.isfinite(against.low[place]) or np.isfinite(against.high[place])
            reason = WITHIN if bounded else _unbounded(limits, anytime=anytime)
        reasons.append(reason)
    return reasons


def few_rows(decision: Decision, *, anytime: bool) -> str:
    """Why so few rows decide nothing."""
    if decision.fewest > FEWEST and not anytime:
        return f"a mean of amounts is not compared with a target below {decision.fewest:g} rows"
    return f"fewer than {FEWEST} rows decide nothing"


def _unbounded(limits: Limits, *, anytime: bool) -> str:
    if not anytime:
        return "the figure has no limits: too few rows, or one cluster"
    if not np.isfinite(limits.low).any():
        return (
            f"no limits at any time: shares have them, and means from {FIRST_LOOK} rows on; judge at the period's end"
        )
    return f"no limits at any time below {FIRST_LOOK} rows"


def period_before(
    rows: pl.DataFrame, keys: Sequence[str], every: str, current: Limits, enough: NDArray[np.bool_]
) -> tuple[Limits, NDArray[np.bool_]]:
    """The figures of each row's group in the period before, NaN where there is none, and whether it had enough rows."""
    names = ("value", "low", "high", "enough")
    figures = pl.DataFrame([pl.Series(name, part) for name, part in zip(names, (*current, enough), strict=True)])
    dated = pl.concat([rows.select(*keys, PERIOD), figures], how="horizontal")
    earlier = rows.select(*keys, pl.col(PERIOD).dt.offset_by(f"-{every}"))
    joined = earlier.join(dated, on=[*keys, PERIOD], how="left", nulls_equal=True, maintain_order="left")
    limits = Limits(*(joined[name].fill_null(float("nan")).to_numpy() for name in names[:3]))
    return limits, joined["enough"].fill_null(value=True).to_numpy()


def against_benchmark(objective: Objective, limits: Limits, enough: NDArray[np.bool_], *, up: bool) -> list[str | None]:
    """Better or worse than the benchmark, or no difference shown."""
    if objective.benchmark is None:
        return [None] * len(limits.value)
    words = judged(limits, objective.benchmark, up=up, enough=enough)
    named = {"met": "better", "missed": "worse", "undecided": "no difference shown"}
    return [named[str(word)] if np.isfinite(value) else None for word, value in zip(words, limits.value, strict=True)]
