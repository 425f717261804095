"""The lines of a month's orders: products, units, prices; and what is done to them before they are booked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .accounts import appeal
from .company import (
    APPROVAL_LIMIT,
    CHANNELS,
    FLOOR_DISCOUNT,
    LIST_PRICE,
    PRODUCTS,
    UNIT_COST,
)
from .draw import Flags, Floats, Ints, numbered
from .orders import COPY, INCREMENTAL, REGULAR, Heads
from .plot import BELOW_FLOOR, BUNCHING, OVER_AUTHORITY
from .rows import Rows
from .season import Calendar
from .world import World

_BELOW_FLOOR_SHARE, _ABUSED_SHARE, _CUT_SHARE = 0.30, 0.20, 0.90
_BUNCHED_UP_TO = 8_000_000
_PROMOTION_DISCOUNT = 30
NEW_PRODUCTS, OLD_PRODUCTS = (5, 23, 38, 57, 66, 74), (11, 31, 50, 79)
"""Products listed, or taken off the list, within the simulated months."""


@dataclass(slots=True)
class Lines(Rows):
    """Order lines in codes and fen; `head` is the place of the order, `number` counts from 0."""

    head: Ints
    number: Ints
    product: Ints
    quantity: Ints
    permille: Ints

    @property
    def gross(self) -> Ints:
        """At list price."""
        return np.asarray(LIST_PRICE[self.product] * self.quantity)

    @property
    def discount(self) -> Ints:
        """Thousandths of the gross amount, cut to the fen."""
        return np.asarray(self.gross * self.permille // 1000)

    @property
    def net(self) -> Ints:
        """Gross less discount."""
        return self.gross - self.discount

    @property
    def cost(self) -> Ints:
        """At standard cost."""
        return np.asarray(UNIT_COST[self.product] * self.quantity)


def listing(calendar: Calendar) -> tuple[Ints, Ints]:
    """First and last planned month in which each product is on the list."""
    first, last = np.zeros(len(PRODUCTS), dtype=np.int64), np.full(len(PRODUCTS), 10_000)
    for turn, product in enumerate(NEW_PRODUCTS):
        first[product] = (turn + 1) * calendar.months // 8
    for turn, product in enumerate(OLD_PRODUCTS):
        last[product] = (turn + 3) * calendar.months // 8 - 1
    return first, last


def draw_lines(world: World, month: int, heads: Heads) -> Lines:
    """The lines of the orders, each product once in an order."""
    account = heads.account
    head = np.repeat(np.arange(len(account)), heads.lines)
    number = numbered(heads.lines)
    key = heads.line_key[head]
    chosen = (world.dice.share("product", heads.line_key) / heads.lines)[head]
    product = _products(
        world, month, account[head], heads.is_standard[head], chosen + number / heads.lines[head]
    )
    is_same = (product[1:] == product[:-1]) & (head[1:] == head[:-1])
    again: Flags = np.concatenate([np.zeros(min(len(head), 1), dtype=np.bool_), is_same])
    low, span = _unit_ranges(world.accounts.channel[account], world.accounts.size[account] * heads.factor)
    draw = world.dice.share("units", key, number)
    units = np.rint(low[head] + span[head] * draw * (1 + draw) / 2)
    permille = world.accounts.discount[account] + _PROMOTION_DISCOUNT * (heads.promotion >= 0)
    permille = permille[head] + world.dice.whole("price", -10, 11, key, number)
    lines = Lines(head, number, product, np.maximum(units, 1).astype(np.int64), permille)
    return lines.take(~again)


def strike(world: World, month: int, heads: Heads, lines: Lines) -> Lines:
    """Take away what the causes of the quarter take, cut the price they cut, and keep account of both."""
    causes = world.causes
    if month < causes.first:
        return lines
    account = heads.account[lines.head]
    regular = heads.source[lines.head] <= INCREMENTAL
    where = {
        "region": world.accounts.region[account],
        "rep": world.accounts.rep[account],
        "product": lines.product,
        "day": heads.day[lines.head],
    }
    taken = causes.takes(world.dice, heads.key[lines.head], lines.number, where) & regular
    net = lines.net
    lines.permille = lines.permille + causes.cut(
        world.accounts.channel[account], lines.product, month
    )  # fmt: skip
    if month < causes.first + 3:
        causes.account(taken, net, net - lines.net)
    return lines.take(np.flatnonzero(~taken.any(axis=0)))


def misprice(world: World, heads: Heads, lines: Lines) -> tuple[Ints, Ints]:
    """Prices below the floor, signed by a manager, and discounts beyond a rep's authority.

    Changes prices and reps in place; gives the orders concerned by the one and by the other.
    """
    dice, staff = world.dice, world.staff
    regular = (heads.source == REGULAR) & ~heads.is_standard
    partner = world.partner[heads.account]
    breaks = np.append(world.plot.partners[BELOW_FLOOR], False)[partner] & regular
    breaks &= dice.happens("below floor", _BELOW_FLOOR_SHARE, heads.key)
    first = world.accounts.rep[heads.account]
    is_own = (heads.rep != staff.manager_of(world.accounts.channel[heads.account])) & ~breaks
    abuses = world.plot.reps[OVER_AUTHORITY][first] & regular & is_own
    abuses &= dice.happens("over authority", _ABUSED_SHARE, heads.key)
    heads.rep = np.where(breaks, staff.manager_of(world.accounts.channel[heads.account]), heads.rep)
    key, head = heads.key[lines.head], lines.head
    low = dice.whole("how low", FLOOR_DISCOUNT + 10, FLOOR_DISCOUNT + 61, key, lines.number)
    far = 5 + dice.share("how far", key, lines.number) * 60 * world.dials.discount_abuse_strength
    beyond = np.minimum(staff.authority[heads.rep[head]] + far.astype(np.int64), FLOOR_DISCOUNT - 5)
    lines.permille = np.where(breaks[head], low, np.where(abuses[head], beyond, lines.permille))
    return np.flatnonzero(breaks), np.flatnonzero(abuses)


def bunch(world: World, heads: Heads, lines: Lines) -> tuple[Lines, Ints]:
    """Cut orders of some reps that would need approval to just below the limit; gives them as well."""
    first = world.accounts.rep[heads.account]
    cuts = world.plot.reps[BUNCHING][first] & (heads.source <= INCREMENTAL) & ~heads.is_standard
    if not cuts.any():
        return lines, np.zeros(0, dtype=np.int64)
    worth = order_sums(lines.net, lines.head, len(first))
    cuts &= (worth >= APPROVAL_LIMIT) & (worth < _BUNCHED_UP_TO)
    cuts &= world.dice.happens("cut", _CUT_SHARE, heads.key)
    aim = APPROVAL_LIMIT * world.dice.between("cut to", 0.985, 1.0, heads.key) / np.maximum(worth, 1)
    scaled = np.floor(lines.quantity * aim[lines.head]).astype(np.int64)
    lines.quantity = np.where(cuts[lines.head], scaled, lines.quantity)
    return lines.take(lines.quantity > 0), np.flatnonzero(cuts)


def copy(world: World, month: int, heads: Heads, lines: Lines, apart: Ints) -> tuple[Heads, Lines, Ints]:
    """Enter some partners' orders a second time, on the same day or the next; gives the originals.

    `apart` are orders under another rule, which are left alone.
    """
    share = world.dials.duplicate_order_share
    regular = (heads.source == REGULAR) & (heads.account < world.accounts.partners) & ~heads.is_standard
    regular[apart] = False
    filled = np.bincount(lines.head, minlength=len(regular)) > 0
    originals = np.flatnonzero(regular & filled & world.dice.happens("entered twice", share, heads.key))
    extra = heads.take(originals)
    extra.source = np.full(len(originals), COPY)
    last = min(int(world.calendar.starts[month + 1]) - 1, world.calendar.last_day)
    extra.day = np.minimum(extra.day + world.dice.whole("twice on", 0, 2, extra.key), last)
    extra.key = world.dice.bits("second entry", extra.key)
    place = np.full(len(regular), -1)
    place[originals] = len(regular) + np.arange(len(originals))
    again = lines.take(place[lines.head] >= 0)
    again.head = place[again.head]
    return Heads.stacked([heads, extra]), Lines.stacked([lines, again]), originals


def order_sums(values: Ints, head: Ints, count: int) -> Ints:
    """Sums of whole numbers by order."""
    return np.bincount(head, weights=values, minlength=count).astype(np.int64)


def _products(world: World, month: int, account: Ints, is_standard: Flags, draw: Floats) -> Ints:
    """The product at each place of the account's appetite; standing orders know no seasons."""
    accounts, calendar = world.accounts, world.calendar
    first, last = listing(calendar)
    season = appeal(accounts.wanted, calendar.of_year(month)) * ((first <= month) & (month <= last))
    always = accounts.wanted * ((first == 0) & (last >= calendar.planned))
    until = np.cumsum(np.concatenate([season, always]), axis=1)
    until /= until[:, -1:]
    until[:, -1] = 1.0
    until += np.arange(len(until))[:, None]
    row = account + is_standard * accounts.count
    place = np.searchsorted(until.ravel(), row + draw, side="right") - row * len(PRODUCTS)
    return np.asarray(np.minimum(place, len(PRODUCTS) - 1))


def _unit_ranges(channel: Ints, scale: Floats) -> tuple[Floats, Floats]:
    low, high = np.array([one.units for one in CHANNELS], dtype=np.float64)[channel].T
    return low * scale, (high - low) * scale
