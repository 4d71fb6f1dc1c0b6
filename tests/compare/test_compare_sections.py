import json

import pytest
from profiles_factory import make_profile, with_culture_tables, write_overlap

from audit.compare.diff import compare
from audit.compare.filtering import filter_view
from audit.compare.load import load_profiles
from audit.compare.mix import best_mix
from audit.compare.render import (
    Section,
    number,
    percent,
    points,
    to_json,
    to_markdown,
    to_text,
)
from audit.compare.sections import (
    comparison_sections,
    filter_sections,
    mix_sections,
)


@pytest.fixture(scope="module")
def profiles(tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    shifted = {"eng": 0.2, "yor": 0.8}
    make_profile(out, "a", 1, domains=300, documents=9000, replicates=4)
    make_profile(out, "b", 2, domains=300, documents=9000, replicates=4,
                 languages=shifted)  # fmt: skip
    make_profile(out, "中文語料", 3, domains=60, documents=900, replicates=4)
    write_overlap(out, [{"corpus_a": "a", "corpus_b": "b", "share_a": 0.25}])
    return load_profiles([out / "a", out / "b", out / "中文語料"])


def test_a_comparison_reads_findings_first(profiles):
    result = compare(profiles[:2])
    sections = comparison_sections(result)
    assert [s.title for s in sections[:3]] == [
        "Profiles", "Findings", "Shares of documents by language"
    ]  # fmt: skip
    first = next(f for f in result.findings if f["key"] == "yor")
    assert result.findings[0]["measure"].startswith("hill")
    row = next(r for r in sections[1].rows if r[0] == "language: yor")
    assert row[1] == first["measure"].split(".")[1]
    text, page = to_text(sections), to_markdown(sections)
    for figure in (percent(first["a"]), percent(first["b"])):
        assert figure in text
        assert figure in page
    assert "25.00 % (24.00 % to 26.00 %)" in text
    assert "beyond noise (false discovery rate 5 %" in text
    assert max(map(len, text.splitlines())) <= 100


def test_figures_of_tables_stand_side_by_side(tmp_path):
    for seed, outward in enumerate((0.1, 0.6)):
        cultures = {"GB": 1 - outward, "CN": outward}
        folder = make_profile(
            tmp_path, "ab"[seed], seed, domains=300, documents=9000, replicates=4,
            languages={"eng": 0.8, "fra": 0.2}, cultures=cultures,
        )  # fmt: skip
        with_culture_tables(folder)
    result = compare(load_profiles([tmp_path]))
    found = {row["measure"] for row in result.findings if row["facet"] == "outward"}
    assert found == {"share.documents"}
    figures = {(r["table"], r["figure"], r["key"]): r for r in result.figures}
    shown = figures["outward", "share", ""]
    gap = shown["differences"]["b"]
    values = [shown["values"][label]["value"] for label in "ab"]
    assert gap["difference"] == pytest.approx(values[1] - values[0])
    assert gap["low"] < gap["difference"] < gap["high"]
    counted = figures["coverage", "erased", ""]["differences"]["b"]
    assert counted["low"] is None
    assert ("outward", "share", "eng") in figures
    text = to_text(comparison_sections(result, limit=400), width=120)
    line = next(row for row in text.splitlines() if row.startswith("outward.share"))
    assert percent(values[0]) in line
    assert points(gap["difference"]) in line
    assert "outward: all" in text
    assert "log2_ratio" in text


def test_no_finding_is_said(profiles):
    text = to_text(comparison_sections(compare([profiles[0], profiles[0]])))
    assert "None of 0 differences is beyond noise" in text


def test_several_profiles_and_wide_names(profiles):
    sections = comparison_sections(compare(profiles), limit=5)
    text = to_text(sections, width=140)
    assert "中文語料" in text
    assert sections[1].header[0] == "profile"
    assert "5 are shown, the most important of each kind first" in text


def test_every_facet_has_its_turn(profiles):
    result = compare(profiles[:2])
    sections = comparison_sections(result, limit=400)
    shown = [row[0].split(":")[0] for row in sections[1].rows]
    facets = {found["facet"] for found in result.findings}
    assert len(facets) > 1
    assert set(shown[: len(facets)]) == facets
    assert len(shown) == len(result.findings)
    assert shown[0] == result.findings[0]["facet"]


def test_a_filter_view_and_a_mix(profiles):
    view = filter_view(profiles[0], profiles[0])
    text = to_text(filter_sections(view), width=140)
    assert view.sentence in " ".join(text.split())
    assert ("documents", "9,000", "9,000", "100.00 %") in filter_sections(view)[0].rows
    mix = best_mix(profiles[:2], "speakers", budget=10_000_000, max_epochs=50)
    page = to_markdown(mix_sections(mix))
    assert percent(mix.corpora[0]["weight"]) in page
    assert "no corpus has" in page
    assert "Predicted language" in page
    diverse = to_text(mix_sections(best_mix(profiles[:2], "diversity")))
    assert "Entropy" in diverse


def test_cells_cannot_break_out_of_markdown():
    section = Section("a|b", ("*x* <script>",), ("k", "n>"), [("[l](u)\nz", "1")])
    page = to_markdown([section])
    assert page == (
        "## a\\|b\n\n\\*x\\* &lt;script>\n\n"
        "| k | n |\n| --- | ---: |\n| \\[l\\](u) z | 1 |\n"
    )


def test_figures_as_words():
    assert number(None) == "-"
    assert number(12_345.6) == "12,346"
    assert number(0.012346) == "0.01235"
    assert percent(None) == "-"


def test_json_refuses_what_json_cannot_hold():
    assert json.loads(to_json({"ü": 1})) == {"ü": 1}
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_json({"x": float("nan")})
