"""Reps whose orders crowd below limits, or whose sales hang on one buyer or few days."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import ndtri, stdtr

from ...contracts.policy import Irregularities
from .candidates import Outcome, candidates, not_tested
from .odds import beta_binomial_tail, honest_rate

POOLED = 4
"""Periods taken together around limits: who cuts orders does so again."""

_FREEDOM = 6
"""Degrees of freedom: honest concentrations have longer tails than a normal distribution."""

_LEAST_COLLEAGUES = 5
"""Reps of a channel type with fewer are compared with all."""

_LEAST_ODDS = 0.001
"""With so few orders near a limit that even all below it is likelier than this there is no test."""

_EVEN = 0.2
"""One band of five: the share just below a limit where orders lie evenly around it."""


def threshold_bunching(period: str, bands: pd.DataFrame, policy: Irregularities) -> Outcome:
    """Reps of whose orders (or discounts) near a limit too many lie just below it.

    Around each limit the band just below is set against the two bands further down and the two
    above. Even orders leave a fifth there; where colleagues leave more, theirs is the measure (a
    limit is also a round figure). Counts of the last four periods are tested by the beta-binomial, which is
    the exact binomial where colleagues do not differ. Of several limits the oddest stands for the
    rep, its odds times their number; the candidate's `companions` names it ("order 50000").

    Parameters
    ----------
    period : str
        Code of the period.
    bands : DataFrame
        As `metrics.irregular.reps` counts them, with `limit_kind` ("order", "discount"); window 0 is tested.
    """
    now = _pooled(bands)
    now["total"] = now["below"] + now["left_count"] + now["right_count"]
    enough = (now["total"] > 0) & (
        beta_binomial_tail(now["total"].to_numpy(float), now["total"].to_numpy(float), _EVEN, 0.0)
        <= _LEAST_ODDS
    )
    if not enough.any():
        return not_tested("threshold_bunching", "test", reason="few_near_limit")
    parts = [_around(own) for _, own in now[enough].groupby(_limit(now[enough]))]
    found = pd.concat(parts).sort_values(["rep_id", "p_value", "limit"], kind="stable")
    tried = found.groupby("rep_id")["p_value"].transform("size")
    worst = found.assign(p_value=(found["p_value"] * tried).clip(upper=1.0)).drop_duplicates("rep_id")
    shares = worst["count"] / worst["total"]
    made = candidates("threshold_bunching", period, worst, observed=shares, companions=worst["limit"])
    return Outcome("threshold_bunching", "test", made, len(made), int((~enough).sum()))


def _pooled(bands: pd.DataFrame) -> pd.DataFrame:
    """Counts of the last periods together, money and days of the last one, for reps with any in it."""
    within = bands[bands["window"] < POOLED]
    keys = ["rep_id", "limit_kind", "limit_amount"]
    sums = within.groupby(keys, sort=True)[["below", "left_count", "right_count"]].sum()
    newest = within[(within["window"] == 0) & (within["below"] > 0)].set_index(keys)
    return sums.join(newest[["money", "first_day", "last_day"]], how="inner").reset_index()


def _limit(bands: pd.DataFrame) -> pd.Series:
    """What is compared: orders at each limit apart, discounts at whatever authority together."""
    return bands["limit_kind"].where(
        bands["limit_kind"] != "order", "order " + bands["limit_amount"].map("{:.0f}".format)
    )


def _around(own: pd.DataFrame) -> pd.DataFrame:
    k, n = own["below"].to_numpy(dtype=float), own["total"].to_numpy(dtype=float)
    mean, spread = honest_rate(k, n) if len(own) > 2 else (_EVEN, 0.0)
    mean = max(mean, _EVEN)
    odds = beta_binomial_tail(k, n, mean, spread)
    money = own["money"] * (1 - mean * own["total"] / own["below"].clip(lower=1)).clip(lower=0)
    return own.assign(
        p_value=odds, expected=mean, peers=len(own) - 1, money=money, count=own["below"], limit=_limit(own)
    )


def rep_concentration(period: str, shares: pd.DataFrame, policy: Irregularities) -> Outcome:
    """Reps whose sales hang on far fewer buyers, or days, than those of colleagues and their own before.

    How many equal buyers (days) would be as concentrated is the inverse of the sum of squared shares.
    Its logarithm, less what the number of orders explains, is measured in robust standard deviations
    of all reps' periods of the channel type, odds by Student's t; the rep's own earlier median counts
    where it is lower than the colleagues'. The smaller of the two odds counts twice.

    Parameters
    ----------
    period : str
        Code of the period.
    shares : DataFrame
        As `metrics.irregular.reps.concentrations` gives them; window 0 is tested.
    """
    known = shares[(shares["orders"] >= policy.minimum_orders) & (shares["amount"] > 0)]
    now = known["window"] == 0
    few = int((shares["window"] == 0).sum()) - int(now.sum())
    if now.sum() < policy.minimum_peers:
        return not_tested("rep_concentration", "test", reason="few_peers")
    sides = {name: _surprise(known, name, policy) for name in ("buyer", "day")}
    odds = pd.DataFrame({name: side["p_value"] for name, side in sides.items()})[now]
    name = odds.idxmin(axis=1)
    found = known[now].copy()
    found["p_value"] = (2 * odds.min(axis=1)).clip(upper=1.0)
    found["companions"] = name
    for column in ("observed", "expected"):
        values = pd.DataFrame({side: frame[column] for side, frame in sides.items()})[now]
        found[column] = values["buyer"].where(name == "buyer", values["day"])
    found["money"] = found["top_amount"] * (1 - found["observed"] / found["expected"]).clip(lower=0)
    is_partner = found["top_is_partner"].fillna(False).astype(bool)
    found["partner_id"] = found["top_buyer"].where(is_partner, None)
    found["customer_id"] = found["top_buyer"].where(~is_partner, None)
    found["peers"] = len(found) - 1
    renamed = found.rename(columns={"orders": "total"}).assign(count=found["buyers"])
    made = candidates("rep_concentration", period, renamed)
    return Outcome("rep_concentration", "test", made, len(found), few)


def _surprise(known: pd.DataFrame, name: str, policy: Irregularities) -> pd.DataFrame:
    """Per row: how many equal buyers or days (`observed`), how many expected, and the odds of so few."""
    number = known["amount"] ** 2 / known[f"{name}_squares"].where(known[f"{name}_squares"] > 0)
    kinds = known["channel_type"].fillna("")
    reps = kinds[known["window"] == 0].value_counts()
    group = kinds.where(kinds.map(reps).fillna(0) >= _LEAST_COLLEAGUES, "*")
    size, level = np.log(known["orders"].astype(float)), np.log(number)
    apart = size - size.groupby(group).transform("median")
    rest = level - level.groupby(group).transform("median")
    rest = rest - _slope(apart, rest) * apart
    past = rest.where(known["window"] > 0).groupby(known["rep_id"]).transform("median")
    rest = rest - past.clip(upper=0).fillna(0.0)
    spread = rest.groupby(group).transform(_lower_spread)
    score = (rest / spread.where(spread > 0)).fillna(0.0)
    odds = stdtr(_FREEDOM, score.to_numpy(dtype=float))
    expected = np.exp(level - rest)
    return pd.DataFrame({"observed": number, "expected": expected, "p_value": odds}, index=known.index)


def _lower_spread(rest: pd.Series) -> float:
    """The standard deviation that the lower tail speaks of, down to where few irregular ones reach."""
    return max(float(rest.quantile(q)) / float(ndtri(q)) for q in (0.05, 0.1, 0.2))


def _slope(x: pd.Series, y: pd.Series) -> float:
    """A slope that outliers do not move: the median of ratios far enough from the middle."""
    far = x.abs() > x.abs().median()
    return float((y[far] / x[far]).median()) if far.any() and x.abs().median() > 0 else 0.0
