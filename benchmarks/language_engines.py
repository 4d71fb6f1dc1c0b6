"""Engines that identify languages, asked about the same texts in the same run.

In: texts with their languages, whole documents. Out: a table of accuracy, speed and
memory by engine. Peers are used where they are installed: fasttext-wheel, pycld2,
py3langid, lingua-language-detector, langdetect.
"""

from __future__ import annotations

import importlib
import random
import re
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from audit.annotate.language import LanguageAnnotator
from audit.annotate.language_model import find_model
from audit.batch import Batch
from audit.resources.build_language_calibration import LENGTHS
from audit.resources.language_codes import macrolanguage, parse_label
from schemas.document import DOCUMENT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import polars as pl

SLOW = {"lingua": 1500, "langdetect": 1500}


def batch(texts: list[str]) -> Batch:
    n = len(texts)
    empty = [pa.nulls(n, pa.string())] * 4
    ids = pa.array([str(i) for i in range(n)])
    arrays = [ids, pa.array(texts, pa.large_string()), *empty, pa.array(range(n))]
    return Batch(pa.RecordBatch.from_arrays(arrays, schema=DOCUMENT))


def cpu(function: Any, *args: Any) -> tuple[float, Any]:
    start = time.process_time()
    result = function(*args)
    return time.process_time() - start, result


def _ours(model: str | None) -> Any:
    annotator = LanguageAnnotator(model)
    return lambda texts: annotator.annotate(batch(texts))["language"].to_pylist()


def _code(label: str) -> str:
    return parse_label(label)[0]


def _fasttext() -> Any:
    model = importlib.import_module("fasttext").load_model(str(find_model("lid.176")))
    return lambda texts: [
        _code(model.f.predict(t.replace("\n", " ") + "\n", 1, 0.0, "strict")[0][1])
        for t in texts
    ]


def _cld2() -> Any:
    cld2 = importlib.import_module("pycld2")

    def ask(text: str) -> str:
        try:
            return _code(cld2.detect(text, bestEffort=True)[2][0][1].split("-")[0])
        except cld2.error:
            return "und"

    return lambda texts: [ask(text) for text in texts]


def _langid() -> Any:
    langid = importlib.import_module("py3langid")
    return lambda texts: [_code(langid.classify(text)[0]) for text in texts]


def _lingua() -> Any:
    lingua = importlib.import_module("lingua")
    detector = lingua.LanguageDetectorBuilder.from_all_languages().build()

    def ask(text: str) -> str:
        found = detector.detect_language_of(text)
        return _code(found.iso_code_639_3.name.lower()) if found else "und"

    return lambda texts: [ask(text) for text in texts]


def _langdetect() -> Any:
    from audit.annotate.language_opinion import _ask

    return lambda texts: [_ask(text)[0] for text in texts]


ENGINES: dict[str, Callable[[], Any]] = {
    "corpus-audit": partial(_ours, None),
    "corpus-audit, lid.176": partial(_ours, "lid.176"),
    "fasttext-wheel, lid.176": _fasttext,
    "CLD2": _cld2,
    "py3langid": _langid,
    "lingua": _lingua,
    "langdetect": _langdetect,
}


def score(truth: list[str], said: list[str], sizes: list[int]) -> list[float]:
    """Return accuracy, macro F1 and accuracy by length, over macrolanguages.

    Peers that know the macrolanguage only are not marked down for it.
    """
    t = np.array([macrolanguage(code) for code in truth])
    s = np.array([macrolanguage(code) for code in said])
    right, n = t == s, np.array(sizes)
    f1 = []
    for code in np.unique(t):
        hits = float((right & (t == code)).sum())
        f1.append(2 * hits / ((t == code).sum() + (s == code).sum()))
    classes = ((n >= low) & (n <= high) for low, high in LENGTHS)
    lengths = [float(right[c].mean()) if c.any() else float("nan") for c in classes]
    return [float(right.mean()), float(np.mean(f1)), *lengths]


def ask(
    name: str, peers: str, texts: list[str], docs: list[str]
) -> tuple[list[str], float, int]:
    """Return what an engine says of texts, MB/s on documents, MB of memory at its peak.

    Runs in a process of its own, so that the memory is the engine's, with Python and
    what it imports; 0 where the system does not tell it (``ru_maxrss`` is no use: a
    process inherits it from the one that started it).
    """
    if peers:
        sys.path.append(peers)
    engine = ENGINES[name]()
    engine(docs[:20])
    said = engine(texts)
    seconds, _ = cpu(engine, docs)
    megabytes = sum(len(text.encode()) for text in docs) / 1e6
    status = Path("/proc/self/status")
    found = (
        re.search(r"VmHWM:\s+(\d+)", status.read_text()) if status.exists() else None
    )
    peak = int(found[1]) >> 10 if found else 0
    return said, megabytes / seconds, peak


def answers(
    rows: pl.DataFrame, docs: list[str], peers: str
) -> Iterator[tuple[str, list[int], list[str], float, int]]:
    """Yield name, rows asked about, codes said, MB/s and MB of each engine found."""
    texts = rows["text"].to_list()
    for name in ENGINES:
        most = SLOW.get(name, len(texts))
        some = random.Random(1).sample(range(len(texts)), min(most, len(texts)))
        few = docs if name not in SLOW else docs[:100]
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            asked = pool.submit(ask, name, peers, [texts[i] for i in some], few)
            try:
                yield name, some, *asked.result()
            except ImportError as error:
                sys.stdout.write(f"{name}: not installed ({error})\n")


def table_of_engines(rows: pl.DataFrame, docs: list[str], peers: str) -> list[str]:
    """Return the table of engines, and the languages that ours does badly."""
    truth = rows["language"].to_list()
    sizes = [len(text) for text in rows["text"].to_list()]
    out = [
        "| engine | accuracy | macro F1 | <= 20 | 21-50 | 51-100 | > 100 | MB/s | MB |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    lists: list[str] = []
    for name, some, said, speed, peak in answers(rows, docs, peers):
        mine = [truth[i] for i in some]
        values = score(mine, said, [sizes[i] for i in some])
        cells = " | ".join(f"{value:.3f}" for value in values)
        out.append(f"| {name} | {cells} | {speed:.1f} | {peak} |")
        sys.stdout.write(out[-1] + "\n")
        sys.stdout.flush()
        lists = lists or weak_languages(mine, said)
    return [*out, "", *lists]


def weak_languages(truth: list[str], said: list[str]) -> list[str]:
    """Return a line on the languages that are found least often, and as what."""
    taken: dict[str, list[str]] = {}
    for true, code in zip(truth, said, strict=True):
        taken.setdefault(true, []).append(code)
    share = {
        true: sum(macrolanguage(c) == macrolanguage(true) for c in codes) / len(codes)
        for true, codes in taken.items()
    }

    def told(least: float, most: float) -> str:
        parts = []
        for true in sorted(share, key=lambda code: (share[code], code)):
            if least <= share[true] < most:
                others = Counter(c for c in taken[true] if c != true)
                named = ", ".join(code for code, _ in others.most_common(2))
                parts.append(f"{true} {share[true]:.2f} ({named})")
        return "; ".join(parts) or "none"

    good = sum(value >= 0.95 for value in share.values())
    return [
        f"{good} of {len(share)} languages are found in at least 0.95 of their "
        f"sentences. Under 0.70: {told(0, 0.7)}. Between, with what they are taken "
        f"for: {told(0.7, 0.95)}."
    ]
