import subprocess
import sys

import pyarrow as pa

_PROGRAM = """
import pyarrow as pa
from audit.commands.memory import share_one_heap
print(share_one_heap(), pa.default_memory_pool().backend_name)
"""


def told(**environment):
    """Return what a process of its own says, with nothing else in its environment."""
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.split()


def test_one_heap_is_shared_where_the_c_library_can_be_told():
    shared, pool = told()
    assert shared in {"True", "False"}
    assert pool == "system"


def test_what_the_user_has_chosen_stands():
    pool = pa.default_memory_pool().backend_name
    found = told(MALLOC_ARENA_MAX="4", ARROW_DEFAULT_MEMORY_POOL=pool)
    assert found == ["False", pool]
