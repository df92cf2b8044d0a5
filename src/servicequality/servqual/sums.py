"""Sums and cross-products of items, from one pass over the answers: made, kept, merged, read as matrices."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, TypeAlias

import numpy as np
import polars as pl

from servicequality.checks import column, is_pattern, refusing_misfits, shown
from servicequality.core import Computation, Grouping, typed_by_frame
from servicequality.errors import InputError, ParameterError
from servicequality.servqual.checking import check_answers
from servicequality.servqual.layout import Answers, Columns, Questions, read_answers
from servicequality.servqual.products import products
from servicequality.servqual.scale import OVERALL, Scale, check_scale
from servicequality.servqual.states import RULES, digest
from servicequality.stats import CrossProducts

__all__ = ["ItemSums", "Measure", "cell", "item_answers", "item_sums", "merge_item_sums", "roles_of", "sums_of"]

Measure: TypeAlias = Literal["expectation", "perception", "gap", "servperf"]
"""As in the tables of scores: the first three are over those who answered both sides, servperf over all perceptions."""

_COMPARED = ("expectation", "perception")
_MEASURES: Mapping[str, tuple[Measure, ...]] = {
    "expectation": ("expectation", "perception", "gap", "servperf"),
    "none": ("servperf",),
}
_CELL = {"block": pl.String(), "dimension": pl.String(), "i": pl.Int64(), "j": pl.Int64()}
_SUMS = ("n", "sum_i", "sum_j", "product", "rows")


@dataclass(frozen=True, eq=False)
class ItemSums:
    """Sums over respondents who answered all items of a block: of each dimension, and of all dimensions together.

    Attributes:
        scale: the instrument.
        keys: the key columns.
        answers: the answers that the sums are of; None where sums of several parts were merged.
    """

    scale: Scale
    keys: tuple[str, ...]
    answers: Answers | None
    _merged: pl.DataFrame | None = field(default=None, repr=False)

    @cached_property
    def state(self) -> pl.DataFrame:
        """The sums as a plain frame: the keys, the rules, a row a pair of items; those of two parts add up row by row.

        Columns: the keys, `servqual.rules`, `block` (compared: expectations and perceptions; servperf: perceptions),
        `dimension` (or overall, for all together), `i` and `j` (items in the block's order), `n`, `sum_i`, `sum_j`,
        `product`, and `rows`, the respondents with or without answers.
        """
        if self._merged is not None:
            return self._merged
        assert self.answers is not None  # unmerged sums know their answers
        check_answers(self.answers)
        return _summed(self.answers, self.keys)

    @property
    def eager(self) -> bool:
        """Whether the answers were an eager frame; tables made of lazy ones are lazy."""
        return True

    def table(self, make: Callable[[], pl.DataFrame], schema: Mapping[str, pl.DataType]) -> Computation:
        """What `make` gives; `schema` is of the columns after the keys."""

        def columns() -> dict[str, pl.DataType]:
            assert self.answers is not None  # merged sums are eager
            own = self.answers.frame.collect_schema()
            return {**{key: own[key] for key in self.keys}, **schema}

        return Computation(make, columns)

    @property
    def measures(self) -> tuple[Measure, ...]:
        """What each item is measured by."""
        return _MEASURES[self.scale.standard]

    @cached_property
    def groups(self) -> pl.DataFrame:
        """One row a group: the keys, in order."""
        if not self.keys:
            return pl.DataFrame({"": [0]}).select()
        return self.state.select(self.keys).unique(maintain_order=True)

    @property
    def n_groups(self) -> int:
        """Groups; one where there are no keys."""
        return self.groups.height if self.keys else 1

    def read(self, measure: Measure, dimension: str = OVERALL) -> tuple[CrossProducts, np.ndarray]:
        """Cross-products of the items of a dimension by group, and how many respondents each group has.

        Expectations and perceptions are those of respondents who gave both; a gap is their difference.
        """
        compared = measure != "servperf"
        cross_products, rows = self.block("compared" if compared else "servperf", dimension)
        if not compared:
            return cross_products, rows
        k = cross_products.sums.shape[-1] // 2
        one, nothing = np.eye(k), np.zeros((k, k))
        turn = np.hstack(
            {"expectation": [one, nothing], "perception": [nothing, one], "gap": [-one, one]}[measure]
        )  # fmt: skip
        return CrossProducts(
            cross_products.n, cross_products.sums @ turn.T, turn @ cross_products.products @ turn.T
        ), rows

    @cached_property
    def _blocks(self) -> Mapping[tuple[object, ...], pl.DataFrame]:
        """The state's rows of each block and dimension: group after group, pair after pair."""
        return self.state.partition_by("block", "dimension", maintain_order=True, as_dict=True)

    def block(self, block: str, dimension: str) -> tuple[CrossProducts, np.ndarray]:
        """The cross-products of a block as they were summed, by group: expectations first, then perceptions."""
        size = len(self.scale.dimensions.get(dimension, self.scale.scored)) * (2 if block == "compared" else 1)
        cells = self._blocks[block, dimension] if self.n_groups else self.state
        pairs, above = size * (size + 1) // 2, np.triu_indices(size)
        table = {name: cells[name].to_numpy().reshape(self.n_groups, pairs).astype(np.float64) for name in _SUMS}
        products = np.zeros((self.n_groups, size, size))
        products[:, above[0], above[1]] = products[:, above[1], above[0]] = table["product"]
        own = above[0] == above[1]
        return CrossProducts(table["n"][:, 0], table["sum_i"][:, own], products), table["rows"][:, 0]


class LazyItemSums(ItemSums):
    """Sums of lazy answers."""

    @property
    def eager(self) -> Literal[False]:
        """The answers are read when a table is collected, or the state is asked for."""
        return False


@typed_by_frame(LazyItemSums, ItemSums)
def item_sums(
    frame: Any,
    scale: Scale,
    *,
    expectation: Columns = "E",
    perception: Columns = "P",
    questions: Questions | None = None,
    respondent: str = "respondent_id",
    by: str | Sequence[str] = (),
) -> ItemSums:
    """The sums and cross-products of a questionnaire's items: for reliability and validity, to keep or to merge.

    Every respondent counts once. There is no weight: reliability is of the answers that were given, and survey weights belong
    to `score`, whose means speak of a population.

    Args:
        frame: any dataframe, one row a respondent; or, with `questions`, one row an answer. See `score`.
        scale: the instrument; one without a standard reads perceptions alone.
        expectation: where the expectations stand, as in `score`.
        perception: where the perceptions stand, as in `score`.
        questions: for a long frame, which question is what, as in `score`.
        respondent: the column that identifies the respondents of a long frame.
        by: key columns.

    Raises:
        InputError: a column is missing or holds no numbers; answers lie outside the scale (lazy: at collect).
        ParameterError: a map does not fit the scale, or `by` names a column of the tables.
    """
    check_scale(scale)
    grouping = Grouping.of(by=by, every=None, at=None, timezone=None, weight=None, cluster=None)
    taken = {*_CELL, *_SUMS, RULES, "item", "other", "measure"}
    if patterns := [name for name in grouping.by if is_pattern(name)]:
        raise ParameterError(f"by: Polars reads the name {shown(patterns[0])} as a pattern; rename the column first")
    if clash := [name for name in grouping.by if name in taken]:
        raise ParameterError(f"by names {clash[0]!r}, which is a column of the tables; rename the frame's column first")
    roles = {role: {"expectation": expectation, "perception": perception}[role] for role in roles_of(scale)}
    answers = read_answers(
        frame, scale, roles, importance=None, questions=questions, respondent=respondent, kept=grouping.by
    )
    grouping.frame(answers.frame, [])  # the keys are there
    made = (ItemSums if answers.eager else LazyItemSums)(scale, grouping.by, answers)
    if answers.eager:
        _ = made.state
    return made


def sums_of(
    answers: Any, scale: Scale | None, *, expectation: Columns, perception: Columns, by: str | Sequence[str]
) -> ItemSums:
    """The sums themselves, or those of a questionnaire.

    Raises:
        ParameterError: answers without a scale, or sums together with a scale or keys of another kind.
    """
    if isinstance(answers, ItemSums):
        keys = (by,) if isinstance(by, str) else tuple(by)
        if scale not in (None, answers.scale) or (keys and keys != answers.keys):
            raise ParameterError("the sums have their scale and keys: give nothing else")
        return answers
    if scale is None:
        raise ParameterError("state the scale of the answers, such as SERVQUAL_1991")
    sums: ItemSums = item_sums(answers, scale, expectation=expectation, perception=perception, by=by)
    return sums


@refusing_misfits
def merge_item_sums(states: Iterable[pl.DataFrame], scale: Scale, *, by: str | Sequence[str] | None = None) -> ItemSums:
    """The sums of several parts together: of months, shops or machines whose answers were summed separately.

    Args:
        states: `ItemSums.state` of each part; no respondent may be in two parts.
        scale: the instrument that all parts were answered on.
        by: the keys to keep; all of them by default, () for none.

    Raises:
        InputError: something else than such states, or states of another instrument.
        ParameterError: no states, or a key that they do not have.
    """
    frames = list(states)
    if not frames:
        raise ParameterError("nothing to merge; give at least one state, such as item_sums(…).state")
    if any(RULES not in frame.columns or "product" not in frame.columns for frame in frames):
        raise InputError("these are not states of items; make each with item_sums(…).state")
    keys = frames[0].columns[: frames[0].columns.index(RULES)]
    kept = keys if by is None else [by] if isinstance(by, str) else list(by)
    if unknown := [key for key in kept if key not in keys]:
        raise ParameterError(f"the states have no key {unknown[0]!r}; they have {keys}")
    whole = pl.concat(frames, how="vertical_relaxed")
    if strangers := [rule for rule in whole[RULES].unique().to_list() if rule != _rules(scale)]:
        raise InputError(
            f"the states were made by {strangers[0]!r}, not by {_rules(scale)!r}; give the same scale to all"
        )
    cells = [*kept, RULES, *_CELL]
    added = whole.lazy().group_by(cells).agg(pl.col(_SUMS).sum()).sort(cells, nulls_last=True).collect()
    return ItemSums(scale, keys=tuple(kept), answers=None, _merged=added)


def roles_of(scale: Scale) -> tuple[str, ...]:
    """The roles of each item: expectation and perception, or perception alone."""
    return _COMPARED if scale.standard == "expectation" else ("perception",)


def _rules(scale: Scale) -> str:
    return digest(scale, "items")


def _blocks(scale: Scale) -> Iterator[tuple[str, str, list[tuple[str, str]]]]:
    """Each block's name, its dimension, and its (role, item) in order."""
    kinds = {"compared": _COMPARED} if scale.standard == "expectation" else {}
    for block, roles in {**kinds, "servperf": ("perception",)}.items():
        for dimension, items in {**scale.dimensions, OVERALL: scale.scored}.items():
            yield block, dimension, [(role, item) for role in roles for item in items]


def _summed(answers: Answers, keys: Sequence[str]) -> pl.DataFrame:
    scale = answers.scale
    table = answers.frame.select(*keys, *item_answers(answers)).collect(engine="streaming")
    groups = table.sort(keys, nulls_last=True).partition_by(keys, maintain_order=True) if keys else [table]
    types = {key: table.schema[key] for key in keys} | _frame_types(scale)
    parts = [_group(group, scale, keys) for group in groups]
    whole = pl.concat(parts) if parts else pl.DataFrame(schema=types)
    return whole.sort([*keys, "block", "dimension", "i", "j"], nulls_last=True)


def item_answers(answers: Answers, *, as_given: bool = False) -> list[pl.Expr]:
    """The answers to all scored items by role, named as `cell` names them; reversed items turned, unless `as_given`."""
    scale = answers.scale
    return [
        (
            answers.answer(role, item)
            if item in scale.reversed and not as_given
            else column(answers.columns[role][item])
        ).alias(cell(role, item))
        for role in roles_of(scale)
        for item in scale.scored
    ]


def cell(role: str, item: str) -> str:
    """A column's name for an answer that no key column has."""
    return f"servqual:{role}:{item}"


def _frame_types(scale: Scale) -> dict[str, pl.DataType]:
    number = pl.Int64() if scale.whole else pl.Float64()
    sums = {"n": pl.Int64(), "sum_i": number, "sum_j": number, "product": number, "rows": pl.Int64()}
    return {RULES: pl.String(), **_CELL, **sums}


def _group(group: pl.DataFrame, scale: Scale, keys: Sequence[str]) -> pl.DataFrame:
    """The rows of one group's state."""
    parts = [
        _cells(cross_products, block, dimension, group.height, scale)
        for block, dimension, cross_products in _cross_products(group, scale)
    ]
    whole = pl.concat(parts).with_columns(pl.lit(_rules(scale)).alias(RULES))
    firsts = group.select(keys).head(1)
    keyed = [pl.lit(firsts[key]).first().alias(key) for key in keys]
    return whole.select(*keyed, *_frame_types(scale))


def _cross_products(group: pl.DataFrame, scale: Scale) -> Iterator[tuple[str, str, CrossProducts]]:
    """Cross-products of every block."""
    names = [cell(role, item) for role in roles_of(scale) for item in scale.scored]
    blocks = list(_blocks(scale))
    sets = [[names.index(cell(role, item)) for role, item in cells] for _, _, cells in blocks]
    furthest = max(abs(scale.low), abs(scale.high)) if scale.whole else None
    for (block, dimension, _), cross_products in zip(
        blocks, products(group.select(names), sets, furthest=furthest), strict=True
    ):
        yield block, dimension, cross_products


def _cells(cross_products: CrossProducts, block: str, dimension: str, rows: int, scale: Scale) -> pl.DataFrame:
    i, j = np.triu_indices(cross_products.sums.size)
    number = np.int64 if scale.whole else np.float64
    columns = {
        "i": i, "j": j, "n": np.full(i.size, int(cross_products.n)), "sum_i": cross_products.sums[i].astype(number),
        "sum_j": cross_products.sums[j].astype(number), "product": cross_products.products[i, j].astype(number),
        "rows": np.full(i.size, rows),
    }  # fmt: skip
    return pl.DataFrame(columns).with_columns(block=pl.lit(block), dimension=pl.lit(dimension))
