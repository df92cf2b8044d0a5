"""`overview`: each figure is that of the direct call, what is missing is said with a remedy, and no input breaks it."""

from datetime import datetime, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import servicequality as sq
from servicequality import sla
from servicequality.core import RESULT
from servicequality.datasets import service_desk_with_truth
from servicequality.errors import InputError, ParameterError
from servicequality.report import table

DESK, TRUTH = service_desk_with_truth(800, seed=4)
AS_OF = TRUTH.as_of
CSAT = sq.csat(scale=(1, 5))
TICKETS = (
    "ticket_volume", "backlog", "backlog_age", "first_response_time", "response_time", "resolution_time",
    "resolution_rate", "reopen_rate", "sla_attainment",
)  # fmt: skip
OTHERS = (
    "contact_wait_time", "service_level_missed", "abandonment_rate", "occupancy", "self_service_rate", "qa_score",
    "mean_time_to_restore", "change_failure_rate",
)  # fmt: skip


def direct(by: str | None = None, every: str | None = None) -> pl.DataFrame:
    """The same figures, each called by hand on the rows that its docs name."""
    facts = sq.facts(DESK, as_of=AS_OF).collect()
    keys = facts.select("ticket_id", "channel")
    answers = DESK.answers.with_columns(at=pl.coalesce("answered_at", "delivered_at")).collect()
    reviews = sq.review_scores(DESK.reviews).collect()
    frames = {
        "ticket": facts,
        "clock": sla.due_clocks(facts, as_of=AS_OF),
        "wait": sq.reply_waits(DESK, as_of=AS_OF).collect(),
        "answer": answers.join(keys, on="ticket_id", how="left"),
        "contact": DESK.contacts.collect(),
        "agent period": DESK.agent_time.collect(),
        "session": DESK.sessions.filter(pl.col("at") <= AS_OF).collect(),
        "scored review": reviews.join(keys, on="ticket_id", how="left"),
        "incident": DESK.incidents.filter(pl.col("started_at") <= AS_OF).collect(),
        "deployment": DESK.deployments.collect(),
    }
    at = dict.fromkeys(frames, "at") | {
        "ticket": "created_at", "clock": "created_at", "wait": "started_at", "incident": "started_at",
    }  # fmt: skip
    metrics = [
        sq.ticket_volume(), sq.backlog(as_of=AS_OF), sq.backlog_age(as_of=AS_OF), sq.first_response_time(),
        sq.response_time(), sq.resolution_time(), sq.resolution_rate(), sq.reopen_rate(), sq.sla_attainment(as_of=AS_OF),
        sq.nps().where(pl.col("question") == "nps"), CSAT.where(pl.col("question") == "csat"),
        sq.contact_wait_time(), sq.service_level(abandoned="missed"), sq.abandonment_rate(), sq.occupancy(),
        sq.self_service_rate(as_of=AS_OF), sq.qa_score(), sq.mean_time_to_restore(as_of=AS_OF), sq.change_failure_rate(),
    ]  # fmt: skip
    if by is not None:
        metrics = [metric for metric in metrics if by in frames[metric.grain].columns]
    if every is not None:
        metrics = [metric for metric in metrics if not metric.spec.census]
    return sq.evaluate(frames, metrics, by=by or (), every=every, at=at if every else None)


def one(result: pl.DataFrame, metric: str) -> dict[str, object]:
    return result.row(by_predicate=pl.col("metric") == metric, named=True)


def test_each_figure_is_that_of_the_direct_call() -> None:
    result = sq.overview(DESK, as_of=AS_OF, questions={"csat": CSAT})
    assert result["metric"].to_list() == [*TICKETS, "nps", "csat", *OTHERS]
    assert result.columns == ["period", *RESULT]
    assert result["value"].null_count() == 0
    assert_frame_equal(result, direct())


def test_by_a_column_of_the_tickets_reaches_all_rows_that_know_a_ticket() -> None:
    result = sq.overview(DESK, as_of=AS_OF, by="channel", questions={"csat": CSAT})
    lacking = result.filter(pl.col("reason").str.contains("no column channel"))
    assert lacking["metric"].to_list() == [
        "occupancy",
        "self_service_rate",
        "mean_time_to_restore",
        "change_failure_rate",
    ]
    assert lacking["channel"].null_count() == 4
    figures = result.filter(~pl.col("metric").is_in(lacking["metric"].to_list()))
    assert_frame_equal(figures, direct(by="channel"))


def test_by_a_column_of_other_rows_alone_leaves_the_tickets_out() -> None:
    result = sq.overview(DESK, as_of=AS_OF, by="queue")
    given = result.filter(pl.col("value").is_not_null())["metric"].unique(maintain_order=True).to_list()
    assert given == ["contact_wait_time", "service_level_missed", "abandonment_rate"]
    assert "tickets have no column queue" in one(result, "ticket_volume")["reason"]


def test_every_period_holds_its_figures_and_counts_the_backlog_at_its_end() -> None:
    result = sq.overview(DESK, as_of=AS_OF, every="1mo", questions={"csat": CSAT})
    censuses = pl.col("metric").is_in(["backlog", "backlog_age"])
    assert_frame_equal(result.filter(~censuses), direct(every="1mo"))
    facts = sq.facts(DESK, as_of=AS_OF).collect()
    rows = result.filter(metric="backlog").sort("period")
    ends = [min(end, AS_OF) for end in rows["period"].dt.offset_by("1mo")]
    assert len(ends) == 6
    assert rows["value"].to_list() == [sq.backlog(as_of=end).estimate(facts).value for end in ends]
    assert result["period"].is_sorted()


def test_months_are_those_of_the_zone_that_is_named() -> None:
    result = sq.overview(DESK, as_of=AS_OF, every="1mo", timezone="Asia/Tokyo")
    assert result.schema["period"] == pl.Datetime("us", "Asia/Tokyo")
    assert result["period"].drop_nulls().dt.hour().max() == 0


def test_tickets_alone_give_what_stamps_can_tell_and_say_what_is_missing() -> None:
    tickets = DESK.tickets.drop("reopen_count", "reassignments", "handle_seconds", "due_at").collect()
    result = sq.overview(tickets, as_of=AS_OF)
    assert result["metric"].to_list() == [*TICKETS, "nps", "csat"]
    reasons = dict(result.filter(pl.col("value").is_null()).select("metric", "reason").iter_rows())
    assert reasons == {
        "response_time": "the records hold no responses; give the messages of both sides: Records(responses=…)",
        "reopen_rate": (
            "the records hold no changes of the status and no tickets.reopen_count; give the log of the status: "
            "Records(changes=…), or the count of the tickets' own system"
        ),
        "sla_attainment": (
            "the records hold no tickets.due_at; give the deadline of each ticket and its end, or state targets as "
            "sla.Policy and call sla.clocks"
        ),
        "nps": "the records hold no answers; give them as Records(answers=…)",
        "csat": "the records hold no answers; give them as Records(answers=…)",
    }
    facts = sq.facts(tickets, as_of=AS_OF).collect()
    assert one(result, "resolution_time")["value"] == sq.resolution_time().estimate(facts).value
    assert one(result, "csat")["n"] == 0


def test_tickets_without_any_end_are_not_all_called_open() -> None:
    teams = pl.DataFrame({"ticket_id": ["a"], "at": [AS_OF], "field": ["team"], "value": ["x"]})
    bare = pl.DataFrame({"ticket_id": ["a", "b"], "created_at": [AS_OF, AS_OF]})
    for records in (sq.Records(tickets=bare), sq.Records(tickets=bare, changes=teams)):
        result = sq.overview(records, as_of=AS_OF)
        assert result.filter(pl.col("value").is_not_null())["metric"].to_list() == ["ticket_volume"]
        assert "without an end every ticket would count as open" in one(result, "backlog")["reason"]
    ended = teams.with_columns(field=pl.lit("status"), value=pl.lit("Closed"))
    assert one(sq.overview(sq.Records(tickets=bare, changes=ended), as_of=AS_OF), "backlog")["value"] == 1


def test_an_event_log_with_words_of_its_own() -> None:
    log = pl.DataFrame(
        {
            "case": ["1", "1", "2", "2", "3"],
            "when": [AS_OF - timedelta(hours=hours) for hours in (50, 2, 40, 20, 30)],
            "step": ["Received", "Completed", "Received", "Completed", "Received"],
        }
    )
    records = sq.Records.from_events(log, ticket="case", at="when", status="step")
    result = sq.overview(records, as_of=AS_OF, ended=("completed",))
    assert one(result, "backlog")["value"] == 1
    assert one(result, "resolution_rate")["value"] == pytest.approx(2 / 3)
    assert one(sq.overview(records, as_of=AS_OF), "backlog")["value"] == 3


class TestQuestions:
    def test_no_scale_is_guessed(self) -> None:
        result = sq.overview(DESK, as_of=AS_OF)
        assert one(result, "csat")["reason"] == (
            "the scale of the question 'csat' is not stated; say questions={'csat': csat(scale=(1, 5))} with its own ends"
        )
        assert one(result, "nps")["value"] is not None

    def test_nps_is_known_by_its_name_whatever_its_case(self) -> None:
        answers = DESK.answers.with_columns(question=pl.col("question").replace("nps", " NPS"))
        result = sq.overview(sq.Records(answers=answers), as_of=AS_OF)
        assert one(result, "nps") == one(sq.overview(DESK, as_of=AS_OF), "nps")

    def test_any_question_takes_any_metric_of_answers(self) -> None:
        own = {"ces": sq.ces(version="v2"), "csat": CSAT, "CSAT of agents": CSAT}
        answers = pl.concat(
            [DESK.answers, DESK.answers.filter(question="csat").with_columns(question=pl.lit("CSAT of agents"))]
        )
        result = sq.overview(sq.Records(answers=answers), as_of=AS_OF, questions=own)
        assert result["metric"].to_list() == ["nps", "csat, csat", "csat, CSAT of agents", "ces"]
        assert one(result, "csat, csat")["value"] == one(result, "csat, CSAT of agents")["value"]

    def test_a_question_that_nobody_was_asked(self) -> None:
        answers = DESK.answers.filter(question="ces")
        result = sq.overview(sq.Records(answers=answers), as_of=AS_OF, questions={"happy?": CSAT})
        assert one(result, "csat")["reason"] == "no answer is to the question 'happy?'; the questions are 'ces'"
        assert one(result, "nps")["reason"] == (
            "no question is called 'nps'; the questions are 'ces'; say which it is: questions={…: nps()}"
        )

    def test_answers_off_the_scale_leave_their_figure_alone_without_a_value(self) -> None:
        result = sq.overview(DESK, as_of=AS_OF, questions={"csat": sq.csat(scale=(0, 3))})
        assert one(result, "csat")["value"] is None
        assert "outside whole numbers from 0 to 3" in str(one(result, "csat")["reason"])
        assert one(result, "csat")["n"] == 0
        assert_frame_equal(result.filter(metric="nps"), sq.overview(DESK, as_of=AS_OF).filter(metric="nps"))

    @pytest.mark.parametrize(
        ("questions", "message"),
        [
            ({"csat": sq.csat}, r"questions\['csat'\] must be a metric of answers, such as csat\(scale=\(1, 5\)\)"),
            ({"csat": sq.resolution_time()}, "must be a metric of answers"),
            ({1: CSAT}, "questions must map questions to metrics"),
            ([CSAT], "questions must map questions to metrics"),
        ],
    )
    def test_wrong_questions(self, questions: object, message: str) -> None:
        with pytest.raises(ParameterError, match=message):
            sq.overview(DESK, as_of=AS_OF, questions=questions)


def test_nothing_of_after_the_instant_counts() -> None:
    early = AS_OF - timedelta(days=60)
    known = sq.Records(
        **{
            name: frame.filter(pl.col(at) <= early)
            for name, frame, at in (
                ("tickets", DESK.tickets, "created_at"), ("responses", DESK.responses, "at"), ("changes", DESK.changes, "at"),
                ("contacts", DESK.contacts, "at"), ("agent_time", DESK.agent_time, "at"), ("sessions", DESK.sessions, "at"),
                ("incidents", DESK.incidents, "started_at"), ("deployments", DESK.deployments, "at"),
                ("answers", DESK.answers.filter(pl.col("answered_at").is_null() | (pl.col("answered_at") <= early)),
                 "delivered_at"),
                ("reviews", DESK.reviews, "at"),
            )
        }
    )  # fmt: skip
    assert_frame_equal(sq.overview(DESK, as_of=early), sq.overview(known, as_of=early))


def test_records_without_rows_give_figures_without_values() -> None:
    empty = sq.Records(**{name: frame.head(0) for name, frame in DESK.tables.items() if name != "accounts"})
    result = sq.overview(empty, as_of=AS_OF)
    assert result["metric"].to_list() == [*TICKETS, "nps", "csat", *OTHERS]
    assert one(result, "ticket_volume")["value"] == 0
    assert result.filter(pl.col("value").is_null())["reason"].null_count() == 0
    assert "there is no question at all" in str(one(result, "csat")["reason"])
    grouped = sq.overview(empty, as_of=AS_OF, by="team", every="1w")
    assert grouped.columns == ["team", "period", *RESULT]
    assert grouped["value"].null_count() == grouped.height


def test_lazy_tables_give_the_answer_of_eager_ones() -> None:
    eager = sq.Records(**{name: frame.collect() for name, frame in DESK.tables.items()})
    for options in ({}, {"by": ["team", "priority"]}, {"every": "1w", "by": "team"}):
        assert_frame_equal(sq.overview(DESK, as_of=AS_OF, **options), sq.overview(eager, as_of=AS_OF, **options))


def test_it_prints_as_a_table() -> None:
    text = table(sq.overview(DESK, as_of=AS_OF))
    assert "first response time" in text
    assert "– the scale of the question 'csat' is not stated" in text


def test_a_table_that_cannot_be_scored_says_so_in_its_own_rows() -> None:
    reviews = DESK.reviews.with_columns(rating=pl.lit(99.0))
    result = sq.overview(DESK.replace(reviews=reviews), as_of=AS_OF)
    assert "rating" in str(one(result, "qa_score")["reason"])
    assert result["value"].null_count() == 2  # and CSAT


def test_an_id_that_a_lazy_table_repeats_does_not_repeat_its_answers() -> None:
    twice = pl.concat([DESK.tickets, DESK.tickets.head(50)])
    for records in (DESK.replace(tickets=twice), DESK):
        result = sq.overview(records, as_of=AS_OF, by="channel").filter(metric="nps")
        assert result["n"].sum() == one(sq.overview(DESK, as_of=AS_OF), "nps")["n"]


def test_columns_under_hostile_names() -> None:
    odd = DESK.tickets.rename({"channel": "^a.*$"}).with_columns(abc=pl.lit(1), **{"servicequality.at": pl.lit(2)})
    result = sq.overview(DESK.replace(tickets=odd), as_of=AS_OF, by="^a.*$", every="1q")
    assert set(result.filter(metric="ticket_volume")["^a.*$"]) == {"chat", "email", "phone", "web"}
    assert set(result.filter(metric="nps")["^a.*$"]) == {"chat", "email", "phone", "web"}


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"as_of": datetime(2024, 1, 1)}, ParameterError, "as_of"),  # noqa: DTZ001  (that is the fault)
        ({"by": "chanel"}, InputError, r"by: no rows have the column 'chanel' \(did you mean 'channel'\?\)"),
        ({"by": "value"}, ParameterError, "by names 'value', which is a column of every result"),
        ({"by": ["team", "team"]}, ParameterError, "by names a column twice"),
        ({"by": 3}, ParameterError, "by takes names of columns"),
        ({"every": "now"}, ParameterError, "every takes one length such as"),
        ({"timezone": "UTC"}, ParameterError, "it needs every="),
        ({"every": "1d", "timezone": "Mars/Phobos"}, ParameterError, "Mars/Phobos"),
        ({"level": 95}, ParameterError, "level must be between 0 and 1"),
        ({"ended": "closed"}, ParameterError, "ended must be a tuple of names"),
        ({"excluded": (1,)}, ParameterError, "excluded must be a tuple of names"),
    ],
)
def test_wrong_calls(options: dict[str, object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        sq.overview(DESK, **{"as_of": AS_OF, **options})


def test_data_that_are_no_records() -> None:
    with pytest.raises(InputError, match="the records hold no table that has figures; give one of tickets, answers"):
        sq.overview(sq.Records(accounts=DESK.accounts), as_of=AS_OF)
    with pytest.raises(InputError, match="overview reads a table of tickets"):
        sq.overview({"score": [1]}, as_of=AS_OF)
    assert one(sq.overview([sq.Ticket(ticket_id="a", created_at=AS_OF)], as_of=AS_OF), "ticket_volume")["value"] == 1
