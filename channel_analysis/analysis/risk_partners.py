"""The partners of a snapshot: status, probability, band, money at stake, place on the watch list."""

from __future__ import annotations

import datetime

import numpy as np
import pandas as pd

from ..contracts.policy import Policy
from ..methods.risk.bands import bands_of, quadrants
from ..methods.risk.model import RiskModel
from ..methods.risk.watch import expected_loss, expected_saving, watch_list
from ..metrics.intervals import wilson_interval
from ..metrics.irregular.windows import rows_of
from ..store.alerts import overrides_on
from ..store.workspace import Workspace
from .risk_panel import RiskPanel

COLD_WEIGHT = 20.0
"""So many partners of the base rate are added to the new ones that were seen."""


def partners_at(
    ws: Workspace, model: RiskModel, now: RiskPanel, earlier: RiskPanel, day: datetime.date
) -> pd.DataFrame:
    """Every partner of a snapshot; see `risks.PartnerRisk` for the columns."""
    rules, frame = ws.policy.risk, now.frame
    found = _scored(model, frame, rules.coverage)
    before = _scored(model, earlier.frame, rules.coverage)
    found["previous_probability"] = before["probability"].reindex(found.index)
    found["previous_band"] = _bands(before, ws.policy)["model_band"].reindex(found.index).fillna("")
    found["trigger"] = _triggers(now.measures, frame["status"], rules.triggers)
    found = found.join(_bands(found, ws.policy))
    found["change"] = found["probability"] - found["previous_probability"]
    quadrant = quadrants(found["probability"], found["previous_probability"], rules.bands)
    found["quadrant"] = quadrant.where(found["band"] != "unknown", "")
    _stake(found, now.measures, model.declared.horizon, knows_costs(ws))
    found["expected_saving"] = expected_saving(found["expected_loss"], rules.review_cost, rules.saved_share)
    _override(ws, found, day)
    known = _named(ws, found.index)
    found = known.join(found).reset_index(drop=True)
    is_settled = found["override"].ne("") & found["band"].ne("red")
    asked = found.assign(trigger=found["trigger"].mask(is_settled, ""))
    found["watch_place"] = watch_list(asked, rules.capacity, rules.review_cost, rules.saved_share)
    return found


def _scored(model: RiskModel, frame: pd.DataFrame, coverage: float) -> pd.DataFrame:
    """Status, probability with interval, log-odds and coverage of each partner."""
    log_odds, known = model.log_odds(frame), model.coverage(frame)
    low, high = model.interval(log_odds)
    probability = model.probability(frame)
    state = frame["status"].to_numpy(dtype=object)
    eligible = np.where(known >= coverage, "scored", "insufficient")
    status = np.where(state == "eligible", eligible, np.where(state == "new", "cold_start", "ended"))
    if model.verdict == "nothing_told":
        status = np.where(state == "eligible", "untold", status)
    cold, ended = status == "cold_start", status == "ended"
    if model.cold_start is not None:
        start = model.cold_start
        ends = wilson_interval(
            np.array([start.rate * (start.n + COLD_WEIGHT)]), np.array([start.n + COLD_WEIGHT])
        )
        probability, low, high = (
            np.where(cold, value, part)
            for value, part in ((start.rate, probability), (ends[0][0], low), (ends[1][0], high))
        )
    gone = np.where(ended, np.nan, 1.0)
    return pd.DataFrame(
        {
            "status": status,
            "probability": probability * gone,
            "low": low * gone,
            "high": high * gone,
            "log_odds": np.where(cold | ended, np.nan, log_odds),
            "coverage": known,
        },
        index=frame.index,
    )


def _bands(found: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    nothing = pd.Series("", index=found.index, dtype=object)
    return bands_of(
        found["probability"],
        found.get("previous_band", nothing),
        found.get("trigger", nothing),
        found["status"].isin(["scored", "cold_start"]),
        policy.risk.bands,
    )


def _triggers(measures: pd.DataFrame, status: pd.Series, asked: tuple[str, ...]) -> pd.Series:
    """The first of the policy's triggers that holds for each partner, else ""."""
    found = pd.Series("", index=measures.index, dtype=object)
    for name in reversed(asked):
        holds = status.eq("defaulted") if name == "default" else measures[name].fillna(0) > 0
        found = found.mask(holds.reindex(found.index), name)
    return found


def knows_costs(ws: Workspace) -> bool:
    """Whether sales have costs, so that there are margins; else sales themselves are at stake."""
    return "cost_amount" in ws.facts().intake.filled.get("sales", ())


def _stake(found: pd.DataFrame, measures: pd.DataFrame, horizon: int, has_margin: bool) -> None:
    """Money at stake: what is owed, our goods in stock, the margin of the months looked ahead."""
    yearly = measures["margin_12"] if has_margin else measures["net_12"]
    found["receivable"] = measures["receivable"]
    found["stock"] = measures["stock_worth"]
    found["margin"] = (yearly * horizon / 12).clip(lower=0)
    chance = found["probability"].mask(found["trigger"] != "", 1.0)
    chance = chance.where(found["status"].ne("insufficient") | found["trigger"].ne(""))
    loss = expected_loss(chance, found["receivable"], found["stock"], found["margin"])
    found["expected_loss"] = loss["expected_loss"]


def _override(ws: Workspace, found: pd.DataFrame, day: datetime.date) -> None:
    """Bands that somebody set in place of the model's, with their author."""
    holding = overrides_on(ws.root, day)
    found["override"] = [holding[name].author if name in holding else "" for name in found.index]
    found["band"] = [holding[name].band if name in holding else band for name, band in found["band"].items()]


def _named(ws: Workspace, partners: pd.Index) -> pd.DataFrame:
    """Who the partners are."""
    columns = ["partner_name", "channel_type", "region", "owner_id"]
    rows = rows_of(
        ws.facts().engine, f"SELECT partner_id, {', '.join(columns)} FROM partners ORDER BY partner_id"
    )
    own = rows.drop_duplicates("partner_id").set_index("partner_id").reindex(partners)
    own["partner_name"] = own["partner_name"].where(own["partner_name"].notna(), own.index.to_series())
    for name in columns[1:]:
        own[name] = own[name].where(own[name].notna(), "")
    return own.reset_index(names="partner_id").set_index(partners)


def gravest_first(partners: pd.DataFrame) -> pd.DataFrame:
    """Those on the list by place, then by expected loss and probability."""
    order = partners.assign(loss=-partners["expected_loss"].fillna(-1), p=-partners["probability"].fillna(-1))
    by = ["watch_place", "loss", "p", "partner_id"]
    return partners.loc[order.sort_values(by, kind="stable").index].reset_index(drop=True)
