"""Leads of a period by source, channel type and rep, for a workspace."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..appraisals import Leads
from ..methods.irregularities.control import q_values
from ..methods.leads import COLUMNS, DIMENSIONS, lead_results
from ..metrics.kpis import load_kpis
from ..metrics.leads import lead_counts
from ..metrics.periods import parse_period
from ..results import Caveat, Scope
from ..store.workspace import Workspace
from .names import names_of
from .scope import resolve_period, scope_of


def leads(ws: Workspace, period: str = "last-quarter") -> Leads:
    """What became of leads by source, channel type and rep, and who differs clearly from the others.

    Parameters
    ----------
    ws : Workspace
    period : str
        "2025Q3", "2025-07" and so on, or "last-quarter" (month, half, year).

    Raises
    ------
    InputError
        When the period is none or holds no sales.
    """
    resolved = resolve_period(ws, period)
    return leads_of(ws, scope_of(ws, resolved, load_kpis(ws)))


def leads_of(ws: Workspace, scope: Scope) -> Leads:
    """The leads of a period that is resolved already."""
    period = parse_period(scope.period, ws.settings.company.fiscal_year_start)
    counts = lead_counts(ws.facts().engine, period)
    parts = [lead_results(counts, by).assign(dimension=by.removesuffix("_id")) for by in DIMENSIONS]
    groups = pd.concat(parts, ignore_index=True)
    rate = 1 - ws.policy.scores.certainty
    groups = _judged(groups, rate)
    names = names_of(ws, "rep", list(groups.loc[groups["dimension"] == "rep", "entity"]))
    known = [
        names.get(e) if d == "rep" else None
        for d, e in zip(groups["dimension"], groups["entity"], strict=True)
    ]
    groups["name"] = pd.Series(known, index=groups.index, dtype=object)
    whole = lead_results(counts.assign(all=""), "all")
    order = ["dimension", "entity", "name", *COLUMNS[1:], "q_value", "verdict"]
    return Leads(
        groups=groups.loc[:, order],
        total=whole.drop(columns=["entity", "expected_rate", "p_value"]),
        false_discovery_rate=rate,
        scope=scope,
        caveats=tuple(_caveats(ws, scope, counts)),
    )


def _judged(groups: pd.DataFrame, rate: float) -> pd.DataFrame:
    """Verdicts under the rate of false discovery over all tests of the page."""
    p = groups["p_value"].to_numpy(dtype=float)
    tested = ~np.isnan(p)
    q = np.full(len(p), np.nan)
    q[tested] = q_values(p[tested])
    better = (groups["win_rate"] > groups["expected_rate"]).to_numpy(dtype=bool)
    verdict = np.where(~tested, "too_few", np.where(q > rate, "", np.where(better, "better", "worse")))
    return groups.assign(q_value=q, verdict=verdict.astype(object))


def _caveats(ws: Workspace, scope: Scope, counts: pd.DataFrame) -> list[Caveat]:
    found = [Caveat("provisional", "warning")] if scope.is_provisional else []
    if not ws.facts().intake.has("leads"):
        return [*found, Caveat("no_leads", "note")]
    if not len(counts):
        return [*found, Caveat("no_leads_in_period", "note")]
    undated = int(counts.loc[counts["outcome"] == "undated", "leads"].sum())
    if undated:
        found.append(Caveat("undated_leads", "warning", "", {"leads": undated}))
    if not (counts["source"] != "").any():
        found.append(Caveat("no_lead_sources", "note"))
    decided = counts[counts["outcome"].isin(["won", "lost"])]
    without = int(decided["leads"].sum() - decided["valued"].sum())
    if without:
        found.append(Caveat("leads_without_value", "note", "", {"leads": without}))
    return found
