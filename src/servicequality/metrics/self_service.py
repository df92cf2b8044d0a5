"""Help without a person: visits solved, tickets avoided, articles and searches that helped."""

from dataclasses import replace
from datetime import datetime
from typing import Literal, NamedTuple

import polars as pl

from servicequality.checks import choice
from servicequality.columns import Amount, Flag, Instant, answered
from servicequality.core import define
from servicequality.errors import ParameterError
from servicequality.metrics.windows import instant, moment
from servicequality.shapes import Shape, attainment, ratio, share

__all__ = [
    "article_helpfulness",
    "deflection_rate",
    "search_success_rate",
    "self_service_rate",
    "self_service_score",
]

DAY = 86_400.0
_NO_END = (0.0, float("inf"))


@define(
    title="Self-service rate",
    unit="share",
    better="higher",
    bounds=(0, 1),
    grain="session",
    formula=r"\#\{\text{said to be solved, no contact in } [0, W]\}/\#\text{help sessions}",
    references=("Wilson 1927",),
    aliases=("self service success", "help center success", "solved without an agent", "self help rate", "self-serve"),
)
def self_service_rate(
    solved: Flag = "solved",
    at: Instant = "at",
    contacted: Instant = "contacted_at",
    solved_sessions: Amount | None = None,
    help_sessions: Amount | None = None,
    *,
    window: float = DAY,
    as_of: datetime | None = None,
) -> Shape:
    """Share of help sessions whose visitor said that it was solved and asked no person within `window` seconds after.

    Silence is not success here: it is the lower end of the deflection rate. With `as_of`, sessions younger than the window
    are left out as pending; without it they are judged as they stand. An export that only has totals is read by naming its
    columns as `solved_sessions` and `help_sessions`, one row a day or page.

    When it lies:
        Few visitors say anything, and those who were helped say less than those who were not. Where the question "did this
        help?" stands at the end of a page, only those who read so far are asked.

    Why your vendor shows another number:
        Sessions without a ticket are counted as solved, the silent and the lost among them; or views in place of sessions;
        or the share among those who answered, which is the article helpfulness.
    """
    if (solved_sessions is None) != (help_sessions is None):
        raise ParameterError(
            "solved_sessions and help_sessions go together: name the columns of both totals, or of none to read sessions"
        )
    if solved_sessions is not None and help_sessions is not None:
        return _counted(solved_sessions, help_sessions, "with more solved than help sessions")
    seen = _seen(at, contacted, window, as_of)
    confirmed = pl.col(solved).fill_null(value=False) & ~seen.came
    if as_of is None:
        return replace(share(confirmed, of=seen.present), refused=seen.refused)
    young = seen.present & ~seen.ripe
    shape = attainment(
        confirmed, of=seen.present & seen.ripe, pending=young, unknown=~seen.present, early_missed=young & ~confirmed
    )
    return replace(shape, refused=seen.refused)


@define(
    title="Deflection rate",
    unit="share",
    better="higher",
    bounds=(0, 1),
    grain="session",
    formula=r"\left[\#\text{confirmed}/n,\ \#\text{no contact in } [0, W]/n\right]",
    references=("Manski 1989", "Horowitz & Manski 2000"),
    aliases=("ticket deflection", "case deflection", "tickets avoided", "call avoidance", "contact deflection"),
)
def deflection_rate(
    solved: Flag = "solved",
    at: Instant = "at",
    contacted: Instant = "contacted_at",
    *,
    as_of: datetime,
    window: float = DAY,
    estimate: Literal["bounds", "confirmed", "no_contact"] = "bounds",
) -> Shape:
    """Share of help sessions that spared a ticket: at least the confirmed ones, at most those without a contact.

    Nobody can see a ticket that was not written. `bounds` gives what can be known: the limits reach from the sessions that
    were said to be solved and brought no contact within `window` seconds, to all that brought no contact; there is no value
    between them while anyone is silent. `confirmed` and `no_contact` give either end, over the sessions old enough.

    When it lies:
        Visitors who looked something up without any trouble would never have written: neither end is money saved. Anonymous
        visitors who call later are counted as if they had not.

    Why your vendor shows another number:
        It shows the upper end, or views over tickets, or multiplies views by a share that somebody once assumed.

    Example:
        result = sq.evaluate(rows, sq.deflection_rate(as_of=as_of)).collect()
        print(result.select("low", "high", "n", "n_pending", "notes"))
        print(sq.deflection_rate(as_of=as_of, estimate="confirmed").estimate(rows))
        print(sq.deflection_rate(as_of=as_of, estimate="no_contact").estimate(rows))
    """
    choice("estimate", estimate, ("bounds", "confirmed", "no_contact"))
    seen = _seen(at, contacted, window, as_of)
    confirmed = pl.col(solved).fill_null(value=False) & ~seen.came & seen.ripe
    if estimate == "bounds":
        silent = seen.present & ~seen.came & ~confirmed
        shape = attainment(confirmed, of=seen.present, pending=silent, unknown=~seen.present, bounds_only=True)
        shape = replace(shape, undefined="nobody knows what the silent ones did: see the limits")
    else:
        hit = confirmed if estimate == "confirmed" else ~seen.came
        young = seen.present & ~seen.ripe
        lost = seen.came | ~pl.col(solved).fill_null(value=False) if estimate == "confirmed" else seen.came
        shape = attainment(
            hit, of=seen.present & seen.ripe, pending=young, unknown=~seen.present, early_missed=young & lost
        )
    return replace(shape, refused=seen.refused)


@define(
    title="Self-service score",
    unit="views per ticket",
    better="higher",
    bounds=_NO_END,
    grain="session",
    formula=r"\sum \text{views} / \sum \text{tickets}",
    references=("Cochran 1977",),
    aliases=("self service ratio", "views per ticket", "help views per ticket", "article views to tickets"),
)
def self_service_score(
    views: Amount = "views", contacted: Instant = "contacted_at", tickets: Amount | None = None
) -> Shape:
    """Article views for each ticket: how much is read for one request that is written.

    On sessions, a session with a contact is a ticket. With `tickets`, a column of counts beside the views (one row a day, a
    product, a page), all tickets count, also those of people who never looked for help.

    When it lies:
        It rises when people click through five pages and find nothing. It rises with every customer who only reads.

    Why your vendor shows another number:
        People in place of views, unique or not; all tickets in place of those that a session preceded; robots among the views.
    """
    if tickets is None:
        return ratio(pl.col(views), answered(contacted), of=answered(views))
    return ratio(pl.col(views), pl.col(tickets), of=answered(views) & answered(tickets))


@define(
    title="Article helpfulness",
    unit="share",
    better="higher",
    bounds=(0, 1),
    grain="session",
    formula=r"\#\text{helpful}/\#\text{votes}",
    references=("Wilson 1927",),
    aliases=("was this helpful", "helpful votes", "article rating", "content helpfulness", "thumbs up rate"),
)
def article_helpfulness(
    solved: Flag = "solved",
    views: Amount = "views",
    helpful: Amount | None = None,
    votes: Amount | None = None,
) -> Shape:
    """Share of "yes" among the visitors who saw an article and said whether it helped.

    An export of votes is read by naming its columns as `helpful` and `votes`, one row an article.

    When it lies:
        One visitor in fifty votes, and not a typical one: mind `n_missing`. An article that many read while angry is voted
        down for the product's fault.

    Why your vendor shows another number:
        Thumbs up less thumbs down, votes over views, or the mean over articles, in which one with a single vote weighs as
        much as one with a thousand.
    """
    if (helpful is None) != (votes is None):
        raise ParameterError(
            "helpful and votes go together: name the columns of both counts, or of none to read sessions"
        )
    if helpful is not None and votes is not None:
        return _counted(helpful, votes, "with more helpful votes than votes")
    return share(pl.col(solved), of=answered(solved) & (pl.col(views) >= 1)).excluding(pl.col(views) < 1)


@define(
    title="Search success rate",
    unit="share",
    better="higher",
    bounds=(0, 1),
    grain="session",
    formula=r"\#\{\text{article viewed, no contact in } [0, W]\}/\#\text{sessions with a search}",
    references=("Wilson 1927",),
    aliases=("help search success", "searches without result", "search click-through", "found what they searched"),
)
def search_success_rate(
    searches: Amount = "searches",
    views: Amount = "views",
    at: Instant = "at",
    contacted: Instant = "contacted_at",
    successful: Amount | None = None,
    *,
    window: float = DAY,
) -> Shape:
    """Share of the sessions with a search in which an article was viewed and no person asked within `window` seconds.

    An export of totals is read by naming `successful`, a column of counts beside the searches, one row a day or a term.

    When it lies:
        A viewed article is not an answer. A visitor who finds it at the third search counts like one who found it at once.

    Why your vendor shows another number:
        Clicks over searches, whatever happened then; searches with a result, however useless; each search counted, so that
        the lost, who search most, weigh most.
    """
    if successful is not None:
        return _counted(successful, searches, "with more successful searches than searches")
    seen = _seen(at, contacted, window, None)
    viewed = (pl.col(views) >= 1) & ~seen.came
    of = seen.present & answered(views) & (pl.col(searches) >= 1)
    return replace(share(viewed, of=of).excluding(pl.col(searches) < 1), refused=seen.refused)


class _Seen(NamedTuple):
    """Row rules of a session: it is there, a contact followed, it is old enough, what cannot be."""

    present: pl.Expr
    came: pl.Expr
    ripe: pl.Expr
    refused: dict[str, pl.Expr]


def _seen(at: str, contacted: str, window: float, as_of: datetime | None) -> _Seen:
    if not 0 < window < float("inf"):
        raise ParameterError(f"window must be a positive number of seconds, got {window!r}; a day is 86_400")
    begun, contact = moment(at), moment(contacted)
    lasted = (contact - begun).dt.total_microseconds() / 1e6
    came, present, ripe = lasted <= window, answered(at), answered(at)
    if as_of is not None:
        now = pl.lit(instant("as_of", as_of))
        came, present = came & (contact <= now), present & (begun <= now)
        ripe = (now - begun).dt.total_microseconds() / 1e6 >= window
    refused = {"with a contact before the session began": contact < begun}
    return _Seen(present, came.fill_null(value=False), ripe, refused)


def _counted(part: str, whole: str, wrong: str) -> Shape:
    """A share of totals: one count in another, row by row."""
    of = answered(part) & answered(whole)
    return replace(ratio(pl.col(part), pl.col(whole), of=of), refused={wrong: pl.col(part) > pl.col(whole)})
