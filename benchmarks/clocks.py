"""Service level clocks beside the facts and the reply waits that they stand on, in one run.

Run: python benchmarks/clocks.py [--rows 100000 1000000] [--runs 3]

A generated desk, office hours in Berlin, targets by priority for first response, next reply and resolution. Before
anything is timed, the resolution clocks are held against a policy's own arithmetic: elapsed time is never above the target
where the outcome is met, and never below it where it is missed.
"""

import argparse

import polars as pl

from measure import growth, race, show
from servicequality import facts, reply_waits
from servicequality.datasets import service_desk_with_truth
from servicequality.sla import Policy, Target, clocks
from servicequality.worktime import Schedule

HOURS = {"low": (24, 80), "normal": (8, 40), "high": (4, 16), "urgent": (1, 8)}
OFFICE = Schedule({day: [("08:00", "18:00")] for day in ("mon", "tue", "wed", "thu", "fri")}, "Europe/Berlin")
TARGETS = [
    target
    for priority, (reply, done) in HOURS.items()
    for target in (
        Target("first_response", reply * 3600, priority=priority),
        Target("next_reply", reply * 3600, priority=priority),
        Target("resolution", done * 3600, priority=priority),
    )
]
POLICY = Policy("by priority", TARGETS, schedule=OFFICE, paused=("pending", "hold"))


def measure(rows: int, runs: int) -> None:
    records, truth = service_desk_with_truth(rows, seed=1)
    as_of = truth.as_of
    made = clocks(records, [POLICY], as_of=as_of).collect()
    within = pl.col("elapsed_seconds") <= pl.col("target_seconds")
    wrong = ((pl.col("outcome") == "met") & ~within) | ((pl.col("outcome") == "missed") & within)
    assert made.filter(wrong).is_empty()
    calls = {
        "facts": lambda: facts(records, as_of=as_of).collect(),
        "reply_waits": lambda: reply_waits(records, as_of=as_of).collect(),
        "clocks, three kinds": lambda: clocks(records, [POLICY], as_of=as_of).collect(),
    }
    times = race(calls, runs)
    memory = {name: growth(call) for name, call in calls.items()}
    events = sum(table.select(pl.len()).collect().item() for table in (records.responses, records.changes))
    show(f"{rows:,} tickets, {events:,} events, {made.height:,} clocks, median of {runs}", times, "facts", memory)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args()
    for size in asked.rows:
        measure(size, asked.runs)
