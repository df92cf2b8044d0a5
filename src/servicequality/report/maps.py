"""The maps of help desks' schemas on a terminal: their list, and one of them."""

from servicequality import sources
from servicequality.checks import near, shown
from servicequality.errors import ParameterError
from servicequality.report.layout import PLAIN, Style, paragraph

__all__ = ["map_text", "maps_text"]


def maps_text() -> str:
    """Every map in one line: its name and its schema."""
    infos = sources.maps()
    wide = max(len(one.name) for one in infos)
    lines = [f"  {one.name:{wide}}  {one.title}" for one in infos]
    return "\n".join([*lines, "", "Read one with servicequality.sources.read(map, tables)."]) + "\n"


def map_text(name: str, *, width: int = 80, style: Style = PLAIN) -> str:
    """One map: the version of its schema, the tables on both sides, and what an export leaves out.

    Raises:
        ParameterError: there is no such map.
    """
    infos = {one.name: one for one in sources.maps()}
    if name not in infos:
        raise ParameterError(f"there is no map {shown(name)}{near(name, infos)}; there are {', '.join(infos)}")
    one = infos[name]
    parts = [
        f"{style.bold(one.title)} {style.dim(f'({one.name})')}",
        paragraph(f"Schema: {one.schema}.", width=width),
        paragraph(f"Reads {', '.join(one.tables)}; those in brackets may be absent.", width=width),
        paragraph(f"Makes {', '.join(one.records)}.", width=width),
    ]
    if one.exports:
        cannot = "\n".join(paragraph(f"- {text}", width=width, indent="  ") for text in one.cannot_hold)
        parts.append(f"Writes it too. What it cannot hold:\n{cannot}")
    return "\n\n".join(parts) + "\n"
