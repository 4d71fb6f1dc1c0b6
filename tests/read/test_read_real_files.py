"""Real files in the layouts that users have; they are measured on, never shipped."""

from collections import Counter

import pytest
from reference_read import DATA, read_file

from audit.read import LocalFileSystem, ReadOptions, find_files, inspect_files

FORMATS = DATA / "formats"

pytestmark = pytest.mark.skipif(
    not FORMATS.is_dir(), reason=f"real data is not here: {FORMATS}"
)

# File, layout, documents, rejects by reason, and how the first document begins.
EXPECTED = [
    ("ChnSentiCorp_htl_all.csv", "fields", 7766, {}),
    ("dolma/cc_en_head-0091.jsonl", "dolma", 10, {}),
    ("dolma/cc_en_head-0091.jsonl.gz", "dolma", 10, {}),
    ("dolma/dedupe-by-url.json.gz", None, 0, {"no_text_field": 1}),
    ("dolma/tests__data__provided__documents__000.json.gz", "dolma", 10, {}),
    ("dolma/sample-0000.warc.gz", None, 24, {}),
    ("llama-factory/alpaca_en_demo.json", "alpaca", 999, {}),
    ("llama-factory/alpaca_zh_demo.json", "alpaca", 1000, {}),
    ("llama-factory/c4_demo.jsonl", "fields", 300, {}),
    ("llama-factory/dataset_info.json", None, 0, {"no_text_field": 1}),
    ("llama-factory/dpo_zh_demo.json", "dpo", 300, {}),
    ("llama-factory/glaive_toolcall_en_demo.json", "sharegpt", 300, {}),
    ("llama-factory/identity.json", "alpaca", 91, {}),
    ("llama-factory/kto_en_demo.json", "openai-messages", 300, {}),
    ("llama-factory/mllm_demo.json", "openai-messages", 6, {}),
    ("llama-factory/reason_tool_use_demo_50.jsonl", "openai-messages", 50, {}),
    ("llama-factory/v1_dpo_demo.jsonl", "dpo-messages", 10, {}),
    ("llama-factory/v1_sft_demo.jsonl", "openai-messages", 500, {}),
    ("llama-factory/wiki_demo.txt", None, 1, {}),
    ("cc-whirlwind/whirlwind.warc", None, 1, {}),
    ("cc-whirlwind/whirlwind.warc.gz", None, 1, {}),
    ("cc-whirlwind/whirlwind.warc.wet.gz", None, 1, {}),
    ("cc-whirlwind/whirlwind.warc.wat.gz", None, 0, {"no_text_field": 1}),
    ("resiliparse/warcfile.warc", None, 16, {}),
    ("resiliparse/warcfile.warc.gz", None, 16, {}),
    ("resiliparse/warcfile.warc.lz4", None, 16, {}),
    ("resiliparse/clueweb-quirk.warc.gz", None, 29, {}),
    ("resiliparse/clipped.warc.gz", None, 0, {"truncated": 1}),
    ("warcio/example.warc", None, 1, {}),
    ("warcio/example.arc", None, 1, {}),
    ("warcio/example.arc.gz", None, 1, {}),
    ("warcio/example-trunc.warc", None, 1, {"malformed_record": 1}),
    ("warcio/example-bad.warc.gz.bad", None, 1, {"missing_text": 1}),
    ("warcio/bad.arc", None, 0, {"malformed_record": 1}),
    ("warcio/example-iana.org-chunked.warc", None, 1, {}),
    ("warcio/example-space-in-target-uri.warc.gz", None, 0, {"not_text": 1}),
]


@pytest.mark.parametrize(
    ("name", "layout", "n_documents", "reasons"), EXPECTED, ids=[e[0] for e in EXPECTED]
)
def test_real_files(name, layout, n_documents, reasons):
    path = FORMATS / name
    documents, rejects = read_file(path)
    assert len(documents) == n_documents
    assert Counter(reject["reason"] for reject in rejects) == Counter(reasons)
    files = find_files([str(path)], LocalFileSystem())
    (found,) = inspect_files(files, ReadOptions(), LocalFileSystem())
    assert found.layout == layout


def test_every_real_file_is_read_without_fail():
    files = find_files([str(FORMATS)], LocalFileSystem())
    assert len(files) > 60
    for file in files:
        read_file(file.path)


def test_plain_and_compressed_web_archives_say_the_same():
    def texts(name):
        return [d["text"] for d in read_file(FORMATS / "resiliparse" / name)[0]]

    assert texts("warcfile.warc") == texts("warcfile.warc.gz") == texts(
        "warcfile.warc.lz4"
    )  # fmt: skip


def test_pages_are_text_and_know_their_place():
    (document,), _ = read_file(FORMATS / "cc-whirlwind" / "whirlwind.warc.gz")
    assert document["url"] == "https://an.wikipedia.org/wiki/Escopete"
    assert document["date"] == "2024-05-18"
    assert document["language_declared"] == "an"
    assert "<" not in document["text"]
    assert "Escopete" in document["text"]
