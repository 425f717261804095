"""Returns of orders that are not there, or that came after them."""

from __future__ import annotations

from ...contracts.marks import Mark
from .look import Look

MOST_UNKNOWN = 0.5
"""Where more returns than this name an order nobody knows, the orders of another time are not there."""


def odd_returns(look: Look) -> list[Mark]:
    """Returns that name an order no line has, though others do, and returns dated before their order."""
    if look.table.name != "sales" or "original_order_id" not in look.filled:
        return []
    named = "t.kind = 'return' AND t.original_order_id IS NOT NULL"
    asked = f"SELECT t.original_order_id FROM {look.view} AS t WHERE {named}"
    held, _ = look.keep(
        "originals",
        f"SELECT order_id, MIN(order_date) AS ordered_on FROM {look.view} "
        f"WHERE kind = 'order' AND order_id IN ({asked}) GROUP BY order_id",
    )
    joins = f"LEFT JOIN {held} AS original ON original.order_id = t.original_order_id"
    unknown = f"{named} AND original.order_id IS NULL"
    counts = look.ask(
        f"SELECT COUNT(*) AS n, COUNT(*) FILTER (WHERE original.order_id IS NULL) AS unknown "
        f"FROM {look.view} AS t {joins} WHERE {named}"
    )[0]
    earlier = f"{named} AND t.order_date < original.ordered_on"
    marks = [Mark("dates_out_of_order", "order_date", earlier, (joins,))]
    if 0 < counts["unknown"] <= MOST_UNKNOWN * counts["n"]:
        marks.append(Mark("unknown", "original_order_id", unknown, (joins,)))
    return marks
