"""What the models of risk are worth on public data: `python -m benchmarks.risk` writes RISK.md.

Three panels (see `risk_sets`), models beside each other on the same rows, each judged on what it could
not have seen; a model's test rows begin when the labels it learnt from were known. `--small FOLDER` is a
quick try with few entities and draws; `--sets` names panels, `--data` says where the data stand.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from channel_analysis import RiskModel, train_risk
from channel_analysis.methods.risk.gains import auc, average_precision, brier, picked, recall_at
from channel_analysis.methods.risk.lead_time import lead_time
from channel_analysis.methods.risk.panel import steps_of
from channel_analysis.methods.risk.split import Fold, PurgedPanelSplit

from .risk_page import Lead, Result, Threads, page
from .risk_peers import PEERS, Fit, Floats, points, rule
from .risk_sets import SETS, PanelSet
from .risk_worlds import HEADING
from .timing import ROOT

DATA = ROOT.parent / "shared" / "data"
OURS = "channel_analysis.train_risk"
CAPACITY = 0.10
"""Share of a year's companies that reviewers look into, for the lead-time curve."""


@dataclass(frozen=True, slots=True)
class Size:
    """How many entities and folds, how often entities are drawn anew, and whether threads are timed."""

    entities: int | None
    folds: int
    draws: int
    is_timed: bool


FULL = Size(None, 4, 200, True)
SMALL = Size(150, 2, 20, False)


def folds_of(panel: PanelSet, folds: int) -> list[Fold]:
    """Training and test rows: the panel's own years, or purged expanding folds."""
    if panel.split is None:
        steps = steps_of(panel.frame[panel.period])
        return PurgedPanelSplit(panel.horizon, panel.gap, folds).split(steps)
    until, first, last = panel.split
    year = panel.frame[panel.period]
    return [(np.flatnonzero(year <= until), np.flatnonzero((year >= first) & (year <= last)))]


def ours(panel: PanelSet, train: np.ndarray) -> RiskModel:
    """The model of `train_risk` on some rows; inside it nothing else is seen."""
    return train_risk(
        panel.frame.iloc[train].reset_index(drop=True),
        label=panel.label,
        entity=panel.entity,
        period=panel.period,
        horizon=panel.horizon,
        gap=panel.gap,
        families=panel.families,
        signs=panel.signs,
        folds=3,
        draws=30,
    )


def scores_of(panel: PanelSet, folds: list[Fold]) -> tuple[pd.DataFrame, list[RiskModel]]:
    """Scores of the test rows by model, and our model of each fold.

    Scores are probabilities, or of rules anything that rises with risk.
    """
    fits: dict[str, Fit] = {"its points twin": points(dict(panel.signs)), **PEERS}
    for name, feature in panel.rules.items():
        fits[f"rule: {name}"] = rule(feature, panel.signs[feature] or -1)
    x, y = panel.frame[panel.features].astype(np.float64), panel.frame[panel.label].to_numpy()
    parts, models = [], []
    for train, test in folds:
        models.append(ours(panel, train))
        own = {OURS: models[-1].probability(panel.frame.iloc[test])}
        filled = x.columns[x.iloc[train].notna().any()]
        past, future = x.iloc[train][filled].reset_index(drop=True), x.iloc[test][filled]
        own |= {name: fit(past, y[train])(future) for name, fit in fits.items()}
        parts.append(pd.DataFrame(own, index=test))
    return pd.concat(parts), models


def judged(y: Floats, scores: pd.DataFrame, entities: np.ndarray, draws: int) -> pd.DataFrame:
    """AUC, AP, recall at 5 % and Brier by model, with 95 % intervals and the difference to ours.

    Intervals are from entities drawn with replacement, the same draws for every model.
    """
    codes, names = pd.factorize(pd.Series(entities))
    order = np.argsort(codes, kind="stable")
    begins = np.searchsorted(codes[order], np.arange(len(names) + 1))
    chance, drawn = np.random.default_rng(0), []
    for _ in range(draws):
        who = chance.integers(0, len(names), len(names))
        rows = np.concatenate([order[begins[one] : begins[one + 1]] for one in who])
        drawn.append({name: _figures(y[rows], own.to_numpy()[rows]) for name, own in scores.items()})
    records = []
    for name, own in scores.items():
        record = dict(zip(("auc", "ap", "recall"), _figures(y, own.to_numpy()), strict=True), model=name)
        for place, key in enumerate(("auc", "ap", "recall")):
            each = [one[name][place] for one in drawn]
            apart = [one[name][place] - one[OURS][place] for one in drawn]
            record[f"{key}_low"], record[f"{key}_high"] = np.nanquantile(each, (0.025, 0.975))
            record[f"{key}_apart_low"], record[f"{key}_apart_high"] = np.nanquantile(apart, (0.025, 0.975))
        record["brier"] = np.nan if name.startswith("rule") else brier(y, own.to_numpy())
        records.append(record)
    return pd.DataFrame(records).set_index("model")


def _figures(y: Floats, score: Floats) -> tuple[float, float, float]:
    if len(np.unique(y)) < 2:
        return (np.nan, np.nan, np.nan)
    return auc(y, score), average_precision(y, score), recall_at(y, score, 0.05)


def random_auc(panel: PanelSet, folds: int = 5) -> dict[str, float]:
    """The leak meter: AUC of models from folds of rows at random, which know a tested row's neighbours."""
    x, y = panel.frame[panel.features].astype(np.float64), panel.frame[panel.label].to_numpy()
    own = np.random.default_rng(0).permutation(len(y)) % folds
    name, found = "boosting with interactions (scikit-learn)", np.full(len(y), np.nan)
    for number in range(folds):
        train = own != number
        found[~train] = PEERS[name](x[train], y[train])(x[~train])
    return {name: auc(y, found)}


def lead_of(panel: PanelSet, model: RiskModel) -> Lead:
    """Failing companies flagged so many years before the last accounts, and false flags."""
    assert panel.split is not None
    until, first, last = panel.split
    frame, year = panel.frame, panel.frame[panel.period]
    failed = frame[frame[panel.label] == 1].set_index(panel.entity)[panel.period]
    others = failed.index[(failed < first) | (failed > last)]
    seen = frame[(year > until) & ~frame[panel.entity].isin(others)].reset_index(drop=True)
    score, years = model.probability(seen), seen[panel.period].to_numpy()
    ends = (failed[(failed >= first) & (failed <= last)] + 1).to_dict()
    told = lead_time(seen[panel.entity], years, score, ends, CAPACITY, months=(1, 2, 3))
    rows = years >= first
    held = seen[panel.label].to_numpy() == 0
    flags = picked(score, CAPACITY, years)
    return Lead(told, float(flags[rows & held].mean()))


def timed(data: Path) -> Threads:
    """Four trainings of the resellers' panel one after the other, and at once."""
    command = [sys.executable, "-m", "benchmarks.risk", "--one", "--data", str(data)]

    def start() -> subprocess.Popen[bytes]:
        own = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
        return subprocess.Popen(command, cwd=ROOT, env=own)

    begun = time.perf_counter()
    for _ in range(4):
        _ended(start())
    serial, begun = time.perf_counter() - begun, time.perf_counter()
    for process in [start() for _ in range(4)]:
        _ended(process)
    return Threads(serial, time.perf_counter() - begun, os.getloadavg()[1])


def _ended(process: subprocess.Popen[bytes]) -> None:
    if process.wait():
        raise subprocess.CalledProcessError(process.returncode, process.args)


def result_of(panel: PanelSet, size: Size) -> Result:
    """All that is told of one panel."""
    if size.entities:
        panel = panel.part(size.entities)
    folds = folds_of(panel, size.folds)
    begun = time.perf_counter()
    scores, models = scores_of(panel, folds)
    rows = scores.index.to_numpy()
    y, entities = panel.frame[panel.label].to_numpy()[rows], panel.frame[panel.entity].to_numpy()[rows]
    table = judged(y, scores, entities, size.draws)
    sizes = [(len(train), len(test)) for train, test in folds]
    lead = lead_of(panel, models[0]) if panel.split and not size.entities else None
    seconds = time.perf_counter() - begun
    return Result(
        panel, table, sizes, float(y.mean()), len(np.unique(entities)), random_auc(panel), lead, seconds
    )


def run(data: Path, size: Size, names: Mapping[str, object] | list[str]) -> str:
    """The page of the panels named."""
    results = []
    for name in names:
        results.append(result_of(SETS[name](data), size))
        sys.stdout.write(f"{name}: {results[-1].seconds:.0f} s\n")
        sys.stdout.flush()
    return page(results, timed(data) if size.is_timed else None, size.draws)


def main(given: list[str]) -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.risk", description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the public data")
    parser.add_argument("--sets", nargs="*", choices=list(SETS), default=list(SETS))
    parser.add_argument("--small", type=Path, metavar="FOLDER", help="a quick try; the page goes to FOLDER")
    parser.add_argument("--no-threads", action="store_true", help="do not time runs side by side")
    parser.add_argument("--one", action="store_true", help="one training of the resellers and nothing else")
    asked = parser.parse_args(given)
    if asked.one:
        panel = SETS["AW"](asked.data)
        ours(panel, np.arange(len(panel.frame)))
        return
    size = SMALL if asked.small else FULL
    if asked.no_threads:
        size = Size(size.entities, size.folds, size.draws, False)
    text = run(asked.data, size, asked.sets)
    target = asked.small or ROOT / "benchmarks"
    target.mkdir(parents=True, exist_ok=True)
    before = (target / "RISK.md").read_text(encoding="utf-8") if (target / "RISK.md").exists() else ""
    _, heading, worlds = before.partition(HEADING)
    (target / "RISK.md").write_text(text + heading + worlds, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
