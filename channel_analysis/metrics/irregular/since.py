"""What became of partners and reps since they were put on the list: bought, returned, paid, owed."""

from __future__ import annotations

import datetime

import pandas as pd

from ...store.engine import Engine, literal
from ..queries import sql_day
from .windows import rows_of


def trade_since(
    engine: Engine, column: str, entity: str, day: datetime.date, until: datetime.date
) -> pd.DataFrame:
    """Orders and returns of one partner or rep after a day: orders_amount, returned_amount (one row).

    `column` is "partner_id" or "rep_id"; `until` is the last day looked at.
    """
    return rows_of(
        engine,
        "SELECT COALESCE(SUM(CASE WHEN kind = 'order' THEN net_amount ELSE 0 END), 0) AS orders_amount, "
        "COALESCE(SUM(CASE WHEN kind = 'return' THEN -net_amount ELSE 0 END), 0) AS returned_amount "
        f"FROM sales WHERE {column} = {literal(entity)} "
        f"AND order_date > {sql_day(day)} AND order_date <= {sql_day(until)}",
    )


def payments_since(engine: Engine, partner: str, day: datetime.date, until: datetime.date) -> pd.DataFrame:
    """What a partner paid after a day of what it owed on it, and what is overdue: one row.

    Returns
    -------
    DataFrame
        paid_amount, overdue_amount (currency).
    """
    owed = f"invoice_date <= {sql_day(day)}"
    paid = f"paid_date > {sql_day(day)} AND paid_date <= {sql_day(until)}"
    open_still = f"due_date <= {sql_day(until)} AND (paid_date IS NULL OR paid_date > {sql_day(until)})"
    return rows_of(
        engine,
        f"SELECT COALESCE(SUM(CASE WHEN {owed} AND {paid} THEN amount ELSE 0 END), 0) AS paid_amount, "
        f"COALESCE(SUM(CASE WHEN {open_still} THEN amount ELSE 0 END), 0) AS overdue_amount "
        f"FROM receivables WHERE partner_id = {literal(partner)}",
    )
