"""Every metric over hostile frames: against the same call on plain data, and against every other way to call it."""

import copy
import functools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

import servicequality as sq
from fuzz import grammar, oracle
from fuzz.grammar import Generator, chance, pick
from fuzz.options import options_of, values_of
from fuzz.source import Source, frame_text, opened_all, text_of
from fuzz.ways import OF_PARTS, OURS, WAYS
from servicequality.catalogue.searching import definitions
from servicequality.core import Definition, Metric
from servicequality.core.results import RESULT
from servicequality.errors import ParameterError
from servicequality.model import as_frame
from servicequality.shapes import WholeShape
from test_laws import CALLS, REQUIRED


@dataclass(frozen=True, kw_only=True)
class MetricInput:
    """One call of one metric.

    Attributes:
        name: the definition's name.
        metric: the metric on the hostile frame, and the text that makes it.
        plain: the metric on the plain frame.
        plain_metric: the same with its text.
        clean: the plain frame.
        frame: the hostile frame, row by row the same.
        layout: in what form the call gets the frame.
        options: of the call on the hostile frame.
        plain_options: of the call on the plain frame.
        keys: hostile values of each key by plain key.
        legal: whether the frame is the plain one in disguise and the options fit.
        lenient: whether one of our errors is an answer even so.
        ways: further ways to call that have to agree.
    """

    name: str
    metric: Source
    plain: Metric
    plain_metric: Source
    clean: pl.DataFrame
    frame: pl.DataFrame
    layout: str
    options: Mapping[str, Any]
    plain_options: Mapping[str, Any]
    legal: bool
    lenient: bool
    ways: tuple[str, ...]

    @property
    def frames(self) -> tuple[pl.DataFrame, ...]:
        """What may be made smaller."""
        return (self.frame,)

    def of(self, _place: int, rows: Any) -> "MetricInput":
        """The same call on some of the rows."""
        return replace(self, clean=self.clean[rows], frame=self.frame[rows])

    def text(self) -> str:
        """The call as Python."""
        options = "".join(f", {name}={text_of(value)}" for name, value in self.options.items())
        given = {"lazy": "frame.lazy()", "pandas": "frame.to_pandas()", "arrow": "frame.to_arrow()"}
        shown = given.get(self.layout, "frame")
        lines = [f"frame = {frame_text(self.frame)}", f"metric = {self.metric.text}"]
        lines += [f"sq.evaluate({shown}, metric{options})  # frame as: {self.layout}"]
        return "\n".join([*lines, f"# ways: {', '.join(self.ways)}; {'legal' if self.legal else 'hostile'}"])

    def check(self) -> tuple[str, list[oracle.FaultError]]:
        """Run the call and its checks: how it ended, and the faults."""
        faults: list[oracle.FaultError] = []
        given = grammar.laid_out(self.frame, self.layout)
        before = copy_of(given)
        options = opened_all(self.options)
        metric = self.metric.value
        try:
            answer = oracle.called(lambda: oracle.collected(sq.evaluate(given, metric, **options)))
        except oracle.FaultError as fault:
            return "failed", [fault]
        oracle.gather(faults, oracle.unchanged, before, given)
        if self.legal:
            oracle.gather(faults, self._as_plain, answer, given)
        if answer.error is not None:
            oracle.gather(faults, self._no_number, answer.error)
            return "refused", faults
        result = answer.value
        figures = result.select(result.columns[-len(RESULT) :])
        oracle.gather(faults, oracle.honest, figures)
        if not _census(metric):
            oracle.gather(faults, oracle.add_up, figures, self.frame.height)
        # What came from pandas or from lists has other types: the ways are compared on the frame that it became.
        seen = replace(self, frame=oracle.collected(as_frame(given)), layout="plain")
        # A column without a type is typed by `evaluate`, and an error of Polars in the caller's own plan.
        untyped = any(seen.frame.schema[bound.name] == pl.Null for bound in metric.inputs)
        for way in self.ways if self.legal or _tame(seen.frame) else ():
            if untyped and way in ("expr", "group_by", "over"):
                continue
            oracle.gather(faults, WAYS[way], seen, result, options)
        return "answered", faults

    @functools.cached_property
    def size(self) -> float:
        """The order of magnitude of what is added."""
        numbers = [
            float(largest)
            for column in (one.alias("column") for one in self.clean)
            if column.dtype.is_numeric() and (largest := column.cast(pl.Float64).fill_nan(None).abs().max()) is not None
        ]
        ends = [abs(bound) for bound in self.plain.bounds if np.isfinite(bound)]
        return max([1.0, *numbers, *ends])

    def _as_plain(self, answer: oracle.Answer, given: Any) -> None:
        """The plain data give the same."""
        plain = oracle.called(lambda: sq.evaluate(self.clean, self.plain, **self.plain_options))
        if oracle.refused(answer, plain, lenient=self.lenient):
            return
        oracle.honest(plain.value)
        own = list(self.plain_options.get("by", ()))
        result = answer.value.clone()
        if result.width != len(own) + len(RESULT) + 1:
            raise oracle.FaultError("disagreement", f"columns {result.columns} for {len(own)} keys and the figures")
        result.columns = [*(OURS + str(place) for place in range(len(own))), *result.columns[len(own) :]]
        held = oracle.collected(as_frame(given)) if own else None
        for place, key in enumerate(own):
            hostile = held[self.options["by"][place]].alias(OURS + str(place))
            names = pl.DataFrame([hostile, self.clean[key]]).unique()
            if result.schema[hostile.name] != hostile.dtype:
                raise oracle.FaultError(
                    "disagreement", f"a key of {hostile.dtype} comes back as {result.schema[hostile.name]}"
                )
            result = result.join(names, on=OURS + str(place), how="left", nulls_equal=True)
        if self.plain_options.get("min_n") is not None:
            # Of groups of one size the first by its key is hidden, and plain keys stand in another order.
            sizes = [sorted(rows["n"].fill_null(-1)) for rows in (result, plain.value)]
            if sizes[0] != sizes[1]:
                raise oracle.FaultError("disagreement", f"the plain data: n is {sizes[0]} for {sizes[1]}")
            return
        order = ["period", *own]
        figures = [name for name in plain.value.columns if name not in ("metric", *order)]
        left, right = (
            rows.with_columns(pl.col("period").cast(pl.Datetime("us", "UTC")))
            .select([*order, *figures])
            .sort(order, nulls_last=True)
            for rows in (result, plain.value)
        )
        oracle.same(left, right, size=self.size, what="the plain data")

    def _no_number(self, error: Exception) -> None:
        """Where the columns are refused, an expression gives no number."""
        if "expr" not in self.ways or not set(self.options) <= {"level"} or isinstance(error, ParameterError):
            return
        polars = (pl.exceptions.PolarsError, sq.errors.ServiceQualityError, TypeError, ValueError)
        answer = oracle.called(lambda: self.frame.select(self.metric.value.expr()), ours=polars)
        if answer.error is None and answer.value.height and answer.value.item(0, 0) is not None:
            number = answer.value.item(0, 0)
            raise oracle.FaultError("disagreement", f"expr gives {number} where evaluate says: {error}")


def draw(rng: Generator, chosen: Definition[Any] | None = None) -> MetricInput:
    """An input of any metric, or of one definition."""
    definition = pick(rng, _metrics()) if chosen is None else chosen
    spec = definition.spec
    call = dict(pick(rng, CALLS.get(spec.name, [{}])))
    parameters = spec.parameters.parameters
    call = {one.name: REQUIRED[one.name] for one in parameters.values() if one.default is one.empty} | call
    plain_metric = _made(definition, call)
    plain = plain_metric.value
    n = pick(rng, grammar.SIZES)
    legal = chance(rng, 0.6)
    clean = pl.DataFrame([values_of(rng, bound, n) for bound in plain.inputs]) if plain.inputs else pl.DataFrame()
    # Roles of one plain text column take another name; those that name a column by a pattern keep theirs.
    taken: set[str] = set()
    names: dict[str, str] = {}
    if chance(rng, 0.5):
        for role, column in spec.inputs.items():
            given = call.get(role, parameters[role].default)
            if isinstance(given, str) and column.named == "{}" and given in clean.columns:
                names[role] = grammar.name(rng, taken)
    renamed = {call.get(role, parameters[role].default): name for role, name in names.items()}
    if len(renamed) < len(names):  # two roles of one column
        names, renamed = {}, {}
    call |= names
    metric = _made(definition, call)
    taken |= {renamed.get(name, name) for name in clean.columns}
    ordinary = True
    worn: list[pl.Series] = []
    numbers = grammar.number_type(rng)
    for column in clean:
        dressed = grammar.disguised(rng, column, numbers) if chance(rng, 0.8) else column
        if not legal and chance(rng, 0.5):
            dressed = grammar.hostile(rng, column.name, n)
        ordinary &= not dressed.dtype.is_numeric() or dressed.dtype.base_type() in grammar.ORDINARY
        worn.append(dressed)
    clean = pl.DataFrame([grammar.plain(one) for one in worn] if legal else list(clean))
    hostile = grammar.framed(one.alias(renamed.get(one.name, one.name)) for one in worn)
    refused = [rule.fill_null(value=False) for rule in plain.shape.refused.values()]
    if legal and refused and clean.height:
        allowed = clean.select(~pl.any_horizontal(refused)).to_series().to_numpy()
        clean, hostile = clean.filter(allowed), hostile.filter(allowed)
    options, own, clean, hostile, lenient = options_of(rng, legal, plain, clean, hostile, taken)
    extra = [grammar.hostile(rng, grammar.name(rng, taken), clean.height) for _ in range(int(rng.integers(3)))]
    if hostile.width:
        hostile = hostile.with_columns(extra)
    layout = pick(rng, grammar.LAYOUTS)
    # Arrow gives a column without a name another, and a column of nulls loses its type on the way through Python.
    lenient |= "" in hostile.columns and layout in ("pandas", "arrow", "rows")
    lenient |= layout in ("pandas", "rows") and any(one.null_count() == one.len() for one in hostile)
    fitting = [way for way in WAYS if not (isinstance(metric.value.shape, WholeShape) and way in OF_PARTS)]
    ways = tuple({pick(rng, fitting) for _ in range(pick(rng, (1, 1, 1, 2)))})
    return MetricInput(
        name=spec.name,
        metric=metric,
        plain=plain,
        plain_metric=plain_metric,
        clean=clean,
        frame=hostile,
        layout=layout,
        options=options,
        plain_options=own,
        legal=legal,
        lenient=lenient or not ordinary,
        ways=ways,
    )


def _made(definition: Definition[Any], call: Mapping[str, Any]) -> Source:
    message = ", ".join(f"{name}={text_of(value)}" for name, value in call.items())
    return Source(definition(**call), f"sq.{definition.spec.name}({message})")


@functools.cache
def _metrics() -> list[Definition[Any]]:
    return [one for one in definitions() if not one.spec.table]


def _census(metric: Metric) -> bool:
    """Whether rows are counted at an instant, so that a row may be in the count of none or of several periods."""
    return metric.spec.name in {"backlog", "overdue_count", "at_risk_count", "pending_share"}


def _tame(frame: pl.DataFrame) -> bool:
    """Whether sums of the numbers do not cancel or overflow, so that other orders of adding agree."""
    for column in frame:
        column = column.alias("column")
        if column.dtype.is_float() or column.dtype.is_integer() or column.dtype.is_decimal():
            sizes = column.cast(pl.Float64).abs().drop_nulls()
            if not (sizes.is_finite() & ((sizes == 0) | ((sizes > 1e-6) & (sizes < 1e9)))).all():
                return False
    return True


def copy_of(given: Any) -> Any:
    if isinstance(given, pl.DataFrame):
        return given.clone()
    if type(given).__module__.startswith("pandas"):
        return given.copy(deep=True)
    return copy.copy(given) if isinstance(given, dict | list) else given
