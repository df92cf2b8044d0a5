"""Scores, pass rate and errors of quality reviews."""

from dataclasses import replace

import polars as pl

from servicequality.columns import Flag, Number, Score0To100, answered
from servicequality.core import define
from servicequality.errors import ParameterError
from servicequality.shapes import Shape, mean, share

__all__ = ["agent_error_rate", "critical_error_rate", "qa_category_score", "qa_pass_rate", "qa_score"]

_RANGE = (0.0, 100.0)
SLACK = 1e-9  # of a range's length, as in `review_scores`: floats miss the exact half of 0.1 to 0.5


@define(
    title="Quality assurance score",
    label="QA score",
    unit="points",
    better="higher",
    bounds=(0, 100),
    grain="scored review",
    formula=r"\frac{1}{n}\sum_i q_i,\quad q_i = 100\,\frac{\sum_c w_c\,(r_c - \min_c)/(\max_c - \min_c)}{\sum_c w_c}",
    references=("Zendesk QA", "COPC CX Standard", "Student 1908"),
    aliases=("IQS", "internal quality score", "quality score", "scorecard", "QA", "conversation review score"),
)
def qa_score(score: Score0To100 = "qa_score") -> Shape:
    """Mean score of the reviews, from 0 to 100, each the weighted mean of its categories on their own ranges.

    Rows are those of `review_scores`: a category that did not apply leaves both sums, and a critical category rated strictly
    below half of its range makes its review 0. Reviews count alike, however many categories they rated. Reviews of one
    agent resemble each other: `cluster="agent_id"` widens the limits of a team's score as much as that is worth.

    When it lies:
        It is only as good as the choice of tickets: reviews of escalated or of long tickets score lower than the work does,
        reviews that agents choose score higher. Reviewers differ in leniency; `icc` and `krippendorff_alpha` say by how
        much. Of a dozen reviews that crowd at the top, most samples hold none of the rare bad ones, and 95 % limits hold the
        truth only some eight times in ten.

    Why your vendor shows another number:
        Ratings divided by the top of the scale, so that 1 of 5 is 20 and not 0; categories pooled over all reviews, so that
        long reviews weigh more; N/A counted as full marks; a failed critical category that zeroes its group, or nothing at
        all; "fails" at half instead of below it.
    """
    return mean(pl.col(score), of=answered(score), origin=50, bounds=_RANGE)


@define(
    title="Quality score of a category",
    label="QA category score",
    unit="points",
    better="higher",
    bounds=(0, 100),
    grain="review",
    formula=r"\frac{100}{n}\sum_i (r_i - \min_i)/(\max_i - \min_i)",
    references=("Zendesk QA", "Student 1908"),
    aliases=("coaching gaps", "category score", "rubric score", "score by category", "rating category"),
)
def qa_category_score(rating: Number = "rating", lowest: Number = "scale_min", highest: Number = "scale_max") -> Shape:
    """Mean rating from 0 to 100 on each row's own range: by category and agent it shows where coaching is needed.

    Rows are rated categories, as `Review` has them; ask for it with `by="category"`. Categories of different ranges become
    comparable, weights play no part. The width of the limits says which gaps a handful of reviews can show at all.

    When it lies:
        Categories differ in how hard they are and in how strictly they are rated: compare an agent with others in the same
        category, not an agent's categories with each other. Of many agents and categories some gap is always wide by
        chance.

    Why your vendor shows another number:
        The share of the maximum in place of the range, N/A as full marks, or the share of ratings at the top.
    """
    value, low, high = (pl.col(name).cast(pl.Float64) for name in (rating, lowest, highest))
    points = 100 * (value - low) / (high - low)
    return _refusing(mean(points, of=answered(rating), origin=50, bounds=_RANGE), value, low, high)


@define(
    title="QA pass rate",
    unit="share",
    better="higher",
    bounds=(0, 1),
    grain="scored review",
    formula=r"\#\{q \ge \text{passing}\}/n",
    references=("COPC CX Standard", "Wilson 1927"),
    aliases=("review pass rate", "share of passed reviews", "quality pass rate"),
)
def qa_pass_rate(score: Score0To100 = "qa_score", *, passing: float) -> Shape:
    """Share of reviews that reached the passing mark. State the mark: no default would be honest.

    When it lies:
        A review one point short and one of 0 count alike, and marks near the usual score make the rate jump with every
        change of a rubric. Few reviews an agent say next to nothing: 9 of 10 leaves 60 % to 98 %.

    Why your vendor shows another number:
        Another mark (80, 85 and 90 are all common), "above" in place of "at least", or reviews with a failed critical
        category left out in place of counted as failed.

    Example:
        print(sq.qa_pass_rate(passing=80).estimate(rows))
    """
    if not 0 < passing <= 100:
        raise ParameterError(f"passing is a score above 0 and up to 100; got {passing!r}")
    return share(pl.col(score) >= passing, of=answered(score))


@define(
    title="Critical error rate",
    unit="share",
    better="lower",
    bounds=(0, 1),
    grain="scored review",
    formula=r"\#\{\text{a critical category failed}\}/\#\{\text{a critical category was rated}\}",
    references=("COPC CX Standard", "Wilson 1927"),
    aliases=("auto-fail rate", "fatal error rate", "critical failures", "compliance failures"),
)
def critical_error_rate(failed: Flag = "critical_failed") -> Shape:
    """Share of reviews in which a critical category failed, among those in which one was rated.

    When it lies:
        Critical errors are rare, so that a month's sample may hold none: then the upper limit is the news. Reviewers who
        know that a fail makes the review 0 record it less often than they see it.

    Why your vendor shows another number:
        Over all reviews, also those to which no critical category applied; errors counted in place of reviews; customer,
        business and compliance critical errors kept apart (COPC).
    """
    return share(pl.col(failed), of=answered(failed))


@define(
    title="Agent error rate",
    unit="share",
    better="lower",
    bounds=(0, 1),
    grain="review",
    formula=r"\#\{r - \min < f\,(\max - \min)\}/\#\{\text{rated}\}",
    references=("COPC CX Standard", "Wilson 1927"),
    aliases=("error rate", "defects per opportunity", "non-critical error rate", "mistakes per review"),
)
def agent_error_rate(
    rating: Number = "rating",
    lowest: Number = "scale_min",
    highest: Number = "scale_max",
    *,
    below: float = 0.5,
) -> Shape:
    """Share of ratings that fell below half of their range: errors for each opportunity to make one.

    Rows are rated categories, as `Review` has them. Ratings of one review are not independent: give `cluster="review_id"`
    for limits that allow for it. `below` moves the mark, as a share of the range.

    When it lies:
        A rubric with many easy categories dilutes it, and two teams with two rubrics cannot be compared by it.

    Why your vendor shows another number:
        Reviews with any error over reviews, which grows with the length of the rubric; errors for each contact; only the
        errors that an agent could have avoided.
    """
    if not 0 < below <= 1:
        raise ParameterError(f"agent_error_rate: below is a share of the range, above 0 and at most 1; got {below!r}")
    value, low, high = (pl.col(name).cast(pl.Float64) for name in (rating, lowest, highest))
    failed = value - low < (below - SLACK) * (high - low)
    return _refusing(share(failed, of=answered(rating)), value, low, high)


def _refusing(shape: Shape, value: pl.Expr, low: pl.Expr, high: pl.Expr) -> Shape:
    """The shape, with ratings that their own range does not hold as an error."""
    rated = value.is_not_null()
    legal = (low < high).fill_null(value=False)
    return replace(
        shape,
        refused={
            "rated on an empty range (the lowest must lie below the highest)": rated & ~legal,
            "rated outside their range": rated & legal & ~((value >= low) & (value <= high)),
        },
    )
