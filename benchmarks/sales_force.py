"""How often a bad target and a weak rep are told apart, and how often honest reps are blamed.

`python -m benchmarks.sales_force` simulates worlds of many seeds: with a badly set target and a weak
rep and nothing else, with nothing, and with everything planted; it prints the share of each verdict
with 95 % intervals, what the territory's own history alone would have said, and which uncertainty of the
expected sales holds what it promises. `--seeds 101 120` names the seeds, `--planted` the settings.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtri

from benchmarks.irregularities import workspace_of
from channel_analysis.analysis.territories import Territories, periods_back, territories_of
from channel_analysis.methods.sales_force.verdicts import VERDICTS
from channel_analysis.methods.sales_force.yardstick import by_history, shifts_of
from channel_analysis.metrics import sales_force as measures
from channel_analysis.metrics.intervals import wilson_interval
from channel_analysis.metrics.periods import parse_period
from channel_analysis.simulator import NOTHING_PLANTED, Dials, simulate
from channel_analysis.store.workspace import Workspace

PERIOD = "2025Q4"
SETTINGS = {
    "target and rep": dataclasses.replace(NOTHING_PLANTED, bad_target_strength=0.35, weak_rep_strength=0.25),
    "nothing": NOTHING_PLANTED,
    "everything": Dials(),
}
"""What is planted. In "everything" a region is lost and a team is new and weak, among others."""

RIGHT = {"bad target": "target_too_high", "weak rep": "behind"}


def one_world(folder: Path, seed: int, dials: Dials, size: Mapping[str, Any]) -> pd.DataFrame:
    """The verdicts of one world's reps, with who they truly are: `truth`; newcomers are left out."""
    source = simulate(folder / f"world-{seed}", seed=seed, dials=dials, **size)
    ws = workspace_of(folder / f"workspace-{seed}", source)
    found = territories_of(ws, parse_period(PERIOD), ws.policy)
    told = json.loads((source / "truth.json").read_text(encoding="utf-8"))["territories"]
    who = {"bad target": told["badly_set_target"], "weak rep": told["weak_rep"]}
    truth = {entry["rep_id"]: name for name, entry in who.items() if entry}
    judged = found.targets.merge(found.reps, left_on="rep_id", right_index=True)
    judged = judged[~judged["is_newcomer"]]
    alone = history_alone(found, judged)
    covered = coverages(ws, found)
    return judged.assign(
        seed=seed, truth=[truth.get(name, "honest") for name in judged["rep_id"]], alone=alone, **covered
    )


def history_alone(found: Territories, judged: pd.DataFrame) -> pd.Series:
    """What a rep's attainment of the periods before says of this one's: a miss as usual is the target's.

    The naive reading of a territory's own history: expected is what it gave, so a rep who always
    misses by as much has a target that is too high.
    """
    band = 0.15
    year = judged["year_attainment"]
    now = judged["actual"] / judged["target"]
    change = now / year
    verdict = pd.Series("as_expected", index=judged.index)
    verdict = verdict.mask((now < 1 - band) & (change >= 1 - band), "target_too_high")
    return verdict.mask((now < 1 - band) & (change < 1 - band), "behind")


def coverages(ws: Workspace, found: Territories) -> dict[str, pd.Series | float]:
    """Share of reps whose sales lie within the 90 % interval, by forecast errors and by orders' chance."""
    engine, reps = ws.facts().engine, found.reps[~found.reps["is_newcomer"]]
    periods = periods_back(ws, found.periods[0])
    shared = measures.shared_cells(engine, periods[0])
    territory = measures.territory_sales(engine, periods, shared)
    wide = territory.pivot(index="rep_id", columns="number", values="amount").reindex(reps.index)
    orders = territory.pivot(index="rep_id", columns="number", values="orders").reindex(reps.index)
    shifts = shifts_of(
        measures.cell_sales(engine, periods), measures.rep_regions(engine, periods[:1]), found.year
    )
    history = by_history(wide, reps["group"], shifts, found.year)
    error = (np.log(wide[0]) - history.expected).abs()
    reach = float(ndtri(0.95))
    poisson = np.sqrt(2 / orders[0])  # order values about as varied as exponential ones
    return {
        "within_errors": float((error <= reach * history.spread).mean()),
        "within_orders": float((error <= reach * poisson).mean()),
    }


def worlds(folder: Path, seeds: Iterable[int], dials: Dials, size: Mapping[str, Any]) -> pd.DataFrame:
    """`one_world` over seeds."""
    return pd.concat([one_world(folder, seed, dials, size) for seed in seeds], ignore_index=True)


def table_of(judged: pd.DataFrame, column: str = "verdict") -> str:
    """Verdicts by who the rep truly is, in per cent with 95 % intervals, as Markdown."""
    lines = [f"| truth | reps | {' | '.join(VERDICTS)} |", f"| --- | ---: |{' ---: |' * len(VERDICTS)}"]
    for truth, own in judged.groupby("truth"):
        shares = " | ".join(_share(int((own[column] == name).sum()), len(own)) for name in VERDICTS)
        lines.append(f"| {truth} | {len(own)} | {shares} |")
    return "\n".join(lines)


def _share(part: int, whole: int) -> str:
    low, high = (float(end[0]) for end in wilson_interval(np.array([float(part)]), np.array([float(whole)])))
    return f"{part / whole:.1%} ({low:.1%}-{high:.1%})"


def main(given: list[str]) -> None:
    """Run as asked for and write the tables to the screen."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sales_force", description=__doc__)
    parser.add_argument("--seeds", type=int, nargs=2, default=(101, 120), metavar=("FIRST", "LAST"))
    parser.add_argument("--partners", type=int, default=1200)
    parser.add_argument("--months", type=int, default=30)
    parser.add_argument("--lines", type=int, default=400_000)
    parser.add_argument("--planted", choices=list(SETTINGS), nargs="*", default=list(SETTINGS))
    asked = parser.parse_args(given)
    size: dict[str, Any] = {name: getattr(asked, name) for name in ("partners", "months", "lines")}
    for name in asked.planted:
        with tempfile.TemporaryDirectory() as folder:
            judged = worlds(Path(folder), range(asked.seeds[0], asked.seeds[1] + 1), SETTINGS[name], size)
        covered = judged[["within_errors", "within_orders"]].mean()
        sys.stdout.write(f"Planted: {name}\n\n{table_of(judged)}\n\nOwn history alone:\n\n")
        sys.stdout.write(f"{table_of(judged, 'alone')}\n\nWithin the 90 % interval of the expected sales: ")
        sys.stdout.write(f"by forecast errors {covered.iloc[0]:.0%}, by orders {covered.iloc[1]:.0%}\n\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
