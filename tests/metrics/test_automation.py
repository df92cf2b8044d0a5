"""The rates of automation against one plain reading of an episode; golden rows at each boundary; bad input."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

import servicequality as sq
from servicequality import Metric, Objective, Scorecard
from servicequality.comparison import mix_and_rate, standardise
from servicequality.errors import InputError, ParameterError
from servicequality.events import follow_ups

DAY, WEEK = 86_400.0, 7 * 86_400.0
START = datetime(2026, 3, 2, tzinfo=UTC)
Row = dict[str, Any]
SCHEMA = {
    "eligible": pl.Boolean, "observed": pl.Boolean, "bot_replies": pl.Int64, "human_replies": pl.Int64,
    "handoff_observed": pl.Boolean, "handoff_reason": pl.String, "human_after_bot": pl.Boolean, "ended_by": pl.String,
    "confirmed": pl.Boolean, "requested_human": pl.Boolean, "human_request_seconds": pl.Float64,
    "return_seconds": pl.Float64, "return_observed": pl.Boolean, "ended_age_seconds": pl.Float64,
    "ended_at": pl.Datetime("us", "UTC"), "next_contact_at": pl.Datetime("us", "UTC"), "verified": pl.Boolean,
    "cost": pl.Float64, "category": pl.String,
}  # fmt: skip


def episode(**given: Any) -> Row:
    """An episode that a bot answered and that ended long ago in silence, but for what is given."""
    row = {
        "eligible": True, "observed": True, "bot_replies": 1, "human_replies": 0, "handoff_observed": False,
        "handoff_reason": None, "human_after_bot": False, "ended_by": "bot", "confirmed": None, "requested_human": False,
        "human_request_seconds": None, "return_seconds": 30 * DAY, "return_observed": False,
        "ended_age_seconds": 30 * DAY, "ended_at": START, "next_contact_at": None, "verified": True, "cost": 1.0,
        "category": "a",
    } | given  # fmt: skip
    if not row["observed"]:
        later = (
            "return_seconds",
            "return_observed",
            "ended_age_seconds",
            "human_request_seconds",
            "ended_at",
            "ended_by",
        )
        row |= dict.fromkeys(later)
    return row


def young(seconds: float, **given: Any) -> Row:
    return episode(ended_age_seconds=seconds, return_seconds=seconds, **given)


def returned(seconds: float, **given: Any) -> Row:
    return episode(return_seconds=seconds, return_observed=True, **given)


def frame(*rows: Row) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=SCHEMA)


def drawn(n: int, seed: int) -> list[Row]:
    """Episodes of every kind, by chance."""
    chance = np.random.default_rng(seed)
    rows = []
    for _ in range(n):
        age = float(chance.integers(0, 12)) * DAY
        back = bool(chance.random() < 0.4)
        asked = bool(chance.random() < 0.2)
        handed = bool(chance.random() < 0.3)
        people = int(chance.integers(0, 2)) * int(chance.integers(1, 3))
        rows.append(
            episode(
                eligible=bool(chance.random() < 0.9),
                observed=bool(chance.random() < 0.8),
                bot_replies=int(chance.integers(0, 3)),
                human_replies=people,
                handoff_observed=handed,
                handoff_reason=str(chance.choice(["Limit", "asked"])) if handed and chance.random() < 0.8 else None,
                human_after_bot=people > 0 and bool(chance.random() < 0.7),
                ended_by=[None, "bot", "human", "system", "customer"][int(chance.integers(5))],
                confirmed=[None, None, True, False][int(chance.integers(4))],
                requested_human=asked,
                human_request_seconds=float(chance.integers(0, 3)) * DAY if asked else None,
                return_seconds=min(float(chance.integers(0, 9)) * DAY, age) if back else age,
                return_observed=back,
                ended_age_seconds=age,
                next_contact_at=START + timedelta(days=int(chance.integers(-1, 9))) if chance.random() < 0.3 else None,
                verified=[True, True, False, None][int(chance.integers(4))],
                category=str(chance.choice(["a", "b"])),
            )
        )
    return rows


# One plain reading of an episode: true, false, "pending", or None where it stands in no denominator.


def told(row: Row, of: Callable[[Row], bool], hit: Callable[[Row], bool], age: float = 0.0) -> object:
    if not row["eligible"]:
        return None
    if not row["observed"]:
        return "pending"
    if not of(row):
        return None
    return hit(row) if row["ended_age_seconds"] >= age else "pending"


def has_bot(row: Row) -> bool:
    return row["bot_replies"] > 0 or row["handoff_observed"]


def contained(row: Row) -> bool:
    return has_bot(row) and row["human_replies"] == 0


def back_within(row: Row, window: float) -> bool:
    return row["return_observed"] and 0 < row["return_seconds"] <= window


def alone(row: Row) -> bool:
    helped = row["handoff_observed"] or row["human_replies"] > 0 or row["ended_by"] == "human"
    return row["bot_replies"] > 0 and not helped


def silent(row: Row, quiet: float) -> bool:
    against = row["confirmed"] is False or (row["requested_human"] and row["confirmed"] is not True)
    return not back_within(row, quiet) and not against


def required(row: Row) -> bool:
    return alone(row) and row["confirmed"] is True


def assumed(row: Row, quiet: float = DAY) -> bool:
    return alone(row) and silent(row, quiet)


def contacted(row: Row) -> bool:
    at = row["next_contact_at"]
    return at is not None and timedelta() < at - row["ended_at"] <= timedelta(days=7)


def everybody(_row: Row) -> bool:
    return True


def false_containment(row: Row) -> bool:
    asked = row["human_request_seconds"]
    return back_within(row, WEEK) or (asked is not None and asked <= WEEK)


RATES: list[tuple[Metric, Callable[[Row], object]]] = [
    (sq.involvement_rate(), lambda row: told(row, everybody, has_bot)),
    (sq.containment_rate(), lambda row: told(row, has_bot, lambda r: r["human_replies"] == 0)),
    (sq.handoff_rate(), lambda row: told(row, has_bot, lambda r: r["handoff_observed"])),
    (
        sq.handoff_rate(reasons=("LIMIT",)),
        lambda row: told(row, has_bot, lambda r: r["handoff_observed"] and r["handoff_reason"] != "Limit"),
    ),
    (sq.assisted_rate(), lambda row: told(row, has_bot, lambda r: r["human_after_bot"])),
    (sq.human_request_rate(), lambda row: told(row, has_bot, lambda r: r["requested_human"])),
    (sq.autonomous_resolution_rate(confirmed="required"), lambda row: told(row, has_bot, required)),
    (sq.autonomous_resolution_rate(confirmed="assumed"), lambda row: told(row, has_bot, assumed, DAY)),
    (
        sq.autonomous_resolution_rate(confirmed="assumed", quiet=2 * DAY),
        lambda row: told(row, has_bot, lambda r: assumed(r, 2 * DAY), 2 * DAY),
    ),
    (
        sq.autonomous_resolution_rate(definition="fin"),
        lambda row: told(
            row,
            has_bot,
            lambda r: (required(r) or assumed(r)) and not (r["return_observed"] and r["return_seconds"] > 0),
            DAY,
        ),
    ),
    (
        sq.autonomous_resolution_rate(definition="zendesk"),
        lambda row: told(row, has_bot, lambda r: assumed(r, 3 * DAY), 3 * DAY),
    ),
    (
        sq.autonomous_resolution_rate(definition="zendesk", verified="verified"),
        lambda row: told(row, has_bot, lambda r: assumed(r, 3 * DAY) and r["verified"] is True, 3 * DAY),
    ),
    (
        sq.autonomous_resolution_rate(definition="captain"),
        lambda row: told(row, has_bot, lambda r: alone(r) and not back_within(r, WEEK), WEEK),
    ),
    (
        sq.durable_resolution_rate(),
        lambda row: told(row, has_bot, lambda r: assumed(r) and not back_within(r, WEEK), WEEK),
    ),
    (
        sq.durable_resolution_rate(confirmed="required", window=2 * DAY),
        lambda row: told(row, has_bot, lambda r: required(r) and not back_within(r, 2 * DAY), 2 * DAY),
    ),
    (
        sq.durable_resolution_rate(window=DAY, quiet=3 * DAY),
        lambda row: told(row, has_bot, lambda r: assumed(r, 3 * DAY), 3 * DAY),
    ),
    (
        sq.durable_resolution_rate(recontact="next_contact_at"),
        lambda row: told(row, has_bot, lambda r: assumed(r) and not back_within(r, WEEK) and not contacted(r), WEEK),
    ),
    (sq.automation_rate(), lambda row: told(row, everybody, assumed, DAY)),
    (sq.automation_rate(confirmed="required"), lambda row: told(row, everybody, required)),
    (sq.false_containment_rate(), lambda row: told(row, contained, false_containment, WEEK)),
]


@pytest.mark.parametrize(("metric", "reading"), RATES, ids=lambda one: getattr(one, "name", ""))
@pytest.mark.parametrize("seed", range(2))
def test_each_rate_is_the_share_of_what_a_reader_finds(
    metric: Metric, reading: Callable[[Row], object], seed: int
) -> None:
    rows = drawn(400, seed)
    readings = [reading(row) for row in rows]
    judged = [one for one in readings if isinstance(one, bool)]
    estimate = metric.estimate(frame(*rows))
    assert estimate.value == pytest.approx(np.mean(judged))
    assert 0 < estimate.value < 1
    counts = (len(judged), readings.count("pending"), readings.count(None), 0)
    assert (estimate.n, estimate.n_pending, estimate.n_excluded, estimate.n_missing) == counts


def flag(metric: Metric, row: Row) -> object:
    estimate = metric.estimate(frame(row))
    if estimate.n_pending:
        return "pending"
    return None if estimate.value is None else bool(estimate.value)


QUIET = sq.autonomous_resolution_rate(confirmed="assumed", quiet=DAY)
DURABLE = sq.durable_resolution_rate(window=WEEK)
FALSE = sq.false_containment_rate(window=WEEK)


@pytest.mark.parametrize(
    ("metric", "row", "expected"),
    [
        (QUIET, young(DAY), True),  # mature at the end + quiet
        (QUIET, young(DAY - 1), "pending"),
        (QUIET, returned(DAY), False),  # (end, end + quiet]
        (QUIET, returned(DAY + 1), True),
        (QUIET, returned(0.0), True),  # at the very instant of the end it is no return
        (QUIET, young(DAY - 1, handoff_observed=True), "pending"),  # chosen by date, never by outcome
        (DURABLE, young(WEEK), True),
        (DURABLE, young(WEEK - 1), "pending"),
        (DURABLE, young(WEEK - 1) | {"return_seconds": 60.0, "return_observed": True}, "pending"),
        (DURABLE, returned(WEEK), False),
        (DURABLE, returned(WEEK + 1), True),
        (FALSE, returned(WEEK), True),
        (FALSE, returned(WEEK + 1), False),
        (FALSE, young(WEEK - 1), "pending"),
        (FALSE, young(WEEK - 1, human_replies=1), None),  # not contained, whatever its age
        (FALSE, episode(human_request_seconds=0.0), True),  # asked in it, and ended without a person
        (FALSE, episode(human_request_seconds=WEEK), True),
        (FALSE, episode(human_request_seconds=WEEK + 1), False),
        (QUIET, episode(requested_human=True), False),
        (QUIET, episode(requested_human=True, confirmed=True), True),  # the word outranks silence
        (QUIET, episode(ended_by=None), True),
        (QUIET, episode(ended_by="customer"), True),
        (QUIET, episode(ended_by="human"), False),
        (QUIET, episode(bot_replies=0, handoff_observed=True), False),
        (sq.autonomous_resolution_rate(confirmed="required"), young(0.0, confirmed=True), True),
        (sq.autonomous_resolution_rate(confirmed="required"), young(0.0), False),
        (sq.autonomous_resolution_rate(definition="fin"), returned(20 * DAY, confirmed=True), False),
        (sq.autonomous_resolution_rate(definition="zendesk"), returned(3 * DAY), False),
        (sq.autonomous_resolution_rate(definition="zendesk"), returned(3 * DAY + 1), True),
        (sq.autonomous_resolution_rate(definition="zendesk", verified="verified"), episode(verified=None), False),
        (sq.autonomous_resolution_rate(definition="captain"), episode(confirmed=False), True),
        (sq.involvement_rate(), episode(bot_replies=0, handoff_observed=True), True),
        (sq.involvement_rate(), episode(eligible=False), None),
        (sq.involvement_rate(), episode(observed=False), "pending"),
        (sq.containment_rate(), episode(bot_replies=0), None),
        (sq.handoff_rate(reasons=["usage_limit"]), episode(handoff_observed=True, handoff_reason="Usage_Limit"), False),
        (sq.handoff_rate(reasons=["usage_limit"]), episode(handoff_observed=True), True),
    ],
)
def test_the_edge_of_each_rule(metric: Metric, row: Row, expected: object) -> None:
    assert flag(metric, row) == expected


@pytest.mark.parametrize("confirmed", ["required", "assumed"])
@pytest.mark.parametrize("seed", range(3))
def test_automation_is_involvement_times_autonomous_resolution(confirmed: Any, seed: int) -> None:
    rows = frame(*drawn(300, seed))
    # Over the episodes that are mature for both.
    mature = rows.filter(pl.col("observed"), (pl.col("ended_age_seconds") >= DAY) | (confirmed == "required"))
    whole, involved, resolved = (
        metric.estimate(mature).value
        for metric in (
            sq.automation_rate(confirmed=confirmed),
            sq.involvement_rate(),
            sq.autonomous_resolution_rate(confirmed=confirmed),
        )
    )
    assert involved is not None
    assert resolved is not None
    assert whole == pytest.approx(involved * resolved)


def test_pending_rows_are_bounded_by_every_way_in_which_they_can_end() -> None:
    rows = [episode(), returned(60.0), young(60.0), young(60.0, human_replies=1), episode(observed=False)]
    estimate = sq.automation_rate(estimate="bounds").estimate(frame(*rows))
    assert estimate.value is None
    assert "without sampling error 0.2 to 0.6" in estimate.notes  # 1 of 5 at least, 3 of 5 at most
    assert (estimate.n, estimate.n_pending) == (5, 0)  # those that wait are in both bounds
    # Of the episodes with a bot one that a person answered is lost, and one without a bot so far may still drop out.
    rows.append(episode(observed=False, bot_replies=0, human_replies=1))
    estimate = sq.autonomous_resolution_rate(confirmed="assumed", estimate="bounds").estimate(frame(*rows))
    assert "without sampling error 0.1667 to 0.6667" in estimate.notes


def test_a_scorecard_knows_how_far_pending_episodes_can_move_a_rate() -> None:
    rows = [episode(), returned(60.0), young(60.0), young(60.0, human_replies=1), episode(observed=False)]
    at = frame(*rows).with_columns(at=pl.lit(START))
    objective = Objective(sq.automation_rate(), at_least=0.5)
    card = Scorecard([objective]).evaluate(at, as_of=START + timedelta(days=30), at="at")
    assert card.select("value", "lowest", "highest").row(0) == pytest.approx((0.5, 0.2, 0.6))


# Times, depth, cost


def test_times_of_the_bot_are_those_of_a_plain_count_where_nothing_runs() -> None:
    seconds = [5.0, 1.0, 9.0, 4.0]
    rows = pl.DataFrame({"bot_response_seconds": seconds, "handoff_seconds": [60.0, 90.0, 50.0, 70.0]}).with_columns(
        eligible=True, observed=True, bot_replies=1, handoff_observed=pl.Series([True, False, False, True]),
        bot_response_observed=True,
    )  # fmt: skip
    assert sq.bot_response_time().estimate(rows).value == 4.0  # the least t with F1(t) >= 1/2
    assert sq.bot_response_time(limit=4.0).estimate(rows).value == pytest.approx(0.5)
    # Two of four were handed off, after 60 and 70 seconds: the other two ended without.
    assert sq.time_to_handoff(limit=60.0).estimate(rows).value == pytest.approx(0.25)
    assert sq.time_to_handoff(limit=1e6).estimate(rows).value == pytest.approx(0.5)
    assert sq.time_to_handoff(statistic="p75").estimate(rows).value is None
    assert sq.time_to_handoff_observed_only().estimate(rows).value == pytest.approx(65.0)
    assert sq.time_to_handoff_observed_only(statistic="mean").estimate(rows).value == pytest.approx(65.0)
    assert sq.time_to_handoff_observed_only(limit=60.0).estimate(rows).value == pytest.approx(0.5)


def test_an_episode_that_runs_still_counts_in_a_time() -> None:
    rows = pl.DataFrame(
        {
            "eligible": [True, True, True, False, True],
            "observed": [True, False, True, True, False],
            "bot_replies": [1, 1, 1, 1, 0],
            "handoff_observed": [True, False, True, True, False],
            "handoff_seconds": [10.0, 50.0, 60.0, 5.0, 70.0],
        }
    )
    estimate = sq.time_to_handoff(limit=55.0).estimate(rows)
    assert estimate.value == pytest.approx(1 / 3)  # the second ran for 50 seconds: nothing is known of it at 55
    assert (estimate.n, estimate.n_excluded, estimate.n_missing) == (3, 2, 0)


def test_depth_and_cost_by_hand() -> None:
    rows = frame(
        episode(bot_replies=3, cost=0.5), episode(bot_replies=0, handoff_observed=True, cost=2.0),
        returned(60.0, bot_replies=6, cost=1.5), episode(bot_replies=0), young(60.0, bot_replies=9, cost=7.0),
        episode(observed=False, bot_replies=9), episode(eligible=False),
    )  # fmt: skip
    depth = sq.conversation_depth().estimate(rows)
    assert depth.value == pytest.approx((3 + 0 + 6 + 9) / 4)
    assert (depth.n, depth.n_pending, depth.n_excluded) == (4, 1, 2)
    cost = sq.cost_per_resolution().estimate(rows)
    assert cost.value == pytest.approx(4.0)  # 0.5 + 2.0 + 1.5, of which one held
    assert (cost.n, cost.n_pending, cost.n_excluded) == (3, 2, 2)
    none = sq.cost_per_resolution().estimate(frame(returned(60.0)))
    assert none.value is None
    assert none.reason == "nothing to divide by"


# Together with the rest


def test_the_next_ticket_of_the_customer_counts_as_a_return_where_it_is_joined() -> None:
    tickets = [
        {"ticket_id": name, "created_at": START + timedelta(days=day), "opened_by": "customer", "requester_id": "r"}
        for name, day in (("t1", 0), ("t2", 3))
    ]
    log = [("t1", 0, "solved"), ("t2", 3, "solved")]
    records = sq.Records(
        tickets=tickets,
        responses=[
            {"ticket_id": name, "at": START + timedelta(days=day, minutes=1), "author": "bot"} for name, day, _ in log
        ],
        changes=[
            {
                "ticket_id": name,
                "at": START + timedelta(days=day, minutes=5),
                "field": "status",
                "value": value,
                "actor": "bot",
            }
            for name, day, value in log
        ],
    )
    as_of = START + timedelta(days=30)
    contacts = follow_ups(sq.facts(records, as_of=as_of), as_of=as_of).select("ticket_id", "next_contact_at")
    rows = sq.episodes(records, as_of=as_of).join(contacts, on="ticket_id", how="left").collect()
    assert sq.durable_resolution_rate().estimate(rows).value == 1.0
    assert sq.durable_resolution_rate(recontact="next_contact_at").estimate(rows).value == 0.5


def test_bot_and_people_are_compared_on_the_same_kind_of_case() -> None:
    # The bot gets the easy questions: it looks better in sum, and people are better at both kinds.
    def cell(side: str, kind: str, n: int, came_back: int) -> list[Row]:
        rows = [returned(60.0)] * came_back + [episode()] * (n - came_back)
        return [row | {"category": kind, "verified": side == "bot"} for row in rows]

    bot = frame(*cell("bot", "easy", 80, 8), *cell("bot", "hard", 20, 12))
    people = frame(*cell("people", "easy", 20, 1), *cell("people", "hard", 80, 40))
    came_back = sq.repeat_contact_rate("return_seconds", "return_observed", "ended_age_seconds", window=WEEK)
    raw = [came_back.estimate(rows).value for rows in (bot, people)]
    assert raw == pytest.approx([0.20, 0.41])
    both = pl.concat([bot, people])
    by_side = standardise(both, came_back, by="verified", over="category").sort("verified")["value"].to_list()
    # Half of all cases are easy: 0.5 x 0.05 + 0.5 x 0.5 of people, 0.5 x 0.1 + 0.5 x 0.6 of the bot.
    assert by_side == pytest.approx([0.275, 0.35])
    effects = mix_and_rate(people, bot, came_back, by="category")
    total = effects.filter(part="total").row(0, named=True)
    assert total["rate"] > 0 > total["mix"]  # at each kind worse, and yet better in sum


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (sq.autonomous_resolution_rate, "say what confirms a resolution: confirmed='required' or 'assumed'"),
        (
            lambda: sq.autonomous_resolution_rate(confirmed="assumed", definition="fin"),
            "say what confirms a resolution",
        ),
        (lambda: sq.autonomous_resolution_rate(confirmed="asumed"), "did you mean 'assumed'"),
        (
            lambda: sq.autonomous_resolution_rate(definition="finn"),
            "definition must be one of 'fin', 'zendesk', 'captain'",
        ),
        (lambda: sq.autonomous_resolution_rate(confirmed="required", quiet=60), "quiet= is the silence of"),
        (
            lambda: sq.autonomous_resolution_rate(confirmed="assumed", quiet=0),
            "quiet must be a positive number of seconds",
        ),
        (lambda: sq.autonomous_resolution_rate("e", verified="v", confirmed="assumed"), "verified= is the check of"),
        (
            lambda: sq.durable_resolution_rate(window=float("inf")),
            "window must be a positive number of seconds, got inf",
        ),
        (lambda: sq.durable_resolution_rate(estimate="so_far"), "estimate must be one of 'matured', 'bounds'"),
        (lambda: sq.false_containment_rate(window="7d"), "window must be a positive number of seconds, got '7d'"),
        (lambda: sq.handoff_rate(reasons="usage_limit"), "reasons must be a tuple of texts"),
        (lambda: sq.handoff_rate(reasons=(1,)), "reasons must be a tuple of texts"),
        (lambda: sq.time_to_handoff(statistic="mean"), "statistic must be one of"),
    ],
)
def test_bad_options_are_told(call: Callable[[], Metric], told: str) -> None:
    with pytest.raises(ParameterError, match=re.escape(told)):
        call()


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(InputError, match="with something that came later than they were watched"):
        QUIET.estimate(frame(episode(return_seconds=31 * DAY)))
    with pytest.raises(InputError, match="return_seconds"):
        QUIET.estimate(frame(episode()).drop("return_seconds"))
