"""States: what they hold, how they add, where they are kept, and which are refused."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from servicequality import csat_mean, evaluate, nps, resolution_time, resolution_time_observed_only
from servicequality.columns import Number, answered
from servicequality.core import Metric, define
from servicequality.errors import InputError, ParameterError
from servicequality.shapes import Shape, mean

DAY = datetime(2026, 3, 1, tzinfo=UTC)
FRAME = pl.DataFrame(
    {"team": ["a", "a", "b", "b"], "score": [10, 3, 9, None], "at": [DAY] * 4, "w": [1.0, 2.0, 3.0, 1.0]}
)
TIMES = pl.DataFrame({"resolution_seconds": [60.0, 60.0, 90.0], "resolution_observed": [True, False, True]})


def test_a_state_is_a_plain_frame_of_keys_and_sums() -> None:
    state = nps().partial(FRAME, by="team")
    assert state.columns == ["team", "nps.rows", "nps.n", "nps.positive", "nps.negative"]
    assert state.rows() == [("a", 2, 2, 1, 1), ("b", 2, 1, 1, 0)]
    assert set(state.dtypes[1:]) == {pl.Int64()}


def test_a_table_has_one_row_a_bin() -> None:
    state = resolution_time().partial(TIMES)
    assert state.columns[0] == "bin"
    assert state.schema["bin"] == pl.Int64
    assert state.drop("bin").rows() == [(2, 2, 1, 0), (1, 1, 1, 0)]


def test_daily_states_make_the_month() -> None:
    first, second = FRAME.head(3), FRAME.tail(1).with_columns(score=pl.lit(9, pl.Int64), at=pl.lit(DAY.replace(day=2)))
    days = [nps().partial(part, by="team", every="1d", at="at") for part in (first, second)]
    month = nps().finish(nps().merge(days, by="team"))
    assert_frame_equal(month, evaluate(pl.concat([first, second]), nps(), by="team"))
    assert nps().finish(nps().merge(days))["period"].null_count() == 0
    assert nps().merge(days, by=[]).height == 1


def test_paths_and_lazy_frames_merge_too(tmp_path: Path) -> None:
    path = tmp_path / "day.parquet"
    nps().save(nps().partial(FRAME.lazy()), path)
    merged = nps().merge([path, str(path), nps().partial(FRAME.lazy())])
    assert merged["nps.n"].item() == 9


@define(title="Mean", unit="points", better="higher", formula="m")
def mean_about(number: Number = "number", *, origin: float = 0.0) -> Shape:
    """Mean about an origin."""
    return mean(pl.col(number), of=answered(number), origin=origin)


@pytest.mark.parametrize(
    ("writer", "reader"),
    [
        (nps(), nps(detractor_max=5).named("nps")),
        (nps(), nps("other").named("nps")),
        (nps(), nps(missing=(11,))),
        (nps(), nps().where(pl.col("team") == "a")),
        (csat_mean(scale=(1, 10)), csat_mean(scale=(2, 10))),
        (mean_about(), mean_about(origin=5.0).named("mean_about")),
    ],
)
def test_a_strangers_state_is_refused(writer: Metric, reader: Metric, tmp_path: Path) -> None:
    path = tmp_path / "state.parquet"
    frame = pl.DataFrame({"score": [5], "number": [1.0], "team": ["a"]})
    writer.save(writer.partial(frame), path)
    assert writer.load(path).height == 1
    said = f"state.parquet: this state was made by other rules than {reader.name}'s; compute it again"
    for read in (reader.load, lambda path: reader.merge([path])):
        with pytest.raises(InputError, match=said):
            read(path)


def test_a_file_without_a_digest_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state.parquet"
    nps().partial(FRAME).write_parquet(path)
    with pytest.raises(InputError, match=r"made by other rules than nps's \(it carries no digest\)"):
        nps().load(path)


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda: nps().merge([]), ParameterError, "nps: nothing to merge; give at least one state"),
        (
            lambda: nps().merge([FRAME]),
            InputError,
            "not a state of nps: expected columns nps.rows, nps.n, .*, got team",
        ),
        (lambda: nps().finish(FRAME), InputError, "not a state of nps: expected columns"),
        (lambda: nps().save(FRAME, "nowhere"), InputError, "not a state of nps: expected columns"),
        (
            lambda: nps().merge([nps().partial(FRAME), nps().partial(FRAME, by="team")]),
            InputError,
            "nps: states with columns .* do not add; make both with the same keys, weight and cluster",
        ),
        (
            lambda: nps().merge([nps().partial(FRAME), nps().partial(FRAME, weight="w")]),
            InputError,
            "do not add; make both with the same keys, weight and cluster",
        ),
        (
            lambda: nps().merge([nps().partial(FRAME, by="team")], by="channel"),
            ParameterError,
            r"nps: the states have no key \['channel'\]; they have \['team'\]",
        ),
        (
            lambda: resolution_time().merge([resolution_time().partial(TIMES).drop("bin")]),
            InputError,
            "not a state of resolution_time",
        ),
        (
            lambda: nps().finish(nps().partial(FRAME), level=0),
            ParameterError,
            "level must lie strictly between 0 and 1",
        ),
    ],
)
def test_what_does_not_add(call: Callable[[], object], error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        call()


def test_second_moments_survive_a_large_origin() -> None:
    # At 1e9 ± 0.001 the plain square 1e18 keeps nothing below 128; about the origin nothing is lost.
    step = 2.0**-10
    numbers = [1e9 - step, 1e9, 1e9 + step]
    metric = mean_about(origin=1e9)
    parts = [metric.partial(pl.DataFrame({"number": [number]})) for number in numbers]
    se = metric.finish(metric.merge(parts))["se"].item()
    assert se == pytest.approx(step / 3**0.5, rel=1e-9)


def test_a_histogram_keeps_its_error_over_many_orders_of_size() -> None:
    seconds = [1.01**power for power in range(-1_000, 1_000)]
    frame = pl.DataFrame({"resolution_seconds": seconds, "resolution_observed": [True] * 2_000})
    for statistic in (0.01, 0.25, 0.5, 0.9):
        metric = resolution_time_observed_only(statistic=statistic)
        value, exact = metric.finish(metric.partial(frame))["value"].item(), evaluate(frame, metric)["value"].item()
        assert value == pytest.approx(exact, rel=0.0078)
    assert metric.partial(frame).height < 2_000


def test_merged_tables_are_the_same_to_the_bit() -> None:
    metric = resolution_time_observed_only()
    frame = pl.DataFrame({"resolution_seconds": [0.1, 0.2, 0.3] * 50, "resolution_observed": [True] * 150})
    merged = metric.merge([metric.partial(frame[:70]), metric.partial(frame[70:])])
    assert_frame_equal(merged, metric.partial(frame), check_exact=True)
