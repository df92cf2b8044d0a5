"""States: the sums of a plan's rules by key, which add up, and their form in bytes and files."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import polars as pl

from servicequality.core.grouping import Grouping
from servicequality.errors import InputError

FRAME = "frame"
HEADER = "header"
_SUMS = "sums"


@dataclass(frozen=True, eq=False, kw_only=True)
class State:
    """What a plan made of some rows: it adds to states that the same plan made of other rows.

    Attributes:
        rules: fingerprint of the rules that made it.
        basis: how the rows themselves were made, where that is more than a frame's columns.
        grouping: the keys, the period and the sampling that it was made by.
        keys: the names of the keys that are left, in order.
        sums: one row a group: its keys, and one column a sum.
        tables: by name, the value tables: keys, bin, and one column a sum.
        as_of: the instant up to which the rows were known, if it was stated.
        spread: whether there is still a row a cluster, so that clusters may lie in several parts.
        divided: the keys of which one item has several values, where rows of an item are read together: they cannot be
            dropped.
        offenders: values of rows that cannot be, as they print, by the place of the check that they break.
    """

    rules: str
    basis: str
    grouping: Grouping
    keys: tuple[str, ...]
    sums: pl.DataFrame
    tables: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    as_of: datetime | None = None
    spread: bool = False
    divided: frozenset[str] = frozenset()
    offenders: Mapping[int, tuple[str, ...]] = field(default_factory=dict)

    def __repr__(self) -> str:
        by = f" by {', '.join(self.keys)}" if self.keys else ""
        tables = f", {len(self.tables)} value tables" if self.tables else ""
        return f"<state of {self.sums.height} groups{by}, {self.sums.width - len(self.keys)} sums{tables}>"


def to_frame(state: State) -> pl.DataFrame:
    """One frame that holds all of a state: the column `frame` says to which of its frames a row belongs."""
    header = {
        "rules": state.rules,
        "basis": state.basis,
        "grouping": state.grouping.to_dict(),
        "keys": state.keys,
        "as_of": None if state.as_of is None else state.as_of.isoformat(),
        "spread": state.spread,
        "divided": sorted(state.divided),
        "offenders": {str(place): values for place, values in state.offenders.items()},
        "columns": {name: frame.columns for name, frame in _frames(state).items()},
    }
    head = pl.DataFrame({FRAME: [HEADER], HEADER: [json.dumps(header)]})
    parts = [frame.select(pl.lit(name).alias(FRAME), pl.all()) for name, frame in _frames(state).items()]
    return pl.concat([head, *parts], how="diagonal")


def from_frame(whole: pl.DataFrame) -> State:
    """The state of a frame that `to_frame` made.

    Raises:
        InputError: the frame holds no state.
    """
    try:
        header = json.loads(whole.filter(pl.col(FRAME) == HEADER)[HEADER].item())
        frames = {
            name: whole.filter(pl.col(FRAME) == name).select(columns) for name, columns in header["columns"].items()
        }
        as_of = None if header["as_of"] is None else datetime.fromisoformat(header["as_of"])
        return State(
            rules=header["rules"],
            basis=header["basis"],
            grouping=Grouping.from_dict(header["grouping"]),
            keys=tuple(header["keys"]),
            sums=frames.pop(_SUMS),
            tables={name.removeprefix("table:"): frame for name, frame in frames.items()},
            as_of=as_of,
            spread=header["spread"],
            divided=frozenset(header.get("divided", ())),
            offenders={int(place): tuple(values) for place, values in header["offenders"].items()},
        )
    except (pl.exceptions.PolarsError, ValueError, KeyError, TypeError, AttributeError):
        raise InputError("this is not a state; make one with partial, and keep it with save or dumps") from None


def dumps(state: State) -> bytes:
    """The state as Arrow IPC."""
    buffer = BytesIO()
    to_frame(state).write_ipc(buffer, compression="zstd")
    return buffer.getvalue()


def loads(content: bytes) -> State:
    """The state of bytes that `dumps` gave.

    Raises:
        InputError: they hold no state.
    """
    return from_frame(_read(pl.read_ipc, BytesIO(content), "the bytes"))


def save(state: State, path: str | Path) -> None:
    """Write a state to Parquet.

    Raises:
        InputError: the file cannot be written.
    """
    try:
        to_frame(state).write_parquet(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise InputError(f"{path}: cannot be written ({error})") from None


def load(path: str | Path) -> State:
    """Read a state from Parquet.

    Raises:
        InputError: there is no such file, or it holds no state.
    """
    try:
        there = Path(path).is_file()
    except (OSError, ValueError):  # a name that no file can have
        there = False
    if not there:
        raise InputError(f"{path}: there is no such file")
    try:
        return from_frame(_read(pl.read_parquet, path, str(path)))
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def _frames(state: State) -> dict[str, pl.DataFrame]:
    return {_SUMS: state.sums, **{f"table:{name}": frame for name, frame in state.tables.items()}}


def _read(read: Any, source: Any, named: str) -> pl.DataFrame:
    try:
        frame: pl.DataFrame = read(source)
    except (OSError, ValueError, pl.exceptions.PolarsError, pl.exceptions.PanicException):
        raise InputError(f"{named} cannot be read as a state: not what save or dumps wrote, or cut short") from None
    return frame
