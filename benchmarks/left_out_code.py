"""How many lines of a programming language read as code where none was learnt from.

    python -m benchmarks.left_out_code DATA --code FOLDER... [--only LANGUAGE...]
        [--docs docs/language.md]

The tables of `audit.kernels.code_lines` are learnt again, by the same recipe from the
same folders, without the files of one language at a time, and asked about its lines.
Lines stand alone here; in a document the lines around one help to tell.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from audit.resources.build_code_lines import Lines, gather, learn
from benchmarks.tables import publish

_LANGUAGES = {
    "CSS": ("css", "scss", "less"),
    "Erlang": ("erl", "hrl"),
    "Go": ("go",),
    "Haskell": ("hs", "agda"),
    "Kotlin and Java": ("kt", "kts", "java"),
    "Lisp and Scheme": ("lisp", "scm", "el"),
    "OCaml": ("ml", "mli"),
    "PHP": ("php",),
    "Python": ("py",),
    "Ruby": ("rb",),
    "shells": ("sh", "bash", "fish"),
    "SQL": ("sql",),
    "Vim": ("vim",),
    "Verilog": ("v",),
}


def _without(lines: Lines, kinds: tuple[str, ...]) -> tuple[Lines, list[str]]:
    """Return the lines without some kinds, and those of the kinds."""
    kept = [k for k, kind in enumerate(lines.kind) if kind not in kinds]
    left = [t for t, k in zip(lines.text, lines.kind, strict=True) if k in kinds]
    text, kind = [lines.text[k] for k in kept], [lines.kind[k] for k in kept]
    return Lines(text, kind, lines.code[kept]), left


def main() -> int:
    """Print the table, or put it into a page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--code", type=Path, nargs="+", required=True)
    parser.add_argument("--only", nargs="+", choices=_LANGUAGES, default=_LANGUAGES)
    parser.add_argument("--docs", type=Path)
    args = parser.parse_args()
    lines = gather(args.data, args.code, ())
    whole = learn(lines)
    out = ["| left out | lines | read as prose % | when learnt from % |"]
    out += ["|---|---:|---:|---:|"]
    for name in args.only:
        rest, left = _without(lines, _LANGUAGES[name])
        if len(left) < 100:
            continue
        found = [100 * float(np.mean(x.score(left) <= 0)) for x in (learn(rest), whole)]
        out.append(f"| {name} | {len(left)} | {found[0]:.1f} | {found[1]:.1f} |")
        print(out[-1], flush=True)
    if args.docs:
        publish("left-out-code", "\n".join(out), (args.docs,))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
