"""What clocks refuse, what they say of little, and the rules that a random history seldom meets."""

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from servicequality.errors import InputError, ParameterError
from servicequality.model import Records
from servicequality.sla import Policy, Target, at_risk, clocks, due_clocks, overdue, policy_coverage
from servicequality.worktime import Schedule, Schedules, Version

START = datetime(2026, 3, 2, 9, tzinfo=UTC)  # a Monday
AS_OF = START + timedelta(hours=4)
DAY = Schedule({day: [("09:00", "17:00")] for day in ("mon", "tue", "wed", "thu", "fri")}, "UTC")


def desk(changes: list[tuple[float, str, str | None]] = (), **columns: Any) -> Records:  # type: ignore[assignment]
    """One ticket, created at nine, and its changes after so many hours."""
    rows = [
        {"ticket_id": "a", "at": START + timedelta(hours=hours), "field": field, "value": value}
        for hours, field, value in changes
    ]
    ticket = {"ticket_id": "a", "created_at": START, "opened_by": "customer"} | columns
    schema = ["ticket_id", "at", "author", "public"]
    return Records(tickets=[ticket], changes=rows or None, responses=pl.DataFrame(
        schema=dict(zip(schema, [pl.String, pl.Datetime("us", "UTC"), pl.String, pl.Boolean], strict=True))))  # fmt: skip


def one(records: Records, *policies: Policy, as_of: datetime = AS_OF) -> dict[str, Any]:
    return clocks(records, policies, as_of=as_of).collect().row(0, named=True)


RESOLUTION = Target("resolution", 3600)


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf"), None, "3600", True])
def test_a_target_is_a_number_of_seconds(seconds: Any) -> None:
    with pytest.raises(ParameterError, match="the target of resolution must be a number of seconds, 0 or more; got"):
        Target("resolution", seconds)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Target("reply", 1), "clock must be one of 'first_response', 'next_reply'"),
        (lambda: Target("resolution", 1, 3), "priority must be a text"),
        (lambda: Policy("p", []), "policy 'p': targets must be a list of Target; got \\[\\]"),
        (lambda: Policy("", [RESOLUTION]), "a policy's name must be a text"),
        (
            lambda: Policy("p", [Target("resolution", 1, "High"), Target("resolution", 2, "high")]),
            (r"policy 'p': expected one target for each clock, priority and schedule; got Target\(resolution, 1 s, priority "
            r"'High'\) and Target\(resolution, 2 s, priority 'high'\)"),
        ),
        (lambda: Policy("p", [RESOLUTION], since=START.replace(tzinfo=None)), "since must be a datetime with a time"),
        (lambda: Policy("p", [RESOLUTION], since=AS_OF, until=START), "since must lie before until"),
        (lambda: Policy("p", [RESOLUTION], paused="pending"), "policy 'p': paused must be a tuple of names"),
        (lambda: Policy("p", [RESOLUTION], schedule="24x7"), "schedule must be a Schedule, or Schedules by key; got '24x7'"),
        (lambda: Policy("p", [RESOLUTION], when="priority"), "when must be a Polars expression"),
    ],
)  # fmt: skip
def test_policies_are_checked_when_they_are_made(make: Any, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        make()


def test_policies_are_values() -> None:
    def made(tier: str) -> Policy:
        return Policy("p", [RESOLUTION], DAY, paused=("Pending",), when=pl.col("tier") == tier)

    assert made("1") == made("1")
    assert made("1") != made("2")
    assert made("1") != Policy("p", [RESOLUTION], DAY, paused=("pending",))
    assert hash(made("1")) == hash(made("1"))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ({"as_of": START.replace(tzinfo=None)}, "as_of must be a datetime with a time zone"),
        ({"ended": "solved"}, "ended must be a tuple of names"),
        ({"ended": ("Pending",)}, "policy 'p': paused names pending, which is ended too"),
        ({"policies": []}, "expected a Policy, or several in the order in which they are tried"),
        ({"policies": [Policy("p", [RESOLUTION]), Policy("p", [RESOLUTION])]}, "two policies named 'p' are valid at the same"),
        ({"policies": Policy("p", [RESOLUTION], when=pl.col("team"))}, "when must be true or false"),
    ],
)  # fmt: skip
def test_calls_that_make_no_sense(call: dict[str, Any], message: str) -> None:
    options = {"policies": Policy("p", [RESOLUTION]), "as_of": AS_OF} | call
    with pytest.raises(ParameterError, match=message):
        clocks(desk(), options.pop("policies"), **options)


def test_a_condition_on_nothing_that_is_there() -> None:
    with pytest.raises(ParameterError, match=r"policy 'p' reads 'tema'.*'team'.*not a column of the tickets"):
        clocks(desk(), Policy("p", [RESOLUTION], when=pl.col("tema") == "x"), as_of=AS_OF)


def test_a_target_needs_the_table_that_it_is_read_from() -> None:
    with pytest.raises(InputError, match="expected records with tickets; got none"):
        clocks(Records(), Policy("p", [RESOLUTION]), as_of=AS_OF)
    tickets = Records(tickets=[{"ticket_id": "a", "created_at": START}])
    for kind, table in (("next_reply", "responses"), ("agent_work", "changes")):
        with pytest.raises(InputError, match=f"expected records with {table}; got none"):
            clocks(tickets, Policy("p", [Target(kind, 1)]), as_of=AS_OF)  # type: ignore[arg-type]


def test_no_tickets_give_no_clocks() -> None:
    empty = Records(tickets=pl.DataFrame(schema={"ticket_id": pl.String, "created_at": pl.Datetime("us", "UTC")}))
    got = clocks(empty, Policy("p", [RESOLUTION, Target("first_response", 1)]), as_of=AS_OF)
    assert got.collect().height == 0
    assert got.collect_schema() == got.collect().schema
    assert clocks(desk(), Policy("p", [RESOLUTION]), as_of=START - timedelta(1)).collect().height == 0


def test_a_ticket_that_is_excluded_has_no_clock() -> None:
    assert clocks(desk(excluded="spam"), Policy("p", [RESOLUTION]), as_of=AS_OF).collect().height == 0


def test_stamps_alone_give_the_clocks_that_they_can() -> None:
    hour = timedelta(hours=1)
    stamps = {"first_response_at": START + hour, "resolved_at": START + 3 * hour}
    records = Records(tickets=[{"ticket_id": "a", "created_at": START} | stamps])
    policy = Policy("p", [Target("first_response", 3600), Target("resolution", 3600)])
    got = clocks(records, policy, as_of=AS_OF).collect()
    assert got["outcome"].to_list() == ["met", "missed"]
    assert got["overrun_seconds"].to_list() == [None, 7200.0]
    before = clocks(records, policy, as_of=START + hour / 2).collect()
    assert before["outcome"].to_list() == ["pending", "pending"]
    assert before["remaining_seconds"].to_list() == [1800.0, 1800.0]


def test_an_end_of_which_nothing_says_when_is_unknown() -> None:
    row = one(Records(tickets=[{"ticket_id": "a", "created_at": START, "status": "closed"}]), Policy("p", [RESOLUTION]))
    assert (row["outcome"], row["elapsed_seconds"], row["due_at"]) == (None, None, None)


def test_the_first_policy_that_holds_wins_even_without_a_target() -> None:
    phone = Policy("phone", [Target("first_response", 60)], when=pl.col("channel") == "phone")
    rest = Policy("rest", [RESOLUTION])
    assert clocks(desk(channel="phone"), [phone, rest], as_of=AS_OF).collect()["policy"].to_list() == ["phone"]
    assert clocks(desk(channel="mail"), [phone, rest], as_of=AS_OF).collect()["policy"].to_list() == ["rest"]
    assert clocks(desk(), [phone, rest], as_of=AS_OF).collect()["policy"].to_list() == ["rest"]


def test_coverage_says_which_policy_never_holds() -> None:
    phone = Policy("phone", [RESOLUTION], when=pl.col("channel") == "phone")
    lists = [phone, Policy("all", [RESOLUTION], until=AS_OF), Policy("late", [RESOLUTION], since=AS_OF)]
    records = Records(tickets=[{"ticket_id": str(n), "created_at": START, "channel": "phone"} for n in range(3)])
    got = policy_coverage(records, lists, as_of=AS_OF)
    assert got.rows() == [("phone", 3, 3, 3), ("all", 0, 0, 3), ("late", 3, 0, 3), (None, 0, 0, 3)]
    assert policy_coverage(desk(channel="mail"), phone, as_of=AS_OF).rows() == [("phone", 0, 0, 1), (None, 1, 1, 1)]


def test_the_priority_in_force_when_the_clock_stopped_counts_from_its_start() -> None:
    targets = [Target("resolution", 2 * 3600, "high"), Target("resolution", 8 * 3600, "low")]
    risen = [(1.0, "priority", "High"), (3.0, "status", "solved"), (3.5, "priority", "low")]
    row = one(desk(risen, priority="low"), Policy("p", targets))
    assert (row["priority"], row["target_seconds"], row["outcome"]) == ("High", 7200, "missed")
    assert row["overrun_seconds"] == 3600
    assert one(desk(risen[:1], priority="low"), Policy("p", targets), as_of=START)["target_seconds"] == 8 * 3600


def test_a_value_before_the_first_change_is_what_the_log_calls_previous() -> None:
    records = desk([(2.0, "priority", "high"), (1.0, "status", "solved")], priority="high")
    assert records.changes is not None
    told = records.replace(changes=records.changes.with_columns(previous=pl.lit("low")))
    policy = Policy("p", [Target("resolution", 60, "low"), RESOLUTION])
    assert one(told, policy)["target_seconds"] == 60
    assert one(records, policy)["target_seconds"] == 3600


def test_the_schedule_of_a_ticket_by_key_and_by_date() -> None:
    night = Schedule({"mon": [("20:00", "24:00")]}, "UTC")
    both = Schedules(
        {
            "day": DAY,
            "night": [Version(night, until=START + timedelta(days=8)), Version(DAY, START + timedelta(days=8))],
        }
    )
    policy = Policy("p", [Target("resolution", 4 * 3600)], schedule=both)
    changes = [(2.0, "schedule", "night"), (3.0, "team", "x")]
    assert one(desk(changes, schedule="day"), policy, as_of=START + timedelta(hours=1))["elapsed_seconds"] == 3600
    row = one(desk(changes, schedule="day"), policy)
    assert (row["elapsed_seconds"], row["due_at"]) == (0, START + timedelta(hours=15))
    unscheduled = one(desk([(3.0, "team", "x")], schedule=None), policy)
    assert (unscheduled["outcome"], unscheduled["elapsed_seconds"]) == (None, None)


def test_a_budget_spent_to_the_second_at_closing_is_due_then_and_met() -> None:
    policy = Policy("p", [Target("resolution", 8 * 3600)], DAY)
    solved = desk([(20.0, "status", "solved")])
    row = one(solved, policy, as_of=START + timedelta(days=1))
    assert (row["outcome"], row["due_at"]) == ("met", START + timedelta(hours=8))
    tight = one(solved, Policy("p", [Target("resolution", 8 * 3600 - 1)], DAY), as_of=START + timedelta(days=1))
    assert (tight["outcome"], tight["overrun_seconds"]) == ("missed", 1)


def test_the_tickets_columns_beside_the_clocks_own() -> None:
    records = desk([(1.0, "team", "x"), (2.0, "status", "solved"), (3.0, "team", "y")], channel="mail", kind="odd")
    got = clocks(records, Policy("p", [RESOLUTION]), as_of=AS_OF)
    row = got.collect().row(0, named=True)
    assert (row["team"], row["channel"], row["kind"], row["status"]) == ("x", "mail", "resolution", "solved")
    assert got.select("channel", "outcome").filter(pl.col("outcome") == "missed").collect().height == 1
    assert "resolved_at" not in got.collect_schema()


def test_lists_of_what_is_late_and_what_soon_will_be() -> None:
    tickets = [{"ticket_id": str(n), "created_at": START + timedelta(hours=n), "status": "open"} for n in range(4)]
    table = clocks(Records(tickets=tickets), Policy("p", [Target("resolution", 2 * 3600)]), as_of=AS_OF)
    late = overdue(table).collect()
    assert late.select("ticket_id", "overrun_seconds").rows() == [("0", 7200.0), ("1", 3600.0)]
    assert at_risk(table.collect(), within=timedelta(hours=1)).select("ticket_id", "remaining_seconds").rows() == [
        ("2", 0.0), ("3", 3600.0)]  # fmt: skip
    assert at_risk(table.collect(), within=3599)["ticket_id"].to_list() == ["2"]
    with pytest.raises(ParameterError, match="within must be a number of seconds or a timedelta"):
        at_risk(table, within=-1)
    with pytest.raises(InputError, match="it has no column kind, outcome, due_at, overrun_seconds"):
        overdue(pl.DataFrame({"ticket_id": ["a"]}))
    strange = table.collect().with_columns(outcome=pl.lit(1, pl.Duration("ns")))
    with pytest.raises(InputError, match=r"column 'outcome' holds Duration.*: give what clocks\(...\) returns"):
        at_risk(strange, within=3600)
    with pytest.raises(InputError, match="column 'overrun_seconds' holds String"):
        overdue(table.collect().with_columns(overrun_seconds=pl.lit("late")))


def test_clocks_from_a_due_instant_say_the_same_as_those_of_a_policy() -> None:
    hour = timedelta(hours=1)
    tickets = pl.DataFrame({"ticket_id": ["a", "b", "c", "d"], "created_at": [START] * 4, "due_at": [START + hour] * 4,
                            "resolved_at": [START + hour, START + 2 * hour, None, START + 6 * hour]})  # fmt: skip
    promised = due_clocks(tickets, as_of=AS_OF)
    reckoned = clocks(Records(tickets=tickets), Policy("p", [RESOLUTION]), as_of=AS_OF).collect()
    same = ["started_at", "due_at", "stopped_at", "elapsed_seconds", "target_seconds", "overrun_seconds",
            "remaining_seconds", "outcome"]  # fmt: skip
    assert promised.select(same).equals(reckoned.select(same))
