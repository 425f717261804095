"""How reps' orders lie around limits, and how much of a rep's sales goes to one buyer or one day."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from ...store.engine import Engine
from .windows import Window, number_sql, orders_sql, rows_of, within_sql

_SQUARE = "CAST(amount AS DECIMAL(16, 2)) * CAST(amount AS DECIMAL(16, 2))"


def around_limits(
    engine: Engine, windows: Sequence[Window], limits: Sequence[float], band: float
) -> pd.DataFrame:
    """Orders around limits of approval, per rep, window and limit.

    Of each limit: `below` counts orders within `band` (a share of the limit) just below it,
    `left` those in the next two bands down, `right` those in the two bands from the limit up.

    Returns
    -------
    DataFrame
        rep_id, window, limit_amount, below, left_count, right_count, money (of those just below),
        first_day, last_day (likewise).
    """
    parts = [_band_sql(windows, limit, band) for limit in limits]
    return rows_of(
        engine, f"SELECT * FROM ({' UNION ALL '.join(parts)}) AS b ORDER BY limit_amount, rep_id, number"
    ).rename(columns={"number": "window"})


def around_authority(engine: Engine, windows: Sequence[Window], band: float) -> pd.DataFrame:
    """Lines around their rep's discount authority; as `around_limits`, `band` in points of discount.

    Discounts of promotions are not looked at. `limit_amount` holds the authority (share).
    """
    share = "CAST(s.discount_amount AS DOUBLE) / CAST(s.gross_amount AS DOUBLE)"
    lines = (
        f"SELECT s.rep_id, s.order_date AS day, s.net_amount AS amount, f.discount_authority AS allowed, "
        f"ROUND({share} - f.discount_authority, 9) AS gap, {number_sql('s.order_date', windows)} AS number "
        "FROM sales AS s JOIN staff AS f ON f.staff_id = s.rep_id "
        f"WHERE s.kind = 'order' AND {within_sql('s.order_date', windows)} AND s.promotion_id IS NULL "
        "AND s.gross_amount > 0 AND s.discount_amount IS NOT NULL AND f.discount_authority > 0"
    )
    is_below = f"gap > {-band:.6f} AND gap <= 0.000001"
    return rows_of(
        engine,
        "SELECT rep_id, number, MIN(allowed) AS limit_amount, "
        f"COUNT(*) FILTER (WHERE {is_below}) AS below, "
        f"COUNT(*) FILTER (WHERE gap > {-3 * band:.6f} AND gap <= {-band:.6f}) AS left_count, "
        f"COUNT(*) FILTER (WHERE gap > 0.000001 AND gap <= {2 * band:.6f}) AS right_count, "
        f"COALESCE(SUM(amount) FILTER (WHERE {is_below}), 0) AS money, "
        f"MIN(day) FILTER (WHERE {is_below}) AS first_day, MAX(day) FILTER (WHERE {is_below}) AS last_day "
        f"FROM ({lines}) AS l GROUP BY rep_id, number ORDER BY rep_id, number",
    ).rename(columns={"number": "window"})


def concentrations(engine: Engine, windows: Sequence[Window]) -> pd.DataFrame:
    """How much of each rep's orders went to one buyer, and fell on one day, per window.

    Returns
    -------
    DataFrame
        rep_id, window, team, channel_type (the staff's own, else that of the orders), orders, amount,
        buyers, top_buyer, top_is_partner, top_amount, buyer_squares, days, day_amount (of the largest),
        day_squares (sums of squared amounts), first_day, last_day.
    """
    orders = (
        f"SELECT *, {number_sql('day', windows)} AS number, COALESCE(partner_id, customer_id) AS buyer, "
        f"partner_id IS NOT NULL AS is_partner FROM ({orders_sql(windows)}) AS o "
        "WHERE rep_id IS NOT NULL AND amount > 0"
    )
    buyers = (
        "SELECT rep_id, number, COUNT(*) AS buyers, SUM(orders) AS orders, SUM(amount) AS amount, "
        f"{_top('buyer')}, MAX(CASE WHEN place = 1 THEN is_partner END) AS top_is_partner, "
        f"SUM({_SQUARE}) AS buyer_squares, "
        "MIN(channel_type) AS channel_type "
        f"FROM ({_ranked(orders, 'buyer', ', BOOL_OR(is_partner) AS is_partner')}) AS r GROUP BY 1, 2"
    )
    days = (
        "SELECT rep_id, number, COUNT(*) AS days, MIN(day) AS first_day, MAX(day) AS last_day, "
        f"MAX(CASE WHEN place = 1 THEN amount END) AS day_amount, SUM({_SQUARE}) AS day_squares "
        f"FROM ({_ranked(orders, 'day', '')}) AS r GROUP BY 1, 2"
    )
    return rows_of(
        engine,
        "SELECT b.rep_id, b.number, f.team, COALESCE(f.channel_type, b.channel_type) AS channel_type, "
        "CAST(b.orders AS BIGINT) AS orders, b.amount, b.buyers, b.top_buyer, b.top_is_partner, "
        "b.top_amount, b.buyer_squares, d.days, d.day_amount, d.day_squares, d.first_day, d.last_day "
        f"FROM ({buyers}) AS b JOIN ({days}) AS d ON d.rep_id = b.rep_id AND d.number = b.number "
        "LEFT JOIN staff AS f ON f.staff_id = b.rep_id ORDER BY 1, 2",
    ).rename(columns={"number": "window"})


def _ranked(orders: str, by: str, more: str) -> str:
    """A rep's orders summed by buyer or day, the largest first."""
    return (
        f"SELECT *, ROW_NUMBER() OVER (PARTITION BY rep_id, number ORDER BY amount DESC, {by}) AS place "
        f"FROM (SELECT rep_id, number, {by}, COUNT(*) AS orders, SUM(amount) AS amount, "
        f"MIN(channel_type) AS channel_type{more} FROM ({orders}) AS n "
        f"WHERE {by} IS NOT NULL GROUP BY rep_id, number, {by}) AS s"
    )


def _top(name: str) -> str:
    return (
        f"MAX(CASE WHEN place = 1 THEN {name} END) AS top_{name}, "
        "MAX(CASE WHEN place = 1 THEN amount END) AS top_amount"
    )


def _band_sql(windows: Sequence[Window], limit: float, band: float) -> str:
    def money(share: float) -> str:
        return f"CAST({limit * share:.4f} AS DECIMAL(18, 4))"

    below = f"amount >= {money(1 - band)} AND amount < {money(1)}"
    left = f"amount >= {money(1 - 3 * band)} AND amount < {money(1 - band)}"
    right = f"amount >= {money(1)} AND amount < {money(1 + 2 * band)}"
    return (
        f"SELECT rep_id, {number_sql('day', windows)} AS number, {money(1)} AS limit_amount, "
        f"COUNT(*) FILTER (WHERE {below}) AS below, COUNT(*) FILTER (WHERE {left}) AS left_count, "
        f"COUNT(*) FILTER (WHERE {right}) AS right_count, "
        f"COALESCE(SUM(amount) FILTER (WHERE {below}), 0) AS money, "
        f"MIN(day) FILTER (WHERE {below}) AS first_day, MAX(day) FILTER (WHERE {below}) AS last_day "
        f"FROM ({orders_sql(windows)}) AS o WHERE rep_id IS NOT NULL GROUP BY 1, 2"
    )
