"""What is believed before anything is learnt: every signed feature speaks a little, as its sign says."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from .additive import Additive
from .calibration import probability_of
from .panel import Floats
from .steps import Steps, added, cuts_of, log_odds_of

CUTS = 9
"""Tenths of a feature's values are the steps of its prior part."""
SPREAD = 1.0
"""Standard deviation, in log-odds, of what signs alone say about partners."""


def expert_tables(x: pd.DataFrame, signs: Mapping[str, int]) -> dict[str, Steps]:
    """Step tables that follow from signs alone.

    Every signed feature adds equally much per standard deviation of its ranks, in its sign's
    direction, so that all together have a standard deviation of `SPREAD` over the rows. Missing values
    say nothing.
    """
    from scipy.special import ndtri

    tables = {}
    for name in x.columns:
        values = x[name].to_numpy(dtype=np.float64)
        cuts = cuts_of(values, CUTS)
        if not signs.get(name) or not len(cuts):
            continue
        known = values[~np.isnan(values)]
        share = np.bincount(np.searchsorted(cuts, known), minlength=len(cuts) + 1) / len(known)
        middle = np.clip(np.cumsum(share) - share / 2, 0.005, 0.995)
        part: Floats = signs[name] * ndtri(middle)
        part -= float(share @ part)
        tables[name] = Steps(thresholds=tuple(cuts.tolist()), values=tuple(part.tolist()))
    spread = float(log_odds_of(tables, 0.0, x).std()) if tables else 0.0
    return {name: steps.scaled(SPREAD / spread) for name, steps in tables.items()} if spread else {}


def with_expert_prior(
    fitted: Additive, x: pd.DataFrame, signs: Mapping[str, int], trust: float, rate: float
) -> Additive:
    """A fitted model pulled towards the signs: `trust` of what was learnt, the rest of what is believed.

    The level is such that the rows' mean probability is `rate`.
    """
    if trust >= 1:
        return fitted
    learnt = {name: steps.scaled(trust) for name, steps in fitted.tables.items()} if trust > 0 else {}
    believed = {name: steps.scaled(1 - trust) for name, steps in expert_tables(x, signs).items()}
    nothing = Steps(thresholds=(), values=(0.0,))
    tables = {
        name: added(learnt.get(name, nothing), believed.get(name, nothing))
        for name in x.columns
        if name in learnt or name in believed
    }
    return Additive(tables, _level(log_odds_of(tables, 0.0, x), rate))


def _level(parts: Floats, rate: float) -> float:
    """What added to the log-odds makes their mean probability the rate, by halving."""
    low, high, wanted = -50.0, 50.0, float(np.clip(rate, 1e-6, 1 - 1e-6))
    for _ in range(80):
        middle = (low + high) / 2
        if probability_of(parts + middle).mean() < wanted:
            low = middle
        else:
            high = middle
    return (low + high) / 2
