"""How good probabilities are: gains at the reviewers' capacity, calibration, and measures with intervals.

Rows whose outcome is not known yet (NaN) count nowhere. In rankings a row without a score comes last;
elsewhere it counts nowhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ...metrics.intervals import wilson_interval
from .panel import Floats, Ints

SHARES = (0.01, 0.02, 0.05, 0.10, 0.20, 0.30, 0.50)
"""Shares of partners that are looked into."""

SMALLEST = 2.0**-52
"""Probabilities closer to 0 or 1 than this are taken to be so far away, for the log loss."""

Column = Sequence[Any] | np.ndarray[Any, Any]


def gains_table(
    y: Floats, score: Floats, shares: Sequence[float] = SHARES, period: Column | None = None
) -> pd.DataFrame:
    """What looking into so many of the highest scores finds.

    Parameters
    ----------
    y : array
        1: came to a bad end, 0: did not, NaN: not known yet.
    score : array
        Higher is riskier; any scale.
    shares : sequence of float
        Shares of partners, above 0 and at most 1; at least one partner each.
    period : array, optional
        Partners are picked within each period, as reviewers do; out of all rows when left out.

    Returns
    -------
    DataFrame
        share, partners (picked), events (found), found (share of all bad ends) with found_low and
        found_high, precision (share of those picked) with precision_low and precision_high; 95 % Wilson
        intervals, NaN over nothing. Among equal scores at the cut events are what chance would pick.

    Examples
    --------
    >>> told = gains_table(np.array([1.0, 0, 1, 0]), np.array([0.9, 0.8, 0.7, 0.1]), shares=(0.5, 0.75))
    >>> told[["share", "partners", "events", "found", "precision"]].round(3).values.tolist()
    [[0.5, 2.0, 1.0, 0.5, 0.5], [0.75, 3.0, 2.0, 1.0, 0.667]]
    """
    is_known = np.isfinite(y)
    told, ranked = y[is_known], score[is_known]
    groups = None if period is None else np.asarray(period)[is_known]
    picks = [picked(ranked, share, groups) for share in shares]
    partners = np.array([pick.sum() for pick in picks])
    events = np.array([pick @ told for pick in picks])
    every = np.full(len(picks), told.sum())
    columns: dict[str, Any] = {"share": np.array(shares, dtype=np.float64)}
    columns |= {"partners": np.rint(partners).astype(np.int64), "events": events}
    columns |= _share("found", events, every) | _share("precision", events, partners)
    return pd.DataFrame(columns)


def recall_at(y: Floats, score: Floats, share: float, period: Column | None = None) -> float:
    """Share of the bad ends among so large a share of the highest scores; see `gains_table`.

    Examples
    --------
    >>> recall_at(np.array([1.0, 0, 1, 0]), np.array([0.9, 0.8, 0.7, 0.1]), 0.25)
    0.5
    """
    return float(gains_table(y, score, (share,), period)["found"].iloc[0])


def picked(score: Floats, share: float, period: Column | None = None) -> Floats:
    """How much of each row is picked: 1, 0, or the part that chance picks of equal scores at the cut.

    Of n rows (of each period) the highest ceil(share x n) are picked; without a score a row is last.

    Examples
    --------
    >>> picked(np.array([3.0, 1.0, 1.0, 0.0]), 0.5).tolist()
    [1.0, 0.5, 0.5, 0.0]
    """
    ranked = np.where(np.isnan(score), -np.inf, score)
    groups = np.zeros(len(ranked), dtype=np.int64) if period is None else pd.factorize(np.asarray(period))[0]
    order = np.lexsort((-ranked, groups))
    group, sorted_score = groups[order], ranked[order]
    first, size = _runs(group[1:] != group[:-1], len(order))
    cut = np.ceil(share * size - 1e-9)
    same_first, same_size = _runs(
        (group[1:] != group[:-1]) | (sorted_score[1:] != sorted_score[:-1]), len(order)
    )
    out = np.empty(len(order))
    out[order] = np.clip((cut - (same_first - first)) / same_size, 0.0, 1.0)
    return out


def calibration_table(p: Floats, y: Floats, bins: int = 10) -> pd.DataFrame:
    """Predicted and observed shares of bad ends in bins of about equal size, equal predictions together.

    Returns
    -------
    DataFrame
        predicted (mean), observed, low, high (95 % Wilson interval), n; by rising prediction.

    Examples
    --------
    >>> told = calibration_table(np.array([0.1, 0.1, 0.6, 0.8]), np.array([0.0, 0, 1, 1]), bins=2)
    >>> told[["predicted", "observed", "n"]].values.tolist()
    [[0.1, 0.0, 2.0], [0.7, 1.0, 2.0]]
    """
    told, given = _known(y, p)
    columns = ["predicted", "observed", "low", "high", "n"]
    if not len(told):
        return pd.DataFrame(columns=columns, dtype="float64").astype({"n": "int64"})
    edges = np.unique(np.quantile(given, np.arange(1, bins) / bins))
    number = np.searchsorted(edges, given, side="left")
    weights = (np.ones(len(number)), told, given)
    n, events, sums = (np.bincount(number, weights=one).astype(np.float64) for one in weights)
    is_filled = n > 0
    n, events, sums = n[is_filled], events[is_filled], sums[is_filled]
    low, high = wilson_interval(events, n)
    found = pd.DataFrame(dict(zip(columns, (sums / n, events / n, low, high, n), strict=True)))
    return found.astype({"n": "int64"})


def auc(y: Floats, score: Floats) -> float:
    """Probability that one who came to a bad end scored higher than one who did not; ties count half.

    NaN where all ended alike.

    References
    ----------
    Hanley, J. A., McNeil, B. J. (1982). The meaning and use of the area under a receiver operating
    characteristic (ROC) curve. Radiology 143, 29-36.

    Examples
    --------
    >>> auc(np.array([0.0, 1, 0, 1]), np.array([0.1, 0.4, 0.4, 0.8]))
    0.875
    """
    told, given = _known(y, score)
    return _Pairs(told, given, np.arange(len(told))).auc(np.ones(len(told)))


def average_precision(y: Floats, score: Floats) -> float:
    """Mean precision over the bad ends, from the highest score down; NaN without a bad end.

    Examples
    --------
    >>> round(average_precision(np.array([0.0, 1, 0, 1]), np.array([0.1, 0.4, 0.35, 0.8])), 3)
    1.0
    """
    told, given = _known(y, score)
    if not told.sum():
        return float("nan")
    order = np.argsort(-given, kind="stable")
    is_last = np.append(np.diff(given[order]) != 0, True)
    events, rows = np.cumsum(told[order])[is_last], np.flatnonzero(is_last) + 1
    return float(np.sum(np.diff(events, prepend=0.0) * events / rows) / told.sum())


def brier(y: Floats, p: Floats) -> float:
    """Mean squared distance of the probability from what happened; NaN without rows.

    Examples
    --------
    >>> brier(np.array([1.0, 0.0]), np.array([0.5, 0.5]))
    0.25
    """
    told, given = _known(y, p)
    return float(np.mean((given - told) ** 2)) if len(told) else float("nan")


def log_loss(y: Floats, p: Floats) -> float:
    """Mean surprise at what happened, in natural logarithms; NaN without rows.

    Examples
    --------
    >>> round(log_loss(np.array([1.0, 0.0]), np.array([0.5, 0.5])), 4)
    0.6931
    """
    told, given = _known(y, p)
    inside = np.clip(given, SMALLEST, 1 - SMALLEST)
    surprise = told * np.log(inside) + (1 - told) * np.log1p(-inside)
    return float(-np.mean(surprise)) if len(told) else float("nan")


def bootstrap_auc(
    y: Floats,
    scores: Mapping[str, Floats],
    entity: Column,
    draws: int = 300,
    seed: int = 0,
    certainty: float = 0.95,
) -> pd.DataFrame:
    """AUC of several models on the same rows, and how each differs from the first, with intervals.

    Whole entities are drawn with replacement, all their rows with them, and the same for every model;
    intervals are percentiles of the draws. Rows that any model gave no score count for none.

    Parameters
    ----------
    y : array
        1, 0, or NaN.
    scores : mapping
        From the model's name to its score of each row.
    entity : array
        Whose row it is.

    Returns
    -------
    DataFrame
        model, auc, low, high, difference, difference_low, difference_high, in the order given.

    References
    ----------
    Efron, B., Tibshirani, R. J. (1993). An introduction to the bootstrap, sections 8.3 and 13.3.

    Examples
    --------
    >>> ends = np.array([0.0, 0, 1, 1])
    >>> told = bootstrap_auc(ends, {"a": ends, "b": -ends}, ["P1", "P2", "P3", "P4"], draws=50)
    >>> told[["model", "auc", "difference"]].values.tolist()
    [['a', 1.0, 0.0], ['b', 0.0, -1.0]]
    """
    is_known = np.isfinite(y) & np.all([np.isfinite(one) for one in scores.values()], axis=0)
    codes, names = pd.factorize(pd.Series(entity)[is_known])
    pairs = [_Pairs(y[is_known], one[is_known], codes) for one in scores.values()]
    observed = np.array([one.auc(np.ones(len(names))) for one in pairs])
    rng = np.random.default_rng(seed)
    drawn = np.full((draws, len(pairs)), np.nan)
    for draw in range(draws if len(names) else 0):
        weights = np.bincount(rng.integers(len(names), size=len(names)), minlength=len(names))
        drawn[draw] = [one.auc(weights.astype(np.float64)) for one in pairs]
    low, high = _percentiles(drawn, certainty)
    less_low, less_high = _percentiles(drawn - drawn[:, :1], certainty)
    return pd.DataFrame(
        {
            "model": list(scores),
            "auc": observed,
            "low": low,
            "high": high,
            "difference": observed - observed[0],
            "difference_low": less_low,
            "difference_high": less_high,
        }
    )


class _Pairs:
    """Rows sorted once, so that the AUC under any weights of entities is one pass over them."""

    def __init__(self, y: Floats, score: Floats, entity: Ints) -> None:
        is_bad = y > 0
        order = np.argsort(score[~is_bad], kind="stable")
        good = score[~is_bad][order]
        self._good, self._bad = entity[~is_bad][order], entity[is_bad]
        self._below = np.searchsorted(good, score[is_bad], side="left")
        self._up_to = np.searchsorted(good, score[is_bad], side="right")

    def auc(self, weights: Floats) -> float:
        """The AUC where each entity counts so many times; NaN where all that count ended alike."""
        bad, passed = weights[self._bad], np.append(0.0, np.cumsum(weights[self._good]))
        pairs = bad.sum() * passed[-1]
        won = bad @ (passed[self._below] + passed[self._up_to]) / 2
        return float(won / pairs) if pairs else float("nan")


def _known(y: Floats, given: Floats) -> tuple[Floats, Floats]:
    is_known = np.isfinite(y) & np.isfinite(given)
    return y[is_known], given[is_known]


def _share(name: str, part: Floats, whole: Floats) -> dict[str, Floats]:
    low, high = wilson_interval(part, whole)
    share = np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)
    return {name: share, f"{name}_low": low, f"{name}_high": high}


def _runs(is_break: np.ndarray, rows: int) -> tuple[Ints, Ints]:
    """For each row of a sorted column, where its run begins and how long it is."""
    starts = np.append(0, np.flatnonzero(is_break) + 1)[:rows]
    sizes = np.diff(np.append(starts, rows))
    return np.repeat(starts, sizes), np.repeat(sizes, sizes)


def _percentiles(drawn: Floats, certainty: float) -> tuple[Floats, Floats]:
    """Ends of the central interval of each column; NaN where no draw told anything."""
    tail = (1 - certainty) / 2
    low, high = np.full(drawn.shape[1], np.nan), np.full(drawn.shape[1], np.nan)
    for column in range(drawn.shape[1]):
        told = drawn[:, column][np.isfinite(drawn[:, column])]
        if len(told):
            low[column], high[column] = np.quantile(told, [tail, 1 - tail])
    return low, high
