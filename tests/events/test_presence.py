"""Presence against a count of every minute, by agent and period; what is not known is null; bad input; a scorecard."""

import datetime as dt
from collections import defaultdict
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import servicequality as sq
from drawing import few
from servicequality.datasets import service_desk_with_truth
from servicequality.errors import InputError, ParameterError

STARTS = [dt.datetime(2026, 10, 24, 12, tzinfo=dt.UTC), dt.datetime(2026, 3, 28, 12, tzinfo=dt.UTC)]
"""Noon before a night of 25 hours to the next in Berlin, and before one of 23."""
MINUTE = dt.timedelta(minutes=1)
STEPS = 1_500
FIGURES = ["paid_seconds", "available_seconds", "busy_seconds", "handled_seconds", "contacts", "contacts_untimed"]
SINCE = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)

CONTACT = st.tuples(
    st.sampled_from(["a", "b", None]),
    st.sampled_from(["chat", None]),
    st.integers(-90, STEPS + 60),
    st.sampled_from([0, 2, None]),
    st.none() | st.integers(0, 90),
    st.sampled_from(["answered", "answered", "answered", "abandoned", "waiting"]),
)
STRETCH = st.tuples(
    st.sampled_from(["a", "b", "c"]),
    st.sampled_from(["chat", None]),
    st.integers(0, 300),  # minutes after the last one of the agent
    st.none() | st.integers(0, 600),
    st.none() | st.integers(0, 500),
)


def contacts_of(rows: list[tuple[Any, ...]], start: dt.datetime) -> pl.DataFrame:
    names = ["agent_id", "channel", "at", "wait_seconds", "talk_seconds", "outcome"]
    types = [pl.String, pl.String, pl.Datetime("us", "UTC"), pl.Float64, pl.Float64, pl.String]
    seconds = [
        (agent, channel, start + at * MINUTE, *(n if n is None else 60.0 * n for n in (wait, talk)), outcome)
        for agent, channel, at, wait, talk, outcome in rows
    ]
    return pl.DataFrame(seconds, schema=dict(zip(names, types, strict=True)), orient="row")


def time_of(rows: list[tuple[Any, ...]], start: dt.datetime) -> pl.DataFrame:
    names = ["agent_id", "channel", "at", "paid_seconds", "available_seconds"]
    types = [pl.String, pl.String, pl.Datetime("us", "UTC"), pl.Float64, pl.Float64]
    seconds = [
        (agent, channel, start + at * MINUTE, *(n if n is None else 60.0 * n for n in (paid, available)))
        for agent, channel, at, paid, available in rows
    ]
    return pl.DataFrame(seconds, schema=dict(zip(names, types, strict=True)), orient="row")


def one_after_another(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    over: dict[str, int] = defaultdict(lambda: -400)
    placed = []
    for agent, channel, gap, paid, available in rows:
        at = over[agent] + gap
        over[agent] = at + max(paid or 0, available or 0)
        placed.append((agent, channel, at, paid, available))
    return placed


def by_minute(
    contacts: list[tuple[Any, ...]] | None,
    stretches: list[tuple[Any, ...]] | None,
    periods: list[Any],
    key: Any,
) -> dict[tuple[Any, Any, Any], list[Any]]:
    """What each agent and period holds, counted minute by minute."""
    inside = range(STEPS)
    cells: dict[tuple[Any, Any], list[float]] = defaultdict(lambda: [0, 0, 0, 0, 0, 0])
    worked: dict[tuple[Any, Any], set[Any]] = defaultdict(set)
    unknown: set[tuple[Any, Any, int]] = set()
    seen = set()
    talking: dict[tuple[Any, int], int] = defaultdict(int)
    for agent, channel, at, wait, talk, outcome in contacts or []:
        owner = key(agent, channel)
        if outcome != "answered":
            continue
        if wait is None or talk is None:
            if at in inside:
                seen.add(owner)
                cells[owner, periods[at]][5] += 1
            continue
        for minute in range(at + wait, at + wait + talk):
            if minute in inside:
                seen.add(owner)
                talking[owner, minute] += 1
        if at + wait in inside:
            seen.add(owner)
            cells[owner, periods[at + wait]][4] += 1
    for (owner, minute), n in talking.items():
        cells[owner, periods[minute]][2] += 60
        cells[owner, periods[minute]][3] += 60 * n
    for place, (agent, channel, at, paid, available) in enumerate(stretches or []):
        owner, length = key(agent, channel), max(paid or 0, available or 0)
        for minute in range(at, at + length) if length else [at]:
            if minute in inside:
                seen.add(owner)
                worked[owner, periods[minute]].add(place)
                for column, amount in enumerate((paid, available)):
                    if amount is None:
                        unknown.add((owner, periods[minute], column))
                    else:
                        cells[owner, periods[minute]][column] += 60 * amount / max(length, 1)
    answer = {}
    for owner in seen:
        for period in dict.fromkeys(periods):
            row: list[Any] = list(cells[owner, period])
            for column in (0, 1):
                lost = (owner, period, column) in unknown or (any(row[3:]) and not worked[owner, period])
                row[column] = None if stretches is None or lost else row[column]
            if contacts is None:
                row[2:] = [None] * 4
            elif owner[0] is None:
                row[2] = None
            answer[*owner, period] = row
    return answer


@few(40)
@given(
    st.none() | st.lists(CONTACT, max_size=14),
    st.none() | st.lists(STRETCH, max_size=8),
    st.sampled_from([None, "1d", "6h", "90m"]),
    st.sampled_from(STARTS),
    st.booleans(),
)
def test_presence_is_what_a_count_of_minutes_finds(
    contacts: list[tuple[Any, ...]] | None,
    stretches: list[tuple[Any, ...]] | None,
    every: str | None,
    start: dt.datetime,
    channels: bool,
) -> None:
    if contacts is None and stretches is None:
        contacts = []
    stretches = None if stretches is None else one_after_another(stretches)
    rows = sq.presence(
        None if contacts is None else contacts_of(contacts, start),
        None if stretches is None else time_of(stretches, start),
        since=start,
        until=start + STEPS * MINUTE,
        by="channel" if channels else (),
        every=every,
        timezone="Europe/Berlin",
        busy=None,
    )
    zoned = pl.Series([start + step * MINUTE for step in range(STEPS)]).dt.cast_time_unit("us")
    zoned = zoned.dt.convert_time_zone("Europe/Berlin")
    periods = [None] * STEPS if every is None else zoned.dt.truncate(every).to_list()
    # The first period begins before the window; its row is of the seconds within.
    expected = by_minute(contacts, stretches, periods, lambda agent, channel: (agent, channel if channels else None))
    got = {
        (row["agent_id"], row.get("channel"), row.get("period")): [row[name] for name in FIGURES]
        for row in rows.iter_rows(named=True)
    }
    assert got.keys() == expected.keys()
    for owner, figures in expected.items():
        assert [figure is None for figure in got[owner]] == [figure is None for figure in figures]
        known = [(one, other) for one, other in zip(got[owner], figures, strict=True) if one is not None]
        assert [one for one, _ in known] == pytest.approx([other for _, other in known], rel=1e-12, abs=1e-9)
    keys = [name for name in ("agent_id", "channel", "period") if name in rows.columns]
    assert rows.equals(rows.sort(keys, nulls_last=True))


def chat(agent: str | None, minute: int, minutes: int | None, **more: Any) -> dict[str, Any]:
    at = SINCE + minute * MINUTE
    seconds = None if minutes is None else 60.0 * minutes
    return {"agent_id": agent, "at": at, "wait_seconds": 0.0, "talk_seconds": seconds, "outcome": "answered", **more}


def shift(agent: str | None, minute: int, minutes: int, **more: Any) -> dict[str, Any]:
    paid = {"paid_seconds": 60.0 * minutes, "available_seconds": 54.0 * minutes, "busy_seconds": 30.0 * minutes}
    return {"agent_id": agent, "at": SINCE + minute * MINUTE, **paid, **more}


WINDOW: dict[str, Any] = {"since": SINCE, "until": SINCE + 7 * DAY}


def test_two_chats_at_once_are_busy_once_and_handled_twice() -> None:
    rows = sq.presence([chat("a", 0, 10), chat("a", 5, 10), chat("b", -5, 10)], **WINDOW)
    assert rows.select("agent_id", *FIGURES[2:]).rows() == [("a", 900.0, 1200.0, 2, 0), ("b", 300.0, 300.0, 0, 0)]
    assert rows.select(FIGURES[:2]).null_count().row(0) == (2, 2)


def test_a_shift_across_midnight_is_cut_there_and_a_month_of_the_clock_change_has_an_hour_less() -> None:
    night = sq.presence(
        None, pl.DataFrame([shift("a", 22 * 60, 8 * 60)]), every="1d", since=SINCE, until=SINCE + 2 * DAY
    )
    assert night["paid_seconds"].to_list() == [7_200.0, 21_600.0]
    assert night["available_seconds"].to_list() == pytest.approx([6_480.0, 19_440.0])
    assert night["busy_seconds"].to_list() == [3_600.0, 10_800.0]
    assert night["contacts"].null_count() == 2
    months = sq.presence(
        [chat("a", -60 * 24 * 10, 60 * 24 * 60)],
        since=dt.datetime(2026, 2, 28, 23, tzinfo=dt.UTC),
        until=dt.datetime(2026, 4, 30, 22, tzinfo=dt.UTC),
        every="1mo",
        timezone="Europe/Berlin",
    )
    assert (months["busy_seconds"] / 3600).to_list()[0] == 31 * 24 - 1


def test_work_after_a_conversation_belongs_to_it_where_it_is_named() -> None:
    contacts = [chat("a", 0, 10, wrap_seconds=60.0), chat("a", 30, 10, wrap_seconds=None)]
    with_wrap = sq.presence(contacts, wrap="wrap_seconds", **WINDOW)
    assert with_wrap.select(FIGURES[2:]).row(0) == (660.0, 660.0, 1, 1)
    assert sq.presence(contacts, **WINDOW).select(FIGURES[2:]).row(0) == (1200.0, 1200.0, 2, 0)


def test_contacts_of_nobody_are_a_row_whose_busy_time_is_not_known() -> None:
    rows = sq.presence(
        [chat("a", 0, 10), chat(None, 0, 10), chat(None, 5, 10)], pl.DataFrame([shift("a", 0, 60)]), **WINDOW
    )
    assert rows.rows()[1] == (None, None, None, None, 1200.0, 2, 0)
    result = sq.evaluate(rows, [sq.concurrency(), sq.occupancy(), sq.utilisation()])
    assert result.select("n", "n_missing").rows() == [(1, 1)] * 3


def test_an_agent_without_a_stretch_has_unknown_time_and_not_none() -> None:
    contacts = [chat("a", 0, 10), chat("b", 0, 10), chat("a", 24 * 60, 3)]
    rows = sq.presence(
        contacts, pl.DataFrame([shift("a", 0, 60), shift("c", 0, 60)]), every="1d", since=SINCE, until=SINCE + 3 * DAY
    )
    assert rows.select("agent_id", "paid_seconds", "busy_seconds").rows() == [
        ("a", 3600.0, 600.0), ("a", None, 180.0), ("a", 0.0, 0.0),
        ("b", None, 600.0), ("b", 0.0, 0.0), ("b", 0.0, 0.0),
        ("c", 3600.0, 0.0), ("c", 0.0, 0.0), ("c", 0.0, 0.0),
    ]  # fmt: skip
    row = sq.evaluate(rows, sq.occupancy()).row(0, named=True)
    assert (row["n"], row["n_missing"], row["n_excluded"]) == (2, 2, 5)
    assert row["value"] == 600 / 6480


def test_columns_that_agent_time_lacks_are_null() -> None:
    rows = sq.presence(
        [chat("a", 0, 10)], pl.DataFrame([shift("a", 0, 60)]).drop("available_seconds"), available=None, **WINDOW
    )
    assert rows.select(FIGURES[:3]).row(0) == (3600.0, None, 600.0)
    stated = pl.DataFrame([shift("a", 0, 60), shift("a", 60, 60, paid_seconds=None)])
    assert sq.presence(None, stated, **WINDOW).select(FIGURES[:3]).row(0) == (None, 6480.0, 3600.0)


def test_agents_that_exist_have_their_rows() -> None:
    rows = sq.presence([chat("b", 0, 10)], keys=["a", "b"], **WINDOW)
    assert rows.select("agent_id", "busy_seconds", "contacts").rows() == [("a", 0.0, 0), ("b", 600.0, 1)]
    both = {"agent_id": ["a"], "queue": ["phone"]}
    rows = sq.presence([chat("b", 0, 10, queue="chat")], by="queue", keys=both, **WINDOW)
    assert rows.select("agent_id", "queue").rows() == [("a", "phone"), ("b", "chat")]
    assert sq.presence([chat("b", -99, 10)], **WINDOW).is_empty()


def test_chats_at_once_and_not_chats_next_to_a_call() -> None:
    contacts = [chat("a", 0, 10, queue="chat"), chat("a", 0, 10, queue="phone"), chat("a", 5, 10, queue="chat")]
    rows = sq.presence(contacts, by=["queue"], **WINDOW)
    assert rows.select("queue", "busy_seconds").rows() == [("chat", 900.0), ("phone", 600.0)]


def test_lazy_stays_lazy_and_knows_its_columns() -> None:
    contacts, time = pl.DataFrame([chat("a", 0, 10)]), pl.DataFrame([shift("a", 0, 60)])
    lazy = sq.presence(contacts.lazy(), time, every="1w", **WINDOW)
    assert isinstance(lazy, pl.LazyFrame)
    assert lazy.collect_schema() == lazy.collect().schema
    assert_frame_equal(lazy.collect(), sq.presence(contacts, time, every="1w", **WINDOW))
    records = sq.Records(contacts=contacts.with_columns(contact_id=pl.lit("1")), agent_time=time)
    assert_frame_equal(sq.presence(records, every="1w", **WINDOW).collect(), lazy.collect())
    alone = sq.presence(sq.Records(agent_time=time), every="1w", **WINDOW)
    assert_frame_equal(alone.collect(), sq.presence(None, time, every="1w", **WINDOW))
    assert (
        sq.presence(contacts.clear(), every="1w", **WINDOW).schema == sq.presence(contacts, every="1w", **WINDOW).schema
    )


def test_agents_are_the_same_in_texts_of_two_types_and_in_whole_numbers() -> None:
    contacts, time = pl.DataFrame([chat("a", 0, 10)]), pl.DataFrame([shift("a", 0, 60)])
    rows = sq.presence(contacts.with_columns(pl.col("agent_id").cast(pl.Categorical)), time, **WINDOW)
    assert rows.select("agent_id", "paid_seconds", "busy_seconds").rows() == [("a", 3600.0, 600.0)]
    numbered = [
        frame.with_columns(agent_id=pl.lit(7, dtype)) for frame, dtype in ((contacts, pl.Int32), (time, pl.UInt8))
    ]
    assert sq.presence(*numbered, **WINDOW)["agent_id"].to_list() == [7]
    with pytest.raises(
        InputError, match="column 'agent_id' holds String in contacts and UInt8 in agent time; cast one"
    ):
        sq.presence(contacts, numbered[1], **WINDOW)


@pytest.mark.parametrize(
    ("change", "options", "error", "message"),
    [
        ({}, {"until": SINCE}, ParameterError, "since must lie before until, got 2026-03-02 00:00:00"),
        ({}, {"since": SINCE.replace(tzinfo=None)}, ParameterError, "since must be a datetime with a time zone"),
        ({}, {"every": "fortnight"}, ParameterError, "every must be a whole number and m, h, d, w, mo, q or y"),
        ({}, {"timezone": "Mars"}, ParameterError, "Mars"),
        ({}, {"by": "agent_id"}, ParameterError, "by names 'agent_id', which is the agent's column"),
        ({"contacts": [1]}, {"by": "contacts"}, ParameterError, "a key is called 'contacts', as a column of the answer"),
        ({}, {"by": "queue"}, InputError, "presence: contacts: no column 'queue'; the frame has"),
        ({}, {"keys": ["a", None]}, InputError, "keys has an agent without a name"),
        ({}, {"keys": {"agent_id": ["a"], "x": [1]}, "by": "at"}, InputError, "keys: no column 'at'"),
        ({"at": [SINCE.replace(tzinfo=None)]}, {}, InputError, "column 'at' holds .*, expected zone-aware instants"),
        ({"at": [None]}, {}, InputError, "1 row answered at no known instant: column .*'at' such as None"),
        ({"talk_seconds": [-1.0]}, {}, InputError, "1 row outside numbers of at least 0: column 'talk_seconds' such as -1"),
        ({"wait_seconds": [1e15]}, {}, InputError, r"1 row of more than 3e\+11 seconds: column 'wait_seconds' such as 10000"),
        ({"outcome": ["HANG"]}, {}, InputError, "outside 'answered' or 'abandoned' or 'waiting': column 'outcome' such"),
        ({"agent_id": [["a"]]}, {}, InputError, r"column 'agent_id' holds List\(String\), which is no key"),
        ({}, {"talk": "length"}, InputError, "presence: contacts: no column 'length'"),
    ],
)  # fmt: skip
def test_refusals(change: dict[str, Any], options: dict[str, Any], error: type[Exception], message: str) -> None:
    frame = pl.DataFrame([chat("a", 0, 10)]).with_columns(
        **{name: pl.Series(values) for name, values in change.items()}
    )
    with pytest.raises(error, match=message):
        sq.presence(frame, **WINDOW | options)


def test_refusals_of_agent_time() -> None:
    for second, shown in ((30, "'2026-03-02T00:30"), (0, "'2026-03-02T00:00")):
        time = pl.DataFrame([shift("a", 0, 60), shift("b", 0, 60), shift("a", second, 60), shift("a", 120, 60)])
        with pytest.raises(
            InputError, match=f"1 of 4 stretches begin before .* 'at' such as {shown}.* of 'agent_id' 'a'"
        ):
            sq.presence(None, time, **WINDOW)
    with pytest.raises(InputError, match="outside numbers of at least 0: column 'paid_seconds' such as -60"):
        sq.presence(None, pl.DataFrame([shift("a", 0, 60, paid_seconds=-60.0)]), **WINDOW)
    with pytest.raises(InputError, match="1 row at no known instant: column 'at' such as None"):
        sq.presence(None, pl.DataFrame([shift("a", 0, 60), shift("a", 0, 60, at=None)]), **WINDOW)
    with pytest.raises(InputError, match="1 row of no agent: column 'agent_id' such as None"):
        sq.presence(None, pl.DataFrame([shift("a", 0, 60), shift(None, 0, 60)]), **WINDOW)
    with pytest.raises(ParameterError, match="agent_time has neither paid nor available time: name a column of it"):
        sq.presence([chat("a", 0, 1)], pl.DataFrame([shift("a", 0, 60)]), paid=None, available=None, **WINDOW)
    with pytest.raises(
        InputError, match=r"by names 'queue', which agent_time does not have .*; join it to agent_time, or"
    ):
        sq.presence([chat("a", 0, 1, queue="chat")], pl.DataFrame([shift("a", 0, 60)]), by="queue", **WINDOW)
    for nothing in (None, sq.Records()):
        with pytest.raises(InputError, match="expected contacts or agent time; got neither: say Records"):
            sq.presence(nothing, **WINDOW)


def test_an_objective_of_occupancy_by_week_in_a_scorecard() -> None:
    desk, truth = service_desk_with_truth(1_500, seed=3)
    since = truth.as_of - 56 * DAY
    rows = sq.presence(desk, since=since, until=truth.as_of, every="1w", timezone="Europe/Berlin", wrap="wrap_seconds")
    card = sq.Scorecard([sq.Objective(sq.occupancy(), at_most=0.85)], period="week")
    weeks = card.evaluate(
        {"agent period": rows}, at={"agent period": "period"}, as_of=truth.as_of, timezone="Europe/Berlin"
    ).collect()
    assert weeks.height == 8
    assert weeks["verdict"].is_in(["met", "undecided", "too_few"]).all()
    plain = rows.collect().group_by("period").agg(pl.col("busy_seconds").sum() / pl.col("available_seconds").sum())
    assert weeks.sort("period")["value"].to_list() == pytest.approx(plain.sort("period")["busy_seconds"].to_list())
