"""Variance per unit of size: how far sums of orders stray by chance, per price level."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from .cube import Cube, Floats, Ints

TINY = 1e-300


def dispersion(
    cube: Cube, actual: Floats, expected: Floats, size: Floats, counted: NDArray[np.bool_]
) -> tuple[Floats, float]:
    """Variance of a leaf's gap per unit of its size, by the levels along which it differs most (price).

    Gaps are taken from each level's own trend, so that a level that moved does not pass for a noisy one.
    Also how many degrees of freedom tell of it. Leaves filled in both periods are read one by one, by the
    logs of their squares, which a few that moved do not sway; of the others only sums tell.
    """
    rows = np.flatnonzero(counted & (size > 0))
    if len(rows) < 2:
        return np.maximum(np.abs(size), 1.0), 1.0
    dense = filled_share(actual[rows], expected[rows]) > 0.9
    read = _by_logs if dense else _by_sums
    whole = np.zeros(len(rows), np.intp)
    square = _around(actual[rows], expected[rows], whole, 1, dense)
    if not square.any():
        return np.full(len(size), float(size[rows].mean())), float(len(rows) - 1)
    found, _, freedom = read(square, size[rows], whole, 1)
    best, phi = 0.0, np.full(len(size), found[0])
    for dim, card in enumerate(cube.cards):
        level = cube.codes_of((dim,), rows)[0]
        square = _around(actual[rows], expected[rows], level, card, dense)
        if not square.any():
            continue
        found, spread, told = read(square, size[rows], level, card)
        if spread > best:
            best, phi, freedom = spread, found[cube.codes_of((dim,))[0]], told
    return np.asarray(phi), max(freedom, 1.0)


def _around(actual: Floats, expected: Floats, level: Ints, card: int, one_by_one: bool) -> Floats:
    """Squared gaps from the trend of each level's own."""
    now, before = np.bincount(level, actual, card), np.bincount(level, expected, card)
    own = np.divide(now, before, out=np.ones(card), where=before != 0)
    if one_by_one:
        told = expected > 0
        own = _median_by((actual[told] / expected[told]), level[told], card)
    return np.asarray((actual - own[level] * expected) ** 2)


def _by_logs(square: Floats, size: Floats, level: Ints, card: int) -> tuple[Floats, float, float]:
    """Variance per size of each level from the median squares, drawn to their mean; its spread; its freedom.

    The median of a chi-square of one degree of freedom is 0.455, the variance of its log 5.44 / n.
    """
    n = np.bincount(level, minlength=card)
    fair = np.log(n / np.maximum(n - 1, 1), out=np.zeros(card), where=n > 0)
    per_size = np.maximum(square / size, 1e-9 * square.sum() / size.sum())
    n = np.where(n > 1, n, 0)
    if not n.any():
        return np.full(card, per_size.mean()), 0.0, 1.0
    log = np.log(np.maximum(_median_by(per_size, level, card), TINY) / 0.455) + fair
    first, spread = _shrunk(np.where(n > 0, log, 0.0), n, 5.44)
    keep = square <= 9 * np.exp(first)[level] * size
    if spread == 0:
        trimmed = (square * keep).sum() / max((size * keep).sum(), TINY) / 0.973
        return np.full(card, trimmed or per_size.mean()), 0.0, len(square) - 1.0
    num, den = np.bincount(level, square * keep, card), np.bincount(level, size * keep, card)
    fitted = (num > 0) & (n > 0)
    told = np.log(np.where(fitted, num / np.maximum(den, TINY) / 0.973, np.exp(first - fair))) + fair
    noise = 2.2 / np.maximum(n, 1)
    share = spread / (spread + noise)
    grand = float(n @ told / n.sum())
    return np.exp(grand + share * (told - grand)), spread, float(2 / (n @ (share * noise) / n.sum()))


def _shrunk(log: Floats, n: Ints, noise: float) -> tuple[Floats, float]:
    """Levels' logs drawn to their mean as far as chance explains them, and the variance between them."""
    whole, levels, count = float(n @ log / n.sum()), int((n > 0).sum()), int(n.sum())
    between = float(n @ (log - whole) ** 2) / noise
    if levels < 2 or between < levels - 1 + 3 * math.sqrt(2 * (levels - 1)):
        return np.full(len(n), whole), 0.0
    spread = (between - (levels - 1)) * noise / max(count - float(n @ n) / count, 1.0)
    return np.where(
        n > 0, whole + spread / (spread + noise / np.maximum(n, 1)) * (log - whole), whole
    ), spread


def _median_by(values: Floats, level: Ints, card: int) -> Floats:
    """The median of each level; 0 of levels without a value."""
    order = np.lexsort((values, level))
    count = np.bincount(level, minlength=card)
    start = np.cumsum(count) - count
    low, high = (np.clip(start + (count - 1 + one) // 2, 0, max(len(values) - 1, 0)) for one in (0, 1))
    if not len(values):
        return np.zeros(card)
    return np.where(count > 0, (values[order][low] + values[order][high]) / 2, 0.0)


def _by_sums(square: Floats, size: Floats, level: Ints, card: int) -> tuple[Floats, float, float]:
    """Variance per size of each level, how much more they differ (log) than by chance, its freedom."""
    overall = max(square.sum() / max(size.sum(), TINY), TINY)
    square = square / overall
    n = np.bincount(level, minlength=card)
    num, den = np.bincount(level, square, card), np.bincount(level, size, card)
    fourth = np.bincount(level, square**2, card)
    fair = n / np.maximum(n - 1, 1)
    phi = np.maximum(np.where(num > 0, num / np.maximum(den, TINY) * fair, 1.0), 1e-6)
    weight = den / max(den.sum(), TINY)
    log = np.log(phi)
    chance = weight @ np.maximum(fourth / np.maximum(num, 1e-12) ** 2, 2.5 / np.maximum(n, 1))
    spread = float(weight @ (log - weight @ log) ** 2 - 3 * chance)
    return phi * overall, spread, len(square) / card - 1.0


def by_level(cube: Cube, square: Floats, size: Floats, rows: Ints) -> tuple[float, Floats]:
    if not len(rows):
        return 0.0, np.ones(len(size))
    best, phi = 0.0, np.full(len(size), max(square[rows].sum() / max(size[rows].sum(), TINY), TINY))
    for dim, card in enumerate(cube.cards):
        found, spread, _ = _by_sums(square[rows], size[rows], cube.codes_of((dim,), rows)[0], card)
        if spread > best:
            best, phi = spread, found[cube.codes_of((dim,))[0]]
    return best, phi


def filled_share(now: Floats, before: Floats) -> float:
    """Share of cells that are not empty by chance: what went or came as a whole is empty on one side only."""
    live = (now != 0) | (before != 0)
    gone, come = ((now == 0) & live).sum(), ((before == 0) & live).sum()
    return 1 - float(2 * min(gone, come) / max(live.sum(), 1))
