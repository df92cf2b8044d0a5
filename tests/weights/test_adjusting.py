"""Weights to margins: against loops in plain Python, their laws, and bad input."""

import itertools
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from servicequality.errors import InputError, ParameterError, ServiceQualityError, ServiceQualityWarning
from servicequality.weights import calibrate, post_stratify, rake

ROWS = pl.DataFrame(
    {
        "channel": ["web", "web", "phone", "phone", "web", "phone"],
        "tier": ["free", "pro", "free", "pro", "free", "free"],
        "tickets": [1, 4, 2, 8, 3, 1],
        "base": [1.0, 2.0, 1.5, 1.0, 0.5, 3.0],
    }
)
MARGINS = {"channel": {"web": 600, "phone": 400}, "tier": {"free": 700, "pro": 300}}
CELLS = pl.DataFrame(
    {
        "channel": ["web", "web", "phone", "phone"],
        "tier": ["free", "pro", "free", "pro"],
        "count": [450, 150, 250, 150],
    }
)


def sums(frame: pl.DataFrame, *by: str, weight: str = "adjusted_weight") -> dict[Any, float]:
    keys = list(zip(*(frame[name] for name in by), strict=True))
    result: dict[Any, float] = {}
    for key, one in zip(keys, frame[weight], strict=True):
        result[key if len(by) > 1 else key[0]] = result.get(key if len(by) > 1 else key[0], 0.0) + one
    return result


def fitted_by_hand(rows: pl.DataFrame, margins: dict[str, dict[str, float]], weight: str) -> list[float]:
    """Iterative proportional fitting, row by row."""
    weights = rows[weight].to_list()
    for _ in range(2_000):
        for name, counts in margins.items():
            now = sums(pl.DataFrame({name: rows[name], "adjusted_weight": weights}), name)
            weights = [one * counts[key] / now[key] for one, key in zip(weights, rows[name], strict=True)]
    return weights


def test_raking_is_iterative_proportional_fitting() -> None:
    raked = rake(ROWS, MARGINS, weight="base")
    assert raked.columns == [*ROWS.columns, "adjusted_weight"]
    assert raked["adjusted_weight"].to_list() == pytest.approx(fitted_by_hand(ROWS, MARGINS, "base"), rel=1e-10)


@st.composite
def samples(draw: st.DrawFn) -> tuple[pl.DataFrame, dict[str, dict[str, float]]]:
    """Rows in which every combination occurs, so that margins can be met, and counts of one total."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    names = {"channel": ["web", "phone", "chat"], "tier": ["free", "pro"], "region": ["north", "south"]}
    combinations = [*itertools.product(*names.values())]
    cells = combinations + [
        combinations[place] for place in rng.integers(len(combinations), size=draw(st.integers(0, 40)))
    ]
    rows = pl.DataFrame(cells, schema=list(names), orient="row")
    rows = rows.with_columns(base=pl.Series(rng.uniform(0.2, 5, rows.height)))
    shares = {name: rng.dirichlet(np.full(len(values), 2.0)) + 1e-3 for name, values in names.items()}
    total = 10.0 ** rng.uniform(0, 6)
    return rows, {
        name: dict(zip(values, shares[name] / shares[name].sum() * total, strict=True))
        for name, values in names.items()
    }


@given(samples(), st.randoms())
def test_margins_are_met_and_no_order_matters(sample: tuple[pl.DataFrame, Any], random: Any) -> None:
    rows, margins = sample
    raked = rake(rows, margins, weight="base")
    for name, counts in margins.items():
        assert sums(raked, name) == pytest.approx(counts, rel=1e-9)
    assert raked["adjusted_weight"].min() > 0  # type: ignore[operator]
    order = list(range(rows.height))
    random.shuffle(order)
    names = list(margins)
    random.shuffle(names)
    turned = rake(rows[order], {name: dict(reversed(margins[name].items())) for name in names}, weight="base")
    assert turned["adjusted_weight"].to_list() == pytest.approx(raked["adjusted_weight"][order].to_list(), rel=1e-8)


@given(samples(), st.floats(1e-3, 1e3))
def test_the_scale_of_base_weights_is_nothing_and_that_of_counts_is_the_weights(sample: Any, factor: float) -> None:
    rows, margins = sample
    raked = rake(rows, margins, weight="base")["adjusted_weight"].to_numpy()
    scaled = rake(rows.with_columns(pl.col("base") * factor), margins, weight="base")["adjusted_weight"]
    assert scaled.to_numpy() == pytest.approx(raked, rel=1e-8)
    larger = {name: {key: count * factor for key, count in counts.items()} for name, counts in margins.items()}
    assert rake(rows, larger, weight="base")["adjusted_weight"].to_numpy() == pytest.approx(raked * factor, rel=1e-8)


@given(samples())
def test_factors_of_raking_are_products_of_one_factor_a_category(sample: Any) -> None:
    """Which, with the margins met, makes the solution the only one."""
    rows, margins = sample
    logs = np.log(rake(rows, margins, weight="base")["adjusted_weight"].to_numpy() / rows["base"].to_numpy())
    ones = rows.select(list(margins)).to_dummies().to_numpy().astype(float)
    assert ones @ np.linalg.lstsq(ones, logs)[0] == pytest.approx(logs, abs=1e-8)


def test_slow_margins_are_met_too() -> None:
    """Where one row in two thousand breaks the tie, proportional fitting needs ten thousands of passes."""
    cells = [("web", "free")] * 999 + [("web", "pro"), ("phone", "free")] + [("phone", "pro")] * 999
    rows = pl.DataFrame(cells, schema=["channel", "tier"], orient="row")
    margins = {"channel": {"web": 70, "phone": 30}, "tier": {"free": 40, "pro": 60}}
    raked = rake(rows, margins)
    for name, counts in margins.items():
        assert sums(raked, name) == pytest.approx(counts, rel=1e-10)


@pytest.mark.parametrize("missing", [("web", "pro"), ("phone", "free")])
def test_margins_that_only_weights_of_0_would_meet_are_refused(missing: tuple[str, str]) -> None:
    """Without one combination, 60 of web and 60 of pro leave 40 for both free and phone, and none for the fourth cell."""
    cells = [one for one in itertools.product(("web", "phone"), ("free", "pro")) if one != missing]
    rows = pl.DataFrame(cells, schema=["channel", "tier"], orient="row")
    boundary = {"channel": {"web": 60, "phone": 40}, "tier": {"free": 60, "pro": 40}}
    last = ("web", "pro") if missing == ("phone", "free") else ("phone", "free")
    rest = f"met only if nobody stands for rows of 'channel' '{last[0]}' and 'tier' '{last[1]}'"
    with pytest.raises(ParameterError, match=rest):
        rake(rows, boundary)
    if missing == ("phone", "free"):
        near = {"channel": {"web": 60, "phone": 40}, "tier": {"free": 59, "pro": 41}}
    else:
        near = {"channel": {"web": 59, "phone": 41}, "tier": {"free": 60, "pro": 40}}
    assert rake(rows, near)["adjusted_weight"].min() > 0  # type: ignore[operator]


def test_margins_that_no_weights_meet_are_refused_with_what_they_come_to() -> None:
    """Web is free and phone is pro in every row, and not in the population."""
    rows = pl.DataFrame({"channel": ["web", "phone"], "tier": ["free", "pro"]})
    message = r"'(channel|tier)' '\w+' comes to [\d.]+ where the margins count \d0. Some combinations .* have no row"
    with pytest.raises(ParameterError, match=message):
        rake(rows, {"channel": {"web": 60, "phone": 40}, "tier": {"free": 40, "pro": 60}})


@pytest.mark.parametrize("tiny", [5e-324, 1e-300, 1e-50, 1e50])
def test_base_weights_of_any_size(tiny: float) -> None:
    """They meet the margins, or are refused in our words."""
    rows = ROWS.with_columns(base=pl.Series([tiny, 2.0, tiny, 1.0, tiny, tiny]))
    for call in (rake, calibrate):
        try:
            weighted = call(rows, MARGINS, weight="base")
        except ParameterError as error:
            assert "meet all" in str(error)  # noqa: PT017
        else:
            assert sums(weighted, "tier") == pytest.approx(MARGINS["tier"], rel=1e-6)


def test_post_stratification_is_count_over_sum() -> None:
    weighted = post_stratify(ROWS, CELLS, by=["channel", "tier"], weight="base")
    now = sums(ROWS, "channel", "tier", weight="base")
    counts = {(row["channel"], row["tier"]): row["count"] for row in CELLS.to_dicts()}
    keys = zip(ROWS["channel"], ROWS["tier"], strict=True)
    expected = [base * counts[key] / now[key] for base, key in zip(ROWS["base"], keys, strict=True)]
    assert weighted["adjusted_weight"].to_list() == pytest.approx(expected)
    joint = {("channel", "tier"): counts}
    assert rake(ROWS, joint, weight="base")["adjusted_weight"].to_list() == pytest.approx(expected)
    assert rake(ROWS, {("tier",): MARGINS["tier"]})["adjusted_weight"].sum() == pytest.approx(1000)


def test_linear_calibration_is_the_regression_estimator() -> None:
    """Any total that the weights make is that of a base-weighted regression on what is known."""
    known = {"tickets": 3_000, "tier": {"free": 700, "pro": 300}}
    weighted = calibrate(ROWS, known, weight="base")
    weights = weighted["adjusted_weight"].to_numpy()
    assert weights @ ROWS["tickets"].to_numpy() == pytest.approx(3_000)
    assert sums(weighted, "tier") == pytest.approx({"free": 700, "pro": 300})
    y, base = np.array([3.0, 1.0, 4.0, 1.0, 5.0, 9.0]), ROWS["base"].to_numpy()
    x = np.column_stack([ROWS["tier"] == "free", ROWS["tier"] == "pro", ROWS["tickets"]]).astype(float)
    slope = np.linalg.solve(x.T @ (base[:, None] * x), x.T @ (base * y))
    assert weights @ y == pytest.approx(np.array([700, 300, 3_000]) @ slope)
    alone = calibrate(ROWS, {"tickets": 3_000}, size=1_000)["adjusted_weight"].to_numpy()
    assert (alone.sum(), alone @ ROWS["tickets"].to_numpy()) == pytest.approx((1_000, 3_000))


def test_negative_weights_are_shown_and_told_of() -> None:
    with pytest.warns(ServiceQualityWarning, match=r"calibrate: \d of 6 weights are negative.*metrics refuse them"):
        weighted = calibrate(ROWS, {"tickets": 7_000}, size=1_000)
    assert weighted["adjusted_weight"].min() < 0  # type: ignore[operator]


def test_rows_of_base_weight_0_and_categories_of_nobody() -> None:
    rows = ROWS.with_columns(base=pl.Series([1.0, 2.0, 1.5, 1.0, 0.0, 3.0]))
    rows = pl.concat([rows, rows[:1].with_columns(tier=pl.lit("gone"), base=0.0)])
    raked = rake(rows, MARGINS, weight="base")
    assert raked["adjusted_weight"][[4, 6]].to_list() == [0, 0]
    assert sums(raked, "channel") == pytest.approx(MARGINS["channel"])
    nobody = {"channel": {"web": 1000, "phone": 0, "fax": 0}}
    assert rake(ROWS, nobody)["adjusted_weight"].to_list() == pytest.approx([1000 / 3, 1000 / 3, 0, 0, 1000 / 3, 0])


@pytest.mark.parametrize(
    ("values", "keys"),
    [
        (pl.Series([1, 2, 1]), [1, 2]),
        (pl.Series([1.0, 2.0, 1.0]), [1, 2]),
        (pl.Series([True, False, True]), [True, False]),
        (pl.Series(["a", "b", "a"], dtype=pl.Enum(["b", "a"])), ["a", "b"]),
        (pl.Series(["a", "b", "a"], dtype=pl.Categorical()), ["a", "b"]),
    ],
)
@pytest.mark.parametrize("name", ["k", "^a$", "key 0", "cell", ""])
def test_categories_of_every_type_and_columns_of_any_name(values: pl.Series, keys: list[Any], name: str) -> None:
    rows = values.alias(name).to_frame()
    answer = rake(rows, {name: {keys[0]: 30, keys[1]: 70}})
    assert answer["adjusted_weight"].to_list() == pytest.approx([15, 70, 15])
    cells = pl.DataFrame({name: values[:2], "count": [30, 70]})
    assert post_stratify(rows, cells, by=name)["adjusted_weight"].to_list() == pytest.approx([15, 70, 15])


def test_lazy_is_lazy_and_any_table_will_do() -> None:
    lazy = rake(ROWS.lazy(), MARGINS, weight="base")
    assert isinstance(lazy, pl.LazyFrame)
    assert lazy.collect_schema() == {**ROWS.schema, "adjusted_weight": pl.Float64}
    assert_frame_equal(lazy.collect(), rake(ROWS, MARGINS, weight="base"))
    assert_frame_equal(rake(ROWS.to_dicts(), MARGINS), rake(ROWS, MARGINS))
    assert_frame_equal(post_stratify(ROWS.to_dict(as_series=False), CELLS.lazy(), by=["channel", "tier"]),
                       post_stratify(ROWS, CELLS.to_dicts(), by=["channel", "tier"]))  # fmt: skip


RAKED: list[tuple[dict[str, Any], type[ServiceQualityError], str]] = [
    ({"margins": {"channel": {"web": 600, "phone": 400}, "tier": {"free": 700, "pro": 400}}}, ParameterError,
     "'channel' adds up to 1,000, 'tier' adds up to 1,100; no weights meet both"),
    ({"margins": {"channel": {"web": 600}}}, ParameterError, "rows have 'channel' phone, which the margins do not count"),
    ({"margins": {"channel": {"web": 1, "phone": 2, "fax": 3}}}, ParameterError,
     "the margins count 'channel' fax, of which no row is"),
    ({"margins": {"channel": {"web": 1, "phone": -2}}}, ParameterError, "are 0 or more, not those of phone"),
    ({"margins": {"channel": {"web": 0, "phone": 0}}}, ParameterError, "'channel' counts nobody"),
    ({"margins": {"channel": {"web": float("nan"), "phone": 1}}}, ParameterError, "count of 'channel' 'web'.*finite"),
    ({"margins": {"channel": {"web": "6", "phone": 1}}}, ParameterError, "count of 'channel' 'web' must be a number"),
    ({"margins": {"channel": {"web": 1e60, "phone": 1}}}, ParameterError, "must be at most 1e.50"),
    ({"margins": {"channel": {"web": 10**400, "phone": 1}}}, ParameterError, "finite"),
    ({"margins": {"tickets": 500}}, ParameterError, "'tickets' has a total and no counts; raking takes counts"),
    ({"margins": {}}, ParameterError, "margins map a column to the population's counts"),
    ({"margins": [("channel", 3)]}, ParameterError, "margins map a column"),
    ({"margins": {7: {"web": 1}}}, ParameterError, "a key is a column or a tuple of columns, got 7"),
    ({"margins": {("channel", "tier"): {"web": 1}}}, ParameterError, "is a tuple of 2 values, got 'web'"),
    ({"margins": {"chanel": {"web": 1}}}, InputError, "no column 'chanel' .did you mean 'channel'"),
    ({"margins": MARGINS, "weight": "tier"}, InputError, "column 'tier' holds String, expected numbers"),
    ({"margins": MARGINS, "name": "tier"}, ParameterError, "the frame has a column 'tier'; give the new weights another"),
    ({"margins": MARGINS, "name": 3}, ParameterError, "name takes the name of the new column, got 3"),
    ({"margins": MARGINS, "weight": "none"}, InputError, "no column 'none'"),
]  # fmt: skip


@pytest.mark.parametrize(("options", "error", "message"), RAKED)
def test_bad_margins(options: dict[str, Any], error: type[ServiceQualityError], message: str) -> None:
    with pytest.raises(error, match=message):
        rake(ROWS, **options)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"tier": pl.lit(None, pl.String)},
            "column 'tier' is null or NaN in 6 of 6 rows; filter them out, or give them a category",
        ),
        ({"tier": pl.lit(float("nan"))}, "column 'tier' is null or NaN in 6 of 6 rows"),
        ({"base": pl.lit(-1.0)}, "'base' has 6 of 6 weights that are not 0 or more and finite, such as -1.0"),
        ({"base": pl.lit(None, pl.Float64)}, "weights that are not 0 or more and finite, such as None"),
        ({"base": pl.lit(float("inf"))}, "weights that are not 0 or more"),
        ({"base": pl.lit(0.0)}, "no row has a weight above 0"),
        ({"tier": pl.lit([1])}, "which is no category"),
        ({"tier": pl.lit(2**62).cast(pl.Duration("ms"))}, "column 'tier' holds Duration.*, which is no category"),
        ({"tier": pl.lit(2**62).cast(pl.Datetime("ms"))}, "column 'tier' holds times beyond the years 1 to 9999"),
    ],
)
def test_bad_rows(change: dict[str, pl.Expr], message: str) -> None:
    with pytest.raises(InputError, match=message):
        rake(ROWS.with_columns(**change), MARGINS, weight="base")


@pytest.mark.parametrize(
    ("population", "options", "error", "message"),
    [
        (CELLS[:3], {}, ParameterError, "rows have 'channel' and 'tier' .*'phone', 'pro'"),
        (pl.concat([CELLS, CELLS[:1]]), {}, InputError, "more than once; add the rows up first"),
        (CELLS.drop("count"), {}, InputError, "no column 'count'"),
        (CELLS.with_columns(count=pl.lit("many")), {}, InputError, "holds String, not counts"),
        (
            CELLS.with_columns(count=-pl.col("count")),
            {},
            InputError,
            "4 values that are no counts of 0 or more, such as -450",
        ),
        (
            CELLS.with_columns(tier=pl.lit(None, pl.String)),
            {},
            InputError,
            "4 rows of the population have a null category",
        ),
        (
            CELLS.with_columns(tier=pl.lit([1])),
            {},
            InputError,
            "population: column 'tier' holds List.*, which is no category",
        ),
        (
            CELLS.with_columns(tier=pl.lit(2**62).cast(pl.Datetime("ms"))),
            {},
            InputError,
            "population: .* beyond the years",
        ),
        (CELLS, {"by": []}, ParameterError, "by names the columns"),
        (CELLS, {"by": ["channel", "channel"]}, ParameterError, "by names a column twice"),
        (7, {}, InputError, "expected a Polars DataFrame"),
    ],
)
def test_bad_populations(
    population: Any, options: dict[str, Any], error: type[ServiceQualityError], message: str
) -> None:
    with pytest.raises(error, match=message):
        post_stratify(ROWS, population, **({"by": ["channel", "tier"]} | options))


@pytest.mark.parametrize(
    ("margins", "options", "error", "message"),
    [
        ({"tickets": 5_000}, {}, ParameterError, "needs the size of the population too; say size="),
        ({"tickets": 5_000}, {"size": -1}, ParameterError, "size must be above 0, got -1.0"),
        ({"tier": MARGINS["tier"]}, {"size": 900}, ParameterError, "'tier' adds up to 1,000, size is 900"),
        ({"tickets": "5"}, {"size": 9}, ParameterError, "the total of 'tickets' must be a number"),
        ({"tier": 9}, {"size": 9}, InputError, "column 'tier' holds String, expected numbers"),
        ({"same": 5}, {"size": 9}, ParameterError, "no weights meet all totals; a number that is the same in all rows"),
        ({"gap": 5}, {"size": 9}, InputError, "column 'gap' has 6 of 6 values that are null or not finite"),
        ({"tickets": 5_000, "twice": 9_000}, {"size": 900}, ParameterError, "two that tell the same"),
    ],
)
def test_bad_totals(margins: Any, options: dict[str, Any], error: type[ServiceQualityError], message: str) -> None:
    rows = ROWS.with_columns(same=pl.lit(5.0), gap=pl.lit(None, pl.Float64), twice=2 * pl.col("tickets"))
    with pytest.raises(error, match=message):
        calibrate(rows, margins, **options)


def test_a_number_that_is_the_same_in_all_rows_may_have_its_total() -> None:
    rows = ROWS.with_columns(same=pl.lit(5.0))
    assert calibrate(rows, {"same": 500}, size=100)["adjusted_weight"].to_list() == pytest.approx([100 / 6] * 6)
