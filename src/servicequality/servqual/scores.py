"""`score`: from a questionnaire to respondents, dimensions and the whole."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Generic, TypeVar, cast

import polars as pl
from polars import selectors

from servicequality.checks import confidence_level
from servicequality.core import Computation, Grouping, Plan, State, like_input, typed_by_frame
from servicequality.errors import ParameterError
from servicequality.servqual.checking import check_answers
from servicequality.servqual.layout import Answers, Columns, Questions, read_answers
from servicequality.servqual.notebooks import dimensions_html
from servicequality.servqual.scale import OVERALL, Scale, check_scale
from servicequality.servqual.scoring import Missing, by_item, check_policy, measures, scored
from servicequality.servqual.states import figures, plan_of
from servicequality.servqual.tables import ScoreTables, table

__all__ = ["Scores", "score"]

F = TypeVar("F", bound=pl.DataFrame | pl.LazyFrame)

TABLE_COLUMNS = ("dimension", "item", "measure")


@dataclass(frozen=True, eq=False)
class Scores(Generic[F]):
    """A scored questionnaire. Frames are lazy if the answers were; each is computed on access.

    Attributes:
        answers: the questionnaire, a row a respondent.
        missing: whose dimension has a score.
        grouping: keys, periods, weights and clusters.
        level: confidence level of the limits.
    """

    answers: Answers
    missing: Missing
    grouping: Grouping
    level: float

    def __repr__(self) -> str:
        return f"<scores by {self.answers.scale.name}, {self.missing}>"

    def _repr_html_(self) -> str:
        return dimensions_html(f"Scores by {self.scale.name}, {self.missing}", self.dimensions, self.grouping.keys)

    @property
    def scale(self) -> Scale:
        """The instrument."""
        return self.answers.scale

    @cached_property
    def respondents(self) -> F:
        """One row a respondent: the frame's other columns, and a column `measure_dimension` for each score.

        Measures are expectation, perception, gap (on the items where both are known), servperf (perceptions alone) and,
        with importance, importance, weighted_gap and weighted_servperf; next to the dimensions there is `overall`. A score
        that is not known is null. The rows are what the metrics of this package read.
        """
        used = [*self.answers.named(), *self.answers.importance.values()]
        plan = self._scored.drop(selectors.by_name(*used, *self.grouping.beside))
        return self._given(lambda: plan.collect(engine="streaming"), plan.collect_schema)

    @cached_property
    def state(self) -> State:
        """The sums that the tables follow from; `merge_scores` adds those of several parts. Lazy answers are read here."""
        self.check()
        return self.plan.partial(self._scored)

    @property
    def plan(self) -> Plan:
        """What the state is a state of: it merges, keeps and reads such states."""
        return self._plan(full=False)

    @cached_property
    def dimensions(self) -> F:
        """One row a key, dimension and measure: `value low high se level method n n_missing n_eff reason notes`."""
        return self._table(lambda tables: tables.dimensions)

    @cached_property
    def overall(self) -> F:
        """One row a key and measure; expectation, perception, gap and servperf are means of the dimensions' means."""
        return self._table(lambda tables: tables.overall)

    @cached_property
    def items(self) -> F:
        """One row a key, item and measure, each item on the respondents who answered it."""
        answers = by_item(self.answers)
        rules = figures(measures(answers), answers.scale.scored, scale=answers.scale, whole=False, full=answers.full)
        plan = plan_of(self.scale, self.missing, rules, self.grouping)
        rows = plan.prepared(scored(answers, "dimension_complete"))

        def finished(sums: pl.DataFrame) -> pl.DataFrame:
            return table(plan, sums, rules, keys=self.grouping.keys, level=self.level, name="item")

        empty = pl.DataFrame(schema=plan.summed(rows).collect_schema())
        return self._given(lambda: finished(plan.sums(rows)), lambda: finished(empty).schema)

    def check(self) -> None:
        """Raise InputError for answers, points and weights that cannot be; eager answers were checked by `score`."""
        check_answers(self.answers)
        if self.grouping.sampling:
            Plan((), self.grouping).sums(self.answers.frame)

    @cached_property
    def _scored(self) -> pl.LazyFrame:
        return scored(self.answers, self.missing)

    def _plan(self, *, full: bool) -> Plan:
        rules = figures(measures(self.answers), tuple(self.scale.dimensions), scale=self.scale, full=full)
        return plan_of(self.scale, self.missing, rules, self.grouping)

    @cached_property
    def _tables(self) -> ScoreTables:
        return self._made(lambda plan, rows: plan.sums(rows))

    def _made(self, summed: Callable[[Plan, pl.LazyFrame], pl.DataFrame]) -> ScoreTables:
        plan = self._plan(full=self.answers.full)
        return ScoreTables(self.scale, plan, summed(plan, plan.prepared(self._scored)), self.grouping.keys, self.level)

    def _table(self, pick: Callable[[ScoreTables], pl.DataFrame]) -> F:
        def empty() -> pl.Schema:
            tables = self._made(lambda plan, rows: pl.DataFrame(schema=plan.summed(rows).collect_schema()))
            return pick(tables).schema

        return self._given(lambda: pick(self._tables), empty)

    def _given(self, make: Callable[[], pl.DataFrame], schema: Callable[[], pl.Schema]) -> F:
        return cast("F", given_frame(make, schema, self.check, eager=self.answers.eager))


def given_frame(
    make: Callable[[], pl.DataFrame], schema: Callable[[], pl.Schema], check: Callable[[], None], *, eager: bool
) -> Any:
    """The frame now; or for lazy answers when it is collected, after the check that was left to it."""

    def checked() -> pl.DataFrame:
        check()
        return make()

    return like_input(Computation(make if eager else checked, schema), lazy=not eager)


@typed_by_frame(Scores[pl.LazyFrame], Scores[pl.DataFrame])
def score(
    frame: Any,
    scale: Scale,
    *,
    expectation: Columns = "E",
    perception: Columns = "P",
    importance: Columns | None = None,
    questions: Questions | None = None,
    respondent: str = "respondent_id",
    missing: Missing = "dimension_complete",
    by: str | Sequence[str] = (),
    every: str | None = None,
    at: str | None = None,
    timezone: str | None = None,
    weight: str | None = None,
    cluster: str | None = None,
    level: float = 0.95,
) -> Scores[Any]:
    """Score a questionnaire: expectations, perceptions, gaps and weighted gaps, by respondent, by dimension and overall.

    Limits of a dimension are Student's, of the respondents' own gaps (a paired t interval). Overall is the mean of the
    dimensions' means, each over its own respondents; its limits are over the respondents who have them all, and it is null if
    a dimension has none.

    Args:
        frame: any dataframe, one row a respondent; or, with `questions`, one row an answer (`SurveyAnswer`: `question`,
            `score` and the respondent).
        scale: the instrument; one without a standard reads perceptions alone.
        expectation: where the expectations stand: a prefix ("E": E1, E2 …), a pattern ("Q{}-1"), all columns in the order
            of the scale's items, or a mapping of item to column.
        perception: where the perceptions stand, in the same forms.
        importance: where each dimension's points stand, in the same forms; each respondent divides 100 among them.
        questions: for a long frame, which question is what: question -> ("perception", item), or -> ("importance",
            dimension). Questions that are not named here are left alone.
        respondent: the column that identifies the respondents of a long frame.
        missing: "dimension_complete" scores a dimension for those who answered all its items, "half" for those who
            answered at least half of them, "listwise" for those who answered all items of all dimensions. A gap needs
            both its answers.
        by: key columns; in a long frame they say the same in all rows of a respondent.
        every: length of a period, in Polars' words ("1mo").
        at: the instant that puts a respondent into a period; in a long frame the respondent's last.
        timezone: the zone whose days and months count.
        weight: column of survey weights: how many people each respondent represents.
        cluster: column of clusters, within which respondents are not independent.
        level: confidence level.

    Returns:
        `Scores` with the frames `respondents`, `dimensions`, `overall`, `items` and `state`; lazy for a lazy frame.

    Raises:
        InputError: a column is missing or holds no numbers; answers lie outside the scale; points do not add up to 100
            within half a point (lazy: at collect).
        ParameterError: a map does not fit the scale, or an option does not fit.
    """
    confidence_level(level)
    check_policy(missing)
    check_scale(scale)
    grouping = Grouping.of(by=by, every=every, at=at, timezone=timezone, weight=weight, cluster=cluster)
    if taken := [name for name in grouping.by if name in TABLE_COLUMNS]:
        raise ParameterError(f"by names {taken[0]!r}, which is a column of the tables; rename the frame's column first")
    roles = {"perception": perception}
    if scale.standard == "expectation":
        roles = {"expectation": expectation, "perception": perception}
    answers = read_answers(
        frame,
        scale,
        roles,
        importance=importance,
        questions=questions,
        respondent=respondent,
        kept=[*grouping.by, *grouping.sampling.columns()],
        at=at,
    )
    answers = replace(answers, frame=grouping.frame(answers.frame, []))
    given = set(answers.frame.collect_schema()) - set(answers.named())
    own = [f"{measure}_{name}" for measure in measures(answers) for name in (*scale.dimensions, OVERALL)]
    if clash := sorted(given & set(own)):
        raise ParameterError(
            f"{clash[0]!r} is a column of the scores and of the frame; rename the frame's column first"
        )
    made: Scores[Any] = Scores(answers, missing, grouping, level)
    if answers.eager:
        made.check()
    return made
