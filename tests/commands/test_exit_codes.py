"""Exit codes and messages of the command line: one line a way to go wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from audit.cli import cli, main

SAMPLES = Path(__file__).parents[2] / "sample_corpora"
TINY = '{"text": "The bread is in the oven and the kitchen smells of thyme."}\n'


@pytest.fixture
def tiny(tmp_path):
    path = tmp_path / "tiny.jsonl"
    path.write_text(TINY * 3, "utf-8")
    return path


def call(*words: object) -> int:
    return main([str(word) for word in words])


def profile(*words: object) -> int:
    return call("profile", *words, "--runner", "in-process", "--no-progress")


def test_a_run_that_is_done_exits_0(tiny, tmp_path, capsys):
    assert profile(tiny, "--out", tmp_path / "out") == 0
    assert "tiny" in capsys.readouterr().out
    record = json.loads((tmp_path / "out" / "run.json").read_text())
    assert record["counts"]["tiny"]["documents"] == 3


WRONG_USE = {
    "unknown command": (["profil"], "Did you mean 'profile'"),
    "unknown option": (["profile", "{tiny}", "--out", "{out}", "--lay"], "--lay"),
    "no --out": (["profile", "{tiny}"], "--out"),
    "no such input": (["profile", "{tmp}/nothing.jsonl", "--out", "{out}"], "nothing"),
    "empty folder": (["profile", "{tmp}/empty", "--out", "{out}"], "at least one file"),
    "output exists": (["profile", "{tiny}", "--out", "{tmp}"], "--overwrite"),
    "two corpora of one name": (
        ["profile", "{tiny}", "{tmp}/sub/tiny.jsonl", "--out", "{out}"],
        "same name",
    ),
    "sample above 1": (
        ["profile", "{tiny}", "--out", "{out}", "--sample", "5"],
        "between 0 and 1",
    ),
    "unknown layout": (
        ["profile", "{tiny}", "--out", "{out}", "--layout", "no-such"],
        "Known layouts",
    ),
    "unknown kind to keep": (
        ["profile", "{tiny}", "--out", "{out}", "--keep", "texts"],
        "documents, signatures",
    ),
    "no text field": (
        ["profile", "{tmp}/fields.jsonl", "--out", "{out}", "--runner", "in-process"],
        "length",
    ),
    "config file with a typo": (
        ["profile", "{tiny}", "--out", "{out}", "--config", "{tmp}/typo.toml"],
        "Did you mean 'sample'",
    ),
    "config file that is not TOML": (
        ["profile", "{tiny}", "--out", "{out}", "--config", "{tmp}/fields.jsonl"],
        "TOML",
    ),
    "a model that is not there": (
        ["profile", "{tiny}", "--out", "{out}", "--language-model", "{tmp}/no.bin"],
        "no.bin",
    ),
    "unreadable profile": (["report", "{tmp}", "--out", "{tmp}/x.html"], "profile"),
    "one profile to compare": (["compare", "{tmp}/empty"], "empty"),
    "a profile where text belongs": (["inspect", "{tmp}/profile"], "is a profile"),
    "corpus name that is a path": (
        ["profile", "..={tiny}", "--out", "{out}"],
        "name",
    ),
}


@pytest.mark.parametrize("case", WRONG_USE, ids=WRONG_USE.keys())
def test_wrong_use_exits_2_with_one_message(case, tiny, tmp_path, capsys):
    words, told = WRONG_USE[case]
    (tmp_path / "empty").mkdir()
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "tiny.jsonl").write_text(TINY)
    (tmp_path / "fields.jsonl").write_text('{"length": 3, "rank": 1}\n' * 3)
    (tmp_path / "profile").mkdir()
    (tmp_path / "profile" / "summary.parquet").write_bytes(b"PAR1")
    (tmp_path / "typo.toml").write_text("sampel = 0.5\n")
    places = {"tiny": tiny, "tmp": tmp_path, "out": tmp_path / "out"}
    assert call(*[word.format(**places) for word in words]) == 2
    shown = capsys.readouterr()
    assert told in shown.err
    assert "Traceback" not in shown.err
    assert not (tmp_path / "out").exists()


def test_too_many_rejects_exit_3_and_leave_the_profile(tmp_path, capsys):
    path = tmp_path / "dirty.jsonl"
    path.write_text(TINY * 3 + "{broken\n" * 3, "utf-8")
    out = tmp_path / "out"
    assert profile(path, "--out", out) == 3
    assert "3 of 6" in capsys.readouterr().err
    assert (out / "dirty" / "rejects.parquet").is_file()
    assert profile(path, "--out", out, "--overwrite", "--max-reject-rate", "0.6") == 0


def test_a_failing_run_exits_4_and_leaves_nothing(tiny, tmp_path, monkeypatch, capsys):
    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("audit.local.scan_stage", fail)
    assert profile(tiny, "--out", tmp_path / "out") == 4
    shown = capsys.readouterr().err
    assert "No space left" in shown
    assert "Traceback" not in shown
    assert not (tmp_path / "out").exists()


def test_help_needs_nothing_heavy():
    result = CliRunner().invoke(cli, ["--help"])
    assert result.exit_code == 0
    for name in ("profile", "compare", "gate", "report", "mix", "merge", "overlap"):
        assert name in result.output


def test_a_file_that_cannot_be_opened_is_a_reject(tiny, tmp_path):
    folder = tmp_path / "corpus"
    folder.mkdir()
    tiny.rename(folder / "a.jsonl")
    (folder / "b.jsonl").symlink_to(tmp_path / "gone.jsonl")
    out = tmp_path / "out"
    assert profile(folder, "--out", out, "--max-reject-rate", "1") == 0
    rejects = pq.read_table(out / "corpus" / "rejects.parquet").to_pylist()
    assert [(r["file"], r["reason"]) for r in rejects] == [
        ("b.jsonl", "unreadable_file")
    ]
