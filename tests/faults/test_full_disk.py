"""A disk that is full, for real: one message, nothing published, resumed with room."""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from audit.cli import main

SAMPLES = Path(__file__).parents[2] / "sample_corpora"
NAMES = ("global_mix", "vendor_a")
# From a disk that holds the first stored task and no more to one that lacks the page.
ROOM = [20_000, 120_000, 250_000, 500_000, 900_000]


def words(out: Path, runner: str = "in-process") -> list[str]:
    found = ["profile", *(str(SAMPLES / name) for name in NAMES), "--out", str(out)]
    return [*found, "--runner", runner, "--no-progress", "--keep", "documents"]


def tables(out: Path) -> dict[str, bytes]:
    return {
        str(p.relative_to(out)): p.read_bytes() for p in sorted(out.rglob("*.parquet"))
    }


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> dict[str, bytes]:
    out = tmp_path_factory.mktemp("undisturbed") / "out"
    assert main(words(out)) == 0
    return tables(out)


def mounted(*options: str) -> bool:
    done = subprocess.run(["mount", *options], capture_output=True, check=False)
    return done.returncode == 0


@pytest.fixture
def disk(tmp_path):
    """A disk in memory, whose size a test may change."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if sys.platform != "linux" or not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("a disk of its own is mounted by root, on Linux")
    if not mounted("-t", "tmpfs", "-o", "size=16k", "tmpfs", str(folder)):
        pytest.skip("this system lets nobody mount a disk")

    def resize(size: int) -> Path:
        assert mounted("-o", f"remount,size={size}", str(folder))
        return folder

    yield resize
    subprocess.run(["umount", "-l", str(folder)], check=True)


def told_once(shown: str) -> None:
    assert shown.count("corpus-audit: ") == 1, shown
    assert "Traceback" not in shown
    assert "--resume" in shown


@pytest.mark.parametrize("runner", ["in-process", "local"])
def test_a_full_disk_fails_clearly_and_is_resumed(
    runner, disk, undisturbed, capfd, monkeypatch
):
    failures = 0
    for room in ROOM:
        out = disk(room) / "out"
        if main([*words(out, runner), "--resume"]) == 0:
            break
        failures += 1
        assert main([*words(out, runner), "--resume"]) == 4
        capfd.readouterr()
        assert not out.exists()
        if runner == "local":
            break
    assert failures
    out = disk(64 << 20) / "out"
    assert main([*words(out, runner), "--resume"]) == 0
    assert tables(out) == undisturbed
    assert sorted(p.name for p in out.parent.iterdir()) == ["out"]


@contextlib.contextmanager
def no_file_above(size: int):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("size", [500, 9_000, 60_000])
def test_a_file_that_may_not_grow_fails_clearly(size, undisturbed, tmp_path, capfd):
    out = tmp_path / "out"
    capfd.readouterr()
    with no_file_above(size):
        code = main(words(out))
    assert code == 4
    told_once(capfd.readouterr().err)
    assert not out.exists()
    assert main([*words(out), "--resume"]) == 0
    assert tables(out) == undisturbed
