"""The profiles of the sample corpora tell what was planted in them, to the document."""

from __future__ import annotations

import io
import itertools
import json
from collections import Counter
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest

from audit.compare.filtering import filter_view
from audit.compare.load import load_overlap, load_profile, load_profiles
from audit.compare.merge import merge_tables
from audit.config import AuditConfig
from audit.fold.store import write_table
from audit.job.request import RunRequest
from audit.run import run
from schemas.profile import TABLES

SAMPLES = Path(__file__).parents[2] / "sample_corpora"
MANIFEST = json.loads((SAMPLES / "manifest.json").read_text("utf-8"))
CORPORA = tuple(MANIFEST["corpora"])

# The reader puts a blank line between turns where the manifest counts one line feed:
# one character more a document of two turns.
JOINED_FILES = {"chat.jsonl", "instructions.jsonl"}


def truth_of(corpus: str) -> dict:
    return MANIFEST["corpora"][corpus]


def profile(out: Path, task_bytes: int = 16 << 20, **corpora: tuple[str, ...]) -> Path:
    config = AuditConfig(keep=frozenset({"documents"}))
    run(RunRequest(corpora, str(out), config, "in-process", 1, task_bytes=task_bytes))
    return out


@pytest.fixture(scope="module")
def golden(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("golden") / "out"
    return profile(out, **{name: (str(SAMPLES / name),) for name in CORPORA})


def sums(golden: Path, corpus: str, table: str, key: str) -> Counter:
    frame = pl.read_parquet(golden / corpus / f"{table}.parquet")
    totals = frame.group_by(key).agg(pl.col("documents").sum())
    return Counter(dict(totals.iter_rows()))


def summary(golden: Path, corpus: str) -> dict:
    return pq.read_table(golden / corpus / "summary.parquet").to_pylist()[0]


def documents(golden: Path, corpus: str) -> pl.DataFrame:
    return pl.read_parquet(golden / corpus / "documents" / "*.parquet")


@pytest.mark.parametrize("corpus", CORPORA)
def test_totals_are_those_planted(golden, corpus):
    found, truth = summary(golden, corpus), truth_of(corpus)
    for name in ("documents", "empty_documents", "rejected"):
        assert found[name] == truth[name], name
    assert found["files"] == len(truth["files"])
    records = sum(file["records"] for file in truth["files"].values())
    assert found["documents"] + found["rejected"] == records


@pytest.mark.parametrize("corpus", CORPORA)
def test_rejects_are_those_planted(golden, corpus):
    rows = pq.read_table(golden / corpus / "rejects.parquet").to_pylist()
    keys = ("file", "position", "reason")
    found = sorted(tuple(row[key] for key in keys) for row in rows)
    planted = [tuple(r[key] for key in keys) for r in truth_of(corpus)["reject_rows"]]
    assert found == sorted(planted)
    assert all(0 < len(row["detail"]) <= 200 for row in rows)


@pytest.mark.parametrize("corpus", CORPORA)
def test_characters_are_those_planted(golden, corpus):
    truth = Counter()
    for row in truth_of(corpus)["truth"]:
        extra = int(row["file"] in JOINED_FILES)
        truth[row["id"], row["characters"] + extra] += 1
    rows = documents(golden, corpus).select("doc_id", "characters").iter_rows()
    assert Counter(rows) == truth
    joined = sum(r["file"] in JOINED_FILES for r in truth_of(corpus)["truth"])
    expected = truth_of(corpus)["characters"] + joined
    assert summary(golden, corpus)["characters"] == expected


@pytest.mark.parametrize("corpus", CORPORA)
def test_languages_are_those_planted(golden, corpus):
    planted = Counter((r["id"], r["language"]) for r in truth_of(corpus)["truth"])
    found = Counter(documents(golden, corpus).select("doc_id", "language").iter_rows())
    assert found == planted


@pytest.mark.parametrize("corpus", CORPORA)
def test_scripts_are_those_planted(golden, corpus):
    assert sums(golden, corpus, "language", "script") == truth_of(corpus)["scripts"]


@pytest.mark.parametrize("corpus", CORPORA)
def test_domains_are_those_planted(golden, corpus):
    assert sums(golden, corpus, "source", "domain") == truth_of(corpus)["domains"]


@pytest.mark.parametrize("corpus", CORPORA)
def test_documents_sum_to_the_summary_in_every_table(golden, corpus):
    total = summary(golden, corpus)
    for table in ("language", "source", "mix"):
        frame = pl.read_parquet(golden / corpus / f"{table}.parquet")
        for column in ("documents", "characters", "bytes", "words"):
            assert frame[column].sum() == total[column], (table, column)
    segments = pl.read_parquet(golden / corpus / "language_segments.parquet")
    assert segments["characters"].sum() == total["characters"]
    assert documents(golden, corpus).height == total["documents"]


@pytest.mark.parametrize("corpus", CORPORA)
def test_exact_copies_are_those_planted(golden, corpus):
    groups = (
        documents(golden, corpus)
        .filter(pl.col("words") > 0)
        .group_by("content_hash")
        .agg(pl.col("doc_id"))
        .filter(pl.col("doc_id").list.len() > 1)["doc_id"]
        .to_list()
    )
    planted = truth_of(corpus)["exact_groups"]
    assert sorted(map(sorted, groups)) == sorted(map(sorted, planted))
    copies = sum(len(group) - 1 for group in planted)
    assert summary(golden, corpus)["exact_duplicate_documents"] == copies


@pytest.mark.parametrize("corpus", CORPORA)
def test_clusters_are_those_planted(golden, corpus):
    frame = documents(golden, corpus).filter(pl.col("cluster_id").is_not_null())
    rows = frame.group_by("cluster_id").agg(pl.col("doc_id"), pl.col("cluster_size"))
    planted = truth_of(corpus)["clusters"]
    found = [sorted(ids) for ids in rows["doc_id"].to_list()]
    assert sorted(found) == sorted(map(sorted, planted))
    for ids, sizes in rows.select("doc_id", "cluster_size").iter_rows():
        assert set(sizes) == {len(ids)}
    total = summary(golden, corpus)
    assert total["near_duplicate_clusters"] == len(planted)
    assert total["near_duplicate_documents"] == sum(len(c) - 1 for c in planted)


@pytest.mark.parametrize("corpus", CORPORA)
def test_mojibake_is_what_was_planted(golden, corpus):
    planted = truth_of(corpus)["dirt"].get("mojibake", [])
    assert summary(golden, corpus)["mojibake"] == len(planted)


def test_the_walled_garden_shows_its_walls(golden):
    domains = sums(golden, "walled_garden", "source", "domain")
    assert set(domains) == {"weibo.com", "zhihu.com", "baidu.com"}
    # Zhihu's columns are Zhihu: one service, whatever the host.
    platforms = sums(golden, "walled_garden", "source", "platform")
    assert set(platforms) == {"Weibo", "Zhihu", "Baidu Baike"}
    assert platforms["Zhihu"] == domains["zhihu.com"]
    cultures = pl.read_parquet(golden / "walled_garden" / "culture.parquet")
    located = cultures.group_by("region").agg(pl.col("mentions").sum())
    share = dict(located.iter_rows())
    assert share["Eastern Asia"] > 0.95 * sum(share.values())
    assert cultures["references_seen"].sum() > 0


def test_the_global_mix_shows_the_world(golden):
    truth = truth_of("global_mix")
    cultures = pl.read_parquet(golden / "global_mix" / "culture.parquet")
    assert cultures["region"].n_unique() >= 15
    assert len(sums(golden, "global_mix", "source", "domain")) > 100
    assert len(sums(golden, "global_mix", "source", "platform")) > 80
    assert len(set(truth["languages"]) - {"zxx"}) >= 60
    found = set(sums(golden, "global_mix", "language", "language"))
    assert set(truth["languages"]) <= found


def test_cultures_are_found_where_they_were_written(golden):
    # A tool may find fewer in short texts, but seven in ten are to be found, and
    # hardly a document may be led by a culture that it was not written about.
    right = wrong = written = 0
    for corpus in CORPORA:
        truth = {r["id"]: set(r["cultures"]) for r in truth_of(corpus)["truth"]}
        rows = documents(golden, corpus).select("doc_id", "cultures").iter_rows()
        for doc_id, cultures in rows:
            planted = truth[doc_id]
            written += bool(planted)
            if planted and cultures:
                right += cultures[0] in planted
                wrong += cultures[0] not in planted
    assert right > 0.7 * written
    assert wrong < 0.1 * written


def test_overlap_is_what_was_planted(golden):
    overlap = load_overlap(load_profiles([golden]))
    found = {
        (r["corpus_a"], r["corpus_b"], r["kind"]): (r["documents_a"], r["documents_b"])
        for r in overlap.iter_rows(named=True)
    }
    for row in MANIFEST["shared_documents"]:
        for kind in ("exact", "near"):
            a, b = row[kind]
            assert found.pop((row["a"], row["b"], kind)) == (a, b), row
            assert found.pop((row["b"], row["a"], kind)) == (b, a), row
    assert not found


def test_survival_by_language_is_what_was_planted(golden):
    before, after = (load_profile(golden / n) for n in ("unfiltered", "filtered"))
    view = filter_view(before, after)
    found = {
        row["key"]: (row["before"], row["after"])
        for row in view.groups
        if row["facet"] == "language" and row["key"] != "zxx"
    }
    planted = {
        key: (row["unfiltered"], row["filtered"])
        for key, row in MANIFEST["survival"]["languages"].items()
    }
    assert found == planted
    assert view.overall["documents"]["before"] == truth_of("unfiltered")["documents"]


def as_bytes(name: str, table) -> bytes:
    """A table as it lies on disk, under one name and without duplicate figures."""
    if name == "summary":
        table = table.drop_columns([c for c in table.column_names if "duplicate" in c])
    place = table.column_names.index("corpus")
    table = table.set_column(place, "corpus", [["c"] * table.num_rows])
    sink = io.BytesIO()
    write_table(table.combine_chunks(), sink, "c", {})
    return sink.getvalue()


# Copies may stand in two parts, so that duplicate figures are no sums; near_figures
# and diversity are made from them or from the merged counts, and documents name
# clusters by the place in the part.
ADDITIVE = ("summary", "mix", "language", "language_segments", "source", "culture",
            "culture_mix", "reference", "rejects")  # fmt: skip
# What a merge makes again from sums, to the byte.
REMADE = ("reference_sources", "breadth", "coverage", "coverage_by_speakers",
          "outward")  # fmt: skip


@pytest.mark.parametrize("corpus", ["global_mix", "walled_garden", "vendor_a"])
def test_merged_parts_are_the_whole_byte_for_byte(golden, corpus, tmp_path):
    files = sorted(p for p in (SAMPLES / corpus).iterdir())
    parts = []
    for number, file in enumerate(files):
        out = profile(tmp_path / f"part-{number}", c=(str(file),))
        parts.append(load_profile(out / "c"))
    whole = load_profile(golden / corpus)
    orders = list(itertools.permutations(parts))
    for order in [orders[0], orders[len(orders) // 2], orders[-1]]:
        merged = merge_tables(order, "c")
        for name in (*ADDITIVE, *REMADE):
            assert as_bytes(name, merged[name]) == as_bytes(name, whole.table(name)), (
                name
            )
        for column in ("exact_duplicate_documents", "near_duplicate_documents"):
            found = merged["summary"].column(column)[0].as_py()
            assert found <= whole.summary[column]
    assert {*ADDITIVE, *REMADE} <= set(TABLES)


def test_small_tasks_give_the_same_tables(golden, tmp_path):
    corpora = {name: (str(SAMPLES / name),) for name in ("global_mix", "vendor_a")}
    out = profile(tmp_path / "out", task_bytes=20_000, **corpora)
    for corpus in corpora:
        small, large = load_profile(out / corpus), load_profile(golden / corpus)
        for name in [*ADDITIVE, *REMADE, "duplicates", "diversity", "near_figures"]:
            assert as_bytes(name, small.table(name)) == as_bytes(
                name, large.table(name)
            ), name
