"""Sums by ticket number against a dictionary of rows."""

import random
from typing import Any

import polars as pl

from servicequality.events.per_ticket import any_of, count, distinct, earliest, last, latest, of_present, total


def test_each_sum_is_what_a_person_reckons() -> None:
    chance = random.Random(1)
    rows: list[dict[str, Any]] = [
        {
            "_ticket": chance.choice([0, 1, 2, 2, 5, 9]),
            "_at": chance.randrange(-50, 50),
            "flag": chance.choice([True, False, None]),
            "value": chance.randrange(-(2**52), 2**52),
            "word": chance.choice(["x", "y", "z", None]),
        }
        for _ in range(200)
    ]
    frame = pl.LazyFrame(rows, schema_overrides={"_ticket": pl.UInt32})
    flag = pl.col("flag")
    sums = {
        "count": count(flag),
        "any": any_of(flag),
        "total": total(pl.col("value")),
        "part": total(pl.col("_at") / 4, pl.Float64),
        "earliest": earliest(flag),
        "latest": latest(flag),
        "never": earliest(pl.lit(value=False) & flag),
        "last": last("word", pl.String),
        "last_flagged": last("word", pl.String, flag),
        "distinct": distinct(pl.col("word").cast(pl.Categorical).to_physical()),
        "unasked": total(pl.col("value")),
    }
    derived = {"half": pl.col("unasked") / 2, "total": -pl.col("total")}
    chosen = [*(name for name in sums if name != "unasked"), "half"]
    got = of_present(frame, sums, chosen, derived).collect()
    assert got.columns == chosen
    assert got.height == 10
    for number, row in enumerate(got.iter_rows(named=True)):
        own = [r for r in rows if r["_ticket"] == number]
        flagged = [r for r in own if r["flag"]]
        times = [r["_at"] for r in flagged]
        truth = {
            "count": len(flagged),
            "any": bool(flagged),
            "total": -sum(r["value"] for r in own),
            "part": sum(r["_at"] / 4 for r in own),
            "earliest": min(times, default=None),
            "latest": max(times, default=None),
            "never": None,
            "last": own[-1]["word"] if own else None,
            "last_flagged": flagged[-1]["word"] if flagged else None,
            "distinct": len({r["word"] for r in own} - {None}),
            "half": sum(r["value"] for r in own) / 2,
        }
        assert row == (truth if own else dict.fromkeys(chosen))


def test_no_rows_give_no_numbers() -> None:
    nothing = pl.LazyFrame(schema={"_ticket": pl.UInt32, "_at": pl.Int64, "word": pl.String})
    sums = {"count": count(pl.col("_at") > 0), "earliest": earliest(pl.col("_at") > 0), "last": last("word", pl.String)}
    assert of_present(nothing, sums, sums).collect().is_empty()
