"""A short run of the fuzzer over fixed seeds; and that it sees faults that are planted."""

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest

from fuzz import call_inputs, function_inputs, metric_inputs, oracle, runner
from fuzz.functions import Target, everything
from fuzz.grammar import LAYOUTS, NAMES, disguised, hostile, laid_out, plain
from fuzz.runner import Outcome
from servicequality import metrics
from servicequality.catalogue.searching import definitions
from servicequality.columns import Amount, Flag, answered
from servicequality.core import define
from servicequality.shapes import Shape, share, total_of

FIRST, INPUTS = 1, 300


def caught(kind: str, of: Callable[[np.random.Generator], Any], seeds: int = 300) -> bool:
    """Whether one of some inputs gives a finding of the kind."""
    return any(fault.kind == kind for seed in range(seeds) for fault in of(np.random.default_rng(seed)).check()[1])


@pytest.mark.parametrize("part", range(6))
def test_no_hostile_input_gives_a_finding(part: int) -> None:
    size = INPUTS // 6
    text, total = runner.report(map(runner.run, range(FIRST + part * size, FIRST + (part + 1) * size)), quiet=True)
    assert total == 0, f"{text}\n\nreplay one with: PYTHONPATH=tests python -m fuzz --replay SEED"


def test_a_seed_is_an_input() -> None:
    for seed in range(1, 25):
        assert runner.drawn(seed).text() == runner.drawn(seed).text()


def test_most_inputs_in_disguise_are_answered() -> None:
    inputs = [metric_inputs.draw(np.random.default_rng(seed)) for seed in range(80)]
    legal = [one for one in inputs if one.legal]
    assert len(legal) > 30
    ended = [one.check()[0] for one in legal]
    assert ended.count("answered") > 0.6 * len(legal), ended


def test_a_disguise_holds_what_the_plain_column_holds() -> None:
    column = pl.Series("a", [1.0, None, 5.0])
    for seed in range(30):
        assert plain(disguised(np.random.default_rng(seed), column)).to_list() == [1.0, None, 5.0]


def test_hostile_columns_have_every_kind_of_type() -> None:
    types = {str(hostile(np.random.default_rng(seed), "a", 5).dtype.base_type()) for seed in range(400)}
    assert {"Int8", "UInt64", "Int128", "Float16", "Decimal", "Boolean", "Enum", "Date", "Datetime", "Duration", "Time",
            "List", "Struct", "Null"} <= types  # fmt: skip


@pytest.mark.parametrize("layout", sorted(set(LAYOUTS)))
def test_a_layout_holds_the_rows_of_the_frame(layout: str) -> None:
    from servicequality.model import as_frame

    frame = pl.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "z"]})
    assert as_frame(laid_out(frame, layout)).lazy().collect().equals(frame)


def test_every_function_of_the_registry_is_driven() -> None:
    targets = {target.name for target in everything()}
    tables = {f"sq.{one.spec.path}" for one in definitions() if one.spec.table}
    assert tables <= targets
    assert {
        f"sq.{name}"
        for name in (
            "facts",
            "flow",
            "reply_waits",
            "check",
            "compare",
            "follow_ups",
            "review_scores",
            "reviewed_tickets",
            "checked_records",
            "uptime",
            "presence",
            "overview",
        )
    } <= targets
    for target in everything():
        assert function_inputs.draw(np.random.default_rng(1), target).text()


# Faults on purpose, and how the fuzzer sees them.

OPTIONS: dict[str, Any] = {"title": "Test", "unit": "count", "better": "higher", "formula": "x"}


@define(**OPTIONS)
def narrow_total(size: Amount = "size", other: Amount = "other") -> Shape:
    """The sum of two columns, in whatever type they have."""
    return total_of(pl.col(size) + pl.col(other), of=answered(size) & answered(other))


@define(**OPTIONS)
def leaking(size: Amount = "size") -> Shape:
    """A total that breaks where a column is called by a pattern."""
    return total_of(pl.col(size).map_elements(_breaks, return_dtype=pl.Float64), of=answered(size))


@define(**OPTIONS)
def unevenly(size: Amount = "size", flag: Flag = "flag") -> Shape:
    """A share of the rows, whose rule looks at all rows."""
    return share(pl.col(flag), of=pl.col(flag).is_not_null() & (pl.col(size) >= pl.col(size).mean()))


def _breaks(_number: float) -> float:
    raise RuntimeError("not one of ours")


def test_a_metric_cannot_add_small_integers_in_their_own_type() -> None:
    assert not caught(
        "disagreement", lambda rng: metric_inputs.draw(rng, narrow_total), seeds=100
    )  # they are widened before


def test_a_metric_that_leaks_an_exception_is_caught() -> None:
    assert caught("foreign", lambda rng: metric_inputs.draw(rng, leaking))


def test_a_metric_that_looks_at_all_rows_is_caught() -> None:
    assert caught("disagreement", lambda rng: metric_inputs.draw(rng, unevenly))


def changed_counts(frame: Any, *_args: Any, **_options: Any) -> pl.DataFrame:
    """A result that has lost a row."""
    rows = frame.lazy().collect() if isinstance(frame, pl.DataFrame | pl.LazyFrame) else pl.DataFrame({"a": [1]})
    counts = {"value": [1.0], "n": [rows.height], "n_missing": [1], "n_pending": [None], "reason": [None]}
    return pl.DataFrame(counts, schema_overrides={"reason": pl.String, "n_pending": pl.Int64})


def test_counts_that_do_not_add_up_are_caught() -> None:
    oracle.add_up(changed_counts(pl.DataFrame({"a": [1, 2]})), 3)
    with pytest.raises(oracle.FaultError, match="do not add up to 2 rows"):
        oracle.add_up(changed_counts(pl.DataFrame({"a": [1, 2]})), 2)


@pytest.mark.parametrize(
    ("columns", "detail"),
    [
        ({"value": [float("nan")]}, "value is NaN"),
        ({"value": [0.5], "low": [0.1], "high": [float("inf")]}, "high is NaN or infinite"),
        ({"value": [0.5], "low": [0.6], "high": [0.7]}, "limits do not hold the value"),
        ({"n_missing": [-3]}, "n_missing is below 0"),
        ({"value": [None], "reason": [None]}, "null without a reason"),
    ],
)
def test_figures_that_cannot_be_are_caught(columns: dict[str, list[Any]], detail: str) -> None:
    with pytest.raises(oracle.FaultError, match=detail):
        oracle.honest(pl.DataFrame(columns))


def test_a_warning_and_a_panic_are_foreign() -> None:
    import warnings

    with pytest.raises(oracle.FaultError, match="RuntimeWarning: careful"):
        oracle.called(lambda: warnings.warn("careful", RuntimeWarning, stacklevel=1))
    with pytest.raises(oracle.FaultError, match="PanicException"):
        oracle.called(_panic)


def _panic() -> None:
    raise pl.exceptions.PanicException("panicked")


def mutating(frame: Any) -> pl.DataFrame:
    """A function that writes into what it was given."""
    if isinstance(frame, dict):
        frame["new"] = pl.Series("new", [1])
    return pl.DataFrame({"value": [1.0]})


def test_a_changed_frame_is_caught() -> None:
    target = Target(name="mutating", function=mutating, frames=({"a": "number"},))
    assert caught("changed", lambda rng: function_inputs.draw(rng, target))


def order_of_types(frame: Any) -> pl.DataFrame:
    """A function whose answer depends on the type of a column."""
    rows = frame if isinstance(frame, pl.DataFrame) else pl.DataFrame({"a": [0.0]})
    return pl.DataFrame({"value": [float(rows["a"].dtype == pl.Int8)]})


def test_an_answer_that_depends_on_the_type_is_caught() -> None:
    target = Target(name="order_of_types", function=order_of_types, frames=({"a": "count"},))
    assert caught("disagreement", lambda rng: function_inputs.draw(rng, target))


def test_a_finding_is_made_smaller_and_printed_as_python() -> None:
    def big(rng: np.random.Generator) -> Any:
        return metric_inputs.draw(rng, leaking)

    for seed in range(60):
        one = big(np.random.default_rng(seed))
        if one.frame.height >= 8 and any(fault.kind == "foreign" for fault in one.check()[1]):
            break
    smaller = runner.shrunk(one, "foreign")
    assert smaller.frame.height == 1
    namespace: dict[str, Any] = {"pl": pl}
    exec(smaller.text().split("\nmetric =")[0], namespace)
    assert namespace["frame"].equals(smaller.frame)


def test_a_crash_and_the_rest_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    crash = Outcome(7, "nps", "crashed", (("crash", "the process ended with -6"),))
    text, total = runner.report([crash, Outcome(8, "nps", "answered")], quiet=True)
    assert total == 1
    assert "1 x crash: the process ended with -6" in text
    assert "seeds 7" in text


def test_calls_with_anything_are_drawn_of_every_kind() -> None:
    names = {call_inputs.draw(np.random.default_rng(seed)).name.split("(")[0].split(".")[0] for seed in range(300)}
    assert {"sq", "Schedule", "Scorecard", "Scale", "ColumnMap", "catalogue", "model"} <= names
    assert metrics.nps().name == "nps"
    assert len(NAMES) == len(set(NAMES))
