"""The nouns of partner sheets: what a page about one partner needs, computed for all partners at once.

Like those of `results`: frozen, tables first, no words, no HTML. Of other partners nothing is here but
ranks and typical values of at least `FEWEST_PEERS` others.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .results import Appendix, Banner, Caveat, Result, Scope

if TYPE_CHECKING:
    import pandas as pd

AUDIENCES = ("internal", "partner")
"""For whom a sheet is: the account manager, or the partner itself, who is told no risk and no suspicion."""

FEWEST_PEERS = 5
"""What is typical of others, and ranks among them, are told of at least so many others."""

FRAMES = ("cards", "points", "history", "gains", "reasons", "cases", "measures")
"""Tables with rows per partner, each with a column partner_id."""


@dataclass(frozen=True, slots=True)
class SheetRules:
    """What all sheets of a period share.

    `tier_labels` and `tier_begins`, the best tier first; `certainty` of intervals; `coverage_needed` for a
    score; `snapshot`, `gap_months` and `horizon_months` of the risk, `has_risk` whether there is a model.
    """

    audience: str
    tier_labels: Mapping[str, Mapping[str, str]]
    tier_begins: Mapping[str, float]
    certainty: float
    coverage_needed: float
    has_risk: bool
    snapshot: datetime.date
    horizon_months: int
    gap_months: int


@dataclass(frozen=True, slots=True, repr=False)
class PartnerSheet(Result):
    """One partner's sheet: its row of `PartnerSheets.partners`, and its rows of the other tables."""

    partner: Mapping[Any, Any]
    cards: pd.DataFrame
    points: pd.DataFrame
    history: pd.DataFrame
    gains: pd.DataFrame
    reasons: pd.DataFrame
    cases: pd.DataFrame
    measures: pd.DataFrame
    rules: SheetRules
    banner: Banner
    appendix: Appendix
    scope: Scope
    caveats: tuple[Caveat, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """The points that make the score."""
        return self.points

    def tables(self) -> dict[str, pd.DataFrame]:
        """The sheet's own rows of every table."""
        return {f"sheet_{name}": getattr(self, name) for name in FRAMES}


@dataclass(frozen=True, slots=True, repr=False)
class PartnerSheets(Result):
    """Sheets of all partners of a period.

    `partners`, by id: partner_id, partner_name, channel_type, region, owner_id, owner_name, net_sales,
    score, low, high, worst, coverage, status, veto, cap, capped_from, rank, rank_low, rank_high (missing
    with too few peers), peers, tier, tier_before, next_tier, next_tier_gap (points that are missing),
    previous_score, change, moved, last_year_score, last_year_change, last_year_moved; and for the
    audience "internal" handling, case, and of the risk risk_status, band, trigger, probability,
    probability_low, probability_high, expected_loss.

    Each with partner_id: `cards`: kpi, unit, better, value, low, high, denominator, target, previous,
    previous_is_noise, last_year, last_year_is_noise. `points`: kpi, weight, effective_weight, measured,
    value (as counted), target, peers (typical value of others), peers_n, kpi_score, points, status; the
    points of a partner add up to its score. `history`: period, net_sales. `gains`, the largest first: kpi,
    value, needed, gain (points of the score). `reasons`: see `risks.PartnerRisk`. `cases`: case_id, rule,
    period, first_day, last_day, money, state. `measures`: measure_id, measure, title, owner, due, state.
    """

    partners: pd.DataFrame
    cards: pd.DataFrame
    points: pd.DataFrame
    history: pd.DataFrame
    gains: pd.DataFrame
    reasons: pd.DataFrame
    cases: pd.DataFrame
    measures: pd.DataFrame
    rules: SheetRules
    banner: Banner
    appendix: Appendix
    scope: Scope
    caveats: tuple[Caveat, ...] = ()

    def sheets(self) -> Iterator[PartnerSheet]:
        """Each partner's sheet, in the order of `partners`."""
        rows = {name: dict(list(getattr(self, name).groupby("partner_id", sort=False))) for name in FRAMES}
        for partner in self.partners.to_dict("records"):
            own = {
                name: rows[name].get(partner["partner_id"], getattr(self, name).iloc[:0]) for name in FRAMES
            }
            yield PartnerSheet(partner, **own, **self._shared())

    def _shared(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("rules", "banner", "appendix", "scope", "caveats")}

    def to_frame(self) -> pd.DataFrame:
        """One row per partner."""
        return self.partners

    def tables(self) -> dict[str, pd.DataFrame]:
        """One row per partner, and what stands on the sheets."""
        told = {f"sheet_{name}": getattr(self, name) for name in FRAMES}
        return {"partner_sheets": self.partners, **told}
