"""`export`: records become tables in the shape of a schema."""

from pathlib import Path
from typing import Literal, get_args

import polars as pl

from servicequality.checks import choice, column, listed, refusing_misfits, shown
from servicequality.errors import InputError, ParameterError
from servicequality.model import Records
from servicequality.sources.language import SourceTable
from servicequality.sources.plan import made_of
from servicequality.sources.prepared import Prepared
from servicequality.sources.shipped import load_map, maps
from servicequality.sources.tables import Base

__all__ = ["export"]

Kind = Literal["csv", "parquet", "ndjson"]
_INSTANT = "%Y-%m-%dT%H:%M:%S%.6fZ"


@refusing_misfits
def export(
    records: Records,
    map: str | Path,  # noqa: A002  (the word of the field)
    folder: str | Path,
    *,
    kind: Kind = "csv",
) -> dict[str, Path]:
    """Write records as the tables of a schema, one file a table; `read` with the same map gives them back.

    What the schema cannot hold is left out; ``maps()`` lists it under `cannot_hold`. Instants are written in UTC.

    Args:
        records: the records.
        map: the name of a map that ships, or the path of a TOML file of your own, with sections [[export]].
        folder: where the files go; it is made where it does not exist.
        kind: the kind of files.

    Returns:
        The file of each table.

    Raises:
        ParameterError: there is no such map, it has no [[export]], or the kind is unknown.
        InputError: the records hold nothing that the map exports, or the folder cannot be written.
    """
    choice("kind", kind, get_args(Kind))
    source_map = load_map(map)
    if not source_map.export.parts:
        able = listed(one.name for one in maps() if one.exports)
        raise ParameterError(
            f"the map {shown(source_map.name)} has no [[export]], so it cannot write; these can: {able}"
        )
    tables = {name: _as_read(name, table) for name, table in records.tables.items()}
    frames: dict[str, list[pl.DataFrame]] = {}
    for part in source_map.export.parts:
        if part.source in tables:
            frames.setdefault(part.target, []).append(made_of(part, source_map, tables, None).frame)
    if not frames:
        exported = listed(dict.fromkeys(part.source for part in source_map.export.parts))
        held = listed(records.tables) or "no tables"
        raise InputError(f"the map {source_map.name} exports {exported}; the records hold {held}")
    made = [pl.concat(several, how="diagonal_relaxed") for several in frames.values()]
    path = Path(folder)
    try:
        path.mkdir(parents=True, exist_ok=True)
        return {name: _write(frame, path / f"{name}.{kind}", kind) for name, frame in zip(frames, made, strict=True)}
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error}") from None


def _as_read(name: str, table: pl.LazyFrame) -> Prepared:
    frame = table.collect()
    base = Base(table=SourceTable(name=name), frame=frame, place=name, names={}, left_out={})
    return Prepared(base=base, frame=frame, n_read=frame.height, left_out={})


def _write(frame: pl.DataFrame, path: Path, kind: Kind) -> Path:
    plain = frame.with_columns(
        column(name).cast(pl.String)
        if isinstance(dtype, pl.Enum | pl.Categorical)
        else column(name).dt.convert_time_zone("UTC")
        for name, dtype in frame.schema.items()
        if isinstance(dtype, pl.Enum | pl.Categorical | pl.Datetime)
    )
    if kind == "parquet":
        plain.write_parquet(path)
        return path
    texts = plain.with_columns(
        column(name).dt.strftime(_INSTANT) for name, dtype in plain.schema.items() if isinstance(dtype, pl.Datetime)
    )
    if kind == "csv":
        texts.write_csv(path)
    else:
        texts.write_ndjson(path)
    return path
