"""Breadth, speakers and outward view of a corpus whose every reference was planted."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from audit.compare.load import load_profiles
from audit.compare.merge import merge_tables
from audit.config import AuditConfig
from audit.job.request import RunRequest
from audit.run import run

# Long enough that the language is sure; the one reference of each stands in the last
# sentence.
FRENCH = (
    "Nous sommes partis tôt le matin et nous avons marché longtemps sous la pluie. "
    "Le soir, nous étions tous très fatigués mais contents de notre voyage. {}"
)
FUJI = FRENCH.format("Nous avons vu le mont Fuji au Japon.")
LYON = FRENCH.format("Nous sommes arrivés à Marseille, en France.")
PLANTED = {
    # Japan from three domains, and twice from one of them.
    "a": [("https://un.fr/1", FUJI), ("https://un.fr/2", FUJI + " Enfin."),
          ("https://deux.fr/1", FUJI + " Bien sûr.")],
    # Marseille from two domains only, however often.
    "b": [("https://trois.fr/1", FUJI + " Voilà.")]
    + [("https://un.fr/3", LYON)]
    + [(f"https://deux.fr/{n}", f"{LYON} Page {n}.") for n in range(2, 6)],
}  # fmt: skip


@pytest.fixture(scope="module")
def parts(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("planted")
    sources = {}
    for name, rows in PLANTED.items():
        file = folder / f"{name}.jsonl"
        lines = [json.dumps({"url": url, "text": text}) for url, text in rows]
        file.write_text("\n".join(lines) + "\n", "utf-8")
        sources[name] = (str(file),)
    whole = {"whole": tuple(path for paths in sources.values() for path in paths)}
    out = folder / "out"
    run(RunRequest({**sources, **whole}, str(out), AuditConfig(), "in-process", 1))
    return out


def frames(tables) -> dict[str, pl.DataFrame]:
    return {name: pl.DataFrame(pl.from_arrow(table)) for name, table in tables.items()}


@pytest.fixture(scope="module", params=["whole", "merged", "merged the other way"])
def planted(parts: Path, request) -> dict[str, pl.DataFrame]:
    profiles = {p.corpus: p for p in load_profiles([parts])}
    if request.param == "whole":
        names = ("breadth", "coverage_by_speakers", "outward", "reference_sources")
        return {name: profiles["whole"].frame(name) for name in names}
    order = ["a", "b"] if request.param == "merged" else ["b", "a"]
    return frames(merge_tables([profiles[name] for name in order], "whole"))


def test_breadth_asks_for_three_sources(planted):
    seen = planted["breadth"].filter(pl.col("references_seen") > 0)
    found = {
        culture: (seen_, broad)
        for culture, seen_, broad in seen.group_by("culture")
        .agg(pl.col("references_seen", "references_in_three_sources").sum())
        .iter_rows()
    }
    assert set(found) == {"JP", "FR"}
    assert found["JP"][0] == found["JP"][1] > 0
    assert found["FR"][0] > 0 == found["FR"][1]
    sources = planted["reference_sources"].group_by("culture", "reference").len()
    assert set(sources.filter(culture="JP")["len"]) == {3}
    assert set(sources.filter(culture="FR")["len"]) == {2}


def test_every_known_reference_is_counted_once(planted):
    table = planted["breadth"]
    assert table.select("culture", "category").is_unique().all()
    assert (table["references_seen"] <= table["references_known"]).all()
    assert table["culture"].n_unique() > 200


def test_speakers_expect_what_french_is_spoken_in(planted):
    table = {row["culture"]: row for row in planted["coverage_by_speakers"].to_dicts()}
    assert sum(row["expected"] for row in table.values()) == pytest.approx(1)
    assert table["FR"]["expected"] > table["SN"]["expected"] > 0
    # Nobody expects Japan of a text in French: it counts among all, without a ratio.
    assert (table["JP"]["expected"], table["JP"]["log2_ratio"]) == (0, None)
    assert table["JP"]["observed"] == pytest.approx(4 / 9)
    assert table["FR"]["observed"] == pytest.approx(5 / 9)
    # A country of many speakers that is never mentioned has no logarithm, but is gone.
    assert table["CD"]["erased"]
    assert table["CD"]["observed"] == 0
    assert not table["FR"]["erased"]


def test_outward_view_is_japan_in_french(planted):
    rows = {row["language"]: row for row in planted["outward"].to_dicts()}
    assert set(rows) == {"", "fra"}
    for row in rows.values():
        assert (row["documents"], row["outward_documents"]) == (9, 4)
        assert row["outward_share"] == pytest.approx(4 / 9)
        assert row["low"] < row["outward_share"] < row["high"]
        share = row["outward_mentions"] / row["mentions"]
        assert row["outward_mention_share"] == pytest.approx(share)
