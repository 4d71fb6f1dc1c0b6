"""The graph that a cluster is sent: small, the same for any input, no session in it.

What can be known of Dataflow, Flink and Spark without one: the options their runners
get, and the portable graph that each of them would be given.
"""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from apache_beam import Pipeline
from apache_beam.internal import pickler
from apache_beam.options.pipeline_options import (
    GoogleCloudOptions,
    SetupOptions,
    WorkerOptions,
)

from audit.config import AuditConfig
from audit.job.plan import Plan, Task
from audit.job.request import EngineRun, RunRequest
from audit.job.spec import JobSpec, spec_of
from audit.read import Split
from audit.read.files import FileInfo
from pipelines import transforms
from pipelines.options import pipeline_options, runner_of
from pipelines.profile_corpora import build

# An own transform is named by what it does; Beam's helpers stand below it.
VERBS = (
    "Ask", "Close", "Count", "Describe", "Find", "Finish", "Gather", "Group", "Look",
    "Merge", "Name", "Read", "Route", "Scan", "Send", "Settle", "Spread", "Step",
    "Verify", "Write",
)  # fmt: skip
WORDS = {
    "DataflowRunner": (
        "--project=my-project",
        "--region=europe-west1",
        "--temp_location=gs://my-bucket/temp",
        "--sdk_container_image=europe-docker.pkg.dev/my-project/audit/worker:1",
        "--machine_type=n2d-standard-4",
    ),
    "FlinkRunner": ("--flink_master=localhost:8081", "--parallelism=8"),
    "SparkRunner": ("--spark_master_url=spark://localhost:7077",),
}
CORPORA = {"web": ("gs://my-bucket/web",), "books": ("gs://my-bucket/books",)}
TOTAL = 10**11


def spec(files: int) -> JobSpec:
    """Return the job of two corpora of some files, the same size in all."""
    plans: dict[str, tuple[FileInfo, ...]] = {}
    tasks: list[Task] = []
    for name in sorted(CORPORA):
        infos = [
            FileInfo(f"gs://my-bucket/{name}/{n}.jsonl", f"{n}.jsonl", TOTAL // files)
            for n in range(files)
        ]
        plans[name] = tuple(infos)
        tasks += [
            Task(len(tasks) + n, name, (Split(info, 0, info.size),), info.size)
            for n, info in enumerate(infos)
        ]
    config = AuditConfig()
    request = RunRequest(CORPORA, "gs://my-bucket/out", config)
    plan = Plan(tuple(sorted(CORPORA)), plans, tuple(tasks))
    run = EngineRun(plan, config, "gs://my-bucket/.out.partial", {"k": "v"}, request)
    return spec_of(run, remote=True)


def graph(job: JobSpec, runner: str = "FlinkRunner"):
    words = WORDS[runner]
    request = RunRequest(CORPORA, "out", job.config, runner, runner_words=words)
    options = pipeline_options(request)
    pipeline = Pipeline(runner=runner_of(request), options=options)
    build(pipeline, job, "gs://my-bucket/.out.partial/plan.jsonl")
    return pipeline.to_runner_api()


@pytest.fixture(scope="module")
def one():
    return graph(spec(1))


@pytest.mark.parametrize("runner", WORDS)
def test_graph_is_small_on_every_runner(runner):
    assert len(graph(spec(1), runner).SerializeToString()) < 250_000


def test_graph_does_not_know_the_files(one):
    many = graph(spec(100_000))
    assert abs(many.ByteSize() - one.ByteSize()) < 1000
    assert {t.unique_name for t in many.components.transforms.values()} == {
        t.unique_name for t in one.components.transforms.values()
    }
    assert b"gs://my-bucket/web" not in many.SerializeToString()
    assert b".jsonl" not in many.SerializeToString().replace(b"plan.jsonl", b"")


def test_stages_are_named_by_verbs(one):
    names = {t.unique_name.split("/")[0] for t in one.components.transforms.values()}
    names = {name for name in names if not name.startswith("ref_AppliedPTransform")}
    assert len(names) > 15
    assert [n for n in sorted(names) if re.split(r"(?=[A-Z])", n)[1] not in VERBS] == []


def uses_pickled_coder(proto, coder_id: str) -> bool:
    coder = proto.components.coders[coder_id]
    return coder.spec.urn == "beam:coder:pickled_python:v1" or any(
        uses_pickled_coder(proto, part) for part in coder.component_coder_ids
    )


def test_elements_travel_in_coders_that_every_runner_knows(one):
    """Blocks are pairs of varint and bytes; the rest are joins and sums of Beam's own.

    Beam types neither the sums of a hot-key fan-out and of a global combine nor the
    dictionary a join hands on: there it tags each int and bytes with its type, which
    is deterministic too, and pickles nothing but the coder's name.
    """
    found = {
        p.unique_name
        for p in one.components.pcollections.values()
        if uses_pickled_coder(one, p.coder_id)
    }
    stages = {re.sub(r"^\d+|\.None$", "", name).split("/")[0] for name in found}
    assert stages <= {
        "CloseBooks.None", "CloseBooks", "MergeBooks", "MergeCounts", "GatherCorpora",
        "GatherClusters", "GatherDrops", "GatherMembers", "GatherNeeds", "GatherNodes",
        "GatherPairs",
    }  # fmt: skip
    shuffled = [n for n in found if n.endswith("GroupByKey.None") and "Gather" in n]
    assert all("GatherCorpora" in name for name in shuffled)
    blocks = [
        p.coder_id
        for p in one.components.pcollections.values()
        if "ScanTasks" in p.unique_name or "FindCandidates" in p.unique_name
    ]
    assert len(blocks) >= 8
    for coder_id in blocks:
        coder = one.components.coders[coder_id]
        parts = [one.components.coders[i].spec.urn for i in coder.component_coder_ids]
        assert coder.spec.urn == "beam:coder:kv:v1"
        assert parts == ["beam:coder:varint:v1", "beam:coder:bytes:v1"]


@pytest.mark.parametrize("runner", WORDS)
def test_nothing_of_the_main_session_is_shipped(runner):
    request = RunRequest(
        CORPORA, "out", AuditConfig(), runner, runner_words=WORDS[runner]
    )
    options = pipeline_options(request)
    assert options.view_as(SetupOptions).save_main_session is False
    found = Pipeline(runner=runner_of(request), options=options).runner
    assert type(found).__name__ == runner
    assert b"__main__" not in graph(spec(1), runner).SerializeToString()


def test_words_after_the_dashes_reach_the_runner():
    request = RunRequest(
        CORPORA,
        "out",
        AuditConfig(),
        "DataflowRunner",
        runner_words=WORDS["DataflowRunner"],
    )
    options = pipeline_options(request)
    cloud = options.view_as(GoogleCloudOptions)
    assert (cloud.project, cloud.region) == ("my-project", "europe-west1")
    assert cloud.temp_location == "gs://my-bucket/temp"
    workers = options.view_as(WorkerOptions)
    assert workers.machine_type == "n2d-standard-4"
    assert workers.sdk_container_image.endswith("/worker:1")


def stages() -> list[object]:
    job = spec(1)
    found = [getattr(transforms, name) for name in transforms.__all__]
    return [
        stage() if stage in (transforms.MergeCounts, transforms.MergeBooks)
        else stage(job)
        for stage in found
    ]  # fmt: skip


def test_stages_are_small_and_unpickle_in_a_fresh_process(tmp_path):
    every = stages()
    assert len(every) > 10
    lines = [pickler.dumps(stage) for stage in every]
    assert max(map(len, lines)) < 50_000
    (tmp_path / "stages").write_bytes(b"\n".join(lines))
    code = (
        "import sys; from apache_beam.internal import pickler; "
        "data = open(sys.argv[1], 'rb').read().splitlines(); "
        "print(*(type(pickler.loads(line)).__name__ for line in data))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "stages")],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.split() == [type(stage).__name__ for stage in every]
