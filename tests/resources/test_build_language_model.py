"""The recipe of the language model gives the same bytes whenever it is followed."""

import os
import random
import subprocess
import sys
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

from audit.annotate.language import LanguageAnnotator
from audit.batch import TextBlock, text_block
from audit.resources import build_language_model as recipe
from audit.resources.build_language_data import choose, load
from audit.resources.build_language_zxx import no_language

ROOT = Path(__file__).parents[2]
SYLLABLES = {
    ("eng", "Latn"): "the and ing con ter ould ver ght ous wh",
    ("swa", "Latn"): "wa ku ni ka mba li ya ki tu nge",
    ("srp", "Cyrl"): "њ ко на је ћи про ст љу во ра",
}
# As the recipe has it, at the size of a test.
SMALL = {"bucket": 20_000, "epoch": 2, "verbose": 0}
REASON = "is not installed: models are only made where it is"


def sentence(syllables: list[str], rng: random.Random) -> str:
    words = ("".join(rng.choices(syllables, k=rng.randint(1, 4))) for _ in range(12))
    return " ".join(words).capitalize() + "."


def write_data(folder: Path, *, backwards: bool = False) -> Path:
    rng = random.Random(11)
    rows = [
        {
            "text": sentence(syllables.split(), rng),
            "lang": lang,
            "script": script,
            "source": ("tico-19:a", "lingua-py:b")[i % 2],
            "use": "train",
        }
        for (lang, script), syllables in SYLLABLES.items()
        for i in range(300)
    ]
    folder.mkdir()
    table = pl.DataFrame(rows[::-1] if backwards else rows)
    table.write_parquet(folder / "train.parquet")
    return folder


def follow(data: Path, out: Path) -> None:
    """Choose, write and train as the recipe does, on little text."""
    recipe.SETTINGS.update(SMALL)
    recipe.QUANTISED["cutoff"] = 2000
    choice = choose(load(data), frozenset({"eng", "swh", "srp"}))
    choice.add("zxx_Zyyy", no_language(8_000, recipe.SEED), 100)
    out.mkdir()
    assert recipe.write_lines(choice, out / "train.txt") > 900
    recipe.train(out / "train.txt", out / "model.ftz")


@pytest.mark.slow
def test_two_trainings_on_one_folder_give_the_same_bytes(tmp_path, monkeypatch):
    fasttext = pytest.importorskip("fasttext", reason=f"fasttext-wheel {REASON}")
    pytest.importorskip("pygments", reason=f"pygments {REASON}")
    for name in ("SETTINGS", "QUANTISED"):
        monkeypatch.setattr(recipe, name, dict(getattr(recipe, name)))
    assert recipe.SETTINGS["thread"] == 1
    follow(write_data(tmp_path / "data"), tmp_path / "one")
    # Another process, whose sets and dictionaries hash otherwise, on rows that lie in
    # another order.
    data = write_data(tmp_path / "again", backwards=True)
    subprocess.run(
        [sys.executable, __file__, str(data), str(tmp_path / "two")],
        check=True,
        env=os.environ | {"PYTHONHASHSEED": "77", "PYTHONPATH": str(ROOT)},
    )
    for name in ("train.txt", "model.bin", "model.ftz"):
        one, two = ((tmp_path / run / name).read_bytes() for run in ("one", "two"))
        assert len(one) > 10_000
        assert one == two, name
    # Quantised again from the file, as if another process had trained it.
    dense = fasttext.load_model(str(tmp_path / "one" / "model.bin"))
    lines = str(tmp_path / "one" / "train.txt")
    dense.quantize(input=lines, retrain=False, **recipe.QUANTISED)
    dense.save_model(str(tmp_path / "later.ftz"))
    assert (tmp_path / "later.ftz").read_bytes() == two
    (tmp_path / "one" / "model.json").write_text('{"reads": "plain"}', "utf-8")
    annotator = LanguageAnnotator(tmp_path / "one" / "model.ftz")
    rng = random.Random(5)
    texts = [sentence(s.split(), rng) for s in SYLLABLES.values()]
    named = annotator.name_texts(block_of(texts))
    got = [annotator.languages[code] for code in named.language.tolist()]
    assert got == ["eng", "swh", "srp"]


def block_of(texts: list[str]) -> TextBlock:
    return text_block(pa.array(texts, pa.large_string()))


if __name__ == "__main__":
    follow(Path(sys.argv[1]), Path(sys.argv[2]))
