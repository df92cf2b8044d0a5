"""Periods without holes between two instants, on the clock of a zone."""

import datetime as dt
import re
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from servicequality.checks import shown
from servicequality.core import period_start
from servicequality.errors import InputError, ParameterError

__all__ = ["Periods", "check_every"]

_FOLDS: tuple[Literal["earliest", "latest"], ...] = ("earliest", "latest")
_LENGTHS = {"m": 60, "h": 3_600, "d": 86_400, "w": 604_800, "mo": 2_629_746, "q": 7_889_238, "y": 31_556_952}
_MOST = 10_000_000  # periods
# The years 1 to 9999 in microseconds.
_FIRST, _LAST = -62_135_596_800_000_000, 253_402_300_800_000_000
_EVERY = re.compile(r"[1-9]\d*(m|h|d|w|mo|q|y)")
_UTC = pl.Datetime("us", "UTC")


def check_every(every: str) -> None:
    """Raise ParameterError for what is no length of a period."""
    if not isinstance(every, str) or not _EVERY.fullmatch(every):
        raise ParameterError(
            f"every must be a whole number and m, h, d, w, mo, q or y, such as '1d'; got {shown(every)}"
        )


class Periods(NamedTuple):
    """Periods of this length, known until this instant, on this clock."""

    every: str
    known: int
    zone: str

    def edges(self, first: int) -> npt.NDArray[np.int64]:
        """The starts of the periods from the one of `first` to the one of `known`, and the end of the last."""
        number, unit = int(self.every.rstrip("mhdwoqy")), self.every.lstrip("0123456789")
        length = number * _LENGTHS[unit] * 1_000_000
        if first - 2 * length < _FIRST or self.known + 3 * length > _LAST:
            raise InputError(
                f"expected instants of which periods of {self.every} lie in the years 1 to 9999; the first is in "
                f"{1970 + first / 31_556_952e6:.0f}, the last in {1970 + self.known / 31_556_952e6:.0f}. If an instant "
                "stands for never, make it null"
            )
        if (n_periods := (self.known - first) // length) > _MOST:
            raise ParameterError(
                f"every={self.every!r} makes {n_periods:,} periods from the first instant to the last, and at most "
                f"{_MOST:,} are made: take a longer period, or filter out instants that are too early to be true"
            )
        ends = pl.Series([first, self.known]).cast(_UTC).dt.convert_time_zone(self.zone).dt.replace_time_zone(None)
        low, high = (
            ends.dt.truncate(self.every).dt.offset_by(f"-{self.every}"),
            ends.dt.offset_by(f"{2 * number}{unit}"),
        )
        walls = pl.datetime_range(low[0], high[1], self.every, time_unit="us", eager=True)
        # A start may be skipped or repeated by the clock, so a period is found by any instant of it.
        last = walls.dt.offset_by(self.every) - dt.timedelta(microseconds=1)
        inside = [
            wall.dt.replace_time_zone(self.zone, ambiguous=fold, non_existent="null")
            for wall in (walls, last)
            for fold in _FOLDS
        ]
        instants = pl.lit(pl.concat(inside).drop_nulls())
        starts = pl.select(period_start(instants, self.every, self.zone)).to_series().unique().sort()
        times = starts.to_physical().to_numpy()
        return times[np.searchsorted(times, first, "right") - 1 : np.searchsorted(times, self.known, "right") + 1]
