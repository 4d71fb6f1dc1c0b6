"""Source attribution: speed, accuracy on hosts not seen before, cost of many domains.

    python benchmarks/sources.py [speed] [hosts] [domains] [--data FOLDER] [--docs FILE]

Speed is CPU time of one process. tldextract gets each URL alone, offline, with its
private suffixes, as most tools call it. Three lists: few hosts (real documents, when a
folder with bulk-*.jsonl.zst is given), the hosts of the registry drawn by a power law,
and a worst case in which no host comes twice.

Accuracy: source_hosts.csv, see docs/sources.md for how the hosts were drawn. `platform`
is the service a host belongs to, empty for the site of one organisation or person;
`optional` marks services that may be named or not; `kind` says whether others publish
there too (`shared`) or the title speaks for itself on one domain (`title`); `first`
is the platform named at first sight, before the registry learned from the draw.

Domains: whole audits of short documents that all have a domain of their own, beside as
many documents on ten domains, each in a process of its own.
"""

import argparse
import csv
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import unicodedata
from collections import defaultdict
from pathlib import Path

import polars as pl
import pyarrow as pa
import tldextract

from audit.annotate.source import SourceAnnotator, source_of_host
from audit.batch import Batch
from audit.resources.platforms import registry
from schemas.document import DOCUMENT

HERE = Path(__file__).parent
BATCH = 20_000
PARTS = ("speed", "hosts", "domains")
DOMAINS = (200_000, 1_000_000)


def batches(urls):
    """DOCUMENT batches that hold nothing but URLs."""
    for start in range(0, len(urls), BATCH):
        part = urls[start : start + BATCH]
        n = len(part)
        columns = {
            "doc_id": [""] * n,
            "text": [""] * n,
            "url": part,
            "language_declared": [None] * n,
            "source_declared": [None] * n,
            "date": [None] * n,
            "position": [1] * n,
        }
        yield Batch(pa.RecordBatch.from_pydict(columns, schema=DOCUMENT))


def url_lists(folder):
    """Yield name and URLs of each list."""
    dice = random.Random(7)
    if folder is not None:
        shards = sorted(folder.glob("bulk-*.jsonl.zst"))
        real = pl.concat([pl.read_ndjson(s).select("url") for s in shards])["url"]
        yield "real documents", [url for url in real.to_list() if url]
    hosts = sorted(registry().by_host)
    dice.shuffle(hosts)
    weights = [1 / (rank + 1) for rank in range(len(hosts))]
    drawn = dice.choices(hosts, weights, k=200_000)
    yield "registry hosts", [f"https://www.{h}/a/{i}?q=1" for i, h in enumerate(drawn)]
    yield (
        "all hosts different",
        [f"http://x{i}.{dice.choice(hosts)}/index.html" for i in range(50_000)],
    )


def cpu_seconds(run):
    """CPU seconds of one call."""
    start = time.process_time()
    run()
    return time.process_time() - start


def speed(folder):
    """Return the table of URLs and megabytes of URL per CPU second of both."""
    each = tldextract.TLDExtract(
        suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True
    )
    each("http://example.com")
    list(map(SourceAnnotator().annotate, batches(["http://example.com/"])))
    lines = [
        "| list | URLs | hosts | URLs per CPU s | MB of URL per CPU s | "
        "tldextract, URLs per CPU s | ratio |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, urls in url_lists(folder):
        ready = list(batches(urls))
        # Ours and theirs in turns, three times each: the median of the ratios.
        rounds = []
        for _ in range(3):
            annotator = SourceAnnotator()
            ours = cpu_seconds(lambda a=annotator, r=ready: [a.annotate(b) for b in r])
            theirs = cpu_seconds(lambda u=urls: [each(url) for url in u])
            rounds.append((theirs / ours, ours, theirs))
        ratio, ours, theirs = sorted(rounds)[1]
        hosts = len({url.split("/")[2] for url in urls if url.count("/") > 2})
        size = sum(len(url.encode()) for url in urls) / 1e6
        lines.append(
            f"| {name} | {len(urls):,} | {hosts:,} | {len(urls) / ours:,.0f} | "
            f"{size / ours:.1f} | {len(urls) / theirs:,.0f} | {ratio:.1f} |"
        )
    return lines


def plain(name):
    """Return a name as it is compared: letters and digits, without accents."""
    parts = unicodedata.normalize("NFKD", name.casefold())
    return "".join(char for char in parts if char.isalnum())


def judge(row, name, domain):
    """Return whether a name is right for a host, strictly and by the reading.

    A platform that carries its domain for a name is right where a title is expected.
    """
    titled = name != "" and name == domain and row["platform"] != ""
    strict = plain(name) == plain(row["platform"]) or titled
    strict = strict or (name == "" and row["optional"] == "1")
    return strict, strict or (name == "" and row["kind"] == "title")


def hosts(_folder):
    """Return the table of accuracy: each draw whole and by what its hosts are."""
    with (HERE / "source_hosts.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    groups = defaultdict(list)
    for row in rows:
        found = source_of_host(row["host"])
        domain = (found.domain if found else None) or ""
        name = (found.platform if found else None) or ""
        verdict = judge(row, row["first"], domain) + judge(row, name, domain)
        kind = row["kind"] or ("service" if row["platform"] else "nobody's")
        for group in ("", kind):
            groups[row["draw"], group].append(verdict)
    lines = [
        "| draw | hosts of | hosts | first sight, strictly | first sight, by the "
        "reading | now, strictly | now, by the reading |",
        "|---|---|---|---|---|---|---|",
    ]
    for (draw, group), verdicts in sorted(groups.items()):
        n = len(verdicts)
        shares = [sum(column) / n for column in zip(*verdicts, strict=True)]
        cells = " | ".join(f"{share:.3f}" for share in shares)
        lines.append(f"| {draw} | {group or 'all'} | {n} | {cells} |")
    return lines


def write_corpus(path, documents, domains):
    """Write short documents on so many domains."""
    dice = random.Random(3)
    words = ("river", "stone", "bright", "garden", "market", "people", "school")
    with path.open("w", encoding="utf-8") as file:
        for i in range(documents):
            text = " ".join(dice.choices(words, k=12))
            url = f"https://www.{words[0]}{i % domains}.com/{i}"
            row = {"id": str(i), "text": f"Page {i} about {text}.", "url": url}
            file.write(json.dumps(row) + "\n")


def audit(path, out):
    """Return CPU seconds and the peak of memory (MB) of one whole audit."""
    command = [Path(sys.executable).with_name("corpus-audit"), "profile", f"c={path}"]
    command += ["--out", out, "--runner", "in-process", "--no-progress"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"audit of {path} ended with {process.returncode}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1e3


def domains(_folder):
    """Return the table of what many domains cost."""
    lines = [
        "| documents | domains | CPU s | peak memory, MB |",
        "|---|---|---|---|",
    ]
    with tempfile.TemporaryDirectory() as folder:
        # The first audit on a machine builds what later ones find in caches.
        first = Path(folder) / "first.jsonl"
        write_corpus(first, 1000, 10)
        audit(first, Path(folder) / "out-first")
        for documents in DOMAINS:
            for n in (10, documents):
                path = Path(folder) / f"{documents}-{n}.jsonl"
                write_corpus(path, documents, n)
                seconds, peak = audit(path, Path(folder) / f"out-{documents}-{n}")
                lines.append(f"| {documents:,} | {n:,} | {seconds:.0f} | {peak:,.0f} |")
                path.unlink()
    return lines


def publish(docs, name, lines):
    """Put a table between its markers."""
    begin, end = f"<!-- benchmark: {name} -->\n", "<!-- end of benchmark -->"
    before, rest = docs.read_text("utf-8").split(begin)
    after = rest.split(end, 1)[1]
    body = "\n".join(lines)
    docs.write_text(f"{before}{begin}{body}\n{end}{after}", "utf-8")


def main():
    """Measure the parts asked for; print, and write them into a page on request."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", help="speed, hosts, domains")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--docs", type=Path)
    args = parser.parse_args()
    for name in args.parts or PARTS:
        lines = {"speed": speed, "hosts": hosts, "domains": domains}[name](args.data)
        print("\n".join(lines))
        if args.docs:
            publish(args.docs, name, lines)


if __name__ == "__main__":
    main()
