"""Sales to a partner as known at each month's end: amounts, orders, returns, prices, range."""

from __future__ import annotations

from ...contracts.policy import Policy
from ...store.engine import Engine
from ..queries import sql_day
from .grid import Cells, Floats, Grid, known_facts, known_sql, month_sql
from .parts import Part

LATE_DAYS = 9
"""The last days of a quarter: a tenth of it."""


def amounts(engine: Engine, grid: Grid, policy: Policy) -> dict[str, Floats]:
    """Net sales of windows, and of twelve months what was ordered, sent back, loaded, and earned."""
    cells = _lines(engine, grid)
    return {
        "net_3": grid.within(cells, "net", 3),
        "net_6": grid.within(cells, "net", 6),
        "net_12": grid.within(cells, "net", 12),
        "net_3_year_before": grid.within(cells, "net", 3, back=12),
        "net_6_year_before": grid.within(cells, "net", 6, back=12),
        "net_12_before": grid.within(cells, "net", 12, back=12),
        "ordered_12": grid.within(cells, "ordered", 12),
        "returned_6": grid.within(cells, "returned", 6),
        "ordered_6": grid.within(cells, "ordered", 6),
        "returned_12": grid.within(cells, "returned", 12),
        "late_12": grid.within(cells, "late", 12),
        "margin_12": grid.within(cells, "margin", 12),
        "gross_12": grid.within(cells, "gross", 12),
        "discount_12": grid.within(cells, "discount", 12),
    }


def _lines(engine: Engine, grid: Grid) -> Cells:
    is_order, late = "kind = 'order'", f"MOD(MONTH(order_date), 3) = 0 AND DAY(order_date) > {31 - LATE_DAYS}"
    return grid.read(
        engine,
        "SELECT partner_id, month, known, SUM(net_amount) AS net, "
        f"SUM(CASE WHEN {is_order} THEN net_amount ELSE 0 END) AS ordered, "
        "SUM(CASE WHEN kind = 'return' THEN -net_amount ELSE 0 END) AS returned, "
        f"SUM(CASE WHEN {is_order} AND {late} THEN net_amount ELSE 0 END) AS late, "
        "SUM(net_amount - cost_amount) AS margin, "
        f"SUM(CASE WHEN {is_order} THEN gross_amount ELSE 0 END) AS gross, "
        f"SUM(CASE WHEN {is_order} THEN discount_amount ELSE 0 END) AS discount "
        f"FROM ({known_facts('sales', 'order_date', grid)}) AS l GROUP BY partner_id, month, known",
    )


def order_days(engine: Engine, grid: Grid) -> Cells:
    """Days on which a partner ordered: day, month, known (month in which it was known), orders."""
    known = known_sql("order_date")
    orders = (
        f"SELECT partner_id, order_id, MIN(order_date) AS day, MIN({known}) AS told FROM sales "
        f"WHERE kind = 'order' AND partner_id IS NOT NULL AND {known} <= {sql_day(grid.last_day)} "
        "GROUP BY partner_id, order_id"
    )
    return grid.read(
        engine,
        f"SELECT partner_id, day, {month_sql('day')} AS month, {month_sql('told')} AS known, "
        f"COUNT(*) AS orders FROM ({orders}) AS o "
        f"GROUP BY partner_id, day, {month_sql('day')}, {month_sql('told')} ORDER BY partner_id, day, known",
    )


def products(engine: Engine, grid: Grid, policy: Policy) -> dict[str, Floats]:
    """How many different products were ordered in 3 and 12 months.

    A product counts from the month its order was known until its window ends; where it was ordered
    again before, only the months that the later order adds are counted for that one.
    """
    facts = known_facts("sales", "order_date", grid, "partner_id, product_id")
    bought = f"SELECT DISTINCT * FROM ({facts} AND kind = 'order' AND product_id IS NOT NULL) AS l"
    before = (
        "MAX(month) OVER (PARTITION BY partner_id, product_id ORDER BY known, month "
        "ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)"
    )
    cells = grid.read(
        engine,
        "SELECT partner_id, month, known, earlier, COUNT(*) AS products FROM (SELECT partner_id, month, "
        f"known, GREATEST(COALESCE({before}, 0), month - 12) AS earlier FROM ({bought}) AS b) AS w "
        "GROUP BY partner_id, month, known, earlier",
    )
    return {f"products_{months}": _different(grid, cells, months) for months in (3, 12)}


def _different(grid: Grid, cells: Cells, months: int) -> Floats:
    start = cells["known"].copy()
    start = start.clip(min=cells["earlier"] + months)
    return grid.standing(cells, "products", start, cells["month"] + months)


def floor_prices(engine: Engine, grid: Grid, policy: Policy) -> dict[str, Floats]:
    """Order lines of products with a floor price in 12 months, and those sold below it."""
    facts = known_facts("sales", "order_date", grid, "partner_id, product_id, kind, quantity, net_amount")
    below = "l.net_amount < CAST(l.quantity AS DECIMAL(38, 4)) * CAST(p.floor_price AS DECIMAL(38, 4))"
    cells = grid.read(
        engine,
        "SELECT l.partner_id, l.month, l.known, COUNT(*) AS priced, "
        f"SUM(CASE WHEN {below} THEN 1 ELSE 0 END) AS below FROM ({facts}) AS l "
        "JOIN products AS p ON p.product_id = l.product_id "
        "WHERE l.kind = 'order' AND l.quantity > 0 AND p.floor_price > 0 "
        "GROUP BY l.partner_id, l.month, l.known",
    )
    return {"priced_12": grid.within(cells, "priced", 12), "below_floor_12": grid.within(cells, "below", 12)}


PARTS = (
    Part(
        (
            "net_3", "net_6", "net_12", "net_3_year_before", "net_6_year_before", "net_12_before",
            "ordered_12", "returned_6", "ordered_6", "returned_12", "late_12", "margin_12", "gross_12",
            "discount_12",
        ),
        ("sales.net_amount",),
        amounts,
    ),
    Part(("products_3", "products_12"), ("sales.product_id",), products),
    Part(
        ("priced_12", "below_floor_12"),
        ("sales.product_id", "sales.quantity", "products.floor_price"),
        floor_prices,
    ),
)  # fmt: skip
