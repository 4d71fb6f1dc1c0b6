"""The planted truths, counted: what a profile of the sample corpora must come to.

In: corpora. Out: one JSON object. Counts are taken from the documents as planned, not
from the files: tests compare the two.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any
from urllib.parse import urlsplit

from sample_corpora.compose import Document
from sample_corpora.corpus import Corpus
from sample_corpora.similarity import jaccard, shingles

__all__ = ["corpus_truth", "dump", "measured_pairs", "shared_documents"]

_PLATFORM_HOSTS = ("weibo.com", "zhihu.com", "baike.baidu.com")


def _counts(values: Iterable[str]) -> dict[str, int]:
    counted = Counter(values)
    return {k: counted[k] for k in sorted(counted, key=lambda k: (-counted[k], k))}


def measured_pairs(
    pairs: Iterable[tuple[str, str]],
    texts_a: Mapping[str, str],
    texts_b: Mapping[str, str],
) -> list[dict[str, object]]:
    """Return pairs of ids with the exact Jaccard of their texts, to four digits."""
    return [
        {
            "a": a,
            "b": b,
            "jaccard": round(jaccard(shingles(texts_a[a]), shingles(texts_b[b])), 4),
        }
        for a, b in pairs
    ]


# Alike enough to count as a near-duplicate; nothing planted lies near this border.
_NEAR_DUPLICATE = 0.8


def shared_documents(corpora: Sequence[Corpus]) -> list[dict[str, object]]:
    """Count, for each two corpora, the documents that are in the other one too.

    Args:
        corpora: All corpora.

    Returns:
        One row for each two corpora: ``a``, ``b``, and of each the number of documents
        with the same text in the other (``exact``) and with a text of a Jaccard of at
        least 0.8, the same text included (``near``).
    """
    rows: list[dict[str, object]] = []
    known = {
        corpus.name: [
            (d.language, d.text, shingles(d.text))
            for _, _, d in corpus.documents()
            if d.text
        ]
        for corpus in corpora
    }
    for a, b in combinations(known, 2):
        found: dict[str, tuple[set[int], set[int]]] = {
            "exact": (set(), set()),
            "near": (set(), set()),
        }
        for i, (language, text_a, shingles_a) in enumerate(known[a]):
            for j, (other, text_b, shingles_b) in enumerate(known[b]):
                if language != other:
                    continue
                same = text_a == text_b
                if same or jaccard(shingles_a, shingles_b) >= _NEAR_DUPLICATE:
                    for kind in ("exact", "near") if same else ("near",):
                        found[kind][0].add(i)
                        found[kind][1].add(j)
        counts = {kind: [len(ids) for ids in both] for kind, both in found.items()}
        rows.append({"a": a, "b": b, **counts})
    return rows


def _platform(document: Document) -> str | None:
    host = (urlsplit(document.url or "").hostname or "").removeprefix("www.")
    for platform in _PLATFORM_HOSTS:
        if host == platform or host.endswith(f".{platform}"):
            return platform
    return None


def _exact_groups(documents: Iterable[Document]) -> list[list[str]]:
    by_text: dict[str, list[str]] = defaultdict(list)
    for document in documents:
        if document.text:
            by_text[document.text].append(document.doc_id)
    return [sorted(ids) for ids in by_text.values() if len(ids) > 1]


def _clusters(groups: Iterable[Iterable[str]]) -> list[list[str]]:
    """Join groups that share a document, by the slow and obvious way."""
    clusters: list[set[str]] = []
    for group in groups:
        joined = set(group)
        apart = []
        for cluster in clusters:
            if cluster & joined:
                joined |= cluster
            else:
                apart.append(cluster)
        clusters = [*apart, joined]
    return sorted(sorted(cluster) for cluster in clusters)


def _truth(file: str, position: int, document: Document) -> dict[str, Any]:
    return {
        "id": document.doc_id,
        "file": file,
        "position": position,
        "language": document.language,
        "script": document.script,
        "cultures": list(document.cultures),
        "domain": document.domain,
        "platform": _platform(document),
        "characters": len(document.text),
        "passages": list(document.passages),
        "dirt": list(document.dirt),
    }


def corpus_truth(corpus: Corpus) -> dict[str, Any]:
    """Return all that is planted in one corpus."""
    placed = list(corpus.documents())
    documents = [d for _, _, d in placed]
    texts = {d.doc_id: d.text for d in documents}
    exact = sorted(_exact_groups(documents))
    near = measured_pairs(corpus.near, texts, texts)
    ids = Counter(d.doc_id for d in documents)
    dirt: dict[str, list[str]] = defaultdict(list)
    for document in documents:
        for kind in document.dirt:
            dirt[kind].append(document.doc_id)
    rejects = [
        {"file": part.file, "position": place, "reason": reject.reason}
        for part, place, reject in corpus.rejects()
    ]
    return {
        "documents": len(documents),
        "empty_documents": sum(not d.text for d in documents),
        "characters": sum(len(d.text) for d in documents),
        "rejected": len(rejects),
        "rejects": _counts(str(r["reason"]) for r in rejects),
        "reject_rows": rejects,
        "files": {p.file: {"layout": p.layout, "records": len(p.entries)}
                  for p in corpus.parts},
        "languages": _counts(d.language for d in documents),
        "scripts": _counts(d.script for d in documents),
        "language_scripts": _counts(f"{d.language}-{d.script}" for d in documents),
        "domains": _counts(d.domain for d in documents),
        "platforms": _counts(p for d in documents if (p := _platform(d))),
        "cultures": _counts(c for d in documents for c in d.cultures),
        "documents_with_culture": sum(bool(d.cultures) for d in documents),
        "duplicate_ids": sorted(k for k, n in ids.items() if n > 1),
        "exact_groups": exact,
        "near_pairs": near,
        "clusters": _clusters([*exact, *corpus.near]),
        "dirt": {kind: sorted(dirt[kind]) for kind in sorted(dirt)},
        "truth": [_truth(part.file, place, d) for part, place, d in placed],
    }  # fmt: skip


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _pretty(value: object, indent: str) -> str:
    """Write objects over lines and the rows of lists on one line each."""
    deeper = f"{indent} "
    if isinstance(value, dict) and any(
        isinstance(v, dict | list) for v in value.values()
    ):
        rows = (
            f"{deeper}{_compact(k)}: {_pretty(v, deeper)}" for k, v in value.items()
        )
        return "{\n" + ",\n".join(rows) + f"\n{indent}}}"
    if isinstance(value, list) and any(isinstance(v, dict | list) for v in value):
        rows = (f"{deeper}{_compact(v)}" for v in value)
        return "[\n" + ",\n".join(rows) + f"\n{indent}]"
    return _compact(value)


def dump(manifest: Mapping[str, object]) -> str:
    """Return the manifest as JSON that shows well in a review: one row a document."""
    return _pretty(dict(manifest), "") + "\n"
