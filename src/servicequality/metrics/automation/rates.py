"""How often a bot took part, passed on, or was left for a person: rates over episodes that are over."""

from collections.abc import Collection

import polars as pl

from servicequality.checks import shown
from servicequality.columns import Category, Flag, Occurrences
from servicequality.core import define
from servicequality.errors import ParameterError
from servicequality.metrics.automation._episodes import Estimate, cohort, involved
from servicequality.shapes import Shape, mean

__all__ = [
    "assisted_rate",
    "containment_rate",
    "conversation_depth",
    "handoff_rate",
    "human_request_rate",
    "involvement_rate",
]


@define(
    title="Involvement rate",
    unit="share",
    better="neither",
    bounds=(0, 1),
    grain="episode",
    formula=r"\#\{\text{bot replied or handed off}\}/\#\{\text{eligible, ended}\}",
    references=("Wilson 1927",),
    aliases=("bot coverage", "AI involvement", "bot involvement rate", "coverage rate", "automation coverage"),
)
def involvement_rate(
    eligible: Flag = "eligible",
    observed: Flag = "observed",
    bot_replies: Occurrences = "bot_replies",
    handed: Flag = "handoff_observed",
    *,
    estimate: Estimate = "matured",
) -> Shape:
    """Share of the episodes in which a bot replied in public or handed over to people.

    Rows are those of `episodes`. Episodes that still run are pending, whatever has happened in them; excluded tickets
    stand in no rate. `estimate="bounds"` gives limits over every way in which the running ones can end.

    When it lies:
        It says how often the bot is let in, not whether it helps: a bot that greets everybody and passes everybody on is
        involved in all of them.

    Why your vendor shows another number:
        Over conversations in the channels where the bot is switched on; over all tickets, those of agents included; internal
        suggestions to agents counted; conversations in place of episodes, so that one that was reopened counts once.
    """
    acted = involved(bot_replies, handed)
    return cohort(eligible, observed, bot_replies, handed).rate(acted, sure=acted, estimate=estimate)


@define(
    title="Containment rate",
    unit="share",
    better="neither",
    bounds=(0, 1),
    grain="episode",
    formula=r"\#\{\text{no human reply}\}/\#\{\text{involved, ended}\}",
    references=("Wilson 1927",),
    aliases=("bot containment", "contained conversations", "self-contained rate", "deflected by the bot"),
)
def containment_rate(
    eligible: Flag = "eligible",
    observed: Flag = "observed",
    bot_replies: Occurrences = "bot_replies",
    human_replies: Occurrences = "human_replies",
    handed: Flag = "handoff_observed",
    *,
    estimate: Estimate = "matured",
) -> Shape:
    """Share of the episodes with a bot that ended without a public reply of a person, whoever ended them.

    Rows are those of `episodes`; those that still run are pending.

    When it lies:
        A customer who gives up is contained, and so is one who was handed over and whom nobody answered: read it beside
        false containment and the autonomous resolutions. A bot that hides the way to people contains best.

    Why your vendor shows another number:
        Without the episodes that were handed off; over all conversations; per session, so that a customer who comes back an
        hour later is contained twice; closed by the idle timer and not by anybody's solution.
    """
    alone = pl.col(human_replies) == 0
    acted = involved(bot_replies, handed)
    rows = cohort(eligible, observed, bot_replies, human_replies, handed, belongs=acted)
    return rows.rate(alone, lost=~alone, estimate=estimate)


@define(
    title="Hand-off rate",
    unit="share",
    better="neither",
    bounds=(0, 1),
    grain="episode",
    formula=r"\#\{\text{handed off}\}/\#\{\text{involved, ended}\}",
    references=("Wilson 1927",),
    aliases=("handover rate of the bot", "bot escalation rate", "transfer to human rate", "handoffs to people"),
)
def handoff_rate(
    eligible: Flag = "eligible",
    observed: Flag = "observed",
    bot_replies: Occurrences = "bot_replies",
    handed: Flag = "handoff_observed",
    reason: Category = "handoff_reason",
    *,
    reasons: Collection[str] = (),
    estimate: Estimate = "matured",
) -> Shape:
    """Share of the episodes with a bot that were handed off to people.

    Rows are those of `episodes`; those that still run are pending. A hand-off whose reason is among `reasons`, such as
    `reasons=("usage_limit",)`, is none; its episode stays in the denominator. Case is ignored. Of several hand-offs in one
    episode the reason is that of the first.

    When it lies:
        A low rate may be a bot that does not let go. A high one may be the bot's task: to ask the first questions and pass
        on.

    Why your vendor shows another number:
        Over all conversations; hand-offs outside the opening hours, by a rule or at a limit of use counted or not; a
        hand-off counted only when a person replies.
    """
    if isinstance(reasons, str) or not all(isinstance(one, str) for one in reasons):
        raise ParameterError(f"reasons must be a tuple of texts such as ('usage_limit',); got {shown(reasons)}")
    left_out = sorted({one.lower() for one in reasons})
    counted = pl.col(handed)
    if left_out:
        counted = counted & ~pl.col(reason).cast(pl.String).str.to_lowercase().is_in(left_out).fill_null(value=False)
    rows = cohort(eligible, observed, bot_replies, handed, belongs=involved(bot_replies, handed))
    return rows.rate(counted, sure=counted, estimate=estimate)


@define(
    title="Assisted rate",
    unit="share",
    better="neither",
    bounds=(0, 1),
    grain="episode",
    formula=r"\#\{\text{bot, then person}\}/\#\{\text{involved, ended}\}",
    references=("Wilson 1927",),
    aliases=("bot assisted", "assisted resolutions", "bot then human", "hybrid conversations"),
)
def assisted_rate(
    eligible: Flag = "eligible",
    observed: Flag = "observed",
    bot_replies: Occurrences = "bot_replies",
    handed: Flag = "handoff_observed",
    helped: Flag = "human_after_bot",
    *,
    estimate: Estimate = "matured",
) -> Shape:
    """Share of the episodes with a bot in which a person replied after the bot had replied or handed over.

    Rows are those of `episodes`; those that still run are pending.

    When it lies:
        Whether the bot's part saved the person any work is not in it: compare the handle time of both kinds.

    Why your vendor shows another number:
        Every conversation with both a bot and a person, in whatever order; only those that were handed off; drafts that a
        bot wrote for an agent.
    """
    rows = cohort(eligible, observed, bot_replies, handed, helped, belongs=involved(bot_replies, handed))
    return rows.rate(pl.col(helped), sure=pl.col(helped), estimate=estimate)


@define(
    title="Human request rate",
    unit="share",
    better="lower",
    bounds=(0, 1),
    grain="episode",
    formula=r"\#\{\text{asked for a person}\}/\#\{\text{involved, ended}\}",
    references=("Wilson 1927",),
    aliases=("asked for an agent", "request for a human", "agent request rate", "talk to a person"),
)
def human_request_rate(
    eligible: Flag = "eligible",
    observed: Flag = "observed",
    bot_replies: Occurrences = "bot_replies",
    handed: Flag = "handoff_observed",
    requested: Flag = "requested_human",
    *,
    estimate: Estimate = "matured",
) -> Shape:
    """Share of the episodes with a bot whose customer asked for a person.

    Rows are those of `episodes`; those that still run are pending. A request after the end counts, until the next episode.

    When it lies:
        Only requests that were recognised are in the log. Customers who know that nobody will come do not ask.

    Why your vendor shows another number:
        Requests found by words ("agent!") in place of a button; requests before the bot answered; every hand-off counted as
        one.
    """
    rows = cohort(eligible, observed, bot_replies, handed, requested, belongs=involved(bot_replies, handed))
    return rows.rate(pl.col(requested), sure=pl.col(requested), estimate=estimate)


@define(
    title="Conversation depth",
    unit="bot replies per episode",
    better="neither",
    bounds=(0, float("inf")),
    grain="episode",
    formula=r"\overline{\text{bot replies}}",
    references=("Student 1908",),
    aliases=("bot replies per conversation", "turns per conversation", "bot turns", "dialogue length"),
)
def conversation_depth(
    eligible: Flag = "eligible",
    observed: Flag = "observed",
    bot_replies: Occurrences = "bot_replies",
    handed: Flag = "handoff_observed",
) -> Shape:
    """Mean number of public bot replies in the episodes with a bot.

    Rows are those of `episodes`; those that still run are pending.

    When it lies:
        Deep may be thorough or lost: read it by outcome. A bot that splits an answer into three messages looks three times
        as deep.

    Why your vendor shows another number:
        Messages of both sides; conversations in which the bot replied at all, without those that it passed on unanswered;
        the messages of a whole conversation, over all its reopenings.
    """
    rows = cohort(eligible, observed, bot_replies, handed, belongs=involved(bot_replies, handed))
    shape = mean(pl.col(bot_replies), of=rows.judged(), pending=rows.waiting())
    return shape.excluding(rows.left_out)
