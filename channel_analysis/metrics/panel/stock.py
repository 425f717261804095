"""A partner's stock, sell-out and targets, as known at each month's end."""

from __future__ import annotations

import numpy as np

from ...contracts.policy import Policy
from ...store.engine import Engine
from ..queries import sql_day
from .grid import Cells, Floats, Grid, known_facts, known_sql, month_sql
from .parts import Part

OLDEST = 3
"""Stock reported longer ago than so many months says nothing about today's."""


def stock(engine: Engine, grid: Grid, policy: Policy) -> dict[str, Floats]:
    """Units received and sold on in the last three months reported, and the stock last reported."""
    columns = "partner_id, product_id, received_quantity, sold_quantity, closing_quantity"
    cells = grid.read(
        engine,
        "SELECT s.partner_id, s.month, s.known, COUNT(*) AS lines, SUM(s.received_quantity) AS received, "
        "SUM(s.sold_quantity) AS sold, SUM(s.closing_quantity) AS closing, "
        "SUM(CAST(s.closing_quantity AS DECIMAL(38, 4)) "
        "* CAST(COALESCE(p.standard_cost, 0) AS DECIMAL(38, 4))) "
        f"AS worth FROM ({_monthly('stock', columns, grid)}) AS s "
        "LEFT JOIN products AS p ON p.product_id = s.product_id GROUP BY s.partner_id, s.month, s.known",
    )
    return {
        "stock_received_3": _last_reported(grid, cells, "received", 3),
        "stock_sold_3": _last_reported(grid, cells, "sold", 3),
        "stock_closing": _last_reported(grid, cells, "closing", 1),
        "stock_worth": _last_reported(grid, cells, "worth", 1),
    }


def _monthly(table: str, columns: str, grid: Grid) -> str:
    """`known_facts` of a table whose own column `month` is the first day of a month."""
    known = known_sql("month")
    return (
        f"SELECT {columns}, {month_sql('month')} AS month, {month_sql(known)} AS known FROM {table} "
        f"WHERE partner_id IS NOT NULL AND {known} <= {sql_day(grid.last_day)}"
    )


def _last_reported(grid: Grid, cells: Cells, name: str, months: int) -> Floats:
    """The sum over some months up to the last one reported by each snapshot; NaN when that is long ago."""
    found = np.full((len(grid.partners), grid.months), np.nan)
    for back in range(OLDEST, -1, -1):
        reported = grid.within(cells, "lines", 1, back) > 0
        found = np.where(reported, grid.within(cells, name, months, back), found)
    return found


def sell_out(engine: Engine, grid: Grid, policy: Policy) -> dict[str, Floats]:
    """What was sold on in 12 months, and how much of it outside the authorised region."""
    facts = known_facts("sell_out", "sold_on", grid, "partner_id, quantity, destination_region")
    away = "p.authorised_region IS NOT NULL AND s.destination_region <> p.authorised_region"
    cells = grid.read(
        engine,
        "SELECT s.partner_id, s.month, s.known, SUM(s.quantity) AS sold, "
        f"SUM(CASE WHEN {away} THEN s.quantity ELSE 0 END) AS away FROM ({facts}) AS s "
        "LEFT JOIN partners AS p ON p.partner_id = s.partner_id GROUP BY s.partner_id, s.month, s.known",
    )
    return {"sold_on_12": grid.within(cells, "sold", 12), "sold_away_12": grid.within(cells, "away", 12)}


def targets(engine: Engine, grid: Grid, policy: Policy) -> dict[str, Floats]:
    """The part of a partner's own targets that falls into the last six months, and how many months have one.

    A target is spread evenly over the whole months of its window; open windows are left out.
    """
    known = known_sql("window_start")
    cells = grid.read(
        engine,
        f"SELECT partner_id, {month_sql('window_start')} AS first, {month_sql('window_end')} AS after, "
        f"{month_sql(known)} AS told, SUM(target_amount) AS amount FROM targets WHERE level = 'partner' "
        f"AND partner_id IS NOT NULL AND window_end > window_start AND {known} <= {sql_day(grid.last_day)} "
        f"GROUP BY partner_id, {month_sql('window_start')}, {month_sql('window_end')}, {month_sql(known)}",
    )
    months = np.maximum(cells["after"] - cells["first"], 1).astype(np.int64)
    spread = {name: np.repeat(column, months) for name, column in cells.items()}
    number = np.arange(len(spread["first"])) - np.repeat(np.cumsum(months) - months, months)
    spread["month"] = spread["first"] + number
    spread["known"] = np.maximum(spread["told"], spread["month"])
    spread["amount"] = spread["amount"] / np.repeat(months, months)
    ones = np.ones(len(number))
    return {
        "target_6": grid.within(spread, "amount", 6),
        "target_months_6": grid.within(spread, ones, 6),
    }


PARTS = (
    Part(
        ("stock_received_3", "stock_sold_3", "stock_closing", "stock_worth"),
        ("stock.closing_quantity", "stock.sold_quantity", "stock.received_quantity"),
        stock,
    ),
    Part(
        ("sold_on_12", "sold_away_12"),
        ("sell_out.quantity", "sell_out.destination_region", "partners.authorised_region"),
        sell_out,
    ),
    Part(("target_6", "target_months_6"), ("targets.partner_id", "targets.target_amount"), targets),
)
