"""Availability of a service that needs several parts."""

from dataclasses import replace

import polars as pl

from servicequality.columns import Proportion, Row, answered
from servicequality.core import define
from servicequality.shapes import Shape, product_of

__all__ = ["series_availability"]

_ROUNDING = 1e-9


@define(
    title="Availability of a series",
    unit="share",
    better="higher",
    bounds=(0, 1),
    grain="part",
    formula=r"\prod_i A_i",
    references=("Birolini 2017", "Zou & Donner 2008"),
    aliases=("dependency availability", "composite availability", "availability of a chain"),
)
def series_availability(
    value: Proportion = "value",
    low: Proportion | None = "low",
    high: Proportion | None = "high",
    level: Proportion | None = "level",
    part: Row = "service",
) -> Shape:
    """Availability of a service that needs all of its parts, which fail independently: the product of theirs.

    One row is a part: what `evaluate(rows, availability(), by="service")` gives will do as it is, and `part` is the column
    that names them. Where a part has no availability there is none of the series. `low` and `high` are the limits of the
    parts, of the confidence `level`; None for none. The window of each part is known to the second, so an objective is met
    or missed by the value itself; limits are of the process behind it. It takes all parts of a group at once, and neither
    weights nor states.

    When it lies:
        Parts that share a network or a database fail together: then the product is too low. With a spare part it is too low
        as well. Two rows of one part, such as two weeks, count as two parts: group by week too. Where parts have failed only
        a few times the limits promise too much: of three parts with eight failures each, limits made of 95 % limits hold the
        truth in 93 of 100 cases.

    Why your vendor shows another number:
        The least of the parts, or their average.

    Example:
        from datetime import timedelta

        window = {"since": as_of - timedelta(days=91), "until": as_of, "timezone": "Europe/Berlin"}
        rows = sq.uptime(desk.incidents, **window, by="service", every="1mo")
        print(sq.series_availability().estimate(sq.evaluate(rows, sq.availability(), by="service")))
        months = sq.evaluate(rows, sq.availability(), by="service", every="1mo", at="period")
        whole = sq.evaluate(months, sq.series_availability(), every="1mo", at="period")
        print(whole.select("period", "value", "low", "high", "n").collect())
    """
    limits = [pl.col(name) if name is not None else pl.lit(None, pl.Float64) for name in (low, high)]
    refused = {}
    if low is not None:
        refused["with a lower limit above the value"] = pl.col(low) > pl.col(value) + _ROUNDING
    if high is not None:
        refused["with an upper limit below the value"] = pl.col(high) < pl.col(value) - _ROUNDING
    if level is not None:
        refused["with limits of the level 0 or 1"] = (pl.col(level) <= 0) | (pl.col(level) >= 1)
    of = answered(part) | answered(value)
    stated = pl.col(level) if level is not None else None
    shape = product_of(pl.col(value), limits[0], limits[1], of=of, level=stated)
    return replace(shape, census=True, refused=refused)
