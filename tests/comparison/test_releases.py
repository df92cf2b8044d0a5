"""What a release did, and ordinal answers: beside statsmodels and scipy, and no output where there is too little."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from scipy import stats as scipy_stats

from servicequality import csat, csat_mean, evaluate, nps, resolution_time
from servicequality.comparison import difference_in_differences, interrupted_series, superiority
from servicequality.errors import InputError, ParameterError

START = datetime(2026, 3, 2, tzinfo=UTC)
RNG = np.random.default_rng(17)
MEAN, CSAT = csat_mean("rating", scale=(1, 5)), csat("rating", scale=(1, 5))


def ratings(n: int, p: float) -> np.ndarray:
    return 1 + RNG.binomial(4, p, n)


def sides() -> list[pl.DataFrame]:
    """Treated rise from .4 to .7, the others from .5 to .55; four points each."""
    frames = []
    for treated, other in ((0.4, 0.5), (0.7, 0.55)):
        rating = np.concatenate((ratings(300, treated), ratings(500, other)))
        frames.append(pl.DataFrame({"rating": rating, "score": rating * 2, "new": [True] * 300 + [False] * 500}))
    return frames


def test_difference_in_differences_is_least_squares_hc0() -> None:
    from statsmodels.regression.linear_model import OLS

    before, after = sides()
    result = difference_in_differences(before, after, [MEAN, CSAT, nps("score")], treated="new")
    whole = pl.concat([before.with_columns(late=0), after.with_columns(late=1)])
    design = whole.select(one=1.0, new=pl.col("new").cast(float), late="late", both=pl.col("new") * pl.col("late"))
    score = whole["score"]
    outcomes = [whole["rating"], whole["rating"] >= 4, 100.0 * ((score >= 9).cast(int) - (score <= 6).cast(int))]
    for row, outcome in zip(result.iter_rows(named=True), outcomes, strict=True):
        theirs = OLS(outcome.cast(float).to_numpy(), design.cast(pl.Float64).to_numpy()).fit(cov_type="HC0")
        assert (row["effect"], row["se"]) == pytest.approx((theirs.params[3], theirs.bse[3]))
        assert (row["low"], row["high"]) == pytest.approx(tuple(theirs.conf_int()[3]))
        assert row["p_value"] == pytest.approx(theirs.pvalues[3], rel=1e-6)
    assert result["n"].to_list() == [1600] * 3
    assert result["notes"][0].startswith("the effect is the release's only if")


def test_a_missing_cell_is_named() -> None:
    before, after = sides()
    result = difference_in_differences(before.filter("new"), after, MEAN, treated="new").row(0, named=True)
    assert (result["effect"], result["reason"]) == (None, "no figure with an error of the rows not treated, before")
    by = [side.with_columns(team=pl.Series(RNG.choice(["a", "b"], 800))) for side in (before, after)]
    weighted = difference_in_differences(*by, [MEAN, CSAT], treated="new", by="team", cluster="rating")
    assert weighted["team"].to_list() == ["a", "a", "b", "b"]
    with pytest.raises(InputError, match="column 'rating' holds Int64, expected true for those who got the release"):
        difference_in_differences(before, after, nps("score"), treated="rating")
    with pytest.raises(ParameterError, match="needs a share, a mean, a rate or a net score"):
        difference_in_differences(before, after, resolution_time(), treated="new")
    with pytest.raises(ParameterError, match="leave it out of by"):
        difference_in_differences(before, after, MEAN, treated="new", by="new")


def days(n: int, shift: float) -> pl.DataFrame:
    at = [START + timedelta(days=day, hours=hour) for day in range(n) for hour in range(8, 18)]
    level = np.repeat([0.4 if day < n // 2 else 0.4 + shift for day in range(n)], 10)
    return pl.DataFrame({"answered_at": at, "rating": 1 + RNG.binomial(4, level)})


OPTIONS = {
    "at": "answered_at",
    "every": "1d",
    "released": START + timedelta(days=30),
    "as_of": START + timedelta(days=60),
}


def test_an_interrupted_series_finds_the_change_of_level() -> None:
    result = interrupted_series(days(60, 0.2), [MEAN, CSAT], **OPTIONS)
    mean = result.row(0, named=True)
    assert mean["low"] < 0.8 < mean["high"]
    assert mean["p_value"] < 0.001
    assert (mean["n_before"], mean["n_after"], mean["reason"], mean["notes"]) == (30, 30, None, None)
    berlin = interrupted_series(days(60, 0.2), MEAN, **OPTIONS, timezone="Europe/Berlin")
    assert berlin["n_before"].item() == 31  # in Berlin the release came at one in the morning
    noon = interrupted_series(days(60, 0.2), MEAN, **{**OPTIONS, "released": START + timedelta(days=29, hours=12)})
    assert noon["level_change"][0] == mean["level_change"] or noon["n_before"][0] == 30
    assert noon["notes"][0] == "the release lies within the period of 2026-03-31 00:00:00+00:00, which counts as before"


def test_too_little_gives_no_output_and_the_reason() -> None:
    rows = days(60, 0.2)

    def reason(frame: pl.DataFrame, **other: object) -> str:
        row = interrupted_series(frame, MEAN, **{**OPTIONS, **other}).row(0, named=True)
        assert (row["level_change"], row["p_value"]) == (None, None)
        return row["reason"]

    # A period that is not over does not count: 39 are left.
    assert "needs 40 points" in reason(rows, as_of=START + timedelta(days=39, hours=23))
    gap = rows.filter(pl.col("answered_at").dt.date() != datetime(2026, 3, 20, tzinfo=UTC).date())
    assert reason(gap, max_gaps=0.01).startswith("1 of 60 periods lack a value, and at most 1 % may (max_gaps)")
    assert "two points on either side" in reason(rows, released=START - timedelta(days=3))
    assert reason(rows.clear()) == "no period is over"
    with pytest.raises(ParameterError, match="released must be a datetime with a time zone"):
        interrupted_series(rows, MEAN, **{**OPTIONS, "released": "2026-03-20"})


def test_a_result_is_interrupted_as_its_rows_are() -> None:
    rows = pl.concat([days(60, 0.2), pl.DataFrame({"answered_at": [None], "rating": [3]})], how="vertical_relaxed")
    rows = rows.filter(pl.col("answered_at").is_null() | (pl.col("answered_at").dt.ordinal_day() != 80))
    own = {name: OPTIONS[name] for name in ("every", "released", "as_of")}
    table = evaluate(rows, [MEAN, CSAT], every="1d", at="answered_at")
    from_rows = interrupted_series(rows, [MEAN, CSAT], **OPTIONS)
    for given in (table, table.lazy()):
        result = interrupted_series(given, [MEAN.name, CSAT.name], **own).lazy().collect()
        assert_frame_equal(result, from_rows)
        assert_frame_equal(interrupted_series(given, [MEAN, CSAT.name], **own).lazy().collect(), from_rows)
    row = interrupted_series(table, MEAN.name, **own).row(0, named=True)
    assert row["low"] < 0.8 < row["high"]
    assert (row["n_before"] + row["n_after"], row["reason"]) == (59, None)
    assert row["notes"] == (
        "1 figure of rows without a time set aside; 1 of 60 periods lack a value; at most 10 % may (max_gaps)"
    )
    with pytest.raises(
        InputError, match="metrics are named in a result of evaluate, and the frame has the columns answered"
    ):
        interrupted_series(rows, MEAN.name, **own)
    with pytest.raises(ParameterError, match="at= and timezone= make periods of rows"):
        interrupted_series(table, MEAN.name, **OPTIONS)
    dates = table.with_columns(pl.col("period").dt.date())
    with pytest.raises(
        InputError, match="needs instants with a time zone to tell before from after; the column holds Date"
    ):
        interrupted_series(dates, MEAN.name, **own)
    with pytest.raises(InputError, match="column 'period' holds Int64, expected dates or instants"):
        interrupted_series(table.with_columns(pl.col("period").to_physical()), MEAN.name, **own)
    with pytest.raises(InputError, match="the series has no metric 'nps'"):
        interrupted_series(table, "nps", **own)
    with pytest.raises(ParameterError, match="'nps' is not a metric"):
        interrupted_series(rows, [MEAN, "nps"], **OPTIONS)
    with pytest.raises(ParameterError, match=rf"metrics names '{MEAN.name}' twice"):
        interrupted_series(table, [MEAN, MEAN.name], **own)
    with pytest.raises(ParameterError, match="every and at go together, got every='1d' and at=None"):
        interrupted_series(rows, MEAN, **own)
    for given, name in ((table, MEAN.name), (rows, MEAN)):
        options = OPTIONS if given is rows else own
        for every, message in (
            ("1us", "every='1us' makes .* points, and at most 10,000,000 are made"),
            ("1ns", "every='1ns' is shorter than the clock of the series"),
            ("-1d", "every takes one length such as"),
        ):
            with pytest.raises(ParameterError, match=message):
                interrupted_series(given, name, **{**options, "every": every})
    untimed = evaluate(rows, MEAN)
    assert interrupted_series(untimed, MEAN, **own)["reason"].item() == "no row has a time: there are no periods"
    with pytest.raises(ParameterError, match="max_gaps must be a share"):
        interrupted_series(rows, MEAN, **OPTIONS, max_gaps=1)


def test_superiority_is_brunner_munzels() -> None:
    before, after = sides()
    result = superiority(before, after, "rating", by="new")
    for row in result.iter_rows(named=True):
        x, y = (side.filter(new=row["new"])["rating"].to_numpy() for side in (before, after))
        theirs = scipy_stats.brunnermunzel(x, y)
        assert row["p_value"] == pytest.approx(theirs.pvalue, rel=1e-6)
        assert row["low"] < row["superiority"] < row["high"]
    few = superiority(before[:1], after, "rating").row(0, named=True)
    assert (few["superiority"], few["n_before"], few["reason"]) == (None, 1, "fewer than two answers on a side")
    one_sided = superiority(before.filter("new"), after, "rating", by="new")
    assert one_sided["n_before"].to_list() == [0, 300]
    with pytest.raises(InputError, match="column 'rating' has NaN or infinite answers before"):
        superiority(pl.DataFrame({"rating": [1.0, float("nan")]}), after, "rating")
    with pytest.raises(ParameterError, match="whose answers are compared"):
        superiority(before, after, "rating", by="rating")
