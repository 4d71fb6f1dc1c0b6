"""A whole run: a request in, published profiles out.

In: a `RunRequest`. Out: the output folder, in place at once and complete: the tables of
every corpus, ``run.json``, ``report.html``. The engine between (Beam, or a loop in this
process) is found by name among the entry points of group ``audit.runners``, so that
this module knows nothing of it.
"""

from __future__ import annotations

import io
import json
import logging
import platform
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from importlib.metadata import entry_points, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pyarrow.parquet as pq

from audit.config import AuditConfig
from audit.errors import (
    AccountingError,
    ConfigError,
    InputError,
    RejectRateError,
)
from audit.fold.store import footer
from audit.job.books import BOOKS
from audit.job.evaluation import fingerprint_of, pack_path, read_evaluation
from audit.job.output import LocalOutput, write_bytes
from audit.job.plan import CorpusInput, Plan, make_plan
from audit.job.progress import PROGRESS
from audit.job.request import Against, EngineRun, RunRequest, RunResult
from audit.job.spec import describe_linking
from audit.job.toolbox import toolbox
from audit.read import LocalFileSystem
from audit.report import build_page
from audit.startup import absent, loading

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from audit.job.output import Output
    from audit.job.request import Engine
    from audit.read import FileSystem

__all__ = ["plan_of", "profile", "remote_filesystem", "run", "storage"]

_SHOWN_CHANGES = 3
# What Beam imports if it is there, and a job on this machine never calls.
_LOCAL = frozenset({"in-process", "local", "DirectRunner"})
_UNUSED = ("pymongo", "bson", "apache_beam.io.gcp.bigquery")


def _engine(runner: str) -> Engine:
    """Return the engine that runs a runner's jobs."""
    name = "in-process" if runner == "in-process" else "beam"
    found = [e for e in entry_points(group="audit.runners") if e.name == name]
    if not found:
        raise ConfigError(
            "The runner's engine is installed",
            value=runner,
            next_step="Install corpus-audit again, or use --runner in-process.",
        )
    # Beam warns of optional Google packages at import: nothing a user can act on.
    logging.disable(logging.WARNING)
    try:
        with absent(*(_UNUSED if runner in _LOCAL else ())):
            return cast("Engine", found[0].load())
    except ImportError as error:
        raise ConfigError(
            "Apache Beam can be imported for this runner",
            value=str(error),
            next_step="Install apache-beam, or use --runner in-process.",
        ) from error
    finally:
        logging.disable(logging.NOTSET)


def storage(request: RunRequest) -> tuple[FileSystem, Output]:
    """Return where to read from and write to: Beam's filesystems for addresses."""
    sets = request.against.sets if request.against is not None else {}
    named = [*request.corpora.values(), *sets.values()]
    paths = [p for patterns in named for p in patterns]
    if not any("://" in path for path in [*paths, request.out]):
        return LocalFileSystem(), LocalOutput()
    found = {e.name: e for e in entry_points(group="audit.filesystems")}
    return remote_filesystem(), found["output"].load()()


def remote_filesystem() -> FileSystem:
    """Return what lists and opens files on any filesystem that Beam knows."""
    found = {e.name: e for e in entry_points(group="audit.filesystems")}
    return cast("FileSystem", found["input"].load()())


def plan_of(request: RunRequest, filesystem: FileSystem) -> Plan:
    """Find the files of a request and cut them into tasks."""
    corpora = [CorpusInput(n, patterns) for n, patterns in request.corpora.items()]
    return make_plan(corpora, request.config.read, filesystem, request.task_bytes)


def run(request: RunRequest) -> RunResult:
    """Audit all corpora of a request and publish their profiles.

    Raises:
        UsageError: the request cannot be carried out as it stands.
        RejectRateError: more was rejected than allowed; the profiles are published,
            so that the rejects can be read.
        RunError: the run failed; nothing is published.
    """
    seconds: dict[str, float] = {}
    clock = time.perf_counter()

    def lap(stage: str) -> None:
        nonlocal clock
        now = time.perf_counter()
        seconds[stage] = round(now - clock, 3)
        clock = now

    filesystem, output = storage(request)
    _check_out(request, output)
    # Models are read while the engine is imported and files are listed.
    with loading(), ThreadPoolExecutor(1) as beside:
        reading = beside.submit(toolbox, request.config)
        engine = _engine(request.runner)
        PROGRESS.enter("planning")
        plan = plan_of(request, filesystem)
        lap("plan")
        tools = reading.result()
    metadata = footer(
        request.config.fingerprint(),
        tools.fingerprints(),
        describe_linking(request.config.link),
        request.config.sample,
    )
    lap("load")
    items = b""
    if request.against is not None:
        items = read_evaluation(request.against, filesystem).to_bytes()
    evaluation = fingerprint_of(items) if items else ""
    staging = _open_staging(request, plan, metadata, evaluation, output)
    if items:
        write_bytes(output, pack_path(staging, output), items)
    engine(
        EngineRun(plan, request.config, staging, metadata, request, evaluation),
        filesystem,
        output,
    )
    lap("audit")
    stages = _stages(staging, output)
    counts = _counts(plan, staging, output)
    _check_text_found(counts, staging, output)
    record = _record(request, plan, metadata, {"stages": stages, "counts": counts})
    record["seconds"] = seconds
    write_bytes(
        output,
        output.join(staging, "run.json"),
        json.dumps(record, indent=1).encode() + b"\n",
    )
    _write_page(plan, staging, output)
    # Last, so that a run that is killed at the page need not read anything again.
    output.remove(output.join(staging, "run-key.json"))
    output.remove(output.join(staging, "tasks"))
    output.remove(pack_path(staging, output))
    output.move(staging, request.out)
    lap("publish")
    result = RunResult(
        request.out,
        {name: output.join(request.out, name) for name in plan.corpora},
        seconds,
    )
    _check_reject_rate(request, counts)
    return result


def profile(
    corpora: Mapping[str, str | Sequence[str]],
    out: str,
    *,
    config: AuditConfig | None = None,
    runner: str = "in-process",
    workers: int = 1,
    overwrite: bool = False,
    against: Mapping[str, str | Sequence[str]] | Against | None = None,
) -> RunResult:
    """Audit corpora from a program or a notebook.

    Args:
        corpora: a path, folder or glob, or several, by corpus name.
        out: folder for the profiles.
        config: all that decides what the profiles say; the defaults if None.
        runner: ``in-process``, ``local`` or the name of a Beam runner.
        workers: threads of a local runner.
        overwrite: replace an output folder that exists.
        against: evaluation sets whose items are looked for, by name; or an `Against`,
            which also says their fields and the threshold.

    Raises:
        CorpusAuditError: see `run`.
    """
    if against is not None and not isinstance(against, Against):
        against = Against(_patterns(against))
    return run(
        RunRequest(
            _patterns(corpora),
            out,
            config or AuditConfig(),
            runner,
            workers,
            overwrite=overwrite,
            against=against,
        )
    )


def _patterns(
    named: Mapping[str, str | Sequence[str]],
) -> dict[str, tuple[str, ...]]:
    return {
        name: (found,) if isinstance(found, str) else tuple(found)
        for name, found in named.items()
    }


def _write_page(plan: Plan, staging: str, output: Output) -> None:
    """Write report.html; the page is built from local copies of the tables."""
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        for path in output.list(staging):
            name = path[len(staging) :].lstrip("/")
            if name.endswith((".parquet", ".json")) and "/part-" not in name:
                target = here / name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(output.read(path) or b"")
        page = here / "report.html"
        build_page([here / name for name in plan.corpora], page, largest=True)
        write_bytes(output, output.join(staging, "report.html"), page.read_bytes())


def _check_out(request: RunRequest, output: Output) -> None:
    if output.exists(request.out) and not request.overwrite:
        raise ConfigError(
            "The output folder must not hold anything yet",
            value=request.out,
            next_step="Give another --out, or --overwrite to replace it.",
        )
    for name in request.corpora:
        if not name or name in {".", ".."} or set(name) & set('/\\:*?"<>|\0'):
            raise ConfigError(
                "A corpus name can be the name of a folder",
                value=name,
                next_step="Name it with letters, digits, - and _: NAME=PATH.",
            )


def _run_key(
    request: RunRequest, plan: Plan, metadata: dict[str, str], evaluation: str
) -> dict[str, Any]:
    """Return what must be the same for a run to be resumed."""
    sizes = {c: {f.name: f.size for f in plan.files[c]} for c in plan.corpora}
    described = request.config.describe()
    return {
        "config": json.loads(json.dumps(described, default=str)),
        "input files": sizes,
        "tasks": len(plan.tasks),
        "evaluation items": evaluation,
        **{name.rpartition(".")[2]: text for name, text in metadata.items()},
    }


def _open_staging(
    request: RunRequest,
    plan: Plan,
    metadata: dict[str, str],
    evaluation: str,
    output: Output,
) -> str:
    """Return the folder to work in, with what an earlier run left if it may be used."""
    head, _, tail = request.out.rstrip("/").rpartition("/")
    staging = f"{head}/.{tail}.partial" if head or _ else f".{tail}.partial"
    key_path = output.join(staging, "run-key.json")
    key = _run_key(request, plan, metadata, evaluation)
    stored = output.read(key_path) if request.resume else None
    if stored is None:
        output.remove(staging)
        write_bytes(output, key_path, json.dumps(key).encode())
        return staging
    before = json.loads(stored)
    for name, value in key.items():
        if changes := list(_changes(before.get(name), value)):
            shown = "; ".join(changes[:_SHOWN_CHANGES])
            more = f"; and {len(changes) - _SHOWN_CHANGES} more"
            raise ConfigError(
                f"A run is resumed with the same {name.replace('_', ' ')}",
                value=shown + (more if len(changes) > _SHOWN_CHANGES else ""),
                where=staging,
                next_step="Run without --resume to start anew.",
            )
    # Kept are what single tasks gave; what was made of all of them is made again.
    for path in output.list(staging):
        if path.endswith((".clusters", ".shared")):
            output.remove(path)
    return staging


def _changes(before: Any, now: Any, place: str = "") -> Iterator[str]:
    """Yield where two values that JSON can hold differ, each in a few words."""
    if isinstance(before, dict) and isinstance(now, dict):
        for name in sorted(before.keys() | now.keys()):
            below = f"{place}, {name}" if place else str(name)
            yield from _changes(before.get(name), now.get(name), below)
    elif before != now:
        yield f"{place}: {before} before, {now} now".removeprefix(": ")


def _stages(staging: str, output: Output) -> dict[str, int]:
    """Return the blocks that went between stages, once the engine closed its books."""
    path = output.join(staging, f"{BOOKS}.json")
    data = output.read(path)
    if data is None:
        raise AccountingError(
            "An engine compares what its stages sent and received before it ends",
            value="no books were closed",
            where=staging,
            next_step="Run again with --resume, and report it if it stays.",
        )
    output.remove(path)
    blocks: dict[str, int] = json.loads(data)["blocks"]
    return blocks


def _counts(plan: Plan, staging: str, output: Output) -> dict[str, dict[str, int]]:
    """Read back the summary of each corpus from what was written."""
    counts: dict[str, dict[str, int]] = {}
    for corpus in plan.corpora:
        data = output.read(output.join(staging, corpus, "summary.parquet"))
        if data is None:
            raise AccountingError(
                "Every corpus of the job has a profile at its end",
                value=f"none for {corpus}",
                next_step="Run again with --resume, and report it if it stays.",
            )
        row = pq.read_table(io.BytesIO(data)).to_pylist()[0]
        counts[corpus] = {k: v for k, v in row.items() if k != "corpus"}
    return counts


def _check_text_found(
    counts: dict[str, dict[str, int]], staging: str, output: Output
) -> None:
    """Stop where no file had a text field: that is a wrong call, not bad input."""
    for corpus, row in counts.items():
        if row["documents"] or not row["rejected"]:
            continue
        data = output.read(output.join(staging, corpus, "rejects.parquet")) or b""
        first = pq.read_table(io.BytesIO(data)).to_pylist()[0]
        if first["reason"] in {"no_text_field", "unsupported_format"}:
            output.remove(staging)
            raise InputError(
                "The text of the documents can be found in the files",
                value=first["detail"],
                where=f"{first['file']} of corpus {corpus}",
                next_step="Name the field with --text-field, or a layout with "
                "--layout; corpus-audit inspect shows what is there.",
            )


def _check_reject_rate(request: RunRequest, counts: dict[str, dict[str, int]]) -> None:
    allowed = request.config.max_reject_rate
    for corpus, row in counts.items():
        records = row["documents"] + row["rejected"]
        if records and row["rejected"] / records > allowed:
            raise RejectRateError(
                f"At most {allowed:.1%} of the records may be rejected",
                value=f"{row['rejected']:,} of {records:,}",
                where=f"corpus {corpus}",
                next_step=f"See {corpus}/rejects.parquet in {request.out} for the "
                "reasons, or allow more with --max-reject-rate.",
            )


def _record(
    request: RunRequest,
    plan: Plan,
    metadata: dict[str, str],
    counts: dict[str, Any],
) -> dict[str, Any]:
    """Return run.json: what was run, on what, with what, and what came of it."""
    return {
        "tool": {"name": "corpus-audit", "version": version("corpus-audit")},
        "python": platform.python_version(),
        "packages": {
            name: version(name) for name in ("apache-beam", "numba", "numpy", "pyarrow")
        },
        "runner": request.runner,
        "workers": request.workers,
        "metadata": metadata,
        "config": json.loads(json.dumps(request.config.describe(), default=str)),
        "inputs": {
            corpus: [asdict(file) for file in plan.files[corpus]]
            for corpus in plan.corpora
        },
        "tasks": len(plan.tasks),
        **({} if request.against is None else {"against": asdict(request.against)}),
        **counts,
    }
