"""Loads at the end of a period: against own history and peers, together with stock, payments and returns."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from ...contracts.policy import Irregularities
from .candidates import Outcome, candidates, not_tested, peer_groups
from .odds import load_tail, normal_tail, scores_of, tempered

_BASE = 3
"""Earlier periods that, with the present one, tell how much a partner buys a day."""

_SHRINK = 4.0
"""Weight of the peers' push at period ends against a partner's own, in periods."""

_MOST_PUSH = 2.0
"""A habit explains at most so many times the peers' push: who loads every quarter is not excused."""

_LEAST_SPREAD = 0.05
"""Variance of honest loads over their squared expectation, beyond that of the orders."""

POOLED = 4
"""Ends of periods taken together: a few orders each, but who loads does so again."""

_LOWEST_SCORE, _MOST_SCORE = -2.0, 6.0
"""No load speaks more against or for than so many standard deviations."""

COMPANIONS = ("stock", "payment", "returns")
"""Signs that goods were loaded and not needed."""


def stuffing(
    period: str,
    loads: pd.DataFrame,
    days: Mapping[int, tuple[int, int]],
    signs: Mapping[str, pd.DataFrame],
    policy: Irregularities,
) -> Outcome:
    """Partners loaded in the last days of the period with goods that then lie, are not paid or come back.

    A load is measured against what the partner buys a day, times the push its type shows in the last
    days of the same period, times its own push in earlier periods (shrunk, and at most twice its
    type's). Its odds and those of its companions (stock, overdue, returns; each against own history
    and peers) are added as normal scores, for the period alone and over the last four (the lower odds
    of the two count, twice). How large such sums are among all peers settles the odds, so that what
    honest loads and stocks have in common is allowed for. The load alone is not enough: a candidate
    has odds of 1 unless in the period itself the load and at least one companion are unusual, by the
    policy's level.

    Parameters
    ----------
    period : str
        Code of the period.
    loads : DataFrame
        As `metrics.irregular.loads.end_loads` gives them; window 0 is tested.
    days : mapping of int to tuple
        Days before the last days, and last days, of each window.
    signs : mapping of str to DataFrame
        partner_id, window and value of each companion (`COMPANIONS`) that can be looked at; the higher the
        more it speaks.
    policy : Irregularities
    """
    if not signs:
        return not_tested("stuffing", "test", reason="no_companion")
    table = _expected(loads, days)
    table["load_odds"] = load_tail(
        table["late_amount"].to_numpy(), table["expected"].to_numpy(), table["variance"].to_numpy()
    )
    now = table["window"] == 0
    known = now & table["load_odds"].notna() & (table["earlier"] > 0)
    known &= table["orders"] + table["earlier"] >= policy.minimum_orders
    if known.sum() < policy.minimum_peers:
        return not_tested("stuffing", "test", reason="few_peers")
    group = peer_groups(table["channel_type"], policy.minimum_peers * 2)
    scores = _companion_scores(table, signs, group)
    found = table[known].copy()
    found["p_value"] = _pooled_odds(table, scores, group)[known]
    found["peers"] = group[known].map(group[known].value_counts()) - 1
    found = _with_companions(found, scores[known], policy.companion_level)
    renamed = found.rename(columns={"late_orders": "count", "orders": "total", "expected": "usual"})
    made = candidates(
        "stuffing",
        period,
        renamed,
        money=(found["late_amount"] - found["expected"]).clip(lower=0),
        observed=found["late_amount"] / found["amount"],
        expected=(found["expected"] / found["amount"]).clip(upper=1.0),
    )
    return Outcome("stuffing", "test", made, tested=len(found), too_few=int((now & ~known).sum()))


def _companion_scores(
    table: pd.DataFrame, signs: Mapping[str, pd.DataFrame], group: pd.Series
) -> pd.DataFrame:
    """Per partner and window (rows of `table`) a normal score of each companion, NaN where unknown."""
    named = pd.MultiIndex.from_frame(table[["partner_id", "window"]])
    scores = {}
    for name in COMPANIONS:
        if name in signs:
            values = signs[name].set_index(["partner_id", "window"])["value"].reindex(named)
            own = pd.Series(values.to_numpy(dtype=float), index=table.index)
            scores[name] = _rise_scores(own, table, group)
        else:
            scores[name] = pd.Series(np.nan, index=table.index)
    return pd.DataFrame(scores)


def _rise_scores(values: pd.Series, table: pd.DataFrame, group: pd.Series) -> pd.Series:
    """How high a value stands among peers of the same window, and above the partner's own lower quartile.

    The lower quartile, for who does it often has no honest median. Both distances are added and ranked
    among all peers and windows; the rank is given as a normal score.
    """
    by_partner = values.groupby(table["partner_id"])
    rise = values - table["partner_id"].map(by_partner.quantile(0.25))
    rise = rise.where(by_partner.transform("count") > 2)
    both = _spreads(values, table, group) + _spreads(rise, table, group).fillna(0.0)
    by = both.groupby(group)
    return scores_from(1 - (by.rank() - 0.5) / by.transform("count"))


def _spreads(values: pd.Series, table: pd.DataFrame, group: pd.Series) -> pd.Series:
    """Distances from the peers' median of the window, in units of the upper spread of all windows."""
    centred = values - values.groupby([group, table["window"]]).transform("median")
    upper = group.map(centred.groupby(group).quantile(0.8))
    return (
        (centred / upper.where(upper > 0)).clip(-_MOST_SCORE, _MOST_SCORE).where(upper > 0, np.sign(centred))
    )


def _pooled_odds(table: pd.DataFrame, scores: pd.DataFrame, group: pd.Series) -> pd.Series:
    """Odds of the scores of load and companions, of the period and of the last ones added, among all peers'.

    The lower of the two counts, twice. Paying on time speaks neither for nor against a load; unknown
    scores take no part.
    """
    load = scores_from(table["load_odds"].fillna(1.0)).clip(_LOWEST_SCORE, _MOST_SCORE)
    parts = scores.assign(load=load, payment=scores["payment"].clip(lower=0.0))
    counted = parts.drop(columns="payment").notna().sum(axis=1)
    score = parts.sum(axis=1) / np.sqrt(counted)
    now = table["window"] == 0
    recent = table["window"] < POOLED
    by = score[recent].groupby(table.loc[recent, "partner_id"])
    total = table.loc[now, "partner_id"].map(by.sum() / np.sqrt(by.size()))
    lowest = np.minimum(_among_peers(score[now], group[now]), _among_peers(total, group[now]))
    return (2 * lowest).clip(upper=1.0).reindex(table.index)


def _among_peers(score: pd.Series, group: pd.Series) -> pd.Series:
    """Odds of scores, widened by those of their group."""
    odds = pd.Series(np.nan, index=score.index)
    for _, own in score.groupby(group):
        plain = normal_tail(own.to_numpy(dtype=float))
        odds[own.index] = tempered(plain, plain)
    return odds


def _expected(loads: pd.DataFrame, days: Mapping[int, tuple[int, int]]) -> pd.DataFrame:
    """Every partner and window with the load expected of it and the variance of that."""
    table = loads.copy()
    early_days, late_days = (table["window"].map({w: d[i] for w, d in days.items()}) for i in (0, 1))
    table["early"] = table["amount"] - table["late_amount"]
    keys = [table["channel_type"].fillna(""), table["window"]]
    market = table.groupby(keys)["early"].transform("sum")
    table["share"] = (table["early"] / market.where(market > 0)).fillna(0.0)
    wide = table.pivot(index="partner_id", columns="window", values="share").sort_index(axis=1)
    level = wide.copy()
    for window in wide.columns:
        level[window] = wide[[w for w in wide.columns if window <= w <= window + _BASE]].mean(axis=1)
    usual = level.stack().rename("usual")
    table = table.join(usual, on=["partner_id", "window"])
    plain = table["usual"] * market / early_days * late_days
    push = _push(table["late_amount"], plain, keys)
    table["plain"] = plain * push
    table["expected"] = table["plain"] * _own_push(table)
    per_order = table.groupby("partner_id")["early_squares"].transform("sum")
    per_order = per_order / table.groupby("partner_id")["early"].transform("sum").where(lambda v: v > 0)
    table["variance"] = table["expected"] * per_order.fillna(0.0) + _LEAST_SPREAD * table["expected"] ** 2
    return table


def _push(late: pd.Series, plain: pd.Series, keys: list[pd.Series]) -> pd.Series:
    """What the type as a whole bought in the last days, over what its daily rate says; outliers trimmed."""
    ratio = (late / plain.where(plain > 0)).replace([np.inf, -np.inf], np.nan)
    top = ratio.groupby(keys).transform(lambda r: r.quantile(0.95))
    kept = (ratio <= top).astype(float)
    over = (late * kept).groupby(keys).transform("sum")
    under = (plain.fillna(0.0) * kept).groupby(keys).transform("sum")
    return (over / under.where(under > 0)).fillna(1.0)


def _own_push(table: pd.DataFrame) -> pd.Series:
    """A partner's own push in the windows before each, over its type's; shrunk towards 1."""
    ordered = table.sort_values(["partner_id", "window"], ascending=[True, False])
    by = ordered.groupby("partner_id")
    before = by["late_amount"].cumsum() - ordered["late_amount"]
    usual = by["plain"].cumsum() - ordered["plain"]
    count = by.cumcount()
    table["earlier"] = (by["orders"].cumsum() - ordered["orders"]).reindex(table.index)
    mean = (usual / count.where(count > 0)).fillna(0.0)
    push = (before + _SHRINK * mean) / (usual + _SHRINK * mean).where(lambda v: v > 0)
    return push.fillna(1.0).clip(lower=0.5, upper=_MOST_PUSH).reindex(table.index)


def scores_from(odds: pd.Series) -> pd.Series:
    """Odds as normal scores, row by row."""
    return pd.Series(scores_of(odds.to_numpy(dtype=float)), index=odds.index)


def _with_companions(found: pd.DataFrame, scores: pd.DataFrame, level: float) -> pd.DataFrame:
    """The candidates with the companions that speak and those unknown; odds of 1 where none speaks."""
    speaks, unknown = normal_tail(scores.to_numpy(dtype=float)) <= level, scores.isna().to_numpy()
    names = list(scores)
    found["companions"] = [",".join(n for n, one in zip(names, row, strict=True) if one) for row in speaks]
    found["untested"] = [",".join(n for n, one in zip(names, row, strict=True) if one) for row in unknown]
    speak = pd.Series(speaks.any(axis=1), index=found.index) & (found["load_odds"] <= level)
    found["p_value"] = found["p_value"].where(speak, 1.0)
    return found
