"""Tickets with their reviews, and coverage over them: by hand, beside plain Python, in parts, and bad input."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import servicequality as sq
from metrics.oracle import agrees, share
from servicequality.datasets import service_desk_with_truth
from servicequality.errors import InputError, ParameterError
from servicequality.stats import wilson

DAY = datetime(2026, 3, 1, tzinfo=UTC)
TICKETS = pl.DataFrame(
    {
        "ticket_id": ["e", "a", "b", "c", "d"],
        "team": ["y", "x", "x", "x", "y"],
        "resolved_at": [DAY, DAY, DAY, None, DAY],
    }
)
REVIEWS = pl.DataFrame({"ticket_id": ["a", "a", "c", "d", "z", None]})


def test_coverage_beside_plain_python() -> None:
    agrees(
        sq.review_coverage(),
        lambda rows: share(
            row["reviewed"] for row in rows if row["resolved_at"] is not None and row["reviewed"] is not None
        ),
    )


def test_a_ticket_is_reviewed_however_often_a_review_names_it() -> None:
    rows = sq.reviewed_tickets(TICKETS, REVIEWS)
    assert rows.drop("reviewed").equals(TICKETS)
    assert rows["reviewed"].to_list() == [False, True, False, True, True]
    lazy = sq.reviewed_tickets(TICKETS, REVIEWS.lazy())
    assert isinstance(lazy, pl.LazyFrame)
    assert lazy.collect_schema() == rows.schema
    assert_frame_equal(lazy.collect(), rows)
    nameless = pl.DataFrame({"ticket_id": [None, "a"]}, schema={"ticket_id": pl.String})
    assert sq.reviewed_tickets(nameless, REVIEWS)["reviewed"].to_list() == [False, True]


def test_coverage_by_hand() -> None:
    rows = sq.reviewed_tickets(TICKETS, REVIEWS)
    one = sq.review_coverage().estimate(rows)
    assert (one.value, one.n, one.n_excluded) == (0.5, 4, 1)
    assert (one.low, one.high) == pytest.approx(tuple(map(float, wilson(2, 4))))
    teams = sq.evaluate(rows, sq.review_coverage(), by="team")
    assert teams.select("team", "value", "n").rows() == [("x", 0.5, 2), ("y", 0.5, 2)]
    every = sq.review_coverage(ended=None).estimate(rows)
    assert (every.value, every.n) == (0.6, 5)
    nothing = sq.review_coverage().estimate(rows.clear())
    assert (nothing.value, nothing.reason, nothing.n) == (None, "no eligible tickets", 0)


def test_parts_of_the_tickets_add_up_and_a_target_is_met_by_the_value() -> None:
    desk, truth = service_desk_with_truth(2_000, seed=3)
    rows = sq.reviewed_tickets(sq.facts(desk, as_of=truth.as_of), desk.reviews).collect()
    metric = sq.review_coverage()
    whole = sq.evaluate(rows, metric, by="team")
    halves = [metric.partial(half, by="team") for half in (rows.head(700), rows.tail(-700))]
    assert_frame_equal(metric.finish(metric.merge(halves)), whole)
    covered = metric.estimate(rows)
    assert covered.value == pytest.approx(0.05, abs=0.02)
    for target, verdict in ((covered.value, "met"), (covered.value + 0.001, "missed")):
        card = sq.Scorecard([sq.Objective(metric, at_least=target)], period="quarter")
        first = card.evaluate(rows.with_columns(at=pl.lit(DAY)), at="at", as_of=DAY + timedelta(days=60))
        assert first["verdict"].to_list() == [verdict]
    change = sq.compare(rows.filter(team="general"), rows.filter(team="technical"), metric).row(0, named=True)
    values = dict(whole.select("team", "value").rows())
    assert change["change"] == pytest.approx(values["technical"] - values["general"])
    assert change["low"] < change["change"] < change["high"]


def test_tickets_of_two_kinds_of_text_meet_and_numbers_do_not() -> None:
    tickets = pl.DataFrame({"ticket_id": ["a", "b"]}).cast(pl.Enum(["a", "b"]))
    rows = sq.reviewed_tickets(tickets, REVIEWS)
    assert rows["reviewed"].to_list() == [True, False]
    assert rows.drop("reviewed").equals(tickets)
    with pytest.raises(InputError, match="'ticket_id' holds Int64, and String in the reviews; cast one"):
        sq.reviewed_tickets(pl.DataFrame({"ticket_id": [1]}), REVIEWS)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: sq.reviewed_tickets(TICKETS, REVIEWS.rename({"ticket_id": "ticket"})),
            InputError,
            "reviews: no column 'ticket_id'",
        ),
        (lambda: sq.reviewed_tickets(TICKETS.drop("ticket_id"), REVIEWS), InputError, "tickets: no column 'ticket_id'"),
        (
            lambda: sq.reviewed_tickets(TICKETS.with_columns(reviewed=True), REVIEWS),
            InputError,
            "a column 'reviewed' of their own; rename or drop it",
        ),
        (lambda: sq.reviewed_tickets(TICKETS, REVIEWS, ticket=3), ParameterError, "ticket is the name of a column"),  # type: ignore[call-overload]
        (lambda: sq.review_coverage().estimate(TICKETS), InputError, "no column 'reviewed'"),
        (
            lambda: sq.review_coverage().estimate(TICKETS.with_columns(reviewed=2)),
            InputError,
            "column 'reviewed' holds Int32, expected true or false",
        ),
    ],
)
def test_bad_input(call: Callable[[], object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()
