"""Scorecards that many desks write alike: their figures, and what to look at when a target is missed."""

import datetime as dt
from collections.abc import Callable, Collection, Mapping
from typing import Any, Literal, NamedTuple

import polars as pl

from servicequality.checks import near, shown
from servicequality.core import Metric
from servicequality.errors import ParameterError
from servicequality.metrics import flow, reliability, resolution, satisfaction, sla, software_quality, speed
from servicequality.metrics.satisfaction.scales import ScaleEnds
from servicequality.scorecard.objective import Objective

__all__ = ["experience", "operations", "software"]

Owners = str | Mapping[str, str] | None
Actions = Mapping[str, str] | None

_ACTIONS = {
    "first_response": "see when tickets arrive (tables.volume_profile) and who is there (presence)",
    "resolution": "see in which statuses tickets wait (status_spells), and which have waited longest (tables.oldest_open)",
    "backlog": "compare what comes with what goes (flow), and the time it takes to drain (time_to_drain)",
    "backlog_age": "go through the oldest open tickets (tables.oldest_open)",
    "reopen_rate": "read reopened tickets by cause (tables.pareto)",
    "sla": "list what is late and what will be (sla.overdue, sla.at_risk)",
    "nps": "read what detractors write, and see which group moved it (comparison.mix_and_rate)",
    "csat": "read dissatisfied answers by cause (tables.pareto)",
    "ces": "see how often customers must write again (interactions_per_ticket, repeat_contact_rate)",
    "response_rate": "see who is asked and who answers, and how far silence can reach (non_response_bounds)",
    "availability": "list outages by service (uptime), and how fast the budget burns (tables.burn_alerts)",
    "time_to_restore": "review the longest incidents: found, taken on, restored",
    "change_failure_rate": "review failed releases, and what came after them (drivers.event_study)",
    "lead_time": "see where changes wait between commit and production",
    "escaped_defects": "trace escaped defects to the test that would have caught them",
}
"""What to look at next, where the call names nothing else; no claim about a cause."""


class _Promise(NamedTuple):
    """One figure of a template: its metric, its direction and target, and the instant of its rows if it has its own."""

    metric: Metric | Callable[[dt.datetime], Metric]
    direction: Literal["at_least", "at_most"]
    target: float
    at: str | None = None


def operations(
    *,
    first_response: float | None,
    resolution_time: float | None,
    share: float | None,
    backlog: float | None,
    backlog_age: float | None,
    reopen_rate: float | None,
    sla_attainment: float | None,
    by: Any,
    owner: Owners,
    action: Actions,
) -> list[Objective]:
    """The objectives of a week's operations; arguments are those of `Scorecard.weekly_operations`."""
    if share is not None and first_response is None and resolution_time is None:
        raise ParameterError(
            "share says how many tickets must be in time; give first_response= or resolution=, in seconds"
        )

    def timed(definition: Callable[..., Metric], seconds: float | None) -> _Promise | None:
        if seconds is None:
            return None
        if share is None:
            return _Promise(definition(), "at_most", seconds)
        return _Promise(definition(limit=seconds), "at_least", share)

    return _objectives(
        {
            "first_response": timed(speed.first_response_time, first_response),
            "resolution": timed(speed.resolution_time, resolution_time),
            "backlog": _at_most(lambda as_of: flow.backlog(as_of=as_of), backlog),
            "backlog_age": _at_most(lambda as_of: flow.backlog_age(as_of=as_of), backlog_age),
            "reopen_rate": _at_most(resolution.reopen_rate(), reopen_rate),
            "sla": _at_least(lambda as_of: sla.sla_attainment(as_of=as_of), sla_attainment),
        },
        by=by,
        owner=owner,
        action=action,
    )


def experience(
    *,
    nps: float | None,
    csat: float | None,
    scale: ScaleEnds | None,
    ces: float | None,
    version: Literal["v1", "v2"] | None,
    response_rate: float | None,
    question: Mapping[str, str] | None,
    by: Any,
    owner: Owners,
    action: Actions,
) -> list[Objective]:
    """The objectives of a month's surveys; arguments are those of `Scorecard.monthly_experience`."""
    for name, target, option, value, example in (
        ("csat", csat, "scale", scale, "(1, 5)"),
        ("ces", ces, "version", version, '"v2"'),
    ):
        if (target is None) != (value is None):
            raise ParameterError(
                f"{name}= and {option}= go together, such as {option}={example}; no {option} is guessed"
            )
    names = _texts("question", question, ("nps", "csat", "ces"))

    def asked(metric: Metric, name: str) -> Metric:
        return metric.where(pl.col("question") == names.get(name, name))

    promises = {
        "nps": _at_least(asked(satisfaction.nps(), "nps"), nps),
        "csat": None if scale is None else _at_least(asked(satisfaction.csat(scale=scale), "csat"), csat),
        "ces": None,
        "response_rate": _at_least(satisfaction.response_rate(), response_rate, at="delivered_at"),
    }
    if version is not None:
        effort = asked(satisfaction.ces(version=version), "ces")
        promises["ces"] = (_at_most if effort.better == "lower" else _at_least)(effort, ces)
    return _objectives(promises, by=by, owner=owner, action=action)


def software(
    *,
    availability: float | None,
    time_to_restore: float | None,
    change_failure_rate: float | None,
    lead_time: float | None,
    escaped_defects: float | None,
    by: Any,
    owner: Owners,
    action: Actions,
) -> list[Objective]:
    """The objectives of a quarter's software; arguments are those of `Scorecard.quarterly_software`."""

    def restored(as_of: dt.datetime) -> Metric:
        return reliability.mean_time_to_restore(as_of=as_of, statistic="median")

    return _objectives(
        {
            "availability": _at_least(reliability.availability(), availability),
            "time_to_restore": _at_most(restored, time_to_restore),
            "change_failure_rate": _at_most(reliability.change_failure_rate(), change_failure_rate),
            "lead_time": _at_most(lambda as_of: reliability.lead_time_for_changes(as_of=as_of), lead_time),
            "escaped_defects": _at_most(software_quality.escaped_defect_rate(), escaped_defects),
        },
        by=by,
        owner=owner,
        action=action,
    )


def _at_least(metric: Any, target: float | None, at: str | None = None) -> _Promise | None:
    return None if target is None else _Promise(metric, "at_least", target, at)


def _at_most(metric: Any, target: float | None) -> _Promise | None:
    return None if target is None else _Promise(metric, "at_most", target)


def _objectives(promises: Mapping[str, _Promise | None], *, by: Any, owner: Owners, action: Actions) -> list[Objective]:
    """An objective for each figure whose target was given.

    Raises:
        ParameterError: no target at all, or an owner or action of a figure that the template does not have.
    """
    given = {name: promise for name, promise in promises.items() if promise is not None}
    if not given:
        raise ParameterError(f"a template claims no norms: give the target of at least one of {', '.join(promises)}")
    owners = dict.fromkeys(promises, owner) if isinstance(owner, str) else _texts("owner", owner, promises)
    actions = _ACTIONS | _texts("action", action, promises)
    return [
        Objective(
            promise.metric,
            by=by,
            at=promise.at,
            owner=owners.get(name),
            action=actions[name],
            at_least=promise.target if promise.direction == "at_least" else None,
            at_most=promise.target if promise.direction == "at_most" else None,
        )
        for name, promise in given.items()
    ]


def _texts(what: str, texts: Mapping[str, str] | None, known: Collection[str]) -> dict[str, str]:
    """Texts by figure, as the call gave them."""
    if texts is None:
        return {}
    if not isinstance(texts, Mapping):
        raise ParameterError(
            f"{what} must map figures to texts, such as {{{next(iter(known))!r}: …}}; got {shown(texts)}"
        )
    for name in texts:
        if name not in known:
            hint = near(name, known) if isinstance(name, str) else ""
            raise ParameterError(f"{what} names {shown(name)}{hint}; the figures are {', '.join(known)}")
    return dict(texts)
