"""Events to facts: `facts` beside a bare count of the same events, DuckDB and pandas, in one process.

Run: python benchmarks/events.py [--rows 100000 1000000] [--runs 5]

`--rows` are tickets, each with five messages and five changes (four of them of the status), both logs in the order of
time. The core facts are the first response, replies, reopenings, first and last resolution and hold; they are asked once of
a log whose changes carry the previous value, and once of one that does not. DuckDB and pandas are spared what this log
does not need: stamps, exclusions, openings, events before creation, a status in another case. Nor do they order anything
where the previous value is carried: they trust it, while `facts` reads the row above, which outranks it. So does the
second query of DuckDB ("row above"); without a previous value both are the same. There pandas trusts the log to be in
the order of time. All answers are asserted equal before anything is timed.
"""

import argparse
import datetime as dt
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from polars.testing import assert_frame_equal

import servicequality as sq
from measure import growth, peaks, race, show
from servicequality.events import status_times

DAY = 86_400_000_000
FIRST = 1_640_995_200_000_000  # 2022-01-01 UTC
AS_OF = dt.datetime(2024, 3, 1, tzinfo=dt.UTC)
KNOWN = int(AS_OF.timestamp()) * 1_000_000
STATUSES = ("new", "open", "pending", "hold", "solved", "closed")
CORE = (
    "ticket_id", "first_response_at", "agent_replies", "reopen_count", "first_resolution_at", "resolved_at",
    "hold_seconds",
)  # fmt: skip
FLOOR = "group_by.len"

Tables = Mapping[str, pl.DataFrame]


def tables(rows: int) -> dict[str, pl.DataFrame]:
    """Two years of tickets, messages and changes; `previous` is null in a ticket's first row only."""
    rng = np.random.default_rng(20)
    created = np.sort(FIRST + rng.integers(0, 730 * DAY, rows))
    ids = pl.Series([f"T{number:08}" for number in range(rows)])
    events = ids.gather(np.repeat(np.arange(rows), 5))

    def instants(mean: float, *, late: bool) -> np.ndarray:
        steps = rng.exponential(mean, (rows, 5)).astype(np.int64) + 1
        steps[:, 0] *= late
        return (created[:, None] + steps.cumsum(axis=1)).ravel()

    def drawn(values: list[str], chances: list[float] | None = None) -> pl.Series:
        return pl.Series(values).gather(rng.choice(len(values), 5 * rows, p=chances))

    people = [f"a{number}" for number in range(300)]
    moves = rng.integers(1, len(STATUSES), (rows, 5))
    moves[:, 0] = 0
    before = np.stack([np.zeros(rows, int), moves[:, 0], np.zeros(rows, int), moves[:, 1], moves[:, 3]], axis=1)
    place = pl.int_range(pl.len()) % 5
    given = {
        "tickets": pl.DataFrame({"ticket_id": ids, "created_at": created, "opened_by": ["customer"] * rows}),
        "responses": pl.DataFrame(
            {
                "ticket_id": events,
                "at": instants(DAY / 3, late=True),
                "author": drawn(["customer", "agent", "bot"], [0.45, 0.45, 0.1]),
                "author_id": drawn(people),
                "public": rng.random(5 * rows) < 0.8,
                "automated": rng.random(5 * rows) < 0.1,
                "opening": np.zeros(5 * rows, bool),
            }
        ).sort("at"),
        "changes": pl.DataFrame(
            {
                "ticket_id": events,
                "at": instants(DAY / 2, late=False),
                "value": pl.Series(STATUSES).gather(moves.ravel()),
                "previous": pl.Series(STATUSES).gather(before.ravel()),
                "agent": drawn(people),
            }
        )
        .select(
            "ticket_id",
            "at",
            pl.when(place == 2).then(pl.lit("agent")).otherwise(pl.lit("status")).alias("field"),
            pl.when(place == 2).then("agent").otherwise("value").alias("value"),
            pl.when(place.is_in([1, 3, 4])).then("previous").alias("previous"),
        )
        .sort("at"),
    }
    utc = pl.Datetime("us", "UTC")
    return {name: frame.with_columns(pl.col("^.*at$").cast(utc)) for name, frame in given.items()}


def floor(given: Tables) -> Callable[[], pl.DataFrame]:
    events = pl.concat([given["responses"].select("ticket_id"), given["changes"].select("ticket_id")]).lazy()
    return lambda: events.group_by("ticket_id").len().collect(engine="streaming")


def ours(given: Tables, query: Callable[[sq.Records], pl.LazyFrame]) -> Callable[[], pl.DataFrame]:
    records = sq.Records(**given)
    return lambda: query(records).collect(engine="streaming")


def facts(records: sq.Records) -> pl.LazyFrame:
    return sq.facts(records, as_of=AS_OF, paused=("hold",))


def check(given: Tables) -> Callable[[], pl.DataFrame]:
    records = sq.Records(**given)
    return lambda: sq.check(records, as_of=AS_OF, paused=("hold",)).broken_laws


def duckdb_core(given: Tables, *, trusting: bool) -> Callable[[], pl.DataFrame]:
    import duckdb

    connection = duckdb.connect()
    for name, frame in given.items():
        connection.register("given", frame)
        connection.execute(f"CREATE TABLE {name} AS SELECT * FROM given")
    above = 'lag(value) OVER (PARTITION BY ticket_id ORDER BY "at")'
    carried = "previous" in given["changes"].columns
    previous = "previous" if carried and trusting else f"coalesce({above}, previous)" if carried else above
    until = f'epoch_us("at") <= {KNOWN}'
    ended = "IN ('solved', 'resolved', 'closed')"
    query = f"""
        WITH moves AS (
            SELECT ticket_id, "at", value, {previous} AS previous FROM changes WHERE field = 'status' AND {until}
        ), marked AS (
            SELECT ticket_id, "at", epoch_us("at") AS t, value {ended} AS ended, value = 'hold' AS held,
                coalesce(previous {ended}, false) AS was_ended, coalesce(previous = 'hold', false) AS was_held
            FROM moves
        ), statuses AS (
            SELECT ticket_id,
                min("at") FILTER (ended AND NOT was_ended) AS first_resolution_at,
                max("at") FILTER (ended AND NOT was_ended) AS last_end,
                count(*) FILTER (ended AND NOT was_ended) AS ends,
                count(*) FILTER (was_ended AND NOT ended) AS reopen_count,
                sum(CASE WHEN held AND NOT was_held THEN {KNOWN} - t WHEN was_held AND NOT held THEN t - {KNOWN}
                    ELSE 0 END) / 1e6 AS hold_seconds
            FROM marked GROUP BY ticket_id
        ), replies AS (
            SELECT ticket_id, min("at") AS first_response_at, count(*) AS agent_replies
            FROM responses WHERE author = 'agent' AND public AND NOT automated AND NOT opening AND {until}
            GROUP BY ticket_id
        )
        SELECT ticket_id, first_response_at, coalesce(agent_replies, 0) AS agent_replies,
            coalesce(reopen_count, 0) AS reopen_count, first_resolution_at,
            CASE WHEN ends > reopen_count THEN last_end END AS resolved_at, hold_seconds
        FROM tickets LEFT JOIN statuses USING (ticket_id) LEFT JOIN replies USING (ticket_id)
    """
    return lambda: connection.sql(query).pl()


def pandas_core(given: Tables) -> Callable[[], Any]:
    frames = {name: frame.to_pandas() for name, frame in given.items()}
    ended = ["solved", "resolved", "closed"]

    def answer() -> Any:
        log = frames["changes"]
        moves = log[(log["field"] == "status") & (log["at"] <= AS_OF)]
        previous = moves["previous"] if "previous" in moves else moves.groupby("ticket_id")["value"].shift()
        now, was = moves["value"].isin(ended), previous.isin(ended)
        held, was_held = moves["value"] == "hold", (previous == "hold").fillna(value=False).astype(bool)
        left = (AS_OF - moves["at"]).dt.total_seconds()
        marked = moves[["ticket_id"]].assign(
            end=moves["at"].where(now & ~was),
            ends=now & ~was,
            reopen_count=was & ~now,
            hold_seconds=left.where(held & ~was_held, 0.0) - left.where(was_held & ~held, 0.0),
        )
        statuses = marked.groupby("ticket_id").agg(
            first_resolution_at=("end", "min"),
            resolved_at=("end", "max"),
            ends=("ends", "sum"),
            reopen_count=("reopen_count", "sum"),
            hold_seconds=("hold_seconds", "sum"),
        )
        statuses["resolved_at"] = statuses["resolved_at"].where(statuses["ends"] > statuses["reopen_count"])
        mail = frames["responses"]
        human = (mail["author"] == "agent") & mail["public"] & ~mail["automated"] & ~mail["opening"]
        replies = (
            mail[human & (mail["at"] <= AS_OF)]
            .groupby("ticket_id")
            .agg(first_response_at=("at", "min"), agent_replies=("at", "size"))
        )
        rows = frames["tickets"][["ticket_id"]].join(statuses, on="ticket_id").join(replies, on="ticket_id")
        return rows.fillna({"agent_replies": 0, "reopen_count": 0})

    return answer


CONTENDERS: dict[str, Callable[[Tables], Callable[[], Any]]] = {
    FLOOR: floor,
    "core facts": partial(ours, query=lambda records: facts(records).select(CORE)),
    "all facts": partial(ours, query=facts),
    "DuckDB, core facts": partial(duckdb_core, trusting=True),
    "DuckDB, core facts, row above": partial(duckdb_core, trusting=False),
    "pandas, core facts": pandas_core,
    "reply_waits": partial(ours, query=lambda records: sq.reply_waits(records, as_of=AS_OF)),
    "status_times": partial(ours, query=lambda records: status_times(records, as_of=AS_OF)),
    "check": check,
}


def agree(calls: Mapping[str, Callable[[], Any]]) -> None:
    answers = {name: call() for name, call in calls.items()}
    core = answers["core facts"]
    assert 0 < core["reopen_count"].sum() < core["agent_replies"].sum()
    assert 0 < core["resolved_at"].null_count() < core.height
    assert_frame_equal(answers["all facts"].select(CORE), core)
    for name, answer in answers.items():
        if name.startswith(("DuckDB", "pandas")):
            other = answer if isinstance(answer, pl.DataFrame) else pl.from_pandas(answer)
            assert_frame_equal(other.select(CORE).cast(dict(core.schema)).sort("ticket_id"), core, abs_tol=1e-5)
    assert answers["check"].is_empty()


def measure(rows: int, runs: int) -> dict[str, float]:
    given = tables(rows)
    taken: dict[str, float] = {}
    for carried in (True, False):
        log = given if carried else given | {"changes": given["changes"].drop("previous")}
        calls = {name: make(log) for name, make in CONTENDERS.items()}
        agree(calls)
        times = race(calls, runs)
        with tempfile.TemporaryDirectory() as folder:
            for name, frame in log.items():
                frame.write_parquet(Path(folder) / f"{name}.parquet")
            memory = peaks(__file__, CONTENDERS, pl.DataFrame({"folder": [folder]}))
        kind = "carry" if carried else "do not carry"
        show(f"{rows:,} tickets, changes {kind} the previous value, median of {runs}", times, FLOOR, memory)
        print(f"reply_waits take {times['reply_waits'] / times['core facts']:.2f} of the core facts; ", end="")
        print(f"check takes {times['check'] / times['all facts']:.2f} of all facts")
        taken |= {f"{name}, previous {'known' if carried else 'unknown'}": time for name, time in times.items()}
    return taken


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--peak", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.peak:
        contender, file = asked.peak
        where = Path(pl.read_parquet(file)["folder"].item())
        read = {name: pl.read_parquet(where / f"{name}.parquet") for name in ("tickets", "responses", "changes")}
        print(growth(CONTENDERS[contender](read)))
    else:
        all_times = [measure(n, asked.runs) for n in asked.rows]
        for name in all_times[0] if len(all_times) > 1 else ():
            times = all_times[-1][name] / all_times[0][name]
            print(f"{name}: {times:.1f} times the time for {asked.rows[-1] / asked.rows[0]:g} times the tickets")
