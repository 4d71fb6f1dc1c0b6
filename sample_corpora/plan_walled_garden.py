"""The plan of ``walled_garden``: one language, three platforms, one culture.

In: passages. Out: the corpus: short posts of weibo.com, threads of zhihu.com, entries
of baike.baidu.com, with reposts, edited reposts, and a handful of pages in English.
"""

from __future__ import annotations

from itertools import combinations
from urllib.parse import quote

from sample_corpora.compose import Composer, Document, draw
from sample_corpora.corpus import (
    Corpus,
    Part,
    bad_lines,
    exact_copy,
    near_copy,
    spread,
)
from sample_corpora.passages import Passage

__all__ = ["walled_garden"]

_THREADS = {"food": 9, "travel": 8, "festival": 8, "study": 5, "history": 5}
_COMPENDIA = (
    ("元宵节", "端午节", "中秋节"),
    ("景德镇", "苏绣", "敦煌莫高窟"),
    ("越剧", "黄梅戏", "那达慕"),
    ("都江堰", "赵州桥", "黄山"),
)
_REPOSTS, _EDITED = 4, 5


def _number(name: str) -> int:
    return 100_000_000 + draw("platform", name) % 899_999_999


def _on(document: Document | None, url: str, domain: str) -> Document:
    if document is None:
        raise ValueError(f"passages of {url} are too similar to earlier ones")
    return document.soiled(url=url, domain=domain)


def _posts(composer: Composer, passages: list[Passage]) -> list[Document]:
    posts = []
    for number, passage in enumerate(p for p in passages if p.topic == "weibo"):
        name = f"wb-{number + 1:03}"
        url = f"https://weibo.com/{_number(name)}/N{draw(name) % 36**8:x}"
        posts.append(_on(composer.from_passages(name, [passage]), url, "weibo.com"))
    return posts


def _threads(composer: Composer, passages: list[Passage]) -> list[Document]:
    threads = []
    for group, wanted in _THREADS.items():
        questions = [p for p in passages if p.topic == f"question/{group}"]
        answers = [p for p in passages if p.topic == f"answer/{group}"]
        pairs = sorted(
            combinations(answers, 2), key=lambda pair: draw(*(p.key for p in pair))
        )
        chosen = [list(pair) for pair in pairs[:wanted]]
        # A long thread holds every answer; of four of them a pair would be half.
        chosen += [answers] if len(answers) > 4 else []
        for number, replies in enumerate(chosen, start=1):
            question = questions[number % len(questions)]
            name = f"zh-{group}-{number:02}"
            made = composer.from_passages(name, [question, *replies])
            url = (
                f"https://www.zhihu.com/question/{_number(question.key)}"
                f"/answer/{_number(name)}"
            )
            threads.append(_on(made, url, "zhihu.com"))
    return threads


def _entries(composer: Composer, passages: list[Passage]) -> list[Document]:
    entries: dict[str, list[Passage]] = {}
    for passage in passages:
        kind, _, title = passage.topic.partition("/")
        if kind == "baike":
            entries.setdefault(title, []).append(passage)
    titled = list(entries.items())
    # The first paragraph of each entry: a page that lists what belongs together.
    titled += [("、".join(t), [entries[title][0] for title in t]) for t in _COMPENDIA]
    documents = []
    for number, (title, chosen) in enumerate(titled, start=1):
        name = f"bk-{number:03}"
        made = composer.from_passages(name, chosen, title=title)
        url = f"https://baike.baidu.com/item/{quote(title)}/{_number(name) % 10**7}"
        documents.append(_on(made, url, "baidu.com"))
    return documents


def _foreign(composer: Composer) -> list[Document]:
    """Return what is not Chinese within the walls: English about no culture, code."""
    english = [
        composer.document(
            f"zh-en-{n}", "eng", (2,), lambda p: not p.cultures, clean=True
        ).soiled(
            url=f"https://zhuanlan.zhihu.com/p/{_number(f'en{n}')}", domain="zhihu.com"
        )
        for n in range(1, 5)
    ]
    code = composer.document("zh-code-1", "zxx", (1,)).soiled(
        url=f"https://zhuanlan.zhihu.com/p/{_number('code')}", domain="zhihu.com"
    )
    return [*english, code]


def walled_garden(composer: Composer, passages: list[Passage]) -> Corpus:
    """Return the corpus; ``passages`` are those in Simplified Chinese."""
    by_key = {p.key: p for p in passages}
    posts = _posts(composer, passages)
    threads = _threads(composer, passages)
    documents = [*posts, *threads, *_entries(composer, passages)]
    longest = sorted(posts, key=lambda d: -len(d.text))[:_REPOSTS]
    reposts = [
        exact_copy(d, f"{d.doc_id}-re", f"https://weibo.com/{_number(d.doc_id)}/Oq7")
        for d in [*longest, longest[0]]
    ]
    reposts[-1] = exact_copy(longest[0], "wb-re2", "https://weibo.com/2803301701/Op2")
    edited = [t for t in threads if any(by_key[k].edits for k in t.passages)]
    copies = [near_copy(t, f"{t.doc_id}-b", by_key) for t in edited[::3][:_EDITED]]
    foreign = _foreign(composer)
    empty = posts[0].soiled(
        "empty",
        doc_id="wb-empty",
        text="",
        language="zxx",
        script="Zyyy",
        cultures=(),
        passages=(),
    )
    everything = spread(
        "walled_garden", [*documents, *reposts, *copies, *foreign, empty], []
    )
    half = len(everything) // 2
    first, second = everything[:half], everything[half:]
    bad = bad_lines("plain", "wg")
    first.insert(17, bad[0])
    second.insert(23, bad[1])
    return Corpus(
        "walled_garden",
        [
            Part("part-0.jsonl", "plain", first),
            Part("part-1.jsonl.gz", "plain", second),
        ],
        near=[(c.doc_id.removesuffix("-b"), c.doc_id) for c in copies],
    )
