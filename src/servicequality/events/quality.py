"""`check`: the faults and doubts of a desk's data, and how they print. Never: a correction."""

import datetime as dt
from dataclasses import dataclass

import polars as pl

from servicequality.checks import html_block, html_table, refusing_misfits, shown
from servicequality.core import UNKNOWN
from servicequality.errors import InputError
from servicequality.events.as_of import COUNTERS, known_at, last_instant, microseconds, needed, seconds, words
from servicequality.events.counting import Finding, by_word, counted
from servicequality.events.findings import NAMELESS, STRANGE_REASON, findings
from servicequality.events.questions import CLOSED, CONTRADICTED, QUESTIONS, differs
from servicequality.events.status_rows import status_times
from servicequality.events.ticket_facts import ENDED, EXCLUDED, excluded_tickets, facts
from servicequality.events.vocabulary import UNUSED, statuses_of, unused
from servicequality.model import Records

__all__ = ["DataCheck", "check"]

_LEFT_OUT = "left out of the facts"
_USUAL = ("new", "open", "pending", "hold", "on-hold", "on hold")
_BY_WORD = {NAMELESS, STRANGE_REASON, _LEFT_OUT, *UNUSED.values()}
_STAMP_SECONDS = 60  # systems that keep stamps by the minute cut the rest off
_TOLD = {
    "first_response_at": ("responses", "first_response_at"),
    "first_resolved_at": ("changes", "first_resolution_at"),
    "resolved_at": ("changes", "resolved_at"),
    "closed_at": ("changes", "closed_at"),
}
"""For each stamp the table of events that tells of it too, and the fact."""


_LAWS = "law broken: "


@dataclass(frozen=True, slots=True, eq=False)
class DataCheck:
    """What was found: `frame` holds every finding, `str()` those that matter and what to ask the export's owner.

    Attributes:
        frame: `table`, `finding`, `about` (a column, if it is about one), `count`, `of`, `share`, `examples`.
        as_of: The instant of knowledge under which the laws were tried.
        timezone: The zone in which all instants are kept.
    """

    frame: pl.DataFrame
    as_of: dt.datetime
    timezone: str

    @property
    def broken_laws(self) -> pl.DataFrame:
        """The conservation laws that do not hold, which is a fault of this library or of the call and not of the data."""
        return self.frame.filter(pl.col("finding").str.starts_with(_LAWS) & (pl.col("count") > 0))

    @property
    def questions(self) -> list[str]:
        """What to ask the export's owner."""
        hits = self.frame.filter(pl.col("count") > 0).group_by("finding", maintain_order=True).agg("examples")
        return [
            QUESTIONS[finding].replace("{examples}", _together(examples))
            for finding, examples in zip(hits["finding"].to_list(), hits["examples"].to_list(), strict=True)
            if finding in QUESTIONS
        ]

    def _repr_html_(self) -> str:
        """The findings in a notebook, those that count something."""
        matter = self.frame.filter(pl.col("count") > 0, pl.col("finding") != "rows").with_columns(
            pl.col("about", "examples").fill_null("")
        )
        columns = [matter[name].to_list() for name in ("table", "finding", "about", "count", "of", "examples")]
        rows = [
            (table, f"{finding} {about}".strip(), f"{count:,}", UNKNOWN if of is None else f"{of:,}", examples)
            for table, finding, about, count, of, examples in zip(*columns, strict=True)
        ]
        table = html_table(["table", "finding", "count", "of", "such as"], rows, numbers=(2, 3))
        laws = ["All conservation laws hold."] if self.broken_laws.is_empty() else []
        asked = [f"To ask the export's owner: {question}" for question in self.questions]
        title = f"Data as of {self.as_of.isoformat()}, instants in {self.timezone}"
        return html_block(title, table, notes=[*laws, *asked])

    def __str__(self) -> str:
        lines = [f"Data as of {self.as_of.isoformat()}, instants in {self.timezone}"]
        for (table,), part in self.frame.group_by("table", maintain_order=True):
            rows = part.filter(pl.col("finding") == "rows")
            lines.append(f"{table}" + (f": {rows['count'][0]:,} rows" if rows.height else ""))
            for row in part.filter((pl.col("count") > 0) & (pl.col("finding") != "rows")).iter_rows(named=True):
                about = f" {row['about']}" if row["about"] else ""
                about = f" {shown(row['about'])}" if about and row["finding"] in _BY_WORD else about
                such_as = "; there are" if row["finding"] in UNUSED.values() else ", such as"
                cases = f"{such_as} {row['examples']}" if row["examples"] else ""
                lines.append(f"  {row['finding']}{about}: {row['count']:,} of {row['of']:,}{cases}")
        if self.broken_laws.is_empty():
            lines.append("All conservation laws hold.")
        if self.questions:
            lines += ["To ask the export's owner:", *(f"  - {question}" for question in self.questions)]
        return "\n".join(lines)


def _together(examples: list[str | None]) -> str:
    """The examples of several rows, each once."""
    return ", ".join(dict.fromkeys(one for row in examples if row for one in row.split(", ")))


@refusing_misfits
def check(
    records: Records,
    *,
    as_of: dt.datetime | None = None,
    ended: tuple[str, ...] = ENDED,
    paused: tuple[str, ...] = (),
    excluded: tuple[str, ...] = EXCLUDED,
    running: tuple[str, ...] = _USUAL,
) -> DataCheck:
    """What is wrong or missing in the tickets, responses and changes, and whether the conservation laws hold.

    The tables are examined whole; a role that no column was given for is not. Counted are, among others:

    - tickets that are resolved only by a close, whose facts depend on the order of rows of one instant (`sequence` gives
      changes an order), whose `reopen_count`, `reassignments` or `handle_seconds` in the export differs from the log, or
      of which a stamp lies more than a minute from what the log tells;
    - why tickets are left out, statuses and reasons that no set names, each by its word (`about`), and statuses of the
      call that no row has, with those that are there;
    - accounts of agents whose replies look automated: half of 20 or more within 10 seconds of the customer's message, or
      with one and the same text (where the messages carry a column `text`), or round the clock without a night's rest. One
      that is listed in the agents as a bot or a system is not asked about;
    - with a table of agents: who writes, changes or holds tickets and is not in it, and messages of a bot that its row
      calls an agent's.

    The laws are checked on the facts at `as_of`: the statuses of a ticket add up to its life; its first resolution is not
    after its last; hold, waits and agent work are not longer than its life; replies are part of the public messages,
    and these of all messages; tickets kept and excluded are all tickets.

    Args:
        records: the tables.
        as_of: the instant of knowledge, with a time zone; by default the last instant that the data hold.
        ended: statuses in which the work is over.
        paused: statuses in which the ticket is on hold.
        excluded: what keeps a ticket out.
        running: other statuses whose meaning is known; one that no set names is reported.

    Raises:
        ParameterError: `as_of` has no time zone, or a set of statuses is not a tuple of texts.
        InputError: The records hold no tickets, or none with a creation.
    """
    records = needed(records, "check")
    if records.tickets is None:
        raise InputError("expected records with tickets; got none: say Records(tickets=...), one row a ticket")
    as_of = last_instant(records) if as_of is None else as_of
    known = known_at(as_of)
    reasons = words("excluded", excluded)
    named = words("ended", ended) | words("paused", paused) | words("running", running) | reasons
    lazy = [
        *findings(records, records.tickets, named, reasons),
        *_unused(records, ended, paused, excluded, named),
        *_laws(records, as_of, known, ended, paused, excluded),
    ]
    frame = pl.concat(pl.collect_all(lazy)).with_columns(
        share=pl.when(pl.col("of") > 0).then(pl.col("count") / pl.col("of"))
    )
    columns = ["table", "finding", "about", "count", "of", "share", "examples"]
    tables = pl.Enum(["tickets", "responses", "changes", "agents", "facts"])
    return DataCheck(
        frame=frame.select(columns).sort(pl.col("table").cast(tables), maintain_order=True),
        as_of=as_of,
        timezone=records.timezone or "UTC",
    )


def _laws(
    records: Records,
    as_of: dt.datetime,
    known: int,
    ended: tuple[str, ...],
    paused: tuple[str, ...],
    excluded: tuple[str, ...],
) -> list[pl.LazyFrame]:
    assert records.tickets is not None
    rows = facts(records, as_of=as_of, ended=ended, paused=paused, excluded=excluded)
    life = seconds(known - pl.col("created_at").dt.timestamp("us"))
    times = ("hold_seconds", "requester_wait_seconds", "agent_wait_seconds", "agent_work_seconds")
    open_now = pl.col("resolution_observed").not_()
    reversed_ends = pl.col("resolved_at").is_not_null() & (pl.col("first_resolution_at") > pl.col("resolved_at"))
    sought = [
        Finding("open now", open_now),
        Finding("no resolution time", pl.col("resolution_reason").is_not_null()),
        Finding(CLOSED, pl.col("resolved_by_close")),
        Finding(_LAWS + "first resolution <= last", reversed_ends),
        Finding(_LAWS + "replies <= public agent messages", pl.col("agent_replies") > pl.col("public_agent_messages")),
        *(Finding(f"{_LAWS}{name} <= life", pl.col(name) > life + 1e-6) for name in times),
    ]
    if records.responses is not None or records.has("tickets", "first_response_at"):
        sought.append(Finding("no first response time", pl.col("first_response_reason").is_not_null()))
    left_out = excluded_tickets(records, as_of=as_of, excluded=excluded)
    total = records.tickets.select(pl.len()).collect(engine="streaming").item()
    tried = [
        counted("facts", rows, sought),
        by_word("facts", _LEFT_OUT, left_out, pl.col("reason"), of=total),
        *_compared(records, rows, known),
    ]
    if records.changes is not None:
        sums = status_times(records, as_of=as_of).group_by("ticket_id").agg(pl.col("seconds").sum())
        lives = records.tickets.filter(pl.col("created_at").dt.timestamp("us") <= known).select(
            "ticket_id", life.alias("life")
        )
        apart = (pl.col("seconds") - pl.col("life")).abs() > 1e-6 * (1 + pl.col("life"))
        both = lives.join(sums, on="ticket_id", how="left")
        tried.append(counted("facts", both, [Finding(_LAWS + "statuses sum to life", apart.fill_null(value=True))]))
    return tried


def _compared(records: Records, rows: pl.LazyFrame, known: int) -> list[pl.LazyFrame]:
    """Where a count or a stamp of the ticket's own system is not what its log comes to; else the facts repeat it."""
    assert records.tickets is not None
    kept = [name for name in COUNTERS if records.has("tickets", name)]
    told = {
        stamp: fact
        for stamp, (table, fact) in _TOLD.items()
        if table in records.tables and records.has("tickets", stamp)
    }
    stamps = (pl.when(microseconds(name) <= known).then(microseconds(name)).alias(f"own {name}") for name in told)
    own = records.tickets.select("ticket_id", *(pl.col(name).alias(f"own {name}") for name in kept), *stamps)
    both = rows.select("ticket_id", *kept, *told.values()).join(own, on="ticket_id", how="left", maintain_order="left")
    apart = [Finding(differs(name), (pl.col(name) - pl.col(f"own {name}")).abs() > 1e-6) for name in kept]
    for stamp, fact in told.items():
        late = (microseconds(fact) - pl.col(f"own {stamp}")).abs() > _STAMP_SECONDS * 1_000_000
        denied = pl.col(f"own {stamp}").is_not_null() & pl.col(fact).is_null()
        apart.append(Finding(CONTRADICTED, late | denied, stamp))
    return [counted("facts", both, apart)] if apart else []


def _unused(
    records: Records, ended: tuple[str, ...], paused: tuple[str, ...], excluded: tuple[str, ...], named: frozenset[str]
) -> list[pl.LazyFrame]:
    """The statuses of the call that no row has; of the sets that nobody chose, only where no status ends a ticket."""
    there = statuses_of(records)
    table = "tickets" if records.changes is None else "changes"
    sought = {"paused": paused}
    if ended != ENDED or (there and not {word.lower() for word in there} & set(ENDED)):
        sought = {"ended": ended, **sought}
    lost = [unused(name, chosen, there, named, table) for name, chosen in sought.items()]
    if excluded != EXCLUDED:
        lost.append(unused("excluded", excluded, statuses_of(records, "excluded"), named, table))
    return lost
