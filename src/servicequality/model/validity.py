"""The check of the stretches of time in which the rows of one id hold."""

import polars as pl

from servicequality.checks import shown, values_of

__all__ = ["validity_faults"]

_SHOWN = 3
_FROM, _TO = "valid_from", "valid_to"


def validity_faults(frame: pl.DataFrame, key: str, table: str) -> list[str]:
    """What is wrong with the stretches [valid_from, valid_to) of a conformed table: reversed ones, two at once of one id.

    A null is an open side; a stretch that ends where it begins holds at no instant and meets no other.

    Args:
        frame: with the columns `valid_from` and `valid_to`.
        key: the column of the id.
        table: the name of the table in messages.
    """
    begin, end = pl.col(_FROM), pl.col(_TO)
    rows = frame.filter(pl.col(key).is_not_null()).select(pl.col(key).alias("id"), begin, end)
    faults = []
    turned = rows.filter(end < begin)
    if turned.height:
        faults.append(
            f"{table}.{_TO}: {turned.height} of {frame.height} values lie before {_FROM}: {_shown(turned)}; "
            "a row holds from valid_from until just before valid_to"
        )
    # In microseconds: no instant that can be written stands for an open side.
    low, high = (pl.lit(bound, pl.Int64) for bound in (-(2**63), 2**63 - 1))
    start, stop = begin.dt.timestamp("us").fill_null(low), end.dt.timestamp("us").fill_null(high)
    held = (
        rows.with_columns(start.alias("start"), stop.alias("stop"))
        .filter(pl.col("start") < pl.col("stop"))
        .sort("id", "start", "stop", maintain_order=True)
    )
    reach = held.select(pl.col("stop").cum_max().shift().over("id"))["stop"]
    again = (held["start"] < reach).fill_null(value=False)
    if again.any():
        ids = held.filter(again)["id"].unique(maintain_order=True)
        both = held.filter(pl.col("id").is_in(ids.head(1).implode()))
        more = ", …" if len(ids) > _SHOWN else ""
        faults.append(
            f"{table}: {len(ids)} of {rows['id'].n_unique()} ids hold twice at one time: {values_of(ids, _SHOWN)}{more}; "
            f"of the first {_shown(both)}; end each row ({_TO}) where the next one begins ({_FROM})"
        )
    return faults


def _shown(rows: pl.DataFrame) -> str:
    """The first rows as `'a' from … until …`."""
    head = rows.head(_SHOWN)
    texts = []
    for name, begin, end in zip(*(head[column].to_list() for column in ("id", _FROM, _TO)), strict=True):
        since = "ever" if begin is None else begin.isoformat(" ")
        texts.append(f"{shown(name)} from {since}" + ("" if end is None else f" until {end.isoformat(' ')}"))
    return ", ".join(texts) + (", …" if rows.height > _SHOWN else "")
