"""The sample corpora are what their manifest says, and build to the same files."""

import csv
import gzip
import io
import itertools
import json
import re
import sys
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "sample_corpora"
CORPORA = (
    "walled_garden",
    "global_mix",
    "vendor_a",
    "vendor_b",
    "unfiltered",
    "filtered",
)

sys.path.insert(0, str(ROOT))

from sample_corpora.build import build, plan  # noqa: E402
from sample_corpora.corpus import NEAR  # noqa: E402
from sample_corpora.passages import load_passages, load_sites  # noqa: E402
from sample_corpora.similarity import jaccard, shingles  # noqa: E402

# Cultures whose pages the planted filter takes first, of those that English is about.
PENALISED = {"BD", "EG", "ET", "GH", "KE", "NG", "PK", "RW", "ZA"}

TEXT_FIELDS = ("text", "content")
ID_FIELDS = ("id", "doc_id")


@pytest.fixture(scope="module")
def manifest():
    return json.loads((FOLDER / "manifest.json").read_text("utf-8"))


def raw(path):
    data = path.read_bytes()
    return gzip.decompress(data) if path.suffix == ".gz" else data


def wet_rows(data):
    """Cut WET records by their content lengths; the first is about the file."""
    rows, place = [], 0
    while place < len(data):
        head_end = data.index(b"\r\n\r\n", place)
        head = data[place:head_end].decode()
        fields = dict(re.findall(r"^([\w-]+): (.*?)\r?$", head, re.M))
        start = head_end + 4
        place = start + int(fields["Content-Length"])
        assert data[place : place + 4] == b"\r\n\r\n"
        rows.append(
            {
                "id": fields["WARC-Record-ID"].strip("<>"),
                "url": fields.get("WARC-Target-URI"),
                "text": data[start:place].decode(),
            }
        )
        place += 4
    return rows[1:]


def chat_text(row):
    if "messages" in row:
        return "\n".join(turn["content"] for turn in row["messages"])
    return f"{row['instruction']}\n{row['output']}"


def record(row):
    """Return (id, text, url) of an object in any of the layouts."""
    doc_id = next(row[field] for field in ID_FIELDS if field in row)
    field = next((f for f in TEXT_FIELDS if f in row), None)
    text = row[field] if field else chat_text(row)
    url = row.get("url", row.get("source_url", (row.get("metadata") or {}).get("url")))
    return doc_id, text, url


def read(path):
    """Yield (place, (id, text, url)) or (place, None) for what is no document."""
    if path.suffix == ".parquet":
        rows = pq.read_table(path).to_pylist()
    elif path.suffix == ".csv":
        rows = csv.DictReader(io.StringIO(path.read_text("utf-8"), newline=""))
    elif ".wet" in path.name:
        rows = wet_rows(raw(path))
    else:
        rows = raw(path).splitlines()
    for place, row in enumerate(rows, start=1):
        try:
            fields = record(json.loads(row) if isinstance(row, bytes) else row)
        except (ValueError, KeyError, AttributeError, StopIteration, TypeError):
            yield place, None
            continue
        yield place, fields if isinstance(fields[1], str) else None


def documents(name):
    """Return what the files of a corpus hold: {(file, place): (id, text, url)}."""
    return {
        (path.name, place): fields
        for path in sorted((FOLDER / name).iterdir())
        for place, fields in read(path)
    }


def texts(manifest, name):
    found = documents(name)
    return {
        truth["id"]: found[truth["file"], truth["position"]][1]
        for truth in manifest["corpora"][name]["truth"]
    }


def same_content(built, committed):
    if built.suffix == ".parquet":
        return pq.read_table(built).equals(pq.read_table(committed))
    return raw(built) == raw(committed)


def test_build_again_gives_the_committed_files(tmp_path):
    build(tmp_path)
    built = {p.relative_to(tmp_path) for p in tmp_path.rglob("*") if p.is_file()}
    committed = {
        path.relative_to(FOLDER)
        for name in CORPORA
        for path in (FOLDER / name).iterdir()
    }
    assert built == committed | {Path("manifest.json")}
    differing = [p for p in built if not same_content(tmp_path / p, FOLDER / p)]
    assert not differing, "run python -m sample_corpora.build and commit what changed"


@pytest.mark.parametrize("name", CORPORA)
def test_files_hold_what_the_manifest_says(manifest, name):
    corpus = manifest["corpora"][name]
    found = documents(name)
    truths = {(t["file"], t["position"]): t for t in corpus["truth"]}
    assert {key for key, fields in found.items() if fields} == set(truths)
    assert {key for key, fields in found.items() if not fields} == {
        (row["file"], row["position"]) for row in corpus["reject_rows"]
    }
    for key, truth in truths.items():
        doc_id, text, _ = found[key]
        assert (doc_id, len(text)) == (truth["id"], truth["characters"])


@pytest.mark.parametrize("name", CORPORA)
def test_counts_of_the_manifest_are_those_of_its_rows(manifest, name):
    corpus = manifest["corpora"][name]
    rows = corpus["truth"]
    assert corpus["documents"] == len(rows)
    assert corpus["rejected"] == len(corpus["reject_rows"])
    assert corpus["rejects"] == Counter(r["reason"] for r in corpus["reject_rows"])
    assert corpus["characters"] == sum(r["characters"] for r in rows)
    assert corpus["empty_documents"] == sum(r["characters"] == 0 for r in rows)
    assert corpus["documents_with_culture"] == sum(bool(r["cultures"]) for r in rows)
    assert corpus["languages"] == Counter(r["language"] for r in rows)
    assert corpus["scripts"] == Counter(r["script"] for r in rows)
    assert corpus["language_scripts"] == Counter(
        f"{r['language']}-{r['script']}" for r in rows
    )
    assert corpus["domains"] == Counter(r["domain"] for r in rows)
    assert corpus["platforms"] == Counter(r["platform"] for r in rows if r["platform"])
    assert corpus["cultures"] == Counter(c for r in rows for c in r["cultures"])
    ids = Counter(r["id"] for r in rows)
    assert corpus["duplicate_ids"] == sorted(k for k, n in ids.items() if n > 1)


@pytest.mark.parametrize("name", CORPORA)
def test_only_the_planted_texts_are_alike(manifest, name):
    corpus = manifest["corpora"][name]
    planted = {
        frozenset(pair)
        for cluster in corpus["clusters"]
        for pair in itertools.combinations(cluster, 2)
    }
    known = {k: shingles(t) for k, t in texts(manifest, name).items() if t}
    alike = {
        frozenset((a, b))
        for a, b in itertools.combinations(known, 2)
        if jaccard(known[a], known[b]) >= 0.5
    }
    assert alike == planted


@pytest.mark.parametrize("name", CORPORA)
def test_planted_pairs_have_the_jaccard_they_claim(manifest, name):
    corpus, by_id = manifest["corpora"][name], texts(manifest, name)
    for pair in corpus["near_pairs"]:
        exact = jaccard(shingles(by_id[pair["a"]]), shingles(by_id[pair["b"]]))
        assert pair["jaccard"] == round(exact, 4)
        assert NEAR <= exact < 1
    for group in corpus["exact_groups"]:
        assert len({by_id[doc_id] for doc_id in group}) == 1


def test_vendors_share_what_is_planted_and_nothing_else(manifest):
    overlap = manifest["overlap"]["vendor_a|vendor_b"]
    texts_a, texts_b = texts(manifest, "vendor_a"), texts(manifest, "vendor_b")
    for kind, low, high in (("exact", 1, 1), ("near", NEAR, 1), ("related", 0.5, 0.75)):
        assert overlap[kind]
        for pair in overlap[kind]:
            a, b = texts_a[pair["a"]], texts_b[pair["b"]]
            assert (a == b) == (kind == "exact")
            assert pair["jaccard"] == round(jaccard(shingles(a), shingles(b)), 4)
            assert low <= pair["jaccard"] <= high
    planted = {(p["a"], p["b"]) for kind in overlap for p in overlap[kind]}
    known_a = {k: shingles(t) for k, t in texts_a.items()}
    known_b = {k: shingles(t) for k, t in texts_b.items()}
    alike = {
        (a, b)
        for a, b in itertools.product(known_a, known_b)
        if jaccard(known_a[a], known_b[b]) >= 0.5
    }
    assert alike == planted


def test_no_other_corpora_share_documents(manifest):
    rows = {
        (r["a"], r["b"]): (r["exact"], r["near"]) for r in manifest["shared_documents"]
    }
    assert set(rows) == set(itertools.combinations(CORPORA, 2))
    overlap = manifest["overlap"]["vendor_a|vendor_b"]
    exact, near = len(overlap["exact"]), len(overlap["near"])
    assert rows.pop(("vendor_a", "vendor_b")) == ([exact] * 2, [exact + near] * 2)
    before, after = texts(manifest, "unfiltered"), texts(manifest, "filtered")
    (lost, kept), _ = rows.pop(("unfiltered", "filtered"))
    assert kept == len(after)
    assert lost == sum(text in set(after.values()) for text in before.values())
    assert all(counts == ([0, 0], [0, 0]) for counts in rows.values())


def test_filter_keeps_documents_as_they_were(manifest):
    before, after = texts(manifest, "unfiltered"), texts(manifest, "filtered")
    assert after.items() <= before.items()
    languages = manifest["survival"]["languages"]
    for stage in ("unfiltered", "filtered"):
        counted = Counter(manifest["corpora"][stage]["languages"])
        del counted["zxx"]
        assert counted == Counter(
            {code: n[stage] for code, n in languages.items() if n[stage]}
        )
    kept = {code: n["filtered"] / n["unfiltered"] for code, n in languages.items()}
    assert kept["eng"] > 0.9
    assert kept["yor"] == 0.4
    assert kept["hau"] < 0.4
    english = {
        t["id"]: set(t["cultures"])
        for t in manifest["corpora"]["unfiltered"]["truth"]
        if t["language"] == "eng"
    }
    lost = [english[doc_id] for doc_id in english.keys() - after.keys()]
    assert lost
    assert all(cultures & PENALISED for cultures in lost)
    cultures = manifest["survival"]["cultures"]
    for culture in ("NG", "KE", "TZ"):
        assert cultures[culture]["filtered"] < 0.6 * cultures[culture]["unfiltered"]


def test_walled_garden_is_one_language_three_platforms_one_culture(manifest):
    corpus = manifest["corpora"]["walled_garden"]
    assert corpus["language_scripts"]["cmn-Hans"] > 0.9 * corpus["documents"]
    assert set(corpus["platforms"]) == {"weibo.com", "zhihu.com", "baike.baidu.com"}
    assert set(corpus["domains"]) == {"weibo.com", "zhihu.com", "baidu.com"}
    assert set(corpus["cultures"]) == {"CN"}
    assert corpus["near_pairs"]
    assert corpus["exact_groups"]


def test_global_mix_is_wide_and_dirty(manifest):
    corpus = manifest["corpora"]["global_mix"]
    languages = set(corpus["languages"]) - {"zxx"}
    assert len(languages) >= 60
    assert len(set(corpus["scripts"]) - {"Zyyy"}) >= 24
    assert len(corpus["domains"]) >= 100
    assert len(corpus["cultures"]) >= 60
    assert set(corpus["rejects"]) == {
        "malformed_record",
        "not_text",
        "null_text",
        "not_an_object",
        "invalid_unicode",
        "missing_text",
    }
    assert corpus["empty_documents"] == 1
    assert corpus["duplicate_ids"]
    for kind in (
        "mojibake",
        "missing_url",
        "url_without_scheme",
        "navigation",
        "cookie_notice",
        "broken_lines",
    ):
        assert corpus["dirt"][kind]
    lengths = [t["characters"] for t in corpus["truth"] if t["characters"]]
    assert min(lengths) < 200
    assert max(lengths) > 3000


def test_rejects_name_reasons_of_the_contract(manifest):
    from schemas.document import REJECT_REASONS

    for corpus in manifest["corpora"].values():
        assert set(corpus["rejects"]) <= set(REJECT_REASONS)


def test_domains_are_the_registered_domains_of_the_urls(manifest):
    import tldextract

    extract = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
    for name in CORPORA:
        found = documents(name)
        for truth in manifest["corpora"][name]["truth"]:
            url = found[truth["file"], truth["position"]][2] or ""
            assert truth["domain"] == extract(url).top_domain_under_public_suffix


def test_each_passage_is_used_and_each_language_has_a_site():
    used = {key for corpus in plan()[0] for _, _, d in corpus.documents()
            for key in d.passages}  # fmt: skip
    passages = load_passages()
    assert not {p.key for p in passages} - used
    assert {p.tag for p in passages} == {s.tag for s in load_sites()}


def test_an_edit_of_text_that_is_not_there_is_refused(tmp_path):
    (tmp_path / "eng_Latn.txt").write_text(
        "# GB food\nTea is ready.\n~ Coffee => Cocoa\n", "utf-8"
    )
    with pytest.raises(ValueError, match="'Coffee' occurs 0 times in passage 1"):
        load_passages(tmp_path)


def test_shingles_are_words_or_characters_by_script():
    assert shingles("One two, three four") == {
        ("one", "two", "three"),
        ("two", "three", "four"),
    }
    assert len(shingles("今天天气很好")) == 2
    assert len(shingles("हिन्दी में लिखा वाक्य")) == 2
    assert jaccard(shingles("short"), shingles("other")) == 0
