"""Find forms that are words of a language: ``build_culture_stops.py DATA``.

In: sentences with their language (a Parquet file with columns ``text`` and ``lang``,
ISO 639-3) and the compiled gazetteer. Out: `culture/stop_forms.tsv`. A form that fires
in one language far more often than in others, a language that its culture does not
speak, is a word there: it needs support, and the list says in which language and how
often it was seen. Run `build_culture` afterwards.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import polars as pl

from audit.batch import text_block
from audit.kernels.gazetteer import find_matches
from audit.kernels.tokens import tokenize
from audit.resources.culture_sources import script_of
from audit.resources.gazetteer import FOLDER, NOTHING, gazetteer

# A word is seen in this share of a language's sentences, in so many of them, and in
# few languages at a rate near its highest.
_RATE, _SEEN, _NEAR, _LANGUAGES = 0.0015, 4, 0.125, 4
_SENTENCES = 1500


def rates(sentences: pl.DataFrame) -> pl.DataFrame:
    """Return form, group, lang, seen, rate of every form found in sentences."""
    known = gazetteer()
    texts = sentences["text"].cast(pl.String).to_arrow()
    tokens = tokenize(*(block := text_block(texts)))
    found = find_matches(block.data, tokens, known.index)
    first = tokens.starts[found.tokens]
    last = found.tokens + found.lengths - 1
    final = tokens.starts[last] + tokens.lengths[last]
    keep = np.unique(np.stack([found.docs, found.groups]), axis=1, return_index=True)[1]
    data = bytes(block.data)
    # Phrases that stand for nothing are no one's words.
    named = known.claims.references[known.claims.offsets[found.groups[keep]]] != NOTHING
    keep = keep[named]
    pairs = zip(first[keep], final[keep], strict=True)
    table = pl.DataFrame(
        {
            "group": found.groups[keep],
            "form": [data[a:b].decode().casefold() for a, b in pairs],
            "lang": sentences["lang"].gather(found.docs[keep]),
        }
    )
    size = sentences.group_by("lang").agg(n=pl.len())
    counts = table.group_by("group", "form", "lang").agg(seen=pl.len())
    return counts.join(size, on="lang").with_columns(rate=pl.col("seen") / pl.col("n"))


def place_names() -> set[str]:
    """Return the folded names of countries and large cities, which stay names.

    Sentences of small languages are about few subjects, so a place can fire in one of
    them alone. Short names in Latin letters are left to the measurement.
    """
    references = pl.read_parquet(FOLDER / "references.parquet")
    forms = pl.read_parquet(FOLDER / "forms.parquet")
    large = references.with_row_index("reference").filter(
        (pl.col("category").cast(pl.String) == "place") & (pl.col("weight") == 100)
    )
    kept = forms.filter(pl.col("reference").is_in(large["reference"].implode()))
    names = (form.casefold() for form in kept["form"].to_list())
    return {n for n in names if len(n) > (5 if script_of(n) == "LATIN" else 1)}


def is_word(form: str, names: set[str]) -> bool:
    """Tell whether a form can be a word: no large place's name, and no phrase."""
    return form not in names and not any(c.isspace() for c in form)


def words(table: pl.DataFrame) -> pl.DataFrame:
    """Return the forms that are words of a language that no claimant speaks."""
    known = gazetteer()
    offsets, cultures = known.claims.offsets, known.claims.cultures
    unknown = len(known.languages)
    rows = [known.languages.get(x, unknown) for x in table["lang"].to_list()]
    at_home = [
        bool(known.homes[row, cultures[offsets[g] : offsets[g + 1]]].any())
        for row, g in zip(rows, table["group"].to_list(), strict=True)
    ]
    top = pl.col("rate").max().over("group")
    near = (pl.col("rate") >= top * _NEAR).sum().over("group")
    return (
        table.with_columns(home=pl.Series(at_home), near=near, top=top)
        .filter(
            ~pl.col("home")
            & (pl.col("rate") == pl.col("top"))
            & (pl.col("rate") >= _RATE)
            & (pl.col("seen") >= _SEEN)
            & (pl.col("near") <= _LANGUAGES)
        )
        .unique("form", keep="first", maintain_order=True)
        .sort("form", "lang")
    )


def main() -> None:
    """Write the list."""
    data = pl.read_parquet(Path(sys.argv[1]), columns=["text", "lang"])
    data = data.filter(pl.int_range(pl.len()).over("lang") < _SENTENCES)
    found = words(rates(data))
    lines = ["forms\taction\treason"]
    names = place_names()
    for form, lang, seen, n in found.select("form", "lang", "seen", "n").iter_rows():
        if is_word(form, names) and "|" not in form:
            lines.append(f"{form}\tsupport\tin {seen} of {n} sentences in {lang}")
    (FOLDER / "stop_forms.tsv").write_text("\n".join(lines) + "\n", "utf-8")
    sys.stdout.write(f"{len(lines) - 1} forms\n")


if __name__ == "__main__":
    main()
