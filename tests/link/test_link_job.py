"""The whole duplicate stage over small jobs: truth, splits, scripts, short texts."""

import numpy as np
import pytest
from link_jobs import link, place, sketches, split, words
from reference_text import components as slow_components
from reference_text import jaccard, shingles
from twelve_scripts import PARAGRAPHS

from audit.errors import AccountingError
from audit.link.blocks import pack_bands, pack_exact
from audit.link.clusters import components
from audit.link.figures import near_figures
from audit.link.layout import DEFAULT_LAYOUT
from audit.link.pairs import candidates, merge_pairs
from audit.link.verify import ShingleBlock, merge_shingles, verify


def corpus(seed=5, families=40):
    """Families of edited texts, some far, some near, some the same."""
    random = np.random.default_rng(seed)
    texts = []
    for family in range(families):
        base = words(random, 60 + family)
        for edits in (0, 0, 1, 2, 4, 30)[: 1 + family % 6]:
            copy = list(base)
            for at in random.integers(0, len(copy), edits):
                copy[at] = f"edit{random.integers(10**6)}"
            texts.append(" ".join(copy))
    random.shuffle(texts)
    return [*texts, "", "...", "...", "cat", "dog", "cat"]


TEXTS = corpus()


def truth():
    sets = [shingles(text.encode()) for text in TEXTS]
    n = len(TEXTS)
    return {
        (i, j): jaccard(sets[i], sets[j]) for i in range(n) for j in range(i + 1, n)
    }


def test_similarities_are_exact_and_nearly_all_pairs_are_found():
    links, known = link([TEXTS]), truth()
    pairs = [tuple(p) for p in place(links.verified.pairs, [TEXTS]).tolist()]
    assert [known[p] for p in pairs] == links.verified.jaccard.tolist()
    exact = {tuple(p) for p in place(links.exact.edges, [TEXTS]).tolist()}
    found = components(np.array([*exact, *pairs], np.uint64).reshape(-1, 2))
    names = dict(zip(found.nodes.tolist(), found.representatives.tolist(), strict=True))
    similar = [p for p, value in known.items() if value >= 0.8]
    assert len(similar) > 80
    missed = [p for p in similar if names.get(p[0], -1) != names.get(p[1], -2)]
    assert len(missed) <= 0.03 * len(similar)


@pytest.mark.parametrize(
    ("sizes", "partitions"), [((), 1), ((10, 50), 3), ((1, 0, 30, 30), 7), ((70,), 64)]
)
def test_any_split_and_any_partitions_give_the_same_links(sizes, partitions):
    whole, tasks = link([TEXTS]), split(TEXTS, sizes)
    links = link(tasks, partitions=partitions)
    similar, expected = links.verified.at_least(0.8), whole.verified.at_least(0.8)

    def named(found, exact, parts):
        edges = np.concatenate([found.pairs, exact.edges])
        return slow_components(place(edges, parts).tolist())

    assert named(similar, links.exact, tasks) == named(expected, whole.exact, [TEXTS])
    for ours, theirs in zip(links.exact.sizes, whole.exact.sizes, strict=True):
        assert ours.tolist() == theirs.tolist()
    figures = [
        near_figures(v, e.edges, e.characters)[1]
        for v, e in ((similar, links.exact), (expected, whole.exact))
    ]
    assert figures[0].sizes[1].tolist() == figures[1].sizes[1].tolist()
    assert figures[0].documents == figures[1].documents
    assert figures[0].direct_documents == figures[1].direct_documents


def test_exact_copies_are_all_found_and_empty_texts_are_none():
    links = link([TEXTS])
    expected = {}
    for i, text in enumerate(TEXTS):
        if text.strip("."):
            expected.setdefault(text, []).append(i)
    edges = {(v[0], i) for v in expected.values() for i in v[1:]}
    assert {tuple(p) for p in place(links.exact.edges, [TEXTS]).tolist()} == edges
    sizes = links.exact.sizes
    assert (sizes.documents - sizes.clusters).sum() == len(edges)
    copies = [TEXTS[i] for v in expected.values() if len(v) > 1 for i in v]
    assert sizes.characters.sum() == sum(map(len, copies))


@pytest.mark.parametrize("script", sorted(PARAGRAPHS))
def test_one_edit_is_found_in_every_script(script):
    text = PARAGRAPHS[script]
    shorter = text[: int(len(text) * 0.97)]
    others = [other for name, other in PARAGRAPHS.items() if name != script]
    links = link([[text, *others, shorter]])
    near = links.verified.at_least(0.8)
    assert near.pairs.tolist() == [[0, len(others) + 1]]
    assert near.jaccard[0] > 0.85


@pytest.mark.parametrize(
    ("left", "right", "similar"),
    [
        ("cat", "cat!", True),
        ("cat", "dog", False),
        ("one two", "one two three", False),
        ("你好", "你好。", True),
        ("你好", "您好", False),
        ("", "", False),
        ("...", "!!!", False),
        ("ขอบคุณมาก", "ขอบคุณมาก ", True),
    ],
)
def test_short_texts(left, right, similar):
    links = link([[left], [right]])
    near = len(links.verified.at_least(0.8).pairs) + len(links.exact.edges)
    assert bool(near) == similar


def test_a_seventy_character_chinese_pair_is_a_near_duplicate():
    text = PARAGRAPHS["Hans"][:70]
    links = link([[text, text[:35] + "新" + text[36:]]])
    assert links.verified.jaccard[0] > 0.84


def test_a_template_of_many_copies_costs_linear_time_and_is_one_cluster():
    n, tasks = 200_000, 50
    base = sketches([PARAGRAPHS["Latn"]], 0)
    block_rows = np.arange(n // tasks, dtype=np.uint32)
    signatures = np.repeat(base.signatures, n // tasks, axis=0)
    # Every document differs in one value outside the bands that all share.
    blocks = []
    for task in range(tasks):
        random = np.random.default_rng(task)
        hashes = random.integers(0, 256, (n // tasks, 16), np.uint8)
        signatures[:, 0] = random.integers(0, 2**32, n // tasks, np.uint32)
        blocks.append(pack_bands(block_rows, signatures.copy(), hashes, task, 4))
    found = [candidates(b[p] for b in blocks if p in b) for p in range(4)]
    pairs = merge_pairs([f.pairs for f in found])
    assert len(pairs) < 4 * n
    assert max(f.stats.largest_bucket for f in found) == n
    assert sum(f.stats.cut_buckets for f in found) == DEFAULT_LAYOUT.num_bands - 1
    assert sum(f.stats.pairs_left_out for f in found) > n
    clusters = components(pairs)
    assert len(clusters.nodes) == n
    assert not clusters.representatives.any()


def test_copies_within_a_task_send_their_bands_once():
    texts = [PARAGRAPHS["Latn"]] * 500 + [PARAGRAPHS["Thai"]]
    made = sketches(texts, 3)
    blocks = pack_bands(*made[1:4], 3, 5)
    rows = np.concatenate([block.rows for block in blocks.values()])
    assert sorted(set(rows.tolist())) == [0, 500]
    assert len(rows) == 2 * DEFAULT_LAYOUT.num_bands
    exact = pack_exact(*made[1:], 3, 5)
    assert sum(len(block.rows) for block in exact.values()) == 501


def test_a_document_costs_less_than_four_hundred_bytes():
    random = np.random.default_rng(1)
    made = sketches([" ".join(words(random, 20)) for _ in range(2000)], 0)
    blocks = [*pack_bands(*made[1:4], 0, 64).values()]
    exact = [*pack_exact(*made[1:], 0, 64).values()]
    arrays = [a for b in [*blocks, *exact] for a in b[1:]]
    assert sum(a.nbytes for a in arrays) / 2000 <= 12 * DEFAULT_LAYOUT.num_bands + 28
    assert all(a.base is None or a.base.nbytes == a.nbytes for a in arrays)


def test_a_document_that_vanished_is_an_error():
    empty = merge_shingles([])
    with pytest.raises(AccountingError, match="read again"):
        verify(np.array([[1, 2]], np.uint64), empty)
    one = ShingleBlock(
        np.array([1], np.uint64),
        np.array([4]),
        np.array([0, 1]),
        np.array([9], np.uint64),
    )
    with pytest.raises(AccountingError, match=r"[12] missing"):
        verify(np.array([[1, 2]], np.uint64), one)
    with pytest.raises(AccountingError, match="come once"):
        merge_shingles([one, one])


def test_the_links_of_a_corpus_do_not_depend_on_its_neighbours():
    # More copies of a template, with numbers, than a bucket lets meet each other.
    template = [f"{PARAGRAPHS['Latn']} {n} {n + 1}" for n in range(400)]
    own = [*TEXTS, *template]
    other = [*TEXTS[::-1], *(f"{text} {text[-2:]}" for text in template)]
    alone = link(split(own, (60,)))
    assert alone.stats.cut_buckets > 0
    both = link([other, *split(own, (60,))], corpus_starts=(0, 1))
    task = np.uint64(1 << 32)
    inside = (both.verified.pairs >= task).all(axis=1)
    assert (
        both.verified.pairs[inside] - task
    ).tolist() == alone.verified.pairs.tolist()
    second = both.exact.edges[:, 0] >= task
    assert (both.exact.edges[second] - task).tolist() == alone.exact.edges.tolist()
