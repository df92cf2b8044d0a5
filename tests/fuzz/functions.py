"""The public functions beside the metrics: what frames they take, and options that fit."""

import datetime as dt
import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

import servicequality as sq
from fuzz.grammar import NOON, ZONES
from fuzz.source import Source
from servicequality import comparison, control, drivers, events, report, servqual, sla, staffing, weights
from servicequality.catalogue.searching import definitions
from servicequality.model import TABLES, schema_of
from servicequality.worktime import Schedule

DAY = dt.timedelta(days=1)
KEY, GROUP = "plain_key", "plain_group"

OFFICE = 'Schedule({"mon": [("09:00", "17:00")], "sun": [("22:00", "06:00")]}, "Europe/Berlin")'
NIGHTS = 'Schedule({"sat": [("20:00", "04:00+1")]}, "America/Havana", holidays=["2026-03-28"])'
SCHEDULES = tuple(Source(eval(text), text) for text in (OFFICE, NIGHTS))
SMALL = Source(
    servqual.Scale("small", {"a": [1, 2], "b": [3, 4, 5], "c": [6]}, low=1, high=7, reversed=[2, 6]),
    'servqual.Scale("small", {"a": [1, 2], "b": [3, 4, 5], "c": [6]}, low=1, high=7, reversed=[2, 6])',
)
POLICIES = tuple(
    Source(eval(text, {"sla": sla, "pl": pl, "Schedule": Schedule}), text)
    for text in (
        'sla.Policy("all", [sla.Target("first_response", 3600), sla.Target("resolution", 86400)])',
        (
            'sla.Policy("urgent", [sla.Target("resolution", 1800, priority="a"), sla.Target("next_reply", 60)], '
            f'schedule={OFFICE}, when=pl.col("channel") == "b")'
        ),
        (
            'sla.Policy("work", [sla.Target("agent_work", 0), sla.Target("requester_wait", 1e9), '
            'sla.Target("periodic_update", 7200)])'
        ),
        (
            'sla.Policy("two clocks", [sla.Target("next_reply", 600, first_wait=False), sla.Target("resolution", 86400), '
            f'sla.Target("resolution", 3600, schedule={OFFICE[:-1]}, name="office"))])'
        ),
    )
)


@dataclass(frozen=True, kw_only=True)
class Target:
    """A function and what it is given.

    Attributes:
        name: the text of the function.
        function: the function.
        frames: for each leading frame its columns with what they hold; for records, of each table.
        records: the tables' names, where the first argument is `Records` of the frames.
        roles: parameters that name columns, with the column.
        metrics: how many metrics the call takes after its frames; their columns join every frame.
        always: options that the call cannot do without, with values that fit.
        options: further options with values that fit.
        tables: attributes of the result that are frames; none where the result is one.
        named: frames that are given by name, after the leading ones.
        tells_types: whether the answer is about types, zones and roles that the data have, so that a disguise changes it.
        keeps: whether the answer holds the columns of the frame as they are.
        parts: whether the rows of a part of the tickets are those rows of the whole.
    """

    name: str
    function: Callable[..., Any]
    frames: tuple[Mapping[str, str], ...] = ()
    records: tuple[str, ...] = ()
    roles: Mapping[str, str] = field(default_factory=dict)
    metrics: int = 0
    named: tuple[str, ...] = ()
    always: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    options: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    tables: tuple[str, ...] = ()
    keeps: bool = False
    parts: bool = False
    tells_types: bool = False


AS_OF = (NOON, NOON + DAY, NOON - 3 * DAY, dt.datetime(2026, 3, 29, 1, 30, tzinfo=dt.UTC))
LEVEL = {"level": (0.9, 0.5, 0.998)}
BY = {"by": (KEY, [KEY], [KEY, GROUP], ())}
WINDOW = {"since": (NOON - 2 * DAY, NOON - 30 * DAY), "until": (NOON, NOON + DAY)}
EVERY = ("1d", "1w", "1mo", "6h")
_ENDED = {
    "ended": (("solved", "resolved", "closed"), ("a",), ()),
    "excluded": (("merged", "spam", "deleted", "test"), ("b",)),
}
_SERIES = {"value": "number", "n": "count", "count": "count", "exposure": "positive", "period": "days", KEY: "key"}
_RESULT = {
    "metric": "key", "value": "share", "low": "share", "high": "share", "se": "share", "unit": "id", "n": "count",
    "n_pending": "count", "reason": "key", "notes": "key",
}  # fmt: skip
_UNITS = {"value": "share", "n": "count", "low": "share", "high": "share", KEY: "row", GROUP: "key"}


def _records(name: str, function: Callable[..., Any], records: tuple[str, ...], **more: Any) -> Target:
    frames = tuple({field: field for field in schema_of(TABLES[table])} for table in records)
    return Target(name=name, function=function, frames=frames, records=records, **more)


_LOG = ("tickets", "responses", "changes")
_DESK = (*_LOG, "agents")
_FACTS = {**_ENDED, "paused": ((), ("pending", "hold")), "schedule": (None, *SCHEDULES)}
RECORDS = (
    _records("sq.facts", sq.facts, _DESK, always={"as_of": AS_OF}, parts=True, options={
        **_FACTS, "first_response": ("public_reply", "zammad", "frappe", "after_handoff"),
        "requester_wait": (("new", "open"),), "agent_wait": (("pending",),), "agent_work": (("open",),), "new": (("new",),),
    }),
    _records("sq.reply_waits", sq.reply_waits, _DESK, always={"as_of": AS_OF}, parts=True,
             options={**_ENDED, "schedule": (None, *SCHEDULES)}),
    _records("sq.episodes", sq.episodes, _LOG, always={"as_of": AS_OF}, parts=True, keeps=True,
             options={**_ENDED, "schedule": (None, *SCHEDULES)}),
    _records("sq.answer_follow_ups", sq.answer_follow_ups, ("tickets", "responses", "answers"),
             always={"as_of": AS_OF, "question": ("a", "csat")}),
    _records("events.status_times", events.status_times, _LOG, always={"as_of": AS_OF}, parts=True,
             options={"schedule": (None, *SCHEDULES)}),
    _records("sq.status_spells", sq.status_spells, _DESK, always={"as_of": AS_OF}, parts=True,
             options={"schedule": (None, *SCHEDULES)}),
    _records("events.excluded_tickets", events.excluded_tickets, _LOG, always={"as_of": AS_OF}, parts=True),
    _records("sq.flow", sq.flow, _LOG, always={"as_of": AS_OF, "every": EVERY},
             options={**_ENDED, "timezone": ZONES, "by": ("channel", ["channel", "priority"])}),
    _records("sq.presence", sq.presence, ("contacts", "agent_time"), always=WINDOW,
             options={"every": EVERY, "timezone": ZONES, "wrap": ("wrap_seconds",)}),
    _records("sq.check", sq.check, _DESK, tables=("frame",), tells_types=True, options={"as_of": AS_OF, **_ENDED}),
    _records("sla.clocks", sla.clocks, _DESK, always={"as_of": AS_OF, "policies": (POLICIES[0], list(POLICIES), POLICIES[1])},
             options=_ENDED, parts=True),
    _records("sq.overview", sq.overview, (*_DESK, "answers", "contacts"), tells_types=True, always={"as_of": AS_OF}, options={
        **_ENDED, **LEVEL, "by": ("channel", ["channel", "priority"], "queue"), "every": EVERY, "questions": (
            None, Source({"a": sq.csat(scale=(1, 5))}, '{"a": sq.csat(scale=(1, 5))}'))}),
    _records("sla.policy_coverage", sla.policy_coverage, _LOG, always={"as_of": AS_OF, "policies": (list(POLICIES),)}),
)  # fmt: skip


def _taking(record: str, *more: str) -> Mapping[str, str]:
    return {field: field for field in schema_of(TABLES[record])} | dict.fromkeys(more, "key")


def _answers(scale: Any, *roles: str) -> Mapping[str, str]:
    return {f"{role}{item}": "1..7" for role in roles for item in scale.items} | {KEY: "key"}


_CONTACTS = _taking("contacts", KEY, GROUP)
_TALKS = {"agent": "agent_id", "at": "at", "wait": "wait_seconds", "talk": "talk_seconds", "outcome": "outcome"}
_TIME = {
    "agent_id": "id",
    "at": "days",
    "paid_seconds": "positive",
    "available_seconds": "count",
    KEY: "key",
    GROUP: "key",
}
_HALVES = {"flag": {True: 60, False: 40}}
_MARGINS = (
    {KEY: {"a": 60, "b": 30, "c": 10}},
    {KEY: {"a": 60, "b": 30, "c": 10}, GROUP: {"a": 50, "b": 25.5, "c": 24.5}},
)
_PEOPLE = f'pl.DataFrame({{"{KEY}": ["a", "b", "c"], "count": [60, 30, 10]}})'
_POPULATION = Source(eval(_PEOPLE), _PEOPLE)
_EP = _answers(SMALL.value, "E", "P")
_RELIABLE = {"scale": (SMALL,)}
FRAMES = (
    Target(name="weights.rake", function=weights.rake, frames=({KEY: "key", GROUP: "key", "flag": "flag", "w": "count"},),
           keeps=True, roles={"weight": "w"}, always={"margins": (*_MARGINS, _HALVES, _HALVES), "name": ("made",)}),
    Target(name="weights.post_stratify", function=weights.post_stratify, frames=({KEY: "key", "w": "positive"},), keeps=True,
           roles={"weight": "w"}, always={"population": (_POPULATION,), "by": (KEY,), "name": ("made",)}),
    Target(name="weights.calibrate", function=weights.calibrate, frames=({KEY: "key", "x": "share", "w": "positive"},),
           keeps=True, roles={"weight": "w"}, always={"margins": ({"x": 50}, *_MARGINS), "size": (100,), "name": ("made",)}),
    Target(name="weights.trim", function=weights.trim, frames=({"w": "positive"},), keeps=True, roles={"weight": "w"},
           always={"upper": (30.0, 25, 60.0)}, options={"lower": (0.5, 5), "redistribute": ("equal", "proportional")}),
    Target(name="weights.evaluate_adjusted", function=weights.evaluate_adjusted, metrics=1,
           always={"margins": (*_MARGINS, _HALVES, _HALVES, _HALVES)},
           frames=({KEY: "key", GROUP: "key", "flag": "flag", "w": "count", "fold": "key"},), roles={"weight": "w"}, options={
               **LEVEL, **BY, "jackknife": ("fold",), "distance": ("rake", "linear")}),
    Target(name="staffing.agents_by_interval", function=staffing.agents_by_interval, keeps=True, roles={"calls": "calls"},
           frames=({"calls": "count", "seconds": "positive"},), always={"handle_seconds": (180, 95.5, "seconds")}, options={
               "interval_seconds": (1800, 900.0), "service_level": (0.9, 0.5), "limit": (0, 10), "max_occupancy": (0.85,)}),
    Target(name="sq.follow_ups", function=sq.follow_ups, frames=(_taking("tickets"),), always={"as_of": AS_OF}, keeps=True,
           options={"same": (("requester_id",), ("requester_id", "product"))}),
    Target(name="Records.from_events", function=sq.Records.from_events, tables=("tickets", "changes"), frames=({
        "number": "id", "when": "instant", "state": "key", "owner": "id", "step": "count"},), roles={
        "ticket": "number", "at": "when", "status": "state", "agent": "owner", "sequence": "step"}),
    Target(name="sq.uptime", function=sq.uptime, always=WINDOW, roles={
        "started": "started_at", "restored": "restored_at", "planned": "planned"},
           frames=({"started_at": "days", "restored_at": "instant", "planned": "flag", KEY: "key", GROUP: "key"},),
           options={**BY, "every": EVERY, "timezone": ZONES, "schedule": (None, *SCHEDULES)}),
    Target(name="sq.presence", function=sq.presence, frames=(_CONTACTS,), always=WINDOW, roles=_TALKS,
           options={**BY, "every": EVERY, "timezone": ZONES, "wrap": ("wrap_seconds",)}),
    Target(name="sq.presence", function=sq.presence, frames=(_CONTACTS, _TIME), named=("agent_time",), always=WINDOW,
           options={**BY, "every": EVERY, "timezone": ZONES, "available": (None,)}),
    Target(name="sq.review_scores", function=sq.review_scores, frames=(_taking("reviews"),),
           options={"scale": ((0, 10),), "critical_below": (0.5, 0.0), "keep": ((), ("category",))}),
    Target(name="sq.reviewed_tickets", function=sq.reviewed_tickets, keeps=True,
           frames=({"ticket_id": "id", KEY: "key"}, {"ticket_id": "id"})),
    Target(name="sq.checked_records", function=sq.checked_records, frames=({"a": "number", "b": "id", KEY: "key"},), keeps=True,
           options={"required": ((), ("a",)), "unique": ((), ("b", KEY)), "references": (None, {"a": (1.0, 2.0)})},
           always={"rules": ({"is large": pl.col("a") > 1},)}),
    Target(name="sq.flow", function=sq.flow, frames=(_taking("tickets"),), always={"as_of": AS_OF, "every": EVERY},
           options={"timezone": ZONES, "by": ("channel",)}, roles={"created": "created_at"}),
    Target(name="sla.due_clocks", function=sla.due_clocks, frames=(_taking("tickets"),), always={"as_of": AS_OF}, keeps=True,
           roles={"started": "created_at", "stopped": "resolved_at", "due": "due_at"}),
    Target(name="sla.overdue", function=sla.overdue, frames=({
        "ticket_id": "id", "outcome": "outcome", "overrun_seconds": "positive", "remaining_seconds": "number",
        "due_at": "instant", "started_at": "instant", "kind": "id"},)),
    Target(name="sla.at_risk", function=sla.at_risk, frames=({
        "ticket_id": "id", "outcome": "outcome", "overrun_seconds": "positive", "remaining_seconds": "number",
        "due_at": "instant", "started_at": "instant", "kind": "id"},), always={"within": (3600, dt.timedelta(hours=1), 0.5)}),
    *(
        Target(name=f"control.{chart.__name__}", function=chart, frames=(_SERIES,), roles=roles,
               options={"by": (KEY,), "every": ("1d",), "baseline": (5, 10, (NOON - 20 * DAY, NOON)), **more})
        for chart, roles, more in (
            (control.xmr, {"value": "value", "at": "period"}, {"runs": (True, False)}),
            (control.p_chart, {"value": "share", "n": "n"}, {"dispersion": ("laney", "binomial")}),
            (control.u_chart, {"count": "count", "exposure": "exposure"}, {"dispersion": ("laney", "poisson")}),
            (control.c_chart, {"count": "count"}, {"dispersion": ("laney", "poisson")}),
            (control.ewma_chart, {"value": "value"}, {"weight": (0.2, 1.0)}),
            (control.cusum_chart, {"value": "value"}, {"slack": (0.5,), "decision": (4.0,)}),
        )
    ),
    Target(name="comparison.funnel", function=comparison.funnel, frames=(_UNITS,), always={"by": (KEY,)}, options=LEVEL,
           roles={"value": "value", "n": "n"}),
    Target(name="comparison.shrink", function=comparison.shrink, frames=(_UNITS,), always={"by": (KEY,)}, options=LEVEL,
           roles={"value": "value", "n": "n"}),
    Target(name="comparison.ranks", function=comparison.ranks, frames=(_UNITS,), always={"by": (KEY,)},
           options={**LEVEL, "best": ("highest", "lowest")}, roles={"value": "value", "low": "low", "high": "high"}),
    Target(name="comparison.superiority", function=comparison.superiority, frames=({"x": "1..7", KEY: "key"},) * 2,
           roles={"column": "x"}, options={**LEVEL, "by": (KEY,)}),
    Target(name="sq.compare", function=sq.compare, frames=({KEY: "key", "w": "count", "c": "id"},) * 2, metrics=1, options={
        **LEVEL, "by": (KEY,), "power": (0.9,), "detect": (0.1,), "adjust": ("holm", "none"), "weight": ("w",),
        "cluster": ("c",), "paired": ("c",)}),
    Target(name="comparison.difference_in_differences", function=comparison.difference_in_differences,
           frames=({KEY: "key", "treated": "flag"},) * 2, metrics=1, roles={"treated": "treated"},
           options={**LEVEL, "by": (KEY,)}),
    Target(name="comparison.mix_and_rate", function=comparison.mix_and_rate, frames=({KEY: "key"},) * 2, metrics=1,
           always={"by": (KEY,)}),
    Target(name="comparison.mantel_haenszel", function=comparison.mantel_haenszel, frames=({KEY: "key", GROUP: "key"},) * 2,
           metrics=1, always={"over": (KEY,)}, options={**LEVEL, "by": (GROUP,)}),
    Target(name="comparison.standardise", function=comparison.standardise, frames=({KEY: "key", GROUP: "key"},), metrics=1,
           always={"by": (GROUP,), "over": (KEY,)}, options={**LEVEL, "standard": ({"a": 1, "b": 2, "c": 3},)}),
    Target(name="comparison.interrupted_series", function=comparison.interrupted_series, frames=({"when": "days"},),
           metrics=1, roles={"at": "when"}, options={**LEVEL, "timezone": ZONES, "max_gaps": (0.0, 0.5)}, always={
               "every": ("1d",), "released": (NOON - 20 * DAY,), "as_of": (NOON + 30 * DAY,)}),
    Target(name="drivers.event_study", function=drivers.event_study, frames=({**_SERIES, "release": "days"},),
           always={"outcomes": ("value", ["value", "count"]), "events": ([NOON - 5 * DAY], [NOON]), "every": ("1d",)},
           options={"half": (3,), "max_gaps": (0.0, 0.5)}),
    Target(name="drivers.link", function=drivers.link, frames=(_SERIES,), always={
        "outcome": ("value",), "drivers": ("count", ["count", "exposure"]), "every": ("1d",)},
        options={"lags": ((0, 1),), "q": (0.1,), "max_gaps": (0.0, 0.5)}),
    Target(name="drivers.partial_correlation", function=drivers.partial_correlation, frames=(_SERIES,), always={
        "outcome": ("value",), "driver": ("count",), "given": ("exposure", ["exposure", "n"])}, options=LEVEL),
    Target(name="servqual.score", function=servqual.score, frames=(_EP,), tables=("dimensions", "overall", "respondents"),
           always=_RELIABLE, options={**LEVEL, "by": (KEY,), "missing": ("half", "listwise"), "expectation": ("E",)}),
    Target(name="servqual.zone_of_tolerance", function=servqual.zone_of_tolerance,
           frames=(_answers(SMALL.value, "A", "D", "P"),), always=_RELIABLE, tables=("dimensions", "overall", "counts"),
           options={**LEVEL, "by": (KEY,), "missing": ("half",)}),
    *(
        Target(name=f"servqual.{one.__name__}", function=one, frames=(_EP,), always=_RELIABLE, options={"by": (KEY,)})
        for one in (servqual.alpha, servqual.omega, servqual.correlations, servqual.htmt, servqual.reliability,
                    servqual.item_analysis, servqual.difference_reliability, servqual.response_quality,
                    servqual.combined_reliability)
    ),
    Target(name="servqual.item_sums", function=servqual.item_sums, frames=(_EP,), tables=("state",), always=_RELIABLE,
           options={"by": (KEY,)}),
    Target(name="servqual.importance_performance", function=servqual.importance_performance, keeps=True, roles={
        "importance": "importance", "performance": "performance"}, frames=({
            "dimension": "row", "importance": "positive", "performance": "1..7"},),
           options={"crosshair": ("median", (1.0, 2.0))}),
    Target(name="servqual.derived_importance", function=servqual.derived_importance,
           frames=({"y": "1..7", "a": "1..7", "b": "number"},), always={"outcome": ("y",), "dimensions": (["a", "b"],)},
           options={**LEVEL, "method": ("correlation", "regression"), "resamples": (20,), "seed": (1,)}),
    Target(name="report.table", function=report.table, frames=({
        "metric": "row", "value": "number", "low": "number", "high": "number", "unit": "id", "n": "count", KEY: "key"},),
           options={"limits": ("beside", "none"), "width": (40, 1)}),
    Target(name="report.time_chart", function=report.time_chart, roles={"at": "period"}, frames=({
        "period": "days", "value": "number", "low": "number", "high": "number", KEY: "key"},),
           options={"by": (KEY,), "every": ("1d",)}),
    Target(name="report.listing", function=report.listing, frames=({"a": "row", "b": "share"},),
           options={"bar": ("b",), "shares": ("b",), "width": (40,)}),
    Target(name="report.group_chart", function=report.group_chart, frames=({KEY: "row", **_RESULT},),
           always={"metric": ("a",)}, options={"most": (1, 3)}),
    Target(name="report.backlog_chart", function=report.backlog_chart, frames=({
        KEY: "key", "period": "days", "opening": "count", "inflow": "count", "outflow": "count", "closing": "count",
        "complete": "flag"},)),
    Target(name="report.volume_chart", function=report.volume_chart, frames=({
        "weekday": "1..7", "hour": "1..7", "value": "positive"},)),
    Target(name="report.funnel_chart", function=report.funnel_chart, frames=({
        KEY: "row", "value": "share", "n": "count", "z": "number", "centre": "share", "low": "share", "high": "share",
        "outside": "key", "reason": "key"},)),
    Target(name="report.change_chart", function=report.change_chart, frames=({
        KEY: "row", "metric": "key", "before": "number", "after": "number", "change": "number", "low": "number",
        "high": "number", "level": "share", "unit": "id", "n_before": "count", "n_after": "count", "reason": "key"},)),
    Target(name="report.pareto_chart", function=report.pareto_chart, frames=({
        "rank": "count", KEY: "row", "metric": "key", "value": "share", "low": "share", "high": "share", "unit": "id",
        "n": "count", "reason": "key", "count": "count", "cumulative": "share"},), options={"most": (1, 3)}),
    Target(name="report.budget_chart", function=report.budget_chart, always={"objective": (0.9, 0.999)},
           roles={"at": "at", "bad": "bad", "total": "total"}, frames=({"at": "days", "bad": "share", "total": "positive"},),
           options={"expected": (1e6,)}),
    Target(name="report.lag_chart", function=report.lag_chart, frames=({
        "driver": "key", "lag": "1..7", "r": "share", "low": "share", "high": "share", "placebo": "share", "seen": "flag",
        "n": "count", "reason": "key"},)),
    *(
        Target(name=f"report.{one.__name__}", function=one, frames=({
            "a": "row", "b": "share", "at": "instant", **_RESULT},))
        for one in (report.to_csv, report.to_json, report.show)
    ),
)  # fmt: skip


_FINE: Mapping[str, tuple[Any, ...]] = {
    "as_of": AS_OF, "since": WINDOW["since"], "until": WINDOW["until"], "every": EVERY, "timezone": ZONES,
    "level": LEVEL["level"], "by": (KEY, [KEY, GROUP], ()), "baseline": ((NOON - 3 * DAY, NOON),), "alpha": (0.01,),
    "top": (1, 3), "periods": (4, 8), "cuts": (None, (20.0, 60.0)), "limit": (None, 86_400.0), "weights": (),
    "expected": (0.5,), "margin": (0.1,), "objective": (0.99,), "before": (None,), "per": ("hour", "day"),
    "categories": (None,), "reviewers": (None,), "unique": ((), ("ticket_id",)), "required": (("ticket_id",),),
    "each": (1, 3), "seed": (7,),
}  # fmt: skip


@functools.cache
def tables() -> tuple[Target, ...]:
    """The functions of a frame that the registry knows."""
    made = []
    for definition in definitions():
        spec = definition.spec
        if not spec.table:
            continue
        parameters = list(spec.parameters.parameters.values())
        leading, rest = parameters[: spec.data], parameters[spec.data :]
        roles = {one.name: one.default for one in rest if one.name in spec.inputs and isinstance(one.default, str)}
        columns = {column: f"domain:{role}" for role, column in roles.items()}
        columns |= {KEY: "key", GROUP: "key", "ticket_id": "id", "critical_failed": "flag"} | (
            {} if columns else {"a": "number"}
        )
        always = {
            one.name: _FINE[one.name]
            for one in rest
            if one.default is one.empty and one.name in _FINE and one.name not in roles
        }
        by_name = [one.name for one in rest if one.default is one.empty and one.name == "scores"]
        made.append(
            Target(
                name=f"sq.{spec.path}",
                function=definition,
                frames=(columns,) * (len(leading) + len(by_name)),
                roles=roles,
                always=always,
                named=tuple(by_name),
                options={
                    one.name: _FINE[one.name]
                    for one in rest
                    if one.default is not one.empty and one.name in _FINE and one.name not in roles and _FINE[one.name]
                },
            )
        )
    return tuple(made)


def everything() -> tuple[Target, ...]:
    """All functions."""
    return (*RECORDS, *FRAMES, *tables())
