"""Zones of tolerance: golden answers at every edge, the law MSA - MSS = D - A, and answers whose minimum is above the wish."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from servicequality.errors import InputError, ParameterError
from servicequality.servqual import Scale, zone_of_tolerance

NINE = Scale("nine", {"a": [1, 2], "b": [3]}, low=1, high=9)
ROLES = ("A", "D", "P")


def test_every_edge_of_a_zone() -> None:
    one = Scale("one", {"x": [1]}, low=1, high=9)
    levels = [(4, 6, 3), (4, 6, 4), (4, 6, 6), (4, 6, 7), (5, 5, 5), (7, 5, 6), (4, None, 5)]
    zones = zone_of_tolerance({f"{r}1": list(v) for r, v in zip(ROLES, zip(*levels, strict=True), strict=True)}, one)
    counts = zones.counts.drop("dimension").row(0, named=True)
    assert counts == {"answers": 6, "in_zone": 3, "below_zone": 1, "above_zone": 1, "inverted": 1, "no_position": 2}
    value = dict(zip(zones.dimensions["measure"], zones.dimensions["value"], strict=True))
    assert (value["in_zone"], value["below_zone"], value["above_zone"]) == pytest.approx((0.6, 0.2, 0.2))
    assert value["position"] == pytest.approx((-0.5 + 0 + 1 + 1.5) / 4)
    assert value["adequacy"] == pytest.approx((-1 + 0 + 2 + 3 + 0 - 1) / 6)
    assert set(zones.dimensions["notes"]) == {"1 of 6 answers have adequate above desired"}


@given(
    st.lists(
        st.fixed_dictionaries({f"{r}{i}": st.none() | st.integers(1, 9) for r in ROLES for i in (1, 2, 3)}),
        min_size=1,
        max_size=10,
    )
)
def test_adequacy_less_superiority_is_the_width(rows: list[dict[str, int | None]]) -> None:
    frame = pl.DataFrame(rows, schema=dict.fromkeys(rows[0], pl.Int64))
    zones = zone_of_tolerance(frame, NINE)
    for table in (zones.dimensions, zones.overall.with_columns(dimension=pl.lit("overall"))):
        means = table.pivot("measure", index="dimension", values="value")
        left = means.select((pl.col("adequacy") - pl.col("superiority") - pl.col("zone_width")).abs().max()).item()
        assert left is None or left < 1e-9
        parts = means.select(pl.sum_horizontal("in_zone", "below_zone", "above_zone", ignore_nulls=False))
        assert all(total is None or abs(total - 1) < 1e-9 for total in parts.to_series())


def test_lazy_zones() -> None:
    frame = pl.DataFrame({f"{r}{i}": [4, 5] for r in ROLES for i in (1, 2, 3)} | {"shop": ["x", "y"]})
    lazy, eager = zone_of_tolerance(frame.lazy(), NINE, by="shop"), zone_of_tolerance(frame, NINE, by="shop")
    for name in ("respondents", "dimensions", "overall", "counts"):
        assert getattr(lazy, name).collect_schema() == getattr(eager, name).schema
        assert getattr(lazy, name).collect().equals(getattr(eager, name))


def test_levels_outside_the_scale() -> None:
    frame = {f"{r}{i}": [10 if (r, i) == ("D", 3) else 4] for r in ROLES for i in (1, 2, 3)}
    with pytest.raises(InputError, match=r"column 'D3' \(desired of item 3\): 1 answers such as 10"):
        zone_of_tolerance(frame, NINE)


def test_long_answers_are_those_of_a_wide_table() -> None:
    wide = pl.DataFrame(
        {"respondent_id": ["u", "v", "w"], "shop": ["x", "y", "y"]}
        | {f"{r}{i}": [4 + n, 5, None if i == 2 else 6] for n, r in enumerate(ROLES) for i in (1, 2, 3)}
    )
    questions = {
        f"{r}{i}": (kind, i)
        for r, kind in zip(ROLES, ("adequate", "desired", "perception"), strict=True)
        for i in (1, 2, 3)
    }
    long = wide.unpivot(list(questions), index=["respondent_id", "shop"], variable_name="question", value_name="score")
    expected = zone_of_tolerance(wide, NINE, by="shop")
    for rows in (long, long.lazy(), long.drop_nulls("score").sample(fraction=1, shuffle=True, seed=1)):
        zones = zone_of_tolerance(rows, NINE, questions=questions, by="shop")
        for name in ("dimensions", "overall", "counts"):
            assert getattr(zones, name).lazy().collect().equals(getattr(expected, name))
    with pytest.raises(InputError, match="'A1' has several answers of 'u'"):
        zone_of_tolerance(pl.concat([long, long]), NINE, questions=questions)
    with pytest.raises(ParameterError, match="'P1' is given the role 'gap'; known are adequate, desired, perception"):
        zone_of_tolerance(long, NINE, questions=questions | {"P1": ("gap", 1)})
