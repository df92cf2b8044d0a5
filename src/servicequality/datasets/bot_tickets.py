"""A generated desk where a bot answers first, and the truth about what it resolved."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time

import numpy as np
import polars as pl
from numpy.typing import NDArray

from servicequality.checks import zone_aware
from servicequality.datasets import bot_effects as e
from servicequality.datasets.bot_surveys import surveys
from servicequality.datasets.export import numbered
from servicequality.datasets.log import Log, instants, look_up
from servicequality.errors import ParameterError
from servicequality.model import Records

__all__ = ["BotTruth", "bot_desk", "bot_desk_with_truth"]

Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

_AUTHORS = ("customer", "agent", "bot", "system")
_CUSTOMER, _PERSON, _BOT, _SYSTEM = range(4)
_FIELDS = ("status", "handoff", "confirmed", "human_requested")
_STATUS, _HANDOFF, _CONFIRMED, _REQUESTED = range(4)
_VALUES = ("open", "solved", *e.REASONS, "true", "false")
_OPEN, _SOLVED, _REASON, _TRUE, _FALSE = 0, 1, 2, 2 + len(e.REASONS), 3 + len(e.REASONS)
_CHANNELS = ("chat", "email")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BotTruth:
    """What is true of the whole history, of which the records show only what had happened by `as_of`.

    Attributes:
        as_of: When the export was made; the `as_of` for all calls that need one.
        complete_at: An instant by which everything had happened.
        episodes: One row for each episode that will ever be, complete: `ticket_id`, `sequence`, `category`, `started_at`,
            `ended_at`, `returned_at` (when the next one starts), `bot_replies`, `human_replies`, `handed`, `reason`,
            `handoff_seconds`, `first_bot_seconds`, `requested`, `confirmed` (true, false, null), `ended_by`, and `solved`:
            whether the customer's matter was settled, which no log says.
        tickets: One row for each ticket: `ticket_id`, `category`, `channels` (by how many the customer wrote).
        answers: One row for each low answer that will ever be: `followed` and `won_back`.
    """

    as_of: datetime
    complete_at: datetime
    episodes: pl.DataFrame
    tickets: pl.DataFrame
    answers: pl.DataFrame


def bot_desk(
    n_tickets: int = 5_000,
    *,
    seed: int = 0,
    start: date = date(2026, 1, 5),
    weeks: int = 12,
    as_of: datetime | None = None,
) -> Records:
    """The export of a simulated desk where a bot answers first and people take over.

    The bot is given the easy cases. Some of those whom it does not help are handed to people, the others give up without a
    word, and the system ends what they left. Who was not helped often comes back, some by another channel. After the last
    end some customers answer a survey; people write to some of those who gave low scores. All true effects are in
    `servicequality.datasets.bot_effects`. The same arguments give the same rows, and another `as_of` shows another part of
    the same history.

    Args:
        n_tickets: tickets created within the weeks, at any hour alike.
        seed: of the one random generator that everything is drawn from.
        start: the date, in UTC, on which the history begins.
        weeks: how long tickets are created.
        as_of: when the export is made: later rows are not in it. The end of the last week by default.

    Raises:
        ParameterError: `n_tickets` or `weeks` is below 1, or `as_of` has no time zone.
    """
    return bot_desk_with_truth(n_tickets, seed=seed, start=start, weeks=weeks, as_of=as_of)[0]


def bot_desk_with_truth(
    n_tickets: int = 5_000,
    *,
    seed: int = 0,
    start: date = date(2026, 1, 5),
    weeks: int = 12,
    as_of: datetime | None = None,
) -> tuple[Records, BotTruth]:
    """`bot_desk`, and the truth about its complete history.

    Args:
        n_tickets: as in `bot_desk`.
        seed: as in `bot_desk`.
        start: as in `bot_desk`.
        weeks: as in `bot_desk`.
        as_of: as in `bot_desk`; the truth does not depend on it.

    Raises:
        ParameterError: As in `bot_desk`.
    """
    for name, count in (("n_tickets", n_tickets), ("weeks", weeks)):
        if isinstance(count, bool) or not isinstance(count, int) or count < 1:
            raise ParameterError(f"{name} must be a whole number, at least 1; got {count!r}")
    begin = int(datetime.combine(start, time(), UTC).timestamp())
    end = begin + weeks * 7 * e.DAY
    made = end if as_of is None else int(zone_aware("as_of", as_of).timestamp() // 1)

    desk = _Desk(np.random.default_rng(seed), np.sort(np.random.default_rng([seed, 1]).integers(begin, end, n_tickets)))
    episodes = desk.live()
    ids, people = numbered("b-", n_tickets), numbered("person-", e.PEOPLE)
    answers, low = surveys(np.random.default_rng([seed, 2]), desk.ended, desk.solved, desk.person, desk.messages)
    messages, changes = (log.frame() for log in (desk.messages, desk.changes))
    told = desk.rng.random(len(changes)) < e.KNOWN_ACTOR
    last = max(int(frame["at"].to_numpy().max(initial=0)) for frame in (messages, changes, answers))
    changes = changes.with_columns(told=pl.Series(told)).filter(pl.col("at") <= made)
    messages, answers = (frame.filter(pl.col("at") <= made) for frame in (messages, answers))
    known = desk.created <= made
    records = Records(
        tickets=pl.DataFrame(
            {
                "ticket_id": ids,
                "created_at": instants(desk.created, made),
                "channel": ["chat"] * n_tickets,
                "category": look_up(desk.category, e.CATEGORIES),
                "opened_by": ["customer"] * n_tickets,
                "requester_id": numbered("c-", n_tickets),
            }
        ).filter(pl.Series(known)),
        responses=pl.DataFrame(
            {
                "ticket_id": ids.gather(messages["ticket"]),
                "at": _at(messages),
                "author": look_up(messages["author"].to_numpy(), _AUTHORS),
                "author_id": _who(messages, people, numbered("c-", n_tickets)),
                "public": [True] * len(messages),
                "opening": messages["opening"],
                "channel": look_up(messages["channel"].to_numpy(), _CHANNELS),
            }
        ),
        changes=pl.DataFrame(
            {
                "ticket_id": ids.gather(changes["ticket"]),
                "at": _at(changes),
                "field": look_up(changes["field"].to_numpy(), _FIELDS),
                "value": look_up(changes["value"].to_numpy(), _VALUES),
                "actor": look_up(np.where(changes["told"], changes["actor"].to_numpy(), -1), _AUTHORS),
            }
        ),
        answers=pl.DataFrame(
            {
                "respondent_id": numbered("c-", n_tickets).gather(answers["ticket"]),
                "ticket_id": ids.gather(answers["ticket"]),
                "question": ["csat"] * len(answers),
                "score": answers["score"].cast(pl.Float64),
                "delivered_at": _at(answers),
                "answered_at": _at(answers),
            }
        ),
        agents=pl.DataFrame(
            {"agent_id": [*people, "bot"], "kind": ["human"] * e.PEOPLE + ["bot"], "team": ["desk"] * (e.PEOPLE + 1)}
        ),
    )
    truth = BotTruth(
        as_of=datetime.fromtimestamp(made, UTC),
        complete_at=datetime.fromtimestamp(last, UTC),
        episodes=_complete(episodes, desk, ids),
        tickets=pl.DataFrame(
            {"ticket_id": ids, "category": look_up(desk.category, e.CATEGORIES), "channels": 1 + desk.switched}
        ),
        answers=low.with_columns(ticket_id=ids.gather(low["ticket"])).drop("ticket"),
    )
    return records, truth


class _Desk:
    """The tickets, an episode of each at a time."""

    def __init__(self, rng: np.random.Generator, created: Integers) -> None:
        n = len(created)
        self.rng, self.created = rng, created
        self.category = rng.choice(len(e.CATEGORIES), n, p=e.CATEGORY_SHARES)
        self.person = rng.integers(0, e.PEOPLE, n)
        self.solved = np.zeros(n, np.bool_)
        self.switched = np.zeros(n, np.int64)
        self.ended = created.copy()
        self.messages = Log(author=np.int8, author_id=np.int32, opening=np.bool_, channel=np.int8)
        self.changes = Log(field=np.int8, value=np.int8, actor=np.int8)
        self.episodes = Log(
            sequence=np.int64, ended=np.int64, bot_replies=np.int64, human_replies=np.int64, handed=np.bool_,
            reason=np.int64, handoff_seconds=np.int64, first_bot_seconds=np.int64, requested=np.bool_,
            confirmed=np.int64, ended_by=np.int64, solved=np.bool_,
        )  # fmt: skip

    def live(self) -> pl.DataFrame:
        """Every ticket's episodes, in order."""
        who, start = np.arange(len(self.created)), self.created
        takes = self.rng.random(len(who)) < e.BOT_TAKES[self.category]
        for sequence in range(1, e.MOST_EPISODES + 1):
            self._open(who, start, sequence)
            end = self._episode(who, start, sequence, takes)
            again = self.rng.random(len(who)) < np.where(self.solved[who], e.RETURNS_SOLVED, e.RETURNS_UNSOLVED)
            delay = e.MINUTE + self.rng.exponential(e.RETURN_SECONDS, len(who)).astype(np.int64)
            who, start = who[again], (end + delay)[again]
            takes = self.rng.random(len(who)) < e.TAKES_AGAIN
        return self.episodes.frame()

    def _open(self, who: Integers, start: Integers, sequence: int) -> None:
        first = sequence == 1
        switches = (self.rng.random(len(who)) < e.SWITCHES) & (not first)
        self.switched[who[switches]] = 1
        self.messages.add(who, start, author=_CUSTOMER, author_id=who, opening=first, channel=switches.astype(np.int8))
        self.changes.add(who, start, field=_STATUS, value=_OPEN, actor=_CUSTOMER if first else _SYSTEM)

    def _episode(self, who: Integers, start: Integers, sequence: int, takes: Flags) -> Integers:
        rng, n = self.rng, len(who)
        category = self.category[who]
        first_bot = np.maximum(rng.lognormal(np.log(e.FIRST_REPLY_SECONDS), e.FIRST_REPLY_SPREAD, n), 1).astype(
            np.int64
        )
        replies = np.where(takes, np.minimum(rng.geometric(e.ONE_MORE_REPLY, n), 8), 0)
        gaps = e.BETWEEN_REPLIES_SECONDS * (replies - 1).clip(0)
        talked = start + first_bot + gaps.astype(np.int64)  # the bot's last reply
        for turn in range(int(replies.max(initial=0))):
            said = replies > turn
            at = start + first_bot + np.int64(turn * e.BETWEEN_REPLIES_SECONDS)
            self.messages.add(who[said], at[said], author=_BOT, author_id=0, opening=False, channel=0)

        helped = takes & (rng.random(n) < e.BOT_SOLVES[category])
        handed = takes & ~helped & (rng.random(n) < e.HANDS_OFF)
        gave_up = takes & ~helped & ~handed
        manned = handed | ~takes
        reason = np.where(handed, rng.choice(len(e.REASONS), n, p=e.REASON_SHARES), -1)
        at_handoff = talked + 20
        self._change(who, at_handoff, handed, _HANDOFF, _REASON + reason, _BOT)
        requested = gave_up & (rng.random(n) < e.ASKS_IN_VAIN)
        self._change(who, talked + 40, requested, _REQUESTED, _TRUE, _CUSTOMER)

        since = np.where(handed, at_handoff, start)
        wait = (
            rng.lognormal(np.log(e.PERSON_WAIT_SECONDS), e.PERSON_WAIT_SPREAD, n).clip(60, 3 * e.DAY).astype(np.int64)
        )
        answered = since + wait
        self.messages.add(
            who[manned], answered[manned], author=_PERSON, author_id=self.person[who][manned], opening=False, channel=0
        )
        end = np.where(
            manned, answered + e.PERSON_TALK_SECONDS, np.where(helped, talked + 5 * e.MINUTE, talked + e.IDLE_SECONDS)
        )
        by = np.where(manned, _PERSON, np.where(helped, _BOT, _SYSTEM))
        self.changes.add(who, end, field=_STATUS, value=_SOLVED, actor=by)
        yes, no = helped & (rng.random(n) < e.CONFIRMS), gave_up & (rng.random(n) < e.DENIES)
        self._change(who, end + 30, yes, _CONFIRMED, _TRUE, _CUSTOMER)
        self._change(who, end + 30, no, _CONFIRMED, _FALSE, _CUSTOMER)

        solved = helped | (manned & (rng.random(n) < e.PERSON_SOLVES[category]))
        self.solved[who], self.ended[who] = solved, end
        self.episodes.add(
            who, start, sequence=sequence, ended=end, bot_replies=replies, human_replies=manned, handed=handed,
            reason=reason, handoff_seconds=at_handoff - start, first_bot_seconds=first_bot, requested=requested,
            confirmed=np.where(yes, 1, np.where(no, 0, -1)), ended_by=by, solved=solved,
        )  # fmt: skip
        return end

    def _change(self, who: Integers, at: Integers, some: Flags, field: int, value: int | Integers, actor: int) -> None:
        chosen = value[some] if isinstance(value, np.ndarray) else value
        self.changes.add(who[some], at[some], field=field, value=chosen, actor=actor)


def _complete(episodes: pl.DataFrame, desk: _Desk, ids: pl.Series) -> pl.DataFrame:
    ticket = pl.col("ticket")
    codes = {name: episodes[name].to_numpy() for name in ("reason", "confirmed", "ended_by")}
    words = ("customer", "human", "bot", "system")
    rows = episodes.with_columns(
        ticket_id=ids.gather(episodes["ticket"]),
        category=look_up(desk.category[episodes["ticket"].to_numpy()], e.CATEGORIES),
        started_at=_at(episodes),
        ended_at=instants(episodes["ended"].to_numpy(), np.iinfo(np.int64).max),
        reason=look_up(codes["reason"], e.REASONS),
        confirmed=look_up(codes["confirmed"], pl.Series([False, True])),
        ended_by=look_up(codes["ended_by"], words),
        handoff_seconds=pl.when("handed").then(pl.col("handoff_seconds").cast(pl.Float64)),
        first_bot_seconds=pl.when(pl.col("bot_replies") > 0).then(pl.col("first_bot_seconds").cast(pl.Float64)),
    )
    returned = pl.when(ticket == ticket.shift(-1)).then(pl.col("started_at").shift(-1))
    return rows.with_columns(returned_at=returned).drop("ticket", "at", "ended")


def _at(frame: pl.DataFrame) -> pl.Series:
    return instants(frame["at"].to_numpy(), np.iinfo(np.int64).max)


def _who(messages: pl.DataFrame, people: pl.Series, customers: pl.Series) -> pl.Series:
    """The names of those who wrote."""
    author, place = messages["author"].to_numpy(), messages["author_id"].to_numpy()
    names = pl.concat([customers, people, pl.Series(["bot"])])
    begin = np.array([0, len(customers), len(customers) + len(people), 0])
    return look_up(place + begin[author], names)
