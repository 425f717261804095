"""Rows that lie exactly on the line between two others, as rows made up by interpolation do."""

from __future__ import annotations

import numpy as np

from ..panel import Floats, Ints

TRIED = 300
AMONG = 6000
EXACT = 1e-7
MOVED = 0.75
"""Rows made up differ from both ends in nearly all columns; rows that differ in one or two lie in line."""
ON_A_LINE = 12
"""More rows on one line mean that the features themselves make lines, as totals and means of one order do."""


def on_segments(x: Floats, bad: np.ndarray, entity: Ints) -> tuple[int, int]:
    """How many of some bad rows lie between two other bad rows, and how many were looked at.

    Parameters
    ----------
    x : array (rows, columns)
        Continuous features; columns missing on more than a tenth of the bad rows are left out.
    bad : array of bool
    entity : array of int
        The three rows are of different entities, or of one row each: an entity's own rows may lie in line.
    """
    rows = np.flatnonzero(bad)
    columns = np.isnan(x[rows]).mean(axis=0) < 0.1 if len(rows) else np.zeros(x.shape[1], dtype=bool)
    rows = rows[~np.isnan(x[rows][:, columns]).any(axis=1)]
    if columns.sum() < 3 or len(rows) < 10:
        return 0, 0
    rows = rows[:: max(len(rows) // AMONG, 1)] if len(rows) > 2 * AMONG else rows
    points = x[rows][:, columns]
    spread = points.std(axis=0)
    points = (points / np.where(spread > 0, spread, 1.0))[:, spread > 0]
    tried = np.arange(len(rows))[:: max(len(rows) // TRIED, 1)]
    direction = np.asarray(np.random.default_rng(0).normal(size=points.shape[1]), dtype=np.float64)
    found = sum(_lies_between(points, one, entity[rows], direction) for one in tried)
    return int(found), len(tried)


def _lies_between(points: Floats, one: int, entity: Ints, direction: Floats) -> bool:
    away = points - points[one]
    length = np.sqrt((away**2).sum(axis=1))
    others = np.flatnonzero((length > 1e-9) & (entity != entity[one]))
    if len(others) < 2:
        return False
    unit = away[others] / length[others, None]
    shade = unit @ direction
    order = np.argsort(np.abs(shade))
    close = np.flatnonzero(np.diff(np.abs(shade)[order]) < EXACT)
    for place in close:
        left, right = order[place], order[place + 1]
        opposite = np.abs(unit[left] + unit[right]).max() < 10 * EXACT
        opposite &= (np.abs(unit[left]) > EXACT).sum() >= max(3, MOVED * points.shape[1])
        if opposite and entity[others[left]] != entity[others[right]]:
            return int((np.abs(unit @ unit[left]) > 1 - 1e-12).sum()) <= ON_A_LINE
    return False
