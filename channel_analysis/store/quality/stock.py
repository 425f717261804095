"""Stock that does not balance: within a month, and from a month's end to the next one's beginning."""

from __future__ import annotations

from ...contracts.marks import Mark
from .look import Look, used_view

_MOVES = ("opening_quantity", "received_quantity", "sold_quantity", "returned_quantity", "closing_quantity")


def unbalanced(look: Look) -> list[Mark]:
    """Months whose movements do not lead from opening to closing, and openings unlike the closing before.

    A month that does not balance in itself is told once; its neighbours are not told for it.
    """
    if look.table.name != "stock" or not look.holds("opening_quantity", "closing_quantity"):
        return []
    own = _differs("t") if look.holds(*_MOVES) else "FALSE"
    before_differs = _differs("before") if look.holds(*_MOVES) else "FALSE"
    month_before = "CAST(t.month - INTERVAL 1 MONTH AS DATE)"
    joins = (
        f"LEFT JOIN {used_view('stock')} AS before ON before.partner_id = t.partner_id "
        f"AND before.product_id = t.product_id AND before.month = {month_before}"
    )
    broken = (
        f"before.closing_quantity <> t.opening_quantity AND NOT COALESCE({own}, FALSE) "
        f"AND NOT COALESCE({before_differs}, FALSE)"
    )
    marks = [Mark("stock_balance", "closing_quantity", own)] if look.holds(*_MOVES) else []
    return [*marks, Mark("stock_balance", "opening_quantity", broken, (joins,))]


def _differs(rows: str) -> str:
    opening, received, sold, returned, closing = (f"{rows}.{name}" for name in _MOVES)
    return f"{opening} + COALESCE({received}, 0) - COALESCE({sold}, 0) - COALESCE({returned}, 0) <> {closing}"
