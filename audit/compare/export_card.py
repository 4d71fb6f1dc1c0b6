"""A dataset card: YAML front matter as the Hugging Face Hub reads it, then Markdown.

In: a profile. Out: the text of a README.md.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import polars as pl

from audit.compare.facts import effective, share_rows, shortfalls, span
from audit.compare.load import Profile
from audit.compare.render import Section, to_markdown
from audit.measures.facets import FACETS

__all__ = ["dataset_card"]

_SIZES = (
    (1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"), (10_000_000, "1M<n<10M"), (100_000_000, "10M<n<100M"),
    (1_000_000_000, "100M<n<1B"), (10_000_000_000, "1B<n<10B"),
    (100_000_000_000, "10B<n<100B"), (1_000_000_000_000, "100B<n<1T"),
)  # fmt: skip
_LISTED = 25

_KINDS = ("monolingual", "multilingual")


def dataset_card(profile: Profile, *, licence: str = "") -> str:
    """Return the card of a corpus.

    Languages are listed in the front matter from a thousandth of the documents on;
    the tables below show every share they can.
    """
    languages = share_rows(profile, "language")
    outside = FACETS["language"].outside
    listed = languages.filter(
        (pl.col("share_documents") >= 0.001) & ~pl.col("key").is_in(list(outside))
    )["key"].to_list()
    sections = [_overview(profile)]
    for facet, title in (
        ("language", "Languages"),
        ("script", "Scripts"),
        ("domain", "Sources"),
        ("platform", "Platforms"),
        ("source_country", "Countries of publication"),
        ("region", "Regions that the text refers to"),
    ):
        sections.append(_shares(profile, facet, title))
    sections.append(_duplicates(profile))
    limits = "What these figures cannot say"
    text = shortfalls(profile)
    sections.append(
        Section(limits, (), ("limit",), [(line,) for line in text]) if text
        else Section(limits, ("Every document has a source, a language and a place.",))
    )  # fmt: skip
    title = " ".join(profile.corpus.split())
    front = _front_matter(profile, sorted(listed), licence)
    return "\n".join(front) + f"\n# {title}\n\n" + to_markdown(sections)


def _front_matter(profile: Profile, listed: Sequence[str], licence: str) -> list[str]:
    """Return YAML lines; every text is written as JSON, which YAML contains."""
    front = [
        "---",
        f"pretty_name: {json.dumps(profile.corpus, ensure_ascii=False)}",
        "language:",
        *(f"- {json.dumps(key)}" for key in listed),
        f"license: {json.dumps(licence or 'unknown', ensure_ascii=False)}",
        *(["multilinguality:", f"- {_KINDS[len(listed) > 1]}"] if listed else []),
        "size_categories:",
        f"- {json.dumps(_size(profile.summary['documents']))}",
        "task_categories:",
        "- text-generation",
        "tags:",
        "- corpus-audit",
        "---",
        "",
    ]
    if not listed:
        front[2:3] = ["language: []"]
    return front


def _size(documents: int) -> str:
    return next((name for limit, name in _SIZES if documents < limit), "n>1T")


def _overview(profile: Profile) -> Section:
    summary = profile.summary
    rows = [
        ("documents", f"{summary['documents']:,}"),
        ("characters", f"{summary['characters']:,}"),
        ("words", f"{summary['words']:,}"),
        ("files", f"{summary['files']:,}"),
        ("dates of documents", span(profile)),
        *(
            (f"effective {FACETS[facet].plural}", _figure(effective(profile, facet)))
            for facet in ("language", "script", "domain", "culture")
        ),
    ]
    text = "Effective numbers are Hill numbers of order 1 with 95 % intervals."
    return Section("Composition", (text,), ("figure", "value>"), rows)


def _figure(found: tuple[float, float | None, float | None]) -> str:
    value, low, high = found
    if low is None or high is None:
        return f"{value:.1f}"
    return f"{value:.1f} ({low:.1f} to {high:.1f})"


def _shares(profile: Profile, facet: str, title: str) -> Section:
    frame = share_rows(profile, _table_facet(facet))
    if facet == "region":
        regions = dict(
            profile.frame("culture").select("culture", "region").unique().iter_rows()
        )
        frame = (
            frame.with_columns(pl.col("key").replace(regions))
            .group_by("key")
            .agg(pl.all().sum())
            .sort(["documents", "key"], descending=[True, False])
        )
    text = (
        () if len(frame) <= _LISTED else (f"The {_LISTED} largest of {len(frame):,}.",)
    )
    if not len(frame):
        return Section(title, ("None found.",))
    header = ("key", "documents>", "share>", "share of characters>")
    return Section(title, text, header, _rows(frame.head(_LISTED)))


def _table_facet(facet: str) -> str:
    return "culture" if facet == "region" else facet


def _rows(frame: pl.DataFrame) -> Sequence[tuple[str, ...]]:
    return [
        (
            row["key"] or "(none)",
            f"{row['documents']:,}",
            f"{100 * row['share_documents']:.2f} %",
            f"{100 * row['share_characters']:.2f} %",
        )
        for row in frame.iter_rows(named=True)
    ]


def _duplicates(profile: Profile) -> Section:
    summary = profile.summary
    documents = max(summary["documents"], 1)
    note = profile.metadata.get("duplicates", "")
    rows = [
        (name, f"{count:,}", f"{100 * count / documents:.2f} %")
        for name, count in (
            ("exact copies", summary["exact_duplicate_documents"]),
            ("near copies", summary["near_duplicate_documents"]),
        )
    ]
    header = ("kind", "documents>", "share>")
    return Section("Duplicates", (note,) if note else (), header, rows)
