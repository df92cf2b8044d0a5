"""Every metric over hostile frames: against the same call on plain data, and against every other way to call it."""

import datetime as dt
import functools
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

import servicequality as sq
from fuzz import grammar, oracle
from fuzz.grammar import NOON, Generator, chance, pick
from fuzz.source import Source, frame_text, text_of, value_of
from servicequality.catalogue.searching import definitions
from servicequality.core import Definition, Metric
from servicequality.core.results import RESULT
from servicequality.errors import ParameterError
from servicequality.model import as_frame
from servicequality.shapes import FixedShape, Quantile
from test_laws import CALLS, REQUIRED

KEYS, WEIGHT, CLUSTER, AT = ("plain_key", "plain_group"), "plain_weight", "plain_cluster", "plain_at"
OURS = "the fuzzer's "
"""How columns begin that a check adds; no hostile name does."""

_KEY_VALUES: tuple[tuple[list[Any], Any], ...] = (
    (["a", "b", ""], pl.String),
    (["a", "b", "nan"], pl.Categorical),
    (["b", "a"], pl.Enum(["b", "a"])),
    ([0, -128, 127], pl.Int8),
    ([0, 2**64 - 1], pl.UInt64),
    ([-(2**63), 2**63 - 1, 0], pl.Int64),
    ([0, 2**100], pl.Int128),
    ([True, False], pl.Boolean),
    ([0.5, float("nan"), float("inf")], pl.Float64),
    ([0.5, 1e30], pl.Float32),
    ([Decimal("1.50"), Decimal("2.25")], pl.Decimal(10, 2)),
    ([dt.date(2026, 1, 1), dt.date(1, 1, 1)], pl.Date),
    ([dt.datetime(2026, 1, 1), dt.datetime(1969, 1, 1)], pl.Datetime("ns")),  # noqa: DTZ001  naive on purpose
    ([NOON, NOON + dt.timedelta(hours=14)], pl.Datetime("ms", "Europe/Berlin")),
    ([dt.timedelta(0), dt.timedelta(days=-1)], pl.Duration("us")),
    ([dt.time(0), dt.time(23, 59)], pl.Time),
)
_BY = (
    None, 5, "", "nope", ["nope"], (KEYS[0], KEYS[0]), [None], b"k", "*", "^.*$", "value", "period", {KEYS[0]: 1},
    Source(pl.col("plain_key"), 'pl.col("plain_key")'), [Source(pl.col("a"), 'pl.col("a")')], [[KEYS[0]]], 1.5, True,
)  # fmt: skip
_EVERY = (
    "1d1h", "0d", "-1d", "", "d", "1", "1 day", dt.timedelta(days=1), "99999999d", "1ns", "1y2mo", "1i", 5, "1w1d", "1mo1w",
    "1us", "d1", "٣d", "1.5d", "1q", "1y", "1h",
)  # fmt: skip
_ZONES = ("", "Mars/Base", "+25:00", 5, "utc", "EST5EDT", "Europe/Berlin\n", "UTC+2", "../etc", "Z", b"UTC", *grammar.ZONES)
_LEVELS = (
    0, 1, -1, float("nan"), float("inf"), "0.95", None, 1e-300, 1 - 1e-16, True, 95, [0.95], Decimal("0.95"), 0.998, 1e-9,
    Source(np.float32(0.9), "np.float32(0.9)"), Source(np.array([0.9, 0.95]), "np.array([0.9, 0.95])"), 1j,
)  # fmt: skip
_MIN_N = (0, -1, 1.5, "5", float("nan"), True, 10**30, None, 2)
_STRAYS = ("", "nope", "*", "^.*$", None, 5, ["a"], b"w", Source(pl.col("w"), 'pl.col("w")'), "n", "bin")


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

    def check(self) -> tuple[str, list[oracle.Faulty]]:
        """Run the call and its checks: how it ended, and the faults."""
        faults: list[oracle.Faulty] = []
        given = grammar.laid_out(self.frame, self.layout)
        before = _copy(given)
        options = {name: _opened(value_of(value)) for name, value in self.options.items()}
        metric = self.metric.value
        try:
            answer = oracle.called(lambda: oracle.collected(sq.evaluate(given, metric, **options)))
        except oracle.Faulty as fault:
            return "failed", [fault]
        oracle.gather(faults, lambda: oracle.unchanged(before, given))
        if self.legal:
            oracle.gather(faults, lambda: self._as_plain(answer, given))
        if answer.error is not None:
            oracle.gather(faults, lambda: self._no_number(answer.error))
            return "refused", faults
        result = answer.value
        figures = result.select(result.columns[-len(RESULT) :])
        oracle.gather(faults, lambda: oracle.honest(figures))
        if not _census(metric):
            oracle.gather(faults, lambda: oracle.add_up(figures, self.frame.height))
        # What came from pandas or from lists has other types: the ways are compared on the frame that it became.
        seen = replace(self, frame=oracle.collected(as_frame(given)), layout="plain")
        for way in self.ways if self.legal or _tame(seen.frame) else ():
            oracle.gather(faults, lambda: WAYS[way](seen, result, options))
        return "answered", faults

    @functools.cached_property
    def size(self) -> float:
        """The order of magnitude of what is added."""
        numbers = [
            float(largest)
            for column in (one.alias("column") for one in self.clean)
            if column.dtype.is_numeric()
            and (largest := column.cast(pl.Float64).fill_nan(None).abs().max()) is not None
        ]
        ends = [abs(bound) for bound in self.plain.bounds if np.isfinite(bound)]
        return max([1.0, *numbers, *ends])

    def _as_plain(self, answer: oracle.Answer, given: Any) -> None:
        """The plain data give the same."""
        plain = oracle.called(lambda: sq.evaluate(self.clean, self.plain, **self.plain_options))
        if plain.error is not None:
            if answer.error is None:
                raise oracle.Faulty("disagreement", f"answered, where plain data are refused: {plain.error}")
            return
        if answer.error is not None:
            if self.lenient:
                return
            raise oracle.Faulty("refused", f"{type(answer.error).__name__}: {answer.error}")
        oracle.honest(plain.value)
        own = list(self.plain_options.get("by", ()))
        result = answer.value.clone()
        result.columns = [*(OURS + str(place) for place in range(len(own))), *result.columns[len(own) :]]
        held = oracle.collected(as_frame(given)) if own else None
        for place, key in enumerate(own):
            hostile = held[self.options["by"][place]].alias(OURS + str(place))
            names = pl.DataFrame([hostile, self.clean[key]]).unique()
            result = result.join(names, on=OURS + str(place), how="left", nulls_equal=True)
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
            raise oracle.Faulty("disagreement", f"expr gives {number} where evaluate says: {error}")


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
    clean = pl.DataFrame([_values(rng, bound, n) for bound in plain.inputs]) if plain.inputs else pl.DataFrame()
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
    hostile = pl.DataFrame([one.alias(renamed.get(one.name, one.name)) for one in worn])
    refused = [rule.fill_null(value=False) for rule in plain.shape.refused.values()]
    if legal and refused and clean.height:
        allowed = clean.select(~pl.any_horizontal(refused)).to_series().to_numpy()
        clean, hostile = clean.filter(allowed), hostile.filter(allowed)
    options, own, clean, hostile, lenient = _options(rng, legal, plain, clean, hostile, taken)
    extra = [grammar.hostile(rng, grammar.name(rng, taken), clean.height) for _ in range(int(rng.integers(3)))]
    if hostile.width:
        hostile = hostile.with_columns(extra)
    layout = pick(rng, grammar.LAYOUTS)
    # Arrow gives a column without a name another, and a column of nulls loses its type on the way through Python.
    lenient |= "" in hostile.columns and layout in ("pandas", "arrow", "rows")
    lenient |= layout in ("pandas", "rows") and any(one.null_count() == one.len() for one in hostile)
    ways = tuple({pick(rng, tuple(WAYS)) for _ in range(pick(rng, (1, 1, 1, 2)))})
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
    said = ", ".join(f"{name}={text_of(value)}" for name, value in call.items())
    return Source(definition(**call), f"sq.{definition.spec.name}({said})")


def _options(
    rng: Generator, legal: bool, plain: Metric, clean: pl.DataFrame, hostile: pl.DataFrame, taken: set[str]
) -> tuple[dict[str, Any], dict[str, Any], pl.DataFrame, pl.DataFrame, bool]:
    """Options of the hostile and the plain call, and the frames with the columns that they name."""
    n = clean.height
    options: dict[str, Any] = {}
    own: dict[str, Any] = {}
    lenient = False
    pairs: list[tuple[pl.Series, pl.Series]] = []

    def both(label: str, plain_column: pl.Series, worn: pl.Series) -> str:
        name = grammar.name(rng, taken) if chance(rng, 0.4) else label
        taken.add(name)
        pairs.append((plain_column.alias(label), worn.alias(name)))
        return name

    by = []
    for label in KEYS[: pick(rng, (0, 0, 1, 1, 2))]:
        values, dtype = pick(rng, _KEY_VALUES)
        codes = rng.integers(-1, len(values), size=n)
        keys = pl.Series(label, [None if code < 0 else f"k{code}" for code in codes], pl.String)
        name = both(label, keys, pl.Series(label, [None if code < 0 else values[code] for code in codes], dtype))
        lenient |= name in grammar.RESERVED or dtype in (pl.Float64, pl.Float32)
        by.append(name)
    if by:
        options["by"], own["by"] = by, list(KEYS[: len(by)])
        lenient |= bool(grammar.RESERVED & set(by))
    if chance(rng, 0.25):
        instants = pl.Series([NOON + dt.timedelta(hours=int(h)) for h in rng.integers(-1500, 1500, size=n)])
        instants = instants.cast(pl.Datetime("us", "UTC"))
        holes = pl.Series(rng.random(n) < 0.1, dtype=pl.Boolean)
        instants = instants.to_frame("at").select(pl.when(~holes).then(pl.col("at"))).to_series()
        zone = pick(rng, (None, *grammar.ZONES))
        unit = pick(rng, grammar.UNITS)
        worn = instants.cast(pl.Datetime(unit, "UTC"))
        worn = worn if zone is None else worn.dt.convert_time_zone(pick(rng, grammar.ZONES))
        every = pick(rng, ("1d", "1w", "1mo", "1h", "1q"))
        options |= {"every": every, "at": both(AT, instants, worn), "timezone": zone}
        own |= {"every": every, "at": AT, "timezone": zone}
        lenient |= "period" in taken
    if chance(rng, 0.25):
        weights = pl.Series([pick(rng, (1.0, 0.0, 2.0, 3.0, 5.0)) for _ in range(n)], dtype=pl.Float64)
        worn = weights.cast(pick(rng, (pl.Float64, pl.Int8, pl.UInt8, pl.Float32, pl.Int64)))
        options["weight"], own["weight"] = both(WEIGHT, weights, worn), WEIGHT
    if chance(rng, 0.2) and isinstance(plain.shape, FixedShape):
        clusters = pl.Series(rng.integers(0, 4, size=n), dtype=pl.Int64)
        worn = clusters.cast(pick(rng, (pl.Int8, pl.String, pl.UInt64, pl.Int64)))
        options["cluster"], own["cluster"] = both(CLUSTER, clusters, worn), CLUSTER
    if chance(rng, 0.3):
        options["level"] = own["level"] = pick(rng, (0.5, 0.8, 0.9, 0.998))
    if chance(rng, 0.1):
        options["min_n"] = own["min_n"] = pick(rng, (1, 2, 5, 10**6))
    if pairs:
        clean = clean.with_columns(one for one, _ in pairs)
        hostile = hostile.with_columns(one for _, one in pairs)
    if not legal:
        for option in ("weight", "cluster", "by", "at"):
            # Columns of any kind, under the names that the call gives.
            if option in options and chance(rng, 0.5):
                column = options[option][0] if option == "by" else options[option]
                hostile = hostile.with_columns(grammar.hostile(rng, column, n))
        pools: dict[str, Any] = {
            "by": _BY, "every": _EVERY, "timezone": _ZONES, "level": _LEVELS, "min_n": _MIN_N,
            "weight": _STRAYS, "cluster": _STRAYS, "at": _STRAYS,
        }  # fmt: skip
        for option in list(pools):
            if chance(rng, 0.06 if option not in options else 0.25):
                options[option] = pick(rng, pools[option])
        if chance(rng, 0.1) and hostile.columns:
            hostile = hostile.drop(pick(rng, hostile.columns))
    return options, own, clean, hostile, lenient


def _values(rng: Generator, bound: Any, n: int) -> pl.Series:
    """Legal values of a domain, blanks included, in the plainest type."""
    low, high = bound.low, bound.high
    kind = bound.domain.kind
    values: list[Any]
    dtype: Any
    if kind == "integer":
        floor, ceiling = int(-100 if low is None else low), int(100 if high is None else high)
        values = [float(one) for one in rng.integers(floor, ceiling + 1, size=n)]
        values = [float(pick(rng, bound.missing)) if bound.missing and chance(rng, 0.1) else one for one in values]
        dtype = pl.Float64
    elif kind == "number":
        floor, ceiling = -120.0 if low is None else float(low), 120.0 if high is None else float(high)
        awkward = [one for one in (0.0, -0.0, 0.1, 0.25, 1.0, 60.0, 100.0, 120.0, 127.0) if floor <= one <= max(ceiling, 120)]
        awkward = [one for one in awkward if high is None or one <= high] or [floor]
        whole = chance(rng, 0.6)
        drawn = rng.uniform(floor, ceiling, size=n)
        values = [pick(rng, awkward) if chance(rng, 0.3) else float(np.round(one)) if whole else float(one) for one in drawn]
        values = [min(max(one, floor), ceiling if high is not None else 127.0) for one in values]
        dtype = pl.Float64
    elif kind == "flag":
        values, dtype = [bool(one) for one in rng.integers(2, size=n)], pl.Boolean
    elif kind == "instant":
        hours = rng.integers(-48, 49, size=n)
        values, dtype = [NOON + dt.timedelta(hours=int(one)) for one in hours], pl.Datetime("us", "UTC")
    elif kind == "category":
        values, dtype = [pick(rng, bound.choices or ("a", "b", "c")) for _ in range(n)], pl.String
    else:
        values, dtype = [float(one) for one in rng.integers(10, size=n)], pl.Float64
    holes = rng.random(n) < pick(rng, (0.0, 0.1, 0.1, 0.5, 1.0))
    return pl.Series(bound.name, [None if hole else one for one, hole in zip(values, holes, strict=True)], dtype)


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


def _opened(value: Any) -> Any:
    return [value_of(one) for one in value] if isinstance(value, list) else value


def _copy(given: Any) -> Any:
    if isinstance(given, pl.DataFrame):
        return given.clone()
    if type(given).__module__.startswith("pandas"):
        return given.copy(deep=True)
    return {name: one.clone() for name, one in given.items()} if isinstance(given, dict) else given


# Ways to call that have to agree with `evaluate`.


def _by_rows(given: MetricInput, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that states and reordered rows take."""
    return {name: value for name, value in options.items() if name not in ("level", "min_n")}


def _expr(given: MetricInput, _result: pl.DataFrame, _options: Mapping[str, Any]) -> None:
    metric = given.metric.value
    whole = oracle.called(lambda: sq.evaluate(given.frame, metric)["value"].item())
    number = oracle.called(lambda: given.frame.select(metric.expr()).item()) if given.frame.width else oracle.Answer()
    if whole.error is None:
        oracle.close(number.value, whole.value, size=given.size, what="select(metric.expr()) for evaluate")


def _grouped(given: MetricInput, *, over: bool) -> None:
    metric, key = given.metric.value, OURS + "key"
    codes = pl.Series(key, [place * place % 3 for place in range(given.frame.height)], pl.Int64)
    rows = given.frame.with_columns(codes) if given.frame.width else codes.to_frame()
    whole = oracle.called(lambda: sq.evaluate(rows, metric, by=key))
    if whole.error is not None:
        return
    expr = metric.expr().alias(OURS + "value")

    def values() -> pl.DataFrame:
        if over:
            return rows.select(key, expr.over(key)).unique(key).sort(key)
        return rows.lazy().group_by(key).agg(expr).sort(key).collect()

    found = oracle.called(values).value
    what = "over" if over else "group_by"
    for left, right in zip(found[OURS + "value"], whole.value["value"], strict=True):
        oracle.close(left, right, size=given.size, what=f"{what} of metric.expr() for evaluate")


def _states(given: MetricInput, result: pl.DataFrame, options: Mapping[str, Any]) -> None:
    """Partitions of the rows, merged, are the whole; files too."""
    if options.get("min_n") is not None:
        return
    metric, rows = given.metric.value, given.frame
    if "cluster" in options:
        codes = rows[options["cluster"]].alias("cluster").cast(pl.String).fill_null("").rank("dense").cast(pl.Int64)
    else:
        codes = pl.Series([place % 3 for place in range(rows.height)], dtype=pl.Int64)
    parts = [rows.filter(codes == code) for code in range(3)]
    parts += [rows.filter(codes > 2)]
    asked = _by_rows(given, options)
    with tempfile.TemporaryDirectory() as folder:

        def finished() -> pl.DataFrame:
            states: list[Any] = [metric.partial(part, **asked) for part in parts]
            path = Path(folder) / "state.parquet"
            metric.save(states[0], path)
            states[0] = path
            return metric.finish(metric.merge(states), level=options.get("level", 0.95))

        merged = oracle.called(finished)
    if merged.error is not None:
        raise oracle.Faulty("disagreement", f"states are refused, where evaluate answers: {merged.error}")
    histogram = ("value", "low", "high", "method", "notes") if isinstance(metric.shape, Quantile) else ()
    left, right = merged.value, result
    order = [*options.get("by", ()), "period"]
    if order != ["period"] or left.height == right.height:
        left, right = left.drop(histogram), right.drop(histogram)
        oracle.same(left, right, size=given.size, what="states of parts, merged and finished")


def _reordered(given: MetricInput, result: pl.DataFrame, options: Mapping[str, Any]) -> None:
    if options.get("min_n") is None:
        again = oracle.called(lambda: sq.evaluate(given.frame.reverse(), given.metric.value, **options))
        oracle.same(again.value, result, size=given.size, what="the rows in reverse")


def _lazy(given: MetricInput, result: pl.DataFrame, options: Mapping[str, Any]) -> None:
    lazy = oracle.called(lambda: sq.evaluate(given.frame.lazy(), given.metric.value, **options)).value
    if not isinstance(lazy, pl.LazyFrame):
        raise oracle.Faulty("disagreement", "a lazy frame gives an eager answer")
    read = oracle.called(lazy.collect).value
    if lazy.collect_schema() != read.schema:
        raise oracle.Faulty("disagreement", f"the schema {lazy.collect_schema()} of the plan is not {read.schema}")
    oracle.same(read, result, size=given.size, what="the lazy frame")


def _where(given: MetricInput, _result: pl.DataFrame, options: Mapping[str, Any]) -> None:
    """A slice is the rows of the slice."""
    flag = OURS + "slice"
    flags = pl.Series(flag, [(True, False, None)[place % 3] for place in range(given.frame.height)], pl.Boolean)
    rows = given.frame.with_columns(flags) if given.frame.width else flags.to_frame()
    rest = {name: value for name, value in options.items() if name not in ("by", "every", "at", "timezone")}
    metric = given.metric.value
    sliced = oracle.called(lambda: sq.evaluate(rows, metric.where(pl.col(flag)), **rest))
    filtered = oracle.called(lambda: sq.evaluate(rows.filter(pl.col(flag)), metric, **rest))
    if (sliced.error is None) != (filtered.error is None):
        raise oracle.Faulty("disagreement", f"where: {sliced.error} for {filtered.error}")
    if sliced.error is None:
        oracle.same(sliced.value, filtered.value, size=given.size, what="where for a filter")


def _beside(given: MetricInput, result: pl.DataFrame, options: Mapping[str, Any]) -> None:
    metric = given.metric.value
    both = oracle.called(lambda: sq.evaluate(given.frame, [metric.named("another"), metric], **options))
    own = both.value.filter(pl.col("metric") == metric.name)
    oracle.same(own, result, size=given.size, what="beside another metric")


def _estimate(given: MetricInput, _result: pl.DataFrame, options: Mapping[str, Any]) -> None:
    rest = {name: value for name, value in options.items() if name in ("level", "weight", "cluster")}
    row = oracle.called(lambda: sq.evaluate(given.frame, given.metric.value, **rest))
    one = oracle.called(lambda: given.metric.value.estimate(given.frame, **rest))
    if (row.error is None) != (one.error is None):
        raise oracle.Faulty("disagreement", f"estimate: {one.error} for {row.error}")
    if row.error is None:
        oracle.called(lambda: f"{one.value} {one.value!r}")
        oracle.close(one.value.value, row.value["value"].item(), size=given.size, what="estimate for evaluate")


WAYS: Mapping[str, Callable[[MetricInput, pl.DataFrame, Mapping[str, Any]], None]] = {
    "expr": _expr,
    "group_by": lambda given, _result, _options: _grouped(given, over=False),
    "over": lambda given, _result, _options: _grouped(given, over=True),
    "states": _states,
    "reversed": _reordered,
    "lazy": _lazy,
    "where": _where,
    "beside": _beside,
    "estimate": _estimate,
}
