"""The ledger of order lines and returns, in codes and fen, from which other tables follow."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .company import (
    CATEGORY_SEASON,
    CHANNELS,
    DECLINING_RETAIL,
    DIRECT,
    INDIRECT,
    LIST_PRICE,
    POPULARITY,
    PRODUCT_CATEGORY,
    REGIONS,
    UNIT_COST,
)
from .draw import Floats, Ints, Rng, between, cents, happens, pick
from .season import DAYS, demand, month_of, promotion_on, trend

ORDER, RETURN = 0, 1


def draw_ledger(
    rng: Rng, partners: pd.DataFrame, baskets: np.ndarray, customers: pd.DataFrame
) -> pd.DataFrame:
    """All lines in codes: orders by day, then returns; amounts in fen.

    `order` numbers orders and returns apart; `origin` is a return's order and `origin_month` the
    month in which it was shipped (-1 and the line's own month on orders).
    """
    heads = _order_heads(rng, partners, customers)
    lines = _fill_orders(rng, heads, partners, baskets)
    returns = _draw_returns(rng, lines)
    ledger = pd.concat([lines, returns], ignore_index=True)
    ledger["month"] = month_of(ledger["day"].to_numpy())
    ledger["quarter"] = ledger["month"] // 3
    return ledger


def _order_heads(rng: Rng, partners: pd.DataFrame, customers: pd.DataFrame) -> pd.DataFrame:
    parts = [_direct_orders(rng, channel, customers) for channel in DIRECT]
    parts += [_partner_orders(rng, channel, partners) for channel in INDIRECT]
    heads = pd.concat(parts, ignore_index=True)
    return heads.sort_values("day", kind="stable", ignore_index=True)


def _direct_orders(rng: Rng, code: int, customers: pd.DataFrame) -> pd.DataFrame:
    """Orders of customers; old ones come back more often, on livestreams the newest do."""
    channel = CHANNELS[code]
    pool = np.flatnonzero(customers["channel"] == code)
    day = np.sort(pick(rng, demand(channel), channel.orders))
    known = np.searchsorted(customers["first"].to_numpy()[pool], day, side="right")
    place = np.floor(known * rng.random(len(day)) * between(rng, 0.3, 1.0, len(day))).astype(int)
    if channel.name == "livestream":
        place = known - 1 - place
    customer = pool[place]
    return pd.DataFrame(
        {
            "day": day,
            "channel": code,
            "region": customers["region"].to_numpy()[customer],
            "partner": -1,
            "rep": customers["owner"].to_numpy()[customer],
            "customer": customer,
        }
    )


def _partner_orders(rng: Rng, code: int, partners: pd.DataFrame) -> pd.DataFrame:
    chosen = np.flatnonzero(partners["channel"] == code)
    own = partners.iloc[chosen]
    daily = own["pace"].to_numpy()[:, None] / 30.4 * demand(CHANNELS[code])
    if CHANNELS[code].name == "retailer":
        declining = (own["region"] == REGIONS.index(DECLINING_RETAIL)).to_numpy()
        daily[declining] *= trend(-0.20)
    row, day = np.nonzero(rng.random(daily.shape) < daily * _presence(own))
    return pd.DataFrame(
        {
            "day": day,
            "channel": code,
            "region": own["region"].to_numpy()[row],
            "partner": chosen[row],
            "rep": own["owner"].to_numpy()[row],
            "customer": -1,
        }
    )


def _presence(partners: pd.DataFrame) -> Floats:
    """1 on the days of a contract, 0 outside, fading over the four months before an exit."""
    day = np.arange(DAYS)
    start, leaving = partners["start"].to_numpy()[:, None], partners["exit"].to_numpy()[:, None]
    present = (day >= start) & (day < leaving)
    return np.where(leaving - day < 120, 0.45, 1.0) * present


def _fill_orders(rng: Rng, heads: pd.DataFrame, partners: pd.DataFrame, baskets: np.ndarray) -> pd.DataFrame:
    count = _line_counts(rng, heads["channel"].to_numpy())
    ranking = _product_ranking(rng, heads, baskets)
    order = np.repeat(np.arange(len(heads)), count)
    number = np.arange(len(order)) - np.repeat(np.cumsum(count) - count, count)
    lines = heads.iloc[order].reset_index(drop=True)
    lines["kind"], lines["order"], lines["line"] = ORDER, order, number + 1
    lines["origin"] = -1
    lines["origin_month"] = month_of(lines["day"].to_numpy())
    lines["product"] = ranking[order, number]
    lines["quantity"] = _quantities(rng, lines, partners)
    return _price(rng, lines)


def _line_counts(rng: Rng, channel: Ints) -> Ints:
    count = np.empty(len(channel), dtype=np.int64)
    for code, profile in enumerate(CHANNELS):
        own = channel == code
        count[own] = pick(rng, profile.line_weights, int(own.sum())) + 1
    return count


def _product_ranking(rng: Rng, heads: pd.DataFrame, baskets: np.ndarray) -> Ints:
    """For each order its five most wanted products, so that an order names each once."""
    month = month_of(heads["day"].to_numpy()) % 12
    appeal = (POPULARITY * CATEGORY_SEASON[PRODUCT_CATEGORY].T)[month]
    partner = heads["partner"].to_numpy()
    listed = baskets[partner] | (partner < 0)[:, None]
    wanted = rng.random(appeal.shape) * appeal * listed
    return np.argsort(-wanted, axis=1, kind="stable")[:, :5]


def _quantities(rng: Rng, lines: pd.DataFrame, partners: pd.DataFrame) -> Ints:
    low, high = np.array([channel.units for channel in CHANNELS])[lines["channel"]].T
    bulk_share = np.array([channel.bulk_share for channel in CHANNELS])[lines["channel"]]
    bulk = happens(rng, bulk_share, len(lines)) * rng.integers(5, 21, len(lines))
    size = np.append(partners["size"].to_numpy(), 1.0)[lines["partner"]]
    units = np.maximum(np.rint(rng.integers(low, high) * size), 1)
    return cents(units) + bulk


def _price(rng: Rng, lines: pd.DataFrame) -> pd.DataFrame:
    profile = np.array([(c.discount, c.promotion_share) for c in CHANNELS])[lines["channel"]]
    promotion = promotion_on(lines["day"].to_numpy())
    taken = happens(rng, profile[:, 1], len(lines)) & (promotion >= 0)
    share = profile[:, 0] + between(rng, -0.05, 0.05, len(lines)) + 0.04 * taken
    product, quantity = lines["product"].to_numpy(), lines["quantity"].to_numpy()
    lines["promotion"] = np.where(taken, promotion, -1)
    lines["gross"] = LIST_PRICE[product] * quantity
    lines["discount"] = cents(lines["gross"].to_numpy() * share)
    lines["net"] = lines["gross"] - lines["discount"]
    lines["cost"] = UNIT_COST[product] * quantity
    return lines


def _draw_returns(rng: Rng, lines: pd.DataFrame) -> pd.DataFrame:
    """Returns 3 to 30 days later: small lines come back whole, large ones in part."""
    chance = np.array([channel.return_share for channel in CHANNELS])[lines["channel"]]
    back = lines[happens(rng, chance, len(lines))].reset_index(drop=True)
    bought = back["quantity"].to_numpy()
    part = np.ceil(bought * between(rng, 0.05, 0.5, len(back))).astype(np.int64)
    units = np.where(bought <= 3, bought, part)
    back["discount"] = -(back["discount"] * units // bought)
    back["gross"] = -LIST_PRICE[back["product"]] * units
    back["cost"] = -UNIT_COST[back["product"]] * units
    back["net"], back["quantity"] = back["gross"] - back["discount"], -units
    back["origin"], back["kind"], back["line"] = back["order"], RETURN, 1
    back["day"] += rng.integers(3, 31, len(back))
    back = back[back["day"] < DAYS].sort_values("day", kind="stable", ignore_index=True)
    return back.assign(order=np.arange(len(back)))
