"""Evaluation items that were planted in a corpus come back as planted."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import audit
from audit.batch import Batch
from audit.cli import main
from audit.errors import ConfigError, InputError
from audit.fold.accumulator import Accumulator
from audit.fold.found import FOUND, merge_found
from audit.job.contamination import contamination_tables
from audit.job.evaluation import Evaluation, found_in, read_evaluation
from audit.job.request import Against, RunRequest
from audit.read import LocalFileSystem
from audit.read.batches import BatchSize, Row, Rows
from audit.run import run

N = 40
ENGLISH = " ".join(f"question{chr(97 + n % 26)}{chr(97 + n // 26)}" for n in range(N))
OTHER = " ".join(f"elsewhere{chr(97 + n % 26)}{chr(97 + n // 26)}" for n in range(N))
CHINESE = "".join(chr(0x4E00 + 7 * n) for n in range(44))
THAI = "กรุงเทพมหานครเป็นเมืองหลวงและนครที่มีประชากรมากที่สุดของประเทศไทยในปัจจุบัน"
SHORT = "Which harbour did the grain ships leave"
FILLER = "Some other text that has nothing to do with any of it. " * 4


def middle_changed(text: str) -> str:
    words = text.split()
    words[len(words) // 2] = "replaced"
    return " ".join(words)


# Item by name, the document that holds it, containment and coverage.
PLANTED = {
    "exact": (ENGLISH, ENGLISH, 1.0, 1.0),
    "inside": ("in " + ENGLISH, f"{FILLER} In {ENGLISH}. {FILLER}", 1.0, 1.0),
    "case": (OTHER, OTHER.upper().replace(" ", " \n\t"), 1.0, 1.0),
    "one word": (
        f"x {OTHER[::-1]}", middle_changed(f"x {OTHER[::-1]}"), 16 / 29, 40 / 41,
    ),
    "chinese": (CHINESE, f"前言。{CHINESE}。后记", 1.0, 1.0),
    "chinese half": (CHINESE[::-1], CHINESE[::-1][:30], 9 / 23, 30 / 44),
    "thai": (THAI, FILLER + THAI, 1.0, 1.0),
    "short": (SHORT, f"{FILLER} {SHORT.lower()}? {FILLER}", 1.0, 1.0),
    "absent": (FILLER[::-1], None, 0.0, 0.0),
    "short absent": ("harbour the did Which", None, 0.0, 0.0),
    "no token": ("?!", None, None, None),
}  # fmt: skip
CONTAMINATED = {"exact", "inside", "case", "one word", "chinese", "thai", "short"}


@pytest.fixture
def planted(tmp_path) -> tuple[Path, Path]:
    items = [{"id": k, "question": v[0], "answer": "no"} for k, v in PLANTED.items()]
    docs = [{"id": f"doc {k}", "text": v[1]} for k, v in PLANTED.items() if v[1]]
    docs += [{"id": f"filler {n}", "text": f"{FILLER} {n}"} for n in range(5)]
    (tmp_path / "corpus").mkdir()
    for n, part in enumerate((docs[:4], docs[4:])):
        lines = "".join(json.dumps(doc) + "\n" for doc in part)
        (tmp_path / "corpus" / f"{n}.jsonl").write_text(lines)
    lines = "".join(json.dumps(item) + "\n" for item in items)
    (tmp_path / "items.jsonl").write_text(lines)
    return tmp_path / "corpus", tmp_path / "items.jsonl"


def audited(planted, out: Path, runner: str, **options) -> dict[str, pl.DataFrame]:
    corpus, items = planted
    options.setdefault("against", Against({"bench": (str(items),)}))
    audit.profile({"c": str(corpus)}, str(out), runner=runner, **options)
    names = ("contamination", "contamination_sets")
    return {n: pl.read_parquet(out / "c" / f"{n}.parquet") for n in names}


def test_planted_items_come_back(planted, tmp_path):
    found = audited(planted, tmp_path / "out", "in-process")
    rows = {row["item_id"]: row for row in found["contamination"].to_dicts()}
    assert [r["item"] for r in rows.values()] == list(range(1, len(PLANTED) + 1))
    for name, (_, document, containment, coverage) in PLANTED.items():
        row = rows[name]
        assert row["containment"] == (containment and pytest.approx(containment)), name
        assert row["coverage"] == (coverage and pytest.approx(coverage)), name
        assert row["contaminated"] == (name in CONTAMINATED), name
        if name == "inside":
            continue  # shares windows with "exact"
        held = f"doc {name}" if document else None
        assert row["example_doc_id"] in {
            held,
            "doc inside" if name == "exact" else held,
        }
    (whole,) = found["contamination_sets"].to_dicts()
    assert (whole["items"], whole["contaminated_items"]) == (11, 7)
    assert whole["low"] < whole["share"] < whole["high"]
    assert whole["share"] == pytest.approx(7 / 11)
    assert (whole["touched_items"], whole["short_items"]) == (8, 2)
    assert whole["contaminated_short_items"] == 1


def test_engines_agree_on_every_byte(planted, tmp_path):
    against = {"bench": str(planted[1]), "again": [str(planted[1])]}
    for runner in ("in-process", "local"):
        audited(planted, tmp_path / runner, runner, against=against)
    for name in ("contamination", "contamination_sets", "summary"):
        one, other = (
            (tmp_path / runner / "c" / f"{name}.parquet").read_bytes()
            for runner in ("in-process", "local")
        )
        assert one == other
    assert not list((tmp_path / "local").rglob("*.pack"))


def test_without_sets_nothing_changes(planted, tmp_path):
    audited(planted, tmp_path / "with", "in-process")
    audit.profile({"c": str(planted[0])}, str(tmp_path / "without"))
    without = {p.name: p.read_bytes() for p in (tmp_path / "without/c").iterdir()}
    assert "contamination.parquet" not in without
    for name, data in without.items():
        assert (tmp_path / "with/c" / name).read_bytes() == data


def batch_of(texts: dict[str, str]) -> Batch:
    rows = Rows("f", BatchSize())
    for n, (name, text) in enumerate(texts.items()):
        rows.add(n + 1, n, Row(text, name))
    return Batch(rows.take(0).documents)


@settings(deadline=None, max_examples=25)
@given(st.permutations(list(PLANTED)), st.lists(st.integers(0, len(PLANTED))))
def test_any_split_and_any_order_give_the_same(tmp_path_factory, order, cuts):
    folder = tmp_path_factory.mktemp("items")
    lines = [json.dumps({"id": k, "question": v[0]}) for k, v in PLANTED.items()]
    (folder / "items.jsonl").write_text("\n".join(lines))
    against = Against({"bench": (str(folder / "items.jsonl"),)})
    evaluation = read_evaluation(against, LocalFileSystem())
    evaluation = Evaluation.from_bytes(evaluation.to_bytes())
    texts = {name: PLANTED[name][1] or FILLER for name in PLANTED}
    expected = contamination_tables(found_in(batch_of(texts), evaluation), evaluation)
    total = Accumulator()
    edges = [0, *sorted(cuts), len(order)]
    for low, high in itertools.pairwise(edges):
        part = Accumulator()
        names = order[low:high]
        part.add_found(found_in(batch_of({n: texts[n] for n in names}), evaluation))
        part = Accumulator.from_bytes(part.to_bytes())
        before = part.to_bytes()
        total.merge(part)
        assert part.to_bytes() == before
    found = contamination_tables(merge_found(total.found), evaluation)
    for name, table in expected.items():
        assert found[name].equals(table)


def test_many_parts_are_added_up():
    rows = [pa.table([[7], [1], [n], [f"d{n}"]], schema=FOUND) for n in range(200)]
    total = Accumulator()
    for row in reversed(rows):
        total.add_found(row)
    assert len(total.found) < 100
    assert merge_found(total.found).to_pylist() == [
        {"window": 7, "documents": 200, "lottery": 0, "doc_id": "d0"}
    ]


def test_csv_and_parquet_items_with_a_named_field(planted, tmp_path):
    corpus, _ = planted
    frame = pl.DataFrame({"stem": [ENGLISH, "no such thing here"], "key": ["A", "B"]})
    frame.write_csv(tmp_path / "items.csv")
    frame.write_parquet(tmp_path / "items.parquet")
    sets = {kind: (str(tmp_path / f"items.{kind}"),) for kind in ("csv", "parquet")}
    request = RunRequest(
        {"c": (str(corpus),)},
        str(tmp_path / "out"),
        audit.AuditConfig(),
        "in-process",
        against=Against(sets, {"": "key", "csv": "stem", "parquet": "stem"}),
    )
    run(request)
    table = pl.read_parquet(tmp_path / "out/c/contamination_sets.parquet")
    assert table["evaluation_set"].to_list() == ["csv", "parquet"]
    assert table["contaminated_items"].to_list() == [1, 1]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.jsonl", '{"n": 1, "m": 2}\n', "--against-field bench="),
        ("a.jsonl", "", "at least one item"),
        ("a.parquet", "PAR1 but not really", "can be read to its end"),
        ("a.jsonl", '{"text": null}\n', "at least one item"),
    ],
)
def test_bad_item_files_say_what_is_wrong(tmp_path, name, content, said):
    (tmp_path / name).write_text(content)
    against = Against({"bench": (str(tmp_path / name),)})
    with pytest.raises(InputError, match=said) as error:
        read_evaluation(against, LocalFileSystem())
    assert "bench" in str(error.value)


def test_a_bad_record_among_items_is_counted(tmp_path):
    text = json.dumps({"text": ENGLISH}) + "\nbroken\n" + json.dumps({"text": OTHER})
    (tmp_path / "a.jsonl").write_text(text)
    against = Against({"bench": (str(tmp_path / "a.jsonl"),)})
    evaluation = read_evaluation(against, LocalFileSystem())
    assert (len(evaluation.tokens), evaluation.rejected) == (2, (1,))


def test_missing_files_and_wrong_options_are_refused(tmp_path):
    with pytest.raises(InputError, match="nowhere"):
        read_evaluation(Against({"b": (str(tmp_path / "nowhere"),)}), LocalFileSystem())
    with pytest.raises(ConfigError, match="at most 1"):
        Against({"b": ("x",)}, threshold=80)
    with pytest.raises(ConfigError, match="Known sets: b"):
        Against({"b": ("x",)}, {"c": "question"})


def test_other_items_cannot_be_resumed(planted, tmp_path, monkeypatch):
    corpus, items = planted
    request = RunRequest(
        {"c": (str(corpus),)}, str(tmp_path / "out"), audit.AuditConfig(), "in-process",
        resume=True, against=Against({"bench": (str(items),)}),
    )  # fmt: skip

    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("audit.run._counts", stop)
        with pytest.raises(KeyboardInterrupt):
            run(request)
    items.write_text(items.read_text().replace("question", "riddle", 1))
    with pytest.raises(ConfigError, match="evaluation items"):
        run(request)


def test_the_command_says_one_line_a_set(planted, tmp_path):
    corpus, items = planted
    words = ["profile", f"c={corpus}", "--out", str(tmp_path / "out"), "--no-progress"]
    words += ["--runner", "in-process", "--against", f"bench={items}"]
    done = CliRunner().invoke(_command(), words[1:])
    assert done.exit_code == 0, done.output
    assert "bench in c: 7 of 11 items contaminated (63.6 %, " in done.output
    assert main([*words[:-2], "--against-field", "question"]) == 2


def _command():
    from audit.commands.profile import command

    return command
