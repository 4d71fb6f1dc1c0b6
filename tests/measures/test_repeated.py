"""Measures over different counts equal the measures over all counts."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.measures import diversity
from audit.measures.repeated import repeated_measures

counts = st.lists(
    st.integers(0, 5) | st.integers(0, 1 << 40), max_size=60
).map(lambda values: np.array(values, np.float64))  # fmt: skip


@given(counts)
def test_equal_to_the_measures_of_all_counts(values):
    found = repeated_measures(values)
    expected = {
        "mass": values.sum(),
        "hill_0": diversity.hill(values, 0),
        "hill_1": diversity.hill(values, 1),
        "hill_2": diversity.hill(values, 2),
        "hill_inf": diversity.hill(values, math.inf),
        "hhi": diversity.hhi(values),
        "gini": diversity.gini(values),
    }
    assert list(found) == list(expected)
    for name, value in expected.items():
        assert found[name] == pytest.approx(
            float(value), rel=1e-9, abs=1e-9, nan_ok=True
        )


def test_equal_counts_are_equal_to_the_last_digit():
    found = repeated_measures(np.full(100_000, 3.0))
    assert found["hill_0"] == 100_000
    assert found["gini"] == 0.0
    assert found["hill_1"] == pytest.approx(100_000, rel=1e-12)
