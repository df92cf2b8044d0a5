"""Random schedules and instants, and working time counted minute by minute: the obvious way, as an oracle."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from servicequality.worktime import Schedule

ZONES = [
    "America/New_York", "Europe/Berlin", "Europe/London", "America/Sao_Paulo", "Asia/Tehran", "Australia/Sydney",
    "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", "UTC",
]  # fmt: skip
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
STEP = timedelta(minutes=5)

# Around changes of the clock: hour back and forth, at midnight (Sao Paulo), by half an hour (Lord Howe), by a whole day (Apia).
TURNS = [
    datetime(2024, 11, 3, 6, tzinfo=UTC), datetime(2024, 3, 10, 7, tzinfo=UTC), datetime(2024, 10, 27, 1, tzinfo=UTC),
    datetime(2024, 3, 31, 1, tzinfo=UTC), datetime(2018, 2, 18, 2, tzinfo=UTC), datetime(2018, 11, 4, 3, tzinfo=UTC),
    datetime(2021, 3, 21, 20, tzinfo=UTC), datetime(2021, 9, 21, 19, tzinfo=UTC), datetime(2024, 4, 6, 15, tzinfo=UTC),
    datetime(2024, 10, 5, 16, tzinfo=UTC), datetime(2011, 12, 30, 10, tzinfo=UTC), datetime(2012, 3, 31, 14, tzinfo=UTC),
]  # fmt: skip


def clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


@st.composite
def hours(draw: st.DrawFn, night: bool = False, latest: int = 1440) -> list[tuple[str, str]]:
    """Up to three intervals of a day, the last one maybe past midnight."""
    edges = sorted(draw(st.lists(st.integers(36, latest // 5), max_size=6, unique=True)))
    pairs = [(clock(5 * a), clock(5 * b)) for a, b in zip(edges[::2], edges[1::2], strict=False)]
    if night and draw(st.booleans()):
        # From 22:00 at the earliest, until 03:00 at the latest: no interval of a day begins before that.
        pairs = [pair for pair in pairs if pair[1] <= "22:00"]
        pairs.append((clock(1320 + 5 * draw(st.integers(0, 23))), clock(5 * draw(st.integers(0, 36)))))
    return pairs


dates = st.one_of(
    st.dates(date(2011, 1, 1), date(2025, 12, 31)),
    st.builds(lambda turn, days: turn.date() + timedelta(days), st.sampled_from(TURNS), st.integers(-2, 2)),
)


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    """Any schedule that opens on some weekday."""
    week = draw(st.dictionaries(st.sampled_from(WEEKDAYS), hours(night=True), min_size=1))
    sure = draw(st.sampled_from(WEEKDAYS))
    week[sure] = week.get(sure) or [("08:00", "17:00")]
    break_days = st.one_of(st.sampled_from(WEEKDAYS), dates)
    return Schedule(
        week,
        draw(st.sampled_from(ZONES)),
        holidays=draw(st.sets(dates, max_size=4)),
        exceptions=draw(st.dictionaries(dates, hours(night=True), max_size=4)),
        breaks=draw(st.dictionaries(break_days, hours(latest=480), max_size=3)),
    )


#: Whole steps, so that the oracle's steps fall on every edge.
instants = st.builds(
    lambda base, steps: base + steps * STEP,
    st.one_of(st.sampled_from(TURNS), st.sampled_from([datetime(y, 6, 3, tzinfo=UTC) for y in range(2010, 2026)])),
    st.integers(-1500, 1500),
)
exact_instants = st.datetimes(datetime(2010, 1, 1), datetime(2026, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def is_open(schedule: Schedule, instant: datetime) -> bool:
    """Read off the rules for one wall clock reading; today's hours, and yesterday's past midnight."""
    says = schedule.to_dict()
    local = instant.astimezone(ZoneInfo(schedule.timezone))
    within_hours = within_breaks = False
    for days_ago in (0, 1):
        day = local.date() - timedelta(days_ago)
        minute = local.hour * 60 + local.minute + 1440 * days_ago
        weekday = WEEKDAYS[day.weekday()]
        todays = says["week"].get(weekday, [])
        if str(day) in says.get("holidays", []):
            todays = []
        todays = says.get("exceptions", {}).get(str(day), todays)
        breaks = says.get("breaks", {})
        within_hours |= any(_holds(pair, minute) for pair in todays)
        within_breaks |= any(_holds(pair, minute) for pair in breaks.get(weekday, []) + breaks.get(str(day), []))
    return within_hours and not within_breaks


def open_seconds(schedule: Schedule, start: datetime, end: datetime) -> float:
    """Step by step; the instants are whole steps apart."""
    steps = (end - start) // STEP
    return STEP.total_seconds() * sum(is_open(schedule, start + step * STEP) for step in range(steps))


def _holds(pair: list[str], minute: int) -> bool:
    opens, closes = (int(text[:2]) * 60 + int(text[3:5]) + (1440 if text.endswith("+1") else 0) for text in pair)
    return opens <= minute < closes
