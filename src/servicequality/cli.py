"""The command line: arguments, exit codes, and what a terminal can show."""

import argparse
import contextlib
import os
import shutil
import sys
import threading
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TextIO

from servicequality import catalogue
from servicequality.errors import ParameterError, ServiceQualityError
from servicequality.report.entries import entry_text, matches_text
from servicequality.report.judged import checked_log, judged_log
from servicequality.report.layout import Style
from servicequality.report.log_files import UnplacedWordsError
from servicequality.report.mapped import mapped_log
from servicequality.report.maps import map_text, maps_text
from servicequality.report.simulated import simulated_desk

__all__ = ["main"]


class _Help(argparse.HelpFormatter):
    """Help that prints each command on one line with its meaning."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=28)


_WIDEST, _NARROWEST = 100, 60
_PATIENCE = 1.0  # seconds after which a step says on the error stream what it does
_PLAIN = str.maketrans(
    {
        "─": "-",
        "–": "-",
        "█": "#",
        "▌": "#",
        "·": "-",
        "→": "->",
        "≤": "<=",
        "≥": ">=",
        "×": "x",
        "±": "+/-",
        "…": "...",
    }
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command, and give its exit code.

    It is 0 if all went well; 1 if there is something to act on: a finding of `check`, a promise that was missed, a question
    whose answer decides every figure; and 2 if the call or the data are wrong, with a message on the error stream. A step
    that takes longer than a second says there what it does.

    Args:
        arguments: the words after the program's name; by default those of the process.
    """
    given = _parser().parse_args(arguments)
    try:
        text, code = given.command(given)
    except UnplacedWordsError as error:
        _write(f"servicequality: {error}\n", sys.stderr)
        return 1
    except (ServiceQualityError, OSError) as error:
        _write(f"servicequality: {error}\n", sys.stderr)
        return 2
    _write(text, sys.stdout)
    return int(code)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="servicequality",
        description="Service-quality metrics with stated meanings, honest intervals and real speed.",
        formatter_class=_Help,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {version('servicequality')}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    demo = commands.add_parser(
        "demo",
        help="a scorecard of a simulated desk, or of a log of yours",
        description="Print a scorecard: of a simulated service desk whose truth is known, or of a real log.",
        epilog="A map is a short TOML file that says which column plays which role; examples/servicenow.toml is one.",
    )
    demo.add_argument(
        "--tickets", type=int, default=5_000, metavar="N", help="tickets to simulate (default: %(default)s)"
    )
    demo.add_argument("--seed", type=int, default=0, help="seed of the simulation (default: %(default)s)")
    demo.add_argument("--weeks", type=int, default=12, metavar="N", help="weeks to show (default: %(default)s)")
    demo.add_argument("--data", type=Path, metavar="FILE", help="a log as .csv, .tsv, .parquet, .jsonl or .json")
    demo.add_argument(
        "--map", type=Path, metavar="TOML", help="its column map (default: the map in examples/ that fits)"
    )
    demo.set_defaults(command=_demo)

    verdict = commands.add_parser(
        "check",
        help="what is wrong or missing in a log of yours",
        description="Print what is wrong, missing or doubtful in a log, and what to ask the export's owner.",
        epilog="Exit codes: 0 nothing to ask, 1 findings, 2 a wrong call, map or log.",
    )
    verdict.add_argument("map", type=Path, metavar="MAP", help="its column map, a TOML file")
    verdict.add_argument("data", type=Path, metavar="DATA", help="a log as .csv, .tsv, .parquet, .jsonl or .json")
    verdict.set_defaults(command=_check)

    card = commands.add_parser(
        "scorecard",
        help="promises of yours, judged on a log of yours",
        description="Print the promises of a scorecard in the last period that is over: met, missed or undecided.",
        epilog="Exit codes: 0 none is missed, 1 one is missed, 2 a wrong call, scorecard, map or log.",
    )
    card.add_argument("card", type=Path, metavar="CARD", help="the scorecard, a TOML file")
    card.add_argument("map", type=Path, metavar="MAP", help="the log's column map, a TOML file")
    card.add_argument("data", type=Path, metavar="DATA", help="a log as .csv, .tsv, .parquet, .jsonl or .json")
    card.set_defaults(command=_scorecard)

    search = commands.add_parser(
        "catalogue",
        help="search the definitions",
        description="Search the definitions by the words that people say; a metric's own name shows its entry.",
        epilog="Examples: servicequality catalogue first contact; servicequality catalogue nps",
    )
    search.add_argument("words", nargs="*", metavar="WORD", help="none lists every metric")
    search.add_argument("--json", action="store_true", help="the whole catalogue as JSON")
    search.set_defaults(command=_catalogue)

    maps = commands.add_parser(
        "sources",
        help="list the schemas of help desks that are read",
        description="List the maps that read the schemas of help desks, or show one with what its export leaves out.",
        epilog="Example: servicequality sources zendesk.fivetran",
    )
    maps.add_argument("name", nargs="?", metavar="MAP", help="none lists every map")
    maps.set_defaults(command=_sources)
    return parser


def _demo(given: argparse.Namespace) -> tuple[str, bool]:
    if given.data is not None:
        return mapped_log(given.data, given.map, width=_width(), style=_style(), announce=_announced), False
    if given.map is not None:
        raise ParameterError("--map says how to read a file, but none is given; add --data FILE")
    if given.weeks < 1:
        raise ParameterError(f"--weeks must be at least 1, got {given.weeks}")
    text = simulated_desk(
        given.tickets, seed=given.seed, weeks=given.weeks, width=_width(), style=_style(), announce=_announced
    )
    return text, False


def _check(given: argparse.Namespace) -> tuple[str, bool]:
    return checked_log(given.map, given.data, style=_style(), announce=_announced)


def _scorecard(given: argparse.Namespace) -> tuple[str, bool]:
    return judged_log(given.card, given.map, given.data, width=_width(), style=_style(), announce=_announced)


def _catalogue(given: argparse.Namespace) -> tuple[str, bool]:
    if given.json:
        return catalogue.to_json() + "\n", False
    words = " ".join(given.words)
    specs = catalogue.find(words)
    if not specs:
        raise ParameterError(f"nothing close to {words!r} in the catalogue; `servicequality catalogue` lists all of it")
    if words.lower().replace(" ", "_") in (specs[0].name, specs[0].label.lower()):
        return entry_text(specs[0], width=_width(), style=_style()), False
    return matches_text(specs, words, width=_width(), style=_style()), False


def _sources(given: argparse.Namespace) -> tuple[str, bool]:
    text = maps_text() if given.name is None else map_text(given.name, width=_width(), style=_style())
    return text, False


@contextlib.contextmanager
def _announced(step: str) -> Iterator[None]:
    """Say on the error stream what a step does, if it takes longer than a second."""
    timer = threading.Timer(_PATIENCE, lambda: _write(f"servicequality: {step} …\n", sys.stderr))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _width() -> int:
    return min(_WIDEST, max(_NARROWEST, shutil.get_terminal_size((80, 24)).columns))


def _style() -> Style:
    """Colour for a terminal that has it, unless its owner said no (no-color.org)."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return Style(colour=sys.stdout.isatty() and not plain)


def _write(text: str, stream: TextIO) -> None:
    """Write what the stream's encoding can hold: other characters get the nearest plain ones."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        text = text.translate(_PLAIN).encode(encoding, errors="replace").decode(encoding)
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
