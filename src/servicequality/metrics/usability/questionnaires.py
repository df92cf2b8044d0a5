"""Usability questionnaires: SUS, UMUX and UMUX-Lite."""

from dataclasses import replace
from functools import reduce
from operator import add, and_, or_
from typing import Literal

import polars as pl

from servicequality.checks import choice
from servicequality.columns import Score1To5, Score1To7, answered
from servicequality.core import define
from servicequality.errors import ParameterError
from servicequality.shapes import Shape, mean

__all__ = ["sus", "umux", "umux_lite"]

Incomplete = Literal["refuse", "leave_out", "middle"]
"""What becomes of a questionnaire that was filled in part."""


@define(
    title="System Usability Scale",
    label="SUS",
    unit="points",
    better="higher",
    bounds=(0, 100),
    grain="questionnaire",
    formula=r"\frac{1}{n}\sum_i 2.5\Big(\sum_{j\ \text{odd}} (x_{ij} - 1) + \sum_{j\ \text{even}} (5 - x_{ij})\Big)",
    references=("Brooke 1996", "Sauro & Lewis 2016", "Student 1908"),
    aliases=("system usability", "usability score", "usability questionnaire"),
)
def sus(
    item_1: Score1To5 = "sus_1",
    item_2: Score1To5 = "sus_2",
    item_3: Score1To5 = "sus_3",
    item_4: Score1To5 = "sus_4",
    item_5: Score1To5 = "sus_5",
    item_6: Score1To5 = "sus_6",
    item_7: Score1To5 = "sus_7",
    item_8: Score1To5 = "sus_8",
    item_9: Score1To5 = "sus_9",
    item_10: Score1To5 = "sus_10",
    *,
    incomplete: Incomplete = "refuse",
) -> Shape:
    """Mean score of ten statements answered from 1 to 5, from 0 to 100; the even ones are worded against the system.

    One row is one person's questionnaire. Answers go in as they were given: the even items are turned around here, once.
    A questionnaire filled in part is an error, until `incomplete` says what to do: `leave_out` counts it as missing,
    `middle` takes 3 for each gap, as Brooke told those to mark who cannot answer. An empty one is missing.

    When it lies:
        It is not a percentage: the middle of published scores is about 68, not 50. Whoever ticks one column all the way down
        gets 50, whatever they think. Twelve users leave about ten points on either side.

    Why your vendor shows another number:
        The even items turned around twice or not at all, a gap filled with the person's mean, items from 0 to 4, a
        percentile or a grade in place of the score, or the all-positive version under the same name.

    Example:
        people = [
            [5, 2, 4, 1, 4, 2, 5, 1, 4, 2],
            [4, 2, 4, 2, 3, 2, 4, 2, 4, 3],
            [3, 4, 2, 4, 2, 4, 3, 4, 2, 4],
            [4, 1, 5, 2, 4, 1, 4, 2, 5, 1],
        ]
        rows = {f"sus_{item}": [answers[item - 1] for answers in people] for item in range(1, 11)}
        print(sq.sus().estimate(rows))
    """
    items = (item_1, item_2, item_3, item_4, item_5, item_6, item_7, item_8, item_9, item_10)
    return _questionnaire("sus", items, middle=3, top=5, per=2.5, incomplete=incomplete)


@define(
    title="Usability Metric for User Experience",
    label="UMUX",
    unit="points",
    better="higher",
    bounds=(0, 100),
    grain="questionnaire",
    formula=r"\frac{1}{n}\sum_i \frac{100}{24}\Big(\sum_{j\ \text{odd}} (x_{ij} - 1) + \sum_{j\ \text{even}} (7 - x_{ij})\Big)",
    references=("Finstad 2010", "Student 1908"),
    aliases=("usability metric for user experience", "usability short form"),
)
def umux(
    item_1: Score1To7 = "umux_1",
    item_2: Score1To7 = "umux_2",
    item_3: Score1To7 = "umux_3",
    item_4: Score1To7 = "umux_4",
    *,
    incomplete: Incomplete = "refuse",
) -> Shape:
    """Mean score of four statements answered from 1 to 7, from 0 to 100; the even ones are worded against the system.

    One row is one person's questionnaire, its answers as they were given. Gaps as in `sus`, with 4 for the middle.

    When it lies:
        Four items say that something is wrong and not what. The score runs near that of SUS, and is not the same: do not
        join the two in one series.

    Why your vendor shows another number:
        Five-point answers, the positive items alone (that is `umux_lite`), or the even items not turned around.

    Example:
        rows = {"umux_1": [6, 5, 7, 3], "umux_2": [2, 3, 1, 5], "umux_3": [6, 4, 6, 3], "umux_4": [2, 3, 2, 4]}
        print(sq.umux().estimate(rows))
    """
    return _questionnaire(
        "umux", (item_1, item_2, item_3, item_4), middle=4, top=7, per=100 / 24, incomplete=incomplete
    )


@define(
    title="UMUX-Lite",
    label="UMUX-Lite",
    unit="points",
    better="higher",
    bounds=(0, 100),
    grain="questionnaire",
    formula=r"\frac{1}{n}\sum_i \frac{100}{12}(x_{i1} + x_{i2} - 2),\quad \text{sus\_2013}: 0.65\,\bar{x} + 22.9",
    references=("Lewis, Utesch & Maher 2013", "Lah, Lewis & Šumak 2020", "Student 1908"),
    aliases=("umux lite", "two item usability", "ease and capability"),
)
def umux_lite(
    capable: Score1To7 = "umux_lite_1",
    easy: Score1To7 = "umux_lite_2",
    *,
    scores: Literal["raw", "sus_2013"] = "raw",
    incomplete: Incomplete = "refuse",
) -> Shape:
    """Mean score of two statements from 1 to 7 (it does what I need, it is easy to use), from 0 to 100.

    `scores="sus_2013"` is the regression that Lewis and others fitted to guess a SUS score, 0.65 x + 22.9: it can give no
    less than 22.9 and no more than 87.9, and its author advises against it by now (Lah and others 2020).

    When it lies:
        Both items are worded for the system, so that people who agree with everything score high.

    Why your vendor shows another number:
        The regression towards SUS applied without saying so, five-point answers, or the ease item alone.

    Example:
        rows = {"umux_lite_1": [6, 5, 7, 3], "umux_lite_2": [6, 4, 6, 3]}
        print(sq.umux_lite().estimate(rows))
        print(sq.umux_lite(scores="sus_2013").estimate(rows))
    """
    choice("umux_lite: scores", scores, ("raw", "sus_2013"))
    slope, start = (1.0, 0.0) if scores == "raw" else (0.65, 22.9)
    return _questionnaire(
        "umux_lite", (capable, easy), middle=4, top=7, per=slope * 100 / 12, incomplete=incomplete, start=start,
        alternate=False,
    )  # fmt: skip


def _questionnaire(
    name: str,
    items: tuple[str, ...],
    *,
    middle: int,
    top: int,
    per: float,
    incomplete: str,
    start: float = 0.0,
    alternate: bool = True,
) -> Shape:
    """Mean over persons of `start + per` times the sum of their items above the lowest answer, even items turned around."""
    choice(f"{name}: incomplete", incomplete, ("refuse", "leave_out", "middle"))
    if len(set(items)) < len(items):
        raise ParameterError(f"{name}: every item is a column of its own; got {', '.join(items)}")
    has_answer = [answered(item) for item in items]
    every, some = reduce(and_, has_answer), reduce(or_, has_answer)
    answers = [pl.col(item).cast(pl.Float64) for item in items]
    if incomplete == "middle":
        answers = [answer.fill_null(middle) for answer in answers]
    credit = [top - answer if alternate and place % 2 else answer - 1 for place, answer in enumerate(answers)]
    points = start + per * reduce(add, credit)
    best = start + per * (top - 1) * len(items)
    shape = mean(points, of=some if incomplete == "middle" else every, origin=50, bounds=(start, best))
    if incomplete == "refuse":
        wrong = "answered in part; say what to do with incomplete='leave_out' or 'middle'"
        return replace(shape, refused={wrong: some & ~every})
    return shape
