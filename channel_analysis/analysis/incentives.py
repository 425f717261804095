"""Support programmes and incentives of a period, described for a workspace; no effect is claimed."""

from __future__ import annotations

import pandas as pd

from ..appraisals import Incentives
from ..metrics.incentives import incentive_costs, programme_sums
from ..metrics.kpis import load_kpis
from ..metrics.periods import Period, parse_period
from ..results import Caveat, Scope
from ..store.workspace import Workspace
from .measure import values_of
from .scope import resolve_period, scope_of

SPEND_COLUMNS = ["channel_type", "cost_type", "amount", "last_year", "net_sales", "share"]


def incentives(ws: Workspace, period: str = "last-quarter") -> Incentives:
    """Describe programmes that ran and what incentives cost; whether they worked is another question.

    Parameters
    ----------
    ws : Workspace
    period : str
        "2025Q3", "2025-07" and so on, or "last-quarter" (month, half, year).

    Raises
    ------
    InputError
        When the period is none or holds no sales.
    """
    resolved = resolve_period(ws, period)
    return incentives_of(ws, scope_of(ws, resolved, load_kpis(ws)))


def incentives_of(ws: Workspace, scope: Scope) -> Incentives:
    """The incentives of a period that is resolved already."""
    period = parse_period(scope.period, ws.settings.company.fiscal_year_start)
    has = ws.facts().intake.has
    programmes = programme_sums(ws.facts().engine, period)
    spend = _spend(ws, period) if has("costs") else pd.DataFrame(columns=SPEND_COLUMNS)
    missing = [Caveat("no_table", "note", name) for name in ("programmes", "costs") if not has(name)]
    if scope.is_provisional:
        missing.insert(0, Caveat("provisional", "warning"))
    return Incentives(programmes, spend, scope, tuple(missing))


def _spend(ws: Workspace, period: Period) -> pd.DataFrame:
    """What was booked by channel type and type of cost, beside a year ago and net sales."""
    engine, policy = ws.facts().engine, ws.policy
    now, before = (incentive_costs(engine, p, policy) for p in (period, period.last_year))
    keys = ["channel_type", "cost_type"]
    table = now.merge(before.rename(columns={"amount": "last_year"}), on=keys, how="outer").sort_values(keys)
    account = ws.facts().intake.account("costs")
    reaches_back = account.first_date is not None and account.first_date <= period.last_year.start
    kpis = load_kpis(ws)
    values = values_of(ws, {"net_sales": kpis["net_sales"]}, [period], ("channel_type",))
    sales = values.set_index("entity")["value"]
    net_sales = table["channel_type"].map(sales).astype(float)
    amount = table["amount"].astype(float).fillna(0.0)
    return table.assign(
        amount=amount,
        last_year=table["last_year"].astype(float).fillna(0.0 if reaches_back else float("nan")),
        net_sales=net_sales,
        share=amount / net_sales.where(net_sales > 0),
    )[SPEND_COLUMNS].reset_index(drop=True)
