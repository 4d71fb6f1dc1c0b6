"""Where a launcher such as a Dataflow Flex Template starts an audit.

In: words such as ``--corpora="web=gs://b/web books=gs://b/books" --out=gs://b/out
--region=...``, in any order and without ``--``, which is how a template gives its
parameters. Out: a run of ``corpus-audit profile``, whose exit code is the process's;
options that it does not know go to the Beam runner.
"""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["profile_words"]


def profile_words(words: Sequence[str]) -> list[str]:
    """Return the words of ``corpus-audit profile`` for those of a launcher.

    Args:
        words: each ``--name=value`` or ``--flag``; ``--corpora`` lists the paths as a
            shell would; a flag of the command may be given ``true`` or ``false``.
    """
    from audit.commands.profile import command

    flags = {o: p for p in command.params for o in p.opts}
    paths: list[str] = []
    own: list[str] = []
    runner: list[str] = []
    for word in words:
        name, _, value = word.partition("=")
        if name == "--corpora":
            paths += shlex.split(value)
        elif name not in flags:
            runner.append(word)
        elif not getattr(flags[name], "is_flag", False):
            own.append(word)
        elif value.lower() not in {"false", "0", "no"}:
            own.append(name)
    return [*paths, *own, "--", *runner]


def main() -> None:
    """Run ``corpus-audit profile`` with the launcher's words."""
    from audit.cli import main as command_line

    words = profile_words(sys.argv[1:])
    sys.exit(command_line(["profile", "--no-progress", *words]))


if __name__ == "__main__":
    main()
