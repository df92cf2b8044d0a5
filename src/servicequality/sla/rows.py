"""From candidates to clocks: the order of the steps, and the frame that results."""

from collections.abc import Collection, Iterator, Mapping, Sequence

import numpy as np
import polars as pl

from servicequality.events.as_of import instant, seconds
from servicequality.model import Records
from servicequality.sla.candidates import KINDS, History, candidates, statuses
from servicequality.sla.in_force import SHOWN, choose, held, targets
from servicequality.sla.log import Codes, Flags, Log
from servicequality.sla.outcomes import OUTCOMES, verdict
from servicequality.sla.policy import CLOCKS, WORKING, Policy, label
from servicequality.sla.running import Hours, Spans, run
from servicequality.worktime import Schedules

__all__ = ["clock_rows", "clock_schema"]


def clock_schema(records: Records) -> dict[str, pl.DataType]:
    """The columns that `clock_rows` gives."""
    moment, text, number = pl.Datetime("us", records.timezone or "UTC"), pl.String(), pl.Float64()
    times = ("elapsed", "paused", "target", "overrun", "remaining")
    assert records.tickets is not None  # looked at before
    own = records.tickets.collect_schema()
    return {
        "ticket_id": own["ticket_id"],
        **dict.fromkeys(("policy", "priority"), text),
        "kind": KINDS,
        "sequence": pl.Int64(),
        **dict.fromkeys(("started_at", "due_at", "stopped_at"), moment),
        **dict.fromkeys((f"{time}_seconds" for time in times), number),
        "outcome": OUTCOMES,
        "target_schedule": text,
        **{name: own[name] for name in SHOWN},
    }


def clock_rows(
    history: History, policies: Sequence[Policy], policy_columns: Sequence[str], working: Mapping[str, frozenset[str]]
) -> pl.DataFrame:
    """The clocks. `working` names the statuses in which the clocks of a kind run, if those are not all but the paused ones."""
    status = statuses(history).collect()
    among = _Membership(status["status"])
    ended = among(history.ended)
    kinds = {target.clock for policy in policies for target in policy.targets}
    rows = candidates(history, kinds, status, ended)
    rows = rows.with_columns(_at=pl.col("_stop").fill_null(history.known))
    columns = held(
        history, [*SHOWN, "priority", *policy_columns], rows["_ticket"].to_numpy(), rows["_at"].to_numpy(), status
    )
    rows = rows.with_columns(
        choose(policies, columns, rows["_at"]).alias("_policy"),
        columns["priority"].cast(pl.String),
        *(columns[name].alias(name) for name in SHOWN),
        *(columns[name].alias(_key(name)) for name in policy_columns),
    ).filter(pl.col("_policy").is_not_null())
    rows = _targeted(policies, rows)
    order = rows["_ticket"].to_numpy().astype(np.int64) * len(CLOCKS) + rows["kind"].to_physical().to_numpy()
    rows = rows[np.argsort(order, kind="stable")]
    ran = _ran(rows, Log.of(status, history.tickets.height), among, ended, policies, working)
    known = ~pl.col("_unknown")
    elapsed, paused, due = (pl.when(known).then(name) for name in ("_elapsed", "_paused", "_due"))
    return (
        rows.hstack(ran)
        .lazy()
        .with_columns(instant(pl.col("_stop"), history.records).alias("stopped_at"))
        .select(
            history.tickets["ticket_id"].gather(rows["_ticket"]),
            pl.Series([policy.name for policy in policies], dtype=pl.String).gather(rows["_policy"]).alias("policy"),
            "priority",
            "kind",
            "sequence",
            instant(pl.col("_start"), history.records).alias("started_at"),
            instant(due, history.records).alias("due_at"),
            "stopped_at",
            seconds(elapsed).alias("elapsed_seconds"),
            seconds(paused).alias("paused_seconds"),
            seconds(pl.col("_target")).alias("target_seconds"),
            *verdict(elapsed=elapsed, target=pl.col("_target"), lapsed=pl.col("_lapsed")),
            _labels(policies, rows),
            *SHOWN,
        )
        .collect()
    )


def _targeted(policies: Sequence[Policy], rows: pl.DataFrame) -> pl.DataFrame:
    """The rows that have a target, once for each schedule of their policy that has one: `_place` is that of the schedule."""
    places = range(max(len(policy.schedules) for policy in policies))
    parts = [
        rows.with_columns(targets(policies, rows, place).alias("_target"), pl.lit(place).alias("_place")).filter(
            pl.col("_target") >= 0
        )
        for place in places
    ]
    if len(parts) == 1:
        return parts[0]
    # Beside each other in the order of the rows, so that a stable sort keeps them there.
    numbered = rows.with_row_index("_row").select("_ticket", "kind", "sequence", "_row")
    return (
        pl.concat(parts)
        .join(numbered, on=["_ticket", "kind", "sequence"], how="left", maintain_order="left")
        .sort("_row", "_place", maintain_order=True)
        .drop("_row")
    )


def _labels(policies: Sequence[Policy], rows: pl.DataFrame) -> pl.Series:
    labels = [label(schedule) for policy in policies for schedule in policy.schedules]
    starts = np.cumsum([0, *(len(policy.schedules) for policy in policies)])
    codes = starts[rows["_policy"].to_numpy()] + rows["_place"].to_numpy()
    return pl.Series("target_schedule", labels, dtype=pl.String).gather(codes)


def _key(column: str) -> str:
    return f"_key {column}"


class _Membership:
    """Which rows of a log have a status that is in a set, without regard to case."""

    def __init__(self, status: pl.Series) -> None:
        lower = status.str.to_lowercase()
        self._names = lower.unique().drop_nulls().to_list()
        self._codes = lower.replace_strict(
            self._names, range(1, len(self._names) + 1), default=0, return_dtype=pl.Int32
        ).to_numpy()

    def __call__(self, names: Collection[str]) -> Flags:
        held: Flags = np.array([False, *(name in names for name in self._names)])[self._codes]
        return held


def _ran(
    rows: pl.DataFrame,
    log: Log,
    among: _Membership,
    ended: Flags,
    policies: Sequence[Policy],
    working: Mapping[str, frozenset[str]],
) -> pl.DataFrame:
    """`_elapsed`, `_paused` and `_due` of each row: one pass for every pair of hours and set of statuses."""
    spans = Spans(
        ticket=rows["_ticket"].to_numpy().astype(np.intp),
        start=rows["_start"].to_numpy(),
        stop=rows["_at"].to_numpy(),
        stopped=rows["_stop"].is_not_null().to_numpy(),
        target=rows["_target"].to_numpy(),
    )
    parts = [pl.DataFrame(schema=dict.fromkeys(("_row", "_elapsed", "_paused", "_due"), pl.Int64))]
    for hours, statuses_, chosen in _passes(rows, policies):
        if isinstance(statuses_, str):
            runs = among(working[statuses_])
            pauses = ~runs & ~ended
        else:
            pauses = among(statuses_)
            runs = ~pauses & ~ended
        ran = run(log, spans[chosen], hours, runs=runs, pauses=pauses)
        parts.append(pl.DataFrame({"_row": chosen, "_elapsed": ran.elapsed, "_paused": ran.paused, "_due": ran.due}))
    return pl.concat(parts).sort("_row").drop("_row")


def _passes(rows: pl.DataFrame, policies: Sequence[Policy]) -> Iterator[tuple[Hours, str | tuple[str, ...], Codes]]:
    """Rows of the same hours whose clocks stand still in the same statuses: the paused ones, or those of their kind."""
    schedules = list(dict.fromkeys(schedule for policy in policies for schedule in policy.schedules))
    sets: list[str | tuple[str, ...]] = list(dict.fromkeys([*WORKING, *(policy.paused for policy in policies)]))
    table = np.zeros((len(policies), max(len(policy.schedules) for policy in policies), len(CLOCKS)), np.int64)
    for number, policy in enumerate(policies):
        still = np.array([sets.index(kind if kind in WORKING else policy.paused) for kind in CLOCKS])
        for place, schedule in enumerate(policy.schedules):
            table[number, place] = schedules.index(schedule) * len(sets) + still
    codes = table[tuple(rows[name].to_physical().to_numpy() for name in ("_policy", "_place", "kind"))]
    for code in np.unique(codes):
        schedule, chosen = schedules[code // len(sets)], np.flatnonzero(codes == code)
        if isinstance(schedule, Schedules):
            keys = rows[_key(schedule.column)].gather(chosen)
            for key in keys.unique():
                yield Hours(schedule, key), sets[code % len(sets)], chosen[keys.eq_missing(key).to_numpy()]
        else:
            yield Hours(schedule), sets[code % len(sets)], chosen
