"""Generated satisfaction, surveys and quality reviews."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from servicequality.datasets import effects as e
from servicequality.datasets.demand import Demand
from servicequality.datasets.log import instants, look_up
from servicequality.datasets.work import History

__all__ = ["REVIEWED_WITHIN", "Opinions", "answers_table", "feel", "reviews_table"]

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

QUESTIONS = ("nps", "csat", "ces")
REVIEWED_WITHIN = 10 * e.DAY
# Category, lowest and highest rating, weight, whether it is critical.
RUBRIC = (
    ("solution", 1, 5, 3.0, False),
    ("tone", 1, 5, 2.0, False),
    ("process", 1, 5, 1.0, False),
    ("privacy", 0, 1, 1.0, True),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinions:
    """What everyone would say if asked, one row for each ticket that could be surveyed."""

    ticket: Integers  # answered by a person, closed, not excluded
    scores: dict[str, Integers]
    answer_probability: Floats
    delivered: NDArray[np.bool_]
    answered: Integers  # NEVER without an answer


def feel(rng: np.random.Generator, demand: Demand, history: History) -> Opinions:
    """Satisfaction falls with waits and reopenings and rises with the agent; answering rises with satisfaction."""
    ticket = np.flatnonzero(history.answered < e.NEVER)
    n = len(ticket)
    created = demand.created[ticket]
    wait_hours = (history.answered[ticket] - created) / e.HOUR
    days = (history.resolved[ticket] - created) / e.DAY
    satisfaction = (
        e.SATISFACTION
        + e.SATISFACTION_PER_LOG_HOUR * np.log1p(wait_hours)
        + e.SATISFACTION_PER_LOG_DAY * np.log1p(days)
        + e.SATISFACTION_PER_REOPEN * history.reopens[ticket]
        + history.agents.quality[history.agent[ticket]]
        + rng.normal(0, 1, n)
    )
    probability = 1 / (1 + np.exp(-(e.ANSWER_LOG_ODDS + e.ANSWER_PER_SATISFACTION * satisfaction)))
    delivered = rng.random(n) < e.DELIVERED_SHARE
    answers = delivered & (rng.random(n) < probability)
    delay = 60 + rng.exponential(e.DAY, n).astype(np.int64)
    return Opinions(
        ticket=ticket,
        scores={
            "nps": _rated(rng, 7.6 + 1.6 * satisfaction, 0, 10),
            "csat": _rated(rng, 3.8 + 0.8 * satisfaction, 1, 5),
            "ces": _rated(rng, 5.0 + 1.1 * satisfaction, 1, 7),
        },
        answer_probability=probability,
        delivered=delivered,
        answered=np.where(answers, history.closed[ticket] + delay, e.NEVER),
    )


def _rated(rng: np.random.Generator, level: Floats, lowest: int, highest: int) -> Integers:
    return np.clip(np.rint(level + rng.normal(0, 0.6, len(level))), lowest, highest).astype(np.int64)


def answers_table(
    opinions: Opinions, demand: Demand, history: History, ids: pl.Series, requester_ids: pl.Series, as_of: int
) -> pl.DataFrame:
    """A row for each question of each survey that was delivered by `as_of`; no score until it was answered."""
    closed = history.closed[opinions.ticket]
    sent = np.flatnonzero(opinions.delivered & (closed <= as_of))
    answered = opinions.answered[sent]
    ticket = opinions.ticket[sent]
    questions = []
    for question in QUESTIONS:
        score = opinions.scores[question][sent].astype(np.float64)
        questions.append(
            pl.DataFrame(
                {
                    "respondent_id": requester_ids.gather(demand.requester[ticket]),
                    "question": pl.repeat(question, len(ticket), eager=True),
                    "score": pl.Series(score).set(pl.Series(answered > as_of), None),
                    "delivered_at": instants(closed[sent], as_of),
                    "answered_at": instants(answered, as_of),
                    "ticket_id": ids.gather(ticket),
                }
            )
        )
    return pl.concat(questions)


def reviews_table(
    rng: np.random.Generator, history: History, ids: pl.Series, agent_ids: pl.Series, as_of: int
) -> pl.DataFrame:
    """One in twenty answered tickets, rated on a rubric soon after closing; one rating in twenty does not apply."""
    could = np.flatnonzero(history.answered < e.NEVER)
    ticket = could[rng.random(len(could)) < 0.05]
    n = len(ticket)
    at = history.closed[ticket] + rng.integers(e.HOUR, REVIEWED_WITHIN, n)
    reviewer = rng.integers(0, 3, n)
    quality = history.agents.quality[history.agent[ticket]]
    known = pl.Series(at <= as_of)
    parts = []
    for category, lowest, highest, weight, critical in RUBRIC:
        if critical:
            rating = (rng.random(n) < 0.97).astype(np.int64)
        else:
            rating = _rated(rng, 4.1 + quality + rng.normal(0, 0.5, n), lowest, highest)
        parts.append(
            pl.DataFrame(
                {
                    "review_id": pl.Series(np.arange(n)).cast(pl.String),
                    "category": pl.repeat(category, n, eager=True),
                    "rating": pl.Series(rating.astype(np.float64)).set(pl.Series(rng.random(n) < 0.05), None),
                    "scale_min": pl.repeat(float(lowest), n, eager=True),
                    "scale_max": pl.repeat(float(highest), n, eager=True),
                    "at": instants(at, as_of),
                    "ticket_id": ids.gather(ticket),
                    "agent_id": agent_ids.gather(history.agent[ticket]),
                    "reviewer_id": look_up(reviewer, ("reviewer-1", "reviewer-2", "reviewer-3")),
                    "weight": pl.repeat(weight, n, eager=True),
                    "critical": pl.repeat(critical, n, eager=True),
                }
            ).filter(known)
        )
    return pl.concat(parts)
