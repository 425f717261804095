"""Invoices and when they are paid, and what the channels cost; both follow from the bookings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .company import CHANNEL_NAMES, CHANNELS, DISTRIBUTOR, KEY_ACCOUNT, REGIONS
from .draw import Dice, Floats, Ints, fen
from .files import Coded, Numbered, Output
from .ledger import Month
from .lifecycle import FAILURE
from .lines import order_sums
from .orders import BOOKED, LOADED
from .plot import GHOST_PARTNER
from .returns import gives_back
from .rows import Rows
from .season import NEVER
from .world import World

_SINGLE_SHARE = 0.05
"""Share of orders with an invoice of their own; the others of ten days stand on one."""
_LATE_DAYS_A_SIGN = 7.0
_WRITTEN_OFF_AFTER = 150

_RATES = {
    "visit": {"commission": 0.030, "marketing": 0.010, "logistics": 0.030, "staff": 0.100},
    "phone": {"commission": 0.030, "marketing": 0.020, "logistics": 0.045, "staff": 0.080},
    "livestream": {"commission": 0.100, "marketing": 0.035, "logistics": 0.045, "staff": 0.020},
    "key_account": {"commission": 0.020, "marketing": 0.005, "logistics": 0.025, "staff": 0.045},
    "distributor": {"marketing": 0.018, "logistics": 0.025, "staff": 0.022, "price_support": 0.010},
    "agent": {"commission": 0.060, "marketing": 0.010, "logistics": 0.025, "staff": 0.020},
    "retailer": {"marketing": 0.030, "logistics": 0.035, "staff": 0.028, "price_support": 0.008},
}
_KINDS = ("commission", "marketing", "logistics", "staff", "price_support")
_ALLOCATED = {"staff": 0.012, "other": 0.008}
REBATE_RATE = 0.025


@dataclass(slots=True)
class Books:
    """Net sales in fen by month, channel and region, and by month and partner; running numbers."""

    by_region: Ints
    by_partner: Ints
    invoices: int = 0
    costs: int = 0


@dataclass(frozen=True, slots=True)
class Invoices(Rows):
    """Invoices of a month: whose, when, which of the account's, where from, and how much in fen."""

    account: Ints
    day: Ints
    number: Ints
    source: Ints
    amount: Ints


def open_books(world: World) -> Books:
    """Books with nothing in them."""
    months = world.calendar.months
    return Books(
        np.zeros((months, len(CHANNELS), len(REGIONS)), dtype=np.int64),
        np.zeros((months, world.accounts.partners), dtype=np.int64),
    )


def book_net(world: World, month: int, booked: Month, books: Books) -> None:
    """Add a month's orders less its returns to the books."""
    account = np.concatenate([booked.heads.account[booked.lines.head], booked.returns.account])
    net = np.concatenate([booked.lines.net, -booked.returns.net])
    of_account = order_sums(net, account, world.accounts.count)
    cell = world.accounts.channel * len(REGIONS) + world.accounts.region
    sums = order_sums(of_account, cell, len(CHANNELS) * len(REGIONS))
    books.by_region[month] = sums.reshape(len(CHANNELS), len(REGIONS))
    books.by_partner[month] = of_account[: world.accounts.partners]


def invoice(world: World, month: int, booked: Month, books: Books, output: Output) -> None:
    """Invoices of a month to partners and key accounts: one for ten days' orders, some for single ones."""
    heads, accounts = booked.heads, world.accounts
    worth = order_sums(booked.lines.net, booked.lines.head, len(heads.day))
    on_credit = (heads.account < accounts.partners) | (accounts.channel[heads.account] == KEY_ACCOUNT)
    on_credit &= ~gives_back(world, heads)
    place = heads.day - int(world.calendar.starts[month])
    third = np.minimum(place // 10, 2)
    single = world.dice.happens("single", _SINGLE_SHARE, heads.key) | (heads.source >= LOADED)
    shared = on_credit & ~single
    sums = order_sums(worth[shared], (heads.account * 3 + third)[shared], accounts.count * 3)
    group = np.flatnonzero(sums)
    alone = np.flatnonzero(on_credit & single)
    last_days = np.append(
        world.calendar.starts[month] + np.array([9, 19]), world.calendar.starts[month + 1] - 1
    )
    account = np.concatenate([group // 3, heads.account[alone]])
    day = np.concatenate([last_days[group % 3], heads.day[alone]])
    day = np.minimum(day, world.calendar.last_day)
    number = np.concatenate([group % 3, 3 + np.arange(len(alone))])
    source = np.concatenate([np.zeros(len(group), dtype=np.int64), heads.source[alone]])
    amount = np.concatenate([sums[group], worth[alone]])
    order = np.lexsort((number, account, day))
    bill = Invoices(account, day, number, source, amount).take(order)
    _write_invoices(world, month, bill, books, output)


def _write_invoices(world: World, month: int, bill: Invoices, books: Books, output: Output) -> None:
    account, day = bill.account, bill.day
    accounts = world.accounts
    due = day + world.terms[account]
    paid, written_off = _settlement(world, month, bill, due)
    is_partner = account < accounts.partners
    output.add(
        "receivables",
        {
            "invoice_id": Numbered("IV", books.invoices + np.arange(len(account)), 8),
            "invoice_date": day,
            "due_date": due,
            "paid_date": paid,
            "written_off_date": written_off,
            "amount": bill.amount,
            "partner_id": Numbered("P", np.where(is_partner, account, -1), 5),
            "customer_id": Numbered("C", np.where(is_partner, -1, accounts.customer[account]), 6),
            "channel_type": Coded(accounts.channel[account], CHANNEL_NAMES),
            "region": Coded(accounts.region[account], REGIONS),
        },
    )
    books.invoices += len(account)


def _settlement(world: World, month: int, bill: Invoices, due: Ints) -> tuple[Ints, Ints]:
    """Days of payment and of writing off; trouble with money pays ever later, who fails leaves bills."""
    account, number, source = bill.account, bill.number, bill.source
    dice, count = world.dice, world.accounts.partners
    tardy = np.append(world.tardiness, 0.05)[np.minimum(account, count)]
    late = dice.happens("late payment", 0.03 + tardy, account, month, number)
    delay = np.where(
        late,
        dice.whole("days late", 3, 45, account, month, number),
        -dice.whole("days early", 0, 12, account, month, number),
    )
    then = np.minimum(world.calendar.month_of(due), world.calendar.planned - 1)
    signs = np.minimum(world.lives.depth, 9) * ((world.lives.cause == 1)[:, None] * world.lives.signal)
    sign = np.append(signs, np.zeros((1, signs.shape[1])), axis=0)[np.minimum(account, count), then]
    drawn = dice.between("sign of lateness", 0.4, 1.6, account, month, number)
    delay = delay + np.floor(sign * _LATE_DAYS_A_SIGN * drawn).astype(np.int64)
    delay += (source == LOADED) * dice.whole("load paid", 20, 60, account, month, number)
    failed = np.append(world.lives.reason == FAILURE, False)[np.minimum(account, count)]
    unpaid = failed & (due + delay > world.exit[account] - 20)
    never = np.append(world.plot.partners[GHOST_PARTNER], False)[np.minimum(account, count)]
    never |= source == BOOKED
    last = world.calendar.last_day
    paid = np.where(unpaid | never | (due + delay > last), NEVER, due + delay)
    written_off = np.where(unpaid & (due + _WRITTEN_OFF_AFTER <= last), due + _WRITTEN_OFF_AFTER, NEVER)
    return paid, written_off


def write_costs(world: World, month: int, books: Books, output: Output) -> None:
    """A complete month's costs by channel and region, its allocated costs, and partners' rebates."""
    net = np.maximum(books.by_region[month], 0)
    parts = [_by_region(world.dice, month, net, kind, _rates(kind), False) for kind in _KINDS]
    parts += [
        _by_region(world.dice, month, net, kind, np.full(len(CHANNELS), rate), True)
        for kind, rate in _ALLOCATED.items()
    ]
    parts.append(_rebates(world, month, books))
    kinds = [*_KINDS, *_ALLOCATED, "rebate"]
    sizes = [len(part[0]) for part in parts]
    channel, region, partner, amount = (np.concatenate(column) for column in zip(*parts, strict=True))
    allocated = np.repeat([len(_KINDS) <= place < len(kinds) - 1 for place in range(len(kinds))], sizes)
    count = len(amount)
    output.add(
        "costs",
        {
            "cost_id": Numbered("K", books.costs + np.arange(count), 7),
            "month": np.full(count, world.calendar.starts[month]),
            "cost_type": Coded(np.repeat(np.arange(len(kinds)), sizes), kinds),
            "amount": amount,
            "is_allocated": allocated,
            "channel_type": Coded(channel, CHANNEL_NAMES),
            "region": Coded(region, REGIONS),
            "partner_id": Numbered("P", partner, 5),
            "known_at": np.full(count, world.calendar.starts[month + 1] + 9),
        },
    )
    books.costs += count


def rebates(world: World, month: int, books: Books) -> Ints:
    """The rebate of each partner for a month, in fen."""
    share = np.where(world.accounts.channel[: world.accounts.partners] == DISTRIBUTOR, 1.2, 0.8)
    net = np.maximum(books.by_partner[month], 0)
    draw = world.dice.between("rebate", 0.85, 1.15, np.arange(len(net)), month)
    return fen(net * REBATE_RATE * share * draw)


def _rates(kind: str) -> Floats:
    return np.array([_RATES[name].get(kind, 0.0) for name in CHANNEL_NAMES])


Bookings = tuple[Ints, Ints, Ints, Ints]


def _by_region(
    dice: Dice, month: int, net: Ints, kind: str, rates: Floats, allocated: bool
) -> Bookings:  # fmt: skip
    """A cost in each channel type and region that sold: its rate, give or take a tenth."""
    channel, region = np.arange(net.shape[0])[:, None], np.arange(net.shape[1])
    draw = dice.between(f"cost {kind} {allocated}", 0.9, 1.1, channel, region, month)
    amount = fen(net * rates[:, None] * draw)
    channel, region = np.nonzero(amount > 0)
    return channel, region, np.full(len(channel), -1), amount[channel, region]


def _rebates(world: World, month: int, books: Books) -> Bookings:
    amount = rebates(world, month, books)
    partner = np.flatnonzero(amount)
    return world.accounts.channel[partner], world.accounts.region[partner], partner, amount[partner]
