"""Which cultures texts refer to: golden cases, traps, evidence."""

import csv
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from audit.annotate.culture import CultureAnnotator, document_cultures
from audit.annotate.culture_evidence import (
    EXAMPLES,
    ExampleGatherer,
    merge_examples,
)
from audit.batch import Batch
from schemas.document import DOCUMENT

TRAPS = Path(__file__).parents[1] / "data" / "culture_traps.tsv"

# One case a script.
GOLDEN = [
    ("Carnival in Rio de Janeiro ends with samba.", "eng", "BR"),
    ("В Ярославле любят Байкал и матрёшки.", "rus", "RU"),
    ("北京的天安门广场很大。", "cmn", "CN"),
    ("東京と京都へ行きました。", "jpn", "JP"),
    ("부산에서 김치를 먹었다.", "kor", "KR"),
    ("زرت القاهرة والأهرامات في مصر.", "arb", "EG"),
    ("टोक्यो नहीं, मुंबई भारत में है।", "hin", "IN"),
    ("กรุงเทพมหานครเป็นเมืองหลวงของประเทศไทย", "tha", "TH"),
    ("Η Ακρόπολη είναι στην Αθήνα.", "ell", "GR"),
    ("תל אביב וירושלים הן ערים בישראל.", "heb", "IL"),
    ("თბილისი საქართველოს დედაქალაქია.", "kat", "GE"),
    ("Երևանը Հայաստանի մայրաքաղաքն է։", "hye", "AM"),
    ("አዲስ አበባ የኢትዮጵያ ዋና ከተማ ናት።", "amh", "ET"),
    ("চট্টগ্রাম বাংলাদেশের একটি শহর।", "ben", "BD"),
    ("சென்னை தமிழ்நாட்டின் தலைநகரம்.", "tam", "IN"),
]


def batch_of(texts, languages):
    n = len(texts)
    columns = {
        "doc_id": [f"d{i}" for i in range(n)],
        "text": list(texts),
        "url": [None] * n,
        "language_declared": [None] * n,
        "source_declared": [None] * n,
        "date": [None] * n,
        "position": list(range(1, n + 1)),
    }
    batch = Batch(pa.RecordBatch.from_pydict(columns, schema=DOCUMENT))
    batch.columns["language"] = pa.array(languages, pa.string()).dictionary_encode()
    return batch


def cultures_of(texts, languages):
    found = CultureAnnotator().annotate(batch_of(texts, languages))["references"]
    return document_cultures(found).to_pylist()


@pytest.mark.parametrize(("text", "language", "culture"), GOLDEN)
def test_golden_cases(text, language, culture):
    assert culture in cultures_of([text], [language])[0][:2]


def test_traps_fire_in_less_than_two_of_a_hundred():
    with TRAPS.open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle, delimiter="\t", quoting=csv.QUOTE_NONE))
    assert len(rows) >= 500
    assert len({r["language"] for r in rows}) >= 10
    found = cultures_of([r["text"] for r in rows], [r["language"] for r in rows])
    wrong = [
        (r["text"], got)
        for r, got in zip(rows, found, strict=True)
        if (got[:1] != [r["expected"]] if r["expected"] else bool(got))
    ]
    assert len(wrong) < 0.02 * len(rows), wrong


def examples_of(batch):
    sample = ExampleGatherer()
    sample.add(batch)
    return sample.table()


def test_examples_are_bounded_show_their_form_and_merge():
    texts = [f"Document {i} praises Kyoto and Osaka, then Lagos." for i in range(40)]
    batch = batch_of(texts, ["eng"] * 40)
    whole = examples_of(batch)
    assert whole.schema == EXAMPLES
    rows = whole.to_pylist()
    per = {c: [r for r in rows if r["culture"] == c] for c in ("JP", "NG")}
    assert [len(v) for v in per.values()] == [5, 5]
    assert all(r["form"] in r["excerpt"] and len(r["excerpt"]) < 200 for r in rows)
    ids = np.array(batch.documents.column("doc_id").to_pylist())
    parts, gathered = [], ExampleGatherer()
    for part in (np.arange(0, 17), np.arange(17, 25), np.arange(25, 40)):
        piece = batch_of([texts[i] for i in part], ["eng"] * len(part))
        piece.documents = piece.documents.set_column(
            0, DOCUMENT.field("doc_id"), pa.array(ids[part])
        )
        parts.append(examples_of(piece))
        gathered.add(piece)
    assert gathered.table().equals(whole)
    assert merge_examples(parts).equals(whole)
    assert merge_examples(parts[::-1]).equals(whole)


def test_nothing_found_gives_an_empty_table():
    table = examples_of(batch_of(["nothing to see here"], ["eng"]))
    assert table.num_rows == 0
    assert merge_examples([table]).num_rows == 0
