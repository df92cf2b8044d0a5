"""`evaluate`: its columns and rows, periods, grains, laziness, and small cells."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from servicequality import SurveyAnswer, csat, evaluate, nps, plan, resolution_time, ticket_volume
from servicequality.errors import InputError, ParameterError
from servicequality.model import Records

COLUMNS = [
    "metric",
    "value",
    "low",
    "high",
    "se",
    "level",
    "method",
    "unit",
    "n",
    "n_missing",
    "n_excluded",
    "n_eff",
    "n_pending",
    "reason",
    "notes",
]
ANSWERS = pl.DataFrame(
    {
        "channel": ["mail", "chat", "mail", "chat", None],
        "team": ["b", "a", "a", "a", "b"],
        "score": [10, 9, None, 3, 8],
        "rating": [5, 4, 1, None, 2],
    }
)
BERLIN = ZoneInfo("Europe/Berlin")


def test_columns_and_order() -> None:
    result = evaluate(ANSWERS, [nps(), csat("rating", scale=(1, 5))], by=["team", "channel"])
    assert result.columns == ["team", "channel", "period", *COLUMNS]
    assert result.select("team", "channel", "metric").rows() == [
        (team, channel, metric)
        for team, channel in [("a", "chat"), ("a", "mail"), ("b", "mail"), ("b", None)]
        for metric in ("nps", "csat")
    ]
    assert result["period"].is_null().all()
    counts = result.schema["n"], result.schema["n_missing"], result.schema["n_pending"]
    assert counts == (pl.Int64, pl.Int64, pl.Int64)


def test_metrics_keep_the_order_in_which_they_were_given() -> None:
    metrics = [csat("rating", scale=(1, 5)).named("z"), resolution_time(), nps().named("a")]
    frame = ANSWERS.with_columns(resolution_seconds=pl.lit(1.0), resolution_observed=pl.lit(value=True))
    assert evaluate(frame, metrics)["metric"].to_list() == ["z", "resolution_time", "a"]


@pytest.mark.parametrize(
    ("scores", "n", "n_missing", "reason"),
    [([], 0, 0, "no answers"), ([None, None], 0, 2, "no answers"), ([9], 1, 0, None)],
    ids=["empty", "all null", "one row"],
)
def test_no_keys_give_one_row_even_of_nothing(
    scores: list[int | None], n: int, n_missing: int, reason: str | None
) -> None:
    for dtype in (pl.Int64, None):  # without a type the empty column is Null
        frame = pl.DataFrame({"score": pl.Series(scores, dtype=dtype)})
        assert evaluate(frame, nps()).select("n", "n_missing", "reason").rows() == [(n, n_missing, reason)]
        assert evaluate(frame.lazy(), nps()).collect().height == 1
    assert evaluate(frame.with_columns(k=pl.lit("a")), nps(), by="k").height == min(1, len(scores))


def test_every_shape_takes_an_empty_frame() -> None:
    empty = pl.DataFrame(
        schema={
            "resolution_seconds": pl.Float64,
            "resolution_observed": pl.Boolean,
            "created_at": pl.Datetime("us", "UTC"),
        }
    )
    metrics = [resolution_time(), resolution_time(limit=60.0), resolution_time(horizon=60.0), ticket_volume()]
    result = evaluate(empty, metrics)
    assert result["value"].to_list() == [None, None, None, 0.0]
    assert result["reason"].to_list() == ["no durations", "no durations", "no durations", None]


class TestPeriods:
    def frame(self, *instants: datetime | None) -> pl.DataFrame:
        return pl.DataFrame({"score": [9] * len(instants), "at": pl.Series(instants, dtype=pl.Datetime("us", "UTC"))})

    def test_days_are_local(self) -> None:
        # Clocks went forward at 01:00 UTC on 29 March 2026: that local day has 23 hours, from 23:00 to 22:00 UTC.
        frame = self.frame(
            datetime(2026, 3, 28, 22, 59, tzinfo=UTC),
            datetime(2026, 3, 28, 23, tzinfo=UTC),
            datetime(2026, 3, 29, 21, 59, tzinfo=UTC),
            datetime(2026, 3, 29, 22, tzinfo=UTC),
        )
        result = evaluate(frame, nps(), every="1d", at="at", timezone="Europe/Berlin")
        assert result.select("period", "n").rows() == [
            (datetime(2026, 3, 28, tzinfo=BERLIN), 1),
            (datetime(2026, 3, 29, tzinfo=BERLIN), 2),
            (datetime(2026, 3, 30, tzinfo=BERLIN), 1),
        ]
        assert result.schema["period"] == pl.Datetime("us", "Europe/Berlin")
        local = frame.with_columns(pl.col("at").dt.convert_time_zone("Europe/Berlin"))
        assert_frame_equal(evaluate(local, nps(), every="1d", at="at"), result)  # the column's own zone by default

    def test_the_long_day_of_autumn(self) -> None:
        frame = self.frame(datetime(2026, 10, 24, 22, tzinfo=UTC), datetime(2026, 10, 25, 22, 59, tzinfo=UTC))
        result = evaluate(frame, nps(), every="1d", at="at", timezone="Europe/Berlin")
        assert result.select("period", "n").rows() == [(datetime(2026, 10, 25, tzinfo=BERLIN), 2)]

    def test_weeks_start_on_monday(self) -> None:
        frame = self.frame(datetime(2026, 3, 1, 12, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC))  # Sunday, Monday
        result = evaluate(frame, nps(), every="1w", at="at")
        assert [period.date() for period in result["period"]] == [date(2026, 2, 23), date(2026, 3, 2)]

    def test_rows_without_an_instant_stand_in_a_period_null_at_the_end(self) -> None:
        result = evaluate(self.frame(None, datetime(2026, 3, 1, tzinfo=UTC)), nps(), every="1mo", at="at")
        assert result["period"].to_list() == [datetime(2026, 3, 1, tzinfo=UTC), None]

    def test_empty_periods_give_no_row(self) -> None:
        frame = self.frame(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC))
        assert evaluate(frame, nps(), every="1mo", at="at").height == 2
        assert evaluate(frame.clear(), nps(), every="1mo", at="at").height == 0

    def test_dates_need_no_zone(self) -> None:
        frame = pl.DataFrame({"score": [9], "at": [date(2026, 3, 18)]})
        assert evaluate(frame, nps(), every="1mo", at="at")["period"].to_list() == [date(2026, 3, 1)]

    def test_a_naive_column_needs_a_stated_zone(self) -> None:
        frame = pl.DataFrame({"score": [9], "at": [datetime(2026, 3, 18, 23, 30)]})  # noqa: DTZ001
        with pytest.raises(
            InputError, match=r"column 'at' is naive; say in which zone its days are counted with timezone="
        ):
            evaluate(frame, nps(), every="1d", at="at")
        stated = evaluate(frame, nps(), every="1d", at="at", timezone="Europe/Berlin")
        assert stated["period"].to_list() == [datetime(2026, 3, 18, tzinfo=BERLIN)]

    def test_options_that_do_not_fit(self) -> None:
        frame = self.frame(datetime(2026, 3, 1, tzinfo=UTC))
        with pytest.raises(ParameterError, match="every and at go together, got every='1d' and at=None"):
            evaluate(frame, nps(), every="1d")
        with pytest.raises(ParameterError, match="timezone says whose days and months count; it needs every and at"):
            evaluate(frame, nps(), timezone="UTC")
        with pytest.raises(ParameterError, match=r"every takes one length such as .1d., .* got 'fortnight'"):
            evaluate(frame, nps(), every="fortnight", at="at")
        with pytest.raises(ParameterError, match="every='1d' with timezone='Mars/Olympus' gives no periods"):
            evaluate(frame, nps(), every="1d", at="at", timezone="Mars/Olympus")
        with pytest.raises(ParameterError, match=r"every='1d' with timezone='\.\./etc' gives no periods"):
            evaluate(frame.with_columns(at=None), nps(), every="1d", at="at", timezone="../etc")
        with pytest.raises(InputError, match="column 'score' holds Int64, expected instants or dates; parse it first"):
            evaluate(frame, nps(), every="1d", at="score")
        with pytest.raises(InputError, match=r"at: no column 'att' \(did you mean 'at'\?\)"):
            evaluate(frame, nps(), every="1d", at="att")


class TestGrains:
    ANSWER = pl.DataFrame({"score": [9, 2]})
    TICKET = pl.DataFrame({"resolution_seconds": [60.0], "resolution_observed": [True]})

    def test_each_metric_reads_the_frame_of_its_grain(self) -> None:
        result = evaluate({"ticket": self.TICKET, "answer": self.ANSWER.lazy()}, [nps(), resolution_time()])
        assert isinstance(result, pl.LazyFrame)  # one lazy frame makes the answer lazy
        assert result.collect().select("metric", "n").rows() == [("nps", 2), ("resolution_time", 1)]

    def test_an_absent_grain_is_named(self) -> None:
        with pytest.raises(
            InputError, match="no frame of 'ticket' rows, which resolution_time reads; got frames of 'answer'"
        ):
            evaluate({"answer": self.ANSWER}, [nps(), resolution_time()])

    def test_each_grain_has_an_instant_of_its_own(self) -> None:
        noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
        frames = {
            "answer": self.ANSWER.with_columns(answered_at=noon),
            "ticket": self.TICKET.with_columns(created_at=noon + timedelta(days=1)),
        }
        at = {
            "answer": "answered_at",
            "ticket": "created_at",
            "clock": "due_at",
        }  # a grain that nobody reads does no harm
        metrics = [resolution_time(), nps()]
        result = evaluate(frames, metrics, every="1d", at=at)
        assert result.select("period", "metric", "n").rows() == [
            (datetime(2026, 3, 1, tzinfo=UTC), "nps", 2),
            (datetime(2026, 3, 2, tzinfo=UTC), "resolution_time", 1),
        ]
        lazy = evaluate({grain: frame.lazy() for grain, frame in frames.items()}, metrics, every="1d", at=at)
        assert lazy.collect_schema() == result.schema
        assert_frame_equal(lazy.collect(), result)

    def test_one_frame_of_two_grains_may_have_two_instants(self) -> None:
        days = [datetime(2026, 3, day, tzinfo=UTC) for day in (1, 2)]
        frame = pl.DataFrame({"score": [9], "resolution_seconds": [60.0], "resolution_observed": [True]})
        frame = frame.with_columns(answered_at=days[0], created_at=days[1])
        result = evaluate(
            frame, [nps(), resolution_time()], every="1d", at={"answer": "answered_at", "ticket": "created_at"}
        )
        assert result.select("period", "metric").rows() == [(days[0], "nps"), (days[1], "resolution_time")]

    def test_a_grain_without_an_instant_is_named(self) -> None:
        with pytest.raises(ParameterError, match="nps: at names no instant for rows of the grain 'answer'; say at="):
            evaluate(self.ANSWER, nps(), every="1d", at={"ticket": "created_at"})
        with pytest.raises(ParameterError, match=r"at takes the name of a column, got \['a'\]"):
            evaluate(self.ANSWER, nps(), every="1d", at={"answer": ["a"]})  # type: ignore[dict-item]

    def test_periods_of_two_clocks_do_not_meet(self) -> None:
        noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
        answer = self.ANSWER.with_columns(at=noon)
        berlin = self.TICKET.with_columns(at=noon.astimezone(BERLIN))
        metrics = [nps(), resolution_time()]
        with pytest.raises(InputError, match=r"'period' is Datetime.*UTC.* in one frame and .*Berlin.*; say timezone="):
            evaluate({"answer": answer, "ticket": berlin}, metrics, every="1d", at="at")
        stated = evaluate({"answer": answer, "ticket": berlin}, metrics, every="1d", at="at", timezone="Europe/Berlin")
        assert stated["period"].n_unique() == 1
        with pytest.raises(
            InputError, match="'team' is Int32 in one frame and String in another; cast them to one type"
        ):
            evaluate(
                {"answer": answer.with_columns(team=1), "ticket": berlin.with_columns(team=pl.lit("a"))},
                metrics,
                by="team",
            )

    def test_a_plan_takes_the_instant_of_its_grain(self) -> None:
        frame = self.ANSWER.with_columns(answered_at=datetime(2026, 3, 1, 12, tzinfo=UTC))
        at = {"answer": "answered_at", "ticket": "created_at"}
        own = plan(nps(), every="1d", at=at)
        assert_frame_equal(own.finish(own.partial(frame)), evaluate(frame, nps(), every="1d", at=at))
        with pytest.raises(
            ParameterError, match="at names 'answered_at' of 'answer' rows, 'created_at' of 'ticket' rows"
        ):
            plan([nps(), resolution_time()], every="1d", at=at)

    def test_rows_of_python_are_frames(self) -> None:
        scores = (9.0, 2.0, None)
        answers = [SurveyAnswer(respondent_id=str(score), question="q", score=score) for score in scores]
        mappings = [{"score": 9, "note": {"a": 1}}, {"score": 2}, {}]
        expected = evaluate({"score": scores}, nps())
        for rows in (answers, tuple(answers), mappings):
            assert_frame_equal(evaluate(rows, nps()), expected)
            assert nps().estimate(rows).value == expected["value"].item()
            assert nps().estimate(rows).n_missing == 1
        assert evaluate({"answer": answers, "ticket": self.TICKET}, [nps(), resolution_time()])["n"].to_list() == [2, 1]
        assert evaluate({"answer": answers, "ticket": []}, nps())["n"].item() == 2
        assert mappings == [{"score": 9, "note": {"a": 1}}, {"score": 2}, {}]

    def test_rows_of_python_that_do_not_fit(self) -> None:
        with pytest.raises(InputError, match="the frame has no columns: an empty list does not tell them"):
            evaluate([], nps())
        with pytest.raises(InputError, match="nps: no column 'score'; the frame has no columns: an empty list"):
            evaluate({"answer": [], "ticket": self.TICKET}, nps())
        with pytest.raises(InputError, match="its rows must be dataclasses or mappings, one is int"):
            evaluate({"answer": [9, 2], "ticket": self.TICKET}, nps())
        with pytest.raises(
            InputError, match=r"got Records; make the rows .* or name a table, such as records\.answers"
        ):
            evaluate({"answer": Records(tickets=[]), "ticket": self.TICKET}, nps())
        assert nps().estimate([]).reason == "no answers"  # an empty list of scores
        with pytest.raises(InputError, match=r"column 'score' holds Struct.*expected whole numbers from 0 to 10"):
            nps().estimate([{"score": {"of": 9}}])
        with pytest.raises(InputError, match="of several kinds, dict, SurveyAnswer"):
            nps().estimate([{"score": 9}, SurveyAnswer(respondent_id="a", question="q", score=3)])

    def test_a_mapping_of_columns_is_one_frame(self) -> None:
        assert evaluate({"score": [9, 2, 10]}, nps())["n"].item() == 3


class TestLaziness:
    def test_nothing_is_collected_before_collect(self) -> None:
        read: list[int] = []

        def look(frame: pl.DataFrame) -> pl.DataFrame:
            read.append(frame.height)
            return frame

        lazy = ANSWERS.lazy().map_batches(look, schema=ANSWERS.schema)
        query = evaluate(lazy, [nps(), csat("rating", scale=(1, 5))], by="team")
        assert query.collect_schema() == evaluate(ANSWERS, nps(), by="team").schema
        assert read == []
        assert_frame_equal(query.collect(), evaluate(ANSWERS, [nps(), csat("rating", scale=(1, 5))], by="team"))
        assert_frame_equal(nps().partial(lazy).sums, nps().partial(ANSWERS).sums)  # a state is read at once

    def test_rows_outside_the_domain_raise_at_collect(self) -> None:
        query = evaluate(pl.LazyFrame({"score": [9, 11]}), nps())
        with pytest.raises(InputError, match="1 row outside whole numbers from 0 to 10"):
            query.collect()

    def test_a_result_feeds_further_queries(self) -> None:
        query = evaluate(ANSWERS.lazy(), nps(), by="team")
        assert query.filter(pl.col("n") > 1).select("team").collect()["team"].to_list() == ["a", "b"]


class TestSmallCells:
    def counts(self, *cells: tuple[str, str, int], min_n: int = 5) -> list[tuple[object, ...]]:
        frame = pl.DataFrame(
            [(a, b, 9) for a, b, n in cells for _ in range(n)], schema=["site", "team", "score"], orient="row"
        )
        result = evaluate(frame, nps(), by=["site", "team"], min_n=min_n)
        hidden = result.filter(pl.col("reason") == "suppressed")
        blank = hidden.select("value", "low", "high", "se", "n", "n_missing", "n_eff", "n_pending", "notes")
        assert blank.null_count().sum_horizontal().sum() == 9 * hidden.height
        return result.select("site", "team", "n").rows()

    def test_two_small_cells_hide_no_other(self) -> None:
        assert self.counts(("x", "a", 4), ("x", "b", 3), ("x", "c", 5)) == [
            ("x", "a", None),
            ("x", "b", None),
            ("x", "c", 5),
        ]

    def test_a_lone_small_cell_takes_the_smallest_sibling_with_it(self) -> None:
        got = self.counts(("x", "a", 4), ("x", "b", 9), ("x", "c", 7), ("y", "a", 6), ("y", "b", 8))
        assert got == [("x", "a", None), ("x", "b", 9), ("x", "c", None), ("y", "a", 6), ("y", "b", 8)]

    def test_of_equal_siblings_only_one_is_hidden(self) -> None:
        got = self.counts(("x", "a", 4), ("x", "b", 7), ("x", "c", 7))
        assert [n for _, _, n in got].count(None) == 2

    def test_a_cell_of_exactly_min_n_is_shown(self) -> None:
        assert self.counts(("x", "a", 5), min_n=5) == [("x", "a", 5)]
        assert self.counts(("x", "a", 4), min_n=5) == [("x", "a", None)]

    def test_empty_cells_are_shown_and_hide_nothing(self) -> None:
        frame = pl.DataFrame({"team": ["a", "a", "b", "c", "c", "c"], "score": [9, 8, None, 7, 7, 7]})
        result = evaluate(frame, nps(), by="team", min_n=2)
        assert result.select("n", "reason").rows() == [(2, None), (0, "no answers"), (3, None)]

    def test_without_keys_the_one_cell_is_hidden(self) -> None:
        assert evaluate(pl.DataFrame({"score": [9, 9]}), nps(), min_n=3)["reason"].item() == "suppressed"

    def test_each_metric_by_itself(self) -> None:
        frame = pl.DataFrame({"team": ["a"] * 3 + ["b"] * 4, "score": [9] * 7, "rating": [1, None, None, 1, 1, 1, 1]})
        result = evaluate(frame, [nps(), csat("rating", scale=(1, 5))], by="team", min_n=2)
        assert result.filter(metric="nps")["n"].to_list() == [3, 4]
        assert result.filter(metric="csat")["n"].to_list() == [None, None]

    def test_min_n_is_a_count(self) -> None:
        with pytest.raises(ParameterError, match="min_n must be at least 1, got 0; None shows every cell"):
            evaluate(ANSWERS, nps(), min_n=0)
