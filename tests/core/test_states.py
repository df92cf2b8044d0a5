"""States: what they hold, how they add, where they are kept, and which are refused."""

import pickle
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import servicequality as sq
from servicequality import csat_mean, evaluate, nps, resolution_time, resolution_time_observed_only
from servicequality.columns import Number, answered
from servicequality.core import Metric, State, define
from servicequality.errors import InputError, ParameterError
from servicequality.shapes import Shape, mean

DAY = datetime(2026, 3, 1, tzinfo=UTC)
FRAME = pl.DataFrame(
    {"team": ["a", "a", "b", "b"], "score": [10, 3, 9, None], "at": [DAY] * 4, "w": [1.0, 2.0, 3.0, 1.0]}
)
TIMES = pl.DataFrame({"resolution_seconds": [60.0, 60.0, 90.0], "resolution_observed": [True, False, True]})


def test_a_state_holds_a_plain_frame_of_keys_and_sums() -> None:
    state = nps().partial(FRAME, by="team")
    assert state.sums.columns == ["key:team", "rows:nps", "n:nps", "positive:nps", "negative:nps", "fault:0"]
    assert state.sums.rows() == [("a", 2, 2, 1, 1, 0), ("b", 2, 1, 1, 0, 0)]
    assert set(state.sums.dtypes[1:]) == {pl.Int64()}
    assert repr(state) == "<state of 2 groups by team, 5 sums>"


def test_a_table_has_one_row_a_bin() -> None:
    table = resolution_time().partial(TIMES).tables["resolution_time"]
    assert table.columns[0] == "bin"
    assert table.schema["bin"] == pl.Int64
    assert table.drop("bin").rows() == [(2, 1, 0), (1, 1, 0)]


@pytest.mark.parametrize("weight", [None, "w"])
@pytest.mark.parametrize("cluster", [None, "team"])
def test_the_schema_is_known_before(weight: str | None, cluster: str | None) -> None:
    metrics: list[Metric] = [nps(), csat_mean("score", scale=(0, 10))]
    if cluster is None:
        metrics.append(resolution_time())
    frame = FRAME.with_columns(pl.lit(1.0).alias("resolution_seconds"), pl.lit(value=True).alias("resolution_observed"))
    plan = sq.plan(metrics, by="at", weight=weight, cluster=cluster)
    state = plan.partial(frame)
    assert plan.schema["sums"] == {name: dtype for name, dtype in state.sums.schema.items() if name != "key:at"}
    for name, table in state.tables.items():
        assert plan.schema[name] == {column: dtype for column, dtype in table.schema.items() if column != "key:at"}
    needed = {"score", "at", weight, cluster} | (
        {"resolution_seconds", "resolution_observed"} if cluster is None else set()
    )
    assert set(plan.columns) == needed - {None}


def test_daily_states_make_the_month() -> None:
    first, second = FRAME.head(3), FRAME.tail(1).with_columns(score=pl.lit(9, pl.Int64), at=pl.lit(DAY.replace(day=2)))
    days = [nps().partial(part, by="team", every="1d", at="at") for part in (first, second)]
    month = nps().finish(nps().merge(days, by="team"))
    assert_frame_equal(month, evaluate(pl.concat([first, second]), nps(), by="team"))
    assert nps().finish(nps().merge(days))["period"].null_count() == 0
    assert nps().merge(days, by=[]).sums.height == 1


def test_paths_and_lazy_frames_merge_too(tmp_path: Path) -> None:
    path = tmp_path / "day.parquet"
    nps().save(nps().partial(FRAME.lazy()), path)
    merged = nps().merge([path, str(path), nps().partial(FRAME.lazy())])
    assert merged.sums["n:nps"].item() == 9


@pytest.mark.parametrize("name", ["bin", "n", "nps.year", "n:nps", "key:team", "stratum", "cluster", "fault:0", "rows"])
def test_no_name_of_a_column_meets_one_of_ours(name: str) -> None:
    """Keys, weights, clusters and conditions on a column of any name; read back by that name."""
    frame = FRAME.rename({"team": name}).with_columns(seconds=pl.Series([5.0, 6.0, 7.0, 8.0]))
    metrics = [nps(), sq.latency("seconds", statistic="median")]
    plan, whole = sq.plan(metrics, by=name if name != "n" else (), weight="w"), FRAME.with_columns(frame["seconds"])
    finished = plan.finish(plan.merge([plan.partial(frame[:1]), plan.partial(frame[1:])]))
    expected = evaluate(whole, metrics, by="team" if name != "n" else (), weight="w")
    kept = ["metric", "n", "n_missing", "n_excluded"]
    assert_frame_equal(finished.select(kept), expected.select(kept))
    weighed = frame.with_columns(pl.Series(name, [1.0, 2.0, 3.0, 1.0]))
    sliced = sq.latency("seconds", statistic="median").where(pl.col(name) >= 2)
    assert sliced.finish(sliced.partial(weighed))["n"].item() == 2
    weighted = nps().finish(nps().partial(weighed, weight=name))
    assert weighted["value"].item() == evaluate(FRAME, nps(), weight="w")["value"].item()
    assert evaluate(weighed, nps(), cluster=name)["n"].item() == 3


@define(title="Mean", unit="points", better="higher", formula="m")
def mean_about(number: Number = "number", *, origin: float = 0.0) -> Shape:
    """Mean about an origin."""
    return mean(pl.col(number), of=answered(number), origin=origin)


STRANGERS = [
    (nps(), nps(detractor_max=5).named("nps")),
    (nps(), nps("other").named("nps")),
    (nps(), nps(missing=(11,))),
    (nps(), nps().where(pl.col("team") == "a")),
    (nps().where(pl.col("team") == "a"), nps().where(pl.col("team") == "b")),
    (csat_mean(scale=(1, 5)), csat_mean(scale=(1, 7))),
    (csat_mean(scale=(1, 10)), csat_mean(scale=(2, 10))),
    (mean_about(), mean_about(origin=5.0).named("mean_about")),
    (nps(), replace(nps(), revision=2)),
]


@pytest.mark.parametrize(("writer", "reader"), STRANGERS)
def test_a_strangers_state_is_refused(writer: Metric, reader: Metric, tmp_path: Path) -> None:
    path = tmp_path / "state.parquet"
    frame = pl.DataFrame({"score": [5], "number": [1.0], "team": ["a"], "other": [5]})
    state = writer.partial(frame)
    writer.save(state, path)
    assert writer.load(path).sums.equals(state.sums)
    in_memory = "the state was made by other rules; compute it again"
    for read in (lambda: reader.load(path), lambda: reader.merge([path])):
        with pytest.raises(InputError, match=f"state.parquet: {reader.name}: {in_memory}"):
            read()
    for use in (lambda: reader.merge([reader.partial(frame), state]), lambda: reader.finish(state)):
        with pytest.raises(InputError, match=in_memory):
            use()
    plan = sq.plan(reader)
    with pytest.raises(InputError, match=in_memory):
        plan.loads(sq.plan(writer).dumps(state))


@pytest.mark.parametrize(
    ("one", "other", "told"),
    [
        ({"weight": "w"}, {}, "weight='w' and weight=None"),
        ({"weight": "w"}, {"weight": "v"}, "weight='w' and weight='v'"),
        ({"by": "team"}, {}, r"by=\['team'\] and by=\[\]"),
        ({"every": "1d", "at": "at"}, {"every": "1mo", "at": "at"}, "every='1d' and every='1mo'"),
        (
            {"every": "1d", "at": "at", "timezone": "Asia/Tokyo"},
            {"every": "1d", "at": "at", "timezone": "UTC"},
            "timezone='Asia/Tokyo' and timezone='UTC'",
        ),
        ({"cluster": "team"}, {"cluster": "v"}, "cluster='team' and cluster='v'"),
        ({"as_of": DAY}, {}, "different instants"),
    ],
)
def test_states_made_otherwise_do_not_add(one: dict[str, Any], other: dict[str, Any], told: str) -> None:
    frame = FRAME.with_columns(pl.col("w").alias("v"))
    parts = [nps().partial(frame, **options) for options in (one, other)]
    with pytest.raises(InputError, match=told):
        nps().merge(parts[::-1] if "as_of" not in one else parts)


BROKEN: list[tuple[Callable[[Path], Any], str]] = [
    (lambda path: None, "there is no such file"),
    (lambda path: path.write_bytes(b"PAR1 and nothing else"), "cannot be read as a state"),
    (FRAME.write_parquet, "this is not a state"),
    (lambda path: path.mkdir(), "there is no such file"),
]


@pytest.mark.parametrize(("write", "told"), BROKEN)
def test_broken_files_are_named(write: Callable[[Path], Any], told: str, tmp_path: Path) -> None:
    path = tmp_path / "day.parquet"
    write(path)
    for read in (nps().load, sq.plan(nps()).load, lambda path: nps().merge([path])):
        with pytest.raises(InputError, match=f"day.parquet: .*{told}"):
            read(path)


@pytest.mark.parametrize("content", [b"", b"ARROW1", b"\x00" * 100])
def test_broken_bytes_are_no_state(content: bytes) -> None:
    with pytest.raises(InputError, match="cannot be read as a state"):
        sq.plan(nps()).loads(content)


def test_a_file_cut_short_is_no_state(tmp_path: Path) -> None:
    path = tmp_path / "day.parquet"
    nps().save(nps().partial(FRAME), path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InputError, match=r"day\.parquet: .*cannot be read as a state"):
        nps().load(path)
    with pytest.raises(InputError, match="cannot be written"):
        nps().save(nps().partial(FRAME), tmp_path / "no" / "folder")


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: nps().merge([]), ParameterError, "nps: nothing to merge; give at least one state"),
        (lambda: nps().merge([FRAME]), InputError, "nps: expected a state, got DataFrame; make one with partial"),
        (lambda: nps().finish(FRAME), InputError, "nps: expected a state, got DataFrame"),
        (lambda: nps().save(FRAME, "nowhere"), InputError, "nps: expected a state, got DataFrame"),
        (
            lambda: nps().merge([nps().partial(FRAME, by="team")], by="channel"),
            ParameterError,
            r"nps: the states have no key 'channel'; they have \['team'\]",
        ),
        (
            lambda: nps().finish(nps().partial(FRAME), level=0),
            ParameterError,
            "level must",
        ),
        (lambda: sq.plan(nps()).partial(FRAME, spread=True), ParameterError, "name the clusters with cluster= first"),
        (
            lambda: nps().partial(FRAME, as_of=DAY.replace(tzinfo=None)),
            ParameterError,
            "as_of must be a datetime with a time zone",
        ),
        (lambda: sq.plan(resolution_time(), cluster="team"), ParameterError, "leave cluster= out for quantiles"),
        (lambda: sq.plan([nps(), nps()]), ParameterError, "two metrics are called 'nps'"),
    ],
)
def test_what_does_not_add(call: Callable[[], object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


def test_bad_rows_of_a_part_are_told_with_the_count_of_the_whole() -> None:
    plan = sq.plan([nps(), nps("other").named("other nps")], by="team")
    frame = FRAME.with_columns(pl.Series("other", [1, 2, 3, 4]))
    good, bad = plan.partial(frame), plan.partial(frame.with_columns(pl.Series("score", [11, 12, 3, None])))
    whole = plan.loads(plan.dumps(plan.merge([bad, good, bad])))
    with pytest.raises(InputError, match="4 rows outside whole numbers from 0 to 10: column 'score' such as 11, 12"):
        plan.finish(whole)
    assert plan.finish(good).height == 4


def test_many_metrics_add_in_one_state() -> None:
    frame = pl.concat([FRAME.with_columns(seconds=pl.lit(float(k)) + pl.col("w"), at=pl.lit(DAY)) for k in range(9)])
    metrics = [
        nps(),
        csat_mean("score", scale=(0, 10)),
        sq.latency("seconds"),
        sq.latency("seconds", statistic="median"),
    ]
    plan = sq.plan(metrics, by=["team", "w"], every="1d", at="at")
    state = plan.merge(plan.partial(part) for part in frame.iter_slices(7))
    assert list(state.tables) == ["latency"]  # both quantiles read one table
    inexact = ["value", "low", "high"]  # of the histogram's quantiles
    evaluated = evaluate(frame, metrics, by=["team", "w"], every="1d", at="at")
    assert_frame_equal(plan.finish(state).drop(inexact), evaluated.drop(inexact))
    fewer = plan.finish(plan.merge([state], by="team"))
    exact = evaluate(frame, metrics, by="team")
    assert_frame_equal(fewer.filter(pl.col("unit") != "s"), exact.filter(pl.col("unit") != "s"))


def test_clusters_may_be_spread_over_parts() -> None:
    frame = pl.DataFrame(
        {"score": [10, 9, 3, 7, 8, 1, 10, 2, 9, 6] * 4, "shop": [k % 7 for k in range(40)], "k": list("ab") * 20}
    )
    plan = sq.plan([nps(), csat_mean("score", scale=(0, 10))], by="k", cluster="shop")
    spread = plan.merge(plan.partial(part, spread=True) for part in frame.iter_slices(3))
    assert_frame_equal(plan.finish(spread), evaluate(frame, plan.rules, by="k", cluster="shop"))
    with pytest.raises(InputError, match="states by cluster and states over clusters do not add"):
        plan.merge([spread, plan.partial(frame)])


def test_plans_and_states_are_pickled() -> None:
    plan = sq.plan([nps().where(pl.col("team") == "a"), sq.servqual_gap(("a", "b")), resolution_time()], by="team")
    again = pickle.loads(pickle.dumps(plan))
    assert (again.fingerprint, again.columns, again.schema) == (plan.fingerprint, plan.columns, plan.schema)
    state = nps().partial(FRAME, by="team", as_of=DAY)
    copied = pickle.loads(pickle.dumps(state))
    assert isinstance(copied, State)
    assert_frame_equal(nps().finish(copied), nps().finish(state))


def test_metrics_are_equal_by_what_they_compute() -> None:
    assert nps() == nps("score", detractor_max=6)
    assert {nps(), nps(), nps(interval="wald").named("nps")} == {nps()}  # limits are chosen when a state is finished
    assert nps() != nps().named("NPS")
    assert nps() != nps().where(pl.col("team") == "a")
    assert nps() != "nps"


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
    assert metric.partial(frame).tables[metric.name].height < 2_000


def test_merged_tables_are_the_same_to_the_bit() -> None:
    metric = resolution_time_observed_only()
    frame = pl.DataFrame({"resolution_seconds": [0.1, 0.2, 0.3] * 50, "resolution_observed": [True] * 150})
    merged, whole = metric.merge([metric.partial(frame[:70]), metric.partial(frame[70:])]), metric.partial(frame)
    assert_frame_equal(merged.sums, whole.sums, check_exact=True)
    assert_frame_equal(merged.tables[metric.name], whole.tables[metric.name], check_exact=True)
