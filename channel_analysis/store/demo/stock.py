"""Partners' stock and sell-out, month by month, so that goods neither appear nor vanish."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .company import LIST_PRICE, PRODUCT_IDS, PRODUCTS, REGION_WEIGHTS, REGIONS
from .draw import Floats, Ints, Rng, between, cents, label, named, pick, totals
from .orders import ORDER, RETURN
from .parties import PARTNERS
from .season import COMPLETE_MONTHS, month_of, month_start

_CUBE = {"partner": PARTNERS, "product": len(PRODUCTS)}


def stock_table(rng: Rng, ledger: pd.DataFrame, partners: pd.DataFrame) -> pd.DataFrame:
    """The contract's stock: opening + received - sold - returned = closing, never below zero."""
    received = _units(ledger, ORDER, "month")
    returned = -_units(ledger, RETURN, "month")
    initial = _initial_stock(rng, received, partners)
    sold = _sell_on(rng, initial, received + _units(ledger, RETURN, "origin_month"))
    closing = initial[:, :, None] + np.cumsum(received - sold - returned, axis=2)
    opening = closing - received + sold + returned
    partner, product, month = np.nonzero(_reported(partners, opening + received))
    cell = partner, product, month
    return pd.DataFrame(
        {
            "partner_id": label("P", partner, 5),
            "product_id": named(PRODUCT_IDS, product),
            "month": month_start(month),
            "opening_quantity": opening[cell],
            "received_quantity": received[cell],
            "sold_quantity": sold[cell],
            "returned_quantity": returned[cell],
            "closing_quantity": closing[cell],
            "known_at": month_start(month + 1) + 4,
        }
    )


def sell_out_table(rng: Rng, stock: pd.DataFrame, partners: pd.DataFrame) -> pd.DataFrame:
    """The contract's sell-out: a line for each of the stock's, some of it gone to other regions."""
    count = len(stock)
    partner = stock["partner_id"].str[1:].astype(int).to_numpy() - 1
    home = partners["region"].to_numpy()[partner]
    price = dict(zip(PRODUCT_IDS, LIST_PRICE, strict=True))
    value = stock["sold_quantity"] * stock["product_id"].map(price)
    fate = rng.random(count)
    elsewhere = np.where(fate < 0.05, pick(rng, REGION_WEIGHTS, count), home)
    return pd.DataFrame(
        {
            "sell_out_id": label("SL", np.arange(count), 6),
            "sold_on": stock["month"],
            "partner_id": stock["partner_id"],
            "product_id": stock["product_id"],
            "quantity": stock["sold_quantity"],
            "amount": cents(value.to_numpy() * between(rng, 0.80, 0.95, count)),
            "destination_region": named(REGIONS, np.where(fate > 0.94, -1, elsewhere)),
            "known_at": stock["known_at"],
        }
    )


def _units(ledger: pd.DataFrame, kind: int, month: str) -> Ints:
    """Units by partner, product and complete month, by the month of the line or of its order."""
    own = (ledger["kind"] == kind) & (ledger["partner"] >= 0) & (ledger[month] < COMPLETE_MONTHS)
    return totals(ledger[own], {**_CUBE, month: COMPLETE_MONTHS}, "quantity")


def _initial_stock(rng: Rng, received: Ints, partners: pd.DataFrame) -> Ints:
    """About a month's supply with the partners of before the first day, nothing with later ones."""
    monthly = received.sum(axis=2) / COMPLETE_MONTHS
    was_there = (partners["start"] < 0).to_numpy()[:, None]
    stock: Floats = np.floor(monthly * between(rng, 0.6, 1.4, monthly.shape) * was_there)
    return stock.astype(np.int64)


def _sell_on(rng: Rng, initial: Ints, kept: Ints) -> Ints:
    """Sell a part of what is there each month; goods that will be sent back are never sold."""
    sold = np.zeros_like(kept)
    on_hand = initial
    for month in range(COMPLETE_MONTHS):
        is_festive = month % 12 in (5, 10)
        share = between(rng, 0.40, 0.65, on_hand.shape) + 0.10 * is_festive
        available = on_hand + kept[:, :, month]
        sold[:, :, month] = np.floor(available * share).astype(np.int64)
        on_hand = available - sold[:, :, month]
    return sold


def _reported(partners: pd.DataFrame, supply: Ints) -> np.ndarray:
    """Months in which a product is reported: from its first goods to shortly after an exit."""
    month = np.arange(COMPLETE_MONTHS)
    last = month_of(partners["exit"].to_numpy() + 35)
    has_come = np.cumsum(supply, axis=2) > 0
    return has_come & (month <= last[:, None])[:, None, :]
