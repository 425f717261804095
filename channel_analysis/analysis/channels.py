"""Results by channel type: figures side by side, their history, and what each added to the change."""

from __future__ import annotations

import datetime
from collections.abc import Mapping

import pandas as pd

from ..metrics.facts import UNASSIGNED
from ..metrics.kpis import Kpi
from ..metrics.periods import Period
from ..results import Caveat, ChannelResults, Scope
from ..store.workspace import Workspace
from .measure import values_of

SHOWN = (
    "net_sales",
    "attainment",
    "growth_yoy",
    "like_for_like_yoy",
    "gross_margin",
    "channel_contribution_margin",
    "market_share",
    "csat",
    "complaint_rate",
    "return_rate",
    "channel_cost_ratio",
    "active_partner_rate",
)
"""KPIs of the results table, in order; those nobody has are named below it with the reason."""

HISTORY = {"month": 13, "quarter": 9, "half": 6, "year": 5}
"""How many periods the history shows, the one under review included."""

FEW_ORDER_DAYS = 12
"""A channel whose orders fall on so few days a period is compared with care."""


def channel_results(
    ws: Workspace, values: pd.DataFrame, kpis: Mapping[str, Kpi], period: Period, scope: Scope
) -> ChannelResults:
    """Lay the period's KPIs out by channel type, with history and contributions to the change."""
    shown = tuple(name for name in SHOWN if name in kpis)
    table = _by_family(_told(wide(values[values["period"] == period.code], shown), shown), ws)
    usable = tuple(name for name in shown if (table[f"{name}_status"] == "ok").any())
    reasons = {name: str(table[f"{name}_status"].iloc[0]) for name in shown if name not in usable}
    return ChannelResults(
        channels=table,
        history=_history(ws, kpis, period),
        changes=changes(values, period),
        kpis=usable,
        scope=scope,
        caveats=(
            *(Caveat("kpi_absent", "note", name, {"reason": reason}) for name, reason in reasons.items()),
            *_attainment_window(ws, values, period),
            *_market_basis(ws, values, period),
            *_cost_lines(ws, values, period),
            *_bunched(ws, period),
        ),
    )


def _told(table: pd.DataFrame, shown: tuple[str, ...]) -> pd.DataFrame:
    """The table without unassigned rows that say nothing: visits of staff without a channel, for example."""
    says = pd.Series(False, index=table.index)
    for name in shown:
        says |= (table[f"{name}_status"] == "ok") & (table[name] != 0)
    return table[says | (table["entity"] != UNASSIGNED)].reset_index(drop=True)


def wide(values: pd.DataFrame, shown: tuple[str, ...]) -> pd.DataFrame:
    """One row per level and entity, a column per KPI with its interval and status."""
    table = values.loc[:, ["level", "entity"]].drop_duplicates().reset_index(drop=True)
    for name in shown:
        own = values[values["kpi"] == name].set_index(["level", "entity"])
        columns = {"value": name, "low": f"{name}_low", "high": f"{name}_high", "status": f"{name}_status"}
        renamed = own[list(columns)].rename(columns=columns)
        table = table.join(renamed, on=["level", "entity"])
    total = table.loc[table["level"] == "company", "net_sales"]
    whole = float(total.iloc[0]) if len(total) else float("nan")
    table.insert(2, "sales_share", table["net_sales"] / whole if whole > 0 else float("nan"))
    return table


def _by_family(table: pd.DataFrame, ws: Workspace) -> pd.DataFrame:
    """The company, then each family followed by its channel types, the largest first."""
    types = ws.policy.channel_types
    is_type = table["level"] == "channel_type"
    family = table["entity"].where(
        ~is_type, table["entity"].map(lambda name: types[name].family if name in types else "")
    )
    rank = table["level"].map({"company": 0, "channel_family": 1, "channel_type": 2})
    keys = pd.DataFrame(
        {"family": family.where(rank > 0, ""), "rank": rank, "sales": -table["net_sales"].fillna(0.0)}
    )
    return table.loc[keys.sort_values(["family", "rank", "sales"], kind="stable").index].reset_index(
        drop=True
    )


def changes(values: pd.DataFrame, period: Period) -> pd.DataFrame:
    """What each channel type added to the change of net sales; the parts add up to the company's.

    Against the same period last year, or against the period before where the data do not reach
    back that far; `base` names it. Empty when neither can be had.
    """
    company = values[(values["level"] == "company") & (values["period"] == period.code)]
    status = company.set_index("kpi")["status"]
    if status.get("growth_yoy") == "ok":
        base = period.last_year.code
    elif status.get("growth_previous") == "ok":
        base = period.previous.code
    else:
        return pd.DataFrame(columns=["channel_type", "base", "now", "before", "change"])
    sales = values[(values["kpi"] == "net_sales") & (values["level"] == "channel_type")]
    table = sales.pivot(index="entity", columns="period", values="value").fillna(0.0)
    found = pd.DataFrame(
        {
            "channel_type": table.index,
            "base": base,
            "now": table[period.code].to_numpy(),
            "before": table[base].to_numpy(),
        }
    )
    found = found[(found["now"] != 0) | (found["before"] != 0)]
    found = found.assign(change=found["now"] - found["before"])
    return found.sort_values(["change", "channel_type"], ascending=[False, True]).reset_index(drop=True)


def _history(ws: Workspace, kpis: Mapping[str, Kpi], period: Period) -> pd.DataFrame:
    first = ws.facts().intake.account("sales").first_date
    periods = [period.shift(-back) for back in reversed(range(HISTORY[period.kind]))]
    periods = [p for p in periods if first is not None and p.end > first]
    values = values_of(ws, {"net_sales": kpis["net_sales"]}, periods, ("channel_type",))
    found = values.rename(columns={"entity": "channel_type", "value": "net_sales"})
    order = {p.code: number for number, p in enumerate(periods)}
    found = found.assign(_order=found["period"].map(order)).sort_values(["channel_type", "_order"])
    return found.loc[:, ["channel_type", "period", "net_sales", "status"]].reset_index(drop=True)


def _attainment_window(ws: Workspace, values: pd.DataFrame, period: Period) -> list[Caveat]:
    """Attainment prints its own actual and its own window where that is not the period itself."""
    row = _company(values, "attainment", period)
    if row is None:
        return []
    found = (
        ws.facts()
        .engine.query(
            "SELECT MIN(window_start) AS first, MAX(window_end) AS last FROM target_actuals "
            f"WHERE target_date >= DATE '{period.start}' AND target_date < DATE '{period.end}'"
        )
        .to_pylist()[0]
    )
    if (found["first"], found["last"]) == (period.start, period.end):
        return []
    numbers = {
        "actual": float(row["numerator"]),
        "target": float(row["denominator"]),
        "first": found["first"],
        "last": found["last"] - datetime.timedelta(days=1),
    }
    return [Caveat("attainment_window", "note", "attainment", numbers)]


def _market_basis(ws: Workspace, values: pd.DataFrame, period: Period) -> list[Caveat]:
    """What market share rests on: our sell-in, and whose figures up to which month."""
    if _company(values, "market_share", period) is None:
        return []
    found = (
        ws.facts()
        .engine.query(
            "SELECT DISTINCT source, MAX(month) OVER () AS last FROM market "
            f"WHERE month >= DATE '{period.start}' AND month < DATE '{period.end}' ORDER BY source"
        )
        .to_pylist()
    )
    sources = ", ".join(row["source"] for row in found if row["source"])
    return [
        Caveat(
            "market_sell_in", "note", "market_share", {"source": sources, "last": f"{found[0]['last']:%Y-%m}"}
        )
    ]


def _cost_lines(ws: Workspace, values: pd.DataFrame, period: Period) -> list[Caveat]:
    row = _company(values, "channel_cost_ratio", period)
    if row is None:
        return []
    kinds = (
        ws.facts()
        .engine.query(
            f"SELECT DISTINCT cost_type FROM costs WHERE month >= DATE '{period.start}' "
            f"AND month < DATE '{period.end}' ORDER BY cost_type"
        )["cost_type"]
        .to_pylist()
    )
    allocated = _company(values, "allocated_cost_share", period)
    share = float("nan") if allocated is None else allocated["value"]
    return [Caveat("cost_lines", "note", "channel_cost_ratio", {"kinds": tuple(kinds), "allocated": share})]


def _bunched(ws: Workspace, period: Period) -> list[Caveat]:
    """Channels whose orders fall on few days, when the compared periods hold unequal numbers of them."""
    now, before = (_order_days(ws, p) for p in (period, period.last_year))
    return [
        Caveat("bunched_dates", "warning", name, {"now": days, "before": before[name]})
        for name, days in sorted(now.items())
        if days <= FEW_ORDER_DAYS and before.get(name, days) != days
    ]


def _order_days(ws: Workspace, period: Period) -> dict[str, int]:
    """Per channel type, on how many days 95 % of a period's lines fall, the busiest days first."""
    rows = ws.facts().engine.query(
        "SELECT channel_type, order_date, COUNT(*) AS lines FROM sales "
        f"WHERE order_date >= DATE '{period.start}' AND order_date < DATE '{period.end}' "
        "GROUP BY channel_type, order_date"
    )
    days = rows.to_pandas().sort_values(["channel_type", "lines"], ascending=[True, False])
    by_type = days.groupby("channel_type")["lines"]
    needed = by_type.cumsum() - days["lines"] < 0.95 * by_type.transform("sum")
    return {str(name): int(count) for name, count in needed.groupby(days["channel_type"]).sum().items()}


def _company(values: pd.DataFrame, kpi: str, period: Period) -> pd.Series | None:
    """The company's row of a KPI when it could be computed."""
    own = values[(values["level"] == "company") & (values["kpi"] == kpi) & (values["period"] == period.code)]
    return own.iloc[0] if len(own) and own.iloc[0]["status"] == "ok" else None
