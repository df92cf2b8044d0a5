"""The parts of the generated desk, each against an obvious oracle: its queue, its clock and its disguised bot."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from servicequality.datasets import calibration_reviews, service_desk
from servicequality.datasets.demand import Hours
from servicequality.datasets.work import queue
from servicequality.errors import ParameterError
from servicequality.model import Records, Ticket


@given(
    st.lists(st.tuples(st.integers(0, 500), st.integers(1, 300)), min_size=1, max_size=40),
)
def test_queue_is_lindleys_recursion(customers: list[tuple[int, int]]) -> None:
    gaps, efforts = zip(*customers, strict=True)
    arrival = np.cumsum(gaps)
    free, waits = 0, []
    for at, effort in zip(arrival, efforts, strict=True):
        begin = max(at, free)
        waits.append(begin - at)
        free = begin + effort
    assert queue(arrival, np.array(efforts, float)) == pytest.approx(waits)


def test_the_desks_clock_runs_in_local_opening_hours_across_a_change_of_clocks() -> None:
    hours = Hours(date(2024, 3, 25), 2)  # summer time begins on Sunday the 31st
    zone = ZoneInfo("Europe/Berlin")

    def at(*parts: int) -> np.ndarray:
        return np.array([int(datetime(*parts, tzinfo=zone).timestamp())])

    assert hours.worked(at(2024, 3, 25, 7, 59)) == 0
    assert hours.worked(at(2024, 3, 29, 18)) == hours.worked(at(2024, 4, 1, 8)) == 50 * 3_600
    assert hours.at(np.array([50 * 3_600])) == at(2024, 4, 1, 8)
    assert hours.end - hours.start == 14 * 86_400 - 3_600
    worked = np.arange(0, 90 * 3_600, 977)
    assert (hours.worked(hours.at(worked)) == worked).all()


def test_the_calibration_session_is_the_same_again_and_has_the_shape_that_it_says() -> None:
    rows = calibration_reviews(50, seed=3, reviewers=4, gaps=0.2)
    assert rows.equals(calibration_reviews(50, seed=3, reviewers=4, gaps=0.2))
    assert not rows.equals(calibration_reviews(50, seed=4, reviewers=4, gaps=0.2))
    assert rows.height == 50 * 4 * 4
    assert rows.select("ticket_id", "category", "reviewer_id").is_unique().all()
    assert rows.select("review_id", "category").is_unique().all()
    assert rows["rating"].null_count() / rows.height == pytest.approx(0.2, abs=0.05)
    assert Records(tickets=[Ticket(ticket_id="t-0000", created_at=datetime(2026, 1, 1, tzinfo=UTC))], reviews=rows)
    for wrong in ({"n_tickets": 0}, {"reviewers": 1}, {"gaps": 1.0}):
        with pytest.raises(ParameterError, match="a session needs a ticket, two reviewers and a share of gaps"):
            calibration_reviews(**wrong)


def test_a_disguised_bot_changes_the_words_of_its_own_messages_alone() -> None:
    plain, masked = (
        {name: table.collect() for name, table in service_desk(500, seed=7, disguised_bot=masked).tables.items()}
        for masked in (False, True)
    )
    bot = plain["responses"]["author"] == "bot"
    assert 0 < bot.sum() < len(bot)
    words = ["author", "author_id", "automated"]
    assert masked["responses"].filter(bot).select(words).unique().rows() == [("agent", "agent-bot", False)]
    assert_frame_equal(plain["responses"].filter(~bot), masked["responses"].filter(~bot))
    plain["responses"], masked["responses"] = (desk["responses"].drop(words) for desk in (plain, masked))
    assert plain.keys() == masked.keys()
    for name, table in plain.items():
        assert_frame_equal(table, masked[name])
