"""How often the limits hold the truth, for every shape: 2,000 samples a batch, all in one call by group.

What is claimed of a method at a size of sample is computed where it can be, and else said beside it.
"""

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray
from scipy.stats import binom, multinomial, poisson

from servicequality import csat_mean, evaluate, nps, qa_score, resolution_time, servqual_gap, stats
from servicequality.columns import Amount, Flag, Number, Seconds, answered
from servicequality.core import Metric, define
from servicequality.shapes import Shape, geometric_mean, mean, quantile, rate, ratio, share
from simulation import Simulate, assert_share

GROUPS = 2_000
SEED = 20_261
Draw = Callable[[np.random.Generator, tuple[int, int]], NDArray[np.generic]]


def frame_of(rng: np.random.Generator, n: int, **columns: Draw) -> pl.DataFrame:
    """2,000 samples of n rows; each column is drawn as a matrix, one sample a row."""
    drawn = {name: draw(rng, (GROUPS, n)).ravel() for name, draw in columns.items()}
    return pl.DataFrame({"sample": np.repeat(np.arange(GROUPS), n), **drawn})


def held(frame: pl.DataFrame, metric: Metric, truth: float, **sampling: str) -> NDArray[np.bool_]:
    """Which of the samples have limits that hold the truth; a side that is not bounded holds everything."""
    result = evaluate(frame, metric, by="sample", **sampling)  # type: ignore[call-overload]
    assert result.height == GROUPS
    return ((result["low"].fill_null(-np.inf) <= truth) & (truth <= result["high"].fill_null(np.inf))).to_numpy()


@define(title="Hits", unit="share", better="higher", formula="p")
def hits(hit: Flag = "hit") -> Shape:
    """Share of hits."""
    return share(pl.col(hit), of=answered(hit))


@define(title="Amounts", unit="points", better="higher", formula="m")
def amounts(number: Number = "number") -> Shape:
    """Mean of numbers."""
    return mean(pl.col(number), of=answered(number))


@define(title="Quotient", unit="points", better="higher", formula="r")
def quotient_of_sums(above: Number = "above", below: Amount = "below") -> Shape:
    """Sum over sum."""
    return ratio(pl.col(above), pl.col(below), of=answered(above))


@define(title="Events", unit="1/day", better="lower", formula="r")
def event_rate(events: Amount = "events", days: Amount = "days") -> Shape:
    """Events a day."""
    return rate(pl.col(events), pl.col(days), of=answered(events))


@define(title="Quantile", unit="s", better="lower", formula="q")
def tail(seconds: Seconds = "seconds") -> Shape:
    """The 80th percentile."""
    return quantile(pl.col(seconds), 0.8, of=answered(seconds))


@pytest.mark.parametrize(("n", "p"), [(40, 0.5), (40, 0.9), (200, 0.95)])
def test_share(simulate: Simulate, n: int, p: float) -> None:
    low, high = stats.wilson(np.arange(n + 1), n)
    own = float(binom.pmf(np.arange(n + 1), n, p)[(low <= p) & (p <= high)].sum())  # from 0.943 to 0.968 at these
    hit = simulate(SEED, lambda rng: held(frame_of(rng, n, hit=lambda rng, size: rng.random(size) < p), hits(), p))
    assert_share(hit, own, own)


def trinomial(n: int, p: list[float]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Every outcome of n rows of three kinds, and its chance."""
    first, second = np.indices((n + 1, n + 1)).reshape(2, -1)
    counts = np.column_stack([first, second, n - first - second])[first + second <= n]
    return counts, multinomial.pmf(counts, n, p)


@pytest.mark.parametrize("n", [30, 200])
def test_balance(simulate: Simulate, n: int) -> None:
    counts, chance = trinomial(n, [0.2, 0.3, 0.5])
    low, high = stats.net_interval(counts[:, 2], counts[:, 0], n)
    own = float(chance[(low <= 0.3) & (high >= 0.3)].sum())
    assert own == pytest.approx(0.95, abs=0.005)

    def scores(rng: np.random.Generator, size: tuple[int, int]) -> NDArray[np.generic]:
        return rng.choice([3, 8, 10], p=[0.2, 0.3, 0.5], size=size)

    assert_share(simulate(SEED, lambda rng: held(frame_of(rng, n, score=scores), nps(), 30.0)), own, own)


@pytest.mark.parametrize("n", [5, 60])
def test_mean(simulate: Simulate, n: int) -> None:
    """Limits of normal numbers are exact. At 1e6 ± 1e-2 squares about 0 keep 1e12 · 2^-53 = 1e-4 of a variance of 1e-4:
    the origin is what saves them."""
    about = define(title="Mean", unit="points", better="higher", formula="m")(_mean_about)()
    drawn = simulate(
        SEED, lambda rng: held(frame_of(rng, n, number=lambda rng, size: rng.normal(1e6, 1e-2, size)), about, 1e6)
    )
    assert_share(drawn, 0.95, 0.95)


def _mean_about(number: Number = "number") -> Shape:
    """Mean about its origin."""
    return mean(pl.col(number), of=answered(number), origin=1e6)


def of_three_scores(n: int, scores: list[float], p: list[float], *, bounded: bool) -> float:
    """How often limits of n of these scores hold their mean, by every outcome and its chance."""
    counts, chance = trinomial(n, p)
    mean = counts @ scores / n
    squares = np.maximum(counts @ np.square(scores) - n * mean**2, 0)
    low, high = (
        stats.bounded_mean_interval(n, mean, squares, low=0, high=100)
        if bounded
        else stats.mean_interval(n, mean, squares)
    )
    truth = float(np.dot(scores, p))
    return float(chance[(low <= truth + 1e-9) & (truth - 1e-9 <= high)].sum())


@pytest.mark.parametrize(
    ("n", "scores", "p", "student"),
    [(15, [40.0, 80.0, 100.0], [0.2, 0.4, 0.4], 0.925), (12, [60.0, 90.0, 100.0], [0.1, 0.3, 0.6], 0.82)],
    ids=["skewed", "crowded at the top"],
)
def test_a_mean_of_scores(simulate: Simulate, n: int, scores: list[float], p: list[float], student: float) -> None:
    """Half an answer at each end holds at least the level where Student's limits fall short: most of twelve hold no 60."""
    assert of_three_scores(n, scores, p, bounded=False) == pytest.approx(student, abs=0.005)
    own = of_three_scores(n, scores, p, bounded=True)
    assert own >= 0.95

    def batch(rng: np.random.Generator) -> NDArray[np.bool_]:
        frame = frame_of(rng, n, qa_score=lambda rng, size: rng.choice(scores, p=p, size=size))
        assert evaluate(frame, qa_score(), by="sample")["high"].max() <= 100
        return held(frame, qa_score(), float(np.dot(scores, p)))

    assert_share(simulate(SEED, batch), own, own)


def _typical(seconds: Seconds = "seconds") -> Shape:
    """Geometric mean."""
    return geometric_mean(pl.col(seconds), of=answered(seconds), origin=60)


@pytest.mark.parametrize("n", [5, 60])
def test_geometric_mean(simulate: Simulate, n: int) -> None:
    metric = define(title="Typical", unit="s", better="lower", formula="g")(_typical)()

    def seconds(rng: np.random.Generator, size: tuple[int, int]) -> NDArray[np.generic]:
        return rng.lognormal(np.log(90.0), 0.8, size)

    assert_share(simulate(SEED, lambda rng: held(frame_of(rng, n, seconds=seconds), metric, 90.0)), 0.95, 0.95)


def test_mean_of_means(simulate: Simulate) -> None:
    """Two numbers that go together, of which the second is blank for one row in five; the truth is (0 + 3) / 2."""

    def batch(rng: np.random.Generator) -> NDArray[np.bool_]:
        frame = frame_of(
            rng,
            40,
            own=lambda rng, size: rng.normal(0, 1, size),
            a=lambda rng, size: rng.normal(0, 1, size),
            b=lambda rng, size: rng.normal(3, 1, size),
            u=lambda rng, size: rng.random(size),
        ).with_columns(
            gap_a=pl.col("own") + pl.col("a"),
            gap_b=pl.when(pl.col("u") > 0.2).then(pl.col("own") + pl.col("b")),
        )
        both = frame, frame.filter(pl.col("u") > 0.2)
        return np.column_stack([held(rows, servqual_gap(("a", "b")), 1.5) for rows in both])

    blanks, complete = simulate(SEED, batch).T
    assert_share(blanks, 0.95, 0.975)  # blanks cost the limits more than the value
    assert_share(complete, 0.95, 0.95)


def test_ratio(simulate: Simulate) -> None:
    def batch(rng: np.random.Generator) -> NDArray[np.bool_]:
        frame = frame_of(
            rng, 100, below=lambda rng, size: rng.gamma(4.0, 1.0, size), noise=lambda rng, size: rng.normal(0, 1, size)
        )
        return held(frame.with_columns(above=3 * pl.col("below") + pl.col("noise")), quotient_of_sums(), 3.0)

    assert_share(simulate(SEED, batch), 0.945, 0.955)


def test_rate(simulate: Simulate) -> None:
    def batch(rng: np.random.Generator) -> NDArray[np.bool_]:
        frame = frame_of(
            rng, 20, events=lambda rng, size: rng.poisson(0.5, size), days=lambda _, size: np.full(size, 2.0)
        )
        return held(frame, event_rate(), 0.25)

    low, high = stats.poisson_rate_interval(np.arange(100), 40.0)
    own = float(poisson.pmf(np.arange(100), 10)[(low <= 0.25) & (high >= 0.25)].sum())
    assert own >= 0.95  # Garwood's limits are exact: never below the level
    assert_share(simulate(SEED, batch), own, own)


def test_quantile(simulate: Simulate) -> None:
    """The level reached is stated with the limits, and is the coverage."""
    reached = set()

    def batch(rng: np.random.Generator) -> NDArray[np.bool_]:
        frame = frame_of(rng, 60, seconds=lambda rng, size: rng.exponential(100.0, size))
        reached.update(evaluate(frame, tail(), by="sample")["level"].to_list())
        return held(frame, tail(), -100 * float(np.log(0.2)))

    drawn = simulate(SEED, batch)
    (level,) = reached
    assert level >= 0.95
    assert_share(drawn, level, level)


def _censored(rng: np.random.Generator, n: int) -> pl.DataFrame:
    """Exponential times of mean 100, watched for a uniform time up to 300: 32 % are still running."""
    frame = frame_of(
        rng,
        n,
        life=lambda rng, size: rng.exponential(100.0, size),
        watched=lambda rng, size: rng.uniform(0.0, 300.0, size),
    )
    return frame.with_columns(
        resolution_seconds=pl.min_horizontal("life", "watched"), resolution_observed=pl.col("life") <= pl.col("watched")
    )


@pytest.mark.parametrize(
    ("option", "truth"),
    [
        ({}, 100 * np.log(2)),
        ({"limit": 100.0}, 1 - np.exp(-1)),
        ({"horizon": 150.0}, 100 * (1 - np.exp(-1.5))),
    ],
    ids=["median", "limit", "horizon"],
)
def test_survival(simulate: Simulate, option: dict[str, float], truth: float) -> None:
    metric = resolution_time(**option)  # type: ignore[arg-type]
    drawn = simulate(SEED, lambda rng: held(_censored(rng, 80), metric, float(truth)))
    assert_share(drawn, 0.94, 0.965)


def test_figures_over_finished_rows_alone_do_not_cover(simulate: Simulate) -> None:
    """The median of the finished is their 66 % quantile: limits of order statistics hold it in 39.7 % of samples."""

    def batch(rng: np.random.Generator) -> NDArray[np.bool_]:
        return held(_censored(rng, 80).filter("resolution_observed"), resolution_time(), 100 * float(np.log(2)))

    assert_share(simulate(SEED, batch), 0.3968, 0.3968)


def test_weighted_share_and_mean(simulate: Simulate) -> None:
    """Weights that depend on the answer, as in a sample that took the unhappy twice as often.

    Population: 40 % hits. Each row is kept at a rate of 1 (hit) or 1/2 (no hit) and weighs the inverse.
    """

    def batch(rng: np.random.Generator) -> NDArray[np.bool_]:
        frame = frame_of(rng, 300, hit=lambda rng, size: rng.random(size) < 0.4, u=lambda rng, size: rng.random(size))
        kept = frame.filter(pl.col("hit") | (pl.col("u") < 0.5)).with_columns(
            weight=pl.when("hit").then(1.0).otherwise(2.0), score=pl.when("hit").then(5).otherwise(2)
        )
        return np.column_stack(
            [
                held(kept, hits(), 0.4, weight="weight"),
                held(kept, csat_mean(scale=(1, 5)), 3.2, weight="weight"),
                held(kept, hits(), 0.4),
            ]
        )

    share, mean, plain = simulate(SEED, batch).T
    assert_share(share, 0.94, 0.975)
    assert_share(mean, 0.94, 0.975)
    assert_share(plain, 0, 0.05)


Answers = Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.generic]]


def clustered(rng: np.random.Generator, answers: Answers, of: tuple[float, float] = (2.0, 2.0)) -> pl.DataFrame:
    """25 clusters of 20 rows whose own level is a Beta(a, b) number: intracluster correlation 1 / (a + b + 1)."""
    level = np.repeat(rng.beta(*of, (GROUPS, 25)), 20, axis=1)
    drawn = answers(level, rng.random(level.shape))
    return pl.DataFrame(
        {
            "sample": np.repeat(np.arange(GROUPS), 500),
            "cluster": np.tile(np.repeat(np.arange(25), 20), GROUPS),
            "answer": drawn.ravel(),
        }
    )


def both_ways(frame: pl.DataFrame, metric: Metric, truth: float) -> NDArray[np.bool_]:
    """Which samples hold the truth, by limits that know nothing of clusters and by those that do."""
    return np.column_stack([held(frame, metric, truth), held(frame, metric, truth, cluster="cluster")])


@pytest.mark.parametrize(
    ("of", "plain", "knowing"),
    [((2.0, 2.0), (0.61, 0.63), (0.945, 0.955)), ((4.05, 0.45), (0.65, 0.67), (0.935, 0.945))],
    ids=["half", "nine in ten"],
)
def test_clustered_share(
    simulate: Simulate, of: tuple[float, float], plain: tuple[float, float], knowing: tuple[float, float]
) -> None:
    """25 clusters of 20: plain limits hold a truth of 0.9 in 66 of 100 samples, those that know of clusters in 94.

    The correlation within is 0.2 (0.18 of the nine in ten, whose clusters are skewed, and cost a point), the design
    effect 1 + 19 · 0.2 = 4.8, so that plain limits reach 1.96 / √4.8 = 0.89 standard errors. Student's t of 24 degrees is
    what brings the clustered limits from 0.93 to 0.94.
    """
    a, b = of

    def batch(rng: np.random.Generator) -> NDArray[np.bool_]:
        return both_ways(clustered(rng, lambda level, u: u < level, of), hits("answer"), a / (a + b))

    without, with_clusters = simulate(7, batch).T
    assert_share(without, *plain)
    assert_share(with_clusters, *knowing)


def test_clustered_nps(simulate: Simulate) -> None:
    def answers(level: NDArray[np.float64], u: NDArray[np.float64]) -> NDArray[np.generic]:
        return np.where(u < level, 10, np.where(u < level + (1 - level) / 2, 8, 2))  # P = E(level) = 1/2, D = 1/4

    plain, knowing = simulate(7, lambda rng: both_ways(clustered(rng, answers), nps("answer"), 25.0)).T
    assert_share(plain, 0.65, 0.68)
    assert_share(knowing, 0.945, 0.955)


def test_clustered_mean_with_weights(simulate: Simulate) -> None:
    metric = csat_mean(scale=(1, 5))

    def batch(rng: np.random.Generator) -> NDArray[np.bool_]:
        frame = clustered(rng, lambda level, u: u < level).with_columns(
            score=pl.when("answer").then(5).otherwise(1), weight=1.0 + pl.col("cluster") % 3
        )
        return held(frame, metric, 3.0, weight="weight", cluster="cluster")

    assert_share(simulate(7, batch), 0.935, 0.955)
