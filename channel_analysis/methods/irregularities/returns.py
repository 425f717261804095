"""Goods that come back after a period's end: by partner, and orders that came back as a whole."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ...contracts.policy import Irregularities
from .candidates import Outcome, by_buyer, candidates, not_tested, peer_groups
from .odds import beta_binomial_tail, honest_among, honest_rate

POOLED = 4
"""Ends of periods taken together: a few orders each, but who does this does it again."""

_KIND = ["of_partner", "line_count"]

_LEAST_ODDS = 0.001
"""With so few orders that even all of them coming back is likelier than this there is no test."""


def late_returns(period: str, returns: pd.DataFrame, others: pd.DataFrame, policy: Irregularities) -> Outcome:
    """Partners of whose orders at periods' ends too many came back, in large part, right after.

    Counted are the ends of the last four periods, of which the last must hold a return. What is usual
    is told by orders outside the last days: those of the peers, and the partner's own where more of
    them come back. So what happens at periods' ends, honest or not, does not set its own measure.

    Parameters
    ----------
    period : str
        Code of the period whose end comes last.
    returns, others : DataFrame
        As `metrics.irregular.loads.late_returns` and `other_returns` give them; the lowest window of
        `returns` is the last.
    """
    if not len(returns) or not len(others):
        return not_tested("late_returns", "test", reason="few_peers")
    table = _pooled(returns)
    own = others.set_index("partner_id")[["orders", "returned_orders"]].reindex(table["partner_id"])
    group = peer_groups(pd.concat([table["channel_type"], others["channel_type"]]), policy.minimum_peers)
    of_table, of_others = group.iloc[: len(table)], group.iloc[len(table) :]
    parts = [
        _against(table[of_table == name], own[(of_table == name).to_numpy()], others[of_others == name])
        for name in sorted(of_table.unique())
        if (of_others == name).sum() >= policy.minimum_peers
    ]
    table = pd.concat(parts) if parts else table.iloc[:0].assign(least=1.0)
    enough = table["least"] <= _LEAST_ODDS
    if not enough.any():
        return not_tested("late_returns", "test", reason="few_peers")
    found = table[enough].copy()
    found["p_value"] = found["p_value"].where(found["last_count"] > 0, 1.0)
    renamed = found.rename(columns={"returned_orders": "count", "orders": "total"})
    observed = renamed["count"] / renamed["total"]
    made = candidates("late_returns", period, renamed, money=found["last_amount"], observed=observed)
    return Outcome("late_returns", "test", made, tested=len(found), too_few=int((~enough).sum()))


def _pooled(returns: pd.DataFrame) -> pd.DataFrame:
    """Per partner the last ends together, with count, amount and days of the very last."""
    last = int(returns["window"].min())
    now = returns[returns["window"] < last + POOLED].groupby("partner_id", sort=True)
    table = now.agg(channel_type=("channel_type", "min"), orders=("orders", "sum"),
                    returned_orders=("returned_orders", "sum"))  # fmt: skip
    newest = returns[returns["window"] == last].set_index("partner_id").reindex(table.index)
    table["last_count"] = newest["returned_orders"].fillna(0)
    table["last_amount"] = newest["returned_amount"].fillna(0.0)
    table[["first_day", "last_day"]] = newest[["first_day", "last_day"]]
    return table.reset_index()


def _against(table: pd.DataFrame, own: pd.DataFrame, others: pd.DataFrame) -> pd.DataFrame:
    """The odds of what came back, and the least odds there could be, at the usual rate of peers and own."""
    mean, spread = honest_rate(
        others["returned_orders"].to_numpy(dtype=float), others["orders"].to_numpy(dtype=float)
    )
    mean, spread = max(mean, 1 / others["orders"].sum()), max(spread, 0.01)
    weight = 1 / spread - 1
    before = own.fillna(0.0)
    rate = (before["returned_orders"].to_numpy() + mean * weight) / (before["orders"].to_numpy() + weight)
    expected = np.maximum(rate, mean)
    k, n = (table[name].to_numpy(dtype=float) for name in ("returned_orders", "orders"))
    return table.assign(
        p_value=beta_binomial_tail(k, n, expected, spread),
        least=beta_binomial_tail(n, n, expected, spread),
        expected=expected,
        peers=len(others) - 1,
    )


def ghost_orders(period: str, orders: pd.DataFrame, counts: pd.DataFrame, policy: Irregularities) -> Outcome:
    """Orders of a period's last days that came back whole or were left unpaid, where others hardly ever are.

    How often orders of the same kind (of a partner or not, number of lines) placed at other times share
    that fate says how many
    of these are honest; their share among those found is the rate of false discovery of each. One
    candidate per buyer.

    Parameters
    ----------
    period : str
        Code of the period whose last days they are.
    orders, counts : DataFrame
        As `metrics.irregular.ghosts` gives them.
    """
    fates = {"whole": "orders", "unpaid": "billed"}
    usual = pd.concat({fate: _usual(counts, fate, base) for fate, base in fates.items()})
    usual["q_value"] = honest_among(
        usual["late"].to_numpy(dtype=float),
        usual["other"].to_numpy(dtype=float),
        usual["exposure"].to_numpy(dtype=float),
        policy.false_discovery_rate,
    )
    named = pd.MultiIndex.from_frame(orders[["fate", *_KIND]])
    known = usual.reindex(named)
    wanted = ("q_value", "expected", "total")
    made = orders.assign(**{name: known[name].to_numpy(dtype=float) for name in wanted})
    table = by_buyer(made, expected=("expected", "max"), total=("total", "max"))
    found = table[
        (table["q_value"] <= policy.false_discovery_rate) & (table["money"] >= policy.material_amount)
    ]
    tested = int(counts.loc[counts["is_late"], "orders"].sum())
    return Outcome("ghost_orders", "fact", candidates("ghost_orders", period, found), tested)


def _usual(counts: pd.DataFrame, fate: str, base: str) -> pd.DataFrame:
    """By kind of order: how many share a fate in the last days and at other times, and of how many."""
    late = counts[counts["is_late"]].set_index(_KIND)[[fate, base]].astype(float)
    other = counts[~counts["is_late"]].set_index(_KIND)[[fate, base]].astype(float)
    other = other.reindex(late.index).fillna(0.0)
    whole = other[base].clip(lower=1)
    return pd.DataFrame(
        {
            "late": late[fate],
            "other": other[fate],
            "exposure": late[base] / whole,
            "expected": other[fate] / whole,
            "total": late[base],
        }
    )
