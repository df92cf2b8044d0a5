"""Charts of frames: baselines stay frozen, gaps stay gaps, groups stay apart, and bad input is told."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

import servicequality as sq
from servicequality import stats
from servicequality.control import c_chart, cusum_chart, ewma_chart, p_chart, u_chart, xmr
from servicequality.errors import InputError, ParameterError

DAY = date(2026, 3, 2)
STEADY = [10.0, 12.0, 11.0, 9.0, 10.5, 11.5, 9.5, 10.0, 11.0, 10.0]


def series(values: list[float | None], **columns: object) -> pl.DataFrame:
    days = pl.date_range(DAY, DAY + timedelta(days=len(values) - 1), eager=True)
    frame = pl.DataFrame({"period": days, "value": pl.Series(values, dtype=pl.Float64)})
    return frame.with_columns(**{name: pl.lit(value) for name, value in columns.items()})


def test_xmr_is_its_kernel_and_a_point_beyond_is_a_signal() -> None:
    chart = xmr(series([*STEADY, 19.0]), baseline=10)
    limits = stats.individuals_limits(STEADY)
    assert chart.columns == ["period", "value", "centre", "low", "high", "signal", "baseline", "reason", "notes"]
    assert chart["high"].unique().to_list() == pytest.approx([float(limits.high)])
    assert chart["signal"].to_list() == [None] * 10 + ["above"]
    assert chart["baseline"].to_list() == [True] * 10 + [False]


def test_what_comes_later_does_not_move_a_frozen_baseline() -> None:
    first = xmr(series(STEADY), baseline=10)
    later = xmr(series([*STEADY, 40.0, -20.0]), baseline=10)
    assert later.head(10).equals(first)
    dated = xmr(series([*STEADY, 40.0]), baseline=(DAY, DAY + timedelta(days=10)))
    assert dated["centre"].unique().to_list() == first["centre"].unique().to_list()


def test_gaps_stay_gaps() -> None:
    gappy = series([*STEADY[:5], None, *STEADY[5:]])
    chart = xmr(gappy)
    assert (chart["value"][5], chart["signal"][5]) == (None, None)
    assert chart["centre"][0] == pytest.approx(np.mean(STEADY))
    holes = gappy.filter(pl.col("value").is_not_null())
    assert xmr(holes, every="1d").drop("baseline").equals(chart.drop("baseline"))
    assert xmr(holes).height == 10
    with pytest.raises(
        InputError, match=r"'period': 2026-03-03 lies between the steps of every='2d'; truncate it first"
    ):
        xmr(series(STEADY), every="2d")
    with pytest.raises(ParameterError, match=r"every='1us' makes .* points, and at most 10,000,000 are made"):
        xmr(series(STEADY).cast({"period": pl.Datetime("us", "UTC")}), every="1us")
    for shortest in ("1ns", "0d"):
        with pytest.raises(ParameterError, match=rf"^every='{shortest}' is shorter than the clock of the series"):
            xmr(series(STEADY).cast({"period": pl.Datetime("us", "UTC")}), every=shortest)
    with pytest.raises(ParameterError, match="every='soon' makes no steps from 'period'"):
        xmr(series(STEADY), every="soon")


def test_nine_on_one_side_are_a_run_and_a_gap_ends_it() -> None:
    low, high = [11.0, 9.0] * 5, [10.5] * 9
    assert xmr(series([*low, *high]), baseline=10)["signal"].to_list() == [None] * 18 + ["run above"]
    assert xmr(series([*low, *high[:4], None, *high[4:]]), baseline=10)["signal"].null_count() == 20
    assert xmr(series([*low, *high]), baseline=10, runs=False)["signal"].null_count() == 19
    assert xmr(series([*low, 10.5, *(20 - x for x in high)]), baseline=10)["signal"].to_list()[-1] == "run below"


def test_groups_have_charts_of_their_own_and_too_few_points_have_none() -> None:
    both = pl.concat(
        [series(STEADY, team="b"), series([x + 50 for x in STEADY], team="a"), series([1.0, 2.0], team="c")]
    )
    chart = xmr(both.sample(fraction=1, shuffle=True, seed=1), by="team")
    assert chart.select("team", "period").equals(both.select("team", "period").sort("team", "period"))
    assert chart.group_by("team", maintain_order=True).agg(pl.col("centre").first())["centre"].to_list() == [
        pytest.approx(60.45), pytest.approx(10.45), None,
    ]  # fmt: skip
    few = chart.filter(pl.col("team") == "c")
    assert few["reason"].unique().to_list() == ["the baseline has 2 points, and limits need 8"]
    assert few["value"].to_list() == [1.0, 2.0]
    assert xmr(both.clear(), by="team").height == 0


def test_shares_of_evaluate_are_charted_as_they_come() -> None:
    rng = np.random.default_rng(1)
    days = [datetime(2026, 3, 2, tzinfo=UTC) + timedelta(days=d) for d in range(30) for _ in range(40)]
    rows = pl.DataFrame({"answered_at": days, "score": rng.choice([1, 3, 4, 5], len(days), p=[0.1, 0.1, 0.4, 0.4])})
    card = sq.evaluate(rows, sq.csat("score", scale=(1, 5)), every="1d", at="answered_at")
    chart = p_chart(card, by="metric", dispersion="binomial")
    hits = card["value"].to_numpy() * 40
    limits = stats.share_limits(hits, np.full(30, 40.0))
    assert chart["high"].to_numpy() == pytest.approx(limits.high)
    laney = p_chart(card, baseline=20)
    base = np.arange(30) < 20
    want = stats.share_limits(hits, np.full(30, 40.0), baseline=base, overdispersed=True)
    assert laney["low"].to_numpy() == pytest.approx(want.low)


def test_a_column_of_ones_own_may_be_called_metric() -> None:
    assert xmr(series(STEADY, metric=3)).equals(xmr(series(STEADY)))
    with pytest.raises(InputError, match="column 'metric' holds Int32, expected names of metrics"):
        xmr(series(STEADY, metric=3), metric="nps")


def test_two_metrics_of_a_result_are_counts_and_exposure() -> None:
    at = [datetime(2026, 3, 2, tzinfo=UTC) + timedelta(days=day) for day in range(10) for _ in range(day % 3 + 2)]
    rows = pl.DataFrame({"created_at": [*at, None], "bad": [place % 4 == 0 for place in range(len(at) + 1)]})
    metrics = [sq.ticket_volume().where(pl.col("bad")).named("bad"), sq.ticket_volume().named("all")]
    result = sq.evaluate(rows, metrics, every="1d", at="created_at")
    chart = u_chart(result, "bad", "all")
    by_day = result.drop_nulls("period").pivot("metric", index="period", values="value")
    assert_frame_equal(chart.drop("notes"), u_chart(by_day, "bad", "all").drop("notes"))
    assert chart["value"].to_list() == (by_day["bad"] / by_day["all"]).to_list()
    assert chart["notes"][0] == "2 figures of rows without a time set aside"
    with pytest.raises(InputError, match="the series has no metric 'count'; it holds 'bad', 'all'"):
        u_chart(result)


def test_results_of_evaluate_are_charted_by_metric_and_group() -> None:
    days = [datetime(2026, 3, 2, tzinfo=UTC) + timedelta(days=d) for d in range(20) for _ in range(30)]
    scores = np.random.default_rng(1).integers(0, 11, len(days)).tolist()
    rows = pl.DataFrame({"at": [*days, None], "score": [*scores, 5], "team": ["a", "b"] * 300 + ["a"]})
    card = sq.evaluate(rows, [sq.nps(), sq.promoters()], every="1d", at="at")
    alone = xmr(sq.evaluate(rows.drop_nulls(), sq.nps(), every="1d", at="at"))
    chart = xmr(card, metric="nps")
    assert chart.drop("notes").equals(alone.drop("notes"))
    assert chart["notes"].unique().to_list() == ["1 figure of rows without a time set aside"]
    assert alone["notes"].unique().to_list() == [None]
    both = xmr(card.lazy(), by="metric").collect()
    assert both.filter(metric="nps").drop("metric", "notes").equals(alone.drop("notes"))
    assert both["notes"][0] == "2 figures of rows without a time set aside"
    for function in (xmr, p_chart, c_chart, ewma_chart, cusum_chart):
        with pytest.raises(
            InputError, match="holds several metrics, 'nps', 'promoters': name one with metric=, or take"
        ):
            function(card)
        with pytest.raises(InputError, match=r"no metric 'npss' \(did you mean 'nps'\?\); it holds 'nps', 'promoters'"):
            function(card, metric="npss")
        assert function(card, metric="promoters")["value"].null_count() == 0
        with pytest.raises(
            ParameterError, match="metric='nps' picks rows of a result of evaluate, and the series has no"
        ):
            function(series(STEADY, n=10), metric="nps")
    teams = sq.evaluate(rows, sq.promoters(), by="team", every="1d", at="at")
    with pytest.raises(
        InputError, match=r"several points at .*; name the columns that distinguish them, 'team', with by="
    ):
        p_chart(teams)
    assert p_chart(teams, by="team")["team"].unique().sort().to_list() == ["a", "b"]
    with pytest.raises(InputError, match="no row has a time; compute the metrics by period, with every= and at="):
        xmr(sq.evaluate(rows, sq.nps()))


def test_counts_and_rates() -> None:
    counts = [14.0, 20.0, 9.0, 31.0, 12.0, 15.0, 11.0, 16.0, 60.0]
    result = c_chart(series(counts), baseline=8, dispersion="poisson")
    assert result["centre"][0] == pytest.approx(np.mean(counts[:8]))
    assert result["signal"][8] == "above"
    rates = u_chart(series(counts, exposure=2.0).rename({"value": "count"}), baseline=8)
    assert rates["value"].to_list() == [count / 2 for count in counts]
    empty = p_chart(series([0.5] * 9, n=0))
    assert empty["reason"].unique().to_list() == ["the baseline has no points; choose one that lies within the series"]


def test_small_shifts_are_found_by_drifts() -> None:
    rng = np.random.default_rng(2)
    shifted = [*rng.normal(10, 1, 40), *rng.normal(11, 1, 20)]
    assert xmr(series(shifted), baseline=40, runs=False)["signal"].tail(20).null_count() >= 18
    assert "above" in ewma_chart(series(shifted), baseline=40)["signal"].tail(20).to_list()
    cusums = cusum_chart(series(shifted), baseline=40)
    assert "above" in cusums["signal"].tail(20).to_list()
    assert cusums["signal"].head(40).null_count() == 40
    still = ewma_chart(series([5.0] * 12))
    assert still["reason"][0] == "the baseline does not vary: there is no drift to measure by it"


@pytest.mark.parametrize("chart", [xmr, c_chart, ewma_chart, cusum_chart])
def test_charts_refuse(chart: Callable[..., Any]) -> None:
    with pytest.raises(InputError, match=r"control chart: no column 'when'"):
        chart(series(STEADY), at="when")
    with pytest.raises(
        InputError, match=r"'period': several points at 2026-03-02; name the column that distinguishes them with by="
    ):
        chart(pl.concat([series(STEADY), series(STEADY[:1])]))
    late = pl.Series("period", [2**62, 2**62], dtype=pl.Int64).cast(pl.Duration("ms"))
    with pytest.raises(InputError, match=r"'period': several points at 4611686018427387904; name the column"):
        chart(pl.DataFrame([late, pl.Series("value", [1.0, 2.0])]))
    with pytest.raises(InputError, match=r"'value': 1 points that are not finite; a gap is a null"):
        chart(series([*STEADY, float("nan")]))
    with pytest.raises(InputError, match=r"'value' holds String, expected numbers; cast it first"):
        chart(series(STEADY).with_columns(pl.col("value").cast(pl.String)))
    with pytest.raises(InputError, match=r"'period' holds Int64, expected dates or instants"):
        chart(series(STEADY).with_columns(period=pl.int_range(10)))
    with pytest.raises(InputError, match=r"'period': 1 points without a time"):
        chart(series(STEADY).with_columns(pl.col("period").replace(DAY, None)))
    with pytest.raises(ParameterError, match="baseline must be 8 points or more; got 3"):
        chart(series(STEADY), baseline=3)
    with pytest.raises(ParameterError, match="baseline must begin before it ends"):
        chart(series(STEADY), baseline=(DAY, DAY))


def test_options_are_checked() -> None:
    with pytest.raises(
        InputError, match=r"'value' holds shares outside 0 to 1; divide percentages by 100: 10 such as 10"
    ):
        p_chart(series(STEADY, n=5))
    with pytest.raises(InputError, match=r"'value' holds counts below 0; correct the rows: 1 such as -1"):
        c_chart(series([*STEADY, -1.0]))
    with pytest.raises(ParameterError, match="dispersion must be one of 'laney', 'binomial'; got 'poisson'"):
        p_chart(series(STEADY), dispersion="poisson")  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match=r"weight must lie in \(0, 1\]; got 2"):
        ewma_chart(series(STEADY), weight=2)
    with pytest.raises(ParameterError, match="slack must be 0 or more and decision above 0; got -1 and 5"):
        cusum_chart(series(STEADY), slack=-1)


def test_names_are_names_and_gaps_say_so() -> None:
    plain = series([*STEADY, None])
    odd = plain.rename({"value": "^v$", "period": "*"}).with_columns(pl.lit("a").alias("^k$"), pl.lit(1.0).alias("v"))
    chart = xmr(odd, "^v$", at="*", by="^k$", every="1d")
    assert chart.columns[:2] == ["^k$", "*"]
    assert chart["value"].equals(xmr(plain)["value"])
    assert chart["reason"].to_list() == [None] * 10 + ["a gap: no value at this time"]
    with pytest.raises(ParameterError, match="'signal' is a column of the chart"):
        xmr(plain.with_columns(signal=1), by="signal")
    with pytest.raises(ParameterError, match="column 'value' is named twice"):
        p_chart(plain, n="value")


def test_baselines_are_of_the_kind_of_the_times() -> None:
    zoned = series(STEADY).with_columns(pl.col("period").cast(pl.Datetime("ms")).dt.replace_time_zone("Europe/Berlin"))
    start = datetime(2026, 3, 1, 23, tzinfo=UTC)  # midnight of the first day in Berlin
    assert xmr(zoned, baseline=(start, start + timedelta(days=8)))["baseline"].sum() == 8
    assert xmr(zoned, baseline=(DAY, DAY + timedelta(days=8)))["baseline"].sum() == 8
    naive = datetime(2026, 3, 2, tzinfo=UTC).replace(tzinfo=None)
    with pytest.raises(ParameterError, match="datetimes with a zone, as the times of the series are"):
        xmr(zoned, baseline=(naive, naive + timedelta(days=7)))
    for baseline in ([], (start,), (DAY, start), ("a", "b")):
        with pytest.raises(ParameterError, match="baseline takes"):
            xmr(zoned, baseline=baseline)


def test_times_beyond_the_calendar_are_refused() -> None:
    far = pl.Series([2**62 + place for place in range(10)], dtype=pl.Int64).cast(pl.Datetime("ms"))
    far = series(STEADY).with_columns(period=far)
    with pytest.raises(InputError, match="10 points outside the years 1 to 9999"):
        xmr(far, every="1d")


def test_a_column_of_no_name_is_a_series_with_steps() -> None:
    days = pl.date_range(date(2026, 1, 1), date(2026, 1, 20), eager=True)
    series = pl.DataFrame({"": range(20), "day": days}).filter(pl.col("") != 7)
    plain = xmr(series.rename({"": "value"}), at="day", every="1d")
    assert_frame_equal(xmr(series, "", at="day", every="1d"), plain)
