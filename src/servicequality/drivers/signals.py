"""The map of signals: which measures of the software are worth a look for which figure."""

from typing import NamedTuple

import polars as pl

from servicequality import metrics
from servicequality.checks import called, meant, shown
from servicequality.errors import ParameterError

__all__ = ["SIGNALS", "candidates"]


class Signal(NamedTuple):
    """One thing to look at.

    Attributes:
        outcome: a metric that customers or agents feel, by its name in the catalogue.
        area: the part of the software that it is about.
        metrics: figures of that area, by their names in the catalogue.
        why: how the area can affect the outcome.
        direction: how the outcome's figure moves when the area gets worse.
    """

    outcome: str
    area: str
    metrics: tuple[str, ...]
    why: str
    direction: str


_DOWN, _UP = "falls", "rises"

SIGNALS: tuple[Signal, ...] = (
    Signal("csat", "usability", ("sus", "task_success_rate"), "what is hard to use is blamed on the service", _DOWN),
    Signal(
        "csat",
        "reliability",
        ("availability", "mean_time_to_restore"),
        "an outage spoils what the desk does well",
        _DOWN,
    ),
    Signal("csat", "performance", ("latency", "apdex"), "slow pages feel like slow service", _DOWN),
    Signal("csat", "data integrity", ("data_integrity",), "wrong invoices and addresses anger by themselves", _DOWN),
    Signal("nps", "reliability", ("availability", "incident_rate"), "nobody recommends what fails", _DOWN),
    Signal("nps", "usability", ("umux_lite", "sus"), "ease is what is recommended", _DOWN),
    Signal("nps", "security", ("security_incident_rate", "patch_latency"), "a breach costs trust for long", _DOWN),
    Signal(
        "ces", "workflow design", ("workflow_steps", "reassignment_rate"), "each form and hand-over is effort", _DOWN
    ),
    Signal(
        "ces", "integration quality", ("integration_failure_rate",), "customers retype what systems do not share", _DOWN
    ),
    Signal(
        "ces",
        "usability",
        ("umux_lite", "task_success_rate"),
        "effort in the product is effort with the service",
        _DOWN,
    ),
    Signal(
        "ces",
        "reliability",
        ("incident_rate", "change_failure_rate"),
        "what fails is tried again, and asked about again",
        _DOWN,
    ),
    Signal("ces", "performance", ("latency",), "waiting is effort", _DOWN),
    Signal("first_response_time", "performance", ("latency", "apdex"), "a slow desk tool slows every agent", _UP),
    Signal(
        "first_response_time",
        "automation correctness",
        ("automation_error_rate",),
        "wrong routing waits in a queue",
        _UP,
    ),
    Signal("first_response_time", "reliability", ("incident_rate",), "an outage brings a wave of tickets", _UP),
    Signal(
        "first_response_time",
        "scalability",
        ("scalability", "throughput_rate"),
        "what is slow under load answers late when it matters",
        _UP,
    ),
    Signal("resolution_time", "performance", ("latency", "apdex"), "a slow desk tool slows every step", _UP),
    Signal(
        "resolution_time",
        "automation correctness",
        ("automation_error_rate",),
        "what a rule does wrong is done again by hand",
        _UP,
    ),
    Signal(
        "resolution_time", "workflow design", ("workflow_steps", "escalation_rate"), "each step is a place to wait", _UP
    ),
    Signal(
        "resolution_time", "integration quality", ("integration_failure_rate",), "agents look things up by hand", _UP
    ),
    Signal(
        "resolution_time",
        "software quality",
        ("defect_density", "escaped_defect_rate"),
        "a defect waits for a release",
        _UP,
    ),
    Signal("resolution_time", "data integrity", ("data_integrity",), "wrong records must be mended first", _UP),
    Signal(
        "backlog",
        "scalability",
        ("scalability", "throughput_rate"),
        "what is slow under load brings its tickets at once",
        _UP,
    ),
    Signal(
        "backlog",
        "reliability",
        ("incident_rate", "change_failure_rate"),
        "failures make tickets faster than people",
        _UP,
    ),
    Signal("backlog", "software quality", ("user_reported_bug_rate",), "every known bug comes back as a ticket", _UP),
    Signal(
        "backlog", "automation correctness", ("automation_error_rate",), "what a rule does wrong is done again", _UP
    ),
    Signal("ticket_volume", "usability", ("task_success_rate",), "people ask for what they cannot do", _UP),
    Signal(
        "ticket_volume", "reliability", ("incident_rate", "availability"), "an outage is asked about by everybody", _UP
    ),
    Signal("qa_score", "workflow design", ("workflow_steps",), "long procedures are cut short", _DOWN),
    Signal("qa_score", "usability", ("sus", "training_time"), "agents err where their tool misleads", _DOWN),
    Signal("agent_error_rate", "usability", ("sus", "training_time"), "agents err where their tool misleads", _UP),
    Signal("agent_error_rate", "data integrity", ("data_integrity",), "a right answer from wrong data is wrong", _UP),
    Signal(
        "agent_error_rate", "automation correctness", ("automation_error_rate",), "a wrong suggestion is followed", _UP
    ),
    Signal("churn_rate", "reliability", ("availability",), "who cannot work with it leaves", _UP),
    Signal("churn_rate", "usability", ("sus",), "who cannot use it leaves", _UP),
)
"""What to look at first, the areas of each figure in the order in which the field looks at them.

Each line is a place to look, held by practice and no finding about your data.
"""


def candidates(outcome: str | None = None) -> pl.DataFrame:
    """The signals worth looking at for one figure, or all of them, as a frame.

    The first two areas of a figure are the field's own: low satisfaction points to usability and reliability; much effort
    to the design of workflows and to integration; long responses and resolutions to performance and to automation that
    errs; a growing backlog to scalability and reliability; errors of agents to usability and the integrity of data.

    Args:
        outcome: the figure's name in the catalogue or one of its other names there: "csat", "CES", "FRT", "MTTR". One that
            several figures have gives the signals of each. None for all.

    Returns:
        Columns `outcome, area, metrics, why, direction`; `metrics` are names in the catalogue, `direction` says how the
        outcome's figure moves when the area gets worse.

    Raises:
        ParameterError: no signal is kept for that figure.
    """
    words = {signal.outcome: _other_names(signal.outcome) for signal in SIGNALS}
    chosen = list(words) if outcome is None else called(outcome, words) if isinstance(outcome, str) else []
    if not chosen:
        likely = meant(outcome, words) if isinstance(outcome, str) else []
        hint = f" (did you mean {shown(likely[0])}?)" if likely else ""
        raise ParameterError(f"no signals are kept for {shown(outcome)}{hint}; there are some for {', '.join(words)}")
    kept = [signal for signal in SIGNALS if signal.outcome in chosen]
    return pl.DataFrame(
        {field: [getattr(signal, field) for signal in kept] for field in Signal._fields},
        schema_overrides={"metrics": pl.List(pl.String)},
    )


def _other_names(outcome: str) -> tuple[str, ...]:
    spec = getattr(metrics, outcome).spec
    return spec.label, spec.title, *spec.aliases
