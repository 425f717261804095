"""The tables behind partner sheets: cards, points with what is typical of others, history, open measures."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..appraisals import PartnerAppraisal
from ..contracts.policy import Policy
from ..contracts.rubric import Anchors, Band
from ..methods.scoring.engine import CAP
from ..metrics.intervals import differ
from ..metrics.kpis import Kpi
from ..metrics.periods import Period, coverage, period_at
from ..results import Irregularities
from ..risks import PartnerRisk
from ..sheets import FEWEST_PEERS
from ..store.workspace import Workspace
from .measure import values_of
from .scope import begins_late

LEVEL = "partner"

PERIODS_SHOWN = 8
"""Periods of the history: quarters, or months of a month."""

CARDS_SHOWN = 6

TRIMMED = 0.1
"""Of the typical value of others, so many at each end count as the next inside."""

SURE = 1.645
"""Changes within so many standard errors of a difference are within chance."""

SALES = "net_sales"
ATTAINMENT = "attainment"

SAME = 0.005
"""Targets whose own actual is so close to net sales are targets of all of them."""

_TOLD = {
    "entity": "partner_id",
    "name": "partner_name",
    "group": "channel_type",
}
_OF_PARTNER = [
    "partner_id", "partner_name", "channel_type", "region", "owner_id", "owner_name", "net_sales", "score",
    "low", "high", "worst", "coverage", "status", "veto", "cap", "capped_from", "rank", "rank_low",
    "rank_high", "peers", "tier", "tier_before", "next_tier", "next_tier_gap", "previous_score", "change",
    "moved", "last_year_score", "last_year_change", "last_year_moved",
]  # fmt: skip
_INTERNAL = ["handling", "case"]
_OF_RISK = {
    "status": "risk_status",
    "band": "band",
    "trigger": "trigger",
    "probability": "probability",
    "low": "probability_low",
    "high": "probability_high",
    "expected_loss": "expected_loss",
}
_CARD = [
    "partner_id", "kpi", "unit", "better", "value", "low", "high", "denominator", "target", "previous",
    "previous_is_noise", "last_year", "last_year_is_noise",
]  # fmt: skip
_POINT = [
    "partner_id", "kpi", "weight", "effective_weight", "measured", "value", "target", "peers", "peers_n",
    "kpi_score", "points", "status",
]  # fmt: skip
_GAIN = ["partner_id", "kpi", "value", "needed", "gain"]
_CASE = ["partner_id", "case_id", "rule", "period", "first_day", "last_day", "money", "state"]
_MEASURE = ["partner_id", "measure_id", "measure", "title", "owner", "due", "state"]

Row = Mapping[Any, Any]


def values_at(ws: Workspace, kpis: Mapping[str, Kpi], period: Period, weighed: Sequence[str]) -> pd.DataFrame:
    """KPI values of all partners in a period, the one before and the same last year, as far as data reach."""
    covered = coverage(ws.facts().engine)
    periods = [p for p in (period.previous, period.last_year) if not begins_late(ws, p, covered)]
    names = {*weighed, SALES, *(kpis[name].of for name in weighed if kpis[name].of)}
    used = {name: kpi for name, kpi in kpis.items() if name in names}
    found = values_of(ws, used, list(dict.fromkeys([period, *periods])), (LEVEL,))
    when = {period.last_year.code: "last_year", period.previous.code: "previous", period.code: "now"}
    return found.assign(when=found["period"].map(when))


def partners_of(
    appraised: PartnerAppraisal,
    risk: PartnerRisk,
    owners: Mapping[str, str],
    policy: Policy,
    is_internal: bool,
) -> pd.DataFrame:
    """One row per partner; see `sheets.PartnerSheets`."""
    table = appraised.partners.rename(columns=_TOLD)
    table = table.assign(owner_name=table["owner_id"].map(owners))
    few = table["peers"].fillna(0) - 1 < FEWEST_PEERS
    ranks = ["rank", "rank_low", "rank_high"]
    table[ranks] = table[ranks].astype(float).mask(few, np.nan)
    following = [
        _next(tier, worst, policy) for tier, worst in zip(table["tier"], table["worst"], strict=True)
    ]
    table["next_tier"] = [name for name, _ in following]
    table["next_tier_gap"] = [gap for _, gap in following]
    columns = _OF_PARTNER
    if is_internal:
        table, columns = _with_risk(table, risk), [*_OF_PARTNER, *_INTERNAL, *_OF_RISK.values()]
    return table.sort_values("partner_id", kind="stable")[columns].reset_index(drop=True)


def _next(tier: str, certain: float, policy: Policy) -> tuple[str, float]:
    """The next better tier, and how many points the certain score lacks to rise into it."""
    tiers = policy.partners.tiers
    if not tier or math.isnan(certain):
        return "", float("nan")
    better = [name for name, rule in tiers.items() if rule.begins > tiers[tier].begins]
    if not better:
        return "", float("nan")
    following = min(better, key=lambda name: tiers[name].begins)
    return following, tiers[following].begins + policy.partners.hysteresis - certain


def _with_risk(table: pd.DataFrame, risk: PartnerRisk) -> pd.DataFrame:
    own = risk.partners.set_index("partner_id")
    for column, name in _OF_RISK.items():
        known = own[column] if column in own and len(own) else pd.Series(dtype=object)
        told = table["partner_id"].map(known)
        is_text = name in ("risk_status", "band", "trigger")
        table[name] = told.astype(object).fillna("").astype(str) if is_text else told.astype(float)
    return table


def points_of(
    appraised: PartnerAppraisal, values: pd.DataFrame, period: Period, policy: Policy
) -> pd.DataFrame:
    """The points of each score, with the value as measured, the target and what is typical of others."""
    now = values[values["when"] == "now"]
    measured = {(e, k): v for e, k, v in zip(now["entity"], now["kpi"], now["value"], strict=True)}
    points = appraised.points.rename(columns={"entity": "partner_id"})
    keys = list(zip(points["partner_id"], points["kpi"], strict=True))
    points["measured"] = [measured.get(key, float("nan")) for key in keys]
    points["target"] = [
        target_of(policy, group, kpi, value)
        for group, kpi, value in zip(points["group"], points["kpi"], points["value"], strict=True)
    ]
    typical = points.groupby(["group", "kpi"], sort=False)["measured"].transform(typical_of_others)
    others = points.groupby(["group", "kpi"], sort=False)["measured"].transform("count")
    points["peers"] = typical
    points["peers_n"] = (others - points["measured"].notna()).astype(int)
    points.loc[points["kpi"] == CAP, "peers_n"] = 0
    return points[_POINT].reset_index(drop=True)


def typical_of_others(values: pd.Series) -> pd.Series:
    """For each of several values the mean of all others, their ends drawn in; missing with too few others.

    Examples
    --------
    >>> typical_of_others(pd.Series([1.0, 1, 1, 1, 1, 7])).round(2).tolist()
    [1.72, 1.72, 1.72, 1.72, 1.72, 1.0]
    >>> typical_of_others(pd.Series([1.0, 2, 3])).isna().all()
    np.True_
    """
    known = values.dropna()
    told = pd.Series(np.nan, index=values.index, dtype=float)
    if len(known) < FEWEST_PEERS:
        return told
    everybody = known.to_numpy(dtype=float)
    for place in values.index:
        others = np.delete(everybody, known.index.get_loc(place)) if place in known.index else everybody
        if len(others) >= FEWEST_PEERS:
            ends = np.quantile(others, [TRIMMED, 1 - TRIMMED])
            told[place] = float(np.clip(others, *ends).mean())
    return told


def target_of(policy: Policy, group: str, kpi: str, value: float) -> float:
    """What earns a KPI all its 100 points: its target, or of a band the end that is nearer."""
    ends = policy.partners.scoring.anchors_of(policy.scopes_of(group), kpi)
    if isinstance(ends, Anchors):
        return ends.target
    if isinstance(ends, Band):
        return ends.low if value < ends.low else ends.high
    return float("nan")


def gains_of(points: pd.DataFrame) -> pd.DataFrame:
    """What would raise each score most: the points that a KPI lacks to its target, the most first."""
    is_open = (points["status"] == "ok") & points["points"].notna() & (points["kpi"] != CAP)
    short = points[is_open & (points["kpi_score"] < 100)]
    table = short.assign(needed=short["target"], gain=short["effective_weight"] * (100 - short["kpi_score"]))
    table = table.sort_values(["partner_id", "gain", "kpi"], ascending=[True, False, True], kind="stable")
    return table[_GAIN].reset_index(drop=True)


def history_of(
    ws: Workspace, kpis: Mapping[str, Kpi], period: Period, partners: Iterable[str]
) -> pd.DataFrame:
    """Net sales of each partner over the last periods: partner_id, period, net_sales."""
    covered = coverage(ws.facts().engine)
    kind = "month" if period.kind == "month" else "quarter"
    last = period_at(period.last_day, kind, period.fiscal_start)
    shown = (last.shift(-n) for n in reversed(range(PERIODS_SHOWN)))
    wanted = [p for p in shown if not begins_late(ws, p, covered)] or [last]
    values = values_of(ws, {SALES: kpis[SALES]}, wanted, (LEVEL,))
    wide = values.pivot(index="entity", columns="period", values="value").fillna(0.0)
    wide = wide.reindex(index=sorted(partners), columns=[p.code for p in wanted], fill_value=0.0)
    long = (
        wide.rename_axis("partner_id").reset_index().melt("partner_id", var_name="period", value_name=SALES)
    )
    return long.sort_values("partner_id", kind="stable").reset_index(drop=True)


def cards_of(
    values: pd.DataFrame,
    appraised: PartnerAppraisal,
    kpis: Mapping[str, Kpi],
    period: Period,
    policy: Policy,
) -> pd.DataFrame:
    """Cards of each partner: net sales, and the KPIs that weigh most in its score."""
    known = {(r["entity"], r["kpi"], r["when"]): r for r in values.to_dict("records")}
    noise = {(r["entity"], r["kpi"]): r["se"] for r in appraised.points.to_dict("records")}
    rows = []
    for partner, group in zip(appraised.partners["entity"], appraised.partners["group"], strict=True):
        weights = policy.partners.scoring.weights_of(policy.scopes_of(group))
        names = [SALES, *sorted(weights, key=lambda name: (-weights[name], name))]
        found = [name for name in names if known.get((partner, name, "now"), {}).get("status") == "ok"]
        rows += [
            _card(known, partner, name, kpis[name], _card_target(known, partner, group, name, policy))
            | _noise(known, partner, name, noise.get((partner, name), float("nan")))
            for name in found[:CARDS_SHOWN]
        ]
    return pd.DataFrame(rows, columns=_CARD)


def _card(
    known: Mapping[tuple[str, str, str], Row], partner: str, name: str, kpi: Kpi, target: float
) -> dict[str, Any]:
    now = known[partner, name, "now"]
    own = {part: now[part] for part in ("value", "low", "high", "denominator")}
    return {
        "partner_id": partner,
        "kpi": name,
        "unit": kpi.unit,
        "better": kpi.better,
        **own,
        "target": target,
        **{base: _value(known, partner, name, base) for base in ("previous", "last_year")},
    }


def _value(known: Mapping[tuple[str, str, str], Row], partner: str, name: str, when: str) -> float:
    row = known.get((partner, name, when), {})
    return float(row["value"]) if row.get("status") == "ok" else float("nan")


def _noise(known: Mapping[tuple[str, str, str], Row], partner: str, name: str, se: float) -> dict[str, bool]:
    """Whether chance alone may explain the change: by intervals, else by standard errors."""
    now, told = known[partner, name, "now"], {}
    for base in ("previous", "last_year"):
        row = known.get((partner, name, base), {})
        if row.get("status") != "ok":
            is_noise = False
        elif not math.isnan(now["low"]):
            ends = (now["low"], now["high"], row["low"], row["high"])
            is_noise = not differ(now["value"], row["value"], *ends)
        else:
            is_noise = abs(now["value"] - row["value"]) <= SURE * math.sqrt(2) * se
        told[f"{base}_is_noise"] = bool(is_noise)
    return told


def _card_target(
    known: Mapping[tuple[str, str, str], Row], partner: str, group: str, name: str, policy: Policy
) -> float:
    """The policy's target; of net sales that of the targets, where they are about all of them."""
    if name != SALES:
        ends = policy.partners.scoring.anchors_of(policy.scopes_of(group), name)
        return ends.target if isinstance(ends, Anchors) else float("nan")
    row, sales = known.get((partner, ATTAINMENT, "now"), {}), known[partner, SALES, "now"]["value"]
    if row.get("status") != "ok" or sales <= 0 or abs(row["numerator"] / sales - 1) > SAME:
        return float("nan")
    return float(row["denominator"])


def cases_of(irregular: Irregularities | None) -> pd.DataFrame:
    """What about each partner is to be checked, and what of earlier periods is open or confirmed."""
    if irregular is None:
        return pd.DataFrame(columns=_CASE, dtype=object)
    earlier = irregular.previous[irregular.previous["state"].isin(["open", "confirmed"])]
    both = [frame.reindex(columns=_CASE).astype(object) for frame in (irregular.cases, earlier)]
    told = pd.concat(both, ignore_index=True)
    told = told[told["partner_id"].map(lambda name: isinstance(name, str) and bool(name)).astype(bool)]
    told = told.drop_duplicates("case_id").astype({"money": float})
    return told.sort_values("partner_id", kind="stable").reset_index(drop=True)


def measures_of(decided: Iterable[Row]) -> pd.DataFrame:
    """Measures about single partners that are open or overdue, the first due first."""
    rows = []
    for one in decided:
        parts = {part[0]: part[1] for part in json.loads(one["parts"])}
        if one["state"] in ("open", "overdue") and "partner" in parts:
            rows.append({"partner_id": parts["partner"], **{name: one[name] for name in _MEASURE[1:]}})
    table = pd.DataFrame(rows, columns=_MEASURE, dtype=object)
    return table.sort_values(["due", "measure_id"], kind="stable").reset_index(drop=True)
