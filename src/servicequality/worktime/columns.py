"""Columns, expressions, literals and Python datetimes as arguments of the kernel, and its results in the same form."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from servicequality.checks import column, holds_numbers, shown, zone_aware
from servicequality.errors import InputError, ParameterError
from servicequality.worktime.horizon import ANCHOR
from servicequality.worktime.kernel import NEVER, Times
from servicequality.worktime.zones import EPOCH

__all__ = [
    "Column",
    "Instant",
    "Reader",
    "as_datetime",
    "as_microseconds",
    "ask",
    "read_instants",
    "read_seconds",
]

#: A column's name or an expression.
Column: TypeAlias = str | pl.Expr
#: An aware datetime, or a column of them.
Instant: TypeAlias = Column | datetime
#: The array behind a column, checked and without nulls.
Reader: TypeAlias = Callable[[pl.Series], NDArray[Any]]

_MICROSECOND = timedelta(microseconds=1)
# Ten thousand years: more is another unit, and would leave int64 behind.
_LONGEST = 3.2e11
_LATEST = 253_402_300_800_000  # the end of the year 9999 in milliseconds


def as_microseconds(instant: datetime) -> int:
    """Microseconds from 1970 to an aware datetime.

    Raises:
        InputError: the datetime is naive.
    """
    return (zone_aware("an instant", instant, refusal=InputError) - EPOCH) // _MICROSECOND


def as_datetime(microseconds: int, like: datetime) -> datetime | None:
    """The datetime in the zone of another one; None for what never comes."""
    return None if microseconds == NEVER else (EPOCH + microseconds * _MICROSECOND).astimezone(like.tzinfo)


def ask(
    function: Callable[..., NDArray[Any]],
    *instants: Instant,
    seconds: Column | float | None = None,
    which: tuple[pl.Expr, Reader] | NDArray[np.intp] | None = None,
    returns: type[pl.DataType] | None = None,
) -> Any:
    """What `function` gives for the arrays of the instants, the seconds and `which`, in this order.

    Python values give a value, anything else an expression. Without `returns` the function gives instants.

    Raises:
        InputError: a naive datetime.
        ParameterError: an argument is neither column nor expression nor value.
    """
    given = [] if seconds is None else [seconds]
    if (
        all(isinstance(instant, datetime) for instant in instants)
        and all(isinstance(one, int | float) for one in given)
        and not isinstance(which, tuple)
    ):
        moments = [instant for instant in instants if isinstance(instant, datetime)]
        arrays: list[NDArray[Any]] = [np.array([as_microseconds(moment)]) for moment in moments]
        arrays += [read_seconds(pl.Series("seconds", [one])) for one in given]
        arrays += [] if which is None else [which]
        (value,) = function(*arrays).tolist()
        return as_datetime(value, like=moments[0]) if returns is None and value is not None else value
    columns: list[tuple[pl.Expr, Reader]] = [(_column(instant), read_instants) for instant in instants]
    columns += [(_column(one), read_seconds) for one in given]
    columns += [which] if isinstance(which, tuple) else []
    return _elementwise(function, columns, returns)


def _elementwise(
    function: Callable[..., NDArray[Any]], columns: list[tuple[pl.Expr, Reader]], returns: type[pl.DataType] | None
) -> pl.Expr:
    """`function` of the columns' arrays; null where a column is, where the result is masked, and for `NEVER`.

    Instants become of the first column's type, its zone and unit included.
    """

    def batch(series: Sequence[pl.Series]) -> pl.Series:
        # A literal comes as one value, whatever the length of the columns beside it.
        rows = next((len(one) for one in series if len(one) != 1), 1)
        series = [one if len(one) == rows else one.new_from_index(0, rows) for one in series]
        first = series[0]
        arrays = [read(one) for one, (_, read) in zip(series, columns, strict=True)]
        known = np.ones(rows, np.bool_)
        for one in series:
            if one.null_count():
                known &= one.is_not_null().to_numpy()
        result = function(*arrays)
        if isinstance(result, np.ma.MaskedArray):
            known &= ~np.ma.getmaskarray(result)
            result = result.data
        out = pl.Series(first.name, result)
        if returns is None:
            if not isinstance(first.dtype, pl.Datetime):
                return first  # of nulls alone
            known &= result != NEVER
            out = out.cast(pl.Datetime("us", first.dtype.time_zone)).cast(first.dtype, strict=False)
            if bool((out.is_null().to_numpy() & known).any()):
                raise InputError(
                    f"{first.name!r}: an instant found lies beyond what its unit holds; cast the column to microseconds"
                )
        return out if known.all() else out.to_frame().select(pl.when(pl.Series(known)).then(pl.first())).to_series()

    first, _ = columns[0]
    dtype = pl.dtype_of(first) if returns is None else returns
    return pl.map_batches([expr for expr, _ in columns], batch, return_dtype=dtype, is_elementwise=True)


def read_instants(column: pl.Series) -> Times:
    """Microseconds since 1970, with any known instant for a null.

    Raises:
        InputError: the column holds no instants, or naive ones.
    """
    dtype = column.dtype
    if isinstance(dtype, pl.Null):
        return np.full(len(column), ANCHOR)
    if not isinstance(dtype, pl.Datetime):
        raise InputError(f"{column.name!r}: expected instants (Datetime with a time zone); got {dtype}")
    if dtype.time_zone is None:
        raise InputError(
            f"{column.name!r}: expected instants with a time zone; got naive ones. State the zone they are in, e.g. "
            "by .dt.replace_time_zone('UTC')"
        )
    if dtype.time_unit == "ms":
        # A cast out of range would make Polars panic: as numbers they can be refused.
        thousands = column.to_physical()
        if len(thousands.drop_nulls()) and not (thousands.min() >= -_LATEST and thousands.max() <= _LATEST):  # type: ignore[operator]  # whole numbers
            raise InputError(
                f"{column.name!r}: expected instants in the years 1 to 9999; got some outside. If they mean never, make "
                "them null"
            )
    return column.dt.cast_time_unit("us").to_physical().fill_null(ANCHOR).to_numpy()


def read_seconds(column: pl.Series) -> Times:
    """Seconds as whole microseconds, with 0 for a null.

    Raises:
        InputError: the column holds no numbers, or some that are NaN, infinite, or beyond ten thousand years.
    """
    if not holds_numbers(column.dtype):
        raise InputError(f"{column.name!r}: expected seconds as numbers; got {column.dtype}")
    seconds = column.cast(pl.Float64).fill_null(0.0).to_numpy()
    # NaN makes both extremes NaN, which compare as false.
    if len(seconds) and not (seconds.min() >= -_LONGEST and seconds.max() <= _LONGEST):
        bad = ~(np.abs(seconds) <= _LONGEST)
        raise InputError(
            f"{column.name!r}: expected finite seconds within ±{_LONGEST:g}; {np.count_nonzero(bad)} are not, "
            f"the first {seconds[bad][:3].tolist()}"
        )
    return np.rint(seconds * 1e6).astype(np.int64)


def _column(value: object) -> pl.Expr:
    if isinstance(value, pl.Expr):
        return value
    if isinstance(value, str):
        return column(value)
    if isinstance(value, datetime):
        as_microseconds(value)
        return pl.lit(value.astimezone(UTC))
    if isinstance(value, int | float) and not isinstance(value, bool):
        return pl.lit(float(value))
    raise ParameterError(
        f"expected a column's name, an expression, an aware datetime or (for seconds) a number; got {shown(value)}"
    )
