"""From records to a scorecard by team and month: three frames of different rows, one call, one table."""

import polars as pl

import servicequality as sq
from servicequality.datasets import service_desk_with_truth
from servicequality.events import facts
from servicequality.report import table
from servicequality.sla import due_clocks


def main() -> None:
    """Print what a team lead reads on Monday."""
    desk, truth = service_desk_with_truth(3_000, seed=1)
    tickets = facts(desk, as_of=truth.as_of).collect()
    clocks = due_clocks(tickets, as_of=truth.as_of)
    answers = desk.answers.join(tickets.lazy().select("ticket_id", "team", "created_at"), on="ticket_id").collect()
    metrics = [
        sq.resolution_time().named("resolution"),
        sq.sla_attainment(as_of=truth.as_of).named("SLA met"),
        sq.nps().where(pl.col("question") == "nps").named("NPS"),
    ]
    frames = {"ticket": tickets, "clock": clocks, "answer": answers}
    print(table(sq.evaluate(frames, metrics, by="team")), end="\n\n")
    monthly = sq.evaluate(frames, metrics, every="1mo", at="created_at", timezone="Europe/Berlin")
    print(table(monthly, limits="beside"))


if __name__ == "__main__":
    main()
