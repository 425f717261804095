"""Where partners' goods went, and what traces of business a partner leaves beside its orders."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import pandas as pd

from ...store.engine import Engine
from .windows import Window, orders_sql, rows_of, within_sql

TRACES = {
    "sell_out": ("sell_out", "sold_on", "TRUE"),
    "visits": ("visits", "done_on", "done_on IS NOT NULL"),
    "receivables": ("receivables", "paid_date", "paid_date IS NOT NULL"),
    "feedback": ("feedback", "given_on", "TRUE"),
}
"""What a partner that does business leaves behind: the table, its day, and which rows count."""


def destinations(engine: Engine, window: Window) -> pd.DataFrame:
    """Where partners with an authorised region sold on to.

    Returns
    -------
    DataFrame
        partner_id, channel_type, region (authorised), reports (lines with a destination), outside
        (lines to another region), amount, outside_amount (currency; at list price where a report
        names no amount), first_day, last_day (of the lines outside).
    """
    lines = destination_lines_sql(window)
    return rows_of(
        engine,
        "SELECT partner_id, MIN(channel_type) AS channel_type, MIN(region) AS region, "
        "COUNT(*) AS reports, COUNT(*) FILTER (WHERE breaks) AS outside, "
        "COALESCE(SUM(amount), 0) AS amount, "
        "COALESCE(SUM(amount) FILTER (WHERE breaks), 0) AS outside_amount, "
        "MIN(day) FILTER (WHERE breaks) AS first_day, MAX(day) FILTER (WHERE breaks) AS last_day "
        f"FROM ({lines}) AS l GROUP BY partner_id ORDER BY partner_id",
    )


def destination_lines_sql(window: Window) -> str:
    """Reports of sell-out with a known destination, of partners with an authorised region."""
    at_list_price = "TRY_CAST(CAST(s.quantity AS DECIMAL(38, 4)) * r.list_price AS DECIMAL(18, 4))"
    return (
        "SELECT s.sell_out_id, s.sold_on AS day, s.partner_id, p.channel_type, "
        "p.authorised_region AS region, s.destination_region, s.quantity, "
        f"COALESCE(s.amount, {at_list_price}) AS amount, "
        "s.destination_region <> p.authorised_region AS breaks "
        "FROM sell_out AS s JOIN partners AS p ON p.partner_id = s.partner_id "
        "LEFT JOIN products AS r ON r.product_id = s.product_id "
        f"WHERE {within_sql('s.sold_on', [window])} "
        "AND s.destination_region IS NOT NULL AND p.authorised_region IS NOT NULL"
    )


def traces(engine: Engine, windows: Sequence[Window], tables: Collection[str]) -> pd.DataFrame:
    """Orders of partners in all windows together and how many traces each leaves besides.

    Returns
    -------
    DataFrame
        partner_id, channel_type, orders, amount, amount_now (in the first window), first_day,
        last_day, and a count per trace of `TRACES` whose table is among `tables`.
    """
    now = f"CASE WHEN {within_sql('day', windows[:1])} THEN amount ELSE 0 END"
    orders = (
        "SELECT partner_id, MIN(channel_type) AS channel_type, COUNT(*) AS orders, SUM(amount) AS amount, "
        f"SUM({now}) AS amount_now, MIN(day) AS first_day, MAX(day) AS last_day "
        f"FROM ({orders_sql(windows)}) AS o WHERE partner_id IS NOT NULL GROUP BY partner_id"
    )
    found = [name for name in TRACES if name in tables]
    counts = ", ".join(f"COALESCE({name}.n, 0) AS {name}" for name in found)
    joins = " ".join(
        f"LEFT JOIN ({_trace_sql(name, windows)}) AS {name} ON {name}.partner_id = o.partner_id"
        for name in found
    )
    columns = f", {counts}" if counts else ""
    return rows_of(engine, f"SELECT o.*{columns} FROM ({orders}) AS o {joins} ORDER BY o.partner_id")


def _trace_sql(name: str, windows: Sequence[Window]) -> str:
    table, day, counts = TRACES[name]
    return (
        f"SELECT partner_id, COUNT(*) AS n FROM {table} WHERE partner_id IS NOT NULL AND {counts} "
        f"AND {within_sql(day, windows)} GROUP BY partner_id"
    )
