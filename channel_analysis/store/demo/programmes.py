"""Programmes the example company's partners take part in, and the statements they hand in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from .company import CHANNEL_NAMES
from .draw import Floats, Ints, Rng, between, cents, label
from .parties import PARTNERS
from .season import NEVER, date_of, day_of

_THOUSAND = 100_000
_STATEMENT_YEARS = (2022, 2023, 2024)


@dataclass(frozen=True, slots=True)
class _Programme:
    number: str
    kind: str
    name: str
    start: str
    end: str | None
    assignment: str
    channels: tuple[str, ...]
    share: float


_PROGRAMMES = (
    _Programme("PG2024-01", "rebate", "Annual rebate 2024", "2024-01-01", "2024-12-31",
               "all", ("distributor", "retailer"), 1.0),
    _Programme("PG2024-02", "subsidy", "Shop front subsidy", "2024-07-01", "2024-09-30",
               "rule", ("retailer",), 0.4),
    _Programme("PG2025-01", "rebate", "Annual rebate 2025", "2025-01-01", "2025-12-31",
               "all", ("distributor", "retailer"), 1.0),
    _Programme("PG2025-02", "training", "Product training", "2025-03-01", "2025-05-31",
               "random", ("distributor", "retailer"), 0.5),
    _Programme("PG2025-03", "subsidy", "Summer display subsidy", "2025-06-01", "2025-08-31",
               "choice", ("retailer",), 0.3),
    _Programme("PG2025-04", "technical_support", "Service desk on site", "2025-01-15", None,
               "choice", ("distributor",), 0.3),
)  # fmt: skip


def programmes_table(rng: Rng, partners: pd.DataFrame, costs: pd.DataFrame) -> pd.DataFrame:
    """The contract's programmes; rebates accrue what the costs book for the partner and year."""
    parts = [_participation(rng, programme, partners, costs) for programme in _PROGRAMMES]
    return pd.concat(parts, ignore_index=True)


def financials_table(rng: Rng, partners: pd.DataFrame) -> pd.DataFrame:
    """The contract's financials: yearly statements of every other partner, known in late April."""
    years = len(_STATEMENT_YEARS)
    partner = np.repeat(np.arange(0, PARTNERS, 2), years)
    own = partners.iloc[partner]
    closing = np.array([day_of(f"{year}-12-31") for year in _STATEMENT_YEARS])
    known = np.array([day_of(f"{year + 1}-04-30") for year in _STATEMENT_YEARS])
    half = len(partner) // years
    figures = _statement(rng, own["size"].to_numpy(), (own["reason"] == "failure").to_numpy())
    table = pd.DataFrame(
        {
            "partner_id": label("P", partner, 5),
            "statement_date": date_of(np.tile(closing, half)),
            "months": 12,
            **figures,
            "known_at": date_of(np.tile(known, half)),
        }
    )
    heard_in_time = np.tile(known, half) < own["exit"].to_numpy()
    return table[heard_in_time].reset_index(drop=True)


def _participation(
    rng: Rng, programme: _Programme, partners: pd.DataFrame, costs: pd.DataFrame
) -> pd.DataFrame:
    start = day_of(programme.start)
    codes = [CHANNEL_NAMES.index(name) for name in programme.channels]
    fits = partners["channel"].isin(codes) & (partners["start"] <= start)
    fits &= partners["exit"] > start + 30
    chosen = fits.to_numpy() & (rng.random(PARTNERS) < programme.share)
    partner = np.flatnonzero(chosen)
    accrued = _accrued(rng, programme, partner, costs)
    claimed = cents(accrued * between(rng, 0.7, 1.0, len(partner)))
    end = NEVER if programme.end is None else day_of(programme.end)
    return pd.DataFrame(
        {
            "programme_id": programme.number,
            "participant_id": label("P", partner, 5),
            "participant_kind": "partner",
            "programme_type": programme.kind,
            "programme_name": programme.name,
            "start_date": date_of(np.full(len(partner), start)),
            "end_date": date_of(np.full(len(partner), end)),
            "assignment": programme.assignment,
            "allocated_amount": cents(accrued * 1.15 / _THOUSAND) * _THOUSAND + _THOUSAND,
            "accrued_amount": accrued,
            "claimed_amount": claimed,
            "paid_amount": cents(claimed * between(rng, 0.6, 1.0, len(partner))),
        }
    )


def _accrued(rng: Rng, programme: _Programme, partner: Ints, costs: pd.DataFrame) -> Ints:
    if programme.kind != "rebate":
        return rng.integers(3, 25, len(partner)) * _THOUSAND
    of_year = costs["month"].dt.year == int(programme.start[:4])
    booked = costs[of_year & (costs["cost_type"] == "rebate")]
    by_partner = booked.groupby("partner_id")["amount"].sum()
    ids = label("P", partner, 5)
    return np.array([int(by_partner.get(one, 0)) for one in ids], dtype=np.int64)


def _statement(rng: Rng, size: Floats, is_failing: np.ndarray) -> dict[str, Ints]:
    """Figures that fit each other: assets = liabilities + equity, income follows from sales."""
    count = len(size)
    sales = size * between(rng, 8_000, 30_000, count)
    margin = between(rng, 0.02, 0.07, count)
    ebit = sales * np.where(is_failing, margin - 0.08, margin)
    interest = sales * between(rng, 0.004, 0.015, count)
    income = ebit - interest
    income = income * np.where(income > 0, 0.75, 1.0)
    assets = sales * between(rng, 0.45, 0.80, count)
    debt_share = between(rng, 0.40, 0.68, count) + 0.30 * is_failing
    current = assets * between(rng, 0.60, 0.85, count)
    assets, liabilities = np.rint(assets), np.rint(assets * debt_share)
    return {
        "sales": _thousands(sales),
        "ebit": _thousands(ebit),
        "net_income": _thousands(income),
        "interest_expense": _thousands(interest),
        "current_assets": _thousands(current),
        "inventory": _thousands(current * between(rng, 0.25, 0.50, count)),
        "total_assets": _thousands(assets),
        "current_liabilities": _thousands(liabilities * between(rng, 0.65, 0.95, count)),
        "total_liabilities": _thousands(liabilities),
        "retained_earnings": _thousands((assets - liabilities) * between(rng, 0.2, 0.6, count)),
        "equity": _thousands(assets - liabilities),
        "operating_cash_flow": _thousands(income + sales * between(rng, -0.02, 0.03, count)),
    }


def _thousands(amount: Floats) -> Ints:
    return cents(amount) * _THOUSAND
