"""First digits, where amounts are of the kind that follows Benford's law and colleagues' do."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import chdtrc

from ...contracts.policy import Irregularities
from .candidates import Outcome, candidates, not_tested

EXPECTED = np.log10(1 + 1 / np.arange(1, 10))
"""Benford's shares of the digits 1 to 9."""

LEAST_ORDERS, LEAST_DECADES, LEAST_SHARE = 1_000, 3, 0.05
CONFORMS = 0.012
"""Mean absolute deviation of shares up to which amounts follow the law acceptably.

Nigrini, M. (2012). Benford's Law, table 7.1.
"""


def first_digits(period: str, digits: pd.DataFrame, policy: Irregularities) -> Outcome:
    """Reps whose amounts leave Benford's law although colleagues follow it.

    Tested are reps with 1,000 orders and more whose amounts span three decades (5 % of the orders in
    each), and only where the usual shares (medians over three such reps or more) conform. The chi-square
    is divided by the colleagues' median over its own, so that honest departures common to all do not
    count.

    Parameters
    ----------
    period : str
        Code of the period.
    digits : DataFrame
        As `metrics.irregular.digits` counts them, of the period and those before.
    """
    counts = digits.pivot_table(index="rep_id", columns="digit", values="orders", aggfunc="sum", fill_value=0)
    counts = counts.reindex(columns=range(1, 10), fill_value=0)
    total = counts.sum(axis=1)
    by_decade = digits.groupby(["rep_id", "decade"])["orders"].sum().unstack(fill_value=0)
    decades = (by_decade.div(total, axis=0) >= LEAST_SHARE).sum(axis=1)
    fit = (total >= LEAST_ORDERS) & (decades >= LEAST_DECADES)
    if not fit.any():
        return not_tested("first_digits", "test", reason="benford_amounts")
    usual = counts[fit].div(total[fit], axis=0).median().to_numpy()
    if fit.sum() < 3 or np.abs(usual - EXPECTED).mean() > CONFORMS:
        return not_tested("first_digits", "test", reason="benford_peers")
    own, n = counts[fit].to_numpy(dtype=float), total[fit].to_numpy(dtype=float)[:, None]
    square = ((own - n * EXPECTED) ** 2 / (n * EXPECTED)).sum(axis=1)
    odds = chdtrc(8, square / max(1.0, float(np.median(square)) / 7.344))
    off = np.abs(own / n - EXPECTED).mean(axis=1)
    money = digits[digits["rep_id"].isin(counts.index[fit])].groupby("rep_id")["amount"].sum() * off
    found = pd.DataFrame(
        {"rep_id": counts.index[fit], "p_value": odds, "money": money.to_numpy(), "observed": off,
         "expected": float(np.abs(usual - EXPECTED).mean()), "count": n[:, 0], "total": n[:, 0],
         "peers": len(own) - 1}
    )  # fmt: skip
    made = candidates("first_digits", period, found)
    return Outcome("first_digits", "test", made, len(found), int((~fit).sum()))
