"""What `--verify estimate` gets wrong, and what it saves.

In: JSON Lines with a ``text`` field (``.zst`` or plain). Out: Markdown on stdout, and
between the markers of docs/duplicates.md with ``--write``. Copies of real documents are
planted with similarities evenly around the threshold, so that the table shows the worst
case: pairs far from the threshold are told rightly by either way. Then the same corpus
is audited once with each way of verifying, in processes of their own.

    python -m benchmarks.verification ../shared/data/bulk/bulk-0[01].jsonl.zst
"""

import argparse
import itertools
import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import orjson

from audit.link.local import link_tasks
from audit.link.verify import estimate, merge_shingles, pack_signatures
from benchmarks import measure, tables
from benchmarks.duplicates import (
    DEFAULT_LAYOUT,
    THRESHOLD,
    choose,
    plant,
    rereader,
    sketch,
)

BINS = (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 1.0)


def compared(texts):
    """Return exact and estimated similarity of all candidate pairs."""
    tasks, sets, _ = sketch(texts)
    pairs = link_tasks(tasks, rereader(sets)).verified
    signatures = merge_shingles(
        pack_signatures(t.task, t.rows, t.signatures, t.characters) for t in tasks
    )
    return pairs.jaccard, estimate(pairs.pairs, signatures).jaccard


def errors(exact, told):
    """Print how far estimates lie from the truth, by similarity."""
    print("| similarity | candidate pairs | mean error | deviation | by theory |")
    print("|---|---:|---:|---:|---:|")
    for low, high in itertools.pairwise(BINS):
        mine = (exact >= low) & (exact < high)
        if not mine.any():
            continue
        gap = told[mine] - exact[mine]
        theory = np.sqrt(np.mean(exact[mine] * (1 - exact[mine]) / 128))
        print(
            f"| {low:g} to {high:g} | {mine.sum():,} | {gap.mean():+.4f} "
            f"| {gap.std():.4f} | {theory:.4f} |"
        )
    true, said = exact >= THRESHOLD, told >= THRESHOLD
    both = (true & said).sum()
    print(
        f"\nOf {true.sum():,} pairs at or above {THRESHOLD:g} the estimate finds "
        f"{both / max(true.sum(), 1):.3f}; of {said.sum():,} that it finds "
        f"{both / max(said.sum(), 1):.3f} are."
    )


def audited(texts, runs):
    """Print what the two ways cost and count over a whole audit."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "all.jsonl"
        lines = (orjson.dumps({"id": str(i), "text": t}) for i, t in enumerate(texts))
        path.write_bytes(b"\n".join(lines) + b"\n")
        costs, counts = {}, {}
        for way in ("exact", "estimate") * runs:
            out = Path(folder) / way
            words = [
                sys.executable, "-m", "audit.cli", "profile", f"c={path}", "--out", out,
                "--verify", way, "--runner", "in-process", "--overwrite",
                "--no-progress",
            ]  # fmt: skip
            cost = measure.run(words, Path(folder) / "log.txt", tables.ROOT)
            if cost.code:
                raise SystemExit((Path(folder) / "log.txt").read_text("utf-8")[-2000:])
            costs.setdefault(way, []).append(cost.cpu)
            counts[way] = _duplicates(out / "c" / "summary.parquet")
        middle = {way: float(np.median(cost)) for way, cost in costs.items()}
        print(
            f"\nA whole audit of these {len(texts):,} documents: "
            f"{counts['estimate']:,} duplicates by estimate, {counts['exact']:,} "
            "exactly, in "
            f"{middle['estimate'] / middle['exact']:.2f} times the CPU time "
            f"({middle['exact']:.1f} s exactly, middle of {runs})."
        )


def _duplicates(path):
    import polars as pl

    return json.loads(pl.read_parquet(path).write_json())[0]["near_duplicate_documents"]


def main():
    """Compare both ways, print the tables."""
    words = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    words.add_argument("paths", type=Path, nargs="+")
    words.add_argument("--documents", type=int, default=20_000)
    words.add_argument("--copies", type=int, default=6_000)
    words.add_argument("--short", type=int, default=5)
    words.add_argument("--runs", type=int, default=3)
    words.add_argument("--write", action="store_true", help="into the documentation")
    options = words.parse_args()

    def page():
        texts = choose(options.paths, options.documents, options.short)
        texts += plant(texts, options.copies, lowest=0.6, highest=1.0)
        print(
            f"{len(texts):,} documents, {options.copies:,} of them planted, layout "
            f"{DEFAULT_LAYOUT.fingerprint()}\n"
        )
        errors(*compared(texts))
        audited(texts, options.runs)

    tables.told(page, "verification", options.write)


if __name__ == "__main__":
    main()
