"""The gazetteer's matcher equals its slow twin, and never leaves its arrays."""

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.batch import text_block
from audit.kernels.gazetteer import (
    Claims,
    Matches,
    build_index,
    find_matches,
    resolve_matches,
)
from audit.kernels.tokens import tokenize
from tests.reference_culture import ref_matches

WORDS = ["Rio", "rio", "de", "Janeiro", "NATO", "Nato", "São", "Киев", "a", "Grande"]
GAPS = [" ", "  ", ", ", ". ", "\n", "-"]


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


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_random_claims_resolve_within_bounds(seed):
    dice = np.random.default_rng(seed)
    n_groups, n_docs = int(dice.integers(1, 20)), int(dice.integers(1, 5))
    sizes = dice.integers(1, 5, n_groups)
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    n = int(offsets[-1])
    claims = Claims(
        offsets.astype(np.int64),
        dice.integers(0, 50, n).astype(np.int32),
        dice.integers(0, 9, n).astype(np.int16),
        dice.integers(0, 16, n).astype(np.uint8),
    )
    tokens = tokenize(*block(["Rio de Janeiro " * 20] * n_docs))
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
    chosen, origin = resolve_matches(matches, tokens, claims, languages, homes)
    assert len(chosen) == len(origin)
    assert np.all(np.diff(origin) >= 0)
    for reference, match in zip(chosen, origin, strict=True):
        g = matches.groups[match]
        assert reference in claims.references[offsets[g] : offsets[g + 1]]
