"""Customers who leave: shares and curves beside plain Python, windows at their ends, what is refused."""

from datetime import datetime, timedelta
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from metrics.oracle import NOON, Oracle, Row, agrees, curve, share
from servicequality import churn_per_year, churn_rate, compare, evaluate, retention_rate
from servicequality.core import Metric
from servicequality.datasets import service_desk
from servicequality.errors import InputError, ParameterError
from servicequality.scorecard import Objective, Scorecard
from servicequality.tables import churn_by_satisfaction

SINCE = NOON - timedelta(hours=20)
LIMIT = 6 * 3600.0
INSTANT = pl.Datetime("us", "UTC")


def at_start(rows: list[Row]) -> list[Row]:
    begun = [row for row in rows if row["started_at"] is not None and row["started_at"] <= SINCE]
    return [row for row in begun if row["churned_at"] is None or row["churned_at"] > SINCE]


def gone(row: Row) -> bool:
    return row["churned_at"] is not None and row["churned_at"] <= NOON


def stays(rows: list[Row], limit: float) -> float | None:
    """Share that stays longer than the limit, by the curve."""
    begun = [row for row in rows if row["started_at"] is not None and row["started_at"] <= NOON]
    times = [
        (
            ((row["churned_at"] if gone(row) else NOON) - row["started_at"]).total_seconds(),
            "event" if gone(row) else "open",
        )
        for row in begun
    ]
    steps = [step for step in curve(times) if step[0] <= limit]
    if not times or (max(at for at, _ in times) < limit and curve(times)[-1][2] > 1e-9):
        return None
    return steps[-1][2] if steps else 1.0


def left(rows: list[Row], limit: float) -> float | None:
    kept = stays(rows, limit)
    return None if kept is None else 1 - kept


def per_year(rows: list[Row]) -> float | None:
    """Leavers after SINCE over the years in which they, and those who stayed, were customers after it."""
    watched = [
        row
        for row in rows
        if row["started_at"] is not None
        and row["started_at"] <= NOON
        and (row["churned_at"] is None or row["churned_at"] > SINCE)
    ]
    spans = [(row["churned_at"] if gone(row) else NOON) - max(row["started_at"], SINCE) for row in watched]
    years = sum(span.total_seconds() for span in spans) / (365 * 86_400)
    return sum(map(gone, watched)) / years if years else None


ORACLES: list[tuple[Metric, Oracle]] = [
    (churn_per_year(since=SINCE, as_of=NOON), per_year),
    (churn_rate(since=SINCE, as_of=NOON), lambda rows: share(map(gone, at_start(rows)))),
    (retention_rate(since=SINCE, as_of=NOON), lambda rows: share(not gone(row) for row in at_start(rows))),
    (churn_rate(limit=LIMIT, as_of=NOON), lambda rows: left(rows, LIMIT)),
    (retention_rate(limit=LIMIT, as_of=NOON), lambda rows: stays(rows, LIMIT)),
]


@pytest.mark.parametrize(
    ("metric", "oracle"), ORACLES, ids=["churn per year", "churn", "retention", "churn curve", "retention curve"]
)
def test_oracle(metric: Metric, oracle: Oracle) -> None:
    agrees(metric, oracle)


def accounts(*rows: tuple[float, float | None], **more: list[Any]) -> pl.DataFrame:
    """Accounts as (began, left), in days before and after the instant of knowledge."""

    def day(n: float | None) -> datetime | None:
        return None if n is None else NOON + timedelta(days=n)

    return pl.DataFrame(
        {
            "account_id": [str(i) for i in range(len(rows))],
            "started_at": pl.Series([day(begun) for begun, _ in rows], dtype=INSTANT),
            "churned_at": pl.Series([day(ended) for _, ended in rows], dtype=INSTANT),
            **more,
        }
    )


def test_the_window_is_open_at_its_start_and_closed_at_its_end() -> None:
    rows = accounts((-90, -30), (-90, -29.999), (-90, 0), (-90, 0.001), (-30, None), (-29.999, -1), (-90, None))
    month = {"since": NOON - timedelta(days=30), "as_of": NOON}
    churned = churn_rate(**month).estimate(rows)
    assert (churned.value, churned.n, churned.n_excluded) == (
        0.4,
        5,
        2,
    )  # left at the start, or came later: no customer then
    assert retention_rate(**month).estimate(rows).value == 0.6


def test_a_customer_of_before_the_watch_enters_late() -> None:
    # Ages at entry, and at the end: (20, 40 left), (0, 30 left), (0, 10 open), (20, 50 open); the first's twin left unseen.
    rows = accounts((-50, -10), (-30, 0), (-10, None), (-50, None), (-70, -40))
    options = {"limit": 35 * 86_400.0, "as_of": NOON}
    watched = churn_rate(since=NOON - timedelta(days=30), **options).estimate(rows)
    # At the age of 30, three are at risk (the first, the second, the fourth), and one leaves.
    assert watched.value == pytest.approx(1 / 3)
    # Watched from the beginning, the twin who left at 30 is at risk and leaves too: two of four.
    assert churn_rate(**options).estimate(rows).value == pytest.approx(0.5)


def test_the_curve_and_its_complement_add_up_with_their_limits() -> None:
    rows = service_desk(2_000, seed=7).accounts.collect()
    as_of = datetime.fromisoformat("2024-06-30T22:00:00+00:00")
    options = {"limit": 200 * 86_400.0, "as_of": as_of}
    churned, kept = churn_rate(**options).estimate(rows), retention_rate(**options).estimate(rows)
    assert churned.value + kept.value == pytest.approx(1)
    assert (churned.low + kept.high, churned.high + kept.low) == (pytest.approx(1), pytest.approx(1))
    assert churned.notes is not None
    assert "still open" in churned.notes
    assert churned.notes == kept.notes
    assert (churn_rate(**options).better, retention_rate(**options).better) == ("lower", "higher")


def test_accounts_that_end_before_they_start_are_refused() -> None:
    rows = accounts((-10, -20), (-10, None), satisfaction=[1.0, 2.0])
    message = "1 row of accounts that end before they start: column 'churned_at' such as"
    for call in (
        lambda: churn_rate(limit=1.0, as_of=NOON).estimate(rows),
        lambda: churn_per_year(as_of=NOON).estimate(rows),
        lambda: retention_rate(since=SINCE, as_of=NOON).estimate(rows),
    ):
        with pytest.raises(InputError, match=message):
            call()


def test_the_bands_of_the_table_are_the_metric_by_band() -> None:
    desk = service_desk(1_000, seed=7).accounts.collect()
    as_of = datetime.fromisoformat("2024-06-30T22:00:00+00:00")
    metric, score = churn_per_year(as_of=as_of), pl.col("satisfaction")
    table = churn_by_satisfaction(desk, as_of=as_of, cuts=(3, 4))
    bands = desk.with_columns(band=(score >= 3).cast(pl.Int64) + (score >= 4).cast(pl.Int64))
    rates = evaluate(bands, metric, by="band")
    figures = ["value", "low", "high", "se", "n"]
    assert_frame_equal(rates.select(figures), table.filter(metric="churn_per_year").select(figures))
    halves = [metric.partial(half, by="band") for half in (bands.head(90), bands.tail(-90))]
    assert_frame_equal(metric.finish(metric.merge(halves)), rates)
    low, high = (bands.filter(pl.col("band") == band) for band in (0, 2))
    change = compare(high, low, metric).row(0, named=True)
    ratio = table.filter(metric="churn_ratio", band=1).row(0, named=True)
    assert change["ratio"] == pytest.approx(ratio["value"])
    assert (change["ratio_low"], change["ratio_high"]) == pytest.approx((ratio["low"], ratio["high"]))
    card = Scorecard([Objective(metric, at_most=100.0)], period="month")
    verdict = card.evaluate(bands.with_columns(at=pl.lit(as_of) - timedelta(days=300)), at="at", as_of=as_of)
    assert verdict["verdict"].to_list() == ["met"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: churn_rate(as_of=NOON), "state when customers leave: since= for the window"),
        (lambda: retention_rate(as_of=NOON), "state when customers leave"),
        (lambda: churn_rate(as_of=NOON, limit=0), "limit must be a positive number of seconds, got 0"),
        (lambda: churn_rate(as_of=NOON, limit=-1.0), "limit must be a positive number of seconds, got -1.0"),
        (lambda: churn_rate(as_of=NOON, since=NOON), "since must lie before as_of"),
        (lambda: churn_per_year(as_of=NOON, since=NOON), "since must lie before as_of"),
        (lambda: churn_rate(as_of=NOON.replace(tzinfo=None), limit=1.0), "as_of must be a datetime with a time zone"),
    ],
)
def test_wrong_calls_are_refused(call: Any, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        call()
