"""The group of each row as one number: keys of any type made into codes."""

from collections.abc import Sequence

import polars as pl

CODE = "servicequality.code"
_CODES = 1 << 20  # counts by code take 8 MB
_WHOLE = (pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32)
_SPAN = 1 << 10  # whole numbers that lie no further apart are their own codes


def with_codes(
    frame: pl.LazyFrame, columns: Sequence[pl.Expr], groups: pl.DataFrame, keys: Sequence[str]
) -> tuple[pl.LazyFrame, pl.DataFrame]:
    """The columns, with the code of each row's group; and the groups, with theirs, in the order of the codes.

    A code counts through the combinations of the keys' values, as digits do. Where that would make too many, a join
    numbers the groups: several times slower.

    Args:
        frame: the rows.
        columns: what is wanted of them.
        groups: every combination of keys that the rows have, each once.
        keys: the key columns, at least one.
    """
    if (code := code_of(groups, keys)) is not None:
        return frame.select(code.alias(CODE), *columns), groups.with_columns(code.alias(CODE)).sort(CODE)
    numbered = groups.with_row_index(CODE)
    rows = frame.select(*keys, *columns).join(
        numbered.lazy().select(*keys, CODE), on=keys, how="left", nulls_equal=True
    )
    # What a join gives has no order of its own: it is asked once.
    return rows.drop(keys).collect(engine="streaming").lazy(), numbered


def code_of(groups: pl.DataFrame, keys: Sequence[str]) -> pl.Expr | None:
    """The code of each row's group, from its keys; None where there would be too many codes."""
    code, codes = pl.lit(0, pl.UInt32), 1
    for key in keys:
        digit, values = _digit(groups[key])
        code, codes = code * values + digit, codes * values
    return code if codes <= _CODES else None


def _digit(values: pl.Series) -> tuple[pl.Expr, int]:
    """The place of a key among its values, null being the last, and how many places there are."""
    column, known = pl.col(values.name), values.drop_nulls().unique()
    places = len(known)
    if isinstance(values.dtype, pl.Enum):
        place, places = column.to_physical(), len(values.dtype.categories)
    elif values.dtype == pl.String:
        place = column.cast(pl.Enum(known)).to_physical()
    elif values.dtype in _WHOLE and (span := _span(known)) < _SPAN:
        place, places = column.cast(pl.Int64) - known.min(), span + 1
    elif values.dtype.is_float():
        # Not every NaN has the same bits, and a look-up tells them apart.
        known = known.filter(known.is_not_nan())
        numbers = column.replace_strict(known, range(len(known)), default=None, return_dtype=pl.UInt32)
        place, places = pl.when(column.is_nan()).then(len(known)).otherwise(numbers), len(known) + 1
    else:
        place = column.replace_strict(known, range(places), default=None, return_dtype=pl.UInt32)
    return place.cast(pl.UInt32).fill_null(places), places + 1


def _span(known: pl.Series) -> int:
    low, high = known.min(), known.max()
    return int(high) - int(low) if isinstance(low, int) and isinstance(high, int) else 0
