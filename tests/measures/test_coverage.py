"""Coverage measures on small tables with figures worked out by hand."""

import math

import polars as pl
import pytest

from audit.measures.coverage import (
    breadth,
    category_grid,
    erased,
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


def test_grid_has_a_row_for_every_cell():
    table = pl.DataFrame(
        {
            "region": ["R1", "R2"],
            "category": ["food", "music"],
            "documents": [1, 2],
            "mentions": [1, 3],
        }
    )
    grid = category_grid(table)
    assert len(grid) == 4
    assert grid["share"].sum() == pytest.approx(1)


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


def test_matrix_rows_sum_to_one():
    table = language_culture_matrix(MIX)
    sums = table.group_by("language").agg(pl.col("share").sum())["share"]
    assert sums.to_list() == pytest.approx([1.0] * 3)
