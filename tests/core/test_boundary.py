"""Functions of frames: when they compute, and how they show themselves."""

import inspect
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import servicequality as sq
from servicequality import control
from servicequality.core import Computation, of_frame, of_frames
from servicequality.core.boundary import method_of_frame
from servicequality.errors import ParameterError

FRAME = pl.DataFrame({"x": [3, 1, 2]})
RUNS: list[str] = []


def doubled(frame: Any, times: int) -> Computation:
    def compute() -> pl.DataFrame:
        RUNS.append("computed")
        return frame.lazy().select(pl.col("x") * times).collect()

    return Computation(compute, lambda: frame.lazy().select("x").collect_schema())


@of_frame
def twice(frame: Any, times: int = 2, *, least: float = 0.0) -> Computation:
    """Twice of it."""
    return doubled(frame, times + int(least * 0))


@of_frame
def ordered(frame: Any) -> pl.LazyFrame:
    """A plan, and nothing computed by itself."""
    plan: pl.LazyFrame = frame.lazy().sort("x")
    return plan


@of_frames
def both(first: Any, second: Any, times: int = 2) -> Computation:
    """Of two frames."""
    assert second is not None
    return doubled(first, times)


class Scale:
    @method_of_frame
    def apply(self, frame: Any, *, times: int = 3) -> Computation:
        """A method."""
        return doubled(frame, times)


CALLS = {
    "a frame": twice,
    "a frame by its name": lambda frame: twice(frame=frame),
    "a plan": ordered,
    "the first of two": lambda frame: both(frame, FRAME),
    "the second of two": lambda frame: both(FRAME, frame),
    "the second by its name": lambda frame: both(FRAME, second=frame),
    "a method": lambda frame: Scale().apply(frame),
    "a method by its class": lambda frame: Scale.apply(Scale(), frame=frame),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_eager_in_is_eager_out_and_lazy_in_is_lazy_out(call):
    eager = call(FRAME)
    assert isinstance(eager, pl.DataFrame)
    RUNS.clear()
    lazy = call(FRAME.lazy())
    assert isinstance(lazy, pl.LazyFrame)
    assert not RUNS, "nothing is computed before it is collected"
    assert lazy.collect_schema() == eager.schema
    assert_frame_equal(lazy.collect(), eager)


def test_a_schema_is_read_at_the_call_where_data_are_lazy():
    with pytest.raises(pl.exceptions.ColumnNotFoundError):
        twice(FRAME.lazy().rename({"x": "y"}))


def test_one_lazy_frame_of_several_grains_makes_the_answer_lazy():
    rows = {"answer": pl.DataFrame({"score": [9, 10, 3]}), "ticket": pl.LazyFrame({"seconds": [1.0]})}
    assert isinstance(sq.evaluate(rows, sq.nps()), pl.LazyFrame)


def test_a_function_shows_its_own_names_defaults_and_docs():
    assert inspect.isfunction(twice)
    assert str(inspect.signature(twice)).startswith("(frame: Any, times: int = 2, *, least: float = 0.0) -> polars.")
    assert (twice.__name__, twice.__doc__, twice.__module__) == ("twice", "Twice of it.", __name__)
    for function in (control.xmr, sq.compare, sq.evaluate, sq.Scorecard.evaluate, sq.tables.pareto):
        assert inspect.signature(function).return_annotation == pl.DataFrame | pl.LazyFrame


def test_a_failure_is_blamed_on_an_argument_of_the_wrong_kind():
    with pytest.raises(ParameterError, match="twice: least takes a number, got '1'"):
        twice(FRAME, least="1")


def test_an_unknown_option_stays_what_it_is():
    with pytest.raises(TypeError, match="unexpected keyword argument 'most'"):
        sq.evaluate(FRAME, sq.nps(), most=1)
