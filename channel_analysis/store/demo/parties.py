"""Who takes part in the example company's business, in codes and as contract tables."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .company import (
    CATEGORIES,
    CHANNEL_NAMES,
    CHANNELS,
    LIST_PRICE,
    PRODUCTS,
    REGION_WEIGHTS,
    REGIONS,
    UNIT_COST,
)
from .draw import Ints, Rng, between, cents, label, named, pick, sample
from .names import AWKWARD, STAFF_NAMES, company_names
from .season import DAYS, NEVER, date_of, day_of

DISTRIBUTORS = 45
RETAILERS = 75
PARTNERS = DISTRIBUTORS + RETAILERS
_TEAMS = (
    ("visit", "Field sales", (0, 1, 2, 3, 4, 5)),
    ("key_account", "Key accounts", (-1, -1, -1, -1)),
    ("distributor", "Distribution", (0, 1, 2, 3, 4, 5)),
    ("retailer", "Retail", (0, 1, 2, 3, 4, 5)),
)
REPS = sum(len(regions) for _, _, regions in _TEAMS)
_DIRECT_MANAGER, _INDIRECT_MANAGER = REPS, REPS + 1


def draw_partners(rng: Rng) -> pd.DataFrame:
    """Partners in codes: channel, region, owner, first and last day, reason, size, pace.

    `pace` is orders a month; `size` scales the quantities; `tardiness` the chance to pay late.
    """
    kinds = [CHANNEL_NAMES.index("distributor")] * DISTRIBUTORS
    kinds += [CHANNEL_NAMES.index("retailer")] * RETAILERS
    channel = rng.permutation(np.array(kinds))
    region = pick(rng, REGION_WEIGHTS, PARTNERS)
    start = _contract_starts(rng)
    leaving, reason = _exits(rng, start)
    return pd.DataFrame(
        {
            "channel": channel,
            "region": region,
            "owner": rep_of(channel, region),
            "start": start,
            "exit": leaving,
            "reason": reason,
            "size": between(rng, 0.5, 1.6, PARTNERS),
            "pace": between(rng, 2.2, 5.2, PARTNERS),
            "tardiness": between(rng, 0.0, 0.3, PARTNERS) * rng.random(PARTNERS),
        }
    )


def draw_baskets(rng: Rng) -> np.ndarray:
    """Which of the products each partner lists, seven to eleven of them."""
    place = np.argsort(rng.random((PARTNERS, len(PRODUCTS))), axis=1)
    return place < rng.integers(7, 12, PARTNERS)[:, None]


def draw_customers(rng: Rng) -> pd.DataFrame:
    """Customers in codes, within each channel in the order in which they came to know us."""
    parts = []
    for code, channel in enumerate(CHANNELS):
        count = channel.customers
        known_before = 0.85 if channel.name == "key_account" else 0.35
        first = np.arange(count) / max(count, 1) * DAYS / (1 - known_before)
        region = pick(rng, REGION_WEIGHTS, count)
        parts.append(
            pd.DataFrame(
                {
                    "channel": code,
                    "region": region,
                    "owner": rep_of(np.full(count, code), region, np.arange(count)),
                    "first": np.floor(first - DAYS * known_before / (1 - known_before)).astype(int),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def rep_of(channel: Ints, region: Ints, number: Ints | None = None) -> Ints:
    """Who sells in a channel type and region; key accounts are shared out by their number."""
    rep = np.full(len(channel), -1)
    first = 0
    for name, _, regions in _TEAMS:
        own = channel == CHANNEL_NAMES.index(name)
        turn = number % len(regions) if regions[0] < 0 and number is not None else region
        rep[own] = first + turn[own]
        first += len(regions)
    return rep


def partners_table(rng: Rng, partners: pd.DataFrame) -> pd.DataFrame:
    """The contract's partners."""
    ended = partners["exit"].to_numpy()
    region = named(REGIONS, partners["region"].to_numpy())
    end_of_2026 = day_of("2026-12-31")
    contract_end = np.where(rng.random(PARTNERS) < 0.6, end_of_2026, NEVER)
    size = partners["size"].to_numpy()
    return pd.DataFrame(
        {
            "partner_id": label("P", np.arange(PARTNERS), 5),
            "partner_name": _partner_names(rng, partners),
            "channel_type": named(CHANNEL_NAMES, partners["channel"].to_numpy()),
            "region": region,
            "authorised_region": region,
            "parent_id": label("P", _parents(rng, partners), 5),
            "owner_id": label("S", partners["owner"].to_numpy(), 3),
            "contract_start": date_of(partners["start"].to_numpy()),
            "contract_end": date_of(np.minimum(contract_end, ended)),
            "exit_date": date_of(ended),
            "exit_reason": partners["reason"],
            "credit_limit": cents(size * between(rng, 20, 40, PARTNERS)) * 1_000_000,
            "staff_count": cents(size * between(rng, 6, 40, PARTNERS)),
            "outlets": cents(size * between(rng, 3, 60, PARTNERS)) + 1,
        }
    )


def staff_table(rng: Rng) -> pd.DataFrame:
    """The contract's staff: the reps of four teams and the two managers."""
    rows: list[tuple[str, str, str, int, str | None]] = []
    for name, team, regions in _TEAMS:
        boss = _DIRECT_MANAGER if name in ("visit", "key_account") else _INDIRECT_MANAGER
        rows += [(team, "rep", label("S", np.array([boss]), 3)[0], region, name) for region in regions]
    rows += [("Management", "manager", "", -1, None)] * 2
    team_of, role, manager, region, channel = zip(*rows, strict=True)
    return pd.DataFrame(
        {
            "staff_id": label("S", np.arange(len(rows)), 3),
            "staff_name": STAFF_NAMES,
            "team": team_of,
            "role": role,
            "manager_id": [boss or None for boss in manager],
            "channel_type": channel,
            "region": named(REGIONS, np.array(region)),
            "start_date": date_of(-rng.integers(200, 2500, len(rows))),
            "discount_authority": [0.35 if one == "manager" else 0.20 for one in role],
        }
    )


def customers_table(rng: Rng, customers: pd.DataFrame) -> pd.DataFrame:
    """The contract's customers; only businesses have names."""
    channel = customers["channel"].to_numpy()
    is_key = channel == CHANNEL_NAMES.index("key_account")
    names = np.full(len(customers), None, dtype=object)
    names[is_key] = company_names(rng, "key_account", int(is_key.sum()))
    segments = ("small business", "household", "household", "key account", "household")
    return pd.DataFrame(
        {
            "customer_id": label("", np.arange(len(customers)), 6),
            "customer_name": names,
            "region": named(REGIONS, customers["region"].to_numpy()),
            "segment": named(segments, channel),
            "is_key_account": is_key,
            "owner_id": label("S", customers["owner"].to_numpy(), 3),
            "first_contact": date_of(customers["first"].to_numpy()),
        }
    )


def products_table() -> pd.DataFrame:
    """The contract's products; the guide price is for partners."""
    ids, names, category, *_ = zip(*PRODUCTS, strict=True)
    return pd.DataFrame(
        {
            "product_id": ids,
            "product_name": names,
            "category": [CATEGORIES[code] for code in category],
            "brand": ["禾悦" if code < 2 else "清岚" for code in category],
            "list_price": LIST_PRICE,
            "guide_price": LIST_PRICE * 66 // 100,
            "floor_price": LIST_PRICE * 56 // 100,
            "standard_cost": UNIT_COST,
            "listed_from": date_of(np.full(len(ids), day_of("2022-03-01"))),
        }
    )


def candidates_table(rng: Rng) -> pd.DataFrame:
    """The contract's candidates: 30 companies that applied in the last months."""
    count = 30
    is_retailer = np.arange(count) >= 12
    years = rng.integers(1, 20, count)
    sales = rng.integers(300, 6000, count)
    return pd.DataFrame(
        {
            "candidate_id": label("C", np.arange(count), 4),
            "candidate_name": company_names(rng, "candidate", count),
            "applied_on": date_of(np.sort(rng.integers(day_of("2025-05-01"), DAYS, count))),
            "channel_type": np.where(is_retailer, "retailer", "distributor"),
            "region": named(REGIONS, pick(rng, REGION_WEIGHTS, count)),
            "outlets": rng.integers(1, 80, count),
            "staff_count": rng.integers(3, 60, count),
            "annual_sales": sales * 1_000_000,
            "working_capital": sales * rng.integers(5, 25, count) * 10_000,
            "years_in_business": years.astype(float),
            "category_experience": (years * rng.integers(0, 11, count) // 10).astype(float),
            "reputation_grade": named(("A", "B", "C", "D"), pick(rng, (3, 5, 3, 1), count)),
        }
    )


def _contract_starts(rng: Rng) -> Ints:
    before = day_of("2021-01-01")
    is_new = rng.random(PARTNERS) < 0.2
    day = np.where(is_new, rng.random(PARTNERS) * 540, before * rng.random(PARTNERS))
    return np.floor(day).astype(np.int64)


def _exits(rng: Rng, start: Ints) -> tuple[Ints, np.ndarray]:
    leaving = np.full(PARTNERS, NEVER)
    reason = np.full(PARTNERS, None, dtype=object)
    gone = rng.permutation(np.flatnonzero(start < 0))[:14]
    leaving[gone] = rng.integers(150, DAYS - 20, len(gone))
    reason[gone] = np.array(["theirs"] * 6 + ["failure"] * 4 + ["ours"] * 4, dtype=object)
    return leaving, reason


def _partner_names(rng: Rng, partners: pd.DataFrame) -> np.ndarray:
    """Plain names, and the awkward ones for partners that are there from first to last."""
    names = np.empty(PARTNERS, dtype=object)
    stays = (partners["start"] < 0) & (partners["exit"] == NEVER)
    for kind, awkward in AWKWARD.items():
        own = partners["channel"] == CHANNEL_NAMES.index(kind)
        names[own] = company_names(rng, kind, int(own.sum()))
        names[sample(rng, np.flatnonzero(own & stays), len(awkward))] = awkward
    return names


def _parents(rng: Rng, partners: pd.DataFrame) -> Ints:
    """Four retailers belong to a distributor, which itself belongs to no one."""
    parent = np.full(PARTNERS, -1)
    is_retailer = (partners["channel"] == CHANNEL_NAMES.index("retailer")).to_numpy()
    children = sample(rng, np.flatnonzero(is_retailer), 4)
    parent[children] = sample(rng, np.flatnonzero(~is_retailer), 4)
    return parent
