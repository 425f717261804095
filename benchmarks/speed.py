"""The KPIs of a quarter beside one hand-written statement and pandas, and from small to large companies."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from .timing import Timing, compare, once, say
from .world import write_company

MONEY, RATIO = 5e-5, 1e-9
"""Money agrees to its last digit, everything to nine digits."""

SQUARED = "concentration_hhi"
"""Its parts are squares of money, of which a float holds no last digit."""


@dataclass(frozen=True, slots=True)
class Growth:
    """A company of some size: taking it in, the KPIs of its quarter, bytes of its lake."""

    lines: int
    lake: int
    taking_in: Timing
    measuring: Timing


def beside_peers(folder: Path, lines: int, runs: int, runs_of_pandas: int) -> tuple[dict[str, Timing], int]:
    """Time the three ways to the same figures; gives also how many figures were compared."""
    workspace = _company(folder, lines)
    once(_command("take in", workspace))
    fast = {way: _command(way, workspace, folder) for way in ("ours", "sql")}
    slow = {way: _command(way, workspace, folder) for way in ("pandas", "tuned pandas")}
    taken = {**compare(fast, runs), **compare(slow, runs_of_pandas, warm=False)}
    found = pd.read_parquet(folder / "ours.parquet")
    for peer in ("sql", *slow):
        check(found, pd.read_parquet(folder / f"{peer}.parquet"))
    shutil.rmtree(workspace)
    return taken, int((found["status"] == "ok").sum())


def grown(folder: Path, sizes: list[int], runs: int) -> list[Growth]:
    """Take in and measure companies of several sizes, one after the other."""
    found = []
    for lines in sizes:
        workspace = _company(folder, lines)
        say(f"{lines:,} lines: taking them in")
        taking_in = once(_command("take in", workspace))
        say(f"{lines:,} lines: measuring")
        measuring = compare({f"{lines:,} lines": _command("ours", workspace, folder)}, runs)
        lake = sum(path.stat().st_size for path in (workspace / "data" / "raw").rglob("*.parquet"))
        found.append(Growth(lines, lake, taking_in, *measuring.values()))
        shutil.rmtree(workspace)
    return found


def check(ours: pd.DataFrame, peer: pd.DataFrame) -> None:
    """Every figure that ours calls sound must be the peer's as well.

    Raises
    ------
    ValueError
        With the first figures that differ.
    """
    sound = ours[ours["status"] == "ok"]
    both = sound.merge(peer, on=["level", "entity", "kpi"], how="left", suffixes=("", "_peer"))
    agree = np.ones(len(both), dtype=bool)
    for part in ("numerator", "denominator"):
        mine, theirs = both[part].astype(float), both[f"{part}_peer"].astype(float)
        nine_digits = np.maximum(RATIO, RATIO * mine.abs())
        allowed = np.where(both["kpi"] == SQUARED, nine_digits, np.minimum(MONEY, nine_digits))
        agree &= (mine - theirs).abs() <= allowed
    if not agree.all():
        raise ValueError(f"{(~agree).sum()} figures differ:\n{both[~agree].head(10).to_string()}")


def _company(folder: Path, lines: int) -> Path:
    workspace = folder / f"company-{lines}"
    say(f"{lines:,} lines: making them")
    return write_company(workspace, lines)


def _command(way: str, workspace: Path, folder: Path | None = None) -> list[str]:
    target = [str(folder / f"{way}.parquet")] if folder else []
    return [sys.executable, "-m", "benchmarks.ways", way, str(workspace), *target]
