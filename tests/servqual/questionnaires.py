"""Questionnaires for tests, and scores by plain loops over rows: the obvious oracle."""

import math
import operator
from collections.abc import Mapping, Sequence
from statistics import fmean, stdev
from typing import Any

import polars as pl
from hypothesis import strategies as st

from servicequality.servqual import Scale

SMALL = Scale("small", {"a": [1, 2], "b": [3, 4, 5], "c": [6]}, low=1, high=7, reversed=[2, 6])
POINTS = {"a": "w_a", "b": "w_b", "c": "w_c"}

Row = dict[str, Any]


def rows_of(scale: Scale = SMALL, *, blanks: bool = True, min_size: int = 1) -> st.SearchStrategy[list[Row]]:
    """Rows of answers E and P, points that add up to 100 or are blank, a key and a part."""
    answer = st.integers(int(scale.low), int(scale.high))
    cell = st.none() | answer if blanks else answer
    cuts = st.tuples(st.integers(0, 100), st.integers(0, 100)).map(sorted)
    points = cuts.map(lambda cut: (cut[0], cut[1] - cut[0], 100 - cut[1]))
    given = st.none() | points if blanks else points
    parts = {"key": st.sampled_from(("x", "y")), "part": st.integers(0, 2), "points": given}
    answers = {f"{role}{item}": cell for role in "EP" for item in scale.items}
    return st.lists(st.fixed_dictionaries({**answers, **parts}), min_size=min_size, max_size=12)


def frame_of(rows: Sequence[Row], scale: Scale = SMALL) -> pl.DataFrame:
    flat = [
        {name: value for name, value in row.items() if name != "points"}
        | dict(zip(POINTS.values(), row["points"] or (None,) * 3, strict=True))
        for row in rows
    ]
    whole = [*(f"{role}{item}" for role in "EP" for item in scale.items), *POINTS.values(), "part"]
    return pl.DataFrame(flat, schema=dict.fromkeys(whole, pl.Int64) | {"key": pl.String})


def turned(row: Row, role: str, item: str, scale: Scale) -> float | None:
    answer = row[f"{role}{item}"]
    return None if answer is None else scale.low + scale.high - answer if item in scale.reversed else answer


def respondent(row: Row, scale: Scale, missing: str) -> dict[str, float | None]:
    """One respondent's scores by the words of the definition."""
    scores: dict[str, float | None] = {}
    for dimension, items in scale.dimensions.items():
        pairs = [(turned(row, "E", item, scale), turned(row, "P", item, scale)) for item in items]
        both = [(e, p) for e, p in pairs if e is not None and p is not None]
        felt = [p for _, p in pairs if p is not None]
        need = len(items) / 2 if missing == "half" else len(items)
        enough, enough_felt = both and len(both) >= need, felt and len(felt) >= need
        scores[f"gap_{dimension}"] = fmean(p - e for e, p in both) if enough else None
        scores[f"expectation_{dimension}"] = fmean(e for e, _ in both) if enough else None
        scores[f"perception_{dimension}"] = fmean(p for _, p in both) if enough else None
        scores[f"servperf_{dimension}"] = fmean(felt) if enough_felt else None
    for kind in ("gap", "expectation", "perception", "servperf"):
        own = [scores[f"{kind}_{dimension}"] for dimension in scale.dimensions]
        if missing == "listwise" and None in own:
            scores |= {f"{kind}_{dimension}": None for dimension in scale.dimensions}
        scores[f"{kind}_overall"] = None if None in own else fmean(own)  # type: ignore[arg-type]
    shares = None if row["points"] is None else [points / sum(row["points"]) for points in row["points"]]
    for kind in ("gap", "servperf"):
        own = [scores[f"{kind}_{dimension}"] for dimension in scale.dimensions]
        known = shares is not None and None not in own
        scores[f"weighted_{kind}_overall"] = sum(map(operator.mul, shares, own)) if known else None  # type: ignore[arg-type]
    return scores


def student(values: Sequence[float | None]) -> tuple[float | None, float | None, int]:
    """Mean, standard error and number of what is known."""
    known = [value for value in values if value is not None]
    n = len(known)
    return (fmean(known) if n else None, stdev(known) / math.sqrt(n) if n > 1 else None, n)


def by_pair(table: pl.DataFrame, name: str = "dimension") -> Mapping[tuple[str, str], Row]:
    return {(row[name], row["measure"]): row for row in table.to_dicts()}
