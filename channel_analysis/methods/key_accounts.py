"""Key accounts side by side: shares, change, satisfaction with its interval, how long nobody came."""

from __future__ import annotations

import datetime

import numpy as np
import pandas as pd

from ..metrics.intervals import wilson_interval

COUNTS = ("orders", "answers", "satisfied", "planned", "done", "open_leads", "won_leads")
AMOUNTS = ("net_sales", "net_sales_last_year", "won_value", "owed", "overdue")
DAYS = ("last_order", "last_visit")

COLUMNS = (
    "customer_id", "customer_name", "region", "segment", "owner_id", "owner_name", "rank", "net_sales",
    "company_share", "key_share", "net_sales_last_year", "change", "change_status", "orders", "answers",
    "csat", "csat_low", "csat_high", "visits_planned", "visits_done", "open_leads", "won_leads", "won_value",
    "owed", "overdue", "overdue_share", "last_order", "days_since_order", "last_visit", "days_since_visit",
    "team_size",
)  # fmt: skip


def account_results(
    accounts: pd.DataFrame, figures: pd.DataFrame, company_sales: float, day: datetime.date, has_history: bool
) -> pd.DataFrame:
    """One row per key account, the largest first.

    Parameters
    ----------
    accounts, figures : DataFrame
        See `metrics.key_accounts`; an account without rows in a table at hand has 0 there, figures of
        tables that are not at hand are NaN.
    company_sales : float
        Net sales of the company in the period, for the share.
    day : date
        The last day that is known of the period; days since are counted up to it.
    has_history : bool
        Whether the data reach back to the same period last year.

    Returns
    -------
    DataFrame
        `COLUMNS` without owner_name and team_size; change_status is "ok", "no_base" or "no_history";
        csat's interval is Wilson's.
    """
    rows = accounts.merge(figures, on="customer_id", how="left")
    for name in (*COUNTS, *AMOUNTS):
        rows[name] = rows[name].astype(float).fillna(0.0) if name in rows else np.nan
    for name in DAYS:
        known = rows[name].astype(object) if name in rows else pd.Series(None, index=rows.index, dtype=object)
        rows[name] = known.where(known.notna(), None)
        rows[f"days_since_{name.removeprefix('last_')}"] = [
            (day - d).days if d else np.nan for d in rows[name]
        ]
    rows = rows.assign(**_shares(rows, company_sales), **_change(rows, has_history))
    rows["csat"] = _over(rows["satisfied"], rows["answers"])
    answers = rows["answers"].to_numpy(dtype=float)
    rows["csat_low"], rows["csat_high"] = wilson_interval(rows["satisfied"].to_numpy(dtype=float), answers)
    rows = rows.rename(columns={"planned": "visits_planned", "done": "visits_done"})
    rows = rows.sort_values(["net_sales", "customer_id"], ascending=[False, True], kind="stable")
    return rows.assign(rank=range(1, len(rows) + 1)).reset_index(drop=True)


def _shares(rows: pd.DataFrame, company_sales: float) -> dict[str, pd.Series]:
    whole = pd.Series(company_sales, index=rows.index)
    key = pd.Series(rows["net_sales"].sum(), index=rows.index)
    return {
        "company_share": _over(rows["net_sales"], whole),
        "key_share": _over(rows["net_sales"], key),
        "overdue_share": _over(rows["overdue"], rows["owed"]),
    }


def _change(rows: pd.DataFrame, has_history: bool) -> dict[str, object]:
    base = rows["net_sales_last_year"]
    status = np.where(base > 0, "ok", "no_base") if has_history else np.full(len(rows), "no_history")
    change = _over(rows["net_sales"] - base, base).where(status == "ok")
    return {"change": change, "change_status": status.astype(object)}


def _over(numerator: pd.Series, denominator: pd.Series) -> pd.Series:
    """Shares; NaN over 0 or less."""
    return numerator / denominator.where(denominator > 0)
