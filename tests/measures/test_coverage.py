"""Coverage measures on small tables with figures worked out by hand."""

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.measures.coverage import (
    breadth,
    erased,
    first_sources,
    language_culture_matrix,
    located_share,
    lowest_sources,
    representation,
    speaker_shares,
    world_shares,
)

MIX = pl.DataFrame(
    {
        "unit": ["a", "a", "b", "c", "c"],
        "culture": ["FR", "DE", "FR", "FR", "BR"],
        "language": ["fra", "fra", "fra", "deu", "por"],
        "documents": [4, 1, 2, 1, 2],
    }
)
SPOKEN = pl.DataFrame(
    {
        "language": ["fra", "fra", "deu", "por"],
        "country": ["FR", "CD", "DE", "BR"],
        "share": [0.5, 0.5, 1.0, 1.0],
    }
)


def test_unlocated_share_comes_first():
    summary = pl.DataFrame(
        {"corpus": ["x"], "documents": [10], "located_documents": [4]}
    )
    table = located_share(summary)
    assert table.columns[:2] == ["corpus", "unlocated"]
    assert table["unlocated"][0] == pytest.approx(0.6)
    assert table["low"][0] < 0.4 < table["high"][0]


KNOWN = pl.DataFrame(
    {
        "culture": ["FR", "FR", "NG"],
        "region": ["Western Europe", "Western Europe", "Western Africa"],
        "category": ["food", "place", "food"],
        "references_known": [4, 9, 5],
    }
)


def test_breadth_counts_references_of_three_sources():
    sources = pl.DataFrame(
        {
            "reference": ["brie", "brie", "brie", "cidre", "cidre", "cidre"],
            "culture": ["FR"] * 6,
            "category": ["food"] * 6,
            "source": [1, 2, 3, 1, 1, 2],
        }
    )
    rows = breadth(lowest_sources(sources), KNOWN).rows()
    assert rows == [
        ("FR", "Western Europe", "food", 2, 1, 4),
        ("FR", "Western Europe", "place", 0, 0, 9),
        ("NG", "Western Africa", "food", 0, 0, 5),
    ]


def test_expected_shares_sum_to_one():
    people = pl.DataFrame({"country": ["FR", "DE"], "population": [60, 40]})
    assert world_shares(people)["expected"].to_list() == [0.4, 0.6]
    spoken = speaker_shares(MIX, SPOKEN)
    assert spoken["expected"].sum() == pytest.approx(1)
    assert dict(spoken.iter_rows())["CD"] == pytest.approx(0.35)
    nothing = speaker_shares(MIX.with_columns(documents=pl.lit(0)), SPOKEN)
    assert nothing.is_empty()


def test_ratio_is_observed_over_expected_with_its_interval():
    expected = pl.DataFrame({"culture": ["FR", "IN"], "expected": [0.5, 0.5]})
    mix = pl.DataFrame(
        {
            "unit": [f"u{i}" for i in range(40)],
            "culture": ["FR", "FR", "FR", "IN"] * 10,
            "documents": [1] * 40,
        }
    )
    ratios = representation(mix, expected)
    row = ratios.row(0, named=True)
    assert row["log2_ratio"] == pytest.approx(math.log2(1.5))
    assert row["low"] < row["log2_ratio"] < row["high"]
    assert ratios.equals(representation(mix.reverse(), expected))


def test_absent_cultures_are_erased():
    expected = pl.DataFrame(
        {"culture": ["FR", "IN", "TV"], "expected": [0.6, 0.3999, 0.0001]}
    )
    ratios = representation(MIX, expected)
    assert erased(ratios)["culture"].to_list() == ["IN"]


def test_empty_mix_has_no_shares_and_no_error():
    expected = pl.DataFrame({"culture": ["FR"], "expected": [1.0]})
    assert representation(MIX.clear(), expected)["count"].to_list() == [0]


def test_matrix_has_every_cell_and_folds_the_smallest():
    table = language_culture_matrix(MIX)
    assert table.rows() == [
        ("fra", "FR", 6, 6 / 7), ("fra", "BR", 0, 0.0), ("fra", "DE", 1, 1 / 7),
        ("por", "FR", 0, 0.0), ("por", "BR", 2, 1.0), ("por", "DE", 0, 0.0),
        ("deu", "FR", 1, 1.0), ("deu", "BR", 0, 0.0), ("deu", "DE", 0, 0.0),
    ]  # fmt: skip
    assert language_culture_matrix(MIX, kept=1).rows() == [
        ("fra", "FR", 6, 6 / 7), ("fra", None, 1, 1 / 7),
        (None, "FR", 1, 1 / 3), (None, None, 2, 2 / 3),
    ]  # fmt: skip
    assert language_culture_matrix(MIX.clear()).is_empty()


codes = st.sampled_from("abcdef")
mixes = st.lists(st.tuples(codes, codes, st.integers(0, 9)), max_size=40)


@given(mixes, st.integers(1, 7))
def test_matrix_adds_up_whatever_is_folded(rows, kept):
    mix = pl.DataFrame(
        rows,
        schema={"language": pl.String, "culture": pl.String, "documents": pl.Int64},
        orient="row",
    )
    table = language_culture_matrix(mix, kept)
    slow = {}
    sizes = [{}, {}]
    for *cell, n in rows:
        for size, name in zip(sizes, cell, strict=True):
            size[name] = size.get(name, 0) + n
    shown = [
        sorted((k for k in size if size[k]), key=lambda k: (-size[k], k))[:kept]
        for size in sizes
    ]
    for *cell, n in rows:
        at = tuple(k if k in few else None for k, few in zip(cell, shown, strict=True))
        slow[at] = slow.get(at, 0) + n
    found = {(a, b): n for a, b, n, _ in table.rows() if n}
    assert found == {cell: n for cell, n in slow.items() if n}
    for part, few in zip(("language", "culture"), shown, strict=True):
        names = table[part].unique(maintain_order=True).drop_nulls().to_list()
        assert names == few
    n_languages, n_cultures = table["language"].n_unique(), table["culture"].n_unique()
    assert len(table) == n_languages * n_cultures
    sums = table.group_by("language").agg(pl.col("share").sum())["share"]
    assert sums.to_list() == pytest.approx([1.0] * len(sums))


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(-9, 9)), min_size=1, max_size=60),
    st.data(),
)
def test_the_first_sources_are_a_smaller_corpus(rows, data):
    every = pl.DataFrame(
        {"reference": [str(r) for r, _ in rows], "source": [s for _, s in rows]}
    ).with_columns(culture=pl.lit("NG"), category=pl.lit("food"))
    hashes = np.array(sorted({s for _, s in rows}), np.int64)
    number = data.draw(st.integers(1, len(hashes)))
    part = every.filter(pl.col("source").is_in(hashes[:number].tolist()))
    shuffled = np.random.default_rng(number).permutation(hashes)
    found = first_sources(lowest_sources(every), shuffled, number)
    assert found.rows() == lowest_sources(part).rows()
