"""What is refused, and in which words: scores, instants, columns, names, weights and clusters that cannot be."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from servicequality import (
    backlog,
    ces,
    csat,
    evaluate,
    first_response_time,
    nps,
    resolution_time,
    sla_attainment,
    ticket_volume,
)
from servicequality.errors import InputError, ParameterError

NAN, INF = float("nan"), float("inf")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        ([9, 11, -1, 10], "2 rows outside whole numbers from 0 to 10: column 'score' such as 11, -1; "),
        ([9.0, 6.5], "1 row outside whole numbers from 0 to 10: column 'score' such as 6.5; "),
        ([9.0, NAN], "1 row outside whole numbers from 0 to 10: column 'score' such as nan; "),
        ([9.0, INF, -INF], "2 rows outside whole numbers from 0 to 10: column 'score' such as inf, -inf; "),
        ([99] * 7, "7 rows outside whole numbers from 0 to 10: column 'score' such as 99, 99, 99, 99, 99; "),
    ],
    ids=["range", "half points", "nan", "infinite", "five are shown"],
)
def test_scores_off_the_scale(scores: list[float], message: str) -> None:
    message += "declare codes for a blank with missing=(…), or correct the rows"
    frame = pl.DataFrame({"score": scores})
    for ask in (
        lambda: evaluate(frame, nps()),
        lambda: nps().finish(nps().partial(frame)),
        lambda: nps().estimate(scores),
    ):
        with pytest.raises(InputError) as raised:
            ask()
        assert str(raised.value) == message
    assert frame.select(nps().expr()).item() is None  # an expression cannot raise


def test_text_is_no_score() -> None:
    frame = pl.DataFrame({"score": ["9", "10"]})
    with pytest.raises(
        InputError, match=r"column 'score' holds String, expected whole numbers from 0 to 10; cast it first"
    ):
        evaluate(frame, nps())
    with pytest.raises(InputError, match="column 'score' holds Boolean, expected whole numbers"):
        evaluate(pl.DataFrame({"score": [True]}), nps())


def test_a_blank_is_declared_or_refused() -> None:
    frame = pl.DataFrame({"score": [9, 11, 11, 3, None]})
    with pytest.raises(InputError, match=r"2 rows outside .* such as 11, 11; declare codes for a blank"):
        nps().estimate(frame)
    result = nps(missing=(11,)).estimate(frame)
    assert (result.value, result.n, result.n_missing) == (0.0, 2, 3)
    assert frame.select(nps(missing=(11,)).expr()).item() == 0.0


def test_a_declared_blank_inside_the_scale_is_no_answer() -> None:
    result = csat(scale=(1, 5), missing=(3,)).estimate([5, 3, 1])
    assert (result.value, result.n, result.n_missing) == (0.5, 2, 1)


def test_answers_from_1_to_5_given_to_nps_carry_a_note() -> None:
    few, many = nps().estimate([1, 5, 4] * 9), nps().estimate([1, 5, 4] * 10)
    assert few.notes is None
    assert many.value == -100  # legal by range, so that no error can be raised
    assert many.notes == "no answer is positive: is the column on the metric's scale?"
    frame = pl.DataFrame({"score": [1, 5, 4] * 10})
    assert nps().finish(nps().partial(frame))["notes"].item() == many.notes
    assert nps().estimate([1, 5, 4] * 10 + [9]).notes is None


def test_every_fault_is_reported_at_once() -> None:
    frame = pl.DataFrame({"score": [11], "rating": [9], "seconds": [-1.0], "done": [True]})
    metrics = [nps(), csat("rating", scale=(1, 5)), resolution_time("seconds", "done")]
    with pytest.raises(InputError) as raised:
        evaluate(frame, metrics)
    assert [line.split(":")[1].split(" such")[0] for line in str(raised.value).splitlines()] == [
        " column 'score'",
        " column 'rating'",
        " column 'seconds'",
    ]


def test_stops_before_starts() -> None:
    frame = pl.DataFrame({"resolution_seconds": [60.0, -5.0], "resolution_observed": [True, True]})
    message = (
        "1 row outside numbers of at least 0: column 'resolution_seconds' such as -5.0; correct or filter the rows"
    )
    with pytest.raises(InputError, match=message):
        evaluate(frame, resolution_time())


def test_naive_instants() -> None:
    naive = pl.DataFrame({"created_at": [datetime(2026, 3, 1)]})  # noqa: DTZ001
    message = (
        r"column 'created_at' holds Datetime\(.*\), expected zone-aware instants; state its zone first, for example"
    )
    with pytest.raises(InputError, match=message):
        evaluate(naive, ticket_volume())
    with pytest.raises(ParameterError, match=r"as_of must be a datetime with a time zone, got 2026-03-01T"):
        backlog(as_of=datetime(2026, 3, 1))  # noqa: DTZ001


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Asia/Tokyo"])
@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_instants_in_any_zone_are_compared_by_what_they_are(zone: str, unit: Any) -> None:
    frame = pl.DataFrame(
        {"created_at": [NOON, NOON], "resolved_at": [None, NOON]},
        schema_overrides={"resolved_at": pl.Datetime("us", "UTC")},
    ).with_columns(pl.col("created_at").dt.convert_time_zone(zone).dt.cast_time_unit(unit))
    assert backlog(as_of=NOON).estimate(frame).value == 1
    local = NOON.astimezone(ZoneInfo(zone))
    assert frame.select(backlog(as_of=local).expr()).item() == 1


def test_a_row_of_another_version_or_an_unknown_word() -> None:
    frame = pl.DataFrame({"score": [3, 3], "version": ["v1", "v2"]})
    with pytest.raises(
        InputError, match="1 row outside 'v1': column 'version' such as 'v2'; correct or filter the rows"
    ):
        evaluate(frame, ces(version="v1", of_version="version"))
    waits = pl.DataFrame({"first_response_seconds": [1.0], "first_response_end": ["replied"]})
    with pytest.raises(InputError, match="1 row outside 'answered' or 'ended_without' or 'open': column"):
        evaluate(waits, first_response_time())


def test_columns_that_are_not_there() -> None:
    frame = pl.DataFrame({"scores": [9], "channel": ["mail"]})
    with pytest.raises(
        InputError, match=r"nps: no column 'score' \(did you mean 'scores'\?\); the frame has scores, channel"
    ):
        evaluate(frame, nps())
    with pytest.raises(InputError, match=r"by: no column 'chanel' \(did you mean 'channel'\?\)"):
        evaluate(frame, nps("scores"), by="chanel")
    with pytest.raises(InputError, match="weight and cluster: no column 'w'"):
        evaluate(frame, nps("scores"), weight="w")
    with pytest.raises(InputError, match=r"nps.where: no column 'tier'"):
        evaluate(frame, nps("scores").where(pl.col("tier") == "gold"))
    with pytest.raises(InputError, match="nps: no column 'score'; the frame has no columns"):
        evaluate(pl.DataFrame(), nps())
    lazy = frame.lazy()
    with pytest.raises(InputError, match="nps: no column 'score'"):
        evaluate(lazy, nps())  # the schema is known before anything is collected


def test_names_that_clash() -> None:
    frame = pl.DataFrame({"score": [9], "metric": ["a"], "period": ["p"]})
    with pytest.raises(ParameterError, match=r"two metrics are called 'nps'; give one another name with \.named\(…\)"):
        evaluate(frame, [nps(), nps(detractor_max=5).named("nps")])
    assert evaluate(frame, [nps(), nps().named("nps.n")])["n"].to_list() == [1, 1]
    with pytest.raises(ParameterError, match="by names 'metric', which is a column of every result; rename"):
        evaluate(frame, nps(), by="metric")
    with pytest.raises(ParameterError, match="by names 'period', which is a column of every result; rename"):
        evaluate(frame, nps(), by="period")
    with pytest.raises(ParameterError, match="by names a column twice: score, score"):
        evaluate(frame, nps(), by=["score", "score"])
    with pytest.raises(ParameterError, match=r"by takes names of columns, got .*; add an expression as a column first"):
        evaluate(frame, nps(), by=[pl.col("score")])  # type: ignore[list-item]
    with pytest.raises(ParameterError, match="a metric's name must not be empty"):
        nps().named(" ")


def test_a_metric_may_be_asked_by_its_own_column() -> None:
    frame = pl.DataFrame({"score": [9, 9, 3], "nps": ["x", "x", "y"]})
    assert evaluate(frame, nps(), by="score")["value"].to_list() == [-100, 100]
    assert evaluate(frame, nps(), by="nps")["value"].to_list() == [100, -100]


def test_things_that_are_no_metric() -> None:
    with pytest.raises(ParameterError, match="no metric given; pass at least one, such as nps"):
        evaluate(pl.DataFrame({"score": [9]}), [])
    with pytest.raises(
        ParameterError, match=r"<definition nps.* is not a metric; call the definition first, such as nps\(\)"
    ):
        evaluate(pl.DataFrame({"score": [9]}), [nps])  # type: ignore[list-item]
    with pytest.raises(ParameterError, match="is not a metric; call the definition first"):
        evaluate(pl.DataFrame({"score": [9]}), nps)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="level must be between 0 and 1, got 95"):
        evaluate(pl.DataFrame({"score": [9]}), nps(), level=95)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (
            [1.0, -2.0],
            "1 row of a weight that is not zero or more, and finite .*: column 'w' such as -2.0; drop or correct",
        ),
        (
            [1.0, NAN],
            "1 row of a weight that is not zero or more, and finite .*: column 'w' such as nan; drop or correct",
        ),
        (
            [1.0, INF],
            "1 row of a weight that is not zero or more, and finite .*: column 'w' such as inf; drop or correct",
        ),
        (
            [None, None],
            "2 rows of a weight that is not zero or more, .*: column 'w' such as None, None; drop or correct",
        ),
        (["1", "2"], "weight 'w' holds String, expected numbers"),
    ],
    ids=["negative", "nan", "infinite", "null", "text"],
)
def test_weights_that_cannot_be(weights: list[Any], message: str) -> None:
    dtype = pl.Float64 if not isinstance(weights[0], str) else pl.String
    frame = pl.DataFrame({"score": [9, 3], "w": pl.Series(weights, dtype=dtype)})
    with pytest.raises(InputError, match=message):
        evaluate(frame, nps(), weight="w")
    with pytest.raises(InputError, match=message):
        nps().finish(nps().partial(frame, weight="w"))


def test_rows_without_a_cluster() -> None:
    frame = pl.DataFrame({"score": [9, 3], "agent": ["a", None]})
    with pytest.raises(
        InputError, match="1 row without a cluster: column 'agent' such as None; give each lone row a cluster"
    ):
        evaluate(frame, nps(), cluster="agent")


def test_tables_refuse_clusters_with_the_reason() -> None:
    frame = pl.DataFrame({"resolution_seconds": [1.0], "resolution_observed": [True], "agent": ["a"]})
    with pytest.raises(
        ParameterError, match="resolution_time: a table counts rows at each duration, so that the clusters"
    ):
        evaluate(frame, resolution_time(), cluster="agent")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: csat(scale=5), r"csat: scale must be \(lowest, highest\), such as \(1, 5\), got 5"),
        (lambda: csat(scale=(5, 1)), "csat: scale must be"),
        (csat, "csat: missing a required argument: 'scale'; its parameters are"),
        (
            lambda: csat(scale=(1, 5), boxes=2),
            r"argument 'boxes' \(did you mean 'box'\?\); its parameters are csat\(score=\"score\", \*, scale, box=None,",
        ),
        (lambda: csat(scale=(1, 5), box=(6,)), r"csat: box must hold points of the scale 1 to 5, got \[6\]"),
        (ces, "ces: missing a required argument: 'version'"),
        (lambda: ces(version="v3"), "ces: version must be one of 'v1', 'v2', 'own'; got 'v3'; v1 asks"),
        (lambda: nps(detractor_max=9), "nps: detractor_max=9 must lie below promoter_min=9"),
        (lambda: nps(pl.col("score")), "a column is given by its name, got"),
        (lambda: resolution_time(statistic="mean"), "statistic must be one of .*use horizon="),
        (lambda: resolution_time(statistic=1.5), "p must lie strictly between 0 and 1, got 1.5"),
        (lambda: resolution_time(limit=60.0, horizon=60.0), "give exactly one of p, limit and horizon"),
        (lambda: resolution_time(limit=-1.0), "limit and horizon are positive numbers of seconds"),
        (
            lambda: sla_attainment(as_of=NOON, estimate="all"),
            "estimate must be one of 'matured', 'bounds', 'pending_aware'",
        ),
    ],
)
def test_calls_that_cannot_be(call: Any, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        call()


def test_a_list_of_mixed_things() -> None:
    with pytest.raises(InputError, match=r"(?s)nps: the values for 'score' are of mixed types .*; give numbers alone"):
        nps().estimate([9, "ten"])
