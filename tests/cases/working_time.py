"""The cases of `working_time.json`: names translated, nothing computed."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from servicequality.worktime import Schedule


def run(case: dict[str, Any]) -> float | str | None:
    """The answer as `expected` is written: signed seconds, or an instant on the schedule's wall clock."""
    schedule = Schedule(
        week=case["weekly"],
        timezone=case["timezone"],
        holidays=case["holidays"],
        exceptions=case.get("exceptions", {}),
        breaks=case.get("breaks", {}),
    )
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
