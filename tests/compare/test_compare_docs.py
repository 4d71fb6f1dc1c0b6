"""What the pages say is run, and what the code knows stands on the pages."""

import re
from pathlib import Path

import polars as pl
import pytest
from profiles_factory import make_profile

from audit.compare.load import load_profile
from audit.compare.policy import parse_policy, preset_names
from audit.compare.policy_grammar import DIVERSITY, DRIFT, OVERLAP
from audit.compare.table_figures import SUMMARY_SHARES, TABLE_FIGURES
from audit.measures.facets import FACETS

DOCS = Path(__file__).parents[2] / "docs"


def _blocks(page, language):
    text = (DOCS / page).read_text("utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.S)


def test_the_queries_give_the_stored_figures(tmp_path, monkeypatch):
    make_profile(tmp_path / "out", "web", 3, domains=60, documents=4000, replicates=20)
    monkeypatch.chdir(tmp_path)
    names = {}
    for block in _blocks("measures.md", "python"):
        exec(block, names)
    assert names["hill_1"] == pytest.approx(names["stored"])
    language = load_profile(tmp_path / "out" / "web").frame("language")
    expected = language["documents"].sum()
    assert names["shares"]["documents"].sum() == expected
    assert names["shares"]["share"].sum() == pytest.approx(1)
    assert isinstance(names["language"], pl.DataFrame)


def test_the_example_policy_is_one():
    texts = _blocks("gate.md", "toml")
    policies = [
        parse_policy(text, name="x", folder=DOCS, where="docs/gate.md")
        for text in texts
    ]
    assert [len(policy.rules) for policy in policies] == [3, 2, 1]


def test_every_word_of_a_policy_is_explained():
    text = (DOCS / "gate.md").read_text("utf-8")
    words = [*DIVERSITY, *DRIFT, *SUMMARY_SHARES, *OVERLAP, *FACETS, *preset_names()]
    words += [
        f"{table}.{name}" for table, names in TABLE_FIGURES.items() for name in names
    ]
    assert [word for word in words if word not in text] == []


def test_every_measure_is_explained():
    text = (DOCS / "measures.md").read_text("utf-8")
    assert [name for name in (*DIVERSITY, *FACETS) if f"{name}" not in text] == []
