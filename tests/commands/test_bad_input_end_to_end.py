"""Every bad input through the command line: counts, reasons, and nothing lost."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from bad_inputs import CASES, A, Case, lines

from audit.cli import main
from audit.read import ReadOptions

# What stands beside each bad file: the rest of the input is audited all the same.
GOOD = "zz_good.jsonl"
GOOD_TEXTS = 3
OPTIONS = {
    "text_field": "--text-field",
    "layout": "--layout",
    "text_unit": "--text-unit",
}
# Reasons that stand for a file, not for one record, are one reject row as well; the
# limits of these cases have no option of their own on the command line.
CONFIGURED = ("max_record_bytes", "max_expansion")


def words_of(options: ReadOptions) -> list[str]:
    found = []
    for name, word in OPTIONS.items():
        value = getattr(options, name)
        if value != getattr(ReadOptions(), name):
            found += [word, value]
    return found


def limited(options: ReadOptions) -> bool:
    return any(getattr(options, n) != getattr(ReadOptions(), n) for n in CONFIGURED)


def profile(source: Path, out: Path, *words: str, runner: str = "in-process") -> int:
    command = ["profile", f"c={source}", "--out", str(out), "--no-progress"]
    return main([*command, "--max-reject-rate", "1", "--runner", runner, *words])


def tables(out: Path) -> tuple[dict, list[dict]]:
    summary = pq.read_table(out / "c" / "summary.parquet").to_pylist()[0]
    return summary, pq.read_table(out / "c" / "rejects.parquet").to_pylist()


def check(case: Case, out: Path, good: int) -> None:
    """What must hold of a profile of the bad file and of good documents beside it."""
    summary, rejects = tables(out)
    if isinstance(case.texts, int):
        assert summary["documents"] >= case.texts + good
    else:
        assert summary["documents"] == len(case.texts) + good
        characters = sum(map(len, case.texts))
        assert summary["characters"] >= characters
    found = Counter(row["reason"] for row in rejects if row["file"] != GOOD)
    assert found == Counter(case.reasons)
    assert summary["rejected"] == len(rejects)
    for table in ("language", "source"):
        rows = pq.read_table(out / "c" / f"{table}.parquet").column("documents")
        assert sum(rows.to_pylist()) == summary["documents"]


def make(case: Case, folder: Path, monkeypatch) -> Path:
    folder.mkdir()
    (folder / case.name).write_bytes(case.content)
    if limited(case.options):
        # The limits are no options of the command: they are made small for all.
        from audit.commands import profile as command

        monkeypatch.setattr(command, "read_options_of", lambda _: case.options)
    return folder


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_bad_input_beside_good(case, tmp_path, monkeypatch):
    folder = make(case, tmp_path / "c", monkeypatch)
    texts = [{"text": f"The ferry leaves at {i} from the wall."} for i in range(3)]
    (folder / GOOD).write_bytes(lines(*texts))
    named = case.options.text_field
    if named and named != "text":
        texts = [{named: t["text"]} for t in texts]
        (folder / GOOD).write_bytes(lines(*texts))
    assert profile(folder, tmp_path / "out", *words_of(case.options)) == 0
    check(case, tmp_path / "out", GOOD_TEXTS)
    record = json.loads((tmp_path / "out" / "run.json").read_text())
    assert record["counts"]["c"]["rejected"] == sum(case.reasons.values())


SOME = ("malformed.jsonl", "cut.jsonl.gz", "cut.parquet", "really_zip.jsonl",
        "cut.warc.wet", "bomb.jsonl.gz")  # fmt: skip


@pytest.mark.parametrize(
    "case", [c for c in CASES if c.name in SOME], ids=lambda case: case.name
)
def test_the_beam_runner_says_the_same(case, tmp_path, monkeypatch):
    folder = make(case, tmp_path / "c", monkeypatch)
    (folder / GOOD).write_bytes(lines(A, A, A))
    for runner in ("in-process", "local"):
        assert profile(folder, tmp_path / runner, runner=runner) == 0
        check(case, tmp_path / runner, GOOD_TEXTS)
    for path in (tmp_path / "in-process").rglob("*.parquet"):
        other = tmp_path / "local" / path.relative_to(tmp_path / "in-process")
        assert other.read_bytes() == path.read_bytes(), path


def test_a_bad_file_alone_is_a_profile_or_one_message(tmp_path, capsys):
    codes = Counter()
    for case in CASES[:: len(CASES) // 12]:
        source = tmp_path / case.name.replace(".", "_")
        source.mkdir()
        (source / case.name).write_bytes(case.content)
        out = tmp_path / f"out-{case.name}"
        codes[code := profile(source, out)] += 1
        shown = capsys.readouterr().err
        assert code in (0, 2), case.name
        assert "Traceback" not in shown
        assert out.exists() == (code == 0)
        if code == 2:
            assert shown.count("corpus-audit:") == 1
    assert codes[0] > 5


def test_a_line_of_200_megabytes_is_one_reject(tmp_path):
    folder = tmp_path / "c"
    folder.mkdir()
    with (folder / "long.jsonl").open("wb") as file:
        file.write(lines(A) + b'{"text": "')
        for _ in range(200):
            file.write(b"x" * 1_000_000)
        file.write(b'"}\n' + lines(A))
    assert profile(folder, tmp_path / "out") == 0
    summary, rejects = tables(tmp_path / "out")
    assert summary["documents"] == 2
    assert [(r["reason"], r["position"]) for r in rejects] == [("too_long", 2)]


def test_two_files_share_ids_and_are_all_counted(tmp_path):
    folder = tmp_path / "c"
    folder.mkdir()
    for name in ("a.jsonl", "b.jsonl"):
        (folder / name).write_bytes(lines(A, A))
    assert profile(folder, tmp_path / "out", "--keep", "documents") == 0
    assert tables(tmp_path / "out")[0]["documents"] == 4
    kept = pq.read_table(tmp_path / "out" / "c" / "documents")
    assert kept.column("doc_id").to_pylist() == ["a"] * 4


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_permission_is_a_reject(tmp_path):
    folder = tmp_path / "c"
    folder.mkdir()
    (folder / "good.jsonl").write_bytes(lines(A))
    (folder / "secret.jsonl").write_bytes(lines(A))
    (folder / "secret.jsonl").chmod(0)
    assert profile(folder, tmp_path / "out") == 0
    reasons = [row["reason"] for row in tables(tmp_path / "out")[1]]
    assert reasons == ["unreadable_file"]
