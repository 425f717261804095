"""RESULTS.md: what was measured, in tables."""

from __future__ import annotations

import datetime
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version

from .speed import Growth
from .timing import Timing

PACKAGES = ("duckdb", "pandas", "pyarrow", "numpy", "papermill", "nbconvert")
NAMES = {
    "ours": "channel_analysis.measure",
    "sql": "one hand-written DuckDB statement",
    "pandas": "pandas, `read_parquet` included",
    "tuned pandas": "pandas, read by pyarrow as floats and categories",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that was measured."""

    lines: int
    runs: int
    runs_of_pandas: int
    figures: int
    peers: Mapping[str, Timing]
    growth: Sequence[Growth]
    review: Mapping[str, Timing]
    helps: Timing


def results(outcome: Outcome) -> str:
    """The page."""
    parts = [_head(outcome), _peers(outcome), _growth(outcome.growth)]
    if outcome.review:
        parts.append(_review(outcome.review))
    parts.append(["## The command line", "", f"`channel-analysis --help`: {outcome.helps.cpu:.2f} CPU s", ""])
    return "\n".join(line for part in parts for line in part)


def _head(outcome: Outcome) -> list[str]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return [
        "# Results",
        "",
        f"{datetime.date.today():%Y-%m-%d}, {os.cpu_count()} cores, {memory:.0f} GiB of memory, "
        f"Python {sys.version.split()[0]}, {versions}. Medians of {outcome.runs} runs in turn after one that "
        f"is not counted (pandas: {outcome.runs_of_pandas}; sizes: {min(outcome.runs, 3)}, taking in once). "
        "Every run is a process of its own; CPU seconds and peak memory are the process's. Made by "
        "`python -m benchmarks`.",
        "",
    ]


def _peers(outcome: Outcome) -> list[str]:
    ours = outcome.peers["ours"]
    rows = [
        f"| {NAMES[way]} | {t.call_cpu:.2f} | {t.call_wall:.2f} | {ours.call_cpu / t.call_cpu:.2f} | "
        f"{ours.call_wall / t.call_wall:.2f} | {t.cpu:.2f} | {t.wall:.2f} | {t.memory:,.0f} |"
        for way, t in outcome.peers.items()
    ]
    slow = outcome.peers["pandas"]
    return [
        f"## Every KPI of a quarter by partner and region, {outcome.lines:,} sales lines",
        "",
        "The same stored intake, the same figures: all "
        f"{outcome.figures:,} pairs of numerator and denominator that are sound were compared, money to its "
        "last digit, the rest to nine. The call is the function alone, on a workspace that is open; the "
        "process holds starting, imports and (ours) finding that the files are those taken in.",
        "",
        "| way | call CPU s | call wall s | ours / it, CPU | wall | process CPU s | wall s | peak MiB |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        *rows,
        "",
        f"Pandas takes {slow.call_cpu / ours.call_cpu:.1f} times our CPU seconds and "
        f"{slow.call_wall / ours.call_wall:.1f} times our wall seconds.",
        "",
    ]


def _growth(growth: Sequence[Growth]) -> list[str]:
    rows = [
        f"| {g.lines:,} | {g.lake / 2**20:,.0f} | {g.taking_in.cpu:.1f} | {g.taking_in.wall:.1f} | "
        f"{g.taking_in.memory:,.0f} | {g.measuring.call_cpu:.2f} | {g.measuring.call_wall:.2f} | "
        f"{g.measuring.wall:.2f} | {g.measuring.memory:,.0f} |"
        for g in growth
    ]
    return [
        "## From small to large",
        "",
        'A folder of Parquet files, one a month, taken in and measured with `memory_limit = "1GB"` in '
        "workspace.toml.",
        "",
        "![Seconds and peak memory by number of lines](growth.png)",
        "",
        "| lines | lake MiB | taking in CPU s | wall s | peak MiB | measuring, call CPU s | call wall s | "
        "process wall s | peak MiB |",
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        *rows,
        "",
    ]


def _review(review: Mapping[str, Timing]) -> list[str]:
    ours = review["ours"]
    names = {
        "ours": "channel-analysis report, both languages",
        "stock": "papermill + nbconvert, stock, one page",
    }
    return [
        "## The review of the example company",
        "",
        "| command | CPU s | wall s | CPU against ours | peak MiB |",
        "| --- | ---: | ---: | ---: | ---: |",
        *(
            f"| {names[way]} | {t.cpu:.1f} | {t.wall:.1f} | {t.cpu / ours.cpu:.2f} | {t.memory:,.0f} |"
            for way, t in review.items()
        ),
        "",
    ]
