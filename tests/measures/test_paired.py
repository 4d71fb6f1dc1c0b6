import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.measures.coverage import representation, speaker_shares
from audit.measures.outward import outward_view
from audit.measures.paired import outward_gaps, ratio_gaps

HOMES = pl.DataFrame({"language": ["eng", "fra"], "culture": ["GB", "FR"]})
SPOKEN = pl.DataFrame(
    {
        "language": ["eng", "eng", "fra", "fra"],
        "country": ["GB", "NG", "FR", "NG"],
        "share": [0.75, 0.25, 0.5, 0.5],
    }
)
CULTURES, LANGUAGES = ("FR", "GB", "NG"), ("eng", "fra", "xxx")


def _corpus(seed, units=30):
    """Return ``culture_mix`` and ``mix`` of a few sources; counts are never zero."""
    rng = np.random.default_rng(seed)
    held = rng.permutation(40)[:units]
    rows = [
        {
            "unit": f"site{unit}.org", "culture": culture, "language": language,
            "documents": int(rng.poisson(9)) + 1, "mentions": int(rng.poisson(20)) + 1,
        }
        for unit in held for culture in CULTURES for language in LANGUAGES
    ]  # fmt: skip
    culture_mix = pl.DataFrame(rows)
    mix = culture_mix.group_by("unit", "language").agg(
        located_documents=pl.col("documents").sum()
    )
    return culture_mix, mix


def _without(frames, unit):
    return [frame.filter(pl.col("unit") != unit) for frame in frames]


def _compared(a, b):
    mixes = a[0], b[0]
    return ratio_gaps(mixes, SPOKEN, (a[1], b[1])), outward_gaps(mixes, HOMES)


def test_both_sides_are_what_the_tables_hold():
    a, b = _corpus(1), _corpus(2, units=12)
    ratios, outward = _compared(a, b)
    assert set(ratios) == set(CULTURES)
    assert set(outward) == {"", "eng", "fra"}
    for side, (culture_mix, mix) in enumerate((a, b)):
        expected = speaker_shares(mix, SPOKEN, "located_documents")
        for row in representation(culture_mix, expected).iter_rows(named=True):
            gap = ratios[row["culture"]]
            assert gap[side] == pytest.approx(row["log2_ratio"])
        for row in outward_view(culture_mix, HOMES).iter_rows(named=True):
            if row["language"] in outward:
                share = outward[row["language"]][side]
                assert share == pytest.approx(row["outward_share"])


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10_000))
def test_no_corpus_differs_from_itself_and_sides_change_signs(seed):
    a, b = _corpus(seed), _corpus(seed + 1, units=17)
    for gaps in _compared(a, a):
        assert {gap.interval() for gap in gaps.values()} == {(0.0, 0.0, 0.0)}
    for there, back in zip(_compared(a, b), _compared(b, a), strict=True):
        assert set(there) == set(back)
        for key, gap in there.items():
            mirrored = [-x for x in back[key].interval()]
            assert gap.interval() == pytest.approx(
                (mirrored[0], mirrored[2], mirrored[1])
            )


def test_errors_are_near_those_of_leaving_out_each_source():
    a, b = _corpus(5), _corpus(6)
    every = sorted({*a[0]["unit"], *b[0]["unit"]})
    whole = _compared(a, b)
    moved = [[], []]
    for unit in every:
        left = _compared(_without(a, unit), _without(b, unit))
        for kind in (0, 1):
            moved[kind].append(
                [left[kind][k].b - left[kind][k].a - (g.b - g.a)
                 for k, g in whole[kind].items()]
            )  # fmt: skip
    for kind in (0, 1):
        error = np.sqrt(np.square(moved[kind]).sum(axis=0))
        found = [gap.error for gap in whole[kind].values()]
        assert found == pytest.approx(error, rel=0.05)


def test_sources_that_both_hold_are_compared_in_pairs():
    mix = _corpus(7)
    shifted = mix[0].with_columns(
        documents=pl.when(pl.col("culture") == "NG")
        .then(pl.col("documents") * 2)
        .otherwise("documents")
    )
    written = shifted.group_by("unit", "language").agg(
        located_documents=pl.col("documents").sum()
    )
    apart = [frame.with_columns(unit="x" + pl.col("unit")) for frame in mix]
    paired = ratio_gaps((mix[0], shifted), SPOKEN, (mix[1], written))["NG"]
    loose = ratio_gaps((apart[0], shifted), SPOKEN, (apart[1], written))["NG"]
    assert (paired.a, paired.b) == pytest.approx((loose.a, loose.b))
    assert paired.error < loose.error / 2
    assert paired.interval().low > 0


def test_parts_together_are_the_whole():
    parts, other = [_corpus(8), _corpus(9)], _corpus(10)
    joined = [pl.concat(frames) for frames in zip(*parts, strict=True)]
    counts = (["documents", "mentions"], ["located_documents"])
    merged = [
        frame.group_by(pl.exclude(columns)).agg(pl.col(columns).sum())
        for frame, columns in zip(joined, counts, strict=True)
    ]
    for a, b in zip(_compared(joined, other), _compared(merged, other), strict=True):
        assert set(a) == set(b)
        assert all(a[key] == pytest.approx(b[key]) for key in a)
    for gaps in _compared(joined, merged):
        assert all(gap.b == pytest.approx(gap.a) for gap in gaps.values())
        assert all(gap.error < 1e-6 for gap in gaps.values())


def test_one_source_alone_has_no_interval():
    a, b = _corpus(3), _corpus(4, units=1)
    ratios, outward = _compared(a, b)
    assert {gap.error for gap in ratios.values()} == {math.inf}
    assert all(gap.interval(1)[1:] == (-1, 1) for gap in outward.values())
    assert ratios["NG"].interval()[1:] == (-math.inf, math.inf)


def test_what_one_side_lacks_is_not_compared():
    a, b = _corpus(3), _corpus(4)
    no_french = b[0].filter((pl.col("language") != "fra") & (pl.col("culture") != "GB"))
    mix = b[1].filter(pl.col("language") != "fra")
    ratios, outward = _compared(a, (no_french, mix))
    assert set(ratios) == {"NG"}
    assert set(outward) == {"", "eng"}
    empty = b[0].clear(), b[1].clear()
    assert _compared(a, empty) == ({}, {})
    assert _compared(empty, empty) == ({}, {})
