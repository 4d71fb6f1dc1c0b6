"""The audit as a Beam pipeline.

In: an `EngineRun`, whose plan lies in staging as one line a task. Out: the tables of
every corpus in staging. The graph is the same for one file and for a hundred thousand:

    plan -> tasks -> scan -+-> counts -----------------------------------> finish
                           +-> exact -> copies of one content ----------->   |
                           `-> bands -> candidate pairs -+-> pairs --> verify|
                                tasks + rows needed -> look again -> sets ^

``python -m pipelines.profile_corpora`` takes the options of ``corpus-audit profile``.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import apache_beam as beam
from apache_beam import pvalue

from audit.errors import CorpusAuditError, RunError
from audit.job.books import BOOKS
from audit.job.output import write_bytes
from audit.job.progress import PROGRESS
from audit.job.spec import spec_of
from audit.job.warm import warm_up
from audit.local import run_tasks as local_engine
from pipelines import transforms
from pipelines.options import LOCAL_RUNNERS, pipeline_options, runner_of
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
    spec = spec_of(run, remote="://" in run.staging or _reads_remote(run))
    if run.request.runner in LOCAL_RUNNERS:
        # Models are loaded and kernels compiled before several threads want them.
        warm_up(run.config, local_engine)
    PROGRESS.enter("reading")
    logging.getLogger("apache_beam").setLevel(logging.ERROR)
    try:
        pipeline = beam.Pipeline(
            runner=runner_of(run.request), options=pipeline_options(run.request)
        )
        build(pipeline, spec, plan_path)
        pipeline.run().wait_until_finish()
    except CorpusAuditError:
        raise
    except Exception as error:
        raise _readable(error) from error
    output.remove(plan_path)


def _reads_remote(run: EngineRun) -> bool:
    return any("://" in f.path for files in run.plan.files.values() for f in files)


def _readable(error: Exception) -> RunError:
    """Return the failure of a pipeline as one message."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    told = [line for line in lines if "audit.errors." in line]
    text = (told or lines or [type(error).__name__])[-1]
    return RunError(
        "Every task of the job is carried out",
        value=text.rpartition("audit.errors.")[2][:500],
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
            transforms.GroupExact(spec), "exact_edges", "exact_sizes", "exact_members"
        )
    )
    near, *looks = _near(scanned.bands, tasks, spec)
    finished = (
        {
            "counts": _merged(scanned.counts),
            "near_edges": near.near_edges,
            "examples": near.examples,
            "exact_edges": exact.exact_edges,
            "exact_sizes": exact.exact_sizes,
        }
        | "GatherCorpora" >> beam.CoGroupByKey()
        | "FinishCorpora" >> _tagged(transforms.FinishCorpus(spec), "done")
    )
    written = _describe(pipeline, tasks, (finished, exact, near), spec)
    _ = (
        [stage.books for stage in (scanned, exact, near, *looks, finished, *written)]
        | "GatherBooks" >> beam.Flatten()
        | "MergeBooks" >> beam.CombineGlobally(transforms.MergeBooks())
        | "CloseBooks" >> beam.ParDo(transforms.CloseBooks(spec))
    )


def _near(bands: Any, tasks: Any, spec: JobSpec) -> tuple[Any, Any, Any]:
    """Add the search for near-duplicates: candidates, second look, verification.

    Returns:
        The outputs of the last of these stages, then those of the others.
    """
    found = (
        bands
        | "GatherBands" >> beam.GroupByKey()
        | "FindCandidates"
        >> _tagged(transforms.FindCandidates(spec), "pairs", "needs", "pair_stats")
    )
    again = (
        {"task": tasks, "needs": found.needs}
        | "GatherNeeds" >> beam.CoGroupByKey()
        | "LookAgain" >> _tagged(transforms.LookAgain(spec), "sets", "excerpts")
    )
    verified = (
        {"pairs": found.pairs, "sets": again.sets, "excerpts": again.excerpts}
        | "GatherPairs" >> beam.CoGroupByKey()
        | "VerifyPairs"
        >> _tagged(
            transforms.VerifyPairs(spec), "near_edges", "examples", "near_across"
        )
    )
    return verified, found, again


def _describe(
    pipeline: beam.Pipeline, tasks: Any, stages: tuple[Any, Any, Any], spec: JobSpec
) -> tuple[Any, Any, Any]:
    """Add what needs all clusters: overlap of corpora, and where duplicates lie."""
    finished, exact, near = stages
    overlap = (
        pipeline
        | "AskOverlap" >> beam.Create([b""])
        | "WriteOverlap"
        >> _tagged(
            transforms.WriteOverlap(spec),
            "done",
            finished=pvalue.AsList(finished.done),
            exact_members=pvalue.AsList(exact.exact_members),
            near_across=pvalue.AsList(near.near_across),
            exact_edges=pvalue.AsList(exact.exact_edges),
        )
    )
    details = tasks | "DescribeTasks" >> _tagged(
        transforms.DescribeTask(spec),
        "detail",
        finished=pvalue.AsList(finished.done),
        overlap=pvalue.AsList(overlap.done),
    )
    written = (
        pipeline
        | "AskDetail" >> beam.Create([b""])
        | "WriteDetail"
        >> _tagged(transforms.WriteDetail(spec), details=pvalue.AsList(details.detail))
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
