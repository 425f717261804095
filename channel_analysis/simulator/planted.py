"""Planted orders of a month: quarter-end loads, orders that never were, and one customer's bulk."""

from __future__ import annotations

import numpy as np

from .draw import Floats, Ints, numbered
from .orders import BOOKED, CONCENTRATED, LOADED, Planted
from .plot import CONCENTRATION, GHOST_PARTNER
from .world import World

_LOADED_DAYS, _BOOKED_DAYS = 9, 3
_BULK_ORDERS, _BULK = 5, 1.2
"""Orders in a rep's concentrated quarter, and their sum to the rep's usual quarter."""


def planted_orders(world: World, month: int) -> list[Planted]:
    """Orders planted in a month, as (account, number, day, factor, source); empty but for quarter ends."""
    quarter = _quarter_ended(world, month)
    if quarter < 0:
        return []
    return [_loads(world, month, quarter), _booked(world, month), _bulk(world, month, quarter)]


def _quarter_ended(world: World, month: int) -> int:
    """Which of the complete quarters ends with this month; -1 if none does."""
    firsts = world.calendar.quarters()
    return firsts.index(month - 2) if month - 2 in firsts else -1


def _loads(world: World, month: int, quarter: int) -> Planted:
    """A share of a quarter's goods loaded onto a partner in its last days, in a few orders."""
    there = world.accounts.start[: world.accounts.partners] < world.calendar.starts[month - 2] - 90
    partner = np.flatnonzero(world.plot.stuffs[:, quarter] & there)
    usual = 3 * world.accounts.plan[partner, month] * world.dials.stuffing_strength
    count = np.maximum(2, np.rint(usual * 0.4)).astype(np.int64)
    factor = np.maximum(usual / count, 0.3)
    return _spread(world, month, partner, count, factor, _LOADED_DAYS, LOADED)


def _booked(world: World, month: int) -> Planted:
    """Orders booked in the last days of a quarter that are given back whole, or never paid."""
    count = world.accounts.partners
    usual = 3 * world.accounts.plan[:count, month] * world.dials.ghost_order_share
    number = np.floor(usual + world.dice.share("booked", np.arange(count), month)).astype(np.int64)
    number *= ~world.plot.partners[GHOST_PARTNER]
    partner = np.flatnonzero(number)
    return _spread(world, month, partner, number[partner], np.full(len(partner), 2.5), _BOOKED_DAYS, BOOKED)


def _bulk(world: World, month: int, quarter: int) -> Planted:
    """One or two customers of a rep buy more than all others together, on two days."""
    reps = np.flatnonzero(world.plot.concentrates[:, quarter] & world.plot.reps[CONCENTRATION])
    account, factor = [], []
    for rep in reps:
        own = np.flatnonzero(world.accounts.rep == rep)
        usual = np.append(3 * world.accounts.plan[own, month], 0.0)
        account.append(int(own[0]))
        factor.append(float(np.cumsum(usual)[-1]) * _BULK / _BULK_ORDERS)
    accounts = np.array(account, dtype=np.int64)
    count = np.full(len(accounts), _BULK_ORDERS)
    one, number, day, scale, kind = _spread(
        world, month, accounts, count, np.array(factor), 2, CONCENTRATED
    )  # fmt: skip
    back = world.dice.whole("bulk days", 0, 25, one, month)
    return one, number, day - back, scale, kind


def _spread(
    world: World, month: int, account: Ints, count: Ints, factor: Floats, days: int, source: int
) -> Planted:
    """So many orders of each account, over the last days of the month."""
    one, number = np.repeat(account, count), numbered(count)
    back = world.dice.whole(f"planted day {source}", 1, days + 1, one, number, month)
    return one, number, world.calendar.starts[month + 1] - back, np.repeat(factor, count), source
