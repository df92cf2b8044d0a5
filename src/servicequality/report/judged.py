"""What `servicequality check` and `servicequality scorecard` print of a log of your own."""

import contextlib
from pathlib import Path
from typing import NamedTuple

import polars as pl

from servicequality.checks import column
from servicequality.errors import ParameterError
from servicequality.events import check
from servicequality.report.column_map import ColumnMap
from servicequality.report.layout import PLAIN, Announce, Style, heading, paragraph
from servicequality.report.log_files import read_log
from servicequality.report.mapped import frames_of
from servicequality.report.results import cell_texts, period_texts
from servicequality.scorecard import Scorecard

__all__ = ["Verdict", "checked_log", "judged_log"]

_AT = dict.fromkeys(("ticket", "clock", "answer"), "created_at")
_RUNNING = "the period is not over"


class Verdict(NamedTuple):
    """A page, and whether it holds what somebody should act on."""

    text: str
    alarming: bool


def checked_log(
    mapping: Path, data: Path, *, style: Style = PLAIN, announce: Announce = contextlib.nullcontext
) -> Verdict:
    """What is wrong or doubtful in a log, and what to ask its owner; alarming where there is a question or a broken law.

    Args:
        mapping: the log's column map.
        data: the log.
        style: colours; none by default.
        announce: says what a step does that takes long.

    Raises:
        InputError: the log cannot be read by the map.
        ParameterError: the map cannot be read.
    """
    how = ColumnMap.load(mapping)
    with announce(f"reading {data}"):
        log = read_log(data, how, placed=False)
    with announce(f"checking {log.n_rows:,} rows"):
        verdict = check(log.records, as_of=log.as_of, ended=how.ended, paused=how.paused, running=how.running)
    title = style.bold(how.title or data.name)
    return Verdict(f"{title}\n\n{verdict}\n", bool(verdict.questions) or verdict.broken_laws.height > 0)


def judged_log(
    card: Path,
    mapping: Path,
    data: Path,
    *,
    width: int = 80,
    style: Style = PLAIN,
    announce: Announce = contextlib.nullcontext,
) -> Verdict:
    """The promises of a scorecard in the last period that is over, a sentence each; alarming where one is missed.

    Tickets, their deadlines and answers count in the period in which the ticket was created.

    Args:
        card: the scorecard as TOML.
        mapping: the log's column map.
        data: the log.
        width: characters on a line.
        style: colours; none by default.
        announce: says what a step does that takes long.

    Raises:
        InputError: the log cannot be read by the map, or has no rows that a promise is about.
        ParameterError: the scorecard or the map cannot be read.
    """
    promises, how = _scorecard(card), ColumnMap.load(mapping)
    with announce(f"reading {data}"):
        log = read_log(data, how)
    with announce(f"facts of {log.n_rows:,} rows"):
        frames = frames_of(log, how)
    with announce("judging the promises"):
        judged = promises.evaluate(frames, as_of=log.as_of, at=_AT, timezone=how.timezone)
    keys = judged.columns[1 : judged.columns.index("metric")]
    over = judged.filter(pl.col("reason").ne_missing(_RUNNING))
    last = over.group_by("objective", *map(column, keys), maintain_order=True).last()
    groups = [cell_texts(last[key]) for key in keys]
    places = zip(last["objective"], period_texts(last["period"]), *groups, strict=True)
    parts = [style.bold(how.title or data.name)]
    for place, summary in zip(places, last["summary"], strict=True):
        parts += [heading(", ".join(place), style=style), paragraph(summary, width=width)]
    if last.is_empty():
        parts.append("No period is over yet.")
    return Verdict("\n\n".join(parts) + "\n", bool((last["verdict"] == "missed").any()))


def _scorecard(path: Path) -> Scorecard:
    if not path.is_file():
        raise ParameterError(f"no scorecard at {path}")
    try:
        return Scorecard.from_toml(path.read_text(encoding="utf-8"))
    except (ParameterError, UnicodeDecodeError) as error:
        raise ParameterError(f"{path}: {error}") from None
