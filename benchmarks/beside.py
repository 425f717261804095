"""The small tables of the made-up company: partners, products, targets, costs, market and the rest."""

from __future__ import annotations

import datetime

import numpy as np
import pyarrow as pa

PARTNERS, REPS, CUSTOMERS, PRODUCTS = 1_200, 300, 120_000, 80
INDIRECT = ("distributor", "agent", "retailer")
DIRECT = ("visit", "phone", "livestream", "online")
TYPES = (*DIRECT, *INDIRECT)
REGIONS = tuple(f"R{number:02d}" for number in range(1, 13))
FIRST_MONTH, MONTHS = 2022 * 12 + 9, 36
"""From October 2022 to September 2025."""

MONEY = pa.decimal128(18, 4)


def small_tables(seed: int) -> dict[str, pa.Table]:
    """Every table beside sales that a KPI of the catalogue reads, by name."""
    random = np.random.default_rng(seed)
    return {
        "partners": _partners(),
        "products": _products(),
        "customers": pa.table({"customer_id": names_of("C", np.arange(CUSTOMERS), 6)}),
        "staff": pa.table({"staff_id": names_of("S", np.arange(REPS), 3)}),
        "targets": _targets(random),
        "costs": _costs(random),
        "market": _market(random),
        "feedback": _feedback(random),
        "receivables": _receivables(random),
        "stock": _stock(random),
        "sell_out": _sell_out(random),
    }


def month_start(month: int) -> datetime.date:
    """First day of the month so many months after the first."""
    return datetime.date((FIRST_MONTH + month) // 12, (FIRST_MONTH + month) % 12 + 1, 1)


def names_of(letter: str, numbers: np.ndarray, digits: int) -> pa.Array:
    """Ids such as P0007."""
    return pa.array([f"{letter}{number:0{digits}d}" for number in numbers])


def type_of(partner: np.ndarray) -> np.ndarray:
    """Position in `TYPES` of the partners' channel types."""
    return len(DIRECT) + partner % len(INDIRECT)


def region_of(partner: np.ndarray) -> np.ndarray:
    """Position in `REGIONS` of the partners' regions."""
    return partner // len(INDIRECT) % len(REGIONS)


def _partners() -> pa.Table:
    number = np.arange(PARTNERS)
    stopped = number % 20 == 7
    exits = [
        month_start(29 + int(n) % 8) if is_out else None for n, is_out in zip(number, stopped, strict=True)
    ]
    return pa.table(
        {
            "partner_id": names_of("P", number, 4),
            "channel_type": pa.array(np.array(TYPES)[type_of(number)]),
            "region": pa.array(np.array(REGIONS)[region_of(number)]),
            "contract_start": pa.array([datetime.date(2020 + n % 3, 1 + n % 12, 1) for n in number]),
            "exit_date": pa.array(exits, pa.date32()),
        }
    )


def _products() -> pa.Table:
    number = np.arange(PRODUCTS)
    ends = [month_start(12 + int(n) % 24) if n % 10 == 3 else None for n in number]
    return pa.table(
        {
            "product_id": names_of("A", number, 3),
            "category": pa.array([f"K{n % 8}" for n in number]),
            "listed_from": pa.array([datetime.date(2021, 1 + n % 12, 1) for n in number]),
            "listed_to": pa.array(ends, pa.date32()),
        }
    )


def _targets(random: np.random.Generator) -> pa.Table:
    """A target a quarter for every partner and every region."""
    quarters = [month_start(month) for month in range(0, MONTHS, 3)]
    ends = [month_start(month + 3) for month in range(0, MONTHS, 3)]
    scopes = PARTNERS + len(REGIONS)
    count, is_partner = scopes * len(quarters), np.tile(np.arange(scopes) < PARTNERS, len(quarters))
    which = np.tile(np.concatenate([np.arange(PARTNERS), np.arange(len(REGIONS))]), len(quarters))
    partner = names_of("P", which, 4)
    region = pa.array(np.array(REGIONS)[which % len(REGIONS)])
    return pa.table(
        {
            "target_id": names_of("T", np.arange(count), 6),
            "level": pa.array(np.where(is_partner, "partner", "region")),
            "window_start": pa.array(np.repeat(np.array(quarters, dtype="M8[D]"), scopes)),
            "window_end": pa.array(np.repeat(np.array(ends, dtype="M8[D]"), scopes)),
            "target_amount": _money(random.integers(10**6, 10**8, count)),
            "partner_id": pa.array(np.where(is_partner, partner.to_pylist(), None), pa.string()),
            "region": pa.array(np.where(is_partner, None, region.to_pylist()), pa.string()),
        }
    )


def _costs(random: np.random.Generator) -> pa.Table:
    """Two bookings a month for each partner, and staff costs of each direct channel in each region."""
    month, partner = (
        grid.ravel() for grid in np.meshgrid(np.arange(MONTHS), np.repeat(np.arange(PARTNERS), 2))
    )
    own_month, scope = (
        g.ravel() for g in np.meshgrid(np.arange(MONTHS), np.arange(len(REGIONS) * len(DIRECT)))
    )
    count, own = len(month) + len(own_month), len(own_month)
    kinds = np.array(["commission", "rebate", "marketing", "logistics"])
    return pa.table(
        {
            "cost_id": names_of("K", np.arange(count), 7),
            "month": _months(np.concatenate([month, own_month])),
            "cost_type": pa.array(
                np.concatenate([kinds[random.integers(0, 4, len(month))], ["staff"] * own])
            ),
            "amount": _money(random.integers(10**4, 10**6, count)),
            "is_allocated": pa.array(random.random(count) < 0.2),
            "channel_type": pa.array(
                [None] * len(month) + list(np.array(DIRECT)[scope % len(DIRECT)]), pa.string()
            ),
            "region": pa.array(
                [None] * len(month) + list(np.array(REGIONS)[scope // len(DIRECT)]), pa.string()
            ),
            "partner_id": pa.array(names_of("P", partner, 4).to_pylist() + [None] * own, pa.string()),
        }
    )


def _market(random: np.random.Generator) -> pa.Table:
    """A figure a month for each region and channel type."""
    month, scope = (g.ravel() for g in np.meshgrid(np.arange(MONTHS), np.arange(len(REGIONS) * len(TYPES))))
    return pa.table(
        {
            "market_id": names_of("M", np.arange(len(month)), 6),
            "month": _months(month),
            "region": pa.array(np.array(REGIONS)[scope // len(TYPES)]),
            "channel_type": pa.array(np.array(TYPES)[scope % len(TYPES)]),
            "market_amount": _money(random.integers(10**9, 10**11, len(month))),
            "rival_amount": _money(random.integers(10**8, 10**10, len(month))),
        }
    )


def _feedback(random: np.random.Generator, count: int = 200_000) -> pa.Table:
    """Answers and complaints, half of them about a partner."""
    kind = np.array(["csat", "nps", "complaint"])[random.integers(0, 3, count)]
    score = np.where(kind == "csat", random.integers(1, 6, count), random.integers(0, 11, count))
    partner = random.integers(0, PARTNERS, count)
    about = random.random(count) < 0.5
    region = np.where(about, region_of(partner), random.integers(0, len(REGIONS), count))
    kept = np.where(about, type_of(partner), random.integers(0, len(DIRECT), count))
    return pa.table(
        {
            "feedback_id": names_of("F", np.arange(count), 7),
            "given_on": _days(random, count),
            "kind": pa.array(kind),
            "score": pa.array(score.astype(float), mask=kind == "complaint"),
            "channel_type": pa.array(np.array(TYPES)[kept]),
            "region": pa.array(np.array(REGIONS)[region]),
            "partner_id": pa.array(names_of("P", partner, 4).to_pylist(), mask=~about),
        }
    )


def _receivables(random: np.random.Generator, count: int = 200_000) -> pa.Table:
    """Invoices to partners: most are paid, some late, a few written off."""
    invoiced = random.integers(0, 1_096, count) + _FIRST_DAY
    paid, late = random.random(count) < 0.95, random.integers(5, 90, count)
    partner = random.integers(0, PARTNERS, count)
    written_off = ~paid & (random.random(count) < 0.2)
    return pa.table(
        {
            "invoice_id": names_of("I", np.arange(count), 7),
            "invoice_date": _dates(invoiced),
            "due_date": _dates(invoiced + 45),
            "paid_date": _dates(invoiced + late, ~paid),
            "written_off_date": _dates(invoiced + 300, ~written_off),
            "amount": _money(random.integers(10**5, 10**7, count)),
            "partner_id": names_of("P", partner, 4),
        }
    )


def _stock(random: np.random.Generator) -> pa.Table:
    """A third of the partners report ten products a month."""
    month, scope = (g.ravel() for g in np.meshgrid(np.arange(MONTHS), np.arange(PARTNERS // 3 * 10)))
    return pa.table(
        {
            "partner_id": names_of("P", scope // 10 * 3, 4),
            "product_id": names_of("A", scope % 10 * 7, 3),
            "month": _months(month),
            "opening_quantity": _money(random.integers(0, 50_000, len(month))),
            "received_quantity": _money(random.integers(0, 20_000, len(month))),
        }
    )


def _sell_out(random: np.random.Generator, count: int = 200_000) -> pa.Table:
    return pa.table(
        {
            "sell_out_id": names_of("O", np.arange(count), 7),
            "sold_on": _days(random, count),
            "partner_id": names_of("P", random.integers(0, PARTNERS // 3, count) * 3, 4),
            "product_id": names_of("A", random.integers(0, 10, count) * 7, 3),
            "quantity": _money(random.integers(100, 5_000, count)),
        }
    )


_FIRST_DAY = int(np.datetime64("2022-10-01", "D").astype(np.int64))


def _days(random: np.random.Generator, count: int) -> pa.Array:
    """Days of the three years."""
    return _dates(random.integers(0, 1_096, count) + _FIRST_DAY)


def _dates(days: np.ndarray, absent: np.ndarray | None = None) -> pa.Array:
    return pa.array(days.astype(np.int32), mask=absent).cast(pa.date32())


def _months(month: np.ndarray) -> pa.Array:
    starts = np.array([month_start(number) for number in range(MONTHS)], dtype="M8[D]")
    return pa.array(starts[month])


def _money(hundredths: np.ndarray) -> pa.Array:
    return (
        pa.array(hundredths.astype(np.int64))
        .cast(pa.decimal128(19, 0))
        .cast(pa.decimal128(21, 2))
        .cast(MONEY)
    )
