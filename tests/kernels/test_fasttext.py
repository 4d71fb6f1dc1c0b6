"""The fastText kernel against a slow twin, on models of every shape it reads."""

import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_language import TinyModel, ref_hash
from reference_text import pack

from audit.annotate.fasttext_file import UnsupportedModelError, read_model
from audit.errors import ConfigError
from audit.kernels.fasttext import (
    document_vectors,
    joint_vectors,
    runs_of_words,
    word_cache,
)
from audit.kernels.fasttext_output import SOFTMAX, Output, leaders, top_labels
from audit.kernels.jit import kernel
from audit.kernels.scores import exponentials

LABELS = [
    ("__label__en", 9),
    ("__label__sw", 5),
    ("__label__zh", 4),
    ("__label__ha", 1),
]
WORDS = ["</s>", "the", "na", "你好", "ka"]
SHAPES = {
    "softmax": {},
    "hierarchical": {"loss": 1},
    "one_vs_all": {"loss": 4},
    "negative_sampling": {"loss": 2},
    "words_only": {"maxn": 0, "bucket": 0},
    "word_runs": {"word_ngrams": 3},
    "word_runs_alone": {"word_ngrams": 2, "maxn": 0},
    "pruned": {"keep": [3, 1, 40, 17, 63, 0], "quantised": True},
    "pruned_to_nothing": {"keep": [], "quantised": True},
    "pruned_word_runs": {
        "keep": [*range(0, 64, 3)],
        "quantised": True,
        "word_ngrams": 2,
    },
    "norms": {"quantised": True, "norms": True, "keep": [*range(0, 64, 2)]},
    "no_end_token": {"words": WORDS[1:]},
    "wide": {"dim": 19, "bucket": 500},
    "not_whole_vectors": {"dim": 24, "quantised": True, "norms": True},
    # Rows that stay codes, with norms of their own and without.
    "coded": {"dim": 16, "quantised": True, "keep": [*range(0, 64, 3)]},
    "coded_norms": {
        "dim": 32,
        "quantised": True,
        "norms": True,
        "keep": [*range(0, 64, 2)],
    },
    "coded_whole": {"dim": 16, "quantised": True, "norms": True},
    "coded_word_runs": {"dim": 16, "quantised": True, "word_ngrams": 3},
}
TEXTS = [
    "the na the",
    "",
    "  \n\t ",
    "你好 世界 你好",
    "habari za asubuhi\nna the",
    "__label__en the ka",
    "x" * 100 + " the",
    "ñandú é̱",
]


def make(tmp_path: Path, shape: str) -> tuple[TinyModel, Path]:
    options = {"words": WORDS, "labels": LABELS} | SHAPES[shape]
    tiny = TinyModel(**options)
    path = tmp_path / "model.bin"
    path.write_bytes(tiny.to_bytes())
    return tiny, path


@pytest.mark.parametrize("shape", SHAPES)
def test_vectors_and_probabilities_equal_the_twin(tmp_path, shape):
    tiny, path = make(tmp_path, shape)
    model = read_model(path)
    hidden, counts = document_vectors(
        model.network, word_cache(model.network.dim), *pack(TEXTS)
    )
    best, share, mass = top_labels(model.output, hidden, counts, k=4)
    for i, text in enumerate(TEXTS):
        assert counts[i] == len(tiny.row_numbers(text))
        np.testing.assert_allclose(hidden[i], tiny.vector(text), atol=1e-5)
        if not counts[i]:
            assert best[i].tolist() == [-1] * 4
            continue
        want = tiny.probabilities(text)
        order = sorted(range(4), key=lambda label: -want[label])
        assert best[i].tolist() == order
        np.testing.assert_allclose(share[i], [want[j] for j in order], atol=1e-4)
        assert mass[i] == pytest.approx(sum(want), abs=1e-3)


@settings(deadline=None, max_examples=60)
@given(texts=st.lists(st.text(max_size=40), max_size=6))
def test_any_text_equals_the_twin(texts, tmp_path_factory):
    texts = [t.encode("utf-8", "replace").decode() for t in texts]
    # Python splits on more than fastText's six bytes of white space.
    texts = ["".join(" " if c.isspace() or c < " " else c for c in t) for t in texts]
    tiny, path = make(tmp_path_factory.mktemp("any"), "word_runs")
    model = read_model(path)
    hidden, counts = document_vectors(
        model.network, word_cache(model.network.dim), *pack(texts)
    )
    for i, text in enumerate(texts):
        assert counts[i] == len(tiny.row_numbers(text))
        np.testing.assert_allclose(hidden[i], tiny.vector(text), atol=1e-5)


def test_result_does_not_depend_on_the_cache(tmp_path):
    _, path = make(tmp_path, "softmax")
    model = read_model(path)
    rng = np.random.default_rng(1)
    texts = [
        " ".join(f"w{i}" for i in rng.integers(0, 90_000, 4000)) for _ in range(40)
    ]
    warm = word_cache(model.network.dim)
    first, _ = document_vectors(model.network, warm, *pack(texts))
    again, _ = document_vectors(model.network, warm, *pack(texts[::-1]))
    alone, _ = document_vectors(model.network, word_cache(5), *pack(texts[7:8]))
    np.testing.assert_array_equal(first, again[::-1])
    np.testing.assert_array_equal(first[7], alone[0])


def test_gate_leaves_the_best_of_what_is_allowed(tmp_path):
    tiny, path = make(tmp_path, "softmax")
    model = read_model(path)
    hidden, counts = document_vectors(model.network, word_cache(5), *pack(["the na"]))
    want = np.array(tiny.probabilities("the na"))
    allowed = np.array([[True] * 4, [False] * 4, [True] * 4])
    allowed[2, int(want.argmax())] = False
    best, share, _ = top_labels(model.output, hidden, counts, 1, allowed, np.array([2]))
    want[want.argmax()] = 0
    assert best[0, 0] == want.argmax()
    assert share[0, 0] == pytest.approx(want.max(), abs=1e-4)
    none, _, mass = top_labels(model.output, hidden, counts, 1, allowed, np.array([1]))
    assert none[0, 0] == -1
    assert mass[0] == 0


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 2**32 - 1),
    spread=st.sampled_from([0.0, 1e-4, 0.05, 1.0, 30.0]),
    n_labels=st.integers(1, 70),
)
def test_a_leader_is_the_best_label_and_close_calls_have_none(seed, spread, n_labels):
    rng = np.random.default_rng(seed)
    columns = rng.normal(scale=spread, size=(7, n_labels)).astype(np.float32)
    output = Output(columns, *np.zeros((2, 0), np.int32), SOFTMAX, n_labels)
    hidden = rng.normal(size=(40, 7)).astype(np.float32)
    counts = rng.integers(0, 3, 40)
    allowed = rng.random((3, n_labels)) < [[1], [0.5], [0]]
    group = rng.integers(0, 3, 40)
    prior = rng.choice(np.float32([0.5, 1]), n_labels)
    found = leaders(output, hidden, counts, allowed, group, prior)
    best, share, _ = top_labels(output, hidden, counts, 2, allowed, group, prior)
    led = found >= 0
    assert (found[led] == best[led, 0]).all()
    assert not led[(best[:, 0] < 0)].any()
    # Of the rest, one label leads that holds most of what there is.
    far = share[:, 0] > 0.5 + 1.1 * share[:, 1]
    assert led[far].all()
    assert not led[share[:, 0] < 1.02 * share[:, 1]].any()


def test_what_is_no_number_never_leads():
    columns = np.zeros((1, 40), np.float32)
    columns[0, 7], columns[0, 39] = 9, 1
    output = Output(columns, *np.zeros((2, 0), np.int32), SOFTMAX, 40)
    hidden = np.array([[1], [-1], [np.nan], [np.inf], [0]], np.float32)
    counts, group = np.ones(5, np.int64), np.array([0, 0, 0, 0, 1])
    allowed = np.ones((2, 40), np.bool_)
    allowed[1] = False
    prior = np.ones(40, np.float32)
    got = leaders(output, hidden, counts, allowed, group, prior)
    assert got.tolist() == [7, -1, -1, -1, -1]
    columns[0, 3] = np.nan
    assert leaders(output, hidden, counts, allowed, group, prior).tolist() == [-1] * 5


def test_no_label_leads_where_scores_are_nodes_of_a_tree(tmp_path):
    model = read_model(make(tmp_path, "hierarchical")[1])
    hidden, counts = document_vectors(model.network, word_cache(5), *pack(TEXTS))
    every, one = np.ones((1, 4), np.bool_), np.ones(4, np.float32)
    group = np.zeros(len(TEXTS), np.int64)
    assert (leaders(model.output, hidden, counts, every, group, one) == -1).all()


@pytest.mark.parametrize("shape", ["softmax", "norms", "pruned"])
def test_every_truncation_is_one_clear_error(tmp_path, shape):
    _, path = make(tmp_path, shape)
    whole = path.read_bytes()
    step = max(1, len(whole) // 150)
    for size in [*range(0, len(whole), step), len(whole) - 1]:
        path.write_bytes(whole[:size])
        with pytest.raises(ConfigError):
            read_model(path)
    path.write_bytes(whole + b"x")
    with pytest.raises(ConfigError, match="left over"):
        read_model(path)


def test_damage_never_crashes_nor_allocates_without_bound(tmp_path):
    _, path = make(tmp_path, "pruned")
    whole = path.read_bytes()
    rng = np.random.default_rng(5)
    for _ in range(300):
        broken = bytearray(whole)
        place = int(rng.integers(0, 320))
        broken[place : place + 4] = rng.integers(0, 256, 4, np.uint8).tobytes()
        path.write_bytes(bytes(broken))
        try:
            model = read_model(path)
        except ConfigError as error:
            message = str(error)
        else:
            message = str(path)
            document_vectors(model.network, word_cache(model.network.dim), *pack(TEXTS))
        assert str(path) in message


def test_other_files_and_models_are_named(tmp_path):
    path = tmp_path / "model.bin"
    path.write_bytes(b"PK\x03\x04" + b"\0" * 200)
    with pytest.raises(ConfigError, match="version 11 or 12"):
        read_model(path)
    with pytest.raises(ConfigError, match="readable"):
        read_model(tmp_path / "absent.bin")
    path.write_bytes(b"")
    with pytest.raises(ConfigError, match="non-empty"):
        read_model(path)
    tiny, path = make(tmp_path, "softmax")
    raw = bytearray(tiny.to_bytes())
    raw[8 + 7 * 4] = 2  # skip-gram
    path.write_bytes(bytes(raw))
    with pytest.raises(ConfigError, match="supervised"):
        read_model(path)


@pytest.mark.parametrize(
    "options", [{"dim": 4097}, {"maxn": 65}, {"word_ngrams": 65}], ids=str
)
def test_what_the_kernel_does_not_run_is_refused_only_where_the_file_is_whole(
    tmp_path, options
):
    tiny = TinyModel(words=WORDS, labels=LABELS, **options)
    path = tmp_path / "model.bin"
    path.write_bytes(tiny.to_bytes())
    with pytest.raises(UnsupportedModelError, match="fasttext-wheel"):
        read_model(path)
    path.write_bytes(tiny.to_bytes()[:-1])
    with pytest.raises(ConfigError, match="truncated") as caught:
        read_model(path)
    assert not isinstance(caught.value, UnsupportedModelError)


@settings(deadline=None, max_examples=60)
@given(
    parts=st.lists(st.lists(st.text(max_size=30), max_size=4), max_size=5),
    shape=st.sampled_from(["pruned", "coded_norms", "softmax"]),
)
def test_parts_and_wholes_are_read_in_one_pass(parts, shape, tmp_path_factory):
    parts = [[t.encode("utf-8", "replace").decode() + "\n" for t in d] for d in parts]
    _, path = make(tmp_path_factory.mktemp("joint"), shape)
    net = read_model(path).network
    assert not runs_of_words(net)
    whole = np.repeat(np.arange(len(parts)), [len(d) for d in parts]).astype(np.int64)
    data, offsets = pack([text for d in parts for text in d])
    hidden, counts, totals, sizes = joint_vectors(
        net, word_cache(net.dim), data, offsets, whole, len(parts)
    )
    for got, want in (
        ((hidden, counts), (data, offsets)),
        ((totals, sizes), pack(["".join(d) for d in parts])),
    ):
        vectors, rows = document_vectors(net, word_cache(net.dim), *want)
        np.testing.assert_array_equal(got[0], vectors)
        np.testing.assert_array_equal(got[1], rows)


def test_runs_of_words_cross_from_part_to_part(tmp_path):
    for shape in SHAPES:
        net = read_model(make(tmp_path, shape)[1]).network
        assert runs_of_words(net) == ("word_runs" in shape)


def test_a_model_survives_pickling(tmp_path):
    _, path = make(tmp_path, "pruned")
    model = pickle.loads(pickle.dumps(read_model(path)))
    hidden, counts = document_vectors(model.network, word_cache(5), *pack(TEXTS))
    again, _ = document_vectors(read_model(path).network, word_cache(5), *pack(TEXTS))
    np.testing.assert_array_equal(hidden, again)
    assert counts.sum() > 0


@pytest.mark.parametrize("maxn", [1, 3, 8, 9, 12])
def test_words_of_any_length_equal_the_twin(tmp_path, maxn):
    # Words are read in windows, and those of long n-grams one by one.
    tiny = TinyModel(words=WORDS, labels=LABELS, maxn=maxn, bucket=977)
    path = tmp_path / "model.bin"
    path.write_bytes(tiny.to_bytes())
    model, rng = read_model(path), np.random.default_rng(maxn)
    letters = list("abcdéß東🎈")
    sizes = [*range(1, 40), 47, 48, 49, 60, 61, 62, 63, 64, 65, 100, 127, 128, 500]
    texts = ["".join(rng.choice(letters, size)) for size in sizes]
    texts += ["a" * size for size in sizes]
    texts.append(" ".join(texts * 2))
    hidden, counts = document_vectors(model.network, word_cache(5), *pack(texts))
    for i, text in enumerate(texts):
        assert counts[i] == len(tiny.row_numbers(text))
        np.testing.assert_allclose(hidden[i], tiny.vector(text), atol=1e-5)


@settings(deadline=None, max_examples=30)
@given(values=st.lists(st.floats(-86, 87, width=32), min_size=1, max_size=16))
def test_exponentials_are_those_of_the_reals(values):
    got = np.zeros(16, np.float32)
    got[: len(values)] = values
    want = np.exp(got.astype(np.float64))
    _exponentials(got)
    np.testing.assert_allclose(got, want, rtol=3e-7)


@kernel
def _exponentials(values):
    exponentials(values, 0)


def test_twin_hashes_as_fasttext_documents_it():
    # FNV-1a of ASCII is the published one; above that the sign is extended.
    assert ref_hash(b"a") == 0xE40C292C
    assert ref_hash("é".encode()) != 0x811C9DC5


@pytest.mark.parametrize(
    "options",
    [
        {"loss": "hs"},
        {"loss": "softmax", "wordNgrams": 2},
        {"loss": "ova"},
        {"loss": "ns", "minn": 0, "maxn": 0},
        {"loss": "softmax", "quantise": {"cutoff": 400, "dsub": 2, "qnorm": True}},
        {"loss": "hs", "quantise": {"cutoff": 400, "dsub": 3}},
        {"loss": "hs", "dim": 16, "quantise": {"cutoff": 400, "qnorm": True}},
        {"loss": "softmax", "dim": 8, "quantise": {"dsub": 2}},
    ],
    ids=str,
)
def test_equals_fasttext_itself(tmp_path, options):
    fasttext = pytest.importorskip("fasttext", reason="no wheel for this Python")
    rng = np.random.default_rng(3)
    letters = {"aa": "abcde", "bb": "cdefg", "cc": "äöüßx", "dd": "你好世界人"}
    lines = []
    for _ in range(1500):
        name = str(rng.choice(list(letters)))
        words = ("".join(rng.choice(list(letters[name]), 4)) for _ in "x" * 6)
        lines.append((name, " ".join(words)))
    path = tmp_path / "train.txt"
    path.write_text("".join(f"__label__{k} {v}\n" for k, v in lines), "utf-8")
    settings_ = {"dim": 9, "bucket": 5000, "minn": 1, "maxn": 3, "epoch": 3}
    quantise = options.get("quantise")
    settings_ |= {k: v for k, v in options.items() if k != "quantise"}
    oracle = fasttext.train_supervised(
        input=str(path), thread=1, verbose=0, **settings_
    )
    if quantise:
        oracle.quantize(**quantise)
    file = tmp_path / ("model.ftz" if quantise else "model.bin")
    oracle.save_model(str(file))
    model = read_model(file)
    texts = [text for _, text in lines[:200]] + ["neverseen wörd", "abcd 你好"]
    hidden, counts = document_vectors(
        model.network, word_cache(model.network.dim), *pack(texts)
    )
    best, share, _ = top_labels(model.output, hidden, counts)
    # For one-vs-all and negative sampling fastText reads its sigmoids from a table of
    # 512 steps, so labels that close may change places.
    step = 0.02 if options["loss"] in ("ova", "ns") else 1e-3
    for i, text in enumerate(texts):
        said = dict(
            (label, p) for p, label in oracle.f.predict(text + "\n", 4, 0.0, "strict")
        )
        assert share[i, 0] == pytest.approx(max(said.values()), abs=step)
        mine = model.labels[best[i, 0]]
        assert said[mine] == pytest.approx(max(said.values()), abs=step)
        if step < 0.01:
            assert said[mine] == max(said.values())
