"""How many agents a load of calls needs, and how long callers wait: Erlang C."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from servicequality.checks import column, holds_numbers, shown, values_of
from servicequality.core import Computation, of_frame, require_columns
from servicequality.errors import InputError, ParameterError
from servicequality.model import as_frame
from servicequality.stats._checks import FloatArray, number
from servicequality.stats.queues import answered_within, chance_of_waiting, servers_needed

__all__ = ["Queue", "agents_by_interval", "agents_needed", "erlang_c"]

_HOUR = 3600.0
_MOST = 1e9  # erlangs
_ROUNDING = 1e-9
_GROWS = "agents at most the offered load: the queue grows without end"
_COLUMNS: dict[str, pl.DataType] = {
    "offered_load": pl.Float64(),
    "agents": pl.Int64(),
    "occupancy": pl.Float64(),
    "service_level": pl.Float64(),
    "average_speed_of_answer": pl.Float64(),
    "reason": pl.String(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """A queue by Erlang C. Where the agents cannot keep up, only the load is known, and `reason` says why.

    Attributes:
        agents: agents who take calls.
        offered_load: calls that would be in hand at once if nobody waited, in erlangs.
        occupancy: share of their time for which agents are busy.
        probability_of_waiting: share of callers who wait at all.
        service_level: share of callers who wait at most the limit.
        average_speed_of_answer: mean wait of all callers, those who do not wait included (seconds).
        reason: why figures are None.
    """

    agents: int
    offered_load: float
    occupancy: float | None
    probability_of_waiting: float | None
    service_level: float | None
    average_speed_of_answer: float | None
    reason: str | None


def erlang_c(calls_per_hour: float, handle_seconds: float, agents: int, *, limit: float = 20.0) -> Queue:
    """How a queue of calls fares with so many agents (Erlang 1917; Gans, Koole and Mandelbaum 2003).

    Calls come independently of one another at one rate, handle times are exponential, calls are taken in their order, and
    nobody gives up. Where callers do give up, waits are shorter than this and the formula asks for too many agents; where
    the rate changes within the hour, or calls come in bursts, they are longer.

    Args:
        calls_per_hour: calls that come in an hour, 0 or more.
        handle_seconds: mean time that a call takes an agent, work after it included, above 0 (seconds).
        agents: agents who take calls, a whole number of 0 or more; not those who are at lunch.
        limit: the wait within which a call counts as answered in time, 0 or more (seconds).

    Returns:
        The queue in its steady state. With agents at most the load there is none; without calls nobody waits.

    Raises:
        ParameterError: a number that is none, or out of its range.
    """
    load = _load(calls_per_hour, handle_seconds)
    wait = _number("limit", limit, "0 or more seconds")
    if isinstance(agents, bool) or not isinstance(agents, int | np.integer) or not 0 <= agents < 2**53:
        raise ParameterError(f"agents must be a whole number of 0 or more, got {shown(agents)}")
    n = int(agents)
    if load > 0 and n <= load:
        return Queue(
            agents=n,
            offered_load=load,
            occupancy=None,
            probability_of_waiting=None,
            service_level=None,
            average_speed_of_answer=None,
            reason=_GROWS,
        )
    figures = _figures(np.array([load]), np.array([float(n)]), np.array([handle_seconds]), wait)
    occupancy, waits, level, speed = (float(one[0]) for one in figures)
    return Queue(
        agents=n,
        offered_load=load,
        occupancy=occupancy,
        probability_of_waiting=waits,
        service_level=level,
        average_speed_of_answer=speed,
        reason=None,
    )


def agents_needed(
    calls_per_hour: float,
    handle_seconds: float,
    *,
    service_level: float = 0.8,
    limit: float = 20.0,
    max_occupancy: float | None = None,
) -> int:
    """The fewest agents with whom at least this share of callers waits at most the limit, by Erlang C.

    They are agents who take calls. For how many to roster, divide by the share of paid time in which they do: of 14 agents
    needed, with 30 % of paid time away from calls, 20 are on the roster.

    Args:
        calls_per_hour: calls that come in an hour, 0 or more; no calls need nobody.
        handle_seconds: mean time that a call takes an agent, work after it included, above 0 (seconds).
        service_level: the share, strictly between 0 and 1; 0.8 for "80/20".
        limit: the wait, 0 or more (seconds); 20 for "80/20".
        max_occupancy: share of their time for which agents may be busy at most, above 0 and at most 1. None has no limit.

    Raises:
        ParameterError: a number that is none, or out of its range.
    """
    load = np.array([_load(calls_per_hour, handle_seconds)])
    level, wait, busy = _target(service_level, limit, max_occupancy)
    return int(_needed(load, np.array([float(handle_seconds)]), level, wait, busy)[0])


@of_frame
def agents_by_interval(
    intervals: Any,
    calls: str = "calls",
    *,
    handle_seconds: float | str,
    interval_seconds: float = _HOUR,
    service_level: float = 0.8,
    limit: float = 20.0,
    max_occupancy: float | None = None,
) -> Computation:
    """The agents that each interval of a forecast needs, such as the half hours of a day; see `agents_needed`.

    Each interval is taken to be in its steady state: what waits at the end of one is not carried into the next.

    Args:
        intervals: any dataframe with a row an interval; a lazy one gives a lazy answer. `tables.volume_profile` gives calls an
            hour as `value`.
        calls: column of the calls expected in each interval, 0 or more; null where there is no forecast.
        handle_seconds: mean handle time (seconds), one number or the column of each interval's own.
        interval_seconds: the length of an interval, above 0 (seconds).
        service_level: the share of callers who wait at most the limit, strictly between 0 and 1.
        limit: the wait, 0 or more (seconds).
        max_occupancy: share of their time for which agents may be busy at most; None has no limit.

    Returns:
        The rows in their order with `offered_load, agents, occupancy, service_level, average_speed_of_answer, reason`. Without
        a forecast they are null, with the reason.

    Raises:
        InputError: a column is missing, holds no numbers, or one below 0.
        ParameterError: an option out of its range, or a column of the answer that the frame has.
    """
    level, wait, busy = _target(service_level, limit, max_occupancy)
    length = _number("interval_seconds", interval_seconds, "a number of seconds above 0", above=True)
    names = [calls]
    if isinstance(handle_seconds, str):
        names.append(handle_seconds)
    else:
        _number("handle_seconds", handle_seconds, "a number of seconds above 0, or a column", above=True)
    data: pl.LazyFrame = as_frame(intervals).lazy()
    schema = data.collect_schema()
    require_columns(schema, names, role="agents_by_interval")
    for name in names:
        if not holds_numbers(schema[name]):
            raise InputError(f"column {shown(name)} holds {schema[name]}, expected numbers; cast it first")
    if taken := [name for name in _COLUMNS if name in schema]:
        raise ParameterError(f"{taken[0]!r} is a column of the answer; rename the frame's column first")

    def compute() -> pl.DataFrame:
        rows = data.collect()
        came = _values(rows, calls, least=0.0)
        handled = (
            _values(rows, handle_seconds, least=None)
            if isinstance(handle_seconds, str)
            else np.full(rows.height, float(handle_seconds))
        )
        load = came / length * handled
        if (beyond := load > _MOST).any():
            raise InputError(
                f"{int(beyond.sum())} intervals have more than {_MOST:g} calls at once; correct their numbers"
            )
        known = ~np.isnan(load)
        columns = {name: np.full(rows.height, np.nan) for name in _COLUMNS if name != "reason"}
        a, seconds = load[known], handled[known]
        agents = _needed(a, seconds, level, wait, busy)
        occupancy, _, reached, speed = _figures(a, agents, seconds, wait)
        for name, values in zip(columns, (a, agents, occupancy, reached, speed), strict=True):
            columns[name][known] = values
        reason = pl.select(pl.when(~pl.Series(known)).then(pl.lit("no forecast")).alias("reason")).to_series()
        return rows.with_columns(
            *(pl.Series(name, one, nan_to_null=True).cast(_COLUMNS[name]) for name, one in columns.items()), reason
        )

    return Computation(compute, lambda: {**schema, **_COLUMNS})


def _figures(
    load: FloatArray, agents: FloatArray, seconds: FloatArray, limit: float
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Occupancy, chance of waiting, service level and mean wait, of agents above the load."""
    waits = chance_of_waiting(load, agents)
    level = answered_within(load, agents, limit / seconds)
    spare = np.where(load > 0, agents - load, 1.0)
    busy = np.divide(load, agents, out=np.zeros_like(load), where=agents > 0)
    return busy, waits, level, waits * seconds / spare


def _needed(load: FloatArray, seconds: FloatArray, level: float, limit: float, max_occupancy: float) -> FloatArray:
    """The fewest agents for each load."""
    agents = servers_needed(load, limit / seconds, np.full_like(load, level))
    agents = np.maximum(agents, np.ceil(load / max_occupancy * (1 - _ROUNDING)))
    return np.where(load > 0, agents, 0.0)


def _load(calls_per_hour: object, handle_seconds: object) -> float:
    calls = _number("calls_per_hour", calls_per_hour, "a number of 0 or more")
    load = calls * _number("handle_seconds", handle_seconds, "a number of seconds above 0", above=True) / _HOUR
    if load > _MOST:
        raise ParameterError(
            f"calls_per_hour and handle_seconds make {load:g} calls at once; at most {_MOST:g} are computed"
        )
    return load


def _target(service_level: object, limit: object, max_occupancy: object) -> tuple[float, float, float]:
    wait = _number("limit", limit, "0 or more seconds")
    level = _number("service_level", service_level, "a share strictly between 0 and 1", above=True)
    if level >= 1:
        raise ParameterError(
            f"service_level must be a share strictly between 0 and 1, got {shown(service_level)}; no number of agents answers "
            "every call in time"
        )
    busy = 1.0
    if max_occupancy is not None:
        busy = _number("max_occupancy", max_occupancy, "a share above 0 and at most 1", above=True)
        if busy > 1:
            raise ParameterError(f"max_occupancy must be a share above 0 and at most 1, got {shown(max_occupancy)}")
    return level, wait, busy


def _number(name: str, value: object, expected: str, *, above: bool = False) -> float:
    plain = number(name, value)
    if plain < 0 or (above and plain == 0):
        raise ParameterError(f"{name} must be {expected}, got {shown(value)}")
    return plain


def _values(rows: pl.DataFrame, name: str, *, least: float | None) -> FloatArray:
    """The numbers of a column, NaN for null; at least so much, or above 0 where `least` is None."""
    values = rows.select(column(name).cast(pl.Float64).alias("values"))["values"]
    legal = (values > 0 if least is None else values >= least) & (values < math.inf)
    bad = values.filter(~legal.fill_null(value=True))
    if len(bad):
        words = "above 0" if least is None else "of 0 or more"
        raise InputError(
            f"column {shown(name)} has {len(bad)} of {rows.height} values that are no numbers {words}, such as "
            f"{values_of(bad, 1)}; correct or drop them"
        )
    return np.array(values.to_numpy(), dtype=np.float64)
