"""Where the CPU seconds of a job go, stage by stage.

In: a folder of documents. Out: one line of JSON: CPU seconds of each stage of the
in-process loop, of the page and of the whole, after a first job on one document has
loaded all there is to load. Stages are found by their names in `audit.local`.

    python -m benchmarks.stages DOCUMENTS WORK_FOLDER
"""

import functools
import inspect
import json
import sys
import threading
import time
from collections import Counter
from pathlib import Path

_SUFFIX = "_stage"
_LOCK = threading.Lock()


def _timed(function, name, spent):
    """Return a function that adds its own CPU time; what it yields is made at once."""
    generator = inspect.isgeneratorfunction(inspect.unwrap(function))

    @functools.wraps(function)
    def run(*words, **named):
        before = time.thread_time()
        result = function(*words, **named)
        result = list(result) if generator else result
        with _LOCK:
            spent[name] += time.thread_time() - before
        return result

    return run


def watch(spent):
    """Let every stage of the in-process loop, and the page, tell what it costs."""
    from audit import local
    from audit import run as whole

    for name, function in list(vars(local).items()):
        if name.endswith(_SUFFIX) and callable(function):
            setattr(local, name, _timed(function, name.removesuffix(_SUFFIX), spent))
    whole.build_page = _timed(whole.build_page, "page", spent)


def main(documents, folder):
    """Run one job to load everything, then the one that counts."""
    from audit import profile

    one = Path(folder) / "first.jsonl"
    with next(iter(sorted(Path(documents).iterdir()))).open("rb") as lines:
        one.write_bytes(b"".join(lines.readline() for _ in range(50)))
    spent = Counter()
    watch(spent)
    out = str(Path(folder) / "stages")
    profile({"all": str(one)}, out, overwrite=True)
    spent.clear()
    before = time.process_time()
    profile({"all": documents}, out, overwrite=True)
    spent["whole"] = time.process_time() - before
    print(json.dumps(spent))


if __name__ == "__main__":
    main(*sys.argv[1:])
