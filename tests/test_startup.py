"""How a process of the command starts: what it leaves out changes no result.

Each test runs a process of its own, because what is imported once stays imported.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tldextract.cache import DiskCache
from tldextract.suffix_list import get_suffix_lists

from audit.report.build_endonyms import endonyms
from audit.report.names import endonym
from audit.resources.suffixes import suffix_list


def _told(program: str, *words: str) -> str:
    """Return what a program prints in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", program, *words],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


OWN = "from audit.startup import own_process; own_process();"


def test_the_command_leaves_out_what_no_kernel_uses() -> None:
    shown = "import sys, audit.kernels.jit; print('cffi' in sys.modules)"
    assert _told(OWN + shown).split() == ["False"]


def test_other_programs_keep_their_numba_whole() -> None:
    program = """
import audit.kernels.tokens, numba, numpy as np
@numba.njit
def product(a, b):
    return np.dot(a, b)
print(product(np.ones(3), np.ones(3)))
import cffi
"""
    assert _told(program).split() == ["3.0"]


@pytest.mark.parametrize("own", [True, False])
def test_hidden_modules_can_be_imported_afterwards(own: bool) -> None:
    program = """
from audit.startup import absent
with absent("wave", "json"):
    try:
        import wave
        print("there")
    except ImportError:
        print("absent")
import wave
"""
    assert _told((OWN if own else "") + program).split() == [
        "absent" if own else "there"
    ]


def test_collector_is_still_while_loading_and_back_afterwards() -> None:
    program = """
import gc
from audit.startup import loading
try:
    with loading():
        with loading():
            print(gc.isenabled())
        print(gc.isenabled())
        raise ValueError
except ValueError:
    print(gc.isenabled(), gc.get_freeze_count() > 0)
"""
    assert _told(OWN + program).split() == ["False", "False", "True", "True"]
    assert _told(program).split() == ["True", "True", "True", "False"]


def test_suffix_list_is_what_tldextract_gives() -> None:
    public, others = get_suffix_lists(
        DiskCache(None), (), cache_fetch_timeout=None, fallback_to_snapshot=True
    )
    for private, rules in ((False, public), (True, public + others)):
        found = suffix_list(frozenset(), private)
        plain = {r for r in rules if r.isascii() and r[0] not in "!*"}
        assert plain <= found.rules
        assert len(set(rules)) == sum(map(len, found))


def test_stored_endonyms_are_those_of_cldr() -> None:
    names = endonyms()
    stored = {code: endonym(code) for code in names}
    # Another edition of Babel may know a few more.
    assert all(stored[code] in (name, "") for code, name in names.items())
    assert sum(map(bool, stored.values())) > 0.9 * len(names)
    assert endonym("swh") == "Kiswahili"


def test_page_is_written_where_no_cache_can_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from jinja2 import Environment, FileSystemLoader

    from audit.report.html import _templates

    blocked = tmp_path / "file"
    blocked.write_text("no folder", "ascii")
    (tmp_path / "page.txt").write_text("{{ 6 * 7 }}", "ascii")
    for base in (blocked, tmp_path / "cache"):
        monkeypatch.setenv("XDG_CACHE_HOME", str(base))
        for _ in range(2):
            environment = Environment(
                loader=FileSystemLoader(tmp_path), bytecode_cache=_templates()
            )
            assert environment.get_template("page.txt").render() == "42"
    assert list((tmp_path / "cache").rglob("*.cache"))
