"""Where a KPI's value earns how many points."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...contracts.rubric import Anchors, Band

TARGET_POINTS = 100.0
STRETCH_POINTS = 120.0

Floats = NDArray[np.float64]


def kpi_scores(values: Floats, anchors: Anchors | Band) -> Floats:
    """Points of values, in straight lines between the anchors; NaN stays NaN.

    0 at the floor or worse, 100 at the target, 120 at the stretch or better; of a band 100 inside
    it, falling to 0 at its outer ends.

    Examples
    --------
    >>> cost = Anchors(floor=0.2, target=0.1, stretch=0.05)
    >>> kpi_scores(np.array([0.3, 0.2, 0.15, 0.1, 0.05, 0.0]), cost).round(9).tolist()
    [0.0, 0.0, 50.0, 100.0, 120.0, 120.0]
    >>> weeks = Band(too_low=0, low=4, high=8, too_high=16)
    >>> kpi_scores(np.array([0.0, 2.0, 4.0, 8.0, 12.0, 20.0]), weeks).tolist()
    [0.0, 50.0, 100.0, 100.0, 50.0, 0.0]
    """
    xs, points = _corners(anchors)
    found: Floats = np.interp(values, xs, points)
    return found


def slopes(values: Floats, anchors: Anchors | Band) -> Floats:
    """Points per unit at values, whichever way they go; none beyond the outer anchors.

    Examples
    --------
    >>> growth = Anchors(floor=0.0, target=1.0, stretch=2.0)
    >>> slopes(np.array([-1.0, 0.5, 1.5, 3.0]), growth).tolist()
    [0.0, 100.0, 20.0, 0.0]
    """
    xs, points = _corners(anchors)
    segment = np.clip(np.searchsorted(xs, values) - 1, 0, len(xs) - 2)
    found: Floats = np.abs(np.diff(points) / np.diff(xs))[segment]
    return np.where((values >= xs[0]) & (values <= xs[-1]), found, 0.0)


def best_points(anchors: Anchors | Band) -> float:
    """The most a KPI can earn."""
    return STRETCH_POINTS if isinstance(anchors, Anchors) else TARGET_POINTS


def value_at(points: float, anchors: Anchors | Band, now: float) -> float:
    """The value nearest to `now` that earns so many points; NaN when none can.

    Examples
    --------
    >>> round(value_at(50.0, Anchors(floor=0.2, target=0.1, stretch=0.05), 0.3), 10)
    0.15
    """
    xs, ys = _corners(anchors)
    if not ys.min() <= points <= ys.max():
        return float("nan")
    found = []
    for x0, x1, y0, y1 in zip(xs[:-1], xs[1:], ys[:-1], ys[1:], strict=True):
        if min(y0, y1) <= points <= max(y0, y1):
            share = 1.0 if y1 == y0 else (points - y0) / (y1 - y0)
            found.append(float(np.clip(now, x0, x1)) if y1 == y0 else float(x0 + share * (x1 - x0)))
    return min(found, key=lambda value: abs(value - now))


def _corners(anchors: Anchors | Band) -> tuple[Floats, Floats]:
    """Corners of the line from values to points, the values rising."""
    if isinstance(anchors, Band):
        xs = np.array([anchors.too_low, anchors.low, anchors.high, anchors.too_high])
        ys = np.array([0.0, TARGET_POINTS, TARGET_POINTS, 0.0])
    else:
        xs = np.array([anchors.floor, anchors.target, anchors.stretch])
        ys = np.array([0.0, TARGET_POINTS, STRETCH_POINTS])
    kept = np.append(True, np.diff(xs) != 0)
    xs, ys = xs[kept], ys[kept]
    return (xs, ys) if xs[0] < xs[-1] else (xs[::-1], ys[::-1])
