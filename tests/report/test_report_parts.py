"""The parts of the view model against plain Python over the same tables."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.report.corpora import load_corpora
from audit.report.names import (
    country_name,
    endonym,
    language_name,
    language_tag,
    script_name,
)
from audit.report.parts.copies import size_bin
from audit.report.parts.cultures import SHADES, cultures, world
from audit.report.parts.evidence import marked
from audit.report.parts.languages import languages, speaker_shares
from audit.report.parts.mixes import counts_by_corpus
from audit.report.parts.sources import lorenz


@settings(deadline=None)
@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=400))
def test_lorenz_curve_is_the_slow_one(sizes: list[int]) -> None:
    points, cumulated = lorenz(sizes)
    ordered, total = sorted(sizes), sum(sizes)
    slow = [sum(ordered[:n]) / total for n in range(len(sizes) + 1)]
    assert cumulated.tolist() == pytest.approx(slow)
    for x, y in points:
        assert y == pytest.approx(slow[round(x * len(sizes))])
        assert y <= x + 1e-9
    assert points[0] == (0.0, 0.0)
    assert points[-1] == pytest.approx((1.0, 1.0))
    assert len(points) <= 82


def test_counts_side_by_side_keep_every_document(profiles: list[Path]) -> None:
    corpora = load_corpora(profiles)
    counts = counts_by_corpus(corpora, "language", "language")
    slow: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for corpus in corpora:
        for row in corpus.tables["language"].iter_rows(named=True):
            slow[row["language"]][corpus.slot] += row["documents"]
    assert set(counts["key"]) == set(slow)
    for row in counts.iter_rows(named=True):
        for corpus in corpora:
            assert row[str(corpus.slot)] == slow[row["key"]][corpus.slot]
    assert counts["mean"].to_list() == sorted(counts["mean"], reverse=True)
    assert counts["mean"].sum() == pytest.approx(1)


@pytest.mark.parametrize(
    ("size", "name"),
    [(2, "2"), (3, "3–4"), (4, "3–4"), (5, "5–9"), (9, "5–9"), (10, "10–99"),
     (99, "10–99"), (100, "100–999"), (999, "100–999"), (1000, "1,000+"),
     (10**7, "1,000+")],
)  # fmt: skip
def test_every_cluster_size_has_one_bin(size: int, name: str) -> None:
    assert size_bin(size) == name


def test_map_has_every_country_of_the_tables(profiles: list[Path]) -> None:
    corpora = load_corpora(profiles)
    countries = world()["countries"]
    for corpus in corpora:
        assert set(corpus.tables["culture"]["culture"]) <= set(countries)
    drawn = [row for row in countries.values() if row["d"] or "x" in row]
    assert len(drawn) >= 245
    assert all(0 <= row["x"] <= 1000 for row in drawn if "x" in row)


def test_atlas_shades_what_is_mentioned_and_lists_what_is_not(
    profiles: list[Path],
) -> None:
    corpora = load_corpora(profiles[:1])
    atlas = cultures(corpora).atlases[0]
    slow: dict[str, int] = defaultdict(int)
    for row in corpora[0].tables["culture_mix"].iter_rows(named=True):
        slow[row["culture"]] += row["documents"]
    located = corpora[0].summary["located_documents"]
    for place in atlas.places:
        share = slow.get(place.code, 0) / located
        expected = sum(share >= bound for bound in SHADES) if share else 0
        assert place.shade == expected
        assert ("not mentioned" in place.hint) == (slow.get(place.code, 0) == 0)
    missing = ", ".join(names for _, names in atlas.missing)
    assert "Kenya" in missing
    assert "Nigeria" not in missing
    assert atlas.n_missing == len([c for c in world()["countries"].values()
                                   if c["region"]]) - len(slow)  # fmt: skip


def test_speaker_shares_are_shares() -> None:
    shares = speaker_shares()
    assert sum(shares.values()) == pytest.approx(1)
    assert max(shares, key=lambda code: shares[code]) == "eng"


def test_languages_keep_their_colours_when_the_weight_changes(
    profiles: list[Path],
) -> None:
    part = languages(load_corpora(profiles))
    labels = [label for _, label in part.legend]
    assert "English" in labels
    assert part.by_documents != part.by_characters
    for chart in (part.by_documents, part.by_characters):
        mark = next(m for m in re.findall(r"<path[^>]*>", chart) if "English " in m)
        assert part.legend[labels.index("English")][0] in mark


def test_names() -> None:
    assert language_name("eng") == "English"
    assert language_name("und") == "Undetermined"
    assert language_name("aaa") == "Ghotuo"
    assert language_name("qq1") == "qq1"
    assert (language_tag("eng"), language_tag("yor")) == ("en", "yo")
    assert endonym("jpn") == "日本語"
    assert endonym("eng") == endonym("und") == endonym("aaa") == ""
    assert script_name("Hans") == "Simplified Han"
    assert country_name("NG") == "Nigeria"
    assert country_name("ZZZ") == "ZZZ"


words = st.lists(st.sampled_from(["ab", "c", " ", "漢", "字", "ไทย", "é", "\n"]))


@settings(deadline=None)
@given(words.map("".join), words.map("".join))
def test_marks_are_what_differs(one: str, other: str) -> None:
    sides = marked(one, other)
    for text, runs in zip((one, other), sides, strict=True):
        assert "".join(run.text for run in runs) == text
    same = ["".join(run.text for run in runs if not run.marked) for runs in sides]
    assert same[0] == same[1]
    assert any(run.marked for runs in sides for run in runs) == (one != other)


def test_the_end_of_a_cut_excerpt_is_no_difference() -> None:
    text = "".join(f"word{n} " for n in range(60))
    one, other = text[:240], text.replace("word3 ", "")[:240]
    assert [run.text for run in marked(one, other)[0] if run.marked] == [" word3"]
    assert [run.text for run in marked(one, other)[1] if run.marked] == []
    # Whole documents are not cut: an end that one lacks is a difference.
    assert [run for run in marked("one two", "one")[0] if run.marked]
