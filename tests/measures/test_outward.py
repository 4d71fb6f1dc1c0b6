"""The view beyond a language's own countries, by figures worked out by hand."""

import polars as pl
import pytest

from audit.measures.outward import ALL_LANGUAGES, home_countries, outward_view

HOMES = pl.DataFrame(
    {
        "language": ["fra", "fra", "deu", "por"],
        "culture": ["FR", "CD", "DE", "BR"],
    }
)
MIX = pl.DataFrame(
    {
        "unit": ["a", "a", "b", "c", "c", "c"],
        "culture": ["FR", "DE", "CD", "FR", "BR", "FR"],
        "language": ["fra", "fra", "fra", "deu", "por", "und"],
        "documents": [4, 1, 2, 1, 2, 9],
        "mentions": [8, 4, 4, 1, 2, 90],
    }
)


def rows(mix: pl.DataFrame) -> dict:
    return {row["language"]: row for row in outward_view(mix, HOMES).to_dicts()}


def test_outward_is_what_lies_outside_the_languages_countries():
    found = rows(MIX)
    assert found["fra"]["outward_share"] == pytest.approx(1 / 7)
    assert found["fra"]["outward_mention_share"] == pytest.approx(4 / 16)
    assert (found["deu"]["outward_share"], found["por"]["outward_share"]) == (1.0, 0.0)


def test_a_language_without_a_country_has_no_share_and_is_in_no_total():
    found = rows(MIX)
    assert found["und"]["documents"] == 9
    names = ("outward_documents", "outward_share", "low", "outward_mention_share")
    assert [found["und"][name] for name in names] == [None] * 4
    every = found[ALL_LANGUAGES]
    assert (every["documents"], every["outward_documents"]) == (10, 2)
    assert (every["mentions"], every["outward_mentions"]) == (19, 5)


def test_one_source_leaves_everything_open():
    found = rows(MIX)
    assert (found["deu"]["low"], found["deu"]["high"]) == (0.0, 1.0)


def test_a_source_in_two_languages_is_one_source():
    units = [f"u{i}.org" for i in range(30)]
    mix = pl.DataFrame(
        {
            "unit": units + units,
            "culture": ["FR"] * 60,
            "language": ["fra"] * 30 + ["deu"] * 30,
            "documents": [5] * 60,
            "mentions": [5] * 60,
        }
    )
    every = rows(mix)[ALL_LANGUAGES]
    # Half of every source looks outward: leaving one out changes nothing.
    assert every["outward_share"] == 0.5
    assert (every["low"], every["high"]) == (pytest.approx(0.5), pytest.approx(0.5))


def test_interval_holds_the_share_and_narrows_with_sources():
    widths = []
    for n_units in (30, 300):
        mix = pl.DataFrame(
            {
                "unit": [f"u{i}.org" for i in range(n_units)],
                "culture": ["FR", "FR", "DE"] * (n_units // 3),
                "language": ["fra"] * n_units,
                "documents": [1] * n_units,
                "mentions": [2] * n_units,
            }
        )
        row = rows(mix)["fra"]
        assert 0 <= row["low"] < 1 / 3 < row["high"] <= 1
        assert outward_view(mix, HOMES).equals(outward_view(mix.reverse(), HOMES))
        widths.append(row["high"] - row["low"])
    assert widths[1] < widths[0] / 2


def test_nothing_located_is_no_row_and_no_error():
    assert outward_view(MIX.clear(), HOMES).is_empty()


def test_a_country_is_home_by_law_or_by_its_people():
    spoken = pl.DataFrame(
        {
            "language": ["fra"] * 3,
            "country": ["FR", "CH", "US"],
            "official": [True, False, False],
            "population_share": [0.9, 0.2, 0.01],
        }
    )
    assert sorted(home_countries(spoken)["culture"]) == ["CH", "FR"]
