"""Scores of a panel: probability with its interval, how much was known, and the strongest reasons."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ...contracts.risk import Bands
from ...errors import InputError, Problem, did_you_mean
from .bands import bands_of
from .calibration import probability_of
from .model import RiskModel
from .panel import Floats

UNTOLD = "nothing_told"
"""The verdict of models that give everybody the base rate."""
TOP = 3


@dataclass(frozen=True, slots=True)
class RiskScores:
    """A panel scored.

    `scores`, rows as in the panel: entity and period (named as there), status ("scored",
    "insufficient": too little is known, "untold": the model can tell nothing), log_odds, probability, low,
    high (90 %), coverage, band, and reason_1 to reason_3 with contribution_1 to contribution_3 (log-odds
    above what is usual; None where fewer features raise the risk).
    """

    model: RiskModel
    scores: pd.DataFrame
    contributions: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """One row per row of the panel."""
        return self.scores


def score_risk(
    model: RiskModel, panel: pd.DataFrame, *, coverage: float = 0.5, bands: Bands | None = None
) -> RiskScores:
    """Score a panel.

    Parameters
    ----------
    model : RiskModel
        From `train_risk`, or `RiskModel.load`.
    panel : DataFrame
        With the entity's column and every feature the model uses; the label is not needed.
    coverage : float
        Share of the model's usual weight that must be known for a band.
    bands : Bands, optional
        Where bands begin; by default those of the policy's defaults.

    Raises
    ------
    InputError
        For columns that are not there or hold no numbers, and when `model` is none.
    """
    _refuse_others(model, panel)
    contributions = model.contributions(panel)
    log_odds = model.log_odds(panel)
    probability, known = probability_of(log_odds), model.coverage(panel)
    low, high = model.interval(log_odds)
    status = np.where(known >= coverage, "scored", "insufficient")
    if model.verdict == UNTOLD:
        status = np.full(len(panel), "untold")
    found = panel[[name for name in (model.declared.entity, model.declared.period) if name in panel]].copy()
    found = found.assign(
        status=status, log_odds=log_odds, probability=probability, low=low, high=high, coverage=known
    )
    nothing = pd.Series("", index=panel.index, dtype=object)
    banded = bands_of(
        found["probability"], nothing, nothing, pd.Series(status == "scored", panel.index), bands or Bands()
    )
    found["band"] = banded["band"].to_numpy()
    return RiskScores(model, _with_reasons(found, contributions), contributions)


def _with_reasons(scores: pd.DataFrame, contributions: pd.DataFrame) -> pd.DataFrame:
    parts: Floats = contributions.to_numpy(dtype=np.float64)
    names = np.array([*contributions.columns, None], dtype=object)
    order = np.argsort(-parts, axis=1, kind="stable")[:, :TOP]
    for place in range(TOP):
        if place < parts.shape[1]:
            at = order[:, place]
            part = parts[np.arange(len(parts)), at]
        else:
            at, part = np.full(len(parts), -1), np.zeros(len(parts))
        raises = part > 0
        scores[f"reason_{place + 1}"] = names[np.where(raises, at, -1)]
        scores[f"contribution_{place + 1}"] = np.where(raises, part, np.nan)
    return scores


def _refuse_others(model: object, panel: object) -> None:
    if not isinstance(model, RiskModel):
        what = f"this is a {type(model).__name__}, not a model"
        raise InputError([Problem("model", what, "give what train_risk gave, or RiskModel.load(path)")])
    if not isinstance(panel, pd.DataFrame):
        what = f"this is a {type(panel).__name__}, not a table"
        raise InputError([Problem("panel", what, "give a pandas DataFrame")])
    entity = model.declared.entity
    if entity not in panel.columns:
        fix = did_you_mean(entity, list(map(str, panel.columns)))
        raise InputError([Problem(f"panel column {entity}", "the model's entity is not there", fix)])
