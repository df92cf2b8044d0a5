"""What the table of agents and the rows that name agents say of one another."""

from collections.abc import Iterator

import polars as pl

from servicequality.events.counting import EVERY, Finding, counted
from servicequality.events.kinds import is_listed, tells_kinds, who
from servicequality.model import Records

__all__ = ["DISGUISED", "UNDECLARED", "UNKNOWN_KIND", "of_agents"]

UNDECLARED = "not in the table of agents at the time"
DISGUISED = "agent's message of a bot or system"
UNKNOWN_KIND = "without a kind"

# Where agents are named, and the word that says what they are: a customer is named in the same columns, and is none. A ticket
# names the agent of no instant, and is looked up by the id alone.
_NAMED = (("tickets", "agent_id", None), ("responses", "author_id", "author"), ("changes", "actor_id", "actor"))


def of_agents(records: Records) -> Iterator[pl.LazyFrame]:
    """The findings on a desk that has a table of agents: the table itself, who is missing in it, and whom it unmasks."""
    agents = records.agents
    if agents is None:
        return
    unsaid = [Finding(UNKNOWN_KIND, pl.col("kind").is_null(), show="agent_id")] if records.has("agents", "kind") else []
    yield counted("agents", agents, [Finding("rows", EVERY, show=None), *unsaid])
    listed = agents.select("agent_id", pl.col("kind").is_in(["bot", "system"]).fill_null(value=False)).collect()
    bots_alone = listed["kind"].all()  # a list of bots says nothing of the people
    for table, person, word in _NAMED:
        rows = records.tables.get(table)
        if bots_alone or rows is None or not records.has(table, person):
            continue
        if word is None:
            strange = ~pl.col(person).is_in(listed["agent_id"].unique().implode())
        else:
            strange = ~is_listed(agents, person) & pl.col(word).ne_missing(pl.lit("customer"))
        yield counted(table, rows, [Finding(UNDECLARED, strange, person, show=person)])
    if tells_kinds(records) and records.responses is not None:
        seen = records.responses.select("author_id", "author", who(records, "author", "author_id").alias("_decided"))
        masked = (pl.col("author") == "agent") & pl.col("_decided").is_in(["bot", "system"])
        yield counted("responses", seen, [Finding(DISGUISED, masked, "author_id", show="author_id")])
