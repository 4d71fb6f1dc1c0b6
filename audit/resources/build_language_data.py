"""Choose and prepare the text that the packaged language model is trained on.

In: a folder with ``train.parquet`` (text, lang, script, source, use), codes in ISO
639-3 with macrolanguages where its sources have them. Out: the text and the number of
lines of each label (`audit.resources.build_language_lines` cuts them), rows held out
for calibration, and an account of what was used. Every choice hangs on a hash of the
text, so two runs over one folder choose the same lines.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from audit.resources.build_language_messages import MESSAGES, read_messages
from audit.resources.build_language_spelling import with_nuer, with_serbian
from audit.resources.language_codes import individual

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["COPYLEFT", "HELD_OUT", "NO_PROSE", "Choice", "choose", "load", "text_hash"]

# One row in twenty of every family is never trained on.
HELD_OUT = 20

# Families whose licence asks more than naming the source, used for languages that have
# next to nothing else, and the text that counts as something else.
COPYLEFT = "mediawiki-core-i18n"
ENOUGH_PROSE = 60_000
# Families that a language is not known well from alone.
NO_PROSE = (COPYLEFT, MESSAGES, "eric-muller/udhr")
# Characters of programs' messages that a label is shown, in whatever else it has: so
# many that it is known in such text, too few to be known from it.
MOST_MESSAGES = 60_000

# A language is learnt from this many characters on; from fewer where it is official
# in a country or has a million speakers, because an audit must be able to see it.
LEARNABLE = 30_000
LEARNABLE_LARGE = 7_000

# Characters a label is trained on at most: plenty, tail.
FULL, TAIL = 600_000, 100_000
ENGLISH_TIMES = 3
# Lines that each pass over the text gives a label: their numbers are what the model
# takes for its prior, at every length. Lines of a label with little text are cut from
# the same text so many times, no more.
LINES, LINES_SMALL, REPEAT = 4_000, 1_600, 10
LINE_CHARACTERS = 90

# Labels that name a group of languages which the other labels name one by one.
_GROUPS = {"hbs"}
# Languages made by one author, without a community to speak of in running text.
_CONSTRUCTED = {"avk", "ido", "ile", "ina", "jbo", "lfn", "nov", "tok", "vol"}
# Han text of other languages is Mandarin text to a model that sees a few thousand
# characters of it: they are told apart by their own characters, not here.
_HAN = {"cmn_Hans", "cmn_Hant", "yue_Hant"}
_MARKUP = re.compile(r"\{\{[^|}]*\|?|<[^>]*>|\$\d+|https?:\S+|%\S|[{}|]")
# Running text first, but for a few messages that all have: interface strings are
# short, alike and full of names.
_PROSE_FIRST = (
    MESSAGES,
    "masakhane-news",
    "lingua-py",
    "tico-19",
    "asp-source",
    "eric-muller/udhr",
    "bible-corpus",
    "tesseract-langdata",
    "google-research/url-nlp",
    COPYLEFT,
)


@dataclass
class Choice:
    """What was chosen to train on.

    Attributes:
        labels: every label, ascending.
        rows: texts by label, in the order they are read.
        lines: lines that each pass gives a label.
        account: one dict a label: characters by family, and what was left out.
    """

    labels: list[str] = field(default_factory=list)
    rows: dict[str, list[str]] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    account: list[dict[str, object]] = field(default_factory=list)

    def add(self, label: str, texts: list[str], lines: int) -> None:
        """Train a label on texts, in so many lines a pass."""
        self.labels.append(label)
        self.rows[label] = texts
        self.lines[label] = lines


def text_hash(text: str) -> int:
    """Return a 64-bit hash of a text that is the same on every machine."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def load(folder: Path, messages: Path | None = None) -> pl.DataFrame:
    """Return the rows with their label, family, hash and ``part``.

    Args:
        folder: with ``train.parquet``.
        messages: with wheels whose messages are rows too.

    ``part`` is ``train``, ``held_out`` (one row in `HELD_OUT` of the training families)
    or the table's own ``use`` where that is not ``train``.
    """
    table = pl.read_parquet(folder / "train.parquet").filter(
        pl.col("text").str.len_chars() > 0
    )
    if messages:
        table = pl.concat([table, read_messages(messages).select(table.columns)])
    hashes = [text_hash(text) for text in table["text"].to_list()]
    codes = {
        (lang, script): f"{individual(lang, script)}_{script}"
        for lang, script in table.select("lang", "script").unique().rows()
    }
    pairs = zip(table["lang"].to_list(), table["script"].to_list(), strict=True)
    held_out = pl.col("hash") % HELD_OUT == 0
    table = table.with_columns(
        pl.Series("hash", hashes, pl.UInt64),
        pl.Series("label", [codes[pair] for pair in pairs]),
        family=pl.col("source").str.split(":").list.first(),
        characters=pl.col("text").str.len_chars(),
    ).with_columns(
        part=pl.when(pl.col("use") != "train")
        .then(pl.col("use"))
        .when(held_out)
        .then(pl.lit("held_out"))
        .otherwise(pl.lit("train"))
    )
    return with_serbian(with_nuer(table))


def choose(table: pl.DataFrame, large: frozenset[str]) -> Choice:
    """Return what to train on, by label.

    Args:
        table: what `load` returns.
        large: languages (ISO 639-3) that are official somewhere or have a million
            speakers.
    """
    # A text under two labels teaches neither.
    clean = table.filter(pl.col("part") == "train").unique(
        ["text", "label"], keep="first", maintain_order=True
    )
    clean = clean.filter(pl.col("text").count().over("text") == 1)
    choice = Choice()
    for (label,), rows in sorted(
        clean.partition_by("label", as_dict=True).items(), key=lambda item: str(item[0])
    ):
        _choose_label(str(label), rows, large, choice)
    return choice


def _choose_label(
    label: str, rows: pl.DataFrame, large: frozenset[str], choice: Choice
) -> None:
    language, script = label.split("_")
    by_family = dict(
        rows.group_by("family").agg(pl.col("characters").sum()).iter_rows()
    )
    prose = sum(n for f, n in by_family.items() if f not in NO_PROSE)
    if prose >= ENOUGH_PROSE:
        rows = rows.filter(pl.col("family") != COPYLEFT)
    total = int(rows["characters"].sum())
    enough = LEARNABLE_LARGE if language in large else LEARNABLE
    if total < enough or language in _GROUPS | _CONSTRUCTED:
        return
    if script in ("Hani", "Hans", "Hant", "Zyyy", "Zinh") and label not in _HAN:
        return
    tail = prose < ENOUGH_PROSE and language not in large
    limit = TAIL if tail else FULL * (ENGLISH_TIMES if language == "eng" else 1)
    rank = {name: i for i, name in enumerate(_PROSE_FIRST)}
    # Families by rank, each at most half of the limit, then whatever is left.
    rows = rows.with_columns(
        rank=pl.col("family").replace_strict(rank, default=len(rank))
    ).sort("rank", "hash")
    rows = rows.with_columns(before=pl.col("characters").cum_sum().over("family"))
    rows = rows.with_columns(late=pl.col("before") > limit // 2)
    few = (pl.col("family") != MESSAGES) | (pl.col("before") <= MOST_MESSAGES)
    rows = rows.filter(few)
    rows = rows.sort("late", "rank", "hash")
    kept = rows.filter(pl.col("characters").cum_sum() <= limit)
    times = ENGLISH_TIMES if language == "eng" else 1
    most = LINES * times if language in large else LINES_SMALL
    texts = [_MARKUP.sub(" ", text) for text in kept["text"].to_list()]
    size = sum(map(len, texts))
    choice.add(label, texts, min(most, REPEAT * size // LINE_CHARACTERS))
    used = dict(kept.group_by("family").agg(pl.col("characters").sum()).iter_rows())
    choice.account.append(
        {
            "label": label,
            "characters": int(kept["characters"].sum()),
            **{f: used.get(f, 0) for f in _PROSE_FIRST},
        }
    )
