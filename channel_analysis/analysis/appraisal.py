"""The periodic appraisal: partners, sales force, accounts and candidates of one period, together."""

from __future__ import annotations

import pandas as pd

from ..appraisals import Appraisal
from ..metrics.kpis import load_kpis
from ..store.workspace import Workspace
from .incentives import incentives_of
from .key_accounts import key_accounts_of
from .leads import leads_of
from .lifecycle import lifecycle_of
from .partners import appraisal_of
from .policy_audit import audit_of
from .provenance import appendix_of, banner_of
from .quality import data_quality
from .sales_force import sales_force_of
from .scope import resolve_period, scope_of
from .screening import screening_of


def appraise(ws: Workspace, period: str = "last-quarter") -> Appraisal:
    """Appraise everybody who sells: partners, reps and teams, key accounts, leads, candidates.

    Parameters
    ----------
    ws : Workspace
    period : str
        "2025Q3", "2025H2", "2025", "2025-07", "FY2026Q1", or "last-quarter" (month, half, year). A
        year is scored by the year's own figures, with its quarters beside.

    Raises
    ------
    InputError
        When the period is none or holds no sales, a rubric names an unknown KPI, or a ledger cannot
        be read.
    """
    kpis = load_kpis(ws)
    resolved = resolve_period(ws, period)
    scope = scope_of(ws, resolved, kpis)
    partners = appraisal_of(ws, resolved, ws.policy)
    sales_force = sales_force_of(ws, resolved, ws.policy)
    screening = screening_of(ws, resolved, scope)
    rubrics = {
        "partners.scoring": _types(partners.partners, "group"),
        "sales_force.scoring": _types(sales_force.reps, "group"),
        "candidates.scoring": _types(screening.candidates, "channel_type"),
    }
    return Appraisal(
        banner=banner_of(ws, data_quality(ws, scope), kpis, scope, "appraisal"),
        partners=partners,
        lifecycle=lifecycle_of(ws, scope),
        sales_force=sales_force,
        key_accounts=key_accounts_of(ws, scope),
        leads=leads_of(ws, scope),
        incentives=incentives_of(ws, scope),
        screening=screening,
        audit=audit_of(ws, resolved),
        appendix=appendix_of(ws, kpis, scope, {name: types for name, types in rubrics.items() if types}),
    )


def _types(table: pd.DataFrame, column: str) -> list[str]:
    """Channel types that stand in a table."""
    return sorted({name for name in table[column] if isinstance(name, str) and name})
