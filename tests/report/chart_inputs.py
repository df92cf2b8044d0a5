"""Frames for the charts: rows of a small desk by team, and what evaluate, flow and others make of them."""

import datetime as dt
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import polars as pl

import servicequality as sq
from servicequality import control, drivers, report, tables
from servicequality.comparison import compare, funnel

START = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
DAYS = 60
HALF = START + dt.timedelta(days=30)
AS_OF = START + dt.timedelta(days=DAYS)

SCRIPT = "</script><script>alert(1)</script>"
HOSTILE = (
    SCRIPT, "=cmd|' /C calc'!A0", "שלום עולם", "\u202eevil\u202c", "👩\u200d👩\u200d👧 🚀", "x" * 10_000, "x" * 9_999 + "y",
    "a\0b", "\abell\nline\x1b[31m", "", "  ", "{datum.value}", "a.b[0]: c", "(none)", None,
)  # fmt: skip


@cache
def desk(names: tuple[str | None, ...], each: int = 30) -> pl.DataFrame:
    """So many rows of each team."""
    rng = np.random.default_rng(5)
    rows = len(names) * each
    hours = rng.uniform(0, 24 * DAYS, rows)
    return pl.DataFrame(
        {
            "team": pl.Series([names[row % len(names)] for row in range(rows)], dtype=pl.String),
            "score": rng.integers(1, 6, rows),
            "created_at": [START + dt.timedelta(hours=hour) for hour in hours],
            "resolution_seconds": rng.exponential(100_000, rows).round(),
            "resolution_observed": rng.random(rows) < 0.8,
            "resolved_at": pl.Series([None] * rows, dtype=pl.Datetime("us", "UTC")),
            "ticket_id": [str(row) for row in range(rows)],
            "bad": rng.integers(0, 3, rows),
            "total": [20] * rows,
        }
    )


def csat() -> sq.Metric:
    return sq.csat("score", scale=(1, 5))


def by_team(names: tuple[str | None, ...], each: int = 30) -> pl.DataFrame:
    return sq.evaluate(desk(names, each), csat(), by="team")


def weekly(names: tuple[str | None, ...], each: int = 30) -> pl.DataFrame:
    return sq.evaluate(desk(names, each), csat(), by="team", every="1w", at="created_at")


def links(names: tuple[str | None, ...]) -> pl.DataFrame:
    rng = np.random.default_rng(2)
    drivers_of = [name for name in names if name]
    days = pl.date_range(START.date(), AS_OF.date(), "1d", eager=True)
    series = {name: pl.Series(rng.normal(size=len(days))) for name in ("outcome", *drivers_of)}
    return drivers.link(pl.DataFrame({"period": days, **series}), "outcome", drivers_of, every="1d", lags=(0, 1))


def profile(rows: pl.DataFrame) -> pl.DataFrame:
    return tables.volume_profile(rows, since=START, until=HALF, timezone="UTC")


def halves(names: tuple[str | None, ...], each: int = 30) -> tuple[pl.DataFrame, pl.DataFrame]:
    rows = desk(names, each)
    return rows.filter(pl.col("created_at") < HALF), rows.filter(pl.col("created_at") >= HALF)


CHARTS: dict[str, Callable[[tuple[str | None, ...], int], Any]] = {
    "group_chart": lambda names, each: report.group_chart(by_team(names, each)),
    "time_chart": lambda names, each: report.time_chart(weekly(names, each), by="team"),
    "control": lambda names, each: report.time_chart(
        control.xmr(weekly(names, each), by="team"), by="team", unit="share"
    ),
    "survival_chart": lambda names, each: report.survival_chart(desk(names, each), sq.resolution_time(), by="team"),
    "attainment_chart": lambda names, each: report.attainment_chart(by_team(names, each).with_columns(n_pending=3)),
    "backlog_chart": lambda names, each: report.backlog_chart(
        sq.flow(desk(names, each), every="1w", as_of=AS_OF, by="team")
    ),
    "volume_chart": lambda names, each: report.volume_chart(profile(desk(names, each))),
    "funnel_chart": lambda names, each: report.funnel_chart(funnel(by_team(names, each), by="team", level=0.5)),
    "change_chart": lambda names, each: report.change_chart(
        compare(*halves(names, each), [csat(), sq.resolution_time_observed_only()], by="team")
    ),
    "pareto_chart": lambda names, each: report.pareto_chart(tables.pareto(desk(names, each), "team")),
    "budget_chart": lambda names, each: report.budget_chart(desk(names, each), at="created_at", objective=0.95),
    "lag_chart": lambda names, each: report.lag_chart(links(names)),
}
"""Each chart of rows whose groups have these names, and so many rows each."""
