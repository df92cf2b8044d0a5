"""When tickets come: hours of the week across a change of clocks, planted spikes, and the rate of false ones."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest
from scipy.stats import chi2, nbinom

from servicequality.core.results import RESULT
from servicequality.errors import InputError, ParameterError
from servicequality.tables import arrival_spikes, volume_profile

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 3, 2, tzinfo=BERLIN)
HOUR = timedelta(hours=1)


def eager(table: pl.DataFrame | pl.LazyFrame) -> pl.DataFrame:
    assert isinstance(table, pl.DataFrame)
    return table


def arrivals(*at: datetime, team: str = "a") -> pl.DataFrame:
    created = pl.Series([instant.astimezone(UTC) for instant in at], dtype=pl.Datetime("us", "UTC"))
    return pl.DataFrame({"created_at": created, "team": [team] * len(at)}, schema_overrides={"team": pl.String})


# The profile


def test_an_hour_is_that_of_the_wall_and_the_change_of_clocks_takes_one_away() -> None:
    # On Sunday the 29th of March there is no hour from 2 to 3.
    rows = arrivals(
        MONDAY + 9 * HOUR,
        MONDAY + timedelta(weeks=4, hours=9),  # on the wall: summer time by then
        MONDAY + timedelta(weeks=4, hours=9, minutes=59),
        MONDAY - HOUR,
        MONDAY + timedelta(weeks=5),
    )
    result = eager(volume_profile(rows, since=MONDAY, until=MONDAY + timedelta(weeks=5), timezone="Europe/Berlin"))
    assert result.height == 168
    assert result.columns == ["weekday", "hour", *RESULT, "hours"]
    nine = result.filter(weekday=1, hour=9).row(0, named=True)
    assert (nine["value"], nine["n"], nine["hours"]) == (3 / 5, 3, 5)
    assert (nine["low"], nine["high"]) == pytest.approx((chi2.ppf(0.025, 6) / 10, chi2.ppf(0.975, 8) / 10))
    assert result["n"].sum() == 3
    assert result.filter(pl.col("hours") != 5).select("weekday", "hour", "hours").rows() == [(7, 2, 4)]


def test_groups_windows_and_instants_that_are_not_there() -> None:
    rows = pl.concat([arrivals(MONDAY, MONDAY + 2 * HOUR), arrivals(MONDAY, team="b"), arrivals(team="c")])
    rows = pl.concat([rows, pl.DataFrame({"created_at": [None], "team": ["b"]}, schema=rows.schema)])
    result = volume_profile(
        rows.lazy(), since=MONDAY + HOUR / 2, until=MONDAY + 3.5 * HOUR, timezone="Europe/Berlin", by="team"
    )
    assert isinstance(result, pl.LazyFrame)
    assert result.collect_schema() == result.collect().schema
    whole = result.collect()
    assert whole.height == 2 * 168
    assert whole.filter(pl.col("hours") > 0).select("team", "hour", "n", "hours", "n_missing").rows() == [
        ("a", 1, 0, 1, 0), ("a", 2, 1, 1, 0), ("b", 1, 0, 1, 1), ("b", 2, 0, 1, 1),
    ]  # fmt: skip
    assert whole.filter(hours=0)["reason"].unique().to_list() == ["the window holds no such hour"]


# Spikes


def weeks_of(rng: np.random.Generator, weeks: int, phi: float) -> np.ndarray:
    """Counts of weeks of hours, over-dispersed."""
    hour = np.arange(168) % 24
    means = np.tile(np.where((hour >= 8) & (hour < 18), 12.0, 1.5), weeks)
    return rng.negative_binomial(means / (phi - 1), 1 / phi)


def spread(counts: np.ndarray, start: datetime) -> pl.DataFrame:
    """So many tickets in each hour from `start` on."""
    hours = pl.Series("hours", np.repeat(np.arange(len(counts)), counts)).to_frame()
    first = pl.lit(start.astimezone(UTC)).dt.cast_time_unit("us")
    return hours.select(created_at=first + pl.duration(hours="hours", minutes=17))


def test_planted_spikes_are_found_and_false_ones_are_as_rare_as_said() -> None:
    start = datetime(2026, 5, 4, tzinfo=BERLIN)
    counts = weeks_of(np.random.default_rng(4), 40, 1.6)
    planted = [20 * 168 + 10, 22 * 168 + 3]  # by day and by night
    counts[planted] += 40
    ask = {"baseline": (start, start + timedelta(weeks=12)), "until": start + timedelta(weeks=24)}
    rare, often = (
        eager(arrival_spikes(spread(counts, start), timezone="Europe/Berlin", alpha=alpha, **ask))  # type: ignore[arg-type]  # pairs and instants
        for alpha in (0.001, 0.01)
    )
    assert rare.height == 12 * 168
    for hour in planted:
        hit = rare.row(hour - 12 * 168, named=True)
        assert (hit["value"], hit["spike"]) == (counts[hour], True)
        assert hit["p_value"] < 1e-6
    assert 2 <= rare["spike"].sum() <= 2 + 7  # of 2,016 quiet hours, at 0.001
    assert 0.003 < often.select(pl.col("spike").mean()).item() < 0.017


def test_one_hour_by_hand() -> None:
    start = datetime(2026, 5, 4, tzinfo=BERLIN)
    counts = np.zeros(4 * 168, np.int64)
    counts[[9, 168 + 9, 2 * 168 + 9, 3 * 168 + 9]] = [4, 10, 7, 30]
    result = eager(
        arrival_spikes(
            spread(counts, start),
            baseline=(start, start + timedelta(weeks=3)),
            until=start + timedelta(weeks=4),
            timezone="Europe/Berlin",
        )
    )
    row = result.row(9, named=True)
    phi = ((4 - 7) ** 2 + (10 - 7) ** 2) / 7 / 2 * (1 + 1 / 3)
    law = nbinom(7 / (phi - 1), 1 / phi)
    assert (row["expected"], row["threshold"], row["spike"]) == (7, law.isf(0.001) + 1, True)
    assert row["p_value"] == pytest.approx(law.sf(29))
    quiet = result.row(10, named=True)
    assert (quiet["value"], quiet["expected"], quiet["spike"]) == (0, 1 / 6, False)
    assert result.columns == ["period", *RESULT, "expected", "threshold", "p_value", "spike"]


def test_groups_have_baselines_of_their_own_and_lazy_stays_lazy() -> None:
    start = datetime(2026, 5, 4, tzinfo=BERLIN)
    busy, quiet = (np.full(6 * 168, n) for n in (9, 1))
    quiet[5 * 168 + 4] = 9
    rows = pl.concat(
        [spread(busy, start).with_columns(team=pl.lit("busy")), spread(quiet, start).with_columns(team=pl.lit("quiet"))]
    )
    result = arrival_spikes(
        rows.lazy(),
        baseline=(start, start + timedelta(weeks=5)),
        until=start + timedelta(weeks=6),
        timezone="Europe/Berlin",
        by="team",
    )
    assert isinstance(result, pl.LazyFrame)
    assert result.collect_schema() == result.collect().schema
    spikes = result.collect().filter("spike")
    assert spikes.select("team", "period").rows() == [("quiet", start + timedelta(weeks=5, hours=4))]


def test_calls_that_cannot_be_answered() -> None:
    rows = arrivals(MONDAY)
    with pytest.raises(ParameterError, match=r"baseline\[0\] must lie before baseline\[1\], with a whole hour between"):
        arrival_spikes(rows, baseline=(MONDAY, MONDAY), until=MONDAY + HOUR, timezone="UTC")
    with pytest.raises(ParameterError, match=r"baseline\[1\] must lie before until"):
        arrival_spikes(rows, baseline=(MONDAY, MONDAY + 3 * HOUR), until=MONDAY, timezone="UTC")
    with pytest.raises(ParameterError, match="a baseline needs a slot that was seen at least twice; got 3 periods"):
        arrival_spikes(rows, baseline=(MONDAY, MONDAY + 3 * HOUR), until=MONDAY + 9 * HOUR, timezone="UTC")
    with pytest.raises(ParameterError, match="alpha must be strictly between 0 and 1; got 2"):
        arrival_spikes(rows, baseline=(MONDAY, MONDAY + HOUR), until=MONDAY + 9 * HOUR, timezone="UTC", alpha=2)
    with pytest.raises(ParameterError, match="Mars"):
        volume_profile(rows, since=MONDAY, until=MONDAY + HOUR, timezone="Mars")
    naive = rows.with_columns(pl.col("created_at").dt.replace_time_zone(None))
    with pytest.raises(InputError, match=r"column 'created_at' holds Datetime.*expected zone-aware instants"):
        volume_profile(naive, since=MONDAY, until=MONDAY + HOUR, timezone="UTC")
