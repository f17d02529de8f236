"""Run one command and write what it cost, as a process so small that its own memory does not count.

    python -I -S launch.py REPORT STDOUT STDERR COMMAND...

Peak memory survives `exec`, so a child of a large process would report its parent's memory. This file uses the standard
library alone and knows nothing of kulla. The report is JSON: CPU seconds of the command and of every child it waited
for (user and system), wall seconds, peak memory in KiB of its largest process, exit code.
"""

import json
import os
import subprocess
import sys
import time

report, stdout, stderr, *command = sys.argv[1:]
with open(stdout, "wb") as out, open(stderr, "wb") as err:  # noqa: PTH123 - no imports that cost memory
    begun = time.monotonic()
    child = subprocess.Popen(command, stdout=out, stderr=err, stdin=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    wall = time.monotonic() - begun
    child.returncode = os.waitstatus_to_exitcode(status)
figures = {"cpu": used.ru_utime + used.ru_stime, "wall": wall, "kib": used.ru_maxrss, "code": child.returncode}
with open(report, "w", encoding="utf-8") as file:  # noqa: PTH123
    json.dump(figures, file)
