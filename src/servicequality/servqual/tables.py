"""From sums to tables of dimensions, overall and items, with their limits."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from servicequality.checks import column, confidence_level, refusing_misfits
from servicequality.core import Metric, Plan, State
from servicequality.servqual.scale import OVERALL, Scale
from servicequality.servqual.states import figures, merge

__all__ = ["ScoreTables", "merge_scores", "table"]

OF_MEANS = "weighted_gap_of_means"
"""Mean points times mean gap, summed: what is often shown in place of the mean of the respondents' weighted gaps."""

_FIGURES = ("value", "low", "high", "se", "level", "method", "n", "n_missing", "n_eff", "reason", "notes")


@dataclass(frozen=True, eq=False)
class ScoreTables:
    """The tables that follow from a state.

    Attributes:
        scale: the instrument.
        plan: what was summed.
        sums: the sums, a row a key.
        keys: the key columns.
        level: confidence level of the limits.
        state: the same sums as they add to others, where they are at hand.
    """

    scale: Scale
    plan: Plan
    sums: pl.DataFrame
    keys: Sequence[str]
    level: float = 0.95
    state: State | None = None

    @cached_property
    def dimensions(self) -> pl.DataFrame:
        """One row a key, dimension and measure: `value low high se level method n n_missing n_eff reason notes`."""
        rules = {pair: metric for pair, metric in self._rules.items() if pair[0] != OVERALL}
        return table(self.plan, self.sums, rules, keys=self.keys, level=self.level)

    @cached_property
    def overall(self) -> pl.DataFrame:
        """One row a key and measure. Expectation, perception, gap and servperf are means of the dimensions' means.

        With importance there is one row more, `weighted_gap_of_means`, for comparison only: it has no limits, and differs
        from `weighted_gap` as far as points and gaps are correlated.
        """
        rules = {pair: metric for pair, metric in self._rules.items() if pair[0] == OVERALL}
        whole = table(self.plan, self.sums, rules, keys=self.keys, level=self.level).drop("dimension")
        if "weighted_gap" not in self._measures:
            return whole
        keys = [*map(column, self.keys)]
        means = self.dimensions.select(*keys, "dimension", "measure", "value")
        both = [
            means.filter(pl.col("measure") == measure).drop("measure").rename({"value": measure})
            for measure in ("importance", "gap")
        ]
        joined = both[0].join(both[1], on=[*keys, pl.col("dimension")], nulls_equal=True, maintain_order="left")
        product = pl.col("importance") * pl.col("gap")
        total = pl.when(product.is_not_null().all()).then(product.sum()).alias("value")
        sums = joined.group_by(keys, maintain_order=True).agg(total) if keys else joined.select(total)
        compared = sums.with_columns(
            pl.lit(OF_MEANS).alias("measure"),
            pl.lit("none").alias("method"),
            pl.when(pl.col("value").is_null()).then(pl.lit("a dimension has no scores")).alias("reason"),
            pl.lit("weights applied after averaging, to be compared").alias("notes"),
        )
        both_kinds = pl.concat([whole, compared], how="diagonal_relaxed")
        return both_kinds.sort(keys, nulls_last=True, maintain_order=True) if keys else both_kinds

    @property
    def _measures(self) -> list[str]:
        return list(dict.fromkeys(measure for _, measure in self._rules))

    @cached_property
    def _rules(self) -> dict[tuple[str, str], Metric]:
        some = next(iter(self.scale.dimensions))
        names = [rule.name for rule in self.plan.rules]
        measures = [name.removesuffix(f"_{some}") for name in names if name.endswith(f"_{some}")]
        return figures(measures, tuple(self.scale.dimensions), scale=self.scale)


@refusing_misfits
def merge_scores(
    states: Iterable[State],
    scale: Scale,
    *,
    by: str | Sequence[str] | None = None,
    level: float = 0.95,
) -> ScoreTables:
    """The tables of several parts: of months, shops or machines that were scored separately.

    Args:
        states: what `Scores.state` gave for each part; no respondent may be in two parts.
        scale: the instrument that all parts were scored by.
        by: the keys to keep; all of them by default, () for none.
        level: confidence level of the limits.

    Raises:
        InputError: something else than such states, or states of another instrument, policy, keys or weights.
        ParameterError: no states, a key that they do not have, or a level outside (0, 1).
    """
    confidence_level(level)
    plan, whole = merge(states, scale, by=by)
    return ScoreTables(scale, plan, whole.sums, whole.keys, level, whole)


def table(
    plan: Plan,
    sums: pl.DataFrame,
    metrics: Mapping[tuple[str, str], Metric],
    *,
    keys: Sequence[str],
    level: float,
    name: str = "dimension",
) -> pl.DataFrame:
    """Finished figures, one row a key, name and measure, in the order of the keys and then of `metrics`."""
    rows = plan.figures(sums, [*metrics.values()], keys=keys, level=level)
    titles = {name: [title for title, _ in metrics], "measure": [kind for _, kind in metrics]}
    columns = [pl.Series(label, words * sums.height, dtype=pl.String) for label, words in titles.items()]
    return rows.with_columns(columns).select(*map(column, keys), name, "measure", *_FIGURES)
