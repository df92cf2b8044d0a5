"""A Zendesk export as a data pipeline lands it: policies, hours and holidays read from its own tables."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from servicequality.model import Records
from servicequality.sla import Clock, Policy, Target, clocks, policy_coverage
from servicequality.worktime import ALWAYS_OPEN, Schedule

AS_OF = datetime(2021, 1, 1, tzinfo=UTC)
DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")  # minutes of a Zendesk week begin on Sunday
ZONES = {"Pacific Time (US & Canada)": "America/Los_Angeles"}
METRICS: dict[str, Clock] = {
    "first_reply_time": "first_response",
    "next_reply_time": "next_reply",
    "requester_wait_time": "requester_wait",
}


@pytest.fixture(scope="module")
def folder(data_dir: Path) -> Path:
    return data_dir / "api_samples" / "zendesk_fivetran"


def table(folder: Path, name: str, **stamps: str) -> pl.DataFrame:
    frame = pl.read_csv(folder / f"{name}_data.csv", infer_schema=False)
    return frame.with_columns(
        pl.col(given).str.to_datetime(time_unit="us", time_zone="UTC").alias(name) for name, given in stamps.items()
    )


def hours(folder: Path) -> Schedule:
    """The one schedule. The sample cuts the ids that refer to it, so they are matched by their beginning."""
    rows = table(folder, "schedule")
    week: dict[str, list[tuple[str, str]]] = {}
    for start, end in rows.select(pl.col("start_time", "end_time").cast(pl.Int64)).rows():
        day, opens = divmod(start, 1440)
        closes = end - day * 1440
        week.setdefault(DAYS[day], []).append(
            (f"{opens // 60:02}:{opens % 60:02}", f"{closes // 60:02}:{closes % 60:02}")
        )
    holidays = [
        first + timedelta(n)
        for name, start, end in table(folder, "schedule_holiday").select("schedule_id", "start_date", "end_date").rows()
        if rows["id"][0].startswith(name)
        for first, last in [(date.fromisoformat(start), date.fromisoformat(end))]
        for n in range((last - first).days + 1)
    ]
    return Schedule(week, ZONES[rows["time_zone"][0]], holidays=holidays, name=rows["name"][0])


def policies(folder: Path, schedule: Schedule) -> Iterable[Policy]:
    """Each policy in each version: an update replaces the targets that it names, and the others stay."""
    history = table(folder, "sla_policy_metric_history", since="sla_policy_updated_at").sort("since")
    for (name,), rows in history.group_by("sla_policy_id", maintain_order=True):
        starts = rows["since"].unique().sort().to_list()
        for since, until in zip(starts, [*starts[1:], None], strict=True):
            latest = rows.filter(pl.col("since") <= since).unique(
                ["metric", "priority"], keep="last", maintain_order=True
            )
            assert latest["business_hours"].n_unique() == 1
            yield Policy(
                str(name),
                [
                    Target(METRICS[metric], 60 * int(minutes), priority)
                    for metric, minutes, priority in latest.select("metric", "target", "priority").rows()
                ],
                schedule if latest["business_hours"][0] == "TRUE" else ALWAYS_OPEN,
                paused=(),
                when=pl.col("policy") == name,
                since=since,
                until=until,
            )


def export(folder: Path) -> Records:
    tickets = table(folder, "ticket", created="created_at").select(
        ticket_id="id", created_at="created", status="status", priority="priority", opened_by=pl.lit("customer")
    )
    fields = table(folder, "ticket_field_history", at="updated").select("ticket_id", "at", "value", field="field_name")
    applied = table(folder, "ticket_sla_policy", at="policy_applied_at").select(
        "ticket_id", "at", value="sla_policy_id", field=pl.lit("policy")
    )
    comments = table(folder, "ticket_comment", at="created").select(
        "ticket_id", "at", author=pl.lit("agent"), author_id="user_id", public=pl.col("public") == "TRUE"
    )
    changes = pl.concat([fields, applied.select(fields.columns)])
    return Records(tickets=tickets, responses=comments, changes=changes)


def test_hours_are_those_of_the_export(folder: Path) -> None:
    schedule = hours(folder)
    assert repr(schedule) == "Schedule('SupportCA', mon-fri 08:00-20:00, America/Los_Angeles, 3 holidays)"


def test_every_policy_of_the_export_runs(folder: Path) -> None:
    read = list(policies(folder, hours(folder)))
    assert [(policy.name, len(policy.targets)) for policy in read] == [("1001", 8), ("1001", 8), ("1002", 10)]
    coverage = policy_coverage(export(folder), read, as_of=AS_OF)
    # Two of the ten tickets were deleted; of the others five have the first policy, which is in its second version by then.
    assert coverage["tickets"][0] == 8
    assert coverage["applies"].to_list() == [0, 5, 3, 0]


def test_the_one_ticket_with_a_priority_has_clocks(folder: Path) -> None:
    got = clocks(export(folder), list(policies(folder, hours(folder))), as_of=AS_OF).collect()
    assert got["ticket_id"].unique().to_list() == ["11071"]
    first, wait = got.sort("kind").iter_rows(named=True)
    # It went from normal to urgent, and was urgent when it was solved: two hours for the reply, four for all the waiting.
    assert (first["kind"], first["priority"], first["target_seconds"], first["outcome"]) == (
        "first_response", "urgent", 7200, "missed")  # fmt: skip
    assert first["stopped_at"] == datetime(2020, 11, 14, 11, 1, 27, tzinfo=UTC)
    assert first["due_at"] == datetime(2020, 8, 28, 20, 6, 36, tzinfo=UTC)
    # Open 30 days and on hold 20, less what lies before the stamp of its creation, seven hours after its first status.
    assert (wait["kind"], wait["target_seconds"], wait["outcome"]) == ("requester_wait", 4 * 3600, "missed")
    assert wait["elapsed_seconds"] == 50 * 86_400 - (7 * 3600 + 5 * 60 + 9)
    assert wait["paused_seconds"] == 28 * 86_400


def test_the_policy_in_business_hours_on_the_same_ticket(folder: Path) -> None:
    records = export(folder)
    assert records.changes is not None
    other = pl.when(pl.col("field") == "policy").then(pl.lit("1001")).otherwise("value")
    moved = records.replace(changes=records.changes.with_columns(value=other))
    # Friday 11:06:36 in California, urgent at the end: 45 minutes by the version of June, 60 by that of January.
    for as_of, minutes in ((AS_OF, 45), (datetime(2020, 11, 10, tzinfo=UTC), 45)):
        got = clocks(moved, list(policies(folder, hours(folder))), as_of=as_of).collect().filter(kind="first_response")
        assert got["due_at"].to_list() == [datetime(2020, 8, 28, 18, 6, 36, tzinfo=UTC) + timedelta(minutes=minutes)]
    early = clocks(moved, list(policies(folder, hours(folder))), as_of=datetime(2020, 9, 5, tzinfo=UTC)).collect()
    row = early.filter(kind="first_response").row(0, named=True)
    # Normal then: six hours of working time from 11:06:36, due the same day.
    assert (row["priority"], row["target_seconds"], row["outcome"]) == ("normal", 360 * 60, "missed_open")
    assert row["due_at"] == datetime(2020, 8, 29, 0, 6, 36, tzinfo=UTC)
    spent = (8 * 3600 + 53 * 60 + 24) + 5 * 12 * 3600 - 3 * 3600
    assert row["elapsed_seconds"] == pytest.approx(spent)
