"""From the cases of surveys.json to quality assurance: names and units are translated, nothing is computed here."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import polars as pl

import servicequality as sq
from cases.statistics import Numbers, Result


def scorecard(categories: Sequence[Mapping[str, Any]]) -> Result:
    rows = pl.DataFrame(categories).rename({"score": "rating", "min": "scale_min", "max": "scale_max"})
    scored = sq.review_scores(rows.with_row_index("category").with_columns(review_id=pl.lit("review")))
    result = sq.qa_score().estimate(scored)
    return {"score": result.value, "value": result.value, "reason": result.reason, "notes": result.notes}


def mean_review(reviews: Numbers) -> Result:
    return {"score": sq.qa_score().estimate({"qa_score": reviews}).value}


ADAPTERS: dict[str, Callable[..., Result]] = {
    "qa.mean_review": mean_review,
    "qa.scorecard": scorecard,
}
