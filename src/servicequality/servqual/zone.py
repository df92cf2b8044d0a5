"""`zone_of_tolerance`: perceptions between adequate and desired service."""

#     adequacy (MSA)     = perception - adequate
#     superiority (MSS)  = perception - desired
#     width              = desired - adequate = MSA - MSS
#     position           = (perception - adequate) / (desired - adequate), where desired is above adequate
#
# An answer is in its zone if adequate <= perception <= desired. Where adequate lies above desired there is no zone: such
# answers keep their differences, are in none of the shares, and are counted.

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Generic, cast

import polars as pl
from polars import selectors

from servicequality.checks import confidence_level
from servicequality.core import Grouping, Metric, Plan, typed_by_frame
from servicequality.errors import ParameterError
from servicequality.servqual import tolerance
from servicequality.servqual.checking import check_answers
from servicequality.servqual.layout import Answers, Columns, Questions, read_answers
from servicequality.servqual.notebooks import dimensions_html
from servicequality.servqual.scale import OVERALL, Scale, check_scale
from servicequality.servqual.scores import TABLE_COLUMNS, F, given_frame
from servicequality.servqual.scoring import Missing, all_known, check_policy, complete, half
from servicequality.servqual.states import plan_of
from servicequality.servqual.tables import table

__all__ = ["Zone", "zone_of_tolerance"]

_DIFFERENCES = {
    "adequacy": tolerance.service_adequacy,
    "superiority": tolerance.service_superiority,
    "zone_width": tolerance.zone_width,
}
_COUNTS = ("in_zone", "below_zone", "above_zone", "zone_answers", "position", "position_answers", "inverted")


@dataclass(frozen=True, eq=False)
class Zone(Generic[F]):
    """Zones of tolerance. Frames are lazy if the answers were; each is computed on access.

    Attributes:
        answers: the questionnaire, a row a respondent.
        missing: whose dimension has differences.
        grouping: keys, periods, weights and clusters.
        level: confidence level of the limits.
    """

    answers: Answers
    missing: Missing
    grouping: Grouping
    level: float

    def __repr__(self) -> str:
        return f"<zones of tolerance by {self.answers.scale.name}, {self.missing}>"

    def _repr_html_(self) -> str:
        title = f"Zones of tolerance by {self.answers.scale.name}, {self.missing}"
        return dimensions_html(title, self.dimensions, self.grouping.keys)

    @cached_property
    def respondents(self) -> F:
        """One row a respondent: the frame's other columns, and what the metrics of the zone read."""
        plan = self._read.drop(selectors.by_name(*self.answers.named(), *self.grouping.beside))
        return self._given(lambda: plan.collect(engine="streaming"), plan.collect_schema)

    @cached_property
    def dimensions(self) -> F:
        """One row a key, dimension and measure: `value low high se level method n n_missing n_eff reason notes`.

        Measures: adequacy (MSA), superiority (MSS), zone_width, position, in_zone, below_zone, above_zone.
        """
        return self._table(overall=False)

    @cached_property
    def overall(self) -> F:
        """One row a key and measure; the differences are means of the dimensions' means, the shares are of all answers."""
        return self._table(overall=True)

    @cached_property
    def counts(self) -> F:
        """How many answers: `answers` in all three levels, `in_zone below_zone above_zone`, `inverted` (adequate above
        desired: no zone) and `no_position` (adequate not below desired), a row a key and dimension, and overall.
        """
        plan = self._counted
        return self._given(lambda: plan.collect(engine="streaming"), plan.collect_schema)

    def check(self) -> None:
        """Raise InputError for answers and weights that cannot be; eager answers were checked by `zone_of_tolerance`."""
        check_answers(self.answers)
        if self.grouping.sampling:
            Plan((), self.grouping).sums(self.answers.frame)

    @cached_property
    def _read(self) -> pl.LazyFrame:
        return read_zones(self.answers, self.missing)

    @cached_property
    def _rules(self) -> dict[tuple[str, str], Metric]:
        scale = self.answers.scale
        dimensions, points = tuple(scale.dimensions), (scale.low, scale.high)
        rules: dict[tuple[str, str], Metric] = {}
        for name in (*dimensions, OVERALL):
            several = dimensions if name == OVERALL and len(dimensions) > 1 else name
            metrics = {kind: define(several, scale=points) for kind, define in _DIFFERENCES.items()}
            metrics["position"] = tolerance.zone_position(f"position_{name}", f"position_answers_{name}")
            metrics |= {
                kind: tolerance.zone_share(f"{kind}_{name}", f"zone_answers_{name}")
                for kind in ("in_zone", "below_zone", "above_zone")
            }
            rules |= {(name, kind): metric.named(f"{kind}_{name}") for kind, metric in metrics.items()}
        return rules

    @cached_property
    def _plan(self) -> Plan:
        return plan_of(self.answers.scale, self.missing, self._rules, self.grouping)

    @cached_property
    def _counted(self) -> pl.LazyFrame:
        keys, names = self.grouping.keys, (*self.answers.scale.dimensions, OVERALL)
        sums = [
            pl.col(f"{kind}_{name}").sum().cast(pl.Int64) for name in names for kind in _COUNTS if kind != "position"
        ]
        whole = self._read.group_by(keys).agg(sums) if keys else self._read.select(sums)
        parts = [
            whole.select(
                *keys,
                pl.lit(name).alias("dimension"),
                pl.lit(place).alias("place"),
                (pl.col(f"zone_answers_{name}") + pl.col(f"inverted_{name}")).alias("answers"),
                *(pl.col(f"{kind}_{name}").alias(kind) for kind in ("in_zone", "below_zone", "above_zone", "inverted")),
                (
                    pl.col(f"zone_answers_{name}") + pl.col(f"inverted_{name}") - pl.col(f"position_answers_{name}")
                ).alias("no_position"),
            )
            for place, name in enumerate(names)
        ]
        return pl.concat(parts).sort(*keys, "place", nulls_last=True).drop("place")

    def _table(self, *, overall: bool) -> F:
        rules = {pair: metric for pair, metric in self._rules.items() if (pair[0] == OVERALL) == overall}
        keys, rows = self.grouping.keys, self._plan.prepared(self._read)

        def finished(sums: pl.DataFrame, counts: pl.DataFrame) -> pl.DataFrame:
            figures = table(self._plan, sums, rules, keys=keys, level=self.level)
            noted = figures.join(counts, on=[*keys, "dimension"], how="left", nulls_equal=True, maintain_order="left")
            inverted = pl.format("{} of {} answers have adequate above desired", "inverted", "answers")
            notes = pl.concat_str(
                "notes", pl.when(pl.col("inverted") > 0).then(inverted), separator="; ", ignore_nulls=True
            )
            noted = noted.with_columns(notes=pl.when(notes != "").then(notes)).select(figures.columns)
            return noted.drop("dimension") if overall else noted

        def empty() -> pl.Schema:
            plans = self._plan.summed(rows), self._counted
            return finished(*(pl.DataFrame(schema=plan.collect_schema()) for plan in plans)).schema

        def made() -> pl.DataFrame:
            return finished(self._plan.sums(rows), self._counted.collect(engine="streaming"))

        return self._given(made, empty)

    def _given(self, make: Callable[[], pl.DataFrame], schema: Callable[[], pl.Schema]) -> F:
        return cast("F", given_frame(make, schema, self.check, eager=self.answers.eager))


def read_zones(answers: Answers, missing: Missing) -> pl.LazyFrame:
    """The frame with the columns that the zone's metrics read, for each dimension and overall."""
    dimensions, frame = answers.scale.dimensions, answers.frame
    for name, items in dimensions.items():
        frame = frame.with_columns(**_zone(answers, items, name, missing))
    if missing == "listwise":
        frame = frame.with_columns(
            pl.when(all_known(kind, dimensions)).then(f"{kind}_{name}").alias(f"{kind}_{name}")
            for kind in _DIFFERENCES
            for name in dimensions
        )
    means = {kind: complete([pl.col(f"{kind}_{name}") for name in dimensions]) for kind in _DIFFERENCES}
    sums = {kind: pl.sum_horizontal(f"{kind}_{name}" for name in dimensions) for kind in _COUNTS}
    return frame.with_columns(rule.alias(f"{kind}_{OVERALL}") for kind, rule in (means | sums).items())


def _zone(answers: Answers, items: Sequence[str], name: str, missing: Missing) -> dict[str, pl.Expr]:
    """A respondent's differences in one dimension, and the counts of the answers in, below and above their zones."""
    levels = [tuple(answers.answer(role, item) for role in ("adequate", "desired", "perception")) for item in items]
    known = [a + d + p for a, d, p in levels]  # all three, or null

    def mean(differences: Sequence[pl.Expr]) -> pl.Expr:
        if missing == "half":
            return half(differences, known)
        return pl.when(complete(known).is_not_null()).then(complete(differences))

    def count(rules: Sequence[pl.Expr]) -> pl.Expr:
        return pl.sum_horizontal(rules).cast(pl.Int64)

    zones = [(a <= d) & p.is_not_null() for a, d, p in levels]
    spans = [pl.when(zone & (d > a)).then(d - a) for zone, (a, d, _) in zip(zones, levels, strict=True)]
    rules = {
        "adequacy": mean([p - a for a, _, p in levels]),
        "superiority": mean([p - d for _, d, p in levels]),
        "zone_width": mean([d - a for a, d, _ in levels]),
        "in_zone": count([(a <= p) & (p <= d) for a, d, p in levels]),
        "below_zone": count([zone & (p < a) for zone, (a, _, p) in zip(zones, levels, strict=True)]),
        "above_zone": count([zone & (p > d) for zone, (_, d, p) in zip(zones, levels, strict=True)]),
        "zone_answers": count(zones),
        "position": pl.sum_horizontal((p - a) / span for span, (a, _, p) in zip(spans, levels, strict=True)),
        "position_answers": count([span.is_not_null() for span in spans]),
        "inverted": count([(a > d) & p.is_not_null() for a, d, p in levels]),
    }
    return {f"{kind}_{name}": rule for kind, rule in rules.items()}


@typed_by_frame(Zone[pl.LazyFrame], Zone[pl.DataFrame])
def zone_of_tolerance(
    frame: Any,
    scale: Scale,
    *,
    adequate: Columns = "A",
    desired: Columns = "D",
    perception: Columns = "P",
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
) -> Zone[Any]:
    """Where perceptions lie between the service that would just do and the one that is wished for.

    Args:
        frame: any dataframe, one row a respondent; or, with `questions`, one row an answer (`SurveyAnswer`).
        scale: the instrument; what it compares with by itself does not matter here.
        adequate: the columns of the adequate level: a prefix, a pattern, all columns in the order of the scale's items, or a
            mapping of item to column.
        desired: the columns of the desired level, in the same forms.
        perception: the columns of the perceptions, in the same forms.
        questions: for a long frame, which question is what: question -> ("adequate", item), ("desired", item) or
            ("perception", item). Questions that are not named here are left alone.
        respondent: the column that identifies the respondents of a long frame.
        missing: whose dimension has differences, as in `score`; an answer counts in the shares if its three levels are
            known, whatever the others of its dimension.
        by: key columns; in a long frame they say the same in all rows of a respondent.
        every: length of a period, in Polars' words ("1mo").
        at: the instant that puts a respondent into a period; in a long frame the respondent's last.
        timezone: the zone whose days and months count.
        weight: column of survey weights.
        cluster: column of clusters, within which respondents are not independent.
        level: confidence level.

    Returns:
        `Zone` with the frames `respondents`, `dimensions`, `overall` and `counts`; lazy for a lazy frame.

    Raises:
        InputError: a column is missing or holds no numbers, or answers lie outside the scale (lazy: at collect).
        ParameterError: a map does not fit the scale, or an option does not fit.
    """
    confidence_level(level)
    check_policy(missing)
    check_scale(scale)
    grouping = Grouping.of(by=by, every=every, at=at, timezone=timezone, weight=weight, cluster=cluster)
    if taken := [name for name in grouping.by if name in TABLE_COLUMNS]:
        raise ParameterError(f"by names {taken[0]!r}, which is a column of the tables; rename the frame's column first")
    roles = {"adequate": adequate, "desired": desired, "perception": perception}
    answers = read_answers(
        frame,
        scale,
        roles,
        importance=None,
        questions=questions,
        respondent=respondent,
        kept=[*grouping.by, *grouping.sampling.columns()],
        at=at,
    )
    answers = replace(answers, frame=grouping.frame(answers.frame, []))
    made: Zone[Any] = Zone(answers, missing, grouping, level)
    if answers.eager:
        made.check()
    return made
