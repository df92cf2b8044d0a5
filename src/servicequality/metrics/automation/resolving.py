"""What a bot resolved by itself, and whether it lasted: rates over episodes that are old enough to be judged."""

from dataclasses import replace
from typing import Literal, get_args

import polars as pl

from servicequality.checks import choice
from servicequality.columns import Amount, Category, Flag, Instant, Occurrences, Seconds
from servicequality.core import define
from servicequality.errors import ParameterError
from servicequality.metrics.automation._episodes import (
    DAY,
    WEEK,
    Confirmed,
    Estimate,
    Resolution,
    autonomous,
    cohort,
    involved,
    positive,
    resolution,
    within,
)
from servicequality.metrics.windows import moment
from servicequality.shapes import Shape, ratio

__all__ = [
    "automation_rate",
    "autonomous_resolution_rate",
    "cost_per_resolution",
    "durable_resolution_rate",
    "false_containment_rate",
]

Vendor = Literal["fin", "zendesk", "captain"]
"""Whose definition of a resolution: Intercom's Fin, Zendesk's AI agents, Chatwoot's Captain."""

_A_DAY, _A_WEEK = "a day is 86_400", "a week is 7 * 86_400"


@define(
    title="Autonomous resolution rate",
    unit="share",
    better="higher",
    bounds=(0, 1),
    grain="episode",
    formula=r"\#\{\text{bot alone, confirmed}\}/\#\{\text{involved, ended}, \text{age} \ge q\}",
    references=("Wilson 1927", "Manski 1989"),
    aliases=(
        "resolution rate of the bot",
        "AI resolution rate",
        "Fin resolution rate",
        "automated resolution rate",
        "auto-resolution",
        "bot resolution rate",
    ),
)
def autonomous_resolution_rate(
    eligible: Flag = "eligible",
    observed: Flag = "observed",
    bot_replies: Occurrences = "bot_replies",
    human_replies: Occurrences = "human_replies",
    handed: Flag = "handoff_observed",
    ended_by: Category = "ended_by",
    word: Flag = "confirmed",
    requested: Flag = "requested_human",
    return_seconds: Seconds = "return_seconds",
    returned: Flag = "return_observed",
    age: Seconds = "ended_age_seconds",
    verified: Flag | None = None,
    *,
    confirmed: Confirmed | None = None,
    definition: Vendor | None = None,
    quiet: float | None = None,
    estimate: Estimate = "matured",
) -> Shape:
    """Share of the episodes with a bot that the bot resolved alone.

    It replied, it handed nothing off, no person replied before the end or ended the episode, and the customer confirmed it.
    Say what confirms: `confirmed="required"` is the customer's own word, and without one the episode is not resolved;
    `confirmed="assumed"` takes silence for a yes: no next episode within `quiet` seconds after the end (a day by default),
    no "no", and no request for a person that nobody met. Rows are those of `episodes`.

    Or say whose definition, in place of both:

    - `"fin"`: confirmed by word, or assumed by `quiet` (a day by default); a return takes it back, however late.
    - `"zendesk"`: silence of 72 hours (or `quiet`); with `verified`, a column, what the vendor's own check passed.
    - `"captain"`: no further episode within 7 days (or `quiet`), whatever the customer said.

    Episodes that run, and with silence those that ended less than `quiet` ago, are pending, whatever has come of them.
    `estimate="bounds"` gives limits over every way in which they can end.

    When it lies:
        Silence is also what a customer does who gave up. Required words come from the few who answer. The bot is given the
        easy cases: compare it with people on one kind of case. An end whose actor is not recorded counts as nobody's.

    Why your vendor shows another number:
        Each has a definition of its own, and bills by it: what counts as confirmed, how long silence must last, whether a
        return takes a resolution back, and whether the denominator is the bot's conversations or only those that it
        answered. Conversations that still run are left out or count as resolved.

    Example:
        for vendor in ("fin", "zendesk", "captain"):
            print(sq.autonomous_resolution_rate(definition=vendor).estimate(rows))
        print(sq.autonomous_resolution_rate(confirmed="assumed", quiet=86_400).estimate(rows))
    """
    if (confirmed is None) == (definition is None):
        raise ParameterError(
            "say what confirms a resolution: confirmed='required' or 'assumed', or one vendor's definition= in place of it; "
            f"got confirmed={confirmed!r} and definition={definition!r}"
        )
    if verified is not None and definition != "zendesk":
        raise ParameterError("verified= is the check of definition='zendesk'; leave it out of another definition")
    if definition is not None:
        choice("definition", definition, get_args(Vendor))
    alone = autonomous(bot_replies, human_replies, handed, ended_by)
    timed = (return_seconds, returned, age)
    if definition is None:
        assert confirmed is not None  # one of the two is given
        resolved = resolution(alone, word, requested, timed, confirmed=confirmed, quiet=quiet)
    else:
        resolved = _vendors(definition, alone, word, requested, timed, quiet)
    good = resolved.good if verified is None else resolved.good & pl.col(verified).fill_null(value=False)
    acted = involved(bot_replies, handed)
    columns = (bot_replies, human_replies, handed)
    rows = cohort(eligible, observed, *columns, belongs=acted, returning=resolved.timed)
    return rows.rate(
        good, mature=resolved.mature(), lost=_lost(resolved, human_replies, handed, observed), estimate=estimate
    )


def _vendors(
    vendor: Vendor, alone: pl.Expr, word: str, requested: str, timed: tuple[str, str, str], quiet: float | None
) -> Resolution:
    """What a vendor calls a resolution."""
    default = {"fin": DAY, "zendesk": 3 * DAY, "captain": WEEK}[vendor]
    pause = positive("quiet", default if quiet is None else quiet, _A_DAY)
    if vendor == "captain":
        back = within(timed[0], timed[1], pause)
        return Resolution(good=alone & ~back, lost=~alone | back, age=pause, timed=timed)
    assumed = resolution(alone, word, requested, timed, confirmed="assumed", quiet=pause)
    if vendor == "zendesk":
        return assumed
    told = alone & pl.col(word).fill_null(value=False)
    back = within(timed[0], timed[1], float("inf"))
    return Resolution(good=(told | assumed.good) & ~back, lost=~alone | back, age=pause, timed=timed)


def _lost(resolved: Resolution, human_replies: str, handed: str, observed: str) -> pl.Expr:
    """Row rule: the bot will not have resolved it alone, whatever comes after."""
    return (pl.col(human_replies) > 0) | pl.col(handed) | (pl.col(observed) & resolved.lost)


@define(
    title="Durable resolution rate",
    unit="share",
    better="higher",
    bounds=(0, 1),
    grain="episode",
    formula=r"\#\{\text{autonomous, nothing in } (0, W]\}/\#\{\text{involved, ended}, \text{age} \ge W\}",
    references=("Wilson 1927", "Manski 1989"),
    aliases=("durable resolutions", "resolved for good by the bot", "lasting resolution", "sustained resolution rate"),
)
def durable_resolution_rate(
    eligible: Flag = "eligible",
    observed: Flag = "observed",
    bot_replies: Occurrences = "bot_replies",
    human_replies: Occurrences = "human_replies",
    handed: Flag = "handoff_observed",
    ended_by: Category = "ended_by",
    word: Flag = "confirmed",
    requested: Flag = "requested_human",
    return_seconds: Seconds = "return_seconds",
    returned: Flag = "return_observed",
    age: Seconds = "ended_age_seconds",
    ended: Instant = "ended_at",
    recontact: Instant | None = None,
    *,
    window: float = WEEK,
    confirmed: Confirmed = "assumed",
    quiet: float | None = None,
    estimate: Estimate = "matured",
) -> Shape:
    """Share of the episodes with a bot that the bot resolved alone and that did not come back within `window` seconds.

    What is resolved is said as in the autonomous resolution rate; no further episode may start in (0, `window`] after the
    end. `recontact` names a column with the next ticket of the same customer, such as `next_contact_at` of `follow_ups`:
    one in the window is a return too. Rows are those of `episodes`. Episodes that ended less than `window` ago are pending,
    even those that have come back: who is judged is chosen by date, never by outcome.

    When it lies:
        A customer who went elsewhere did not come back. A "thank you" after the end is an episode, and costs durability.
        Returns by another channel are seen only with `recontact`.

    Why your vendor shows another number:
        Over the resolutions in place of the episodes; young resolutions counted as durable; a return counted only if a person
        had to answer it.
    """
    alone = autonomous(bot_replies, human_replies, handed, ended_by)
    again = None
    if recontact is not None:
        since = (moment(recontact) - moment(ended)).dt.total_microseconds() / 1e6
        again = ((since > 0) & (since <= window)).fill_null(value=False)
    resolved = resolution(
        alone,
        word,
        requested,
        (return_seconds, returned, age),
        confirmed=confirmed,
        quiet=quiet,
        window=window,
        contacted=again,
    )
    acted = involved(bot_replies, handed)
    columns = (bot_replies, human_replies, handed)
    rows = cohort(eligible, observed, *columns, belongs=acted, returning=resolved.timed)
    lost = _lost(resolved, human_replies, handed, observed)
    return rows.rate(resolved.good, mature=resolved.mature(), lost=lost, estimate=estimate)


@define(
    title="Automation rate",
    unit="share",
    better="higher",
    bounds=(0, 1),
    grain="episode",
    formula=r"\#\{\text{bot alone, confirmed}\}/\#\{\text{eligible, ended}, \text{age} \ge q\}",
    references=("Wilson 1927", "Manski 1989"),
    aliases=("automated resolutions of all", "share automated", "AI automation rate", "fully automated"),
)
def automation_rate(
    eligible: Flag = "eligible",
    observed: Flag = "observed",
    bot_replies: Occurrences = "bot_replies",
    human_replies: Occurrences = "human_replies",
    handed: Flag = "handoff_observed",
    ended_by: Category = "ended_by",
    word: Flag = "confirmed",
    requested: Flag = "requested_human",
    return_seconds: Seconds = "return_seconds",
    returned: Flag = "return_observed",
    age: Seconds = "ended_age_seconds",
    *,
    confirmed: Confirmed = "assumed",
    quiet: float | None = None,
    estimate: Estimate = "matured",
) -> Shape:
    """Share of all episodes, with a bot or without, that a bot resolved alone.

    What is resolved is said as in the autonomous resolution rate. Over the episodes that are old enough for both, it is the
    involvement rate times the autonomous resolution rate. Rows are those of `episodes`.

    When it lies:
        It rises when more of the easy requests arrive, and when the bot is let into more channels, without the bot getting
        any better: read the two factors.

    Why your vendor shows another number:
        Over the bot's own conversations, which is the autonomous resolution rate; or over the channels where the bot is
        switched on.
    """
    alone = autonomous(bot_replies, human_replies, handed, ended_by)
    timed = (return_seconds, returned, age)
    resolved = resolution(alone, word, requested, timed, confirmed=confirmed, quiet=quiet)
    rows = cohort(eligible, observed, bot_replies, human_replies, handed, returning=resolved.timed)
    lost = _lost(resolved, human_replies, handed, observed)
    return rows.rate(resolved.good, mature=resolved.mature(), lost=lost, estimate=estimate)


@define(
    title="Rate of false containment",
    unit="share",
    better="lower",
    bounds=(0, 1),
    grain="episode",
    formula=r"\#\{\text{returned or asked for a person in } (0, W]\}/\#\{\text{contained}, \text{age} \ge W\}",
    references=("Wilson 1927", "Manski 1989"),
    aliases=("false containment", "abandoned in the bot", "hidden failures of the bot", "bot dead ends"),
)
def false_containment_rate(
    eligible: Flag = "eligible",
    observed: Flag = "observed",
    bot_replies: Occurrences = "bot_replies",
    human_replies: Occurrences = "human_replies",
    handed: Flag = "handoff_observed",
    request_seconds: Seconds = "human_request_seconds",
    return_seconds: Seconds = "return_seconds",
    returned: Flag = "return_observed",
    age: Seconds = "ended_age_seconds",
    *,
    window: float = WEEK,
    estimate: Estimate = "matured",
) -> Shape:
    """Share of the contained episodes whose customer came back within `window` seconds, or had asked for a person in vain.

    Contained is an episode with a bot that ended without a reply of a person. A request for a person before the end, or in
    the window after it, makes it false. Rows are those of `episodes`; those that ended less than `window` ago are pending.

    When it lies:
        Customers who gave up without a word are in neither side. One who comes back with another question looks like a
        failure.

    Why your vendor shows another number:
        Most show none. Where there is one, it counts hand-offs as failures, or only those who returned to a person.
    """
    wide = positive("window", window, _A_WEEK)
    acted, alone = involved(bot_replies, handed), pl.col(human_replies) == 0
    asked = (pl.col(request_seconds) <= wide).fill_null(value=False)
    false = within(return_seconds, returned, wide) | asked
    rows = cohort(
        eligible,
        observed,
        bot_replies,
        human_replies,
        handed,
        belongs=acted & alone,
        stays=acted & alone & pl.col(observed),
        returning=(return_seconds, returned, age),
    )
    return rows.rate(false, mature=pl.col(age) >= wide, sure=false, estimate=estimate)


@define(
    title="Cost per durable resolution",
    unit="currency per resolution",
    better="lower",
    bounds=(0, float("inf")),
    grain="episode",
    formula=r"\sum \text{cost of episodes with a bot}/\#\{\text{durable}\}",
    references=("Cochran 1977",),
    aliases=("cost per resolution", "price per resolution", "cost of the bot", "cost per automated resolution"),
)
def cost_per_resolution(
    eligible: Flag = "eligible",
    observed: Flag = "observed",
    bot_replies: Occurrences = "bot_replies",
    human_replies: Occurrences = "human_replies",
    handed: Flag = "handoff_observed",
    ended_by: Category = "ended_by",
    word: Flag = "confirmed",
    requested: Flag = "requested_human",
    return_seconds: Seconds = "return_seconds",
    returned: Flag = "return_observed",
    age: Seconds = "ended_age_seconds",
    cost: Amount = "cost",
    *,
    window: float = WEEK,
    confirmed: Confirmed = "assumed",
    quiet: float | None = None,
) -> Shape:
    """What the episodes with a bot cost, for each that the bot resolved for good.

    The cost of all of them, resolved or not, over the durable resolutions; the value is in the currency of the column. Rows
    are those of `episodes` with a column of costs; those that ended less than `window` ago are pending.

    When it lies:
        It is the bot's bill alone unless the column holds the work of people on the same episodes too. What a failed episode
        costs later is not in it.

    Why your vendor shows another number:
        The price of a billed resolution, by the vendor's own definition of one: durable or not, and without what you pay for
        the episodes that failed.

    Example:
        import polars as pl

        rows = rows.with_columns(cost=0.2 + 0.1 * pl.col("bot_replies"))
        print(sq.cost_per_resolution().estimate(rows))
    """
    alone = autonomous(bot_replies, human_replies, handed, ended_by)
    timed = (return_seconds, returned, age)
    resolved = resolution(alone, word, requested, timed, confirmed=confirmed, quiet=quiet, window=window)
    acted = involved(bot_replies, handed)
    columns = (bot_replies, human_replies, handed, cost)
    rows = cohort(eligible, observed, *columns, belongs=acted, returning=resolved.timed)
    judged, waiting = rows.judged(resolved.mature()), rows.waiting(resolved.mature())
    shape = ratio(pl.col(cost), resolved.good, of=judged, pending=waiting)
    return replace(shape.excluding(rows.left_out), refused=rows.refused)
