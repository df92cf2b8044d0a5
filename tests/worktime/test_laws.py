"""Laws of working time over random schedules, zones and instants."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from servicequality.worktime import ALWAYS_OPEN, Schedule
from worktime.strategies import STEP, WEEKDAYS, exact_instants, instants, is_open, open_seconds, schedules

spans = st.integers(0, 1000)
budgets = st.integers(-10_000_000_000_000, 10_000_000_000_000).map(lambda us: us / 1e6)


@given(schedules(), instants, spans)
def test_between_equals_counting_the_steps(schedule: Schedule, start: datetime, steps: int) -> None:
    end = start + steps * STEP
    assert schedule.between(start, end) == open_seconds(schedule, start, end)


@given(schedules(), instants)
def test_is_open_is_read_off_the_wall_clock(schedule: Schedule, instant: datetime) -> None:
    assert schedule.is_open(instant) == is_open(schedule, instant)


@given(schedules(), exact_instants, exact_instants, exact_instants)
def test_additive_over_any_cut_and_antisymmetric(schedule: Schedule, a: datetime, b: datetime, c: datetime) -> None:
    parts = schedule.between(a, b) + schedule.between(b, c)
    assert parts == pytest.approx(schedule.between(a, c), abs=1e-6)
    assert schedule.clock(c) - schedule.clock(a) == round(schedule.between(a, c) * 1e6)
    assert schedule.between(b, a) == -schedule.between(a, b)


@given(schedules(), exact_instants, exact_instants)
def test_monotone_and_never_more_than_what_elapsed(schedule: Schedule, a: datetime, b: datetime) -> None:
    a, b = min(a, b), max(a, b)
    assert 0 <= schedule.between(a, b) <= (b - a).total_seconds() == ALWAYS_OPEN.between(a, b)


@given(schedules(), exact_instants, budgets)
@example(Schedule({"mon": [("09:00", "17:00")]}, "UTC"), datetime(2024, 1, 1, 17, tzinfo=UTC), -28800.0)
def test_the_budget_is_what_lies_between_and_the_instant_is_tight(
    schedule: Schedule, start: datetime, budget: float
) -> None:
    due = schedule.add(start, budget)
    assert due is not None
    assert schedule.between(start, due) == pytest.approx(budget, abs=1e-6)
    assert schedule.clock(due) - schedule.clock(start) == round(budget * 1e6)
    if budget == 0:
        assert due == start
    elif budget > 0:  # earliest: the moment before it still was work
        assert schedule.clock(due - timedelta(microseconds=1)) == schedule.clock(due) - 1
    else:  # latest: the moment after it is work
        assert schedule.clock(due + timedelta(microseconds=1)) == schedule.clock(due) + 1


@given(schedules(), exact_instants)
def test_the_next_opening_and_the_last_closing_bound_the_gap(schedule: Schedule, instant: datetime) -> None:
    opening, closing = schedule.next_open(instant), schedule.prev_close(instant)
    assert opening is not None
    assert closing is not None
    moment = timedelta(microseconds=1)
    assert closing <= instant <= opening
    assert schedule.is_open(opening)
    assert schedule.is_open(closing - moment)
    assert schedule.between(closing, instant) == 0 == schedule.between(instant, opening)
    assert (opening == instant) == schedule.is_open(instant)
    assert (closing == instant) == schedule.is_open(instant - moment)


@given(schedules(), instants, spans)
def test_open_and_closed_make_up_what_elapsed(schedule: Schedule, start: datetime, steps: int) -> None:
    end = start + steps * STEP
    weekly = Schedule(schedule.to_dict()["week"], schedule.timezone)
    closed = _complement(weekly)
    assert weekly.between(start, end) + closed.between(start, end) == (end - start).total_seconds()


@given(schedules(), exact_instants, exact_instants, st.integers(1, 11))
def test_refining_the_intervals_changes_nothing(schedule: Schedule, a: datetime, b: datetime, at: int) -> None:
    says = schedule.to_dict()
    says["week"] = {day: [part for pair in pairs for part in _split(pair, at)] for day, pairs in says["week"].items()}
    assert Schedule.from_dict(says).between(a, b) == schedule.between(a, b)


@given(schedules())
def test_every_schedule_survives_text(schedule: Schedule) -> None:
    assert Schedule.from_toml(schedule.to_toml()) == schedule
    assert Schedule.from_dict(schedule.to_dict()) == schedule
    assert hash(Schedule.from_dict(schedule.to_dict())) == hash(schedule)


def _complement(schedule: Schedule) -> Schedule:
    """All the week but the schedule: the open hours as breaks of days that never close."""
    week = {day: [("00:00", "24:00")] for day in WEEKDAYS}
    return Schedule(week, schedule.timezone, breaks=schedule.to_dict()["week"])


def _split(pair: list[str], at: int) -> list[list[str]]:
    """An interval of one day, cut in two at a twelfth of it; minutes are whole steps of five."""
    opens, closes = (int(text[:2]) * 60 + int(text[3:5]) for text in pair)
    cut = opens + (closes - opens) * at // 12
    middle = f"{cut // 60:02}:{cut % 60:02}"
    return [pair] if pair[1].endswith("+1") or cut in (opens, closes) else [[pair[0], middle], [middle, pair[1]]]
