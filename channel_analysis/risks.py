"""The nouns of early warning: who is at risk, why, what it may cost, what became of earlier warnings.

Like those of `results`: frozen, tables first, no words, no HTML. Probabilities and shares are 0 to 1,
money is in the workspace's currency, contributions are log-odds.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .results import Appendix, Banner, Caveat, Result, Scope

if TYPE_CHECKING:
    import pandas as pd

WARNED = ("orange", "red")
"""Bands of which a partner is warned even when it is not on the watch list."""


@dataclass(frozen=True, slots=True, repr=False)
class PartnerRisk(Result):
    """Partners of one snapshot with their risk of a bad end in the months ahead.

    `partners`, the gravest first: partner_id, partner_name, channel_type, region, owner_id, status
    ("scored"; "cold_start"; "insufficient"; "untold": the model can tell nothing; "ended": in
    default, or silent for so long that it came to its end before), probability, low, high (90 %
    interval of how often such scores come to a bad end), log_odds, band ("green", "yellow",
    "orange", "red", "unknown"), model_band (before triggers and overrides), trigger ("" or why it
    is red whatever the model says), override ("" or its author), previous_probability,
    previous_band, change (of the probability), quadrant ("high_rising", "high_steady",
    "low_rising", "low_steady", ""), coverage (share of the model's usual weight that is known),
    receivable, stock, margin (money at stake), expected_loss, expected_saving, watch_place (NaN:
    not on the list).

    `reasons`: partner_id, place (1: the strongest), theme, feature, family, contribution (with
    those of all its themes and the peers' level it adds up exactly to log_odds), value,
    peer_median, previous_contribution, unit. `ways_out`: partner_id, feature, value, needed,
    probability, band. `models`: the table of models compared (model, kind, auc, auc_low, auc_high,
    average_precision, brier, log_loss, recall_5, difference, difference_low, difference_high,
    chosen). `gains`: share, partners, events, found, precision. `calibration`: predicted, observed,
    low, high, n. `lead_time`: months, flagged, low, high, n. `drift`: feature, family, psi,
    critical, p_value, drifted. `endings`: ending, events, rows. `followed`: what became of the
    partners warned of before: partner_id, partner_name, period, issued_on, probability, band,
    outcome ("ended", "held", "open", "ours"), ending, days. `card`: the facts of the model card
    (see `methods.risk.model`), empty without a model.
    """

    partners: pd.DataFrame
    reasons: pd.DataFrame
    ways_out: pd.DataFrame
    models: pd.DataFrame
    gains: pd.DataFrame
    calibration: pd.DataFrame
    lead_time: pd.DataFrame
    drift: pd.DataFrame
    endings: pd.DataFrame
    followed: pd.DataFrame
    card: Mapping[str, Any]
    snapshot: datetime.date
    horizon_months: int
    gap_months: int
    scope: Scope
    caveats: tuple[Caveat, ...] = ()

    def watch_list(self) -> pd.DataFrame:
        """The partners to look into, the one whose review saves most first."""
        listed = self.partners[self.partners["watch_place"].notna()]
        return listed.sort_values("watch_place", kind="stable")

    @property
    def model_card(self) -> RiskModelCard:
        """The same result, to be shown as what says how far it can be trusted."""
        return RiskModelCard(self)

    def alerts(self) -> pd.DataFrame:
        """The warnings that this result issues: everybody on the watch list, and whoever is orange or red.

        partner_id, as_of, probability, band, trigger, place (0: not on the list), reasons (themes, the
        strongest first, parted by commas), model, horizon_months, gap_months, expected_loss.
        """
        import pandas as pd

        warned = self.partners[self.partners["watch_place"].notna() | self.partners["band"].isin(WARNED)]
        columns = ["partner_id", "probability", "band", "trigger", "expected_loss"]
        found = warned.reindex(columns=columns).reset_index(drop=True)
        strong = self.reasons.query("contribution > 0 and place <= 3") if len(self.reasons) else self.reasons
        themes = strong.groupby("partner_id", sort=False)["theme"].agg(",".join) if len(strong) else {}
        place = pd.to_numeric(warned["watch_place"]).fillna(0)
        return found.assign(
            place=place.to_numpy().astype("int64"),
            reasons=[themes.get(name, "") for name in found["partner_id"]],
            as_of=[self.snapshot] * len(found),
            model=str(self.card.get("model", "")),
            horizon_months=self.horizon_months,
            gap_months=self.gap_months,
        )

    def tables(self) -> dict[str, pd.DataFrame]:
        """Partners, reasons, ways out, what says how good the model is, and the warnings issued."""
        return {
            "risk_partners": self.partners,
            "risk_reasons": self.reasons,
            "risk_ways_out": self.ways_out,
            "risk_models": self.models,
            "risk_gains": self.gains,
            "risk_calibration": self.calibration,
            "risk_lead_time": self.lead_time,
            "risk_drift": self.drift,
            "risk_endings": self.endings,
            "risk_followed": self.followed,
            "risk_alerts": self.alerts(),
        }


@dataclass(frozen=True, slots=True, repr=False)
class RiskModelCard(Result):
    """How far the warnings of a `PartnerRisk` can be trusted: its model, told from its own past.

    Holds the result itself; `tables()` is empty because the result's own hold everything.
    """

    risk: PartnerRisk

    @property
    def scope(self) -> Scope:
        """That of the result."""
        return self.risk.scope

    def to_frame(self) -> pd.DataFrame:
        """One row per model compared."""
        return self.risk.models


@dataclass(frozen=True, slots=True, repr=False)
class RiskReport(Result):
    """The periodic report on partners at risk: its parts in the order of the page."""

    banner: Banner
    risk: PartnerRisk
    model: RiskModelCard
    appendix: Appendix

    def tables(self) -> dict[str, pd.DataFrame]:
        """Every table any part shows, and the warnings as they are issued."""
        return self.risk.tables() | self.appendix.tables()
