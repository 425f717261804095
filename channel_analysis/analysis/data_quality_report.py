"""The report on data and irregular operations: their grade, what to check, what KPIs lack.

Data that cannot be used at all stop before any report: `channel-analysis check` tells of those.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from ..metrics.kpis import Kpi, load_kpis
from ..metrics.periods import Period
from ..results import DataQuality, Finding, Irregularities
from ..store.workspace import Workspace
from ..summaries import DataQualityReport, KpiGaps, Summary
from .irregularities import irregularities_of
from .measure import values_of
from .provenance import appendix_of, banner_of
from .quality import data_quality
from .scope import resolve_period, scope_of

FINDINGS_SHOWN = 3


def data_quality_report(ws: Workspace, period: str = "last-quarter") -> DataQualityReport:
    """Report on the data of a workspace and on irregular operations in one period.

    Parameters
    ----------
    ws : Workspace
    period : str
        "2025Q3", "2025H2", "2025", "2025-07", "FY2026Q1", or "last-quarter" (month, half, year).

    Returns
    -------
    DataQualityReport
        Grade and findings with what was decided about them, operations to be checked with what became
        of earlier ones, and which KPIs lack what.

    Raises
    ------
    InputError
        When the data cannot be used, the period is none or holds no sales, or a ledger cannot be read.
    """
    kpis = load_kpis(ws)
    resolved = resolve_period(ws, period)
    scope = scope_of(ws, resolved, kpis)
    quality, irregular = data_quality(ws, scope), irregularities_of(ws, scope)
    gaps = KpiGaps(_gaps(ws, kpis, resolved), scope)
    found = [*_of_data(quality), *_of_operations(irregular), *_of_kpis(gaps)]
    return DataQualityReport(
        banner=banner_of(ws, quality, kpis, scope, "data_quality"),
        summary=Summary(_verdict(quality), tuple(found[:FINDINGS_SHOWN]), scope),
        quality=quality,
        irregularities=irregular,
        gaps=gaps,
        appendix=appendix_of(ws, kpis, scope, {}),
    )


def _gaps(ws: Workspace, kpis: dict[str, Kpi], period: Period) -> pd.DataFrame:
    """Of each KPI the company's status, how many channel types have a value, and tables that are missing."""
    values = values_of(ws, kpis, [period], ("company", "channel_type"))
    intake = ws.facts().intake
    by_type = values[values["level"] == "channel_type"].groupby("kpi")["status"]
    measured, total = by_type.agg(lambda own: int((own == "ok").sum())), by_type.size()
    status = values[values["level"] == "company"].set_index("kpi")["status"]
    rows = [
        {
            "kpi": name,
            "status": str(status.get(name, "no_rows")),
            "measured": int(measured.get(name, 0)),
            "total": int(total.get(name, 0)),
            "missing": ",".join(table for table in _tables(kpi, kpis) if not intake.has(table)),
        }
        for name, kpi in kpis.items()
    ]
    return pd.DataFrame(rows)


def _tables(kpi: Kpi, kpis: Mapping[str, Kpi]) -> list[str]:
    """Tables that a KPI, or the one it is a change of, is made from."""
    return sorted({*kpi.tables, *(kpis[kpi.of].tables if kpi.of else ())})


def _verdict(quality: DataQuality) -> Finding:
    share = max(quality.affected_rows_share, quality.affected_amount_share)
    rows = int(quality.accounts["rows_given"].sum()) if len(quality.accounts) else 0
    used = int(quality.accounts["rows_used"].sum()) if len(quality.accounts) else 0
    numbers: dict[str, float | str] = {"grade": quality.grade, "rows": rows, "left": rows - used}
    return Finding("data_quality", quality.grade, {**numbers, "share_affected": share}, "data")


def _of_data(quality: DataQuality) -> Iterator[Finding]:
    """The gravest finding that counts and nobody has decided; else how many were settled."""
    table = quality.findings
    if not len(table):
        return
    standing = table[(table["state"] == "open") & table["counts"].astype(bool)]
    if len(standing):
        worst = standing.iloc[0]
        numbers: dict[str, float | str] = {"n": len(standing), "rows": float(worst["rows"])}
        numbers |= {name: str(worst[name]) for name in ("rule", "table")}
        yield Finding("data_quality_worst", "", numbers, "data", "findings")
    else:
        yield Finding("data_quality_settled", "", {"n": len(table)}, "data", "findings")


def _of_operations(irregular: Irregularities) -> Iterator[Finding]:
    cases = irregular.cases
    if len(cases):
        money = float(cases["money"].sum())
        numbers = {"n": len(cases), "amount_at_stake": money}
        yield Finding("data_quality_cases", "", numbers, "irregularities", "irregular_cases", weight=money)
    waiting = irregular.previous
    waiting = waiting[waiting["state"] == "open"] if len(waiting) else waiting
    if len(waiting):
        numbers = {"n": len(waiting)}
        yield Finding("data_quality_waiting", "", numbers, "irregularities", "irregular_previous")


def _of_kpis(gaps: KpiGaps) -> Iterator[Finding]:
    lacking = gaps.kpis[gaps.kpis["status"] != "ok"]
    if len(lacking):
        numbers = {"n": len(lacking), "all": len(gaps.kpis)}
        yield Finding("data_quality_gaps", "", numbers, "kpi_gaps")
