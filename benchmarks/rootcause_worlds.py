"""Whether root causes find what a simulated company planted: `python -m benchmarks.rootcause_worlds`.

Worlds of many seeds with the five causes of the last quarter, and as many with nothing planted. A cause is
found where a segment holds its scope and the first cause told of that segment has the right tag. With
`--scopes` the true scopes are handed over as segments, which judges the step from segment to cause alone.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from channel_analysis.analysis.causes import causes_of
from channel_analysis.metrics.intervals import wilson_interval
from channel_analysis.metrics.kpis import load_kpis
from channel_analysis.metrics.periods import parse_period
from channel_analysis.simulator import Dials, simulate
from channel_analysis.simulator.dials import NOTHING_PLANTED
from channel_analysis.store.workspace import Workspace

from .irregularities import workspace_of

TAGS = {
    "lost_region": "positioning",
    "weak_new_team": "people",
    "rival_launch": "market",
    "stock_out": "strategy",
    "price_cut": "strategy",
}
"""The tag each planted cause is to get."""

ONLY_CAUSES = dataclasses.replace(
    NOTHING_PLANTED,
    **{
        name: getattr(Dials(), name)
        for name in (
            "price_cut_strength",
            "lost_region_strength",
            "weak_team_strength",
            "rival_launch_strength",
            "stock_out_strength",
        )
    },
)
"""The five causes and nothing else."""

Scope = list[dict[str, str]]
"""The segments that would hold a cause's scope, each by its parts."""


@dataclasses.dataclass(frozen=True)
class Finding:
    """A planted cause: whether a segment holds it, how that is tagged first, and its true contribution."""

    cause: str
    is_found: bool
    tags: tuple[str, ...]
    contribution: float

    @property
    def is_right(self) -> bool:
        """Found, and with the right tag."""
        return TAGS[self.cause] in self.tags


def planted(source: Path) -> tuple[str, list[dict[str, Any]]]:
    """The quarter and the causes planted in it."""
    told = json.loads((source / "truth.json").read_text(encoding="utf-8"))["change"]
    return told["quarter"], told["causes"]


def segments_holding(cause: Mapping[str, Any], teams: Mapping[str, str]) -> Scope:
    """Parts of which a segment must have all of any one dict to hold a cause's scope."""
    scope = dict(cause["scope"])
    if "rep_ids" in scope:
        reps = [{"rep": one} for one in scope["rep_ids"]]
        return [
            {"tenure": "handed_over"},
            *reps,
            *({"team": team} for team in sorted({teams[r] for r in scope["rep_ids"] if r in teams})),
        ]
    if "product_id" in scope:
        return [{"product": scope["product_id"]}]
    return [{name: str(value) for name, value in scope.items()}]


def judged(
    parts: pd.DataFrame, causes: pd.DataFrame, truth: Iterable[Mapping[str, Any]], teams: Mapping[str, str]
) -> list[Finding]:
    """Each planted cause beside the segments and their first causes."""
    of_place = {
        place: dict(zip(own["dimension"], own["value"], strict=True)) for place, own in parts.groupby("place")
    }
    first = causes[(causes["rank"] == 1) & ~causes["is_refuted"].astype(bool)].set_index("place")["tag"]
    found = []
    for cause in truth:
        wanted = segments_holding(cause, teams)
        places = [p for p, own in of_place.items() if any(one.items() <= own.items() for one in wanted)]
        tags = tuple(dict.fromkeys(str(first[place]) for place in places if place in first.index))
        found.append(Finding(cause["cause"], bool(places), tags, float(cause["contribution"])))
    return found


def by_scopes(ws: Workspace, quarter: str, truth: Iterable[Mapping[str, Any]]) -> tuple[Any, Any]:
    """Parts and causes of segments that are the true scopes, each with its true contribution."""
    segments: list[dict[str, Any]] = []
    parts: list[dict[str, Any]] = []
    for cause in truth:
        wanted = segments_holding(cause, {})
        for one in wanted:
            amount = cause["contribution"] / len(wanted)
            place = len(segments) + 1
            factor = "discount" if cause["cause"] == "price_cut" else ""
            bounds = {"low": amount * 1.5, "high": amount * 0.5}
            segments.append({"place": place, "factor": factor, "contribution": amount, **bounds})
            parts += [{"place": place, "dimension": d, "value": v, "name": v} for d, v in one.items()]
    told = pd.DataFrame(parts)
    period = parse_period(quarter)
    kpi = load_kpis(ws)["net_sales"]
    return told, causes_of(ws, kpi, period, period.last_year, pd.DataFrame(segments), told)


def one_world(
    folder: Path, seed: int, dials: Dials, size: Mapping[str, Any], scopes: bool
) -> tuple[str, list[Finding], int]:
    """The verdict, each planted cause, and how many segments there are in all."""
    source = simulate(folder / "world", seed=seed, dials=dials, **size)
    ws = workspace_of(folder / "workspace", source)
    quarter, truth = planted(source)
    staff = ws.facts().engine.query("SELECT staff_id, team FROM staff").to_pylist()
    teams = {one["staff_id"]: one["team"] for one in staff}
    if scopes:
        parts, causes = by_scopes(ws, quarter, truth)
        return "scopes", judged(parts, causes, truth, teams), int(parts["place"].nunique())
    from channel_analysis.analysis.root_cause import explain_change

    result = explain_change(ws, "net_sales", quarter or "last-quarter", "last_year")
    return result.verdict, judged(result.parts, result.causes, truth, teams), len(result.segments)


def share(hits: int, n: int) -> str:
    """A share with its Wilson interval."""
    if not n:
        return "none"
    low, high = (float(bound[0]) for bound in wilson_interval(np.array([float(hits)]), np.array([float(n)])))
    return f"{hits}/{n} = {hits / n:.1%} ({low:.1%} to {high:.1%})"


def summary(worlds: list[tuple[str, list[Finding], int]]) -> str:
    """Per cause, how often a segment holds it and how often it has the right tag; and all five at once."""
    lines = ["| planted cause | a segment holds it | with the right tag first |", "| --- | --- | --- |"]
    for cause in TAGS:
        own = [one for _, findings, _ in worlds for one in findings if one.cause == cause]
        held, right = sum(one.is_found for one in own), sum(one.is_right for one in own)
        lines.append(f"| {cause} | {share(held, len(own))} | {share(right, len(own))} |")
    every = sum(all(one.is_right for one in findings) for _, findings, _ in worlds)
    spare = sum(count for _, _, count in worlds) / max(len(worlds), 1)
    lines.append(f"| all of a world | | {share(every, len(worlds))} |")
    return "\n".join([*lines, f"Segments a world: {spare:.1f}.", ""])


def main(given: list[str]) -> None:
    """Run as asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rootcause_worlds", description=__doc__)
    parser.add_argument("--worlds", type=int, default=40)
    parser.add_argument("--nothing", type=int, default=-1, help="worlds with nothing planted (as many)")
    parser.add_argument("--seed", type=int, default=1001, help="the first one")
    parser.add_argument("--lines", type=int, default=600_000)
    parser.add_argument("--months", type=int, default=36)
    parser.add_argument("--partners", type=int, default=1200)
    parser.add_argument("--scopes", action="store_true", help="hand over the true scopes as segments")
    parser.add_argument("--only-causes", action="store_true", help="plant nothing beside the causes")
    asked = parser.parse_args(given)
    size = {name: getattr(asked, name) for name in ("lines", "months", "partners")}
    dials = ONLY_CAUSES if asked.only_causes else Dials()
    told = worlds_of(range(asked.seed, asked.seed + asked.worlds), dials, size, asked.scopes)
    sys.stdout.write(f"{size['lines']:,} lines, {size['months']} months, {size['partners']:,} partners\n\n")
    sys.stdout.write(summary(told))
    count = 0 if asked.scopes else asked.worlds if asked.nothing < 0 else asked.nothing
    empty = worlds_of(range(asked.seed, asked.seed + count), NOTHING_PLANTED, size, False)
    quiet = sum(verdict in ("noise", "everything_moved") and not found for verdict, _, found in empty)
    noise = sum(verdict == "noise" for verdict, _, _ in empty)
    if empty:
        sys.stdout.write(
            f"Nothing planted: verdict noise {share(noise, count)}; no segment {share(quiet, count)}\n"
        )


def worlds_of(
    seeds: Iterable[int], dials: Dials, size: Mapping[str, Any], scopes: bool
) -> list[tuple[str, list[Finding], int]]:
    """`one_world` over seeds, told as they come."""
    results = []
    for seed in seeds:
        begun = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            result = one_world(Path(folder), seed, dials, size, scopes)
        results.append(result)
        said = ", ".join(
            f"{f.cause}: {'/'.join(f.tags) or ('-' if f.is_found else 'no segment')}" for f in result[1]
        )
        sys.stdout.write(f"{seed} {time.perf_counter() - begun:.0f} s {result[0]} {result[2]} {said}\n")
        sys.stdout.flush()
    return results


if __name__ == "__main__":
    main(sys.argv[1:])
