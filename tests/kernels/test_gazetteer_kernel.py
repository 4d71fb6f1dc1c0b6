"""The gazetteer's matcher equals its slow twin, and never leaves its arrays."""

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.batch import text_block
from audit.kernels.claims import LONE, WORD, Claims, resolve_matches
from audit.kernels.forms import build_index, restore_index, stored_index
from audit.kernels.gazetteer import Matches, find_matches
from audit.kernels.tokens import tokenize
from tests.reference_culture import ref_matches, ref_resolve

WORDS = ["Rio", "rio", "de", "Janeiro", "NATO", "Nato", "São", "Киев", "a", "Grande"]
WORDS += ["北京", "京北"]
GAPS = ["", " ", "  ", ", ", ". ", "\n", "-"]


def block(texts):
    return text_block(pa.array(texts, pa.large_string()))


def texts(size):
    part = st.tuples(st.sampled_from(WORDS), st.sampled_from(GAPS))
    return st.lists(part, max_size=size).map(lambda p: "".join(w + g for w, g in p))


def found(forms, documents):
    f, data = tokenize(*block(forms)), block(documents)
    tokens = tokenize(*data)
    index, _ = build_index(f)
    m = find_matches(data.data, tokens, index)
    return list(zip(*(c.tolist() for c in (m.docs, m.tokens, m.lengths, m.groups)),
                    strict=True)), ref_matches(tokens, f)  # fmt: skip


@settings(deadline=None)
@given(st.lists(texts(4), min_size=1, max_size=8), st.lists(texts(20), max_size=4))
def test_matches_equal_the_slow_twin(forms, documents):
    fast, slow = found(forms, documents)
    assert fast == slow


def test_longest_form_wins_and_forms_never_overlap():
    fast, slow = found(["Rio", "Rio Grande", "Grande"], ["Rio Grande Grande, Rio"])
    assert fast == slow
    assert [m[2] for m in fast] == [2, 1, 1]


def test_forms_are_found_wherever_a_stretch_of_tokens_ends():
    forms = ["Rio", "Rio de Janeiro", "北京", "Grande a"]
    for before in (1022, 1023, 1024, 2047):
        texts = [
            "a " * before + "Rio de Janeiro 北京 Grande",
            "a 北",
            "京 Rio Grande a",
        ]
        fast, slow = found(forms, texts)
        assert fast == slow
        assert len(fast) == 4


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_random_claims_resolve_as_the_slow_twin_says(seed):
    dice = np.random.default_rng(seed)
    n_groups, n_docs = int(dice.integers(1, 20)), int(dice.integers(1, 5))
    sizes = dice.integers(1, 5, n_groups)
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    n = int(offsets[-1])
    claims = Claims(
        offsets.astype(np.int64),
        dice.integers(0, 50, n).astype(np.int32),
        dice.integers(0, 9, n).astype(np.int16),
        dice.integers(0, 32, n).astype(np.uint8),
    )
    tokens = tokenize(*block(["Rio de. Janeiro NATO a " * 12] * n_docs))
    m = int(dice.integers(0, 40))
    at = np.sort(dice.choice(60 * n_docs, m, replace=False))
    matches = Matches(
        (at // 60).astype(np.int32),
        dice.integers(0, n_groups, m).astype(np.int32),
        at.astype(np.int64),
        np.ones(m, np.int32),
    )
    languages = dice.integers(0, 3, n_docs).astype(np.int32)
    homes = dice.integers(0, 3, (3, 9)).astype(np.uint8)
    window = int(dice.integers(1, 60))
    case = (matches, tokens, claims, languages, homes, window)
    chosen, origin = resolve_matches(*case)
    assert list(zip(chosen.tolist(), origin.tolist(), strict=True)) == ref_resolve(
        *case
    )
    assert len(chosen) == len(origin)
    assert np.all(np.diff(origin) >= 0)
    for reference, match in zip(chosen, origin, strict=True):
        g = matches.groups[match]
        assert reference in claims.references[offsets[g] : offsets[g + 1]]


def test_a_claim_known_everywhere_counts_and_supports_nothing():
    forms = ["Google", "Jackson", "Texas"]
    index, _ = build_index(tokenize(*block(forms)))
    offsets = np.arange(4)
    cultures = np.zeros(3, np.int16)
    flags = np.uint8([LONE, WORD, 0])
    claims = Claims(offsets, np.arange(3, dtype=np.int32), cultures, flags)

    def counted(text):
        data = block([text])
        tokens = tokenize(*data)
        matches = find_matches(data.data, tokens, index)
        languages, homes = np.zeros(1, np.int32), np.zeros((1, 1), np.uint8)
        return resolve_matches(matches, tokens, claims, languages, homes)[0].tolist()

    assert counted("At Google we met Jackson there") == [0]
    assert counted("In Texas we met Jackson there") == [2, 1]


@settings(deadline=None)
@given(st.lists(texts(4), min_size=1, max_size=30), st.lists(texts(20), max_size=4))
def test_an_index_is_restored_from_what_is_stored(forms, documents):
    index, _ = build_index(tokenize(*block(forms)))
    states, groups = stored_index(index)
    ends = groups >= 0
    order = groups[ends]
    again = restore_index(states, ends, index.first, index.deep, index.case[order])
    data = block(documents)
    tokens = tokenize(*data)
    one = find_matches(data.data, tokens, index)
    other = find_matches(data.data, tokens, again)
    assert np.array_equal(one.tokens, other.tokens)
    assert np.array_equal(one.lengths, other.lengths)
    assert np.array_equal(one.groups, order[other.groups])
