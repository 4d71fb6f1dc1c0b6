"""Every number of the page and the terminal is found by the queries of the docs."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from profiles_factory import make_profile
from report_page import Page, read_page
from report_profiles import LANGUAGES
from rich.console import Console

from audit.compare.diff import compare
from audit.compare.load import load_profiles
from audit.measures.rarefaction import frequencies, hill_at
from audit.report import build_page, summary_table
from audit.report.figures import Estimate, compact, count, effective, interval, percent
from audit.report.figures import points as written_points
from audit.report.parts.copies import size_bin

DOCS = Path(__file__).parents[2] / "docs" / "report.md"
BLOCK = re.compile(r"```sql\n-- (\w+): (\w+)\n(.*?)```", re.DOTALL)
QUERIES = {(kind, name): sql for kind, name, sql in BLOCK.findall(DOCS.read_text())}
CORPORA = ("web", "新闻语料", "مدونة")


def ask(profile: Path, kind: str, name: str) -> list[dict[str, Any]]:
    paths = [*profile.glob("*.parquet"), *profile.parent.glob("*.parquet")]
    tables = {path.stem: pl.scan_parquet(path) for path in paths}
    frame = pl.SQLContext(tables).execute(QUERIES[kind, name], eager=True)
    return frame.to_dicts()


def value(profile: Path, kind: str, name: str) -> float:
    rows = ask(profile, kind, name)
    assert len(rows) == 1
    return float(rows[0]["value"])


def near(a: float | None, b: float) -> bool:
    return a is not None and math.isclose(a, b, rel_tol=1e-12, abs_tol=1e-15)


def test_docs_hold_queries() -> None:
    assert len(QUERIES) >= 20
    assert len(BLOCK.findall(DOCS.read_text())) == DOCS.read_text().count("```sql")


@pytest.mark.parametrize(
    "figure",
    ["documents", "languages", "sources", "near_duplicates", "unlocated", "rejected"],
)
def test_six_figures(page_one: Page, page_three: Page, profiles: list[Path],
                     figure: str) -> None:  # fmt: skip
    assert near(page_one.figures["web", figure], value(profiles[0], "figure", figure))
    for name, profile in zip(CORPORA, profiles, strict=True):
        found = page_three.figures[name, figure]
        assert near(found, value(profile, "figure", figure))
    assert len(page_one.figures) == 6
    assert len(page_three.figures) == 18


def test_sentences_and_small_print(page_one: Page, profiles: list[Path]) -> None:
    web, text = profiles[0], " ".join(page_one.text.split())
    leader = ask(web, "leader", "language")[0]
    span = interval(Estimate(leader["value"], leader["low"], leader["high"]), percent)
    assert f"with {percent(leader['value'])} of documents ({span})" in text
    languages = ask(web, "figure", "languages")[0]
    assert f"as varied as {effective(languages['value'])} equally" in text
    assert f"languages ({interval(Estimate(**languages))})" in text
    domains = int(value(web, "count", "domains"))
    assert f"Its {count(domains)} domains weigh as much as" in text
    assert f"of {count(domains)} registered domains" in text
    found = [int(value(web, "count", name)) for name in ("languages", "scripts")]
    assert f"of {found[0]} found, in {found[1]} scripts" in text
    assert f"refers to {int(value(web, 'count', 'cultures'))} cultures" in text
    gini = Estimate(**ask(web, "figure", "gini")[0])
    assert page_one.text.count(interval(gini, written_points)) >= 1
    for figure in ("without_domain", "mixed", "outside"):
        assert percent(value(web, "figure", figure)) in text


@pytest.mark.parametrize("figure", ["near_duplicates", "unlocated"])
def test_ranges_of_shares(page_one: Page, page_three: Page, profiles: list[Path],
                          figure: str) -> None:  # fmt: skip
    bounds = ask(profiles[0], "bounds", figure)[0]
    assert 0 <= bounds["low"] < bounds["high"] <= 1
    span = interval(Estimate(0.0, **bounds), percent)
    # Beside the figure and in the sentence.
    assert page_one.text.count(span) == 2
    assert span in page_three.text


def cells(page: Page, table: str, key: int) -> dict[str, list[tuple[str, Any]]]:
    rows = page.tables[f"table-{table}"]
    found = {row[key][0]: row for row in rows}
    assert len(found) == len(rows)
    return found


def test_languages(page_one: Page, page_three: Page, profiles: list[Path]) -> None:
    rows = cells(page_one, "languages", 1)
    asked = ask(profiles[0], "table", "languages")
    assert len(rows) == len(asked)
    for row in asked:
        shown = [raw for _, raw in rows[row["language"]][4:]]
        expected = [row["documents"], row["share"], row["volume"], row["confidence"]]
        assert all(map(near, shown, expected)), row
    for place, profile in enumerate(profiles):
        side = cells(page_three, "languages", 1)
        for row in ask(profile, "table", "languages"):
            assert near(side[row["language"]][4 + place][1], row["share"])


@pytest.mark.parametrize(("table", "first"), [("platforms", 2), ("domains", 3)])
def test_sources(page_one: Page, page_three: Page, profiles: list[Path], table: str,
                 first: int) -> None:  # fmt: skip
    rows = cells(page_one, table, 0)
    asked = ask(profiles[0], "table", table)
    assert len(rows) == len(asked)
    for row in asked:
        shown = [raw for _, raw in rows[row[table[:-1]]][first:]]
        assert all(map(near, shown, [row["documents"], row["share"], row["volume"]]))
    side = cells(page_three, table, 0)
    for place, profile in enumerate(profiles):
        shares = {r[table[:-1]]: r["share"] for r in ask(profile, "table", table)}
        for name, row in side.items():
            assert near(row[first + place][1], shares.get(name, 0.0))


@pytest.mark.parametrize(
    ("mix", "names"),
    [("script", {"Latn": "Latin"}), ("category", {None: "not classified"})],
)
def test_mixes(page_one: Page, profiles: list[Path], mix: str,
               names: dict[str | None, str]) -> None:  # fmt: skip
    rows = ask(profiles[0], "mix", mix)
    total = sum(row["documents"] for row in rows)
    for row in rows:
        if row["key"] in names:
            share = percent(row["documents"] / total)
            label, n_docs = names[row["key"]], count(row["documents"])
            assert f"web: {label} {share}, {n_docs} documents" in page_one.marks


def test_paragraphs(page_one: Page, profiles: list[Path]) -> None:
    rows = ask(profiles[0], "mix", "paragraph")
    total = sum(row["characters"] for row in rows)
    english = next(row["characters"] for row in rows if row["key"] == "eng")
    text = f"{percent(english / total)}, {count(english)} characters"
    # The factory's paragraphs are its documents: both charts say the same, and both
    # are drawn for a wide page and for a narrow one.
    assert page_one.marks.count(f"web: English {text}") == 4


def test_cultures(page_one: Page, page_three: Page, profiles: list[Path]) -> None:
    web = profiles[0]
    shown = {re.findall(r"[A-Z]{2}$", row[0][0])[0]: row
             for row in page_one.tables["table-cultures"]}  # fmt: skip
    mentions = {r["culture"]: r["mentions"] for r in ask(web, "table", "mentions")}
    seen = {r["culture"]: r["seen"] for r in ask(web, "table", "references")}
    asked = ask(web, "table", "cultures")
    assert set(shown) == {row["culture"] for row in asked}
    for row in asked:
        code = row["culture"]
        expected = [row["documents"], row["share"], mentions[code], seen[code]]
        assert all(map(near, [raw for _, raw in shown[code][2:]], expected))
        size, share = count(row["documents"]), percent(row["share"])
        text = f": {size} documents, {share} of the located"
        assert any(mark.endswith(text) for mark in page_one.marks)
    for place, profile in enumerate(profiles):
        shares = {r["culture"]: r["share"] for r in ask(profile, "table", "cultures")}
        for row in page_three.tables["table-cultures"]:
            assert near(row[2 + place][1], shares.get(row[0][0][-2:], 0.0))


def test_grid(page_one: Page, profiles: list[Path]) -> None:
    asked = {(r["region"], r["category"]): r["share"]
             for r in ask(profiles[0], "table", "grid")}  # fmt: skip
    categories = sorted({category for _, category in asked})
    for row in page_one.tables["table-grid-1"]:
        region = re.sub(r" (Africa|Americas|Asia|Europe|Oceania)$", "", row[0][0])
        expected = [asked.get((region, category), 0.0) for category in categories]
        shown = [raw for _, raw in row[1:]]
        assert all(map(near, shown, [*expected, sum(expected)])), region


def test_clusters(page_one: Page, profiles: list[Path]) -> None:
    expected: dict[tuple[str, str], list[float]] = defaultdict(lambda: [0, 0, 0.0])
    for row in ask(profiles[0], "table", "clusters"):
        cell = expected[row["kind"], size_bin(row["cluster_size"])]
        for place, name in enumerate(("clusters", "documents", "share")):
            cell[place] += row[name]
    for row in page_one.tables["table-clusters"]:
        shown = [raw for _, raw in row[2:]]
        assert all(map(near, shown, expected[row[0][0], row[1][0]]))


def test_counts_behind_near_duplicates(page_one: Page, profiles: list[Path]) -> None:
    asked = ask(profiles[0], "table", "counts")
    shown = {raw for _, (_, raw) in page_one.tables["table-counts"]}
    assert shown == {row["value"] for row in asked}
    corrected = next(row for row in asked if row["figure"] == "corrected_documents")
    text = f"{count(corrected['value'])} {count(corrected['low'])}–"
    assert any(text in cell for _, (cell, _) in page_one.tables["table-counts"])


def test_growth_curves(page_one: Page, profiles: list[Path]) -> None:
    documents = [row["documents"] for row in ask(profiles[0], "table", "domains")]
    sample = frequencies(documents)
    for order in (0, 1, 2):
        here, more = (hill_at(sample, n, order) for n in (sample.n, 2 * sample.n))
        says = f"web: {count(sample.n)} documents show {effective(here)} "
        twice = f"twice as many would show {effective(more)}"
        assert any(m.startswith(says) and m.endswith(twice) for m in page_one.marks)


def test_coverage(page_one: Page, profiles: list[Path]) -> None:
    asked = ask(profiles[0], "table", "coverage")
    largest = sorted(asked, key=lambda row: (-(row["expected"] or 0), row["culture"]))
    for row in largest[:20]:
        text = f"{percent(row['expected'])} of the world's people"
        assert any(mark.endswith(text) for mark in page_one.marks)
        if row["observed"]:
            text = f"{percent(row['observed'])} of what refers to any culture"
            assert any(mark.endswith(text) for mark in page_one.marks)
    gone = sum(row["erased"] for row in asked)
    assert gone > 0
    assert f"{gone} countries surely have less" in page_one.text


def test_breadth(page_one: Page, page_three: Page, profiles: list[Path]) -> None:
    for page, some in ((page_one, profiles[:1]), (page_three, profiles)):
        rows = page.tables["table-breadth"]
        for place, profile in enumerate(some):
            asked = sorted(
                ask(profile, "table", "breadth"), key=lambda r: r["category"]
            )
            assert len(asked) == len(rows) > 1
            for row, cells_ in zip(asked, rows, strict=True):
                text = f"{count(row['broad'])} of {count(row['seen'])}"
                assert cells_[2 + place] == (text, row["broad"])
                assert cells_[1][1] == row["known"]
            three, seen, known = (
                sum(r[n] for r in asked) for n in ("broad", "seen", "known")
            )
            assert 0 < three <= seen < known
            says = f"{count(three)} of the {count(seen)} references seen come from"
            assert says in page.text


def test_against_speakers(page_one: Page, page_three: Page,
                          profiles: list[Path]) -> None:  # fmt: skip
    for place, profile in enumerate(profiles):
        asked = {r["culture"]: r for r in ask(profile, "table", "speakers")}
        for row in page_three.tables["table-speakers"]:
            found = asked[row[0][0][-2:]]
            assert near(row[1 + place][1], found["observed"])
            assert f"({percent(found['expected'])} expected)" in row[1 + place][0]
        gone = sum(r["erased"] for r in asked.values())
        assert f"{count(gone)} countries surely have less than a tenth of the" in (
            page_three.text
        )
    expected = [r["expected"] for r in ask(profiles[0], "table", "speakers")]
    first = page_one.tables["table-speakers"][0]
    assert f"({percent(max(expected))} expected)" in first[1][0]


def test_outward_view(page_one: Page, page_three: Page, profiles: list[Path]) -> None:
    for page, some in ((page_one, profiles[:1]), (page_three, profiles)):
        for place, profile in enumerate(some):
            asked = {r["language"]: r for r in ask(profile, "table", "outward")}
            shown = page.tables["table-outward"]
            assert len(shown) > 3
            for row in shown:
                found = asked.get(row[0][0][-3:])
                share = found["outward_share"] if found else -1.0
                assert near(row[1 + place][1], share)
            bounds = (asked[""][name] for name in ("outward_share", "low", "high"))
            whole = Estimate(*bounds)
            span = (
                f"{percent(whole.value)} ({interval(whole, percent)}) of references lie"
            )
            assert span in page.text


def test_two_corpora_are_held_against_each_other(
    page_one: Page, page_three: Page, profiles: list[Path], tmp_path: Path
) -> None:
    build_page(profiles[:2], tmp_path / "two.html")
    page = read_page((tmp_path / "two.html").read_text("utf-8"))
    for table in ("table-outward", "table-speakers"):
        assert {len(row) for row in page.tables[table]} == {4}
        assert {len(row) for row in page_one.tables[table]} == {2}
        assert {len(row) for row in page_three.tables[table]} == {4}
    found = compare(load_profiles(profiles[:2])).figures
    gaps = {
        (row["table"], row["key"]): next(iter(row["differences"].values()))
        for row in found
        if row["figure"] in ("share", "log2_ratio")
    }
    for row in page.tables["table-outward"]:
        gap = gaps["outward", row[0][0][-3:]]
        if gap["difference"] is None:
            assert row[3][0] == "–"
            continue
        assert near(row[3][1], gap["difference"])
        words = (f"{100 * gap[name]:+.1f}" for name in ("difference", "low", "high"))
        assert row[3][0] == "{} ({} to {})".format(*words)
    for row in page.tables["table-speakers"]:
        # A country that neither refers to has no ratio, hence no row.
        gap = gaps.get(("coverage_by_speakers", row[0][0][-2:]))
        if gap and gap["difference"] is not None:
            assert near(row[3][1], gap["difference"])
            assert row[3][0].startswith(f"×{effective(2 ** gap['difference'])}")


def near_matrix(page: Page, slot: int, profile: Path) -> dict[str, int]:
    """Hold a heat map to its query; return how many of each are added up in it."""
    asked = pl.DataFrame(ask(profile, "table", "matrix"))
    largest, others = {}, {}
    for key in ("language", "culture"):
        sizes = asked.group_by(key).agg(pl.col("documents").sum())
        names = sizes.sort("documents", key, descending=[True, False])[key]
        largest[key], others[key] = names[:10].to_list(), len(names[10:])
    share = {(r["language"], r["culture"]): r["share"] for r in asked.to_dicts()}
    shown = page.tables[f"table-matrix-{slot}"]
    assert len(shown) == len(largest["language"]) + (others["language"] > 0)
    for code, row in zip(largest["language"], shown, strict=False):
        assert row[0][0].endswith(f" {code}")
        expected = [share.get((code, c), 0.0) for c in largest["culture"]]
        cells = [raw or 0.0 for _, raw in row[1:]]
        assert all(map(near, cells[: len(expected)], expected)), code
        assert sum(cells[:-1]) == pytest.approx(1)
    for key, found in (("language", shown[-1][0][0]), ("culture", page.text)):
        assert not others[key] or f"other ({others[key]})" in found
    assert sum(row[-1][1] or 0 for row in shown) == asked["documents"].sum()
    return others


def test_matrix(page_one: Page, page_three: Page, profiles: list[Path]) -> None:
    near_matrix(page_one, 1, profiles[0])
    others = [
        near_matrix(page_three, slot, profile)
        for slot, profile in enumerate(profiles, start=1)
    ]
    assert any(one["language"] for one in others)


def test_matrix_adds_up_what_it_has_no_room_for(tmp_path: Path) -> None:
    codes = ("US", "GB", "FR", "CN", "RU", "NG", "IN", "DE", "JP", "EG", "BR", "MX")
    profile = make_profile(
        tmp_path, "many", documents=3000, domains=40, replicates=1, located=0.9,
        languages={code: 1 / n for n, code in enumerate(LANGUAGES, start=1)},
        cultures={code: 1 / n for n, code in enumerate(codes, start=1)},
    )  # fmt: skip
    build_page([profile], tmp_path / "page.html")
    page = read_page((tmp_path / "page.html").read_text("utf-8"))
    assert near_matrix(page, 1, profile) == {"language": 2, "culture": 2}


def test_what_deduplication_would_take(page_one: Page, profiles: list[Path]) -> None:
    shown = {
        row[0][0] + row[1][0].split()[-1]: row
        for row in page_one.tables["table-detail"]
    }
    asked = ask(profiles[0], "table", "detail")
    assert len(shown) == len(asked) == 2
    for row in asked:
        cells = [raw for _, raw in shown[row["facet"] + row["key"]][2:]]
        assert cells == [row["documents"], row["duplicate_documents"], row["share"]]


def test_contamination(page_three: Page, profiles: list[Path]) -> None:
    shown = {
        (row[0][0], row[1][0]): row for row in page_three.tables["table-contamination"]
    }
    assert len(shown) == 6
    for profile in profiles:
        for row in ask(profile, "table", "contamination"):
            cells = shown[row["evaluation_set"], profile.name][2:]
            names = ("items", "contaminated_items", "share", "touched_items")
            assert [raw for _, raw in cells] == [row[name] for name in names]
            span = Estimate(row["share"], row["low"], row["high"])
            assert cells[2][0].endswith(interval(span, percent))


def test_what_sources_rest_on(page_one: Page, profiles: list[Path]) -> None:
    shown = {row[0][0]: row[1][1] for row in page_one.tables["table-attribution"]}
    names = {
        "url": "By address",
        "field": "By field or file name",
        "none": "Not at all",
    }
    for row in ask(profiles[0], "table", "attribution"):
        assert near(shown[names[row["attributed_by"]]], row["share"])
    columns = ("total", "unattributed", "keys", "top_1_share", "top_10_share",
               "top_tenth_share", "hill_1", "hhi", "gini")  # fmt: skip
    asked = [r for r in ask(profiles[0], "table", "concentration") if not r["language"]]
    rows = sorted(
        [raw for _, raw in row[1:]] for row in page_one.tables["table-concentration"]
    )
    expected = []
    for row in asked:
        values = [-1.0 if row[c] is None else row[c] for c in columns]
        values[1] = row["unattributed"] / max(row["total"], 1)
        expected.append(values)
    assert len(rows) == len(expected)
    for one, two in zip(rows, sorted(expected), strict=True):
        assert one == pytest.approx(two)


def test_overlap(page_three: Page, profiles: list[Path]) -> None:
    for row in ask(profiles[0], "table", "overlap"):
        matrix = page_three.tables[f"table-overlap-{row['kind']}"]
        a, b = CORPORA.index(row["corpus_a"]), CORPORA.index(row["corpus_b"])
        assert near(matrix[a][b + 1][1], row["share_a"])
        assert near(matrix[b][a + 1][1], row["share_b"])
        span = Estimate(row["share_a"], row["low_a"], row["high_a"])
        assert matrix[a][b + 1][0].endswith(interval(span, percent))
        volume = page_three.tables[f"table-overlap-{row['kind']}-characters"]
        assert near(volume[a][b + 1][1], row["character_share_a"])
        assert near(volume[b][a + 1][1], row["character_share_b"])
        assert volume[a][b + 1][0] == percent(row["character_share_a"])
    assert page_three.tables["table-overlap-near"][1][3] == ("–", -1.0)


def test_distinct_corpora(
    page_one: Page, page_three: Page, profiles: list[Path]
) -> None:
    asked = ask(profiles[0], "table", "monoculture")
    assert page_three.distinct == {row["kind"]: row["distinct"] for row in asked}
    text = " ".join(page_three.text.split())
    for row in asked:
        said = f"{effective(row['distinct'])} that share nothing"
        assert said in text
        assert f"The {row['corpora']} corpora hold as much different text" in text
    # One corpus is not compared with itself.
    assert page_one.distinct == {}


def test_farms(page_one: Page, page_three: Page, profiles: list[Path]) -> None:
    for page, shown in ((page_one, profiles[:1]), (page_three, profiles)):
        rows = {(r[0][0].split()[0], r[1][0]): r for r in page.tables["table-farms"]}
        asked = [(p.name, row) for p in shown for row in ask(p, "table", "farms")]
        assert len(rows) == len(asked) == len(shown)
        for name, row in asked:
            cells = [raw for _, raw in rows[row["shape"], name][2:]]
            columns = ("domains", "documents", "share", "score")
            assert cells == [row[column] for column in columns]


def test_evidence(page_one: Page, page_three: Page, profiles: list[Path]) -> None:
    for page, shown, few in ((page_one, profiles[:1], 3), (page_three, profiles, 2)):
        twins, excerpts = [], []
        for profile in shown:
            pairs = pl.DataFrame(ask(profile, "table", "pairs"))
            kept = pairs.group_by("band", maintain_order=True).head(few)
            twins += kept["jaccard"].to_list()
            excerpts += [kept[side].to_list() for side in ("excerpt_a", "excerpt_b")]
            excerpts.append(
                [r["excerpt"] for r in ask(profile, "table", "mentions_seen")]
            )
        assert page.twins == twins
        known = {" ".join(text.split()) for part in excerpts for text in part}
        seen = {" ".join(text.split()) for text in page.excerpts}
        assert seen <= known
        wanted = {" ".join(t.split()) for part in excerpts[:2] for t in part}
        assert wanted <= seen
        assert any("stew" in text for text in seen)


def test_diversity(page_three: Page, profiles: list[Path]) -> None:
    for place, profile in enumerate(profiles):
        asked = ask(profile, "table", "diversity")
        values = sorted(row["value"] for row in asked)
        column = sorted(
            float(row[3 + place][1])  # type: ignore[arg-type]
            for row in page_three.tables["table-diversity"]
        )
        assert column == pytest.approx(values, rel=1e-12)


def test_reasons(page_three: Page, profiles: list[Path]) -> None:
    rows = cells(page_three, "reasons", 0)
    for place, profile in enumerate(profiles):
        for row in ask(profile, "table", "reasons"):
            shown = rows[row["reason"].replace("_", " ")][2 + place][1]
            assert shown == row["records"]


def test_terminal(profiles: list[Path]) -> None:
    console = Console(width=100, force_terminal=False, color_system=None)
    with console.capture() as captured:
        console.print(summary_table(profiles))
    text = captured.get()
    for profile in profiles:
        line = next(row for row in text.splitlines() if profile.name in row)
        expected = [
            compact(value(profile, "figure", "documents")),
            effective(value(profile, "figure", "languages")),
            effective(value(profile, "figure", "sources")),
            percent(value(profile, "figure", "near_duplicates")),
            percent(1 - value(profile, "figure", "unlocated")),
            count(value(profile, "count", "cultures")),
            compact(value(profile, "figure", "rejected")),
        ]
        assert line.split()[-7:] == expected
        assert interval(Estimate(**ask(profile, "figure", "languages")[0])) in text
