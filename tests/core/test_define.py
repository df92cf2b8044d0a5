"""What `define` reads and refuses, and the names of what it gives."""

from collections.abc import Callable
from datetime import UTC, datetime

import polars as pl
import pytest

from servicequality import (
    backlog,
    ces,
    csat,
    net_score,
    nps,
    resolution_time,
    resolution_time_observed_only,
    servqual_gap,
)
from servicequality.columns import Number, Score, Score0To10, answered
from servicequality.core import Definition, Metric, define
from servicequality.errors import DefinitionError, ParameterError
from servicequality.shapes import Shape, mean, share

SAID = {"title": "Test", "unit": "points", "better": "higher", "formula": "x"}


def no_docstring(score: Score0To10 = "score") -> Shape:
    return mean(pl.col(score), of=answered(score))


def no_column(score: str = "score") -> Shape:
    """A parameter without a domain."""
    return mean(pl.col(score), of=answered(score))


def option_by_position(score: Score0To10 = "score", cut: int = 5) -> Shape:
    """An option before the star."""
    return share(pl.col(score) > cut, of=answered(score))


def scale_of_nothing(score: Score = "score") -> Shape:
    """A range from a parameter that is not there."""
    return mean(pl.col(score), of=answered(score))


def unreadable(score: "Nowhere" = "score") -> Shape:  # noqa: F821
    """An annotation that means nothing."""
    return mean(pl.col(score), of=answered(score))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (no_docstring, "no_docstring: a metric's docstring is its meaning; write one that begins with the answer"),
        (no_column, r"no_column: no parameter names a column; annotate one with a type of servicequality\.columns"),
        (option_by_position, r"option_by_position: 'cut' is an option; put it after `\*`, so that calls name it"),
        (scale_of_nothing, "scale_of_nothing: 'score' takes its range from 'scale', which is not a parameter"),
        (unreadable, "unreadable: cannot read the annotations: name 'Nowhere' is not defined"),
    ],
    ids=lambda case: getattr(case, "__name__", ""),
)
def test_definitions_that_are_refused(body: Callable[..., Shape], message: str) -> None:
    with pytest.raises(DefinitionError, match=message):
        define(**SAID)(body)  # type: ignore[arg-type]


def test_a_body_that_returns_no_shape() -> None:
    @define(**SAID)  # type: ignore[arg-type]
    def forgetful(score: Score0To10 = "score") -> Shape:
        """The mean."""
        return pl.col(score).mean()  # type: ignore[return-value]

    with pytest.raises(DefinitionError, match="forgetful: the body returns Expr, expected a shape"):
        forgetful()


@define(title="Mean number", unit="points", better="higher", formula=r"\bar x", aliases=("average",), label="mean")
def mean_number(number: Number = "number", *, cap: float = 10.0) -> Shape:
    """The mean of numbers,
    those above `cap` left out.

    When it lies:
        Always,
        more or less.

    Why your vendor shows another number:
        They guess.
    """
    return mean(pl.col(number), of=answered(number) & (pl.col(number) <= cap))


def test_the_spec_is_read_from_signature_and_docstring() -> None:
    spec = mean_number.spec
    assert isinstance(mean_number, Definition)
    assert (spec.name, spec.label, spec.family, spec.grain) == ("mean_number", "mean", "test_define", "row")
    assert spec.answer == "The mean of numbers, those above `cap` left out."
    assert spec.when_it_lies == "Always,\nmore or less."
    assert spec.why_vendors_differ == "They guess."
    assert list(spec.inputs) == ["number"]
    assert list(spec.parameters.parameters) == ["number", "cap"]
    assert mean_number.__doc__ is not None


def test_ten_lines_make_a_metric() -> None:
    metric = mean_number("x", cap=3.0)
    assert isinstance(metric, Metric)
    result = metric.estimate({"x": [1.0, 2.0, 3.0, 99.0, None]})
    assert (result.value, result.n, result.n_missing) == (2.0, 3, 2)
    assert repr(metric) == "<metric mean_number_cap_3 of x (points, higher is better)>"


@pytest.mark.parametrize(
    ("metric", "name"),
    [
        (nps("how_likely"), "nps"),
        (nps(missing=(11,)), "nps"),
        (nps(detractor_max=5), "nps_detractor_max_5"),
        (csat(scale=(1, 5)), "csat"),
        (csat(scale=(1, 5), box=(5,)), "csat_box_5"),
        (csat(scale=(1, 5), interval="jeffreys"), "csat_jeffreys"),
        (ces(version="v1"), "ces"),
        (ces(version="v2", statistic="net"), "ces_net"),
        (net_score(scale=(1, 5), top=(4, 5)), "net_score_top_4_5"),
        (resolution_time(), "resolution_time"),
        (resolution_time(statistic="p90"), "resolution_time_p90"),
        (resolution_time(statistic=0.9), "resolution_time_p90"),
        (resolution_time(statistic=0.999), "resolution_time_p99.9"),
        (resolution_time(limit=3600.0), "resolution_time_limit_3600"),
        (resolution_time_observed_only(statistic="mean"), "resolution_time_observed_only_mean"),
        (backlog(as_of=datetime(2026, 3, 1, tzinfo=UTC)), "backlog"),
        (nps().named("gold NPS"), "gold NPS"),
    ],
    ids=lambda case: case if isinstance(case, str) else "",
)
def test_a_name_is_the_function_and_what_is_not_default(metric: Metric, name: str) -> None:
    assert metric.name == name


def test_a_parameter_may_name_columns_by_a_pattern_and_several_at_once() -> None:
    one, two = servqual_gap("empathy"), servqual_gap(("a", "b"))
    assert [bound.name for bound in (*one.inputs, *two.inputs)] == ["gap_empathy", "gap_a", "gap_b"]
    assert (one.name, two.name, servqual_gap().name) == ("servqual_gap_empathy", "servqual_gap_a_b", "servqual_gap")
    assert servqual_gap.spec.family == "servqual"
    for wrong in (pl.col("gap_a"), ("a", 1)):
        with pytest.raises(ParameterError, match="servqual_gap: a column is given by its name"):
            servqual_gap(wrong)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="name a dimension, or several different ones in a tuple"):
        servqual_gap(("a", "a"))


def test_the_shape_may_fix_unit_and_direction() -> None:
    median, within = resolution_time(), resolution_time(limit=60.0)
    assert (median.unit, median.better, median.bounds) == ("s", "lower", (0, float("inf")))
    assert (within.unit, within.better, within.bounds) == ("share", "higher", (0.0, 1.0))
    assert ces(version="v1").better == "lower"
    assert ces(version="v2").better == "higher"


def test_a_metric_is_frozen() -> None:
    metric = nps()
    with pytest.raises(AttributeError):
        metric.name = "x"  # type: ignore[misc]


def test_where_narrows_and_keeps_the_slice_out_of_missing() -> None:
    frame = pl.DataFrame({"score": [10, 10, None, 0, 11], "tier": ["gold", "gold", "gold", None, "tin"]})
    gold = nps().where(pl.col("tier") == "gold")
    result = gold.estimate(frame)  # neither the 0 of tier null nor the illegal 11 of tier tin is in the slice
    assert (result.value, result.n, result.n_missing) == (100, 2, 1)
    assert frame.select(gold.expr()).item() == 100
    assert nps().where(pl.col("tier") == "iron").estimate(frame).reason == "no answers"


def test_options_by_the_wrong_name() -> None:
    with pytest.raises(
        ParameterError, match="mean_number: got an unexpected keyword argument 'top'; its parameters are"
    ):
        mean_number(top=3)  # type: ignore[call-arg]


def test_a_twin_in_working_time_has_a_name_of_its_own() -> None:
    assert resolution_time("resolution_working_seconds", statistic="p90").name == "resolution_time_working_p90"
    assert resolution_time("first_resolution_seconds").name == "resolution_time"
