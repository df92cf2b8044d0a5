"""Values cast to the types that roles need, and the words for what failed."""

import functools
from collections.abc import Sequence

import polars as pl

from servicequality.checks import shown
from servicequality.model.schema import stored_type

__all__ = ["advice_on_type", "coerced", "explain", "in_range", "is_blank", "never_fails", "shown_values"]

_SHOWN = 5
_AWARE_FORMATS = ("%Y-%m-%d %H:%M:%S%.f%#z", "%Y-%m-%d %H:%M%#z")
_NAIVE_FORMATS = ("%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%d")
# The years 1 to 9999 but for a day at either end, so that an instant has a date in every zone; in whole seconds.
_FIRST, _LAST = -62_135_510_400, 253_402_214_400
_PER_SECOND = {"ms": 10**3, "us": 10**6, "ns": 10**9}
_NAME_A_ZONE = "name the zone they were written in, such as timezone='Europe/Berlin' (or 'UTC')"


def coerced(raw: pl.Expr, source: pl.DataType, target: pl.DataType, zone: str | None) -> pl.Expr | None:
    """`raw` of type `source` as `target`, null where a value cannot be one; None if the types never meet.

    Instants come out in `zone`, UTC if it is None. A naive instant is read as local time of `zone` (null if there is
    none); of a repeated hour the earlier instant is taken, a skipped local time is null.
    """
    if isinstance(source, pl.Categorical | pl.Enum) and source != target:
        raw, source = raw.cast(pl.String), pl.String()
    if source == pl.Null:
        return raw.cast(stored_type(target, zone))
    if isinstance(target, pl.Datetime):
        return _instant(raw, source, zone)
    if target == pl.String:
        return raw if source == pl.String else raw.cast(pl.String) if source.is_integer() else _whole_text(raw, source)
    if target == pl.Float64:
        return _number(raw, source)
    if target == pl.Int64:
        return _count(raw, source)
    if target == pl.Boolean:
        return _truth(raw, source)
    if source == target:
        return raw
    return raw.str.strip_chars().str.to_lowercase().cast(target, strict=False) if source == pl.String else None


def never_fails(source: pl.DataType, target: pl.DataType) -> bool:
    """Whether every value of `source` has its equal in `target`, so that the values of a lazy column need no check."""
    if isinstance(target, pl.Datetime):
        # Nanoseconds end in the year 2262; the other units count further than there are dates.
        return isinstance(source, pl.Datetime) and source.time_zone is not None and source.time_unit == "ns"
    if target == pl.String:
        return source.is_integer() or isinstance(source, pl.String | pl.Categorical | pl.Enum)
    if target == pl.Float64:  # NaN and infinity are floats too
        return source.is_integer() or source == pl.Null
    return source in (target, pl.Null)


def in_range(raw: pl.Expr, source: pl.DataType) -> pl.Expr:
    """`raw` where it lies in the years 1 to 9999, null elsewhere: what is outside has no date, and makes Polars panic."""
    if isinstance(source, pl.Datetime):
        per = _PER_SECOND[source.time_unit]
        return pl.when(raw.to_physical().is_between(max(_FIRST * per, -(2**63)), min(_LAST * per, 2**63 - 1))).then(raw)
    return pl.when(raw.to_physical().is_between(_FIRST // 86_400, _LAST // 86_400)).then(raw)


def is_blank(raw: pl.Series, target: pl.DataType) -> pl.Series:
    """Where a text holds nothing but space and the role is not a text: an empty cell, so missing and not wrong."""
    if raw.dtype == pl.String and target != pl.String:
        return raw.str.strip_chars() == ""
    return pl.repeat(False, raw.len(), dtype=pl.Boolean, eager=True)


def advice_on_type(source: pl.DataType, target: pl.DataType, column: str) -> str:
    """What to do about a column whose type never becomes `target`."""
    if isinstance(target, pl.Datetime):
        if isinstance(source, pl.Datetime | pl.Date):
            return f"holds {source} without a time zone: {_NAME_A_ZONE}"
        if source.is_numeric():
            return f"holds {source}, not instants: if it counts from 1970, pl.from_epoch({column!r}, time_unit='s')"
    return f"holds {source}, but {_expected(target)} are needed: convert the column first"


def explain(offenders: pl.Series, target: pl.DataType, zone: str | None, column: str) -> list[tuple[int, str]]:
    """Why values did not become `target`: for each cause a count, and a sentence that shows them and the way out."""
    if offenders.is_empty():
        return []
    if not isinstance(target, pl.Datetime):
        return [(len(offenders), f"are not {_expected(target)}: {shown_values(offenders)}; {_remedy(target)}")]
    local, causes = offenders, []
    if offenders.dtype.is_temporal():
        inside = offenders.to_frame().select(in_range(pl.first(), offenders.dtype)).to_series().is_not_null()
        outside, offenders = offenders.filter(~inside), offenders.filter(inside)
        local = offenders
        unit = getattr(outside.dtype, "time_unit", None) or "days"
        shown = f"{shown_values(outside.to_physical())} {unit} from 1970"
        causes = [(outside, "lie outside the years 1 to 9999", shown, "if they mean never, make them null")]
    if offenders.dtype == pl.String:
        local = _parsed(_tidy(offenders), _NAIVE_FORMATS, pl.Datetime("us"))
    foreign, zoneless = offenders.filter(local.is_null()), offenders.filter(local.is_not_null())
    lost = _NAME_A_ZONE if zone is None else f"the clock of {zone} skips them: name the zone they were written in"
    day_first = f"pl.col({column!r}).str.to_datetime('%d/%m/%Y %H:%M')"
    parse = f"day and month are not guessed: parse them first, such as {day_first}"
    causes += [
        (foreign, "are not ISO 8601 instants", shown_values(foreign), parse),
        (zoneless, "have no time zone" if zone is None else "do not exist", shown_values(zoneless), lost),
    ]
    return [(len(values), f"{what}: {shown}; {do}") for values, what, shown, do in causes if len(values)]


def shown_values(values: pl.Series) -> str:
    """The first few distinct values, as a person would type them."""
    # Polars reads the name of a Series as a pattern in its own methods.
    first = values.alias("values").unique(maintain_order=True).head(_SHOWN + 1)
    listed = [shown(value) if isinstance(value, str) else shown(str(value))[1:-1] for value in first]
    return ", ".join(listed[:_SHOWN]) + (", …" if len(listed) > _SHOWN else "")


def _instant(raw: pl.Expr, source: pl.DataType, zone: str | None) -> pl.Expr | None:
    if isinstance(source, pl.Datetime | pl.Date):
        raw = in_range(raw, source)
    if isinstance(source, pl.Datetime) and source.time_zone is not None:
        return raw.cast(pl.Datetime("us", source.time_zone)).dt.convert_time_zone(zone or "UTC")
    if isinstance(source, pl.Datetime | pl.Date):
        if zone is None:
            return None
        return raw.cast(pl.Datetime("us")).dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    if source == pl.String:
        read = functools.partial(_read_instants, zone=zone)
        return raw.map_batches(read, return_dtype=pl.Datetime("us", zone or "UTC"), is_elementwise=True)
    return None


def _read_instants(raw: pl.Series, zone: str | None) -> pl.Series:
    text = _tidy(raw)
    aware = _parsed(text, _AWARE_FORMATS, pl.Datetime("us", "UTC")).dt.convert_time_zone(zone or "UTC")
    if zone is None or aware.null_count() == text.null_count():
        return aware
    local = _parsed(text.set(aware.is_not_null(), None), _NAIVE_FORMATS, pl.Datetime("us"))
    zoned = local.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    return aware.zip_with(aware.is_not_null(), zoned)


def _tidy(raw: pl.Series) -> pl.Series:
    return raw.str.strip_chars().str.replace(" UTC", "Z", literal=True).str.replace("T", " ", literal=True)


def _parsed(text: pl.Series, formats: Sequence[str], dtype: pl.Datetime) -> pl.Series:
    """The instants of `text` by the first of `formats` that reads each; a column of one format is read once."""
    instants = pl.repeat(None, len(text), dtype=dtype, eager=True)
    for form in formats:
        if instants.null_count() == text.null_count():
            break
        read = text.str.to_datetime(form, time_unit="us", strict=False)
        # "02-01-24" would be read as the year 2: a year has four digits.
        year = read.dt.year()
        instants = instants.zip_with(instants.is_not_null(), read.set((year < 1000) | (year > 9998), None))
    return instants


def _whole(raw: pl.Expr) -> pl.Expr:
    whole = raw.cast(pl.Int64, strict=False)
    return pl.when(whole == raw).then(whole)


def _whole_text(raw: pl.Expr, source: pl.DataType) -> pl.Expr | None:
    # Ids with gaps come from pandas as floats: 17.0 is the id "17".
    return _whole(raw).cast(pl.String) if source.is_numeric() else None


def _number(raw: pl.Expr, source: pl.DataType) -> pl.Expr | None:
    if source == pl.Duration:
        return raw.dt.total_microseconds() / 1e6
    if source == pl.String:
        raw = raw.str.strip_chars()
    elif not source.is_numeric():
        return None
    number = raw.cast(pl.Float64, strict=False)
    return number if source.is_integer() else pl.when(number.is_finite()).then(number)


def _count(raw: pl.Expr, source: pl.DataType) -> pl.Expr | None:
    if source == pl.String:
        return raw.str.strip_chars().cast(pl.Int64, strict=False)
    if not source.is_numeric():
        return None
    return raw.cast(pl.Int64, strict=False) if source.is_integer() else _whole(raw)


def _truth(raw: pl.Expr, source: pl.DataType) -> pl.Expr | None:
    if source == pl.Boolean:
        return raw
    if source.is_numeric():
        yes, no = raw == 1, raw == 0
    elif source == pl.String:
        word = raw.str.strip_chars().str.to_lowercase()
        yes, no = word.is_in(["true", "1"]), word.is_in(["false", "0"])
    else:
        return None
    return pl.when(yes).then(statement=True).when(no).then(statement=False)


def _expected(target: pl.DataType) -> str:
    if isinstance(target, pl.Enum):
        return f"words of {', '.join(target.categories)}"
    names: dict[pl.DataType, str] = {
        pl.String(): "texts or whole-number ids",
        pl.Float64(): "finite numbers",
        pl.Int64(): "whole numbers",
        pl.Boolean(): "truth values (true, false, 1, 0)",
    }
    return names.get(target, "instants")


def _remedy(target: pl.DataType) -> str:
    if isinstance(target, pl.Enum):
        return "map them first, such as pl.col(…).replace({…}), or rename the column if it means something else"
    return "correct them, or make them null if they are missing"
