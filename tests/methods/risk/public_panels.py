"""Plain panels of public data sets: sales or accounts known by the period, and what came after."""

from pathlib import Path

import numpy as np
import pandas as pd

from tests.methods.risk.leaky_panels import World


def failures(folder: Path, trap: bool = False) -> World:
    """Firm-years; the label: this is the last year before the firm fails (trap: it fails some day)."""
    panel = pd.read_parquet(folder / "american_bankruptcy.parquet")
    panel = panel.rename(columns={"company": "partner", "year": "month"}).sort_values(["partner", "month"])
    raw = [name for name in panel.columns if name not in ("partner", "month", "status_label")]
    failed = panel["status_label"] == "failed"
    is_last = ~panel.duplicated("partner", keep="last")
    panel["bad"] = (failed if trap else failed & is_last).astype(float)
    total = panel["Total Assets"].where(panel["Total Assets"] > 0)
    for name in raw:
        panel[f"{name} / assets"] = panel[name] / total
    before = panel.groupby("partner")["Total Assets"].shift(1)
    panel["growth"] = total / before.where(before > 0) - 1
    features = [name for name in panel.columns if name not in ("partner", "month", "status_label", "bad")]
    return World(panel.drop(columns="status_label"), features, horizon=1, gap=0)


def silence_of(orders: pd.DataFrame, days: int, every: int, first: int) -> World:
    """Customers every so many days: their trade so far; the label: no order in the days to come.

    `orders` has a row per order: partner, day (whole number), amount, lines.
    """
    last_day = int(orders["day"].max())
    found = []
    for number, day in enumerate(range(first, last_day - days + 1, every)):
        past, ahead = (
            orders[orders["day"] <= day],
            orders[(orders["day"] > day) & (orders["day"] <= day + days)],
        )
        by = past.groupby("partner")
        recent = past[past["day"] > day - 90].groupby("partner")
        rows = pd.DataFrame(
            {
                "recency": day - by["day"].max(),
                "age": day - by["day"].min(),
                "orders": by["day"].nunique(),
                "amount": by["amount"].sum(),
                "lines": by["lines"].sum(),
                "recent_amount": recent["amount"].sum(),
                "recent_orders": recent["day"].nunique(),
            }
        ).fillna({"recent_amount": 0.0, "recent_orders": 0.0})
        rows["usual_gap"] = (rows["age"] - rows["recency"]) / (rows["orders"] - 1).where(rows["orders"] > 1)
        rows["gap_ratio"] = rows["recency"] / rows["usual_gap"].where(rows["usual_gap"] > 0)
        rows["mean_order"] = rows["amount"] / rows["orders"]
        rows["bad"] = (~rows.index.isin(ahead["partner"])).astype(float)
        found.append(rows[rows["recency"] <= days].assign(month=number))
    panel = pd.concat(found).rename_axis("partner").reset_index()
    features = [name for name in panel.columns if name not in ("partner", "month", "bad")]
    return World(panel, features, horizon=max(days // every, 1), gap=0)


def retail(folder: Path) -> World:
    lines = pd.read_parquet(folder / "online_retail.parquet").dropna(subset="CustomerID")
    lines = lines[lines["Quantity"] > 0].assign(amount=lambda rows: rows["Quantity"] * rows["UnitPrice"])
    lines["day"] = (lines["InvoiceDate"].dt.normalize() - pd.Timestamp("2010-12-01")).dt.days
    orders = lines.groupby(["CustomerID", "day"], as_index=False).agg(
        amount=("amount", "sum"), lines=("amount", "size")
    )
    return silence_of(orders.rename(columns={"CustomerID": "partner"}), days=90, every=30, first=90)


def resellers(folder: Path) -> World:
    lines = pd.read_parquet(folder / "FactResellerSales.parquet")
    date = pd.to_datetime(lines["OrderDate"])
    lines = pd.DataFrame(
        {
            "partner": lines["ResellerKey"],
            "day": np.asarray((date - date.min()).dt.days),
            "amount": lines["SalesAmount"].astype(float),
        }
    )
    orders = lines.groupby(["partner", "day"], as_index=False).agg(
        amount=("amount", "sum"), lines=("amount", "size")
    )
    return silence_of(orders, days=180, every=30, first=180)
