"""The documentation says what the code does, and only what belongs into it."""

from __future__ import annotations

import importlib.util
import re
import subprocess
from pathlib import Path

import pytest

from audit.cli import COMMANDS

ROOT = Path(__file__).parents[1]
MARKDOWN = [
    path
    for path in sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
    if ".venv" not in path.parts
]


def build_module():
    spec = importlib.util.spec_from_file_location("docs_build", ROOT / "docs/build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_every_generated_block_is_current():
    assert [str(path) for path, _ in build_module().stale()] == []


@pytest.mark.parametrize("path", MARKDOWN, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(path):
    text = path.read_text("utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        if "://" not in target and not target.startswith("mailto:"):
            assert (path.parent / target).exists(), target


def test_every_command_stands_in_the_readme_and_the_reference():
    readme = (ROOT / "README.md").read_text("utf-8")
    reference = (ROOT / "docs/cli.md").read_text("utf-8")
    for name in COMMANDS:
        assert f"corpus-audit {name}" in readme
        assert f"## {name}\n" in reference


def test_changelog_has_the_headings_of_keep_a_changelog():
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    headings = set(re.findall(r"^### (.+)$", text, re.M))
    allowed = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    assert headings <= allowed
    assert re.search(r"^## \[(Unreleased|\d+\.\d+\.\d+)\]", text, re.M)


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout, so what belongs to the project is unknown")
    names = listed.stdout.decode().split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def test_the_project_speaks_of_itself_only():
    # Put together here, so that this file does not hold what it looks for.
    banned = ["/wo" + "rk/", "/ro" + "ot/", "py" + "pi.internal", "sess" + "ion tool"]
    found = []
    for path in tracked():
        data = path.read_bytes()
        if path.suffix in {".md", ".py", ".toml", ".txt", ".json", ".css", ".j2", ""}:
            text = data.decode("utf-8", "replace")
            found += [f"{path.name}: {word}" for word in banned if word in text]
    assert found == []
