"""What every layer checks alike: one wording for a level, a choice and an instant, and columns without a value."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal

import numpy as np
import pandas as pd
import polars as pl
import pytest

import servicequality as sq
from servicequality import checks
from servicequality.errors import InputError, ParameterError
from servicequality.events import in_force

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
NAIVE = NOON.replace(tzinfo=None)


@pytest.mark.parametrize("level", [0.95, np.float32(0.5), Fraction(9, 10)])
def test_a_level_is_any_number_between_0_and_1(level: Any) -> None:
    assert checks.confidence_level(level) == float(level)


@pytest.mark.parametrize(
    "level", [0, 1, 95, -0.1, 10**400, float("nan"), float("inf"), True, None, "0.95", [0.9], Decimal("0.9")]
)
def test_what_is_no_level_is_refused(level: object) -> None:
    with pytest.raises(ParameterError, match=r"^level must be between 0 and 1, got .*; say 0\.95 for limits of 95 %$"):
        checks.confidence_level(level)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("wilsn", "method must be one of 'wilson', 'wald'; got 'wilsn' (did you mean 'wilson'?)"),
        ("score", "method must be one of 'wilson', 'wald'; got 'score'"),
        (None, "method must be one of 'wilson', 'wald'; got None"),
        (["wald"], "method must be one of 'wilson', 'wald'; got ['wald']"),
    ],
)
def test_a_choice_is_one_of_its_words(value: object, message: str) -> None:
    checks.choice("method", "wald", ("wilson", "wald"))
    with pytest.raises(ParameterError) as refused:
        checks.choice("method", value, ("wilson", "wald"))
    assert str(refused.value) == message
    with pytest.raises(ParameterError) as refused:
        checks.choice("method", value, ("wilson", "wald"), why="Wald is for textbooks")
    assert str(refused.value) == f"{message}; Wald is for textbooks"


def test_a_choice_that_only_its_annotation_tells_is_refused_in_the_same_words() -> None:
    @checks.refusing_misfits
    def turned(side: Literal["left", "right"]) -> int:
        return {"left": 1, "right": 2}[side]

    assert turned("left") == 1
    with pytest.raises(ParameterError, match=r"^turned: side must be one of 'left', 'right'; got 'up'$"):
        turned("up")  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [NAIVE, NOON.date(), "2026-03-01T12:00Z", None, pd.NaT, pd.Timestamp(NAIVE)])
def test_an_instant_without_a_zone_is_refused(value: object) -> None:
    with pytest.raises(
        ParameterError, match=r"^since must be a datetime with a time zone, got .*; say datetime\(…, tz"
    ):
        checks.zone_aware("since", value)


def test_an_instant_with_a_zone_stays_as_it_is() -> None:
    stamp = pd.Timestamp(NOON)
    assert checks.zone_aware("since", NOON) is NOON
    assert checks.zone_aware("since", stamp) is stamp
    with pytest.raises(
        InputError, match=r"^Ticket\.created_at must be a datetime with a time zone, got 2026-03-01T12:00"
    ):
        sq.Ticket(ticket_id="a", created_at=NAIVE)


@pytest.mark.parametrize(
    ("holds", "types"),
    [
        (checks.holds_numbers, [pl.Int8(), pl.Float32(), pl.Decimal(10, 2)]),
        (checks.holds_flags, [pl.Boolean()]),
        (checks.holds_instants, [pl.Datetime("ms", "Asia/Tokyo")]),
        (checks.holds_texts, [pl.String(), pl.Enum(["a"]), pl.Categorical()]),
    ],
)
def test_a_type_holds_its_own_kind_and_nulls(holds: Callable[[pl.DataType], bool], types: list[pl.DataType]) -> None:
    every = [pl.Int8(), pl.Float32(), pl.Decimal(10, 2), pl.Boolean(), pl.Datetime("ms", "Asia/Tokyo")]
    every += [pl.String(), pl.Enum(["a"]), pl.Categorical(), pl.Datetime("us"), pl.Date(), pl.List(pl.Int8())]
    assert [dtype for dtype in every if holds(dtype)] == types
    assert holds(pl.Null())


WINDOW = {"since": NOON - dt.timedelta(days=30), "until": NOON}
INCIDENTS = {
    "started_at": pd.to_datetime(["2026-02-10T12:00Z", "2026-02-20T12:00Z"]),
    "restored_at": pd.to_datetime(["2026-02-10T15:00Z", "2026-02-20T15:00Z"]),
}


@pytest.mark.parametrize(
    "planned", [[None, None], [float("nan")] * 2, pd.Series([pd.NA, None], dtype=object), [pd.NaT] * 2], ids=str
)
def test_a_pandas_column_without_a_value_fits_every_domain(planned: Any) -> None:
    rows = pd.DataFrame({**INCIDENTS, "planned": planned})
    result = sq.availability().estimate(sq.uptime(rows, **WINDOW))
    assert result.value == pytest.approx(1 - 6 / (30 * 24))


def test_a_pandas_column_keeps_a_type_that_was_declared_for_it() -> None:
    rows = pd.DataFrame({**INCIDENTS, "planned": pd.Series([None, None], dtype="str")})
    with pytest.raises(InputError, match="column 'planned' holds String, expected true or false"):
        sq.uptime(rows, **WINDOW)


EMPTY = pl.DataFrame({"score": [None, None], "at": [None, None], "team": [None, None]})


@pytest.mark.parametrize("lazy", [False, True])
def test_null_columns_are_scores_instants_and_keys(lazy: bool) -> None:
    rows = EMPTY.lazy() if lazy else EMPTY
    table = sq.evaluate(rows, sq.nps(), by="team", at="at", every="1mo", timezone="Europe/Berlin").lazy().collect()
    assert table.select("team", "period", "value", "n", "n_missing").row(0) == (None, None, None, 0, 2)
    assert table.schema["period"] == pl.Datetime("us", "Europe/Berlin")


def test_null_columns_are_facts() -> None:
    tickets = pl.DataFrame({"ticket_id": ["a", "b"], "resolved_at": [NOON, NOON]})
    scores = pl.DataFrame({"ticket_id": ["a"], "critical_failed": [None]})
    assert sq.tables.failed_tickets(tickets, scores=scores)["n_missing"].item() == 2
    records = sq.Records(
        tickets=[sq.Ticket(ticket_id="a", created_at=NOON)],
        changes=[sq.Change(ticket_id="a", at=NOON, field="priority", value="p1")],
    )
    spans = pl.DataFrame({"ticket_id": ["a"], "opened": [None]})
    assert in_force(spans, records, field="priority", at="opened").collect()["priority"].to_list() == [None]
