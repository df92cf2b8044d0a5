"""How much comes and goes: counts over one row a ticket."""

from datetime import datetime

import polars as pl

from servicequality.columns import Instant
from servicequality.core import define
from servicequality.metrics.windows import instant, moment, within
from servicequality.shapes import Shape, count, ratio, total_of

__all__ = ["backlog", "clearance_ratio", "inflow", "net_flow", "outflow", "ticket_volume"]

_COUNT = (0.0, float("inf"))


@define(
    title="Ticket volume",
    unit="count",
    better="neither",
    bounds=_COUNT,
    grain="ticket",
    formula=r"\#\text{created}",
    references=("ITIL 4",),
    aliases=("tickets created", "contact volume", "demand", "number of tickets"),
)
def ticket_volume(created: Instant = "created_at") -> Shape:
    """How many tickets were created.

    When it lies:
        One problem may make many tickets, and one ticket may hold many problems. Merged tickets are counted where they
        were not excluded.

    Why your vendor shows another number:
        Solved in place of created, merged and spam tickets counted, days cut in another zone.
    """
    return count(pl.col(created).is_not_null())


@define(
    title="Inflow",
    unit="count",
    better="neither",
    bounds=_COUNT,
    grain="ticket",
    formula=r"\#\{s \le \text{created} < u\}",
    references=("Little 1961",),
    aliases=("arrivals", "new tickets"),
)
def inflow(created: Instant = "created_at", *, since: datetime | None = None, until: datetime | None = None) -> Shape:
    """Tickets created in [since, until). From events, `flow` adds the reopened ones.

    When it lies:
        Without reopenings it understates the work that comes in.

    Why your vendor shows another number:
        Reopened tickets counted as new, or moved to the day of their first creation.
    """
    return count(within(created, since, until))


@define(
    title="Outflow",
    unit="count",
    better="neither",
    bounds=_COUNT,
    grain="ticket",
    formula=r"\#\{s \le \text{ended} < u\}",
    references=("Little 1961",),
    aliases=("departures", "tickets closed", "solved"),
)
def outflow(ended: Instant = "resolved_at", *, since: datetime | None = None, until: datetime | None = None) -> Shape:
    """Tickets that ended in [since, until), each at its last end. From events, `flow` counts every end.

    When it lies:
        Closing is cheap: read it alongside the reopen rate.

    Why your vendor shows another number:
        Solved and closed counted apart, or a ticket counted at each of its ends.
    """
    return count(within(ended, since, until))


@define(
    title="Backlog",
    unit="count",
    better="lower",
    bounds=_COUNT,
    grain="ticket",
    census=True,
    formula=r"\#\{\text{created} \le t < \text{ended}\}",
    references=("Little 1961",),
    aliases=("open tickets", "how many tickets are open", "work in progress", "unresolved tickets", "queue"),
)
def backlog(created: Instant = "created_at", ended: Instant = "resolved_at", *, as_of: datetime) -> Shape:
    """Tickets open at an instant: created by then and not ended by then.

    When it lies:
        A count does not say how old the tickets are, nor how much work is in them.

    Why your vendor shows another number:
        The dashboard counts what is open now; it cannot say what was open then. Tickets on hold may be left out.
    """
    now = pl.lit(instant("as_of", as_of))
    return count((moment(created) <= now) & (pl.col(ended).is_null() | (moment(ended) > now)))


@define(
    title="Net flow",
    unit="count",
    better="lower",
    grain="ticket",
    formula=r"\text{inflow} - \text{outflow}",
    references=("Little 1961",),
    aliases=("backlog change", "net inflow", "inflow minus outflow"),
)
def net_flow(
    created: Instant = "created_at",
    ended: Instant = "resolved_at",
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Shape:
    """Inflow less outflow in [since, until): by how much the backlog grew.

    When it lies:
        A quiet balance can hide that old tickets stay while new ones pass.

    Why your vendor shows another number:
        Created and solved of the same cohort compared, which cannot show how the backlog moved.
    """
    came, went = within(created, since, until), within(ended, since, until)
    return total_of(came.cast(pl.Int64) - went.cast(pl.Int64), of=came | went)


@define(
    title="Clearance ratio",
    unit="ended per created",
    better="higher",
    bounds=_COUNT,
    grain="ticket",
    formula=r"\text{outflow}/\text{inflow}",
    references=("Cochran 1977",),
    aliases=("clearance rate", "closure rate", "solved per created", "throughput ratio"),
)
def clearance_ratio(
    created: Instant = "created_at",
    ended: Instant = "resolved_at",
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Shape:
    """Tickets that ended in [since, until) for each ticket created in it: below 1 the backlog grows.

    When it lies:
        It is not a success rate: the tickets that ended are not the ones that were created, and a quiet week after a busy one
        shows far more than 1.

    Why your vendor shows another number:
        Solved over created of one cohort, which is a resolution rate and cannot pass 1.
    """
    came, went = within(created, since, until), within(ended, since, until)
    return ratio(went.cast(pl.Float64), came.cast(pl.Float64), of=came | went)
