"""Diversity audits of training corpora: the library behind ``corpus-audit``.

In: corpora as files, or profiles made from them. Out: profiles, comparisons, verdicts,
mixes, pages. Everything here is imported when it is first used, so that
``import audit`` costs nothing and works without Apache Beam.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from audit.compare.diff import compare as compare_profiles
    from audit.compare.export import export_profile
    from audit.compare.filtering import filter_view
    from audit.compare.gate import apply_policy
    from audit.compare.load import load_profile, load_profiles
    from audit.compare.merge import merge_profiles
    from audit.compare.mix import best_mix
    from audit.compare.overlap import overlap
    from audit.compare.policy import load_policy
    from audit.config import AuditConfig, LanguageOptions, LinkOptions
    from audit.errors import CorpusAuditError
    from audit.job.request import RunRequest, RunResult
    from audit.read import ReadOptions
    from audit.report import build_page
    from audit.run import profile

__all__ = [
    "AuditConfig",
    "CorpusAuditError",
    "LanguageOptions",
    "LinkOptions",
    "ReadOptions",
    "RunRequest",
    "RunResult",
    "apply_policy",
    "best_mix",
    "build_page",
    "compare_profiles",
    "export_profile",
    "filter_view",
    "load_policy",
    "load_profile",
    "load_profiles",
    "merge_profiles",
    "overlap",
    "profile",
]

# No name here is that of a module of the package: importing one would hide the other.
_PLACES = {
    "AuditConfig": ("audit.config", "AuditConfig"),
    "CorpusAuditError": ("audit.errors", "CorpusAuditError"),
    "LanguageOptions": ("audit.config", "LanguageOptions"),
    "LinkOptions": ("audit.config", "LinkOptions"),
    "ReadOptions": ("audit.read", "ReadOptions"),
    "RunRequest": ("audit.job.request", "RunRequest"),
    "RunResult": ("audit.job.request", "RunResult"),
    "apply_policy": ("audit.compare.gate", "apply_policy"),
    "best_mix": ("audit.compare.mix", "best_mix"),
    "build_page": ("audit.report", "build_page"),
    "compare_profiles": ("audit.compare.diff", "compare"),
    "export_profile": ("audit.compare.export", "export_profile"),
    "filter_view": ("audit.compare.filtering", "filter_view"),
    "load_policy": ("audit.compare.policy", "load_policy"),
    "load_profile": ("audit.compare.load", "load_profile"),
    "load_profiles": ("audit.compare.load", "load_profiles"),
    "merge_profiles": ("audit.compare.merge", "merge_profiles"),
    "overlap": ("audit.compare.overlap", "overlap"),
    "profile": ("audit.run", "profile"),
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module 'audit' has no attribute {name!r}")
    module, attribute = _PLACES[name]
    return getattr(import_module(module), attribute)


def __dir__() -> list[str]:
    return sorted(__all__)
