"""Odd and hostile values: counted, bounded, and harmless where they are shown."""

from __future__ import annotations

import json
import time
from pathlib import Path
from xml.etree import ElementTree

import pyarrow.parquet as pq
import pytest

from audit.cli import main

SCRIPT = "<script>alert(1)</script>"
TEXT = "The ferry leaves at nine from the old harbour wall, and the bread is warm."


def profile(folder: Path, rows: list[dict], *words: str) -> Path:
    folder.mkdir(exist_ok=True)
    data = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "in.jsonl").write_text(data, "utf-8")
    out = folder / "out"
    command = ["profile", f"c={folder / 'in.jsonl'}", "--out", str(out)]
    assert main([*command, "--runner", "in-process", "--no-progress", *words]) == 0
    return out


def summary(out: Path) -> dict:
    return pq.read_table(out / "c" / "summary.parquet").to_pylist()[0]


ODD = {
    "one character": "a",
    "one Han character": "文",
    "only spaces": "   \n\t ",
    "only emoji": "🎉✨👩‍👩‍👧🏳️‍🌈" * 5,
    "marks of direction": "\u202eabc\u202c \u200f\u200e \u2066x\u2069",
    "only joiners": "\u200d\u200c\u2060\ufeff",
    "private use": "\ue000\ue001 \U000f0000 word",
    "NUL": "a\x00b",
    "control characters": "\x01\x02\x1b[31mred\x7f\x9b",
    "combining marks": "e" + "\u0301" * 5000,
    "noncharacters": "\ufffe\uffff\U0010ffff",
    "one long word": "x" * 100_000,
    "10 MB": TEXT * (10_000_000 // len(TEXT)),
    "10 MB without a space": "文" * 3_400_000,
    "script": SCRIPT * 3,
}


def test_odd_documents_are_documents(tmp_path):
    rows = [{"id": name, "text": text} for name, text in ODD.items()]
    out = profile(tmp_path / "f", rows, "--keep", "documents")
    found = summary(out)
    assert found["documents"] == len(ODD)
    assert found["rejected"] == 0
    assert found["characters"] == sum(map(len, ODD.values()))
    kept = pq.read_table(out / "c" / "documents").to_pylist()
    for row in kept:
        assert row["characters"] == len(ODD[row["doc_id"]])
        assert row["bytes"] == len(ODD[row["doc_id"]].encode())
    language = {row["doc_id"]: row["language"] for row in kept}
    assert language["10 MB"] == "eng"
    assert {language["only emoji"], language["only spaces"]} == {"zxx"}


def test_ids_of_any_kind_are_kept_as_they_are(tmp_path):
    ids = ["x" * 10_000, SCRIPT, "../../etc/passwd", "=1+1", "", "a\nb", "\u202eid"]
    rows = [{"id": i, "text": f"{TEXT} {n}"} for n, i in enumerate(ids)]
    out = profile(tmp_path / "f", rows, "--keep", "documents,signatures")
    found = pq.read_table(out / "c" / "documents").column("doc_id").to_pylist()
    assert [i for i in found if i in ids] == [i for i in ids if i]
    assert len(found) == len(ids)
    # No value of the data has become the name of a file.
    names = {p.name for p in (tmp_path / "f").rglob("*")}
    assert not any("passwd" in name or "script" in name for name in names)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory) -> Path:
    rows = [
        {
            "id": SCRIPT,
            "text": f"{SCRIPT} {TEXT} {n}",
            "url": f"https://<img src=x onerror=alert(1)>.{SCRIPT}.example.com/{n}",
            "source": f"'\"><svg onload=alert({n})>|=cmd",
            "lang": SCRIPT,
        }
        for n in range(30)
    ]
    return profile(tmp_path_factory.mktemp("hostile") / "f", rows)


FORMATS = [
    ("compare", "markdown"), ("compare", "text"), ("compare", "json"),
    ("gate", "junit"), ("gate", "markdown"), ("gate", "text"), ("gate", "json"),
]  # fmt: skip


@pytest.mark.parametrize(("command", "shape"), FORMATS)
def test_no_output_lets_a_value_be_code(command, shape, hostile, tmp_path, capsys):
    other = profile(tmp_path / "g", [{"text": TEXT, "url": "https://a.org"}] * 30)
    words = [command, str(hostile / "c"), str(other / "c"), "--format", shape]
    if command == "gate":
        policy = tmp_path / "p.toml"
        policy.write_text(
            f'[[rule]]\nname = "{SCRIPT}"\nmeasure = "summary.documents"\n'
            f'minimum = 1000\nreason = "a ]]> & {SCRIPT} | b"\n'
        )
        words += ["--policy", str(policy)]
    capsys.readouterr()
    assert main(words) in (0, 1)
    shown = capsys.readouterr().out
    if shape in ("markdown", "junit"):
        assert "<script>" not in shown
        assert "<svg" not in shown
        assert "<img" not in shown
    if shape == "junit":
        assert ElementTree.fromstring(shown[shown.index("<") :]) is not None
    if shape == "json":
        json.loads(shown)


def test_the_page_lets_no_value_be_code(hostile):
    page = (hostile / "report.html").read_text("utf-8")
    assert SCRIPT not in page
    assert "<svg onload" not in page
    assert "<img src=x" not in page


def test_a_profile_of_another_making_is_refused(hostile, tmp_path, capsys):
    folder = tmp_path / "c"
    folder.mkdir()
    for path in (hostile / "c").glob("*.parquet"):
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "summary.parquet").write_bytes(b"PAR1 not a table PAR1")
    assert main(["report", str(folder), "--out", str(tmp_path / "x.html")]) == 2
    assert "summary.parquet" in capsys.readouterr().err


def lines_of(n: int, line: str, folder: Path) -> Path:
    folder.mkdir()
    with (folder / "in.jsonl").open("w", encoding="utf-8") as file:
        for i in range(n):
            file.write(line.replace("@", str(i)))
    return folder


def seconds_of(folder: Path, *words: str) -> float:
    out = folder / "out"
    started = time.process_time()
    command = ["profile", f"c={folder / 'in.jsonl'}", "--out", str(out), "--overwrite"]
    assert main([*command, "--runner", "in-process", "--no-progress", *words]) == 0
    return time.process_time() - started


@pytest.mark.slow
def test_one_document_200_000_times_is_linear(tmp_path):
    line = json.dumps({"text": TEXT, "url": "https://a.org/@"}) + "\n"
    seconds_of(lines_of(100, line, tmp_path / "warm"))
    one = seconds_of(lines_of(20_000, line, tmp_path / "one"))
    ten = seconds_of(lines_of(200_000, line, tmp_path / "ten"))
    found = summary(tmp_path / "ten" / "out")
    assert found["documents"] == 200_000
    assert found["exact_duplicate_documents"] == 199_999
    assert found["near_duplicate_documents"] == 199_999
    assert found["near_duplicate_clusters"] == 1
    # Ten times the input takes at most ten times as long, and some for a busy machine.
    assert ten < 15 * one + 2


@pytest.mark.slow
def test_200_000_domains_are_all_counted(tmp_path):
    line = json.dumps({"text": TEXT + " @", "url": "https://d@.org/"}) + "\n"
    seconds = seconds_of(lines_of(200_000, line, tmp_path / "many"))
    source = pq.read_table(tmp_path / "many" / "out" / "c" / "source.parquet")
    assert source.num_rows == 200_000
    assert sum(source.column("documents").to_pylist()) == 200_000
    assert seconds < 300
    page = tmp_path / "many" / "out" / "report.html"
    assert page.stat().st_size < 5_000_000
