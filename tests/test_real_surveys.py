"""The 2017 passenger survey of San Francisco airport: published figures, found again; sentinels refused until declared."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import servicequality as sq
from servicequality.errors import InputError


@pytest.fixture(scope="module")
def passengers(data_dir: Path) -> pl.DataFrame:
    raw = pl.read_csv(data_dir / "sfo_customer_survey_2017.csv.gz", infer_schema=False)
    answers = [pl.col(name).cast(pl.Int64, strict=False) for name in ("NETPRO", "Q7ALL", "Q14FIND", "Q15PROBLEM")]
    return raw.select("BAREA", pl.col("WEIGHT").cast(pl.Float64), *answers)


@pytest.fixture(scope="module")
def expected(data_dir: Path) -> dict[str, Any]:
    whole: dict[str, Any] = json.loads((data_dir / "expected.json").read_text(encoding="utf-8"))
    return dict(whole["sfo_2017"])


def test_a_blank_code_is_refused_until_it_is_declared(passengers: pl.DataFrame) -> None:
    with pytest.raises(InputError, match=r"84 rows outside whole numbers from 0 to 10: column 'NETPRO' such as 11"):
        sq.nps("NETPRO").estimate(passengers)
    with pytest.raises(InputError, match=r"outside whole numbers from 1 to 5: column 'Q14FIND' such as"):
        sq.csat("Q14FIND", scale=(1, 5)).estimate(passengers)


def test_nps(passengers: pl.DataFrame, expected: dict[str, Any]) -> None:
    nps = sq.nps("NETPRO", missing=(11,))
    estimate = nps.estimate(passengers)
    assert estimate.value == pytest.approx(expected["nps"]["nps"], abs=1e-8)
    assert (estimate.n, estimate.n_missing) == (expected["nps"]["n"], 85)
    weighted = nps.estimate(passengers, weight="WEIGHT")
    assert weighted.value == pytest.approx(expected["nps_weighted"], abs=1e-8)
    assert weighted.n == estimate.n
    assert weighted.n_eff < estimate.n


def test_nps_by_boarding_area(passengers: pl.DataFrame, expected: dict[str, Any]) -> None:
    rows = sq.evaluate(passengers, sq.nps("NETPRO", missing=(11,)), by="BAREA")
    assert rows["BAREA"].to_list() == sorted(expected["nps_by_boarding_area"])
    for area, value, n in rows.select("BAREA", "value", "n").rows():
        assert value == pytest.approx(expected["nps_by_boarding_area"][area]["nps"], abs=1e-8)
        assert n == expected["nps_by_boarding_area"][area]["n"]


@pytest.mark.parametrize(("problem", "key"), [(1, "nps_problem_yes"), (2, "nps_problem_no")])
def test_nps_of_a_slice(passengers: pl.DataFrame, expected: dict[str, Any], problem: int, key: str) -> None:
    estimate = sq.nps("NETPRO", missing=(11,)).where(pl.col("Q15PROBLEM") == problem).estimate(passengers)
    assert estimate.value == pytest.approx(expected[key]["nps"], abs=1e-8)
    assert estimate.n == expected[key]["n"]


def test_satisfaction(passengers: pl.DataFrame, expected: dict[str, Any]) -> None:
    csat, mean = sq.csat("Q7ALL", scale=(1, 5), missing=(0, 6)), sq.csat_mean("Q7ALL", scale=(1, 5), missing=(0, 6))
    figures = expected["csat_q7all"]
    assert csat.estimate(passengers).value == pytest.approx(figures["top2_pct"] / 100, abs=1e-10)
    assert mean.estimate(passengers).value == pytest.approx(figures["mean"], abs=1e-8)
    weighted = csat.estimate(passengers, weight="WEIGHT").value
    assert weighted == pytest.approx(expected["csat_q7all_weighted_top2_pct"] / 100, abs=1e-10)
    weighted = mean.estimate(passengers, weight="WEIGHT").value
    assert weighted == pytest.approx(expected["csat_q7all_weighted_mean"], abs=1e-8)


def test_ease_of_finding_the_way(passengers: pl.DataFrame, expected: dict[str, Any]) -> None:
    figures = expected["effort_easy_difficult"]["Q14FIND"]
    ease = [
        sq.csat_mean("Q14FIND", scale=(1, 5), missing=(0, 6)).named("mean"),
        sq.top_box("Q14FIND", scale=(1, 5), missing=(0, 6)).named("top2"),
    ]
    result = dict(sq.evaluate(passengers, ease).select("metric", "value").rows())
    assert result["mean"] == pytest.approx(figures["mean"], abs=1e-8)
    assert result["top2"] == pytest.approx(figures["top2_pct"] / 100, abs=1e-10)
