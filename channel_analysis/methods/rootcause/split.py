"""Ratios: how far a change comes from rates within parts, from their weights, and from new and lost parts."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

TERMS = ("within", "mix", "new", "lost")
"""What the change of a ratio is split into."""


def ratio_split(
    frame: pd.DataFrame,
    entity: str,
    before: tuple[str, str] = ("numerator_before", "denominator_before"),
    now: tuple[str, str] = ("numerator", "denominator"),
) -> pd.DataFrame:
    """Split the change of a ratio of sums over its parts.

    A part's weight is its share of the denominator, its rate its own ratio. Rates are measured from
    the average of the two totals, so that a part with an average rate moves nothing by growing:
    within = mean weight x change of rate; mix = change of weight x (mean rate - average); new and
    lost parts count with weight x (rate - average). A numerator without a denominator counts as it is.

    Parameters
    ----------
    frame : DataFrame
        One row per part (equal names are added up).
    before, now : pairs of column names
        Numerator and denominator of each period; missing counts as 0.

    Returns
    -------
    DataFrame
        entity, weight_before, weight, rate_before, rate, `TERMS`, entry ("continuing", "new",
        "lost"), amount. The amounts add up to the change of the ratio; all are NaN where a total
        denominator is 0. Swapped periods change every sign (new and lost change places).

    References
    ----------
    Bennet, T. L. (1920), The theory of measurement of changes in cost of living, JRSS 83, 455-462;
    entry and exit: Griliches, Z. and Regev, H. (1995), Journal of Econometrics 65, 175-203.

    Examples
    --------
    >>> rows = pd.DataFrame({"part": ["a", "b"], "n0": [10, 10], "d0": [100, 50]})
    >>> found = ratio_split(rows.assign(n1=[15, 5], d1=[150, 25]), "part", ("n0", "d0"), ("n1", "d1"))
    >>> found["within"].tolist(), round(float(found["mix"].sum()), 6)
    ([0.0, 0.0], -0.019048)
    """
    columns = [*before, *now]
    sums = frame[columns].astype(float).fillna(0.0).groupby(frame[entity], sort=True).sum()
    n0, d0, n1, d1 = (sums[column].to_numpy() for column in columns)
    total0, total1 = d0.sum(), d1.sum()
    if not (total0 and total1):
        total0 = total1 = np.nan
    average = (n0.sum() / total0 + n1.sum() / total1) / 2
    w0, w1 = d0 / total0, d1 / total1
    r0, r1 = _rate(n0, d0), _rate(n1, d1)
    amount = (n1 / total1 - w1 * average) - (n0 / total0 - w0 * average)
    both = (d0 != 0) & (d1 != 0)
    entry = _entry(n0, d0, n1, d1)
    within = np.where(both, (w0 + w1) / 2 * (r1 - r0), 0.0)
    mix = np.where(both, (w1 - w0) * ((r0 + r1) / 2 - average), 0.0)
    within = np.where(~both & (entry == "continuing"), amount, within)
    return pd.DataFrame(
        {
            entity: sums.index.to_numpy(),
            "weight_before": w0,
            "weight": w1,
            "rate_before": r0,
            "rate": r1,
            "within": np.where(np.isnan(amount), np.nan, within),
            "mix": np.where(np.isnan(amount), np.nan, mix),
            "new": np.where(entry == "new", amount, amount * 0.0),
            "lost": np.where(entry == "lost", amount, amount * 0.0),
            "entry": entry,
            "amount": amount,
        }
    )


def _rate(numerator: NDArray[np.float64], denominator: NDArray[np.float64]) -> NDArray[np.float64]:
    found = np.full(len(numerator), np.nan)
    return np.divide(numerator, denominator, out=found, where=denominator != 0)


def _entry(
    n0: NDArray[np.float64], d0: NDArray[np.float64], n1: NDArray[np.float64], d1: NDArray[np.float64]
) -> NDArray[np.object_]:
    """By denominators; of parts that never had one by numerators."""
    never = (d0 == 0) & (d1 == 0)
    old = np.where(never, n0 != 0, d0 != 0)
    young = np.where(never, n1 != 0, d1 != 0)
    return np.where(young & ~old, "new", np.where(old & ~young, "lost", "continuing")).astype(object)
