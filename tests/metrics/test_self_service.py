"""Help without a person: shares beside plain Python, bounds by hand, totals, and sessions that cannot be."""

from datetime import timedelta
from typing import Any

import polars as pl
import pytest

from metrics.oracle import NOON, Oracle, Row, agrees, share, value
from servicequality import (
    article_helpfulness,
    deflection_rate,
    evaluate,
    search_success_rate,
    self_service_rate,
    self_service_score,
)
from servicequality.core import Metric
from servicequality.datasets import service_desk_with_truth
from servicequality.errors import InputError, ParameterError

W = 7_200.0


def came(row: Row, now: Any = None) -> bool:
    query = row["contacted_at"]
    return query is not None and (now is None or query <= now) and (query - row["at"]).total_seconds() <= W


def ripe(rows: list[Row]) -> list[Row]:
    present = [row for row in rows if row["at"] is not None and row["at"] <= NOON]
    return [row for row in present if (NOON - row["at"]).total_seconds() >= W]


def totals(part: str, whole: str) -> Oracle:
    def oracle(rows: list[Row]) -> float | None:
        told = [row for row in rows if None not in (row[part], row[whole])]
        below = sum(row[whole] for row in told)
        return sum(row[part] for row in told) / below if below else None

    return oracle


ORACLES: list[tuple[Metric, Oracle]] = [
    (
        self_service_rate(window=W),
        lambda rows: share(row["solved"] and not came(row) for row in rows if row["at"] is not None),
    ),
    (
        self_service_rate(window=W, as_of=NOON),
        lambda rows: share(row["solved"] and not came(row, NOON) for row in ripe(rows)),
    ),
    (self_service_rate(solved_sessions="solved", help_sessions="sessions"), totals("solved", "sessions")),
    (
        deflection_rate(as_of=NOON, window=W, estimate="confirmed"),
        lambda rows: share(row["solved"] and not came(row, NOON) for row in ripe(rows)),
    ),
    (
        deflection_rate(as_of=NOON, window=W, estimate="no_contact"),
        lambda rows: share(not came(row, NOON) for row in ripe(rows)),
    ),
    (self_service_score(tickets="tickets"), totals("views", "tickets")),
    (article_helpfulness(helpful="helpful", votes="votes"), totals("helpful", "votes")),
    (
        article_helpfulness(),
        lambda rows: share(row["solved"] for row in rows if row["solved"] is not None and (row["views"] or 0) >= 1),
    ),
    (search_success_rate(successful="successful"), totals("successful", "searches")),
    (
        search_success_rate(window=W),
        lambda rows: share(
            row["views"] >= 1 and not came(row)
            for row in rows
            if row["at"] is not None and row["views"] is not None and (row["searches"] or 0) >= 1
        ),
    ),
]


@pytest.mark.parametrize(("metric", "oracle"), ORACLES, ids=lambda case: getattr(case, "name", ""))
def test_oracle(metric: Metric, oracle: Oracle) -> None:
    agrees(metric, oracle)


def sessions(*rows: tuple[float, bool | None, float | None]) -> pl.DataFrame:
    """Sessions as (hours before now, whether it was said to be solved, hours from the session to a contact)."""
    begun = [NOON - timedelta(hours=ago) for ago, _, _ in rows]
    chosen = [None if gap is None else at + timedelta(hours=gap) for at, (_, _, gap) in zip(begun, rows, strict=True)]
    instants = pl.Datetime("us", "UTC")
    return pl.DataFrame(
        {
            "at": pl.Series(begun, dtype=instants),
            "solved": [one for _, one, _ in rows],
            "contacted_at": pl.Series(chosen, dtype=instants),
            "views": [2] * len(rows),
            "searches": [1] * len(rows),
        }
    )


def test_deflection_lies_between_what_is_confirmed_and_what_brought_no_contact() -> None:
    rows = sessions(
        (50, True, None),  # confirmed
        (50, True, 1),  # said so, and wrote all the same
        (50, None, None),  # silent
        (50, False, None),  # said no, and gave up
        (50, None, 2),  # wrote at the end of the window
        (50, None, 2.001),  # wrote after it
        (1, True, None),  # too young to be confirmed
        (1, None, 0.5),  # young, and wrote already
        (1, None, 1.5),  # young, and will write: nobody knows yet
    )
    bounds = deflection_rate(as_of=NOON, window=W).estimate(rows)
    assert (bounds.value, bounds.n, bounds.n_pending) == (None, 9, 0)
    assert bounds.notes == f"5 of 9 still open; without sampling error {1 / 9:.4g} to {6 / 9:.4g}"
    assert bounds.reason == "nobody knows what the silent ones did: see the limits"
    ends = [deflection_rate(as_of=NOON, window=W, estimate=name).estimate(rows) for name in ("confirmed", "no_contact")]
    assert [(end.value, end.n, end.n_pending) for end in ends] == [(1 / 6, 6, 3), (4 / 6, 6, 3)]
    assert bounds.low < ends[0].value < ends[1].value < bounds.high


def test_a_session_without_silence_has_one_deflection_rate() -> None:
    rows = sessions((50, True, None), (50, None, 1))
    assert deflection_rate(as_of=NOON, window=W).estimate(rows).value == 0.5


def test_views_for_each_session_that_became_a_ticket() -> None:
    assert self_service_score().estimate(sessions((5, None, 1), (5, None, None), (5, None, None))).value == 6
    nobody = self_service_score().estimate(sessions((5, None, None)))
    assert (nobody.value, nobody.reason) == (None, "nothing to divide by")


def test_the_generated_desk_gives_its_truth_back() -> None:
    # A visit before a ticket is said to be solved in 5 of 100, another in 70; two in five say anything.
    covered = []
    for seed in range(6):
        desk, truth = service_desk_with_truth(1_500, seed=seed)
        rows = desk.sessions.collect()
        alone = rows.filter(pl.col("contacted_at").is_null())
        result = pl.concat(
            [
                evaluate(alone, article_helpfulness()),
                evaluate(alone, self_service_rate()),
                evaluate(rows, deflection_rate(as_of=truth.as_of, estimate="no_contact")),
            ]
        )
        expected = pl.Series([0.7, 0.4 * 0.7, 1 / 1.25])
        covered += ((result["low"] <= expected) & (expected <= result["high"])).to_list()
        bounds = evaluate(rows, deflection_rate(as_of=truth.as_of)).row(0, named=True)
        assert bounds["low"] < 0.4 * 0.7 / 1.25 < 1 / 1.25 < bounds["high"]
    assert sum(covered) >= 16


@pytest.mark.parametrize(
    ("metric", "columns", "message"),
    [
        (
            self_service_rate(solved_sessions="solved", help_sessions="sessions"),
            {"solved": [3, 12], "sessions": [5, 10]},
            "1 row with more solved than help sessions: column 'solved' such as 12; 'sessions' such as 10",
        ),
        (
            article_helpfulness(helpful="helpful", votes="votes"),
            {"helpful": [3], "votes": [2]},
            "1 row with more helpful votes than votes",
        ),
        (
            search_success_rate(successful="found"),
            {"found": [3], "searches": [2]},
            "1 row with more successful searches than searches",
        ),
        (self_service_score(tickets="tickets"), {"views": [-1], "tickets": [2]}, "1 row outside numbers of at least 0"),
    ],
)
def test_totals_that_cannot_be_are_refused(metric: Metric, columns: dict[str, list[int]], message: str) -> None:
    with pytest.raises(InputError, match=message):
        value(metric, **columns)


def test_a_contact_before_the_session_began_is_refused() -> None:
    for metric in (self_service_rate(), deflection_rate(as_of=NOON), search_success_rate()):
        with pytest.raises(InputError, match="1 row with a contact before the session began"):
            metric.estimate(sessions((5, None, -1)))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: self_service_rate(window=0), "window must be a positive number of seconds, got 0"),
        (lambda: self_service_rate(solved_sessions="solved"), "solved_sessions and help_sessions go together"),
        (lambda: article_helpfulness(votes="votes"), "helpful and votes go together"),
        (
            lambda: deflection_rate(as_of=NOON, estimate="all"),
            "estimate must be one of 'bounds', 'confirmed', 'no_contact'",
        ),
        (lambda: deflection_rate(as_of=NOON.replace(tzinfo=None)), "as_of must be a datetime with a time zone"),
    ],
)
def test_wrong_calls_are_refused(call: Any, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        call()
