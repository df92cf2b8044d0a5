"""Mix and rate, standardisation and strata on frames: published numbers, identities, and Simpson warned of."""

from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest

from servicequality import (
    compare,
    csat,
    csat_mean,
    mean_time_between_failures,
    nines,
    nps,
    resolution_time,
    sla_attainment,
    stats,
)
from servicequality.columns import Flag, answered
from servicequality.comparison import difference_in_differences, mantel_haenszel, mix_and_rate, standardise
from servicequality.core import Metric, define
from servicequality.errors import InputError, ParameterError
from servicequality.shapes import Shape, share


@define(title="Success", unit="share", better="higher", bounds=(0, 1), formula="p")
def success(hit: Flag = "hit") -> Shape:
    """Share of successes."""
    return share(pl.col(hit), of=answered(hit))


def cells(**counts: tuple[int, int]) -> pl.DataFrame:
    """Rows of a group each: hits and all."""
    rows = [(name, i < k) for name, (k, n) in counts.items() for i in range(n)]
    return pl.DataFrame(rows, schema={"size": pl.String, "hit": pl.Boolean}, orient="row")


# Charig et al. 1986, kidney stones: open surgery, and puncture.
OPEN, PUNCTURE = cells(small=(81, 87), large=(192, 263)), cells(small=(234, 270), large=(55, 80))
BOTH = pl.concat([OPEN.with_columns(treatment=pl.lit("open")), PUNCTURE.with_columns(treatment=pl.lit("puncture"))])
PARADOX = "Simpson's paradox: every group went up, all together went down, since the mix changed"


def test_mix_and_rate_add_up_and_warn_of_simpson() -> None:
    result = mix_and_rate(PUNCTURE, OPEN, success(), by="size")
    assert result["part"].to_list() == ["group", "group", "total"]
    total = result.row(2, named=True)
    groups = result[:2]
    assert total["change"] == pytest.approx(273 / 350 - 289 / 350)
    assert total["mix"] + total["rate"] == pytest.approx(total["change"], abs=1e-15)
    assert (groups["mix"].sum(), groups["rate"].sum()) == (pytest.approx(total["mix"]), pytest.approx(total["rate"]))
    assert total["rate"] > 0 > total["change"]
    assert total["notes"] == PARADOX
    kernel = stats.kitagawa([192, 81], [263, 87], [55, 234], [80, 270])
    np.testing.assert_allclose(groups["rate"], kernel.rate)


def test_compare_by_group_warns_of_simpson() -> None:
    assert compare(PUNCTURE, OPEN, success(), by="size")["notes"].to_list() == [PARADOX] * 2
    assert compare(PUNCTURE, PUNCTURE.clone(), success(), by="size")["notes"].to_list() == [None] * 2


def test_mix_and_rate_of_net_scores_and_means() -> None:
    rng = np.random.default_rng(1)
    sides = [
        pl.DataFrame({"score": rng.integers(0, 11, n), "rating": rng.integers(1, 6, n), "team": rng.choice(teams, n)})
        for n, teams in ((200, ["a", "b", "c"]), (150, ["a", "b", "d"]))
    ]
    for metric in (nps("score"), csat_mean("rating", scale=(1, 5)), csat("rating", scale=(1, 5))):
        result = mix_and_rate(*sides, metric, by="team")
        change = metric.estimate(sides[1]).value - metric.estimate(sides[0]).value
        assert result["change"][-1] == pytest.approx(change)
        assert result["mix"][:-1].sum() + result["rate"][:-1].sum() == pytest.approx(change)
        assert result.filter(team="d").select("before", "rate").row(0) == (None, 0.0)


def test_standardise_turns_the_kidney_stones_round() -> None:
    result = standardise(BOTH, success(), by="treatment", over="size")
    assert result["value"].to_list() == pytest.approx([0.8325, 0.7789], abs=1e-4)
    assert result["crude"].to_list() == pytest.approx([0.78, 0.8257], abs=1e-4)
    assert (result["low"] < result["value"]).all()
    named = pl.DataFrame({"size": ["small", "large"], "weight": [357, 343]})
    assert standardise(BOTH, success(), by="treatment", over="size", standard=named).equals(result)
    only = standardise(BOTH, success(), by="treatment", over="size", standard={"size": ["small"], "weight": [1]})
    assert only["value"].to_list() == pytest.approx([81 / 87, 234 / 270])


def test_a_group_without_a_stratum_is_undefined_with_the_reason() -> None:
    thin = BOTH.filter((pl.col("treatment") == "open") | (pl.col("size") == "small"))
    result = standardise(thin, success(), by="treatment", over="size").row(1, named=True)
    assert (result["value"], result["low"], result["reason"]) == (None, None, "no rows in large")
    assert result["crude"] == pytest.approx(234 / 270)


def test_mantel_haenszel_compares_like_with_like() -> None:
    result = mantel_haenszel(PUNCTURE, OPEN, success(), over="size").row(0, named=True)
    assert result["odds_ratio"] == pytest.approx(1.44684662494262)
    assert result["change"] > 0 > result["crude_change"]
    assert (result["n_strata"], result["notes"]) == (2, PARADOX)
    sides = [pl.concat([side.with_columns(year=pl.lit(year)) for year in (1, 2)]) for side in (PUNCTURE, OPEN)]
    by_year = mantel_haenszel(*sides, success(), over="size", by="year")
    assert by_year["change"].to_list() == pytest.approx([result["change"]] * 2)
    apart = mantel_haenszel(cells(small=(1, 2)), cells(large=(1, 2)), success(), over="size").row(0, named=True)
    assert (apart["change"], apart["reason"]) == (None, "no stratum has rows on both sides")


def test_bounds_have_no_mix() -> None:
    clocks = pl.DataFrame({"outcome": ["met", "pending"], "kind": ["a", "b"]})
    metric = sla_attainment(as_of=datetime(2026, 3, 1, tzinfo=UTC), estimate="bounds")
    with pytest.raises(ParameterError, match="bounds have no value while rows are pending"):
        mix_and_rate(clocks, clocks, metric, by="kind")


def test_faults_of_the_call() -> None:
    with pytest.raises(ParameterError, match="only a ratio of two sums"):
        mix_and_rate(OPEN, PUNCTURE, resolution_time(), by="size")
    with pytest.raises(ParameterError, match="by names no column"):
        mix_and_rate(OPEN, PUNCTURE, success(), by=[])
    with pytest.raises(InputError, match="success: no rows count after"):
        mix_and_rate(OPEN, OPEN.clear(), success(), by="size")
    with pytest.raises(ParameterError, match="a column is either compared or adjusted for"):
        standardise(BOTH, success(), by="size", over="size")
    with pytest.raises(InputError, match="the standard has no column 'weight'"):
        standardise(BOTH, success(), by="treatment", over="size", standard={"size": ["small"]})
    with pytest.raises(InputError, match="weights must be numbers of 0 or more, not all 0"):
        standardise(BOTH, success(), by="treatment", over="size", standard={"size": ["small"], "weight": [0]})
    with pytest.raises(InputError, match="names a stratum of size twice"):
        standardise(BOTH, success(), by="treatment", over="size", standard={"size": ["a", "a"], "weight": [1, 2]})
    with pytest.raises(ParameterError, match="Mantel and Haenszel pool shares"):
        mantel_haenszel(OPEN, PUNCTURE, resolution_time(), over="size")


def test_names_are_names_and_the_standard_may_be_of_another_kind_of_text() -> None:
    rows = pl.DataFrame({"score": [1, 9, 9, 10], "^s$": ["a", "b", "a", "b"], "^g$": ["x", "x", "y", "y"]})
    mix = pl.DataFrame({"^s$": ["a", "b"], "weight": [1, 3]})
    options = {"by": "^g$", "over": "^s$"}
    result = standardise(rows, nps(), **options, standard=mix.cast({"^s$": pl.Categorical}))
    assert result["value"].to_list() == [-25 + 75, 100]
    assert result.equals(standardise(rows, nps(), **options, standard=mix))
    both = pl.concat([rows.with_columns(pl.lit(got).alias("^t$")) for got in (True, False)])
    doubled = difference_in_differences(both, both, nps(), by="^g$", treated="^t$")
    assert doubled["^g$"].to_list() == ["x", "y"]


@pytest.mark.parametrize("metric", [nines(), mean_time_between_failures()], ids=lambda one: one.name)
def test_figures_that_do_not_mix_by_their_denominators_are_refused(metric: Metric) -> None:
    rows = pl.DataFrame({"up_seconds": [9.0, 5.0], "down_seconds": [1.0, 0.0], "outages": [1, 0], "team": ["a", "b"]})
    with pytest.raises(ParameterError, match="only a ratio of two sums"):
        mix_and_rate(rows, rows, metric, by="team")
