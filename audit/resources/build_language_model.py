"""Train the packaged language model again, on a folder of training text.

In: a folder with ``train.parquet`` (see `build_language_data`). Out: ``model.ftz``,
``relatives.npz``, ``calibration.npz``, ``confusion.npz`` and ``model.json`` in
``language/``. Run ``python -m audit.resources.build_language_model DATA [--out
FOLDER]``; with one thread and one version of fasttext-wheel the lines and the order
they are learnt in are the same.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import polars as pl

from audit.resources.build_language_calibration import write_prior, write_tables
from audit.resources.build_language_data import (
    COPYLEFT,
    LINES,
    Choice,
    choose,
    load,
)
from audit.resources.build_language_lines import lines, plain_texts
from audit.resources.build_language_relatives import add_relatives
from audit.resources.build_language_zxx import no_language, technical_english
from audit.resources.speakers import large_languages

__all__ = [
    "PASSES",
    "SETTINGS",
    "add_technical_text",
    "main",
    "train",
    "write_lines",
]

SEED = 20261123
NO_LANGUAGE_CHARACTERS = 400_000
TECHNICAL_ENGLISH_CHARACTERS = 300_000

# Times that the text is cut into lines anew, all in one file.
PASSES = 8

# Softmax over averaged vectors of words and their n-grams of 1 to 4 characters; words
# seen fewer than ten times a pass are known by their n-grams alone. Quantised to two
# values a byte and a byte for the norm (without it, rows of large norm, which are those
# that decide, are the worst written), with the 300,000 rows of largest norm kept.
SETTINGS: dict[str, int | float | str] = {
    "dim": 32,
    "epoch": 1,
    "lr": 0.5,
    "loss": "softmax",
    "minn": 1,
    "maxn": 4,
    "minCount": 80,
    "bucket": 2_000_000,
    "wordNgrams": 1,
    "thread": 1,
    "verbose": 1,
}
QUANTISED: dict[str, int | bool] = {"cutoff": 300_000, "dsub": 2, "qnorm": True}


def write_lines(choice: Choice, path: Path, passes: int = PASSES) -> int:
    """Write the training file and return its number of lines."""
    texts = {label: plain_texts(choice.rows[label]) for label in choice.labels}
    count = 0
    with path.open("w", encoding="utf-8") as handle:
        for number in range(passes):
            some = lines(choice, texts, SEED, number)
            handle.writelines(some)
            count += len(some)
    return count


def train(path: Path, out: Path) -> None:
    """Train on the lines of ``path``; write ``out`` and the dense ``model.bin``."""
    import fasttext

    model = fasttext.train_supervised(input=str(path), seed=0, **SETTINGS)
    model.save_model(str(path.with_name("model.bin")))
    model.quantize(input=str(path), retrain=False, **QUANTISED)
    model.save_model(str(out))


def main(argv: list[str] | None = None) -> int:
    """Choose the text, train, quantise, calibrate, write the card."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder with train.parquet")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "language")
    parser.add_argument("--work", type=Path, default=Path("build/language"))
    parser.add_argument("--messages", type=Path, help="folder with *.whl of programs")
    parser.add_argument(
        "--measure-only", action="store_true", help="keep the model, remake the tables"
    )
    args = parser.parse_args(argv)
    args.work.mkdir(parents=True, exist_ok=True)
    table = load(args.data, args.messages)
    choice = choose(table, large_languages())
    model = args.out / "model.ftz"
    if not args.measure_only:
        add_technical_text(choice)
        count = write_lines(choice, args.work / "train.txt")
        sys.stdout.write(f"{len(choice.labels)} labels, {count} lines\n")
        train(args.work / "train.txt", model)
    sys.stdout.write(f"{model.name}: {model.stat().st_size / 1e6:.2f} MB\n")
    held_out = table.filter(table["part"] != "train")
    held_out.write_parquet(args.work / "held_out.parquet")
    model.with_suffix(".json").write_text('{"reads": "plain"}', "utf-8")
    held_out = without_unused(held_out, choice.account)
    write_prior(model, held_out)
    groups = add_relatives(model, table.filter(pl.col("part") == "train"), held_out)
    figures = write_tables(model, held_out)
    card = write_card(model, choice.account, figures, groups)
    sys.stdout.write(json.dumps(card["accuracy"], indent=1) + "\n")
    return 0


def add_technical_text(choice: Choice) -> None:
    """Add documentation strings to English, and a label for code and keys."""
    choice.rows["eng_Latn"] += technical_english(TECHNICAL_ENGLISH_CHARACTERS)
    choice.add("zxx_Zyyy", no_language(NO_LANGUAGE_CHARACTERS, SEED), LINES)


def without_unused(
    held_out: pl.DataFrame, account: list[dict[str, Any]]
) -> pl.DataFrame:
    """Leave out interface strings of labels that are not trained on any.

    They are held out for labels that are; for the others they would measure one family
    against a model that has it for a few languages only.
    """
    used = [row["label"] for row in account if row[COPYLEFT]]
    return held_out.filter((pl.col("family") != COPYLEFT) | pl.col("label").is_in(used))


def write_card(
    model: Path,
    account: list[dict[str, Any]],
    figures: dict[str, Any],
    groups: list[str],
) -> dict[str, Any]:
    """Write and return what is to be known of a model: ``model.json`` beside it.

    Args:
        model: the file.
        account: of the training text, by label.
        figures: on text that nothing was fitted to.
        groups: a line on each group of relatives.
    """
    families = [k for k in account[0] if k not in ("label", "characters")]
    card: dict[str, Any] = {
        "reads": "plain",
        "sha256": hashlib.sha256(model.read_bytes()).hexdigest(),
        "fasttext": version("fasttext-wheel"),
        "seed": SEED,
        "settings": SETTINGS,
        "passes": PASSES,
        "quantised": QUANTISED,
        "labels": sorted([*(row["label"] for row in account), "zxx_Zyyy"]),
        "characters_by_family": {f: sum(row[f] for row in account) for f in families},
        "mostly_copyleft": [
            row["label"] for row in account if 2 * row[COPYLEFT] > row["characters"]
        ],
        "accuracy": {
            part: {k: v for k, v in facts.items() if k != "by_language"}
            for part, facts in figures.items()
        },
        "relatives": groups,
        "by_language": {p: facts["by_language"] for p, facts in figures.items()},
    }
    text = json.dumps(card, ensure_ascii=False, separators=(",", ":"))
    model.with_suffix(".json").write_text(text, "utf-8")
    return card


if __name__ == "__main__":
    sys.exit(main())
