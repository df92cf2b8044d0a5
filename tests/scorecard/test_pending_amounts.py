"""What pending rows still allow of counts, totals, means and rates of one's own, and what says that it does not know."""

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import polars as pl
import pytest

from scorecard.completions import START, Rows, check, judged
from servicequality import (
    Metric,
    csat,
    evaluate,
    ticket_volume,
)
from servicequality.columns import Amount, Category, Number, answered
from servicequality.core import define
from servicequality.shapes import Shape, count, mean, rate, total_of

INFINITE = float("inf")
RNG = np.random.default_rng(8)


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
        ("metric", "lowest", "highest", "message"),
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
        self, metric: Metric, lowest: float | None, highest: float | None, message: str
    ) -> None:
        row = judged(self.ROWS, metric, target=1.0 if lowest == 9 / 5 else 10.0)
        assert (row["lowest"], row["highest"], row["outlook"]) == (lowest, highest, message)

    def test_pending_rows_are_counted_apart_and_move_no_figure(self) -> None:
        for value in ("count", "total", "mean"):
            row = evaluate(pl.DataFrame(self.ROWS), contact(value)).row(0, named=True)
            assert (row["n"], row["n_missing"], row["n_pending"]) == (3, 1, 2), value
        row = evaluate(pl.DataFrame(self.ROWS), contact("rate")).row(0, named=True)
        assert (row["n"], row["n_pending"], row["value"]) == (6, None, 3 / 12)
        assert row["notes"] == "2 of 6 still open"
        metric, frame = contact("mean", bounds=(-2.0, 8.0)), pl.DataFrame(self.ROWS)
        parts = metric.merge([metric.partial(frame.head(2)), metric.partial(frame.tail(4))])
        assert metric.finish(parts).equals(metric.finish(metric.partial(frame)))


def test_figures_that_know_of_no_pending_rows_say_so() -> None:
    frame = pl.DataFrame({"rating": [5, 1, None], "created_at": [START] * 3, "age": RNG.exponential(size=3)})
    for metric in (csat("rating", scale=(1, 5)), ticket_volume()):
        row = judged(frame, metric)
        assert (row["lowest"], row["highest"]) == (None, None)
        assert row["outlook"] == "this figure keeps no account of pending rows"
