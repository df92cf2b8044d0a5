"""The verdicts on one objective, a row a group and period."""

import datetime as dt

import numpy as np
import polars as pl

from servicequality.core import PERIOD
from servicequality.scorecard.answer import COLUMNS, named_rows
from servicequality.scorecard.explaining import WITHIN, against_benchmark, few_rows, period_before, reasons_of
from servicequality.scorecard.objective import Objective, Period
from servicequality.scorecard.pending import HIGHEST, LOWEST, UNBOUNDED
from servicequality.scorecard.reading import TAIL, FigureRequest, Figures
from servicequality.scorecard.verdicts import (
    Limits,
    anytime_limits,
    deciding_limits,
    judged,
    outlook,
    relative,
    rows_to_decide,
    upward,
)
from servicequality.scorecard.wording import sentence
from servicequality.shapes.base import FloatArray
from servicequality.stats.deciding import FEWEST

LEVEL = 1 - 2 * TAIL
"""Of the limits that a target is compared with: one-sided 95 % each way."""
ANYTIME_LEVEL = 0.95
"""Of the limits that hold at every look: fewer than one verdict in twenty is ever wrong, on both sides together."""


def judge(
    objective: Objective,
    request: FigureRequest,
    figures: Figures,
    as_of: dt.datetime,
    *,
    name: str,
    period: Period,
    at_any_time: bool,
) -> pl.DataFrame:
    """The rows of one objective in the columns of the answer.

    Args:
        objective: the promise.
        request: its figure, keys and instant.
        figures: what is known of it.
        as_of: the instant up to which the rows are known.
        name: what it is called in the answer.
        period: how often it is judged.
        at_any_time: whether limits hold at every look.
    """
    metric, target, rows = objective.metric_at(as_of), objective.target, figures.rows
    up, decision = upward(objective.direction, target), figures.decision

    def column(name: str) -> FloatArray:
        return rows[name].cast(pl.Float64).fill_null(float("nan")).to_numpy()

    value, n, n_eff = column("value"), column("n"), column("n_eff")
    anytime = at_any_time and not decision.exact
    own = deciding_limits(figures, value)
    level, methods, limits = LEVEL, [decision.method or method for method in rows["method"]], own
    enough = np.full(len(value), fill_value=True) if decision.exact else n_eff >= decision.fewest
    if anytime:
        level, enough = ANYTIME_LEVEL, n_eff >= FEWEST
        given = anytime_limits(metric.shape, lambda leaf: column(f"sum {leaf}"), value, level)
        limits = given or Limits(value, *np.full((2, len(value)), np.nan))
        mixture = "robbins" if metric.bounds == (0, 1) else "normal mixture"
        methods = [f"anytime, {mixture}" if given else "none"] * len(rows)
    baseline, relation = np.full_like(value, np.nan), None
    if objective.direction == "change":
        before, known = period_before(rows, list(request.by), request.every, limits, enough)
        baseline, relation, enough = before.value, relative(limits, before), enough & known
    against = relation or limits
    verdicts = judged(against, target, up=up, enough=enough)
    end = pl.col(PERIOD).dt.offset_by(request.every)
    if rows.schema[PERIOD] == pl.Date:
        done = end <= as_of.date()
    else:
        done = end.dt.convert_time_zone("UTC") <= as_of.astimezone(dt.UTC)
    over = rows.select(done).to_series().to_list()
    few = few_rows(decision, anytime=anytime)
    reasons = [
        few if reason == WITHIN and not some else reason
        for reason, some in zip(
            reasons_of(rows, against, verdicts, over, objective, limits, anytime=anytime), enough, strict=True
        )
    ]
    verdict = ["undecided" if reason is not None else str(word) for reason, word in zip(reasons, verdicts, strict=True)]
    undecided = np.array([word == "undecided" for word in verdict], dtype=np.bool_)
    needed = np.full_like(value, np.nan)
    if not decision.exact:
        ruled = not anytime and relation is None
        needed = np.where(undecided, rows_to_decide(figures, against, n, n_eff, target, own=ruled), np.nan)
    notes = rows["notes"].to_list()
    if decision.notes and not anytime:
        notes = ["; ".join(filter(None, (note, decision.notes))) for note in notes]
    if anytime:
        running = "the period is not over: the verdict is of rows like these, not of the period"
        notes = [
            note if past else "; ".join(filter(None, (note, running))) for note, past in zip(notes, over, strict=True)
        ]
    lowest, highest = column(LOWEST), column(HIGHEST)
    if objective.direction == "change":
        still: list[str | None] = ["lowest and highest are of the figure, not of its change"] * len(rows)
    else:
        still = outlook(lowest, highest, target, up=up, unknown=rows[UNBOUNDED].to_list())
    lowest, highest = (np.where(np.isfinite(end), end, np.nan) for end in (lowest, highest))
    shown = Limits(value, column("low"), column("high")) if decision.exact else limits
    numbers = {
        "value": value, "low": shown.low, "high": shown.high, "baseline": baseline,
        "change": relation.value if relation else baseline, "change_low": relation.low if relation else baseline,
        "change_high": relation.high if relation else baseline, "n_needed": needed, LOWEST: lowest, HIGHEST: highest,
    }  # fmt: skip
    texts = {
        "verdict": verdict, "method": methods, "outlook": still, "reason": reasons, "notes": notes,
        "against_benchmark": against_benchmark(objective, limits, enough, up=metric.better != "lower"),
    }  # fmt: skip
    answer = pl.concat(
        [
            rows.select(*request.by, PERIOD, "n", "n_pending"),
            pl.DataFrame([pl.Series(name, part, nan_to_null=True) for name, part in numbers.items()]),
            pl.DataFrame([pl.Series(name, part, pl.String) for name, part in texts.items()]),
        ],
        how="horizontal",
    ).with_columns(
        objective=pl.lit(name),
        metric=pl.lit(metric.name),
        every=pl.lit(period),
        at=pl.lit(request.at),
        direction=pl.lit(objective.direction),
        target=pl.lit(target),
        level=pl.lit(level),
        unit=pl.lit(metric.unit),
        benchmark=pl.lit(objective.benchmark, pl.Float64),
        benchmark_source=pl.lit(objective.benchmark_source, pl.String),
        owner=pl.lit(objective.owner, pl.String),
        action=pl.lit(objective.action, pl.String),
    )
    summaries = [sentence(row, metric) for row in named_rows(answer)]
    return answer.with_columns(pl.Series("summary", summaries, pl.String)).select(*request.by, *COLUMNS)
