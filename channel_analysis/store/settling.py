"""Settling a staged table: what became of each row and its money, asserted to add up, and what was found."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

from ..contracts import checks
from .engine import quoted
from .mapping import is_plain_copy, main_file, numbered_view
from .places import finding, rows_with_issue
from .staging import Finding, Staging, TableAccount, rewrite

Rows = list[dict[str, Any]]
"""Rows and money by issue and note, as the scan of a table's accounts gives them."""


def settle(staging: Staging, target: Path) -> tuple[TableAccount, list[Finding], dict[str, int]]:
    """Set keys that stand twice aside, and count rows and money; account, findings and rows by note.

    Raises
    ------
    RuntimeError
        When a row of the files is neither used nor set aside nor unreadable.
    """
    engine = staging.engine
    given = engine.query(checks.settled_sql(staging.table, staging.view)).to_pylist()
    rows = [row for row in given if row["row_count"]]
    if any(row["doubled"] for row in given):
        rewrite(staging, target, lambda view: checks.marked_duplicates_sql(staging.table, view))
        rows = engine.query(checks.accounts_sql(staging.table, staging.view)).to_pylist()
    rows.sort(key=lambda row: (row["issue"] or "", row["note"] or ""))
    issues = dict.fromkeys(row["issue"] for row in rows if row["issue"])
    found = [_finding(staging, issue, [row for row in rows if row["issue"] == issue]) for issue in issues]
    notes = {row["note"]: row["row_count"] for row in rows if row["note"] and not row["issue"]}
    _assert_every_row(staging, sum(row["row_count"] for row in rows))
    return account(staging, rows), found, notes


def account(staging: Staging, rows: Rows) -> TableAccount:
    """What became of a table's rows and money."""
    used = [row for row in rows if row["issue"] is None]
    aside = [row for row in rows if row["issue"] is not None]
    files = {main_file(block) for block in staging.blocks} & set(staging.sources)
    unreadable = sum(staging.sources[file].unreadable_rows for file in files)
    return TableAccount(
        table=staging.table.name,
        rows_given=sum(row["row_count"] for row in rows) + unreadable,
        rows_used=sum(row["row_count"] for row in used),
        rows_set_aside=sum(row["row_count"] for row in aside),
        rows_unreadable=unreadable,
        amount_given=sum((row["amount"] for row in rows), Decimal(0)),
        amount_used=sum((row["amount"] for row in used), Decimal(0)),
        amount_set_aside=sum((row["amount"] for row in aside), Decimal(0)),
        first_date=min((row["first_date"] for row in used if row["first_date"]), default=None),
        last_date=max((row["last_date"] for row in used if row["last_date"]), default=None),
    )


def again(staging: Staging, before: TableAccount) -> TableAccount:
    """The account after rows were set aside; RuntimeError when any row or money got lost on the way."""
    rows = staging.engine.query(checks.accounts_sql(staging.table, staging.view)).to_pylist()
    after = account(staging, rows)
    if (after.rows_given, after.amount_given) != (before.rows_given, before.amount_given):
        raise RuntimeError(f"rows of {staging.table.name} were lost: {before} became {after}")
    return after


def _finding(staging: Staging, issue: str, rows: Rows) -> Finding:
    rule, column = issue.split(":")
    count = sum(row["row_count"] for row in rows)
    amount = sum((row["amount"] for row in rows), Decimal(0))
    return finding(staging, rule, column, count, amount, rows_with_issue(staging, issue))


def _assert_every_row(staging: Staging, stored: int) -> None:
    """Where blocks copy files row by row, as many rows are stored as the files hold."""
    if not all(is_plain_copy(block) and not block.leave_out for block in staging.blocks):
        return
    held = sum(_held(staging, main_file(block)) for block in staging.blocks)
    if held != stored:
        raise RuntimeError(f"the files of {staging.table.name} hold {held} rows and {stored} were stored")


def _held(staging: Staging, file: str) -> int:
    """The rows of a file, as it says itself; of one whose columns became rows, as they are counted."""
    if file in staging.sources and not staging.sources[file].is_wide:
        return staging.sources[file].rows_of_parts
    count = staging.engine.query(f"SELECT COUNT(*) AS n FROM {quoted(numbered_view(file))}")
    return int(count["n"][0].as_py())
