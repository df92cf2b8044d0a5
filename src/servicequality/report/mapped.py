"""The page that `servicequality demo` prints for a log of your own."""

import contextlib
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from servicequality.checks import column, listed, shown
from servicequality.core import Metric, evaluate
from servicequality.errors import InputError, ParameterError
from servicequality.events import facts
from servicequality.metrics.flow import backlog, ticket_volume
from servicequality.metrics.satisfaction import csat
from servicequality.metrics.sla import sla_attainment
from servicequality.metrics.speed import first_response_time, resolution_time, resolution_time_observed_only
from servicequality.model import Records
from servicequality.model.coercion import coerced, explain
from servicequality.report.column_map import ColumnMap
from servicequality.report.layout import PLAIN, Announce, Style, heading, paragraph
from servicequality.report.listings import listing
from servicequality.report.log_files import Log, read_log
from servicequality.report.tables import period_name, table
from servicequality.sla import due_clocks
from servicequality.sources.files import read_file

__all__ = ["frames_of", "mapped_log"]

_CHANCE = (
    "Beside or under each figure are its 95% limits: ranges made in this way miss the true figure one time in twenty. They "
    "show how much of a figure can be chance, and nothing else. Below 30 rows a share is written as a count."
)
_TIMES = (
    "Resolution runs from creation to the last resolution, on the calendar, and is a median unless it says p90. A ticket that "
    "ended without being resolved is resolved at that end, and one that is still open counts as at least so long."
)

_COUNTED = "resolution by"
_VARIANTS = (
    "The resolved stamp alone leaves out every ticket without one. A ticket that ended without being resolved is resolved at "
    "that end. A status log knows each move, and can know an end earlier than the stamp that was written last."
)


def mapped_log(
    data: Path,
    mapping: Path | None = None,
    *,
    width: int = 80,
    style: Style = PLAIN,
    announce: Announce = contextlib.nullcontext,
) -> str:
    """A scorecard of a real log: by group, by period, resolution by each of its definitions, open tickets.

    Args:
        data: the log.
        mapping: its column map; if none is given, the first in `examples/` whose columns the log has.
        width: characters on a line.
        style: colours; none by default.
        announce: says what a step does that takes long.

    Raises:
        InputError: the log cannot be read by the map.
        ParameterError: the map cannot be read, or none fits.
    """
    how = ColumnMap.load(_fitting(data) if mapping is None else mapping)
    with announce(f"reading {data}"):
        log = read_log(data, how)
    with announce(f"facts of {log.n_rows:,} rows"):
        frames = frames_of(log, how)
    with announce("figures overall, by group and by period"):
        return _page(data, log, how, frames, width, style)


def _page(data: Path, log: Log, how: ColumnMap, frames: dict[str, pl.DataFrame], width: int, style: Style) -> str:
    metrics = _scorecard(log, how, frames)
    parts = [
        style.bold(how.title or data.name),
        paragraph(_introduction(log, how, frames["ticket"]), width=width),
        *([paragraph(how.source, width=width)] if how.source else []),
        heading("Overall", style=style),
        table(evaluate(frames, metrics), width=width, style=style),
    ]
    for key in how.by:
        parts += [heading(f"By {key.replace('_', ' ')}", style=style)]
        parts.append(table(evaluate(frames, metrics, by=key), width=width, style=style))
    short = [metric for metric in metrics if not metric.name.endswith("p90")]
    by_period = evaluate(frames, short, every=how.every, at="created_at", timezone=how.timezone)
    period = period_name(by_period["period"])
    parts += [heading(f"By {period} in which the ticket was created ({how.timezone})", style=style)]
    parts.append(table(by_period, limits="beside", width=width, style=style))
    if (variants := _resolutions(log, how)) is not None:
        parts += [heading("One word, several numbers: time to resolution", style=style)]
        parts += [table(variants, width=width, style=style), paragraph(_VARIANTS, width=width)]
    if how.open_at:
        parts += [heading("Open tickets", style=style), listing(_open(log, how), width=width, style=style)]
    parts += [
        heading("How to read this", style=style),
        *(paragraph(text, width=width) for text in _closing(frames, how)),
    ]
    return "\n\n".join(parts) + "\n"


def _fitting(data: Path) -> Path:
    """The map in `examples/` that names nothing that the log does not have."""
    names = set(read_file(data).names)
    for path in sorted(Path("examples").glob("*.toml")):
        with contextlib.suppress(ParameterError):  # a TOML file of another kind
            if names.issuperset(ColumnMap.load(path).columns):
                return path
    raise ParameterError(
        f"say which column of {data} plays which role: add --map TOML (no map in ./examples names only columns that it has); "
        f"the columns are {listed(map(shown, sorted(names)))}"
    )


def frames_of(log: Log, how: ColumnMap) -> dict[str, pl.DataFrame]:
    """One row a ticket, a clock, an answer."""
    tickets = facts(log.records, as_of=log.as_of, ended=how.ended, paused=how.paused).collect()
    frames = {"ticket": tickets}
    if how.sla_met is not None:
        met = _verdict(tickets, how, how.sla_met)
        # The log has judged already: every clock is due, and how long it ran is not said.
        frames["clock"] = tickets.with_columns(
            pl.when(met).then(pl.lit("met")).when(~met).then(pl.lit("missed")).alias("outcome"),
            pl.lit(log.as_of).alias("due_at"),
            pl.lit(None, pl.Float64).alias("elapsed_seconds"),
            pl.lit(None, pl.Float64).alias("target_seconds"),
        )
    elif "due_at" in how.tickets:
        frames["clock"] = due_clocks(tickets, as_of=log.as_of)
    if how.satisfied is not None:
        score = _verdict(tickets, how, how.satisfied).cast(pl.Int64)
        frames["answer"] = tickets.with_columns(score.alias("score"))
    return frames


def _scorecard(log: Log, how: ColumnMap, frames: dict[str, pl.DataFrame]) -> list[Metric]:
    """What a log with these columns can tell."""
    metrics = [ticket_volume().named("tickets")]
    if "first_response_at" in how.tickets or log.records.responses is not None:
        metrics.append(first_response_time().named("first response"))
    metrics += [resolution_time().named("resolution"), resolution_time(statistic="p90").named("resolution p90")]
    if "clock" in frames:
        metrics.append(sla_attainment(as_of=log.as_of).named("SLA met"))
    if "answer" in frames:
        metrics.append(csat(scale=(0, 1)).named("satisfied"))
    return metrics


def _verdict(tickets: pl.DataFrame, how: ColumnMap, name: str) -> pl.Expr:
    """A column of true and false, whatever the file calls them."""
    role = next((role for role, given in how.tickets.items() if given == name), name)
    given = tickets[role]
    read = coerced(column(role), given.dtype, pl.Boolean(), None)
    if read is None:
        raise InputError(f"column {shown(name)} holds {given.dtype}, expected true and false")
    lost = tickets.filter(column(role).is_not_null() & read.is_null())[role]
    if causes := explain(lost, pl.Boolean(), None, name):
        raise InputError(
            f"column {shown(name)}: " + "; ".join(f"{count} of {given.len()} {why}" for count, why in causes)
        )
    return read


def _resolutions(log: Log, how: ColumnMap) -> pl.DataFrame | None:
    """Median and p90 by each definition that the log has what it takes for; None if there is but one."""
    tickets, changes = log.records.tickets, log.records.changes
    assert tickets is not None  # a map names tickets
    if changes is None and not _any(tickets, "closed_at"):
        return None
    finished = [
        resolution_time_observed_only().named("median"),
        resolution_time_observed_only(statistic="p90").named("p90"),
    ]
    counted = [resolution_time().named("median"), resolution_time(statistic="p90").named("p90")]
    stamps = Records(tickets=tickets, timezone=log.records.timezone)
    blank = pl.lit(None, pl.String)
    own = stamps.replace(tickets=tickets.with_columns(status=blank, closed_at=blank))
    ways: list[tuple[str, Records, Sequence[Metric]]] = []
    if _any(tickets, "resolved_at"):
        ways.append(("resolved stamp alone", own, finished))
    if _any(tickets, "closed_at"):
        ways.append(("resolved stamp, else closed", stamps, counted))
    if changes is not None:
        ways.append(("last end in the status log", log.records, counted))
    tables = []
    for label, records, metrics in ways:
        rows = facts(records, as_of=log.as_of, ended=how.ended).collect().with_columns(pl.lit(label).alias(_COUNTED))
        measured = rows["resolution_observed"] if metrics is finished else rows["resolution_seconds"].is_not_null()
        volume = ticket_volume().named("tickets")
        tables.append(evaluate(rows.filter(measured), [volume, *metrics], by=_COUNTED))
    return pl.concat(tables)


def _open(log: Log, how: ColumnMap) -> pl.DataFrame:
    """Tickets open at each instant: by the status log, where there is one, and by every stamp that can tell."""
    assert log.records.tickets is not None  # a map names tickets
    logged = log.records.changes is not None
    stamps = facts(log.records.replace(changes=None), as_of=log.as_of, ended=how.ended)
    kinds = {
        "not resolved": (stamps.collect(), "resolved_at"),
        "not closed": (log.records.tickets.collect(), "closed_at"),
    }
    dates = [how.instant(day) for day in how.open_at]
    counts = {"open at": pl.Series([f"{date:%Y-%m-%d %H:%M}" for date in dates])}
    if logged:
        open_then = [
            facts(log.records, as_of=date, ended=how.ended).select((~pl.col("resolution_observed")).sum())
            for date in dates
        ]
        counts["not ended in the status log"] = pl.Series(
            [frame.item() for frame in pl.collect_all(open_then)], dtype=pl.Int64
        )
    for kind, (tickets, ended) in kinds.items():
        if ended in how.tickets or (kind == "not resolved" and not logged):
            counted = [backlog(ended=ended, as_of=date).named(str(i)) for i, date in enumerate(dates)]
            counts[kind] = evaluate(tickets, counted)["value"].cast(pl.Int64)
    return pl.DataFrame(counts)


def _any(tickets: pl.LazyFrame, stamp: str) -> bool:
    return bool(tickets.select(pl.col(stamp).is_not_null().any()).collect().item())


def _introduction(log: Log, how: ColumnMap, tickets: pl.DataFrame) -> str:
    sentences = [f"{log.n_rows:,} rows of {tickets.height:,} tickets" if how.updates else f"{tickets.height:,} tickets"]
    sentences.append(
        f"seen from {log.as_of:%Y-%m-%d %H:%M} ({how.timezone}), {tickets['resolution_observed'].not_().sum():,} open."
    )
    if how.updates:
        reopened = tickets["reopen_count"]
        sentences.append(f"{(reopened > 0).sum():,} tickets were reopened, {reopened.sum() or 0:,} times in all.")
    if lost := tickets["resolution_reason"].is_not_null().sum():
        reasons = ", ".join(tickets["resolution_reason"].drop_nulls().unique().sort().to_list())
        sentences.append(f"{lost:,} have no duration ({reasons}).")
    if log.n_back:
        sentences.append(
            f"{log.n_back:,} {'rows are' if log.n_back > 1 else 'row is'} stamped earlier than a row above, "
            "and are treated as having happened with that one."
        )
    return ", ".join(sentences[:2]) + " " + " ".join(sentences[2:])


def _closing(frames: dict[str, pl.DataFrame], how: ColumnMap) -> list[str]:
    texts = [_CHANCE, _TIMES]
    if how.sla_met is not None:
        texts.append(f"SLA met is the log's own verdict ({how.sla_met}), as the last row of each ticket has it.")
    elif "clock" in frames:
        texts.append("SLA met is the share resolved by the due instant, among tickets whose due instant has come.")
    return texts
