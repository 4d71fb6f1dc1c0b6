"""Layouts: each preset is recognised by records of its corpus, and mapped rightly."""

import json

import pytest
from reference_read import read_file

from audit.read import LocalFileSystem, ReadOptions, find_files, inspect_files
from audit.read.layouts import NoTextFieldError, detect_layout, layout_names
from audit.read.paths import field_keys, get_path

# What a record of each published corpus looks like, and what is read from it:
# (text, id, url, language, source, date).
RECORDS = {
    "fineweb": (
        {"text": "t", "id": "<urn:uuid:1>", "dump": "CC-2024-10", "url": "http://a.example/",
         "date": "2024-03-01T00:00:00Z", "file_path": "s3://x", "language": "en",
         "language_score": 0.9, "token_count": 3},
        ("t", "<urn:uuid:1>", "http://a.example/", "en", "CC-2024-10", "2024-03-01"),
    ),
    "fineweb-2": (
        {"text": "t", "id": "1", "dump": "d", "url": "http://a.example/",
         "date": "2024-03-01T00:00:00Z", "file_path": "s3://x", "language": "swh",
         "language_score": 0.9, "language_script": "Latn", "minhash_cluster_size": 1,
         "top_langs": "{}"},
        ("t", "1", "http://a.example/", "swh", "d", "2024-03-01"),
    ),
    "dolma": (
        {"id": "1", "text": "t", "source": "reddit", "added": "2023-04-07T15:24:38.7Z",
         "created": "2020-03-29T09:04:10Z", "metadata": {"url": "http://a.example/"}},
        ("t", "1", "http://a.example/", None, "reddit", "2020-03-29"),
    ),
    "c4": (
        {"text": "t", "timestamp": "2019-04-25T12:57:54Z", "url": "http://a.example/"},
        ("t", None, "http://a.example/", None, None, "2019-04-25"),
    ),
    "culturax": (
        {"text": "t", "timestamp": "2019/04/25 12:57:54", "url": "http://a.example/",
         "source": "mC4"},
        ("t", None, "http://a.example/", None, "mC4", "2019-04-25"),
    ),
    "redpajama-v1": (
        {"text": "t", "meta": {"url": "http://a.example/", "language": "en",
         "timestamp": "2023-01-01T00:00:00"}, "red_pajama_subset": "arxiv"},
        ("t", None, "http://a.example/", "en", "arxiv", "2023-01-01"),
    ),
    "slimpajama": (
        {"text": "t", "meta": {"redpajama_set_name": "RedPajamaBook"}},
        ("t", None, None, None, "RedPajamaBook", None),
    ),
    "redpajama-v2": (
        {"raw_content": "t", "url": "http://a.example/", "digest": "sha1:1",
         "date_download": "2022-11-26T00:00:00Z", "language": "de", "title": "x"},
        ("t", "sha1:1", "http://a.example/", "de", None, "2022-11-26"),
    ),
    "ccnet": (
        {"raw_content": "t", "url": "http://a.example/", "digest": "sha1:1",
         "date_download": "2022-11-26T00:00:00Z", "language": "de",
         "source_domain": "a.example", "bucket": "head"},
        ("t", "sha1:1", "http://a.example/", "de", "a.example", "2022-11-26"),
    ),
    "pile": (
        {"text": "t", "meta": {"pile_set_name": "Pile-CC"}},
        ("t", None, None, None, "Pile-CC", None),
    ),
    "hplt": (
        {"f": "x.warc.gz", "u": "http://a.example/", "c": "text/html",
         "ts": "2021-01-24T13:14:15Z", "collection": "cc40", "lang": ["swh_Latn", "x"],
         "prob": [0.9, 0.1], "text": "t", "id": "1"},
        ("t", "1", "http://a.example/", "swh_Latn", "cc40", "2021-01-24"),
    ),
    "hplt-v1": (
        {"id": 1, "document_lang": "sw", "scores": [1], "langs": ["sw"], "text": "t",
         "url": "http://a.example/", "collection": "cc40"},
        ("t", "1", "http://a.example/", "sw", "cc40", None),
    ),
    "oscar": (
        {"content": "t", "warc_headers": {"warc-record-id": "<urn:uuid:1>",
         "warc-date": "2022-08-08T20:58:31Z", "warc-target-uri": "http://a.example/"},
         "metadata": {"identification": {"label": "sw", "prob": 0.9}}},
        ("t", "<urn:uuid:1>", "http://a.example/", "sw", None, "2022-08-08"),
    ),
    "wudao": (
        {"id": 7, "uniqueKey": "k", "titleUkey": "k", "dataType": "百科", "title": "x",
         "content": "t"},
        ("t", "7", None, None, "百科", None),
    ),
    "wanjuan": (
        {"track_id": "1", "content": "t", "data_type": "news", "language": "zh"},
        ("t", "1", None, "zh", "news", None),
    ),
    "wanjuan-1": (
        {"id": "BkQ", "title": "x", "content": "t"},
        ("t", "BkQ", None, None, None, None),
    ),
    "dclm": (
        {"text": "t", "url": "http://a.example/", "metadata": {
            "WARC-Target-URI": "http://a.example/", "WARC-Record-ID": "<urn:uuid:1>",
            "WARC-Date": "2020-01-01T00:00:00Z"}},
        ("t", "<urn:uuid:1>", "http://a.example/", None, None, "2020-01-01"),
    ),
    "refinedweb": (
        {"content": "t", "url": "http://a.example/", "segment": "s", "dump": "d",
         "timestamp": "2013-05-18T10:42:00Z", "image_urls": []},
        ("t", None, "http://a.example/", None, "d", "2013-05-18"),
    ),
    "wikipedia": (
        {"id": "12", "url": "http://a.example/", "title": "x", "text": "t"},
        ("t", "12", "http://a.example/", None, None, None),
    ),
    "openai-messages": (
        {"messages": [{"role": "user", "content": "Habari?"},
                      {"role": "assistant", "content": "Nzuri."}]},
        ("Habari?\n\nNzuri.", None, None, None, None, None),
    ),
    "sharegpt": (
        {"id": "c1", "conversations": [{"from": "human", "value": "Habari?"},
                                       {"from": "gpt", "value": "Nzuri."}]},
        ("Habari?\n\nNzuri.", "c1", None, None, None, None),
    ),
    "alpaca": (
        {"instruction": "Tafsiri.", "input": "", "output": "Nzuri."},
        ("Tafsiri.\n\nNzuri.", None, None, None, None, None),
    ),
    "dpo": (
        {"prompt": "Habari?", "chosen": [{"role": "user", "content": "Habari?"},
         {"role": "assistant", "content": "Nzuri."}], "rejected": [
         {"role": "user", "content": "Habari?"},
         {"role": "assistant", "content": "No."}]},
        ("Habari?\n\nNzuri.\n\nNo.", None, None, None, None, None),
    ),
    "prompt-completion": (
        {"prompt": "Habari?", "completion": "Nzuri."},
        ("Habari?\n\nNzuri.", None, None, None, None, None),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", RECORDS)
def test_a_corpus_is_recognised_and_mapped(name, tmp_path):
    record, (text, doc_id, *rest) = RECORDS[name]
    path = tmp_path / "x.jsonl"
    path.write_text(json.dumps(record) + "\n", "utf-8")
    files = find_files([str(path)], LocalFileSystem())
    (found,) = inspect_files(files, ReadOptions(), LocalFileSystem())
    assert found.layout == name
    for options in (ReadOptions(), ReadOptions(layout=name)):
        (document,), rejects = read_file(path, options)
        assert not rejects
        assert document["text"] == text
        assert document["doc_id"] == (doc_id or "x.jsonl@0")
        roles = ("url", "language_declared", "source_declared", "date")
        assert [document[role] for role in roles] == rest


@pytest.mark.parametrize(
    "name",
    ["dolma", "fineweb", "fineweb-2", "c4", "mc4", "culturax", "redpajama-v1",
     "redpajama-v2", "pile", "hplt", "skypile", "wudao", "wanjuan", "oscar",
     "openai-messages", "sharegpt", "alpaca", "dpo"],
)  # fmt: skip
def test_the_usual_corpora_have_presets(name):
    assert name in layout_names()


def test_what_the_user_names_wins(tmp_path):
    record = {"text": "no", "body": {"en": "yes"}, "url": "http://no.example/",
              "u": "x", "id": "no", "key": 5, "lang": "no", "l": "sw",
              "date": "2020-01-01", "d": "2021-01-01",
              "source": "no", "s": "yes"}  # fmt: skip
    path = tmp_path / "x.jsonl"
    path.write_text(json.dumps(record))
    options = ReadOptions(
        text_field="body.en", url_field="u", id_field="key", language_field="l",
        date_field="d", source_field="s",
    )  # fmt: skip
    (document,), _ = read_file(path, options)
    assert document == {
        "text": "yes", "url": "x", "doc_id": "5", "language_declared": "sw",
        "date": "2021-01-01", "source_declared": "yes", "position": 1,
    }  # fmt: skip


def test_a_named_layout_without_its_text_is_refused_with_the_fields():
    with pytest.raises(NoTextFieldError, match=r"raw_content; fields there: text, id"):
        detect_layout([{"text": "t", "id": 1}], ReadOptions(layout="redpajama-v2"))


def test_the_only_prose_is_the_text():
    prose = (
        "A sentence of a certain length, which no title or label would ever have. " * 2
    )
    records = [{"label": "x", "写作": prose, "link": "http://a.example/" + "x" * 99}]
    assert detect_layout(records, ReadOptions()).text == ("写作",)
    with pytest.raises(NoTextFieldError, match="fields there: one, two"):
        detect_layout([{"one": prose, "two": prose}], ReadOptions())


def test_keys_with_dots_are_told_from_nested_fields():
    assert get_path({"a.b": 1, "a": {"b": 2}}, "a.b") == 1
    assert get_path({"a": {"b.c": {"d": 3}}}, "a.b.c.d") == 3
    assert get_path({"a": 1}, "a.b", "none") == "none"
    assert field_keys([{"a": {"b": 1}}], ["a.b"]) == {"a.b": ("a", "b")}
    assert field_keys([{"a.b": 1}], ["a.b"]) == {"a.b": ("a.b",)}
    assert field_keys([{"a.b": 1}, {"a": {"b": 1}}], ["a.b"]) is None


def test_keys_with_dots_are_read_alike_in_a_file(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_text('{"a.b": "one"}\n{"a": {"b": "two"}}\n')
    documents, _ = read_file(path, ReadOptions(text_field="a.b"))
    assert [document["text"] for document in documents] == ["one", "two"]


def test_the_layout_is_that_of_the_head_in_every_split(tmp_path):
    # After the head, `content` would look like the better field.
    path = tmp_path / "x.jsonl"
    head = [{"body": f"text {i}"} for i in range(20000)]
    tail = [{"body": f"text {i}", "text": 5, "content": "no"} for i in range(20000)]
    path.write_text("".join(json.dumps(r) + "\n" for r in head + tail))
    from reference_read import read_splits

    files = find_files([str(path)], LocalFileSystem())
    documents, rejects = read_splits(files, None, 50_000)
    assert len(documents) == 40000
    assert not rejects
