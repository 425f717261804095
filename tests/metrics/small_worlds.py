"""Small companies written as CSV files, and one figure of theirs at a time."""

from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd

from channel_analysis.metrics.kpis import Kpi, load_kpis
from channel_analysis.metrics.periods import parse_period
from channel_analysis.metrics.values import kpi_values
from channel_analysis.store.workspace import Workspace, open_workspace

Row = dict[str, Any]
CATALOGUE: dict[str, Kpi] = {}


def company(folder: Path, policy: str = "", kpis: str = "", **tables: list[Row]) -> Workspace:
    """Write a company's tables and rules into a folder and open it."""
    source = folder / "raw"
    source.mkdir(parents=True)
    for name, rows in tables.items():
        numbered(name, rows).to_csv(source / f"{name}.csv", index=False)
    settings = '[company]\ncurrency = "CNY"\n[data]\nsource = "raw"\nmapping = "contract"\n'
    (folder / "workspace.toml").write_text(settings, encoding="utf-8")
    (folder / "policy.toml").write_text(policy, encoding="utf-8")
    (folder / "kpis.toml").write_text(kpis, encoding="utf-8")
    return open_workspace(folder)


def numbered(name: str, rows: list[Row]) -> pd.DataFrame:
    """The rows with what a table cannot do without filled in: numbers, one line an order."""
    keys = {"sales": "order_id", "feedback": "feedback_id", "costs": "cost_id", "market": "market_id"}
    keys |= {"targets": "target_id", "receivables": "invoice_id", "sell_out": "sell_out_id"}
    key, number = keys.get(name), count(1)
    return pd.DataFrame([{key: f"{name}-{next(number)}"} | row if key else row for row in rows])


def order(day: str, net: float, **more: Any) -> Row:
    """An order of one line, to a distributor unless said otherwise."""
    line = {"line_number": 1, "kind": "order", "order_date": day, "channel_type": "distributor"}
    return line | {"net_amount": net} | more


def returned(day: str, net: float, of: str | None = None, **more: Any) -> Row:
    """A return worth `net`, of a named order or of none."""
    return order(day, -net, **{"kind": "return", "original_order_id": of} | more)


def partner(
    name: str, region: str | None = "East", channel_type: str | None = "distributor", **more: Any
) -> Row:
    """A partner."""
    return {"partner_id": name, "region": region, "channel_type": channel_type} | more


def target(level: str, start: str, amount: float, end: str | None = None, **scope: str) -> Row:
    """A target; without an end its window is open."""
    row = {"level": level, "window_start": start, "window_end": end, "target_amount": amount}
    return row | {"region": None, "rep_id": None, "partner_id": None} | scope


def values(ws: Workspace, *periods: str, levels: tuple[str, ...] = ("company",), kpis=None) -> pd.DataFrame:
    """KPI values of a company, indexed by KPI, period, level and entity; all KPIs unless named."""
    known = kpis_of(ws)
    chosen = {name: known[name] for name in kpis or known}
    chosen |= {kpi.of: known[kpi.of] for kpi in list(chosen.values()) if kpi.of}
    spans = [parse_period(code, ws.settings.company.fiscal_year_start) for code in periods]
    frame = kpi_values(ws.facts(), chosen, ws.policy, spans, levels)
    return frame.set_index(["kpi", "period", "level", "entity"]).sort_index()


def figure(ws: Workspace, kpi: str, period: str, level: str = "company", entity: str = "") -> SimpleNamespace:
    """One KPI of one entity in one period."""
    frame = values(ws, period, levels=tuple({"company", level}), kpis=[kpi, "net_sales"])
    return SimpleNamespace(**frame.loc[kpi, period, level, entity].to_dict())


def kpis_of(ws: Workspace) -> dict[str, Kpi]:
    """The workspace's KPIs; those of the catalogue alone are checked once for all companies."""
    own = (ws.root / "kpis.toml").read_text(encoding="utf-8") if (ws.root / "kpis.toml").exists() else ""
    if own:
        return load_kpis(ws)
    if not CATALOGUE:
        CATALOGUE.update(load_kpis(ws))
    return CATALOGUE
