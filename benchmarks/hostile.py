"""Hostile inputs of full size: what was promised, what happened, at what memory.

In: nothing; every input is made here. Out: a row an input, and with ``--write`` the
table in docs/faults.md. A row's command audits the input in a process of its own; what
it wrote is counted against what was planted, so that a lost record fails the row.

    python -m benchmarks.hostile [--share 1.0] [--write] [NAME...]
"""

import argparse
import gzip
import json
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks import measure, tables

TEXT = "The ferry leaves at nine from the old harbour wall, and the gulls know it."
_GROUP = 1_000_000
PAGE = tables.ROOT / "docs" / "faults.md"
HEAD = [
    "input", "records", "MB on disk", "promised", "what happened", "CPU s", "peak MB",
    "command",
]  # fmt: skip


class Case(NamedTuple):
    """A hostile input: how it is made, and what must be true of its profile.

    Attributes:
        told: what it is.
        promised: what must happen.
        make: from a folder and a share of the full size to the records in it.
        words: more words of the command.
        check: from the folder of the profile and the records to what happened.
    """

    told: str
    promised: str
    make: Callable
    check: Callable
    words: tuple[str, ...] = ()


def lines(folder, rows):
    """Write rows as JSON Lines; return how many."""
    count = 0
    with (folder / "in.jsonl").open("w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row) + "\n")
            count += 1
    return count


def copies(folder, share):
    """One text many times over in a small Parquet file."""
    left = whole = round(10_000_000 * share)
    schema = pa.schema([("text", pa.string())])
    with pq.ParquetWriter(folder / "in.parquet", schema) as writer:
        while left:
            size = min(left, _GROUP)
            writer.write_table(pa.table({"text": pa.repeat(TEXT, size)}))
            left -= size
    return whole


def files(folder, share):
    """Very many files of two documents."""
    count = round(50_000 * share)
    for number in range(count):
        rows = [{"text": f"{TEXT} {number} {side}"} for side in "ab"]
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / f"{number:06d}.jsonl").write_text(text)
    return 2 * count


def ids(folder, share):
    """Documents whose ids are 10 kB."""
    count = round(20_000 * share)
    rows = ({"id": f"{n:08d}" * 1250, "text": f"{TEXT} {n}"} for n in range(count))
    return lines(folder, rows)


def domains(folder, share):
    """Every document from a domain of its own, 1.5 GB of text in all."""
    count = round(200_000 * share)
    words = [f"word{n % 997}" for n in range(900)]
    rows = (
        {"text": " ".join([str(n), *words]), "url": f"https://d{n}.org/"}
        for n in range(count)
    )
    return lines(folder, rows)


def long_documents(folder, share):
    """Documents of 10 MB."""
    count = max(2, round(30 * share))
    words = " ".join(f"word{n}" for n in range(1_100_000))[:10_000_000]
    return lines(folder, ({"text": f"{n} {words}"} for n in range(count)))


def bombs(folder, share):
    """Compressed files that grow a thousandfold, and a line that never ends."""
    size = max(200, round(4_000 * share))
    zeros = b"0" * 1_000_000
    with gzip.open(folder / "bomb.jsonl.gz", "wb", 9) as file:
        file.write(b'{"text": "')
        for _ in range(size):
            file.write(zeros)
        file.write(b'"}\n')
    with (folder / "line.jsonl").open("wb") as file:
        file.write(b'{"text": "')
        for _ in range(size // 2 + 70):
            file.write(zeros)
        file.write(b'"}\n' + json.dumps({"text": TEXT}).encode() + b"\n")
    return 3


def row_of(profile):
    """Return the summary of a profile."""
    return pq.read_table(profile / "summary.parquet").to_pylist()[0]


def all_there(profile, records, **expected):
    """Check that no record is lost; return what happened, or raise."""
    found = row_of(profile)
    if found["documents"] + found["rejected"] != records:
        raise SystemExit(f"lost: {found} of {records}")
    for name, value in expected.items():
        if found[name] != value:
            raise SystemExit(f"{name}: {found[name]}, not {value}")
    return f"{found['documents']:,} documents, {found['rejected']:,} rejects"


def one_cluster(profile, records):
    """All documents but one are copies, of one cluster."""
    told = all_there(
        profile, records, exact_duplicate_documents=records - 1,
        near_duplicate_documents=records - 1, near_duplicate_clusters=1,
    )  # fmt: skip
    return f"{told}, one cluster"


def ids_kept(profile, records):
    """Every id is there, whole."""
    told = all_there(profile, records, rejected=0)
    found = pq.read_table(profile / "documents", columns=["doc_id"]).column("doc_id")
    whole = pc.sum(pc.equal(pc.utf8_length(found), 10_000)).as_py()
    if whole != records or pc.count_distinct(found).as_py() != records:
        raise SystemExit(f"{whole} of {records} ids are whole")
    return f"{told}, every id whole"


def domains_counted(profile, records):
    """One row a domain."""
    told = all_there(profile, records, rejected=0)
    rows = pq.read_metadata(profile / "source.parquet").num_rows
    page = (profile.parent / "report.html").stat().st_size
    if rows != records:
        raise SystemExit(f"{rows} domains of {records}")
    return f"{told}, {rows:,} domains, page of {page / 1e6:.1f} MB"


def refused(profile, records):
    """Both files are rejected by a reason, and the document beside them is read.

    A bomb may be two rejects: a line too long, and the part of the file not read.
    """
    found = row_of(profile)
    table = pq.read_table(profile / "rejects.parquet").to_pydict()
    told = found["documents"] + found["rejected"]
    if found["documents"] != 1 or len(set(table["file"])) != 2 or told < records:
        raise SystemExit(f"{found}, {table}")
    reasons = ", ".join(sorted(set(table["reason"])))
    return f"1 document, {found['rejected']} rejects: {reasons}"


CASES = {
    "files": Case(
        "very many files of two documents",
        "all read",
        files,
        lambda profile, records: all_there(profile, records, rejected=0),
    ),
    "ids": Case(
        "documents with ids of 10 kB",
        "ids kept whole",
        ids,
        ids_kept,
        ("--keep", "documents"),
    ),
    "domains": Case(
        "every document of 6 kB from a domain of its own",
        "one row a domain, a page of bounded size",
        domains,
        domains_counted,
    ),
    "long": Case(
        "documents of 10 MB",
        "read as documents",
        long_documents,
        lambda profile, records: all_there(profile, records, rejected=0),
    ),
    "bombs": Case(
        "zeros in a gzip file a thousand times smaller, and a line without end",
        "rejected with a reason, the document beside them read",
        bombs,
        refused,
        ("--max-reject-rate", "1"),
    ),
    "copies": Case(
        "one text again and again in one small Parquet file",
        "all counted, one cluster",
        copies,
        one_cluster,
    ),
}


def tried(name, share, root):
    """Return the row of a case, made and audited in a folder that is removed."""
    case, folder = CASES[name], root / name
    (folder / "in").mkdir(parents=True)
    records = case.make(folder / "in", share)
    size = sum(path.stat().st_size for path in (folder / "in").iterdir())
    words = ["profile", f"c={folder / 'in'}", "--out", folder / "out", *case.words]
    told = "import sys; from audit.cli import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", told, *words, "--no-progress"]
    cost = measure.run(command, folder / "log.txt", tables.ROOT)
    if cost.code:
        raise SystemExit(f"{name}: {(folder / 'log.txt').read_text('utf-8')[-2000:]}")
    happened = case.check(folder / "out" / "c", records)
    shutil.rmtree(folder)
    part = "" if share == 1 else f" --share {share:g}"
    shown = f"`python -m benchmarks.hostile {name}{part}`"
    return [
        case.told, f"{records:,}", f"{size / 1e6:,.1f}", case.promised, happened,
        f"{cost.cpu:,.0f}", f"{cost.peak:,.0f}", shown,
    ]  # fmt: skip


def main(words=None):
    """Make hostile inputs, audit them, print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hostile")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(CASES))
    parser.add_argument("--share", type=float, default=1.0, help="of the full size")
    parser.add_argument("--temporary", type=Path, help="folder for what is made")
    parser.add_argument("--write", action="store_true", help="into docs/faults.md")
    given = parser.parse_args(words)
    rows = []
    with tempfile.TemporaryDirectory(dir=given.temporary) as root:
        for name in given.names or CASES:
            rows.append(tried(name, given.share, Path(root)))
            print("  ".join(rows[-1]), file=sys.stderr, flush=True)
            if given.write:
                fresh = {row[0] for row in rows}
                others = [row for row in kept() if row[0] not in fresh]
                tables.publish("hostile", _table([*rows, *others]), [PAGE])
    print(_table(rows))
    return 0


def _table(rows):
    return f"{tables.markdown(HEAD, rows)}\n\n{tables.machine()}"


def kept():
    """Return the rows that the page has already."""
    text = PAGE.read_text("utf-8").partition("<!-- bench:hostile -->")[2]
    lines = text.partition("<!-- /bench -->")[0].splitlines()
    rows = [line.strip("| ").split(" | ") for line in lines if line.startswith("|")]
    return [row for row in rows if row[-1].startswith("`python")]


if __name__ == "__main__":
    sys.exit(main())
