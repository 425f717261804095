"""Orders that repeat another one: same buyer, same basket, a few days apart."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

import pandas as pd

from ...contracts.checks import FIRST_DAY
from ...store.engine import Engine
from ..queries import sql_day
from .windows import Window, rows_of, within_sql

NEAR_DAYS, FAR_DAYS = 1, 14
"""A repeat within so many days may be the same order entered twice; up to so many it is a habit."""

MOST_LINES = 3
"""Baskets of so many lines and more count as one kind."""

_MOST_PAIRS = 5_000

_BUYER = "partner_id IS NOT NULL OR customer_id IS NOT NULL"


def repeat_counts(engine: Engine, windows: Sequence[Window]) -> pd.DataFrame:
    """How often baskets repeat, by how many days later: what is honest habit in this company.

    Returns
    -------
    DataFrame
        of_partner (or of a customer), line_count (1 to `MOST_LINES`), is_habit (whether the buyer
        had the basket more than twice), orders, near (repeats within `NEAR_DAYS`), far (repeats after
        that, up to `FAR_DAYS`).
    """
    return rows_of(
        engine,
        f"SELECT partner_id IS NOT NULL AS of_partner, LEAST(line_count, {MOST_LINES}) AS line_count, "
        "times > 2 AS is_habit, "
        f"COUNT(*) AS orders, COUNT(*) FILTER (WHERE gap <= {NEAR_DAYS}) AS near, "
        f"COUNT(*) FILTER (WHERE gap > {NEAR_DAYS} AND gap <= {FAR_DAYS}) AS far "
        f"FROM ({_gaps_sql(windows)}) AS g GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
    )


def repeated_orders(engine: Engine, windows: Sequence[Window]) -> pd.DataFrame:
    """Orders of the first window that repeat one of the same or the day before, line by line.

    Returns
    -------
    DataFrame
        order_id, repeats (the order before), day, gap (days), partner_id, customer_id, rep_id,
        of_partner, line_count, is_habit, amount; the largest first, at most 5,000.
    """
    return rows_of(
        engine,
        f"SELECT * FROM ({repeats_sql(windows)}) AS r ORDER BY amount DESC, order_id LIMIT {_MOST_PAIRS}",
    )


def repeats_sql(windows: Sequence[Window]) -> str:
    """The orders of the first window that repeat one of the same or the day before, line by line."""
    first = windows[0].start - datetime.timedelta(days=NEAR_DAYS)
    in_period = f"gap <= {NEAR_DAYS} AND day >= {sql_day(windows[0].start)}"
    pairs = f"SELECT * FROM ({_gaps_sql(windows)}) AS g WHERE {in_period}"
    lines = (
        "SELECT order_id, product_id, quantity, net_amount, COUNT(*) AS copies FROM sales "
        f"WHERE kind = 'order' AND order_date >= {sql_day(first)} AND order_date < {sql_day(windows[0].end)} "
        "GROUP BY 1, 2, 3, 4"
    )
    equal = (
        "SELECT p.order_id, COALESCE(SUM(a.copies), 0) AS matched "
        f"FROM ({pairs}) AS p JOIN ({lines}) AS a ON a.order_id = p.order_id "
        f"JOIN ({lines}) AS b ON b.order_id = p.repeats AND b.product_id = a.product_id "
        "AND b.quantity = a.quantity AND b.net_amount = a.net_amount AND b.copies = a.copies "
        "GROUP BY p.order_id"
    )
    return (
        "SELECT p.order_id, p.repeats, p.day, p.gap, p.partner_id, p.customer_id, p.rep_id, "
        "p.partner_id IS NOT NULL AS of_partner, p.line_count, p.times > 2 AS is_habit, p.amount "
        f"FROM ({pairs}) AS p JOIN ({equal}) AS e ON e.order_id = p.order_id WHERE e.matched = p.line_count"
    )


def _gaps_sql(windows: Sequence[Window]) -> str:
    """Orders with the days since the same buyer's last order of what looks like the same basket.

    There are none where one of the two was cancelled: entering an order anew is no repeat.
    """
    baskets = (
        "SELECT order_id, MIN(order_date) AS day, MIN(partner_id) AS partner_id, "
        "MIN(customer_id) AS customer_id, MIN(rep_id) AS rep_id, "
        "SUM(net_amount) AS amount, COUNT(*) AS line_count, SUM(quantity) AS units, "
        "MIN(product_id) AS one, MAX(product_id) AS other "
        f"FROM sales WHERE kind = 'order' AND {within_sql('order_date', windows)} "
        "AND product_id IS NOT NULL AND quantity IS NOT NULL GROUP BY order_id"
    )
    basket = "PARTITION BY partner_id, customer_id, line_count, amount, units, one, other"
    same = f"OVER ({basket} ORDER BY day, order_id)"
    before = (
        f"SELECT *, LAG(order_id) {same} AS repeats, LAG(day) {same} AS day_before, "
        f"COUNT(*) OVER ({basket}) AS times FROM ({baskets}) AS b WHERE {_BUYER}"
    )
    gaps = f"SELECT *, DATE_DIFF('day', COALESCE(day_before, {FIRST_DAY}), day) AS gap FROM ({before}) AS r"
    settled = _settled_sql(f"SELECT * FROM ({gaps}) AS n WHERE gap <= {FAR_DAYS}", windows)
    return (
        "SELECT g.order_id, g.day, g.partner_id, g.customer_id, g.rep_id, g.amount, g.line_count, g.repeats, "
        "g.times, CASE WHEN c.order_id IS NULL THEN g.gap END AS gap "
        f"FROM ({gaps}) AS g LEFT JOIN ({settled}) AS c ON c.order_id = g.order_id"
    )


def _settled_sql(repeats: str, windows: Sequence[Window]) -> str:
    """Repeats of which one was taken back as a whole: an order that was cancelled and entered anew."""
    back = (
        "SELECT COALESCE(original_order_id, order_id) AS taken, MIN(order_date) AS back_on, "
        "COALESCE(MIN(partner_id), '') AS partner, COALESCE(MIN(customer_id), '') AS customer, "
        "-SUM(net_amount) AS back FROM sales WHERE kind = 'return' "
        f"AND order_date >= {sql_day(min(w.start for w in windows))} GROUP BY 1"
    )
    return (
        f"SELECT DISTINCT n.order_id FROM ({repeats}) AS n JOIN ({back}) AS t "
        "ON t.partner = COALESCE(n.partner_id, '') AND t.customer = COALESCE(n.customer_id, '') "
        "AND t.back = n.amount "
        f"WHERE t.back_on >= n.day_before AND DATE_DIFF('day', n.day, t.back_on) <= {FAR_DAYS}"
    )
