"""Scales: what they refuse, that they stay as they are, and that text keeps them."""

import copy
import pickle
from dataclasses import FrozenInstanceError, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servicequality.errors import InputError, ParameterError
from servicequality.servqual import SERVPERF, SERVQUAL_1988, SERVQUAL_1991, Scale, seven_ps

PS = ("product", "price", "promotion", "procedure", "people", "physical_evidence", "problem_solving")


def test_the_published_keys() -> None:
    blocks = {"tangibles": 4, "reliability": 5, "responsiveness": 4, "assurance": 4, "empathy": 5}
    for scale in (SERVQUAL_1988, SERVQUAL_1991, SERVPERF):
        assert {name: len(items) for name, items in scale.dimensions.items()} == blocks
        assert scale.items == scale.scored == tuple(map(str, range(1, 23)))
        assert (scale.low, scale.high) == (1, 7)
    assert SERVQUAL_1988.reversed == tuple(map(str, (*range(10, 14), *range(18, 23))))
    assert SERVQUAL_1991.reversed == SERVPERF.reversed == ()
    assert (SERVQUAL_1991.standard, SERVPERF.standard) == ("expectation", "none")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"name": " "}, "it needs a name"),
        ({"dimensions": {}}, "it needs a dimension"),
        ({"dimensions": {"a": [1], "b": []}}, "dimension 'b' has no items"),
        ({"dimensions": {"a": [1, 2], "b": [2]}}, r"item '2' stands twice in the dimensions \(a, b\)"),
        ({"dimensions": {"a": [1, 1]}}, r"item '1' stands twice in the dimensions \(a\)"),
        ({"dimensions": {"overall": [1]}}, "no dimension may be called 'overall'"),
        ({"dimensions": {"a": "12"}}, "give 'a' a list of items, not one text"),
        ({"dimensions": {"a": ["overall"]}}, "no item may be called 'overall'"),
        ({"items": [1, 2, 3, 3]}, "items lists '3' twice"),
        ({"items": [1, 2]}, "items lacks '3', which the dimensions have"),
        ({"reversed": [4]}, "reversed items '4' are not in the scale"),
        ({"reversed": [1, 1]}, "reversed lists '1' twice; an item is turned once"),
        ({"low": 7, "high": 1}, "low must be below high, both finite numbers, got 7 and 1"),
        ({"high": float("inf")}, "both finite numbers"),
        ({"low": 0.5}, "whole answers cannot reach from 0.5 to 7; say whole=False"),
        ({"standard": "desired"}, "standard must be one of 'expectation', 'none'; got 'desired'"),
    ],
)
def test_a_scale_that_contradicts_itself(given: dict[str, Any], message: str) -> None:
    whole = {"name": "mine", "dimensions": {"a": [1, 2], "b": [3]}, "low": 1, "high": 7}
    with pytest.raises(ParameterError, match=message):
        Scale(**{**whole, **given})


def test_a_scale_stays_as_it_is() -> None:
    with pytest.raises(FrozenInstanceError):
        SERVQUAL_1991.high = 9  # type: ignore[misc]
    with pytest.raises(TypeError):
        SERVQUAL_1991.dimensions["empathy"] = ()  # type: ignore[index]
    assert replace(SERVQUAL_1991, high=9).high == 9
    assert pickle.loads(pickle.dumps(SERVQUAL_1988)) == copy.deepcopy(SERVQUAL_1988) == SERVQUAL_1988
    assert len({SERVQUAL_1988, SERVQUAL_1991, SERVPERF, replace(SERVPERF)}) == 3
    assert str(SERVQUAL_1991) == "SERVQUAL 1991"


names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8).filter(
    lambda name: name.strip() not in ("", "overall")
)


@st.composite
def scales(draw: st.DrawFn) -> Scale:
    items = draw(st.lists(names, min_size=1, max_size=9, unique=True))
    dimensions = draw(st.lists(names, min_size=1, max_size=min(3, len(items)), unique=True))
    scored = draw(st.permutations(items))
    cut = {name: scored[place :: len(dimensions)] for place, name in enumerate(dimensions)}
    whole = draw(st.booleans())
    low, high = (0, 10) if whole else (-0.5, 1e3)
    reverse = draw(st.lists(st.sampled_from(items), unique=True))
    standard = draw(st.sampled_from(["expectation", "none"]))
    return Scale(draw(names), cut, low=low, high=high, reversed=reverse, items=items, whole=whole, standard=standard)


@given(scales())
def test_text_keeps_a_scale(scale: Scale) -> None:
    assert Scale.from_toml(scale.to_toml()) == scale
    assert Scale.from_json(scale.to_json()) == scale


def test_a_scale_written_by_hand() -> None:
    text = 'name = "short"\nlow = 1\nhigh = 5\n[dimensions]\nspeed = [1, 2]\n"친절" = ["kind"]\n'
    assert Scale.from_toml(text) == Scale("short", {"speed": [1, 2], "친절": ["kind"]}, low=1, high=5)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name = ", "the scale is not TOML: .*write one with `to_toml`"),
        ('name = "x"\nlow = 1\nhigh = 5\n', "the scale does not say its dimensions"),
        (
            'name = "x"\nlow = 1\nhigh = 5\nmean = 3\n[dimensions]\na = [1]\n',
            "a scale has no 'mean'; its fields are name",
        ),
        ('name = "x"\nlow = 1\nhigh = 5\n[dimensions]\na = 1\n', "dimensions must name lists of items"),
        ('name = "x"\nlow = "1"\nhigh = 5\n[dimensions]\na = [1]\n', "low and high must be numbers, got '1' and 5"),
    ],
)
def test_text_that_is_no_scale(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Scale.from_toml(text)


def test_json_that_is_no_scale() -> None:
    with pytest.raises(InputError, match="the scale is not JSON"):
        Scale.from_json("{")
    with pytest.raises(InputError, match="the scale's JSON holds list, expected fields"):
        Scale.from_json("[]")


def test_seven_ps_wants_all_seven() -> None:
    scale = seven_ps({p: [f"{p}{i}" for i in (1, 2)] for p in PS}, low=1, high=5)
    assert tuple(scale.dimensions) == PS
    assert (scale.standard, len(scale.items)) == ("none", 14)
    with pytest.raises(ParameterError, match=r"missing \['price'\], unknown \['place'\]"):
        seven_ps({**{p: [p] for p in PS if p != "price"}, "place": ["x"]}, low=1, high=5)
