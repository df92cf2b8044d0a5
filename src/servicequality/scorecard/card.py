"""`Scorecard`: many promises judged period by period."""

import datetime as dt
import inspect
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

import polars as pl

from servicequality.checks import choice, near, zone_aware
from servicequality.core import Computation, Metric, by_grain, instant_columns, method_of_frame
from servicequality.errors import ParameterError
from servicequality.metrics.satisfaction.scales import ScaleEnds
from servicequality.scorecard import templates
from servicequality.scorecard.answer import COLUMNS, together
from servicequality.scorecard.censuses import read_censuses
from servicequality.scorecard.document import read_document
from servicequality.scorecard.judging import LEVEL, judge
from servicequality.scorecard.objective import EVERY, Objective, Period, check_period
from servicequality.scorecard.reading import FigureRequest, Figures, answer_types, read
from servicequality.scorecard.wording import default_name

Mode: TypeAlias = Literal["period_end", "anytime"]


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
        and may have `where` (column = value, or a list of values), `by`, `period`, `at`, `name`, `benchmark`,
        `benchmark_source`, `owner` and `action`. In place of objectives, or before them, `template` names
        "weekly_operations", "monthly_experience" or "quarterly_software", whose parameters stand in the table `targets`.
        A metric with an `as_of` is given that of `evaluate`.

        Raises:
            ParameterError: the text is not TOML, or a part of it is wrong; the message names it.
        """
        fields, objectives = read_document(text)
        if (template := fields.pop("template", None)) is not None:
            card = cls._of_template(template, fields.pop("targets"))
            objectives = [*card.objectives, *objectives]
            fields = {"period": card.period} | fields
        return cls(objectives, **fields)

    @classmethod
    def weekly_operations(
        cls,
        *,
        first_response: float | None = None,
        resolution: float | None = None,
        share: float | None = None,
        backlog: float | None = None,
        backlog_age: float | None = None,
        reopen_rate: float | None = None,
        sla: float | None = None,
        by: str | Sequence[str] = (),
        owner: str | Mapping[str, str] | None = None,
        action: Mapping[str, str] | None = None,
    ) -> "Scorecard":
        """A week of a help desk: how fast, how much is open, how often it comes back. Targets that are not given are left out.

        No target has a default, since no norm fits every desk. Rows are those of `facts`, and for `sla` those of
        `sla.clocks` or `sla.due_clocks`: ``evaluate({"ticket": …, "clock": …}, at={"ticket": "created_at", "clock":
        "due_at"}, as_of=…)``.

        Args:
            first_response: seconds that the median first response may take.
            resolution: seconds that the median resolution may take.
            share: with it, this share of the tickets must be answered and resolved within those seconds, in place of the
                medians.
            backlog: tickets that may be open at the end of the week.
            backlog_age: seconds that the open tickets may have been open, at the median.
            reopen_rate: share of the resolved tickets that may be reopened.
            sla: share of the promises that must be kept.
            by: key columns; each group is judged by itself.
            owner: who answers for all figures, or for each: ``{"backlog": "Ada"}``.
            action: what is done when a figure is missed, by figure; by default what to look at next.

        Raises:
            ParameterError: no target, a target that its figure cannot take, or an unknown figure.
        """
        objectives = templates.operations(
            first_response=first_response,
            resolution_time=resolution,
            share=share,
            backlog=backlog,
            backlog_age=backlog_age,
            reopen_rate=reopen_rate,
            sla_attainment=sla,
            by=by,
            owner=owner,
            action=action,
        )
        return cls(objectives, period="week")

    @classmethod
    def monthly_experience(
        cls,
        *,
        nps: float | None = None,
        csat: float | None = None,
        scale: ScaleEnds | None = None,
        ces: float | None = None,
        version: Literal["v1", "v2"] | None = None,
        response_rate: float | None = None,
        question: Mapping[str, str] | None = None,
        by: str | Sequence[str] = (),
        owner: str | Mapping[str, str] | None = None,
        action: Mapping[str, str] | None = None,
    ) -> "Scorecard":
        """A month of surveys: what customers say, and how many say anything. Targets that are not given are left out.

        Rows are answers with a column `question`, each in the month in which it was given:
        ``evaluate(records.answers, at="answered_at", as_of=…)``; the response rate is that of the surveys delivered in it.

        Args:
            nps: points that the Net Promoter Score must reach.
            csat: share of satisfied answers that must be reached.
            scale: the ends of the question of CSAT, such as (1, 5).
            ces: points that the mean effort must reach (v2), or stay below (v1).
            version: which question of effort was asked.
            response_rate: share of the delivered questions that must be answered.
            question: what the questions are called that are not "nps", "csat" and "ces": ``{"csat": "Were you happy?"}``.
            by: key columns; each group is judged by itself.
            owner: who answers for all figures, or for each: ``{"nps": "Ada"}``.
            action: what is done when a figure is missed, by figure; by default what to look at next.

        Raises:
            ParameterError: no target, a target that its figure cannot take, CSAT without a scale, effort without a version.
        """
        objectives = templates.experience(
            nps=nps,
            csat=csat,
            scale=scale,
            ces=ces,
            version=version,
            response_rate=response_rate,
            question=question,
            by=by,
            owner=owner,
            action=action,
        )
        return cls(objectives, period="month")

    @classmethod
    def quarterly_software(
        cls,
        *,
        availability: float | None = None,
        time_to_restore: float | None = None,
        change_failure_rate: float | None = None,
        lead_time: float | None = None,
        escaped_defects: float | None = None,
        by: str | Sequence[str] = (),
        owner: str | Mapping[str, str] | None = None,
        action: Mapping[str, str] | None = None,
    ) -> "Scorecard":
        """A quarter of a software service: up, mended, released, tested. Targets that are not given are left out.

        Rows are those of `uptime` with periods ("service period", by `period`), incidents (by `started_at`), deployments (by
        `at`) and defects (a column `escaped`, and their instant).

        Args:
            availability: share of the promised time that the service must be up.
            time_to_restore: seconds that the median incident may last.
            change_failure_rate: share of the releases that may fail.
            lead_time: seconds that the median change may take from commit to production.
            escaped_defects: share of the defects that customers may find first.
            by: key columns; each group is judged by itself.
            owner: who answers for all figures, or for each: ``{"availability": "Ada"}``.
            action: what is done when a figure is missed, by figure; by default what to look at next.

        Raises:
            ParameterError: no target, a target that its figure cannot take, or an unknown figure.
        """
        objectives = templates.software(
            availability=availability,
            time_to_restore=time_to_restore,
            change_failure_rate=change_failure_rate,
            lead_time=lead_time,
            escaped_defects=escaped_defects,
            by=by,
            owner=owner,
            action=action,
        )
        return cls(objectives, period="quarter")

    @classmethod
    def _of_template(cls, name: str, targets: Mapping[str, Any]) -> "Scorecard":
        """The scorecard of a template that a TOML text names.

        Raises:
            ParameterError: the table `targets` does not fit the template.
        """
        template = getattr(cls, name)
        known = [one for one in inspect.signature(template).parameters if one != "cls"]
        if strange := [one for one in targets if one not in known]:
            raise ParameterError(
                f"targets: {strange[0]!r} is not part of {name}{near(strange[0], known)}; there are {', '.join(known)}"
            )
        try:
            card: Scorecard = template(**targets)
        except ParameterError as error:
            raise ParameterError(f"targets: {error}") from None
        return card

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
            n_needed, n_pending, lowest, highest, outlook, benchmark, benchmark_source, against_benchmark, owner, action,
            reason, notes, summary`, in the order of the objectives, keys and periods. `verdict` is met, missed or undecided.
            `low` and `high` are the limits that decide it, one-sided 95 % each, by `method`; a census is judged by its value
            alone. Nothing else is decided by fewer than five rows. `reason` says why a verdict is undecided, `n_needed` how
            many rows would decide if the value stayed. `n_pending` counts the rows that can still move it, `lowest` and
            `highest` how far: null where there is no bound.

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
            return together([self._judged(one, it, figures[it.metric.name], as_of) for one, it in pairs], keys)

        def schema() -> pl.Schema:
            types = answer_types(frame, requests, timezone=timezone, weight=weight, cluster=cluster)
            return together([pl.DataFrame(schema=COLUMNS | own) for own in types], keys).schema

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

    def _judged(
        self, objective: Objective, request: FigureRequest, figures: Figures, as_of: dt.datetime
    ) -> pl.DataFrame:
        name, period = self.name_of(objective), objective.period or self.period
        return judge(objective, request, figures, as_of, name=name, period=period, at_any_time=self.mode == "anytime")
