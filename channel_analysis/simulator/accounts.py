"""Who orders from us: partners, key accounts, and the cells of small customers; and their plan."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .company import (
    CATEGORY_SEASON,
    CHANNELS,
    DIRECT,
    KEY_ACCOUNT,
    LIST_PRICE,
    LIVESTREAM,
    PARTNER_SHARES,
    POPULARITY,
    PRODUCT_CATEGORY,
    PRODUCTS,
    REGION_WEIGHTS,
    REGIONS,
)
from .draw import Dice, Floats, Ints, total
from .season import Calendar
from .staff import Staff

_NEW_SHARE = 0.2
_RAMP_MONTHS = (3, 10)
_HEADROOM = 1.045
"""Lines planned for each that comes after trouble, exits and what the quarter's causes take."""
_KNOWN_BEFORE = 0.35
"""Share of a cell's customers known before the first day."""


@dataclass(frozen=True, slots=True)
class Accounts:
    """Arrays by account: partners first, then cells of small customers, then key accounts.

    `quality` (0 to 1) is the latent strength behind growth, satisfaction and punctuality; `size` scales
    quantities; `start` is the contract's first day, `ramp` the months to full size; `discount` the regular
    discount in thousandths; `load` the share of orders that targets pull to the end of a quarter; `rep` the
    first rep; `customer` and `customers` the first customer and their number. `wanted` holds, by account and
    product, how much it wants each product it lists. `plan` is the expected number of orders by account and
    planned month, before anything that nobody could plan; `worth` the same for the net amount of one order in fen.
    """  # noqa: E501

    partners: int
    channel: Ints
    region: Ints
    rep: Ints
    quality: Floats
    size: Floats
    start: Ints
    ramp: Ints
    discount: Ints
    load: Floats
    customer: Ints
    customers: Ints
    wanted: Floats
    plan: Floats
    worth: Floats

    @property
    def count(self) -> int:
        """All accounts."""
        return len(self.channel)

    @property
    def planned_net(self) -> Floats:
        """Expected net sales in fen by account and planned month."""
        return np.asarray(self.plan * self.worth)


def open_accounts(dice: Dice, calendar: Calendar, staff: Staff, partners: int, lines: int) -> Accounts:
    """Accounts that order about `lines` lines in the calendar's months."""
    cells = [(code, region) for code in DIRECT if code != KEY_ACCOUNT for region in range(len(REGIONS))]
    keys = max(24, partners // 10)
    count = partners + len(cells) + keys
    who = np.arange(count)
    channel = np.concatenate([_kinds(dice, partners), [c for c, _ in cells], np.full(keys, KEY_ACCOUNT)])
    region = dice.pick("region", REGION_WEIGHTS, who)
    region[partners : partners + len(cells)] = [place for _, place in cells]
    is_cell = (who >= partners) & (who < partners + len(cells))
    quality = np.where(is_cell, 0.5, dice.share("quality", who))
    size = np.where(who < partners, _sizes(dice, who), np.where(is_cell, 1.0, _sizes(dice, who)))
    start = np.where(who < partners, _starts(dice, calendar, who), calendar.first_day - 1000)
    ramp = dice.whole("ramp", *_RAMP_MONTHS, who)
    discount = np.array([one.discount for one in CHANNELS])[channel]
    wanted = _wanted(dice, count, is_cell)
    plan = _plan(dice, calendar, channel, region, quality, is_cell, start, ramp, partners, lines)
    customers, customer = _customer_pools(plan[:, : calendar.months], channel, is_cell, who >= partners)
    discount = discount + dice.whole("discount", 0, 51, who)
    return Accounts(
        partners=partners,
        channel=channel,
        region=region,
        rep=staff.rep_of(channel, region, who),
        quality=quality,
        size=size,
        start=start,
        ramp=ramp,
        discount=discount,
        load=dice.between("quarter-end load", 0.0, 0.25, who) * (who < partners),
        customer=customer,
        customers=customers,
        wanted=wanted,
        plan=plan,
        worth=_worth(calendar, channel, size, discount, wanted),
    )


def appeal(wanted: Floats, of_year: int) -> Floats:
    """How much accounts want each product in a month of the year, by the seasons of its category."""
    return np.asarray(wanted * CATEGORY_SEASON[PRODUCT_CATEGORY, of_year])


def mean_units(channel: Ints) -> Floats:
    """Units of a line of an account of size 1, on average."""
    low, high = np.array([one.units for one in CHANNELS], dtype=np.float64)[channel].T
    return np.asarray(low + (high - low) * 5 / 12)


def known_customers(customers: Ints, day: Ints, calendar: Calendar) -> Ints:
    """How many of a pool of customers are known on a day."""
    days = calendar.last_day + 1 - calendar.first_day
    came = (1 - _KNOWN_BEFORE) * (day + 1 - calendar.first_day) / days
    return np.clip(np.floor(customers * (_KNOWN_BEFORE + came)).astype(np.int64), 1, customers)


def first_days(dice: Dice, accounts: Accounts, calendar: Calendar) -> Ints:
    """The day each customer was first known, in the order of customers."""
    pool = np.repeat(accounts.customers, accounts.customers)
    place = np.arange(len(pool)) - np.repeat(accounts.customer.clip(0), accounts.customers)
    days = calendar.last_day + 1 - calendar.first_day
    came = np.ceil(((place + 1) / pool - _KNOWN_BEFORE) / (1 - _KNOWN_BEFORE) * days) - 1
    before = dice.whole("known before", 1, 1200, np.arange(len(pool)))
    single = pool == 1
    known = np.where((came < 0) | single, -before, came)
    return calendar.first_day + np.maximum(known, -1200).astype(np.int64)


def _kinds(dice: Dice, partners: int) -> Ints:
    """Channel types of the partners, in the company's shares, mixed."""
    codes = [*PARTNER_SHARES]
    bounds = np.cumsum([PARTNER_SHARES[code] for code in codes])[:-1]
    kinds = np.array(codes)[np.searchsorted(bounds * partners, np.arange(partners), side="right")]
    return kinds[dice.shuffled("kinds", partners)]


def _sizes(dice: Dice, who: Ints) -> Floats:
    """Many small ones, few large ones: 0.4 to 2.2."""
    draw = dice.share("size", who)
    return np.asarray(0.4 + 1.8 * draw * draw)


def _starts(dice: Dice, calendar: Calendar, who: Ints) -> Ints:
    """Most partners were there before the first day; a fifth come along the way."""
    span = calendar.starts[calendar.complete] - calendar.first_day
    is_new = dice.happens("is new", _NEW_SHARE, who)
    later = np.floor(dice.share("start", who) * span * 0.85).astype(np.int64)
    return calendar.first_day + np.where(is_new, later, -dice.whole("start", 100, 3000, who))


def _wanted(dice: Dice, count: int, is_cell: np.ndarray) -> Floats:
    """Partners and key accounts list 14 to 30 products, cells all of them, each with a taste."""
    who, product = np.arange(count)[:, None], np.arange(len(PRODUCTS))
    listed = dice.whole("range", 14, 31, np.arange(count))
    rank = np.argsort(np.argsort(dice.share("listed", who, product), axis=1, kind="stable"), axis=1)
    is_listed = (rank < listed[:, None]) | is_cell[:, None]
    return np.asarray(is_listed * POPULARITY * dice.between("taste", 0.6, 1.4, who, product))


def _plan(
    dice: Dice,
    calendar: Calendar,
    channel: Ints,
    region: Ints,
    quality: Floats,
    is_cell: np.ndarray,
    start: Ints,
    ramp: Ints,
    partners: int,
    lines: int,
) -> Floats:
    """Expected orders by account and planned month, scaled so that all lines come to `lines`."""
    month = np.arange(calendar.planned)
    who = np.arange(len(channel))
    weight = np.where(is_cell, REGION_WEIGHTS[region], dice.between("pace", 0.6, 1.4, who))
    growth = np.array([one.growth for one in CHANNELS])[channel]
    growth = growth + np.where(is_cell, 0.0, 0.24 * (quality - 0.5))
    trend = np.maximum(1 + growth[:, None] * (month + 0.5) / 12, 0.05)
    plan = weight[:, None] * trend * calendar.season[channel] * _presence(calendar, start, ramp)
    in_time = plan[:, : calendar.months]
    for code, one in enumerate(CHANNELS):
        own = channel == code
        orders = _HEADROOM * lines * one.lines / (1 + one.return_share) / one.mean_lines
        plan[own] *= orders / max(float(total(total(in_time[own]))), 1e-9)
    return np.asarray(plan)


def _presence(calendar: Calendar, start: Ints, ramp: Ints) -> Floats:
    """Share of full size by month: 0 before the contract, then a rise over the ramp."""
    ends = calendar.starts[1 : calendar.planned + 1]
    begins = calendar.starts[: calendar.planned]
    length = (ends - begins).astype(np.float64)
    inside = np.clip((ends - start[:, None]) / length, 0.0, 1.0)
    age = np.maximum((begins + ends) / 2 - start[:, None], 0.0) / 30.4
    return np.asarray(inside * np.minimum(0.3 + 0.7 * age / ramp[:, None], 1.0))


def _worth(calendar: Calendar, channel: Ints, size: Floats, discount: Ints, wanted: Floats) -> Floats:
    """Expected net amount of an order by account and planned month, in fen."""
    units = np.maximum(mean_units(channel) * size, 1.0)
    lines = np.array([one.mean_lines for one in CHANNELS])[channel]
    worth = np.empty((len(channel), calendar.planned))
    for of_year in range(12):
        weights = appeal(wanted, of_year)
        price = total(weights * LIST_PRICE) / total(weights)
        same = [m for m in range(calendar.planned) if calendar.of_year(m) == of_year]
        worth[:, same] = (price * units * lines * (1 - discount / 1000))[:, None]
    return worth


def _customer_pools(
    plan: Floats, channel: Ints, is_cell: np.ndarray, is_direct: np.ndarray
) -> tuple[Ints, Ints]:
    """Number and first of each account's customers; a key account is one, a partner has none here."""
    repeat = np.where(channel == LIVESTREAM, 4.0, 7.0)
    pool = np.clip(np.floor(total(plan) / repeat), 20, 3000).astype(np.int64)
    customers = np.where(is_cell, pool, np.where(is_direct, 1, 0))
    first = np.where(is_direct, np.cumsum(customers) - customers, -1)
    return customers, first
