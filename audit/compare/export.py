"""A profile in the formats that others ask for.

In: one profile. Out: the text of a dataset card, of Croissant metadata, or of the EU's
public summary of training content. What a profile cannot know (licences, who collected
the text and why) is marked to be filled in, never invented.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from audit.compare.export_card import dataset_card
from audit.compare.export_croissant import croissant
from audit.compare.export_eu import eu_markdown, eu_summary
from audit.compare.load import Profile
from audit.errors import ConfigError

__all__ = ["FORMATS", "ExportOptions", "export_profile"]

FORMATS = ("card", "croissant", "eu-summary", "eu-summary-json")


@dataclass(frozen=True)
class ExportOptions:
    """What the caller knows and the profile does not.

    Attributes:
        small_provider: The provider is an SME: the EU summary lists the top 5 % of
            domains or 1000, whichever is fewer, instead of the top 10 %.
        licence: SPDX identifier or URL of the corpus.
        url: Where the corpus is described.
        date_published: ISO 8601 day.
        answers: Texts for the fields that only the provider can fill, by field name
            (`audit.compare.export_eu.FIELDS`).
    """

    small_provider: bool = False
    licence: str = ""
    url: str = ""
    date_published: str = ""
    answers: Mapping[str, str] = field(default_factory=dict)


def export_profile(
    profile: Profile, style: str, options: ExportOptions | None = None
) -> str:
    """Return a profile as text in one of `FORMATS`.

    Raises:
        ConfigError: An unknown format, or an answer to a field that does not exist.
    """
    options = options or ExportOptions()
    if style == "card":
        return dataset_card(profile, licence=options.licence)
    if style == "croissant":
        value = croissant(
            profile,
            licence=options.licence,
            url=options.url,
            date_published=options.date_published,
        )
    elif style in ("eu-summary", "eu-summary-json"):
        value = eu_summary(
            profile, small_provider=options.small_provider, answers=options.answers
        )
        if style == "eu-summary":
            return eu_markdown(value)
    else:
        raise ConfigError(
            f"an export format is one of {', '.join(FORMATS)}",
            value=style,
            where="--format",
        )
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
