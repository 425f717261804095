"""What the search for segments is worth: `python -m benchmarks.rootcause --date 2026-11-23`.

Every figure of the search on cases with known causes (see `rootcause_sets`), beside others on the same
cases in the same run, with n and 95 % intervals: segments named exactly, segments named where nothing
happened, how far intervals cover, whether the change adds up, time and memory, and the same bytes twice.
Writes ROOTCAUSE.md. `--small FOLDER` is a quick try; `--parts` runs some parts only.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import platform
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

from channel_analysis.metrics.intervals import wilson_interval
from channel_analysis.rootcauses import Segments

from .rootcause_cases import Case, hits, micro_f1, respelled, where
from .rootcause_peers import OURS, WISE_PIZZA, Peer, oracle, peers, search
from .rootcause_sales import NULLS, dense_sales, sparse_sales
from .rootcause_sets import DATA, PLANTED, PUBLIC
from .timing import ROOT, once, say

SEED = 100_000
"""First seed of the cases reported on; settings were chosen on seeds below 1,000."""
SPEEDS = {
    "1e6 leaves, 6 dimensions, all layers": (1_000_000, (10, 10, 10, 10, 10, 10)),
    "1e7 leaves, 6 dimensions, all layers": (10_000_000, (15, 15, 15, 15, 15, 14)),
    "1e6 leaves, 12 dimensions": (1_000_000, (10,) * 12),
}
Hits = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Size:
    """Cases per set, slow peers' cases per set, null runs per kind, draws of the bootstrap, timed sizes."""

    cases: int = 150
    slow: int = 12
    nulls: int = 500
    draws: int = 500
    speeds: tuple[str, ...] = tuple(SPEEDS)


FULL = Size()
SMALL = Size(cases=1, slow=1, nulls=1, draws=20, speeds=())


@dataclass(slots=True)
class Figures:
    """What was counted in one run: one row per case and method, per null run, and per planted interval."""

    named: list[tuple[str, str, Hits, float]] = field(default_factory=list)
    nulls: list[tuple[str, str, int, str, float]] = field(default_factory=list)
    covered: list[tuple[str, float, bool]] = field(default_factory=list)
    residuals: list[float] = field(default_factory=list)


# --- what is counted -------------------------------------------------------------------------------------


def planted_cases(name: str, many: int, data: Path) -> Iterable[Case]:
    """Cases of one set; sales with each strength in turn."""
    if name in PUBLIC:
        yield from list(PUBLIC[name](data))[: many if many < 10 else None]
        return
    for seed in range(SEED, SEED + many):
        yield PLANTED[name](seed)


def count_planted(figures: Figures, size: Size, data: Path) -> None:
    """Segments named exactly, by set and method."""
    for name in (*PUBLIC, *PLANTED):
        for number, case in enumerate(planted_cases(name, size.cases, data)):
            own = f"{name}, {case.strength:.0f} standard errors" if case.strength > 0 else name
            for peer, named in peers().items():
                if peer != OURS and _sits_out(peer, number, size):
                    continue
                _count(figures, own, peer, named, case)
            if case.noise is not None:
                _count(figures, own, "oracle", oracle, case)
        say(f"{name}: done")


def _sits_out(peer: str, number: int, size: Size) -> bool:
    return peer == WISE_PIZZA and number >= size.slow


def _count(figures: Figures, own: str, peer: str, named: Peer, case: Case) -> None:
    begun = time.process_time()
    if peer != OURS:
        told = named(case)
        figures.named.append((own, peer, hits(told, case.truth), time.process_time() - begun))
        return
    found = search(case)
    took = time.process_time() - begun
    figures.named.append((own, peer, hits(found, case.truth), took))
    if case.is_nested:
        told = respelled(map(where, found), case)
        figures.named.append((f"{own}, same leaves", peer, hits(told, case.truth), took))
    figures.residuals.append(residual(found, case))
    for one in found:
        if where(one) in case.truth and np.isfinite(case.amount):
            figures.covered.append((case.name, case.strength, one.low <= case.amount <= one.high))


def residual(found: Segments, case: Case) -> float:
    """What trend, segments and rest miss of the change, to the larger of both totals."""
    told = found.trend + sum(one.contribution for one in found) + found.rest
    scale = max(float(case.frame[name].abs().sum()) for name in ("real", "predict"))
    return abs(found.actual - found.expected - told) / scale


def count_nulls(figures: Figures, size: Size) -> None:
    """Segments named where nothing happened, by kind of noise and method."""
    for name, draw in NULLS.items():
        for number in range(size.nulls):
            case = draw(SEED + number)
            found = search(case)
            figures.nulls.append((name, OURS, len(found), found.verdict, found.p_value))
            figures.residuals.append(residual(found, case))
            for peer, named in peers().items():
                if peer != OURS and number < size.slow:
                    figures.nulls.append((name, peer, len(named(case)), "", np.nan))
        say(f"null, {name}: done")


def count_coverage(figures: Figures, size: Size) -> None:
    """Whether the 95 % interval of a strong planted segment holds what it was planted with."""
    for draw in (sparse_sales, dense_sales):
        for seed in range(SEED + 10_000, SEED + 10_000 + 3 * size.cases):
            case = draw(seed, 10)
            for one in search(case):
                if where(one) in case.truth:
                    figures.covered.append((f"{case.name} alone", 10.0, one.low <= case.amount <= one.high))
    say("coverage: done")


# --- speed: processes of their own -----------------------------------------------------------------------


def leaves_of(name: str) -> pd.DataFrame:
    """A leaf table of one timed size, its codes as categories, with one segment at half of its value."""
    many, cards = SPEEDS[name]
    rng = np.random.default_rng(SEED)
    whole = int(np.prod(np.array(cards, dtype=np.float64)))
    if whole <= 2 * many:
        codes = np.array(np.unravel_index(np.arange(many), cards), dtype=np.int32)
    else:
        codes = np.array([rng.integers(0, card, many) for card in cards], dtype=np.int32)
    frame = pd.DataFrame(
        {
            f"d{place}": pd.Categorical.from_codes(
                own, [f"d{place}_{level}" for level in range(cards[place])]
            )
            for place, own in enumerate(codes)
        }
    )
    rates = rng.gamma(2.0, 25.0, many)
    now = np.where((codes[0] == 3) & (codes[2] == 5), rates / 2, rates)
    return frame.assign(predict=rng.poisson(rates) * 1.0, real=rng.poisson(now) * 1.0)


def one_speed(name: str, is_searched: bool) -> None:
    """Make the table of one size, and search it; says what the search took and its answer's fingerprint."""
    frame = leaves_of(name)
    if not is_searched:
        print('{"call_wall": 0.0, "call_cpu": 0.0}')
        return
    names = [column for column in frame.columns if column.startswith("d")]
    case = Case(name, frame, names, set())
    begun, cpu = time.perf_counter(), time.process_time()
    found = search(case)
    took = time.perf_counter() - begun, time.process_time() - cpu
    print(hashlib.sha256(found.to_frame().to_csv().encode()).hexdigest(), [dict(one) for one in found])
    print(f'{{"call_wall": {took[0]}, "call_cpu": {took[1]}}}')


def speeds(size: Size) -> pd.DataFrame:
    """CPU seconds of the search, and the peak memory of its process with and without it."""
    rows = []
    for name in size.speeds:
        command = [sys.executable, "-m", "benchmarks.rootcause", "--one", name]
        bare, whole = once([*command, "--bare"]), once(command)
        rows.append((name, whole.call_cpu, whole.call_wall, whole.memory, bare.memory))
        say(f"{name}: {whole.call_cpu:.1f} s")
    return pd.DataFrame(rows, columns=["size", "cpu", "wall", "memory", "bare"])


def fingerprint(seeds: Sequence[int]) -> str:
    """One hash over the answers to a case of every set."""
    told = hashlib.sha256()
    for seed in seeds:
        for draw in (*PLANTED.values(), *NULLS.values()):
            told.update(search(draw(seed)).to_frame().to_csv(index=False).encode())
    return told.hexdigest()


def same_twice() -> bool:
    """Whether two processes with other hash seeds give the same bytes."""
    import subprocess

    command = [sys.executable, "-m", "benchmarks.rootcause", "--fingerprint"]
    runs = [
        subprocess.run(
            command,
            cwd=ROOT,
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        for seed in ("1", "2")
    ]
    return runs[0].stdout == runs[1].stdout


# --- the page --------------------------------------------------------------------------------------------


def f1_interval(counts: Sequence[Hits], draws: int) -> tuple[float, float]:
    """95 % interval of the micro F1 from cases drawn with replacement."""
    rng, table = np.random.default_rng(0), np.asarray(counts).reshape(-1, 3)
    each = [micro_f1(table[rng.integers(0, len(table), len(table))]) for _ in range(draws)]  # type: ignore[arg-type]
    low, high = np.quantile(each, (0.025, 0.975))
    return float(low), float(high)


def share_of(right: int, many: int) -> str:
    """A share with its Wilson interval."""
    low, high = wilson_interval(np.array([float(right)]), np.array([float(many)]))
    return f"{right / max(many, 1):.3f} ({low[0]:.3f} to {high[0]:.3f}; n = {many})"


def planted_table(figures: Figures, draws: int) -> list[str]:
    """Micro F1 by set and method."""
    table = pd.DataFrame(figures.named, columns=["set", "method", "hits", "seconds"])
    lines = [
        "| set | method | n | micro F1 (95 %) | right | wrong | missed | CPU s each |",
        "|" + " --- |" * 8,
    ]
    for (own, method), rows in table.groupby(["set", "method"], sort=False):
        counts = rows["hits"].tolist()
        low, high = f1_interval(counts, draws)
        right, wrong, missed = np.asarray(counts).sum(axis=0)
        lines.append(
            f"| {own} | {method} | {len(rows)} | {micro_f1(counts):.3f} ({low:.3f} to {high:.3f}) "
            f"| {right} | {wrong} | {missed} | {rows['seconds'].mean():.2f} |"
        )
    return lines


def null_table(figures: Figures) -> list[str]:
    """Segments per run, runs with any, and verdicts, by noise and method."""
    names = ["noise", "method", "many", "verdict", "p"]
    table = pd.DataFrame(figures.nulls, columns=names)
    lines = [
        "| noise | method | segments a run | runs with any | verdicts | p below 0.05 |",
        "|" + " --- |" * 6,
    ]
    for (noise, method), rows in table.groupby(["noise", "method"], sort=False):
        verdicts = ", ".join(
            f"{name} {many}" for name, many in rows["verdict"].value_counts().items() if name
        )
        small = f"{(rows['p'] < 0.05).mean():.3f}" if rows["p"].notna().any() else ""
        share = share_of(int((rows["many"] > 0).sum()), len(rows))
        lines.append(f"| {noise} | {method} | {rows['many'].mean():.3f} | {share} | {verdicts} | {small} |")
    return lines


def covered_table(figures: Figures) -> list[str]:
    """Share of intervals that hold the truth."""
    table = pd.DataFrame(figures.covered, columns=["set", "strength", "holds"])
    lines = ["| set | standard errors | intervals that hold the planted amount |", "| --- | --- | --- |"]
    for (own, strength), rows in table.groupby(["set", "strength"], sort=False):
        lines.append(f"| {own} | {strength:.0f} | {share_of(int(rows['holds'].sum()), len(rows))} |")
    return lines


def speed_table(table: pd.DataFrame) -> list[str]:
    """Seconds and memory by size."""
    lines = ["| size | CPU s | wall s | peak MiB | of which the table itself |", "|" + " --- |" * 5]
    for row in table.itertuples():
        lines.append(f"| {row.size} | {row.cpu:.2f} | {row.wall:.2f} | {row.memory:.0f} | {row.bare:.0f} |")
    return lines


def heading(date: str) -> list[str]:
    """When and on what."""
    peer = f", wise-pizza {version('wise-pizza')}" if WISE_PIZZA in peers() else "; wise-pizza not installed"
    python, load = platform.python_version(), os.getloadavg()[1]
    return [
        "# Root causes: the search for segments",
        "",
        f"{date}, {os.cpu_count()} cores (load {load:.1f}), Python {python}, numpy {version('numpy')}, "
        f"pandas {version('pandas')}{peer}. Made by `python -m benchmarks.rootcause`; generated cases from "
        f"seed {SEED:,} on, settings were chosen on seeds below 1,000. One fixed setting for every set. "
        "Intervals: 95 %, Wilson of shares, cases drawn with replacement of F1. wise-pizza is told how many "
        "segments there are; the oracle knows the noise and that there is one segment.",
    ]


PARTS: dict[str, Callable[[Figures, Size, Path], list[str]]] = {}


def part(title: str) -> Callable[..., Callable[..., list[str]]]:
    """Enter a part of the page under its title."""

    def enter(make: Callable[[Figures, Size, Path], list[str]]) -> Callable[..., list[str]]:
        PARTS[title] = make
        return make

    return enter


@part("Segments named exactly")
def _planted(figures: Figures, size: Size, data: Path) -> list[str]:
    count_planted(figures, size, data)
    return planted_table(figures, size.draws)


@part("Where nothing happened")
def _nulls(figures: Figures, size: Size, data: Path) -> list[str]:
    count_nulls(figures, size)
    return null_table(figures)


@part("Intervals")
def _coverage(figures: Figures, size: Size, data: Path) -> list[str]:
    count_coverage(figures, size)
    return covered_table(figures)


@part("Speed")
def _speed(figures: Figures, size: Size, data: Path) -> list[str]:
    return speed_table(speeds(size))


@part("Adding up, and the same bytes")
def _adding(figures: Figures, size: Size, data: Path) -> list[str]:
    worst = max(figures.residuals, default=float("nan"))
    same = "the same bytes" if same_twice() else "OTHER BYTES"
    return [
        f"Largest residual of {len(figures.residuals)} searches, to the larger total: {worst:.1e}. "
        f"Two processes with other hash seeds: {same}."
    ]


def run(date: str, size: Size, data: Path, names: Iterable[str]) -> str:
    """The page of the parts named."""
    figures, lines = Figures(), heading(date)
    for name in names:
        lines += ["", f"## {name}", "", *PARTS[name](figures, size, data)]
    return "\n".join(lines) + "\n"


def main(given: list[str]) -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rootcause", description=__doc__)
    parser.add_argument("--date", default="undated", help="the day, for the page")
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the public data")
    parser.add_argument("--parts", nargs="*", choices=list(PARTS), default=list(PARTS))
    parser.add_argument("--small", type=Path, metavar="FOLDER", help="a quick try; the page goes to FOLDER")
    parser.add_argument("--cases", type=int, default=FULL.cases, help="cases per generated set")
    parser.add_argument("--nulls", type=int, default=FULL.nulls, help="runs per kind of noise")
    parser.add_argument("--slow", type=int, default=FULL.slow, help="cases per set of slow methods")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--bare", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--fingerprint", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args(given)
    if asked.one:
        one_speed(asked.one, not asked.bare)
        return
    if asked.fingerprint:
        print(fingerprint(range(SEED, SEED + 2)))
        return
    size = SMALL if asked.small else Size(asked.cases, asked.slow, asked.nulls)
    target = asked.small or ROOT / "benchmarks"
    target.mkdir(parents=True, exist_ok=True)
    (target / "ROOTCAUSE.md").write_text(run(asked.date, size, asked.data, asked.parts), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
