"""Fair comparison of many agents, teams or channels: funnels, shrinkage, and ranks with their limits."""

# Of thirty identical agents one is nearly always two standard errors off. A funnel shows who is further off than is likely
# among so many; shrinkage pulls small units to the mean; a rank comes with the range of ranks that chance allows.

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from servicequality import stats
from servicequality.checks import choice, column, confidence_level, holds_numbers, shown, values_of
from servicequality.core import Computation, names_of, of_frame, require_columns
from servicequality.errors import InputError, ParameterError
from servicequality.model import as_frame

__all__ = ["funnel", "ranks", "shrink"]

By = str | Sequence[str]
Numbers = NDArray[np.float64]

_FUNNEL: dict[str, pl.DataType] = {
    **dict.fromkeys(("z", "centre", "low", "high"), pl.Float64()),
    "outside": pl.String(),
    "phi": pl.Float64(),
    "reason": pl.String(),
}
_SHRUNKEN: dict[str, pl.DataType] = {
    **dict.fromkeys(("estimate", "low", "high", "mean", "concentration"), pl.Float64()),
    "reason": pl.String(),
}
_RANKED: dict[str, pl.DataType] = {
    **dict.fromkeys(("rank", "rank_low", "rank_high"), pl.Float64()),
    "reason": pl.String(),
}


@of_frame
def funnel(units: Any, value: str = "value", n: str = "n", *, by: By, level: float = 0.998) -> Computation:
    """Funnel plot as a frame: each unit's share with the limits that one common share would give it (Spiegelhalter 2005).

    Limits are widened by sqrt(max(1, phi)), where phi is the mean of z squared: units that differ as all do are not outliers.

    Args:
        units: any dataframe (lazy in, lazy out), one row a unit; what `evaluate` returns for a share by agent will do.
        value: column of the shares, from 0 to 1; null where a unit has none.
        n: column of the rows that each share is of.
        by: the columns that name a unit.
        level: two-sided level; 0.998 leaves one false alarm in five hundred units.

    Returns:
        Columns `by…, value, n, z, centre, low, high, outside, phi, reason`, sorted by the unit. `outside` is "above",
        "below" or null; `reason` says why there are no limits.

    Raises:
        InputError: a column is missing, shares lie outside 0 to 1, or a unit stands twice.
        ParameterError: a level outside (0, 1).
    """
    confidence_level(level)
    table = _Units(units, [value, n], by)
    return table.answer(lambda: _funnel(table, value, n, level), _FUNNEL)


def _funnel(table: "_Units", value: str, n: str, level: float) -> pl.DataFrame:
    rows, share, size = _shares(table, value, n)
    sized, lines = size > 0, len(size)
    z, low, high, centre, phi = np.full((5, lines), np.nan)
    reason = _where(~sized, "no rows")
    try:
        limits = stats.funnel(share[sized] * size[sized], size[sized], level=level)
    except ParameterError as error:
        reason[sized] = str(error)
    else:
        z[sized], low[sized], high[sized] = limits.z, limits.low, limits.high
        centre[sized], phi[sized] = limits.centre, limits.phi
    outside = np.full(lines, None, dtype=object)
    with np.errstate(invalid="ignore"):
        outside[share > high], outside[share < low] = "above", "below"
    return _with(
        rows.select(map(column, (*table.keys, value, n))),
        {"z": z, "centre": centre, "low": low, "high": high},
        pl.Series("outside", outside.tolist(), dtype=pl.String),
        pl.Series("phi", phi, nan_to_null=True),
        pl.Series("reason", reason.tolist(), dtype=pl.String),
    )


@of_frame
def shrink(units: Any, value: str = "value", n: str = "n", *, by: By, level: float = 0.95) -> Computation:
    """Each unit's share shrunk towards the mean, the more the fewer its rows (beta-binomial, Griffiths 1973).

    Args:
        units: as for `funnel`.
        value: as for `funnel`.
        n: as for `funnel`.
        by: as for `funnel`.
        level: level of the limits, which take the two fitted parameters as known.

    Returns:
        Columns `by…, value, n, estimate, low, high, mean, concentration, reason`, sorted by the unit. `mean` is that of the
        units' true shares, and the prior counts as `concentration` rows (null where the units do not differ at all). A unit
        without rows is estimated by the mean.

    Raises:
        InputError: as for `funnel`.
        ParameterError: a level outside (0, 1).
    """
    confidence_level(level)
    table = _Units(units, [value, n], by)
    return table.answer(lambda: _shrink(table, value, n, level), _SHRUNKEN)


def _shrink(table: "_Units", value: str, n: str, level: float) -> pl.DataFrame:
    rows, share, size = _shares(table, value, n)
    sized = size > 0
    estimate, low, high, mean, strength = np.full((5, len(size)), np.nan)
    reason = np.full(len(size), None, dtype=object)
    try:
        shrunk = stats.shrink(share[sized] * size[sized], size[sized], level=level)
    except ParameterError as error:
        reason[:] = str(error)
    else:
        estimate[:] = mean[:] = shrunk.mean
        strength[:] = shrunk.concentration if np.isfinite(shrunk.concentration) else np.nan
        estimate[sized], low[sized], high[sized] = shrunk.estimates, shrunk.low, shrunk.high
        reason[~sized] = "no rows: the mean of the others is used"
    return _with(
        rows.select(map(column, (*table.keys, value, n))),
        {"estimate": estimate, "low": low, "high": high, "mean": mean, "concentration": strength},
        pl.Series("reason", reason.tolist(), dtype=pl.String),
    )


@of_frame
def ranks(
    units: Any,
    value: str = "value",
    low: str = "low",
    high: str = "high",
    *,
    by: By,
    best: Literal["highest", "lowest"] = "highest",
    level: float = 0.95,
    seed: int = 0,
) -> Computation:
    """Ranks with the range of ranks that chance allows, from estimates with limits (Goldstein & Spiegelhalter 1996).

    Give it shrunken estimates: raw ones put the smallest units at both ends.

    Args:
        units: any dataframe (lazy in, lazy out), one row a unit; what `shrink` or `evaluate` returns will do.
        value: column of the estimates; null is unranked.
        low: column of their lower limits.
        high: column of their upper limits.
        by: the columns that name a unit.
        best: which end has rank 1.
        level: level of the limits given, and of those of the rank.
        seed: of the draws; the same seed gives the same ranks.

    Returns:
        Columns `by…, value, rank, rank_low, rank_high, reason`, sorted by rank. `rank` is the mean over the draws.

    Raises:
        InputError: a column is missing, a unit stands twice, or limits do not hold their estimate.
        ParameterError: an unknown `best`, or a level outside (0, 1).
    """
    choice("best", best, ("highest", "lowest"))
    confidence_level(level)
    table = _Units(units, [value, low, high], by)
    return table.answer(lambda: _ranks(table, (value, low, high), best, level, seed), _RANKED, kept=1)


def _ranks(
    table: "_Units", columns: tuple[str, str, str], best: Literal["highest", "lowest"], level: float, seed: int
) -> pl.DataFrame:
    keys, rows, (value, low, high) = table.keys, table.read(), columns
    estimate, below, above = (rows[name].cast(pl.Float64).to_numpy() for name in (value, low, high))
    complete = np.isfinite(estimate) & np.isfinite(below) & np.isfinite(above)
    astray = complete & ((below > estimate) | (estimate > above))
    if astray.any():
        raise InputError(
            f"columns {low!r} and {high!r}: limits that do not hold {value!r} in {astray.sum()} units, such as "
            f"{_units(rows.filter(pl.Series(astray)), [*keys, value, low, high])}; check that these are limits of that column"
        )
    middle, first, last = np.full((3, len(estimate)), np.nan)
    sign = 1.0 if best == "highest" else -1.0
    ends = (below, above) if best == "highest" else (-above, -below)
    middle[complete], first[complete], last[complete] = stats.rank_chances(
        sign * estimate[complete], ends[0][complete], ends[1][complete], level=level, seed=seed
    )
    reason = pl.Series("reason", _where(~complete, "no estimate with limits").tolist(), dtype=pl.String)
    ranked = _with(
        rows.select(map(column, (*keys, value))), {"rank": middle, "rank_low": first, "rank_high": last}, reason
    )
    return ranked.sort("rank", *map(column, keys), nulls_last=True)


class _Units:
    """The units of a call: their keys and columns, checked."""

    def __init__(self, units: Any, columns: Sequence[str], by: By) -> None:
        self.keys, self.columns = names_of(by), list(columns)
        if not self.keys:
            raise ParameterError("by names the columns that tell one unit from another, such as by='agent_id'")
        self._frame = as_frame(units)
        self._schema = self._frame.lazy().collect_schema()
        require_columns(self._schema, [*self.keys, *columns], role="units")
        named = [*self.keys, *columns]
        if twice := [name for name in named if named.count(name) > 1]:
            raise ParameterError(f"column {shown(twice[0])} is named twice in the call")
        if texts := [name for name in columns if not holds_numbers(self._schema[name])]:
            raise InputError(
                f"column {shown(texts[0])} holds {self._schema[texts[0]]}, expected numbers; cast it first"
            )

    def read(self) -> pl.DataFrame:
        """The units, sorted by their keys.

        Raises:
            InputError: a unit stands twice.
        """
        frame: pl.DataFrame = self._frame.lazy().collect()
        own = list(map(column, self.keys))
        twice = frame.select(pl.struct(own).is_duplicated()).to_series()
        if twice.any():
            raise InputError(
                f"by={self.keys}: units that occur more than once, such as {_units(frame.filter(twice), self.keys)}; "
                "choose one metric and one period, or name them in by= as well"
            )
        return frame.sort(own)

    def answer(
        self, compute: Callable[[], pl.DataFrame], figures: Mapping[str, pl.DataType], *, kept: int = 2
    ) -> Computation:
        """What `compute` gives: the keys, so many of the columns as they are, and the figures."""
        own = {name: self._schema[name] for name in (*self.keys, *self.columns[:kept])}
        return Computation(compute, lambda: {**own, **figures})


def _shares(table: _Units, value: str, n: str) -> tuple[pl.DataFrame, Numbers, Numbers]:
    rows = table.read()
    bad = rows.filter(
        (column(value) < 0) | (column(value) > 1) | (column(n) < 0) | ~column(n).cast(pl.Float64).is_finite()
    )
    if bad.height:
        raise InputError(
            f"columns {value!r} and {n!r}: {bad.height} units that are not shares of rows, such as "
            f"{_units(bad, [*table.keys, value, n])}; give shares from 0 to 1; divide percentages by 100"
        )
    size = rows[n].alias("n").cast(pl.Float64).fill_null(0.0).to_numpy()
    share = rows[value].cast(pl.Float64).to_numpy()
    return rows, share, np.where(np.isfinite(share), size, 0.0)


def _units(rows: pl.DataFrame, columns: Sequence[str]) -> str:
    """Some units as a message shows them, column by column."""
    return "; ".join(f"{shown(name)} {values_of(rows[name], 3)}" for name in dict.fromkeys(columns))


def _where(holds: NDArray[np.bool_], text: str) -> NDArray[np.object_]:
    """The text where it holds, and None elsewhere."""
    texts = np.full(len(holds), None, dtype=object)
    texts[holds] = text
    return texts


def _with(rows: pl.DataFrame, figures: dict[str, Numbers], *columns: pl.Series) -> pl.DataFrame:
    return rows.with_columns(
        *(pl.Series(name, numbers, nan_to_null=True) for name, numbers in figures.items()), *columns
    )
