"""The report on candidates: who is on the shortlist, why, and what is to be asked."""

from __future__ import annotations

from collections.abc import Iterator

from ..appraisals import Screening
from ..metrics.kpis import load_kpis
from ..results import Finding, Scope
from ..store.workspace import Workspace
from ..summaries import ScreeningReport, Summary
from .provenance import appendix_of, banner_of
from .quality import data_quality
from .scope import resolve_period, scope_of
from .screening import screening_of

RUBRIC = "candidates.scoring"

FINDINGS_SHOWN = 3


def screening_report(ws: Workspace, period: str = "last-quarter") -> ScreeningReport:
    """Report on the candidates who had applied by the end of a period.

    Parameters
    ----------
    ws : Workspace
    period : str
        "2025Q3", "2025H2", "2025", "2025-07", "FY2026Q1", or "last-quarter" (month, half, year).

    Raises
    ------
    InputError
        When the period is none or holds no sales.
    """
    kpis = load_kpis(ws)
    resolved = resolve_period(ws, period)
    scope = scope_of(ws, resolved, kpis)
    found = screening_of(ws, resolved, scope)
    types = sorted({name for name in found.candidates["channel_type"] if isinstance(name, str) and name})
    return ScreeningReport(
        banner=banner_of(ws, data_quality(ws, scope), kpis, scope, "screening"),
        summary=Summary(_verdict(found, scope), tuple(_findings(found))[:FINDINGS_SHOWN], scope),
        screening=found,
        appendix=appendix_of(ws, kpis, scope, {RUBRIC: types} if types else {}),
    )


def _verdict(found: Screening, scope: Scope) -> Finding:
    count = len(found.candidates)
    if not count:
        return Finding("screening_nobody", scope.period, {}, "screening")
    numbers = {"n": count, "short": len(found.shortlist), "score": found.minimum_score}
    code = "screening" if len(found.shortlist) else "screening_no_shortlist"
    return Finding(code, scope.period, numbers, "screening")


def _findings(found: Screening) -> Iterator[Finding]:
    """The best, the close calls, what to ask, and who is ruled out."""
    table = found.candidates
    if len(found.shortlist):
        best = found.shortlist.iloc[0]
        first: dict[str, float | str] = {"name": str(best["candidate_name"]), "score": float(best["score"])}
        yield Finding("screening_best", "", first, "screening", "shortlist")
        asked = found.questions[found.questions["candidate_id"].isin(found.shortlist["candidate_id"])]
        if len(asked):
            counts = {"questions": len(asked), "n": int(asked["candidate_id"].nunique())}
            yield Finding("screening_ask", "", counts, "screening", "shortlist")
    if len(table) and table["is_close"].any():
        yield Finding("screening_close", "", {"n": int(table["is_close"].sum())}, "screening")
    vetoed = int((table["status"] == "vetoed").sum()) if len(table) else 0
    if vetoed:
        yield Finding("screening_vetoed", "", {"n": vetoed}, "screening")
