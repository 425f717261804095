"""Contracts of trade: sales, sell-out, stock, targets and market."""

from __future__ import annotations

from .schema import CHANNEL_TYPES, Column, Table, known_at

SALES = Table(
    name="sales",
    description="Lines of orders and returns; a return is a row of its own, with negative amounts.",
    grain="one line of an order or of a return",
    key=("order_id", "line_number"),
    date="order_date",
    amount="net_amount",
    required=True,
    columns=(
        Column("order_id", "text", "number of the order or return", required=True),
        Column("line_number", "text", "number of the line within it", required=True),
        Column("kind", "text", "what the row is", required=True, allowed=("order", "return")),
        Column("order_date", "date", "day of the order or return", required=True),
        Column("original_order_id", "text", "for a return: the order it belongs to"),
        Column(
            "channel_type",
            "text",
            "channel type of this line (it wins over the partner's)",
            required=True,
            allowed=(CHANNEL_TYPES,),
        ),
        Column("region", "text", "region of this line (it wins over the partner's)"),
        Column(
            "partner_id",
            "text",
            "partner sold to; empty for direct sales",
            references="partners.partner_id",
        ),
        Column("rep_id", "text", "member of staff credited", references="staff.staff_id"),
        Column("customer_id", "text", "customer, where known", references="customers.customer_id"),
        Column("product_id", "text", "product", references="products.product_id"),
        Column("promotion_id", "text", "promotion the line was sold under"),
        Column("quantity", "quantity", "units; negative on returns", unit="units"),
        Column("gross_amount", "money", "at list price, before discount", unit="currency"),
        Column("discount_amount", "money", "discount given", unit="currency"),
        Column("net_amount", "money", "gross less discount, without tax", unit="currency", required=True),
        Column("cost_amount", "money", "cost of the goods", unit="currency"),
        Column("currency", "text", "ISO 4217 code of the amounts; empty: the workspace's"),
        Column(
            "exchange_rate",
            "number",
            "units of the workspace's currency that one unit of the invoice's currency was worth; "
            "amounts stay in the workspace's currency; empty: 1",
        ),
        known_at("line"),
    ),
)

SELL_OUT = Table(
    name="sell_out",
    description="What partners sold on, as they report it.",
    grain="one partner, product and day (or week, or month)",
    key=("sell_out_id",),
    date="sold_on",
    amount="amount",
    columns=(
        Column("sell_out_id", "text", "number of the report line", required=True),
        Column("sold_on", "date", "day, or first day of the week or month", required=True),
        Column("partner_id", "text", "partner reporting", required=True, references="partners.partner_id"),
        Column("product_id", "text", "product", references="products.product_id"),
        Column("quantity", "quantity", "units sold on", unit="units", required=True),
        Column("amount", "money", "value sold on", unit="currency"),
        Column("destination_region", "text", "region the goods went to"),
        known_at("report"),
    ),
)

STOCK = Table(
    name="stock",
    description="Partners' stock month by month: opening, received, sold, returned, closing.",
    grain="one partner, product and month",
    key=("partner_id", "product_id", "month"),
    date="month",
    columns=(
        Column("partner_id", "text", "partner", required=True, references="partners.partner_id"),
        Column("product_id", "text", "product", required=True, references="products.product_id"),
        Column("month", "date", "first day of the month", required=True),
        Column("opening_quantity", "quantity", "stock at its start", unit="units"),
        Column("received_quantity", "quantity", "received from us", unit="units"),
        Column("sold_quantity", "quantity", "sold on", unit="units"),
        Column("returned_quantity", "quantity", "sent back to us", unit="units"),
        Column("closing_quantity", "quantity", "stock at its end, as reported", unit="units"),
        known_at("report"),
    ),
)

TARGETS = Table(
    name="targets",
    description="Targets with the window they hold for; the date opens the window.",
    grain="one target: level, scope and window",
    key=("target_id",),
    date="window_start",
    columns=(
        Column("target_id", "text", "number of the target", required=True),
        Column(
            "level",
            "text",
            "what the set of targets is split by; sets of different levels are never added",
            required=True,
            allowed=("company", "channel_family", "channel_type", "region", "partner", "rep"),
        ),
        Column("window_start", "date", "first day of the window", required=True),
        Column(
            "window_end",
            "date",
            "first day after the window; empty: the next window's start, the last one as long as the median",
        ),
        Column("target_amount", "money", "net sales to reach", unit="currency", required=True),
        Column("channel_family", "text", "scope: direct or indirect", allowed=("direct", "indirect")),
        Column("channel_type", "text", "scope: channel type", allowed=(CHANNEL_TYPES,)),
        Column("region", "text", "scope: region"),
        Column("partner_id", "text", "scope: partner", references="partners.partner_id"),
        Column("rep_id", "text", "scope: member of staff", references="staff.staff_id"),
        known_at("target"),
    ),
)

MARKET = Table(
    name="market",
    description="Size of the market and of the largest rival, from outside sources.",
    grain="one month, region, channel type and category, as fine as the source is",
    key=("market_id",),
    date="month",
    columns=(
        Column("market_id", "text", "number of the line", required=True),
        Column("month", "date", "first day of the month", required=True),
        Column("region", "text", "region; empty: all"),
        Column("channel_type", "text", "route to market; empty: all", allowed=(CHANNEL_TYPES,)),
        Column("category", "text", "product category; empty: all"),
        Column("market_amount", "money", "sales of the whole market", unit="currency", required=True),
        Column("rival_amount", "money", "sales of the largest rival", unit="currency"),
        Column("source", "text", "who measured it"),
        known_at("figure"),
    ),
)
