"""The second look among close relatives: who is asked, and what may change."""

import numpy as np
import pytest

from audit.annotate.language import LanguageAnnotator
from audit.annotate.language_model import LanguageModel, packaged_model
from audit.annotate.language_relatives import (
    SURE,
    Group,
    Relatives,
    Scored,
    read_relatives,
    write_relatives,
)
from audit.kernels.relatives import Texts, marks

# Written for this test: everyday sentences with what tells the relatives apart.
SENTENCES = {
    "hrv": "Tvrtka je priopćila da će sljedeći tjedan uvesti novi sustav u kolodvor.",
    "srp": "Preduzeće je saopštilo da će sledeće nedelje da uvede nov sistem ovde.",
    "ind": "Polisi bilang bahwa mobil itu berada di kantor karena uangnya belum ada.",
    "zsm": "Polis berkata bahawa kereta itu berada di pejabat kerana wangnya tiada.",
    "nno": "Eg veit ikkje kva dei seier, men me kjem heim til bygda neste veke.",
    "nob": "Jeg vet ikke hva de sier, men vi kommer hjem til bygda neste uke.",
    "fao": "Eg veit ikki hvat teir siga, men vit koma heim til bygdina næstu viku.",
    "isl": "Ég veit ekki hvað þeir segja, en við komum heim í sveitina í næstu viku.",
}


@pytest.fixture(scope="module")
def annotator():
    return LanguageAnnotator()


def block(texts):
    from audit.resources.build_language_calibration import composed

    return composed(texts)


def folded(*texts: str) -> Texts:
    parts = [text.encode() for text in texts]
    offsets = np.cumsum([0, *map(len, parts)]).astype(np.int64)
    place = np.arange(len(offsets))
    return Texts(
        np.frombuffer(b"".join(parts), np.uint8), offsets, place[:-1], place[1:]
    )


def test_what_tells_relatives_apart_decides(annotator):
    named = annotator.name_texts(block(list(SENTENCES.values())))
    got = [annotator.languages[code] for code in named.language.tolist()]
    assert got == list(SENTENCES)


def test_only_relatives_take_each_others_place(annotator, monkeypatch):
    texts = block([*SENTENCES.values(), "The rain stopped.", "Mvua ilikoma.", "ok", ""])
    after = annotator.name_texts(texts)
    monkeypatch.setattr(annotator.model, "relatives", None)
    before = annotator.name_texts(texts)
    of = {
        annotator.model.languages[label]: i
        for i, group in enumerate(LanguageAnnotator().model.relatives.groups)
        for label in group.labels.tolist()
    }
    for one, other in zip(before.language, after.language, strict=True):
        pair = annotator.languages[one], annotator.languages[other]
        assert pair[0] == pair[1] or "und" in pair or of[pair[0]] == of[pair[1]]


def a_group(trust: float = 0.0) -> Group:
    """Labels 1 and 3: every mark of "ja" speaks for 1, of "jo" for 3."""
    ja, jo = (set(marks(folded(text))[0].tolist()) for text in ("ja", "jo"))
    kept = sorted(ja ^ jo)
    weights = [[9, -9] if mark in ja else [-9, 9] for mark in kept]
    bias = np.zeros(2)
    return Group(
        np.array([1, 3]), np.array(kept), np.array(weights, np.int8), bias, 0.1, trust
    )


def settled(shares: list[float], text: str, group: Group):
    """Return the two best labels and shares of a text, settled."""
    logits = np.log(np.array(shares, np.float32))
    order = np.argsort(-logits)[:2]
    best, share = order[None].astype(np.int32), np.exp(logits[order])[None]
    scored = Scored(
        np.ones((1, 1), np.float32), logits[None], np.ones(len(shares), np.float32)
    )
    relatives = Relatives([group], "")
    relatives.settle(best, share, np.ones(1, np.float32), scored, folded(text))
    return best[0].tolist(), share[0].tolist()


def test_relatives_share_what_they_had_together():
    best, share = settled([0.1, 0.5, 0.1, 0.3], "jo jo jo", a_group())
    assert best == [3, 1]
    assert sum(share) == pytest.approx(0.8, rel=1e-5)
    best, share = settled([0.1, 0.5, 0.1, 0.3], "ja", a_group())
    assert best == [1, 3]
    # The stranger that came second stays second where the other relative has less.
    best, share = settled([0.4, 0.5, 0.1, 1e-4], "ja ja ja", a_group())
    assert best == [1, 0]
    assert share == pytest.approx([0.5, 0.4], rel=1e-2)


def test_the_sure_and_strangers_are_not_asked():
    high = SURE + 0.1
    rest = (1 - high) / 2
    assert settled([rest / 2, high, rest / 2, rest], "jo jo", a_group())[0] == [1, 3]
    assert settled([0.6, 0.2, 0.1, 0.1], "jo jo", a_group())[0] == [0, 1]


def test_trust_weighs_the_first_model():
    assert settled([0.1, 0.6, 0.1, 0.2], "jo", a_group(trust=9.0))[0] == [1, 3]


def test_a_file_gives_back_what_was_written(tmp_path):
    names = ["a_Latn", "b_Latn", "c_Latn", "d_Latn"]
    write_relatives(tmp_path / "relatives.npz", [a_group(0.5)], names)
    (got,) = read_relatives(tmp_path / "relatives.npz", names).groups
    want = a_group(0.5)
    assert got.labels.tolist() == want.labels.tolist()
    assert got.marks.tolist() == want.marks.tolist()
    assert got.weights.tolist() == want.weights.tolist()
    assert (got.trust, got.bias.tolist()) == (want.trust, want.bias.tolist())
    assert got.step == pytest.approx(want.step)


def test_a_file_without_groups_settles_nothing(tmp_path):
    write_relatives(tmp_path / "relatives.npz", [], ["a_Latn"])
    none = read_relatives(tmp_path / "relatives.npz", ["a_Latn"])
    best, share = np.array([[0, -1]], np.int32), np.array([[0.5, 0]], np.float32)
    none.settle(best, share, share[:, 0], None, None)
    assert (best.tolist(), share.tolist()) == ([[0, -1]], [[0.5, 0.0]])


def test_packaged_files_are_small_and_in_the_fingerprint(annotator):
    folder = packaged_model().parent
    assert (folder / "relatives.npz").stat().st_size < 1_000_000
    assert sum(f.stat().st_size for f in folder.iterdir() if f.is_file()) < 10_000_000
    relatives = annotator.model.relatives
    digest = annotator.fingerprint()["language.relatives_sha256"]
    assert digest == relatives.checksum
    labels = np.concatenate([group.labels for group in relatives.groups])
    assert len(set(labels.tolist())) == len(labels)


def test_documents_read_with_their_paragraphs_are_named_the_same(
    annotator, monkeypatch
):
    from tests.annotate.test_language import batch

    page = "\n\n".join([*SENTENCES.values(), "12", "..."])
    texts = batch([page, *SENTENCES.values(), "\n".join([SENTENCES["hrv"]] * 30)])
    together, _ = annotator.annotate_with_segments(texts)
    alone = annotator.annotate(texts)
    assert {k: v.to_pylist() for k, v in together.items()} == {
        k: v.to_pylist() for k, v in alone.items()
    }
    monkeypatch.setattr(LanguageModel, "joint", False)
    assert annotator.annotate_with_segments(texts)[0] == together


def test_nobody_misses_the_paragraphs_that_are_not_looked_at_again(
    annotator, monkeypatch
):
    from tests.annotate.test_language import batch

    # Short and mixed paragraphs, of which the first model is not sure.
    words = " ".join(SENTENCES.values()).split()
    rng = np.random.default_rng(5)
    pages = [
        "\n".join(" ".join(rng.choice(words, 30)) for _ in range(4)) for _ in range(60)
    ]
    quick = annotator.annotate_with_segments(batch(pages))[1]
    asked = []
    settle = Relatives.settle

    def counted(self, best, share, mass, scored, texts, least=None):
        asked.append(len(best))
        settle(self, best, share, mass, scored, texts)

    monkeypatch.setattr(Relatives, "settle", counted)
    slow = annotator.annotate_with_segments(batch(pages))[1]
    assert sum(asked) > len(pages)
    for one, other in zip(quick, slow, strict=True):
        assert one.tolist() == other.tolist()


@pytest.mark.parametrize("least", [0.0, 0.3, 0.7, 0.99, 1.0])
def test_below_the_least_share_no_text_is_so_sure(annotator, least):
    model, rng = annotator.model, np.random.default_rng(2)
    letters = rng.integers(0, 300, 5000).astype(np.int32)
    share = rng.random(5000).astype(np.float32)
    below = share < model._least_share(least, letters)
    assert below.any() == (least > 0)
    assert (model._calibrated(share, letters)[below] < least).all()
