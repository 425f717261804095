"""The review's message: a verdict, KPI cards, and the three findings most worth a manager's time."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd

from ..metrics.intervals import differ
from ..metrics.kpis import Kpi
from ..metrics.periods import Period
from ..results import ChannelResults, DataQuality, Finding, Irregularities, Message, Scope, Scorecard
from ..risks import PartnerRisk
from ..rootcauses import MeasurePlan, RootCause
from ..store.workspace import Workspace
from .findings import (
    of_data,
    of_explanation,
    of_irregularities,
    of_results,
    of_risk,
    of_scores,
    owned,
    weightiest,
)

CARDS = (
    "net_sales",
    "attainment",
    "gross_margin",
    "market_share",
    "csat",
    "channel_cost_ratio",
    "active_partner_rate",
    "new_customer_share",
    "discount_rate",
)
"""KPIs that may have a card, in order; the first six that can be computed get one."""

CARDS_SHOWN = 6

FINDINGS_SHOWN = 3

WHOLE = 0.005
"""Targets whose actual is so close to the period's net sales are targets of the whole company."""


def message(
    ws: Workspace,
    values: pd.DataFrame,
    kpis: Mapping[str, Kpi],
    results: ChannelResults,
    card: Scorecard,
    quality: DataQuality,
    period: Period,
    scope: Scope,
    *,
    plan: MeasurePlan | None = None,
    explanation: RootCause | None = None,
    risk: PartnerRisk | None = None,
    irregularities: Irregularities | None = None,
) -> Message:
    """Say what happened in one sentence, show the main KPIs, and point at three findings.

    The findings are the weightiest in money; those whose money nobody knows come last.
    """
    company = values[values["level"] == "company"]
    found = [
        *of_results(results, values, period),
        *of_explanation(explanation, plan),
        *of_risk(risk),
        *of_irregularities(irregularities),
        *of_data(quality),
        *of_scores(card),
    ]
    told = [owned(finding, ws.policy.measures, scope) for finding in weightiest(found, FINDINGS_SHOWN)]
    return Message(_cards(company, kpis, period), _verdict(company, period), tuple(told), scope)


def _cards(company: pd.DataFrame, kpis: Mapping[str, Kpi], period: Period) -> pd.DataFrame:
    now, before, year = (
        company[company["period"] == p.code].set_index("kpi")
        for p in (period, period.previous, period.last_year)
    )
    rows = []
    for name in CARDS:
        if name not in now.index or now.at[name, "status"] != "ok":
            continue
        rows.append(
            {
                "kpi": name,
                "unit": kpis[name].unit,
                "better": kpis[name].better,
                **{part: now.at[name, part] for part in ("value", "low", "high", "denominator")},
                "target": _target(now, name),
                **_compared(now, before, name, "previous"),
                **_compared(now, year if _reaches_back(now) else year.iloc[:0], name, "last_year"),
            }
        )
    return pd.DataFrame(rows[:CARDS_SHOWN])


def _compared(now: pd.DataFrame, base: pd.DataFrame, kpi: str, against: str) -> dict[str, object]:
    """The base's value, and whether sampling error alone may explain the change."""
    value = base.at[kpi, "value"] if kpi in base.index else float("nan")
    is_noise = False
    if kpi in base.index and not math.isnan(now.at[kpi, "low"]):
        ends = (now.at[kpi, "low"], now.at[kpi, "high"], base.at[kpi, "low"], base.at[kpi, "high"])
        is_noise = not differ(now.at[kpi, "value"], value, *ends)
    return {against: value, f"{against}_is_noise": is_noise}


def _target(now: pd.DataFrame, kpi: str) -> float:
    """The target of a card: of attainment 1; of net sales the targets' sum where it covers the company."""
    if kpi == "attainment":
        return 1.0
    if kpi == "net_sales" and now.at["attainment", "status"] == "ok" and abs(target_share(now) - 1) <= WHOLE:
        return float(now.at["attainment", "denominator"])
    return float("nan")


def _reaches_back(now: pd.DataFrame) -> bool:
    """Whether the data hold all of the same period last year."""
    return bool(now.at["growth_yoy", "status"] in ("ok", "incomplete"))


def _verdict(company: pd.DataFrame, period: Period) -> Finding:
    now = company[company["period"] == period.code].set_index("kpi")
    numbers: dict[str, float | str] = {"net_sales": float(now.at["net_sales", "value"])}
    code = "sales"
    for base, kpi in (("last_year", "growth_yoy"), ("previous", "growth_previous")):
        if now.at[kpi, "status"] == "ok":
            code, numbers["growth"] = f"sales_{base}", float(now.at[kpi, "value"])
            break
    if now.at["attainment", "status"] == "ok":
        share = target_share(now)
        numbers["attainment"] = float(now.at["attainment", "value"])
        numbers["target_share"] = share
        code = f"{code}_target" if abs(share - 1) <= WHOLE else f"{code}_part_target"
    return Finding(code, period.code, numbers, "results")


def target_share(now: pd.DataFrame) -> float:
    """What the targets' own actual is of the period's net sales: 1 when they cover the company."""
    sales = float(now.at["net_sales", "value"])
    return float(now.at["attainment", "numerator"]) / sales if sales > 0 else float("nan")
