"""Corrected prevalence: exact where nothing errs, covering where things do."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.measures.prevalence import corrected_prevalence
from audit.resources.confusion import confusion_counts


def test_a_perfect_classifier_is_left_alone():
    counts = np.array([700, 200, 100, 0])
    found = corrected_prevalence(counts, np.diag([5000] * 4))
    np.testing.assert_allclose(found.share, [0.7, 0.2, 0.1, 0], atol=0.01)
    assert not found.explained[:3].any()
    assert (found.low[:3] < counts[:3] / 1000).all()
    assert (found.high[:3] > counts[:3] / 1000).all()


def test_a_known_confusion_is_taken_out():
    # Three in ten Malay texts are called Indonesian, one in ten the other way.
    confusion = np.array([[90, 10], [30, 70]])
    true = np.array([0.4, 0.6])
    counts = np.rint(10_000 * true @ (confusion / 100)).astype(int)
    found = corrected_prevalence(counts, confusion)
    np.testing.assert_allclose(found.share, true, atol=0.02)
    assert ((found.low < true) & (true < found.high)).all()


def test_a_count_that_errors_explain_is_marked():
    confusion = np.array([[970, 30, 0], [2, 98, 0], [0, 0, 100]])
    found = corrected_prevalence(np.array([97_000, 3_000, 500]), confusion)
    assert found.explained.tolist() == [False, True, False]
    assert found.share[1] < 0.01
    assert found.low[1] < 0.001
    beyond = corrected_prevalence(np.array([90_000, 10_000, 500]), confusion)
    assert not beyond.explained[1]


def test_nothing_counted_is_nothing():
    found = corrected_prevalence(np.zeros(3, int), np.eye(3, dtype=int))
    assert found.share.tolist() == [0, 0, 0]
    assert not found.explained.any()


@settings(deadline=None, max_examples=20)
@given(
    counts=st.lists(st.integers(0, 5000), min_size=2, max_size=6),
    seed=st.integers(0, 1000),
)
def test_shares_are_shares_and_lie_in_their_intervals(counts, seed):
    n = len(counts)
    confusion = np.random.default_rng(seed).integers(0, 50, (n, n))
    confusion += 100 * np.eye(n, dtype=int)
    found = corrected_prevalence(np.array(counts), confusion, draws=20)
    assert found.share.sum() == pytest.approx(1 if sum(counts) else 0)
    assert (found.low <= found.share).all()
    assert (found.share <= found.high).all()
    assert (found.low >= 0).all()
    assert (found.high <= 1 + 1e-9).all()


def test_the_same_counts_give_the_same_answer():
    counts, confusion = np.array([50, 40, 10]), np.array([[9, 1, 0]] * 3)
    one, two = (corrected_prevalence(counts, confusion) for _ in range(2))
    for a, b in zip(one, two, strict=True):
        np.testing.assert_array_equal(a, b)


def test_intervals_cover_the_truth_on_a_hundred_mixtures():
    names = (
        "eng cmn hin spa arb fra ben por rus urd ind zsm deu jpn swh tur vie ita hau "
        "yor ibo zul xho pes prs nob nno dan bos hrv srp glg ces slk ukr bul mkd kin"
    )
    codes = names.split()
    measured = confusion_counts(codes)
    assert (np.diag(measured) > 0).all()
    rng = np.random.default_rng(11)
    covered = large = 0
    for _ in range(100):
        # What the classifier does on this corpus, of which `measured` is one sample.
        rows = rng.gamma(measured + 0.5 / len(codes))
        rows /= rows.sum(axis=1, keepdims=True)
        true = rng.gamma(0.3, size=len(codes))
        true /= true.sum()
        counts = rng.multinomial(20_000, true @ rows)
        found = corrected_prevalence(counts, measured, draws=100)
        asked = true > 0.005
        covered += int(((found.low <= true) & (true <= found.high))[asked].sum())
        large += int(asked.sum())
    assert large > 1000
    assert covered / large >= 0.9


def test_languages_never_measured_have_empty_rows():
    matrix = confusion_counts(["eng", "qqq", "swh"])
    assert matrix[0, 0] > 10
    assert matrix[1].sum() == 0
    assert matrix[:, 1].sum() == 0
