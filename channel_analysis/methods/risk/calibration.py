"""Calibration on the log-odds: a shift and a slope, shipped only where later blocks gain from them."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from .panel import Floats

Block = tuple[Floats, Floats]
"""Log-odds out of fold and labels of one block of time."""


@dataclass(frozen=True, slots=True)
class Affine:
    """Calibrated log-odds are `shift + slope * log_odds`; a straight line keeps reasons adding up."""

    shift: float = 0.0
    slope: float = 1.0

    def __call__(self, log_odds: Floats) -> Floats:
        """The calibrated log-odds."""
        return self.shift + self.slope * log_odds


def fit_affine(log_odds: Floats, y: Floats, strength: float = 10.0) -> Affine:
    """Logistic regression on the log-odds themselves (Platt 1999), pulled towards changing nothing.

    The pull is that of a normal prior around shift 0 and slope 1, worth `strength` observations.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> said = rng.normal(size=20_000)
    >>> fell = (rng.random(20_000) < 1 / (1 + np.exp(1 - 0.5 * said))).astype(float)
    >>> line = fit_affine(said, fell)
    >>> round(line.shift), round(line.slope, 1)
    (-1, 0.5)
    """
    design = np.column_stack([np.ones_like(log_odds), log_odds])
    beta, prior = np.array([0.0, 1.0]), np.array([0.0, 1.0])
    for _ in range(50):
        p = probability_of(design @ beta)
        gradient = design.T @ (y - p) - strength * 0.25 * (beta - prior)
        weight = np.maximum(p * (1 - p), 1e-9)
        curvature = design.T @ (design * weight[:, None]) + strength * 0.25 * np.eye(2)
        step = np.linalg.solve(curvature, gradient)
        beta = beta + np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-10:
            break
    return Affine(float(beta[0]), float(np.clip(beta[1], 0.05, 5.0)))


def calibrated(blocks: Sequence[Block]) -> tuple[Affine, bool, float]:
    """The slope learnt from all blocks, whether it is to be used, and what it gains per row of later blocks.

    Each block is judged with the slope of the blocks before it, turned around their mean. It is used
    only when it lowers the log-loss over all later blocks and in the newest one. The level is not moved:
    the model that is kept has it from all rows, those of the newest season included.
    """
    gains, rows = [], []
    for place in range(1, len(blocks)):
        before, y_before = (np.concatenate(part) for part in zip(*blocks[:place], strict=True))
        line = _turned(before, y_before)
        said, y = blocks[place]
        gains.append(float((_loss(said, y) - _loss(line(said), y)).sum()))
        rows.append(len(y))
    if not gains:
        return Affine(), False, 0.0
    gain = sum(gains) / max(sum(rows), 1)
    if gain <= 0 or gains[-1] <= 0:
        return Affine(), False, gain
    said, y = (np.concatenate(part) for part in zip(*blocks, strict=True))
    return _turned(said, y), True, gain


def _turned(log_odds: Floats, y: Floats) -> Affine:
    """The slope of `fit_affine` around the mean score, which stays where it is."""
    slope = fit_affine(log_odds, y).slope
    return Affine(float((1 - slope) * log_odds.mean()), slope)


@dataclass(frozen=True, slots=True)
class Spread:
    """How sure the level of scores is: a line through outcomes out of fold, and the variances of its ends."""

    line: Affine
    variance_shift: float
    covariance: float
    variance_slope: float

    def interval(self, log_odds: Floats, z: float = 1.645) -> tuple[Floats, Floats]:
        """Probabilities between which the true rate of such scores lies (by default 90 %).

        The interval holds the score itself and what outcomes say about such scores.
        """
        said = self.line(log_odds)
        variance = self.variance_shift + 2 * self.covariance * log_odds + self.variance_slope * log_odds**2
        wide = z * np.sqrt(np.maximum(variance, 0.0))
        low, high = np.minimum(said, log_odds) - wide, np.maximum(said, log_odds) + wide
        return probability_of(low), probability_of(high)


def spread_of(log_odds: Floats, y: Floats, entities: Sequence[Hashable]) -> Spread:
    """The line of `fit_affine` with its variances, rows of one entity counting as one cluster.

    Notes
    -----
    Sandwich estimator after Liang and Zeger (1986).
    """
    line = fit_affine(log_odds, y)
    design = np.column_stack([np.ones_like(log_odds), log_odds])
    p = probability_of(line(log_odds))
    bread = np.linalg.inv(design.T @ (design * (p * (1 - p))[:, None]) + 2.5 * np.eye(2))
    _, cluster = np.unique(np.asarray(entities, dtype=str), return_inverse=True)
    pushes = np.column_stack([np.bincount(cluster, weights=part * (y - p)) for part in design.T])
    count = max(len(pushes), 2)
    found = bread @ (pushes.T @ pushes) @ bread * count / (count - 1)
    return Spread(line, float(found[0, 0]), float(found[0, 1]), float(found[1, 1]))


def probability_of(log_odds: Floats) -> Floats:
    """The probability of log-odds, never quite 0 or 1.

    Examples
    --------
    >>> probability_of(np.array([0.0, 1000.0])).tolist()
    [0.5, 0.999999]
    """
    p: Floats = np.clip(1 / (1 + np.exp(-np.clip(log_odds, -700, 700))), 1e-6, 1 - 1e-6)
    return p


def _loss(log_odds: Floats, y: Floats) -> Floats:
    p = probability_of(log_odds)
    return -(y * np.log(p) + (1 - y) * np.log1p(-p))
