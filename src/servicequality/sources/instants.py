"""Instants as a map writes them: in a format of its own, or in ISO 8601."""

import polars as pl

from servicequality.checks import first_line, shown
from servicequality.errors import ParameterError
from servicequality.model.coercion import coerced

__all__ = ["as_instant", "check_format"]


def check_format(written: str | None) -> None:
    """Refuse a format that says nothing.

    Args:
        written: the format, such as "%d/%m/%Y %H:%M"; None is ISO 8601.

    Raises:
        ParameterError: it is no format.
    """
    try:
        if written is not None:
            pl.Series(["2024-01-01"]).str.to_datetime(written, time_unit="us", strict=False)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise ParameterError(f"datetime = {shown(written)} is not a format: {first_line(error)}") from None


def as_instant(value: pl.Expr, dtype: pl.DataType, written: str | None, zone: str | None) -> pl.Expr | None:
    """A value as an instant, null where it cannot be one; None if its type never is.

    Args:
        value: the value.
        dtype: its type.
        written: the format of texts; None is ISO 8601.
        zone: the zone of instants that name none. Those of a format of the map's own come without a zone.
    """
    if written is not None and dtype == pl.String:
        return value.str.strip_chars().str.to_datetime(written, time_unit="us", strict=False)
    return coerced(value, dtype, pl.Datetime("us"), zone)
