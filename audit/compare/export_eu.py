"""The public summary of training content that Article 53(1)(d) of the EU AI Act asks.

In: a profile, and answers that only the provider can give. Out: the fields of the
Commission's template (C(2025) 8311, first published in July 2025) in its order: what
a profile knows is filled in, the rest is marked. The list of domains holds the top 10 %
by size of content, or for small and medium providers the top 5 % or 1000, whichever is
fewer.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

import polars as pl

from audit.compare.facts import share_rows, shortfalls, span
from audit.compare.load import Profile
from audit.compare.render import Section, to_markdown
from audit.errors import ConfigError
from audit.measures.concentration import top_keys
from audit.measures.facets import FACETS

__all__ = ["FIELDS", "OPEN", "eu_markdown", "eu_summary"]

OPEN = "To be completed by the provider."

# Field name -> section of the template and its heading.
FIELDS: dict[str, tuple[str, str]] = {
    "provider": ("1.1", "Provider name and contact"),
    "representative": ("1.1", "Authorised representative"),
    "model": ("1.2", "Versioned model name"),
    "dependencies": ("1.2", "Model dependencies"),
    "placed_on_market": ("1.2", "Date of placement on the Union market"),
    "modality": ("1.3", "Modality"),
    "size": ("1.3", "Training data size"),
    "content_types": ("1.3", "Types of content"),
    "latest_date": ("1.3", "Latest date of data acquisition"),
    "languages": ("1.3", "Linguistic characteristics"),
    "other_characteristics": ("1.3", "Other relevant characteristics"),
    "public_datasets": ("2.1", "Publicly available datasets"),
    "licensed_datasets": ("2.2", "Datasets licensed by rightsholders"),
    "private_datasets": ("2.2", "Other private datasets of third parties"),
    "crawlers": ("2.3", "Crawlers used, their purpose and behaviour"),
    "crawl_period": ("2.3", "Period of data collection"),
    "crawled_content": ("2.3", "Content and online sources crawled"),
    "domains": ("2.3", "Most relevant domain names"),
    "user_data": ("2.4", "User data"),
    "synthetic_data": ("2.5", "Synthetic data"),
    "other_sources": ("2.6", "Other sources of data"),
    "opt_outs": ("3.1", "Respect of reservations of rights from text and data mining"),
    "illegal_content": ("3.2", "Removal of illegal content"),
    "other_processing": ("3.3", "Other information"),
}
_HEADINGS = {
    "1.1": "1.1 Provider identification",
    "1.2": "1.2 Model identification",
    "1.3": "1.3 Modalities, size and other characteristics of the training data",
    "2.1": "2.1 Publicly available datasets",
    "2.2": "2.2 Private datasets obtained from third parties",
    "2.3": "2.3 Data crawled and scraped from online sources",
    "2.4": "2.4 User data",
    "2.5": "2.5 Synthetic data",
    "2.6": "2.6 Other sources",
    "3.1": "3.1 Rights reservations",
    "3.2": "3.2 Illegal content",
    "3.3": "3.3 Other information",
}
# UTF-8 bytes to a token of a usual tokenizer: for a choice between three wide ranges.
_BYTES_PER_TOKEN = 4


def eu_summary(
    profile: Profile,
    *,
    small_provider: bool = False,
    answers: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return the fields of the template.

    Args:
        profile: The corpus that a model is trained on.
        small_provider: The provider is an SME.
        answers: Texts by field name; they win over what the profile says.

    Returns:
        ``fields`` (name, section, title, text, source: profile, provider or open),
        ``languages`` (key and shares), ``domains`` (rank, domain, bytes, documents)
        and ``rule`` (how the domains were chosen).

    Raises:
        ConfigError: An answer to an unknown field.
    """
    given = {key: value for key, value in (answers or {}).items() if value}
    for key in given:
        if key not in FIELDS:
            near = get_close_matches(key, FIELDS, n=1, cutoff=0.4)
            raise ConfigError(
                "an answer belongs to a field of the template",
                value=key,
                where="--answers",
                next_step=f"Did you mean {near[0]!r}?"
                if near
                else f"Fields are: {', '.join(FIELDS)}.",
            )
    domains, rule = _domains(profile, small_provider)
    known = _known(profile, rule)
    fields = []
    for name, (section, title) in FIELDS.items():
        source = "provider" if name in given else "profile" if name in known else "open"
        text = given.get(name) or known.get(name) or OPEN
        fields.append(
            {"name": name, "section": section, "title": title, "text": text,
             "source": source}
        )  # fmt: skip
    languages = share_rows(profile, "language").with_columns(
        pl.col("share_documents", "share_characters").round(6)
    )
    return {
        "corpus": profile.corpus,
        "fields": fields,
        "languages": languages.to_dicts(),
        "domains": domains.with_row_index("rank", offset=1).to_dicts(),
        "rule": rule,
    }


def _domains(profile: Profile, small_provider: bool) -> tuple[pl.DataFrame, str]:
    """Return the domains to list, by size of content, and the rule in words."""
    rows = (
        profile.frame("source")
        .filter(pl.col("domain").fill_null("") != "")
        .group_by("domain")
        .agg(pl.col("bytes", "documents").sum())
        .sort(["bytes", "domain"], descending=[True, False])
    )
    if small_provider:
        count = min(top_keys(len(rows), 0.05), 1000)
        words = "top 5 % or 1000, whichever is fewer (small and medium providers)"
    else:
        count = top_keys(len(rows), 0.1)
        words = "top 10 %"
    share = int(rows.head(count)["bytes"].sum()) / max(int(rows["bytes"].sum()), 1)
    return rows.head(count), (
        f"{count:,} of {len(rows):,} registered domains: {words} by size of content in "
        f"bytes; they hold {100 * share:.1f} % of the content with a known domain."
    )


def _known(profile: Profile, rule: str) -> dict[str, str]:
    """Return what the profile can say, by field name."""
    summary = profile.summary
    languages = share_rows(profile, "language")
    count, scripts = (
        share_rows(profile, facet)
        .filter(~pl.col("key").is_in(list(FACETS[facet].outside)))
        .height
        for facet in ("language", "script")
    )
    head = ", ".join(
        f"{row['key'] or 'unknown'} {100 * row['share_characters']:.1f} %"
        for row in languages.head(20).iter_rows(named=True)
    )
    categories = share_rows(profile, "category").filter(pl.col("key") != "")
    kinds = ", ".join(
        f"{row['key']} {100 * row['share_characters']:.1f} %"
        for row in categories.head(10).iter_rows(named=True)
    )
    found = {
        "modality": "Text.",
        "size": _size(summary),
        "content_types": f"By category of source, of all characters: {kinds}."
        if kinds else "",
        "latest_date": f"Latest date in the documents: {summary['last_date']}."
        if summary["last_date"] else "",
        "languages": f"{count:,} languages in {scripts:,} scripts; by "
        f"share of characters: {head}.",
        "other_characteristics": " ".join(shortfalls(profile)),
        "crawl_period": f"Dates of the documents: {span(profile)}."
        if summary["last_date"] else "",
        "domains": rule,
        "other_processing": f"Exact copies: {summary['exact_duplicate_documents']:,} "
        f"documents; near copies: {summary['near_duplicate_documents']:,} documents.",
    }  # fmt: skip
    return {key: text for key, text in found.items() if text}


def _size(summary: Mapping[str, Any]) -> str:
    tokens = summary["bytes"] / _BYTES_PER_TOKEN
    ranges = (
        (1e9, "Less than 1 billion tokens"),
        (1e13, "1 billion to 10 trillion tokens"),
        (math.inf, "More than 10 trillion tokens"),
    )
    chosen = next(name for limit, name in ranges if tokens < limit)
    return (
        f"{chosen} (estimated as {_BYTES_PER_TOKEN} bytes to a token from "
        f"{summary['bytes']:,} bytes, {summary['words']:,} words, "
        f"{summary['documents']:,} documents)."
    )


def eu_markdown(summary: Mapping[str, Any]) -> str:
    """Return the summary as Markdown in the template's order."""
    sections = [
        Section(
            f"Public summary of training content: {summary['corpus']}",
            (
                "Regulation (EU) 2024/1689, Article 53(1)(d). Fields that a profile of "
                "the corpus cannot know are marked.",
            ),
        )
    ]
    for number, heading in _HEADINGS.items():
        rows = [
            (f["title"], f["text"]) for f in summary["fields"] if f["section"] == number
        ]
        sections.append(Section(heading, (), ("field", "content"), rows))
    sections.append(
        Section(
            "Annex: domain names",
            (summary["rule"],),
            ("rank>", "domain", "bytes>", "documents>"),
            [
                (str(d["rank"]), d["domain"], f"{d['bytes']:,}", f"{d['documents']:,}")
                for d in summary["domains"]
            ],
        )
    )
    return to_markdown(sections)
