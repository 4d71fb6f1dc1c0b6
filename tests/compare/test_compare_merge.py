import itertools
import json

import polars as pl
import pyarrow.parquet as pq
import pytest
from profiles_factory import (
    METADATA,
    _mix,
    _references,
    make_profile,
    with_located,
    write_profile,
)

from audit.compare.load import load_profile, load_profiles
from audit.compare.merge import DUPLICATES_NOTE, merge_profiles, merge_tables
from audit.errors import ProfileError
from schemas.profile import TABLES

LAYOUT = '{"bands": 20, "num_perm": 128, "seed": 1}'


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """Three parts of one corpus, and the corpus audited as a whole."""
    import numpy as np
    from profiles_factory import CULTURES, LANGUAGES

    folder = tmp_path_factory.mktemp("out")
    mixes, cultures = [], []
    for seed in (1, 2, 3):
        rng = np.random.default_rng(seed)
        # The parts share their sites: keys meet in the merge.
        mix = _mix(rng, LANGUAGES, 40, 2000, 0.8, 0.1, 0.2)
        culture = _references(rng, mix, CULTURES, 0.4)
        mix = with_located(mix, culture)
        write_profile(folder, f"part{seed}", mix, culture, replicates=20,
                      near_duplicates=0.06, rejected=2)  # fmt: skip
        mixes.append(mix)
        cultures.append(culture)
    mix = pl.concat(mixes).group_by(TABLES["mix"].keys).agg(
        pl.col(TABLES["mix"].additive).sum()
    )  # fmt: skip
    write_profile(
        folder, "whole", mix, pl.concat(cultures), replicates=20, near_duplicates=0.06
    )
    return folder


def _parts(out, *numbers):
    return load_profiles([out / f"part{n}" for n in numbers])


def test_a_merge_equals_the_audit_of_everything_in_every_additive_column(out):
    merged = merge_tables(_parts(out, 1, 2, 3), "whole")
    whole = load_profile(out / "whole")
    for name in ("language", "source", "mix", "reference"):
        contract = TABLES[name]
        columns = [*contract.keys, *contract.additive]
        expected = whole.frame(name).select(columns).sort(columns, nulls_last=True)
        found = pl.DataFrame(pl.from_arrow(merged[name])).select(columns)
        assert found.sort(columns, nulls_last=True).equals(expected), name
    keys = ["culture", "region", "category", "language"]
    seen = pl.DataFrame(pl.from_arrow(merged["culture"])).sort(keys)
    expected = whole.frame("culture").sort(keys)
    for column in (
        *keys,
        "documents",
        "mentions",
        "references_seen",
        "references_known",
    ):
        assert seen[column].equals(expected[column]), column
    row = merged["summary"].to_pylist()[0]
    assert row["documents"] == whole.summary["documents"] == 6000
    assert row["rejected"] == 6
    assert merged["rejects"].num_rows == 6


def test_references_are_counted_again_and_not_added(out):
    parts = _parts(out, 1, 2, 3)
    merged = merge_tables(parts, "m")["culture"]
    seen = sum(merged["references_seen"].to_pylist())
    added = sum(sum(p.table("culture")["references_seen"].to_pylist()) for p in parts)
    assert seen < added


def test_any_order_and_any_grouping_gives_the_same_tables(out, tmp_path):
    expected = merge_tables(_parts(out, 1, 2, 3), "m")
    for order in itertools.permutations((1, 2, 3)):
        found = merge_tables(_parts(out, *order), "m")
        assert all(found[name].equals(expected[name]) for name in expected), order
    merge_profiles(_parts(out, 2, 3), tmp_path, name="rest")
    nested = load_profiles([tmp_path / "rest", out / "part1"])
    found = merge_tables(nested, "m")
    assert all(found[name].equals(expected[name]) for name in expected)


def test_diversity_is_computed_again(out):
    parts = _parts(out, 1, 2)
    table = pl.DataFrame(pl.from_arrow(merge_tables(parts, "m")["diversity"]))
    assert set(table["corpus"]) == {"m"}
    row = table.filter(facet="domain", weight="documents", measure="hill_0")
    domains = pl.concat(p.frame("source") for p in parts).filter(pl.col("domain") != "")
    assert row["value"][0] == domains["domain"].n_unique()


def test_the_merged_profile_is_a_profile_and_says_what_it_cannot_know(out, tmp_path):
    folder = merge_profiles(_parts(out, 1, 2), tmp_path / "new")
    assert folder.name == "part1+part2"
    profile = load_profile(folder)
    for name in TABLES:
        if profile.has(name):
            profile.table(name)
    with pytest.raises(ProfileError, match="options of the run"):
        profile.table("documents")
    assert profile.metadata["duplicates"] == DUPLICATES_NOTE
    assert json.loads(profile.metadata["merged_from"]) == [
        ["part1", METADATA["corpus_audit.config_fingerprint"]],
        ["part2", METADATA["corpus_audit.config_fingerprint"]],
    ]
    run = json.loads((tmp_path / "new" / "run.json").read_text("utf-8"))
    assert run["notes"][0] == DUPLICATES_NOTE
    assert "Not merged: documents." not in run["notes"]
    left = {path.name for path in (tmp_path / "new").iterdir()}
    assert left == {"part1+part2", "run.json"}
    again = merge_profiles(_parts(out, 2, 1), tmp_path / "again", name="part1+part2")
    for path in sorted(folder.glob("*.parquet")):
        assert path.read_bytes() == (again / path.name).read_bytes(), path.name


def test_documents_are_kept_where_every_part_has_them(out, tmp_path):
    for name in ("a", "b"):
        folder = make_profile(tmp_path, name, domains=5, documents=20, replicates=4)
        if name == "a":
            _documents(folder, name)
    assert "documents" not in merge_tables(load_profiles([tmp_path]), "m")
    _documents(tmp_path / "b", "b")
    merged = merge_profiles(load_profiles([tmp_path]), tmp_path / "m")
    rows = load_profile(merged).table("documents").to_pylist()
    assert [row["doc_id"] for row in rows] == ["a-1", "b-1"]


def _documents(folder, name):
    (folder / "documents").mkdir()
    schema = TABLES["documents"].schema
    row = dict.fromkeys(schema.names) | {"corpus": name, "doc_id": f"{name}-1"}
    footer = METADATA | {"corpus_audit.corpus": name}
    table = pq.ParquetWriter
    path = folder / "documents" / "part-0.parquet"
    import pyarrow as pa

    with table(path, schema.with_metadata(footer)) as writer:
        writer.write_table(pa.Table.from_pylist([row], schema.with_metadata(footer)))


def test_what_cannot_be_merged_is_refused(out, tmp_path):
    with pytest.raises(ProfileError, match="at least two"):
        merge_profiles(_parts(out, 1), tmp_path)
    merge_profiles(_parts(out, 1, 2), tmp_path, name="m")
    with pytest.raises(ProfileError, match="--overwrite"):
        merge_profiles(_parts(out, 1, 2), tmp_path, name="m")
    merge_profiles(_parts(out, 1, 3), tmp_path, name="m", overwrite=True)
    for bad in ("../m", ".m", "a/b"):
        with pytest.raises(ProfileError, match="can be a folder"):
            merge_profiles(_parts(out, 1, 2), tmp_path, name=bad)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"corpus_audit.sample": "0.5"}, "1.0 and 0.5"),
        (
            {"corpus_audit.layout": LAYOUT},
            "14 and 20",
        ),
        ({"corpus_audit.resources": "{}"}, "culture@1"),
    ],
)
def test_parts_measured_differently_are_refused(out, tmp_path, changed, words):
    other = make_profile(tmp_path, "o", domains=5, documents=20, metadata=changed)
    with pytest.raises(ProfileError, match=words):
        merge_profiles([*_parts(out, 1), load_profile(other)], tmp_path)


def _on_disk(profile, name, rows):
    """Add a table to a profile's folder."""
    import pyarrow as pa

    schema = TABLES[name].schema
    full = [dict.fromkeys(schema.names) | {"corpus": profile.corpus} | r for r in rows]
    table = pa.Table.from_pylist(full, schema)
    footer = METADATA | {"corpus_audit.corpus": profile.corpus}
    path = profile.folder / f"{name}.parquet"
    pq.write_table(table.replace_schema_metadata(footer), path)


def test_tables_that_are_no_sums_are_made_again(tmp_path):
    near = {"verified_pairs": 7.0, "largest_cluster": 4.0, "corrected_documents": 5.5}
    for number, name in enumerate(("a", "b"), start=1):
        folder = make_profile(tmp_path, name, number, documents=400, replicates=4)
        part = load_profile(folder)
        _on_disk(part, "language_estimates", [
            {"language": "eng", "documents": 1, "estimated_share": 0.5}])  # fmt: skip
        _on_disk(part, "coverage", [{"culture": "FR", "documents": 1}])
        _on_disk(part, "near_figures", [
            {"figure": key, "value": value * number, "low": value, "high": None}
            for key, value in near.items()])  # fmt: skip
        _on_disk(part, "duplicates_detail", [
            {"facet": "domain", "key": "x.org", "documents": 12, "characters": 50,
             "duplicate_documents": 12 - number, "duplicate_characters": 9,
             "wiped_out": False}])  # fmt: skip
    parts = load_profiles([tmp_path])
    merged = merge_tables(parts, "m")
    frame = {name: pl.DataFrame(pl.from_arrow(table)) for name, table in merged.items()}
    english = frame["language_estimates"].row(
        by_predicate=pl.col("language") == "eng", named=True
    )
    counted = frame["language"].group_by("language").agg(pl.col("documents").sum())
    share = counted.filter(language="eng")["documents"][0] / 800
    assert english["share"] == pytest.approx(share)
    assert english["estimated_low"] <= english["estimated_share"]
    figures = {row["figure"]: row for row in frame["near_figures"].to_dicts()}
    assert figures["verified_pairs"]["value"] == 21
    assert figures["largest_cluster"]["value"] == 8
    assert figures["corrected_documents"]["low"] == 11
    assert figures["corrected_documents"]["high"] is None
    detail = frame["duplicates_detail"].row(0, named=True)
    # 21 of 24: neither part alone was large enough to be judged.
    assert (detail["documents"], detail["duplicate_documents"]) == (24, 21)
    assert not detail["wiped_out"]
    located = frame["coverage"].filter(culture="FR")["documents"][0]
    mix = pl.concat(p.frame("culture_mix") for p in parts)
    assert located == mix.filter(culture="FR")["documents"].sum()
    (tmp_path / "b" / "coverage.parquet").unlink()
    assert "coverage" not in merge_tables(load_profiles([tmp_path]), "m")
