"""Costs and receivables of the example company, following from its ledger."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .company import CHANNEL_NAMES, CHANNELS, INDIRECT, REGIONS
from .draw import Floats, Ints, Rng, between, cents, happens, label, named, totals
from .orders import ORDER
from .parties import PARTNERS
from .season import COMPLETE_MONTHS, DAYS, NEVER, date_of, month_start

_DIRECT_RATES = {
    "visit": {"commission": 0.030, "marketing": 0.010, "logistics": 0.030, "staff": 0.120},
    "phone": {"commission": 0.030, "marketing": 0.020, "logistics": 0.045, "staff": 0.100},
    "livestream": {"commission": 0.120, "marketing": 0.050, "logistics": 0.050, "staff": 0.025},
    "key_account": {"commission": 0.015, "marketing": 0.005, "logistics": 0.020, "staff": 0.045},
    "online": {"commission": 0.050, "marketing": 0.060, "logistics": 0.055, "staff": 0.020},
    "distributor": {"marketing": 0.010, "logistics": 0.020, "staff": 0.018},
    "retailer": {"marketing": 0.025, "logistics": 0.030, "staff": 0.025},
}
_REBATE_RATES = {"distributor": 0.030, "retailer": 0.020}
_ALLOCATED_RATES = {"staff": 0.015, "other": 0.010}
_CREDIT_DAYS = 45


def costs_table(rng: Rng, ledger: pd.DataFrame, partners: pd.DataFrame) -> pd.DataFrame:
    """The contract's costs: direct by channel type and region, rebates by partner, allocated."""
    complete = ledger[ledger["month"] < COMPLETE_MONTHS]
    cells = {"month": COMPLETE_MONTHS, "channel": len(CHANNELS), "region": len(REGIONS)}
    net = totals(complete, cells)
    parts = [_by_region(rng, net, kind, _rates_of(kind)) for kind in _DIRECT_RATES["visit"]]
    parts.append(_rebates(rng, complete, partners))
    for kind, rate in _ALLOCATED_RATES.items():
        flat = np.full(len(CHANNELS), rate)
        parts.append(_by_region(rng, net, kind, flat).assign(is_allocated=True))
    costs = pd.concat(parts, ignore_index=True).sort_values("month", kind="stable")
    month = costs["month"].to_numpy()
    return pd.DataFrame(
        {
            "cost_id": label("K", np.arange(len(costs)), 6),
            "month": month_start(month),
            "cost_type": costs["cost_type"].to_numpy(),
            "amount": costs["amount"].to_numpy(),
            "is_allocated": costs["is_allocated"].to_numpy(),
            "channel_type": named(CHANNEL_NAMES, costs["channel"].to_numpy()),
            "region": named(REGIONS, costs["region"].to_numpy()),
            "partner_id": label("P", costs["partner"].to_numpy(), 5),
            "known_at": month_start(month + 1) + 9,
        }
    )


def receivables_table(rng: Rng, ledger: pd.DataFrame, partners: pd.DataFrame) -> pd.DataFrame:
    """The contract's receivables: a partner's orders of a month on one invoice at its end."""
    orders = ledger[(ledger["kind"] == ORDER) & (ledger["partner"] >= 0)]
    orders = orders[orders["month"] < COMPLETE_MONTHS]
    amount = totals(orders, {"month": COMPLETE_MONTHS, "partner": PARTNERS})
    month, partner = np.nonzero(amount)
    invoiced = np.cumsum(_days_in(np.arange(COMPLETE_MONTHS)))[month] - 1
    due = invoiced + _CREDIT_DAYS
    paid, written_off = _settlement(rng, partners, partner, due)
    return pd.DataFrame(
        {
            "invoice_id": label("IV", np.arange(len(month)), 6),
            "invoice_date": date_of(invoiced),
            "due_date": date_of(due),
            "paid_date": date_of(paid),
            "written_off_date": date_of(written_off),
            "amount": amount[month, partner],
            "partner_id": label("P", partner, 5),
            "channel_type": named(CHANNEL_NAMES, partners["channel"].to_numpy()[partner]),
            "region": named(REGIONS, partners["region"].to_numpy()[partner]),
        }
    )


def _rates_of(kind: str) -> Floats:
    return np.array([_DIRECT_RATES[name].get(kind, 0.0) for name in CHANNEL_NAMES])


def _by_region(rng: Rng, net: Ints, kind: str, rates: Floats) -> pd.DataFrame:
    """A cost in each month, channel type and region that sold: its rate, give or take a tenth."""
    amount = cents(net * rates[:, None] * between(rng, 0.9, 1.1, net.shape))
    month, channel, region = np.nonzero(amount > 0)
    return pd.DataFrame(
        {
            "month": month,
            "channel": channel,
            "region": region,
            "partner": -1,
            "cost_type": kind,
            "amount": amount[month, channel, region],
            "is_allocated": False,
        }
    )


def _rebates(rng: Rng, ledger: pd.DataFrame, partners: pd.DataFrame) -> pd.DataFrame:
    own = ledger[ledger["channel"].isin(INDIRECT)]
    net = totals(own, {"month": COMPLETE_MONTHS, "partner": PARTNERS})
    channel = partners["channel"].to_numpy()
    rate = np.array([_REBATE_RATES.get(name, 0.0) for name in CHANNEL_NAMES])[channel]
    amount = cents(net * rate * between(rng, 0.8, 1.2, net.shape))
    month, partner = np.nonzero(amount > 0)
    return pd.DataFrame(
        {
            "month": month,
            "channel": channel[partner],
            "region": partners["region"].to_numpy()[partner],
            "partner": partner,
            "cost_type": "rebate",
            "amount": amount[month, partner],
            "is_allocated": False,
        }
    )


def _days_in(month: Ints) -> Ints:
    return (month_start(month + 1) - month_start(month)).astype(np.int64)


def _settlement(rng: Rng, partners: pd.DataFrame, partner: Ints, due: Ints) -> tuple[Ints, Ints]:
    """Days of payment and of writing off; who fails leaves the last invoices unpaid."""
    count = len(due)
    is_late = happens(rng, 0.03 + partners["tardiness"].to_numpy()[partner], count)
    delay = np.where(is_late, rng.integers(5, 75, count), -rng.integers(0, 12, count))
    failed = (partners["reason"] == "failure").to_numpy()[partner]
    unpaid = failed & (due > partners["exit"].to_numpy()[partner] - 30)
    paid = np.where(unpaid | (due + delay >= DAYS), NEVER, due + delay)
    written_off = np.where(unpaid & (due + 150 < DAYS), due + 150, NEVER)
    return paid, written_off
