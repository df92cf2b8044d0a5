"""What customers answer: each metric beside a line of plain Python, and golden rows at every boundary."""

from collections import Counter
from collections.abc import Callable

import pytest

from metrics.oracle import NOON, Oracle, Row, agrees, answers, mean, net, share, value
from servicequality import (
    aapor_response_rate,
    bottom_box,
    ces,
    csat,
    csat_mean,
    detractors,
    evaluate,
    net_score,
    non_response_bounds,
    nps,
    nps_breakdown,
    passives,
    promoters,
    response_rate,
    stats,
    top_box,
)
from servicequality.core import Metric
from servicequality.errors import InputError, ParameterError


def aapor(rows: list[Row], rate: str) -> float | None:
    """The outcome rates as the Standard Definitions print them."""
    n = Counter(row["disposition"] for row in rows)
    i, p, r, nc, o, u, ne = (n[kind] for kind in ("I", "P", "R", "NC", "O", "U", "NE"))
    known = i + p + r + nc + o
    e = known / (known + ne) if known + ne else 0.0
    above, below = {
        "RR1": (i, known + u),
        "RR2": (i + p, known + u),
        "RR3": (i, known + e * u),
        "RR4": (i + p, known + e * u),
        "RR5": (i, known),
        "RR6": (i + p, known),
        "COOP1": (i, i + p + r + o),
        "REF1": (r, known + u),
        "CON1": (i + p + r + o, known + u),
    }[rate]
    return above / below if below else None


ORACLES: list[tuple[Metric, Oracle]] = [
    (nps(), lambda rows: net(answers(rows), lambda x: x >= 9, lambda x: x <= 6)),
    (nps(missing=(11,)), lambda rows: net(answers(rows, blanks=(11,)), lambda x: x >= 9, lambda x: x <= 6)),
    (nps(detractor_max=4, promoter_min=8), lambda rows: net(answers(rows), lambda x: x >= 8, lambda x: x <= 4)),
    (promoters(), lambda rows: share(x >= 9 for x in answers(rows))),
    (promoters(promoter_min=8), lambda rows: share(x >= 8 for x in answers(rows))),
    (passives(), lambda rows: share(x in (7, 8) for x in answers(rows))),
    (passives(detractor_max=4, missing=(11,)), lambda rows: share(4 < x < 9 for x in answers(rows, blanks=(11,)))),
    (detractors(), lambda rows: share(x <= 6 for x in answers(rows))),
    (detractors(detractor_max=4), lambda rows: share(x <= 4 for x in answers(rows))),
    (csat(scale=(1, 5)), lambda rows: share(x >= 4 for x in answers(rows))),
    (csat(scale=(0, 1)), lambda rows: share(x == 1 for x in answers(rows))),
    (csat(scale=(1, 5), box=(5, 3)), lambda rows: share(x in (3, 5) for x in answers(rows))),
    (csat(scale=(1, 5), missing=(0, 6)), lambda rows: share(x >= 4 for x in answers(rows, blanks=(0, 6)))),
    (csat_mean(scale=(1, 10)), lambda rows: mean(answers(rows))),
    (ces(version="v1"), lambda rows: mean(answers(rows))),
    (ces(version="v1", statistic="share"), lambda rows: share(x <= 2 for x in answers(rows))),
    (ces(version="v2", statistic="share"), lambda rows: share(x >= 5 for x in answers(rows))),
    (ces(version="v1", statistic="net"), lambda rows: net(answers(rows), lambda x: x <= 2, lambda x: x >= 4)),
    (ces(version="v2", statistic="net"), lambda rows: net(answers(rows), lambda x: x >= 5, lambda x: x <= 3)),
    (top_box(scale=(1, 7)), lambda rows: share(x >= 6 for x in answers(rows))),
    (top_box(scale=(1, 7), points=1), lambda rows: share(x == 7 for x in answers(rows))),
    (bottom_box(scale=(0, 10), points=3), lambda rows: share(x <= 2 for x in answers(rows))),
    (csat(scale=(0, 100), box=range(80, 101)), lambda rows: share(x >= 80 for x in answers(rows))),
    (top_box(scale=(0, 1)), lambda rows: share(x == 1 for x in answers(rows))),
    (bottom_box(scale=(0, 1)), lambda rows: share(x == 0 for x in answers(rows))),
    (net_score(scale=(0, 1)), lambda rows: net(answers(rows), lambda x: x == 1, lambda x: x == 0)),
    (ces(version="own", scale=(1, 5), better="higher"), lambda rows: mean(answers(rows))),
    (
        ces(version="own", scale=(1, 5), better="higher", statistic="net"),
        lambda rows: net(answers(rows), lambda x: x > 3, lambda x: x < 3),
    ),
    (
        ces(version="own", scale=(0, 9), better="lower", statistic="net"),
        lambda rows: net(answers(rows), lambda x: x < 4.5, lambda x: x > 4.5),
    ),
    (
        ces(version="own", scale=(1, 10), better="lower", statistic="share"),
        lambda rows: share(x < 5.5 for x in answers(rows)),
    ),
    (net_score(scale=(1, 5)), lambda rows: net(answers(rows), lambda x: x >= 4, lambda x: x <= 2)),
    (net_score(scale=(1, 5), top=(5,)), lambda rows: net(answers(rows), lambda x: x == 5, lambda x: x <= 2)),
    (response_rate(), lambda rows: share(r["score"] is not None for r in rows if r["delivered_at"] is not None)),
    (
        non_response_bounds(scale=(1, 5)),
        lambda rows: (
            share(r["score"] >= 4 for r in rows if r["delivered_at"])
            if all(r["score"] is not None for r in rows if r["delivered_at"])
            else None
        ),
    ),
    *[
        (aapor_response_rate(rate=rate), lambda rows, rate=rate: aapor(rows, rate))  # type: ignore[arg-type, misc]
        for rate in ("RR1", "RR2", "RR3", "RR4", "RR5", "RR6", "COOP1", "REF1", "CON1")
    ],
]


@pytest.mark.parametrize(("metric", "oracle"), ORACLES, ids=lambda case: getattr(case, "name", ""))
def test_oracle(metric: Metric, oracle: Oracle) -> None:
    agrees(metric, oracle)


@pytest.mark.parametrize(
    ("metric", "score", "expected"),
    [
        (nps(), 6, -100),
        (nps(), 7, 0),
        (nps(), 8, 0),
        (nps(), 9, 100),
        (nps(), 0, -100),
        (nps(), 10, 100),
        (csat(scale=(1, 5)), 3, 0),
        (csat(scale=(1, 5)), 4, 1),
        (csat(scale=(1, 2)), 1, 0),
        (csat(scale=(1, 2)), 2, 1),
        (ces(version="v1", statistic="share"), 2, 1),
        (ces(version="v1", statistic="share"), 3, 0),
        (ces(version="v2", statistic="share"), 4, 0),
        (ces(version="v2", statistic="share"), 5, 1),
        (ces(version="v1", statistic="net"), 3, 0),
        (ces(version="v1", statistic="net"), 4, -100),
        (ces(version="v2", statistic="net"), 3, -100),
        (ces(version="v2", statistic="net"), 4, 0),
        (top_box(scale=(1, 5)), 3, 0),
        (top_box(scale=(1, 5)), 4, 1),
        (bottom_box(scale=(1, 5)), 2, 1),
        (bottom_box(scale=(1, 5)), 3, 0),
        (net_score(scale=(1, 5)), 2, -100),
        (net_score(scale=(1, 5)), 3, 0),
        (net_score(scale=(1, 5)), 4, 100),
    ],
)
def test_boundaries(metric: Metric, score: int, expected: float) -> None:
    assert value(metric, score=[score]) == expected


def test_the_three_groups_of_the_net_promoter_score_add_up() -> None:
    frame = {"score": [10, 9, 8, 7, 6, 0, None, 10], "team": ["a", "a", "a", "b", "b", "b", "b", "b"]}
    result = evaluate(frame, [nps(), *nps_breakdown()], by="team")
    assert result["metric"].to_list() == ["nps", "promoters", "passives", "detractors"] * 2
    assert result["value"].to_list() == [
        pytest.approx(number) for number in (200 / 3, 2 / 3, 1 / 3, 0.0, -25.0, 0.25, 0.25, 0.5)
    ]
    assert result["n"].to_list() == [3] * 4 + [4] * 4
    # The limits are those of shares: Wilson's of 2 in 4.
    assert result.row(-1, named=True)["low"] == pytest.approx(0.15004, abs=1e-5)
    own = evaluate(frame, nps_breakdown("score", detractor_max=7, promoter_min=10, interval="jeffreys", missing=(0,)))
    assert own["value"].to_list() == [2 / 6, 2 / 6, 2 / 6]
    assert set(own["method"]) == {"jeffreys"}


def test_unanswered_rows_do_not_count() -> None:
    result = nps().estimate([10, None, None, 0])
    assert (result.value, result.n, result.n_missing) == (0, 2, 2)


def test_non_response_bounds_by_hand() -> None:
    result = non_response_bounds(scale=(1, 5)).estimate(
        {"score": [5] * 60 + [1] * 20 + [None] * 20, "delivered_at": [NOON] * 100}
    )
    assert (result.value, result.n, result.n_pending, result.n_missing) == (None, 100, 0, 0)
    assert result.notes == "20 of 100 still open; without sampling error 0.6 to 0.8"
    # Wilson's limits of 60 and of 80 in 100.
    assert (result.low, result.high) == (pytest.approx(0.50200, abs=1e-5), pytest.approx(0.86664, abs=1e-5))


def test_an_answer_without_an_invitation_is_an_error() -> None:
    with pytest.raises(InputError, match="1 row answered without having been delivered"):
        response_rate().estimate({"score": [5, None], "delivered_at": [None, NOON]})


def test_the_other_version_is_refused_and_a_missing_version_is_an_answer_of_none() -> None:
    metric = ces(version="v1", of_version="v")
    assert value(metric, score=[2, 4], v=["v1", "v1"]) == 3
    with pytest.raises(InputError, match="1 row outside 'v1': column 'v' such as 'v2'"):
        value(metric, score=[2, 4], v=["v1", "v2"])


def test_boxes_that_overlap() -> None:
    with pytest.raises(ParameterError, match=r"net_score: \[2\] lie in top and bottom; make the boxes disjoint"):
        net_score(scale=(1, 3))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: csat(scale=(0, 100)),
            r"csat: a scale of 101 points \(0 to 100\) has no usual box; state it with box=",
        ),
        (lambda: nps(detractor_max=9), "nps: detractor_max=9 must lie below promoter_min=9, both from 0 to 10"),
        (lambda: nps_breakdown(promoter_min=6)[0], "nps_breakdown: detractor_max=6 must lie below promoter_min=6"),
        (lambda: nps_breakdown(promoter_min="9")[0], "nps_breakdown: promoter_min takes a whole number, got '9'"),
        (lambda: promoters(promoter_min=0), "promoters: promoter_min=0 must lie from 1 to 10"),
        (lambda: detractors(detractor_max=10), "detractors: detractor_max=10 must lie from 0 to 9"),
        (lambda: passives(detractor_max=8, promoter_min=8), "passives: detractor_max=8 must lie below promoter_min=8"),
        (lambda: non_response_bounds(scale=(1, 12)), "a scale of 12 points .* state it with box="),
        (lambda: top_box(scale=(0, 100)), "top_box: a scale of 101 points .* state it with points="),
        (lambda: bottom_box(scale=(0, 100)), "bottom_box: a scale of 101 points .* state it with points="),
        (lambda: net_score(scale=(0, 100), top=(99, 100)), "state it with top= and bottom="),
        (lambda: top_box(scale=(1, 5), points=6), "points must be a whole number from 1 to 5"),
        (lambda: top_box(scale=(1, 5), points="2"), "points must be a whole number from 1 to 5"),
        (lambda: csat(scale=("1", 5)), r"scale must be \(lowest, highest\), such as \(1, 5\), got \('1', 5\)"),
        (lambda: csat(scale=(1, 5), box=5), "box must hold points of the scale 1 to 5, got 5"),
        (lambda: csat(scale=(1, 5), box="45"), "box must hold points of the scale 1 to 5"),
        (lambda: ces(version="v3"), "version must be one of 'v1', 'v2', 'own'; got 'v3'; v1 asks"),
        (lambda: ces(version="v2", scale=(1, 5)), "v2 fixes scale and better; for another scale use version='own'"),
        (lambda: ces(version="own", scale=(1, 5)), "version 'own' needs both scale=.* and better="),
        (lambda: ces(version="own", scale=(1, 5), better="up"), "better must be one of 'higher', 'lower'; got 'up'"),
        (lambda: aapor_response_rate(e=0.5), "e belongs to RR3 and RR4; RR1 does not estimate eligibility"),
        (lambda: aapor_response_rate(rate="RR4", e=50), "from 0 to 1; got 50"),
        (lambda: aapor_response_rate(rate="RR4", e=float("nan")), "from 0 to 1; got nan"),
    ],
)
def test_options_that_cannot_be(call: Callable[[], Metric], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        call()


def test_eleven_points_have_a_usual_box_and_twelve_have_none() -> None:
    assert value(csat(scale=(0, 10)), score=[8, 9, 10, 10]) == 0.75
    assert value(csat(scale=(0, 100), box=range(80, 101)), score=[79, 80, 100, 0]) == 0.5


def test_an_effort_question_of_ones_own() -> None:
    metric = ces(version="own", scale=(1, 5), better="higher", of_version="v")
    assert (metric.name, metric.better) == ("ces", "higher")
    assert ces(version="own", scale=(1, 5), better="lower").better == "lower"
    assert value(metric, score=[2, 4], v=["own", "own"]) == 3
    with pytest.raises(InputError, match="1 row outside 'own': column 'v' such as 'v2'"):
        value(metric, score=[2, 4], v=["own", "v2"])
    with pytest.raises(InputError, match="1 row outside whole numbers from 1 to 5: column 'score' such as 6"):
        value(metric, score=[2, 6], v=["own", "own"])


def test_the_share_of_unknown_cases_that_are_eligible_may_be_stated() -> None:
    cases = ["I"] * 40 + ["P"] * 4 + ["R"] * 10 + ["U"] * 20 + ["NE"] * 5
    for e in (0, 0.25, 1):
        assert value(aapor_response_rate(rate="RR3", e=e), disposition=cases) == pytest.approx(40 / (54 + e * 20))
        assert value(aapor_response_rate(rate="RR4", e=e), disposition=cases) == pytest.approx(44 / (54 + e * 20))
    result = aapor_response_rate(rate="RR3", e=0.25).estimate({"disposition": cases})
    low, high = stats.wilson(40, 59)
    assert (result.low, result.high) == (pytest.approx(float(low)), pytest.approx(float(high)))
