"""Overlap planted between corpora: by the job that reads them, and without the text."""

import json

import numpy as np
import polars as pl
import pytest
from link_jobs import words

import audit.compare.overlap
from audit.compare.load import load_profiles
from audit.compare.overlap import overlap
from audit.config import AuditConfig, LinkOptions
from audit.job.request import RunRequest
from audit.measures.overlap import distinct_corpora
from audit.run import run

SIZE, SHARED = 400, 40


def documents(random, n):
    return [" ".join(words(random, 60)) for _ in range(n)]


def edited(text, random):
    changed = text.split(" ")
    changed[int(random.integers(len(changed)))] = "edited"
    return " ".join(changed)


@pytest.fixture(scope="module")
def corpora(tmp_path_factory):
    """Three corpora: b has 40 texts of a, half of them edited; c stands alone."""
    folder, random = tmp_path_factory.mktemp("corpora"), np.random.default_rng(3)
    a = documents(random, SIZE)
    taken = [t if i % 2 else edited(t, random) for i, t in enumerate(a[:SHARED])]
    b = [*documents(random, SIZE - SHARED - 10), *taken, *taken[:10]]
    c = documents(random, SIZE)
    for name, texts in (("a", a), ("b", b), ("c", c)):
        (folder / name).mkdir()
        for part in range(2):
            lines = (json.dumps({"text": t}) + "\n" for t in texts[part::2])
            (folder / name / f"{part}.jsonl").write_text("".join(lines))
    return {name: (str(folder / name),) for name in "abc"}


def audited(corpora, out, **link):
    config = AuditConfig(link=LinkOptions(**link), keep=frozenset({"signatures"}))
    run(RunRequest(corpora, str(out), config, "in-process", 1, task_bytes=60_000))
    return out


@pytest.fixture(scope="module")
def out(corpora, tmp_path_factory):
    return audited(corpora, tmp_path_factory.mktemp("out") / "exact")


def rows(table):
    return {(r["corpus_a"], r["corpus_b"], r["kind"]): r for r in table.to_pylist()}


def shared_rows(path):
    return rows(pl.read_parquet(path / "overlap.parquet").to_arrow())


def test_a_planted_tenth_lies_in_its_interval(out):
    found = shared_rows(out)
    near, exact = found["a", "b", "near"], found["a", "b", "exact"]
    assert near["documents_a"] == SHARED
    assert near["documents_b"] == SHARED + 10
    assert exact["documents_a"] == SHARED // 2
    assert near["low_a"] < SHARED / SIZE < near["high_a"]
    assert near["characters_a"] > exact["characters_a"] > 0
    assert near["character_share_a"] == pytest.approx(near["share_a"], rel=0.05)
    assert found["a", "c", "near"]["documents_a"] == 0


def test_detail_adds_up_to_the_overlap(out):
    detail = pl.read_parquet(out / "overlap_detail.parquet")
    for (a, b, kind), row in shared_rows(out).items():
        mine = detail.filter(corpus_a=a, corpus_b=b, kind=kind, facet="language")
        assert mine["documents_a"].sum() == row["documents_a"]
        assert mine["characters_a"].sum() == row["characters_a"]


@pytest.mark.parametrize("at_once", [10**6, 100])
def test_stored_signatures_tell_the_same(out, at_once, monkeypatch):
    monkeypatch.setattr(audit.compare.overlap, "_DOCUMENTS_AT_ONCE", at_once)
    result = overlap(load_profiles([out]))
    found, expected = rows(result.table), shared_rows(out)
    for key, row in expected.items():
        if key[2] == "exact":
            assert found[key] == row
        # One edit of sixty words is far above the threshold, by estimate too.
        assert abs(found[key]["documents_a"] - row["documents_a"]) <= 2
    stored = pl.read_parquet(out / "monoculture.parquet")
    near = stored.filter(kind="near")["distinct"][0]
    assert result.distinct == pytest.approx(near, rel=0.01)


def test_monoculture_counts_distinct_corpora(out):
    stored = pl.read_parquet(out / "monoculture.parquet")
    exact, near = (stored.filter(kind=k)["distinct"][0] for k in ("exact", "near"))
    assert 2.8 < near < exact < 3
    assert distinct_corpora(np.diag([0, 0, 0]) + [[5, 0, 0]] * 3) == pytest.approx(3)
    assert distinct_corpora(np.array([[0, 0, 5]] * 3)) == pytest.approx(1)
    assert distinct_corpora(np.array([[4, 0], [0, 0]])) == pytest.approx(1)
    half = distinct_corpora(np.array([[5, 5], [5, 5]]))
    assert half == pytest.approx(2**0.5)


def test_estimates_read_the_input_once_and_find_the_same(corpora, out, tmp_path):
    estimated = audited(corpora, tmp_path / "estimate", verify="estimate")
    found, expected = shared_rows(estimated), shared_rows(out)
    for key, row in expected.items():
        assert abs(found[key]["documents_a"] - row["documents_a"]) <= 2
    examples = pl.read_parquet(estimated / "b" / "duplicate_examples.parquet")
    exact = pl.read_parquet(out / "b" / "duplicate_examples.parquet")
    assert examples.columns == exact.columns
    for corpus in "abc":
        names = ("exact_duplicate_documents", "near_duplicate_documents")
        summaries = [
            pl.read_parquet(o / corpus / "summary.parquet") for o in (estimated, out)
        ]
        for name in names:
            assert abs(summaries[0][name][0] - summaries[1][name][0]) <= 1
