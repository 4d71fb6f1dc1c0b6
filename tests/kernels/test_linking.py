"""The kernels below the link stage: partitions, buckets, intersections, components."""

from collections import Counter, defaultdict
from itertools import combinations, product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_text import components as slow_components

from audit.kernels.jaccard import intersections
from audit.kernels.lsh import band_keys, bucket_pairs, partition_of, scatter
from audit.kernels.unionfind import smallest_members

SETS = st.lists(st.sets(st.integers(0, 60), max_size=20), min_size=1, max_size=6)
EDGES = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=60)


@settings(deadline=None)
@given(SETS, st.data())
def test_intersections_equal_python_sets(sets, data):
    numbers = st.integers(0, len(sets) - 1)
    pairs = data.draw(st.lists(st.tuples(numbers, numbers), min_size=1, max_size=10))
    offsets = np.cumsum([0, *map(len, sets)]).astype(np.int64)
    hashes = np.array([v for s in sets for v in sorted(s)], np.uint64)
    sizes = intersections(hashes, offsets, np.array(pairs, np.int64))
    assert sizes.tolist() == [
        [len(sets[a] & sets[b]), len(sets[a] | sets[b])] for a, b in pairs
    ]


@settings(deadline=None)
@given(st.integers(0, 2**31), st.sampled_from([40, 300, 5000, 2**32]))
def test_intersections_of_large_sets_equal_counters(seed, span):
    # Far more hashes than are merged in one go, some of them twice.
    random = np.random.default_rng(seed)
    sets = [np.sort(random.integers(0, span, n)) for n in random.integers(0, 900, 4)]
    sets.append(np.sort(np.concatenate([sets[0][::2], sets[1][::3]])))
    offsets = np.cumsum([0, *map(len, sets)]).astype(np.int64)
    hashes = np.concatenate(sets).astype(np.uint32)
    pairs = list(product(range(5), range(5)))
    sizes = intersections(hashes, offsets, np.array(pairs, np.int64))
    counted = [Counter(one.tolist()) for one in sets]
    assert sizes[:, 0].tolist() == [(counted[a] & counted[b]).total() for a, b in pairs]
    assert (sizes.sum(axis=1) == [len(sets[a]) + len(sets[b]) for a, b in pairs]).all()


@settings(deadline=None)
@given(EDGES)
def test_components_equal_a_search(edges):
    smallest = smallest_members(41, np.array(edges, np.int64).reshape(-1, 2))
    expected = slow_components(edges)
    assert smallest.tolist() == [expected.get(node, node) for node in range(41)]


def test_a_long_chain_in_the_worst_order():
    chain = np.array([(i, i + 1) for i in reversed(range(50_000))], np.int64)
    assert not smallest_members(50_001, chain).any()


@settings(deadline=None)
@given(st.lists(st.integers(0, 2**64 - 1), max_size=50), st.integers(1, 9))
def test_scatter_keeps_every_entry_once_and_in_order(keys, partitions):
    order, starts = scatter(np.array(keys, np.uint64), partitions)
    assert sorted(order.tolist()) == list(range(len(keys)))
    for p in range(partitions):
        part = order[starts[p] : starts[p + 1]].tolist()
        assert part == sorted(part)
        assert all(partition_of(np.uint64(keys[i]), partitions) == p for i in part)


def test_band_keys_tell_bands_and_values_apart():
    signatures = np.arange(40, dtype=np.uint32).reshape(2, 20)
    keys = band_keys(np.concatenate([signatures, signatures[:, ::-1]]), 4, 5)
    assert len(np.unique(keys)) == 16
    same = np.zeros((1, 20), np.uint32)
    assert len(np.unique(band_keys(same, 4, 5))) == 4
    changed = signatures.copy()
    changed[0, 7] += 1
    differs = band_keys(changed, 4, 5) != band_keys(signatures, 4, 5)
    assert differs.tolist() == [[False, True, False, False], [False] * 4]


def pairs_of(buckets, groups, limit):
    keys = np.repeat(
        np.arange(len(buckets), dtype=np.uint64), [len(b) for b in buckets]
    )
    docs = np.array([d for b in buckets for d in b], np.uint32)
    return bucket_pairs(keys, docs, np.array(groups, np.int32), limit)


@settings(deadline=None)
@given(
    st.lists(st.sets(st.integers(0, 30), max_size=12), max_size=6), st.integers(1, 3)
)
def test_small_buckets_give_all_pairs(buckets, corpora):
    groups = sorted(i % corpora for i in range(31))
    pairs, stats = pairs_of(buckets, groups, 99)
    expected = [pair for b in buckets for pair in combinations(sorted(b), 2)]
    assert sorted(map(tuple, pairs.tolist())) == sorted(expected)
    assert stats.tolist()[2:] == [0, len(expected), 0]


@settings(deadline=None)
@given(st.integers(2, 90), st.integers(0, 90), st.integers(2, 8))
def test_a_large_bucket_is_connected_at_linear_cost(first, second, limit):
    groups = [0] * first + [1] * second
    pairs, stats = pairs_of([range(first + second)], groups, limit)
    size = first + second
    assert len(pairs) <= (limit + 8) * size
    assert (pairs[:, 0] < pairs[:, 1]).all()
    within = [p for p in pairs.tolist() if groups[p[0]] == groups[p[1]]]
    found = slow_components(within)
    assert set(found.values()) <= {0, first}
    assert len(found) == (first if first > 1 else 0) + (second if second > 1 else 0)
    # A star around the first document of each corpus, and a chain along all of them.
    known = set(map(tuple, within))
    for members in (range(first), range(first, size)):
        for i in members:
            assert i == members[0] or (members[0], i) in known
            for j in (i + 1, i + 2):
                assert j not in members or (i, j) in known
    met = defaultdict(set)
    for a, b in pairs.tolist():
        met[a].add(groups[b])
        met[b].add(groups[a])
    if second:
        assert all(1 - groups[d] in met[d] for d in range(size))
    assert stats[0] == 1
    assert stats[1] == size
    assert stats[3] == len(pairs)
