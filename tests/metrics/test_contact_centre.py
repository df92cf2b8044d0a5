"""Calls and chats: every way to count beside plain Python, golden contacts at the limits, a bank's published calls."""

import gzip
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from scipy.stats import t as student

from metrics.oracle import Oracle, Row, agrees, mean, share, value
from servicequality import (
    Records,
    abandonment_rate,
    average_handle_time,
    average_speed_of_answer,
    average_talk_time,
    concurrency,
    contact_rate,
    contact_wait_time,
    cost_per_ticket,
    evaluate,
    occupancy,
    presence,
    response_time,
    service_level,
    utilisation,
)
from servicequality.core import Metric
from servicequality.datasets import service_desk_with_truth
from servicequality.errors import InputError, ParameterError

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)


def waits_past(row: Row, seconds: float) -> bool:
    return row["outcome"] == "waiting" and row["wait_seconds"] is not None and row["wait_seconds"] > seconds


def timed(row: Row, *ends: str) -> bool:
    return row["outcome"] in ends and row["wait_seconds"] is not None


def in_time(row: Row) -> bool:
    return row["outcome"] == "answered" and row["wait_seconds"] <= 20


ORACLES: list[tuple[Metric, Oracle]] = [
    (service_level(abandoned="exclude"), lambda rows: share(in_time(r) for r in rows if timed(r, "answered"))),
    (
        service_level(abandoned="missed"),
        lambda rows: share(
            in_time(r) for r in rows if timed(r, "answered") or r["outcome"] == "abandoned" or waits_past(r, 20)
        ),
    ),
    (
        service_level(abandoned="short_excluded", short=60.0),
        lambda rows: share(
            in_time(r)
            for r in rows
            if timed(r, "answered") or (timed(r, "abandoned") and r["wait_seconds"] > 60) or waits_past(r, 60)
        ),
    ),
    (
        average_speed_of_answer(),
        lambda rows: mean([r["wait_seconds"] for r in rows if timed(r, "answered")]),
    ),
    (
        average_speed_of_answer(queued_only=True),
        lambda rows: mean([r["wait_seconds"] for r in rows if timed(r, "answered") and r["wait_seconds"] > 0]),
    ),
    (
        abandonment_rate(),
        lambda rows: share(r["outcome"] == "abandoned" for r in rows if r["outcome"] in ("answered", "abandoned")),
    ),
    (
        abandonment_rate(short_abandoned="excluded"),
        lambda rows: share(
            r["outcome"] == "abandoned"
            for r in rows
            if r["outcome"] == "answered" or (timed(r, "abandoned") and r["wait_seconds"] > 5)
        ),
    ),
    (
        abandonment_rate(short_abandoned="offered_only"),
        lambda rows: share(
            r["outcome"] == "abandoned" and r["wait_seconds"] > 5
            for r in rows
            if r["outcome"] == "answered" or timed(r, "abandoned")
        ),
    ),
    (
        average_talk_time(),
        lambda rows: mean(
            [r["talk_seconds"] for r in rows if r["outcome"] == "answered" and r["talk_seconds"] is not None]
        ),
    ),
    (
        average_handle_time(),
        lambda rows: mean(
            [
                r["talk_seconds"] + r["wrap_seconds"]
                for r in rows
                if r["outcome"] == "answered" and None not in (r["talk_seconds"], r["wrap_seconds"])
            ]
        ),
    ),
    (concurrency(), lambda rows: quotient(rows, "handled_seconds", "busy_seconds")),
    (occupancy(), lambda rows: quotient(rows, "busy_seconds", "available_seconds")),
    (contact_rate(), lambda rows: quotient(rows, "contacts", "customers")),
    (cost_per_ticket(), lambda rows: quotient(rows, "cost", "tickets")),
]


def quotient(rows: list[Row], above: str, below: str) -> float | None:
    pairs = [(r[above], r[below]) for r in rows if None not in (r[above], r[below])]
    total = sum(pair[1] for pair in pairs)
    return sum(pair[0] for pair in pairs) / total if total else None


@pytest.mark.parametrize(("metric", "oracle"), ORACLES, ids=lambda case: getattr(case, "name", ""))
def test_oracle(metric: Metric, oracle: Oracle) -> None:
    agrees(metric, oracle)


GOLDEN = {
    "outcome": ["answered", "answered", "answered", "abandoned", "abandoned", "abandoned", "waiting", "waiting", None],
    "wait_seconds": [0.0, 20.0, 20.001, 5.0, 5.001, 90.0, 20.0, 21.0, 3.0],
}


def figures(metric: Metric) -> tuple[float, int, int, int]:
    row = evaluate(pl.DataFrame(GOLDEN), metric).row(0, named=True)
    return row["value"], row["n"], row["n_pending"], row["n_missing"]


def test_an_answer_at_the_limit_is_in_time_and_a_short_abandon_is_at_most_as_long_as_said() -> None:
    assert figures(service_level(abandoned="exclude")) == (2 / 3, 3, 2, 1)
    assert figures(service_level(abandoned="missed")) == (2 / 7, 7, 1, 1)
    assert figures(service_level(abandoned="short_excluded")) == (2 / 6, 6, 1, 1)
    # Who has waited for 21 s may still give up within 30 s, and would then be left out.
    assert figures(service_level(abandoned="short_excluded", short=30.0)) == (2 / 4, 4, 2, 1)
    assert figures(abandonment_rate()) == (3 / 6, 6, 2, 1)
    assert figures(abandonment_rate(short_abandoned="excluded")) == (2 / 5, 5, 2, 1)
    assert figures(abandonment_rate(short_abandoned="offered_only")) == (2 / 6, 6, 2, 1)


def test_names_say_which_way_was_counted() -> None:
    names = [service_level(abandoned="missed", limit=30.0).name, average_speed_of_answer(queued_only=True).name]
    assert names == ["service_level_missed_limit_30", "average_speed_of_answer_queued_only"]
    assert abandonment_rate(short_abandoned="excluded", short=20.0).name == "abandonment_rate_excluded_short_20"


def test_the_way_must_be_said() -> None:
    with pytest.raises(ParameterError, match="service_level: missing a required argument: 'abandoned'"):
        service_level()  # type: ignore[call-arg]
    with pytest.raises(
        ParameterError, match="abandoned must be one of 'exclude', 'missed', 'short_excluded'; got 'met'"
    ):
        service_level(abandoned="met")  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="short_abandoned must be one of 'counted', 'excluded', 'offered_only'"):
        abandonment_rate(short_abandoned="missed")  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="limit is a number of seconds, 0 or more; got -1"):
        service_level(abandoned="missed", limit=-1)


def test_rows_that_cannot_be() -> None:
    with pytest.raises(
        InputError, match=r"1 row outside 'answered' or 'abandoned' or 'waiting': column 'outcome' such"
    ):
        value(abandonment_rate(), outcome=["answered", "HANG"], wait_seconds=[1.0, 2.0])
    with pytest.raises(InputError, match=r"1 row outside numbers of at least 0: column 'wait_seconds' such as -3\.0"):
        value(average_speed_of_answer(), outcome=["answered"] * 2, wait_seconds=[1.0, -3.0])
    with pytest.raises(
        InputError, match=r"1 row busy for longer than available: column .*'busy_seconds' such as 61\.0"
    ):
        value(occupancy(), busy_seconds=[61.0, 3.0], available_seconds=[60.0, 3.0])


# Conversations at once


def test_an_agent_is_not_busy_for_longer_than_its_conversations_add_up_to() -> None:
    assert value(concurrency(), handled_seconds=[20.0, 30.0, None], busy_seconds=[15.0, 30.0, 9.0]) == 50 / 45
    with pytest.raises(InputError, match=r"1 row handled for shorter than busy: column 'handled_seconds' such as 9\.0"):
        value(concurrency(), handled_seconds=[9.0], busy_seconds=[10.0])
    with pytest.raises(InputError, match=r"1 row handled in no busy time: column 'handled_seconds' such as 9\.0"):
        value(concurrency(), handled_seconds=[9.0], busy_seconds=[0.0])


def test_rows_without_time_are_left_out() -> None:
    shifts = {
        "busy_seconds": [0.0, 5.0, 6.0],
        "available_seconds": [0.0, 10.0, 10.0],
        "handled_seconds": [0.0, 5.0, 9.0],
    }
    rows = evaluate(pl.DataFrame(shifts), [concurrency(), occupancy(), utilisation(paid="available_seconds")])
    assert rows.select("value", "n", "n_excluded").rows() == [(14 / 11, 2, 1), (11 / 20, 2, 1), (11 / 20, 2, 1)]
    nothing = evaluate(pl.DataFrame(shifts).head(1), concurrency()).row(0, named=True)
    assert (nothing["value"], nothing["reason"]) == (None, "no conversation of known length")


def test_the_limits_of_concurrency_are_students_over_agents() -> None:
    """The quotient of two sums over agents, linearised by hand; one conversation at a time is the least."""
    rng = random.Random(4)
    rows = [
        {
            "agent_id": f"a{rng.randrange(6)}", "channel": rng.choice(["chat", "mail"]), "outcome": "answered",
            "at": NINE + timedelta(seconds=rng.randrange(20_000)), "wait_seconds": float(rng.randrange(60)),
            "talk_seconds": float(rng.randrange(900)),
        }
        for _ in range(300)
    ]  # fmt: skip
    result = evaluate(
        presence(rows, since=NINE, until=NINE + timedelta(days=1), by="channel"), concurrency(), by="channel", level=0.9
    )
    for row in result.iter_rows(named=True):
        pairs = []
        for agent in range(6):
            spans = [
                (begin, begin + round(one["talk_seconds"]))
                for one in rows
                if (one["agent_id"], one["channel"]) == (f"a{agent}", row["channel"])
                for begin in [round((one["at"] - NINE).total_seconds() + one["wait_seconds"])]
            ]
            covered = {second for begin, end in spans for second in range(begin, end)}
            pairs.append((sum(end - begin for begin, end in spans), len(covered)))
        m, held, busy = len(pairs), sum(one for one, _ in pairs), sum(one for _, one in pairs)
        ratio = held / busy
        se = (m / (m - 1) * sum((one - ratio * other) ** 2 for one, other in pairs)) ** 0.5 / busy
        width = se * student.ppf(0.95, m - 1)
        expected = [ratio, max(ratio - width, 1), ratio + width, se, m]
        assert [row[name] for name in ("value", "low", "high", "se", "n")] == pytest.approx(expected)


def test_the_desk_has_the_figures_that_it_had_when_concurrency_was_a_table() -> None:
    desk, truth = service_desk_with_truth(4_000, seed=11)
    window = {"since": datetime(2023, 1, 1, tzinfo=UTC), "until": truth.as_of}
    names = ["value", "low", "high", "se"]
    chats = evaluate(presence(desk.contacts, by="channel", **window), concurrency(), by="channel").collect()
    figures = (1.176117498938278, 1.111159543923815, 1.241075453952741, 0.00511230193147503)
    assert chats.row(0, named=True)["n"] == 2
    assert chats.select(names).row(0) == pytest.approx(figures)
    figures = (1.1009140941636304, 1.0, 1.2232179036623811, 0.044050505183691684)
    everybody = evaluate(presence(desk.contacts, **window), concurrency()).collect()
    assert everybody.select(names).row(0) == pytest.approx(figures)
    # Agents of calls do not differ: that is no reason for limits without width.
    assert chats.select(names[:3]).row(1) == (1.0, None, None)


# A bank's calls


@pytest.fixture(scope="module")
def calls(data_dir: Path) -> pl.LazyFrame:
    """Two weeks of calls to a bank (Guedj & Mandelbaum, Technion) as contacts; phantoms have no known outcome."""
    with gzip.open(data_dir / "bank_calls_1999-02-01_14.tsv.gz") as file:
        raw = pl.read_csv(file.read(), separator="\t", infer_schema=False)
    ends = {"AGENT": "answered", "HANG": "abandoned"}
    talk = pl.col("ser_time").cast(pl.Float64)
    contacts = Records(
        contacts=raw.with_row_index().select(
            contact_id=pl.col("index").cast(pl.String),
            at=("19" + pl.col("date") + " " + pl.col("vru_exit")).str.to_datetime("%Y%m%d %H:%M:%S"),
            outcome=pl.col("outcome").replace_strict(ends, default=None),
            wait_seconds=pl.col("q_time").cast(pl.Float64),
            talk_seconds=pl.when(talk > 0).then(talk),
            queue="type",
        ),
        timezone="Asia/Jerusalem",
    ).contacts
    assert contacts is not None
    return contacts


def test_quantiles_of_talk_and_handle_times_are_those_of_the_answered_contacts() -> None:
    rows = {
        "outcome": ["answered"] * 5 + ["abandoned", "answered"],
        "talk_seconds": [10.0, 20.0, 30.0, 40.0, 500.0, 7.0, None],
        "wrap_seconds": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0],
    }
    talk, handle = (metric(statistic="median") for metric in (average_talk_time, average_handle_time))
    assert (talk.estimate(rows).value, handle.estimate(rows).value) == (30, 33)
    assert average_talk_time(statistic=0.75).estimate(rows).value == 40
    counts = talk.estimate(rows)
    assert (counts.n, counts.n_excluded, counts.n_missing) == (5, 1, 1)
    assert talk.name == "average_talk_time_median"
    with pytest.raises(ParameterError, match="statistic must be one of 'median', 'p75'"):
        average_talk_time(statistic="max")  # type: ignore[arg-type]


@pytest.mark.parametrize("options", [{}, {"statistic": "p75"}, {"limit": 60.0}, {"horizon": 90.0}])
def test_the_wait_of_all_that_were_offered_is_read_like_the_wait_for_a_reply(options: dict[str, float]) -> None:
    rows = pl.DataFrame(
        {
            "outcome": ["answered", "abandoned", "waiting", "answered", "answered", "abandoned", None, "answered"],
            "wait_seconds": [10.0, 15.0, 30.0, 40.0, 50.0, 70.0, 5.0, None],
        }
    )
    names = {"answered": "answered", "abandoned": "resolved", "waiting": "open"}
    replies = rows.filter(pl.col("outcome").is_not_null()).select(
        reply_wait_seconds="wait_seconds", reply_wait_end=pl.col("outcome").replace_strict(names)
    )
    ours, theirs = contact_wait_time(**options).estimate(rows), response_time(**options).estimate(replies)  # type: ignore[arg-type]
    assert (ours.value, ours.low, ours.high, ours.n) == (theirs.value, theirs.low, theirs.high, theirs.n)
    assert ours.n_missing == theirs.n_missing + 1


def test_callers_who_give_up_are_never_answered() -> None:
    rows = {"outcome": ["answered", "answered", "abandoned", "abandoned"], "wait_seconds": [10.0, 20.0, 5.0, 5.0]}
    assert contact_wait_time().estimate(rows).value == 20
    assert contact_wait_time(statistic="p75").estimate(rows).value is None
    assert contact_wait_time(limit=15.0).estimate(rows).value == 0.25


def test_the_banks_published_figures(calls: pl.LazyFrame) -> None:
    metrics = [
        abandonment_rate(),
        average_speed_of_answer(),
        average_speed_of_answer(queued_only=True),
        average_talk_time(),
        service_level(abandoned="missed"),
        service_level(abandoned="short_excluded", short=20.0),
        service_level(abandoned="missed", limit=60.0),
        service_level(abandoned="short_excluded", short=60.0, limit=60.0),
    ]
    result = {row["metric"]: row for row in evaluate(calls, metrics).collect().to_dicts()}
    expected = {
        "abandonment_rate": 0.167966,
        "average_speed_of_answer": 34.4053,
        "average_speed_of_answer_queued_only": 70.9432,
        "average_talk_time": 167.3324,
        "service_level_missed": 0.529255,
        "service_level_short_excluded_short_20": 0.585907,
        "service_level_missed_limit_60": 0.669555,
        "service_level_short_excluded_limit_60_short_60": 0.771720,
    }
    assert {name: row["value"] for name, row in result.items()} == pytest.approx(expected, rel=2e-6)
    assert (result["abandonment_rate"]["n"], result["average_talk_time"]["n"]) == (17_313, 14_364)
    assert result["abandonment_rate"]["n_missing"] == 143  # the phantoms


def test_the_smallest_and_the_largest_are_bounded_by_themselves_alone() -> None:
    rows = {"talk_seconds": [60.0, 30.0, 400.0, 5.0], "outcome": ["answered"] * 3 + ["abandoned"]}
    largest = average_talk_time(statistic="largest").estimate(rows)
    assert (largest.value, largest.low, largest.high, largest.n) == (400.0, 400.0, None, 3)
    smallest = average_talk_time(statistic="smallest").estimate(rows)
    assert (smallest.value, smallest.low, smallest.high) == (30.0, None, 30.0)
    with pytest.raises(ParameterError, match=r"statistic must be one of .*; got 'longest'"):
        average_talk_time(statistic="longest")  # type: ignore[arg-type]
