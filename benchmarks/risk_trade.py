"""Indicators of trade at a snapshot, for panels of customers who stop buying."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

SMALL = 50.0
"""Money added to both sides of a trend, so that small customers do not swing."""

TRADE_SIGNS = {
    "recency": 1,
    "orders": -1,
    "gap_median": 1,
    "gap_mean": 1,
    "gap_longest": 1,
    "gap_last": 1,
    "gap_ratio": 1,
    "gap_ratio_mean": 1,
    "gap_ratio_longest": 1,
    "longer_gaps": -1,
    "rate": -1,
    "missed": 1,
    "no_order_by_rate": 1,
    "alive": -1,
    "orders_in_": -1,
    "rate_in_": -1,
    "amount_in_": -1,
    "products_in_": -1,
    "log_total": -1,
    "products": -1,
    "active_months": -1,
    "active_share": -1,
    "same_months_last_year": -1,
    "recency_place": 1,
    "gap_ratio_place": 1,
    "missed_place": 1,
    "total_place": -1,
    "no_order_place": 1,
}
"""More is riskier (1) or safer (-1); what is absent may bend as it likes. Windows' days are cut off."""


def trade_panel(
    lines: pd.DataFrame,
    days: Sequence[pd.Timestamp],
    horizon: int,
    windows: Sequence[int],
    active: int,
) -> pd.DataFrame:
    """One row per entity that bought in the `active` days before, and snapshot.

    `lines`: entity, date, amount (returns negative), product. Columns beside indicators: entity,
    snapshot, churns (1.0: nothing bought in the `horizon` days after).
    """
    return pd.concat(
        [trade_snapshot(lines, day, horizon, windows, active) for day in days], ignore_index=True
    )


def trade_snapshot(
    lines: pd.DataFrame, day: pd.Timestamp, horizon: int, windows: Sequence[int], active: int
) -> pd.DataFrame:
    """The rows of one snapshot: indicators see nothing after `day`."""
    past, later = lines[lines["date"] <= day], lines[lines["date"] > day]
    bought = past[past["amount"] > 0]
    end = day + pd.Timedelta(days=horizon)
    again = set(later.loc[(later["date"] <= end) & (later["amount"] > 0), "entity"])
    dates = bought.groupby("entity")["date"]
    names = dates.max().index[(day - dates.max()).dt.days < active]
    bought = bought[bought["entity"].isin(names)]
    orders = bought.groupby(["entity", "date"])["amount"].sum().reset_index().sort_values(["entity", "date"])
    x = _rhythm(orders, day, horizon).join(_worth(orders, bought, past, names, day))
    for window in windows:
        x = x.join(_window(orders, bought, x["tenure"], day, window))
    year = orders[
        (orders["date"] > day - pd.Timedelta(days=365))
        & (orders["date"] <= day - pd.Timedelta(days=365 - horizon))
    ]
    counts = year.groupby("entity").size().reindex(x.index).fillna(0.0)
    x["same_months_last_year"] = counts.where(x["tenure"] >= 330)
    for place, column in (
        ("recency_place", "recency"),
        ("gap_ratio_place", "gap_ratio"),
        ("missed_place", "missed"),
        ("total_place", "log_total"),
        ("no_order_place", "no_order_by_rate"),
    ):
        x[place] = x[column].rank(pct=True)
    x = x.astype(np.float64)
    churns = (~x.index.isin(list(again))).astype(np.float64)
    return x.reset_index().assign(snapshot=day, churns=churns)


def _rhythm(orders: pd.DataFrame, day: pd.Timestamp, horizon: int) -> pd.DataFrame:
    """Days on which an entity ordered: how far apart, how long ago, and what its rate leads one to expect.

    A rate is pulled to the rate of all by one order; `no_order_by_rate` is the chance of no order in the
    horizon under a gamma-Poisson rate (NBD), `alive` that of MBG/NBD with fixed dropout (0.5, 2).
    """
    orders = orders.assign(gap=orders.groupby("entity")["date"].diff().dt.days)
    by = orders.groupby("entity")
    x = pd.DataFrame(
        {"recency": (day - by["date"].max()).dt.days, "tenure": (day - by["date"].min()).dt.days}
    )
    x["orders"] = by.size().astype(float)
    x["gap_median"], x["gap_mean"], x["gap_longest"] = by["gap"].median(), by["gap"].mean(), by["gap"].max()
    x["gap_last"], x["gap_swing"] = by["gap"].last(), by["gap"].std() / x["gap_mean"]
    for name, gap in (("", "gap_median"), ("_mean", "gap_mean"), ("_longest", "gap_longest")):
        x[f"gap_ratio{name}"] = x["recency"] / x[gap].clip(lower=1)
    long = (orders["gap"] >= orders["entity"].map(x["recency"])).groupby(orders["entity"]).sum()
    x["longer_gaps"] = (long + 0.5) / x["orders"]
    pooled = x["tenure"].sum() / max((x["orders"] - 1).sum(), 1)
    x["rate"] = x["orders"] / (x["tenure"] + pooled)
    x["missed"] = x["rate"] * x["recency"]
    x["no_order_by_rate"] = ((pooled + x["tenure"]) / (pooled + x["tenure"] + horizon)) ** x["orders"]
    gone = ((pooled + x["tenure"]) / (pooled + x["tenure"] - x["recency"])) ** x["orders"]
    x["alive"] = 1 / (1 + 0.5 / (1 + x["orders"]) * gone)
    return x


def _worth(
    orders: pd.DataFrame, bought: pd.DataFrame, past: pd.DataFrame, names: pd.Index, day: pd.Timestamp
) -> pd.DataFrame:
    """Money, returns, products and months of an entity's whole past."""
    by, amounts = orders.groupby("entity"), bought.groupby("entity")
    total = amounts["amount"].sum()
    x = pd.DataFrame({"log_total": np.log1p(total), "log_order": np.log1p(total / by.size())}, index=names)
    x["last_against_usual"] = np.log1p(by["amount"].last()) - x["log_order"]
    x["order_swing"] = by["amount"].std() / by["amount"].mean()
    x["products"] = amounts["product"].nunique()
    x["products_per_line"] = x["products"] / amounts.size()
    returned = -past[past["amount"] < 0].groupby("entity")["amount"].sum()
    x["return_share"] = returned.reindex(names).fillna(0.0) / total
    month = bought["date"].dt.year * 12 + bought["date"].dt.month
    x["active_months"] = month.groupby(bought["entity"]).nunique()
    x["active_share"] = x["active_months"] / ((day - by["date"].min()).dt.days / 30.4 + 1)
    x["calendar_month"] = float(day.month)
    return x


def _window(
    orders: pd.DataFrame, bought: pd.DataFrame, tenure: pd.Series, day: pd.Timestamp, window: int
) -> pd.DataFrame:
    """The last `window` days, alone and against those before."""
    begin = day - pd.Timedelta(days=window)
    own = orders[orders["date"] > begin].groupby("entity")["amount"]
    before = orders[(orders["date"] <= begin) & (orders["date"] > begin - pd.Timedelta(days=window))]
    amount = own.sum().reindex(tenure.index).fillna(0.0)
    count = own.size().reindex(tenure.index).fillna(0.0)
    was = before.groupby("entity")["amount"].sum().reindex(tenure.index).fillna(0.0)
    products = bought[bought["date"] > begin].groupby("entity")["product"].nunique()
    is_seen = tenure >= window
    return pd.DataFrame(
        {
            f"orders_in_{window}": count,
            f"rate_in_{window}": count / np.minimum(tenure + 1, window),
            f"amount_in_{window}": np.log1p(amount),
            f"products_in_{window}": products.reindex(tenure.index).fillna(0.0),
            f"amount_trend_{window}": np.log((amount + SMALL) / (was + SMALL)).where(is_seen),
            f"order_trend_{window}": (
                count - before.groupby("entity").size().reindex(tenure.index).fillna(0.0)
            ).where(is_seen),
        }
    )
