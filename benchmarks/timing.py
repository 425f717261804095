"""CPU seconds, wall seconds and peak memory of whole commands, as medians over runs taken in turn."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Timing:
    """One command: CPU seconds (user and system, children included), wall seconds, peak memory in MiB.

    `call_cpu` and `call_wall` are what the command itself says of the call it is about, imports aside.
    """

    cpu: float
    wall: float
    memory: float
    call_cpu: float = float("nan")
    call_wall: float = float("nan")


def compare(commands: Mapping[str, Sequence[str]], runs: int, warm: bool = True) -> dict[str, Timing]:
    """Medians of each command over `runs`, the commands in turn; with `warm` a first round is not counted."""
    taken: dict[str, list[Timing]] = {name: [] for name in commands}
    for number in range(runs + warm):
        for name, command in commands.items():
            say(f"{name}, run {number + 1} of {runs + warm}")
            measured = once(command)
            if number >= warm:
                taken[name].append(measured)
    return {name: median(found) for name, found in taken.items()}


def median(found: Sequence[Timing]) -> Timing:
    """The median of each figure."""
    names = [field.name for field in fields(Timing)]
    return Timing(**{name: statistics.median(getattr(run, name) for run in found) for name in names})


def once(command: Sequence[str]) -> Timing:
    """Run a command, its program an absolute path, in a process of its own."""
    launched = [sys.executable, "-S", "-E", str(ROOT / "benchmarks" / "launch.py"), *command]
    done = subprocess.run(launched, capture_output=True, text=True, cwd=ROOT)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    *said, took = done.stdout.splitlines()
    call = json.loads(said[-1]) if said and said[-1].startswith('{"call_wall"') else {}
    return Timing(**json.loads(took), **call)


def say(text: str) -> None:
    """A line of progress."""
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)
