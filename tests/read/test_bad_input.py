"""Every bad input of the table is read as far as it goes, and the rest is told."""

import io
import os
from collections import Counter
from pathlib import Path

import pytest
from bad_inputs import CASES, A, lines
from reference_read import read_file

from audit.errors import ConfigError, InputError
from audit.read import (
    LocalFileSystem,
    ReadOptions,
    find_files,
    inspect_files,
    require_documents,
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_good_is_read_and_the_rest_told(case, tmp_path):
    path = tmp_path / case.name
    path.write_bytes(case.content)
    documents, rejects = read_file(path, case.options)
    texts = [document["text"] for document in documents]
    if isinstance(case.texts, int):
        assert len(texts) >= case.texts
    else:
        assert texts == case.texts
    assert Counter(r["reason"] for r in rejects) == Counter(case.reasons)
    if case.positions is not None:
        assert [reject["position"] for reject in rejects] == case.positions
    assert all(reject["file"] == case.name for reject in rejects)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_inspect_survives_every_bad_input(case, tmp_path):
    path = tmp_path / case.name
    path.write_bytes(case.content)
    files = find_files([str(path)], LocalFileSystem())
    (found,) = inspect_files(files, case.options, LocalFileSystem())
    assert found.file == files[0]
    assert found.readable or found.rejects


class Unreadable(LocalFileSystem):
    """A filesystem whose files fail after a number of bytes."""

    def __init__(self, good_bytes):
        self.good_bytes = good_bytes

    def open(self, path):
        if self.good_bytes is None:
            raise PermissionError(13, "Permission denied")
        raw = io.BytesIO(Path(path).read_bytes()[: self.good_bytes])
        read = raw.read

        def failing(n_bytes=-1):
            if block := read(n_bytes):
                return block
            raise OSError(5, "Input/output error")

        raw.read = failing
        return raw


@pytest.mark.parametrize(("good_bytes", "n_documents"), [(None, 0), (0, 0), (60, 2)])
def test_a_file_that_cannot_be_read_is_a_reject(tmp_path, good_bytes, n_documents):
    path = tmp_path / "x.jsonl"
    path.write_bytes(lines(*[A] * 9))
    documents, rejects = read_file(path, filesystem=Unreadable(good_bytes))
    assert len(documents) == n_documents
    assert [reject["reason"] for reject in rejects] == ["unreadable_file"]


def test_a_dangling_link_is_an_unreadable_file(tmp_path):
    (tmp_path / "good.jsonl").write_bytes(lines(A))
    os.symlink(tmp_path / "gone", tmp_path / "link.jsonl")
    documents, rejects = read_file(tmp_path)
    assert len(documents) == 1
    assert [reject["reason"] for reject in rejects] == ["unreadable_file"]


@pytest.mark.parametrize("name", ["gone.jsonl", "*.gone", "empty_folder"])
def test_nothing_found_names_what_was_looked_for(tmp_path, name):
    (tmp_path / "empty_folder").mkdir()
    with pytest.raises(InputError, match="at least one file") as error:
        find_files([str(tmp_path / name)], LocalFileSystem())
    assert name in str(error.value)


def test_a_folder_of_checksums_says_so(tmp_path):
    for name in ("_SUCCESS", ".hidden", "part-0.crc"):
        (tmp_path / name).write_bytes(b"x")
    with pytest.raises(InputError, match="checksums"):
        find_files([str(tmp_path)], LocalFileSystem())


def test_nothing_readable_lists_the_fields(tmp_path):
    (tmp_path / "a.jsonl").write_bytes(lines({"score": 1, "meta": {"lang": "en"}}))
    files = find_files([str(tmp_path)], LocalFileSystem())
    found = inspect_files(files, ReadOptions(), LocalFileSystem())
    with pytest.raises(InputError, match=r"score, meta\.lang"):
        require_documents(found)


@pytest.mark.parametrize(
    "wrong",
    [{"layout": "finweb"}, {"text_unit": "word"}, {"max_record_bytes": 0}],
)
def test_wrong_options_are_refused(wrong):
    with pytest.raises(ConfigError, match=str(next(iter(wrong.values())))):
        ReadOptions(**wrong)
