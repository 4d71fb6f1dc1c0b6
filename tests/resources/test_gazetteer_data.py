"""What the gazetteer holds, and that its build refuses bad entries."""

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from audit.errors import RunError
from audit.kernels.gazetteer import AMBIGUOUS, SHARED
from audit.resources import gazetteer as module
from audit.resources.build_culture import checksum, regions, tables
from audit.resources.culture_lexicon import lexicon_rows
from audit.resources.gazetteer import CATEGORIES, gazetteer, gazetteer_checksum
from audit.resources.gazetteer import references as known_references

FOLDER = module._FOLDER


def test_tables_match_their_stored_checksum():
    tables = [pq.read_table(FOLDER / f"{n}.parquet") for n in ("references", "forms")]
    assert checksum(*tables) == gazetteer_checksum()


def test_size_and_contents():
    forms = pq.read_table(FOLDER / "forms.parquet")
    assert len(forms) > 250_000
    assert sum(p.stat().st_size for p in FOLDER.glob("*.parquet")) < 15_000_000
    table = known_references()
    assert set(table["category"].unique().to_pylist()) == set(CATEGORIES)
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
