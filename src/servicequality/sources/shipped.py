"""The maps that ship, and a user's own map from its file."""

import functools
import importlib.resources
from dataclasses import dataclass
from pathlib import Path

from servicequality.checks import near, shown
from servicequality.errors import ParameterError
from servicequality.sources.checking import parse_map
from servicequality.sources.language import SourceMap
from servicequality.sources.lines import line_of

__all__ = ["MapInfo", "load_map", "maps"]

_FOLDER = importlib.resources.files("servicequality.sources") / "maps"


@dataclass(frozen=True, slots=True, kw_only=True)
class MapInfo:
    """One map that ships.

    Attributes:
        name: what `read` and `export` call it.
        title: the schema that it reads.
        schema: the version of the public schema that its columns are from.
        tables: the tables of the schema that it reads; those in brackets may be absent.
        records: the tables of records that it makes.
        exports: whether `export` writes this schema.
        schedules: whether `schedules` finds its schedules.
        cannot_hold: what an export in this schema leaves out.
    """

    name: str
    title: str
    schema: str
    tables: tuple[str, ...]
    records: tuple[str, ...]
    exports: bool
    schedules: bool
    cannot_hold: tuple[str, ...]


def maps() -> list[MapInfo]:
    """The maps that ship, by name."""
    return [_info(_shipped(name)) for name in _names()]


def load_map(given: str | Path) -> SourceMap:
    """A map by its name, or from its file.

    Args:
        given: the name of a map that ships, or the path of a TOML file.

    Raises:
        ParameterError: there is no such map, or the file is wrong; with file and line.
    """
    if not isinstance(given, str | Path):
        raise ParameterError(f"map takes the name of a map or the path of a TOML file; got {shown(given)}")
    if isinstance(given, str) and given in _names():
        return _shipped(given)
    path = Path(given)
    if path.suffix != ".toml":
        raise ParameterError(
            f"there is no map {shown(str(given))}{near(str(given), _names())}; there are {', '.join(_names())}, and a file "
            "of your own ends in .toml"
        )
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise ParameterError(f"{path}, line {line}: the file is not UTF-8") from None
    except (OSError, ValueError) as error:
        raise ParameterError(f"the map {shown(str(path))} cannot be read: {error}") from None
    return parse_map(path.stem, text, file=str(path), line_of=line_of)


@functools.cache
def _names() -> tuple[str, ...]:
    return tuple(sorted(file.name.removesuffix(".toml") for file in _FOLDER.iterdir() if file.name.endswith(".toml")))


@functools.cache
def _shipped(name: str) -> SourceMap:
    text = (_FOLDER / f"{name}.toml").read_text(encoding="utf-8")
    return parse_map(name, text, file=f"{name}.toml", line_of=line_of)


def _info(one: SourceMap) -> MapInfo:
    return MapInfo(
        name=one.name,
        title=one.title,
        schema=one.schema,
        tables=tuple(f"({table.name})" if table.optional else table.name for table in one.tables.values()),
        records=tuple(dict.fromkeys(part.target for part in one.parts)),
        exports=bool(one.export.parts),
        schedules=bool(one.schedules),
        cannot_hold=one.export.cannot,
    )
