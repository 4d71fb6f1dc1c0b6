"""One set of profiles and pages for all tests of the report."""

from __future__ import annotations

from pathlib import Path

import pytest
from report_page import Page, read_page
from report_profiles import three_profiles

from audit.report import build_page


@pytest.fixture(scope="session")
def profiles(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return three_profiles(tmp_path_factory.mktemp("profiles"))


@pytest.fixture(scope="session")
def html_one(profiles: list[Path], tmp_path_factory: pytest.TempPathFactory) -> str:
    out = tmp_path_factory.mktemp("pages") / "one.html"
    build_page(profiles[:1], out)
    return out.read_text("utf-8")


@pytest.fixture(scope="session")
def html_three(profiles: list[Path], tmp_path_factory: pytest.TempPathFactory) -> str:
    out = tmp_path_factory.mktemp("pages") / "three.html"
    build_page(profiles, out)
    return out.read_text("utf-8")


@pytest.fixture(scope="session")
def page_one(html_one: str) -> Page:
    return read_page(html_one)


@pytest.fixture(scope="session")
def page_three(html_three: str) -> Page:
    return read_page(html_three)
