"""Components: three ways to one answer, in any order and any split."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_text import components as slow_components

from audit.link.clusters import (
    Digest,
    components,
    edge_digest,
    route_star,
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


def converge(edges, partitions):
    """Alternate the two steps over partitions until neither changes an edge."""
    parts, before, rounds = [edges], None, 0
    while True:
        for kind in ("large", "small"):
            routed = {}
            for part in parts:
                for p, block in route_star(part, partitions, kind).items():
                    routed.setdefault(p, []).append(block)
            parts = [star_step(blocks, kind) for blocks in routed.values()]
        digest = Digest()
        for part in parts:
            digest = digest.merge(edge_digest(part))
        rounds += 1
        if digest == before:
            return np.concatenate([array([]), *parts]), rounds
        before = digest


@settings(deadline=None, max_examples=60)
@given(EDGES, st.integers(1, 5))
def test_star_steps_converge_to_the_components(edges, partitions):
    forest, _ = converge(array(edges), partitions)
    expected = {
        node: root for node, root in slow_components(edges).items() if node != root
    }
    assert {tuple(sorted(e)) for e in forest.tolist()} == {
        (root, node) for node, root in expected.items()
    }


def test_a_long_chain_converges_in_a_logarithm_of_rounds():
    n = 4096
    order = np.random.default_rng(2).permutation(n).astype(np.uint64)
    forest, rounds = converge(np.stack([order[:-1], order[1:]], axis=1), 3)
    assert len({tuple(sorted(e)) for e in forest.tolist()}) == n - 1
    assert not forest.min(axis=1).any()
    assert rounds <= 16


@settings(deadline=None)
@given(EDGES, st.integers(0, 60))
def test_digests_add_up_and_see_every_change(edges, cut):
    edges = sorted({tuple(sorted(e)) for e in edges})
    whole = edge_digest(array(edges))
    assert whole == edge_digest(array(edges[:cut])).merge(
        edge_digest(array(edges[cut:]))
    )
    assert whole == edge_digest(array(edges)[::-1, ::-1])
    if edges:
        assert whole != edge_digest(array([*edges[:-1], (77, 78)]))
        assert whole != edge_digest(array(edges[:-1]))


def test_no_edges():
    assert len(components(array([])).nodes) == 0
    assert spanning_forest([]).shape == (0, 2)
    assert star_step([], "large").shape == (0, 2)
    assert route_star(array([]), 3, "small") == {}
