"""Run a command and print what it took; a peak of memory counts from its starter's, so this one is small."""

import json
import os
import sys
import time

started = time.monotonic()
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(child, 0)
took = {
    "wall": time.monotonic() - started,
    "cpu": usage.ru_utime + usage.ru_stime,
    "memory": usage.ru_maxrss / 1024,
}
print(json.dumps(took))
sys.exit(os.waitstatus_to_exitcode(status))
