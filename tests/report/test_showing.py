"""What notebooks show: plain tables and pictures that load nothing, run nothing and take the colours around them."""

import html.parser
import sys
from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

import servicequality as sq
from report.chart_inputs import AS_OF, HOSTILE, SCRIPT, by_team, csat, desk
from servicequality import report
from servicequality.checks import html_table, html_text
from servicequality.datasets import servqual_survey
from servicequality.errors import InputError
from servicequality.report import show
from servicequality.servqual import SERVQUAL_1991, score, zone_of_tolerance


class Page(html.parser.HTMLParser):
    """The tags and texts of HTML, with tags that are not closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)
        self.open.append(tag)
        for name, value in attrs:
            assert name not in ("src", "href", "onclick"), (name, value)
            assert "url(" not in (value or "")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def page(shown: Any) -> Page:
    result = Page(shown._repr_html_())
    assert result.open == []
    assert "script" not in result.tags
    return result


LEVELS = servqual_survey(60, seed=2).rename({f"E{item}": f"D{item}" for item in range(1, 23)})
LEVELS = LEVELS.with_columns((pl.col(f"D{item}") - 2).clip(lower_bound=1).alias(f"A{item}") for item in range(1, 23))
RECORDS = sq.Records(tickets=desk(("a", "b"), 4).select("ticket_id", "created_at", category=pl.lit(SCRIPT)))


def scorecard() -> pl.DataFrame:
    card = sq.Scorecard([sq.Objective(csat(), at_least=0.2)])
    return card.evaluate(desk(("a",)), as_of=AS_OF, at="created_at")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: sq.nps().estimate([9] * 30 + [1] * 10), ["NPS", "value, points", "50", "95 % CI", "40"]),
        (lambda: csat().estimate([5] * 40), ["CSAT", "100%"]),
        (lambda: sq.nps().estimate([]), ["NPS", "–", "undefined: no answers"]),
        (lambda: sq.resolution_time().estimate(desk(("a",))), ["resolution time", "of 30 still open"]),
        (sq.nps, ["Net Promoter Score (nps)", "points", "a row is one", "answer", "score", "when it lies"]),
        (lambda: csat().where(pl.col("team") == SCRIPT), ["only rows"]),
        (lambda: RECORDS, ["Records (instants in UTC)", "tickets", "8 rows"]),
        (sq.Records, ["no tables"]),
        (lambda: sq.check(RECORDS, as_of=AS_OF), ["All conservation laws hold.", "such as"]),
        (lambda: score(servqual_survey(60, seed=1), SERVQUAL_1991, by="wave"), ["tangibles", "gap", "before", "limits"]),
        (lambda: score(servqual_survey(60, seed=1).lazy(), SERVQUAL_1991), ["lazy", ".dimensions.collect()"]),
        (lambda: zone_of_tolerance(LEVELS, SERVQUAL_1991), ["Zones of tolerance by SERVQUAL 1991", "adequacy"]),
        (lambda: show(csat().estimate([5, 4])), ["CSAT", "2 of 2"]),
        (lambda: show(by_team(("a", "b"))), ["team", "metric", "value", "limits", "rows", "CSAT"]),
        (lambda: show(sq.evaluate(desk(("a",)), csat().where(pl.col("team") == "x"))), ["– no answers"]),
        (lambda: show(scorecard()), ["verdict", "summary", "2024-01"]),
        (lambda: show(by_team(("a",)).lazy()), ["A lazy result", "call .collect()"]),
        (lambda: show(desk(("a",), 60)), ["… and 10 more rows"]),
        (lambda: show(desk(("a",)).select(pl.lit(1).alias(f"c{place}") for place in range(14))), ["not shown: c12, c13"]),
        (lambda: show(desk(("a",)).clear()), ["team"]),
    ],
)  # fmt: skip
def test_a_notebook_shows_it(make: Callable[[], Any], words: list[str]) -> None:
    texts = " ".join(page(make()).texts)
    assert [word for word in words if word not in texts] == []


def test_a_lazy_result_is_not_computed() -> None:
    def fail(frame: pl.DataFrame) -> pl.DataFrame:
        raise AssertionError

    rows = pl.LazyFrame({"a": [1]}).map_batches(fail, schema={"a": pl.Int64})
    assert repr(show(rows)) == "A lazy frame of a. Nothing is computed yet: call .collect(), and show its result."


def test_a_chart_is_a_picture_in_the_colours_of_the_notebook() -> None:
    shown = show(report.group_chart(by_team(("a", "b"))))
    drawn = shown._repr_html_()
    assert 'role="img" aria-label="CSAT by team. ' in drawn
    assert "currentColor" in drawn
    assert repr(shown).startswith("CSAT by team. ")
    assert "script" not in Page(drawn.replace("xlink:href", "x")).tags


def test_hostile_names_are_texts_everywhere() -> None:
    result = by_team(HOSTILE)
    for shown in (show(result), show(result.select("team", "value"))):
        texts = page(shown).texts
        assert SCRIPT in texts
        assert max(map(len, texts)) <= 1_000
        assert not [text for text in texts if "\0" in text or "\x1b" in text]
    assert str(show(by_team(("a",)))).splitlines()[0].split() == ["CSAT"]


def test_pieces_of_html_are_escaped() -> None:
    assert html_text("<b> & \"'\0\n" + "x" * 700) == "&lt;b&gt; &amp; &quot;&#x27;\ufffd " + "x" * 589 + "…"
    made = html_table(["a"], [["<i>"], [None]], numbers=[0], more=1_000)
    assert "&lt;i&gt;" in made
    assert "… and 1,000 more rows" in made


def test_what_is_no_result_is_refused() -> None:
    with pytest.raises(InputError):
        show(3)


def test_the_core_shows_itself_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "altair", None)
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    assert page(sq.nps().estimate([9, 1])).texts
    assert page(show(by_team(("a",)))).texts
