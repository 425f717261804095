"""Orders of a period's last days that came back as a whole or were passed over in payment, and how often
others are."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from ...store.engine import Engine
from ..queries import sql_day
from .repeats import MOST_LINES
from .windows import Window, is_late_sql, orders_sql, rows_of


def ghost_counts(
    engine: Engine, windows: Sequence[Window], days: tuple[int, int], *, with_invoices: bool
) -> pd.DataFrame:
    """What became of orders, by kind.

    Parameters
    ----------
    windows : sequence of Window
        Of the first the last days are looked at; of all, the other days tell what is usual.
    days : tuple of int
        Within how many days an order comes back, and after how many it is called unpaid.
    with_invoices : bool
        Whether there are invoices to look at.

    Returns
    -------
    DataFrame
        of_partner (or of a customer), line_count (1 to `MOST_LINES`), is_late, orders, whole (came back
        as a whole), billed (with an invoice of their own, due by then), unpaid (of these, while a later
        invoice of the partner was paid).
    """
    late = is_late_sql("day", windows[:1])
    return rows_of(
        engine,
        f"SELECT partner_id IS NOT NULL AS of_partner, LEAST(line_count, {MOST_LINES}) AS line_count, "
        f"{late} AS is_late, COUNT(*) AS orders, "
        "COUNT(*) FILTER (WHERE is_whole) AS whole, COUNT(*) FILTER (WHERE is_billed) AS billed, "
        "COUNT(*) FILTER (WHERE is_unpaid) AS unpaid "
        f"FROM ({_fates_sql(windows, days, with_invoices=with_invoices)}) AS f "
        f"WHERE {late} OR NOT {is_late_sql('day', windows)} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
    )


def ghost_orders(
    engine: Engine, window: Window, days: tuple[int, int], *, with_invoices: bool
) -> pd.DataFrame:
    """Orders of a window's last days that came back as a whole or were left unpaid.

    Returns
    -------
    DataFrame
        order_id, day, partner_id, customer_id, rep_id, of_partner, line_count, amount,
        fate ("whole", "unpaid").
    """
    return rows_of(engine, f"{ghosts_sql(window, days, with_invoices=with_invoices)} ORDER BY order_id")


def ghosts_sql(window: Window, days: tuple[int, int], *, with_invoices: bool) -> str:
    """The query of `ghost_orders`, in no order."""
    return (
        "SELECT order_id, day, partner_id, customer_id, rep_id, partner_id IS NOT NULL AS of_partner, "
        f"LEAST(line_count, {MOST_LINES}) AS line_count, amount, "
        "CASE WHEN is_whole THEN 'whole' ELSE 'unpaid' END AS fate "
        f"FROM ({_fates_sql([window], days, with_invoices=with_invoices)}) AS f "
        f"WHERE (is_whole OR is_unpaid) AND {is_late_sql('day', [window])}"
    )


def _fates_sql(windows: Sequence[Window], days: tuple[int, int], *, with_invoices: bool) -> str:
    """Every order with whether all of it came back, and whether it is billed by itself and unpaid."""
    start = sql_day(min(w.start for w in windows))
    returns = (
        "SELECT original_order_id, order_date AS back_on, -SUM(net_amount) AS back FROM sales "
        f"WHERE kind = 'return' AND original_order_id IS NOT NULL AND order_date >= {start} GROUP BY 1, 2"
    )
    soon = f"DATE_DIFF('day', o.day, r.back_on) <= {days[0]}"
    sums = (
        "SELECT o.order_id, MIN(o.day) AS day, MIN(o.partner_id) AS partner_id, "
        "MIN(o.customer_id) AS customer_id, MIN(o.rep_id) AS rep_id, "
        "MIN(o.line_count) AS line_count, MIN(o.amount) AS amount, "
        f"COALESCE(SUM(CASE WHEN {soon} THEN r.back ELSE 0 END), 0) AS returned "
        f"FROM ({orders_sql(windows)}) AS o LEFT JOIN ({returns}) AS r ON r.original_order_id = o.order_id "
        "WHERE o.amount > 0 GROUP BY o.order_id"
    )
    billed = f"LEFT JOIN ({_billed_sql(windows, days[1])}) AS i ON i.order_id = s.order_id"
    flags = "i.order_id IS NOT NULL AS is_billed, COALESCE(i.is_unpaid, FALSE) AS is_unpaid"
    if not with_invoices:
        billed, flags = "", "FALSE AS is_billed, FALSE AS is_unpaid"
    return f"SELECT s.*, s.returned >= s.amount * 0.99 AS is_whole, {flags} FROM ({sums}) AS s {billed}"


def _billed_sql(windows: Sequence[Window], days: int) -> str:
    """Orders with an invoice of the same partner, day and amount, due within so many days; passed over?"""
    until = f"DATE_DIFF('day', o.day, {{}}) <= {days}"
    matched = (
        "SELECT o.order_id, MIN(o.partner_id) AS partner_id, MIN(o.day) AS day, "
        f"BOOL_OR(r.paid_date IS NOT NULL AND {until.format('r.paid_date')}) AS is_paid "
        f"FROM ({orders_sql(windows)}) AS o JOIN receivables AS r ON r.partner_id = o.partner_id "
        f"AND r.invoice_date = o.day AND r.amount = o.amount WHERE {until.format('r.due_date')} "
        "GROUP BY o.order_id"
    )
    later = (
        f"SELECT DISTINCT m.order_id FROM ({matched}) AS m JOIN receivables AS l "
        "ON l.partner_id = m.partner_id AND l.invoice_date > m.day "
        f"WHERE NOT m.is_paid AND l.paid_date IS NOT NULL AND DATE_DIFF('day', m.day, l.paid_date) <= {days}"
    )
    return (
        "SELECT m.order_id, l.order_id IS NOT NULL AS is_unpaid "
        f"FROM ({matched}) AS m LEFT JOIN ({later}) AS l ON l.order_id = m.order_id"
    )
