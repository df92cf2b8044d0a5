"""Five exports as they came, and the figures that others have computed of them, each by a few public calls.

    python examples/own_data.py FOLDER

The folder holds the files that are named below:
- an incident log ("Incident management process enriched event log", C. Amaral, M. Fantinato and S. M. Peres, 2018, UCI
  Machine Learning Repository, dataset 498, CC BY 4.0);
- the passenger survey of San Francisco airport of 2017 (DataSF, public domain);
- K-SERVQUAL, a survey on kiosks (copyright 2022 Hana, MIT licence);
- two weeks of calls to a bank (I. Guedj and A. Mandelbaum, Technion, 1999);
- the issues of a repository on GitHub.
"""

import gzip
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

import servicequality as sq
from servicequality import servqual

MARCH = datetime(2017, 3, 1, tzinfo=UTC)
BOTH = ((), "priority")
STATISTICS = ("median", "p90", "mean")


def incidents(folder: Path) -> list[pl.DataFrame]:
    """A log with a row an update. What the last row of an incident says, stamps too, stands on all of its rows."""
    stamps = pl.col("opened_at", "sys_updated_at", "resolved_at", "closed_at").replace("?", None)
    log = pl.read_parquet(folder / "servicenow_incident_events.parquet").with_columns(
        stamps.str.to_datetime("%d/%m/%Y %H:%M", time_zone="UTC"),
        outcome=pl.col("made_sla").replace_strict({"true": "met", "false": "missed"}),
    )
    log = log.with_columns(pl.col("sys_updated_at").cum_max().over("number"))  # one stamp steps back
    kept = {name: name for name in ("resolved_at", "closed_at", "priority", "outcome")}
    named = {"ticket": "number", "at": "sys_updated_at", "status": "incident_state", "created": "opened_at"}
    desk = sq.Records.from_events(log, **named, columns={**kept, "reassignments": "reassignment_count"})
    waits = tuple(word for word in log["incident_state"].unique() if word.startswith("Awaiting"))
    words = {"ended": ("Resolved", "Closed"), "paused": waits, "new": ("New", "-100")}
    logged, stamped = (sq.facts(one, as_of=MARCH, **words).collect() for one in (desk, desk.replace(changes=None)))
    met = sq.sla_attainment(due="closed_at", as_of=MARCH)
    once = sq.first_contact_resolution(definition="no_handover_no_reopening", window=None)
    rates = [met, once.named("resolved at first contact"), sq.reopen_rate(), sq.reopens_per_ticket()]
    return [
        sq.evaluate(logged, [*rates, sq.reassignment_rate(), *durations("first_action")]),
        sq.evaluate(stamped, [*open_at(2016, [4, 5, 6], "closed"), *open_at(2016, [4, 5, 6]), *durations("close")]),
        *(sq.evaluate(stamped.filter(resolved_by_close=False), durations("resolution"), by=by) for by in BOTH),
        sq.evaluate(logged, met, by="priority"),
        sq.evaluate(logged, sq.ticket_volume(), every="1mo", at="created_at"),
        logged.select(pl.col("hold_seconds").sum()),
    ]


def open_at(year: int, months: list[int], end: str = "resolved") -> list[sq.Metric]:
    """How many were not resolved, or not closed, at the first of some months."""
    days = [datetime(year, month, 1, tzinfo=UTC) for month in months]
    return [sq.backlog(ended=f"{end}_at", as_of=day).named(f"not {end} {day:%Y-%m-%d}") for day in days]


def durations(name: str) -> list[sq.Metric]:
    """The plain figures of the durations that have ended."""
    columns = f"{name}_seconds", f"{name}_observed"
    return [sq.resolution_time_observed_only(*columns, statistic=one).named(f"{name} {one}") for one in STATISTICS]


def passengers(folder: Path) -> list[pl.DataFrame]:
    """Scores with codes for a blank and for what does not apply: they are named, and nothing has to be cleaned."""
    raw = pl.read_csv(folder / "sfo_customer_survey_2017.csv.gz", infer_schema=False)
    rated = ("Q7", "Q9", "Q10SAFE", "Q13GETRATE", "Q14")
    items = [name for name in raw.columns if name.startswith(rated) and "COM" not in name]
    survey = raw.with_columns(
        pl.col("NETPRO", "Q15PROBLEM", *items).cast(pl.Int64, strict=False), pl.col("WEIGHT").cast(pl.Float64)
    )
    nps, five = sq.nps("NETPRO", missing=(11,)), {"scale": (1, 5), "missing": (0, 6)}
    top = [sq.csat(item, **five).named(f"{item} top 2") for item in items]
    means = [sq.csat_mean(item, **five).named(f"{item} mean") for item in items]
    clean = ["Q9BOARDING", "Q9FOOD", "Q9RESTROOM", "Q9ALL"]
    answered = survey.with_columns(pl.when(pl.col(clean).is_between(1, 5)).then(pl.col(clean)))
    cleanliness = servqual.Scale("clean", {"cleanliness": clean}, low=1, high=5, standard="none")
    return [
        sq.evaluate(survey, [*sq.nps_breakdown("NETPRO", missing=(11,)), nps, *top, *means]),
        sq.evaluate(survey, [nps, *top, *means], weight="WEIGHT"),
        sq.evaluate(survey, nps, by="BAREA"),
        sq.evaluate(survey, [nps.where(pl.col("Q15PROBLEM") == code).named(f"problem {code}") for code in (1, 2)]),
        servqual.alpha(answered, cleanliness, perception={item: item for item in clean}),
    ]


def kiosks(folder: Path) -> list[pl.DataFrame]:
    """Pairs of expectation and perception with Korean headers, and six dimensions of its own."""
    raw = gzip.decompress((folder / "kiosk_servqual_survey_cp949.csv.gz").read_bytes()).decode("cp949")
    survey = pl.read_csv(raw.encode(), infer_schema_length=None)
    key = {"tangible": [4, 5, 6, 22], "security": [19, 20, 21], "economy": [10, 11, 18], "convenience": range(13, 18)}
    key |= {"reliability": [1, 2, 3], "control": [7, 8]}
    headers = survey.columns

    def side(number: int, *places: int) -> dict[str, str]:  # a header begins with the item and the side of the pair
        starts = {headers[place].partition(".")[0].strip(): headers[place] for place in places}
        return {str(item): starts[f"{item}-{number}"] for item in range(1, 25)}

    gaps, grid = range(3, 51), (*range(91, 107), *range(120, 152))
    columns = {"expectation": side(1, *gaps), "perception": side(2, *gaps)}
    items = {**columns, "importance": side(1, *grid), "satisfaction": side(2, *grid)}
    scale = servqual.Scale("K-SERVQUAL", key, low=1, high=7, items=columns["expectation"])
    scores, alpha = servqual.score(survey, scale, **columns), servqual.alpha(survey, scale, **columns)
    named = {f"{what} {item}": header for what, each in items.items() for item, header in each.items()}
    means = [sq.csat_mean(header, scale=(1, 7)).named(name) for name, header in named.items()]
    last = dict(enumerate(headers[158:162], start=1))
    top = [sq.csat(header, scale=(1, 5)).named(f"csat {place}") for place, header in last.items()]
    average = [sq.csat_mean(header, scale=(1, 5)).named(f"csat_mean {place}") for place, header in last.items()]
    return [scores.dimensions, scores.overall, alpha, sq.evaluate(survey, means), sq.evaluate(survey, [*top, *average])]


def calls(folder: Path) -> list[pl.DataFrame]:
    """A log of calls: who was answered and when, who gave up, and who called again within a day."""
    raw = pl.read_csv(folder / "bank_calls_1999-02-01_14.tsv.gz", separator="\t", infer_schema=False)
    outcome = pl.col("outcome").replace_strict({"AGENT": "answered", "HANG": "abandoned"}, default=None)
    log = raw.with_columns(pl.col("q_time", "ser_time").cast(pl.Int64), outcome).with_columns(
        pl.concat_str("date", "vru_entry").str.to_datetime("%y%m%d%H:%M:%S", time_zone="UTC").alias("created_at"),
        talk=pl.when(pl.col("ser_time") > 0).then("ser_time"),
        requester_id=pl.when(pl.col("customer_id") != "0").then("customer_id"),
    )
    ended = log.with_columns(resolved_at=pl.when(pl.col("outcome") == "answered").then("created_at"))
    again = sq.follow_ups(ended, as_of=datetime(1999, 2, 15, tzinfo=UTC))
    gave_up, speed = sq.abandonment_rate(), sq.average_speed_of_answer("q_time", queued_only=True)
    levels = []
    for limit in (20, 30, 60):
        every = sq.service_level("q_time", abandoned="missed", limit=limit)
        most = sq.service_level("q_time", abandoned="short_excluded", limit=limit, short=limit)
        levels += [every.named(f"within {limit}"), most.named(f"within {limit}, but for short")]
    talk = [sq.average_talk_time("talk", statistic=one).named(f"talk {one}") for one in STATISTICS]
    return [
        sq.evaluate(log, [gave_up, sq.average_speed_of_answer("q_time"), speed, *levels, *talk]),
        sq.evaluate(log, talk, by="type"),
        sq.evaluate(log, gave_up, by="priority"),
        sq.evaluate(again, sq.repeat_contact_rate(window=86_400)),
        sq.evaluate(log.filter(outcome="answered"), sq.contact_wait_time("q_time", statistic="p90")),
    ]


def issues(folder: Path) -> list[pl.DataFrame]:
    """Issues and comments: a comment of anybody but the author is an answer."""
    rows = json.loads(gzip.decompress((folder / "github_issues_tls13-spec.json.gz").read_bytes()))["issues"]
    told = [{"issue": row["number"], "asked": row["author"], **comment} for row in rows for comment in row["comments"]]
    author = pl.when(pl.col("author") == pl.col("asked")).then(pl.lit("customer")).otherwise(pl.lit("agent"))
    stamped = {"created_at": "createdAt", "resolved_at": "closedAt", "requester_id": "author", "ticket_id": "number"}
    desk = sq.Records(
        tickets=pl.DataFrame(rows).drop("comments"),
        responses=pl.DataFrame(told).with_columns(author.alias("who"), opening=pl.lit(value=False)),
        columns={
            "tickets": stamped,
            "responses": {"ticket_id": "issue", "at": "createdAt", "author": "who", "author_id": "author"},
        },
    )
    facts = sq.facts(desk, as_of=datetime(2026, 7, 9, tzinfo=UTC)).collect()
    first = [sq.first_response_time_observed_only(statistic=one).named(f"first response {one}") for one in STATISTICS]
    open_then = [metric for year in range(2015, 2019) for metric in open_at(year, [1])]
    replies = pl.col("public_agent_messages")
    return [
        sq.evaluate(facts, [*first, sq.first_response_time(limit=86_400), *durations("resolution"), *open_then]),
        facts.select(replies.mean().alias("mean"), (replies <= 1).sum().alias("at most one")),
    ]


if __name__ == "__main__":
    pl.Config.set_tbl_cols(6)
    for example in (incidents, passengers, kiosks, calls, issues):
        print(example.__doc__)
        for table in example(Path(sys.argv[1])):
            print(table)
