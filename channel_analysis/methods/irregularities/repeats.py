"""Orders entered twice: repeats of a basket, against how often baskets repeat honestly."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .candidates import Outcome, by_buyer, candidates
from .odds import honest_among


def duplicate_orders(
    period: str,
    pairs: pd.DataFrame,
    counts: pd.DataFrame,
    span: tuple[int, int],
    rate: float,
    material: float,
) -> Outcome:
    """One candidate per buyer whose orders repeat within a day more often than habit explains.

    Standing orders repeat as well: how often baskets of the same kind (of a partner or not, number of lines,
    had more than twice by the buyer or not) repeat after more than `span[0]` and up to `span[1]` days
    tells how many repeats the same or the next day are honest. Their share among those there are is
    the rate of false discovery of each.

    Parameters
    ----------
    period : str
        Code of the period.
    pairs : DataFrame
        Repeats of the period, as `metrics.irregular.repeats.repeated_orders` gives them.
    counts : DataFrame
        As `repeat_counts` gives them, of the period and those before.
    span : tuple of int
        Days up to which a repeat is near, and up to which it is a habit.
    rate : float
        Highest share of honest ones for a candidate.
    material : float
        Least money of a candidate.
    """
    near, far = span
    tested = int(counts["orders"].sum())
    if not len(pairs):
        return Outcome("duplicate_orders", "fact", candidates("duplicate_orders", period, pairs), tested)
    kinds = ["of_partner", "line_count", "is_habit"]
    sums = counts.set_index(kinds)[["near", "far"]].astype(float)
    exposure = np.full(len(sums), (near + 1) / (far - near))
    honest = pd.Series(
        honest_among(sums["near"].to_numpy(), sums["far"].to_numpy(), exposure, rate), index=sums.index
    )
    made = pairs.assign(line_count=pairs["line_count"].clip(upper=counts["line_count"].max()))
    share = honest.reindex(pd.MultiIndex.from_frame(made[kinds])).to_numpy(dtype=float)
    table = by_buyer(made.assign(q_value=share))
    found = table[(table["q_value"] <= rate) & (table["money"] >= material)]
    return Outcome("duplicate_orders", "fact", candidates("duplicate_orders", period, found), tested)
