"""From the cases on episodes to public calls: names are translated, and each flag is its metric over that one episode."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import polars as pl

import servicequality as sq


def records_of(ticket_id: str, events: Sequence[Mapping[str, Any]], agents: Sequence[Mapping[str, Any]]) -> sq.Records:
    ticket: dict[str, Any] = {"ticket_id": ticket_id, "excluded": None}
    tables: dict[str, list[dict[str, Any]]] = {"responses": [], "changes": [], "answers": []}
    for event in events:
        row = {"ticket_id": ticket_id, "at": datetime.fromisoformat(event["at"])}
        who = {"actor": event.get("actor"), "actor_id": event.get("agent")}
        match event["kind"]:
            case "created":
                ticket |= {"created_at": row["at"], "opened_by": event["by"]}
            case "message":
                author = {"author": event["by"], "author_id": event.get("agent"), "public": event["public"]}
                marks = {"automated": event.get("automated", False), "opening": event.get("opening", False)}
                tables["responses"].append(row | author | marks)
            case "status":
                tables["changes"].append(row | who | {"field": "status", "value": event["to"]})
            case "handoff":
                tables["changes"].append(row | who | {"field": "handoff", "value": event["reason"]})
            case "excluded":
                ticket["excluded"] = event["reason"]
            case "rating":
                given = {"respondent_id": "customer", "question": "csat", "score": event["value"]}
                tables["answers"].append({"ticket_id": ticket_id, "answered_at": row["at"]} | given)
            case field:  # what the customer says
                value = str(event.get("value", True)).lower()
                tables["changes"].append(row | who | {"field": field, "value": value})
    listed = [
        agent | {name: datetime.fromisoformat(agent[name]) for name in ("valid_from", "valid_to") if agent.get(name)}
        for agent in agents
    ]
    filled = {name: pl.DataFrame(rows, infer_schema_length=None) for name, rows in tables.items() if rows}
    empty: dict[str, Any] = {"responses": [], "changes": []}
    return sq.Records(tickets=[ticket], **empty | filled | ({"agents": listed} if listed else {}))


def flag(metric: sq.Metric, row: pl.DataFrame) -> object:
    """The metric over one episode, as the cases write it."""
    estimate = metric.estimate(row)
    if estimate.n_pending:
        return "pending"
    return None if estimate.value is None else bool(estimate.value)


def episodes(
    ticket_id: str,
    events: Sequence[Mapping[str, Any]],
    agents: Sequence[Mapping[str, Any]],
    as_of: str,
    options: Mapping[str, Any],
) -> Mapping[str, Any]:
    rows = sq.episodes(records_of(ticket_id, events, agents), as_of=datetime.fromisoformat(as_of)).collect()
    quiet, window = options["quiet_seconds"], options["window_seconds"]
    flags = {
        "involved": sq.involvement_rate(),
        "contained": sq.containment_rate(),
        "autonomous_required": sq.autonomous_resolution_rate(confirmed="required"),
        "autonomous_assumed": sq.autonomous_resolution_rate(confirmed="assumed", quiet=quiet),
        "durable": sq.durable_resolution_rate(confirmed="assumed", quiet=quiet, window=window),
        "handed_off": sq.handoff_rate(reasons=options["excluded_reasons"]),
        "assisted": sq.assisted_rate(),
        "false_containment": sq.false_containment_rate(window=window),
    }
    at = [name for name in rows.columns if name.endswith("_at")]
    shown = rows.with_columns(pl.col(at).dt.strftime("%Y-%m-%dT%H:%M:%S%:z"))
    return {
        "episodes": [
            row | {name: flag(metric, rows[place]) for name, metric in flags.items()}
            for place, row in enumerate(shown.iter_rows(named=True))
        ]
    }


ADAPTERS = {"episodes": episodes}
