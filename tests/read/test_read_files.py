"""Files of a corpus: what is found, under which name, in which order."""

import os

import pytest

from audit.read import FileInfo, LocalFileSystem, ReadOptions, find_files, plan_splits
from audit.read.files import relative_name


@pytest.fixture
def corpus(tmp_path):
    for name in ("b.jsonl", "a/b.jsonl", "a/c.txt", "_SUCCESS", "a/.x", "README.md",
                 "_delta_log/0.json", "b.jsonl.crc"):  # fmt: skip
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(name.encode())
    return tmp_path


def names(found):
    return [file.name for file in found]


def test_a_folder_is_everything_below_it(corpus):
    found = find_files([str(corpus)], LocalFileSystem())
    assert names(found) == ["a/b.jsonl", "a/c.txt", "b.jsonl"]
    assert [file.size for file in found] == [9, 7, 7]


def test_a_glob_names_files_from_its_first_wildcard_on(corpus):
    assert names(find_files([str(corpus / "*/*.jsonl")], LocalFileSystem())) == [
        "a/b.jsonl"
    ]
    assert names(find_files([str(corpus / "a" / "*")], LocalFileSystem())) == [
        "b.jsonl", "c.txt",
    ]  # fmt: skip
    deep = find_files([str(corpus / "**/*.jsonl")], LocalFileSystem())
    assert names(deep) == ["a/b.jsonl", "b.jsonl"]


def test_a_file_named_outright_is_read_whatever_its_name(corpus):
    found = find_files([str(corpus / "README.md")], LocalFileSystem())
    assert names(found) == ["README.md"]


def test_a_file_found_twice_is_read_once(corpus):
    twice = [str(corpus), str(corpus / "b.jsonl"), str(corpus / "*.jsonl")]
    assert names(find_files(twice, LocalFileSystem())).count("b.jsonl") == 1


def test_files_of_one_name_are_told_apart(corpus):
    both = [str(corpus / "b.jsonl"), str(corpus / "a" / "b.jsonl")]
    found = find_files(both, LocalFileSystem())
    assert len(set(names(found))) == 2
    assert all(name.endswith("/b.jsonl") for name in names(found))


def test_order_does_not_depend_on_how_files_are_given(corpus):
    patterns = [str(corpus / "a"), str(corpus / "b.jsonl")]
    forth = find_files(patterns, LocalFileSystem())
    assert forth == find_files(patterns[::-1], LocalFileSystem())


@pytest.mark.parametrize(
    ("path", "pattern", "name"),
    [
        ("/x/a/b.jsonl", "/x", "a/b.jsonl"),
        ("/x/a/b.jsonl", "/x/", "a/b.jsonl"),
        ("/x/b.jsonl", "/x/b.jsonl", "b.jsonl"),
        ("gs://bucket/p/a.gz", "gs://bucket/*/a.gz", "p/a.gz"),
        ("gs://bucket/p/a.gz", "gs://bucket/p/*", "a.gz"),
        ("a.jsonl", "*.jsonl", "a.jsonl"),
        ("C:\\x\\a.jsonl", "C:\\x", "a.jsonl"),
    ],
)
def test_names_are_relative_to_what_the_pattern_names(path, pattern, name):
    assert relative_name(path, pattern) == name


def test_a_link_to_a_folder_is_followed(corpus):
    os.symlink(corpus / "a", corpus / "link")
    assert "link/b.jsonl" in names(find_files([str(corpus)], LocalFileSystem()))


def test_planning_opens_nothing_but_parquet():
    class Closed(LocalFileSystem):
        def open(self, path):
            raise AssertionError(path)

    files = [FileInfo(f"/{n}", n, 10**9) for n in ("a.jsonl", "b.jsonl.gz", "c.txt")]
    splits = plan_splits(files, ReadOptions(), Closed(), target_bytes=10**8)
    assert [split.file.name for split in splits] == ["a.jsonl"] * 10 + [
        "b.jsonl.gz", "c.txt",
    ]  # fmt: skip
