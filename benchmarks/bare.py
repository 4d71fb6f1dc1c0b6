"""The bare kernels as a process of its own, so that two can run at the same time.

In: a folder to meet in, how many processes meet there, files of documents. Out: one
line of JSON with CPU and wall seconds of the kernels alone: everything is loaded, and
all processes have said so, before any clock starts.

    python -m benchmarks.bare MEET COUNT FILE...
"""

import itertools
import json
import os
import sys
import time
from pathlib import Path

from benchmarks import limit

_WARM_LINES = 200


def _meet(folder, count):
    """Wait until so many processes have come here."""
    (folder / f"here-{os.getpid()}").touch()
    while len(list(folder.glob("here-*"))) < count:
        time.sleep(0.002)


def main(meet, count, *paths):
    """Warm up, meet the others, run the kernels."""
    folder = Path(meet)
    few = folder / f"few-{os.getpid()}.jsonl"
    with Path(paths[0]).open("rb") as lines:
        few.write_bytes(b"".join(itertools.islice(lines, _WARM_LINES)))
    limit.bare([few])
    _meet(folder, int(count))
    wall, cpu = time.perf_counter(), time.process_time()
    limit.bare(paths)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(json.dumps({"cpu": cpu, "wall": wall}))


if __name__ == "__main__":
    main(*sys.argv[1:])
