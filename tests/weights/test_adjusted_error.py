"""Figures of adjusted rows: the error by hand, its relation to `evaluate`, coverage, and bad input."""

from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

import servicequality as sq
from servicequality.core import RESULT
from servicequality.errors import InputError, ParameterError, ServiceQualityError
from servicequality.weights import calibrate, evaluate_adjusted, post_stratify, rake
from simulation import Simulate, assert_share

METRICS = [sq.nps(), sq.csat_mean(scale=(0, 10)), sq.csat(scale=(0, 10))]
MARGINS: dict[Any, Any] = {
    "channel": {"web": 600, "phone": 300, "chat": 100},
    "tier": {"free": 700, "pro": 300},
}


def sample(n: int = 80, seed: int = 5) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "channel": [["web", "phone", "chat"][place % 3] for place in range(n)],
            "tier": rng.choice(["free", "pro"], n),
            "team": rng.choice(["north", "south"], n),
            "tickets": rng.poisson(4, n),
            "score": [
                None if hole else int(one)
                for one, hole in zip(rng.integers(0, 11, n), rng.random(n) < 0.1, strict=True)
            ],
            "base": rng.uniform(0.5, 2, n),
            "fold": [place % 8 for place in range(n)],
        }
    )


ROWS = sample()


def values_of(name: str, rows: pl.DataFrame) -> np.ndarray[Any, Any]:
    """What each row adds to a metric; the share of scores of 9 and 10, and points for promoters less detractors."""
    score = rows["score"].cast(pl.Float64).fill_null(0.0).to_numpy()
    return {"nps": 100.0 * (score >= 9) - 100.0 * (score <= 6), "csat_mean": score, "csat": 1.0 * (score >= 9)}[name]


def error_by_hand(rows: pl.DataFrame, weights: Any, x: Any, y: Any, counts: Any) -> float:
    """The linearised error, from residuals of a base-weighted regression."""
    base, w = rows["base"].to_numpy(), np.asarray(weights)
    mean = (w * y * counts).sum() / (w * counts).sum()
    z = counts * (y - mean) / (w * counts).sum()
    root = np.sqrt(base)
    residual = z - x @ np.linalg.lstsq(x * root[:, None], z * root)[0]
    parts, n = w * residual, len(w)
    return float(np.sqrt(n / (n - 1) * ((parts - parts.mean()) ** 2).sum()))


@pytest.mark.parametrize("by", [(), "team"])
@pytest.mark.parametrize("way", ["rake", "joint", "linear"])
def test_the_linearised_error_by_hand(way: str, by: Any) -> None:
    """A slice is a domain: rows outside it count as 0, and have residuals all the same. So do rows without an answer."""
    cells = {
        key: 100.0 + 30 * place
        for place, key in enumerate(ROWS.select("channel", "tier").unique(maintain_order=True).rows())
    }
    options: dict[str, Any] = {"margins": MARGINS, "weight": "base"}
    names = ["channel", "tier"]
    numbers = ROWS.select("tickets").to_numpy().astype(float)
    x = ROWS.select(names).to_dummies().to_numpy().astype(float)
    if way == "rake":
        weights = rake(ROWS, MARGINS, weight="base")["adjusted_weight"]
    elif way == "joint":
        options["margins"] = {("channel", "tier"): cells}
        population = pl.DataFrame(
            [(*key, count) for key, count in cells.items()], schema=[*names, "count"], orient="row"
        )
        weights = post_stratify(ROWS, population, by=names, weight="base")["adjusted_weight"]
        x = ROWS.select(pl.concat_str(names)).to_dummies().to_numpy().astype(float)
    else:
        options |= {"margins": {"tier": MARGINS["tier"], "tickets": 4_100}, "distance": "linear"}
        weights = calibrate(ROWS, options["margins"], weight="base")["adjusted_weight"]
        x = np.hstack([ROWS.select("tier").to_dummies().to_numpy(), numbers])
    answer = evaluate_adjusted(ROWS, METRICS, by=by, **options)
    plain = sq.evaluate(ROWS.with_columns(w=weights), METRICS, by=by, weight="w")
    assert_frame_equal(
        answer.select("metric", "value", "n", "n_missing"), plain.select("metric", "value", "n", "n_missing")
    )
    for row in answer.to_dicts():
        own = (ROWS["team"] == row["team"]).to_numpy() if by else np.ones(len(ROWS), bool)
        counts = own & ROWS["score"].is_not_null().to_numpy()
        expected = error_by_hand(ROWS, weights, x, values_of(row["metric"], ROWS), counts)
        assert row["se"] == pytest.approx(expected, rel=1e-9), row["metric"]


@pytest.mark.parametrize("by", [(), "team"])
def test_the_jackknife_by_hand(by: Any) -> None:
    answer = evaluate_adjusted(ROWS, METRICS, MARGINS, weight="base", by=by, jackknife="fold")
    whole = sq.evaluate(rake(ROWS, MARGINS, weight="base"), METRICS, by=by, weight="adjusted_weight")[
        "value"
    ].to_numpy()
    square = np.zeros_like(whole)
    for fold in range(8):
        rest = ROWS.filter(pl.col("fold") != fold).with_columns(pl.col("base") * 8 / 7)
        values = sq.evaluate(rake(rest, MARGINS, weight="base"), METRICS, by=by, weight="adjusted_weight")[
            "value"
        ].to_numpy()
        square += (values - whole) ** 2
    assert answer["se"].to_numpy() == pytest.approx(np.sqrt(7 / 8 * square), rel=1e-8)
    assert answer["method"].str.ends_with("jackknife of 8, raking").all()


def test_margins_that_tell_nothing_leave_the_limits_of_evaluate() -> None:
    """One category: the weights are the base weights times a constant, and so are limits and effective rows."""
    rows = ROWS.with_columns(all=pl.lit("x"))
    adjusted = evaluate_adjusted(rows, METRICS, {"all": {"x": 1_000}}, weight="base", by="team")
    plain = sq.evaluate(rows, METRICS, weight="base", by="team")
    assert adjusted["value"].to_list() == pytest.approx(plain["value"].to_list())
    missing = rows.drop_nulls("score")  # without holes in the answers the domains are the whole
    adjusted = evaluate_adjusted(missing, METRICS, {"all": {"x": 1_000}}, weight="base")
    plain = sq.evaluate(missing, METRICS, weight="base")
    for name in ("low", "high", "n_eff"):
        assert adjusted[name].to_list() == pytest.approx(plain[name].to_list(), rel=1e-9), name


def test_margins_that_tell_much_leave_little_error() -> None:
    """Where the tier decides the answer but for a few, most of what varies between samples is how many are of each tier."""
    rows = sample(300).with_columns(
        score=pl.when(pl.col("tier") == "pro").then(10).otherwise(pl.col("tickets").clip(0, 6))
    )
    adjusted = evaluate_adjusted(rows, sq.nps(), MARGINS)
    plain = sq.evaluate(rake(rows, MARGINS), sq.nps(), weight="adjusted_weight")
    assert adjusted["value"].item() == pytest.approx(plain["value"].item())
    # All free are detractors, all pro promoters: nothing is left to chance, so rows are read as plain ones.
    spread = plain["se"].item() * np.sqrt(plain["n_eff"].item())
    assert adjusted["se"].item() == pytest.approx(spread / np.sqrt(300), rel=0.02)
    assert adjusted["n_eff"].item() == pytest.approx(300, rel=0.05)
    mean = [sq.csat_mean(scale=(0, 10))]
    errors = [
        one["se"].item()
        for one in (
            evaluate_adjusted(rows, mean, MARGINS),
            sq.evaluate(rake(rows, MARGINS), mean, weight="adjusted_weight"),
        )
    ]
    assert errors[0] < 0.6 * errors[1]


def test_few_rows_for_many_margins_are_noted() -> None:
    enough, few = (evaluate_adjusted(sample(n), sq.nps(), MARGINS)["notes"].item() for n in (200, 60))
    assert enough is None
    assert few.endswith("effective rows for 4 independent counts: the limits are too short")


def test_groups_without_figures() -> None:
    rows = ROWS.with_columns(
        team=pl.Series(["lone", "empty", *ROWS["team"][2:]]), score=pl.Series([9, None, *ROWS["score"][2:]])
    )
    answer = evaluate_adjusted(rows, sq.nps(), MARGINS, by="team")
    assert answer.columns == ["team", *RESULT]
    assert answer["team"].to_list() == ["empty", "lone", "north", "south"]
    assert answer["value"].is_null().to_list() == [True, False, False, False]
    assert answer["reason"][0] == "no answers"
    assert answer["low"].is_null().to_list() == [True, True, False, False]
    assert answer["se"].is_null().to_list() == [True, True, False, False]


@pytest.mark.parametrize("keys", [[None], [float("nan")], [float("nan"), 1.0, None]])
def test_keys_may_be_null_or_nan(keys: list[float | None]) -> None:
    rows = ROWS.with_columns(key=pl.Series([keys[place % len(keys)] for place in range(80)], dtype=pl.Float64))
    answer = evaluate_adjusted(rows, METRICS, MARGINS, by="key")
    plain = sq.evaluate(rake(rows, MARGINS), METRICS, by="key", weight="adjusted_weight")
    assert_frame_equal(answer.select("key", "value"), plain.select("key", "value"))
    assert answer["low"].is_null().sum() == 0


def test_lazy_is_lazy_and_columns_may_have_any_name() -> None:
    rows = ROWS.rename({"channel": "^a$", "tier": "weight", "base": "row", "fold": "y"})
    margins = {"^a$": MARGINS["channel"], "weight": MARGINS["tier"]}
    for jackknife in (None, "y"):
        named = {"weight": "row", "by": "^a$"}
        lazy = evaluate_adjusted(rows.lazy(), METRICS, margins, **named, jackknife=jackknife)  # type: ignore[arg-type]
        assert isinstance(lazy, pl.LazyFrame)
        eager = evaluate_adjusted(ROWS, METRICS, MARGINS, weight="base", by="channel", jackknife=jackknife and "fold")
        assert_frame_equal(lazy.collect(), eager.rename({"channel": "^a$"}))
        assert lazy.collect_schema() == lazy.collect().schema


def test_metrics_refuse_negative_weights() -> None:
    with pytest.warns(Warning, match="weights are negative"):
        weighted = calibrate(ROWS, {"tickets": 9_000}, size=1_000)
    with pytest.raises(InputError, match=r"\d+ .*of a weight that is not zero or more"):
        sq.evaluate(weighted, sq.nps(), weight="adjusted_weight")
    with pytest.raises(ParameterError, match=r"makes \d+ of 80 weights negative.*say distance=\"rake\""):
        evaluate_adjusted(ROWS, sq.nps(), {"tickets": 9_000}, size=1_000, distance="linear")


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"metrics": sq.resolution_time()}, ParameterError, "resolution_time is no ratio of two sums"),
        ({"metrics": []}, ParameterError, "metric"),
        ({"distance": "raking"}, ParameterError, "distance must be one of 'rake', 'linear'"),
        ({"jackknife": "none"}, InputError, "jackknife: no column 'none'"),
        ({"jackknife": "one"}, ParameterError, "column 'one' has 1 groups with weight; at least 2 are needed"),
        ({"jackknife": "score"}, InputError, "column 'score' is null or NaN in"),
        ({"jackknife": "span"}, InputError, "jackknife: column 'span' holds Duration.*, which is no category"),
        ({"jackknife": "channel"}, ParameterError, "without the group 'chat' the margins cannot be met"),
        ({"level": 2}, ParameterError, "level must be between 0 and 1"),
        ({"by": "value"}, ParameterError, "by names 'value'"),
        ({"margins": {"channel": {"web": 1}}}, ParameterError, "rows have 'channel' phone, chat"),
        ({"metrics": sq.csat(scale=(1, 5))}, InputError, "score"),
    ],
)
def test_bad_input(options: dict[str, Any], error: type[ServiceQualityError], message: str) -> None:
    rows = ROWS.with_columns(one=pl.lit(1), span=pl.duration(seconds=1))
    given = {"metrics": sq.nps(), "margins": MARGINS} | options
    with pytest.raises(error, match=message):
        evaluate_adjusted(rows, given.pop("metrics"), **given)


def test_limits_hold_the_truth_where_nonresponse_depends_on_the_margins(simulate: Simulate) -> None:
    """Web customers are happier and answer twice as often; with 60 rows a count the raked limits hold the truth."""
    people = {"channel": {"web": 500, "phone": 500}, "tier": {"free": 700, "pro": 300}}
    chances = {("web", "free"): 0.9, ("web", "pro"): 0.8, ("phone", "free"): 0.5, ("phone", "pro"): 0.4}
    shares = {key: 0.5 * {"free": 0.7, "pro": 0.3}[key[1]] for key in chances}
    truth = sum(shares[key] * chance for key, chance in chances.items())
    cells, n = list(chances), 180
    answering = np.array([shares[key] * (2 if key[0] == "web" else 1) for key in cells])

    def batch(rng: np.random.Generator) -> list[float]:
        held = []
        for _ in range(60):
            place = rng.choice(4, n, p=answering / answering.sum())
            happy = rng.random(n) < np.array([chances[key] for key in cells])[place]
            rows = pl.DataFrame([cells[one] for one in place], schema=["channel", "tier"], orient="row")
            rows = rows.with_columns(score=pl.Series(np.where(happy, 5, 1)))
            row = evaluate_adjusted(rows, sq.csat(scale=(1, 5)), people).row(0, named=True)
            held.append(float(row["low"] <= truth <= row["high"]))
        return held

    assert_share(simulate(7, batch), 0.94, 0.97)
