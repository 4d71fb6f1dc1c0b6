"""The audit in this process, without an engine: for notebooks, tests and small corpora.

In: an `EngineRun`. Out: the tables of every corpus in staging. It calls the same stages
as the Beam pipeline in the same order, with dictionaries where Beam has a shuffle, and
is what the pipeline's results are compared with.
"""

from __future__ import annotations

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from audit.job.books import BOOKS, Book, close_books
from audit.job.clustering import (
    NODES,
    cluster_stage,
    node_stage,
    settle_stage,
    star_stage,
)
from audit.job.describe import describe_stage, detail_stage
from audit.job.finish import FINISHED, finish_stage
from audit.job.linking import (
    bands_stage,
    candidate_stage,
    exact_stage,
    look_again_stage,
    route_stage,
    verify_stage,
)
from audit.job.overlap import overlap_stage
from audit.job.progress import PROGRESS
from audit.job.spec import spec_of
from audit.job.stages import scan_stage
from audit.link.clusters import STAR_STEPS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from concurrent.futures import Executor

    from audit.job.output import Output
    from audit.job.request import EngineRun
    from audit.job.spec import JobSpec
    from audit.job.stages import Block
    from audit.read import FileSystem

__all__ = ["run_tasks"]

_Shuffle = defaultdict[str, defaultdict[int, list[bytes]]]


def run_tasks(run: EngineRun, filesystem: FileSystem, output: Output) -> None:
    """Carry out all tasks of a run, on threads of this process."""
    threads = max(1, run.request.workers)
    spec = spec_of(run, remote=False, threads=threads)
    shuffle: _Shuffle = defaultdict(lambda: defaultdict(list))
    # More threads than one only where they were asked for: results do not depend on it.
    with ThreadPoolExecutor(threads) as pool:
        PROGRESS.enter("reading")
        scans = pool.map(
            lambda task: scan_stage(task, spec, filesystem, output), run.plan.tasks
        )
        for found in scans:
            _send(shuffle, found.blocks)
        PROGRESS.enter("comparing")
        _compare(run, spec, shuffle, output, pool)
        PROGRESS.enter("verifying")
        again = [task for task in run.plan.tasks if task.ordinal in shuffle["needs"]]
        looks = pool.map(
            lambda task: list(
                look_again_stage(
                    task, shuffle["needs"][task.ordinal], spec, filesystem, output
                )
            ),
            again,
        )
        for look in looks:
            _send(shuffle, look)
        del shuffle["needs"]
        _cluster(spec, shuffle, pool)
        PROGRESS.enter("writing")
        _write(run, spec, shuffle, output, pool)


def _compare(
    run: EngineRun, spec: JobSpec, shuffle: _Shuffle, output: Output, pool: Executor
) -> None:
    """Carry out the stages from exact copies to the pairs to verify."""
    _each(pool, shuffle, "exact", lambda _, blocks: exact_stage(blocks, spec))
    drops = [shuffle["drops"].pop(task.ordinal, []) for task in run.plan.tasks]
    _side_by_side(
        pool,
        shuffle,
        lambda task, gone: bands_stage(task, gone, spec, output),
        zip(run.plan.tasks, drops, strict=True),
    )
    _each(pool, shuffle, "bands", lambda _, blocks: candidate_stage(blocks, spec))
    _each(pool, shuffle, "meetings", lambda _, blocks: route_stage(blocks, spec))


def _cluster(spec: JobSpec, shuffle: _Shuffle, pool: Executor) -> None:
    """Carry out the stages from pairs to clusters."""

    def verified(partition: int, pairs: list[bytes]) -> Iterable[Block]:
        sets = shuffle["sets"].pop(partition, [])
        excerpts = shuffle["excerpts"].pop(partition, [])
        return verify_stage(pairs, sets, excerpts, spec)

    _each(pool, shuffle, "pairs", verified)
    for step in range(len(STAR_STEPS)):
        for _, blocks in _taken(shuffle, f"links{step}"):
            _send(shuffle, star_stage(step, blocks, spec))
    for _, blocks in _taken(shuffle, f"links{len(STAR_STEPS)}"):
        _send(shuffle, settle_stage(blocks, spec))
    joined = shuffle["open_links"].pop(0, [])
    for partition, nodes in _taken(shuffle, "nodes"):
        found = {
            tag: shuffle[tag].pop(partition, []) for tag in NODES if tag != "nodes"
        }
        _send(shuffle, node_stage({"nodes": nodes, **found}, joined, spec))
    for partition, members in _taken(shuffle, "members"):
        arcs = shuffle["root_arcs"].pop(partition, [])
        _send(shuffle, cluster_stage(members, arcs, spec))


def _write(
    run: EngineRun, spec: JobSpec, shuffle: _Shuffle, output: Output, pool: Executor
) -> None:
    """Carry out the stages that need what all tasks gave."""
    book = Book()

    def taken(tag: str, key: int) -> list[bytes]:
        return book.received(tag, shuffle[tag].pop(key, []))

    def found_of(corpus: int) -> dict[str, list[bytes]]:
        # Counts are checked by the tasks that are in them.
        found = {tag: taken(tag, corpus) for tag in FINISHED if tag != "counts"}
        return {**found, "counts": shuffle["counts"][corpus]}

    corpora = range(len(spec.corpora))
    blocks = [found_of(corpus) for corpus in corpora]
    list(
        pool.map(
            lambda corpus, found: finish_stage(corpus, found, spec, output),
            corpora,
            blocks,
        )
    )
    if len(spec.corpora) > 1:
        overlap_stage(taken("overlaps", 0), spec, output)
    linked = [
        (task, *(shuffle[tag].pop(task.ordinal, []) for tag in ("clusters", "shares")))
        for task in run.plan.tasks
    ]
    _side_by_side(
        pool,
        shuffle,
        lambda task, *found: describe_stage(task, found[0], found[1], spec, output),
        linked,
    )
    details = {n: taken("detail", n) for n in range(len(spec.corpora))}
    detail_stage(details, spec, output)
    close_books([*shuffle[BOOKS][0], book.block()[2]], spec, output)


def _each(
    pool: Executor,
    shuffle: _Shuffle,
    tag: str,
    stage: Callable[[int, list[bytes]], Iterable[Block]],
) -> None:
    """Carry out a stage for each key of a tag, on as many threads as there are."""
    _side_by_side(pool, shuffle, stage, list(_taken(shuffle, tag)))


def _side_by_side(
    pool: Executor,
    shuffle: _Shuffle,
    stage: Callable[..., Iterable[Block]],
    items: Iterable[tuple[Any, ...]],
) -> None:
    """Carry out a stage for each item, and send what it gives in the items' order."""
    for blocks in pool.map(lambda item: list(stage(*item)), items):
        _send(shuffle, blocks)


def _send(shuffle: _Shuffle, blocks: Iterable[Block]) -> None:
    for tag, key, block in blocks:
        shuffle[tag][key].append(block)


def _taken(shuffle: _Shuffle, tag: str) -> Iterable[tuple[int, list[bytes]]]:
    """Yield key and blocks of a tag by ascending key, and let go of them."""
    taken = shuffle.pop(tag, defaultdict(list))
    for key in sorted(taken):
        yield key, taken.pop(key)
