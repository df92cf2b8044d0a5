"""The page that `servicequality demo` prints for the generated desk."""

import contextlib
import datetime as dt
from typing import NamedTuple, Self
from zoneinfo import ZoneInfo

import polars as pl

from servicequality.core import Metric, evaluate
from servicequality.datasets import Truth, service_desk_with_truth
from servicequality.datasets.effects import ZONE
from servicequality.events import facts, flow
from servicequality.metrics.satisfaction import ces, csat, nps, response_rate
from servicequality.metrics.sla import sla_attainment
from servicequality.metrics.speed import first_response_time, resolution_time, resolution_time_observed_only
from servicequality.model import Records
from servicequality.report import figures
from servicequality.report.layout import PLAIN, Announce, Style, heading, paragraph
from servicequality.report.listings import listing
from servicequality.report.tables import table
from servicequality.sla import due_clocks
from servicequality.tables import pareto

__all__ = ["simulated_desk"]

_CLASSIC = "resolved tickets only"
_CAUSES = "share of tickets"
_TRUTHS = {
    "NPS": "nps",
    "CSAT": "csat",
    "CES": "ces",
    "answered surveys": "response_rate",
    "first response": "first_response_median_seconds",
    "resolution": "resolution_median_seconds",
    "SLA met": "resolution_within_due_share",
}


def simulated_desk(
    n_tickets: int = 5_000,
    *,
    seed: int = 0,
    weeks: int = 12,
    width: int = 80,
    style: Style = PLAIN,
    announce: Announce = contextlib.nullcontext,
) -> str:
    """A scorecard of a generated service desk: overall with the truth, by channel, by week, and the flow of tickets.

    Args:
        n_tickets: tickets created in the 26 weeks of the desk.
        seed: another seed makes another desk of the same kind.
        weeks: how many of the last weeks are shown.
        width: characters on a line.
        style: colours; none by default.
        announce: says what a step does that takes long.

    Raises:
        ParameterError: fewer than one ticket.
    """
    with announce(f"simulating {n_tickets:,} tickets"):
        records, truth = service_desk_with_truth(n_tickets, seed=seed)
    with announce("facts of the tickets"):
        desk = _Desk.of(records, truth)
    with announce("figures overall, by channel and by week"):
        overall = desk.evaluate([*desk.scorecard(), *desk.classics()])
        by_channel = desk.evaluate(desk.scorecard(), by="channel")
        weekly = [
            metric for metric in desk.scorecard() if metric.name in ("NPS", "first response", "resolution", "SLA met")
        ]
        by_week = desk.evaluate(weekly, every="1w")
    shown = by_week["period"].unique().sort()[-weeks:]
    with announce("what came and went"):
        weekly_flow = flow(records, every="1w", as_of=truth.as_of, timezone=ZONE)
        come_and_gone = weekly_flow.lazy().filter("complete").tail(weeks).collect()
    truths = {name: getattr(truth, field) for name, field in _TRUTHS.items()}
    parts = [
        style.bold(f"A simulated service desk (seed {seed})"),
        paragraph(desk.introduction(n_tickets), width=width),
        heading("Overall, with the truth", style=style),
        table(overall, truth=truths, width=width, style=style),
        heading("By channel", style=style),
        table(by_channel, width=width, style=style),
        heading("What customers wrote about", style=style),
        table(desk.causes(), limits="beside", whole=_CAUSES, width=width, style=style),
        heading(f"By week in which the ticket was created (Monday, {ZONE}), the last {shown.len()}", style=style),
        table(by_week.filter(pl.col("period").is_in(shown.to_list())), limits="beside", width=width, style=style),
        heading("What came and went by week", style=style),
        listing(come_and_gone.select(**_FLOW), bar="open at its end", width=width, style=style),
        heading("How to read this", style=style),
        *(paragraph(text, width=width) for text in _closing(overall, truths, desk.n_open)),
    ]
    return "\n\n".join(parts) + "\n"


_FLOW = {
    "week": pl.col("period"),
    "open at its start": pl.col("opening"),
    "created": pl.col("created"),
    "reopened": pl.col("reopened"),
    "ended": pl.col("outflow"),
    "open at its end": pl.col("closing"),
}


class _Desk(NamedTuple):
    """What is asked of, and when."""

    frames: dict[str, pl.DataFrame]
    as_of: dt.datetime
    n_open: int

    @classmethod
    def of(cls, records: Records, truth: Truth) -> Self:
        tickets = facts(records, as_of=truth.as_of).collect()
        clocks = due_clocks(tickets, as_of=truth.as_of)
        assert records.answers is not None  # the generated desk asks
        # The channel and the week of a ticket's answers are the ticket's.
        answers = records.answers.join(tickets.lazy().select("ticket_id", "channel", "created_at"), on="ticket_id")
        n_open = tickets.filter(~pl.col("resolution_observed")).height
        return cls({"ticket": tickets, "clock": clocks, "answer": answers.collect()}, truth.as_of, n_open)

    def evaluate(
        self, metrics: list[Metric], *, by: str | tuple[str, ...] = (), every: str | None = None
    ) -> pl.DataFrame:
        at = None if every is None else "created_at"
        return evaluate(self.frames, metrics, by=by, every=every, at=at, timezone=None if at is None else ZONE)

    def scorecard(self) -> list[Metric]:
        question = pl.col("question")
        return [
            nps().where(question == "nps").named("NPS"),
            csat(scale=(1, 5)).where(question == "csat").named("CSAT"),
            ces(version="v2").where(question == "ces").named("CES"),
            first_response_time().named("first response"),
            resolution_time().named("resolution"),
            sla_attainment(as_of=self.as_of).named("SLA met"),
        ]

    def classics(self) -> list[Metric]:
        return [
            response_rate("score").where(pl.col("question") == "csat").named("answered surveys"),
            resolution_time_observed_only().named(_CLASSIC),
        ]

    def causes(self) -> pl.DataFrame:
        table = pareto(self.frames["ticket"]).lazy().collect()
        return table.drop("rank").with_columns(metric=pl.lit(_CAUSES))

    def introduction(self, n_tickets: int) -> str:
        tickets = self.frames["ticket"]
        left_out = n_tickets - tickets.height
        seen = self.as_of.astimezone(ZoneInfo(ZONE))
        return (
            f"{n_tickets:,} tickets in 26 weeks, as an export of {seen:%Y-%m-%d %H:%M} ({ZONE}) shows them: {self.n_open:,} "
            f"are still open, and {left_out:,} do not count (spam or merged). First response and resolution are medians "
            "since creation, on the calendar; CSAT is the share of 4 and 5 of 5, CES the mean of 1 to 7 (higher is "
            "easier); SLA met is the share resolved by the due instant, among those that have come due."
        )


def _closing(overall: pl.DataFrame, truths: dict[str, float | None], n_open: int) -> list[str]:
    rows = {name: overall.row(by_predicate=pl.col("metric") == name, named=True) for name in overall["metric"]}

    def value(name: str) -> str:
        return figures.line(rows[name])[0]

    def range_of(name: str) -> str:
        limits = figures.line(rows[name])[1]
        return f" ({limits})" if limits else ""

    def true(name: str) -> str:
        return figures.line(rows[name], truth=truths[name])[2]

    chance = (
        "Limits. Under or beside each figure are its 95% limits: ranges made in this way miss the true figure one time in "
        "twenty. They show how much of a figure can be chance, and nothing else. Where the limits of two channels or weeks "
        "overlap widely, the difference is not worth a meeting."
    )
    still_open = (
        f"Open tickets were counted. {n_open:,} tickets had no end yet, and each is known to take at least as long as it has "
        f"been open (Kaplan-Meier). So the median time to resolution is {value('resolution')}; over resolved tickets alone it "
        f"would be {value(_CLASSIC)}, a figure without the tickets that nobody gets done. A promise is judged once "
        "its deadline has come, whether anybody has closed the ticket or not."
    )
    known = (
        "The truth. The desk is simulated, so the last column of the first table shows what no real desk knows: every "
        "ticket followed to its end, every customer asked and answering. The desk's true median time to resolution was "
        f"{true('resolution')}; the estimate is {value('resolution')}{range_of('resolution')}. Its true NPS was "
        f"{true('NPS')}, and the answers give {value('NPS')}{range_of('NPS')}: satisfied customers answer more often, which "
        "no interval can allow for. `servicequality catalogue non response` shows how large the effect can be."
    )
    return [chance, still_open, known]
