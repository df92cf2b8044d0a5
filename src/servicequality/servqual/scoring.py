"""From answers to scores: item, gap, dimension, overall, weighted."""

#     dimension     = mean of the respondent's items in it
#     gap           = perception - expectation, item by item, where both were answered
#     overall       = mean of the respondent's dimensions, all of them known
#     importance    = the respondent's points for a dimension / the sum of the respondent's points
#     weighted gap  = importance x gap, and overall their sum: still on the scale of the answers
#
# Reversed items are turned once, in expectations and perceptions alike, before anything else happens to them.

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import reduce
from operator import add
from typing import Literal, TypeAlias

import polars as pl

from servicequality.checks import choice, column
from servicequality.servqual.layout import Answers
from servicequality.servqual.scale import OVERALL

__all__ = ["Missing", "all_known", "by_item", "check_policy", "complete", "half", "measures", "scored"]

Missing: TypeAlias = Literal["dimension_complete", "half", "listwise"]
"""Whose dimension has a score: who answered all its items, at least half of them, or all items of all dimensions."""

Items: TypeAlias = Mapping[str, Sequence[pl.Expr]]
"""The answers of one role, dimension by dimension."""

_COMPARED = ("expectation", "perception", "gap")
_ALONE = ("servperf",)
_IMPORTANT = ("importance",)
_SCORES = (*_COMPARED, *_ALONE)


def check_policy(missing: Missing) -> None:
    """Raise ParameterError for a policy that does not exist."""
    choice("missing", missing, ("dimension_complete", "half", "listwise"))


def measures(answers: Answers) -> tuple[str, ...]:
    """How each dimension is scored. Expectation, perception and gap are over the same answers; servperf over all."""
    compared = _COMPARED if answers.scale.standard == "expectation" else ()
    weighted = (f"weighted_{kind}" for kind in (*compared[-1:], *_ALONE)) if answers.importance else ()
    return (*compared, *_ALONE, *(_IMPORTANT if answers.importance else ()), *weighted)


def scored(answers: Answers, missing: Missing) -> pl.LazyFrame:
    """The frame with a column `measure_dimension` for each score, and `measure_overall`; a score that is not known is null.

    Each step is a column of its own, so that the engine adds up no item twice.
    """
    dimensions = answers.scale.dimensions
    own = half if missing == "half" else complete
    perceived = {d: [answers.answer("perception", item) for item in items] for d, items in dimensions.items()}
    frame = answers.frame.with_columns(own(perceived[d]).alias(f"servperf_{d}") for d in dimensions)
    kinds = [kind for kind in measures(answers) if kind in _SCORES]
    if "gap" in kinds:
        expected = {d: [answers.answer("expectation", item) for item in items] for d, items in dimensions.items()}
        frame = _compared_half(frame, expected, perceived) if missing == "half" else _compared(frame, expected)
    if missing == "listwise":
        frame = frame.with_columns(
            pl.when(all_known(kind, dimensions)).then(f"{kind}_{d}").alias(f"{kind}_{d}")
            for kind in kinds
            for d in dimensions
        )
    frame = frame.with_columns(complete(_each(kind, dimensions)).alias(f"{kind}_{OVERALL}") for kind in kinds)
    return _weighted(frame, answers) if answers.importance else frame


def by_item(answers: Answers) -> Answers:
    """The same answers with each item for a dimension of its own."""
    scale = answers.scale
    return replace(answers, scale=replace(scale, dimensions={item: (item,) for item in scale.scored}), importance={})


def _compared(frame: pl.LazyFrame, expected: Items) -> pl.LazyFrame:
    """The frame with expectation, perception and gap for who answered all items of a dimension in both roles."""
    frame = frame.with_columns(complete(items).alias(f"expectation_{d}") for d, items in expected.items())
    frame = frame.with_columns(
        (pl.col(f"servperf_{d}") - pl.col(f"expectation_{d}")).alias(f"gap_{d}") for d in expected
    )
    return frame.with_columns(
        pl.when(pl.col(f"gap_{d}").is_not_null()).then(score).alias(f"{kind}_{d}")
        for d in expected
        for kind, score in (("expectation", f"expectation_{d}"), ("perception", f"servperf_{d}"))
    )


def _compared_half(frame: pl.LazyFrame, expected: Items, perceived: Items) -> pl.LazyFrame:
    """The frame with expectation, perception and gap on the items answered in both roles, if they are at least half."""
    pairs = {d: [e + p for e, p in zip(expected[d], perceived[d], strict=True)] for d in expected}
    frame = frame.with_columns(
        half(items[d], pairs[d]).alias(f"{kind}_{d}")
        for d in expected
        for kind, items in (("expectation", expected), ("perception", perceived))
    )
    return frame.with_columns(
        (pl.col(f"perception_{d}") - pl.col(f"expectation_{d}")).alias(f"gap_{d}") for d in expected
    )


def complete(terms: Sequence[pl.Expr]) -> pl.Expr:
    """Mean of terms that are all known; null if one is not."""
    return reduce(add, terms) / len(terms)


def half(terms: Sequence[pl.Expr], known: Sequence[pl.Expr] | None = None) -> pl.Expr:
    """Mean of the terms that are known, if at least half of them are."""
    present = [term.is_not_null() for term in (terms if known is None else known)]
    n = pl.sum_horizontal(present).cast(pl.Int64)
    total = pl.sum_horizontal(pl.when(is_known).then(term) for term, is_known in zip(terms, present, strict=True))
    return pl.when(2 * n >= len(terms)).then(total / n)


def _weighted(frame: pl.LazyFrame, answers: Answers) -> pl.LazyFrame:
    """The frame with importance, and what it does to gap and perception."""
    dimensions = answers.scale.dimensions
    points = {dimension: column(name).cast(pl.Float64) for dimension, name in answers.importance.items()}
    total = reduce(add, points.values())  # null if a dimension was given none
    frame = frame.with_columns((points[d] / total).alias(f"importance_{d}") for d in dimensions)
    kinds = [kind.removeprefix("weighted_") for kind in measures(answers) if kind.startswith("weighted_")]
    frame = frame.with_columns(
        (pl.col(f"importance_{d}") * pl.col(f"{kind}_{d}")).alias(f"weighted_{kind}_{d}")
        for kind in kinds
        for d in dimensions
    )
    return frame.with_columns(
        reduce(add, _each(f"weighted_{kind}", dimensions)).alias(f"weighted_{kind}_{OVERALL}") for kind in kinds
    )


def _each(kind: str, dimensions: Iterable[str]) -> list[pl.Expr]:
    return [pl.col(f"{kind}_{dimension}") for dimension in dimensions]


def all_known(kind: str, dimensions: Iterable[str]) -> pl.Expr:
    """Row rule: the respondent has this score in all dimensions."""
    return pl.all_horizontal(score.is_not_null() for score in _each(kind, dimensions))
