"""Figures: counted by hand, corrections against simulation, evidence, overlap."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from link_jobs import link, words
from reference_text import components as slow_components

from audit.errors import ConfigError
from audit.kernels.bridges import bridges
from audit.link.clusters import components
from audit.link.exact import EXACT, NEAR, Weights
from audit.link.figures import (
    Members,
    Tally,
    corrected,
    evidence,
    missed_links,
    poisson_interval,
    sized,
    tally,
)
from audit.link.layout import (
    DEFAULT_LAYOUT,
    BandLayout,
    choose_layout,
    match_probability,
)
from audit.link.nodes import arcs_of, corpora_of, merge_nodes, nodes_of, nodes_of_pairs
from audit.link.verify import Verified


def pairs_of(edges):
    return np.array(edges, np.uint64).reshape(-1, 2)


def verified(edges, jaccard):
    pairs = pairs_of(edges)
    return Verified(pairs, np.array(jaccard, np.float64), pairs.astype(np.int64) * 10)


def figures(near, weights, layout=DEFAULT_LAYOUT):
    """Return clusters by size and the tally of one corpus."""
    corpora = corpora_of(near.pairs, (0,))
    nodes = merge_nodes([nodes_of_pairs(near, corpora), nodes_of(weights)])
    found = components(near.pairs)
    roots = nodes.keys.copy()
    roots[np.searchsorted(nodes.keys, found.nodes)] = found.representatives
    members = sized(Members.of(nodes, roots))
    return tally(members, arcs_of(near, layout), layout, (0,))


def weights_of(*rows):
    keys, documents, characters = zip(*rows, strict=True) if rows else ((), (), ())
    return Weights(
        np.array(keys, np.uint64),
        np.array(documents, np.int64),
        np.array(characters, np.int64),
    )


def test_figures_counted_by_hand():
    # 1-2-3 a chain, 3 with a copy; 7 with two copies; 20-21 a pair; 30 alone.
    near = verified([(1, 2), (2, 3), (20, 21)], [0.9, 0.85, 0.8])
    weights = weights_of((3, 2, 70), (7, 3, 240), (30, 1, 5))
    sizes, tallies = figures(near, weights)
    assert sizes.cluster_size.tolist() == [2, 3, 4]
    assert sizes.clusters.tolist() == [1, 1, 1]
    assert sizes.documents.tolist() == [2, 3, 4]
    assert sizes.characters.tolist() == [410, 240, 100]
    # 2; the copies of 7; 21. Both documents of 3 hang on 2.
    assert tallies[0].direct_documents == 4


def test_a_copy_of_a_direct_neighbour_is_direct():
    _, tallies = figures(verified([(1, 2)], [0.9]), weights_of((1, 2, 9), (2, 2, 9)))
    assert tallies[0].direct_documents == 3


def test_nothing_found():
    sizes, tallies = figures(verified([], []), weights_of())
    assert not len(sizes.clusters)
    assert tallies == {}
    assert corrected(0, Tally()) == (0, 0.0, 0.0, 0.0)


def test_the_default_layout_and_its_curve():
    assert DEFAULT_LAYOUT == (0.8, 18, 7)
    assert match_probability(0.8, DEFAULT_LAYOUT) == pytest.approx(0.9855, abs=1e-4)
    assert match_probability(0.5, DEFAULT_LAYOUT) == pytest.approx(0.132, abs=1e-3)
    assert match_probability(1.0, DEFAULT_LAYOUT) == 1.0
    # The layouts of other tools, as published: 14 x 8 at 0.8, 9 x 13 at 0.8.
    curve = [
        match_probability(0.8, BandLayout(0.8, *shape)) for shape in ((14, 8), (9, 13))
    ]
    assert np.round(curve, 3).tolist() == [0.924, 0.399]


@given(st.floats(0.3, 1.0), st.sampled_from([64, 128, 256]))
def test_every_layout_reaches_its_probability(threshold, num_perm):
    layout = choose_layout(threshold, num_perm)
    assert layout.num_bands * layout.rows_per_band <= num_perm
    assert match_probability(threshold, layout) >= 0.98


@pytest.mark.parametrize("threshold", [0, -1, 1.2, 0.0001])
def test_thresholds_that_make_no_sense(threshold):
    with pytest.raises(ConfigError, match=r"threshold|dissimilar"):
        choose_layout(threshold)


EDGES = st.lists(
    st.tuples(st.integers(0, 12), st.integers(0, 12)).filter(lambda e: e[0] != e[1]),
    max_size=30,
)


@settings(deadline=None)
@given(EDGES)
def test_without_a_bridge_there_is_one_component_more(edges):
    def parts(some):
        return len(set(slow_components([*some, *((n, n) for n in range(13))]).values()))

    found = bridges(13, np.array(edges, np.int64).reshape(-1, 2)).tolist()
    expected = [
        parts(edges[:i] + edges[i + 1 :]) > parts(edges) for i in range(len(edges))
    ]
    assert found == expected


def test_a_million_edges_in_a_chain_need_no_deep_stack():
    chain = np.stack([np.arange(10**6), np.arange(1, 10**6 + 1)], axis=1)
    assert bridges(10**6 + 1, chain).all()
    closed = np.concatenate([chain, [[10**6, 0]]])
    assert not bridges(10**6 + 1, closed).any()


def test_only_pairs_that_hold_a_cluster_together_are_corrected_for():
    layout = BandLayout(0.5, 10, 8)
    missed = (1 - match_probability(0.6, layout)) / match_probability(0.6, layout)
    ring = [(1, 2), (2, 3), (1, 3)]
    arcs = arcs_of(verified([*ring, (3, 4)], [0.6] * 4), layout)
    assert missed_links(arcs, layout).sum() / 2**32 == pytest.approx(missed)
    # Two doubtful pairs between the same two groups of sure ones are no bridges.
    sure = [(1, 2), (3, 4)]
    arcs = arcs_of(verified([*sure, (1, 3), (2, 4)], [1, 1, 0.6, 0.6]), layout)
    assert missed_links(arcs, layout).sum() == 0
    arcs = arcs_of(verified([*sure, (1, 3)], [1, 1, 0.6]), layout)
    assert missed_links(arcs, layout).sum() / 2**32 == pytest.approx(missed)


@pytest.mark.parametrize("mean", [0.0, 0.02, 0.3, 1.0, 3.7, 12.0, 80.0, 399.0, 900.0])
def test_the_interval_holds_what_is_missed(mean):
    drawn = np.random.default_rng(1).poisson(mean, 200_000)
    low, high = poisson_interval(mean)
    assert np.mean(drawn < low) <= 0.026
    assert np.mean(drawn > high) <= 0.026
    if low:
        assert np.mean(drawn <= low) > 0.02


def test_intervals_cover_the_duplicates_of_graphs_of_every_shape():
    """Draw which pairs are found from the S-curve, over and over."""
    layout = BandLayout(0.8, 18, 7)
    covered, values = [], []
    for seed in range(300):
        random = np.random.default_rng(seed)
        edges, start = [], 0
        for shape in range(400):
            size = 2 + shape % 5
            chain = [(start + i, start + i + 1) for i in range(size - 1)]
            star = [(start, start + i) for i in range(1, size)]
            ring = [*chain, (start, start + size - 1)]
            edges += [chain, star, ring][shape % 3]
            start += size
        edges = sorted(set(edges))
        jaccard = random.uniform(0.8, 0.87, len(edges))
        truth = pairs_of(edges)
        found = random.random(len(edges)) < match_probability(jaccard, layout)
        near = Verified(truth[found], jaccard[found], truth[found].astype(np.int64))
        sizes, tallies = figures(near, weights_of(), layout)
        count = int((sizes.documents - sizes.clusters).sum())
        estimate = corrected(count, tallies[0])
        whole = components(truth)
        true = int((whole.nodes != whole.representatives).sum())
        covered.append(estimate.low <= true <= estimate.high)
        values.append(estimate.value - true)
    assert np.mean(covered) >= 0.93
    assert abs(np.mean(values)) < 0.3


def test_exact_copies_need_no_correction():
    layout = BandLayout(0.8, 2, 10)
    sizes, tallies = figures(verified([], []), weights_of((1, 3, 30)), layout)
    assert int((sizes.documents - sizes.clusters).sum()) == 2
    assert corrected(2, tallies[0]) == (2, 2.0, 2.0, 2.0)


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 99), st.floats(0, 1)), max_size=60),
    st.integers(0, 60),
    st.integers(0, 5),
)
def test_the_sample_of_a_whole_is_among_those_of_its_parts(rows, cut, per_band):
    bands = (0.5, 0.8, 0.9, 1.0)
    everything = verified(
        [(i, 1000 + k) for i, (k, _) in enumerate(rows)], [j for _, j in rows]
    )

    def shown(part):
        found = Verified(*(column[part] for column in everything))
        return {
            tuple(found.pairs[i].tolist()) for i in evidence(found, bands, per_band)
        }

    whole = shown(slice(None))
    assert whole <= shown(slice(None, cut)) | shown(slice(cut, None))
    counts = np.searchsorted(bands, [j for _, j in rows], side="right")
    for band in range(1, 5):
        chosen = [i for i in range(len(rows)) if counts[i] == band]
        keys = {tuple(everything.pairs[i].tolist()) for i in chosen}
        assert len(whole & keys) == min(per_band, len(chosen))


def rows_of(shared):
    columns = (shared.keys, shared.other, shared.kind)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def test_overlap_reaches_the_copies_of_a_document():
    random = np.random.default_rng(4)
    base = words(random, 80)
    near = [*base]
    near[40] = "other"
    alone = " ".join(words(random, 80))
    tasks = [
        [" ".join(base), alone, " ".join(base)],
        [" ".join(base)],
        [" ".join(near)],
    ]
    found = link(tasks, corpus_starts=(0, 2)).shared(0.8)
    expected = [(0, 1), (2, 1), (1 << 32, 1), (2 << 32, 0)]
    assert rows_of(found) == [(*row, NEAR) for row in expected]


def test_exact_overlap_lists_every_copy_once():
    tasks = [
        ["a b c d", "x y z w", "a b c d"],
        ["a b c d", "q r s t"],
        ["x y z w", "a b c d"],
    ]
    links = link(tasks, corpus_starts=(0, 1, 2))
    found = [(k, o) for k, o, kind in rows_of(links.shared(0.8)) if kind == EXACT]
    assert sorted((k >> 32, k & 0xFFFFFFFF, o) for k, o in found) == [
        (0, 0, 1),
        (0, 0, 2),
        (0, 1, 2),
        (0, 2, 1),
        (0, 2, 2),
        (1, 0, 0),
        (1, 0, 2),
        (2, 0, 0),
        (2, 1, 0),
        (2, 1, 1),
    ]
    assert links.copies.tolist() == [[0, 2]]
