"""Sample sizes of reviews and what a sample says of all: by hand, on the generated desk, and bad input."""

from collections.abc import Callable
from datetime import UTC, datetime

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import servicequality as sq
from servicequality.core.results import RESULT
from servicequality.datasets import service_desk_with_truth
from servicequality.errors import InputError, ParameterError
from servicequality.stats import hypergeometric_interval

DAY = datetime(2026, 3, 1, tzinfo=UTC)
TICKETS = pl.DataFrame(
    {
        "ticket_id": ["a", "b", "c", "d", "e"],
        "team": ["x", "x", "x", "y", "y"],
        "resolved_at": [DAY, DAY, None, DAY, DAY],
    }
)
REVIEWS = pl.DataFrame(
    {"ticket_id": ["a", "a", "c", "d", "z", None], "critical_failed": [False, True, True, False, True, True]}
)


def test_of_nothing_nothing_is_known() -> None:
    assert sq.tables.review_sample_size(TICKETS.clear())["reason"].item() == "no eligible tickets"
    assert sq.tables.failed_tickets(TICKETS, scores=REVIEWS.clear())["reason"].item() == "no ticket was reviewed"


def test_failed_tickets_by_hand() -> None:
    """Of four eligible tickets two were reviewed (a twice, once failed) and one failed: two of four, and one to three may."""
    result = sq.tables.failed_tickets(TICKETS, scores=REVIEWS).row(0, named=True)
    assert (result["value"], result["n"], result["n_missing"]) == (2, 2, 2)
    assert [result["low"], result["high"]] == [1, 3]
    assert tuple(map(float, hypergeometric_interval(1, 2, 4))) == (1, 3)
    teams = sq.tables.failed_tickets(TICKETS, scores=REVIEWS, by="team")
    assert teams["value"].to_list() == [2, 0]


def test_scores_may_be_any_table_whose_columns_begin_with_a_line() -> None:
    tickets, scores = TICKETS.rename({"ticket_id": "_id"}), REVIEWS.rename({"ticket_id": "_id"})
    result = sq.tables.failed_tickets(tickets, ticket="_id", scores=scores)
    assert_frame_equal(sq.tables.failed_tickets(tickets, ticket="_id", scores=scores.to_dict()), result)
    assert_frame_equal(sq.tables.failed_tickets(tickets, ticket="_id", scores=scores.to_dicts()), result)


def test_sample_sizes() -> None:
    tickets = pl.DataFrame({"team": ["small"] * 10 + ["large"] * 400, "resolved_at": [DAY] * 410})
    result = sq.tables.review_sample_size(tickets, by="team")
    assert result.select("team", "value", "n").rows() == [("large", 103, 400), ("small", 10, 10)]
    assert sq.tables.review_sample_size(tickets, margin=0.99)["value"].item() == 1


def test_the_desks_failures_are_within_the_limits() -> None:
    desk, truth = service_desk_with_truth(20_000, seed=3)
    tickets = sq.facts(desk, as_of=truth.as_of)
    result = (
        sq.tables.failed_tickets(tickets, scores=sq.review_scores(desk.reviews), level=0.999)
        .collect()
        .row(0, named=True)
    )
    assert result["low"] < 0.03 * (result["n"] + result["n_missing"]) < result["high"]


@pytest.mark.parametrize(
    "call",
    [
        lambda rows: sq.tables.review_sample_size(rows, by="team"),
        lambda rows: sq.tables.failed_tickets(rows, scores=REVIEWS.lazy(), by="team"),
    ],
    ids=["sample size", "failed"],
)
def test_lazy_stays_lazy(call: Callable[[object], pl.DataFrame | pl.LazyFrame]) -> None:
    lazy, eager = call(TICKETS.lazy()), call(TICKETS)
    assert isinstance(lazy, pl.LazyFrame)
    assert lazy.collect_schema() == pl.Schema({"team": pl.String(), **RESULT})
    assert lazy.collect().equals(eager.lazy().collect())


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: sq.tables.review_sample_size(TICKETS, by="tem"),
            InputError,
            r"no column 'tem' \(did you mean 'team'\?\)",
        ),
        (
            lambda: sq.tables.review_sample_size(TICKETS, margin=5),
            ParameterError,
            "expected and margin are shares strictly between",
        ),
        (
            lambda: sq.tables.failed_tickets(TICKETS, scores=REVIEWS.with_columns(critical_failed=1)),
            InputError,
            "expected true or false",
        ),
        (
            lambda: sq.tables.failed_tickets(TICKETS, scores=REVIEWS.drop("critical_failed")),
            InputError,
            "no column 'critical_failed'",
        ),
    ],
)
def test_bad_input(call: Callable[[], object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


def test_tickets_of_two_kinds_of_text_meet_and_numbers_do_not() -> None:
    tickets = pl.DataFrame({"ticket_id": ["a", "b"]}).cast(pl.Enum(["a", "b"]))
    reviews = pl.DataFrame({"ticket_id": ["a"], "critical_failed": [True]})
    assert sq.tables.failed_tickets(tickets, ended=None, scores=reviews)["value"].item() == 2.0
    with pytest.raises(InputError, match="'ticket_id' holds Int64 in the tickets and String beside them"):
        sq.tables.failed_tickets(pl.DataFrame({"ticket_id": [1]}), ended=None, scores=reviews)


def test_limits_of_whole_tickets_hold_a_value_that_is_not_whole() -> None:
    tickets = pl.DataFrame({"ticket_id": [*range(16)]}).with_columns(resolved_at=pl.lit(None, pl.Datetime("us", "UTC")))
    scores = pl.DataFrame({"ticket_id": [*range(15)], "critical_failed": [True] * 14 + [False]})
    row = sq.tables.failed_tickets(tickets, ended=None, scores=scores, level=0.05).row(0, named=True)
    assert row["value"] == pytest.approx(16 * 14 / 15)
    assert row["low"] <= row["value"] <= row["high"]
