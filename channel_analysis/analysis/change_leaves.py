"""The leaves of a change: a KPI's sums for every combination of dimensions, in both periods and before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..metrics.facts import UNASSIGNED
from ..metrics.kpis import Kpi
from ..metrics.leaves import dimensions_of, leaf_table
from ..metrics.periods import Period
from ..results import Caveat
from ..store.workspace import Workspace
from .change_entries import Entries, team_of

SIDES = ("numerator", "denominator", "rows", "squares")

TENURE, HANDED_OVER, SETTLED = "tenure", "handed_over", "settled"
"""A dimension of its own: accounts that newcomers took over from reps who left, and all others."""

RENEWED = 1 / 3
"""Where what came or went by decision is more of either period, nothing is set apart: it is no exception."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A KPI in a period against a base, with the earlier comparisons of the same kind, latest first."""

    name: str
    kpi: Kpi
    period: Period
    base: Period
    against: str
    earlier: tuple[tuple[Period, Period], ...] = ()

    @property
    def windows(self) -> list[Period]:
        """Every period it takes, each once."""
        pairs = [(self.period, self.base), *self.earlier]
        return list(dict.fromkeys(period for pair in pairs for period in pair))

    @property
    def heading(self) -> dict[str, str]:
        """What stands above an explanation."""
        return {
            "kpi": self.name,
            "unit": self.kpi.unit,
            "better": self.kpi.better,
            "period": self.period.code,
            "base": self.base.code,
            "against": self.against,
        }


@dataclass(frozen=True, slots=True)
class Leaves:
    """The finest cells: a column per dimension, then sums per window (`numerator_0`, `squares_0`, ...).

    `apart` is what moved the numerator among products and partners that came or went by decision.
    """

    frame: pd.DataFrame
    dimensions: tuple[str, ...]
    windows: Mapping[Period, int]
    apart: Mapping[str, float]
    caveats: tuple[Caveat, ...] = ()

    def sums(self, side: str, period: Period) -> np.ndarray:
        """One side of the KPI in one period, a number per leaf."""
        return np.asarray(self.frame[f"{side}_{self.windows[period]}"].to_numpy(dtype=float))


def leaves_of(ws: Workspace, comparison: Comparison, dimensions: Sequence[str], entries: Entries) -> Leaves:
    """Fetch the leaves of every window, reps under their successors.

    Of sums, what came or went by decision is set apart; of ratios it is among what is new or lost.
    """
    windows = comparison.windows
    known = dimensions_of(comparison.kpi, ws.policy)
    levels = {} if comparison.kpi.denominator else known if comparison.kpi.kind == "additive" else dimensions
    apart = {name: one for name, one in entries.apart.items() if one[0] in levels}
    fetched = list(dict.fromkeys([*dimensions, *(level for level, _ in apart.values())]))
    long = leaf_table(ws.facts(), comparison.kpi, ws.policy, windows, fetched)
    long = long.assign(**{name: long[name].fillna(UNASSIGNED).astype(str) for name in fetched})
    long = _handed_over(ws, long, entries.successors)
    if "rep" in dimensions and entries.successors:
        came = long["rep"].isin(list(entries.successors.values()))
        long = long.assign(**{TENURE: np.where(came, HANDED_OVER, SETTLED)})
        dimensions, fetched = [*dimensions, TENURE], [*fetched, TENURE]
    wide = long.groupby([*fetched, "window"], sort=True)[list(SIDES)].sum().astype(float).unstack("window")
    wide.columns = pd.Index([f"{side}_{window}" for side, window in wide.columns])
    every = [f"{side}_{window}" for side in SIDES for window in range(len(windows))]
    frame = wide.reindex(columns=every).fillna(0.0).reset_index()
    numbers = {period: number for number, period in enumerate(windows)}
    both = [f"numerator_{numbers[period]}" for period in (comparison.period, comparison.base)]
    rest, told, caveats = _set_apart(frame, apart, both)
    if any(one.code == "range_renewed" for one in caveats):
        dimensions = [name for name in dimensions if name != "product"] or dimensions
    rest = rest.groupby(list(dimensions), sort=True)[every].sum().reset_index()
    return Leaves(rest, tuple(dimensions), numbers, told, caveats)


def _set_apart(
    frame: pd.DataFrame, apart: Mapping[str, tuple[str, frozenset[str]]], both: Sequence[str]
) -> tuple[pd.DataFrame, dict[str, float], tuple[Caveat, ...]]:
    """What is left, what moved among those set apart, and what was too much to be set apart."""
    told, caveats = {}, []
    whole = frame.loc[:, list(both)].sum().abs()
    for name, (level, ids) in apart.items():
        own = frame[level].isin(ids)
        sums = frame.loc[own, list(both)].sum()
        share = float((sums.abs() / whole.where(whole > 0)).max())
        if share > RENEWED:
            caveats.append(Caveat(f"{name}_renewed", "note", level, {"share": share}))
            continue
        told[name] = float(sums.iloc[0] - sums.iloc[1])
        frame = frame[~own]
    return frame, told, tuple(caveats)


def _handed_over(ws: Workspace, long: pd.DataFrame, successors: Mapping[str, str]) -> pd.DataFrame:
    """Rows of reps that left under those who took over, and under their teams."""
    if "rep" not in long or not successors:
        return long
    moved = long["rep"].isin(list(successors))
    reps = long["rep"].where(~moved, long["rep"].map(successors))
    if "team" in long:
        teams = reps.map(team_of(ws))
        long = long.assign(team=long["team"].where(~moved, teams.fillna(long["team"])))
    return long.assign(rep=reps)
