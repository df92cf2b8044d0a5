"""How much of their time agents are with customers, and with how many at once: figures over rows of `presence`."""

from dataclasses import replace

import polars as pl

from servicequality.columns import Seconds, answered
from servicequality.core import define
from servicequality.shapes import Shape, ratio

__all__ = ["concurrency", "occupancy"]


@define(
    title="Occupancy",
    unit="share",
    better="neither",
    bounds=(0, 1),
    grain="agent period",
    formula=r"\sum \text{busy}/\sum \text{available}",
    references=("Koole 2013", "Cochran 1977"),
    aliases=("agent occupancy", "agent utilisation while logged in", "busy time", "how busy are agents"),
)
def occupancy(busy: Seconds = "busy_seconds", available: Seconds = "available_seconds") -> Shape:
    """Share of the time in which agents are available for contacts that they spend on them.

    Rows are those of `presence`, or agents' shifts with the two columns. Rows without available time do not count. Work after
    a conversation is busy time where `presence` is given `wrap`. The limits take rows for independent: of periods, give the
    agent as `cluster`.

    When it lies:
        Higher is not better: above nine tenths waits grow fast and people tire. It follows from volume and staff by the
        hour, so that one agent's figure says little of that agent.

    Why your vendor shows another number:
        Breaks and training in the denominator (that is `utilisation`), wrap-up counted as idle, or parallel chats added
        up, which can exceed 100 %.
    """
    known = answered(busy) & answered(available) & (pl.col(available) > 0)
    shape = ratio(pl.col(busy), pl.col(available), of=known).excluding(pl.col(available) == 0)
    return replace(
        shape,
        unit="share",
        bounds=(0.0, 1.0),
        refused={"busy for longer than available": pl.col(busy) > pl.col(available)},
    )


@define(
    title="Concurrency",
    unit="contacts at once",
    better="neither",
    bounds=(1, float("inf")),
    grain="agent period",
    formula=r"\sum_a \sum_i d_{ai} \Big/ \sum_a \Big|\bigcup_i [s_{ai}, s_{ai} + d_{ai})\Big|",
    references=("Luo & Zhang 2013", "Cochran 1977"),
    aliases=("chats at once", "concurrent chats", "simultaneous chats", "chat concurrency", "parallel conversations"),
)
def concurrency(handled: Seconds = "handled_seconds", busy: Seconds = "busy_seconds") -> Shape:
    """How many conversations an agent holds at once, on average over the time in which at least one is going on.

    Rows are those of `presence`, one an agent and period: the lengths of their conversations are added up and divided by the
    time that they cover. Of one agent, two chats of ten minutes that overlap by five cover fifteen minutes, so 20/15 = 1.33
    were going on. Rows without a conversation do not count. The limits take rows as the units that vary (Student's t on the
    linearised ratio), so that they need two agents; of periods, give the agent as `cluster`. Chats at once, not chats next to
    a call, are those of rows that `presence` made with `by="channel"`.

    When it lies:
        A chat that waits for its customer counts as going on. Time without any conversation does not count: an agent with
        one chat a day has a concurrency of 1, not of nearly 0. Contacts of no known agent are in no row that counts.

    Why your vendor shows another number:
        The number of chats that an agent may take is not the number that went on. Averages over the whole shift count idle
        time as 0; handle time over login time mixes in occupancy.
    """
    known = answered(handled) & answered(busy) & (pl.col(busy) > 0)
    shape = ratio(pl.col(handled), pl.col(busy), of=known).excluding(pl.col(busy) == 0)
    return replace(
        shape,
        empty="no conversation of known length",
        refused={
            "handled for shorter than busy": pl.col(handled) < pl.col(busy),
            "handled in no busy time": (pl.col(handled) > 0) & (pl.col(busy) == 0),
        },
    )
