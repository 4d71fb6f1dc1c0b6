"""Signatures under a key: the same duplicates, and nothing to test without it."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

import audit
from audit.commands.profile import command
from audit.compare.load import load_profiles
from audit.errors import ConfigError, ProfileError
from audit.signature_key import key_check, part_of_key, read_key

SAMPLES = Path(__file__).parents[2] / "sample_corpora"
VENDORS = ("vendor_a", "vendor_b")


def profiled(out: Path, key: bytes, *corpora: str) -> Path:
    config = audit.AuditConfig(
        link=audit.LinkOptions(key=key), keep=frozenset({"signatures", "documents"})
    )
    audit.profile({n: str(SAMPLES / n) for n in corpora}, str(out), config=config)
    return out


@pytest.fixture(scope="module")
def profiles(tmp_path_factory) -> dict[str, Path]:
    base = tmp_path_factory.mktemp("keyed")
    return {
        "plain": profiled(base / "plain", b"", *VENDORS),
        "keyed": profiled(base / "keyed", b"k" * 32, *VENDORS),
        "alone": profiled(base / "alone", b"k" * 32, "vendor_b"),
        "other": profiled(base / "other", b"o" * 32, "vendor_b"),
    }


def test_figures_are_those_without_a_key(profiles):
    for name in ("vendor_a/summary", "vendor_a/duplicates", "overlap"):
        plain, keyed = (
            pl.read_parquet(profiles[kind] / f"{name}.parquet")
            for kind in ("plain", "keyed")
        )
        assert plain.equals(keyed)
    assert pl.read_parquet(profiles["plain"] / "overlap.parquet")["documents_a"].sum()


def test_no_hash_is_that_without_the_key(profiles):
    for kind, column in (("signatures", "content_hash"), ("documents", "content_hash")):
        found = [
            set(pl.read_parquet(profiles[p] / "vendor_b" / kind)[column].to_list())
            for p in ("plain", "keyed", "other")
        ]
        assert not found[0] & found[1]
        assert not found[1] & found[2]
        assert len(found[0]) == len(found[1])
    plain, keyed = (
        pl.read_parquet(profiles[p] / "vendor_b/signatures")["signature"].to_list()
        for p in ("plain", "keyed")
    )
    full = [row for row in zip(plain, keyed, strict=True) if min(row[0]) < 2**32 - 1]
    equal = [x == y for a, b in full for x, y in zip(a, b, strict=True)]
    assert len(full) > 20
    assert sum(equal) < len(equal) / 1000


def test_one_key_compares_and_two_are_refused(profiles):
    both = load_profiles([profiles["keyed"] / "vendor_a", profiles["alone"]])
    together = audit.overlap(both).table
    stored = pl.read_parquet(profiles["keyed"] / "overlap.parquet").filter(kind="exact")
    exact = pl.DataFrame(pl.from_arrow(together)).filter(kind="exact")
    assert exact["documents_a"].to_list() == stored["documents_a"].to_list()
    for one, other in (("keyed", "other"), ("keyed", "plain")):
        pair = load_profiles([profiles[one] / "vendor_a", profiles[other] / "vendor_b"])
        with pytest.raises(ProfileError, match=r"key_check|signature"):
            audit.overlap(pair)


def test_the_key_is_written_nowhere(profiles):
    for path in profiles["keyed"].rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert b"k" * 32 not in data
            assert (b"k" * 32).hex().encode() not in data
    said = json.loads((profiles["keyed"] / "run.json").read_text())
    assert said["config"]["link"]["key_check"] == key_check(b"k" * 32)
    assert "kkkk" not in repr(audit.LinkOptions(key=b"k" * 32))


def test_parts_of_a_key_are_apart():
    parts = {
        part_of_key(b"k" * 32, use) for use in ("content 1", "content 2", "shingle")
    }
    assert len(parts) == 3
    assert {len(part) for part in parts} == {16}
    assert key_check(b"") == ""


def test_key_files_are_checked(tmp_path):
    (tmp_path / "short").write_bytes(b"secret")
    with pytest.raises(ConfigError, match="at least 16 bytes"):
        read_key(str(tmp_path / "short"))
    with pytest.raises(ConfigError, match="can be read"):
        read_key(str(tmp_path / "nowhere"))


def test_the_command_takes_a_key(tmp_path):
    (tmp_path / "secret").write_bytes(bytes(range(32)))
    (tmp_path / "a.jsonl").write_text('{"text": "Some words to be signed here."}\n')
    words = [str(tmp_path / "a.jsonl"), "--out", str(tmp_path / "out"), "--no-progress"]
    words += ["--runner", "in-process", "--signature-key", str(tmp_path / "secret")]
    done = CliRunner().invoke(command, words)
    assert done.exit_code == 0, done.output
    said = json.loads((tmp_path / "out/run.json").read_text())
    key = read_key(str(tmp_path / "secret"))
    assert said["config"]["link"]["key_check"] == key_check(key)
