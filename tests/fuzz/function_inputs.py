"""Every public function beside the metrics over hostile frames: against plain data, in parts, with any options."""

import datetime as dt
import functools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from fuzz import grammar, metric_inputs, oracle
from fuzz import options as pools
from fuzz.functions import Target, everything
from fuzz.grammar import NOON, Generator, chance, pick
from fuzz.source import Source, opened_all, text_of
from servicequality.checks import is_pattern
from servicequality.model import TABLES, Records, schema_of

JUNK: tuple[Any, ...] = (
    None, "", "nope", "^.*$", "*", -1, 0, 1, 1.5, float("nan"), float("inf"), 10**30, True, [], {}, (), [None], ["nope"],
    b"x", dt.date(2026, 1, 1), NOON.replace(tzinfo=None), dt.datetime(1, 1, 1, tzinfo=dt.UTC), dt.timedelta(days=1),
    dt.datetime(9999, 12, 31, 23, 59, tzinfo=dt.UTC), Source(pl.col("a"), 'pl.col("a")'), Source(object(), "object()"),
    Source(pl.Series("s", [1]), 'pl.Series("s", [1])'), (1, 2), ("a", "b"), {"a": 1}, {"a": "nope"}, [[]], "a" * 1000, 1j,
    Source(pl.DataFrame({"a": [1]}), 'pl.DataFrame({"a": [1]})'), Source(int, "int"),
)  # fmt: skip
HOSTILE: Mapping[str, tuple[Any, ...]] = {
    "every": (*pools.EVERY, None),
    "timezone": pools.ZONES,
    "level": pools.LEVELS,
    "by": pools.BY,
    "weight": pools.STRAYS,
    "cluster": pools.STRAYS,
}
_NO_TABLE: tuple[Any, ...] = (
    None,
    5,
    "frame",
    [1, 2],
    [[1]],
    {"a": 1},
    {"a": [1], "b": [1, 2]},
    object,
    pl.Series("a", [1]),
)
_WORDS = {
    "status": ("new", "open", "pending", "Solved", "closed", "hold", "merged", "odd"),
    "field": ("status", "team", "agent_id", "priority", "tier", "tags"),
    "value": ("new", "open", "pending", "solved", "closed", "a", "b", "hold"),
    "channel": ("a", "b", "note", ""),
    "priority": ("a", "b", "High"),
    "excluded": ("spam", "merged"),
    "outcome": ("met", "missed", "missed_open", "pending", "cancelled"),
}
_MANY = ("responses", "changes", "answers", "reviews", "agent_time")


@dataclass(frozen=True, kw_only=True)
class FunctionInput:
    """One call of one function.

    Attributes:
        target: the function.
        clean: the plain frames.
        worn: the hostile frames, row by row the same.
        layouts: in what form the call gets each frame.
        metrics: the metrics that the call takes.
        options: of the hostile call.
        plain_options: of the call on the plain frames.
        reading: how `Records` are made: options.
        legal: whether the frames are the plain ones in disguise and the options fit.
        lenient: whether one of our errors is an answer even so.
        stranger: something that is not a table, given in the place of the first frame.
    """

    target: Target
    clean: tuple[pl.DataFrame, ...]
    worn: tuple[pl.DataFrame, ...]
    layouts: tuple[str, ...]
    metrics: tuple[Any, ...]
    options: Mapping[str, Any]
    plain_options: Mapping[str, Any]
    reading: Mapping[str, Any]
    legal: bool
    lenient: bool
    stranger: Source | None

    @property
    def name(self) -> str:
        """The function's name."""
        return self.target.name

    @property
    def frames(self) -> tuple[pl.DataFrame, ...]:
        """What may be made smaller."""
        return self.worn

    def of(self, place: int, rows: Any) -> "FunctionInput":
        """The same call on some of the rows of one frame."""
        clean, worn = list(self.clean), list(self.worn)
        clean[place], worn[place] = clean[place][rows], worn[place][rows]
        return replace(self, clean=tuple(clean), worn=tuple(worn))

    def text(self) -> str:
        """The call as Python."""
        lines = [f"frame_{place} = {text_of(one)}" for place, one in enumerate(self.worn)]
        forms = {"lazy": ".lazy()", "pandas": ".to_pandas()", "arrow": ".to_arrow()"}
        given = [f"frame_{place}{forms.get(layout, '')}" for place, layout in enumerate(self.layouts)]
        if self.stranger is not None:
            given[0] = self.stranger.text
        named = [f"{name}={given.pop()}" for name in self.target.named]
        if self.target.records:
            tables = [f"{name}={one}" for name, one in zip(self.target.records, given, strict=True)]
            reading = [f"{name}={text_of(value)}" for name, value in self.reading.items()]
            given = [f"sq.Records({', '.join([*tables, *reading])})"]
        metric = [one.text for one in self.metrics]
        options = [f"{name}={text_of(value)}" for name, value in self.options.items()]
        call = f"{self.name}({', '.join([*given, *metric, *named, *options])})"
        return "\n".join(
            [*lines, call, f"# frames as {', '.join(self.layouts)}; {'legal' if self.legal else 'hostile'}"]
        )

    def check(self) -> tuple[str, list[oracle.FaultError]]:
        """Run the call and its checks: how it ended, and the faults."""
        faults: list[oracle.FaultError] = []
        given = [grammar.laid_out(one, layout) for one, layout in zip(self.worn, self.layouts, strict=True)]
        if self.stranger is not None:
            given[0] = self.stranger.value
        before = [metric_inputs.copy_of(one) for one in given]
        try:
            answer = oracle.called(lambda: self._answer(given, self.options, self.reading))
        except oracle.FaultError as fault:
            return "failed", [fault]
        for one, now in zip(before, given, strict=True):
            oracle.gather(faults, oracle.unchanged, one, now)
        if answer.error is None:
            taken = {name for frame in self.worn for name in frame.columns}
            kept = taken if self.target.keeps else taken - {"value", "low", "high", "n"}
            for name, table in answer.value.items():
                carried = taken if name == "respondents" else kept  # their rows are the caller's own
                oracle.gather(faults, oracle.honest, table, kept=carried)
        if self.legal:
            if not self.target.tells_types:
                oracle.gather(faults, self._as_plain, answer)
            if self.target.parts and answer.error is None:
                oracle.gather(faults, self._in_parts)
        return ("answered" if answer.error is None else "refused"), faults

    def _answer(
        self, given: list[Any], options: Mapping[str, Any], reading: Mapping[str, Any]
    ) -> dict[str, pl.DataFrame]:
        target = self.target
        leading: list[Any] = list(given)
        named = {name: leading.pop() for name in target.named}
        if target.records:
            leading = [Records(**dict(zip(target.records, leading, strict=True)), **opened_all(reading))]
        metrics = [one.value for one in self.metrics]
        result = target.function(*leading, *metrics, **named, **opened_all(options))
        parts = {name: getattr(result, name) for name in target.tables} if target.tables else {"": result}
        return {
            name: read
            for name, part in parts.items()
            if isinstance(read := oracle.collected(part), pl.DataFrame) or (read is None and target.tables)
        }

    def _as_plain(self, answer: oracle.Answer) -> None:
        """The plain frames give the same."""
        plain = oracle.called(lambda: self._answer(list(self.clean), self.plain_options, {}))
        if oracle.refused(answer, plain, lenient=self.lenient):
            return
        for name, right in plain.value.items():
            left = answer.value[name]
            both = [column for column in right.columns if column in left.columns]
            if lost := set(right.columns) - set(left.columns) - {*self.target.roles.values()}:
                raise oracle.FaultError("disagreement", f"{name}: columns {sorted(lost)} are lost")
            what = f"plain data {name}".strip()
            oracle.same(_plain(left.select(both)), _plain(right.select(both)), size=self.size, what=what)

    def _in_parts(self) -> None:
        """Tickets of two parts, one after the other, are the tickets of the whole."""
        whole = oracle.called(lambda: self._answer(list(self.clean), self.plain_options, {}))
        halves = []
        for part in (0, 1):
            own = pl.col("ticket_id").cast(pl.String).str.len_bytes() % 2 == part
            frames = [one.filter(own) if "ticket_id" in one else one for one in self.clean]
            halves.append(oracle.called(lambda frames=frames: self._answer(frames, self.plain_options, {})))
        if whole.error is not None or any(half.error is not None for half in halves):
            return
        left = pl.concat([half.value[""] for half in halves], how="diagonal_relaxed")
        right = whole.value[""]
        order = [
            name
            for name in ("ticket_id", "policy", "kind", "sequence", "started_at", "status")
            if name in right.columns
        ]
        both = [name for name in right.columns if name in left.columns]
        left, right = (one.select(both).sort(order, nulls_last=True) for one in (left, right))
        oracle.same(_plain(left), _plain(right), size=self.size, what="two parts of the tickets for the whole")

    @functools.cached_property
    def size(self) -> float:
        """The order of magnitude of what is added."""
        columns = [one for frame in self.clean for one in frame if one.dtype.is_numeric()]
        ends = [one.alias("column").cast(pl.Float64).fill_nan(None).abs().max() for one in columns]
        return max([100.0, *(float(one) for one in ends if one is not None)])  # type: ignore[arg-type]


def draw(rng: Generator, chosen: Target | None = None) -> FunctionInput:
    """An input of any function, or of one."""
    target = pick(rng, everything()) if chosen is None else chosen
    legal = chance(rng, 0.5)
    metrics: list[tuple[Source, Any]] = []
    if target.metrics:
        one = metric_inputs.draw(rng)
        metrics.append((one.plain_metric, one.plain))
    inputs = [bound for _, metric in metrics for bound in metric.inputs]
    clean, worn = [], []
    lenient, days_moved = not legal, False
    names = _roles(rng, target) if chance(rng, 0.4) else {}
    for place, columns in enumerate(target.frames):
        table = target.records[place] if target.records else ""
        n = pick(rng, grammar.SIZES)
        plain = [_column(rng, target, table, name, kind, n) for name, kind in columns.items()]
        plain += [pools.values_of(rng, bound, n) for bound in inputs if bound.name not in columns]
        numbers = grammar.number_type(rng)
        dressed = [grammar.disguised(rng, column, numbers) if chance(rng, 0.4) else column for column in plain]
        lenient |= any(
            column.dtype.is_numeric() and column.dtype.base_type() not in grammar.ORDINARY for column in dressed
        ) or any(
            column.dtype.is_numeric() != other.dtype.is_numeric() for column, other in zip(plain, dressed, strict=True)
        )
        days = [column for column, kind in zip(dressed, columns.values(), strict=False) if kind == "days"]
        days_moved |= any(getattr(column.dtype, "time_zone", None) not in (None, "UTC") for column in days)
        clean.append(pl.DataFrame([grammar.plain(column) for column in dressed]))
        if not legal:
            dressed = [grammar.hostile(rng, one.name, n) if chance(rng, 0.25) else one for one in dressed]
            if chance(rng, 0.1):
                dressed.pop(int(rng.integers(len(dressed))))
        renamed = {column: name for column, name in names.items() if column in columns}
        taken = {renamed.get(one.name, one.name) for one in dressed}
        frame = grammar.framed(one.alias(renamed.get(one.name, one.name)) for one in dressed)
        extra = [grammar.hostile(rng, grammar.name(rng, taken), n) for _ in range(rng.integers(2))]
        worn.append(frame.with_columns(extra) if frame.width else frame)
        lenient |= "" in taken  # Arrow and lists give a column without a name another
    own = {name: pick(rng, values) for name, values in target.always.items()}
    own |= {name: pick(rng, values) for name, values in target.options.items() if chance(rng, 0.35)}
    if "timezone" in target.options:  # else the days are those of the column's zone, which a disguise changes
        own["timezone"] = pick(rng, target.options["timezone"])
    lenient |= days_moved and "every" in own  # midnights of UTC lie between the days of another zone
    options = {name: _renamed(value, names) for name, value in own.items()}
    options |= {role: names.get(column, column) for role, column in target.roles.items()}
    own |= target.roles
    # Tables refuse names that are patterns or that stand in every result; a mapping beside a metric is of grains.
    if getattr(getattr(target.function, "spec", None), "table", False):
        lenient |= any(is_pattern(name) or name in grammar.RESERVED for name in names.values())
    layouts = tuple(pick(rng, grammar.LAYOUTS) for _ in worn)
    lenient |= target.metrics > 0 and "mapping" in layouts
    reading: dict[str, Any] = {}
    if not legal:
        for option in [*options, *target.options]:
            if chance(rng, 0.15):
                pool = HOSTILE.get(option, JUNK) if chance(rng, 0.6) else JUNK
                options[option] = pick(rng, pool)
        if target.records and chance(rng, 0.15):
            reading["timezone"] = pick(rng, pools.ZONES)
        if target.records and chance(rng, 0.1):
            reading["columns"] = pick(rng, JUNK)
    stranger = pick(rng, _NO_TABLE) if not legal and chance(rng, 0.03) else None
    return FunctionInput(
        target=target,
        clean=tuple(clean),
        worn=tuple(worn),
        layouts=layouts,
        metrics=tuple(source for source, _ in metrics),
        options=options,
        plain_options=own,
        reading=reading,
        legal=legal,
        lenient=lenient,
        stranger=None if stranger is None else Source(stranger, text_of(stranger)),
    )


def _roles(rng: Generator, target: Target) -> dict[str, str]:
    """Columns under hostile names, which the call gives."""
    taken = {name for columns in target.frames for name in columns}
    columns = list(dict.fromkeys(target.roles.values()))
    return {column: grammar.name(rng, taken) for column in columns if chance(rng, 0.5)}


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return names.get(value, value)
    return [names.get(one, one) if isinstance(one, str) else one for one in value] if isinstance(value, list) else value


def _column(rng: Generator, target: Target, table: str, name: str, kind: str, n: int) -> pl.Series:
    """Values of a column that the function reads."""
    if table:
        return _field(rng, table, name, n)
    if kind.startswith("domain:"):
        domain = target.function.spec.inputs[kind.removeprefix("domain:")]
        bound = type("Bound", (), {"name": name, "domain": domain, "low": domain.low, "high": domain.high,
                                   "choices": domain.choices, "missing": ()})  # fmt: skip
        return pools.values_of(rng, bound, n)
    own = next((one for one in ("tickets", "reviews", "contacts") if name in TABLES[one].__dataclass_fields__), None)
    if own is not None and kind == name:
        return _field(rng, own, name, n)
    holes = rng.random(n) < pick(rng, (0.0, 0.0, 0.1))
    number = rng.uniform(0, 1, size=n)
    values: list[Any] = {
        "number": lambda: [float(one) for one in (number * 40 - 20).round(2)],
        "positive": lambda: [float(one) for one in (number * 40).round(2)],
        "share": lambda: [float(one) for one in number.round(3)],
        "count": lambda: [float(one) for one in (number * 100).round()],
        "1..7": lambda: [float(one) for one in rng.integers(1, 8, size=n)],
        "flag": lambda: [bool(one) for one in rng.integers(2, size=n)],
        "instant": lambda: [NOON + dt.timedelta(hours=int(one)) for one in rng.integers(-99, 99, size=n)],
        "days": lambda: [NOON.replace(hour=0) + dt.timedelta(days=place - 40) for place in range(n)],
        "row": lambda: [f"r{place}" for place in range(n)],
        "key": lambda: [pick(rng, ("a", "b", "c")) for _ in range(n)],
        "id": lambda: ["x" * int(one) for one in rng.integers(1, 9, size=n)],
        "outcome": lambda: [pick(rng, _WORDS["outcome"]) for _ in range(n)],
    }[kind]()
    dtype: Any = {"flag": pl.Boolean, "instant": pl.Datetime("us", "UTC"), "days": pl.Datetime("us", "UTC")}.get(
        kind, pl.String if kind in ("row", "key", "id", "outcome") else pl.Float64
    )
    if kind in ("number", "count", "share", "positive", "1..7"):
        values = [None if hole else one for one, hole in zip(values, holes, strict=True)]
    return pl.Series(name, values, dtype)


def _field(rng: Generator, table: str, name: str, n: int) -> pl.Series:
    """Values of a field of a record: ids from a few, one a row where they name the row; instants in their usual order."""
    dtype = schema_of(TABLES[table])[name]
    holes = rng.random(n) < pick(rng, (0.0, 0.1, 0.5))
    values: list[Any]
    if table == "agents" and name == "agent_id":  # one row an agent; some of them write
        return pl.Series(name, ["abc"[place] if place < 3 else "t" * place for place in range(n)], pl.String)
    if name in ("ticket_id", "review_id", "respondent_id") or name == f"{table.removesuffix('s')}_id":
        own = table not in _MANY and name != "respondent_id"
        return pl.Series(name, ["t" * (place + 1 if own else int(rng.integers(1, 9))) for place in range(n)], pl.String)
    if isinstance(dtype, pl.Enum):
        values = [pick(rng, dtype.categories.to_list()) for _ in range(n)]
    elif dtype == pl.String:
        values = [pick(rng, _WORDS.get(name, ("a", "b", "c"))) for _ in range(n)]
    elif isinstance(dtype, pl.Datetime):
        early, late = {"created_at": (-96, -48), "at": (-47, 20), "valid_from": (-96, -20), "valid_to": (-19, 40)}.get(
            name, (-47, 40)
        )
        minutes = rng.integers(early * 60, late * 60, size=n)
        values = [NOON + dt.timedelta(minutes=int(one)) for one in minutes]
    elif dtype == pl.Boolean:
        values = [bool(one) for one in rng.integers(2, size=n)]
    elif name in ("scale_min", "scale_max"):
        values = [0.0 if name == "scale_min" else 10.0] * n
    else:
        values = [float(one) for one in rng.integers(0, 11, size=n)]
    if name in ("created_at", "at", "field", "category", "question", "scale_min", "scale_max", "author"):
        holes = holes & False
    dtype = pl.String() if isinstance(dtype, pl.Enum) else pl.Float64() if dtype.is_integer() else dtype
    return pl.Series(name, [None if hole else one for one, hole in zip(values, holes, strict=True)], dtype)


def _plain(frame: pl.DataFrame) -> pl.DataFrame:
    """A result in the plainest types."""
    return pl.DataFrame([grammar.plain(column) for column in frame]) if frame.width else frame
