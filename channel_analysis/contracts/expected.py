"""What sound rows look like, as data: dates in order, signs, scales, amounts that add up, units."""

from __future__ import annotations

DATES_IN_ORDER: dict[str, tuple[tuple[str, str], ...]] = {
    "sales": (("order_date", "known_at"),),
    "sell_out": (("sold_on", "known_at"),),
    "stock": (("month", "known_at"),),
    "targets": (("window_start", "window_end"),),
    "market": (("month", "known_at"),),
    "receivables": (
        ("invoice_date", "due_date"),
        ("invoice_date", "paid_date"),
        ("invoice_date", "written_off_date"),
        ("invoice_date", "known_at"),
    ),
    "financials": (("statement_date", "known_at"),),
    "programmes": (("start_date", "end_date"),),
    "feedback": (("given_on", "closed_on"), ("given_on", "known_at")),
    "reputation_events": (("event_date", "known_at"),),
    "leads": (("created_on", "closed_on"), ("created_on", "known_at")),
    "measures": (("decided_on", "due_on"), ("decided_on", "closed_on")),
    "partners": (("contract_start", "contract_end"), ("contract_start", "exit_date")),
    "staff": (("start_date", "end_date"),),
    "products": (("listed_from", "listed_to"),),
}
"""Pairs of dates of which the second is never before the first."""

PAST_EVENTS: dict[str, tuple[str, ...]] = {
    "receivables": ("paid_date", "written_off_date"),
    "feedback": ("closed_on",),
    "leads": ("closed_on",),
    "visits": ("done_on",),
    "partners": ("exit_date",),
    "customers": ("first_contact",),
    "measures": ("closed_on",),
}
"""Dates beside a table's own that say what has happened, so that they lie before the end of the data."""

AHEAD = ("targets", "visits", "programmes", "measures", "training")
"""Tables whose own date may lie ahead, for they hold plans."""

NOT_NEGATIVE: dict[str, tuple[str, ...]] = {
    "sell_out": ("quantity", "amount"),
    "stock": (
        "opening_quantity",
        "received_quantity",
        "sold_quantity",
        "returned_quantity",
        "closing_quantity",
    ),
    "targets": ("target_amount",),
    "market": ("market_amount", "rival_amount"),
    "costs": ("amount",),
    "receivables": ("amount",),
    "financials": ("sales", "current_assets", "inventory", "total_assets", "current_liabilities"),
    "programmes": ("allocated_amount", "accrued_amount", "claimed_amount", "paid_amount"),
    "leads": ("value",),
    "partners": ("credit_limit", "staff_count", "outlets"),
    "products": ("list_price", "guide_price", "floor_price", "standard_cost"),
    "training": ("hours",),
    "candidates": ("outlets", "staff_count", "annual_sales", "years_in_business"),
}
"""Columns that are never below zero."""

OUT_OF_RANGE: dict[str, tuple[tuple[str, tuple[str, ...], str], ...]] = {
    "feedback": (
        ("score", ("kind",), "t.kind IN ('csat', 'review') AND t.score NOT BETWEEN 1 AND 5"),
        ("score", ("kind",), "t.kind = 'nps' AND t.score NOT BETWEEN 0 AND 10"),
    ),
    "training": (("score", (), "t.score NOT BETWEEN 0 AND 100"),),
    "staff": (("discount_authority", (), "t.discount_authority NOT BETWEEN 0 AND 1"),),
    "reputation_events": (("change_share", (), "t.change_share < -1"),),
}
"""Columns with a scale: the other columns it depends on, and when a value is outside it."""

ADDS_UP: dict[str, tuple[tuple[str, tuple[str, ...], str], ...]] = {
    "sales": (
        (
            "net_amount",
            ("gross_amount", "discount_amount"),
            "ABS(t.gross_amount - t.discount_amount - t.net_amount) "
            "> 0.01 * (1 + COALESCE(ABS(t.quantity), 0)) + 0.0001 * ABS(t.net_amount)",
        ),
    ),
    "market": (("rival_amount", ("market_amount",), "t.rival_amount > t.market_amount"),),
    "financials": (
        ("current_assets", ("total_assets",), "t.current_assets > t.total_assets + 0.01"),
        ("inventory", ("current_assets",), "t.inventory > t.current_assets + 0.01"),
        (
            "total_assets",
            ("total_liabilities", "equity"),
            "ABS(t.total_assets - t.total_liabilities - t.equity) > 1 + 0.001 * ABS(t.total_assets)",
        ),
    ),
}
"""Amounts that belong together: the column shown, the others, and when they do not add up."""

UNIT_PRICES: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "sales": ("product_id", "quantity", ("gross_amount", "net_amount", "cost_amount")),
    "sell_out": ("product_id", "quantity", ("amount",)),
}
"""Tables with amounts per unit: whose price it is, the units, and the amounts."""

SCALES: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "targets": (
        ("level", "channel_family", "channel_type", "region", "partner_id", "rep_id"),
        ("level",),
        ("target_amount",),
    ),
    "market": (("region", "channel_type", "category"), (), ("market_amount", "rival_amount")),
    "costs": (("cost_type", "channel_type", "region", "partner_id"), ("cost_type",), ("amount",)),
    "receivables": (("partner_id", "customer_id"), (), ("amount",)),
    "leads": (("channel_type",), (), ("value",)),
    "programmes": (
        ("programme_type",),
        (),
        ("allocated_amount", "accrued_amount", "claimed_amount", "paid_amount"),
    ),
    "partners": (("channel_type",), (), ("credit_limit",)),
    "financials": (
        ("partner_id",),
        (),
        ("sales", "total_assets", "current_assets", "inventory", "current_liabilities", "total_liabilities"),
    ),
    "candidates": ((), (), ("annual_sales",)),
}
"""Tables with amounts and no units: whose scale it is (finely, coarsely), and the amounts."""

ALIKE: dict[str, tuple[str, ...]] = {
    "receivables": ("partner_id", "customer_id", "invoice_date", "due_date", "amount"),
}
"""Tables beside sales of which no two rows are alike in these columns unless one is a copy."""
