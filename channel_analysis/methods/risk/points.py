"""The points scorecard: the champion's twin in the form that credit departments know.

Each feature is cut into a few bins with a steady course of risk, each bin has its weight of evidence, a
logistic regression weighs the features, and the sum is scaled to points.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from .panel import Floats, Ints
from .steps import Steps, cuts_of, log_odds_of, merged

FINE = 40
COARSE = 8
LEAST_SHARE = 0.01
LEAST_BAD = 5.0
PRIOR = 30.0
"""Rows of the average partner added to each bin, so that small ones say little."""

BASE = 600
DOUBLES = 20


@dataclass(frozen=True, slots=True)
class Points:
    """Step tables in log-odds of a bad end, their intercept, and the same as points for people."""

    tables: Mapping[str, Steps]
    intercept: float

    def log_odds(self, x: pd.DataFrame) -> Floats:
        """Log-odds of a bad end of each row."""
        return log_odds_of(self.tables, self.intercept, x)

    def card(self) -> pd.DataFrame:
        """Whole points by bin: `feature`, `above`, `up_to` (NaN at the open ends and for missing), `points`.

        A partner's points are the sum over its features; 600 stands for the average partner's odds,
        20 more halve the odds of a bad end. Rounding each bin costs half a point a feature at most.
        """
        scale = DOUBLES / np.log(2.0)
        base = BASE / max(len(self.tables), 1)
        rows = []
        for name, steps in self.tables.items():
            ends = [float("nan"), *steps.thresholds, float("nan")]
            for place, value in enumerate(steps.values):
                rows.append((name, ends[place], ends[place + 1], False, base - scale * value))
            rows.append((name, float("nan"), float("nan"), True, base - scale * steps.missing))
        table = pd.DataFrame(rows, columns=["feature", "above", "up_to", "missing", "points"])
        return table.assign(points=np.rint(table["points"]).astype("int64"))


def fit_points(
    x: pd.DataFrame,
    y: Floats,
    signs: Mapping[str, int],
    weights: Floats | None = None,
    strength: float = 0.01,
) -> Points:
    """Fit a points scorecard.

    Parameters
    ----------
    x : DataFrame
        Features as floats, NaN for missing.
    y : array of 0 and 1
    signs : mapping
        Features of which more is riskier (1) or less so (-1); where nothing is declared the data decide.
    weights : array, optional
        Of the rows.
    strength : float
        Inverse of the L2 penalty on the weights of the features.

    Returns
    -------
    Points
        Features that tell nothing are left out. The parts average 0 over the rows, so the intercept is
        the average partner's log-odds.

    Notes
    -----
    Weight of evidence of a bin: ln(share of the bad / share of the good), with thirty average rows added;
    courses are made steady by pooling adjacent violators (Ayer et al. 1955), features whose weight would
    turn against their own evidence get none.
    """
    weight = np.ones(len(y)) if weights is None else np.asarray(weights, dtype=np.float64)
    total, bad = float(weight.sum()), float((weight * y).sum())
    base = float(np.log(max(bad, 0.5) / max(total - bad, 0.5)))
    if not 0 < bad < total:
        return Points({}, base)
    evidence = {
        str(name): _evidence(x[name].to_numpy(dtype=np.float64), y, weight, int(signs.get(name, 0)))
        for name in x.columns
    }
    evidence = {name: steps for name, steps in evidence.items() if np.ptp([*steps.values, steps.missing]) > 0}
    if not evidence:
        return Points({}, base)
    design = np.column_stack(
        [steps.at(x[name].to_numpy(dtype=np.float64)) for name, steps in evidence.items()]
    )
    slopes, intercept = _logistic(design, y, weight, strength)
    pairs = zip(evidence.items(), slopes, strict=True)
    kept = {name: (steps, float(slope)) for (name, steps), slope in pairs if slope > 0}
    return _centred(kept, intercept, x, weight)


def _evidence(x: Floats, y: Floats, weight: Floats, sign: int) -> Steps:
    """A feature's bins with their weights of evidence."""
    fine = cuts_of(x, FINE)
    places = np.where(np.isnan(x), len(fine) + 1, np.searchsorted(fine, x, side="left"))
    rows: Floats = np.bincount(places, weights=weight, minlength=len(fine) + 2).astype(np.float64)
    bads: Floats = np.bincount(places, weights=weight * y, minlength=len(fine) + 2).astype(np.float64)
    base = bads.sum() / rows.sum()
    way = sign or _way(rows[:-1], bads[:-1])
    groups = _steady(rows[:-1], bads[:-1], way, base)
    edges = np.flatnonzero(np.diff(groups) > 0)
    told = _log_odds(_sums(groups, rows[:-1]), _sums(groups, bads[:-1]), base)
    told = way * np.maximum.accumulate(way * told)  # small bins are drawn to the average, not past others
    missing = float(_log_odds(rows[-1:], bads[-1:], base)[0])
    return merged([float(fine[edge]) for edge in edges], [float(value) for value in told], missing)


def _sums(groups: Ints, of: Floats) -> Floats:
    return np.bincount(groups, weights=of).astype(np.float64)


def _log_odds(rows: Floats, bads: Floats, base: float) -> Floats:
    rate = (bads + PRIOR * base) / (rows + PRIOR)
    found: Floats = np.log(rate / (1 - rate)) - np.log(base / (1 - base))
    return found


def _way(rows: Floats, bads: Floats) -> int:
    """Whether risk rises or falls with the feature: the correlation of its bins with the share of bad."""
    if rows.sum() == 0:
        return 1
    place = np.cumsum(rows) - rows / 2
    both = ((place - np.average(place, weights=rows)) * (bads - rows * bads.sum() / rows.sum())).sum()
    return 1 if both >= 0 else -1


def _steady(rows: Floats, bads: Floats, way: int, base: float) -> Ints:
    """Groups of neighbouring bins whose shares of bad only rise (or only fall), each large enough."""
    spans = [[place, place, float(rows[place]), float(bads[place])] for place in range(len(rows))]
    spans = _pooled(spans, way)
    least = (LEAST_SHARE * rows.sum(), min(LEAST_BAD, bads.sum() / 4))
    while len(spans) > 1:
        lacking = [at for at, span in enumerate(spans) if span[2] < least[0] or span[3] < least[1]]
        if not lacking and len(spans) <= COARSE + 2:
            break
        gaps = [_apart(one, other, base) for one, other in pairwise(spans)]
        near = [at for at in range(len(gaps)) if not lacking or at in lacking or at + 1 in lacking]
        at = min(near, key=lambda place: gaps[place])
        spans[at : at + 2] = [_union(spans[at], spans[at + 1])]
    groups = np.zeros(len(rows), dtype=np.int64)
    for number, (begin, end, _, _) in enumerate(spans):
        groups[int(begin) : int(end) + 1] = number
    return groups


def _pooled(spans: list[list[float]], way: int) -> list[list[float]]:
    done: list[list[float]] = []
    for span in spans:
        done.append(span)
        while len(done) > 1 and way * done[-2][3] * done[-1][2] >= way * done[-1][3] * done[-2][2]:
            last = done.pop()
            done[-1] = _union(done[-1], last)
    return done


def _union(one: list[float], other: list[float]) -> list[float]:
    return [one[0], other[1], one[2] + other[2], one[3] + other[3]]


def _apart(one: list[float], other: list[float], base: float) -> float:
    """How much information is lost when two bins become one, about."""
    told = _log_odds(np.array([one[2], other[2]]), np.array([one[3], other[3]]), base)
    return float((told[0] - told[1]) ** 2 * one[2] * other[2] / max(one[2] + other[2], 1e-9))


def _logistic(design: Floats, y: Floats, weight: Floats, strength: float) -> tuple[Floats, float]:
    """Weights of the features, none negative: what would turn against its evidence leaves, one by one."""
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    slopes = np.zeros(design.shape[1])
    kept = np.arange(design.shape[1])
    with threadpool_limits(limits=1):
        while len(kept):
            model = LogisticRegression(C=strength, max_iter=500).fit(design[:, kept], y, sample_weight=weight)
            own = model.coef_[0]
            if (own >= 0).all():
                slopes[kept] = own
                return slopes, float(model.intercept_[0])
            kept = np.delete(kept, int(np.argmin(own)))
    bad = float((weight * y).sum())
    return slopes, float(np.log(bad / (weight.sum() - bad)))


def _centred(
    kept: Mapping[str, tuple[Steps, float]], intercept: float, x: pd.DataFrame, weight: Floats
) -> Points:
    tables = {}
    for name, (steps, slope) in kept.items():
        scaled = steps.scaled(float(slope))
        middle = float(np.average(scaled.at(x[name].to_numpy(dtype=np.float64)), weights=weight))
        intercept += middle
        tables[name] = Steps(
            thresholds=scaled.thresholds,
            values=tuple(value - middle for value in scaled.values),
            missing=scaled.missing - middle,
        )
    return Points(tables, intercept)
