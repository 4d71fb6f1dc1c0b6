"""``corpus-audit overlap``: what corpora share, from kept signatures."""

from __future__ import annotations

import click

from audit.commands.output_format import emit, format_option
from audit.compare.load import load_profiles
from audit.compare.overlap import OverlapResult, overlap
from audit.compare.render import Section

__all__ = ["command"]

_MOST = 20


@click.command("overlap")
@click.argument("profiles", nargs=-1, required=True, metavar="PROFILE PROFILE...")
@format_option()
def command(profiles: tuple[str, ...], output_format: str, out: str | None) -> int:
    """Compute the overlap of corpora from kept signatures, without their text.

    The profiles must have been made with --keep signatures.
    """
    result = overlap(load_profiles(profiles, least=2))
    emit(_sections(result), result.as_dict(), output_format, out)
    return 0


def _sections(result: OverlapResult) -> list[Section]:
    pairs = [
        (
            row["corpus_a"],
            row["corpus_b"],
            row["kind"],
            f"{row['documents_a']:,}",
            f"{row['share_a']:.1%}",
            f"{row['low_a']:.1%} to {row['high_a']:.1%}",
        )
        for row in result.table.to_pylist()
    ]
    largest = result.detail.filter(kind="near").sort(
        "documents_a", "corpus_a", "corpus_b", "facet", "key",
        descending=[True, False, False, False, False],
    )  # fmt: skip
    detail = [
        (
            row["corpus_a"],
            row["corpus_b"],
            row["facet"],
            row["key"] or "(no URL)",
            f"{row['documents_a']:,}",
            f"{row['documents_a'] / row['of_documents']:.1%}",
        )
        for row in largest.head(_MOST).to_dicts()
    ]
    return [
        Section(
            "Documents of A with a copy in B",
            (
                f"Effectively distinct corpora: {result.distinct:.2f} of "
                f"{len({row[0] for row in pairs})}.",
            ),
            ("A", "B", "kind", "documents>", "of A>", "95 % interval>"),
            pairs,
        ),
        Section(
            "Where near copies lie",
            ("The largest; all are in the JSON.",),
            ("A", "B", "facet", "key", "documents>", "of that key>"),
            detail,
        ),
    ]
