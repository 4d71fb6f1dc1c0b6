"""Stored profiles, opened.

In: folders as given on the command line: ``OUT/<corpus>``, or an OUT folder that holds
several. Out: `Profile` objects that read their tables when asked, checked against the
contracts, and refusals to set side by side what was measured differently.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from audit.compare.tables import AGAIN, PREFIX, json_footer, read_footer, read_table
from audit.errors import ProfileError
from schemas.profile import SCHEMA_VERSION

__all__ = [
    "PREFIX",
    "Profile",
    "load_overlap",
    "load_profile",
    "load_profiles",
]

# What every profile has; other tables depend on options of the run.
_NEEDED = (
    "summary", "language", "source", "culture", "duplicates", "diversity", "rejects",
    "mix", "culture_mix", "reference",
)  # fmt: skip


@dataclass(frozen=True)
class Profile:
    """One profile on disk; tables are read on first use and kept.

    Attributes:
        folder: The folder of its tables.
        corpus: Name of the corpus, from the footer.
        label: Name among the profiles it was loaded with: the corpus, or the end of the
            path where two have one name.
        metadata: Footer keys without the ``corpus_audit.`` prefix.
    """

    folder: Path
    corpus: str
    label: str
    metadata: dict[str, str]
    _tables: dict[str, pa.Table] = field(
        default_factory=dict, repr=False, compare=False
    )

    def has(self, name: str) -> bool:
        """Say whether the profile holds a table (``documents`` is optional)."""
        return (self.folder / f"{name}.parquet").exists() or (
            self.folder / name
        ).is_dir()

    def table(self, name: str) -> pa.Table:
        """Return a table of the profile in the order and types of its contract.

        Columns that a newer version added are kept at the end.

        Raises:
            ProfileError: The table is missing, unreadable, lacks a column or belongs
                to another run.
        """
        if name not in self._tables:
            path = self.folder / f"{name}.parquet"
            if not path.exists() and (self.folder / name).is_dir():
                path = self.folder / name
            self._tables[name] = read_table(path, name, self.metadata)
        return self._tables[name]

    def frame(self, name: str) -> pl.DataFrame:
        """Return a table as a polars frame; see `table`."""
        return pl.DataFrame(pl.from_arrow(self.table(name)))

    @cached_property
    def summary(self) -> dict[str, Any]:
        """The one row of ``summary``."""
        rows = self.table("summary").to_pylist()
        if len(rows) != 1:
            raise ProfileError(
                "a summary has one row",
                value=len(rows),
                where=str(self.folder / "summary.parquet"),
                next_step=AGAIN,
            )
        return dict(rows[0])

    @cached_property
    def resources(self) -> dict[str, Any]:
        """Checksums of models and tables by annotator."""
        return json_footer(self.metadata.get("resources"), self.folder, "resources")

    @cached_property
    def layout(self) -> dict[str, Any]:
        """Shingle and band layout and seed of the near-duplicate search."""
        return json_footer(self.metadata.get("layout"), self.folder, "layout")


def load_profiles(paths: Iterable[Path | str], *, least: int = 1) -> list[Profile]:
    """Open profiles in the order given; an OUT folder stands for all it holds.

    Args:
        paths: Folders ``OUT/<corpus>`` or ``OUT``.
        least: How many profiles the caller needs.

    Raises:
        ProfileError: A path holds no profile, or there are fewer than needed; the
            message names the path and what is missing.
    """
    folders: list[Path] = []
    for path in paths:
        folders += [f for f in _expand(Path(path)) if f not in folders]
    if len(folders) < least:
        raise ProfileError(
            f"at least {least} different profiles are needed",
            value=", ".join(map(str, folders)),
            next_step="Name a folder OUT/<corpus> for each, or an OUT folder.",
        )
    opened = [_open(folder) for folder in folders]
    names = _labels([(folder, corpus) for folder, corpus, _ in opened])
    return [
        Profile(folder, corpus, label, metadata)
        for (folder, corpus, metadata), label in zip(opened, names, strict=True)
    ]


def load_profile(path: Path | str) -> Profile:
    """Open exactly one profile.

    Raises:
        ProfileError: The path holds none, or several.
    """
    found = load_profiles([path])
    if len(found) != 1:
        raise ProfileError(
            "one profile is needed here",
            value=", ".join(profile.label for profile in found),
            where=str(path),
            next_step=f"Name one of them, as {found[0].folder}.",
        )
    return found[0]


def load_overlap(
    profiles: Sequence[Profile], others: Sequence[str] = ()
) -> pl.DataFrame | None:
    """Return the overlap rows between the given profiles, None where none are stored.

    ``overlap.parquet`` lies beside the profiles' folders; rows of corpora that are
    neither given nor named in ``others`` are left out.
    """
    names = {profile.corpus for profile in profiles} | set(others)
    frames = []
    for parent in dict.fromkeys(profile.folder.parent for profile in profiles):
        path = parent / "overlap.parquet"
        if path.exists():
            frame = pl.DataFrame(pl.from_arrow(read_table(path, "overlap", None)))
            frames.append(
                frame.filter(
                    pl.col("corpus_a").is_in(names) & pl.col("corpus_b").is_in(names)
                )
            )
    rows = pl.concat(frames).unique(maintain_order=True) if frames else None
    return rows if rows is not None and len(rows) else None


def _expand(path: Path) -> list[Path]:
    if (path / "summary.parquet").exists():
        return [path]
    if not path.exists():
        raise ProfileError(
            "a profile is a folder that exists",
            value=str(path),
            next_step="Make one with: corpus-audit profile PATH --out DIR.",
        )
    inside = sorted(p.parent for p in path.glob("*/summary.parquet"))
    if not inside:
        raise ProfileError(
            "a profile holds summary.parquet, or folders that do",
            value=str(path),
            next_step="Name OUT/<corpus> or OUT as `corpus-audit profile` wrote it.",
        )
    return inside


def _open(folder: Path) -> tuple[Path, str, dict[str, str]]:
    missing = [
        f"{name}.parquet"
        for name in _NEEDED
        if not (folder / f"{name}.parquet").exists()
    ]
    if missing:
        raise ProfileError(
            "a profile has all its tables; missing here",
            value=", ".join(missing),
            where=str(folder),
            next_step=AGAIN,
        )
    metadata = read_footer(folder / "summary.parquet")
    version = metadata.get("schema_version")
    if version != SCHEMA_VERSION:
        raise ProfileError(
            f"a profile has schema version {SCHEMA_VERSION!r} to be read here",
            value=version,
            where=str(folder / "summary.parquet"),
            next_step=AGAIN,
        )
    return folder, metadata.get("corpus") or folder.name, metadata


def _labels(opened: Sequence[tuple[Path, str]]) -> list[str]:
    """Name profiles apart: by corpus, else by as much of the path as it takes."""
    counted = Counter(corpus for _, corpus in opened)
    labels = []
    for folder, corpus in opened:
        if counted[corpus] == 1:
            labels.append(corpus)
            continue
        parts = folder.resolve().parts
        twins = [f.resolve().parts for f, c in opened if c == corpus and f != folder]
        depth = 1
        while depth < len(parts) and any(t[-depth:] == parts[-depth:] for t in twins):
            depth += 1
        labels.append("/".join(parts[-depth:]))
    return labels
