"""What wrong calls are told: messages without types, trees of conditions, arguments of the wrong kind."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

import numpy as np
import polars as pl
import pytest
from polars import selectors

from servicequality import (
    average_handle_time,
    define,
    evaluate,
    first_response_time,
    flow,
    interactions_per_ticket,
    nps,
    outflow,
)
from servicequality.catalogue import find
from servicequality.checks import column, first_line, listed, near, refusing_misfits, shown, values_of
from servicequality.columns import Flag, answered
from servicequality.control import cusum_chart, xmr
from servicequality.core.rule_tree import literal_names, node, nodes, replaced, strange, tree
from servicequality.errors import InputError, ParameterError
from servicequality.metrics import csat, handle_time_observed_only
from servicequality.shapes import Shape, share
from servicequality.sla import Target

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@define(title="Share", unit="share", better="higher", formula=r"k/n")
def share_true(flag: Flag = "flag") -> Shape:
    """Share of the rows that hold."""
    return share(pl.col(flag), of=answered(flag))


class TestMessages:
    def test_wrong_options_are_told_without_types(self) -> None:
        wrong: Any = {"scal": (1, 5)}
        with pytest.raises(ParameterError) as raised:
            csat("score", **wrong)
        assert str(raised.value) == (
            "csat: got an unexpected keyword argument 'scal' (did you mean 'scale'?); its parameters are "
            'csat(score="score", *, scale, box=None, interval="wilson", missing=())'
        )

    def test_an_option_is_no_column_of_values(self) -> None:
        strange: Any = pl.Series("limit", [1])
        with pytest.raises(ParameterError, match="handle_time_observed_only: limit takes one value, got Series"):
            handle_time_observed_only(limit=strange)
        expression: Any = pl.col("limit")
        with pytest.raises(ParameterError, match="limit takes one value, got Expr"):
            handle_time_observed_only(limit=expression)

    def test_a_level_of_numpy_is_a_number_like_others(self) -> None:
        rows = evaluate(pl.LazyFrame({"score": [1, 9]}), nps(), level=np.float32(0.9))  # type: ignore[arg-type]
        assert rows.collect()["level"].item() == pytest.approx(0.9)

    @pytest.mark.parametrize("dtype", [pl.Float32, pl.Float64])
    def test_infinite_weights_are_refused_in_any_width(self, dtype: Any) -> None:
        rows = pl.DataFrame({"score": [1, 9], "w": pl.Series([1.0, float("inf")], dtype=dtype)})
        with pytest.raises(InputError, match="1 row of a weight that is not zero or more, and finite"):
            evaluate(rows, nps(), weight="w")

    def test_a_dozen_names(self) -> None:
        wide = pl.DataFrame({f"c{place}": [1] for place in range(49)})
        with pytest.raises(InputError, match=r"the frame has c0, .*, c11 and 37 more$"):
            evaluate(wide, nps())

    def test_values_are_printed_on_one_line_and_cut(self) -> None:
        assert shown("a\x1b[31m\nb") == r"'a\x1b[31m\nb'"
        assert len(shown("x" * 1000)) == 42
        never = pl.DataFrame({"a": pl.Series([2**63 - 1]).cast(pl.Datetime("ms", "Asia/Kathmandu"))})
        assert shown(never) == "<DataFrame>"
        assert values_of(pl.Series("^a.*$", [1, 2])) == "1, 2"
        assert shown(pl.Series([1])) == shown(pl.Series([1])).replace("\n", " ")
        assert listed(["a\n"]) == r"a\n"
        assert near("tem", ["team", "x"]) == " (did you mean 'team'?)"
        assert near("tem", ["x"]) == ""
        assert first_line(ValueError("one\ntwo")) == "one"
        assert values_of(pl.Series([2**62]).cast(pl.Datetime("us", "UTC"))) == str(2**62)
        assert values_of(pl.Series([date(2026, 1, 1)])) == "datetime.date(2026, 1, 1)"


class TestTrees:
    def test_nothing_is_lost(self) -> None:
        for number in (float("inf"), float("-inf"), 1.5):
            literal = [one.content for one in nodes(tree(pl.col("a") > number)) if one.kind == "Literal"]
            assert literal == [{"Dyn": {"Float": number}}]
        kinds = [one.kind for one in nodes(tree(pl.when(pl.col("a").is_null()).then(1).otherwise(pl.col("b"))))]
        assert kinds == ["Ternary", "Function", "Column", "Literal", "Column"]
        assert node(tree(pl.col("a").dt.year())).function == ("TemporalExpr", "Year")
        assert node(tree(pl.col("a").abs())).function == ("", "Abs")

    def test_columns_are_replaced(self) -> None:
        rule = (pl.col("a") + pl.col("b")) < float("inf")
        changed = replaced(rule, {"a": column("^a$").cast(pl.Float64)})
        assert changed.meta.eq((column("^a$").cast(pl.Float64) + pl.col("b")) < float("inf"))
        assert replaced(rule, {"c": pl.col("d")}) is rule
        assert literal_names(selectors.by_name("*").as_expr() > 1).meta.root_names() == ["*"]

    def test_rules_of_the_library_are_row_by_row(self) -> None:
        for metric in (nps(), average_handle_time(), interactions_per_ticket(), csat(scale=(1, 5), missing=(9,))):
            for leaf in metric.shape.leaves():
                assert strange(tree(getattr(metric.shape, leaf))) in (None, "no column of the frame")


class TestArgumentsOfTheWrongKind:
    @pytest.mark.parametrize(
        ("call", "says"),
        [
            (lambda: first_response_time(statistic=[1]), "statistic"),
            (lambda: nps(detractor_max=date(2026, 1, 1)), "nps: detractor_max takes a whole number"),
            (lambda: nps().merge(1.5), "merge: parts takes a list or tuple of .*, got 1.5"),
            (
                lambda: xmr(pl.DataFrame({"value": [1.0], "period": [NOON]}), at=5),
                "a column is given by its name, got 5",
            ),
            (lambda: cusum_chart(pl.DataFrame(), decision=timedelta(1)), "cusum_chart: decision takes a number, got"),
            (lambda: find(pl.Series("words", [1])), "words must be a text or several, got"),
            (lambda: Target(pl.Series("clock", [1]), 60), "clock must be one of"),  # type: ignore[arg-type]
            (lambda: flow(pl.DataFrame({"created_at": [NOON]}), every="1d", as_of=NOON, stopped=5), "stopped"),
        ],
    )
    def test_they_are_named(self, call: Callable[[], Any], says: str) -> None:
        with pytest.raises(ParameterError, match=says):
            call()

    def test_an_error_that_no_argument_explains_stays(self) -> None:
        @refusing_misfits
        def root(x: float, *, names: Sequence[str] = (), one: Literal["a", "b"] | None = None) -> float:
            return {0: x}[1]  # fails, whatever comes

        with pytest.raises(KeyError):
            root(1, names=["a"], one="b")
        with pytest.raises(ParameterError, match="root: x takes a number, got nan"):
            root(float("nan"))
        with pytest.raises(ParameterError, match=r"root: names takes a list or tuple of a text, got \[1\]"):
            root(1.0, names=[1])  # type: ignore[list-item]
        with pytest.raises(ParameterError, match="root: one takes 'a' or 'b' or None, got 'c'"):
            root(1.0, one="c")  # type: ignore[arg-type]


def test_expressions_look_at_no_instant_to_learn_its_type() -> None:
    far = pl.Series([2**62, None, -(2**62)], dtype=pl.Int64).cast(pl.Datetime("ms", "UTC"))
    rows = pl.DataFrame({"at": far, "key": [1, 1, 2]})
    counted = rows.lazy().group_by("key").agg(outflow(ended="at").expr()).sort("key").collect()
    assert counted["outflow"].to_list() == [1.0, 1.0]
    with pytest.raises(pl.exceptions.InvalidOperationError):
        rows.select(pl.col("at").dt.replace_time_zone(None)).select(outflow(ended="at").expr())


def test_one_row_with_all_of_the_weight_has_no_limits() -> None:
    rows = pl.DataFrame({"flag": [True, False], "w": [1e30, 1e-30]})
    row = evaluate(rows, share_true(), weight="w").row(0, named=True)
    assert (row["value"], row["low"]) == (1.0, None)
    assert row["n_eff"] == pytest.approx(1.0)
