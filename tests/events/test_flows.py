"""The flow table against a slow oracle that walks every ticket through every period, and against a real log."""

import datetime as dt
import json
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from servicequality.events import flows
from servicequality.events.flows import flow
from servicequality.model import Records, Ticket

UTC = dt.UTC
# Each window holds a change of the clock, where the zone has any.
WINDOWS = {
    "America/New_York": dt.datetime(2024, 10, 20, 3, tzinfo=UTC),
    "Europe/Berlin": dt.datetime(2024, 3, 15, 3, tzinfo=UTC),
    "Australia/Lord_Howe": dt.datetime(2024, 3, 25, 3, tzinfo=UTC),
    "Asia/Kathmandu": dt.datetime(2023, 12, 10, 3, tzinfo=UTC),
    "Pacific/Apia": dt.datetime(2011, 12, 15, 3, tzinfo=UTC),
    "America/Havana": dt.datetime(2024, 10, 20, 3, tzinfo=UTC),
    "America/Sao_Paulo": dt.datetime(2018, 10, 20, 3, tzinfo=UTC),
    "UTC": dt.datetime(2024, 2, 10, 3, tzinfo=UTC),
}
SPAN = 30 * 24 * 60
COUNTS = ["opening", "inflow", "outflow", "closing", "net_in", "net_out", "created", "reopened"]


def at(year, month, day, *clock, tz=UTC):
    return dt.datetime(year, month, day, *clock, tzinfo=tz)


def label(t, every, zone):
    """The instant at which the period of `t` starts, by the standard library alone."""
    local = t.astimezone(zone).replace(minute=0, second=0, microsecond=0)
    if every != "1h":
        local = local.replace(hour=0, fold=0)
    if every == "1w":
        local -= dt.timedelta(days=local.weekday())
    if every == "1mo":
        local = local.replace(day=1)
    return local.astimezone(UTC)


def periods_of(first, as_of, every, zone):
    ticks = [first + i * dt.timedelta(minutes=15) for i in range((as_of - first) // dt.timedelta(minutes=15) + 1)]
    return sorted({label(t, every, zone) for t in [*ticks, as_of]})


def oracle(lives, periods, every, zone, as_of):
    """`lives` are lists of (start, stop or None), one list a ticket, nothing after `as_of`."""

    def known(t):
        return t is not None and t <= as_of

    rows = []
    for i, start in enumerate(periods):

        def within(t, start=start):
            return known(t) and label(t, every, zone) == start

        def open_after(life, p):
            """Whether the ticket is open when period number p has passed."""
            before = [
                (known(a) and label(a, every, zone) <= periods[p])
                and not (known(b) and label(b, every, zone) <= periods[p])
                for a, b in life
            ]
            return p >= 0 and any(before)

        now = [open_after(life, i) for life in lives]
        past = [i > 0 and open_after(life, i - 1) for life in lives]
        created = sum(within(life[0][0]) for life in lives)
        reopened = sum(within(a) for life in lives for a, _ in life[1:])
        rows.append((
            sum(past), created + reopened, sum(within(b) for life in lives for _, b in life), sum(now),
            sum(n and not p for n, p in zip(now, past, strict=True)),
            sum(p and not n for n, p in zip(now, past, strict=True)), created, reopened,
        ))  # fmt: skip
    return rows


@st.composite
def instants(draw, zone):
    # Whole hours fall on edges; a microsecond before and after them as well.
    minutes = draw(st.integers(0, SPAN // 60).map(lambda h: 60 * h) | st.integers(0, SPAN // 15).map(lambda q: 15 * q))
    return WINDOWS[zone] + dt.timedelta(minutes=minutes, microseconds=draw(st.sampled_from([-1, 0, 0, 0, 1])))


@st.composite
def desks(draw):
    zone = draw(st.sampled_from(sorted(WINDOWS)))
    when = instants(zone)
    rows = draw(st.lists(st.tuples(when, when | st.none(), when | st.none(), st.sampled_from("abc")), max_size=12))
    return zone, rows, draw(when), draw(st.sampled_from(["1h", "1d", "1w", "1mo"]))


def frame_of(rows):
    schema = dict.fromkeys(["created_at", "resolved_at", "closed_at"], pl.Datetime("us", "UTC")) | {"team": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


@given(desks())
def test_flow_is_what_the_oracle_counts(desk):
    zone, rows, as_of, every = desk
    got = flow(frame_of(rows), every=every, as_of=as_of, timezone=zone)
    tickets = [(c, next((t for t in (r, x) if t and t <= as_of), None)) for c, r, x, _ in rows if c <= as_of]
    if not tickets:
        assert got.is_empty()
        return
    periods = periods_of(min(c for c, _ in tickets), as_of, every, ZoneInfo(zone))
    assert got["period"].dt.convert_time_zone("UTC").to_list() == periods
    lives = [[ticket] for ticket in tickets if ticket[1] is None or ticket[1] >= ticket[0]]
    expected = [row[:-1] for row in oracle(lives, periods, every, ZoneInfo(zone), as_of)]
    assert got.select(COUNTS[:-1]).rows() == expected
    assert got["reopened"].null_count() == got.height
    assert got["n_reversed"].sum() == len(tickets) - len(lives)
    assert got["closing"][-1] == sum(life[0][1] is None or life[0][1] > as_of for life in lives)


@given(desks())
def test_groups_add_up_and_every_door_and_key_type_gives_the_same(desk):
    zone, rows, as_of, every = desk
    frame = frame_of(rows)
    ask = {"every": every, "as_of": as_of, "timezone": zone}
    whole, parts = flow(frame, **ask), flow(frame, by="team", **ask)
    sums = [*COUNTS[:-1], "n_excluded", "n_reversed"]
    together = parts.group_by("period", maintain_order=True).agg(pl.col(sums).sum()).sort("period")
    assert_frame_equal(together, whole.select("period", *sums))
    assert_frame_equal(parts, parts.sort("team", "period"))
    assert_frame_equal(flow(frame.lazy(), by=["team"], **ask).collect(), parts)
    enum = frame.with_columns(pl.col("team").cast(pl.Enum(["c", "unused", "b", "a"])))
    assert_frame_equal(
        flow(enum, by="team", **ask).with_columns(pl.col("team").cast(pl.String)).sort("team", "period"), parts
    )
    two = flow(frame.with_columns(other=pl.lit(None, pl.Int8)), by=["other", "team"], **ask)
    assert_frame_equal(two.drop("other"), parts)
    assert_frame_equal(flow(frame.reverse(), by="team", **ask), parts)
    assert_frame_equal(flow(frame.cast({"created_at": pl.Datetime("ns", "UTC")}), by="team", **ask), parts)
    for step in parts.partition_by("team") if rows else []:
        assert step["opening"].to_list() == [0, *step["closing"].to_list()][:-1]
        assert (step["opening"] + step["net_in"] - step["net_out"] == step["closing"]).all()


@given(desks(), st.data())
def test_what_happens_after_as_of_changes_nothing(desk, data):
    zone, rows, as_of, every = desk
    later = as_of + dt.timedelta(microseconds=data.draw(st.integers(1, 10**12)))
    ask = {"every": every, "as_of": as_of, "timezone": zone, "by": "team"}
    cut = [(c, *(t if t and t <= as_of else None for t in stamps), team) for c, *stamps, team in rows]
    future = [(c, r or later, x or later, team) for c, r, x, team in cut] + [(later, None, None, "new")]
    assert_frame_equal(flow(frame_of(future), **ask), flow(frame_of(cut), **ask))


@given(st.sampled_from(sorted(WINDOWS)).flatmap(lambda zone: st.tuples(
    st.just(zone),
    st.lists(st.tuples(instants(zone), st.lists(st.tuples(instants(zone), st.sampled_from(
        ["Open", "solved", "pending", "CLOSED", "spam"])), max_size=6, unique_by=lambda x: x[0]),
        st.none() | instants(zone)), max_size=6),
    instants(zone), st.sampled_from(["1h", "1d", "1w", "1mo"]))))  # fmt: skip
def test_flow_from_events_is_what_the_oracle_counts(desk):
    zone, tickets, as_of, every = desk
    stamps = [
        {"ticket_id": str(i), "created_at": c, "closed_at": stamp} for i, (c, _, stamp) in enumerate(tickets)
    ]  # fmt: skip
    schema = {"ticket_id": pl.String, "created_at": pl.Datetime("us", "UTC"), "closed_at": pl.Datetime("us", "UTC")}
    log = [
        {"ticket_id": str(i), "at": t, "field": "status", "value": s}
        for i, (_, log, _) in enumerate(tickets)
        for t, s in log
    ]
    log_schema = {"ticket_id": pl.String, "at": pl.Datetime("us", "UTC"), "field": pl.String, "value": pl.String}
    records = Records(tickets=pl.DataFrame(stamps, schema), changes=pl.DataFrame(log, log_schema))
    got = flow(records, every=every, as_of=as_of, timezone=zone).collect()
    lives, backwards = [], 0
    for created, history, stamp in tickets:
        if created > as_of:
            continue
        history = sorted((t, s.lower() in ("solved", "closed", "spam")) for t, s in history if t <= as_of)
        life = [[created, None]]
        for t, out in history:
            if out and life[-1][1] is None:
                life[-1][1] = t
            elif not out and life[-1][1] is not None:
                life.append([t, None])
        if not history:
            life[0][1] = stamp
        if life[0][1] is not None and life[0][1] < created:
            backwards += 1
        else:
            lives.append(life)
    born = [created for created, _, _ in tickets if created <= as_of]
    if not born:
        assert got.is_empty()
        return
    periods = periods_of(min(born), as_of, every, ZoneInfo(zone))
    assert got["period"].dt.convert_time_zone("UTC").to_list() == periods
    assert got.select(COUNTS).rows() == oracle(lives, periods, every, ZoneInfo(zone), as_of)
    assert got["n_reversed"].sum() == backwards


@pytest.mark.parametrize(("month", "day", "hours"), [(11, 3, 25), (3, 10, 23), (6, 1, 24)])
def test_a_local_day_has_the_hours_that_the_clock_gives_it(month, day, hours):
    start = at(2024, month, day, tz=ZoneInfo("America/New_York"))
    every_hour = pl.datetime_range(
        start - dt.timedelta(days=1), start + dt.timedelta(days=2), "1h", time_zone="America/New_York", eager=True
    )
    tickets = pl.DataFrame({"created_at": every_hour, "closed_at": every_hour})
    daily = flow(tickets, every="1d", as_of=every_hour[-1])
    assert daily.filter(pl.col("period") == start)["inflow"].to_list() == [hours]
    hourly = flow(tickets, every="1h", as_of=every_hour[-1])
    assert hourly["inflow"].to_list() == [1] * len(every_hour)


def test_a_midnight_that_comes_twice_begins_one_day():
    hours = pl.datetime_range(at(2024, 11, 2, 4), at(2024, 11, 5, 4), "1h", time_zone="UTC", eager=True)
    tickets = pl.DataFrame({"created_at": hours, "closed_at": hours})
    got = flow(tickets, every="1d", as_of=at(2024, 11, 5, 4), timezone="America/Havana")
    assert got["inflow"].to_list() == [24, 25, 24]


def test_a_ticket_solved_and_back_within_a_period_is_a_move_but_no_net_change():
    log = [(2, 9, "solved"), (2, 10, "open"), (2, 11, "solved"), (2, 12, "open"), (3, 9, "solved"), (4, 9, "open")]
    changes = [{"ticket_id": "a", "at": at(2024, 1, d, h), "field": "status", "value": v} for d, h, v in log]
    records = Records(tickets=[{"ticket_id": "a", "created_at": at(2024, 1, 1)}], changes=changes)
    got = flow(records, every="1d", as_of=at(2024, 1, 4, 12)).collect()
    assert got.select(COUNTS).rows() == [
        (0, 1, 0, 1, 1, 0, 1, 0),
        (1, 2, 2, 1, 0, 0, 0, 2),
        (1, 0, 1, 0, 0, 1, 0, 0),
        (0, 1, 0, 1, 1, 0, 0, 1),
    ]


def test_local_mean_time_has_no_grid_and_is_exact_all_the_same():
    noon = at(1883, 11, 15, 12, tz=ZoneInfo("America/New_York"))
    midnight = at(1883, 11, 17, tz=ZoneInfo("America/New_York"))  # 04:56:02 UTC
    just_before = midnight - dt.timedelta(microseconds=1)
    tickets = pl.DataFrame({"created_at": [noon, just_before, midnight], "closed_at": [midnight, None, None]})
    got = flow(tickets, every="1d", as_of=at(1883, 11, 20, 12), timezone="America/New_York")
    assert got["inflow"].to_list() == [1, 1, 1, 0, 0, 0]
    assert got["outflow"].to_list() == [0, 0, 1, 0, 0, 0]


def test_as_of_is_inclusive_and_marks_the_period_that_is_not_over():
    tickets = pl.DataFrame({"created_at": [at(2024, 1, 1), at(2024, 1, 3)], "closed_at": [at(2024, 1, 3), None]})
    got = flow(tickets, every="1d", as_of=at(2024, 1, 3))
    assert got["complete"].to_list() == [True, True, False]
    assert got.select("opening", "inflow", "outflow", "closing").rows() == [(0, 1, 0, 1), (1, 0, 0, 1), (1, 1, 1, 1)]
    last = at(2024, 1, 3) - dt.timedelta(microseconds=1)
    assert flow(tickets, every="1d", as_of=last)["complete"].to_list() == [True, True]


SCHEMA = {
    "team": pl.String,
    "period": pl.Datetime("us", "UTC"),
    **dict.fromkeys([*COUNTS, "n_excluded", "n_reversed"], pl.Int64),
    "complete": pl.Boolean,
}


@pytest.mark.parametrize("rows", [[], [(at(2030, 1, 1), None, None, "a")]])
def test_nothing_yet_gives_an_empty_frame_with_the_same_columns(rows):
    got = flow(frame_of(rows), every="1d", as_of=at(2024, 1, 1), by="team")
    assert got.schema == SCHEMA
    assert got.is_empty()
    lazy = flow(frame_of(rows).lazy(), every="1d", as_of=at(2024, 1, 1), by="team")
    assert lazy.collect_schema() == SCHEMA
    assert_frame_equal(lazy.collect(), got)


def test_one_open_ticket_stays_in_the_backlog_without_holes():
    got = flow([Ticket(ticket_id="1", created_at=at(2024, 1, 31, 9))], every="1w", as_of=at(2024, 2, 20))
    assert got["period"].dt.date().to_list() == [dt.date(2024, 1, 29) + dt.timedelta(days=7 * i) for i in range(4)]
    assert got["closing"].to_list() == [1, 1, 1, 1]
    assert got["inflow"].to_list() == [1, 0, 0, 0]
    assert got["complete"].to_list() == [True, True, True, False]


def test_excluded_tickets_are_left_out_and_counted():
    tickets = pl.DataFrame(
        {
            "created_at": [at(2024, 1, day) for day in (1, 1, 2, 3)],
            "closed_at": [None, at(2024, 1, 2), None, None],
            "excluded": ["SPAM", None, "merged", "another reason"],
        }
    )
    got = flow(tickets, every="1d", as_of=at(2024, 1, 3, 12))
    assert got["inflow"].to_list() == [1, 0, 1]
    assert got["n_excluded"].to_list() == [1, 1, 0]
    assert got["closing"].to_list() == [1, 0, 1]
    assert flow(tickets, every="1d", as_of=at(2024, 1, 3, 12), excluded=())["n_excluded"].sum() == 0


def test_an_exclusion_with_an_instant_leaves_through_the_outflow():
    tickets = [
        {"ticket_id": "a", "created_at": at(2024, 1, 1), "excluded": "spam"},
        {"ticket_id": "b", "created_at": at(2024, 1, 1), "excluded": "spam"},
    ]
    log = [{"ticket_id": "a", "at": at(2024, 1, 2, 5), "field": "status", "value": "Spam"}]
    got = flow(Records(tickets=tickets, changes=log), every="1d", as_of=at(2024, 1, 3)).collect()
    assert got["inflow"].to_list() == [1, 0, 0]
    assert got["outflow"].to_list() == [0, 1, 0]
    assert got["n_excluded"].to_list() == [1, 0, 0]
    before = flow(Records(tickets=tickets, changes=log), every="1d", as_of=at(2024, 1, 1, 12)).collect()
    assert before["n_excluded"].to_list() == [2], "an exclusion to come is not known, its stamp is"


@pytest.fixture(scope="module")
def incidents(data_dir):
    log = pl.read_parquet(data_dir / "servicenow_incident_events.parquet")
    stamps = [
        pl.col(name).replace("?", None).str.to_datetime("%d/%m/%Y %H:%M", time_zone="UTC")
        for name in ("opened_at", "resolved_at", "closed_at")
    ]
    return log.group_by("number", maintain_order=True).last().with_columns(stamps)


@pytest.mark.parametrize(
    ("stopped", "figure"), [("closed_at", "backlog_not_closed"), (("resolved_at", "closed_at"), "backlog_not_resolved")]
)
def test_the_backlog_of_the_servicenow_log(incidents, data_dir, stopped, figure):
    expected = json.loads((data_dir / "expected.json").read_text())["servicenow"]
    reversed_rows = incidents.filter(pl.coalesce(stopped) < pl.col("opened_at")).height
    for day, n_open in expected[figure].items():
        as_of = dt.datetime.fromisoformat(day).replace(tzinfo=UTC)
        got = flow(incidents, every="1d", as_of=as_of, created="opened_at", stopped=stopped)
        assert got["closing"][-1] == n_open
    got = flow(incidents, every="1mo", as_of=at(2017, 3, 1), created="opened_at", stopped=stopped, by="priority")
    assert got["n_reversed"].sum() == reversed_rows
    months = (
        got.group_by(pl.col("period").dt.strftime("%Y-%m")).agg(pl.col("inflow", "n_reversed").sum()).sort("period")
    )
    by_month = dict(months.select("period", pl.col("inflow") + pl.col("n_reversed")).rows())
    assert {month: n for month, n in by_month.items() if n} == expected["opened_by_month"]


def test_the_kernel_holds_no_column_of_tickets(monkeypatch):
    seen = []
    real = flows.SpellCounter.add
    monkeypatch.setattr(
        flows.SpellCounter, "add", lambda self, a, *rest: (seen.append(len(a)), real(self, a, *rest))[1]
    )
    n = 700_000
    created = pl.Series(np.arange(n) * 1_000_000).cast(pl.Datetime("us", "UTC"))
    got = flow(pl.DataFrame({"created_at": created, "closed_at": created}), every="1d", as_of=at(1970, 1, 10))
    assert sum(seen) == n
    assert max(seen) < n / 2
    assert got["inflow"].sum() == got["outflow"].sum() == n
