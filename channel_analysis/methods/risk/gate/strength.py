"""How well one column alone tells bad from good."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..panel import Floats, Ints

BINS = 40


def auc(score: Floats, bad: np.ndarray) -> float:
    """Area under the ROC curve by ranks, ties in the middle; 0.5 where there is one class only.

    Examples
    --------
    >>> auc(np.array([1.0, 2.0, 3.0, 4.0]), np.array([False, False, True, True]))
    1.0
    """
    bads = int(bad.sum())
    goods = len(bad) - bads
    if not bads or not goods:
        return 0.5
    ranks = pd.Series(score).rank().to_numpy()
    return float((ranks[bad].sum() - bads * (bads + 1) / 2) / (bads * goods))


def ranked(values: Floats, bad: np.ndarray) -> float:
    """The area by the column's own order, whichever way; of the rows that have it, if half of the bad do."""
    known = ~np.isnan(values)
    if known[bad].sum() < max(0.5 * bad.sum(), 5) or known.sum() < 0.1 * len(values):
        return 0.5
    area = auc(values[known], bad[known])
    return max(area, 1 - area)


def binned(values: Floats, bad: np.ndarray, entity: Ints, is_text: bool = False) -> float:
    """The area of bad shares by bin, learnt on half of the entities and tried on the other half."""
    bins = _bins(values, is_text)
    half = (entity * 2654435761 >> 7) % 2 == 0
    score = np.empty(len(values))
    for learnt in (half, ~half):
        count = np.bincount(bins[learnt], minlength=bins.max() + 1)
        hits = np.bincount(bins[learnt], weights=bad[learnt], minlength=bins.max() + 1)
        base = bad[learnt].mean() if learnt.any() else 0.0
        score[~learnt] = ((hits + base) / (count + 1))[bins[~learnt]]
    return auc(score, bad)


def uncertainty(area: float, bads: int, goods: int) -> float:
    """Standard error of an area (Hanley and McNeil 1982)."""
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
    spread = area * (1 - area) + (bads - 1) * (q1 - area**2) + (goods - 1) * (q2 - area**2)
    return float(np.sqrt(max(spread, 0.0) / max(bads * goods, 1)))


def _bins(values: Floats, is_text: bool) -> Ints:
    known = ~np.isnan(values)
    distinct, places = np.unique(values[known], return_inverse=True)
    bins = np.zeros(len(values), dtype=np.int64)
    if is_text or len(distinct) <= BINS:
        bins[known] = places + 1
    elif len(distinct):
        edges = np.unique(np.quantile(values[known], np.arange(1, BINS) / BINS))
        bins[known] = np.searchsorted(edges, values[known], side="left") + 1
    return bins
