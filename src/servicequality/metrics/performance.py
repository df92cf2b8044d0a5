"""How fast the software answers under load: Apdex, latency, throughput, scalability. Never here: people (`speed`)."""

from dataclasses import replace

import polars as pl

from servicequality.columns import Amount, Flag, Number, Seconds, answered
from servicequality.core import define
from servicequality.errors import ParameterError
from servicequality.metrics.durations import Statistic, finished, waiting
from servicequality.shapes import RateMethod, Shape, balance, elasticity, rate

__all__ = ["apdex", "latency", "scalability", "throughput_rate"]


@define(
    title="Apdex",
    unit="index",
    better="higher",
    bounds=(0, 1),
    grain="request",
    formula=r"\frac{\#\{x \le T\} + \tfrac12 \#\{T < x \le F\}}{n}",
    references=("Apdex Alliance, Technical Specification 1.1, 2007", "Rocks 2016"),
    aliases=("application performance index", "apdex score", "share of fast requests"),
    label="Apdex",
)
def apdex(
    seconds: Seconds = "seconds",
    failed: Flag | None = None,
    *,
    threshold: float,
    frustrated_after: float | None = None,
) -> Shape:
    """Requests answered within the threshold T, and half of those within F (4 T by default), over all requests.

    T and F are inclusive. Where a column `failed` is given, a failed request is a frustrated one however fast it failed.
    `servicequality.stats.apdex_rating` gives the word that belongs to an index.

    When it lies:
        Those who are judged choose T. Half of all users at 0.1 s and half at 3.9 T give 0.75, as do all at T plus some
        failures: look at the latency's quantiles.

    Why your vendor shows another number:
        Another T, often one for all pages; errors left out, so that a page that fails at once looks splendid; averages of
        the minutes' indices instead of one index over all requests.

    Example:
        rows = {"seconds": [0.2, 0.4, 0.5, 0.9, 1.1, 2.0, 2.1, 0.3, 0.4, 5.0]}
        print(sq.apdex(threshold=0.5).estimate(rows))
        print(sq.apdex(threshold=1).estimate(rows))
    """
    last = 4 * threshold if frustrated_after is None else frustrated_after
    if not threshold > 0:
        raise ParameterError(f"threshold must be a number of seconds above 0; got {threshold!r}")
    if not last > threshold:
        raise ParameterError(f"frustrated_after must exceed the threshold of {threshold!r}; got {frustrated_after!r}")
    bad = pl.col(seconds) > last
    good = pl.col(seconds) <= threshold
    of = answered(seconds)
    if failed is not None:
        broke = pl.col(failed).fill_null(value=False)
        bad, good, of = bad | broke, good & ~broke, of | broke
    return replace(balance(good, bad, of=of, per=0.5, origin=0.5), unit="index", empty="no samples")


@define(
    title="Latency",
    unit="s",
    better="lower",
    bounds=(0, float("inf")),
    grain="request",
    formula=r"x_{(p)}",
    references=("Hyndman & Fan 1996", "Kaplan & Meier 1958"),
    aliases=(
        "response time of the software",
        "page load time",
        "p95 latency",
        "request duration",
        "server response time",
    ),
)
def latency(
    seconds: Seconds = "seconds",
    timed_out: Flag | None = None,
    *,
    statistic: Statistic | float = "p95",
    limit: float | None = None,
) -> Shape:
    """A quantile of the time that requests took; with `limit` the share answered within so many seconds.

    Where a column `timed_out` is given, such a request is known to have taken longer than its seconds, and counts so
    (Kaplan-Meier).

    Limits are those of the beta product: with mid-p for a share within `limit`, inverted for a quantile.

    When it lies:
        A load generator that waits for an answer before it sends the next request sends nothing while the system hangs: the
        worst is never measured. Quantiles of quantiles are not quantiles.
        The upper limit of a high quantile is often missing: too few rows were watched so long.

    Why your vendor shows another number:
        Averages; the average of the hosts' p95; a sample of requests; time at the server in place of time at the user;
        requests that timed out left out.

    Example:
        rows = {"seconds": [0.2, 0.4, 0.5, 0.9, 1.1, 2.0, 2.1, 0.3, 0.4, 5.0], "timed_out": [False] * 9 + [True]}
        print(sq.latency(statistic="median").estimate(rows))
        print(sq.latency(timed_out="timed_out", limit=1).estimate(rows))
    """
    if timed_out is None:
        return finished(seconds, answered(seconds), statistic=statistic, limit=limit)
    over = ~pl.col(timed_out).fill_null(value=False)
    return waiting(seconds, over, competing=None, statistic=statistic, limit=limit, horizon=None)


@define(
    title="Throughput of requests",
    unit="per second",
    better="higher",
    bounds=(0, float("inf")),
    grain="period",
    formula=r"\frac{\sum \text{requests}}{\sum \text{seconds}}",
    references=("Garwood 1936", "McCullagh & Nelder 1989"),
    aliases=("requests per second", "RPS", "transactions per second", "TPS", "throughput of the software"),
)
def throughput_rate(
    requests: Amount = "requests", seconds: Seconds = "seconds", *, interval: RateMethod = "quasi_poisson"
) -> Shape:
    """Requests handled for each second. One row is a stretch of time with its requests and its length.

    From four periods on the limits are Garwood's, widened by the scatter of the periods where it is more than Poisson's
    (quasi-Poisson); `interval="poisson"` leaves them as they are.

    When it lies:
        It shows demand, not capacity: a quiet hour has a low throughput. Failures are quick and raise it.

    Why your vendor shows another number:
        The busiest minute; retries counted; successful requests alone; per host.

    Example:
        print(sq.throughput_rate().estimate({"requests": [5_400, 6_100], "seconds": [60, 60]}))
    """
    of = answered(requests) & answered(seconds)
    return rate(pl.col(requests), pl.col(seconds), of=of, periods=True, interval=interval)


@define(
    title="Scalability",
    unit="elasticity",
    better="lower",
    grain="measurement",
    formula=r"\log \text{cost} = a + \beta \log \text{load}",
    references=("Jogalekar & Woodside 2000", "Draper & Smith 1998"),
    aliases=("elasticity of latency", "how latency grows with load", "scaling exponent", "cost per load"),
)
def scalability(load: Number = "load", cost: Number = "cost") -> Shape:
    """By how many per cent latency or cost grows when the load grows by one: the slope of their logarithms.

    Rows are measurements, with a load (requests, users, tickets) and what it took (seconds, money), both above 0. Of latency,
    0 is perfect and 1 means that twice the load takes twice the time; of total cost, 1 is linear and less is an economy of
    scale. Least squares with Student's limits; null where fewer than three rows hold both, or the load does not vary.

    When it lies:
        One slope describes a curve that bends: near its limit a system's latency leaps. Consecutive rows are not
        independent, which makes the limits too narrow.

    Why your vendor shows another number:
        A straight line through the numbers themselves, or the ratio of two days.

    Example:
        rows = {"load": [10, 20, 40, 80, 160], "cost": [0.20, 0.21, 0.25, 0.31, 0.44]}
        print(sq.scalability().estimate(rows))
    """
    of = answered(load) & answered(cost)
    legal = pl.all_horizontal((pl.col(name) > 0) & (pl.col(name) < float("inf")) for name in (load, cost))
    shape = elasticity(pl.col(cost), pl.col(load), of=of)
    return replace(shape, refused={"that is not above 0, which has no logarithm": of & ~legal})
