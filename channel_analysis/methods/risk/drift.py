"""Drift: whether the partners of today still look like those a model was trained on.

The population stability index against a critical value for the number of partners at hand, not against
a rule of thumb: with a hundred partners chance alone exceeds 0.10 in most months.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from .panel import Floats

LEAST_EXPECTED = 5.0
FLOOR = 0.5
"""Counted in an empty bin, so that one newcomer in it is no infinite change."""

DRAWS = 1000


def reference_of(x: pd.DataFrame, bins: int = 10) -> dict[str, dict[str, list[float]]]:
    """Keep how each feature was spread in training.

    Parameters
    ----------
    x : DataFrame
        Features as floats, NaN for missing.
    bins : int
        Bins of equal counts; fewer where values repeat. Missing values have a bin of their own.

    Returns
    -------
    dict
        By feature: `thresholds` (values up to and with the first fall into bin 0, ...), and `counts`, one
        more than thresholds, with those of missing values at the end. Plain lists, ready for JSON.

    Examples
    --------
    >>> reference_of(pd.DataFrame({"dso": [10.0, 20.0, 30.0, 40.0, np.nan]}), bins=2)
    {'dso': {'thresholds': [20.0], 'counts': [2.0, 2.0, 1.0]}}
    """
    found = {}
    for name in map(str, x.columns):
        values = x[name].to_numpy(dtype=np.float64)
        known = np.sort(values[~np.isnan(values)])
        places = np.ceil(np.arange(1, bins) / bins * len(known)).astype(int) - 1
        cuts = np.unique(known[np.maximum(places, 0)]) if len(known) else known
        cuts = cuts[cuts < known[-1]] if len(known) else cuts
        found[name] = {"thresholds": cuts.tolist(), "counts": _counts(values, cuts).tolist()}
    return found


def drift_of(
    reference: Mapping[str, Mapping[str, list[float]]], x: pd.DataFrame, rate: float = 0.10
) -> pd.DataFrame:
    """Compare today's features with those of training.

    Parameters
    ----------
    reference : mapping
        From `reference_of`.
    x : DataFrame
        Today's rows, one per partner.
    rate : float
        Expected share of false alarms among all alarms (Benjamini and Hochberg 1995).

    Returns
    -------
    DataFrame
        A row per feature: `feature`, `psi`, `critical` (its value at which one feature alone would be
        noted, at probability `rate`), `p_value`, `drifted`. Features with nothing to compare have NaN.

    Notes
    -----
    Without drift PSI is close to (1/n + 1/m) times a chi-square of B - 1 degrees of freedom, n and m rows
    in B bins (Yurdakul 2018), but with a longer tail where bins hold few rows: its mean and variance are
    therefore taken from 1,000 draws without drift (seeded). Bins that expect fewer than five of today's
    rows are joined with the next.

    Examples
    --------
    >>> then = pd.DataFrame({"dso": np.arange(1000.0)})
    >>> drift_of(reference_of(then), then + 400)[["feature", "drifted"]].values.tolist()
    [['dso', True]]
    """
    rows = []
    for name, kept in reference.items():
        values = x[name].to_numpy(dtype=np.float64) if name in x.columns else np.full(len(x), np.nan)
        now = _counts(values, np.asarray(kept["thresholds"], dtype=np.float64))
        rows.append({"feature": name, **_compared(np.asarray(kept["counts"], dtype=np.float64), now, rate)})
    table = pd.DataFrame(rows, columns=["feature", "psi", "critical", "p_value"])
    return table.assign(drifted=_discoveries(table["p_value"].to_numpy(dtype=np.float64), rate))


def _counts(values: Floats, thresholds: Floats) -> Floats:
    """Values per bin, the missing ones last."""
    known = values[~np.isnan(values)]
    bins = np.bincount(np.searchsorted(thresholds, known, side="left"), minlength=len(thresholds) + 1)
    return np.append(bins, len(values) - len(known)).astype(np.float64)


def _compared(then: Floats, now: Floats, rate: float) -> dict[str, float]:
    from scipy.special import gammaincc, gammainccinv

    nothing = {"psi": float("nan"), "critical": float("nan"), "p_value": float("nan")}
    if not then.sum() or not now.sum():
        return nothing
    then, now = _joined(then, now)
    if len(then) < 2:
        return nothing
    psi = float(_index(then, now))
    shape, scale = _by_chance(then, now)
    critical = float(gammainccinv(shape, rate) * scale)
    return {"psi": psi, "critical": critical, "p_value": float(gammaincc(shape, max(psi, 0.0) / scale))}


def _index(then: Floats, now: Floats) -> Floats:
    """Population stability index of counts; bins along the last axis."""
    then, now = np.maximum(then, FLOOR), np.maximum(now, FLOOR)
    was, is_now = then / then.sum(axis=-1, keepdims=True), now / now.sum(axis=-1, keepdims=True)
    found: Floats = ((is_now - was) * np.log(is_now / was)).sum(axis=-1)
    return found


def _by_chance(then: Floats, now: Floats) -> tuple[float, float]:
    """Shape and scale of the gamma distribution that the index follows when nothing has changed."""
    rng = np.random.default_rng(0)
    share = (then + now) / (then.sum() + now.sum())
    drawn = [rng.multinomial(round(side.sum()), share, size=DRAWS).astype(np.float64) for side in (then, now)]
    index = _index(*drawn)
    mean, spread = float(index.mean()), float(max(index.var(), 1e-18))
    return mean**2 / spread, spread / mean


def _joined(then: Floats, now: Floats) -> tuple[Floats, Floats]:
    """Neighbouring bins made one until each expects enough of today's rows; missing values stay apart.

    What was never missing, or hardly ever, keeps its bin once many are missing today.
    """
    both = (then + now) / (then.sum() + now.sum()) * min(now.sum(), then.sum())
    groups, filled = np.zeros(len(then), dtype=np.int64), 0.0
    for place in range(len(then) - 1):
        groups[place] = groups[place - 1] if place else 0
        if place and filled >= LEAST_EXPECTED:
            groups[place], filled = groups[place] + 1, 0.0
        filled += both[place]
    last = groups[-2] if len(then) > 1 else 0
    if filled < LEAST_EXPECTED and last > 0:
        groups[:-1] = np.minimum(groups[:-1], last - 1)
        last -= 1
    groups[-1] = last + 1 if both[-1] >= LEAST_EXPECTED else last
    then, now = (np.bincount(groups, weights=side).astype(np.float64) for side in (then, now))
    return then, now


def _discoveries(p_values: Floats, rate: float) -> np.ndarray:
    """Which of many tests to believe, at a rate of false discoveries."""
    found = np.zeros(len(p_values), dtype=bool)
    known = np.flatnonzero(~np.isnan(p_values))
    order = known[np.argsort(p_values[known], kind="stable")]
    good = p_values[order] <= rate * np.arange(1, len(order) + 1) / max(len(order), 1)
    if good.any():
        found[order[: np.flatnonzero(good).max() + 1]] = True
    return found
