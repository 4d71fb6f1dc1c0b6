"""Documents out of passages: who goes with whom, on which site, with which dirt.

In: passages and sites. Out: `Document` records. Every choice is a hash of a name, never
a random draw, so that the same passages give the same documents on every machine. A new
document is refused while it is too similar to any other document of its language.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from sample_corpora.passages import Passage, Site
from sample_corpora.similarity import jaccard, shingles

__all__ = ["Composer", "Document", "draw", "site_url"]

# Below the 0.5 that is promised, so that page furniture added later cannot reach it.
_TOO_SIMILAR = 0.45
_ATTEMPTS = 600


@dataclass(frozen=True)
class Document:
    """One document and the truth about it.

    Attributes:
        doc_id: Identifier within its corpus, as the file has it.
        text: The text, as the file has it.
        language: ISO 639-3 code; ``zxx`` for code, tables and empty texts.
        script: ISO 15924 code.
        cultures: Planted cultures, ISO 3166-1 alpha-2, ascending.
        url: URL as the file has it; None where there is none.
        domain: Registered domain of the URL; empty where there is none.
        date: ISO 8601 day.
        passages: Keys of its passages, in order.
        dirt: What was done to it (``navigation``, ``mojibake`` ...).
    """

    doc_id: str
    text: str
    language: str
    script: str
    cultures: tuple[str, ...]
    url: str | None
    domain: str
    date: str
    passages: tuple[str, ...] = ()
    dirt: tuple[str, ...] = field(default=())

    def soiled(self, *dirt: str, **changes: object) -> Document:
        """Return a copy with changed fields and named dirt."""
        return replace(self, dirt=(*self.dirt, *dirt), **changes)  # type: ignore[arg-type]


def draw(*names: object) -> int:
    """Return a 63-bit number that depends on the names only."""
    data = "\x1f".join(map(str, names)).encode()
    digest = hashlib.blake2b(data, digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


def _slug(text: str, name: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    words = re.findall(r"[a-z0-9]+", plain.lower())
    latin = len(plain) > 0.8 * len(text)
    return "-".join(words[:6]) if latin and words else _token(name)


def _token(name: str) -> str:
    alphabet = "abcdefghijkmnpqrstuvwxyz23456789"
    number, out = draw("token", name), ""
    while len(out) < 11:
        number, rest = divmod(number, len(alphabet))
        out += alphabet[rest]
    return out


def site_url(site: Site, text: str, name: str) -> str:
    """Return a URL on a site for a text; ``name`` makes it unique."""
    return site.url.format(
        slug=_slug(text, name),
        token=_token(name),
        number=1_000_000 + draw("number", name) % 8_999_999,
        year=2019 + draw("year", name) % 7,
    )


class Composer:
    """Makes documents that are unlike all that it has made before.

    Args:
        passages: All passages.
        sites: All sites.
        furniture: Page lines by (tag, kind).
    """

    def __init__(
        self,
        passages: Sequence[Passage],
        sites: Sequence[Site],
        furniture: dict[tuple[str, str], str],
    ) -> None:
        self._pools: dict[str, list[Passage]] = defaultdict(list)
        for passage in passages:
            self._pools[passage.tag].append(passage)
        self._sites: dict[str, list[Site]] = defaultdict(list)
        for site in sites:
            self._sites[site.tag].append(site)
        self._furniture = furniture
        self._used: Counter[str] = Counter()
        self._made: dict[str, list[frozenset[tuple[str, ...]]]] = defaultdict(list)

    def pool(self, tag: str) -> list[Passage]:
        """Return the passages of a language tag, in file order."""
        return self._pools[tag]

    def unused(self) -> list[Passage]:
        """Return the passages that stand in no document yet."""
        pools = self._pools.values()
        return [p for pool in pools for p in pool if not self._used[p.key]]

    def document(
        self,
        name: str,
        tag: str,
        sizes: Sequence[int] = (1, 2, 2, 3),
        keep: Callable[[Passage], bool] = lambda _: True,
        clean: bool = False,
    ) -> Document:
        """Compose one document of a language.

        Args:
            name: Its id; decides every choice.
            tag: Language tag.
            sizes: Numbers of passages to choose from.
            keep: Which passages may lead.
            clean: Without page furniture and broken lines.

        Raises:
            ValueError: The passages of the language are used up.
        """
        pool = self._pools[tag]
        leads = [p for p in pool if keep(p) and not p.topic.startswith("answer")]
        leads = leads or [p for p in pool if keep(p)]
        for attempt in range(_ATTEMPTS):
            # First as wished, then of any size, then of any theme.
            wished = sizes if 3 * attempt < _ATTEMPTS else (1, 2, 3, 4)
            themed = 3 * attempt < 2 * _ATTEMPTS
            size = wished[draw("size", name, attempt) % len(wished)]
            lead = self._lead(leads, f"{name}/{attempt}", fair=6 * attempt < _ATTEMPTS)
            chosen = self._with_others(lead, pool, size, f"{name}/{attempt}", themed)
            made = self.from_passages(name, chosen, clean=clean)
            if made is not None:
                return made
        raise ValueError(
            f"no combination of passages of {tag} is left that is unlike the documents "
            f"made so far, for {name}: write more passages, or ask for fewer documents"
        )

    def from_passages(
        self,
        name: str,
        chosen: Sequence[Passage],
        clean: bool = True,
        title: str = "",
    ) -> Document | None:
        """Make a document of given passages, or None where it is too similar."""
        lead = chosen[0]
        text, dirt = self._page(name, chosen, clean)
        text = f"{title}\n{text}" if title else text
        known = shingles(text)
        if any(jaccard(known, other) >= _TOO_SIMILAR for other in self._made[lead.tag]):
            return None
        self._made[lead.tag].append(known)
        self._used.update(p.key for p in chosen)
        site = self._site(name, chosen)
        return Document(
            doc_id=name,
            text=text,
            language=lead.language,
            script=lead.script,
            cultures=tuple(sorted({c for p in chosen for c in p.cultures})),
            url=site_url(site, lead.text, name),
            domain=site.domain,
            date=_date(name),
            passages=tuple(p.key for p in chosen),
            dirt=dirt,
        )

    def _lead(self, leads: list[Passage], name: str, fair: bool) -> Passage:
        """Choose the first passage: of those used least, or of all."""
        if not fair:
            return leads[draw(name) % len(leads)]
        return min(leads, key=lambda p: (self._used[p.key] // 2, draw(name, p.key)))

    def _with_others(
        self, lead: Passage, pool: list[Passage], size: int, name: str, themed: bool
    ) -> list[Passage]:
        """Add passages of one theme: the lead's topic, or the lead's culture."""

        def fits(passage: Passage) -> bool:
            if not themed:
                return True
            if by_topic and passage.topic != lead.topic:
                return False
            if not lead.cultures:
                return not passage.cultures
            return by_topic or bool(set(passage.cultures) & set(lead.cultures))

        chosen = [lead]
        after = pool.index(lead) + 1
        if lead.topic == "forum" and after < len(pool):
            # A thread goes on with the answer written for it.
            chosen += [pool[after]] if pool[after].topic == "answer" else []
        by_topic = bool(draw("theme", name) % 2)
        others = [p for p in pool if p not in chosen and p.topic != "answer"]
        # Where too few fit, a page about no culture stays about none.
        strays = bool(lead.cultures)
        others.sort(
            key=lambda p: (
                not fits(p),
                bool(p.cultures) and not strays,
                draw(name, p.key),
            )
        )
        return (chosen + others)[: max(size, len(chosen))]

    def _site(self, name: str, chosen: Sequence[Passage]) -> Site:
        sites = self._sites[chosen[0].tag]
        culture = chosen[0].cultures[0] if chosen[0].cultures else "-"
        fitting = [s for s in sites if s.culture == culture] or [
            s for s in sites if s.culture == "-"
        ]
        return sorted(fitting or sites, key=lambda s: draw("site", name, s.url))[0]

    def _page(
        self, name: str, chosen: Sequence[Passage], clean: bool
    ) -> tuple[str, tuple[str, ...]]:
        text = "\n\n".join(p.text for p in chosen)
        chance = draw("page", name) % 100
        if clean or chosen[0].language == "zxx" or len(chosen) < 2:
            return text, ()
        tag = chosen[0].tag
        nav, cookie, tail = (
            self._furniture.get((tag, kind)) for kind in ("nav", "cookie", "tail")
        )
        if chance < 14:
            return (f"{nav}\n\n{text}", ("navigation",)) if nav else (text, ())
        if chance < 26:
            return (f"{text}\n\n{cookie}", ("cookie_notice",)) if cookie else (text, ())
        if chance < 34:
            return (f"{text}\n{tail}", ("page_tail",)) if tail else (text, ())
        if chance < 44:
            return _broken_lines(text), ("broken_lines",)
        return text, ()


def _date(name: str) -> str:
    month, day = draw("month", name) % 12 + 1, draw("day", name) % 28 + 1
    return f"{2019 + draw('year', name) % 7}-{month:02}-{day:02}"


def _broken_lines(text: str) -> str:
    """Break lines where a narrow page did: between words, or at 30 characters."""
    lines = []
    for paragraph in text.split("\n"):
        if " " in paragraph:
            lines.append(re.sub(r"(.{50,70}?) ", "\\1\n", paragraph))
        else:
            lines.append(re.sub(r"(.{30})(?=.)", "\\1\n", paragraph))
    return "\n".join(lines)
