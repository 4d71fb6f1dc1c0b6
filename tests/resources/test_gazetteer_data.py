"""What the gazetteer holds, and that its build refuses bad entries."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from audit.errors import RunError
from audit.kernels.claims import AMBIGUOUS, SHARED
from audit.resources import gazetteer as module
from audit.resources.build_culture import (
    checksum,
    compiled,
    neutral_rows,
    regions,
    stop_forms,
    tables,
)
from audit.resources.culture_lexicon import lexicon_rows
from audit.resources.culture_merge import Inflections, folded
from audit.resources.gazetteer import (
    CATEGORIES,
    NOTHING,
    compile_forms,
    gazetteer,
    gazetteer_checksum,
    with_nothing,
)
from audit.resources.gazetteer import references as known_references
from audit.resources.gazetteer_index import VERSION_KEY, load_index, save_index

FOLDER = module.FOLDER
ROOT = Path(__file__).parents[2]


def test_tables_match_their_stored_checksum():
    tables = [pq.read_table(FOLDER / f"{n}.parquet") for n in ("references", "forms")]
    assert checksum(*tables) == gazetteer_checksum()


def test_size_and_contents():
    forms = pq.read_table(FOLDER / "forms.parquet")
    assert len(forms) > 250_000
    # The forms as text are not installed (see pyproject.toml).
    installed = [p for p in FOLDER.rglob("*.*") if p.name != "forms.parquet"]
    assert sum(p.stat().st_size for p in installed) < 15_000_000
    table = known_references()
    assert set(table["category"].unique().to_pylist()) == set(CATEGORIES)
    assert FOLDER.name + "/forms.parquet" in (ROOT / "pyproject.toml").read_text()
    curated = forms.filter(pc.equal(forms["source"].cast("string"), "curated"))
    numbers = curated["reference"].to_numpy()
    cultures = set(table["culture"].take(numbers).to_pylist())
    assert len(cultures) > 150
    parts = {part for code, (_, part) in regions().items() if code in cultures}
    assert len(parts) >= 20


def test_no_form_of_two_cultures_without_saying_so():
    claims = gazetteer().claims
    silent = (claims.flags & (AMBIGUOUS | SHARED)) == 0
    groups = np.repeat(np.arange(len(claims.offsets) - 1), np.diff(claims.offsets))
    pairs = np.unique(np.stack([groups, claims.cultures], axis=1)[silent], axis=0)
    assert len(pairs) == len(np.unique(pairs[:, 0]))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('[XX]\nfood = "a"', "XX"),
        ("[FR]", "FR"),
        ('[FR]\nsnack = "a"', "snack"),
        ('[FR]\nfood = "baguette|"', "known name"),
        ('[FR]\nfood = "bag?uette"', "bag?uette"),
        ('[PS]\ninstitution = "\u0641\u062a\u062d\u061f"', "\u061f"),
    ],
)
def test_bad_lexicon_entries_are_refused(tmp_path, text, value):
    (tmp_path / "bad.toml").write_text(text, "utf-8")
    with pytest.raises(RunError, match="lexicon"):
        list(lexicon_rows(tmp_path, set(regions())))
    assert value


def test_lexicon_entry_becomes_rows(tmp_path):
    (tmp_path / "a.toml").write_text('["NG,GH"]\nfood = "jollof|*label|rice?"')
    rows = list(lexicon_rows(tmp_path, {"NG", "GH"}))
    assert [(r.culture, r.form, r.flags) for r in rows] == [
        ("NG", "jollof", 8), ("NG", "rice", 9), ("GH", "jollof", 8), ("GH", "rice", 9),
    ]  # fmt: skip


def test_the_same_rows_make_the_same_tables(tmp_path):
    (tmp_path / "a.toml").write_text('[FR]\nfood = "baguette|pain d\'épices; brie"')
    first = tables(list(lexicon_rows(tmp_path, {"FR"})))
    again = tables(list(lexicon_rows(tmp_path, {"FR"})))
    assert checksum(*first) == checksum(*again)
    assert first[0].num_rows == 2


def claims_by_state(index, claims):
    """Return what each form may stand for, by the hash of its tokens."""
    at = np.flatnonzero(index.groups >= 0)
    columns = (claims.references, claims.cultures, claims.flags)
    out = {}
    for slot in at:
        g = index.groups[slot]
        begin, end = claims.offsets[g], claims.offsets[g + 1]
        values = [tuple(c[begin:end].tolist()) for c in columns]
        out[int(index.keys[slot])] = (int(index.case[g]), *values)
    return out


def test_the_index_is_the_compiled_forms():
    stored = [pq.read_table(FOLDER / f"{n}.parquet") for n in ("references", "forms")]
    index, claims = compiled(*stored)
    read = gazetteer()
    keys = [np.sort(i.keys[i.keys != 0]) for i in (index, read.index)]
    assert np.array_equal(*keys)
    assert np.array_equal(index.first, read.index.first)
    assert np.array_equal(index.deep, read.index.deep)
    assert claims_by_state(index, claims) == claims_by_state(read.index, read.claims)


@pytest.fixture
def small(tmp_path):
    """A stored index of three forms and what it was made of."""
    forms = pa.array(["Rio de Janeiro", "MIT", "MIT License"], pa.large_string())
    references = np.array([0, 1, NOTHING], np.int32)
    cultures = np.array([3, 7], np.int16)
    index, claims = compile_forms(forms, references, np.uint8([0, 0, 3]), cultures)
    save_index(tmp_path / "index", index, claims, "1", "abc")
    return tmp_path / "index", index, claims, with_nothing(cultures)


def test_a_stored_index_is_read_as_it_was(small):
    folder, index, claims, cultures = small
    read = load_index(folder, "1", cultures)
    assert claims_by_state(*read) == claims_by_state(index, claims)


def test_an_index_of_another_version_build_or_tokens_is_refused(small, monkeypatch):
    folder, _, _, cultures = small
    with pytest.raises(RunError, match="schema version 2"):
        load_index(folder, "2", cultures)
    other = pq.read_table(folder / "claims.parquet")
    metadata = {**other.schema.metadata, b"corpus_audit.checksum": b"other"}
    pq.write_table(other.replace_schema_metadata(metadata), folder / "claims.parquet")
    with pytest.raises(RunError, match="of one build"):
        load_index(folder, "1", cultures)
    pq.write_table(other, folder / "claims.parquet")
    probe = "audit.resources.gazetteer_index._PROBE"
    monkeypatch.setattr(probe, ("Rio_de_Janeiro",))
    with pytest.raises(RunError, match="fits the tokens"):
        load_index(folder, "1", cultures)
    assert VERSION_KEY in other.schema.metadata


def test_phrases_that_stand_for_nothing(tmp_path):
    path = tmp_path / "neutral.tsv"
    path.write_text("forms\treason\nMIT License|Psalm {1-3}\ta licence\n")
    rows = neutral_rows(path, {"mit"}, Inflections({}))
    assert [r.form for r in rows] == ["MIT License", "Psalm 1", "Psalm 2", "Psalm 3"]
    references, forms = tables([*rows])
    assert references.num_rows == 0
    assert set(forms["reference"].to_pylist()) == {NOTHING}
    with pytest.raises(RunError, match="names nothing"):
        neutral_rows(path, {"mit license"}, Inflections({}))


def test_stop_lists_know_arabic_with_and_without_points():
    assert folded("الطَّيِّبة") == folded("الطيّبة") == "الطيبة"
    assert folded("الداخلة\u200e") == "الداخلة"
    assert stop_forms()["الطيبة"] == "drop"
