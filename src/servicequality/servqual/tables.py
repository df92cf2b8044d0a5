"""From sums to tables of dimensions, overall and items, with their limits. Never here: a scan of respondents."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from servicequality.core import Metric
from servicequality.core.finishing import check_level, finish_fixed
from servicequality.core.sampling import MOMENTS, SAMPLED, WEIGHTED
from servicequality.servqual.scale import OVERALL, Scale
from servicequality.servqual.states import figures, keys_of, measures_of, merge, refuse_other_scale
from servicequality.shapes import Shape

__all__ = ["ScoreTables", "merge_scores", "table"]

OF_MEANS = "weighted_gap_of_means"
"""Mean points times mean gap, summed: what is often shown in place of the mean of the respondents' weighted gaps."""

_PLACE, _STACKED = "place of the figure", "stacked"
_FIGURES = ("value", "low", "high", "se", "level", "method", "n", "n_missing", "n_eff", "reason", "notes")


@dataclass(frozen=True, eq=False)
class ScoreTables:
    """The tables that follow from a state.

    Attributes:
        scale: the instrument.
        state: the sums.
        level: confidence level of the limits.
    """

    scale: Scale
    state: pl.DataFrame
    level: float = 0.95

    @cached_property
    def dimensions(self) -> pl.DataFrame:
        """One row a key, dimension and measure: `value low high se level method n n_missing n_eff reason notes`."""
        asked = {pair: metric for pair, metric in self._asked.items() if pair[0] != OVERALL}
        return table(self.state, asked, keys=self._keys, level=self.level)

    @cached_property
    def overall(self) -> pl.DataFrame:
        """One row a key and measure. Expectation, perception, gap and servperf are means of the dimensions' means.

        With importance there is one row more, `weighted_gap_of_means`, to be compared and not to be used: it has no
        limits, and differs from `weighted_gap` by what points and gaps have to do with each other.
        """
        asked = {pair: metric for pair, metric in self._asked.items() if pair[0] == OVERALL}
        whole = table(self.state, asked, keys=self._keys, level=self.level).drop("dimension")
        if "weighted_gap" not in self._measures:
            return whole
        means = self.dimensions.select(*self._keys, "dimension", "measure", "value")
        both = [
            means.filter(pl.col("measure") == measure).drop("measure").rename({"value": measure})
            for measure in ("importance", "gap")
        ]
        joined = both[0].join(both[1], on=[*self._keys, "dimension"], nulls_equal=True, maintain_order="left")
        product = pl.col("importance") * pl.col("gap")
        total = pl.when(product.is_not_null().all()).then(product.sum()).alias("value")
        sums = joined.group_by(self._keys, maintain_order=True).agg(total) if self._keys else joined.select(total)
        compared = sums.with_columns(
            pl.lit(OF_MEANS).alias("measure"),
            pl.lit("none").alias("method"),
            pl.when(pl.col("value").is_null()).then(pl.lit("a dimension has no scores")).alias("reason"),
            pl.lit("weights applied after averaging, to be compared").alias("notes"),
        )
        both_kinds = pl.concat([whole, compared], how="diagonal_relaxed")
        return both_kinds.sort(self._keys, nulls_last=True, maintain_order=True) if self._keys else both_kinds

    @property
    def _keys(self) -> list[str]:
        return keys_of(self.state)

    @property
    def _measures(self) -> list[str]:
        return measures_of(self.state, self.scale)

    @cached_property
    def _asked(self) -> dict[tuple[str, str], Metric]:
        return figures(self._measures, tuple(self.scale.dimensions), scale=self.scale)


def merge_scores(
    states: Iterable[pl.DataFrame | pl.LazyFrame],
    scale: Scale,
    *,
    by: str | Sequence[str] | None = None,
    level: float = 0.95,
) -> ScoreTables:
    """The tables of several parts: of months, shops or machines that were scored apart.

    Args:
        states: what `Scores.state` gave for each part; no respondent may be in two parts.
        scale: the instrument that all parts were scored by.
        by: the keys to keep; all of them by default, () for none.
        level: confidence level of the limits.

    Raises:
        InputError: something else than such states, or states of another instrument, policy, keys or weights.
        ParameterError: no states, a key that they do not have, or a level outside (0, 1).
    """
    check_level(level)
    whole = merge(states, by=by)
    refuse_other_scale(whole, scale)
    return ScoreTables(scale, whole, level)


def table(
    state: pl.DataFrame,
    asked: Mapping[tuple[str, str], Metric],
    *,
    keys: Sequence[str],
    level: float,
    name: str = "dimension",
) -> pl.DataFrame:
    """Finished figures, one row a key, name and measure, in the order of the keys and then of `asked`.

    Metrics of one shape and range differ in their columns alone, so that their sums are stacked and finished in one go.
    """
    titles = pl.DataFrame(
        {_PLACE: range(len(asked)), name: [title for title, _ in asked], "measure": [kind for _, kind in asked]},
        schema={_PLACE: pl.Int64, name: pl.String, "measure": pl.String},
    )
    alike: dict[tuple[type[Shape], object, object], list[tuple[int, Metric]]] = {}
    for place, metric in enumerate(asked.values()):
        kind = type(metric.shape), metric.shape.bounds, getattr(metric.shape, "added", None)
        alike.setdefault(kind, []).append((place, metric))
    parts = [
        finish_fixed(
            pl.concat([_under_one_name(state, metric, place, keys) for place, metric in group]),
            group[0][1].named(_STACKED),
            keys=[*keys, _PLACE],
            level=level,
        )
        for group in alike.values()
    ]
    rows = pl.concat(parts).join(titles, on=_PLACE).sort(*keys, _PLACE, nulls_last=True)
    return rows.select(*keys, name, "measure", *_FIGURES)


def _under_one_name(state: pl.DataFrame, metric: Metric, place: int, keys: Sequence[str]) -> pl.DataFrame:
    """The sums of one metric, renamed as those of all others."""
    leaves = ["rows", *metric.shape.leaves(), *(f"{WEIGHTED}.{leaf}" for leaf in metric.shape.leaves())]
    stored = {f"{metric.name}.{leaf}": f"{_STACKED}.{leaf}" for leaf in (*leaves, *SAMPLED, *MOMENTS)}
    there = [pl.col(column).alias(name) for column, name in stored.items() if column in state.columns]
    return state.select(*keys, pl.lit(place, pl.Int64).alias(_PLACE), *there)
