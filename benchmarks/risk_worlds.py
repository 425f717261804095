"""Whether risk finds what a simulated company planted: `python -m benchmarks.risk_worlds`.

Worlds of many seeds, trained as a workspace is: how well partners that come to a bad end are ranked out of
fold, beside an oracle that knows who has been in trouble for how long; whether the planted cause is among
the three strongest reasons; and how often something is told where there is nothing to tell. The tables
become the last part of RISK.md; `--screen` only shows them.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from channel_analysis.analysis.risk import partner_risk, train_partner_risk
from channel_analysis.analysis.risk_panel import RiskPanel, risk_panel
from channel_analysis.methods.risk.gains import auc
from channel_analysis.methods.risk.panel import Floats, Ints, steps_of
from channel_analysis.methods.risk.split import PurgedPanelSplit
from channel_analysis.metrics.intervals import wilson_interval
from channel_analysis.risks import WARNED, PartnerRisk
from channel_analysis.simulator import Dials, simulate
from channel_analysis.store.workspace import Workspace

from .irregularities import workspace_of
from .timing import ROOT

WORLDS = {
    "troubles as usual": Dials(),
    "nobody gets into trouble": Dials(trouble_hazard=0.0),
    "troubles without any sign": Dials(trouble_signal=0.0),
}
TOLD, *SILENT = WORLDS
HEADING = "## Simulated companies"
PAGE = ROOT / "benchmarks" / "RISK.md"
LATE = 4
"""Months of trouble, the present one counted, from which there are signs to be seen for a while."""
TOP = 0.05
"""Share of the scored partners with the highest probability, flagged whatever their band."""


def one_world(folder: Path, seed: int, dials: Dials, size: Mapping[str, int]) -> tuple[dict[str, Any], Any]:
    """The figures of one world, and its flagged partners that have been in trouble for a while."""
    source = simulate(folder / "world", seed=seed, dials=dials, **size)
    ws = workspace_of(folder / "workspace", source)
    told = json.loads((source / "truth.json").read_text(encoding="utf-8"))["partners"]
    truth = {one["partner_id"]: one for one in told}
    model, panel = train_partner_risk(ws), risk_panel(ws)
    record: dict[str, Any] = {"seed": seed, "verdict": model.verdict, "events": model.events}
    models = model.table("models")
    if "auc" in models.columns:
        own = models.set_index("model")
        kept = "additive" if "additive" in own.index else "points"
        record |= {name: own.at[kept, name] for name in ("auc", "auc_low", "auc_high")}
    return record | oracles(panel, truth), causes(ws, panel, truth)


def oracles(panel: RiskPanel, truth: Mapping[str, dict[str, Any]]) -> dict[str, float]:
    """AUC of knowing the months of trouble, or the late ones only, on the rows that models are tested on."""
    frame = panel.frame[panel.frame[panel.label].notna()].reset_index(drop=True)
    steps = steps_of(frame[panel.period])
    tests = [test for _, test in PurgedPanelSplit(panel.horizon, panel.gap).split(steps)]
    rows = np.concatenate(tests)
    depth = depths(frame[panel.entity].iloc[rows], steps[rows], truth)
    y = frame[panel.label].to_numpy()[rows]
    late = np.where(depth >= LATE, depth, 0.0)
    return {"bad": float(y.sum()), "oracle": float(auc(y, depth)), "late": float(auc(y, late))}


def depths(partners: pd.Series, steps: Ints, truth: Mapping[str, dict[str, Any]]) -> Floats:
    """For how many months each partner has been in trouble, the present one counted; 0: it is not."""
    found = []
    for partner, step in zip(partners, steps, strict=True):
        begun, mended = (_step(truth[str(partner)][name]) for name in ("trouble_start", "recovered"))
        is_troubled = begun is not None and begun <= step and (mended is None or mended > step)
        found.append(step - begun + 1 if is_troubled and begun is not None else 0)
    return np.asarray(found, dtype=np.float64)


def _step(month: str | None) -> int | None:
    return None if month is None else int(month[:4]) * 12 + int(month[5:7]) - 1


def causes(ws: Workspace, panel: RiskPanel, truth: Mapping[str, dict[str, Any]]) -> pd.DataFrame:
    """Partners in trouble for a while: the cause, if flagged, the families of the three strongest reasons.

    Seen in the last months, whose outcomes nothing could be learnt from; each partner when first flagged.
    """
    days = sorted(panel.frame[panel.period].unique())[-(panel.gap + panel.horizon) :]
    found = []
    for day in days:
        risk = partner_risk(ws, f"{day:%Y-%m}")
        scored = risk.partners[risk.partners["status"] == "scored"].reset_index(drop=True)
        steps = np.full(len(scored), day.year * 12 + day.month - 1)
        scored = scored.assign(depth=depths(scored["partner_id"], steps, truth))
        late = scored[scored["depth"] >= LATE]
        names = list(late["partner_id"])
        families = _families(risk)
        found.append(
            pd.DataFrame(
                {
                    "partner": names,
                    "cause": [truth[name]["cause"] for name in names],
                    "is_flagged": _is_flagged(scored)[late.index],
                    "families": [families.get(name, frozenset()) for name in names],
                }
            )
        )
    rows = pd.concat(found).sort_values("is_flagged", ascending=False, kind="stable")
    return rows.drop_duplicates("partner")


def _is_flagged(scored: pd.DataFrame) -> np.ndarray:
    high = scored["probability"].rank(pct=True, method="first") > 1 - TOP
    return np.asarray(high | scored["band"].isin(WARNED))


def _families(risk: PartnerRisk) -> Mapping[str, frozenset[str]]:
    if not len(risk.reasons):
        return {}
    strong = risk.reasons.query("place <= 3 and contribution > 0")
    return dict(strong.groupby("partner_id")["family"].agg(frozenset))


def worlds(seeds: Iterable[int], dials: Dials, size: Mapping[str, int]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """`one_world` over seeds: a row per world, and the partners in trouble of all of them."""
    records, partners = [], []
    for seed in seeds:
        begun = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            record, found = one_world(Path(folder), seed, dials, size)
        records.append(record)
        partners.append(found)
        sys.stdout.write(f"world {seed}: {time.perf_counter() - begun:.0f} s {record}\n")
        sys.stdout.flush()
    return pd.DataFrame(records), pd.concat(partners, ignore_index=True)


def told_of(name: str, table: pd.DataFrame) -> str:
    """One line of the table of worlds."""
    verdicts = ", ".join(f"{verdict} {n}" for verdict, n in table["verdict"].value_counts().items())
    ranks = [_middle(table[column]) for column in ("auc", "oracle", "late")]
    cells = [name, str(len(table)), f"{table['events'].median():.0f}", verdicts, *ranks]
    return f"| {' | '.join(cells)} |"


def _middle(values: pd.Series) -> str:
    return f"{values.median():.3f} ({values.min():.3f} to {values.max():.3f})"


def told_causes(partners: pd.DataFrame) -> list[str]:
    """The table of causes: of partners in trouble how many were flagged, and with the right reason."""
    lines = [
        "| planted cause | in trouble for 4 months or more | flagged | 95 % | cause found | 95 % | "
        "told where the cause is another |",
        "| --- | ---: | ---: | --- | ---: | --- | ---: |",
    ]
    flagged = partners[partners["is_flagged"]]
    for name, own in [*partners.groupby("cause"), ("all", partners)]:
        caught = own[own["is_flagged"]]
        found = pd.Series(
            [cause in told for cause, told in zip(caught["cause"], caught["families"], strict=True)]
        )
        others = (
            flagged.loc[flagged["cause"] != name, "families"] if name != "all" else flagged["families"][:0]
        )
        cells = [str(name), str(len(own)), *_share(own["is_flagged"]), *_share(found)]
        cells.append(_share(pd.Series([name in told for told in others]))[0] if len(others) else "")
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _share(hits: pd.Series) -> tuple[str, str]:
    if not len(hits):
        return "none", ""
    low, high = wilson_interval(int(hits.sum()), len(hits))
    return f"{hits.mean():.1%} ({int(hits.sum())})", f"{low:.1%} to {high:.1%}"


def section(results: Mapping[str, tuple[pd.DataFrame, pd.DataFrame]], size: Mapping[str, int]) -> str:
    """The last part of the page."""
    shape = f"{size['partners']:,} partners, {size['months']} months, {size['lines']:,} lines each"
    lines = [
        HEADING,
        "",
        f"{shape}; made by `python -m benchmarks.risk_worlds`. AUC is out of fold, median and range over "
        "worlds. The oracle knows for how many months a partner has been in trouble; the late oracle "
        "knows it from the fourth month on, because the first months leave no sign or little.",
        "",
        "| worlds | n | bad ends | verdicts | AUC | oracle | late oracle |",
        "| --- | ---: | ---: | --- | ---: | ---: | ---: |",
        *(told_of(name, table) for name, (table, _) in results.items()),
        "",
        f"Reasons, as they are shown to the reader: partners flagged (orange, red, or the highest {TOP:.0%}) "
        "in the last months, whose outcomes nobody knows yet; found: the family of the planted cause is "
        "among the three strongest reasons; the last column says how often it is so where another cause was "
        "planted.",
        "",
        *told_causes(results[TOLD][1] if TOLD in results else pd.concat(own for _, own in results.values())),
        "",
    ]
    return "\n".join(lines)


def main(given: list[str]) -> None:
    """Run as asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.risk_worlds", description=__doc__)
    parser.add_argument("--seeds", type=int, nargs=2, default=(201, 208), metavar=("FIRST", "LAST"))
    parser.add_argument("--silent", type=int, default=4, help="worlds of each kind without a sign")
    parser.add_argument("--partners", type=int, default=800)
    parser.add_argument("--months", type=int, default=60)
    parser.add_argument("--lines", type=int, default=600_000)
    parser.add_argument("--screen", action="store_true", help="leave RISK.md as it is")
    asked = parser.parse_args(given)
    size = {name: getattr(asked, name) for name in ("partners", "months", "lines")}
    first, last = asked.seeds
    seeds = {TOLD: range(first, last + 1)} | {name: range(first, first + asked.silent) for name in SILENT}
    results = {name: worlds(own, WORLDS[name], size) for name, own in seeds.items() if len(own)}
    text = section(results, size)
    sys.stdout.write(text)
    if not asked.screen:
        page = PAGE.read_text(encoding="utf-8").partition(HEADING)[0] if PAGE.exists() else "# Risk\n\n"
        PAGE.write_text(page + text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
