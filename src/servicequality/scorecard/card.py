"""`Scorecard`: many promises judged period by period, and the columns of its answer."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
import polars as pl
from numpy.typing import NDArray

from servicequality.checks import choice, zone_aware
from servicequality.core import PERIOD, Computation, Metric, by_grain, instant_columns, method_of_frame
from servicequality.errors import ParameterError
from servicequality.scorecard.censuses import read_censuses
from servicequality.scorecard.document import read_document
from servicequality.scorecard.objective import EVERY, Objective, Period, check_period
from servicequality.scorecard.pending import HIGHEST, LOWEST, UNBOUNDED
from servicequality.scorecard.reading import TAIL, FigureRequest, Figures, answer_types, read
from servicequality.scorecard.verdicts import (
    FIRST_LOOK,
    Limits,
    anytime_limits,
    deciding_limits,
    judged,
    outlook,
    relative,
    rows_to_decide,
    upward,
)
from servicequality.scorecard.wording import default_name, sentence
from servicequality.shapes.base import FloatArray
from servicequality.shapes.deciding import Decision
from servicequality.stats.deciding import FEWEST

Mode: TypeAlias = Literal["period_end", "anytime"]

LEVEL = 1 - 2 * TAIL
"""Of the limits that a target is compared with: one-sided 95 % each way."""
ANYTIME_LEVEL = 0.95
"""Of the limits that hold at every look: fewer than one verdict in twenty is ever wrong, on both sides together."""

_WITHIN = "the target lies within the limits"

COLUMNS: dict[str, pl.DataType] = {
    "objective": pl.String(),
    "metric": pl.String(),
    "period": pl.Datetime("us", "UTC"),
    "every": pl.String(),
    "at": pl.String(),
    "verdict": pl.String(),
    "direction": pl.String(),
    "target": pl.Float64(),
    **dict.fromkeys(("value", "low", "high", "baseline", "change", "change_low", "change_high"), pl.Float64()),
    "level": pl.Float64(),
    "method": pl.String(),
    "unit": pl.String(),
    "n": pl.Int64(),
    "n_needed": pl.Float64(),
    "n_pending": pl.Int64(),
    LOWEST: pl.Float64(),
    HIGHEST: pl.Float64(),
    "outlook": pl.String(),
    "benchmark": pl.Float64(),
    "benchmark_source": pl.String(),
    "against_benchmark": pl.String(),
    "reason": pl.String(),
    "notes": pl.String(),
    "summary": pl.String(),
}
"""The columns of a scorecard's answer; the keys come after `objective`."""


@dataclass(frozen=True, slots=True, eq=False)
class Scorecard:
    """Objectives that are judged together, each at its cadence.

    Attributes:
        objectives: what was promised.
        period: how often an objective is judged that has no period of its own.
        mode: "period_end" judges a period once, when it is over. "anytime" is for people who look daily: shares and means
            have wider limits, which hold at every look, and a running period may be judged.

    Raises:
        ParameterError: no objective, two of one name, an unknown period or mode.
    """

    objectives: Sequence[Objective]
    period: Period = "month"
    mode: Mode = "period_end"

    def __post_init__(self) -> None:
        given = (self.objectives,) if isinstance(self.objectives, Objective) else self.objectives
        listed = tuple(given) if isinstance(given, Iterable) else ()
        if not listed or not all(isinstance(one, Objective) for one in listed):
            raise ParameterError(f"a scorecard is a list of Objective, got {self.objectives!r}")
        check_period(self.period)
        choice("mode", self.mode, get_args(Mode))
        names = [self.name_of(one) for one in listed]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise ParameterError(f"two objectives are called {twice!r}; give one another name with name=")
        object.__setattr__(self, "objectives", listed)

    @classmethod
    def from_toml(cls, text: str) -> "Scorecard":
        """The scorecard of a TOML text: `period` and `mode`, and an `[[objective]]` for each promise.

        An objective has `metric` (a name of the catalogue) with its `options`, one of `at_least`, `at_most` and `change`,
        and may have `where` (column = value, or a list of values), `by`, `period`, `at`, `name`, `benchmark` and
        `benchmark_source`. A metric with an `as_of` is given that of `evaluate`.

        Raises:
            ParameterError: the text is not TOML, or a part of it is wrong; the message names it.
        """
        fields, objectives = read_document(text)
        return cls(objectives, **fields)

    def name_of(self, objective: Objective) -> str:
        """What an objective is called in the answer."""
        return objective.name or default_name(objective, objective.period or self.period)

    @method_of_frame
    def evaluate(
        self,
        frame: Any,
        *,
        as_of: dt.datetime,
        at: str | Mapping[str, str],
        timezone: str | None = None,
        weight: str | None = None,
        cluster: str | None = None,
    ) -> Computation:
        """Judge every objective in every period, in one scan.

        What is counted at one instant (tickets open, clocks overdue) is counted at each period's end, over all rows.

        Args:
            frame: any dataframe, or a mapping of grain to dataframe, as for `evaluate`; if one is lazy, so is the answer.
            as_of: the instant up to which the rows are known. A period that is not over by then is undecided.
            at: the column of the instant that puts a row into its period, or one for each grain.
            timezone: the zone whose weeks and months count; the column's own by default.
            weight: column of weights.
            cluster: column of clusters, within which rows are not independent.

        Returns:
            A row for each objective, group and period that has rows: `objective, keys…, metric, period, every, at, verdict,
            direction, target, value, low, high, baseline, change, change_low, change_high, level, method, unit, n,
            n_needed, n_pending, lowest, highest, outlook, benchmark, benchmark_source, against_benchmark, reason, notes,
            summary`, in the order of the objectives, keys and periods. `verdict` is met, missed or undecided. `low` and
            `high` are the limits that decide it, one-sided 95 % each, by `method`; a census is judged by its value alone.
            Nothing else is decided by fewer than five rows. `reason` says why a verdict is undecided, `n_needed` how many
            rows would decide if the value stayed. `n_pending` counts the rows that can still move it, `lowest` and `highest`
            how far: null where there is no bound.

        Raises:
            InputError: a column is missing, or rows lie outside their domain (lazy: at collect).
            ParameterError: an instant without a time zone, no `at` for a grain, or an option that does not fit.
        """
        zone_aware("as_of", as_of)
        if self.mode == "anytime" and (weight is not None or cluster is not None):
            raise ParameterError('mode="anytime" counts rows one by one: it takes neither weight= nor cluster=')
        requests = [self._request(one, place, as_of, at) for place, one in enumerate(self.objectives)]
        keys = list(dict.fromkeys(key for one in requests for key in one.by))
        if clash := next((key for key in keys if key in COLUMNS), None):
            raise ParameterError(f"by names {clash!r}, which is a column of every scorecard; rename the frame's column")

        def answer() -> pl.DataFrame:
            plain = [it for it in requests if not it.metric.spec.census]
            figures: dict[str, Figures] = {}
            if plain:
                figures |= read(frame, plain, timezone=timezone, level=LEVEL, weight=weight, cluster=cluster)
            for one, it in zip(self.objectives, requests, strict=True):
                if it.metric.spec.census:
                    ((rows, _),) = by_grain(frame, [it.metric])
                    taken = None if isinstance(one.metric, Metric) else one.metric_at
                    figures[it.metric.name] = read_censuses(
                        rows, it, taken, as_of=as_of, timezone=timezone, level=LEVEL, weight=weight, cluster=cluster
                    )
            pairs = zip(self.objectives, requests, strict=True)
            return _together([self._judge(one, it, figures[it.metric.name], as_of) for one, it in pairs], keys)

        def schema() -> pl.Schema:
            types = answer_types(frame, requests, timezone=timezone, weight=weight, cluster=cluster)
            return _together([pl.DataFrame(schema=COLUMNS | own) for own in types], keys).schema

        return Computation(answer, schema)

    def _request(
        self, objective: Objective, place: int, as_of: dt.datetime, at: str | Mapping[str, str]
    ) -> FigureRequest:
        metric = objective.metric_at(as_of)
        if not isinstance(at, str | Mapping):
            raise ParameterError(f"at is the name of a column, or a mapping of grain to name, got {at!r}")
        column = objective.at or instant_columns(at, [metric])[metric.grain]
        assert column is not None  # at is a name, or names the grain
        every = EVERY[objective.period or self.period]
        return FigureRequest(metric.named(f"objective {place}"), tuple(objective.by), every, column)

    def _judge(
        self, objective: Objective, request: FigureRequest, figures: Figures, as_of: dt.datetime
    ) -> pl.DataFrame:
        metric, target, rows = objective.metric_at(as_of), objective.target, figures.rows
        up, decision = upward(objective.direction, target), figures.decision

        def column(name: str) -> FloatArray:
            return rows[name].cast(pl.Float64).fill_null(float("nan")).to_numpy()

        value, n, n_eff = column("value"), column("n"), column("n_eff")
        anytime = self.mode == "anytime" and not decision.exact
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
            before, known = _before(rows, list(request.by), request.every, limits, enough)
            baseline, relation, enough = before.value, relative(limits, before), enough & known
        against = relation or limits
        verdicts = judged(against, target, up=up, enough=enough)
        end = pl.col(PERIOD).dt.offset_by(request.every)
        if rows.schema[PERIOD] == pl.Date:
            done = end <= as_of.date()
        else:
            done = end.dt.convert_time_zone("UTC") <= as_of.astimezone(dt.UTC)
        over = rows.select(done).to_series().to_list()
        few = _few(decision, anytime=anytime)
        reasons = [
            few if reason == _WITHIN and not some else reason
            for reason, some in zip(
                self._reasons(rows, against, verdicts, over, objective, limits, anytime=anytime), enough, strict=True
            )
        ]
        verdict = [
            "undecided" if reason is not None else str(word) for reason, word in zip(reasons, verdicts, strict=True)
        ]
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
                note if past else "; ".join(filter(None, (note, running)))
                for note, past in zip(notes, over, strict=True)
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
            "against_benchmark": _against(objective, limits, enough, up=metric.better != "lower"),
        }  # fmt: skip
        answer = pl.concat(
            [
                rows.select(*request.by, PERIOD, "n", "n_pending"),
                pl.DataFrame([pl.Series(name, part, nan_to_null=True) for name, part in numbers.items()]),
                pl.DataFrame([pl.Series(name, part, pl.String) for name, part in texts.items()]),
            ],
            how="horizontal",
        ).with_columns(
            objective=pl.lit(self.name_of(objective)),
            metric=pl.lit(metric.name),
            every=pl.lit(objective.period or self.period),
            at=pl.lit(request.at),
            direction=pl.lit(objective.direction),
            target=pl.lit(target),
            level=pl.lit(level),
            unit=pl.lit(metric.unit),
            benchmark=pl.lit(objective.benchmark, pl.Float64),
            benchmark_source=pl.lit(objective.benchmark_source, pl.String),
        )
        summaries = [sentence(row, metric) for row in _named_rows(answer)]
        return answer.with_columns(pl.Series("summary", summaries, pl.String)).select(*request.by, *COLUMNS)

    def _reasons(
        self,
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
                reason = _WITHIN if bounded else _unbounded(limits, anytime=anytime)
            reasons.append(reason)
        return reasons


def _together(parts: Sequence[pl.DataFrame], keys: Sequence[str]) -> pl.DataFrame:
    """The rows of all objectives in the columns of the answer."""
    first, *rest = COLUMNS
    return pl.concat(parts, how="diagonal_relaxed").select(first, *keys, *rest)


def _few(decision: Decision, *, anytime: bool) -> str:
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


def _before(
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


def _against(objective: Objective, limits: Limits, enough: NDArray[np.bool_], *, up: bool) -> list[str | None]:
    """Better or worse than the benchmark, or no difference shown."""
    if objective.benchmark is None:
        return [None] * len(limits.value)
    words = judged(limits, objective.benchmark, up=up, enough=enough)
    named = {"met": "better", "missed": "worse", "undecided": "no difference shown"}
    return [named[str(word)] if np.isfinite(value) else None for word, value in zip(words, limits.value, strict=True)]


def _named_rows(answer: pl.DataFrame) -> list[dict[str, Any]]:
    """The rows as dictionaries, for their sentences: a scorecard has as many as a person reads."""
    columns = {name: answer[name].to_list() for name in answer.columns}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
