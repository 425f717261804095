"""How many planted irregularities are found, and how many honest partners flagged, rule by rule.

`python -m benchmarks.irregularities` simulates worlds of many seeds, with irregularities planted and
without, and prints precision and recall per rule with intervals; `--seeds 101 120` names the seeds.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import json
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from channel_analysis.analysis.irregular_rules import RULES
from channel_analysis.analysis.irregularities import find_irregularities
from channel_analysis.methods.irregularities.control import within_capacity
from channel_analysis.metrics.intervals import wilson_interval
from channel_analysis.results import Irregularities
from channel_analysis.simulator import NOTHING_PLANTED, Dials, simulate
from channel_analysis.store.workspace import Workspace, open_workspace

CAPACITY = 20
SETTINGS = '[company]\nname = "Simulated"\n[data]\nsource = "{source}"\nbad_rows = "set_aside"\n'
POLICY = f"[irregularities]\ncapacity = {CAPACITY}\napproval_limits = [50000]\n"
IN_ORDERS = ("duplicate_orders", "ghost_orders")
"""Rules whose truths are single orders; of the others they are partners or reps in a quarter."""


def workspace_of(folder: Path, source: Path) -> Workspace:
    """A workspace on the tables of a simulated world, with the limit its company approves orders by."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "workspace.toml").write_text(SETTINGS.format(source=source), encoding="utf-8")
    (folder / "policy.toml").write_text(POLICY, encoding="utf-8")
    return open_workspace(folder)


def found_in(ws: Workspace, period: str = "last-quarter") -> Irregularities:
    """All that is found, without the cut at capacity."""
    policy = ws.policy.irregularities.model_copy(update={"capacity": 10_000})
    whole = dataclasses.replace(ws, policy=ws.policy.model_copy(update={"irregularities": policy}))
    return find_irregularities(whole, period)


def truths_of(source: Path, result: Irregularities) -> pd.DataFrame:
    """What was planted and shows in a period: rule, is_consequence, partner_id, rep_id, orders.

    Orders that never were are seen a period later, when they have come back or were left unpaid; so are
    consequences, such as returns of what was loaded: finding these is right, and not asked for.
    """
    planted = json.loads((source / "truth.json").read_text(encoding="utf-8"))["irregularities"]
    start, end = result.scope.start, result.scope.end
    before = start - datetime.timedelta(days=10)
    rows = []
    for entry in planted:
        first, last = (datetime.date.fromisoformat(entry[name]) for name in ("first_day", "last_day"))
        subject = {name: entry[name] for name in ("partner_id", "rep_id")}
        subject |= {"orders": frozenset(entry["order_ids"])}
        late = before <= last < start
        if late if entry["rule"] == "ghost_orders" else first < end and last >= start:
            rows.append({"rule": entry["rule"], "is_consequence": False} | subject)
        if late:
            rows += [{"rule": rule, "is_consequence": True} | subject for rule in entry["also"]]
    return pd.DataFrame(rows, columns=["rule", "is_consequence", "partner_id", "rep_id", "orders"])


def judged(result: Irregularities, truths: pd.DataFrame) -> pd.DataFrame:
    """Per rule what was planted and found, cases and right ones; `_listed` as far as capacity goes."""
    cases = result.cases.reset_index(drop=True)
    orders = _orders_of(result)
    hits = {
        number: [t for t, truth in truths.iterrows() if _is_about(case, truth, orders)]
        for number, case in cases.iterrows()
    }
    is_listed = within_capacity(cases["state"], cases["rule"], CAPACITY)
    rows = []
    for rule in RULES:
        own = cases.index[cases["rule"] == rule]
        asked = set(truths.index[(truths["rule"] == rule) & ~truths["is_consequence"].astype(bool)])
        first = [n for n in own if is_listed[n]]
        rows.append(
            {
                "rule": rule,
                "planted": len(asked),
                "found": len({t for n in own for t in hits[n]} & asked),
                "found_listed": len({t for n in first for t in hits[n]} & asked),
                "cases": len(own),
                "right": sum(bool(hits[n]) for n in own),
                "listed": len(first),
                "right_listed": sum(bool(hits[n]) for n in first),
            }
        )
    return pd.DataFrame(rows)


def _orders_of(result: Irregularities) -> Mapping[str, frozenset[str]]:
    """The orders each case names as evidence, and those they repeat."""
    rows = result.evidence
    named = pd.concat([rows["keys"].str.extract(r"order_id=(\S+)")[0], rows["note"].astype(object)])
    by_case = named.groupby(pd.concat([rows["case_id"], rows["case_id"]]).to_numpy())
    return {str(case): frozenset(own.dropna()) for case, own in by_case}


def _is_about(case: pd.Series, truth: pd.Series, orders: Mapping[str, frozenset[str]]) -> bool:
    if case["rule"] != truth["rule"]:
        return False
    if case["rule"] in IN_ORDERS:
        return bool(orders.get(case["case_id"], frozenset()) & truth["orders"])
    name = "partner_id" if isinstance(truth["partner_id"], str) else "rep_id"
    return bool(case[name] == truth[name])


def one_world(folder: Path, seed: int, dials: Dials, size: Mapping[str, Any]) -> Irregularities:
    """Everything found in the last quarter of a world."""
    source = simulate(folder / f"world-{seed}", seed=seed, dials=dials, **size)
    return found_in(workspace_of(folder / f"workspace-{seed}", source))


def planted_worlds(folder: Path, seeds: Iterable[int], size: Mapping[str, Any]) -> pd.DataFrame:
    """`judged` over worlds in which everything is planted, one row per seed and rule."""
    parts = []
    for seed in seeds:
        result = one_world(folder, seed, Dials(), size)
        truths = truths_of(folder / f"world-{seed}", result)
        parts.append(judged(result, truths).assign(seed=seed))
    return pd.concat(parts, ignore_index=True)


def clean_worlds(folder: Path, seeds: Iterable[int], size: Mapping[str, Any]) -> pd.DataFrame:
    """Worlds with nothing planted: seed, rule, tested, cases."""
    parts = []
    for seed in seeds:
        result = one_world(folder, seed, NOTHING_PLANTED, size)
        own = result.rules.loc[:, ["rule", "kind", "tested"]]
        parts.append(own.assign(seed=seed, cases=result.rules["found"]))
    return pd.concat(parts, ignore_index=True)


def table_of(planted: pd.DataFrame) -> str:
    """Precision and recall per rule over all seeds, with 95 % intervals, as Markdown."""
    sums = planted.groupby("rule", sort=False).sum(numeric_only=True)
    lines = [
        "| rule | planted | recall | cases | precision | recall listed | listed | precision listed |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for rule, row in [*sums.iterrows(), ("all", sums.sum())]:
        lines.append(
            f"| {rule} | {row['planted']} | {_share(row['found'], row['planted'])} | {row['cases']} | "
            f"{_share(row['right'], row['cases'])} | {_share(row['found_listed'], row['planted'])} | "
            f"{row['listed']} | {_share(row['right_listed'], row['listed'])} |"
        )
    return "\n".join(lines)


def _share(part: float, whole: float) -> str:
    if not whole:
        return "-"
    low, high = (float(end[0]) for end in wilson_interval(np.array([float(part)]), np.array([float(whole)])))
    return f"{part / whole:.2f} ({low:.2f}-{high:.2f})"


def main(given: list[str]) -> None:
    """Run as asked for and write the tables to the screen."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.irregularities", description=__doc__)
    parser.add_argument("--seeds", type=int, nargs=2, default=(101, 120), metavar=("FIRST", "LAST"))
    parser.add_argument("--partners", type=int, default=300)
    parser.add_argument("--months", type=int, default=24)
    parser.add_argument("--lines", type=int, default=60_000)
    asked = parser.parse_args(given)
    size: dict[str, Any] = {name: getattr(asked, name) for name in ("partners", "months", "lines")}
    seeds = range(asked.seeds[0], asked.seeds[1] + 1)
    with tempfile.TemporaryDirectory() as folder:
        planted = planted_worlds(Path(folder) / "planted", seeds, size)
        clean = clean_worlds(Path(folder) / "clean", seeds, size)
    sys.stdout.write(f"{table_of(planted)}\n\n{_clean_text(clean, len(seeds))}\n")


def _clean_text(clean: pd.DataFrame, worlds: int) -> str:
    """How often anything was found where nothing is."""
    tests = clean[clean["kind"] == "test"]
    with_any = int((tests.groupby("seed")["cases"].sum() > 0).sum())
    flagged, tested = int(tests["cases"].sum()), int(tests["tested"].sum())
    by_rule = clean.groupby("rule", sort=False)["cases"].sum()
    named = ", ".join(f"{rule} {count}" for rule, count in by_rule[by_rule > 0].items()) or "none"
    return (
        f"Nothing planted: {with_any} of {worlds} worlds with a case from a test "
        f"{_share(with_any, worlds)}; {flagged} of {tested} tests {_share(flagged, tested)}; cases: {named}"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
