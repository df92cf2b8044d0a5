"""The figures of survey answers: which question is measured by which metric."""

from collections.abc import Mapping
from typing import NamedTuple

import polars as pl

from servicequality.checks import shown
from servicequality.core import Definition, Metric
from servicequality.errors import ParameterError
from servicequality.metrics.satisfaction import csat, nps
from servicequality.model import Records

__all__ = ["AskedFigure", "asked_figures", "check_questions"]

_SHOWN = 6
_NO_ANSWERS = "the records hold no answers; give them as Records(answers=…)"


class AskedFigure(NamedTuple):
    """One figure of survey answers: its metric, or why there is none, under the name and in the unit that it would have."""

    name: str
    unit: str
    metric: Metric | None
    lack: str | None = None


def check_questions(questions: Mapping[str, Metric] | None) -> dict[str, Metric]:
    """The metric of each question that the call names.

    Raises:
        ParameterError: a question is no text, or its metric is none of answers.
    """
    given = {} if questions is None else questions
    if not isinstance(given, Mapping) or not all(isinstance(question, str) for question in given):
        raise ParameterError(
            f'questions must map questions to metrics, such as {{"csat": csat(scale=(1, 5))}}; got {shown(questions)}'
        )
    for question, metric in given.items():
        if not isinstance(metric, Metric) or metric.grain != "answer":
            raise ParameterError(
                f"questions[{shown(question)}] must be a metric of answers, such as csat(scale=(1, 5)) or nps(); "
                f"got {shown(metric)}"
            )
    return dict(given)


def asked_figures(records: Records, questions: Mapping[str, Metric]) -> list[AskedFigure]:
    """NPS and CSAT, by the call or by the questions that are called so, then the other questions that the call names."""
    held = _questions_of(records)
    named = _named_figures(held, questions)
    standing = [
        figures
        for definition in (nps, csat)
        for figures in (named.pop(definition.spec.name, None) or [_standing(definition, held)],)
    ]
    return [figure for figures in (*standing, *named.values()) for figure in figures]


def _named_figures(held: list[str] | None, questions: Mapping[str, Metric]) -> dict[str, list[AskedFigure]]:
    """The figures of the questions that the call names, by definition; `held` are those of the answers."""
    names = [metric.name for metric in questions.values()]
    figures: dict[str, list[AskedFigure]] = {}
    for question, metric in questions.items():
        name = metric.name if names.count(metric.name) == 1 else f"{metric.name}, {question}"
        lack = None
        if held is None:
            lack = _NO_ANSWERS
        elif question not in held:
            lack = f"no answer is to the question {shown(question)}; {_in_words(held)}"
        own = None if lack else metric.where(pl.col("question") == question).named(name)
        figures.setdefault(metric.spec.name, []).append(AskedFigure(name, metric.unit, own, lack))
    return figures


def _standing(definition: Definition[...], held: list[str] | None) -> AskedFigure:
    """NPS or CSAT where the call names no question for it."""
    name, unit = definition.spec.name, definition.spec.unit
    if held is None:
        return AskedFigure(name, unit, None, _NO_ANSWERS)
    own = [question for question in held if question.strip().lower() == name]
    if own and definition is nps:
        return AskedFigure(name, unit, nps().where(pl.col("question").is_in(own)))
    if own:
        lack = f"the scale of the question {shown(own[0])} is not stated"
        return AskedFigure(
            name, unit, None, f"{lack}; say questions={{{own[0]!r}: csat(scale=(1, 5))}} with its own ends"
        )
    call = "nps()" if definition is nps else "csat(scale=(1, 5))"
    lack = f"no question is called {name!r}; {_in_words(held)}; say which it is: questions={{…: {call}}}"
    return AskedFigure(name, unit, None, lack)


def _questions_of(records: Records) -> list[str] | None:
    """The questions of the answers, sorted; None where there are no answers."""
    if records.answers is None:
        return None
    questions: list[str] = records.answers.select(pl.col("question").unique()).collect().to_series().to_list()
    return sorted(question for question in questions if question is not None)


def _in_words(held: list[str]) -> str:
    if not held:
        return "there is no question at all"
    more = f" and {len(held) - _SHOWN:,} more" if len(held) > _SHOWN else ""
    return f"the questions are {', '.join(map(shown, held[:_SHOWN]))}{more}"
