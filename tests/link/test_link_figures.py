"""Figures: counted by hand, corrections against simulation, evidence, overlap."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from link_jobs import link, words

from audit.errors import AccountingError, ConfigError
from audit.link.figures import (
    characters_of,
    corrected_documents,
    corrected_pairs,
    evidence,
    near_figures,
    overlap_members,
    within,
)
from audit.link.layout import (
    DEFAULT_LAYOUT,
    BandLayout,
    choose_layout,
    match_probability,
)
from audit.link.verify import Verified


def pairs_of(edges):
    return np.array(edges, np.uint64).reshape(-1, 2)


def verified(edges, jaccard):
    pairs = pairs_of(edges)
    return Verified(pairs, np.array(jaccard, np.float64), pairs.astype(np.int64) * 10)


def test_figures_counted_by_hand():
    # 1-2-3 a chain, 3 = 4 copies; 7 = 8 = 9 copies only; 20-21 a pair.
    near = verified([(1, 2), (2, 3), (20, 21)], [0.9, 0.85, 0.8])
    exact = pairs_of([(3, 4), (7, 8), (7, 9)])
    clusters, figures = near_figures(near, exact, exact.astype(np.int64) * 10, corpus=2)
    assert clusters.nodes.tolist() == [1, 2, 3, 4, 7, 8, 9, 20, 21]
    assert clusters.representatives.tolist() == [1, 1, 1, 1, 7, 7, 7, 20, 20]
    assert figures.sizes.corpus.tolist() == [2, 2, 2]
    assert figures.sizes.cluster_size.tolist() == [2, 3, 4]
    assert figures.sizes.clusters.tolist() == [1, 1, 1]
    assert figures.sizes.documents.tolist() == [2, 3, 4]
    assert figures.sizes.characters.tolist() == [410, 240, 100]
    assert figures.clusters == 3
    assert figures.documents == 6
    # 2; 8 and 9 as copies; 21. Documents 3 and 4 hang on 2.
    assert figures.direct_documents == 4
    assert figures.largest_cluster == 4
    assert figures.verified_pairs == 3


def test_a_copy_of_a_direct_neighbour_is_direct():
    near = verified([(1, 2)], [0.9])
    exact = pairs_of([(2, 5), (1, 6)])
    _, figures = near_figures(near, exact, exact.astype(np.int64))
    assert figures.documents == 3
    assert figures.direct_documents == 3


def test_nothing_found():
    none = verified([], [])
    clusters, figures = near_figures(none, none.pairs, none.characters)
    assert len(clusters.nodes) == 0
    assert figures[1:] == (0, 0, 0, 0, 0)
    assert corrected_pairs(none.jaccard, DEFAULT_LAYOUT) == (0, 0.0, 0.0, 0.0)
    corrected = corrected_documents(clusters, none, none.pairs, DEFAULT_LAYOUT)
    assert corrected == (0, 0.0, 0.0, 0.0)


def test_lengths_must_be_known():
    known = [(np.array([[1, 2]], np.uint64), np.array([[10, 20]]))]
    assert characters_of(np.array([2, 1], np.uint64), known).tolist() == [20, 10]
    with pytest.raises(AccountingError, match="1 missing"):
        characters_of(np.array([1, 3], np.uint64), known)


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


def test_corrections_cover_the_truth():
    layout, covered = BandLayout(0.5, 10, 8), []
    truth = np.linspace(0.5, 1.0, 400)
    documents = []
    for seed in range(300):
        random = np.random.default_rng(seed)
        found = truth[random.random(400) < match_probability(truth, layout)]
        estimate = corrected_pairs(found, layout)
        assert estimate.found == len(found)
        covered.append(estimate.low <= 400 <= estimate.high)
        # The same pairs as pairs of documents that meet nobody else.
        edges = np.arange(2 * len(found), dtype=np.uint64).reshape(-1, 2)
        near = Verified(edges, found, edges.astype(np.int64))
        clusters, _ = near_figures(near, edges[:0], edges[:0].astype(np.int64))
        documents.append(corrected_documents(clusters, near, edges[:0], layout))
        assert documents[-1].value == pytest.approx(estimate.value)
    assert 0.88 <= np.mean(covered) <= 0.99
    assert np.mean([d.value for d in documents]) == pytest.approx(400, rel=0.02)


def test_exact_copies_need_no_correction():
    layout = BandLayout(0.8, 2, 10)
    edges = pairs_of([(1, 2), (1, 3)])
    none = verified([], [])
    clusters, _ = near_figures(none, edges, edges.astype(np.int64))
    assert corrected_documents(clusters, none, edges, layout) == (2, 2.0, 2.0, 2.0)


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
    links = link(tasks, corpus_starts=(0, 2))
    similar = links.verified.at_least(0.8)
    found = overlap_members(similar, links.exact.edges, links.exact.characters, (0, 2))
    pairs = list(zip(found.keys.tolist(), found.other.tolist(), strict=True))
    assert pairs == [(0, 1), (2, 1), (1 << 32, 1), (2 << 32, 0)]
    assert found.characters.tolist() == [len(" ".join(base))] * 3 + [
        len(" ".join(near))
    ]
    assert within(similar.pairs, 0, (0, 2)).sum() + within(
        similar.pairs, 1, (0, 2)
    ).sum() < len(similar.pairs)


def test_exact_overlap_lists_every_copy_once():
    tasks = [
        ["a b c d", "x y z w", "a b c d"],
        ["a b c d", "q r s t"],
        ["x y z w", "a b c d"],
    ]
    links = link(tasks, corpus_starts=(0, 1, 2))
    members = links.exact.members
    rows = zip(members.keys.tolist(), members.other.tolist(), strict=True)
    assert sorted((k >> 32, k & 0xFFFFFFFF, o) for k, o in rows) == [
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
    assert members.characters.tolist() == [7] * 10
    assert links.exact.edges.tolist() == [[0, 2]]
