"""The page as a file: complete, escaped, self-contained, small, always the same."""

from __future__ import annotations

import base64
import hashlib
import re
import time
from pathlib import Path

import pytest
from profiles_factory import make_profile
from report_page import Page, read_page
from report_profiles import HOSTILE, add_examples, empty_profile, poisoned_profile

from audit.errors import ConfigError, ProfileError, UsageError
from audit.report import build_page


def test_page_is_the_same_every_time(
    profiles: list[Path], html_three: str, tmp_path: Path
) -> None:
    out = tmp_path / "new" / "again.html"
    build_page(profiles, out)
    assert out.read_text("utf-8") == html_three
    assert [path.name for path in out.parent.iterdir()] == ["again.html"]


@pytest.mark.parametrize("name", ["page_one", "page_three"])
def test_page_refers_to_nothing_outside(
    name: str, request: pytest.FixtureRequest
) -> None:
    page: Page = request.getfixturevalue(name)
    for tag, attribute, value in page.attributes:
        assert attribute not in ("src", "srcset", "xlink:href", "action", "data"), tag
        assert not attribute.startswith("on"), (tag, attribute)
        # A style attribute would be refused by the page's own policy.
        assert attribute != "style", tag
        if attribute == "href":
            assert str(value).startswith("#")
    assert {"link", "img", "iframe", "object", "base", "form"}.isdisjoint(page.tags)
    assert "@import" not in page.style
    assert "url(" not in page.style
    assert not re.search(r"fetch|XMLHttp|import\(|localStorage|eval", page.script)


def test_every_link_has_its_target(page_three: Page) -> None:
    ids = [value for _, name, value in page_three.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    pointing = ("href", "aria-controls", "aria-labelledby", "for", "data-find")
    for _, name, value in page_three.attributes:
        if name in pointing:
            assert str(value).removeprefix("#") in ids


def test_policy_allows_exactly_this_style_and_script(page_three: Page) -> None:
    policy = page_three.meta["Content-Security-Policy"]
    rules = dict(rule.split(maxsplit=1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'"
    for kind, text in (("style", page_three.style), ("script", page_three.script)):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert rules[f"{kind}-src"] == f"'sha256-{digest}'"
    assert page_three.tags.count("script") == page_three.tags.count("style") == 1


def test_hostile_names_are_shown_as_text(tmp_path: Path) -> None:
    out = tmp_path / "page.html"
    build_page([poisoned_profile(tmp_path)], out)
    html = out.read_text("utf-8")
    page = read_page(html)
    assert page.tags.count("script") == 1
    assert "img" not in page.tags
    assert "49" not in HOSTILE
    assert HOSTILE in page.tables["table-domains"][0][0][0]
    assert any(HOSTILE in mark for mark in page.marks)
    assert any(
        HOSTILE in text for row in page.tables["table-records"] for text, _ in row
    )
    assert any(
        HOSTILE in text for row in page.tables["table-provenance"] for text, _ in row
    )
    assert page.excerpts
    assert all(text.startswith(HOSTILE) for text in page.excerpts)
    assert "window.hacked" not in page.script
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]


def test_corpus_without_documents_has_a_page(tmp_path: Path, page_one: Page) -> None:
    out = tmp_path / "page.html"
    build_page([empty_profile(tmp_path)], out)
    page = read_page(out.read_text("utf-8"))
    assert "No document was audited" in page.text
    assert not re.search(r"\b(nan|inf|None)\b", page.text)
    assert "No document was audited" not in page_one.text


def test_corpus_without_urls_and_references_has_a_page(tmp_path: Path) -> None:
    profile = make_profile(
        tmp_path, "bare", without_url=1.0, located=0.0, documents=300, domains=40,
        near_duplicates=0.0, rejected=0, replicates=3,
    )  # fmt: skip
    out = tmp_path / "page.html"
    build_page([profile], out)
    page = read_page(out.read_text("utf-8"))
    assert "No document names a source" in page.text
    assert "Every record that was read was audited." in page.text
    assert "table-domains" not in page.tables
    assert page.tables["table-cultures"] == []
    assert "table-matrix-1" not in page.tables


def test_ten_corpora_fit_in_two_megabytes_and_five_seconds(tmp_path: Path) -> None:
    languages = {code: 1.0 for code in _many_languages()}
    profiles = [
        make_profile(
            tmp_path, f"corpus number {n}", n, languages=languages, domains=400,
            documents=20_000, purity=0.3, rejected=200, replicates=2,
        )
        for n in range(10)
    ]  # fmt: skip
    for profile in profiles:
        add_examples(profile)
    out = tmp_path / "ten.html"
    build_page(profiles[:1], out)  # the start-up of the chart library
    start = time.process_time()
    build_page(profiles, out)
    assert time.process_time() - start < 5
    assert out.stat().st_size < 2_000_000
    page = read_page(out.read_text("utf-8"))
    assert len(page.tables["table-glance"]) == 10
    # Less room for each of many: six languages, and the others added up.
    assert [len(page.tables[f"table-matrix-{n}"]) for n in range(1, 11)] == [7] * 10
    # A pair of each of five bands, two mentions of each of five cultures.
    assert len(page.twins) == 50
    assert len(page.excerpts) == 200


def _many_languages() -> list[str]:
    from audit.resources.speakers import speakers

    codes: list[str] = speakers()["language"].to_pylist()
    return codes[:300]


def test_corpora_of_one_name_are_told_apart(tmp_path: Path) -> None:
    profiles = [
        make_profile(tmp_path / side, "web", seed, documents=400, replicates=2)
        for seed, side in enumerate(("before", "after"))
    ]
    out = tmp_path / "page.html"
    build_page(profiles, out, title="What the filter did")
    page = read_page(out.read_text("utf-8"))
    assert {corpus for corpus, _ in page.figures} == {"before/web", "after/web"}
    assert "What the filter did" in page.text


def test_too_many_corpora_are_refused(tmp_path: Path) -> None:
    profile = make_profile(tmp_path, "c0", documents=50, domains=5, replicates=1)
    for n in range(1, 11):
        (tmp_path / f"c{n}").symlink_to(profile)
    with pytest.raises(UsageError, match="at most 10 corpora side by side: 11"):
        build_page([tmp_path / f"c{n}" for n in range(11)], tmp_path / "page.html")
    assert not (tmp_path / "page.html").exists()


def test_page_of_a_run_shows_the_largest_of_many(tmp_path: Path) -> None:
    profiles = [
        make_profile(tmp_path, f"c{n:02}", n, documents=50 + n, domains=5, replicates=1)
        for n in range(12)
    ]
    build_page(profiles, tmp_path / "page.html", largest=True)
    page = read_page((tmp_path / "page.html").read_text("utf-8"))
    assert {name for name, _ in page.figures} == {f"c{n:02}" for n in range(2, 12)}
    assert "The largest of 12 corpora; the other 2 have" in page.text


def test_page_does_not_depend_on_where_the_profiles_lie(tmp_path: Path) -> None:
    pages = []
    for side in ("one", "other"):
        profile = make_profile(
            tmp_path / side, "c", documents=90, domains=9, replicates=1
        )
        build_page([profile], tmp_path / f"{side}.html")
        pages.append((tmp_path / f"{side}.html").read_bytes())
    assert pages[0] == pages[1]


def test_missing_table_is_named(tmp_path: Path) -> None:
    profile = make_profile(tmp_path, "c", documents=50, domains=5, replicates=1)
    (profile / "culture.parquet").unlink()
    with pytest.raises(ProfileError, match=r"culture\.parquet"):
        build_page([profile], tmp_path / "page.html")


def test_unwritable_place_is_named(profiles: list[Path], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"--out.*page\.html"):
        build_page(profiles[:1], tmp_path / "file" / "page.html")


def test_failed_page_leaves_the_old_one(
    profiles: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "page.html"
    out.write_text("old")

    def fail(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(ConfigError, match="No space left"):
        build_page(profiles[:1], out)
    assert out.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


def test_right_to_left_and_han_text_is_marked(
    html_three: str, page_three: Page
) -> None:
    assert '<small lang="ar" dir="auto">العربية</small>' in html_three
    assert '<small lang="zh" dir="auto">中文</small>' in html_three
    assert "<bdi>مدونة</bdi>" in html_three
    assert any(mark.startswith("\u2068مدونة\u2069: ") for mark in page_three.marks)


def test_excerpts_run_in_their_own_direction(html_one: str) -> None:
    assert '<p class="text" dir="auto">تغادر العبارة' in html_one
    assert "<mark>old</mark> <mark>pier</mark>" in html_one
    assert html_one.count("<mark>stew</mark>") == 21
    # Folded away until a reader asks.
    assert '<details class="evidence"><summary>' in html_one


def test_tables_head_their_rows_and_columns(page_three: Page) -> None:
    scopes = {(tag, value) for tag, name, value in page_three.attributes
              if name == "scope"}  # fmt: skip
    assert scopes == {("th", "col"), ("th", "row")}
    assert page_three.tags.count("caption") == page_three.tags.count("table")
    assert page_three.tags.count("h1") == 1
