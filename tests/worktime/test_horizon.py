"""The tables behind a schedule: they grow, they cope with dense hours, and no batch sees another's growth."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from servicequality.errors import InputError
from servicequality.worktime import ALWAYS_OPEN, Schedule
from servicequality.worktime.horizon import Horizon, Piece
from servicequality.worktime.hours import read_rules
from servicequality.worktime.kernel import Calendar
from servicequality.worktime.zones import EPOCH, offset_periods

DESK = {day: [("09:00", "12:30"), ("13:00", "17:30")] for day in ("mon", "tue", "wed", "thu", "fri")}


def test_growing_changes_no_value_of_the_business_clock() -> None:
    start, end = datetime(2024, 7, 1, 15, tzinfo=UTC), datetime(2024, 7, 9, 15, tzinfo=UTC)
    schedule = Schedule(DESK, "America/New_York")
    before = schedule.clock(start), schedule.clock(end), schedule.between(start, end)
    for year in (1950, 2090, 1850, 2400):
        schedule.is_open(datetime(year, 1, 1, tzinfo=UTC))
        assert (schedule.clock(start), schedule.clock(end), schedule.between(start, end)) == before
    assert schedule.clock(datetime(2000, 1, 1, tzinfo=UTC)) == 0
    assert Schedule(DESK, "America/New_York").clock(end) == before[1]


def test_a_thousand_years_in_any_order_agree_with_fresh_tables() -> None:
    worn = Schedule(DESK, "Europe/London")
    for year in (2024, 1930, 2100, 2000, 1700, 2600):
        start = datetime(year, 3, 1, 11, tzinfo=UTC)
        fresh = Schedule(DESK, "Europe/London")
        assert worn.between(start, start + timedelta(days=60)) == fresh.between(start, start + timedelta(days=60))
        assert worn.add(start, 1e6) == fresh.add(start, 1e6)
        assert worn.add(start, -1e6) == fresh.add(start, -1e6)


def test_a_budget_beyond_the_tables_when_nothing_ever_closes() -> None:
    start = datetime(2024, 7, 1, tzinfo=UTC)
    assert ALWAYS_OPEN.add(start, 4e9) == start + timedelta(seconds=4e9)
    assert ALWAYS_OPEN.add(start, -4e9) == start - timedelta(seconds=4e9)


def test_threads_that_grow_the_tables_at_once_get_the_same_answers() -> None:
    shared = Schedule(DESK, "Australia/Sydney")
    starts = [datetime(year, 6, 1, tzinfo=UTC) for year in range(1950, 2090, 5)]

    def worked(start: datetime) -> float:
        return shared.between(start, start + timedelta(days=365))

    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(worked, starts))
    fresh = Schedule(DESK, "Australia/Sydney")
    assert together == [fresh.between(start, start + timedelta(days=365)) for start in starts]


def test_instants_beyond_the_calendar_are_refused() -> None:
    horizon = Horizon([(Piece(read_rules(DESK, (), {}, {}), "UTC"),)])
    with pytest.raises(InputError, match=r"years 1 to 9999; got one outside. If it means never, make it null"):
        horizon.clock(np.array([0, 10**18]))


def test_hours_too_dense_for_one_segment_a_bucket() -> None:
    # A minute of work every two minutes, for years: the search takes steps instead of a huge table.
    minutes = [(f"{m // 60:02}:{m % 60:02}", f"{(m + 1) // 60:02}:{(m + 1) % 60:02}") for m in range(540, 1020, 2)]
    schedule = Schedule({"mon": minutes, "wed": minutes}, "UTC")
    monday = datetime(2024, 7, 1, tzinfo=UTC)
    assert schedule.between(monday, monday + timedelta(days=7)) == 2 * 240 * 60
    assert schedule.between(monday, monday + timedelta(hours=9, minutes=3)) == 120
    assert schedule.add(monday, 121) == monday + timedelta(hours=9, minutes=4, seconds=1)
    assert schedule.add(monday, 120) == monday + timedelta(hours=9, minutes=3)
    assert schedule.next_open(monday + timedelta(hours=9, minutes=1)) == monday + timedelta(hours=9, minutes=2)
    assert schedule.prev_close(monday + timedelta(hours=9, minutes=2)) == monday + timedelta(hours=9, minutes=1)


segments = st.lists(st.integers(0, 10**6), min_size=2, max_size=60, unique=True).map(sorted)


@given(segments, st.integers(0, 3), st.lists(st.integers(0, 10**6), min_size=1, max_size=20))
def test_the_tables_agree_with_a_plain_sum(edges: list[int], scale: int, points: list[int]) -> None:
    # From microseconds to weeks between the edges: buckets with many segments, and segments with many buckets.
    unit = 10 ** (2 * scale + 1)
    opens, closes = (np.array(edges[at::2][: len(edges) // 2]) * unit for at in (0, 1))
    calendar = Calendar([(opens, closes)], 0, 10**6 * unit + 1, 0)
    at = np.array(points) * unit
    clock = calendar.clock(at)
    assert clock.tolist() == [int((np.clip(point, opens, closes) - opens).sum()) for point in at]
    assert calendar.is_open(at).tolist() == [bool(np.any((opens <= point) & (point < closes))) for point in at]
    back = calendar.add(np.zeros(len(at), np.int64), clock)
    assert calendar.clock(back).tolist() == clock.tolist()
    assert np.all(back <= at)
    assert np.all((clock == 0) | ~calendar.is_open(at) | (back == at))


@pytest.mark.parametrize("zone", ["America/Havana", "Africa/Casablanca", "Australia/Lord_Howe"])
def test_offsets_of_far_years_are_those_of_the_zone(zone: str) -> None:
    starts, offsets = offset_periods(zone, -62_135_596_800_000_000, 253_402_300_800_000_000)
    rng = np.random.default_rng(1)
    for second in rng.integers(-62_135_000_000, 253_402_000_000, size=500).tolist():
        right = (EPOCH + timedelta(seconds=second)).astimezone(ZoneInfo(zone)).utcoffset()
        place = np.searchsorted(starts, second * 1_000_000, "right") - 1
        assert offsets[place] == round(right.total_seconds()) * 1_000_000  # type: ignore[union-attr]
