"""Working time against a bare subtraction of the same columns, in one run: `python benchmarks/worktime.py [rows ...]`.

Monday to Friday 09:00-12:30 and 13:00-17:30 in New York, ten holidays a year, five years. Every figure is the median of
interleaved rounds, and answers are compared first, so that nobody is fast by being wrong. Read the ratios.
"""

import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
import polars as pl

from servicequality.worktime import Schedule, Schedules, merge_pauses, paused_time
from servicequality.worktime.horizon import Horizon, Piece

HOLIDAYS = [
    f"{year}-{day}"
    for year in range(2020, 2025)
    for day in ("01-01", "01-20", "02-17", "05-25", "07-03", "09-07", "10-12", "11-11", "11-26", "12-25")
]
WEEK = {day: [("09:00", "12:30"), ("13:00", "17:30")] for day in ("mon", "tue", "wed", "thu", "fri")}
DESK = Schedule(WEEK, "America/New_York", holidays=HOLIDAYS)
EIGHT = [
    Schedule(
        {day: [("09:00", "12:30"), ("13:00", f"17:{5 * late:02}")] for day in WEEK},
        "America/New_York",
        holidays=HOLIDAYS,
    )
    for late in range(8)
]
DAY = 86_400_000_000
FIRST = 18_262 * DAY  # 2020-01-01
ROUNDS = 7


def medians(contenders: dict[str, Callable[[], object]]) -> dict[str, float]:
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(ROUNDS):
        for name, contender in contenders.items():
            begin = time.perf_counter()
            contender()
            times[name].append(time.perf_counter() - begin)
    return {name: statistics.median(taken[1:]) for name, taken in times.items()}


def run(rows: int) -> None:
    random = np.random.default_rng(1)
    start = FIRST + random.integers(0, 5 * 365 * DAY - 40 * DAY, rows)
    end = start + random.integers(0, 30 * DAY, rows)
    budget = random.integers(1, 40 * 3600, rows) * 1_000_000
    which = random.integers(0, 8, rows)
    frame = pl.DataFrame({"start": start, "end": end, "seconds": budget / 1e6, "key": which}).with_columns(
        pl.col("start", "end").cast(pl.Datetime("us", "UTC"))
    )
    one = Horizon([(Piece(DESK.rules, DESK.timezone),)])
    eight = Horizon([(Piece(schedule.rules, schedule.timezone),) for schedule in EIGHT])
    by_key = Schedules(dict(enumerate(EIGHT)))
    out = np.empty(rows, np.int64)

    worked = one.between(start, end)
    assert np.array_equal(worked, frame.select(DESK.between("start", "end"))["start"].to_numpy())
    assert np.array_equal(one.between(start, one.add(start, budget)), budget / 1e6)
    sample = slice(0, 200)
    instants = frame.select("start", "end")[sample].rows()
    assert worked[sample].tolist() == [DESK.between(*pair) for pair in instants]
    chosen = eight.between(start, end, which)[sample].tolist()
    assert chosen == [EIGHT[code].between(*pair) for code, pair in zip(which[sample], instants, strict=True)]

    # Two pauses a ticket on average, in order of ticket and start, on the wall clock and on the business clock.
    ticket = np.sort(random.integers(0, rows, 2 * rows))
    paused_from = start[ticket] + random.integers(0, 20 * DAY, 2 * rows)
    order = np.lexsort((paused_from, ticket))
    paused_from = paused_from[order]
    paused_to = paused_from + random.integers(0, 5 * DAY, 2 * rows)

    def pauses(*, business: bool) -> object:
        moments = [start, end, paused_from, paused_to]
        opened, closed, since, until = [one.clock(column) for column in moments] if business else moments
        return closed - opened - paused_time(ticket, since, until, opened=opened, closed=closed)

    expression = frame.lazy().select(worked=DESK.between("start", "end"))
    contenders: dict[str, Callable[[], object]] = {
        "np.subtract(end, start, out=)": lambda: np.subtract(end, start, out=out),
        "between, numpy": lambda: one.between(start, end),
        "between, expression, streaming": lambda: expression.collect(engine="streaming"),
        "between, expression, in memory": lambda: expression.collect(engine="in-memory"),
        "add, numpy": lambda: one.add(start, budget),
        "add, expression": lambda: frame.lazy().select(due=DESK.add("start", "seconds")).collect(),
        "one of eight a row, numpy": lambda: eight.between(start, end, which),
        "one of eight a row, expression": lambda: (
            frame.lazy().select(w=by_key.between("start", "end", key="key")).collect()
        ),
        "pauses on the wall clock": lambda: pauses(business=False),
        "pauses in working time": lambda: pauses(business=True),
        "merging the pauses alone": lambda: merge_pauses(ticket, paused_from, paused_to),
    }
    if rows <= 1_000_000:
        contenders |= duckdb_asof(frame, worked)
    taken = medians(contenders)
    bare = taken["np.subtract(end, start, out=)"]
    print(f"\n{rows:,} rows")
    for name, seconds in taken.items():
        print(f"{name:34} {seconds * 1e3:10.2f} ms {seconds / bare:8.1f} x sub {rows / seconds / 1e6:8.1f} M rows/s")
    print(f"eight / one                        {taken['one of eight a row, numpy'] / taken['between, numpy']:.2f}")
    print(
        f"pauses, working / wall             {taken['pauses in working time'] / taken['pauses on the wall clock']:.2f}"
    )


def duckdb_asof(frame: pl.DataFrame, worked: np.ndarray) -> dict[str, Callable[[], object]]:
    """The best that SQL does: the business clock at every edge as a table, and an ASOF join for each end of a span."""
    try:
        import duckdb
    except ImportError:
        return {}
    quarter = pl.datetime_range(datetime(2020, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC), "15m", eager=True)
    edges = (
        pl.DataFrame({"edge": quarter})
        .with_columns(clock=DESK.clock("edge"), is_open=DESK.is_open("edge"))
        .filter(pl.col("is_open") != pl.col("is_open").shift(1, fill_value=True))
        .with_columns(pl.col("edge").to_physical())
    )
    spans = frame.select(pl.int_range(pl.len()).alias("id"), pl.col("start", "end").to_physical())
    connection = duckdb.connect()
    connection.register("edges_", edges.to_arrow())
    connection.register("spans_", spans.to_arrow())
    connection.execute("create table edges as select * from edges_ order by edge")
    connection.execute("create table spans as select * from spans_")
    query = """
        select s.id, (b.clock + case when b.is_open then s."end" - b.edge else 0 end
                    - a.clock - case when a.is_open then s.start - a.edge else 0 end) / 1e6 as worked
        from spans s asof join edges a on s.start >= a.edge asof join edges b on s."end" >= b.edge
    """
    known = frame["start"].to_physical().to_numpy() >= edges["edge"][0]
    got = connection.execute(f"select worked from ({query}) order by id").fetchnumpy()["worked"]
    assert np.allclose(got, worked[known], rtol=0, atol=1e-6)
    return {"DuckDB, two ASOF joins": lambda: connection.execute(f"select sum(worked) from ({query})").fetchall()}


def row_by_row(rows: int = 2_000) -> None:
    """Packages that take one span at a time, where they are installed, on hours that all of them can say.

    One interval a day, no holidays, no change of the clock. They get few rows; the rates are what is compared.
    """
    office = Schedule({day: [("09:00", "17:30")] for day in WEEK}, "UTC")
    random = np.random.default_rng(2)
    start = FIRST + random.integers(0, 5 * 365 * DAY, rows) // 60_000_000 * 60_000_000
    end = start + random.integers(0, 30 * DAY, rows) // 60_000_000 * 60_000_000
    spans = pl.DataFrame({"start": start, "end": end}).cast(pl.Datetime("us"))
    pairs = spans.rows()
    expected = spans.select(office.between(*(pl.col(name).dt.replace_time_zone("UTC") for name in spans.columns)))
    many = pl.DataFrame({"start": np.resize(start, 1_000_000), "end": np.resize(end, 1_000_000)})
    query = many.lazy().cast(pl.Datetime("us", "UTC")).select(office.between("start", "end"))
    ours = 1_000_000 / medians({"ours": query.collect})["ours"]
    for name, peer in peers().items():
        begin = time.perf_counter()
        got = [peer(*pair) for pair in pairs]
        rate = rows / (time.perf_counter() - begin)
        assert np.allclose(got, expected.to_series().to_numpy(), rtol=0, atol=1)
        print(f"{name:34} {rate:12,.0f} rows/s; ours {ours / rate:,.0f} times as many")


def peers() -> dict[str, Callable[[datetime, datetime], float]]:
    """Seconds of one span by each package that can be imported; none is a dependency of the project."""
    from contextlib import suppress
    from datetime import time as clock

    result: dict[str, Callable[[datetime, datetime], float]] = {}
    with suppress(ImportError):
        from business_duration import businessDuration

        result["business-duration"] = lambda start, end: (
            60
            * businessDuration(
                startdate=start, enddate=end, starttime=clock(9), endtime=clock(17, 30), weekendlist=[5, 6], unit="min"
            )
        )
    with suppress(ImportError):
        import businesstimedelta

        day = businesstimedelta.WorkDayRule(start_time=clock(9), end_time=clock(17, 30), working_days=[0, 1, 2, 3, 4])
        rules = businesstimedelta.Rules([day])
        result["businesstimedelta"] = lambda start, end: rules.difference(start, end).timedelta.total_seconds()
    with suppress(ImportError):
        from pm4py.util.business_hours import BusinessHours

        slots = [(86_400 * day + 9 * 3_600, 86_400 * day + 63_000) for day in range(5)]
        result["pm4py"] = lambda start, end: BusinessHours(start, end, business_hour_slots=slots).get_seconds()
    return result


if __name__ == "__main__":
    for size in sys.argv[1:] or ["1e5", "1e6", "1e7"]:
        run(int(float(size)))
    row_by_row()
