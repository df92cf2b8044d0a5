"""Scorecards from TOML of any content: read, or refused by our own error that names the key."""

import itertools

import pytest

from servicequality import Objective, Scorecard, csat
from servicequality.errors import ParameterError

VALUES = (
    *(
        "1",
        "1.5",
        "-0.0",
        "1e308",
        "nan",
        "inf",
        "true",
        '"x"',
        '""',
        '"a\\u0007\\u202eb"',
        "[]",
        "[1]",
        '["a"]',
        "[[1]]",
    ),
    *("[nan]", "{}", "{a = 1}", "{a = [1, 'x']}", "{a = []}", "{a = {b = 1}}", "2020-01-01", "2020-01-01T00:00:00Z"),
    *("10:00:00", "99999999999999999999"),
)
KEYS = (
    *("metric", "options", "where", "at_least", "at_most", "change", "by", "period", "at", "name", "benchmark"),
    *("benchmark_source", "stranger"),
)
WHOLE = {"metric": '"csat"', "options": "{scale = [1, 5]}", "at_least": "0.9"}
WORD = {"at": "text", "name": "text", "benchmark_source": "text", "by": "name of a column", "where": "where"}


@pytest.mark.parametrize(("key", "value"), [*itertools.product(KEYS, VALUES)])
def test_any_value_of_any_key_of_an_objective_is_read_or_named(key: str, value: str) -> None:
    table = {**WHOLE, key: value}
    if key in ("at_most", "change"):
        table.pop("at_least")
    text = "\n".join(f"{name} = {content}" for name, content in table.items())
    message, card = "", None
    try:
        card = Scorecard.from_toml(f"[[objective]]\n{text}")
    except ParameterError as error:
        message = str(error)
    assert (card is None) == bool(message)
    if card is None:
        assert key in message or WORD.get(key, "target") in message or "options" in message or key == "options"
        assert "\a" not in message
    else:
        assert key not in ("stranger", "period", "metric")


@pytest.mark.parametrize(("key", "value"), [*itertools.product(("period", "mode", "objective"), VALUES)])
def test_any_value_of_any_key_of_a_scorecard_is_named(key: str, value: str) -> None:
    rest = "" if key == "objective" else "[[objective]]\n" + "\n".join(f"{k} = {v}" for k, v in WHOLE.items())
    with pytest.raises(ParameterError, match=key):
        Scorecard.from_toml(f"{key} = {value}\n{rest}")


@pytest.mark.parametrize(
    "text", ["[" * 5_000, "a = " + "[" * 5_000 + "]" * 5_000, "a = " + "{b=" * 5_000, b"x", 3, None]
)
def test_what_is_no_toml_is_refused(text: object) -> None:
    with pytest.raises(ParameterError, match="a scorecard is a TOML text"):
        Scorecard.from_toml(text)  # type: ignore[arg-type]


@pytest.mark.parametrize("objectives", [None, 3, "csat", [], [csat(scale=(1, 5))]])
def test_a_scorecard_is_a_list_of_objectives(objectives: object) -> None:
    with pytest.raises(ParameterError, match="a scorecard is a list of Objective"):
        Scorecard(objectives)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "options", [{"by": 3}, {"by": [3]}, {"by": None}, {"at": 3}, {"name": " "}, {"period": ["week"]}]
)
def test_an_objective_names_what_does_not_fit(options: dict[str, object]) -> None:
    with pytest.raises(ParameterError, match=next(iter(options))):
        Objective(csat(scale=(1, 5)), at_least=0.9, **options)  # type: ignore[arg-type]
