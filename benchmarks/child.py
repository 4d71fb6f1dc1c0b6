"""Run one command and say what it cost: ``python -I -S child.py TOLD LOG COMMAND...``.

A small process of its own stands between a benchmark and what it measures, because a
child's largest resident set is counted from before it has become another program: a
large parent would be taken for a large child. It imports nothing but the system.
"""

import os
import sys
import time

told, log, *command = sys.argv[1:]
start = time.perf_counter()
pid = os.fork()
if pid == 0:
    sink = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    os.dup2(sink, 1)
    os.dup2(sink, 2)
    try:
        os.execvp(command[0], command)
    except OSError as error:
        print(error, flush=True)
        os._exit(127)
_, status, used = os.wait4(pid, 0)
with open(told, "w", encoding="ascii") as out:
    wall = time.perf_counter() - start
    code = os.waitstatus_to_exitcode(status)
    out.write(f"{used.ru_utime + used.ru_stime} {wall} {used.ru_maxrss} {code}")
