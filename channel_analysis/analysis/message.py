"""The review's message: a verdict, KPI cards, and the three findings most worth a manager's time."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd

from ..metrics.intervals import differ
from ..metrics.kpis import Kpi
from ..metrics.periods import Period
from ..results import ChannelResults, DataQuality, Finding, Message, Scope, Scorecard
from ..store.workspace import Workspace

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
) -> Message:
    """Say what happened in one sentence, show the main KPIs, and point at three findings."""
    company = values[values["level"] == "company"]
    cards = _cards(ws, company, kpis, period)
    findings = [
        *_change_findings(results),
        *_comparable_findings(values, period),
        *_target_findings(values, period),
        *_score_findings(card),
        *_quality_findings(quality),
    ]
    return Message(cards, _verdict(company, period), tuple(findings[:3]), scope)


def _cards(ws: Workspace, company: pd.DataFrame, kpis: Mapping[str, Kpi], period: Period) -> pd.DataFrame:
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


def _change_findings(results: ChannelResults) -> list[Finding]:
    """The channel type that moved net sales most, in either direction, with its share of the change."""
    table = results.changes
    if len(table) < 2 or not table["change"].abs().max() > 0:
        return []
    row = table.loc[table["change"].abs().idxmax()]
    total = float(table["change"].sum())
    numbers: dict[str, float | str] = {
        "change": float(row["change"]),
        "total": total,
        "base": str(row["base"]),
    }
    return [Finding("channel_moved", str(row["channel_type"]), numbers, "results")]


def _comparable_findings(values: pd.DataFrame, period: Period) -> list[Finding]:
    """The larger channel family whose growth and like-for-like growth point in opposite directions."""
    own = values[(values["level"] == "channel_family") & (values["period"] == period.code)]
    table = own.pivot(index="entity", columns="kpi", values="value")
    if not {"growth_yoy", "like_for_like_yoy"} <= set(table.columns):
        return []
    opposite = table[table["growth_yoy"] * table["like_for_like_yoy"] < 0]
    if opposite.empty:
        return []
    row = opposite.loc[opposite["net_sales"].idxmax()]
    numbers: dict[str, float | str] = {
        "growth": float(row["growth_yoy"]),
        "like_for_like": float(row["like_for_like_yoy"]),
    }
    code = "growth_from_new" if row["growth_yoy"] > 0 else "decline_from_lost"
    return [Finding(code, str(row.name), numbers, "results")]


def _target_findings(values: pd.DataFrame, period: Period) -> list[Finding]:
    """The channel type furthest below its target in money."""
    own = values[
        (values["level"] == "channel_type")
        & (values["kpi"] == "attainment")
        & (values["period"] == period.code)
        & (values["status"] == "ok")
    ]
    gaps = own["numerator"] - own["denominator"]
    if gaps.empty or gaps.min() >= 0:
        return []
    row = own.loc[gaps.idxmin()]
    numbers: dict[str, float | str] = {"gap": float(-gaps.min()), "attainment": float(row["value"])}
    return [Finding("target_missed", str(row["entity"]), numbers, "results")]


def _score_findings(card: Scorecard) -> list[Finding]:
    """The lowest score, and the KPI that costs it most points against target."""
    scored = card.scores[card.scores["status"] == "ok"]
    if len(scored) < 2:
        return []
    lowest = scored.loc[scored["score"].idxmin()]
    points = card.points[
        (card.points["channel_type"] == lowest["channel_type"]) & (card.points["status"] == "ok")
    ]
    lost = points["effective_weight"] * (100 - points["kpi_score"])
    weakest = points.loc[lost.idxmax()]
    numbers: dict[str, float | str] = {
        "score": float(lowest["score"]),
        "kpi": str(weakest["kpi"]),
        "points_lost": float(lost.max()),
    }
    return [Finding("score_lowest", str(lowest["channel_type"]), numbers, "scorecard")]


def _quality_findings(quality: DataQuality) -> list[Finding]:
    aside = quality.findings[quality.findings["is_set_aside"]] if len(quality.findings) else quality.findings
    if aside.empty:
        return []
    numbers: dict[str, float | str] = {
        "rows": int(aside["rows"].sum()),
        "amount": float(aside["amount"].sum()),
        "grade": quality.grade,
    }
    return [Finding("data_set_aside", "", numbers, "data")]
