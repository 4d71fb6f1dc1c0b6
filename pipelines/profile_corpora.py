"""The audit as a Beam pipeline.

In: an `EngineRun`, whose plan lies in staging as one line a task. Out: the tables of
every corpus in staging. The graph is the same for one file and for a hundred thousand:

    plan -> tasks -> scan -+-> counts -----------------------------------> finish
                           `-> exact -> copies of one content --------.      |
    tasks + what copies drop -> bands -> candidates -> pairs           |     |
    tasks + rows needed -> look again -> sets -> verified pairs        |     |
    links -> star steps -> homes of units -> nodes -> clusters ------->+-----|
    tasks + clusters -> where duplicates lie ------------------------------->'

No stage holds what all documents of a corpus gave: keys are partitions of documents, of
bands, of pairs and of clusters.

``python -m pipelines.profile_corpora`` takes the options of ``corpus-audit profile``.
"""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import apache_beam as beam
from apache_beam import pvalue

from audit import errors
from audit.errors import CorpusAuditError, RunError
from audit.job.books import BOOKS
from audit.job.output import write_bytes
from audit.job.progress import PROGRESS
from audit.job.spec import spec_of
from audit.job.warm import warm_up
from audit.kernels.jit import compiled_before
from audit.link.clusters import STAR_STEPS
from audit.local import run_tasks as local_engine
from audit.startup import loading
from pipelines import transforms
from pipelines.head_start import shelf_for
from pipelines.options import LOCAL_RUNNERS, pipeline_options, runner_of, threads_of
from pipelines.transforms import Block

if TYPE_CHECKING:
    from audit.job.output import Output
    from audit.job.request import EngineRun
    from audit.job.spec import JobSpec
    from audit.read import FileSystem

__all__ = ["build", "run_tasks"]

# Hot keys: one corpus may hold all tasks.
_FANOUT = 16


def run_tasks(
    run: EngineRun,
    filesystem: FileSystem,  # noqa: ARG001 workers open their own
    output: Output,
) -> None:
    """Carry out all tasks of a run on a Beam runner.

    Raises:
        RunError: the pipeline failed; the message is the last line of its own.
    """
    plan_path = output.join(run.staging, "plan.jsonl")
    # Largest first: the last tasks to be handed out are the small ones.
    tasks = sorted(run.plan.tasks, key=lambda task: (-task.size, task.ordinal))
    lines = b"\n".join(task.to_json() for task in tasks) + b"\n"
    write_bytes(output, plan_path, lines)
    # One task keeps one worker busy; each further one would double the bundles.
    request = run.request if len(tasks) > 1 else replace(run.request, workers=1)
    options = pipeline_options(request)
    remote = "://" in run.staging or _reads_remote(run)
    threads = threads_of(request, options)
    spec = spec_of(run, remote=remote, threads=threads)
    ready = threads and compiled_before()
    if request.runner in LOCAL_RUNNERS and len(tasks) > 1 and not ready:
        # Kernels are compiled before several workers want them; with a single task
        # there is nothing that several would want at once. Processes must find all of
        # them in the cache, not some: they would fill it side by side.
        warm_up(run.config, local_engine)
    PROGRESS.enter("reading")
    logging.getLogger("apache_beam").setLevel(logging.ERROR)
    try:
        with shelf_for(threads, tasks, spec) as shelf:
            with loading():
                pipeline = beam.Pipeline(runner=runner_of(request), options=options)
                build(pipeline, replace(spec, shelf=shelf), plan_path)
            pipeline.run().wait_until_finish()
    except CorpusAuditError:
        raise
    except Exception as error:
        raise _readable(error) from error
    output.remove(plan_path)


def _reads_remote(run: EngineRun) -> bool:
    return any("://" in f.path for files in run.plan.files.values() for f in files)


def _readable(error: Exception) -> CorpusAuditError:
    """Return the failure of a pipeline as one message.

    An error of this package that a worker raised comes back as text, inside an error of
    the runner's: it is told as what it was, with its exit code.
    """
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    told = [line for line in lines if "audit.errors." in line]
    text = (told or lines or [type(error).__name__])[-1]
    found = re.search(r"audit\.errors\.(\w+): (.+)", text)
    kind = getattr(errors, found[1], None) if found else None
    if found and isinstance(kind, type) and issubclass(kind, CorpusAuditError):
        message = re.sub(r" ?\[while running .*", "", found[2]).rstrip("'\"\\n ")
        return kind(message.removesuffix("."))
    return RunError(
        "Every task of the job is carried out",
        value=text[:500],
        next_step="Run again with --resume; --debug shows the whole trace.",
    )


def build(pipeline: beam.Pipeline, spec: JobSpec, plan_path: str) -> None:
    """Add the stages of an audit to a pipeline."""
    tasks = (
        pipeline
        | "NamePlan" >> beam.Create([plan_path])
        | "ReadPlan" >> beam.ParDo(transforms.ReadPlan(spec)).with_output_types(Block)
    )
    scanned = (
        tasks
        | "SpreadTasks" >> beam.GroupByKey()
        | "ScanTasks" >> _tagged(transforms.ScanTasks(spec), "counts", "bands", "exact")
    )
    exact = (
        scanned.exact
        | "GatherContents" >> beam.GroupByKey()
        | "GroupExact"
        >> _tagged(
            transforms.GroupExact(spec),
            "nodes", "aliases", "shared", "drops", "exact_sizes",
        )
    )  # fmt: skip
    found = _candidates(exact.drops, tasks, spec)
    verified = _verified(found[-1], tasks, spec)
    linked = _clusters(exact, verified[-1], spec)
    *_, settled, nodes, clusters = linked
    tallies = (verified[-1].tallies, settled.tallies, clusters.tallies)
    finished = (
        {
            "counts": _merged(scanned.counts),
            "examples": verified[-1].examples,
            "exact_sizes": exact.exact_sizes,
            "near_sizes": clusters.near_sizes,
            "tallies": tallies | "MergeTallies" >> beam.Flatten(),
            "bucket_stats": found[1].bucket_stats,
        }
        | "GatherCorpora" >> beam.CoGroupByKey()
        | "FinishCorpora" >> _tagged(transforms.FinishCorpus(spec), "done")
    )
    written = _describe(pipeline, tasks, (finished, nodes, clusters), spec)
    stages = (scanned, exact, *found, *verified, *linked, finished, *written)
    _ = (
        [stage.books for stage in stages]
        | "GatherBooks" >> beam.Flatten()
        | "MergeBooks" >> beam.CombineGlobally(transforms.MergeBooks())
        | "CloseBooks" >> beam.ParDo(transforms.CloseBooks(spec))
    )


def _candidates(drops: Any, tasks: Any, spec: JobSpec) -> tuple[Any, Any, Any]:
    """Add the stages from the units of tasks to the pairs that are worth verifying."""
    sent = (
        {"task": tasks, "drops": drops}
        | "GatherDrops" >> beam.CoGroupByKey()
        | "SendBands" >> _tagged(transforms.SendBands(spec), "bands")
    )
    found = (
        sent.bands
        | "GatherBands" >> beam.GroupByKey()
        | "FindCandidates"
        >> _tagged(transforms.FindCandidates(spec), "meetings", "bucket_stats")
    )
    routed = (
        found.meetings
        | "GatherMeetings" >> beam.GroupByKey()
        | "RoutePairs" >> _tagged(transforms.RoutePairs(spec), "pairs", "needs")
    )
    return sent, found, routed


def _verified(routed: Any, tasks: Any, spec: JobSpec) -> tuple[Any, Any]:
    """Add the second look and the verification."""
    again = (
        {"task": tasks, "needs": routed.needs}
        | "GatherNeeds" >> beam.CoGroupByKey()
        | "LookAgain" >> _tagged(transforms.LookAgain(spec), "sets", "excerpts")
    )
    verified = (
        {"pairs": routed.pairs, "sets": again.sets, "excerpts": again.excerpts}
        | "GatherPairs" >> beam.CoGroupByKey()
        | "VerifyPairs"
        >> _tagged(
            transforms.VerifyPairs(spec),
            "nodes", "arcs", "shared", "links0", "examples", "tallies",
        )
    )  # fmt: skip
    return again, verified


def _clusters(exact: Any, verified: Any, spec: JobSpec) -> list[Any]:
    """Add the connected components, and what is counted of them.

    Returns:
        The outputs of all stages; last those of settling, nodes and clusters.
    """
    stages: list[Any] = []
    links = verified.links0
    for step in range(len(STAR_STEPS)):
        links = links | f"GatherLinks{step}" >> beam.GroupByKey()
        stage = links | f"StepStar{step}" >> _tagged(
            transforms.StepStar(spec, step), f"links{step + 1}"
        )
        stages.append(stage)
        links = stage[f"links{step + 1}"]
    settled = (
        links
        | f"GatherLinks{len(STAR_STEPS)}" >> beam.GroupByKey()
        | "SettleUnits"
        >> _tagged(transforms.SettleUnits(spec), "homes", "open_links", "tallies")
    )
    both = {
        tag: (exact[tag], verified[tag]) | f"Merge{tag.title()}" >> beam.Flatten()
        for tag in ("nodes", "shared")
    }
    nodes = (
        {
            **both,
            "aliases": exact.aliases,
            "arcs": verified.arcs,
            "homes": settled.homes,
        }
        | "GatherNodes" >> beam.CoGroupByKey()
        | "NameClusters"
        >> _tagged(
            transforms.NameClusters(spec),
            "members", "root_arcs", "overlaps", "shares",
            open_links=pvalue.AsList(settled.open_links),
        )
    )  # fmt: skip
    clusters = (
        {"members": nodes.members, "root_arcs": nodes.root_arcs}
        | "GatherMembers" >> beam.CoGroupByKey()
        | "CountClusters"
        >> _tagged(transforms.CountClusters(spec), "near_sizes", "tallies", "clusters")
    )
    return [*stages, settled, nodes, clusters]


def _describe(
    pipeline: beam.Pipeline, tasks: Any, stages: tuple[Any, Any, Any], spec: JobSpec
) -> tuple[Any, Any, Any]:
    """Add what needs all clusters: overlap of corpora, and where duplicates lie."""
    finished, nodes, clusters = stages
    overlap = (
        pipeline
        | "AskOverlap" >> beam.Create([b""])
        | "WriteOverlap"
        >> _tagged(
            transforms.WriteOverlap(spec),
            "done",
            finished=pvalue.AsList(finished.done),
            overlaps=pvalue.AsList(nodes.overlaps),
        )
    )
    details = (
        {"task": tasks, "clusters": clusters.clusters, "shares": nodes.shares}
        | "GatherClusters" >> beam.CoGroupByKey()
        | "DescribeTasks" >> _tagged(transforms.DescribeTask(spec), "detail")
    )
    written = (
        pipeline
        | "AskDetail" >> beam.Create([b""])
        | "WriteDetail"
        >> _tagged(
            transforms.WriteDetail(spec),
            details=pvalue.AsList(details.detail),
            finished=pvalue.AsList(finished.done),
        )
    )
    return overlap, details, written


def _tagged(stage: beam.DoFn, *tags: str, **inputs: Any) -> Any:
    """Apply a stage whose outputs are blocks by tag, its books among them."""
    tags = (*tags, BOOKS)
    # Without a type of its own an output is sent as "anything", and its key likewise.
    types = dict.fromkeys(tags, Block)
    whole = beam.ParDo(stage, **inputs).with_output_types(Block, **types)
    return whole.with_outputs(*tags)


def _merged(counts: Any) -> Any:
    return counts | "MergeCounts" >> beam.CombinePerKey(
        transforms.MergeCounts()
    ).with_hot_key_fanout(_FANOUT).with_output_types(Block)


def main() -> None:
    """Run ``corpus-audit profile`` with this module's arguments, for launchers."""
    import sys

    from audit.cli import main as command_line

    sys.exit(command_line(["profile", *sys.argv[1:]]))


if __name__ == "__main__":
    main()
