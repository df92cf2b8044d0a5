"""A real survey with Korean headers, items out of order and six dimensions of its own: the published figures again."""

import gzip
import json
import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import servicequality as sq
from servicequality.servqual import Scale, Scores, score

KEY = {
    "tangible": [4, 5, 6, 22],
    "security": [19, 20, 21],
    "economy": [10, 11, 18],
    "convenience": range(13, 18),
    "reliability": [1, 2, 3],
    "control": [7, 8],
}
GAPS = [-0.0145, -1.7101, -1.2351, -1.4696, -0.6296, -1.3913]


@pytest.fixture(scope="module")
def kiosk(data_dir: Path) -> pl.DataFrame:
    raw = gzip.decompress((data_dir / "kiosk_servqual_survey_cp949.csv.gz").read_bytes()).decode("cp949")
    return pl.read_csv(raw.encode(), infer_schema_length=None)


@pytest.fixture(scope="module")
def scores(kiosk: pl.DataFrame) -> Scores[pl.DataFrame]:
    """The pairs stand in columns 3 to 50; a header begins with the item's number, -1 for what is expected, -2 for what is."""
    columns: dict[str, dict[str, str]] = {"1": {}, "2": {}}
    for header in kiosk.columns[3:51]:
        match = re.match(r"(\d+)-([12])", header)
        assert match
        columns[match[2]][match[1]] = header
    scale = Scale("K-SERVQUAL", KEY, low=1, high=7, items=columns["1"])
    return score(kiosk, scale, expectation=columns["1"], perception=columns["2"])


@pytest.fixture(scope="module")
def expected(data_dir: Path) -> dict[str, Any]:
    whole: dict[str, Any] = json.loads((data_dir / "expected.json").read_text(encoding="utf-8"))
    return dict(whole["kiosk_servqual"])


def test_gaps(scores: Scores[pl.DataFrame], expected: dict[str, Any]) -> None:
    gaps = scores.dimensions.filter(measure="gap")
    assert gaps["dimension"].to_list() == list(KEY)
    assert gaps["value"].to_list() == pytest.approx(GAPS, abs=5e-5)
    assert set(zip(gaps["n"], gaps["n_missing"], strict=True)) == {(207, 4)}  # four never used a kiosk
    for row in scores.dimensions.to_dicts():
        known = expected["dimensions"][row["dimension"]]
        if row["measure"] in known:
            assert row["value"] == pytest.approx(known[row["measure"]], abs=1e-8)
        if row["measure"] == "gap":
            assert row["se"] == pytest.approx(known["gap_sd"] / 207**0.5, abs=1e-8)


def test_overall(scores: Scores[pl.DataFrame], expected: dict[str, Any]) -> None:
    row = scores.overall.filter(measure="gap").row(0, named=True)
    assert row["value"] == pytest.approx(-1.0750, abs=5e-5)
    assert row["value"] == pytest.approx(expected["overall_gap_mean_of_dimensions"], abs=1e-8)
    assert row["n"] == 207
    metric = sq.servqual_gap(tuple(KEY))
    assert metric.estimate(scores.respondents).value == pytest.approx(row["value"])


def test_items(scores: Scores[pl.DataFrame], expected: dict[str, Any]) -> None:
    items = scores.items.filter(measure="gap")
    assert items.height == 20  # 9, 12, 23 and 24 belong to no dimension
    for item, value in zip(items["item"], items["value"], strict=True):
        assert value == pytest.approx(expected["items"][item]["gap"], abs=1e-8)
