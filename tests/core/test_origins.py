"""The calls named in the refusal of a frame without a metric's columns do make these columns."""

import datetime as dt

import pytest

import servicequality as sq
from servicequality import sla
from servicequality.core.origins import ORIGINS
from servicequality.errors import InputError

NOW = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
TICKETS = {"ticket_id": ["a"], "created_at": [NOW - dt.timedelta(days=1)], "status": ["open"]}


@pytest.fixture(scope="module")
def records() -> sq.Records:
    at = [NOW - dt.timedelta(hours=20)]
    return sq.Records(tickets=TICKETS, responses={"ticket_id": ["a"], "at": at, "author": ["agent"]})


@pytest.mark.parametrize("call", ORIGINS)
def test_the_named_call_makes_the_columns(call: str, records: sq.Records) -> None:
    names = {"records": records, "policies": sla.Policy("gold", [sla.Target("resolution", 60)])}
    frame = eval(call.replace("…", "NOW"), {**vars(sq), **names, "sla": sla, "NOW": NOW})
    assert set(ORIGINS[call]) <= set(frame.collect_schema())


@pytest.mark.parametrize(
    ("metric", "call"),
    [
        (sq.resolution_time(), "facts(records, as_of=…) gives resolution_seconds, resolution_observed: use its rows"),
        (sq.first_response_time(), "facts(records, as_of=…) gives first_response_seconds, first_response_end"),
        (sq.reopen_rate(), "facts(records, as_of=…) gives reopen_count, first_resolution_observed"),
        (sq.response_time(), "reply_waits(records, as_of=…) gives reply_wait_seconds, reply_wait_end"),
        (sq.repeat_contact_rate(), "follow_ups(facts(records, as_of=…), as_of=…) gives next_contact_seconds"),
        (
            sq.first_contact_resolution(definition="one_touch"),
            "observed, resolution_age_seconds; facts(records, as_of=…) gives one_touch",
        ),
    ],
    ids=lambda part: getattr(part, "name", None),
)
def test_raw_tickets_are_told_which_call_comes_first(metric: sq.Metric, call: str) -> None:
    with pytest.raises(InputError) as refused:
        metric.estimate(TICKETS)
    assert call in str(refused.value)


def test_a_column_that_no_call_makes_names_none() -> None:
    with pytest.raises(InputError, match=r"no column 'score'.*has ticket_id, created_at, status$"):
        sq.nps().estimate(TICKETS)
