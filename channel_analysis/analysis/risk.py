"""Early warning of a workspace's partners: the model is trained once and kept, then it scores a snapshot."""

from __future__ import annotations

import datetime
import hashlib
from dataclasses import replace
from pathlib import Path

import pandas as pd

from ..errors import InputError
from ..methods.risk.features import FEATURES
from ..methods.risk.model import ColdStart, RiskModel
from ..metrics.kpis import load_kpis
from ..metrics.panel.grid import month_end, step_of
from ..metrics.periods import Period
from ..results import Caveat, Scope
from ..risks import PartnerRisk, RiskModelCard, RiskReport
from ..store.workspace import Workspace
from .provenance import appendix_of, banner_of
from .quality import data_quality
from .risk_follow import followed
from .risk_panel import Progress, RiskPanel, risk_panel, snapshot_panel
from .risk_partners import COLD_WEIGHT, gravest_first, knows_costs, partners_at
from .risk_reasons import ENDINGS, model_tables, reasons_and_ways
from .scope import resolve_period, scope_of

MODEL = Path("models", "partner_risk.json")
"""Where a workspace keeps its model."""

FORMAT = 1
"""Raised when a model of the same inputs would come out otherwise."""

PLAIN_RULES = {"recency": "order_gap", "trend": "trend_3"}
"""Indicators of the plain rules that a model has to beat."""

HIDDEN = ("gone",)
"""States in which a partner is no longer scored nor listed."""


def model_path(ws: Workspace) -> Path:
    """Where the workspace's model is kept."""
    return ws.root / MODEL


def train_partner_risk(
    ws: Workspace,
    until: datetime.date | None = None,
    force: bool = False,
    progress: Progress = lambda _what, _done, _of: None,
) -> RiskModel:
    """Train the model of a workspace and keep it in `models/partner_risk.json`.

    A model of the very same inputs (data, rules, last day) is not trained again.

    Parameters
    ----------
    ws : Workspace
    until : date, optional
        Nothing later is learnt from; by default the last day of the last complete month.
    force : bool
        Train anew whatever is there.

    Raises
    ------
    InputError
        When the data are too short, nobody came to a bad end, or there is a leak in the panel.
    """
    from ..methods.risk.train import train_risk

    inputs = _inputs(ws, until)
    kept = None if force else _kept(ws)
    if kept is not None and kept.notes.get("inputs") == inputs:
        return kept
    panel = risk_panel(ws, until, progress)
    rules = ws.policy.risk
    model = train_risk(
        panel.frame,
        panel.label,
        panel.entity,
        panel.period,
        panel.horizon,
        panel.gap,
        _all_families(panel),
        panel.signs,
        rules={name: column for name, column in PLAIN_RULES.items() if column in panel.features},
        minimum_events=rules.minimum_events,
        progress=progress,
    )
    told = {
        "endings": _endings(panel),
        "cold_start": _cold_start(panel, model),
        "notes": {"inputs": inputs, "last_day": str(panel.until), "absent": ", ".join(panel.missing)},
    }
    model = model.model_copy(update=told)
    model.save(model_path(ws))
    return model


def partner_risk(ws: Workspace, period: str = "last-quarter") -> PartnerRisk:
    """The risk of each partner at the end of a period, by the workspace's model.

    Parameters
    ----------
    ws : Workspace
    period : str
        "2025Q3", "2025-07" and so on, or "last-quarter" (month, half, year); partners are seen as they
        were known on the last day of its last complete month.

    Returns
    -------
    PartnerRisk
        Without a model its tables are empty and its card says nothing.

    Raises
    ------
    InputError
        When the period is none or holds no sales, or the model's file is damaged.
    """
    resolved = resolve_period(ws, period)
    return risk_of(ws, resolved, scope_of(ws, resolved, load_kpis(ws)))


def partner_risk_report(ws: Workspace, period: str = "last-quarter") -> RiskReport:
    """The periodic report on partners at risk; see `partner_risk`."""
    kpis = load_kpis(ws)
    resolved = resolve_period(ws, period)
    scope = scope_of(ws, resolved, kpis)
    risk = risk_of(ws, resolved, scope)
    return RiskReport(
        banner=banner_of(ws, data_quality(ws, scope), kpis, scope, "partner_risk"),
        risk=risk,
        model=RiskModelCard(risk),
        appendix=appendix_of(ws, kpis, scope, {}),
    )


def risk_model_card(ws: Workspace) -> RiskModelCard:
    """What the workspace's model is, learnt from, and worth; of no partner in particular.

    Raises
    ------
    InputError
        When the data cannot be used, or the model's file is damaged.
    """
    risk = partner_risk(ws)
    nobody = {name: getattr(risk, name).iloc[:0] for name in ("partners", "reasons", "ways_out", "followed")}
    return RiskModelCard(replace(risk, **nobody))


def risk_of(ws: Workspace, period: Period, scope: Scope) -> PartnerRisk:
    """The risk at the end of a period that is resolved already."""
    day = _snapshot(period, scope)
    if not model_path(ws).is_file():
        return _without_model(ws, scope, day, Caveat("no_risk_model", "note"))
    model = RiskModel.load(model_path(ws))
    before = month_end(step_of(period.previous.last_day))
    panel = snapshot_panel(ws, [before, day] if before < day else [day])
    now, earlier = _at(panel, day), _at(panel, before)
    partners = partners_at(ws, model, now, earlier, day)
    reasons, ways = reasons_and_ways(model, now, earlier, partners, ws.policy.risk.bands)
    tables = model_tables(model, now.frame[now.frame["status"] == "eligible"])
    return PartnerRisk(
        partners=gravest_first(partners),
        reasons=reasons,
        ways_out=ways,
        **tables,
        followed=followed(ws, day, scope.as_of),
        card=_card(model),
        snapshot=day,
        horizon_months=model.declared.horizon,
        gap_months=model.declared.gap,
        scope=scope,
        caveats=tuple(_caveats(ws, model, partners, day)),
    )


def _at(panel: RiskPanel, day: datetime.date) -> RiskPanel:
    """The rows of one snapshot, by partner, without those who had left."""
    here = (panel.frame["snapshot"] == pd.Timestamp(day)) & ~panel.frame["status"].isin(HIDDEN)
    return replace(
        panel,
        frame=panel.frame[here].set_index("partner_id", drop=False),
        labels=panel.labels[here],
        measures=panel.measures[here].set_index("partner_id", drop=False),
    )


def _snapshot(period: Period, scope: Scope) -> datetime.date:
    """The last day of the last month of the period that the data reach the end of."""
    step = step_of(period.last_day)
    if scope.as_of < period.last_day and not scope.is_provisional:
        return month_end(step)
    while step > step_of(period.start) and month_end(step) > scope.as_of:
        step -= 1
    return month_end(step)


def _endings(panel: RiskPanel) -> tuple[dict[str, object], ...]:
    """How often each bad end came: rows, and partners (each once for each kind)."""
    bad = panel.frame[panel.frame[panel.label] == 1]
    return tuple(
        {
            "ending": name,
            "events": int(bad.loc[bad["ending"] == name, "partner_id"].nunique()),
            "rows": int((bad["ending"] == name).sum()),
        }
        for name in ENDINGS
    )


def _cold_start(panel: RiskPanel, model: RiskModel) -> ColdStart:
    """What is believed of new partners: the base rate, moved by those whose first months are known.

    A partner's first labelled row after its first months stands for what became of it as a new one.
    """
    known = panel.frame[panel.frame[panel.label].notna()].drop_duplicates("partner_id")
    begun = panel.frame.drop_duplicates("partner_id").set_index("partner_id")["status"] == "new"
    young = known[known["partner_id"].map(begun).fillna(False).astype(bool)]
    events, n = int(young[panel.label].sum()), len(young)
    rate = (events + COLD_WEIGHT * model.base_rate) / (n + COLD_WEIGHT)
    return ColdStart(rate=float(rate), events=events, n=n)


def _all_families(panel: RiskPanel) -> dict[str, tuple[str, ...]]:
    """Every family of the registry, empty where the workspace holds nothing of it."""
    names = dict.fromkeys(feature.family for feature in FEATURES.values())
    return {name: panel.families.get(name, ()) for name in names}


def _inputs(ws: Workspace, until: datetime.date | None) -> str:
    told = (FORMAT, ws.facts().fingerprint, ws.policy.risk.model_dump_json(), str(until))
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


def _kept(ws: Workspace) -> RiskModel | None:
    """The model that is there, unless it is damaged."""
    try:
        return RiskModel.load(model_path(ws)) if model_path(ws).is_file() else None
    except InputError:
        return None


def _card(model: RiskModel) -> dict[str, object]:
    told = model.model_dump(
        exclude={"tables", "reference", "models", "gains", "calibration", "lead_time", "endings", "usual"}
    )
    declared = told.pop("declared")
    fingerprint = hashlib.sha256(model.to_json().encode()).hexdigest()[:16]
    return {**told, "missing": declared["missing"], "features": len(model.tables), "model": fingerprint}


def _caveats(ws: Workspace, model: RiskModel, partners: pd.DataFrame, day: datetime.date) -> list[Caveat]:
    found = []
    if model.notes.get("last_day", "") > str(day):
        found.append(Caveat("model_knew_later", "warning", numbers={"day": model.notes["last_day"]}))
    if model.notes.get("inputs") != _inputs(ws, None) and model.notes.get("last_day", "") < str(day):
        found.append(Caveat("model_is_older", "note", numbers={"day": model.notes.get("last_day", "")}))
    if not knows_costs(ws):
        found.append(Caveat("stake_is_sales", "note"))
    ended = int((partners["status"] == "ended").sum())
    if ended:
        found.append(Caveat("partners_ended_already", "note", numbers={"n": ended}))
    return found


def _without_model(ws: Workspace, scope: Scope, day: datetime.date, caveat: Caveat) -> PartnerRisk:
    nothing = {name: pd.DataFrame() for name in ("reasons", "ways_out", "models", "gains", "calibration")}
    nothing |= {name: pd.DataFrame() for name in ("lead_time", "drift", "endings")}
    return PartnerRisk(
        partners=pd.DataFrame(columns=["partner_id", "watch_place", "band", "status"]),
        **nothing,
        followed=pd.DataFrame(),
        card={},
        snapshot=day,
        horizon_months=ws.policy.risk.horizon_months,
        gap_months=ws.policy.risk.gap_months,
        scope=scope,
        caveats=(caveat,),
    )
