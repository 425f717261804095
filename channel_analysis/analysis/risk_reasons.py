"""Why each partner is where it is, what would bring it out, and what the model's own tables say."""

from __future__ import annotations

import pandas as pd

from ..contracts.risk import Bands
from ..methods.risk.drift import drift_of
from ..methods.risk.features import FEATURES
from ..methods.risk.model import RiskModel
from ..methods.risk.reasons import peer_medians, reasons_of, ways_out
from .risk_panel import RiskPanel

ENDINGS = ("event", "default", "churn", "decline")

ACTIONABLE = (
    "trend", "rhythm", "range", "target", "stock", "returns", "discipline", "payment", "overdue", "credit",
    "complaints", "ratings", "contact",
)  # fmt: skip
"""Themes that a partner, or we with it, can change."""


def reasons_and_ways(
    model: RiskModel, now: RiskPanel, earlier: RiskPanel, partners: pd.DataFrame, bands: Bands
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The reasons of every scored partner, and the cheapest way out of a high band."""
    scored = partners[partners["status"].isin(["scored", "insufficient"])].set_index("partner_id")
    frame = now.frame.loc[scored.index]
    names = list(model.tables)
    contributions = model.contributions(frame)
    before = model.contributions(earlier.frame) if len(earlier.frame) else None
    values = frame[names].astype("float64")
    features = {name: FEATURES.get(name) for name in names}
    reasons = reasons_of(
        contributions,
        values,
        peer_medians(values, frame["channel_type"]),
        {name: feature.theme for name, feature in features.items() if feature},
        model.family,
        {name: feature.unit for name, feature in features.items() if feature},
        before,
    )
    spread = values.quantile(0.75) - values.quantile(0.25)
    actionable = {
        name: float(spread[name])
        for name, feature in features.items()
        if feature and feature.theme in ACTIONABLE and spread[name] > 0
    }
    band = scored["model_band"].where(scored["status"] == "scored", "unknown")
    ways = ways_out(model.tables, values, scored["log_odds"], band, actionable, bands)
    return reasons, ways


def model_tables(model: RiskModel, frame: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """What the model's file says of itself, and how far the partners of today have moved from its past."""
    found = {name: model.table(name) for name in ("models", "gains", "calibration", "lead_time", "endings")}
    reference = {name: one.model_dump(mode="json") for name, one in model.reference.items()}
    drift = drift_of(reference, frame[list(reference)].astype("float64"))
    drift.insert(1, "family", drift["feature"].map(model.family))
    return {**found, "drift": drift}
