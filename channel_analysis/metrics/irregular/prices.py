"""Lines sold below the floor price or beyond the rep's discount authority, per rep and partner."""

from __future__ import annotations

import pandas as pd

from ...store.engine import Engine
from .windows import Window, rows_of, within_sql

_PARTS = "CAST(0.000001 AS DECIMAL(7, 6))"


def below_floor(engine: Engine, window: Window, tolerance: float) -> pd.DataFrame:
    """Lines below the floor price of their product; lines of a promotion are not looked at.

    Returns
    -------
    DataFrame
        rep_id, partner_id, line_count (looked at), in_promotion (lines left out), found (lines),
        orders, money (floor less net, currency), first_day, last_day.
    """
    return _counted(engine, floor_lines_sql(window, tolerance))


def beyond_authority(engine: Engine, window: Window, tolerance: float) -> pd.DataFrame:
    """Lines whose discount exceeds what their rep may give; columns as of `below_floor`."""
    return _counted(engine, discount_lines_sql(window, tolerance))


def floor_lines_sql(window: Window, tolerance: float) -> str:
    """Lines with a floor price: what was sold, at what price, and how far below the floor."""
    gap = f"{_wide('s.quantity')} * p.floor_price - s.net_amount"
    lowest = f"CAST({_wide('p.floor_price')} * (1 - {_share(tolerance)}) AS DECIMAL(18, 4))"
    return (
        "SELECT s.order_id, s.line_number, s.order_date AS day, s.rep_id, s.partner_id, s.promotion_id, "
        f"s.net_amount AS amount, s.net_amount / s.quantity AS actual, p.floor_price AS allowed, "
        f"{gap} AS gap, {_wide('s.quantity')} * {lowest} > s.net_amount AS breaks "
        "FROM sales AS s JOIN products AS p ON p.product_id = s.product_id "
        f"WHERE s.kind = 'order' AND {within_sql('s.order_date', [window])} "
        "AND s.quantity > 0 AND p.floor_price > 0"
    )


def discount_lines_sql(window: Window, tolerance: float) -> str:
    """Lines whose rep has a discount authority: the discount, the authority, and how far beyond."""
    allowed = f"CAST(CAST(ROUND(f.discount_authority * 1000000) AS BIGINT) AS DECIMAL(9, 0)) * {_PARTS}"
    gap = f"s.discount_amount - {_wide('s.gross_amount')} * {allowed}"
    return (
        "SELECT s.order_id, s.line_number, s.order_date AS day, s.rep_id, s.partner_id, s.promotion_id, "
        "s.net_amount AS amount, s.discount_amount / s.gross_amount AS actual, "
        f"f.discount_authority AS allowed, {gap} AS gap, "
        f"{gap} > {_wide('s.gross_amount')} * {_share(tolerance)} AS breaks "
        "FROM sales AS s JOIN staff AS f ON f.staff_id = s.rep_id "
        f"WHERE s.kind = 'order' AND {within_sql('s.order_date', [window])} "
        "AND s.gross_amount > 0 AND s.discount_amount IS NOT NULL AND f.discount_authority IS NOT NULL"
    )


def _counted(engine: Engine, lines: str) -> pd.DataFrame:
    found = "FILTER (WHERE promotion_id IS NULL AND breaks)"
    return rows_of(
        engine,
        "SELECT rep_id, partner_id, COUNT(*) FILTER (WHERE promotion_id IS NULL) AS line_count, "
        "COUNT(*) FILTER (WHERE promotion_id IS NOT NULL) AS in_promotion, "
        f"COUNT(*) {found} AS found, COUNT(DISTINCT order_id) {found} AS orders, "
        f"COALESCE(SUM(gap) {found}, 0) AS money, "
        f"MIN(day) {found} AS first_day, MAX(day) {found} AS last_day "
        f"FROM ({lines}) AS l GROUP BY rep_id, partner_id ORDER BY rep_id, partner_id",
    )


def _wide(column: str) -> str:
    """A decimal with room for products: those of narrow ones overflow at large amounts."""
    return f"CAST({column} AS DECIMAL(38, 4))"


def _share(share: float) -> str:
    """A share as an exact decimal."""
    return f"CAST({share:.6f} AS DECIMAL(7, 6))"
