"""How often an answer after is above one before, for ordered answers without distances."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from servicequality.checks import column as column_of
from servicequality.checks import confidence_level, holds_numbers
from servicequality.comparison.sides import SIDES, with_shared_keys
from servicequality.core import Computation, Grouping, of_frames, require_columns, shared_type
from servicequality.errors import InputError, ParameterError
from servicequality.model import as_frame
from servicequality.stats import brunner_munzel

_FIGURES = ("superiority", "low", "high", "se", "p_value")


@of_frames
def superiority(
    before: Any, after: Any, column: str, *, by: str | Sequence[str] = (), level: float = 0.95
) -> Computation:
    """The probability that an answer from after lies above one from before, ties counting half (Brunner and Munzel 2000).

    One half means no change. It assumes nothing about the distances between answers, and no equal spread.

    Args:
        before: any dataframe; a lazy side makes a lazy answer.
        after: the other side.
        column: the answers: finite numbers; null is not an answer.
        by: key columns.
        level: two-sided confidence.

    Returns:
        `by…, superiority, low, high, se, p_value, n_before, n_after, reason`, sorted by keys.

    Raises:
        InputError: a column is missing, or holds what is no finite number.
        ParameterError: by names the column itself, or a level outside (0, 1).
    """
    confidence_level(level)
    keys = list(Grouping.of(by=by, every=None, at=None, timezone=None, weight=None, cluster=None).by)
    if column in keys:
        raise ParameterError(f"by names {column!r}, whose answers are compared")
    frames = [as_frame(side).lazy() for side in (before, after)]
    schemas = [frame.collect_schema() for frame in frames]
    for label, schema in zip(SIDES, schemas, strict=True):
        require_columns(schema, [column, *keys], role=label)
        if not holds_numbers(schema[column]):
            raise InputError(f"column {column!r} holds {schema[column]} {label}, expected numbers")

    # Inside, keys have names that are not patterns and that no other column has.
    inside = {f"key:{key}": key for key in keys}

    def answer() -> pl.DataFrame:
        lists: list[pl.DataFrame] = []
        for label, frame in zip(SIDES, with_shared_keys(frames, keys), strict=True):
            number = column_of(column).cast(pl.Float64)
            own = [column_of(key).alias(name) for name, key in inside.items()]
            rows = frame.filter(number.is_not_null()).select(*own, number.alias(label))
            small = (rows.group_by(list(inside)).agg(label) if keys else rows.select(pl.col(label).implode())).collect()
            if not small[label].explode(empty_as_null=False).is_finite().all():
                raise InputError(
                    f"column {column!r} has NaN or infinite answers {label}; declare them missing as nulls"
                )
            lists.append(small)
        return _ranked(lists, list(inside), level).rename(inside)

    own = {
        **dict.fromkeys(_FIGURES, pl.Float64()),
        **dict.fromkeys((f"n_{label}" for label in SIDES), pl.Int64()),
        "reason": pl.String(),
    }
    types = {key: shared_type([schema[key] for schema in schemas]) or schemas[0][key] for key in keys}
    if taken := [key for key in keys if key in own]:
        raise ParameterError(f"by names {taken[0]!r}, which is a column of the answer; rename the frame's column")
    return Computation(answer, lambda: {**types, **own})


def _ranked(lists: Sequence[pl.DataFrame], keys: list[str], level: float) -> pl.DataFrame:
    """The answers of both sides, a list a group, against each other."""
    if keys:
        both = lists[0].join(lists[1], on=keys, how="full", coalesce=True, nulls_equal=True).sort(keys, nulls_last=True)
    else:
        both = pl.concat(lists, how="horizontal")
    both = both.with_columns(pl.col(label).fill_null([]) for label in SIDES)
    figures, reasons = np.full((len(_FIGURES), both.height), np.nan), []
    (first, x), (second, y) = (_end_to_end(both[label]) for label in SIDES)
    for group in range(both.height):
        a, b = x[first[group] : first[group + 1]], y[second[group] : second[group + 1]]
        reasons.append(None if len(a) > 1 and len(b) > 1 else "fewer than two answers on a side")
        if reasons[-1] is None:
            test = brunner_munzel(a, b, level=level)
            figures[:, group] = test.probability, test.low, test.high, test.se, test.p
    return pl.concat(
        [
            both.select(keys),
            pl.DataFrame(
                [pl.Series(name, part, nan_to_null=True) for name, part in zip(_FIGURES, figures, strict=True)]
            ),
            both.select(pl.col(label).list.len().cast(pl.Int64).alias(f"n_{label}") for label in SIDES),
            pl.DataFrame([pl.Series("reason", reasons, pl.String)]),
        ],
        how="horizontal",
    )


def _end_to_end(lists: pl.Series) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Where each list begins and ends, and their numbers one list after the other."""
    lengths = lists.list.len().cast(pl.Int64).to_numpy()
    return np.concatenate(([0], np.cumsum(lengths))), lists.explode(empty_as_null=False).to_numpy(writable=True)
