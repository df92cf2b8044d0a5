"""Small desks in the shapes of schemas, whose facts are known."""

import json
from pathlib import Path

import polars as pl

ZENDESK_TICKETS = {
    "tickets": [
        {
            "id": 1,
            "created_at": "2024-03-04T09:00:00Z",
            "updated_at": "2024-03-05T12:00:00Z",
            "status": "solved",
            "priority": "high",
            "requester_id": 10,
            "submitter_id": 10,
            "assignee_id": 20,
            "group_id": 7,
            "via": {"channel": "email", "source": {"rel": None}},
            "satisfaction_rating": {"score": "good"},
        },
        {
            "id": 2,
            "created_at": "2024-03-04T10:00:00Z",
            "updated_at": "2024-03-04T10:00:00Z",
            "status": "open",
            "requester_id": 11,
            "submitter_id": 20,
            "assignee_id": None,
            "group_id": None,
            "via": {"channel": "web"},
        },
    ],
    "count": 2,
}
ZENDESK_AUDITS = {
    "audits": [
        {
            "id": 100,
            "ticket_id": 1,
            "created_at": "2024-03-04T09:00:00Z",
            "author_id": 10,
            "events": [
                {"id": 1, "type": "Comment", "public": True, "body": "It is broken"},
                {"id": 2, "type": "Create", "field_name": "status", "value": "new"},
                {"id": 3, "type": "Create", "field_name": "subject", "value": "Broken"},
            ],
        },
        {
            "id": 101,
            "ticket_id": 1,
            "created_at": "2024-03-04T11:00:00Z",
            "author_id": 20,
            "events": [
                {"id": 4, "type": "Comment", "public": False, "body": "Hm"},
                {"id": 5, "type": "Change", "field_name": "status", "value": "open", "previous_value": "new"},
                {"id": 6, "type": "Change", "field_name": "group_id", "value": "7", "previous_value": None},
                {"id": 7, "type": "Notification", "body": "Dear …"},
            ],
        },
        {
            "id": 102,
            "ticket_id": 1,
            "created_at": "2024-03-04T13:00:00Z",
            "author_id": 20,
            "events": [
                {"id": 8, "type": "Comment", "public": True, "body": "Try this"},
                {"id": 9, "type": "Change", "field_name": "status", "value": "solved", "previous_value": "open"},
            ],
        },
        {
            "id": 103,
            "ticket_id": 2,
            "created_at": "2024-03-04T10:00:00Z",
            "author_id": 20,
            "events": [{"id": 10, "type": "Comment", "public": True, "body": "We called you"}],
        },
    ]
}
ZENDESK_USERS = {"users": [{"id": 10, "role": "end-user"}, {"id": 11, "role": "end-user"}, {"id": 20, "role": "agent"}]}
ZENDESK_GROUPS = {"groups": [{"id": 7, "name": "Hardware"}]}


def zendesk_pages(folder: Path) -> Path:
    """Pages of Zendesk's API: a ticket solved with a private note before the answer, and one that an agent opened."""
    for name, page in (
        ("tickets_1", ZENDESK_TICKETS),
        ("audits_1", ZENDESK_AUDITS),
        ("users", ZENDESK_USERS),
        ("groups", ZENDESK_GROUPS),
    ):
        (folder / f"{name}.json").write_text(json.dumps(page), encoding="utf-8")
    return folder


def servicenow_tables() -> dict[str, pl.DataFrame]:
    """ServiceNow's tables as the Table API gives them: empty texts for nothing, references as {link, value}."""
    reference = '{"link": "https://x/api/now/table/sys_user_group/g1", "value": "g1"}'
    return {
        "incident": pl.DataFrame(
            {
                "sys_id": ["a1", "a2"],
                "number": ["INC001", "INC002"],
                "opened_at": ["2024-03-04 09:00:00", "2024-03-04 10:00:00"],
                "resolved_at": ["2024-03-04 15:00:00", ""],
                "closed_at": ["", ""],
                "state": ["6", "3"],
                "priority": ["2", "4"],
                "assignment_group": [reference, ""],
                "caller_id": ["u1", "u1"],
                "opened_by": ["u1", "u2"],
                "made_sla": ["true", "false"],
                "reopen_count": ["0", "1"],
            }
        ),
        "sys_audit": pl.DataFrame(
            {
                "sys_id": ["h1", "h2", "h3", "h4", "h5"],
                "documentkey": ["a1", "a1", "a1", "a2", "a2"],
                "fieldname": ["state", "state", "assignment_group", "state", "short_description"],
                "oldvalue": ["1", "2", "", "1", "x"],
                "newvalue": ["2", "6", "g1", "3", "y"],
                "user": ["agent.one", "agent.one", "agent.one", "system", "agent.one"],
                "sys_created_on": ["2024-03-04 09:30:00", "2024-03-04 15:00:00", "2024-03-04 09:30:00"]
                + ["2024-03-04 11:00:00"] * 2,
                "record_checkpoint": ["1", "2", "1", "1", "2"],
            }
        ),
        "sys_journal_field": pl.DataFrame(
            {
                "sys_id": ["j1", "j2", "j3"],
                "element_id": ["a1", "a1", "a1"],
                "element": ["comments", "work_notes", "comments"],
                "sys_created_on": ["2024-03-04 09:00:00", "2024-03-04 09:40:00", "2024-03-04 10:00:00"],
                "sys_created_by": ["caller", "agent.one", "agent.one"],
            }
        ),
        "task_sla": pl.DataFrame(
            {
                "task": ["a1", "a2"],
                "has_breached": ["false", "true"],
                "planned_end_time": ["2024-03-04 17:00:00", "2024-03-04 12:00:00"],
                "stage": ["completed", "in_progress"],
            }
        ),
        "sys_user": pl.DataFrame({"sys_id": ["u1", "u2"], "user_name": ["caller", "agent.one"]}),
        "sys_user_has_role": pl.DataFrame({"user": ["u2", "u1"], "role": ["itil", "snc_external"]}),
        "sys_user_group": pl.DataFrame({"sys_id": ["g1"], "name": ["Network"]}),
    }
