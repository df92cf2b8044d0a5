"""Many units beside one another: nobody is singled out by chance, and every refusal says what to do."""

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest

import servicequality as sq
from servicequality import stats
from servicequality.comparison import funnel, ranks, shrink
from servicequality.errors import InputError, ParameterError

K, N = [45, 30, 88, 12, 150, 60, 22, 7], [50, 38, 95, 18, 160, 75, 24, 8]


def units(k: list[int] = K, n: list[int] = N) -> pl.DataFrame:
    names = [f"agent {chr(104 - place)}" for place in range(len(n))]
    return pl.DataFrame({"agent": names, "value": [a / b if b else None for a, b in zip(k, n, strict=True)], "n": n})


def test_the_funnel_is_its_kernel_by_unit() -> None:
    result, want = funnel(units(), by="agent").reverse(), stats.funnel(K, N)
    assert result["agent"].to_list() == units()["agent"].to_list()
    for name in ("z", "low", "high"):
        assert result[name].to_numpy() == pytest.approx(getattr(want, name))
    assert result["phi"].unique().to_list() == pytest.approx([want.phi])
    assert result["outside"].null_count() == 8


def test_an_outlier_is_named_and_a_unit_without_rows_is_kept() -> None:
    result = funnel(units([*[90] * 12, 60, 0], [*[100] * 13, 0]), by="agent", level=0.95)
    assert result.filter(pl.col("outside") == "below")["value"].to_list() == [0.6]
    assert result.filter(pl.col("n") == 0).select("z", "reason").row(0) == (None, "no rows")
    same = funnel(units([5, 5], [5, 5]), by="agent")
    assert same["reason"].unique().to_list() == ["the common share is 1: nothing varies, and there is no funnel"]


def test_shrinkage_is_its_kernel_and_a_unit_without_rows_gets_the_mean() -> None:
    result = shrink(units([*K, 0], [*N, 0]), by="agent").reverse()
    want = stats.shrink(K, N)
    assert result["estimate"].to_numpy() == pytest.approx([*want.estimates, want.mean])
    assert result["low"].to_list()[:8] == pytest.approx(want.low.tolist())
    assert result.row(8, named=True)["reason"] == "no rows: the mean of the others is used"
    two = shrink(units([1, 1], [2, 3]), by="agent")
    assert two["estimate"].to_list() == [None, None]
    assert "needs three of them" in two["reason"][0]


def test_ranks_carry_their_doubt_and_follow_the_direction() -> None:
    rows = pl.DataFrame({"team": ["a", "b", "c", "d"], "value": [3.0, 2.0, 1.0, None]}).with_columns(
        low=pl.col("value") - 0.1, high=pl.col("value") + 0.1
    )
    result = ranks(rows, by="team")
    assert result.select("team", "rank", "rank_low", "rank_high").rows() == [
        ("a", 1, 1, 1), ("b", 2, 2, 2), ("c", 3, 3, 3), ("d", None, None, None),
    ]  # fmt: skip
    assert result["reason"].to_list() == [None, None, None, "no estimate with limits"]
    assert ranks(rows, by="team", best="lowest")["team"].to_list() == ["c", "b", "a", "d"]
    wide = ranks(rows.with_columns(low=pl.col("value") - 9, high=pl.col("value") + 9), by="team").head(3)
    assert wide["rank_high"].to_list() == [3, 3, 3]


def test_what_evaluate_returns_goes_straight_in() -> None:
    rng = np.random.default_rng(1)
    rows = pl.DataFrame({"agent": rng.integers(0, 30, 9_000), "score": rng.choice([2, 5], 9_000, p=[0.1, 0.9])})
    card = sq.evaluate(rows, sq.csat("score", scale=(1, 5)), by="agent")
    assert funnel(card, by="agent")["outside"].null_count() == 30
    first = ranks(shrink(card, by="agent"), "estimate", by="agent").row(0, named=True)
    assert first["rank_high"] > 10  # the best of identical agents might as well be in the middle


@pytest.mark.parametrize("call", [funnel, shrink])
def test_shares_are_checked(call: Callable[..., Any]) -> None:
    endless = pl.DataFrame(
        {"agent": ["a"], "value": [None], "n": [float("inf")]}, schema_overrides={"value": pl.Float64}
    )
    with pytest.raises(InputError, match=r"'value' and 'n': 1 units that are not shares of rows"):
        funnel(endless, by="agent")
    with pytest.raises(InputError, match=r"'value' and 'n': 1 units that are not shares of rows"):
        call({"agent": ["a", "b"], "value": [93.0, 0.5], "n": [9, 9]}, by="agent")
    with pytest.raises(InputError, match="units: no column 'agent'"):
        call({"team": ["a"], "value": [0.5], "n": [9]}, by="agent")
    with pytest.raises(InputError, match=r"units that occur more than once(.|\n)*choose one metric and one period"):
        call(pl.concat([units(), units()]), by="agent")
    with pytest.raises(ParameterError, match="by names the columns that tell one unit from another"):
        call(units(), by=())
    with pytest.raises(ParameterError, match="level must be between 0 and 1, got 2"):
        call(units([1, 1], [1, 1]), by="agent", level=2)


def test_ranks_are_checked() -> None:
    bad = pl.DataFrame({"team": ["a"], "value": [3.0], "low": [4.0], "high": [5.0]})
    with pytest.raises(InputError, match="limits that do not hold 'value' in 1 units"):
        ranks(bad, by="team")
    with pytest.raises(ParameterError, match="best must be one of 'highest', 'lowest'; got 'first'"):
        ranks(bad, by="team", best="first")  # type: ignore[arg-type]


def test_names_are_names_and_texts_are_no_numbers() -> None:
    units = pl.DataFrame(
        {"^k$": ["a", "b"], "k": [1, 1], "value": [0.5, 0.4], "n": [10, 20], "low": [0.3, 0.2], "high": [0.7, 0.6]}
    )
    plain = units.drop("k").rename({"^k$": "k"})
    for call in (funnel, shrink, ranks):
        assert call(units, by="^k$").rename({"^k$": "k"}).equals(call(plain, by="k"))
        with pytest.raises(ParameterError, match="level must be between 0 and 1"):
            call(units, by="^k$", level=object())
    with pytest.raises(InputError, match="column 'k' holds String, expected numbers"):
        funnel(units.with_columns(k=pl.lit("x")), "k", by="^k$")


def test_a_refusal_shows_the_columns_of_the_call_and_no_others() -> None:
    far = pl.Series("seen_at", [-(2**63) + 1]).cast(pl.Datetime("us", "America/New_York"))
    rows = pl.DataFrame({"agent": ["a"], "value": [80.0], "n": [83], "low": [90.0], "high": [95.0]}).with_columns(far)
    with pytest.raises(InputError, match=r"not shares of rows, such as 'agent' 'a'; 'value' 80.0; 'n' 83; give shares"):
        shrink(rows, by="agent")
    with pytest.raises(
        InputError, match=r"do not hold 'value' in 1 units, such as 'agent' 'a'; 'value' 80.0; 'low' 90.0"
    ):
        ranks(rows, by="agent")
    with pytest.raises(InputError, match=r"more than once, such as 'seen_at' -9223372036854775807"):
        funnel(pl.concat([rows, rows]), by="seen_at")
