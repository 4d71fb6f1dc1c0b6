"""A short run of every fuzz target, and one of the kernels with bounds checked."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from fuzz_targets import TARGETS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

ROOT = Path(__file__).parents[2]
EXAMPLES = {"models": 15, "annotators": 25, "readers": 120}


@pytest.mark.parametrize("name", TARGETS)
def test_target(name):
    target = TARGETS[name]

    @settings(
        deadline=None,
        max_examples=EXAMPLES.get(name, 60),
        suppress_health_check=list(HealthCheck),
    )
    @given(target.inputs)
    def run(value):
        target(value)

    run()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["kernels", "urls", "gazetteer"])
def test_kernels_never_leave_their_arrays(name, tmp_path):
    # numba decides on bounds checks when it is imported: a process of its own.
    environment = os.environ | {
        "NUMBA_BOUNDSCHECK": "1",
        "CORPUS_AUDIT_JIT_CACHE": "0",
        "NUMBA_CACHE_DIR": str(tmp_path),
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz", "--minutes", "0.2", name],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
        timeout=500,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{name}: " in done.stdout


def test_the_driver_tells_what_failed(monkeypatch, capsys):
    monkeypatch.syspath_prepend(str(ROOT))
    from tests.fuzz.__main__ import main

    def check(value):
        assert value < 5

    monkeypatch.setitem(TARGETS, "bad", TARGETS["urls"]._replace(
        check=check, inputs=st.integers(0, 10)
    ))  # fmt: skip
    assert main(["--minutes", "0.05", "bad"]) == 1
    assert "bad" in capsys.readouterr().out
