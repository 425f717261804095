"""The orders of one month: who orders on which day, and how many lines; planted orders among them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .accounts import known_customers
from .company import CHANNELS, LIVESTREAM
from .draw import Bits, Dice, Flags, Floats, Ints, numbered
from .rows import Rows
from .world import World

REGULAR, INCREMENTAL, LOADED, BOOKED, CONCENTRATED, COPY = range(6)
"""Where an order comes from; from LOADED on it is planted."""
_STANDING_SHARE, _MANAGER_SHARE, _BIG_SHARE = 0.20, 0.02, 0.01
_WEEKS = 4
_LOAD_DAYS = 10

Planted = tuple[Ints, Ints, Ints, Floats, int]
"""Orders planted beside the regular ones: account, number, day, factor, and the source of all."""


@dataclass(slots=True)
class Heads(Rows):
    """One entry an order. `key` tells orders apart for ever; `line_key` is what its lines are drawn by.

    `factor` scales the quantities; `rep` is the member of staff credited, `customer` -1 for partners.
    """

    account: Ints
    key: Bits
    line_key: Bits
    day: Ints
    factor: Floats
    source: Ints
    rep: Ints
    customer: Ints
    promotion: Ints
    lines: Ints
    is_standard: Flags


@dataclass(slots=True)
class Drafts(Rows):
    """Orders before anything but account, day and source is known; `standing` ones repeat a basket."""

    account: Ints
    key: Bits
    day: Ints
    factor: Floats
    source: Ints
    standing: Flags


def draw_heads(world: World, month: int, planted: list[Planted]) -> Heads:
    """Orders of a month, those outside a contract or after the last day left out."""
    account, number, source = _regular(world, month)
    key = world.dice.bits("order", account, number, month)
    standing = (account < world.accounts.partners) & (number < _WEEKS)
    standing &= world.dice.happens("standing", _STANDING_SHARE, key)
    day = np.where(standing, _weekly(world, month, number, key), _days(world, month, account, key))
    parts = [Drafts(account, key, day, np.ones(len(account)), source, standing)]
    for account, number, day, factor, kind in planted:
        key = world.dice.bits(f"planted {kind}", account, number, month)
        none = np.zeros(len(account), dtype=np.bool_)
        parts.append(Drafts(account, key, day, factor, np.full(len(account), kind), none))
    drafts = Drafts.stacked(parts)
    here = (drafts.day >= world.accounts.start[drafts.account]) & (drafts.day < world.exit[drafts.account])
    return _heads(world, month, drafts.take(here & (drafts.day <= world.calendar.last_day)))


def _regular(world: World, month: int) -> tuple[Ints, Ints, Ints]:
    """Account, number and source of regular orders; twice as many as planned might come.

    Whether one comes depends on a number of its own against the rate, so that a rate that falls takes
    orders away and leaves the others as they were; what a programme adds is known one by one.
    """
    plan, rate = world.accounts.plan[:, month], world.rate[:, month]
    slots = np.ceil(2 * plan).astype(np.int64)
    account = np.repeat(np.arange(len(plan)), slots)
    number = numbered(slots)
    draw = world.dice.share("comes", account, number, month)
    chance = (rate / np.maximum(slots, 1))[account]
    uplift = 1 + world.programmes.uplift[account, month]
    comes = draw < chance * uplift
    source = np.where(draw < chance, REGULAR, INCREMENTAL)
    return account[comes], number[comes], source[comes]


def _days(world: World, month: int, account: Ints, key: Bits) -> Ints:
    """The day of each order by its channel's season; targets pull some to the end of a quarter."""
    calendar, accounts, dice = world.calendar, world.accounts, world.dice
    first = int(calendar.starts[month])
    length = int(calendar.starts[month + 1]) - first
    offset = first - calendar.first_day
    until = np.cumsum(calendar.demand[:, offset : offset + length], axis=1)
    until /= until[:, -1:]
    channel = accounts.channel[account]
    draw = dice.share("day", key)
    if calendar.ends_quarter(month):
        before = until[channel, length - _LOAD_DAYS - 1]
        pulled = dice.share("pulled", key) < accounts.load[account]
        draw = np.where(pulled, before + (1 - before) * draw, draw)
    bounds = until + np.arange(len(CHANNELS))[:, None]
    place = np.searchsorted(bounds.ravel(), channel + draw, side="right") - channel * length
    return first + np.minimum(place, length - 1)


def _heads(world: World, month: int, drafts: Drafts) -> Heads:
    """The orders with all that is known of them before their lines."""
    dice, accounts = world.dice, world.accounts
    account, key, day, source, standard = (
        drafts.account,
        drafts.key,
        drafts.day,
        drafts.source,
        drafts.standing,
    )
    channel = accounts.channel[account]
    is_partner = account < accounts.partners
    line_key = np.where(standard, dice.bits("standard basket", account), key)
    big = is_partner & (source <= INCREMENTAL) & ~standard & dice.happens("big", _BIG_SHARE, key)
    rep = world.staff.holder(accounts.rep, month)[account]
    by_manager = (source <= INCREMENTAL) & is_partner & dice.happens("manager", _MANAGER_SHARE, key)
    return Heads(
        account=account,
        key=key,
        line_key=line_key,
        day=day,
        factor=np.where(big, drafts.factor * dice.between("big by", 3.0, 5.0, key), drafts.factor),
        source=source,
        rep=np.where(by_manager, world.staff.manager_of(channel), rep),
        customer=_customers(world, account, key, day, source),
        promotion=_promotions(world, channel, key, day),
        lines=_line_counts(dice, channel, line_key),
        is_standard=standard,
    )


def _weekly(world: World, month: int, number: Ints, key: Bits) -> Ints:
    """Days of a partner's standing orders: one in each of four weeks, three days or more apart."""
    return world.calendar.starts[month] + number * 7 + world.dice.whole("standing day", 0, 5, key)


def _line_counts(dice: Dice, channel: Ints, line_key: Bits) -> Ints:
    width = max(len(one.line_weights) for one in CHANNELS)
    bounds = np.ones((len(CHANNELS), width))
    for code, one in enumerate(CHANNELS):
        until = np.cumsum(np.array(one.line_weights, dtype=np.float64))
        bounds[code, : len(until)] = until / until[-1]
    bounds += np.arange(len(CHANNELS))[:, None]
    draw = channel + dice.share("lines", line_key)
    return np.searchsorted(bounds.ravel(), draw, side="right") - channel * width + 1


def _customers(world: World, account: Ints, key: Bits, day: Ints, source: Ints) -> Ints:
    """Old customers come back more often, in live-streams the newest; one customer concentrates."""
    accounts, dice = world.accounts, world.dice
    known = known_customers(accounts.customers[account], day, world.calendar)
    draw = dice.share("customer", key) * dice.between("loyalty", 0.3, 1.0, key)
    place = np.floor(known * draw).astype(np.int64)
    place = np.where(accounts.channel[account] == LIVESTREAM, known - 1 - place, place)
    place = np.where(source == CONCENTRATED, (key % np.uint64(2)).astype(np.int64), place)
    first = accounts.customer[account]
    return np.where(first >= 0, first + place, -1)


def _promotions(world: World, channel: Ints, key: Bits, day: Ints) -> Ints:
    running = world.calendar.promotion[day - world.calendar.first_day]
    share = np.array([one.promotion_share for one in CHANNELS])[channel]
    return np.where(world.dice.happens("promotion", share, key), running, -1)
