import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from audit.kernels.distinct import distinct

_INTEGERS = st.sampled_from([np.uint64, np.int64, np.uint32])


@given(
    arrays.arrays(_INTEGERS, arrays.array_shapes(min_dims=1, max_dims=2, min_side=0))
)
def test_distinct_values_are_those_of_a_set_in_order(values):
    found = distinct(values)
    assert found.dtype == values.dtype
    assert found.tolist() == sorted(set(values.reshape(-1).tolist()))
