"""The intraclass correlation of numeric ratings: `intraclass_correlation`."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import polars as pl

from servicequality import stats
from servicequality.checks import shown
from servicequality.errors import InputError
from servicequality.shapes.agreement import NOBODY, Figure, RatingShape, read_figures
from servicequality.shapes.rating_patterns import pattern_ratings
from servicequality.shapes.wholes import Rows, WholeReading
from servicequality.stats.intraclass import IccForm

NO_SPREAD = "the ratings do not differ from item to item"
_SUMS = ("k", "n", "total", "of_items", "squares", "of_raters")


@dataclass(frozen=True, eq=False, kw_only=True)
class IntraclassCorrelation(RatingShape):
    """How much of the spread of ratings lies between items. Make one with `intraclass_correlation`."""

    form: IccForm = "ICC(A,1)"
    leave_out: bool = False

    OF_REVIEWERS: ClassVar[bool] = True

    def read_patterns(self, patterns: Rows, *, level: float) -> WholeReading:
        ratings = pattern_ratings(patterns, self.names).frame
        if ratings.schema["rating"] == pl.String:
            raise InputError(
                f"column {shown(self.names['rating'])} holds texts, and the correlation needs numbers; cast it first"
            )
        one_way = self.form in ("ICC(1)", "ICC(k)")
        sums = _sums(ratings, patterns.groups, one_way=one_way, leave_out=self.leave_out)
        figures = [self._figure(dict(zip(_SUMS, group, strict=True)), level, one_way=one_way) for group in sums.T]
        return read_figures(figures, f"{self.form}, F")

    def _figure(self, of: dict[str, float], level: float, *, one_way: bool) -> Figure:
        n, k = int(of["n"]), int(of["k"])
        blank = Figure(n * k, n)
        if n == 0 or k < 2:
            return blank._replace(n=0, items=0, reason=NOBODY)
        if n == 1:
            return blank._replace(reason="one item has no spread to compare with")
        middle = of["total"] ** 2 / (n * k)
        items = max(of["of_items"] / k - middle, 0.0) / (n - 1)
        raters = 0.0 if one_way else max(of["of_raters"] / n - middle, 0.0) / (k - 1)
        within = max(of["squares"] - of["of_items"] / k, 0.0) / (n * (k - 1))
        if items <= 1e-12 * (items + within + raters):
            return blank._replace(reason=NO_SPREAD)
        rest = within * n * (k - 1) - raters * (k - 1)
        error = within if one_way else max(rest, 0.0) / ((n - 1) * (k - 1))
        told = stats.icc_of_mean_squares(n, k, items=items, raters=raters, error=error, form=self.form, level=level)
        return blank._replace(value=float(told.value), low=float(told.low), high=float(told.high))


def intraclass_correlation(
    item: pl.Expr, rating: pl.Expr, reviewer: pl.Expr, *, of: pl.Expr, form: IccForm, leave_out: bool
) -> IntraclassCorrelation:
    """How much of the spread of numeric ratings lies between items; limits from F (McGraw and Wong 1996).

    Args:
        item: what was rated.
        rating: how.
        reviewer: by whom.
        of: boolean row rule for the ratings that are complete.
        form: which of the six forms.
        leave_out: whether items that lack a rating are left out; else they are an error.
    """
    return IntraclassCorrelation(n=of, item=item, rating=rating, reviewer=reviewer, form=form, leave_out=leave_out)


def _sums(rows: pl.DataFrame, groups: int, *, one_way: bool, leave_out: bool) -> np.ndarray:
    """The sums of the analysis of variance, a column a group.

    Raises:
        InputError: an item lacks a rating.
    """
    n = pl.col("n")
    origin = rows.select((pl.col("rating") * n).sum() / n.sum()).item() or 0.0  # squares about 0 would lose digits
    about = pl.col("rating") - pl.lit(origin)
    items = rows.group_by("group", "pattern").agg(
        n.first(), sum=about.sum(), squares=(about**2).sum(), k=pl.len().cast(pl.Int64)
    )
    most = (
        items.group_by("group").agg(whole=pl.col("k").max())
        if one_way
        else rows.group_by("group").agg(whole=pl.col("reviewer").n_unique().cast(pl.Int64))
    )
    marked = items.join(most, on="group").with_columns(full=pl.col("k") == pl.col("whole"))
    lacking = marked.filter(~pl.col("full"))["n"].sum()
    if lacking and not leave_out:
        raise InputError(
            f"{lacking} of {marked['n'].sum()} items lack a rating, and the correlation needs a complete table; leave them out "
            "with incomplete='leave_out', or use krippendorff_alpha(scale='interval')"
        )
    full = marked.filter("full")
    totals = full.group_by("group").agg(
        n.sum(),
        k=pl.col("whole").first(),
        total=(n * pl.col("sum")).sum(),
        of_items=(n * pl.col("sum") ** 2).sum(),
        squares=(n * pl.col("squares")).sum(),
    )
    kept = rows.join(full.select("pattern"), on="pattern", how="semi")
    raters = kept.group_by("group", "reviewer").agg(sum=(n * about).sum())
    of_raters = raters.group_by("group").agg(of_raters=(pl.col("sum") ** 2).sum())
    sums = totals.join(of_raters, on="group", how="left")
    table = np.zeros((len(_SUMS), groups))
    table[:, sums["group"].to_numpy()] = sums.select(pl.col(_SUMS).cast(pl.Float64)).to_numpy().T
    return table
