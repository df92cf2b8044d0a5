"""What pending rows still allow, beside every way in which they can end: small frames, all completions worked out."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any, ClassVar

import numpy as np
import polars as pl
import pytest

from servicequality import (
    Metric,
    Objective,
    Scorecard,
    abandonment_rate,
    breach_rate,
    csat,
    deflection_rate,
    evaluate,
    first_response_time,
    resolution_time,
    self_service_rate,
    service_level,
    sla_attainment,
    ticket_volume,
)
from servicequality.columns import Amount, Category, Flag, Number, answered
from servicequality.core import define
from servicequality.shapes import Shape, count, mean, rate, survival, total_of

START, AS_OF, LATER = (datetime(2026, month, 1, tzinfo=UTC) for month in (1, 2, 9))
INFINITE = float("inf")
RNG = np.random.default_rng(8)
Rows = list[dict[str, Any]]


def judged(rows: Rows | pl.DataFrame, metric: Metric, target: float = 0.5, **options: Any) -> dict[str, Any]:
    frame = pl.DataFrame(rows).with_columns(at=pl.lit(START))
    found = Scorecard([Objective(metric, at_most=target)]).evaluate(frame, as_of=AS_OF, at="at", **options)
    return found.row(0, named=True)


def completions(rows: Rows, endings: Callable[[dict[str, Any]], Sequence[dict[str, Any] | None]]) -> list[Rows]:
    """Every way in which the rows can end; None is a row that comes to count for nothing and is left out."""
    ways = [[None if end is None else row | end for end in (endings(row) or ({},))] for row in rows]
    return [[row for row in way if row is not None] for way in product(*ways)]


def span(rows: Rows, metric: Metric, endings: Callable[[dict[str, Any]], Sequence[Any]]) -> tuple[float, float]:
    """Least and greatest value over all completions that have one, in one scan."""
    ways = completions(rows, endings)
    whole = pl.concat(
        [
            pl.DataFrame(way, schema_overrides=_types(rows)).with_columns(way=pl.lit(i))
            for i, way in enumerate(ways)
            if way
        ]
    )
    values = evaluate(whole, metric, by="way")["value"].drop_nulls()
    return values.min(), values.max()


def _types(rows: Rows) -> pl.Schema:
    return pl.DataFrame(rows).schema


def check(
    rows: Rows, metric: Metric, endings: Callable[[dict[str, Any]], Sequence[Any]], later: Metric | None = None
) -> None:
    row = judged(rows, metric)
    assert (row["lowest"], row["highest"]) == pytest.approx(span(rows, later or metric, endings))


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
        said = "missed however the pending rows end" if least > 4.5 else "open: the pending rows can still turn it"
        assert row["outlook"] == f"{said}; they set no upper bound"

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
        heavy = pl.DataFrame(rows).with_columns(w=pl.Series(weights))
        row = judged(heavy, sla_attainment(as_of=AS_OF, estimate="pending_aware", policy=None), weight="w")
        assert (row["lowest"], row["highest"]) == pytest.approx((2 / 8, 7 / 8))
        row = judged(heavy, sla_attainment(as_of=AS_OF), weight="w")
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


def contact(value: str, **rule: Any) -> Metric:
    """A metric of one's own over the columns `amount` and `state`."""
    shapes: dict[str, Callable[[pl.Expr, pl.Expr], Shape]] = {
        "count": lambda done, open_: count(done, pending=open_),
        "total": lambda done, open_: total_of(pl.col("amount"), of=done, pending=open_, **rule),
        "mean": lambda done, open_: mean(pl.col("amount"), of=done, pending=open_, origin=1.0, **rule),
        "rate": lambda done, open_: rate(done.cast(pl.Float64), pl.col("size"), of=answered("size"), pending=open_),
    }

    @define(title="One's own", unit="EUR", better="lower", bounds=(-INFINITE, INFINITE), formula="x")
    def own(amount: Number = "amount", state: Category = "state", size: Amount = "size") -> Shape:
        """A figure of what is done."""
        return shapes[value](pl.col(state) == "done", pl.col(state) == "open")

    return own()


class TestAmounts:
    ROWS: ClassVar[Rows] = [
        {"state": state, "amount": amount, "size": 2.0}
        for state, amount in [
            ("done", 3.0),
            ("done", 1.0),
            ("open", None),
            ("void", None),
            ("open", None),
            ("done", 5.0),
        ]
    ]

    def ends(self, row: dict[str, Any]) -> list[dict[str, Any]]:
        brought = [{"state": "done", "amount": amount} for amount in (-2.0, 0.0, 4.0, 8.0)]
        return [*brought, {"state": "void"}] if row["state"] == "open" else []

    def test_counts_totals_means_and_rates_of_bounded_amounts(self) -> None:
        check(self.ROWS, contact("count"), self.ends)
        check(self.ROWS, contact("rate"), self.ends)
        check(self.ROWS, contact("total", each=(-2.0, 8.0)), self.ends)
        check(self.ROWS, contact("mean", bounds=(-2.0, 8.0)), self.ends)

    def test_amounts_that_must_be_above_zero_may_still_be_nothing(self) -> None:
        row = judged(self.ROWS, contact("total", each=(4.0, 8.0)))
        assert (row["lowest"], row["highest"]) == (9.0, 25.0)

    @pytest.mark.parametrize(
        ("metric", "lowest", "highest", "said"),
        [
            (
                contact("total", each=(0.0, INFINITE)),
                9.0,
                None,
                "open: the pending rows can still turn it; they set no upper bound",
            ),
            (
                contact("total"),
                None,
                None,
                "open: the pending rows can still turn it; they set no lower and upper bound",
            ),
            (
                contact("mean", bounds=(0.0, INFINITE)),
                9 / 5,
                None,
                "missed however the pending rows end; they set no upper bound",
            ),
        ],
    )
    def test_what_has_no_bound_is_null_and_says_so(
        self, metric: Metric, lowest: float | None, highest: float | None, said: str
    ) -> None:
        row = judged(self.ROWS, metric, target=1.0 if lowest == 9 / 5 else 10.0)
        assert (row["lowest"], row["highest"], row["outlook"]) == (lowest, highest, said)

    def test_pending_rows_are_counted_apart_and_move_no_figure(self) -> None:
        for value in ("count", "total", "mean"):
            row = evaluate(pl.DataFrame(self.ROWS), contact(value)).row(0, named=True)
            assert (row["n"], row["n_missing"], row["n_pending"]) == (3, 1, 2), value
        row = evaluate(pl.DataFrame(self.ROWS), contact("rate")).row(0, named=True)
        assert (row["n"], row["n_pending"], row["value"]) == (6, 2, 3 / 12)
        metric, frame = contact("mean", bounds=(-2.0, 8.0)), pl.DataFrame(self.ROWS)
        parts = metric.merge([metric.partial(frame.head(2)), metric.partial(frame.tail(4))])
        assert metric.finish(parts).equals(metric.finish(metric.partial(frame)))


def test_figures_that_know_of_no_pending_rows_say_so() -> None:
    frame = pl.DataFrame({"rating": [5, 1, None], "created_at": [START] * 3, "age": RNG.exponential(size=3)})
    for metric in (csat("rating", scale=(1, 5)), ticket_volume()):
        row = judged(frame, metric)
        assert (row["lowest"], row["highest"]) == (None, None)
        assert row["outlook"] == "this figure keeps no account of pending rows"
