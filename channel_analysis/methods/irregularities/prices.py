"""Facts of price: sold below the floor, discounted beyond authority."""

from __future__ import annotations

import pandas as pd

from .candidates import Outcome, candidates, not_tested

_IN_FORCE = 0.25
"""A limit that a larger share of all lines breaks is not the one people work by."""


def price_case(rule: str, period: str, lines: pd.DataFrame, material: float, by: str) -> Outcome:
    """One candidate per partner (or rep) whose lines break a limit of price.

    A fact needs no test: the limit is known. Less money than `material` is left out.

    Parameters
    ----------
    rule : str
        "price_below_floor" or "discount_over_authority".
    period : str
        Code of the period.
    lines : DataFrame
        As `metrics.irregular.prices` counts them.
    material : float
        Least money of a candidate, in the workspace's currency.
    by : str
        "partner_id": who got the price, "rep_id": who gave it; lines that name none go by the other.
    """
    if lines["found"].sum() > _IN_FORCE * lines["line_count"].sum():
        return not_tested(rule, "fact", reason="limit_not_in_force")
    other = "rep_id" if by == "partner_id" else "partner_id"
    named = lines.assign(**{other: lines[other].where(lines[by].isna(), None)})
    keys = ["rep_id", "partner_id"]
    whole = named.groupby(keys, dropna=False, sort=True)
    sums = whole[["line_count", "found", "orders", "money"]].sum()
    days = whole.agg(first_day=("first_day", _first), last_day=("last_day", _last))
    table = sums.join(days).reset_index()
    table[keys] = table[keys].astype(object).where(table[keys].notna(), None)
    found = table[(table["found"] > 0) & (table["money"] >= material)]
    renamed = found.drop(columns="orders").rename(columns={"found": "count", "line_count": "total"})
    observed = renamed["count"] / renamed["total"]
    made = candidates(rule, period, renamed, q_value=0.0, observed=observed, expected=0.0)
    return Outcome(rule, "fact", made, tested=int((table["line_count"] > 0).sum()))


def _first(days: pd.Series) -> object:
    given = days.dropna()
    return min(given) if len(given) else None


def _last(days: pd.Series) -> object:
    given = days.dropna()
    return max(given) if len(given) else None
