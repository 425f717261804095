"""The quality of the data behind a report: accounts, findings with their state, grades."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from decimal import Decimal
from typing import Any

import pandas as pd

from ..contracts.policy import Policy, Quality
from ..contracts.tables import TABLES
from ..errors import InputError
from ..results import DataQuality, Scope
from ..store.cases import Case, case_id, read_cases
from ..store.intake import Intake
from ..store.staging import Finding, TableAccount
from ..store.workspace import Company, Workspace

GAPS = ("missing_months", "stopped_feed")
"""Rules by which a table has a gap in time, whatever the rows concerned."""

UNREADABLE = "unreadable"
"""Rule of rows of which nothing can be read; no money is known of them."""

_FINDINGS = (
    "case_id", "table", "rule", "column", "rows", "amount", "rows_share", "amount_share", "treatment",
    "is_set_aside", "state", "counts", "is_case", "opened", "author", "decided", "note", "sample", "keys",
)  # fmt: skip
_GRADES = ("table", "grade", "worst_rule", "worst_column", "worst_share")


@dataclass(frozen=True, slots=True)
class _Ground:
    """What findings are judged by: accounts, cases, rules, when the data end, whether the intake stopped."""

    accounts: Mapping[str, TableAccount]
    cases: Mapping[str, Case]
    quality: Quality
    as_of: datetime.date | None
    is_stopped: bool


def data_quality(ws: Workspace, scope: Scope | None = None) -> DataQuality:
    """The quality of a workspace's data; see `quality_of`.

    Raises
    ------
    InputError
        When the data cannot be taken in or the ledger cannot be read.
    """
    facts = ws.facts()
    told = facts.intake, ws.policy, ws.settings.company, read_cases(ws.root), facts.fingerprint[:16]
    return quality_of(*told, scope)


def stopped_quality(
    error: InputError, company: Company, policy: Policy | None, cases: Mapping[str, Case]
) -> DataQuality:
    """What had been read when problems stopped the intake; the grade is D."""
    intake = error.so_far if isinstance(error.so_far, Intake) else Intake((), (), {})
    rules = policy or Policy(channel_types={})
    return quality_of(intake, rules, company, cases, "", None, error)


def quality_of(
    intake: Intake,
    policy: Policy,
    company: Company,
    cases: Mapping[str, Case],
    fingerprint: str,
    scope: Scope | None,
    error: InputError | None = None,
) -> DataQuality:
    """Account for every row and its money, list the findings with their state, grade the data.

    A table's grade follows the largest share of its rows or money that one finding touches: A up to
    the policy's `grade_a`, then B, C, and D above `grade_c` or where a required table has a gap.
    What somebody cleared in the case ledger, and what no contract knows, does not count. The grade
    of all is that of the worst table, and D where a channel's sales stopped before the scope's period.

    With an `error` the intake stopped there, and the grade is D.
    """
    accounts = {account.table: account for account in intake.accounts}
    as_of = accounts["sales"].last_date if "sales" in accounts else None
    findings = _findings(intake, _Ground(accounts, cases, policy.quality, as_of, error is not None))
    grades = _grades(accounts, findings, policy.quality)
    counted = findings[findings["counts"]]
    failed = error is not None or bool(scope and scope.stopped)
    return DataQuality(
        accounts=_accounts(intake),
        grades=grades,
        findings=findings,
        grade="D" if failed else max(map(str, grades["grade"]), default="A"),
        affected_rows_share=float(counted["rows_share"].max()) if len(counted) else 0.0,
        affected_amount_share=float(counted["amount_share"].max()) if len(counted) else 0.0,
        limits=(policy.quality.grade_a, policy.quality.grade_b, policy.quality.grade_c),
        required=tuple(name for name, table in TABLES.items() if table.required),
        absent=tuple(name for name in TABLES if not intake.has(name)),
        company=company.name,
        currency=company.currency,
        as_of=as_of,
        fingerprint=fingerprint,
        scope=scope,
        problems=error.problems if error else (),
    )


def _accounts(intake: Intake) -> pd.DataFrame:
    """The accounts, which must add up: rows read = used + set aside + unreadable, and so the money."""
    names = [field.name for field in fields(TableAccount)]
    for a in intake.accounts:
        rows = a.rows_given == a.rows_used + a.rows_set_aside + a.rows_unreadable
        if not rows or a.amount_given != a.amount_used + a.amount_set_aside:
            raise AssertionError(f"the accounts of {a.table} do not add up: {a}")
    frame = pd.DataFrame([asdict(account) for account in intake.accounts], columns=names)
    return frame.drop(columns=["first_date", "last_date"])


def _findings(intake: Intake, ground: _Ground) -> pd.DataFrame:
    """A row per finding with its share, its case and its state; the most serious first."""
    found = [*intake.findings, *_unreadable(intake)]
    extents: dict[str, int] = {}
    for finding in found:
        extents[_id(finding)] = extents.get(_id(finding), 0) + finding.rows
    rows = [_row(finding, extents[_id(finding)], ground) for finding in found]
    rows.sort(key=_seriousness)
    return pd.DataFrame(rows, columns=list(_FINDINGS)).astype({"counts": bool, "is_case": bool})


def _unreadable(intake: Intake) -> list[Finding]:
    return [
        Finding(a.table, UNREADABLE, "", a.rows_unreadable, Decimal(0), "", (), "set_aside")
        for a in intake.accounts
        if a.rows_unreadable
    ]


def _id(finding: Finding) -> str:
    """The case of a finding: the same rule on the same column is the same case in every report.

    Of rows that are not there the keys say which; other ones are another case.
    """
    keys = "; ".join(finding.keys) if not finding.rows else ""
    subject = {"table": finding.table, "column": finding.column, "keys": keys}
    return case_id(finding.rule, {name: text for name, text in subject.items() if text})


def _row(finding: Finding, extent: int, ground: _Ground) -> dict[str, Any]:
    shares = _shares(finding, ground.accounts.get(finding.table))
    is_gap = finding.rule in GAPS and TABLES[finding.table].required
    never_counts = finding.treatment in ("ignored", "stopped")
    is_case = not never_counts and (is_gap or max(shares) > ground.quality.grade_a)
    case = None if never_counts else ground.cases.get(_id(finding))
    state = _state(finding, extent, case, is_case)
    decided = case if case and case.author and case.state == state else None
    opened = case.as_of if case else ground.as_of if is_case and not ground.is_stopped else None
    return {
        **asdict(finding),
        "case_id": _id(finding) if case or (is_case and not ground.is_stopped) else "",
        "keys": "; ".join(finding.keys),
        "rows_share": shares[0],
        "amount_share": shares[1],
        "is_set_aside": finding.is_set_aside,
        "state": state,
        "counts": state in ("open", "confirmed", "minor"),
        "is_case": is_case,
        "opened": str(opened or ""),
        "author": decided.author if decided else "",
        "decided": str(decided.date) if decided else "",
        "note": decided.note if decided else "",
    }


def _shares(finding: Finding, account: TableAccount | None) -> tuple[float, float]:
    """Shares of a table's rows and money; 0 where there are none, or they are no rows of it."""
    if finding.treatment == "ignored":
        return 0.0, 0.0
    rows = finding.rows / account.rows_given if account and account.rows_given else 0.0
    money = abs(float(finding.amount / account.amount_given)) if account and account.amount_given else 0.0
    return rows, money


def _state(finding: Finding, extent: int, case: Case | None, is_case: bool) -> str:
    if finding.treatment in ("ignored", "stopped"):
        return "noted"
    if case is not None:
        return case.state if case.state != "cleared" or case.holds(extent) else "open"
    return "open" if is_case else "minor"


def _seriousness(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """What stops a run first, then gaps, what counts, what does not; within these the largest share."""
    places = ("open", "confirmed", "minor", "cleared", "noted")
    place = max(1, places.index(row["state"]))
    if row["treatment"] == "stopped":
        place = -1
    elif row["counts"] and row["rule"] in GAPS:
        place = 0
    share = max(row["rows_share"], row["amount_share"])
    return place, -share, -row["rows"], list(TABLES).index(row["table"]), row["rule"], row["column"]


def _grades(accounts: Mapping[str, TableAccount], findings: pd.DataFrame, quality: Quality) -> pd.DataFrame:
    counted = findings[findings["counts"]].to_dict("records")
    rows = [_graded(name, [f for f in counted if f["table"] == name], quality) for name in accounts]
    return pd.DataFrame(rows, columns=list(_GRADES))


def _graded(table: str, counted: list[dict[Any, Any]], quality: Quality) -> dict[str, Any]:
    """A table's grade and the finding behind it; `counted` comes with the most serious first."""
    nothing: dict[Any, Any] = {"rule": "", "column": "", "rows_share": 0.0, "amount_share": 0.0}
    worst = counted[0] if counted else nothing
    share = max((max(f["rows_share"], f["amount_share"]) for f in counted), default=0.0)
    has_gap = TABLES[table].required and worst["rule"] in GAPS
    return {
        "table": table,
        "grade": "D" if has_gap else grade(share, quality),
        "worst_rule": worst["rule"],
        "worst_column": worst["column"],
        "worst_share": max(worst["rows_share"], worst["amount_share"]),
    }


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
