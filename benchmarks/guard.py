"""The kernels of this tree against those of its own baseline, as ratios, never seconds.

In: this tree and the commit that last changed ``guard.json``, taken out of git's
history. Out: for each piece of work whose sources differ between the two, the CPU time
of this tree over that of the baseline. Both are compiled and measured here and now, as
processes that take turns, so a ratio depends neither on what kind of processor this is
nor on what else runs: a machine that is slow or busy is slow for both. The least time
of all turns counts, for noise only ever adds; what looks slow is measured again with
new processes before it is believed.

A change that is meant to cost time moves the baseline: say why in ``guard.json``.

    python -m benchmarks guard
"""

import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path

from benchmarks import tables
from benchmarks.guard_work import PIECES

ROOT = Path(__file__).parents[1]
BASELINE = "benchmarks/guard.json"
_TURNS = 7
_CHANCES = 4
_PARTS = ("audit", "schemas", "benchmarks")
_IMPORTED = re.compile(r"^\s*from (audit(?:\.\w+)+) import", re.MULTILINE)


class NothingToCompare(Exception):  # noqa: N818 it is no error
    """Why there is nothing that this tree could be measured against."""


def allowed():
    """Return the share of its time that a kernel may take more."""
    return json.loads((ROOT / BASELINE).read_text("utf-8"))["loss"]


def _git(*words, root=ROOT):
    """Return what git prints, as bytes; None where it cannot say."""
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *words], capture_output=True, check=False
        )
    except FileNotFoundError:
        return None
    return done.stdout if done.returncode == 0 else None


def baseline_commit(root=ROOT):
    """Return the commit that last changed the baseline.

    Raises:
        NothingToCompare: there is no history, or the baseline is being moved.
    """
    top = _git("rev-parse", "--show-toplevel", root=root)
    if top is None or Path(top.decode().strip()).resolve() != Path(root).resolve():
        raise NothingToCompare("this tree is no git repository: no history")
    if _git("rev-parse", "--is-shallow-repository", root=root) != b"false\n":
        raise NothingToCompare("this clone is shallow: history has been left out")
    if _git("status", "--porcelain", "--", BASELINE, root=root):
        raise NothingToCompare(f"{BASELINE} is being changed: that moves the baseline")
    found = (_git("log", "-1", "--format=%H", "--", BASELINE, root=root) or b"").strip()
    if not found:
        raise NothingToCompare(f"no commit has {BASELINE}")
    return found.decode()


def unpack(commit, folder, root=ROOT):
    """Write the packages of a commit into a folder."""
    packed = _git("archive", "--format=tar", commit, "--", *_PARTS, root=root)
    if packed is None:
        raise NothingToCompare(f"git cannot give the files of {commit[:12]}")
    with tarfile.open(fileobj=BytesIO(packed)) as files:
        # The filter is known to Python 3.12 and late 3.10 and 3.11 alone.
        safe = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
        files.extractall(folder, **safe)


def sources(root, start):
    """Return the bytes of a module and of all of `audit` that it imports, by path."""
    found, waiting = {}, [start]
    while waiting:
        path = waiting.pop()
        file = Path(root) / path
        if path in found or not file.exists():
            continue
        found[path] = file.read_bytes()
        for name in _IMPORTED.findall(found[path].decode()):
            waiting += [f"{name.replace('.', '/')}{end}" for end in _ENDS]
    return found


_ENDS = (".py", "/__init__.py")


def changed(here, before):
    """Return the pieces of work whose sources differ between two trees."""
    return [
        name
        for name, starts in PIECES.items()
        if any(sources(here, start) != sources(before, start) for start in starts)
    ]


class _Tree:
    # A process that does the work of one tree whenever it is asked to.

    def __init__(self, root, names, cache):
        environment = {**os.environ, "PYTHONPATH": str(root), "PYTHONHASHSEED": "0"}
        if cache:
            # Kernels of a folder that will be gone must not pile up in the cache.
            environment["XDG_CACHE_HOME"] = str(cache)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.guard_work", *names],
            cwd=root, env=environment, text=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def ready(self):
        """Wait until all is compiled; return "" or why that failed."""
        if self._process.stdout.readline() == "ready\n":
            return ""
        _, told = self._process.communicate()
        return (told.strip().splitlines() or ["it ended"])[-1]

    def turn(self):
        """Return the least CPU seconds of each piece of work."""
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self):
        """Let the process end."""
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()
        self._process.stderr.close()


def times(before, names, cache, here=ROOT):
    """Return the least CPU seconds of each piece of work, here and before.

    Args:
        before: folder of the other tree.
        names: pieces of work.
        cache: folder for compiled kernels of the other tree.
        here: folder of this tree.

    Raises:
        NothingToCompare: the other tree cannot be run.
    """
    with ExitStack() as open_:
        trees = []
        for root, kept in ((here, None if here == ROOT else cache), (before, cache)):
            trees.append(_Tree(root, names, kept))
            open_.callback(trees[-1].close)
        failed = [tree.ready() for tree in trees]
        if failed[0]:
            raise RuntimeError(f"this tree cannot be measured: {failed[0]}")
        if failed[1]:
            raise NothingToCompare(f"the baseline does not run here: {failed[1]}")
        best = [dict.fromkeys(names, float("inf")) for _ in trees]
        for turn in range(_TURNS):
            # Who comes first changes, so that neither always finds a warm processor.
            for i in (0, 1) if turn % 2 else (1, 0):
                found = trees[i].turn()
                best[i] = {name: min(best[i][name], found[name]) for name in names}
    return best


def losses(found, loss):
    """Return the pieces of work that take more time than is allowed."""
    return [name for name, ratio in found.items() if ratio > 1 + loss]


def settled(measure, names, loss, chances=_CHANCES):
    """Measure, and again what looks slow; return CPU time here over that before.

    Least times are gathered over all measurements before they are divided: more of them
    bring both sides closer to what they are, and favour neither.

    Args:
        measure: from names to the least times of both trees.
        names: pieces of work.
        loss: share of its time that a kernel may take more.
        chances: measurements at most.
    """
    here, before = measure(names)
    for _ in range(chances - 1):
        slow = losses(_divided(here, before), loss)
        if not slow:
            break
        for best, again in zip((here, before), measure(slow), strict=True):
            best.update({name: min(best[name], again[name]) for name in slow})
    return _divided(here, before)


def _divided(here, before):
    return {name: here[name] / before[name] for name in here}


def compared(root=ROOT):
    """Return the ratios of all pieces of work that have changed, and the baseline.

    Raises:
        NothingToCompare: there is no history, or nothing has changed.
    """
    commit = baseline_commit(root)
    with tempfile.TemporaryDirectory(prefix="corpus-audit-guard-") as folder:
        before, cache = Path(folder) / "tree", Path(folder) / "cache"
        before.mkdir()
        unpack(commit, before, root)
        names = changed(root, before)
        if not names:
            raise NothingToCompare(f"no kernel has changed since {commit[:12]}")
        found = settled(lambda some: times(before, some, cache), names, allowed())
    return found, commit


def report():
    """Return what was found as text, and whether it is good."""
    try:
        found, commit = compared()
    except NothingToCompare as why:
        return f"guard: nothing to compare: {why}", True
    loss = allowed()
    slow = losses(found, loss)
    rows = [
        [name, f"{ratio:.2f}", "SLOWER" if name in slow else "ok"]
        for name, ratio in found.items()
    ]
    head = ["kernel", f"CPU time, {commit[:12]} = 1", f"at most {1 + loss:.2f}"]
    return tables.markdown(head, rows), not slow
