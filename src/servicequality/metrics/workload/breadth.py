"""`activity_breadth`: how many kinds of work an agent does."""

from dataclasses import replace

import polars as pl

from servicequality.columns import Category, answered
from servicequality.core import define
from servicequality.shapes import Shape, effective_kinds

__all__ = ["activity_breadth"]


@define(
    title="Breadth of activity",
    label="breadth of activity",
    unit="effective types",
    better="neither",
    bounds=(1, float("inf")),
    grain="ticket",
    formula=r"\exp\Big(-\sum_i p_i \ln p_i\Big)",
    references=("Shannon 1948", "Hill 1973", "Zahl 1977"),
    aliases=("effective number of types", "specialisation", "generalist or specialist", "diversity of work", "entropy"),
)
def activity_breadth(kind: Category = "category") -> Shape:
    """How many kinds of work an agent (or any group of rows) effectively does: 1 is a specialist, k is k kinds in equal shares.

    Rows are activities of any sort, such as tickets, replies or calls; `kind` says what sort of work each is. Ask by agent. The
    value is the exponential of the entropy of the shares seen. The limits lie about the jackknifed entropy, since few rows show
    too few kinds; they need two rows, and the upper one two kinds. Rows without a kind are counted as missing. All rows of
    an agent are needed at once, so that there is no state of it.

    When it lies:
        It depends on how finely kinds are cut: ten labels for one thing make everybody broad. Of few rows it is too low, so
        compare agents by their limits. Routing decides it as much as the agent does.

    Why your vendor shows another number:
        The number of kinds touched at all, in which one ticket weighs as much as a hundred; entropy itself, in bits or nats.

    Example:
        breadth = sq.evaluate(rows, sq.activity_breadth(), by="agent_id")
        print(breadth.select("agent_id", "value", "low", "high", "n").head(5).collect())
    """
    shape = effective_kinds(pl.col(kind), of=answered(kind))
    return replace(shape, empty="no activity of a known kind")
