"""Erlang C: against sums in exact fractions, a simulated queue, its laws, and bad input."""

import heapq
import math
from dataclasses import asdict
from fractions import Fraction
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from servicequality.errors import InputError, ParameterError, ServiceQualityError
from servicequality.staffing import agents_by_interval, agents_needed, erlang_c
from simulation import Simulate


def chance_by_hand(load: Fraction, agents: int) -> float:
    """Chance of waiting from the probabilities of each number of calls, in fractions."""
    term = total = Fraction(1)
    for k in range(1, agents):
        term = term * load / k
        total += term
    waiting = term * load / agents * agents / (agents - load)
    return float(waiting / (total + waiting))


@pytest.mark.parametrize(
    ("load", "agents"),
    [(1, 2), (10, 14), (Fraction(79, 4), 20), (48, 55), (3, 16), (Fraction(1, 100), 15), (Fraction(1, 10**6), 3), (400, 410),
     (1, 60), (15, 17), (0, 4)],
)  # fmt: skip
def test_the_chance_of_waiting_in_exact_fractions(load: Any, agents: int) -> None:
    queue = erlang_c(float(load) * 3600 / 240, 240, agents)
    assert queue.probability_of_waiting == pytest.approx(chance_by_hand(Fraction(load), agents), rel=1e-11)
    assert queue.occupancy == pytest.approx(float(load) / agents)


def test_loads_of_large_centres() -> None:
    """Against the recursion of Erlang's loss, which is stable and slow."""
    load, agents, loss = 19_950.0, 20_000, 1.0
    for n in range(1, agents + 1):
        loss = load * loss / (n + load * loss)
    queue = erlang_c(load * 12, 300, agents)
    assert queue.probability_of_waiting == pytest.approx(agents * loss / (agents - load * (1 - loss)), rel=1e-10)
    assert agents_needed(load * 12, 300) > load


def test_a_simulated_queue_is_as_the_formula_says(simulate: Simulate) -> None:
    calls, seconds, agents, limit = 200.0, 180.0, 12, 20.0
    queue = erlang_c(calls, seconds, agents, limit=limit)

    def batch(rng: np.random.Generator) -> list[list[float]]:
        runs = []
        for _ in range(20):
            arrivals = np.cumsum(rng.exponential(3600 / calls, 6_000)).tolist()
            free, waits = [0.0] * agents, []
            for at, work in zip(arrivals, rng.exponential(seconds, 6_000).tolist(), strict=True):
                start = max(at, heapq.heappop(free))
                heapq.heappush(free, start + work)
                waits.append(start - at)
            settled = np.array(waits[500:])
            runs.append([float((settled > 0).mean()), float((settled <= limit).mean()), float(settled.mean())])
        return runs

    runs = simulate(3, batch)
    error = runs.std(axis=0, ddof=1) / np.sqrt(len(runs))
    expected = [queue.probability_of_waiting, queue.service_level, queue.average_speed_of_answer]
    assert (np.abs(runs.mean(axis=0) - np.array(expected, dtype=float)) < 4 * error).all()


@given(st.floats(0.1, 5_000), st.floats(1, 3_000), st.floats(0.05, 0.99), st.floats(0, 120))
def test_the_agents_needed_are_enough_and_one_fewer_is_not(
    calls: float, seconds: float, level: float, limit: float
) -> None:
    n = agents_needed(calls, seconds, service_level=level, limit=limit)
    reached = erlang_c(calls, seconds, n, limit=limit).service_level
    assert reached is not None
    assert reached >= level
    fewer = erlang_c(calls, seconds, n - 1, limit=limit).service_level
    assert fewer is None or fewer < level


def test_occupancy_is_bounded_where_it_is_asked_for() -> None:
    assert agents_needed(170, 180, service_level=0.01, max_occupancy=0.85) == 10  # 8.5 erlangs, exactly 85 %
    assert agents_needed(170, 180, service_level=0.01) == 9
    assert agents_needed(6000, 300, max_occupancy=0.9) == math.ceil(500 / 0.9)


def test_without_calls_nobody_waits_and_with_too_few_agents_all_do() -> None:
    nothing = erlang_c(0, 180, 0)
    assert (nothing.service_level, nothing.occupancy, nothing.average_speed_of_answer, nothing.reason) == (
        1,
        0,
        0,
        None,
    )
    assert agents_needed(0, 180) == 0
    for agents in (0, 9, 10):
        endless = asdict(erlang_c(200, 180, agents))
        assert endless.pop("reason") == "agents at most the offered load: the queue grows without end"
        assert {name for name, value in endless.items() if value is not None} == {"agents", "offered_load"}


def test_a_day_of_half_hours() -> None:
    day = pl.DataFrame(
        {"at": ["08:00", "08:30", "09:00", "09:30"], "calls": [100, 0, None, 360], "aht": [180.0, 200, 180, 240]}
    )
    plan = agents_by_interval(day, handle_seconds="aht", interval_seconds=1800, max_occupancy=0.9)
    assert plan.columns[:3] == day.columns
    assert plan["agents"].to_list() == [agents_needed(200, 180, max_occupancy=0.9), 0, None,
                                        agents_needed(720, 240, max_occupancy=0.9)]  # fmt: skip
    assert plan["reason"].to_list() == [None, None, "no forecast", None]
    queue = asdict(erlang_c(720, 240, plan["agents"][3]))
    for name in ("offered_load", "occupancy", "service_level", "average_speed_of_answer"):
        assert plan[name][3] == pytest.approx(queue[name])
        assert plan[name][2] is None
    lazy = agents_by_interval(day.lazy(), handle_seconds="aht", interval_seconds=1800, max_occupancy=0.9)
    assert isinstance(lazy, pl.LazyFrame)
    assert lazy.collect_schema() == plan.schema
    assert_frame_equal(lazy.collect(), plan)
    odd = agents_by_interval(day.rename({"calls": "^c$"}), "^c$", handle_seconds=180)
    assert odd["agents"].to_list() == [agents_needed(100, 180), 0, None, agents_needed(360, 180)]
    assert agents_by_interval(day.clear(), handle_seconds=180).height == 0


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((-1, 180, 3), {}, "calls_per_hour must be a number of 0 or more, got -1"),
        ((float("nan"), 180, 3), {}, "calls_per_hour must be a finite number"),
        (("9", 180, 3), {}, "calls_per_hour must be a number; got '9'"),
        ((9, 0, 3), {}, "handle_seconds must be a number of seconds above 0, got 0"),
        ((9, 180, 2.5), {}, "agents must be a whole number of 0 or more, got 2.5"),
        ((9, 180, True), {}, "agents must be a whole number"),
        ((9, 180, -1), {}, "agents must be a whole number"),
        ((9, 180, 3), {"limit": -1}, "limit must be 0 or more seconds, got -1"),
        ((1e12, 3600, 3), {}, "at most 1e.09 are computed"),
    ],
)
def test_bad_queues(arguments: Any, options: Any, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        erlang_c(*arguments, **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"service_level": 1}, "no number of agents answers every call in time"),
        ({"service_level": 0}, "service_level must be a share strictly between 0 and 1, got 0"),
        ({"service_level": 80}, "strictly between 0 and 1, got 80"),
        ({"max_occupancy": 0}, "max_occupancy must be a share above 0 and at most 1, got 0"),
        ({"max_occupancy": 1.1}, "max_occupancy must be a share above 0 and at most 1, got 1.1"),
        ({"limit": None}, "limit must be a number; got None"),
    ],
)
def test_bad_targets(options: Any, message: str) -> None:
    for call in (
        lambda: agents_needed(200, 180, **options),
        lambda: agents_by_interval({"calls": [1]}, handle_seconds=9, **options),
    ):
        with pytest.raises(ParameterError, match=message):
            call()


@pytest.mark.parametrize(
    ("frame", "options", "error", "message"),
    [
        ({"calls": [1, -1]}, {}, InputError, "'calls' has 1 of 2 values that are no numbers of 0 or more, such as -1"),
        ({"calls": [float("nan")]}, {}, InputError, "such as nan"),
        ({"calls": ["a"]}, {}, InputError, "column 'calls' holds String, expected numbers"),
        ({"cals": [1]}, {}, InputError, "no column 'calls' .did you mean 'cals'"),
        ({"calls": [1], "agents": [1]}, {}, ParameterError, "'agents' is a column of the answer"),
        (
            {"calls": [1], "aht": [0]},
            {"handle_seconds": "aht"},
            InputError,
            "'aht' has 1 of 1 values that are no numbers above 0",
        ),
        ({"calls": [1]}, {"handle_seconds": None}, ParameterError, "handle_seconds must be a number; got None"),
        (
            {"calls": [1]},
            {"interval_seconds": 0},
            ParameterError,
            "interval_seconds must be a number of seconds above 0",
        ),
        ({"calls": [1e12]}, {}, InputError, "1 intervals have more than 1e.09 calls at once"),
    ],
)
def test_bad_intervals(frame: Any, options: Any, error: type[ServiceQualityError], message: str) -> None:
    with pytest.raises(error, match=message):
        agents_by_interval(frame, **({"handle_seconds": 180} | options))
