"""How people answered: straight lines, and answers at the ends of the scale."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from servicequality import stats
from servicequality.core import Computation, of_frame
from servicequality.errors import ParameterError
from servicequality.servqual.coefficients import LIMITS, Reasons, ask, rows
from servicequality.servqual.layout import Columns
from servicequality.servqual.scale import Scale
from servicequality.servqual.sums import ItemSums, Measure, cell, item_answers, roles_of

__all__ = ["end_shares", "response_quality"]

_QUALITY = {"figure": pl.String(), "item": pl.String(), "role": pl.String(), **LIMITS}


@of_frame
def response_quality(
    answers: Any,
    scale: Scale | None = None,
    *,
    expectation: Columns = "E",
    perception: Columns = "P",
    by: str | Sequence[str] = (),
    level: float = 0.95,
) -> Computation:
    """Signs of how people answered: straight lines, and answers at the ends of the scale, as shares with Wilson's limits.

    `straight_lined`: gave the same answer to every item of a role, as it was given, before any reversal; of who answered
    all. With negative items such a respondent contradicts himself; without, it may be an honest opinion. `floor` and
    `ceiling`: answers of an item at the lower and the upper end, turned where the scale says so; of who answered the item.

    An item that nobody answered within a point of where others of its role reach has a note: it may have been asked on a
    shorter scale, which bounds alone cannot tell.

    Args:
        answers: any dataframe, one row a respondent; or `item_sums` that were not merged.
        scale: the instrument, unless `answers` are sums.
        expectation: where the expectations stand, as in `score`.
        perception: where the perceptions stand, as in `score`.
        by: key columns.
        level: confidence level of the limits.

    Returns:
        Keys, `figure item role value low high level method n n_missing reason notes`; `item` is null for straight lines.
        Lazy for lazy answers.

    Raises:
        InputError: a column is missing, or answers lie outside the scale (lazy: at collect).
        ParameterError: a map or an option does not fit; merged sums, which have no answers.
    """
    sums, _ = ask(answers, scale, expectation, perception, by, None, level)
    if sums.answers is None:
        raise ParameterError("merged sums do not know how people answered: give the answers")

    def parts() -> Iterator[dict[str, Any]]:
        counted = _counted(sums)
        every = counted["rows"].to_numpy()
        short = _short(sums.scale, counted)
        for figure, item, role in _figures(sums.scale):
            name = _figure(figure, item, role)
            hits, n = (counted[f"{name}:{kind}"].to_numpy().astype(np.float64) for kind in ("hits", "n"))
            answered = n > 0
            value, low, high = (np.full(n.shape, np.nan) for _ in range(3))
            value[answered] = hits[answered] / n[answered]
            low[answered], high[answered] = stats.wilson(hits[answered], n[answered], level=level)
            yield {
                "figure": figure, "item": item, "role": role, "value": value, "low": low, "high": high,
                "level": np.where(answered, level, np.nan), "method": np.where(answered, "Wilson", "none"), "n": n,
                "n_missing": every - n, "reason": np.where(answered, "", "nobody answered"),
                "notes": short.get((item, role), "") if figure == "ceiling" else "",
            }  # fmt: skip

    return sums.table(lambda: rows(sums, parts(), _QUALITY), _QUALITY)


def end_shares(
    sums: ItemSums, measures: Iterable[Measure]
) -> dict[tuple[Measure, str], tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Floor and ceiling of each item by measure and dimension, shape (groups, items), of who answered the whole dimension.

    A gap has no end of the scale, and merged sums have no answers: they are left out.
    """
    if sums.answers is None:
        return {}
    turned = dict(zip(_cells(sums.scale), item_answers(sums.answers), strict=True))
    expressions: list[pl.Expr] = []
    blocks = [(measure, name) for measure in measures if measure != "gap" for name in sums.scale.dimensions]
    for measure, name in blocks:
        role, sides = ("perception", ("perception",)) if measure == "servperf" else (measure, roles_of(sums.scale))
        items = sums.scale.dimensions[name]
        known = pl.all_horizontal(turned[cell(side, item)].is_not_null() for side in sides for item in items)
        expressions += [
            ((turned[cell(role, item)] == end) & known).sum().cast(pl.Int64).alias(f"{measure}:{name}:{item}:{end}")
            for end in _ends(sums.scale)
            for item in items
        ]
        expressions.append(known.sum().cast(pl.Int64).alias(f"{measure}:{name}:n"))
    counted = _collected(sums, expressions)
    shares: dict[tuple[Measure, str], tuple[NDArray[np.float64], NDArray[np.float64]]] = {}
    for measure, name in blocks:
        n = counted[f"{measure}:{name}:n"].to_numpy().astype(np.float64)[:, None]
        floor, ceiling = (
            counted.select(f"{measure}:{name}:{item}:{end}" for item in sums.scale.dimensions[name]).to_numpy()
            for end in _ends(sums.scale)
        )
        with np.errstate(invalid="ignore"):  # of nobody there is no share
            shares[measure, name] = floor / n, ceiling / n
    return shares


def _ends(scale: Scale) -> tuple[float, float]:
    return scale.low, scale.high


def _short(scale: Scale, counted: pl.DataFrame) -> dict[tuple[str, str], Reasons]:
    """By group, what is to be said of items that nobody answered nearly as high, as given, as others of their role.

    One point short is chance as often as not.
    """
    notes: dict[tuple[str, str], Reasons] = {}
    for role in roles_of(scale) if scale.whole else ():
        names = [f"{cell(role, item)}:most" for item in scale.scored]
        reach = counted.select(pl.max_horizontal(names)).to_series()
        for item, name in zip(scale.scored, names, strict=True):
            note = pl.format(
                "no answer above {}, where other items reach {}: was it asked on another scale?", name, reach
            )
            told = counted.select(pl.when(pl.col(name) <= reach - 2).then(note).otherwise(pl.lit("")))
            notes[item, role] = told.to_series().to_numpy()
    return notes


def _figures(scale: Scale) -> Iterator[tuple[str, str, str]]:
    """Each figure, its item (none for straight lines) and role, in the order of the table."""
    for role in roles_of(scale):
        yield "straight_lined", "", role
    for role in roles_of(scale):
        for item in scale.scored:
            yield "floor", item, role
            yield "ceiling", item, role


def _figure(figure: str, item: str, role: str) -> str:
    return f"{cell(role, item)}:{figure}"


def _counted(sums: ItemSums) -> pl.DataFrame:
    """Hits and answers of every figure, one row a group, in one scan."""
    scale, answers = sums.scale, sums.answers
    assert answers is not None  # the caller refused merged sums
    turned = dict(zip(_cells(scale), item_answers(answers), strict=True))
    expressions: list[pl.Expr] = [pl.len().cast(pl.Int64).alias("rows")]
    count: Callable[[pl.Expr], pl.Expr] = lambda mask: mask.sum().cast(pl.Int64)  # noqa: E731  (a name for one line)
    for figure, item, role in _figures(scale):
        name = _figure(figure, item, role)
        if figure == "straight_lined":
            given = [pl.col(answers.columns[role][one]) for one in scale.scored]
            known = pl.all_horizontal(one.is_not_null() for one in given)
            line = known & (pl.max_horizontal(given) == pl.min_horizontal(given))
        else:
            answer = turned[cell(role, item)]
            known = answer.is_not_null()
            line = answer == (scale.low if figure == "floor" else scale.high)
        expressions += [count(line).alias(f"{name}:hits"), count(known).alias(f"{name}:n")]
    number = pl.Int64 if scale.whole else pl.Float64
    for role in roles_of(scale):
        given = [pl.col(answers.columns[role][item]) for item in scale.scored]
        expressions += [
            answer.max().cast(number, strict=False).alias(f"{cell(role, item)}:most")
            for item, answer in zip(scale.scored, given, strict=True)
        ]
    return _collected(sums, expressions)


def _collected(sums: ItemSums, expressions: Sequence[pl.Expr]) -> pl.DataFrame:
    """What is asked of the answers, one row a group."""
    assert sums.answers is not None  # merged sums were left out
    frame, keys = sums.answers.frame, list(sums.keys)
    if not keys:
        return frame.select(expressions).collect(engine="streaming")
    return frame.group_by(keys).agg(expressions).sort(keys, nulls_last=True).collect(engine="streaming")


def _cells(scale: Scale) -> list[str]:
    return [cell(role, item) for role in roles_of(scale) for item in scale.scored]
