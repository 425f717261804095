"""Labels of early warning: which partners came to a bad end in the window after a snapshot, and how."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ...contracts.risk import Risk

KINDS = ("event", "default", "churn", "decline")
"""Kinds of bad ends, the gravest first: a partner that came to several is told by the first of these."""

CHANCE = 0.05
"""A fall in orders so unlikely under an unchanged rate is no chance."""

FEWEST_GAPS = 3
"""With fewer gaps between orders nobody knows a partner's own rhythm."""

DAYS_OF_MONTH = 365.25 / 12


def state_of(measures: pd.DataFrame, rules: Risk) -> np.ndarray:
    """Where each partner stands on the day of its snapshot.

    "gone": it had left; "new": fewer than `history_months` since the month of its first order, or none
    yet; "idle": no order for the length of the horizon and longer than the 95th percentile of its
    own gaps, so that it has ended already; "defaulted": default was reached before; else "eligible".
    """
    since, high = _number(measures, "days_since_order"), _usual_gap(measures)
    idle = since >= np.fmax(high, rules.horizon_months * DAYS_OF_MONTH)
    months = _number(measures, "trade_months")
    new = ~(months > rules.history_months)
    states = [measures["left_on"].notna().to_numpy(), new, idle, _defaulted(measures, rules)]
    return np.select(states, ["gone", "new", "idle", "defaulted"], "eligible").astype(object)


def labels_of(outcomes: pd.DataFrame, rules: Risk) -> pd.DataFrame:
    """Label what happened in the window after each snapshot.

    decline: net sales of the window below `decline_share` of the same months a year before, with
    so few orders that an unchanged rate would give as few with a chance below 5 % (of the orders of
    both years together, those of this year are binomial with one half); needs trade from before
    those months. churn: no order in the window though the 95th percentile of the partner's own gaps
    is shorter, or an exit that was theirs. default: `default_share` of the receivables beyond
    `default_days` past due at a month's end of the window, or write-offs, of `default_invoices` at least
    (a single one may be in dispute). event:
    insolvency, dishonest-debtor listing, termination, or an exit by failure.

    Parameters
    ----------
    outcomes : DataFrame
        Columns of `metrics.panel.outcomes.partner_outcomes` and, as known at the snapshot, left_on,
        days_since_order, trade_months, gaps, gap_p95, default_overdue and receivable.
    rules : Risk

    Returns
    -------
    DataFrame
        partner_id, snapshot; decline, churn, default, event (1.0, 0.0, NaN where it cannot be told);
        label (1.0 when one of the counted endings came, NaN unless eligible); ending (its kind, of
        several the first of `KINDS`; ""); status: as `state_of`, "gone" also before the window
        begins, "censored" (the window ends beyond the data), "ours" (we ended it in the window).
    """
    kinds = {
        "event": _event(outcomes),
        "default": _default(outcomes, rules),
        "churn": _churn(outcomes),
        "decline": _decline(outcomes, rules),
    }
    status = _status(outcomes, rules)
    counts = status == "eligible"
    kinds = {kind: np.where(counts, found, np.nan) for kind, found in kinds.items()}
    counted = np.stack([kinds[kind] for kind in KINDS if kind in rules.endings.counted])
    came = (counted == 1).any(axis=0)
    told = ~np.isnan(counted).all(axis=0)
    if "churn" in rules.endings.counted:
        told &= ~np.isnan(kinds["churn"])
    names = [kind for kind in KINDS if kind in rules.endings.counted]
    ending = np.select([kinds[kind] == 1 for kind in names], names, "").astype(object)
    return pd.DataFrame(
        {
            "partner_id": outcomes["partner_id"].to_numpy(),
            "snapshot": outcomes["snapshot"].to_numpy(),
            **{kind: kinds[kind] for kind in ("decline", "churn", "default", "event")},
            "label": np.where(counts & came, 1.0, np.where(counts & told, 0.0, np.nan)),
            "ending": ending,
            "status": status,
        }
    )


def _status(outcomes: pd.DataFrame, rules: Risk) -> np.ndarray:
    """What stands at the snapshot first, then what is known of the window."""
    left = outcomes["exit_on"]
    before = (left < outcomes["window_start"]).to_numpy()
    ours = (_leaves(outcomes) & (outcomes["exit_reason"] == "ours")).to_numpy()
    state = state_of(outcomes, rules)
    state = np.where(before, "gone", state)
    open_still = state == "eligible"
    state = np.where(open_still & ~outcomes["is_complete"].to_numpy(), "censored", state)
    return np.where((state == "eligible") & ours, "ours", state).astype(object)


def _event(outcomes: pd.DataFrame) -> np.ndarray:
    listed = np.stack([_number(outcomes, kind) for kind in ("insolvency", "dishonest_debtor", "termination")])
    failed = (_leaves(outcomes) & (outcomes["exit_reason"] == "failure")).to_numpy()
    unknown = np.isnan(listed).all(axis=0) & ~outcomes["exit_reason"].notna().any()
    return np.where((np.nan_to_num(listed) > 0).any(axis=0) | failed, 1.0, np.where(unknown, np.nan, 0.0))


def _default(outcomes: pd.DataFrame, rules: Risk) -> np.ndarray:
    share, lost = _number(outcomes, "overdue_share"), _number(outcomes, "written_off")
    found = (share >= rules.endings.default_share) | (lost >= rules.endings.default_invoices)
    return np.where(np.isnan(share) & np.isnan(lost), np.nan, found.astype(float))


def _churn(outcomes: pd.DataFrame) -> np.ndarray:
    days = (outcomes["window_end"] - outcomes["window_start"]).dt.days.to_numpy() + 1
    high = _usual_gap(outcomes)
    silent = _number(outcomes, "orders") <= 0
    own = outcomes["exit_reason"].fillna("").ne("ours") & outcomes["exit_reason"].fillna("").ne("failure")
    left = (_leaves(outcomes) & own).to_numpy()
    found = np.where(np.isnan(high), np.nan, (days >= high).astype(float))
    return np.where(left, 1.0, np.where(silent, found, 0.0))


def _decline(outcomes: pd.DataFrame, rules: Risk) -> np.ndarray:
    from scipy.special import bdtr

    net, before = _number(outcomes, "net"), _number(outcomes, "net_before")
    now, then = _number(outcomes, "orders"), _number(outcomes, "orders_before")
    chance = bdtr(now, (now + then).astype(np.int64), 0.5)
    lead = (outcomes["window_start"].dt.year - outcomes["snapshot"].dt.year) * 12
    lead += outcomes["window_start"].dt.month - outcomes["snapshot"].dt.month
    traded = _number(outcomes, "trade_months") + lead.to_numpy() - 1 > 12
    fell = (net < rules.endings.decline_share * before) & (chance < CHANCE)
    return np.where(traded & (before > 0) & (then > 0), fell.astype(float), np.nan)


def _leaves(outcomes: pd.DataFrame) -> pd.Series:
    """Whether a partner leaves in the window."""
    return outcomes["exit_on"].between(outcomes["window_start"], outcomes["window_end"])


def _usual_gap(measures: pd.DataFrame) -> np.ndarray:
    """The 95th percentile of a partner's own gaps; NaN when it has too few."""
    return np.where(_number(measures, "gaps") >= FEWEST_GAPS, _number(measures, "gap_p95"), np.nan)


def _defaulted(measures: pd.DataFrame, rules: Risk) -> np.ndarray:
    owed, late = _number(measures, "receivable"), _number(measures, "default_overdue")
    return (late > 0) & (late >= rules.endings.default_share * owed)


def _number(frame: pd.DataFrame, name: str) -> np.ndarray:
    return frame[name].to_numpy(dtype=np.float64)
