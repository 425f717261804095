"""What the tables say of each key account: sales, answers, visits, leads, debts, and who looks after it."""

from __future__ import annotations

from collections.abc import Callable, Collection

import pandas as pd

from ..store.engine import Engine
from .irregular.windows import rows_of
from .periods import Period
from .queries import sql_day

ACCOUNTS = "SELECT customer_id FROM customers WHERE is_key_account"


def key_accounts(engine: Engine) -> pd.DataFrame:
    """The key accounts: customer_id, customer_name, region, segment, owner_id."""
    columns = "customer_id, customer_name, region, segment, owner_id"
    return rows_of(engine, f"SELECT {columns} FROM customers WHERE is_key_account ORDER BY customer_id")


def account_figures(engine: Engine, period: Period, tables: Collection[str]) -> pd.DataFrame:
    """Figures of the key accounts from the tables at hand, one row per account that has any.

    Returns
    -------
    DataFrame
        customer_id; of sales net_sales, net_sales_last_year, orders, last_order; of feedback answers,
        satisfied (of csat); of visits planned, done (of these by the period's end), last_visit; of leads
        open_leads, won_leads, won_value; of receivables owed, overdue (at the period's end). Columns
        of tables that are not among `tables` are missing.
    """
    found = pd.DataFrame({"customer_id": pd.Series(dtype=object)})
    for table, aggregates in _FIGURES.items():
        if table in tables:
            rows = rows_of(
                engine,
                f"SELECT t.customer_id, {aggregates(period)} FROM {table} AS t "
                f"JOIN ({ACCOUNTS}) AS k ON k.customer_id = t.customer_id GROUP BY t.customer_id ORDER BY 1",
            )
            found = found.merge(rows, on="customer_id", how="outer")
    return found.sort_values("customer_id", kind="stable").reset_index(drop=True)


def account_team(engine: Engine, period: Period, tables: Collection[str]) -> pd.DataFrame:
    """Who sold to, or visited, which key account in the period: customer_id, rep_id, net_sales, visits."""
    start, end = sql_day(period.start), sql_day(period.end)
    parts = [
        "SELECT customer_id, rep_id, net_amount AS net, FALSE AS is_visit FROM sales "
        f"WHERE order_date >= {start} AND order_date < {end}"
    ]
    if "visits" in tables:
        parts.append(
            "SELECT customer_id, rep_id, 0 AS net, TRUE AS is_visit FROM visits "
            f"WHERE done_on >= {start} AND done_on < {end}"
        )
    return rows_of(
        engine,
        "SELECT t.customer_id, t.rep_id, SUM(t.net) AS net_sales, "
        "COUNT(*) FILTER (WHERE t.is_visit) AS visits "
        f"FROM ({' UNION ALL '.join(parts)}) AS t JOIN ({ACCOUNTS}) AS k ON k.customer_id = t.customer_id "
        "WHERE t.rep_id IS NOT NULL GROUP BY t.customer_id, t.rep_id ORDER BY 1, 2",
    )


def _within(column: str, period: Period) -> str:
    return f"{column} >= {sql_day(period.start)} AND {column} < {sql_day(period.end)}"


def _sales(period: Period) -> str:
    last_year, is_order = _within("order_date", period.last_year), "kind = 'order'"
    return (
        f"COALESCE(SUM(net_amount) FILTER (WHERE {_within('order_date', period)}), 0) AS net_sales, "
        f"COALESCE(SUM(net_amount) FILTER (WHERE {last_year}), 0) AS net_sales_last_year, "
        f"COUNT(DISTINCT order_id) FILTER (WHERE {is_order} AND {_within('order_date', period)}) AS orders, "
        f"MAX(order_date) FILTER (WHERE {is_order} AND order_date < {sql_day(period.end)}) AS last_order"
    )


def _feedback(period: Period) -> str:
    given = f"kind = 'csat' AND score IS NOT NULL AND {_within('given_on', period)}"
    return (
        f"COUNT(*) FILTER (WHERE {given}) AS answers, "
        f"COUNT(*) FILTER (WHERE {given} AND score >= 4) AS satisfied"
    )


def _visits(period: Period) -> str:
    planned, end = _within("planned_on", period), sql_day(period.end)
    return (
        f"COUNT(*) FILTER (WHERE {planned}) AS planned, "
        f"COUNT(*) FILTER (WHERE {planned} AND done_on < {end}) AS done, "
        f"MAX(done_on) FILTER (WHERE done_on < {end}) AS last_visit"
    )


def _leads(period: Period) -> str:
    end = sql_day(period.end)
    won = f"status = 'won' AND {_within('closed_on', period)}"
    is_open = f"created_on < {end} AND (status = 'open' OR closed_on >= {end})"
    return (
        f"COUNT(*) FILTER (WHERE {is_open}) AS open_leads, COUNT(*) FILTER (WHERE {won}) AS won_leads, "
        f"COALESCE(SUM(value) FILTER (WHERE {won}), 0) AS won_value"
    )


def _receivables(period: Period) -> str:
    end = sql_day(period.end)
    is_open = (
        f"invoice_date < {end} AND (paid_date IS NULL OR paid_date >= {end}) "
        f"AND (written_off_date IS NULL OR written_off_date >= {end})"
    )
    return (
        f"COALESCE(SUM(amount) FILTER (WHERE {is_open}), 0) AS owed, "
        f"COALESCE(SUM(amount) FILTER (WHERE {is_open} AND due_date < {end}), 0) AS overdue"
    )


_FIGURES: dict[str, Callable[[Period], str]] = {
    "sales": _sales,
    "feedback": _feedback,
    "visits": _visits,
    "leads": _leads,
    "receivables": _receivables,
}
"""Aggregates over the rows of each table that names customers."""
