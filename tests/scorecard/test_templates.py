"""Templates of scorecards, owners and actions: the same objectives by hand, what a missed target shows, bad input."""

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import servicequality as sq
from servicequality.datasets import service_desk_with_truth
from servicequality.errors import ParameterError
from servicequality.scorecard import Objective, Scorecard
from servicequality.sla import due_clocks

DESK, TRUTH = service_desk_with_truth(900, seed=2)
AS_OF = TRUTH.as_of
HOUR = 3600.0


def frames() -> dict[str, pl.DataFrame]:
    tickets = sq.facts(DESK, as_of=AS_OF).collect()
    uptime = sq.uptime(DESK, since=AS_OF - timedelta(days=180), until=AS_OF, every="1q").collect()
    return {
        "ticket": tickets,
        "clock": due_clocks(tickets, as_of=AS_OF),
        "answer": DESK.answers.collect(),
        "service period": uptime,
        "incident": DESK.incidents.collect(),
        "deployment": DESK.deployments.collect(),
        "defect": pl.DataFrame({"found_at": [AS_OF - timedelta(days=100)] * 20, "escaped": [True, *[False] * 19]}),
    }


ROWS = frames()
AT = {
    "ticket": "created_at", "clock": "due_at", "answer": "answered_at", "service period": "period",
    "incident": "started_at", "deployment": "at", "defect": "found_at",
}  # fmt: skip


def judged(card: Scorecard) -> pl.DataFrame:
    return card.evaluate(ROWS, as_of=AS_OF, at=AT, timezone="UTC")


def asked(metric: sq.Metric, question: str) -> sq.Metric:
    return metric.where(pl.col("question") == question)


def test_a_week_of_operations_is_its_objectives_by_hand() -> None:
    card = Scorecard.weekly_operations(
        first_response=4 * HOUR, resolution=48 * HOUR, backlog=50, backlog_age=7 * 24 * HOUR, reopen_rate=0.1, sla=0.6
    )
    by_hand = Scorecard(
        [
            Objective(sq.first_response_time(), at_most=4 * HOUR),
            Objective(sq.resolution_time(), at_most=48 * HOUR),
            Objective(lambda as_of: sq.backlog(as_of=as_of), at_most=50),
            Objective(lambda as_of: sq.backlog_age(as_of=as_of), at_most=7 * 24 * HOUR),
            Objective(sq.reopen_rate(), at_most=0.1),
            Objective(lambda as_of: sq.sla_attainment(as_of=as_of), at_least=0.6),
        ],
        period="week",
    )
    own = ["action", "summary"]
    assert_frame_equal(judged(card).drop(own), judged(by_hand).drop(own))


def test_a_share_in_time_takes_the_place_of_the_medians() -> None:
    card = Scorecard.weekly_operations(first_response=HOUR, resolution=24 * HOUR, share=0.9)
    assert [(one.direction, one.target) for one in card.objectives] == [("at_least", 0.9)] * 2
    assert [one.metric for one in card.objectives] == [
        sq.first_response_time(limit=HOUR),
        sq.resolution_time(limit=24 * HOUR),
    ]


def test_a_month_of_surveys_reads_each_question_by_its_name() -> None:
    card = Scorecard.monthly_experience(nps=30, csat=0.8, scale=(1, 5), ces=5, version="v2", response_rate=0.2)
    by_hand = Scorecard(
        [
            Objective(asked(sq.nps(), "nps"), at_least=30),
            Objective(asked(sq.csat(scale=(1, 5)), "csat"), at_least=0.8),
            Objective(asked(sq.ces(version="v2"), "ces"), at_least=5),
            Objective(sq.response_rate(), at_least=0.2, at="delivered_at"),
        ],
    )
    own = ["action", "summary"]
    assert_frame_equal(judged(card).drop(own), judged(by_hand).drop(own))
    assert card.period == "month"
    effort = Scorecard.monthly_experience(ces=2, version="v1", question={"ces": "How hard?"}).objectives[0]
    assert effort.direction == "at_most"
    assert effort.metric == asked(sq.ces(version="v1"), "How hard?")


def test_a_quarter_of_software() -> None:
    card = Scorecard.quarterly_software(
        availability=0.999, time_to_restore=HOUR, change_failure_rate=0.15, lead_time=48 * HOUR, escaped_defects=0.5
    )
    result = judged(card)
    assert result["objective"].n_unique() == 5
    assert set(result["every"]) == {"quarter"}
    first = result.filter(pl.col("period") == datetime(2024, 1, 1, tzinfo=UTC))
    quarter = ROWS["deployment"].filter(pl.col("at") < datetime(2024, 4, 1, tzinfo=UTC))
    assert first.filter(metric="change_failure_rate")["value"].item() == quarter["failed"].mean()
    escaped = result.filter(pl.col("objective").str.contains("escaped")).row(0, named=True)
    assert (escaped["value"], escaped["verdict"]) == (0.05, "met")


def test_owner_and_action_stand_in_the_frame_and_in_the_sentence_of_what_is_missed() -> None:
    card = Scorecard(
        [
            Objective(sq.ticket_volume(), at_most=1, owner="Ada", action="ask for people", name="few"),
            Objective(sq.ticket_volume(), at_least=1, owner="Ben", action="nothing", name="some"),
            Objective(sq.ticket_volume(), at_most=2, owner="Cleo", name="owned"),
            Objective(sq.ticket_volume(), at_most=3, name="nobody's"),
        ],
        period="quarter",
    )
    first = judged(card).group_by("objective", maintain_order=True).first()
    assert first["owner"].to_list() == ["Ada", "Ben", "Cleo", None]
    assert first["action"].to_list() == ["ask for people", "nothing", None, None]
    endings = [summary.partition(": ")[2] or summary for summary in first["summary"]]
    assert first["verdict"].to_list() == ["missed", "met", "missed", "missed"]
    assert endings[0].endswith("missed; owner: Ada; action: ask for people")
    assert endings[1].endswith("met")
    assert endings[2].endswith("missed; owner: Cleo")
    assert endings[3].endswith("missed")


def test_owners_and_actions_of_a_template() -> None:
    card = Scorecard.weekly_operations(backlog=9, reopen_rate=0.1, owner="Ada", action={"backlog": "call for help"})
    assert [one.owner for one in card.objectives] == ["Ada", "Ada"]
    assert [one.action for one in card.objectives] == [
        "call for help",
        "read reopened tickets by cause (tables.pareto)",
    ]
    card = Scorecard.weekly_operations(backlog=9, reopen_rate=0.1, owner={"reopen_rate": "Ben"}, by="team")
    assert [one.owner for one in card.objectives] == [None, "Ben"]
    assert [one.by for one in card.objectives] == [("team",), ("team",)]


class TestToml:
    def test_owner_and_action(self) -> None:
        text = '[[objective]]\nmetric = "ticket_volume"\nat_most = 1\nowner = "Ada"\naction = "ask for people"'
        (one,) = Scorecard.from_toml(text).objectives
        assert (one.owner, one.action) == ("Ada", "ask for people")

    def test_a_template_with_its_targets_and_further_promises(self) -> None:
        text = """
        template = "monthly_experience"
        mode = "anytime"
        [targets]
        csat = 0.8
        scale = [1, 5]
        owner = { csat = "Ada" }
        [[objective]]
        metric = "resolution_time"
        at_most = 86400
        """
        card = Scorecard.from_toml(text)
        assert (card.period, card.mode) == ("month", "anytime")
        assert [one.owner for one in card.objectives] == ["Ada", None]
        assert [one.metric for one in card.objectives] == [asked(sq.csat(scale=(1, 5)), "csat"), sq.resolution_time()]
        assert Scorecard.from_toml('period = "quarter"\n' + text).period == "quarter"

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ('template = "weekly"', "template must be .*weekly_operations"),
            ("[targets]\nbacklog = 1", "template"),
            ('template = "weekly_operations"', "targets: a template claims no norms"),
            ('template = "weekly_operations"\ntargets = 3', "targets is a table of the template's parameters, got 3"),
            (
                'template = "weekly_operations"\n[targets]\nbacklogs = 3',
                r"'backlogs' is not part of weekly_operations \(did",
            ),
            (
                'template = "weekly_operations"\n[targets]\nreopen_rate = 10',
                "targets: reopen_rate: a target must lie within",
            ),
            ('template = "weekly_operations"\n[targets]\nbacklog = "few"', "targets: .*must be a finite number"),
            ("objective = 3", r"an \[\[objective\]\] for each promise; this has something else"),
            ('[[objective]]\nmetric = "nps"\nat_least = 1\nowner = ""', "objective 1: nps: owner is a text, got ''"),
        ],
    )
    def test_bad_texts(self, text: str, message: str) -> None:
        with pytest.raises(ParameterError, match=message):
            Scorecard.from_toml(text)


@pytest.mark.parametrize(
    ("call", "options", "message"),
    [
        (
            Scorecard.weekly_operations,
            {},
            "claims no norms: give the target of at least one of first_response, resolution",
        ),
        (
            Scorecard.weekly_operations,
            {"share": 0.9, "backlog": 1},
            "share says how many tickets must be in time; give",
        ),
        (Scorecard.weekly_operations, {"first_response": -1}, "a target must lie within 0 to inf"),
        (Scorecard.weekly_operations, {"first_response": "4h"}, "must be a finite number, got '4h'"),
        (Scorecard.weekly_operations, {"first_response": "4h", "share": 0.9}, "limit"),
        (
            Scorecard.weekly_operations,
            {"backlog": 1, "owner": {"backlogs": "A"}},
            r"owner names 'backlogs' \(did you mean",
        ),
        (Scorecard.weekly_operations, {"backlog": 1, "action": {"nps": "A"}}, "action names 'nps'; the figures are"),
        (Scorecard.weekly_operations, {"backlog": 1, "action": "run"}, "action must map figures to texts, such as"),
        (Scorecard.weekly_operations, {"backlog": 1, "owner": {"backlog": 3}}, "owner is a text, got 3"),
        (Scorecard.weekly_operations, {"backlog": 1, "owner": " "}, "owner is a text, got ' '"),
        (Scorecard.weekly_operations, {"backlog": 1, "by": 3}, "by is the name of a column"),
        (
            Scorecard.monthly_experience,
            {"csat": 0.8},
            "csat= and scale= go together, such as scale=.1, 5.; no scale is",
        ),
        (Scorecard.monthly_experience, {"ces": 5}, 'ces= and version= go together, such as version="v2"'),
        (Scorecard.monthly_experience, {"nps": 3, "scale": (1, 5)}, "csat= and scale= go together"),
        (Scorecard.monthly_experience, {"nps": 300}, "a target must lie within -100 to 100"),
        (Scorecard.monthly_experience, {"nps": 3, "question": {"net": "x"}}, r"question names 'net'"),
        (Scorecard.monthly_experience, {"ces": 3, "version": "v3"}, "version"),
        (Scorecard.quarterly_software, {}, "at least one of availability, time_to_restore"),
        (Scorecard.quarterly_software, {"availability": 99.9}, "99.9 % is 0.999"),
    ],
)
def test_bad_targets(call: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        call(**options)


@pytest.mark.parametrize("what", ["owner", "action"])
def test_owner_and_action_are_texts(what: str) -> None:
    for wrong in (3, "", ["Ada"]):
        with pytest.raises(ParameterError, match=f"nps: {what} is a text"):
            Objective(sq.nps(), at_least=0, **{what: wrong})
