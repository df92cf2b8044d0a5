"""Reliability as tables: kernels on plain matrices and pingouin as oracles, merges, reasons, a real survey, bad input."""

import gzip
import io

import numpy as np
import pandas as pd
import pingouin
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from drawing import few
from servicequality import stats
from servicequality.errors import InputError, ParameterError
from servicequality.servqual import (
    SERVPERF,
    SERVQUAL_1991,
    Scale,
    alpha,
    combined_reliability,
    difference_reliability,
    item_analysis,
    item_sums,
    merge_item_sums,
    omega,
    reliability,
)

SMALL = Scale("small", {"a": [1, 2, 3], "b": [4, 5], "c": [6]}, low=1, high=7, reversed=[2])
ANSWERS = [f"{role}{item}" for role in "EP" for item in range(1, 7)]


def survey(n=80, seed=1, blanks=0.0):
    """Answers in which the items of a dimension go together, item 2 worded the other way round."""
    rng = np.random.default_rng(seed)
    mood = rng.normal(size=(n, 1))
    sides = [mood * 0.5 + np.repeat(rng.normal(size=(n, 3)), [3, 2, 1], axis=1) + rng.normal(size=(n, 6)) for _ in "EP"]
    table = np.clip(np.round(4 + np.hstack(sides)), 1, 7)
    table[:, [1, 7]] = 8 - table[:, [1, 7]]
    table[rng.random(table.shape) < blanks] = np.nan
    frame = pl.DataFrame(table, schema=ANSWERS).fill_nan(None).cast(pl.Int8)
    return frame.with_columns(
        region=pl.Series(rng.choice(["north", "south"], n)), part=pl.Series(rng.integers(0, 3, n))
    )


def matrices(frame):
    """The answers of each dimension and measure as plain matrices, by the words of the definition."""
    turned = frame.with_columns((8 - pl.col(name)).alias(name) for name in ("E2", "P2"))
    for dimension, items in SMALL.dimensions.items():
        sides = [
            turned.select(f"{role}{item}" for role in "EP" for item in items).drop_nulls().to_numpy().astype(float)
        ]
        k = len(items)
        expected, perceived = sides[0][:, :k], sides[0][:, k:]
        felt = turned.select(f"P{item}" for item in items).drop_nulls().to_numpy().astype(float)
        yield dimension, "expectation", expected
        yield dimension, "perception", perceived
        yield dimension, "gap", perceived - expected
        yield dimension, "servperf", felt


@pytest.mark.parametrize("blanks", [0.0, 0.1])
def test_every_coefficient_is_that_of_the_answers_themselves(blanks):
    frame = survey(blanks=blanks)
    table = reliability(frame, SMALL, level=0.9)
    rows = {(row["dimension"], row["measure"]): row for row in table.iter_rows(named=True)}
    assert len(rows) == table.height == 12
    for dimension, measure, x in matrices(frame):
        row, k = rows[dimension, measure], x.shape[1]
        assert (row["items"], row["n"], row["n_missing"]) == (k, len(x), len(frame) - len(x))
        if k == 1:
            assert row["alpha"] is row["low"] is row["level"] is None
            assert "at least 2 items; got 1" in row["reason"]
            continue
        theirs, limits = pingouin.cronbach_alpha(data=pd.DataFrame(x), ci=0.9)
        assert row["alpha"] == pytest.approx(theirs)
        assert (row["low"], row["high"]) == pytest.approx(tuple(limits), abs=6e-4)
        s = stats.covariance(x)
        assert row["alpha_standardised"] == pytest.approx(float(stats.cronbach_alpha(s, standardised=True)))
        assert row["lambda2"] == pytest.approx(float(stats.guttman_lambda2(s)))
        assert row["lambda6"] == pytest.approx(float(stats.guttman_lambda6(s)))
        assert row["mean_inter_item_r"] == pytest.approx(float(stats.mean_inter_item_correlation(s)))
        if k == 2:
            assert row["omega"] is None
            assert row["reason"].startswith("omega: covariance must be of at least 3 items; got 2")
        else:
            assert row["omega"] == pytest.approx(float(stats.mcdonald_omega(s)))
            assert row["reason"] is None


def test_alpha_and_omega_are_the_columns_of_the_whole_table():
    frame = survey()
    whole = reliability(frame, SMALL)
    one = alpha(frame, SMALL)
    assert_frame_equal(
        one.select("value", "low", "high", "n"), whole.select(value="alpha", low="low", high="high", n="n")
    )
    assert one["method"].to_list() == ["Feldt"] * 8 + ["none"] * 4
    assert_frame_equal(omega(frame, SMALL).select("value"), whole.select(value="omega"))
    standard = omega(frame, SMALL, measures="servperf", standardised=True)
    x = {name: x for name, measure, x in matrices(frame) if measure == "servperf"}
    assert standard["value"][0] == pytest.approx(
        float(stats.mcdonald_omega(stats.covariance(x["a"]), standardised=True))
    )


def test_items_stand_beside_the_rest_of_their_dimension():
    frame = survey(blanks=0.05)
    table = item_analysis(frame, SMALL, measures=["perception", "gap"])
    assert table.height == 12
    for dimension, measure, x in matrices(frame):
        rows = table.filter(pl.col("dimension") == dimension, pl.col("measure") == measure)
        for j, row in enumerate(rows.iter_rows(named=True)):
            assert row["mean"] == pytest.approx(x[:, j].mean())
            assert row["sd"] == pytest.approx(x[:, j].std(ddof=1))
            if x.shape[1] == 1:
                assert row["item_rest_r"] is None
                continue
            rest = np.delete(x, j, axis=1)
            assert row["item_rest_r"] == pytest.approx(np.corrcoef(x[:, j], rest.sum(axis=1))[0, 1])
            if x.shape[1] == 3:
                assert row["alpha_if_dropped"] == pytest.approx(pingouin.cronbach_alpha(data=pd.DataFrame(rest))[0])
            else:
                assert row["alpha_if_dropped"] is None
                assert row["reason"].startswith("alpha_if_dropped: ")


def test_answers_that_do_not_differ_but_for_rounding_have_a_spread_of_zero() -> None:
    alike = pl.DataFrame({"E1": [3.0, 3.0], "E2": [1.0, 6.0], "E3": [3.0, 6.0], "E4": [5, 4], "E5": [6.0, 4.0], "E6": [2, 6],
                          "P1": [7.0, 7.0], "P2": [1, 3], "P3": [5.0, 4.0], "P4": [2.0, 1.0], "P5": [4.0, 6.0],
                          "P6": [1, 6]})  # fmt: skip
    scale = Scale("small", {"a": [1, 2], "b": [3, 4, 5], "c": [6]}, low=1, high=7, reversed=[2, 6])
    table = difference_reliability(alike, scale)
    assert table.filter(pl.col("dimension") == "b")["sd_perception"].item() == pytest.approx(0.0, abs=1e-7)


def test_a_gap_is_as_reliable_as_its_sides_and_their_correlation_let_it():
    frame = survey(n=200)
    table = difference_reliability(frame, SMALL)
    by = {(dimension, measure): x for dimension, measure, x in matrices(frame)}
    for row in table.head(2).iter_rows(named=True):
        e, p, gap = (by[row["dimension"], measure] for measure in ("expectation", "perception", "gap"))
        alphas = [pingouin.cronbach_alpha(data=pd.DataFrame(x))[0] for x in (e, p, gap)]
        r = np.corrcoef(e.mean(axis=1), p.mean(axis=1))[0, 1]
        sd = [x.mean(axis=1).std(ddof=1) for x in (e, p)]
        shared = 2 * r * sd[0] * sd[1]
        plain = (sd[0] ** 2 * alphas[0] + sd[1] ** 2 * alphas[1] - shared) / (sd[0] ** 2 + sd[1] ** 2 - shared)
        assert row["value"] == pytest.approx(plain)
        assert [row[f"alpha_{side}"] for side in ("expectation", "perception", "gap")] == pytest.approx(alphas)
        assert [row["r"], row["sd_expectation"], row["sd_perception"]] == pytest.approx([r, *sd])
    alone = table.row(2, named=True)
    assert alone["value"] is None
    assert "at least 2 items" in alone["reason"]


def test_the_whole_is_a_combination_of_its_dimensions():
    two = Scale("two", {"a": [1, 2, 3], "b": [4, 5]}, low=1, high=7, reversed=[2])
    frame = survey(n=150)
    table = combined_reliability(frame, two)
    parts = {dimension: x for dimension, measure, x in matrices(frame) if measure == "gap"}
    scores = np.column_stack([parts[name].mean(axis=1) for name in "ab"])
    alphas = [pingouin.cronbach_alpha(data=pd.DataFrame(parts[name]))[0] for name in "ab"]
    plain = 1 - sum(v * (1 - a) for v, a in zip(scores.var(axis=0, ddof=1), alphas, strict=True)) / scores.sum(
        axis=1
    ).var(ddof=1)
    assert table.filter(measure="gap")["value"].item() == pytest.approx(plain)
    assert combined_reliability(frame, SMALL)["value"].null_count() == 4


@few(6)
@given(st.integers(0, 1000), st.sampled_from([0.0, 0.15]))
def test_parts_merge_to_the_whole(seed, blanks):
    frame = survey(n=30, seed=seed, blanks=blanks)
    parts = [item_sums(part, SMALL, by="region").state for part in frame.partition_by("part")]
    merged = merge_item_sums(parts, SMALL)
    whole = item_sums(frame, SMALL, by="region")
    assert_frame_equal(merged.state, whole.state)
    assert_frame_equal(reliability(merged), reliability(whole))
    assert_frame_equal(reliability(merge_item_sums(parts, SMALL, by=())), reliability(frame, SMALL))


def test_a_state_survives_parquet_and_an_empty_part_adds_nothing():
    frame = survey(blanks=0.1)
    stored = io.BytesIO()
    item_sums(frame, SMALL).state.write_parquet(stored)
    stored.seek(0)
    states = [pl.read_parquet(stored), item_sums(frame.clear(), SMALL).state]
    assert_frame_equal(alpha(merge_item_sums(states, SMALL)), alpha(frame, SMALL))


def test_groups_are_those_of_filtered_rows_and_stand_in_order():
    frame = survey(n=120, blanks=0.05)
    table = reliability(frame, SMALL, by="region")
    assert table["region"].to_list() == ["north"] * 12 + ["south"] * 12
    for region in ("north", "south"):
        alone = reliability(frame.filter(region=region), SMALL)
        assert_frame_equal(table.filter(region=region).drop("region"), alone)


def test_lazy_answers_give_lazy_tables_and_the_order_of_rows_does_not_matter():
    frame = survey(blanks=0.1)
    for ask in (reliability, alpha, omega, item_analysis, difference_reliability, combined_reliability):
        lazy = ask(frame.lazy(), SMALL, by="region")
        assert isinstance(lazy, pl.LazyFrame)
        eager = ask(frame, SMALL, by="region")
        assert lazy.collect_schema() == eager.schema
        assert_frame_equal(lazy.collect(), eager)
        assert_frame_equal(ask(frame.reverse(), SMALL, by="region"), eager)


def test_a_common_affine_change_changes_no_alpha():
    frame = survey()
    wide = Scale("wide", SMALL.dimensions, low=3, high=15, reversed=SMALL.reversed)
    changed = frame.with_columns(pl.col(ANSWERS) * 2 + 1)
    assert_frame_equal(alpha(changed, wide), alpha(frame, SMALL))


def test_a_scale_without_expectations_has_perceptions_alone():
    frame = pl.DataFrame({f"P{i}": np.random.default_rng(i).integers(1, 8, 40) for i in range(1, 23)})
    table = reliability(frame, SERVPERF)
    assert table["measure"].unique().to_list() == ["servperf"]
    with pytest.raises(ParameterError, match="compares perceptions with nothing"):
        difference_reliability(frame, SERVPERF)


def test_undefined_is_null_with_its_reason():
    frame = pl.DataFrame(
        {name: [4, 4, 4, 4] for name in ANSWERS} | {"P1": [1, 2, 3, 5], "P2": [1, 2, 3, 5], "P4": [1, 2, 3, 4]}
    )
    rows = {(row["dimension"], row["measure"]): row for row in reliability(frame, SMALL).iter_rows(named=True)}
    constant = rows["a", "expectation"]
    assert constant["alpha"] is constant["low"] is constant["lambda2"] is None
    assert "variance of the items' sum must be above 0" in constant["reason"]
    # Items 1 and 2 oppose each other once 2 is turned, and 3 does not vary: their sum is constant.
    assert rows["a", "servperf"]["alpha"] is None
    # One item varies beside one that does not: raw alpha is defined, 0; correlations are not.
    half = rows["b", "servperf"]
    assert half["alpha"] == pytest.approx(0)
    assert half["mean_inter_item_r"] is half["alpha_standardised"] is half["lambda6"] is None
    assert "an item without variance" in half["reason"]
    alone = reliability(frame.head(1), SMALL)
    assert alone["alpha"].null_count() == 12
    assert alone["reason"].to_list()[:2] == ["one respondent has no spread"] * 2
    nobody = reliability(frame.head(0), SMALL)
    assert nobody["n"].to_list() == [0] * 12
    assert nobody["reason"][0] == "nobody answered all items"


def test_a_negative_alpha_is_kept_and_noted():
    frame = survey()
    forgotten = Scale("forgotten", SMALL.dimensions, low=1, high=7)
    row = alpha(frame, forgotten, measures="servperf").row(0, named=True)
    turned = alpha(frame, SMALL, measures="servperf").row(0, named=True)
    assert row["value"] < 0 < turned["value"]
    assert "look for one that has to be reversed" in row["notes"]
    assert turned["notes"] is None


def test_an_improper_fit_is_noted():
    rng = np.random.default_rng(3)
    x = rng.integers(1, 8, (60, 2))
    three = Scale("three", {"a": [1, 2, 3]}, low=1, high=7, standard="none")
    frame = pl.DataFrame({"P1": x[:, 0], "P2": x[:, 0], "P3": x[:, 1]}).with_columns(
        P2=pl.when(pl.int_range(60) < 1).then(8 - pl.col("P2")).otherwise("P2")
    )
    assert "improper fit" in omega(frame, three)["notes"][0]
    copied = omega(frame.with_columns(P2="P1"), three)
    assert copied["value"].to_list() == [None]
    assert "an item is a copy or a sum of others" in copied["reason"][0]


@pytest.fixture(scope="module")
def kiosk(data_dir):
    """A Korean survey of 2019: headers are sentences, item 9 stands before item 8, four respondents are blank."""
    text = gzip.decompress((data_dir / "kiosk_servqual_survey_cp949.csv.gz").read_bytes()).decode("cp949")
    frame = pl.read_csv(text.encode(), infer_schema=False)
    pairs = {name: name.partition(".")[0].strip() for name in frame.columns[3:51]}
    return frame.select(pl.col(name).cast(pl.Int64).alias(pair) for name, pair in pairs.items())


def test_the_kiosk_survey_has_its_known_alphas(kiosk):
    dimensions = {
        "tangible": [4, 5, 6, 22], "security": [19, 20, 21], "economy": [10, 11, 18],
        "convenience": [13, 14, 15, 16, 17], "reliability": [1, 2, 3], "control": [7, 8],
    }  # fmt: skip
    scale = Scale("K-SERVQUAL", dimensions, low=1, high=7)
    table = alpha(kiosk, scale, expectation="{}-1", perception="{}-2", measures="perception")
    assert table["value"].round(4).to_list() == [0.8044, 0.8327, 0.7970, 0.7508, 0.6733, 0.7645]
    assert table.select("n", "n_missing").unique().row(0) == (207, 4)
    expected = alpha(kiosk, scale, expectation="{}-1", perception="{}-2", measures="expectation")
    assert expected["value"][:2].to_list() == pytest.approx([0.85923439, 0.880359418])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (alpha, ParameterError, "state the scale of the answers"),
        (
            lambda frame: alpha(frame, SMALL, measures=["gaps"]),
            ParameterError,
            "small has no 'gaps'; it has expectation",
        ),
        (lambda frame: alpha(frame, SMALL, level=95), ParameterError, "level"),
        (lambda frame: alpha(frame, SMALL, by="measure"), ParameterError, "by names 'measure'"),
        (lambda frame: alpha(frame, SMALL, by="shop"), InputError, "no column 'shop'"),
        (lambda frame: alpha(frame.drop("E3"), SMALL), InputError, "no column 'E3'"),
        (lambda frame: alpha(frame.with_columns(E3=9), SMALL), InputError, "column 'E3'"),
        (lambda frame: alpha(item_sums(frame, SMALL), SERVQUAL_1991), ParameterError, "the sums have their scale"),
        (lambda frame: alpha(item_sums(frame, SMALL), by="region"), ParameterError, "the sums have their scale"),
        (lambda frame: merge_item_sums([], SMALL), ParameterError, "nothing to merge"),
        (lambda frame: merge_item_sums([frame], SMALL), InputError, "these are not states of items"),
        (lambda frame: merge_item_sums([item_sums(frame, SMALL).state], SERVQUAL_1991), InputError, "made by 'small"),
        (lambda frame: merge_item_sums([item_sums(frame, SMALL).state], SMALL, by="x"), ParameterError, "no key 'x'"),
    ],
)
def test_bad_calls_say_what_is_wrong(call, error, message):
    with pytest.raises(error, match=message):
        call(survey(n=20))
