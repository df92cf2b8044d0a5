"""Pauses: merged where they overlap, subtracted once, in whatever time they are given."""

from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from servicequality.errors import InputError, ParameterError
from servicequality.worktime import Schedule, merge_pauses, paused_time
from worktime.strategies import schedules

moments = st.integers(0, 40)
logs = st.lists(
    st.tuples(st.integers(0, 3), moments, moments).map(lambda row: (row[0], min(row[1:]), max(row[1:]))), max_size=25
)


def columns(log: list[tuple[int, int, int]]) -> list[np.ndarray]:
    return list(np.array(log, dtype=np.int64).reshape(-1, 3).T)


def moments_paused(log: list[tuple[int, int, int]], ticket: int) -> set[int]:
    return {moment for one, start, end in log if one == ticket for moment in range(start, end)}


@given(logs)
def test_merged_pauses_cover_the_same_moments_and_do_not_touch(log: list[tuple[int, int, int]]) -> None:
    merged = [tuple(map(int, row)) for row in zip(*merge_pauses(*columns(log)), strict=True)]
    assert merged == sorted(merged)
    assert all(0 <= start < end <= 40 for _, start, end in merged)
    for ticket in range(4):
        assert moments_paused(merged, ticket) == moments_paused(log, ticket)
    for (one, _, end), (other, start, _) in pairwise(merged):
        assert one < other or end < start


@given(logs, st.lists(st.tuples(moments, moments), min_size=4, max_size=4))
def test_paused_time_counts_each_moment_once(log: list[tuple[int, int, int]], spans: list[tuple[int, int]]) -> None:
    opened = np.array([min(span) for span in spans])
    closed = np.array([max(span) for span in spans])
    paused = paused_time(*columns(log), opened=opened, closed=closed)
    expected = [len(moments_paused(log, t) & set(range(opened[t], closed[t]))) for t in range(4)]
    assert paused.tolist() == expected
    assert np.all((paused >= 0) & (paused <= closed - opened))
    shuffled = columns(log[::-1])
    assert paused_time(*shuffled, opened=opened, closed=closed).tolist() == expected


@given(schedules(), st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), max_size=6))
def test_on_the_business_clock_a_pause_takes_its_working_time(
    schedule: Schedule, pauses: list[tuple[int, int]]
) -> None:
    first = datetime(2024, 3, 1, tzinfo=UTC)
    hours = pl.select(at=pl.lit(first) + pl.duration(hours=pl.int_range(501)))["at"]
    clock = pl.DataFrame(hours).select(schedule.clock("at"))["at"].to_numpy()
    starts, ends = (np.array([f(pair) for pair in pauses], dtype=np.int64) for f in (min, max))
    (paused,) = paused_time(
        np.zeros(len(pauses), np.intp), clock[starts], clock[ends], opened=clock[:1], closed=clock[-1:]
    )
    whole = {hour for start, end in zip(starts, ends, strict=True) for hour in range(start, end)}
    expected = sum(schedule.between(hours[hour], hours[hour + 1]) for hour in whole)
    assert paused / 1e6 == pytest.approx(expected, abs=1e-6)
    assert paused <= clock[-1] - clock[0]  # a pause never lengthens


def test_more_tickets_than_one_running_maximum_can_hold() -> None:
    # The span of 2^61 leaves room for two tickets at once.
    tickets = np.repeat(np.arange(7), 3)
    starts, ends = np.tile([0, 10, 40], 7), np.tile([30, 20, 2**61 - 1], 7)
    ticket, start, end = merge_pauses(tickets, starts, ends)
    assert ticket.tolist() == np.repeat(np.arange(7), 2).tolist()
    assert start.tolist() == [0, 40] * 7
    assert end.tolist() == [30, 2**61 - 1] * 7


def test_tickets_without_pauses_and_pauses_without_tickets() -> None:
    none = np.array([], dtype=np.int64)
    assert paused_time(none, none, none, opened=np.array([1, 2]), closed=np.array([3, 4])).tolist() == [0, 0]
    assert paused_time(none, none, none, opened=none, closed=none).tolist() == []
    with pytest.raises(ParameterError, match="tickets 0 to 1; got one of ticket 2"):
        paused_time([2], [0], [1], opened=[0, 0], closed=[1, 1])
    with pytest.raises(ParameterError, match="from 0; got -1"):
        merge_pauses([-1], [0], [1])
    with pytest.raises(ParameterError, match="one ticket, start and end per pause; got 1, 2 and 1"):
        merge_pauses([0], [0, 1], [1])
    with pytest.raises(ParameterError, match="one closed per opened; got 1 and 2"):
        paused_time(none, none, none, opened=[1, 2], closed=[3])
    with pytest.raises(InputError, match="pauses that end after they start; 1 do not, the first at index 1"):
        merge_pauses([0, 0], [0, 5], [1, 4])
    with pytest.raises(InputError, match="close after they open; 1 do not, the first at index 0"):
        paused_time(none, none, none, opened=[5], closed=[3])
