"""Challengers of the champion, and the plain rules that any model has to beat.

Every one is fitted by `fit(x, y, signs, families)` and answers with a function from features to a score,
higher for the riskier; models answer in log-odds, rules in a unit of their own (`is_log_odds` says which).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from .panel import Floats

Families = Mapping[str, Sequence[str]]
Scorer = Callable[[pd.DataFrame], Floats]
Fit = Callable[[pd.DataFrame, Floats, Mapping[str, int], Families], Scorer]

GRID = 101
"""Ranks kept of each feature in training."""


@dataclass(frozen=True, slots=True)
class Challenger:
    """A model or rule to compare with; `absent` says why it cannot be tried on these features, if so."""

    name: str
    kind: str
    fit: Fit
    is_log_odds: bool = True
    absent: str = ""


def challengers_for(
    features: Sequence[str],
    recency: str | None = None,
    trend: str | None = None,
    counts: tuple[str, str, str] | None = None,
    ahead: float = 6.0,
    seed: int = 0,
) -> list[Challenger]:
    """All challengers, those that lack their features with the reason.

    Parameters
    ----------
    features : sequence of str
        What the panel holds.
    recency, trend : str, optional
        Time since the last order (more is riskier); growth of sales (less is riskier).
    counts : tuple of three str, optional
        Repeat orders so far, time of the last order since the first, time since the first (in one unit).
    ahead : float
        How far ahead orders are expected, in the unit of `counts`.
    seed : int
        Of boosting.
    """
    return [
        Challenger("logistic", "linear", fit_rank_logistic),
        Challenger("boosting_2", "boosting", _boosting(2, seed)),
        Challenger("boosting", "boosting", _boosting(None, seed)),
        _rule("recency", recency, 1.0, features),
        _rule("trend", trend, -1.0, features),
        _expected_orders(counts, ahead, features),
    ]


def fit_rank_logistic(
    x: pd.DataFrame, y: Floats, signs: Mapping[str, int], families: Families, strength: float = 0.1
) -> Scorer:
    """Logistic regression (L2) on the normal deviates of ranks in training, with a flag for missing values.

    Ranks between those kept are interpolated, so there are no steps; beyond the ends the ends hold.
    A feature whose weight turns against its declared sign is left out, and the rest fitted again.
    """
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    del families
    grids = {str(name): _grid(x[name].to_numpy(dtype=np.float64)) for name in x.columns}
    declared = np.array([*(signs.get(name, 0) for name in grids), *(0 for _ in grids)])
    design = _deviates(x, grids)
    kept = np.flatnonzero(design.std(axis=0) > 0)
    with threadpool_limits(limits=1):
        while len(kept) and 0 < y.mean() < 1:
            model = LogisticRegression(C=strength, max_iter=1000).fit(design[:, kept], y)
            slopes, base = model.coef_[0], float(model.intercept_[0])
            against = declared[kept] * slopes < 0
            if not against.any():
                return lambda new: _deviates(new, grids)[:, kept] @ slopes + base
            kept = kept[~against]
    odds = float(np.log((y.sum() + 0.5) / (len(y) - y.sum() + 0.5)))
    return lambda new: np.full(len(new), odds)


def _grid(values: Floats) -> Floats:
    """Values at even ranks, ends included; empty where nothing is known."""
    known = values[~np.isnan(values)]
    return np.quantile(known, np.linspace(0, 1, GRID)) if len(known) else known


def _deviates(x: pd.DataFrame, grids: Mapping[str, Floats]) -> Floats:
    """Normal deviates of ranks, 0 for missing, then the flags of what is missing."""
    from scipy.special import ndtri

    places = np.linspace(0, 1, GRID)
    deviates, flags = [], []
    for name, grid in grids.items():
        values = x[name].to_numpy(dtype=np.float64)
        missing = np.isnan(values)
        flags.append(missing.astype(np.float64))
        if not len(grid):
            deviates.append(np.zeros(len(values)))
            continue
        # the middle of the ranks a repeated value holds
        low = np.interp(values, grid, places)
        if len(np.unique(grid)) < len(grid):
            left, right = np.searchsorted(grid, values, "left"), np.searchsorted(grid, values, "right") - 1
            inside = right > left
            low = np.where(inside, (left + right) / 2 / (GRID - 1), low)
        deviates.append(np.where(missing, 0.0, ndtri(np.clip(low, 0.005, 0.995))))
    return np.column_stack([*deviates, *flags])


def _boosting(depth: int | None, seed: int) -> Fit:
    def fit(x: pd.DataFrame, y: Floats, signs: Mapping[str, int], families: Families) -> Scorer:
        from sklearn.ensemble import HistGradientBoostingClassifier
        from threadpoolctl import threadpool_limits

        del families
        names = list(x.columns[x.notna().any()])  # boosting cannot bin a feature without any value
        if not names or not 0 < y.mean() < 1:
            return fit_rank_logistic(x, y, signs, {})
        model = HistGradientBoostingClassifier(
            max_iter=200,
            learning_rate=0.05,
            max_depth=depth,
            max_leaf_nodes=4 if depth == 2 else 15,
            min_samples_leaf=30,
            l2_regularization=5.0,
            monotonic_cst=[int(signs.get(name, 0)) for name in names],
            early_stopping=False,
            random_state=seed,
        )
        with threadpool_limits(limits=1):
            model.fit(x[names].to_numpy(dtype=np.float64), y)

        def score(new: pd.DataFrame) -> Floats:
            with threadpool_limits(limits=1):
                return np.asarray(model.decision_function(new[names].to_numpy(dtype=np.float64)))

        return score

    return fit


def _rule(name: str, feature: str | None, way: float, features: Sequence[str]) -> Challenger:
    """One feature as it is; missing values count as the middle one of training."""
    absent = "" if feature in features else f"the panel has no feature for it ({feature or 'none is named'})"

    def fit(x: pd.DataFrame, y: Floats, signs: Mapping[str, int], families: Families) -> Scorer:
        del y, signs, families
        if feature not in x:  # it said nothing yet, so it was left out
            return lambda new: np.zeros(len(new))
        known = x[feature].dropna()
        middle = float(known.median()) if len(known) else 0.0
        return lambda new: way * new[feature].fillna(middle).to_numpy(dtype=np.float64)

    return Challenger(name, "rule", fit, is_log_odds=False, absent=absent)


def _expected_orders(
    counts: tuple[str, str, str] | None, ahead: float, features: Sequence[str]
) -> Challenger:
    lacking = [name for name in counts or () if name not in features]
    absent = "" if counts and not lacking else "the panel has no counts of orders, their time and age"

    def fit(x: pd.DataFrame, y: Floats, signs: Mapping[str, int], families: Families) -> Scorer:
        del y, signs, families
        names = list(counts or ())
        known = x[names].dropna()
        scale = float(max(known[names[2]].mean(), 1e-9)) if len(known) else 1.0
        repeats, last, age = (known[name].to_numpy(dtype=np.float64) for name in names)
        parameters = fit_mbg(repeats, last, age, scale)

        def score(new: pd.DataFrame) -> Floats:
            repeats, last, age = (new[name].to_numpy(dtype=np.float64) for name in names)
            expected = mbg_expected(parameters, repeats, last, age, ahead)
            return -np.where(np.isnan(expected), np.nanmedian(expected) if len(known) else 0.0, expected)

        return score

    return Challenger("mbg_nbd", "rule", fit, is_log_odds=False, absent=absent)


def fit_mbg(repeats: Floats, last: Floats, age: Floats, scale: float) -> tuple[float, float, float, float]:
    """Parameters r, alpha, a, b of the modified beta-geometric/NBD by maximum likelihood.

    Notes
    -----
    Batislam, Denizel and Filiztekin (2007): orders come at a gamma-distributed rate (r, alpha); after each,
    the first one included, a partner leaves with a beta-distributed probability (a, b).
    """
    from scipy.optimize import minimize
    from scipy.special import betaln, gammaln

    if not len(repeats):
        return 1.0, scale, 1.0, 1.0
    t_last, t_age = last / scale, age / scale

    def loss(logs: Floats) -> float:
        r, alpha, a, b = np.exp(logs)
        common = gammaln(r + repeats) - gammaln(r) + r * np.log(alpha)
        alive = betaln(a, b + repeats + 1) - betaln(a, b) - (r + repeats) * np.log(alpha + t_age)
        gone = betaln(a + 1, b + repeats) - betaln(a, b) - (r + repeats) * np.log(alpha + t_last)
        return float(-(common + np.logaddexp(alive, gone)).mean() + 0.001 * (logs**2).sum())

    found = minimize(loss, np.zeros(4), method="L-BFGS-B", bounds=[(-6.0, 6.0)] * 4)
    r, alpha, a, b = np.exp(found.x)
    return float(r), float(alpha * scale), float(a), float(b)


def mbg_expected(
    parameters: tuple[float, float, float, float], repeats: Floats, last: Floats, age: Floats, ahead: float
) -> Floats:
    """Orders to be expected in the time `ahead`: alive with P(alive), at the mean rate of such a history.

    A partner who is alive orders at (r + x) / (alpha + T) and may leave after each order; leaving is held to
    its mean probability, which orders partners the same way as the closed form and needs no hypergeometric.
    """
    r, alpha, a, b = parameters
    odds_gone = a / (b + repeats) * ((alpha + age) / (alpha + last)) ** (r + repeats)
    alive = 1 / (1 + odds_gone)
    rate, leaving = (r + repeats) / (alpha + age), a / (a + b + repeats + 1)
    expected: Floats = alive * -np.expm1(-rate * leaving * ahead) / leaving
    return expected
