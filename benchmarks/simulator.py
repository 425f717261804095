"""How fast the simulator writes a company, and how much memory it takes: `python -m benchmarks.simulator`."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LINES = (600_000, 10_000_000)
_CHILD = """
import json, resource, sys, time
from channel_analysis.simulator import simulate
start = time.perf_counter()
simulate(sys.argv[1], lines=int(sys.argv[2]))
used = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({
    "seconds": round(time.perf_counter() - start, 1),
    "cpu_seconds": round(used.ru_utime + used.ru_stime, 1),
    "peak_mib": used.ru_maxrss // 1024,
}))
"""


def measure(lines: int) -> dict[str, float]:
    """Simulate a company of 1,200 partners and 36 months in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", _CHILD, folder, str(lines)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        size = sum(path.stat().st_size for path in Path(folder).iterdir())
    figures: dict[str, float] = json.loads(done.stdout)
    return {"lines": lines, **figures, "megabytes": size // 1_000_000}


def main(lines: list[int]) -> None:
    """Print a line of figures for each size."""
    for count in lines:
        print(time.strftime("%Y-%m-%d"), json.dumps(measure(count)), flush=True)


if __name__ == "__main__":
    main([int(text.replace("_", "")) for text in sys.argv[1:]] or list(LINES))
