"""Which case comes first: by hand, beside plain Python, with ties, gaps and what is refused."""

from datetime import timedelta

import polars as pl
import pytest

from metrics.oracle import NOON
from servicequality import facts
from servicequality.datasets import service_desk_with_truth
from servicequality.errors import InputError, ParameterError
from servicequality.tables import prioritise

INSTANT = pl.Datetime("us", "UTC")
HOUR = timedelta(hours=1)


def cases(*rows: tuple[str, str | None, float | None, float | None]) -> pl.DataFrame:
    """Tickets as (id, account, hours to the deadline, hours since it was resolved)."""
    return pl.DataFrame(
        {
            "ticket_id": [row[0] for row in rows],
            "account_id": pl.Series([row[1] for row in rows], dtype=pl.String),
            "due_at": pl.Series([None if row[2] is None else NOON + row[2] * HOUR for row in rows], dtype=INSTANT),
            "resolved_at": pl.Series([None if row[3] is None else NOON - row[3] * HOUR for row in rows], dtype=INSTANT),
        }
    )


def customers(*rows: tuple[str, float | None, float | None, bool]) -> pl.DataFrame:
    """Accounts as (id, value, satisfaction, whether it left half a year ago); all began a year ago."""
    year = timedelta(days=365)
    return pl.DataFrame(
        {
            "account_id": [row[0] for row in rows],
            "value": [row[1] for row in rows],
            "satisfaction": [row[2] for row in rows],
            "started_at": pl.Series([NOON - year] * len(rows), dtype=INSTANT),
            "churned_at": pl.Series([NOON - year / 2 if row[3] else None for row in rows], dtype=INSTANT),
        }
    )


ACCOUNTS = customers(
    ("rich", 1000.0, 5.0, False), ("poor", 10.0, 1.0, True), ("middle", 100.0, 3.0, False), ("new", None, None, False),
    ("gone", 50.0, 3.0, True), ("low", 5.0, 1.0, False),
)  # fmt: skip


def test_points_are_the_mean_of_three_places() -> None:
    rows = cases(("a", "rich", 5, None), ("b", "poor", 1, None), ("c", "middle", -2, None), ("d", "rich", 9, 1))
    result = prioritise(rows, ACCOUNTS, as_of=NOON)
    # Thirds of satisfaction: of 1 and 1 one left in 1.5 years together, of 3, 3 and 5 one in 2.5 years.
    assert dict(result.select("ticket_id", "risk").rows()) == pytest.approx({"a": 0.4, "b": 1 / 1.5, "c": 0.4})
    # Places of a, b and c: value 1, 0, 1/2; deadline 0, 1/2, 1; risk 1/4, 1, 1/4.
    assert result.select("rank", "ticket_id", "points").rows() == [
        (1, "c", pytest.approx(1.75 / 3)), (2, "b", pytest.approx(1.5 / 3)), (3, "a", pytest.approx(1.25 / 3)),
    ]  # fmt: skip
    assert result["reasons"][0].startswith("worth 100.0, 1 of 3 open cases are worth more; overdue by 2.0 h; ")


def test_weights_choose_what_counts() -> None:
    rows = cases(("a", "rich", 5, None), ("b", "poor", 1, None), ("c", "middle", -2, None))
    orders = {
        weights: prioritise(rows, ACCOUNTS, as_of=NOON, weights=weights)["ticket_id"].to_list()
        for weights in ((1, 0, 0), (0, 1, 0))
    }
    assert orders == {(1, 0, 0): ["a", "c", "b"], (0, 1, 0): ["c", "b", "a"]}


def test_equals_share_a_rank_and_say_so() -> None:
    rows = cases(("b", "rich", 5, None), ("a", "rich", 5, None), ("c", "low", 50, None))
    result = prioritise(rows, ACCOUNTS, as_of=NOON, weights=(1, 1, 0))
    assert result.select("rank", "ticket_id").rows() == [(1, "a"), (1, "b"), (3, "c")]
    assert result["points"].to_list() == [0.75, 0.75, 0.0]
    assert result["reasons"][0].endswith("; tied with 1 more, in the order of their ids")
    assert "tied" not in result["reasons"][2]


def test_what_is_not_known_comes_last_and_is_said() -> None:
    rows = cases(("a", None, None, None), ("b", "poor", 100, None), ("c", "new", 0.5, None))
    result = prioritise(rows, ACCOUNTS, as_of=NOON)
    message = dict(result.select("ticket_id", "reasons").rows())
    assert message["a"] == "nobody knows what the account is worth; without a deadline; nothing is known of its risk"
    assert message["c"].startswith(
        "nobody knows what the account is worth; due in 30 min; customers of all kinds leave at 0.4"
    )
    assert message["b"].startswith(
        "worth 10.0, 0 of 3 open cases are worth more; due in 4.2 days; customers as satisfied leave"
    )
    assert result["ticket_id"].to_list()[-1] == "a"
    assert result["points"].to_list()[-1] == 0


def test_only_what_is_open_at_the_instant_is_listed() -> None:
    rows = cases(("a", "rich", 1, 2), ("b", "rich", 1, -2), ("c", "rich", 1, 0))
    assert prioritise(rows, ACCOUNTS, as_of=NOON)["ticket_id"].to_list() == ["b"]
    nothing = prioritise(rows.clear(), ACCOUNTS, as_of=NOON)
    assert nothing.height == 0


def test_the_desk_in_order_beside_plain_python() -> None:
    desk, truth = service_desk_with_truth(2_000, seed=9)
    rows = facts(desk, as_of=truth.as_of)
    lazy = prioritise(rows, desk.accounts, as_of=truth.as_of)
    assert isinstance(lazy, pl.LazyFrame)
    table = lazy.collect()
    assert table.schema == lazy.collect_schema()
    assert table.equals(prioritise(rows.collect(), desk.accounts.collect(), as_of=truth.as_of))
    listed = table.to_dicts()

    def place(numbers: list[float], own: float) -> float:
        below, equal = sum(n < own for n in numbers), sum(n == own for n in numbers)
        return (below + (equal - 1) / 2) / (len(numbers) - 1)

    urgent = {"value": 1, "due_seconds": -1, "risk": 1}
    for row in listed:
        places = [place([sign * other[name] for other in listed], sign * row[name]) for name, sign in urgent.items()]
        assert row["points"] == pytest.approx(sum(places) / 3)
    assert table["points"].is_sorted(descending=True)
    assert set(table["ticket_id"]) == set(rows.filter(pl.col("resolved_at").is_null()).collect()["ticket_id"])


def test_each_group_has_an_order_of_its_own() -> None:
    desk, truth = service_desk_with_truth(2_000, seed=9)
    rows = facts(desk, as_of=truth.as_of).collect()
    table = prioritise(rows, desk.accounts, as_of=truth.as_of, by=["team", "channel"]).collect()
    assert table.columns[:3] == ["team", "channel", "rank"]
    for (team, channel), own in table.group_by(["team", "channel"], maintain_order=True):
        alone = prioritise(
            rows.filter(team=team, channel=channel), desk.accounts.collect(), as_of=truth.as_of, weights=(1, 1, 1)
        )
        assert own.drop("team", "channel").equals(alone)
    assert table.select("team", "channel", "rank").equals(table.select("team", "channel", "rank").sort(pl.all()))
    with pytest.raises(ParameterError, match="by names 'account_id', which is a column of the answer"):
        prioritise(rows, desk.accounts, as_of=truth.as_of, by="account_id")


@pytest.mark.parametrize(
    ("weights", "shown"),
    [((1, 1), r"\(1, 1\)"), ((1, -1, 1), "-1"), ((0, 0, 0), "0, 0, 0"), ((1, 1, float("nan")), "nan")],
)
def test_weights_must_be_three(weights: tuple[float, ...], shown: str) -> None:
    with pytest.raises(ParameterError, match=f"weights must be three numbers of 0 or more, not all 0, .*{shown}"):
        prioritise(cases(), ACCOUNTS, as_of=NOON, weights=weights)


@pytest.mark.parametrize(
    ("accounts", "message"),
    [
        (ACCOUNTS.drop("value"), "prioritise: no column 'value'"),
        (pl.concat([ACCOUNTS, ACCOUNTS.head(1)]), "prioritise: 1 accounts have several rows, such as 'rich'"),
        (
            ACCOUNTS.with_columns(churned_at=pl.col("started_at") - HOUR),
            "6 rows of accounts that end before they start",
        ),
        (ACCOUNTS.with_columns(value=-pl.col("value")), "5 rows outside numbers of at least 0: column 'value'"),
    ],
)
def test_accounts_that_do_not_fit(accounts: pl.DataFrame, message: str) -> None:
    with pytest.raises(InputError, match=message):
        prioritise(cases(("a", "rich", 1, None)), accounts, as_of=NOON)
