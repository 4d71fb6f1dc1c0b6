"""A real Flink for tests: the job server, fetched once, and workers of their own.

Out: an address that Beam's portable runner submits jobs to, and the address of a pool
that starts one Python process for each worker that Flink asks for. What Maven fetches
lies in the user's cache folder, never in the repository.

``CORPUS_AUDIT_FLINK=<line>:<beam version>`` (such as ``1.20:2.77.0``) takes another
job server than `pom.xml` names.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

POM = Path(__file__).with_name("pom.xml")
DRIVER = "org.apache.beam.runners.flink.FlinkJobServerDriver"
START_SECONDS, FETCH_SECONDS = 90, 1500
# What Flink reaches into by reflection, closed since Java 16.
_OPENED = (
    "java.base/java.io",
    "java.base/java.lang",
    "java.base/java.lang.invoke",
    "java.base/java.lang.reflect",
    "java.base/java.net",
    "java.base/java.nio",
    "java.base/java.text",
    "java.base/java.time",
    "java.base/java.util",
    "java.base/java.util.concurrent",
    "java.base/java.util.concurrent.atomic",
    "java.base/sun.net.util",
    "java.base/sun.nio.ch",
)


def missing_tool() -> str | None:
    """Return what a real Flink needs and this machine lacks, None if nothing."""
    return next((t for t in ("java", "mvn") if shutil.which(t) is None), None)


def class_path() -> Path:
    """Return the folder of the job server's jars; Maven fetches them the first time."""
    wanted = os.environ.get("CORPUS_AUDIT_FLINK", "")
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = base / "corpus-audit" / f"flink-{wanted.replace(':', '-') or 'pinned'}"
    stamp = folder / ".complete"
    if stamp.exists() and stamp.read_bytes() == POM.read_bytes():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    command = ["mvn", "-B", "-q", "-f", str(POM), "dependency:copy-dependencies"]
    command += [f"-DoutputDirectory={folder}", "-DincludeScope=runtime"]
    if wanted:
        line, _, version = wanted.partition(":")
        command += [f"-Dflink.line={line}", f"-Dbeam.version={version}"]
    subprocess.run(command, check=True, timeout=FETCH_SECONDS)
    stamp.write_bytes(POM.read_bytes())
    return folder


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("localhost", port), timeout=1),
        ):
            return
        time.sleep(0.2)
    raise RuntimeError(f"It does not listen on {port}: {log.read_text()[-2000:]}")


@contextlib.contextmanager
def _server(command: list[str], port: int, log: Path) -> Iterator[int]:
    """Run a server, all of whose processes are gone when it is left."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    with log.open("wb") as sink:
        process = subprocess.Popen(
            command,
            stdout=sink,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PATH": path},
            start_new_session=True,
        )
    try:
        _wait_for(port, process, log)
        yield process.pid
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextlib.contextmanager
def job_server(folder: Path) -> Iterator[str]:
    """Yield the address of a job server with a Flink cluster inside it."""
    port = free_port()
    command = ["java", *(f"--add-opens={name}=ALL-UNNAMED" for name in _OPENED)]
    command += ["-Xmx1g", "-cp", f"{class_path()}/*", DRIVER, "--flink-master=[local]"]
    command += [f"--job-port={port}", "--artifact-port=0", "--expansion-port=0"]
    command += [f"--artifacts-dir={folder / 'artifacts'}"]
    with _server(command, port, folder / "job-server.log"):
        yield f"localhost:{port}"


class WorkerPool:
    """Starts a Python process for each worker that Flink asks for."""

    def __init__(self, port: int, pid: int) -> None:
        self.address = f"localhost:{port}"
        self._pid = pid

    def workers(self) -> list[int]:
        """Return the ids of the worker processes that run now."""
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                fields = stat.read_text().rpartition(")")[2].split()
                if int(fields[1]) == self._pid and fields[0] != "Z":
                    found.append(int(stat.parent.name))
        return sorted(found)


@contextlib.contextmanager
def worker_pool(folder: Path) -> Iterator[WorkerPool]:
    """Yield a pool of worker processes."""
    port = free_port()
    module = "apache_beam.runners.worker.worker_pool_main"
    command = [sys.executable, "-m", module, f"--service_port={port}"]
    with _server(command, port, folder / "workers.log") as pid:
        yield WorkerPool(port, pid)
