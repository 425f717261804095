"""All contract tables by name, in the order a reader meets them."""

from __future__ import annotations

from . import conduct, finance, parties, trade
from .schema import Table

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        trade.SALES,
        parties.PARTNERS,
        parties.STAFF,
        parties.CUSTOMERS,
        parties.PRODUCTS,
        trade.TARGETS,
        trade.MARKET,
        finance.COSTS,
        conduct.FEEDBACK,
        trade.SELL_OUT,
        trade.STOCK,
        finance.RECEIVABLES,
        finance.FINANCIALS,
        finance.PROGRAMMES,
        conduct.REPUTATION_EVENTS,
        conduct.LEADS,
        conduct.VISITS,
        conduct.TRAINING,
        parties.CANDIDATES,
        conduct.MEASURES,
    )
}
