"""Whether risk finds what a simulated company planted: `python -m benchmarks.risk_worlds` prints it.

Worlds of many seeds: how well partners that come to a bad end are ranked, beside an oracle that knows who is
in trouble since when; whether the planted cause is among the three strongest reasons; and how often
something is told where ends come out of the blue (`flat`). Trained on the past, tested on the last
snapshots whose outcome is known.
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

from benchmarks.irregularities import workspace_of
from channel_analysis import risk_panel, score_risk, train_risk
from channel_analysis.methods.risk.gains import auc
from channel_analysis.methods.risk.panel import steps_of
from channel_analysis.simulator import NOTHING_PLANTED, Dials, simulate

SETTINGS = {
    "trouble": dataclasses.replace(NOTHING_PLANTED, trouble_hazard=0.02, trouble_signal=1.0),
    "flat": dataclasses.replace(NOTHING_PLANTED, trouble_hazard=0.0, exit_hazard=0.02),
}
TESTED = 6
"""Labelled snapshots at the end that are tested, and not learnt from."""

FIRST_SIGNS, RISE, MOST = 3, 0.07, 0.4
"""Months of trouble before it can end, and how the chance of the end rises by the month after."""


def one_world(folder: Path, seed: int, dials: Dials, size: Mapping[str, Any]) -> dict[str, Any]:
    """The figures of one world."""
    source = simulate(folder / f"world-{seed}", seed=seed, dials=dials, **size)
    panel = risk_panel(workspace_of(folder / f"workspace-{seed}", source))
    truth = json.loads((source / "truth.json").read_text(encoding="utf-8"))["partners"]
    frame = panel.frame[panel.frame[panel.label].notna()].reset_index()
    frame = frame.loc[:, ~frame.columns.duplicated()]
    steps = steps_of(frame[panel.period])
    first = np.unique(steps)[-TESTED]
    train, test = steps + panel.gap + panel.horizon <= first, steps >= first
    model = train_risk(
        frame[train].reset_index(drop=True),
        label=panel.label,
        entity=panel.entity,
        period=panel.period,
        horizon=panel.horizon,
        gap=panel.gap,
        families=panel.families,
        signs=panel.signs,
        draws=100,
    )
    rows = frame[test].reset_index(drop=True)
    y = rows[panel.label].to_numpy()
    told = with_truth(rows, steps[test], truth, panel.gap, panel.horizon, panel.entity)
    scores = score_risk(model, rows).scores
    return {
        "seed": seed,
        "verdict": model.verdict,
        "events": int(frame.loc[train, panel.label].sum()),
        "auc": auc(y, scores["log_odds"].to_numpy()),
        "oracle": auc(y, told["oracle"].to_numpy()),
        **cause_found(told["cause"], scores, model.family),
    }


def with_truth(
    rows: pd.DataFrame, steps: np.ndarray, truth: list[dict[str, Any]], gap: int, horizon: int, entity: str
) -> pd.DataFrame:
    """Of each row the oracle's chance of an end within the window, and the cause of the trouble it is in.

    The oracle knows for how many months a partner has been in trouble and its chance to get into it.
    """
    known = {one["partner_id"]: one for one in truth}
    records = []
    for partner, step in zip(rows[entity], steps, strict=True):
        one = known[str(partner)]
        begun, mended = (_step(one[name]) for name in ("trouble_start", "recovered"))
        is_troubled = begun is not None and begun <= step and (mended is None or mended > step)
        depth = step - begun + 1 if is_troubled and begun is not None else 0
        ahead = depth + np.arange(gap + 1, gap + horizon + 1) - FIRST_SIGNS
        ends = 1 - np.prod(1 - np.clip(RISE * ahead, 0, MOST))
        oracle = float(ends) if is_troubled else one["onset_hazard"] / 10
        records.append({"oracle": oracle, "cause": one["cause"] if depth > FIRST_SIGNS else None})
    return pd.DataFrame(records)


def _step(month: str | None) -> int | None:
    return None if month is None else int(month[:4]) * 12 + int(month[5:7]) - 1


def cause_found(cause: pd.Series, scores: pd.DataFrame, family: Mapping[str, str]) -> dict[str, int]:
    """Rows in trouble and in the highest tenth, and those with the cause among the top three reasons."""
    high = scores["log_odds"] >= scores["log_odds"].quantile(0.9)
    asked = high & cause.notna()
    families = scores.loc[asked, ["reason_1", "reason_2", "reason_3"]].map(lambda name: family.get(name))
    found = families.eq(cause[asked], axis=0).any(axis=1)
    return {"causes": int(asked.sum()), "causes_found": int(found.sum())}


def worlds(folder: Path, seeds: Iterable[int], dials: Dials, size: Mapping[str, Any]) -> pd.DataFrame:
    """`one_world` over seeds."""
    return pd.DataFrame([one_world(folder, seed, dials, size) for seed in seeds])


def told(table: pd.DataFrame) -> str:
    """What the worlds of one setting show, in lines."""
    verdicts = ", ".join(f"{name} {n}" for name, n in table["verdict"].value_counts().items())
    asked = int(table["causes"].sum())
    share = f"{table['causes_found'].sum() / asked:.1%}" if asked else "none"
    return (
        f"- worlds: {len(table)}; verdicts: {verdicts}; "
        f"bad rows learnt from: {table['events'].median():.0f}\n"
        f"- AUC: {table['auc'].median():.3f} ({table['auc'].min():.3f} to {table['auc'].max():.3f}); "
        f"oracle {table['oracle'].median():.3f}\n"
        f"- planted cause among the top three reasons: {share} of {asked} rows\n"
    )


def main(given: list[str]) -> None:
    """Run as asked for and write to the screen."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.risk_worlds", description=__doc__)
    parser.add_argument("--seeds", type=int, nargs=2, default=(101, 120), metavar=("FIRST", "LAST"))
    parser.add_argument("--partners", type=int, default=1000)
    parser.add_argument("--months", type=int, default=48)
    parser.add_argument("--lines", type=int, default=200_000)
    parser.add_argument("--planted", choices=list(SETTINGS), nargs="*", default=list(SETTINGS))
    asked = parser.parse_args(given)
    size: dict[str, Any] = {name: getattr(asked, name) for name in ("partners", "months", "lines")}
    for name in asked.planted:
        with tempfile.TemporaryDirectory() as folder:
            table = worlds(Path(folder), range(asked.seeds[0], asked.seeds[1] + 1), SETTINGS[name], size)
        sys.stdout.write(f"## {name}\n\n{told(table)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
