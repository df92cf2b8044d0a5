"""An example of every metric: code to show and what it prints, run when it is requested."""

import contextlib
import functools
import io
import itertools
from collections.abc import Mapping
from typing import Any, NamedTuple

import polars as pl

from servicequality.columns import Column
from servicequality.core import Spec

__all__ = ["Example", "example"]

_WIDTH = 100
_N_ROWS = 12

_DESK = """\
import servicequality as sq
from servicequality.datasets import service_desk_with_truth
{imports}
desk, truth = service_desk_with_truth(2_000, seed=7)
as_of = truth.as_of
"""
_BOT_DESK = """\
from datetime import UTC, datetime

import servicequality as sq
from servicequality.datasets import bot_desk

as_of = datetime(2026, 3, 30, tzinfo=UTC)
desk = bot_desk(2_000, seed=7, as_of=as_of)
"""
_ANSWERS = """\
channels = desk.tickets.select("ticket_id", "channel")
rows = desk.answers.filter(question="{question}").join(channels, on="ticket_id")
"""
_TICKETS = 'rows = follow_ups(facts(desk, as_of=as_of, paused=("hold",)), as_of=as_of)\n'
_CLOCKS = "rows = due_clocks(facts(desk, as_of=as_of), as_of=as_of)\n"
_WAITS = "rows = reply_waits(desk, as_of=as_of)\n"
_UPTIME = """\
rows = sq.uptime(
    desk.incidents, since=as_of - timedelta(days=90), until=as_of, by="service", every="1w", timezone="Europe/Berlin"
)
"""
_FOLLOWED = 'rows = sq.answer_follow_ups(desk, question="csat", as_of=as_of)\n'
_EPISODES = "rows = sq.episodes(desk, as_of=as_of)\n"
_FLOW = 'rows = sq.flow(desk, every="1w", as_of=as_of, by="channel", timezone="Europe/Berlin").collect()\n'
_PRESENCE = 'rows = sq.presence(desk, since=as_of - timedelta(days=90), until=as_of, wrap="wrap_seconds")\n'
_FACTS = "from servicequality.events import facts\n"
_SURVEY = """\
import servicequality as sq
from servicequality.datasets import servqual_survey
from servicequality.servqual import SERVQUAL_1991, score

survey = servqual_survey(500, seed=7)
rows = score(survey.lazy(), SERVQUAL_1991, importance="points_").respondents
"""

_TABLES = {
    "account": "accounts",
    "contact": "contacts",
    "deployment": "deployments",
    "incident": "incidents",
    "review": "reviews",
    "session": "sessions",
}
"""The desk's tables that need no preparation, by the grain of their rows."""

_BY_GRAIN = {
    "answer": _DESK.format(imports="") + _ANSWERS,
    "ticket": _DESK.format(imports="from servicequality.events import follow_ups, facts\n") + _TICKETS,
    "clock": _DESK.format(imports=_FACTS + "from servicequality.sla import due_clocks\n") + _CLOCKS,
    "wait": _DESK.format(imports="from servicequality.events import reply_waits\n") + _WAITS,
    "rated answer": _BOT_DESK + _FOLLOWED,
    "change": _BOT_DESK + "rows = desk.changes\n",
    "episode": _BOT_DESK + _EPISODES,
    "scored review": _DESK.format(imports="") + "rows = sq.review_scores(desk.reviews)\n",
    "flow period": _DESK.format(imports="") + _FLOW,
    "agent period": "from datetime import timedelta\n\n" + _DESK.format(imports="") + _PRESENCE,
    "service period": "from datetime import timedelta\n\n" + _DESK.format(imports="") + _UPTIME,
    **{grain: _DESK.format(imports="") + f"rows = desk.{table}\n" for grain, table in _TABLES.items()},
    "respondent": _SURVEY,
}
"""How the rows of each grain are made; a metric of another grain is shown on made-up rows."""
_GROUPS = {
    "account": "segment",
    "contact": "queue",
    "deployment": "service",
    "episode": "category",
    "incident": "service",
    "respondent": "branch",
    "review": "category",
    "scored review": "reviewer_id",
    "service period": "service",
}
"""The column by which the rows of a grain are grouped; the channel elsewhere, if they have one."""
_OPTIONS = {
    "scale": "(1, 5)",
    "version": '"v2"',
    "as_of": "as_of",
    "definition": '"one_touch"',
    "dimension": '"reliability"',
}
"""What the generated desk says to options without a default: its CSAT question has five points, its CES is version 2."""


class Example(NamedTuple):
    """Python to show, and what it prints."""

    code: str
    output: str


def example(spec: Spec) -> Example | None:
    """The metric on the generated desk, overall and by group; on made-up rows if the desk has no such columns.

    The definition's own example goes first, where its docstring has one. None for a metric with a required option that only
    its user can know, or with columns without example values.
    """
    head = _BY_GRAIN.get(spec.grain, "").format(question=_question(spec))
    if spec.example:
        return _own(spec.example, head)
    parameters = spec.parameters.parameters
    required = [name for name, parameter in parameters.items() if parameter.default is parameter.empty]
    if spec.table or any(name not in _OPTIONS for name in required):
        return None
    options = ", ".join(f"{name}={_OPTIONS[name]}" for name in required)
    needed = spec.inputs.keys() - spec.optional
    columns = [
        str(column)
        for name, parameter in parameters.items()
        if name in needed and parameter.default is not parameter.empty
        for column in spec.inputs[name].names(parameter.default)
    ]
    available = set(_namespace(head)["rows"].collect_schema().names()) if head else set()
    if head and set(columns) <= available:
        tail = f"metric = sq.{spec.name}({options})\nprint(metric.estimate(rows))\n"
        group = _GROUPS.get(spec.grain, "channel")
        if group in available:
            shown = f'"{group}", "value", "low", "high", "n"'
            tail += f'print(sq.evaluate(rows, metric, by="{group}").select({shown}).collect())\n'
        return _run(head, tail)
    made_up = {
        str(name): _values(column)
        for key, column in spec.inputs.items()
        if parameters[key].default
        for name in column.names(parameters[key].default)
    }
    if not all(made_up.values()):
        return None
    head = "import servicequality as sq\n\n"
    return _run(head, f"rows = {made_up!r}\nprint(sq.{spec.name}({options}).estimate(rows))\n")


def _own(code: str, head: str) -> Example:
    """A definition's own example, its imports before those of the desk, which it need not have."""
    if not head:
        head = (
            _DESK.format(imports="")
            if "as_of" in code and "as_of = " not in code
            else "import servicequality as sq\n\n"
        )
    lines = code.splitlines()
    imports = list(itertools.takewhile(lambda line: line.startswith(("import ", "from ")), lines))
    body = "\n".join(lines[len(imports) :]).lstrip("\n")
    return _run("".join(f"{line}\n" for line in [*imports, *([""] if imports else [])]) + head, body + "\n")


def _question(spec: Spec) -> str:
    """Which of the desk's survey questions the metric reads: that of 0-10, that of effort, else that of satisfaction."""
    first = next(iter(spec.inputs.values()), None)
    if first is None:
        return "csat"
    return "nps" if first.high == 10 else "ces" if first.scales is not None else "csat"


def _values(column: Column) -> list[Any]:
    """A few legal values; none for instants, which nobody reads as a list."""
    legal: list[Any]
    if column.kind == "instant":
        return []
    if column.choices:
        legal = list(column.choices)
    elif column.kind == "category":
        legal = ["a", "b", "c"]
    elif column.kind == "flag":
        legal = [True, True, False]
    else:
        low = int(column.low or 0)
        legal = list(range(low, int(column.high if column.high is not None else low + 5) + 1))
    return list(itertools.islice(itertools.cycle(legal), _N_ROWS))


@functools.cache
def _namespace(head: str) -> Mapping[str, Any]:
    """What the first lines of an example leave behind; they are the same for many metrics."""
    names: dict[str, Any] = {}
    exec(head, names)
    return names


def _run(head: str, tail: str) -> Example:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), pl.Config(tbl_width_chars=_WIDTH):
        exec(tail, dict(_namespace(head)))
    return Example(head + tail, printed.getvalue().rstrip() + "\n")
