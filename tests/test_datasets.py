"""The generated desk: the same rows for ever, a lawful history, an honest export of it, a truth that agrees."""

import math
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import fmean
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from servicequality.datasets import Truth, service_desk, service_desk_with_truth
from servicequality.datasets.desk import _truth
from servicequality.errors import ParameterError
from servicequality.model import Records

TABLES = ("tickets", "responses", "changes", "answers", "reviews", "incidents", "sessions")
ENDED = {"solved", "closed"}
MIDWAY = datetime(2024, 2, 14, 11, 0, tzinfo=UTC)
LEGAL = {
    (None, "new"),
    ("new", "open"),
    ("new", "solved"),
    ("new", "closed"),
    ("open", "pending"),
    ("open", "hold"),
    ("open", "solved"),
    ("pending", "open"),
    ("hold", "open"),
    ("solved", "open"),
    ("solved", "closed"),
}


def frames(records: Records) -> dict[str, pl.DataFrame]:
    return {name: getattr(records, name).collect() for name in TABLES}


@pytest.fixture(scope="module")
def midway() -> dict[str, pl.DataFrame]:
    return frames(service_desk(800, seed=3, weeks=8, as_of=MIDWAY))


@pytest.fixture(scope="module")
def complete() -> tuple[dict[str, pl.DataFrame], Truth]:
    truth = service_desk_with_truth(800, seed=3, weeks=8)[1]
    records, again = service_desk_with_truth(800, seed=3, weeks=8, as_of=truth.complete_at)
    assert_frame_equal(truth.tickets, again.tickets)
    return frames(records), truth


@pytest.fixture(scope="module")
def large() -> tuple[dict[str, pl.DataFrame], Truth]:
    records, truth = service_desk_with_truth(20_000, seed=1)
    return frames(records), truth


def by_ticket(rows: pl.DataFrame) -> dict[str, list[dict[str, object]]]:
    grouped = defaultdict(list)
    for row in rows.iter_rows(named=True):
        grouped[row["ticket_id"]].append(row)
    return grouped


# The same rows for ever


def test_the_same_arguments_give_the_same_rows_and_another_seed_does_not() -> None:
    first, second = (frames(service_desk(500, seed=7)) for _ in range(2))
    for name in TABLES:
        assert_frame_equal(first[name], second[name])
    assert not first["tickets"].equals(frames(service_desk(500, seed=8))["tickets"])


def test_an_earlier_export_shows_the_rows_of_the_complete_one_that_had_happened(
    midway: dict[str, pl.DataFrame], complete: tuple[dict[str, pl.DataFrame], Truth]
) -> None:
    whole = complete[0]
    for name, at in (
        ("responses", "at"),
        ("changes", "at"),
        ("reviews", "at"),
    ):
        assert_frame_equal(midway[name], whole[name].filter(pl.col(at) <= MIDWAY))
    for name, stamps in (
        ("tickets", ("created_at", "first_response_at", "first_resolved_at", "closed_at")),
        ("answers", ("delivered_at", "answered_at")),
        ("incidents", ("started_at", "acknowledged_at", "restored_at", "resolved_at")),
        ("sessions", ("at", "contacted_at")),
    ):
        known = whole[name].filter(pl.col(stamps[0]) <= MIDWAY)
        keys = [column for column in known.columns if column.endswith("_id") and column != "agent_id"]
        expected = known.select(
            *keys, *(pl.when(pl.col(stamp) <= MIDWAY).then(pl.col(stamp)).alias(stamp) for stamp in stamps)
        )
        assert_frame_equal(midway[name].select(expected.columns), expected)


def test_nothing_is_known_after_the_export(midway: dict[str, pl.DataFrame]) -> None:
    for name, frame in midway.items():
        assert len(frame), name
        for column, dtype in frame.schema.items():
            if isinstance(dtype, pl.Datetime) and column != "due_at" and frame[column].count():
                assert frame[column].max() <= MIDWAY, (name, column)
    answers = midway["answers"]
    assert answers["score"].is_null().equals(answers["answered_at"].is_null())


# A lawful history


def test_ids_are_unique_and_every_row_belongs_to_a_ticket(midway: dict[str, pl.DataFrame]) -> None:
    tickets = midway["tickets"]["ticket_id"]
    for name, key in (
        ("tickets", ["ticket_id"]),
        ("incidents", ["incident_id"]),
        ("sessions", ["session_id"]),
        ("reviews", ["review_id", "category"]),
        ("answers", ["ticket_id", "question"]),
    ):
        assert not midway[name].select(key).is_duplicated().any(), name
    for name in ("responses", "changes", "answers", "reviews"):
        assert midway[name]["ticket_id"].is_in(tickets.implode()).all(), name


def test_statuses_walk_legally_from_creation_and_reopenings_follow_an_end_with_a_customers_message(
    complete: tuple[dict[str, pl.DataFrame], Truth],
) -> None:
    rows, truth = complete
    created = dict(rows["tickets"].select("ticket_id", "created_at").iter_rows())
    message = {
        (row["ticket_id"], row["at"]) for row in rows["responses"].iter_rows(named=True) if row["author"] == "customer"
    }
    reopens = dict.fromkeys(created, 0)
    steps = set()
    for ticket, changes in by_ticket(rows["changes"]).items():
        walk = [(row["at"], row["value"]) for row in changes if row["field"] == "status"]
        assert walk[0] == (created[ticket], "new")
        assert walk[-1][1] == "closed"
        for (_, before), (at, after) in pairwise([(None, None), *walk]):
            steps.add((before, after))
            if before in ENDED and after not in ENDED:
                reopens[ticket] += 1
                assert (ticket, at) in message
    assert steps == LEGAL
    assert reopens == dict(truth.tickets.select("ticket_id", "reopens").iter_rows())


def test_events_stand_in_order_and_none_precedes_creation(complete: tuple[dict[str, pl.DataFrame], Truth]) -> None:
    rows, _ = complete
    created = rows["tickets"].select("ticket_id", "created_at", "due_at")
    assert (created["due_at"] > created["created_at"]).all()
    for name in ("responses", "changes"):
        events = rows[name].join(created, on="ticket_id", maintain_order="left")
        assert (events["at"] >= events["created_at"]).all()
        assert_frame_equal(rows[name], rows[name].sort("ticket_id", "at", maintain_order=True))
    openings = rows["responses"].filter("opening").join(created, on="ticket_id")
    assert len(openings) == len(created)
    assert (openings["at"] == openings["created_at"]).all()


def test_a_hand_over_changes_hands(complete: tuple[dict[str, pl.DataFrame], Truth]) -> None:
    rows, _ = complete
    moves = 0
    for changes in by_ticket(rows["changes"]).values():
        for field in ("agent", "team", "tier"):
            values = [row["value"] for row in changes if row["field"] == field]
            moves += len(values) > 1
            assert all(before != after for before, after in pairwise(values)), field
    assert moves > 0


def test_scores_lie_on_their_scales_and_surveys_follow_resolution(
    complete: tuple[dict[str, pl.DataFrame], Truth],
) -> None:
    rows, truth = complete
    answers = rows["answers"].join(truth.tickets, on="ticket_id")
    for question, lowest, highest in (("nps", 0, 10), ("csat", 1, 5), ("ces", 1, 7)):
        own = answers.filter(pl.col("question") == question, pl.col("score").is_not_null())
        assert own["score"].is_between(lowest, highest).all()
        assert (own["score"] == own[question]).all()
        assert own["score"].n_unique() > 3
    assert (answers["delivered_at"] >= answers["resolved_at"]).all()
    assert (answers["answered_at"] > answers["delivered_at"]).all()
    rated = rows["reviews"].filter(pl.col("rating").is_not_null())
    assert rated.select(pl.col("rating").is_between("scale_min", "scale_max").all()).item()


def test_the_traps_of_real_exports_are_there(large: tuple[dict[str, pl.DataFrame], Truth]) -> None:
    rows, _ = large
    tickets, responses = rows["tickets"], rows["responses"]
    before = responses.join(tickets.select("ticket_id", "first_response_at"), on="ticket_id").filter(
        pl.col("at") < pl.col("first_response_at")
    )
    for trap in (
        pl.col("author") == "bot",
        (pl.col("author") == "agent") & pl.col("automated"),
        (pl.col("author") == "agent") & ~pl.col("public"),
        (pl.col("author") == "agent") & pl.col("opening"),
    ):
        assert before.filter(trap).height > 100
    counted = tickets.filter(pl.col("excluded").is_null())
    assert counted.filter(pl.col("resolved_at").is_not_null() & pl.col("first_response_at").is_null()).height > 100
    assert 0.005 < 1 - len(counted) / len(tickets) < 0.02
    assert tickets["requester_id"].value_counts()["count"].max() > 50


# An honest export


@pytest.mark.parametrize("as_of", [MIDWAY, datetime(2024, 7, 1, tzinfo=UTC)])
def test_stamps_and_states_are_what_the_events_say(as_of: datetime) -> None:
    rows = frames(service_desk(800, seed=3, weeks=8, as_of=as_of))
    messages, changes = by_ticket(rows["responses"]), by_ticket(rows["changes"])
    for ticket in rows["tickets"].iter_rows(named=True):
        walk = [(row["at"], row["value"]) for row in changes[ticket["ticket_id"]] if row["field"] == "status"]
        ends = [
            at for (_, before), (at, after) in pairwise([(None, None), *walk]) if after in ENDED and before not in ENDED
        ]
        first = next(
            (
                row["at"]
                for row in messages[ticket["ticket_id"]]
                if row["author"] == "agent" and row["public"] and not row["automated"] and not row["opening"]
            ),
            None,
        )
        assert ticket["first_response_at"] == first
        assert ticket["first_resolved_at"] == (ends[0] if ends else None)
        assert ticket["resolved_at"] == (ends[-1] if walk[-1][1] in ENDED else None)
        assert ticket["closed_at"] == (walk[-1][0] if walk[-1][1] == "closed" else None)
        for role, field in (("status", "status"), ("team", "team"), ("agent_id", "agent")):
            values = [row["value"] for row in changes[ticket["ticket_id"]] if row["field"] == field]
            assert ticket[role] == (values[-1] if values else None)


def test_by_default_a_realistic_share_is_still_open(large: tuple[dict[str, pl.DataFrame], Truth]) -> None:
    rows, truth = large
    tickets = rows["tickets"]
    assert truth.as_of == datetime(2024, 7, 1, tzinfo=ZoneInfo("Europe/Berlin"))
    assert len(tickets) == 20_000
    assert 0.005 < tickets["resolved_at"].null_count() / len(tickets) < 0.1
    assert tickets["first_response_at"].null_count() > 0
    recent = tickets.filter(pl.col("created_at") > truth.as_of - timedelta(days=7))
    assert recent["resolved_at"].null_count() / len(recent) > 0.2


# The truth


def test_the_truth_is_that_of_the_complete_history(complete: tuple[dict[str, pl.DataFrame], Truth]) -> None:
    rows, truth = complete
    tickets = rows["tickets"]
    stamps = ["ticket_id", "created_at", "first_response_at", "first_resolved_at", "resolved_at", "closed_at", "due_at"]
    assert_frame_equal(tickets.select(stamps), truth.tickets.select(stamps))
    assert tickets["closed_at"].null_count() == 0

    counted = [row for row in tickets.iter_rows(named=True) if row["excluded"] is None]

    def median(stop: str) -> float:
        waits = sorted((row[stop] - row["created_at"]).total_seconds() if row[stop] else math.inf for row in counted)
        return next(wait for rank, wait in enumerate(waits, 1) if rank >= len(waits) / 2)

    assert truth.first_response_median_seconds == median("first_response_at")
    assert truth.first_resolution_median_seconds == median("first_resolved_at")
    assert truth.resolution_median_seconds == median("resolved_at")
    assert truth.answered_share == pytest.approx(fmean(row["first_response_at"] is not None for row in counted))
    for share, stop in (
        (truth.first_response_within_due_share, "first_response_at"),
        (truth.resolution_within_due_share, "resolved_at"),
    ):
        assert share == pytest.approx(fmean(bool(row[stop] and row[stop] <= row["due_at"]) for row in counted))

    every = truth.tickets.filter(pl.col("excluded").is_null())
    nps = every["nps"].drop_nulls().to_list()
    assert len(nps) == sum(row["first_response_at"] is not None for row in counted)
    assert truth.nps == pytest.approx(100 * fmean((score >= 9) - (score <= 6) for score in nps))
    assert truth.csat == pytest.approx(fmean(score >= 4 for score in every["csat"].drop_nulls()))
    assert truth.ces == pytest.approx(fmean(every["ces"].drop_nulls()))
    assert truth.reopen_rate == pytest.approx(fmean(count > 0 for count in every["reopens"]))
    assert truth.reopens_per_ticket == pytest.approx(fmean(every["reopens"]))


def test_chances_are_kept_and_the_satisfied_answer_more_often(large: tuple[dict[str, pl.DataFrame], Truth]) -> None:
    truth = large[1]
    every = truth.tickets.filter(pl.col("excluded").is_null())
    chance = every["reopen_probability"].to_numpy()
    spread = math.sqrt((chance * (1 - chance)).sum()) / len(chance)
    assert abs(truth.reopen_rate - chance.mean()) < 4 * spread

    nps = large[0]["answers"].filter(pl.col("question") == "nps", pl.col("answered_at").is_not_null())["score"]
    observed = 100 * ((nps >= 9).mean() - (nps <= 6).mean())
    assert observed > truth.nps + 5
    settled = large[0]["answers"].filter(
        pl.col("question") == "nps", pl.col("delivered_at") < truth.as_of - timedelta(days=20)
    )
    rate = 1 - settled["score"].null_count() / len(settled)
    assert abs(rate - truth.response_rate) < 4 * math.sqrt(0.25 / len(settled))


def test_waiting_reopening_and_channel_act_in_their_known_directions(
    large: tuple[dict[str, pl.DataFrame], Truth],
) -> None:
    answered = (
        large[1]
        .tickets.filter(pl.col("nps").is_not_null())
        .with_columns(wait=(pl.col("first_response_at") - pl.col("created_at")).dt.total_seconds())
    )

    def mean_of(column: str, condition: pl.Expr) -> float:
        return answered.filter(condition)[column].mean()

    assert mean_of("nps", pl.col("reopens") > 0) < mean_of("nps", pl.col("reopens") == 0) - 0.5
    assert mean_of("nps", pl.col("wait") > 36_000) < mean_of("nps", pl.col("wait") < 3_600) - 0.5
    waits = answered.group_by("channel").agg(pl.col("wait").median())
    median = dict(waits.iter_rows())
    assert median["phone"] < median["chat"] < median["email"]


def test_arrivals_follow_the_week_and_outages(large: tuple[dict[str, pl.DataFrame], Truth]) -> None:
    rows, _ = large
    local = rows["tickets"].select(
        day=pl.col("created_at").dt.convert_time_zone("Europe/Berlin").dt.weekday(),
        hour=pl.col("created_at").dt.convert_time_zone("Europe/Berlin").dt.hour(),
    )
    weekend = (local["day"] > 5).mean()
    assert 0.05 < weekend < 0.1  # a rate of 0.2 on two days against 5.15 on five
    assert local["hour"].is_between(8, 17).mean() > 0.6
    outage = rows["incidents"].filter(pl.col("restored_at") - pl.col("started_at") > timedelta(minutes=30))
    during = sum(
        rows["tickets"]["created_at"].is_between(start, stop).sum()
        for start, stop in outage.select("started_at", "restored_at").iter_rows()
    )
    week_before = sum(
        rows["tickets"]["created_at"].is_between(start - timedelta(days=7), stop - timedelta(days=7)).sum()
        for start, stop in outage.select("started_at", "restored_at").iter_rows()
    )
    assert during > 1.5 * week_before


# Sizes and refusals


def test_one_ticket_is_a_desk() -> None:
    for seed in range(20):
        records, truth = service_desk_with_truth(1, seed=seed, weeks=1)
        assert len(frames(records)["tickets"]) == 1
        assert truth.tickets.height == 1


def test_what_nobody_lived_to_show_is_null(complete: tuple[dict[str, pl.DataFrame], Truth]) -> None:
    every = complete[1].tickets
    contacts = complete[1].contacts
    nobody = _truth(every.filter(pl.col("excluded").is_not_null()), contacts.clear(), 0, 0)
    assert nobody.first_response_median_seconds is None
    assert nobody.nps is None
    assert nobody.service_level is None
    unanswered = _truth(
        every.filter(pl.col("first_response_at").is_null(), pl.col("excluded").is_null()), contacts, 0, 0
    )
    assert unanswered.first_response_median_seconds is None
    assert unanswered.answered_share == 0
    assert unanswered.resolution_median_seconds > 0
    assert unanswered.csat is None


def test_many_tickets_are_as_lawful_as_few() -> None:
    records, truth = service_desk_with_truth(200_000, weeks=26)
    tickets = records.tickets.collect()
    assert tickets["ticket_id"].n_unique() == 200_000
    assert tickets["created_at"].is_sorted()
    assert truth.tickets["closed_at"].null_count() == 0
    assert (truth.tickets["first_response_at"] > truth.tickets["created_at"]).all()
    assert (truth.tickets["first_resolved_at"] <= truth.tickets["resolved_at"]).all()
    # Staff grows with demand, so the figures of a large desk are those of a small one.
    assert 1_800 < truth.first_response_median_seconds < 6 * 3_600


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ({"n_tickets": 0}, "n_tickets must be at least 1; got 0"),
        ({"n_tickets": 5, "weeks": 0}, "weeks must be at least 1; got 0"),
        ({"n_tickets": 5, "as_of": datetime(2024, 3, 1)}, "as_of must be a datetime with a time zone"),  # noqa: DTZ001
        ({"n_tickets": 5, "as_of": datetime(2023, 3, 1, tzinfo=UTC)}, "as_of must be the start or later"),
    ],
)
def test_refusals(call: dict[str, object], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        service_desk(**call)
