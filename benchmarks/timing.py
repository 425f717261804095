"""CPU seconds and peak memory of whole commands, as medians over runs taken in turn."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timing:
    """Medians of one command: CPU seconds (user and system, children included) and wall seconds."""

    name: str
    cpu: float
    wall: float
    runs: int


def compare(commands: Mapping[str, Sequence[str]], runs: int) -> list[Timing]:
    """Run each command `runs` times, the commands in turn, after one round that is not counted."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    for number in range(runs + 1):
        for name, command in commands.items():
            measured = _once(command)
            if number:
                taken[name].append(measured)
    return [
        Timing(name, *(statistics.median(run[i] for run in found) for i in (0, 1)), runs)
        for name, found in taken.items()
    ]


def _once(command: Sequence[str]) -> tuple[float, float]:
    import time

    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ)
    after, ended = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, ended - started
