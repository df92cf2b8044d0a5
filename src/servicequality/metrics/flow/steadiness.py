"""Throughput and drain time: whether the desk keeps up with what comes. Rows are those of `flow`."""

import polars as pl

from servicequality.columns import Amount, Flag, Instant, Occurrences, answered
from servicequality.core import define
from servicequality.errors import ParameterError
from servicequality.shapes import RateMethod, Shape, draining, rate

__all__ = ["throughput", "time_to_drain"]

_GRAIN = "flow period"


@define(
    title="Throughput",
    unit="per period",
    better="higher",
    bounds=(0, float("inf")),
    grain=_GRAIN,
    formula=r"\sum \text{ended} \Big/ \#\text{periods}",
    references=("Little 1961", "Garwood 1936", "McCullagh & Nelder 1989"),
    aliases=("tickets ended per week", "completion rate per week", "delivery rate", "velocity", "output"),
)
def throughput(
    outflow: Occurrences = "outflow", complete: Flag = "complete", *, interval: RateMethod = "quasi_poisson"
) -> Shape:
    """How many tickets end in a period. Rows are those of `flow`, one a period and group.

    Periods of `flow` have no holes: a week in which nothing ended is 0. A period that is not over is excluded. From four
    periods on the limits are Garwood's, widened by the scatter of the periods where it is more than Poisson's;
    `interval="poisson"` leaves them as they are. By longer periods, `every="1mo", at="period"` of weeks is their mean.

    When it lies:
        Ended is not solved: read it together with `reopen_rate`. It follows demand, since nobody can end more than comes in.
        Bulk closing makes one period shine.

    Why your vendor shows another number:
        Closed instead of solved, each ticket once however often it ended, periods in another zone, and the running period
        shown as if it were over.

    Example:
        print(sq.throughput().estimate(rows))
        months = sq.evaluate(rows, sq.throughput(), every="1mo", at="period")
        print(months.select("period", "value", "low", "high", "n", "n_excluded"))
    """
    over = pl.col(complete).fill_null(value=False)
    shape = rate(pl.col(outflow), pl.lit(1.0), of=answered(outflow) & over, periods=True, interval=interval)
    return shape.excluding(answered(outflow) & ~pl.col(complete))


@define(
    title="Time to drain",
    label="time to drain the backlog",
    unit="s",
    better="lower",
    bounds=(0, float("inf")),
    grain=_GRAIN,
    formula=r"\inf\{t : B - \mu t + \sigma W_t \le 0\}",
    references=("Wald 1947", "Folks & Chhikara 1978"),
    aliases=("drain time", "when will the backlog be gone", "weeks of backlog", "backlog burn-down", "days to clear"),
)
def time_to_drain(
    period: Instant = "period",
    inflow: Occurrences = "inflow",
    outflow: Occurrences = "outflow",
    closing: Amount = "closing",
    complete: Flag = "complete",
    *,
    periods: int = 8,
) -> Shape:
    """How long until the backlog is gone, if the coming periods are like the last ones: the median, and the range around it.

    Rows are those of `flow`, one a period and group. The last complete `periods` show how much more ends than comes, and how
    much that varies. The time is then inverse Gaussian: `value` is its median, `low` and `high` hold it with the chance
    `level`. This is a range of outcomes and no confidence interval: the uncertainty of the mean of so few periods is not in
    it, and a note tells where that mean could be 0. Where no more ends than comes there is no such time, and the reason says
    so. `n_eff` is the number of periods that were taken; a note says how many tickets are open.

    When it lies:
        Weeks are not alike: a holiday ahead, or a release, is not in it. Consecutive weeks are assumed to be independent.
        Give whole weeks: with days, the weekend looks like chance.

    Why your vendor shows another number:
        Backlog over outflow, as if nothing came in; or over the net outflow of one week, which gives a single number, or a
        negative one.

    Example:
        drained = sq.evaluate(rows, sq.time_to_drain(), by="channel", level=0.8)
        print(drained.select("channel", "value", "low", "high", "reason", "notes"))
    """
    if not isinstance(periods, int) or periods < 2:
        raise ParameterError(f"periods is a whole number of at least 2, since one has no spread; got {periods!r}")
    columns = (period, inflow, outflow, closing, complete)
    return draining(
        pl.col(period),
        pl.col(outflow) - pl.col(inflow),
        pl.col(closing),
        complete=pl.col(complete),
        of=pl.all_horizontal(answered(name) for name in columns),
        periods=periods,
    )
