"""What a run is asked to do, and what it answers.

In: the words of a command line or the arguments of `audit.profile`. Out: frozen values
that the engines take.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from audit.errors import ConfigError

if TYPE_CHECKING:
    from audit.config import AuditConfig
    from audit.job.output import Output
    from audit.job.plan import Plan
    from audit.read import FileSystem

__all__ = ["Against", "Engine", "EngineRun", "RunRequest", "RunResult"]


@dataclass(frozen=True)
class Against:
    """Evaluation sets whose items are looked for in the corpora.

    Attributes:
        sets: patterns by name of the set.
        fields: field of the text, by name of the set; under "" for all others.
        threshold: share of an item's tokens that must stand in windows that the corpus
            holds, for the item to be contaminated.
    """

    sets: dict[str, tuple[str, ...]]
    fields: dict[str, str] = field(default_factory=dict)
    threshold: float = 0.8

    def __post_init__(self) -> None:
        """Check the values."""
        if not 0 < self.threshold <= 1:
            raise ConfigError(
                "The contamination threshold is above 0 and at most 1",
                value=self.threshold,
                next_step="Give a share such as 0.8, not a percentage.",
            )
        for name in sorted(set(self.fields) - {"", *self.sets}):
            raise ConfigError(
                "A field of evaluation items belongs to a set that is looked for",
                value=name,
                next_step=f"Known sets: {', '.join(sorted(self.sets))}.",
            )

    def field_of(self, name: str) -> str | None:
        """Return the field of a set's text, None where it is to be detected."""
        return self.fields.get(name, self.fields.get(""))


@dataclass(frozen=True)
class RunRequest:
    """One call of ``corpus-audit profile``.

    Attributes:
        corpora: patterns by corpus name.
        out: the output folder.
        config: all that decides what the profiles say.
        runner: ``local``, ``in-process`` or the name of a Beam runner.
        workers: how many workers the local runner uses; 0: one a processor.
        runner_words: options for the Beam runner, unchanged.
        overwrite: replace an output folder that exists.
        resume: go on with a run that was cut off.
        task_bytes: about as many bytes on disk as a worker reads at once.
        against: evaluation sets to look for; None: none.
    """

    corpora: dict[str, tuple[str, ...]]
    out: str
    config: AuditConfig
    runner: str = "local"
    workers: int = 0
    runner_words: tuple[str, ...] = ()
    overwrite: bool = False
    resume: bool = False
    task_bytes: int = 16 << 20
    against: Against | None = None


@dataclass(frozen=True)
class EngineRun:
    """What an engine is given: the plan, the config, and where to write.

    Attributes:
        plan: tasks.
        config: all that decides what the profiles say.
        staging: folder that becomes the output folder when the run is complete.
        metadata: footer of every table.
        request: the call, for the engine's own options.
        evaluation: fingerprint of the evaluation items in staging; "": none.
    """

    plan: Plan
    config: AuditConfig
    staging: str
    metadata: dict[str, str]
    request: RunRequest
    evaluation: str = ""


@dataclass(frozen=True)
class RunResult:
    """What a run gave.

    Attributes:
        out: the output folder.
        corpora: folder of each corpus, by name.
        seconds: wall time by stage.
    """

    out: str
    corpora: dict[str, str]
    seconds: dict[str, float] = field(default_factory=dict)


# An engine runs all tasks and writes the tables of every corpus to the staging folder.
Engine = Callable[["EngineRun", "FileSystem", "Output"], None]
