"""Records that pass stated rules. Never here: what an export lacks (`check`)."""

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import and_
from typing import Any

import numpy as np
import polars as pl

from servicequality.core import define_table, require_columns, result_rows
from servicequality.errors import ParameterError
from servicequality.model import as_frame
from servicequality.stats import wilson

__all__ = [
    "data_integrity",
]


@define_table(
    title="Data integrity",
    unit="share",
    better="higher",
    bounds=(0, 1),
    grain="record",
    formula=r"\#\{\text{records that pass}\}/n",
    references=("ISO/IEC 25012", "Batini & Scannapieco 2016"),
    aliases=("data quality score", "valid records", "completeness", "duplicate records", "orphans"),
)
def data_integrity(
    records: Any,
    *,
    rules: Mapping[str, pl.Expr] | None = None,
    required: Sequence[str] = (),
    unique: Sequence[str] = (),
    references: Mapping[str, Any] | None = None,
    level: float = 0.95,
) -> pl.DataFrame:
    """Share of records that pass stated rules, each rule by itself and all of them together.

    Args:
        records: any dataframe, one row a record.
        rules: name to Boolean row rule of a good record; null fails.
        required: columns that must not be null; each is a rule "column is there".
        unique: columns whose value must occur once; each is a rule "column is unique". Every copy of a value fails.
        references: column to a frame, Series or list that holds its legal values; each is a rule "column is known". A null
            passes: it refers to nothing.
        level: confidence level of Wilson's limits, for records that are a sample; of a whole table the value is exact.

    Returns:
        One row a rule and one for "every rule", in the order given, in the columns of `evaluate` after `rule`.

    Raises:
        InputError: a column is missing.
        ParameterError: no rule at all.

    When it lies:
        It finds what the rules know. A date of birth of 1 January 1970 is there, unique and well formed.

    Why your vendor shows another number:
        The average of the rules' shares, in which a record with five faults weighs as five; fields in place of records.

    Example:
        import polars as pl

        rows = {"id": [1, 2, 2, 4], "email": ["a@x.org", None, "b@x.org", "c"], "account": [7, 7, 8, 9]}
        found = sq.data_integrity(
            rows,
            rules={"email has an @": pl.col("email").str.contains("@")},
            required=["email"],
            unique=["id"],
            references={"account": [7, 8]},
        )
        print(found.select("rule", "value", "low", "high", "n"))
    """
    frame = as_frame(records).lazy()
    tables = references or {}
    require_columns(frame.collect_schema(), [*required, *unique, *tables], role="data_integrity")
    passes: dict[str, pl.Expr] = {name: rule.fill_null(value=False) for name, rule in (rules or {}).items()}
    passes |= {f"{column} is there": pl.col(column).is_not_null() for column in required}
    passes |= {f"{column} is unique": pl.len().over(column) == 1 for column in unique}
    passes |= {f"{column} is known": _known(column, legal) for column, legal in tables.items()}
    if not passes:
        raise ParameterError("no rule given: name rules=, required=, unique= or references=")
    passes["every rule"] = reduce(and_, passes.values())
    sums = frame.select(pl.len(), *(rule.sum().alias(f"rule {name}") for name, rule in passes.items())).collect()
    n, *counts = sums.row(0)
    value, low, high = np.full((3, len(counts)), np.nan)
    if n:
        value = np.array(counts) / n
        low, high = wilson(counts, n, level=level)
    return result_rows(
        pl.DataFrame({"rule": list(passes)}),
        metric="data_integrity",
        unit="share",
        value=value,
        low=low,
        high=high,
        level=level,
        method="wilson",
        n=n,
        reason="no records",
    )


def _known(column: str, legal: Any) -> pl.Expr:
    """Row rule: the value is null or among the legal ones."""
    listed = isinstance(legal, pl.Series | list | tuple | set)
    values = pl.Series(list(legal)) if listed else as_frame(legal).lazy().select(column).collect().to_series()
    return pl.col(column).is_null() | pl.col(column).is_in(values.implode()).fill_null(value=False)
