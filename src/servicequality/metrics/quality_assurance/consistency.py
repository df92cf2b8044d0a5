"""The intraclass correlation: how much of the spread of ratings lies between items."""

from collections.abc import Sequence
from typing import Any, Literal

import polars as pl

from servicequality.checks import choice
from servicequality.columns import Number, Row
from servicequality.core import Computation, define_table, of_frame
from servicequality.metrics.quality_assurance.answers import Figures, answered_by, of_squares, rows_of
from servicequality.metrics.quality_assurance.paired import mean_squares
from servicequality.metrics.quality_assurance.ratings import ratings_of
from servicequality.stats.intraclass import FORMS, IccForm

__all__ = ["icc"]


@define_table(
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
@of_frame
def icc(
    ratings: Any,
    item: Row = "ticket_id",
    rating: Number = "rating",
    reviewer: Row = "reviewer_id",
    *,
    form: IccForm = "ICC(A,1)",
    incomplete: Literal["refuse", "leave_out"] = "refuse",
    by: str | Sequence[str] = (),
    level: float = 0.95,
) -> Computation:
    """How much of the spread of numeric ratings lies between the items, and not between or within reviewers.

    `ICC(A,1)` is for the same reviewers on every item, whose leniency counts as disagreement; `ICC(C,1)` forgives leniency;
    `ICC(1)` is for reviewers that differ from item to item. With `k` in place of 1 the mean of k ratings is judged. Limits
    are those of F. The table must be complete; `incomplete="leave_out"` keeps the items that everybody rated. Percent
    agreement beside it is the share of ratings that are equal.

    When it lies:
        Items that are all alike make it 0 however well reviewers agree: it compares their disagreement with the spread of the
        items at hand. The mean of k reviewers is reliable where single reviewers are not, and single ones do the work.

    Why your vendor shows another number:
        Six forms share one name; consistency shown as agreement; the mean of k shown as the single rating; items with gaps
        dropped without a word.

    Example:
        from servicequality.datasets import calibration_reviews

        rows = calibration_reviews(120, seed=7)
        print(sq.icc(rows, by="category").select("category", "metric", "value", "low", "high", "method", "n"))
    """
    choice("icc: form", form, FORMS)
    choice("icc: incomplete", incomplete, ("refuse", "leave_out"))

    def answer(frame: pl.LazyFrame) -> pl.DataFrame:
        known = ratings_of("icc", frame, (item, rating, reviewer), by=by, categories=None)
        keys, analyses = mean_squares(
            known, same_reviewers=form not in ("ICC(1)", "ICC(k)"), leave_out=incomplete == "leave_out"
        )
        both = [of_squares(squares, form, level) for squares in analyses]
        figures = {
            "percent_agreement": Figures("share", "wilson", [seen for seen, _ in both]),
            "icc": Figures("coefficient", f"{form}, F", [correlation for _, correlation in both]),
        }
        return rows_of(keys, figures, level=level)

    return answered_by(ratings, answer, by=by, level=level)
