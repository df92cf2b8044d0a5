"""The expression that bins a table's numbers does what the numpy kernel does."""

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from servicequality.core.engine.value_tables import float_bits
from servicequality.stats import float_bins


@given(st.lists(st.floats(allow_nan=False), min_size=1), st.sampled_from([0, 6, 52]))
def test_the_expression_is_the_kernel(values: list[float], mantissa: int) -> None:
    bins = pl.DataFrame({"x": values}).select(float_bits(pl.col("x"), mantissa)).to_series()
    np.testing.assert_array_equal(bins.to_numpy(), float_bins(np.array(values), mantissa_bits=mantissa))


def test_a_null_has_no_bin() -> None:
    assert pl.DataFrame({"x": [1.5, None]}).select(float_bits(pl.col("x"), 6)).to_series().null_count() == 1
