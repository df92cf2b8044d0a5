"""Alerts of burn rates: both windows are needed, and the future is not known."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

import servicequality as sq
from servicequality.errors import ParameterError

END = datetime(2026, 2, 11, 16, tzinfo=UTC)


def test_alerts_need_both_windows() -> None:
    five = pl.datetime_range(END - timedelta(days=4), END, "5m", closed="left", eager=True)
    age = (pl.lit(END) - pl.col("at")).dt.total_seconds()
    rows = pl.DataFrame({"at": five}).with_columns(total=pl.lit(1_000), bad=pl.when(age <= 3_600).then(20).otherwise(0))
    result = {row["alert"]: row for row in sq.tables.burn_alerts(rows, objective=0.999, as_of=END).to_dicts()}
    hour = result["page, 1 h"]
    assert (hour["value"], hour["short"], hour["threshold"], hour["fires"]) == pytest.approx((20, 20, 14.4, True))
    assert result["page, 6 h"]["value"] == pytest.approx(20 / 6)
    assert not result["page, 6 h"]["fires"]
    over = rows.with_columns(bad=pl.when(age <= 300).then(0).otherwise("bad"))
    assert not sq.tables.burn_alerts(over, objective=0.999, as_of=END)["fires"][0]  # it is over
    later = pl.concat([rows, rows.with_columns(pl.col("at") + timedelta(days=4), bad=pl.lit(1_000, pl.Int32))])
    assert sq.tables.burn_alerts(later, objective=0.999, as_of=END)["value"][0] == pytest.approx(20)
    assert sq.tables.burn_alerts(rows.head(3), objective=0.999, as_of=END)["fires"].to_list() == [None] * 3
    with pytest.raises(ParameterError, match=r"windows\['odd'\]: the short window must be above 0"):
        sq.tables.burn_alerts(rows, objective=0.999, as_of=END, windows={"odd": (60, 300, 0.1)})
