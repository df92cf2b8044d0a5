"""One row a quality review: how a rubric's ratings become one score."""

from collections.abc import Sequence
from typing import Any

import polars as pl

from servicequality.checks import column, shown
from servicequality.columns import Column
from servicequality.core import Bound, Computation, check_types, check_values, of_frame, require_columns
from servicequality.errors import InputError, ParameterError
from servicequality.model import as_frame

__all__ = ["review_scores"]

KEPT = ("at", "ticket_id", "agent_id", "reviewer_id")
"""What a scored review keeps of its rows, as far as they have it."""
_NUMBER = Column(kind="number", meaning="a finite number")
_FLAG = Column(kind="flag", meaning="true or false")
SLACK = 1e-9
"""Of a scale's length: a rating so near to the mark is on it. 0.3 of 0.1 to 0.5 is exactly half, which floats miss."""


@of_frame
def review_scores(
    reviews: Any,
    *,
    scale: tuple[float, float] | None = None,
    critical_below: float = 0.5,
    keep: Sequence[str] = (),
) -> Computation:
    """The score of each review, from 0 to 100: its ratings on their own ranges, weighted; one row a review.

    A category that was not applicable (no rating) leaves both sums. A critical category rated strictly below half of its
    range makes the whole review 0. A review in which nothing was rated has no score.

    Args:
        reviews: one row a rated category, as `Review` has them: `review_id`, `category`, `rating`, `scale_min`,
            `scale_max`, and where there are any `weight` (1 each without) and `critical` (none without). Lazy stays lazy.
        scale: the range of every rating, where the rows do not state their own.
        critical_below: the share of a category's range below which it counts as failed.
        keep: further columns to keep; of each the review's first.

    Returns:
        Columns `review_id`, `qa_score` (0-100), `rated` and `not_applicable` (categories), `failed` (rated below the
        mark), `critical_failed` (null where no critical category was rated), then `at`, `ticket_id`, `agent_id`,
        `reviewer_id` as far as they are there, and `keep`; sorted by `review_id`.

    Raises:
        InputError: A column is missing; a rating lies outside its range or a range is empty; a weight is missing or below
            0; the weights of a review add up to 0; a review rates a category twice. (Lazy: at collect.)
        ParameterError: `scale` or `critical_below` makes no sense.
    """
    if not isinstance(critical_below, int | float) or not 0 < critical_below <= 1:
        raise ParameterError(
            f"critical_below is a share of the range, above 0 and at most 1; got {shown(critical_below)}: say 0.5 for half"
        )
    if scale is not None and not (
        isinstance(scale, tuple | list)
        and len(scale) == 2
        and all(isinstance(end, int | float) for end in scale)
        and scale[0] < scale[1]
    ):
        raise ParameterError(f"scale must be (lowest, highest), such as (1, 5); got {shown(scale)}")
    if not isinstance(keep, list | tuple) or not all(isinstance(name, str) for name in keep):
        raise ParameterError(f"keep must be a list of columns; got {shown(keep)}")
    rows = _ready(as_frame(reviews).lazy(), scale, keep)
    rating, low, high = (pl.col(name) for name in ("rating", "scale_min", "scale_max"))
    part, length = rating - low, high - low
    failed = part < critical_below * length - SLACK * length
    critical, weight = pl.col("critical"), pl.col("weight")
    kept = [name for name in (*KEPT, *keep) if name in rows.collect_schema()]
    plan = (
        rows.group_by("review_id")
        .agg(
            (weight * (part / length)).sum().alias("_points"),
            pl.when(rating.is_not_null()).then(weight).sum().alias("_weight"),
            weight.sum().alias("_all"),
            rating.is_not_null().sum().cast(pl.Int64).alias("rated"),
            rating.is_null().sum().cast(pl.Int64).alias("not_applicable"),
            failed.sum().cast(pl.Int64).alias("failed"),
            pl.when((critical & rating.is_not_null()).any()).then((critical & failed).any()).alias("critical_failed"),
            (pl.len() - pl.col("category").n_unique()).alias("_twice"),
            *(column(name).first() for name in dict.fromkeys(kept)),
        )
        .with_columns(
            qa_score=pl.when(pl.col("critical_failed"))
            .then(0.0)
            .when(pl.col("_weight") > 0)
            .then(
                (100 * pl.col("_points") / pl.col("_weight")).clip(0, 100)
            )  # float sums may end at 100.00000000000001
        )
        .sort("review_id")
    )
    columns = ["review_id", "qa_score", "rated", "not_applicable", "failed", "critical_failed", *dict.fromkeys(kept)]

    def answer() -> pl.DataFrame:
        _check(rows)
        scored = plan.collect(engine="streaming")
        _refuse(
            scored, pl.col("_twice") > 0, "rate a category twice", "give each review its own id, and keep one rating"
        )
        _refuse(scored, pl.col("_all") == 0, "have weights that add up to 0", "give at least one category a weight")
        return scored.select(map(column, columns))

    return Computation(answer, lambda: plan.select(map(column, columns)).collect_schema())


def _ready(rows: pl.LazyFrame, scale: tuple[float, float] | None, keep: Sequence[str]) -> pl.LazyFrame:
    """The rows with every column that scoring reads, weights and critical filled where no row states them."""
    schema = rows.collect_schema()
    ranges = () if scale is not None else ("scale_min", "scale_max")
    require_columns(schema, ("review_id", "category", "rating", *ranges, *keep), role="review_scores")
    if scale is not None:
        rows = rows.with_columns(
            pl.lit(end).alias(name) for name, end in zip(("scale_min", "scale_max"), scale, strict=True)
        )
    blank = {
        name: pl.lit(None, dtype).alias(name) for name, dtype in (("weight", pl.Float64), ("critical", pl.Boolean))
    }
    rows = rows.with_columns(column for name, column in blank.items() if name not in schema)
    numbers = ("rating", "scale_min", "scale_max", "weight")
    check_types(rows.collect_schema(), [Bound(name, _NUMBER, None, None) for name in numbers] + [_critical()])
    weight = pl.col("weight").cast(pl.Float64)
    return rows.with_columns(
        *(pl.col(name).cast(pl.Float64) for name in numbers[:3]),
        pl.when(weight.is_null().all()).then(1.0).otherwise(weight).alias("weight"),
        pl.col("critical").cast(pl.Boolean).fill_null(value=False),
    )


def _critical() -> Bound:
    return Bound("critical", _FLAG, None, None)


def _check(rows: pl.LazyFrame) -> None:
    """Raise InputError for ratings, ranges and weights that cannot be; NaN and the infinities are none of a number."""
    rating, low, high, weight = (pl.col(name) for name in ("rating", "scale_min", "scale_max", "weight"))
    rated = rating.is_not_null()
    legal = (low < high) & low.is_finite() & high.is_finite()
    check_values(
        rows,
        [],
        [
            ("without a review_id", pl.col("review_id").is_null()),
            ("rated on an empty range (scale_min must lie below scale_max)", rated & ~legal.fill_null(value=False)),
            ("rated outside their range", rated & legal & ~((rating >= low) & (rating <= high))),
            ("without a weight of 0 or more", ~((weight >= 0) & weight.is_finite()).fill_null(value=False)),
        ],
    )


def _refuse(scored: pl.DataFrame, wrong: pl.Expr, what: str, remedy: str) -> None:
    faulty = scored.filter(wrong)["review_id"]
    if len(faulty):
        first = ", ".join(map(repr, faulty.head(5).to_list()))
        raise InputError(f"{len(faulty)} of {len(scored)} reviews {what}, such as {first}; {remedy}")
