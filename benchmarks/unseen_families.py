"""How well text of a kind that was never trained on is named.

    python -m benchmarks.unseen_families DATA [--messages WHEELS]
        [--docs docs/language.md]

DATA is a folder with lid/train.parquet, WHEELS one with programs' messages. A model is
trained by the packaged model's own recipe without three families of text (health
translations, news, scripture), in one pass that is read twice instead of eight, and
asked about text of these, for the languages it still knows. The packaged model has seen
all three, so this is what it would do on a fourth.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from audit.annotate.language import LanguageAnnotator
from audit.resources import build_language_model as recipe
from audit.resources.build_language_calibration import LENGTHS, composed, write_prior
from audit.resources.build_language_data import choose, load
from audit.resources.build_language_relatives import add_relatives
from audit.resources.language_codes import macrolanguage
from audit.resources.speakers import large_languages
from benchmarks.tables import markdown, publish

if TYPE_CHECKING:
    from numpy.typing import NDArray

UNSEEN = ("tico-19", "masakhane-news", "bible-corpus")
MOST_A_LABEL = 300
# A label is asked about from so many texts on.
LEAST = 50


def train_without(table: pl.DataFrame, folder: Path) -> Path:
    """Return a model trained on all families but the unseen ones, calibrated on none.

    Its factors of labels and its second look among relatives are fitted on held-out
    rows of the families it was trained on.
    """
    seen = table.filter(~pl.col("family").is_in(UNSEEN) & (pl.col("use") == "train"))
    choice = choose(seen, large_languages())
    recipe.add_technical_text(choice)
    recipe.write_lines(choice, folder / "train.txt", passes=1)
    recipe.SETTINGS["minCount"] = int(recipe.SETTINGS["minCount"]) // recipe.PASSES
    recipe.SETTINGS["epoch"] = 2
    model = folder / "model.ftz"
    recipe.train(folder / "train.txt", model)
    model.with_suffix(".json").write_text('{"reads": "plain"}', "utf-8")
    held_out = seen.filter(pl.col("part") == "held_out")
    write_prior(model, held_out)
    add_relatives(model, seen.filter(pl.col("part") == "train"), held_out)
    return model


def unseen_rows(table: pl.DataFrame, labels: set[str]) -> pl.DataFrame:
    """Return texts of the unseen families, some of each label, chosen by hash."""
    rows = table.filter(
        pl.col("family").is_in(UNSEEN) & pl.col("label").is_in(list(labels))
    ).sort("hash")
    rank = pl.int_range(pl.len()).over("label", "family")
    rows = rows.filter(rank < MOST_A_LABEL)
    return rows.filter(pl.len().over("label", "family") >= LEAST).with_columns(
        language=pl.col("label").str.split("_").list.first()
    )


def spans(texts: list[str], words: int) -> list[str]:
    """Return the first so many words of each text."""
    return [" ".join(text.split()[:words]) for text in texts]


def judged(annotator: LanguageAnnotator, rows: pl.DataFrame) -> dict[str, Any]:
    """Return per text: whether its language was named, its length, its family."""
    texts = rows["text"].to_list()
    # Families have sentences and paragraphs only: short texts are cut from them.
    texts = texts + spans(texts, 3) + spans(texts, 7) + spans(texts, 14)
    named = annotator.name_texts(composed(texts))
    said = [annotator.languages[code] for code in named.language.tolist()]
    truth = rows["language"].to_list() * 4
    right = [
        macrolanguage(a) == macrolanguage(b) for a, b in zip(said, truth, strict=True)
    ]
    return {
        "right": np.array(right),
        "size": np.array([len(text) for text in texts]),
        "family": np.array(rows["family"].to_list() * 4),
        "language": np.array(truth),
    }


def by_length(found: dict[str, Any], some: NDArray[np.bool_]) -> list[str]:
    """Return shares named rightly: in all, and by class of length."""
    right, size = found["right"], found["size"]
    cells = [f"{right[some].mean():.3f}"]
    for low, high in LENGTHS:
        part = some & (size >= low) & (size <= high)
        cells.append(f"{right[part].mean():.3f}" if part.sum() >= LEAST else "")
    return cells


def report(found: dict[str, Any]) -> str:
    """Return the table by family, and the languages that do badly."""
    rows = []
    for family in (*UNSEEN, "all"):
        some = (found["family"] == family) | (family == "all")
        languages = len(set(found["language"][some].tolist()))
        rows.append([family, int(some.sum()), languages, *by_length(found, some)])
    head = ["family", "texts", "languages", "right"]
    head += ["<= 20", "21-50", "51-100", "> 100"]
    long = found["size"] > 50
    shares = {
        code: float(found["right"][long & (found["language"] == code)].mean())
        for code in sorted(set(found["language"][long].tolist()))
    }
    good = sum(share >= 0.95 for share in shares.values())
    bad = [f"{code} {share:.2f}" for code, share in shares.items() if share < 0.7]
    return (
        markdown(head, rows)
        + f"\n\nOn texts of over 50 characters {good} of {len(shares)} languages are "
        f"at 0.95 or better; under 0.70: {', '.join(bad) or 'none'}."
    )


def main() -> int:
    """Train, ask, print the table or put it into a page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--messages", type=Path)
    parser.add_argument("--docs", type=Path)
    args = parser.parse_args()
    table = load(args.data / "lid", args.messages)
    with tempfile.TemporaryDirectory() as folder:
        annotator = LanguageAnnotator(train_without(table, Path(folder)))
        labels = {
            f"{language}_{script}"
            for language, script in zip(
                annotator.model.languages, annotator.model.scripts, strict=True
            )
        }
        text = report(judged(annotator, unseen_rows(table, labels)))
    print(text)
    if args.docs:
        publish("unseen-families", text, (args.docs,))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
