"""Lazy in, lazy out, for every question that is asked of results: the same answer, and no row read before it is wanted."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

import servicequality as sq
from servicequality import control, drivers
from servicequality.comparison import (
    compare,
    difference_in_differences,
    funnel,
    interrupted_series,
    mantel_haenszel,
    mix_and_rate,
    ranks,
    shrink,
    standardise,
    superiority,
)
from servicequality.errors import InputError, ParameterError

START, AS_OF = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)
RNG = np.random.default_rng(3)
CSAT, MEAN = sq.csat("rating", scale=(1, 5)), sq.csat_mean("rating", scale=(1, 5))


def answers(first: int, n: int = 200) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "customer": [f"c{i % 90}" for i in range(n)],
            "answered_at": [START + timedelta(hours=first + i) for i in range(n)],
            "team": pl.Series(RNG.choice(["north", "south"], n), dtype=pl.Enum(["north", "south"])),
            "treated": RNG.random(n) < 0.5,
            "rating": RNG.integers(1, 6, n),
        }
    )


TICKETS = pl.DataFrame(
    {
        "created_at": [START + timedelta(hours=7 * i) for i in range(200)],
        "resolution_seconds": RNG.exponential(90_000.0, 200),
        "resolution_observed": RNG.random(200) < 0.8,
    }
)
BEFORE, AFTER = answers(0), answers(400)
UNITS = sq.evaluate(BEFORE, CSAT, by="customer")
DAYS = pl.DataFrame(
    {
        "period": pl.datetime_range(START, AS_OF, "1d", eager=True),
        "outages": RNG.poisson(4.0, 91).astype(float),
        "contacts": RNG.poisson(40.0, 91),
        "share": RNG.uniform(0.6, 0.9, 91),
        "n": RNG.integers(50, 90, 91),
    }
)
CARD = sq.Scorecard(
    [
        sq.Objective(CSAT, at_least=0.5, by="team"),
        sq.Objective(CSAT, change=0.1, period="week"),
        sq.Objective(sq.resolution_time(limit=86_400), at_least=0.5, period="quarter"),
    ]
)
AT = {"answer": "answered_at", "ticket": "created_at"}

ASKED: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "compare": (lambda a, b: compare(a, b, [CSAT, MEAN], by="team"), (BEFORE, AFTER)),
    "compare pairs": (lambda a, b: compare(a, b, MEAN, paired="customer"), (BEFORE, AFTER)),
    "compare grains": (
        lambda a, b, c, d: compare({"answer": a, "ticket": b}, {"answer": c, "ticket": d}, [CSAT, sq.resolution_time()]),
        (BEFORE, TICKETS[:90], AFTER, TICKETS[90:]),
    ),
    "mix_and_rate": (lambda a, b: mix_and_rate(a, b, CSAT, by="team"), (BEFORE, AFTER)),
    "standardise": (lambda a: standardise(a, CSAT, by="team", over="treated"), (BEFORE,)),
    "mantel_haenszel": (lambda a, b: mantel_haenszel(a, b, CSAT, over="treated", by="team"), (BEFORE, AFTER)),
    "mantel_haenszel of all": (lambda a, b: mantel_haenszel(a, b, CSAT, over="treated"), (BEFORE, AFTER)),
    "difference_in_differences": (
        lambda a, b: difference_in_differences(a, b, [CSAT, MEAN], treated="treated", by="team"),
        (BEFORE, AFTER),
    ),
    "interrupted_series": (
        lambda a: interrupted_series(a, MEAN, at="answered_at", every="4h", released=START + timedelta(hours=96), as_of=AS_OF),
        (BEFORE,),
    ),
    "superiority": (lambda a, b: superiority(a, b, "rating", by="team"), (BEFORE, AFTER)),
    "funnel": (lambda a: funnel(a, by="customer"), (UNITS,)),
    "shrink": (lambda a: shrink(a, by="customer"), (UNITS,)),
    "ranks": (lambda a: ranks(a, by="customer"), (UNITS,)),
    "scorecard": (lambda a, b: CARD.evaluate({"answer": a, "ticket": b}, as_of=AS_OF, at=AT), (BEFORE, TICKETS)),
    "xmr": (lambda a: control.xmr(a, "outages", every="1d"), (DAYS,)),
    "p_chart": (lambda a: control.p_chart(a, "share"), (DAYS,)),
    "u_chart": (lambda a: control.u_chart(a, "contacts", "n"), (DAYS,)),
    "c_chart": (lambda a: control.c_chart(a, "contacts"), (DAYS,)),
    "ewma_chart": (lambda a: control.ewma_chart(a, "outages"), (DAYS,)),
    "cusum_chart": (lambda a: control.cusum_chart(a, "outages"), (DAYS,)),
    "link": (lambda a: drivers.link(a, "share", "outages", every="1d"), (DAYS,)),
    "event_study": (
        lambda a: drivers.event_study(a, "share", [START + timedelta(days=30)], every="1d"),
        (DAYS,),
    ),
    "partial_correlation": (lambda a: drivers.partial_correlation(a, "share", "outages", given="n"), (DAYS,)),
}  # fmt: skip


class Source:
    """A frame that is made when it is read, and remembers that it was."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self.frame, self.read = frame, 0
        self.lazy = pl.defer(self._make, schema=frame.schema)

    def _make(self) -> pl.DataFrame:
        self.read += 1
        return self.frame


@pytest.mark.parametrize("name", ASKED)
def test_a_lazy_answer_is_the_eager_one_and_reads_nothing_before_it_is_collected(name: str) -> None:
    ask, frames = ASKED[name]
    eager, sources = ask(*frames), [Source(frame) for frame in frames]
    lazy = ask(*(source.lazy for source in sources))
    assert isinstance(eager, pl.DataFrame)
    assert isinstance(lazy, pl.LazyFrame)
    assert lazy.collect_schema() == eager.schema
    assert [source.read for source in sources] == [0] * len(sources)
    assert_frame_equal(lazy.collect(), eager, check_exact=False, rel_tol=1e-9)
    assert all(source.read for source in sources)


@pytest.mark.parametrize("name", [name for name, (_, frames) in ASKED.items() if len(frames) > 1])
def test_one_lazy_side_makes_the_answer_lazy(name: str) -> None:
    ask, (first, *rest) = ASKED[name]
    for frames in ((first.lazy(), *rest), (first, *(frame.lazy() for frame in rest))):
        assert isinstance(ask(*frames), pl.LazyFrame)


@pytest.mark.parametrize("name", ASKED)
def test_a_missing_column_is_found_at_the_call(name: str) -> None:
    ask, (_, *rest) = ASKED[name]
    with pytest.raises(InputError, match=r"the frame has .*stranger"):
        ask(pl.LazyFrame({"stranger": [1]}), *rest)


def test_bad_rows_are_found_at_collect() -> None:
    bad = BEFORE.with_columns(rating=pl.lit(9))
    for ask in (
        lambda: compare(bad.lazy(), AFTER.lazy(), CSAT),
        lambda: mix_and_rate(bad.lazy(), AFTER, CSAT, by="team"),
        lambda: standardise(bad.lazy(), CSAT, by="team", over="treated"),
        lambda: CARD.evaluate({"answer": bad.lazy(), "ticket": TICKETS}, as_of=AS_OF, at=AT),
    ):
        plan = ask()
        with pytest.raises(InputError, match="200 rows outside whole numbers from 1 to 5"):
            plan.collect()
    overlap = compare(BEFORE.lazy(), AFTER.lazy(), CSAT, at="answered_at")
    assert overlap.collect().height == 1
    with pytest.raises(InputError, match="before and after overlap"):
        compare(AFTER.lazy(), BEFORE.lazy(), CSAT, at="answered_at").collect()
    with pytest.raises(InputError, match="1 row outside numbers"):
        drivers.partial_correlation(
            DAYS.with_columns(n=pl.when(pl.col("period") == START).then(float("nan")).otherwise("n")).lazy(),
            "share", "outages", given="n",
        ).collect()  # fmt: skip


def test_a_call_that_cannot_be_is_refused_at_the_call() -> None:
    with pytest.raises(ParameterError, match="pairs need a figure"):
        compare(TICKETS.lazy(), TICKETS.lazy(), sq.resolution_time(), paired="customer")
    with pytest.raises(ParameterError, match="baseline must be 8 points or more"):
        control.xmr(DAYS.lazy(), "outages", baseline=3)
    with pytest.raises(ParameterError, match="level must be between"):
        funnel(UNITS.lazy(), by="customer", level=95)
    with pytest.raises(ParameterError, match="level must be between"):
        drivers.partial_correlation(DAYS.lazy(), "share", "outages", given="n", level=95)
