"""The quality of the data behind a report: accounts, findings and one grade."""

from __future__ import annotations

from dataclasses import asdict, fields

import pandas as pd

from ..contracts.policy import Quality
from ..contracts.tables import TABLES
from ..results import DataQuality, Scope
from ..store.intake import Intake
from ..store.staging import Finding, TableAccount
from ..store.workspace import Workspace


def data_quality(ws: Workspace, scope: Scope) -> DataQuality:
    """Account for every row and its money, list the findings, grade the data.

    The grade follows the largest share of rows or money that one finding touches in its table:
    A up to the policy's `grade_a`, then B, C, and D above `grade_c` or where a channel's sales
    stopped before the period.
    """
    intake = ws.facts().intake
    rows_share, amount_share = worst_shares(intake)
    supplied = {account.table for account in intake.accounts if account.rows_used}
    return DataQuality(
        accounts=pd.DataFrame(
            [asdict(account) for account in intake.accounts], columns=_names(TableAccount)
        ).drop(columns=["first_date", "last_date"]),
        findings=pd.DataFrame([asdict(finding) for finding in intake.findings], columns=_names(Finding)),
        grade="D" if scope.stopped else grade(max(rows_share, amount_share), ws.policy.quality),
        affected_rows_share=rows_share,
        affected_amount_share=amount_share,
        absent=tuple(name for name in TABLES if name not in supplied),
        scope=scope,
    )


def worst_shares(intake: Intake) -> tuple[float, float]:
    """Largest share of rows, and of money, that a finding (or unreadable rows) touches in its table."""
    rows, amounts = [0.0], [0.0]
    for account in intake.accounts:
        own = [finding for finding in intake.findings if finding.table == account.table]
        touched = [finding.rows for finding in own] + [account.rows_unreadable]
        if account.rows_given:
            rows += [count / account.rows_given for count in touched]
        if account.amount_given > 0:
            amounts += [abs(float(finding.amount / account.amount_given)) for finding in own]
    return max(rows), max(amounts)


def grade(worst_share: float, quality: Quality) -> str:
    """A to D from the worst finding's share.

    Examples
    --------
    >>> [grade(share, Quality()) for share in (0.0, 0.005, 0.05, 0.2)]
    ['A', 'B', 'C', 'D']
    """
    for letter, limit in (("A", quality.grade_a), ("B", quality.grade_b), ("C", quality.grade_c)):
        if worst_share <= limit:
            return letter
    return "D"


def _names(kind: type) -> list[str]:
    return [field.name for field in fields(kind)]
