"""Who is a person, a bot or a rule: the word of a message or change, outranked by the table of agents."""

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple, get_args

import numpy as np
import numpy.typing as npt
import polars as pl

from servicequality.events.as_of import microseconds
from servicequality.model import AgentKind, Author, Records, refuse, validity_faults

__all__ = ["is_listed", "tells_kinds", "who"]

_WORDS, _KINDS = get_args(Author), get_args(AgentKind)
_UNLISTED = len(_KINDS)
_EVER, _FOR_GOOD = -(2**62), 2**62

# What a row's own word (the last one is none) comes to under the kind of its person (the last one is none), kind by kind.
_OWN = len(_WORDS) + 1
_DECIDED = [[_WORDS.index("agent" if kind == "human" else kind)] * _OWN for kind in _KINDS] + [list(range(_OWN))]
_DECIDED[_KINDS.index("human")][_WORDS.index("customer")] = _WORDS.index("customer")
_VERDICTS = np.array(_DECIDED, np.uint32).ravel()


def tells_kinds(records: Records) -> bool:
    """Whether the records have a table of agents with their kinds."""
    return records.agents is not None and records.has("agents", "kind")


def who(records: Records, word: str, person: str) -> pl.Expr:
    """Who or what wrote a message or made a change: customer, agent, bot or system; null if nothing tells.

    The kind of the agent at the instant `at` outranks the row's own word: a bot or a system is one whatever the row says,
    and a person whom the row calls a bot, a system or nothing is an agent; a person can be a customer of the desk. Without
    agents, for one who is not listed and where the kind is null, the row's own word holds.

    Args:
        records: the desk, whose agents are read when the answer is collected.
        word: the column of the rows that says it in their own words.
        person: the column of the id.
    """
    if records.agents is None or not tells_kinds(records):
        return pl.col(word)
    decide = _Decision(records.agents).words
    columns = [pl.col(person), microseconds("at"), pl.col(word)]
    return pl.map_batches(columns, decide, return_dtype=pl.Enum(_WORDS), is_elementwise=True).alias(word)


def is_listed(agents: pl.LazyFrame, person: str) -> pl.Expr:
    """Whether the table of agents has a row of the person that holds at the instant `at`; null where nobody is named."""
    listed = pl.map_batches(
        [pl.col(person), microseconds("at")], _Decision(agents).listed, return_dtype=pl.Boolean, is_elementwise=True
    )
    return pl.when(pl.col(person).is_not_null()).then(listed)


class _Stretches(NamedTuple):
    """The stretches in which agents were of a kind, by agent and time.

    Attributes:
        ids: the agents; one after the last stands for all who are not listed.
        first: the place of each agent's first stretch.
        several: whether an agent has more than one.
        begins: the first microsecond of each stretch, and `ends`, the one after its last.
        kinds: its kind.
        bounds: the begins of all stretches, each once.
        keys: for each stretch the place of its agent, times the number of ranks, and the rank of its begin in `bounds`.
    """

    ids: pl.Series
    first: npt.NDArray[np.int64]
    several: npt.NDArray[np.bool_]
    begins: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]
    kinds: npt.NDArray[np.uint8]
    bounds: npt.NDArray[np.int64]
    keys: npt.NDArray[np.int64]


class _Decision:
    def __init__(self, agents: pl.LazyFrame) -> None:
        self._agents = agents

    @cached_property
    def _stretches(self) -> _Stretches:
        rows = self._agents.select("agent_id", "kind", "valid_from", "valid_to").drop_nulls("agent_id").collect()
        refuse(validity_faults(rows, "agent_id", "agents"))  # a lazy table was not read before
        rows = rows.select(
            "agent_id",
            pl.col("kind").to_physical().cast(pl.UInt8).fill_null(_UNLISTED),
            microseconds("valid_from").fill_null(_EVER),
            microseconds("valid_to").fill_null(_FOR_GOOD),
        ).filter(pl.col("valid_from") < pl.col("valid_to"))
        ids = rows["agent_id"].unique(maintain_order=True)
        place, begins = _places(rows["agent_id"], ids), rows["valid_from"].to_numpy()
        bounds = np.unique(begins)
        order = np.lexsort((begins, place))
        rows, place, begins = rows[order], place[order], begins[order]
        # One more, which never holds, for those who are not listed.
        first = np.append(np.searchsorted(place, np.arange(len(ids))), len(place))
        return _Stretches(
            ids=ids,
            first=first,
            several=np.append(np.diff(first) > 1, [False]),
            begins=np.append(begins, _FOR_GOOD),
            ends=np.append(rows["valid_to"].to_numpy(), _FOR_GOOD),
            kinds=np.append(rows["kind"].to_numpy(), np.uint8(_UNLISTED)),
            bounds=bounds,
            keys=place * (len(bounds) + 1) + np.searchsorted(bounds, begins, "right"),
        )

    def words(self, columns: Sequence[pl.Series]) -> pl.Series:
        person, at, word = columns
        own = word.to_physical().cast(pl.UInt8).fill_null(len(_WORDS)).to_numpy()
        verdict = _VERDICTS.take(self._kinds(person, at) * np.uint8(_OWN) + own)
        return pl.Series(word.name, [*_WORDS, None], dtype=pl.Enum(_WORDS)).gather(verdict)

    def listed(self, columns: Sequence[pl.Series]) -> pl.Series:
        person, at = columns
        return pl.Series(person.name, self._in_force(person, at)[1])

    def _kinds(self, person: pl.Series, at: pl.Series) -> npt.NDArray[np.uint8]:
        """The place of each person's kind at the instant."""
        stretch, holds = self._in_force(person, at)
        return np.where(holds, self._stretches.kinds[stretch], np.uint8(_UNLISTED))

    def _in_force(self, person: pl.Series, at: pl.Series) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
        """The latest stretch of each person that has begun at the instant, and whether it holds."""
        of = self._stretches
        instants, place = at.fill_null(_EVER - 1).to_numpy(), _places(person, of.ids)
        stretch = of.first[place]
        several = np.flatnonzero(of.several[place])
        if len(several):
            rank = np.searchsorted(of.bounds, instants[several], "right")
            latest = np.searchsorted(of.keys, place[several] * (len(of.bounds) + 1) + rank, "right") - 1
            stretch[several] = np.maximum(latest, stretch[several])
        return stretch, (of.begins[stretch] <= instants) & (instants < of.ends[stretch])


def _places(person: pl.Series, ids: pl.Series) -> npt.NDArray[np.int64]:
    """The place of each person among the ids; after the last one of those who are not there."""
    numbers = pl.Series(range(len(ids)), dtype=pl.Int64)
    return person.replace_strict(ids, numbers, default=len(ids), return_dtype=pl.Int64).to_numpy()
