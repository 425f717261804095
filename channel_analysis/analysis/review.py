"""The periodic channel review: measured, scored and composed from a workspace."""

from __future__ import annotations

from ..metrics.kpis import load_kpis
from ..results import Pending, Review
from ..store.workspace import Workspace
from .channels import channel_results
from .irregularities import irregularities_of
from .measure import values_of
from .measures import measure_plan, measure_review
from .message import message
from .partners import appraisal_of
from .provenance import appendix_of, banner_of
from .quality import data_quality
from .risk import risk_of
from .root_cause import explanation_of, usual_base
from .scope import resolve_period, scope_of
from .scorecard import scorecard

PENDING_PARTS = {
    "stock": ("stock", "sell_out"),
    "incentives": ("programmes",),
    "sales_force": ("staff",),
    "outlook": ("sales",),
}
"""Parts of the review that are one line, with the tables they need."""

ELSEWHERE = {"sales_force": "appraisal"}
"""Those that a report of their own tells."""


def review(ws: Workspace, period: str = "last-quarter") -> Review:
    """Review the channels of a workspace for one period.

    Parameters
    ----------
    ws : Workspace
    period : str
        "2025Q3", "2025H2", "2025", "2025-07", "FY2026Q1", or "last-quarter" (month, half, year).

    Returns
    -------
    Review
        Banner, message, measures decided before, results by channel type, why net sales moved,
        scorecard, partners, risk, data, measures proposed, appendix, and the parts that
        are one line; every table it shows is in `tables()`.

    Raises
    ------
    InputError
        When the period is none, holds no sales, or the workspace's files cannot be used.
    """
    kpis = load_kpis(ws)
    resolved = resolve_period(ws, period)
    scope = scope_of(ws, resolved, kpis)
    periods = [resolved, resolved.previous, resolved.last_year]
    values = values_of(ws, kpis, periods, ("company", "channel_family", "channel_type"))
    quality = data_quality(ws, scope)
    card = scorecard(ws, values, kpis, resolved, scope)
    results = channel_results(ws, values, kpis, resolved, scope)
    irregular = irregularities_of(ws, scope)
    explanation = explanation_of(ws, kpis, "net_sales", resolved, scope, usual_base(ws, resolved))
    return Review(
        banner=banner_of(ws, quality, kpis, scope),
        message=message(ws, values, kpis, results, card, quality, resolved, scope),
        decided=measure_review(ws, scope, [explanation]),
        results=results,
        explanation=explanation,
        scorecard=card,
        partners=appraisal_of(ws, resolved, ws.policy, irregular),
        risk=risk_of(ws, resolved, scope),
        quality=quality,
        irregularities=irregular,
        plan=measure_plan(ws, scope, [explanation]),
        appendix=appendix_of(ws, kpis, scope, {"scoring": sorted(card.scores["channel_type"])}),
        pending=_pending(ws),
        values=values,
    )


def _pending(ws: Workspace) -> dict[str, Pending]:
    intake = ws.facts().intake
    return {
        part: Pending(
            part,
            missing_tables=tuple(table for table in tables if not intake.has(table)),
            supplied_tables=tuple(table for table in tables if intake.has(table)),
            report=ELSEWHERE.get(part, ""),
        )
        for part, tables in PENDING_PARTS.items()
    }
