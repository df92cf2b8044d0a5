"""Records from an event log beside the same tables made by hand in Polars.

Run: python benchmarks/from_events.py [--rows 100000 1000000] [--runs 5]

The log has ten rows a ticket in no order: a status, an agent and a team at each, and a text where the row is a message. Both
give tickets, changes and messages; they are asserted equal before anything is timed. Read the ratios, not the seconds.
"""

import argparse
from datetime import UTC, datetime

import numpy as np
import polars as pl
from polars.testing import assert_frame_equal

import servicequality as sq
from measure import race

STATUSES = ["new", "open", "pending", "hold", "solved"]
FIELDS = {"status": "status", "agent": "agent_id", "team": "team"}
MINUTE = 60_000_000
FIRST = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000


def event_log(rows: int) -> pl.DataFrame:
    """Updates of tickets over a year, shuffled."""
    rng = np.random.default_rng(18)
    tickets = max(rows // 10, 1)
    agents = [f"agent-{number}" for number in range(200)]
    teams = [f"team {number}" for number in range(20)]
    return pl.DataFrame(
        {
            "case": rng.integers(0, tickets, rows),
            "when": pl.Series(FIRST + MINUTE * rng.integers(0, 500_000, rows)).cast(pl.Datetime("us", "UTC")),
            "status": pl.Series(STATUSES).gather(rng.integers(0, len(STATUSES), rows)),
            "agent": pl.Series(agents).gather(rng.integers(0, len(agents), rows)),
            "team": pl.Series(teams).gather(rng.integers(0, len(teams), rows)),
            "text": pl.Series([None, "a message"]).gather(rng.integers(0, 2, rows)),
            "author": pl.Series(["customer", "agent"]).gather(rng.integers(0, 2, rows)),
        }
    ).with_columns(pl.format("T{}", "case").alias("case"))


def ours(log: pl.DataFrame) -> dict[str, pl.DataFrame]:
    records = sq.Records.from_events(
        log, ticket="case", at="when", status="status", agent="agent", team="team", message="text", author="author"
    )
    return {name: table.collect() for name, table in records.tables.items()}


def by_hand(log: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """What an analyst writes: sort, first row, changed values, rows with a text."""
    rows = log.rename({"case": "ticket_id", "when": "at"}).sort("ticket_id", "at", maintain_order=True).with_row_index()
    same = pl.col("ticket_id") == pl.col("ticket_id").shift()
    changes = []
    for field in FIELDS:
        before = pl.when(same).then(pl.col(field).shift())
        moved = rows.select(
            "ticket_id",
            "at",
            "index",
            field=pl.lit(field),
            value=field,
            previous=before,
        )
        changes.append(moved.filter(pl.col("value").ne_missing(pl.col("previous"))))
    return {
        "tickets": rows.group_by("ticket_id", maintain_order=True).agg(pl.col("at").first().alias("created_at")),
        "changes": pl.concat(changes),
        "responses": rows.filter(pl.col("text").is_not_null()).select("ticket_id", "at", "author"),
    }


def agree(left: dict[str, pl.DataFrame], right: dict[str, pl.DataFrame]) -> None:
    for name, table in right.items():
        shared = [column for column in table.columns if column != "index"]
        texts = {column: pl.String for column in shared if column in ("author", "field", "value", "previous")}
        assert_frame_equal(left[name].select(shared).cast(texts), table.select(shared).cast(texts))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    for rows in options.rows:
        log = event_log(rows)
        agree(ours(log), by_hand(log))
        times = race({"ours": lambda log=log: ours(log), "by hand": lambda log=log: by_hand(log)}, options.runs)
        print(f"{rows:>9} rows: ours / by hand {times['ours'] / times['by hand']:.2f} ({times['ours']:.3f} s)")


if __name__ == "__main__":
    main()
