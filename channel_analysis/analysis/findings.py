"""Findings for the message: of each part the one that weighs most, with who is to do what about it."""

from __future__ import annotations

import datetime
import json
import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pandas as pd

from ..contracts.measures import Measures
from ..metrics.periods import Period
from ..results import ChannelResults, DataQuality, Finding, Irregularities, Scope, Scorecard
from ..risks import PartnerRisk
from ..rootcauses import MeasurePlan, RootCause

Numbers = dict[str, float | str]


def weightiest(findings: Iterable[Finding], most: int) -> list[Finding]:
    """The findings of the most money, the largest first; those without a known amount after them."""
    return sorted(findings, key=lambda found: math.inf if math.isnan(found.weight) else -found.weight)[:most]


def owned(finding: Finding, rules: Measures, scope: Scope) -> Finding:
    """A finding with its first step of the policy's catalogue, and an owner where nobody is named yet.

    Time to do it runs from the data's last day on; "" and None where the policy names nothing.
    """
    if finding.measure:
        return finding
    by_region = rules.owners_by_region.get(scope.where.get("region", ""), "")
    by_type = rules.owners_by_channel_type.get(finding.subject, "")
    owner = finding.owner or (by_region or by_type or rules.default_owner).strip()
    for code, step in rules.catalogue.items():
        if step.finding == finding.code:
            due = max(scope.as_of, scope.last_day) + datetime.timedelta(days=step.due_days or rules.due_days)
            return replace(finding, owner=owner, measure=code, due=due)
    return replace(finding, owner=owner)


def of_results(results: ChannelResults, values: pd.DataFrame, period: Period) -> list[Finding]:
    """The largest mover, the widest gap to target, and growth that is not what it seems."""
    return [*_moved(results), *_target_missed(values, period), *_not_like_for_like(values, period)]


def _moved(results: ChannelResults) -> list[Finding]:
    """The channel type that moved net sales most, in either direction, with its share of the change."""
    table = results.changes
    if len(table) < 2 or not table["change"].abs().max() > 0:
        return []
    row = table.loc[table["change"].abs().idxmax()]
    change = float(row["change"])
    numbers: Numbers = {"change": change, "total": float(table["change"].sum()), "base": str(row["base"])}
    return [
        Finding("channel_moved", str(row["channel_type"]), numbers, "results", "figure-changes", abs(change))
    ]


def _not_like_for_like(values: pd.DataFrame, period: Period) -> list[Finding]:
    """The larger channel family whose growth and like-for-like growth point in opposite directions."""
    own = values[(values["level"] == "channel_family") & (values["period"] == period.code)]
    table = own.pivot(index="entity", columns="kpi", values="value")
    if not {"growth_yoy", "like_for_like_yoy"} <= set(table.columns):
        return []
    opposite = table[table["growth_yoy"] * table["like_for_like_yoy"] < 0]
    if opposite.empty:
        return []
    row = opposite.loc[opposite["net_sales"].idxmax()]
    growth = float(row["growth_yoy"])
    numbers: Numbers = {"growth": growth, "like_for_like": float(row["like_for_like_yoy"])}
    code = "growth_from_new" if growth > 0 else "decline_from_lost"
    return [Finding(code, str(row.name), numbers, "results", "channels")]


def _target_missed(values: pd.DataFrame, period: Period) -> list[Finding]:
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
    row, gap = own.loc[gaps.idxmin()], float(-gaps.min())
    numbers: Numbers = {"gap": gap, "attainment": float(row["value"])}
    return [Finding("target_missed", str(row["entity"]), numbers, "results", "channels", gap)]


def of_explanation(explanation: RootCause | None, plan: MeasurePlan | None) -> list[Finding]:
    """The segment that moved the KPI most beyond what all have in common, with its measure."""
    if explanation is None or explanation.unit != "money" or not len(explanation.segments):
        return []
    table = explanation.segments
    row = table.loc[table["contribution"].abs().idxmax()]
    numbers: Numbers = {
        "contribution": float(row["contribution"]),
        "low": float(row["low"]),
        "high": float(row["high"]),
        "factor": str(row["factor"]),
        "parts": _parts(explanation, row["place"]),
    }
    return [
        Finding(
            "segment_moved",
            str(row["segment"]),
            numbers,
            "causes",
            f"segments_{explanation.kpi}",
            abs(float(row["contribution"])),
            sure="interval",
            **_measure(str(row["segment"]), explanation.kpi, plan),
        )
    ]


def _parts(explanation: RootCause, place: object) -> str:
    """What bounds a segment, as a measure's `parts`: dimension, value and name of each, as JSON."""
    own = explanation.parts[explanation.parts["place"] == place]
    rows = zip(own["dimension"], own["value"], own["name"], strict=True)
    return json.dumps([[text if isinstance(text, str) else "" for text in row] for row in rows])


def _measure(segment: str, kpi: str, plan: MeasurePlan | None) -> dict[str, Any]:
    """The first measure proposed for a segment."""
    if plan is None or not len(plan.proposals):
        return {}
    at = plan.proposals["segment"].astype(str)
    is_its = (at == segment) | at.str.endswith(f" & {segment}")  # a narrowed report bounds it further
    own = plan.proposals[is_its & (plan.proposals["kpi"] == kpi)]
    if own.empty:
        return {}
    row = own.iloc[0]
    return {"measure": str(row["measure"]), "owner": str(row["owner"]), "due": row["due"]}


def of_risk(risk: PartnerRisk | None) -> list[Finding]:
    """What the partners on the watch list may cost, and the one that may cost most."""
    listed = risk.watch_list() if risk is not None else pd.DataFrame()
    if not len(listed) or not listed["expected_loss"].sum() > 0:  # nothing known, or nothing to lose
        return []
    row = listed.loc[listed["expected_loss"].idxmax()]
    loss = float(listed["expected_loss"].sum())
    numbers: Numbers = {
        "partners": len(listed),
        "loss": loss,
        "partner": str(row["partner_name"] or row["partner_id"]),
        "partner_loss": float(row["expected_loss"]),
    }
    owner = row["owner_id"] if isinstance(row["owner_id"], str) else ""
    return [
        Finding(
            "partners_at_risk",
            str(row["partner_id"]),
            numbers,
            "risk",
            "risk_watch_list",
            loss,
            "estimate",
            owner=owner,
        )
    ]


def of_irregularities(irregularities: Irregularities | None) -> list[Finding]:
    """How many cases are to be checked and what is at stake in them."""
    if irregularities is None or not len(irregularities.cases):
        return []
    money = float(irregularities.cases["money"].sum())
    facts = int(irregularities.cases["p_value"].isna().sum())
    numbers: Numbers = {
        "cases": len(irregularities.cases),
        "money": money,
        "facts": facts,
        "false": irregularities.false_discovery_rate,
    }
    sure = "facts" if facts == len(irregularities.cases) else "tests"
    return [Finding("irregular_cases", "", numbers, "irregularities", "irregular_cases", money, sure)]


def of_scores(card: Scorecard) -> list[Finding]:
    """The lowest score, and the KPI that costs it most points against target."""
    scored = card.scores[card.scores["status"] == "ok"]
    if len(scored) < 2:
        return []
    lowest = scored.loc[scored["score"].idxmin()]
    points = card.points[
        (card.points["channel_type"] == lowest["channel_type"]) & (card.points["status"] == "ok")
    ]
    lost = points["effective_weight"] * (100 - points["kpi_score"])
    numbers: Numbers = {
        "score": float(lowest["score"]),
        "kpi": str(points.loc[lost.idxmax(), "kpi"]),
        "points_lost": float(lost.max()),
        "score_low": float(lowest["score_low"]),
        "score_high": float(lowest["score_high"]),
    }
    return [
        Finding(
            "score_lowest", str(lowest["channel_type"]), numbers, "scorecard", "scores", sure="score_range"
        )
    ]


def of_data(quality: DataQuality) -> list[Finding]:
    """What was set aside, where anything was."""
    aside = quality.findings[quality.findings["is_set_aside"]] if len(quality.findings) else quality.findings
    if aside.empty:
        return []
    amount = float(aside["amount"].sum())
    numbers: Numbers = {"rows": int(aside["rows"].sum()), "amount": amount, "grade": quality.grade}
    return [Finding("data_set_aside", "", numbers, "data", "findings", amount)]
