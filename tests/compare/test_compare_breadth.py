"""Breadth at equal numbers of sources, against a count over the sources left."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from profiles_factory import make_profile

from audit.compare.breadth import equal_breadth
from audit.compare.diff import compare
from audit.compare.load import load_profile
from audit.compare.render import to_text
from audit.compare.sections import comparison_sections
from audit.measures.interval import unit_hashes
from schemas.profile import TABLES

KNOWN = 50


def _profile(folder, corpus, seed, domains):
    """Return a profile whose references lie on drawn sources, and those sources."""
    path = make_profile(
        folder, corpus, seed, domains=domains, documents=3_000, without_url=0,
        replicates=4,
    )  # fmt: skip
    footer = pq.read_schema(path / "mix.parquet").metadata
    units = pa.array(
        sorted(set(pq.read_table(path / "mix.parquet")["unit"].to_pylist()))
    )
    hashes = np.sort(unit_hashes(units).view(np.int64))
    rng = np.random.default_rng(seed)
    held = {
        f"dish {n}": np.sort(rng.choice(hashes, rng.integers(1, 12), replace=False))
        for n in range(KNOWN - 5)
    }
    rows = [
        {"corpus": corpus, "reference": name, "culture": "NG", "category": "food",
         "source": int(source)}
        for name, some in held.items() for source in some[:3]
    ]  # fmt: skip
    cell = {
        "corpus": corpus, "culture": "NG", "region": "Western Africa",
        "category": "food", "references_seen": len(held),
        "references_in_three_sources": sum(len(some) > 2 for some in held.values()),
        "references_known": KNOWN,
    }  # fmt: skip
    for name, content in (("reference_sources", rows), ("breadth", [cell])):
        schema = TABLES[name].schema.with_metadata(footer)
        pq.write_table(
            pa.Table.from_pylist(content, schema=schema), path / f"{name}.parquet"
        )
    return load_profile(path), hashes, held


def test_larger_corpora_are_cut_to_the_sources_of_the_smallest(tmp_path):
    made = [_profile(tmp_path, "ab"[n], n, size) for n, size in enumerate((40, 160))]
    profiles = [profile for profile, _, _ in made]
    found = equal_breadth(profiles)
    number = min(len(hashes) for _, hashes, _ in made)
    assert found["sources"] == number < len(made[1][1])
    for profile, hashes, held in made:
        kept = set(hashes[:number].tolist())
        broad = sum(len(kept & set(some.tolist())) > 2 for some in held.values())
        assert found["share"][profile.label] == broad / KNOWN
    stored = profiles[0].frame("breadth")["references_in_three_sources"].sum() / KNOWN
    assert found["share"]["a"] == pytest.approx(stored)
    text = to_text(comparison_sections(compare(profiles)), width=140)
    assert f"number of sources that all have, {number}: a " in text


def test_a_profile_without_the_tables_has_none(tmp_path):
    bare = load_profile(make_profile(tmp_path, "c", 3, documents=300, replicates=4))
    assert equal_breadth([bare, _profile(tmp_path, "a", 1, 40)[0]]) == {}
