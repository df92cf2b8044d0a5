"""Samples of tickets to review: who is drawn, with what weight, the same whatever the order, and bad input."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

import servicequality as sq
from servicequality.errors import InputError, ParameterError

DAY = datetime(2026, 3, 1, tzinfo=UTC)


def tickets_of(sizes: dict[Any, int], *, open_ones: int = 0) -> pl.DataFrame:
    """So many resolved tickets of each agent, and some open ones."""
    agents = [agent for agent, size in sizes.items() for _ in range(size + open_ones)]
    ended = [DAY if place < size else None for size in sizes.values() for place in range(size + open_ones)]
    return pl.DataFrame(
        {"ticket_id": [f"t{place:03}" for place in range(len(agents))], "agent_id": agents, "resolved_at": ended},
        schema_overrides={"resolved_at": pl.Datetime("us", "UTC")},
    )


def test_each_agent_gives_so_many_or_all_and_the_weights_add_up() -> None:
    tickets = tickets_of({"a": 10, "b": 2, None: 5, "c": 0}, open_ones=3)
    sample = sq.tables.review_sample(tickets, each=4, seed=1)
    groups = {
        agent: part for (agent,), part in sample.partition_by("agent_id", as_dict=True, maintain_order=True).items()
    }
    assert {agent: part["rank"].to_list() for agent, part in groups.items()} == {
        "a": [1, 2, 3, 4],
        "b": [1, 2],
        "c": [1],
        None: [1, 2, 3, 4],
    }
    assert groups["a"].select("value", "n").unique().rows() == [(2.5, 10)]
    assert groups["b"]["value"].to_list() == [1.0, 1.0]
    assert groups["c"].select("ticket_id", "value", "reason").row(0) == (None, None, "no eligible tickets")
    assert sample["value"].sum() == 17
    resolved = tickets.filter(pl.col("resolved_at").is_not_null())["ticket_id"]
    drawn = sample["ticket_id"].drop_nulls()
    assert drawn.is_in(resolved.implode()).all()
    assert drawn.is_unique().all()
    assert sq.tables.review_sample(tickets, ended=None, each=99, seed=1)["ticket_id"].len() == tickets.height


def test_the_draw_depends_on_the_seed_and_not_on_the_order() -> None:
    tickets = tickets_of({"a": 30, "b": 30})
    first = sq.tables.review_sample(tickets, each=5, seed=3)
    for other in (tickets.sample(fraction=1, shuffle=True, seed=1), tickets.reverse().lazy()):
        assert_frame_equal(sq.tables.review_sample(other, each=5, seed=3).lazy().collect(), first)
    assert not first.equals(sq.tables.review_sample(tickets, each=5, seed=4))
    more = sq.tables.review_sample(tickets, each=8, seed=3)
    assert_frame_equal(more.filter(pl.col("rank") <= 5).drop("value"), first.drop("value"))


def test_every_ticket_is_drawn_equally_often() -> None:
    tickets, rounds = tickets_of({"a": 12}), 400
    drawn = pl.concat(
        [sq.tables.review_sample(tickets, each=3, seed=seed).select("ticket_id", "rank") for seed in range(rounds)]
    )
    counts = drawn["ticket_id"].value_counts()["count"].to_numpy()
    assert len(counts) == 12
    assert np.abs(counts - rounds / 4).max() < 5 * np.sqrt(rounds * 0.25 * 0.75)
    first = drawn.filter(rank=1)["ticket_id"].value_counts()["count"].to_numpy()
    assert np.abs(first - rounds / 12).max() < 5 * np.sqrt(rounds / 12)


def test_weights_make_the_whole_of_agents_of_many_and_of_few_tickets() -> None:
    # Agent a passes nine of ten of 900 tickets, b one of two of 100: plainly averaged reviews say 70 %, and 86 % pass.
    tickets = tickets_of({"a": 900, "b": 100}).with_columns(
        score=pl.when(pl.int_range(pl.len()) < 810).then(100).when(pl.int_range(pl.len()) >= 950).then(100).otherwise(0)
    )
    figures = []
    for seed in range(40):
        sample = sq.tables.review_sample(tickets, each=60, seed=seed).select("ticket_id", weight="value")
        rows = tickets.join(sample, on="ticket_id")
        metric = sq.qa_pass_rate("score", passing=80)
        figures.append((metric.estimate(rows).value, metric.estimate(rows, weight="weight").value))
    plain, weighted = np.array(figures).mean(axis=0)
    assert abs(plain - 0.70) < 0.02
    assert abs(weighted - 0.86) < 0.02


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"each": 0}, ParameterError, "each is a whole number of 1 or more; got 0"),
        ({"each": 2.5}, ParameterError, "each is a whole number of 1 or more; got 2.5"),
        ({"seed": -1}, ParameterError, "seed is a whole number of 0 or more; got -1"),
        ({"by": "agent"}, InputError, "no column 'agent'"),
        ({"ended": "done"}, InputError, "no column 'done'"),
    ],
)
def test_bad_options(options: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        sq.tables.review_sample(tickets_of({"a": 3}), **({"each": 1, "seed": 1} | options))


def test_a_ticket_in_two_rows_is_refused() -> None:
    twice = pl.concat([tickets_of({"a": 2}), tickets_of({"b": 1})])
    with pytest.raises(
        InputError, match="column 'ticket_id' has 1 tickets in several rows: 't000'; give a row a ticket"
    ):
        sq.tables.review_sample(twice, each=1, seed=1)
