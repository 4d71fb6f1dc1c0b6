"""The whole duplicate stage over small jobs: truth, splits, scripts, short texts."""

import numpy as np
import pytest
from link_jobs import link, place, sketches, split, words
from reference_text import components as slow_components
from reference_text import jaccard, shingles
from twelve_scripts import PARAGRAPHS

from audit.errors import AccountingError
from audit.kernels.lsh import band_keys
from audit.link.blocks import pack_bands, pack_exact
from audit.link.clusters import components
from audit.link.layout import DEFAULT_LAYOUT, choose_layout
from audit.link.local import figures_of
from audit.link.pairs import candidates, meetings, merge_pairs, pair_partitions
from audit.link.units import UnitGatherer
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
    exact = {tuple(p) for p in place(links.copies, [TEXTS]).tolist()}
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

    for ours, theirs, parts in (
        (similar.pairs, expected.pairs, tasks),
        (links.copies, whole.copies, tasks),
    ):
        assert place(ours, parts).tolist() == place(theirs, [TEXTS]).tolist()
    assert sizes_of(links) == sizes_of(whole)
    figures = [figures_of(linked) for linked in (links, whole)]
    for ours, theirs in zip(figures[0].sizes, figures[1].sizes, strict=True):
        assert ours.tolist() == theirs.tolist()
    assert figures[0].tallies == figures[1].tallies


def sizes_of(links):
    """Return contents by number of copies, over all partitions."""
    rows = {}
    for group in links.groups:
        for corpus, size, *counts in zip(*group.sizes, strict=True):
            rows.setdefault((corpus, size), []).append(counts)
    return {key: np.sum(counts, axis=0).tolist() for key, counts in rows.items()}


def test_figures_are_those_of_the_whole_graph():
    links, known = link([TEXTS]), truth()
    near = links.verified.at_least(0.8)
    edges = [*near.pairs.tolist(), *links.copies.tolist()]
    names = slow_components(edges)
    figures = figures_of(links)
    sizes = {}
    for node, root in names.items():
        sizes.setdefault(root, []).append(node)
    expected = sorted((len(v), sum(len(TEXTS[i]) for i in v)) for v in sizes.values())
    counted = {}
    for size, characters in expected:
        row = counted.setdefault(size, [0, 0])
        row[0] += 1
        row[1] += characters
    assert figures.sizes.cluster_size.tolist() == sorted(counted)
    for size, clusters, characters in zip(
        figures.sizes.cluster_size,
        figures.sizes.clusters,
        figures.sizes.characters,
        strict=True,
    ):
        assert [clusters, characters] == counted[size]
    direct = sum(
        known[root, node] >= 0.8 or TEXTS[root] == TEXTS[node]
        for root, members in sizes.items()
        for node in members
        if node != root
    )
    assert figures.tallies[0].direct_documents == direct
    assert figures.tallies[0].verified_pairs == (near.jaccard < 1).sum()


def test_exact_copies_are_all_found_and_empty_texts_are_none():
    links = link([TEXTS])
    expected = {}
    for i, text in enumerate(TEXTS):
        if text.strip("."):
            expected.setdefault(text, []).append(i)
    edges = {(v[0], i) for v in expected.values() for i in v[1:]}
    assert {tuple(p) for p in place(links.copies, [TEXTS]).tolist()} == edges
    sizes = np.sum([*sizes_of(links).values()], axis=0)
    assert sizes[1] - sizes[0] == len(edges)
    copies = [TEXTS[i] for v in expected.values() if len(v) > 1 for i in v]
    assert sizes[2] == sum(map(len, copies))


@pytest.mark.parametrize("script", sorted(PARAGRAPHS))
def test_one_edit_is_found_in_every_script(script):
    text = PARAGRAPHS[script]
    shorter = text[: int(len(text) * 0.97)]
    others = [other for name, other in PARAGRAPHS.items() if name != script]
    links = link([[text, *others, shorter]])
    near = links.verified.at_least(0.8)
    assert near.pairs.tolist() == [[0, len(others) + 1]]
    assert near.jaccard[0] > 0.85


def edited(text, first):
    """Exchange one word in ten, or as many letters where there are no words."""
    words = text.split(" ")
    if len(words) > 20:
        words[first::10] = [f"{word}x" for word in words[first::10]]
        return " ".join(words)
    # A word of these scripts has about two letters, with their marks.
    letters = list(text)
    for at in range(2 * first, len(letters) - 1, 20):
        letters[at : at + 2] = letters[at + 1], letters[at]
    return "".join(letters)


def test_ten_percent_edits_are_found_equally_well_in_every_script():
    layout, likeness = choose_layout(0.5), {}
    for script, paragraph in PARAGRAPHS.items():
        copies = [edited(paragraph, first) for first in range(1, 9)]
        pairs = link([[paragraph, *copies]], layout=layout).verified
        first = pairs.pairs[:, 0] == 0
        likeness[script] = (first.sum() / 8, float(pairs.jaccard[first].mean()))
    found, alike = zip(*likeness.values(), strict=True)
    assert min(found) >= 0.875, likeness
    assert max(alike) - min(alike) < 0.2, likeness
    assert len(likeness) >= 12


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
    near = len(links.verified.at_least(0.8).pairs) + len(links.copies)
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
        signatures[:, 0] = random.integers(0, 2**32, n // tasks, np.uint32)
        keys = band_keys(signatures, *DEFAULT_LAYOUT[1:])
        blocks.append(pack_bands(block_rows, keys, task, 4))
    found = [candidates(b[p] for b in blocks if p in b) for p in range(4)]
    pairs = merge_pairs([f.pairs for f in found])
    assert len(pairs) < 4 * n
    stats = [f.stats[0] for f in found]
    assert max(held.largest_bucket for held in stats) == n
    assert sum(held.cut_buckets for held in stats) == DEFAULT_LAYOUT.num_bands - 1
    assert sum(held.pairs_left_out for held in stats) > n
    clusters = components(pairs)
    assert len(clusters.nodes) == n
    assert not clusters.representatives.any()
    # No partition verifies much more than its share.
    met = {}
    for part in found:
        for p, block in meetings(part, 8).items():
            met.setdefault(p, []).append(block)
    routed = {}
    for parts in met.values():
        for p, block in pair_partitions(parts, 8).items():
            routed.setdefault(p, []).append(block)
    loads = [len(np.unique(np.concatenate(blocks))) for blocks in routed.values()]
    assert len(loads) == 8
    assert max(loads) < 0.25 * n


def units_of(made):
    gatherer = UnitGatherer()
    for start in range(0, len(made.rows), 100):
        gatherer.add(*(column[start : start + 100] for column in made[1:]))
    return gatherer.whole()


def test_copies_within_a_task_are_one_unit():
    texts = [PARAGRAPHS["Latn"]] * 500 + [PARAGRAPHS["Thai"]]
    made = sketches(texts, 3)
    units = units_of(made)
    assert units.rows.tolist() == [0, 500]
    assert units.copies.tolist() == [500, 1]
    assert units.characters.tolist() == [500 * len(texts[0]), len(texts[-1])]
    assert units.copy_rows.tolist() == [*range(1, 500)]
    assert not units.copy_units.any()
    blocks = pack_bands(units.rows, units.keys, 3, 5)
    rows = np.concatenate([block.rows for block in blocks.values()])
    assert sorted(set(rows.tolist())) == [0, 500]
    assert len(rows) == 2 * DEFAULT_LAYOUT.num_bands
    exact = pack_exact(units, 3, 5)
    assert sum(len(block.rows) for block in exact.values()) == 2


@pytest.mark.parametrize("step", [1, 3, 7, 1000])
def test_batches_of_any_size_give_the_same_units(step):
    texts = [f"text number {i % 7} of seven, {i % 3}" for i in range(90)] + ["...", ""]
    made = sketches(texts, 0)
    gatherer = UnitGatherer(keep_signatures=True)
    for start in range(0, len(texts), step):
        gatherer.add(*(column[start : start + step] for column in made[1:]))
    units = gatherer.whole()
    first = {}
    for row, text in enumerate(texts[:90]):
        first.setdefault(text, row)
    assert units.rows.tolist() == sorted(first.values())
    assert units.copies.sum() == 90
    repeats = {r: first[t] for r, t in enumerate(texts[:90]) if first[t] != r}
    named = dict(zip(units.copy_rows.tolist(), units.copy_units.tolist(), strict=True))
    assert named == repeats
    assert (units.signatures == made.signatures[units.rows]).all()
    assert (units.keys == band_keys(units.signatures, *DEFAULT_LAYOUT[1:])).all()


def test_a_document_costs_less_than_four_hundred_bytes():
    random = np.random.default_rng(1)
    made = sketches([" ".join(words(random, 20)) for _ in range(2000)], 0)
    units = units_of(made)
    blocks = [*pack_bands(units.rows, units.keys, 0, 64).values()]
    exact = [*pack_exact(units, 0, 64).values()]
    arrays = [a for b in [*blocks, *exact] for a in b[1:]]
    assert sum(a.nbytes for a in arrays) / 2000 <= 12 * DEFAULT_LAYOUT.num_bands + 32


def test_a_group_is_verified_in_one_place_and_each_set_travels_once():
    texts = [f"{PARAGRAPHS['Latn']} {n}" for n in range(40)]
    made = sketches(texts, 0)
    found = [
        candidates([block])
        for block in pack_bands(made.rows, units_of(made).keys, 0, 16).values()
    ]
    met = {}
    for part in found:
        for p, block in meetings(part, 16).items():
            met.setdefault(p, []).append(block)
    routed = [pair_partitions(parts, 16) for parts in met.values()]
    assert {p for blocks in routed for p in blocks} == {next(iter(routed[0]))}
    pairs = merge_pairs(block for blocks in routed for block in blocks.values())
    assert len(pairs) == sum(len(b) for blocks in routed for b in blocks.values())


def test_a_document_that_vanished_is_an_error():
    empty = merge_shingles([])
    with pytest.raises(AccountingError, match="read again"):
        verify(np.array([[1, 2]], np.uint64), empty)
    one = ShingleBlock(
        np.array([1], np.uint64),
        np.array([4]),
        np.array([0, 1]),
        np.array([9], np.uint32),
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
    assert alone.stats[0].cut_buckets > 0
    assert (
        alone.stats[0]
        == link([other, *split(own, (60,))], corpus_starts=(0, 1)).stats[1]
    )
    both = link([other, *split(own, (60,))], corpus_starts=(0, 1))
    task = np.uint64(1 << 32)
    inside = (both.verified.pairs >= task).all(axis=1)
    assert (
        both.verified.pairs[inside] - task
    ).tolist() == alone.verified.pairs.tolist()
    second = both.copies[:, 0] >= task
    assert (both.copies[second] - task).tolist() == alone.copies.tolist()
