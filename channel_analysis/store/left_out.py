"""Rows that a mapping leaves out on purpose, such as postage: counted with their money, by reason."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ..contracts import checks
from .engine import quoted
from .mapping import Block, left_out_query
from .staging import Finding, Staging, kinds_of


def left_out(staging: Staging) -> list[Finding]:
    """A finding for each reason under `leave_out` of a table's blocks; its rows are no rows of the table."""
    return [
        _finding(staging, row)
        for block in staging.blocks
        if block.leave_out
        for row in staging.engine.query(_counted(staging, block)).to_pylist()
    ]


def _counted(staging: Staging, block: Block) -> str:
    """Rows and money by reason, in the order in which the mapping names them."""
    amount, kinds = staging.table.amount, kinds_of(staging, block)
    money = "CAST(0 AS DECIMAL(18, 4))"
    if amount in kinds:
        money = checks.typed(staging.table.column(amount), f"r.{quoted(amount)}", kinds[amount])
    rows = f"SELECT {money} AS amount, r._left_out AS reason FROM ({left_out_query(block)}) AS r"
    return (
        "SELECT reason, COUNT(*) AS row_count, CAST(COALESCE(SUM(amount), 0) AS DECIMAL(38, 4)) AS amount "
        f"FROM ({rows}) AS b GROUP BY reason ORDER BY reason"
    )


def _finding(staging: Staging, row: dict[str, Any]) -> Finding:
    amount: Decimal = row["amount"]
    return Finding(
        staging.table.name, "left_out", "", row["row_count"], amount, row["reason"], treatment="ignored"
    )
