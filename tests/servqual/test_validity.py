"""Correlations, HTMT and response quality as tables: kernels on plain matrices as oracles, reasons, bad input."""

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from servicequality import stats
from servicequality.errors import ParameterError
from servicequality.servqual import (
    Scale,
    correlations,
    difference_reliability,
    htmt,
    item_analysis,
    item_sums,
    merge_item_sums,
    reliability,
    response_quality,
)

SMALL = Scale("small", {"a": [1, 2], "b": [3, 4], "c": [5]}, low=1, high=7, reversed=[2])
ITEMS = range(1, 6)


def survey(n=90, seed=1, blanks=0.0):
    rng = np.random.default_rng(seed)
    mood = rng.normal(size=(n, 1))
    sides = [mood + np.repeat(rng.normal(size=(n, 3)), [2, 2, 1], axis=1) + rng.normal(size=(n, 5)) for _ in "EP"]
    table = np.clip(np.round(4 + np.hstack(sides)), 1, 7)
    table[:, [1, 6]] = 8 - table[:, [1, 6]]
    table[rng.random(table.shape) < blanks] = np.nan
    frame = pl.DataFrame(table, schema=[f"{role}{item}" for role in "EP" for item in ITEMS])
    return frame.fill_nan(None).cast(pl.Int8).with_columns(region=pl.Series(rng.choice(["north", "south"], n)))


def gaps(frame):
    """Gaps of all items of who answered them all, by the words of the definition."""
    turned = frame.with_columns((8 - pl.col(name)).alias(name) for name in ("E2", "P2"))
    both = turned.select(f"{role}{item}" for role in "EP" for item in ITEMS).drop_nulls().to_numpy().astype(float)
    return both[:, 5:] - both[:, :5]


@pytest.mark.parametrize("blanks", [0.0, 0.08])
def test_correlations_are_those_of_the_dimensions_scores(blanks):
    frame = survey(blanks=blanks)
    table = correlations(frame, SMALL, measures="gap", level=0.9)
    x = gaps(frame)
    scores = {"a": x[:, :2].mean(axis=1), "b": x[:, 2:4].mean(axis=1), "c": x[:, 4]}
    assert table.select("dimension", "other").rows() == [("a", "b"), ("a", "c"), ("b", "c")]
    for row in table.iter_rows(named=True):
        r = np.corrcoef(scores[row["dimension"]], scores[row["other"]])[0, 1]
        assert row["value"] == pytest.approx(r)
        assert (row["low"], row["high"]) == pytest.approx(
            tuple(map(float, stats.correlation_interval(r, len(x), level=0.9)))
        )
        assert (row["n"], row["n_missing"], row["method"]) == (len(x), len(frame) - len(x), "Fisher")


@pytest.mark.parametrize("blanks", [0.0, 0.08])
def test_htmt_and_its_limits_are_those_of_the_kernel(blanks):
    frame = survey(blanks=blanks)
    table = htmt(frame, SMALL, measures=["gap"], resamples=200, seed=3)
    x = gaps(frame)
    row = table.row(0, named=True)
    assert row["value"] == pytest.approx(stats.htmt(stats.covariance(x[:, :4]), "aabb")[0, 1])
    # The same respondents are drawn for every pair.
    drawn = stats.resampled_covariances(x, resamples=200, seed=3)[:, :4, :4]
    limits = stats.htmt_limits(drawn, "aabb")
    assert (row["low"], row["high"]) == pytest.approx((limits[0][0, 1], limits[1][0, 1]))
    assert row["method"] == "percentile bootstrap"
    for row in table.tail(2).iter_rows(named=True):
        assert row["value"] is row["low"] is row["level"] is None
        assert row["reason"] == "a dimension of one item has no correlations within"
    without = htmt(frame, SMALL, measures=["gap"], resamples=0)
    assert without["value"][0] == table["value"][0]
    assert without["low"].null_count() == 3


def test_merged_sums_have_values_and_no_limits():
    frame = survey()
    parts = [item_sums(part, SMALL).state for part in (frame.head(30), frame.tail(60))]
    merged = merge_item_sums(parts, SMALL)
    assert_frame_equal(correlations(merged), correlations(frame, SMALL))
    table = htmt(merged)
    assert_frame_equal(table.select("value"), htmt(frame, SMALL, resamples=0).select("value"))
    assert table["low"].null_count() == table.height
    assert table["notes"][0] == "no limits: merged sums have no respondents to draw"
    with pytest.raises(ParameterError, match="merged sums do not know how people answered"):
        response_quality(merged)


def test_groups_are_those_of_filtered_rows_and_lazy_answers_give_lazy_tables():
    frame = survey(n=120, blanks=0.05)
    chosen = {correlations: {}, htmt: {"resamples": 50}, response_quality: {}}
    for ask, options in chosen.items():
        table = ask(frame, SMALL, by="region", **options)
        for region in ("north", "south"):
            alone = ask(frame.filter(region=region), SMALL, **options)
            assert_frame_equal(table.filter(region=region).drop("region"), alone)
        lazy = ask(frame.lazy(), SMALL, by="region", **options)
        assert isinstance(lazy, pl.LazyFrame)
        assert lazy.collect_schema() == table.schema
        assert_frame_equal(lazy.collect(), table)


def test_too_few_respondents_have_no_limits_and_a_constant_side_no_value():
    frame = survey()
    three = correlations(frame.head(3), SMALL, measures="gap")
    known = three.filter(pl.col("value").is_not_null())
    assert known["low"].null_count() == known.height > 0
    assert known["notes"].unique().to_list() == ["fewer than four respondents: no limits"]
    flat = correlations(frame.with_columns(E5=7), SMALL, measures="expectation").row(1, named=True)
    assert flat["value"] is None
    assert "variance" in flat["reason"]
    rare = htmt(
        frame.with_columns(P3=pl.when(pl.int_range(pl.len()) == 0).then(7).otherwise(4)), SMALL, measures="servperf"
    )
    assert rare["value"][0] is None or rare["notes"][0].startswith(("no limits: undefined in", "undefined in"))


def test_shares_of_straight_lines_and_of_answers_at_the_ends():
    frame = pl.DataFrame(
        {
            "E1": [7, 1, 4, None], "E2": [7, 1, 4, 4], "E3": [7, 2, 4, 4], "E4": [7, 3, 4, 4], "E5": [7, 4, 4, 4],
            "P1": [1, 1, 1, 7], "P2": [1, 2, 1, 7], "P3": [1, 3, 2, 7], "P4": [1, 4, 1, 7], "P5": [1, 5, 1, None],
        }
    )  # fmt: skip
    table = response_quality(frame, SMALL)
    rows = {(row["figure"], row["item"], row["role"]): row for row in table.iter_rows(named=True)}
    # Answers as they were given: item 2 is turned only for the ends.
    lined = rows["straight_lined", None, "expectation"]
    assert (lined["value"], lined["n"], lined["n_missing"]) == (2 / 3, 3, 1)
    assert (lined["low"], lined["high"]) == pytest.approx(tuple(map(float, stats.wilson(2, 3))))
    assert rows["straight_lined", None, "perception"]["value"] == 1 / 3
    assert rows["ceiling", "1", "expectation"]["value"] == pytest.approx(1 / 3)
    assert rows["floor", "2", "expectation"]["value"] == 1 / 4  # the first answered 7, which is turned to 1
    assert rows["ceiling", "2", "expectation"]["value"] == 1 / 4
    assert rows["floor", "1", "perception"]["value"] == 3 / 4
    nobody = response_quality(frame.clear(), SMALL)
    assert nobody["value"].null_count() == nobody.height
    assert nobody["reason"].unique().to_list() == ["nobody answered"]


def test_ends_are_those_of_the_kernel():
    frame = survey(blanks=0.1)
    table = response_quality(frame, SMALL).filter(pl.col("role") == "perception", pl.col("figure") != "straight_lined")
    turned = frame.with_columns((8 - pl.col("P2")).alias("P2")).select(f"P{item}" for item in ITEMS)
    floor, ceiling, n = stats.end_shares(turned.to_numpy(), (1, 7))
    assert table.filter(figure="floor")["value"].to_list() == pytest.approx(floor.tolist())
    assert table.filter(figure="ceiling")["value"].to_list() == pytest.approx(ceiling.tolist())
    assert table.filter(figure="floor")["n"].to_list() == n.tolist()
    lines = response_quality(frame, SMALL).filter(figure="straight_lined", role="perception")["value"].item()
    given = frame.select(f"P{item}" for item in ITEMS).drop_nulls().to_numpy()
    assert lines == pytest.approx(stats.straight_lined(given).mean())


def test_resamples_are_counted_from_zero():
    with pytest.raises(ParameterError, match="resamples must be 0 or more"):
        htmt(survey(), SMALL, resamples=-1)


def test_no_respondents_have_no_groups():
    none = survey().clear()
    for ask in (reliability, item_analysis, difference_reliability, correlations, htmt, response_quality):
        table = ask(none, SMALL, by="region")
        assert table.is_empty()
        assert table.schema == ask(survey(), SMALL, by="region").schema


def test_an_item_that_nobody_answered_as_high_as_others_is_noted():
    frame = survey().with_columns(pl.col("P3").clip(1, 5))
    frame = frame.with_columns((pl.lit(7)).alias("E1"), pl.lit(None, pl.Int8).alias("E5"))
    for by in ((), "region"):
        table = response_quality(frame, SMALL, by=by)
        noted = table.filter(pl.col("notes").is_not_null())
        assert set(noted["figure"]) == {"ceiling"}
        short = noted.filter(item="3", role="perception")["notes"].to_list()
        message = "no answer above 5, where other items reach 7: was it asked on another scale?"
        assert short == [message] * (2 if by else 1)
        assert noted.filter(pl.col("item").is_in(["1", "5"]), role="expectation").is_empty()
    alike = response_quality(
        pl.DataFrame({f"{role}{item}": [3, 5 + item % 2] for role in "EP" for item in ITEMS}), SMALL
    )
    assert alike["notes"].null_count() == alike.height


@pytest.mark.parametrize("blanks", [0.0, 0.1])
def test_item_analysis_shows_the_ends_of_the_respondents_it_stands_on(blanks):
    frame = survey(blanks=blanks)
    table = item_analysis(frame, SMALL, by="region")
    turned = frame.with_columns((8 - pl.col(name)).alias(name) for name in ("E2", "P2"))
    sides = {"expectation": ("E", "EP"), "perception": ("P", "EP"), "servperf": ("P", "P")}
    for row in table.iter_rows(named=True):
        if row["measure"] == "gap":
            assert row["floor"] is row["ceiling"] is None
            continue
        letter, needed = sides[row["measure"]]
        own = turned.filter(region=row["region"])
        own = own.drop_nulls([f"{side}{item}" for side in needed for item in SMALL.dimensions[row["dimension"]]])
        answer = own[f"{letter}{row['item']}"]
        assert row["n"] == len(own)
        assert (row["floor"], row["ceiling"]) == pytest.approx(((answer == 1).mean(), (answer == 7).mean()))
    merged = item_analysis(merge_item_sums([item_sums(frame, SMALL).state], SMALL))
    assert merged["floor"].null_count() == merged["ceiling"].null_count() == merged.height
    assert_frame_equal(item_analysis(frame.lazy(), SMALL, by="region").collect(), table)
    lonely = item_analysis(frame.clear(), SMALL)
    assert lonely["floor"].null_count() == lonely.height
