"""How much of a partner's buying falls on the last days of a period, and what speaks for or against it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from ...store.engine import Engine
from ..queries import sql_day
from .windows import Window, is_late_sql, number_sql, orders_sql, rows_of, within_sql

LARGELY = "returned > 0 AND returned * 3 >= amount"
"""Of an order of `fates_sql`: whether a third of it or more came back."""


def end_loads(engine: Engine, windows: Sequence[Window]) -> pd.DataFrame:
    """Buying per partner and window.

    Returns
    -------
    DataFrame
        partner_id, window, channel_type, orders, late_orders, amount, late_amount (currency),
        early_squares (sum of the squared amounts of orders before the last days).
    """
    late = is_late_sql("day", windows)
    square = "CAST(amount AS DECIMAL(16, 2)) * CAST(amount AS DECIMAL(16, 2))"
    return rows_of(
        engine,
        f"SELECT partner_id, {number_sql('day', windows)} AS number, MIN(channel_type) AS channel_type, "
        f"COUNT(*) AS orders, COUNT(*) FILTER (WHERE {late}) AS late_orders, SUM(amount) AS amount, "
        f"SUM(CASE WHEN {late} THEN amount ELSE 0 END) AS late_amount, "
        f"SUM(CASE WHEN {late} THEN 0 ELSE {square} END) AS early_squares "
        f"FROM ({orders_sql(windows)}) AS o WHERE partner_id IS NOT NULL "
        "GROUP BY 1, 2 ORDER BY 1, 2",
    ).rename(columns={"number": "window"})


def stock_covers(engine: Engine, windows: Sequence[Window]) -> pd.DataFrame:
    """Stock per partner in the last month of each window: partner_id, window, closing, sold (units)."""
    last = [replace(w, start=w.last_day.replace(day=1)) for w in windows]
    is_last = " OR ".join(f"(month >= {sql_day(w.start)} AND month < {sql_day(w.end)})" for w in last)
    return rows_of(
        engine,
        f"SELECT partner_id, {number_sql('month', last)} AS number, "
        "SUM(closing_quantity) AS closing, SUM(sold_quantity) AS sold "
        f"FROM stock WHERE {is_last} GROUP BY 1, 2 ORDER BY 1, 2",
    ).rename(columns={"number": "window"})


def overdue_shares(engine: Engine, windows: Sequence[Window]) -> pd.DataFrame:
    """What of each window's invoices was due and unpaid at its end: partner_id, window, invoiced, overdue."""
    ends = " ".join(f"WHEN {w.number} THEN {sql_day(w.end)}" for w in windows)
    invoices = (
        f"SELECT *, {number_sql('invoice_date', windows)} AS number FROM receivables "
        f"WHERE partner_id IS NOT NULL AND {within_sql('invoice_date', windows)}"
    )
    unpaid = "due_date < end_day AND (paid_date IS NULL OR paid_date >= end_day)"
    return rows_of(
        engine,
        "SELECT partner_id, number, SUM(amount) AS invoiced, "
        f"SUM(CASE WHEN {unpaid} THEN amount ELSE 0 END) AS overdue "
        f"FROM (SELECT *, CASE number {ends} END AS end_day FROM ({invoices}) AS i) AS d "
        "GROUP BY 1, 2 ORDER BY 1, 2",
    ).rename(columns={"number": "window"})


def late_returns(engine: Engine, windows: Sequence[Window]) -> pd.DataFrame:
    """What became of the orders of each window's last days in the days after it.

    Returns
    -------
    DataFrame
        partner_id, window, channel_type, orders (of the last days), returned_orders (of which a third
        or more came back), amount, returned_amount (of these, positive), first_day, last_day (likewise).
    """
    back = f"FILTER (WHERE {LARGELY})"
    return rows_of(
        engine,
        "SELECT partner_id, number, MIN(channel_type) AS channel_type, COUNT(*) AS orders, "
        f"COUNT(*) {back} AS returned_orders, SUM(amount) AS amount, "
        f"COALESCE(SUM(returned) {back}, 0) AS returned_amount, "
        f"MIN(day) {back} AS first_day, MAX(day) {back} AS last_day "
        f"FROM ({fates_sql(windows)}) AS f WHERE partner_id IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2",
    ).rename(columns={"number": "window"})


def other_returns(engine: Engine, windows: Sequence[Window], days: int) -> pd.DataFrame:
    """How often orders outside the last days come back: what is usual, whatever happens at periods' ends.

    Returns
    -------
    DataFrame
        partner_id, channel_type, orders, returned_orders (of which a third or more came back within so
        many days).
    """
    returns = (
        "SELECT original_order_id, order_date AS back_on, -SUM(net_amount) AS back FROM sales "
        "WHERE kind = 'return' AND original_order_id IS NOT NULL GROUP BY 1, 2"
    )
    soon = f"DATE_DIFF('day', o.day, r.back_on) <= {days}"
    fates = (
        "SELECT o.order_id, MIN(o.partner_id) AS partner_id, MIN(o.channel_type) AS channel_type, "
        f"MIN(o.amount) AS amount, COALESCE(SUM(CASE WHEN {soon} THEN r.back ELSE 0 END), 0) AS returned "
        f"FROM ({orders_sql(windows)}) AS o LEFT JOIN ({returns}) AS r ON r.original_order_id = o.order_id "
        f"WHERE o.partner_id IS NOT NULL AND NOT {is_late_sql('o.day', windows)} GROUP BY o.order_id"
    )
    return rows_of(
        engine,
        "SELECT partner_id, MIN(channel_type) AS channel_type, COUNT(*) AS orders, "
        f"COUNT(*) FILTER (WHERE {LARGELY}) AS returned_orders "
        f"FROM ({fates}) AS f GROUP BY partner_id ORDER BY partner_id",
    )


def fates_sql(windows: Sequence[Window]) -> str:
    """One row per order of the windows' last days with what of it came back in the days after."""
    orders = f"SELECT *, {number_sql('day', windows)} AS number FROM ({orders_sql(windows)}) AS o"
    after = " ".join(
        f"WHEN order_date >= {sql_day(w.end)} AND order_date < {sql_day(w.returned)} THEN {w.number}"
        for w in windows
    )
    returns = (
        f"SELECT original_order_id, CASE {after} END AS number, -SUM(net_amount) AS returned "
        "FROM sales WHERE kind = 'return' AND original_order_id IS NOT NULL "
        f"AND order_date >= {sql_day(min(w.end for w in windows))} "
        f"AND order_date < {sql_day(max(w.returned for w in windows))} GROUP BY 1, 2"
    )
    return (
        "SELECT n.*, COALESCE(r.returned, 0) AS returned "
        f"FROM (SELECT * FROM ({orders}) AS l WHERE {is_late_sql('day', windows)}) AS n "
        f"LEFT JOIN (SELECT * FROM ({returns}) AS b WHERE number IS NOT NULL) AS r "
        "ON r.original_order_id = n.order_id AND r.number = n.number"
    )
