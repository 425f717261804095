"""The report on the sales force: people and targets, leads, key accounts, measures."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace

import pandas as pd

from ..appraisals import KeyAccounts, Leads, SalesForce
from ..metrics.kpis import load_kpis
from ..results import Caveat, Finding, Scope
from ..rootcauses import MeasureReview
from ..store.workspace import Workspace
from ..summaries import SalesTeamReport, Summary
from .key_accounts import key_accounts_of
from .leads import leads_of
from .measures import measure_review
from .provenance import appendix_of, banner_of
from .quality import data_quality
from .sales_force import RUBRIC, sales_force_of
from .scope import resolve_period, scope_of

FINDINGS_SHOWN = 3

FALLING = -0.20
"""Key accounts whose sales changed by less are to be looked after."""

_OF_STAFF = ("rep", "team", "owner")
"""Dimensions of segments that are the sales force's."""


def sales_team_report(ws: Workspace, period: str = "last-quarter") -> SalesTeamReport:
    """Report on the sales force of a workspace for one period.

    Parameters
    ----------
    ws : Workspace
    period : str
        "2025Q3", "2025H2", "2025", "2025-07", "FY2026Q1", or "last-quarter" (month, half, year).

    Returns
    -------
    SalesTeamReport
        Reps and teams, leads, key accounts, and measures that the sales force answers for; a part
        whose tables are not there has empty tables and a caveat.

    Raises
    ------
    InputError
        When the period is none or holds no sales, or a ledger cannot be read.
    """
    kpis = load_kpis(ws)
    resolved = resolve_period(ws, period)
    scope = scope_of(ws, resolved, kpis)
    force = sales_force_of(ws, resolved, ws.policy)
    leads, accounts = leads_of(ws, scope), key_accounts_of(ws, scope)
    types = sorted({name for name in force.reps["group"] if isinstance(name, str) and name})
    found = [*_of_force(force), *_of_accounts(accounts), *_of_leads(leads)]
    return SalesTeamReport(
        banner=banner_of(ws, data_quality(ws, scope), kpis, scope, "sales_team"),
        summary=Summary(_verdict(force, scope), tuple(found[:FINDINGS_SHOWN]), scope),
        sales_force=force,
        leads=leads,
        key_accounts=accounts,
        decided=_answered_for(measure_review(ws, scope), ws),
        appendix=appendix_of(ws, kpis, scope, {RUBRIC: types} if types else {}),
    )


def _verdict(force: SalesForce, scope: Scope) -> Finding:
    """What all reps with a target sold of it; who has none is not counted."""
    if not len(force.reps):
        return Finding("sales_team_nobody", scope.period, {}, "sales_force")
    own = force.reps[force.reps["target"].fillna(0) > 0]
    if not len(own):
        return Finding("sales_team_no_targets", scope.period, {"reps": len(force.reps)}, "sales_force")
    actual, target = float(own["actual"].sum()), float(own["target"].sum())
    reached = int((own["actual"] >= own["target"]).sum())
    numbers = {
        "reps": len(own),
        "reached": reached,
        "amount_actual": actual,
        "amount_target": target,
        "share_attained": actual / target,
    }
    return Finding("sales_team", scope.period, numbers, "sales_force", weight=target - actual)


def _of_force(force: SalesForce) -> Iterator[Finding]:
    """Reps that are behind, targets that are too high, leavers' accounts that nobody owns."""
    reps = force.reps
    for verdict in ("behind", "target_too_high"):
        own = reps[reps["verdict"] == verdict] if len(reps) else reps
        if len(own):
            lacking = float((own["target"] - own["actual"]).clip(lower=0).sum())
            numbers = {"n": len(own), "amount_lacking": lacking}
            yield Finding(f"sales_team_{verdict}", "", numbers, "sales_force", weight=lacking)
    vacant = int(force.teams["vacant_partners"].sum() + force.teams["vacant_customers"].sum())
    if vacant:
        yield Finding("sales_team_vacant", "", {"n": vacant}, "sales_force")


def _of_accounts(accounts: KeyAccounts) -> Iterator[Finding]:
    table = accounts.accounts
    fallen = table[table["change"].astype(float) <= FALLING] if len(table) else table
    if len(fallen):
        lost = float((fallen["net_sales_last_year"] - fallen["net_sales"]).sum())
        numbers = {"n": len(fallen), "amount_lost": lost, "share_falling": -FALLING}
        yield Finding("sales_team_accounts", "", numbers, "key_accounts", weight=lost)


def _of_leads(leads: Leads) -> Iterator[Finding]:
    total = leads.total.to_dict("records")
    if total and total[0]["closed"] and not math.isnan(total[0]["win_rate"]):
        numbers = {"won": total[0]["won"], "n": total[0]["closed"], "share_won": total[0]["win_rate"]}
        yield Finding("sales_team_leads", "", numbers, "leads")


def _answered_for(decided: MeasureReview, ws: Workspace) -> MeasureReview:
    """Open measures that somebody of the sales force answers for, or that are about reps or teams."""
    table = decided.measures
    if not ws.facts().intake.has("staff") or not len(table):
        return replace(decided, caveats=(*decided.caveats, Caveat("team_only", "note", numbers={})))
    staff = ws.facts().engine.query("SELECT staff_id, staff_name FROM staff").to_pydict()
    known = {*staff["staff_id"], *staff["staff_name"]} - {None}
    is_own = table["owner"].isin(known) | table["parts"].map(_is_about_staff)
    kept: pd.DataFrame = table[is_own & table["state"].isin(["open", "overdue"])].reset_index(drop=True)
    return replace(
        decided, measures=kept, caveats=(*decided.caveats, Caveat("team_only", "note", numbers={}))
    )


def _is_about_staff(parts: str) -> bool:
    return any(part[0] in _OF_STAFF for part in json.loads(parts))
