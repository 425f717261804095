"""What was to be reached and how large the market is: both from expected demand, never from the outcome."""

from __future__ import annotations

import numpy as np

from .accounts import appeal
from .causes import RIVAL_LAUNCH
from .company import (
    CATEGORIES,
    CHANNEL_NAMES,
    CHANNELS,
    DISTRIBUTOR,
    LIST_PRICE,
    POPULARITY,
    PRODUCT_CATEGORY,
    REGION_WEIGHTS,
    REGIONS,
)
from .draw import Floats, Ints, fen, total
from .files import Coded, Columns, Numbered, Output
from .world import World

_THOUSAND = 100_000
_AMBITION = 0.97
_SHARE = {"livestream": 0.3, "retailer": -0.15, "phone": -0.1}
"""How our share of the market drifts over the months, by channel type."""


def write_targets(world: World, output: Output) -> None:
    """Targets of each quarter by channel type, region, partner and rep, all sums of the same plan.

    The plan is expected demand with an error of its own; one sound territory's is set too high.
    """
    calendar = world.calendar
    parts = []
    for first in range(calendar.planned - 2):
        if (calendar.first_month + first) % 3 == 0:
            parts.append(_of_quarter(world, first))
    level, scope, amount, start, end = (np.concatenate(column) for column in zip(*parts, strict=True))
    names = ("channel_type", "region", "rep", "partner")
    output.add(
        "targets",
        {
            "target_id": Numbered("T", np.arange(len(level)), 6),
            "level": Coded(level, names),
            "window_start": start,
            "window_end": end,
            "target_amount": amount,
            "channel_type": Coded(np.where(level == 0, scope, -1), CHANNEL_NAMES),
            "region": Coded(np.where(level == 1, scope, -1), REGIONS),
            "rep_id": Numbered("S", np.where(level == 2, scope, -1), 3),
            "partner_id": Numbered("P", np.where(level == 3, scope, -1), 5),
            "known_at": start - 10,
        },
    )


def misjudged_rep(world: World) -> int:
    """The first rep whose territory's target is set too high; -1 where none is."""
    if not world.dials.bad_target_strength:
        return -1
    first, size = int(world.staff.team_start[DISTRIBUTOR]), int(world.staff.team_size[DISTRIBUTOR])
    rep = first + int(world.dice.whole("misjudged", 0, size, 0))
    return rep if rep != world.staff.weak_rep else first + (rep - first + 1) % size


def planned(world: World, first: int) -> Ints:
    """The plan of a quarter in fen by account, in whole thousands; 0 for those without a contract."""
    calendar, accounts = world.calendar, world.accounts
    expected = total(accounts.planned_net[:, first : first + 3])
    back = np.array([one.return_share for one in CHANNELS])[accounts.channel]
    error = world.dice.between(
        "error of plan", 0.86, 1.14, np.arange(accounts.count), calendar.first_month + first
    )
    amount = expected * (1 - back * 0.85) * error * _AMBITION
    amount = np.where(
        accounts.rep == misjudged_rep(world), amount * (1 + world.dials.bad_target_strength), amount
    )
    begins = calendar.starts[first]
    known = (accounts.start < calendar.starts[first + 3]) & (world.exit > begins - 10)
    return np.where(known, np.maximum(np.rint(amount / _THOUSAND), 1), 0).astype(np.int64) * _THOUSAND


def _of_quarter(world: World, first: int) -> tuple[Ints, Ints, Ints, Ints, Ints]:
    """Level, scope, amount and window of a quarter's targets."""
    accounts = world.accounts
    plan = planned(world, first)
    rep = world.staff.holder(accounts.rep, first)
    sums = (
        _sums(plan, accounts.channel, len(CHANNELS)),
        _sums(plan, accounts.region, len(REGIONS)),
        _sums(plan, rep, world.staff.count),
        plan[: accounts.partners],
    )
    scope = [np.flatnonzero(part) for part in sums]
    level = np.repeat(np.arange(4), [len(part) for part in scope])
    amount = np.concatenate([part[found] for part, found in zip(sums, scope, strict=True)])
    count = len(level)
    window = (world.calendar.starts[first], world.calendar.starts[first + 3])
    return level, np.concatenate(scope), amount, np.full(count, window[0]), np.full(count, window[1])


def write_market(world: World, output: Output) -> None:
    """The market by month, region, channel type and category, and the largest rival's part of it."""
    for month in range(world.calendar.complete):
        output.add("market", _market_of(world, month))


def _market_of(world: World, month: int) -> Columns:
    shape = (len(CHANNELS), len(REGIONS), len(CATEGORIES))
    cell = tuple(
        np.arange(size).reshape([-1 if axis == n else 1 for n in range(3)]) for axis, size in enumerate(shape)
    )
    ours = _expected(world, month)[:, :, None] * _mix(world, month)
    place = (cell[0] * shape[1] + cell[1]) * shape[2] + cell[2]
    share = world.dice.between("share", 0.045, 0.095, place)
    drift = np.array([_SHARE.get(name, 0.0) for name in CHANNEL_NAMES])[:, None, None]
    share = share * (1 + drift * ((month + 0.5) / world.calendar.planned - 0.5))
    market = ours / share * world.dice.between("market", 0.95, 1.05, place, month)
    rival = (
        market
        * world.dice.between("rival", 0.13, 0.21, place)
        * world.dice.between("rival now", 0.9, 1.1, place, month)
    )
    causes = world.causes
    if month >= causes.first and causes.strength[RIVAL_LAUNCH]:
        rival = np.where(cell[2] == causes.category, rival * (1 + causes.strength[RIVAL_LAUNCH] * 2), rival)
    channel, region, category = (axis.ravel() for axis in np.indices(shape))
    count = len(channel)
    return {
        "market_id": Numbered("M", month * count + np.arange(count), 6),
        "month": np.full(count, world.calendar.starts[month]),
        "region": Coded(region, REGIONS),
        "channel_type": Coded(channel, CHANNEL_NAMES),
        "category": Coded(category, CATEGORIES),
        "market_amount": _thousands(market.ravel()),
        "rival_amount": _thousands(rival.ravel()),
        "source": Coded(np.zeros(count, dtype=np.int64), ("industry panel",)),
        "known_at": np.full(count, world.calendar.starts[month + 1] + 19),
    }


def _expected(world: World, month: int) -> Floats:
    """Expected net sales by channel and region: half as they are planned, half as the regions weigh."""
    accounts = world.accounts
    cell = accounts.channel * len(REGIONS) + accounts.region
    net = np.bincount(cell, weights=accounts.planned_net[:, month], minlength=len(CHANNELS) * len(REGIONS))
    by_cell = net.reshape(len(CHANNELS), len(REGIONS))
    weights = REGION_WEIGHTS / int(REGION_WEIGHTS.sum())
    return np.asarray((by_cell + total(by_cell)[:, None] * weights) / 2)


def _mix(world: World, month: int) -> Floats:
    """Share of each category in demand, by its season."""
    value = appeal((POPULARITY * LIST_PRICE).astype(np.float64), world.calendar.of_year(month))
    by_category = np.bincount(PRODUCT_CATEGORY, weights=value, minlength=len(CATEGORIES))
    return np.asarray(by_category / total(by_category))


def _sums(values: Ints, group: Ints, count: int) -> Ints:
    return np.bincount(group, weights=values, minlength=count).astype(np.int64)


def _thousands(amount: Floats) -> Ints:
    return np.maximum(fen(amount / _THOUSAND), 1) * _THOUSAND
