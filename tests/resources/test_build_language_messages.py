"""Messages of programs and text in other spellings, as the language model has them."""

import io
import json
import zipfile

import polars as pl
import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

from audit.errors import ConfigError
from audit.resources.build_language_data import MOST_MESSAGES, choose, load
from audit.resources.build_language_messages import catalogue, read_messages
from audit.resources.build_language_spelling import in_latin, nuer_in_unicode

PERSIAN = "پرونده ذخیره نشد، دوباره تلاش کنید"


def mo_of(pairs: dict) -> bytes:
    made, out = Catalog(), io.BytesIO()
    for message, translation in pairs.items():
        made.add(message, translation)
    write_mo(out, made)
    return out.getvalue()


def wheel_of(folder, locales: dict, nested: dict, licence: str = "MIT") -> None:
    folder.mkdir()
    with zipfile.ZipFile(folder / "thing-1.0-py3-none-any.whl", "w") as wheel:
        about = f"Name: thing\nVersion: 1.0\nLicense: {licence}\n\nText\n"
        wheel.writestr("thing-1.0.dist-info/METADATA", about)
        for locale, pairs in locales.items():
            name = f"thing/locale/{locale}/LC_MESSAGES/django.mo"
            wheel.writestr(name, mo_of(pairs))
        for locale, tree in nested.items():
            name = f"thing/static/translations/{locale}-{'0' * 32}.json"
            wheel.writestr(name, json.dumps(tree))


def test_a_catalogue_is_read_as_babel_wrote_it():
    pairs = {"Open the file": "Fungua faili", "Zażółć": "gęślą jaźń", "Empty": ""}
    found = [pair for pair in catalogue(mo_of(pairs)) if pair[0]]
    assert found == [("Open the file", "Fungua faili"), ("Zażółć", "gęślą jaźń")]


def test_contexts_are_taken_off_and_a_plural_gives_its_first_form():
    made, out = Catalog(), io.BytesIO()
    made.add("Close", "Funga", context="a door")
    made.add(("One day", "Days"), ("Siku moja", "Siku"))
    write_mo(out, made)
    assert set(catalogue(out.getvalue())) == {
        ("Close", "Funga"),
        ("One day", "Siku moja"),
    }


def test_messages_are_kept_where_they_were_translated(tmp_path):
    file, key = "The file was not saved: %(name)s", "Press <b>any</b> key, {user}!"
    wheel_of(
        tmp_path / "wheels",
        {
            "fa": {file: PERSIAN + " %(name)s", key: key},
            "sr_Latn": {file: "Datoteka nije sačuvana"},
            "en_GB": {file: "The colour was not saved at all"},
        },
        {"sw": {"a": {"b": "Faili halikuhifadhiwa kabisa"}, "c": "Hi"}, "de": {"a": 1}},
    )
    table = read_messages(tmp_path / "wheels")
    assert set(table.select("text", "lang", "script").rows()) == {
        ("The file was not saved:", "eng", "Latn"),
        ("Press any key, !", "eng", "Latn"),
        (PERSIAN, "pes", "Arab"),
        ("Datoteka nije sačuvana", "srp", "Latn"),
        ("Faili halikuhifadhiwa kabisa", "swh", "Latn"),
    }
    assert table["source"].unique().to_list() == ["program-messages:thing"]
    assert table["licence"].unique().to_list() == ["MIT"]


@pytest.mark.parametrize(
    "licence", ["", "GPL-3.0-or-later", "MIT AND LGPL-2.1-only", "a licence of ours"]
)
def test_programs_under_no_permissive_licence_are_refused(tmp_path, licence):
    wheel_of(tmp_path / "wheels", {"sw": {"Close": "Funga dirisha"}}, {}, licence)
    with pytest.raises(ConfigError, match=r"thing-1\.0"):
        read_messages(tmp_path / "wheels")


def test_a_classifier_names_the_licence_where_the_field_holds_its_text(tmp_path):
    said = "Copyright (c) us\nClassifier: License :: OSI Approved :: BSD License"
    wheel_of(tmp_path / "wheels", {"sw": {"Close": "Funga dirisha"}}, {}, said)
    licences = read_messages(tmp_path / "wheels")["licence"]
    assert licences.unique().to_list() == ["BSD License"]


def test_a_text_in_a_script_of_other_languages_is_left_out(tmp_path):
    latin = "Parvande zakhire nashod aslan"
    wheel_of(tmp_path / "wheels", {"fa": {"Not saved": latin}}, {})
    assert latin not in read_messages(tmp_path / "wheels")["text"].to_list()


def test_a_label_is_shown_some_messages_and_is_learnt_from_its_prose(tmp_path):
    prose = [
        {"text": f"{i} habari za asubuhi " * 30, "lang": "swa", "script": "Latn",
         "source": "lingua-py:a", "use": "train"} for i in range(1500)
    ]  # fmt: skip
    (tmp_path / "data").mkdir()
    pl.DataFrame(prose).write_parquet(tmp_path / "data" / "train.parquet")
    many = {f"message {i}": f"ujumbe {i} umehifadhiwa " * 8 for i in range(1000)}
    wheel_of(tmp_path / "wheels", {"sw": many}, {})
    columns = ["text", "lang", "script", "source", "use"]
    table = load(tmp_path / "data", None)
    assert "program-messages" not in table["family"]
    both = load(tmp_path / "data", tmp_path / "wheels")
    assert set(columns) <= set(both.columns)
    choice = choose(both, frozenset({"swh"}))
    account = next(row for row in choice.account if row["label"] == "swh_Latn")
    assert 0.9 * MOST_MESSAGES < account["program-messages"] <= 1.1 * MOST_MESSAGES
    assert account["lingua-py"] > 3 * account["program-messages"]


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Kv gu1th la jv", "Kä gua̱th la jä"),
        ("J5 ju1th k`", "Ji̱ jua̱th kɛ"),
        ("f66 COVID-19, 98 °C kv", "ɣöö COVID-19, 98 °C kä"),
        # Text that is in Unicode already stays, whatever foreign letters it has.
        ("Kɛ ta̱a̱ in SARS-CoV-2 virus", "Kɛ ta̱a̱ in SARS-CoV-2 virus"),
    ],
)
def test_nuer_is_written_over_from_its_font(written, shown):
    assert nuer_in_unicode(written) == shown


def test_serbian_is_written_over_letter_for_letter():
    assert in_latin("Његова љубав, џеп") == "Njegova ljubav, džep"
