"""What moves with what: true links are found at their lag, unrelated series are left apart, and words claim no cause."""

import re
from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from servicequality import catalogue, evaluate, nps_breakdown
from servicequality.drivers import SIGNALS, candidates, event_study, link, partial_correlation
from servicequality.errors import InputError, ParameterError
from simulation import Simulate, assert_share

DAY = date(2026, 1, 5)
CLAIMS = re.compile(r"\b(caus(?!e\b)\w*|because|leads? to|due to|drives?|effect of|makes?)\b", re.IGNORECASE)


def days(n: int, **columns: object) -> pl.DataFrame:
    return pl.DataFrame({"period": pl.date_range(DAY, DAY + timedelta(days=n - 1), eager=True), **columns})


def drifting(rng: np.random.Generator, n: int) -> np.ndarray:
    noise = rng.normal(size=n)
    for place in range(1, n):
        noise[place] += 0.7 * noise[place - 1]
    return noise


def test_a_driver_is_found_at_its_lag_and_a_stranger_is_not() -> None:
    rng = np.random.default_rng(1)
    outages, stranger = drifting(rng, 180), drifting(rng, 180)
    csat = np.concatenate([rng.normal(size=3), -0.7 * outages[:-3]]) + rng.normal(size=180) * 0.6
    links = link(days(180, csat=csat, outages=outages, stranger=stranger), "csat", ["outages", "stranger"], every="1d")
    assert links.columns == [
        "driver", "lag", "r", "low", "high", "p_value", "q_value", "placebo", "seen", "n", "reason", "notes",
        "words",
    ]  # fmt: skip
    assert links.filter("seen").select("driver", "lag").rows() == [("outages", 3)]
    message = links.filter("seen")["words"].item()
    assert message.startswith("csat moves against outages 3 periods earlier (r -0.")
    assert "no proof of a cause" in message
    assert (links["q_value"] >= links["p_value"]).all()


def test_unrelated_series_are_left_apart(simulate: Simulate) -> None:
    """At any of the lags: a link is called seen in fewer than one pair of twenty."""

    def batch(rng: np.random.Generator) -> list[bool]:
        pairs = (days(90, y=drifting(rng, 90), x=drifting(rng, 90)) for _ in range(120))
        return [bool(link(pair, "y", "x", every="1d")["seen"].any()) for pair in pairs]

    assert_share(simulate(2, batch), 0, 0.05)


def test_a_link_that_is_as_strong_backwards_is_called_so() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=200)
    y = np.roll(x, 2) + np.roll(x, -2) * 1.5 + rng.normal(size=200) * 0.3
    links = link(days(200, y=y, x=x), "y", "x", every="1d", lags=[1, 2])
    two = links.filter(pl.col("lag") == 2).row(0, named=True)
    assert two["q_value"] < 0.05
    assert not two["seen"]
    assert "look for what moves both" in two["words"]


def test_what_cannot_be_said_is_not_said() -> None:
    rng = np.random.default_rng(4)
    short = link(days(30, y=rng.normal(size=30), x=rng.normal(size=30)), "y", "x", every="1d")
    assert short["r"].null_count() == 8
    assert short["reason"][0] == short["words"][0] == "30 periods, and a correlation over time needs 40"
    whole = days(60, y=rng.normal(size=60), x=rng.normal(size=60), still=1.0)
    holes = link(whole.filter(pl.int_range(60) != 30), "y", "x", every="1d", max_gaps=0)
    few = "1 of 60 periods lack a value, and at most 0 % may (max_gaps): fill or cut the series first"
    assert (holes["reason"][0], holes["n"][0]) == (few, 60)
    assert link(whole, "y", "still", every="1d")["reason"][0] == "a series does not vary: there is nothing to correlate"


def test_few_gaps_are_noted_and_many_leave_no_result() -> None:
    rng = np.random.default_rng(1)
    outages = drifting(rng, 180)
    csat = np.concatenate([rng.normal(size=3), -0.7 * outages[:-3]]) + rng.normal(size=180) * 0.6
    frame = days(180, csat=csat, outages=outages).with_columns(
        csat=pl.when(~pl.int_range(180).is_in([20, 90, 91])).then("csat")
    )
    kept = frame.filter(~pl.int_range(180).is_in([5, 150]))  # two periods without a row, three without a value
    links = link(kept, "csat", "outages", every="1d")
    assert links.filter("seen")["lag"].to_list() == [3]
    assert links["notes"].unique().to_list() == ["5 of 180 periods lack a value; at most 10 % may (max_gaps)"]
    assert links["n"].unique().item() < 175
    releases = [DAY + timedelta(days=place) for place in (40, 88, 130)]
    study = event_study(kept, "csat", releases, every="1d", half=5).row(0, named=True)
    assert study["notes"] == "5 of 180 periods lack a value; at most 10 % may (max_gaps)"
    values = frame["csat"].to_numpy().copy()
    values[[5, 150]] = np.nan
    sides = [(np.nanmean(values[e - 5 : e]), np.nanmean(values[e : e + 5])) for e in (40, 88, 130)]
    assert (study["before"], study["after"]) == pytest.approx(tuple(np.mean(sides, axis=0)))
    for call in (
        lambda most: link(kept, "csat", "outages", every="1d", max_gaps=most)["reason"][0],
        lambda most: event_study(kept, "csat", releases, every="1d", max_gaps=most)["words"][0],
    ):
        assert call(0.02).startswith("5 of 180 periods lack a value, and at most 2 % may")
        with pytest.raises(ParameterError, match="max_gaps must be a share from 0 to below 1; got 10"):
            call(10)
    scattered = days(56, y=drifting(rng, 56), x=drifting(rng, 56)).with_columns(
        y=pl.when(pl.int_range(56) % 4 != 1).then("y")
    )
    reason = link(scattered, "y", "x", every="1d", max_gaps=0.5)["reason"][0]
    assert re.fullmatch(r"the gaps leave as much as 2\d periods tell, and a correlation over time needs 40", reason)
    one_side = event_study(days(40, y=[None] * 7 + [1.0, 2.0, 4.0] * 11), "y", [DAY + timedelta(days=5)], every="1d", half=3,
                           max_gaps=0.5)  # fmt: skip
    assert one_side["reason"].item() == "no event has values both before and after it"


RESULT = evaluate(
    pl.DataFrame(
        {
            "answered_at": [datetime(2026, 1, 5, 12, tzinfo=UTC) + timedelta(days=place // 4) for place in range(240)]
            + [None],
            "score": [*np.random.default_rng(9).integers(0, 11, 240).tolist(), 5],
            "team": ["a", "b"] * 120 + ["a"],
        }
    ).filter(pl.col("answered_at").is_null() | (pl.col("answered_at").dt.ordinal_day() != 30)),
    nps_breakdown(),
    every="1d",
    at="answered_at",
)
"""Metrics by day, one day without answers, one answer without a day."""


def test_results_of_evaluate_are_linked_and_studied_as_they_are() -> None:
    wide = RESULT.filter(pl.col("period").is_not_null()).pivot("metric", index="period", values="value")
    links = link(RESULT, "detractors", ["promoters", "passives"], every="1d")
    plain = link(wide, "detractors", ["promoters", "passives"], every="1d")
    assert_frame_equal(links.drop("notes"), plain.drop("notes"))
    set_aside = "3 figures of rows without a time set aside; 1 of 60 periods lack a value; at most 10 % may (max_gaps)"
    assert links["notes"].unique().to_list() == [set_aside]
    lazy = link(RESULT.lazy(), "detractors", ["promoters", "passives"], every="1d")
    assert isinstance(lazy, pl.LazyFrame)
    assert_frame_equal(lazy.collect(), links)
    events = [datetime(2026, 1, 20, tzinfo=UTC)]
    study = event_study(RESULT, ["passives", "promoters"], events, every="1d")
    assert_frame_equal(
        study.drop("notes"), event_study(wide, ["passives", "promoters"], events, every="1d").drop("notes")
    )
    assert study["notes"].unique().to_list() == [set_aside.replace("3", "2")]


def test_a_result_with_several_groups_or_without_a_metric_is_refused() -> None:
    teams = pl.concat([RESULT.select(pl.lit(team).alias("team"), pl.all()) for team in ("a", "b")])
    with pytest.raises(
        InputError, match=r"several values of 'promoters' at .*the keys of the result are 'team': keep one"
    ):
        link(teams, "promoters", "passives", every="1d")
    assert link(teams.filter(team="a"), "promoters", "passives", every="1d").height == 8
    with pytest.raises(
        InputError, match=r"no metric 'pasives' \(did you mean 'passives'\?\); it holds 'promoters', 'p"
    ):
        link(RESULT, "promoters", "pasives", every="1d")
    some = RESULT.select("period", "value", pl.col("metric").cast(pl.Categorical))
    assert_frame_equal(
        link(some, "promoters", "passives", every="1d"), link(RESULT, "promoters", "passives", every="1d")
    )
    with pytest.raises(InputError, match="link: no column 'promoters', 'passives'; the frame has"):
        link(some.with_columns(metric=5), "promoters", "passives", every="1d")
    with pytest.raises(InputError, match="no row has a time; compute the metrics by period, with every= and at="):
        event_study(RESULT.filter(pl.col("period").is_null()), "passives", [DAY], every="1d")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ({"drivers": []}, "drivers must name columns other than the outcome 'y'"),
        ({"drivers": ["y"]}, "drivers must name columns other than the outcome 'y'"),
        ({"drivers": "x", "lags": [-1]}, "lags must be different whole numbers, each 0 or more"),
        ({"drivers": "x", "lags": "^"}, "lags must be different whole numbers, each 0 or more; got '\\^'"),
        ({"drivers": "x", "lags": [0.5]}, "lags must be different whole numbers, each 0 or more"),
        ({"drivers": "x", "q": 0}, "q must lie strictly between 0 and 1; got 0"),
    ],
)
def test_link_refuses(call: dict[str, object], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        link(days(3, y=[1, 2, 3], x=[1, 2, 3]), "y", every="1d", **call)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"'x' holds String, expected numbers"):
        link(days(3, y=[1, 2, 3], x=["a", "b", "c"]), "y", "x", every="1d")


def test_an_event_that_moved_the_figure_is_found_and_chance_is_called_chance() -> None:
    rng = np.random.default_rng(5)
    csat, other = rng.normal(4, 0.2, 120), rng.normal(4, 0.2, 120)
    for place in (20, 57, 101):
        csat[place : place + 5] -= 1
    frame = days(120, csat=csat, other=other)
    releases = [DAY + timedelta(days=place) for place in (20, 57, 101)]
    result = event_study(frame, ["csat", "other"], releases, every="1d", half=5)
    hit, miss = result.to_dicts()
    assert hit["effect"] == pytest.approx(hit["after"] - hit["before"])
    assert hit["effect"] < -0.7
    assert hit["q_value"] <= 0.05
    assert hit["words"].startswith("csat is lower by")
    assert miss["words"] == "other: other times of this series show as much"
    assert (hit["n_events"], hit["n_overlapping"], hit["n"]) == (3, 0, 120)


def test_events_belong_to_the_period_that_begins_before_them() -> None:
    rng = np.random.default_rng(6)
    start = datetime(2026, 1, 5, tzinfo=UTC)
    periods = pl.datetime_range(start, start + timedelta(days=39), "1d", eager=True)
    frame = pl.DataFrame({"period": periods, "y": rng.normal(size=40)})
    noon = event_study(frame, "y", [start + timedelta(days=20, hours=12)], every="1d", half=3)
    midnight = event_study(frame, "y", [start + timedelta(days=20)], every="1d", half=3)
    assert noon.equals(midnight)
    zoned = pl.Series([start + timedelta(days=20)]).dt.convert_time_zone("Asia/Tokyo")
    assert event_study(frame, "y", zoned, every="1d", half=3).equals(noon)
    close = event_study(frame, "y", [start + timedelta(days=d) for d in (20, 21)], every="1d", half=3)
    assert close["n_overlapping"].item() == 1


def test_an_event_study_that_cannot_be_made_says_why() -> None:
    frame = days(15, y=[float(x % 4) for x in range(15)])
    few = event_study(frame, "y", [DAY + timedelta(days=8)], every="1d", half=3)
    assert (few["effect"].item(), few["words"].item()) == (None, "15 periods, and shifts over 3 on either side need 20")
    with pytest.raises(
        InputError, match="1 events outside 2026-01-05 to 2026-01-20, such as 2026-01-20; leave them out"
    ):
        event_study(frame, "y", [DAY + timedelta(days=15)], every="1d")
    with pytest.raises(ParameterError, match="events holds none"):
        event_study(frame, "y", [], every="1d")
    with pytest.raises(ParameterError, match="half must be 1 period or more; got 0"):
        event_study(frame, "y", [DAY], every="1d", half=0)
    instants = frame.with_columns(pl.col("period").cast(pl.Datetime("us", "UTC")))
    late = [datetime(2027, 1, 1, tzinfo=UTC)]
    with pytest.raises(
        InputError, match=r"1 events outside 2026-01-05 00:00:00\+00:00 to 2026-01-20 .*, such as 2027-"
    ):
        event_study(instants, "y", late, every="1d")
    assert event_study(instants.tail(1), "y", late, every="99999999d")["n"].item() == 1  # a period of an age
    first = pl.DataFrame({"period": pl.Series([-(2**63)]).cast(pl.Datetime("ns", "UTC")), "y": [1.0]})
    with pytest.raises(InputError, match=r"1 events outside .*, such as 2027-01-01 00:00:00\+00:00; leave them out"):
        event_study(first, "y", late, every="1d")
    with pytest.raises(InputError, match="must both be zone-aware, or both naive"):
        event_study(instants, "y", pl.Series([datetime(2026, 1, 8)]), every="1d")  # noqa: DTZ001


def test_partial_correlation_holds_the_others_fixed() -> None:
    rng = np.random.default_rng(7)
    volume = rng.normal(size=300)
    rows = pl.DataFrame(
        {"volume": volume, "csat": -volume + rng.normal(size=300), "latency": volume + rng.normal(size=300)}
    )
    assert abs(np.corrcoef(rows["csat"], rows["latency"])[0, 1]) > 0.4
    got = partial_correlation(rows, "csat", "latency", given="volume").row(0, named=True)
    design = np.column_stack([np.ones(300), volume])
    left, right = (
        rows[name] - design @ np.linalg.lstsq(design, rows[name], rcond=None)[0] for name in ("csat", "latency")
    )
    assert got["r"] == pytest.approx(np.corrcoef(left, right)[0, 1])
    assert got["low"] < 0.1
    assert got["p_value"] > 0.01
    gaps = partial_correlation(
        rows.with_columns(volume=pl.when(pl.int_range(300) > 9).then("volume")), "csat", "latency", given="volume"
    )
    assert gaps.select("n", "n_missing").row(0) == (290, 10)
    few = partial_correlation(rows.head(4), "csat", "latency", given="volume").row(0, named=True)
    assert (few["r"], few["reason"]) == (None, "4 complete rows, and 3 columns need 6")
    with pytest.raises(ParameterError, match="at least one other column to hold fixed"):
        partial_correlation(rows, "csat", "latency", given=[])


def test_signals_name_metrics_that_are_there() -> None:
    names = {spec.name for spec in catalogue.find("")}
    for signal in SIGNALS:
        assert {signal.outcome, *signal.metrics} <= names, signal
    areas = {signal.area for signal in SIGNALS}
    assert areas >= {
        "usability", "reliability", "workflow design", "integration quality", "performance", "automation correctness",
        "scalability", "data integrity",
    }  # fmt: skip
    assert candidates("csat")["area"].to_list()[0] == "usability"
    assert candidates().height == len(SIGNALS)
    with pytest.raises(ParameterError, match="no signals are kept for 'weather'; there are some for csat, nps"):
        candidates("weather")


@pytest.mark.parametrize(
    ("outcome", "name", "areas"),
    [
        ("CSAT", "csat", ["usability", "reliability"]),
        ("customer effort", "ces", ["workflow design", "integration quality"]),
        ("CES", "ces", ["workflow design", "integration quality"]),
        ("FRT", "first_response_time", ["performance", "automation correctness"]),
        ("MTTR", "resolution_time", ["performance", "automation correctness"]),
        ("backlog", "backlog", ["scalability", "reliability"]),
        ("Agent_Error rate", "agent_error_rate", ["usability", "data integrity"]),
    ],
)
def test_candidates_take_other_names_and_begin_with_the_areas_of_the_field(
    outcome: str, name: str, areas: list[str]
) -> None:
    frame = candidates(outcome)
    assert frame["outcome"].unique().to_list() == [name]
    assert frame["area"].to_list()[:2] == areas


def test_a_misspelt_figure_is_not_guessed() -> None:
    with pytest.raises(
        ParameterError, match=r"no signals are kept for 'csta' \(did you mean 'csat'\?\); there are some"
    ):
        candidates("csta")
    with pytest.raises(ParameterError, match="no signals are kept for 5; there are some for csat, nps"):
        candidates(5)  # type: ignore[arg-type]


def test_words_claim_no_cause() -> None:
    rng = np.random.default_rng(8)
    frame = days(120, y=drifting(rng, 120), x=drifting(rng, 120))
    message = [
        *link(frame, "y", "x", every="1d")["words"],
        *event_study(frame, "y", [DAY + timedelta(days=50)], every="1d")["words"],
    ]
    assert not [text for text in message if CLAIMS.search(text.replace("no proof of a cause", ""))]


@pytest.mark.parametrize("dtype", [pl.Float16, pl.Float32, pl.Float64])
def test_infinities_of_any_type_are_refused(dtype: type[pl.DataType]) -> None:
    ends = pl.Series([0, 1, 2, float("inf"), 4, 5, 6], dtype=dtype)
    rows = pl.DataFrame({"y": range(7), "x": ends, "z": [1, 3, 2, 5, 4, 6, 9]})
    with pytest.raises(InputError, match="1 row outside numbers: column 'x' such as inf"):
        partial_correlation(rows, outcome="y", driver="x", given="z")
