"""The worker image and the Flex Template: what they ship, and that it is enough."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from audit.commands.profile import command
from pipelines.launcher import profile_words

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
TEMPLATE = json.loads((ROOT / "pipelines" / "flex_template.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    pytest.importorskip("hatchling", reason="the wheel is built by hatchling")
    source = tmp_path_factory.mktemp("source")
    for name in ("audit", "pipelines", "schemas"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, source / name, ignore=ignored)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    words = [sys.executable, "-m", "hatchling", "build", "-t", "wheel"]
    subprocess.run(words, cwd=source, check=True, capture_output=True)
    (found,) = (source / "dist").glob("corpus_audit-*.whl")
    return found


# What other tables are compiled from: of no use where the package runs.
BUILD_ONLY = {
    "audit/resources/culture/forms.parquet",
    "audit/resources/platforms/derived.csv",
}


def test_wheel_holds_models_tables_and_types(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    kinds = {".ftz", ".npz", ".parquet", ".toml", ".csv", ".json", ".j2", ".css"}
    tracked = subprocess.run(
        ["git", "ls-files", "audit", "pipelines", "schemas"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split("\n")  # fmt: skip
    wanted = {name for name in tracked if name and (ROOT / name).exists()}
    assert {Path(name).suffix for name in wanted} >= kinds
    assert wanted - names == BUILD_ONLY
    assert "audit/py.typed" in names
    assert [n for n in names if n.endswith((".pyc", ".nbi", ".nbc"))] == []


def test_wheel_audits_without_the_repository(wheel, tmp_path):
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    code = (
        "import audit, audit.job.toolbox, pipelines.transforms as t; print(t.__file__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert str(tmp_path) in done.stdout


CHECK = """
import sys
from audit.config import AuditConfig
from audit.errors import RunError
from audit.job.toolbox import toolbox
from audit.resources.installed import check_resources
try:
    toolbox(AuditConfig())
except RunError as error:
    sys.exit(str(error))
print(check_resources())
"""


@pytest.mark.parametrize("damage", ["none", "changed", "missing"])
def test_a_packaged_table_is_checked_before_it_is_read(wheel, tmp_path, damage):
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    table = site / "audit" / "resources" / "suffixes.csv"
    if damage == "changed":
        data = table.read_bytes()
        table.write_bytes(data[:500] + bytes([data[500] ^ 1]) + data[501:])
    elif damage == "missing":
        table.unlink()
    done = subprocess.run(
        [sys.executable, "-c", CHECK],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if damage == "none":
        assert done.returncode == 0, done.stderr
        assert int(done.stdout) > 10
    else:
        assert done.returncode == 1
        assert "suffixes.csv" in done.stderr
        assert damage in done.stderr


def test_wheel_fits_an_image(wheel):
    assert wheel.stat().st_size < 50e6


def instructions() -> list[tuple[str, str]]:
    text = re.sub(r"^#.*\n", "", DOCKERFILE, flags=re.M).replace("\\\n", " ")
    lines = [line.split(None, 1) for line in text.splitlines() if line.strip()]
    return [(word, rest.strip()) for word, rest in lines]


def test_image_is_beams_own_with_the_package_and_compiled_kernels():
    found = instructions()
    assert {word for word, _ in found} <= {"ARG", "FROM", "ENV", "COPY", "RUN"}
    base = [rest for word, rest in found if word == "FROM"][-1]
    assert base == "apache/beam_python${PYTHON_VERSION}_sdk:${BEAM_VERSION}"
    runs = [rest for word, rest in found if word == "RUN"]
    assert any("pip install" in run and "*.whl" in run for run in runs)
    assert any("corpus-audit profile" in run for run in runs)


def test_image_has_the_beam_that_is_tested():
    import apache_beam

    found = re.search(r"^ARG BEAM_VERSION=(\S+)", DOCKERFILE, re.M)
    assert found is not None
    assert found[1] == apache_beam.__version__


def test_what_is_copied_is_there_and_not_ignored():
    kept = [
        line[1:]
        for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines()
        if line.startswith("!")
    ]
    for word, rest in instructions():
        if word == "COPY" and not rest.startswith("--from"):
            source = rest.split()[0]
            assert source.startswith("dist/") or (ROOT / source).exists()
            assert any(source.startswith(k.split("*")[0]) for k in kept), source


def test_template_names_options_of_the_command():
    known = {o.lstrip("-") for p in command.params for o in p.opts} | {"corpora"}
    parameters = TEMPLATE["parameters"]
    assert [p["name"] for p in parameters if p["name"] not in known] == []
    assert [p["name"] for p in parameters if not p["isOptional"]] == ["corpora", "out"]
    for parameter in parameters:
        assert parameter["label"]
        assert parameter["helpText"].endswith(".")
        assert all(re.compile(pattern) for pattern in parameter.get("regexes", []))


def test_launcher_sends_what_it_does_not_know_to_the_runner():
    words = [
        "--runner=DataflowRunner",
        "--project=my-project",
        "--corpora=web=gs://b/web 'my books=gs://b/my books'",
        "--overwrite=true",
        "--resume=false",
        "--temp_location=gs://b/temp",
        "--out=gs://b/out",
    ]
    assert profile_words(words) == [
        "web=gs://b/web",
        "my books=gs://b/my books",
        "--runner=DataflowRunner",
        "--overwrite",
        "--out=gs://b/out",
        "--",
        "--project=my-project",
        "--temp_location=gs://b/temp",
    ]
