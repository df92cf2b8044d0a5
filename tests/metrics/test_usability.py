"""Usability: printed scores, oracles, golden rows at the boundaries, and bad input."""

from math import exp, log

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import servicequality as sq
from metrics.oracle import Oracle, Row, agrees, mean, share, type_7, value, within
from servicequality.core import Metric
from servicequality.errors import InputError, ParameterError

SUS = [f"sus_{item}" for item in range(1, 11)]
UMUX = [f"umux_{item}" for item in range(1, 5)]


def one(names: list[str], answers: list[int | None]) -> pl.DataFrame:
    return pl.DataFrame(
        {name: [answer] for name, answer in zip(names, answers, strict=True)},
        schema_overrides=dict.fromkeys(names, pl.Int64),
    )


@pytest.mark.parametrize(
    ("answers", "score"),
    [
        ([5, 4, 2, 1, 2, 3, 2, 4, 5, 2], 55),  # Brooke 1996
        ([5, 1] * 5, 100),
        ([1, 5] * 5, 0),
        ([5] * 10, 50),
        ([1] * 10, 50),
        ([3] * 10, 50),
    ],
)
def test_sus(answers: list[int], score: float) -> None:
    assert sq.sus().estimate(one(SUS, answers)).value == score


@pytest.mark.parametrize(("answers", "score"), [([7, 1, 7, 1], 100), ([1, 7, 1, 7], 0), ([4] * 4, 50), ([7] * 4, 50)])
def test_umux(answers: list[int], score: float) -> None:
    assert sq.umux().estimate(one(UMUX, answers)).value == pytest.approx(score)


@pytest.mark.parametrize(("answers", "raw", "guess"), [((6, 5), 75, 71.65), ((1, 1), 0, 22.9), ((7, 7), 100, 87.9)])
def test_umux_lite(answers: tuple[int, int], raw: float, guess: float) -> None:
    row = {"umux_lite_1": [answers[0]], "umux_lite_2": [answers[1]]}
    assert value(sq.umux_lite(), **row) == pytest.approx(raw)
    assert value(sq.umux_lite(scores="sus_2013"), **row) == pytest.approx(guess)


@given(st.lists(st.lists(st.none() | st.integers(1, 5), min_size=10, max_size=10), min_size=1, max_size=12))
def test_gaps_of_a_questionnaire(people: list[list[int | None]]) -> None:
    frame = pl.DataFrame(people, schema=dict.fromkeys(SUS, pl.Int64), orient="row")

    def scored(answers: list[int]) -> float:
        return 2.5 * sum(x - 1 if place % 2 == 0 else 5 - x for place, x in enumerate(answers))

    filled = [[3 if x is None else x for x in person] for person in people if any(x is not None for x in person)]
    whole = [person for person in people if None not in person]
    middle, left = (sq.sus(incomplete=policy).estimate(frame) for policy in ("middle", "leave_out"))
    assert middle.value == (pytest.approx(mean([scored(person) for person in filled])) if filled else None)
    assert (middle.n, middle.n_missing) == (len(filled), len(people) - len(filled))
    assert left.value == (pytest.approx(mean([scored(person) for person in whole])) if whole else None)
    assert (left.n, left.n_missing) == (len(whole), len(people) - len(whole))
    if len(filled) > len(whole):
        with pytest.raises(
            InputError, match="answered in part; say what to do with incomplete='leave_out' or 'middle'"
        ):
            sq.sus().estimate(frame)


def test_columns_of_another_name_and_too_few_of_them() -> None:
    frame = one([f"q{item}" for item in range(1, 11)], [5, 1] * 5)
    assert sq.sus(*frame.columns).estimate(frame).value == 100
    with pytest.raises(InputError, match="sus: no column 'sus_10'"):
        sq.sus().estimate(one(SUS, [3] * 10).drop("sus_10"))
    with pytest.raises(InputError, match="1 row outside whole numbers from 1 to 5: column 'sus_2' such as 0"):
        sq.sus().estimate(one(SUS, [3, 0] + [3] * 8))
    with pytest.raises(ParameterError, match="umux_lite: every item is a column of its own; got a, a"):
        sq.umux_lite("a", "a")
    with pytest.raises(ParameterError, match="incomplete must be one of 'refuse', 'leave_out', 'middle'; got 'mean'"):
        sq.umux(incomplete="mean")  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="scores must be one of 'raw', 'sus_2013'; got 'sus'"):
        sq.umux_lite(scores="sus")  # type: ignore[arg-type]


def timed(rows: list[Row]) -> list[tuple[float, str]]:
    times = [(row["task_seconds"], row["task_end"]) for row in rows if row["task_seconds"] is not None]
    return [(seconds, "event" if end == "completed" else "open") for seconds, end in times]


def completed(rows: list[Row], column: str) -> list[float]:
    return [row[column] for row in rows if row["task_end"] == "completed" and row[column] is not None]


def ended(rows: list[Row]) -> list[str]:
    return [row["task_end"] for row in rows if row["task_end"] is not None]


def quotient(rows: list[Row]) -> float | None:
    pairs = [(r["task_steps"], r["task_fewest_steps"]) for r in rows if r["task_end"] == "completed"]
    pairs = [(taken, least) for taken, least in pairs if taken is not None and least]
    return sum(taken for taken, _ in pairs) / sum(least for _, least in pairs) if pairs else None


CREDIT = {"completed": 1.0, "partial": 0.5, "failed": 0.0, "abandoned": 0.0}
ORACLES: list[tuple[Metric, Oracle]] = [
    (sq.task_success_rate(), lambda rows: share(end == "completed" for end in ended(rows))),
    (
        sq.task_success_rate(partial="success"),
        lambda rows: share(end in ("completed", "partial") for end in ended(rows)),
    ),
    (sq.task_success_rate(partial="half"), lambda rows: mean([CREDIT[end] for end in ended(rows)])),
    (sq.time_on_task(limit=60.0), lambda rows: within(timed(rows), 60.0)),
    (
        sq.time_on_task_observed_only(),
        lambda rows: (
            exp(sum(map(log, completed(rows, "task_seconds"))) / len(completed(rows, "task_seconds")))
            if completed(rows, "task_seconds")
            else None
        ),
    ),
    (sq.time_on_task_observed_only(statistic="p90"), lambda rows: type_7(completed(rows, "task_seconds"), 90)),
    (
        sq.training_time(limit=60.0),
        lambda rows: within(
            [
                (r["training_seconds"], "event" if r["training_proficient"] else "open")
                for r in rows
                if r["training_seconds"] is not None
            ],
            60.0,
        ),
    ),
    (sq.workflow_steps(), lambda rows: mean(completed(rows, "task_steps"))),
    (sq.workflow_steps(statistic="median"), lambda rows: type_7(completed(rows, "task_steps"), 50)),
    (sq.workflow_detour(), quotient),
]


@pytest.mark.parametrize(("metric", "oracle"), ORACLES, ids=lambda case: getattr(case, "name", ""))
def test_oracle(metric: Metric, oracle: Oracle) -> None:
    agrees(metric, oracle)


@pytest.mark.parametrize(
    ("end", "strict", "lenient", "half"),
    [("completed", 1, 1, 1), ("partial", 0, 1, 0.5), ("failed", 0, 0, 0), ("abandoned", 0, 0, 0)],
)
def test_boundaries_of_success(end: str, strict: float, lenient: float, half: float) -> None:
    result = [value(sq.task_success_rate(partial=kind), task_end=[end]) for kind in ("failure", "success", "half")]  # type: ignore[arg-type]
    assert result == [strict, lenient, half]


def test_the_adjusted_wald_interval_of_the_usability_literature() -> None:
    result = sq.task_success_rate(interval="agresti_coull").estimate({"task_end": ["completed"] * 7 + ["failed"] * 2})
    p = (7 + 1.96**2 / 2) / (9 + 1.96**2)
    half = 1.96 * (p * (1 - p) / (9 + 1.96**2)) ** 0.5
    assert (result.low, result.high) == (pytest.approx(p - half, abs=1e-4), pytest.approx(p + half, abs=1e-4))


def test_those_who_gave_up_lengthen_the_time_and_leave_the_classic_alone() -> None:
    quick = {"task_seconds": [30.0, 60.0, 120.0], "task_end": ["completed"] * 3}
    slow = {"task_seconds": [30.0, 60.0, 120.0, 300.0, 300.0], "task_end": ["completed"] * 3 + ["abandoned"] * 2}
    assert (value(sq.time_on_task(), **quick), value(sq.time_on_task(), **slow)) == (60, 120)
    classic = sq.time_on_task_observed_only()
    assert value(classic, **quick) == value(classic, **slow) == pytest.approx(60)
    assert classic.estimate(slow).n_excluded == 2


def test_bad_input() -> None:
    with pytest.raises(
        InputError, match="1 row of 0 or below, which has no logarithm: column 'task_seconds' such as 0"
    ):
        sq.time_on_task_observed_only().estimate({"task_seconds": [0.0], "task_end": ["completed"]})
    with pytest.raises(InputError, match=r"1 row outside numbers of at least 0: column 'task_seconds' such as -1\.0"):
        sq.time_on_task().estimate({"task_seconds": [-1.0], "task_end": ["completed"]})
    with pytest.raises(
        InputError,
        match="outside 'completed' or 'partial' or 'failed' or 'abandoned': column 'task_end' such as 'done'",
    ):
        sq.task_success_rate().estimate({"task_end": ["done"]})
    with pytest.raises(InputError, match="1 row of fewer steps than the fewest"):
        sq.workflow_detour().estimate({"task_steps": [3], "task_fewest_steps": [4], "task_end": ["completed"]})
    with pytest.raises(ParameterError, match="partial must be one of 'failure', 'success', 'half'; got 'none'"):
        sq.task_success_rate(partial="none")  # type: ignore[arg-type]
