"""What the customers of the generated desk with a bot answer, and what is done about low answers."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from servicequality.datasets import bot_effects as e
from servicequality.datasets.log import Log

__all__ = ["surveys"]

Integers = NDArray[np.int64]

_PERSON = 1
_LOW = 2
_DELAY = 2 * e.HOUR


def surveys(
    rng: np.random.Generator, ended: Integers, solved: NDArray[np.bool_], person: Integers, messages: Log
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """All answers, and of the low ones whether they were followed up and won back. Follow-ups are added to the messages.

    Args:
        rng: the generator of all draws.
        ended: when the last episode of each ticket ended, in seconds.
        solved: whether the matter was settled then.
        person: who writes to the customer.
        messages: the log of messages.
    """
    who = np.flatnonzero(rng.random(len(ended)) < e.ANSWERS)
    at = ended[who] + _DELAY + rng.integers(0, e.DAY, len(who))
    chances = np.cumsum(np.array(e.SCORES)[solved[who].astype(np.int64)], axis=1)
    score = 1 + np.minimum((rng.random((len(who), 1)) > chances).sum(axis=1), 4)
    low = score <= _LOW
    unhappy, since = who[low], at[low]
    followed = rng.random(len(unhappy)) < e.FOLLOWED_UP
    written = since + e.MINUTE + rng.exponential(e.FOLLOW_UP_SECONDS, len(unhappy)).astype(np.int64)
    messages.add(
        unhappy[followed],
        written[followed],
        author=_PERSON,
        author_id=person[unhappy][followed],
        opening=False,
        channel=0,
    )
    back = rng.random(len(unhappy)) < e.ANSWERS_AGAIN
    won = back & (rng.random(len(unhappy)) < np.array(e.WON_BACK)[followed.astype(np.int64)])
    later = written + e.DAY + rng.exponential(e.AGAIN_SECONDS, len(unhappy)).astype(np.int64)
    answers = pl.DataFrame(
        {
            "ticket": np.concatenate([who, unhappy[back]]),
            "at": np.concatenate([at, later[back]]),
            "score": np.concatenate([score, np.where(won, 5, 3)[back]]),
        }
    ).sort("ticket", "at", maintain_order=True)
    delay = (written - since).astype(np.float64)
    truth = pl.DataFrame({"ticket": unhappy, "followed": followed, "follow_up_seconds": delay, "won_back": won})
    return answers, truth.with_columns(pl.when("followed").then("follow_up_seconds").alias("follow_up_seconds"))
