"""From sums to estimates: values, limits, reasons and notes of all rules over all groups, built once by column."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from servicequality.core.engine.names import EXCLUDED, ROWS, key_column, sum_column, weighted
from servicequality.core.results import RESULT
from servicequality.core.rule import Rule, kept
from servicequality.core.sampling import MOMENTS, SAMPLED, Part, Sampling, design_parts, kish_rows, limits_of
from servicequality.errors import ServiceQualityWarning
from servicequality.shapes import FixedShape, Reading
from servicequality.shapes.base import FloatArray, Sums
from servicequality.stats._checks import IntArray
from servicequality.stats._kernel import in_range

Texts = NDArray[np.object_]
_WORDS = ("unit", "better", "empty", "undefined", "unbounded", "refused", "excluded")


class TableReading(NamedTuple):
    """What a rule read from its value table, or from whole groups.

    Attributes:
        reading: value and limits.
        n_eff: the effective number of rows, where it is not theirs.
        n: the rows that enter the value, where the others that count are missing.
        reasons: why a value is undefined, where the shape's own words do not say it.
    """

    reading: Reading
    n_eff: FloatArray | None = None
    n: FloatArray | None = None
    reasons: Sequence[str | None] | None = None


class _Figures:
    """The columns of all results: rule after rule, and in each the groups."""

    def __init__(self, rules: int, groups: int, level: float) -> None:
        self.groups = groups
        size = rules * groups
        self.value, self.low, self.high, self.se, self.n_eff, self.n_pending = np.full((6, size), np.nan)
        self.n, self.n_missing, self.n_excluded = np.zeros((3, size))
        self.level = np.full(size, level, np.float64)
        self.method, self.reason, self.notes = (np.full(size, None, dtype=object) for _ in range(3))

    def of(self, place: int) -> slice:
        """Where the groups of the rule at a place stand."""
        return slice(place * self.groups, (place + 1) * self.groups)

    def add_notes(self, rows: IntArray, texts: Sequence[str | None] | Texts | None) -> None:
        """Append one text a row to the notes."""
        if texts is None:
            return
        added = np.array(texts, dtype=object)
        some = np.flatnonzero(added.astype(np.bool_))
        rows, added = rows[some], added[some]
        before = self.notes[rows]
        both = before.astype(np.bool_)
        added[both] = before[both] + "; " + added[both]
        self.notes[rows] = added


def estimates(
    groups: pl.DataFrame,
    rules: Sequence[Rule],
    readings: Mapping[str, TableReading],
    *,
    keys: Mapping[str, str],
    sampling: Sampling,
    level: float,
) -> pl.DataFrame:
    """One row a group and rule, in the order of the groups and then of the rules.

    Args:
        groups: the keys and sums of each group, in the order of the answer.
        rules: what is estimated.
        readings: what each rule that reads a value table read from it, by the rule's name.
        keys: for each key's name, the column of `groups` that holds it.
        sampling: weights and clusters.
        level: confidence level.
    """
    figures = _Figures(len(rules), groups.height, level)
    numbers = _numbers(groups, rules, sampling)
    for place, rule in enumerate(rules):
        _count(figures, place, rule, numbers)
    for places in _alike(rules):
        with in_range(", ".join(rules[place].name for place in places)):
            _finish_fixed(figures, places, rules, numbers, sampling, level)
    for place, rule in enumerate(rules):
        if rule.name in readings:
            _finish_table(figures, place, readings[rule.name])
    _explain(figures, rules)
    return _frame(figures, rules, groups, keys)


def _numbers(groups: pl.DataFrame, rules: Sequence[Rule], sampling: Sampling) -> Sums:
    """The sums of the groups and what is read from them, by column; NaN is null."""
    read = {sum_column(rule.name, "missing") for rule in rules} <= set(groups.columns)
    whole = groups.clone() if read else groups.with_columns(readings_of(rules, sampling))
    for name in groups.columns:
        if name.startswith(key_column("")):
            whole.drop_in_place(name)
    return dict(zip(whole.columns, whole.to_numpy().astype(np.float64, copy=False).T, strict=True))


def readings_of(rules: Sequence[Rule], sampling: Sampling) -> list[pl.Expr]:
    """What is read from the sums, in one query for all rules: values, counts, and the parts of ratios."""
    return [expression for rule in rules for expression in _readings_of_rule(rule, sampling)]


@kept
def _readings_of_rule(rule: Rule, sampling: Sampling) -> list[pl.Expr]:
    raw = rule.shape.stored(rule.name)
    rows = pl.col(sum_column(rule.name, ROWS))
    if rule.shape.excluded is not None or sampling.weight is not None:
        rows = rows - pl.col(sum_column(rule.name, EXCLUDED))
    pending, running = raw.pending(rows), raw.running()
    chosen = {"missing": rows - raw.n if pending is None else rows - raw.n - pending}
    if pending is not None:
        chosen["pending"] = pending
    if running is not None:
        chosen["running"] = running
    if isinstance(rule.shape, FixedShape):
        stored = rule.shape.stored(rule.name, weighted=sampling.weight is not None)
        assert isinstance(stored, FixedShape)  # the same shape
        chosen["value"] = stored.value()
        if type(stored).judged is not FixedShape.judged:  # else a group is judged where it has a value
            chosen["judged"] = stored.judged().fill_null(value=False)
        if sampling:
            nothing = pl.lit(None, pl.Float64)
            chosen["numerator"], chosen["denominator"] = stored.pair() or (nothing, nothing)
    return [one.cast(pl.Float64).alias(sum_column(rule.name, name)) for name, one in chosen.items()]


def _count(figures: _Figures, place: int, rule: Rule, numbers: Sums) -> None:
    """Rows that enter the value, are missing, excluded or wait."""
    own = figures.of(place)
    figures.n[own] = figures.n_eff[own] = numbers[sum_column(rule.name, "n")]
    figures.n_missing[own] = numbers[sum_column(rule.name, "missing")]
    if (excluded := sum_column(rule.name, EXCLUDED)) in numbers:
        figures.n_excluded[own] = numbers[excluded]
    if (pending := sum_column(rule.name, "pending")) in numbers:
        figures.n_pending[own] = numbers[pending]
    if (open_rows := sum_column(rule.name, "running")) in numbers:
        running = numbers[open_rows]
        some = np.flatnonzero(running > 0)
        texts = [
            f"{part:,.0f} of {n:,.0f} still open" for part, n in zip(running[some], figures.n[own][some], strict=True)
        ]
        figures.add_notes(own.start + some, texts)


def _alike(rules: Sequence[Rule]) -> list[list[int]]:
    """The places of rules of fixed width whose limits one call can give: those of one shape with the same options."""
    buckets: dict[object, list[int]] = {}
    for place, rule in enumerate(rules):
        if isinstance(rule.shape, FixedShape):
            buckets.setdefault((type(rule.shape), _options(rule.shape)), []).append(place)
    return list(buckets.values())


def _options(shape: FixedShape) -> tuple[object, ...]:
    leaves = shape.leaves()
    return tuple(getattr(shape, one.name) for one in fields(shape) if one.name not in leaves and one.name not in _WORDS)


class JudgedSums(NamedTuple):
    """What limits are made of: the groups that can have any.

    Attributes:
        shape: what the sums are of.
        ok: which groups can have limits; the parts are of those alone.
        parts: those groups, sorted by how their limits are made.
        n_eff: effective rows of all groups.
    """

    shape: FixedShape
    ok: NDArray[np.bool_]
    parts: Sequence[Part]
    n_eff: FloatArray


def judged_sums(groups: pl.DataFrame, rule: Rule, sampling: Sampling) -> JudgedSums:
    """The sums from which limits of a rule can be made.

    Args:
        groups: the sums of each group.
        rule: a rule of fixed width.
        sampling: weights and clusters.
    """
    return _judged(_numbers(groups, [rule], sampling), [rule], sampling)


def _judged(numbers: Sums, rules: Sequence[Rule], sampling: Sampling) -> JudgedSums:
    """The same of rules of one shape with the same options: rule after rule."""
    shape = rules[0].shape
    assert isinstance(shape, FixedShape)  # the caller sorts rules by shape

    def sums_of(leaf: str) -> FloatArray:
        return np.concatenate([numbers[sum_column(rule.name, leaf)] for rule in rules])

    n, judged_apart = sums_of("n"), sum_column(rules[0].name, "judged") in numbers
    ok = (sums_of("judged").astype(np.bool_) if judged_apart else ~np.isnan(sums_of("value"))) & (n > 0)
    prefixed = weighted if sampling.weight is not None else str
    whole = {leaf: sums_of(prefixed(leaf)) for leaf in shape.leaves()}
    sums: Sums = {leaf: column[ok] for leaf, column in whole.items()}
    if not sampling:
        return JudgedSums(shape, ok, [Part(np.ones(int(ok.sum()), np.bool_), sums, None)], n)
    present = [key for key in (*SAMPLED, *MOMENTS) if sum_column(rules[0].name, key) in numbers]
    extra = {key: sums_of(key) for key in present} | {"n": n}
    n_eff = kish_rows(whole["n"], extra).copy()
    ratio = sums_of("numerator")[ok], sums_of("denominator")[ok]
    parts, n_eff[ok] = design_parts(shape, sums, {key: column[ok] for key, column in extra.items()}, ratio)
    return JudgedSums(shape, ok, parts, n_eff)


def _finish_fixed(
    figures: _Figures,
    places: Sequence[int],
    rules: Sequence[Rule],
    numbers: Sums,
    sampling: Sampling,
    level: float,
) -> None:
    """Value and limits of rules of one shape, whose groups are read one after the other."""
    alike = [rules[place] for place in places]
    given = _judged(numbers, alike, sampling)
    rows = np.concatenate([np.arange(figures.of(place).start, figures.of(place).stop) for place in places])
    judged = rows[given.ok]
    with warnings.catch_warnings():  # what is to be read with care is in `notes`
        warnings.simplefilter("ignore", ServiceQualityWarning)
        reading = limits_of(given.shape, given.parts, len(judged), level=level)
    figures.value[rows] = np.concatenate([numbers[sum_column(rule.name, "value")] for rule in alike])
    figures.n_eff[rows] = given.n_eff
    figures.low[judged], figures.high[judged], figures.se[judged] = reading.low, reading.high, reading.se
    # A method that is the same for all is named for groups without limits too.
    figures.method[rows] = reading.method if isinstance(reading.method, str) else "none"
    if not isinstance(reading.method, str):
        figures.method[judged] = reading.method
    if reading.level is not None:
        figures.level[judged] = reading.level
    figures.add_notes(judged, reading.notes)


def _finish_table(figures: _Figures, place: int, given: TableReading) -> None:
    """Value and limits of a rule that reads a table."""
    reading, own = given.reading, figures.of(place)
    assert reading.value is not None  # a table's reading holds its value
    figures.value[own], figures.se[own] = reading.value, reading.se
    figures.low[own], figures.high[own] = reading.low, reading.high
    figures.method[own] = reading.method
    if reading.level is not None:
        figures.level[own] = reading.level
    if given.n is not None:
        figures.n_missing[own] += figures.n[own] - given.n
        figures.n[own] = figures.n_eff[own] = given.n
    if given.n_eff is not None:
        figures.n_eff[own] = given.n_eff
    if given.reasons is not None:
        figures.reason[own] = given.reasons
    figures.add_notes(np.arange(own.start, own.stop), reading.notes)


def _explain(figures: _Figures, rules: Sequence[Rule]) -> None:
    """A reason for every value that is undefined, and no limits where nothing was counted."""
    nothing, blank = figures.n == 0, np.isnan(figures.value)
    figures.low[nothing & blank] = figures.high[nothing & blank] = np.nan
    for place, rule in enumerate(rules):
        own = figures.of(place)
        reason, told = figures.reason[own], figures.reason[own].astype(np.bool_)
        reason[~blank[own]] = None
        reason[blank[own] & ~told] = rule.shape.undefined
        reason[blank[own] & ~told & nothing[own]] = rule.shape.empty


def _frame(figures: _Figures, rules: Sequence[Rule], groups: pl.DataFrame, keys: Mapping[str, str]) -> pl.DataFrame:
    """The rows of the answer: groups in their order, and in each the rules."""
    columns: list[pl.Series] = []
    alike = {"metric": [rule.name for rule in rules], "unit": [rule.unit for rule in rules]}
    for name, dtype in RESULT.items():
        if name in alike:
            columns.append(pl.Series(name, alike[name] * groups.height, dtype=pl.String))
            continue
        flat = getattr(figures, name).reshape(len(rules), groups.height).T.ravel()
        if dtype == pl.String:
            columns.append(pl.Series(name, flat.tolist(), dtype=pl.String))
        else:
            numbers = pl.Series(name, flat, nan_to_null=True)
            columns.append(numbers if dtype == pl.Float64 else numbers.cast(dtype))
    frame, row = pl.DataFrame(columns), np.repeat(np.arange(groups.height, dtype=np.uint32), len(rules))
    for place, (name, column) in enumerate(keys.items()):  # a list of columns would give one of an empty name another
        frame.insert_column(place, groups[column].gather(row).alias(name))
    return frame
