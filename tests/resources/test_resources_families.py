import numpy as np
import pytest

from audit.measures.similarity import GroupLevel, group_ordinariness, similarity_hill
from audit.resources.build_families import family_rows
from audit.resources.families import language_families, likeness_levels
from audit.resources.speakers import speakers


def _effective(counts):
    levels = []
    for groups, within in likeness_levels():
        names = sorted({groups[k] for k in counts if k in groups})
        codes = [names.index(groups[k]) if k in groups else -1 for k in counts]
        levels.append(GroupLevel(np.array(codes), within))
    values = np.array(list(counts.values()), float)
    zp = group_ordinariness(values / values.sum(), levels)
    return float(similarity_hill(values, 1, ordinariness=zp))


def test_bosnian_croatian_and_serbian_are_not_three_worlds():
    assert _effective({"bos": 1, "hrv": 1, "srp": 1}) < 1.1
    assert 1.4 < _effective({"hrv": 1, "bul": 1}) < 1.7
    assert 1.7 < _effective({"hrv": 1, "hin": 1}) < 1.9
    assert _effective({"hrv": 1, "yor": 1, "kor": 1}) == pytest.approx(3)


def test_the_world_s_large_languages_are_placed():
    placed = language_families()
    large = speakers()["language"].to_pylist()[:150]
    missing = [code for code in large if code not in placed]
    assert len(missing) <= 15, missing
    assert placed["hrv"][0] == placed["hin"][0] == "ine"
    assert placed["yor"][0] == placed["swh"][0] != placed["hau"][0]


def test_levels_are_nested():
    (family, a), (branch, b), (macro, c) = likeness_levels()
    assert 0 < a < b < c < 1
    for wide, narrow in ((family, branch), (branch, macro)):
        inside = {}
        for code, group in narrow.items():
            assert inside.setdefault(group, wide[code]) == wide[code]


def test_rows_are_remade_from_groups():
    rows = family_rows(
        {"ine": ["sla", "gem"], "sla": ["zls"], "zls": ["bs", "hr", "bul"],
         "gem": ["de"], "mis": ["eu"]}
    )  # fmt: skip
    # Montenegrin and Serbian stand beside the other members of their macrolanguage.
    assert rows == [
        ("bos", "ine", "zls"), ("bul", "ine", "zls"), ("cnr", "ine", "zls"),
        ("deu", "ine", "gem"), ("hrv", "ine", "zls"), ("srp", "ine", "zls"),
    ]  # fmt: skip
