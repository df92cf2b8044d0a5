"""Column types for definitions: each domain is declared once, and read by validation, the docs and the tests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Annotated, Literal

import polars as pl

from servicequality.checks import column as column_of

__all__ = [
    "Amount",
    "Category",
    "Column",
    "ContactEnd",
    "Disposition",
    "Effort",
    "End",
    "Flag",
    "Instant",
    "Number",
    "Occurrences",
    "Outcome",
    "Proportion",
    "Row",
    "Score",
    "Score0To10",
    "Score0To100",
    "Score1To5",
    "Score1To7",
    "Seconds",
    "TaskEnd",
    "Version",
    "WaitEnd",
    "answered",
    "one_of",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """The domain of a column.

    Attributes:
        kind: `integer` and `number` are numeric and finite; `flag` is Boolean; `instant` is a zone-aware Datetime;
            `category` is text, Enum or Categorical; `any` is whatever the frame holds.
        meaning: what the column says, in a few words.
        low: smallest legal number, inclusive.
        high: largest legal number, inclusive.
        scale: name of the metric's parameter that gives the range instead: (low, high), a key of `scales`, or for a
            category its one legal text.
        scales: ranges by the text that the parameter `scale` may hold; a text in place of a range names the parameter that
            holds it.
        choices: the legal texts of a category; empty allows all.
        named: how the column is called, made of the text that the parameter is given: "gap_{}" looks for `gap_empathy`
            when it is given "empathy".
        several: whether the parameter may be given a tuple of such texts, for several columns of this domain.
    """

    kind: Literal["integer", "number", "flag", "instant", "category", "any"]
    meaning: str
    low: float | None = None
    high: float | None = None
    scale: str | None = None
    scales: Mapping[str, tuple[float, float] | str] | None = None
    choices: tuple[str, ...] = ()
    named: str = "{}"
    several: bool = False

    def names(self, given: object) -> list[object]:
        """The columns that a call's argument names; what is not a text is left as it is, for the caller to refuse."""
        texts = given if self.several and isinstance(given, tuple) else () if given is None else (given,)
        return [self.named.format(text) if isinstance(text, str) else text for text in texts]


Score0To10 = Annotated[str, Column(kind="integer", low=0, high=10, meaning="answer from 0 to 10")]
Score0To100 = Annotated[str, Column(kind="number", low=0, high=100, meaning="score from 0 to 100")]
Score1To5 = Annotated[str, Column(kind="integer", low=1, high=5, meaning="answer from 1 (disagree) to 5 (agree)")]
Score1To7 = Annotated[str, Column(kind="integer", low=1, high=7, meaning="answer from 1 (disagree) to 7 (agree)")]
Score = Annotated[str, Column(kind="integer", scale="scale", meaning="answer on the stated scale")]
Effort = Annotated[
    str,
    Column(
        kind="integer",
        scale="version",
        scales={"v1": (1, 5), "v2": (1, 7), "own": "scale"},
        meaning="answer to the effort question",
    ),
]
Version = Annotated[str, Column(kind="category", scale="version", meaning="version of the effort question")]
Number = Annotated[str, Column(kind="number", meaning="a finite number")]
Amount = Annotated[str, Column(kind="number", low=0, meaning="a number that is not negative")]
Proportion = Annotated[str, Column(kind="number", low=0, high=1, meaning="a share from 0 to 1")]
Seconds = Annotated[str, Column(kind="number", low=0, meaning="a duration in seconds")]
Occurrences = Annotated[str, Column(kind="integer", low=0, meaning="how many there were")]
Flag = Annotated[str, Column(kind="flag", meaning="true or false")]
Instant = Annotated[str, Column(kind="instant", meaning="a zone-aware instant")]
Category = Annotated[str, Column(kind="category", meaning="a label")]
Row = Annotated[str, Column(kind="any", meaning="any column: null is missing")]
Disposition = Annotated[
    str,
    Column(
        kind="category", choices=("I", "P", "R", "NC", "O", "U", "NE"), meaning="final disposition of a sampled case"
    ),
]
End = Annotated[
    str, Column(kind="category", choices=("answered", "ended_without", "open"), meaning="how the wait ended")
]
TaskEnd = Annotated[
    str,
    Column(
        kind="category",
        choices=("completed", "partial", "failed", "abandoned"),
        meaning="how the attempt at a task ended",
    ),
]
WaitEnd = Annotated[
    str, Column(kind="category", choices=("answered", "resolved", "open"), meaning="how the customer's wait ended")
]
ContactEnd = Annotated[
    str,
    Column(kind="category", choices=("answered", "abandoned", "waiting"), meaning="what became of the call or chat"),
]
Outcome = Annotated[
    str,
    Column(
        kind="category",
        choices=("met", "missed", "missed_open", "pending", "cancelled"),
        meaning="what became of the clock",
    ),
]


def answered(column: str, missing: Sequence[float] = ()) -> pl.Expr:
    """Row rule: the column holds an answer, and none of the numbers declared to be a blank.

    Every definition writes its denominator this way: Polars computes equal rules once, if they are spelled alike.

    Args:
        column: the column's name.
        missing: numbers that stand for no answer.
    """
    number = column_of(column)
    present = number.is_not_null()
    return present & ~one_of(number, missing) if len(missing) else present


def one_of(number: pl.Expr, values: Sequence[float]) -> pl.Expr:
    """Row rule: the number equals one of the values. `is_in` would refuse whole numbers that are stored as floats.

    Args:
        number: the number of each row.
        values: the values that it may equal.
    """
    return reduce(or_, [number == value for value in values])
