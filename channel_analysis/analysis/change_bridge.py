"""What a change is made of: the bridge of net sales, within and mix of ratios, new and lost of counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..methods.rootcause.bridge import sales_bridge
from ..methods.rootcause.entities import count_split
from ..methods.rootcause.split import ratio_split
from ..metrics.bridge import pair_table
from ..metrics.leaves import dimensions_of, leaf_table
from ..results import Caveat
from ..rootcauses import COLUMNS
from ..store.workspace import Workspace
from .change_drivers import drivers_of
from .change_leaves import Comparison
from .change_whole import Whole

COUNTED_BY = ("partner", "channel_type", "region")
"""The first dimension a sum or count has tells what is new, lost and continuing in it."""

GRAIN = ("channel_type", "region")
"""Ratios are split by these, as far as they have them."""


@dataclass(frozen=True, slots=True)
class Bridged:
    """The bars of the waterfall, drivers, and the split of ratios; empty where a KPI has none."""

    bridge: pd.DataFrame
    drivers: pd.DataFrame
    split: pd.DataFrame
    caveats: tuple[Caveat, ...] = ()


def bridge_of(ws: Workspace, comparison: Comparison, whole: Whole) -> Bridged:
    """Take a KPI's change apart; the bars between the two totals add up to it."""
    if comparison.kpi.denominator:
        return _of_ratio(ws, comparison, whole)
    if comparison.name == "net_sales":
        return _of_sales(ws, comparison, whole)
    return _of_sum(ws, comparison, whole)


def _of_sales(ws: Workspace, comparison: Comparison, whole: Whole) -> Bridged:
    pairs = pair_table(ws.facts(), ws.policy, comparison.period, comparison.base)
    found = sales_bridge(pairs)
    return Bridged(
        bridge=found.bars.loc[:, list(COLUMNS["bridge"])],
        drivers=drivers_of(ws, comparison),
        split=empty("split"),
        caveats=found.caveats,
    )


def _of_ratio(ws: Workspace, comparison: Comparison, whole: Whole) -> Bridged:
    kpi = comparison.kpi
    known = dimensions_of(kpi, ws.policy)
    grain = [name for name in GRAIN if name in known] or list(known)[:1]
    frame = _both_periods(ws, comparison, grain)
    split = ratio_split(frame.assign(entity=_joined(frame, grain)), "entity")
    split = split.assign(name=split["entity"])
    for column in ("rate_before", "rate", "within", "mix", "amount"):
        split[column] = split[column] * kpi.scale
    amounts = {
        "within": float(split["within"].sum()),
        "mix": float(split["mix"].sum()),
        **{entry: float(split.loc[split["entry"] == entry, "amount"].sum()) for entry in ("new", "lost")},
    }
    counts = split["entry"].value_counts()
    bars = [(bar, amount, float(counts.get(bar, np.nan))) for bar, amount in amounts.items()]
    return Bridged(_bars(whole, bars), empty("drivers"), split.loc[:, list(COLUMNS["split"])])


def _of_sum(ws: Workspace, comparison: Comparison, whole: Whole) -> Bridged:
    known = dimensions_of(comparison.kpi, ws.policy)
    grain = [name for name in COUNTED_BY if name in known][:1]
    frame = _both_periods(ws, comparison, grain)
    found = count_split(frame.assign(entity=_joined(frame, grain)), "entity", "numerator_before", "numerator")
    scale = comparison.kpi.scale
    bars = [(row.term, row.amount * scale, float(row.count)) for row in found.itertuples(name="Bar")]
    return Bridged(_bars(whole, bars), empty("drivers"), empty("split"))


def _both_periods(ws: Workspace, comparison: Comparison, grain: Sequence[str]) -> pd.DataFrame:
    """One row per value of the grain with numerators and denominators of both periods."""
    windows = [comparison.base, comparison.period]
    long = leaf_table(ws.facts(), comparison.kpi, ws.policy, windows, grain)
    sides = [
        long.loc[long["window"] == window, [*grain, "numerator", "denominator"]].set_index(list(grain))
        for window in (0, 1)
    ]
    both = sides[1].join(sides[0].add_suffix("_before"), how="outer").fillna(0.0)
    return both.reset_index()


def _joined(frame: pd.DataFrame, grain: Sequence[str]) -> pd.Series:
    texts = frame.loc[:, list(grain)].astype(str)
    return texts.agg(" / ".join, axis=1) if len(texts) else pd.Series(dtype=str)


def _bars(whole: Whole, bars: Sequence[tuple[str, float, float]]) -> pd.DataFrame:
    rows = [
        ("before", whole.before, True, np.nan),
        *((bar, amount, False, count) for bar, amount, count in bars),
        ("now", whole.now, True, np.nan),
    ]
    table = pd.DataFrame(rows, columns=["bar", "amount", "is_total", "count"])
    return table.assign(low=np.nan, high=np.nan).loc[:, list(COLUMNS["bridge"])]


def empty(name: str) -> pd.DataFrame:
    """A table of an explanation without rows."""
    return pd.DataFrame(columns=list(COLUMNS[name]))
