"""The generated service desk and its truth: the public functions."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime

import numpy as np
import polars as pl

from servicequality.checks import zone_aware
from servicequality.datasets import effects as e
from servicequality.datasets.contacts import agent_time_table, answer, complete_contacts, contacts_table
from servicequality.datasets.customers import accounts_table, complete_accounts, settle
from servicequality.datasets.demand import Demand, Hours, ask, break_down
from servicequality.datasets.export import changes_table, disguised, numbered, responses_table, tickets_table
from servicequality.datasets.log import instants, look_up
from servicequality.datasets.releases import deployments_table
from servicequality.datasets.surroundings import incidents_table, sessions_table
from servicequality.datasets.surveys import REVIEWED_WITHIN, Opinions, answers_table, feel, reviews_table
from servicequality.datasets.work import History, live
from servicequality.errors import ParameterError
from servicequality.model import Records

__all__ = ["Truth", "service_desk", "service_desk_with_truth"]

START = date(2024, 1, 1)
WEEKS = 26


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Truth:
    """What is true of the whole history, of which the records show only what had happened by `as_of`.

    Figures count every ticket that is not excluded, followed to its end. Durations are seconds on the calendar.

    Attributes:
        as_of: When the export was made; the `as_of` for all calls that need one.
        complete_at: An instant by which everything had happened; an export made then holds the whole history.
        tickets: One row for each ticket that will ever be: its complete stamps, its number of reopenings and the chance
            that it would be reopened, and, where it was answered, the scores (`nps`, `csat`, `ces`) that its
            requester gives if asked and the chance of an answer. Truth for any group is an aggregate of this frame.
        first_response_median_seconds: The shortest time by which half of all tickets had been answered; tickets ended
            without an answer never are (the quantity that Aalen-Johansen estimates). Null if half never were.
        answered_share: Tickets answered by a person before they ended.
        first_resolution_median_seconds: To the first resolution.
        resolution_median_seconds: To the last resolution.
        first_response_within_due_share: Tickets answered by `due_at`.
        resolution_within_due_share: Tickets resolved for the last time by `due_at`.
        reopen_rate: Tickets that were ever reopened.
        reopens_per_ticket: Reopenings for each ticket.
        nps: Net promoter score in points if every requester of an answered ticket were asked and answered.
        csat: Share of 4 and 5 of 1-5 in the same population.
        ces: Mean of 1-7, higher is easier, in the same population.
        response_rate: Expected share of delivered surveys that are answered.
        contacts: One row for each call or chat that will ever be, complete. Truth for any group is an aggregate of this
            frame.
        service_level: Of the calls and chats offered, those answered within 20 seconds.
        abandonment_rate: Of the calls and chats offered, those whose customer gave up.
        accounts: One row for each customer, complete: when it leaves, if ever, its satisfaction whether it was asked or not,
            and its yearly rate of leaving after the first quarter.
    """

    as_of: datetime
    complete_at: datetime
    tickets: pl.DataFrame
    first_response_median_seconds: float | None
    answered_share: float | None
    first_resolution_median_seconds: float | None
    resolution_median_seconds: float | None
    first_response_within_due_share: float | None
    resolution_within_due_share: float | None
    reopen_rate: float | None
    reopens_per_ticket: float | None
    nps: float | None
    csat: float | None
    ces: float | None
    response_rate: float | None
    contacts: pl.DataFrame
    accounts: pl.DataFrame = field(default_factory=pl.DataFrame)
    service_level: float | None
    abandonment_rate: float | None


def service_desk(
    n_tickets: int = 5_000,
    *,
    seed: int = 0,
    start: date = START,
    weeks: int = WEEKS,
    as_of: datetime | None = None,
    disguised_bot: bool = False,
) -> Records:
    """The export of a simulated service desk in Berlin, open from 08:00 to 18:00 on working days.

    Requests arrive by hour of the week, more of them during outages; they queue for agents of different pace, are
    answered, put on hold, handed over, solved, reopened and surveyed. Calls and chats go to a front line with agents of its
    own, which some of them wait for and some give up. Bots, acknowledgements and internal notes come before many first
    responses, some customers leave unanswered, one ticket in a hundred is excluded. All true effects are in
    `servicequality.datasets.effects`. The same arguments give the same rows, and another `as_of` shows another part of
    the same history.

    Args:
        n_tickets: tickets created between `start` and the end of the last week.
        seed: of the one random generator that everything is drawn from.
        start: the local date on which the history begins.
        weeks: how long tickets are created.
        as_of: when the export is made: later rows are not in it, later stamps are null. The end of the last week by
            default, when some tickets are still open.
        disguised_bot: the bot writes under an agent's account, `agent-bot`, and its messages look like an agent's, so that it
            seems to give many first responses; all other rows are the same.

    Raises:
        ParameterError: `n_tickets` or `weeks` is below 1, or `as_of` has no time zone or is before `start`.
    """
    return service_desk_with_truth(
        n_tickets, seed=seed, start=start, weeks=weeks, as_of=as_of, disguised_bot=disguised_bot
    )[0]


def service_desk_with_truth(
    n_tickets: int = 5_000,
    *,
    seed: int = 0,
    start: date = START,
    weeks: int = WEEKS,
    as_of: datetime | None = None,
    disguised_bot: bool = False,
) -> tuple[Records, Truth]:
    """`service_desk`, and the truth about its complete history.

    Args:
        n_tickets: as in `service_desk`.
        seed: as in `service_desk`.
        start: as in `service_desk`.
        weeks: as in `service_desk`.
        as_of: as in `service_desk`; the truth does not depend on it.
        disguised_bot: as in `service_desk`; the truth does not depend on it.

    Raises:
        ParameterError: As in `service_desk`.
    """
    for name, count in (("n_tickets", n_tickets), ("weeks", weeks)):
        if count < 1:
            raise ParameterError(f"{name} must be at least 1; got {count}")
    hours = Hours(start, weeks)
    made = hours.end if as_of is None else _second(as_of, hours.start)

    rng = np.random.default_rng(seed)
    outages = break_down(rng, hours)
    demand = ask(rng, n_tickets, hours, outages)
    history = live(rng, hours, demand)
    opinions = feel(rng, demand, history)
    # A generator of its own: what was drawn before the front line was there stays as it was.
    line_rng = np.random.default_rng([seed, 1])
    line = answer(line_rng, hours, demand)
    customers = settle(np.random.default_rng([seed, 2]), hours, demand)

    ids = numbered("t-", n_tickets)
    names = {
        "agent": numbered("agent-", len(history.agents.pace)),
        "requester": numbered("r-", int(demand.requester.max()) + 1),
        "account": numbered("a-", int(demand.account.max()) + 1),
    }
    messages, changes = history.messages.frame(), history.changes.frame()
    messages, changes = (log.filter(pl.col("at") <= made) for log in (messages, changes))
    responses = responses_table(demand, messages, ids, names)
    records = Records(
        tickets=tickets_table(demand, history, changes, ids, names, made),
        responses=disguised(responses) if disguised_bot else responses,
        changes=changes_table(changes, ids, names),
        answers=answers_table(opinions, demand, history, ids, names["requester"], made),
        reviews=reviews_table(rng, history, ids, names["agent"], made),
        incidents=incidents_table(outages, made),
        sessions=sessions_table(rng, hours, demand, names["requester"], made),
        # Tables that came later draw from generators of their own, so that the older rows stay as they were.
        deployments=deployments_table(np.random.default_rng([seed, 4]), hours, outages, made),
        contacts=contacts_table(line, ids, names["requester"], made),
        agent_time=agent_time_table(line_rng, line, hours, made),
        accounts=accounts_table(customers, names["account"], made),
    )
    tickets = _complete_tickets(demand, history, opinions, ids)
    answered = opinions.answered[opinions.answered < e.NEVER]
    left = customers.churned[customers.churned < e.NEVER]
    last = max(int(at.max(initial=0)) for at in (history.closed, outages.resolved, answered, left))
    truth = _truth(tickets, complete_contacts(line, ids, names["requester"]), made, last + REVIEWED_WITHIN)
    return records, replace(truth, accounts=complete_accounts(customers, names["account"]))


def _second(as_of: datetime, start: int) -> int:
    second = int(zone_aware("as_of", as_of).timestamp() // 1)
    if second < start:
        raise ParameterError(
            f"as_of must be the start or later, {datetime.fromtimestamp(start, UTC)}; got {as_of}: nothing had happened"
        )
    return second


def _complete_tickets(demand: Demand, history: History, opinions: Opinions, ids: pl.Series) -> pl.DataFrame:
    opinion = np.full(len(ids), -1)
    opinion[opinions.ticket] = np.arange(len(opinions.ticket))
    opinion_columns = {**opinions.scores, "answer_probability": opinions.answer_probability}
    last = e.NEVER - 1
    return pl.DataFrame(
        {
            "ticket_id": ids,
            "created_at": instants(demand.created, last),
            "first_response_at": instants(history.answered, last),
            "first_resolved_at": instants(history.first_resolved, last),
            "resolved_at": instants(history.resolved, last),
            "closed_at": instants(history.closed, last),
            "due_at": instants(demand.created + e.DUE_SECONDS[demand.priority], last),
            "channel": look_up(demand.channel, e.CHANNELS),
            "priority": look_up(demand.priority, e.PRIORITIES),
            "product": look_up(demand.product, e.PRODUCTS),
            "excluded": look_up(demand.excluded, e.EXCLUDED),
            "reopens": history.reopens,
            "reopen_probability": history.reopen_probability,
            **{name: look_up(opinion, pl.Series(values)) for name, values in opinion_columns.items()},
        }
    )


def _truth(tickets: pl.DataFrame, contacts: pl.DataFrame, made: int, complete: int) -> Truth:
    counted = tickets.filter(pl.col("excluded").is_null())

    def seconds(stop: str) -> pl.Expr:
        # Never answered sorts last: a median among these is null, not a time.
        elapsed = (pl.col(stop) - pl.col("created_at")).dt.total_microseconds() / 1e6
        return elapsed.fill_null(float("inf")).quantile(0.5, "lower")

    def within_due(stop: str) -> pl.Expr:
        return (pl.col(stop) <= pl.col("due_at")).fill_null(False).mean()

    nps, csat = pl.col("nps"), pl.col("csat")
    figures = counted.select(
        first_response_median_seconds=seconds("first_response_at"),
        answered_share=pl.col("first_response_at").is_not_null().mean(),
        first_resolution_median_seconds=seconds("first_resolved_at"),
        resolution_median_seconds=seconds("resolved_at"),
        first_response_within_due_share=within_due("first_response_at"),
        resolution_within_due_share=within_due("resolved_at"),
        reopen_rate=(pl.col("reopens") > 0).mean(),
        reopens_per_ticket=pl.col("reopens").mean(),
        nps=100 * ((nps >= 9).mean() - (nps <= 6).mean()),
        csat=(csat >= 4).mean(),
        ces=pl.col("ces").mean(),
        response_rate=pl.col("answer_probability").mean(),
    ).row(0, named=True)
    if figures["first_response_median_seconds"] == float("inf"):
        figures["first_response_median_seconds"] = None
    in_time = (pl.col("outcome") == "answered") & (pl.col("wait_seconds") <= 20)
    figures |= contacts.select(
        service_level=in_time.mean(), abandonment_rate=(pl.col("outcome") == "abandoned").mean()
    ).row(0, named=True)
    return Truth(
        as_of=datetime.fromtimestamp(made, UTC),
        complete_at=datetime.fromtimestamp(complete, UTC),
        tickets=tickets,
        contacts=contacts,
        **figures,
    )
