"""Episodes for the tests of automation: by hand, by chance, and read one by one in plain Python. Lives here: no test."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from servicequality import Metric

DAY, WEEK = 86_400.0, 7 * 86_400.0
START = datetime(2026, 3, 2, tzinfo=UTC)
Row = dict[str, Any]
SCHEMA = {
    "eligible": pl.Boolean, "observed": pl.Boolean, "bot_replies": pl.Int64, "human_replies": pl.Int64,
    "handoff_observed": pl.Boolean, "handoff_reason": pl.String, "human_after_bot": pl.Boolean, "ended_by": pl.String,
    "confirmed": pl.Boolean, "requested_human": pl.Boolean, "human_request_seconds": pl.Float64,
    "return_seconds": pl.Float64, "return_observed": pl.Boolean, "ended_age_seconds": pl.Float64,
    "ended_at": pl.Datetime("us", "UTC"), "next_contact_at": pl.Datetime("us", "UTC"), "verified": pl.Boolean,
    "cost": pl.Float64, "category": pl.String,
}  # fmt: skip


def episode(**given: Any) -> Row:
    """An episode that a bot answered and that ended long ago in silence, but for what is given."""
    row = {
        "eligible": True, "observed": True, "bot_replies": 1, "human_replies": 0, "handoff_observed": False,
        "handoff_reason": None, "human_after_bot": False, "ended_by": "bot", "confirmed": None, "requested_human": False,
        "human_request_seconds": None, "return_seconds": 30 * DAY, "return_observed": False,
        "ended_age_seconds": 30 * DAY, "ended_at": START, "next_contact_at": None, "verified": True, "cost": 1.0,
        "category": "a",
    } | given  # fmt: skip
    if not row["observed"]:
        later = (
            "return_seconds",
            "return_observed",
            "ended_age_seconds",
            "human_request_seconds",
            "ended_at",
            "ended_by",
        )
        row |= dict.fromkeys(later)
    return row


def young(seconds: float, **given: Any) -> Row:
    return episode(ended_age_seconds=seconds, return_seconds=seconds, **given)


def returned(seconds: float, **given: Any) -> Row:
    return episode(return_seconds=seconds, return_observed=True, **given)


def frame(*rows: Row) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=SCHEMA)


def drawn(n: int, seed: int) -> list[Row]:
    """Episodes of every kind, by chance."""
    chance = np.random.default_rng(seed)
    rows = []
    for _ in range(n):
        age = float(chance.integers(0, 12)) * DAY
        back = bool(chance.random() < 0.4)
        asked = bool(chance.random() < 0.2)
        handed = bool(chance.random() < 0.3)
        people = int(chance.integers(0, 2)) * int(chance.integers(1, 3))
        rows.append(
            episode(
                eligible=bool(chance.random() < 0.9),
                observed=bool(chance.random() < 0.8),
                bot_replies=int(chance.integers(0, 3)),
                human_replies=people,
                handoff_observed=handed,
                handoff_reason=str(chance.choice(["Limit", "asked"])) if handed and chance.random() < 0.8 else None,
                human_after_bot=people > 0 and bool(chance.random() < 0.7),
                ended_by=[None, "bot", "human", "system", "customer"][int(chance.integers(5))],
                confirmed=[None, None, True, False][int(chance.integers(4))],
                requested_human=asked,
                human_request_seconds=float(chance.integers(0, 3)) * DAY if asked else None,
                return_seconds=min(float(chance.integers(0, 9)) * DAY, age) if back else age,
                return_observed=back,
                ended_age_seconds=age,
                next_contact_at=START + timedelta(days=int(chance.integers(-1, 9))) if chance.random() < 0.3 else None,
                verified=[True, True, False, None][int(chance.integers(4))],
                category=str(chance.choice(["a", "b"])),
            )
        )
    return rows


# One plain reading of an episode: true, false, "pending", or None where it stands in no denominator.


def told(row: Row, of: Callable[[Row], bool], hit: Callable[[Row], bool], age: float = 0.0) -> object:
    if not row["eligible"]:
        return None
    if not row["observed"]:
        return "pending"
    if not of(row):
        return None
    return hit(row) if row["ended_age_seconds"] >= age else "pending"


def has_bot(row: Row) -> bool:
    return row["bot_replies"] > 0 or row["handoff_observed"]


def contained(row: Row) -> bool:
    return has_bot(row) and row["human_replies"] == 0


def back_within(row: Row, window: float) -> bool:
    return row["return_observed"] and 0 < row["return_seconds"] <= window


def alone(row: Row) -> bool:
    helped = row["handoff_observed"] or row["human_replies"] > 0 or row["ended_by"] == "human"
    return row["bot_replies"] > 0 and not helped


def silent(row: Row, quiet: float) -> bool:
    against = row["confirmed"] is False or (row["requested_human"] and row["confirmed"] is not True)
    return not back_within(row, quiet) and not against


def required(row: Row) -> bool:
    return alone(row) and row["confirmed"] is True


def assumed(row: Row, quiet: float = DAY) -> bool:
    return alone(row) and silent(row, quiet)


def contacted(row: Row) -> bool:
    at = row["next_contact_at"]
    return at is not None and timedelta() < at - row["ended_at"] <= timedelta(days=7)


def everybody(_row: Row) -> bool:
    return True


def false_containment(row: Row) -> bool:
    asked = row["human_request_seconds"]
    return back_within(row, WEEK) or (asked is not None and asked <= WEEK)


def flag(metric: Metric, row: Row) -> object:
    estimate = metric.estimate(frame(row))
    if estimate.n_pending:
        return "pending"
    return None if estimate.value is None else bool(estimate.value)
