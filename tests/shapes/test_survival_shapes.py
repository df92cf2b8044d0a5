"""Delayed entry, strata and the instant of knowledge: what `evaluate` and states make of them, beside the kernels."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from scipy.stats import beta

from servicequality import evaluate, first_response_time, resolution_time, sla_attainment
from servicequality.errors import InputError, ParameterError
from servicequality.shapes import Table, survival
from servicequality.stats import pool_strata, quantile_ranks
from servicequality.stats.survival import kaplan_meier, risk_table

NOON = datetime(2026, 3, 29, 12, tzinfo=UTC)


def tickets(rows: int = 400) -> pl.DataFrame:
    rng = np.random.default_rng(5)
    life, entry = rng.exponential(10, rows), np.maximum(rng.uniform(-5, 10, rows), 0)
    watched = entry + rng.uniform(0.5, 12, rows)
    frame = pl.DataFrame(
        {
            "team": rng.choice(["north", "south"], rows),
            "resolution_seconds": np.minimum(life, watched),
            "resolution_observed": life <= watched,
            "entry_seconds": entry,
        }
    )
    return frame.filter(pl.col("entry_seconds") < pl.col("resolution_seconds"))


METRICS = [
    resolution_time(entry="entry_seconds"),
    resolution_time(entry="entry_seconds", limit=5.0),
    resolution_time(entry="entry_seconds", horizon=8.0),
]


def test_delayed_entry_is_the_kernels_and_recovers_the_median() -> None:
    frame = tickets(20_000)
    table = risk_table(frame["resolution_seconds"], frame["resolution_observed"], entry=frame["entry_seconds"])
    curve = kaplan_meier([0, len(table.time)], table.time, table.events, table.censored, entered=table.entered)
    expected = [curve.quantile(0.5), curve.incidence_at(5.0), curve.restricted_mean(8.0)]
    result = evaluate(frame, METRICS)
    for row, reading in zip(result.iter_rows(named=True), expected, strict=True):
        np.testing.assert_allclose(
            [row["value"], row["low"], row["high"]], [reading.value[0], reading.low[0], reading.high[0]], rtol=1e-9
        )
    # Exponential with mean 10: who is watched only from an age on is older than most.
    assert result["value"][0] == pytest.approx(10 * np.log(2), rel=0.05)
    naive = evaluate(frame, resolution_time())["value"][0]
    assert naive > 1.1 * result["value"][0]


def test_delayed_entry_by_group_in_states_and_as_an_expression() -> None:
    frame = tickets()
    for metric in METRICS:
        table = evaluate(frame, metric, by="team")
        parts = [metric.partial(frame.filter(pl.col("resolution_seconds") > 4), by="team")]
        parts += [metric.partial(frame.filter(pl.col("resolution_seconds") <= 4), by="team")]
        assert_frame_equal(metric.finish(metric.merge(parts)), table)
        values = frame.group_by("team").agg(metric.expr()).sort("team")[metric.name]
        np.testing.assert_allclose(values, table["value"], rtol=1e-9)
    assert table["n"].sum() == frame.height


def test_first_response_takes_an_entry_beside_competing_ends() -> None:
    frame = pl.DataFrame(
        {
            "first_response_seconds": [3.0, 5.0, 4.0, 9.0],
            "first_response_end": ["answered", "ended_without", "answered", "open"],
            "entry_seconds": [None, 0.0, 3.0, 6.0],
        }
    )
    metric = first_response_time(entry="entry_seconds", limit=4.0)
    # At 3 two are at risk (the third comes after it), at 4 two again: the second and the third.
    assert evaluate(frame, metric)["value"].item() == pytest.approx(1 / 2 + 1 / 2 * 1 / 2)


def test_an_entry_after_the_end_is_an_error() -> None:
    frame = pl.DataFrame({"resolution_seconds": [3.0], "resolution_observed": [True], "entry_seconds": [3.0]})
    with pytest.raises(InputError, match="1 row under watch only after the end"):
        evaluate(frame, METRICS[0])
    with pytest.raises(InputError, match="no column 'entry_second'"):
        evaluate(frame, resolution_time(entry="entry_second"))


def clocks() -> pl.DataFrame:
    """The two policies of four and of seventy-two hours, in hours."""
    short = [(1, 1), (2, 1), (3, 1), (3.5, 1), (5, 1), (6, 0), (2, 0), (1.5, 1), (3.9, 0), (0.5, 1)]
    long = [(10, 1), (80, 1), (40, 1), (30, 0), (71, 1), (20, 0), (50, 1), (90, 0)]
    rows = [(elapsed, 4, seen, "short") for elapsed, seen in short]
    rows += [(elapsed, 72, seen, "long") for elapsed, seen in long]
    frame = pl.DataFrame(rows, schema=["elapsed_seconds", "target_seconds", "stopped", "policy"], orient="row")
    late = pl.col("elapsed_seconds") > pl.col("target_seconds")
    outcome = (
        pl.when(pl.col("stopped") == 1)
        .then(pl.when(late).then(pl.lit("missed")).otherwise(pl.lit("met")))
        .otherwise(pl.when(late).then(pl.lit("missed_open")).otherwise(pl.lit("pending")))
    )
    return frame.with_columns(outcome.alias("outcome"), pl.lit(NOON).alias("due_at"))


PENDING_AWARE = sla_attainment(as_of=NOON, estimate="pending_aware")


def test_pending_aware_attainment_has_a_curve_for_each_policy() -> None:
    result = evaluate(clocks(), PENDING_AWARE).row(0, named=True)
    assert result["value"] == pytest.approx(0.6444444444444444)
    assert result["se"] == pytest.approx(0.1252651508788113)
    assert result["method"] == "kaplan-meier, log-log, stratified"
    assert result["notes"] == "6 of 18 still open; log-log limits: too short where few rows have ended, or few have not"
    assert result["low"] < 0.64 < result["high"]
    parts = evaluate(clocks(), PENDING_AWARE, by="policy")
    pooled = pool_strata([0, 2], parts["value"], parts["se"], parts["n"])
    assert pooled.value[0] == pytest.approx(result["value"])
    state = PENDING_AWARE.merge([PENDING_AWARE.partial(clocks()[:7]), PENDING_AWARE.partial(clocks()[7:])])
    assert PENDING_AWARE.finish(state)["value"].item() == pytest.approx(result["value"])
    assert clocks().select(PENDING_AWARE.expr()).item() == pytest.approx(result["value"])


def test_weights_say_what_a_policy_counts_for() -> None:
    # One policy is met and the other missed, so the share is that of the first one's weights.
    frame = pl.DataFrame(
        {
            "outcome": ["met", "missed"],
            "elapsed_seconds": [10.0, 30.0],
            "target_seconds": [20.0, 20.0],
            "due_at": [NOON, NOON],
            "policy": ["short", "long"],
            "weight": [3.0, 2.0],
        }
    )
    assert evaluate(frame, PENDING_AWARE, weight="weight")["value"].item() == pytest.approx(3 / 5)
    repeated = frame[[0, 0, 0, 1, 1]]
    assert evaluate(repeated, PENDING_AWARE)["value"].item() == pytest.approx(3 / 5)


def test_a_policy_of_which_nothing_can_be_said_leaves_the_whole_open() -> None:
    young = clocks().filter((pl.col("policy") == "short") | (pl.col("elapsed_seconds") < 35))
    result = evaluate(young, PENDING_AWARE).row(0, named=True)
    assert result["value"] is None
    assert result["reason"] == "nobody was watched as long as the limit"


def test_columns_that_an_estimate_does_not_read_may_be_absent() -> None:
    matured = sla_attainment(as_of=NOON)
    assert evaluate(clocks().drop("policy"), matured)["value"].item() is not None
    with pytest.raises(InputError, match="no column 'policy'"):
        evaluate(clocks().drop("policy"), PENDING_AWARE)


def test_strata_want_a_limit() -> None:
    seconds, rule = pl.col("seconds"), pl.col("seconds") > 0
    with pytest.raises(ParameterError, match="strata are pooled for the share within a limit"):
        survival(seconds, rule, of=rule, p=0.5, stratum=pl.col("policy"))


def test_limits_say_what_they_are_and_what_they_assume() -> None:
    frame = pl.DataFrame(
        {"resolution_seconds": [1.0, 2, 3, 4, 5, 7, 4, 2.5], "resolution_observed": [True] * 6 + [False] * 2}
    )
    metrics = [
        resolution_time(),
        resolution_time(limit=3.0),
        resolution_time(horizon=4.0),
        resolution_time(horizon=10.0),
    ]
    result = evaluate(frame, metrics)
    assert result["method"].to_list() == [
        "kaplan-meier, beta product",
        "kaplan-meier, beta product, mid-p",
        "kaplan-meier, wilson",
        "kaplan-meier, wilson",
    ]
    assert result["notes"].to_list()[:3] == ["2 of 8 still open"] * 3
    assert result["notes"][3].startswith("2 of 8 still open; nobody was left before the horizon: the upper limit adds")
    answered = pl.DataFrame({"first_response_seconds": [1.0, 2.0], "first_response_end": ["answered", "ended_without"]})
    assert evaluate(answered, first_response_time(limit=3.0))["method"].item() == "aalen-johansen, beta product, mid-p"


def test_all_in_time_so_far_is_no_certainty() -> None:
    """Ten tickets, all in time, four of them still running: the share is 1, and its lower limit is not."""
    frame = pl.DataFrame({"resolution_seconds": [2.0] * 6 + [1.0] * 4, "resolution_observed": [True] * 6 + [False] * 4})
    row = evaluate(frame, resolution_time(limit=3.0)).row(0, named=True)
    assert (row["value"], row["high"], row["se"]) == (1, 1, 0)
    assert row["low"] == pytest.approx(0.05 ** (1 / 6))


def test_equal_weights_are_no_weights_and_weights_add_up_to_the_effective_number_of_rows() -> None:
    frame = tickets(60).drop("entry_seconds")
    rng = np.random.default_rng(2)
    frame = frame.with_columns(same=pl.lit(7.5), weight=pl.Series(rng.lognormal(0, 0.5, frame.height)))
    metrics = [resolution_time(), resolution_time(limit=5.0), resolution_time(horizon=8.0)]
    plain, same = (evaluate(frame, metrics, weight=weight) for weight in (None, "same"))
    for column in ("value", "low", "high", "se"):
        np.testing.assert_allclose(same[column].to_numpy(), plain[column].to_numpy(), rtol=1e-9)
    weight = frame["weight"].to_numpy()
    table = risk_table(
        frame["resolution_seconds"], frame["resolution_observed"], weight=weight * weight.sum() / (weight**2).sum()
    )
    reading = kaplan_meier([0, len(table.time)], table.time, table.events, table.censored).incidence_at(5.0)
    row = evaluate(frame, metrics[1], weight="weight").row(0, named=True)
    np.testing.assert_allclose([row["low"], row["high"]], [reading.low[0], reading.high[0]], rtol=1e-9)


def test_limits_that_decide_are_one_sided_and_without_mid_p() -> None:
    table = risk_table([1, 2, 3, 4, 5, 6, 7, 11, 12, 13], np.ones(10))
    sums = {"n": table.events, "events": table.events, "ended_otherwise": 0 * table.events}
    groups = Table(np.array([0, 10, 10]), table.time, sums)
    seconds, rule = pl.col("seconds"), pl.col("seconds") > 0
    within = survival(seconds, rule, of=rule, limit=8.0)
    low, high = within.decision_limits(groups, tail=0.05)
    # Seven of ten: Clopper and Pearson's limits of 90 %.
    assert [low[0], high[0]] == [pytest.approx(beta.ppf(0.05, 7, 4)), pytest.approx(beta.ppf(0.95, 8, 3))]
    assert np.isnan([low[1], high[1]]).all()
    beyond = survival(seconds, rule, of=rule, beyond=8.0).decision_limits(groups, tail=0.05)
    assert [beyond[0][0], beyond[1][0]] == [pytest.approx(1 - high[0]), pytest.approx(1 - low[0])]
    ranks = quantile_ranks(10, 0.5, level=0.9)
    median = survival(seconds, rule, of=rule, p=0.5).decision_limits(groups, tail=0.05)
    assert [median[0][0], median[1][0]] == [table.time[ranks[0] - 1], table.time[ranks[1] - 1]]
    mean = survival(seconds, rule, of=rule, horizon=8.0)
    read = mean.read(groups, level=0.9)
    np.testing.assert_allclose(mean.decision_limits(groups, tail=0.05), [read.low, read.high])
    with pytest.raises(ParameterError, match=r"tail must lie strictly between 0 and 0\.5, got 0\.95"):
        within.decision_limits(groups, tail=0.95)
    pooled = survival(seconds, rule, of=rule, limit=8.0, stratum=pl.col("policy"))
    strata = groups._replace(strata=np.array([0, 2]))
    read = pooled.read(strata, level=0.9)
    np.testing.assert_allclose(pooled.decision_limits(strata, tail=0.05), [read.low, read.high])
    with pytest.raises(ParameterError, match="tail must lie strictly between"):
        pooled.decision_limits(strata, tail=0.0)


def test_states_of_two_instants_do_not_add() -> None:
    metric, frame = resolution_time(), tickets()
    monday = metric.partial(frame[:200], by="team", as_of=NOON)
    tuesday = metric.partial(frame[200:], by="team", as_of=NOON + timedelta(days=1))
    with pytest.raises(
        InputError, match=r"resolution_time: states made at different instants \(2026-03-29 12:00:00\+00:00, "
    ):
        metric.merge([monday, tuesday])
    with pytest.raises(InputError, match="states made at different instants"):
        metric.merge([monday, tuesday], by=["team"])
    whole = metric.merge([monday, metric.partial(frame[200:], by="team", as_of=NOON)], by=["team"])
    assert_frame_equal(metric.finish(whole), evaluate(frame, metric, by="team"))
    assert monday.as_of == NOON
    with pytest.raises(ParameterError, match="as_of must be a datetime with a time zone"):
        metric.partial(frame, as_of=NOON.replace(tzinfo=None))
