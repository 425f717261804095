"""The same figures in pandas: the columns needed are read, then grouped family by family."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

START, END = pd.Timestamp("2025-07-01"), pd.Timestamp("2025-10-01")
PREVIOUS, LAST_YEAR, LAST_YEAR_END = (pd.Timestamp(day) for day in ("2025-04-01", "2024-07-01", "2024-10-01"))
BEFORE = pd.Timestamp("2025-01-01")
NOBODY = "(unassigned)"
KEYS = {"partner": "partner", "region": "place"}

Frames = dict[str, pd.DataFrame]


def figures(stored: Path, is_tuned: bool = False) -> pd.DataFrame:
    """Every KPI of the quarter by partner and by region: level, entity, kpi, numerator, denominator.

    The lines are read with `read_parquet`; `is_tuned` lets pyarrow make floats and categories of their
    columns on the way.
    """
    partners = _read(
        stored, "partners", ["partner_id", "region", "contract_start", "contract_end", "exit_date"]
    )
    sales = _read_tuned(stored) if is_tuned else _read(stored, "sales", SALES)
    sales = sales.astype(dict.fromkeys(TEXTS, "category"))
    sales["partner"] = sales["partner_id"].cat.add_categories(NOBODY).fillna(NOBODY)
    sales["place"] = sales["region"].cat.add_categories(NOBODY).fillna(NOBODY)
    sales["is_order"] = sales["kind"] == "order"
    now = sales[(sales["order_date"] >= START) & (sales["order_date"] < END)]
    beside = {**_money(stored, partners), **_goods(stored, partners), **_voices(stored, partners)}
    found = [
        *_sums(sales, now),
        *_returns(sales, now),
        *_points(sales, now),
        *_customers(sales),
        *_concentration(now),
        *_partners(sales, now, partners),
        *_targets(stored, sales),
    ]
    wide = pd.concat([*found, *beside.values()], axis=1)
    return _long(wide)


SALES = [
    "order_id",
    "original_order_id",
    "kind",
    "order_date",
    "channel_type",
    "region",
    "partner_id",
    "customer_id",
    "gross_amount",
    "discount_amount",
    "net_amount",
    "cost_amount",
]
TEXTS = ["kind", "channel_type", "region", "partner_id", "customer_id"]


def _read(stored: Path, name: str, columns: list[str]) -> pd.DataFrame:
    """The columns of the rows in use; amounts as floats, days as timestamps."""
    frame = pd.read_parquet(stored / f"{name}.parquet", columns=[*columns, "_issue"])
    frame = frame[frame["_issue"].isna()].drop(columns="_issue")
    amounts = [c for c in columns if c.endswith(("_amount", "_quantity")) or c in ("amount", "quantity")]
    days = [c for c in columns if c.endswith(("_date", "_on", "_start", "_end")) or c == "month"]
    return frame.astype(dict.fromkeys(amounts, float) | dict.fromkeys(days, "datetime64[s]"))


def _read_tuned(stored: Path) -> pd.DataFrame:
    """The lines without a detour over Decimal objects and repeated texts."""
    table = pq.read_table(stored / "sales.parquet", columns=[*SALES, "_issue"], read_dictionary=TEXTS)
    for number, field in enumerate(table.schema):
        if pa.types.is_decimal(field.type):
            table = table.set_column(number, field.name, table[field.name].cast(pa.float64()))
    frame = table.to_pandas(date_as_object=False, self_destruct=True)
    return frame[frame["_issue"].isna()].drop(columns="_issue")


def _by_level(make: Callable[[str], pd.DataFrame | pd.Series], keys: dict[str, str] = KEYS) -> pd.DataFrame:
    """A frame per level, one below the other, indexed by level and entity."""
    parts = {}
    for level, key in keys.items():
        part = pd.DataFrame(make(key))
        part.index = part.index.astype(object)
        parts[level] = part
    return pd.concat(parts, names=["level", "entity"])


def _sums(sales: pd.DataFrame, now: pd.DataFrame) -> list[pd.DataFrame]:
    known = now["cost_amount"].notna()
    amounts = pd.DataFrame(
        {
            "partner": now["partner"],
            "place": now["place"],
            "net": now["net_amount"],
            "ordered": now["net_amount"].where(now["is_order"]),
            "gross": now["gross_amount"].where(now["is_order"]),
            "discount": now["discount_amount"].where(now["is_order"]),
            "profit": now["net_amount"] - now["cost_amount"],
            "net_of_known_cost": now["net_amount"].where(known),
        }
    )
    columns = list(amounts.columns[2:])
    previous = sales[(sales["order_date"] >= PREVIOUS) & (sales["order_date"] < START)]
    last_year = sales[(sales["order_date"] >= LAST_YEAR) & (sales["order_date"] < LAST_YEAR_END)]
    orders = now[now["is_order"]]

    def total(lines: pd.DataFrame, name: str) -> pd.DataFrame:
        return _by_level(lambda key: lines.groupby(key, observed=True)["net_amount"].sum().rename(name))

    return [
        _by_level(lambda key: amounts.groupby(key, observed=True)[columns].sum(min_count=1)),
        total(previous, "net_previous"),
        total(last_year, "net_last_year"),
        _by_level(lambda key: orders.groupby(key, observed=True)["order_id"].nunique().rename("orders")),
    ]


def _returns(sales: pd.DataFrame, now: pd.DataFrame) -> list[pd.DataFrame]:
    returns = sales.loc[
        sales["kind"] == "return", ["partner", "place", "order_date", "original_order_id", "net_amount"]
    ]
    originals = sales[sales["is_order"] & sales["order_id"].isin(returns["original_order_id"])]
    ordered_on = originals.groupby("order_id")["order_date"].min()
    day = returns["original_order_id"].map(ordered_on).fillna(returns["order_date"])
    cohort = returns[(day >= START) & (day < END)]
    return [_by_level(lambda key: -cohort.groupby(key, observed=True)["net_amount"].sum().rename("returned"))]


def _points(sales: pd.DataFrame, now: pd.DataFrame) -> list[pd.DataFrame]:
    """Like for like: partners, and channel type with region where sales are direct."""
    span = sales[(sales["order_date"] >= LAST_YEAR) & (sales["order_date"] < END)]
    keys = ["partner", "place", "channel_type"]
    lines = span.assign(
        now=span["net_amount"].where(span["order_date"] >= START),
        before=span["net_amount"].where(span["order_date"] < LAST_YEAR_END),
    )
    small = (
        lines.groupby(keys, observed=True)[["now", "before"]]
        .sum()
        .reset_index()
        .astype(dict.fromkeys(keys, str))
    )
    direct = small["channel_type"] + " / " + small["place"]
    small["point"] = small["partner"].where(small["partner"] != NOBODY, direct)

    def change(key: str) -> pd.DataFrame:
        rows = small.groupby([key, "point"])[["now", "before"]].sum().round(4)  # exactly nothing is nothing
        both = rows[(rows["now"] > 0) & (rows["before"] > 0)]
        both = both.assign(change=both["now"] - both["before"], base=both["before"])
        return both.groupby(level=0)[["change", "base"]].sum()

    return [_by_level(change)]


def _customers(sales: pd.DataFrame) -> list[pd.DataFrame]:
    span = sales[
        (sales["order_date"] >= LAST_YEAR) & (sales["order_date"] < END) & sales["customer_id"].notna()
    ]
    lines = span.assign(
        now=span["net_amount"].where(span["order_date"] >= START),
        before=span["is_order"] & (span["order_date"] < START),
    )

    def shares(key: str) -> pd.DataFrame:
        rows = lines.groupby([key, "customer_id"], observed=True)[["now", "before"]].sum()
        rows["net_of_new"] = rows["now"].where(rows["before"] == 0)
        return (
            rows.rename(columns={"now": "net_of_known"})
            .groupby(level=0)[["net_of_new", "net_of_known"]]
            .sum()
        )

    return [_by_level(shares)]


def _concentration(now: pd.DataFrame) -> list[pd.DataFrame]:
    def of(key: str) -> pd.DataFrame:
        keys = list(dict.fromkeys([key, "partner"]))
        sold = now[now["partner"] != NOBODY].groupby(keys, observed=True)["net_amount"].sum()
        rows = pd.DataFrame({"key": sold.index.get_level_values(0), "sold": sold.to_numpy()})
        rows = rows[rows["sold"] > 0].sort_values("sold", ascending=False)
        rank, groups = rows.groupby("key", observed=True).cumcount(), rows["key"]
        total = rows.groupby("key", observed=True)["sold"].sum()
        made = {"sold": total, "squares": (rows["sold"] ** 2).groupby(groups, observed=True).sum()}
        for count in (1, 5, 10):
            made[f"top_{count}"] = rows[rank < count].groupby("key", observed=True)["sold"].sum()
        return pd.DataFrame(made)

    return [_by_level(of)]


def _partners(sales: pd.DataFrame, now: pd.DataFrame, partners: pd.DataFrame) -> list[pd.DataFrame]:
    """Active and lost partners, counted where the partner itself belongs."""
    own = partners.set_index("partner_id")
    under_contract = (
        (own["contract_start"].isna() | (own["contract_start"] < END))
        & (own["contract_end"].isna() | (own["contract_end"] >= START))
        & (own["exit_date"].isna() | (own["exit_date"] >= START))
    )
    orders = sales[sales["is_order"] & sales["partner_id"].notna()]
    before = orders.loc[
        (orders["order_date"] >= BEFORE) & (orders["order_date"] < START), "partner_id"
    ].unique()
    lately = orders.loc[
        (orders["order_date"] >= PREVIOUS) & (orders["order_date"] < END), "partner_id"
    ].unique()
    active = now.loc[
        now["is_order"] & (now["net_amount"] > 0) & now["partner_id"].notna(), "partner_id"
    ].unique()
    rows = pd.DataFrame(
        {
            "partner": own.index,
            "place": own["region"].fillna(NOBODY),
            "partners": under_contract,
            "active": under_contract & own.index.isin(active),
            "were_active": own.index.isin(before),
            "lost": own.index.isin(before) & ~own.index.isin(lately),
        }
    )
    columns = ["partners", "active", "were_active", "lost"]
    return [_by_level(lambda key: rows.groupby(key)[columns].sum())]


def _targets(stored: Path, sales: pd.DataFrame) -> list[pd.DataFrame]:
    targets = _read(
        stored, "targets", ["level", "window_start", "window_end", "target_amount", "partner_id", "region"]
    )
    targets = targets[targets["window_start"] == START]
    parts = {}
    for level, scope in (("partner", "partner_id"), ("region", "region")):
        own = targets[targets["level"] == level]
        window = sales[(sales["order_date"] >= START) & (sales["order_date"] < own["window_end"].max())]
        actual = window.groupby(scope, observed=True)["net_amount"].sum()
        rows = pd.DataFrame({"target": own.groupby(scope)["target_amount"].sum()})
        parts[level] = rows.assign(actual=actual.reindex(rows.index).fillna(0))
    return [pd.concat(parts, names=["level", "entity"])]


def _of_partners(rows: pd.DataFrame, partners: pd.DataFrame) -> pd.DataFrame:
    """Rows with their partner and place; a row's own region wins over its partner's."""
    place = rows["partner_id"].map(partners.set_index("partner_id")["region"])
    if "region" in rows:
        place = rows["region"].fillna(place)
    return rows.assign(partner=rows["partner_id"].fillna(NOBODY), place=place.fillna(NOBODY))


def _money(stored: Path, partners: pd.DataFrame) -> Frames:
    costs = _read(stored, "costs", ["month", "amount", "is_allocated", "region", "partner_id"])
    costs = _of_partners(costs[(costs["month"] >= START) & (costs["month"] < END)], partners)
    is_allocated = costs["is_allocated"].fillna(False).astype(bool)
    costs = costs.assign(
        allocated=costs["amount"].where(is_allocated), direct=costs["amount"].where(~is_allocated)
    )
    dates = ["invoice_date", "due_date", "paid_date", "written_off_date"]
    bills = _read(stored, "receivables", [*dates, "amount", "partner_id", "region"])
    bills = _of_partners(bills[bills["invoice_date"] < END], partners)
    is_open = ~(bills["paid_date"] < END) & ~(bills["written_off_date"] < END)
    bills = bills.assign(
        invoiced=bills["amount"].where(bills["invoice_date"] >= START),
        open=bills["amount"].where(is_open),
        late=bills["amount"].where(is_open & (bills["due_date"] < END)),
    )
    return {
        "costs": _by_level(
            lambda k: (
                costs.rename(columns={"amount": "cost"}).groupby(k)[["cost", "allocated", "direct"]].sum()
            )
        ),
        "receivables": _by_level(lambda k: bills.groupby(k)[["invoiced", "open", "late"]].sum(min_count=1)),
    }


def _goods(stored: Path, partners: pd.DataFrame) -> Frames:
    stock = _read(stored, "stock", ["month", "partner_id", "opening_quantity", "received_quantity"])
    stock = _of_partners(stock[(stock["month"] >= START) & (stock["month"] < END)], partners)
    at_hand = stock["opening_quantity"].where(stock["month"] == START, 0) + stock["received_quantity"]
    sold = _read(stored, "sell_out", ["sold_on", "partner_id", "quantity"])
    sold = _of_partners(sold[(sold["sold_on"] >= START) & (sold["sold_on"] < END)], partners)
    market = _read(stored, "market", ["month", "region", "market_amount", "rival_amount"])
    market = market[(market["month"] >= START) & (market["month"] < END)]
    market = market.rename(columns={"region": "place", "market_amount": "market", "rival_amount": "rival"})
    return {
        "stock": _by_level(lambda k: at_hand.groupby(stock[k]).sum().rename("at_hand")),
        "sell_out": _by_level(lambda k: sold.groupby(k)["quantity"].sum().rename("sold_on")),
        "market": _by_level(lambda k: market.groupby(k)[["market", "rival"]].sum(), {"region": "place"}),
    }


def _voices(stored: Path, partners: pd.DataFrame) -> Frames:
    rows = _read(stored, "feedback", ["given_on", "kind", "score", "partner_id", "region"])
    rows = _of_partners(rows[(rows["given_on"] >= START) & (rows["given_on"] < END)], partners)
    csat, nps, score = rows["kind"] == "csat", rows["kind"] == "nps", rows["score"]
    rows = rows.assign(
        satisfied=csat & (score >= 4),
        answers=csat & score.notna(),
        promoted=(nps & (score >= 9)).astype(int) - (nps & (score <= 6)).astype(int),
        asked=nps & score.notna(),
        complaints=rows["kind"] == "complaint",
    )
    columns = ["satisfied", "answers", "promoted", "asked", "complaints"]
    return {"feedback": _by_level(lambda key: rows.groupby(key)[columns].sum())}


def _long(wide: pd.DataFrame) -> pd.DataFrame:
    """One row per level, entity and KPI, from the columns beside each other."""
    w = wide.fillna(
        {"returned": 0, "allocated": 0, "direct": 0, "cost": 0, "profit": 0, "late": 0, "sold_on": 0}
    )
    w = w.fillna(
        {"complaints": 0, "open": 0, "active": 0, "net_of_new": 0, "satisfied": 0, "actual": 0, "discount": 0}
    )
    w["net"] = w["net"].fillna(0)
    pairs = {
        "net_sales": (w["net"], 1),
        "growth_previous": (w["net"] - w["net_previous"], w["net_previous"]),
        "growth_yoy": (w["net"] - w["net_last_year"], w["net_last_year"]),
        "like_for_like_yoy": (w["change"], w["base"]),
        "attainment": (w["actual"], w["target"]),
        "market_share": (w["net"], w["market"]),
        "relative_market_share": (w["net"], w["rival"]),
        "csat": (w["satisfied"], w["answers"]),
        "nps": (w["promoted"], w["asked"]),
        "complaint_rate": (w["complaints"], w["orders"]),
        "return_rate": (w["returned"], w["ordered"]),
        "channel_cost_ratio": (w["cost"], w["net"]),
        "allocated_cost_share": (w["allocated"], w["cost"]),
        "gross_profit": (w["profit"], 1),
        "gross_margin": (w["profit"], w["net_of_known_cost"]),
        "channel_contribution": (w["profit"] - w["direct"], 1),
        "channel_contribution_margin": (w["profit"] - w["direct"], w["net"]),
        "contribution_after_allocation": (w["profit"] - w["cost"], 1),
        "discount_rate": (w["discount"], w["gross"]),
        "active_partner_rate": (w["active"], w["partners"]),
        "partner_churn": (w["lost"], w["were_active"]),
        "orders": (w["orders"].fillna(0), 1),
        "average_order_value": (w["ordered"], w["orders"]),
        "new_customer_share": (w["net_of_new"], w["net_of_known"]),
        "concentration_hhi": (w["squares"], w["sold"] ** 2),
        "top_1_share": (w["top_1"], w["sold"]),
        "top_5_share": (w["top_5"], w["sold"]),
        "top_10_share": (w["top_10"], w["sold"]),
        "dso": (w["open"] * 92, w["invoiced"]),
        "overdue_ratio": (w["late"], w["open"]),
        "sell_through": (w["sold_on"], w["at_hand"]),
    }
    made = {
        kpi: pd.DataFrame({"numerator": top, "denominator": bottom}, wide.index)
        for kpi, (top, bottom) in pairs.items()
    }
    return pd.concat(made, names=["kpi"]).reset_index()
