"""Partners' stock and sell-out month by month, so that goods neither appear nor vanish."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .accounts import appeal, mean_units
from .company import CHANNELS, LIST_PRICE, PRODUCT_IDS, PRODUCTS, REGION_WEIGHTS, REGIONS
from .draw import Flags, Floats, Ints, fen, total
from .files import Coded, Columns, Numbered, Output
from .ledger import Month
from .orders import LOADED
from .plot import DIVERSION, GHOST_PARTNER
from .returns import Returns
from .season import NEVER
from .world import World

_FESTIVE = (5, 10)
_CROSS_SHARE, _UNKNOWN_SHARE = 0.06, 0.04
_RELEASED = 0.35
_FEWER_SOLD = 0.05
"""What each month of trouble with sales takes from the share sold on."""


@dataclass(slots=True)
class Warehouse:
    """Units by partner and product: on stock, to be sent back later, and loaded beyond what sells."""

    stock: Ints
    owed: Ints
    held: Ints
    serial: int = 0


@dataclass(frozen=True, slots=True)
class Diverted:
    """Goods sold outside the authorised region in a month: partner and value in fen."""

    month: int
    partner: Ints
    amount: Ints


def open_warehouse(world: World) -> Warehouse:
    """About a month's supply with the partners of before the first day, nothing with later ones."""
    accounts, count = world.accounts, world.accounts.partners
    wanted = appeal(accounts.wanted[:count], world.calendar.of_year(0))
    lines = np.array([one.mean_lines for one in CHANNELS])[accounts.channel[:count]]
    units = accounts.plan[:count, 0] * lines * mean_units(accounts.channel[:count]) * accounts.size[:count]
    supply = wanted / total(wanted)[:, None] * units[:, None]
    there = (accounts.start[:count] < world.calendar.first_day)[:, None]
    draw = world.dice.between("first stock", 0.6, 1.2, np.arange(count)[:, None], np.arange(len(PRODUCTS)))
    stock = np.floor(supply * draw * there).astype(np.int64)
    return Warehouse(stock, np.zeros_like(stock), np.zeros_like(stock))


def keep_stock(
    world: World, month: int, booked: Month, drawn: Returns, house: Warehouse, output: Output
) -> Diverted:
    """Pass a month through the stock: receive, sell on, send back; report it when the month is whole."""
    received, returned = _received(world, booked), _units(world, booked.returns)
    house.owed += _units(world, drawn) - returned
    house.held += _loaded(world, booked) - _loads_returned(world, booked.returns)
    house.held = np.clip(house.held, 0, None)
    opening = house.stock
    free = np.maximum(opening + received - returned - house.owed - house.held, 0)
    sold = np.floor(free * _share_sold(world, month)).astype(np.int64)
    sold *= _present(world, month)[:, None]
    house.stock = opening + received - returned - sold
    if (world.calendar.first_month + month) % 3 > 0:
        house.held -= np.floor(house.held * _RELEASED).astype(np.int64)
    if month >= world.calendar.complete:
        return Diverted(month, np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))
    moved = (opening + received) > 0
    partner, product = np.nonzero(moved & (world.reports & _reporting(world, month))[:, None])
    cell = partner, product
    known = np.full(len(partner), world.calendar.starts[month + 1] + 4)
    output.add(
        "stock",
        {
            "partner_id": Numbered("P", partner, 5),
            "product_id": Coded(product, PRODUCT_IDS),
            "month": np.full(len(partner), world.calendar.starts[month]),
            "opening_quantity": opening[cell],
            "received_quantity": received[cell],
            "sold_quantity": sold[cell],
            "returned_quantity": returned[cell],
            "closing_quantity": house.stock[cell],
            "known_at": known,
        },
    )
    return _sell_out(world, month, partner, product, sold[cell], house, output)


def _sell_out(
    world: World, month: int, partner: Ints, product: Ints, sold: Ints, house: Warehouse, output: Output
) -> Diverted:
    """A line at home, and a second one where goods went to another region."""
    partner, product, sold = (column[sold > 0] for column in (partner, product, sold))
    away, abroad = _sent_away(world, month, partner, product, sold)
    crossing = np.flatnonzero(away)
    who = np.concatenate([partner, partner[crossing]])
    what = np.concatenate([product, product[crossing]])
    units = np.concatenate([sold - away, away[crossing]])
    home = world.accounts.region[partner]
    unknown = world.dice.happens("unknown", _UNKNOWN_SHARE, partner, product, month)
    region = np.concatenate([np.where(unknown, -1, home), abroad[crossing]])
    is_away = np.arange(len(who)) >= len(partner)
    price = world.dice.between("resale", 0.80, 0.95, who, what, month, is_away.astype(np.int64))
    diverts = world.plot.partners[DIVERSION][who] & is_away & (month >= world.plot.diverts_from)
    value = fen(units * LIST_PRICE[what] * np.where(diverts, price - 0.10, price))
    order = np.lexsort((is_away, what, who))
    order = order[units[order] > 0]
    rows: Columns = {
        "sell_out_id": Numbered("SL", house.serial + np.arange(len(order)), 8),
        "sold_on": np.full(len(order), world.calendar.starts[month]),
        "partner_id": Numbered("P", who[order], 5),
        "product_id": Coded(what[order], PRODUCT_IDS),
        "quantity": units[order],
        "amount": value[order],
        "destination_region": Coded(region[order], REGIONS),
        "known_at": np.full(len(order), world.calendar.starts[month + 1] + 4),
    }
    house.serial += len(order)
    output.add("sell_out", rows)
    return Diverted(month, who[diverts], value[diverts])


def _sent_away(world: World, month: int, partner: Ints, product: Ints, sold: Ints) -> tuple[Ints, Ints]:
    """Units sent to another region, and which: a few by anyone, many by those who divert."""
    dice, home = world.dice, world.accounts.region[partner]
    some = dice.happens("crosses", _CROSS_SHARE, partner, product, month)
    share = some * dice.between("crossing", 0.10, 0.40, partner, product, month)
    elsewhere = (home + dice.whole("elsewhere", 1, len(REGIONS), partner, product, month)) % len(
        REGION_WEIGHTS
    )
    diverts = world.plot.partners[DIVERSION][partner] & (month >= world.plot.diverts_from)
    wide = dice.between("diverted", 0.6, 1.4, partner, product, month) * world.dials.diversion_strength
    share = np.where(diverts, np.minimum(wide, 0.95), share)
    away = np.floor(sold * share).astype(np.int64)
    return away, np.where(diverts, world.plot.victim[partner], elsewhere)


def _units(world: World, back: Returns) -> Ints:
    own = back.account < world.accounts.partners
    return _cells(world, back.account[own], back.product[own], back.quantity[own])


def _loads_returned(world: World, back: Returns) -> Ints:
    own = (back.source == 1) & (back.account < world.accounts.partners)
    return _cells(world, back.account[own], back.product[own], back.quantity[own])


def _received(world: World, booked: Month) -> Ints:
    account = booked.heads.account[booked.lines.head]
    own = account < world.accounts.partners
    return _cells(world, account[own], booked.lines.product[own], booked.lines.quantity[own])


def _loaded(world: World, booked: Month) -> Ints:
    own = (booked.heads.source == LOADED)[booked.lines.head]
    account = booked.heads.account[booked.lines.head]
    return _cells(world, account[own], booked.lines.product[own], booked.lines.quantity[own])


def _cells(world: World, account: Ints, product: Ints, units: Ints) -> Ints:
    size = world.accounts.partners * len(PRODUCTS)
    sums = np.bincount(account * len(PRODUCTS) + product, weights=units, minlength=size)
    return sums.astype(np.int64).reshape(-1, len(PRODUCTS))


def _share_sold(world: World, month: int) -> Floats:
    """Share of the free goods sold on in a month."""
    who, what = np.arange(world.accounts.partners)[:, None], np.arange(len(PRODUCTS))
    share = world.dice.between("sold on", 0.42, 0.68, who, what, month)
    share += 0.08 * (world.calendar.of_year(month) in _FESTIVE)
    return np.asarray(share * np.maximum(1 - _FEWER_SOLD * world.lives.sign(0, month), 0.3)[:, None])


def _present(world: World, month: int) -> Flags:
    """Partners still there in the month."""
    return np.asarray(world.lives.exit >= world.calendar.starts[month])


def _reporting(world: World, month: int) -> Flags:
    """Partners that report: until the month after an exit, and never those that do not exist."""
    recent = (world.lives.exit == NEVER) | (world.lives.exit >= world.calendar.starts[month] - 31)
    return np.asarray(recent & ~world.plot.partners[GHOST_PARTNER])
