"""Other rules for partners tried out on the last periods: who moves between tiers, and what it costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..appraisals import PartnerAppraisal, WhatIf
from ..contracts.policy import Policy
from ..contracts.settings import validated
from ..errors import InputError, Problem, did_you_mean, refuse
from ..files import overlay
from ..metrics.kpis import load_kpis
from ..metrics.periods import Period
from ..results import Irregularities
from ..store.workspace import Workspace
from .irregularities import irregularities_of
from .measure import periods as complete_periods
from .partners import appraisal_of
from .scope import resolve_period, scope_of

Appraise = Callable[[Workspace, Period, Policy], PartnerAppraisal]

REPLAYED = ("partners", "scores")
"""Parts of the policy that the appraisal of partners rests on."""

WHERE = "changes"


def what_if(ws: Workspace, changes: Mapping[str, Any], periods: int | str | Sequence[str] = 4) -> WhatIf:
    """Replay the appraisal of partners under changed rules, beside the rules as they are.

    Parameters
    ----------
    ws : Workspace
    changes : mapping
        Laid over the policy key by key, as a policy.toml is, such as
        {"partners": {"tiers": {"gold": {"begins": 90}}}}. Only [partners] and [scores] are replayed.
    periods : int, str or list of str
        How many of the last complete quarters (fewer where the data do not reach so far back), or
        which periods.

    Returns
    -------
    WhatIf
        What the rules cost is the extra rebate of a partner's tier times its net sales of the period;
        whoever has net sales below 0 gets none.

    Raises
    ------
    InputError
        With every mistake in the changes, or when a period is none or not there.
    """
    policy = changed_policy(ws.policy, changes)
    if isinstance(periods, int):
        codes = complete_periods(ws, "quarter", last=periods)
    else:
        codes = [periods] if isinstance(periods, str) else list(periods)
    if not codes:
        raise InputError([Problem("periods", "nothing is asked for", "name at least one")])
    return replay(ws, [resolve_period(ws, code) for code in codes], ws.policy, policy, _appraise())


def _appraise() -> Appraise:
    """Appraise periods under several policies; what in them is to be checked is looked for once."""
    known: dict[Period, Irregularities] = {}

    def appraise(ws: Workspace, period: Period, policy: Policy) -> PartnerAppraisal:
        if period not in known:
            known[period] = irregularities_of(ws, scope_of(ws, period, load_kpis(ws)))
        return appraisal_of(ws, period, policy, known[period])

    return appraise


def changed_policy(policy: Policy, changes: Mapping[str, Any]) -> Policy:
    """A policy with changes laid over it key by key.

    Raises
    ------
    InputError
        With every mistake in the changes.

    Examples
    --------
    >>> policy = Policy(channel_types={}, partners={"hysteresis": 2.0})
    >>> changed_policy(policy, {"partners": {"hysteresis": 5.0}}).partners.hysteresis
    5.0
    """
    if not isinstance(changes, Mapping) or not changes:
        fix = 'name what shall differ, such as {"partners": {"hysteresis": 5.0}}'
        raise InputError([Problem(WHERE, "these are no changes of the policy", fix)])
    problems = [
        Problem(
            f"{WHERE} [{name}]",
            f"this part of the policy is not replayed; only {' and '.join(REPLAYED)} are",
            did_you_mean(str(name), REPLAYED),
        )
        for name in changes
        if name in Policy.model_fields and name not in REPLAYED
    ]
    try:
        found = validated(Policy, overlay(policy.model_dump(), changes), WHERE)
    except InputError as error:
        raise InputError([*problems, *error.problems]) from None
    refuse(problems)
    return found


def replay(
    ws: Workspace, periods: Sequence[Period], today: Policy, changed: Policy, appraise: Appraise
) -> WhatIf:
    """Appraise every period under both policies, and set what comes out side by side."""
    tables = []
    for period in periods:
        before, after = (_side(appraise(ws, period, policy), policy) for policy in (today, changed))
        tables.append(_beside(before, after, changed).assign(period=period.code))
    partners = pd.concat(tables, ignore_index=True)[PARTNER_COLUMNS]
    return WhatIf(partners=partners, costs=_costs(partners), periods=tuple(p.code for p in periods))


PARTNER_COLUMNS = [
    "period", "entity", "group", "net_sales", "score_today", "score_changed", "score_change", "tier_today",
    "tier_changed", "move", "cost_today", "cost_changed", "cost_change",
]  # fmt: skip

MOVES = ("risen", "fallen", "entered", "left")


def _side(appraisal: PartnerAppraisal, policy: Policy) -> pd.DataFrame:
    """Partners by id under one policy: group, net_sales, score, tier ("" without one) and cost."""
    table = appraisal.partners.set_index("entity")[["group", "net_sales", "score", "tier"]]
    rates = {name: tier.rebate_rate for name, tier in policy.partners.tiers.items()}
    tier = table["tier"].fillna("")
    sales = table["net_sales"].astype(float).fillna(0.0).clip(lower=0)
    return table.assign(tier=tier, cost=tier.map(rates).astype(float).fillna(0.0) * sales)


def _beside(today: pd.DataFrame, changed: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    sides = ("_today", "_changed")
    both = today.merge(changed, "outer", left_index=True, right_index=True, suffixes=sides)
    both = both.rename_axis("entity")
    both = both.fillna(dict.fromkeys(("tier_today", "tier_changed"), ""))
    both = both.fillna({"cost_today": 0.0, "cost_changed": 0.0})
    order = _order(policy)
    moves = [_move(*pair, order) for pair in zip(both["tier_today"], both["tier_changed"], strict=True)]
    return both.assign(
        group=both["group_today"].fillna(both["group_changed"]),
        net_sales=both["net_sales_today"].fillna(both["net_sales_changed"]),
        score_change=both["score_changed"].astype(float) - both["score_today"].astype(float),
        cost_change=both["cost_changed"] - both["cost_today"],
        move=np.array(moves, dtype=object),
    ).reset_index()


def _order(policy: Policy) -> dict[str, float]:
    """Where tiers begin; changes are laid over what there is, so they hold every tier of today."""
    return {name: tier.begins for name, tier in policy.partners.tiers.items()}


def _move(before: str, after: str, order: Mapping[str, float]) -> str:
    if before == after:
        return ""
    if not before or not after:
        return "left" if before else "entered"
    return "risen" if order[after] > order[before] else "fallen"


def _costs(partners: pd.DataFrame) -> pd.DataFrame:
    """One row per period: partners, how many move how, and what the rules cost."""
    rows = []
    for period, own in partners.groupby("period", sort=False):
        moves = own["move"].value_counts()
        row = {"period": period, "partners": len(own), **{move: int(moves.get(move, 0)) for move in MOVES}}
        costs = {name: own[name].sum() for name in ("cost_today", "cost_changed", "cost_change")}
        rows.append(row | costs)
    return pd.DataFrame(rows, columns=COST_COLUMNS)


COST_COLUMNS = ["period", "partners", *MOVES, "cost_today", "cost_changed", "cost_change"]
