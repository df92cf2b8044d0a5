"""The canonical text of rules: golden words, what changes a fingerprint and what does not, the same in every process."""

import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime

import polars as pl
import pytest

import servicequality as sq
from servicequality.checks import column
from servicequality.core.engine.rule_text import expression_text
from servicequality.errors import ParameterError

NOON = datetime(2026, 3, 29, 12, tzinfo=UTC)
A = pl.col("a")
GOLDEN = [
    (A >= 9, '(column "a" >= 9)'),
    ((A > 1.5) & ~A.is_null(), '((column "a" > 1.5) and boolean not(boolean is_null(column "a")))'),
    (A == "q'\"x", '(column "a" = "q\'\\"x")'),
    (float("inf") > A, '(column "a" < inf)'),
    (A == -(2**70), '(column "a" = -1180591620717411303424)'),
    (A.is_in(["x", "y"]), "boolean is_in(column \"a\", ['x', 'y']; {\"nulls_equal\": false})"),
    (pl.lit(NOON) >= A, '(instant 1774785600000000 microseconds UTC >= column "a")'),
    (pl.when(A > 0).then(A.cast(pl.Float64)), 'if (column "a" > 0) then float64(column "a") else null'),
    (A.cast(pl.String).str.to_lowercase(), 'string_expr lowercase(string(column "a"))'),
    (A.cast(pl.Float64).log(), 'log(float64(column "a"), 2.718281828459045)'),
    (A.fill_null(value=False), 'fill_null(column "a", false)'),
    (column("^a$") > 0, '(column "^a$" > 0)'),
]
NPS = """\
rule "nps" in points, revision 1
shape Balance
option bounds: (-100.0, 100.0)
option per: 100
option origin: 0.0
leaf n: boolean is_not_null(column "score")
leaf positive: ((column "score" >= 9) and boolean is_not_null(column "score"))
leaf negative: ((column "score" <= 6) and boolean is_not_null(column "score"))
input "score": whole numbers from 0 to 10; blanks []"""


@pytest.mark.parametrize(("expression", "words"), GOLDEN)
def test_expressions_in_words(expression: pl.Expr, words: str) -> None:
    assert expression_text(expression) == words


def test_a_rule_in_words() -> None:
    assert sq.nps().text == NPS
    sliced = sq.nps().where(pl.col("tier") == "gold")
    assert sliced.text.endswith('\nwhere: (column "tier" = "gold")')


@pytest.mark.parametrize(
    "expression", [A.shift(1) > A, A.mean() < A, A.rank() > 3, A.cum_sum() > 1, A.over("b") > 1, pl.len() > 3]
)
def test_what_looks_at_other_rows_has_no_text(expression: pl.Expr) -> None:
    with pytest.raises(ParameterError, match="is not part of a row rule; add what it computes as a column first"):
        expression_text(expression)


def test_a_fingerprint_is_of_what_is_summed() -> None:
    assert sq.nps().fingerprint == sq.nps(interval="wald").named("nps").fingerprint  # the limits are chosen at the end
    other = [
        sq.nps(detractor_max=5).named("nps"),
        sq.nps("rating"),
        sq.nps(missing=(9,)),
        replace(sq.nps(), revision=2),
    ]
    assert len({metric.fingerprint for metric in (sq.nps(), *other)}) == 5


def test_fingerprints_are_equal_across_processes() -> None:
    program = (
        "import servicequality as sq; plan = sq.plan([sq.nps(), sq.resolution_time(limit=60.0)], by='team', weight='w'); "
        "print(plan.fingerprint)"
    )
    other = os.environ | {"PYTHONHASHSEED": "1"}  # a hash of its own for each text
    command = [sys.executable, "-c", program]
    made = subprocess.run(command, capture_output=True, text=True, check=True, env=other).stdout
    plan = sq.plan([sq.nps(), sq.resolution_time(limit=60.0)], by="team", weight="w")
    assert made == plan.fingerprint + "\n"
