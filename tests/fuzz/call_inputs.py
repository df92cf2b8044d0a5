"""Calls whose arguments are anything: definitions, methods of metrics, calendars, texts in TOML, files, catalogue."""

import datetime as dt
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

import servicequality as sq
from fuzz import grammar, oracle
from fuzz.function_inputs import JUNK
from fuzz.functions import SCHEDULES
from fuzz.grammar import NOON, Generator, chance, pick
from fuzz.source import Source, opened, text_of
from servicequality import catalogue, control, model, report, servqual, sla, worktime
from servicequality.catalogue.searching import definitions
from servicequality.report.column_map import ColumnMap
from test_laws import CALLS, REQUIRED

_TOML = (
    '""', '"x"', '"*"', "1", "-1", "0", "1e308", "nan", "inf", "-inf", "true", "[]", "{}", "[[1]]", '["a", 1]', "[[]]",
    "2026-01-01", "2026-01-01T00:00:00", "2026-01-01T00:00:00Z", "12:00:00", "9223372036854775807", "0x7f", '[["09:00"]]',
    '"\\u0000"', '"nps"', '{ a = 1 }', '[{ a = 1 }]', "[" * 60 + "]" * 60, '"""\n"""', "99999999999999999999",
)  # fmt: skip
_CARD: Mapping[str, str] = {
    "period": '"week"', "mode": '"period_end"', "objective": '[{ metric = "nps", at_least = 30 }]',
    "objective ": '[{ metric = "csat", options = { scale = [1, 5] }, at_least = 0.8, by = ["k"] }]',
}  # fmt: skip
_OBJECTIVE: Mapping[str, str] = {
    "metric": '"nps"', "options": "{ detractor_max = 6 }", "where": '{ k = "a" }', "at_least": "30", "at_most": "0.2",
    "change": "1", "by": '"k"', "period": '"month"', "at": '"at"', "name": '"x"', "benchmark": "1", "benchmark_source": '"s"',
}  # fmt: skip
_SCHEDULE: Mapping[str, str] = {
    "timezone": '"Europe/Berlin"', "name": '"office"', "week": '{ mon = [["09:00", "17:00"]] }',
    "holidays": '["2026-01-01"]', "exceptions": '{ "2026-01-02" = [["10:00", "12:00"]] }',
    "breaks": '{ mon = [["12:00", "13:00"]] }',
}  # fmt: skip
_SCALE: Mapping[str, str] = {
    "name": '"s"', "dimensions": "{ a = [1, 2], b = [3] }", "low": "1", "high": "7", "reversed": "[1]",
    "standard": '"none"', "items": "[1, 2, 3]", "whole": "true",
}  # fmt: skip
_MAP: Mapping[str, str] = {
    "tickets": '{ ticket_id = "id", created_at = "at" }', "updates": '{ at = "u", status = "s" }', "by": '["k"]',
    "every": '"1mo"', "open_at": "[2026-01-01]", "sla_met": '"m"', "satisfied": '"y"', "missing": '["?"]',
    "datetime": '"%d/%m/%Y"', "timezone": '"UTC"', "as_of": "2026-01-01", "title": '"t"', "source": '"s"',
}  # fmt: skip
_INSTANTS = (
    NOON, dt.datetime(1, 1, 1, tzinfo=dt.UTC), dt.datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=dt.UTC),
    NOON.replace(tzinfo=None), dt.datetime(9999, 12, 31, tzinfo=dt.timezone(-dt.timedelta(hours=23))), "start", "end",
    dt.datetime(1970, 1, 1, tzinfo=dt.UTC), dt.datetime(2026, 10, 25, 2, 30, tzinfo=dt.timezone(dt.timedelta(hours=2))),
)  # fmt: skip
_SECONDS = (
    0,
    1,
    -1,
    0.5,
    1e308,
    -1e308,
    float("nan"),
    float("inf"),
    3.1e11,
    3.3e11,
    -3.1e11,
    2**70,
    5e-324,
    "seconds",
    3600,
)


@dataclass(frozen=True, kw_only=True)
class CallInput:
    """One call; only what comes out of it is looked at.

    Attributes:
        name: what is called.
        lines: the call as Python.
        call: the call.
    """

    name: str
    lines: str
    call: Callable[[], Any]

    @property
    def frames(self) -> tuple[pl.DataFrame, ...]:
        """Nothing is made smaller."""
        return ()

    def text(self) -> str:
        """The call as Python."""
        return self.lines

    def check(self) -> tuple[str, list[oracle.FaultError]]:
        """Run the call: how it ended, and the faults."""
        try:
            answer = oracle.called(self.call)
        except oracle.FaultError as fault:
            return "failed", [fault]
        return ("answered" if answer.error is None else "refused"), []


def draw(rng: Generator) -> CallInput:
    """An input of any kind."""
    return pick(rng, _KINDS)(rng)


def _call(
    name: str, function: Callable[..., Any], /, *args: Any, then: Callable[[Any], Any] | None = None, **kwargs: Any
) -> CallInput:
    message = [*map(text_of, args), *(f"{key}={text_of(value)}" for key, value in kwargs.items())]
    given = [opened(one) for one in args]
    named = {key: opened(value) for key, value in kwargs.items()}

    def call() -> Any:
        result = function(*given, **named)
        return result if then is None else then(result)

    return CallInput(name=name, lines=f"{name}({', '.join(message)})", call=call)


def _some(rng: Generator, parameters: list[str], fine: Mapping[str, Any], share: float) -> dict[str, Any]:
    """Some of the parameters with anything, the rest as they should be."""
    drawn = {name: pick(rng, JUNK) for name in parameters if chance(rng, share)}
    return {**fine, **drawn}


def _definition(rng: Generator) -> CallInput:
    definition = pick(rng, [one for one in definitions() if not one.spec.table])
    spec = definition.spec
    needed = {one.name: REQUIRED[one.name] for one in spec.parameters.parameters.values() if one.default is one.empty}
    given = {**needed, **pick(rng, CALLS.get(spec.name, [{}]))}
    given[pick(rng, [*spec.parameters.parameters])] = pick(rng, JUNK)
    return _call(f"sq.{spec.name}", definition, **given)


def _method(rng: Generator) -> CallInput:
    metric = sq.nps("score")
    frame = pl.DataFrame({"score": [1, 9, None, 10], "k": ["a", "b", "a", None]})
    state = metric.partial(frame)
    column = pl.col("score")
    conditions = (
        Source(pl.lit(value=True), "pl.lit(True)"), Source(column > column.mean(), 'pl.col("score") > pl.col("score").mean()'),
        Source(column.shift(1) > 1, 'pl.col("score").shift(1) > 1'), Source(pl.col("k"), 'pl.col("k")'),
        Source(column.sum().over("k") > 3, 'pl.col("score").sum().over("k") > 3'), Source(pl.all(), "pl.all()"),
        Source(column.rank() > 1, 'pl.col("score").rank() > 1'), Source(pl.col("nope") > 1, 'pl.col("nope") > 1'),
        Source(pl.col("^.*$") > 1, 'pl.col("^.*$") > 1'), Source(column + 1, 'pl.col("score") + 1'),
        Source(column > pl.lit("x"), 'pl.col("score") > pl.lit("x")'), *JUNK,
    )  # fmt: skip
    kind = int(rng.integers(6))
    junk = pick(rng, JUNK)
    if kind <= 1:
        chosen = pick(rng, conditions)
        return _call('sq.nps("score").where', lambda condition: sq.evaluate(frame, metric.where(condition)), chosen)
    if kind == 2:
        return _call(
            'sq.nps("score").named',
            lambda name: sq.evaluate(frame, metric.named(name)),
            pick(rng, (*JUNK, *grammar.NAMES)),
        )
    if kind == 3:
        return _call('sq.nps("score").merge', metric.merge, pick(rng, (junk, [junk], [Source(state, "state"), junk])))
    if kind == 4:
        return _call('sq.nps("score").finish', metric.finish, junk)
    return _call('sq.nps("score").estimate', metric.estimate, pick(rng, (junk, [junk, 1], [1, "a"], [None], [])))


def _file(rng: Generator) -> CallInput:
    metric = sq.nps("score")
    kind = pick(rng, ("absent", "empty", "text", "cut", "other table", "folder"))
    verb = pick(rng, ("load", "merge", "ColumnMap.load"))

    def call() -> Any:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "state.parquet"
            if kind == "folder":
                path = Path(folder)
            elif kind == "other table":
                pl.DataFrame({"a": [1]}).write_parquet(path)
            elif kind == "cut":
                metric.save(metric.partial(pl.DataFrame({"score": [1, 9]})), path)
                path.write_bytes(path.read_bytes()[: int(rng.integers(4, 200))])
            elif kind != "absent":
                path.write_text("" if kind == "empty" else "\x00[[[", encoding="utf-8")
            return {"load": metric.load, "merge": lambda one: metric.merge([one]), "ColumnMap.load": ColumnMap.load}[
                verb
            ](path)

    return CallInput(name=f"{verb} of a file", lines=f"{verb}(path)  # the file is: {kind}", call=call)


def _document(rng: Generator) -> CallInput:
    def hostile(table: Mapping[str, str], whole: bool = False) -> dict[str, str]:
        changed = {key: pick(rng, _TOML) if chance(rng, 0.12) else value for key, value in table.items()}
        return {key: value for key, value in changed.items() if chance(rng, 0.8) or whole}

    def write(table: Mapping[str, str]) -> str:
        return "\n".join(f"{key} = {value}" for key, value in table.items())

    kind = int(rng.integers(5))
    broken = pick(rng, ("", "[" * 5000, "a = " + "[" * 5000 + "]" * 5000, "\x00", "= 1", "[a]\n[a]", "objective = 1"))
    if kind == 0:
        top = {key: value for key, value in hostile(_CARD).items() if key != "objective "}
        text = write(top) if chance(rng, 0.3) else "[[objective]]\n" + write(hostile(_OBJECTIVE))
        text = broken if chance(rng, 0.05) else text
        frame = pl.DataFrame({"score": [1, 9], "k": ["a", "b"], "at": [NOON, NOON]})
        return _call(
            "Scorecard.from_toml",
            sq.Scorecard.from_toml,
            text,
            then=lambda card: card.evaluate(frame, as_of=NOON, at="at"),
        )
    if kind == 1:
        text = broken if chance(rng, 0.05) else write(hostile(_SCHEDULE))
        return _call("Schedule.from_toml", worktime.Schedule.from_toml, text, then=lambda one: one.to_toml())
    if kind == 2:
        text = broken if chance(rng, 0.05) else write(hostile(_SCALE))
        return _call("Scale.from_toml", servqual.Scale.from_toml, text, then=lambda one: one.to_toml())
    text = broken if chance(rng, 0.05) else write(hostile(_MAP))

    def load() -> Any:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "map.toml"
            path.write_text(text, encoding="utf-8")
            mapping = ColumnMap.load(path)
            return mapping.columns, mapping.changed, [mapping.instant(day) for day in mapping.open_at]

    return CallInput(name="ColumnMap.load", lines=f"ColumnMap.load(path)  # of the text {text!r}", call=load)


def _calendar(rng: Generator) -> CallInput:
    schedule = pick(rng, SCHEDULES)
    verb = pick(rng, ("between", "add", "next_open", "prev_close", "is_open", "clock"))
    args: list[Any] = [pick(rng, _INSTANTS) if chance(rng, 0.9) else pick(rng, JUNK)]
    if verb == "between":
        args.append(pick(rng, _INSTANTS) if chance(rng, 0.9) else pick(rng, JUNK))
    if verb == "add":
        args.append(pick(rng, _SECONDS) if chance(rng, 0.9) else pick(rng, JUNK))
    n = pick(rng, grammar.SIZES)
    frame = pl.DataFrame([grammar.hostile(rng, label, n) for label in ("start", "end", "seconds")])
    frame = frame.with_columns(
        pl.Series(label, [pick(rng, grammar.INSTANTS) for _ in range(n)], pl.Int64).cast(
            pl.Datetime(pick(rng, grammar.UNITS), "UTC")
        )
        for label in ("start", "end")
        if chance(rng, 0.7)
    )  # fmt: skip

    def answer(result: Any) -> Any:
        if not isinstance(result, pl.Expr):
            return result
        try:
            return frame.select(result)
        except pl.exceptions.ComputeError as error:  # Polars hands an error of ours on as its own
            if "servicequality" in str(error) or "InputError" in str(error) or "expected" in str(error):
                return error
            raise
        except (pl.exceptions.ColumnNotFoundError, sq.errors.ServiceQualityError) as error:
            return error

    made = _call(f"{schedule.text}.{verb}", getattr(schedule.value, verb), *args, then=answer)
    return CallInput(
        name=f"Schedule.{verb}", lines=f"frame = {text_of(frame)}\nframe.select({made.lines})", call=made.call
    )


def _constructor(rng: Generator) -> CallInput:
    kind = int(rng.integers(8))
    junk = pick(rng, JUNK)
    metric = Source(sq.nps("score"), 'sq.nps("score")')
    if kind == 0:
        fine = {
            "at_least": 30,
            "by": "k",
            "period": "month",
            "at": "at",
            "name": "x",
            "benchmark": 1.0,
            "benchmark_source": "s",
        }
        return _call(
            "sq.Objective", sq.Objective, metric if chance(rng, 0.8) else junk, **_some(rng, [*fine], fine, 0.2)
        )
    if kind == 1:
        objective = Source(sq.Objective(metric.value, at_least=30), 'sq.Objective(sq.nps("score"), at_least=30)')
        options = {"as_of": NOON, "at": "at", "timezone": "UTC"} | {
            pick(rng, ("as_of", "at", "timezone", "weight", "cluster")): junk
        }
        frame = pl.DataFrame([pl.Series("score", [1, 9, 10]), grammar.hostile(rng, "at", 3)])
        if chance(rng, 0.5):
            return _call(
                "sq.Scorecard",
                sq.Scorecard,
                [objective],
                period=pick(rng, ("week", junk)),
                mode=pick(rng, ("anytime", junk)),
            )
        return _call(
            "sq.Scorecard([…]).evaluate",
            lambda one, **more: sq.Scorecard([objective.value]).evaluate(one, **more),
            frame,
            **options,
        )
    if kind == 2:
        fine = {"week": {"mon": [("09:00", "17:00")]}, "timezone": "UTC", "holidays": ["2026-01-01"], "name": "x"}
        return _call("worktime.Schedule", worktime.Schedule, **_some(rng, [*fine, "exceptions", "breaks"], fine, 0.25))
    if kind == 3:
        fine = {"clock": "resolution", "seconds": 60, "priority": "a"}
        return _call("sla.Target", sla.Target, **_some(rng, [*fine], fine, 0.4))
    if kind == 4:
        target = Source(sla.Target("resolution", 60), 'sla.Target("resolution", 60)')
        fine = {"name": "x", "targets": [target], "since": NOON}
        return _call("sla.Policy", sla.Policy, **_some(rng, [*fine, "schedule", "paused", "when", "until"], fine, 0.3))
    if kind == 5:
        fine = {"name": "s", "dimensions": {"a": [1, 2]}, "low": 1, "high": 7}
        return _call(
            "servqual.Scale", servqual.Scale, **_some(rng, [*fine, "reversed", "standard", "items", "whole"], fine, 0.2)
        )
    if kind == 6:
        frame = pl.DataFrame([grammar.hostile(rng, label, 3) for label in ("ticket_id", "created_at", "status")])
        options = _some(rng, ["columns", "timezone"], {"columns": {"ticket_id": "ticket_id"}, "timezone": "UTC"}, 0.3)
        return _call(
            "model.conform",
            model.conform,
            pick(rng, (frame, frame, junk)),
            pick(rng, (sq.Ticket, sq.Ticket, junk)),
            **options,
        )
    return _call("model.as_frame", model.as_frame, junk)


def _catalogue(rng: Generator) -> CallInput:
    verb = pick(rng, ("entry", "find", "page"))
    words = pick(rng, (*JUNK, *grammar.TEXTS, *grammar.NAMES, "nps", "response time"))
    return _call(f"catalogue.{verb}", getattr(catalogue, verb), words)


def _chart(rng: Generator) -> CallInput:
    frame = pl.DataFrame(
        [grammar.hostile(rng, label, 5) for label in ("dimension", "value", "low", "high", "period", "n")]
    )
    function = pick(rng, (control.xmr, control.ewma_chart, report.table, report.listing))
    return _call(f"{function.__module__.split('.')[1]}.{function.__name__}", function, frame)


_KINDS = (
    _definition, _definition, _definition, _method, _method, _file, _document, _document, _calendar, _calendar, _constructor,
    _constructor, _catalogue, _chart,
)  # fmt: skip
