"""Read the messages of programs in their translations, to train the language model on.

In: a folder of wheels as ``pip download`` leaves them, of programs under permissive
licences, as their metadata say; others are refused. Out: rows like those of
``train.parquet`` (`build_language_data`).

Interface text is much of the web, and small languages are learnt from little else.
Where a large one is learnt from prose alone, the model takes every message in it for a
small neighbour: Persian for Laki, Hindi for Awadhi, Finnish for Meänkieli. So large
languages are shown messages too.
"""

from __future__ import annotations

import html
import json
import re
import struct
import zipfile
from email.parser import BytesHeaderParser
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pyarrow as pa

from audit.batch import text_block
from audit.errors import ConfigError
from audit.kernels.normalise import to_nfc
from audit.kernels.script import SCRIPT_EXTRA, read_scripts
from audit.resources.han import script_table
from audit.resources.language_codes import parse_label, scripts_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["MESSAGES", "catalogue", "folded", "read_messages", "scripts_of_texts"]

# The family of these rows.
MESSAGES = "program-messages"
# Variants of English: their texts are English words for the most part.
_LEFT_OUT = re.compile(r"en[-_@].*", re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")
# What stands for a value. A message that is left with few words teaches nothing.
_VALUE = re.compile(r"%\(\w+\)[-\d.]*\w|%[-\d.$]*\w|\{[^{}]*\}|\$\w+|https?:\S+")
_FEWEST_CHARACTERS = 8
_LOCALE = re.compile(r"(?:^|/)locale/(?P<locale>[^/]+)/LC_MESSAGES/[^/]+\.mo$")
_NESTED = re.compile(r"/translations/(?P<locale>[A-Za-z-]+)-[0-9a-f]{32}\.json$")
_METADATA = re.compile(r"[^/]+\.dist-info/METADATA")
# Licences that ask for no more than to be named.
_PERMISSIVE = re.compile(r"\b(?:MIT|BSD|Apache|ISC|PSF|Python Software Foundation)\b")
_ASKS_MORE = re.compile(
    r"GPL|GNU|\bMPL|Mozilla|\bEPL|\bEUPL|CC-BY-(?:SA|NC|ND)", re.IGNORECASE
)


def catalogue(data: bytes) -> Iterator[tuple[str, str]]:
    """Yield messages and translations of a gettext catalogue (``.mo``).

    Contexts are taken off; of the forms of a plural the first stands for all. Other
    readers refuse a whole catalogue for a misspelt date in its header.

    Args:
        data: a file as msgfmt writes it, of either byte order.
    """
    order = "<" if data[:4] == b"\xde\x12\x04\x95" else ">"
    count, ours, theirs = struct.unpack_from(order + "8x3I", data)
    for i in range(count):
        pair = []
        for table in (ours, theirs):
            size, start = struct.unpack_from(order + "2I", data, table + 8 * i)
            text = data[start : start + size].split(b"\0")[0].split(b"\x04")[-1]
            pair.append(text.decode("utf-8", "replace"))
        if all(pair) and "\ufffd" not in pair[1]:
            yield pair[0], pair[1]


def folded(text: str) -> str:
    """Return a message without tags, entities and line breaks."""
    return " ".join(html.unescape(_TAG.sub(" ", text)).split())


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _leaves(inner)


def _texts(wheel: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """Yield locale and text of all messages of a wheel, English ones too."""
    for name in sorted(wheel.namelist()):
        if found := _LOCALE.search(name):
            for message, text in catalogue(wheel.read(name)):
                yield "en", message
                yield found["locale"], text
        elif found := _NESTED.search(name):
            for text in _leaves(json.loads(wheel.read(name))):
                yield found["locale"], text


def _licence(wheel: zipfile.ZipFile, name: str) -> str:
    """Return the licence that a wheel's metadata name.

    Raises:
        ConfigError: they name none, or one that asks for more than to be named.
    """
    said: list[str] = []
    for path in filter(_METADATA.fullmatch, sorted(wheel.namelist())):
        about = BytesHeaderParser().parsebytes(wheel.read(path))
        kinds = [str(kind) for kind in about.get_all("Classifier", [])]
        said += map(str, about.get_all("License-Expression", []))
        said += [k.split(" :: ")[-1] for k in kinds if k.startswith("License :: ")]
        said += map(str, about.get_all("License", []))
    named = [words for words in said if _PERMISSIVE.search(words)]
    if not named or any(map(_ASKS_MORE.search, said)):
        raise ConfigError(
            "metadata of programs that are learnt from name a permissive licence",
            value="; ".join(said) or "none",
            where=name,
            next_step="Leave the wheel out.",
        )
    return named[0]


def scripts_of_texts(texts: list[str]) -> list[str]:
    """Return the script that each text is mostly in (ISO 15924)."""
    table, codes = script_table()
    block = to_nfc(*text_block(pa.array(texts, pa.large_string())))
    writing = read_scripts(*block, table, codes)
    return np.array([*codes, *SCRIPT_EXTRA])[writing.script].tolist()


def read_messages(folder: Path) -> pl.DataFrame:
    """Return text, lang, script, source, licence and use of all messages in a folder.

    A text is left out where it stands in more than one language (in others than
    English if that is one of them: it was not translated), or in a script that its
    language is not written in.

    Args:
        folder: with ``*.whl``.

    Raises:
        ConfigError: a wheel does not say that its licence is a permissive one.
    """
    rows: dict[tuple[str, str], tuple[str, str, str]] = {}
    for path in sorted(folder.glob("*.whl")):
        program = path.name.split("-")[0]
        with zipfile.ZipFile(path) as wheel:
            licence = _licence(wheel, path.name)
            for locale, message in _texts(wheel):
                text = folded(_VALUE.sub(" ", message))
                if len(text) >= _FEWEST_CHARACTERS and not _LEFT_OUT.fullmatch(locale):
                    language, script = parse_label(locale.replace("@", "_"))
                    rows.setdefault((text, language), (script, program, licence))
    table = pl.DataFrame(
        [
            (text, lang, script, f"{MESSAGES}:{program}", licence)
            for (text, lang), (script, program, licence) in rows.items()
        ],
        schema=["text", "lang", "named", "source", "licence"],
        orient="row",
    )
    # Where a text is English too, nobody translated it.
    english = (pl.col("lang") == "eng").any().over("text")
    table = table.filter((pl.col("lang") == "eng") | ~english)
    table = table.filter(pl.col("text").count().over("text") == 1)
    scripts = scripts_of_texts(table["text"].to_list())
    table = table.with_columns(
        pl.Series("script", scripts, pl.String),
        use=pl.lit("train"),
    )
    written = {code: scripts_of(code) for code in table["lang"].unique().to_list()}
    fits = [
        script == named if named else script in written[lang]
        for lang, named, script in table.select("lang", "named", "script").rows()
    ]
    return table.filter(pl.Series(fits)).drop("named")
