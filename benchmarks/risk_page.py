"""RISK.md: what was measured on the panels of risk, in tables."""

from __future__ import annotations

import datetime
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version

import pandas as pd

from .risk_sets import PanelSet

PACKAGES = ("pandas", "scikit-learn", "lightgbm", "optbinning")


@dataclass(frozen=True, slots=True)
class Lead:
    """The lead-time table, and the share of companies that held, flagged in the tested years."""

    table: pd.DataFrame
    false_flags: float


@dataclass(frozen=True, slots=True)
class Threads:
    """Seconds of four trainings, one after the other and at once; the machine's load over five minutes."""

    serial: float
    parallel: float
    load: float


@dataclass(frozen=True, slots=True)
class Result:
    """What one panel showed."""

    panel: PanelSet
    table: pd.DataFrame
    sizes: Sequence[tuple[int, int]]
    base_rate: float
    entities: int
    random: Mapping[str, float]
    lead: Lead | None
    seconds: float


def page(results: Sequence[Result], threads: Threads | None, draws: int) -> str:
    """The page."""
    parts = [_head(draws), *(_panel(one) for one in results), _leaks(results), *_lead(results)]
    if threads is not None:
        parts.append(_threads(threads))
    return "\n".join(line for part in parts for line in part)


def _head(draws: int) -> list[str]:
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return [
        "# Risk",
        "",
        f"{datetime.date.today():%Y-%m-%d}, {os.cpu_count()} cores, Python {sys.version.split()[0]}, "
        f"{versions}. Every model learns from the same rows and is tested on the same rows, which begin when "
        f"the labels learnt from were known. 95 % intervals from {draws} draws of whole entities; the "
        "difference to ours is from the same draws. Made by `python -m benchmarks.risk`.",
        "",
    ]


def _panel(one: Result) -> list[str]:
    folds = "; ".join(f"{train:,} rows to {test:,}" for train, test in one.sizes)
    return [
        f"## {one.panel.name}",
        "",
        f"{one.panel.made}. {len(one.panel.features)} features. Tested: {one.entities:,} entities, "
        f"{one.base_rate:.2%} of the rows end badly. Folds: {folds}.",
        "",
        "| model | AUC | AUC less ours | AP | AP less ours | recall at 5 % | Brier |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
        *(_row(str(name), row) for name, row in one.table.iterrows()),
        "",
    ]


def _row(name: str, row: pd.Series) -> str:
    def told(key: str) -> str:
        return f"{row[key]:.3f} ({row[f'{key}_low']:.3f} to {row[f'{key}_high']:.3f})"

    def apart(key: str) -> str:
        return f"{row[f'{key}_apart_low']:+.3f} to {row[f'{key}_apart_high']:+.3f}"

    brier = "" if pd.isna(row["brier"]) else f"{row['brier']:.4f}"
    cells = [name, told("auc"), apart("auc"), told("ap"), apart("ap"), told("recall"), brier]
    return f"| {' | '.join(cells)} |"


def _leaks(results: Sequence[Result]) -> list[str]:
    lines = ["## The leak meter", "", "AUC by rows dealt out at random, and purged:", ""]
    lines += ["| panel | model | random rows | purged |", "| --- | --- | ---: | ---: |"]
    for one in results:
        lines += [
            f"| {one.panel.name} | {name} | {value:.3f} | {one.table.at[name, 'auc']:.3f} |"
            for name, value in one.random.items()
        ]
    return [*lines, ""]


def _lead(results: Sequence[Result]) -> list[list[str]]:
    return [_lead_of(one.panel.name, one.lead) for one in results if one.lead is not None]


def _lead_of(name: str, lead: Lead) -> list[str]:
    return [
        f"## How early: {name}",
        "",
        "The tenth of a year's companies with the highest probability is flagged; of the companies that "
        f"held, {lead.false_flags:.1%} of the tested rows were. Year 1 is that of the last accounts.",
        "",
        "| years before the end | flagged | 95 % | companies |",
        "| ---: | ---: | --- | ---: |",
        *(
            f"| {row.months} | {row.flagged:.1%} | {row.low:.1%} to {row.high:.1%} | {row.n} |"
            for row in lead.table.itertuples()
        ),
        "",
    ]


def _threads(threads: Threads) -> list[str]:
    return [
        "## Side by side",
        "",
        f"Four trainings of AW one after the other took {threads.serial:.0f} s, at once "
        f"{threads.parallel:.0f} s: {threads.parallel / threads.serial:.2f} times (threads are not capped "
        f"from outside; the machine's load was {threads.load:.1f}).",
        "",
    ]
