"""The plan of ``vendor_a`` and ``vendor_b``: two corpora that are partly one corpus.

In: a composer. Out: both corpora, in different layouts and languages alike, with exact
copies, edited copies and shortened copies of each other's documents.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sample_corpora.compose import Composer, Document, draw
from sample_corpora.corpus import Corpus, Part, bad_lines, exact_copy, near_copy, spread
from sample_corpora.passages import Chat, Passage

__all__ = ["Pair", "vendors"]

Pair = tuple[str, str]

# Documents by language tag: in both exactly, edited, shortened, only in a, only in b.
_WANTED = {
    "eng": (8, 6, 2, 13, 11),
    "spa": (4, 2, 1, 4, 3),
    "deu": (4, 1, 1, 5, 3),
    "fra": (2, 1, 0, 3, 3),
    "jpn": (3, 2, 0, 3, 3),
    "cmn-Hans": (3, 0, 0, 3, 4),
    "cmn-Hant": (0, 1, 0, 1, 1),
    "tha": (1, 1, 0, 1, 1),
    "kor": (1, 1, 0, 1, 2),
    "por": (1, 0, 0, 2, 3),
    "ita": (0, 0, 0, 2, 1),
    "pol": (0, 0, 0, 1, 1),
}
_SIZES = (2, 2, 3, 3, 5)


def _id(name: str) -> str:
    """Return the id that vendor_b gives to a document."""
    return f"{draw('vendor_b', name):016x}"


def _to_b(document: Document) -> str | None:
    """Return the URL under which vendor_b met the same page."""
    url = document.url or ""
    variants = (url, url.replace("https://", "http://"), f"{url}?utm_source=feed")
    return variants[draw("variant", document.doc_id) % 3]


class _Plan:
    """Documents of both vendors while they are dealt."""

    def __init__(self, composer: Composer, by_key: Mapping[str, Passage]) -> None:
        self.composer, self.by_key = composer, by_key
        self.a: list[Document] = []
        self.b: list[Document] = []
        self.exact: list[Pair] = []
        self.near: list[Pair] = []
        self.related: list[Pair] = []

    def deal(self, tag: str, counts: Sequence[int]) -> None:
        """Compose and deal the documents of one language."""
        exact, near, shortened, only_a, only_b = counts
        for n in range(exact):
            made = self.composer.document(f"a-{tag}-x{n}", tag, _SIZES)
            self._both(made, exact_copy(made, _id(made.doc_id), _to_b(made)))
            self.exact.append((made.doc_id, _id(made.doc_id)))
        for n in range(near):
            name = f"a-{tag}-n{n}"
            made = self.composer.document(
                name, tag, (3,), lambda p: bool(p.edits), clean=True
            )
            self._both(made, near_copy(made, _id(name), self.by_key))
            self.near.append((name, _id(name)))
        for n in range(shortened):
            name = f"a-{tag}-r{n}"
            made = self.composer.document(name, tag, (3,), clean=True)
            self._both(made, _shortened(made, _id(name), self.by_key))
            self.related.append((name, _id(name)))
        for n in range(only_a):
            self.a.append(self.composer.document(f"a-{tag}-{n}", tag, _SIZES))
        for n in range(only_b):
            made = self.composer.document(f"b-{tag}-{n}", tag, _SIZES)
            self.b.append(made.soiled(doc_id=_id(made.doc_id)))

    def _both(self, a: Document, b: Document) -> None:
        self.a.append(a)
        self.b.append(b.soiled(url=_to_b(a)))


def _shortened(
    document: Document, doc_id: str, by_key: Mapping[str, Passage]
) -> Document:
    """Return the document without its last passage: an excerpt, not a near copy."""
    kept = [by_key[key] for key in document.passages[:-1]]
    return document.soiled(
        "excerpt",
        doc_id=doc_id,
        text="\n\n".join(p.text for p in kept),
        passages=document.passages[:-1],
        cultures=tuple(sorted({c for p in kept for c in p.cultures})),
    )


def _chats(chats: Sequence[Chat], prefix: str) -> list[Document]:
    return [
        Document(
            doc_id=f"{prefix}-{number}",
            text=f"{chat.user}\n{chat.assistant}",
            language=chat.tag.split("-")[0],
            script={"cmn-Hans": "Hans", "jpn": "Jpan"}.get(chat.tag, "Latn"),
            cultures=(),
            url=None,
            domain="",
            date="2025-05-05",
            dirt=("chat",),
        )
        for number, chat in enumerate(chats, start=1)
    ]


def vendors(
    composer: Composer, by_key: Mapping[str, Passage], chats: Sequence[Chat]
) -> tuple[Corpus, Corpus, dict[str, list[Pair]]]:
    """Return both corpora, and the pairs of ids (a, b) between them by kind."""
    plan = _Plan(composer, by_key)
    for tag, counts in _WANTED.items():
        plan.deal(tag, counts)
    half = len(chats) // 2
    # Every second chat to each, so that both have several languages.
    talk_a = _chats(chats[::2][:half], "a-chat")
    talk_b = _chats(chats[1::2][:half], "b-task")
    bad = bad_lines("plain", "a")[:1]
    vendor_a = Corpus(
        "vendor_a",
        [
            Part("chat.jsonl", "messages", list(talk_a)),
            Part("pages.jsonl", "plain", spread("vendor_a", plan.a, bad)),
        ],
    )
    vendor_b = Corpus(
        "vendor_b",
        [
            Part("articles.jsonl", "content", spread("vendor_b", plan.b, [])),
            Part("instructions.jsonl", "alpaca", list(talk_b)),
        ],
    )
    pairs = {"exact": plan.exact, "near": plan.near, "related": plan.related}
    return vendor_a, vendor_b, pairs
