"""Panels with known truths for the tests of risk: hazards planted, or nothing at all."""

from __future__ import annotations

import numpy as np
import pandas as pd

HORIZON, GAP = 6, 1
FAMILIES = {"finance": ["overdue"], "sales": ["trend", "noise"]}
SIGNS = {"overdue": 1, "trend": -1}


def planted(
    seed: int, partners: int = 250, months: int = 36, strength: float = 1.6, level: float = -4.5
) -> pd.DataFrame:
    """Partners whose monthly hazard follows two features that move slowly; the third is noise."""
    rng = np.random.default_rng(seed)
    overdue, trend = (_wandering(rng, partners, months) for _ in range(2))
    hazard = 1 / (1 + np.exp(-(level + strength * overdue - 0.5 * strength * trend)))
    ends = rng.random((partners, months)) < hazard
    label = np.full((partners, months), np.nan)
    for month in range(months - HORIZON - GAP):
        label[:, month] = ends[:, month + GAP + 1 : month + GAP + HORIZON + 1].any(axis=1)
    shown = overdue.copy()
    shown[rng.random(shown.shape) < 0.1] = np.nan
    return pd.DataFrame(
        {
            "partner_id": np.repeat([f"P{number:04d}" for number in rng.permutation(partners)], months),
            "snapshot": np.tile(pd.date_range("2021-01-31", periods=months, freq="ME"), partners),
            "overdue": shown.ravel(),
            "trend": trend.ravel(),
            "noise": rng.normal(size=partners * months),
            "failed": label.ravel(),
        }
    )


def _wandering(rng: np.random.Generator, partners: int, months: int) -> np.ndarray:
    paths = np.zeros((partners, months))
    paths[:, 0] = rng.normal(size=partners)
    for month in range(1, months):
        paths[:, month] = 0.85 * paths[:, month - 1] + np.sqrt(1 - 0.85**2) * rng.normal(size=partners)
    return paths
