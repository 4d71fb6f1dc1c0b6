"""The second look among relatives: who they are, what is learnt, and the same bytes."""

import random

import numpy as np
import polars as pl
import pytest

from audit.resources.build_language_lines import plain_texts
from audit.resources.build_language_relatives import (
    Seen,
    build_relatives,
    find_groups,
    learn,
    weigh,
    without,
)

NAMES = ["aaa_Latn", "bbb_Latn", "ccc_Latn", "ddd_Cyrl"]
SYLLABLES = {
    "aaa_Latn": "ma ri ko ta ne shi pa lu",
    "bbb_Latn": "ma ri ko ta ne she pe lo",
    "ccc_Latn": "xu qui vod zar plim grok",
}


def sentence(label: str, rng: random.Random, words: int = 8) -> str:
    parts = SYLLABLES[label].split()
    return " ".join("".join(rng.choices(parts, k=3)) for _ in range(words))


def training_rows() -> pl.DataFrame:
    rng, rows = random.Random(3), []
    for label in SYLLABLES:
        for i in range(200):
            text = sentence(label, rng)
            rows.append((text, label, "lingua-py", len(text), i))
    schema = ["text", "label", "family", "characters", "hash"]
    return pl.DataFrame(rows, schema=schema, orient="row")


@pytest.fixture
def seen() -> Seen:
    """Texts of which a model knows the third label, and of the first two one too often.

    It takes two in three of either for the first.
    """
    rng, labels, scores, texts = random.Random(4), [], [], []
    for number, label in enumerate(SYLLABLES):
        for i in range(90):
            guess = number if number == 2 else int(i % 3 == 0)
            share = np.full(4, 0.02)
            share[guess] = 0.5
            share[1 - guess if number < 2 else 0] = 0.46
            labels.append(number)
            scores.append(np.log(share / share.sum()))
            texts.append(sentence(label, rng, 4))
    return Seen(np.array(labels), np.array(scores), plain_texts(texts))


def test_only_labels_of_one_script_that_are_confused_are_relatives(seen):
    assert find_groups(seen, NAMES) == [["aaa_Latn", "bbb_Latn"]]


def test_what_is_learnt_betters_every_label(seen):
    rng = random.Random(6)
    lines = [
        plain_texts([sentence(label, rng) for _ in range(300)])
        for label in list(SYLLABLES)[:2]
    ]
    group, (before, after) = weigh(learn(lines, np.array([0, 1]), 500), seen)
    assert before == pytest.approx(0.5)
    assert after > 0.9
    assert without(group, {1}) is None
    assert np.array_equal(without(group, {2}).weights, group.weights)


def test_a_label_that_comes_first_too_often_is_taken_back():
    rng = random.Random(7)
    shares = np.array([[0.6, 0.4], [0.52, 0.48]]).repeat(90, axis=0)
    texts = plain_texts([sentence("aaa_Latn", rng, 4) for _ in range(180)])
    seen = Seen(np.repeat([0, 1], 90), np.log(shares), texts)
    # Lines that tell nothing: only how often each label comes first can be mended.
    lines = [
        plain_texts([sentence("aaa_Latn", rng) for _ in range(300)]) for _ in range(2)
    ]
    _, (before, after) = weigh(learn(lines, np.array([0, 1]), 500), seen)
    assert before == pytest.approx(0.5)
    assert after > 0.95


def test_two_builds_give_the_same_bytes(seen, tmp_path):
    accounts = [
        build_relatives(tmp_path / name, training_rows(), NAMES, seen)
        for name in ("one.npz", "two.npz")
    ]
    assert accounts[0] == accounts[1]
    assert accounts[0][0].startswith("aaa_Latn bbb_Latn: 0.500 to ")
    assert "left out" not in accounts[0][0]
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
