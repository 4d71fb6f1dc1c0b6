"""What packages say of themselves, and what is kept back from learning."""

import gzip
import json

import pytest

from audit.errors import ConfigError
from audit.resources.build_code_text import (
    bare_example,
    example_language,
    examples,
    is_kept_back,
)
from audit.resources.code_packages import Package, read_package


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    data = text.encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)


def debian(folder):
    about = folder / "usr/share/doc/tool"
    write(about / "changelog.Debian.gz", "tool (1:2.3-4) stable; urgency=low\n")
    rights = "Format: x\n\nFiles: debian/*\nLicense: GPL-2\n\nFiles: *\nCopyright: us\n"
    write(about / "copyright", rights + "License: Expat\n text\n")
    return "1:2.3-4", "Expat"


def npm(folder):
    said = {"name": "tool", "version": "5.0.1", "license": "MIT"}
    write(folder / "package/package.json", json.dumps(said))
    return "5.0.1", "MIT"


def python(folder):
    write(folder / "tool-1.2/PKG-INFO", "Name: tool\nVersion: 1.2\nLicense: BSD-2\n")
    return "1.2", "BSD-2"


def bare(folder):
    write(folder / "LICENSE.txt", "Permission is hereby granted, free of charge, to\n")
    return "", "MIT"


def with_parts(folder):
    rights = "PYTHON SOFTWARE FOUNDATION LICENSE VERSION 2\n\nFiles: a.h\n"
    rights += "License: Redistribution and use in source and binary forms\n"
    write(folder / "usr/share/doc/tool/copyright", rights)
    return "", "PSF"


@pytest.mark.parametrize("kind", [debian, npm, python, bare, with_parts])
def test_packages_tell_version_and_licence(tmp_path, kind):
    folder = tmp_path / "tool"
    said = kind(folder)
    assert read_package(folder) == Package("tool", *said)


def test_nothing_is_learnt_from_code_of_unknown_licence(tmp_path):
    write(tmp_path / "tool/main.c", "int main(void) { return 0; }\n")
    with pytest.raises(ConfigError, match="licence"):
        read_package(tmp_path / "tool")


def test_examples_of_languages_kept_back_are_not_read(tmp_path):
    names = [f"lang{n}" for n in range(40)]
    for name in names:
        path = tmp_path / "tests/examplefiles" / name / "a.x"
        write(path, f"# says nothing\nlet {name} = 1\n")
        assert example_language(path) == name
    found = sorted(line for lines in examples([tmp_path]) for line in lines)
    learnt = [name for name in names if not is_kept_back(name)]
    assert found == sorted(f"let {name} = 1" for name in learnt)
    assert 5 < len(learnt) < 35


def test_examples_of_texts_for_people_are_no_code():
    assert bare_example("markdown", "words\n") == []
    assert bare_example("zig", "// a remark\n\nconst x = 1;\n") == ["const x = 1;"]
