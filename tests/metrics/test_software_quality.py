"""Software quality and security: each figure against an obvious line of Python, the boundaries, and refusals."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

import servicequality as sq
from servicequality import stats
from servicequality.errors import InputError, ParameterError

NOW, DAY = datetime(2026, 3, 31, tzinfo=UTC), timedelta(days=1)


@pytest.mark.parametrize(
    ("metric", "rows"),
    [
        (sq.defect_density(), {"defects": [3, 0, 12, None], "size": [12.5, 2.0, 31.0, 9.0]}),
        (sq.user_reported_bug_rate(), {"reports": [3, 0, 12, None], "users": [12.5, 2.0, 31.0, 9.0]}),
        (sq.security_incident_rate(), {"incidents": [3, 0, 12, None], "exposure": [12.5, 2.0, 31.0, 9.0]}),
    ],
    ids=lambda thing: getattr(thing, "name", ""),
)
def test_rates_are_sums_over_sums(metric: sq.Metric, rows: dict[str, list[float]]) -> None:
    got = metric.estimate(rows)
    low, high = stats.poisson_rate_interval(15, 45.5)
    assert (got.value, got.low, got.high) == pytest.approx((15 / 45.5, float(low), float(high)))
    assert (got.n, got.n_missing) == (3, 1)


@pytest.mark.parametrize(
    ("metric", "column"),
    [
        (sq.escaped_defect_rate(), "escaped"),
        (sq.automation_error_rate(), "wrong"),
        (sq.integration_failure_rate(), "failed"),
    ],
    ids=lambda thing: getattr(thing, "name", ""),
)
def test_shares_are_counts_over_counts(metric: sq.Metric, column: str) -> None:
    got = metric.estimate({column: [True] * 4 + [False] * 37 + [None]})
    low, high = stats.wilson(4, 41)
    assert (got.value, got.low, got.high, got.n_missing) == pytest.approx((4 / 41, float(low), float(high), 1))


def test_no_incident_still_has_an_upper_limit() -> None:
    got = sq.security_incident_rate().estimate({"incidents": [0], "exposure": [1.0]})
    assert (got.value, got.low) == (0.0, 0.0)
    assert got.high == pytest.approx(3.689, abs=1e-3)


def test_what_is_not_patched_runs() -> None:
    rows = {
        "disclosed_at": [NOW - age * DAY for age in (60, 50, 40, 30, 10)],
        "patched_at": [NOW - 52 * DAY, NOW - 49 * DAY, NOW - 12 * DAY, NOW - 16 * DAY, None],
    }
    got = sq.patch_latency(as_of=NOW).estimate(rows)
    assert (got.value, got.n, got.notes) == (14 * 86_400.0, 5, "1 of 5 still open")
    assert sq.patch_latency(as_of=NOW, limit=8 * 86_400).estimate(rows).value == pytest.approx(2 / 5)
    with pytest.raises(InputError, match="1 row with 'patched_at' before 'disclosed_at'"):
        sq.patch_latency(as_of=NOW).estimate({"disclosed_at": [NOW], "patched_at": [NOW - DAY]})


def test_an_audit_covers_for_a_while_and_not_from_the_future() -> None:
    audits = [NOW, NOW - 365 * DAY, NOW - 364 * DAY, NOW + DAY, None]
    rows = {"asset_id": [1, 2, 3, 4, 5, None], "last_audit_at": [*audits, NOW]}
    got = sq.audit_coverage(as_of=NOW).estimate(rows)
    assert (got.value, got.n, got.n_missing) == (2 / 5, 5, 1)
    assert sq.audit_coverage(as_of=NOW, window=366 * 86_400).estimate(rows).value == 3 / 5
    with pytest.raises(ParameterError, match=r"window must be a number of seconds above 0, at most 1e\+12; got 0"):
        sq.audit_coverage(as_of=NOW, window=0)
    with pytest.raises(ParameterError, match=r"at most 1e\+12; got 1000000"):
        sq.audit_coverage(as_of=NOW, window=10**400)


ROWS = {"id": [1, 2, 2, 4], "email": ["a@x", None, "b@x", "c"], "account": [7, 7, 8, None]}


def test_integrity_is_the_share_of_records_that_pass() -> None:
    result = sq.data_integrity(
        ROWS,
        rules={"has an @": pl.col("email").str.contains("@")},
        required=["email"],
        unique=["id"],
        references={"account": [7]},
    )
    assert dict(result.select("rule", "value").iter_rows()) == {
        "has an @": 2 / 4, "email is there": 3 / 4, "id is unique": 2 / 4, "account is known": 3 / 4, "every rule": 1 / 4,
    }  # fmt: skip
    assert result["low"][0] == pytest.approx(float(stats.wilson(2, 4)[0]))
    for legal in (pl.Series([7]), pl.DataFrame({"account": [7]}), pl.LazyFrame({"account": [7]})):
        again = sq.data_integrity(pl.LazyFrame(ROWS), references={"account": legal})
        assert again["value"].to_list() == [3 / 4, 3 / 4]
    nothing = sq.data_integrity(pl.DataFrame(ROWS).clear(), required=["id"])
    assert nothing["value"].to_list() == [None, None]
    assert nothing["reason"].to_list() == ["no records"] * 2


def test_integrity_refuses() -> None:
    with pytest.raises(ParameterError, match="no rule given: name rules=, required=, unique= or references="):
        sq.data_integrity(ROWS)
    with pytest.raises(InputError, match=r"data_integrity: no column 'mail' \(did you mean 'email'\?\)"):
        sq.data_integrity(ROWS, required=["mail"])
