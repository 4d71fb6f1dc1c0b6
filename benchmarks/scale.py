"""Cost, memory and shuffle by the number of documents, and what hot keys do to them.

In: real documents (the folder of ``--data``, JSON Lines, ``.zst`` or plain). Out: a
Markdown table, and with ``--write`` the same between its markers in docs/scale.md.
Corpora of any size are made of real ones: every copy gets a word of its own after each
few words, so that two copies have few shingles in common; one document in ten is a
near-duplicate of the one before it. All of it follows from the document's number.

    python -m benchmarks.scale --data FOLDER --sizes 50000 500000 2000000

``--characters 200 600`` keeps to short texts, so that two million documents take
minutes.
"""

import argparse
import collections
import itertools
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

import orjson

from benchmarks import measure, tables
from benchmarks.signatures import read_texts

SIZES = (50_000, 500_000, 2_000_000)
FILE_DOCUMENTS = 25_000
# Start-up is what so few documents cost.
_START = 500
_LOOKS = 1000
KINDS = {
    "plain": "as made",
    "hot-domain": "half of one domain",
    "one-cluster": "half near copies of one text",
    "one-text": "copies of one text, Parquet",
}
_RUN, _PIECE = 3, 4
# What near-duplicates cost after the first look, by the functions of the stages.
LINKING = (
    "exact_stage", "bands_stage", "candidate_stage", "route_stage", "look_again_stage",
    "verify_stage", "star_stage", "settle_stage", "node_stage", "cluster_stage",
)  # fmt: skip


def perturbed(text, copy):
    """Return a text that has no more than a few shingles of any other copy of it."""
    words = text.split(" ")
    if len(words) * 20 > len(text):
        parts = (" ".join(words[i : i + _RUN]) for i in range(0, len(words), _RUN))
    else:
        parts = (text[i : i + _PIECE] for i in range(0, len(text), _PIECE))
    return f" {copy:x}q ".join(parts)


def domain_of(number, kind):
    """Return the host of a document; without a hot one, few have many documents."""
    if kind == "hot-domain" and number % 2:
        return "hot-site.com"
    return f"site{int((number * 2_654_435_761 % 2**32 + 1) ** 0.45)}.com"


def documents(texts, count, kind):
    """Yield so many documents as lines of JSON."""
    previous = ""
    for number in range(count):
        copy, place = divmod(number, len(texts))
        if number % 10 == 9:
            text = f"{previous} {number}"
        elif kind == "one-cluster" and number % 2:
            text = f"{texts[0]} {number}"
        else:
            text = perturbed(texts[place], copy) if copy else texts[place]
        previous = text
        url = f"https://www.{domain_of(number, kind)}/{number}"
        yield orjson.dumps({"id": f"d{number}", "text": text, "url": url})


def make(texts, count, kind, folder):
    """Write a corpus of so many documents and return its bytes of JSON."""
    if kind == "one-text":
        import pyarrow as pa
        import pyarrow.parquet as pq

        column = pa.array([texts[0]]).dictionary_encode().take(pa.array([0] * count))
        pq.write_table(pa.table({"text": column}), folder / "part.parquet")
        return len(texts[0].encode()) * count
    lines = documents(texts, count, kind)
    for number in itertools.count():
        part = b"\n".join(itertools.islice(lines, FILE_DOCUMENTS))
        if not part:
            break
        (folder / f"part-{number:05d}.jsonl").write_bytes(part + b"\n")
    return sum(path.stat().st_size for path in folder.iterdir())


def audit(folder, out):
    """Audit a corpus in this process and print what was sent between its stages."""
    from audit import local
    from audit.config import AuditConfig
    from audit.job.request import RunRequest
    from audit.run import run

    sent, per_key = collections.Counter(), collections.Counter()
    spent = collections.Counter()
    most, calls = [0], [0]
    send = local._send

    def counted(shuffle, blocks):
        kept = list(blocks)
        for tag, key, block in kept:
            sent[tag] += len(block)
            per_key[tag, key] += len(block)
        send(shuffle, kept)
        calls[0] += 1
        # A look at everything for each call would cost more than the audit.
        if calls[0] < _LOOKS or calls[0] % 8 == 0:
            held = (
                sum(map(len, found))
                for tag, keys in shuffle.items()
                if tag not in ("books", "counts")
                for found in keys.values()
            )
            most[0] = max(most[0], sum(held))

    def timed(stage):
        def clocked(*words):
            begin = time.process_time()
            blocks = list(stage(*words))
            spent["linking"] += time.process_time() - begin
            return blocks

        return clocked

    local._send = counted
    for name in LINKING:
        setattr(local, name, timed(getattr(local, name)))
    begin = time.process_time()
    run(RunRequest({"c": (str(folder),)}, str(out), AuditConfig(), "in-process", 1))
    spent["cpu"] = time.process_time() - begin
    heaviest = max(size for (tag, _), size in per_key.items() if tag != "books")
    print(json.dumps({**spent, "sent": sent, "heaviest": heaviest, "held": most[0]}))


def measured(texts, count, kind, root):
    """Return figures by column, from a process of its own."""
    folder, out = root / "corpus", root / "out"
    for path in (folder, out):
        shutil.rmtree(path, ignore_errors=True)
    folder.mkdir()
    size = make(texts, count, kind, folder)
    words = [sys.executable, "-m", "benchmarks.scale", "--audit", folder, out]
    cost = measure.run(words, root / "log.txt", tables.ROOT)
    if cost.code:
        raise SystemExit((root / "log.txt").read_text("utf-8")[-2000:])
    told = json.loads(cost.told)
    sent = {t: n for t, n in told["sent"].items() if t not in ("books", "counts")}
    return {**told, "sent": sum(sent.values()), "bands": sent.get("bands", 0),
            "size": size, "peak": cost.peak}  # fmt: skip


def row(count, kind, told, start):
    """Return a row of the table."""
    return [
        f"{count:,}",
        KINDS[kind],
        f"{told['size'] / 1e6:,.0f}",
        f"{told['cpu']:,.1f}",
        f"{(told['cpu'] - start['cpu']) / count * 1e6:,.1f}",
        f"{told.get('linking', 0) / count * 1e6:,.1f}",
        f"{told['peak']:,.0f}",
        f"{(told['peak'] - start['peak']) * 1e6 / count:,.0f}",
        f"{told['sent'] / count:,.0f}",
        f"{told['bands'] / count:,.0f}",
        f"{told['held'] / count:,.0f}",
        f"{told['heaviest'] / 1e6:,.1f}",
    ]


HEAD = [
    "documents", "corpus", "MB", "CPU s", "µs a document above start-up",
    "of it linking", "peak MB", "B a document above start-up", "sent, B a document",
    "of it bands", "held at once, B a document", "largest key MB",
]  # fmt: skip


def main():
    """Make corpora, audit them, print the table."""
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("--audit", nargs=2, metavar=("FOLDER", "OUT"))
    words.add_argument("--data", type=Path)
    words.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    words.add_argument("--characters", type=int, nargs=2, default=(1, 20_000))
    words.add_argument("--copies", type=int, nargs="*", default=[], metavar="SIZE")
    words.add_argument("--hot", type=int, nargs="*", default=None, metavar="SIZE")
    words.add_argument("--megabytes", type=float, default=60.0, help="of real text")
    words.add_argument("--temporary", type=Path, help="folder for what is made")
    words.add_argument("--write", action="store_true", help="into docs/scale.md")
    given = words.parse_args()
    if given.audit:
        audit(*map(Path, given.audit))
        return
    paths = sorted(p for p in given.data.iterdir() if ".jsonl" in p.name)
    shortest, longest = given.characters

    def fits(record):
        return shortest <= len(record["text"]) <= longest

    chosen = (read_texts(p, given.megabytes / len(paths), fits) for p in paths)
    texts = list(itertools.chain.from_iterable(chosen))
    hot = given.sizes[-1:] if given.hot is None else given.hot
    points = [(size, "plain") for size in given.sizes]
    kinds = [kind for kind in KINDS if kind not in ("plain", "one-text")]
    points += [(size, kind) for size in hot for kind in kinds]
    points += [(size, "one-text") for size in given.copies]
    rows = []
    with tempfile.TemporaryDirectory(dir=given.temporary) as root:
        # The first run may have kernels to compile.
        measured(texts, _START, "plain", Path(root))
        start = measured(texts, _START, "plain", Path(root))
        for count, kind in points:
            rows.append(
                row(count, kind, measured(texts, count, kind, Path(root)), start)
            )
            print("  ".join(rows[-1]), file=sys.stderr, flush=True)
    text = f"{tables.markdown(HEAD, rows)}\n\n{tables.machine()}"
    print(text)
    if given.write:
        tables.publish("scale", text, [tables.ROOT / "docs" / "scale.md"])


if __name__ == "__main__":
    main()
