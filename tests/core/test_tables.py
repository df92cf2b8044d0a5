"""A function that answers with a table has a spec as a metric has, and its rows have the columns of `evaluate`."""

import polars as pl
import pytest

from servicequality.columns import Number
from servicequality.core import define_table, evaluate, result_rows
from servicequality.core.results import RESULT
from servicequality.errors import DefinitionError, ParameterError
from servicequality.metrics import nps

SAID = {"title": "Span", "unit": "points", "better": "neither", "formula": r"\\max x - \\min x"}


@define_table(**SAID, grain="answer", aliases=("range",))
def span(answers: pl.DataFrame, number: Number = "number", *, by: str = "team") -> pl.DataFrame:
    """How far the largest number lies from the smallest.

    When it lies:
        One slip of the pen makes it.

    Example:
        print(span(rows))
    """
    table = answers.group_by(by).agg(pl.col(number).max() - pl.col(number).min(), n=pl.len()).sort(by)
    return result_rows(table.select(by), metric="span", unit="points", value=table[number], n=table["n"])


def test_the_spec_is_read_as_a_metrics_is() -> None:
    spec = span.spec
    assert spec.table
    assert (spec.name, spec.answer) == ("span", "How far the largest number lies from the smallest.")
    assert (spec.when_it_lies, spec.example) == ("One slip of the pen makes it.", "print(span(rows))")
    assert [*spec.inputs] == ["number"]
    assert repr(span).startswith("<table span(")


def test_rows_have_the_columns_of_evaluate() -> None:
    frame = pl.DataFrame({"team": ["b", "a", "b", "c"], "number": [1.0, 5.0, 4.0, None], "score": [1, 2, 3, 4]})
    result = span(frame)
    assert result.columns == [column for column in evaluate(frame, nps(), by="team").columns if column != "period"]
    assert result["value"].to_list() == [0.0, 3.0, None]
    assert result["reason"].to_list() == [None, None, "undefined"]
    assert result.schema == pl.Schema({"team": pl.String(), **RESULT})


def test_one_figure_has_no_keys_and_no_figure_has_no_rows() -> None:
    one = result_rows(pl.DataFrame(), metric="x", unit="s", value=float("nan"), n=0, reason="nothing came")
    assert one.row(0, named=True) | {"value": 0} == dict.fromkeys(RESULT) | {
        "metric": "x", "value": 0, "method": "none", "unit": "s", "n": 0, "n_missing": 0, "n_excluded": 0, "n_eff": 0.0,
        "reason": "nothing came",
    }  # fmt: skip
    assert result_rows(pl.DataFrame({"team": []}), metric="x", unit="s", value=[], n=[]).height == 0


def test_a_wrong_call_and_a_wrong_definition_are_told() -> None:
    with pytest.raises(ParameterError, match=r"span: got an unexpected keyword argument 'per'; its parameters are"):
        span(pl.DataFrame(), per="team")  # type: ignore[call-arg]

    def loose(answers: pl.DataFrame, by: str) -> pl.DataFrame:
        """Words."""
        return answers.select(by)

    with pytest.raises(DefinitionError, match=r"'by' is an option; put it after `\*`"):
        define_table(**SAID)(loose)
