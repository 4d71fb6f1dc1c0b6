"""Components: three ways to one answer, in any order and any split."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_text import components as slow_components

from audit.link.clusters import (
    STAR_STEPS,
    components,
    representatives_of,
    route_star,
    settle,
    spanning_forest,
    star_step,
)

KEYS = st.sampled_from(
    [0, 1, 5, 9, 2**32, 2**32 + 7, 2**40, *range(3 << 32, (3 << 32) + 30)]
)
EDGES = st.lists(st.tuples(KEYS, KEYS).filter(lambda e: e[0] != e[1]), max_size=60)


def array(edges):
    return np.array(edges, np.uint64).reshape(-1, 2)


def as_dict(clusters):
    return dict(
        zip(clusters.nodes.tolist(), clusters.representatives.tolist(), strict=True)
    )


@settings(deadline=None)
@given(EDGES, st.randoms())
def test_components_do_not_depend_on_order_or_direction(edges, random):
    expected = slow_components(edges)
    assert as_dict(components(array(edges))) == expected
    shuffled = [e[::-1] if random.random() < 0.5 else e for e in edges]
    random.shuffle(shuffled)
    assert as_dict(components(array(shuffled))) == expected


@settings(deadline=None)
@given(EDGES, st.integers(0, 60), st.integers(0, 60))
def test_forests_merge_in_any_split(edges, first, second):
    whole = spanning_forest([array(edges)])
    a, b = sorted((first, second))
    parts = [array(edges[:a]), array(edges[a:b]), array(edges[b:])]
    partial = [spanning_forest([part]) for part in parts]
    for merged in (
        spanning_forest(partial),
        spanning_forest([spanning_forest(partial[:2]), partial[2]]),
        spanning_forest([partial[2], spanning_forest([partial[1], partial[0]])]),
    ):
        assert merged.tolist() == whole.tolist()
    assert len(whole) == len(components(array(edges)).nodes) - len(
        set(slow_components(edges).values())
    )


def settled(edges, partitions, steps):
    """Carry out star steps over partitions; return names, and what was left open."""
    parts = [edges[i::3] for i in range(3)]
    parts = [spanning_forest([part]) for part in parts]
    for kind in steps:
        parts = [star_step(blocks, kind) for blocks in routed(parts, partitions, kind)]
    held = [settle(blocks) for blocks in routed(parts, partitions, "large")]
    left = np.concatenate([array([]), *(part.open_edges for part in held)])
    joined, names = components(left), {}
    for part in held:
        roots = representatives_of(part.nodes, part, joined)
        names |= dict(zip(part.nodes.tolist(), roots.tolist(), strict=True))
    return names, left


def routed(parts, partitions, kind):
    blocks = {}
    for part in parts:
        for p, block in route_star(part, partitions, kind).items():
            blocks.setdefault(p, []).append(block)
    return [blocks[p] for p in sorted(blocks)]


@settings(deadline=None, max_examples=60)
@given(EDGES, st.integers(1, 5), st.integers(0, 6))
def test_any_number_of_star_steps_gives_the_components(edges, partitions, steps):
    kinds = ("large", "small", "large", "small", "large", "small")[:steps]
    names, _ = settled(array(edges), partitions, kinds)
    assert names == slow_components(edges)


def test_steps_leave_nothing_of_stars_and_little_of_a_long_chain():
    n = 4096
    order = np.random.default_rng(2).permutation(n).astype(np.uint64)
    chain = np.stack([order[:-1], order[1:]], axis=1)
    names, left = settled(chain, 3, STAR_STEPS)
    assert set(names.values()) == {0}
    assert len(names) == n
    assert len(left) < 0.2 * n
    more, rest = settled(chain, 3, STAR_STEPS * 8)
    assert more == names
    assert not len(rest)
    star = np.stack([np.zeros(n - 1, np.uint64), np.arange(1, n, dtype=np.uint64)], 1)
    assert not len(settled(star, 3, STAR_STEPS)[1])


def test_no_edges():
    assert len(components(array([])).nodes) == 0
    assert spanning_forest([]).shape == (0, 2)
    assert star_step([], "large").shape == (0, 2)
    assert len(settle([]).nodes) == 0
    assert route_star(array([]), 3, "small") == {}
