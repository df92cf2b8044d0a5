"""Uptime against a count of every minute, by period and service, in and out of hours; bad input."""

import datetime as dt
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import servicequality as sq
from servicequality.errors import InputError, ParameterError
from servicequality.worktime import Schedule

SINCE = dt.datetime(2026, 10, 24, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=10)
HOURS = Schedule(
    {"sat": [("09:00", "17:00")], "sun": [("01:00", "06:00"), ("12:00", "13:30")]}, timezone="Europe/Berlin"
)
SPANS = st.lists(
    st.tuples(st.sampled_from("ab"), st.integers(-30, 320), st.none() | st.integers(0, 60), st.booleans()), max_size=10
)


def at(step: int) -> dt.datetime:
    return SINCE + step * MINUTE


def frame_of(spans: list[tuple[str, int, int | None, bool]]) -> pl.DataFrame:
    rows = [(service, at(start), None if n is None else at(start + n), plan) for service, start, n, plan in spans]
    instants = pl.Datetime("us", "UTC")
    schema = {"service": pl.String, "started_at": instants, "restored_at": instants, "planned": pl.Boolean}
    return pl.DataFrame(rows, schema=schema, orient="row")


@given(SPANS, st.sampled_from([None, "1d", "6h", "90m"]), st.sampled_from([None, HOURS]))
def test_uptime_is_what_a_count_of_minutes_finds(
    spans: list[tuple[str, int, int | None, bool]], every: str | None, schedule: Schedule | None
) -> None:
    steps, zone = range(300), "Europe/Berlin"
    rows = sq.uptime(
        frame_of(spans),
        since=at(0),
        until=at(300),
        by="service",
        keys=["a", "b"],
        every=every,
        timezone=zone,
        schedule=schedule,
    )
    instants = pl.Series([at(step) for step in steps]).dt.cast_time_unit("us").dt.convert_time_zone(zone)
    periods = [None] * 300 if every is None else instants.dt.truncate(every).to_list()
    is_open = [schedule is None or schedule.is_open(at(step)) for step in steps]
    expected: dict[tuple[str, Any], list[float]] = {(one, period): [0, 0, 0, 0] for one in "ab" for period in periods}
    for service in "ab":
        spans_here = [
            (s, 300 if n is None else s + n, plan) for name, s, n, plan in spans if name == service and n != 0
        ]
        failing = {step for s, stop, plan in spans_here if not plan for step in range(max(s, 0), min(stop, 300))}
        kept_out = {step for s, stop, plan in spans_here if plan for step in range(max(s, 0), min(stop, 300))}
        counted = False
        for step in steps:
            cell = expected[service, periods[step]]
            if step not in failing:
                counted = False  # the outage is over
            if not is_open[step]:
                continue
            kind = 2 if step in kept_out else 1 if step in failing else 0
            cell[kind] += MINUTE.total_seconds()
            if kind == 1 and not counted:
                cell[3] += 1
                counted = True
    names = ["up_seconds", "down_seconds", "maintenance_seconds", "outages"]
    got = {(row["service"], row.get("period")): [row[name] for name in names] for row in rows.iter_rows(named=True)}
    assert got == expected
    assert rows.equals(rows.sort("service", *([] if every is None else ["period"])))


def test_lazy_stays_lazy_and_knows_its_columns() -> None:
    lazy = sq.uptime(frame_of([("a", 3, 4, False)]).lazy(), since=at(0), until=at(9), by="service", every="1h")
    assert isinstance(lazy, pl.LazyFrame)
    assert lazy.collect_schema() == lazy.collect().schema
    assert lazy.collect_schema()["period"] == pl.Datetime("us", "UTC")


def test_records_and_an_open_incident() -> None:
    records = sq.Records(incidents=frame_of([("a", 3, None, False)]).with_columns(incident_id=pl.lit("1")))
    row = sq.uptime(records, since=at(0), until=at(9)).collect().row(0, named=True)
    assert row == {"up_seconds": 1800.0, "down_seconds": 3600.0, "maintenance_seconds": 0.0, "outages": 1}


def test_no_keys_and_keys_of_days() -> None:
    incidents = frame_of([("a", 3, 4, False)]).with_columns(day=pl.lit(SINCE.date()))
    window: dict[str, Any] = {"since": at(0), "until": at(9)}
    assert sq.uptime(incidents, by=None, **window).equals(sq.uptime(incidents, **window))
    other = SINCE.date() + dt.timedelta(days=1)
    assert sq.uptime(incidents, by="day", keys=[other], **window)["day"].to_list() == [SINCE.date(), other]


def test_a_service_without_an_incident_has_its_row_where_keys_name_it() -> None:
    incidents = frame_of([("a", 3, 4, False)])
    window = {"since": at(0), "until": at(9), "by": "service"}
    assert sq.uptime(incidents, **window)["service"].to_list() == ["a"]  # type: ignore[call-overload]
    for keys in (["a", "c"], pl.DataFrame({"service": ["c", "c"]}), [{"service": "c"}]):
        rows = sq.uptime(incidents, keys=keys, **window)  # type: ignore[call-overload]
        assert rows.select("service", "up_seconds").rows() == [("a", 3000.0), ("c", 5400.0)]
    assert sq.uptime(incidents.clear(), **window).is_empty()  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("change", "options", "error", "message"),
    [
        ({}, {"until": SINCE}, ParameterError, "since must lie before until, got 2026-10-24 00:00:00"),
        ({}, {"since": SINCE.replace(tzinfo=None)}, ParameterError, "since must be a datetime with a time zone"),
        ({}, {"every": "fortnight"}, ParameterError, "every must be a whole number and m, h, d, w, mo, q or y"),
        ({}, {"timezone": "Mars"}, ParameterError, "Mars"),
        ({}, {"schedule": "9-5"}, ParameterError, "schedule must be a Schedule or None, got '9-5'"),
        ({}, {"keys": ["a"]}, ParameterError, "keys lists what by tells apart; say by= too"),
        ({}, {"by": "service", "keys": ["a", None]}, InputError, "keys has a service without a name"),
        (
            {},
            {"by": "service", "keys": pl.DataFrame({"x": [1]})},
            InputError,
            "keys: no column 'service'; the frame has x",
        ),
        ({}, {"by": "team"}, InputError, "no column 'team'; the frame has"),
        ({"service": [None]}, {"by": "service"}, InputError, "column 'service' is null in 1 of 1 incidents"),
        ({"started_at": [None]}, {}, InputError, "column 'started_at' is null in 1 of 1 incidents"),
        (
            {"started_at": ["soon"]},
            {},
            InputError,
            "column 'started_at' holds String, expected instants with a time zone",
        ),
        ({"planned": ["no"]}, {}, InputError, "column 'planned' holds String, expected true or false"),
        (
            {"restored_at": [at(-9)]},
            {},
            InputError,
            "1 of 1 incidents are restored before they start: 'restored_at' lies",
        ),
    ],
)
def test_refusals(change: dict[str, Any], options: dict[str, Any], error: type[Exception], message: str) -> None:
    frame = frame_of([("a", 3, 4, False)]).with_columns(**{name: pl.Series(values) for name, values in change.items()})
    with pytest.raises(error, match=message):
        sq.uptime(frame, **{"since": at(0), "until": at(9)} | options)
