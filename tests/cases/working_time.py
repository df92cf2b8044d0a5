"""The cases of `working_time.json`: names translated, nothing computed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from servicequality.worktime import Schedule


def schedule_of(case: Mapping[str, Any]) -> Schedule:
    """The schedule that a case describes."""
    return Schedule(
        week=case["weekly"],
        timezone=case["timezone"],
        holidays=case["holidays"],
        exceptions=case.get("exceptions", {}),
        breaks=case.get("breaks", {}),
    )


def run(case: dict[str, Any]) -> float | str | None:
    """The answer as `expected` is written: signed seconds, or an instant on the schedule's wall clock."""
    schedule = schedule_of(case)
    start = datetime.fromisoformat(case["start"])
    match case["op"]:
        case "between":
            return schedule.between(start, datetime.fromisoformat(case["end"]))
        case "add":
            instant = schedule.add(start, case["seconds"])
        case "next_open":
            instant = schedule.next_open(start)
        case "prev_close":
            instant = schedule.prev_close(start)
        case unknown:
            raise LookupError(f"no adapter knows the operation {unknown!r}")
    return instant and instant.astimezone(ZoneInfo(case["timezone"])).isoformat()
