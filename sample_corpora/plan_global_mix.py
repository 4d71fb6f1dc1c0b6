"""The plan of ``global_mix``: many languages, scripts, sites and cultures.

In: a composer. Out: the corpus in four formats (JSON Lines, Parquet, CSV, WET), with
the dirt of a crawl: bad lines, an empty page, a doubled id, mojibake, broken URLs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sample_corpora.compose import Composer, Document, draw
from sample_corpora.corpus import (
    Corpus,
    Part,
    bad_lines,
    exact_copy,
    mojibake,
    near_copy,
    spread,
)
from sample_corpora.passages import Passage

__all__ = ["global_mix"]

# Documents by language tag.
_WANTED = {
    "eng": 18, "cmn-Hans": 8, "cmn-Hant": 6, "jpn": 7, "kor": 6, "spa": 9, "fra": 7,
    "deu": 6, "por": 6, "ita": 4, "rus": 7, "ukr": 4, "pol": 4, "nld": 4, "tur": 4,
    "arb": 7, "pes": 4, "urd": 3, "heb": 3, "ell": 4, "kat": 3, "hye": 3, "hin": 6,
    "mar": 3, "npi": 3, "ben": 4, "tam": 4, "tel": 3, "sin": 3, "pan": 2, "guj": 2,
    "mal": 2, "kan": 2, "tha": 4, "lao": 2, "khm": 3, "mya": 3, "vie": 4, "ind": 5,
    "fil": 4, "swh": 6, "hau": 5, "yor": 5, "ibo": 3, "zul": 3, "som": 3, "kin": 3,
    "amh": 4, "afr": 3, "swe": 3, "fin": 3, "hun": 3, "ces": 3, "ron": 3, "bul": 3,
    "srp": 3, "kaz": 3, "khk": 2, "eus": 2, "cat": 3, "isl": 2, "cym": 2, "quz": 2,
    "gug": 2, "zxx": 3,
}  # fmt: skip

# Languages of which one document has an edited copy, and those with an exact one.
_NEAR = ("eng", "cmn-Hant", "tha", "arb", "swh", "spa")
_EXACT = ("eng", "hin", "rus", "yor")
_SHARES = (("part-0.jsonl", 0.4), ("part-1.parquet", 0.75), ("part-2.csv", 0.88))
_LONG = {
    "eng": (9, 12, 16), "cmn-Hans": (14, 24), "spa": (7, 10), "jpn": (8,), "fra": (8,),
    "deu": (8,), "rus": (7,), "por": (7,), "arb": (6,), "hin": (6,), "swh": (6,),
    "hau": (5,), "yor": (5,),
}  # fmt: skip


def _sizes(composer: Composer, tag: str) -> tuple[int, ...]:
    """Few passages stand alone; many can be told apart in twos and threes."""
    count = len(composer.pool(tag))
    if count <= 3:
        return (1,)
    return (1, 2) if count <= 5 else (1, 2, 2, 3)


def _documents(
    composer: Composer, by_key: Mapping[str, Passage]
) -> tuple[list[Document], list[tuple[str, str]]]:
    documents: list[Document] = []
    near: list[tuple[str, str]] = []
    for tag, wanted in _WANTED.items():
        made: list[Document] = []
        if tag in _NEAR:
            lead = composer.document(
                f"gm-{tag}-00", tag, (3,), lambda p: bool(p.edits), clean=True
            )
            copy = near_copy(lead, f"gm-{tag}-00b", by_key)
            made += [lead, copy]
            near.append((lead.doc_id, copy.doc_id))
        made += [
            composer.document(f"gm-{tag}-l{size}", tag, (size,))
            for size in _LONG.get(tag, ())
        ]
        for number in range(wanted - len(made)):
            name = f"gm-{tag}-{number + 1:02}"
            made.append(composer.document(name, tag, _sizes(composer, tag)))
        if tag in _EXACT:
            made.append(exact_copy(made[-1], f"gm-{tag}-mirror"))
        documents += made
    for passage in composer.unused():
        # Nothing is written in vain: what no plan has drawn is a page of its own.
        made_last = composer.from_passages(
            f"gm-{passage.key.replace(':', '-')}", [passage]
        )
        documents += [made_last] if made_last else []
    return documents, near


def _soil(document: Document) -> Document:
    """Give one document in nine the URL troubles that exports have."""
    trouble = draw("url", document.doc_id) % 27
    url = document.url or ""
    if trouble == 0:
        return document.soiled("missing_url", url=None, domain="")
    if trouble == 1:
        bare = url.removeprefix("https://").removeprefix("http://")
        return document.soiled("url_without_scheme", url=bare)
    if trouble == 2:
        return document.soiled("broken_url", url="https://", domain="")
    return document


def _cut(documents: list[Document]) -> list[list[Document]]:
    """Deal the documents to the four files by a hash of their ids."""
    dealt: list[list[Document]] = [[] for _ in range(len(_SHARES) + 1)]
    for document in documents:
        share = draw("part", document.doc_id) % 1000 / 1000
        place = sum(share >= bound for _, bound in _SHARES)
        dealt[place].append(document)
    return dealt


def _urn(document: Document) -> Document:
    """Give a document of the WET file the id that a record has there."""
    digits = f"{draw('urn', document.doc_id):016x}{draw('urn2', document.doc_id):016x}"
    urn = (
        f"urn:uuid:{digits[:8]}-{digits[8:12]}-4{digits[13:16]}"
        f"-8{digits[17:20]}-{digits[20:32]}"
    )
    return replace(document, doc_id=urn)


def global_mix(composer: Composer, by_key: Mapping[str, Passage]) -> Corpus:
    """Return the corpus."""
    documents, near = _documents(composer, by_key)
    spoiled = {"gm-fra-02", "gm-por-01"}
    documents = [mojibake(d) if d.doc_id in spoiled else d for d in documents]
    first, second, third, fourth = _cut(documents)
    renamed = {d.doc_id: _urn(d).doc_id for d in fourth}
    first = [_soil(d) for d in first]
    # Two different documents under one id, as merged exports have them.
    plain = [n for n, d in enumerate(first) if not d.dirt]
    twin, other = plain[3], plain[-4]
    renamed[first[other].doc_id] = first[twin].doc_id
    first[other] = first[other].soiled("duplicate_id", doc_id=first[twin].doc_id)
    first[twin] = first[twin].soiled("duplicate_id")
    empty = first[twin].soiled(
        "empty",
        doc_id="gm-empty",
        text="",
        language="zxx",
        script="Zyyy",
        cultures=(),
        passages=(),
    )
    empty = replace(empty, dirt=("empty",))
    parts = [
        Part(
            "part-0.jsonl",
            "plain",
            spread("gm-0", [*first, empty], bad_lines("plain", "gm")),
        ),
        Part("part-1.parquet", "fineweb", spread("gm-1", second, [])),
        Part("part-2.csv", "table", spread("gm-2", third, [])),
        Part(
            "part-3.warc.wet.gz", "wet", spread("gm-3", [_urn(d) for d in fourth], [])
        ),
    ]
    pairs = [(renamed.get(a, a), renamed.get(b, b)) for a, b in near]
    return Corpus("global_mix", parts, near=pairs)
