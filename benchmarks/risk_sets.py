"""Panels of risk from public data: failing companies, customers and resellers that stop buying.

Each is made of what was known at the snapshot. Where the data are not at hand, `bankruptcy`, `retail` and
`resellers` raise FileNotFoundError.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from .risk_trade import TRADE_SIGNS, trade_panel

RAW = {
    "company": "company",
    "status_label": "status",
    "year": "year",
    "Current assets": "current_assets",
    "EBDITDA": "ebitda",
    "Inventory": "inventory",
    "Net Income": "income",
    "Total Receivable": "receivable",
    "Market Value": "market",
    "Net Sales": "sales",
    "Total Assets": "assets",
    "Total Long-term Debt": "debt",
    "EBIT": "ebit",
    "Gross Profit": "gross",
    "Total Current Liabilitie": "current_debt",
    "Retained Earnings": "retained",
    "Total Liabilities": "liabilities",
    "Total Operating Expenses": "expenses",
    "Depreciation and amortization": "depreciation",
}
CHANGES = {
    "income_assets": -1,
    "ebit_assets": -1,
    "liabilities_assets": 1,
    "working_capital": -1,
    "cash_assets": -1,
    "leverage": 1,
    "cash_value": -1,
    "retained_assets": -1,
    "debt_assets": 1,
    "gross_margin": -1,
    "relative_size": -1,
    "log_assets": -1,
    "log_sales": -1,
    "altman_double_prime": -1,
    "current_ratio": -1,
    "current_debt_assets": 1,
    "ebitda_liabilities": -1,
}
TWO_YEARS = ("relative_size", "leverage", "log_assets", "income_assets", "log_sales")
PERCENTILES = ("distance", "income_value", "relative_size_change", "leverage", "ebitda_liabilities")


@dataclass(frozen=True, slots=True)
class PanelSet:
    """A panel with all that `train_risk` asks for, and how it was made in a sentence.

    `rules`: features that alone make a rule (sign told by `signs`). `split` gives, of the period column,
    the last training period and the tested ones; None: purged folds.
    """

    name: str
    frame: pd.DataFrame
    label: str
    entity: str
    period: str
    horizon: int
    gap: int
    families: Mapping[str, Sequence[str]]
    signs: Mapping[str, int]
    rules: Mapping[str, str]
    made: str
    split: tuple[int, int, int] | None = None

    @property
    def features(self) -> list[str]:
        """All features."""
        return [name for names in self.families.values() for name in names]

    def part(self, entities: int) -> PanelSet:
        """The same with at most so many entities, every n-th by order of name."""
        names = np.sort(self.frame[self.entity].unique())
        kept = names[:: max(len(names) // entities, 1)]
        frame = self.frame[self.frame[self.entity].isin(kept)].reset_index(drop=True)
        return PanelSet(**{**{name: getattr(self, name) for name in self.__slots__}, "frame": frame})


def bankruptcy(data: Path) -> PanelSet:
    """Companies by year; 1 in the last year seen of a company that failed, 0 in all other years."""
    path = data / "us_bankruptcy_nyse_nasdaq" / "american_bankruptcy.parquet"
    raw = pd.read_parquet(path).rename(columns=RAW).sort_values(["company", "year"]).reset_index(drop=True)
    last = raw.groupby("company")["year"].transform("max")
    label = ((raw["status"] == "failed") & (raw["year"] == last)).astype(float)
    x, signs = financial_features(raw)
    return PanelSet(
        "US",
        pd.concat([raw[["company", "year"]], label.rename("fails"), x], axis=1),
        "fails",
        "company",
        "year",
        1,
        0,
        {"finance": tuple(x.columns)},
        signs,
        {"Altman Z": "altman", "market value by liabilities": "distance"},
        "every company and year; fails = last year seen of a failed company; trained on years to 2011, "
        "tested on 2015 to 2018",
        (2011, 2015, 2018),
    )


def financial_features(raw: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    """Ratios, their changes and history, and places within the year, with the sign of risk."""
    x, signs = _ratios(raw)
    _add(x, signs, _market(raw, x))
    _add(x, signs, _altman(raw, x))
    _add(x, signs, _changes(raw, x))
    _add(x, signs, _history(raw, x))
    _add(x, signs, _composites(raw, x))
    places = {
        f"{name}_place": (x.groupby(raw["year"])[name].rank(pct=True), signs[name]) for name in PERCENTILES
    }
    _add(x, signs, places)
    return x.astype(np.float64), signs


Features = dict[str, tuple[pd.Series, int]]


def _add(x: pd.DataFrame, signs: dict[str, int], found: Features) -> None:
    for name, (values, sign) in found.items():
        x[name], signs[name] = values, sign


def _over(part: pd.Series, whole: pd.Series) -> pd.Series:
    """Part by whole, missing over nothing."""
    return part / whole.where(whole > 0)


def _ratios(raw: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    cash = raw["current_assets"] - raw["inventory"] - raw["receivable"]
    working = raw["current_assets"] - raw["current_debt"]
    by_assets = {
        "working_capital": (working, -1),
        "retained_assets": (raw["retained"], -1),
        "ebit_assets": (raw["ebit"], -1),
        "sales_assets": (raw["sales"], 0),
        "income_assets": (raw["income"], -1),
        "liabilities_assets": (raw["liabilities"], 1),
        "cash_assets": (cash, 0),
        "ebitda_assets": (raw["ebitda"], -1),
        "debt_assets": (raw["debt"], 1),
        "depreciation_assets": (raw["depreciation"], 0),
        "current_debt_assets": (raw["current_debt"], 1),
        "interest_and_tax_assets": (raw["ebit"] - raw["income"], 1),
    }
    found: Features = {name: (_over(part, raw["assets"]), sign) for name, (part, sign) in by_assets.items()}
    for name, part, sign in (
        ("gross_margin", raw["gross"], 0),
        ("operating_margin", raw["ebit"], -1),
        ("net_margin", raw["income"], -1),
        ("expense_ratio", raw["expenses"], 1),
        ("receivable_sales", raw["receivable"], 0),
        ("inventory_sales", raw["inventory"], 0),
    ):
        found[name] = (_over(part, raw["sales"]), sign)
    found["current_ratio"] = (_over(raw["current_assets"], raw["current_debt"]), -1)
    found["quick_ratio"] = (_over(raw["current_assets"] - raw["inventory"], raw["current_debt"]), -1)
    found["cash_current_debt"] = (_over(cash, raw["current_debt"]), -1)
    found["ebitda_liabilities"] = (_over(raw["ebitda"], raw["liabilities"]), -1)
    found["short_term_share"] = (_over(raw["current_debt"], raw["liabilities"]), 0)
    found["interest_and_tax_liabilities"] = (_over(raw["ebit"] - raw["income"], raw["liabilities"]), 1)
    found["log_assets"] = (np.log(raw["assets"].clip(lower=1e-3)), 0)
    found["log_sales"] = (np.log1p(raw["sales"].clip(lower=0)), 0)
    return (
        pd.DataFrame({name: values for name, (values, _) in found.items()}),
        {name: sign for name, (_, sign) in found.items()},
    )


def _market(raw: pd.DataFrame, x: pd.DataFrame) -> Features:
    """What the market says: leverage and earnings by market value of the whole company."""
    cash = raw["current_assets"] - raw["inventory"] - raw["receivable"]
    value, log_market = raw["liabilities"] + raw["market"], np.log(raw["market"].clip(lower=1e-3))
    return {
        "market_book": (_over(raw["market"], raw["assets"] - raw["liabilities"]), 0),
        "debt_market": (_over(raw["debt"], raw["market"]), 1),
        "leverage": (_over(raw["liabilities"], value), 1),
        "net_leverage": (_over(raw["liabilities"] - cash, value), 1),
        "income_value": (_over(raw["income"], value), -1),
        "ebit_value": (_over(raw["ebit"], value), -1),
        "cash_value": (_over(cash, value), -1),
        "log_market": (log_market, -1),
        "relative_size": (
            log_market - np.log(raw.groupby("year")["market"].transform("sum").clip(lower=1e-3)),
            -1,
        ),
        "distance": (log_market - np.log(raw["liabilities"].clip(lower=1e-3)), -1),
    }


def _altman(raw: pd.DataFrame, x: pd.DataFrame) -> Features:
    market = _over(raw["market"], raw["liabilities"]).clip(upper=50)
    book = _over(raw["assets"] - raw["liabilities"], raw["liabilities"])
    working, retained, ebit = x["working_capital"], x["retained_assets"], x["ebit_assets"]
    z = 1.2 * working + 1.4 * retained + 3.3 * ebit + 0.6 * market + x["sales_assets"]
    return {
        "altman": (z, -1),
        "altman_double_prime": (6.56 * working + 3.26 * retained + 6.72 * ebit + 1.05 * book, -1),
    }


def _changes(raw: pd.DataFrame, x: pd.DataFrame) -> Features:
    """Differences to the row before, where that is at most two years old; so also over two rows."""
    by = raw["company"]
    recent = raw["year"] - raw.groupby("company")["year"].shift(1) <= 2
    older = raw["year"] - raw.groupby("company")["year"].shift(2) <= 3
    found: Features = {
        f"{name}_change": ((x[name] - x.groupby(by)[name].shift(1)).where(recent), sign)
        for name, sign in CHANGES.items()
    }
    for name in TWO_YEARS:
        found[f"{name}_change_2"] = ((x[name] - x.groupby(by)[name].shift(2)).where(older), CHANGES[name])
    return found


def _history(raw: pd.DataFrame, x: pd.DataFrame) -> Features:
    """Distance to the highest, swings and means of a company's last rows."""
    by, found = raw["company"], {}

    def rolled(values: pd.Series, rows: int, least: int, how: str) -> pd.Series:
        window = values.groupby(by).rolling(rows, min_periods=least)
        return getattr(window, how)().reset_index(level=0, drop=True)

    for name in ("relative_size", "log_assets", "log_sales"):
        found[f"{name}_below_peak"] = (x[name] - rolled(x[name], 4, 2, "max"), -1)
    for name in ("income_assets", "ebit_assets", "income_value"):
        found[f"{name}_swing"] = (rolled(x[name], 3, 2, "std"), 1)
        found[f"{name}_mean"] = (rolled(x[name], 3, 1, "mean"), -1)
    found["loss_years"] = (rolled((raw["income"] < 0).astype(float), 3, 1, "sum"), 1)
    return found


def _composites(raw: pd.DataFrame, x: pd.DataFrame) -> Features:
    """Declared combinations: Ohlson's O, Zmijewski's score, that of Campbell et al. without volatility."""
    insolvent = (raw["liabilities"] > raw["assets"]).astype(float)
    short = _over(raw["current_debt"], raw["current_assets"]).clip(0, 10)
    ohlson = -1.32 - 0.407 * x["log_assets"] + 6.03 * x["liabilities_assets"].clip(0, 3) + 0.0757 * short
    ohlson += -1.43 * x["working_capital"].clip(-3, 1) - 1.72 * insolvent
    ohlson += -2.37 * x["income_assets"].clip(-2, 1) - 1.83 * x["ebitda_liabilities"].clip(-3, 3)
    zmijewski = -4.3 - 4.5 * x["income_assets"].clip(-2, 1) + 5.7 * x["liabilities_assets"].clip(0, 3)
    market = 1.42 * x["leverage"] - 20.26 * x["income_value"].clip(-0.5, 0.2) - 0.045 * x["relative_size"]
    market += -2.13 * x["cash_value"].clip(-0.5, 1) - 0.4 * x["relative_size_change"].fillna(0).clip(-3, 3)
    cash = raw["current_assets"] - raw["inventory"] - raw["receivable"]
    runway = _over(cash, -raw["ebitda"]).clip(upper=20).where(raw["ebitda"] < 0, 20.0)
    owed = pd.Series(np.where(raw["debt"] > 0, 50.0, 0.0), raw.index)
    return {
        "ohlson": (ohlson, 1),
        "zmijewski": (zmijewski, 1),
        "market_score": (market, 1),
        "leveraged_loss": (x["leverage"] * (-x["income_assets"]).clip(0, 2), 1),
        "runway": (runway, -1),
        "debt_ebitda": (_over(raw["debt"], raw["ebitda"]).clip(upper=50).where(raw["ebitda"] > 0, owed), 1),
    }


def retail(data: Path) -> PanelSet:
    """Customers of a wholesaler every 15 days; 1 where nothing was bought in the 90 days after."""
    raw = pd.read_parquet(data / "online_retail_uk" / "online_retail.parquet")
    raw = raw[raw["CustomerID"].notna() & (raw["UnitPrice"] > 0)]
    lines = pd.DataFrame(
        {
            "entity": raw["CustomerID"].astype("int64").astype(str),
            "date": raw["InvoiceDate"].dt.normalize(),
            "amount": raw["Quantity"] * raw["UnitPrice"],
            "product": raw["StockCode"].astype(str),
        }
    )
    days = [pd.Timestamp("2011-09-10") - pd.Timedelta(days=15 * back) for back in range(14, -1, -1)]
    frame = trade_panel(lines, days, horizon=90, windows=(30, 60, 90, 180), active=90)
    frame["period"] = frame["snapshot"].map({day: number for number, day in enumerate(days)})
    made = "customers who bought in the last 90 days, every 15 days from 2011-02-12 to 2011-09-10; "
    return _trade("Retail", frame, 6, "period", made + "churn = nothing bought in the next 90 days")


def resellers(data: Path) -> PanelSet:
    """Resellers at month ends; 1 where nothing was ordered in the 180 days after."""
    raw = pd.read_parquet(data / "adventureworks_dw" / "FactResellerSales.parquet")
    lines = pd.DataFrame(
        {
            "entity": raw["ResellerKey"].astype(str),
            "date": raw["OrderDate"].dt.normalize(),
            "amount": raw["SalesAmount"].astype(float),
            "product": raw["ProductKey"].astype(str),
        }
    )
    days = list(pd.date_range("2011-05-31", "2013-05-31", freq="ME"))
    frame = trade_panel(lines, days, horizon=180, windows=(90, 180, 365), active=365)
    made = "resellers who ordered in the last 365 days, at month ends from 2011-05 to 2013-05; "
    return _trade("AW", frame, 6, "snapshot", made + "churn = no order in the next 180 days")


def _trade(name: str, frame: pd.DataFrame, horizon: int, period: str, made: str) -> PanelSet:
    keys = {"entity", "snapshot", "period", "churns"}
    features = [column for column in frame.columns if column not in keys and frame[column].notna().any()]
    return PanelSet(
        name,
        frame,
        "churns",
        "entity",
        period,
        horizon,
        0,
        {"sales": tuple(features)},
        {column: TRADE_SIGNS.get(column.rstrip("0123456789"), 0) for column in features},
        {"recency": "recency", "amount trend": "amount_trend_90", "expected count (NBD)": "no_order_by_rate"},
        made,
    )


SETS: dict[str, Callable[[Path], PanelSet]] = {"Retail": retail, "AW": resellers, "US": bankruptcy}
