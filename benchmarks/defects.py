"""Which defects the intake finds: `python -m benchmarks.defects` prints a table over many companies.

Each seed is a company without a fault; the kinds of tests/damage are seeded into it, several at once as
in real life (`--alone`: one at a time), and what the intake finds is compared with what was done. With
`--fuzz N` so many broken files are taken in afterwards. The full form takes about an hour on two cores.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from channel_analysis.metrics.intervals import wilson_interval
from tests.damage.judge import Judged, judge, judge_clean, sound_company
from tests.damage.kinds import companies, every_kind

from .timing import ROOT, say


def main() -> None:
    """Judge as many companies as are asked for; print misses as they come and the table at the end."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.defects", description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--alone", action="store_true", help="one defect at a time")
    parser.add_argument("--parquet", action="store_true", help="write the spoiled tables as Parquet")
    parser.add_argument("--fuzz", type=int, default=0, metavar="N", help="so many broken files afterwards")
    parser.add_argument("kinds", nargs="*", help="only these kinds of defects")
    asked = parser.parse_args()
    found, seeded, beside, alarms = Counter[str](), Counter[str](), Counter[str](), []
    for seed in range(asked.first, asked.first + asked.seeds):
        with tempfile.TemporaryDirectory() as folder:
            alarms += _clean(Path(folder), seed)
            for judged in _judged(Path(folder) / f"dressed-{seed}", seed, asked):
                alarms += [f"seed {seed}: {alarm}" for alarm in judged.false_alarms]
                beside.update(judged.beside)
                for verdict in judged.verdicts:
                    seeded[verdict.kind] += 1
                    found[verdict.kind] += verdict.is_found
                    if not verdict.is_found:
                        truth = verdict.truth
                        say(
                            f"missed, seed {seed}: {verdict.kind} ({truth.rule} {truth.rows}): {verdict.said}"
                        )
    if seeded:
        sys.stdout.write(table(found, seeded, alarms, asked.seeds))
        sys.stdout.write(
            f"Findings beside the defects, on tables that were spoiled: {dict(beside.most_common())}\n"
        )
    if asked.fuzz:
        sys.exit(_fuzz(asked.fuzz))


def table(found: Counter[str], seeded: Counter[str], alarms: Sequence[str], seeds: int) -> str:
    """Kinds of defects with the share found and its 95 % interval, and the false alarms."""
    lines = ["| defect | found | of | share | 95 % interval |", "| --- | --: | --: | --: | --- |"]
    lines += [_line(kind, found[kind], count) for kind, count in sorted(seeded.items())]
    lines.append(_line("all", found.total(), seeded.total()))
    lines += [
        "",
        f"False alarms in {2 * seeds} companies without a fault and on tables nobody spoiled: {len(alarms)}",
    ]
    return "\n".join([*lines, *(f"- {alarm}" for alarm in alarms)]) + "\n"


def _line(kind: str, found: int, count: int) -> str:
    (low,), (high,) = wilson_interval(np.array([float(found)]), np.array([float(count)]))
    interval = f"{low:.1%} to {high:.1%}"
    return f"| {kind.replace('_', ' ')} | {found} | {count} | {found / count:.1%} | {interval} |"


def _clean(folder: Path, seed: int) -> list[str]:
    """What is said of the company as it is, and in the dress of real files."""
    dressed = sound_company(folder, seed)
    said = [*judge_clean(folder / f"sound-{seed}"), *judge_clean(dressed)]
    return [f"seed {seed}, without a fault: {text}" for text in said]


def _judged(sound: Path, seed: int, asked: argparse.Namespace) -> list[Judged]:
    alone = [(kind,) for kind in every_kind() if not asked.kinds or kind.__name__ in asked.kinds]
    spoiled = alone if asked.alone or asked.kinds else companies()
    kind_of_file = "parquet" if asked.parquet else "csv"
    judged = []
    for number, kinds in enumerate(spoiled, start=1):
        say(f"seed {seed}, company {number} of {len(spoiled)}")
        judged.append(judge(sound, kinds, seed, kind_of_file))
    return judged


def _fuzz(examples: int) -> int:
    """The tests of broken files with so many examples each, in a process of its own."""
    command = [sys.executable, "-m", "pytest", "-q", "tests/store/test_damaged_files.py"]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, "DAMAGED_FILES": str(examples)}).returncode


if __name__ == "__main__":
    main()
