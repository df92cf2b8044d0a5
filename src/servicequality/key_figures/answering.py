"""`overview`: the key figures that records allow, and why others could not be computed."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import polars as pl

from servicequality.checks import column, confidence_level, refusing_misfits, zone_aware
from servicequality.core import PERIOD, RESULT, Grouping, Metric, evaluate, shared_type
from servicequality.errors import InputError, ParameterError
from servicequality.events.as_of import records_of, words
from servicequality.events.ticket_facts import ENDED, EXCLUDED
from servicequality.key_figures.asking import asked_figures, check_questions
from servicequality.key_figures.listed import FIGURES, status_log
from servicequality.key_figures.row_frames import AT, GrainFrames, grain_frames
from servicequality.model import Records, TableLike
from servicequality.model.validation import check_timezone
from servicequality.scorecard.censuses import read_censuses
from servicequality.scorecard.reading import FigureRequest

_DESK = ("tickets", "answers")


@refusing_misfits
def overview(
    records: Records | TableLike | pl.LazyFrame,
    *,
    as_of: dt.datetime,
    by: str | Sequence[str] = (),
    every: str | None = None,
    timezone: str | None = None,
    questions: Mapping[str, Metric] | None = None,
    ended: tuple[str, ...] = ENDED,
    excluded: tuple[str, ...] = EXCLUDED,
    level: float = 0.95,
) -> pl.DataFrame:
    """The key figures that the records allow, in one frame: a row each, with limits, and a row for each that they do not.

    Tickets give volume, backlog and its age, the medians of first response, reply wait and resolution, the rates of
    resolution and reopening, and the share of due dates kept; answers give NPS and CSAT; contacts their median wait, the
    service level (20 s, abandoned ones missed) and the abandonment rate; agents' time occupancy; sessions the self-service
    rate; reviews the QA score; incidents the mean time to restore; releases the change failure rate. Every figure is that of
    the metric of its name called without further options, so that ``evaluate`` gives the same of the same rows. What a
    table lacks is not guessed: such a row has no value, and `reason` says which role is missing and what to do. Tables that
    the records do not hold are not listed, but for answers beside tickets.

    Nothing that begins after `as_of` counts. With `every`, a ticket and its deadline count in the period of the creation,
    a wait in that of its start, an answer in that in which it was given (unanswered: delivered), an incident in that of its
    start, others in that of `at`; backlog and its age are counted at the end of each period, over all tickets.

    Args:
        records: the tables, or a table of tickets alone.
        as_of: the instant of knowledge, inclusive; with a time zone.
        by: key columns. Rows that lack one but have the id of a ticket take their ticket's, as it was at `as_of`; figures
            whose rows have neither are listed without a value.
        every: length of a period, in Polars' words ("1d", "1w", "1mo"); weeks start on Monday.
        timezone: the zone whose days and months count; that of the records by default.
        questions: what measures a question of the answers: ``{"csat": csat(scale=(1, 5)), "recommend": nps()}``. Without it
            a question called "nps" is NPS from 0 to 10; a scale of CSAT is not guessed.
        ended: statuses in which the work is over.
        excluded: what in the column `excluded`, or as status in force, keeps a ticket out.
        level: confidence level.

    Returns:
        The columns of `evaluate`: `by…, period, metric, value, low, high, se, level, method, unit, n, n_missing, n_excluded,
        n_eff, n_pending, reason, notes`, sorted by keys and in the order above. Rows that could not be computed have null
        keys and n = 0. It is computed at once, also from lazy tables; each is read once, and its needed columns alone.

    Raises:
        InputError: the records hold no table with figures, no rows have a column of `by`, or tickets, messages or changes
            cannot be read. Rows outside their domain elsewhere leave their figure without a value.
        ParameterError: `as_of` has no time zone, or an option does not fit.
    """
    zone_aware("as_of", as_of)
    confidence_level(level)
    check_timezone(timezone)
    words("ended", ended)
    words("excluded", excluded)
    if timezone is not None and every is None:
        raise ParameterError("timezone says whose days and months count; it needs every=")
    dated = every is not None
    grouping = Grouping.of(by=by, every=every, at=AT if dated else None, timezone=timezone, weight=None, cluster=None)
    given = records_of(records, "overview")
    chosen = check_questions(questions)
    listed = _listed(given, chosen, as_of)
    metrics = [one.metric for one in listed if one.metric is not None]
    rows = grain_frames(given, metrics, as_of=as_of, by=grouping.by, dated=dated, ended=ended, excluded=excluded)
    ready = [metric for metric in metrics if metric.grain not in rows.lacks]
    call = _Call(rows, grouping, as_of, level)
    answer, faults = call.evaluated(ready)
    lacks = [_lacking(one, rows.lacks, faults) for one in listed]
    return _together(answer, lacks, [one.name for one in listed], grouping)


class _Listed(NamedTuple):
    """A figure of the answer: its name, its unit, and its metric or why there is none."""

    name: str
    unit: str
    metric: Metric | None
    lack: str | None


def _listed(records: Records, questions: Mapping[str, Metric], as_of: dt.datetime) -> list[_Listed]:
    held = records.tables
    logged = status_log(records)
    figures: dict[str, list[_Listed]] = {}
    for figure in FIGURES:
        if figure.table in held:
            metric, lack = figure.make(as_of), figure.lack(records, logged=logged)
            one = _Listed(metric.name, metric.unit, None if lack else metric, lack)
            figures.setdefault(figure.table, []).append(one)
    asked = []
    if any(table in held for table in _DESK) or questions:
        asked = [_Listed(*one) for one in asked_figures(records, questions)]
    tickets = figures.pop("tickets", [])
    listed = [*tickets, *asked, *(one for alike in figures.values() for one in alike)]
    if not listed:
        tables = ", ".join(dict.fromkeys(["tickets", "answers", *(figure.table for figure in FIGURES)]))
        raise InputError(f"the records hold no table that has figures; give one of {tables}")
    return listed


class _Call(NamedTuple):
    """The rows of a call and how they are grouped."""

    rows: GrainFrames
    grouping: Grouping
    as_of: dt.datetime
    level: float

    def evaluated(self, metrics: Sequence[Metric]) -> tuple[list[pl.DataFrame], dict[str, str]]:
        """The figures of the metrics, and what was wrong with the rows of those that have none."""
        dated = self.grouping.every is not None
        censuses = [metric for metric in metrics if dated and metric.spec.census]
        plain = [metric for metric in metrics if metric not in censuses]
        parts, faults = [], {}
        if plain:
            try:
                parts.append(self._of(plain))
            except InputError as error:
                for metric in plain:
                    try:
                        parts.append(self._of([metric]))
                    except InputError as fault:
                        faults[metric.name] = str(fault)
                if not faults:
                    raise error from None
        for metric in censuses:
            try:
                parts.append(self._census(metric))
            except InputError as fault:
                faults[metric.name] = str(fault)
        return parts, faults

    def _of(self, metrics: Sequence[Metric]) -> pl.DataFrame:
        grouping = self.grouping
        return evaluate(
            self.rows.frames, metrics, by=grouping.by, every=grouping.every, at=grouping.at, timezone=grouping.timezone,
            level=self.level,
        )  # fmt: skip

    def _census(self, metric: Metric) -> pl.DataFrame:
        """A figure that is counted at one instant, at the end of each period, over all rows."""
        grouping = self.grouping
        assert grouping.every is not None  # only then is a census one of periods
        assert grouping.at is not None
        request = FigureRequest(metric, grouping.by, grouping.every, grouping.at)
        definition = next(figure.make for figure in FIGURES if figure.make(self.as_of).name == metric.name)
        figures = read_censuses(
            self.rows.frames[metric.grain], request, definition, as_of=self.as_of, timezone=grouping.timezone,
            level=self.level, weight=None, cluster=None,
        )  # fmt: skip
        return figures.rows.select(*map(column, grouping.keys), *RESULT).with_columns(metric=pl.lit(metric.name))


def _lacking(one: _Listed, grains: Mapping[str, str], faults: Mapping[str, str]) -> _Listed:
    """The figure with the reason why it has no value, if it has none."""
    lack = one.lack
    if one.metric is not None:
        lack = grains.get(one.metric.grain) or faults.get(one.name)
    return one._replace(lack=lack)


def _together(
    parts: Sequence[pl.DataFrame], listed: Sequence[_Listed], names: Sequence[str], grouping: Grouping
) -> pl.DataFrame:
    """The rows of all figures, by keys and in the order of the list."""
    lacking = [one for one in listed if one.lack is not None]
    absent = pl.DataFrame(
        {
            "metric": [one.name for one in lacking],
            "unit": [one.unit for one in lacking],
            "reason": [one.lack for one in lacking],
        },
        schema={name: RESULT[name] for name in ("metric", "unit", "reason")},
    ).with_columns(
        pl.lit("none").alias("method"), *(pl.lit(0, pl.Int64).alias(name) for name in ("n", "n_missing", "n_excluded"))
    )
    keys = list(dict.fromkeys([*grouping.by, PERIOD]))
    types: dict[str, pl.DataType] = dict.fromkeys(grouping.by, pl.String())
    types[PERIOD] = pl.Datetime("us", grouping.timezone or "UTC")
    if parts:
        types = {key: shared_type([part.schema[key] for part in parts]) or types[key] for key in keys}
    blank = pl.DataFrame(schema={**types, **RESULT})
    whole = pl.concat(
        [*(part.cast(pl.Schema(types | RESULT)) for part in parts), blank, absent], how="diagonal_relaxed"
    )
    place = pl.col("metric").replace_strict({name: at for at, name in enumerate(names)}, return_dtype=pl.Int64)
    ordered = whole.sort([*map(column, keys), place], nulls_last=True, maintain_order=True)
    return ordered.select(*map(column, keys), *RESULT)
