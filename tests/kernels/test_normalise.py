"""NFC: the kernel's doubt covers every text that is not in NFC."""

import sys
import unicodedata

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_text import nfc, pack

from audit.kernels.normalise import maybe_not_nfc, to_nfc

MARKS = "\u0300\u0301\u0323\u0327\u0338\u093c\u09be\u0bbe\u0653\u1161\u11a8\u3099\u0f71"
BASES = "aeoéọẹạlṣ한가ᄀকெ부かは\u0928\u0627 1\n"


def test_every_code_point_alone_and_after_a_letter():
    texts = [
        lead + chr(c)
        for c in range(sys.maxunicode + 1)
        if not 0xD800 <= c < 0xE000
        for lead in ("", "a")
    ]
    doubt = maybe_not_nfc(*pack(texts))
    truth = [not unicodedata.is_normalized("NFC", text) for text in texts]
    assert not (np.array(truth) & ~doubt).any()
    # Doubt costs a Python call, so it must be rare where it is not needed.
    assert doubt.sum() < 1.1 * sum(truth) + 200


@settings(deadline=None, max_examples=400)
@given(st.lists(st.text(st.sampled_from(MARKS + BASES), max_size=8), max_size=6))
def test_texts_come_out_in_nfc(texts):
    data, offsets = to_nfc(*pack(texts))
    expected_data, expected_offsets = pack([nfc(text) for text in texts])
    assert data.tobytes() == expected_data.tobytes()
    assert offsets.tolist() == expected_offsets.tolist()


def test_text_in_nfc_is_returned_as_it_is():
    data, offsets = pack(
        ["plain", "é", "한국어", "বাংলা", "தமிழ் பொருள்", "ọ́ ẹ̀ Việt", "です"]
    )
    assert not maybe_not_nfc(data, offsets).any()
    same_data, same_offsets = to_nfc(data, offsets)
    assert same_data is data
    assert same_offsets is offsets


def test_invalid_bytes_stay():
    raw = [b"e\xcc\x81\xff", b"\xcc", b"e\xcc\x81", b"\xf0\x9f"]
    data, offsets = to_nfc(*pack(raw))
    assert data.tobytes() == b"".join([raw[0], raw[1], "é".encode(), raw[3]])
    assert np.diff(offsets).tolist() == [4, 1, 2, 2]


def test_a_mark_is_found_wherever_it_stands():
    for before in range(70):
        texts = ["x" * before + "e\u0301", "e" + "\u0323" * before + "\u0301", "かは"]
        data, offsets = to_nfc(*pack(texts))
        expected_data, expected_offsets = pack([nfc(text) for text in texts])
        assert data.tobytes() == expected_data.tobytes()
        assert offsets.tolist() == expected_offsets.tolist()


def test_a_slice_of_offsets_is_honoured():
    data, offsets = pack(["skip", "e\u0301", "x", "a\u0300"])
    moved, places = to_nfc(data, offsets[1:])
    assert moved.tobytes().decode() == "éxà"
    assert places.tolist() == [0, 2, 3, 5]


def test_only_the_lines_that_need_it_change():
    texts = ["e\u0301\ne\xe9\n\u0301x\n", "\n\na\u0300", "a\u0323\u0301\r\n\ufb1d"]
    data, _ = to_nfc(*pack(texts))
    assert data.tobytes().decode() == "".join(nfc(text) for text in texts)
    broken = [b"e\xcc\x81\n\xff e\xcc\x81"]
    assert to_nfc(*pack(broken))[0].tobytes() == "é\n".encode() + b"\xff e\xcc\x81"
