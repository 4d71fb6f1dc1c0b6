"""No kernel has become more than a fifth slower than its own baseline.

Ratios to a compiled loop over the same bytes in the same process are compared, never
seconds. A first measurement that looks slow is repeated: noise passes, a slower kernel
stays slow.
"""

import pytest

from benchmarks import guard

_CHANCES = 4


def test_no_kernel_loses_more_than_a_fifth_of_its_speed():
    known = guard.baseline()
    best = guard.ratios()
    for _ in range(_CHANCES - 1):
        if not guard.losses(best, known):
            break
        again = guard.ratios()
        best = {name: min(best[name], again[name]) for name in best}
    slow = [
        f"{name}: {now:.2f} times the yardstick, {then:.2f} in the baseline"
        for name, now, then in guard.losses(best, known)
    ]
    assert not slow, "; ".join(slow)


def test_baseline_names_the_kernels_that_are_measured():
    _, work = guard.kernels()
    assert set(work) == set(guard.baseline())


@pytest.mark.parametrize(("factor", "lost"), [(1.0, 0), (1.19, 0), (1.21, 1)])
def test_a_loss_of_more_than_a_fifth_is_seen(factor, lost):
    found = {"tokens": 0.5 * factor, "new": 9.0}
    assert len(guard.losses(found, {"tokens": 0.5})) == lost
