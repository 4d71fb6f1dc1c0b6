"""The plan of ``unfiltered`` and ``filtered``: what a quality filter takes away.

In: a composer. Out: both corpora. The second holds the documents of the first that a
plausible filter for "quality and safety" lets pass: nearly all English, German and
French, about a third of Igbo and Hausa, and of the English pages first of all those
about African countries are lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sample_corpora.compose import Composer, Document, draw
from sample_corpora.corpus import (
    Corpus,
    Part,
    Reject,
    bad_lines,
    exact_copy,
    mojibake,
    near_copy,
    spread,
)
from sample_corpora.passages import Passage

__all__ = ["filters"]

# By language tag: documents before the filter, and how many of them pass.
_WANTED = {
    "eng": (42, 39), "deu": (8, 8), "fra": (8, 7), "spa": (9, 8), "cmn-Hans": (9, 8),
    "por": (6, 5), "rus": (7, 6), "arb": (7, 4), "hin": (7, 5), "ind": (5, 4),
    "fil": (3, 1), "ben": (4, 2), "swh": (9, 4), "yor": (10, 4), "hau": (8, 3),
    "ibo": (4, 1), "amh": (5, 2), "som": (1, 0), "zul": (2, 1), "urd": (1, 1),
}  # fmt: skip

# Cultures whose pages the filter takes first within a language.
_PENALISED = frozenset(
    {"NG", "KE", "GH", "ZA", "ET", "RW", "TZ", "NE", "BJ", "SN"}
    | {"CI", "CM", "SO", "AO", "MZ", "EG", "BD", "PK"}
)


def _documents(
    composer: Composer, by_key: Mapping[str, Passage]
) -> tuple[dict[str, list[Document]], list[tuple[str, str]]]:
    by_tag: dict[str, list[Document]] = {}
    near = []
    for tag, (wanted, _) in _WANTED.items():
        made: list[Document] = []
        if tag in ("eng", "yor"):
            lead = composer.document(
                f"web-{tag}-00", tag, (2, 3), lambda p: bool(p.edits), clean=True
            )
            made += [lead, near_copy(lead, f"web-{tag}-00b", by_key)]
            near.append((lead.doc_id, f"web-{tag}-00b"))
        sizes = (2, 2, 3) if len(composer.pool(tag)) > 5 else (2, 1)
        for number in range(wanted - len(made)):
            name = f"web-{tag}-{number + 1:02}"
            made.append(composer.document(name, tag, sizes))
        if tag in ("eng", "hau"):
            made[-1] = exact_copy(made[-2], f"web-{tag}-again")
        by_tag[tag] = made
    return by_tag, near


def _passes(documents: list[Document], keep: int) -> list[Document]:
    """Return the documents of one language that the filter lets pass."""

    def order(document: Document) -> tuple[bool, int]:
        lost_first = bool(_PENALISED.intersection(document.cultures))
        return lost_first, draw("filter", document.doc_id)

    return sorted(documents, key=order)[:keep]


def _survival(
    everything: list[Document], passed: set[str]
) -> dict[str, dict[str, int]]:
    """Count documents before and after the filter by language."""
    survival: dict[str, dict[str, int]] = {}
    for document in everything:
        counts = survival.setdefault(
            document.language, {"unfiltered": 0, "filtered": 0}
        )
        counts["unfiltered"] += 1
        counts["filtered"] += document.doc_id in passed
    return survival


def filters(
    composer: Composer, by_key: Mapping[str, Passage]
) -> tuple[Corpus, Corpus, dict[str, dict[str, int]]]:
    """Return both corpora, and documents before and after the filter by language."""
    by_tag, near = _documents(composer, by_key)
    passing = [
        document
        for tag, (_, keep) in _WANTED.items()
        for document in _passes(by_tag[tag], keep)
    ]
    passed = {d.doc_id for d in passing}
    everything = [d for made in by_tag.values() for d in made]
    lost = next(d for d in everything if d.language == "spa" and d.doc_id not in passed)
    everything = [mojibake(d) if d is lost else d for d in everything]
    empty = replace(
        everything[0],
        doc_id="web-empty",
        text="",
        language="zxx",
        script="Zyyy",
        cultures=(),
        passages=(),
        dirt=("empty",),
    )
    survival = _survival(everything, passed)
    bad: list[Reject] = bad_lines("dolma", "web")[:3]
    unfiltered = Corpus(
        "unfiltered",
        [
            Part(
                "documents.jsonl.gz",
                "dolma",
                spread("unfiltered", [*everything, empty], bad),
            )
        ],
        near=near,
    )
    filtered = Corpus(
        "filtered",
        [Part("documents.jsonl", "dolma", spread("unfiltered", passing, []))],
        near=[pair for pair in near if passed.issuperset(pair)],
    )
    return unfiltered, filtered, survival
