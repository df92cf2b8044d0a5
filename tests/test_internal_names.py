"""No column of a user meets one that a function makes for itself, whatever it is called."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import servicequality as sq
from servicequality import comparison, control, drivers, events, sla
from servicequality.datasets import service_desk
from servicequality.errors import InputError, ParameterError

SOURCES = Path(sq.__file__).parent
NAMES = sorted(
    {word for path in SOURCES.rglob("*.py") for word in re.findall(r'"(_[a-z]\w*)"', path.read_text("utf-8"))}
)
NOW = datetime(2024, 2, 20, tzinfo=UTC)
DESK = service_desk(80, seed=5, weeks=6, as_of=NOW)
POLICY = sla.Policy("p", [sla.Target("resolution", 8 * 3600), sla.Target("first_response", 3600)])


def table(records: Any, name: str) -> pl.DataFrame:
    frame = getattr(records, name).lazy().collect()
    assert isinstance(frame, pl.DataFrame)
    return frame


FACTS = sq.facts(DESK, as_of=NOW).collect()
CLOCKS = sla.clocks(DESK, POLICY, as_of=NOW).lazy().collect()
REVIEWS = table(DESK, "reviews")
TABLES = ("tickets", "responses", "changes", "answers", "reviews", "contacts", "accounts", "incidents", "agent_time")


def extended(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(pl.lit("x").alias(word) for word in NAMES)


RECORDS = DESK.replace(**{name: extended(table(DESK, name)) for name in TABLES if getattr(DESK, name) is not None})

OF_RECORDS: dict[str, Callable[[Any], Any]] = {
    "facts": lambda records: sq.facts(records, as_of=NOW),
    "reply_waits": lambda records: sq.reply_waits(records, as_of=NOW),
    "status_spells": lambda records: sq.status_spells(records, as_of=NOW),
    "status_times": lambda records: events.status_times(records, as_of=NOW),
    "excluded_tickets": lambda records: events.excluded_tickets(records, as_of=NOW),
    "presence": lambda records: sq.presence(records, since=SINCE, until=NOW),
    "flow": lambda records: sq.flow(records, every="1w", as_of=NOW),
    "clocks": lambda records: sla.clocks(records, POLICY, as_of=NOW),
    "policy_coverage": lambda records: sla.policy_coverage(records, POLICY, as_of=NOW),
}


@pytest.mark.parametrize("name", OF_RECORDS)
def test_columns_called_like_ours_change_no_rows(name: str) -> None:
    plain, mine = (OF_RECORDS[name](records).lazy().collect() for records in (DESK, RECORDS))
    assert_frame_equal(mine.select(plain.columns), plain)
    kept = [word for word in NAMES if word in mine.columns]
    assert kept in ([], NAMES)
    assert all(mine[word].drop_nulls().unique().to_list() == ["x"] for word in kept)


SCORED = REVIEWS.select("ticket_id", "agent_id", score=0.5, critical_failed=False)
SINCE, UNTIL = datetime(2024, 1, 1, tzinfo=UTC), NOW
INCIDENTS = table(DESK, "incidents")
CONTACTS = table(DESK, "contacts")
HALF = FACTS.height // 2
WEEKS = pl.DataFrame(
    {
        "period": pl.datetime_range(SINCE, SINCE + timedelta(weeks=29), "1w", eager=True),
        "value": [float(number * 7 % 11) for number in range(30)],
        "other": [float(number * 5 % 13) for number in range(30)],
        "n": [20] * 30,
    }
)

OF_FRAMES: dict[str, tuple[pl.DataFrame, Callable[[pl.DataFrame], Any]]] = {
    "follow_ups": (FACTS, lambda rows: sq.follow_ups(rows, as_of=NOW)),
    "presence": (CONTACTS, lambda rows: sq.presence(rows, since=SINCE, until=UNTIL)),
    "review_scores": (REVIEWS, lambda rows: sq.review_scores(rows, scale=(0, 10))),
    "at_risk": (CLOCKS, lambda rows: sla.at_risk(rows, within=timedelta(hours=4))),
    "overdue": (CLOCKS, sla.overdue),
    "due_clocks": (table(DESK, "tickets"), lambda rows: sla.due_clocks(rows, as_of=NOW)),
    "oldest_open": (FACTS, lambda rows: sq.tables.oldest_open(rows, as_of=NOW)),
    "prioritise": (FACTS, lambda rows: sq.tables.prioritise(rows, table(RECORDS, "accounts"), as_of=NOW)),
    "failed_tickets": (FACTS, lambda rows: sq.tables.failed_tickets(rows, scores=SCORED)),
    "reviewed_tickets": (FACTS, lambda rows: sq.reviewed_tickets(rows, REVIEWS)),
    "cusum_chart": (WEEKS, control.cusum_chart),
    "xmr": (WEEKS, control.xmr),
    "funnel": (WEEKS.with_columns(value=pl.col("value") / 11), lambda rows: comparison.funnel(rows, by="period")),
    "link": (WEEKS, lambda rows: drivers.link(rows, "value", "other", every="1w", lags=(0, 1))),
}


@pytest.mark.parametrize("name", OF_FRAMES)
def test_columns_called_like_ours_change_no_answer(name: str) -> None:
    frame, call = OF_FRAMES[name]
    plain, mine = (call(rows).lazy().collect() for rows in (frame, extended(frame)))
    assert_frame_equal(mine.select(plain.columns), plain)
    kept = [word for word in NAMES if word in mine.columns]
    assert kept in ([], NAMES)
    assert all(mine[word].drop_nulls().unique().to_list() == ["x"] for word in kept)


RATINGS = pl.DataFrame(
    {
        "ticket_id": [number // 2 for number in range(80)],
        "reviewer_id": ["a", "b"] * 40,
        "rating": [float((number * 7 // 3) % 4) for number in range(80)],
        "team": [f"t{number // 40}" for number in range(80)],
    }
)
By = Callable[[pl.DataFrame, str], Any]
BY: dict[str, tuple[str, pl.DataFrame, str, By]] = {
    "evaluate": (
        "core",
        FACTS,
        "team",
        lambda rows, key: sq.evaluate(rows, [sq.resolution_time(statistic="median"), sq.reopen_rate()], by=key),
    ),
    "flow": ("events", FACTS, "team", lambda rows, key: sq.flow(rows, every="1w", as_of=NOW, by=key)),
    "oldest_open": ("tables", FACTS, "team", lambda rows, key: sq.tables.oldest_open(rows, as_of=NOW, by=key)),
    "volume_profile": (
        "tables",
        FACTS,
        "team",
        lambda rows, key: sq.tables.volume_profile(rows, since=SINCE, until=UNTIL, timezone="UTC", by=key),
    ),
    "failed_tickets": (
        "tables",
        FACTS,
        "team",
        lambda rows, key: sq.tables.failed_tickets(rows, scores=SCORED, by=key),
    ),
    "uptime": (
        "events",
        INCIDENTS,
        "service",
        lambda rows, key: sq.uptime(rows, since=SINCE, until=UNTIL, by=key),
    ),
    "presence": (
        "events",
        CONTACTS,
        "queue",
        lambda rows, key: sq.presence(rows, since=SINCE, until=UNTIL, by=key),
    ),
    "xmr": ("control", WEEKS.with_columns(team=pl.lit("t")), "team", lambda rows, key: control.xmr(rows, by=key)),
    "mix_and_rate": (
        "comparison",
        FACTS,
        "team",
        lambda rows, key: comparison.mix_and_rate(rows.head(HALF), rows.tail(HALF), sq.reopen_rate(), by=key),
    ),
    "mantel_haenszel": (
        "comparison",
        FACTS,
        "team",
        lambda rows, key: comparison.mantel_haenszel(rows.head(HALF), rows.tail(HALF), sq.reopen_rate(), over=key),
    ),
    "compare": (
        "comparison",
        FACTS,
        "team",
        lambda rows, key: sq.compare(rows.head(HALF), rows.tail(HALF), [sq.reopen_rate()], by=key),
    ),
}


def named_in(package: str) -> list[str]:
    """Names that the files of a package give to columns of their own."""
    places = [SOURCES / package] if package.endswith(".py") else (SOURCES / package).rglob("*.py")
    return sorted({word for path in places for word in re.findall(r'"(_[a-z]\w*)"', path.read_text("utf-8"))})


@pytest.mark.parametrize("name", BY)
def test_keys_called_like_our_columns_group_the_same(name: str) -> None:
    package, frame, key, call = BY[name]
    plain = call(frame, key).lazy().collect()
    for word in (*named_in(package), "^k$", "*"):
        mine = call(frame.rename({key: word}), word).lazy().collect()
        assert_frame_equal(mine.rename({word: key}, strict=False), plain)


def test_columns_of_a_role_may_be_called_like_ours() -> None:
    plain = sq.cohen_kappa().estimate(RATINGS)
    assert plain.value is not None
    for word in (*named_in("shapes"), "group", "item", "^k$", "*"):
        assert sq.cohen_kappa(item=word).estimate(RATINGS.rename({"ticket_id": word})) == plain
    open_now = sq.tables.oldest_open(FACTS, as_of=NOW, top=5)
    for word in (*named_in("tables"), "^k$", "*"):
        mine = sq.tables.oldest_open(FACTS.rename({"created_at": word}), created=word, as_of=NOW, top=5)
        assert_frame_equal(mine.rename({word: "created_at"}, strict=False), open_now)


def test_a_name_may_stand_in_two_frames() -> None:
    plain = sq.tables.failed_tickets(FACTS, scores=SCORED)
    for word in ("_id", "^k$"):
        tickets, scores = (frame.rename({"ticket_id": word}) for frame in (FACTS, SCORED))
        assert_frame_equal(sq.tables.failed_tickets(tickets, word, scores=scores), plain)
        assert_frame_equal(sq.tables.failed_tickets(tickets, word, scores=scores.lazy()), plain)


def test_a_column_called_like_one_of_the_answer_is_refused() -> None:
    for name in ("n_excluded", "rank"):
        with pytest.raises(ParameterError, match=f"the answer has a column '{name}' of its own; rename the frame's"):
            sq.tables.oldest_open(FACTS.rename({"ticket_id": name}), as_of=NOW, ticket=name)


def test_errors_name_the_column_as_it_is_called() -> None:
    rows = RATINGS.with_columns(pl.lit("x").alias("_a"))
    with pytest.raises(InputError, match="column '_a' holds texts"):
        sq.icc(rating="_a").estimate(rows)
