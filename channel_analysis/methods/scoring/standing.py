"""Where an entity stands among its peers, how sure that is, and whether it has moved."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from .engine import Scored
from .places import Floats

STANDING_COLUMNS = [
    "entity",
    "group",
    "rank",
    "rank_low",
    "rank_high",
    "percentile",
    "p_best",
    "p_top",
    "tie_zone",
]


def standings(scored: Scored, top: int = 10, certainty: float = 0.9, within: bool = True) -> pd.DataFrame:
    """Ranks with intervals, the chance of being best or among the `top`, and who cannot be told apart.

    Parameters
    ----------
    scored : Scored
    within : bool
        Rank within groups, else all together.

    Returns
    -------
    DataFrame
        `STANDING_COLUMNS`, best first within each group; only of those with a score. rank 1 is best;
        rank_low to rank_high holds the rank with `certainty`; percentile 0 to 100 of the group (100 is
        best); those of one tie_zone, numbered from 1, hold each other's rank in their intervals.
    """
    scores = scored.scores
    is_scored = (scores["status"] == "ok").to_numpy()
    found = [pd.DataFrame(columns=STANDING_COLUMNS)]
    groups = scores["group"] if within else scores["group"].map(lambda _: "")
    for group in dict.fromkeys(groups[is_scored]):
        rows = np.flatnonzero(is_scored & (groups == group).to_numpy())
        found.append(_group(scores.iloc[rows], scored.draws[rows], top, certainty))
    kept = [frame for frame in found if len(frame)] or found
    return pd.concat(kept, ignore_index=True)


def _group(scores: pd.DataFrame, draws: Floats, top: int, certainty: float) -> pd.DataFrame:
    score = scores["score"].to_numpy(dtype=float)
    order = np.lexsort((scores["entity"].to_numpy(dtype=str), -score))
    scores, draws, score = scores.iloc[order], draws[order], score[order]
    ranks = _ranks(draws)
    tail = (1 - certainty) / 2
    low, high = np.quantile(ranks, [tail, 1 - tail], axis=1, method="nearest")
    count = len(score)
    rank = 1 + (score[None, :] > score[:, None] + 1e-9).sum(axis=1)
    low, high = np.minimum(low, rank).astype(int), np.maximum(high, rank).astype(int)
    found = {
        "entity": scores["entity"].to_numpy(),
        "group": scores["group"].to_numpy(),
        "rank": rank,
        "rank_low": low,
        "rank_high": high,
        "percentile": 100.0 * (count - rank) / (count - 1) if count > 1 else np.full(1, np.nan),
        "p_best": _chance_of_top(draws, 1),
        "p_top": _chance_of_top(draws, top),
        "tie_zone": _tie_zones(rank, low, high),
    }
    return pd.DataFrame(found)[STANDING_COLUMNS]


def _ranks(draws: Floats) -> Floats:
    """The rank of every entity under every replay; equal scores share the middle of their ranks."""
    ranks = np.empty(draws.shape)
    for replay in range(draws.shape[1]):
        scores = -draws[:, replay]
        ordered = np.sort(scores)
        before, upto = (np.searchsorted(ordered, scores, side) for side in ("left", "right"))
        ranks[:, replay] = (before + upto + 1) / 2
    return ranks


def _chance_of_top(draws: Floats, places: int) -> Floats:
    """Share of replays in which each is among the best; those level at the last place share it."""
    if places >= len(draws):
        return np.ones(len(draws))
    line = -np.partition(-draws, places - 1, axis=0)[places - 1]
    above, level = draws > line + 1e-9, np.abs(draws - line) <= 1e-9
    left = places - above.sum(axis=0)
    chance: Floats = (above + level * (left / level.sum(axis=0))).mean(axis=1)
    return chance


def _tie_zones(rank: Floats, low: Floats, high: Floats) -> Floats:
    """Number of each one's zone, best first: from its leader to the last who may be as good.

    Compared with the zone's leader, not the neighbour: small steps do not add up to one big zone.
    """
    zones = np.ones(len(rank), dtype=int)
    leader = 0
    for i in range(1, len(rank)):
        is_tied = high[leader] >= rank[i] and low[i] <= rank[leader]
        zones[i] = zones[i - 1] + (0 if is_tied else 1)
        leader = leader if is_tied else i
    return zones


def movement(now: Scored, before: Scored, certainty: float = 0.9) -> pd.DataFrame:
    """Who has moved since an earlier period, beyond what chance does.

    Two-sided: the probability that the change is not chance must reach `certainty`, with false
    discovery over all entities held at 1 - certainty after Benjamini and Hochberg (1995).

    Returns
    -------
    DataFrame
        entity, before, change, p_change, moved; those with a score in both periods.
    """
    both = (
        now.scores[["entity", "group", "score", "status"]]
        .reset_index(names="row")
        .merge(
            before.scores[["entity", "group", "score", "status"]].reset_index(names="row"),
            on=["entity", "group"],
            suffixes=("", "_before"),
        )
    )
    both = both[(both["status"] == "ok") & (both["status_before"] == "ok")]
    change = (both["score"] - both["score_before"]).to_numpy(dtype=float)
    differences = (
        now.draws[both["row"].to_numpy(dtype=int)] - before.draws[both["row_before"].to_numpy(dtype=int)]
    )
    errors = np.hypot(
        now.spread[both["row"].to_numpy(dtype=int)], before.spread[both["row_before"].to_numpy(dtype=int)]
    )
    p_value = _two_sided(change, differences, errors)
    return pd.DataFrame(
        {
            "entity": both["entity"].to_numpy(),
            "before": both["score_before"].to_numpy(dtype=float),
            "change": change,
            "p_change": 1 - p_value,
            "moved": _discovered(p_value, 1 - certainty),
        }
    )


def _two_sided(change: Floats, differences: Floats, errors: Floats) -> Floats:
    """The chance of so large a change where nothing changed: that of a normal of the larger spread."""
    spread = np.maximum(differences.std(axis=1) if differences.size else 0.0, errors)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(spread > 1e-9, np.abs(change) / spread, np.where(np.abs(change) > 1e-9, np.inf, 0.0))
    return np.array([math.erfc(value / math.sqrt(2)) for value in z])


def _discovered(p_value: Floats, rate: float) -> Floats:
    """Which of the tests stand once false discovery is held at `rate`."""
    count = len(p_value)
    if not count:
        return np.zeros(0, dtype=bool)
    ordered = np.sort(p_value)
    passed = np.flatnonzero(ordered <= rate * np.arange(1, count + 1) / count)
    return p_value <= ordered[passed[-1]] if len(passed) else np.zeros(count, dtype=bool)
