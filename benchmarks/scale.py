"""Cost, memory and shuffle by the number of documents, and what hot keys do to them.

In: real documents (the folder of ``--data``, JSON Lines, ``.zst`` or plain). Out: a
Markdown table, and with ``--write`` the same between its markers in docs/scale.md.
Corpora of any size are made of real ones: every copy gets a word of its own after each
few words, so that no shingle of two copies is the same; one document in ten is a
near-duplicate of the one before it. All of it follows from the document's number.

    python -m benchmarks.scale --data FOLDER --sizes 10000 100000 1000000
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

SIZES = (10_000, 100_000, 500_000, 1_000_000)
FILE_DOCUMENTS = 25_000
KINDS = {
    "plain": "as made",
    "hot-domain": "half of one domain",
    "one-cluster": "half copies of one text",
}
_RUN, _PIECE, _LONGEST = 3, 4, 20_000
TAGS = ("bands", "exact", "counts", "pairs", "needs", "sets", "excerpts", "near_edges")


def perturbed(text, copy):
    """Return a text of which no shingle is in another copy of it."""
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
    """Write a corpus of so many documents and return its bytes on disk."""
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

    sent, heaviest = collections.Counter(), collections.Counter()
    per_key = collections.Counter()
    send = local._send

    def counted(shuffle, blocks):
        kept = list(blocks)
        for tag, key, block in kept:
            sent[tag] += len(block)
            per_key[tag, key] += len(block)
        send(shuffle, kept)

    local._send = counted
    begin = time.process_time()
    run(RunRequest({"c": (str(folder),)}, str(out), AuditConfig(), "in-process", 1))
    spent = time.process_time() - begin
    for (tag, _), size in per_key.items():
        heaviest[tag] = max(heaviest[tag], size)
    print(json.dumps({"cpu": spent, "sent": sent, "heaviest": heaviest}))


def measured(texts, count, kind, root):
    """Return a row of the table, from a process of its own."""
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
    sent = told["sent"]
    shuffled = sum(sent.get(tag, 0) for tag in TAGS)
    edges = sum(size for tag, size in sent.items() if tag.endswith("_edges"))
    return [
        f"{count:,}",
        KINDS[kind],
        f"{size / 1e6:,.0f}",
        f"{told['cpu']:,.1f}",
        f"{told['cpu'] / count * 1e6:,.0f}",
        f"{told['cpu'] / size * 1e6:.4f}",
        f"{cost.peak:,.0f}",
        f"{shuffled / count:,.0f}",
        f"{sent.get('bands', 0) / count:,.0f}",
        f"{edges / count:,.1f}",
        f"{max(told['heaviest'].values()) / 1e6:,.1f}",
    ]


HEAD = [
    "documents", "corpus", "MB", "CPU s", "CPU µs a document", "CPU s a MB", "peak MB",
    "shuffle B a document", "of it bands", "edges B a document", "largest key MB",
]  # fmt: skip


def main():
    """Make corpora, audit them, print the table."""
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("--audit", nargs=2, metavar=("FOLDER", "OUT"))
    words.add_argument("--data", type=Path)
    words.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    words.add_argument("--hot", type=int, nargs="*", default=None, metavar="SIZE")
    words.add_argument("--megabytes", type=float, default=60.0, help="of real text")
    words.add_argument("--temporary", type=Path, help="folder for what is made")
    words.add_argument("--write", action="store_true", help="into docs/scale.md")
    given = words.parse_args()
    if given.audit:
        audit(*map(Path, given.audit))
        return
    paths = sorted(p for p in given.data.iterdir() if ".jsonl" in p.name)
    short = (read_texts(p, given.megabytes / len(paths), _short) for p in paths)
    texts = list(itertools.chain.from_iterable(short))
    hot = given.sizes[-1:] if given.hot is None else given.hot
    points = [(size, "plain") for size in given.sizes]
    points += [(size, kind) for size in hot for kind in ("hot-domain", "one-cluster")]
    rows = []
    with tempfile.TemporaryDirectory(dir=given.temporary) as root:
        for count, kind in points:
            rows.append(measured(texts, count, kind, Path(root)))
            print("  ".join(rows[-1]), file=sys.stderr, flush=True)
    text = f"{tables.markdown(HEAD, rows)}\n\n{tables.machine()}"
    print(text)
    if given.write:
        tables.publish("scale", text, [tables.ROOT / "docs" / "scale.md"])


def _short(record):
    return 0 < len(record["text"]) <= _LONGEST


if __name__ == "__main__":
    main()
