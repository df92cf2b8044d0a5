"""Records that pass stated rules. Never here: what an export lacks (`check`)."""

import polars as pl

from servicequality.columns import Flag, answered
from servicequality.core import define
from servicequality.shapes import Shape, share

__all__ = ["data_integrity"]


@define(
    title="Data integrity",
    unit="share",
    better="higher",
    bounds=(0, 1),
    grain="record",
    formula=r"\#\{\text{records that pass}\}/n",
    references=("ISO/IEC 25012", "Batini & Scannapieco 2016", "Wilson 1927"),
    aliases=("data quality score", "valid records", "completeness", "duplicate records", "orphans"),
)
def data_integrity(passes: Flag = "passes") -> Shape:
    """Share of records that pass stated rules: all of them, or the one whose flag is named.

    `checked_records` states the rules and gives each record its flags: rules of your own, columns that must be there,
    values that must be unique, and references that must exist. `passes` is all of them together; `data_integrity("id is
    unique")` is one of them.

    When it lies:
        It finds what the rules know. A date of birth of 1 January 1970 is there, unique and well formed. Limits are for
        records that are a sample; of a whole table the value is exact.

    Why your vendor shows another number:
        The average of the rules' shares, in which a record with five faults weighs as five; fields in place of records.

    Example:
        import polars as pl

        records = {"id": [1, 2, 2, 4], "email": ["a@x.org", None, "b@x.org", "c"], "account": [7, 7, 8, 9]}
        rows = sq.checked_records(
            records,
            rules={"email has an @": pl.col("email").str.contains("@")},
            required="email",
            unique="id",
            references={"account": [7, 8]},
        )
        flags = ["email has an @", "email is there", "id is unique", "account is known", "passes"]
        found = sq.evaluate(rows, [sq.data_integrity(flag).named(flag) for flag in flags])
        print(found.select("metric", "value", "low", "high", "n"))
        print(rows.filter(~pl.col("passes")).select("id", "email", "account"))
    """
    return share(pl.col(passes), of=answered(passes))
