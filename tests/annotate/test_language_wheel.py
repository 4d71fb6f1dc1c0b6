"""Models that the kernel refuses, run by fasttext-wheel behind the same interface."""

import pickle
import sys

import numpy as np
import pyarrow as pa
import pytest

from audit.annotate.fasttext_file import UnsupportedModelError, read_model
from audit.annotate.language import LanguageAnnotator
from audit.annotate.language_load import load_model
from audit.annotate.language_wheel import WheelModel
from audit.batch import Batch
from audit.errors import ConfigError
from schemas.document import DOCUMENT

LETTERS = {"eng_Latn": "abcde", "swh_Latn": "efghi", "rus_Cyrl": "бвгде"}
OPTIONS = {
    "dim": 8,
    "bucket": 20000,
    "lr": 0.5,
    "minn": 1,
    "maxn": 3,
    "epoch": 10,
    "thread": 1,
}


def sentences(n: int) -> list[tuple[str, str]]:
    rng = np.random.default_rng(3)
    out = []
    for i in range(n):
        name = list(LETTERS)[i % len(LETTERS)]
        words = ("".join(rng.choice(list(LETTERS[name]), 4)) for _ in "x" * 8)
        out.append((name, " ".join(words)))
    return out


def batch(texts: list[str]) -> Batch:
    n = len(texts)
    ids = pa.array([f"doc{i}" for i in range(n)])
    empty = [pa.nulls(n, pa.string())] * 4
    position = pa.array(range(1, n + 1), pa.int64())
    arrays = [ids, pa.array(texts, pa.large_string()), *empty, position]
    return Batch(pa.RecordBatch.from_arrays(arrays, schema=DOCUMENT))


def train(folder, **options):
    reason = "fasttext-wheel is not installed: it has no wheel for this Python"
    fasttext = pytest.importorskip("fasttext", reason=reason)
    lines = folder / "lines.txt"
    text = "".join(f"__label__{k} {v}\n" for k, v in sentences(600))
    lines.write_text(text, "utf-8")
    model = fasttext.train_supervised(str(lines), verbose=0, **OPTIONS | options)
    model.save_model(str(folder / "model.bin"))
    return folder / "model.bin"


@pytest.fixture(scope="module")
def refused(tmp_path_factory):
    """A model that looks at longer runs of words than the kernel does."""
    path = train(tmp_path_factory.mktemp("refused"), wordNgrams=70)
    with pytest.raises(UnsupportedModelError, match="wordNgrams 70"):
        read_model(path)
    return path


def test_a_refused_model_names_languages_by_fasttext_wheel(refused):
    annotator = LanguageAnnotator(refused)
    assert isinstance(annotator.model, WheelModel)
    known = sentences(60)
    columns, segments = annotator.annotate_with_segments(
        batch([text for _, text in known] + ["", "12"])
    )
    want = [name[:3] for name, _ in known] + ["zxx", "zxx"]
    got = columns["language"].to_pylist()
    assert sum(g == w for g, w in zip(got, want, strict=True)) >= 60
    assert got[-2:] == want[-2:]
    assert segments.segments.sum() == 61


def test_labels_are_held_to_the_scripts_of_the_text(refused):
    columns = LanguageAnnotator(refused, threshold=0).annotate(
        batch(["бвгд abcd efga cabd deab"] * 2 + ["гдеб вгде", "你好世界"])
    )
    assert columns["language"].to_pylist()[2] == "rus"
    # No language of this model is written in Han characters.
    assert columns["confidence_micros"].to_pylist()[3] == 0


def test_what_both_run_both_name_alike(tmp_path, monkeypatch):
    path = train(tmp_path)
    texts = batch([text for _, text in sentences(90)] + ["abcd\nefga", "", "ab бв"])
    ours = LanguageAnnotator(path).annotate(texts)

    def refuse(path):
        raise UnsupportedModelError("not this one", where=str(path))

    monkeypatch.setattr("audit.annotate.language_load.read_model", refuse)
    wheel = LanguageAnnotator(path)
    assert isinstance(wheel.model, WheelModel)
    theirs = wheel.annotate(texts)
    assert theirs["language"].to_pylist() == ours["language"].to_pylist()
    assert theirs["script"].to_pylist() == ours["script"].to_pylist()
    gap = np.abs(
        theirs["confidence_micros"].to_numpy() - ours["confidence_micros"].to_numpy()
    )
    assert gap.max() < 2000


def test_workers_read_the_file_again(refused):
    annotator = LanguageAnnotator(refused)
    sent = pickle.dumps(annotator)
    assert len(sent) < 1000
    texts = batch([text for _, text in sentences(9)])
    again = pickle.loads(sent).annotate(texts)
    assert again["language"] == annotator.annotate(texts)["language"]
    assert again["confidence_micros"] == annotator.annotate(texts)["confidence_micros"]
    assert len(annotator.fingerprint()["language.model_sha256"]) == 64


def test_without_fasttext_wheel_the_next_step_is_named(tmp_path, monkeypatch):
    from reference_language import TinyModel

    tiny = TinyModel(["</s>", "na"], [("__label__en", 2)], word_ngrams=70)
    path = tmp_path / "model.bin"
    path.write_bytes(tiny.to_bytes())
    monkeypatch.setitem(sys.modules, "fasttext", None)
    monkeypatch.setitem(sys.modules, "fasttext.FastText", None)
    with pytest.raises(ConfigError, match="Install fasttext-wheel") as caught:
        load_model(path)
    assert "wordNgrams 70" in str(caught.value)
    assert str(path) in str(caught.value)
