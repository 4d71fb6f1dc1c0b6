"""Build the sample corpora and their manifest from the passages in ``texts/``.

In: the written passages and the plans. Out: one folder a corpus and ``manifest.json``,
the same on every run. Run it from the root of the project:

    python -m sample_corpora.build [OUT]
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from sample_corpora.compose import Composer
from sample_corpora.corpus import LAYOUTS, Corpus, Part, Reject
from sample_corpora.formats import write_csv, write_jsonl, write_parquet, write_wet
from sample_corpora.manifest import corpus_truth, dump, measured_pairs, shared_documents
from sample_corpora.passages import (
    Passage,
    load_chats,
    load_furniture,
    load_passages,
    load_sites,
)
from sample_corpora.plan_filter import filters
from sample_corpora.plan_global_mix import global_mix
from sample_corpora.plan_vendors import vendors
from sample_corpora.plan_walled_garden import walled_garden

__all__ = ["build", "plan", "write"]

HERE = Path(__file__).parent

_ABOUT = (
    "Truths planted in the sample corpora. Languages are ISO 639-3, scripts ISO 15924, "
    "cultures ISO 3166-1 alpha-2, domains registered domains. Positions count records "
    "of a file from 1 (a CSV header and the first record of a WET file do not count). "
    "Jaccard is of shingles of three words, or of five characters in scripts without "
    "spaces."
)


def _walled(passage: Passage) -> bool:
    return passage.topic.split("/")[0] in ("weibo", "question")


def plan() -> tuple[list[Corpus], dict[str, Any]]:
    """Return the corpora, and the truths that lie between them."""
    passages = load_passages()
    by_key = {p.key: p for p in passages}
    composer = Composer(
        [p for p in passages if not _walled(p)], load_sites(), load_furniture()
    )
    chinese = [p for p in passages if p.tag == "cmn-Hans"]
    # The plans with the hardest wishes come first, while all passages are free.
    closed = walled_garden(composer, chinese)
    vendor_a, vendor_b, pairs = vendors(composer, by_key, load_chats())
    unfiltered, filtered, survival = filters(composer, by_key)
    mix = global_mix(composer, by_key)
    texts_a = {d.doc_id: d.text for _, _, d in vendor_a.documents()}
    texts_b = {d.doc_id: d.text for _, _, d in vendor_b.documents()}
    between: dict[str, Any] = {
        "overlap": {
            "vendor_a|vendor_b": {
                kind: measured_pairs(of_kind, texts_a, texts_b)
                for kind, of_kind in pairs.items()
            }
        },
        "survival": {"languages": survival},
    }
    corpora = [closed, mix, vendor_a, vendor_b, unfiltered, filtered]
    between["shared_documents"] = shared_documents(corpora)
    return corpora, between


def _write_part(path: Path, part: Part) -> None:
    row = LAYOUTS[part.layout]
    if ".jsonl" in path.name:
        write_jsonl(
            path,
            [e.line if isinstance(e, Reject) else row(e) for e in part.entries],
        )
        return
    rows: list[Any] = [row(e) for e in part.entries if not isinstance(e, Reject)]
    if path.suffix == ".parquet":
        write_parquet(path, rows)
    elif path.suffix == ".csv":
        write_csv(path, rows)
    else:
        write_wet(path, rows)


def write(out: Path, corpora: list[Corpus], between: dict[str, Any]) -> None:
    """Write the files of all corpora and the manifest below a folder."""
    for corpus in corpora:
        for part in corpus.parts:
            _write_part(out / corpus.name / part.file, part)
    truths = {corpus.name: corpus_truth(corpus) for corpus in corpora}
    cultures = {
        culture: {
            "unfiltered": count,
            "filtered": truths["filtered"]["cultures"].get(culture, 0),
        }
        for culture, count in truths["unfiltered"]["cultures"].items()
    }
    between["survival"]["cultures"] = cultures
    manifest = {"about": _ABOUT, "corpora": truths, **between}
    (out / "manifest.json").write_text(dump(manifest), "utf-8")


def build(out: Path = HERE) -> None:
    """Plan and write everything below a folder."""
    out.mkdir(parents=True, exist_ok=True)
    write(out, *plan())


if __name__ == "__main__":
    build(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
