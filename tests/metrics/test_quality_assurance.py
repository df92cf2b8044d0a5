"""What reviews say of the work: oracles, golden rows at the boundaries, the generated desk, and bad input."""

import polars as pl
import pytest

import servicequality as sq
from metrics.oracle import Oracle, Row, agrees, answers, mean, share, value
from servicequality.core import Metric
from servicequality.datasets import service_desk
from servicequality.errors import InputError, ParameterError


def parts(rows: list[Row]) -> list[float]:
    """Each rating's place on its own range, 0 to 1."""
    legal = [
        row
        for row in rows
        if row["rating"] is not None and row["scale_min"] is not None and row["scale_max"] is not None
    ]
    return [(row["rating"] - row["scale_min"]) / (row["scale_max"] - row["scale_min"]) for row in legal]


ORACLES: list[tuple[Metric, Oracle]] = [
    (sq.qa_score(), lambda rows: mean(answers(rows, "qa_score"))),
    (sq.qa_pass_rate(passing=80), lambda rows: share(x >= 80 for x in answers(rows, "qa_score"))),
    (sq.critical_error_rate(), lambda rows: share(answers(rows, "critical_failed"))),
    (sq.qa_category_score(), lambda rows: mean([100 * part for part in parts(rows)])),
    (sq.agent_error_rate(), lambda rows: share(part < 0.5 - 1e-9 for part in parts(rows))),
    (sq.agent_error_rate(below=0.75), lambda rows: share(part < 0.75 - 1e-9 for part in parts(rows))),
]


@pytest.mark.parametrize(("metric", "oracle"), ORACLES, ids=lambda case: getattr(case, "name", ""))
def test_oracle(metric: Metric, oracle: Oracle) -> None:
    agrees(metric, oracle)


@pytest.mark.parametrize(
    ("rating", "error", "points"), [(1, 1, 0), (2, 1, 25), (2.9, 1, 47.5), (3, 0, 50), (5, 0, 100)]
)
def test_boundaries_of_a_rating(rating: float, error: float, points: float) -> None:
    row = {"rating": [rating], "scale_min": [1], "scale_max": [5]}
    assert value(sq.agent_error_rate(), **row) == error
    assert value(sq.qa_category_score(), **row) == pytest.approx(points)


@pytest.mark.parametrize(("score", "passed"), [(79.999, 0), (80, 1), (100, 1), (0, 0)])
def test_boundaries_of_the_pass_mark(score: float, passed: float) -> None:
    assert value(sq.qa_pass_rate(passing=80), qa_score=[score]) == passed


def test_reviews_count_alike_and_no_mean_of_ratings() -> None:
    """One review of one category at 0 and one of nine at 100: the score is 50, the pooled ratings would say 90."""
    rows = pl.DataFrame(
        {"review_id": ["a"] + ["b"] * 9, "category": [str(i) for i in range(10)], "rating": [1] + [5] * 9}
    )
    scored = sq.review_scores(rows, scale=(1, 5))
    assert sq.qa_score().estimate(scored).value == 50
    pooled = rows.with_columns(scale_min=1, scale_max=5)
    assert sq.qa_category_score().estimate(pooled).value == 90


def test_a_review_without_a_rating_is_missing_and_no_score_of_zero() -> None:
    result = sq.qa_score().estimate(pl.DataFrame({"qa_score": [80.0, None, 60.0]}))
    assert (result.value, result.n, result.n_missing) == (70, 2, 1)
    none = sq.critical_error_rate().estimate(
        pl.DataFrame({"critical_failed": [None, None]}, schema={"critical_failed": pl.Boolean})
    )
    assert (none.value, none.reason) == (None, "no answers")


def test_the_desk_has_the_rubric_that_made_it() -> None:
    """The critical category fails with chance 0.03, and one rating in twenty does not apply."""
    desk = service_desk(20_000, seed=3)
    scored = sq.review_scores(desk.reviews)
    result = sq.critical_error_rate().estimate(scored, level=0.999)
    assert result.low < 0.03 < result.high
    counted = scored.select(pl.col("rated", "not_applicable").sum()).collect()
    assert counted["not_applicable"][0] / counted.sum_horizontal()[0] == pytest.approx(0.05, abs=0.01)
    by_category = sq.evaluate(desk.reviews, sq.qa_category_score(), by="category").collect()
    assert by_category["category"].to_list() == ["privacy", "process", "solution", "tone"]
    assert by_category.filter(category="privacy")["value"].item() == pytest.approx(97, abs=2)


def test_bad_input() -> None:
    rows = {"rating": [6.0, 3.0], "scale_min": [1, 5], "scale_max": [5, 5]}
    with pytest.raises(
        InputError,
        match=r"1 row rated on an empty range(.|\n)*1 row rated outside their range: column 'rating' such as 6",
    ):
        sq.qa_category_score().estimate(rows)
    with pytest.raises(InputError, match="1 row outside numbers from 0 to 100: column 'qa_score' such as 101"):
        sq.qa_score().estimate({"qa_score": [101, 50]})
    with pytest.raises(ParameterError, match="passing is a score above 0 and up to 100; got 0"):
        sq.qa_pass_rate(passing=0)
    with pytest.raises(ParameterError, match="qa_pass_rate: missing a required argument: 'passing'"):
        sq.qa_pass_rate()  # type: ignore[call-arg]
    with pytest.raises(ParameterError, match="below is a share of the range"):
        sq.agent_error_rate(below=50)
