"""The policy audited: how much hangs on its weights, and whether scores can be had without performance."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd

from ..appraisals import PolicyAudit
from ..methods.scoring import Scored, standings
from ..methods.scoring.gaming import cheapest_steps, crowds, hiding
from ..methods.scoring.tiers import tier_history
from ..methods.scoring.weights import flips, under_random_weights, weight_table
from ..metrics.kpis import load_kpis
from ..metrics.periods import Period
from ..results import Caveat
from ..store.workspace import Workspace
from .partners import certain, partner_grounds
from .scope import resolve_period, scope_of


def audit_policy(ws: Workspace, period: str = "last-quarter") -> PolicyAudit:
    """Audit the rules by which partners are scored, on the partners of one period.

    Parameters
    ----------
    ws : Workspace
    period : str
        "2025Q3", "2025H2", "2025", "2025-07", FY2026Q1, or "last-quarter" (month, half, year).

    Raises
    ------
    InputError
        When the period is none or holds no sales, or the rubric names an unknown KPI.
    """
    return audit_of(ws, resolve_period(ws, period))


def audit_of(ws: Workspace, resolved: Period) -> PolicyAudit:
    """The audit on a period that is resolved already."""
    policy, rules = ws.policy, ws.policy.partners
    found, listed = partner_grounds(ws, resolved, policy)
    own, rubric = found.of(resolved), rules.scoring
    now = found.scored(resolved, rubric, policy)
    steady = tier_history([certain(now)], rules.tiers, 0.0)[0]
    scope = scope_of(ws, resolved, load_kpis(ws))
    return PolicyAudit(
        weights=_by_group(now, lambda group, p: weight_table(rubric.weights_of(found.scopes[group]), p)),
        flips=_flips(now, dict(zip(listed["entity"], listed["name"], strict=True))),
        robustness=_by_group(now, lambda _, points: under_random_weights(points, policy.scores.draws)),
        hiding=hiding(own, rubric, found.scopes),
        steps=cheapest_steps(now, steady.to_dict(), rules.tiers, rubric, found.scopes, rules.hysteresis),
        crowds=crowds(certain(now).dropna(), rules.tiers),
        scope=scope,
        caveats=() if len(now.scores) else (Caveat("no_partners", "note"),),
    )


def _by_group(now: Scored, make: Callable[[str, pd.DataFrame], pd.DataFrame]) -> pd.DataFrame:
    """What is made of each group's points, one below the other with the group in front."""
    scored = now.scores.loc[now.scores["status"] == "ok", "entity"]
    points = now.points[now.points["entity"].isin(scored)]
    made = []
    for group, own in points.groupby("group", sort=True):
        table = make(str(group), own)
        table.insert(0, "group", group)
        made.append(table)
    return pd.concat(made, ignore_index=True) if made else pd.DataFrame(columns=["group"])


def _flips(now: Scored, names: Mapping[str, str]) -> pd.DataFrame:
    """For the two best of each group: how far each weight must move before they change places."""
    made = []
    for group, own in standings(now).groupby("group", sort=True):
        if len(own) > 1:
            first, second = own["entity"].iloc[:2]
            made.append(flips(now.points, first, second).assign(group=group, first=first, second=second))
    columns = ["group", "first", "first_name", "second", "second_name", "kpi", "weight", "flips_at", "move"]
    table = pd.concat(made, ignore_index=True) if made else pd.DataFrame(columns=columns)
    return table.assign(
        first_name=[names[name] for name in table["first"]],
        second_name=[names[name] for name in table["second"]],
    )[columns]
