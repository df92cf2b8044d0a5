"""The chart of promises kept: attainment with its limits, and what pending rows can still make of it."""

from typing import TYPE_CHECKING, Any

import polars as pl

from servicequality.catalogue.searching import written
from servicequality.checks import refusing_misfits
from servicequality.errors import InputError
from servicequality.model import as_frame
from servicequality.report.charts import style
from servicequality.report.charts.lines import BELOW, alt_text, grouped, most_of, place, with_lines, with_rest
from servicequality.report.results import Row, keys_of, result_frame

if TYPE_CHECKING:
    import altair as alt

__all__ = ["attainment_chart"]

_NEEDED = ("metric", "value", "low", "high", "unit", "n", "n_pending", "reason")
_JUDGED = ("target", "lowest", "highest", "direction", "verdict", "objective")


@refusing_misfits
def attainment_chart(result: Any, *, metric: str | None = None, most: int = 20) -> "alt.LayerChart":
    """Shares of promises kept, group by group or period by period, and how far the pending rows can still move each.

    The wide bar reaches from the share if every pending row fails to that if every one succeeds. Rows of a scorecard bring
    these ends themselves, and their target and verdict are drawn too.

    Args:
        result: what `evaluate` returns for a share such as `sla_attainment(as_of=…)`, or the rows of one objective of a
            `Scorecard`.
        metric: the metric to draw of a result that holds several.
        most: how many groups are drawn, at most 100; one line says where the others lie.

    Raises:
        InputError: the frame is neither, holds no row, several metrics, a group twice, or figures that are no shares.
        ParameterError: altair is not installed, or an option does not fit.
    """
    alt = style.altair()
    limit = most_of(most)
    given: pl.DataFrame = as_frame(result).lazy().collect()
    judged = set(_JUDGED) <= set(given.columns)
    frame = result_frame(given, _NEEDED, what="a result of evaluate or a scorecard")
    keys = keys_of(frame) if not judged else _keys_of_scorecard(frame)
    needed = (*_NEEDED, *(_JUDGED if judged else ()))
    groups = grouped(frame, needed, metric=metric, most=limit, keys=keys)
    if groups.rows[0]["unit"] != "share":
        raise InputError(
            f"expected shares, got figures in {style.label(groups.rows[0]['unit'])!r}; draw them with group_chart"
        )
    unit = style.unit_of(groups.rows)
    ends = [_ends(row) for row in groups.rows]
    blank = [None] * bool(groups.left_out)
    rows = with_rest(groups, unit).with_columns(
        pl.Series("lowest", [100 * low if low is not None else None for low, _ in ends] + blank, pl.Float64),
        pl.Series("highest", [100 * high if high is not None else None for _, high in ends] + blank, pl.Float64),
        pl.Series("target", [_percent(row.get("target")) for row in groups.rows] + blank, pl.Float64),
        pl.Series("verdict", [row.get("verdict") for row in groups.rows] + blank, pl.String),
    )
    if judged:
        rows = rows.with_columns(told=pl.concat_str("told", pl.col("verdict"), separator=", ", ignore_nulls=True))
    base = alt.Chart(rows).encode(y=place(), tooltip=[alt.Tooltip("name:N"), alt.Tooltip("told:N", title="figure")])
    x = alt.X("value:Q", scale=alt.Scale(zero=False, nice=True, padding=10), axis=alt.Axis(**unit.axis(grid=False)))
    shift = {"yOffset": BELOW}
    layers = [
        base.mark_point(filled=True, size=70, opacity=1, color=style.MAIN, **shift).encode(x=x),
        base.mark_rule(strokeWidth=13, opacity=0.3, color=style.GREY, **shift).encode(x="lowest:Q", x2="highest:Q"),
        base.transform_filter("!datum.rest")
        .mark_rule(strokeWidth=3, color=style.MAIN, opacity=0.75, **shift)
        .encode(x="low:Q", x2="high:Q"),
        base.transform_filter("datum.rest")
        .mark_rule(strokeWidth=2, strokeDash=[2, 3], color=style.GREY, **shift)
        .encode(x="low:Q", x2="high:Q"),
        base.mark_tick(color=style.CONTRAST, thickness=2.5, size=20, orient="vertical", **shift).encode(x="target:Q"),
    ]
    layers = [*layers[1:], layers[0]]
    name = style.capital(groups.rows[0]["objective"] if judged else written(groups.rows[0]["metric"]))
    title = f"{name} by {groups.by}" if groups.by else name
    pending = any(row["n_pending"] for row in groups.rows)
    notes = [
        "thin bars: the limits that decide" if judged else f"thin bars: {style.level_of(frame)}",
        "wide bars: what pending rows can still make of it" if pending else "no row is pending",
        "upright: the target" if judged else None,
        "dotted: the range of the others" if groups.left_out else None,
    ]
    return with_lines(layers, rows, style.heading(title, *notes), alt_text(title, rows, unit))


def _ends(row: Row) -> tuple[float | None, float | None]:
    """The share if every pending row fails, and if every one succeeds; none where nothing is pending."""
    pending, value = row["n_pending"] or 0, row["value"]
    if not pending:
        return None, None
    if "lowest" in row:
        return row["lowest"], row["highest"]
    kept, whole = (0.0 if value is None else value * row["n"]), row["n"] + pending
    if value is None and row["n"]:  # decided rows whose share is withheld
        return row["low"], row["high"]
    return kept / whole, (kept + pending) / whole


def _keys_of_scorecard(frame: pl.DataFrame) -> list[str]:
    """The keys and the period of a scorecard's rows, of one objective.

    Raises:
        InputError: there are several objectives.
    """
    if frame["objective"].n_unique() > 1:
        raise InputError(
            "the scorecard holds several objectives: keep the rows of one, such as card.filter(objective=…)"
        )
    before = frame.columns[: frame.columns.index("metric")]
    return [*(name for name in before if name != "objective"), *(["period"] if "period" in frame.columns else [])]


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share
