"""How early the warning came: of those who came to a bad end, how many were flagged so long before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ...metrics.intervals import wilson_interval
from .gains import Column, picked
from .panel import Floats, Ints

MONTHS = (1, 2, 3, 6, 9, 12)
"""Periods before the end at which it is looked who was flagged."""


def lead_time(
    entity: Column,
    step: Ints,
    score: Floats,
    ends: Mapping[Any, int],
    share: float = 0.10,
    months: Sequence[int] = MONTHS,
) -> pd.DataFrame:
    """Share of those who came to a bad end that were flagged so many periods before it.

    A row is flagged where its score is among the highest `share` of its period; of equal scores at the
    cut the part counts that chance would pick. The scores must come from models that knew nothing of
    the row's future (out of fold).

    Parameters
    ----------
    entity : array
        Whose row it is; one row per entity and step.
    step : array
        Whole numbers as `steps_of` gives them: months, or years.
    score : array
        Higher is riskier; NaN is never flagged before others.
    ends : mapping
        From the entities that came to a bad end to the step of it. All others held; leave out the rows
        of those who left because we decided it.
    share : float
        Share of a period's partners that reviewers can look into.
    months : sequence of int
        Steps before the end.

    Returns
    -------
    DataFrame
        months, flagged (NaN over nobody), low, high (95 % Wilson interval), n (ended, and had a row
        then), false_flags (share of the rows of entities that held that were flagged; the same in
        every row).

    Examples
    --------
    >>> told = lead_time(["A", "B", "A", "B"], np.array([1, 1, 2, 2]), np.array([0.1, 0.2, 0.9, 0.3]),
    ...     {"A": 3}, share=0.5, months=(1, 2))
    >>> told[["months", "flagged", "n", "false_flags"]].values.tolist()
    [[1.0, 1.0, 1.0, 0.5], [2.0, 0.0, 1.0, 0.5]]
    """
    flagged = picked(score, share, step)
    end = pd.Series(entity).map(dict(ends)).to_numpy(dtype=np.float64)
    before = end - step
    groups = [flagged[before == month] for month in months]
    n = np.array([len(group) for group in groups], dtype=np.float64)
    hits = np.array([group.sum() for group in groups], dtype=np.float64)
    low, high = wilson_interval(hits, n)
    held = flagged[np.isnan(end)]
    return pd.DataFrame(
        {
            "months": list(months),
            "flagged": np.divide(hits, n, out=np.full(len(n), np.nan), where=n > 0),
            "low": low,
            "high": high,
            "n": n.astype(np.int64),
            "false_flags": float(held.mean()) if len(held) else float("nan"),
        }
    )
