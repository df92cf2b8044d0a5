"""From the cases of surveys.json to calls of agreement: names and units are translated, nothing is computed here."""

from collections.abc import Callable, Sequence
from typing import Any

import polars as pl

import servicequality as sq
from cases.statistics import Numbers, Result
from servicequality import stats
from servicequality.core import Metric

ICC = {
    "ICC1": "ICC(1)",
    "ICC2": "ICC(A,1)",
    "ICC3": "ICC(C,1)",
    "ICC1k": "ICC(k)",
    "ICC2k": "ICC(A,k)",
    "ICC3k": "ICC(C,k)",
}


def long(table: Sequence[Sequence[Any]]) -> pl.DataFrame:
    """Items by raters as one row a rating."""
    rows = [(i, f"rater {j}", rating) for i, row in enumerate(table) for j, rating in enumerate(row)]
    return pl.DataFrame(rows, schema=["ticket_id", "reviewer_id", "rating"], orient="row")


def from_counts(table: Sequence[Sequence[int]]) -> pl.DataFrame:
    """Counts of items by category as one row a rating; who rated is not known."""
    return long([[k for k, count in enumerate(row) for _ in range(count)] for row in table])


def told(frame: pl.DataFrame, metric: Metric) -> dict[str, Any]:
    return sq.evaluate(frame, metric).row(0, named=True)


def cohen(
    table: Sequence[Numbers] | None = None,
    a: Sequence[Any] = (),
    b: Sequence[Any] = (),
    categories: Sequence[Any] | None = None,
    weights: str | None = None,
) -> Result:
    if table is not None:
        pairs = [(i, j) for i, row in enumerate(table) for j, count in enumerate(row) for _ in range(int(count))]
        a, b = zip(*pairs, strict=True)
        categories = range(len(table))
    frame = long(list(zip(a, b, strict=True)))
    options: dict[str, Any] = {"categories": categories, "weights": weights or "none"}
    kappa, seen = told(frame, sq.cohen_kappa(**options)), told(frame, sq.reviewer_agreement(**options))
    if kappa["value"] is None:
        return kappa
    value, observed = kappa["value"], seen["value"]
    chance = (observed - value) / (1 - value) if value < 1 else None
    return {**kappa, "kappa": value, "po": observed, "pe": chance, "ci": [kappa["low"], kappa["high"]]}


def fleiss(table: Sequence[Sequence[int]]) -> Result:
    result = told(from_counts(table), sq.fleiss_kappa())
    if result["value"] is None:
        return result
    return {**result, "kappa": result["value"], "by_category": stats.fleiss_kappa_by_category(table).tolist()}


def krippendorff(units: Sequence[Sequence[Any]], level: Any = "nominal") -> Result:
    result = told(long(units), sq.krippendorff_alpha(scale=level))
    return {**result, "alpha": result["value"]}


def gwet(
    ratings: Sequence[Sequence[Any]], categories: Sequence[Any] | None = None, weights: str | None = None
) -> Result:
    frame, credit = long(ratings), weights or "none"
    options: dict[str, Any] = {"categories": categories, "weights": credit}
    return {
        "percent_agreement": told(frame, sq.reviewer_agreement(**options))["value"],
        "ac": told(frame, sq.gwet_ac2(**options))["value"],
        "bp": told(frame, sq.brennan_prediger(**options))["value"],
        "fleiss": told(frame, sq.fleiss_kappa(unequal="allow", **options))["value"],
    }


def icc(data: Sequence[Sequence[Any]]) -> Result:
    rows = {name: told(long(data), sq.icc(form=form)) for name, form in ICC.items()}  # type: ignore[arg-type]  # a text
    return {
        **{name: row["value"] for name, row in rows.items()},
        "ci": {name: [row["low"], row["high"]] for name, row in rows.items()},
    }


ADAPTERS: dict[str, Callable[..., Result]] = {
    "agreement.cohen": cohen,
    "agreement.fleiss": fleiss,
    "agreement.gwet": gwet,
    "agreement.icc": icc,
    "agreement.krippendorff": krippendorff,
}
