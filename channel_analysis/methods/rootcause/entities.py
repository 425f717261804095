"""Counts of distinct things: who came, who went, who stayed and changed."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .split import ratio_split

ENTRIES = ("new", "lost", "continuing")
"""What the change of a count, or of a ratio of counts, is split into."""


def count_split(frame: pd.DataFrame, entity: str, before: str, now: str) -> pd.DataFrame:
    """Split the change of a count over the things counted.

    Parameters
    ----------
    frame : DataFrame
        One row per thing (equal names are added up), what it counts in each period, mostly 0 or 1.

    Returns
    -------
    DataFrame
        term (of `ENTRIES`), count (of things), amount; the amounts add up to the change.

    Examples
    --------
    >>> rows = pd.DataFrame({"partner": ["a", "b", "c"], "was": [1, 1, 0], "now": [1, 0, 1]})
    >>> count_split(rows, "partner", "was", "now")["amount"].tolist()
    [1.0, -1.0, 0.0]
    """
    sums = frame[[before, now]].astype(float).fillna(0.0).groupby(frame[entity], sort=True).sum()
    old, young = sums[before].to_numpy(), sums[now].to_numpy()
    came, went = (old == 0) & (young != 0), (old != 0) & (young == 0)
    there = [came, went, (old != 0) & (young != 0)]
    return pd.DataFrame(
        {
            "term": list(ENTRIES),
            "count": [int(one.sum()) for one in there],
            "amount": [float((young - old)[one].sum()) for one in there],
        }
    )


def rate_split(
    frame: pd.DataFrame,
    entity: str,
    before: tuple[str, str] = ("numerator_before", "denominator_before"),
    now: tuple[str, str] = ("numerator", "denominator"),
) -> pd.DataFrame:
    """Split the change of a ratio of counts, such as active partners of all, over the things counted.

    Columns as in `ratio_split`, one row per thing: those that came into the denominator or left it
    are "new" and "lost", "continuing" those that stayed and changed, or not, in the numerator.

    Returns
    -------
    DataFrame
        term (of `ENTRIES`), count (of things in the denominator), amount; the amounts add up to the
        change of the ratio (NaN where it has none).
    """
    found = ratio_split(frame, entity, before, now)
    entry = found["entry"].to_numpy()
    weighed = (found["weight_before"] != 0) | (found["weight"] != 0)
    amounts = [float(np.sum(found["amount"].to_numpy()[entry == term])) for term in ENTRIES]
    counts = [int(((entry == term) & weighed.to_numpy()).sum()) for term in ENTRIES]
    return pd.DataFrame({"term": list(ENTRIES), "count": counts, "amount": amounts})
