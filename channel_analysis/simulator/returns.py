"""Goods that come back: which lines, how much of them, and when; kept until their month comes."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from .company import CHANNELS
from .draw import Flags, Floats, Ints
from .lines import Lines
from .orders import BOOKED, COPY, INCREMENTAL, LOADED, Heads
from .plot import LATE_RETURN
from .rows import Rows
from .season import NEVER
from .world import World

_RETURNED_OF_LOADS, _RETURNED_LATE, _GIVEN_BACK = 0.7, 0.6, 0.6
_LATE_DAYS = 10
REGULAR_RETURN, LOADED_RETURN, BOOKED_RETURN, LATE = range(4)


@dataclass(slots=True)
class Returns(Rows):
    """Return lines in codes and fen, amounts positive; `order` is the number of the order."""

    order: Ints
    day: Ints
    account: Ints
    rep: Ints
    customer: Ints
    product: Ints
    quantity: Ints
    gross: Ints
    discount: Ints
    cost: Ints
    source: Ints

    @property
    def net(self) -> Ints:
        """Gross less discount."""
        return self.gross - self.discount


def nothing_returned() -> Returns:
    """No returns at all."""
    return Returns(*(np.zeros(0, dtype=np.int64) for _ in fields(Returns)))


def draw_returns(world: World, month: int, heads: Heads, lines: Lines, order: Ints) -> Returns:
    """Returns of a month's orders, whenever they come; `order` numbers the orders."""
    day, part, source = _regular(world, heads, lines)
    source_of = heads.source[lines.head]
    after = int(world.calendar.starts[month + 1])
    for planted in (_of_loads, _of_bookings, _late):
        own, when, share, kind = planted(world, month, heads, lines, after)
        day, part = np.where(own, when, day), np.where(own, share, part)
        source = np.where(own, kind, source)
    day = np.where(source_of == COPY, NEVER, day)
    back = np.flatnonzero(day <= world.calendar.last_day)
    lines, head = lines.take(back), lines.head[back]
    units = np.clip(np.ceil(lines.quantity * part[back]).astype(np.int64), 1, lines.quantity)
    return Returns(
        order=order[head],
        day=day[back],
        account=heads.account[head],
        rep=heads.rep[head],
        customer=heads.customer[head],
        product=lines.product,
        quantity=units,
        gross=lines.gross * units // lines.quantity,
        discount=lines.discount * units // lines.quantity,
        cost=lines.cost * units // lines.quantity,
        source=source[back],
    )


def gives_back(world: World, heads: Heads) -> Flags:
    """Which booked orders are given back whole; the others are never paid."""
    return (heads.source == BOOKED) & world.dice.happens("given back", _GIVEN_BACK, heads.key)


def _regular(world: World, heads: Heads, lines: Lines) -> tuple[Ints, Floats, Ints]:
    """3 to 30 days later: a few units whole, more in part; more often from the weak."""
    key, dice = heads.key[lines.head], world.dice
    account = heads.account[lines.head]
    share = np.array([one.return_share for one in CHANNELS])[world.accounts.channel[account]]
    share = share * np.where(account < world.accounts.partners, 3.0, 1.0)
    comes = dice.happens("returned", share * (1.4 - 0.8 * world.accounts.quality[account]), key, lines.number)
    comes &= heads.source[lines.head] <= INCREMENTAL
    day = heads.day[lines.head] + dice.whole("returned after", 3, 31, key, lines.number)
    part = np.where(lines.quantity <= 3, 1.0, dice.between("returned part", 0.05, 0.5, key, lines.number))
    return np.where(comes, day, NEVER), part, np.zeros(len(day), dtype=np.int64)


Chosen = tuple[Flags, Ints, Floats, int]


def _of_loads(world: World, month: int, heads: Heads, lines: Lines, after: int) -> Chosen:
    key, dice = heads.key[lines.head], world.dice
    own = heads.source[lines.head] == LOADED
    comes = dice.happens("load returned", _RETURNED_OF_LOADS, key, lines.number)
    day = np.where(comes, after + dice.whole("load back", 4, 45, key), NEVER)
    return own, day, dice.between("load part", 0.25, 0.60, key, lines.number), LOADED_RETURN


def _of_bookings(world: World, month: int, heads: Heads, lines: Lines, after: int) -> Chosen:
    key = heads.key[lines.head]
    own = heads.source[lines.head] == BOOKED
    day = after + world.dice.whole("booking back", 3, 25, key)
    whole = gives_back(world, heads)[lines.head]
    return own, np.where(whole, day, NEVER), np.ones(len(day)), BOOKED_RETURN


def _late(world: World, month: int, heads: Heads, lines: Lines, after: int) -> Chosen:
    """Most of what some partners order in a quarter's last days comes back in the next one's first."""
    firsts = world.calendar.quarters()
    own = np.zeros(len(lines.head), dtype=np.bool_)
    if month - 2 in firsts:
        does = np.append(world.plot.returns_late[:, firsts.index(month - 2)], False)
        does &= np.append(world.plot.partners[LATE_RETURN], False)
        chosen = does[world.partner[heads.account]] & (heads.source <= INCREMENTAL)
        chosen &= heads.day >= after - _LATE_DAYS
        own = chosen[lines.head]
    key, dice = heads.key[lines.head], world.dice
    comes = own & dice.happens("late", _RETURNED_LATE, key, lines.number)
    day = after + dice.whole("late by", 1, 15, key)
    return comes, day, dice.between("late part", 0.5, 1.0, key, lines.number), LATE
