"""Net sales against plan: which scopes of the targets fell short of them, beyond chance."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from ..methods.rootcause.find import find_segments
from ..metrics.facts import LEVELS
from ..metrics.kpis import Kpi
from ..metrics.leaves import leaf_table
from ..metrics.periods import Period
from ..metrics.targets import FINER_FIRST, supplied_levels
from ..results import Caveat, Scope
from ..rootcauses import RootCause
from ..store.workspace import Workspace
from .causes import causes_of
from .change_leaves import Comparison
from .change_ledger import ledger_of
from .change_segments import Search, as_search, named, together
from .measure import values_of
from .measures import proposals_of

PLAN = "plan"


def plan_explanation(ws: Workspace, kpis: Mapping[str, Kpi], period: Period, scope: Scope) -> RootCause:
    """Explain net sales against the targets, by the finest scope that targets are set for."""
    comparison = Comparison("net_sales", kpis["net_sales"], period, period, PLAN)
    level = _level(ws)
    frame = _against_targets(ws, kpis, period, level) if level else pd.DataFrame()
    if frame.empty:
        reason = "no_rows" if ws.facts().intake.has("targets") else "no_table"
        why = Caveat("change_no_base", "note", "attainment", {"period": period.code, "reason": reason})
        return RootCause.nothing(comparison.heading, scope, (why,))
    found = find_segments(frame, [level], "now", "expected", variance="variance")
    search = as_search(found, frame, comparison)
    now, before = float(frame["now"].sum()), float(frame["before"].sum())
    return _composed(ws, comparison, search, frame, now, before, scope)


def _level(ws: Workspace) -> str:
    if not ws.facts().intake.has("targets"):
        return ""
    supplied = supplied_levels(ws.facts().engine)
    return next(
        (level for level in FINER_FIRST if level in supplied and level in LEVELS and level != "company"), ""
    )


def _against_targets(ws: Workspace, kpis: Mapping[str, Kpi], period: Period, level: str) -> pd.DataFrame:
    """Per scope of the targets: actual and target in the targets' own windows, and the chance of orders."""
    values = values_of(ws, {"attainment": kpis["attainment"]}, [period], (level,))
    values = values[values["status"] == "ok"]
    noise = leaf_table(ws.facts(), kpis["net_sales"], ws.policy, [period], [level])
    squares = values["entity"].map(dict(zip(noise[level], noise["squares"], strict=True)))
    return pd.DataFrame(
        {
            level: values["entity"].astype(str),
            "now": values["numerator"].astype(float),
            "before": values["denominator"].astype(float),
            "expected": values["denominator"].astype(float),
            "variance": squares.fillna(0.0).astype(float),
        }
    ).reset_index(drop=True)


def _composed(
    ws: Workspace,
    comparison: Comparison,
    search: Search,
    frame: pd.DataFrame,
    now: float,
    before: float,
    scope: Scope,
) -> RootCause:
    change = now - before
    segments, parts = together({"": search}, change, max(abs(now), abs(before)))
    parts = named(ws, parts)
    bridge = _bridge(frame, now, before)
    found = search.segments
    causes = causes_of(ws, comparison.kpi, comparison.period, comparison.base, segments, parts)
    nothing = RootCause.nothing(comparison.heading, scope, ())
    return RootCause(
        **comparison.heading,
        now=now,
        before=before,
        change=change,
        usual=0.0,
        verdict=found.verdict,
        noise=found.noise,
        placebo=found.placebo,
        placebo_runs=found.placebo_runs,
        p_value=found.p_value,
        dimensions=found.dimensions,
        ledger=ledger_of(change, bridge, search, segments, {}, nothing.split, 1.0),
        bridge=bridge,
        drivers=nothing.drivers,
        split=nothing.split,
        segments=segments,
        parts=parts,
        causes=causes,
        proposals=proposals_of(ws.policy, segments, parts, causes, scope, comparison.kpi, comparison.name),
        scope=scope,
        caveats=found.caveats,
    )


def _bridge(frame: pd.DataFrame, now: float, before: float) -> pd.DataFrame:
    """From plan to actual: what fell short, and what went beyond."""
    gap = (frame["now"] - frame["expected"]).to_numpy()
    bars = [
        ("before", before, True, float("nan")),
        ("below_plan", float(gap[gap < 0].sum()), False, float((gap < 0).sum())),
        ("above_plan", float(gap[gap > 0].sum()), False, float((gap > 0).sum())),
        ("now", now, True, float("nan")),
    ]
    table = pd.DataFrame(bars, columns=["bar", "amount", "is_total", "count"])
    return table.assign(low=np.nan, high=np.nan)[["bar", "amount", "low", "high", "is_total", "count"]]
