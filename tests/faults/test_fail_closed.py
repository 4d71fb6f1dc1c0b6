"""A block that is lost, doubled or changed between stages stops the run by name."""

from __future__ import annotations

import json
from pathlib import Path

import apache_beam as beam
import pytest

import audit.local
from audit.cli import main
from audit.config import AuditConfig
from audit.errors import AccountingError, RunError
from audit.job.books import Book, booked, check_tasks, merge_books
from audit.job.output import LocalOutput
from audit.job.plan import Task
from audit.job.request import RunRequest
from audit.job.staged import load_blocks, store_blocks
from audit.job.stages import Scanned
from audit.run import run
from pipelines import transforms

SAMPLES = Path(__file__).parents[2] / "sample_corpora"


def text_of(number: int) -> str:
    """Forty words that no other number has, and none that a language has."""
    return " ".join(f"w{number * 40 + i:x}" for i in range(40))


def lines(first: int, copies: dict[int, str]) -> str:
    """Thirty documents, some of them copies of others or nearly so."""
    texts = [copies.get(i, text_of(first + i)) for i in range(30)]
    return "".join(json.dumps({"text": text}) + "\n" for text in texts)


@pytest.fixture(scope="module")
def corpora(tmp_path_factory) -> dict[str, tuple[str, ...]]:
    """Two corpora of two files each, with copies in a file, a corpus, and both."""
    folder = tmp_path_factory.mktemp("corpora")
    near = text_of(3).replace(" w82 ", " changed ")
    copies = {20: text_of(1), 21: near, 22: text_of(101), 23: text_of(5) + " end"}
    for name, first in (("a", 0), ("b", 100)):
        (folder / name).mkdir()
        for part in range(2):
            text = lines(first + 50 * part, copies)
            (folder / name / f"part-{part}.jsonl").write_text(text)
    return {name: (str(folder / name),) for name in ("a", "b")}


@pytest.fixture
def request_of(corpora):
    def make(out: Path, runner: str = "in-process", **more) -> RunRequest:
        config = AuditConfig()
        return RunRequest(
            corpora, str(out), config, runner, 1, task_bytes=9_000, **more
        )

    return make


def lost(blocks):
    return blocks[1:]


def doubled(blocks):
    return [blocks[0], *blocks]


def changed(blocks):
    tag, key, data = blocks[0]
    return [(tag, key, data[:-1] + bytes([data[-1] ^ 1])), *blocks[1:]]


FAULTS = {"lost": lost, "doubled": doubled, "changed": changed}


class Faulty:
    """A stage one call of which gives something else than it should.

    The fault strikes on the way out, after the stage has booked what it sent: as it
    does where an engine loses or repeats what a worker gave it.
    """

    def __init__(self, stage, tag, fault):
        self.stage, self.tag, self.fault, self.struck = stage, tag, fault, 0

    def __call__(self, *words):
        found = self.stage(*words)
        blocks = list(found.blocks if isinstance(found, Scanned) else found)
        chosen = [block for block in blocks if block[0] == self.tag]
        if chosen and not self.struck:
            self.struck += 1
            rest = [block for block in blocks if block[0] != self.tag]
            blocks = [*rest, *self.fault(chosen)]
        if isinstance(found, Scanned):
            return Scanned(found.documents, blocks)
        return iter(blocks)


# Every channel between two stages: the stage that sends, and the tag.
CHANNELS = [
    ("scan_stage", "counts"),
    ("scan_stage", "exact"),
    ("exact_stage", "nodes"),
    ("exact_stage", "aliases"),
    ("exact_stage", "shared"),
    ("exact_stage", "drops"),
    ("exact_stage", "exact_sizes"),
    ("bands_stage", "bands"),
    ("candidate_stage", "meetings"),
    ("candidate_stage", "bucket_stats"),
    ("route_stage", "pairs"),
    ("route_stage", "needs"),
    ("look_again_stage", "sets"),
    ("look_again_stage", "excerpts"),
    ("verify_stage", "nodes"),
    ("verify_stage", "arcs"),
    ("verify_stage", "shared"),
    ("verify_stage", "links0"),
    ("verify_stage", "examples"),
    ("verify_stage", "tallies"),
    ("star_stage", "links1"),
    ("settle_stage", "homes"),
    ("node_stage", "members"),
    ("node_stage", "root_arcs"),
    ("node_stage", "overlaps"),
    ("node_stage", "shares"),
    ("cluster_stage", "near_sizes"),
    ("cluster_stage", "tallies"),
    ("cluster_stage", "clusters"),
    ("describe_stage", "detail"),
]
CHANNELS += sorted({(stage, "books") for stage, _ in CHANNELS})


@pytest.mark.parametrize("fault", ["lost", "doubled"])
@pytest.mark.parametrize(("stage", "tag"), CHANNELS)
def test_a_lost_or_doubled_block_is_caught(
    stage, tag, fault, tmp_path, monkeypatch, request_of
):
    faulty = Faulty(getattr(audit.local, stage), tag, FAULTS[fault])
    monkeypatch.setattr(audit.local, stage, faulty)
    with pytest.raises(AccountingError) as caught:
        run(request_of(tmp_path / "out"))
    assert faulty.struck == 1
    assert caught.value.exit_code == 4
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("tag", ["members", "exact_sizes", "tallies"])
def test_a_changed_block_is_caught(tag, tmp_path, monkeypatch, request_of):
    stage = next(stage for stage, name in CHANNELS if name == tag)
    real = getattr(audit.local, stage)
    # The last array of these blocks ends in counts: one bit more is a wrong profile.
    faulty = Faulty(real, tag, lambda b: [(*b[0][:2], flipped(b[0][2])), *b[1:]])
    monkeypatch.setattr(audit.local, stage, faulty)
    with pytest.raises(RunError) as caught:
        run(request_of(tmp_path / "out"))
    assert faulty.struck == 1
    assert caught.value.exit_code == 4
    assert not (tmp_path / "out").exists()


def flipped(data: bytes) -> bytes:
    place = len(data) - 8
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


STAGES = sorted({stage for stage, _ in CHANNELS})


@pytest.mark.parametrize("stage", STAGES)
def test_a_bundle_that_emits_twice_is_caught(stage, tmp_path, monkeypatch, request_of):
    real, struck = getattr(audit.local, stage), []

    def twice(*words):
        found = real(*words)
        blocks = list(found.blocks if isinstance(found, Scanned) else found)
        if not struck:
            struck.append(stage)
            blocks = blocks * 2
        return Scanned(0, blocks) if isinstance(found, Scanned) else iter(blocks)

    monkeypatch.setattr(audit.local, stage, twice)
    with pytest.raises(AccountingError):
        run(request_of(tmp_path / "out"))
    assert struck


@pytest.mark.parametrize("stage", STAGES)
def test_a_lost_bundle_is_caught(stage, tmp_path, monkeypatch, request_of):
    real, struck = getattr(audit.local, stage), []

    def nothing(*words):
        found = real(*words)
        blocks = list(found.blocks if isinstance(found, Scanned) else found)
        if not struck and blocks:
            struck.append(stage)
            blocks = []
        return Scanned(0, blocks) if isinstance(found, Scanned) else iter(blocks)

    monkeypatch.setattr(audit.local, stage, nothing)
    with pytest.raises(AccountingError):
        run(request_of(tmp_path / "out"))
    assert struck


def test_the_message_names_the_blocks_and_how_many(tmp_path, monkeypatch, capsys):
    faulty = Faulty(audit.local.verify_stage, "links0", lost)
    monkeypatch.setattr(audit.local, "verify_stage", faulty)
    words = ["profile", str(SAMPLES / "walled_garden"), "--out", str(tmp_path / "out")]
    assert main([*words, "--runner", "in-process", "--no-progress"]) == 4
    shown = capsys.readouterr().err
    assert "'links0'" in shown
    assert "sent" in shown
    assert "received" in shown
    assert "Traceback" not in shown


def test_a_lost_task_is_named_as_such(tmp_path, monkeypatch, request_of):
    faulty = Faulty(audit.local.scan_stage, "counts", lost)
    monkeypatch.setattr(audit.local, "scan_stage", faulty)
    with pytest.raises(AccountingError, match=r"(?s)'scan'.*planned.*counted"):
        run(request_of(tmp_path / "out"))


def test_an_engine_that_closes_no_books_publishes_nothing(
    tmp_path, monkeypatch, request_of
):
    monkeypatch.setattr(audit.local, "close_books", lambda *_: None)
    with pytest.raises(AccountingError, match="no books"):
        run(request_of(tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_run_json_tells_the_blocks_of_every_stage(tmp_path, request_of):
    run(request_of(tmp_path / "out"))
    record = json.loads((tmp_path / "out" / "run.json").read_text())
    for tag in ("bands", "exact", "pairs", "sets", "clusters", "detail"):
        assert record["stages"][tag] > 0, tag
    assert record["tasks"] >= 4
    assert not list((tmp_path / "out").rglob("*books*"))


BEAM = [
    (transforms.ScanTasks, "counts"),
    (transforms.GroupExact, "exact_sizes"),
    (transforms.SendBands, "bands"),
    (transforms.RoutePairs, "needs"),
    (transforms.LookAgain, "sets"),
    (transforms.VerifyPairs, "links0"),
    (transforms.StepStar, "links2"),
    (transforms.NameClusters, "shares"),
    (transforms.CountClusters, "clusters"),
    (transforms.DescribeTask, "detail"),
]


def strike(stage, tag, monkeypatch, copies):
    real, struck = stage.process, []

    def process(self, element, **more):
        for output in real(self, element, **more):
            hit = output.tag == tag and not struck
            struck.extend([tag] * hit)
            yield from [output] * (copies if hit else 1)

    monkeypatch.setattr(stage, "process", process)
    return struck


@pytest.mark.parametrize("copies", [0, 2], ids=["lost", "doubled"])
@pytest.mark.parametrize(("stage", "tag"), BEAM, ids=[b[1] for b in BEAM])
def test_beam_blocks_lost_or_doubled_are_caught(
    stage, tag, copies, tmp_path, monkeypatch, request_of
):
    struck = strike(stage, tag, monkeypatch, copies)
    with pytest.raises(RunError, match=r"once|planned|read again|sum to") as caught:
        run(request_of(tmp_path / "out", "local"))
    assert struck
    assert caught.value.exit_code == 4
    assert not (tmp_path / "out").exists()


def test_a_bundle_that_beam_retries_is_not_flagged(tmp_path, monkeypatch, request_of):
    # A bundle fails after it has worked and emitted; Beam drops what it gave and tries
    # again: its second output is the only one that counts.
    real, calls = transforms.GroupExact.process, []

    def process(self, element):
        calls.append(element[0])
        outputs = list(real(self, element))
        yield from outputs

    monkeypatch.setattr(transforms.GroupExact, "process", process)
    retried = RetryOnce(tmp_path)
    monkeypatch.setattr(transforms.ScanTasks, "process", retried.around())
    run(request_of(tmp_path / "again", "local"))
    monkeypatch.undo()
    run(request_of(tmp_path / "plain", "local"))
    for path in sorted((tmp_path / "plain").rglob("*.parquet")):
        again = tmp_path / "again" / path.relative_to(tmp_path / "plain")
        assert again.read_bytes() == path.read_bytes(), path
    assert retried.failed


class RetryOnce:
    """Scanning that throws its first output away and does the task again."""

    def __init__(self, folder: Path):
        self.failed: list[int] = []

    def around(self):
        real = transforms.ScanTasks.process

        def process(this, element):
            element = (element[0], list(element[1]))
            if not self.failed:
                # The attempt that is thrown away has side effects: its results lie in
                # staging, its metrics are counted.
                self.failed.append(element[0])
                list(real(this, element))
            yield from real(this, element)

        return process


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty"])
def test_a_stored_result_that_was_damaged_is_made_again(damage, tmp_path):
    found = Scanned(3, [("counts", 0, b"abc" * 9), ("bands", 5, b"x")])
    task, seen = Task(7, "c", (), 0), [["a.jsonl", 0, None, 9, "f00d"]]
    store_blocks(task, seen, found, str(tmp_path), LocalOutput())
    assert load_blocks(task, seen, str(tmp_path), LocalOutput()) == found
    path = tmp_path / "tasks" / "00000007.blocks"
    data = path.read_bytes()
    path.write_bytes({"cut": data[:-9], "flipped": flipped(data), "empty": b""}[damage])
    assert load_blocks(task, seen, str(tmp_path), LocalOutput()) is None


def test_books_are_sums_in_any_order():
    books = []
    for number in range(4):
        book = Book()
        book.received("a", [b"x", str(number).encode()])
        list(book.sent([("b", 0, b"y" * number)]))
        book.task("scan", number)
        books.append(book.block()[2])
    whole = merge_books(books)
    assert merge_books([b"", merge_books(books[2:]), *reversed(books[:2])]) == whole
    assert json.loads(whole)["received a"] == 8
    check_tasks(json.loads(whole), "scan", range(4), "")
    for wrong in (range(3), range(5), range(1, 5)):
        with pytest.raises(AccountingError):
            check_tasks(json.loads(whole), "scan", wrong, "")


def test_a_booked_stage_gives_its_blocks_and_then_its_book():
    @booked(words=0)
    def stage(blocks, spec):
        for block in blocks:
            yield "out", 1, block + spec

    *blocks, (tag, key, book) = stage(iter([b"a", b"b"]), b"!")
    assert blocks == [("out", 1, b"a!"), ("out", 1, b"b!")]
    assert (tag, key) == ("books", 0)
    assert json.loads(book)["received words"] == 2
    assert json.loads(book)["sent out"] == 2


def test_merge_books_as_a_beam_combiner():
    combiner = transforms.MergeBooks()
    book = Book()
    book.task("scan", 7)
    one = combiner.add_input(combiner.create_accumulator(), (0, book.block()[2]))
    two = combiner.merge_accumulators([combiner.create_accumulator(), one, one])
    assert json.loads(combiner.extract_output(two))["tasks scan"] == 2
    assert issubclass(transforms.MergeBooks, beam.CombineFn)
