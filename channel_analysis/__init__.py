"""Sales channel performance: KPIs, scorecards and reports from a workspace of a company's own data.

`open_workspace` opens a company's folder, `periods` says which periods it holds, `measure` gives
KPI values, `review` a period's channel review, `show` shows any part of it in Chinese or English,
`publish` makes the pages. Everything is imported when it is first used; `notebooks/tour.ipynb` walks
through it.

>>> import channel_analysis as ca
>>> {"measure", "open_workspace", "review", "show"} <= set(ca.__all__)
True
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from .errors import InputError, Problem

if TYPE_CHECKING:
    from .analysis.appraisal import appraise
    from .analysis.data_quality_report import data_quality_report
    from .analysis.incentives import incentives
    from .analysis.irregularities import find_irregularities
    from .analysis.key_accounts import key_accounts
    from .analysis.kpi_book import kpis
    from .analysis.leads import leads
    from .analysis.lifecycle import lifecycle
    from .analysis.measure import measure, periods
    from .analysis.partner_sheet import partner_sheet, partner_sheets
    from .analysis.partners import appraise_partners
    from .analysis.policy_audit import audit_policy
    from .analysis.quality import data_quality
    from .analysis.review import review
    from .analysis.risk import partner_risk, partner_risk_report, risk_model_card, train_partner_risk
    from .analysis.risk_panel import risk_panel
    from .analysis.root_cause import explain_change, root_cause_report, rows_of_segment
    from .analysis.sales_force import appraise_sales_force
    from .analysis.sales_team_report import sales_team_report
    from .analysis.screening import screen_candidates
    from .analysis.screening_report import screening_report
    from .analysis.what_if import what_if
    from .methods.risk.model import RiskModel
    from .methods.risk.score import score_risk
    from .methods.risk.train import train_risk
    from .methods.rootcause.find import find_segments
    from .methods.scoring.weights import ahp_weights
    from .report.fonts import font_families
    from .report.language import use_language
    from .report.publish import publish
    from .report.saving import save_tables
    from .report.show import show
    from .report.sortable import interactive_tables
    from .simulator import Dials, simulate
    from .store.measures import MeasureRegister
    from .store.proposal import propose_mapping
    from .store.scaffold import make_workspace
    from .store.workspace import open_workspace

__version__ = "0.1.0"

_DOORS = {
    "Dials": "simulator",
    "simulate": "simulator",
    "find_irregularities": "analysis.irregularities",
    "make_workspace": "store.scaffold",
    "propose_mapping": "store.proposal",
    "publish": "report.publish",
    "open_workspace": "store.workspace",
    "font_families": "report.fonts",
    "RiskModel": "methods.risk.model",
    "ahp_weights": "methods.scoring.weights",
    "score_risk": "methods.risk.score",
    "train_risk": "methods.risk.train",
    "data_quality": "analysis.quality",
    "partner_sheet": "analysis.partner_sheet",
    "partner_sheets": "analysis.partner_sheet",
    "sales_team_report": "analysis.sales_team_report",
    "screening_report": "analysis.screening_report",
    "data_quality_report": "analysis.data_quality_report",
    "kpis": "analysis.kpi_book",
    "use_language": "report.language",
    "interactive_tables": "report.sortable",
    "appraise": "analysis.appraisal",
    "appraise_partners": "analysis.partners",
    "appraise_sales_force": "analysis.sales_force",
    "audit_policy": "analysis.policy_audit",
    "incentives": "analysis.incentives",
    "key_accounts": "analysis.key_accounts",
    "MeasureRegister": "store.measures",
    "explain_change": "analysis.root_cause",
    "find_segments": "methods.rootcause.find",
    "root_cause_report": "analysis.root_cause",
    "rows_of_segment": "analysis.root_cause",
    "leads": "analysis.leads",
    "lifecycle": "analysis.lifecycle",
    "measure": "analysis.measure",
    "periods": "analysis.measure",
    "review": "analysis.review",
    "partner_risk": "analysis.risk",
    "partner_risk_report": "analysis.risk",
    "risk_model_card": "analysis.risk",
    "risk_panel": "analysis.risk_panel",
    "train_partner_risk": "analysis.risk",
    "screen_candidates": "analysis.screening",
    "what_if": "analysis.what_if",
    "show": "report.show",
    "save_tables": "report.saving",
}

__all__ = [
    "Dials",
    "InputError",
    "MeasureRegister",
    "Problem",
    "RiskModel",
    "ahp_weights",
    "appraise",
    "appraise_partners",
    "appraise_sales_force",
    "audit_policy",
    "data_quality",
    "data_quality_report",
    "explain_change",
    "find_irregularities",
    "find_segments",
    "font_families",
    "incentives",
    "interactive_tables",
    "key_accounts",
    "kpis",
    "leads",
    "lifecycle",
    "make_workspace",
    "measure",
    "open_workspace",
    "partner_risk",
    "partner_risk_report",
    "partner_sheet",
    "partner_sheets",
    "periods",
    "propose_mapping",
    "publish",
    "review",
    "risk_model_card",
    "risk_panel",
    "root_cause_report",
    "rows_of_segment",
    "sales_team_report",
    "save_tables",
    "score_risk",
    "screen_candidates",
    "screening_report",
    "show",
    "simulate",
    "train_partner_risk",
    "train_risk",
    "use_language",
    "what_if",
]


def __getattr__(name: str) -> Any:
    if name in _DOORS:
        return getattr(import_module(f".{_DOORS[name]}", __name__), name)
    raise AttributeError(f"module 'channel_analysis' has no attribute '{name}'")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]


if "IPython" in sys.modules:
    import_module(".report.jupyter", __name__).register()
