"""Mojibake is told from text with accents, whatever the language and the code page."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_mojibake import ref_mojibake, ref_sequences
from reference_text import pack

from audit.kernels.mojibake import PAGES, count_sequences, is_mojibake

ROOT = Path(__file__).parents[2]
TRAIN = ROOT.parent / "shared" / "data" / "lid" / "train.parquet"

HONEST = {
    "French": "« À l'été », dit-il… « où ça ? » — c'était là-bas, « déjà »",
    "Portuguese capitals": "AMANHÃ… NÃO! A MANHÃ” IRMÃ — AÇÃO À “ROMÃ” CORAÇÃO ÊXITO",
    "Vietnamese": "Tiếng Việt có sáu thanh điệu: “Ô… Ê” — Ầ, Ẫ, Ẩ, đều là chữ",
    "German": "„MENÜ“ und „GRÖSSE“: Ä… Ö… Ü… — Übergrößenträger müssen früh",
    "Czech capitals": "NÁŠ ÚŘAD, VÝŽIVA, ÚŽASNÁ PÍSEŇ, DÉŠŤ",
    "Ukrainian": "Рік, Ріг, Сіль, Різдво — Російська мова; Її „Рівне“",
    "Russian": "Съешь ещё этих мягких французских булок, да выпей чаю",
    "Sorbian": "Čłowjek (žadyn bot)",
    "Slovak": "vyšetrovateľ obzvlášť",
    "Icelandic": "Það var „GUÐ“ og hann sagði: Ég þarf að fara…",
    "Chinese": "孩子第一次看皮影戏，散场了还要绕到幕后去找孙悟空。",
    "symbols": "±5 °C · ½ ¾ × ÷ §§ 4–5 © 2020 Ñ“ £3 €4 ™",
    "emoji": "🎉🎉 ✨ 👩‍👩‍👧",
    "empty": "",
    "ASCII": "plain words only",
}
WORDS = {
    "French": "La coopérative a inauguré un moulin à karité l'été dernier",
    "Portuguese": "A Câmara Municipal de Évora vai instalar sombras no verão",
    "Vietnamese": "Tiếng Việt có sáu thanh điệu",
    "Polish": "Zażółć gęślą jaźń, które są na stronie",
    "Romanian": "În această epocă mulți oameni trăiau în sărăcie",
    "Turkish": "Ülke sevdasıyla çarpan yüreği ile eğitime hizmet",
    "Russian": "Привет, как дела у тебя сегодня вечером",
    "Arabic": "اللغة العربية جميلة جدا",
    "Chinese": "孩子第一次看皮影戏",
    "a quotation mark": "It isn’t here",
}


def block(*texts: str):
    return pack(texts)


def garbled(text: str, page: str) -> str:
    """What a reader of a code page shows of UTF-8; gaps stay control characters."""
    shown = [
        bytes([byte]).decode(page, "replace").replace("\ufffd", chr(byte))
        for byte in text.encode()
    ]
    return "".join(shown)


@pytest.mark.parametrize("language", HONEST)
def test_honest_text_is_not_mojibake(language):
    assert not is_mojibake(*block(HONEST[language]))[0]


@pytest.mark.parametrize("page", [*PAGES, "latin-1"])
@pytest.mark.parametrize("language", WORDS)
def test_garbled_text_is_mojibake(language, page):
    wrong = garbled(WORDS[language], page)
    assert is_mojibake(*block(WORDS[language], wrong)).tolist() == [False, True]


def test_a_quotation_of_garbled_text_is_not_mojibake():
    text = "Où « cafÃ© » est écrit, le décodage a été raté: c'est là l'idée générale."
    assert not is_mojibake(*block(text))[0]


def test_documents_do_not_reach_into_each_other():
    first, second = "Ã", "©"
    assert not is_mojibake(*block(first, second)).any()
    assert is_mojibake(*block(first + second))[0]


ALPHABET = st.sampled_from("aé Ã©Â»ÐŸÑ€â€™ï¿½ðŸŽ‰Рї¿Ä…ÅŸЂ\x80\x99\xa0ž文ع🎉")


@settings(deadline=None, max_examples=300)
@given(st.lists(st.text(ALPHABET, max_size=30), min_size=1, max_size=4))
def test_kernel_is_its_twin(texts):
    found = count_sequences(*block(*texts))
    for page, name in enumerate(PAGES):
        assert found[page].tolist() == [list(ref_sequences(t, name)) for t in texts]
    assert is_mojibake(*block(*texts)).tolist() == [ref_mojibake(t) for t in texts]


@settings(deadline=None, max_examples=100)
@given(st.text(max_size=60))
def test_kernel_is_its_twin_on_any_text(text):
    assert is_mojibake(*block(text))[0] == ref_mojibake(text)


def test_a_sequence_is_found_wherever_it_stands():
    sequences = ["Ã©", "â€™", "ðŸŽ‰", "Рї", "Ð°", "Ã", "â€"]
    for before in range(70):
        texts = ["x" * before + wrong + end for wrong in sequences for end in ("", "y")]
        found = count_sequences(*block(*texts))
        for page, name in enumerate(PAGES):
            expected = [list(ref_sequences(text, name)) for text in texts]
            assert found[page].tolist() == expected


def test_planted_mojibake_is_all_that_is_found_in_the_samples():
    manifest = json.loads((ROOT / "sample_corpora" / "manifest.json").read_text())
    lines = (ROOT / "sample_corpora" / "filtered" / "documents.jsonl").read_text()
    texts = [json.loads(line)["text"] for line in lines.splitlines()]
    assert not is_mojibake(*block(*texts)).any()
    assert "mojibake" not in manifest["corpora"]["filtered"]["dirt"]


@pytest.mark.slow
def test_no_false_alarm_on_a_million_real_texts():
    if not TRAIN.is_file():
        pytest.skip("the training text of the language model is not here")
    frame = pl.read_parquet(TRAIN, columns=["text", "lang", "source"])
    found = np.concatenate(
        [
            is_mojibake(*block(*part["text"].to_list()))
            for part in frame.iter_slices(200_000)
        ]
    )
    flagged = frame.filter(pl.Series(found))
    # Looked at one by one: all of them are garbled but one line of scanned Latin.
    assert flagged.height < 150
    assert (flagged["lang"] == "lat").sum() <= 1
    assert flagged.filter(pl.col("lang").is_in(["por", "vie", "fra"])).height <= 2
