"""What came after a resolution: first contact, repeat contact, reopening, permanence, beside plain Python and by hand."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from metrics.oracle import Oracle, Row, agrees, share, value
from servicequality import (
    evaluate,
    facts,
    first_action_resolution,
    first_contact_resolution,
    follow_ups,
    reopen_rate,
    repeat_contact_rate,
    resolution_quality,
    resolution_time,
)
from servicequality.core import Metric
from servicequality.datasets import service_desk, service_desk_with_truth
from servicequality.errors import InputError, ParameterError
from servicequality.model import Records

W = 3600.0


def mature(rows: list[Row], name: str, age: str) -> list[Row]:
    """Rows of which all is known, watched for the window."""
    told = [row for row in rows if None not in (row[f"{name}_seconds"], row[f"{name}_observed"], row[age])]
    return [row for row in told if row[age] >= W]


def came(row: Row, name: str) -> bool:
    return bool(row[f"{name}_observed"] and 0 < row[f"{name}_seconds"] <= W)


def of_contact(definition: str) -> tuple[Metric, Oracle]:
    return first_contact_resolution(definition=definition, window=W), lambda rows: share(
        row[definition] and not came(row, "next_contact")
        for row in mature(rows, "next_contact", "resolution_age_seconds")
        if row[definition] is not None
    )


ORACLES: list[tuple[Metric, Oracle]] = [
    *map(of_contact, ("one_touch", "no_customer_followup", "closed_once_one_teammate")),
    (
        first_contact_resolution(definition="no_handover_no_reopening", window=None),
        lambda rows: share(
            row["reassignments"] == row["reopen_count"] == 0
            for row in rows
            # Like SQL, a false half decides, whatever the other half is.
            if row["resolution_observed"]
            and (
                None not in (row["reassignments"], row["reopen_count"]) or (row["reassignments"] or row["reopen_count"])
            )
        ),
    ),
    (
        repeat_contact_rate(window=W),
        lambda rows: share(came(row, "next_contact") for row in mature(rows, "next_contact", "resolution_age_seconds")),
    ),
    (
        reopen_rate(window=W),
        lambda rows: share(came(row, "reopening") for row in mature(rows, "reopening", "first_resolution_age_seconds")),
    ),
    (
        resolution_quality(window=W),
        lambda rows: share(not came(row, "return") for row in mature(rows, "return", "first_resolution_age_seconds")),
    ),
    (
        resolution_quality(clarity="clarity", window=W, clear_min=50.0),
        lambda rows: share(
            row["clarity"] >= 50 and not came(row, "return")
            for row in mature(rows, "return", "first_resolution_age_seconds")
            if row["clarity"] is not None
        ),
    ),
    (
        first_action_resolution(grace=60.0),
        lambda rows: share(
            row["first_action_observed"] and 0 <= row["first_resolution_seconds"] - row["first_action_seconds"] <= 60
            for row in rows
            if row["first_resolution_observed"]
            and None not in (row["first_action_seconds"], row["first_action_observed"], row["first_resolution_seconds"])
        ),
    ),
]


@pytest.mark.parametrize(("metric", "oracle"), ORACLES, ids=lambda case: getattr(case, "name", ""))
def test_oracle(metric: Metric, oracle: Oracle) -> None:
    agrees(metric, oracle)


def contacts(*tickets: tuple[bool | None, float | None, bool | None, float | None]) -> pl.DataFrame:
    """Tickets as (one touch, seconds to the next contact or to now, whether it came, age of the resolution)."""
    names = ["one_touch", "next_contact_seconds", "next_contact_observed", "resolution_age_seconds"]
    types = [pl.Boolean, pl.Float64, pl.Boolean, pl.Float64]
    return pl.DataFrame(tickets, schema=dict(zip(names, types, strict=True)), orient="row")


def read(estimate: Any, rows: pl.DataFrame, metric: Any = first_contact_resolution) -> Any:
    options = {"definition": "one_touch"} if metric is first_contact_resolution else {}
    return metric(window=W, estimate=estimate, **options).estimate(rows)


def test_a_contact_at_the_end_of_the_window_is_within_it_and_one_at_its_start_is_none() -> None:
    rows = contacts((True, W, True, W), (True, W + 1e-6, True, 2 * W), (True, 0.0, True, W), (False, W, False, W))
    assert read("matured", rows).value == 0.5
    assert read("matured", rows, repeat_contact_rate).value == 0.25


def test_young_rows_are_undecided_unless_they_are_lost_already() -> None:
    rows = contacts(
        (True, 2 * W, False, 2 * W),  # held
        (True, 5.0, True, 2 * W),  # came back
        (True, 10.0, False, 10.0),  # too young to tell
        (True, 5.0, True, 10.0),  # young, and came back
        (False, 10.0, False, 10.0),  # young, and was never settled at once
        (True, None, None, None),  # open
        (None, 2 * W, False, 2 * W),  # nothing tells how it was settled
    )
    matured, bounds, so_far = (read(name, rows) for name in ("matured", "bounds", "so_far"))
    assert (matured.value, matured.n, matured.n_pending, matured.n_missing) == (0.5, 2, 3, 2)
    assert (bounds.value, bounds.n, bounds.n_pending) == (None, 5, 0)
    assert bounds.notes == "1 of 5 still open; without sampling error 0.2 to 0.4"
    assert bounds.reason == "pending rows leave it open: see the limits"
    assert so_far.value == 0.4
    assert bounds.low < 0.2 < 0.4 < bounds.high
    again = read("bounds", rows, repeat_contact_rate)
    assert again.notes == "2 of 6 still open; without sampling error 0.3333 to 0.6667"


def test_bounds_of_rows_that_are_all_decided_are_the_share() -> None:
    rows = contacts((True, 2 * W, False, 2 * W), (True, 5.0, True, 2 * W))
    assert read("bounds", rows).value == read("matured", rows).value == 0.5


def test_pending_aware_is_what_the_curve_says_and_names_its_direction() -> None:
    rows = contacts(
        *[(True, t, came_, 3 * W) for t, came_ in ((W / 2, True), (2 * W, False))], (True, W / 4, False, W / 4)
    )
    # One of three is not watched any more when the contact comes: it takes half of what is left.
    assert read("pending_aware", rows).value == 0.5
    assert read("pending_aware", rows, repeat_contact_rate).value == 0.5
    lower = repeat_contact_rate(window=W, estimate="pending_aware")
    assert (lower.better, first_contact_resolution(definition="one_touch", estimate="pending_aware").better) == (
        "lower",
        "higher",
    )


def test_the_name_of_a_result_says_which_definition() -> None:
    names = [first_contact_resolution(definition=name).name for name in ("one_touch", "no_customer_followup")]
    assert names == ["first_contact_resolution_one_touch", "first_contact_resolution_no_customer_followup"]
    assert first_contact_resolution(definition="one_touch", window=None).name.endswith("one_touch_no_window")


def test_only_the_columns_of_the_definition_are_asked_for() -> None:
    rows = contacts((True, 2 * W, False, 2 * W))
    assert read("matured", rows).value == 1
    with pytest.raises(InputError, match="no column 'no_customer_followup'"):
        first_contact_resolution(definition="no_customer_followup").estimate(rows)
    assert value(reopen_rate(), reopen_count=[1, 0], first_resolution_observed=[True, True]) == 0.5


def test_without_a_window_the_facts_are_enough_and_with_one_the_missing_call_is_named() -> None:
    rows = {"one_touch": [True, False, True, None], "resolution_observed": [True, True, False, True]}
    alone = first_contact_resolution(definition="one_touch", window=None).estimate(rows)
    assert (alone.value, alone.n, alone.n_missing) == (0.5, 2, 2)
    message = (
        r"the frame has one_touch, resolution_observed. follow_ups\(facts\(records, as_of=…\), as_of=…\) gives "
        "next_contact_seconds, next_contact_observed, resolution_age_seconds: use its rows"
    )
    with pytest.raises(InputError, match=message):
        first_contact_resolution(definition="one_touch").estimate(rows)


def test_the_first_action_resolves_or_it_does_not() -> None:
    columns = {
        "first_action_seconds": [60.0, 60.0, 60.0, 90.0, 90.0],
        "first_action_observed": [True, True, True, True, False],
        "first_resolution_seconds": [60.0, 120.0, 121.0, 60.0, 90.0],
        "first_resolution_observed": [True] * 5,
    }
    assert value(first_action_resolution(), **columns) == 0.2
    assert value(first_action_resolution(grace=60.0), **columns) == 0.4


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: first_contact_resolution(definition="fcr"), "definition must be one of 'one_touch', .*; got 'fcr'"),
        (first_contact_resolution, "missing a required argument: 'definition'"),
        (lambda: first_contact_resolution(definition="one_touch", window=0), "window must be a positive number"),
        (lambda: repeat_contact_rate(window=-60.0), "window must be a positive number of seconds, got -60.0"),
        (lambda: reopen_rate(window=float("nan")), "window must be a positive number of seconds, got nan"),
        (lambda: resolution_quality(window=float("inf")), "window must be a positive number of seconds, got inf"),
        (lambda: resolution_quality(clear_min=101), "clear_min must be a score from 0 to 100, got 101"),
        (lambda: repeat_contact_rate(estimate="naive"), "estimate must be one of 'matured', 'bounds', .*; got 'naive'"),
        (lambda: first_action_resolution(grace=-1), "grace must be a number of seconds, 0 or more; got -1"),
    ],
)
def test_wrong_calls_are_refused(call: Any, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        call()


def test_rows_that_cannot_be_are_refused() -> None:
    with pytest.raises(
        InputError, match=r"1 row outside numbers of at least 0: column 'next_contact_seconds' such as -5.0"
    ):
        read("matured", contacts((True, -5.0, True, W)))
    with pytest.raises(InputError, match="1 row with something that came later than they were watched"):
        read("matured", contacts((True, 2 * W, True, W)))


# The generated desk, and a real log

DAY = 86_400.0
MIDWAY = datetime(2024, 2, 20, 12, tzinfo=UTC)


def test_the_complete_history_lies_within_the_limits_that_its_middle_gave() -> None:
    week = [
        first_contact_resolution(definition="one_touch"),
        first_contact_resolution(definition="one_touch", estimate="pending_aware").named("fcr pending aware"),
        repeat_contact_rate(),
        reopen_rate(window=7 * DAY),
        resolution_quality(),
    ]
    covered = []
    for seed in range(8):
        truth = service_desk_with_truth(600, seed=seed, weeks=13)[1]
        rows = [
            follow_ups(facts(desk, as_of=at), as_of=at)
            for at in (MIDWAY, truth.complete_at)
            for desk in [service_desk_with_truth(600, seed=seed, weeks=13, as_of=at)[0]]
        ]
        early, whole = (evaluate(part, week).collect() for part in rows)
        assert early["n"].max() < 0.7 * whole["n"].max()
        covered += ((whole["value"] >= early["low"]) & (whole["value"] <= early["high"])).to_list()
    # The early rows are part of the whole, so that more than 95 of 100 limits hold it.
    assert len(covered) == 40
    assert sum(covered) >= 37


def test_the_reopening_rate_of_the_complete_history_is_its_truth() -> None:
    truth = service_desk_with_truth(800, seed=4, weeks=8)[1]
    desk = service_desk_with_truth(800, seed=4, weeks=8, as_of=truth.complete_at)[0]
    rows = follow_ups(facts(desk, as_of=truth.complete_at), as_of=truth.complete_at)
    ever = reopen_rate(window=4 * 365 * DAY, estimate="so_far").estimate(rows.collect())
    assert ever.value == pytest.approx(truth.reopen_rate)


def test_servicenows_one_touch_is_another_definition(data_dir: Path) -> None:
    def stamp(column: str) -> pl.Expr:
        known = pl.col(column).replace("?", None)
        return known.str.to_datetime("%d/%m/%Y %H:%M", time_unit="us", time_zone="UTC").alias(column)

    log = pl.read_parquet(data_dir / "servicenow_incident_events.parquet").with_columns(
        map(stamp, ("opened_at", "sys_updated_at", "resolved_at", "closed_at"))
    )
    final = log.group_by("number", maintain_order=True).last()
    counted = final.select(
        reassignments=pl.col("reassignment_count").cast(pl.Int64),
        reopen_count=pl.col("reopen_count").cast(pl.Int64),
        resolution_observed=True,
    )
    theirs = first_contact_resolution(definition="no_handover_no_reopening", window=None)
    result = theirs.estimate(counted)
    assert (round(result.value * result.n), result.n) == (13_487, 24_918)

    def moves(column: str, field: str) -> pl.DataFrame:
        rows = log.select("number", at=pl.col("sys_updated_at").cum_max().over("number"), value=column)
        return rows.filter(~pl.col("value").is_in(["?", "-100"])).with_columns(field=pl.lit(field))

    records = Records(
        tickets=final.select("number", "opened_at", "resolved_at", "closed_at", "caller_id"),
        changes=pl.concat([moves("incident_state", "status"), moves("assignment_group", "team")]),
        columns={
            "tickets": {"ticket_id": "number", "created_at": "opened_at", "requester_id": "caller_id"},
            "changes": {"ticket_id": "number"},
        },
    )
    now = datetime(2030, 1, 1, tzinfo=UTC)
    rows = follow_ups(facts(records, as_of=now), as_of=now)
    ours = first_contact_resolution(definition="one_touch")
    from_events, held_for_a_week, one_touch = (
        evaluate(rows, [theirs, first_contact_resolution(definition="no_handover_no_reopening"), ours])
        .collect()
        .select("value", "n", "reason")
        .rows()
    )
    # The log's states show fewer moves between teams than its own counter, which counts what is not in the log.
    assert from_events[0] > result.value
    assert held_for_a_week[0] < from_events[0]
    # Nothing in it says who wrote what: one touch is not known, and not 0.
    assert one_touch == (None, 0, "no decided rows")


def test_missing_columns_name_the_function_that_makes_them() -> None:
    desk = service_desk(50, seed=1)
    rows = facts(desk, as_of=datetime(2024, 6, 1, tzinfo=UTC)).collect()
    with pytest.raises(
        InputError, match=r"facts\(records, as_of=…\) gives resolution_seconds, resolution_observed: use its"
    ):
        resolution_time().estimate(desk.tickets)
    with pytest.raises(
        InputError, match=r"follow_ups\(facts\(records, as_of=…\), as_of=…\) gives next_contact_seconds"
    ):
        first_contact_resolution(definition="one_touch").estimate(rows)
    alone = first_contact_resolution(definition="one_touch", window=None).estimate(rows)
    touched = rows.filter("resolution_observed")
    assert (alone.value, alone.n) == (touched["one_touch"].mean(), touched.height)
