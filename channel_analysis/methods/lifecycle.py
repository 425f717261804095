"""Partners' states, how they ramp up, and how much hangs on few of them."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..contracts.policy import ChannelType, Policy
from ..metrics.periods import Period, add_months

Floats = NDArray[np.float64]

STATES = ("new", "ramp", "active", "reactivated", "dormant", "lost")
"""What a partner can be at a period's end."""

ABSENT = ""
"""The state before of a partner that was not there yet."""

STEADY_MONTHS = 3
STEADY_RISE = 0.10
"""A level is steady when three months are at most a tenth above the three months before them."""

USUAL = ChannelType(family="indirect")
"""The windows of partners whose channel type the policy does not know."""

LOSSES = (("top_1", 1), ("top_5", 5))
Z_95 = 1.959963984540054


def states_of(
    lives: pd.DataFrame, period: Period, policy: Policy, steady: pd.Series, begins: datetime.date
) -> pd.Series:
    """The state of each partner at a period's end.

    new: its first order falls in the period, or it has a contract younger than the churn window and no
    order yet. ramp: it orders, and its level still rises. reactivated: it ordered in the period after
    a silence of a churn window. active: any other with an order in the activity window. dormant: none
    in that window, or never one. lost: none in the churn window, or none since it left. The windows
    are those of its channel type. Who may have begun before the data is neither new nor in ramp.

    Parameters
    ----------
    lives : DataFrame
        See `metrics.lifecycle.partner_lives`.
    steady : Series
        Day from which the level is steady, by partner_id; see `steady_days`.
    begins : date
        First day of the data.
    """
    is_rising = ~lives["partner_id"].isin(steady.index) & began_within(lives, policy, begins)
    types = [policy.channel_types.get(name, USUAL) for name in lives["channel_type"]]
    known = began_within(lives, policy, begins)
    rows = zip(lives.to_dict("records"), types, known, is_rising, strict=True)
    return pd.Series([_state(*row, period) for row in rows], index=lives.index, dtype=object)


def began_within(lives: pd.DataFrame, policy: Policy, begins: datetime.date) -> NDArray[np.bool_]:
    """Whose beginning the data hold: a contract since then, or a first order a churn window later."""
    found = []
    for kind, start, first in zip(
        lives["channel_type"], lives["contract_start"], lives["first_order"], strict=True
    ):
        silence = policy.channel_types.get(kind, USUAL).churn_window_months
        since_then = start is not None and start >= begins
        found.append(since_then or (first is not None and first >= add_months(begins, silence)))
    return np.array(found, dtype=bool)


def _state(row: dict[str, Any], rule: ChannelType, is_known: bool, is_rising: bool, period: Period) -> str:
    silence = add_months(period.end, -rule.churn_window_months)
    activity = min(period.start, add_months(period.end, -rule.activity_window_months))
    first, last, left, before = (
        row[name] for name in ("first_order", "last_order", "left_on", "last_before")
    )
    if left is not None and (last is None or last <= left):
        return "lost"
    if first is None:
        started = row["contract_start"]
        return "new" if started is not None and started >= silence else "dormant"
    if last < activity:
        return "lost" if last < silence else "dormant"
    if is_known and first >= period.start:
        return "new"
    back = row["first_within"]
    if back is not None and before is not None and _is_silent(before, back, rule):
        return "reactivated"
    return "ramp" if is_rising else "active"


def _is_silent(before: datetime.date, back: datetime.date, rule: ChannelType) -> bool:
    """Whether a churn window of whole months passed between two orders."""
    return add_months(before, rule.churn_window_months + 1) <= back


def steady_days(shares: pd.DataFrame, until: datetime.date) -> pd.Series:
    """First day of the three months whose level is no longer above that of the three before.

    Parameters
    ----------
    shares : DataFrame
        See `metrics.lifecycle.monthly_shares`.
    until : date
        First day that is not known; months that are not over do not count.

    Returns
    -------
    Series
        Day by partner_id; partners whose level is not steady yet are not in it.
    """
    last = 12 * until.year + until.month - 1
    found = {}
    for partner, own in shares[shares["month"] < last].groupby("partner_id", sort=True):
        first = int(own["month"].min())
        level = np.zeros(last - first)
        level[own["month"].to_numpy() - first] = own["share"].to_numpy()
        month = _steady_month(level)
        if month is not None:
            found[partner] = datetime.date((first + month) // 12, (first + month) % 12 + 1, 1)
    return pd.Series(found, dtype=object)


def _steady_month(level: Floats) -> int | None:
    """The month, counted from the first order's, in which a steady stretch begins."""
    width = STEADY_MONTHS
    if len(level) < 2 * width:
        return None
    sums = np.convolve(level, np.ones(width), mode="valid")
    early, late = sums[:-width], sums[width:]
    steady = np.flatnonzero((early > 0) & (late <= (1 + STEADY_RISE) * early))
    return int(steady[0]) + width if len(steady) else None


def transitions(before: pd.Series, now: pd.Series, net_sales: pd.Series) -> pd.DataFrame:
    """How many partners went from which state to which, and what those sold: each partner once.

    Returns
    -------
    DataFrame
        before, now, partners, net_sales; every pair of states, in their order.
    """
    grid = pd.MultiIndex.from_product([(*STATES, ABSENT), STATES], names=["before", "now"])
    frame = pd.DataFrame({"before": before, "now": now, "net_sales": net_sales})
    found = frame.groupby(["before", "now"])["net_sales"].agg(["size", "sum"]).reindex(grid, fill_value=0)
    found.columns = ["partners", "net_sales"]
    return found.astype({"partners": int, "net_sales": float}).reset_index()


@dataclass(frozen=True, slots=True)
class Median:
    """A median time with its 95 % interval; NaN where it is not reached."""

    median: float
    low: float
    high: float


def survival_median(days: Floats, reached: NDArray[np.bool_]) -> Median:
    """Median time by Kaplan and Meier; partners not there yet count for as long as they were watched.

    The interval holds the times at which half is within the limits of the curve, by the variance of
    Greenwood on the scale log(-log S).

    References
    ----------
    Kaplan, E. L. and Meier, P. (1958). Nonparametric estimation from incomplete observations. Journal
    of the American Statistical Association 53, 457-481. Brookmeyer, R. and Crowley, J. (1982). A
    confidence interval for the median survival time. Biometrics 38, 29-41.

    Examples
    --------
    >>> survival_median(np.array([1.0, 2.0, 3.0, 4.0]), np.array([True, True, True, False])).median
    2.0
    """
    times = np.unique(days[reached])
    at_risk = np.array([(days >= time).sum() for time in times], dtype=float)
    events = np.array([(reached & (days == time)).sum() for time in times], dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        curve = np.cumprod(1 - events / at_risk)
        greenwood = np.cumsum(events / (at_risk * (at_risk - events)))
        reach = Z_95 * np.sqrt(greenwood) / np.abs(np.log(curve))
        low, high = curve ** np.exp(reach), curve ** np.exp(-reach)
    low, high = (np.where(curve > 0, limit, 0.0) for limit in (low, high))
    return Median(*(_first_at_half(times, limit) for limit in (curve, low, high)))


def _first_at_half(times: Floats, curve: Floats) -> float:
    below = np.flatnonzero(curve <= 0.5)
    return float(times[below[0]]) if len(below) else float("nan")


def ramp_times(
    lives: pd.DataFrame, steady: pd.Series, until: datetime.date, begins: datetime.date
) -> pd.DataFrame:
    """Days from contract to first order, and to the steady level, by channel type and for all ("").

    Only partners whose contract began within the data; who left is watched until then.

    Returns
    -------
    DataFrame
        channel_type, step ("first_order", "steady"), partners, reached, median, low, high (days).
    """
    since = [day is not None and day >= begins for day in lives["contract_start"]]
    watched = lives[np.array(since, dtype=bool)]
    ends = [left or until for left in watched["left_on"]]
    steady_on = watched["partner_id"].map(steady)
    steps = {
        "first_order": watched["first_order"],
        "steady": steady_on.where(steady_on.notna(), None),
    }
    rows = []
    for step, reached_on in steps.items():
        days, reached = _waits(watched["contract_start"], reached_on, ends)
        for name in ["", *sorted(watched["channel_type"].unique())]:
            own = (
                np.ones(len(watched), dtype=bool)
                if not name
                else (watched["channel_type"] == name).to_numpy()
            )
            found = survival_median(days[own], reached[own])
            counts = {"partners": int(own.sum()), "reached": int(reached[own].sum())}
            median = {"median": found.median, "low": found.low, "high": found.high}
            rows.append({"channel_type": name, "step": step, **counts, **median})
    return pd.DataFrame(rows)


def _waits(
    start: pd.Series, reached_on: pd.Series, ends: Sequence[datetime.date]
) -> tuple[Floats, NDArray[np.bool_]]:
    """Days from the start to what was reached, else to the end of watching; what came before took 0."""
    days, reached = [], []
    for begun, day, end in zip(start, reached_on, ends, strict=True):
        reached.append(isinstance(day, datetime.date))
        days.append(max(((day if reached[-1] else end) - begun).days, 0))
    return np.array(days, dtype=float), np.array(reached, dtype=bool)


def concentration(partners: pd.DataFrame) -> pd.DataFrame:
    """How much of partners' sales falls on few, for the company and each channel type and region.

    HHI is the sum of squared shares on 0 to 10,000, the effective number of partners 10,000 / HHI, the
    Gini coefficient that of the sample times n / (n - 1). Partners whose net sales are negative have
    no share: they are left out, and told.

    Returns
    -------
    DataFrame
        level, entity, partners (with sales), hhi, effective, top_1, top_5, top_10, gini, net_sales,
        negative_partners, negative_amount.
    """
    groups = [("company", "", partners)]
    for level in ("channel_type", "region"):
        groups += [(level, str(name), own) for name, own in partners.groupby(level, sort=True)]
    return pd.DataFrame(
        [{"level": level, "entity": name, **_concentrated(own)} for level, name, own in groups]
    )


def _concentrated(partners: pd.DataFrame) -> dict[str, float]:
    sold = partners["net_sales"].to_numpy(dtype=float)
    positive = np.sort(sold[sold > 0])[::-1]
    n, whole = len(positive), positive.sum()
    share = positive / whole if n else positive
    hhi = 10_000 * float((share**2).sum()) if n else np.nan
    tops = {f"top_{size}": float(share[:size].sum()) if n else np.nan for size in (1, 5, 10)}
    return {
        "partners": n,
        "hhi": hhi,
        "effective": 10_000 / hhi if n else np.nan,
        **tops,
        "gini": _gini(positive),
        "net_sales": float(whole),
        "negative_partners": int((sold < 0).sum()),
        "negative_amount": float(sold[sold < 0].sum()),
    }


def _gini(amounts: Floats) -> float:
    """The Gini coefficient of positive amounts, the largest first, corrected for few; NaN of a single one."""
    n = len(amounts)
    if n < 2:
        return float("nan")
    ranks = np.arange(n, 0, -1)
    plain = 2 * float((ranks * amounts).sum()) / (n * float(amounts.sum())) - (n + 1) / n
    return plain * n / (n - 1)


def losses(partners: pd.DataFrame, company: dict[str, float]) -> pd.DataFrame:
    """What would be gone with the largest partner, and with the five largest.

    Returns
    -------
    DataFrame
        loss ("top_1", "top_5"), level ("company", "channel_type", "region"), entity, lost (partners of
        it that would go), left (partners with sales that would stay), net_sales, net_share,
        gross_profit, profit_share (of the company: of all its sales; NaN over 0 or less).
    """
    sold = partners[partners["net_sales"] > 0].sort_values(
        ["net_sales", "partner_id"], ascending=[False, True]
    )
    rows = []
    for name, size in LOSSES:
        gone = sold["partner_id"].isin(sold["partner_id"].head(size))
        for level in ("company", "channel_type", "region"):
            for entity in [""] if level == "company" else sorted(sold.loc[gone, level].unique()):
                here = pd.Series(True, index=sold.index) if level == "company" else sold[level] == entity
                lost, stays = sold[gone & here], int((~gone & here).sum())
                base = (
                    pd.Series(company)
                    if level == "company"
                    else sold[here][["net_sales", "gross_profit"]].sum()
                )
                rows.append({"loss": name, "level": level, "entity": entity, "lost": len(lost), "left": stays}
                            | _lost_of(lost, base))  # fmt: skip
    columns = [
        "loss",
        "level",
        "entity",
        "lost",
        "left",
        "net_sales",
        "net_share",
        "gross_profit",
        "profit_share",
    ]
    return pd.DataFrame(rows, columns=columns)


def _lost_of(lost: pd.DataFrame, base: pd.Series) -> dict[str, float]:
    net, profit = float(lost["net_sales"].sum()), float(lost["gross_profit"].sum())
    return {
        "net_sales": net,
        "net_share": net / base["net_sales"] if base["net_sales"] > 0 else np.nan,
        "gross_profit": profit,
        "profit_share": profit / base["gross_profit"] if base["gross_profit"] > 0 else np.nan,
    }
