"""Draw the example company and write its tables as files, the same bytes for the same seed."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from . import conduct, money, orders, parties, plans, programmes, sales, stock
from .draw import streams
from .files import write_csv, write_parquet

_IN_PARQUET = (
    "sales", "sell_out", "stock", "receivables", "feedback", "leads", "visits", "costs", "market",
)  # fmt: skip
_STREAMS = (
    "parties", "baskets", "customers", "ledger", "sales", "partners_table", "staff",
    "customers_table", "candidates", "targets", "market", "costs", "receivables", "programmes",
    "financials", "sell_out", "stock", "feedback", "leads", "visits", "training",
    "reputation_events",
)  # fmt: skip


def write_demo(folder: Path, *, seed: int = 7) -> None:
    """Write one file for each table of the example company into `folder`, making it if need be.

    Large tables become ``<table>.parquet``, small ones ``<table>.csv``; the same seed gives the
    same bytes on any machine with the same libraries.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in _draw_tables(seed).items():
        if name in _IN_PARQUET:
            write_parquet(frame, name, folder)
        else:
            write_csv(frame, name, folder)


def _draw_tables(seed: int) -> dict[str, pd.DataFrame]:
    rng = streams(seed, _STREAMS)
    partners = parties.draw_partners(rng["parties"])
    customers = parties.draw_customers(rng["customers"])
    baskets = parties.draw_baskets(rng["baskets"])
    ledger = orders.draw_ledger(rng["ledger"], partners, baskets, customers)
    costs = money.costs_table(rng["costs"], ledger, partners)
    stocks = stock.stock_table(rng["stock"], ledger, partners)
    return {
        "sales": sales.sales_table(rng["sales"], ledger),
        "partners": parties.partners_table(rng["partners_table"], partners),
        "staff": parties.staff_table(rng["staff"]),
        "customers": parties.customers_table(rng["customers_table"], customers),
        "products": parties.products_table(),
        "targets": plans.targets_table(rng["targets"], ledger, partners),
        "market": plans.market_table(rng["market"], ledger),
        "costs": costs,
        "feedback": conduct.feedback_table(rng["feedback"], ledger),
        "sell_out": stock.sell_out_table(rng["sell_out"], stocks, partners),
        "stock": stocks,
        "receivables": money.receivables_table(rng["receivables"], ledger, partners),
        "financials": programmes.financials_table(rng["financials"], partners),
        "programmes": programmes.programmes_table(rng["programmes"], partners, costs),
        "reputation_events": conduct.reputation_events_table(rng["reputation_events"], partners),
        "leads": conduct.leads_table(rng["leads"]),
        "visits": conduct.visits_table(rng["visits"], ledger, partners),
        "training": conduct.training_table(rng["training"], partners),
        "candidates": parties.candidates_table(rng["candidates"]),
        "measures": conduct.measures_table(),
    }
