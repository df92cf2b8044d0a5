"""From the cases of staffing.json to public calls: names are translated, nothing is computed here."""

from dataclasses import asdict
from typing import Any

from servicequality.staffing import agents_needed, erlang_c


def queue(calls_per_hour: float, mean_handle_seconds: float, agents: int, target_seconds: float) -> dict[str, Any]:
    return asdict(erlang_c(calls_per_hour, mean_handle_seconds, agents, limit=target_seconds))


def needed(calls_per_hour: float, mean_handle_seconds: float, target_seconds: float, **target: Any) -> dict[str, Any]:
    return {"agents": agents_needed(calls_per_hour, mean_handle_seconds, limit=target_seconds, **target)}


ADAPTERS = {"agents_needed": needed, "erlang_c": queue}
