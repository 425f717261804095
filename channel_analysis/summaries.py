"""The nouns of the reports on the sales force, candidates and data, and of what stands first on each.

Like those of `results`: frozen, tables first, no words, no HTML. Money is in the workspace's currency,
shares are 0 to 1.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .appraisals import KeyAccounts, Leads, SalesForce, Screening
from .results import Appendix, Banner, DataQuality, Finding, Irregularities, Result, Scope
from .rootcauses import MeasureReview

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, repr=False)
class Summary(Result):
    """What a report says in short: a verdict, and up to three findings that link to their parts."""

    verdict: Finding
    findings: tuple[Finding, ...]
    scope: Scope

    def to_frame(self) -> pd.DataFrame:
        """One row per finding: code, subject, part and its numbers."""
        import pandas as pd

        told = (self.verdict, *self.findings)
        rows = [{"code": f.code, "subject": f.subject, "part": f.part, **f.numbers} for f in told]
        return pd.DataFrame(rows)


@dataclass(frozen=True, slots=True, repr=False)
class KpiGaps(Result):
    """Which KPIs can be computed, and what others lack.

    `kpis`: kpi, status (of the company: "ok" or why not), measured, total (channel types with a value, of
    all that sold), missing (tables that were not supplied, joined by commas).
    """

    kpis: pd.DataFrame
    scope: Scope

    def tables(self) -> dict[str, pd.DataFrame]:
        """One row per KPI."""
        return {"kpi_gaps": self.kpis}


@dataclass(frozen=True, slots=True, repr=False)
class SalesTeamReport(Result):
    """The periodic report on the sales force: its parts in the order of the page."""

    banner: Banner
    summary: Summary
    sales_force: SalesForce
    leads: Leads
    key_accounts: KeyAccounts
    decided: MeasureReview
    appendix: Appendix

    def tables(self) -> dict[str, pd.DataFrame]:
        """Every table any part shows."""
        told = _all_of((self.sales_force, self.leads, self.key_accounts, self.appendix))
        return told | {"team_measures": self.decided.measures}


@dataclass(frozen=True, slots=True, repr=False)
class ScreeningReport(Result):
    """The report on candidates: its parts in the order of the page."""

    banner: Banner
    summary: Summary
    screening: Screening
    appendix: Appendix

    def tables(self) -> dict[str, pd.DataFrame]:
        """Every table any part shows."""
        return _all_of((self.screening, self.appendix))


@dataclass(frozen=True, slots=True, repr=False)
class DataQualityReport(Result):
    """The periodic report on data and irregular operations: its parts in the order of the page."""

    banner: Banner
    summary: Summary
    quality: DataQuality
    irregularities: Irregularities
    gaps: KpiGaps
    appendix: Appendix

    def tables(self) -> dict[str, pd.DataFrame]:
        """Every table any part shows."""
        return _all_of((self.quality, self.irregularities, self.gaps, self.appendix))


def _all_of(parts: Iterable[Result]) -> dict[str, pd.DataFrame]:
    found: dict[str, pd.DataFrame] = {}
    for part in parts:
        found |= part.tables()
    return found
