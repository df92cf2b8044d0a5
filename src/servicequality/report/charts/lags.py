"""The chart of drivers by lag: correlation with what came some periods earlier, beside what placebo lags give."""

from typing import TYPE_CHECKING, Any

import polars as pl

from servicequality.catalogue.searching import written
from servicequality.checks import refusing_misfits
from servicequality.errors import InputError
from servicequality.report.charts import style
from servicequality.report.results import plain_frame

if TYPE_CHECKING:
    import altair as alt

__all__ = ["lag_chart"]

_NUMBERS = ("lag", "r", "low", "high", "placebo")
_PANELS = 8


@refusing_misfits
def lag_chart(links: Any) -> "alt.LayerChart | alt.FacetChart":
    """Correlation of the outcome with each driver by how many periods earlier it was, with its limits; one panel a driver.

    Full points are links that count as seen: their q-value is small, and they lie beyond the largest correlation at placebo
    lags, which is the grey band.

    Args:
        links: what `drivers.link` returns. Of more than eight drivers the first are drawn, and the subtitle counts the others.

    Raises:
        InputError: a column is missing or of a wrong type, or no correlation is known.
        ParameterError: altair is not installed.
    """
    alt = style.altair()
    frame = plain_frame(links, role="lag_chart", numbers=_NUMBERS, texts=["driver"], flags=["seen"])
    drivers = frame["driver"].unique(maintain_order=True).to_list()
    kept = frame.filter(frame["driver"].is_in(drivers[:_PANELS], nulls_equal=True))
    drawn = kept.select(
        pl.Series(style.GROUP, style.labels(written(str(name)) for name in kept["driver"].to_list()), pl.String),
        *_NUMBERS,
        pl.col("seen").fill_null(value=False),
    )
    known = drawn.drop_nulls(["lag", "r"])
    if known.is_empty():
        reasons = frame["reason"].drop_nulls().to_list() if "reason" in frame.columns else []
        raise InputError(
            f"nothing to draw: no correlation is known{f' ({style.label(reasons[0])})' if reasons else ''}"
        )
    undefined = len(drawn) - len(known)
    lags = alt.Axis(**style.axis("periods earlier", grid=False, labelAngle=0))
    x = alt.X("lag:O", axis=lags)
    scale = alt.Scale(zero=True, nice=True, padding=6)
    y = {name: alt.Y(f"{name}:Q", scale=scale, axis=alt.Axis(**style.axis("correlation", labelExpr=style.PLAIN)))
         for name in ("r", "low", "up", "down")}  # fmt: skip
    base = alt.Chart(known.with_columns(up=pl.col("placebo"), down=-pl.col("placebo"))).encode(
        x=x,
        tooltip=[
            alt.Tooltip(f"{style.GROUP}:N", title="driver"),
            *(alt.Tooltip(f"{name}:Q", format="+.2f") for name in ("r", "low", "high")),
        ],
    )
    one = base.transform_aggregate(rows="count()")
    points = {"size": 70, "opacity": 1, "strokeWidth": 2}
    placebo = base.transform_aggregate(up="max(up)", down="min(down)", groupby=[style.GROUP])
    chart = alt.layer(
        placebo.mark_rect(color=style.GREY, opacity=0.22).encode(
            x=alt.value(0), x2=alt.value("width"), y=y["down"], y2="up:Q"
        ),
        one.mark_rule(color=style.GREY).encode(x=alt.value(0), x2=alt.value("width"), y=alt.datum(0)),
        base.mark_rule(strokeWidth=3, **style.faint()).encode(y=y["low"], y2="high:Q"),
        base.transform_filter("!datum.seen").mark_point(filled=False, color=style.MAIN, **points).encode(y=y["r"]),
        base.transform_filter("datum.seen")
        .mark_point(filled=True, color=style.CONTRAST, shape="diamond", **points)
        .encode(y=y["r"]),
    ).properties(width=style.WIDTH, height=120)
    seen = known.filter("seen")
    words = [f"{name} {lag:.0f} periods earlier, r {r:+.2f}" for name, lag, r in
             zip(*(seen[name].to_list() for name in (style.GROUP, "lag", "r")), strict=True)]  # fmt: skip
    has_counts = "n" in kept.columns and kept.schema["n"].is_integer()
    counts = kept["n"].drop_nulls() if has_counts else pl.Series([], dtype=pl.Int64)
    notes = [
        f"bars: {style.level_of(frame)}" if "level" in frame.columns else "bars: 95% confidence intervals",
        "grey: the largest at placebo lags",
        f"diamonds: {len(words)} link{'s' if len(words) > 1 else ''} seen" if words else "no link seen",
        f"n={int(counts.min()):,} periods or more" if len(counts) else None,  # type: ignore[arg-type]  # counts
        f"{undefined:,} undefined, not drawn" if undefined else None,
        f"{len(drivers) - _PANELS:,} more drivers are not drawn" if len(drivers) > _PANELS else None,
    ]
    title = style.heading("What came before?", *notes)
    told = f"Correlation by lag of {len(drivers[:_PANELS])} drivers: {'; '.join(words[:8]) or 'no link seen'}."
    return style.panels(chart, style.GROUP, title).properties(description=told)
