"""The overview of a desk beside its facts, waits and metrics by hand, in one process.

Run: python benchmarks/overview.py [--rows 100000 1000000] [--runs 3]

`--rows` are tickets, each with five messages and five changes. By hand means: the columns that the metrics read of `facts`
and of `reply_waits`, collected together, the clocks of the due dates, and one `evaluate`. Both answers are asserted equal
before anything is timed.
"""

import argparse
import math

import polars as pl
from polars.testing import assert_frame_equal

import servicequality as sq
from events import AS_OF, tables
from measure import race, show
from servicequality.sla import due_clocks

FLOOR = "by hand"
METRICS = (
    sq.ticket_volume(),
    sq.backlog(as_of=AS_OF),
    sq.backlog_age(as_of=AS_OF),
    sq.first_response_time(),
    sq.response_time(),
    sq.resolution_time(),
    sq.resolution_rate(),
    sq.reopen_rate(),
    sq.sla_attainment(as_of=AS_OF),
)


def desk(rows: int) -> sq.Records:
    """The tickets of the events' benchmark in four channels, due after two days."""
    given = tables(rows)
    channels = pl.Series(["chat", "email", "phone", "web"], dtype=pl.Enum(["chat", "email", "phone", "web"]))
    due = pl.col("created_at") + pl.duration(days=2)
    tickets = given["tickets"].with_columns(due_at=due, channel=channels.gather(pl.Series(range(rows)) % 4))
    return sq.Records(**given | {"tickets": tickets})


def by_hand(records: sq.Records, by: tuple[str, ...]) -> pl.DataFrame:
    """What a person would write who knows which columns each metric reads."""
    read = ["created_at", "resolved_at", "due_at", "first_response_seconds", "first_response_end", "resolution_seconds",
            "resolution_observed", "reopen_count", "first_resolution_observed"]  # fmt: skip
    facts, waits = pl.collect_all(
        [
            sq.facts(records, as_of=AS_OF).select(*read, *by),
            sq.reply_waits(records, as_of=AS_OF).select("reply_wait_seconds", "reply_wait_end", *by),
        ]
    )
    frames = {"ticket": facts, "wait": waits, "clock": due_clocks(facts, as_of=AS_OF)}
    return sq.evaluate(frames, METRICS, by=by)


def measure(rows: int, runs: int) -> None:
    records = desk(rows)
    for by in ((), ("channel",)):
        calls = {
            FLOOR: lambda by=by: by_hand(records, by),
            "overview": lambda by=by: sq.overview(records, as_of=AS_OF, by=by),
        }
        own = calls["overview"]().filter(pl.col("metric").is_in([metric.name for metric in METRICS]))
        assert_frame_equal(own, calls[FLOOR]())
        title = f"{rows:,} tickets, by {', '.join(by) or 'nothing'}, median of {runs}"
        show(title, race(calls, runs), FLOOR, dict.fromkeys(calls, math.nan))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args()
    for n in asked.rows:
        measure(n, asked.runs)
