"""The score of a review: plain Python as oracle, golden rubrics at every boundary, and the message of each bad rating."""

from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import servicequality as sq
from servicequality.datasets import service_desk
from servicequality.errors import InputError, ParameterError


def rubric(*categories: tuple[Any, ...], review: str = "r") -> pl.DataFrame:
    """A review of categories (rating, lowest, highest, weight, critical)."""
    columns = ["rating", "scale_min", "scale_max", "weight", "critical"]
    frame = pl.DataFrame(
        categories, schema=dict.fromkeys(columns[:4], pl.Float64) | {"critical": pl.Boolean}, orient="row"
    )
    return frame.with_row_index("category").with_columns(pl.col("category").cast(pl.String), review_id=pl.lit(review))


def score(*categories: tuple[Any, ...]) -> float | None:
    result: float | None = sq.review_scores(rubric(*categories))["qa_score"].item()
    return result


def plain(categories: list[tuple[Any, ...]]) -> float | None:
    """The rule in words, one category after the other."""
    points = weights = 0.0
    for rating, low, high, weight, critical in categories:
        if rating is None:
            continue
        if critical and (rating - low) * 2 < high - low:
            return 0.0
        points += weight * (rating - low) / (high - low)
        weights += weight
    return 100 * points / weights if weights else None


categories = st.tuples(
    st.none() | st.integers(1, 5), st.just(1), st.just(5), st.sampled_from([0.5, 1, 3]), st.booleans()
) | st.tuples(st.none() | st.integers(0, 1), st.just(0), st.just(1), st.sampled_from([0.5, 1, 3]), st.booleans())


@given(st.lists(st.lists(categories, min_size=1, max_size=6), min_size=1, max_size=5))
def test_every_review_is_scored_as_by_hand(reviews: list[list[tuple[Any, ...]]]) -> None:
    frame = pl.concat(rubric(*rows, review=f"r{place}") for place, rows in enumerate(reviews))
    result = sq.review_scores(frame.sample(fraction=1.0, shuffle=True, seed=1))
    assert result["review_id"].to_list() == [f"r{place}" for place in range(len(reviews))]
    for row, rows in zip(result.to_dicts(), reviews, strict=True):
        expected = plain(rows)
        assert row["qa_score"] == (None if expected is None else pytest.approx(expected, abs=1e-9))
        rated = [rating for rating, *_ in rows if rating is not None]
        assert (row["rated"], row["not_applicable"]) == (len(rated), len(rows) - len(rated))
        critical = [(r - a) * 2 < b - a for r, a, b, _, is_critical in rows if is_critical and r is not None]
        assert row["critical_failed"] == (any(critical) if critical else None)
        assert row["failed"] == sum((r - a) * 2 < b - a for r, a, b, *_ in rows if r is not None)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([(1, 1, 4, 1, False)], 0),
        ([(2, 1, 4, 1, False)], 100 / 3),
        ([(4, 1, 4, 1, False)], 100),
        ([(4, 1, 5, 2, False), (2, 1, 3, 1, False), (1, 0, 1, 1, False)], 75),
        ([(5, 1, 5, 1, False), (2, 1, 3, 1, True)], 75),  # exactly half does not fail
        ([(5, 1, 5, 1, False), (1.9, 1, 3, 1, True)], 0),
        ([(5, 1, 5, 1, False), (0.3, 0.1, 0.5, 1, True)], 75),  # half as well, though floats say a little less
        ([(5, 1, 5, 1, False), (None, 1, 3, 9, True)], 100),  # not applicable leaves both sums
        ([(5, 1, 5, 1, False), (0, 0, 1, 0, True)], 0),  # an auto-fail category without weight
        ([(5, 1, 5, 1, False), (1, 0, 1, 0, True)], 100),
        ([(None, 1, 5, 1, False), (None, 1, 5, 1, True)], None),
        ([(None, 1, 5, 1, False), (3, 1, 5, 0, False)], None),  # nothing with a weight was rated
        ([(5, 1, 5, 0.1, False), (5, 1, 5, 0.2, False), (1, 0, 1, 0.3, False)], 100),
    ],
)
def test_golden_rubrics(rows: list[tuple[Any, ...]], expected: float | None) -> None:
    assert score(*rows) == (None if expected is None else pytest.approx(expected, abs=1e-12))


def test_the_mark_for_critical_can_be_moved() -> None:
    frame = rubric((3, 1, 5, 1, True))
    assert sq.review_scores(frame)["qa_score"].item() == 50
    assert sq.review_scores(frame, critical_below=0.75)["critical_failed"].item()


def test_without_weights_and_critical_every_category_counts_alike_on_a_stated_scale() -> None:
    rows = pl.DataFrame(
        {"review_id": [1, 1, 2], "category": ["a", "b", "a"], "rating": [5, 2, None], "team": ["x"] * 3}
    )
    result = sq.review_scores(rows, scale=(1, 5), keep=["team"])
    assert result.columns == ["review_id", "qa_score", "rated", "not_applicable", "failed", "critical_failed", "team"]
    assert result["qa_score"].to_list() == [62.5, None]
    assert result["critical_failed"].to_list() == [None, None]
    empty = rows.with_columns(weight=pl.lit(None, pl.Float64), critical=pl.lit(None, pl.Boolean))
    assert sq.review_scores(empty, scale=(1, 5), keep=["team"]).equals(result)


def test_lazy_stays_lazy_and_raises_at_collect() -> None:
    desk = service_desk(2_000, seed=7)
    lazy = sq.review_scores(desk.reviews)
    eager = sq.review_scores(desk.reviews.collect())
    assert isinstance(lazy, pl.LazyFrame)
    assert lazy.collect_schema() == eager.schema
    assert lazy.collect().equals(eager)
    bad = sq.review_scores(rubric((9, 1, 5, 1, False)).lazy())
    with pytest.raises(InputError, match="1 row rated outside their range"):
        bad.collect()


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            [(6, 1, 5, 1, False)],
            "1 row rated outside their range: column 'rating' such as 6.0; 'scale_min' such as 1.0",
        ),
        ([(float("nan"), 1, 5, 1, False)], "1 row rated outside their range"),
        ([(5, 5, 5, 1, False)], r"rated on an empty range \(scale_min must lie below scale_max\)"),
        ([(5, None, 5, 1, False)], "rated on an empty range"),
        ([(4, 1, 5, -1, False)], "1 row without a weight of 0 or more: column 'weight' such as -1.0"),
        ([(4, 1, 5, None, False), (4, 1, 5, 1, False)], "1 row without a weight of 0 or more"),
        ([(4, 1, 5, 0, False)], "1 of 1 reviews have weights that add up to 0, such as 'r'"),
    ],
)
def test_ratings_and_weights_that_cannot_be(rows: list[tuple[Any, ...]], message: str) -> None:
    with pytest.raises(InputError, match=message):
        score(*rows)


def test_a_category_rated_twice_and_a_missing_column() -> None:
    twice = rubric((4, 1, 5, 1, False), (4, 1, 5, 1, False)).with_columns(category=pl.lit("tone"))
    with pytest.raises(
        InputError, match="1 of 1 reviews rate a category twice, such as 'r'; give each review its own id"
    ):
        sq.review_scores(twice)
    with pytest.raises(InputError, match=r"review_scores: no column 'scale_min'.*'scale_max'"):
        sq.review_scores(twice.drop("scale_min", "scale_max"))
    with pytest.raises(InputError, match="column 'rating' holds String, expected numbers"):
        sq.review_scores(twice.with_columns(pl.col("rating").cast(pl.String)))
    with pytest.raises(InputError, match="2 rows without a review_id"):
        sq.review_scores(twice.with_columns(review_id=pl.lit(None, pl.String)))
    with pytest.raises(ParameterError, match="critical_below is a share of the range"):
        sq.review_scores(twice, critical_below=50)
    with pytest.raises(ParameterError, match=r"scale must be \(lowest, highest\)"):
        sq.review_scores(twice, scale=(5, 1))
