"""The intraclass correlation: how much of the spread of ratings lies between items."""

from typing import Literal

import polars as pl

from servicequality.checks import choice
from servicequality.columns import Row, answered
from servicequality.core import define
from servicequality.shapes import Shape, intraclass_correlation
from servicequality.stats.intraclass import FORMS, IccForm

__all__ = ["icc"]


@define(
    title="Intraclass correlation",
    label="ICC",
    unit="coefficient",
    better="higher",
    bounds=(-1, 1),
    grain="rating",
    formula=r"\text{ICC(A,1)} = \frac{MS_R - MS_E}{MS_R + (k - 1) MS_E + \frac{k}{n}(MS_C - MS_E)}",
    references=("Shrout & Fleiss 1979", "McGraw & Wong 1996"),
    aliases=("ICC", "intraclass correlation coefficient", "reliability of ratings", "consistency of reviewers"),
)
def icc(
    item: Row = "ticket_id",
    rating: Row = "rating",
    reviewer: Row = "reviewer_id",
    *,
    form: IccForm = "ICC(A,1)",
    incomplete: Literal["refuse", "leave_out"] = "refuse",
) -> Shape:
    """How much of the spread of numeric ratings lies between the items, and not between or within reviewers.

    One row is a rating. `n` counts the ratings of items with two or more, `n_eff` those items, `n_missing` ratings that stand
    alone or are incomplete. The ratings of an item are read together: they must lie in one group, and in one part where states
    of parts are added.

    `ICC(A,1)` is for the same reviewers on every item, whose leniency counts as disagreement; `ICC(C,1)` forgives leniency;
    `ICC(1)` is for reviewers that differ from item to item. With `k` in place of 1 the mean of k ratings is judged. Limits
    are those of F. The table must be complete; `incomplete="leave_out"` keeps the items that everybody rated.

    When it lies:
        Items that are all alike make it 0 however well reviewers agree: it compares their disagreement with the spread of the
        items at hand. The mean of k reviewers is reliable where single reviewers are not, and single ones do the work.

    Why your vendor shows another number:
        Six forms share one name; consistency shown as agreement; the mean of k shown as the single rating; items with gaps
        dropped without a word.

    Example:
        from servicequality.datasets import calibration_reviews

        rows = calibration_reviews(120, seed=7)
        agreement = sq.evaluate(rows, [sq.reviewer_agreement(), sq.icc()], by="category")
        print(agreement.select("category", "metric", "value", "low", "high", "n_eff"))
    """
    choice("icc: form", form, FORMS)
    choice("icc: incomplete", incomplete, ("refuse", "leave_out"))
    complete = pl.all_horizontal(answered(name) for name in (item, rating, reviewer))
    columns = pl.col(item), pl.col(rating), pl.col(reviewer)
    return intraclass_correlation(*columns, of=complete, form=form, leave_out=incomplete == "leave_out")
