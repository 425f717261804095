"""The periodic channel review: measured, scored and composed from a workspace."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import pandas as pd

from ..methods.scorecard import score_channels
from ..metrics.kpis import Kpi, load_kpis
from ..metrics.periods import Period
from ..results import Appendix, Banner, DataQuality, Pending, Review, Scope, Scorecard
from ..store.workspace import Workspace
from .channels import channel_results
from .irregularities import irregularities_of
from .measure import values_of
from .message import message
from .quality import data_quality
from .scope import resolve_period, scope_of

PENDING_PARTS = {
    "decisions": ("measures",),
    "causes": ("sales",),
    "stock": ("stock", "sell_out"),
    "risk": ("partners", "receivables", "financials", "reputation_events"),
    "incentives": ("programmes",),
    "sales_force": ("staff", "targets", "visits", "leads"),
    "outlook": ("sales",),
    "measures": ("measures",),
}
"""Parts of the review whose method is still to come, with the tables they will read."""


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
        Banner, message, results by channel type, scorecard, data, appendix, and the parts that
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
    return Review(
        banner=_banner(ws, quality, kpis, scope),
        message=message(ws, values, kpis, results, card, quality, resolved, scope),
        results=results,
        scorecard=card,
        quality=quality,
        irregularities=irregularities_of(ws, scope),
        appendix=_appendix(ws, kpis, card, scope),
        pending=_pending(ws),
        values=values,
    )


def scorecard(
    ws: Workspace, values: pd.DataFrame, kpis: Mapping[str, Kpi], period: Period, scope: Scope
) -> Scorecard:
    """Score the channel types of a period, with the period before beside it."""
    dimensions = {name: kpi.dimension for name, kpi in kpis.items()}
    by_type = values[values["level"] == "channel_type"]
    scores, points = score_channels(by_type[by_type["period"] == period.code], dimensions, ws.policy)
    before, _ = score_channels(by_type[by_type["period"] == period.previous.code], dimensions, ws.policy)
    earlier = before.set_index("channel_type")["score"] if len(before) else pd.Series(dtype=float)
    scores = scores.assign(previous_score=scores["channel_type"].map(earlier))
    return Scorecard(scores, points, ws.policy.scoring.coverage, scope)


def definitions_version(kpis: Mapping[str, Kpi], ws: Workspace) -> str:
    """A short name for the KPI definitions and rules in force; it changes when any of them does."""
    text = (
        repr(sorted((name, kpi.model_dump_json()) for name, kpi in kpis.items()))
        + ws.policy.model_dump_json()
    )
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _banner(ws: Workspace, quality: DataQuality, kpis: Mapping[str, Kpi], scope: Scope) -> Banner:
    accounts = ws.facts().intake.accounts
    sales = ws.facts().intake.account("sales")
    return Banner(
        scope=scope,
        grade=quality.grade,
        rows_given=sum(account.rows_given for account in accounts),
        rows_set_aside=sum(account.rows_set_aside for account in accounts),
        rows_unreadable=sum(account.rows_unreadable for account in accounts),
        amount_set_aside=sales.amount_set_aside,
        definitions=definitions_version(kpis, ws),
    )


def _pending(ws: Workspace) -> dict[str, Pending]:
    intake = ws.facts().intake
    return {
        part: Pending(
            part,
            missing_tables=tuple(table for table in tables if not intake.has(table)),
            supplied_tables=tuple(table for table in tables if intake.has(table)),
        )
        for part, tables in PENDING_PARTS.items()
    }


def _appendix(ws: Workspace, kpis: Mapping[str, Kpi], card: Scorecard, scope: Scope) -> Appendix:
    definitions = [
        {
            "kpi": name,
            "unit": kpi.unit,
            "better": kpi.better,
            "version": kpi.version,
            **{f"definition_{language}": text for language, text in kpi.definition.items()},
        }
        for name, kpi in kpis.items()
    ]
    settings = ws.settings
    return Appendix(
        definitions=pd.DataFrame(definitions),
        weights=_weights(ws, card),
        parameters={
            "period": scope.period,
            "currency": settings.company.currency,
            "fiscal_year_start": str(settings.company.fiscal_year_start),
            "mapping": settings.data.mapping,
            "bad_rows": settings.data.bad_rows,
        },
        fingerprints={
            "data": ws.facts().fingerprint[:16],
            "definitions": definitions_version(kpis, ws),
        },
        scope=scope,
    )


def _weights(ws: Workspace, card: Scorecard) -> pd.DataFrame:
    rows = []
    for channel_type in sorted(card.scores["channel_type"]):
        for kpi, weight in ws.policy.weights_of(channel_type).items():
            anchors = ws.policy.anchors_of(channel_type, kpi)
            ends = anchors.model_dump() if anchors else {"floor": None, "target": None, "stretch": None}
            rows.append({"channel_type": channel_type, "kpi": kpi, "weight": weight, **ends})
    return pd.DataFrame(rows, columns=["channel_type", "kpi", "weight", "floor", "target", "stretch"])
