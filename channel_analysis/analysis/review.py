"""The periodic channel review: measured, scored and composed from a workspace."""

from __future__ import annotations

from collections.abc import Mapping

from ..appraisals import PartnerAppraisal
from ..metrics.kpis import load_kpis
from ..metrics.periods import Period
from ..results import Irregularities, Pending, Review, Scope
from ..risks import PartnerRisk
from ..rootcauses import MeasureReview, RootCause
from ..store.workspace import Workspace
from .channels import channel_results
from .irregularities import irregularities_of
from .measure import values_of
from .measures import measure_plan, measure_review, with_first_steps
from .message import message
from .narrow import narrowed_to, only_cases, only_measures, only_partners, own_channels, own_partners
from .partners import appraisal_of
from .provenance import appendix_of, banner_of
from .quality import data_quality
from .risk import risk_of
from .root_cause import explanation_of, usual_base
from .scope import resolve_period, scope_of
from .scorecard import scorecard

LEVELS = ("company", "channel_family", "channel_type")
"""Levels of the review's figures."""

PENDING_PARTS = {
    "stock": ("stock", "sell_out"),
    "incentives": ("programmes",),
    "sales_force": ("staff",),
    "outlook": ("sales",),
}
"""Parts of the review that are one line, with the tables they need."""

ELSEWHERE = {"sales_force": "appraisal"}
"""Those that a report of their own tells."""


def review(ws: Workspace, period: str = "last-quarter", where: Mapping[str, str] | None = None) -> Review:
    """Review the channels of a workspace for one period.

    Parameters
    ----------
    ws : Workspace
    period : str
        "2025Q3", "2025H2", "2025", "2025-07", "FY2026Q1", or "last-quarter" (month, half, year).
    where : mapping of str to str, optional
        What the review is narrowed to, such as {"region": "East"}; or channel_family, channel_type,
        owner. Figures are those of what is left; scores, ranks and risks are told of who belongs to it,
        among all of the company. The data are judged as a whole.

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
    own = narrowed_to(ws, where or {}, resolved)
    scope = scope_of(own, resolved, kpis)
    periods = [resolved, resolved.previous, resolved.last_year]
    values = values_of(own, kpis, periods, LEVELS)
    among = values_of(ws, kpis, periods, LEVELS) if own.where else values
    quality = data_quality(ws, scope)
    card = own_channels(scorecard(ws, among, kpis, resolved, scope), own)
    results = channel_results(own, values, kpis, resolved, scope)
    explanation = explanation_of(own, kpis, "net_sales", resolved, scope, usual_base(own, resolved))
    decided, partners, risk, irregular = _of_partners(ws, own, resolved, scope, explanation)
    plan = measure_plan(ws, scope, [explanation])
    measured = (own, values, kpis, results, card, quality, resolved, scope)
    told = message(*measured, plan=plan, explanation=explanation, risk=risk, irregularities=irregular)
    return Review(
        banner=banner_of(ws, quality, kpis, scope),
        message=told,
        decided=decided,
        results=results,
        explanation=explanation,
        scorecard=card,
        partners=partners,
        risk=risk,
        quality=quality,
        irregularities=irregular,
        plan=with_first_steps(ws, plan, told.findings),
        appendix=appendix_of(ws, kpis, scope, {"scoring": sorted(card.scores["channel_type"])}),
        pending=_pending(ws),
        values=values,
    )


def _of_partners(
    ws: Workspace, own: Workspace, period: Period, scope: Scope, explanation: RootCause
) -> tuple[MeasureReview, PartnerAppraisal, PartnerRisk, Irregularities]:
    """What is concluded among all of the company, as far as it is about what the review is narrowed to."""
    irregular = irregularities_of(ws, scope)
    decided = measure_review(ws, scope, [explanation])
    partners = appraisal_of(ws, period, ws.policy, irregular)
    risk = risk_of(ws, period, scope)
    if not own.where:
        return decided, partners, risk, irregular
    names = own_partners(ws, own.where)
    return (
        only_measures(decided, own.where, names),
        only_partners(partners, names),
        only_partners(risk, names),
        only_cases(irregular, names),
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
