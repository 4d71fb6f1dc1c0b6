import json
import pickle
import shutil

import pyarrow.parquet as pq
import pytest
from profiles_factory import make_profile, write_overlap

from audit.compare.fingerprint import require_comparable
from audit.compare.load import load_overlap, load_profile, load_profiles
from audit.errors import ProfileError


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    folder = tmp_path_factory.mktemp("out")
    make_profile(folder, "a", 1, domains=20, documents=500)
    make_profile(folder, "b", 2, domains=20, documents=500)
    return folder


def test_an_out_folder_stands_for_every_profile_in_it(out):
    assert [p.corpus for p in load_profiles([out])] == ["a", "b"]
    assert [p.corpus for p in load_profiles([out / "b", out])] == ["b", "a"]


def test_tables_are_read_in_the_contract_s_order(out):
    profile = load_profile(out / "a")
    assert profile.table("mix").column_names[:2] == ["corpus", "unit"]
    assert profile.summary["documents"] == 500
    assert profile.frame("language")["documents"].sum() == 500
    assert profile.resources["language@1"] == {"model": "aa11"}
    assert profile.layout["bands"] == 14


def test_profiles_of_one_name_are_told_apart_by_their_path(tmp_path):
    make_profile(tmp_path / "before", "web", 1, domains=5, documents=50)
    make_profile(tmp_path / "after", "web", 1, domains=5, documents=50)
    found = load_profiles([tmp_path / "before", tmp_path / "after"])
    assert [p.label for p in found] == ["before/web", "after/web"]


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda f: shutil.rmtree(f), "folder that exists"),
        (lambda f: (f / "summary.parquet").unlink(), "summary.parquet"),
        (lambda f: (f / "mix.parquet").unlink(), "mix.parquet"),
        (lambda f: (f / "summary.parquet").write_bytes(b"junk"), "summary.parquet"),
    ],
)
def test_what_is_missing_is_named(tmp_path, spoil, words):
    folder = make_profile(tmp_path, "a", domains=5, documents=50)
    spoil(folder)
    with pytest.raises(ProfileError, match=words):
        load_profile(folder)


def _rewrite(path, columns=None, metadata=None):
    table = pq.read_table(path)
    footer = dict(table.schema.metadata) | (metadata or {})
    table = table.select(columns) if columns else table
    pq.write_table(table.replace_schema_metadata(footer), path)


def test_a_table_without_a_column_or_of_another_run_is_refused(tmp_path):
    folder = make_profile(tmp_path, "a", domains=5, documents=50)
    _rewrite(folder / "language.parquet", columns=["corpus", "language", "script"])
    other = {b"corpus_audit.config_fingerprint": b"ffff"}
    _rewrite(folder / "source.parquet", metadata=other)
    profile = load_profile(folder)
    with pytest.raises(ProfileError, match="documents, characters"):
        profile.table("language")
    with pytest.raises(ProfileError, match="0123456789abcdef and ffff"):
        profile.table("source")


def test_another_schema_version_is_refused(tmp_path):
    newer = {"corpus_audit.schema_version": "999"}
    folder = make_profile(tmp_path, "a", domains=5, documents=50, metadata=newer)
    with pytest.raises(ProfileError, match="'999'"):
        load_profile(folder)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("resources", {"language@1": {"model": "cc33"}}, "language@1, model.*aa11"),
        ("layout", {"num_perm": 128, "bands": 20, "seed": 1}, "bands.*14 and 20"),
    ],
)
def test_profiles_measured_differently_are_refused_by_both_values(
    out, tmp_path, key, value, words
):
    changed = {f"corpus_audit.{key}": json.dumps(value)}
    if key == "resources":
        changed = {
            f"corpus_audit.{key}": json.dumps(
                {"culture@1": {"gazetteer": "bb22"}} | value
            )
        }
    other = make_profile(tmp_path, "z", domains=5, documents=50, metadata=changed)
    pair = load_profiles([out / "a", other])
    with pytest.raises(ProfileError, match=words):
        require_comparable(pair)
    require_comparable(load_profiles([out]))


def test_overlap_rows_of_the_named_corpora_only(out):
    assert load_overlap(load_profiles([out])) is None
    path = write_overlap(
        out,
        [
            {"corpus_a": "a", "corpus_b": "b"},
            {"corpus_a": "a", "corpus_b": "elsewhere"},
        ],
    )
    assert load_overlap(load_profiles([out]))["corpus_b"].to_list() == ["b"]
    path.unlink()


def test_one_profile_is_demanded_and_too_few_are_refused(out):
    with pytest.raises(ProfileError, match="one profile"):
        load_profile(out)
    with pytest.raises(ProfileError, match="at least 2"):
        load_profiles([out / "a", out / "a"], least=2)


def test_the_error_survives_pickling(out):
    with pytest.raises(ProfileError) as caught:
        load_profile(out / "nowhere")
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
