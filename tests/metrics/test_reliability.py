"""Reliability: each figure against an obvious line of Python, the boundaries, and what bad input is told."""

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

import servicequality as sq
from servicequality import stats
from servicequality.core import Metric
from servicequality.datasets import service_desk_with_truth
from servicequality.errors import InputError, ParameterError

START = datetime(2026, 3, 1, tzinfo=UTC)
END = START + timedelta(hours=1_000)
WINDOW = {"since": START, "until": END}


def hours(*spans: tuple[str, float, float | None, bool]) -> pl.DataFrame:
    """Incidents by service, start and end in hours after the window's start, and whether they were planned."""
    at = [None if end is None else START + timedelta(hours=end) for _, _, end, _ in spans]
    return pl.DataFrame(
        {
            "service": [span[0] for span in spans],
            "started_at": [START + timedelta(hours=span[1]) for span in spans],
            "acknowledged_at": [START + timedelta(hours=span[1] + 0.25) for span in spans],
            "restored_at": pl.Series(at, dtype=pl.Datetime("us", "UTC")),
            "planned": [span[3] for span in spans],
        }
    )


ROWS = hours(
    ("a", 0, 10, False), ("a", 5, 20, False), ("a", 30, 40, False), ("a", 31, 33, False), ("a", 100, 130, False),
    ("a", -5, 2, False), ("a", 995, None, False), ("b", 10, 12, False), ("b", 200, 210, True), ("b", 205, 207, False),
)  # fmt: skip


SERVICES = sq.uptime(ROWS, **WINDOW, by="service")
WHOLE = sq.uptime(ROWS, **WINDOW)
QUIET = sq.uptime(ROWS.clear(), **WINDOW)
ROWS_OF_UPTIME = {"up_seconds": pl.Float64, "down_seconds": pl.Float64, "outages": pl.Int64}
FOUR = [sq.availability(), sq.nines(), sq.mean_time_between_failures(), sq.failure_rate()]


def by_service(metric: Metric) -> list[dict[str, Any]]:
    return sq.evaluate(SERVICES, metric, by="service").to_dicts()


def test_availability_merges_outages_and_leaves_maintenance_out_of_both_sides() -> None:
    a, b = by_service(sq.availability())
    assert a["value"] == pytest.approx(1 - 65 / 1_000)
    assert (a["metric"], a["n"], a["n_excluded"], a["reason"], a["notes"]) == ("availability", 1, 0, None, None)
    assert b["value"] == pytest.approx(1 - 2 / 990)
    limits = stats.availability_interval(935 * 3600, 65 * 3600, 4)
    assert [a["low"], a["high"]] == pytest.approx([float(limit) for limit in limits])
    assert a["se"] == pytest.approx(0.935 * 0.065 * math.sqrt(2 / 4))
    # Without keys the system is down while anything is, and one's maintenance is time off for all.
    assert sq.availability().estimate(WHOLE).value == pytest.approx(1 - 65 / 990)
    # Services together: the share of all their time.
    assert sq.availability().estimate(SERVICES).value == pytest.approx(1 - 67 / 1_990)


def test_availability_at_its_edges() -> None:
    quiet = sq.availability().estimate(QUIET)
    assert (quiet.value, quiet.low, quiet.high, quiet.n) == (1.0, None, None, 1)
    assert quiet.notes == "no outage in the window: nothing to set limits by"
    covered = sq.availability().estimate(sq.uptime(hours(("a", -1, 1_001, True)), **WINDOW))
    assert (covered.value, covered.n, covered.n_excluded) == (None, 0, 1)
    assert "maintenance covers the whole window" in str(covered.reason)
    down = sq.availability().estimate(sq.uptime(hours(("a", -1, None, False)), **WINDOW))
    assert (down.value, down.low) == (0.0, None)
    assert down.notes == "always up or always down: nothing to set limits by"
    later = {"up_seconds": [9.0], "down_seconds": [1.0], "outages": [0]}  # the second day of an outage
    assert "no outage began here" in str(sq.availability().estimate(later).notes)
    for metric in FOUR:
        none = metric.estimate(pl.DataFrame(schema=ROWS_OF_UPTIME))
        assert (none.value, none.low, none.n) == (None, None, 0)
        assert "there are no rows" in str(none.reason)


def test_later_news_changes_nothing() -> None:
    later = ROWS.with_columns(restored_at=pl.col("restored_at").fill_null(END + timedelta(days=3)))
    assert sq.uptime(later, **WINDOW).equals(WHOLE)


def test_nines_are_the_logarithm_of_what_is_missing() -> None:
    result, of = sq.nines().estimate(WHOLE), sq.availability().estimate(WHOLE)
    for figure in ("value", "low", "high"):
        assert getattr(result, figure) == pytest.approx(-math.log10(1 - getattr(of, figure)))
    assert result.se == pytest.approx(of.se / ((1 - of.value) * math.log(10)))
    perfect = sq.nines().estimate(QUIET)
    assert (perfect.value, perfect.low) == (None, None)
    assert perfect.reason == "no downtime in the window: more nines than it can show"
    assert sq.nines().estimate(sq.uptime(hours(("a", -1, None, False)), **WINDOW)).value == 0.0


def test_nines_keep_the_digits_that_a_share_loses() -> None:
    rows = {"up_seconds": [1e15], "down_seconds": [1e-3], "outages": [40]}
    result = sq.nines().estimate(rows)
    assert result.value == pytest.approx(18)
    assert result.low == pytest.approx(18 - math.log10(1.5556), abs=0.01)
    assert result.high - 18 == pytest.approx(18 - result.low)


def test_time_between_failures_is_time_up_for_each_outage() -> None:
    a, _ = by_service(sq.mean_time_between_failures())
    assert a["value"] == pytest.approx(935 * 3_600 / 4)
    assert [a["low"], a["high"]] == pytest.approx([float(limit) for limit in stats.mtbf_interval(935 * 3_600, 4)])
    assert a["se"] == pytest.approx(a["value"] / 2)
    quiet = sq.mean_time_between_failures().estimate(QUIET)
    assert (quiet.value, quiet.high) == (None, None)
    assert quiet.low == pytest.approx(1_000 * 3_600 / -math.log(0.05))
    assert "no failure" in str(quiet.reason)


def test_failure_rate_is_its_inverse() -> None:
    a, _ = by_service(sq.failure_rate(per="hour"))
    assert a["value"] == pytest.approx(4 / 935)
    assert a["unit"] == "per hour"
    assert [a["low"], a["high"]] == pytest.approx([float(limit) for limit in stats.poisson_rate_interval(4, 935)])
    down = sq.failure_rate().estimate({"up_seconds": [0.0], "down_seconds": [9.0], "outages": [1]})
    assert (down.value, down.reason) == (None, "no time up to count outages over")


@pytest.mark.parametrize("metric", FOUR, ids=lambda metric: metric.name)
def test_days_add_up_to_the_window(metric: Metric) -> None:
    days = sq.uptime(ROWS, **WINDOW, by="service", every="1d")
    parts = [metric.partial(part, by="service") for part in days.partition_by("period")]
    whole = sq.evaluate(SERVICES, metric, by="service")
    assert_frame_equal(sq.evaluate(days, metric, by="service").drop("n", "n_eff"), whole.drop("n", "n_eff"))
    assert_frame_equal(metric.finish(metric.merge(parts)).drop("n", "n_eff"), whole.drop("n", "n_eff"))
    only = metric.where(pl.col("service") == "a").estimate(days)
    assert only.value == pytest.approx(whole["value"][0])


MONTHS = {"since": datetime(2026, 1, 1, tzinfo=UTC), "until": datetime(2026, 4, 1, tzinfo=UTC), "every": "1mo"}
BILLING = pl.DataFrame(
    {
        "service": ["billing", "billing"],
        "started_at": [datetime(2026, 1, 31, 23, 30, tzinfo=UTC), datetime(2026, 2, 9, 9, tzinfo=UTC)],
        "restored_at": [datetime(2026, 2, 1, 0, 10, tzinfo=UTC), datetime(2026, 2, 9, 13, tzinfo=UTC)],
        "planned": [False, False],
    }
)


def test_an_objective_of_availability_is_met_or_missed_by_its_value() -> None:
    months = sq.uptime(BILLING, **MONTHS, by="service", keys=["billing", "search"])
    card = sq.Scorecard([sq.Objective(sq.availability(), at_least=0.999, by="service")], period="month")
    verdicts = card.evaluate(months, at="period", as_of=MONTHS["until"])
    assert verdicts["service"].to_list() == ["billing"] * 3 + ["search"] * 3
    # Half an hour of January, four hours and ten minutes of February, none of March.
    assert verdicts["value"].to_list() == pytest.approx([1 - 0.5 / 744, 1 - (4 + 1 / 6) / 672, 1, 1, 1, 1])
    assert verdicts["verdict"].to_list() == ["met", "missed", "met", "met", "met", "met"]
    assert verdicts["low"].to_list()[2:] == [None] * 4  # limits of the process, where there were outages
    assert verdicts["low"][0] < 0.999 < verdicts["high"][1]
    assert verdicts["n"].to_list() == [1] * 6
    assert verdicts["outlook"].to_list() == [None] * 6
    scaled = sq.Scorecard([sq.Objective(sq.nines(), at_least=3)], period="month")
    of_billing = months.filter(service="billing")
    answer = scaled.evaluate(of_billing, at="period", as_of=MONTHS["until"])
    assert answer["verdict"].to_list() == ["met", "missed", "undecided"]
    assert "more nines than it can show" in answer["reason"][2]
    running = card.evaluate(months, at="period", as_of=datetime(2026, 3, 20, tzinfo=UTC))
    assert running["reason"].to_list()[2] == "the period is not over"


def test_two_windows_of_uptime_are_compared() -> None:
    before = sq.uptime(BILLING, **MONTHS)
    after = sq.uptime(BILLING.with_columns(pl.col("started_at", "restored_at") + timedelta(hours=2)), **MONTHS)
    changes = {row["metric"]: row for row in sq.compare(before, after, FOUR).to_dicts()}
    share = changes["availability"]
    assert (share["change"], share["method"]) == (0.0, "mover")
    assert share["low"] < 0 < share["high"]
    busier = after.with_columns(outages=pl.col("outages") * 4)
    changes = {row["metric"]: row for row in sq.compare(before, busier, FOUR).to_dicts()}
    rates, times = changes["failure_rate"], changes["mean_time_between_failures"]
    assert (rates["ratio"], times["ratio"]) == pytest.approx((4, 1 / 4))
    assert (times["ratio_low"], times["ratio_high"]) == pytest.approx((1 / rates["ratio_high"], 1 / rates["ratio_low"]))
    assert [rates["p_value"], times["p_value"]] == pytest.approx([float(stats.rate_ratio_test(8, 1, 2, 1))] * 2)


def test_weights_and_clusters_take_rows_for_a_sample() -> None:
    rng = np.random.default_rng(5)
    rows = pl.DataFrame(
        {"up_seconds": rng.gamma(4, 1e5, 60), "down_seconds": rng.gamma(2, 1e3, 60), "outages": rng.poisson(3, 60) + 1}
    ).with_columns(users=pl.Series(rng.uniform(1, 9, 60)), region=pl.int_range(60) % 12)
    up, down, users = (rows[name].to_numpy() for name in ("up_seconds", "down_seconds", "users"))
    weighted = sq.availability().estimate(rows, weight="users")
    assert weighted.value == pytest.approx((users * up).sum() / (users * (up + down)).sum())
    for options in ({"weight": "users"}, {"cluster": "region"}):
        share, scaled, times, rates = sq.evaluate(rows, FOUR, **options).to_dicts()
        for one in (share, scaled, times, rates):
            assert one["low"] < one["value"] < one["high"]
        assert scaled["low"] == pytest.approx(-math.log10(1 - share["low"]))
        assert times["low"] == pytest.approx(86_400 / rates["high"])
        assert times["high"] == pytest.approx(86_400 / rates["low"])
    silent = rows.with_columns(outages=0)
    times = sq.mean_time_between_failures().estimate(silent, weight="users")
    assert (times.value, times.high) == (None, None)
    assert times.low > 0


@pytest.mark.parametrize("metric", FOUR, ids=lambda metric: metric.name)
def test_rows_that_are_no_uptime_are_refused(metric: Metric) -> None:
    with pytest.raises(InputError, match="no column 'up_seconds'"):
        metric.estimate(ROWS)
    with pytest.raises(InputError, match=r"column 'outages'.*0\.5"):
        metric.estimate(QUIET.with_columns(outages=0.5))
    with pytest.raises(InputError, match=r"column 'down_seconds'.*-1"):
        metric.estimate(QUIET.with_columns(down_seconds=-1.0))


def test_failure_rate_knows_its_units() -> None:
    with pytest.raises(ParameterError, match="per must be one of 'hour', 'day', 'week', 'year'; got 'month'"):
        sq.failure_rate(per="month")  # type: ignore[arg-type]


def test_the_three_times_are_means_of_what_is_over_and_what_runs() -> None:
    rows = hours(("a", 0, 2, False), ("a", 10, 11, False), ("a", 50, 54, False), ("a", 60, 90, True))
    at = {"as_of": END}
    assert sq.mean_time_to_restore(**at).estimate(rows).value == pytest.approx(3_600 * (2 + 1 + 4) / 3)
    assert sq.mean_time_to_restore(planned=None, **at).estimate(rows).value == pytest.approx(3_600 * 37 / 4)
    assert sq.mean_time_to_acknowledge(**at).estimate(rows).value == pytest.approx(900)
    assert sq.mean_time_to_resolve(resolved="restored_at", statistic="median", **at).estimate(rows).value == 7_200
    assert sq.mean_time_to_restore(limit=7_200, **at).estimate(rows).value == pytest.approx(2 / 3)
    runs = sq.mean_time_to_restore(as_of=START + timedelta(hours=53)).estimate(rows)
    assert (runs.value, runs.n, runs.notes) == (None, 3, "1 of 3 still open")
    assert "the longest is not over" in str(runs.reason)
    early = sq.mean_time_to_restore(as_of=START + timedelta(hours=20), horizon=3_600).estimate(rows)
    assert (early.value, early.n) == (3_600.0, 2)
    with pytest.raises(InputError, match=r"1 row with 'restored_at' before 'started_at'"):
        sq.mean_time_to_restore(**at).estimate(hours(("a", 5, 4, False)))


def test_rates_and_budgets_are_ratios_of_sums() -> None:
    rows = {
        "bad": [0, 2, 1, 12],
        "total": [1_000, 1_200, 900, 1_100],
        "incidents": [1, 0, 2, 0],
        "exposure": [5, 5, 5, 5],
    }
    assert sq.burn_rate(objective=0.999).estimate(rows).value == pytest.approx(15 / 4_200 / 0.001)
    assert sq.error_budget(objective=0.999).estimate(rows).value == pytest.approx(1 - 15 / 4.2)
    assert sq.incident_rate().estimate(rows).value == pytest.approx(3 / 20)
    with pytest.raises(InputError, match="1 row with more bad events than events"):
        sq.burn_rate(objective=0.999).estimate({"bad": [3], "total": [2]})
    with pytest.raises(ParameterError, match=r"objective must lie strictly between 0 and 1, such as 0\.999; got 99\.9"):
        sq.error_budget(objective=99.9)


def test_a_budget_is_met_or_missed_by_its_value() -> None:
    rows = {"at": [START + timedelta(days=day) for day in range(4)], "bad": [0, 2, 1, 0], "total": [1_000] * 4}
    budgets = [
        sq.Objective(sq.error_budget(objective=goal), at_least=0, name=f"budget of {goal}") for goal in (0.999, 0.9999)
    ]
    card = sq.Scorecard(budgets, period="month")
    verdicts = card.evaluate(rows, at="at", as_of=START + timedelta(days=40))
    assert verdicts["value"].to_list() == pytest.approx([1 / 4, 1 - 3 / 0.4])
    assert verdicts["verdict"].to_list() == ["met", "missed"]
    assert verdicts["low"][0] < 0 < verdicts["high"][0]  # what such months could have been


def test_doras_four() -> None:
    day = timedelta(days=1)
    rows = pl.DataFrame(
        {
            "at": [START + day, START + 2 * day, START + 3 * day, END],
            "committed_at": [START, START, START, START],
            "failed": [False, True, None, True],
            "restored_at": [None, START + 2 * day + timedelta(hours=3), None, None],
            "service": ["a", "a", "b", "b"],
        },
        schema_overrides={"restored_at": pl.Datetime("us", "UTC")},
    )
    frequency = sq.deployment_frequency(**WINDOW)
    often = sq.evaluate(rows, frequency, by="service")
    assert often["value"].to_list() == pytest.approx([2 / (1_000 / 24), 1 / (1_000 / 24)])
    assert often["low"][0] == pytest.approx(float(stats.poisson_rate_interval(2, 1_000 / 24)[0]))
    assert often.select("n", "n_excluded").rows() == [(2, 0), (1, 1)]
    none = frequency.estimate(rows.clear())
    assert (none.value, none.low, none.high) == (0.0, 0.0, pytest.approx(-math.log(0.025) / (1_000 / 24)))
    weekly = sq.evaluate(rows, frequency, every="1d", at="at")
    assert weekly["value"].to_list()[:2] == pytest.approx([1.0, 1.0])
    assert weekly.row(-1, named=True)["n_excluded"] == 1
    ahead = rows.with_columns(at=pl.col("at") + 100 * day)
    assert set(sq.evaluate(ahead, frequency, every="1w", at="at")["reason"]) == {"the period has no day in the window"}
    card = sq.Scorecard([sq.Objective(frequency, at_least=0.01, by="service")], period="month")
    assert set(card.evaluate(rows, at="at", as_of=END)["verdict"]) <= {"met", "missed", "undecided"}
    lead = sq.lead_time_for_changes(as_of=START + 2 * day).estimate(rows)
    assert (lead.value, lead.n, lead.notes) == (2 * 86_400.0, 4, "2 of 4 still open")
    failures = sq.change_failure_rate().estimate(rows)
    assert (failures.value, failures.n, failures.n_missing) == (pytest.approx(2 / 3), 3, 1)
    mend = sq.failed_deployment_recovery_time(as_of=START + 5 * day).estimate(rows)
    assert (mend.value, mend.n) == (3 * 3_600.0, 1)


def test_the_desks_truth_is_recovered() -> None:
    desk, truth = service_desk_with_truth(500, seed=11, weeks=104)
    rows = desk.deployments.collect()
    assert rows["failed"].mean() > 0.06  # those that made an outage come on top
    began = desk.tickets.select(pl.col("created_at").min()).collect().item()
    result = sq.availability().estimate(sq.uptime(desk.incidents, since=began, until=truth.as_of))
    spans = desk.incidents.filter(~pl.col("planned")).select(
        seconds=(pl.col("restored_at") - pl.col("started_at")).dt.total_seconds()
    )
    rough = 1 - spans.collect()["seconds"].sum() / (truth.as_of - began).total_seconds()
    assert result.value == pytest.approx(rough, abs=1e-3)  # few overlap, maintenance is short
    restore = sq.mean_time_to_restore(as_of=truth.as_of, horizon=None).estimate(desk.incidents)
    true_mean = 360 + 60 + 2_700 * math.exp(0.8**2 / 2)
    assert restore.low < true_mean < restore.high
    assert np.isfinite(restore.value)


def test_outages_may_have_instants_of_two_zones() -> None:
    start = pl.Series([datetime(2026, 3, 1, 1, tzinfo=UTC)])
    end = start.cast(pl.Datetime("ms", "UTC")) + timedelta(hours=6)
    incidents = pl.DataFrame({"started_at": start.dt.convert_time_zone("Asia/Kathmandu"), "restored_at": end})
    window = {"since": datetime(2026, 3, 1, tzinfo=UTC), "until": datetime(2026, 3, 2, tzinfo=UTC)}
    assert sq.availability().estimate(sq.uptime(incidents, planned=None, **window)).value == 0.75
