"""Target quality told from people: the views, the conduct beside them, and one row per rep."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import ndtri

from ...contracts.appraisal import SalesForce
from .verdicts import TARGET_COLUMNS, View, judge, view_of
from .yardstick import Yardstick, by_history, by_peers, logs, median_of_others, spread_of

_LEAST_CLOSED = 10
"""Leads closed in a year from which the share won says something."""


def target_quality(
    reps: pd.DataFrame,
    attainment: tuple[pd.DataFrame, pd.DataFrame],
    territories: pd.DataFrame,
    potential: pd.DataFrame,
    conduct: pd.DataFrame,
    shifts: pd.DataFrame,
    year: int,
    policy: SalesForce,
) -> pd.DataFrame:
    """For every rep what the territory lets expect, and whether target or person explains the attainment.

    Parameters
    ----------
    reps : DataFrame
        As `roles.reps_of` gives them.
    attainment : tuple of DataFrame
        As `roles.attained` gives it, for the period and for the year that ends with it.
    territories : DataFrame
        By rep, a column per period number: sales of today's territory (currency).
    potential : DataFrame
        By rep, a column per kind of potential, over the year; may be without columns.
    conduct : DataFrame
        By rep over the year: done (visits), days (in role), won, closed (leads); any may be missing.
    shifts : DataFrame
        As `yardstick.shifts_of` gives them.
    year : int
        Periods in a year.

    Returns
    -------
    DataFrame
        `TARGET_COLUMNS`; see `verdicts.judge`. `expected` is what the territory lets expect in the
        period (currency), by the yardstick that `basis` names; `expected_low` to `expected_high`
        hold the policy's certainty.
    """
    now, long = (frame.reindex(reps.index) for frame in attainment)
    seasoned = ~reps["is_newcomer"] & ~reps["is_short"]
    group = reps["group"].where(seasoned)
    is_whole = seasoned & (long["periods"] >= year)
    sold, asked = (long[name].where(is_whole) for name in ("actual", "target"))
    peers = by_peers(sold, potential.reindex(reps.index), group)
    history = by_history(_own(territories, now, reps).where(seasoned), group, shifts, year)
    views = (
        view_of(sold, asked, peers, group),
        view_of(now["actual"].where(seasoned), now["target"].where(seasoned), history, group),
    )
    habits = _habits(conduct.reindex(reps.index), group)
    known = reps.assign(actual=now["actual"], target=now["target"])
    earlier = (long["actual"] - now["actual"]) / (long["target"] - now["target"])
    known["was_on_target"] = (earlier - 1).abs() <= policy.fair_band
    judged = judge(known, *views, habits, policy)
    season = median_of_others(logs(now["actual"]) - logs(sold), group)
    measures = {"peers": Yardstick(peers.expected + season, peers.spread), "history": history}
    return _table(known, judged, views[0], measures, habits, policy)


def _own(territories: pd.DataFrame, now: pd.DataFrame, reps: pd.DataFrame) -> pd.DataFrame:
    """Territories' sales; left out where the rep's sales are not those of the territory (it is shared)."""
    sales = territories.reindex(reps.index)
    if 0 not in sales:
        return sales.reindex(columns=[0])
    ratio = now["actual"].fillna(sales[0]) / sales[0].where(sales[0] > 0)
    return sales.where((ratio > 0.8) & (ratio < 1.25))


def _habits(conduct: pd.DataFrame, group: pd.Series) -> pd.DataFrame:
    """Visits done a day and share of leads won: log ratio to the median of the others, and spread."""
    found = pd.DataFrame(index=conduct.index)
    if {"done", "days"} <= set(conduct.columns):
        often = logs(conduct["done"]) - logs(conduct["days"])
        found["visits"] = (often - median_of_others(often, group)).where(group.notna())
        found["visits_spread"] = spread_of(found["visits"], group)
    if {"won", "closed"} <= set(conduct.columns):
        closed = conduct["closed"].where(conduct["closed"] >= _LEAST_CLOSED)
        rate = (conduct["won"] + 0.5) / (closed + 1)
        won = logs(rate)
        found["leads"] = (won - median_of_others(won, group)).where(group.notna())
        chance = np.sqrt((1 - rate) / (rate * closed))
        found["leads_spread"] = np.maximum(spread_of(found["leads"], group), chance)
    return found


def _table(
    reps: pd.DataFrame,
    judged: pd.DataFrame,
    year: View,
    measures: dict[str, Yardstick],
    habits: pd.DataFrame,
    policy: SalesForce,
) -> pd.DataFrame:
    """The columns a reader sees, by the yardstick of the verdict."""
    basis = judged["basis"]
    expected, spread = (
        measures["peers"].expected.where(basis == "peers"),
        measures["peers"].spread.where(basis == "peers"),
    )
    use = (basis == "history") & measures["history"].expected.notna()
    expected = expected.where(~use, measures["history"].expected)
    spread = spread.where(~use, measures["history"].spread)
    performance, asked = logs(reps["actual"]) - expected, expected - logs(reps["target"])
    reach = float(ndtri((1 + policy.certainty) / 2))
    off = habits.get("visits", pd.Series(np.nan, index=reps.index))
    found = judged.assign(
        actual=reps["actual"],
        target=reps["target"],
        expected=np.exp(expected),
        expected_low=np.exp(expected - reach * spread),
        expected_high=np.exp(expected + reach * spread),
        performance_log=performance,
        target_log=asked,
        performance_share=np.expm1(performance),
        target_gap_share=np.expm1(-asked),
        year_attainment=np.exp(year.attainment),
        year_performance_share=np.expm1(year.performance),
        year_target_gap_share=np.expm1(-year.target),
        conduct_share=np.expm1(off),
    )
    return found.rename_axis("rep_id").reset_index()[TARGET_COLUMNS]
