"""Options of a call and columns of a metric, those that fit and those that do not."""

import datetime as dt
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl

from fuzz import grammar
from fuzz.grammar import NOON, Generator, chance, pick
from fuzz.source import Source
from servicequality.core import Metric
from servicequality.shapes import FixedShape

KEYS, WEIGHT, CLUSTER, AT = ("plain_key", "plain_group"), "plain_weight", "plain_cluster", "plain_at"
KEY_VALUES: tuple[tuple[list[Any], Any], ...] = (
    (["a", "b", ""], pl.String),
    (["a", "b", "nan"], pl.Categorical),
    (["b", "a"], pl.Enum(["b", "a"])),
    ([0, -128, 127], pl.Int8),
    ([0, 2**64 - 1], pl.UInt64),
    ([-(2**63), 2**63 - 1, 0], pl.Int64),
    ([0, 2**100], pl.Int128),
    ([True, False], pl.Boolean),
    ([0.5, -0.25, float("inf")], pl.Float64),
    ([0.5, 1e30], pl.Float32),
    ([Decimal("1.50"), Decimal("2.25")], pl.Decimal(10, 2)),
    ([dt.date(2026, 1, 1), dt.date(1, 1, 1)], pl.Date),
    ([NOON.replace(tzinfo=None), NOON.replace(year=1969, tzinfo=None)], pl.Datetime("ns")),
    ([NOON, NOON + dt.timedelta(hours=14)], pl.Datetime("ms", "Europe/Berlin")),
    ([dt.timedelta(0), dt.timedelta(days=-1)], pl.Duration("us")),
    ([dt.time(0), dt.time(23, 59)], pl.Time),
)
BY = (
    None, 5, "", "nope", ["nope"], (KEYS[0], KEYS[0]), [None], b"k", "*", "^.*$", "value", "period", {KEYS[0]: 1},
    Source(pl.col("plain_key"), 'pl.col("plain_key")'), [Source(pl.col("a"), 'pl.col("a")')], [[KEYS[0]]], 1.5, True,
)  # fmt: skip
EVERY = (
    "1d1h", "0d", "-1d", "", "d", "1", "1 day", dt.timedelta(days=1), "99999999d", "1ns", "1y2mo", "1i", 5, "1w1d", "1mo1w",
    "1us", "d1", "٣d", "1.5d", "1q", "1y", "1h",
)  # fmt: skip
ZONES = (
    "",
    "Mars/Base",
    "+25:00",
    5,
    "utc",
    "EST5EDT",
    "Europe/Berlin\n",
    "UTC+2",
    "../etc",
    "Z",
    b"UTC",
    *grammar.ZONES,
)
LEVELS = (
    0, 1, -1, float("nan"), float("inf"), "0.95", None, 1e-300, 1 - 1e-16, True, 95, [0.95], Decimal("0.95"), 0.998, 1e-9,
    Source(np.float32(0.9), "np.float32(0.9)"), Source(np.array([0.9, 0.95]), "np.array([0.9, 0.95])"), 1j,
)  # fmt: skip
MIN_N = (0, -1, 1.5, "5", float("nan"), True, 10**30, None, 2)
STRAYS = ("", "nope", "*", "^.*$", None, 5, ["a"], b"w", Source(pl.col("w"), 'pl.col("w")'), "n", "bin")


def options_of(
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
        values, dtype = pick(rng, KEY_VALUES)
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
            "by": BY, "every": EVERY, "timezone": ZONES, "level": LEVELS, "min_n": MIN_N,
            "weight": STRAYS, "cluster": STRAYS, "at": STRAYS,
        }  # fmt: skip
        for option in list(pools):
            if chance(rng, 0.06 if option not in options else 0.25):
                options[option] = pick(rng, pools[option])
        if chance(rng, 0.1) and hostile.columns:
            hostile = hostile.drop(pick(rng, hostile.columns))
    return options, own, clean, hostile, lenient


def values_of(rng: Generator, bound: Any, n: int) -> pl.Series:
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
        awkward = [
            one for one in (0.0, -0.0, 0.1, 0.25, 1.0, 60.0, 100.0, 120.0, 127.0) if floor <= one <= max(ceiling, 120)
        ]
        awkward = [one for one in awkward if high is None or one <= high] or [floor]
        whole = chance(rng, 0.6)
        drawn = rng.uniform(floor, ceiling, size=n)
        values = [
            pick(rng, awkward) if chance(rng, 0.3) else float(np.round(one)) if whole else float(one) for one in drawn
        ]
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
