"""Software quality and security: each figure against an obvious line of Python, the boundaries, and refusals."""

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

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


def checked(rows: Any = ROWS) -> Any:
    return sq.checked_records(
        rows,
        rules={"has an @": pl.col("email").str.contains("@")},
        required="email",
        unique=["id"],
        references={"account": [7]},
    )


def test_integrity_is_the_share_of_records_that_pass() -> None:
    rows = checked()
    shares = {
        "has an @": 2 / 4,
        "email is there": 3 / 4,
        "id is unique": 2 / 4,
        "account is known": 3 / 4,
        "passes": 1 / 4,
    }
    result = sq.evaluate(rows, [sq.data_integrity(flag).named(flag) for flag in shares])
    assert dict(result.select("metric", "value").iter_rows()) == shares
    assert result["low"][0] == pytest.approx(float(stats.wilson(2, 4)[0]))
    assert rows.columns == [*ROWS, *shares]
    assert rows.select(list(ROWS)).equals(pl.DataFrame(ROWS))
    lazy = checked(pl.LazyFrame(ROWS))
    assert isinstance(lazy, pl.LazyFrame)
    assert lazy.collect_schema() == rows.schema
    assert lazy.collect().equals(rows)
    assert sq.data_integrity().estimate(rows.clear()).value is None


@pytest.mark.parametrize(
    "legal",
    [
        [7],
        {7.0},
        pl.Series([7], dtype=pl.UInt8),
        pl.DataFrame({"account": [7], "other": ["a"]}),
        pl.LazyFrame({"account": [7, None, 7]}),
    ],
)
def test_values_are_known_whatever_holds_the_legal_ones(legal: Any) -> None:
    rows = sq.checked_records(pl.LazyFrame(ROWS), references={"account": legal}).collect()
    assert rows["account is known"].to_list() == [True, True, False, True]
    assert sq.checked_records(rows.drop("passes", "account is known"), references={"account": []})["passes"].to_list() == [
        False, False, False, True
    ]  # fmt: skip


def test_integrity_of_days_adds_up_and_can_be_an_objective() -> None:
    rows = pl.concat([checked(pl.DataFrame(ROWS).with_columns(day=pl.lit(day))) for day in ("mon", "tue", "wed")])
    metric = sq.data_integrity()
    whole = sq.evaluate(rows, metric)
    parts = [metric.partial(part) for part in rows.partition_by("day")]
    assert_frame_equal(metric.finish(metric.merge(parts)), whole)
    at = pl.lit(datetime(2026, 1, 5, tzinfo=UTC))
    card = sq.Scorecard([sq.Objective(metric, at_least=0.9)], period="month")
    assert card.evaluate(rows.with_columns(at=at), at="at", as_of=datetime(2026, 3, 1, tzinfo=UTC))[
        "verdict"
    ].to_list() == ["missed"]
    change = sq.compare(rows.filter(day="mon"), rows.with_columns(passes=True), metric).row(0, named=True)
    assert change["change"] == pytest.approx(3 / 4)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({}, ParameterError, "no rule given: name rules=, required=, unique= or references="),
        ({"required": ["mail"]}, InputError, r"checked_records: no column 'mail' \(did you mean 'email'\?\)"),
        ({"rules": {"a": pl.col("mail") == ""}}, InputError, r"rules\['a'\]: no column 'mail'"),
        (
            {"rules": {"a": pl.col("id") + 1}},
            InputError,
            r"rules\['a'\]: the condition gives Int64, expected true or false",
        ),
        ({"rules": {"a": pl.col("id") == pl.col("id").max()}}, ParameterError, "this one reads the aggregation max"),
        ({"rules": {"a": "id > 1"}}, ParameterError, r"rules\['a'\]: expected an expression"),
        ({"rules": {"": pl.col("id") > 1}}, ParameterError, "rules maps a rule's name, a text, to the rule"),
        ({"rules": {"id": pl.col("id") > 1}}, ParameterError, "'id' names a column or another rule already"),
        ({"rules": {"passes": pl.col("id") > 1}}, ParameterError, "'passes' names a column or another rule already"),
        (
            {"references": {"account": ["a"]}},
            InputError,
            r"'account' holds Int64, and String in references\['account'\]",
        ),
        ({"references": {"account": [1, "a"]}}, InputError, "the legal values are not of one type"),
        ({"references": {"account": {"id": [1]}}}, InputError, r"references\['account'\]: no column 'account'"),
        ({"unique": 3}, ParameterError, "unique takes names of columns, got 3"),
        ({"unique": ["id", "id"]}, ParameterError, "'id is unique' names a column or another rule already"),
    ],
)
def test_rules_that_cannot_be(options: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        sq.checked_records(ROWS, **options)
