"""Near-duplicates against brute force: precision, recall and the corrected share.

In: JSON Lines with a ``text`` field (``.zst`` or plain). Out: Markdown on stdout, and
between the markers of docs/duplicates.md with ``--write``. Real documents get planted
edits (a copy with tokens exchanged, its similarity aimed at 0.6 to 1); then the exact
Jaccard similarity of every pair of documents that shares a single shingle is counted,
and what banding and verification have found is compared, for scripts with and without
spaces apart.

    python -m benchmarks.duplicates ../shared/data/bulk/bulk-0[01].jsonl.zst
"""

import argparse
import time
from pathlib import Path

import numba
import numpy as np

from audit.kernels.hashing import content_hash
from audit.kernels.minhash import sign
from audit.kernels.shingle import shingle, shingle_sets
from audit.kernels.tokens import UNSPACED, tokenize
from audit.link.blocks import pack_bands, pack_exact
from audit.link.clusters import components
from audit.link.figures import corrected
from audit.link.layout import DEFAULT_LAYOUT
from audit.link.local import TaskSketches, figures_of, link_tasks
from audit.link.units import UnitGatherer
from audit.link.verify import pack_shingles
from benchmarks.signatures import batches, pack, read_texts
from benchmarks.tables import told

THRESHOLD = DEFAULT_LAYOUT.threshold
PER_TASK = 4_000_000


def choose(paths, documents, short):
    """Return real texts of all paths in turn; of poems only every so many."""
    texts, seen = [], [0]

    def keep(record):
        seen[0] += 1
        poem = record.get("source") == "chinese-poetry"
        return len(record["text"]) < 60_000 and (not poem or seen[0] % short == 0)

    for path in paths:
        texts += read_texts(path, 1e6, keep)[: documents // len(paths)]
    return texts


def plant(texts, copies, seed=11, lowest=0.6, highest=1.0):
    """Return edited copies of some texts, tokens exchanged within each."""
    random = np.random.default_rng(seed)
    made = []
    for number in random.permutation(len(texts))[: 2 * copies]:
        raw = texts[number].encode()
        tokens = tokenize(*pack([texts[number]]))
        n = len(tokens.hashes)
        if n < 15 or len(made) == copies:
            continue
        target = random.uniform(lowest, highest)
        spoiled = 5 if tokens.flags[n // 2] & UNSPACED else 3
        edits = max(1, round(n * (1 - target) / (spoiled * (1 + target))))
        edited, done = [], 0
        for at in np.sort(random.choice(n, min(edits, n), replace=False)):
            start, size = int(tokens.starts[at]), int(tokens.lengths[at])
            other = int(random.integers(n))
            first = int(tokens.starts[other])
            word = raw[first : first + int(tokens.lengths[other])]
            edited += [raw[done:start], word]
            done = start + size
        made.append(b"".join([*edited, raw[done:]]).decode())
    return made


def sketch(texts):
    """Return the tasks' sketches, their shingle sets, and which texts lack spaces."""
    tasks, sets, unspaced = [], [], []
    for task, batch in enumerate(batches(texts, PER_TASK)):
        data, offsets = pack(batch)
        tokens = tokenize(data, offsets)
        rows = np.arange(len(batch), dtype=np.uint32)
        hashes = content_hash(data, offsets)
        lengths = tokens.characters
        tasks.append(TaskSketches(task, rows, sign(shingle(tokens)), hashes, lengths))
        sets.append((rows, shingle_sets(tokens), lengths))
        flags = np.r_[0, np.cumsum((tokens.flags & UNSPACED) != 0)]
        single = np.diff(flags[tokens.doc_offsets])
        unspaced.append(single * 2 > np.diff(tokens.doc_offsets))
    return tasks, sets, np.concatenate(unspaced)


@numba.njit
def common_counts(postings, starts, lists, offsets, threshold, out):
    """Write (i, j, common) of all pairs at or above a similarity; return how many."""
    n = 0
    counts = np.zeros(len(offsets) - 1, np.int64)
    touched = np.empty(len(offsets) - 1, np.int64)
    for i in range(len(offsets) - 1):
        met = 0
        for at in range(offsets[i], offsets[i + 1]):
            shingle = lists[at]
            for place in range(starts[shingle], starts[shingle + 1]):
                j = postings[place]
                if j >= i:
                    break
                if counts[j] == 0:
                    touched[met] = j
                    met += 1
                counts[j] += 1
        for k in range(met):
            j = touched[k]
            size = offsets[i + 1] - offsets[i] + offsets[j + 1] - offsets[j]
            if counts[j] >= threshold * (size - counts[j]):
                if n < len(out):
                    out[n, 0], out[n, 1], out[n, 2] = j, i, counts[j]
                n += 1
            counts[j] = 0
    return n


def brute_force(sets):
    """Return every pair of documents at or above the threshold, by full counting."""
    hashes = np.concatenate([made.hashes for _, made, _ in sets])
    sizes = np.concatenate([np.diff(made.doc_offsets) for _, made, _ in sets])
    offsets = np.r_[0, np.cumsum(sizes)]
    lists = np.unique(hashes, return_inverse=True)[1]
    order = np.argsort(lists, kind="stable")
    documents = np.repeat(np.arange(len(sizes)), sizes)
    starts = np.r_[0, np.cumsum(np.bincount(lists))]
    out = np.empty((20_000_000, 3), np.int64)
    n = common_counts(documents[order], starts, lists, offsets, THRESHOLD, out)
    if n > len(out):
        raise SystemExit(f"{n} similar pairs are more than this benchmark holds")
    return out[:n, :2].copy()


def compare(truth, links, tasks, unspaced):
    """Print precision and recall for both kinds of script."""
    starts = np.r_[0, np.cumsum([len(task.rows) for task in tasks])]

    def place(keys):
        task = (keys >> np.uint64(32)).astype(np.int64)
        return starts[task] + (keys & np.uint64(0xFFFFFFFF)).astype(np.int64)

    near = links.verified.at_least(THRESHOLD)
    pairs, copies = place(near.pairs), place(links.copies)
    # An exact copy stands for its first one: its bands were sent once.
    first = np.arange(starts[-1])
    first[copies[:, 1]] = copies[:, 0]
    n = starts[-1]

    def codes(rows):
        ends = np.sort(first[rows], axis=1)
        return ends[:, 0] * n + ends[:, 1]

    known = np.unique(codes(truth))
    found = np.unique(np.r_[codes(pairs), first[copies[:, 0]] * (n + 1)])
    clusters = components(np.concatenate([near.pairs, links.copies]))
    cluster = np.arange(n)
    cluster[place(clusters.nodes)] = place(clusters.representatives)
    print(
        "| script | pairs with J >= 0.8 | precision | recall, pair itself | "
        "recall, same cluster |"
    )
    print("|---|---|---|---|---|")
    for name, wanted in (
        ("with spaces", False),
        ("without spaces", True),
        ("mixed", None),
    ):
        both = unspaced[truth[:, 0]].astype(int) + unspaced[truth[:, 1]]
        part = truth[both == (1 if wanted is None else 2 * wanted)]
        mine = pairs[
            (unspaced[pairs].sum(axis=1)) == (1 if wanted is None else 2 * wanted)
        ]
        if not len(part):
            continue
        direct = np.isin(codes(part), found).mean()
        together = (cluster[part[:, 0]] == cluster[part[:, 1]]).mean()
        precision = np.isin(codes(mine), known).mean() if len(mine) else 1.0
        print(
            f"| {name} | {len(part)} | {precision:.4f} | {direct:.4f} "
            f"| {together:.4f} |"
        )


def shares(truth, links, n):
    """Print the duplicate share found, corrected and true."""
    found, true, estimate, figures = corrections(truth, links)
    print("\n| | found | corrected | interval | true |")
    print("|---|---|---|---|---|")
    print(
        f"| duplicate share | {found / n:.5f} | {estimate.value / n:.5f} | "
        f"{estimate.low / n:.5f} to {estimate.high / n:.5f} | {true / n:.5f} |"
    )
    print(
        f"| documents | {found} | {estimate.value:.1f} | {estimate.low:.0f} to "
        f"{estimate.high:.0f} | {true} |"
    )
    sizes = figures.sizes
    print(
        f"\n{sizes.clusters.sum()} clusters, largest {sizes.cluster_size.max()}, "
        f"{figures.tallies[0].direct_documents} of {found} documents directly similar "
        "to their representative"
    )


def corrections(truth, links):
    """Return documents found, true ones, the estimate, and all figures."""
    figures = figures_of(links)
    found = int((figures.sizes.documents - figures.sizes.clusters).sum())
    estimate = corrected(found, figures.tallies[0])
    whole = components(truth.astype(np.uint64))
    true = int((whole.nodes != whole.representatives).sum())
    return found, true, estimate, figures


def coverage(options):
    """Print how often the interval holds the true count, over many samples."""
    pool = choose(options.paths, options.documents, options.short)
    rows = []
    for seed in range(options.samples):
        random = np.random.default_rng(seed)
        some = random.choice(len(pool), min(len(pool), 1500), replace=False)
        texts = [pool[number] for number in some.tolist()]
        # Most copies near the threshold, where bands miss some.
        texts += plant(texts, 750, seed, lowest=0.76, highest=0.88)
        tasks, sets, _ = sketch(texts)
        links = link_tasks(tasks, rereader(sets))
        rows.append(corrections(brute_force(sets), links)[:3])
    found, true = (np.array([row[i] for row in rows]) for i in (0, 1))
    low, value, high = (
        np.array([getattr(row[2], name) for row in rows])
        for name in ("low", "value", "high")
    )
    inside = (low <= true) & (true <= high)
    print(
        f"\n{options.samples} samples of 1,500 documents and 750 planted copies, most "
        "of them near the threshold:\n"
    )
    print("| | mean of all samples |")
    print("|---|---|")
    print(f"| true duplicate documents | {true.mean():.2f} |")
    print(f"| found | {found.mean():.2f} |")
    print(f"| corrected | {value.mean():.2f} |")
    print(f"| width of the interval | {(high - low).mean():.2f} |")
    print(f"| samples whose interval holds the true count | {inside.mean():.1%} |")
    print(f"| true count below it, above it | {(true < low).sum()}, "
          f"{(true > high).sum()} |")  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("paths", type=Path, nargs="+")
    parser.add_argument("--documents", type=int, default=24_000)
    parser.add_argument("--copies", type=int, default=6_000)
    parser.add_argument("--short", type=int, default=5, help="keep one poem of so many")
    parser.add_argument("--samples", type=int, default=200, help="for the interval")
    parser.add_argument("--write", action="store_true", help="into the documentation")
    options = parser.parse_args()
    told(lambda: measure(options), "duplicates", options.write)


def rereader(sets):
    """Return the second look at documents whose sets are here already."""

    def reread(task, wanted):
        rows, made, lengths = sets[task]
        return pack_shingles(task, rows, made, lengths, wanted)

    return reread


def measure(options):
    """Print the tables of one run."""
    texts = choose(options.paths, options.documents, options.short)
    planted = plant(texts, options.copies)
    texts = [*texts, *planted]
    tasks, sets, unspaced = sketch(texts)

    reread = rereader(sets)
    link_tasks(tasks[:1], reread)
    before = time.process_time()
    links = link_tasks(tasks, reread)
    linking = time.process_time() - before
    before = time.process_time()
    truth = brute_force(sets)
    counting = time.process_time() - before
    size = sum(len(text.encode()) for text in texts) / 1e6
    print(
        f"{len(texts)} documents ({unspaced.sum()} without spaces, {len(planted)} "
        f"planted), {size:.0f} MB, layout {DEFAULT_LAYOUT.fingerprint()}\n"
    )
    compare(truth, links, tasks, unspaced)
    shares(truth, links, len(texts))
    print(
        f"\nLinking {linking:.2f} CPU s, {linking / len(texts) * 1e6:.0f} us each "
        f"(brute force {counting:.1f} s); {links.stats[0]}"
    )
    print(f"Shuffled: {sent(tasks) / len(texts):.0f} bytes a document")
    if options.samples:
        coverage(options)


def sent(tasks):
    """Return the bytes of bands and content hashes."""
    total = 0
    for task in tasks:
        gatherer = UnitGatherer()
        gatherer.add(*task[1:])
        units = gatherer.whole()
        for blocks in (
            pack_bands(units.rows, units.keys, task.task, 16),
            pack_exact(units, task.task, 16),
        ):
            arrays = (array for block in blocks.values() for array in block[1:])
            total += sum(array.nbytes for array in arrays)
    return total


if __name__ == "__main__":
    main()
