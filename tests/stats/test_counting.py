"""The counting kernels against loops over rows."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from servicequality.errors import ParameterError
from servicequality.stats.counting import NEVER, SpellCounter, count_events, count_resumed, window_flow

QUARTER = 900_000_000
# Even edges go through the table, odd ones and those with a last edge off the grid do not or only in part.
EDGES = st.one_of(
    st.lists(st.integers(-300, 300), min_size=2, max_size=12, unique=True).map(
        lambda x: [QUARTER * i for i in sorted(x)]
    ),
    st.lists(st.integers(-(10**12), 10**12), min_size=2, max_size=12, unique=True).map(sorted),
    st.tuples(st.lists(st.integers(-9, 9), min_size=2, max_size=6, unique=True), st.integers(1, QUARTER)).map(
        lambda x: [QUARTER * i for i in sorted(x[0])] + [QUARTER * max(x[0]) + x[1]]
    ),
)


@st.composite
def spells(draw):
    edges = draw(EDGES)
    near = st.one_of(
        st.sampled_from(edges).flatmap(lambda e: st.integers(e - 2, e + 2)), st.integers(edges[0] - 10, edges[-1] + 10)
    )
    rows = draw(st.lists(st.tuples(near, st.one_of(near, st.just(NEVER)), st.integers(0, 2)), max_size=30))
    return np.array(edges), [np.array(column, np.int64) for column in zip(*rows, strict=True)] or [
        np.empty(0, np.int64)
    ] * 3


def period(edges, t):
    return next((p for p in range(len(edges) - 1) if edges[p] <= t < edges[p + 1]), None)


def counted(edges, rows):
    counts = np.zeros((3, len(edges) - 1), np.int64)
    for t, code in rows:
        if (p := period(edges, t)) is not None:
            counts[code, p] += 1
    return counts.tolist()


@given(spells())
def test_count_events_is_a_loop_over_rows(case):
    edges, (times, _, codes) = case
    assert count_events(times, edges, codes, 3).tolist() == counted(edges, zip(times, codes, strict=True))
    assert count_events(times, edges).tolist() == count_events(times, edges, codes, 3).sum(0, keepdims=True).tolist()


@given(spells())
def test_spell_counter_is_a_loop_over_rows_in_any_pieces(case):
    edges, (starts, stops, codes) = case
    starts = np.maximum(starts, edges[0])
    counter = SpellCounter(edges, 3)
    half = len(starts) // 2
    counter.add(starts[:half], stops[:half], codes[:half])
    counter.add(starts[half:], stops[half:], codes[half:].astype(np.uint8))
    rows = list(zip(starts.tolist(), stops.tolist(), codes.tolist(), strict=True))
    forward = [row for row in rows if row[0] <= row[1]]
    assert counter.arrivals.tolist() == counted(edges, [(start, code) for start, _, code in forward])
    assert counter.departures.tolist() == counted(edges, [(stop, code) for _, stop, code in forward])
    same = [(a, code) for a, b, code in forward if period(edges, a) == period(edges, b)]
    assert counter.brief.tolist() == counted(edges, same)
    assert counter.reversed.tolist() == counted(edges, [(a, code) for a, b, code in rows if b < a])
    still = [sum(c == code and a < edges[-1] <= b for a, b, c in forward) for code in range(3)]
    assert counter.still_open.tolist() == still


def test_many_rows_are_counted_as_the_sum_of_blocks():
    rng = np.random.default_rng(7)
    edges = np.arange(0, 50 * QUARTER, QUARTER)
    starts = rng.integers(0, edges[-1], 200_001)
    stops = starts + rng.integers(0, 5 * QUARTER, len(starts))
    counter = SpellCounter(edges)
    counter.add(starts, stops)
    assert counter.arrivals[0].tolist() == np.histogram(starts, edges)[0].tolist()
    assert counter.departures[0].tolist() == np.bincount(stops // QUARTER, minlength=60)[:49].tolist()
    assert counter.brief[0].tolist() == np.histogram(starts[starts // QUARTER == stops // QUARTER], edges)[0].tolist()
    assert counter.still_open.tolist() == [(stops >= edges[-1]).sum()]


def test_resumed_counts_an_owner_open_at_both_ends_of_a_period():
    edges = np.array([0, 10, 20, 30, 40])
    starts, stops = np.array([1, 12, 14, 35, 5]), np.array([11, 13, 25, NEVER, 15])
    # The first owner stopped at 11, was back for a moment, and again from 14 on; 25 and 35 are periods apart.
    assert count_resumed(starts, stops, np.array([0, 0, 0, 0, 1]), edges).tolist() == [[0, 1, 0, 0]]
    # The same spells of five owners.
    assert not count_resumed(starts, stops, np.arange(5), edges).any()


@pytest.mark.parametrize("edges", [[], [1], [1, 1], [3, 2]])
def test_edges_must_increase(edges):
    with pytest.raises(ParameterError, match="two or more increasing instants"):
        count_events(np.array([1]), np.array(edges, np.int64))


def test_window_flow_case(cases_dir):
    case = next(c for c in json.loads((cases_dir / "statistics.json").read_text())["cases"] if c["kernel"] == "flow")
    given_ = case["inputs"]
    stops = np.array([np.nan if stop is None else stop for stop in given_["closed"]])
    flow = window_flow(np.array(given_["created"]), stops, start=given_["t0"], end=given_["t1"])
    expected = case["expected"]
    assert flow[:4] == tuple(expected[key] for key in ("open_start", "open_end", "arrivals", "departures"))
    assert flow.mean_open == pytest.approx(expected["L"], abs=case["tol"]["abs"])


@given(st.lists(st.tuples(st.integers(-20, 20), st.integers(0, 30) | st.none()), max_size=20))
def test_window_flow_conserves_and_averages_the_census(rows):
    starts = np.array([start for start, _ in rows], np.int64)
    stops = np.array([NEVER if length is None else start + length for start, length in rows], np.int64)
    flow = window_flow(starts, stops, start=-5, end=12)
    assert flow.open_start + flow.arrivals - flow.departures == flow.open_end
    # All instants are whole, so the census holds from one whole instant to the next.
    census = [sum(a <= t < b for a, b in zip(starts, stops, strict=True)) for t in range(-5, 12)]
    assert flow.open_start == census[0]
    assert flow.mean_open == pytest.approx(sum(census) / 17)


def test_window_flow_refuses_a_window_that_ends_before_it_starts():
    with pytest.raises(ParameterError, match="end after it starts"):
        window_flow(np.array([1.0]), np.array([2.0]), start=3, end=3)
    with pytest.raises(ParameterError, match="of one shape"):
        window_flow(np.array([1.0]), np.array([2.0, 3.0]), start=0, end=3)
