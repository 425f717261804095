"""What is known of every partner's life by a period's end: contract, orders, sales, its monthly level."""

from __future__ import annotations

import datetime

import numpy as np
import pandas as pd

from ..store.engine import Engine
from .irregular.windows import rows_of
from .periods import Period
from .queries import sql_day

LIFE_COLUMNS = (
    "partner_id", "is_listed", "channel_type", "region", "contract_start", "left_on", "first_order",
    "last_order", "last_before", "first_within", "net_sales", "gross_profit", "orders",
)  # fmt: skip


def partner_lives(engine: Engine, period: Period) -> pd.DataFrame:
    """Every partner whose contract began, or who ordered or returned, before the period's end.

    Returns
    -------
    DataFrame
        `LIFE_COLUMNS`, by partner_id: whether it stands in the table of partners, its channel type
        and region (of its lines where the table has none), contract_start, left_on (day of its exit, else
        the contract's last, when before the period's end), first and last order before the end, the
        last one before the period, the first within it; of the period net_sales, gross_profit (of
        lines whose cost is known) and orders.
    """
    start, end = sql_day(period.start), sql_day(period.end)
    within = f"order_date >= {start}"
    is_order = "kind = 'order'"
    trade = (
        "SELECT partner_id, MIN(channel_type) AS line_type, MIN(region) AS line_region, "
        f"MIN(order_date) FILTER (WHERE {is_order}) AS first_order, "
        f"MAX(order_date) FILTER (WHERE {is_order}) AS last_order, "
        f"MAX(order_date) FILTER (WHERE {is_order} AND order_date < {start}) AS last_before, "
        f"MIN(order_date) FILTER (WHERE {is_order} AND {within}) AS first_within, "
        f"SUM(net_amount) FILTER (WHERE {within}) AS net_sales, "
        f"SUM(net_amount - cost_amount) FILTER (WHERE {within}) AS gross_profit, "
        f"COUNT(DISTINCT order_id) FILTER (WHERE {is_order} AND {within}) AS orders "
        f"FROM sales WHERE partner_id IS NOT NULL AND order_date < {end} GROUP BY partner_id"
    )
    listed = (
        "SELECT partner_id, channel_type, region, contract_start, "
        f"CASE WHEN COALESCE(exit_date, contract_end) < {end} THEN COALESCE(exit_date, contract_end) END "
        "AS left_on FROM partners"
    )
    found = rows_of(
        engine,
        "SELECT COALESCE(p.partner_id, t.partner_id) AS partner_id, p.partner_id IS NOT NULL AS is_listed, "
        "COALESCE(p.channel_type, t.line_type, '') AS channel_type, "
        "COALESCE(p.region, t.line_region, '') AS region, p.contract_start, p.left_on, t.first_order, "
        "t.last_order, t.last_before, t.first_within, COALESCE(t.net_sales, 0) AS net_sales, "
        "COALESCE(t.gross_profit, 0) AS gross_profit, COALESCE(t.orders, 0) AS orders "
        f"FROM ({listed}) AS p FULL OUTER JOIN ({trade}) AS t ON t.partner_id = p.partner_id "
        f"WHERE t.partner_id IS NOT NULL OR p.contract_start IS NULL OR p.contract_start < {end} ORDER BY 1",
    )
    return found.loc[:, list(LIFE_COLUMNS)]


def monthly_shares(engine: Engine, until: datetime.date) -> pd.DataFrame:
    """Each partner's share of its channel type's sales, month by month, so that seasons cancel out.

    Returns
    -------
    DataFrame
        partner_id, month (12 x year + month - 1), share; only months with sales of the partner, up
        to, not including, the day `until`.
    """
    month = "12 * YEAR(order_date) + MONTH(order_date) - 1"
    rows = rows_of(
        engine,
        f"SELECT partner_id, channel_type, {month} AS month, SUM(net_amount) AS net FROM sales "
        f"WHERE order_date < {sql_day(until)} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
    )
    whole = rows.groupby(["channel_type", "month"])["net"].transform("sum")
    with np.errstate(divide="ignore", invalid="ignore"):
        rows["share"] = np.where(whole > 0, rows["net"] / whole, 0.0)
    named = rows[rows["partner_id"].notna()]
    return named.groupby(["partner_id", "month"], as_index=False)["share"].sum()


def company_sales(engine: Engine, period: Period) -> dict[str, float]:
    """Net sales and gross profit of the period, direct sales included."""
    row = rows_of(
        engine,
        "SELECT COALESCE(SUM(net_amount), 0) AS net_sales, "
        "COALESCE(SUM(net_amount - cost_amount), 0) AS gross_profit FROM sales "
        f"WHERE order_date >= {sql_day(period.start)} AND order_date < {sql_day(period.end)}",
    ).iloc[0]
    return {"net_sales": float(row["net_sales"]), "gross_profit": float(row["gross_profit"])}
