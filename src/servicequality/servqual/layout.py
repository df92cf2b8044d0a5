"""`Answers`: questionnaires, wide or long, as one row a respondent, and which column holds which answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any, Literal, TypeAlias

import polars as pl

from servicequality.checks import column, holds_numbers
from servicequality.core import require_columns
from servicequality.errors import InputError, ParameterError
from servicequality.model import as_frame
from servicequality.servqual.narrowing import narrowed
from servicequality.servqual.scale import Scale

__all__ = ["Answers", "Columns", "Role", "read_answers"]

Role: TypeAlias = Literal["expectation", "perception", "adequate", "desired"]
Columns: TypeAlias = str | Sequence[str] | Mapping[Any, str]
"""How columns are found: a prefix ("E" for E1, E2 …), a pattern ("Q{}_expected"), the columns in the order of the
questionnaire, or a mapping of item to column."""
Questions: TypeAlias = Mapping[Any, tuple[str, Any]]
"""Which question of a long table is what: question -> (role, item), or -> ("importance", dimension)."""

IMPORTANCE = "importance"

_SMALL = 100  # so that hundreds of items fit into 16 bits


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Answers of one instrument, one row a respondent.

    Attributes:
        frame: the respondents; lazy, and never the caller's own object changed.
        eager: whether the caller gave an eager frame.
        scale: the instrument.
        columns: for each role, the column of each item.
        importance: the column of each dimension's points; empty where they were not asked for.
        long: the rows and own columns of the long table that the frame was made from, if any; they need a check too.
        full: whether it is known that nobody left an answer blank.
    """

    frame: pl.LazyFrame
    eager: bool
    scale: Scale
    columns: Mapping[str, Mapping[str, str]]
    importance: Mapping[str, str]
    long: "Long | None" = None
    full: bool = False

    def answer(self, role: str, item: str) -> pl.Expr:
        """The answer as it counts: turned round if the item is worded the other way round."""
        answer = column(self.columns[role][item])
        dtype = self.frame.collect_schema()[self.columns[role][item]]
        if dtype.is_unsigned_integer() or dtype == pl.Int8:  # sums would wrap, and so would differences below 0
            answer = answer.cast(pl.Int16 if abs(self.scale.high) + abs(self.scale.low) < _SMALL else pl.Int64)
        return recoded(answer, self.scale) if item in self.scale.reversed else answer

    def named(self) -> dict[str, str]:
        """Every column that holds an answer, and what it is, in words."""
        return {name: f"{role} of item {item}" for role, items in self.columns.items() for item, name in items.items()}


@dataclass(frozen=True, slots=True, eq=False)
class Long:
    """The rows of a long table that belong to the requested questions.

    Attributes:
        rows: the rows of the mapped questions.
        respondent: the column that identifies respondents.
        own: columns that must say the same in all rows of a respondent.
    """

    rows: pl.LazyFrame
    respondent: str
    own: tuple[str, ...]


def recoded(answer: pl.Expr, scale: Scale) -> pl.Expr:
    """An answer turned round within the scale; turned twice it is what it was."""
    ends = scale.low + scale.high
    return (int(ends) if scale.whole else ends) - answer


def read_answers(
    frame: Any,
    scale: Scale,
    roles: Mapping[str, Columns],
    *,
    importance: Columns | None,
    questions: Questions | None = None,
    respondent: str = "respondent_id",
    kept: Sequence[str] = (),
    at: str | None = None,
) -> Answers:
    """Find the answers of a scale in a frame.

    Args:
        frame: any dataframe: wide, or long where `questions` is given.
        scale: the instrument.
        roles: where the answers of each role stand, in a wide frame.
        importance: where the points of each dimension stand, in a wide frame.
        questions: what each question of a long frame is.
        respondent: the column that identifies the respondents of a long frame.
        kept: columns of a long frame that are the respondent's own, the same in all of its rows.
        at: the column of a long frame that holds instants; a respondent's is the last.

    Raises:
        InputError: a column is missing or holds no numbers.
        ParameterError: a map does not fit the scale, or names one column twice.
    """
    data = as_frame(frame)
    rows, eager, long = data.lazy(), isinstance(data, pl.DataFrame), None
    if questions is None:
        columns = {role: _columns(role, given, scale.scored, scale.items) for role, given in roles.items()}
        dimensions = tuple(scale.dimensions)
        points = {} if importance is None else _columns(IMPORTANCE, importance, dimensions, dimensions)
    else:
        columns, points = _mapped_questions(questions, scale, tuple(roles))
        rows, long = _widened(rows, questions, respondent=respondent, kept=kept, at=at)
    used = [name for items in (*columns.values(), points) for name in items.values()]
    if twice := sorted({name for name in used if used.count(name) > 1}):
        raise ParameterError(
            f"{', '.join(map(repr, twice))} stand for two answers; each item of each role needs a column of its own"
        )
    schema = rows.collect_schema()
    for role, items in {**columns, IMPORTANCE: points}.items():
        require_columns(schema, items.values(), role=f"{role} of {scale.name}, {len(items)} columns")
    if texts := [name for name in used if not holds_numbers(schema[name])]:
        raise InputError(
            f"column {texts[0]!r} holds {schema[texts[0]]}, expected numbers ({len(texts)} such); "
            f'cast it first, for example pl.col("{texts[0]}").cast(pl.Int64)'
        )
    recast = [name for name in used if schema[name] == pl.Null or schema[name].is_decimal()]
    answers = Answers(_wide(rows, used), eager, scale, columns, points, long)
    if long is not None or not isinstance(data, pl.DataFrame):
        return answers
    full = not any(data[name].null_count() for name in answers.named())
    if scale.whole and not recast:
        names = [name for name in answers.named() if name not in kept]
        rows = narrowed(data, names, low=int(scale.low), high=int(scale.high)).lazy()
    return replace(answers, frame=_wide(rows, used), full=full)


def _wide(rows: pl.LazyFrame, names: Sequence[str]) -> pl.LazyFrame:
    """The rows with decimals, short floats and numbers of 128 bits as Float64: they would compute in their own type."""
    schema = rows.collect_schema()
    taken = (pl.Float64, pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64)
    other = [name for name in names if schema[name] not in taken]
    return rows.with_columns(column(name).cast(pl.Float64) for name in other) if other else rows


def _columns(role: str, given: Columns, items: Sequence[str], order: Sequence[str]) -> dict[str, str]:
    """The column of each wanted item (or dimension)."""
    if isinstance(given, str):
        pattern = given if "{}" in given else f"{given}{{}}"
        return {item: pattern.replace("{}", item) for item in items}
    if isinstance(given, Mapping):
        listed = {str(item): name for item, name in given.items()}
        absent = [item for item in items if item not in listed]
        if strange := [item for item in listed if item not in order]:
            near = get_close_matches(strange[0], order, n=1)
            hint = f" (did you mean {near[0]!r}?)" if near else ""
            raise ParameterError(f"{role}: the scale has no {strange[0]!r}{hint}; it has {', '.join(order)}")
        if absent:
            raise ParameterError(
                f"{role}: {len(listed)} of {len(items)} columns are given; {', '.join(map(repr, absent))} lacks its own"
            )
    else:
        if not isinstance(given, Sequence):
            raise ParameterError(
                f"{role} must be a prefix, column names or a mapping of name to column; got {given!r:.80}"
            )
        columns = list(given)
        if len(columns) != len(order):
            raise ParameterError(
                f"{role}: {len(columns)} columns for {len(order)} names ({', '.join(order)}); "
                "give them in that order, or as a mapping of name to column"
            )
        listed = dict(zip(order, columns, strict=True))
    if bad := [name for name in listed.values() if not isinstance(name, str)]:
        raise ParameterError(f"{role}: a column is given by its name, got {bad[0]!r}")
    return {item: listed[item] for item in items}


def _mapped_questions(
    questions: Questions, scale: Scale, roles: Sequence[str]
) -> tuple[dict[str, dict[str, str]], dict[str, str]]:
    """The columns that a long table will have once it is wide, by role and item, and by dimension."""
    columns: dict[str, dict[Any, str]] = {role: {} for role in (*roles, IMPORTANCE)}
    for question, (role, item) in questions.items():
        if role not in columns:
            raise ParameterError(f"questions: {question!r} is given the role {role!r}; known are {', '.join(columns)}")
        if str(item) in columns[role]:
            raise ParameterError(f"questions: {role} of {item!r} is asked twice, by {columns[role][str(item)]!r} too")
        columns[role][str(item)] = str(question)
    points = columns.pop(IMPORTANCE)
    dimensions = tuple(scale.dimensions)
    return (
        {role: _columns(role, listed, scale.scored, scale.items) for role, listed in columns.items()},
        _columns(IMPORTANCE, points, dimensions, dimensions) if points else {},
    )


def _widened(
    rows: pl.LazyFrame, questions: Questions, *, respondent: str, kept: Sequence[str], at: str | None
) -> tuple[pl.LazyFrame, Long]:
    """One row a respondent, one column a question."""
    own = [name for name in dict.fromkeys(kept) if name not in (respondent, at)]
    times = [] if at is None else [at]
    require_columns(rows.collect_schema(), [respondent, "question", "score", *own, *times], role="long answers")
    names = [str(question) for question in questions]
    if clash := sorted({respondent, *own, *times} & set(names)):
        raise ParameterError(f"{clash[0]!r} is a question and a column; rename the column first")
    question = pl.col("question").cast(pl.String)
    mapped = rows.filter(question.is_in(names))
    answers = [pl.when(question == name).then("score").max().alias(name) for name in names]
    who = column(respondent)
    wide = mapped.group_by(who).agg(*(column(name).max() for name in (*own, *times)), *answers)
    return wide.sort(who), Long(mapped, respondent, tuple(own))
