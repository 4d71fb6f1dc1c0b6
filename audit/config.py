"""What a run may be told: frozen, small, checked when built, grouped by stage.

In: values from the command line, a TOML file or a notebook. Out: an `AuditConfig` and
its fingerprint, which covers all that changes the meaning of a profile (so that two
profiles made differently are never merged) and nothing that does not, such as the
layout of the input or the number of workers.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from audit.errors import ConfigError
from audit.signature_key import key_check

if TYPE_CHECKING:
    from audit.read import ReadOptions

__all__ = ["KEEPABLE", "AuditConfig", "LanguageOptions", "LinkOptions"]

KEEPABLE = ("documents", "signatures")


@dataclass(frozen=True, slots=True)
class LanguageOptions:
    """How languages are identified.

    Attributes:
        model: path of a fastText model, ``"lid.176"``, or None for the packaged one.
        engine: ``fasttext`` or ``langdetect``.
        threshold: confidence under which a document is ``und``; None: the model's own.
        opinion_rate: share of documents that langdetect is asked about as well.
    """

    model: str | None = None
    engine: str = "fasttext"
    threshold: float | None = None
    opinion_rate: float = 0.0

    def __post_init__(self) -> None:
        """Check the values."""
        _one_of("language engine", self.engine, ("fasttext", "langdetect"))
        if self.threshold is not None:
            _share("language threshold", self.threshold)
        _share("second-opinion rate", self.opinion_rate)


@dataclass(frozen=True, slots=True)
class LinkOptions:
    """How near-duplicates are found and verified.

    Attributes:
        threshold: Jaccard similarity from which two documents are near-duplicates.
        verify: ``exact`` reads candidates again and compares their shingles;
            ``estimate`` compares their signatures, and the input is read once.
        key: secret that hashes are made with, so that stored signatures say nothing to
            whoever has it not; b"" for none. It is never written anywhere.
    """

    threshold: float = 0.8
    verify: str = "exact"
    key: bytes = field(default=b"", repr=False)

    def __post_init__(self) -> None:
        """Check the values."""
        _share("near-duplicate threshold", self.threshold)
        if self.threshold < 0.5:
            raise ConfigError(
                "The near-duplicate threshold is at least 0.5",
                value=self.threshold,
                next_step="Below that the bands of a signature find too few pairs.",
            )
        if self.verify not in ("exact", "estimate"):
            raise ConfigError(
                "Near-duplicates are verified by one of two ways",
                value=self.verify,
                next_step="Known: exact, estimate.",
            )

    def describe(self) -> dict[str, Any]:
        """Return plain values; of the key only what tells it from others."""
        plain = {k: v for k, v in asdict(self).items() if k != "key"}
        return {**plain, "key_check": key_check(self.key)} if self.key else plain


def _read_options() -> ReadOptions:
    from audit.read import ReadOptions

    return ReadOptions()


@dataclass(frozen=True, slots=True)
class AuditConfig:
    """All that decides what a profile says.

    Attributes:
        read: layout and fields of the input.
        language: language identification.
        link: near-duplicates.
        sample: share of documents audited, chosen by a hash of the document's id.
        keep: what is stored beside the profile, of `KEEPABLE`.
        max_reject_rate: share of records that may be rejected before the run fails.
    """

    read: ReadOptions = field(default_factory=_read_options)
    language: LanguageOptions = field(default_factory=LanguageOptions)
    link: LinkOptions = field(default_factory=LinkOptions)
    sample: float = 1.0
    keep: frozenset[str] = frozenset()
    max_reject_rate: float = 0.1

    def __post_init__(self) -> None:
        """Check the values."""
        _share("sample rate", self.sample)
        if self.sample == 0:
            raise ConfigError(
                "The sample rate is above 0",
                value=self.sample,
                next_step="Leave --sample out to audit every document.",
            )
        _share("reject rate", self.max_reject_rate)
        for name in sorted(self.keep):
            _one_of("kind to keep", name, KEEPABLE)

    def describe(self) -> dict[str, Any]:
        """Return the whole config as plain values, for run.json."""
        link = self.link.describe()
        return {**asdict(self), "link": link, "keep": sorted(self.keep)}

    def meaning(self) -> dict[str, Any]:
        """Return what changes the meaning of a profile's figures."""
        # The model stands in the footer by its checksum: its path says nothing.
        language = {k: v for k, v in asdict(self.language).items() if k != "model"}
        return {
            "language": language,
            "link": self.link.describe(),
            "sample": self.sample,
        }

    def fingerprint(self) -> str:
        """Return the first 16 hex digits of SHA-256 over `meaning`."""
        text = json.dumps(self.meaning(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def _share(what: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise ConfigError(
            f"The {what} is between 0 and 1",
            value=value,
            next_step="Give a share such as 0.05, not a percentage.",
        )


def _one_of(what: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ConfigError(
            f"The {what} is one of {', '.join(allowed)}",
            value=value,
            next_step="Check the spelling.",
        )
