"""`compare` beside scipy, statsmodels and lifelines, shape by shape, and its bad input."""

import warnings
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from scipy import stats as scipy_stats

import servicequality as sq
from servicequality import (
    compare,
    csat,
    csat_mean,
    evaluate,
    first_response_time,
    nps,
    resolution_time,
    resolution_time_observed_only,
    stats,
    ticket_volume,
)
from servicequality.columns import Amount, answered
from servicequality.comparison import mix_and_rate, superiority
from servicequality.core import define
from servicequality.errors import InputError, ParameterError
from servicequality.shapes import Shape, rate, ratio
from servicequality.stats import net_difference_interval, newcombe

START = datetime(2026, 3, 2, tzinfo=UTC)
RNG = np.random.default_rng(11)


def answers(n: int, p: list[float], **more: object) -> pl.DataFrame:
    return pl.DataFrame({"rating": RNG.choice([1, 2, 3, 4, 5], n, p=p), "score": RNG.integers(0, 11, n), **more})


BEFORE, AFTER = answers(210, [0.1, 0.1, 0.2, 0.3, 0.3]), answers(160, [0.05, 0.05, 0.1, 0.3, 0.5])
CSAT, MEAN, NPS = csat("rating", scale=(1, 5)), csat_mean("rating", scale=(1, 5)), nps("score")


@define(title="Contacts a day", unit="1/day", better="lower", bounds=(0, float("inf")), formula="k/t")
def contacts(events: Amount = "events", days: Amount = "days") -> Shape:
    """Contacts for each day."""
    return rate(pl.col(events), pl.col(days), of=answered(events))


@define(title="Cost of a ticket", unit="EUR", better="lower", formula="y/x")
def cost(above: Amount = "cost", below: Amount = "tickets") -> Shape:
    """Cost for each ticket."""
    return ratio(pl.col(above), pl.col(below), of=answered(above))


def only(metric, before=BEFORE, after=AFTER, **options):
    return compare(before, after, metric, **options).row(0, named=True)


def test_a_share_is_newcombes() -> None:
    result = only(CSAT)
    k = [(side["rating"] >= 4).sum() for side in (AFTER, BEFORE)]
    np.testing.assert_allclose((result["low"], result["high"]), newcombe(k[0], 160, k[1], 210))
    assert result["change"] == pytest.approx(k[0] / 160 - k[1] / 210)
    assert (result["before"], result["n_before"], result["n_after"]) == (pytest.approx(k[1] / 210), 210, 160)
    assert (result["method"], result["test"]) == ("newcombe", "from the limits")
    assert (result["p_value"] < 0.05) == (result["low"] > 0)
    # n unpooled, and the change that these rows would find.
    p, q = k[0] / 160, k[1] / 210
    assert result["n_needed"] == pytest.approx(float(stats.two_proportion_n(p, q)))
    se = (p * (1 - p) / 160 + q * (1 - q) / 210) ** 0.5
    assert result["smallest_detectable"] == pytest.approx(float(stats.smallest_detectable_change(se)))
    assert result["ratio"] == pytest.approx(p / q)
    assert result["ratio_low"] < p / q < result["ratio_high"]


def test_a_net_score_adjusts_both_sides() -> None:
    result = only(NPS)
    counts = [((s["score"] >= 9).sum(), (s["score"] <= 6).sum(), len(s)) for s in (AFTER, BEFORE)]
    low, high = net_difference_interval(*counts[0], *counts[1])
    np.testing.assert_allclose((result["low"], result["high"]), (100 * low, 100 * high))
    assert result["ratio"] is None
    assert result["ratio_method"] is None


def test_means_are_welchs() -> None:
    result = only(MEAN)
    theirs = scipy_stats.ttest_ind(AFTER["rating"], BEFORE["rating"], equal_var=False)
    np.testing.assert_allclose((result["low"], result["high"]), theirs.confidence_interval(), rtol=1e-9)
    assert result["p_value"] == pytest.approx(theirs.pvalue)


def test_rates_are_exact_given_their_sum() -> None:
    result = only(
        contacts(), pl.DataFrame({"events": [368], "days": [30]}), pl.DataFrame({"events": [412], "days": [31]})
    )
    assert result["ratio"] == pytest.approx(1.08345021037868)
    assert (result["ratio_low"], result["ratio_high"]) == pytest.approx((0.939065852916036, 1.25040328214586), rel=1e-6)
    assert result["p_value"] == pytest.approx(float(stats.rate_ratio_test(412, 31, 368, 30)))
    assert (result["method"], result["test"]) == ("mover, garwood", "exact conditional")
    none = only(contacts(), pl.DataFrame({"events": [0], "days": [30]}), pl.DataFrame({"events": [4], "days": [31]}))
    assert (none["ratio"], none["notes"]) == (None, "before is 0: no ratio")
    assert none["change"] == pytest.approx(4 / 31)


def test_quotients_and_means_of_money() -> None:
    sides = [pl.DataFrame({"cost": RNG.gamma(3, 4, n), "tickets": RNG.integers(1, 5, n)}) for n in (40, 60)]
    result = only(cost(), *sides)
    errors = [evaluate(side, cost()).row(0, named=True) for side in sides]
    se = np.hypot(errors[0]["se"], errors[1]["se"])
    df = stats.welch_df(errors[1]["se"], 59, errors[0]["se"], 39)
    half = scipy_stats.t.ppf(0.975, df) * se
    np.testing.assert_allclose(result["high"] - result["low"], 2 * half)


def durations(n: int, scale: float, *, censored: bool = True) -> pl.DataFrame:
    life, watched = RNG.lognormal(np.log(scale), 1, n), RNG.uniform(0, 6 * scale if censored else 1e9, n)
    return pl.DataFrame(
        {"resolution_seconds": np.minimum(life, watched), "resolution_observed": life <= watched, "team": "a"}
    )


def test_finished_durations_have_geometric_and_shifted_ratios() -> None:
    sides = durations(90, 100.0, censored=False), durations(70, 60.0, censored=False)
    x, y = (side["resolution_seconds"].to_numpy() for side in sides[::-1])
    mean = only(resolution_time_observed_only(statistic="mean"), *sides)
    theirs = scipy_stats.ttest_ind(np.log(x), np.log(y), equal_var=False).confidence_interval()
    assert (mean["ratio_low"], mean["ratio_high"]) == pytest.approx((np.exp(theirs.low), np.exp(theirs.high)))
    assert mean["ratio_method"] == "geometric means, welch on logs"
    median = only(resolution_time_observed_only(), *sides)
    shift = stats.hodges_lehmann(np.log(x), np.log(y))
    assert (median["ratio"], median["ratio_low"]) == pytest.approx((np.exp(shift.shift), np.exp(shift.low)))
    assert median["ratio_method"] == "hodges-lehmann on logs"
    zero = pl.concat([sides[0], sides[0][:1].with_columns(resolution_seconds=0.0)])
    fallen = only(resolution_time_observed_only(statistic="mean"), zero, sides[1])
    assert fallen["ratio_method"] == "means, delta"
    assert fallen["notes"] == "1 durations are 0 and have no logarithm: the ratio is that of the means"
    assert only(resolution_time_observed_only(), zero, sides[1])["ratio"] is None


def test_open_durations_take_log_rank_and_restricted_means() -> None:
    from lifelines.statistics import logrank_test

    sides = durations(150, 100.0), durations(130, 60.0)
    median = only(resolution_time(), *sides)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        columns = [
            side[name].to_numpy() for name in ("resolution_seconds", "resolution_observed") for side in sides[::-1]
        ]
        theirs = logrank_test(*columns)
    assert median["p_value"] == pytest.approx(theirs.p_value)
    assert median["test"] == "log-rank"
    assert median["low"] < median["change"] < median["high"]
    mean = only(resolution_time(horizon=200.0), *sides)
    parts = [evaluate(side, resolution_time(horizon=200.0)).row(0, named=True) for side in sides]
    half = 1.959963984540054 * np.hypot(parts[0]["se"], parts[1]["se"])
    np.testing.assert_allclose((mean["low"], mean["high"]), [mean["change"] - half, mean["change"] + half])
    limits = stats.log_ratio_interval(parts[1]["value"], parts[1]["se"], parts[0]["value"], parts[0]["se"])
    assert (mean["ratio_low"], mean["ratio_high"]) == pytest.approx(tuple(map(float, limits)))
    within = only(resolution_time(limit=100.0), *sides)
    assert within["change"] > 0
    assert within["method"] == "mover"


def test_everything_open_says_why_nothing_is_said() -> None:
    sides = [durations(30, 50.0).with_columns(resolution_observed=False) for _ in range(2)]
    result = only(resolution_time(), *sides)
    assert (result["change"], result["p_value"], result["n_needed"]) == (None, None, None)
    reason = "not reached: too few rows have ended for this quantile"
    assert result["reason"] == f"before: {reason}; after: {reason}"


def test_a_count_is_a_census() -> None:
    tickets = pl.DataFrame({"created_at": [START] * 3})
    result = only(ticket_volume("created_at"), tickets, tickets[:2])
    assert (result["change"], result["p_value"], result["method"]) == (-1, None, "none")
    assert result["notes"].startswith("a census: the change is exact and has no test; give a rate")


def test_groups_q_values_and_groups_of_one_side() -> None:
    teams = [f"t{i}" for i in range(8)]
    before = BEFORE.with_columns(team=pl.Series(RNG.choice(teams, 210)))
    after = AFTER.with_columns(team=pl.Series(RNG.choice([*teams[1:], "new"], 160)))
    result = compare(before, after, [CSAT, NPS], by="team")
    assert result["team"].to_list() == sorted([*teams, "new"] * 2)
    gone = result.filter(pl.col("team") == "t0", pl.col("metric") == CSAT.name).row(0, named=True)
    assert (gone["after"], gone["change"], gone["n_after"], gone["reason"]) == (None, None, 0, "after: no rows")
    p = result["p_value"].drop_nulls()
    np.testing.assert_allclose(result["q_value"].drop_nulls(), stats.benjamini_hochberg(p))
    strict = compare(before, after, [CSAT, NPS], by="team", adjust="holm")
    np.testing.assert_allclose(strict["q_value"].drop_nulls(), stats.holm(p))
    assert compare(before, after, CSAT, by="team", adjust="none")["q_value"].equals(
        compare(before, after, CSAT, by="team")["p_value"]
    )
    alone = compare(before.filter(team="t3"), after.filter(team="t3"), CSAT)
    assert result.filter(team="t3", metric=CSAT.name)["low"].item() == alone["low"].item()


def test_weights_and_clusters_widen_the_limits() -> None:
    sides = [frame.with_columns(w=pl.Series(RNG.uniform(0.2, 3, len(frame)))) for frame in (BEFORE, AFTER)]
    weighted = only(CSAT, *sides, weight="w")
    parts = [evaluate(side, CSAT, weight="w").row(0, named=True) for side in sides]
    low, high = stats.mover_difference(*(part[of] for part in parts[::-1] for of in ("value", "low", "high")))
    np.testing.assert_allclose((weighted["low"], weighted["high"]), (low, high))
    agents = [frame.with_columns(agent=pl.Series(np.arange(len(frame)) // 20)) for frame in (BEFORE, AFTER)]
    clustered = only(MEAN, *agents, cluster="agent")
    parts = [evaluate(side, MEAN, cluster="agent").row(0, named=True) for side in agents]
    se = np.hypot(*(part["se"] for part in parts))
    df = stats.welch_df(parts[1]["se"], 7, parts[0]["se"], 10)
    np.testing.assert_allclose(clustered["high"] - clustered["low"], 2 * scipy_stats.t.ppf(0.975, df) * se)
    assert only(NPS, *agents, cluster="agent")["method"] == "welch"
    with pytest.raises(ParameterError, match="leave cluster= out for quantiles and survival"):
        compare(*(durations(9, 1.0) for _ in range(2)), resolution_time(), cluster="team")


def test_one_cluster_has_no_limits() -> None:
    sides = [frame.with_columns(agent=pl.lit(1)) for frame in (BEFORE, AFTER)]
    result = only(MEAN, *sides, cluster="agent")
    assert (result["low"], result["p_value"]) == (None, None)
    assert result["change"] is not None
    assert "before: one cluster has no limits" in result["notes"]


def test_pairs_are_the_paired_t_test_and_see_more() -> None:
    taste = RNG.normal(0, 2, 50)
    frames = [
        pl.DataFrame({"customer": np.arange(first, first + 50), "number": taste + RNG.normal(shift, 0.5, 50)})
        for first, shift in ((0, 0.0), (0, 0.5))
    ]

    @define(title="Number", unit="points", better="higher", formula="x")
    def number(number: Amount = "number") -> Shape:
        """A number."""
        from servicequality.shapes import mean

        return mean(pl.col(number), of=answered(number))

    frames = [frame.with_columns(pl.col("number") + 20) for frame in frames]
    result = only(number(), *frames, paired="customer")
    theirs = scipy_stats.ttest_rel(frames[1]["number"], frames[0]["number"])
    assert result["p_value"] == pytest.approx(theirs.pvalue)
    np.testing.assert_allclose((result["low"], result["high"]), theirs.confidence_interval())
    assert result["notes"] == "50 pairs"
    apart = only(number(), *frames)
    assert apart["smallest_detectable"] > 2 * result["smallest_detectable"]
    lonely = pl.concat([frames[1][:40], pl.DataFrame({"customer": [900], "number": [99.0]})])
    some = only(number(), frames[0], lonely, paired="customer")
    assert some["notes"] == "40 pairs; 11 without a partner are left out"
    assert some["n_after"] == 40


def test_pairs_of_many_rows_a_unit_by_group() -> None:
    n = 600
    rows = {"rating": RNG.integers(1, 6, n), "agent": RNG.integers(0, 12, n), "team": RNG.choice(["a", "b"], n)}
    before, after = pl.DataFrame(rows), pl.DataFrame({**rows, "rating": RNG.integers(2, 6, n)})
    result = compare(before, after, [CSAT, MEAN], by="team", paired="agent")
    assert result.height == 4
    plain = compare(before, after, [CSAT, MEAN], by="team")
    np.testing.assert_allclose(result["change"], plain["change"])
    assert result["low"].is_not_null().all()
    for options in ({"weight": "agent"}, {"cluster": "agent"}):
        with pytest.raises(ParameterError, match="goes with neither weight= nor cluster="):
            compare(before, after, CSAT, paired="agent", **options)
    with pytest.raises(ParameterError, match="pairs need a figure that is a ratio of sums"):
        compare(*(durations(9, 1.0) for _ in range(2)), resolution_time(), paired="team")


def test_overlapping_sides_are_refused() -> None:
    at = [START + timedelta(days=day) for day in range(4)]
    before, after = BEFORE[:2].with_columns(at=pl.Series(at[:2])), AFTER[:2].with_columns(at=pl.Series(at[1:3]))
    with pytest.raises(
        InputError, match=r"before and after overlap: the last at before is 2026-03-03 .* cut both sides"
    ):
        compare(before, after, CSAT, at="at")
    assert compare(before, after.with_columns(at=pl.Series(at[2:])), CSAT, at="at").height == 1
    with pytest.raises(InputError, match="at: before has no column 'day' of instants"):
        compare(before, after, CSAT, at="day")
    with pytest.raises(InputError, match="are the same frame: there is nothing to compare"):
        compare(before, before, CSAT)
    tickets = durations(4, 9.0).with_columns(ticket_id=pl.Series(["t1", "t2", "t3", "t4"]))
    with pytest.raises(InputError, match="overlap: 2 ticket_ids are on both sides, such as 't2', 't3'"):
        compare(tickets[:3], tickets[1:], resolution_time_observed_only(statistic="mean"))


def test_faults_of_the_call() -> None:
    with pytest.raises(ParameterError, match="adjust must be one of 'benjamini_hochberg', 'holm', 'none'; got 'bh'"):
        compare(BEFORE, AFTER, CSAT, adjust="bh")
    with pytest.raises(ParameterError, match="detect is a change other than 0"):
        compare(BEFORE, AFTER, CSAT, detect=0)
    with pytest.raises(ParameterError, match="both be frames, or both mappings"):
        compare(BEFORE, {"answer": AFTER}, CSAT)
    with pytest.raises(ParameterError, match="level must be between 0 and 1"):
        compare(BEFORE, AFTER, CSAT, level=95)
    assert only(CSAT, detect=0.05)["n_needed"] > only(CSAT, detect=0.1)["n_needed"]


def test_mappings_by_grain_and_lazy_frames() -> None:
    tickets = [durations(40, 9.0), durations(30, 9.0)]
    both = compare(
        {"answer": BEFORE.lazy(), "ticket": tickets[0].lazy()},
        {"answer": AFTER.lazy(), "ticket": tickets[1].lazy()},
        [resolution_time(), CSAT],
    )
    both = both.collect()
    assert both["metric"].to_list() == ["resolution_time", CSAT.name]
    assert both["low"][1] == only(CSAT)["low"]


def test_a_first_response_beside_competing_ends() -> None:
    ends = ["answered", "ended_without", "open"]
    sides = [
        pl.DataFrame(
            {
                "first_response_seconds": RNG.exponential(scale, 90),
                "first_response_end": RNG.choice(ends, 90, p=[0.8, 0.1, 0.1]),
            }
        )
        for scale in (60.0, 30.0)
    ]
    result = only(first_response_time(), *sides)
    assert result["test"] == "log-rank, cause-specific"
    assert result["p_value"] < 0.01
    assert result["ratio"] == pytest.approx(result["after"] / result["before"])


def test_keys_of_several_kinds_of_text_meet() -> None:
    before = pl.DataFrame({"score": [1, 9, 10, 10], "^k$": ["a", "a", "b", "b"], "c": ["x", "y", "x", "y"]})
    after = before.with_columns(pl.col("^k$").cast(pl.Enum(["b", "a"])), pl.col("c").cast(pl.Categorical))
    for paired in (None, "c"):
        result = sq.compare(before, after, sq.nps(), by="^k$", paired=paired)
        assert result["^k$"].to_list() == ["a", "b"]
        assert result["change"].to_list() == [0.0, 0.0]
        lazy = sq.compare(before.lazy(), after.lazy(), sq.nps(), by="^k$", paired=paired).collect()
        assert lazy.equals(result)
    ranked = superiority(before, after, "score", by="^k$")
    assert (ranked["^k$"].to_list(), ranked["superiority"].to_list()) == (["a", "b"], [0.5, 0.5])
    split = mix_and_rate(before, after, sq.csat(scale=(1, 10), score="score"), by="^k$")
    assert split["^k$"].to_list() == ["a", "b", None]
