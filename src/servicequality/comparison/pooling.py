"""Like compared with like, stratum by stratum, and pooled (Mantel-Haenszel). Never here: one mix for all (`mix`)."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl

from servicequality.comparison.mix import named_keys
from servicequality.comparison.sides import SIDES, read_sides
from servicequality.comparison.simpson import warning
from servicequality.core import Computation, Grouping, Metric, key_types, of_frames
from servicequality.errors import ParameterError
from servicequality.shapes import Attainment, Share
from servicequality.stats import mantel_haenszel as pool_tables

_POOLED: dict[str, pl.DataType] = {
    **dict.fromkeys(("change", "low", "high", "crude_change", "odds_ratio", "odds_low", "odds_high"), pl.Float64()),
    "n_strata": pl.Int64(),
    "reason": pl.String(),
    "notes": pl.String(),
}


@of_frames
def mantel_haenszel(
    before: Any,
    after: Any,
    metric: Metric,
    *,
    over: str | Sequence[str],
    by: str | Sequence[str] = (),
    level: float = 0.95,
) -> Computation:
    """The change of a share within strata, pooled: like compared with like (Mantel and Haenszel 1959).

    Args:
        before: any dataframe; a lazy side makes a lazy answer.
        after: the other side.
        metric: a share.
        over: the strata within which the sides are compared. A stratum with rows on one side only tells nothing.
        by: key columns; each group has its own pooled change.
        level: two-sided confidence.

    Returns:
        A row a group: `by…, metric, change, low, high, crude_change, odds_ratio, odds_low, odds_high, n_strata, reason,
        notes`; `change` is after - before.

    Raises:
        InputError: a column is missing, or rows lie outside their domain.
        ParameterError: the metric is not a share, or by and over share a column.
    """
    keys, strata = named_keys(by, "by") if by else [], named_keys(over, "over")
    if both := set(keys) & set(strata):
        raise ParameterError(f"by and over both name {sorted(both)}: a column is either compared or adjusted for")
    if not isinstance(metric.shape, Share | Attainment):
        raise ParameterError(f"{metric.name}: Mantel and Haenszel pool shares; for other figures use standardise")
    grouping = Grouping.of(by=[*keys, *strata], every=None, at=None, timezone=None, weight=None, cluster=None)

    def answer() -> pl.DataFrame:
        (sides,) = read_sides(before, after, [metric], grouping=grouping, level=level)
        hits = "hits" if isinstance(metric.shape, Share) else "met"
        counts = [np.nan_to_num(sides.column(f"sum {leaf}", label)) for label in SIDES[::-1] for leaf in (hits, "n")]
        groups = sides.rows.select(keys).unique(maintain_order=True) if keys else pl.DataFrame({"": [0]})
        lengths = sides.rows.group_by(keys, maintain_order=True).len()["len"].to_list() if keys else [sides.rows.height]
        bounds, rows = np.cumsum([0, *lengths]), []
        for start, end in pairwise(bounds):
            part = [count[start:end] for count in counts]
            pooled = pool_tables(*part, level=level)
            k1, n1, k0, n0 = part
            within = np.divide(k1, n1, out=np.full_like(k1, np.nan), where=n1 > 0)
            within -= np.divide(k0, n0, out=np.full_like(k0, np.nan), where=n0 > 0)
            crude = k1.sum() / n1.sum() - k0.sum() / n0.sum() if n1.sum() and n0.sum() else np.nan
            numbers = {
                "change": pooled.difference,
                "low": pooled.difference_low,
                "high": pooled.difference_high,
                "crude_change": crude,
                "odds_ratio": pooled.odds_ratio,
                "odds_low": pooled.odds_low,
                "odds_high": pooled.odds_high,
            }
            row: dict[str, Any] = {name: float(x) if np.isfinite(x) else None for name, x in numbers.items()}
            row |= {"n_strata": int(np.isfinite(within).sum()), "notes": warning(within, float(crude))}
            row["reason"] = None if row["change"] is not None else "no stratum has rows on both sides"
            rows.append(row)
        figures = pl.DataFrame(rows, schema=_POOLED).select(pl.lit(metric.name).alias("metric"), pl.all())
        return pl.concat([groups.select(keys), figures], how="horizontal") if keys else figures

    def schema() -> dict[str, pl.DataType]:
        types = key_types((before, after), [metric], grouping)
        return {**{key: types[key] for key in keys}, "metric": pl.String(), **_POOLED}

    return Computation(answer, schema)
