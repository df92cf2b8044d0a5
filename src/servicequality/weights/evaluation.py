"""`evaluate_adjusted`: figures of rows that are weighted to margins, with the error that the margins leave."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from servicequality.checks import choice, column, confidence_level, shown, unused_prefix, values_of
from servicequality.core import (
    RESULT,
    Computation,
    Metric,
    Plan,
    judged_sums,
    key_column,
    key_types,
    named_metrics,
    names_of,
    of_frame,
    plan,
    require_columns,
    sum_column,
    weighted,
)
from servicequality.errors import InputError, ParameterError
from servicequality.model import as_frame
from servicequality.shapes import Design, FixedShape
from servicequality.shapes.base import FloatArray
from servicequality.stats._checks import BoolArray, IntArray
from servicequality.stats.adjusting import Grouped, adjusted_squares, sums_of
from servicequality.weights.adjustment import Adjustment, Distance, Sample
from servicequality.weights.margins import check_categories, unlabelled

__all__ = ["evaluate_adjusted"]

_ENOUGH = 15.0  # effective rows for each count; with 7 limits at 95 % hold the truth in some 92 of 100 samples
_ROUNDING = 1e-12
_WORDS = {"rake": "raking", "linear": "linear calibration"}


@of_frame
def evaluate_adjusted(
    frame: Any,
    metrics: Metric | Iterable[Metric],
    margins: Mapping[Any, Any],
    *,
    distance: Distance = "rake",
    size: float | None = None,
    weight: str | None = None,
    by: str | Sequence[str] = (),
    jackknife: str | None = None,
    level: float = 0.95,
) -> Computation:
    """Figures of rows weighted to the population's margins, with the error that is left once the margins are known.

    The values are those of `evaluate(weight=)` with the weights of `rake` or `calibrate`. The error differs: `evaluate` knows
    the weights and not where they come from, and takes the share of each category for as uncertain as the answers. Here only
    what the margins do not explain is uncertain, and that is less, the more the figure depends on the margins' columns.

    By default the error is linearised: residuals of each row's (y - R x) / sum(w x) from the base-weighted regression on the
    margins, times the final weights, n / (n - 1) times their squares about their mean. With `jackknife` each group of rows is
    left out in turn, the others' base weights times G / (G - 1) are adjusted anew, and the squares of the changes are added,
    times (G - 1) / G. That also covers rows of a group that go together. Limits are those of `evaluate` for as many rows as
    give this error in a plain sample; those of the linearised error allow for fitted margins too, K / (K - q) in place of
    n / (n - 1) for Kish's K rows and q independent counts. Below fifteen rows a count they are still too short, and `notes`
    says so.

    Args:
        frame: any dataframe with a row an answer; a lazy one gives a lazy answer.
        metrics: shares, means, net scores and rates: ratios of two sums.
        margins: the population's counts by column, as for `rake`. A tuple of columns maps tuples of categories to counts:
            one such margin is post-stratification. With `distance="linear"` totals of numbers too, as for `calibrate`.
        distance: "rake" or "linear": how weights are changed.
        size: the size of the population, as for `calibrate`.
        weight: column of base weights, 0 or more. None takes all rows alike.
        by: key columns; weights are of the whole, whatever the keys.
        jackknife: column of groups of rows to leave out in turn: ten to fifty random groups, or the clusters of the sample.
        level: confidence level.

    Returns:
        The columns of `evaluate` but `period`, sorted by keys, metrics in the order given.

    Raises:
        InputError: a column is missing, rows lie outside their domain, or a category, base weight or group is null.
        ParameterError: margins that are not met, negative weights, a metric that is no ratio of two sums, or fewer than two
            groups to leave out.
    """
    choice("evaluate_adjusted: distance", distance, ("rake", "linear"))
    confidence_level(level)
    chosen, keys = named_metrics(metrics), names_of(by)
    for metric in chosen:
        _pair_of(metric)
    adjustment = Adjustment.of("evaluate_adjusted", margins, size=size, distance=distance, weight=weight)
    data: pl.LazyFrame = as_frame(frame).lazy()
    schema = data.collect_schema()
    adjustment.check(schema)
    if jackknife is not None:
        require_columns(schema, [jackknife], role="evaluate_adjusted: jackknife")
        check_categories("evaluate_adjusted: jackknife", schema, [jackknife])
    name = f"{unused_prefix(schema.names())}weight"
    weighting = plan(chosen, by=keys, weight=name)
    types = key_types((data.with_columns(pl.lit(1.0).alias(name)),), chosen, weighting.grouping)

    def compute() -> pl.DataFrame:
        rows = data.collect()
        sample = adjustment.sample(rows)
        weights = sample.weights(sample.base)
        if negative := int((weights < 0).sum()):
            raise ParameterError(
                f"evaluate_adjusted: linear calibration makes {negative} of {rows.height} weights negative, and no figure has "
                'those; say distance="rake" with counts, or ask for totals nearer to the rows'
            )
        groups = None if jackknife is None else _groups(rows, jackknife, sample.base)
        reading = _Reading(weighting, rows.with_columns(pl.Series(name, weights)), sample, weights, groups)
        figures = weighting.figures(reading.sums, chosen, keys=keys, level=level)
        squares = reading.squares(chosen)
        parts = [
            reading.limits(metric, figures.filter(metric=metric.name), square, level)
            for metric, square in zip(chosen, squares, strict=True)
        ]
        order = np.arange(len(chosen) * reading.sums.height).reshape(len(chosen), -1).T.ravel()
        return pl.concat(parts)[order]

    return Computation(compute, lambda: {**types, **RESULT})


class _Groups(NamedTuple):
    """Groups of rows to leave out: that of each row, and how each is shown."""

    place: IntArray
    names: pl.Series


class _Loss(NamedTuple):
    """What few rows lose beside their squared error: by how much limits widen it, and degrees of freedom.

    Residuals of as many rows as there are margins to fit are too small, by K - q of Kish's K rows for q independent margins.
    """

    widening: FloatArray
    df: FloatArray


class _Reading:
    """The rows of a sample with their weights, by key."""

    def __init__(
        self, weighting: Plan, rows: pl.DataFrame, sample: Sample, weights: FloatArray, groups: _Groups | None
    ) -> None:
        self.sample, self.weights, self.groups = sample, weights, groups
        self.prepared = weighting.prepared(rows)
        self.sums = weighting.sums(self.prepared)
        self.sampling = weighting.grouping.sampling
        keys = [key_column(key) for key in weighting.grouping.keys]
        self.place = np.zeros(rows.height, dtype=np.int64)
        if keys:
            numbered = self.sums.select(keys).with_row_index("group").lazy()
            own = self.prepared.select(held.alias(key_column(key)) for key, held in weighting.grouping.columns.items())
            joined = own.join(numbered, on=keys, how="left", nulls_equal=True, maintain_order="left").select("group")
            self.place = joined.collect()["group"].cast(pl.Int64).to_numpy()

    def limits(self, metric: Metric, figures: pl.DataFrame, square: FloatArray, level: float) -> pl.DataFrame:
        """The figures of a metric, a row a group, with the limits of its adjusted error."""
        shape = metric.shape
        assert isinstance(shape, FixedShape)  # it has a pair
        judged = judged_sums(self.sums, metric, self.sampling)
        ok = judged.ok.copy()
        alone = [part.chosen for part in judged.parts if not part.known]
        ok[ok] = ~np.any(alone, axis=0) if alone else True
        if not ok.any():
            return figures
        sums = {
            leaf: self.sums[sum_column(metric.name, weighted(leaf))].cast(pl.Float64).to_numpy()[ok]
            for leaf in shape.leaves()
        }
        squares, rows = (
            self.sums[sum_column(metric.name, name)].to_numpy()[ok] for name in ("weight_squares", "units")
        )
        kish, spread = sums["n"] ** 2 / squares, shape.spread(sums)
        # Where the margins explain all that differs, rows are read as plain ones: chance is never nothing.
        square = np.where((spread > 0) & (square[ok] <= _ROUNDING * spread / rows), spread / rows, square[ok])
        design = _design(spread, square, kish, self._loss(kish))
        reading = shape.limits(sums, level=level, design=design)
        se = reading.se * np.sqrt(np.divide(square, design.square, out=np.ones_like(square), where=design.square > 0))
        error = "linearised" if self.groups is None else f"jackknife of {len(self.groups.names)}"
        words = f"{error}, {_WORDS[self.sample.adjustment.distance]}"
        methods = [reading.method] * int(ok.sum()) if isinstance(reading.method, str) else reading.method
        columns = {"low": reading.low, "high": reading.high, "se": se, "n_eff": design.n_eff}
        changed = [
            pl.Series(name, _put(figures[name].to_numpy(), ok, values), dtype=pl.Float64, nan_to_null=True)
            for name, values in columns.items()
        ]
        if self.groups is None and self.effective < _ENOUGH * self.fitted:
            few = f"{self.effective:.0f} effective rows for {self.fitted} independent counts: the limits are too short"
            notes = pl.concat_str([pl.col("notes"), pl.lit(few)], separator="; ", ignore_nulls=True)
            figures = figures.with_columns(notes=pl.when(pl.Series(ok)).then(notes).otherwise("notes"))
        texts = figures["method"].to_numpy().astype(object)
        texts[ok] = [f"{method}, {words}" for method in methods]
        return figures.with_columns(*changed, pl.Series("method", texts.tolist(), dtype=pl.String))

    @cached_property
    def fitted(self) -> int:
        """How many independent counts the margins have."""
        features = self.sample.features
        products = features.products(sums_of(self.sample.cell, self.sample.base, features.cells))
        return int(np.linalg.matrix_rank(products, hermitian=True))

    @cached_property
    def effective(self) -> float:
        """Kish's number of all rows."""
        return float(self.weights.sum() ** 2 / (self.weights @ self.weights))

    def _loss(self, kish: FloatArray) -> _Loss:
        """What the limits of each key allow for beside the error."""
        if self.groups is not None:
            return _Loss(np.ones_like(kish), np.full_like(kish, len(self.groups.names) - 1.0))
        n, whole = np.count_nonzero(self.sample.base > 0), self.effective
        left = max(whole - self.fitted, 1.0)
        widening = (n - 1) / n * kish / (kish - 1) * (whole - 1) / left
        return _Loss(np.maximum(widening, 1.0), np.maximum(np.minimum(kish - 1, left), 1.0))

    def squares(self, metrics: Sequence[Metric]) -> list[FloatArray]:
        """Squared standard errors of each metric by key."""
        rule = {f"{part} {place}": one for place, metric in enumerate(metrics)
                for part, one in zip("yx", _pair_of(metric), strict=True)}  # fmt: skip
        rows = self.prepared.select(pl.int_range(pl.len()).alias("row"), **rule).collect()
        pairs = [(rows[f"y {place}"].to_numpy(), rows[f"x {place}"].to_numpy()) for place in range(len(metrics))]
        if self.groups is not None:
            return self._jackknifed(self.groups, pairs)
        own, sample = Grouped(self.sample.cell, self.place, self.sums.height), self.sample
        return [adjusted_squares(sample.features, own, sample.base, self.weights, y, x) for y, x in pairs]

    def _jackknifed(self, groups: _Groups, pairs: Sequence[tuple[FloatArray, FloatArray]]) -> list[FloatArray]:
        """The same by leaving out each group in turn, with the weights of the others made anew."""
        number = len(groups.names)
        whole = [self._ratios(self.weights, *pair) for pair in pairs]
        squares = np.zeros((len(pairs), self.sums.height))
        for left_out in range(number):
            base = np.where(groups.place == left_out, 0.0, self.sample.base * number / (number - 1))
            try:
                weights = self.sample.weights(base)
            except ParameterError as error:
                name = values_of(groups.names[left_out : left_out + 1])
                why = str(error).removeprefix(f"{self.sample.adjustment.function}: ")
                raise ParameterError(
                    f"evaluate_adjusted: without the group {name} the margins cannot be met: {why}. Take more groups of rows "
                    "drawn at random, or merge categories"
                ) from error
            changes = [self._ratios(weights, *pair) - value for pair, value in zip(pairs, whole, strict=True)]
            squares += np.square(changes)
        return list(squares * (number - 1) / number)

    def _ratios(self, weights: FloatArray, y: FloatArray, x: FloatArray) -> FloatArray:
        above, below = (sums_of(self.place, weights * one, self.sums.height) for one in (y, x))
        ratio = np.divide(above, below, out=np.full_like(above, np.nan), where=below > 0)
        return np.asarray(ratio, dtype=np.float64)


def _design(spread: FloatArray, square: FloatArray, kish: FloatArray, loss: _Loss) -> Design:
    """What the error is worth in rows; they may be more than there are, where the margins tell much."""
    differ = (spread > 0) & (square > 0)
    square = np.where(differ, square * loss.widening, 0.0)
    n_eff = np.where(differ, spread / np.where(differ, square, 1.0), kish)
    return Design(n_eff, loss.df, square)


def _put(column_: FloatArray, chosen: BoolArray, values: FloatArray) -> FloatArray:
    answer = column_.astype(np.float64)
    answer[chosen] = values
    return answer


def _pair_of(metric: Metric) -> tuple[pl.Expr, pl.Expr]:
    """Numerator and denominator of each row."""
    shape = metric.shape.map(lambda _, rule: rule.cast(pl.Float64).fill_null(0.0))
    pair = shape.pair() if isinstance(shape, FixedShape) else None
    if pair is None:
        raise ParameterError(
            f"evaluate_adjusted: {metric.name} is no ratio of two sums, such as a share, a mean or a net score; give "
            "evaluate the made weights instead"
        )
    return pair


def _groups(rows: pl.DataFrame, name: str, base: FloatArray) -> _Groups:
    """The groups of a jackknife."""
    labels = rows.select(column(name).alias("label"))["label"]
    if missing := unlabelled(labels):
        raise InputError(
            f"jackknife: column {shown(name)} is null or NaN in {missing} of {rows.height} rows; fill them"
        )
    there = labels.filter(pl.Series(base > 0)).unique().sort()
    if len(there) < 2:
        raise ParameterError(
            f"jackknife: column {shown(name)} has {len(there)} groups with weight; at least 2 are needed"
        )
    numbered = pl.DataFrame({"label": there}).with_row_index("place")
    places = labels.to_frame().join(numbered, on="label", how="left", maintain_order="left")["place"]
    return _Groups(places.cast(pl.Int64).fill_null(-1).to_numpy(), there)
