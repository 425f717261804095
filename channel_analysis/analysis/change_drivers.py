"""What drove a change: the factors of a KPI's tree (customers, orders of each, lines, units, price)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from ..methods.rootcause.tree import Tree, parse_tree, parts_of_change
from ..metrics.leaf_terms import tree_of
from ..metrics.leaves import driver_table
from ..rootcauses import COLUMNS
from ..store.workspace import Workspace
from .change_leaves import Comparison


def drivers_of(ws: Workspace, comparison: Comparison) -> pd.DataFrame:
    """Per factor its value before and now, and what it moved; the amounts add up to the change."""
    if comparison.kpi.tree is None:
        return pd.DataFrame(columns=list(COLUMNS["drivers"]))
    made = tree_of(comparison.kpi, "tree")
    windows = [comparison.base, comparison.period]
    long = driver_table(ws.facts(), comparison.kpi, ws.policy, windows)
    counts = list(made.counts)
    keys = [name for name in long.columns if name not in ("window", *counts)]
    wide = long.set_index([*keys, "window"])[counts].unstack("window").fillna(0.0)
    before, now = ({name: wide[name, side].to_numpy(dtype=float) for name in counts} for side in (0, 1))
    tree = parse_tree(made.expr)
    ratios = {name: parse_tree(text) for name, text in made.factors.items()}
    parts = parts_of_change(tree, ratios, before, now)
    rows = []
    for driver, amounts in parts.items():
        values = [_value(driver, ratios, side) for side in (before, now)]
        rows.append((driver, *values, float(amounts.sum())))
    table = pd.DataFrame(rows, columns=list(COLUMNS["drivers"]))
    return table[(table["amount"] != 0) | table["before"].notna()].reset_index(drop=True)


def _value(driver: str, ratios: Mapping[str, Tree], counts: Mapping[str, np.ndarray]) -> float:
    """A factor of the whole, of sums; NaN for what is no factor (new, lost) and over nothing."""
    sums = {name: np.array([values.sum()]) for name, values in counts.items()}
    if driver in ratios:
        found = float(ratios[driver].value(sums)[0])
        return found if np.isfinite(found) else float("nan")
    return float(sums[driver][0]) if driver in sums else float("nan")
