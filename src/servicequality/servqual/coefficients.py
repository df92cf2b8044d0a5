"""From kernels to tidy tables: which groups can have a coefficient, and the rows of a table."""

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias, cast

import numpy as np
import polars as pl
from numpy.typing import NDArray

from servicequality.checks import confidence_level
from servicequality.errors import ParameterError, ServiceQualityWarning
from servicequality.servqual.layout import Columns
from servicequality.servqual.scale import Scale
from servicequality.servqual.sums import ItemSums, Measure, sums_of
from servicequality.stats import CrossProducts

__all__ = [
    "END",
    "LIMITS",
    "Answer",
    "Reasons",
    "ask",
    "chosen_measures",
    "counts",
    "covariances_of",
    "dimension_means",
    "each",
    "joined",
    "rows",
]

END: dict[str, pl.DataType] = {"n": pl.Int64(), "n_missing": pl.Int64(), "reason": pl.String(), "notes": pl.String()}
"""The last columns of every table."""
LIMITS: dict[str, pl.DataType] = {
    **dict.fromkeys(("value", "low", "high", "level"), pl.Float64()),
    "method": pl.String(),
    **END,
}
"""The columns of a value with limits."""

Reasons: TypeAlias = NDArray[np.object_]
"""Why a group has no answer; empty where it has one."""
Answer: TypeAlias = tuple[NDArray[np.float64], Reasons]
"""A value a group (more axes may follow), NaN where the reason says why."""


def chosen_measures(sums: ItemSums, measures: Measure | Sequence[Measure] | None) -> tuple[Measure, ...]:
    """The requested measures, or all that the instrument has.

    Raises:
        ParameterError: one that it does not have.
    """
    if measures is None:
        return sums.measures
    names = cast("tuple[Measure, ...]", (measures,) if isinstance(measures, str) else tuple(measures))
    if unknown := [name for name in names if name not in sums.measures]:
        raise ParameterError(f"measures: {sums.scale.name} has no {unknown[0]!r}; it has {', '.join(sums.measures)}")
    return names


def ask(
    answers: Any,
    scale: Scale | None,
    expectation: Columns,
    perception: Columns,
    by: str | Sequence[str],
    measures: Measure | Sequence[Measure] | None,
    level: float,
) -> tuple[ItemSums, tuple[Measure, ...]]:
    """What every table starts from: the sums, and the requested measures."""
    confidence_level(level)
    sums = sums_of(answers, scale, expectation=expectation, perception=perception, by=by)
    return sums, chosen_measures(sums, measures)


def covariances_of(cross_products: CrossProducts) -> Answer:
    """Covariances by group; NaN for groups of fewer than two respondents, with the reason."""
    enough = cross_products.n >= 2
    values = np.full(cross_products.products.shape, np.nan)
    if enough.any():
        values[enough] = CrossProducts(
            cross_products.n[enough], cross_products.sums[enough], cross_products.products[enough]
        ).covariance()
    few = np.where(cross_products.n == 0, "nobody answered all items", "one respondent has no spread")
    return values, np.where(enough, "", few).astype(object)


def each(kernel: Callable[..., Any], covariance: NDArray[np.float64], reasons: Reasons, *more: NDArray[Any]) -> Answer:
    """A kernel's answer for each group that can have one; a group that it refuses gets the kernel's reason.

    Args:
        kernel: takes a stack of covariances, and stacks of what else it needs.
        covariance: shape (groups, k, k).
        reasons: groups that have one are left out.
        more: what else the kernel needs, by group.
    """
    why, able = reasons.copy(), reasons == ""
    with warnings.catch_warnings():  # what is to be read with care stands in `notes`
        warnings.simplefilter("ignore", ServiceQualityWarning)
        try:
            got = [np.asarray(kernel(covariance[able], *(x[able] for x in more)), dtype=np.float64)]
        except ParameterError:
            got = []
            for group in np.flatnonzero(able):
                try:
                    one = kernel(covariance[group : group + 1], *(x[group : group + 1] for x in more))
                    got.append(np.asarray(one, dtype=np.float64))
                except ParameterError as error:
                    able[group], why[group] = False, str(error)
    if not got:
        return np.full(len(why), np.nan), why
    parts = np.concatenate(got)
    values = np.full((len(why), *parts.shape[1:]), np.nan)
    values[able] = parts
    return values, why


def rows(sums: ItemSums, parts: Iterable[Mapping[str, Any]], schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """A tidy table of parts, each of which has a value or one for all a group; NaN and empty texts become null.

    The rows are sorted by the keys, and within a group are in the order of the parts.
    """
    given = list(parts)
    # One column of all parts at a time, group by group: frames are too dear to be made for every part.
    columns = {
        name: _column([np.broadcast_to(part[name], (sums.n_groups,)) for part in given], dtype)
        for name, dtype in schema.items()
    }
    table = pl.DataFrame(columns, schema=pl.Schema(schema))
    if not sums.keys:
        return table
    keys = sums.groups.select(pl.all().repeat_by(len(given)).explode())
    return pl.concat([keys, table], how="horizontal")


def _column(parts: Sequence[NDArray[Any]], dtype: pl.DataType) -> pl.Series:
    whole = np.stack(parts, axis=1).ravel() if parts else np.zeros(0)
    if dtype == pl.String():
        return pl.Series([str(text) if text else None for text in whole.tolist()], dtype=pl.String())
    series = pl.Series(whole)
    return (series.fill_nan(None) if series.dtype.is_float() else series).cast(dtype)


def counts(cross_products: CrossProducts, every: np.ndarray) -> dict[str, Any]:
    """Who counts by group, and who could not."""
    return {"n": cross_products.n.astype(np.int64), "n_missing": (every - cross_products.n).astype(np.int64)}


def joined(reasons: dict[str, Reasons]) -> Reasons:
    """One text a group: a reason that all share once, others with the names of what they undo."""
    texts = []
    for given in zip(*reasons.values(), strict=True):
        named: dict[str, list[str]] = {}
        for name, why in zip(reasons, given, strict=True):
            if why:
                named.setdefault(why, []).append(name)
        shared = [why for why, names in named.items() if len(names) == len(reasons)]
        texts.append("; ".join(shared or [f"{', '.join(names)}: {why}" for why, names in named.items()]))
    return np.array(texts, dtype=object)


def dimension_means(scale: Scale) -> NDArray[np.float64]:
    """The dimensions as means of all scored items in their order, shape (dimensions, items)."""
    sizes = np.array([len(items) for items in scale.dimensions.values()])
    return np.asarray(np.repeat(np.eye(sizes.size), sizes, axis=1) / sizes[:, None])
