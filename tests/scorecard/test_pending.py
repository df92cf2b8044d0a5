"""What pending rows still allow of durations, promises and shares, beside every way in which they can end."""

from datetime import timedelta
from typing import Any, ClassVar

import polars as pl
import pytest

from scorecard.completions import AS_OF, LATER, START, Rows, check, judged, span
from servicequality import (
    Metric,
    Objective,
    Scorecard,
    abandonment_rate,
    breach_rate,
    deflection_rate,
    first_contact_resolution,
    first_response_time,
    repeat_contact_rate,
    resolution_rate,
    resolution_time,
    self_service_rate,
    service_level,
    sla_attainment,
)
from servicequality.columns import Amount, Flag, answered
from servicequality.core import define
from servicequality.shapes import Shape, survival


class TestDurations:
    """Grid of the ends: at once, between the others, and so late that it is never."""

    NEVER = 1e7
    ROWS: ClassVar[Rows] = [
        {"resolution_seconds": float(t), "resolution_observed": ended}
        for t, ended in [(1, True), (2, True), (2, False), (4, True), (5, False), (6, True), (7, True), (7, False)]
    ]

    def ends(self, row: dict[str, Any]) -> list[dict[str, Any]]:
        if row["resolution_observed"]:
            return []
        age = row["resolution_seconds"]
        times = [age, *(age + step for step in (0.5, 1.5, 2.5, 4.5)), self.NEVER]
        return [{"resolution_seconds": time, "resolution_observed": True} for time in times]

    @pytest.mark.parametrize("limit", [2.0, 4.0, 5.0, 6.5])
    def test_a_share_within_a_limit(self, limit: float) -> None:
        # A row that runs at the limit has not ended within it, and ends a moment later if it ends "at once".
        def ends(row: dict[str, Any]) -> list[dict[str, Any]]:
            return [end | {"resolution_seconds": end["resolution_seconds"] + 1e-6} for end in self.ends(row)]

        check(self.ROWS, resolution_time(limit=limit), ends)

    @pytest.mark.parametrize("horizon", [3.0, 5.0, 7.0])
    def test_a_mean_up_to_a_horizon(self, horizon: float) -> None:
        check(self.ROWS, resolution_time(horizon=horizon), self.ends)

    @pytest.mark.parametrize("p", [0.1, 0.25, 0.5])
    def test_a_quantile_that_is_bounded(self, p: float) -> None:
        check(self.ROWS, resolution_time(statistic=p), self.ends)

    @pytest.mark.parametrize("p", [0.625, 0.75, 0.9])
    def test_a_quantile_that_is_not(self, p: float) -> None:
        metric = resolution_time(statistic=p)
        least, most = span(self.ROWS, metric, self.ends)
        row = judged(self.ROWS, metric, target=4.5)
        assert row["lowest"] == pytest.approx(least)
        assert row["highest"] is None
        assert most > self.NEVER / 3
        message = "missed however the pending rows end" if least > 4.5 else "open: the pending rows can still turn it"
        assert row["outlook"] == f"{message}; they set no upper bound"

    def test_beside_ends_of_another_kind(self) -> None:
        kinds = ["answered", "open", "ended_without", "answered", "open", "answered"]
        rows: Rows = [
            {"first_response_seconds": float(t), "first_response_end": kind}
            for t, kind in zip([1, 2, 3, 4, 5, 9], kinds, strict=True)
        ]

        def ends(row: dict[str, Any]) -> list[dict[str, Any]]:
            if row["first_response_end"] != "open":
                return []
            age = row["first_response_seconds"]
            return [
                {"first_response_seconds": time, "first_response_end": kind}
                for time in (age, age + 1.5, age + 3.5, self.NEVER)
                for kind in ("answered", "ended_without")
            ]

        check(rows, first_response_time(statistic=0.3), ends)
        check(rows, first_response_time(limit=4.5), ends)
        check(rows, first_response_time(horizon=6.0), ends)
        assert judged(rows, first_response_time(statistic=0.6))["highest"] is None

    def test_by_stratum_and_by_weight(self) -> None:
        rows: Rows = [
            {"outcome": kind, "due_at": START, "elapsed_seconds": 10.0 * t, "target_seconds": 40.0, "policy": policy}
            for t, kind, policy in [
                (1, "met", "a"),
                (3, "pending", "a"),
                (9, "missed", "a"),
                (2, "met", "b"),
                (1, "pending", "b"),
            ]
        ]

        def ends(row: dict[str, Any]) -> list[dict[str, Any]]:
            in_time, late = {"outcome": "met", "elapsed_seconds": 35.0}, {"outcome": "missed", "elapsed_seconds": 99.0}
            return [in_time, late] if row["outcome"] == "pending" else []

        check(rows, sla_attainment(as_of=AS_OF, estimate="pending_aware"), ends)
        check(rows, sla_attainment(as_of=AS_OF, estimate="pending_aware", policy=None), ends)
        weights = [1.0, 2.0, 1.0, 1.0, 3.0]
        weighted = pl.DataFrame(rows).with_columns(w=pl.Series(weights))
        row = judged(weighted, sla_attainment(as_of=AS_OF, estimate="pending_aware", policy=None), weight="w")
        assert (row["lowest"], row["highest"]) == pytest.approx((2 / 8, 7 / 8))
        row = judged(weighted, sla_attainment(as_of=AS_OF), weight="w")
        assert (row["lowest"], row["highest"]) == pytest.approx((2 / 8, 7 / 8))

    def test_rows_that_came_late_have_no_known_bounds(self) -> None:
        rows = [row | {"entry_seconds": 0.5} for row in self.ROWS]
        row = judged(rows, resolution_time(entry="entry_seconds"))
        assert (row["lowest"], row["highest"]) == (None, None)
        assert row["outlook"].startswith("rows that came under watch late")

    def test_nothing_pending_leaves_nothing_open(self) -> None:
        rows = [row for row in self.ROWS if row["resolution_observed"]]
        row = judged(rows, resolution_time())
        assert (row["lowest"], row["highest"], row["outlook"]) == (row["value"], row["value"], None)

    def test_a_share_that_outlasts_a_limit(self) -> None:
        @define(title="Still open", unit="share", better="lower", bounds=(0, 1), formula="S(t)")
        def still_open(seconds: Amount = "resolution_seconds", observed: Flag = "resolution_observed") -> Shape:
            """Share that is open after 4.5 seconds."""
            return survival(pl.col(seconds), pl.col(observed), of=answered(seconds), beyond=4.5)

        check(self.ROWS, still_open(), self.ends)


class TestPromises:
    def test_clocks_of_which_some_are_not_due(self) -> None:
        kinds = [
            ("met", -1),
            ("missed", -1),
            ("met", 1),
            ("pending", 1),
            ("pending", 2),
            ("missed_open", -2),
            ("met", 2),
        ]
        rows: Rows = [{"outcome": kind, "due_at": AS_OF + timedelta(days=days)} for kind, days in kinds]

        def ends(row: dict[str, Any]) -> list[dict[str, Any]]:
            return [{"outcome": "met"}, {"outcome": "missed"}] if row["outcome"] == "pending" else []

        check(rows, sla_attainment(as_of=AS_OF), ends, later=sla_attainment(as_of=LATER))
        check(rows, sla_attainment(as_of=AS_OF, estimate="bounds"), ends, later=sla_attainment(as_of=LATER))
        check(rows, breach_rate(as_of=AS_OF), ends, later=breach_rate(as_of=LATER))

    @pytest.mark.parametrize("abandoned", ["exclude", "missed", "short_excluded"])
    @pytest.mark.parametrize("short", [5.0, 30.0])
    def test_contacts_that_wait(self, abandoned: Any, short: float) -> None:
        rows: Rows = [
            {"outcome": kind, "wait_seconds": wait}
            for kind, wait in [
                ("answered", 4.0),
                ("answered", 40.0),
                ("abandoned", 9.0),
                ("waiting", 2.0),
                ("waiting", 24.0),
                ("waiting", 35.0),
            ]
        ]

        def ends(row: dict[str, Any]) -> list[dict[str, Any]]:
            if row["outcome"] != "waiting":
                return []
            waits = {row["wait_seconds"] + more for more in (0.5, 4.0, 99.0)}
            return [{"outcome": kind, "wait_seconds": wait} for kind in ("answered", "abandoned") for wait in waits]

        check(rows, service_level(abandoned=abandoned, limit=20.0, short=short), ends)

    @pytest.mark.parametrize("short_abandoned", ["counted", "excluded", "offered_only"])
    def test_contacts_that_may_give_up(self, short_abandoned: Any) -> None:
        rows: Rows = [
            {"outcome": kind, "wait_seconds": wait}
            for kind, wait in [
                ("answered", 4.0),
                ("abandoned", 2.0),
                ("abandoned", 9.0),
                ("waiting", 2.0),
                ("waiting", 24.0),
            ]
        ]

        def ends(row: dict[str, Any]) -> list[dict[str, Any]]:
            if row["outcome"] != "waiting":
                return []
            waits = {row["wait_seconds"] + more for more in (0.5, 99.0)}
            return [{"outcome": kind, "wait_seconds": wait} for kind in ("answered", "abandoned") for wait in waits]

        check(rows, abandonment_rate(short_abandoned=short_abandoned), ends)

    def test_help_sessions_that_are_young(self) -> None:
        young, old = AS_OF - timedelta(hours=2), AS_OF - timedelta(days=9)
        rows: Rows = [
            {"at": at, "solved": solved, "contacted_at": None if wait is None else at + timedelta(hours=wait)}
            for at, solved, wait in [
                (old, True, None),
                (old, False, 3),
                (young, True, None),
                (young, True, 1),
                (young, None, None),
                (old, True, 90),
            ]
        ]

        def ends(row: dict[str, Any]) -> list[dict[str, Any]]:
            return (
                [{}, {"contacted_at": row["at"] + timedelta(hours=9)}]
                if row["at"] == young and row["contacted_at"] is None
                else []
            )

        def session(metric: Metric) -> dict[str, Any]:
            card = Scorecard([Objective(metric, at_least=0.5)], period="quarter")
            return card.evaluate(pl.DataFrame(rows), as_of=AS_OF, at="at").row(0, named=True)

        for make in (
            lambda at: self_service_rate(as_of=at),
            lambda at: deflection_rate(as_of=at, estimate="confirmed"),
            lambda at: deflection_rate(as_of=at, estimate="no_contact"),
        ):
            row = session(make(AS_OF))
            assert (row["lowest"], row["highest"]) == pytest.approx(span(rows, make(LATER), ends))


class TestShares:
    def test_tickets_that_are_not_resolved_yet(self) -> None:
        rows: Rows = [{"resolution_observed": seen} for seen in (True, False, True, False, None)]

        def ends(row: dict[str, Any]) -> list[dict[str, Any]]:
            return (
                [{"resolution_observed": way} for way in (True, False)] if row["resolution_observed"] is False else []
            )

        check(rows, resolution_rate(), ends)
        row = judged(rows, resolution_rate())
        assert (row["value"], row["n"], row["n_pending"]) == (0.5, 4, 2)

    @pytest.mark.parametrize("estimate", ["matured", "bounds", "pending_aware", "so_far"])
    def test_tickets_whose_customers_may_still_come_back(self, estimate: Any) -> None:
        window, names = 100.0, ("one_touch", "next_contact_seconds", "next_contact_observed", "resolution_age_seconds")
        rows: Rows = [
            dict(zip(names, row, strict=True))
            for row in [
                (True, 200.0, False, 200.0), (True, 50.0, True, 200.0), (False, 200.0, False, 200.0),
                (True, 30.0, False, 30.0), (True, 60.0, False, 60.0), (True, 20.0, True, 60.0), (False, 40.0, False, 40.0),
            ]
        ]  # fmt: skip

        def ends(row: dict[str, Any]) -> list[dict[str, Any]]:
            if row["resolution_age_seconds"] >= window:
                return []
            older = {"resolution_age_seconds": 200.0}
            if row["next_contact_observed"]:
                return [older]
            back = {"next_contact_seconds": 90.0, "next_contact_observed": True}
            return [older | back, older | {"next_contact_seconds": 200.0}]

        held = first_contact_resolution(definition="one_touch", window=window, estimate=estimate)
        check(rows, held, ends)
        check(rows, repeat_contact_rate(window=window, estimate=estimate), ends)
