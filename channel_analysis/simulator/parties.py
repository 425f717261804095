"""The tables of who takes part: partners, staff, customers, products, candidates."""

from __future__ import annotations

import numpy as np

from .accounts import first_days
from .company import (
    AGENT,
    CATEGORIES,
    CHANNEL_NAMES,
    CHANNELS,
    DISTRIBUTOR,
    FLOOR_DISCOUNT,
    GUIDE_DISCOUNT,
    KEY_ACCOUNT,
    LIST_PRICE,
    PHONE,
    PRODUCTS,
    REGION_WEIGHTS,
    REGIONS,
    RETAILER,
    UNIT_COST,
    VISIT,
)
from .draw import Ints, fen, total
from .files import Coded, Numbered, Output
from .lifecycle import REASONS
from .lines import listing
from .names import AWKWARD, CANDIDATE_ENDINGS, KEY_ACCOUNT_ENDINGS, company_name, partner_names, staff_name
from .season import NEVER
from .world import World

_CANDIDATES = 40


def write_parties(world: World, output: Output) -> None:
    """Write the five tables."""
    _write_partners(world, output)
    _write_staff(world, output)
    _write_customers(world, output)
    _write_products(world, output)
    _write_candidates(world, output)


def _write_partners(world: World, output: Output) -> None:
    accounts, dice, count = world.accounts, world.dice, world.accounts.partners
    who = np.arange(count)
    region = accounts.region[:count]
    left = np.minimum(world.lives.exit, NEVER)
    open_end = dice.happens("open contract", 0.4, who)
    ends = world.calendar.starts[world.calendar.planned] + 365 * dice.whole("contract years", 1, 4, who)
    monthly = total(accounts.planned_net[:count]) / world.calendar.planned
    limit = np.maximum(fen(monthly * dice.between("credit", 2.0, 3.6, who) / 1_000_000), 1) * 1_000_000
    size = accounts.size[:count]
    output.add(
        "partners",
        {
            "partner_id": Numbered("P", who, 5),
            "partner_name": _partner_names(world),
            "channel_type": Coded(accounts.channel[:count], CHANNEL_NAMES),
            "region": Coded(region, REGIONS),
            "authorised_region": Coded(region, REGIONS),
            "parent_id": Numbered("P", _parents(world), 5),
            "owner_id": Numbered("S", _owners(world), 3),
            "contract_start": accounts.start[:count],
            "contract_end": np.where(left < NEVER, left, np.where(open_end, NEVER, ends)),
            "exit_date": left,
            "exit_reason": Coded(world.lives.reason, REASONS),
            "credit_limit": limit,
            "staff_count": fen(size * dice.between("people", 5, 36, who)) + 1,
            "outlets": fen(size * dice.between("outlets", 2, 50, who)) + 1,
        },
    )


def _owners(world: World) -> Ints:
    """Who looks after a partner now, or did when it left."""
    last = world.calendar.months - 1
    month = np.minimum(world.calendar.month_of(world.lives.exit), last)
    rep = world.accounts.rep[: world.accounts.partners]
    return np.where(month < world.staff.change_month, rep, world.staff.holder(rep, last))


def _partner_names(world: World) -> list[str]:
    """Plain names, and the awkward ones for partners that are there from first to last."""
    accounts, count = world.accounts, world.accounts.partners
    names = partner_names(world.dice, accounts.channel[:count])
    stays = (accounts.start[:count] < world.calendar.first_day) & (world.dice.shuffled("awkward", count) >= 0)
    for place, (kind, name) in enumerate(AWKWARD):
        fitting = np.flatnonzero(stays & (accounts.channel[:count] == kind))
        if len(fitting) > place:
            names[int(fitting[place])] = name
    return names


def _parents(world: World) -> Ints:
    """One retailer in thirty belongs to a distributor of its region, which itself belongs to no one."""
    accounts, count = world.accounts, world.accounts.partners
    parent = np.full(count, -1)
    channel = accounts.channel[:count]
    belongs = (channel == RETAILER) & world.dice.happens("belongs", 1 / 30, np.arange(count))
    for partner in np.flatnonzero(belongs):
        near = np.flatnonzero(
            (channel == DISTRIBUTOR) & (accounts.region[:count] == accounts.region[partner])
        )
        if len(near):
            parent[partner] = near[partner % len(near)]
    return parent


def _write_staff(world: World, output: Output) -> None:
    staff = world.staff
    count = staff.count
    teams = [channel.team for channel in CHANNELS]
    output.add(
        "staff",
        {
            "staff_id": Numbered("S", np.arange(count), 3),
            "staff_name": [staff_name(number) for number in range(count)],
            "team": Coded(staff.channel % (len(teams) + 1), [*teams, "Management"]),
            "role": Coded(
                np.where(staff.is_rep, 0, np.where(staff.channel >= 0, 1, 2)), ("rep", "manager", "director")
            ),
            "manager_id": Numbered("S", staff.manager, 3),
            "channel_type": Coded(np.where(staff.is_rep, staff.channel, -1), CHANNEL_NAMES),
            "region": Coded(staff.region, REGIONS),
            "start_date": staff.start,
            "end_date": staff.end,
            "discount_authority": staff.authority / 1000,
        },
    )


def _write_customers(world: World, output: Output) -> None:
    """Customers account by account; only key accounts have names."""
    accounts, dice = world.accounts, world.dice
    account = np.repeat(np.arange(accounts.count), accounts.customers)
    channel = accounts.channel[account]
    is_key = channel == KEY_ACCOUNT
    turn = np.cumsum(is_key) - 1
    names = [company_name(int(n) * 7 % 144 + int(n) // 144 * 144, KEY_ACCOUNT_ENDINGS) for n in turn[is_key]]
    segments = ("small business", "household", "key account")
    segment = np.where(
        is_key,
        2,
        np.where(
            channel == VISIT,
            0,
            np.where(channel == PHONE, dice.whole("segment", 0, 2, np.arange(len(account))), 1),
        ),
    )
    output.add(
        "customers",
        {
            "customer_id": Numbered("C", np.arange(len(account)), 6),
            "customer_name": Coded(np.where(is_key, turn, -1), names),
            "region": Coded(accounts.region[account], REGIONS),
            "segment": Coded(segment, segments),
            "is_key_account": is_key,
            "owner_id": Numbered(
                "S", world.staff.holder(accounts.rep, world.calendar.months - 1)[account], 3
            ),
            "first_contact": first_days(dice, accounts, world.calendar),
        },
    )


def _write_products(world: World, output: Output) -> None:
    first, last = listing(world.calendar)
    starts = world.calendar.starts
    listed = np.where(first > 0, starts[np.minimum(first, len(starts) - 1)], starts[0] - 700)
    gone = last < world.calendar.planned
    unlisted = np.where(gone, starts[np.minimum(last + 1, len(starts) - 1)] - 1, NEVER)
    unlisted = np.where(unlisted > world.calendar.last_day, NEVER, unlisted)
    output.add(
        "products",
        {
            "product_id": [product.product_id for product in PRODUCTS],
            "product_name": [product.name for product in PRODUCTS],
            "category": [CATEGORIES[product.category] for product in PRODUCTS],
            "brand": [product.brand for product in PRODUCTS],
            "list_price": LIST_PRICE,
            "guide_price": LIST_PRICE * (1000 - GUIDE_DISCOUNT) // 1000,
            "floor_price": LIST_PRICE * (1000 - FLOOR_DISCOUNT) // 1000,
            "standard_cost": UNIT_COST,
            "listed_from": listed,
            "listed_to": unlisted,
        },
    )


def _write_candidates(world: World, output: Output) -> None:
    """Companies that applied in the last half year."""
    dice, who = world.dice, np.arange(_CANDIDATES)
    kind = np.array([DISTRIBUTOR, AGENT, RETAILER])[dice.pick("candidate kind", (4, 2, 4), who)]
    years = dice.whole("candidate years", 1, 20, who)
    sales = dice.whole("candidate sales", 300, 6000, who)
    applied = np.sort(world.calendar.last_day - dice.whole("applied", 0, 180, who))
    output.add(
        "candidates",
        {
            "candidate_id": Numbered("N", who, 4),
            "candidate_name": [company_name(int(n) * 11 % 144, CANDIDATE_ENDINGS) for n in who],
            "applied_on": applied,
            "channel_type": Coded(kind, CHANNEL_NAMES),
            "region": Coded(dice.pick("candidate region", REGION_WEIGHTS, who), REGIONS),
            "outlets": dice.whole("candidate outlets", 1, 80, who),
            "staff_count": dice.whole("candidate people", 3, 60, who),
            "annual_sales": sales * 1_000_000,
            "working_capital": sales * dice.whole("candidate capital", 5, 25, who) * 10_000,
            "years_in_business": years.astype(np.float64),
            "category_experience": (years * dice.whole("experience", 0, 11, who) // 10).astype(np.float64),
            "reputation_grade": Coded(dice.pick("grade", (3, 5, 3, 1), who), ("A", "B", "C", "D")),
        },
    )
