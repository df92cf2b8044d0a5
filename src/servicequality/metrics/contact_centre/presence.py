"""`concurrency`: how many conversations an agent holds at once."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from servicequality.columns import Category, ContactEnd, Instant, Seconds, answered
from servicequality.core import Computation, TableInput, define_table, of_frame, result_rows
from servicequality.model import Records, TableLike
from servicequality.shapes.base import FloatArray
from servicequality.stats import ratio_se, t_interval
from servicequality.worktime.pauses import merge_pauses

__all__ = ["concurrency"]

_LONGEST = 3e11
"""Seconds in ten thousand years: more is another unit, and no instant comes so late."""


@define_table(
    title="Concurrency",
    unit="contacts at once",
    better="neither",
    bounds=(1, float("inf")),
    grain="contact",
    formula=r"\sum_a \sum_i d_{ai} \Big/ \sum_a \Big|\bigcup_i [s_{ai}, s_{ai} + d_{ai})\Big|",
    references=("Luo & Zhang 2013", "Cochran 1977"),
    aliases=("chats at once", "concurrent chats", "simultaneous chats", "chat concurrency", "parallel conversations"),
)
@of_frame
def concurrency(
    contacts: Records | pl.LazyFrame | TableLike,
    at: Instant = "at",
    wait: Seconds = "wait_seconds",
    talk: Seconds = "talk_seconds",
    agent: Category = "agent_id",
    outcome: ContactEnd = "outcome",
    *,
    by: str | Sequence[str] = (),
    level: float = 0.95,
) -> Computation:
    """How many conversations an agent holds at once, on average over the time in which at least one is going on.

    The lengths of all conversations are added up and divided by the time that they cover: of one agent, two chats of ten
    minutes that overlap by five cover fifteen minutes, so 20/15 = 1.33 were going on. Every group of `by` is computed by
    itself: chats at once, not chats next to a call. The limits take agents as the units that vary (Student's t on the
    linearised ratio), so that they need two agents. `n` counts conversations.

    When it lies:
        A chat that waits for its customer counts as going on. Time without any conversation does not count: an agent with
        one chat a day has a concurrency of 1, not of nearly 0.

    Why your vendor shows another number:
        The number of chats that an agent may take is not the number that went on. Averages over the whole shift count idle
        time as 0; handle time over login time mixes in occupancy.

    Example:
        print(sq.concurrency(rows, by="channel").select("channel", "value", "low", "high", "n").collect())
    """
    source = TableInput(
        contacts,
        concurrency.spec,
        table="contacts",
        by=by,
        at=at,
        wait=wait,
        talk=talk,
        agent=agent,
        outcome=outcome,
        refused={f"of more than {_LONGEST:.1g} seconds": pl.max_horizontal(wait, talk) > _LONGEST},
    )
    start = pl.col(at).dt.timestamp("us") + (1e6 * pl.col(wait)).cast(pl.Int64)
    served = pl.col(outcome) == "answered"
    known = served & pl.col(at).is_not_null() & answered(wait) & answered(talk) & pl.col(agent).is_not_null()

    def compute() -> pl.DataFrame:
        rows = (
            source.checked()
            .select(
                *source.by,
                _agent=pl.col(agent).cast(pl.String),
                _known=known,
                _served=served,
                _start=start,
                _long=(1e6 * pl.col(talk)).cast(pl.Int64),
            )
            .collect(engine="streaming")
        )
        return _at_once(rows, source.by, level)

    return source.answer(compute)


def _at_once(rows: pl.DataFrame, by: list[str], level: float) -> pl.DataFrame:
    """One row a group: lengths of its conversations over the time that they cover, agent by agent."""
    if not by:
        rows = rows.with_columns(_all=pl.lit(0))
    keys = by or ["_all"]
    counts = pl.col("_known").fill_null(value=False).sum(), pl.col("_served").fill_null(value=False).sum()
    groups = (
        rows.group_by(keys).agg(n=counts[0], _served=counts[1]).sort(keys, nulls_last=True).with_row_index("_group")
    )
    if not (by or groups.height):
        groups = pl.DataFrame({"_group": [0], "_all": [0], "n": [0], "_served": [0]})
    known = rows.filter("_known").join(groups.drop("n", "_served"), on=keys, nulls_equal=True)
    # Numbers for the agents of each group: overlaps are then found among integers.
    owners = known.select("_group", "_agent").unique().sort("_group", "_agent").with_row_index("_owner")
    known = known.join(owners, on=["_group", "_agent"])
    owner, start, length = (known[name].cast(pl.Int64).to_numpy() for name in ("_owner", "_start", "_long"))
    whose, begins, ends = merge_pauses(owner, start, start + length)
    agents = owners.height
    busy = np.bincount(whose, weights=(ends - begins) / 1e6, minlength=agents).astype(np.float64)
    held = np.bincount(owner, weights=length / 1e6, minlength=agents).astype(np.float64)
    group = owners["_group"].to_numpy()
    group, busy, held = group[busy > 0], busy[busy > 0], held[busy > 0]

    def summed(amount: FloatArray) -> FloatArray:
        return np.bincount(group, weights=amount, minlength=groups.height).astype(np.float64)

    y, x, m = summed(held), summed(busy), summed(np.ones_like(busy))
    value = np.divide(y, x, out=np.full_like(y, np.nan), where=x > 0)
    low, high, se = np.full((3, len(y)), np.nan)
    some = m >= 2
    sums = (amount[some] for amount in (y, x, summed(held * held), summed(held * busy), summed(busy * busy), m))
    se[some] = ratio_se(*sums)
    low[some], high[some] = t_interval(value[some], se[some], df=m[some] - 1, level=level)
    return result_rows(
        groups.select(by),
        metric="concurrency",
        unit="contacts at once",
        value=value,
        low=np.maximum(low, 1.0),  # fewer than one at a time is not a conversation
        high=high,
        se=se,
        level=level,
        method="t over agents",
        n=groups["n"],
        n_missing=groups["_served"] - groups["n"],
        n_eff=m,
        reason="no conversation of known length",
    )
