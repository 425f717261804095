"""Features that know the outcome: one alone too good, or the label told by two of them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np

from ..panel import Floats, Ints
from .leak import Case, Leak
from .strength import auc, binned, ranked, uncertainty

TOO_GOOD = 0.95
CERTAIN = 0.995
LEAST = 10
TRIED_ROWS = 1_000
TRIED_FEATURES = 8


def find_outcome(case: Case) -> Iterator[Leak]:
    """Features that alone tell the label, and pairs whose ratio or difference makes it."""
    rows = ~np.isnan(case.y)
    bad = case.y[rows] == 1
    if min(bad.sum(), (~bad).sum()) < LEAST:
        return
    entity = case.entity[rows]
    counted = len(np.unique(entity[bad])), len(np.unique(entity[~bad]))
    areas = {}
    for name, values in case.x.items():
        by_order = 0.5 if name in case.texts else ranked(values[rows], bad)
        areas[name] = max(by_order, binned(values[rows], bad, entity, name in case.texts))
    told = [name for name, area in areas.items() if is_too_good(area, *counted)]
    for name in told:
        yield _too_good(name, areas[name], case)
    if not told:
        yield from _pairs(case, areas)


def is_too_good(area: float, bads: int, goods: int) -> bool:
    """Whether an area is beyond what an honest column reaches, and surely so."""
    return area >= TOO_GOOD and area - 2 * uncertainty(area, bads, goods) >= TOO_GOOD - 0.05


def _too_good(name: str, area: float, case: Case) -> Leak:
    if area >= CERTAIN:
        what = f"'{case.label}' is made from it, or it from '{case.label}': alone it has an AUC of {area:.3f}"
    else:
        what = f"alone it tells '{case.label}' with an AUC of {area:.3f}, too good to have been known"
    fix = "rebuild it from facts known at the period's end, and the label from later facts only"
    return Leak("too good", name, what, fix, {"auc": area})


def _pairs(case: Case, areas: dict[str, float]) -> Iterator[Leak]:
    rows = np.r_[_spread(np.flatnonzero(case.y == 1)), _spread(np.flatnonzero(case.y == 0))]
    bad = case.y[rows] == 1
    if min(bad.sum(), (~bad).sum()) < 3 * LEAST:
        return
    numbers = [name for name in sorted(areas, key=lambda name: -areas[name]) if name not in case.texts]
    for one, other in product(numbers[:TRIED_FEATURES], numbers):
        if one == other:
            continue
        area = max(_told(values, bad) for values in _joined(case.x[one][rows], case.x[other][rows]))
        if area >= CERTAIN:
            what = f"'{case.label}' is made from it and '{other}': together they have an AUC of {area:.3f}"
            fix = "make the label from facts later than the row's period"
            yield Leak("too good", one, what, fix, {"auc": area})
            return


def _spread(rows: Ints) -> Ints:
    """At most so many of the rows, evenly spread."""
    return rows[np.unique(np.linspace(0, len(rows) - 1, TRIED_ROWS).astype(int))] if len(rows) else rows


def _joined(one: Floats, other: Floats) -> list[Floats]:
    ratio = np.full(len(one), np.nan)
    np.divide(one, other, out=ratio, where=other != 0)
    return [ratio, one - other]


def _told(values: Floats, bad: np.ndarray) -> float:
    known = ~np.isnan(values)
    if known.mean() < 0.5 or known[bad].mean() < 0.5:
        return 0.5
    area = auc(values[known], bad[known])
    return max(area, 1 - area)
