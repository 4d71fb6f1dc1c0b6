"""Source attribution: speed against tldextract, accuracy against labels by hand.

    python benchmarks/sources.py [FOLDER_WITH_JSONL]

Speed is CPU time of one process. tldextract gets each URL alone, offline, with its
private suffixes, as most tools call it. Three lists: few hosts (real documents, when a
folder with bulk-*.jsonl.zst is given), the hosts of the registry drawn by a power law,
and a worst case in which no host comes twice.

Accuracy: source_hosts.csv, see docs/sources.md for how the hosts were drawn. `platform`
is the service a host belongs to, empty for sites of one organisation or person;
`optional` marks organisations that may be named or not.
"""

import csv
import random
import sys
import time
from collections import defaultdict
from pathlib import Path

import polars as pl
import pyarrow as pa
import tldextract

from audit.annotate.source import SourceAnnotator, source_of_host
from audit.batch import Batch
from audit.resources.platforms import operator, registry
from schemas.document import DOCUMENT

HERE = Path(__file__).parent
BATCH = 20_000


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
    """Print URLs per CPU second of both, per list."""
    each = tldextract.TLDExtract(
        suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True
    )
    each("http://example.com")
    list(map(SourceAnnotator().annotate, batches(["http://example.com/"])))
    for name, urls in url_lists(folder):
        ready = list(batches(urls))
        annotator = SourceAnnotator()
        ours = cpu_seconds(lambda a=annotator, r=ready: [a.annotate(b) for b in r])
        theirs = cpu_seconds(lambda u=urls: [each(url) for url in u])
        hosts = len({url.split("/")[2] for url in urls if url.count("/") > 2})
        print(
            f"{name}: {len(urls):,} URLs, {hosts:,} hosts: "
            f"{len(urls) / ours:,.0f} URLs per CPU second, tldextract alone "
            f"{len(urls) / theirs:,.0f}, ratio {theirs / ours:.1f}"
        )


def judge(row):
    """Return whether the service is right, and whether at least the operator is."""
    found = source_of_host(row["host"])
    name = (found.platform if found else None) or ""
    exact = name == row["platform"] or (name == "" and row["optional"] == "1")
    return exact, exact or (name != "" and operator(name) == row["operator"])


def accuracy():
    """Print accuracy by draw: all hosts, hosts of a service, hosts of none."""
    with (HERE / "source_hosts.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    groups = defaultdict(list)
    for row in rows:
        kind = "of a service" if row["platform"] else "of no service"
        for group in ("all", row["stratum"], kind):
            groups[row["draw"], group].append(judge(row))
    for (draw, group), verdicts in sorted(groups.items()):
        n = len(verdicts)
        exact, right_operator = (sum(column) for column in zip(*verdicts, strict=True))
        print(
            f"draw {draw}, {group}: {n} hosts, platform right {exact / n:.3f}, "
            f"platform or operator right {right_operator / n:.3f}"
        )


if __name__ == "__main__":
    speed(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
    accuracy()
