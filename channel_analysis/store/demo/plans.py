"""What was to be reached and how large the market is: targets and market of the example company."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .company import CATEGORIES, CHANNEL_NAMES, CHANNELS, PRODUCT_CATEGORY, REGIONS
from .draw import Floats, Ints, Rng, between, label, named, totals
from .parties import PARTNERS, REPS
from .season import COMPLETE_MONTHS, QUARTERS, date_of, month_start

_THOUSAND = 100_000
_OWN_SHARE_DRIFT = {"livestream": 0.3, "retailer": -0.15}


def targets_table(rng: Rng, ledger: pd.DataFrame, partners: pd.DataFrame) -> pd.DataFrame:
    """The contract's targets by channel type, rep and partner, the quarter now running included."""
    by_channel = _targets(rng, ledger, "channel", len(CHANNELS), (0.85, 1.12))
    by_rep = _targets(rng, ledger, "rep", REPS, (0.80, 1.15))
    by_partner = _targets(rng, ledger, "partner", PARTNERS, (0.80, 1.15))
    by_rep["window_end"] = np.datetime64("NaT")
    ends = date_of(partners["exit"].to_numpy())[by_partner["code"]]
    by_partner = by_partner[~(by_partner["window_start"] >= ends)]
    channel, rep, partner = (part.pop("code").to_numpy() for part in (by_channel, by_rep, by_partner))
    parts = (
        by_channel.assign(level="channel_type", channel_type=named(CHANNEL_NAMES, channel)),
        by_rep.assign(level="rep", rep_id=label("S", rep, 3)),
        by_partner.assign(level="partner", partner_id=label("P", partner, 5)),
    )
    targets = pd.concat(parts, ignore_index=True)
    return targets.assign(target_id=label("T", np.arange(len(targets)), 5))


def market_table(rng: Rng, ledger: pd.DataFrame) -> pd.DataFrame:
    """The contract's market: our mean month in a cell, moved with its channel, over our share."""
    cells = {"month": COMPLETE_MONTHS, "channel": len(CHANNELS), "region": len(REGIONS)}
    complete = ledger[ledger["month"] < COMPLETE_MONTHS]
    complete = complete.assign(category=PRODUCT_CATEGORY[complete["product"]])
    ours = totals(complete, {**cells, "category": len(CATEGORIES)})
    mean = np.maximum(ours.sum(axis=0) / COMPLETE_MONTHS, _THOUSAND)
    of_channel = ours.sum(axis=(2, 3))
    pulse = of_channel / (of_channel.sum(axis=0) / COMPLETE_MONTHS)
    share = between(rng, 0.055, 0.105, mean.shape)
    market = mean / share * (pulse / _share_drift())[:, :, None, None]
    market = market * between(rng, 0.95, 1.05, market.shape)
    rival = market * between(rng, 0.12, 0.24, market.shape)
    month, channel, region, category = (axis.ravel() for axis in np.indices(market.shape))
    return pd.DataFrame(
        {
            "market_id": label("M", np.arange(market.size), 5),
            "month": month_start(month),
            "region": named(REGIONS, region),
            "channel_type": named(CHANNEL_NAMES, channel),
            "category": named(CATEGORIES, category),
            "market_amount": _to_thousands(market.ravel()),
            "rival_amount": _to_thousands(rival.ravel()),
            "source": "industry panel",
            "known_at": month_start(month + 1) + 19,
        }
    )


def _targets(
    rng: Rng, ledger: pd.DataFrame, scope: str, count: int, attainment: tuple[float, float]
) -> pd.DataFrame:
    """A target for each quarter with sales, such that actual / target falls within `attainment`."""
    own = ledger[ledger[scope] >= 0]
    actual = totals(own, {scope: count, "quarter": QUARTERS})
    basis = actual / between(rng, *attainment, actual.shape)
    last_year, last = actual[:, QUARTERS - 5], actual[:, QUARTERS - 2]
    growth = np.clip(last / np.maximum(last_year, 1), 1.02, 1.6)
    basis[:, -1] = np.where(last_year > 0, last_year * growth, last * 1.1) * (last > 0)
    code, quarter = np.nonzero(basis > 0)
    start = month_start(quarter * 3)
    return pd.DataFrame(
        {
            "code": code,
            "window_start": start,
            "window_end": month_start(quarter * 3 + 3),
            "target_amount": _to_thousands(basis[code, quarter]),
            "known_at": start - 10,
        }
    )


def _share_drift() -> Floats:
    """How our share moves over the months, by channel type: 1 in the middle."""
    slope = np.array([_OWN_SHARE_DRIFT.get(name, 0.0) for name in CHANNEL_NAMES])
    return 1 + slope * (np.arange(COMPLETE_MONTHS)[:, None] / (COMPLETE_MONTHS - 1) - 0.5)


def _to_thousands(amount: Floats) -> Ints:
    return np.maximum(np.rint(amount / _THOUSAND), 1).astype(np.int64) * _THOUSAND
