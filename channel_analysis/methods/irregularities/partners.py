"""Partners whose goods go elsewhere, and partners of whom nothing but orders is seen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ...contracts.policy import Irregularities
from .candidates import Outcome, candidates, not_tested, peer_groups
from .odds import beta_binomial_tail, honest_rate

_NEIGHBOURS = 50
"""Partners of similar size with whom a partner without traces is compared."""


def diversion(period: str, destinations: pd.DataFrame, policy: Irregularities) -> Outcome:
    """Partners that sell on outside their authorised region more than honest peers of their type.

    The share of reports with a destination elsewhere is compared with a beta-binomial fitted to the
    peers that do not stand out; `destinations` as `metrics.irregular.partners` gives them.
    """
    enough = destinations["reports"] >= policy.minimum_orders
    table = destinations[enough].reset_index(drop=True)
    if len(table) < policy.minimum_peers:
        return not_tested("diversion", "test", reason="few_peers")
    parts = []
    for _, own in table.groupby(peer_groups(table["channel_type"], policy.minimum_peers)):
        k, n = own["outside"].to_numpy(dtype=float), own["reports"].to_numpy(dtype=float)
        mean, spread = honest_rate(k, n)
        odds = beta_binomial_tail(k, n, max(mean, 1 / (n.sum() + 1)), max(spread, 1e-4))
        parts.append(own.assign(p_value=odds, expected=mean, peers=len(own) - 1))
    found = pd.concat(parts)
    money = (found["outside_amount"] - found["expected"] * found["amount"]).clip(lower=0)
    renamed = found.rename(columns={"outside": "count", "reports": "total"})
    made = candidates("diversion", period, renamed, money=money, observed=renamed["count"] / renamed["total"])
    return Outcome("diversion", "test", made, tested=len(found), too_few=int((~enough).sum()))


def ghost_partners(
    period: str, traces: pd.DataFrame, names: Sequence[str], policy: Irregularities
) -> Outcome:
    """Partners that order and leave no other trace, by how improbable that is among partners of their size.

    For each trace (`names`), the share without it is taken among the 50 partners of the type nearest
    in number of orders that are known to be real by another trace. The shares are multiplied, for
    traces that fail independently; a partner with any trace has odds of 1.

    Parameters
    ----------
    period : str
        Code of the period.
    traces : DataFrame
        As `metrics.irregular.partners.traces` gives them.
    names : sequence of str
        Columns of traces that could be looked at; two at least are needed.
    """
    if len(names) < 2:
        return not_tested("ghost_partner", "test", reason="few_traces")
    enough = (traces["orders"] >= policy.minimum_orders) & (traces["amount_now"] > 0)
    if (traces["orders"] >= policy.minimum_orders).sum() < policy.minimum_peers:
        return not_tested("ghost_partner", "test", reason="few_peers")
    silent = (traces[list(names)] == 0).all(axis=1)
    found = traces[enough].copy()
    odds = [_silence(traces, row, names) if silent[row] else (1.0, 0) for row in found.index]
    found["p_value"], found["peers"] = [o for o, _ in odds], [n for _, n in odds]
    found["untested"] = ",".join(
        name for name in ("sell_out", "visits", "receivables", "feedback") if name not in names
    )
    renamed = found.rename(columns={"orders": "count"})
    made = candidates("ghost_partner", period, renamed.drop(columns="amount"), money=found["amount"])
    return Outcome("ghost_partner", "test", made, tested=len(found), too_few=int((~enough).sum()))


def _silence(traces: pd.DataFrame, row: int, names: Sequence[str]) -> tuple[float, int]:
    """The odds that a real partner of the type and size of a row leaves none of the traces."""
    same = traces["channel_type"] == traces.at[row, "channel_type"]
    seen = traces[list(names)] > 0
    odds, peers = 1.0, 0
    for name in names:
        real = seen.drop(columns=name).any(axis=1) & same & (traces.index != row)
        sizes = np.log(traces.loc[real, "orders"]) - np.log(traces.at[row, "orders"])
        near = sizes.abs().sort_values(kind="stable").index[:_NEIGHBOURS]
        odds *= (float((~seen.loc[near, name]).sum()) + 1) / (len(near) + 2)
        peers = max(peers, len(near))
    return odds, peers
