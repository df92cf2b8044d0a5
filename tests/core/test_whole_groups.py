"""Metrics that need all rows of a group: in every call that takes a metric, and refused where only parts are at hand."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

import servicequality as sq
from servicequality.columns import Category, Flag, Number, Row, answered
from servicequality.core import define
from servicequality.errors import ParameterError
from servicequality.shapes import Label, PatternShape, Quantity, Reading, Rows, Shape, WholeReading, WholeShape
from servicequality.testing import check_laws

NOON = datetime(2026, 3, 27, 12, tzinfo=UTC)


@dataclass(frozen=True, eq=False, kw_only=True)
class Twins(WholeShape):
    """Share of the amount that lies in rows whose name occurs twice; the others are missing."""

    name: Label
    amount: Quantity

    def read(self, rows: Rows, *, level: float) -> WholeReading:
        twins = rows.frame.with_columns(twin=pl.len().over("group", "name") > 1)
        sums = twins.group_by("group").agg(
            whole=pl.col("amount").sum(), part=pl.col("amount").filter("twin").sum(), n=pl.col("twin").sum()
        )
        value, n = np.full(rows.groups, np.nan), np.zeros(rows.groups)
        place = sums["group"].to_numpy()
        value[place], n[place] = (sums["part"] / sums["whole"]).to_numpy(), sums["n"].to_numpy()
        value[n == 0] = np.nan
        reasons = [None if count else "every name occurs once" for count in n]
        return WholeReading(Reading(value - 0.1, value + 0.1, value, "test", value), n=n, reasons=reasons)


@dataclass(frozen=True, eq=False, kw_only=True)
class Daily(WholeShape):
    """Rows for each day of the group's period."""

    def read(self, rows: Rows, *, level: float) -> WholeReading:
        counts = np.bincount(rows.frame["group"].to_numpy(), minlength=rows.groups).astype(np.float64)
        assert rows.spans is not None
        value = counts / ((rows.spans[1] - rows.spans[0]) / 86_400e6)
        return WholeReading(Reading(value, value, value, "test", value))


@dataclass(frozen=True, eq=False, kw_only=True)
class AllGood(PatternShape):
    """Share of the items of which every row is good."""

    good: Label

    def patterns(self, rows: Rows) -> pl.DataFrame:
        items = rows.frame.group_by("group", "item").agg(pattern=pl.col("good").all().cast(pl.String))
        return items.group_by("group", "pattern").agg(n=pl.len().cast(pl.Int64)).sort("group", "pattern")

    def read_patterns(self, patterns: Rows, *, level: float) -> WholeReading:
        nothing, (good, items) = np.full(patterns.groups, np.nan), np.zeros((2, patterns.groups))
        np.add.at(items, patterns.frame["group"].to_numpy(), patterns.frame["n"].to_numpy())
        best = patterns.frame.filter(pattern="true")
        good[best["group"].to_numpy()] = best["n"].to_numpy()
        with np.errstate(invalid="ignore"):
            return WholeReading(Reading(nothing, nothing, nothing, "none", good / items), n_eff=items)


@define(title="Twins", unit="share", better="higher", formula="x", grain="ticket")
def twins(name: Category = "name", amount: Number = "amount") -> Shape:
    """The share of twins."""
    return Twins(n=answered(name) & answered(amount), name=pl.col(name), amount=pl.col(amount))


@define(title="Daily", unit="per day", better="higher", formula="x", grain="ticket")
def daily(name: Category = "name") -> Shape:
    """Rows a day."""
    return Daily(n=answered(name))


@define(title="All good", unit="share", better="higher", formula="x", grain="answer", bounds=(0, 1))
def all_good(ticket: Row = "ticket", good: Flag = "good") -> Shape:
    """Tickets of which every answer is good."""
    return AllGood(n=answered(ticket) & answered(good), item=pl.col(ticket), good=pl.col(good))


ROWS = pl.DataFrame(
    {
        "name": ["x", "x", "y", "z", "z", "q", None],
        "amount": [1, 2, 3, 5, 5, 2, 1],
        "team": ["a", "a", "a", "b", "b", "b", "c"],
        "at": [NOON + timedelta(days=day) for day in (0, 0, 0, 1, 1, 1, 2)],
    }
)


def test_every_group_is_read_as_a_whole_and_its_rows_are_counted_once() -> None:
    result = sq.evaluate(ROWS, [twins(), sq.csat(scale=(1, 5), score="amount")], by="team").filter(metric="twins")
    columns = ["team", "value", "low", "n", "n_missing", "n_eff", "reason"]
    assert result.select(columns).rows() == [
        ("a", 0.5, 0.4, 2, 1, 2.0, None),
        ("b", pytest.approx(10 / 12), pytest.approx(10 / 12 - 0.1), 2, 1, 2.0, None),
        ("c", None, None, 0, 1, 0.0, "every name occurs once"),
    ]
    assert sq.evaluate(ROWS, twins().where(pl.col("team") == "a")).item(0, "value") == 0.5
    assert twins().estimate(ROWS.filter(pl.col("name") != "q")).value == pytest.approx(13 / 16)
    assert twins().estimate(ROWS.clear()).reason == "every name occurs once"
    hidden = sq.evaluate(ROWS, twins(), by="team", min_n=3)
    assert hidden["reason"].to_list()[:2] == ["suppressed", "suppressed"]


def test_a_scorecard_and_a_comparison_take_it() -> None:
    card = sq.Scorecard([sq.Objective(twins(), at_least=0.45, by="team")], period="week")
    rows = card.evaluate(ROWS, at="at", as_of=NOON + timedelta(days=9))
    assert rows.select("team", "value", "n").rows()[:2] == [("a", 0.5, 2), ("b", pytest.approx(10 / 12), 2)]
    change = sq.compare(ROWS.filter(pl.col("team") == "a"), ROWS.filter(pl.col("team") == "b"), [twins()])
    assert change["change"].item() == pytest.approx(10 / 12 - 0.5)
    assert change["method"].item().startswith("mover")


def test_the_length_of_a_period_is_told_over_a_change_of_the_clock() -> None:
    at = [datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 3, 29, 12, tzinfo=UTC), None]
    rows = pl.DataFrame({"name": ["x", "y", "z"], "at": at}, schema_overrides={"at": pl.Datetime("us", "UTC")})
    days = sq.evaluate(rows, daily(), every="1d", at="at", timezone="Europe/Berlin")
    assert days["value"].to_list() == [1.0, pytest.approx(24 / 23), None]
    months = sq.evaluate(rows.with_columns(pl.col("at").dt.date()), daily(), every="1mo", at="at")
    assert months["period"].to_list() == [date(2026, 3, 1), None]
    assert months["value"].to_list()[0] == pytest.approx(2 / 31)


def test_a_period_beyond_the_calendar_has_no_length() -> None:
    far = pl.Series("at", [2**31 - 1, 20_000], dtype=pl.Int32).cast(pl.Date)
    rows = pl.DataFrame({"name": ["x", "y"], "at": far})
    assert sq.evaluate(rows, daily(), every="1d", at="at")["value"].drop_nulls().to_list() == [1.0]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: twins().expr(), "twins: it needs all rows of a group at once, and no expression"),
        (lambda: twins().partial(ROWS), "twins needs all rows of a group at once, and no states"),
        (lambda: sq.plan([twins(), sq.nps(score="amount")]).partial(ROWS), "twins needs all rows"),
        (
            lambda: sq.evaluate(ROWS, twins(), weight="amount"),
            "twins: .*neither weights nor clusters; leave weight= out",
        ),
        (lambda: twins().estimate(ROWS, cluster="team"), "twins: .*leave cluster= out"),
    ],
)
def test_parts_are_refused(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        call()


def test_what_is_read_is_part_of_the_fingerprint() -> None:
    assert twins() == twins()
    assert twins().fingerprint != twins(name="team").named("twins").fingerprint
    assert "reads name: column" in twins().text


def test_a_shape_of_ones_own_that_reads_patterns_obeys_the_laws_of_states() -> None:
    check_laws(all_good(), examples=10)
    rows = pl.DataFrame({"ticket": ["x", "x", "y", "z"], "good": [True, False, True, None]})
    parts = [all_good().partial(rows.filter(pl.col("ticket") == ticket)) for ticket in "xyz"]
    assert all_good().merge(parts).tables["all_good"].rows() == [("false", 1), ("true", 1)]
    row = all_good().finish(all_good().merge(parts)).row(0, named=True)
    assert (row["value"], row["n"], row["n_eff"], row["n_missing"]) == (0.5, 3, 2.0, 1)
